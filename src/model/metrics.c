/* metrics.c - sums over rows in blocks of fixed size, so that rounding does not grow with the table. */
#include "metrics.h"

#include <math.h>
#include <string.h>

enum { BLOCK = 1024 };

typedef struct {
  double target, squares, absolute, signed_sum, spread, base_squares, base_absolute;
} sums;

static void add(sums *all, const sums *part) {
  all->target += part->target;
  all->squares += part->squares;
  all->absolute += part->absolute;
  all->signed_sum += part->signed_sum;
  all->spread += part->spread;
  all->base_squares += part->base_squares;
  all->base_absolute += part->base_absolute;
}

static double ratio(double errors, double spread) {
  return spread > 0 ? 1 - errors / spread : NAN;
}

bool lathe_metrics_regression(const double *target, const double *prediction, int64_t rows, double baseline,
                              lathe_regression_metrics *metrics, lathe_error *error) {
  sums all = {0};
  memset(metrics, 0, sizeof *metrics);
  for (int64_t begin = 0; begin < rows; begin += BLOCK) {
    double part = 0;
    for (int64_t r = begin; r < rows && r < begin + BLOCK; r++) {
      if (isnan(target[r]) || isnan(prediction[r])) continue;
      part += target[r];
      metrics->rows++;
    }
    all.target += part;
  }
  metrics->skipped = rows - metrics->rows;
  if (metrics->rows == 0)
    return lathe_error_set(error, LATHE_ERROR_DATA,
                           "no row has both a target and a prediction; there is nothing to measure; give "
                           "rows whose target is known");
  double count = (double)metrics->rows, mean = all.target / count;
  for (int64_t begin = 0; begin < rows; begin += BLOCK) {
    sums part = {0};
    for (int64_t r = begin; r < rows && r < begin + BLOCK; r++) {
      if (isnan(target[r]) || isnan(prediction[r])) continue;
      double miss = prediction[r] - target[r], base = baseline - target[r], apart = target[r] - mean;
      part.squares += miss * miss;
      part.absolute += fabs(miss);
      part.signed_sum += miss;
      part.spread += apart * apart;
      part.base_squares += base * base;
      part.base_absolute += fabs(base);
      metrics->largest = fmax(metrics->largest, fabs(miss));
    }
    add(&all, &part);
  }
  metrics->r2 = ratio(all.squares, all.spread);
  metrics->rmse = sqrt(all.squares / count);
  metrics->mae = all.absolute / count;
  metrics->bias = all.signed_sum / count;
  metrics->baseline_r2 = ratio(all.base_squares, all.spread);
  metrics->baseline_rmse = sqrt(all.base_squares / count);
  metrics->baseline_mae = all.base_absolute / count;
  return true;
}
