/* network_norm.c - batch norm (Ioffe, Szegedy 2015), by the rows of a block: of a batch of more than NETWORK_BLOCK rows each block is
 * measured by itself ("ghost batches", Hoffer, Hubara, Soudry 2017), which learns as well or better, and no block waits for another. */
#include <math.h>

#include "../../base/clones.h"
#include "network.h"

/* Means and variances of columns; two passes. */
LATHE_CLONES static void measure(const float *x, int32_t count, int64_t step, int64_t columns, float *mean,
                                 float *variance) {
  float part = 1 / (float)count;
  for (int64_t j = 0; j < columns; j++) mean[j] = variance[j] = 0;
  for (int32_t r = 0; r < count; r++)
    for (int64_t j = 0; j < columns; j++) mean[j] += x[r * step + j];
  for (int64_t j = 0; j < columns; j++) mean[j] *= part;
  for (int32_t r = 0; r < count; r++)
    for (int64_t j = 0; j < columns; j++) {
      float apart = x[r * step + j] - mean[j];
      variance[j] += apart * apart;
    }
  for (int64_t j = 0; j < columns; j++) variance[j] *= part;
}

/* x to gamma * (x - mean) * spread + beta; `norm` (NULL: not wanted) gets what gamma multiplies. */
LATHE_CLONES static void standardise(float *x, int32_t count, int64_t step, int64_t columns,
                                     const float *mean, const float *spread, const float *gamma,
                                     const float *beta, float *norm) {
  for (int32_t r = 0; r < count; r++)
    for (int64_t j = 0; j < columns; j++) {
      float value = (x[r * step + j] - mean[j]) * spread[j];
      if (norm) norm[r * step + j] = value;
      x[r * step + j] = gamma[j] * value + beta[j];
    }
}

/* Room behind the spreads: `spread` has NETWORK_BLOCK rows of a step. */
void network_norm_forward(const network_block *block, int32_t index) {
  const network_net *net = block->net;
  const network_layer *layer = &net->layer[index];
  int64_t step = network_step(layer->out), columns = (int64_t)layer->panels * LATHE_PANEL;
  float *x = block->scratch->value[index], own[2 * LATHE_PANEL];
  const float *gamma = net->parameter + layer->gamma, *beta = net->parameter + layer->beta;
  if (!block->lane) { /* panel by panel, for there is no room */
    for (int64_t p = 0; p < columns; p += LATHE_PANEL) {
      for (int64_t j = 0; j < LATHE_PANEL; j++) {
        own[j] = net->mean[layer->statistics + p + j];
        own[LATHE_PANEL + j] = 1 / sqrtf(net->variance[layer->statistics + p + j] + NETWORK_NORM_EPSILON);
      }
      standardise(x + p, block->count, step, LATHE_PANEL, own, own + LATHE_PANEL, gamma + p, beta + p, NULL);
    }
    return;
  }
  float *spread = block->scratch->spread[index], *mean = spread + step, *variance = spread + 2 * step;
  measure(x, block->count, step, columns, mean, variance);
  for (int64_t j = 0; j < columns; j++) {
    block->lane->mean[layer->statistics + j] += mean[j];
    block->lane->variance[layer->statistics + j] += variance[j];
    spread[j] = 1 / sqrtf(variance[j] + NETWORK_NORM_EPSILON);
  }
  standardise(x, block->count, step, columns, mean, spread, gamma, beta, block->scratch->norm[index]);
}

LATHE_CLONES static void sum_columns(const float *delta, const float *norm, int32_t count, int64_t step,
                                     int64_t columns, float *sum, float *product) {
  for (int64_t j = 0; j < columns; j++) sum[j] = product[j] = 0;
  for (int32_t r = 0; r < count; r++)
    for (int64_t j = 0; j < columns; j++) {
      sum[j] += delta[r * step + j];
      product[j] += delta[r * step + j] * norm[r * step + j];
    }
}

/* With n the standardised values: d by x = gamma * spread * (d - mean of d - n * mean of d n). */
LATHE_CLONES static void back(float *delta, const float *norm, int32_t count, int64_t step, int64_t columns,
                              const float *sum, const float *product, const float *gamma,
                              const float *spread) {
  float part = 1 / (float)count;
  for (int32_t r = 0; r < count; r++)
    for (int64_t j = 0; j < columns; j++)
      delta[r * step + j] = gamma[j] * spread[j] *
                            (delta[r * step + j] - part * sum[j] - norm[r * step + j] * (part * product[j]));
}

void network_norm_backward(const network_block *block, int32_t index, float *delta) {
  const network_net *net = block->net;
  const network_layer *layer = &net->layer[index];
  int64_t step = network_step(layer->out), columns = (int64_t)layer->panels * LATHE_PANEL;
  float *spread = block->scratch->spread[index], *sum = spread + step, *product = spread + 2 * step;
  const float *norm = block->scratch->norm[index];
  sum_columns(delta, norm, block->count, step, columns, sum, product);
  for (int64_t j = 0; j < columns; j++) {
    block->lane->gradient[layer->beta + j] += sum[j];
    block->lane->gradient[layer->gamma + j] += product[j];
  }
  back(delta, norm, block->count, step, columns, sum, product, net->parameter + layer->gamma, spread);
}
