/* network_loss.c - how far a block's predictions are from the target, and the gradient of that. */
#include <math.h>

#include "network.h"

static float weight_of(const network_block *block, int32_t r) {
  return block->rows->weight ? block->rows->weight[block->row[r]] : 1;
}

/* Adds logarithms: of many factors at once where all weigh 1, for one logarithm takes as long as a hundred products. */
typedef struct {
  double sum, product;
} logarithms;

static void add_logarithm(logarithms *all, double factor, float weight) {
  if (weight != 1) {
    all->sum += (double)weight * log(factor);
    return;
  }
  all->product *= factor;
  if (all->product < 1e200) return;
  all->sum += log(all->product);
  all->product = 1;
}

static double squared(const network_block *block, int64_t step, float scale, float *delta) {
  const network_net *net = block->net;
  const float *z = block->scratch->value[net->layers - 1];
  int32_t targets = net->layer[net->layers - 1].out;
  float part = scale / (float)targets;
  double sum = 0;
  for (int32_t r = 0; r < block->count; r++) {
    const float *number = block->rows->number + (int64_t)block->row[r] * targets;
    float weight = weight_of(block, r);
    for (int32_t k = 0; k < targets; k++) {
      float apart = z[r * step + k] - number[k];
      sum += 0.5 * (double)weight * (double)apart * (double)apart;
      if (delta) delta[r * step + k] = apart * weight * part;
    }
  }
  return sum / targets;
}

/* log(1 + e^z) - y z, by e^-|z|, which cannot overflow. */
static double binary(const network_block *block, int64_t step, float scale, float *delta) {
  const float *z = block->scratch->value[block->net->layers - 1];
  float e[NETWORK_BLOCK];
  logarithms all = {0, 1};
  for (int32_t r = 0; r < block->count; r++) e[r] = -fabsf(z[r * step]);
  lathe_exponentials(e, block->count);
  for (int32_t r = 0; r < block->count; r++) {
    float x = z[r * step], weight = weight_of(block, r), y = (float)block->rows->code[block->row[r]];
    all.sum += (double)(weight * ((x > 0 ? x : 0) - x * y));
    add_logarithm(&all, 1 + (double)e[r], weight);
    if (delta) delta[r * step] = ((x > 0 ? 1 : e[r]) / (1 + e[r]) - y) * weight * scale;
    if (x != x) all.sum = NAN;
  }
  return all.sum + log(all.product);
}

static double classes(const network_block *block, int64_t step, float scale, float *delta) {
  const network_net *net = block->net;
  int32_t count = net->layer[net->layers - 1].out;
  float *values = block->scratch->value[net->layers - 1];
  logarithms all = {0, 1};
  for (int32_t r = 0; r < block->count; r++) {
    float *z = values + r * step, largest = z[0], weight = weight_of(block, r);
    int32_t own = block->rows->code[block->row[r]];
    double total = 0;
    for (int32_t k = 1; k < count; k++) largest = z[k] > largest ? z[k] : largest;
    for (int32_t k = 0; k < count; k++) z[k] -= largest;
    all.sum -= (double)(weight * z[own]);
    lathe_exponentials(z, count);
    for (int32_t k = 0; k < count; k++) total += (double)z[k];
    add_logarithm(&all, total, weight);
    float part = weight * scale / (float)total;
    for (int32_t k = 0; delta && k < count; k++)
      delta[r * step + k] = z[k] * part - (k == own ? weight * scale : 0);
    if (total != total) all.sum = NAN;
  }
  return all.sum + log(all.product);
}

double network_loss_of(network_loss loss, const network_block *block, float scale, float *delta) {
  const network_layer *head = &block->net->layer[block->net->layers - 1];
  int64_t step = network_step(head->out);
  for (int64_t j = 0; delta && j < block->count * step; j++) delta[j] = 0;
  if (loss == NETWORK_SQUARED) return squared(block, step, scale, delta);
  if (loss == NETWORK_BINARY) return binary(block, step, scale, delta);
  return classes(block, step, scale, delta);
}
