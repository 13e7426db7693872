/* endpoint.h - models behind HTTP.
 *
 *   POST /predict, /api/v1/predict   rows as JSON; answers a bare list of predictions, [123.4, ...]
 *   POST /models/NAME/predict        the same, for each model by its name (the two above ask the first)
 *   GET  /monitor                    requests, rows, errors, times, rate, processor, memory, and for each model the
 *                                    columns with missing, infinite or unknown values (categories that are new)
 *   GET  /health                     200 while it serves, 503 while it drains
 *   GET  /                           the routes, and what the models take
 *
 * Rows are an array of rows, {"rows": [...]}, or one row object. A row is an object by column name, or an
 * array in the order of the inputs. Every input must be given; null says that the value is missing. A field
 * that the model does not know is an error that names the nearest one it knows. The predictions are exactly
 * those of lathe_graph_run.
 *
 * Whatever a client sends, an endpoint holds a bounded amount of memory for it, and a connection that does
 * not finish its request in time is closed, also when it sends a byte now and then. */
#ifndef LATHE_SERVE_ENDPOINT_H
#define LATHE_SERVE_ENDPOINT_H

#include "../graph/graph.h"
#include "../look/contract.h"

typedef struct lathe_endpoint lathe_endpoint;

/* Zero (NULL) in a field means its default. */
typedef struct lathe_endpoint_options {
  const char *listen;       /* "HOST:PORT", "PORT" or "[HOST]:PORT"; 127.0.0.1:0. Port 0: any free one */
  int32_t threads;          /* as many as lathe_threads_get() */
  int32_t connections;      /* open at once; 512 */
  int64_t body_limit;       /* bytes of a request's body; 32 MB */
  int64_t header_limit;     /* bytes of a connection's head and buffers; 32 kB */
  int64_t rows_limit;       /* rows of one request; 100000 */
  double request_timeout;   /* seconds from the request line to the end of the body, and again for the answer;
                             10 */
  lathe_contract *contract; /* what rows have to be like, of the columns that a model takes; retained */
  double idle_timeout;      /* seconds that a connection may wait between requests; 30 */
} lathe_endpoint_options;

/* Serve `count` graphs (which it retains) under `names`. NULL with an error: no libmicrohttpd, a port in use,
 * a name twice. */
lathe_endpoint *lathe_endpoint_start(int32_t count, lathe_graph *const *graphs, const char *const *names,
                                     const lathe_endpoint_options *options, lathe_error *error);

/* "http://127.0.0.1:41234", without a slash at the end. Lives as long as the endpoint. */
const char *lathe_endpoint_url(const lathe_endpoint *endpoint);

/* What GET /monitor answers; `out` is NUL-terminated and freed with free(). */
char *lathe_endpoint_monitor(lathe_endpoint *endpoint, lathe_error *error);

/* Sleep until it is stopped, or for `seconds`. True when it is stopped. */
bool lathe_endpoint_wait(lathe_endpoint *endpoint, double seconds);

/* Drain: accept nobody else, answer what is in flight (for at most `grace` seconds), close. False when
 * requests had to be cut off. May be called again. */
bool lathe_endpoint_stop(lathe_endpoint *endpoint, double grace);
bool lathe_endpoint_running(const lathe_endpoint *endpoint);

/* Stop without grace when it still runs, and forget it. */
void lathe_endpoint_free(lathe_endpoint *endpoint);

#endif
