/* trees.c - see trees.h: growing an ensemble. */
#include "trees.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../base/memory.h"

enum { MOST = INT32_MAX - 64, SHARED = 8 };

void lathe_trees_free(lathe_trees *trees) {
  free(trees->start);
  free(trees->output);
  free(trees->feature);
  free(trees->left);
  free(trees->flags);
  free(trees->threshold);
  free(trees->set);
  free(trees->value);
  *trees = (lathe_trees){.width = trees->width};
}

static bool too_large(lathe_error *error) {
  return lathe_error_set(
      error, LATHE_ERROR_DATA,
      "the trees would have more than %d nodes or values; grow fewer of them, or less deep "
      "ones (max_depth, min_samples_leaf)",
      (int)MOST);
}

/* Room for `more` behind `used`, and then some: the new capacity, or -1 with an error. */
static int64_t room_for(int32_t used, int32_t room, int64_t more, lathe_error *error) {
  int64_t wanted = (int64_t)used + more;
  if (wanted <= room) return room;
  if (wanted > MOST) {
    too_large(error);
    return -1;
  }
  int64_t larger = room + room / 2 + 64;
  larger = larger > MOST ? MOST : larger;
  return wanted > larger ? wanted : larger;
}

#define GROW(array, room) lathe_memory_resize((void **)&(array), (size_t)(room), sizeof *(array), error)

static bool more_trees(lathe_trees *trees, int32_t more, lathe_error *error) {
  int64_t room = room_for(trees->trees, trees->trees_room, more, error);
  if (room < 0) return false;
  if (room == trees->trees_room) return true;
  if (!GROW(trees->start, room) || !GROW(trees->output, room)) return false;
  trees->trees_room = (int32_t)room;
  return true;
}

static bool more_nodes(lathe_trees *trees, int32_t more, lathe_error *error) {
  int64_t room = room_for(trees->nodes, trees->nodes_room, more, error);
  if (room < 0) return false;
  if (room == trees->nodes_room) return true;
  if (!GROW(trees->feature, room) || !GROW(trees->left, room) || !GROW(trees->flags, room) ||
      !GROW(trees->threshold, room))
    return false;
  trees->nodes_room = (int32_t)room;
  return true;
}

static bool more_sets(lathe_trees *trees, int32_t more, lathe_error *error) {
  int64_t room = room_for(trees->sets, trees->sets_room, more, error);
  if (room < 0 || (room != trees->sets_room && !GROW(trees->set, room))) return false;
  trees->sets_room = (int32_t)room;
  return true;
}

static bool more_values(lathe_trees *trees, int32_t more, lathe_error *error) {
  int64_t room = room_for(trees->values, trees->values_room, more, error);
  if (room < 0 || (room != trees->values_room && !GROW(trees->value, room))) return false;
  trees->values_room = (int32_t)room;
  return true;
}

static void new_leaf(lathe_trees *trees) {
  int32_t node = trees->nodes++;
  trees->feature[node] = -1;
  trees->left[node] = 0;
  trees->flags[node] = 0;
  trees->threshold[node] = 0;
}

int32_t lathe_trees_begin(lathe_trees *trees, int32_t output, lathe_error *error) {
  if (!more_trees(trees, 1, error) || !more_nodes(trees, 1, error)) return -1;
  trees->start[trees->trees] = trees->nodes;
  trees->output[trees->trees++] = output;
  new_leaf(trees);
  return trees->nodes - 1;
}

static int32_t split(lathe_trees *trees, int32_t node, int32_t feature, double threshold, uint8_t flags,
                     lathe_error *error) {
  if (!more_nodes(trees, 2, error)) return -1;
  trees->feature[node] = feature;
  trees->threshold[node] = threshold;
  trees->flags[node] = flags;
  trees->left[node] = trees->nodes;
  new_leaf(trees);
  new_leaf(trees);
  return trees->left[node];
}

int32_t lathe_trees_split(lathe_trees *trees, int32_t node, int32_t feature, double threshold,
                          bool missing_left, lathe_error *error) {
  return split(trees, node, feature, threshold, missing_left ? LATHE_TREES_MISSING_LEFT : 0, error);
}

int32_t lathe_trees_split_set(lathe_trees *trees, int32_t node, int32_t feature, const uint32_t *set,
                              int32_t words, bool missing_left, lathe_error *error) {
  while (words > 0 && set[words - 1] == 0) words--;
  if (!more_sets(trees, words + 1, error)) return -1;
  int32_t place = trees->sets;
  trees->set[place] = words;
  if (words > 0) memcpy(trees->set + place + 1, set, (size_t)words * sizeof *set);
  trees->sets += words + 1;
  return split(trees, node, feature, place,
               (uint8_t)(LATHE_TREES_CATEGORY | (missing_left ? LATHE_TREES_MISSING_LEFT : 0)), error);
}

bool lathe_trees_leaf(lathe_trees *trees, int32_t node, const double *value, lathe_error *error) {
  int32_t count = trees->output[trees->trees - 1] < 0 ? trees->width : 1;
  size_t bytes = (size_t)count * sizeof *value;
  for (int32_t k = 1; count > 1 && k <= SHARED && (int64_t)k * count <= trees->values; k++) {
    int32_t place = trees->values - k * count;
    if (memcmp(trees->value + place, value, bytes) != 0) continue;
    trees->left[node] = place;
    return true;
  }
  if (!more_values(trees, count, error)) return false;
  memcpy(trees->value + trees->values, value, bytes);
  trees->left[node] = trees->values;
  trees->values += count;
  return true;
}

void lathe_trees_cut(lathe_trees *trees, int32_t count) {
  if (count >= trees->trees) return;
  int32_t sets = 0, values = 0;
  for (int32_t t = 0; t < count; t++)
    for (int32_t i = trees->start[t]; i < trees->start[t + 1]; i++) {
      int32_t end = 0;
      if (trees->feature[i] < 0) {
        end = trees->left[i] + (trees->output[t] < 0 ? trees->width : 1);
        values = end > values ? end : values;
      } else if (trees->flags[i] & LATHE_TREES_CATEGORY) {
        end = (int32_t)trees->threshold[i] + 1 + trees->set[(int32_t)trees->threshold[i]];
        sets = end > sets ? end : sets;
      }
    }
  trees->nodes = trees->start[count];
  trees->trees = count;
  trees->sets = sets;
  trees->values = values;
}

bool lathe_trees_append(lathe_trees *trees, const lathe_trees *more, lathe_error *error) {
  if (!more_trees(trees, more->trees, error) || !more_nodes(trees, more->nodes, error) ||
      !more_sets(trees, more->sets, error) || !more_values(trees, more->values, error))
    return false;
  for (int32_t i = 0; i < more->trees; i++) {
    trees->start[trees->trees + i] = more->start[i] + trees->nodes;
    trees->output[trees->trees + i] = more->output[i];
  }
  for (int32_t i = 0; i < more->nodes; i++) {
    int32_t to = trees->nodes + i;
    trees->feature[to] = more->feature[i];
    trees->flags[to] = more->flags[i];
    trees->threshold[to] = more->threshold[i] + (more->flags[i] & LATHE_TREES_CATEGORY ? trees->sets : 0);
    trees->left[to] = more->left[i] + (more->feature[i] < 0 ? trees->values : trees->nodes);
  }
  if (more->sets > 0) memcpy(trees->set + trees->sets, more->set, (size_t)more->sets * sizeof *more->set);
  if (more->values > 0)
    memcpy(trees->value + trees->values, more->value, (size_t)more->values * sizeof *more->value);
  trees->trees += more->trees;
  trees->nodes += more->nodes;
  trees->sets += more->sets;
  trees->values += more->values;
  return true;
}

int32_t lathe_trees_find(const lathe_trees *trees, int32_t tree, const double *x, int64_t step) {
  int32_t node = trees->start[tree];
  while (trees->feature[node] >= 0) {
    double value = x[trees->feature[node] * step];
    bool left;
    if (isnan(value)) {
      left = trees->flags[node] & LATHE_TREES_MISSING_LEFT;
    } else if (trees->flags[node] & LATHE_TREES_CATEGORY) {
      const int32_t *set = trees->set + (int32_t)trees->threshold[node];
      left = lathe_trees_has(set, value);
    } else {
      left = value <= trees->threshold[node];
    }
    node = trees->left[node] + !left;
  }
  return node;
}

int32_t lathe_graph_add_trees(lathe_graph *graph, int32_t input, const lathe_trees *trees, const double *bias,
                              const double *divisor, lathe_error *error) {
  static const int32_t none[1] = {0};
  lathe_operator node = {
      .kind = LATHE_OPERATOR_TREES,
      .width = trees->width,
      .inputs = 1,
      .input = &input,
      .tensor = {[LATHE_TREES_START] = trees->start,
                 [LATHE_TREES_OUTPUT] = trees->output,
                 [LATHE_TREES_FEATURE] = trees->feature,
                 [LATHE_TREES_LEFT] = trees->left,
                 [LATHE_TREES_FLAGS] = trees->flags,
                 [LATHE_TREES_THRESHOLD] = trees->threshold,
                 [LATHE_TREES_SETS] = trees->sets > 0 ? trees->set : none,
                 [LATHE_TREES_VALUES] = trees->value,
                 [LATHE_TREES_BIAS] = bias,
                 [LATHE_TREES_DIVISOR] = divisor},
      .size = {[LATHE_TREES_START] = trees->trees,
               [LATHE_TREES_OUTPUT] = trees->trees,
               [LATHE_TREES_FEATURE] = trees->nodes,
               [LATHE_TREES_LEFT] = trees->nodes,
               [LATHE_TREES_FLAGS] = trees->nodes,
               [LATHE_TREES_THRESHOLD] = trees->nodes,
               [LATHE_TREES_SETS] = trees->sets > 0 ? trees->sets : 1,
               [LATHE_TREES_VALUES] = trees->values},
  };
  return lathe_graph_add(graph, &node, error);
}
