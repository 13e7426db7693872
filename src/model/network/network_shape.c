/* network_shape.c - where the parameters of a network stand, and what they are at first. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../../base/memory.h"
#include "../../base/random.h"
#include "network.h"

/* Rows that are a power of two apart would share few sets of the cache. */
int64_t network_step(int32_t width) {
  int64_t panels = lathe_panels(width);
  return (panels + (panels % 2 == 0)) * LATHE_PANEL;
}

static void place_layer(network_net *net, network_layer *layer) {
  int64_t columns;
  layer->panels = (int32_t)lathe_panels(layer->out);
  columns = (int64_t)layer->panels * LATHE_PANEL;
  layer->weights = net->parameters;
  layer->bias = layer->weights + columns * layer->in;
  layer->gamma = layer->bias + columns;
  layer->beta = layer->gamma + (layer->norm ? columns : 0);
  net->parameters = layer->beta + (layer->norm ? columns : 0);
  layer->statistics = net->statistics;
  if (layer->norm) net->statistics += (int32_t)columns;
  layer->transposed = net->transposed_size;
  net->transposed_size += lathe_panels(layer->in) * LATHE_PANEL * layer->out;
}

bool network_shape(network_net *net, lathe_error *error) {
  double size = 0;
  for (int32_t i = 0; i < net->embeddings; i++)
    size += ((double)net->embedding[i].codes + 1) * net->embedding[i].width;
  for (int32_t l = 0; l < net->layers; l++)
    size += ((double)net->layer[l].in + 4) * (double)(lathe_panels(net->layer[l].out) * LATHE_PANEL);
  if (size > 1e9)
    return lathe_error_set(error, LATHE_ERROR_ARGUMENT,
                           "the network would have %.3g parameters; take smaller layers, or fewer categories",
                           size);
  net->parameters = net->transposed_size = net->statistics = 0;
  for (int32_t l = 0; l < net->layers; l++) place_layer(net, &net->layer[l]);
  for (int32_t i = 0; i < net->embeddings; i++) {
    net->embedding[i].values = net->parameters;
    net->parameters += ((int64_t)net->embedding[i].codes + 1) * net->embedding[i].width;
  }
  net->parameter = lathe_memory_new((size_t)net->parameters, sizeof(float), error);
  net->transposed = lathe_memory_new((size_t)net->transposed_size, sizeof(float), error);
  net->mean = lathe_memory_new((size_t)net->statistics, sizeof(float), error);
  net->variance = lathe_memory_new((size_t)net->statistics, sizeof(float), error);
  if (!net->parameter || !net->transposed || !net->mean || !net->variance) return false;
  for (int32_t j = 0; j < net->statistics; j++) net->variance[j] = 1;
  return true;
}

/* Uniform, with the deviation that keeps the size of values and gradients from layer to layer (Glorot, Bengio 2010). */
static void draw_layer(network_net *net, int32_t index, uint64_t seed) {
  network_layer *layer = &net->layer[index];
  lathe_random random;
  lathe_random_seed(&random, seed, ((uint64_t)1 << 40) + (uint64_t)index);
  double bound = sqrt(6.0 / ((double)layer->in + layer->out));
  for (int32_t i = 0; i < layer->in; i++)
    for (int32_t o = 0; o < layer->out; o++)
      net->parameter[layer->weights + ((int64_t)(o / LATHE_PANEL) * layer->in + i) * LATHE_PANEL +
                     o % LATHE_PANEL] = (float)((2 * lathe_random_uniform(&random) - 1) * bound);
  for (int64_t o = layer->bias; o < layer->gamma; o++) net->parameter[o] = 0;
  for (int32_t o = 0; layer->norm && o < layer->out; o++) net->parameter[layer->gamma + o] = 1;
  for (int32_t p = 0; p < layer->panels; p++) network_transpose(net, index, p);
}

void network_draw_head(network_net *net, uint64_t seed) {
  draw_layer(net, net->layers - 1, seed);
}

void network_draw(network_net *net, uint64_t seed) {
  for (int32_t l = 0; l < net->layers; l++) draw_layer(net, l, seed);
  for (int32_t i = 0; i < net->embeddings; i++) {
    const network_embedding *embedding = &net->embedding[i];
    lathe_random random;
    lathe_random_seed(&random, seed, ((uint64_t)1 << 41) + (uint64_t)i);
    int64_t known = (int64_t)embedding->codes * embedding->width;
    for (int64_t k = 0; k < known; k++) /* the row for unknown ones stays 0 until it is met */
      net->parameter[embedding->values + k] = (float)(0.5 * lathe_random_normal(&random));
  }
}

void network_transpose(network_net *net, int32_t index, int32_t panel) {
  const network_layer *layer = &net->layer[index];
  const float *from = net->parameter + layer->weights + (int64_t)panel * layer->in * LATHE_PANEL;
  int32_t first = panel * LATHE_PANEL, outputs = layer->out - first;
  if (outputs > LATHE_PANEL) outputs = LATHE_PANEL;
  for (int32_t i = 0; i < layer->in; i += LATHE_PANEL) {
    int32_t inputs = layer->in - i < LATHE_PANEL ? layer->in - i : LATHE_PANEL;
    float *to =
        net->transposed + layer->transposed + ((int64_t)i * layer->out + (int64_t)first * LATHE_PANEL);
    for (int32_t o = 0; o < outputs; o++)
      for (int32_t k = 0; k < inputs; k++) to[o * LATHE_PANEL + k] = from[(i + k) * LATHE_PANEL + o];
  }
}

void network_free(network_net *net) {
  free(net->number);
  free(net->embedding);
  free(net->layer);
  free(net->parameter);
  free(net->transposed);
  free(net->mean);
  free(net->variance);
  *net = (network_net){0};
}
