/* open.c - a model from a bundle: outside bytes, so everything is checked. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../base/json.h"
#include "../base/memory.h"
#include "../graph/bundle.h"
#include "own.h"

typedef struct {
  lathe_json_reader *json;
  const char *path;
  lathe_model *model;
  lathe_error *error;
} reading;

static bool broken(reading *in, const char *what) {
  return lathe_error_set(in->error, LATHE_ERROR_DATA,
                         "%s: the description of the model %s; the bundle is broken, make it anew", in->path,
                         what);
}

/* The next event is `wanted`. */
static bool expect(reading *in, lathe_json_event wanted, const char *what) {
  lathe_json_event event = lathe_json_next(in->json, in->error);
  return event == wanted || (event != LATHE_JSON_ERROR && broken(in, what));
}

/* The next key of an object: 1, its end: 0, neither: -1. The key is copied to `key`, which is freed first. */
static int next_key(reading *in, char **key) {
  lathe_json_event event = lathe_json_next(in->json, in->error);
  if (event == LATHE_JSON_OBJECT_END) return 0;
  if (event != LATHE_JSON_KEY) return -1;
  lathe_text text = lathe_json_text(in->json);
  free(*key);
  *key = lathe_memory_text(text.data, text.size, in->error);
  if (!*key) return -1;
  if (memchr(text.data, 0, text.size)) return broken(in, "has a name with a NUL in it"), -1;
  return 1;
}

static bool read_text(reading *in, char **text) {
  if (!expect(in, LATHE_JSON_STRING, "has no text where one should stand")) return false;
  lathe_text piece = lathe_json_text(in->json);
  if (memchr(piece.data, 0, piece.size)) return broken(in, "has a text with a NUL in it");
  char *copy = lathe_memory_text(piece.data, piece.size, in->error);
  if (!copy) return false;
  free(*text);
  *text = copy;
  return true;
}

/* The number of the event just read: null is NaN. */
static bool take_number(reading *in, lathe_json_event event, double *value) {
  if (event == LATHE_JSON_STRING) {
    lathe_text text = lathe_json_text(in->json);
    if (text.size == 3 && !memcmp(text.data, "inf", 3)) return *value = INFINITY, true;
    if (text.size == 4 && !memcmp(text.data, "-inf", 4)) return *value = -INFINITY, true;
  }
  *value = event == LATHE_JSON_NULL ? NAN : lathe_json_number(in->json);
  return event == LATHE_JSON_NULL || event == LATHE_JSON_NUMBER || event == LATHE_JSON_INTEGER ||
         (event != LATHE_JSON_ERROR && broken(in, "has no number where one should stand"));
}

static bool read_figures(reading *in) {
  char *name = NULL;
  bool fine = expect(in, LATHE_JSON_OBJECT, "has figures that are not an object");
  int found = 0;
  while (fine && (found = next_key(in, &name)) > 0) {
    double value = NAN;
    fine = take_number(in, lathe_json_next(in->json, in->error), &value) &&
           lathe_model_set_figure(in->model, name, value, in->error);
  }
  free(name);
  return fine && found == 0;
}

/* The elements of a column as they come. */
typedef struct {
  lathe_type type;
  int64_t rows, capacity;
  double *numbers;
  int64_t *integers;
  uint8_t *validity;
  int64_t *places; /* of texts, in `bytes`: rows + 1 */
  lathe_buffer bytes;
} elements;

static bool widen(elements *list, lathe_error *error) {
  if (list->rows < list->capacity) return true;
  size_t capacity = list->capacity ? 2 * (size_t)list->capacity : 16;
  list->capacity = (int64_t)capacity;
  return lathe_memory_resize((void **)&list->numbers, capacity, sizeof *list->numbers, error) &&
         lathe_memory_resize((void **)&list->integers, capacity, sizeof *list->integers, error) &&
         lathe_memory_resize((void **)&list->validity, capacity, 1, error) &&
         lathe_memory_resize((void **)&list->places, capacity + 1, sizeof *list->places, error);
}

static bool take_element(reading *in, lathe_json_event event, elements *list) {
  if (!widen(list, in->error)) return false;
  int64_t row = list->rows++;
  list->validity[row] = event != LATHE_JSON_NULL;
  list->places[row] = (int64_t)list->bytes.size;
  list->integers[row] = 0;
  if (list->type == LATHE_TYPE_FLOAT64) return take_number(in, event, &list->numbers[row]);
  if (event == LATHE_JSON_NULL) return true;
  if (list->type == LATHE_TYPE_INT64 && event == LATHE_JSON_INTEGER)
    return list->integers[row] = lathe_json_integer(in->json), true;
  lathe_text text = lathe_json_text(in->json);
  if (list->type == LATHE_TYPE_STRING && event == LATHE_JSON_STRING)
    return lathe_buffer_append(&list->bytes, text.data, text.size, in->error);
  return event != LATHE_JSON_ERROR && broken(in, "has an element that is not of its column's type");
}

static lathe_column *column_of_texts(elements *list, lathe_error *error) {
  lathe_text *texts = lathe_memory_new((size_t)list->rows, sizeof *texts, error);
  if (!texts) return NULL;
  for (int64_t r = 0; r < list->rows; r++) {
    size_t end = r + 1 < list->rows ? (size_t)list->places[r + 1] : list->bytes.size;
    texts[r] =
        (lathe_text){list->validity[r] ? (list->bytes.data ? list->bytes.data : "") + list->places[r] : NULL,
                     end - (size_t)list->places[r]};
  }
  lathe_column *column = lathe_column_from_text(texts, list->rows, error);
  free(texts);
  return column;
}

static lathe_column *column_of(reading *in, elements *list) {
  for (int64_t r = 0; list->type == LATHE_TYPE_INT64 && r < list->rows; r++)
    if (!list->validity[r]) return broken(in, "lacks a whole number"), NULL;
  if (list->type == LATHE_TYPE_FLOAT64)
    return lathe_column_from_float64(list->numbers, list->rows, in->error);
  if (list->type == LATHE_TYPE_INT64) return lathe_column_from_int64(list->integers, list->rows, in->error);
  return column_of_texts(list, in->error);
}

static lathe_column *read_values(reading *in, lathe_type type) {
  elements list = {.type = type};
  bool fine = expect(in, LATHE_JSON_ARRAY, "has a column without values") && widen(&list, in->error);
  for (;;) {
    lathe_json_event event = fine ? lathe_json_next(in->json, in->error) : LATHE_JSON_ARRAY_END;
    if (event == LATHE_JSON_ARRAY_END) break;
    fine = take_element(in, event, &list);
  }
  lathe_column *column = fine ? column_of(in, &list) : NULL;
  free(list.numbers);
  free(list.integers);
  free(list.validity);
  free(list.places);
  lathe_buffer_free(&list.bytes);
  return column;
}

/* { "name", "type", "values" }, in this order. */
static bool read_column(reading *in, lathe_names *names, lathe_column **column) {
  static const char *const keys[] = {"name", "type", "values"};
  char *key = NULL, *text[2] = {NULL, NULL};
  lathe_type type = LATHE_TYPE_FLOAT64;
  bool fine = true;
  for (int i = 0; fine && i < 3; i++) {
    fine = (next_key(in, &key) == 1 && !strcmp(key, keys[i])) || broken(in, "has a broken column");
    fine = fine && (i == 2 || read_text(in, &text[i]));
  }
  if (fine && (!lathe_type_parse(text[1], &type) ||
               (type != LATHE_TYPE_FLOAT64 && type != LATHE_TYPE_INT64 && type != LATHE_TYPE_STRING)))
    fine = broken(in, "has a column of a type that cannot be");
  *column = fine ? read_values(in, type) : NULL;
  fine = *column && expect(in, LATHE_JSON_OBJECT_END, "has a broken column") &&
         lathe_names_add(names, in->error, "%s", text[0]);
  free(key);
  free(text[0]);
  free(text[1]);
  return fine;
}

static bool read_table(reading *in, const char *name) {
  enum { COLUMNS = 256 };
  lathe_column *columns[COLUMNS] = {NULL};
  lathe_names names = {0};
  int32_t count = 0;
  bool fine = expect(in, LATHE_JSON_ARRAY, "has a table that is not a list");
  for (;;) {
    lathe_json_event event = fine ? lathe_json_next(in->json, in->error) : LATHE_JSON_ARRAY_END;
    if (event == LATHE_JSON_ARRAY_END) break;
    fine = (event == LATHE_JSON_OBJECT && count < COLUMNS) ||
           (event != LATHE_JSON_ERROR && broken(in, "has a broken table"));
    fine = fine && read_column(in, &names, &columns[count++]);
  }
  lathe_table *table =
      fine ? lathe_table_new(count, (const char *const *)names.name, columns, in->error) : NULL;
  fine = table && lathe_model_set_table(in->model, name, table, in->error);
  lathe_table_release(table);
  for (int32_t i = 0; i < count; i++) lathe_column_release(columns[i]);
  lathe_names_free(&names);
  return fine;
}

static bool read_tables(reading *in) {
  char *name = NULL;
  bool fine = expect(in, LATHE_JSON_OBJECT, "has tables that are not an object");
  int found = 0;
  while (fine && (found = next_key(in, &name)) > 0) fine = read_table(in, name);
  free(name);
  return fine && found == 0;
}

static bool read_notes(reading *in) {
  if (!expect(in, LATHE_JSON_ARRAY, "has notes that are not a list")) return false;
  for (;;) {
    lathe_json_event event = lathe_json_next(in->json, in->error);
    if (event == LATHE_JSON_ARRAY_END) return true;
    if (event != LATHE_JSON_STRING)
      return event != LATHE_JSON_ERROR && broken(in, "has a note that is not a text");
    lathe_text text = lathe_json_text(in->json);
    if (!lathe_names_add(&in->model->notes, in->error, "%.*s", (int)text.size, text.data)) return false;
  }
}

static bool read_weights(reading *in) {
  char *word = NULL;
  if (!read_text(in, &word)) return false;
  in->model->int8 = !strcmp(word, "int8");
  free(word);
  return true;
}

static bool read_field(reading *in, const char *key) {
  lathe_model *model = in->model;
  if (!strcmp(key, "kind")) return read_text(in, &model->kind);
  if (!strcmp(key, "title")) return read_text(in, &model->title);
  if (!strcmp(key, "detail")) return read_text(in, &model->detail);
  if (!strcmp(key, "target")) return read_text(in, &model->target);
  if (!strcmp(key, "weights")) return read_weights(in);
  if (!strcmp(key, "figures")) return read_figures(in);
  if (!strcmp(key, "tables")) return read_tables(in);
  if (!strcmp(key, "notes")) return read_notes(in);
  return lathe_json_skip(in->json, in->error);
}

static bool read_model(reading *in) {
  char *key = NULL;
  bool fine = expect(in, LATHE_JSON_OBJECT, "is not an object");
  int found = 0;
  while (fine && (found = next_key(in, &key)) > 0) fine = read_field(in, key);
  free(key);
  if (!fine || found < 0 || !expect(in, LATHE_JSON_END, "has more behind it")) return false;
  const lathe_model *model = in->model;
  return (model->kind && model->title && model->detail && model->target) || broken(in, "lacks something");
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
