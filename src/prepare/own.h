/* own.h - what the files of prepare/ share. */
#ifndef LATHE_PREPARE_OWN_H
#define LATHE_PREPARE_OWN_H

#include <stdatomic.h>

#include "../graph/run.h"
#include "facts.h"
#include "recipe.h"
#include "names.h"

typedef enum recipe_step_kind { STEP_IMPUTE, STEP_ENCODE, STEP_SCALE } recipe_step_kind;

typedef struct recipe_step {
  recipe_step_kind kind;
  lathe_names columns; /* none: all */
  lathe_impute_method numeric, category;
  double number;
  char *text;
  bool drop_first, strict;
  int32_t ddof;
} recipe_step;

struct lathe_recipe {
  atomic_int references;
  char *target;
  lathe_names features, dropped;
  recipe_step *steps;
  int32_t count;
  char *description;
};

/* The medians of the columns that are `wanted`; NaN for one without values. */
bool lathe_medians_of(const lathe_graph *graph, int32_t value, const lathe_table *table, const bool *wanted,
                      double *medians, lathe_progress *progress, lathe_error *error);

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
