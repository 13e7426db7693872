/* traffic.c - counters, a histogram, and a ring with one counter for each second: the second and its count
 * are one 64-bit word, so that a slot is taken over by a later second in one exchange. */
#include "traffic.h"
#include "latency.h"
#include "../base/memory.h"
#include "../base/system.h"

#include <stdatomic.h>
#include <stdlib.h>

enum { SLOTS = 64, STATUS_FIRST = 100, STATUSES = 500, RATE_SECONDS = 10 };

struct lathe_traffic {
  double begin; /* of the clock, seconds */
  lathe_latency *latency;
  _Atomic int64_t rows;
  _Atomic int64_t statuses[STATUSES];
  _Atomic uint64_t seconds[SLOTS]; /* high half: the second since the start, plus 1; low half: requests */
};

lathe_traffic *lathe_traffic_new(lathe_error *error) {
  lathe_traffic *traffic = lathe_memory_new(1, sizeof *traffic, error);
  if (!traffic) return NULL;
  traffic->begin = lathe_clock();
  traffic->latency = lathe_latency_new(error);
  if (traffic->latency) return traffic;
  free(traffic);
  return NULL;
}

void lathe_traffic_free(lathe_traffic *traffic) {
  if (!traffic) return;
  lathe_latency_free(traffic->latency);
  free(traffic);
}

static void count_second(lathe_traffic *traffic, uint64_t second) {
  _Atomic uint64_t *slot = &traffic->seconds[second % SLOTS];
  uint64_t tag = (second + 1) << 32, seen = atomic_load_explicit(slot, memory_order_relaxed), next;
  do next = seen >> 32 == second + 1 ? seen + 1 : tag + 1;
  while (
      !atomic_compare_exchange_weak_explicit(slot, &seen, next, memory_order_relaxed, memory_order_relaxed));
}

static int64_t in_second(const lathe_traffic *traffic, int64_t second) {
  if (second < 0) return 0;
  uint64_t seen = atomic_load_explicit(&traffic->seconds[second % SLOTS], memory_order_relaxed);
  return seen >> 32 == (uint64_t)second + 1 ? (int64_t)(seen & UINT32_MAX) : 0;
}

void lathe_traffic_add_at(lathe_traffic *traffic, double now, int32_t status, int64_t rows, double seconds) {
  if (status >= STATUS_FIRST && status < STATUS_FIRST + STATUSES)
    atomic_fetch_add_explicit(&traffic->statuses[status - STATUS_FIRST], 1, memory_order_relaxed);
  if (rows > 0) atomic_fetch_add_explicit(&traffic->rows, rows, memory_order_relaxed);
  lathe_latency_add(traffic->latency, seconds);
  count_second(traffic, now > 0 ? (uint64_t)now : 0);
}

void lathe_traffic_add(lathe_traffic *traffic, int32_t status, int64_t rows, double seconds) {
  lathe_traffic_add_at(traffic, lathe_clock() - traffic->begin, status, rows, seconds);
}

/* Requests each second over the last whole seconds and the running one. */
static double rate_at(const lathe_traffic *traffic, double now) {
  int64_t second = (int64_t)now, sum = 0;
  int64_t first = second - RATE_SECONDS + 1 > 0 ? second - RATE_SECONDS + 1 : 0;
  for (int64_t i = first; i <= second; i++) sum += in_second(traffic, i);
  double span = now - (double)first;
  return span > 0 ? (double)sum / span : 0;
}

void lathe_traffic_read_at(const lathe_traffic *traffic, double now, lathe_traffic_state *state) {
  static const double shares[] = {0.5, 0.9, 0.99, 0.999};
  double times[4];
  lathe_latency_quantiles(traffic->latency, 4, shares, times);
  *state = (lathe_traffic_state){.uptime = now,
                                 .rows = atomic_load_explicit(&traffic->rows, memory_order_relaxed),
                                 .rate = rate_at(traffic, now),
                                 .mean = lathe_latency_mean(traffic->latency),
                                 .p50 = times[0],
                                 .p90 = times[1],
                                 .p99 = times[2],
                                 .p999 = times[3],
                                 .most = lathe_latency_most(traffic->latency)};
  for (int32_t i = 0; i < STATUSES; i++) {
    int64_t count = atomic_load_explicit(&traffic->statuses[i], memory_order_relaxed);
    state->requests += count;
    if (i + STATUS_FIRST >= 400) state->errors += count;
  }
}

void lathe_traffic_read(const lathe_traffic *traffic, lathe_traffic_state *state) {
  lathe_traffic_read_at(traffic, lathe_clock() - traffic->begin, state);
}

int64_t lathe_traffic_status(const lathe_traffic *traffic, int32_t status) {
  if (status < STATUS_FIRST || status >= STATUS_FIRST + STATUSES) return 0;
  return atomic_load_explicit(&traffic->statuses[status - STATUS_FIRST], memory_order_relaxed);
}

void lathe_traffic_history_at(const lathe_traffic *traffic, double now, int64_t *out) {
  for (int64_t i = 0; i < LATHE_TRAFFIC_SECONDS; i++)
    out[i] = in_second(traffic, (int64_t)now - LATHE_TRAFFIC_SECONDS + i);
}

void lathe_traffic_history(const lathe_traffic *traffic, int64_t *out) {
  lathe_traffic_history_at(traffic, lathe_clock() - traffic->begin, out);
}
