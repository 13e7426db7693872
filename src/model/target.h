/* target.h - what a model learns to predict, checked. */
#ifndef LATHE_MODEL_TARGET_H
#define LATHE_MODEL_TARGET_H

#include "../prepare/classes.h"
#include "../prepare/recipe.h"
#include "fit.h"

/* Whether the target is for a regression. */
bool lathe_target_regression(const lathe_recipe *recipe, const lathe_table *table, lathe_task task);

/* The target of a regression as numbers (rows), to be freed. NULL with an error when it is text, missing or infinite somewhere, or the same
 * in every row; when there are several. */
double *lathe_target_numbers(const lathe_recipe *recipe, const lathe_table *table, lathe_error *error);

/* One of several, likewise. */
double *lathe_target_numbers_at(const lathe_recipe *recipe, int32_t index, const lathe_table *table,
                                lathe_error *error);

/* The numbers of rows that a fitted model goes on to learn, to be freed. NULL with an error when one is missing or infinite. */
double *lathe_target_more(const lathe_model *model, const lathe_table *table, lathe_error *error);

/* The classes of the target, two at least, and its column, borrowed. */
bool lathe_target_classes(const lathe_recipe *recipe, const lathe_table *table, lathe_classes *classes,
                          const lathe_column **column, lathe_error *error);

#endif
