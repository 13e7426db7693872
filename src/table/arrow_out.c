/* arrow_out.c - tables as Arrow arrays: nothing is copied, every array holds the column whose buffers it shows. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../base/memory.h"
#include "arrow.h"
#include "own.h"

void lathe_arrow_array_release(struct ArrowArray *array) {
  if (array->release) array->release(array);
}

void lathe_arrow_schema_release(struct ArrowSchema *schema) {
  if (schema->release) schema->release(schema);
}

void lathe_arrow_stream_release(struct ArrowArrayStream *stream) {
  if (stream->release) stream->release(stream);
}

/* ---- schemas ---- */

typedef struct shown_schema {
  char *name;
  struct ArrowSchema **children; /* pointers to `store` */
  struct ArrowSchema *store;
} shown_schema;

static void release_schema(struct ArrowSchema *schema) {
  shown_schema *shown = schema->private_data;
  for (int64_t i = 0; i < schema->n_children; i++) lathe_arrow_schema_release(schema->children[i]);
  if (schema->dictionary) lathe_arrow_schema_release(schema->dictionary);
  free(shown->name);
  free(shown->children);
  free(shown->store);
  free(shown);
  schema->release = NULL;
}

/* A schema with room for `children` and one more for a dictionary, behind them in `store`. */
static bool show_schema(struct ArrowSchema *schema, const char *format, const char *name, int64_t children,
                        lathe_error *error) {
  memset(schema, 0, sizeof *schema);
  shown_schema *shown = lathe_memory_new(1, sizeof *shown, error);
  if (!shown) return false;
  schema->format = format;
  schema->release = release_schema;
  schema->private_data = shown;
  schema->name = shown->name = lathe_memory_text(name, strlen(name), error);
  shown->children = lathe_memory_new((size_t)children, sizeof *shown->children, error);
  shown->store = lathe_memory_new((size_t)children + 1, sizeof *shown->store, error);
  schema->children = shown->children;
  if (shown->name && shown->children && shown->store) return true;
  release_schema(schema);
  return false;
}

static bool column_schema(struct ArrowSchema *schema, const lathe_column *column, const char *name,
                          lathe_error *error) {
  static const char *const formats[] = {
      [LATHE_TYPE_BOOL] = "b",        [LATHE_TYPE_INT64] = "l",    [LATHE_TYPE_FLOAT64] = "g",
      [LATHE_TYPE_STRING] = "U",      [LATHE_TYPE_CATEGORY] = "i", [LATHE_TYPE_DATE] = "tdD",
      [LATHE_TYPE_TIMESTAMP] = "tsu:"};
  enum { NULLABLE = 2 };
  if (!show_schema(schema, formats[column->type], name, 0, error)) return false;
  schema->flags = NULLABLE;
  if (!column->dictionary) return true;
  struct ArrowSchema *words = ((shown_schema *)schema->private_data)->store;
  if (!column_schema(words, column->dictionary, "", error)) {
    release_schema(schema);
    return false;
  }
  schema->dictionary = words;
  return true;
}

static bool table_schema(const lathe_table *table, struct ArrowSchema *schema, lathe_error *error) {
  int32_t count = lathe_table_columns(table);
  if (!show_schema(schema, "+s", "", count, error)) return false;
  shown_schema *shown = schema->private_data;
  for (int32_t i = 0; i < count; i++) {
    shown->children[i] = &shown->store[i];
    if (!column_schema(&shown->store[i], lathe_table_column(table, i), lathe_table_name(table, i), error)) {
      release_schema(schema);
      return false;
    }
    schema->n_children++;
  }
  return true;
}

/* ---- arrays ---- */

typedef struct shown_array {
  const void *buffers[3];
  lathe_column *column; /* NULL for the table's own struct array */
  struct ArrowArray **children;
  struct ArrowArray *store;
} shown_array;

static void release_array(struct ArrowArray *array) {
  shown_array *shown = array->private_data;
  for (int64_t i = 0; i < array->n_children; i++) lathe_arrow_array_release(array->children[i]);
  if (array->dictionary) lathe_arrow_array_release(array->dictionary);
  lathe_column_release(shown->column);
  free(shown->children);
  free(shown->store);
  free(shown);
  array->release = NULL;
}

static bool show_array(struct ArrowArray *array, int64_t rows, int64_t children, lathe_error *error) {
  memset(array, 0, sizeof *array);
  shown_array *shown = lathe_memory_new(1, sizeof *shown, error);
  if (!shown) return false;
  array->length = rows;
  array->buffers = shown->buffers;
  array->release = release_array;
  array->private_data = shown;
  shown->children = lathe_memory_new((size_t)children, sizeof *shown->children, error);
  shown->store = lathe_memory_new((size_t)children + 1, sizeof *shown->store, error);
  array->children = shown->children;
  if (shown->children && shown->store) return true;
  release_array(array);
  return false;
}

static bool column_array(struct ArrowArray *array, lathe_column *column, int64_t first, int64_t rows,
                         lathe_error *error) {
  if (!show_array(array, rows, 0, error)) return false;
  shown_array *shown = array->private_data;
  shown->column = lathe_column_retain(column);
  shown->buffers[0] = column->validity;
  shown->buffers[1] = column->values;
  shown->buffers[2] = column->bytes;
  array->n_buffers = column->type == LATHE_TYPE_STRING ? 3 : 2;
  array->offset = first;
  array->null_count = rows == column->rows || column->missing == 0 ? column->missing : -1;
  if (!column->dictionary) return true;
  if (!column_array(shown->store, column->dictionary, 0, column->dictionary->rows, error)) {
    release_array(array);
    return false;
  }
  array->dictionary = shown->store;
  return true;
}

static bool table_array(const lathe_table *table, int64_t first, int64_t rows, struct ArrowArray *array,
                        lathe_error *error) {
  int32_t count = lathe_table_columns(table);
  if (!show_array(array, rows, count, error)) return false;
  shown_array *shown = array->private_data;
  array->n_buffers = 1;
  for (int32_t i = 0; i < count; i++) {
    shown->children[i] = &shown->store[i];
    if (!column_array(&shown->store[i], lathe_table_column(table, i), first, rows, error)) {
      release_array(array);
      return false;
    }
    array->n_children++;
  }
  return true;
}

bool lathe_table_to_arrow(const lathe_table *table, struct ArrowArray *array, struct ArrowSchema *schema,
                          lathe_error *error) {
  if (!table_schema(table, schema, error)) return false;
  if (table_array(table, 0, lathe_table_rows(table), array, error)) return true;
  release_schema(schema);
  return false;
}

/* ---- streams ---- */

typedef struct shown_stream {
  lathe_table *table;
  int64_t batch, at;
  lathe_error error;
} shown_stream;

static int stream_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out) {
  shown_stream *shown = stream->private_data;
  return table_schema(shown->table, out, &shown->error) ? 0 : ENOMEM;
}

static int stream_next(struct ArrowArrayStream *stream, struct ArrowArray *out) {
  shown_stream *shown = stream->private_data;
  int64_t left = lathe_table_rows(shown->table) - shown->at;
  if (left == 0) {
    memset(out, 0, sizeof *out); /* released: the end */
    return 0;
  }
  int64_t rows = left < shown->batch ? left : shown->batch;
  if (!table_array(shown->table, shown->at, rows, out, &shown->error)) return ENOMEM;
  shown->at += rows;
  return 0;
}

static const char *stream_error(struct ArrowArrayStream *stream) {
  shown_stream *shown = stream->private_data;
  return shown->error.code == LATHE_ERROR_NONE ? NULL : shown->error.message;
}

static void release_stream(struct ArrowArrayStream *stream) {
  shown_stream *shown = stream->private_data;
  lathe_table_release(shown->table);
  free(shown);
  stream->release = NULL;
}

bool lathe_table_to_arrow_stream(const lathe_table *table, int64_t batch, struct ArrowArrayStream *stream,
                                 lathe_error *error) {
  enum { USUAL_BATCH = 122880 }; /* rows of a row group of DuckDB */
  shown_stream *shown = lathe_memory_new(1, sizeof *shown, error);
  if (!shown) return false;
  shown->table = lathe_table_retain((lathe_table *)(uintptr_t)table);
  shown->batch = batch > 0 ? batch : USUAL_BATCH;
  *stream = (struct ArrowArrayStream){stream_schema, stream_next, stream_error, release_stream, shown};
  return true;
}
