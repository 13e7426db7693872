/* bootstrap.h - resamples of rows, the same on any number of threads. */
#ifndef LATHE_MODEL_BOOTSTRAP_H
#define LATHE_MODEL_BOOTSTRAP_H

#include "metrics.h"

/* How often each of `rows` rows stands in a resample: Poisson numbers of mean 1. */
void lathe_bootstrap_draw(uint64_t seed, int64_t resample, int64_t rows, uint8_t *times);

/* Work on one resample: fills `values` (count) with the figures on rows that stand `times` (rows) each in it. Several run at once. */
typedef bool (*lathe_bootstrap_work)(const void *context, const uint8_t *times, double *values,
                                     lathe_error *error);

/* Set low and high of `measures` (count): quantiles over the resamples in which a figure is defined, NaN when it is in fewer than half of
 * them, or when its value is NaN. */
bool lathe_bootstrap_run(int64_t rows, const lathe_metric_options *options, lathe_bootstrap_work work,
                         const void *context, int32_t count, lathe_measure *measures,
                         lathe_progress *progress, lathe_error *error);

#endif
