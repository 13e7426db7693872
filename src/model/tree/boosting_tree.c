/* boosting_tree.c - what becomes of a tree that was grown: values of leaves, nodes of the ensemble, scores of rows. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../../base/memory.h"
#include "../../base/pool.h"
#include "boosting.h"

enum { WALK = 8192 };

static bool is_leaf(const boost_node *node) {
  return !node->chosen;
}

/* The leaves of the tree, from left to right, to be freed. */
static int32_t *list_leaves(const boost_grower *grower, int32_t *count, lathe_error *error) {
  int32_t *list = lathe_memory_raw((size_t)grower->nodes, 2 * sizeof *list, error), *stack = list;
  int32_t waiting = 1;
  *count = 0;
  if (!list) return NULL;
  stack += grower->nodes;
  stack[0] = 0;
  while (waiting > 0) {
    int32_t node = stack[--waiting];
    if (is_leaf(&grower->node[node])) {
      list[(*count)++] = node;
    } else {
      stack[waiting++] = grower->node[node].left + 1;
      stack[waiting++] = grower->node[node].left;
    }
  }
  return list;
}

/* ---- values ---- */

typedef struct {
  boost_grower *grower;
  const boost_target *target;
  const int32_t *leaf;
  double rate, share;
} quantiles;

/* The quantile of what is left of the target in the rows of a leaf. */
static bool set_quantile(void *context, int64_t index, lathe_error *error) {
  const quantiles *q = context;
  const boost_target *t = q->target;
  boost_node *node = &q->grower->node[q->leaf[index]];
  const int32_t *order = q->grower->order[node->side] + node->begin;
  int32_t rows = node->end - node->begin;
  boost_weighed *list = lathe_memory_raw((size_t)rows, sizeof *list, error);
  if (!list) return false;
  for (int32_t i = 0; i < rows; i++) {
    int32_t row = order[i];
    list[i] = (boost_weighed){t->number[row] - t->bias[0] - t->score[row], boost_weight(t, row)};
  }
  node->value = q->rate * boost_quantile(list, rows, q->share);
  free(list);
  return true;
}

bool boost_set_values(boost_grower *grower, const boost_target *target, double rate, lathe_error *error) {
  int32_t count;
  int32_t *leaf = list_leaves(grower, &count, error);
  bool fine = leaf != NULL;
  bool median = target->loss == LATHE_BOOSTING_ABSOLUTE;
  quantiles q = {grower, target, leaf, rate, median ? 0.5 : target->quantile};
  if (fine && (median || target->loss == LATHE_BOOSTING_QUANTILE))
    fine = lathe_pool_run(count, set_quantile, &q, grower->progress, error);
  else
    for (int32_t i = 0; fine && i < count; i++)
      grower->node[leaf[i]].value = rate * boost_value(grower, &grower->node[leaf[i]]);
  free(leaf);
  return fine;
}

/* ---- nodes ---- */

/* The split of `node` at place `to` of the ensemble: its left child there, or -1. */
static int32_t keep_split(const lathe_bins *bins, const boost_split *split, lathe_trees *trees, int32_t to,
                          uint32_t *set, lathe_error *error) {
  int32_t feature = split->feature;
  if (!split->category) {
    double threshold = split->bin < bins->count[feature] - 1
                           ? bins->cut[(int64_t)feature * LATHE_BINS_MOST + split->bin]
                           : INFINITY;
    return lathe_trees_split(trees, to, feature, threshold, split->missing_left, error);
  }
  int32_t categories = bins->categories[feature], words = (categories + 31) / 32;
  memset(set, 0, (size_t)words * sizeof *set);
  for (int32_t k = 0; k < categories; k++)
    if (boost_left(split, bins->code[feature][k])) set[k / 32] |= (uint32_t)1 << (k % 32);
  return lathe_trees_split_set(trees, to, feature, set, words, split->missing_left, error);
}

static int32_t most_words(const lathe_bins *bins) {
  int32_t most = 0;
  for (int32_t j = 0; j < bins->width; j++) most = bins->categories[j] > most ? bins->categories[j] : most;
  return (most + 31) / 32;
}

static bool note_gain(double **gain, int32_t *room, const lathe_trees *trees, int32_t place, double value,
                      lathe_error *error) {
  if (*room < trees->nodes) {
    if (!lathe_memory_resize((void **)gain, (size_t)trees->nodes_room, sizeof **gain, error)) return false;
    *room = trees->nodes_room;
  }
  (*gain)[place] = value;
  return true;
}

bool boost_keep_tree(const boost_grower *grower, int32_t output, lathe_trees *trees, double **gain,
                     int32_t *room, lathe_error *error) {
  const lathe_bins *bins = grower->bins;
  int32_t *stack = lathe_memory_raw((size_t)grower->nodes, 2 * sizeof *stack, error), waiting = 1;
  uint32_t *set = lathe_memory_raw((size_t)most_words(bins), sizeof *set, error);
  bool fine = stack && set;
  if (fine) {
    stack[0] = 0;
    stack[1] = lathe_trees_begin(trees, output, error);
    fine = stack[1] >= 0;
  }
  while (fine && waiting > 0) {
    waiting--;
    const boost_node *node = &grower->node[stack[2 * waiting]];
    int32_t to = stack[2 * waiting + 1];
    if (is_leaf(node)) {
      fine = lathe_trees_leaf(trees, to, &node->value, error) && note_gain(gain, room, trees, to, 0, error);
      continue;
    }
    int32_t left = keep_split(bins, &node->split, trees, to, set, error);
    fine = left >= 0 && note_gain(gain, room, trees, to, node->split.gain / 2, error);
    for (int k = 1; k >= 0; k--) {
      stack[2 * waiting] = node->left + k;
      stack[2 * waiting++ + 1] = left + k;
    }
  }
  free(stack);
  free(set);
  return fine;
}

/* ---- scores of the rows of leaves ---- */

typedef struct {
  int32_t node, begin, end;
} piece;

typedef struct {
  const boost_grower *grower;
  const piece *piece;
  double *score;
} adding;

static bool add_piece(void *context, int64_t index, lathe_error *error) {
  (void)error;
  const adding *a = context;
  const piece *of = &a->piece[index];
  const boost_node *node = &a->grower->node[of->node];
  const int32_t *order = a->grower->order[node->side];
  for (int32_t i = of->begin; i < of->end; i++) a->score[order[i]] += node->value;
  return true;
}

bool boost_add_leaves(const boost_grower *grower, double *score, lathe_error *error) {
  int32_t count;
  int64_t pieces = 0;
  int32_t *leaf = list_leaves(grower, &count, error);
  if (!leaf) return false;
  for (int32_t i = 0; i < count; i++)
    pieces += (grower->node[leaf[i]].end - grower->node[leaf[i]].begin + BOOST_PIECE - 1) / BOOST_PIECE;
  piece *list = lathe_memory_raw((size_t)pieces, sizeof *list, error);
  pieces = 0;
  for (int32_t i = 0; list && i < count; i++) {
    const boost_node *node = &grower->node[leaf[i]];
    for (int32_t begin = node->begin; begin < node->end; begin += BOOST_PIECE)
      list[pieces++] =
          (piece){leaf[i], begin, node->end - begin < BOOST_PIECE ? node->end : begin + BOOST_PIECE};
  }
  adding a = {grower, list, score};
  bool fine = list && lathe_pool_run(pieces, add_piece, &a, grower->progress, error);
  free(leaf);
  free(list);
  return fine;
}

/* ---- scores of other rows: a walk down the tree, by bins ---- */

typedef struct {
  int32_t feature, left; /* feature: -1 of a leaf */
  double value;
  uint32_t set[BOOST_SLOTS / 32]; /* of bins that go left, the one for missing among them */
} walk_node;

typedef struct {
  const lathe_bins *bins;
  const walk_node *node;
  const uint8_t *wanted;
  double *score;
} walking;

static void put_bin(walk_node *node, int32_t bin) {
  node->set[bin / 32] |= (uint32_t)1 << (bin % 32);
}

/* Node `from` of the ensemble, whose tree begins at `start`, as one that asks for bins. */
static walk_node walk_node_of(const lathe_bins *bins, const lathe_trees *trees, int32_t start, int32_t from) {
  walk_node node = {.feature = trees->feature[from], .left = trees->left[from] - start};
  if (node.feature < 0) {
    node.value = trees->value[trees->left[from]];
    return node;
  }
  if (trees->flags[from] & LATHE_TREES_MISSING_LEFT) put_bin(&node, LATHE_BINS_MISSING);
  if (trees->flags[from] & LATHE_TREES_CATEGORY) {
    const int32_t *set = trees->set + (int32_t)trees->threshold[from];
    for (int32_t k = 0; k < bins->categories[node.feature]; k++)
      if (lathe_trees_has(set, k)) put_bin(&node, bins->code[node.feature][k]);
  } else {
    int32_t last = lathe_bins_find(bins, node.feature, trees->threshold[from]);
    for (int32_t bin = 0; bin <= last; bin++) put_bin(&node, bin);
  }
  return node;
}

static bool walk_chunk(void *context, int64_t chunk, lathe_error *error) {
  (void)error;
  const walking *w = context;
  int64_t end = (chunk + 1) * WALK < w->bins->rows ? (chunk + 1) * WALK : w->bins->rows;
  for (int64_t r = chunk * WALK; r < end; r++) {
    if (w->wanted && !w->wanted[r]) continue;
    const uint8_t *row = w->bins->row + r * w->bins->step;
    const walk_node *node = w->node;
    while (node->feature >= 0) {
      uint8_t bin = row[node->feature];
      node = w->node + node->left + !(node->set[bin / 32] >> (bin % 32) & 1);
    }
    w->score[r] += node->value;
  }
  return true;
}

bool boost_add_walks(const lathe_bins *bins, const lathe_trees *trees, int32_t tree, const uint8_t *wanted,
                     double *score, lathe_progress *progress, lathe_error *error) {
  int32_t start = trees->start[tree];
  int32_t nodes = (tree + 1 < trees->trees ? trees->start[tree + 1] : trees->nodes) - start;
  walk_node *list = lathe_memory_raw((size_t)nodes, sizeof *list, error);
  if (!list) return false;
  for (int32_t i = 0; i < nodes; i++) list[i] = walk_node_of(bins, trees, start, start + i);
  walking w = {bins, list, wanted, score};
  bool fine = lathe_pool_run((bins->rows + WALK - 1) / WALK, walk_chunk, &w, progress, error);
  free(list);
  return fine;
}
