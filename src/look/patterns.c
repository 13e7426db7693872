/* patterns.c - rows by the set of columns that they miss: chunks count sets of their own, which are added in
 * order. A set is a text of one bit for each column that misses anything at all. */
#include <stdlib.h>

#include "../table/words.h"
#include "association.h"
#include "own.h"

enum { PATTERNS_MAX = 1000000 };

typedef struct pattern_set {
  lathe_words sets;
  lathe_buffer counts; /* of int64_t */
} pattern_set;

struct lathe_patterns {
  int32_t column_count;
  int32_t *bits; /* (columns): the place of a column's bit, or -1 */
  size_t size;   /* bytes of a set */
  pattern_set all;
  int64_t *order;
};

typedef struct job {
  lathe_patterns *patterns;
  const lathe_column **gaps; /* the columns with bits */
  int32_t gap_count;
  int64_t rows, chunk_rows;
  pattern_set *chunks;
} job;

static void free_set(pattern_set *set) {
  lathe_words_free(&set->sets);
  lathe_buffer_free(&set->counts);
}

static int64_t *counts_of(const pattern_set *set) {
  return (int64_t *)(void *)set->counts.data;
}

static bool count_set(pattern_set *into, const char *set, size_t size, int64_t count, lathe_error *error) {
  int32_t known = into->sets.count, code = lathe_words_add(&into->sets, set, size, error);
  if (code < 0) return false;
  if (code == known) {
    if (code >= PATTERNS_MAX)
      return lathe_error_set(error, LATHE_ERROR_DATA,
                             "there are more than 1,000,000 patterns of missing values; give fewer columns");
    return lathe_buffer_append(&into->counts, &count, sizeof count, error);
  }
  counts_of(into)[code] += count;
  return true;
}

static bool count_chunk(void *context, int64_t chunk, lathe_error *error) {
  job *work = context;
  size_t size = work->patterns->size;
  int64_t begin = chunk * work->chunk_rows, end = begin + work->chunk_rows, run = 0;
  if (end > work->rows) end = work->rows;
  char *now = lathe_memory_new(size + 1, 1, error), *last = lathe_memory_new(size + 1, 1, error);
  bool fine = now && last;
  for (int64_t row = begin; row < end && fine; row++) {
    memset(now, 0, size);
    for (int32_t i = 0; i < work->gap_count; i++)
      now[i >> 3] = (char)(now[i >> 3] | !lathe_bit(work->gaps[i]->validity, row) << (i & 7));
    if (row > begin && memcmp(now, last, size) != 0) {
      fine = count_set(&work->chunks[chunk], last, size, run, error);
      run = 0;
    }
    memcpy(last, now, size);
    run++;
  }
  fine = fine && count_set(&work->chunks[chunk], last, size, run, error);
  free(now);
  free(last);
  return fine;
}

static _Thread_local const int64_t *sorting; /* counts, for by_count */

static int by_count(const void *left, const void *right) {
  int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
  if (sorting[a] != sorting[b]) return sorting[a] < sorting[b] ? 1 : -1;
  return (a > b) - (a < b);
}

static bool add_up(job *work, int64_t chunks, lathe_progress *progress, lathe_error *error) {
  lathe_patterns *patterns = work->patterns;
  bool fine = lathe_pool_run(chunks, count_chunk, work, progress, error);
  for (int64_t chunk = 0; chunk < chunks && fine; chunk++) {
    const pattern_set *from = &work->chunks[chunk];
    for (int32_t code = 0; code < from->sets.count && fine; code++) {
      lathe_text set = lathe_words_text(&from->sets, code);
      fine = count_set(&patterns->all, set.data, set.size, counts_of(from)[code], error);
    }
  }
  if (!fine) return false;
  size_t count = (size_t)patterns->all.sets.count;
  patterns->order = lathe_memory_raw(count, sizeof *patterns->order, error);
  if (!patterns->order) return false;
  for (size_t i = 0; i < count; i++) patterns->order[i] = (int64_t)i;
  sorting = counts_of(&patterns->all);
  if (count > 1) qsort(patterns->order, count, sizeof *patterns->order, by_count);
  return true;
}

static bool choose(job *work, const lathe_table *table, const int32_t *columns, lathe_error *error) {
  lathe_patterns *patterns = work->patterns;
  for (int32_t i = 0; i < patterns->column_count; i++) {
    int32_t index = columns ? columns[i] : i;
    if (index < 0 || index >= lathe_table_columns(table))
      return lathe_error_set(error, LATHE_ERROR_ARGUMENT, "there is no column number %d", index + 1);
    const lathe_column *column = lathe_table_column(table, index);
    patterns->bits[i] = column->validity ? work->gap_count : -1;
    if (column->validity) work->gaps[work->gap_count++] = column;
  }
  patterns->size = (size_t)(work->gap_count + 7) / 8;
  return true;
}

lathe_patterns *lathe_table_patterns(const lathe_table *table, const int32_t *columns, int32_t count,
                                     lathe_progress *progress, lathe_error *error) {
  lathe_patterns *patterns = lathe_memory_new(1, sizeof *patterns, error);
  if (!patterns) return NULL;
  patterns->column_count = columns ? count : lathe_table_columns(table);
  size_t room = (size_t)patterns->column_count;
  job work = {.patterns = patterns, .rows = lathe_table_rows(table), .chunk_rows = LOOK_CHUNK};
  int64_t chunks = (work.rows + LOOK_CHUNK - 1) / LOOK_CHUNK;
  patterns->bits = lathe_memory_raw(room, sizeof *patterns->bits, error);
  work.gaps = lathe_memory_raw(room, sizeof *work.gaps, error);
  work.chunks = lathe_memory_new((size_t)chunks, sizeof *work.chunks, error);
  bool fine = patterns->bits && work.gaps && work.chunks && choose(&work, table, columns, error) &&
              add_up(&work, chunks, progress, error);
  for (int64_t chunk = 0; chunk < chunks && work.chunks; chunk++) free_set(&work.chunks[chunk]);
  free(work.chunks);
  free(work.gaps);
  if (fine) return patterns;
  lathe_patterns_free(patterns);
  return NULL;
}

void lathe_patterns_free(lathe_patterns *patterns) {
  if (!patterns) return;
  free_set(&patterns->all);
  free(patterns->bits);
  free(patterns->order);
  free(patterns);
}

int64_t lathe_patterns_count(const lathe_patterns *patterns) {
  return patterns->all.sets.count;
}

int64_t lathe_patterns_rows(const lathe_patterns *patterns, int64_t index) {
  return counts_of(&patterns->all)[patterns->order[index]];
}

bool lathe_patterns_missing(const lathe_patterns *patterns, int64_t index, int32_t column) {
  int32_t bit = patterns->bits[column];
  if (bit < 0) return false;
  lathe_text set = lathe_words_text(&patterns->all.sets, (int32_t)patterns->order[index]);
  return (set.data[bit >> 3] >> (bit & 7)) & 1;
}
