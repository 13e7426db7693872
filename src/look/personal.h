/* personal.h - columns that look as if they belonged to people: at least half of the values (texts, or whole numbers) are of one kind
 * (base/personal_form.h), or the name says so and the values do not contradict. */
#ifndef LATHE_LOOK_PERSONAL_H
#define LATHE_LOOK_PERSONAL_H

#include "../base/personal_form.h"
#include "../base/progress.h"
#include "../table/column.h"

typedef struct lathe_personal_finding {
  lathe_personal kind;
  bool by_name;   /* the column's name tells it, not the values' form */
  int64_t values; /* that are there */
  int64_t found;  /* of that kind */
  int64_t inside; /* longer texts that have an e-mail address or a card number somewhere in them */
} lathe_personal_finding;

/* The most rows that are looked at where a few tell enough. */
enum { LATHE_PERSONAL_ROWS = 10000 };

/* Look at the values of a column: at all of them, or (`rows` above 0) at so many, spread over it. */
bool lathe_column_personal(const lathe_column *column, const char *name, int64_t rows,
                           lathe_personal_finding *finding, lathe_progress *progress, lathe_error *error);

/* Whether a feature may be learned from; false with an error for one that is personal. */
bool lathe_column_impersonal(const lathe_column *column, const char *name, lathe_error *error);

#endif
