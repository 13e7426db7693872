/* request.c - a request's way: its head is judged, its body gathered, its rows predicted, its answer sent.
 *
 * A request that is refused is still read to its end (within limits), because a client that sends its body
 * sees the answer only then. */
#include "own.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A refused body is read up to this many times the limit, then the connection is closed. */
enum { SWALLOW = 8 };

enum route { UNKNOWN, PREDICT, MONITOR, HEALTH, INDEX };

struct request {
  enum route route;
  const struct model *model;
  double begin;
  uint64_t received;
  lathe_buffer body;
  int32_t status;      /* of a refusal; 0: none so far */
  const char *allow;   /* for 405 */
  lathe_error problem; /* its words */
};

LATHE_PRINTF(3, 4)
static void refuse(struct request *request, int32_t status, const char *format, ...) {
  va_list arguments;
  if (request->status) return;
  va_start(arguments, format);
  vsnprintf(request->problem.message, sizeof request->problem.message, format, arguments);
  va_end(arguments);
  request->status = status;
}

static struct connection *connection_of(struct MHD_Connection *connection) {
  const union MHD_ConnectionInfo *info =
      microhttpd.get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
  return info ? info->socket_context : NULL;
}

static void enter(struct MHD_Connection *connection, enum phase phase) {
  struct connection *ours = connection_of(connection);
  if (ours) connection_enter(ours, phase);
}

static const struct model *model_at(const lathe_endpoint *endpoint, const char *path) {
  static const char before[] = "/models/", after[] = "/predict";
  size_t size = strlen(path), around = sizeof before + sizeof after - 2;
  if (!strcmp(path, "/predict") || !strcmp(path, "/api/v1/predict")) return &endpoint->model[0];
  if (size <= around || strncmp(path, before, sizeof before - 1) != 0 ||
      strcmp(path + size - (sizeof after - 1), after) != 0)
    return NULL;
  for (int32_t i = 0; i < endpoint->models; i++) {
    const char *name = endpoint->model[i].name;
    if (strlen(name) == size - around && !strncmp(path + sizeof before - 1, name, size - around))
      return &endpoint->model[i];
  }
  return NULL;
}

static void find_route(const lathe_endpoint *endpoint, struct request *request, const char *path) {
  request->model = model_at(endpoint, path);
  request->route = request->model              ? PREDICT
                   : !strcmp(path, "/")        ? INDEX
                   : !strcmp(path, "/health")  ? HEALTH
                   : !strcmp(path, "/monitor") ? MONITOR
                                               : UNKNOWN;
}

/* application/json and its kin, with any parameters; nothing at all is taken for JSON. */
static bool is_json(const char *type) {
  static const char *const kinds[] = {"application/json", "text/json", "application/x-json"};
  if (!type) return true;
  size_t size = strcspn(type, "; \t");
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
    if (size == strlen(kinds[i]) && !strncasecmp(type, kinds[i], size)) return true;
  return size > 5 && !strncasecmp(type + size - 5, "+json", 5);
}

static const char *header(struct MHD_Connection *connection, const char *name) {
  return microhttpd.lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

static void too_large(const lathe_endpoint *endpoint, struct request *request) {
  refuse(request, MHD_HTTP_CONTENT_TOO_LARGE,
         "the body is larger than the %lld bytes allowed; send the rows in several requests",
         (long long)endpoint->options.body_limit);
}

/* What can be said before the body has come. */
static void judge_head(const lathe_endpoint *endpoint, struct request *request,
                       struct MHD_Connection *connection, const char *path, const char *method) {
  find_route(endpoint, request, path);
  bool post = request->route == PREDICT, get = !strcmp(method, "GET") || !strcmp(method, "HEAD");
  if (request->route == UNKNOWN) {
    refuse(request, MHD_HTTP_NOT_FOUND, "%.200s", path);
  } else if (post ? strcmp(method, "POST") != 0 : !get) {
    request->allow = post ? "POST" : "GET, HEAD";
    refuse(request, MHD_HTTP_METHOD_NOT_ALLOWED, "%.200s takes %s, not %.20s", path, post ? "POST" : "GET",
           method);
  } else if (post && !is_json(header(connection, "Content-Type"))) {
    refuse(request, MHD_HTTP_UNSUPPORTED_MEDIA_TYPE,
           "the body must be JSON, with the header Content-Type: application/json, not %.100s",
           header(connection, "Content-Type"));
  }
  const char *length = header(connection, "Content-Length");
  if (length && strtoull(length, NULL, 10) > (unsigned long long)endpoint->options.body_limit)
    too_large(endpoint, request);
}

/* Send what the writer holds, and free it. */
static enum MHD_Result answer(lathe_endpoint *endpoint, struct MHD_Connection *connection, int32_t status,
                              const char *allow, lathe_json_writer *json) {
  lathe_text text = json ? lathe_json_writer_finish(json, NULL) : (lathe_text){NULL, 0};
  struct MHD_Response *response = NULL;
  if (text.data)
    response = microhttpd.create_response_from_buffer(text.size, (void *)(uintptr_t)text.data,
                                                      MHD_RESPMEM_MUST_COPY);
  lathe_json_writer_free(json);
  if (!response) return MHD_NO;
  microhttpd.add_response_header(response, "Content-Type", "application/json");
  if (allow) microhttpd.add_response_header(response, "Allow", allow);
  if (atomic_load(&endpoint->draining)) microhttpd.add_response_header(response, "Connection", "close");
  enter(connection, WRITING);
  enum MHD_Result result = microhttpd.queue_response(connection, (unsigned)status, response);
  microhttpd.destroy_response(response);
  return result;
}

static enum MHD_Result answer_refusal(lathe_endpoint *endpoint, struct MHD_Connection *connection,
                                      const struct request *request, const char *field) {
  lathe_json_writer *json = lathe_json_writer_new(0, NULL);
  if (json && request->status == MHD_HTTP_NOT_FOUND)
    answer_unknown(endpoint, json, request->problem.message);
  else if (json)
    answer_error(json, request->problem.message, field);
  lathe_traffic_add(endpoint->traffic, request->status, 0, lathe_clock() - request->begin);
  return answer(endpoint, connection, request->status, request->allow, json);
}

static int32_t status_of(const lathe_error *error) {
  switch (error->code) {
  case LATHE_ERROR_DATA:
    return MHD_HTTP_BAD_REQUEST;
  case LATHE_ERROR_ARGUMENT:
    return MHD_HTTP_CONTENT_TOO_LARGE;
  case LATHE_ERROR_MEMORY:
    return MHD_HTTP_SERVICE_UNAVAILABLE;
  default:
    return MHD_HTTP_INTERNAL_SERVER_ERROR;
  }
}

static void write_label(lathe_json_writer *json, const lathe_graph *graph, int32_t index) {
  const char *name = lathe_graph_class(graph, index);
  lathe_type type = lathe_graph_class_type(graph);
  double number = 0;
  int64_t whole = 0;
  if (type == LATHE_TYPE_BOOL)
    lathe_json_write_bool(json, !strcmp(name, "true"));
  else if (type == LATHE_TYPE_INT64 && lathe_text_to_int64(name, strlen(name), &whole))
    lathe_json_write_integer(json, whole);
  else if (type == LATHE_TYPE_FLOAT64 && lathe_text_to_float64(name, strlen(name), &number))
    lathe_json_write_number(json, number);
  else
    lathe_json_write_string(json, name, strlen(name));
}

/* { "label": the class that the row is taken for, "probabilities": { class: p, .. } }; null without probabilities. */
static void write_classes(lathe_json_writer *json, const lathe_graph *graph, const double *p) {
  int32_t classes = lathe_graph_classes(graph), best = lathe_graph_choose(graph, p);
  if (best < 0) {
    lathe_json_write_null(json);
    return;
  }
  lathe_json_write_object(json);
  lathe_json_member(json, "label");
  write_label(json, graph, best);
  lathe_json_member(json, "probabilities");
  lathe_json_write_object(json);
  for (int32_t i = 0; i < classes; i++) lathe_json_member_number(json, lathe_graph_class(graph, i), p[i]);
  lathe_json_write_object_end(json);
  lathe_json_write_object_end(json);
}

/* { target: prediction, .. } */
static void write_targets(lathe_json_writer *json, const lathe_graph *graph, const double *values) {
  lathe_json_write_object(json);
  for (int32_t i = 0; i < lathe_graph_targets(graph); i++)
    lathe_json_member_number(json, lathe_graph_target(graph, i), values[i]);
  lathe_json_write_object_end(json);
}

static void write_predictions(lathe_json_writer *json, const lathe_graph *graph, const double *values,
                              int64_t rows) {
  int32_t width = lathe_graph_width(graph), classes = lathe_graph_classes(graph);
  lathe_json_write_array(json);
  for (int64_t row = 0; row < rows; row++, values += width) {
    if (classes > 0) {
      write_classes(json, graph, values);
      continue;
    }
    if (lathe_graph_targets(graph) > 1) {
      write_targets(json, graph, values);
      continue;
    }
    if (width != 1) lathe_json_write_array(json);
    for (int32_t i = 0; i < width; i++) lathe_json_write_number(json, values[i]);
    if (width != 1) lathe_json_write_array_end(json);
  }
  lathe_json_write_array_end(json);
}

static enum MHD_Result predict(lathe_endpoint *endpoint, struct MHD_Connection *connection,
                               struct request *request) {
  char field[256] = "";
  const struct model *model = request->model;
  lathe_json_writer *json = NULL;
  double *values = NULL;
  lathe_odd_values *odd = NULL;
  int64_t rows = 0;
  int32_t width = lathe_graph_width(model->graph);
  lathe_table *table = rows_read(model->schema, request->body.data, request->body.size,
                                 endpoint->options.rows_limit, field, &request->problem);
  if (table) {
    rows = lathe_table_rows(table);
    values = lathe_memory_raw((size_t)rows * (size_t)width, sizeof *values, &request->problem);
    odd = lathe_memory_new((size_t)lathe_graph_inputs(model->graph), sizeof *odd, &request->problem);
    lathe_contract *contract = endpoint->options.contract;
    if (values && odd && (!contract || lathe_contract_hold(contract, table, field, &request->problem)) &&
        lathe_graph_run_counted(model->graph, table, values, odd, NULL, &request->problem))
      json = lathe_json_writer_new(0, &request->problem);
    else if (request->problem.code == LATHE_ERROR_ARGUMENT)
      request->problem.code = LATHE_ERROR_DATA;
  }
  if (json) {
    write_predictions(json, model->graph, values, rows);
    model_count(model, odd);
  }
  free(values);
  free(odd);
  lathe_table_release(table);
  if (!json) {
    request->status = status_of(&request->problem);
    return answer_refusal(endpoint, connection, request, field);
  }
  lathe_traffic_add(endpoint->traffic, MHD_HTTP_OK, rows, lathe_clock() - request->begin);
  return answer(endpoint, connection, MHD_HTTP_OK, NULL, json);
}

static enum MHD_Result finish(lathe_endpoint *endpoint, struct MHD_Connection *connection,
                              struct request *request) {
  enter(connection, WORKING);
  if (request->status) return answer_refusal(endpoint, connection, request, NULL);
  if (request->route == PREDICT) return predict(endpoint, connection, request);
  lathe_json_writer *json = lathe_json_writer_new(0, NULL);
  int32_t status = MHD_HTTP_OK;
  if (json && request->route == MONITOR) answer_monitor(endpoint, json);
  if (json && request->route == INDEX) answer_index(endpoint, json);
  if (json && request->route == HEALTH) {
    answer_health(endpoint, json);
    if (atomic_load(&endpoint->draining)) status = MHD_HTTP_SERVICE_UNAVAILABLE;
  }
  return answer(endpoint, connection, status, NULL, json);
}

static enum MHD_Result take_body(const lathe_endpoint *endpoint, struct request *request, const char *data,
                                 size_t size) {
  request->received += size;
  uint64_t limit = (uint64_t)endpoint->options.body_limit;
  if (request->received > limit) too_large(endpoint, request);
  if (request->received > SWALLOW * limit + (1 << 20)) return MHD_NO;
  if (request->status) {
    lathe_buffer_free(&request->body);
    request->body = (lathe_buffer){0};
    return MHD_YES;
  }
  if (!lathe_buffer_append(&request->body, data, size, &request->problem))
    request->status = MHD_HTTP_SERVICE_UNAVAILABLE;
  return MHD_YES;
}

/* The head has come. */
static enum MHD_Result begin(lathe_endpoint *endpoint, struct MHD_Connection *connection, const char *path,
                             const char *method, void **state) {
  struct request *request = lathe_memory_new(1, sizeof *request, NULL);
  if (!request) return MHD_NO;
  *state = request;
  request->begin = lathe_clock();
  judge_head(endpoint, request, connection, path, method);
  const char *length = header(connection, "Content-Length");
  bool huge =
      length && strtoull(length, NULL, 10) / SWALLOW > (unsigned long long)endpoint->options.body_limit;
  bool asks = header(connection, "Expect") != NULL; /* it waits for leave to send the body */
  return request->status && (huge || asks) ? finish(endpoint, connection, request) : MHD_YES;
}

enum MHD_Result request_step(void *context, struct MHD_Connection *connection, const char *path,
                             const char *method, const char *version, const char *data, size_t *size,
                             void **state) {
  lathe_endpoint *endpoint = context;
  (void)version;
  if (!*state) return begin(endpoint, connection, path, method, state);
  if (*size == 0) return finish(endpoint, connection, *state);
  enum MHD_Result result = take_body(endpoint, *state, data, *size);
  *size = 0;
  return result;
}

void *request_line(void *context, const char *path, struct MHD_Connection *connection) {
  (void)context, (void)path;
  enter(connection, READING);
  return NULL;
}

void request_done(void *context, struct MHD_Connection *connection, void **state,
                  enum MHD_RequestTerminationCode how) {
  struct request *request = *state;
  (void)context, (void)how;
  enter(connection, IDLE);
  *state = NULL;
  if (!request) return;
  lathe_buffer_free(&request->body);
  free(request);
}

void connection_notify(void *context, struct MHD_Connection *connection, void **socket_context,
                       enum MHD_ConnectionNotificationCode how) {
  lathe_endpoint *endpoint = context;
  if (how == MHD_CONNECTION_NOTIFY_STARTED) {
    const union MHD_ConnectionInfo *info =
        microhttpd.get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct connection *ours = info ? lathe_memory_new(1, sizeof *ours, NULL) : NULL;
    if (ours) connection_begin(endpoint, ours, info->connect_fd);
    *socket_context = ours;
  } else if (*socket_context) {
    connection_end(endpoint, *socket_context);
    free(*socket_context);
    *socket_context = NULL;
  }
}
