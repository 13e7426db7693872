/* network_model.c - a network as a model: the target, the rows, the layers, the epochs, the graph, the figures. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../base/memory.h"
#include "network_fit.h"
#include "../target.h"

/* ---- what is learned from what ---- */

int32_t network_outputs(const network_fit *fit) {
  if (fit->train.loss == NETWORK_SQUARED) return fit->targets;
  return fit->train.loss == NETWORK_CLASSES ? fit->classes.count : 1;
}

bool network_read_numbers(network_fit *fit, lathe_error *error) {
  size_t count = (size_t)lathe_recipe_targets(fit->recipe);
  fit->train.loss = NETWORK_SQUARED;
  fit->number = lathe_memory_new(count, sizeof *fit->number, error);
  fit->target_mean = lathe_memory_new(count, sizeof *fit->target_mean, error);
  fit->target_scale = lathe_memory_new(count, sizeof *fit->target_scale, error);
  if (!fit->number || !fit->target_mean || !fit->target_scale) return false;
  for (fit->targets = 0; fit->targets < (int32_t)count; fit->targets++)
    if (!(fit->number[fit->targets] = lathe_target_numbers_at(fit->recipe, fit->targets, fit->table, error)))
      return false;
  return true;
}

/* Several targets are numbers. */
static bool is_regression(const network_fit *fit) {
  lathe_task task = fit->options->task;
  if (task == LATHE_TASK_AUTO && lathe_recipe_targets(fit->recipe) > 1) return true;
  return lathe_target_regression(fit->recipe, fit->table, task);
}

static bool read_target(network_fit *fit, lathe_error *error) {
  const lathe_network_options *options = fit->options;
  if (fit->known) {
    if (!network_read_known(fit, error)) return false;
  } else if (is_regression(fit)) {
    if (!network_read_numbers(fit, error)) return false;
  } else {
    if (!lathe_target_classes(fit->recipe, fit->table, &fit->classes, &fit->column, error)) return false;
    fit->train.loss = fit->classes.count == 2 ? NETWORK_BINARY : NETWORK_CLASSES;
  }
  const lathe_classes *classes = fit->targets > 0 ? NULL : &fit->classes;
  return lathe_training_weights(&options->fit, fit->table, fit->column, classes, &fit->weight, error) &&
         lathe_validation_choose("a network", fit->recipe, fit->table, classes, fit->weight,
                                 options->validation, options->validation_column, options->fit.seed,
                                 &fit->validation, error);
}

/* ---- the net ---- */

/* How many numbers a category of `codes` texts becomes. */
static int32_t embedding_width(const lathe_network_options *options, int32_t codes) {
  if (options->embedding > 0) return options->embedding;
  int32_t width = (int32_t)lround(1.6 * pow(codes, 0.56));
  return width > 50 ? 50 : width;
}

bool network_make_inputs(network_fit *fit, lathe_error *error) {
  network_net *net = &fit->net;
  const lathe_prepared *prepared = &fit->training.prepared;
  net->features = prepared->features.count;
  net->number = lathe_memory_new((size_t)net->features, sizeof *net->number, error);
  net->embedding = lathe_memory_new((size_t)net->features, sizeof *net->embedding, error);
  if (!net->number || !net->embedding) return false;
  for (int32_t j = 0; j < net->features; j++) {
    int32_t codes = prepared->categories[j];
    if (codes > 0)
      net->embedding[net->embeddings++] =
          (network_embedding){.column = j, .codes = codes, .width = embedding_width(fit->options, codes)};
    else
      net->number[net->numbers++] = j;
  }
  return true;
}

static bool make_layers(network_fit *fit, lathe_error *error) {
  network_net *net = &fit->net;
  const lathe_network_options *options = fit->options;
  int32_t width = net->numbers;
  for (int32_t i = 0; i < net->embeddings; i++) {
    net->embedding[i].place = width;
    width += net->embedding[i].width;
  }
  net->layers = options->layer_count + 1;
  net->layer = lathe_memory_new((size_t)net->layers, sizeof *net->layer, error);
  if (!net->layer) return false;
  for (int32_t l = 0; l < options->layer_count; l++) {
    net->layer[l] = (network_layer){.in = width,
                                    .out = options->layers[l],
                                    .activation = options->activation,
                                    .norm = options->norm,
                                    .dropout = (float)options->dropout};
    width = options->layers[l];
  }
  net->layer[net->layers - 1] = (network_layer){.in = width, .out = network_outputs(fit)};
  return true;
}

/* The head predicts at first what the best constant does. */
static void set_head(network_fit *fit) {
  network_net *net = &fit->net;
  float *bias = net->parameter + net->layer[net->layers - 1].bias;
  const double *share = fit->share;
  if (fit->train.loss == NETWORK_BINARY && share[0] > 0 && share[1] > 0)
    bias[0] = (float)log(share[1] / share[0]);
  for (int32_t k = 0; fit->train.loss == NETWORK_CLASSES && k < fit->classes.count; k++)
    bias[k] = (float)log(fmax(share[k], 1e-6));
}

static bool make_net(network_fit *fit, lathe_error *error) {
  if (fit->from) {
    if (!network_read_net(fit, error)) return false;
    if (!fit->known) set_head(fit);
    return true;
  }
  if (!network_make_inputs(fit, error) || !make_layers(fit, error) || !network_shape(&fit->net, error))
    return false;
  network_draw(&fit->net, fit->options->fit.seed);
  set_head(fit);
  return true;
}

/* ---- what comes out ---- */

/* Losses as people know them: of squares the root, in the target's units; of several targets, which have not one unit, in deviations. */
static double shown_loss(const network_fit *fit, double loss) {
  return fit->targets > 0 ? sqrt(2 * loss) * (fit->targets == 1 ? fit->target_scale[0] : 1) : loss;
}

static const char *loss_name(const network_fit *fit) {
  return fit->targets == 0 ? "log_loss" : fit->targets == 1 ? "rmse" : "standardised_rmse";
}

static bool set_loss(network_fit *fit, const char *before, double loss, lathe_error *error) {
  lathe_buffer name = {0};
  bool fine =
      isnan(loss) || (lathe_buffer_format(&name, error, "%s%s", before, loss_name(fit)) &&
                      lathe_model_set_figure(fit->training.model, name.data, shown_loss(fit, loss), error));
  lathe_buffer_free(&name);
  return fine;
}

static double count_parameters(const network_net *net) {
  double count = 0;
  for (int32_t l = 0; l < net->layers; l++)
    count += ((double)net->layer[l].in + 1 + 2 * net->layer[l].norm) * net->layer[l].out;
  for (int32_t i = 0; i < net->embeddings; i++)
    count += ((double)net->embedding[i].codes + 1) * net->embedding[i].width;
  return count;
}

static bool keep_figures(network_fit *fit, lathe_error *error) {
  const network_training *train = &fit->train;
  int32_t kept = train->best ? train->best_epoch : train->epoch;
  const struct {
    const char *name;
    double value;
  } list[] = {
      {"rows", (double)fit->validation.learned},
      {"features", fit->net.features},
      {"class_count", fit->targets > 0 ? NAN : (double)fit->classes.count},
      {"target_count", fit->targets > 1 ? (double)fit->targets : NAN},
      {"validation_rows", fit->validation.validated > 0 ? (double)fit->validation.validated : NAN},
      {"layers", fit->net.layers},
      {"parameters", count_parameters(&fit->net)},
      {"epochs", kept},
      {"epochs_tried", train->epoch > kept ? (double)train->epoch : NAN},
      {"steps", (double)train->step},
      {"target_mean", fit->targets == 1 ? fit->target_mean[0] : NAN},
  };
  for (size_t i = 0; i < sizeof list / sizeof *list; i++)
    if (!isnan(list[i].value) &&
        !lathe_model_set_figure(fit->training.model, list[i].name, list[i].value, error))
      return false;
  const network_point *point = &train->curve[kept - 1];
  return set_loss(fit, "", point->train, error) && set_loss(fit, "baseline_", fit->baseline[0], error) &&
         set_loss(fit, "validation_", point->valid, error) &&
         set_loss(fit, "baseline_validation_", fit->baseline[1], error);
}

/* Of several targets: what a constant would predict, and the unit of the loss. */
static bool keep_targets(network_fit *fit, lathe_error *error) {
  lathe_text *name = lathe_memory_new((size_t)fit->targets, sizeof *name, error);
  if (!name || fit->targets < 2) {
    free(name);
    return name != NULL;
  }
  for (int32_t k = 0; k < fit->targets; k++) {
    const char *target = lathe_recipe_target_at(fit->recipe, k);
    name[k] = (lathe_text){target, strlen(target)};
  }
  lathe_column *made[] = {lathe_column_from_text(name, fit->targets, error),
                          lathe_column_from_float64(fit->target_mean, fit->targets, error),
                          lathe_column_from_float64(fit->target_scale, fit->targets, error)};
  free(name);
  return lathe_model_set_columns(fit->training.model, "targets", 3,
                                 (const char *const[]){"target", "mean", "deviation"}, made, error);
}

/* A row for each layer, by the name that it is frozen by. */
static bool keep_layers(network_fit *fit, lathe_error *error) {
  static const char *const words[LATHE_ACTIVATIONS] = {"linear", "relu", "gelu", "tanh", "sigmoid"};
  const network_net *net = &fit->net;
  char name[NETWORK_LAYERS][16];
  lathe_text text[2][NETWORK_LAYERS];
  int64_t number[3][NETWORK_LAYERS];
  for (int32_t l = 0; l < net->layers; l++) {
    const network_layer *layer = &net->layer[l];
    if (l + 1 < net->layers)
      snprintf(name[l], sizeof name[l], "layer%d", l + 1);
    else
      strcpy(name[l], "head");
    text[0][l] = (lathe_text){name[l], strlen(name[l])};
    text[1][l] = (lathe_text){words[layer->activation], strlen(words[layer->activation])};
    number[0][l] = layer->in;
    number[1][l] = layer->out;
    number[2][l] = ((int64_t)layer->in + 1) * layer->out;
  }
  lathe_column *made[] = {lathe_column_from_text(text[0], net->layers, error),
                          lathe_column_from_int64(number[0], net->layers, error),
                          lathe_column_from_int64(number[1], net->layers, error),
                          lathe_column_from_text(text[1], net->layers, error),
                          lathe_column_from_int64(number[2], net->layers, error)};
  return lathe_model_set_columns(
      fit->training.model, "layers", 5,
      (const char *const[]){"layer", "inputs", "outputs", "activation", "parameters"}, made, error);
}

/* By epoch: the mean loss of its batches, that of the rows for validation after it, and the learning rate at its end where it changes. */
static bool keep_curve(network_fit *fit, lathe_error *error) {
  static const char *const names[] = {"train_loss", "valid_loss", "rate"};
  const lathe_network_options *o = fit->options;
  const bool wanted[] = {true, fit->validation.validated > 0,
                         o->schedule != LATHE_SCHEDULE_CONSTANT || o->warmup > 0};
  int32_t count = fit->train.epoch, columns = 1;
  const char *name[4] = {"epoch"};
  lathe_column *made[4] = {NULL};
  int64_t *epoch = lathe_memory_raw((size_t)count, sizeof *epoch, error);
  double *value = lathe_memory_raw((size_t)count, sizeof *value, error);
  bool fine = epoch && value;
  for (int32_t e = 0; fine && e < count; e++) epoch[e] = e + 1;
  if (fine) made[0] = lathe_column_from_int64(epoch, count, error);
  for (int k = 0; fine && k < 3; k++) {
    if (!wanted[k]) continue;
    for (int32_t e = 0; e < count; e++) {
      const network_point *point = &fit->train.curve[e];
      value[e] = k == 2 ? point->rate : shown_loss(fit, k == 0 ? point->train : point->valid);
    }
    name[columns] = names[k];
    made[columns++] = lathe_column_from_float64(value, count, error);
  }
  free(epoch);
  free(value);
  return fine && lathe_model_set_columns(fit->training.model, "curve", columns, name, made, error);
}

static bool keep_notes(network_fit *fit, lathe_error *error) {
  const network_training *train = &fit->train;
  lathe_names *notes = &fit->training.model->notes;
  int32_t kept = train->best ? train->best_epoch : train->epoch;
  const network_point *point = &train->curve[kept - 1];
  double loss = train->best ? point->valid : point->train, baseline = fit->baseline[train->best ? 1 : 0];
  if (!(loss < baseline) &&
      !lathe_names_add(
          notes, error,
          "no epoch predicts better than the baseline does; try another learning rate, or scaled "
          "features"))
    return false;
  return !train->best || kept < train->epoch || train->epoch < fit->options->epochs ||
         lathe_names_add(notes, error, "the last of %d epochs was the best one; more of them may do better",
                         kept);
}

/* ---- the whole ---- */

static bool begin(network_fit *fit, lathe_progress *progress, lathe_error *error) {
  const char *column = fit->options->validation_column;
  if (!network_check_options(fit->options, error) || !read_target(fit, error) ||
      (column && !lathe_recipe_drop(fit->recipe, column, error)) || !network_list_rows(fit, error))
    return false;
  return (fit->from ? network_begin_from(fit, error)
                    : lathe_training_begin(&fit->training, "network", fit->recipe, fit->table,
                                           &fit->options->fit, progress, error)) &&
         lathe_model_set_words(
             fit->training.model, "Dense network",
             "Layers of linear functions and activations, trained on small batches by the gradient of the "
             "loss. Beyond the range of what it was trained on its predictions go straight on.",
             error);
}

static bool train(network_fit *fit, lathe_progress *progress, lathe_error *error) {
  network_training *t = &fit->train;
  t->progress = progress;
  t->options = fit->options;
  t->net = &fit->net;
  t->rows = &fit->rows;
  t->digest = fit->digest;
  return network_read_target(fit, error) && make_net(fit, error) &&
         network_read_features(&fit->training.prepared, fit->table, &fit->rows, &fit->training.model->notes,
                               progress, error) &&
         (!fit->options->checkpoint || network_digest(fit, error)) && network_train(t, error);
}

static void release(network_fit *fit) {
  network_training_free(&fit->train);
  network_free(&fit->net);
  lathe_classes_free(&fit->classes);
  free(fit->train.learn);
  free(fit->train.validate);
  free(fit->validation.part);
  for (int32_t k = 0; fit->number && k < fit->targets; k++) free(fit->number[k]);
  free(fit->number);
  free(fit->target_mean);
  free(fit->target_scale);
  free(fit->weight);
  free(fit->share);
  free(fit->standard);
  free(fit->light);
  free(fit->rows.matrix);
}

lathe_model *network_fit_all(network_fit *fit, lathe_progress *progress, lathe_error *error) {
  const char *checkpoint = fit->options->checkpoint;
  bool fine = begin(fit, progress, error) && train(fit, progress, error) && network_add_graph(fit, error) &&
              keep_figures(fit, error) && keep_targets(fit, error) && keep_layers(fit, error) &&
              keep_curve(fit, error) && lathe_training_features(&fit->training, error) &&
              keep_notes(fit, error);
  release(fit);
  lathe_model *model = lathe_training_end(&fit->training, fine, error);
  if (model && checkpoint) unlink(checkpoint); /* it is done with */
  return model;
}

lathe_model *lathe_model_fit_network(lathe_recipe *recipe, const lathe_table *table,
                                     const lathe_network_options *options, lathe_progress *progress,
                                     lathe_error *error) {
  network_fit fit = {.recipe = recipe, .table = table, .options = options};
  return network_fit_all(&fit, progress, error);
}
