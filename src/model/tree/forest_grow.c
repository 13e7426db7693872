/* forest_grow.c - one tree of a forest, depth first, so that the rows of a small node stay in the processor's cache. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../../base/memory.h"
#include "forest.h"

enum { MOST_VALUES = 1 << 26 };

typedef struct {
  int32_t node, depth;
  int32_t begin, end;         /* rows in the bag */
  int32_t out_begin, out_end; /* rows out of it */
} task;

typedef struct {
  forest_search *search;
  lathe_trees *tree;
  forest_row *row, *scratch; /* (rows) in the bag */
  int32_t *out;              /* (rows) out of the bag */
  int32_t outs, rows;
  int32_t *out_scratch, *pool;
  uint32_t *set;
  double *value, *gain;
  int64_t *splits;
  int32_t *leaf;
  task *task;
  int32_t tasks, room;
} growing;

/* ---- the bag ---- */

static void fill(growing *state, const int32_t *times) {
  const lathe_forest_data *data = state->search->data;
  const lathe_tree_data *table = data->table;
  state->rows = state->outs = 0;
  for (int32_t r = 0; r < table->rows; r++) {
    int32_t many = times ? times[r] : 1;
    double weight = many * (table->weight ? table->weight[r] : 1);
    if (many == 0 && state->leaf) state->out[state->outs++] = r;
    if (weight > 0)
      state->row[state->rows++] =
          (forest_row){r, table->classes > 0 ? table->code[r] : 0, weight,
                       table->classes > 0 ? table->code[r] == 1 : table->centred[r] * data->unit};
  }
}

/* Draw the rows of the bag; when none of them has a weight, all are taken. */
static bool draw_bag(growing *state, lathe_error *error) {
  forest_search *search = state->search;
  const lathe_forest_limits *limits = search->limits;
  int32_t rows = search->data->table->rows;
  if (!limits->bootstrap) {
    fill(state, NULL);
    return true;
  }
  int32_t *times = lathe_memory_new((size_t)rows, sizeof *times, error);
  if (!times) return false;
  for (int32_t i = 0; i < limits->draws; i++) times[lathe_random_below(&search->random, (uint64_t)rows)]++;
  fill(state, times);
  if (state->rows == 0) fill(state, NULL);
  free(times);
  return true;
}

/* ---- nodes ---- */

static bool push(growing *state, task one, lathe_error *error) {
  if (state->tasks == state->room) {
    int64_t room = 2 * (int64_t)state->room + 64;
    if (!lathe_memory_resize((void **)&state->task, (size_t)room, sizeof *state->task, error)) return false;
    state->room = (int32_t)room;
  }
  state->task[state->tasks++] = one;
  return true;
}

static bool is_pure(const growing *state, const task *one) {
  const forest_row *row = state->row + one->begin;
  bool classes = state->search->data->table->classes > 0;
  for (int32_t i = 1; i < one->end - one->begin; i++)
    if (classes ? row[i].code != row[0].code : row[i].y != row[0].y) return false;
  return true;
}

static bool may_split(const growing *state, const task *one) {
  const lathe_forest_limits *limits = state->search->limits;
  int32_t rows = one->end - one->begin;
  return rows >= limits->min_split && rows >= 2 * (int64_t)limits->min_leaf &&
         (limits->max_depth == 0 || one->depth < limits->max_depth) && !is_pure(state, one);
}

static bool make_leaf(growing *state, const task *one, lathe_error *error) {
  const lathe_tree_data *table = state->search->data->table;
  const forest_row *row = state->row;
  double weight = 0, sum = 0;
  for (int32_t k = 0; k < table->classes; k++) state->value[k] = 0;
  for (int32_t i = one->begin; i < one->end; i++) {
    weight += row[i].weight;
    if (table->classes > 0)
      state->value[row[i].code] += row[i].weight;
    else
      sum += row[i].weight * (table->target[row[i].row] - table->target[row[one->begin].row]);
  }
  for (int32_t k = 0; k < table->classes; k++) state->value[k] /= weight;
  if (table->classes == 0) state->value[0] = table->target[row[one->begin].row] + sum / weight;
  if (!lathe_trees_leaf(state->tree, one->node, state->value, error)) return false;
  if (state->tree->values > MOST_VALUES)
    return lathe_error_set(
        error, LATHE_ERROR_DATA,
        "the leaves of one tree have the shares of %d classes each, which is too much; grow "
        "smaller trees (max_depth, min_samples_leaf)",
        table->classes);
  for (int32_t i = one->out_begin; i < one->out_end; i++)
    state->leaf[state->out[i]] = state->tree->left[one->node];
  return true;
}

/* The categories of the node that go left; those that it has not go with what is missing. */
static void mark_set(growing *state, const task *one, const forest_split *split) {
  const forest_search *search = state->search;
  int32_t words = search->data->ranks->categories[split->feature] / 32 + 1;
  const uint16_t *key = search->key[FOREST_KEYS];
  memset(state->set, split->missing_left ? 255 : 0, (size_t)words * sizeof *state->set);
  for (int32_t i = 0; i < one->end - one->begin; i++) {
    if (key[i] == LATHE_RANKS_MISSING) continue;
    uint32_t bit = 1u << (key[i] % 32);
    if (search->best_order[key[i]] <= split->cut)
      state->set[key[i] / 32] |= bit;
    else
      state->set[key[i] / 32] &= ~bit;
  }
  int32_t over = search->data->ranks->categories[split->feature] % 32;
  state->set[words - 1] &= over ? (1u << over) - 1 : 0;
}

static inline bool goes_left(const growing *state, const forest_split *split, bool category, uint16_t key) {
  if (key == LATHE_RANKS_MISSING) return split->missing_left;
  return category ? state->set[key / 32] >> (key % 32) & 1 : key <= split->cut;
}

/* Rows of the left side first, in their order; gives how many. */
static int32_t divide(growing *state, const task *one, const forest_split *split, bool category) {
  const uint16_t *key = state->search->key[FOREST_KEYS];
  forest_row *row = state->row + one->begin;
  int32_t left = 0, right = 0, rows = one->end - one->begin;
  for (int32_t i = 0; i < rows; i++) {
    bool goes = goes_left(state, split, category, key[i]);
    forest_row kept = row[i];
    row[left] = kept;
    state->scratch[right] = kept;
    left += goes;
    right += !goes;
  }
  memcpy(row + left, state->scratch, (size_t)right * sizeof *row);
  return left;
}

static int32_t divide_out(growing *state, const task *one, const forest_split *split, bool category) {
  const lathe_ranks *ranks = state->search->data->ranks;
  int32_t *out = state->out + one->out_begin, left = 0, right = 0, rows = one->out_end - one->out_begin;
  for (int32_t i = 0; i < rows; i++) {
    int32_t row = out[i];
    bool goes = goes_left(state, split, category, ranks->rank[row * ranks->step + split->feature]);
    out[left] = row;
    state->out_scratch[right] = row;
    left += goes;
    right += !goes;
  }
  if (right > 0) memcpy(out + left, state->out_scratch, (size_t)right * sizeof *out);
  return left;
}

static double threshold_of(const lathe_ranks *ranks, const forest_split *split) {
  if (!isnan(split->threshold)) return split->threshold;
  return split->next < 0 ? INFINITY
                         : lathe_tree_between(ranks->high[split->feature][split->cut],
                                              ranks->low[split->feature][split->next]);
}

/* A side for what is missing where nothing was: that with more rows. */
static void choose_side(const growing *state, const task *one, forest_split *split, bool category) {
  const forest_search *search = state->search;
  const uint16_t *key = search->key[FOREST_KEYS];
  int32_t left = 0, rows = one->end - one->begin;
  for (int32_t i = 0; i < rows; i++) {
    if (key[i] == LATHE_RANKS_MISSING) return;
    left += (category ? search->best_order[key[i]] : key[i]) <= split->cut;
  }
  split->missing_left = 2 * (int64_t)left > rows;
}

static bool split_node(growing *state, const task *one, forest_split *split, lathe_error *error) {
  const lathe_ranks *ranks = state->search->data->ranks;
  int32_t categories = ranks->categories[split->feature], left;
  choose_side(state, one, split, categories > 0);
  if (categories > 0) {
    mark_set(state, one, split);
    left = lathe_trees_split_set(state->tree, one->node, split->feature, state->set, categories / 32 + 1,
                                 split->missing_left, error);
  } else {
    left = lathe_trees_split(state->tree, one->node, split->feature, threshold_of(ranks, split),
                             split->missing_left, error);
  }
  if (left < 0) return false;
  state->gain[split->feature] += split->gain;
  state->splits[split->feature]++;
  int32_t middle = one->begin + divide(state, one, split, categories > 0);
  int32_t out_middle = one->out_begin + divide_out(state, one, split, categories > 0);
  return push(state, (task){left + 1, one->depth + 1, middle, one->end, out_middle, one->out_end}, error) &&
         push(state, (task){left, one->depth + 1, one->begin, middle, one->out_begin, out_middle}, error);
}

static bool run(growing *state, lathe_progress *progress, lathe_error *error) {
  int64_t work = 0;
  while (state->tasks > 0) {
    task one = state->task[--state->tasks];
    forest_split split = {.gain = -1};
    work += one.end - one.begin + 16;
    if (work > 1 << 16) {
      work = 0;
      if (!lathe_progress_check(progress, error)) return false;
    }
    if (may_split(state, &one))
      lathe_forest_search_node(state->search, state->row + one.begin, one.end - one.begin, state->pool,
                               &split);
    if (!(split.gain < 0 ? make_leaf(state, &one, error) : split_node(state, &one, &split, error)))
      return false;
  }
  return true;
}

static bool set_up(growing *state, lathe_error *error) {
  const lathe_ranks *ranks = state->search->data->ranks;
  size_t rows = (size_t)ranks->rows, features = (size_t)ranks->features;
  int32_t most = 0;
  for (int32_t j = 0; j < ranks->features; j++)
    if (ranks->categories[j] > most) most = ranks->categories[j];
  state->row = lathe_memory_raw(rows, sizeof *state->row, error);
  state->scratch = lathe_memory_raw(rows, sizeof *state->scratch, error);
  state->out = lathe_memory_raw(state->leaf ? rows : 0, sizeof *state->out, error);
  state->out_scratch = lathe_memory_raw(state->leaf ? rows : 0, sizeof *state->out_scratch, error);
  state->pool = lathe_memory_raw(features, sizeof *state->pool, error);
  state->set = lathe_memory_raw((size_t)most / 32 + 1, sizeof *state->set, error);
  state->value =
      lathe_memory_raw((size_t)state->search->data->table->classes + 1, sizeof *state->value, error);
  for (int32_t j = 0; state->pool && j < ranks->features; j++) state->pool[j] = j;
  for (int32_t r = 0; state->leaf && r < ranks->rows; r++) state->leaf[r] = -1;
  return state->row && state->scratch && state->out && state->out_scratch && state->pool && state->set &&
         state->value;
}

bool forest_grow(forest_search *search, int32_t number, lathe_trees *tree, double *gain, int64_t *splits,
                 int32_t *leaf, lathe_progress *progress, lathe_error *error) {
  growing state = {.search = search, .tree = tree, .gain = gain, .splits = splits, .leaf = leaf};
  lathe_random_seed(&search->random, search->limits->seed, (uint64_t)number);
  bool fine = set_up(&state, error) && draw_bag(&state, error);
  int32_t root = fine ? lathe_trees_begin(tree, search->data->table->classes > 0 ? -1 : 0, error) : -1;
  fine = root >= 0 && push(&state, (task){root, 0, 0, state.rows, 0, state.outs}, error) &&
         run(&state, progress, error);
  free(state.row);
  free(state.scratch);
  free(state.out);
  free(state.out_scratch);
  free(state.pool);
  free(state.set);
  free(state.value);
  free(state.task);
  return fine;
}
