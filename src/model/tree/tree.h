/* tree.h - a decision tree grown with exact splits (Breiman, Friedman, Olshen, Stone 1984), and cut back.
 *
 * Rows of a node stand together in one list, and so do those of any node above it. A node asks one feature: is it <= a threshold that
 * lies in the middle of two values of the node, or is the category one of a set. What is missing goes to the side where that gains
 * most; in a node without missing values, and for categories that it has no row of, to the side with more rows. Among equal gains the
 * first feature and the lowest threshold are taken. */
#ifndef LATHE_MODEL_TREE_H
#define LATHE_MODEL_TREE_H

#include "../../graph/trees.h"
#include "../training.h"

/* What is learned from. */
typedef struct lathe_tree_data {
  int32_t rows, features;
  double *x;                 /* (features, rows); NaN: missing */
  const int32_t *categories; /* (features) how many; 0: numbers */
  bool *gaps;                /* (features) something is missing */
  int32_t classes;           /* 0: a regression */
  const int32_t *code;       /* (rows) of classes */
  const double *target;      /* (rows) of a regression */
  double *centred;           /* (rows) the target less its mean, for sums that lose nothing */
  double centre;             /* that mean */
  const double *weight;      /* (rows); NULL: 1 each */
} lathe_tree_data;

/* The matrix of a fitted recipe as columns. An infinite number, or more than 2^31 rows, are an error. Free in any case. */
bool lathe_tree_data_read(lathe_tree_data *data, const lathe_prepared *prepared, const lathe_table *table,
                          lathe_progress *progress, lathe_error *error);
void lathe_tree_data_free(lathe_tree_data *data);

/* Rows by x[row], stable; NaN last. */
bool lathe_tree_sort(const double *x, int32_t *order, int32_t count, lathe_error *error);

/* What trees and forests begin and end with: the recipe learned, the target of a regression or classes, the weights, the columns. */
typedef struct lathe_tree_fit {
  lathe_tree_data data;
  lathe_classes classes;
  const lathe_column *column; /* the target of classes */
  double *numbers, *weights;
} lathe_tree_fit; /* zero-initialise; end in any case */
bool lathe_tree_fit_begin(lathe_tree_fit *fit, lathe_training *training, const char *kind,
                          lathe_recipe *recipe, const lathe_table *table, lathe_task task,
                          const lathe_fit_options *options, lathe_progress *progress, lathe_error *error);
bool lathe_tree_fit_classes(lathe_tree_fit *fit, lathe_training *training, lathe_error *error);
void lathe_tree_fit_end(lathe_tree_fit *fit);

typedef struct lathe_tree_limits {
  bool entropy; /* of classes: entropy instead of the Gini index */
  int32_t max_depth;
  int32_t min_split, min_leaf; /* rows */
  double min_decrease;         /* of impurity, as a part of the whole weight */
} lathe_tree_limits;

typedef struct lathe_tree_node {
  int32_t begin, end;   /* its rows in the tree's order */
  int32_t left, parent; /* -1: none; the right child is behind the left one */
  int32_t depth, feature;
  int32_t set; /* the place of its categories in the tree's sets, -1: a number */
  bool missing_left, pure;
  double threshold;
  double weight, mean; /* of its rows; mean of a regression */
  double impurity;     /* variance, Gini index or entropy in bits */
  double gain;         /* of its split: of impurity, times the part of the weight that is here */
  double alpha;        /* by lathe_tree_prune: the penalty at which it becomes a leaf; INFINITY of leaves */
} lathe_tree_node;

typedef struct lathe_tree {
  lathe_tree_node *node;
  int32_t count, room;
  int32_t *order; /* rows, those of weight 0 left out */
  int32_t rows;   /* of them */
  int32_t *set;   /* as LATHE_TREES_SETS has them */
  int32_t sets, sets_room;
  double weight; /* of all rows */
} lathe_tree;    /* zero-initialise */

/* Grow a tree on the `count` rows in `rows` (NULL: all). */
bool lathe_tree_grow(const lathe_tree_data *data, const int32_t *rows, int32_t count,
                     const lathe_tree_limits *limits, lathe_tree *tree, lathe_progress *progress,
                     lathe_error *error);
void lathe_tree_free(lathe_tree *tree);

/* The penalty for each leaf at which a node becomes one, for all nodes; and the steps: penalty, leaves and impurity of the tree from it
 * on, `*steps` of each, to be freed. Nothing is cut. */
typedef struct lathe_tree_path {
  int32_t steps;
  double *alpha, *impurity;
  int32_t *leaves;
} lathe_tree_path;
bool lathe_tree_prune(lathe_tree *tree, lathe_tree_path *path, lathe_error *error);
void lathe_tree_path_free(lathe_tree_path *path);

static inline bool lathe_tree_leaf(const lathe_tree_node *node, double alpha) {
  return node->left < 0 || node->alpha <= alpha;
}

/* Where row `row` of the data comes to in the tree cut back with penalty `alpha`, from `node` on. */
int32_t lathe_tree_find(const lathe_tree *tree, const lathe_tree_data *data, int32_t row, int32_t node,
                        double alpha);

/* What a node predicts: the mean, or the share of each class. */
void lathe_tree_value(const lathe_tree *tree, const lathe_tree_data *data, int32_t node, double *value);

/* The tree cut back with penalty `alpha` as one of an ensemble; `place` (NULL or tree->count) gets the node there of each node, -1 when
 * it is cut. */
bool lathe_tree_put(const lathe_tree *tree, const lathe_tree_data *data, double alpha, lathe_trees *trees,
                    int32_t *place, lathe_error *error);

/* The penalty that `folds` rounds of cross-validation choose: the one with the least squared error, or rate of errors of classes; with
 * `simplest` the largest that is not worse than that by more than its standard error. `error_of` and `deviation` get, for each of the
 * `path`'s steps, the mean error and its standard error (NaN where it was not tried). */
bool lathe_tree_choose(const lathe_tree_data *data, const lathe_tree_limits *limits,
                       const lathe_tree_path *path, int32_t folds, bool simplest, uint64_t seed,
                       double *error_of, double *deviation, double *alpha, lathe_progress *progress,
                       lathe_error *error);

/* For tree_model.c: the table "tree", a row for each node that is left at penalty `alpha`, down to the 1,000th level by level: node, parent
 * (-1: none), rule (what its rows have that their parent's other rows have not), rows, impurity, and the prediction: a mean, or the
 * heaviest class and its share. */
bool lathe_tree_describe(lathe_training *training, const lathe_tree *tree, const lathe_tree_data *data,
                         double alpha, lathe_error *error);

/* For tree_grow.c: the best split of a node by one feature. */
typedef struct lathe_tree_split {
  double gain; /* -INFINITY: none */
  int32_t feature;
  double threshold;  /* of categories: of their rank */
  int32_t key_class; /* of categories: ranked by the share of this class */
  bool missing_left;
} lathe_tree_split;

/* The threshold between two values: their middle, or the smaller one when there is nothing between. */
double lathe_tree_between(double low, double high);

typedef struct lathe_tree_search lathe_tree_search; /* scratch memory of one thread */
lathe_tree_search *lathe_tree_search_new(const lathe_tree_data *data, const lathe_tree_limits *limits,
                                         int32_t rows, lathe_error *error);
void lathe_tree_search_free(lathe_tree_search *search);

/* Put the best split of `node`, whose rows are `order` (ascending by a feature of numbers, missing ones last), into `best` when it is
 * better. */
void lathe_tree_search_feature(lathe_tree_search *search, const lathe_tree_node *node, const int32_t *order,
                               int32_t feature, lathe_tree_split *best);

/* The categories that go left by `split`: bit k of `set`. Gives where missing ones go. */
bool lathe_tree_search_set(lathe_tree_search *search, const lathe_tree_node *node, const int32_t *order,
                           const lathe_tree_split *split, uint32_t *set);

#endif
