/* rows.c - duplicates by a hash of each row (chunks in parallel) and exact comparison; missing rows by
 * and-ing the bitmaps. */
#include "rows.h"

#include <stdlib.h>
#include <string.h>

#include "../base/hash.h"
#include "../base/memory.h"
#include "../base/pool.h"
#include "../table/own.h"

enum { CHUNK = 65536 };

typedef struct row_set {
  const lathe_column **columns;
  int32_t count;
  int64_t rows;
  uint64_t *hashes; /* (rows) */
} row_set;

static bool open_rows(row_set *set, const lathe_table *table, const int32_t *columns, int32_t count,
                      lathe_error *error) {
  set->count = columns ? count : lathe_table_columns(table);
  set->rows = lathe_table_rows(table);
  set->hashes = NULL;
  set->columns = lathe_memory_new((size_t)set->count, sizeof *set->columns, error);
  for (int32_t i = 0; i < set->count && set->columns; i++) {
    int32_t index = columns ? columns[i] : i;
    if (index >= 0 && index < lathe_table_columns(table)) {
      set->columns[i] = lathe_table_column(table, index);
      continue;
    }
    free(set->columns);
    return lathe_error_set(error, LATHE_ERROR_ARGUMENT, "there is no column number %d", index + 1);
  }
  return set->columns != NULL;
}

/* splitmix64's finisher: every bit of `x` moves every bit of the result. */
static uint64_t mix(uint64_t x) {
  x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9u;
  x = (x ^ x >> 27) * 0x94D049BB133111EBu;
  return x ^ x >> 31;
}

/* Equal elements have equal keys; for all types but STRING, different ones different keys. */
static uint64_t element_key(const lathe_column *column, int64_t row) {
  switch (column->type) {
  case LATHE_TYPE_BOOL:
    return lathe_bit(column->values, row);
  case LATHE_TYPE_CATEGORY:
  case LATHE_TYPE_DATE:
    return ((const uint32_t *)column->values)[row];
  case LATHE_TYPE_STRING: {
    lathe_text text = lathe_column_text(column, row);
    return lathe_hash_quick(text.data, text.size, 0);
  }
  case LATHE_TYPE_FLOAT64: {
    double value = ((const double *)column->values)[row];
    if (value == 0) value = 0;
    if (value != value) return 0x7FF8000000000000u;
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
  }
  case LATHE_TYPE_INT64:
  case LATHE_TYPE_TIMESTAMP:
    break;
  }
  return ((const uint64_t *)column->values)[row];
}

static bool hash_chunk(void *context, int64_t chunk, lathe_error *error) {
  row_set *set = context;
  (void)error;
  int64_t begin = chunk * CHUNK, end = begin + CHUNK < set->rows ? begin + CHUNK : set->rows;
  for (int32_t i = 0; i < set->count; i++) {
    const lathe_column *column = set->columns[i];
    for (int64_t row = begin; row < end; row++) {
      uint64_t key = lathe_column_present(column, row) ? mix(element_key(column, row)) : 0x9E3779B97F4A7C15u;
      set->hashes[row] = mix(set->hashes[row] * 3 + key);
    }
  }
  return true;
}

static bool equal_rows(const row_set *set, int64_t a, int64_t b) {
  for (int32_t i = 0; i < set->count; i++) {
    const lathe_column *column = set->columns[i];
    bool present = lathe_column_present(column, a);
    if (present != lathe_column_present(column, b)) return false;
    if (!present) continue;
    if (element_key(column, a) != element_key(column, b)) return false;
    if (column->type != LATHE_TYPE_STRING) continue;
    lathe_text left = lathe_column_text(column, a), right = lathe_column_text(column, b);
    if (left.size != right.size || memcmp(left.data, right.data, left.size) != 0) return false;
  }
  return true;
}

/* The rows that stay, in order. NULL with `error`. */
static int64_t *distinct_rows(row_set *set, bool keep_last, int64_t *kept, lathe_progress *progress,
                              lathe_error *error) {
  uint64_t mask = 16;
  while (mask < (uint64_t)set->rows * 2) mask *= 2;
  set->hashes = lathe_memory_new((size_t)set->rows, sizeof *set->hashes, error);
  int64_t *slots = lathe_memory_new(mask--, sizeof *slots, error); /* row + 1, or 0 */
  int64_t *rows = lathe_memory_raw((size_t)set->rows, sizeof *rows, error);
  int64_t count = 0;
  bool fine = set->hashes && slots && rows &&
              lathe_pool_run((set->rows + CHUNK - 1) / CHUNK, hash_chunk, set, progress, error);
  for (int64_t i = 0; i < set->rows && fine; i++) {
    int64_t row = keep_last ? set->rows - 1 - i : i;
    if (i % CHUNK == 0 && !(fine = lathe_progress_check(progress, error))) break;
    uint64_t at = set->hashes[row] & mask;
    while (slots[at] &&
           (set->hashes[slots[at] - 1] != set->hashes[row] || !equal_rows(set, slots[at] - 1, row)))
      at = (at + 1) & mask;
    if (slots[at]) continue;
    slots[at] = row + 1;
    rows[count++] = row;
  }
  for (int64_t i = 0; keep_last && i < count / 2; i++) {
    int64_t row = rows[i];
    rows[i] = rows[count - 1 - i];
    rows[count - 1 - i] = row;
  }
  free(slots);
  free(set->hashes);
  set->hashes = NULL;
  *kept = count;
  if (fine) return rows;
  free(rows);
  return NULL;
}

static lathe_table *keep_rows(lathe_table *table, const int64_t *rows, int64_t count,
                              lathe_progress *progress, lathe_error *error) {
  if (count == lathe_table_rows(table)) return lathe_table_retain(table);
  return lathe_table_take(table, rows, count, progress, error);
}

lathe_table *lathe_table_drop_duplicates(lathe_table *table, const int32_t *columns, int32_t count,
                                         bool keep_last, lathe_progress *progress, lathe_error *error) {
  row_set set;
  if (!open_rows(&set, table, columns, count, error)) return NULL;
  int64_t kept;
  int64_t *rows = distinct_rows(&set, keep_last, &kept, progress, error);
  lathe_table *result = rows ? keep_rows(table, rows, kept, progress, error) : NULL;
  free(rows);
  free(set.columns);
  return result;
}

int64_t lathe_table_duplicates(const lathe_table *table, lathe_progress *progress, lathe_error *error) {
  row_set set;
  if (!open_rows(&set, table, NULL, 0, error)) return -1;
  int64_t kept;
  int64_t *rows = distinct_rows(&set, false, &kept, progress, error);
  free(set.columns);
  free(rows);
  return rows ? set.rows - kept : -1;
}

lathe_table *lathe_table_drop_missing(lathe_table *table, const int32_t *columns, int32_t count,
                                      lathe_progress *progress, lathe_error *error) {
  row_set set;
  if (!open_rows(&set, table, columns, count, error)) return NULL;
  size_t bytes = lathe_bit_bytes(set.rows);
  uint8_t *whole = lathe_memory_raw(bytes, 1, error);
  int64_t *rows = lathe_memory_raw((size_t)set.rows, sizeof *rows, error);
  lathe_table *result = NULL;
  if (whole && rows) {
    memset(whole, 0xFF, bytes);
    for (int32_t i = 0; i < set.count; i++)
      for (size_t k = 0; set.columns[i]->validity && k < bytes; k++) whole[k] &= set.columns[i]->validity[k];
    int64_t kept = 0;
    for (int64_t row = 0; row < set.rows; row++)
      if (lathe_bit(whole, row)) rows[kept++] = row;
    result = keep_rows(table, rows, kept, progress, error);
  }
  free(whole);
  free(rows);
  free(set.columns);
  return result;
}
