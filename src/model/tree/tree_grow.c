/* tree_grow.c - growing a tree level by level.
 *
 * Each feature has its own list of the rows: a node's rows stand at the same places in all of them, by the feature's values. A level
 * is searched, and then divided, by groups of features at once; the best of a node is that of the first feature that has it, so the
 * number of threads never matters. Nothing is sorted but once. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../../base/memory.h"
#include "../../base/pool.h"
#include "tree.h"

enum { GROUPS = 8 };

typedef struct {
  const lathe_tree_data *data;
  const lathe_tree_limits *limits;
  lathe_tree *tree;
  int32_t **order; /* (features) */
  int32_t groups;  /* of features */
  lathe_tree_search *search[GROUPS];
  lathe_tree_split *best[GROUPS]; /* (nodes of the level) */
  int32_t *scratch[GROUPS];       /* (rows) */
  uint8_t *goes_left;             /* (rows of the data) */
  uint32_t *set;                  /* of the feature with most categories */
  int32_t *level, *next;          /* nodes that may be split */
  int32_t level_count, next_count;
  int64_t level_room;
  lathe_progress *progress;
} growing;

/* ---- the order of a feature's values ---- */

static bool sort_feature(void *context, int64_t feature, lathe_error *error) {
  growing *state = context;
  const lathe_tree_data *data = state->data;
  int32_t count = state->tree->rows, *order = state->order[feature];
  memcpy(order, state->tree->order, (size_t)count * sizeof *order);
  return data->categories[feature] > 0 ||
         lathe_tree_sort(data->x + (size_t)feature * (size_t)data->rows, order, count, error);
}

/* ---- nodes ---- */

static bool add_node(lathe_tree *tree, int32_t parent, int32_t begin, int32_t end, lathe_error *error) {
  if (tree->count == tree->room) {
    int64_t room = tree->room ? 2 * (int64_t)tree->room : 64;
    if (!lathe_memory_resize((void **)&tree->node, (size_t)room, sizeof *tree->node, error)) return false;
    tree->room = (int32_t)room;
  }
  tree->node[tree->count++] = (lathe_tree_node){.begin = begin,
                                                .end = end,
                                                .left = -1,
                                                .parent = parent,
                                                .depth = parent < 0 ? 0 : tree->node[parent].depth + 1,
                                                .feature = -1,
                                                .set = -1,
                                                .alpha = INFINITY};
  return true;
}

static double class_impurity(const growing *state, const lathe_tree_node *node, const double *share) {
  double sum = 0;
  for (int32_t k = 0; k < state->data->classes; k++) {
    double p = share[k] / node->weight;
    if (p > 0) sum += state->limits->entropy ? -p * log2(p) : p * (1 - p);
  }
  return sum;
}

/* Its weight, mean and impurity. `share` is (classes) zeros, and becomes zeros again. */
static void measure_node(const growing *state, lathe_tree_node *node, double *share) {
  const lathe_tree_data *data = state->data;
  const int32_t *order = state->order[0];
  double sum = 0, squares = 0;
  node->pure = true;
  for (int32_t i = node->begin; i < node->end; i++) {
    double weight = data->weight ? data->weight[order[i]] : 1;
    node->weight += weight;
    if (data->classes > 0) {
      share[data->code[order[i]]] += weight;
      node->pure = node->pure && data->code[order[i]] == data->code[order[node->begin]];
    } else {
      sum += weight * data->target[order[i]];
      node->pure = node->pure && data->target[order[i]] == data->target[order[node->begin]];
    }
  }
  if (data->classes > 0) {
    if (!node->pure) node->impurity = class_impurity(state, node, share);
    for (int32_t i = node->begin; i < node->end; i++) share[data->code[order[i]]] = 0;
    return;
  }
  node->mean = node->pure ? data->target[order[node->begin]] : sum / node->weight;
  for (int32_t i = node->begin; i < node->end && !node->pure; i++) {
    double off = data->target[order[i]] - node->mean;
    squares += (data->weight ? data->weight[order[i]] : 1) * off * off;
  }
  node->impurity = squares / node->weight;
}

static bool may_split(const growing *state, const lathe_tree_node *node) {
  const lathe_tree_limits *limits = state->limits;
  int32_t rows = node->end - node->begin;
  return !node->pure && rows >= limits->min_split && rows >= 2 * (int64_t)limits->min_leaf && rows >= 2 &&
         (limits->max_depth == 0 || node->depth < limits->max_depth);
}

/* ---- a level ---- */

static int32_t group_begin(const growing *state, int64_t group) {
  return (int32_t)(group * state->data->features / state->groups);
}

static bool search_group(void *context, int64_t group, lathe_error *error) {
  growing *state = context;
  lathe_tree_split *best = state->best[group];
  int32_t end = group_begin(state, group + 1);
  int64_t work = 0;
  for (int32_t i = 0; i < state->level_count; i++) best[i].gain = -INFINITY;
  for (int32_t j = group_begin(state, group); j < end; j++)
    for (int32_t i = 0; i < state->level_count; i++) {
      const lathe_tree_node *node = &state->tree->node[state->level[i]];
      work += node->end - node->begin;
      if (work > 1 << 16) {
        work = 0;
        if (!lathe_progress_check(state->progress, error)) return false;
      }
      lathe_tree_search_feature(state->search[group], node, state->order[j] + node->begin, j, &best[i]);
    }
  return true;
}

static bool add_set(lathe_tree *tree, const uint32_t *set, int32_t words, int32_t *place,
                    lathe_error *error) {
  if (tree->sets + words + 1 > tree->sets_room) {
    int64_t room = 2 * (int64_t)tree->sets_room + words + 64;
    if (room > INT32_MAX / 2)
      return lathe_error_set(error, LATHE_ERROR_DATA,
                             "the splits of categories take too much memory; raise min_samples_leaf");
    if (!lathe_memory_resize((void **)&tree->set, (size_t)room, sizeof *tree->set, error)) return false;
    tree->sets_room = (int32_t)room;
  }
  *place = tree->sets;
  tree->set[tree->sets++] = words;
  memcpy(tree->set + tree->sets, set, (size_t)words * sizeof *set);
  tree->sets += words;
  return true;
}

/* What the sum in a split's gain is for the whole node, so that the difference is the decrease of impurity. */
static double gain_of(const growing *state, const lathe_tree_node *node, const lathe_tree_split *split) {
  const lathe_tree_data *data = state->data;
  double own;
  if (data->classes == 0) {
    double sum = node->weight * (node->mean - data->centre);
    own = sum * sum / node->weight;
  } else if (!state->limits->entropy) {
    own = (1 - node->impurity) * node->weight;
  } else {
    own = -node->impurity * M_LN2 * node->weight;
  }
  double gain = (split->gain - own) / state->tree->weight;
  return data->classes > 0 && state->limits->entropy ? gain / M_LN2 : gain;
}

/* Divide a node by its best split: its children are made, its rows marked. */
static bool divide_node(growing *state, int32_t index, const lathe_tree_split *split, lathe_error *error) {
  lathe_tree *tree = state->tree;
  const lathe_tree_data *data = state->data;
  lathe_tree_node *node = &tree->node[index];
  const double *x = data->x + (size_t)split->feature * (size_t)data->rows;
  const int32_t *order = state->order[split->feature];
  int32_t categories = data->categories[split->feature], set = -1, lefts = 0;
  bool missing_left = split->missing_left;
  if (categories > 0) {
    missing_left = lathe_tree_search_set(state->search[0], node, order + node->begin, split, state->set);
    if (!add_set(tree, state->set, categories / 32 + 1, &set, error)) return false;
  }
  for (int32_t i = node->begin; i < node->end; i++) {
    double value = x[order[i]];
    bool left = isnan(value) ? missing_left
                : set >= 0   ? lathe_trees_has(tree->set + set, value)
                             : value <= split->threshold;
    state->goes_left[order[i]] = left;
    lefts += left;
  }
  int32_t begin = node->begin, end = node->end;
  node->left = tree->count;
  node->feature = split->feature;
  node->threshold = split->threshold;
  node->missing_left = missing_left;
  node->set = set;
  node->gain = fmax(gain_of(state, node, split), 0);
  return add_node(tree, index, begin, begin + lefts, error) &&
         add_node(tree, index, begin + lefts, end, error);
}

/* The rows of the nodes that were divided, left ones first, in the order that they have. */
static bool divide_group(void *context, int64_t group, lathe_error *error) {
  (void)error;
  growing *state = context;
  int32_t *scratch = state->scratch[group], end = group_begin(state, group + 1);
  for (int32_t j = group_begin(state, group); j < end; j++) {
    int32_t *order = state->order[j];
    for (int32_t i = 0; i < state->level_count; i++) {
      const lathe_tree_node *node = &state->tree->node[state->level[i]];
      int32_t left = node->begin, right = 0;
      for (int32_t k = node->begin; node->left >= 0 && k < node->end; k++) {
        int32_t row = order[k];
        bool goes_left = state->goes_left[row];
        order[left] = row;
        scratch[right] = row;
        left += goes_left;
        right += !goes_left;
      }
      if (node->left >= 0) memcpy(order + left, scratch, (size_t)right * sizeof *order);
    }
  }
  return true;
}

static bool begin_level(growing *state, const int32_t *nodes, int32_t count, double *share,
                        lathe_error *error) {
  state->next_count = 0;
  for (int32_t i = 0; i < count; i++) {
    measure_node(state, &state->tree->node[nodes[i]], share);
    if (may_split(state, &state->tree->node[nodes[i]])) state->level[state->next_count++] = nodes[i];
  }
  state->level_count = state->next_count;
  if (state->level_count <= state->level_room) return true;
  int64_t room = 2 * (int64_t)state->level_count;
  for (int32_t g = 0; g < state->groups; g++)
    if (!lathe_memory_resize((void **)&state->best[g], (size_t)room, sizeof *state->best[g], error))
      return false;
  state->level_room = room;
  return true;
}

static bool grow_level(growing *state, double *share, lathe_error *error) {
  lathe_tree *tree = state->tree;
  int32_t first = tree->count;
  if (!lathe_pool_run(state->groups, search_group, state, state->progress, error)) return false;
  for (int32_t i = 0; i < state->level_count; i++) {
    const lathe_tree_split *best = &state->best[0][i];
    for (int32_t g = 1; g < state->groups; g++)
      if (state->best[g][i].gain > best->gain) best = &state->best[g][i];
    if (!(best->gain > -INFINITY)) continue;
    if (gain_of(state, &tree->node[state->level[i]], best) + 1e-15 < state->limits->min_decrease) continue;
    if (!divide_node(state, state->level[i], best, error)) return false;
  }
  if (!lathe_pool_run(state->groups, divide_group, state, state->progress, error)) return false;
  int32_t fresh = tree->count - first;
  if (!lathe_memory_resize((void **)&state->level, (size_t)fresh, sizeof *state->level, error) ||
      !lathe_memory_resize((void **)&state->next, (size_t)fresh, sizeof *state->next, error))
    return false;
  for (int32_t i = 0; i < fresh; i++) state->next[i] = first + i;
  lathe_progress_add(state->progress, 1);
  return begin_level(state, state->next, fresh, share, error);
}

/* ---- the whole ---- */

static bool take_rows(growing *state, const int32_t *rows, int32_t count, lathe_error *error) {
  const lathe_tree_data *data = state->data;
  lathe_tree *tree = state->tree;
  if (!rows) count = data->rows;
  tree->order = lathe_memory_raw((size_t)count, sizeof *tree->order, error);
  if (!tree->order) return false;
  for (int32_t i = 0; i < count; i++) {
    int32_t row = rows ? rows[i] : i;
    double weight = data->weight ? data->weight[row] : 1;
    if (weight > 0) tree->order[tree->rows++] = row;
    tree->weight += weight;
  }
  return tree->rows > 0 ||
         lathe_error_set(error, LATHE_ERROR_DATA, "every row has weight 0; there is nothing to learn from");
}

static bool set_up(growing *state, lathe_error *error) {
  const lathe_tree_data *data = state->data;
  int32_t most = 0, rows = state->tree->rows;
  for (int32_t j = 0; j < data->features; j++) most = data->categories[j] > most ? data->categories[j] : most;
  state->groups = data->features < GROUPS ? data->features : GROUPS;
  state->order = lathe_memory_new((size_t)data->features, sizeof *state->order, error);
  state->goes_left = lathe_memory_raw((size_t)data->rows, 1, error);
  state->set = lathe_memory_raw((size_t)most / 32 + 1, sizeof *state->set, error);
  bool fine = state->order && state->goes_left && state->set;
  for (int32_t j = 0; fine && j < data->features; j++)
    fine = (state->order[j] = lathe_memory_raw((size_t)rows, sizeof(int32_t), error)) != NULL;
  for (int32_t g = 0; fine && g < state->groups; g++) {
    state->search[g] = lathe_tree_search_new(data, state->limits, rows, error);
    state->scratch[g] = lathe_memory_raw((size_t)rows, sizeof(int32_t), error);
    fine = state->search[g] && state->scratch[g];
  }
  return fine;
}

static void clear(growing *state) {
  for (int32_t j = 0; state->order && j < state->data->features; j++) free(state->order[j]);
  for (int32_t g = 0; g < GROUPS; g++) {
    lathe_tree_search_free(state->search[g]);
    free(state->best[g]);
    free(state->scratch[g]);
  }
  free(state->order);
  free(state->goes_left);
  free(state->set);
  free(state->level);
  free(state->next);
}

bool lathe_tree_grow(const lathe_tree_data *data, const int32_t *rows, int32_t count,
                     const lathe_tree_limits *limits, lathe_tree *tree, lathe_progress *progress,
                     lathe_error *error) {
  growing state = {.data = data, .limits = limits, .tree = tree, .progress = progress};
  double *share = lathe_memory_new((size_t)data->classes, sizeof *share, error);
  bool fine = share && take_rows(&state, rows, count, error) && set_up(&state, error) &&
              lathe_pool_run(data->features, sort_feature, &state, progress, error) &&
              add_node(tree, -1, 0, tree->rows, error);
  int32_t root = 0;
  fine = fine && (state.level = lathe_memory_raw(1, sizeof *state.level, error)) != NULL &&
         begin_level(&state, &root, 1, share, error);
  while (fine && state.level_count > 0) fine = grow_level(&state, share, error);
  if (fine) memcpy(tree->order, state.order[0], (size_t)tree->rows * sizeof *tree->order);
  clear(&state);
  free(share);
  return fine;
}

void lathe_tree_free(lathe_tree *tree) {
  free(tree->node);
  free(tree->order);
  free(tree->set);
  *tree = (lathe_tree){0};
}
