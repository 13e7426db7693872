/* join_table.c - the columns of a join: taken from both sides, keys filled from either. */
#include <stdlib.h>
#include <string.h>

#include "../base/memory.h"
#include "../base/pool.h"
#include "../table/own.h"
#include "join_own.h"

enum { CHUNK = 65536 };

/* ---- keys of either side ---- */

static lathe_column *both_texts(const lathe_column *left, const lathe_column *right, const join_pairs *pairs,
                                lathe_error *error) {
  lathe_text *texts = lathe_memory_raw((size_t)pairs->count, sizeof *texts, error);
  if (!texts) return NULL;
  for (int64_t i = 0; i < pairs->count; i++)
    texts[i] = pairs->left[i] >= 0 ? lathe_column_text(left, pairs->left[i])
                                   : lathe_column_text(right, pairs->right[i]);
  lathe_column *text = lathe_column_from_text(texts, pairs->count, error);
  free(texts);
  if (!text || left->type == LATHE_TYPE_STRING || right->type == LATHE_TYPE_STRING) return text;
  lathe_column *category = lathe_column_to_category(text, error);
  lathe_column_release(text);
  return category;
}

typedef struct both_job {
  const lathe_column *left, *right;
  const join_pairs *pairs;
  uint8_t *validity;
  void *values;
  bool number; /* int64 and float64 become float64 */
} both_job;

static void copy_element(const both_job *job, int64_t i, const lathe_column *from, int64_t row) {
  if (!lathe_column_present(from, row)) return;
  lathe_bit_set(job->validity, i);
  if (job->number)
    ((double *)job->values)[i] = lathe_column_number(from, row);
  else if (from->type == LATHE_TYPE_BOOL) {
    if (lathe_bit(from->values, row)) lathe_bit_set(job->values, i);
  } else if (lathe_column_value_bytes(from->type, 1) == sizeof(int32_t))
    ((int32_t *)job->values)[i] = ((const int32_t *)from->values)[row];
  else
    ((int64_t *)job->values)[i] = ((const int64_t *)from->values)[row];
}

static bool both_chunk(void *context, int64_t chunk, lathe_error *error) {
  both_job *job = context;
  int64_t begin = chunk * CHUNK, end = begin + CHUNK < job->pairs->count ? begin + CHUNK : job->pairs->count;
  (void)error;
  for (int64_t i = begin; i < end; i++) {
    if (job->pairs->left[i] >= 0)
      copy_element(job, i, job->left, job->pairs->left[i]);
    else
      copy_element(job, i, job->right, job->pairs->right[i]);
  }
  return true;
}

/* The left element, or the right one where there is no left row. */
static lathe_column *both(const lathe_column *left, const lathe_column *right, const join_pairs *pairs,
                          lathe_progress *progress, lathe_error *error) {
  if (lathe_type_is_text(left->type) && !(left->dictionary && left->dictionary == right->dictionary))
    return both_texts(left, right, pairs, error);
  both_job job = {.left = left, .right = right, .pairs = pairs, .number = left->type != right->type};
  lathe_type type = job.number ? LATHE_TYPE_FLOAT64 : left->type;
  job.validity = lathe_memory_new(lathe_bit_bytes(pairs->count), 1, error);
  job.values = lathe_memory_new(lathe_column_value_bytes(type, pairs->count), 1, error);
  lathe_column *column = NULL;
  if (job.validity && job.values &&
      lathe_pool_run((pairs->count + CHUNK - 1) / CHUNK, both_chunk, &job, progress, error))
    column = lathe_column_new(type, pairs->count, job.validity, job.values, NULL, left->dictionary, error);
  if (column) return column;
  free(job.validity);
  free(job.values);
  return NULL;
}

/* ---- the table ---- */

typedef struct assembly {
  const char **names;
  char **made; /* names with a suffix, to be freed */
  lathe_column **columns;
  int32_t count;
} assembly;

static int32_t place_in(const int32_t *list, int32_t count, int32_t index) {
  for (int32_t i = 0; i < count; i++)
    if (list[i] == index) return i;
  return -1;
}

static lathe_column *take(lathe_column *column, const int64_t *rows, int64_t count, lathe_error *error) {
  return rows ? lathe_column_take(column, rows, count, error) : lathe_column_retain(column);
}

static bool add_left(assembly *to, const lathe_table *left, const int32_t *left_columns,
                     const lathe_table *right, const int32_t *right_columns, int32_t count,
                     const join_pairs *pairs, join_keys keys, lathe_progress *progress, lathe_error *error) {
  for (int32_t i = 0; i < lathe_table_columns(left); i++) {
    lathe_column *column = lathe_table_column(left, i), *made;
    int32_t key = keys == JOIN_KEYS_LEFT ? -1 : place_in(left_columns, count, i);
    lathe_column *other = key < 0 ? NULL : lathe_table_column(right, right_columns[key]);
    if (!lathe_progress_check(progress, error)) return false;
    if (!other)
      made = take(column, pairs->left, pairs->count, error);
    else if (keys == JOIN_KEYS_RIGHT)
      made = take(other, pairs->right, pairs->count, error);
    else
      made = both(column, other, pairs, progress, error);
    if (!made) return false;
    to->names[to->count] = lathe_table_name(left, i);
    to->columns[to->count++] = made;
  }
  return true;
}

static bool add_right(assembly *to, const lathe_table *left, const lathe_table *right,
                      const int32_t *right_columns, int32_t count, const join_pairs *pairs,
                      const char *suffix, lathe_progress *progress, lathe_error *error) {
  for (int32_t i = 0; i < lathe_table_columns(right); i++) {
    if (place_in(right_columns, count, i) >= 0) continue;
    if (!lathe_progress_check(progress, error)) return false;
    const char *name = lathe_table_name(right, i);
    if (lathe_table_find(left, name) >= 0) {
      lathe_buffer longer = {0};
      bool fine = lathe_buffer_text(&longer, name, error) && lathe_buffer_text(&longer, suffix, error);
      name = to->made[to->count] = longer.data;
      if (!fine) return false;
      if (lathe_table_find(left, name) >= 0)
        return lathe_error_set(
            error, LATHE_ERROR_ARGUMENT,
            "both tables have a column \"%.200s\", and the left one has \"%.200s\" too; give another suffix",
            lathe_table_name(right, i), name);
    }
    lathe_column *made = take(lathe_table_column(right, i), pairs->right, pairs->count, error);
    if (!made) return false;
    to->names[to->count] = name;
    to->columns[to->count++] = made;
  }
  return true;
}

lathe_table *lathe_join_table(const lathe_table *left, const int32_t *left_columns, const lathe_table *right,
                              const int32_t *right_columns, int32_t count, const join_pairs *pairs,
                              join_keys keys, const char *suffix, lathe_progress *progress,
                              lathe_error *error) {
  size_t most = (size_t)(lathe_table_columns(left) + (right ? lathe_table_columns(right) : 0)) + 1;
  assembly to = {lathe_memory_new(most, sizeof(char *), error), lathe_memory_new(most, sizeof(char *), error),
                 lathe_memory_new(most, sizeof(lathe_column *), error), 0};
  lathe_table *result = NULL;
  if (to.names && to.made && to.columns &&
      add_left(&to, left, left_columns, right, right_columns, count, pairs, keys, progress, error) &&
      (!right || add_right(&to, left, right, right_columns, count, pairs, suffix, progress, error)))
    result = lathe_table_new(to.count, to.names, to.columns, error);
  for (size_t i = 0; i < most; i++) {
    if (to.columns) lathe_column_release(to.columns[i]);
    if (to.made) free(to.made[i]);
  }
  free(to.names);
  free(to.made);
  free(to.columns);
  return result;
}
