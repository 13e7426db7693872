/* group_order.c - facts about groups that need all their values at once: quantiles by selection, distinct values by
 * keys. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "group_own.h"

enum { PART_BITS = 9, SMALL = 24 };

static void sort_few(double *values, int64_t count) {
  for (int64_t i = 1; i < count; i++) {
    double value = values[i];
    int64_t at = i;
    for (; at > 0 && values[at - 1] > value; at--) values[at] = values[at - 1];
    values[at] = value;
  }
}

/* Those below the pivot (or, with `equal`, not above it) to the front, without a branch; how many. */
static int64_t cut(double *values, int64_t count, double pivot, bool equal) {
  int64_t front = 0;
  for (int64_t i = 0; i < count; i++) {
    double value = values[i];
    values[i] = values[front];
    values[front] = value;
    front += equal ? value <= pivot : value < pivot;
  }
  return front;
}

static double middle(double a, double b, double c) {
  return a < b ? (b < c ? b : a < c ? c : a) : (a < c ? a : b < c ? c : b);
}

/* The value that sorting would put at `place`; those before it are not greater afterwards, those behind not less. Pivots
 * come from places that a counter scatters, so that no order of the values is a bad one. No NaN. */
static double choose(double *values, int64_t count, int64_t place) {
  uint64_t turn = 0;
  while (count > SMALL) {
    double picks[9];
    for (int i = 0; i < 9; i++) picks[i] = values[lathe_mix(++turn) % (uint64_t)count];
    double pivot = middle(middle(picks[0], picks[1], picks[2]), middle(picks[3], picks[4], picks[5]),
                          middle(picks[6], picks[7], picks[8]));
    int64_t below = cut(values, count, pivot, false);
    if (place < below) {
      count = below;
      continue;
    }
    values += below, count -= below, place -= below;
    int64_t equal = cut(values, count, pivot, true);
    if (place < equal) return pivot;
    values += equal, count -= equal, place -= equal;
  }
  sort_few(values, count);
  return values[place];
}

/* Linear between the two values around (count - 1) * at: Hyndman and Fan's type 7. The values change places. */
static double quantile(double *values, int64_t count, double at) {
  if (count == 0) return NAN;
  double place = (double)(count - 1) * at;
  int64_t below = (int64_t)place;
  if (below >= count - 1) below = count - 1;
  double part = place - (double)below, low = choose(values, count, below);
  if (part == 0 || below == count - 1) return low;
  double high = values[below + 1];
  for (int64_t i = below + 2; i < count; i++) high = values[i] < high ? values[i] : high;
  if (low == high) return low;
  if (part == 0.5) return low / 2 + high / 2;
  return low + (high - low) * part;
}

typedef struct quantile_job {
  const lathe_groups *groups;
  const group_deal *deal;
  const double *at;
  int32_t count;
  double *out; /* (count, groups) */
} quantile_job;

static void group_quantiles(const quantile_job *job, int64_t group, double *values, int64_t count) {
  bool nan = false;
  for (int64_t i = 0; i < count; i++) nan |= values[i] != values[i];
  for (int32_t q = 0; q < job->count; q++)
    job->out[q * job->groups->count + group] = nan ? NAN : quantile(values, count, job->at[q]);
}

static bool quantile_part(void *context, int64_t part, lathe_error *error) {
  quantile_job *job = context;
  const group_deal *deal = job->deal;
  int64_t begin = deal->starts[part], count = deal->starts[part + 1] - begin;
  double *values = (double *)(deal->values + begin);
  if (deal->shift == 0) {
    group_quantiles(job, part, values, count);
    return true;
  }
  int64_t least = part << deal->shift, groups = (int64_t)1 << deal->shift;
  if (least + groups > job->groups->count) groups = job->groups->count - least;
  int64_t *ends = lathe_memory_new((size_t)groups + 1, sizeof *ends, error);
  double *sorted = lathe_memory_raw((size_t)count, sizeof *sorted, error);
  if (ends && sorted) {
    for (int64_t i = 0; i < count; i++) ends[deal->ids[begin + i] - least + 1]++;
    for (int64_t i = 0; i < groups; i++) ends[i + 1] += ends[i];
    for (int64_t i = 0; i < count; i++) sorted[ends[deal->ids[begin + i] - least]++] = values[i];
    for (int64_t i = 0, from = 0; i < groups; from = ends[i++])
      group_quantiles(job, least + i, sorted + from, ends[i] - from);
  }
  bool fine = ends && sorted;
  free(ends);
  free(sorted);
  return fine;
}

bool lathe_groups_quantiles(const lathe_groups *groups, const lathe_column *column, const double *at,
                            int32_t count, double *out, lathe_progress *progress, lathe_error *error) {
  group_deal deal = {0};
  int32_t shift = lathe_groups_bits(groups) - PART_BITS;
  if (!lathe_groups_deal(groups, column, LOAD_DOUBLE, shift < 0 ? 0 : shift, &deal, progress, error))
    return false;
  quantile_job job = {groups, &deal, at, count, out};
  bool fine = lathe_pool_run(deal.parts, quantile_part, &job, progress, error);
  lathe_groups_deal_free(&deal);
  return fine;
}

/* The groups as a column of numbers of 32 bits, the only such type being DATE. */
static lathe_column *ids_column(const lathe_groups *groups, lathe_error *error) {
  uint32_t *ids = lathe_memory_raw((size_t)groups->rows, sizeof *ids, error);
  uint8_t *validity = groups->gaps ? lathe_memory_new(lathe_bit_bytes(groups->rows), 1, error) : NULL;
  lathe_column *column = NULL;
  if (ids && (validity || !groups->gaps)) {
    memcpy(ids, groups->ids, (size_t)groups->rows * sizeof *ids);
    for (int64_t row = 0; row < groups->rows && validity; row++)
      if (ids[row] != LATHE_ROW_NONE) lathe_bit_set(validity, row);
    column = lathe_column_new(LATHE_TYPE_DATE, groups->rows, validity, ids, NULL, NULL, error);
  }
  if (column) return column;
  free(ids);
  free(validity);
  return NULL;
}

bool lathe_groups_distinct(const lathe_groups *groups, lathe_column *column, int64_t *out,
                           lathe_progress *progress, lathe_error *error) {
  lathe_column *pair[] = {ids_column(groups, error), column};
  const char *names[] = {"group", "value"};
  lathe_table *table = pair[0] ? lathe_table_new(2, names, pair, error) : NULL;
  lathe_row_keys keys = {0};
  lathe_row_match match = {0};
  int64_t *rows = NULL;
  if (table && lathe_row_keys_open(&keys, table, NULL, NULL, NULL, 0, false, progress, error) &&
      lathe_row_match_make(&match, &keys, false, progress, error))
    rows = lathe_row_match_list(&match, progress, error);
  if (rows) {
    memset(out, 0, (size_t)groups->count * sizeof *out);
    for (int64_t i = 0; i < match.distinct; i++) out[groups->ids[rows[i]]]++;
  }
  bool fine = rows != NULL;
  free(rows);
  lathe_row_match_free(&match);
  lathe_row_keys_close(&keys);
  lathe_table_release(table);
  lathe_column_release(pair[0]);
  return fine;
}

/* ---- the rows of each group ---- */

typedef struct list_job {
  const lathe_groups *groups;
  const group_deal *deal;
  group_list *list;
} list_job;

static bool list_part(void *context, int64_t part, lathe_error *error) {
  list_job *job = context;
  const group_deal *deal = job->deal;
  int64_t least = part << deal->shift, most = (part + 1) << deal->shift, *starts = job->list->starts;
  if (most > job->groups->count) most = job->groups->count;
  int64_t *places = lathe_memory_new((size_t)(most - least) + 1, sizeof *places, error);
  if (!places) return false;
  for (int64_t i = deal->starts[part]; i < deal->starts[part + 1]; i++) places[deal->ids[i] - least + 1]++;
  places[0] = deal->starts[part];
  for (int64_t i = 0; i < most - least; i++) starts[least + i] = places[i + 1] += places[i];
  for (int64_t i = deal->starts[part]; i < deal->starts[part + 1]; i++)
    job->list->rows[places[deal->ids[i] - least]++] = (uint32_t)deal->values[i];
  free(places);
  return true;
}

bool lathe_groups_list(const lathe_groups *groups, group_list *list, lathe_progress *progress,
                       lathe_error *error) {
  group_deal deal = {0};
  int32_t shift = lathe_groups_bits(groups) - PART_BITS;
  if (!lathe_groups_deal(groups, NULL, LOAD_ROW, shift < 0 ? 0 : shift, &deal, progress, error)) return false;
  list->starts = lathe_memory_new((size_t)groups->count + 1, sizeof *list->starts, error);
  list->rows = lathe_memory_raw((size_t)deal.starts[deal.parts], sizeof *list->rows, error);
  list_job job = {groups, &deal, list};
  bool fine = list->starts && list->rows;
  if (fine) {
    /* each part writes the ends of its groups behind the 0 that `starts` begins with */
    list->starts++;
    fine = lathe_pool_run(deal.parts, list_part, &job, progress, error);
    list->starts--;
  }
  lathe_groups_deal_free(&deal);
  if (!fine) lathe_groups_list_free(list);
  return fine;
}

void lathe_groups_list_free(group_list *list) {
  free(list->starts);
  free(list->rows);
  *list = (group_list){0};
}
