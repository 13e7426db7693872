/* csv_write.c - a table as CSV. Text is quoted where it would read back as something else.
 *
 * Rows are shown in chunks, some of them side by side, and written in order. */
#include <stdlib.h>

#include "../base/file.h"
#include "../base/pool.h"
#include "csv_own.h"

enum { CHUNK_ROWS = 8192, WAVE = 16, VALUE_ROOM = 33 };

/* The words of a category column as they are written, and where each ends. */
typedef struct shown_words {
  lathe_buffer bytes;
  size_t *ends;
} shown_words;

typedef struct output {
  const lathe_table *table;
  lathe_progress *progress;
  char delimiter;
  shown_words *words;   /* one for each column */
  int64_t first;        /* the chunk with which the wave begins */
  lathe_buffer *pieces; /* WAVE */
} output;

static bool is_marker(const char *text, size_t size) {
  for (const char *const *marker = lathe_csv_markers(); *marker; marker++)
    if (**marker == *text && strlen(*marker) == size && memcmp(*marker, text, size) == 0) return true;
  return false;
}

/* Control characters and a byte order mark could, in the first name, make the file look like another kind of
 * file. */
static bool needs_quotes(const char *text, size_t size, char delimiter) {
  for (size_t i = 0; i < size; i++)
    if (text[i] == '"' || text[i] == delimiter || (uint8_t)text[i] < ' ') return true;
  return size == 0 || (uint8_t)*text == 0xEF || (size <= 9 && is_marker(text, size));
}

static bool add_text(lathe_buffer *out, const char *text, size_t size, char delimiter, lathe_error *error) {
  if (size && memchr(text, 0, size))
    return lathe_error_set(error, LATHE_ERROR_DATA,
                           "a text holds a NUL byte, which CSV cannot; save the table instead");
  if (!lathe_buffer_reserve(out, size * 2 + 2, error)) return false;
  char *at = out->data + out->size;
  if (!needs_quotes(text, size, delimiter)) {
    memcpy(at, text, size);
    out->size += size;
    return true;
  }
  *at++ = '"';
  for (size_t i = 0; i < size; i++) {
    if (text[i] == '"') *at++ = '"';
    *at++ = text[i];
  }
  *at++ = '"';
  out->size = (size_t)(at - out->data);
  return true;
}

/* Two digits at a time. */
static size_t show_int(int64_t value, char *out) {
  static const char pairs[] =
      "00010203040506070809101112131415161718192021222324252627282930313233343536373839404142434445"
      "46474849505152535455565758596061626364656667686970717273747576777879808182838485868788899091"
      "9293949596979899";
  char digits[20], *at = digits + sizeof digits;
  uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
  for (; rest >= 100; rest /= 100) memcpy(at -= 2, pairs + rest % 100 * 2, 2);
  if (rest >= 10)
    memcpy(at -= 2, pairs + rest * 2, 2);
  else
    *--at = (char)('0' + rest);
  size_t size = (size_t)(digits + sizeof digits - at);
  *out = '-';
  memcpy(out + (value < 0), at, size);
  return size + (value < 0);
}

/* One element of a column that holds no text, at `out`, where there is room: bytes written. */
static size_t show_value(const lathe_column *column, int64_t row, char *out) {
  const void *values = lathe_column_values(column);
  switch (lathe_column_type(column)) {
  case LATHE_TYPE_INT64:
    return show_int(((const int64_t *)values)[row], out);
  case LATHE_TYPE_FLOAT64:
    return lathe_text_from_float64(((const double *)values)[row], out);
  case LATHE_TYPE_DATE:
    return lathe_text_from_date(((const int32_t *)values)[row], out);
  case LATHE_TYPE_TIMESTAMP:
    return lathe_text_from_timestamp(((const int64_t *)values)[row], out);
  default: {
    lathe_text text = lathe_column_format(column, row, out);
    memcpy(out, text.data, text.size);
    return text.size;
  }
  }
}

static bool add_cell(const output *out, lathe_buffer *piece, int32_t index, int64_t row, lathe_error *error) {
  const lathe_column *column = lathe_table_column(out->table, index);
  if (!lathe_column_present(column, row)) { /* a blank line is no row */
    if (lathe_table_columns(out->table) == 1 && !lathe_buffer_append(piece, "NA", 2, error)) return false;
  } else if (lathe_column_type(column) == LATHE_TYPE_STRING) {
    lathe_text text = lathe_column_text(column, row);
    if (!add_text(piece, text.data, text.size, out->delimiter, error)) return false;
  } else if (lathe_column_type(column) == LATHE_TYPE_CATEGORY) {
    const shown_words *words = &out->words[index];
    int32_t code = ((const int32_t *)lathe_column_values(column))[row];
    size_t begin = code ? words->ends[code - 1] : 0;
    if (!lathe_buffer_append(piece, words->bytes.data + begin, words->ends[code] - begin, error))
      return false;
  } else {
    if (!lathe_buffer_reserve(piece, VALUE_ROOM, error)) return false;
    piece->size += show_value(column, row, piece->data + piece->size);
  }
  char end = index + 1 == lathe_table_columns(out->table) ? '\n' : out->delimiter;
  if (!lathe_buffer_reserve(piece, 1, error)) return false;
  piece->data[piece->size++] = end;
  return true;
}

static bool show_chunk(void *context, int64_t index, lathe_error *error) {
  const output *out = context;
  lathe_buffer *piece = &out->pieces[index];
  int32_t count = lathe_table_columns(out->table);
  int64_t row = (out->first + index) * CHUNK_ROWS, last = row + CHUNK_ROWS, begin = row;
  if (last > lathe_table_rows(out->table)) last = lathe_table_rows(out->table);
  piece->size = 0;
  for (; row < last; row++)
    for (int32_t i = 0; i < count; i++)
      if (!add_cell(out, piece, i, row, error)) return false;
  lathe_progress_add(out->progress, last - begin);
  return true;
}

static bool show_words(output *out, int32_t index, lathe_error *error) {
  const lathe_column *dictionary = lathe_column_dictionary(lathe_table_column(out->table, index));
  if (!dictionary) return true;
  shown_words *words = &out->words[index];
  int64_t count = lathe_column_rows(dictionary);
  words->ends = lathe_memory_raw((size_t)count, sizeof *words->ends, error);
  if (!words->ends || !lathe_buffer_reserve(&words->bytes, 1, error)) return false;
  for (int64_t i = 0; i < count; i++) {
    lathe_text text = lathe_column_text(dictionary, i);
    if (!add_text(&words->bytes, text.data, text.size, out->delimiter, error)) return false;
    words->ends[i] = words->bytes.size;
  }
  return true;
}

static bool add_names(const output *out, lathe_buffer *piece, lathe_error *error) {
  int32_t count = lathe_table_columns(out->table);
  for (int32_t i = 0; i < count; i++) {
    const char *name = lathe_table_name(out->table, i);
    char end = i + 1 == count ? '\n' : out->delimiter;
    if (!add_text(piece, name, strlen(name), out->delimiter, error) ||
        !lathe_buffer_append(piece, &end, 1, error))
      return false;
  }
  return true;
}

static bool write_all(output *out, lathe_writer *writer, lathe_error *error) {
  int64_t chunks = (lathe_table_rows(out->table) + CHUNK_ROWS - 1) / CHUNK_ROWS;
  for (int32_t i = 0; i < lathe_table_columns(out->table); i++)
    if (!show_words(out, i, error)) return false;
  lathe_buffer *piece = &out->pieces[0];
  if (!add_names(out, piece, error) || !lathe_writer_add(writer, piece->data, piece->size, error))
    return false;
  for (; out->first < chunks; out->first += WAVE) {
    int64_t wave = chunks - out->first < WAVE ? chunks - out->first : WAVE;
    if (!lathe_pool_run(wave, show_chunk, out, out->progress, error)) return false;
    for (int64_t i = 0; i < wave; i++)
      if (!lathe_writer_add(writer, out->pieces[i].data, out->pieces[i].size, error)) return false;
  }
  return true;
}

bool lathe_table_write_csv(const lathe_table *table, const char *path, char delimiter,
                           lathe_progress *progress, lathe_error *error) {
  lathe_writer *writer = lathe_writer_open_packed(path, error);
  if (!writer) return false;
  lathe_progress_begin(progress, "write CSV", lathe_table_rows(table));
  lathe_buffer pieces[WAVE] = {0};
  size_t count = (size_t)lathe_table_columns(table);
  output out = {.table = table,
                .progress = progress,
                .delimiter = delimiter ? delimiter : ',',
                .words = lathe_memory_new(count, sizeof *out.words, error),
                .pieces = pieces};
  bool fine = out.words && write_all(&out, writer, error);
  for (size_t i = 0; i < count && out.words; i++) {
    free(out.words[i].ends);
    lathe_buffer_free(&out.words[i].bytes);
  }
  free(out.words);
  for (int i = 0; i < WAVE; i++) lathe_buffer_free(&pieces[i]);
  lathe_progress_end(progress);
  if (fine) return lathe_writer_commit(writer, error);
  lathe_writer_abandon(writer);
  return false;
}
