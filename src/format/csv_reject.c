/* csv_reject.c - rows that are left out: noted while the file is read, listed as a table, and their gaps in the
 * columns closed. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "../base/pool.h"
#include "../table/own.h"
#include "csv_own.h"
#include "reject_text.h"

enum { TEXT_LONGEST = 1 << 16 };

bool lathe_csv_reject(csv_file *file, const char *begin, const char *end, int64_t row, int32_t column,
                      lathe_error *error, const char *format, ...) {
  char reason[400];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(reason, sizeof reason, format, arguments);
  va_end(arguments);
  char *kept = lathe_memory_text(reason, lathe_text_valid(reason, strlen(reason)), error);
  if (!kept) return false;
  pthread_mutex_lock(&file->lock);
  bool fine = true;
  if (file->reject_count == file->reject_room) {
    int64_t room = file->reject_room ? file->reject_room * 2 : 64;
    void *rejects = file->rejects;
    fine = lathe_memory_resize(&rejects, (size_t)room, sizeof *file->rejects, error);
    if (fine) file->rejects = rejects, file->reject_room = room;
  }
  if (fine)
    file->rejects[file->reject_count++] =
        (csv_reject){(size_t)(begin - file->data), (size_t)(end - begin), row, column, kept};
  else
    free(kept);
  pthread_mutex_unlock(&file->lock);
  if (fine) __atomic_fetch_or(&file->rejected[row >> 3], (uint8_t)(1 << (row & 7)), __ATOMIC_RELAXED);
  return fine;
}

static int by_row(const void *left, const void *right) {
  int64_t a = ((const csv_reject *)left)->row, b = ((const csv_reject *)right)->row;
  return (a > b) - (a < b);
}

/* Move the elements between rejected rows together, of `size` bytes each. */
static void close_values(const csv_file *file, char *values, size_t size) {
  int64_t kept = file->rejects[0].row;
  for (int64_t i = 0; i < file->reject_count; i++) {
    int64_t from = file->rejects[i].row + 1;
    int64_t to = i + 1 < file->reject_count ? file->rejects[i + 1].row : file->rows;
    memmove(values + (size_t)kept * size, values + (size_t)from * size, (size_t)(to - from) * size);
    kept += to - from;
  }
}

static void close_bits(const csv_file *file, uint8_t *bits) {
  int64_t kept = file->rejects[0].row;
  for (int64_t row = kept; row < file->rows; row++) {
    if (csv_rejected(file, row)) continue;
    uint8_t bit = (uint8_t)(1 << (kept & 7));
    if (lathe_bit(bits, row))
      bits[kept >> 3] |= bit;
    else
      bits[kept >> 3] &= (uint8_t)~bit;
    kept++;
  }
}

static bool close_column(void *context, int64_t index, lathe_error *error) {
  static const uint8_t sizes[] = {
      [CSV_AS_BOOL] = 1, [CSV_AS_INT] = 8,   [CSV_AS_FLOAT] = 8, [CSV_AS_DATE] = 4,
      [CSV_AS_TIME] = 8, [CSV_AS_WORDS] = 4, [CSV_AS_TEXT] = 8};
  const csv_file *file = context;
  csv_column *column = &file->columns[index];
  (void)error;
  if (column->kind == CSV_AS_NOTHING) return true;
  close_values(file, (char *)column->values + (column->kind == CSV_AS_TEXT ? 8 : 0), sizes[column->kind]);
  close_bits(file, column->validity);
  return true;
}

bool lathe_csv_close_gaps(csv_file *file, lathe_error *error) {
  if (!file->reject_count) return true;
  qsort(file->rejects, (size_t)file->reject_count, sizeof *file->rejects, by_row);
  if (!lathe_pool_run(file->column_count, close_column, file, file->progress, error)) return false;
  int64_t row = 0, next = 0;
  for (int64_t i = 0; i < file->chunk_count; i++) {
    csv_chunk *chunk = &file->chunks[i];
    int64_t end = chunk->row + chunk->rows, gone = 0;
    for (; next < file->reject_count && file->rejects[next].row < end; next++) gone++;
    chunk->row = row;
    chunk->rows -= gone;
    row += chunk->rows;
  }
  file->rows = row;
  return true;
}

/* Line ends in [at, end): LF, CRLF or CR. */
static int64_t count_lines(const csv_file *file, const char *at, const char *end) {
  const char *last = file->data + file->size;
  int64_t lines = 0;
  for (; at < end; at++) lines += *at == '\n' || (*at == '\r' && (at + 1 == last || at[1] != '\n'));
  return lines;
}

static lathe_text column_name(const void *context, int64_t index) {
  const csv_file *file = context;
  return index < file->column_count ? file->columns[index].name : (lathe_text){NULL, 0};
}

/* Text as it stands in the file, but UTF-8: a bad byte becomes U+FFFD. */
static bool add_valid(lathe_buffer *out, const char *text, size_t size, lathe_error *error) {
  while (size) {
    size_t valid = lathe_text_valid(text, size);
    if (!lathe_buffer_append(out, text, valid, error)) return false;
    if (valid == size) break;
    if (!lathe_buffer_append(out, "\xEF\xBF\xBD", 3, error)) return false;
    text += valid + 1, size -= valid + 1;
  }
  return true;
}

/* A row as it may be kept: what is personal in it by its form. `scratch` is room. */
static bool add_text(const csv_file *file, const char *text, size_t size, lathe_buffer *scratch,
                     lathe_buffer *out, lathe_error *error) {
  lathe_reject_marks marks = {file->delimiter, file->plain ? -1 : file->quote, file->escape};
  scratch->size = 0;
  if (!add_valid(scratch, text, size, error)) return false;
  lathe_text valid = {scratch->data ? scratch->data : "", scratch->size};
  return lathe_reject_cells(valid, &marks, column_name, file, out, error);
}

typedef struct lists {
  int64_t *offsets, *lines;
  lathe_text *columns, *texts, *reasons;
  size_t *ends;
  lathe_buffer bytes, scratch;
} lists;

static bool fill_lists(const csv_file *file, lists *all, lathe_error *error) {
  const char *at = file->data;
  int64_t line = 1;
  for (int64_t i = 0; i < file->reject_count; i++) {
    const csv_reject *reject = &file->rejects[i];
    const char *place = file->data + reject->offset;
    line += count_lines(file, at, place);
    at = place;
    all->offsets[i] = (int64_t)reject->offset;
    all->lines[i] = line;
    all->columns[i] = reject->column < 0 ? (lathe_text){NULL, 0} : file->columns[reject->column].name;
    all->reasons[i] = (lathe_text){reject->reason, strlen(reject->reason)};
    size_t size = reject->size < TEXT_LONGEST ? reject->size : TEXT_LONGEST;
    if (!add_text(file, place, size, &all->scratch, &all->bytes, error)) return false;
    all->ends[i] = all->bytes.size;
  }
  for (int64_t i = 0; i < file->reject_count; i++) {
    size_t begin = i ? all->ends[i - 1] : 0;
    all->texts[i] = (lathe_text){all->bytes.data ? all->bytes.data + begin : "", all->ends[i] - begin};
  }
  return true;
}

lathe_table *lathe_csv_rejects(csv_file *file, lathe_error *error) {
  static const char *const names[] = {"offset", "line", "column", "text", "reason"};
  size_t count = (size_t)file->reject_count;
  int64_t rows = file->reject_count;
  lists all = {.offsets = lathe_memory_raw(count, sizeof *all.offsets, error),
               .lines = lathe_memory_raw(count, sizeof *all.lines, error),
               .columns = lathe_memory_raw(count, sizeof *all.columns, error),
               .texts = lathe_memory_raw(count, sizeof *all.texts, error),
               .reasons = lathe_memory_raw(count, sizeof *all.reasons, error),
               .ends = lathe_memory_raw(count, sizeof *all.ends, error)};
  lathe_column *columns[5] = {0};
  lathe_table *table = NULL;
  if (all.offsets && all.lines && all.columns && all.texts && all.reasons && all.ends &&
      fill_lists(file, &all, error) && (columns[0] = lathe_column_from_int64(all.offsets, rows, error)) &&
      (columns[1] = lathe_column_from_int64(all.lines, rows, error)) &&
      (columns[2] = lathe_column_from_text(all.columns, rows, error)) &&
      (columns[3] = lathe_column_from_text(all.texts, rows, error)) &&
      (columns[4] = lathe_column_from_text(all.reasons, rows, error)))
    table = lathe_table_new(5, names, columns, error);
  for (int i = 0; i < 5; i++) lathe_column_release(columns[i]);
  free(all.offsets);
  free(all.lines);
  free(all.columns);
  free(all.texts);
  free(all.reasons);
  free(all.ends);
  lathe_buffer_free(&all.bytes);
  lathe_buffer_free(&all.scratch);
  return table;
}
