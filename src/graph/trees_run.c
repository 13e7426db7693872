/* trees_run.c - checking and running LATHE_OPERATOR_TREES.
 *
 * A node is packed in 16 bytes. LANES walks go down side by side, for one walk alone waits for memory at every node: of one tree with
 * as many rows, or, for the last few rows of a block, of one row down as many trees. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../base/memory.h"
#include "run.h"
#include "trees.h"

enum { LANES = 16 };

typedef struct {
  double threshold;
  int32_t feature; /* times LATHE_RUN_ROWS; lowest bits: flags. 0 of a leaf */
  int32_t left;    /* of a leaf: -1 - the place of its values */
} packed_node;

typedef struct {
  bool categories;
  packed_node node[];
} packed_trees;

static const void *array(const lathe_operator *node, int32_t index) {
  return node->tensor[index];
}

/* Each tree's nodes: children behind their parent and in the tree, each child of one parent. */
static bool check_tree(const lathe_operator *node, int32_t begin, int32_t end, int32_t values, int32_t inputs,
                       uint8_t *seen) {
  const int32_t *feature = array(node, LATHE_TREES_FEATURE), *left = array(node, LATHE_TREES_LEFT);
  const int32_t *sets = array(node, LATHE_TREES_SETS);
  const uint8_t *flags = array(node, LATHE_TREES_FLAGS);
  const double *threshold = array(node, LATHE_TREES_THRESHOLD);
  int64_t value_count = node->size[LATHE_TREES_VALUES], set_count = node->size[LATHE_TREES_SETS];
  for (int32_t i = begin; i < end; i++) {
    if (i > begin && !seen[i]) return false;
    if (feature[i] < 0) {
      if (left[i] < 0 || left[i] > value_count - values) return false;
      continue;
    }
    if (feature[i] >= inputs || left[i] <= i || left[i] >= end - 1) return false;
    if (seen[left[i]] || seen[left[i] + 1]) return false;
    seen[left[i]] = seen[left[i] + 1] = 1;
    if (!(flags[i] & LATHE_TREES_CATEGORY)) {
      if (isnan(threshold[i])) return false;
      continue;
    }
    if (!(threshold[i] >= 0 && threshold[i] < (double)set_count)) return false;
    int32_t words = sets[(int64_t)threshold[i]];
    if (words < 0 || (int64_t)threshold[i] + words >= set_count || words > LATHE_GRAPH_WIDTH) return false;
  }
  return true;
}

bool lathe_trees_check(const lathe_graph *graph, const lathe_operator *node) {
  const int32_t *start = array(node, LATHE_TREES_START), *output = array(node, LATHE_TREES_OUTPUT);
  const double *divisor = array(node, LATHE_TREES_DIVISOR);
  const int64_t *size = node->size;
  int64_t trees = size[LATHE_TREES_START], nodes = size[LATHE_TREES_FEATURE];
  if (trees < 1 || trees != size[LATHE_TREES_OUTPUT] || nodes < trees || nodes > INT32_MAX ||
      nodes != size[LATHE_TREES_LEFT] || nodes != size[LATHE_TREES_FLAGS] ||
      nodes != size[LATHE_TREES_THRESHOLD] || size[LATHE_TREES_VALUES] > INT32_MAX ||
      size[LATHE_TREES_SETS] > INT32_MAX)
    return false;
  int32_t inputs = lathe_graph_operator(graph, node->input[0])->width;
  for (int32_t c = 0; c < node->width; c++)
    if (!(divisor[c] != 0)) return false;
  uint8_t *seen = calloc((size_t)nodes, 1);
  bool fine = seen && start[0] == 0 && inputs < INT32_MAX / LATHE_RUN_ROWS;
  for (int64_t t = 0; fine && t < trees; t++) {
    int64_t end = t + 1 < trees ? start[t + 1] : nodes;
    fine = end > start[t] && end <= nodes && output[t] >= -1 && output[t] < node->width &&
           check_tree(node, start[t], (int32_t)end, output[t] < 0 ? node->width : 1, inputs, seen);
  }
  free(seen);
  return fine;
}

void *lathe_trees_pack(const lathe_graph *graph, const lathe_operator *node, lathe_error *error) {
  (void)graph;
  const int32_t *feature = array(node, LATHE_TREES_FEATURE), *left = array(node, LATHE_TREES_LEFT);
  const uint8_t *flags = array(node, LATHE_TREES_FLAGS);
  const double *threshold = array(node, LATHE_TREES_THRESHOLD);
  int64_t nodes = node->size[LATHE_TREES_FEATURE];
  packed_trees *packed = lathe_memory_raw(1, sizeof *packed + (size_t)nodes * sizeof *packed->node, error);
  if (!packed) return NULL;
  packed->categories = false;
  for (int64_t i = 0; i < nodes; i++) {
    bool leaf = feature[i] < 0;
    uint8_t both = flags[i] & (LATHE_TREES_MISSING_LEFT | LATHE_TREES_CATEGORY);
    packed->node[i].threshold = threshold[i];
    packed->node[i].feature = leaf ? 0 : feature[i] * LATHE_RUN_ROWS + both;
    packed->node[i].left = leaf ? -1 - left[i] : left[i];
    packed->categories = packed->categories || (!leaf && (both & LATHE_TREES_CATEGORY));
  }
  return packed;
}

/* One step down of a walk; a leaf stays. `categories` is a constant where this is put in. */
static inline int32_t step_down(const packed_node *nodes, int32_t at, const double *x, const int32_t *sets,
                                bool categories, int32_t *all) {
  const packed_node *node = &nodes[at];
  int32_t feature = node->feature, left = node->left;
  double value = x[feature & ~(LATHE_RUN_ROWS - 1)];
  bool go_left = (value <= node->threshold) | ((value != value) & (feature & LATHE_TREES_MISSING_LEFT));
  if (categories && (feature & LATHE_TREES_CATEGORY))
    go_left = value == value ? lathe_trees_has(sets + (int32_t)node->threshold, value)
                             : (feature & LATHE_TREES_MISSING_LEFT) != 0;
  *all &= left;
  return left < 0 ? at : left + !go_left;
}

/* The leaves that LANES rows from x come to down one tree. */
static inline void walk_rows(const packed_node *nodes, int32_t root, const double *x, const int32_t *sets,
                             bool categories, int32_t *at) {
  int32_t all = 0;
  for (int32_t k = 0; k < LANES; k++) at[k] = root;
  while (all >= 0) {
    all = -1;
    for (int32_t k = 0; k < LANES; k++) at[k] = step_down(nodes, at[k], x + k, sets, categories, &all);
  }
}

/* The leaves that one row comes to down `count` trees. */
static inline void walk_trees(const packed_node *nodes, const int32_t *root, int32_t count, const double *x,
                              const int32_t *sets, bool categories, int32_t *at) {
  int32_t all = 0;
  for (int32_t k = 0; k < count; k++) at[k] = root[k];
  while (all >= 0) {
    all = -1;
    for (int32_t k = 0; k < count; k++) at[k] = step_down(nodes, at[k], x, sets, categories, &all);
  }
}

/* Add the values of a leaf to a row of `out`, (outputs, LATHE_RUN_ROWS). */
static inline void add_leaf(const lathe_operator *node, int32_t left, int32_t output, double *out) {
  const double *value = (const double *)array(node, LATHE_TREES_VALUES) - 1 - left;
  if (output >= 0)
    out[(size_t)output * LATHE_RUN_ROWS] += value[0];
  else
    for (int32_t c = 0; c < node->width; c++) out[(size_t)c * LATHE_RUN_ROWS] += value[c];
}

static inline void sum_trees(const lathe_operator *node, const double *x, int32_t rows, double *out,
                             bool categories) {
  const packed_trees *packed = node->packed;
  const packed_node *nodes = packed->node;
  const int32_t *start = array(node, LATHE_TREES_START), *output = array(node, LATHE_TREES_OUTPUT);
  const int32_t *sets = array(node, LATHE_TREES_SETS);
  int32_t trees = (int32_t)node->size[LATHE_TREES_START], whole = rows / LANES * LANES, at[LANES];
  for (int32_t t = 0; whole > 0 && t < trees; t++)
    for (int32_t r = 0; r < whole; r += LANES) {
      walk_rows(nodes, start[t], x + r, sets, categories, at);
      for (int32_t k = 0; k < LANES; k++) add_leaf(node, nodes[at[k]].left, output[t], out + r + k);
    }
  for (int32_t r = whole; r < rows; r++)
    for (int32_t t = 0; t < trees; t += LANES) {
      int32_t count = trees - t < LANES ? trees - t : LANES;
      walk_trees(nodes, start + t, count, x + r, sets, categories, at);
      for (int32_t k = 0; k < count; k++) add_leaf(node, nodes[at[k]].left, output[t + k], out + r);
    }
}

bool lathe_trees_run(const lathe_operator *node, const lathe_block *block, int32_t index,
                     lathe_error *error) {
  (void)error;
  const packed_trees *packed = node->packed;
  const double *bias = array(node, LATHE_TREES_BIAS), *divisor = array(node, LATHE_TREES_DIVISOR);
  const double *x = block->value[node->input[0]];
  double *out = block->value[index];
  for (int32_t c = 0; c < node->width; c++)
    for (int32_t r = 0; r < block->rows; r++) out[(size_t)c * LATHE_RUN_ROWS + (size_t)r] = 0;
  if (packed->categories)
    sum_trees(node, x, block->rows, out, true);
  else
    sum_trees(node, x, block->rows, out, false);
  for (int32_t c = 0; c < node->width; c++)
    for (int32_t r = 0; r < block->rows; r++) {
      double *sum = &out[(size_t)c * LATHE_RUN_ROWS + (size_t)r];
      *sum = bias[c] + *sum / divisor[c];
    }
  return true;
}
