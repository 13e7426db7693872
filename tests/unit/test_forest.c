/* The best split of a node, of a single tree and of a forest, against all splits that there are. */
#include "tap.h"
#include "base/random.h"
#include "model/tree/forest.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 6000, FEATURES = 4, CATEGORIES = 6 };

static double x[FEATURES * MOST], target[MOST], centred[MOST], weight[MOST];
static int32_t code[MOST];
static bool gaps[FEATURES];
static const int32_t kinds[FEATURES] = {0, 0, 0, CATEGORIES};
static const char *const names[FEATURES] = {"a", "b", "c", "d"};

/* Numbers of many and of few values, one with gaps, and categories with gaps. */
static lathe_tree_data make(int32_t rows, int32_t classes, bool weighted, uint64_t seed) {
  lathe_random random;
  lathe_random_seed(&random, seed, 0);
  double sum = 0, all = 0;
  memset(gaps, 0, sizeof gaps);
  for (int32_t r = 0; r < rows; r++) {
    double one = lathe_random_normal(&random), two = (double)lathe_random_below(&random, 9);
    double three = lathe_random_uniform(&random) < 0.2 ? (double)NAN : lathe_random_uniform(&random);
    double four = (double)lathe_random_below(&random, CATEGORIES + 1);
    x[r] = one;
    x[rows + r] = two;
    x[2 * rows + r] = three;
    x[3 * rows + r] = four < CATEGORIES ? four : (double)NAN;
    double signal =
        sin(3 * one) + 0.2 * two + (three > 0.6) + (four == 1 || four == 4) + lathe_random_normal(&random);
    weight[r] = weighted ? 0.25 * (double)(1 + lathe_random_below(&random, 8)) : 1;
    target[r] = signal;
    code[r] = (int32_t)fmod(fabs(signal) * 2, classes > 0 ? classes : 1);
    sum += weight[r] * signal;
    all += weight[r];
  }
  for (int32_t r = 0; r < rows; r++) {
    centred[r] = target[r] - sum / all;
    for (int j = 0; j < FEATURES; j++) gaps[j] = gaps[j] || isnan(x[j * rows + r]);
  }
  return (lathe_tree_data){.rows = rows,
                           .features = FEATURES,
                           .x = x,
                           .categories = kinds,
                           .gaps = gaps,
                           .classes = classes,
                           .code = code,
                           .target = target,
                           .centred = centred,
                           .centre = sum / all,
                           .weight = weighted ? weight : NULL};
}

/* Impurity times weight of one side: of squares, or Gini. */
static double impurity(const lathe_tree_data *data, const bool *in, bool wanted, int32_t *rows) {
  double all = 0, sum = 0, squares = 0, of[8] = {0};
  *rows = 0;
  for (int32_t r = 0; r < data->rows; r++) {
    double w = data->weight ? data->weight[r] : 1;
    if (in[r] != wanted) continue;
    ++*rows;
    all += w;
    sum += w * data->centred[r];
    squares += w * data->centred[r] * data->centred[r];
    of[data->classes > 0 ? data->code[r] : 0] += w;
  }
  if (*rows == 0) return 0;
  if (data->classes == 0) return squares - sum * sum / all;
  double gini = all;
  for (int k = 0; k < data->classes; k++) gini -= of[k] * of[k] / all;
  return gini;
}

static bool in[MOST];
static double whole; /* impurity */

/* What the split into `in` and the rest gains; -1 when a side has too few rows. */
static double gain_of(const lathe_tree_data *data, int32_t least) {
  int32_t left, right;
  double parts = impurity(data, in, true, &left) + impurity(data, in, false, &right);
  return left < least || right < least ? -1 : whole - parts;
}

/* The best of all thresholds of a feature (every `skip`th value) or sets of categories, with what is missing on either side. */
static double best_of(const lathe_tree_data *data, int32_t least, int32_t skip) {
  double best = -1;
  for (int32_t j = 0; j < FEATURES; j++) {
    const double *value = data->x + (size_t)j * (size_t)data->rows;
    int32_t cuts = kinds[j] > 0 ? 1 << CATEGORIES : data->rows;
    for (int32_t c = 0; c<cuts; c += kinds[j]> 0 ? 1 : skip)
      for (int side = 0; side < (data->gaps[j] ? 2 : 1); side++) {
        if (kinds[j] == 0 && isnan(value[c])) continue;
        for (int32_t r = 0; r < data->rows; r++)
          in[r] = isnan(value[r]) ? side : kinds[j] > 0 ? c >> (int)value[r] & 1 : value[r] <= value[c];
        best = fmax(best, gain_of(data, least));
      }
  }
  return best;
}

/* The forest's best split, and whether its gain is what its two sides say. */
static double forest_best(const lathe_tree_data *data, int32_t least) {
  lathe_ranks ranks = {0};
  lathe_forest_limits limits = {.min_split = 2, .min_leaf = least, .features = FEATURES, .trees = 1};
  lathe_forest_data all = {data, &ranks, 1};
  forest_row *rows = malloc((size_t)data->rows * sizeof *rows);
  int32_t pool[FEATURES] = {0, 1, 2, 3};
  forest_split split = {.gain = -1};
  forest_search *search =
      lathe_ranks_make(&ranks, data, names, NULL, NULL) ? lathe_forest_search_new(&all, &limits, NULL) : NULL;
  for (int32_t r = 0; r < data->rows; r++)
    rows[r] = (forest_row){r, data->code[r], data->weight ? data->weight[r] : 1,
                           data->classes > 0 ? data->code[r] == 1 : data->centred[r]};
  if (search) lathe_forest_search_node(search, rows, data->rows, pool, &split);
  for (int32_t r = 0; search && r < data->rows; r++) {
    uint16_t key = search->key[FOREST_KEYS][r];
    in[r] = key == LATHE_RANKS_MISSING
                ? split.missing_left
                : (kinds[split.feature] > 0 ? search->best_order[key] : key) <= split.cut;
  }
  double gain = gain_of(data, least), said = split.gain * (data->classes == 2 ? 2 : 1);
  if (fabs(gain - said) > 1e-9 * fmax(1, gain)) gain = -2;
  lathe_forest_search_free(search);
  lathe_ranks_free(&ranks);
  free(rows);
  return gain;
}

/* The single tree's best split, by the children of its root. */
static double tree_best(const lathe_tree_data *data, int32_t least) {
  lathe_tree tree = {0};
  lathe_tree_limits limits = {.max_depth = 1, .min_split = 2, .min_leaf = least};
  double gain = -1;
  if (lathe_tree_grow(data, NULL, 0, &limits, &tree, NULL, NULL) && tree.count == 3)
    gain = tree.node[0].impurity * tree.node[0].weight - tree.node[1].impurity * tree.node[1].weight -
           tree.node[2].impurity * tree.node[2].weight;
  lathe_tree_free(&tree);
  return gain;
}

static void check(int32_t rows, int32_t classes, bool weighted, int32_t least) {
  lathe_tree_data data = make(rows, classes, weighted, (uint64_t)(rows + classes));
  /* more rows than this are too many to try all their values; the forest's best is then one of the best */
  int32_t skip = rows > 1000 ? rows / 500 : 1, count;
  memset(in, true, sizeof in);
  whole = impurity(&data, in, true, &count);
  double best = best_of(&data, least, skip), tree = tree_best(&data, least),
         forest = forest_best(&data, least);
  const char *of = classes > 0 ? "classes" : "numbers";
  ok(skip > 1 ? tree >= best * (1 - 1e-9) : fabs(tree - best) < 1e-9 * fmax(best, 1),
     "%d rows of %d %s%s, %d in a leaf: a tree's split is the best of all", rows, classes, of,
     weighted ? ", weighted" : "", least);
  ok(forest >= (rows < FOREST_SLOTS ? tree * (1 - 1e-9) : tree * 0.995) && forest <= tree * (1 + 1e-9),
     "and a forest's %s (%.9g of %.9g)", rows < FOREST_SLOTS ? "is, too" : "hardly worse", forest, tree);
}

int main(void) {
  for (int32_t classes = 0; classes <= 4; classes += 2) {
    check(40, classes, false, 1);
    check(200, classes, true, 1);
    check(200, classes, false, 30);
    check(700, classes, true, 5);
    check(MOST, classes, false, 1);
  }
  return done_testing();
}
