/* personal_own.h - what the files of personal data share. */
#ifndef LATHE_PREPARE_PERSONAL_OWN_H
#define LATHE_PREPARE_PERSONAL_OWN_H

#include "personal.h"

/* Whether the name of a column allows what a value alone does not tell. */
bool personal_fits_name(lathe_personal kind, lathe_text value);

#endif
