/* tree_prune.c - cutting a tree back by cost and complexity (Breiman et al. 1984, chapter 3), and asking it.
 *
 * The cost of a tree with penalty alpha is R + alpha * leaves, where R is the impurity of its leaves by their part of the weight. A
 * node t becomes a leaf at (R(t) - R(its leaves)) / (its leaves - 1); the weakest is cut first, and its ancestors are reckoned anew. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../../base/memory.h"
#include "tree.h"

typedef struct {
  double alpha;
  int32_t node, stamp;
} link;

typedef struct {
  const lathe_tree *tree;
  double *cost;    /* (nodes) of the leaves below */
  int32_t *leaves; /* (nodes) below */
  int32_t *stamp;  /* (nodes) of the newest link; 0: a leaf */
  link *heap;
  int64_t count, room;
} pruning;

static bool before(link a, link b) {
  return a.alpha < b.alpha || (a.alpha == b.alpha && a.node < b.node);
}

static bool push(pruning *state, link item, lathe_error *error) {
  if (state->count == state->room) {
    int64_t room = 2 * state->room + 64;
    if (!lathe_memory_resize((void **)&state->heap, (size_t)room, sizeof *state->heap, error)) return false;
    state->room = room;
  }
  int64_t at = state->count++;
  for (; at > 0 && before(item, state->heap[(at - 1) / 2]); at = (at - 1) / 2)
    state->heap[at] = state->heap[(at - 1) / 2];
  state->heap[at] = item;
  return true;
}

static link pop(pruning *state) {
  link first = state->heap[0], last = state->heap[--state->count];
  int64_t at = 0;
  for (int64_t child; (child = 2 * at + 1) < state->count; at = child) {
    if (child + 1 < state->count && before(state->heap[child + 1], state->heap[child])) child++;
    if (!before(state->heap[child], last)) break;
    state->heap[at] = state->heap[child];
  }
  state->heap[at] = last;
  return first;
}

static double cost_of(const lathe_tree *tree, int32_t node) {
  return tree->node[node].impurity * tree->node[node].weight / tree->weight;
}

static bool push_link(pruning *state, int32_t node, lathe_error *error) {
  double saved = cost_of(state->tree, node) - state->cost[node];
  link item = {fmax(saved, 0) / (state->leaves[node] - 1), node, ++state->stamp[node]};
  return push(state, item, error);
}

static bool begin(pruning *state, lathe_error *error) {
  const lathe_tree *tree = state->tree;
  for (int32_t i = tree->count - 1; i >= 0; i--) {
    int32_t left = tree->node[i].left;
    state->cost[i] = left < 0 ? cost_of(tree, i) : state->cost[left] + state->cost[left + 1];
    state->leaves[i] = left < 0 ? 1 : state->leaves[left] + state->leaves[left + 1];
    if (left >= 0 && !push_link(state, i, error)) return false;
  }
  return true;
}

static bool add_step(pruning *state, lathe_tree_path *path, double alpha, int64_t *room, lathe_error *error) {
  if (path->steps == 0 || path->alpha[path->steps - 1] < alpha) path->steps++;
  if (path->steps > *room) {
    *room = 2 * *room + 64;
    if (!lathe_memory_resize((void **)&path->alpha, (size_t)*room, sizeof *path->alpha, error) ||
        !lathe_memory_resize((void **)&path->impurity, (size_t)*room, sizeof *path->impurity, error) ||
        !lathe_memory_resize((void **)&path->leaves, (size_t)*room, sizeof *path->leaves, error)) {
      path->steps--;
      return false;
    }
  }
  path->alpha[path->steps - 1] = alpha;
  path->impurity[path->steps - 1] = state->cost[0];
  path->leaves[path->steps - 1] = state->leaves[0];
  return true;
}

/* Node `at` becomes a leaf; what is above it is reckoned anew. */
static bool cut(pruning *state, lathe_tree *tree, int32_t at, double alpha, lathe_error *error) {
  double cost = cost_of(tree, at);
  tree->node[at].alpha = alpha;
  state->stamp[at] = 0;
  state->cost[at] = cost;
  state->leaves[at] = 1;
  for (int32_t i = tree->node[at].parent; i >= 0; i = tree->node[i].parent) {
    int32_t left = tree->node[i].left;
    state->cost[i] = state->cost[left] + state->cost[left + 1];
    state->leaves[i] = state->leaves[left] + state->leaves[left + 1];
    if (!push_link(state, i, error)) return false;
  }
  return true;
}

/* Whether a node above it has become a leaf. */
static bool is_gone(const pruning *state, int32_t node) {
  int32_t above = state->tree->node[node].parent;
  while (above >= 0 && state->stamp[above] > 0) above = state->tree->node[above].parent;
  return above >= 0;
}

bool lathe_tree_prune(lathe_tree *tree, lathe_tree_path *path, lathe_error *error) {
  size_t count = (size_t)tree->count;
  pruning state = {.tree = tree};
  int64_t room = 0;
  double alpha = 0;
  state.cost = lathe_memory_raw(count, sizeof *state.cost, error);
  state.leaves = lathe_memory_raw(count, sizeof *state.leaves, error);
  state.stamp = lathe_memory_new(count, sizeof *state.stamp, error);
  bool fine = state.cost && state.leaves && state.stamp && begin(&state, error) &&
              add_step(&state, path, 0, &room, error);
  while (fine && state.count > 0) {
    link weakest = pop(&state);
    if (weakest.stamp != state.stamp[weakest.node] || is_gone(&state, weakest.node)) continue;
    alpha = fmax(alpha, weakest.alpha);
    fine = cut(&state, tree, weakest.node, alpha, error) && add_step(&state, path, alpha, &room, error);
  }
  /* What hangs below a leaf is gone with it. */
  for (int32_t i = 1; fine && i < tree->count; i++)
    if (tree->node[i].left >= 0)
      tree->node[i].alpha = fmin(tree->node[i].alpha, tree->node[tree->node[i].parent].alpha);
  free(state.cost);
  free(state.leaves);
  free(state.stamp);
  free(state.heap);
  return fine;
}

void lathe_tree_path_free(lathe_tree_path *path) {
  free(path->alpha);
  free(path->impurity);
  free(path->leaves);
  *path = (lathe_tree_path){0};
}

int32_t lathe_tree_find(const lathe_tree *tree, const lathe_tree_data *data, int32_t row, int32_t index,
                        double alpha) {
  for (;;) {
    const lathe_tree_node *node = &tree->node[index];
    if (lathe_tree_leaf(node, alpha)) return index;
    double value = data->x[(size_t)node->feature * (size_t)data->rows + (size_t)row];
    bool left = isnan(value)     ? node->missing_left
                : node->set >= 0 ? lathe_trees_has(tree->set + node->set, value)
                                 : value <= node->threshold;
    index = node->left + !left;
  }
}

void lathe_tree_value(const lathe_tree *tree, const lathe_tree_data *data, int32_t index, double *value) {
  const lathe_tree_node *node = &tree->node[index];
  if (data->classes == 0) {
    value[0] = node->mean;
    return;
  }
  for (int32_t k = 0; k < data->classes; k++) value[k] = 0;
  for (int32_t i = node->begin; i < node->end; i++)
    value[data->code[tree->order[i]]] += data->weight ? data->weight[tree->order[i]] : 1;
  for (int32_t k = 0; k < data->classes; k++) value[k] /= node->weight;
}

bool lathe_tree_put(const lathe_tree *tree, const lathe_tree_data *data, double alpha, lathe_trees *trees,
                    int32_t *place, lathe_error *error) {
  double *value = lathe_memory_raw((size_t)trees->width, sizeof *value, error);
  int32_t *at = lathe_memory_raw((size_t)tree->count, sizeof *at, error);
  bool fine = value && at;
  for (int32_t i = 0; fine && i < tree->count; i++) at[i] = -1;
  if (fine) fine = (at[0] = lathe_trees_begin(trees, -1, error)) >= 0;
  for (int32_t i = 0; fine && i < tree->count; i++) {
    const lathe_tree_node *node = &tree->node[i];
    if (at[i] < 0) continue;
    if (lathe_tree_leaf(node, alpha)) {
      lathe_tree_value(tree, data, i, value);
      fine = lathe_trees_leaf(trees, at[i], value, error);
      continue;
    }
    int32_t left;
    if (node->set >= 0)
      left = lathe_trees_split_set(trees, at[i], node->feature, (const uint32_t *)tree->set + node->set + 1,
                                   tree->set[node->set], node->missing_left, error);
    else
      left = lathe_trees_split(trees, at[i], node->feature, node->threshold, node->missing_left, error);
    fine = left >= 0;
    at[node->left] = left;
    at[node->left + 1] = left + 1;
  }
  if (fine && place) memcpy(place, at, (size_t)tree->count * sizeof *place);
  free(value);
  free(at);
  return fine;
}
