/* join_asof.c - beside each row the nearest one of another table: its rows are put in the order of `on`, gathered by the
 * columns `by`, and searched by halving. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "group_own.h"
#include "join_own.h"
#include "sort.h"

enum { CHUNK = 65536 };

typedef struct asof_job {
  const lathe_asof_options *options;
  const lathe_column *left_on, *right_on;
  bool whole;         /* both `on` are integers of some kind */
  double unit;        /* that many of them are one of the tolerance's */
  const uint32_t *at; /* (left rows) the group of each, or NONE */
  int64_t left_rows;
  group_list list; /* places in `order`, by group */
  int64_t *order;  /* right rows in the order of `on` */
  int64_t *pairs;  /* (left rows) */
  _Atomic uint8_t *met;
  int64_t *alone; /* (chunks) */
} asof_job;

static int64_t whole_at(const lathe_column *column, int64_t row) {
  return column->type == LATHE_TYPE_DATE ? ((const int32_t *)column->values)[row]
                                         : ((const int64_t *)column->values)[row];
}

/* Below 0, 0, above 0 as the right row is earlier, equal, later than the left one. */
static int order_of(const asof_job *job, int64_t right, int64_t left) {
  if (job->whole) {
    int64_t a = whole_at(job->right_on, right), b = whole_at(job->left_on, left);
    return (a > b) - (a < b);
  }
  double a = lathe_column_number(job->right_on, right), b = lathe_column_number(job->left_on, left);
  return (a > b) - (a < b);
}

static double apart(const asof_job *job, int64_t right, int64_t left) {
  if (!job->whole)
    return fabs(lathe_column_number(job->right_on, right) - lathe_column_number(job->left_on, left));
  int64_t a = whole_at(job->right_on, right), b = whole_at(job->left_on, left);
  uint64_t units = a > b ? (uint64_t)a - (uint64_t)b : (uint64_t)b - (uint64_t)a;
  return (double)units / job->unit;
}

static int64_t right_row(const asof_job *job, int64_t place) {
  return job->order[job->list.rows[place]];
}

/* The first place of the group whose row is not earlier (`above`: is later) than the left row. */
static int64_t find(const asof_job *job, int64_t begin, int64_t end, int64_t left, bool above) {
  while (begin < end) {
    int64_t half = begin + (end - begin) / 2;
    int order = order_of(job, right_row(job, half), left);
    if (above ? order <= 0 : order < 0)
      begin = half + 1;
    else
      end = half;
  }
  return begin;
}

static int64_t partner(const asof_job *job, int64_t left) {
  uint32_t group = job->at[left];
  if (group == LATHE_ROW_NONE || !lathe_column_present(job->left_on, left)) return -1;
  if (!job->whole && isnan(lathe_column_number(job->left_on, left))) return -1;
  int64_t begin = job->list.starts[group], end = job->list.starts[group + 1];
  bool strict = job->options->strict;
  int64_t before = -1, after = -1;
  if (job->options->direction != LATHE_ASOF_FORWARD) {
    int64_t place = find(job, begin, end, left, !strict);
    if (place > begin) before = right_row(job, place - 1);
  }
  if (job->options->direction != LATHE_ASOF_BACKWARD) {
    int64_t place = find(job, begin, end, left, strict);
    if (place < end) after = right_row(job, place);
  }
  if (before >= 0 && apart(job, before, left) > job->options->tolerance) before = -1;
  if (after >= 0 && apart(job, after, left) > job->options->tolerance) after = -1;
  if (before < 0 || after < 0) return before < 0 ? after : before;
  return apart(job, after, left) < apart(job, before, left) ? after : before;
}

static bool asof_chunk(void *context, int64_t chunk, lathe_error *error) {
  asof_job *job = context;
  int64_t begin = chunk * CHUNK, end = begin + CHUNK < job->left_rows ? begin + CHUNK : job->left_rows;
  (void)error;
  for (int64_t row = begin; row < end; row++) {
    job->pairs[row] = partner(job, row);
    if (job->pairs[row] >= 0)
      job->met[job->pairs[row]] = 1;
    else
      job->alone[chunk]++;
  }
  return true;
}

static bool check_types(asof_job *job, const lathe_table *left, const lathe_table *right,
                        lathe_error *error) {
  lathe_type a = job->left_on->type, b = job->right_on->type;
  const char *names[] = {lathe_table_name(left, job->options->left_on),
                         lathe_table_name(right, job->options->right_on)};
  bool numbers = (a == LATHE_TYPE_INT64 || a == LATHE_TYPE_FLOAT64) &&
                 (b == LATHE_TYPE_INT64 || b == LATHE_TYPE_FLOAT64);
  bool times = a == b && (a == LATHE_TYPE_DATE || a == LATHE_TYPE_TIMESTAMP);
  if (!numbers && !times)
    return lathe_error_set(error, LATHE_ERROR_ARGUMENT,
                           "the nearest row is found by two numbers, dates or timestamps; \"%.200s\" is %s "
                           "and \"%.200s\" of the "
                           "other table is %s; cast one of them",
                           names[0], lathe_type_name(a), names[1], lathe_type_name(b));
  if (!(job->options->tolerance >= 0))
    return lathe_error_set(error, LATHE_ERROR_ARGUMENT, "a tolerance is a number from 0, not %g",
                           job->options->tolerance);
  job->whole = a != LATHE_TYPE_FLOAT64 && b != LATHE_TYPE_FLOAT64;
  job->unit = a == LATHE_TYPE_TIMESTAMP ? 1e6 : 1;
  return true;
}

/* Right rows in the order of `on`, by group; those without `on` are in none. */
static bool list_right(asof_job *job, const uint32_t *groups, int64_t count, const lathe_table *right,
                       lathe_progress *progress, lathe_error *error) {
  int64_t rows = lathe_table_rows(right);
  lathe_sort_key key = {.column = job->options->right_on};
  lathe_groups list = {.rows = rows, .count = count, .gaps = true};
  list.ids = lathe_memory_raw((size_t)rows, sizeof *list.ids, error);
  job->order = lathe_memory_raw((size_t)rows, sizeof *job->order, error);
  bool fine = list.ids && job->order && lathe_table_order(right, &key, 1, job->order, progress, error);
  for (int64_t i = 0; i < rows && fine; i++) {
    int64_t row = job->order[i];
    bool there =
        lathe_column_present(job->right_on, row) &&
        !(job->right_on->type == LATHE_TYPE_FLOAT64 && isnan(lathe_column_number(job->right_on, row)));
    list.ids[i] = there ? groups[row] : LATHE_ROW_NONE;
  }
  fine = fine && lathe_groups_list(&list, &job->list, progress, error);
  free(list.ids);
  return fine;
}

/* The groups of the rows of both tables, right ones first. */
static uint32_t *both_groups(const lathe_table *left, const int32_t *left_by, const lathe_table *right,
                             const int32_t *right_by, int32_t count, int64_t *groups,
                             lathe_progress *progress, lathe_error *error) {
  *groups = 1;
  if (count == 0)
    return lathe_memory_new((size_t)(lathe_table_rows(left) + lathe_table_rows(right)), sizeof(uint32_t),
                            error);
  lathe_row_keys keys;
  lathe_row_match match = {0};
  int64_t *first = NULL;
  if (lathe_row_keys_open(&keys, right, right_by, left, left_by, count, false, progress, error) &&
      lathe_row_match_make(&match, &keys, false, progress, error))
    first = lathe_row_match_number(&match, progress, error);
  lathe_row_keys_close(&keys);
  uint32_t *ids = match.at;
  *groups = match.distinct;
  match.at = NULL;
  lathe_row_match_free(&match);
  if (!first) free(ids);
  free(first);
  return first ? ids : NULL;
}

lathe_table *lathe_table_join_asof(const lathe_table *left, const int32_t *left_by, const lathe_table *right,
                                   const int32_t *right_by, int32_t count, const lathe_asof_options *options,
                                   lathe_join_unmatched *unmatched, lathe_progress *progress,
                                   lathe_error *error) {
  asof_job job = {.options = options, .left_rows = lathe_table_rows(left)};
  if (options->left_on < 0 || options->left_on >= lathe_table_columns(left) || options->right_on < 0 ||
      options->right_on >= lathe_table_columns(right)) {
    lathe_error_set(error, LATHE_ERROR_ARGUMENT, "a join needs a column of each table to be near in");
    return NULL;
  }
  job.left_on = lathe_table_column(left, options->left_on);
  job.right_on = lathe_table_column(right, options->right_on);
  if (!check_types(&job, left, right, error)) return NULL;
  lathe_progress_begin(progress, "join", 0);
  int64_t groups, right_rows = lathe_table_rows(right), chunks = (job.left_rows + CHUNK - 1) / CHUNK;
  lathe_join_unmatched alone = {0};
  lathe_table *result = NULL;
  uint32_t *ids = both_groups(left, left_by, right, right_by, count, &groups, progress, error);
  job.pairs = lathe_memory_raw((size_t)job.left_rows, sizeof *job.pairs, error);
  job.met = lathe_memory_new((size_t)right_rows, 1, error);
  job.alone = lathe_memory_new((size_t)chunks, sizeof *job.alone, error);
  if (ids && job.pairs && job.met && job.alone && list_right(&job, ids, groups, right, progress, error)) {
    job.at = ids + right_rows;
    if (lathe_pool_run(chunks, asof_chunk, &job, progress, error)) {
      join_pairs pairs = {NULL, job.pairs, job.left_rows};
      result = lathe_join_table(left, left_by, right, right_by, count, &pairs, JOIN_KEYS_LEFT,
                                options->suffix, progress, error);
      for (int64_t i = 0; i < chunks; i++) alone.left += job.alone[i];
      for (int64_t i = 0; i < right_rows; i++) alone.right += !job.met[i];
    }
  }
  if (unmatched) *unmatched = alone;
  free(ids);
  free(job.pairs);
  free((void *)job.met);
  free(job.alone);
  free(job.order);
  lathe_groups_list_free(&job.list);
  lathe_progress_end(progress);
  return result;
}
