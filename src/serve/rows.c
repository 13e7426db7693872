/* rows.c - rows to JSON and predictions from it. */
#include "rows.h"
#include "../base/json.h"
#include "../base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct source {
  int32_t count;
  lathe_column **columns; /* in the order of the inputs; borrowed */
  lathe_type *types;      /* of the inputs */
};

static void close_source(struct source *source) {
  free(source->columns);
  free(source->types);
}

static bool open_source(struct source *source, const lathe_graph *graph, const lathe_table *table,
                        lathe_error *error) {
  source->count = lathe_graph_inputs(graph);
  source->columns = lathe_memory_new((size_t)source->count, sizeof *source->columns, error);
  source->types = lathe_memory_new((size_t)source->count, sizeof *source->types, error);
  if (!source->columns || !source->types) return false;
  for (int32_t i = 0; i < source->count; i++) {
    const char *name = lathe_graph_input_name(graph, i);
    int32_t index = lathe_table_need(table, name, error);
    if (index < 0) return false;
    source->columns[i] = lathe_table_column(table, index);
    source->types[i] = lathe_graph_input_type(graph, i);
    lathe_type type = lathe_column_type(source->columns[i]);
    if (lathe_type_is_text(type) != lathe_type_is_text(source->types[i]))
      return lathe_error_set(error, LATHE_ERROR_DATA,
                             "column \"%s\" is %s, but the model takes %s there; read it with that type",
                             name, lathe_type_name(type), lathe_type_name(source->types[i]));
  }
  return true;
}

static void write_value(lathe_json_writer *json, const lathe_column *column, lathe_type wanted, int64_t row) {
  char scratch[32];
  lathe_type type = lathe_column_type(column);
  bool time = (wanted == LATHE_TYPE_DATE || wanted == LATHE_TYPE_TIMESTAMP) && type == wanted;
  if (!lathe_column_present(column, row)) {
    lathe_json_write_null(json);
  } else if (lathe_type_is_text(type) || time) {
    lathe_text text =
        lathe_type_is_text(type) ? lathe_column_text(column, row) : lathe_column_format(column, row, scratch);
    lathe_json_write_string(json, text.data, text.size);
  } else if (wanted == LATHE_TYPE_BOOL && type == LATHE_TYPE_BOOL) {
    lathe_json_write_bool(json, lathe_column_number(column, row) != 0);
  } else if (type == LATHE_TYPE_INT64) {
    lathe_json_write_integer(json, ((const int64_t *)lathe_column_values(column))[row]);
  } else {
    lathe_json_write_number(json, lathe_column_number(column, row));
  }
}

/* The writer's text, given away. */
static char *finish(lathe_json_writer *json, lathe_error *error) {
  lathe_text text = lathe_json_writer_finish(json, error);
  char *copy = text.data ? lathe_memory_text(text.data, text.size, error) : NULL;
  lathe_json_writer_free(json);
  return copy;
}

char *lathe_rows_to_json(const lathe_graph *graph, const lathe_table *table, int64_t first, int64_t count,
                         lathe_error *error) {
  struct source source = {0};
  char *text = NULL;
  lathe_json_writer *json = NULL;
  int64_t rows = lathe_table_rows(table);
  if (first < 0 || count < 0 || first > rows || count > rows - first) {
    lathe_error_set(error, LATHE_ERROR_ARGUMENT, "the table has no rows %lld to %lld; it has %lld",
                    (long long)first + 1, (long long)(first + count), (long long)rows);
    return NULL;
  }
  if (open_source(&source, graph, table, error) && (json = lathe_json_writer_new(0, error))) {
    lathe_json_write_array(json);
    for (int64_t row = first; row < first + count; row++) {
      lathe_json_write_array(json);
      for (int32_t i = 0; i < source.count; i++) write_value(json, source.columns[i], source.types[i], row);
      lathe_json_write_array_end(json);
    }
    lathe_json_write_array_end(json);
    text = finish(json, error);
  }
  close_source(&source);
  return text;
}

void lathe_rows_free(char *text) {
  free(text);
}

static bool read_number(lathe_json_reader *reader, lathe_json_event event, double *value,
                        lathe_error *error) {
  if (event == LATHE_JSON_ERROR) return false;
  if (event != LATHE_JSON_INTEGER && event != LATHE_JSON_NUMBER && event != LATHE_JSON_NULL)
    return lathe_json_refuse(reader, error, "a prediction should be a number");
  *value = event == LATHE_JSON_NULL ? NAN : lathe_json_number(reader);
  return true;
}

/* The class of that name: the one expected, as a rule. */
static int32_t find_class(const lathe_graph *graph, lathe_text name, int32_t expected) {
  int32_t count = lathe_graph_classes(graph);
  for (int32_t i = 0; i < count; i++) {
    int32_t place = (expected + i) % count;
    const char *word = lathe_graph_class(graph, place);
    if (strlen(word) == name.size && !memcmp(word, name.data, name.size)) return place;
  }
  return -1;
}

static bool read_probabilities(lathe_json_reader *reader, const lathe_graph *graph, double *out,
                               lathe_error *error) {
  lathe_json_event event = lathe_json_next(reader, error);
  if (event == LATHE_JSON_ERROR) return false;
  if (event != LATHE_JSON_OBJECT)
    return lathe_json_refuse(reader, error, "the probabilities of classes should be here");
  int32_t expected = 0;
  while ((event = lathe_json_next(reader, error)) == LATHE_JSON_KEY) {
    int32_t place = find_class(graph, lathe_json_text(reader), expected);
    if (place < 0) return lathe_json_refuse(reader, error, "the model does not know this class");
    if (!read_number(reader, lathe_json_next(reader, error), &out[place], error)) return false;
    expected = place + 1;
  }
  return event != LATHE_JSON_ERROR;
}

/* One prediction, which begins with `event`. */
static bool read_classes(lathe_json_reader *reader, const lathe_graph *graph, lathe_json_event event,
                         double *out, lathe_error *error) {
  for (int32_t i = 0; i < lathe_graph_classes(graph); i++) out[i] = NAN;
  if (event == LATHE_JSON_NULL) return true;
  if (event == LATHE_JSON_ERROR) return false;
  if (event != LATHE_JSON_OBJECT)
    return lathe_json_refuse(reader, error, "a prediction should be an object with probabilities");
  while ((event = lathe_json_next(reader, error)) == LATHE_JSON_KEY) {
    lathe_text key = lathe_json_text(reader);
    bool wanted = key.size == 13 && !memcmp(key.data, "probabilities", 13);
    if (!(wanted ? read_probabilities(reader, graph, out, error) : lathe_json_skip(reader, error)))
      return false;
  }
  return event != LATHE_JSON_ERROR;
}

/* The prediction of several targets, which begins with `event`. */
static bool read_targets(lathe_json_reader *reader, const lathe_graph *graph, lathe_json_event event,
                         double *out, lathe_error *error) {
  int32_t count = lathe_graph_targets(graph);
  for (int32_t i = 0; i < count; i++) out[i] = NAN;
  if (event == LATHE_JSON_ERROR) return false;
  if (event != LATHE_JSON_OBJECT)
    return lathe_json_refuse(reader, error, "a prediction should be an object with a number for each target");
  while ((event = lathe_json_next(reader, error)) == LATHE_JSON_KEY) {
    lathe_text key = lathe_json_text(reader);
    int32_t place = 0;
    while (place < count && (strlen(lathe_graph_target(graph, place)) != key.size ||
                             memcmp(lathe_graph_target(graph, place), key.data, key.size) != 0))
      place++;
    if (place == count) return lathe_json_refuse(reader, error, "the model does not know this target");
    if (!read_number(reader, lathe_json_next(reader, error), &out[place], error)) return false;
  }
  return event != LATHE_JSON_ERROR;
}

static bool read_prediction(lathe_json_reader *reader, const lathe_graph *graph, lathe_json_event event,
                            double *out, lathe_error *error) {
  if (lathe_graph_classes(graph) > 0) return read_classes(reader, graph, event, out, error);
  if (lathe_graph_targets(graph) > 1) return read_targets(reader, graph, event, out, error);
  return read_number(reader, event, out, error);
}

static bool read_predictions(lathe_json_reader *reader, const lathe_graph *graph, int64_t count, double *out,
                             double *spare, lathe_error *error) {
  int64_t got = 0, width = lathe_graph_width(graph);
  lathe_json_event event = lathe_json_next(reader, error);
  if (event == LATHE_JSON_ERROR) return false;
  if (event != LATHE_JSON_ARRAY)
    return lathe_json_refuse(reader, error, "a list of predictions should be here");
  while ((event = lathe_json_next(reader, error)) != LATHE_JSON_ARRAY_END) {
    double *to = got < count ? out + got * width : spare;
    if (!read_prediction(reader, graph, event, to, error)) return false;
    got++;
  }
  if (got != count)
    return lathe_error_set(
        error, LATHE_ERROR_DATA,
        "the endpoint answers %lld predictions for %lld rows; is it a lathe endpoint, and of this model?",
        (long long)got, (long long)count);
  return lathe_json_next(reader, error) == LATHE_JSON_END;
}

bool lathe_predictions_from_json(const char *text, size_t size, const lathe_graph *graph, int64_t count,
                                 double *out, lathe_error *error) {
  lathe_json_reader *reader = lathe_json_reader_new(text, size, "the endpoint's answer", error);
  double *spare = lathe_memory_new((size_t)lathe_graph_width(graph), sizeof *spare, error);
  bool fine = reader && spare && read_predictions(reader, graph, count, out, spare, error);
  lathe_json_reader_free(reader);
  free(spare);
  return fine;
}
