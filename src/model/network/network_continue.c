/* network_continue.c - a network goes on from where another stands: more rows of the same target, or a new head for another one.
 *
 * The graph as far as the features is kept, with all that the recipe learned; layers and embeddings are read back from the operators behind
 * it. Batch norm is in the weights by then and is not measured again. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../base/memory.h"
#include "network_fit.h"
#include "../target.h"

/* The operators of a network: its first and last dense one, and the features. */
typedef struct {
  const lathe_graph *graph;
  int32_t first, last, matrix, dense;
} found;

static bool strange(lathe_error *error) {
  return lathe_error_set(error, LATHE_ERROR_ARGUMENT,
                         "what the model gives is calibrated or its weights are int8; going on takes the "
                         "network as it was before");
}

static bool find_operators(const lathe_model *model, found *f, lathe_error *error) {
  f->graph = lathe_model_graph(model);
  f->first = f->last = f->matrix = -1;
  int32_t count = lathe_graph_operators(f->graph);
  if (strcmp(lathe_model_kind(model), "network") != 0)
    return lathe_error_set(error, LATHE_ERROR_ARGUMENT, "the model is %s and no network",
                           lathe_model_kind(model));
  for (int32_t i = 0; i < count; i++) {
    const lathe_operator *node = lathe_graph_operator(f->graph, i);
    if (node->kind == LATHE_OPERATOR_EMBED && f->matrix < 0)
      f->matrix = lathe_graph_operator(f->graph, node->input[0])->input[0];
    if (node->kind != LATHE_OPERATOR_DENSE) continue;
    if (f->first < 0) f->first = i;
    f->last = i;
    f->dense++;
  }
  lathe_operator_kind last = lathe_graph_operator(f->graph, count - 1)->kind;
  bool ends =
      last == LATHE_OPERATOR_SCALE || last == LATHE_OPERATOR_LOGISTIC || last == LATHE_OPERATOR_SOFTMAX;
  if (f->first < 0 || !ends || f->last != count - 2 || f->dense > NETWORK_LAYERS) return strange(error);
  if (f->matrix < 0) f->matrix = lathe_graph_operator(f->graph, f->first)->input[0];
  return true;
}

/* ---- the features ---- */

static bool set_targets(lathe_graph *graph, const lathe_recipe *recipe, lathe_error *error) {
  int32_t count = lathe_recipe_targets(recipe);
  const char **names = lathe_memory_raw((size_t)count, sizeof *names, error);
  for (int32_t i = 0; names && i < count; i++) names[i] = lathe_recipe_target_at(recipe, i);
  bool fine = names && lathe_graph_set_targets(graph, count, names, error);
  free(names);
  return fine;
}

static bool cut_graph(network_fit *fit, const found *f, lathe_error *error) {
  lathe_prepared *prepared = &fit->training.prepared;
  prepared->matrix = f->matrix;
  prepared->graph = lathe_graph_new(error);
  bool fine = prepared->graph && set_targets(prepared->graph, fit->recipe, error);
  for (int32_t i = 0; fine && i <= f->matrix; i++)
    fine = lathe_graph_add(prepared->graph, lathe_graph_operator(f->graph, i), error) >= 0;
  return fine;
}

/* Their names and categories, from the table that the model keeps of them. */
static bool read_features(network_fit *fit, const lathe_model *model, lathe_error *error) {
  lathe_prepared *prepared = &fit->training.prepared;
  const lathe_table *table = lathe_model_table(model, "features");
  int32_t width = lathe_graph_operator(prepared->graph, prepared->matrix)->width;
  if (!table || lathe_table_rows(table) != width || lathe_table_columns(table) != 2)
    return lathe_error_set(error, LATHE_ERROR_DATA, "the model does not know its features; train it again");
  prepared->categories = lathe_memory_new((size_t)width, sizeof *prepared->categories, error);
  for (int32_t j = 0; prepared->categories && j < width; j++) {
    char scratch[32];
    lathe_text text = lathe_column_format(lathe_table_column(table, 0), j, scratch);
    prepared->categories[j] = (int32_t)lathe_column_number(lathe_table_column(table, 1), j);
    if (!lathe_names_add(&prepared->features, error, "%.*s", (int)text.size, text.data)) return false;
  }
  return prepared->categories != NULL;
}

/* ---- the layers ---- */

static lathe_activation activation_after(const found *f, int32_t index) {
  switch (lathe_graph_operator(f->graph, index + 1)->kind) {
  case LATHE_OPERATOR_RELU:
    return LATHE_ACTIVATION_RELU;
  case LATHE_OPERATOR_GELU:
    return LATHE_ACTIVATION_GELU;
  case LATHE_OPERATOR_TANH:
    return LATHE_ACTIVATION_TANH;
  case LATHE_OPERATOR_SIGMOID:
    return LATHE_ACTIVATION_SIGMOID;
  default:
    return LATHE_ACTIVATION_LINEAR;
  }
}

static bool read_layers(network_fit *fit, const found *f, lathe_error *error) {
  network_net *net = &fit->net;
  net->layers = f->dense;
  net->layer = lathe_memory_new((size_t)net->layers, sizeof *net->layer, error);
  for (int32_t i = f->first, l = 0; net->layer && i <= f->last; i++) {
    const lathe_operator *node = lathe_graph_operator(f->graph, i);
    if (node->kind != LATHE_OPERATOR_DENSE) continue;
    network_layer *layer = &net->layer[l++];
    *layer = (network_layer){.in = lathe_graph_operator(f->graph, node->input[0])->width, .out = node->width};
    if (i == f->last) continue;
    layer->activation = activation_after(f, i);
    layer->dropout = (float)fit->options->dropout;
  }
  return net->layer != NULL;
}

static bool freeze(network_fit *fit, lathe_error *error) {
  const lathe_network_options *o = fit->options;
  network_net *net = &fit->net;
  int32_t frozen = 0;
  for (int32_t i = 0; i < o->frozen_count; i++) {
    int32_t l = o->frozen[i] == 0 ? net->layers - 1 : o->frozen[i] - 1;
    if (l < 0 || l >= net->layers)
      return lathe_error_set(error, LATHE_ERROR_ARGUMENT,
                             "there is no \"layer%d\" to freeze; the network has %d layers before its head",
                             o->frozen[i], net->layers - 1);
    net->layer[l].frozen = true;
  }
  for (int32_t l = 0; l < net->layers; l++) frozen += net->layer[l].frozen;
  return frozen < net->layers ||
         lathe_error_set(error, LATHE_ERROR_ARGUMENT, "every layer is frozen; leave one that can learn");
}

/* What the operators hold goes to where the net has its parameters; the head's only when it is kept. */
static void fill(network_fit *fit, const found *f, bool head) {
  network_net *net = &fit->net;
  int32_t l = 0, e = 0;
  for (int32_t i = 0; i <= f->last; i++) {
    const lathe_operator *node = lathe_graph_operator(f->graph, i);
    if (node->kind == LATHE_OPERATOR_EMBED) {
      const network_embedding *to = &net->embedding[e++];
      memcpy(net->parameter + to->values, node->tensor[0],
             ((size_t)to->codes + 1) * (size_t)to->width * sizeof(float));
    }
    if (node->kind != LATHE_OPERATOR_DENSE) continue;
    const network_layer *layer = &net->layer[l];
    const float *weights = node->tensor[0], *bias = node->tensor[1];
    for (int32_t k = 0; (head || i < f->last) && k < layer->in; k++)
      for (int32_t o = 0; o < layer->out; o++)
        net->parameter[layer->weights + ((int64_t)(o / LATHE_PANEL) * layer->in + k) * LATHE_PANEL +
                       o % LATHE_PANEL] = weights[(int64_t)k * layer->out + o];
    for (int32_t o = 0; (head || i < f->last) && o < layer->out; o++)
      net->parameter[layer->bias + o] = bias[o];
    for (int32_t p = 0; p < layer->panels; p++) network_transpose(net, l, p);
    l++;
  }
}

/* Embeddings as wide as those of the model. */
static void set_widths(network_fit *fit, const found *f) {
  int32_t e = 0, place = fit->net.numbers;
  for (int32_t i = 0; i <= f->last; i++) {
    const lathe_operator *node = lathe_graph_operator(f->graph, i);
    if (node->kind != LATHE_OPERATOR_EMBED || e >= fit->net.embeddings) continue;
    network_embedding *to = &fit->net.embedding[e++];
    to->codes = node->length - 1;
    to->width = node->width;
    to->place = place;
    place += node->width;
  }
}

bool network_read_net(network_fit *fit, lathe_error *error) {
  found f = {0};
  if (!find_operators(fit->from, &f, error) || !network_make_inputs(fit, error) ||
      !read_layers(fit, &f, error))
    return false;
  set_widths(fit, &f);
  network_layer *head = &fit->net.layer[fit->net.layers - 1];
  if (!fit->known) head->out = network_outputs(fit);
  if (!network_shape(&fit->net, error) || !freeze(fit, error)) return false;
  if (!fit->known) network_draw_head(&fit->net, fit->options->fit.seed);
  fill(fit, &f, fit->known);
  return true;
}

/* ---- the target ---- */

/* The classes of the model, as they are in these rows. */
static bool read_classes(network_fit *fit, const char *name, lathe_error *error) {
  const lathe_graph *graph = lathe_model_graph(fit->from);
  lathe_classes *classes = &fit->classes;
  int64_t rows = lathe_table_rows(fit->table);
  int32_t place = lathe_table_need(fit->table, name, error);
  if (place < 0) return false;
  fit->column = lathe_table_column(fit->table, place);
  classes->count = lathe_graph_classes(graph);
  classes->codes = lathe_memory_raw((size_t)rows, sizeof *classes->codes, error);
  classes->rows = lathe_memory_new((size_t)classes->count, sizeof *classes->rows, error);
  classes->first = lathe_memory_new((size_t)classes->count, sizeof *classes->first, error);
  if (!classes->codes || !classes->rows || !classes->first ||
      !lathe_graph_class_codes(graph, fit->column, name, classes->codes, error))
    return false;
  for (int64_t r = rows - 1; r >= 0; r--) {
    int32_t code = classes->codes[r];
    if (code < 0)
      return lathe_error_set(
          error, LATHE_ERROR_DATA,
          "row %lld of the target \"%s\" is %s; leave it out, or name a target to give the "
          "network a new head",
          (long long)r + 1, name, code == -1 ? "missing" : "none of the classes that the model knows");
    classes->rows[code]++;
    classes->first[code] = r;
  }
  for (int32_t k = 0; k < classes->count; k++)
    if (classes->rows[k] == 0 && fit->options->fit.class_weights)
      return lathe_error_set(error, LATHE_ERROR_DATA,
                             "class \"%s\" has no row here; weights of classes need some of each",
                             lathe_graph_class(graph, k));
  fit->train.loss = classes->count == 2 ? NETWORK_BINARY : NETWORK_CLASSES;
  return true;
}

/* The same target: classes as the model has them, or numbers in its units. */
bool network_read_known(network_fit *fit, lathe_error *error) {
  const lathe_graph *graph = lathe_model_graph(fit->from);
  const lathe_operator *last = lathe_graph_operator(graph, lathe_graph_operators(graph) - 1);
  const char *name = lathe_recipe_target(fit->recipe);
  if (lathe_graph_classes(graph) > 0) return read_classes(fit, name, error);
  if (!network_read_numbers(fit, error)) return false;
  if (last->kind != LATHE_OPERATOR_SCALE || last->width != fit->targets) return strange(error);
  const double *mean = last->tensor[0], *scale = last->tensor[1];
  for (int32_t k = 0; k < fit->targets; k++) {
    fit->target_scale[k] = 1 / scale[k];
    fit->target_mean[k] = -mean[k] * fit->target_scale[k];
  }
  return true;
}

/* ---- the whole ---- */

static bool begin_model(network_fit *fit, lathe_error *error) {
  lathe_model *model = fit->training.model = lathe_model_new(error);
  const char *recipe = lathe_model_recipe(fit->from);
  const char *name = lathe_graph_output_name(fit->training.prepared.graph);
  if (!model) return false;
  model->kind = lathe_memory_text("network", 7, error);
  model->recipe = lathe_memory_text(recipe, strlen(recipe), error);
  model->target = lathe_memory_text(name, strlen(name), error);
  return model->kind && model->recipe && model->target &&
         lathe_names_add(&model->notes, error,
                         fit->known
                             ? "it went on from a network that had learned %.0f rows of \"%s\""
                             : "it has the layers of a network that had learned %.0f rows of \"%s\", and a "
                               "new head",
                         lathe_model_figure(fit->from, "rows"), lathe_model_target(fit->from));
}

bool network_begin_from(network_fit *fit, lathe_error *error) {
  found f = {0};
  if (!find_operators(fit->from, &f, error) || !cut_graph(fit, &f, error) || !begin_model(fit, error) ||
      !read_features(fit, fit->from, error))
    return false;
  for (int32_t k = 0; k < lathe_recipe_targets(fit->recipe); k++)
    for (int32_t i = 0; i < lathe_graph_inputs(fit->training.prepared.graph); i++)
      if (!strcmp(lathe_graph_input_name(fit->training.prepared.graph, i),
                  lathe_recipe_target_at(fit->recipe, k)))
        return lathe_error_set(error, LATHE_ERROR_ARGUMENT,
                               "\"%s\" is a feature of the network and cannot be what its new head predicts",
                               lathe_recipe_target_at(fit->recipe, k));
  return true;
}

/* Whether these are the targets of the model (none named: they are), which are put into the recipe in any case. */
static bool take_targets(network_fit *fit, int32_t count, const char *const *targets, lathe_error *error) {
  const lathe_graph *graph = lathe_model_graph(fit->from);
  fit->known = count == 0 || count == lathe_graph_targets(graph);
  for (int32_t i = 0; fit->known && i < count; i++)
    fit->known = !strcmp(targets[i], lathe_graph_target(graph, i));
  if (count == 0) count = lathe_graph_targets(graph);
  fit->recipe = lathe_recipe_new(NULL, error);
  bool fine = fit->recipe != NULL;
  for (int32_t i = 0; fine && i < count; i++)
    fine =
        lathe_recipe_add_target(fit->recipe, fit->known ? lathe_graph_target(graph, i) : targets[i], error);
  return fine;
}

lathe_model *lathe_model_continue_network(const lathe_model *model, const lathe_table *table, int32_t targets,
                                          const char *const *target, const lathe_network_options *options,
                                          lathe_progress *progress, lathe_error *error) {
  network_fit fit = {.table = table, .options = options, .from = model};
  bool fine = take_targets(&fit, targets, target, error);
  lathe_model *made = fine ? network_fit_all(&fit, progress, error) : NULL;
  lathe_recipe_release(fit.recipe);
  return made;
}
