/* boosting_grow.c - growing one tree, best leaf first.
 *
 * Dividing a node (rows to two sides, the histogram of the smaller child, that of the larger one as parent - smaller, the best split of
 * both) touches nothing but that node, so several are divided at once: the best leaves, before it is their turn. Then their turn decides:
 * the tree is that of dividing the best leaf again and again, and what was divided in vain stays a leaf. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../../base/memory.h"
#include "../../base/pool.h"
#include "boosting.h"

enum { BATCH = 64, KEPT_BYTES = 1 << 30 };
enum {
  ENOUGH = 65536
}; /* rows that keep all threads busy: where leaves are limited no more are divided ahead of their turn */

bool boost_grower_begin(boost_grower *grower, const lathe_bins *bins, const boost_limits *limits,
                        lathe_progress *progress, lathe_error *error) {
  grower->bins = bins;
  grower->limits = limits;
  grower->progress = progress;
  grower->start = lathe_memory_new((size_t)bins->width + 1, sizeof *grower->start, error);
  for (int k = 0; k < 2; k++)
    grower->order[k] = lathe_memory_raw((size_t)bins->rows, sizeof *grower->order[k], error);
  if (!grower->start || !grower->order[0] || !grower->order[1]) return false;
  int64_t slots = 0;
  for (int32_t j = 0; j < bins->width; j++) {
    slots += bins->count[j] + 1;
    if (slots > INT32_MAX)
      return lathe_error_set(error, LATHE_ERROR_DATA,
                             "%d features make more bins than can be counted; choose fewer, or give max_bins",
                             bins->width);
    grower->start[j + 1] = (int32_t)slots;
  }
  int64_t most = KEPT_BYTES / (slots * (int64_t)sizeof(boost_slot));
  grower->keep_most = most < 4 ? 4 : most > 1 << 20 ? 1 << 20 : (int32_t)most;
  return true;
}

void boost_grower_end(boost_grower *grower) {
  for (int32_t i = 0; i < grower->nodes; i++) free(grower->node[i].histogram);
  for (int32_t i = 0; i < grower->spares; i++) free(grower->spare[i]);
  free(grower->spare);
  free(grower->node);
  free(grower->order[0]);
  free(grower->order[1]);
  free(grower->start);
  *grower = (boost_grower){0};
}

/* ---- dividing ---- */

int32_t boost_part_rows(int64_t rows, int32_t least, int32_t most) {
  enum { FOR_EACH = 3 }; /* parts for each thread, for threads do not run alike */
  int32_t threads = lathe_threads_get();
  int64_t part = threads == 1 ? rows : rows / (FOR_EACH * (int64_t)threads);
  return part < least ? least : part > most ? most : (int32_t)part;
}

bool boost_divisible(const boost_grower *grower, const boost_node *node) {
  const boost_limits *limits = grower->limits;
  int64_t least = limits->min_rows > 1 ? limits->min_rows : 1;
  return (limits->max_depth == 0 || node->depth < limits->max_depth) && node->sum.rows >= 2 * least;
}

static void make_children(boost_grower *grower, boost_node *node) {
  boost_node *child = &grower->node[node->left];
  const boost_split *split = &node->split;
  int32_t middle = node->begin + (int32_t)split->left.rows;
  for (int k = 0; k < 2; k++) {
    child[k] = (boost_node){.begin = k ? middle : node->begin,
                            .end = k ? node->end : middle,
                            .side = 1 - node->side,
                            .depth = node->depth + 1,
                            .left = -1,
                            .sum = split->left,
                            .low = node->low,
                            .high = node->high,
                            .split = {.feature = -1}};
  }
  child[1].sum.gradient = node->sum.gradient - split->left.gradient;
  child[1].sum.curvature = node->sum.curvature - split->left.curvature;
  child[1].sum.rows = node->sum.rows - split->left.rows;
  int direction = grower->limits->monotone ? grower->limits->monotone[split->feature] : 0;
  if (direction == 0) return;
  double middle_value = (boost_value(grower, &child[0]) + boost_value(grower, &child[1])) / 2;
  boost_node *lower = &child[direction < 0], *upper = &child[direction > 0];
  lower->high = middle_value;
  upper->low = middle_value;
}

static bool need_nodes(boost_grower *grower, int32_t wanted, lathe_error *error) {
  if (wanted <= grower->nodes_room) return true;
  int32_t room = wanted + wanted / 2 + 64;
  if (!lathe_memory_resize((void **)&grower->node, (size_t)room, sizeof *grower->node, error)) return false;
  grower->nodes_room = room;
  return true;
}

/* Large nodes: all threads at the rows of all of them, then at their histograms, then at their splits. */
static bool divide_together(boost_batch *batch, lathe_error *error) {
  return boost_divide_rows(batch, error) && boost_add_histograms(batch, error) &&
         boost_split_children(batch, error);
}

typedef struct {
  const boost_batch *batch;
  boost_split (*found)[2]; /* (count) */
} alone;

static bool divide_one(void *context, int64_t index, lathe_error *error) {
  const alone *a = context;
  const boost_batch *batch = a->batch;
  boost_divide_node(batch->grower, batch->list[index]);
  for (int32_t p = batch->first_part[index]; p < batch->first_part[index + 1]; p++)
    if (!boost_add_part(batch, p, error)) return false;
  boost_split_node(batch, (int32_t)index, a->found[index]);
  return true;
}

/* Small nodes: each from its rows to its splits by one thread, for they stay in its cache, and threads wait for each other once. */
static bool divide_alone(boost_batch *batch, lathe_error *error) {
  alone a = {batch, lathe_memory_raw((size_t)batch->count, sizeof *a.found, error)};
  bool fine = a.found && lathe_pool_run(batch->count, divide_one, &a, batch->grower->progress, error);
  for (int32_t i = 0; fine && i < batch->count; i++) boost_settle_node(batch, i, a.found[i], 1);
  free(a.found);
  return fine;
}

static bool divide(boost_grower *grower, const int32_t *list, int32_t count,
                   bool (*way)(boost_batch *, lathe_error *), lathe_error *error) {
  if (count == 0) return true;
  if (!need_nodes(grower, grower->nodes + 2 * count, error)) return false;
  boost_batch batch = {.grower = grower, .list = list, .count = count};
  for (int32_t i = 0; i < count; i++) {
    boost_node *node = &grower->node[list[i]];
    node->left = grower->nodes;
    grower->nodes += 2;
    make_children(grower, node);
  }
  bool fine = boost_plan_children(&batch, error) && way(&batch, error);
  boost_batch_free(&batch);
  return fine;
}

/* Divide the nodes of a list, large ones first. Of few small nodes each thread would not get one. */
static bool divide_all(boost_grower *grower, int32_t *list, int32_t count, lathe_error *error) {
  int32_t large = 0;
  for (int32_t i = 0; i < count; i++) {
    int32_t node = list[i];
    if (grower->node[node].sum.rows <= BOOST_PIECE) continue;
    memmove(list + large + 1, list + large, (size_t)(i - large) * sizeof *list);
    list[large++] = node;
  }
  if (count - large < 2 * lathe_threads_get()) large = count;
  return divide(grower, list, large, divide_together, error) &&
         divide(grower, list + large, count - large, divide_alone, error);
}

/* The root: all rows, its sums, its split. */
static bool make_root(boost_grower *grower, int32_t rows, lathe_error *error) {
  int32_t any = 0;
  while (grower->taken && !grower->taken[any]) any++;
  if (!need_nodes(grower, 1, error)) return false;
  boost_node *root = &grower->node[0];
  grower->nodes = 1;
  *root = (boost_node){.end = rows, .left = -1, .low = -INFINITY, .high = INFINITY, .split = {.feature = -1}};
  boost_batch batch = {.grower = grower, .part_rows = boost_part_rows(rows, 1, INT32_MAX)};
  bool fine = boost_plan_histogram(&batch, 0, error) && boost_add_histograms(&batch, error);
  if (fine) {
    boost_add_extras(&batch, 0, 0, grower->start[grower->bins->width]);
    for (int32_t s = grower->start[any]; s < grower->start[any + 1]; s++) {
      boost_sum sum = boost_sum_of(grower, root->histogram[s]);
      root->sum.gradient += sum.gradient;
      root->sum.curvature += sum.curvature;
      root->sum.rows += sum.rows;
    }
  }
  boost_batch_free(&batch);
  return fine && (!boost_divisible(grower, root) || boost_split_root(grower, error));
}

/* ---- whose turn it is ---- */

/* A heap of leaves, the best on top; of equal gains the one whose rows come first. */
static bool before(const boost_grower *grower, int32_t a, int32_t b) {
  const boost_node *x = &grower->node[a], *y = &grower->node[b];
  return x->split.gain > y->split.gain || (x->split.gain == y->split.gain && x->begin < y->begin);
}

static void push(const boost_grower *grower, int32_t *heap, int32_t *count, int32_t node) {
  int32_t at = (*count)++;
  while (at > 0 && before(grower, node, heap[(at - 1) / 2])) {
    heap[at] = heap[(at - 1) / 2];
    at = (at - 1) / 2;
  }
  heap[at] = node;
}

static int32_t pop(const boost_grower *grower, int32_t *heap, int32_t *count) {
  int32_t top = heap[0], last = heap[--*count], at = 0;
  for (;;) {
    int32_t child = 2 * at + 1;
    if (child >= *count) break;
    if (child + 1 < *count && before(grower, heap[child + 1], heap[child])) child++;
    if (!before(grower, heap[child], last)) break;
    heap[at] = heap[child];
    at = child;
  }
  heap[at] = last;
  return top;
}

/* Leaves of the heap that have not been divided, the best of them: as many as can have their turn and keep the threads busy. The heap is
 * used up. */
static int32_t choose(const boost_grower *grower, int32_t *heap, int32_t *count, int32_t turns,
                      int32_t *list) {
  int32_t chosen = 0, most = turns < BATCH ? turns : BATCH;
  int64_t rows = 0, enough = turns == INT32_MAX ? INT64_MAX : ENOUGH;
  while (*count > 0 && chosen < most && rows < enough) {
    int32_t node = pop(grower, heap, count);
    if (grower->node[node].left >= 0) continue;
    list[chosen++] = node;
    rows += grower->node[node].sum.rows;
  }
  return chosen;
}

/* Two heaps of leaves: those that wait, and a copy to choose from. */
typedef struct {
  int32_t *waiting, *other;
  int32_t count, room;
} heaps;

static bool need_heaps(heaps *h, int32_t wanted, lathe_error *error) {
  if (wanted <= h->room) return true;
  int32_t room = 2 * wanted + 64;
  if (!lathe_memory_resize((void **)&h->waiting, (size_t)room, sizeof *h->waiting, error) ||
      !lathe_memory_resize((void **)&h->other, (size_t)room, sizeof *h->other, error))
    return false;
  h->room = room;
  return true;
}

static bool divide_some(boost_grower *grower, heaps *h, int32_t turns, lathe_error *error) {
  int32_t list[BATCH], copied = h->count;
  memcpy(h->other, h->waiting, (size_t)h->count * sizeof *h->other);
  int32_t count = choose(grower, h->other, &copied, turns, list);
  return divide_all(grower, list, count, error) && need_heaps(h, grower->nodes + 2, error);
}

bool boost_grow(boost_grower *grower, int32_t rows, lathe_error *error) {
  for (int32_t i = 0; i < grower->nodes; i++) boost_drop_histogram(grower, &grower->node[i].histogram);
  if (!make_root(grower, rows, error)) return false;
  int32_t turns = grower->limits->max_leaves > 0 ? grower->limits->max_leaves - 1 : INT32_MAX;
  heaps h = {0};
  bool fine = need_heaps(&h, 1, error);
  if (fine && grower->node[0].split.feature >= 0) push(grower, h.waiting, &h.count, 0);
  while (fine && h.count > 0 && turns > 0) {
    boost_node *best = &grower->node[h.waiting[0]];
    if (best->left < 0) {
      fine = divide_some(grower, &h, turns, error);
      continue;
    }
    pop(grower, h.waiting, &h.count); /* its turn has come */
    best->chosen = true;
    turns -= turns < INT32_MAX;
    for (int32_t k = best->left; k < best->left + 2; k++)
      if (grower->node[k].split.feature >= 0) push(grower, h.waiting, &h.count, k);
  }
  free(h.waiting);
  free(h.other);
  return fine;
}
