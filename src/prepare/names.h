/* names.h - a list of texts that grows: names of features, notes for the user. Zero-initialise. */
#ifndef LATHE_PREPARE_NAMES_H
#define LATHE_PREPARE_NAMES_H

#include "../base/error.h"

typedef struct lathe_names {
  char **name;
  int32_t count, capacity;
} lathe_names;

bool lathe_names_add(lathe_names *names, lathe_error *error, const char *format, ...) LATHE_PRINTF(3, 4);
bool lathe_names_copy(lathe_names *names, const lathe_names *from, lathe_error *error);
int32_t lathe_names_find(const lathe_names *names, const char *name); /* its index, or -1 */
void lathe_names_free(lathe_names *names);

#endif
