/* recipe.h - an ordered list of transforms, learned on the training rows and applied to any rows.
 *
 * A recipe is built step by step, then fitted: each step learns from the value that the steps before it give
 * on the training rows, and appends what it learned to a graph. Numbers stand first in the matrix that comes
 * out, in the order of the table, then the one-hot columns. Nothing is ever learned from other rows. */
#ifndef LATHE_PREPARE_RECIPE_H
#define LATHE_PREPARE_RECIPE_H

#include "../base/progress.h"
#include "../table/table.h"

typedef enum lathe_impute_method {
  LATHE_IMPUTE_NONE,
  LATHE_IMPUTE_MEDIAN,   /* numbers */
  LATHE_IMPUTE_MEAN,     /* numbers */
  LATHE_IMPUTE_MODE,     /* texts: the most frequent, of equals the first by bytes */
  LATHE_IMPUTE_CONSTANT, /* numbers and texts */
} lathe_impute_method;

typedef struct lathe_recipe lathe_recipe;

/* A recipe whose features are all columns but `target`; or those named by _features only; without those named
 * by _drop. */
lathe_recipe *lathe_recipe_new(const char *target, lathe_error *error);
lathe_recipe *lathe_recipe_retain(lathe_recipe *recipe);
void lathe_recipe_release(lathe_recipe *recipe);
bool lathe_recipe_feature(lathe_recipe *recipe, const char *column, lathe_error *error);
bool lathe_recipe_drop(lathe_recipe *recipe, const char *column, lathe_error *error);
const char *lathe_recipe_target(const lathe_recipe *recipe);

/* Append a step. `text` may be NULL unless the method for texts is CONSTANT. */
bool lathe_recipe_impute(lathe_recipe *recipe, lathe_impute_method numeric, double number,
                         lathe_impute_method category, const char *text, lathe_error *error);
bool lathe_recipe_encode(lathe_recipe *recipe, bool drop_first, bool unknown_is_error, lathe_error *error);
bool lathe_recipe_scale(lathe_recipe *recipe, int32_t ddof, lathe_error *error);

/* Limit the last step to this column too (none named: to all that it fits). */
bool lathe_recipe_column(lathe_recipe *recipe, const char *column, lathe_error *error);

/* The recipe as JSON, owned by it; NULL with an error. */
const char *lathe_recipe_describe(lathe_recipe *recipe, lathe_error *error);

#endif
