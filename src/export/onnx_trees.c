/* onnx_trees.c - trees as a TreeEnsembleRegressor, with thresholds and values in double. */
#include <math.h>
#include <stdlib.h>

#include "../base/memory.h"
#include "../graph/trees.h"
#include "onnx_own.h"

/* Its attributes as they grow: lists of whole numbers, and of doubles. */
typedef struct {
  const lathe_operator *op;
  lathe_message tree, id, feature, yes, no, missing, mode; /* of nodes */
  lathe_message leaf_tree, leaf_id, target;                /* of values of leaves */
  lathe_buffer thresholds, weights;
  const double *unit; /* (width) see write_leaf */
  int32_t number;     /* of the tree */
  int32_t start;      /* its root */
  int32_t next;       /* the next number of a node that is no node of ours */
  lathe_error *error;
  bool failed;
} tree_writing;

static void add_number(tree_writing *out, lathe_buffer *list, double value) {
  out->failed = out->failed || !lathe_buffer_append(list, &value, sizeof value, out->error);
}

static void add_node(tree_writing *out, int32_t id, const char *mode, int32_t feature, double threshold,
                     int32_t yes, int32_t no, bool missing) {
  lathe_message_integer(&out->tree, 8, out->number);
  lathe_message_integer(&out->id, 8, id);
  lathe_message_text(&out->mode, 9, mode);
  lathe_message_integer(&out->feature, 8, feature);
  lathe_message_integer(&out->yes, 8, yes);
  lathe_message_integer(&out->no, 8, no);
  lathe_message_integer(&out->missing, 8, missing);
  add_number(out, &out->thresholds, threshold);
}

/* The runtime adds in double, but hands float32 out. So a value goes out in two parts, a multiple of a unit so large that the sum of
 * those has no more than 24 bits, and the rest: two outputs, whose sum is the sum of the values to 48 bits. */
static void add_leaf(tree_writing *out, int32_t node) {
  const int32_t *left = out->op->tensor[LATHE_TREES_LEFT], *output = out->op->tensor[LATHE_TREES_OUTPUT];
  const double *value = (const double *)out->op->tensor[LATHE_TREES_VALUES] + left[node];
  int32_t only = output[out->number], count = only < 0 ? out->op->width : 1;
  add_node(out, node - out->start, "LEAF", 0, 0, 0, 0, false);
  for (int32_t k = 0; k < count; k++) {
    int32_t target = only < 0 ? k : only;
    double large = nearbyint(value[k] / out->unit[target]) * out->unit[target];
    for (int part = 0; part < 2; part++) {
      lathe_message_integer(&out->leaf_tree, 8, out->number);
      lathe_message_integer(&out->leaf_id, 8, node - out->start);
      lathe_message_integer(&out->target, 8, target + part * out->op->width);
      add_number(out, &out->weights, part == 0 ? large : value[k] - large);
    }
  }
}

/* A chain of nodes, one for each category of the set, all of which lead to the left child. */
static void add_category_node(tree_writing *out, int32_t node, int32_t feature, int32_t left, bool missing) {
  const double *threshold = out->op->tensor[LATHE_TREES_THRESHOLD];
  const int32_t *set = (const int32_t *)out->op->tensor[LATHE_TREES_SETS] + (int32_t)threshold[node];
  int32_t id = node - out->start;
  double category = -0.5;
  for (int32_t k = 0; k < 32 * set[0]; k++) {
    if (!lathe_trees_has(set, k)) continue;
    if (category >= 0) {
      add_node(out, id, "BRANCH_EQ", feature, category, left, out->next, missing);
      id = out->next++;
    }
    category = k;
  }
  add_node(out, id, "BRANCH_EQ", feature, category, left, left + 1, missing);
}

static void add_tree(tree_writing *out, int32_t end) {
  const int32_t *feature = out->op->tensor[LATHE_TREES_FEATURE], *left = out->op->tensor[LATHE_TREES_LEFT];
  const uint8_t *flags = out->op->tensor[LATHE_TREES_FLAGS];
  const double *threshold = out->op->tensor[LATHE_TREES_THRESHOLD];
  out->next = end - out->start;
  for (int32_t i = out->start; i < end && !out->failed; i++) {
    bool missing = flags[i] & LATHE_TREES_MISSING_LEFT;
    int32_t child = left[i] - out->start;
    if (feature[i] < 0)
      add_leaf(out, i);
    else if (flags[i] & LATHE_TREES_CATEGORY)
      add_category_node(out, i, feature[i], child, missing);
    else
      add_node(out, i - out->start, "BRANCH_LEQ", feature[i], threshold[i], child, child + 1, missing);
  }
}

/* For each output a power of two, 2^-22 of what its sum may be or less. */
static void choose_units(const lathe_operator *op, double *unit) {
  const int32_t *start = op->tensor[LATHE_TREES_START], *output = op->tensor[LATHE_TREES_OUTPUT];
  const int32_t *feature = op->tensor[LATHE_TREES_FEATURE], *left = op->tensor[LATHE_TREES_LEFT];
  const double *values = op->tensor[LATHE_TREES_VALUES];
  int64_t trees = op->size[LATHE_TREES_START], nodes = op->size[LATHE_TREES_FEATURE];
  for (int32_t c = 0; c < op->width; c++) {
    double sum = 0;
    for (int64_t t = 0; t < trees; t++) {
      if (output[t] >= 0 && output[t] != c) continue;
      int64_t end = t + 1 < trees ? start[t + 1] : nodes;
      double largest = 0;
      for (int64_t i = start[t]; i < end; i++)
        if (feature[i] < 0) largest = fmax(largest, fabs(values[left[i] + (output[t] < 0 ? c : 0)]));
      sum += largest;
    }
    unit[c] = sum > 0 && isfinite(sum) ? fmax(ldexp(1, ilogb(sum) - 21), 0x1p-1000) : 1;
  }
}

static void attribute_doubles(lathe_message *node, const char *name, lathe_buffer *list) {
  lathe_message values = {.error = node->error}, tensor = {.error = node->error};
  lathe_message_integer(&tensor, 1, (int64_t)(list->size / sizeof(double)));
  lathe_message_integer(&tensor, 2, TYPE_DOUBLE);
  lathe_message_text(&tensor, 8, name);
  lathe_message_bytes(&tensor, 9, list->data, list->size);
  lathe_message_part(&values, 5, &tensor);
  onnx_attribute(node, name, ATTRIBUTE_TENSOR, &values);
  lathe_buffer_free(list);
}

static void write_ensemble(onnx_writing *out, tree_writing *trees, const char *output) {
  lathe_message node = onnx_node_begin(out, "TreeEnsembleRegressor", "ai.onnx.ml");
  lathe_message_text(&node, 1, out->value[trees->op->input[0]]);
  onnx_attribute_integer(&node, "n_targets", 2 * (int64_t)trees->op->width);
  onnx_attribute(&node, "nodes_treeids", ATTRIBUTE_INTS, &trees->tree);
  onnx_attribute(&node, "nodes_nodeids", ATTRIBUTE_INTS, &trees->id);
  onnx_attribute(&node, "nodes_featureids", ATTRIBUTE_INTS, &trees->feature);
  onnx_attribute(&node, "nodes_modes", ATTRIBUTE_STRINGS, &trees->mode);
  attribute_doubles(&node, "nodes_values_as_tensor", &trees->thresholds);
  onnx_attribute(&node, "nodes_truenodeids", ATTRIBUTE_INTS, &trees->yes);
  onnx_attribute(&node, "nodes_falsenodeids", ATTRIBUTE_INTS, &trees->no);
  onnx_attribute(&node, "nodes_missing_value_tracks_true", ATTRIBUTE_INTS, &trees->missing);
  onnx_attribute(&node, "target_treeids", ATTRIBUTE_INTS, &trees->leaf_tree);
  onnx_attribute(&node, "target_nodeids", ATTRIBUTE_INTS, &trees->leaf_id);
  onnx_attribute(&node, "target_ids", ATTRIBUTE_INTS, &trees->target);
  attribute_doubles(&node, "target_weights_as_tensor", &trees->weights);
  onnx_node_end(out, &node, output);
}

void onnx_write_trees(onnx_writing *out, const lathe_operator *op, const char *output) {
  lathe_error *error = out->error;
  char single[48], parts[48], large[48], rest[48], sum[48], mean[48], divisor[48], bias[48];
  double *unit = lathe_memory_raw((size_t)op->width, sizeof *unit, error);
  tree_writing trees = {.op = op, .unit = unit, .error = error, .failed = !unit};
  lathe_message *lists[] = {&trees.tree,    &trees.id,   &trees.feature,   &trees.yes,     &trees.no,
                            &trees.missing, &trees.mode, &trees.leaf_tree, &trees.leaf_id, &trees.target};
  const int32_t *start = op->tensor[LATHE_TREES_START];
  int32_t count = (int32_t)op->size[LATHE_TREES_START], nodes = (int32_t)op->size[LATHE_TREES_FEATURE];
  for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) lists[i]->error = error;
  if (unit) choose_units(op, unit);
  for (int32_t t = 0; t < count && !trees.failed; t++) {
    trees.number = t;
    trees.start = start[t];
    add_tree(&trees, t + 1 < count ? start[t + 1] : nodes);
  }
  free(unit);
  out->body.failed = out->body.failed || trees.failed;
  write_ensemble(out, &trees, onnx_fresh(out, single));
  onnx_cast_to_double(out, single, onnx_fresh(out, parts));
  lathe_message split = onnx_node_begin(out, "Split", "");
  lathe_message_text(&split, 1, parts);
  onnx_attribute_integer(&split, "axis", 1);
  lathe_message_text(&split, 2, onnx_fresh(out, large));
  onnx_node_end(out, &split, onnx_fresh(out, rest));
  onnx_simple(out, "Add", 2, (const char *const[]){large, rest}, onnx_fresh(out, sum));
  onnx_constants(out, divisor, op, LATHE_TREES_DIVISOR);
  onnx_simple(out, "Div", 2, (const char *const[]){sum, divisor}, onnx_fresh(out, mean));
  onnx_constants(out, bias, op, LATHE_TREES_BIAS);
  onnx_simple(out, "Add", 2, (const char *const[]){mean, bias}, output);
}
