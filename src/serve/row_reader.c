/* row_reader.c - from JSON events to column buffers, without a tree between.
 *
 * Numbers of any kind become FLOAT64: a graph computes with doubles, so an int64 column read from a file
 * gives the same ones. Text becomes STRING, dates and timestamps are read from their text. Keys usually come
 * in the same order in every row, so the key after the last one is tried before the hash table. */
#include "row_reader.h"
#include "../base/hash.h"
#include "../base/json.h"
#include "../base/memory.h"
#include "../base/personal_form.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIELD_SIZE = 256 };

struct input {
  const char *name; /* the graph's */
  size_t size;
  lathe_type type;
};

struct row_schema {
  int32_t count;
  struct input *inputs;
  const char **names;
  const lathe_graph *graph;
  uint32_t mask;
  int32_t *slots; /* -1: free */
};

/* A column on its way. */
struct builder {
  void *values; /* double, int32_t days, int64_t microseconds, or int64_t offsets of text */
  uint8_t *validity;
  lathe_buffer text;
  int64_t row; /* the last one that was given */
};

struct rows {
  const row_schema *schema;
  struct builder *builders;
  lathe_json_reader *reader;
  int64_t row, capacity, limit;
  bool single; /* the body is one row: paths have no index */
  char *field;
  lathe_error *error;
};

row_schema *row_schema_new(const lathe_graph *graph, lathe_error *error) {
  row_schema *schema = lathe_memory_new(1, sizeof *schema, error);
  if (!schema) return NULL;
  schema->count = lathe_graph_inputs(graph);
  schema->graph = graph;
  size_t count = (size_t)schema->count, size = 8;
  while (size < 2 * count) size *= 2;
  schema->mask = (uint32_t)(size - 1);
  schema->inputs = lathe_memory_new(count, sizeof *schema->inputs, error);
  schema->names = lathe_memory_new(count, sizeof *schema->names, error);
  schema->slots = lathe_memory_raw(size, sizeof *schema->slots, error);
  if (!schema->inputs || !schema->names || !schema->slots) {
    row_schema_free(schema);
    return NULL;
  }
  memset(schema->slots, 0xFF, size * sizeof *schema->slots);
  for (int32_t i = 0; i < schema->count; i++) {
    const char *name = schema->names[i] = lathe_graph_input_name(graph, i);
    schema->inputs[i] = (struct input){name, strlen(name), lathe_graph_input_type(graph, i)};
    uint32_t slot = (uint32_t)lathe_hash_quick(name, strlen(name), 0) & schema->mask;
    while (schema->slots[slot] >= 0) slot = (slot + 1) & schema->mask;
    schema->slots[slot] = i;
  }
  return schema;
}

void row_schema_free(row_schema *schema) {
  if (!schema) return;
  free(schema->inputs);
  free(schema->names);
  free(schema->slots);
  free(schema);
}

static bool is_name(const struct input *input, lathe_text name) {
  return input->size == name.size && !memcmp(input->name, name.data, name.size);
}

/* The input called `name`, tried at `guess` first; -1 when there is none. */
static int32_t find_input(const row_schema *schema, lathe_text name, int32_t guess) {
  if (guess < schema->count && is_name(&schema->inputs[guess], name)) return guess;
  uint32_t slot = (uint32_t)lathe_hash_quick(name.data, name.size, 0) & schema->mask;
  for (; schema->slots[slot] >= 0; slot = (slot + 1) & schema->mask)
    if (is_name(&schema->inputs[schema->slots[slot]], name)) return schema->slots[slot];
  return -1;
}

static size_t value_size(lathe_type type) {
  return type == LATHE_TYPE_DATE ? sizeof(int32_t) : sizeof(int64_t);
}

/* Write the path of `name` (of the row itself when NULL) in the present row. */
static void set_field(struct rows *rows, const char *name, size_t size) {
  char row[32] = "";
  if (!rows->single) snprintf(row, sizeof row, "rows[%lld]", (long long)rows->row);
  snprintf(rows->field, FIELD_SIZE, "%s%s%.*s", row, *row && name ? "." : "", name ? (int)size : 0,
           name ? name : "");
}

/* What a row is called in a sentence. */
static const char *row_words(struct rows *rows) {
  set_field(rows, NULL, 0);
  return rows->single ? "the row" : rows->field;
}

static bool refuse(struct rows *rows, const char *words) {
  return lathe_error_set(rows->error, LATHE_ERROR_DATA, "%s %s", rows->field, words);
}

/* What stands in the JSON text, in words. */
static void describe(const struct rows *rows, lathe_text name, lathe_json_event event, char *out,
                     size_t size) {
  lathe_text text = lathe_json_text(rows->reader), shown;
  char scratch[LATHE_SHOWN];
  switch (event) {
  case LATHE_JSON_STRING:
    shown = lathe_value_shown(text, name, scratch);
    snprintf(out, size, "the text \"%.*s\"%s", (int)shown.size, shown.data,
             lathe_text_width(text.data, text.size) > 40 ? "..." : "");
    break;
  case LATHE_JSON_BOOL:
    snprintf(out, size, "%s", lathe_json_bool(rows->reader) ? "true" : "false");
    break;
  case LATHE_JSON_INTEGER:
  case LATHE_JSON_NUMBER:
    snprintf(out, size, "the number %g", lathe_json_number(rows->reader));
    break;
  case LATHE_JSON_ARRAY:
    snprintf(out, size, "an array");
    break;
  case LATHE_JSON_OBJECT:
    snprintf(out, size, "an object");
    break;
  default:
    snprintf(out, size, "null");
    break;
  }
}

static bool wrong_kind(struct rows *rows, int32_t index, lathe_json_event event) {
  static const char *const wanted[] = {
      [LATHE_TYPE_BOOL] = "true, false",
      [LATHE_TYPE_INT64] = "a number",
      [LATHE_TYPE_FLOAT64] = "a number",
      [LATHE_TYPE_STRING] = "a text",
      [LATHE_TYPE_CATEGORY] = "a text",
      [LATHE_TYPE_DATE] = "a date like \"2024-12-31\"",
      [LATHE_TYPE_TIMESTAMP] = "a time like \"2024-12-31 23:59:59\"",
  };
  if (event == LATHE_JSON_ERROR) return false;
  const struct input *input = &rows->schema->inputs[index];
  char got[256], words[400];
  describe(rows, (lathe_text){input->name, input->size}, event, got, sizeof got);
  snprintf(words, sizeof words, "must be %s or null, not %s", wanted[input->type], got);
  set_field(rows, input->name, input->size);
  return refuse(rows, words);
}

static bool grow_builder(struct rows *rows, int32_t index, int64_t capacity) {
  struct builder *builder = &rows->builders[index];
  lathe_type type = rows->schema->inputs[index].type;
  if (!lathe_memory_resize(&builder->values, (size_t)capacity + lathe_type_is_text(type), value_size(type),
                           rows->error))
    return false;
  if (rows->capacity == 0 && lathe_type_is_text(type)) *(int64_t *)builder->values = 0;
  if (!builder->validity) return true;
  void *bits = builder->validity;
  if (!lathe_memory_resize(&bits, (size_t)capacity / 8, 1, rows->error)) return false;
  builder->validity = bits;
  memset(builder->validity + rows->capacity / 8, 0xFF, (size_t)(capacity - rows->capacity) / 8);
  return true;
}

/* Room for one more row. */
static bool begin_row(struct rows *rows) {
  if (rows->row >= rows->limit) {
    rows->field[0] = '\0';
    return lathe_error_set(rows->error, LATHE_ERROR_ARGUMENT,
                           "the body holds more than %lld rows; send them in several requests",
                           (long long)rows->limit);
  }
  if (rows->row < rows->capacity) return true;
  int64_t capacity = rows->capacity ? 2 * rows->capacity : 8; /* a multiple of 8 */
  for (int32_t i = 0; i < rows->schema->count; i++)
    if (!grow_builder(rows, i, capacity)) return false;
  rows->capacity = capacity;
  return true;
}

static bool set_missing(struct rows *rows, int32_t index) {
  struct builder *builder = &rows->builders[index];
  lathe_type type = rows->schema->inputs[index].type;
  int64_t row = rows->row;
  if (!builder->validity) {
    builder->validity = lathe_memory_raw((size_t)rows->capacity / 8, 1, rows->error);
    if (!builder->validity) return false;
    memset(builder->validity, 0xFF, (size_t)rows->capacity / 8);
  }
  builder->validity[row >> 3] &= (uint8_t) ~(1u << (row & 7));
  if (lathe_type_is_text(type))
    ((int64_t *)builder->values)[row + 1] = (int64_t)builder->text.size;
  else
    memset((char *)builder->values + (size_t)row * value_size(type), 0, value_size(type));
  return true;
}

static bool set_number(struct rows *rows, int32_t index, lathe_json_event event) {
  if (event != LATHE_JSON_INTEGER && event != LATHE_JSON_NUMBER) return wrong_kind(rows, index, event);
  ((double *)rows->builders[index].values)[rows->row] = lathe_json_number(rows->reader);
  return true;
}

static bool set_bool(struct rows *rows, int32_t index, lathe_json_event event) {
  double number = lathe_json_number(rows->reader);
  if (event == LATHE_JSON_BOOL)
    number = lathe_json_bool(rows->reader);
  else if (event != LATHE_JSON_INTEGER || (number != 0 && number != 1))
    return wrong_kind(rows, index, event);
  ((double *)rows->builders[index].values)[rows->row] = number;
  return true;
}

static bool set_text(struct rows *rows, int32_t index, lathe_json_event event) {
  struct builder *builder = &rows->builders[index];
  if (event != LATHE_JSON_STRING) return wrong_kind(rows, index, event);
  lathe_text text = lathe_json_text(rows->reader);
  if (!lathe_buffer_append(&builder->text, text.data, text.size, rows->error)) return false;
  ((int64_t *)builder->values)[rows->row + 1] = (int64_t)builder->text.size;
  return true;
}

static bool set_time(struct rows *rows, int32_t index, lathe_json_event event, lathe_type type) {
  void *values = rows->builders[index].values;
  if (event != LATHE_JSON_STRING) return wrong_kind(rows, index, event);
  lathe_text text = lathe_json_text(rows->reader);
  bool fine = type == LATHE_TYPE_DATE
                  ? lathe_text_to_date(text.data, text.size, (int32_t *)values + rows->row)
                  : lathe_text_to_timestamp(text.data, text.size, (int64_t *)values + rows->row);
  return fine || wrong_kind(rows, index, event);
}

static bool set_value(struct rows *rows, int32_t index, lathe_json_event event) {
  lathe_type type = rows->schema->inputs[index].type;
  rows->builders[index].row = rows->row;
  if (event == LATHE_JSON_NULL) return set_missing(rows, index);
  switch (type) {
  case LATHE_TYPE_INT64:
  case LATHE_TYPE_FLOAT64:
    return set_number(rows, index, event);
  case LATHE_TYPE_BOOL:
    return set_bool(rows, index, event);
  case LATHE_TYPE_STRING:
  case LATHE_TYPE_CATEGORY:
    return set_text(rows, index, event);
  case LATHE_TYPE_DATE:
  case LATHE_TYPE_TIMESTAMP:
    return set_time(rows, index, event, type);
  }
  return false;
}

static bool unknown_key(struct rows *rows, lathe_text key) {
  char name[128], words[512];
  const char *nearest = NULL;
  int64_t least = 0;
  snprintf(name, sizeof name, "%.*s", (int)(key.size < 100 ? key.size : 100), key.data);
  set_field(rows, name, strlen(name));
  const lathe_graph *graph = rows->schema->graph;
  for (int32_t i = 0; i < lathe_graph_targets(graph); i++)
    if (!strcmp(name, lathe_graph_target(graph, i)))
      return refuse(rows, "is what the model predicts; leave it out");
  for (int32_t i = 0; i < rows->schema->count; i++) {
    int64_t distance = lathe_text_distance(name, rows->schema->names[i]);
    if (nearest && distance >= least) continue;
    nearest = rows->schema->names[i];
    least = distance;
  }
  if (!nearest) return refuse(rows, "is not known to the model, which takes no inputs");
  snprintf(words, sizeof words, "is not known to the model; the nearest that it takes is \"%s\"", nearest);
  return refuse(rows, words);
}

/* One row as an object, whose first event is `event`. */
static bool read_object(struct rows *rows, lathe_json_event event) {
  const row_schema *schema = rows->schema;
  int32_t given = 0, guess = 0;
  if (!begin_row(rows)) return false;
  for (; event == LATHE_JSON_KEY; event = lathe_json_next(rows->reader, rows->error)) {
    lathe_text key = lathe_json_text(rows->reader);
    int32_t index = find_input(schema, key, guess);
    if (index < 0) return unknown_key(rows, key);
    if (rows->builders[index].row == rows->row) {
      set_field(rows, key.data, key.size);
      return refuse(rows, "stands twice in one row");
    }
    if (!set_value(rows, index, lathe_json_next(rows->reader, rows->error))) return false;
    given++;
    guess = index + 1;
  }
  if (event != LATHE_JSON_OBJECT_END) return false;
  for (int32_t i = 0; given < schema->count && i < schema->count; i++) {
    if (rows->builders[i].row == rows->row) continue;
    set_field(rows, schema->names[i], schema->inputs[i].size);
    return refuse(rows, "is not given; write null when it is missing");
  }
  rows->row++;
  return true;
}

static bool wrong_count(struct rows *rows, const char *relation, int32_t count) {
  return lathe_error_set(rows->error, LATHE_ERROR_DATA,
                         "%s has %s %d value%s, but the model takes %d; GET / lists them in order",
                         row_words(rows), relation, count, count == 1 ? "" : "s", rows->schema->count);
}

/* One row as an array in the order of the inputs. */
static bool read_array(struct rows *rows) {
  if (!begin_row(rows)) return false;
  for (int32_t i = 0; i < rows->schema->count; i++) {
    lathe_json_event event = lathe_json_next(rows->reader, rows->error);
    if (event == LATHE_JSON_ARRAY_END) return wrong_count(rows, "only", i);
    if (!set_value(rows, i, event)) return false;
  }
  lathe_json_event event = lathe_json_next(rows->reader, rows->error);
  if (event == LATHE_JSON_ERROR) return false;
  if (event != LATHE_JSON_ARRAY_END) return wrong_count(rows, "more than", rows->schema->count);
  rows->row++;
  return true;
}

static bool read_rows(struct rows *rows) {
  for (;;) {
    lathe_json_event event = lathe_json_next(rows->reader, rows->error);
    bool fine = false;
    if (event == LATHE_JSON_ARRAY_END) return true;
    if (event == LATHE_JSON_OBJECT)
      fine = read_object(rows, lathe_json_next(rows->reader, rows->error));
    else if (event == LATHE_JSON_ARRAY)
      fine = read_array(rows);
    else if (event != LATHE_JSON_ERROR) {
      row_words(rows);
      refuse(rows, "must be an object by column name, or an array of values");
    }
    if (!fine) return false;
  }
}

/* {"rows": [...]}, behind that key. */
static bool read_wrapped(struct rows *rows) {
  lathe_json_event event = lathe_json_next(rows->reader, rows->error);
  if (event == LATHE_JSON_ERROR) return false;
  snprintf(rows->field, FIELD_SIZE, "rows");
  if (event != LATHE_JSON_ARRAY) return refuse(rows, "must be an array of rows");
  rows->field[0] = '\0';
  if (!read_rows(rows)) return false;
  event = lathe_json_next(rows->reader, rows->error);
  if (event != LATHE_JSON_KEY) return event == LATHE_JSON_OBJECT_END;
  lathe_text key = lathe_json_text(rows->reader);
  snprintf(rows->field, FIELD_SIZE, "%.*s", (int)(key.size < 100 ? key.size : 100), key.data);
  return refuse(rows, "is not known beside \"rows\"");
}

static bool read_body(struct rows *rows) {
  lathe_json_event event = lathe_json_next(rows->reader, rows->error);
  if (event == LATHE_JSON_ERROR) return false;
  if (event == LATHE_JSON_ARRAY) return read_rows(rows);
  if (event != LATHE_JSON_OBJECT)
    return lathe_error_set(rows->error, LATHE_ERROR_DATA,
                           "the body must be an array of rows, {\"rows\": [...]} or one row as an object");
  event = lathe_json_next(rows->reader, rows->error);
  if (event == LATHE_JSON_KEY) {
    lathe_text key = lathe_json_text(rows->reader);
    if (key.size == 4 && !memcmp(key.data, "rows", 4) && find_input(rows->schema, key, 0) < 0)
      return read_wrapped(rows);
  }
  rows->single = true;
  return read_object(rows, event);
}

static lathe_column *finish_column(struct rows *rows, int32_t index) {
  struct builder *builder = &rows->builders[index];
  lathe_type type = rows->schema->inputs[index].type;
  type = lathe_type_is_text(type)                                  ? LATHE_TYPE_STRING
         : type == LATHE_TYPE_DATE || type == LATHE_TYPE_TIMESTAMP ? type
                                                                   : LATHE_TYPE_FLOAT64;
  if (builder->validity && rows->row % 8)
    builder->validity[rows->row / 8] &= (uint8_t)((1u << (rows->row % 8)) - 1);
  if (type == LATHE_TYPE_STRING && !lathe_buffer_reserve(&builder->text, 1, rows->error)) return NULL;
  lathe_column *column = lathe_column_new(type, rows->row, builder->validity, builder->values,
                                          builder->text.data, NULL, rows->error);
  if (column) *builder = (struct builder){0};
  return column;
}

static lathe_table *finish(struct rows *rows) {
  int32_t count = rows->schema->count, made = 0;
  lathe_column **columns = lathe_memory_new((size_t)count, sizeof *columns, rows->error);
  if (!columns) return NULL;
  while (made < count && (columns[made] = finish_column(rows, made))) made++;
  lathe_table *table =
      made == count ? lathe_table_new(count, rows->schema->names, columns, rows->error) : NULL;
  for (int32_t i = 0; i < made; i++) lathe_column_release(columns[i]);
  free(columns);
  return table;
}

/* Also for no rows at all: columns want buffers. */
static bool make_room(struct rows *rows) {
  int64_t limit = rows->limit;
  rows->limit = INT64_MAX;
  bool fine = begin_row(rows);
  rows->limit = limit;
  return fine;
}

/* The reader's own errors begin with the place. */
static void say_json(lathe_error *error) {
  char words[sizeof error->message];
  if (strncmp(error->message, "line ", 5) != 0) return;
  snprintf(words, sizeof words, "%s", error->message);
  lathe_error_set(error, LATHE_ERROR_DATA, "the body is not JSON: %s", words);
}

lathe_table *rows_read(const row_schema *schema, const char *text, size_t size, int64_t limit, char *field,
                       lathe_error *error) {
  struct rows rows = {.schema = schema, .limit = limit, .field = field, .error = error};
  lathe_table *table = NULL;
  field[0] = '\0';
  rows.builders = lathe_memory_new((size_t)schema->count, sizeof *rows.builders, error);
  rows.reader = lathe_json_reader_new(text, size, NULL, error);
  if (!rows.builders || !rows.reader) goto out;
  for (int32_t i = 0; i < schema->count; i++) rows.builders[i].row = -1;
  if (make_room(&rows) && read_body(&rows) && lathe_json_next(rows.reader, error) == LATHE_JSON_END)
    table = finish(&rows);
  else
    say_json(error);
out:
  for (int32_t i = 0; rows.builders && i < schema->count; i++) {
    free(rows.builders[i].values);
    free(rows.builders[i].validity);
    lathe_buffer_free(&rows.builders[i].text);
  }
  free(rows.builders);
  lathe_json_reader_free(rows.reader);
  return table;
}
