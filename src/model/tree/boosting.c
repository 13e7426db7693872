/* boosting.c - the rounds: gradients, a tree for each output, scores; the curve, stopping early, checkpoints. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../base/memory.h"
#include "../../base/random.h"
#include "../checkpoint.h"
#include "boosting.h"

typedef struct {
  boost_training *training;
  boost_grower grower;
  uint8_t *
      outside; /* (rows) not in the tree, but scored: rows for validation, and those left out of a sample; NULL: none */
  int32_t *order; /* (rows) those in the tree, when several trees are grown on them; NULL: one */
  int32_t count;  /* of rows in the tree */
  bool *taken;    /* (features) NULL: all */
} rounds;

/* ---- samples ---- */

static uint64_t mix(uint64_t x) {
  x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
  x = (x ^ x >> 27) * 0x94d049bb133111ebu;
  return x ^ x >> 31;
}

/* The rows of a round: those that are learned from, or a share of them. At least one. */
static void take_rows(rounds *r) {
  const boost_target *target = &r->training->target;
  double share = r->training->options->row_share;
  uint64_t key =
      mix(r->training->options->fit.seed + 0x9e3779b97f4a7c15u * (uint64_t)(r->training->rounds + 1));
  int32_t *order = r->order ? r->order : r->grower.order[0], first = -1;
  r->count = 0;
  for (int32_t i = 0; i < target->rows; i++) {
    bool own = target->part[i] == 0;
    bool in = own && (share >= 1 || (double)(mix(key ^ (uint64_t)i) >> 11) * 0x1p-53 < share);
    if (own && first < 0) first = i;
    order[r->count] = i;
    r->count += in;
    if (r->outside) r->outside[i] = !in && target->part[i] < 2;
  }
  if (r->count > 0) return;
  order[r->count++] = first;
  if (r->outside) r->outside[first] = false;
}

/* The features of a tree: a share of them, one at least. */
static void take_features(rounds *r, int32_t tree) {
  if (!r->taken) return;
  int32_t width = r->training->bins->width;
  int32_t left = (int32_t)nearbyint(r->training->options->column_share * width);
  lathe_random random;
  lathe_random_seed(&random, r->training->options->fit.seed, (uint64_t)tree);
  if (left < 1) left = 1;
  for (int32_t j = 0; j < width; j++) { /* each with chance left / those that come */
    r->taken[j] = lathe_random_below(&random, (uint64_t)(width - j)) < (uint64_t)left;
    left -= r->taken[j];
  }
}

/* ---- a round ---- */

static bool grow_tree(rounds *r, int32_t output, bool *divided, lathe_error *error) {
  boost_training *t = r->training;
  boost_grower *grower = &r->grower;
  double *score = t->target.score + (int64_t)output * t->target.rows;
  grower->pair = t->target.pair + (int64_t)output * t->target.rows;
  grower->scale = t->target.scale;
  take_features(r, t->trees.trees);
  if (r->order) memcpy(grower->order[0], r->order, (size_t)r->count * sizeof *r->order);
  if (!boost_grow(grower, r->count, error) ||
      !boost_set_values(grower, &t->target, t->options->rate, error) ||
      !boost_keep_tree(grower, output, &t->trees, &t->gain, &t->gain_room, error) ||
      !boost_add_leaves(grower, score, error))
    return false;
  *divided = *divided || grower->nodes > 1;
  return !r->outside ||
         boost_add_walks(t->bins, &t->trees, t->trees.trees - 1, r->outside, score, t->progress, error);
}

static bool grow_round(rounds *r, lathe_error *error) {
  boost_training *t = r->training;
  bool divided = false;
  take_rows(r);
  for (int32_t k = 0; k < t->target.outputs; k++)
    if (!grow_tree(r, k, &divided, error)) return false;
  t->rounds++;
  t->settled = !divided && !r->taken && t->options->row_share >= 1;
  return true;
}

/* ---- all rounds ---- */

/* The loss after `rounds` rounds goes to the curve, and to who watches. */
static void note_loss(boost_training *t, const double loss[2]) {
  bool valid = loss[1] == loss[1];
  boost_point *curve = t->curve;
  int32_t at = t->rounds, best = t->best;
  curve[at] = (boost_point){{loss[0], loss[1]}};
  if (at == 0 || !valid || curve[at].loss[1] < curve[best].loss[1]) t->best = at;
  char words[64];
  if (valid)
    snprintf(words, sizeof words, "boosting: loss %.5g, validation %.5g", loss[0], loss[1]);
  else
    snprintf(words, sizeof words, "boosting: loss %.5g", loss[0]);
  lathe_progress_say(t->progress, words);
}

static bool is_over(const boost_training *t) {
  int32_t patience = t->options->patience;
  bool stop = t->options->validation > 0 || t->options->validation_column;
  return t->rounds >= t->options->rounds || t->settled ||
         (stop && patience > 0 && t->rounds - t->best >= patience);
}

/* A checkpoint when it is time for one, or `now`. */
static bool save(const boost_training *t, bool now, lathe_error *error) {
  int32_t every = t->options->checkpoint_every;
  if (!t->options->checkpoint || t->rounds == 0 || (!now && t->rounds % every != 0)) return true;
  return boost_checkpoint_write(t, error);
}

static bool run(rounds *r, lathe_error *error) {
  boost_training *t = r->training;
  double loss[2];
  for (bool fresh = false;; fresh = true) {
    if (!boost_gradients(&t->target, true, loss, t->progress, error)) return false;
    note_loss(t, loss);
    if (is_over(t)) return true;
    if ((fresh && !save(t, false, error)) || !lathe_progress_check(t->progress, error) ||
        !grow_round(r, error))
      return false;
    lathe_progress_add(t->progress, 1);
  }
}

static bool begin(rounds *r, lathe_error *error) {
  boost_training *t = r->training;
  const lathe_boosting_options *options = t->options;
  boost_target *target = &t->target;
  size_t rows = (size_t)target->rows, width = (size_t)t->bins->width, outputs = (size_t)target->outputs;
  bool whole = options->row_share >= 1;
  for (size_t i = 0; whole && i < rows; i++) whole = target->part[i] != 1;
  t->trees.width = target->outputs;
  t->curve = lathe_memory_new((size_t)options->rounds + 1, sizeof *t->curve, error);
  target->score = lathe_memory_new(rows * outputs, sizeof *target->score, error);
  target->pair = lathe_memory_new(rows * outputs, sizeof *target->pair, error);
  target->bias = lathe_memory_new(outputs, sizeof *target->bias, error);
  if (!t->curve || !target->score || !target->pair || !target->bias) return false;
  if (!whole && !(r->outside = lathe_memory_new(rows, 1, error))) return false;
  if (target->outputs > 1 && !(r->order = lathe_memory_raw(rows, sizeof *r->order, error))) return false;
  if (options->column_share < 1 && !(r->taken = lathe_memory_new(width, sizeof *r->taken, error)))
    return false;
  r->grower.taken = r->taken;
  return boost_grower_begin(&r->grower, t->bins, &t->limits, t->progress, error) &&
         boost_find_bias(target, error);
}

/* Rounds behind the best one go; one stays at least. */
static void cut_rounds(boost_training *t) {
  t->best = t->best < 1 ? 1 : t->best;
  lathe_trees_cut(&t->trees, t->best * t->target.outputs);
}

/* Somebody cancelled it: keep the whole rounds, and say so. */
static void stop(boost_training *t, lathe_error *problem) {
  const lathe_boosting_options *o = t->options;
  lathe_error written = {0};
  lathe_trees_cut(&t->trees, t->rounds * t->target.outputs);
  if (!save(t, true, &written))
    *problem = written;
  else
    lathe_checkpoint_stopped(problem, "boosting", o->checkpoint, t->rounds, o->rounds, "rounds", true);
}

bool boost_train(boost_training *t, lathe_error *error) {
  rounds r = {.training = t};
  lathe_error problem = {0};
  lathe_progress_begin(t->progress, "boosting", t->options->rounds);
  bool fine = begin(&r, &problem) && boost_checkpoint_read(t, &problem);
  if (fine) {
    lathe_progress_add(t->progress, t->rounds);
    fine = run(&r, &problem);
    if (!fine && problem.code == LATHE_ERROR_CANCELLED) stop(t, &problem);
  }
  lathe_progress_end(t->progress);
  boost_grower_end(&r.grower);
  free(r.outside);
  free(r.order);
  free(r.taken);
  if (fine && t->options->patience > 0) cut_rounds(t);
  if (!fine && error) *error = problem;
  return fine;
}

void boost_training_free(boost_training *t) {
  lathe_trees_free(&t->trees);
  free(t->curve);
  free(t->gain);
  free(t->target.score);
  free(t->target.pair);
  free(t->target.bias);
}
