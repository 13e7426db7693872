/* boosting_histogram.c - adding up gradients by bin.
 *
 * Rows come in tiles: the bins of a block of features and the gradients of a tile are gathered side by side, then eight features at a time
 * are added, so that what is written to (8 x 256 x 16 bytes) stays in the first-level cache. The rows of nodes that all threads are at are
 * cut into parts whose sums are added up later (the extras). */
#include <stdlib.h>
#include <string.h>

#include "../../base/memory.h"
#include "../../base/pool.h"
#include "boosting.h"

enum { TILE = 1024, AHEAD = 24, PARTS = 16 }; /* PARTS: of a node at most, for each has a histogram */
enum { LEAST_PART = 2048, MOST_PART = 1 << 20 };

typedef int64_t two __attribute__((vector_size(16), may_alias));

typedef struct {
  two sums[BOOST_BLOCK * BOOST_SLOTS];
  two pair[TILE];
  uint64_t bins[BOOST_BLOCK / BOOST_GROUP][TILE];
} scratch;

static void gather_pairs(const boost_grower *grower, const int32_t *order, int32_t count, two *out) {
  const boost_pair *pair = grower->pair;
  int32_t bits = grower->scale.count_bits;
  for (int32_t i = 0; i < count; i++) {
    boost_pair of = pair[order[i]];
    out[i] = (two){of.gradient, (int64_t)((uint64_t)of.curvature << bits) | 1};
  }
}

static inline void gather_groups(const uint8_t *base, int64_t step, const int32_t *order, int32_t count,
                                 int32_t ready, int32_t groups, uint64_t (*out)[TILE]) {
  for (int32_t i = 0; i < count; i++) {
    if (i + AHEAD < ready) __builtin_prefetch(base + order[i + AHEAD] * step);
    const uint8_t *row = base + order[i] * step;
    for (int32_t g = 0; g < groups; g++) memcpy(&out[g][i], row + g * BOOST_GROUP, BOOST_GROUP);
  }
}

static void gather_bins(const uint8_t *base, int64_t step, const int32_t *order, int32_t count, int32_t ready,
                        int32_t groups, uint64_t (*out)[TILE]) {
  switch (groups) {
  case 1:
    gather_groups(base, step, order, count, ready, 1, out);
    break;
  case 2:
    gather_groups(base, step, order, count, ready, 2, out);
    break;
  case 3:
    gather_groups(base, step, order, count, ready, 3, out);
    break;
  default:
    gather_groups(base, step, order, count, ready, 4, out);
    break;
  }
}

static inline void add_features(two *sums, const uint64_t *bins, const two *pair, int32_t count,
                                int32_t features) {
  enum { SLOT = sizeof(two), FEATURE = BOOST_SLOTS * SLOT };
  for (int32_t i = 0; i < count; i++) {
    uint64_t bin = bins[i];
    two add = pair[i];
    for (int32_t k = 0; k < features; k++) { /* a bin times SLOT by one shift */
      uint64_t place = (k == 0 ? bin << 4 : bin >> (8 * k - 4)) & 255 * SLOT;
      *(two *)((char *)sums + k * FEATURE + place) += add;
    }
  }
}

static void add_group(two *sums, const uint64_t *bins, const two *pair, int32_t count, int32_t features) {
  switch (features) {
  case 1:
    add_features(sums, bins, pair, count, 1);
    break;
  case 2:
    add_features(sums, bins, pair, count, 2);
    break;
  case 3:
    add_features(sums, bins, pair, count, 3);
    break;
  case 4:
    add_features(sums, bins, pair, count, 4);
    break;
  case 5:
    add_features(sums, bins, pair, count, 5);
    break;
  case 6:
    add_features(sums, bins, pair, count, 6);
    break;
  case 7:
    add_features(sums, bins, pair, count, 7);
    break;
  default:
    add_features(sums, bins, pair, count, 8);
    break;
  }
}

/* Sums of `features` features (a block) from `first` on over rows order[0 .. count - 1], into the slots of a histogram. */
static bool add_rows(const boost_grower *grower, const int32_t *order, int32_t count, int32_t first,
                     int32_t features, boost_slot *histogram, lathe_error *error) {
  const lathe_bins *bins = grower->bins;
  scratch *s = lathe_memory_raw(1, sizeof *s + 64, error);
  if (!s) return false;
  int32_t groups = (features + BOOST_GROUP - 1) / BOOST_GROUP;
  memset(s->sums, 0, (size_t)features * BOOST_SLOTS * sizeof(two));
  for (int32_t begin = 0; begin < count; begin += TILE) {
    int32_t size = count - begin < TILE ? count - begin : TILE;
    gather_pairs(grower, order + begin, size, s->pair);
    gather_bins(bins->row + first, bins->step, order + begin, size, count - begin, groups, s->bins);
    for (int32_t g = 0; g < groups; g++) {
      int32_t left = features - g * BOOST_GROUP;
      add_group(s->sums + g * BOOST_GROUP * BOOST_SLOTS, s->bins[g], s->pair, size,
                left < BOOST_GROUP ? left : BOOST_GROUP);
    }
  }
  for (int32_t j = 0; j < features; j++) {
    boost_slot *to = histogram + grower->start[first + j];
    size_t slots = (size_t)bins->count[first + j];
    memcpy(to, s->sums + j * BOOST_SLOTS, slots * sizeof *to);
    memcpy(to + slots, s->sums + j * BOOST_SLOTS + LATHE_BINS_MISSING, sizeof *to);
  }
  free(s);
  return true;
}

/* ---- histograms as things ---- */

static boost_slot *take_histogram(boost_grower *grower, lathe_error *error) {
  grower->kept++;
  if (grower->spares > 0) return grower->spare[--grower->spares];
  return lathe_memory_raw((size_t)grower->start[grower->bins->width], sizeof(boost_slot), error);
}

void boost_drop_histogram(boost_grower *grower, boost_slot **histogram) {
  if (!*histogram) return;
  grower->kept--;
  if (grower->spares == grower->spares_room) {
    int32_t room = 2 * grower->spares_room + 64;
    if (!lathe_memory_resize((void **)&grower->spare, (size_t)room, sizeof *grower->spare, NULL)) {
      free(*histogram);
      *histogram = NULL;
      return;
    }
    grower->spares_room = room;
  }
  grower->spare[grower->spares++] = *histogram;
  *histogram = NULL;
}

void boost_batch_free(boost_batch *batch) {
  for (int32_t e = 0; e < batch->extras; e++) boost_drop_histogram(batch->grower, &batch->extra[e]);
  free(batch->part);
  free(batch->first_part);
  free(batch->extra);
  free(batch->extra_of);
}

/* ---- histograms of nodes ---- */

bool boost_add_part(const boost_batch *b, int32_t part, lathe_error *error) {
  const boost_part *of = &b->part[part];
  const boost_node *node = &b->grower->node[of->node];
  return add_rows(b->grower, b->grower->order[node->side] + of->begin, of->count, of->first, of->features,
                  of->out, error);
}

static bool add_part(void *context, int64_t index, lathe_error *error) {
  return boost_add_part(context, (int32_t)index, error);
}

bool boost_add_histograms(boost_batch *batch, lathe_error *error) {
  return lathe_pool_run(batch->parts, add_part, batch, batch->grower->progress, error);
}

static bool asked(const boost_grower *grower, int32_t first, int32_t features) {
  if (!grower->taken) return true;
  for (int32_t j = first; j < first + features; j++)
    if (grower->taken[j]) return true;
  return false;
}

/* Room for `parts` more parts and `extras` more extras. */
static bool make_room(boost_batch *b, int32_t parts, int32_t extras, lathe_error *error) {
  if (b->parts + parts > b->parts_room) {
    int32_t room = 2 * (b->parts + parts);
    if (!lathe_memory_resize((void **)&b->part, (size_t)room, sizeof *b->part, error)) return false;
    b->parts_room = room;
  }
  if (b->extras + extras <= b->extras_room) return true;
  int32_t room = 2 * (b->extras + extras);
  if (!lathe_memory_resize((void **)&b->extra, (size_t)room, sizeof *b->extra, error) ||
      !lathe_memory_resize((void **)&b->extra_of, (size_t)room, sizeof *b->extra_of, error))
    return false;
  b->extras_room = room;
  return true;
}

/* A histogram that gets the sums of rows begin .. end - 1 of the node, block by block. */
static boost_slot *plan_part(boost_batch *b, int32_t node, int32_t begin, int32_t end, lathe_error *error) {
  boost_slot *out = take_histogram(b->grower, error);
  int32_t width = b->grower->bins->width;
  for (int32_t first = 0; out && first < width; first += BOOST_BLOCK) {
    int32_t features = width - first < BOOST_BLOCK ? width - first : BOOST_BLOCK;
    if (asked(b->grower, first, features))
      b->part[b->parts++] = (boost_part){node, begin, end - begin, first, features, out};
  }
  return out;
}

bool boost_plan_histogram(boost_batch *b, int32_t index, lathe_error *error) {
  boost_node *node = &b->grower->node[index];
  int32_t blocks = (b->grower->bins->width + BOOST_BLOCK - 1) / BOOST_BLOCK, rows = node->end - node->begin;
  int32_t most = blocks >= PARTS ? 1 : PARTS / blocks, parts = (rows + b->part_rows - 1) / b->part_rows;
  parts = parts < 1 ? 1 : parts > most ? most : parts;
  if (!make_room(b, parts * blocks, parts, error)) return false;
  for (int32_t p = 0; p < parts; p++) {
    int32_t begin = node->begin + (int32_t)((int64_t)rows * p / parts);
    int32_t end = node->begin + (int32_t)((int64_t)rows * (p + 1) / parts);
    boost_slot *out = plan_part(b, index, begin, end, error);
    if (!out) return false;
    if (p == 0) {
      node->histogram = out;
    } else {
      b->extra[b->extras] = out;
      b->extra_of[b->extras++] = index;
    }
  }
  return true;
}

/* Rows of the histograms that are begun: of the smaller children, and of larger ones without a parent's. */
static int64_t rows_to_add(const boost_batch *b) {
  int64_t rows = 0;
  for (int32_t i = 0; i < b->count; i++) {
    const boost_node *parent = &b->grower->node[b->list[i]], *child = &b->grower->node[parent->left];
    int64_t fewer = child[0].sum.rows < child[1].sum.rows ? child[0].sum.rows : child[1].sum.rows;
    rows += parent->histogram ? fewer : parent->sum.rows;
  }
  return rows;
}

/* The larger child's is that of its parent less this one, where the parent's was kept. */
bool boost_plan_children(boost_batch *b, lathe_error *error) {
  boost_grower *grower = b->grower;
  b->first_part = lathe_memory_new((size_t)b->count + 1, sizeof *b->first_part, error);
  if (!b->first_part) return false;
  b->part_rows = boost_part_rows(rows_to_add(b), LEAST_PART, MOST_PART);
  for (int32_t i = 0; i < b->count; i++) {
    b->first_part[i] = b->parts;
    boost_node *parent = &grower->node[b->list[i]], *left = &grower->node[parent->left], *right = left + 1;
    int32_t small = parent->left + (right->sum.rows < left->sum.rows), large = 2 * parent->left + 1 - small;
    if (!boost_divisible(grower, left) && !boost_divisible(grower, right)) {
      boost_drop_histogram(grower, &parent->histogram);
      continue;
    }
    if (!boost_plan_histogram(b, small, error)) return false;
    if (!parent->histogram && !boost_plan_histogram(b, large, error)) return false;
  }
  b->first_part[b->count] = b->parts;
  return true;
}

void boost_add_extras(const boost_batch *b, int32_t node, int32_t begin, int32_t end) {
  boost_slot *to = b->grower->node[node].histogram;
  for (int32_t e = 0; e < b->extras; e++) {
    if (b->extra_of[e] != node) continue;
    for (int32_t s = begin; s < end; s++) {
      to[s].gradient += b->extra[e][s].gradient;
      to[s].both += b->extra[e][s].both;
    }
  }
}
