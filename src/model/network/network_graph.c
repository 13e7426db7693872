/* network_graph.c - a network as operators. */
#include <math.h>
#include <stdlib.h>

#include "../../base/memory.h"
#include "network_fit.h"

static int32_t add(network_fit *fit, lathe_operator *node, int32_t input, lathe_error *error) {
  node->inputs = 1;
  node->input = &input;
  return lathe_graph_add(fit->training.prepared.graph, node, error);
}

/* ---- inputs ---- */

static int32_t add_select(network_fit *fit, int32_t count, const int32_t *place, lathe_error *error) {
  lathe_operator select = {.kind = LATHE_OPERATOR_SELECT, .width = count, .tensor = {place}};
  return add(fit, &select, fit->training.prepared.matrix, error);
}

static int32_t add_embedding(network_fit *fit, const network_embedding *e, lathe_error *error) {
  lathe_operator embed = {.kind = LATHE_OPERATOR_EMBED,
                          .width = e->width,
                          .length = e->codes + 1,
                          .tensor = {fit->net.parameter + e->values}};
  int32_t code = add_select(fit, 1, &e->column, error);
  return code < 0 ? -1 : add(fit, &embed, code, error);
}

/* What the first layer takes: numbers, then the values of each category. */
static int32_t add_inputs(network_fit *fit, lathe_error *error) {
  const network_net *net = &fit->net;
  if (net->embeddings == 0) return fit->training.prepared.matrix;
  int32_t *part = lathe_memory_raw((size_t)net->embeddings + 1, sizeof *part, error), count = 0, value = -1;
  bool fine = part;
  if (fine && net->numbers > 0)
    fine = (part[count++] = add_select(fit, net->numbers, net->number, error)) >= 0;
  for (int32_t i = 0; fine && i < net->embeddings; i++)
    fine = (part[count++] = add_embedding(fit, &net->embedding[i], error)) >= 0;
  lathe_operator concat = {.kind = LATHE_OPERATOR_CONCAT, .inputs = count, .input = part};
  if (fine) value = lathe_graph_add(fit->training.prepared.graph, &concat, error);
  free(part);
  return value;
}

/* ---- layers ---- */

/* Weights (in, out) and bias; those of batch norm, which is one more linear function, are multiplied in. */
static void unpack(const network_net *net, const network_layer *layer, float *weights, float *bias) {
  const float *w = net->parameter + layer->weights;
  for (int32_t o = 0; o < layer->out; o++) {
    double factor = 1, shift = 0;
    if (layer->norm) {
      int32_t s = layer->statistics + o;
      factor = (double)net->parameter[layer->gamma + o] /
               sqrt((double)net->variance[s] + (double)NETWORK_NORM_EPSILON);
      shift = (double)net->parameter[layer->beta + o] - factor * (double)net->mean[s];
    }
    for (int32_t i = 0; i < layer->in; i++)
      weights[(int64_t)i * layer->out + o] =
          (float)(factor *
                  (double)w[((int64_t)(o / LATHE_PANEL) * layer->in + i) * LATHE_PANEL + o % LATHE_PANEL]);
    bias[o] = (float)(factor * (double)net->parameter[layer->bias + o] + shift);
  }
}

static int32_t add_layer(network_fit *fit, const network_layer *layer, int32_t input, lathe_error *error) {
  static const lathe_operator_kind kinds[LATHE_ACTIVATIONS] = {[LATHE_ACTIVATION_RELU] = LATHE_OPERATOR_RELU,
                                                               [LATHE_ACTIVATION_GELU] = LATHE_OPERATOR_GELU,
                                                               [LATHE_ACTIVATION_TANH] = LATHE_OPERATOR_TANH,
                                                               [LATHE_ACTIVATION_SIGMOID] =
                                                                   LATHE_OPERATOR_SIGMOID};
  float *weights = lathe_memory_raw((size_t)layer->in * (size_t)layer->out, sizeof *weights, error);
  float *bias = lathe_memory_raw((size_t)layer->out, sizeof *bias, error);
  int32_t value = -1;
  if (weights && bias) {
    unpack(&fit->net, layer, weights, bias);
    lathe_operator dense = {.kind = LATHE_OPERATOR_DENSE, .width = layer->out, .tensor = {weights, bias}};
    value = add(fit, &dense, input, error);
  }
  free(weights);
  free(bias);
  lathe_operator activation = {.kind = kinds[layer->activation]};
  return value < 0 || layer->activation == LATHE_ACTIVATION_LINEAR ? value
                                                                   : add(fit, &activation, value, error);
}

/* The classes of the model that it went on from, of which these rows may lack some. */
static bool add_known_classes(network_fit *fit, int32_t value, lathe_error *error) {
  lathe_operator link = {.kind = fit->classes.count == 2 ? LATHE_OPERATOR_LOGISTIC : LATHE_OPERATOR_SOFTMAX};
  lathe_table *table = lathe_model_table(fit->from, "classes");
  return add(fit, &link, value, error) >= 0 &&
         lathe_graph_copy_classes(fit->training.prepared.graph, lathe_model_graph(fit->from), error) &&
         (!table || lathe_model_set_table(fit->training.model, "classes", table, error));
}

bool network_add_graph(network_fit *fit, lathe_error *error) {
  int32_t value = add_inputs(fit, error);
  for (int32_t l = 0; value >= 0 && l < fit->net.layers; l++)
    value = add_layer(fit, &fit->net.layer[l], value, error);
  if (value < 0) return false;
  if (fit->targets == 0 && fit->known) return add_known_classes(fit, value, error);
  if (fit->targets == 0)
    return lathe_training_classes(&fit->training, fit->column, &fit->classes, true, error);
  double *mean = lathe_memory_raw((size_t)fit->targets, sizeof *mean, error);
  double *scale = lathe_memory_raw((size_t)fit->targets, sizeof *scale, error);
  for (int32_t k = 0; mean && scale && k < fit->targets; k++) {
    mean[k] = -fit->target_mean[k] / fit->target_scale[k];
    scale[k] = 1 / fit->target_scale[k];
  }
  lathe_operator back = {.kind = LATHE_OPERATOR_SCALE, .tensor = {mean, scale}}; /* to the targets' units */
  bool fine = mean && scale && add(fit, &back, value, error) >= 0;
  free(mean);
  free(scale);
  return fine;
}
