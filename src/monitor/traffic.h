/* traffic.h - what a server did: requests, rows, errors by status, times, and the rate of the last seconds.
 *
 * Any number of threads add and read at once, without a lock. */
#ifndef LATHE_MONITOR_TRAFFIC_H
#define LATHE_MONITOR_TRAFFIC_H

#include "../base/error.h"

typedef struct lathe_traffic lathe_traffic;

enum { LATHE_TRAFFIC_SECONDS = 60 }; /* of history */

typedef struct lathe_traffic_state {
  double uptime;                          /* seconds */
  int64_t requests;                       /* answered */
  int64_t errors;                         /* of these, with status 400 and above */
  int64_t rows;                           /* predicted */
  double rate;                            /* requests each second, over the last ten seconds or the uptime */
  double mean, p50, p90, p99, p999, most; /* seconds that requests took */
} lathe_traffic_state;

lathe_traffic *lathe_traffic_new(lathe_error *error);
void lathe_traffic_free(lathe_traffic *traffic);

/* A request was answered with `status` after `seconds`, having predicted `rows`. */
void lathe_traffic_add(lathe_traffic *traffic, int32_t status, int64_t rows, double seconds);
void lathe_traffic_read(const lathe_traffic *traffic, lathe_traffic_state *state);

/* How many were answered with that status (100 to 599). */
int64_t lathe_traffic_status(const lathe_traffic *traffic, int32_t status);

/* The requests in each of the last LATHE_TRAFFIC_SECONDS whole seconds, oldest first. */
void lathe_traffic_history(const lathe_traffic *traffic, int64_t *out);

/* The same at a time given in seconds since the start, for tests. */
void lathe_traffic_add_at(lathe_traffic *traffic, double now, int32_t status, int64_t rows, double seconds);
void lathe_traffic_read_at(const lathe_traffic *traffic, double now, lathe_traffic_state *state);
void lathe_traffic_history_at(const lathe_traffic *traffic, double now, int64_t *out);

#endif
