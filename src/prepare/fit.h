/* fit.h - a recipe learned on a table: a graph up to the matrix of features, their names, and what was
 * found. */
#ifndef LATHE_PREPARE_FIT_H
#define LATHE_PREPARE_FIT_H

#include "../graph/operator.h"
#include "recipe.h"
#include "names.h"

typedef struct lathe_prepared {
  lathe_graph *graph;
  int32_t matrix;       /* the operator that gives the features */
  lathe_names features; /* "median_income", "ocean_proximity=INLAND" */
  int32_t *
      categories; /* (features) of a column of codes 0 .. n - 1: n; 0: a number. A code is NaN where the text is missing
                           or unknown, or -1 where the recipe says so */
  lathe_names notes;                   /* sentences */
  lathe_names steps, columns, learned; /* what each step learned of each column, row by row */
} lathe_prepared;

/* Zeroed `prepared` is filled; free it in any case. */
bool lathe_recipe_fit(const lathe_recipe *recipe, const lathe_table *table, lathe_prepared *prepared,
                      lathe_progress *progress, lathe_error *error);
void lathe_prepared_free(lathe_prepared *prepared);

#endif
