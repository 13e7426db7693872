/* save.c - a model to a bundle and back. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../base/json.h"
#include "../base/memory.h"
#include "../graph/bundle.h"
#include "own.h"

static const char *const families[] = {
    [LATHE_FAMILY_LINEAR] = "linear", [LATHE_FAMILY_LOGISTIC] = "logistic"};

const char *lathe_family_word(lathe_family family) {
  return families[family];
}

bool lathe_family_parse(const char *word, lathe_family *family) {
  for (size_t i = 0; i < sizeof families / sizeof *families; i++)
    if (!strcmp(word, families[i])) {
      *family = (lathe_family)i;
      return true;
    }
  return false;
}

static void describe_linear(const lathe_model *model, lathe_json_writer *json) {
  lathe_json_member_number(json, "target_mean", model->figures.target_mean);
  lathe_json_member_number(json, "residual_squares", model->figures.residual_squares);
  lathe_json_member_number(json, "total_squares", model->figures.total_squares);
  lathe_json_member_number(json, "absolute_sum", model->figures.absolute_sum);
}

static void describe_logistic(const lathe_model *model, lathe_json_writer *json) {
  lathe_json_member_number(json, "l2", model->logistic.l2);
  lathe_json_member_integer(json, "iterations", model->logistic.iterations);
  lathe_json_member(json, "converged");
  lathe_json_write_bool(json, model->logistic.converged);
  lathe_json_member_number(json, "loss", model->logistic.loss);
  lathe_json_member_number(json, "null_loss", model->logistic.null_loss);
  lathe_json_member(json, "class_rows");
  lathe_json_write_array(json);
  for (int32_t i = 0; i < lathe_graph_classes(model->graph); i++)
    lathe_json_write_integer(json, model->class_rows[i]);
  lathe_json_write_array_end(json);
  lathe_json_member_integer(json, "outputs", model->outputs);
}

static void describe_coefficients(const lathe_model *model, lathe_json_writer *json) {
  lathe_json_member(json, "coefficients");
  lathe_json_write_array(json);
  for (int32_t i = 0; i < model->features.count; i++) {
    lathe_json_write_object(json);
    lathe_json_member_text(json, "feature", model->features.name[i]);
    lathe_json_member_number(json, "estimate", model->estimates[i]);
    lathe_json_member_number(json, "standard_error", model->errors[i]);
    lathe_json_write_object_end(json);
  }
  lathe_json_write_array_end(json);
}

static lathe_text describe(const lathe_model *model, lathe_json_writer *json, lathe_error *error) {
  lathe_model_summary summary;
  lathe_model_summarise(model, &summary);
  lathe_json_write_object(json);
  lathe_json_member_text(json, "kind", lathe_family_word(model->family));
  lathe_json_member_text(json, "target", model->target);
  lathe_json_member_text(json, "weights", model->int8 ? "int8" : "float64");
  lathe_json_member(json, "intercept");
  lathe_json_write_bool(json, summary.intercept);
  lathe_json_member_integer(json, "rows", summary.rows);
  lathe_json_member_integer(json, "rank", summary.rank);
  if (model->family == LATHE_FAMILY_LINEAR)
    describe_linear(model, json);
  else
    describe_logistic(model, json);
  describe_coefficients(model, json);
  lathe_json_member(json, "notes");
  lathe_json_write_array(json);
  for (int32_t i = 0; i < model->notes.count; i++)
    lathe_json_write_string(json, model->notes.name[i], strlen(model->notes.name[i]));
  lathe_json_write_array_end(json);
  lathe_json_write_object_end(json);
  return lathe_json_writer_finish(json, error);
}

bool lathe_model_save(const lathe_model *model, const char *path, lathe_error *error) {
  static const char *const keys[] = {"model", "recipe", "card"};
  lathe_json_writer *json = lathe_json_writer_new(0, error);
  if (!json) return false;
  lathe_text texts[] = {describe(model, json, error),
                        {model->recipe, strlen(model->recipe)},
                        {model->card, strlen(model->card)}};
  bool fine = texts[0].data && lathe_bundle_write(model->graph, 3, keys, texts, path, error);
  lathe_json_writer_free(json);
  return fine;
}

typedef struct {
  lathe_json_reader *json;
  const char *path;
  lathe_model *model;
  int32_t capacity;
  lathe_error *error;
} reading;

static bool broken(reading *in, const char *what) {
  return lathe_error_set(in->error, LATHE_ERROR_DATA,
                         "%s: the description of the model %s; the bundle is broken, make it anew", in->path,
                         what);
}

static bool read_text(reading *in, char **text) {
  lathe_json_event event = lathe_json_next(in->json, in->error);
  if (event != LATHE_JSON_STRING)
    return event == LATHE_JSON_ERROR ? false : broken(in, "has no text where one should stand");
  lathe_text piece = lathe_json_text(in->json);
  if (memchr(piece.data, 0, piece.size)) return broken(in, "has a text with a NUL in it");
  char *copy = lathe_memory_text(piece.data, piece.size, in->error);
  if (!copy) return false;
  free(*text);
  *text = copy;
  return true;
}

/* null is NaN: an aliased coefficient has no standard error. */
static bool read_number(reading *in, double *value) {
  lathe_json_event event = lathe_json_next(in->json, in->error);
  if (event == LATHE_JSON_ERROR) return false;
  if (event == LATHE_JSON_NULL)
    *value = NAN;
  else if (event == LATHE_JSON_NUMBER || event == LATHE_JSON_INTEGER)
    *value = lathe_json_number(in->json);
  else
    return broken(in, "has no number where one should stand");
  return true;
}

static bool read_integer(reading *in, int64_t least, int64_t most, int64_t *value) {
  lathe_json_event event = lathe_json_next(in->json, in->error);
  if (event == LATHE_JSON_ERROR) return false;
  *value = event == LATHE_JSON_INTEGER ? lathe_json_integer(in->json) : least - 1;
  return (*value >= least && *value <= most) || broken(in, "has a number that cannot be");
}

static bool key_is(lathe_text key, const char *word) {
  return key.size == strlen(word) && !memcmp(key.data, word, key.size);
}

static bool read_coefficient(reading *in) {
  lathe_model *model = in->model;
  char *feature = NULL;
  double estimate = NAN, deviation = NAN;
  bool fine = true;
  for (;;) {
    lathe_json_event event = lathe_json_next(in->json, in->error);
    if (event == LATHE_JSON_OBJECT_END) break;
    lathe_text key = lathe_json_text(in->json);
    if (event != LATHE_JSON_KEY)
      fine = false;
    else if (key_is(key, "feature"))
      fine = read_text(in, &feature);
    else if (key_is(key, "estimate"))
      fine = read_number(in, &estimate);
    else if (key_is(key, "standard_error"))
      fine = read_number(in, &deviation);
    else
      fine = lathe_json_skip(in->json, in->error);
    if (!fine) break;
  }
  if (fine && !feature) fine = broken(in, "has a coefficient without a name");
  if (fine && model->features.count == in->capacity) {
    int32_t capacity = in->capacity ? 2 * in->capacity : 16;
    fine = lathe_memory_resize((void **)&model->estimates, (size_t)capacity, sizeof(double), in->error) &&
           lathe_memory_resize((void **)&model->errors, (size_t)capacity, sizeof(double), in->error);
    if (fine) in->capacity = capacity;
  }
  if (fine) {
    model->estimates[model->features.count] = estimate;
    model->errors[model->features.count] = deviation;
    fine = lathe_names_add(&model->features, in->error, "%s", feature);
  }
  free(feature);
  return fine;
}

static bool read_coefficients(reading *in) {
  if (lathe_json_next(in->json, in->error) != LATHE_JSON_ARRAY)
    return broken(in, "has coefficients that are not a list");
  for (;;) {
    lathe_json_event event = lathe_json_next(in->json, in->error);
    if (event == LATHE_JSON_ARRAY_END) return true;
    if (event != LATHE_JSON_OBJECT)
      return event == LATHE_JSON_ERROR ? false : broken(in, "has a coefficient that is not an object");
    if (!read_coefficient(in)) return false;
  }
}

static bool read_notes(reading *in) {
  if (lathe_json_next(in->json, in->error) != LATHE_JSON_ARRAY)
    return broken(in, "has notes that are not a list");
  for (;;) {
    lathe_json_event event = lathe_json_next(in->json, in->error);
    if (event == LATHE_JSON_ARRAY_END) return true;
    if (event != LATHE_JSON_STRING)
      return event == LATHE_JSON_ERROR ? false : broken(in, "has a note that is not a text");
    lathe_text text = lathe_json_text(in->json);
    if (!lathe_names_add(&in->model->notes, in->error, "%.*s", (int)text.size, text.data)) return false;
  }
}

static bool read_int32(reading *in, int32_t least, int32_t *value) {
  int64_t integer = 0;
  if (!read_integer(in, least, INT32_MAX, &integer)) return false;
  *value = (int32_t)integer;
  return true;
}

static bool read_bool(reading *in, bool *value) {
  if (lathe_json_next(in->json, in->error) != LATHE_JSON_BOOL)
    return broken(in, "has no true or false where one should stand");
  *value = lathe_json_bool(in->json);
  return true;
}

/* As many as the graph has classes. */
static bool read_class_rows(reading *in) {
  int32_t count = lathe_graph_classes(in->model->graph);
  if (count == 0 || in->model->class_rows || lathe_json_next(in->json, in->error) != LATHE_JSON_ARRAY)
    return broken(in, "has rows of classes that are not a list");
  int64_t *rows = in->model->class_rows = lathe_memory_new((size_t)count, sizeof *rows, in->error);
  for (int32_t i = 0; rows && i < count; i++)
    if (!read_integer(in, 0, INT64_MAX, &rows[i])) return false;
  return rows && (lathe_json_next(in->json, in->error) == LATHE_JSON_ARRAY_END ||
                  broken(in, "counts too many classes"));
}

static bool read_word(reading *in, lathe_text key) {
  lathe_model *model = in->model;
  bool kind = key_is(key, "kind");
  char *word = NULL;
  if (!kind && !key_is(key, "weights")) return lathe_json_skip(in->json, in->error);
  if (!read_text(in, &word)) return false;
  bool fine = !kind || lathe_family_parse(word, &model->family) ||
              broken(in, "is of a kind that this lathe does not know");
  if (!kind) model->int8 = !strcmp(word, "int8");
  free(word);
  return fine;
}

static bool read_field(reading *in, lathe_text key) {
  lathe_model *model = in->model;
  lathe_linear_figures *linear = &model->figures;
  lathe_logistic_figures *logistic = &model->logistic;
  if (key_is(key, "target")) return read_text(in, &model->target);
  if (key_is(key, "target_mean")) return read_number(in, &linear->target_mean);
  if (key_is(key, "residual_squares")) return read_number(in, &linear->residual_squares);
  if (key_is(key, "total_squares")) return read_number(in, &linear->total_squares);
  if (key_is(key, "absolute_sum")) return read_number(in, &linear->absolute_sum);
  if (key_is(key, "l2")) return read_number(in, &logistic->l2);
  if (key_is(key, "loss")) return read_number(in, &logistic->loss);
  if (key_is(key, "null_loss")) return read_number(in, &logistic->null_loss);
  if (key_is(key, "iterations")) return read_int32(in, 0, &logistic->iterations);
  if (key_is(key, "converged")) return read_bool(in, &logistic->converged);
  if (key_is(key, "class_rows")) return read_class_rows(in);
  if (key_is(key, "outputs")) return read_int32(in, 1, &model->outputs);
  if (key_is(key, "coefficients")) return read_coefficients(in);
  if (key_is(key, "notes")) return read_notes(in);
  if (key_is(key, "rows")) {
    if (!read_integer(in, 1, INT64_MAX, &linear->rows)) return false;
    logistic->rows = linear->rows;
    return true;
  }
  if (key_is(key, "rank")) {
    if (!read_int32(in, 0, &linear->rank)) return false;
    logistic->rank = linear->rank;
    return true;
  }
  if (key_is(key, "intercept")) {
    if (!read_bool(in, &linear->intercept)) return false;
    logistic->intercept = linear->intercept;
    return true;
  }
  return read_word(in, key);
}

static bool read_model(reading *in) {
  lathe_json_event event = lathe_json_next(in->json, in->error);
  if (event != LATHE_JSON_OBJECT) return event == LATHE_JSON_ERROR ? false : broken(in, "is not an object");
  for (;;) {
    event = lathe_json_next(in->json, in->error);
    if (event == LATHE_JSON_OBJECT_END) break;
    if (event != LATHE_JSON_KEY || !read_field(in, lathe_json_text(in->json))) return false;
  }
  if (lathe_json_next(in->json, in->error) != LATHE_JSON_END) return broken(in, "has more behind it");
  lathe_model *model = in->model;
  int32_t classes = lathe_graph_classes(model->graph);
  bool linear = model->family == LATHE_FAMILY_LINEAR;
  if (linear) model->outputs = 1;
  if (!model->target || model->figures.rows < 1 || model->figures.rank > model->features.count ||
      model->outputs < 1 || model->features.count % model->outputs != 0 ||
      lathe_model_terms(model) < model->figures.intercept || (linear ? 0 : model->outputs) > classes ||
      (!linear && !model->class_rows))
    return broken(in, "lacks something");
  return linear ? lathe_graph_width(model->graph) == 1 || broken(in, "does not fit its graph") : true;
}

static bool copy_metadata(const lathe_tensor_file *file, const char *key, char **text, lathe_error *error) {
  lathe_text found = lathe_tensor_file_metadata(file, key);
  *text = lathe_memory_text(found.data ? found.data : "", found.data ? found.size : 0, error);
  return *text != NULL;
}

static bool open_model(lathe_model *model, lathe_tensor_file *file, lathe_error *error) {
  const char *path = lathe_tensor_file_path(file);
  model->graph = lathe_bundle_graph(file, error);
  if (!model->graph) return false;
  lathe_text text = lathe_tensor_file_metadata(file, "model");
  reading in = {.path = path, .model = model, .error = error};
  if (!text.data) return broken(&in, "is not there");
  in.json = lathe_json_reader_new(text.data, text.size, path, error);
  bool fine = in.json && read_model(&in);
  lathe_json_reader_free(in.json);
  return fine && copy_metadata(file, "recipe", &model->recipe, error) &&
         copy_metadata(file, "card", &model->card, error);
}

lathe_model *lathe_model_open(const char *path, lathe_error *error) {
  lathe_tensor_file *file = lathe_tensor_file_open(path, error);
  lathe_model *model = file ? lathe_model_new(error) : NULL;
  if (model && !open_model(model, file, error)) {
    lathe_model_release(model);
    model = NULL;
  }
  lathe_tensor_file_release(file);
  return model;
}
