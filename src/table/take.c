/* take.c - the one gather: rows of a table in any order. Columns and chunks of rows run in parallel.
 *
 * The row numbers are looked at once for all columns: whether they are in range, whether some are -1, and for
 * each chunk whether it is made of runs of neighbours, which are copied as blocks. Texts take two passes:
 * lengths, and, once each chunk knows where its bytes begin, the bytes. What would wait for memory is asked
 * for some rows ahead. */
#include <stdlib.h>
#include <string.h>

#include "../base/memory.h"
#include "../base/pool.h"
#include "own.h"
#include "table.h"

enum { CHUNK = 65536, AHEAD = 24, SHORT = 16 };

/* What is made of one column. */
typedef struct part {
  const lathe_column *from;
  uint8_t *validity;
  void *values; /* for STRING the offsets */
  char *bytes;
  int64_t *sizes; /* STRING, (chunks + 1): bytes of each chunk, then where they begin */
  int64_t *gone;  /* (chunks): missing elements */
} part;

typedef struct take_job {
  const int64_t *rows;
  int64_t count, chunks, height; /* rows to take, their chunks, rows there are */
  bool *runs;                    /* (chunks) */
  uint8_t *flags;                /* (chunks): GAPS, OUTSIDE */
  bool gaps;
  part *parts;
  int32_t columns;
  lathe_progress *progress;
} take_job;

enum { GAPS = 1, OUTSIDE = 2 };

static int64_t chunk_end(const take_job *job, int64_t chunk) {
  return chunk + 1 < job->chunks ? (chunk + 1) * CHUNK : job->count;
}

static bool look_at_rows(void *context, int64_t chunk, lathe_error *error) {
  (void)error;
  take_job *job = context;
  const int64_t *rows = job->rows;
  int64_t begin = chunk * CHUNK, end = chunk_end(job, chunk), breaks = 0, low = 0, high = -1;
  for (int64_t i = begin; i < end; i++) {
    low = rows[i] < low ? rows[i] : low;
    high = rows[i] > high ? rows[i] : high;
  }
  for (int64_t i = begin + 1; i < end; i++) breaks += rows[i] != rows[i - 1] + 1;
  bool outside = low < -1 || high >= job->height;
  job->flags[chunk] = (uint8_t)((low < 0 ? GAPS : 0) | (outside ? OUTSIDE : 0));
  job->runs[chunk] = low >= 0 && breaks * 16 <= end - begin;
  return true;
}

/* ---- validity ---- */

static void take_validity(const take_job *job, part *made, int64_t chunk) {
  const uint8_t *from = made->from->validity;
  const int64_t *rows = job->rows;
  int64_t end = chunk_end(job, chunk), there = 0;
  for (int64_t i = chunk * CHUNK; i < end; i += 8) {
    unsigned bits = 0;
    int64_t last = i + 8 < end ? i + 8 : end;
    for (int64_t k = i; k < last; k++)
      bits |= (unsigned)(rows[k] >= 0 && (!from || lathe_bit(from, rows[k]))) << (k - i);
    made->validity[i / 8] = (uint8_t)bits;
    there += __builtin_popcount(bits);
  }
  made->gone[chunk] = end - chunk * CHUNK - there;
}

/* ---- values of one size ---- */

static void take_bits(const take_job *job, part *made, int64_t chunk) {
  const uint8_t *from = made->from->values, *validity = made->validity;
  uint8_t *to = made->values;
  const int64_t *rows = job->rows;
  int64_t end = chunk_end(job, chunk);
  for (int64_t i = chunk * CHUNK; i < end; i += 8) {
    unsigned bits = 0;
    int64_t last = i + 8 < end ? i + 8 : end;
    for (int64_t k = i; k < last; k++)
      bits |= (unsigned)(rows[k] >= 0 && lathe_bit(from, rows[k])) << (k - i);
    to[i / 8] = (uint8_t)(validity ? bits & validity[i / 8] : bits);
  }
}

/* The end of the run of neighbours that begins at `i`. */
static int64_t run_end(const int64_t *rows, int64_t i, int64_t end) {
  do i++;
  while (i < end && rows[i] == rows[i - 1] + 1);
  return i;
}

static void copy_runs(const take_job *job, const part *made, int64_t chunk, size_t size) {
  const char *from = made->from->values;
  char *to = made->values;
  for (int64_t i = chunk * CHUNK, end = chunk_end(job, chunk), stop; i < end; i = stop) {
    stop = run_end(job->rows, i, end);
    memcpy(to + (size_t)i * size, from + (size_t)job->rows[i] * size, (size_t)(stop - i) * size);
  }
}

static void take_words(const take_job *job, const part *made, int64_t begin, int64_t end) {
  const int64_t *rows = job->rows, *from = made->from->values;
  int64_t *to = made->values;
  if (job->gaps) {
    for (int64_t i = begin; i < end; i++) to[i] = rows[i] < 0 ? 0 : from[rows[i]];
  } else {
    for (int64_t i = begin; i < end; i++) to[i] = from[rows[i]];
  }
}

static void take_halves(const take_job *job, const part *made, int64_t begin, int64_t end) {
  const int64_t *rows = job->rows;
  const int32_t *from = made->from->values;
  int32_t *to = made->values;
  if (job->gaps) {
    for (int64_t i = begin; i < end; i++) to[i] = rows[i] < 0 ? 0 : from[rows[i]];
  } else {
    for (int64_t i = begin; i < end; i++) to[i] = from[rows[i]];
  }
}

/* A mapped file may hold anything under a missing element; a column that is made has zeros there. */
static void clear_missing(const take_job *job, const part *made, int64_t chunk, size_t size) {
  for (int64_t i = chunk * CHUNK, end = chunk_end(job, chunk); i < end; i += 8) {
    if (made->validity[i / 8] == 0xFF) continue;
    for (int64_t k = i; k < end && k < i + 8; k++)
      if (!lathe_bit(made->validity, k)) memset((char *)made->values + (size_t)k * size, 0, size);
  }
}

/* ---- texts ---- */

static void take_sizes(const take_job *job, part *made, int64_t chunk) {
  const int64_t *rows = job->rows, *from = made->from->values;
  int64_t *to = made->values, begin = chunk * CHUNK, end = chunk_end(job, chunk), sum = 0;
  for (int64_t i = begin; i < end; i++) {
    if (i + AHEAD < end && rows[i + AHEAD] >= 0) __builtin_prefetch(from + rows[i + AHEAD]);
    int64_t row = rows[i];
    bool there = made->validity ? lathe_bit(made->validity, i) : true;
    sum += there ? from[row + 1] - from[row] : 0;
    to[i + 1] = sum;
  }
  made->sizes[chunk] = sum;
}

/* The offsets of a chunk count from its own beginning until here. */
static void take_bytes(const take_job *job, part *made, int64_t chunk) {
  const int64_t *rows = job->rows, *from = made->from->values;
  const char *source = made->from->bytes;
  int64_t *to = made->values, begin = chunk * CHUNK, end = chunk_end(job, chunk), base = made->sizes[chunk];
  int64_t limit = made->sizes[chunk + 1], source_size = from[job->height], at = base;
  if (job->runs[chunk] && !made->validity) {
    for (int64_t i = begin, stop; i < end; i = stop) {
      stop = run_end(rows, i, end);
      int64_t first = from[rows[i]], size = from[rows[stop - 1] + 1] - first;
      if (size) memcpy(made->bytes + at, source + first, (size_t)size);
      at += size;
    }
    for (int64_t i = begin; i < end; i++) to[i + 1] += base;
    return;
  }
  for (int64_t i = begin; i < end; i++) {
    if (i + AHEAD < end && rows[i + AHEAD] >= 0) __builtin_prefetch(from + rows[i + AHEAD]);
    if (i + AHEAD / 2 < end && rows[i + AHEAD / 2] >= 0)
      __builtin_prefetch(source + from[rows[i + AHEAD / 2]]);
    int64_t next = base + to[i + 1], size = next - at;
    to[i + 1] = next;
    if (size == 0) continue;
    int64_t first = from[rows[i]];
    /* what a short text copies too much the next one of this chunk overwrites */
    if (size <= SHORT && at + SHORT <= limit && first + SHORT <= source_size)
      memcpy(made->bytes + at, source + first, SHORT);
    else
      memcpy(made->bytes + at, source + first, (size_t)size);
    at = next;
  }
}

/* ---- the passes ---- */

static bool first_pass(void *context, int64_t index, lathe_error *error) {
  (void)error;
  take_job *job = context;
  part *made = &job->parts[index / job->chunks];
  int64_t chunk = index % job->chunks, begin = chunk * CHUNK, end = chunk_end(job, chunk);
  lathe_type type = made->from->type;
  if (made->validity) take_validity(job, made, chunk);
  size_t size = lathe_column_value_bytes(type, 1);
  if (type == LATHE_TYPE_STRING)
    take_sizes(job, made, chunk);
  else if (type == LATHE_TYPE_BOOL)
    take_bits(job, made, chunk);
  else if (job->runs[chunk])
    copy_runs(job, made, chunk, size);
  else if (size == sizeof(int32_t))
    take_halves(job, made, begin, end);
  else
    take_words(job, made, begin, end);
  if (made->validity && type != LATHE_TYPE_STRING && type != LATHE_TYPE_BOOL)
    clear_missing(job, made, chunk, size);
  lathe_progress_add(job->progress, end - begin);
  return true;
}

static bool second_pass(void *context, int64_t index, lathe_error *error) {
  (void)error;
  take_job *job = context;
  part *made = &job->parts[index / job->chunks];
  if (made->from->type == LATHE_TYPE_STRING) take_bytes(job, made, index % job->chunks);
  return true;
}

static bool open_part(const take_job *job, part *made, lathe_error *error) {
  lathe_type type = made->from->type;
  made->values = lathe_memory_raw(lathe_column_value_bytes(type, job->count), 1, error);
  made->gone = lathe_memory_new((size_t)job->chunks, sizeof *made->gone, error);
  if (!made->values || !made->gone) return false;
  if (type == LATHE_TYPE_STRING) {
    ((int64_t *)made->values)[0] = 0;
    made->sizes = lathe_memory_new((size_t)job->chunks + 1, sizeof *made->sizes, error);
    if (!made->sizes) return false;
  }
  if (!job->gaps && !made->from->validity) return true;
  made->validity = lathe_memory_raw(lathe_bit_bytes(job->count), 1, error);
  return made->validity != NULL;
}

/* Where the bytes of each chunk begin, and room for them all. */
static bool place_bytes(const take_job *job, part *made, lathe_error *error) {
  if (made->from->type != LATHE_TYPE_STRING) return true;
  int64_t at = 0;
  for (int64_t chunk = 0; chunk <= job->chunks; chunk++) {
    int64_t size = made->sizes[chunk];
    made->sizes[chunk] = at;
    at += size;
  }
  made->bytes = lathe_memory_raw((size_t)at, 1, error);
  return made->bytes != NULL;
}

static lathe_column *close_part(const take_job *job, part *made, lathe_error *error) {
  int64_t missing = 0;
  for (int64_t chunk = 0; chunk < job->chunks; chunk++) missing += made->gone[chunk];
  if (!missing) {
    free(made->validity);
    made->validity = NULL;
  }
  lathe_column *column = lathe_column_adopt(made->from->type, job->count, missing, made->validity,
                                            made->values, made->bytes, made->from->dictionary, error);
  if (column) made->validity = NULL, made->values = NULL, made->bytes = NULL;
  return column;
}

static bool look_at_all_rows(take_job *job, lathe_error *error) {
  job->runs = lathe_memory_new((size_t)job->chunks, sizeof *job->runs, error);
  job->flags = lathe_memory_new((size_t)job->chunks, 1, error);
  if (!job->runs || !job->flags) return false;
  if (!lathe_pool_run(job->chunks, look_at_rows, job, job->progress, error)) return false;
  unsigned flags = 0;
  for (int64_t chunk = 0; chunk < job->chunks; chunk++) flags |= job->flags[chunk];
  job->gaps = flags & GAPS;
  if (!(flags & OUTSIDE)) return true;
  return lathe_error_set(error, LATHE_ERROR_ARGUMENT, "a row to take lies outside the %lld rows there are",
                         (long long)job->height);
}

static bool take_parts(take_job *job, lathe_error *error) {
  bool fine = look_at_all_rows(job, error), texts = false;
  for (int32_t i = 0; i < job->columns && fine; i++) {
    fine = open_part(job, &job->parts[i], error);
    texts |= job->parts[i].from->type == LATHE_TYPE_STRING;
  }
  fine = fine && lathe_pool_run(job->columns * job->chunks, first_pass, job, job->progress, error);
  if (!texts) return fine;
  for (int32_t i = 0; i < job->columns && fine; i++) fine = place_bytes(job, &job->parts[i], error);
  return fine && lathe_pool_run(job->columns * job->chunks, second_pass, job, job->progress, error);
}

/* `made[i]` becomes what is taken from `from[i]`; on failure none is. */
static bool take(const lathe_column *const *from, int32_t columns, const int64_t *rows, int64_t count,
                 lathe_column **made, lathe_progress *progress, lathe_error *error) {
  take_job job = {
      .rows = rows, .count = count, .columns = columns, .height = from[0]->rows, .progress = progress};
  job.chunks = (count + CHUNK - 1) / CHUNK;
  job.parts = lathe_memory_new((size_t)columns, sizeof *job.parts, error);
  if (!job.parts) return false;
  for (int32_t i = 0; i < columns; i++) job.parts[i].from = from[i];
  bool fine = take_parts(&job, error);
  for (int32_t i = 0; i < columns && fine; i++)
    fine = (made[i] = close_part(&job, &job.parts[i], error)) != NULL;
  for (int32_t i = 0; i < columns; i++) {
    part *one = &job.parts[i];
    free(one->validity);
    free(one->values);
    free(one->bytes);
    free(one->sizes);
    free(one->gone);
    if (fine) continue;
    lathe_column_release(made[i]);
    made[i] = NULL;
  }
  free(job.parts);
  free(job.runs);
  free(job.flags);
  return fine;
}

lathe_column *lathe_column_take(const lathe_column *column, const int64_t *rows, int64_t count,
                                lathe_error *error) {
  lathe_column *made = NULL;
  return take(&column, 1, rows, count, &made, NULL, error) ? made : NULL;
}

lathe_table *lathe_table_take(const lathe_table *table, const int64_t *rows, int64_t count,
                              lathe_progress *progress, lathe_error *error) {
  int32_t columns = lathe_table_columns(table);
  const lathe_column **from = lathe_memory_new((size_t)columns, sizeof *from, error);
  lathe_column **made = lathe_memory_new((size_t)columns, sizeof(lathe_column *), error);
  const char **names = lathe_memory_new((size_t)columns, sizeof *names, error);
  lathe_table *result = NULL;
  if (from && made && names) {
    for (int32_t i = 0; i < columns; i++) {
      from[i] = lathe_table_column(table, i);
      names[i] = lathe_table_name(table, i);
    }
    lathe_progress_begin(progress, "take rows", columns * count);
    if (take(from, columns, rows, count, made, progress, error))
      result = lathe_table_new(columns, names, made, error);
    lathe_progress_end(progress);
    for (int32_t i = 0; i < columns; i++) lathe_column_release(made[i]);
  }
  free(from);
  free(made);
  free(names);
  return result;
}
