/* csv_write.c - a table as CSV. Text is quoted where it would read back as something else. */
#include <stdlib.h>

#include "../base/file.h"
#include "csv_own.h"

typedef struct output {
  lathe_writer *writer;
  lathe_buffer buffer;
  char delimiter;
  lathe_error *error;
} output;

enum { FLUSH_BYTES = 1 << 18 };

static bool is_marker(const char *text, size_t size) {
  for (const char *const *marker = lathe_csv_markers(); *marker; marker++)
    if (strlen(*marker) == size && memcmp(*marker, text, size) == 0) return true;
  return false;
}

/* Control characters and a byte order mark could, in the first name, make the file look like another kind of
 * file. */
static bool needs_quotes(const char *text, size_t size, char delimiter) {
  for (size_t i = 0; i < size; i++)
    if (text[i] == '"' || text[i] == delimiter || (uint8_t)text[i] < ' ') return true;
  return size == 0 || (uint8_t)*text == 0xEF || (size <= 9 && is_marker(text, size));
}

static bool add_text(output *out, const char *text, size_t size) {
  if (memchr(text, 0, size))
    return lathe_error_set(out->error, LATHE_ERROR_DATA,
                           "a text holds a NUL byte, which CSV cannot; save the table instead");
  if (!needs_quotes(text, size, out->delimiter))
    return lathe_buffer_append(&out->buffer, text, size, out->error);
  if (!lathe_buffer_reserve(&out->buffer, size * 2 + 2, out->error)) return false;
  char *at = out->buffer.data + out->buffer.size;
  *at++ = '"';
  for (size_t i = 0; i < size; i++) {
    if (text[i] == '"') *at++ = '"';
    *at++ = text[i];
  }
  *at++ = '"';
  out->buffer.size = (size_t)(at - out->buffer.data);
  return true;
}

static bool flush(output *out, size_t limit) {
  if (out->buffer.size < limit) return true;
  bool fine = lathe_writer_add(out->writer, out->buffer.data, out->buffer.size, out->error);
  out->buffer.size = 0;
  return fine;
}

static bool add_end(output *out, bool last) {
  char c = last ? '\n' : out->delimiter;
  return lathe_buffer_append(&out->buffer, &c, 1, out->error);
}

static bool add_row(output *out, const lathe_table *table, int64_t row) {
  int32_t count = lathe_table_columns(table);
  for (int32_t i = 0; i < count; i++) {
    const lathe_column *column = lathe_table_column(table, i);
    lathe_type type = lathe_column_type(column);
    char scratch[32];
    bool fine = true;
    if (lathe_column_present(column, row)) {
      lathe_text text = lathe_column_format(column, row, scratch);
      fine = type == LATHE_TYPE_STRING || type == LATHE_TYPE_CATEGORY
                 ? add_text(out, text.data, text.size)
                 : lathe_buffer_append(&out->buffer, text.data, text.size, out->error);
    } else if (count == 1) {
      fine = lathe_buffer_append(&out->buffer, "NA", 2, out->error); /* a blank line is no row */
    }
    if (!fine || !add_end(out, i + 1 == count)) return false;
  }
  return flush(out, FLUSH_BYTES);
}

static bool add_all(output *out, const lathe_table *table, lathe_progress *progress) {
  int32_t count = lathe_table_columns(table);
  int64_t rows = lathe_table_rows(table);
  for (int32_t i = 0; i < count; i++) {
    const char *name = lathe_table_name(table, i);
    if (!add_text(out, name, strlen(name)) || !add_end(out, i + 1 == count)) return false;
  }
  for (int64_t row = 0; row < rows; row++) {
    if (row % 4096 == 0) {
      if (!lathe_progress_check(progress, out->error)) return false;
      lathe_progress_add(progress, rows - row < 4096 ? rows - row : 4096);
    }
    if (!add_row(out, table, row)) return false;
  }
  return flush(out, 1);
}

bool lathe_table_write_csv(const lathe_table *table, const char *path, char delimiter,
                           lathe_progress *progress, lathe_error *error) {
  output out = {
      .writer = lathe_writer_open_packed(path, error), .delimiter = delimiter ? delimiter : ',', .error = error};
  if (!out.writer) return false;
  lathe_progress_begin(progress, "write CSV", lathe_table_rows(table));
  bool fine = add_all(&out, table, progress);
  lathe_progress_end(progress);
  lathe_buffer_free(&out.buffer);
  if (fine) return lathe_writer_commit(out.writer, error);
  lathe_writer_abandon(out.writer);
  return false;
}
