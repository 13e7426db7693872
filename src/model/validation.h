/* validation.h - rows that a training is measured on and does not learn from. */
#ifndef LATHE_MODEL_VALIDATION_H
#define LATHE_MODEL_VALIDATION_H

#include "../prepare/classes.h"
#include "../prepare/recipe.h"

/* What a row is for. */
enum { LATHE_PART_LEARN, LATHE_PART_VALIDATE, LATHE_PART_NONE };

typedef struct lathe_validation {
  uint8_t *part;              /* (rows); free() it in any case */
  int64_t learned, validated; /* rows of each part */
} lathe_validation;

/* By a share of the rows, of each class where that can be, those of train_test_split(seed); or, unless `column` is NULL, those where that
 * column is true (not 0). Rows of weight 0 are for nothing (`weight` NULL: all 1). `classes` NULL: a regression. `family`, for the
 * errors: too few rows to learn from, none for validation, a column that does not do. */
bool lathe_validation_choose(const char *family, const lathe_recipe *recipe, const lathe_table *table,
                             const lathe_classes *classes, const double *weight, double share,
                             const char *column, uint64_t seed, lathe_validation *validation,
                             lathe_error *error);

#endif
