/* latency.h - how long things took: a histogram whose buckets grow with the value, and quantiles from it.
 *
 * A bucket is 1/64 of its power of two wide, so a quantile is right within 0.8 %. Adding is one atomic
 * increment: any number of threads may add while others read. Times are nanoseconds inside, seconds outside,
 * up to an hour (more counts as that). */
#ifndef LATHE_MONITOR_LATENCY_H
#define LATHE_MONITOR_LATENCY_H

#include "../base/error.h"

typedef struct lathe_latency lathe_latency;

lathe_latency *lathe_latency_new(lathe_error *error);
void lathe_latency_free(lathe_latency *latency);
void lathe_latency_add(lathe_latency *latency, double seconds);

int64_t lathe_latency_count(const lathe_latency *latency);
double lathe_latency_mean(const lathe_latency *latency); /* exact */
double lathe_latency_most(const lathe_latency *latency); /* exact */

/* The time within which `share` (0 to 1) of them were done; 0 when there are none. `_quantiles` looks once
 * for `count` ascending shares. */
double lathe_latency_quantile(const lathe_latency *latency, double share);
void lathe_latency_quantiles(const lathe_latency *latency, int32_t count, const double *shares, double *out);

#endif
