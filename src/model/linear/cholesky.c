/* cholesky.c - column by column. Inner products run over what lies side by side in memory, in eight sums that are added at the end; a
 * column that is left out holds zeros where it would be multiplied. */
#include "cholesky.h"

#include <math.h>

#define LEAST 1e-14 /* of a pivot beside what its column began with: below, it is rounding */

static double dot(const double *a, const double *b, int32_t count) {
  double lane[8] = {0}, rest = 0;
  int32_t k = 0;
  for (; k + 8 <= count; k += 8)
    for (int l = 0; l < 8; l++) lane[l] += a[k + l] * b[k + l];
  for (; k < count; k++) rest += a[k] * b[k];
  return ((lane[0] + lane[4]) + (lane[2] + lane[6])) + ((lane[1] + lane[5]) + (lane[3] + lane[7])) + rest;
}

int32_t lathe_cholesky(double *a, int32_t size, double tolerance, bool *kept) {
  int32_t weak = 0;
  for (int32_t j = 0; j < size; j++) {
    double *column = a + (int64_t)j * size, whole = column[j];
    if (tolerance == 0 && !kept[j]) continue;
    for (int32_t i = 0; i < j; i++) {
      const double *other = a + (int64_t)i * size;
      column[i] = kept[i] ? (column[i] - dot(other, column, i)) / other[i] : 0;
    }
    double left = whole - dot(column, column, j);
    if (tolerance > 0) kept[j] = left > tolerance * whole;
    if (left > LEAST * whole) {
      column[j] = sqrt(left);
    } else if (kept[j]) {
      column[j] = (whole > 0 ? sqrt(whole) : 1) * 1e100; /* so large that x[j] is next to nothing */
      weak++;
    }
  }
  return weak;
}

static void solve_transposed(const double *r, int32_t size, const bool *kept, double *x) {
  for (int32_t j = 0; j < size; j++) {
    const double *column = r + (int64_t)j * size;
    x[j] = kept[j] ? (x[j] - dot(column, x, j)) / column[j] : 0;
  }
}

void lathe_cholesky_solve(const double *r, int32_t size, const bool *kept, double *x) {
  solve_transposed(r, size, kept, x);
  for (int32_t j = size - 1; j >= 0; j--) {
    const double *column = r + (int64_t)j * size;
    if (!kept[j]) continue;
    x[j] /= column[j];
    for (int32_t k = 0; k < j; k++) x[k] -= column[k] * x[j];
  }
}

double lathe_cholesky_norm(const double *r, int32_t size, const bool *kept, double *x) {
  solve_transposed(r, size, kept, x);
  return sqrt(dot(x, x, size));
}
