/* own.h - what the files of this folder share.
 *
 * A connection goes through phases. The keeper (a thread) closes those that stay too long in one:
 *
 *   phase     until                 for at most
 *   IDLE      a request line        idle_timeout
 *   READING   the body is whole     request_timeout
 *   WORKING   an answer is queued   what rows_limit rows take
 *   WRITING   the answer is sent    request_timeout; then IDLE
 */
#ifndef LATHE_SERVE_OWN_H
#define LATHE_SERVE_OWN_H

#include "../base/json.h"
#include "../base/memory.h"
#include "../base/pool.h"
#include "../base/system.h"
#include "../monitor/resources.h"
#include "../monitor/traffic.h"
#include "endpoint.h"
#include "row_reader.h"

#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>

/* What is used of libmicrohttpd. */
#define MICROHTTPD_SYMBOLS(row)                                                                              \
  row(start_daemon) row(stop_daemon) row(quiesce_daemon) row(create_response_from_buffer)                    \
      row(add_response_header) row(queue_response) row(destroy_response) row(lookup_connection_value)        \
          row(get_connection_info) row(get_daemon_info)

struct microhttpd {
#define FIELD(name) __typeof__(MHD_##name) *name;
  MICROHTTPD_SYMBOLS(FIELD)
#undef FIELD
};

extern struct microhttpd microhttpd;
bool microhttpd_open(lathe_error *error);

enum phase { IDLE, READING, WORKING, WRITING };

struct connection {
  struct connection *next, *previous;
  int socket;
  bool closing, cut;    /* by the keeper: for reading, altogether */
  _Atomic int phase;    /* enum phase */
  _Atomic double since; /* seconds of the clock, when the phase began */
};

struct model {
  char *name;
  lathe_graph *graph;
  row_schema *schema;
  _Atomic int64_t (*odd)[3]; /* of each input: values missing, infinite, unknown */
};

/* endpoint.c: count what was odd about the values of a request. */
void model_count(const struct model *model, const lathe_odd_values *odd);

struct lathe_endpoint {
  int32_t models;
  struct model *model;
  lathe_endpoint_options options; /* `listen` is not kept */
  char *url;
  struct MHD_Daemon *daemon;
  int listener;
  lathe_traffic *traffic;
  lathe_resources *resources;
  _Atomic int64_t cut; /* connections that took too long */
  _Atomic bool draining;

  pthread_mutex_t lock; /* guards all below */
  pthread_cond_t changed;
  struct connection *connections;
  int32_t open; /* connections */
  bool quit;    /* tells the keeper to end */
  bool stopped;
  pthread_t keeper;
  bool keeper_runs;
};

/* listen.c: a listening socket for `address`, and the URL to reach it under (malloc). -1 with an error. */
int listen_open(const char *address, char **url, lathe_error *error);

/* connection.c */
void connection_begin(lathe_endpoint *endpoint, struct connection *connection, int socket);
void connection_end(lathe_endpoint *endpoint, struct connection *connection);
void connection_enter(struct connection *connection, enum phase phase);
bool keeper_start(lathe_endpoint *endpoint, lathe_error *error);
void keeper_end(lathe_endpoint *endpoint);

/* Close the idle ones and wait for the others, for at most `grace` seconds; false when some were still at
 * work. */
bool connections_drain(lathe_endpoint *endpoint, double grace);

/* With the lock held: wait for a change, for at most `seconds`. */
void endpoint_wait_change(lathe_endpoint *endpoint, double seconds);

/* request.c: what libmicrohttpd calls. */
enum MHD_Result request_step(void *endpoint, struct MHD_Connection *connection, const char *url,
                             const char *method, const char *version, const char *data, size_t *size,
                             void **state);
void *request_line(void *endpoint, const char *url, struct MHD_Connection *connection);
void request_done(void *endpoint, struct MHD_Connection *connection, void **state,
                  enum MHD_RequestTerminationCode how);
void connection_notify(void *endpoint, struct MHD_Connection *connection, void **context,
                       enum MHD_ConnectionNotificationCode how);

/* answer.c: the JSON of each answer. */
void answer_index(const lathe_endpoint *endpoint, lathe_json_writer *json);
void answer_monitor(lathe_endpoint *endpoint, lathe_json_writer *json);
void answer_health(const lathe_endpoint *endpoint, lathe_json_writer *json);
void answer_error(lathe_json_writer *json, const char *message, const char *field);
void answer_unknown(const lathe_endpoint *endpoint, lathe_json_writer *json, const char *path);

#endif
