/* answer.c - the JSON of each answer but the predictions. */
#include "own.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* A measured number, without digits that mean nothing. */
static void measure(lathe_json_writer *json, const char *name, double value) {
  lathe_json_member(json, name);
  lathe_json_write_number(json, round(value * 1e4) / 1e4);
}

static void milliseconds(lathe_json_writer *json, const char *name, double seconds) {
  measure(json, name, seconds * 1e3);
}

static const char *status_word(const lathe_endpoint *endpoint) {
  return atomic_load(&endpoint->draining) ? "draining" : "ok";
}

void answer_health(const lathe_endpoint *endpoint, lathe_json_writer *json) {
  lathe_json_write_object(json);
  lathe_json_member_text(json, "status", status_word(endpoint));
  lathe_json_write_object_end(json);
}

void answer_error(lathe_json_writer *json, const char *message, const char *field) {
  lathe_json_write_object(json);
  lathe_json_member(json, "error");
  lathe_json_write_object(json);
  lathe_json_member_text(json, "message", message);
  if (field && *field) lathe_json_member_text(json, "field", field);
  lathe_json_write_object_end(json);
  lathe_json_write_object_end(json);
}

static void model(lathe_json_writer *json, const struct model *model) {
  lathe_json_write_object(json);
  lathe_json_member_text(json, "name", model->name);
  int32_t targets = lathe_graph_targets(model->graph);
  lathe_json_member(json, "predicts");
  if (targets > 1) lathe_json_write_array(json);
  for (int32_t i = 0; i < targets; i++) {
    const char *target = lathe_graph_target(model->graph, i);
    lathe_json_write_string(json, target, strlen(target));
  }
  if (targets > 1) lathe_json_write_array_end(json);
  if (lathe_graph_classes(model->graph) > 0) {
    lathe_json_member(json, "classes");
    lathe_json_write_array(json);
    for (int32_t i = 0; i < lathe_graph_classes(model->graph); i++) {
      const char *name = lathe_graph_class(model->graph, i);
      lathe_json_write_string(json, name, strlen(name));
    }
    lathe_json_write_array_end(json);
  }
  lathe_json_member(json, "inputs");
  lathe_json_write_array(json);
  for (int32_t i = 0; i < lathe_graph_inputs(model->graph); i++) {
    lathe_json_write_object(json);
    lathe_json_member_text(json, "name", lathe_graph_input_name(model->graph, i));
    lathe_json_member_text(json, "type", lathe_type_name(lathe_graph_input_type(model->graph, i)));
    lathe_json_write_object_end(json);
  }
  lathe_json_write_array_end(json);
  lathe_json_write_object_end(json);
}

static void route(lathe_json_writer *json, const char *method, const char *path, const char *words) {
  char name[320];
  snprintf(name, sizeof name, "%s %s", method, path);
  lathe_json_member_text(json, name, words);
}

static void routes(const lathe_endpoint *endpoint, lathe_json_writer *json) {
  lathe_json_write_object(json);
  route(json, "POST", "/predict", "rows as JSON; answers the list of predictions");
  route(json, "POST", "/api/v1/predict", "the same");
  for (int32_t i = 0; i < endpoint->models; i++) {
    char path[300];
    snprintf(path, sizeof path, "/models/%s/predict", endpoint->model[i].name);
    route(json, "POST", path, i == 0 ? "the same" : "the same for this model");
  }
  route(json, "GET", "/monitor", "requests, rows, errors, times, processor, memory");
  route(json, "GET", "/health", "200 while it serves, 503 while it drains");
  route(json, "GET", "/", "this list");
  lathe_json_write_object_end(json);
}

void answer_index(const lathe_endpoint *endpoint, lathe_json_writer *json) {
  lathe_json_write_object(json);
  lathe_json_member(json, "routes");
  routes(endpoint, json);
  lathe_json_member(json, "models");
  lathe_json_write_array(json);
  for (int32_t i = 0; i < endpoint->models; i++) model(json, &endpoint->model[i]);
  lathe_json_write_array_end(json);
  lathe_json_write_object_end(json);
}

void answer_unknown(const lathe_endpoint *endpoint, lathe_json_writer *json, const char *path) {
  char message[400];
  snprintf(message, sizeof message, "there is nothing at %.200s; the routes are listed beside this", path);
  lathe_json_write_object(json);
  lathe_json_member(json, "error");
  lathe_json_write_object(json);
  lathe_json_member_text(json, "message", message);
  lathe_json_write_object_end(json);
  lathe_json_member(json, "routes");
  routes(endpoint, json);
  lathe_json_write_object_end(json);
}

static void statuses(const lathe_endpoint *endpoint, lathe_json_writer *json) {
  char name[16];
  lathe_json_write_object(json);
  for (int32_t status = 100; status < 600; status++) {
    int64_t count = lathe_traffic_status(endpoint->traffic, status);
    if (count == 0) continue;
    snprintf(name, sizeof name, "%d", status);
    lathe_json_member_integer(json, name, count);
  }
  lathe_json_write_object_end(json);
}

static void resources(lathe_endpoint *endpoint, lathe_json_writer *json) {
  lathe_resources_state use;
  lathe_resources_read(endpoint->resources, &use);
  measure(json, "cpu", use.cpu);
  lathe_json_member_integer(json, "memory", use.memory);
  lathe_json_member_integer(json, "memory_peak", use.memory_peak);
  lathe_json_member(json, "machine");
  lathe_json_write_object(json);
  lathe_json_member_integer(json, "processors", use.processors);
  measure(json, "cpu", use.machine_cpu);
  lathe_json_member_integer(json, "memory", use.machine_memory);
  lathe_json_member_integer(json, "memory_free", use.machine_memory_free);
  lathe_json_write_object_end(json);
}

static void latency(lathe_json_writer *json, const lathe_traffic_state *state) {
  lathe_json_write_object(json);
  milliseconds(json, "mean", state->mean);
  milliseconds(json, "p50", state->p50);
  milliseconds(json, "p90", state->p90);
  milliseconds(json, "p99", state->p99);
  milliseconds(json, "p99.9", state->p999);
  milliseconds(json, "most", state->most);
  lathe_json_write_object_end(json);
}

static void history(const lathe_endpoint *endpoint, lathe_json_writer *json) {
  int64_t counts[LATHE_TRAFFIC_SECONDS];
  lathe_traffic_history(endpoint->traffic, counts);
  lathe_json_write_array(json);
  for (int32_t i = 0; i < LATHE_TRAFFIC_SECONDS; i++) lathe_json_write_integer(json, counts[i]);
  lathe_json_write_array_end(json);
}

/* For each model the columns whose values were odd, and how often: {"house": {"town": {"missing": 1, "unknown": 3}}}. */
static void odd_values(const lathe_endpoint *endpoint, lathe_json_writer *json) {
  static const char *const names[] = {"missing", "infinite", "unknown"};
  lathe_json_write_object(json);
  for (int32_t i = 0; i < endpoint->models; i++) {
    const struct model *one = &endpoint->model[i];
    lathe_json_member(json, one->name);
    lathe_json_write_object(json);
    for (int32_t k = 0; k < lathe_graph_inputs(one->graph); k++) {
      int64_t counts[3], sum = 0;
      for (int what = 0; what < 3; what++) sum += counts[what] = atomic_load(&one->odd[k][what]);
      if (sum == 0) continue;
      lathe_json_member(json, lathe_graph_input_name(one->graph, k));
      lathe_json_write_object(json);
      for (int what = 0; what < 3; what++)
        if (counts[what] > 0) lathe_json_member_integer(json, names[what], counts[what]);
      lathe_json_write_object_end(json);
    }
    lathe_json_write_object_end(json);
  }
  lathe_json_write_object_end(json);
}

void answer_monitor(lathe_endpoint *endpoint, lathe_json_writer *json) {
  lathe_traffic_state state;
  lathe_traffic_read(endpoint->traffic, &state);
  pthread_mutex_lock(&endpoint->lock);
  int32_t open = endpoint->open;
  pthread_mutex_unlock(&endpoint->lock);
  lathe_json_write_object(json);
  lathe_json_member_text(json, "status", status_word(endpoint));
  lathe_json_member(json, "models");
  lathe_json_write_array(json);
  for (int32_t i = 0; i < endpoint->models; i++)
    lathe_json_write_string(json, endpoint->model[i].name, strlen(endpoint->model[i].name));
  lathe_json_write_array_end(json);
  measure(json, "uptime", state.uptime);
  lathe_json_member_integer(json, "requests", state.requests);
  lathe_json_member_integer(json, "rows", state.rows);
  lathe_json_member_integer(json, "errors", state.errors);
  lathe_json_member(json, "statuses");
  statuses(endpoint, json);
  measure(json, "rate", state.rate);
  lathe_json_member(json, "latency_ms");
  latency(json, &state);
  lathe_json_member(json, "per_second");
  history(endpoint, json);
  lathe_json_member(json, "odd_values");
  odd_values(endpoint, json);
  lathe_json_member_integer(json, "connections", open);
  lathe_json_member_integer(json, "cut", atomic_load(&endpoint->cut));
  resources(endpoint, json);
  lathe_json_write_object_end(json);
}
