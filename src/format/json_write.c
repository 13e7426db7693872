/* json_write.c - a table as JSON or JSON Lines, in pieces. */
#include <math.h>
#include <string.h>

#include "../base/file.h"
#include "../base/json.h"
#include "../table/own.h"
#include "json_table.h"

enum { PIECE_ROWS = 1024 };

/* A number that reads back as float64: "3" would be an integer. */
static void write_float(lathe_json_writer *json, double value) {
  char text[40];
  if (!isfinite(value)) {
    lathe_json_write_null(json);
    return;
  }
  size_t size = lathe_text_from_float64(value, text);
  if (strcspn(text, ".e") == size) {
    memcpy(text + size, ".0", 2);
    size += 2;
  }
  lathe_json_write_raw(json, text, size);
}

/* "2024-02-29T12:00:00Z" */
static void write_timestamp(lathe_json_writer *json, int64_t value) {
  char text[40];
  size_t size = lathe_text_from_timestamp(value, text);
  char *blank = memchr(text, ' ', size);
  if (blank) *blank = 'T';
  text[size++] = 'Z';
  lathe_json_write_string(json, text, size);
}

static void write_value(lathe_json_writer *json, const lathe_column *column, int64_t row) {
  lathe_text text;
  char scratch[32];
  if (!lathe_column_present(column, row)) {
    lathe_json_write_null(json);
    return;
  }
  switch (column->type) {
  case LATHE_TYPE_BOOL:
    lathe_json_write_bool(json, lathe_bit(column->values, row));
    return;
  case LATHE_TYPE_INT64:
    lathe_json_write_integer(json, ((const int64_t *)column->values)[row]);
    return;
  case LATHE_TYPE_FLOAT64:
    write_float(json, ((const double *)column->values)[row]);
    return;
  case LATHE_TYPE_TIMESTAMP:
    write_timestamp(json, ((const int64_t *)column->values)[row]);
    return;
  case LATHE_TYPE_DATE:
  case LATHE_TYPE_STRING:
  case LATHE_TYPE_CATEGORY:
    break;
  }
  text = lathe_column_format(column, row, scratch);
  lathe_json_write_string(json, text.data ? text.data : "", text.size);
}

static bool flush(lathe_writer *writer, lathe_json_writer *json, lathe_error *error) {
  lathe_text text = lathe_json_writer_take(json, error);
  return text.data && lathe_writer_add(writer, text.data, text.size, error);
}

static bool write_rows(lathe_writer *writer, lathe_json_writer *json, const lathe_table *table, bool lines,
                       lathe_progress *progress, lathe_error *error) {
  int64_t rows = lathe_table_rows(table);
  if (!lines) lathe_json_write_array(json);
  for (int64_t row = 0; row < rows; row++) {
    if (row % PIECE_ROWS == 0) {
      if (!lathe_progress_check(progress, error) || !flush(writer, json, error)) return false;
      lathe_progress_add(progress, rows - row < PIECE_ROWS ? rows - row : PIECE_ROWS);
    }
    lathe_json_write_object(json);
    for (int32_t i = 0; i < lathe_table_columns(table); i++) {
      lathe_json_member(json, lathe_table_name(table, i));
      write_value(json, lathe_table_column(table, i), row);
    }
    lathe_json_write_object_end(json);
    if (lines) lathe_json_write_line_end(json);
  }
  if (!lines) {
    lathe_json_write_array_end(json);
    lathe_json_write_line_end(json);
  }
  return flush(writer, json, error);
}

bool lathe_table_write_json(const lathe_table *table, const char *path, bool lines, lathe_progress *progress,
                            lathe_error *error) {
  lathe_json_writer *json = lathe_json_writer_new(0, error);
  lathe_writer *writer = json ? lathe_writer_open_packed(path, error) : NULL;
  bool fine = writer != NULL;
  if (fine) {
    lathe_progress_begin(progress, lines ? "write JSON Lines" : "write JSON", lathe_table_rows(table));
    fine = write_rows(writer, json, table, lines, progress, error);
    lathe_progress_end(progress);
  }
  lathe_json_writer_free(json);
  if (fine) return lathe_writer_commit(writer, error);
  lathe_writer_abandon(writer);
  return false;
}
