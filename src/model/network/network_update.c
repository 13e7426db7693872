/* network_update.c - from gradients to steps. */
#include <math.h>
#include <stdlib.h>

#include "../../base/clones.h"
#include "../../base/memory.h"
#include "../../base/pool.h"
#include "network.h"

enum { UNIT = 16384 }; /* parameters of an embedding in a unit */

/* What all parameters of a step share. */
typedef struct {
  float rate, l1, l2, keep; /* keep: 1 - rate * decay */
  float beta1, beta2, epsilon, correction;
  float momentum, nesterov;
} numbers;

typedef struct {
  network_training *t;
  numbers plain, weights; /* biases have no penalty */
} updating;

bool network_has_moment(const lathe_network_options *options, int which) {
  if (options->optimizer != LATHE_OPTIMIZER_SGD) return true;
  return which == 0 && options->momentum > 0;
}

/* ---- units ---- */

static void add_unit(network_training *t, int64_t begin, int64_t end, int32_t layer, int32_t panel) {
  if (begin < end) t->unit[t->units++] = (network_unit){begin, end, layer, panel};
}

bool network_units(network_training *t, lathe_error *error) {
  const network_net *net = t->net;
  size_t most = (size_t)(net->parameters / UNIT) + (size_t)net->embeddings;
  for (int32_t l = 0; l < net->layers; l++) most += (size_t)net->layer[l].panels + 1;
  t->unit = lathe_memory_new(most, sizeof *t->unit, error);
  if (!t->unit) return false;
  for (int32_t l = 0; l < net->layers; l++) {
    const network_layer *layer = &net->layer[l];
    int64_t size = (int64_t)layer->in * LATHE_PANEL, last = layer->norm ? 3 : 1;
    if (layer->frozen) continue;
    for (int32_t p = 0; p < layer->panels; p++)
      add_unit(t, layer->weights + p * size, layer->weights + (p + 1) * size, l, p);
    add_unit(t, layer->bias, layer->bias + last * layer->panels * LATHE_PANEL, l, -1);
  }
  for (int32_t i = 0; i < net->embeddings && !net->layer[0].frozen; i++) {
    const network_embedding *e = &net->embedding[i];
    int64_t end = e->values + ((int64_t)e->codes + 1) * e->width;
    for (int64_t begin = e->values; begin < end; begin += UNIT)
      add_unit(t, begin, begin + UNIT < end ? begin + UNIT : end, 0, -1);
  }
  return true;
}

/* ---- steps ---- */

/* The gradient of all lanes, in their order, and that of the penalty. The first lane's place gets it. */
LATHE_CLONES static void gather(float *restrict sum, const float *restrict other, int64_t count) {
  for (int64_t j = 0; j < count; j++) sum[j] += other[j];
}

LATHE_CLONES static void penalise(const numbers *n, const float *restrict w, float *restrict g,
                                  int64_t count) {
  for (int64_t j = 0; j < count; j++) g[j] += n->l2 * w[j] + (w[j] > 0 ? n->l1 : w[j] < 0 ? -n->l1 : 0);
}

/* Moments that nothing feeds any more become 0 and not numbers so small that a processor is slow with them. */
LATHE_CLONES static void step_adam(const numbers *n, float *restrict w, float *restrict g, float *restrict m,
                                   float *restrict v, int64_t count) {
  float b1 = n->beta1, b2 = n->beta2, c1 = 1 - b1, c2 = 1 - b2, rate = n->rate, epsilon = n->epsilon;
  float correction = n->correction, keep = n->keep;
  for (int64_t j = 0; j < count; j++) {
    float first = b1 * m[j] + c1 * g[j], second = b2 * v[j] + c2 * (g[j] * g[j]);
    first = fabsf(first) < 1e-30f ? 0 : first;
    second = second < 1e-30f ? 0 : second;
    m[j] = first;
    v[j] = second;
    w[j] = keep * w[j] - rate * first / (sqrtf(second) * correction + epsilon);
    g[j] = 0;
  }
}

LATHE_CLONES static void step_momentum(const numbers *n, float *restrict w, float *restrict g,
                                       float *restrict m, int64_t count) {
  float momentum = n->momentum, nesterov = n->nesterov, rate = n->rate, keep = n->keep;
  for (int64_t j = 0; j < count; j++) {
    float speed = momentum * m[j] + g[j];
    speed = fabsf(speed) < 1e-30f ? 0 : speed;
    m[j] = speed;
    w[j] = keep * w[j] - rate * (nesterov > 0 ? g[j] + momentum * speed : speed);
    g[j] = 0;
  }
}

LATHE_CLONES static void step_plain(const numbers *n, float *restrict w, float *restrict g, int64_t count) {
  for (int64_t j = 0; j < count; j++) {
    w[j] = n->keep * w[j] - n->rate * g[j];
    g[j] = 0;
  }
}

static void update_unit(const updating *u, const network_unit *unit) {
  network_training *t = u->t;
  int64_t count = unit->end - unit->begin;
  const numbers *n = unit->panel >= 0 ? &u->weights : &u->plain;
  float *w = t->net->parameter + unit->begin, *g = t->lane[0].gradient + unit->begin;
  for (int32_t lane = 1; lane < t->lanes; lane++) gather(g, t->lane[lane].gradient + unit->begin, count);
  if (n->l1 != 0 || n->l2 != 0) penalise(n, w, g, count);
  if (t->second)
    step_adam(n, w, g, t->first + unit->begin, t->second + unit->begin, count);
  else if (t->first)
    step_momentum(n, w, g, t->first + unit->begin, count);
  else
    step_plain(n, w, g, count);
  for (int32_t lane = 1; lane < t->lanes; lane++) {
    float *other = t->lane[lane].gradient + unit->begin;
    for (int64_t j = 0; j < count; j++) other[j] = 0;
  }
  if (unit->panel >= 0 && unit->layer > 0) network_transpose(t->net, unit->layer, unit->panel);
  if (unit->panel >= 0 && unit->layer == 0 && t->net->embeddings > 0)
    network_transpose(t->net, 0, unit->panel);
}

static bool update_chunk(void *context, int64_t chunk, lathe_error *error) {
  const updating *u = context;
  (void)error;
  update_unit(u, &u->t->unit[chunk]);
  return true;
}

/* What batch norm measured joins what it knows: a mean of the first ten batches, then a moving one. */
static void update_statistics(network_training *t) {
  network_net *net = t->net;
  float part = t->step < 10 ? 1 / (float)(t->step + 1) : 0.1f, blocks = 0;
  for (int32_t lane = 0; lane < t->lanes; lane++) blocks += (float)t->lane[lane].blocks;
  for (int32_t j = 0; j < net->statistics; j++) {
    float mean = 0, variance = 0;
    for (int32_t lane = 0; lane < t->lanes; lane++) {
      mean += t->lane[lane].mean[j];
      variance += t->lane[lane].variance[j];
      t->lane[lane].mean[j] = t->lane[lane].variance[j] = 0;
    }
    net->mean[j] += part * (mean / blocks - net->mean[j]);
    net->variance[j] += part * (variance / blocks - net->variance[j]);
  }
}

bool network_update(network_training *t, double rate, lathe_error *error) {
  const lathe_network_options *o = t->options;
  double steps = (double)(t->step + 1);
  updating u = {.t = t};
  u.plain = (numbers){.rate = (float)rate,
                      .keep = 1,
                      .beta1 = (float)o->beta1,
                      .beta2 = (float)o->beta2,
                      .epsilon = (float)o->epsilon,
                      .momentum = (float)o->momentum,
                      .nesterov = o->nesterov};
  if (t->second) {
    u.plain.rate = (float)(rate / (1 - pow(o->beta1, steps)));
    u.plain.correction = (float)(1 / sqrt(1 - pow(o->beta2, steps)));
  }
  u.weights = u.plain;
  u.weights.l1 = (float)o->l1;
  u.weights.l2 = (float)o->l2;
  if (o->optimizer == LATHE_OPTIMIZER_ADAMW) u.weights.keep = (float)(1 - rate * o->decay);
  update_statistics(t);
  if (t->lanes > 1) return lathe_pool_run(t->units, update_chunk, &u, NULL, error);
  for (int32_t i = 0; i < t->units; i++) update_unit(&u, &t->unit[i]);
  return true;
}

/* ---- the learning rate ---- */

static double factor_of(const network_training *t, double epochs) {
  const lathe_network_options *o = t->options;
  switch (o->schedule) {
  case LATHE_SCHEDULE_STEP:
    return pow(o->schedule_factor, floor(floor(epochs) / o->schedule_every));
  case LATHE_SCHEDULE_EXPONENTIAL:
    return pow(o->schedule_factor, floor(epochs));
  case LATHE_SCHEDULE_COSINE: { /* Loshchilov, Hutter 2017; the warm-up is not part of the way down */
    double way = (epochs - o->warmup) / (o->epochs - o->warmup);
    way = way < 0 ? 0 : way > 1 ? 1 : way;
    return o->schedule_floor + (1 - o->schedule_floor) * (1 + cos(3.141592653589793 * way)) / 2;
  }
  case LATHE_SCHEDULE_PLATEAU:
    return t->plateau_rate;
  default:
    return 1;
  }
}

double network_rate(const network_training *t, int64_t batches) {
  double epochs = t->epoch + (double)t->batch / (double)batches, warm = 1;
  if (epochs < t->options->warmup) warm = (epochs + 1 / (double)batches) / t->options->warmup;
  return t->options->rate * factor_of(t, epochs) * (warm < 1 ? warm : 1);
}
