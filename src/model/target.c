/* target.c - see target.h. */
#include "target.h"

#include <math.h>
#include <stdlib.h>

#include "../base/memory.h"

bool lathe_target_regression(const lathe_recipe *recipe, const lathe_table *table, lathe_task task) {
  if (task != LATHE_TASK_AUTO) return task == LATHE_TASK_REGRESSION;
  int32_t place = lathe_table_find(table, lathe_recipe_target(recipe));
  if (place < 0) return true;
  lathe_type type = lathe_column_type(lathe_table_column(table, place));
  return type == LATHE_TYPE_FLOAT64 || type == LATHE_TYPE_INT64;
}

static const char *const family = "a model of this family"; /* of one target */

double *lathe_target_numbers(const lathe_recipe *recipe, const lathe_table *table, lathe_error *error) {
  return lathe_recipe_check_single(recipe, family, error) ? lathe_target_numbers_at(recipe, 0, table, error)
                                                          : NULL;
}

double *lathe_target_numbers_at(const lathe_recipe *recipe, int32_t index, const lathe_table *table,
                                lathe_error *error) {
  const char *name = lathe_recipe_target_at(recipe, index);
  int32_t place = lathe_table_need(table, name, error);
  if (place < 0) return NULL;
  const lathe_column *column = lathe_table_column(table, place);
  lathe_type type = lathe_column_type(column);
  int64_t rows = lathe_column_rows(column);
  if (type != LATHE_TYPE_BOOL && type != LATHE_TYPE_INT64 && type != LATHE_TYPE_FLOAT64) {
    lathe_error_set(error, LATHE_ERROR_DATA,
                    "the target \"%s\" is %s, and a regression predicts numbers; choose a column of numbers, "
                    "or read it as one with "
                    "types = { [\"%s\"] = \"float64\" }",
                    name,
                    type == LATHE_TYPE_STRING || type == LATHE_TYPE_CATEGORY ? "text" : lathe_type_name(type),
                    name);
    return NULL;
  }
  double *target = lathe_memory_raw((size_t)rows, sizeof *target, error);
  if (!target) return NULL;
  int64_t missing = 0;
  bool differs = false, fine = true;
  for (int64_t r = 0; fine && r < rows; r++) {
    target[r] = lathe_column_number(column, r);
    if (isinf(target[r]))
      fine = lathe_error_set(error, LATHE_ERROR_DATA,
                             "row %lld of the target \"%s\" is infinite; remove that row", (long long)r + 1,
                             name);
    missing += isnan(target[r]);
    differs = differs || target[r] != target[0];
  }
  if (fine && missing > 0)
    fine = lathe_error_set(
        error, LATHE_ERROR_DATA,
        "the target \"%s\" is missing in %lld row%s; drop those first with drop_missing { \"%s\" }", name,
        (long long)missing, missing == 1 ? "" : "s", name);
  if (fine && rows > 1 && !differs)
    fine =
        lathe_error_set(error, LATHE_ERROR_DATA,
                        "the target \"%s\" is %.6g in every row; there is nothing to learn", name, target[0]);
  if (fine) return target;
  free(target);
  return NULL;
}

double *lathe_target_more(const lathe_model *model, const lathe_table *table, lathe_error *error) {
  const char *name = lathe_model_target(model);
  int32_t place = lathe_table_need(table, name, error);
  int64_t rows = lathe_table_rows(table);
  double *target = place >= 0 ? lathe_memory_raw((size_t)rows, sizeof *target, error) : NULL;
  bool fine = target && lathe_column_to_float64(lathe_table_column(table, place), target, error);
  for (int64_t r = 0; fine && r < rows; r++)
    if (!isfinite(target[r]))
      fine = lathe_error_set(error, LATHE_ERROR_DATA,
                             "the target \"%s\" is missing or infinite in row %lld; drop it first", name,
                             (long long)r + 1);
  if (fine) return target;
  free(target);
  return NULL;
}

static bool check_target(const lathe_recipe *recipe, const lathe_table *table, const lathe_column **column,
                         lathe_error *error) {
  const char *name = lathe_recipe_target(recipe);
  int32_t place = lathe_table_need(table, name, error);
  if (place < 0) return false;
  *column = lathe_table_column(table, place);
  lathe_type type = lathe_column_type(*column);
  if (lathe_column_rows(*column) == 0)
    return lathe_error_set(error, LATHE_ERROR_DATA,
                           "the table has no rows to learn from; give one that has some");
  if (type != LATHE_TYPE_DATE && type != LATHE_TYPE_TIMESTAMP) return true;
  return lathe_error_set(
      error, LATHE_ERROR_DATA,
      "the target \"%s\" is a %s, which is no class; choose a column of texts, whole numbers "
      "or true and false",
      name, lathe_type_name(type));
}

bool lathe_target_classes(const lathe_recipe *recipe, const lathe_table *table, lathe_classes *classes,
                          const lathe_column **column, lathe_error *error) {
  const char *name = lathe_recipe_target(recipe);
  char scratch[32];
  if (!lathe_recipe_check_single(recipe, family, error) || !check_target(recipe, table, column, error) ||
      !lathe_classes_find(*column, name, classes, error))
    return false;
  if (classes->count > 1) return true;
  lathe_text only = lathe_column_format(*column, 0, scratch);
  return lathe_error_set(
      error, LATHE_ERROR_DATA,
      "the target \"%s\" is \"%.*s\" in every row, and one class cannot be told from another; "
      "give rows of two classes at least",
      name, (int)(only.size < 100 ? only.size : 100), only.data);
}
