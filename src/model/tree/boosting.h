/* boosting.h - gradient boosting on histograms (Friedman 2001; Chen, Guestrin 2016; Ke et al. 2017).
 *
 * In each round each output gets a tree that is grown on the gradients and curvatures of the loss at what was predicted so far. They are
 * rounded to whole numbers, fine enough that no tree notices (Shi et al. 2022 go down to a few bits), so that sums over rows are exact:
 * whatever the order of adding, whatever the number of threads, and however a sum came about (as parent - sibling, or row by row), it is
 * the same to the last bit. A slot of a histogram has the sum of gradients, and in one word the sum of curvatures and the number of rows.
 *
 *   boosting_model.c       options and target to a model
 *   boosting.c             the rounds            boosting_loss.c       gradients, losses, where it begins
 *   boosting_grow.c        one tree              boosting_rows.c       rows to two sides
 *   boosting_histogram.c   sums by bin           boosting_split.c      the best split of a node
 *   boosting_tree.c        leaves and scores     boosting_checkpoint.c a training that goes on later */
#ifndef LATHE_MODEL_BOOSTING_H
#define LATHE_MODEL_BOOSTING_H

#include "../../graph/trees.h"
#include "bins.h"
#include "../fit.h"

enum {
  BOOST_BLOCK = 32,
  BOOST_GROUP = 8,
  BOOST_SLOTS = 256
};                            /* features in a block and a group; slots of a feature */
enum { BOOST_PIECE = 32768 }; /* rows that are handled in one go, at most */

/* How many rows each of the parts of `rows` rows has, of `least` up to `most`, so that there is work for all threads: sums are exact, so
 * they may be cut anywhere. */
int32_t boost_part_rows(int64_t rows, int32_t least, int32_t most);

/* A row's gradient and curvature in units of the scale. */
typedef struct boost_pair {
  int32_t gradient, curvature;
} boost_pair;

/* Sums; curvature << count_bits | rows. */
typedef struct boost_slot {
  int64_t gradient;
  uint64_t both;
} boost_slot;

typedef struct boost_scale {
  double gradient, curvature; /* the unit of each */
  int32_t count_bits;
} boost_scale;

typedef struct boost_limits {
  int32_t max_leaves, max_depth; /* 0: as many as there are */
  int64_t min_rows;
  double min_curvature, l1, l2, min_gain;
  const int8_t *monotone; /* (features) -1, 0, 1; NULL: 0 */
} boost_limits;

typedef struct boost_sum {
  int64_t gradient, curvature, rows;
} boost_sum;

typedef struct boost_split {
  double gain; /* 0: none */
  int32_t feature, bin;
  bool category, missing_left;
  uint32_t set[BOOST_SLOTS / 32]; /* of bins that go left */
  boost_sum left;
} boost_split;

typedef struct boost_node {
  int32_t begin, end, side; /* its rows: order[side][begin .. end - 1] */
  int32_t depth, left;      /* left: -1 of one that has not been divided */
  bool chosen;              /* its split is in the tree */
  boost_sum sum;
  double low, high; /* its value lies between them */
  double value;     /* of a leaf */
  boost_split split;
  boost_slot *histogram; /* NULL: not kept */
} boost_node;

/* What grows trees, one after the other. */
typedef struct boost_grower {
  const lathe_bins *bins;
  const boost_limits *limits;
  const boost_pair *pair; /* (rows) */
  const bool *taken;      /* (features) may be asked; NULL: all */
  boost_scale scale;
  int32_t *order[2]; /* (rows) twice */
  boost_node *node;
  int32_t nodes, nodes_room;
  int32_t
      *start; /* (features + 1) the place of a feature's slots in a histogram, the last slot is for missing */
  boost_slot **spare;
  int32_t spares, spares_room, kept, keep_most;
  lathe_progress *progress;
} boost_grower;

bool boost_grower_begin(boost_grower *grower, const lathe_bins *bins, const boost_limits *limits,
                        lathe_progress *progress, lathe_error *error);
void boost_grower_end(boost_grower *grower);

/* Grow a tree on the `rows` rows in order[0]: grower->node, whose leaves' rows are in `order`. */
bool boost_grow(boost_grower *grower, int32_t rows, lathe_error *error);

/* The value of a leaf that holds these sums, before the learning rate. */
double boost_value(const boost_grower *grower, const boost_node *node);

/* Whether a node could be divided once more. */
bool boost_divisible(const boost_grower *grower, const boost_node *node);

/* Whether a row of the bins goes left. */
static inline bool boost_left(const boost_split *split, uint8_t bin) {
  if (bin == LATHE_BINS_MISSING) return split->missing_left;
  return split->category ? split->set[bin / 32] >> (bin % 32) & 1 : bin <= split->bin;
}

/* ---- for boosting_grow.c: nodes that are divided together ---- */

typedef struct boost_part {
  int32_t node, begin, count; /* rows of its list */
  int32_t first, features;
  boost_slot *out;
} boost_part;

typedef struct boost_batch {
  boost_grower *grower;
  const int32_t *list; /* nodes being divided; their children are there */
  int32_t count;
  boost_part *part;
  int32_t part_rows; /* of a part at most */
  int32_t parts, parts_room;
  int32_t *first_part; /* (count + 1) the parts of the children of each node of the list */
  boost_slot **extra;  /* (extras) histograms that are to be added to that of extra_of */
  int32_t *extra_of, extras, extras_room;
} boost_batch;

/* boosting_rows.c: the rows of each node of the list go to its two children; those of one node, by one thread. */
bool boost_divide_rows(const boost_batch *batch, lathe_error *error);
void boost_divide_node(const boost_grower *grower, int32_t node);

/* boosting_histogram.c: the histogram of a node begun (`_plan`), and that of the smaller child of each node of the list (and of the larger
 * one, where the parent's is not kept); then all that were begun are added up, or one of their parts, but for the extras. And
 * histograms as things that come and go. */
bool boost_plan_histogram(boost_batch *batch, int32_t node, lathe_error *error);
bool boost_plan_children(boost_batch *batch, lathe_error *error);
bool boost_add_histograms(boost_batch *batch, lathe_error *error);
bool boost_add_part(const boost_batch *batch, int32_t part, lathe_error *error);
void boost_add_extras(const boost_batch *batch, int32_t node, int32_t begin, int32_t end);
void boost_drop_histogram(boost_grower *grower, boost_slot **histogram);
void boost_batch_free(boost_batch *batch);

/* boosting_split.c: the sums of a slot; the best split of the children of each node of the list, and of the root. */
boost_sum boost_sum_of(const boost_grower *grower, boost_slot slot);
bool boost_split_children(const boost_batch *batch, lathe_error *error);
bool boost_split_root(boost_grower *grower, lathe_error *error);

/* The same for the children of node `which` of the list, by one thread, from all features; and what follows when all have been split. */
void boost_split_node(const boost_batch *batch, int32_t which, boost_split found[2]);
void boost_settle_node(const boost_batch *batch, int32_t which, const boost_split *found, int32_t strips);

/* boosting_search.c: the best split of a node by one feature, put into `best` when it is better. `_begin`: none yet. */
void boost_search_begin(const boost_grower *grower, const boost_node *node, boost_split *best);
void boost_search(const boost_grower *grower, const boost_node *node, int32_t feature, boost_split *best);

/* ---- losses: boosting_loss.c, boosting_bias.c ---- */

typedef struct boost_target {
  lathe_boosting_loss loss;
  double delta, quantile; /* of LATHE_BOOSTING_HUBER, _QUANTILE */
  int32_t rows, outputs;  /* outputs: of several classes one for each, else 1 */
  const double *number;   /* (rows) of a regression */
  const int32_t *code;    /* (rows) of classes */
  const double *weight;   /* (rows); NULL: 1 each */
  const uint8_t *part;    /* (rows) 0: learned from, 1: for validation, 2: neither (weight 0) */
  double heaviest;        /* the largest weight */
  double *score;          /* (outputs, rows) without the bias */
  double *bias;           /* (outputs) */
  boost_pair *pair;       /* (outputs, rows) */
  boost_scale scale;
} boost_target;

/* The bias: the best prediction that is the same for all rows. False with an error when there is none. */
bool boost_find_bias(boost_target *target, lathe_error *error);

/* The weighted quantile of a list, which is sorted; the middle of two when the share lies between them. */
typedef struct boost_weighed {
  double value, weight;
} boost_weighed;
double boost_quantile(boost_weighed *list, int64_t count, double share);

/* Gradients of all rows that are learned from, when `pairs`; and the mean loss of the rows of part 0 and 1 (NaN where there are none). */
bool boost_gradients(boost_target *target, bool pairs, double loss[2], lathe_progress *progress,
                     lathe_error *error);

static inline double boost_weight(const boost_target *target, int64_t row) {
  return target->weight ? target->weight[row] : 1;
}

/* ---- trees: boosting_tree.c ---- */

/* The leaves of the tree that was grown get their values, times the learning rate: those of the sums, or quantiles of what is left. */
bool boost_set_values(boost_grower *grower, const boost_target *target, double rate, lathe_error *error);

/* The tree becomes the last one of `trees`; beside its nodes stands what each split lowers the loss by (`gain`, of `room`). */
bool boost_keep_tree(const boost_grower *grower, int32_t output, lathe_trees *trees, double **gain,
                     int32_t *room, lathe_error *error);

/* The values of the leaves are added to the scores of the rows that the tree was grown on, and those of tree `tree` to the scores of
 * rows that `wanted` (rows; NULL: all). */
bool boost_add_leaves(const boost_grower *grower, double *score, lathe_error *error);
bool boost_add_walks(const lathe_bins *bins, const lathe_trees *trees, int32_t tree, const uint8_t *wanted,
                     double *score, lathe_progress *progress, lathe_error *error);

/* ---- rounds: boosting.c, boosting_checkpoint.c ---- */

typedef struct boost_point {
  double loss[2]; /* of rows learned from, and of those for validation */
} boost_point;

typedef struct boost_training {
  const lathe_boosting_options *options;
  const lathe_bins *bins;
  boost_limits limits;
  boost_target target;
  const char *digest; /* what a checkpoint is of */
  lathe_progress *progress;
  lathe_trees trees;
  int32_t rounds;     /* that are done */
  int32_t best;       /* the round with the least loss: the first of equals */
  bool settled;       /* no tree found anything more to divide */
  boost_point *curve; /* (options->rounds + 1) after each number of rounds */
  double *gain;       /* (trees.nodes) what each split lowers the sum of losses by */
  int32_t gain_room;
} boost_training;

bool boost_train(boost_training *training, lathe_error *error);
void boost_training_free(boost_training *training);

/* A checkpoint: written; read when there is one and it is of this training (an error when it is of another). */
bool boost_checkpoint_write(const boost_training *training, lathe_error *error);
bool boost_checkpoint_read(boost_training *training, lathe_error *error);

#endif
