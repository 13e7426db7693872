/* rows.c - duplicates by the keys of whole rows; missing rows by and-ing the bitmaps. */
#include "rows.h"

#include <stdlib.h>
#include <string.h>

#include "../base/memory.h"
#include "../base/pool.h"
#include "../table/own.h"
#include "key.h"

enum { CHUNK = 65536 };

static lathe_table *keep_rows(lathe_table *table, const int64_t *rows, int64_t count,
                              lathe_progress *progress, lathe_error *error) {
  if (count == lathe_table_rows(table)) return lathe_table_retain(table);
  return lathe_table_take(table, rows, count, progress, error);
}

static bool match_rows(lathe_row_match *match, const lathe_table *table, const int32_t *columns,
                       int32_t count, bool last, lathe_progress *progress, lathe_error *error) {
  lathe_row_keys keys;
  bool fine = lathe_row_keys_open(&keys, table, columns, NULL, NULL, count, true, progress, error) &&
              lathe_row_match_make(match, &keys, last, progress, error);
  lathe_row_keys_close(&keys);
  return fine;
}

lathe_table *lathe_table_drop_duplicates(lathe_table *table, const int32_t *columns, int32_t count,
                                         bool keep_last, lathe_progress *progress, lathe_error *error) {
  lathe_row_match match;
  lathe_progress_begin(progress, "drop duplicates", 0);
  if (!match_rows(&match, table, columns, count, keep_last, progress, error)) return NULL;
  int64_t kept = match.distinct;
  int64_t *rows = kept == match.rows ? NULL : lathe_row_match_list(&match, progress, error);
  lathe_table *result = NULL;
  lathe_row_match_free(&match);
  if (rows || kept == lathe_table_rows(table)) result = keep_rows(table, rows, kept, progress, error);
  lathe_memory_give(rows);
  lathe_progress_end(progress);
  return result;
}

int64_t lathe_table_duplicates(const lathe_table *table, lathe_progress *progress, lathe_error *error) {
  lathe_row_match match;
  if (!match_rows(&match, table, NULL, 0, false, progress, error)) return -1;
  int64_t duplicates = match.rows - match.distinct;
  lathe_row_match_free(&match);
  return duplicates;
}

typedef struct missing_job {
  const lathe_column **columns;
  int32_t count;
  int64_t rows;
  int64_t *places; /* (chunks) how many rows stay; then where they go */
  uint8_t *whole;  /* a bit for each row */
  int64_t *kept;
} missing_job;

static bool and_chunk(void *context, int64_t chunk, lathe_error *error) {
  missing_job *job = context;
  size_t begin = (size_t)chunk * (CHUNK / 8), end = begin + CHUNK / 8, bytes = lathe_bit_bytes(job->rows);
  (void)error;
  if (end > bytes) end = bytes;
  memset(job->whole + begin, 0xFF, end - begin);
  for (int32_t i = 0; i < job->count; i++) {
    const uint8_t *validity = job->columns[i]->validity;
    for (size_t k = begin; validity && k < end; k++) job->whole[k] &= validity[k];
  }
  if (end == bytes && job->rows % 8)
    job->whole[bytes - 1] = (uint8_t)(job->whole[bytes - 1] & ((1 << (job->rows % 8)) - 1));
  for (size_t k = begin; k < end; k++) job->places[chunk] += __builtin_popcount(job->whole[k]);
  return true;
}

static bool list_chunk(void *context, int64_t chunk, lathe_error *error) {
  missing_job *job = context;
  int64_t begin = chunk * CHUNK, end = begin + CHUNK < job->rows ? begin + CHUNK : job->rows;
  int64_t *to = job->kept + job->places[chunk];
  (void)error;
  for (int64_t row = begin; row < end; row++)
    if (lathe_bit(job->whole, row)) *to++ = row;
  return true;
}

static lathe_table *whole_rows(missing_job *job, lathe_table *table, lathe_progress *progress,
                               lathe_error *error) {
  int64_t chunks = (job->rows + CHUNK - 1) / CHUNK, count = 0;
  job->whole = lathe_memory_raw(lathe_bit_bytes(job->rows), 1, error);
  job->places = lathe_memory_new((size_t)chunks, sizeof *job->places, error);
  if (!job->whole || !job->places || !lathe_pool_run(chunks, and_chunk, job, progress, error)) return NULL;
  for (int64_t i = 0; i < chunks; i++) {
    int64_t here = job->places[i];
    job->places[i] = count;
    count += here;
  }
  if (count == job->rows) return lathe_table_retain(table);
  job->kept = lathe_memory_raw((size_t)count, sizeof *job->kept, error);
  if (!job->kept || !lathe_pool_run(chunks, list_chunk, job, progress, error)) return NULL;
  return keep_rows(table, job->kept, count, progress, error);
}

lathe_table *lathe_table_drop_missing(lathe_table *table, const int32_t *columns, int32_t count,
                                      lathe_progress *progress, lathe_error *error) {
  missing_job job = {.count = columns ? count : lathe_table_columns(table), .rows = lathe_table_rows(table)};
  job.columns = lathe_memory_new((size_t)job.count, sizeof *job.columns, error);
  bool fine = job.columns != NULL;
  for (int32_t i = 0; i < job.count && fine; i++) {
    int32_t index = columns ? columns[i] : i;
    if (index < 0 || index >= lathe_table_columns(table))
      fine = lathe_error_set(error, LATHE_ERROR_ARGUMENT, "there is no column number %d", index + 1);
    else
      job.columns[i] = lathe_table_column(table, index);
  }
  lathe_table *result = fine ? whole_rows(&job, table, progress, error) : NULL;
  free(job.whole);
  free(job.places);
  lathe_memory_give(job.kept);
  free(job.columns);
  return result;
}
