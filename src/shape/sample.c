/* sample.c - rows chosen by hash; see sample.h. */
#include "sample.h"

#include <stdlib.h>
#include <string.h>

#include "../base/hash.h"
#include "../base/memory.h"
#include "../base/pool.h"
#include "../table/own.h"
#include "key.h"

enum { CHUNK = 65536, HIGH_BITS = 16 };

typedef struct sample_job {
  const lathe_table *table;
  const int32_t *columns;
  int32_t count;
  int64_t rows;
  uint64_t seed;
  uint64_t *hashes; /* (rows) */
  uint64_t **words; /* (count): the hash of each text of a category's dictionary, or NULL */
} sample_job;

static uint64_t text_hash(const lathe_column *column, int64_t row) {
  lathe_text text = lathe_column_text(column, row);
  return lathe_hash_quick(text.data, text.size, 0x7465787400000000u);
}

/* A whole number hashes alike in every type. */
static uint64_t number_hash(double value) {
  if (value >= -0x1p63 && value < 0x1p63 && (double)(int64_t)value == value)
    return lathe_mix((uint64_t)(int64_t)value + 0x6E756D6265720000u);
  uint64_t bits = 0x7FF8000000000000u;
  if (value == value) memcpy(&bits, &value, sizeof bits);
  return lathe_mix(bits + 0x6672616300000000u);
}

static uint64_t element_hash(const sample_job *job, int32_t index, int64_t row) {
  const lathe_column *column = lathe_table_column(job->table, job->columns[index]);
  if (!lathe_column_present(column, row)) return 0x9E3779B97F4A7C15u;
  switch (column->type) {
  case LATHE_TYPE_CATEGORY:
    return job->words[index][((const int32_t *)column->values)[row]];
  case LATHE_TYPE_STRING:
    return text_hash(column, row);
  case LATHE_TYPE_FLOAT64:
    return number_hash(((const double *)column->values)[row]);
  case LATHE_TYPE_BOOL:
    return lathe_mix((uint64_t)lathe_bit(column->values, row) + 0x6E756D6265720000u);
  case LATHE_TYPE_DATE: /* as the timestamp that it becomes beside others */
    return lathe_mix((uint64_t)(((const int32_t *)column->values)[row] * INT64_C(86400000000)) +
                     0x6E756D6265720000u);
  case LATHE_TYPE_INT64:
  case LATHE_TYPE_TIMESTAMP:
    break;
  }
  return lathe_mix((uint64_t)((const int64_t *)column->values)[row] + 0x6E756D6265720000u);
}

static bool hash_chunk(void *context, int64_t chunk, lathe_error *error) {
  (void)error;
  sample_job *job = context;
  int64_t begin = chunk * CHUNK, end = begin + CHUNK < job->rows ? begin + CHUNK : job->rows;
  uint64_t start = lathe_mix(job->seed + 0x73616D706C650000u);
  for (int64_t row = begin; row < end; row++) job->hashes[row] = start;
  for (int32_t i = 0; i < job->count; i++)
    for (int64_t row = begin; row < end; row++)
      job->hashes[row] = lathe_mix(job->hashes[row] * 3 + element_hash(job, i, row));
  if (job->count == 0)
    for (int64_t row = begin; row < end; row++)
      job->hashes[row] = lathe_mix(start ^ lathe_mix((uint64_t)row + 0x9E3779B97F4A7C15u));
  return true;
}

static bool hash_rows(sample_job *job, lathe_progress *progress, lathe_error *error) {
  job->hashes = lathe_memory_raw((size_t)job->rows, sizeof *job->hashes, error);
  job->words = lathe_memory_new((size_t)job->count, sizeof *job->words, error);
  if (!job->hashes || !job->words) return false;
  for (int32_t i = 0; i < job->count; i++) {
    if (job->columns[i] < 0 || job->columns[i] >= lathe_table_columns(job->table))
      return lathe_error_set(error, LATHE_ERROR_ARGUMENT, "there is no column number %d",
                             job->columns[i] + 1);
    const lathe_column *dictionary = lathe_table_column(job->table, job->columns[i])->dictionary;
    if (!dictionary) continue;
    job->words[i] = lathe_memory_raw((size_t)dictionary->rows, sizeof **job->words, error);
    if (!job->words[i]) return false;
    for (int64_t code = 0; code < dictionary->rows; code++) job->words[i][code] = text_hash(dictionary, code);
  }
  return lathe_pool_run((job->rows + CHUNK - 1) / CHUNK, hash_chunk, job, progress, error);
}

static int by_value(const void *left, const void *right) {
  uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
  return (a > b) - (a < b);
}

/* The hash that `wanted` (1 to rows) rows are not above, and how many rows that have just this one are taken. */
static bool limit_of(const sample_job *job, int64_t wanted, uint64_t *limit, int64_t *equal,
                     lathe_error *error) {
  int64_t *counts = lathe_memory_new(1 << HIGH_BITS, sizeof *counts, error), below = 0, high = 0, size = 0;
  if (!counts) return false;
  for (int64_t row = 0; row < job->rows; row++) counts[job->hashes[row] >> (64 - HIGH_BITS)]++;
  while (below + counts[high] < wanted) below += counts[high++];
  uint64_t *some = lathe_memory_raw((size_t)counts[high], sizeof *some, error);
  free(counts);
  if (!some) return false;
  for (int64_t row = 0; row < job->rows; row++)
    if (job->hashes[row] >> (64 - HIGH_BITS) == (uint64_t)high) some[size++] = job->hashes[row];
  qsort(some, (size_t)size, sizeof *some, by_value);
  int64_t last = wanted - below - 1, first = last;
  *limit = some[last];
  while (first > 0 && some[first - 1] == *limit) first--;
  *equal = last - first + 1;
  free(some);
  return true;
}

static lathe_table *take_below(const sample_job *job, uint64_t limit, int64_t equal, lathe_progress *progress,
                               lathe_error *error) {
  int64_t *rows = lathe_memory_raw((size_t)job->rows, sizeof *rows, error), kept = 0;
  if (!rows) return NULL;
  for (int64_t row = 0; row < job->rows; row++) {
    bool in = job->hashes[row] < limit;
    if (job->hashes[row] == limit && equal > 0) in = true, equal--;
    rows[kept] = row;
    kept += in;
  }
  lathe_table *result = lathe_table_take(job->table, rows, kept, progress, error);
  free(rows);
  return result;
}

lathe_table *lathe_table_sample(lathe_table *table, const int32_t *columns, int32_t count, uint64_t seed,
                                double share, int64_t rows, lathe_progress *progress, lathe_error *error) {
  sample_job job = {
      .table = table, .columns = columns, .count = count, .rows = lathe_table_rows(table), .seed = seed};
  if (rows < 0 && !(share >= 0 && share <= 1)) {
    lathe_error_set(error, LATHE_ERROR_ARGUMENT, "a share of the rows lies between 0 and 1, not %g", share);
    return NULL;
  }
  if (rows < 0 ? share == 1 : rows >= job.rows) return lathe_table_retain(table);
  lathe_table *result = NULL;
  uint64_t limit = 0;
  int64_t equal = 0;
  bool fine = hash_rows(&job, progress, error);
  if (fine && rows > 0) fine = limit_of(&job, rows, &limit, &equal, error);
  if (fine && rows < 0) limit = (uint64_t)(share * 0x1p64);
  if (fine) result = take_below(&job, limit, equal, progress, error);
  for (int32_t i = 0; i < count && job.words; i++) free(job.words[i]);
  free(job.words);
  free(job.hashes);
  return result;
}
