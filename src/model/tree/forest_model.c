/* forest_model.c - a random forest, or extra trees, as a model. */
#include <math.h>
#include <stdlib.h>
#include <unistd.h>

#include "../../base/memory.h"
#include "../fit.h"
#include "forest.h"
#include "../target.h"
#include "../training.h"

typedef struct {
  const lathe_forest_options *options;
  lathe_training training;
  lathe_tree_fit of;
  lathe_ranks ranks;
  lathe_forest_data data;
  lathe_forest_limits limits;
  lathe_forest forest;
  char digest[33];
} fitting;

static bool check_options(const lathe_forest_options *options, lathe_error *error) {
  if (options->trees < 1 || options->max_depth < 0 || options->min_split < 0 || options->min_leaf < 0)
    return lathe_error_set(
        error, LATHE_ERROR_ARGUMENT,
        "trees, max_depth, min_samples_split and min_samples_leaf are whole numbers from 1 up");
  if (!(options->max_samples > 0 && options->max_samples <= 1))
    return lathe_error_set(error, LATHE_ERROR_ARGUMENT, "max_samples is above 0 and at most 1, not %g",
                           options->max_samples);
  if (options->max_samples < 1 && !options->bootstrap)
    return lathe_error_set(error, LATHE_ERROR_ARGUMENT,
                           "max_samples is the size of a bag; give bootstrap = true with it");
  if (options->checkpoint && options->checkpoint_every < 1)
    return lathe_error_set(error, LATHE_ERROR_ARGUMENT,
                           "checkpoint_every is a whole number from 1 up, not %d", options->checkpoint_every);
  return true;
}

/* How many features a node draws. */
static int32_t count_features(const lathe_forest_options *options, int32_t width, bool classes) {
  lathe_features rule = options->features;
  if (rule == LATHE_FEATURES_AUTO) rule = classes ? LATHE_FEATURES_SQRT : LATHE_FEATURES_ALL;
  double count = rule == LATHE_FEATURES_SQRT    ? sqrt(width)
                 : rule == LATHE_FEATURES_LOG2  ? log2(width)
                 : rule == LATHE_FEATURES_PART  ? options->features_value * width
                 : rule == LATHE_FEATURES_COUNT ? options->features_value
                                                : width;
  return count < 1 ? 1 : count > width ? width : (int32_t)count;
}

static bool prepare(fitting *fit, lathe_recipe *recipe, const lathe_table *table, lathe_progress *progress,
                    lathe_error *error) {
  const lathe_forest_options *options = fit->options;
  lathe_tree_data *data = &fit->of.data;
  bool fine = check_options(options, error) &&
              lathe_tree_fit_begin(&fit->of, &fit->training, options->extra ? "extra_trees" : "forest",
                                   recipe, table, options->task, &options->fit, progress, error) &&
              lathe_ranks_make(&fit->ranks, data, (const char *const *)fit->training.prepared.features.name,
                               progress, error);
  if (!fine) return false;
  free(data->x);
  data->x = NULL;
  double squares = 0;
  for (int32_t r = 0; data->classes == 0 && r < data->rows; r++)
    squares += data->centred[r] * data->centred[r];
  fit->data = (lathe_forest_data){data, &fit->ranks, 1 / lathe_training_unit(sqrt(squares / data->rows))};
  double draws = ceil(options->max_samples * data->rows);
  fit->limits = (lathe_forest_limits){.extra = options->extra,
                                      .bootstrap = options->bootstrap,
                                      .entropy = options->entropy,
                                      .trees = options->trees,
                                      .max_depth = options->max_depth,
                                      .min_split = options->min_split > 2 ? options->min_split : 2,
                                      .min_leaf = options->min_leaf > 1 ? options->min_leaf : 1,
                                      .features = count_features(options, data->features, data->classes > 0),
                                      .draws = (int32_t)draws,
                                      .seed = options->fit.seed,
                                      .checkpoint = options->checkpoint,
                                      .digest = fit->digest,
                                      .checkpoint_every = options->checkpoint_every};
  return !options->checkpoint ||
         lathe_forest_digest(&fit->data, &fit->limits,
                             (const char *const *)fit->training.prepared.features.name, fit->digest, error);
}

static bool grow(fitting *fit, lathe_progress *progress, lathe_error *error) {
  lathe_progress_begin(progress, fit->options->extra ? "grow extra trees" : "grow a forest",
                       fit->limits.trees);
  bool fine = lathe_forest_grow(&fit->data, &fit->limits, &fit->forest, progress, error);
  lathe_progress_end(progress);
  return fine;
}

/* ---- what the model keeps ---- */

static bool add_operator(fitting *fit, lathe_error *error) {
  const lathe_prepared *prepared = &fit->training.prepared;
  lathe_trees *trees = &fit->forest.trees;
  double *bias = lathe_memory_new((size_t)trees->width, sizeof *bias, error);
  double *divisor = lathe_memory_raw((size_t)trees->width, sizeof *divisor, error);
  for (int32_t k = 0; divisor && k < trees->width; k++) divisor[k] = trees->trees;
  bool fine = bias && divisor &&
              lathe_graph_add_trees(prepared->graph, prepared->matrix, trees, bias, divisor, error) >= 0;
  free(bias);
  free(divisor);
  return fine && lathe_tree_fit_classes(&fit->of, &fit->training, error);
}

typedef struct {
  double unseen; /* rows in every bag */
  double error, loss, spread;
} judgement;

/* The out-of-bag log loss of classes, or the variance of the target over the same rows. */
static judgement judge(const fitting *fit) {
  const lathe_tree_data *table = &fit->of.data;
  const lathe_forest *forest = &fit->forest;
  judgement out = {0, forest->curve[fit->limits.trees - 1], 0, 0};
  double counted = 0, sum = 0, squares = 0;
  for (int32_t r = 0; r < table->rows; r++) {
    double weight = table->weight ? table->weight[r] : 1;
    int32_t trees = forest->out_of_bag_trees[r];
    if (trees == 0) {
      out.unseen++;
      continue;
    }
    counted += weight;
    if (table->classes > 0) {
      double share = forest->out_of_bag[(size_t)table->code[r] * (size_t)table->rows + (size_t)r] / trees;
      out.loss -= weight * log(fmax(share, 0x1p-52));
    } else {
      sum += weight * table->centred[r];
      squares += weight * table->centred[r] * table->centred[r];
    }
  }
  out.loss /= counted;
  out.spread = squares / counted - (sum / counted) * (sum / counted);
  return out;
}

static bool keep_figures(fitting *fit, lathe_error *error) {
  const lathe_trees *trees = &fit->forest.trees;
  const lathe_tree_data *table = &fit->of.data;
  bool classes = table->classes > 0, bag = fit->limits.bootstrap;
  judgement out = bag ? judge(fit) : (judgement){0};
  const double none = (double)NAN;
  const struct {
    const char *name;
    double value;
  } list[] = {
      {"rows", table->rows},
      {"features", table->features},
      {"class_count", classes ? table->classes : none},
      {"trees", trees->trees},
      {"nodes", trees->nodes},
      {"max_features", fit->limits.features},
      {"oob_accuracy", bag && classes ? 1 - out.error : none},
      {"oob_log_loss", bag && classes ? out.loss : none},
      {"oob_r2", bag && !classes && out.spread > 0 ? 1 - out.error / out.spread : none},
      {"oob_rmse", bag && !classes ? sqrt(out.error) : none},
      {"target_mean", classes ? none : table->centre},
  };
  for (size_t i = 0; i < sizeof list / sizeof *list; i++)
    if (!isnan(list[i].value) &&
        !lathe_model_set_figure(fit->training.model, list[i].name, list[i].value, error))
      return false;
  return out.unseen == 0 ||
         lathe_names_add(&fit->training.model->notes, error,
                         "out-of-bag figures leave out %.0f of the rows, which were in the bag "
                         "out-of-bag figures; grow more trees",
                         out.unseen);
}

/* The table "curve": the out-of-bag error by trees. */
static bool keep_curve(fitting *fit, lathe_error *error) {
  int64_t count = fit->limits.trees;
  bool classes = fit->of.data.classes > 0;
  if (!fit->limits.bootstrap) return true;
  int64_t *trees = lathe_memory_raw((size_t)count, sizeof *trees, error);
  if (!trees) return false;
  for (int64_t t = 0; t < count; t++) {
    trees[t] = t + 1;
    if (!classes) fit->forest.curve[t] = sqrt(fit->forest.curve[t]);
  }
  lathe_column *columns[] = {lathe_column_from_int64(trees, count, error),
                             lathe_column_from_float64(fit->forest.curve, count, error)};
  free(trees);
  return lathe_model_set_columns(fit->training.model, "curve", 2,
                                 (const char *const[]){"trees", classes ? "oob_error" : "oob_rmse"}, columns,
                                 error);
}

static bool set_words(fitting *fit, lathe_error *error) {
  if (fit->options->extra)
    return lathe_model_set_words(
        fit->training.model, "Extra trees",
        "The mean of trees whose splits are the best of random thresholds of random features. It assumes "
        "that "
        "rows with alike features have alike targets, and predicts nothing beyond the targets it has seen.",
        error);
  return lathe_model_set_words(
      fit->training.model, "Random forest",
      "The mean of trees, each grown on rows and by features that chance draws. It assumes that rows with "
      "alike features have alike targets, and predicts nothing beyond the targets it has seen.",
      error);
}

lathe_model *lathe_model_fit_forest(lathe_recipe *recipe, const lathe_table *table,
                                    const lathe_forest_options *options, lathe_progress *progress,
                                    lathe_error *error) {
  fitting fit = {.options = options};
  bool fine = prepare(&fit, recipe, table, progress, error) && grow(&fit, progress, error) &&
              set_words(&fit, error) && add_operator(&fit, error) && keep_figures(&fit, error) &&
              lathe_training_importance(&fit.training, fit.forest.gain, fit.forest.splits, error) &&
              keep_curve(&fit, error);
  lathe_forest_free(&fit.forest);
  lathe_ranks_free(&fit.ranks);
  lathe_tree_fit_end(&fit.of);
  lathe_model *model = lathe_training_end(&fit.training, fine, error);
  if (model && options->checkpoint) unlink(options->checkpoint); /* it is done with */
  return model;
}
