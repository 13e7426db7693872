/* endpoint.c - starting, asking and stopping an endpoint. */
#include "own.h"

#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static bool set_options(lathe_endpoint *endpoint, const lathe_endpoint_options *given, lathe_error *error) {
  lathe_endpoint_options *options = &endpoint->options;
  if (given) *options = *given;
  if (options->contract) lathe_contract_retain(options->contract);
  if (options->threads < 0 || options->connections < 0 || options->body_limit < 0 ||
      options->header_limit < 0 || options->rows_limit < 0 || !(options->request_timeout >= 0) ||
      !(options->idle_timeout >= 0))
    return lathe_error_set(error, LATHE_ERROR_ARGUMENT,
                           "the limits of an endpoint must not be negative; 0 asks for the usual one");
  if (options->threads == 0) options->threads = lathe_threads_get();
  if (options->connections == 0) options->connections = 512;
  if (options->body_limit == 0) options->body_limit = INT64_C(32) << 20;
  if (options->header_limit == 0) options->header_limit = INT64_C(32) << 10;
  if (options->header_limit < 1024) options->header_limit = 1024;
  if (options->rows_limit == 0) options->rows_limit = 100000;
  if (options->request_timeout == 0) options->request_timeout = 10;
  if (options->idle_timeout == 0) options->idle_timeout = 30;
  if (options->connections < options->threads) options->threads = options->connections;
  options->listen = NULL;
  return true;
}

static bool is_name(const char *name) {
  size_t size = strlen(name);
  return size > 0 && size < 128 && strcspn(name, "/?#%\"\\ \t\r\n") == size &&
         lathe_text_valid(name, size) == size;
}

static bool add_model(lathe_endpoint *endpoint, lathe_graph *graph, const char *name, lathe_error *error) {
  if (!is_name(name))
    return lathe_error_set(
        error, LATHE_ERROR_ARGUMENT,
        "\"%.100s\" cannot be the name of a served model; letters, digits, . _ and - can be in one", name);
  for (int32_t i = 0; i < endpoint->models; i++)
    if (!strcmp(endpoint->model[i].name, name))
      return lathe_error_set(error, LATHE_ERROR_ARGUMENT,
                             "two served models are called \"%s\"; give each its own name", name);
  struct model *model = &endpoint->model[endpoint->models++];
  model->graph = lathe_graph_retain(graph);
  model->name = lathe_memory_text(name, strlen(name), error);
  model->schema = row_schema_new(graph, error);
  model->odd = lathe_memory_new((size_t)lathe_graph_inputs(graph), sizeof *model->odd, error);
  return model->name && model->schema && model->odd;
}

void model_count(const struct model *model, const lathe_odd_values *odd) {
  for (int32_t i = 0; i < lathe_graph_inputs(model->graph); i++) {
    int64_t counts[] = {odd[i].missing, odd[i].infinite, odd[i].unknown};
    for (int k = 0; k < 3; k++)
      if (counts[k] > 0) atomic_fetch_add_explicit(&model->odd[i][k], counts[k], memory_order_relaxed);
  }
}

static bool start_daemon(lathe_endpoint *endpoint, lathe_error *error) {
  const lathe_endpoint_options *options = &endpoint->options;
  unsigned silence = (unsigned)fmin(options->idle_timeout + options->request_timeout + 2, 1e6);
  struct MHD_OptionItem items[] = {
      {MHD_OPTION_LISTEN_SOCKET, endpoint->listener, NULL},
      {MHD_OPTION_CONNECTION_LIMIT, options->connections, NULL},
      {MHD_OPTION_CONNECTION_TIMEOUT, (intptr_t)silence, NULL},
      {MHD_OPTION_CONNECTION_MEMORY_LIMIT, (intptr_t)options->header_limit, NULL},
      {MHD_OPTION_NOTIFY_COMPLETED, (intptr_t)request_done, endpoint},
      {MHD_OPTION_NOTIFY_CONNECTION, (intptr_t)connection_notify, endpoint},
      {MHD_OPTION_URI_LOG_CALLBACK, (intptr_t)request_line, endpoint},
      {options->threads > 1 ? MHD_OPTION_THREAD_POOL_SIZE : MHD_OPTION_END, options->threads, NULL},
      {MHD_OPTION_END, 0, NULL},
  };
  sigset_t all, before; /* its threads leave signals to the others; a broken pipe is an error, not a signal */
  sigfillset(&all);
  sigdelset(&all, SIGBUS); /* a mapped bundle that somebody cuts: mapping.c answers it */
  pthread_sigmask(SIG_SETMASK, &all, &before);
  bool kept = keeper_start(endpoint, error);
  if (kept)
    endpoint->daemon =
        microhttpd.start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ITC, 0, NULL, NULL, request_step,
                                endpoint, MHD_OPTION_ARRAY, items, MHD_OPTION_END);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  if (kept && !endpoint->daemon)
    lathe_error_set(error, LATHE_ERROR_FILE,
                    "libmicrohttpd cannot start on %s with %d threads and %d connections", endpoint->url,
                    options->threads, options->connections);
  return endpoint->daemon != NULL;
}

lathe_endpoint *lathe_endpoint_start(int32_t count, lathe_graph *const *graphs, const char *const *names,
                                     const lathe_endpoint_options *options, lathe_error *error) {
  pthread_condattr_t attributes;
  if (count < 1) {
    lathe_error_set(error, LATHE_ERROR_ARGUMENT, "an endpoint needs a model to serve");
    return NULL;
  }
  if (!microhttpd_open(error)) return NULL;
  lathe_endpoint *endpoint = lathe_memory_new(1, sizeof *endpoint, error);
  if (!endpoint) return NULL;
  endpoint->listener = -1;
  pthread_mutex_init(&endpoint->lock, NULL);
  pthread_condattr_init(&attributes);
  pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
  pthread_cond_init(&endpoint->changed, &attributes);
  pthread_condattr_destroy(&attributes);
  endpoint->model = lathe_memory_new((size_t)count, sizeof *endpoint->model, error);
  bool fine = endpoint->model && set_options(endpoint, options, error);
  for (int32_t i = 0; fine && i < count; i++) fine = add_model(endpoint, graphs[i], names[i], error);
  const char *address = options && options->listen ? options->listen : "127.0.0.1:0";
  fine = fine && (endpoint->traffic = lathe_traffic_new(error)) &&
         (endpoint->resources = lathe_resources_new(error)) &&
         (endpoint->listener = listen_open(address, &endpoint->url, error)) >= 0 &&
         start_daemon(endpoint, error);
  if (fine) return endpoint;
  lathe_endpoint_free(endpoint);
  return NULL;
}

const char *lathe_endpoint_url(const lathe_endpoint *endpoint) {
  return endpoint->url;
}

char *lathe_endpoint_monitor(lathe_endpoint *endpoint, lathe_error *error) {
  lathe_json_writer *json = lathe_json_writer_new(0, error);
  if (!json) return NULL;
  answer_monitor(endpoint, json);
  lathe_text text = lathe_json_writer_finish(json, error);
  char *copy = text.data ? lathe_memory_text(text.data, text.size, error) : NULL;
  lathe_json_writer_free(json);
  return copy;
}

/* The listening socket is shut at once, but closed only when no thread can look at it any more. */
static bool drain(lathe_endpoint *endpoint, double grace) {
  bool clean = true;
  if (endpoint->daemon) {
    int listener = microhttpd.quiesce_daemon(endpoint->daemon);
    if (listener >= 0) shutdown(listener, SHUT_RDWR);
    clean = connections_drain(endpoint, grace);
    microhttpd.stop_daemon(endpoint->daemon);
    if (listener < 0) endpoint->listener = -1; /* stop_daemon closed it */
    endpoint->daemon = NULL;
  }
  if (endpoint->listener >= 0) close(endpoint->listener);
  endpoint->listener = -1;
  keeper_end(endpoint);
  return clean;
}

bool lathe_endpoint_stop(lathe_endpoint *endpoint, double grace) {
  bool first = !atomic_exchange(&endpoint->draining, true);
  bool clean = first ? drain(endpoint, grace) : true;
  pthread_mutex_lock(&endpoint->lock);
  if (first) endpoint->stopped = true;
  pthread_cond_broadcast(&endpoint->changed);
  while (!endpoint->stopped) pthread_cond_wait(&endpoint->changed, &endpoint->lock);
  pthread_mutex_unlock(&endpoint->lock);
  return clean;
}

bool lathe_endpoint_running(const lathe_endpoint *endpoint) {
  return !atomic_load(&endpoint->draining);
}

bool lathe_endpoint_wait(lathe_endpoint *endpoint, double seconds) {
  double end = lathe_clock() + seconds;
  pthread_mutex_lock(&endpoint->lock);
  for (double now = lathe_clock(); !endpoint->stopped && now < end; now = lathe_clock())
    endpoint_wait_change(endpoint, end - now);
  bool stopped = endpoint->stopped;
  pthread_mutex_unlock(&endpoint->lock);
  return stopped;
}

void lathe_endpoint_free(lathe_endpoint *endpoint) {
  if (!endpoint) return;
  lathe_endpoint_stop(endpoint, 0);
  for (int32_t i = 0; i < endpoint->models; i++) {
    lathe_graph_release(endpoint->model[i].graph);
    row_schema_free(endpoint->model[i].schema);
    free(endpoint->model[i].name);
    free(endpoint->model[i].odd);
  }
  lathe_contract_release(endpoint->options.contract);
  free(endpoint->model);
  free(endpoint->url);
  lathe_traffic_free(endpoint->traffic);
  lathe_resources_free(endpoint->resources);
  pthread_cond_destroy(&endpoint->changed);
  pthread_mutex_destroy(&endpoint->lock);
  free(endpoint);
}
