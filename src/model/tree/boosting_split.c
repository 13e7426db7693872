/* boosting_split.c - the best split of nodes: features in strips, side by side. */
#include <stdlib.h>
#include <string.h>

#include "../../base/memory.h"
#include "../../base/pool.h"
#include "boosting.h"

enum { SEARCH = 4, MANY = 16 }; /* features in a strip, unless there are so many nodes that one is enough */

typedef struct {
  const boost_batch *batch;
  boost_grower *grower;
  boost_split *found; /* (count, strips, 2) */
  int32_t strips;
} searching;

boost_sum boost_sum_of(const boost_grower *grower, boost_slot slot) {
  int32_t bits = grower->scale.count_bits;
  return (boost_sum){slot.gradient, (int64_t)(slot.both >> bits),
                     (int64_t)(slot.both & (((uint64_t)1 << bits) - 1))};
}

static bool asked(const boost_grower *grower, int32_t feature) {
  return !grower->taken || grower->taken[feature];
}

/* What is left of the parent's histogram is that of the larger child. */
static void subtract(boost_slot *from, const boost_slot *less, int32_t begin, int32_t end) {
  for (int32_t s = begin; s < end; s++) {
    from[s].gradient -= less[s].gradient;
    from[s].both -= less[s].both;
  }
}

/* Both children of node `which` of the list, by features first .. last - 1. */
static void search_children(const boost_batch *batch, int32_t which, int32_t first, int32_t last,
                            boost_split found[2]) {
  boost_grower *grower = batch->grower;
  boost_node *parent = &grower->node[batch->list[which]], *child = &grower->node[parent->left];
  int32_t small = child[1].sum.rows < child[0].sum.rows;
  for (int k = 0; k < 2; k++) boost_search_begin(grower, &child[k], &found[k]);
  if (!child[small].histogram) return;
  boost_node large = child[1 - small];
  if (parent->histogram) large.histogram = parent->histogram;
  for (int32_t j = first; j < last; j++) {
    if (!asked(grower, j)) continue;
    int32_t begin = grower->start[j], end = grower->start[j + 1];
    boost_add_extras(batch, parent->left + small, begin, end);
    if (parent->histogram)
      subtract(parent->histogram, child[small].histogram, begin, end);
    else
      boost_add_extras(batch, parent->left + 1 - small, begin, end);
    if (boost_divisible(grower, &child[small])) boost_search(grower, &child[small], j, &found[small]);
    if (boost_divisible(grower, &large)) boost_search(grower, &large, j, &found[1 - small]);
  }
}

static bool search_strip(void *context, int64_t index, lathe_error *error) {
  (void)error;
  const searching *s = context;
  int64_t width = s->grower->bins->width, strip = index % s->strips;
  search_children(s->batch, (int32_t)(index / s->strips), (int32_t)(width * strip / s->strips),
                  (int32_t)(width * (strip + 1) / s->strips), s->found + 2 * index);
  return true;
}

void boost_split_node(const boost_batch *batch, int32_t which, boost_split found[2]) {
  search_children(batch, which, 0, batch->grower->bins->width, found);
}

/* The best of what was found, the first of equals. */
static void settle(boost_node *node, const boost_split *found, int32_t count, int32_t step) {
  node->split = found[0];
  for (int32_t i = 1; i < count; i++)
    if (found[i * step].feature >= 0 && (node->split.feature < 0 || found[i * step].gain > node->split.gain))
      node->split = found[i * step];
  if (node->split.feature < 0) node->split.gain = 0;
}

void boost_settle_node(const boost_batch *batch, int32_t which, const boost_split *found, int32_t strips) {
  boost_grower *grower = batch->grower;
  boost_node *parent = &grower->node[batch->list[which]], *child = &grower->node[parent->left];
  int32_t small = child[1].sum.rows < child[0].sum.rows;
  if (parent->histogram) {
    child[1 - small].histogram = parent->histogram;
    parent->histogram = NULL;
  }
  for (int k = 0; k < 2; k++) {
    settle(&child[k], found + k, strips, 2);
    if (child[k].split.feature < 0 || grower->kept > grower->keep_most)
      boost_drop_histogram(grower, &child[k].histogram);
  }
}

bool boost_split_children(const boost_batch *batch, lathe_error *error) {
  boost_grower *grower = batch->grower;
  searching s = {.batch = batch, .grower = grower};
  s.strips = batch->count >= MANY ? 1 : (grower->bins->width + SEARCH - 1) / SEARCH;
  s.found = lathe_memory_raw((size_t)batch->count * (size_t)s.strips, 2 * sizeof *s.found, error);
  bool fine =
      s.found && lathe_pool_run((int64_t)batch->count * s.strips, search_strip, &s, grower->progress, error);
  for (int32_t i = 0; fine && i < batch->count; i++)
    boost_settle_node(batch, i, s.found + 2 * (int64_t)i * s.strips, s.strips);
  free(s.found);
  return fine;
}

static bool search_root(void *context, int64_t index, lathe_error *error) {
  (void)error;
  const searching *s = context;
  boost_search_begin(s->grower, &s->grower->node[0], &s->found[index]);
  if (asked(s->grower, (int32_t)index))
    boost_search(s->grower, &s->grower->node[0], (int32_t)index, &s->found[index]);
  return true;
}

bool boost_split_root(boost_grower *grower, lathe_error *error) {
  int32_t width = grower->bins->width;
  searching s = {.grower = grower};
  s.found = lathe_memory_raw((size_t)width, sizeof *s.found, error);
  bool fine = s.found && lathe_pool_run(width, search_root, &s, grower->progress, error);
  if (fine) settle(&grower->node[0], s.found, width, 1);
  free(s.found);
  return fine;
}
