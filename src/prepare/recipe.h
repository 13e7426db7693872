/* recipe.h - an ordered list of transforms, learned on the training rows and applied to any rows.
 *
 * A recipe is built step by step, then fitted: each step learns from the value that the steps before it give
 * on the training rows, and appends what it learned to a graph. Nothing is ever learned from other rows. In the
 * matrix that comes out the columns stand in the order of the table; what a step makes beside (one-hot columns,
 * products, flags) stands behind them. */
#ifndef LATHE_PREPARE_RECIPE_H
#define LATHE_PREPARE_RECIPE_H

#include "../base/progress.h"
#include "../table/table.h"

typedef struct lathe_recipe lathe_recipe;

/* A recipe whose features are all columns but `target` (NULL: none); or those named by _features only; without those named
 * by _drop. */
lathe_recipe *lathe_recipe_new(const char *target, lathe_error *error);
lathe_recipe *lathe_recipe_retain(lathe_recipe *recipe);
void lathe_recipe_release(lathe_recipe *recipe);
bool lathe_recipe_feature(lathe_recipe *recipe, const char *column, lathe_error *error);
bool lathe_recipe_drop(lathe_recipe *recipe, const char *column, lathe_error *error);

/* A feature that looks personal (personal.h) is refused, for what is learned of its values would stand in the model; this one only looks
 * so. */
bool lathe_recipe_impersonal(lathe_recipe *recipe, const char *column, lathe_error *error);
/* One more target beside the one that it was made with. */
bool lathe_recipe_add_target(lathe_recipe *recipe, const char *column, lathe_error *error);

/* The targets in their order, none or more; and the first, "" when there is none. */
int32_t lathe_recipe_targets(const lathe_recipe *recipe);
const char *lathe_recipe_target_at(const lathe_recipe *recipe, int32_t index);
const char *lathe_recipe_target(const lathe_recipe *recipe);

/* False with an error when there are several targets; `what`, which begins the sentence, takes one. */
bool lathe_recipe_check_single(const lathe_recipe *recipe, const char *what, lathe_error *error);

/* Append a step of a kind ("impute", "encode", "scale", ...) with its options as they are when nobody sets them. Then, of
 * the last step, set an option that is a number (a flag: 0 or 1) or a text (of a choice: one of its words), and limit it to
 * some columns (none named: all that it fits). */
bool lathe_recipe_step(lathe_recipe *recipe, const char *kind, lathe_error *error);
bool lathe_recipe_set_number(lathe_recipe *recipe, const char *option, double value, lathe_error *error);
bool lathe_recipe_set_text(lathe_recipe *recipe, const char *option, const char *value, lathe_error *error);
bool lathe_recipe_column(lathe_recipe *recipe, const char *column, lathe_error *error);

/* Whether the options of the last step fit together; looked at again when the recipe is fitted. */
bool lathe_recipe_check(const lathe_recipe *recipe, lathe_error *error);

/* The rows of `table` that are left to learn from when steps have dropped some ("outliers" with action = "drop"): a new handle, of the same
 * table when nothing is dropped. Each such step sees the rows that those before it left, as the steps before it make them. Call it before
 * a recipe with such steps is fitted, and fit on what it gives: all that the recipe learns, it learns from those rows. NULL with an error,
 * also when more rows would go than the step was told. */
lathe_table *lathe_recipe_keep(lathe_recipe *recipe, lathe_table *table, lathe_progress *progress,
                               lathe_error *error);

/* The recipe as JSON, owned by it; NULL with an error. */
const char *lathe_recipe_describe(lathe_recipe *recipe, lathe_error *error);

/* The kinds of step there are, and the options of each. */
typedef enum lathe_option_type {
  LATHE_OPTION_NUMBER,
  LATHE_OPTION_INTEGER,
  LATHE_OPTION_FLAG,
  LATHE_OPTION_CHOICE, /* one of `choices`; `number` is the place of the one that it is when it is not set, NaN: that depends */
  LATHE_OPTION_TEXT,
} lathe_option_type;

typedef struct lathe_step_option {
  const char *name;
  lathe_option_type type;
  const char *choices; /* of a choice: words with '|' between them */
  double number;       /* when it is not set; NaN: it has to be where it counts */
  double least, most;  /* a number lies between them */
  const char *doc;
} lathe_step_option;

int32_t lathe_recipe_kinds(void);
const char *lathe_recipe_kind_name(int32_t kind);
const char *lathe_recipe_kind_doc(int32_t kind);
int32_t lathe_recipe_kind_options(int32_t kind);
const lathe_step_option *lathe_recipe_kind_option(int32_t kind, int32_t option);

#endif
