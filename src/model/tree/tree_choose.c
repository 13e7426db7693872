/* tree_choose.c - how far to cut a tree back, by cross-validation (Breiman et al. 1984, 11.4 and 11.5).
 *
 * The steps of the whole tree are tried at the geometric middle between a penalty and the next. A tree is grown on the rows of all folds
 * but one, and the rows of that one walk down it, further with each smaller penalty. */
#include <math.h>
#include <stdlib.h>

#include "../../base/memory.h"
#include "../../base/random.h"
#include "tree.h"

typedef struct {
  const lathe_tree_data *data;
  int32_t tries;
  double *alpha;         /* (tries) ascending */
  int32_t *step;         /* (tries) of the path */
  double *sum, *squares; /* (tries) of the errors */
  double weight;
  int32_t *fold; /* (rows) */
  int32_t *rows; /* (rows) of a fold's tree */
} choosing;

/* The tries: steps with about 7% leaves less each. */
static void choose_tries(choosing *state, const lathe_tree_path *path) {
  double wanted = INFINITY;
  for (int32_t i = 0; i < path->steps; i++) {
    if (path->leaves[i] > wanted && i + 1 < path->steps) continue;
    wanted = fmin(path->leaves[i] * 0.93, path->leaves[i] - 1);
    state->step[state->tries] = i;
    state->alpha[state->tries++] = i + 1 < path->steps ? sqrt(path->alpha[i] * path->alpha[i + 1]) : INFINITY;
  }
}

/* Rows in random order, class by class, are dealt out. */
static bool deal(choosing *state, int32_t folds, uint64_t seed, lathe_error *error) {
  const lathe_tree_data *data = state->data;
  lathe_random random;
  lathe_random_seed(&random, seed, 0);
  int32_t classes = data->classes > 0 ? data->classes : 1, next = 0;
  int32_t *place = lathe_memory_new((size_t)classes, sizeof *place, error);
  if (!place) return false;
  for (int32_t r = 0; r < data->rows; r++) state->rows[r] = r;
  for (int32_t r = data->rows - 1; r > 0; r--) {
    int32_t other = (int32_t)lathe_random_below(&random, (uint64_t)r + 1), kept = state->rows[r];
    state->rows[r] = state->rows[other];
    state->rows[other] = kept;
  }
  if (data->classes > 0) {
    for (int32_t r = 0; r < data->rows; r++) place[data->code[r]]++;
    for (int32_t k = 0; k < classes; k++) {
      int32_t many = place[k];
      place[k] = next;
      next += many;
    }
  }
  for (int32_t i = 0; i < data->rows; i++) {
    int32_t row = state->rows[i];
    state->fold[row] = (data->classes > 0 ? place[data->code[row]]++ : i) % folds;
  }
  free(place);
  return true;
}

/* What a node predicts, of classes the first of the heaviest; reckoned when it is asked for. */
static double answer_of(const lathe_tree *tree, const lathe_tree_data *data, int32_t node, int32_t *label,
                        double *share) {
  if (data->classes == 0) return tree->node[node].mean;
  if (label[node] < 0) {
    label[node] = 0;
    lathe_tree_value(tree, data, node, share);
    for (int32_t k = 1; k < data->classes; k++)
      if (share[k] > share[label[node]]) label[node] = k;
  }
  return label[node];
}

static bool judge(choosing *state, const lathe_tree *tree, int32_t fold, lathe_error *error) {
  const lathe_tree_data *data = state->data;
  int32_t *label = lathe_memory_raw((size_t)tree->count, sizeof *label, error);
  double *share = lathe_memory_raw((size_t)data->classes, sizeof *share, error);
  bool fine = label && share;
  for (int32_t i = 0; fine && i < tree->count; i++) label[i] = -1;
  for (int32_t row = 0; fine && row < data->rows; row++) {
    double weight = data->weight ? data->weight[row] : 1;
    if (state->fold[row] != fold || weight == 0) continue;
    state->weight += weight;
    int32_t node = 0;
    for (int32_t k = state->tries - 1; k >= 0; k--) {
      node = lathe_tree_find(tree, data, row, node, state->alpha[k]);
      double answer = answer_of(tree, data, node, label, share);
      double off = data->classes > 0 ? answer != data->code[row] : answer - data->target[row];
      state->sum[k] += weight * off * off;
      state->squares[k] += weight * off * off * off * off;
    }
  }
  free(label);
  free(share);
  return fine;
}

static bool run_fold(choosing *state, const lathe_tree_limits *limits, int32_t fold, lathe_progress *progress,
                     lathe_error *error) {
  int32_t count = 0;
  lathe_tree tree = {0};
  lathe_tree_path path = {0};
  for (int32_t row = 0; row < state->data->rows; row++)
    if (state->fold[row] != fold) state->rows[count++] = row;
  bool fine = lathe_tree_grow(state->data, state->rows, count, limits, &tree, progress, error) &&
              lathe_tree_prune(&tree, &path, error) && judge(state, &tree, fold, error);
  lathe_tree_path_free(&path);
  lathe_tree_free(&tree);
  return fine;
}

static int32_t pick(const choosing *state, const double *mean, const double *deviation, bool simplest) {
  int32_t best = 0, chosen;
  for (int32_t k = 1; k < state->tries; k++)
    if (mean[k] <= mean[best]) best = k;
  chosen = best;
  for (int32_t k = best + 1; simplest && k < state->tries; k++)
    if (mean[k] <= mean[best] + deviation[best]) chosen = k;
  return chosen;
}

bool lathe_tree_choose(const lathe_tree_data *data, const lathe_tree_limits *limits,
                       const lathe_tree_path *path, int32_t folds, bool simplest, uint64_t seed,
                       double *error_of, double *deviation, double *alpha, lathe_progress *progress,
                       lathe_error *error) {
  size_t steps = (size_t)path->steps;
  choosing state = {.data = data};
  state.alpha = lathe_memory_raw(steps, sizeof(double), error);
  state.step = lathe_memory_raw(steps, sizeof(int32_t), error);
  state.sum = lathe_memory_new(steps, sizeof(double), error);
  state.squares = lathe_memory_new(steps, sizeof(double), error);
  state.fold = lathe_memory_raw((size_t)data->rows, sizeof(int32_t), error);
  state.rows = lathe_memory_raw((size_t)data->rows, sizeof(int32_t), error);
  bool fine = state.alpha && state.step && state.sum && state.squares && state.fold && state.rows;
  if (fine && data->rows < folds)
    fine = lathe_error_set(error, LATHE_ERROR_ARGUMENT,
                           "%d folds need as many rows, and there are %d; ask for fewer folds", (int)folds,
                           (int)data->rows);
  if (fine) choose_tries(&state, path);
  fine = fine && deal(&state, folds, seed, error);
  for (int32_t fold = 0; fine && fold < folds; fold++) fine = run_fold(&state, limits, fold, progress, error);
  for (int32_t i = 0; fine && i < path->steps; i++) error_of[i] = deviation[i] = NAN;
  double *mean = state.sum, *spread = state.squares;
  for (int32_t k = 0; fine && k < state.tries; k++) {
    mean[k] /= state.weight;
    spread[k] = sqrt(fmax(spread[k] / state.weight - mean[k] * mean[k], 0) / state.weight);
    error_of[state.step[k]] = mean[k];
    deviation[state.step[k]] = spread[k];
  }
  if (fine) *alpha = path->alpha[state.step[pick(&state, mean, spread, simplest)]];
  free(state.alpha);
  free(state.step);
  free(state.sum);
  free(state.squares);
  free(state.fold);
  free(state.rows);
  return fine;
}
