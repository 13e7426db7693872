/* compare.c - which rows of two tables belong together, and which of their cells differ. */
#include "compare.h"

#include <stdlib.h>
#include <string.h>

#include "../base/memory.h"
#include "../base/pool.h"
#include "../shape/key.h"
#include "../table/own.h"

enum { CHUNK = 65536, LISTS = LATHE_PAIRS_REPEATED_RIGHT + 1 };

struct lathe_pairs {
  int64_t *rows[LISTS];
  int64_t count[LISTS];
};

void lathe_pairs_free(lathe_pairs *pairs) {
  if (!pairs) return;
  for (int i = 0; i < LISTS; i++) free(pairs->rows[i]);
  free(pairs);
}

const int64_t *lathe_pairs_rows(const lathe_pairs *pairs, lathe_pairs_list list, int64_t *count) {
  bool known = (unsigned)list < LISTS;
  *count = known ? pairs->count[list] : 0;
  return known ? pairs->rows[list] : NULL;
}

static void add(lathe_pairs *pairs, lathe_pairs_list list, int64_t row) {
  pairs->rows[list][pairs->count[list]++] = row;
}

static void pair_by_number(lathe_pairs *pairs, int64_t left, int64_t right) {
  for (int64_t row = 0; row < left && row < right; row++) {
    add(pairs, LATHE_PAIRS_LEFT, row);
    add(pairs, LATHE_PAIRS_RIGHT, row);
  }
  for (int64_t row = right; row < left; row++) add(pairs, LATHE_PAIRS_REMOVED, row);
  for (int64_t row = left; row < right; row++) add(pairs, LATHE_PAIRS_ADDED, row);
}

/* For each row of the right table the first row of it with the same key. */
static bool first_of_right(lathe_row_match *own, const lathe_table *right, const int32_t *columns,
                           int32_t count, lathe_progress *progress, lathe_error *error) {
  lathe_row_keys keys;
  bool fine = lathe_row_keys_open(&keys, right, columns, NULL, NULL, count, true, progress, error) &&
              lathe_row_match_make(own, &keys, false, progress, error) &&
              lathe_row_match_rows(own, progress, error);
  lathe_row_keys_close(&keys);
  return fine;
}

/* `at`: for each row of both tables the first row of the left one that equals it. `own`: the same among the
 * rows of the right one. */
static bool pair_by_key(lathe_pairs *pairs, const uint32_t *at, const uint32_t *own, int64_t left,
                        int64_t right, lathe_error *error) {
  int64_t *partner = lathe_memory_raw((size_t)left, sizeof *partner, error);
  if (!partner) return false;
  for (int64_t row = 0; row < left; row++) partner[row] = -1;
  for (int64_t row = 0; row < right; row++) {
    uint32_t first = at[left + row];
    if (own[row] != (uint32_t)row)
      add(pairs, LATHE_PAIRS_REPEATED_RIGHT, row);
    else if (first == LATHE_ROW_NONE)
      add(pairs, LATHE_PAIRS_ADDED, row);
    else
      partner[first] = row;
  }
  for (int64_t row = 0; row < left; row++) {
    if (at[row] != (uint32_t)row) {
      add(pairs, LATHE_PAIRS_REPEATED_LEFT, row);
    } else if (partner[row] < 0) {
      add(pairs, LATHE_PAIRS_REMOVED, row);
    } else {
      add(pairs, LATHE_PAIRS_LEFT, row);
      add(pairs, LATHE_PAIRS_RIGHT, partner[row]);
    }
  }
  free(partner);
  return true;
}

static bool match_rows(lathe_pairs *pairs, const lathe_table *left, const lathe_table *right,
                       const int32_t *left_columns, const int32_t *right_columns, int32_t count,
                       lathe_progress *progress, lathe_error *error) {
  lathe_row_keys keys;
  lathe_row_match match = {0}, own = {0};
  bool fine =
      lathe_row_keys_open(&keys, left, left_columns, right, right_columns, count, true, progress, error) &&
      lathe_row_match_make(&match, &keys, false, progress, error) &&
      lathe_row_match_rows(&match, progress, error) &&
      first_of_right(&own, right, right_columns, count, progress, error) &&
      pair_by_key(pairs, match.at, own.at, lathe_table_rows(left), lathe_table_rows(right), error);
  lathe_row_match_free(&own);
  lathe_row_match_free(&match);
  lathe_row_keys_close(&keys);
  return fine;
}

lathe_pairs *lathe_pairs_new(const lathe_table *left, const lathe_table *right, const int32_t *left_columns,
                             const int32_t *right_columns, int32_t count, lathe_progress *progress,
                             lathe_error *error) {
  lathe_pairs *pairs = lathe_memory_new(1, sizeof *pairs, error);
  if (!pairs) return NULL;
  int64_t rows[2] = {lathe_table_rows(left), lathe_table_rows(right)};
  bool fine = true;
  for (int i = 0; i < LISTS && fine; i++) {
    bool of_right = i == LATHE_PAIRS_ADDED || i == LATHE_PAIRS_REPEATED_RIGHT;
    pairs->rows[i] = lathe_memory_raw((size_t)rows[of_right], sizeof(int64_t), error);
    fine = pairs->rows[i] != NULL;
  }
  if (fine && count == 0)
    pair_by_number(pairs, rows[0], rows[1]);
  else if (fine)
    fine = match_rows(pairs, left, right, left_columns, right_columns, count, progress, error);
  if (fine) return pairs;
  lathe_pairs_free(pairs);
  return NULL;
}

/* ---- cells ---- */

static bool is_time(lathe_type type) {
  return type == LATHE_TYPE_DATE || type == LATHE_TYPE_TIMESTAMP;
}

static int64_t microseconds(const lathe_column *column, int64_t row) {
  if (column->type == LATHE_TYPE_DATE) return ((const int32_t *)column->values)[row] * INT64_C(86400000000);
  return ((const int64_t *)column->values)[row];
}

static bool equal_text(lathe_text a, lathe_text b) {
  return a.size == b.size && memcmp(a.data, b.data, a.size) == 0;
}

static bool equal_mixed(int64_t whole, double number) {
  return number >= -0x1p63 && number < 0x1p63 && (int64_t)number == whole &&
         (double)(int64_t)number == number;
}

/* Both are there. */
static bool equal_cells(const lathe_column *a, int64_t left, const lathe_column *b, int64_t right) {
  if (lathe_type_is_text(a->type) && lathe_type_is_text(b->type))
    return equal_text(lathe_column_text(a, left), lathe_column_text(b, right));
  if (is_time(a->type) && is_time(b->type)) return microseconds(a, left) == microseconds(b, right);
  if (a->type == LATHE_TYPE_FLOAT64 && b->type == LATHE_TYPE_FLOAT64) {
    double x = ((const double *)a->values)[left], y = ((const double *)b->values)[right];
    return x == y || (x != x && y != y);
  }
  if (a->type == LATHE_TYPE_INT64 && b->type == LATHE_TYPE_INT64)
    return ((const int64_t *)a->values)[left] == ((const int64_t *)b->values)[right];
  if (a->type == LATHE_TYPE_INT64 && b->type == LATHE_TYPE_FLOAT64)
    return equal_mixed(((const int64_t *)a->values)[left], ((const double *)b->values)[right]);
  if (a->type == LATHE_TYPE_FLOAT64 && b->type == LATHE_TYPE_INT64)
    return equal_mixed(((const int64_t *)b->values)[right], ((const double *)a->values)[left]);
  char one[32], two[32];
  return equal_text(lathe_column_format(a, left, one), lathe_column_format(b, right, two));
}

typedef struct cells_job {
  const lathe_column *left, *right;
  const int64_t *left_rows, *right_rows;
  int64_t count;
  lathe_changes *parts; /* (chunks) */
} cells_job;

static bool compare_chunk(void *context, int64_t chunk, lathe_error *error) {
  (void)error;
  cells_job *job = context;
  lathe_changes *found = &job->parts[chunk];
  int64_t begin = chunk * CHUNK, end = begin + CHUNK < job->count ? begin + CHUNK : job->count;
  for (int64_t i = begin; i < end; i++) {
    int64_t a = job->left_rows[i], b = job->right_rows[i];
    bool there = lathe_column_present(job->left, a), other = lathe_column_present(job->right, b);
    if (there == other && (!there || equal_cells(job->left, a, job->right, b))) continue;
    found->changed++;
    found->appeared += !there;
    found->vanished += !other;
    if (found->first_count < LATHE_CHANGES_FIRST) found->first[found->first_count++] = i;
  }
  return true;
}

bool lathe_pairs_compare(const lathe_pairs *pairs, const lathe_column *left, const lathe_column *right,
                         lathe_changes *changes, lathe_progress *progress, lathe_error *error) {
  int64_t count = pairs->count[LATHE_PAIRS_LEFT], chunks = (count + CHUNK - 1) / CHUNK;
  cells_job job = {left, right, pairs->rows[LATHE_PAIRS_LEFT], pairs->rows[LATHE_PAIRS_RIGHT], count, NULL};
  *changes = (lathe_changes){0};
  job.parts = lathe_memory_new((size_t)chunks, sizeof *job.parts, error);
  bool fine = job.parts && lathe_pool_run(chunks, compare_chunk, &job, progress, error);
  for (int64_t i = 0; i < chunks && fine; i++) {
    const lathe_changes *part = &job.parts[i];
    changes->changed += part->changed;
    changes->appeared += part->appeared;
    changes->vanished += part->vanished;
    for (int32_t k = 0; k < part->first_count && changes->first_count < LATHE_CHANGES_FIRST; k++)
      changes->first[changes->first_count++] = part->first[k];
  }
  free(job.parts);
  return fine;
}
