/* boosting_model.c - gradient boosting as a model: the target, the rows, the rounds, the graph, the figures. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../base/memory.h"
#include "boosting_fit.h"
#include "../target.h"
#include "../validation.h"

/* ---- what is learned from what ---- */

/* Of several trees a round and many rounds: as many as a model can still be worked with. */
static bool check_size(const boost_fit *fit, lathe_error *error) {
  int32_t outputs = fit->boost.target.outputs, rounds = fit->options->rounds;
  if ((int64_t)outputs * rounds <= BOOST_TREES) return true;
  return lathe_error_set(error, LATHE_ERROR_DATA,
                         "%d classes in %d rounds make %lld trees, one for each class and round; join rare "
                         "classes, or give at most %d rounds",
                         outputs, rounds, (long long)outputs * rounds, BOOST_TREES / outputs);
}

/* Counts that Poisson can be the law of: from 0 up. */
static bool check_counts(const boost_fit *fit, lathe_error *error) {
  for (int32_t r = 0; r < fit->boost.target.rows; r++)
    if (fit->number[r] < 0)
      return lathe_error_set(error, LATHE_ERROR_DATA,
                             "row %d of the target \"%s\" is %.6g; loss = \"poisson\" takes counts from 0 up",
                             r + 1, lathe_recipe_target(fit->recipe), fit->number[r]);
  return true;
}

static bool read_target(boost_fit *fit, lathe_error *error) {
  boost_target *target = &fit->boost.target;
  const lathe_boosting_options *options = fit->options;
  bool classes = options->loss == LATHE_BOOSTING_LOG ||
                 (options->loss == LATHE_BOOSTING_AUTO &&
                  !lathe_target_regression(fit->recipe, fit->table, options->task));
  target->loss = options->loss;
  target->delta = options->delta;
  target->quantile = options->quantile;
  target->outputs = 1;
  if (classes) {
    target->loss = LATHE_BOOSTING_LOG;
    if (!lathe_target_classes(fit->recipe, fit->table, &fit->classes, &fit->column, error)) return false;
    target->code = fit->classes.codes;
    if (fit->classes.count > 2) target->outputs = fit->classes.count;
    return check_size(fit, error);
  }
  if (target->loss == LATHE_BOOSTING_AUTO) target->loss = LATHE_BOOSTING_SQUARED;
  target->number = fit->number = lathe_target_numbers(fit->recipe, fit->table, error);
  return fit->number && (target->loss != LATHE_BOOSTING_POISSON || check_counts(fit, error));
}

static bool read_weights(boost_fit *fit, lathe_error *error) {
  boost_target *target = &fit->boost.target;
  if (!lathe_training_weights(&fit->options->fit, fit->table, fit->column,
                              target->code ? &fit->classes : NULL, &fit->weight, error))
    return false;
  target->weight = fit->weight;
  target->heaviest = fit->weight ? 0 : 1;
  for (int32_t r = 0; fit->weight && r < target->rows; r++)
    target->heaviest = fmax(target->heaviest, fit->weight[r]);
  return true;
}

/* ---- rows for validation ---- */

static bool part_rows(boost_fit *fit, lathe_error *error) {
  const lathe_boosting_options *options = fit->options;
  lathe_validation validation = {0};
  bool fine = lathe_validation_choose(
      "boosting", fit->recipe, fit->table, fit->boost.target.code ? &fit->classes : NULL, fit->weight,
      options->validation, options->validation_column, options->fit.seed, &validation, error);
  fit->boost.target.part = fit->part = validation.part;
  fit->learned = validation.learned;
  fit->validated = validation.validated;
  return fine;
}

/* ---- what comes out ---- */

static bool finish_graph(boost_fit *fit, lathe_error *error) {
  lathe_training *training = &fit->training;
  lathe_graph *graph = training->prepared.graph;
  const boost_target *target = &fit->boost.target;
  double *ones = lathe_memory_raw((size_t)target->outputs, sizeof *ones, error);
  if (!ones) return false;
  for (int32_t k = 0; k < target->outputs; k++) ones[k] = 1;
  int32_t sum =
      lathe_graph_add_trees(graph, training->prepared.matrix, &fit->boost.trees, target->bias, ones, error);
  free(ones);
  if (sum < 0) return false;
  if (target->loss == LATHE_BOOSTING_LOG)
    return lathe_training_classes(training, fit->column, &fit->classes, true, error);
  lathe_operator link = {.kind = LATHE_OPERATOR_EXP, .inputs = 1, .input = &sum};
  return target->loss != LATHE_BOOSTING_POISSON || lathe_graph_add(graph, &link, error) >= 0;
}

/* Losses as people know them: of squares the root. */
static const char *loss_name(lathe_boosting_loss loss) {
  static const char *const names[] = {
      [LATHE_BOOSTING_SQUARED] = "rmse",     [LATHE_BOOSTING_ABSOLUTE] = "mae",
      [LATHE_BOOSTING_HUBER] = "huber_loss", [LATHE_BOOSTING_QUANTILE] = "quantile_loss",
      [LATHE_BOOSTING_POISSON] = "deviance", [LATHE_BOOSTING_LOG] = "log_loss"};
  return names[loss];
}

static double shown_loss(lathe_boosting_loss loss, double value) {
  return loss == LATHE_BOOSTING_SQUARED ? sqrt(value) : value;
}

static bool set_loss(boost_fit *fit, const char *before, int32_t round, int part, lathe_error *error) {
  lathe_boosting_loss loss = fit->boost.target.loss;
  lathe_buffer name = {0};
  bool fine = lathe_buffer_format(&name, error, "%s%s", before, loss_name(loss)) &&
              lathe_model_set_figure(fit->training.model, name.data,
                                     shown_loss(loss, fit->boost.curve[round].loss[part]), error);
  lathe_buffer_free(&name);
  return fine;
}

/* The mean of the target where it was learned from; NaN of classes. */
static double target_mean(const boost_fit *fit) {
  const boost_target *target = &fit->boost.target;
  double sum = 0, total = 0;
  for (int32_t r = 0; target->number && r < target->rows; r++) {
    if (target->part[r] > 0) continue;
    sum += boost_weight(target, r) * target->number[r];
    total += boost_weight(target, r);
  }
  return sum / total;
}

static bool keep_figures(boost_fit *fit, lathe_error *error) {
  const boost_training *boost = &fit->boost;
  int32_t leaves = 0, kept = boost->trees.trees / boost->target.outputs;
  for (int32_t i = 0; i < boost->trees.nodes; i++) leaves += boost->trees.feature[i] < 0;
  const struct {
    const char *name;
    double value;
  } list[] = {
      {"rows", (double)fit->learned},
      {"features", boost->bins->width},
      {"class_count", boost->target.code ? (double)fit->classes.count : NAN},
      {"validation_rows", fit->validated > 0 ? (double)fit->validated : NAN},
      {"rounds", kept},
      {"rounds_tried", boost->rounds > kept ? (double)boost->rounds : NAN},
      {"trees", boost->trees.trees},
      {"leaves", leaves},
      {"target_mean", target_mean(fit)},
  };
  for (size_t i = 0; i < sizeof list / sizeof *list; i++)
    if (!isnan(list[i].value) &&
        !lathe_model_set_figure(fit->training.model, list[i].name, list[i].value, error))
      return false;
  return set_loss(fit, "", kept, 0, error) && set_loss(fit, "baseline_", 0, 0, error) &&
         (fit->validated == 0 || (set_loss(fit, "validation_", kept, 1, error) &&
                                  set_loss(fit, "baseline_validation_", 0, 1, error)));
}

/* By feature: what its splits lower the sum of losses by, and how many they are. */
static bool keep_importance(boost_fit *fit, lathe_error *error) {
  const lathe_trees *trees = &fit->boost.trees;
  double *gain = lathe_memory_new((size_t)fit->bins.width, sizeof *gain, error);
  int64_t *splits = lathe_memory_new((size_t)fit->bins.width, sizeof *splits, error);
  bool fine = gain && splits;
  for (int32_t i = 0; fine && i < trees->nodes; i++) {
    if (trees->feature[i] < 0) continue;
    splits[trees->feature[i]]++;
    gain[trees->feature[i]] += fit->boost.gain[i];
  }
  fine = fine && lathe_training_importance(&fit->training, gain, splits, error);
  free(gain);
  free(splits);
  return fine;
}

/* By round, from 0 on: the loss of the rows it learned from, and of those for validation. */
static bool keep_curve(boost_fit *fit, lathe_error *error) {
  int32_t count = fit->boost.rounds + 1, columns = fit->validated > 0 ? 3 : 2;
  int64_t *round = lathe_memory_raw((size_t)count, sizeof *round, error);
  double *loss = lathe_memory_raw((size_t)count, 2 * sizeof *loss, error);
  bool fine = round && loss;
  for (int32_t r = 0; fine && r < count; r++) {
    round[r] = r;
    for (int k = 0; k < 2; k++)
      loss[k * count + r] = shown_loss(fit->boost.target.loss, fit->boost.curve[r].loss[k]);
  }
  if (fine) {
    lathe_column *made[] = {lathe_column_from_int64(round, count, error),
                            lathe_column_from_float64(loss, count, error),
                            columns == 3 ? lathe_column_from_float64(loss + count, count, error) : NULL};
    fine = lathe_model_set_columns(fit->training.model, "curve", columns,
                                   (const char *const[]){"round", "train_loss", "valid_loss"}, made, error);
  }
  free(round);
  free(loss);
  return fine;
}

static bool keep_notes(boost_fit *fit, lathe_error *error) {
  lathe_names *notes = &fit->training.model->notes;
  const boost_training *boost = &fit->boost;
  if (boost->trees.nodes == boost->trees.trees)
    return lathe_names_add(notes, error,
                           "no tree found anything to divide: no feature tells %lld rows apart in leaves of "
                           "min_samples_leaf = %d; every prediction is the same",
                           (long long)fit->learned, fit->options->min_leaf);
  if (fit->validated > 0 && !(boost->curve[boost->best].loss[1] < boost->curve[0].loss[1]) &&
      !lathe_names_add(notes, error, "no round predicts the rows for validation better than the baseline"))
    return false;
  return !boost->settled ||
         lathe_names_add(notes, error, "after %d rounds nothing was left to learn; no more were made",
                         boost->rounds);
}

/* ---- the whole ---- */

static bool begin(boost_fit *fit, lathe_progress *progress, lathe_error *error) {
  int64_t rows = lathe_table_rows(fit->table);
  const char *column = fit->options->validation_column;
  if (rows > INT32_MAX - BOOST_PIECE)
    return lathe_error_set(error, LATHE_ERROR_DATA, "boosting takes up to %d rows, not %lld; take a sample",
                           INT32_MAX - BOOST_PIECE, (long long)rows);
  fit->boost.target.rows = (int32_t)rows;
  if (!boost_check_options(fit->options, error) || !read_target(fit, error) || !read_weights(fit, error) ||
      !part_rows(fit, error) || (column && !lathe_recipe_drop(fit->recipe, column, error)))
    return false;
  return lathe_training_begin(&fit->training, "boosting", fit->recipe, fit->table, &fit->options->fit,
                              progress, error) &&
         lathe_model_set_words(
             fit->training.model, "Gradient boosting",
             "Trees that were grown one after the other, each on what the sum of those before "
             "it leaves to be explained. It predicts nothing beyond the range of the targets "
             "it was trained on.",
             error);
}

static bool train(boost_fit *fit, lathe_progress *progress, lathe_error *error) {
  const lathe_boosting_options *options = fit->options;
  boost_training *boost = &fit->boost;
  boost->progress = progress;
  boost->options = options;
  boost->bins = &fit->bins;
  boost->digest = fit->digest;
  boost->limits = (boost_limits){.max_leaves = options->max_leaves,
                                 .max_depth = options->max_depth,
                                 .min_rows = options->min_leaf,
                                 .min_curvature = options->min_weight,
                                 .l1 = options->l1,
                                 .l2 = options->l2,
                                 .min_gain = 2 * options->min_gain};
  return lathe_bins_make(&fit->bins, &fit->training.prepared, fit->table, fit->part, options->max_bins,
                         progress, error) &&
         boost_read_monotone(fit, error) && (!options->checkpoint || boost_digest(fit, error)) &&
         boost_train(boost, error);
}

lathe_model *lathe_model_fit_boosting(lathe_recipe *recipe, const lathe_table *table,
                                      const lathe_boosting_options *options, lathe_progress *progress,
                                      lathe_error *error) {
  boost_fit fit = {.recipe = recipe, .table = table, .options = options};
  bool fine = begin(&fit, progress, error) && train(&fit, progress, error) && finish_graph(&fit, error) &&
              keep_figures(&fit, error) && keep_curve(&fit, error) && keep_importance(&fit, error) &&
              keep_notes(&fit, error);
  boost_training_free(&fit.boost);
  lathe_bins_free(&fit.bins);
  lathe_classes_free(&fit.classes);
  free(fit.number);
  free(fit.weight);
  free(fit.part);
  free(fit.monotone);
  lathe_model *model = lathe_training_end(&fit.training, fine, error);
  if (model && options->checkpoint) unlink(options->checkpoint); /* it is done with */
  return model;
}
