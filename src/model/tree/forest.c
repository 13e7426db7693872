/* forest.c - the trees of a forest: grown side by side, put together in their order, judged by the rows that each has not seen. Between
 * batches the forest is as a checkpoint has it. */
#include "forest.h"

#include <stdio.h>
#include <stdlib.h>

#include "../../base/memory.h"
#include "../../base/pool.h"
#include "../checkpoint.h"

enum { BATCH = 16, SPARE = 64, JUDGED = 4096 };

typedef struct {
  const lathe_forest_data *data;
  const lathe_forest_limits *limits;
  lathe_forest *forest;
  int32_t first, count; /* of the batch */
  lathe_trees tree[BATCH];
  double *gain;         /* (BATCH, features) */
  int64_t *splits;      /* (BATCH, features) */
  int32_t *leaf[BATCH]; /* (rows); NULL without a bag */
  _Atomic(forest_search *) spare[SPARE];
  double *loss, *counted; /* (chunks, BATCH) sums over the rows of a chunk */
  double *row_loss;       /* (rows) */
  lathe_progress *progress;
} growing;

void lathe_forest_free(lathe_forest *forest) {
  lathe_trees_free(&forest->trees);
  free(forest->gain);
  free(forest->splits);
  free(forest->curve);
  free(forest->out_of_bag);
  free(forest->out_of_bag_trees);
}

/* ---- growing ---- */

/* Memory that no other thread uses now. */
static forest_search *take_search(growing *state, lathe_error *error) {
  for (int32_t i = 0; i < SPARE; i++) {
    forest_search *search = atomic_exchange(&state->spare[i], NULL);
    if (search) return search;
  }
  return lathe_forest_search_new(state->data, state->limits, error);
}

static void give_search(growing *state, forest_search *search) {
  for (int32_t i = 0; search && i < SPARE; i++) {
    forest_search *none = NULL;
    if (atomic_compare_exchange_strong(&state->spare[i], &none, search)) return;
  }
  lathe_forest_search_free(search);
}

static bool grow_one(void *context, int64_t index, lathe_error *error) {
  growing *state = context;
  size_t features = (size_t)state->data->ranks->features, at = (size_t)index * features;
  forest_search *search = take_search(state, error);
  bool fine =
      search && forest_grow(search, state->first + (int32_t)index, &state->tree[index], state->gain + at,
                            state->splits + at, state->leaf[index], state->progress, error);
  give_search(state, search);
  if (fine) lathe_progress_add(state->progress, 1);
  return fine;
}

/* ---- out of the bag ---- */

static double loss_of(const growing *state, int32_t row) {
  const lathe_tree_data *table = state->data->table;
  const lathe_forest *forest = state->forest;
  int32_t rows = table->rows, best = 0;
  if (table->classes == 0) {
    double off = forest->out_of_bag[row] / forest->out_of_bag_trees[row] - table->target[row];
    return off * off;
  }
  for (int32_t k = 1; k < table->classes; k++)
    if (forest->out_of_bag[(size_t)k * (size_t)rows + (size_t)row] >
        forest->out_of_bag[(size_t)best * (size_t)rows + (size_t)row])
      best = k;
  return best != table->code[row];
}

/* Add what the trees of the batch predict for rows that they have not seen, and measure after each. */
static bool judge_rows(void *context, int64_t chunk, lathe_error *error) {
  (void)error;
  growing *state = context;
  const lathe_tree_data *table = state->data->table;
  lathe_forest *forest = state->forest;
  int32_t begin = (int32_t)(chunk * JUDGED), width = forest->trees.width;
  int32_t end = table->rows - begin < JUDGED ? table->rows : begin + JUDGED;
  for (int32_t t = 0; t < state->count; t++) {
    double loss = 0, counted = 0;
    for (int32_t row = begin; row < end; row++) {
      double weight = table->weight ? table->weight[row] : 1;
      int32_t place = state->leaf[t][row];
      if (place >= 0) {
        const double *value = state->tree[t].value + place;
        for (int32_t k = 0; k < width; k++)
          forest->out_of_bag[(size_t)k * (size_t)table->rows + (size_t)row] += value[k];
        forest->out_of_bag_trees[row]++;
        state->row_loss[row] = loss_of(state, row);
      }
      if (forest->out_of_bag_trees[row] == 0) continue;
      loss += weight * state->row_loss[row];
      counted += weight;
    }
    state->loss[chunk * BATCH + t] = loss;
    state->counted[chunk * BATCH + t] = counted;
  }
  return true;
}

/* Once begun it ends, for what is half added cannot be kept. */
static bool judge(growing *state, lathe_error *error) {
  int64_t chunks = (state->data->table->rows + (int64_t)JUDGED - 1) / JUDGED;
  if (!lathe_pool_run(chunks, judge_rows, state, NULL, error)) return false;
  for (int32_t t = 0; t < state->count; t++) {
    double loss = 0, counted = 0;
    for (int64_t c = 0; c < chunks; c++) {
      loss += state->loss[c * BATCH + t];
      counted += state->counted[c * BATCH + t];
    }
    state->forest->curve[state->first + t] = counted > 0 ? loss / counted : (double)NAN;
  }
  return true;
}

/* What is known after a batch, to those who watch. */
static void say(const growing *state) {
  char words[64];
  const char *name = state->limits->extra ? "extra trees" : "forest";
  int32_t last = state->first + state->count - 1;
  double loss = state->limits->bootstrap ? state->forest->curve[last] : (double)NAN;
  if (isnan(loss)) return;
  if (state->data->table->classes == 0)
    snprintf(words, sizeof words, "%s: out-of-bag RMSE %.5g", name, sqrt(loss));
  else
    snprintf(words, sizeof words, "%s: out-of-bag error %.4f", name, loss);
  lathe_progress_say(state->progress, words);
}

/* ---- the forest ---- */

/* The trees of the batch go to the forest. */
static bool keep_batch(growing *state, lathe_error *error) {
  size_t features = (size_t)state->data->ranks->features;
  lathe_forest *forest = state->forest;
  for (int32_t t = 0; t < state->count; t++) {
    const double *gain = state->gain + (size_t)t * features;
    double sum = 0;
    for (size_t j = 0; j < features; j++) sum += gain[j];
    for (size_t j = 0; j < features; j++) {
      forest->gain[j] += sum > 0 ? gain[j] / sum : 0;
      forest->splits[j] += state->splits[(size_t)t * features + j];
    }
    if (!lathe_trees_append(&forest->trees, &state->tree[t], error)) return false;
  }
  return true;
}

static bool run_batch(growing *state, lathe_error *error) {
  for (size_t i = 0; i < BATCH * (size_t)state->data->ranks->features; i++) {
    state->gain[i] = 0;
    state->splits[i] = 0;
  }
  bool fine = lathe_pool_run(state->count, grow_one, state, state->progress, error) &&
              (!state->leaf[0] || judge(state, error)) && keep_batch(state, error);
  for (int32_t t = 0; t < state->count; t++) lathe_trees_free(&state->tree[t]);
  if (fine) say(state);
  return fine;
}

static bool set_up(growing *state, lathe_error *error) {
  const lathe_tree_data *table = state->data->table;
  lathe_forest *forest = state->forest;
  size_t features = (size_t)state->data->ranks->features, rows = (size_t)table->rows;
  size_t width = table->classes > 0 ? (size_t)table->classes : 1;
  size_t chunks = (rows + JUDGED - 1) / JUDGED;
  bool bag = state->limits->bootstrap, fine = true;
  if (width > 64 && rows * width > (size_t)1 << 26)
    return lathe_error_set(
        error, LATHE_ERROR_DATA,
        "%zu rows of %zu classes are too much for a forest, whose leaves have a share for each "
        "class; join the rare classes, or take lathe.tree",
        rows, width);
  forest->trees.width = (int32_t)width;
  forest->gain = lathe_memory_new(features, sizeof(double), error);
  forest->splits = lathe_memory_new(features, sizeof(int64_t), error);
  state->gain = lathe_memory_raw(BATCH * features, sizeof(double), error);
  state->splits = lathe_memory_raw(BATCH * features, sizeof(int64_t), error);
  for (int32_t t = 0; t < BATCH; t++) state->tree[t].width = (int32_t)width;
  if (bag) {
    forest->curve = lathe_memory_raw((size_t)state->limits->trees, sizeof(double), error);
    forest->out_of_bag = lathe_memory_new(width * rows, sizeof(double), error);
    forest->out_of_bag_trees = lathe_memory_new(rows, sizeof(int32_t), error);
    state->row_loss = lathe_memory_new(rows, sizeof(double), error);
    state->loss = lathe_memory_raw(chunks * BATCH, sizeof(double), error);
    state->counted = lathe_memory_raw(chunks * BATCH, sizeof(double), error);
    fine = forest->curve && forest->out_of_bag && forest->out_of_bag_trees && state->row_loss &&
           state->loss && state->counted;
    for (int32_t t = 0; fine && t < BATCH; t++)
      fine = (state->leaf[t] = lathe_memory_raw(rows, sizeof(int32_t), error)) != NULL;
  }
  return fine && forest->gain && forest->splits && state->gain && state->splits;
}

/* How many trees the batch from `first` on has: none that is beyond the next checkpoint. */
static int32_t batch_size(const lathe_forest_limits *limits, int32_t first) {
  int32_t count = limits->trees - first, every = limits->checkpoint_every;
  if (limits->checkpoint && every - first % every < count) count = every - first % every;
  return count < BATCH ? count : BATCH;
}

static bool grow_all(growing *state, lathe_error *error) {
  const lathe_forest_limits *limits = state->limits;
  lathe_forest *forest = state->forest;
  if (!lathe_forest_checkpoint_read(forest, state->data, limits, error)) return false;
  state->first = forest->trees.trees;
  lathe_progress_add(state->progress, state->first);
  for (int32_t row = 0; state->row_loss && row < state->data->table->rows; row++)
    if (forest->out_of_bag_trees[row] > 0) state->row_loss[row] = loss_of(state, row);
  while (state->first < limits->trees) {
    state->count = batch_size(limits, state->first);
    if (!run_batch(state, error)) return false;
    state->first += state->count;
    if (limits->checkpoint && state->first < limits->trees && state->first % limits->checkpoint_every == 0 &&
        !lathe_forest_checkpoint_write(forest, state->data, limits, error))
      return false;
  }
  return true;
}

/* Somebody cancelled it: keep the whole trees, and say so. */
static void stop(const growing *state, lathe_error *problem) {
  const lathe_forest_limits *limits = state->limits;
  int32_t done = state->forest->trees.trees;
  lathe_error written = {0};
  if (limits->checkpoint && done > 0 &&
      !lathe_forest_checkpoint_write(state->forest, state->data, limits, &written))
    *problem = written;
  else
    lathe_checkpoint_stopped(problem, "forest", limits->checkpoint, done, limits->trees, "trees", true);
}

bool lathe_forest_grow(const lathe_forest_data *data, const lathe_forest_limits *limits, lathe_forest *forest,
                       lathe_progress *progress, lathe_error *error) {
  growing state = {.data = data, .limits = limits, .forest = forest, .progress = progress};
  lathe_error problem = {0};
  bool fine = set_up(&state, &problem) && grow_all(&state, &problem);
  if (!fine && problem.code == LATHE_ERROR_CANCELLED) stop(&state, &problem);
  if (!fine && error) *error = problem;
  for (int32_t i = 0; i < SPARE; i++) lathe_forest_search_free(state.spare[i]);
  for (int32_t t = 0; t < BATCH; t++) {
    lathe_trees_free(&state.tree[t]);
    free(state.leaf[t]);
  }
  free(state.gain);
  free(state.splits);
  free(state.row_loss);
  free(state.loss);
  free(state.counted);
  return fine;
}
