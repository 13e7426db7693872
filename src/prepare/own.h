/* own.h - what the files of prepare/ share: a recipe, its kinds of step, and the state of one that is being fitted.
 *
 * While a recipe is fitted, the columns on their way to the matrix are a list. Each is one column of the value of an operator; a
 * step chooses some, gathers them as the value of one operator, learns from that value on the training rows, appends an
 * operator with what it learned, and puts the columns of that operator in their place. */
#ifndef LATHE_PREPARE_OWN_H
#define LATHE_PREPARE_OWN_H

#include <stdatomic.h>

#include "../graph/run.h"
#include "facts.h"
#include "fit.h"
#include "recipe.h"
#include "names.h"

enum { RECIPE_OPTIONS = 24, RECIPE_COLUMNS = 1 << 20 };

typedef struct fitting fitting;
typedef struct recipe_step recipe_step;

/* A kind of step: a row of the table in recipe.c, described in the file of its family. */
typedef struct recipe_kind {
  const char *name, *doc;
  const lathe_step_option *option;
  int32_t options;
  bool (*check)(const recipe_step *step, lathe_error *error); /* may be NULL */
  bool (*fit)(fitting *state, const recipe_step *step);
} recipe_kind;

extern const recipe_kind recipe_impute, recipe_outliers, recipe_encode, recipe_bin, recipe_polynomial,
    recipe_scale, recipe_pca, recipe_date, recipe_text, recipe_select;

typedef struct recipe_value {
  double number; /* of a choice its place among the choices */
  char *text;
} recipe_value;

struct recipe_step {
  const recipe_kind *kind;
  lathe_names columns; /* none: all that it fits */
  recipe_value value[RECIPE_OPTIONS];
  /* Of a step that drops training rows, when lathe_recipe_keep has done so: how many, of how many, and what it learned of each column. */
  bool dropped_known;
  int64_t dropped, dropped_of;
  lathe_names dropped_columns, dropped_learned;
};

struct lathe_recipe {
  atomic_int references;
  lathe_names targets, features, dropped, impersonal;
  recipe_step *steps;
  int32_t count;
  char *description;
};

/* ---- fitting ---- */

typedef enum recipe_role {
  ROLE_NUMBER,
  ROLE_CODE, /* whole numbers that stand for categories */
  ROLE_FLAG, /* 0 or 1, made by a step */
  ROLE_TEXT, /* not a number yet */
} recipe_role;

/* A column on its way to the matrix. */
typedef struct recipe_column {
  char *name;
  recipe_role role;
  int32_t value, place;       /* column `place` of the value of operator `value` */
  int32_t categories;         /* of a code: 0 .. categories - 1 */
  const lathe_column *column; /* of the table, while no step has changed it; a text's always */
  char *fill;                 /* what a missing text becomes, NULL: nothing */
} recipe_column;

struct fitting {
  const lathe_recipe *recipe;
  const lathe_table *table; /* the training rows */
  lathe_prepared *out;
  lathe_progress *progress;
  lathe_error *error;
  recipe_column *columns;
  int32_t count, capacity;
  const char *step; /* the kind of the step being learned */
  recipe_step *
      dropping; /* the step that may drop rows now: it fills its part, and `gone` (rows) when there are such rows */
  bool *gone;
};

#define NOTE(state, ...) lathe_names_add(&(state)->out->notes, (state)->error, __VA_ARGS__)

/* A row of the summary: what this step learned of a column. */
bool recipe_learned(fitting *state, const char *column, const char *format, ...) LATHE_PRINTF(3, 4);

/* The columns that a step takes (indices, *count): those that it names, or all whose role is one of `usual` (bits 1 << role). A
 * named one whose role is not among `allowed` is an error. Free it; NULL with an error. */
int32_t *recipe_choose(fitting *state, const recipe_step *step, unsigned usual, unsigned allowed,
                       int32_t *count);

/* An operator whose value is these columns, in this order; -1 with an error. */
int32_t recipe_gather(fitting *state, const int32_t *chosen, int32_t count);

/* Column chosen[i] becomes column i of the value of `value`. */
void recipe_replace(fitting *state, const int32_t *chosen, int32_t count, int32_t value);

/* A new column behind all others; the name is copied. */
bool recipe_append(fitting *state, const char *name, recipe_role role, int32_t value, int32_t place);

/* The same with a name that is made up. */
bool recipe_append_named(fitting *state, recipe_role role, int32_t value, int32_t place, const char *format,
                         ...) LATHE_PRINTF(5, 6);

/* Leave out the columns that are marked (state->count). */
void recipe_remove(fitting *state, const bool *gone);

/* An operator with one input; -1 with an error. */
int32_t recipe_add(fitting *state, const lathe_operator *node, int32_t input);

/* Facts of the columns of operator `value`, whose columns are `chosen`; an infinite value is an error that names it. */
lathe_facts *recipe_facts(fitting *state, int32_t value, const int32_t *chosen);

/* All values of an operator, (width, rows): one column after the other. Free them; NULL with an error. */
double *recipe_values(fitting *state, int32_t value);

/* Whether a step drops training rows (outliers.c). */
bool recipe_step_drops(const recipe_step *step);

/* The operator that fills gaps from the `neighbours` nearest of `most` training rows (neighbours.c); -1 with an error. */
int32_t recipe_impute_nearest(fitting *state, const int32_t *chosen, int32_t count, int32_t value,
                              const lathe_facts *facts, int32_t neighbours, int64_t most);

/* The exponent of largest likelihood of `count` values (power.c): Yeo and Johnson's, or Box and Cox's, whose values are above 0. */
double recipe_power_lambda(const double *x, int64_t count, bool box_cox);

/* The eigenvalues of a symmetric matrix (size, size), descending, and in row k of `a` the vector of the k-th, of length 1 (eigen.c). */
bool recipe_eigen(double *a, int32_t size, double *value, lathe_error *error);

/* Numbers by their bins: code[row] is 0 .. count - 1 (mutual.c). */
typedef struct recipe_binned {
  int32_t count;
  int32_t *code; /* (rows) */
} recipe_binned;

/* The bins of `x` without gaps: each value its own when there are few, else as many rows in each. free() the codes. */
bool recipe_bin_values(const double *x, int64_t rows, recipe_binned *binned, lathe_error *error);

/* How much the bins of `x` tell of those of the target, in nats. */
bool recipe_mutual_information(const double *x, int64_t rows, const recipe_binned *target, double *score,
                               lathe_error *error);

/* Leave out raw columns of which nothing reaches the matrix, with what was made of them (narrow.c). */
bool recipe_narrow(lathe_prepared *prepared, const lathe_table *table, lathe_error *error);

/* ---- order.c ---- */

/* What is done with the `count` values of column `column` that are there, in the order of the rows; it may reorder them. */
typedef bool recipe_column_task(void *context, int32_t column, double *x, int64_t count, lathe_error *error);

/* Do it for each column of operator `value`, several at once; errors and results must not depend on which is first. */
bool recipe_each_column(fitting *state, int32_t value, recipe_column_task *task, void *context);

/* Of values without gaps, NaN of none; all but the last of these reorder them. A quantile is NumPy's "linear". */
double recipe_median(double *x, int64_t count);
double recipe_quantile(double *x, int64_t count, double share);
void recipe_sort(double *x, int64_t count);
double recipe_quantile_sorted(const double *x, int64_t count, double share);

/* ---- learn.c ---- */

/* The different texts of a column, ascending by bytes, and how often each comes. */
typedef struct text_counts {
  lathe_text *text;
  int64_t *count;
  int64_t size;
  int64_t missing;
} text_counts;

bool lathe_text_counts_of(const lathe_column *column, text_counts *counts, lathe_error *error);
void lathe_text_counts_free(text_counts *counts);

#endif
