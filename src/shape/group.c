/* group.c - group_by: the groups, then each aggregate as a column. Facts that several aggregates of a column need are
 * gathered once. */
#include "group.h"

#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "group_own.h"

typedef struct group_job {
  lathe_table *table;
  lathe_groups groups;
  group_deal kept;
  const lathe_aggregate *aggregates;
  int32_t aggregate_count;
  group_want *known; /* facts, each once; room for all that the aggregates may ask for */
  atomic_bool *over; /* of the same: the sum left int64 */
  int32_t known_count;
  double **means, **squares; /* of each column of the table; NULL as long as nobody asked */
  lathe_progress *progress;
  lathe_error *error;
} group_job;

static const char *const kind_names[] = {"count",    "sum",      "mean",  "sd",   "variance", "min", "max",
                                         "quantile", "distinct", "first", "last", "any",      "all"};

/* ---- facts ---- */

enum { FACTS_EACH = 4 }; /* at most, of one aggregate */

/* Where a fact of a column (NULL: of all rows) is or will be. */
static group_want *entry(group_job *job, const lathe_column *column, const group_fact *fact) {
  for (int32_t i = 0; i < job->known_count; i++)
    if (job->known[i].column == column && job->known[i].fact == fact) return &job->known[i];
  group_want *want = &job->known[job->known_count];
  *want = (group_want){column, fact, &job->over[job->known_count], NULL};
  job->known_count++;
  return want;
}

static const void *fact_of(group_job *job, const lathe_column *column, const group_fact *fact) {
  group_want *want = entry(job, column, fact);
  if (!want->facts) lathe_groups_gather_all(&job->groups, want, 1, job->progress, job->error);
  return want->facts;
}

/* What counts and sums are made of. */
static const lathe_column *counted(const group_job *job, int32_t index) {
  const lathe_column *column = index < 0 ? NULL : lathe_table_column(job->table, index);
  return column && column->validity ? column : NULL;
}

static const group_fact *sum_fact(const lathe_column *column) {
  return column->type == LATHE_TYPE_FLOAT64 ? &group_sums_float : &group_sum_int;
}

static const group_fact *extreme_fact(const lathe_column *column, lathe_aggregate_kind kind) {
  bool most = kind == LATHE_AGGREGATE_MAX || kind == LATHE_AGGREGATE_ANY;
  return column->type == LATHE_TYPE_FLOAT64 ? (most ? &group_max_float : &group_min_float)
                                            : (most ? &group_max_int : &group_min_int);
}

/* Facts that need no other ones are gathered together. */
static bool gather_first(group_job *job) {
  for (int32_t i = 0; i < job->aggregate_count; i++) {
    const lathe_aggregate *what = &job->aggregates[i];
    const lathe_column *column = what->column < 0 ? NULL : lathe_table_column(job->table, what->column);
    switch (what->kind) {
    case LATHE_AGGREGATE_SUM:
      entry(job, column, sum_fact(column));
      continue;
    case LATHE_AGGREGATE_MEAN:
    case LATHE_AGGREGATE_SD:
    case LATHE_AGGREGATE_VARIANCE:
      entry(job, column, sum_fact(column));
      break;
    case LATHE_AGGREGATE_MIN:
    case LATHE_AGGREGATE_MAX:
    case LATHE_AGGREGATE_ANY:
    case LATHE_AGGREGATE_ALL:
      if (column->type != LATHE_TYPE_STRING) entry(job, column, extreme_fact(column, what->kind));
      break;
    case LATHE_AGGREGATE_COUNT:
    case LATHE_AGGREGATE_QUANTILE:
      break;
    case LATHE_AGGREGATE_DISTINCT:
    case LATHE_AGGREGATE_FIRST:
    case LATHE_AGGREGATE_LAST:
      continue;
    }
    entry(job, counted(job, what->column), &group_count);
  }
  return lathe_groups_gather_all(&job->groups, job->known, job->known_count, job->progress, job->error);
}

static const int64_t *counts_of(group_job *job, int32_t index) {
  return fact_of(job, counted(job, index), &group_count);
}

/* int64_t, group_sum_float, or with `*wide` __int128. */
static const void *sums_of(group_job *job, int32_t index, bool *wide) {
  const lathe_column *column = lathe_table_column(job->table, index);
  const void *sums = fact_of(job, column, sum_fact(column));
  *wide = sums && atomic_load(&job->over[entry(job, column, sum_fact(column)) - job->known]);
  return *wide ? fact_of(job, column, &group_sum_wide) : sums;
}

static __int128 whole_sum(const void *sums, bool wide, int64_t group) {
  return wide ? ((const __int128 *)sums)[group] : ((const int64_t *)sums)[group];
}

static double float_sum(const group_sum_float *sum) {
  return isfinite(sum->sum) ? sum->sum + sum->rest : sum->sum;
}

static const double *means_of(group_job *job, int32_t index) {
  if (job->means[index]) return job->means[index];
  bool wide = false;
  const int64_t *counts = counts_of(job, index);
  const void *sums = counts ? sums_of(job, index, &wide) : NULL;
  double *means = sums ? lathe_memory_raw((size_t)job->groups.count, sizeof *means, job->error) : NULL;
  if (!means) return NULL;
  bool fraction = lathe_table_column(job->table, index)->type == LATHE_TYPE_FLOAT64;
  for (int64_t i = 0; i < job->groups.count; i++)
    means[i] = (fraction ? float_sum((const group_sum_float *)sums + i) : (double)whole_sum(sums, wide, i)) /
               (double)counts[i];
  return job->means[index] = means;
}

static const double *squares_of(group_job *job, int32_t index) {
  const double *means = job->squares[index] ? NULL : means_of(job, index);
  if (means)
    job->squares[index] = lathe_groups_gather(&job->groups, lathe_table_column(job->table, index),
                                              &group_squares, means, job->progress, job->error);
  return job->squares[index];
}

/* ---- columns ---- */

/* A column of one 8-byte value for each group, missing where fewer than `least` values are there. `values` is taken. */
static lathe_column *finish(group_job *job, lathe_type type, void *values, const int64_t *counts,
                            int64_t least) {
  uint8_t *validity = NULL;
  if (values && least > 0) {
    validity = lathe_memory_new(lathe_bit_bytes(job->groups.count), 1, job->error);
    for (int64_t i = 0; validity && i < job->groups.count; i++)
      if (counts[i] >= least) lathe_bit_set(validity, i);
  }
  lathe_column *column = NULL;
  if (values && (validity || least == 0))
    column = lathe_column_new(type, job->groups.count, validity, values, NULL, NULL, job->error);
  if (column) return column;
  free(values);
  free(validity);
  return NULL;
}

static void *new_values(group_job *job) {
  return lathe_memory_raw((size_t)job->groups.count, 8, job->error);
}

static lathe_column *count_column(group_job *job, const lathe_aggregate *what) {
  const int64_t *counts = counts_of(job, what->column);
  void *values = counts ? new_values(job) : NULL;
  if (values) memcpy(values, counts, (size_t)job->groups.count * sizeof *counts);
  return finish(job, LATHE_TYPE_INT64, values, NULL, 0);
}

static int64_t first_row(const group_job *job, int64_t group) {
  int64_t at = job->groups.order ? 0 : group;
  while (job->groups.order && job->groups.order[at] != group) at++;
  return job->groups.first[at];
}

static lathe_column *sum_column(group_job *job, const lathe_aggregate *what) {
  bool wide = false;
  const void *sums = sums_of(job, what->column, &wide);
  bool fraction = lathe_table_column(job->table, what->column)->type == LATHE_TYPE_FLOAT64;
  void *values = sums ? new_values(job) : NULL;
  for (int64_t i = 0; values && i < job->groups.count; i++) {
    if (fraction) {
      ((double *)values)[i] = float_sum((const group_sum_float *)sums + i);
      continue;
    }
    __int128 sum = whole_sum(sums, wide, i);
    ((int64_t *)values)[i] = (int64_t)sum;
    if (sum == (int64_t)sum) continue;
    lathe_error_set(
        job->error, LATHE_ERROR_DATA,
        "the sum of \"%.200s\" in the group of row %lld is more than int64 holds; cast the column to float64",
        lathe_table_name(job->table, what->column), (long long)first_row(job, i) + 1);
    free(values);
    return NULL;
  }
  return finish(job, fraction ? LATHE_TYPE_FLOAT64 : LATHE_TYPE_INT64, values, NULL, 0);
}

static lathe_column *mean_column(group_job *job, const lathe_aggregate *what) {
  const double *means = means_of(job, what->column);
  void *values = means ? new_values(job) : NULL;
  if (values) memcpy(values, means, (size_t)job->groups.count * sizeof *means);
  return finish(job, LATHE_TYPE_FLOAT64, values, counts_of(job, what->column), 1);
}

static lathe_column *spread_column(group_job *job, const lathe_aggregate *what) {
  const double *squares = squares_of(job, what->column);
  const int64_t *counts = counts_of(job, what->column);
  double *values = squares && counts ? new_values(job) : NULL;
  for (int64_t i = 0; values && i < job->groups.count; i++) {
    values[i] = squares[i] / (double)(counts[i] - 1);
    if (what->kind == LATHE_AGGREGATE_SD) values[i] = sqrt(values[i]);
  }
  return finish(job, LATHE_TYPE_FLOAT64, values, counts, 2);
}

/* Codes and days are 4 bytes wide. */
static lathe_column *narrow_column(group_job *job, const lathe_column *like, const int64_t *values,
                                   const int64_t *counts) {
  int32_t *codes = lathe_memory_new((size_t)job->groups.count, sizeof *codes, job->error);
  uint8_t *validity = lathe_memory_new(lathe_bit_bytes(job->groups.count), 1, job->error);
  lathe_column *column = NULL;
  if (codes && validity) {
    for (int64_t i = 0; i < job->groups.count; i++) {
      if (counts[i] == 0) continue;
      codes[i] = (int32_t)values[i];
      lathe_bit_set(validity, i);
    }
    column =
        lathe_column_new(like->type, job->groups.count, validity, codes, NULL, like->dictionary, job->error);
  }
  if (column) return column;
  free(codes);
  free(validity);
  return NULL;
}

static lathe_column *truth_column(group_job *job, const int64_t *values, const int64_t *counts) {
  uint8_t *bits = lathe_memory_new(lathe_bit_bytes(job->groups.count), 1, job->error);
  uint8_t *validity = lathe_memory_new(lathe_bit_bytes(job->groups.count), 1, job->error);
  lathe_column *column = NULL;
  if (bits && validity) {
    for (int64_t i = 0; i < job->groups.count; i++) {
      if (counts[i] == 0) continue;
      if (values[i] == 1) lathe_bit_set(bits, i);
      lathe_bit_set(validity, i);
    }
    column = lathe_column_new(LATHE_TYPE_BOOL, job->groups.count, validity, bits, NULL, NULL, job->error);
  }
  if (column) return column;
  free(bits);
  free(validity);
  return NULL;
}

static lathe_column *extreme_column(group_job *job, const lathe_aggregate *what) {
  const lathe_column *column = lathe_table_column(job->table, what->column);
  const int64_t *counts = counts_of(job, what->column);
  const int64_t *values = counts ? fact_of(job, column, extreme_fact(column, what->kind)) : NULL;
  if (!values) return NULL;
  if (column->type == LATHE_TYPE_BOOL) return truth_column(job, values, counts);
  if (lathe_column_value_bytes(column->type, 1) == 4) return narrow_column(job, column, values, counts);
  int64_t *copy = new_values(job);
  if (copy) memcpy(copy, values, (size_t)job->groups.count * sizeof *copy);
  return finish(job, column->type, copy, counts, 1);
}

/* The least or the greatest text: that of its code. */
static lathe_column *extreme_text(group_job *job, const lathe_aggregate *what) {
  lathe_column *text = NULL, *codes = NULL,
               *words = lathe_column_to_category(lathe_table_column(job->table, what->column), job->error);
  const int64_t *counts = words ? counts_of(job, what->column) : NULL;
  int64_t *values = counts ? lathe_groups_gather(&job->groups, words, extreme_fact(words, what->kind), NULL,
                                                 job->progress, job->error)
                           : NULL;
  if (values) codes = narrow_column(job, words, values, counts);
  if (codes) text = lathe_column_to_string(codes, job->error);
  free(values);
  lathe_column_release(codes);
  lathe_column_release(words);
  return text;
}

static lathe_column *quantile_column(group_job *job, const lathe_aggregate *what) {
  const int64_t *counts = counts_of(job, what->column);
  double *values = counts ? new_values(job) : NULL;
  if (values && !lathe_groups_quantiles(&job->groups, lathe_table_column(job->table, what->column), &what->at,
                                        1, values, job->progress, job->error)) {
    free(values);
    return NULL;
  }
  return finish(job, LATHE_TYPE_FLOAT64, values, counts, 1);
}

static lathe_column *distinct_column(group_job *job, const lathe_aggregate *what) {
  void *values = new_values(job);
  if (values && !lathe_groups_distinct(&job->groups, lathe_table_column(job->table, what->column), values,
                                       job->progress, job->error)) {
    free(values);
    return NULL;
  }
  return finish(job, LATHE_TYPE_INT64, values, NULL, 0);
}

static lathe_column *picked_column(group_job *job, const lathe_aggregate *what) {
  lathe_column *column = lathe_table_column(job->table, what->column);
  int64_t *rows = lathe_groups_gather(&job->groups, column,
                                      what->kind == LATHE_AGGREGATE_FIRST ? &group_first : &group_last, NULL,
                                      job->progress, job->error);
  lathe_column *result = rows ? lathe_column_take(column, rows, job->groups.count, job->error) : NULL;
  free(rows);
  return result;
}

static lathe_column *all_groups(group_job *job, const lathe_aggregate *what) {
  switch (what->kind) {
  case LATHE_AGGREGATE_COUNT:
    return count_column(job, what);
  case LATHE_AGGREGATE_SUM:
    return sum_column(job, what);
  case LATHE_AGGREGATE_MEAN:
    return mean_column(job, what);
  case LATHE_AGGREGATE_SD:
  case LATHE_AGGREGATE_VARIANCE:
    return spread_column(job, what);
  case LATHE_AGGREGATE_MIN:
  case LATHE_AGGREGATE_MAX:
  case LATHE_AGGREGATE_ANY:
  case LATHE_AGGREGATE_ALL:
    return lathe_column_type(lathe_table_column(job->table, what->column)) == LATHE_TYPE_STRING
               ? extreme_text(job, what)
               : extreme_column(job, what);
  case LATHE_AGGREGATE_QUANTILE:
    return quantile_column(job, what);
  case LATHE_AGGREGATE_DISTINCT:
    return distinct_column(job, what);
  case LATHE_AGGREGATE_FIRST:
  case LATHE_AGGREGATE_LAST:
    break;
  }
  return picked_column(job, what);
}

/* The groups that have rows, by first appearance. */
static lathe_column *aggregate_column(group_job *job, const lathe_aggregate *what) {
  lathe_column *all = all_groups(job, what);
  if (!all || !job->groups.order) return all;
  lathe_column *shown = lathe_column_take(all, job->groups.order, job->groups.shown, job->error);
  lathe_column_release(all);
  return shown;
}

/* ---- the whole ---- */

static bool check_aggregate(const group_job *job, const lathe_aggregate *what) {
  if ((unsigned)what->kind >= sizeof kind_names / sizeof *kind_names)
    return lathe_error_set(job->error, LATHE_ERROR_ARGUMENT, "there is no aggregate number %d",
                           (int)what->kind);
  if (what->column < 0 && what->kind == LATHE_AGGREGATE_COUNT) return true;
  if (what->column < 0 || what->column >= lathe_table_columns(job->table))
    return lathe_error_set(job->error, LATHE_ERROR_ARGUMENT, "there is no column number %d",
                           what->column + 1);
  const char *name = lathe_table_name(job->table, what->column);
  lathe_type type = lathe_column_type(lathe_table_column(job->table, what->column));
  bool number = type == LATHE_TYPE_BOOL || type == LATHE_TYPE_INT64 || type == LATHE_TYPE_FLOAT64;
  switch (what->kind) {
  case LATHE_AGGREGATE_QUANTILE:
    if (!(what->at >= 0 && what->at <= 1))
      return lathe_error_set(job->error, LATHE_ERROR_ARGUMENT, "a quantile lies between 0 and 1, not at %g",
                             what->at);
    break;
  case LATHE_AGGREGATE_ANY:
  case LATHE_AGGREGATE_ALL:
    number = type == LATHE_TYPE_BOOL;
    break;
  case LATHE_AGGREGATE_SUM:
  case LATHE_AGGREGATE_MEAN:
  case LATHE_AGGREGATE_SD:
  case LATHE_AGGREGATE_VARIANCE:
    break;
  case LATHE_AGGREGATE_COUNT:
  case LATHE_AGGREGATE_MIN:
  case LATHE_AGGREGATE_MAX:
  case LATHE_AGGREGATE_DISTINCT:
  case LATHE_AGGREGATE_FIRST:
  case LATHE_AGGREGATE_LAST:
    return true;
  }
  return number || lathe_error_set(
                       job->error, LATHE_ERROR_ARGUMENT,
                       "%s of \"%.200s\" makes no sense: it is a %s column; take count, distinct, min, max, "
                       "first or last, or cast it",
                       kind_names[what->kind], name, lathe_type_name(type));
}

static lathe_table *assemble(group_job *job, const int32_t *columns, int32_t count) {
  int32_t total = count + job->aggregate_count;
  const char **names = lathe_memory_new((size_t)total, sizeof *names, job->error);
  lathe_column **made = lathe_memory_new((size_t)total, sizeof *made, job->error);
  bool fine = names && made;
  for (int32_t i = 0; i < total && fine; i++) {
    const lathe_aggregate *what = i < count ? NULL : &job->aggregates[i - count];
    names[i] = what ? what->name : lathe_table_name(job->table, columns[i]);
    made[i] = what ? aggregate_column(job, what)
                   : lathe_column_take(lathe_table_column(job->table, columns[i]), job->groups.first,
                                       job->groups.shown, job->error);
    fine = made[i] != NULL;
  }
  lathe_table *result = fine ? lathe_table_new(total, names, made, job->error) : NULL;
  for (int32_t i = 0; made && i < total; i++) lathe_column_release(made[i]);
  free(made);
  free(names);
  return result;
}

static bool make_groups(group_job *job, const int32_t *columns, int32_t count, bool drop_missing) {
  if (count > 0)
    return lathe_groups_make(&job->groups, job->table, columns, count, drop_missing, false, job->progress,
                             job->error);
  int64_t rows = lathe_table_rows(job->table); /* one group, also of no rows */
  job->groups = (lathe_groups){.rows = rows, .count = 1, .shown = 1};
  job->groups.ids = lathe_memory_new((size_t)rows, sizeof(uint32_t), job->error);
  job->groups.first = lathe_memory_new(1, sizeof(int64_t), job->error);
  return job->groups.ids && job->groups.first;
}

static bool open_job(group_job *job) {
  size_t columns = (size_t)lathe_table_columns(job->table), facts = (size_t)job->aggregate_count * FACTS_EACH;
  job->means = lathe_memory_new(columns, sizeof *job->means, job->error);
  job->squares = lathe_memory_new(columns, sizeof *job->squares, job->error);
  job->known = lathe_memory_new(facts, sizeof *job->known, job->error);
  job->over = lathe_memory_new(facts, sizeof *job->over, job->error);
  return job->means && job->squares && job->known && job->over;
}

static void close_job(group_job *job) {
  for (int32_t i = 0; i < lathe_table_columns(job->table); i++) {
    if (job->means) free(job->means[i]);
    if (job->squares) free(job->squares[i]);
  }
  for (int32_t i = 0; i < job->known_count; i++) free(job->known[i].facts);
  free(job->means);
  free(job->squares);
  free(job->known);
  free((void *)job->over);
  lathe_groups_deal_free(&job->kept);
  lathe_groups_free(&job->groups);
}

lathe_table *lathe_table_group(lathe_table *table, const int32_t *columns, int32_t count,
                               const lathe_aggregate *aggregates, int32_t aggregate_count, bool drop_missing,
                               lathe_progress *progress, lathe_error *error) {
  group_job job = {.table = table,
                   .aggregates = aggregates,
                   .aggregate_count = aggregate_count,
                   .progress = progress,
                   .error = error};
  lathe_table *result = NULL;
  bool fine = true;
  for (int32_t i = 0; i < aggregate_count && fine; i++) fine = check_aggregate(&job, &aggregates[i]);
  if (!fine) return NULL;
  lathe_progress_begin(progress, "group", 0);
  if (open_job(&job) && make_groups(&job, columns, count, drop_missing)) {
    job.groups.kept = &job.kept;
    if (gather_first(&job)) result = assemble(&job, columns, count);
  }
  close_job(&job);
  lathe_progress_end(progress);
  return result;
}
