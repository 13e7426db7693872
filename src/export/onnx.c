/* onnx.c - the graph in the words of ONNX. The numbers of fields are those of onnx.proto (IR version 8). */
#include "onnx.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/file.h"
#include "../base/memory.h"
#include "../graph/trees.h"
#include "protobuf.h"

enum { IR_VERSION = 8, OPSET = 17, OPSET_ML = 3 };

/* TensorProto.DataType, AttributeProto.AttributeType */
enum { TYPE_FLOAT = 1, TYPE_INT8 = 3, TYPE_INT64 = 7, TYPE_STRING = 8, TYPE_DOUBLE = 11 };
enum { ATTRIBUTE_INT = 2, ATTRIBUTE_TENSOR = 4, ATTRIBUTE_INTS = 7, ATTRIBUTE_STRINGS = 8 };

/* GraphProto */
enum {
  GRAPH_NODE = 1,
  GRAPH_NAME = 2,
  GRAPH_INITIALIZER = 5,
  GRAPH_INPUT = 11,
  GRAPH_OUTPUT = 12,
  GRAPH_VALUE_INFO = 13
};

typedef struct {
  const lathe_graph *graph;
  lathe_message body;
  lathe_error *error;
  char prefix[40];    /* of the names of values; no raw column begins with it */
  const char **value; /* the name of each operator's value */
  int32_t serial;     /* of helper values */
} writing;

/* A node being written: inputs, then outputs, then attributes. */
static lathe_message node_begin(writing *out, const char *kind, const char *domain) {
  lathe_message node = {.error = out->error};
  lathe_message_text(&node, 4, kind);
  if (domain[0]) lathe_message_text(&node, 7, domain);
  return node;
}

static void node_end(writing *out, lathe_message *node, const char *output) {
  lathe_message_text(node, 2, output);
  lathe_message_part(&out->body, GRAPH_NODE, node);
}

static void attribute(lathe_message *node, const char *name, int type, lathe_message *values) {
  lathe_message_text(values, 1, name);
  lathe_message_integer(values, 20, type);
  lathe_message_part(node, 5, values);
}

static void attribute_integer(lathe_message *node, const char *name, int64_t value) {
  lathe_message values = {.error = node->error};
  lathe_message_integer(&values, 3, value);
  attribute(node, name, ATTRIBUTE_INT, &values);
}

/* A name for a helper value, good until the function that asked returns. */
static const char *fresh(writing *out, char name[48]) {
  snprintf(name, 48, "%sh%d", out->prefix, (int)out->serial++);
  return name;
}

static void simple(writing *out, const char *kind, int32_t inputs, const char *const *input,
                   const char *output) {
  lathe_message node = node_begin(out, kind, "");
  for (int32_t i = 0; i < inputs; i++) lathe_message_text(&node, 1, input[i]);
  node_end(out, &node, output);
}

/* A constant array. Numbers are little-endian, as they are in memory. */
static void initializer(writing *out, const char *name, int type, int rank, const int64_t *shape,
                        const void *data, size_t size) {
  lathe_message tensor = {.error = out->error};
  for (int i = 0; i < rank; i++) lathe_message_integer(&tensor, 1, shape[i]);
  lathe_message_integer(&tensor, 2, type);
  lathe_message_text(&tensor, 8, name);
  lathe_message_bytes(&tensor, 9, data, size);
  lathe_message_part(&out->body, GRAPH_INITIALIZER, &tensor);
}

static void cast_to_double(writing *out, const char *input, const char *output) {
  lathe_message node = node_begin(out, "Cast", "");
  lathe_message_text(&node, 1, input);
  attribute_integer(&node, "to", TYPE_DOUBLE);
  node_end(out, &node, output);
}

/* A row of constants, (width) of double. */
static const char *constants(writing *out, char name[48], const lathe_operator *node, int32_t tensor) {
  int64_t shape[] = {node->width};
  initializer(out, fresh(out, name), TYPE_DOUBLE, 1, shape, node->tensor[tensor],
              (size_t)node->width * sizeof(double));
  return name;
}

static void write_concat(writing *out, const lathe_operator *op, const char *output) {
  lathe_message node = node_begin(out, "Concat", "");
  for (int32_t i = 0; i < op->inputs; i++) lathe_message_text(&node, 1, out->value[op->input[i]]);
  attribute_integer(&node, "axis", 1);
  node_end(out, &node, output);
}

static void write_impute(writing *out, const lathe_operator *op, const char *output) {
  char fill[48], missing[48];
  const char *x = out->value[op->input[0]];
  constants(out, fill, op, 0);
  simple(out, "IsNaN", 1, &x, fresh(out, missing));
  simple(out, "Where", 3, (const char *const[]){missing, fill, x}, output);
}

static void write_scale(writing *out, const lathe_operator *op, const char *output) {
  char mean[48], scale[48], centred[48];
  constants(out, mean, op, 0);
  constants(out, scale, op, 1);
  simple(out, "Sub", 2, (const char *const[]){out->value[op->input[0]], mean}, fresh(out, centred));
  simple(out, "Div", 2, (const char *const[]){centred, scale}, output);
}

/* A ValueInfoProto: a tensor of (N, width), or (N, 1, width) when `middle`. */
static void value_info(writing *out, int field, const char *name, int type, bool middle, int64_t width) {
  lathe_message rows = {.error = out->error}, one = {.error = out->error}, columns = {.error = out->error};
  lathe_message shape = {.error = out->error}, tensor = {.error = out->error}, kind = {.error = out->error};
  lathe_message info = {.error = out->error};
  lathe_message_text(&rows, 2, "N");
  lathe_message_integer(&one, 1, 1);
  lathe_message_integer(&columns, 1, width);
  lathe_message_part(&shape, 1, &rows);
  if (middle)
    lathe_message_part(&shape, 1, &one);
  else
    lathe_buffer_free(&one.bytes);
  lathe_message_part(&shape, 1, &columns);
  lathe_message_integer(&tensor, 1, type);
  lathe_message_part(&tensor, 2, &shape);
  lathe_message_part(&kind, 1, &tensor);
  lathe_message_text(&info, 1, name);
  lathe_message_part(&info, 2, &kind);
  lathe_message_part(&out->body, field, &info);
}

/* Texts to codes; "" is a missing text, unless the vocabulary has it. */
static void write_code(writing *out, const lathe_operator *op, const char *output) {
  lathe_message node = node_begin(out, "LabelEncoder", "ai.onnx.ml");
  lathe_message keys = {.error = out->error}, values = {.error = out->error};
  lathe_text none = {"", 0};
  for (int32_t i = 0; i < op->words; i++) {
    lathe_message_bytes(&keys, 9, op->word[i].data, op->word[i].size);
    lathe_message_integer(&values, 8, i);
  }
  if (op->missing != -1 && lathe_operator_find(op, none) < 0) {
    lathe_message_bytes(&keys, 9, "", 0);
    lathe_message_integer(&values, 8, op->missing);
  }
  lathe_message_text(&node, 1, out->value[op->input[0]]);
  attribute(&node, "keys_strings", ATTRIBUTE_STRINGS, &keys);
  attribute(&node, "values_int64s", ATTRIBUTE_INTS, &values);
  attribute_integer(&node, "default_int64", -1);
  node_end(out, &node, output);
}

static void write_one_hot(writing *out, const lathe_operator *op, const char *output) {
  char hot[48], flat[48];
  const lathe_operator *code = lathe_graph_operator(out->graph, op->input[0]);
  lathe_message node = node_begin(out, "OneHotEncoder", "ai.onnx.ml");
  lathe_message codes = {.error = out->error};
  for (int32_t i = op->first; i < code->words; i++) lathe_message_integer(&codes, 8, i);
  lathe_message_text(&node, 1, out->value[op->input[0]]);
  attribute(&node, "cats_int64s", ATTRIBUTE_INTS, &codes);
  attribute_integer(&node, "zeros", !code->strict || op->first > 0);
  node_end(out, &node, fresh(out, hot));
  value_info(out, GRAPH_VALUE_INFO, hot, TYPE_FLOAT, true,
             op->width);                                  /* which onnx.checker cannot work out */
  lathe_message flatten = node_begin(out, "Flatten", ""); /* (N, 1, width) to (N, width) */
  lathe_message_text(&flatten, 1, hot);
  attribute_integer(&flatten, "axis", 1);
  node_end(out, &flatten, fresh(out, flat));
  cast_to_double(out, flat, output);
}

static void multiply_add(writing *out, const lathe_operator *op, const char *weights, int32_t bias_tensor,
                         const char *output) {
  char product[48], bias[48];
  constants(out, bias, op, bias_tensor);
  simple(out, "MatMul", 2, (const char *const[]){out->value[op->input[0]], weights}, fresh(out, product));
  simple(out, "Add", 2, (const char *const[]){product, bias}, output);
}

static void write_linear(writing *out, const lathe_operator *op, const char *output) {
  char weights[48];
  int64_t shape[] = {lathe_graph_operator(out->graph, op->input[0])->width, op->width};
  initializer(out, fresh(out, weights), TYPE_DOUBLE, 2, shape, op->tensor[0],
              (size_t)(shape[0] * shape[1]) * sizeof(double));
  multiply_add(out, op, weights, 1, output);
}

static void write_linear_int8(writing *out, const lathe_operator *op, const char *output) {
  char codes[48], scales[48], single[48], weights[48];
  int64_t shape[] = {lathe_graph_operator(out->graph, op->input[0])->width, op->width};
  initializer(out, fresh(out, codes), TYPE_INT8, 2, shape, op->tensor[0], (size_t)(shape[0] * shape[1]));
  initializer(out, fresh(out, scales), TYPE_FLOAT, 1, shape + 1, op->tensor[1],
              (size_t)op->width * sizeof(float));
  lathe_message node = node_begin(out, "DequantizeLinear", "");
  lathe_message_text(&node, 1, codes);
  lathe_message_text(&node, 1, scales);
  attribute_integer(&node, "axis", 1);
  node_end(out, &node, fresh(out, single));
  cast_to_double(out, single, fresh(out, weights));
  multiply_add(out, op, weights, 2, output);
}

/* Sigmoid of -z and z. */
static void write_logistic(writing *out, const lathe_operator *op, const char *output) {
  char negative[48], both[48];
  const char *z = out->value[op->input[0]], *pair = fresh(out, both);
  simple(out, "Neg", 1, &z, fresh(out, negative));
  lathe_message node = node_begin(out, "Concat", "");
  lathe_message_text(&node, 1, negative);
  lathe_message_text(&node, 1, z);
  attribute_integer(&node, "axis", 1);
  node_end(out, &node, pair);
  simple(out, "Sigmoid", 1, &pair, output);
}

static void write_softmax(writing *out, const lathe_operator *op, const char *output) {
  lathe_message node = node_begin(out, "Softmax", "");
  lathe_message_text(&node, 1, out->value[op->input[0]]);
  attribute_integer(&node, "axis", 1);
  node_end(out, &node, output);
}

static void write_exp(writing *out, const lathe_operator *op, const char *output) {
  simple(out, "Exp", 1, (const char *const[]){out->value[op->input[0]]}, output);
}

/* Whole numbers as a constant list. */
static const char *places(writing *out, char name[48], const int32_t *place, int64_t count) {
  int64_t *wide = lathe_memory_raw((size_t)count, sizeof *wide, out->error);
  out->body.failed = out->body.failed || !wide;
  for (int64_t i = 0; wide && i < count; i++) wide[i] = place[i];
  if (wide) initializer(out, fresh(out, name), TYPE_INT64, 1, &count, wide, (size_t)count * sizeof *wide);
  free(wide);
  return name;
}

static void gather(writing *out, const char *from, const char *place, int axis, const char *output) {
  lathe_message node = node_begin(out, "Gather", "");
  lathe_message_text(&node, 1, from);
  lathe_message_text(&node, 1, place);
  attribute_integer(&node, "axis", axis);
  node_end(out, &node, output);
}

static void write_select(writing *out, const lathe_operator *op, const char *output) {
  char place[48];
  places(out, place, op->tensor[0], op->width);
  gather(out, out->value[op->input[0]], place, 1, output);
}

/* A row of the table for each code; codes below 0 count from its end, for Gather as for us. */
static void write_lookup(writing *out, const lathe_operator *op, const char *output) {
  char table[48], rows[48];
  int64_t shape[2];
  lathe_operator_shape(out->graph, op, 0, shape);
  initializer(out, fresh(out, table), TYPE_DOUBLE, 2, shape, op->tensor[0],
              (size_t)(shape[0] * shape[1]) * sizeof(double));
  gather(out, table, out->value[op->input[0]], 0, fresh(out, rows)); /* (N, 1, width) */
  lathe_message flatten = node_begin(out, "Flatten", "");
  lathe_message_text(&flatten, 1, rows);
  attribute_integer(&flatten, "axis", 1);
  node_end(out, &flatten, output);
}

/* ---- trees: TreeEnsembleRegressor, with thresholds and values in double ---- */

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
  attribute(node, name, ATTRIBUTE_TENSOR, &values);
  lathe_buffer_free(list);
}

static void write_ensemble(writing *out, tree_writing *trees, const char *output) {
  lathe_message node = node_begin(out, "TreeEnsembleRegressor", "ai.onnx.ml");
  lathe_message_text(&node, 1, out->value[trees->op->input[0]]);
  attribute_integer(&node, "n_targets", 2 * (int64_t)trees->op->width);
  attribute(&node, "nodes_treeids", ATTRIBUTE_INTS, &trees->tree);
  attribute(&node, "nodes_nodeids", ATTRIBUTE_INTS, &trees->id);
  attribute(&node, "nodes_featureids", ATTRIBUTE_INTS, &trees->feature);
  attribute(&node, "nodes_modes", ATTRIBUTE_STRINGS, &trees->mode);
  attribute_doubles(&node, "nodes_values_as_tensor", &trees->thresholds);
  attribute(&node, "nodes_truenodeids", ATTRIBUTE_INTS, &trees->yes);
  attribute(&node, "nodes_falsenodeids", ATTRIBUTE_INTS, &trees->no);
  attribute(&node, "nodes_missing_value_tracks_true", ATTRIBUTE_INTS, &trees->missing);
  attribute(&node, "target_treeids", ATTRIBUTE_INTS, &trees->leaf_tree);
  attribute(&node, "target_nodeids", ATTRIBUTE_INTS, &trees->leaf_id);
  attribute(&node, "target_ids", ATTRIBUTE_INTS, &trees->target);
  attribute_doubles(&node, "target_weights_as_tensor", &trees->weights);
  node_end(out, &node, output);
}

static void write_trees(writing *out, const lathe_operator *op, const char *output) {
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
  write_ensemble(out, &trees, fresh(out, single));
  cast_to_double(out, single, fresh(out, parts));
  lathe_message split = node_begin(out, "Split", "");
  lathe_message_text(&split, 1, parts);
  attribute_integer(&split, "axis", 1);
  lathe_message_text(&split, 2, fresh(out, large));
  node_end(out, &split, fresh(out, rest));
  simple(out, "Add", 2, (const char *const[]){large, rest}, fresh(out, sum));
  constants(out, divisor, op, LATHE_TREES_DIVISOR);
  simple(out, "Div", 2, (const char *const[]){sum, divisor}, fresh(out, mean));
  constants(out, bias, op, LATHE_TREES_BIAS);
  simple(out, "Add", 2, (const char *const[]){mean, bias}, output);
}

/* How each kind is written; raw columns are inputs and need no node. */
static void (*const writers[LATHE_OPERATOR_KINDS])(writing *, const lathe_operator *, const char *) = {
    [LATHE_OPERATOR_CODE] = write_code,
    [LATHE_OPERATOR_IMPUTE] = write_impute,
    [LATHE_OPERATOR_SCALE] = write_scale,
    [LATHE_OPERATOR_ONE_HOT] = write_one_hot,
    [LATHE_OPERATOR_CONCAT] = write_concat,
    [LATHE_OPERATOR_LINEAR] = write_linear,
    [LATHE_OPERATOR_LINEAR_INT8] = write_linear_int8,
    [LATHE_OPERATOR_LOGISTIC] = write_logistic,
    [LATHE_OPERATOR_SOFTMAX] = write_softmax,
    [LATHE_OPERATOR_SELECT] = write_select,
    [LATHE_OPERATOR_LOOKUP] = write_lookup,
    [LATHE_OPERATOR_TREES] = write_trees,
    [LATHE_OPERATOR_EXP] = write_exp,
};

/* The class with the largest probability, (N, 1): as whole numbers where all classes are some, else as text. */
static void write_label(writing *out, const char *probabilities, const char *output) {
  char names[48], place[48];
  bool whole = lathe_graph_class_type(out->graph) == LATHE_TYPE_INT64;
  int64_t count = lathe_graph_classes(out->graph);
  lathe_message tensor = {.error = out->error};
  lathe_message_integer(&tensor, 1, count);
  lathe_message_integer(&tensor, 2, whole ? TYPE_INT64 : TYPE_STRING);
  lathe_message_text(&tensor, 8, fresh(out, names));
  for (int32_t i = 0; i < count; i++) {
    const char *name = lathe_graph_class(out->graph, i);
    int64_t value = 0;
    if (whole && lathe_text_to_int64(name, strlen(name), &value))
      lathe_message_integer(&tensor, 7, value);
    else
      lathe_message_bytes(&tensor, 6, name, strlen(name));
  }
  lathe_message_part(&out->body, GRAPH_INITIALIZER, &tensor);
  lathe_message node = node_begin(out, "ArgMax", "");
  lathe_message_text(&node, 1, probabilities);
  attribute_integer(&node, "axis", 1);
  node_end(out, &node, fresh(out, place));
  simple(out, "Gather", 2, (const char *const[]){names, place}, output);
  value_info(out, GRAPH_OUTPUT, output, whole ? TYPE_INT64 : TYPE_STRING, false, 1);
}

/* Names of values that cannot be those of raw columns, nor of the output. */
static void choose_prefix(writing *out) {
  strcpy(out->prefix, "_");
  for (bool taken = true; taken && strlen(out->prefix) < 20;) {
    size_t size = strlen(out->prefix);
    taken = !strncmp(lathe_graph_output_name(out->graph), out->prefix, size);
    for (int32_t i = 0; i < lathe_graph_inputs(out->graph); i++)
      taken = taken || !strncmp(lathe_graph_input_name(out->graph, i), out->prefix, size);
    if (taken) strcat(out->prefix, "_");
  }
}

static void import_opset(lathe_message *model, const char *domain, int version) {
  lathe_message set = {.error = model->error};
  lathe_message_text(&set, 1, domain);
  lathe_message_integer(&set, 2, version);
  lathe_message_part(model, 8, &set);
}

/* Inputs, nodes and output. */
static bool write_graph(writing *out, char (*names)[48]) {
  int32_t count = lathe_graph_operators(out->graph);
  const char *target = lathe_graph_output_name(out->graph), *output = target;
  lathe_buffer probabilities = {0};
  lathe_message_text(&out->body, GRAPH_NAME, "lathe");
  if (lathe_graph_classes(out->graph) > 0) {
    if (!lathe_buffer_format(&probabilities, out->error, "%s_probability", target)) return false;
    output = probabilities.data;
  }
  for (int32_t i = 0; i < count; i++) {
    const lathe_operator *op = lathe_graph_operator(out->graph, i);
    if (i == count - 1)
      out->value[i] = output;
    else if (op->inputs == 0)
      out->value[i] = op->name;
    else {
      snprintf(names[i], sizeof names[i], "%s%d", out->prefix, (int)i);
      out->value[i] = names[i];
    }
    if (op->inputs == 0)
      value_info(out, GRAPH_INPUT, op->name, op->kind == LATHE_OPERATOR_TEXT ? TYPE_STRING : TYPE_DOUBLE,
                 false, 1);
    else
      writers[op->kind](out, op, out->value[i]);
  }
  if (output != target) write_label(out, output, target);
  value_info(out, GRAPH_OUTPUT, output, TYPE_DOUBLE, false, lathe_graph_width(out->graph));
  lathe_buffer_free(&probabilities);
  return !out->body.failed;
}

static bool write_model(writing *out, const char *note, const char *path) {
  lathe_message model = {.error = out->error};
  lathe_message_integer(&model, 1, IR_VERSION);
  lathe_message_text(&model, 2, "lathe");
  if (note) lathe_message_text(&model, 6, note);
  lathe_message_part(&model, 7, &out->body);
  import_opset(&model, "", OPSET);
  import_opset(&model, "ai.onnx.ml", OPSET_ML);
  bool fine = !model.failed && lathe_file_write(path, model.bytes.data, model.bytes.size, out->error);
  lathe_buffer_free(&model.bytes);
  return fine;
}

bool lathe_onnx_write(const lathe_graph *graph, const char *note, const char *path, lathe_error *error) {
  size_t count = (size_t)lathe_graph_operators(graph);
  if (lathe_graph_operator(graph, (int32_t)count - 1)->inputs == 0)
    return lathe_error_set(error, LATHE_ERROR_ARGUMENT,
                           "the graph is a raw column and nothing else; there is nothing to export; "
                           "train a model first");
  for (int32_t i = 0; i < lathe_graph_inputs(graph); i++)
    if (!strcmp(lathe_graph_input_name(graph, i), lathe_graph_output_name(graph)))
      return lathe_error_set(
          error, LATHE_ERROR_DATA,
          "\"%s\" is both a column and the output of the model, which ONNX cannot say; rename one of "
          "them and train again",
          lathe_graph_output_name(graph));
  writing out = {.graph = graph, .body = {.error = error}, .error = error};
  char(*names)[48] = lathe_memory_new(count, sizeof *names, error);
  out.value = lathe_memory_new(count, sizeof *out.value, error);
  choose_prefix(&out);
  bool fine = names && out.value && write_graph(&out, names) && write_model(&out, note, path);
  lathe_buffer_free(&out.body.bytes);
  free(out.value);
  free(names);
  return fine;
}
