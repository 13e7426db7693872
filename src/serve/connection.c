/* connection.c - the open connections, and the keeper that closes those that take too long.
 *
 * libmicrohttpd's own timeout is about silence: a client that sends a byte now and then outlives it. The
 * keeper looks at how long a connection is in its phase. It only shuts sockets down; libmicrohttpd sees that
 * and closes them. A connection leaves the list, under the lock, before its socket is closed, so the keeper
 * never touches a socket that was opened anew. */
#include "own.h"

#include <math.h>
#include <signal.h>
#include <sys/socket.h>
#include <time.h>

void connection_begin(lathe_endpoint *endpoint, struct connection *connection, int socket) {
  connection->socket = socket;
  connection_enter(connection, IDLE);
  pthread_mutex_lock(&endpoint->lock);
  connection->next = endpoint->connections;
  if (connection->next) connection->next->previous = connection;
  endpoint->connections = connection;
  endpoint->open++;
  pthread_mutex_unlock(&endpoint->lock);
}

void connection_end(lathe_endpoint *endpoint, struct connection *connection) {
  pthread_mutex_lock(&endpoint->lock);
  if (connection->next) connection->next->previous = connection->previous;
  if (connection->previous)
    connection->previous->next = connection->next;
  else
    endpoint->connections = connection->next;
  endpoint->open--;
  pthread_cond_broadcast(&endpoint->changed);
  pthread_mutex_unlock(&endpoint->lock);
}

void connection_enter(struct connection *connection, enum phase phase) {
  atomic_store_explicit(&connection->since, lathe_clock(), memory_order_relaxed);
  atomic_store_explicit(&connection->phase, (int)phase, memory_order_release);
}

/* Shut down what is overdue. A connection between requests is only closed for reading: a request that has
 * arrived already is still answered. Called with the lock held. */
static void cut_overdue(lathe_endpoint *endpoint, double now, bool draining) {
  for (struct connection *one = endpoint->connections; one; one = one->next) {
    int phase = atomic_load_explicit(&one->phase, memory_order_acquire);
    double age = now - atomic_load_explicit(&one->since, memory_order_relaxed);
    if (phase == IDLE && !one->closing && (draining || age > endpoint->options.idle_timeout)) {
      one->closing = true;
      shutdown(one->socket, SHUT_RD);
    } else if ((phase == READING || phase == WRITING) && !one->cut &&
               age > endpoint->options.request_timeout) {
      one->cut = true;
      atomic_fetch_add(&endpoint->cut, 1);
      shutdown(one->socket, SHUT_RDWR);
    }
  }
}

void endpoint_wait_change(lathe_endpoint *endpoint, double seconds) {
  struct timespec until;
  clock_gettime(CLOCK_MONOTONIC, &until);
  seconds = fmin(fmax(seconds, 0), 3600); /* the caller looks again; more might not fit in time_t */
  double whole = floor(seconds);
  until.tv_sec += (time_t)whole;
  until.tv_nsec += (long)((seconds - whole) * 1e9);
  if (until.tv_nsec >= 1000000000L) {
    until.tv_nsec -= 1000000000L;
    until.tv_sec++;
  }
  pthread_cond_timedwait(&endpoint->changed, &endpoint->lock, &until);
}

static void *keep(void *context) {
  lathe_endpoint *endpoint = context;
  double least = fmin(endpoint->options.idle_timeout, endpoint->options.request_timeout);
  double pause = fmin(fmax(least / 8, 0.005), 0.5), next = lathe_clock() + pause;
  pthread_mutex_lock(&endpoint->lock);
  while (!endpoint->quit) {
    double now = lathe_clock();
    if (now < next) {
      endpoint_wait_change(endpoint, next - now);
      continue;
    }
    cut_overdue(endpoint, now, false);
    next = now + pause;
  }
  pthread_mutex_unlock(&endpoint->lock);
  return NULL;
}

bool keeper_start(lathe_endpoint *endpoint, lathe_error *error) {
  endpoint->keeper_runs = pthread_create(&endpoint->keeper, NULL, keep, endpoint) == 0;
  return endpoint->keeper_runs ||
         lathe_error_set(error, LATHE_ERROR_MEMORY,
                         "no thread can be started for the endpoint; close other programs");
}

void keeper_end(lathe_endpoint *endpoint) {
  if (!endpoint->keeper_runs) return;
  pthread_mutex_lock(&endpoint->lock);
  endpoint->quit = true;
  pthread_cond_broadcast(&endpoint->changed);
  pthread_mutex_unlock(&endpoint->lock);
  pthread_join(endpoint->keeper, NULL);
  endpoint->keeper_runs = false;
}

bool connections_drain(lathe_endpoint *endpoint, double grace) {
  double end = lathe_clock() + grace;
  pthread_mutex_lock(&endpoint->lock);
  for (double now = lathe_clock(); endpoint->open > 0 && now < end; now = lathe_clock()) {
    cut_overdue(endpoint, now, true);
    endpoint_wait_change(endpoint, fmin(0.01, end - now));
  }
  bool in_flight = false;
  for (const struct connection *one = endpoint->connections; one; one = one->next)
    in_flight = in_flight || atomic_load(&one->phase) != IDLE;
  pthread_mutex_unlock(&endpoint->lock);
  return !in_flight;
}
