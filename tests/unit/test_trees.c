/* Ensembles of trees: growing, running against plain walks, bundles, and arrays that somebody made up. */
#include "tap.h"
#include "base/pool.h"
#include "base/random.h"
#include "export/onnx.h"
#include "graph/bundle.h"
#include "graph/trees.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ROWS = 5003, FEATURES = 4, OUTPUTS = 3, TREES = 37 };

static char folder[] = "/tmp/lathe-trees-XXXXXX";
static char path[64];

static const char *in_folder(const char *name) {
  snprintf(path, sizeof path, "%s/%s", folder, name);
  return path;
}

/* Column j of row r; the last one holds categories -1 to 69, some of them unknown to the trees. Some are missing. */
static double value_of(int64_t row, int j) {
  if ((row * 7 + j) % 11 == 0) return NAN;
  if (j == FEATURES - 1) return (double)(row * 13 % 71 - 1);
  if (row % 101 == 0) return row % 2 ? INFINITY : -INFINITY;
  return sin((double)(row * (j + 1))) * 10;
}

static lathe_table *make_table(int64_t rows) {
  static const char *const names[] = {"a", "b", "c", "kind"};
  lathe_column *columns[FEATURES];
  double *values = calloc((size_t)rows, sizeof *values);
  for (int j = 0; j < FEATURES; j++) {
    for (int64_t r = 0; r < rows; r++) values[r] = value_of(r, j);
    columns[j] = lathe_column_from_float64(values, rows, NULL);
  }
  lathe_table *table = lathe_table_new(FEATURES, names, columns, NULL);
  for (int j = 0; j < FEATURES; j++) lathe_column_release(columns[j]);
  free(values);
  return table;
}

static void random_leaf(lathe_trees *trees, lathe_random *random, int32_t node) {
  double value[OUTPUTS];
  for (int c = 0; c < OUTPUTS; c++)
    value[c] = (lathe_random_uniform(random) - 0.5) * pow(10, (double)lathe_random_below(random, 8));
  lathe_trees_leaf(trees, node, value, NULL);
}

static void grow(lathe_trees *trees, lathe_random *random, int32_t node, int depth) {
  if (depth == 0 || lathe_random_below(random, 8) == 0) {
    random_leaf(trees, random, node);
    return;
  }
  int32_t feature = (int32_t)lathe_random_below(random, FEATURES), left;
  bool missing = lathe_random_below(random, 2);
  uint32_t set[2] = {lathe_random_next32(random), lathe_random_next32(random) & 0xffff};
  if (feature == FEATURES - 1)
    left = lathe_trees_split_set(trees, node, feature, set, 2, missing, NULL);
  else
    left = lathe_trees_split(trees, node, feature, lathe_random_uniform(random) * 20 - 10, missing, NULL);
  grow(trees, random, left, depth - 1);
  grow(trees, random, left + 1, depth - 1);
}

/* Trees of all shapes: for one output and for all, of a single leaf, deep. Put together from two parts. */
static lathe_trees make_trees(void) {
  lathe_trees trees = {.width = OUTPUTS}, more = {.width = OUTPUTS};
  lathe_random random;
  lathe_random_seed(&random, 5, 0);
  for (int t = 0; t < TREES; t++) {
    lathe_trees *to = t < 20 ? &trees : &more;
    int32_t root = lathe_trees_begin(to, t % 4 == 0 ? -1 : t % OUTPUTS, NULL);
    grow(to, &random, root, t % 9);
  }
  lathe_trees_append(&trees, &more, NULL);
  lathe_trees_free(&more);
  return trees;
}

static const double bias[OUTPUTS] = {0.5, -3, 0}, divisor[OUTPUTS] = {1, TREES, 2};

static lathe_graph *make_graph(const lathe_trees *trees, lathe_error *error) {
  static const char *const names[] = {"a", "b", "c", "kind"};
  lathe_graph *graph = lathe_graph_new(NULL);
  for (int j = 0; j < FEATURES; j++)
    lathe_graph_add(
        graph, &(lathe_operator){.kind = LATHE_OPERATOR_NUMBER, .name = names[j], .type = LATHE_TYPE_FLOAT64},
        NULL);
  lathe_graph_add(
      graph,
      &(lathe_operator){.kind = LATHE_OPERATOR_CONCAT, .inputs = FEATURES, .input = (int32_t[]){0, 1, 2, 3}},
      NULL);
  if (lathe_graph_add_trees(graph, 4, trees, bias, divisor, error) == 5) return graph;
  lathe_graph_release(graph);
  return NULL;
}

/* The same, plainly. */
static double predict_ref(const lathe_trees *trees, int64_t row, int output) {
  double x[FEATURES], sum = 0;
  for (int j = 0; j < FEATURES; j++) x[j] = value_of(row, j);
  for (int32_t t = 0; t < trees->trees; t++) {
    int32_t leaf = lathe_trees_find(trees, t, x, 1), only = trees->output[t];
    if (only < 0 || only == output) sum += trees->value[trees->left[leaf] + (only < 0 ? output : 0)];
  }
  return bias[output] + sum / divisor[output];
}

static void test_run(const lathe_trees *trees, const lathe_graph *graph, const lathe_table *table) {
  double *whole = calloc(OUTPUTS * ROWS, sizeof *whole), *again = calloc(OUTPUTS * ROWS, sizeof *again);
  double one[OUTPUTS];
  lathe_error error = {0};
  lathe_threads_set(2);
  ok(lathe_graph_run(graph, table, whole, NULL, &error), "trees run: %s", error.message);
  bool same = true;
  for (int64_t r = 0; r < ROWS; r++)
    for (int c = 0; c < OUTPUTS; c++) same = same && whole[OUTPUTS * r + c] == predict_ref(trees, r, c);
  ok(same, "every row is what plain walks give, to the last bit");
  lathe_threads_set(1);
  ok(lathe_graph_run(graph, table, again, NULL, NULL) &&
         !memcmp(whole, again, OUTPUTS * ROWS * sizeof *whole),
     "one thread gives the bits of two");
  lathe_threads_set(0);
  same = true;
  for (int64_t r = 0; r < ROWS; r += 97) {
    lathe_table *row = lathe_table_take(table, &r, 1, NULL, NULL);
    same =
        same && lathe_graph_run(graph, row, one, NULL, NULL) && !memcmp(one, whole + OUTPUTS * r, sizeof one);
    lathe_table_release(row);
  }
  ok(same, "a row alone gives the bits of the row among thousands");
  ok(lathe_bundle_write(graph, 0, NULL, NULL, in_folder("t.lathe"), &error), "a bundle is written: %s",
     error.message);
  lathe_graph *opened = lathe_graph_open(in_folder("t.lathe"), &error);
  ok(opened && lathe_graph_run(opened, table, again, NULL, NULL) &&
         !memcmp(whole, again, OUTPUTS * ROWS * sizeof *whole),
     "and opened, it predicts the same bits: %s", error.message);
  lathe_graph_release(opened);
  ok(lathe_onnx_write(graph, NULL, in_folder("t.onnx"), &error), "an ONNX file is written: %s",
     error.message);
  free(whole);
  free(again);
}

static void refused(const lathe_trees *trees, const char *what) {
  lathe_error error = {0};
  lathe_graph *graph = make_graph(trees, &error);
  ok(!graph && error.message[0], "%s is refused: %s", what, error.message);
  lathe_graph_release(graph);
}

/* The first node of this sort. */
static int32_t find(const lathe_trees *trees, bool leaf, int flags) {
  for (int32_t i = 0; i < trees->nodes; i++)
    if ((trees->feature[i] < 0) == leaf && (trees->flags[i] & LATHE_TREES_CATEGORY) == flags) return i;
  return -1;
}

static void test_made_up(lathe_trees *trees) {
  int32_t split = find(trees, false, 0), set = find(trees, false, LATHE_TREES_CATEGORY),
          leaf = find(trees, true, 0);
#define WITH(place, value, what)                                                                             \
  do {                                                                                                       \
    __typeof__(place) kept = place;                                                                          \
    place = value;                                                                                           \
    refused(trees, what);                                                                                    \
    place = kept;                                                                                            \
  } while (0)
  WITH(trees->left[split], split, "a node that is its own child");
  WITH(trees->left[split], trees->left[split] + 1, "a node with a child of another");
  WITH(trees->left[split], trees->nodes, "a child behind the last node");
  WITH(trees->left[split], -5, "a child before the first node");
  WITH(trees->left[leaf], trees->values, "a leaf with values that are not there");
  WITH(trees->left[leaf], -1, "a leaf with values before the first");
  WITH(trees->feature[split], FEATURES, "a split on a feature that is not there");
  WITH(trees->threshold[split], NAN, "a threshold that is no number");
  WITH(trees->threshold[set], trees->sets, "a set that is not there");
  WITH(trees->threshold[set], -1, "a set before the first");
  WITH(trees->set[0], 1 << 30, "a set without end");
  WITH(trees->set[0], -1, "a set of less than nothing");
  WITH(trees->output[1], OUTPUTS, "a tree for an output that is not there");
  WITH(trees->output[1], -2, "a tree for an output below all");
  WITH(trees->start[1], 0, "a tree of no nodes");
  WITH(trees->start[2], trees->nodes + 1, "a tree behind all nodes");
  WITH(trees->start[0], 1, "a node before the first tree");
  lathe_error error = {0};
  lathe_graph *graph = make_graph(trees, &error);
  ok(graph != NULL, "put right again, they do: %s", error.message);
  lathe_graph_release(graph);
}

int main(void) {
  if (!mkdtemp(folder)) return 1;
  lathe_trees trees = make_trees();
  lathe_table *table = make_table(ROWS);
  lathe_error error = {0};
  lathe_graph *graph = make_graph(&trees, &error);
  ok(graph && lathe_graph_width(graph) == OUTPUTS, "%d trees of %d nodes make an operator: %s", trees.trees,
     trees.nodes, error.message);
  if (graph) test_run(&trees, graph, table);
  test_made_up(&trees);
  lathe_graph_release(graph);
  lathe_table_release(table);
  lathe_trees_free(&trees);
  unlink(in_folder("t.lathe"));
  unlink(in_folder("t.onnx"));
  rmdir(folder);
  return done_testing();
}
