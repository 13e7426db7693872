/* ranks.c - see ranks.h. */
#include "ranks.h"

#include <math.h>
#include <stdlib.h>

#include "../../base/memory.h"
#include "../../base/pool.h"

typedef struct {
  lathe_ranks *ranks;
  const lathe_tree_data *data;
  const char *const *names;
} ranking;

void lathe_ranks_free(lathe_ranks *ranks) {
  for (int32_t j = 0; j < ranks->features; j++) {
    if (ranks->low) free(ranks->low[j]);
    if (ranks->high) free(ranks->high[j]);
  }
  free(ranks->low);
  free(ranks->high);
  free(ranks->count);
  free(ranks->rank);
  *ranks = (lathe_ranks){0};
}

static bool rank_categories(const ranking *work, int32_t feature, lathe_error *error) {
  lathe_ranks *ranks = work->ranks;
  const double *x = work->data->x + (size_t)feature * (size_t)ranks->rows;
  ranks->count[feature] = ranks->categories[feature];
  if (ranks->categories[feature] > LATHE_RANKS_MOST)
    return lathe_error_set(error, LATHE_ERROR_DATA,
                           "\"%s\" has %d different texts, and a forest takes %d at most; leave it out",
                           work->names[feature], ranks->categories[feature], (int)LATHE_RANKS_MOST);
  for (int32_t r = 0; r < ranks->rows; r++)
    ranks->rank[r * ranks->step + feature] = isnan(x[r]) ? LATHE_RANKS_MISSING : (uint16_t)x[r];
  return true;
}

/* How many different values there are in the order; what is missing stands behind them. */
static int32_t count_values(const double *x, const int32_t *order, int32_t rows, int32_t *present) {
  int32_t values = 0;
  for (*present = rows; *present > 0 && isnan(x[order[*present - 1]]); --*present) continue;
  for (int32_t i = 0; i < *present; i++) values += i == 0 || x[order[i]] > x[order[i - 1]];
  return values;
}

static bool rank_numbers(const ranking *work, int32_t feature, int32_t *order, lathe_error *error) {
  lathe_ranks *ranks = work->ranks;
  const double *x = work->data->x + (size_t)feature * (size_t)ranks->rows;
  int32_t present, rank = -1, inside = 0, values = count_values(x, order, ranks->rows, &present);
  int32_t group = values <= LATHE_RANKS_MOST ? 1 : present / LATHE_RANKS_MOST + 1;
  size_t room = values <= LATHE_RANKS_MOST ? (size_t)values : LATHE_RANKS_MOST;
  double *low = ranks->low[feature] = lathe_memory_raw(room, sizeof *low, error);
  double *high = ranks->high[feature] = lathe_memory_raw(room, sizeof *high, error);
  if (!low || !high) return false;
  for (int32_t i = 0; i < present; i++) {
    double value = x[order[i]];
    if (i == 0 || (value > high[rank] && inside >= group)) {
      low[++rank] = value;
      inside = 0;
    }
    high[rank] = value;
    inside++;
    ranks->rank[order[i] * ranks->step + feature] = (uint16_t)rank;
  }
  for (int32_t i = present; i < ranks->rows; i++)
    ranks->rank[order[i] * ranks->step + feature] = LATHE_RANKS_MISSING;
  ranks->count[feature] = rank + 1;
  return true;
}

static bool rank_feature(void *context, int64_t feature, lathe_error *error) {
  const ranking *work = context;
  const lathe_tree_data *data = work->data;
  if (data->categories[feature] > 0) return rank_categories(work, (int32_t)feature, error);
  int32_t *order = lathe_memory_raw((size_t)data->rows, sizeof *order, error);
  bool fine = order != NULL;
  for (int32_t r = 0; fine && r < data->rows; r++) order[r] = r;
  fine = fine && lathe_tree_sort(data->x + (size_t)feature * (size_t)data->rows, order, data->rows, error) &&
         rank_numbers(work, (int32_t)feature, order, error);
  free(order);
  return fine;
}

bool lathe_ranks_make(lathe_ranks *ranks, const lathe_tree_data *data, const char *const *names,
                      lathe_progress *progress, lathe_error *error) {
  size_t features = (size_t)data->features;
  ranking work = {ranks, data, names};
  ranks->rows = data->rows;
  ranks->features = data->features;
  ranks->step = (data->features + 3) / 4 * 4;
  ranks->categories = data->categories;
  ranks->gaps = data->gaps;
  ranks->rank = lathe_memory_new((size_t)data->rows, (size_t)ranks->step * sizeof *ranks->rank, error);
  ranks->low = lathe_memory_new(features, sizeof *ranks->low, error);
  ranks->high = lathe_memory_new(features, sizeof *ranks->high, error);
  ranks->count = lathe_memory_new(features, sizeof *ranks->count, error);
  return ranks->rank && ranks->low && ranks->high && ranks->count &&
         lathe_pool_run(data->features, rank_feature, &work, progress, error);
}
