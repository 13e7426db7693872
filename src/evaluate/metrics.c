/* metrics.c - figures of a regression: each row gives a few terms, and all figures follow from their sums. */
#include "metrics.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../base/memory.h"
#include "../base/pool.h"
#include "bootstrap.h"

enum { CHUNK = 4096 };

/* The terms of a row, times its weight. */
enum { WEIGHT, SQUARE, ABSOLUTE, SIGNED, PERCENT, POISSON, TARGET, SPREAD, TERMS };

typedef struct problem {
  const double *target, *prediction, *weights;
  int64_t rows;
  double mean;   /* of the targets */
  double *terms; /* (rows measured, TERMS) */
  double *sums;  /* (chunks, TERMS) */
  double *largest;
  int64_t *first; /* (chunks + 1) the place of a chunk's first row among those measured */
  int64_t *zeros, *others;
} problem;

static const char *const names[LATHE_REGRESSION_METRICS] = {"r2",   "rmse", "mse",     "mae",
                                                            "mape", "bias", "largest", "poisson_deviance"};

const char *lathe_regression_metric_name(int32_t metric) {
  return metric >= 0 && metric < LATHE_REGRESSION_METRICS ? names[metric] : NULL;
}

static double weight_of(const problem *work, int64_t row) {
  if (isnan(work->target[row]) || isnan(work->prediction[row])) return 0;
  return work->weights ? work->weights[row] : 1;
}

static bool known(const problem *work, int64_t row) {
  return !isnan(work->target[row]) && !isnan(work->prediction[row]);
}

static int64_t end_of(const problem *work, int64_t chunk) {
  return (chunk + 1) * CHUNK < work->rows ? (chunk + 1) * CHUNK : work->rows;
}

static bool count_chunk(void *context, int64_t chunk, lathe_error *error) {
  (void)error;
  problem *work = context;
  double weight = 0, target = 0;
  int64_t rows = 0;
  for (int64_t r = chunk * CHUNK; r < end_of(work, chunk); r++) {
    if (!known(work, r)) continue;
    weight += weight_of(work, r);
    target += weight_of(work, r) * work->target[r];
    rows++;
  }
  work->first[chunk + 1] = rows;
  work->sums[2 * chunk] = weight;
  work->sums[2 * chunk + 1] = target;
  return true;
}

static double poisson(double target, double prediction) {
  double part = target > 0 ? target * log(target / prediction) : 0;
  return 2 * (part - target + prediction);
}

static bool fill_chunk(void *context, int64_t chunk, lathe_error *error) {
  (void)error;
  problem *work = context;
  double *sums = work->sums + chunk * TERMS, *term = work->terms + work->first[chunk] * TERMS, largest = 0;
  int64_t zeros = 0, others = 0;
  memset(sums, 0, TERMS * sizeof *sums);
  for (int64_t r = chunk * CHUNK; r < end_of(work, chunk); r++) {
    if (!known(work, r)) continue;
    double target = work->target[r], prediction = work->prediction[r], weight = weight_of(work, r);
    double miss = prediction - target, apart = target - work->mean;
    bool counts = target >= 0 && prediction > 0;
    zeros += target == 0;
    others += !counts;
    if (weight > 0) largest = fmax(largest, fabs(miss));
    term[WEIGHT] = weight;
    term[SQUARE] = weight * (miss * miss);
    term[ABSOLUTE] = weight * fabs(miss);
    term[SIGNED] = weight * miss;
    term[PERCENT] = target != 0 ? weight * (fabs(miss) / fabs(target)) : 0;
    term[POISSON] = counts ? weight * poisson(target, prediction) : 0;
    term[TARGET] = weight * apart;
    term[SPREAD] = weight * (apart * apart);
    for (int k = 0; k < TERMS; k++) sums[k] += term[k];
    term += TERMS;
  }
  work->largest[chunk] = largest;
  work->zeros[chunk] = zeros;
  work->others[chunk] = others;
  return true;
}

static double divided(double part, double whole) {
  return whole > 0 ? part / whole : NAN;
}

static void figures_of(const double *sums, double *figures) {
  double weight = sums[WEIGHT];
  double spread = weight > 0 ? sums[SPREAD] - sums[TARGET] * sums[TARGET] / weight : 0;
  bool differs = spread > 1e-15 * sums[SPREAD];
  figures[LATHE_REGRESSION_R2] = differs ? 1 - sums[SQUARE] / spread : NAN;
  figures[LATHE_REGRESSION_MSE] = divided(sums[SQUARE], weight);
  figures[LATHE_REGRESSION_RMSE] = sqrt(figures[LATHE_REGRESSION_MSE]);
  figures[LATHE_REGRESSION_MAE] = divided(sums[ABSOLUTE], weight);
  figures[LATHE_REGRESSION_MAPE] = divided(sums[PERCENT], weight);
  figures[LATHE_REGRESSION_BIAS] = divided(sums[SIGNED], weight);
  figures[LATHE_REGRESSION_LARGEST] = NAN;
  figures[LATHE_REGRESSION_POISSON] = divided(sums[POISSON], weight);
}

typedef struct resampled {
  const double *terms;
  int64_t rows;
} resampled;

static bool resample(const void *context, const uint8_t *times, double *values, lathe_error *error) {
  (void)error;
  const resampled *all = context;
  double sums[TERMS] = {0};
  for (int64_t r = 0; r < all->rows; r++) {
    double count = times[r];
    const double *term = all->terms + r * TERMS;
    for (int k = 0; k < TERMS; k++) sums[k] += count * term[k];
  }
  figures_of(sums, values);
  return true;
}

static bool nothing(lathe_error *error) {
  return lathe_error_set(error, LATHE_ERROR_DATA,
                         "no row has both a target and a prediction; there is nothing to measure; give "
                         "rows whose target is known");
}

/* The mean of the targets, and the place of each chunk. */
static bool prepare(problem *work, int64_t chunks, lathe_metric_counts *counts, lathe_progress *progress,
                    lathe_error *error) {
  if (!lathe_pool_run(chunks, count_chunk, work, progress, error)) return false;
  double target = 0;
  for (int64_t c = 0; c < chunks; c++) {
    counts->weight += work->sums[2 * c];
    target += work->sums[2 * c + 1];
    work->first[c + 1] += work->first[c];
  }
  counts->rows = work->first[chunks];
  counts->missing = work->rows - counts->rows;
  if (!(counts->weight > 0)) return nothing(error);
  work->mean = target / counts->weight;
  if (isfinite(work->mean)) return true;
  return lathe_error_set(error, LATHE_ERROR_DATA,
                         "a target is infinite; a regression is measured on numbers that are not");
}

static bool measure(problem *work, const lathe_metric_options *options, lathe_measure *measures,
                    lathe_metric_counts *counts, lathe_progress *progress, lathe_error *error) {
  int64_t chunks = (work->rows + CHUNK - 1) / CHUNK;
  if (!prepare(work, chunks, counts, progress, error)) return false;
  work->terms = lathe_memory_raw((size_t)counts->rows * TERMS, sizeof *work->terms, error);
  if (!work->terms || !lathe_pool_run(chunks, fill_chunk, work, progress, error)) return false;
  double sums[TERMS] = {0}, figures[LATHE_REGRESSION_METRICS], largest = 0;
  for (int64_t c = 0; c < chunks; c++) {
    for (int k = 0; k < TERMS; k++) sums[k] += work->sums[c * TERMS + k];
    largest = fmax(largest, work->largest[c]);
    counts->zero_targets += work->zeros[c];
    counts->not_poisson += work->others[c];
  }
  figures_of(sums, figures);
  figures[LATHE_REGRESSION_LARGEST] = largest;
  if (counts->zero_targets > 0) figures[LATHE_REGRESSION_MAPE] = NAN;
  if (counts->not_poisson > 0) figures[LATHE_REGRESSION_POISSON] = NAN;
  for (int k = 0; k < LATHE_REGRESSION_METRICS; k++) measures[k].value = figures[k];
  resampled all = {work->terms, counts->rows};
  return lathe_bootstrap_run(counts->rows, options, resample, &all, LATHE_REGRESSION_METRICS, measures,
                             progress, error);
}

bool lathe_metrics_regression(const double *target, const double *prediction, int64_t rows,
                              const lathe_metric_options *options, lathe_measure *measures,
                              lathe_metric_counts *counts, lathe_progress *progress, lathe_error *error) {
  problem work = {.target = target, .prediction = prediction, .weights = options->weights, .rows = rows};
  size_t chunks = (size_t)((rows + CHUNK - 1) / CHUNK);
  memset(counts, 0, sizeof *counts);
  if (rows == 0) return nothing(error);
  work.sums = lathe_memory_new(chunks * TERMS, sizeof *work.sums, error);
  work.largest = lathe_memory_new(chunks, sizeof *work.largest, error);
  work.first = lathe_memory_new(chunks + 1, sizeof *work.first, error);
  work.zeros = lathe_memory_new(chunks, sizeof *work.zeros, error);
  work.others = lathe_memory_new(chunks, sizeof *work.others, error);
  bool fine = work.sums && work.largest && work.first && work.zeros && work.others &&
              measure(&work, options, measures, counts, progress, error);
  void *blocks[] = {work.terms, work.sums, work.largest, work.first, work.zeros, work.others};
  for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) free(blocks[i]);
  return fine;
}
