/* Times, traffic and the use of the machine. */
#include "tap.h"
#include "base/random.h"
#include "base/system.h"
#include "monitor/latency.h"
#include "monitor/resources.h"
#include "monitor/traffic.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { COUNT = 20000, THREADS = 4 };

static int ascending(const void *a, const void *b) {
  double first = *(const double *)a, second = *(const double *)b;
  return (first > second) - (first < second);
}

/* Quantiles of values over eight powers of ten beside those of the sorted values. */
static void quantiles(void) {
  static double values[COUNT];
  static const double shares[] = {0.001, 0.5, 0.9, 0.99, 0.999, 1};
  double out[6], worst = 0, sum = 0;
  lathe_random random;
  lathe_random_seed(&random, 1, 0);
  lathe_latency *latency = lathe_latency_new(NULL);
  ok(lathe_latency_quantile(latency, 0.5) == 0 && lathe_latency_mean(latency) == 0,
     "without values all times are 0");
  for (int i = 0; i < COUNT; i++) {
    values[i] = pow(10, -6 + 8 * lathe_random_uniform(&random));
    sum += values[i];
    lathe_latency_add(latency, values[i]);
  }
  qsort(values, COUNT, sizeof *values, ascending);
  lathe_latency_quantiles(latency, 6, shares, out);
  for (int i = 0; i < 6; i++) {
    double exact = values[(int)fmax(0, ceil(shares[i] * COUNT) - 1)];
    worst = fmax(worst, fabs(out[i] - exact) / exact);
  }
  ok(worst < 0.01, "quantiles are right within 1 %% (%.2f %%)", 100 * worst);
  ok(fabs(lathe_latency_mean(latency) - sum / COUNT) < 1e-6 * sum / COUNT, "the mean is exact");
  ok(fabs(lathe_latency_most(latency) - values[COUNT - 1]) < 1e-8, "so is the longest");
  lathe_latency_add(latency, -1);
  lathe_latency_add(latency, NAN);
  lathe_latency_add(latency, 1e300);
  ok(lathe_latency_count(latency) == COUNT + 3 && lathe_latency_most(latency) < 5000,
     "impossible times are limited");
  lathe_latency_free(latency);
}

static void *add_many(void *context) {
  for (int i = 0; i < COUNT; i++) lathe_traffic_add(context, i % 10 ? 200 : 400, 2, 1e-4);
  return NULL;
}

static void threads(void) {
  pthread_t thread[THREADS];
  lathe_traffic_state state;
  lathe_traffic *traffic = lathe_traffic_new(NULL);
  for (int i = 0; i < THREADS; i++) pthread_create(&thread[i], NULL, add_many, traffic);
  for (int i = 0; i < THREADS; i++) pthread_join(thread[i], NULL);
  lathe_traffic_read(traffic, &state);
  ok(state.requests == THREADS * COUNT && state.errors == THREADS * COUNT / 10 &&
         state.rows == 2 * THREADS * COUNT,
     "requests, errors and rows of four threads are all counted");
  ok(lathe_traffic_status(traffic, 400) == THREADS * COUNT / 10 && lathe_traffic_status(traffic, 404) == 0,
     "each status is counted");
  ok(fabs(state.p99 - 1e-4) < 2e-6 && state.rate > 0, "their times are known");
  lathe_traffic_free(traffic);
}

static void rates(void) {
  lathe_traffic_state state;
  int64_t history[LATHE_TRAFFIC_SECONDS];
  lathe_traffic *traffic = lathe_traffic_new(NULL);
  for (int i = 0; i < 1000; i++) lathe_traffic_add_at(traffic, i / 10.0, 200, 1, 1e-3);
  lathe_traffic_read_at(traffic, 100, &state);
  ok(fabs(state.rate - 10) < 1.2, "ten requests a second are a rate of ten (%g)", state.rate);
  lathe_traffic_history_at(traffic, 100, history);
  ok(history[0] == 10 && history[LATHE_TRAFFIC_SECONDS - 1] == 10,
     "each of the last sixty seconds has its ten");
  lathe_traffic_read_at(traffic, 120, &state);
  ok(state.rate == 0 && state.requests == 1000, "twenty quiet seconds later the rate is nothing");
  lathe_traffic_history_at(traffic, 200, history);
  int64_t sum = 0;
  for (int i = 0; i < LATHE_TRAFFIC_SECONDS; i++) sum += history[i];
  ok(sum == 0, "and after a minute the history is empty");
  lathe_traffic_free(traffic);
}

static void resources(void) {
  lathe_resources_state state;
  lathe_error error = {0};
  lathe_resources *meter = lathe_resources_new(&error);
  double begin = lathe_clock();
  volatile double work = 0;
  while (lathe_clock() - begin < 0.25) work += 1;
  lathe_resources_read(meter, &state);
  ok(state.interval >= 0.25 && state.cpu > 0.05 && state.cpu < 1.5,
     "a busy loop is seen (%.2f of a processor)", state.cpu);
  ok(state.machine_cpu >= 0 && state.machine_cpu <= 1 && state.processors >= 1,
     "the machine's share lies in 0 to 1");
  ok(state.memory > 1 << 18 && state.memory_peak >= state.memory && state.machine_memory > state.memory &&
         state.machine_memory_free > 0,
     "memory is told in bytes");
  double cpu = state.cpu;
  lathe_resources_read(meter, &state);
  ok(state.cpu == cpu, "a look right after tells the same interval");
  size_t size = 32 << 20;
  volatile char *block = malloc(size);
  int64_t before = state.memory;
  for (size_t i = 0; i < size; i += 4096) block[i] = 1;
  lathe_resources_read(meter, &state);
  ok(state.memory - before > (int64_t)size / 2, "32 MB more are seen");
  free((void *)block);
  lathe_resources_free(meter);
}

int main(void) {
  quantiles();
  threads();
  rates();
  resources();
  return done_testing();
}
