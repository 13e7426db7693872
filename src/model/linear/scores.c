/* scores.c - see scores.h. */
#include "scores.h"

#include <string.h>

#include "../../base/clones.h"

LATHE_CLONES static void scores(double *a, int64_t height, int32_t columns, const bool *kept,
                                double *const *column, double *leverage) {
  memset(leverage, 0, (size_t)height * sizeof *leverage);
  for (int32_t j = 0, k = 0; j < columns; j++) {
    if (!kept[j]) continue;
    double *x = a + k * height;
    const double *r = column[k];
    if (k < j) memcpy(x, a + j * height, (size_t)height * sizeof *x);
    for (int32_t i = 0; i < k; i++) {
      const double *z = a + i * height;
      for (int64_t row = 0; row < height; row++) x[row] -= z[row] * r[i];
    }
    double inverse = 1 / r[k];
    for (int64_t row = 0; row < height; row++) {
      x[row] *= inverse;
      leverage[row] += x[row] * x[row];
    }
    k++;
  }
}

void lathe_scores(double *a, int64_t height, int32_t columns, const bool *kept, double *const *column,
                  double *leverage) {
  scores(a, height, columns, kept, column, leverage);
}
