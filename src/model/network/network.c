/* network.c - epochs: rows in a new order, batches, lanes; validation, the curve, stopping early. */
#include "network.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../base/memory.h"
#include "../../base/pool.h"
#include "../../base/random.h"
#include "../checkpoint.h"

enum { MEASURE_ROWS = 32 * NETWORK_BLOCK };
static const double LANES_WORK = 4e6; /* floating point operations of a batch that threads are woken for */

/* ---- room for blocks: as much of it as threads use at once ---- */

typedef struct network_pool {
  pthread_mutex_t lock;
  network_scratch *idle;
} network_pool;

static network_scratch *take_scratch(network_training *t, lathe_error *error) {
  pthread_mutex_lock(&t->pool->lock);
  network_scratch *scratch = t->pool->idle;
  if (scratch) t->pool->idle = scratch->next;
  pthread_mutex_unlock(&t->pool->lock);
  return scratch ? scratch : network_scratch_new(t->net, true, error);
}

static void give_scratch(network_training *t, network_scratch *scratch) {
  pthread_mutex_lock(&t->pool->lock);
  scratch->next = t->pool->idle;
  t->pool->idle = scratch;
  pthread_mutex_unlock(&t->pool->lock);
}

/* ---- batches ---- */

static uint32_t mix(uint64_t x) {
  x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
  x = (x ^ x >> 27) * 0x94d049bb133111ebu;
  return (uint32_t)(x ^ x >> 31);
}

/* A batch's rows: the epoch's are dealt out evenly, so none is left with a few. */
static int64_t batches_of(const network_training *t) {
  return (t->learned + t->options->batch - 1) / t->options->batch;
}

static int64_t batch_begin(const network_training *t, int64_t batch) {
  int64_t batches = batches_of(t);
  return (int64_t)((__int128)t->learned * batch / batches);
}

typedef struct {
  network_training *t;
  const int32_t *row;
  int64_t rows, blocks;
  uint32_t key;
} one_batch;

static bool run_lane(void *context, int64_t index, lathe_error *error) {
  const one_batch *batch = context;
  network_training *t = batch->t;
  network_lane *lane = &t->lane[index];
  network_scratch *scratch = take_scratch(t, error);
  if (!scratch) return false;
  lane->loss = 0;
  lane->blocks = 0;
  for (int64_t b = batch->blocks * index / t->lanes; b < batch->blocks * (index + 1) / t->lanes; b++) {
    int64_t begin = batch->rows * b / batch->blocks, end = batch->rows * (b + 1) / batch->blocks;
    network_block block = {.net = t->net,
                           .rows = t->rows,
                           .row = batch->row + begin,
                           .count = (int32_t)(end - begin),
                           .first = (int32_t)begin,
                           .key = batch->key,
                           .scratch = scratch,
                           .lane = lane};
    network_forward(&block);
    lane->loss += network_loss_of(t->loss, &block, 1 / (float)batch->rows, scratch->delta[0]);
    network_backward(&block);
    lane->blocks++;
  }
  give_scratch(t, scratch);
  return true;
}

/* Blocks are as large as the caches like, smaller where lanes would have none; batch norm measures the largest it can. */
static int64_t blocks_of(const network_training *t, int64_t rows) {
  int64_t size = (t->options->batch / 4 + 7) / 8 * 8;
  if (size > NETWORK_BLOCK || t->net->statistics > 0 || t->lanes == 1) size = NETWORK_BLOCK;
  return (rows + size - 1) / size;
}

/* How many lanes there are follows from the sizes alone. */
static int32_t lanes_of(network_training *t) {
  t->lanes = NETWORK_LANES;
  double work = 6.0 * (double)t->net->parameters * t->options->batch;
  if (work < LANES_WORK) return 1;
  int64_t blocks = blocks_of(t, t->options->batch), lanes = blocks <= 4 ? blocks : blocks / 2;
  lanes = lanes < 4 && blocks >= 4 ? 4 : lanes;
  return (int32_t)(lanes < 1 ? 1 : lanes > NETWORK_LANES ? NETWORK_LANES : lanes);
}

static bool exploded(const network_training *t, double rate, lathe_error *error) {
  return lathe_error_set(
      error, LATHE_ERROR_DATA,
      "the loss is no longer a number in epoch %d, after %lld steps: the learning rate %.3g is too large for "
      "these features; give a smaller rate, and scale the features (recipe:scale{})",
      t->epoch + 1, (long long)t->step, rate);
}

static bool run_batch(network_training *t, lathe_error *error) {
  int64_t begin = batch_begin(t, t->batch), rows = batch_begin(t, t->batch + 1) - begin;
  double rate = network_rate(t, batches_of(t)), sum = 0;
  one_batch batch = {.t = t,
                     .row = t->order + begin,
                     .rows = rows,
                     .blocks = blocks_of(t, rows),
                     .key = mix(t->options->fit.seed * 0x9e3779b97f4a7c15u + (uint64_t)t->step)};
  if (!lathe_pool_run(t->lanes, run_lane, &batch, NULL, error)) return false;
  for (int32_t lane = 0; lane < t->lanes; lane++) sum += t->lane[lane].loss;
  if (!isfinite(sum)) return exploded(t, rate, error);
  t->sum += sum;
  t->sum_rows += (double)rows;
  if (!network_update(t, rate, error)) return false;
  t->step++;
  t->batch++;
  lathe_progress_add(t->progress, rows);
  return true;
}

/* The rows of an epoch in an order of its own (Fisher, Yates), a function of the seed and the epoch. */
static void shuffle(network_training *t) {
  lathe_random random;
  lathe_random_seed(&random, t->options->fit.seed, (uint64_t)t->epoch);
  memcpy(t->order, t->learn, (size_t)t->learned * sizeof *t->order);
  for (int64_t i = t->learned - 1; i > 0; i--) {
    int64_t j = (int64_t)((uint64_t)lathe_random_next32(&random) * (uint64_t)(i + 1) >> 32);
    int32_t swap = t->order[i];
    t->order[i] = t->order[j];
    t->order[j] = swap;
  }
}

/* ---- measuring ---- */

typedef struct {
  network_training *t;
  const int32_t *row;
  int64_t rows;
  double *sum; /* of each chunk */
} measuring;

static bool measure_chunk(void *context, int64_t chunk, lathe_error *error) {
  const measuring *m = context;
  int64_t begin = chunk * MEASURE_ROWS, end = begin + MEASURE_ROWS < m->rows ? begin + MEASURE_ROWS : m->rows;
  network_scratch *scratch = take_scratch(m->t, error);
  if (!scratch) return false;
  for (; begin < end; begin += NETWORK_BLOCK) {
    network_block block = {.net = m->t->net,
                           .rows = m->t->rows,
                           .row = m->row + begin,
                           .count = (int32_t)(end - begin < NETWORK_BLOCK ? end - begin : NETWORK_BLOCK),
                           .scratch = scratch};
    network_forward(&block);
    m->sum[chunk] += network_loss_of(m->t->loss, &block, 0, NULL);
  }
  give_scratch(m->t, scratch);
  return true;
}

bool network_measure(network_training *t, const int32_t *row, int64_t count, double *loss,
                     lathe_error *error) {
  int64_t chunks = (count + MEASURE_ROWS - 1) / MEASURE_ROWS;
  double weight = 0;
  measuring m = {t, row, count, lathe_memory_new((size_t)chunks, sizeof(double), error)};
  bool fine = m.sum && lathe_pool_run(chunks, measure_chunk, &m, t->progress, error);
  for (int64_t i = 0; fine && i < count; i++) weight += t->rows->weight ? (double)t->rows->weight[row[i]] : 1;
  *loss = 0;
  for (int64_t i = 0; fine && i < chunks; i++) *loss += m.sum[i] / weight;
  free(m.sum);
  return fine;
}

/* ---- epochs ---- */

/* The parameters as they are now are the best so far. */
static void keep_best(network_training *t) {
  const network_net *net = t->net;
  size_t count = (size_t)net->parameters, more = (size_t)net->statistics;
  t->best_epoch = t->epoch;
  memcpy(t->best, net->parameter, count * sizeof *t->best);
  if (more == 0) return;
  memcpy(t->best + count, net->mean, more * sizeof *t->best);
  memcpy(t->best + count + more, net->variance, more * sizeof *t->best);
}

static void restore_best(network_training *t) {
  network_net *net = t->net;
  size_t count = (size_t)net->parameters, more = (size_t)net->statistics;
  memcpy(net->parameter, t->best, count * sizeof *t->best);
  if (more == 0) return;
  memcpy(net->mean, t->best + count, more * sizeof *t->best);
  memcpy(net->variance, t->best + count + more, more * sizeof *t->best);
}

/* After `every` epochs without a better loss the rate falls. */
static void look_for_plateau(network_training *t, double loss) {
  if (loss < t->plateau_best) {
    t->plateau_best = loss;
    t->plateau_epochs = 0;
  } else if (++t->plateau_epochs >= t->options->schedule_every) {
    t->plateau_rate *= t->options->schedule_factor;
    t->plateau_epochs = 0;
  }
}

/* The last step of an epoch may have been the one too far. */
static bool all_finite(const network_net *net) {
  for (int64_t i = 0; i < net->parameters; i++)
    if (!isfinite(net->parameter[i])) return false;
  return true;
}

static bool end_epoch(network_training *t, lathe_error *error) {
  network_point *point = &t->curve[t->epoch];
  *point = (network_point){t->sum / t->sum_rows, NAN, network_rate(t, batches_of(t))};
  if (t->validated > 0 && !network_measure(t, t->validate, t->validated, &point->valid, error)) return false;
  if ((t->validated > 0 && !isfinite(point->valid)) || !all_finite(t->net))
    return exploded(t, point->rate, error);
  t->epoch++;
  t->batch = 0;
  t->sum = t->sum_rows = 0;
  double loss = t->validated > 0 ? point->valid : point->train;
  if (t->best && (t->best_epoch == 0 || loss < t->curve[t->best_epoch - 1].valid)) keep_best(t);
  look_for_plateau(t, loss);
  char words[64];
  if (t->validated > 0)
    snprintf(words, sizeof words, "network: epoch %d, loss %.4g, validation %.4g", t->epoch, point->train,
             point->valid);
  else
    snprintf(words, sizeof words, "network: epoch %d, loss %.4g", t->epoch, point->train);
  lathe_progress_say(t->progress, words);
  return true;
}

static bool is_over(const network_training *t) {
  int32_t patience = t->options->patience;
  return t->epoch >= t->options->epochs || (t->best && patience > 0 && t->epoch - t->best_epoch >= patience);
}

/* To the end, or to where it is cancelled; between batches everything is as a checkpoint has it. */
static bool run(network_training *t, lathe_error *error) {
  const lathe_network_options *options = t->options;
  int64_t batches = batches_of(t);
  while (!is_over(t)) {
    shuffle(t);
    while (t->batch < batches)
      if (!lathe_progress_check(t->progress, error) || !run_batch(t, error)) return false;
    if (!end_epoch(t, error)) return false;
    if (options->checkpoint && t->epoch % options->checkpoint_every == 0 && !is_over(t) &&
        !network_checkpoint_write(t, error))
      return false;
  }
  return true;
}

static bool begin(network_training *t, lathe_error *error) {
  const network_net *net = t->net;
  size_t count = (size_t)net->parameters, more = (size_t)net->statistics;
  t->pool = lathe_memory_new(1, sizeof *t->pool, error);
  if (!t->pool) return false;
  pthread_mutex_init(&t->pool->lock, NULL);
  t->lanes = lanes_of(t);
  t->plateau_rate = 1;
  t->plateau_best = INFINITY;
  t->order = lathe_memory_raw((size_t)t->learned, sizeof *t->order, error);
  t->curve = lathe_memory_new((size_t)t->options->epochs, sizeof *t->curve, error);
  if (!t->order || !t->curve || !network_units(t, error)) return false;
  for (int32_t lane = 0; lane < t->lanes; lane++) {
    network_lane *of = &t->lane[lane];
    of->gradient = lathe_memory_new(count, sizeof(float), error);
    of->mean = lathe_memory_new(more, sizeof(float), error);
    of->variance = lathe_memory_new(more, sizeof(float), error);
    if (!of->gradient || !of->mean || !of->variance) return false;
  }
  if (network_has_moment(t->options, 0) && !(t->first = lathe_memory_new(count, sizeof(float), error)))
    return false;
  if (network_has_moment(t->options, 1) && !(t->second = lathe_memory_new(count, sizeof(float), error)))
    return false;
  return t->validated == 0 || (t->best = lathe_memory_new(count + 2 * more, sizeof(float), error));
}

/* Somebody cancelled it: keep where it stands, and say so. */
static void stop(const network_training *t, lathe_error *problem) {
  const lathe_network_options *o = t->options;
  lathe_error written = {0};
  if (o->checkpoint && !network_checkpoint_write(t, &written))
    *problem = written;
  else
    lathe_checkpoint_stopped(problem, "network", o->checkpoint, t->epoch + (t->batch > 0), o->epochs,
                             "epochs", o->schedule != LATHE_SCHEDULE_COSINE);
}

bool network_train(network_training *t, lathe_error *error) {
  lathe_error problem = {0};
  lathe_progress_begin(t->progress, "network", t->learned * t->options->epochs);
  bool fine = begin(t, &problem) && network_checkpoint_read(t, &problem);
  if (fine) {
    lathe_progress_add(t->progress, t->learned * t->epoch + batch_begin(t, t->batch));
    fine = run(t, &problem);
    if (!fine && problem.code == LATHE_ERROR_CANCELLED) stop(t, &problem);
  }
  lathe_progress_end(t->progress);
  if (fine && t->best) restore_best(t);
  if (!fine && error) *error = problem;
  return fine;
}

void network_training_free(network_training *t) {
  for (network_scratch *s = t->pool ? t->pool->idle : NULL, *next; s; s = next) {
    next = s->next;
    network_scratch_free(s);
  }
  if (t->pool) pthread_mutex_destroy(&t->pool->lock);
  free(t->pool);
  for (int32_t lane = 0; lane < t->lanes; lane++) {
    free(t->lane[lane].gradient);
    free(t->lane[lane].mean);
    free(t->lane[lane].variance);
  }
  free(t->unit);
  free(t->order);
  free(t->first);
  free(t->second);
  free(t->best);
  free(t->curve);
}
