/* boosting_search.c - the best place to divide a node by one feature.
 *
 * A node with sums G of gradients and H of curvatures predicts -G / (H + l2) and lowers the loss by G^2 / (H + l2) / 2; the gain of a split
 * is what its children lower it more (Chen, Guestrin 2016, eq. 7; without the half). A penalty l1 brings G nearer to 0 by as much. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../../base/clones.h"
#include "boosting.h"

enum { SMOOTH = 10 }; /* rows of the node's mean curvature that are added to a category */
enum { FEW = 10 };    /* rows that a category has at least to stand alone */
enum { RARE = BOOST_SLOTS };

/* Sums of the slots up to each one: left of a split behind it. */
typedef struct {
  double gradient[BOOST_SLOTS], curvature[BOOST_SLOTS], gain[BOOST_SLOTS];
  boost_sum sum[BOOST_SLOTS];
} sums;

static void add(boost_sum *sum, boost_sum more) {
  sum->gradient += more.gradient;
  sum->curvature += more.curvature;
  sum->rows += more.rows;
}

/* Gains of splits first .. last. */
LATHE_CLONES static void find_gains(sums *s, int32_t first, int32_t last, double gradient, double curvature,
                                    double l2) {
  for (int32_t i = first; i <= last; i++) {
    double left = s->gradient[i], right = gradient - left;
    double of_left = s->curvature[i] + l2, of_right = curvature - s->curvature[i] + l2;
    s->gain[i] = left * left / of_left + right * right / of_right;
  }
}

/* The value of a leaf with these sums (curvature with l2) under the limits, and by how much it lowers the loss, twice. */
static double bounded_value(const boost_limits *limits, const boost_node *node, double gradient,
                            double curvature) {
  double shrunk = gradient > limits->l1    ? gradient - limits->l1
                  : gradient < -limits->l1 ? gradient + limits->l1
                                           : 0;
  double value = -shrunk / curvature;
  return value < node->low ? node->low : value > node->high ? node->high : value;
}

static double bounded_gain(const boost_limits *limits, double value, double gradient, double curvature) {
  return -2 * gradient * value - curvature * value * value - 2 * limits->l1 * fabs(value);
}

/* The same under l1, bounds and a direction (-1, 0, 1): a split that goes the wrong way has none. */
static void find_bounded_gains(const boost_limits *limits, const boost_node *node, sums *s, int32_t first,
                               int32_t last, double gradient, double curvature, double l2,
                               int32_t direction) {
  for (int32_t i = first; i <= last; i++) {
    double left = s->gradient[i], right = gradient - left;
    double of_left = s->curvature[i] + l2, of_right = curvature - s->curvature[i] + l2;
    double a = bounded_value(limits, node, left, of_left), b = bounded_value(limits, node, right, of_right);
    s->gain[i] = (b - a) * direction < 0
                     ? -INFINITY
                     : bounded_gain(limits, a, left, of_left) + bounded_gain(limits, b, right, of_right);
  }
}

static bool is_bounded(const boost_limits *limits) {
  return limits->monotone || limits->l1 > 0;
}

double boost_value(const boost_grower *grower, const boost_node *node) {
  return bounded_value(grower->limits, node, (double)node->sum.gradient * grower->scale.gradient,
                       (double)node->sum.curvature * grower->scale.curvature + grower->limits->l2);
}

static double gain_of_node(const boost_grower *grower, const boost_node *node, double l2) {
  double gradient = (double)node->sum.gradient * grower->scale.gradient;
  double curvature = (double)node->sum.curvature * grower->scale.curvature + l2;
  if (!is_bounded(grower->limits)) return gradient * gradient / curvature;
  return bounded_gain(grower->limits, bounded_value(grower->limits, node, gradient, curvature), gradient,
                      curvature);
}

/* Look through splits behind 0 .. last; the place of the best one that is better than best->gain, or -1. */
static int32_t best_of(const boost_grower *grower, const boost_node *node, sums *s, int32_t last, double l2,
                       int32_t direction, double base, double *gain) {
  const boost_limits *limits = grower->limits;
  double unit = grower->scale.curvature;
  int64_t least = limits->min_rows > 1 ? limits->min_rows : 1;
  int32_t first = 0;
  while (first <= last &&
         (s->sum[first].rows < least || (double)s->sum[first].curvature * unit < limits->min_curvature))
    first++;
  while (last >= first &&
         (node->sum.rows - s->sum[last].rows < least ||
          (double)(node->sum.curvature - s->sum[last].curvature) * unit < limits->min_curvature))
    last--;
  if (first > last) return -1;
  for (int32_t i = first; i <= last; i++) {
    s->gradient[i] = (double)s->sum[i].gradient * grower->scale.gradient;
    s->curvature[i] = (double)s->sum[i].curvature * unit;
  }
  double gradient = (double)node->sum.gradient * grower->scale.gradient;
  double curvature = (double)node->sum.curvature * unit;
  if (is_bounded(limits))
    find_bounded_gains(limits, node, s, first, last, gradient, curvature, l2, direction);
  else
    find_gains(s, first, last, gradient, curvature, l2);
  int32_t place = -1;
  for (int32_t i = first; i <= last; i++)
    if (s->gain[i] - base > *gain) {
      *gain = s->gain[i] - base;
      place = i;
    }
  return place;
}

void boost_search_begin(const boost_grower *grower, const boost_node *node, boost_split *best) {
  double least = 1e-12 * gain_of_node(grower, node, grower->limits->l2);
  *best = (boost_split){.feature = -1};
  best->gain = grower->limits->min_gain > least ? grower->limits->min_gain : least;
}

static void search_numbers(const boost_grower *grower, const boost_node *node, int32_t feature, sums *s,
                           boost_split *best) {
  const boost_slot *slot = node->histogram + grower->start[feature];
  int32_t count = grower->bins->count[feature];
  double l2 = grower->limits->l2, base = gain_of_node(grower, node, l2);
  int32_t direction = grower->limits->monotone ? grower->limits->monotone[feature] : 0;
  boost_sum missing = boost_sum_of(grower, slot[count]), so_far = {0};
  for (int32_t i = 0; i < count; i++) {
    add(&so_far, boost_sum_of(grower, slot[i]));
    s->sum[i] = so_far;
  }
  int32_t last = missing.rows > 0 ? count - 1 : count - 2;
  int32_t place = best_of(grower, node, s, last, l2, direction, base, &best->gain);
  if (place >= 0) {
    best->feature = feature;
    best->bin = place;
    best->category = false;
    best->left = s->sum[place];
    best->missing_left = missing.rows == 0 && 2 * s->sum[place].rows >= node->sum.rows;
  }
  if (missing.rows == 0) return;
  for (int32_t i = 0; i < count; i++) add(&s->sum[i], missing);
  place = best_of(grower, node, s, count - 2, l2, direction, base, &best->gain);
  if (place < 0) return;
  best->feature = feature;
  best->bin = place;
  best->category = false;
  best->left = s->sum[place];
  best->missing_left = true;
}

/* A category, or the rare ones together (`bin` RARE). */
typedef struct {
  double ratio;
  boost_sum sum;
  int32_t bin;
} ranked;

static int by_ratio(const void *a, const void *b) {
  const ranked *x = a, *y = b;
  return x->ratio < y->ratio ? -1 : x->ratio > y->ratio ? 1 : x->bin - y->bin;
}

/* The categories of a node and what is missing (the last bin) in the order of their means, those of few rows as one: their order would
 * follow the noise. How many; `common`: the bins that stand alone. */
static int32_t rank_categories(const boost_grower *grower, const boost_node *node, int32_t feature,
                               ranked *rank, bool *common) {
  const boost_slot *slot = node->histogram + grower->start[feature];
  int32_t count = grower->bins->count[feature], used = 0;
  double mean = (double)node->sum.curvature / (double)node->sum.rows;
  ranked rare = {.bin = RARE};
  for (int32_t i = 0; i <= count; i++) {
    boost_sum sum = boost_sum_of(grower, slot[i]);
    common[i] = sum.rows >= FEW;
    if (common[i])
      rank[used++] = (ranked){.sum = sum, .bin = i};
    else
      add(&rare.sum, sum);
  }
  if (rare.sum.rows > 0) rank[used++] = rare;
  for (int32_t i = 0; i < used; i++)
    rank[i].ratio = (double)rank[i].sum.gradient / ((double)rank[i].sum.curvature + SMOOTH * mean);
  qsort(rank, (size_t)used, sizeof *rank, by_ratio);
  return used;
}

/* The best division into two sets is one of those between two neighbours (Fisher 1958). Categories without rows go with the rare ones. */
static void search_categories(const boost_grower *grower, const boost_node *node, int32_t feature, sums *s,
                              boost_split *best) {
  ranked rank[BOOST_SLOTS];
  bool common[BOOST_SLOTS];
  int32_t count = grower->bins->count[feature];
  int32_t used = rank_categories(grower, node, feature, rank, common);
  boost_sum so_far = {0};
  for (int32_t i = 0; i < used; i++) {
    add(&so_far, rank[i].sum);
    s->sum[i] = so_far;
  }
  double mean = (double)node->sum.curvature / (double)node->sum.rows * grower->scale.curvature;
  double l2 = grower->limits->l2 + (used > 4 ? SMOOTH * mean : 0);
  double base = gain_of_node(grower, node, grower->limits->l2);
  int32_t place = best_of(grower, node, s, used - 2, l2, 0, base, &best->gain);
  if (place < 0) return;
  bool left[BOOST_SLOTS] = {false}, rare_left = 2 * s->sum[place].rows >= node->sum.rows;
  for (int32_t i = 0; i < used; i++) {
    if (rank[i].bin == RARE)
      rare_left = i <= place;
    else
      left[rank[i].bin] = i <= place;
  }
  best->feature = feature;
  best->bin = 0;
  best->category = true;
  best->left = s->sum[place];
  memset(best->set, 0, sizeof best->set);
  for (int32_t i = 0; i < count; i++)
    if (common[i] ? left[i] : rare_left) best->set[i / 32] |= (uint32_t)1 << (i % 32);
  best->missing_left = common[count] ? left[count] : rare_left;
}

void boost_search(const boost_grower *grower, const boost_node *node, int32_t feature, boost_split *best) {
  sums s;
  if (grower->bins->categories[feature] > 0)
    search_categories(grower, node, feature, &s, best);
  else
    search_numbers(grower, node, feature, &s, best);
}
