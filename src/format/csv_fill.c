/* csv_fill.c - parse all rows into the columns' buffers, as often as it takes until the kind of every column holds for
 * every row: once, nearly always. */
#include <stdlib.h>

#include "../base/file.h"
#include "../base/pool.h"
#include "csv_own.h"
#include "source.h"

enum { SAMPLE_ROWS = 500, SAMPLE_CHUNKS = 8, SAMPLE_CELLS = 50000, INDEX_ROOM = 8192, INDEX_SLACK = 128 };

/* A file below this size is read whatever memory there is. */
enum { SMALL = 1 << 20 };

static const uint8_t value_sizes[] = {
    [CSV_AS_BOOL] = 1, [CSV_AS_INT] = 8,   [CSV_AS_FLOAT] = 8, [CSV_AS_DATE] = 4,
    [CSV_AS_TIME] = 8, [CSV_AS_WORDS] = 4, [CSV_AS_TEXT] = 8};

static bool no_room(const csv_file *file, int64_t limit, lathe_error *error) {
  return lathe_error_set(
      error, LATHE_ERROR_MEMORY,
      "%s: its %lld rows take more than the %.3g GB of memory that it may take; look at it with "
      "lathe profile --memory, read a part of it through DuckDB, or set LATHE_MEMORY higher",
      file->name, (long long)file->rows, (double)limit / 1e9);
}

/* Whether the memory holds the columns; what is left is for their texts. */
static bool check_memory(csv_file *file, lathe_error *error) {
  int64_t limit = lathe_source_limit(), fixed = 0;
  if (file->size < SMALL) return true;
  for (int32_t i = 0; i < file->column_count; i++) {
    csv_kind kind = file->columns[i].kind;
    if (kind != CSV_AS_NOTHING) fixed += file->rows * value_sizes[kind] + file->rows / 8;
  }
  file->room = limit - fixed;
  return file->room > 0 || no_room(file, limit, error);
}

/* ---- workers ---- */

static void free_worker(csv_worker *worker, int32_t columns) {
  for (int32_t i = 0; i < columns; i++) {
    if (worker->texts) lathe_buffer_free(&worker->texts[i]);
    if (worker->memos) {
      free(worker->memos[i].slots);
      lathe_buffer_free(&worker->memos[i].bytes);
    }
  }
  free(worker->index);
  free(worker->cells);
  free(worker->texts);
  free(worker->memos);
  free(worker->classes);
  lathe_buffer_free(&worker->scratch);
  lathe_buffer_free(&worker->window);
  free(worker);
}

static csv_worker *new_worker(const csv_file *file, lathe_error *error) {
  csv_worker *worker = lathe_memory_new(1, sizeof *worker, error);
  if (!worker) return NULL;
  size_t count = (size_t)file->column_count;
  worker->index_room = INDEX_ROOM > 3 * (count + 1) ? INDEX_ROOM : 3 * ((int64_t)count + 1);
  worker->index = lathe_memory_raw((size_t)worker->index_room + INDEX_SLACK, sizeof *worker->index, error);
  worker->cells = lathe_memory_raw(count, sizeof *worker->cells, error);
  worker->texts = lathe_memory_new(count, sizeof *worker->texts, error);
  worker->memos = lathe_memory_new(count, sizeof *worker->memos, error);
  worker->classes = lathe_memory_new(count, 1, error);
  if (worker->index && worker->cells && worker->texts && worker->memos && worker->classes) return worker;
  free_worker(worker, file->column_count);
  return NULL;
}

csv_worker *lathe_csv_take_worker(csv_file *file, lathe_error *error) {
  pthread_mutex_lock(&file->lock);
  csv_worker *worker = file->idle;
  if (worker) file->idle = worker->next;
  pthread_mutex_unlock(&file->lock);
  return worker ? worker : new_worker(file, error);
}

void lathe_csv_give_back(csv_file *file, csv_worker *worker) {
  pthread_mutex_lock(&file->lock);
  worker->next = file->idle;
  file->idle = worker;
  pthread_mutex_unlock(&file->lock);
}

const char *lathe_csv_window(const csv_file *file, csv_worker *worker, size_t begin, size_t end) {
  lathe_buffer *window = &worker->window;
  const char *there = file->data + begin;
  window->size = 0;
  if (!lathe_buffer_reserve(window, end - begin, NULL)) return there;
  return lathe_mapping_copy(there, end - begin, window->data) ? window->data : there;
}

/* ---- a chunk ---- */

static bool store_block(csv_file *file, csv_worker *worker, const csv_block *block, lathe_error *error) {
  for (int turn = file->refusing_count ? 0 : 1; turn < 2; turn++) /* nothing of a refused row may be kept */
    for (int32_t i = 0; i < file->column_count; i++) {
      const csv_column *column = &file->columns[i];
      if (!column->active || column->refuses == turn) continue;
      if (!lathe_csv_store(file, worker, i, block, error)) return false;
    }
  return true;
}

/* Rows from `*row` on, until `last` or the place `stop`; what is at `at` is at `at + shift` of the file as a whole. The place behind
 * them, or NULL with an error. */
static const char *fill_until(csv_file *file, csv_worker *worker, const csv_chunk *chunk, const char *at,
                              const char *stop, ptrdiff_t shift, int64_t *row, lathe_error *error) {
  bool alone = chunk->careful || file->escape >= 0;
  int64_t last = chunk->row + chunk->rows;
  while (*row < last && at < stop) {
    csv_block block = {.odd = true};
    if (!alone) {
      at = lathe_csv_index(file, worker, at, stop, last - *row, &block);
      if (at > stop) at = stop; /* behind a line end that is not there */
      block.row = *row;
      block.end = stop;
      block.shift = shift;
      if (block.rows && !store_block(file, worker, &block, error)) return NULL;
      *row += block.rows;
    }
    at = lathe_csv_next_row(file, at, stop);
    if (*row == last || at >= stop || !block.odd) continue;
    const char *behind = lathe_csv_fill_row(file, worker, chunk, at + shift, (*row)++, error);
    if (!behind) return NULL;
    at = behind - shift;
    if (at < stop) at = lathe_csv_next_row(file, at, stop);
  }
  return at;
}

/* The rows of a chunk: those that end soon behind it by way of a window, which ends with a line; others, if there are any, where they
 * are. */
static bool fill_rows(csv_file *file, csv_worker *worker, const csv_chunk *chunk, lathe_error *error) {
  enum { BEHIND = 1 << 16 };
  if (!chunk->rows) return true;
  int64_t row = chunk->row;
  const char *at = lathe_csv_first_row(file, chunk), *begin = file->data + chunk->begin;
  size_t size = chunk->limit - chunk->begin, most = chunk->end - chunk->begin + BEHIND;
  const char *window =
      lathe_csv_window(file, worker, chunk->begin, chunk->begin + (size < most ? size : most));
  if (window != begin) {
    if (size > most) size = most;
    while (size && chunk->begin + size < chunk->limit && !csv_is_end(window[size - 1])) size--;
    if (at < begin + size) {
      at = fill_until(file, worker, chunk, window + (at - begin), window + size, begin - window, &row, error);
      if (!at) return false;
      at = lathe_csv_next_row(file, at + (begin - window), file->data + chunk->limit);
    }
  }
  at = fill_until(file, worker, chunk, at, file->data + chunk->limit, 0, &row, error);
  if (!at) return false;
  if (row == chunk->row + chunk->rows) return true;
  /* the scan has seen a row more: somebody writes the file */
  return lathe_error_set(error, LATHE_ERROR_FILE,
                         "%s was changed while it was read; read it again when nobody writes it", file->name);
}

/* Count the texts of a chunk, and see them to their place. */
static bool keep_texts(csv_file *file, csv_column *column, int64_t chunk, lathe_buffer *texts,
                       lathe_error *error) {
  int64_t held = __atomic_add_fetch(&file->texts, (int64_t)texts->size, __ATOMIC_RELAXED);
  if (file->room && held > file->room) return no_room(file, lathe_source_limit(), error);
  return lathe_csv_place(file, column, chunk, texts, error);
}

/* Let go of the file's pages that have been read, in large steps: each makes all processors forget them. A chunk beside that is still
 * read gets its pages back by itself. */
static void drop_read(const csv_file *file, const csv_chunk *chunk) {
  enum { STEP = 16 << 20 };
  size_t from = chunk->begin / STEP * STEP,
         to = chunk->end == file->size ? file->size : chunk->end / STEP * STEP;
  if (from < to) lathe_mapping_drop(file->data + from, to - from);
}

static bool fill_chunk(void *context, int64_t index, lathe_error *error) {
  csv_file *file = context;
  const csv_chunk *chunk = &file->chunks[index];
  csv_worker *worker = lathe_csv_take_worker(file, error);
  if (!worker) return false;
  for (int32_t i = 0; i < file->column_count; i++) worker->texts[i].size = 0;
  bool fine = fill_rows(file, worker, chunk, error);
  for (int32_t i = 0; i < file->column_count; i++) {
    csv_column *column = &file->columns[i];
    if (worker->classes[i]) __atomic_fetch_or(&column->classes, worker->classes[i], __ATOMIC_RELAXED);
    worker->classes[i] = 0;
    if (fine && column->active && column->kind == CSV_AS_TEXT)
      fine = keep_texts(file, column, index, &worker->texts[i], error);
  }
  lathe_csv_give_back(file, worker);
  drop_read(file, chunk);
  lathe_progress_add(file->progress, (int64_t)(chunk->end - chunk->begin));
  return fine;
}

/* ---- the first guess ---- */

/* The cells of the row at `at` when it is as it should be, and the place behind it; else NULL. */
static const char *sample_row(const csv_file *file, const char *at, const char *end, csv_cell *cells) {
  int32_t count = file->column_count;
  bool skip = false;
  for (int32_t i = 0; i < count; i++) {
    at = lathe_csv_cell(file, at, end, &cells[i]);
    if (!at || (i + 1 < count && (at == end || *at != file->delimiter))) return NULL;
    if (file->lenient && file->columns[i].given) skip |= !lathe_csv_fits(file, &file->columns[i], &cells[i]);
    if (i + 1 < count) at++;
  }
  return skip || (at < end && !csv_is_end(*at)) ? NULL : at;
}

static bool look_at(csv_file *file, lathe_words *words, const csv_cell *cells, lathe_error *error) {
  for (int32_t i = 0; i < file->column_count; i++) {
    csv_column *column = &file->columns[i];
    if (column->given) continue;
    uint8_t class = lathe_csv_look(file, &cells[i]);
    column->classes |= class;
    if (!class || cells[i].extra || words[i].count > LATHE_CSV_CATEGORIES) continue;
    if (lathe_words_add(&words[i], cells[i].data, cells[i].size, error) < 0) return false;
  }
  return true;
}

/* Look at some rows of some chunks: the classes of every column's cells, and whether there are many distinct ones. Errors
 * wait for the real pass. */
static bool sample(csv_file *file, csv_worker *worker, lathe_words *words, lathe_error *error) {
  int64_t step = (file->chunk_count + SAMPLE_CHUNKS - 1) / SAMPLE_CHUNKS;
  int64_t most = SAMPLE_CELLS / file->column_count;
  most = most < 2 ? 2 : most > SAMPLE_ROWS ? SAMPLE_ROWS : most;
  for (int64_t index = 0; index < file->chunk_count; index += step) {
    const csv_chunk *chunk = &file->chunks[index];
    if (!chunk->rows || chunk->careful) continue;
    const char *at = lathe_csv_first_row(file, chunk), *end = file->data + chunk->limit;
    for (int64_t row = 0; row < chunk->rows && row < most && at < end; row++) {
      const char *behind = sample_row(file, at, end, worker->cells);
      if (behind && !look_at(file, words, worker->cells, error)) return false;
      at = lathe_csv_next_row(file, behind ? behind : lathe_csv_row_end(file, at, end), end);
    }
  }
  return true;
}

static void drop_buffers(const csv_file *file, csv_column *column) {
  free(column->validity);
  free(column->values);
  for (int64_t i = 0; i < file->chunk_count && column->pieces; i++) free(column->pieces[i].bytes);
  free(column->pieces);
  column->placed = 0;
  lathe_buffer_free(&column->bytes);
  lathe_words_free(&column->words);
  column->validity = NULL;
  column->values = NULL;
  column->pieces = NULL;
}

static bool make_buffers(const csv_file *file, csv_column *column, lathe_error *error) {
  size_t rows = (size_t)file->rows, bits = (rows + 7) / 8;
  drop_buffers(file, column);
  if (column->kind == CSV_AS_NOTHING) return true;
  bool text = column->kind == CSV_AS_TEXT;
  column->validity = lathe_memory_raw(bits, 1, error);
  /* each row gets a value, but for those that are left out; a missing truth value stays false */
  column->values = column->kind == CSV_AS_BOOL || file->lenient
                       ? lathe_memory_new(rows + text, value_sizes[column->kind], error)
                       : lathe_memory_raw(rows + text, value_sizes[column->kind], error);
  if (text && column->values) *(int64_t *)column->values = 0;
  if (text) column->pieces = lathe_memory_new((size_t)file->chunk_count, sizeof *column->pieces, error);
  if (!column->validity || !column->values || (text && !column->pieces)) return false;
  memset(column->validity, 0xFF, bits);
  return true;
}

/* Text is tried as words first, unless there are surely too many. */
static csv_kind words_first(const csv_column *column, csv_kind kind) {
  return kind == CSV_AS_TEXT && !column->crowded ? CSV_AS_WORDS : kind;
}

/* The kind to try first. Cells of a column that is filled as text are not looked at, so text must be certain:
 * wide integers and blanks alone could still become numbers. */
static csv_kind guess(const csv_column *column) {
  uint8_t classes = column->classes;
  csv_kind kind = lathe_csv_decide(classes);
  if (kind == CSV_AS_TEXT && !(classes & ~(CSV_INT | CSV_WIDE | CSV_BLANK))) return CSV_AS_NOTHING;
  return words_first(column, kind);
}

static bool guess_all(csv_file *file, lathe_error *error) {
  csv_worker *worker = lathe_csv_take_worker(file, error);
  lathe_words *words = lathe_memory_new((size_t)file->column_count, sizeof *words, error);
  bool fine = worker && words && sample(file, worker, words, error);
  for (int32_t i = 0; i < file->column_count && words; i++) {
    csv_column *column = &file->columns[i];
    column->crowded = words[i].count > LATHE_CSV_CATEGORIES;
    if (!column->given) column->kind = guess(column);
    lathe_words_free(&words[i]);
  }
  free(words);
  if (worker) lathe_csv_give_back(file, worker);
  return fine;
}

bool lathe_csv_fill(csv_file *file, lathe_error *error) {
  if (file->lenient) {
    file->rejected = lathe_memory_new((size_t)(file->rows + 7) / 8, 1, error);
    if (!file->rejected) return false;
  }
  if (!guess_all(file, error) || !check_memory(file, error)) return false;
  for (int32_t i = 0; i < file->column_count; i++) {
    file->columns[i].active = true;
    if (!make_buffers(file, &file->columns[i], error)) return false;
  }
  for (bool again = true; again;) {
    if (!check_memory(file, error)) return false;
    if (!lathe_pool_run(file->chunk_count, fill_chunk, file, file->progress, error)) return false;
    again = false;
    for (int32_t i = 0; i < file->column_count; i++) {
      csv_column *column = &file->columns[i];
      csv_kind kind = column->given ? column->kind : words_first(column, lathe_csv_decide(column->classes));
      column->active = kind != column->kind;
      if (!column->active) continue;
      column->kind = kind;
      if (!make_buffers(file, column, error)) return false;
      again = true;
    }
  }
  return lathe_csv_close_gaps(file, error);
}

void lathe_csv_release(csv_file *file) {
  for (int32_t i = 0; i < file->column_count && file->columns; i++) drop_buffers(file, &file->columns[i]);
  for (csv_worker *worker = file->idle, *next; worker; worker = next) {
    next = worker->next;
    free_worker(worker, file->column_count);
  }
  for (int64_t i = 0; i < file->reject_count; i++) free(file->rejects[i].reason);
  free(file->rejects);
  free(file->rejected);
  free(file->columns);
  free(file->chunks);
  lathe_words_free(&file->names);
}
