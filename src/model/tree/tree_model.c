/* tree_model.c - a decision tree as a model: the recipe, the target, growing, cutting back, the figures. */
#include <math.h>
#include <stdlib.h>

#include "../../base/memory.h"
#include "../fit.h"
#include "../target.h"
#include "../training.h"
#include "tree.h"

typedef struct {
  const lathe_tree_options *options;
  lathe_training training;
  lathe_tree_limits limits;
  lathe_tree_fit of;
  lathe_tree tree;
  lathe_tree_path path;
  double *error_of, *deviation; /* (steps of the path) by cross-validation */
  double alpha;
} fitting;

static void clear(fitting *fit) {
  lathe_tree_free(&fit->tree);
  lathe_tree_path_free(&fit->path);
  lathe_tree_fit_end(&fit->of);
  free(fit->error_of);
  free(fit->deviation);
}

/* ---- options, target, data ---- */

static bool check_options(const lathe_tree_options *options, lathe_error *error) {
  if (options->max_depth < 0 || options->min_split < 0 || options->min_leaf < 0 || options->folds < 0 ||
      options->folds == 1)
    return lathe_error_set(
        error, LATHE_ERROR_ARGUMENT,
        "max_depth, min_samples_split and min_samples_leaf are whole numbers from 1 up, and "
        "folds from 2 up");
  if (!(options->min_decrease >= 0) || !(options->alpha >= 0))
    return lathe_error_set(error, LATHE_ERROR_ARGUMENT, "%s is a number from 0 up, not %g",
                           options->alpha >= 0 ? "min_decrease" : "ccp_alpha",
                           options->alpha >= 0 ? options->min_decrease : options->alpha);
  return true;
}

static bool prepare(fitting *fit, lathe_recipe *recipe, const lathe_table *table, lathe_progress *progress,
                    lathe_error *error) {
  const lathe_tree_options *options = fit->options;
  fit->limits = (lathe_tree_limits){.entropy = options->entropy,
                                    .max_depth = options->max_depth,
                                    .min_split = options->min_split > 2 ? options->min_split : 2,
                                    .min_leaf = options->min_leaf > 1 ? options->min_leaf : 1,
                                    .min_decrease = options->min_decrease};
  return check_options(options, error) &&
         lathe_tree_fit_begin(&fit->of, &fit->training, "tree", recipe, table, options->task, &options->fit,
                              progress, error);
}

/* ---- growing and cutting back ---- */

static bool choose(fitting *fit, lathe_progress *progress, lathe_error *error) {
  const lathe_tree_options *options = fit->options;
  size_t steps = (size_t)fit->path.steps;
  fit->alpha = options->alpha;
  if (options->folds == 0) return true;
  fit->error_of = lathe_memory_raw(steps, sizeof(double), error);
  fit->deviation = lathe_memory_raw(steps, sizeof(double), error);
  return fit->error_of && fit->deviation &&
         lathe_tree_choose(&fit->of.data, &fit->limits, &fit->path, options->folds, options->simplest,
                           options->fit.seed, fit->error_of, fit->deviation, &fit->alpha, progress, error);
}

static bool grow(fitting *fit, lathe_progress *progress, lathe_error *error) {
  lathe_progress_begin(progress, "grow a tree", 0);
  bool fine = lathe_tree_grow(&fit->of.data, NULL, 0, &fit->limits, &fit->tree, progress, error) &&
              lathe_tree_prune(&fit->tree, &fit->path, error) && choose(fit, progress, error);
  lathe_progress_end(progress);
  return fine;
}

/* ---- what the model keeps ---- */

static bool is_left(const fitting *fit, int32_t node) {
  int32_t parent = fit->tree.node[node].parent;
  return parent < 0 || !lathe_tree_leaf(&fit->tree.node[parent], fit->alpha);
}

static bool too_large(int64_t leaves, int32_t classes, lathe_error *error) {
  return leaves * classes < 1 << 27 ||
         lathe_error_set(error, LATHE_ERROR_DATA,
                         "%lld leaves with the shares of %d classes each are too much; limit the tree "
                         "(max_depth, min_samples_leaf, ccp_alpha)",
                         (long long)leaves, classes);
}

static bool add_operator(fitting *fit, int64_t leaves, lathe_error *error) {
  const lathe_prepared *prepared = &fit->training.prepared;
  int32_t width = fit->of.column ? fit->of.classes.count : 1;
  lathe_trees trees = {.width = width};
  double *bias = lathe_memory_new((size_t)width, sizeof *bias, error);
  double *divisor = lathe_memory_raw((size_t)width, sizeof *divisor, error);
  for (int32_t k = 0; divisor && k < width; k++) divisor[k] = 1;
  bool fine = bias && divisor && too_large(leaves, width, error) &&
              lathe_tree_put(&fit->tree, &fit->of.data, fit->alpha, &trees, NULL, error) &&
              lathe_graph_add_trees(prepared->graph, prepared->matrix, &trees, bias, divisor, error) >= 0;
  lathe_trees_free(&trees);
  free(bias);
  free(divisor);
  return fine && lathe_tree_fit_classes(&fit->of, &fit->training, error);
}

typedef struct {
  int64_t leaves;
  int32_t depth;
  double impurity; /* of the leaves */
  double right, loss;
} summary;

/* Figures of the leaves; importance by feature. */
static bool sum_up(const fitting *fit, summary *sums, double *gain, int64_t *splits, lathe_error *error) {
  const lathe_tree *tree = &fit->tree;
  double *share = lathe_memory_raw((size_t)fit->of.data.classes + 1, sizeof *share, error);
  for (int32_t i = 0; share && i < tree->count; i++) {
    const lathe_tree_node *node = &tree->node[i];
    double part = node->weight / tree->weight;
    if (!is_left(fit, i)) continue;
    if (!lathe_tree_leaf(node, fit->alpha)) {
      gain[node->feature] += node->gain;
      splits[node->feature]++;
      continue;
    }
    sums->leaves++;
    sums->depth = node->depth > sums->depth ? node->depth : sums->depth;
    sums->impurity += part * node->impurity;
    if (fit->of.data.classes == 0) continue;
    double most = 0, loss = 0;
    lathe_tree_value(tree, &fit->of.data, i, share);
    for (int32_t k = 0; k < fit->of.data.classes; k++) {
      most = fmax(most, share[k]);
      if (share[k] > 0) loss -= share[k] * log(share[k]);
    }
    sums->right += part * most;
    sums->loss += part * loss;
  }
  free(share);
  return share != NULL;
}

static bool keep_figures(fitting *fit, const summary *sums, lathe_error *error) {
  const lathe_tree_node *root = &fit->tree.node[0];
  bool classes = fit->of.data.classes > 0;
  const struct {
    const char *name;
    double value;
  } list[] = {
      {"rows", fit->of.data.rows},
      {"features", fit->of.data.features},
      {"class_count", classes ? (double)fit->of.data.classes : (double)NAN},
      {"leaves", (double)sums->leaves},
      {"depth", sums->depth},
      {"ccp_alpha", fit->alpha},
      {"r2", classes ? NAN : 1 - sums->impurity / root->impurity},
      {"rmse", classes ? NAN : sqrt(sums->impurity)},
      {"target_mean", classes ? NAN : root->mean},
      {"accuracy", classes ? sums->right : NAN},
      {"log_loss", classes ? sums->loss : NAN},
  };
  for (size_t i = 0; i < sizeof list / sizeof *list; i++)
    if (!isnan(list[i].value) &&
        !lathe_model_set_figure(fit->training.model, list[i].name, list[i].value, error))
      return false;
  return sums->leaves > 1 ||
         lathe_names_add(&fit->training.model->notes, error,
                         "the tree is a single leaf: no split was %s, so it predicts the same for every row",
                         fit->tree.count > 1 ? "worth its penalty" : "found that the limits allow");
}

/* The table "path": all steps, or of many those that leave few leaves or were tried. */
static bool keep_path(fitting *fit, lathe_error *error) {
  enum { ALL = 300 };
  const lathe_tree_path *path = &fit->path;
  size_t steps = (size_t)path->steps;
  int64_t *leaves = lathe_memory_raw(steps, sizeof *leaves, error), count = 0;
  double *value = lathe_memory_raw(steps, 4 * sizeof *value, error);
  double *alpha = value, *impurity = value + steps, *mean = impurity + steps, *deviation = mean + steps;
  bool fine = leaves && value;
  for (int32_t i = 0; fine && i < path->steps; i++) {
    bool tried = fit->error_of && !isnan(fit->error_of[i]);
    if (steps > ALL && path->leaves[i] > ALL / 3 && !tried && i > 0) continue;
    alpha[count] = path->alpha[i];
    leaves[count] = path->leaves[i];
    impurity[count] = path->impurity[i];
    mean[count] = fit->error_of ? fit->error_of[i] : NAN;
    deviation[count++] = fit->error_of ? fit->deviation[i] : NAN;
  }
  if (fine) {
    bool chosen = fit->error_of != NULL;
    lathe_column *columns[] = {lathe_column_from_float64(alpha, count, error),
                               lathe_column_from_int64(leaves, count, error),
                               lathe_column_from_float64(impurity, count, error),
                               chosen ? lathe_column_from_float64(mean, count, error) : NULL,
                               chosen ? lathe_column_from_float64(deviation, count, error) : NULL};
    fine = lathe_model_set_columns(
        fit->training.model, "path", chosen ? 5 : 3,
        (const char *const[]){"ccp_alpha", "leaves", "impurity", "error", "standard_error"}, columns, error);
  }
  free(leaves);
  free(value);
  return fine;
}

static bool keep(fitting *fit, lathe_error *error) {
  summary sums = {0};
  size_t features = (size_t)fit->of.data.features;
  double *gain = lathe_memory_new(features, sizeof *gain, error);
  int64_t *splits = lathe_memory_new(features, sizeof *splits, error);
  bool fine = gain && splits && sum_up(fit, &sums, gain, splits, error) &&
              add_operator(fit, sums.leaves, error) && keep_figures(fit, &sums, error) &&
              lathe_tree_describe(&fit->training, &fit->tree, &fit->of.data, fit->alpha, error) &&
              lathe_training_importance(&fit->training, gain, splits, error) && keep_path(fit, error);
  free(gain);
  free(splits);
  return fine;
}

lathe_model *lathe_model_fit_tree(lathe_recipe *recipe, const lathe_table *table,
                                  const lathe_tree_options *options, lathe_progress *progress,
                                  lathe_error *error) {
  fitting fit = {.options = options};
  bool fine =
      prepare(&fit, recipe, table, progress, error) && grow(&fit, progress, error) &&
      lathe_model_set_words(
          fit.training.model, "Decision tree",
          "Grown by CART with exact splits, each the one that makes its two sides purest. It assumes "
          "that rows on one side of a few thresholds are alike, and predicts the same for all rows of "
          "a leaf; beyond the values it was trained on it goes on as at their edge.",
          error) &&
      keep(&fit, error);
  clear(&fit);
  return lathe_training_end(&fit.training, fine, error);
}
