/* forest.h - random forests (Breiman 2001) and extremely randomised trees (Geurts, Ernst, Wehenkel 2006), grown on ranks.
 *
 * Each tree is a function of the seed and its number, and grows alone, so threads never matter. A node draws some features and takes the
 * best split of them. Its rows are gathered once; a feature is searched by a histogram of its ranks in nodes of many rows (refined by an
 * exact search around the best cut), and exactly, by sorting, in others. */
#ifndef LATHE_MODEL_FOREST_H
#define LATHE_MODEL_FOREST_H

#include <math.h>

#include "../../base/random.h"
#include "ranks.h"

/* What is left out of a bag goes down with the rest, to be judged by: out-of-bag rows. */
typedef struct lathe_forest_limits {
  bool extra, bootstrap, entropy;
  int32_t trees, max_depth; /* 0: any */
  int32_t min_split, min_leaf;
  int32_t features; /* drawn for a node */
  int32_t draws;    /* rows of a bag */
  uint64_t seed;
  const char *checkpoint, *digest; /* a file that the forest is kept in, NULL: none, and what it is of */
  int32_t checkpoint_every;        /* trees */
} lathe_forest_limits;

/* What all trees share. */
typedef struct lathe_forest_data {
  const lathe_tree_data *table; /* classes, code, target, weight */
  const lathe_ranks *ranks;
  double unit; /* the target, centred, by this */
} lathe_forest_data;

/* A row of a node. */
typedef struct forest_row {
  int32_t row, code;
  double weight, y; /* y: the target in units, or 1 for the second of two classes */
} forest_row;

typedef struct forest_sum {
  double weight, sum, rows, none;
} forest_sum;

typedef struct forest_split {
  double gain; /* of impurity times weight; < 0: none */
  int32_t feature;
  int32_t cut;      /* the last rank that goes left; of categories by their order */
  int32_t next;     /* the first rank on the right, -1: only what is missing goes right */
  double threshold; /* of extra trees; NaN: the middle between the ranks */
  bool missing_left;
} forest_split;

/* A category on its way into an order. */
typedef struct forest_place {
  double key;
  int32_t category;
} forest_place;

enum { FOREST_SLOTS = 256, FOREST_KEYS = 8 };

/* The memory of one thread, and the node that is searched. */
typedef struct forest_search {
  const lathe_forest_data *data;
  const lathe_forest_limits *limits;
  lathe_random random;
  const forest_row *row; /* of the node */
  int32_t rows, room;
  double weight;                  /* of the node */
  bool classes;                   /* counted class by class; else by y */
  double *whole;                  /* (classes) weights in the node */
  double worth;                   /* of the node, see forest_classes.c */
  forest_sum *local;              /* (room) of the rows, y less the node's mean */
  uint16_t *key[FOREST_KEYS + 1]; /* (room) ranks of the features looked at; the last: of the best split */
  uint16_t *ordered;              /* (room) of categories: their order */
  int32_t *present;               /* (room) places of rows whose value is known */
  uint64_t *sorted, *scratch;     /* (room) */
  forest_sum slot[FOREST_SLOTS];
  double *of_left, *of_right, *of_missing, *class_slot; /* (classes), the last: (slots, classes) */
  int32_t slot_rows[FOREST_SLOTS];
  uint16_t *order, *best_order; /* (categories at most) */
  double *category_weight, *category_sum;
  int32_t *category;
  forest_place *list;
} forest_search;

forest_search *lathe_forest_search_new(const lathe_forest_data *data, const lathe_forest_limits *limits,
                                       lathe_error *error);
void lathe_forest_search_free(forest_search *search);

/* The best split of a node, whose rows are `row`, by features that are drawn from `pool` (a permutation of all, which it shuffles on).
 * search->key[FOREST_KEYS] then has the ranks of its rows, best_order the order of categories. */
void lathe_forest_search_node(forest_search *search, const forest_row *row, int32_t rows, int32_t *pool,
                              forest_split *best);

/* A node's rows by a feature: `count` places in `place` (NULL: all) with ranks from `low` to `high` in `key`, and those that are missing
 * beside them. */
typedef struct forest_column {
  int32_t feature;
  const uint16_t *key;
  const int32_t *place;
  int32_t count, missing;
  const int32_t *missing_place;
  uint16_t low, high;
} forest_column;

/* The best cut by the weighted variance of y (forest_numbers.c), or by the impurity of classes (forest_classes.c), put into `best` when it is
 * better. */
void forest_search_numbers(forest_search *search, const forest_column *column, forest_split *best);
void forest_search_classes(forest_search *search, const forest_column *column, forest_split *best);

/* The cut at rank `cut`, judged. */
void forest_try_numbers(forest_search *search, const forest_column *column, int32_t cut, forest_split *best);
void forest_try_classes(forest_search *search, const forest_column *column, int32_t cut, forest_split *best);

/* sorted[0 .. count - 1]: key << 32 | place of the rows of a column, ascending; those with ranks from `low` to `high` alone. Gives how many. */
int32_t forest_sort(forest_search *search, const forest_column *column, uint16_t low, uint16_t high);

static inline uint16_t forest_key(uint64_t sorted) {
  return (uint16_t)(sorted >> 32);
}

/* A tree: its number in the forest, nodes and leaves, the gain of each feature (features), and for each row the place of the values of the
 * leaf that it comes to when it is out of the bag, -1 in it (`leaf`: (rows), NULL: not asked). */
bool forest_grow(forest_search *search, int32_t number, lathe_trees *tree, double *gain, int64_t *splits,
                 int32_t *leaf, lathe_progress *progress, lathe_error *error);

/* What a forest is and how good: by trees, out of the bag. */
typedef struct lathe_forest {
  lathe_trees trees;
  double *gain; /* (features) each tree's sum to 1 */
  int64_t *splits;
  double *curve;      /* (trees) rate of errors or mean squared error out of the bag; NaN: no row was */
  double *out_of_bag; /* (outputs, rows) mean prediction of the trees that did not see a row */
  int32_t *out_of_bag_trees; /* (rows) how many */
} lathe_forest;

bool lathe_forest_grow(const lathe_forest_data *data, const lathe_forest_limits *limits, lathe_forest *forest,
                       lathe_progress *progress, lathe_error *error);
void lathe_forest_free(lathe_forest *forest);

/* forest_checkpoint.c: the forest so far is written; and read, when there is one. */
bool lathe_forest_checkpoint_write(const lathe_forest *forest, const lathe_forest_data *data,
                                   const lathe_forest_limits *limits, lathe_error *error);
bool lathe_forest_checkpoint_read(lathe_forest *forest, const lathe_forest_data *data,
                                  const lathe_forest_limits *limits, lathe_error *error);

/* What the trees follow from, but for their number. */
bool lathe_forest_digest(const lathe_forest_data *data, const lathe_forest_limits *limits,
                         const char *const *names, char digest[33], lathe_error *error);

#endif
