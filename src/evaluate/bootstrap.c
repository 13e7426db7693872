/* bootstrap.c - resamples run side by side; each draws its own rows, so that none depends on another. */
#include "bootstrap.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../base/memory.h"
#include "../base/pool.h"
#include "../base/random.h"

enum { DRAWS = 8 }; /* of one block of random numbers */

/* 65536 * P(Poisson(1) <= k), k = 0 .. 7: the chance of more than 8 is below 1e-5. */
static const uint16_t limit[] = {24109, 48218, 60273, 64291, 65296, 65497, 65531, 65535};

static uint8_t times_of(uint16_t bits) {
  uint8_t count = 0;
  for (int k = 0; k < 8; k++) count = (uint8_t)(count + (bits >= limit[k]));
  return count;
}

void lathe_bootstrap_draw(uint64_t seed, int64_t resample, int64_t rows, uint8_t *times) {
  uint32_t key[2] = {(uint32_t)seed, (uint32_t)(seed >> 32)};
  uint16_t bits[1024];
  for (int64_t begin = 0; begin < rows; begin += 1024) {
    int64_t count = rows - begin < 1024 ? rows - begin : 1024;
    for (int64_t i = 0; i < count; i += DRAWS) {
      uint64_t place = (uint64_t)(begin + i) / DRAWS;
      uint32_t counter[4] = {(uint32_t)place, (uint32_t)(place >> 32), (uint32_t)resample, 0x626f6f74};
      uint32_t out[4];
      lathe_random_block(counter, key, out);
      for (int k = 0; k < 4; k++) {
        bits[i + 2 * k] = (uint16_t)out[k];
        bits[i + 2 * k + 1] = (uint16_t)(out[k] >> 16);
      }
    }
    for (int64_t i = 0; i < count; i++) times[begin + i] = times_of(bits[i]);
  }
}

typedef struct resampling {
  int64_t rows;
  const lathe_metric_options *options;
  lathe_bootstrap_work work;
  const void *context;
  int32_t count;
  double *values; /* (count, resamples) */
  lathe_progress *progress;
} resampling;

static bool run_one(void *context, int64_t chunk, lathe_error *error) {
  const resampling *all = context;
  double figures[64];
  uint8_t *times = lathe_memory_raw((size_t)all->rows + DRAWS, 1, error);
  bool fine = times != NULL;
  if (fine) {
    lathe_bootstrap_draw(all->options->seed, chunk, all->rows, times);
    fine = all->work(all->context, times, figures, error);
  }
  for (int32_t i = 0; fine && i < all->count; i++)
    all->values[(int64_t)i * all->options->resamples + chunk] = figures[i];
  free(times);
  if (fine) lathe_progress_add(all->progress, 1);
  return fine;
}

static int by_size(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* Between the two values that a share lies between. */
static double quantile(const double *sorted, int64_t count, double share) {
  double place = share * (double)(count - 1), below = floor(place);
  int64_t at = (int64_t)below;
  if (at + 1 >= count) return sorted[count - 1];
  return sorted[at] + (sorted[at + 1] - sorted[at]) * (place - below);
}

void lathe_metrics_interval(double *values, int32_t resamples, double level, lathe_measure *measure) {
  int64_t count = 0;
  measure->low = measure->high = NAN;
  for (int32_t i = 0; i < resamples; i++)
    if (!isnan(values[i])) values[count++] = values[i];
  if (isnan(measure->value) || 2 * count < resamples) return;
  qsort(values, (size_t)count, sizeof *values, by_size);
  measure->low = quantile(values, count, (1 - level) / 2);
  measure->high = quantile(values, count, (1 + level) / 2);
}

bool lathe_bootstrap_run(int64_t rows, const lathe_metric_options *options, lathe_bootstrap_work work,
                         const void *context, int32_t count, lathe_measure *measures,
                         lathe_progress *progress, lathe_error *error) {
  int32_t resamples = options->resamples;
  for (int32_t i = 0; i < count; i++) measures[i].low = measures[i].high = NAN;
  if (resamples <= 0) return true;
  resampling all = {rows, options, work, context, count, NULL, progress};
  all.values = lathe_memory_raw((size_t)count * (size_t)resamples, sizeof *all.values, error);
  if (!all.values) return false;
  lathe_progress_begin(progress, "draw resamples", resamples);
  bool fine = lathe_pool_run(resamples, run_one, &all, progress, error);
  lathe_progress_end(progress);
  if (fine && options->draws)
    memcpy(options->draws, all.values, (size_t)count * (size_t)resamples * sizeof(double));
  for (int32_t i = 0; fine && i < count; i++)
    lathe_metrics_interval(all.values + (int64_t)i * resamples, resamples, options->level, &measures[i]);
  free(all.values);
  return fine;
}
