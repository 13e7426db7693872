/* classes.c - categories are classes already, but for those of their dictionary that no row has; numbers are sorted. */
#include "classes.h"

#include <stdlib.h>

#include "../base/memory.h"

/* `codes` are 0 .. most - 1 with gaps: close the gaps, count, and keep the first row of each. */
static bool close_gaps(lathe_classes *classes, int64_t rows, int64_t most, lathe_error *error) {
  int32_t *place = lathe_memory_new((size_t)most + 1, sizeof *place, error);
  if (!place) return false;
  for (int64_t i = 0; i < rows; i++) place[classes->codes[i]] = 1;
  for (int64_t i = 0; i < most; i++) place[i] = place[i] ? classes->count++ : -1;
  classes->rows = lathe_memory_new((size_t)classes->count, sizeof *classes->rows, error);
  classes->first = lathe_memory_new((size_t)classes->count, sizeof *classes->first, error);
  for (int64_t i = 0; i < rows && classes->rows && classes->first; i++) {
    int32_t code = classes->codes[i] = place[classes->codes[i]];
    if (classes->rows[code]++ == 0) classes->first[code] = i;
  }
  free(place);
  return classes->rows && classes->first;
}

static bool of_texts(const lathe_column *column, lathe_classes *classes, lathe_error *error) {
  lathe_column *made = NULL;
  if (lathe_column_type(column) == LATHE_TYPE_STRING) column = made = lathe_column_to_category(column, error);
  bool fine = column != NULL;
  int64_t rows = fine ? lathe_column_rows(column) : 0;
  const int32_t *codes = fine ? lathe_column_values(column) : NULL;
  for (int64_t i = 0; i < rows; i++) classes->codes[i] = codes[i];
  fine = fine && close_gaps(classes, rows, lathe_column_rows(lathe_column_dictionary(column)), error);
  lathe_column_release(made);
  return fine;
}

static int compare(const void *first, const void *second) {
  double a = *(const double *)first, b = *(const double *)second;
  return a < b ? -1 : a > b;
}

static int32_t place_of(const double *sorted, int64_t count, double value) {
  int64_t low = 0, high = count - 1;
  while (low < high) {
    int64_t middle = (low + high) / 2;
    if (sorted[middle] < value)
      low = middle + 1;
    else
      high = middle;
  }
  return (int32_t)low;
}

static bool of_numbers(const lathe_column *column, lathe_classes *classes, lathe_error *error) {
  int64_t rows = lathe_column_rows(column), count = 0;
  double *values = lathe_memory_raw((size_t)rows, sizeof *values, error);
  double *sorted = lathe_memory_raw((size_t)rows, sizeof *sorted, error);
  bool fine = values && sorted && lathe_column_to_float64(column, values, error);
  if (fine) {
    for (int64_t i = 0; i < rows; i++) sorted[i] = values[i];
    qsort(sorted, (size_t)rows, sizeof *sorted, compare);
    for (int64_t i = 0; i < rows; i++)
      if (i == 0 || sorted[i] != sorted[i - 1]) sorted[count++] = sorted[i];
    for (int64_t i = 0; i < rows; i++) classes->codes[i] = place_of(sorted, count, values[i]);
    fine = close_gaps(classes, rows, count, error);
  }
  free(values);
  free(sorted);
  return fine;
}

bool lathe_classes_find(const lathe_column *column, const char *name, lathe_classes *classes,
                        lathe_error *error) {
  int64_t rows = lathe_column_rows(column);
  if (rows > INT32_MAX)
    return lathe_error_set(error, LATHE_ERROR_DATA,
                           "column \"%s\" has more rows than classes can be counted in", name);
  bool text = lathe_type_is_text(lathe_column_type(column));
  for (int64_t i = 0; i < rows; i++) {
    double value = text ? 0 : lathe_column_number(column, i);
    if (lathe_column_present(column, i) && value == value) continue;
    return lathe_error_set(
        error, LATHE_ERROR_DATA,
        "column \"%s\" is missing in row %lld, so this row belongs to no class; leave it out with "
        "drop_missing { \"%s\" }",
        name, (long long)i + 1, name);
  }
  classes->codes = lathe_memory_raw((size_t)rows, sizeof *classes->codes, error);
  if (classes->codes && (text ? of_texts(column, classes, error) : of_numbers(column, classes, error)))
    return true;
  lathe_classes_free(classes);
  return false;
}

void lathe_classes_free(lathe_classes *classes) {
  free(classes->codes);
  free(classes->rows);
  free(classes->first);
  *classes = (lathe_classes){0};
}
