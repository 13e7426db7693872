/* classes.h - the distinct values of a column as numbers 0, 1, 2, ... in sorted order: texts by their bytes, numbers and dates
 * by size. What a split is stratified or grouped by. */
#ifndef LATHE_PREPARE_CLASSES_H
#define LATHE_PREPARE_CLASSES_H

#include "../table/column.h"

typedef struct lathe_classes {
  int32_t count;
  int32_t *codes; /* (rows) */
  int64_t *rows;  /* (count) how many of each */
  int64_t *first; /* (count) the first row of each, to name it by */
} lathe_classes;  /* zero-initialise */

/* False with an error that names the column when an element is missing (NaN is), or there are more than 2^31 - 1. */
bool lathe_classes_find(const lathe_column *column, const char *name, lathe_classes *classes,
                        lathe_error *error);
void lathe_classes_free(lathe_classes *classes);

#endif
