/* latency.c - the buckets: those below 64 ns are one nanosecond wide, then 64 for each power of two. */
#include "latency.h"
#include "../base/memory.h"

#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>

enum { BITS = 6, SLICES = 1 << BITS, POWERS = 42 - BITS, BUCKETS = SLICES * (POWERS + 1) };

static const uint64_t MOST = (UINT64_C(1) << 42) - 1; /* 73 minutes */

struct lathe_latency {
  _Atomic uint64_t sum, most; /* nanoseconds */
  _Atomic uint64_t buckets[BUCKETS];
};

lathe_latency *lathe_latency_new(lathe_error *error) {
  return lathe_memory_new(1, sizeof(lathe_latency), error);
}

void lathe_latency_free(lathe_latency *latency) {
  free(latency);
}

static int32_t bucket_of(uint64_t value) {
  if (value < SLICES) return (int32_t)value;
  int32_t power = 63 - __builtin_clzll(value) - BITS;
  return (power + 1) * SLICES + (int32_t)((value >> power) - SLICES);
}

/* The middle of a bucket. */
static double middle(int32_t bucket) {
  if (bucket < SLICES) return bucket;
  int32_t power = bucket / SLICES - 1;
  double low = ldexp(SLICES + bucket % SLICES, power);
  return low + (ldexp(1, power) - 1) / 2;
}

void lathe_latency_add(lathe_latency *latency, double seconds) {
  double nanoseconds = seconds * 1e9;
  uint64_t value = !(nanoseconds > 0) ? 0 : nanoseconds >= (double)MOST ? MOST : (uint64_t)nanoseconds;
  atomic_fetch_add_explicit(&latency->buckets[bucket_of(value)], 1, memory_order_relaxed);
  atomic_fetch_add_explicit(&latency->sum, value, memory_order_relaxed);
  uint64_t most = atomic_load_explicit(&latency->most, memory_order_relaxed);
  while (value > most && !atomic_compare_exchange_weak_explicit(&latency->most, &most, value,
                                                                memory_order_relaxed, memory_order_relaxed)) {
  }
}

int64_t lathe_latency_count(const lathe_latency *latency) {
  uint64_t count = 0;
  for (int32_t i = 0; i < BUCKETS; i++)
    count += atomic_load_explicit(&latency->buckets[i], memory_order_relaxed);
  return (int64_t)count;
}

double lathe_latency_mean(const lathe_latency *latency) {
  int64_t count = lathe_latency_count(latency);
  return count ? 1e-9 * (double)atomic_load(&latency->sum) / (double)count : 0;
}

double lathe_latency_most(const lathe_latency *latency) {
  return 1e-9 * (double)atomic_load(&latency->most);
}

void lathe_latency_quantiles(const lathe_latency *latency, int32_t count, const double *shares, double *out) {
  uint64_t all = (uint64_t)lathe_latency_count(latency), below = 0;
  double most = lathe_latency_most(latency);
  int32_t next = 0;
  for (int32_t bucket = 0; bucket < BUCKETS && next < count && all > 0; bucket++) {
    below += atomic_load_explicit(&latency->buckets[bucket], memory_order_relaxed);
    while (next < count && (double)below >= fmax(1, ceil(shares[next] * (double)all)))
      out[next++] = fmin(1e-9 * middle(bucket), most);
  }
  for (; next < count; next++) out[next] = all > 0 ? most : 0;
}

double lathe_latency_quantile(const lathe_latency *latency, double share) {
  double out;
  lathe_latency_quantiles(latency, 1, &share, &out);
  return out;
}
