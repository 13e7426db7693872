/* trees.h - an ensemble of decision trees: as it is grown, and as the arrays of the operator LATHE_OPERATOR_TREES.
 *
 * Nodes of all trees stand in one list, those of a tree together, a parent before its children, the two children of a node side by
 * side. A node is a leaf, or asks one feature of x: a number goes left when it is <= threshold; a category (a whole number from 0)
 * goes left when it is in the node's set. What is missing (NaN) goes to the side that the node says. A leaf has one value for the
 * output that its tree feeds, or one for each output. Output c of the operator is
 *   bias[c] + (sum of the values for c, in the order of the trees) / divisor[c]
 * in double, row by row alone: 1 divides a boosted sum, the number of trees a forest's mean. */
#ifndef LATHE_GRAPH_TREES_H
#define LATHE_GRAPH_TREES_H

#include "operator.h"

/* The arrays of the operator. */
enum {
  LATHE_TREES_START,   /* int32 (trees): the root of each; ascending, the first is 0 */
  LATHE_TREES_OUTPUT,  /* int32 (trees): the output it feeds, -1: all */
  LATHE_TREES_FEATURE, /* int32 (nodes): the column of x, -1: a leaf */
  LATHE_TREES_LEFT, /* int32 (nodes): the left child, the right one is behind it; of a leaf its place in the values */
  LATHE_TREES_FLAGS,     /* uint8 (nodes): LATHE_TREES_MISSING_LEFT, LATHE_TREES_CATEGORY */
  LATHE_TREES_THRESHOLD, /* double (nodes): of a category split the place of its set, of a leaf 0 */
  LATHE_TREES_SETS, /* int32: for each set its number of words, then the words; bit k % 32 of word k / 32 is category k */
  LATHE_TREES_VALUES,  /* double: of leaves, which may share them */
  LATHE_TREES_BIAS,    /* double (outputs) */
  LATHE_TREES_DIVISOR, /* double (outputs): not 0 */
};

enum { LATHE_TREES_MISSING_LEFT = 1, LATHE_TREES_CATEGORY = 2 };

/* An ensemble that grows. Zero-initialise, set `width`; read what you like, change it by the functions below only. */
typedef struct lathe_trees {
  int32_t width; /* outputs */
  int32_t trees, nodes, sets, values;
  int32_t *start, *output; /* (trees) */
  int32_t *feature, *left; /* (nodes) */
  uint8_t *flags;          /* (nodes) */
  double *threshold;       /* (nodes) */
  int32_t *set;            /* (sets) words */
  double *value;           /* (values) */
  int32_t trees_room, nodes_room, sets_room, values_room;
} lathe_trees;

void lathe_trees_free(lathe_trees *trees);

/* A new tree that feeds output `output` (-1: all of them): its root, a leaf without value, or -1 with an error. */
int32_t lathe_trees_begin(lathe_trees *trees, int32_t output, lathe_error *error);

/* Split leaf `node` of the last tree: the left one of its two new leaves, or -1 with an error. By a number, or by the categories in
 * `words` words of 32 bits. */
int32_t lathe_trees_split(lathe_trees *trees, int32_t node, int32_t feature, double threshold,
                          bool missing_left, lathe_error *error);
int32_t lathe_trees_split_set(lathe_trees *trees, int32_t node, int32_t feature, const uint32_t *set,
                              int32_t words, bool missing_left, lathe_error *error);

/* The values of leaf `node` (1, or one for each output). A vector equal to one of the last few is
 * shared with it. */
bool lathe_trees_leaf(lathe_trees *trees, int32_t node, const double *value, lathe_error *error);

/* Leave out the trees behind the first `count`. */
void lathe_trees_cut(lathe_trees *trees, int32_t count);

/* Put all trees of `more` behind those of `trees`. */
bool lathe_trees_append(lathe_trees *trees, const lathe_trees *more, lathe_error *error);

/* The leaf of tree `tree` that a row comes to; feature j of the row is x[j * step]. */
int32_t lathe_trees_find(const lathe_trees *trees, int32_t tree, const double *x, int64_t step);

/* Append the operator that takes the value of operator `input`: its index, or -1 with an error. `bias` and `divisor` are (width). */
int32_t lathe_graph_add_trees(lathe_graph *graph, int32_t input, const lathe_trees *trees, const double *bias,
                              const double *divisor, lathe_error *error);

/* Whether a category is in a set of the arrays. */
static inline bool lathe_trees_has(const int32_t *set, double category) {
  if (!(category >= 0 && category < 32.0 * set[0])) return false;
  int32_t code = (int32_t)category;
  return code == category && ((uint32_t)set[1 + code / 32] >> (code % 32) & 1);
}

/* For operators.c: the checks, the packed form that runs, and the run. */
bool lathe_trees_check(const lathe_graph *graph, const lathe_operator *node);
void *lathe_trees_pack(const lathe_graph *graph, const lathe_operator *node, lathe_error *error);
bool lathe_trees_run(const lathe_operator *node, const lathe_block *block, int32_t index, lathe_error *error);

#endif
