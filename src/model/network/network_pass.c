/* network_pass.c - a block of rows through the network, and the gradient the way back. */
#include <stdlib.h>
#include <string.h>

#include "../../base/clones.h"
#include "../../base/memory.h"
#include "network.h"

/* ---- room ---- */

network_scratch *network_scratch_new(const network_net *net, bool training, lathe_error *error) {
  int64_t step = network_step(net->layer[0].in), widest = step, total;
  for (int32_t l = 0; l < net->layers; l++)
    if (network_step(net->layer[l].out) > widest) widest = network_step(net->layer[l].out);
  total = step + (training ? 2 * widest : 0);
  for (int32_t l = 0; l < net->layers; l++) {
    const network_layer *layer = &net->layer[l];
    step = network_step(layer->out);
    total += step;
    if (training && layer->activation == LATHE_ACTIVATION_GELU) total += step;
    if (training && layer->norm) total += step + step; /* its spreads, too, with much to spare */
  }
  network_scratch *scratch = lathe_memory_new(1, sizeof *scratch, error);
  if (scratch) scratch->memory = lathe_memory_new((size_t)(total * NETWORK_BLOCK + 16), sizeof(float), error);
  if (!scratch || !scratch->memory) {
    free(scratch);
    return NULL;
  }
  float *at = (float *)(((uintptr_t)scratch->memory + 63) / 64 * 64);
#define TAKE(width) (at += (width)*NETWORK_BLOCK, at - (width)*NETWORK_BLOCK)
  scratch->input = TAKE(network_step(net->layer[0].in));
  for (int32_t l = 0; l < net->layers; l++) {
    const network_layer *layer = &net->layer[l];
    step = network_step(layer->out);
    scratch->value[l] = TAKE(step);
    if (training && layer->activation == LATHE_ACTIVATION_GELU) scratch->slope[l] = TAKE(step);
    if (training && layer->norm) {
      scratch->norm[l] = TAKE(step);
      scratch->spread[l] = TAKE(step);
    }
  }
  for (int k = 0; training && k < 2; k++) scratch->delta[k] = TAKE(widest);
  return scratch;
}

void network_scratch_free(network_scratch *scratch) {
  if (!scratch) return;
  free(scratch->memory);
  free(scratch);
}

/* ---- forward ---- */

/* The code of a category: the row of its values. */
static int64_t code_of(const network_embedding *embedding, const float *features) {
  float code = features[embedding->column];
  return code >= 0 && code < (float)embedding->codes ? (int64_t)code : embedding->codes;
}

static void gather(const network_block *block) {
  const network_net *net = block->net;
  const network_rows *rows = block->rows;
  int64_t step = network_step(net->layer[0].in);
  for (int32_t r = 0; r < block->count; r++) {
    const float *from = rows->matrix + (int64_t)block->row[r] * rows->features;
    float *to = block->scratch->input + r * step;
    if (r + 8 < block->count) /* rows in no order: the memory is asked ahead */
      for (int32_t j = 0; j < rows->features; j += 16)
        __builtin_prefetch(rows->matrix + (int64_t)block->row[r + 8] * rows->features + j);
    if (net->embeddings == 0) {
      memcpy(to, from, (size_t)net->numbers * sizeof *to);
      continue;
    }
    for (int32_t j = 0; j < net->numbers; j++) to[j] = from[net->number[j]];
    for (int32_t i = 0; i < net->embeddings; i++) {
      const network_embedding *e = &net->embedding[i];
      memcpy(to + e->place, net->parameter + e->values + code_of(e, from) * e->width,
             (size_t)e->width * sizeof *to);
    }
  }
}

static inline uint32_t mix(uint32_t x) {
  x = (x ^ x >> 16) * 0x21f0aaadu;
  x = (x ^ x >> 15) * 0x735a2d97u;
  return x ^ x >> 15;
}

/* Values times 0 or 1 / (1 - part): which, is a function of the batch, the row in it and the column. */
LATHE_CLONES static void drop_out(float *values, int64_t count, uint32_t key, uint32_t first, float part) {
  uint32_t limit = (uint32_t)(part * 4294967296.0f);
  float scale = 1 / (1 - part);
  for (int64_t j = 0; j < count; j++) {
    uint32_t bits = mix(mix(first + (uint32_t)j) ^ key);
    values[j] = bits < limit ? 0 : values[j] * scale;
  }
}

static void drop(const network_block *block, int32_t index, float *values) {
  const network_layer *layer = &block->net->layer[index];
  int64_t step = network_step(layer->out);
  drop_out(values, block->count * step, block->key + (uint32_t)index * 0x9e3779b9u,
           (uint32_t)(block->first * step), layer->dropout);
}

LATHE_CLONES static void scale_all(float *values, int64_t count, float scale) {
  for (int64_t j = 0; j < count; j++) values[j] *= scale;
}

void network_forward(const network_block *block) {
  const network_net *net = block->net;
  network_scratch *scratch = block->scratch;
  gather(block);
  for (int32_t l = 0; l < net->layers; l++) {
    const network_layer *layer = &net->layer[l];
    int64_t step = network_step(layer->out);
    lathe_product product = {.rows = block->count,
                             .inner = layer->in,
                             .panels = layer->panels,
                             .a = l == 0 ? scratch->input : scratch->value[l - 1],
                             .a_row = network_step(layer->in),
                             .a_inner = 1,
                             .b = net->parameter + layer->weights,
                             .b_inner = LATHE_PANEL,
                             .b_panel = (int64_t)layer->in * LATHE_PANEL,
                             .c = scratch->value[l],
                             .c_row = step,
                             .c_panel = LATHE_PANEL,
                             .start = LATHE_PRODUCT_BIAS,
                             .bias = net->parameter + layer->bias};
    lathe_product_run(&product);
    if (layer->norm) network_norm_forward(block, l);
    lathe_activate(layer->activation, scratch->value[l], block->lane ? scratch->slope[l] : NULL,
                   block->count * step);
    if (block->lane && layer->dropout > 0) drop(block, l, scratch->value[l]);
  }
}

/* ---- the way back ---- */

LATHE_CLONES static void add_columns(const float *restrict delta, int32_t count, int64_t step,
                                     int64_t columns, float *restrict sum) {
  for (int32_t r = 0; r < count; r++)
    for (int64_t j = 0; j < columns; j++) sum[j] += delta[r * step + j];
}

static void add_weights(const network_block *block, int32_t index, const float *delta) {
  const network_layer *layer = &block->net->layer[index];
  int64_t step = network_step(layer->out);
  float *gradient = block->lane->gradient;
  lathe_product product = {
      .rows = layer->in,
      .inner = block->count,
      .panels = layer->panels,
      .a = index == 0 ? block->scratch->input : block->scratch->value[index - 1],
      .a_row = 1,
      .a_inner = network_step(layer->in),
      .b = delta,
      .b_inner = step,
      .b_panel = LATHE_PANEL,
      .c = gradient + layer->weights,
      .c_row = LATHE_PANEL,
      .c_panel = (int64_t)layer->in * LATHE_PANEL,
      .start = LATHE_PRODUCT_ADD,
  };
  lathe_product_run(&product);
  add_columns(delta, block->count, step, (int64_t)layer->panels * LATHE_PANEL, gradient + layer->bias);
}

/* The gradient by the inputs of a layer. */
static void step_back(const network_block *block, int32_t index, const float *delta, float *to) {
  const network_layer *layer = &block->net->layer[index];
  lathe_product product = {.rows = block->count,
                           .inner = layer->out,
                           .panels = lathe_panels(layer->in),
                           .a = delta,
                           .a_row = network_step(layer->out),
                           .a_inner = 1,
                           .b = block->net->transposed + layer->transposed,
                           .b_inner = LATHE_PANEL,
                           .b_panel = (int64_t)layer->out * LATHE_PANEL,
                           .c = to,
                           .c_row = network_step(layer->in),
                           .c_panel = LATHE_PANEL,
                           .start = LATHE_PRODUCT_ZERO};
  lathe_product_run(&product);
}

static void add_embeddings(const network_block *block, const float *delta) {
  const network_net *net = block->net;
  int64_t step = network_step(net->layer[0].in);
  for (int32_t r = 0; r < block->count; r++) {
    const float *features = block->rows->matrix + (int64_t)block->row[r] * block->rows->features;
    for (int32_t i = 0; i < net->embeddings; i++) {
      const network_embedding *e = &net->embedding[i];
      float *to = block->lane->gradient + e->values + code_of(e, features) * e->width;
      for (int32_t k = 0; k < e->width; k++) to[k] += delta[r * step + e->place + k];
    }
  }
}

/* The lowest layer that still learns. */
static int32_t lowest(const network_net *net) {
  int32_t l = 0;
  while (l < net->layers && net->layer[l].frozen) l++;
  return l;
}

void network_backward(const network_block *block) {
  const network_net *net = block->net;
  network_scratch *scratch = block->scratch;
  float *delta = scratch->delta[0], *other = scratch->delta[1];
  bool words = net->embeddings > 0 && !net->layer[0].frozen;
  for (int32_t l = net->layers - 1, low = lowest(net); l >= low; l--) {
    const network_layer *layer = &net->layer[l];
    int64_t count = block->count * network_step(layer->out);
    if (layer->dropout > 0) {
      drop(block, l, delta);
      if (layer->activation == LATHE_ACTIVATION_TANH || layer->activation == LATHE_ACTIVATION_SIGMOID)
        scale_all(scratch->value[l], count, 1 - layer->dropout); /* f(x) as it was where it counts */
    }
    lathe_activate_back(layer->activation, scratch->value[l], scratch->slope[l], delta, count);
    if (layer->norm) network_norm_backward(block, l, delta);
    if (!layer->frozen) add_weights(block, l, delta);
    if (l > low || (l == 0 && words)) {
      step_back(block, l, delta, other);
      float *swap = delta;
      delta = other;
      other = swap;
    }
  }
  if (words) add_embeddings(block, delta);
}
