/* mutual.c - the mutual information of a feature and the target, from counts.
 *
 * A column with at most BINS different values has a bin for each; of any other, values are cut at the quantiles k / BINS (the value at
 * place floor(k n / BINS) of the sorted ones), and a value on an edge belongs to the bin above. With n rows, the counts n_ab of bins a and b
 * together and n_a, n_b of each: I = sum of n_ab / n * ln(n n_ab / (n_a n_b)), less what chance alone adds to first order,
 * (K_ab - K_a - K_b + 1) / 2n with the numbers K of combinations and bins that occur (Miller 1955), and not below 0. A target of texts has
 * its classes for bins. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../base/memory.h"
#include "own.h"

enum { BINS = 16 };

/* The first BINS + 1 different values, ascending; how many. */
static int32_t few_values(const double *x, int64_t rows, double *value) {
  int32_t count = 0;
  for (int64_t r = 0; r < rows && count <= BINS; r++) {
    int32_t at = 0;
    while (at < count && value[at] < x[r]) at++;
    if (at < count && value[at] == x[r]) continue;
    memmove(value + at + 1, value + at, (size_t)(count - at) * sizeof *value);
    value[at] = x[r];
    count++;
  }
  return count;
}

static int32_t edges_of(const double *x, int64_t rows, double *edge, lathe_error *error) {
  double value[BINS + 2];
  int32_t found = few_values(x, rows, value), count = 0;
  if (found <= BINS) {
    for (int32_t i = 1; i < found; i++) edge[count++] = value[i];
    return count;
  }
  double *sorted = lathe_memory_raw((size_t)rows, sizeof *sorted, error);
  if (!sorted) return -1;
  memcpy(sorted, x, (size_t)rows * sizeof *sorted);
  recipe_sort(sorted, rows);
  for (int64_t k = 1; k < BINS; k++) {
    double at = sorted[k * rows / BINS];
    if (at > sorted[0] && (count == 0 || at > edge[count - 1])) edge[count++] = at;
  }
  free(sorted);
  return count;
}

bool recipe_bin_values(const double *x, int64_t rows, recipe_binned *binned, lathe_error *error) {
  double edge[BINS];
  int32_t edges = edges_of(x, rows, edge, error);
  *binned = (recipe_binned){0};
  if (edges < 0) return false;
  binned->count = edges + 1;
  binned->code = lathe_memory_raw((size_t)rows, sizeof *binned->code, error);
  for (int64_t r = 0; binned->code && r < rows; r++) {
    int32_t code = 0;
    for (int32_t i = 0; i < edges; i++) code += x[r] >= edge[i];
    binned->code[r] = code;
  }
  return binned->code != NULL;
}

static int32_t used(const int64_t *count, int32_t size) {
  int32_t sum = 0;
  for (int32_t i = 0; i < size; i++) sum += count[i] > 0;
  return sum;
}

/* `together` (a, b); `of_a` (a); `of_b` (b). */
static double information(const int64_t *together, const int64_t *of_a, int32_t a, const int64_t *of_b,
                          int32_t b, int64_t rows) {
  double sum = 0, n = (double)rows;
  int64_t combinations = 0;
  for (int32_t i = 0; i < a; i++)
    for (int32_t k = 0; k < b; k++) {
      double both = (double)together[(int64_t)i * b + k];
      if (both == 0) continue;
      combinations++;
      sum += both / n * log(n * both / ((double)of_a[i] * (double)of_b[k]));
    }
  double chance = (double)(combinations - used(of_a, a) - used(of_b, b) + 1) / (2 * n);
  return fmax(sum - chance, 0);
}

bool recipe_mutual_information(const double *x, int64_t rows, const recipe_binned *target, double *score,
                               lathe_error *error) {
  recipe_binned own;
  if (!recipe_bin_values(x, rows, &own, error)) return false;
  size_t size = (size_t)own.count * (size_t)target->count;
  int64_t *together =
      lathe_memory_new(size + (size_t)own.count + (size_t)target->count, sizeof *together, error);
  if (together) {
    int64_t *of_a = together + size, *of_b = of_a + own.count;
    for (int64_t r = 0; r < rows; r++) {
      together[(int64_t)own.code[r] * target->count + target->code[r]]++;
      of_a[own.code[r]]++;
      of_b[target->code[r]]++;
    }
    *score = information(together, of_a, own.count, of_b, target->count, rows);
  }
  free(together);
  free(own.code);
  return together != NULL;
}
