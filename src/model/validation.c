/* validation.c - see validation.h. */
#include "validation.h"

#include <math.h>
#include <stdlib.h>

#include "../base/memory.h"
#include "../prepare/split.h"

static bool by_column(const lathe_table *table, const char *name, uint8_t *part, lathe_error *error) {
  int32_t place = lathe_table_need(table, name, error);
  if (place < 0) return false;
  const lathe_column *column = lathe_table_column(table, place);
  lathe_type type = lathe_column_type(column);
  if (type != LATHE_TYPE_BOOL && type != LATHE_TYPE_INT64)
    return lathe_error_set(
        error, LATHE_ERROR_DATA,
        "validation = \"%s\" is a column of type %s; it takes one of true and false, or of whole "
        "numbers (0: learned from)",
        name, lathe_type_name(type));
  for (int64_t r = 0; r < lathe_table_rows(table); r++) {
    double value = lathe_column_number(column, r);
    if (isnan(value))
      return lathe_error_set(error, LATHE_ERROR_DATA,
                             "row %lld of \"%s\" does not say whether it is for validation", (long long)r + 1,
                             name);
    part[r] = value != 0;
  }
  return true;
}

static bool by_share(const lathe_recipe *recipe, const lathe_table *table, const lathe_classes *classes,
                     double share, uint64_t seed, uint8_t *part, lathe_error *error) {
  int64_t rows = lathe_table_rows(table), least = rows, low = (int64_t)(seed & 0xffffffff);
  int64_t count = lathe_split_count(rows, share, error);
  int64_t *order = count < 0 ? NULL : lathe_memory_raw((size_t)rows, sizeof *order, error);
  if (!order) return false;
  for (int32_t k = 0; classes && k < classes->count; k++)
    least = classes->rows[k] < least ? classes->rows[k] : least;
  const char *name = lathe_recipe_target(recipe);
  bool stratified = classes && least > 1 && count >= classes->count && rows - count >= classes->count;
  bool fine = stratified ? lathe_split_stratified(lathe_table_column(table, lathe_table_find(table, name)),
                                                  name, count, low, order, error)
                         : lathe_split_order(rows, count, true, low, order, error);
  for (int64_t i = 0; fine && i < count; i++) part[order[i]] = LATHE_PART_VALIDATE;
  free(order);
  return fine;
}

bool lathe_validation_choose(const char *family, const lathe_recipe *recipe, const lathe_table *table,
                             const lathe_classes *classes, const double *weight, double share,
                             const char *column, uint64_t seed, lathe_validation *validation,
                             lathe_error *error) {
  int64_t rows = lathe_table_rows(table), count[3] = {0};
  uint8_t *part = validation->part = lathe_memory_new((size_t)rows, 1, error);
  if (!part || (column && !by_column(table, column, part, error)) ||
      (!column && share > 0 && !by_share(recipe, table, classes, share, seed, part, error)))
    return false;
  for (int64_t r = 0; r < rows; r++) {
    if (weight && weight[r] == 0) part[r] = LATHE_PART_NONE;
    count[part[r]]++;
  }
  validation->learned = count[LATHE_PART_LEARN];
  validation->validated = count[LATHE_PART_VALIDATE];
  if (validation->learned < 2)
    return lathe_error_set(error, LATHE_ERROR_DATA, "there %s to learn from; %s needs two at least",
                           validation->learned == 1 ? "is one row" : "are no rows", family);
  return !(column || share > 0) || validation->validated > 0 ||
         lathe_error_set(error, LATHE_ERROR_DATA, "no row is for validation; give some, or validation = 0");
}
