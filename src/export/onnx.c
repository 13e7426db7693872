/* onnx.c - the graph in the words of ONNX. The numbers of fields are those of onnx.proto (IR version 8). */
#include "onnx.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/file.h"
#include "../base/memory.h"
#include "onnx_own.h"

enum { IR_VERSION = 8, OPSET = 17, OPSET_ML = 3 };

static void write_concat(onnx_writing *out, const lathe_operator *op, const char *output) {
  lathe_message node = onnx_node_begin(out, "Concat", "");
  for (int32_t i = 0; i < op->inputs; i++) lathe_message_text(&node, 1, out->value[op->input[i]]);
  onnx_attribute_integer(&node, "axis", 1);
  onnx_node_end(out, &node, output);
}

static void write_impute(onnx_writing *out, const lathe_operator *op, const char *output) {
  char fill[48], missing[48];
  const char *x = out->value[op->input[0]];
  onnx_constants(out, fill, op, 0);
  onnx_simple(out, "IsNaN", 1, &x, onnx_fresh(out, missing));
  onnx_simple(out, "Where", 3, (const char *const[]){missing, fill, x}, output);
}

static void write_scale(onnx_writing *out, const lathe_operator *op, const char *output) {
  char mean[48], scale[48], centred[48];
  onnx_constants(out, mean, op, 0);
  onnx_constants(out, scale, op, 1);
  onnx_simple(out, "Sub", 2, (const char *const[]){out->value[op->input[0]], mean}, onnx_fresh(out, centred));
  onnx_simple(out, "Div", 2, (const char *const[]){centred, scale}, output);
}

/* Texts to codes; "" is a missing text, unless the vocabulary has it. */
static void write_code(onnx_writing *out, const lathe_operator *op, const char *output) {
  lathe_message node = onnx_node_begin(out, "LabelEncoder", "ai.onnx.ml");
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
  onnx_attribute(&node, "keys_strings", ATTRIBUTE_STRINGS, &keys);
  onnx_attribute(&node, "values_int64s", ATTRIBUTE_INTS, &values);
  onnx_attribute_integer(&node, "default_int64", -1);
  onnx_node_end(out, &node, output);
}

static void write_one_hot(onnx_writing *out, const lathe_operator *op, const char *output) {
  char hot[48], flat[48];
  const lathe_operator *code = lathe_graph_operator(out->graph, op->input[0]);
  lathe_message node = onnx_node_begin(out, "OneHotEncoder", "ai.onnx.ml");
  lathe_message codes = {.error = out->error};
  for (int32_t i = op->first; i < code->words; i++) lathe_message_integer(&codes, 8, i);
  lathe_message_text(&node, 1, out->value[op->input[0]]);
  onnx_attribute(&node, "cats_int64s", ATTRIBUTE_INTS, &codes);
  onnx_attribute_integer(&node, "zeros", !code->strict || op->first > 0);
  onnx_node_end(out, &node, onnx_fresh(out, hot));
  onnx_value_info(out, GRAPH_VALUE_INFO, hot, TYPE_FLOAT, true,
                  op->width);                                  /* which onnx.checker cannot work out */
  lathe_message flatten = onnx_node_begin(out, "Flatten", ""); /* (N, 1, width) to (N, width) */
  lathe_message_text(&flatten, 1, hot);
  onnx_attribute_integer(&flatten, "axis", 1);
  onnx_node_end(out, &flatten, onnx_fresh(out, flat));
  onnx_cast_to_double(out, flat, output);
}

static void multiply_add(onnx_writing *out, const lathe_operator *op, const char *weights,
                         int32_t bias_tensor, const char *output) {
  char product[48], bias[48];
  onnx_constants(out, bias, op, bias_tensor);
  onnx_simple(out, "MatMul", 2, (const char *const[]){out->value[op->input[0]], weights},
              onnx_fresh(out, product));
  onnx_simple(out, "Add", 2, (const char *const[]){product, bias}, output);
}

static void write_linear(onnx_writing *out, const lathe_operator *op, const char *output) {
  char weights[48];
  int64_t shape[] = {lathe_graph_operator(out->graph, op->input[0])->width, op->width};
  onnx_initializer(out, onnx_fresh(out, weights), TYPE_DOUBLE, 2, shape, op->tensor[0],
                   (size_t)(shape[0] * shape[1]) * sizeof(double));
  multiply_add(out, op, weights, 1, output);
}

static void write_linear_int8(onnx_writing *out, const lathe_operator *op, const char *output) {
  char codes[48], scales[48], single[48], weights[48];
  int64_t shape[] = {lathe_graph_operator(out->graph, op->input[0])->width, op->width};
  onnx_initializer(out, onnx_fresh(out, codes), TYPE_INT8, 2, shape, op->tensor[0],
                   (size_t)(shape[0] * shape[1]));
  onnx_initializer(out, onnx_fresh(out, scales), TYPE_FLOAT, 1, shape + 1, op->tensor[1],
                   (size_t)op->width * sizeof(float));
  lathe_message node = onnx_node_begin(out, "DequantizeLinear", "");
  lathe_message_text(&node, 1, codes);
  lathe_message_text(&node, 1, scales);
  onnx_attribute_integer(&node, "axis", 1);
  onnx_node_end(out, &node, onnx_fresh(out, single));
  onnx_cast_to_double(out, single, onnx_fresh(out, weights));
  multiply_add(out, op, weights, 2, output);
}

/* Sigmoid of -z and z. */
static void write_logistic(onnx_writing *out, const lathe_operator *op, const char *output) {
  char negative[48], both[48];
  const char *z = out->value[op->input[0]], *pair = onnx_fresh(out, both);
  onnx_simple(out, "Neg", 1, &z, onnx_fresh(out, negative));
  lathe_message node = onnx_node_begin(out, "Concat", "");
  lathe_message_text(&node, 1, negative);
  lathe_message_text(&node, 1, z);
  onnx_attribute_integer(&node, "axis", 1);
  onnx_node_end(out, &node, pair);
  onnx_simple(out, "Sigmoid", 1, &pair, output);
}

static void write_softmax(onnx_writing *out, const lathe_operator *op, const char *output) {
  lathe_message node = onnx_node_begin(out, "Softmax", "");
  lathe_message_text(&node, 1, out->value[op->input[0]]);
  onnx_attribute_integer(&node, "axis", 1);
  onnx_node_end(out, &node, output);
}

static void write_exp(onnx_writing *out, const lathe_operator *op, const char *output) {
  onnx_simple(out, "Exp", 1, (const char *const[]){out->value[op->input[0]]}, output);
}

static void write_log(onnx_writing *out, const lathe_operator *op, const char *output) {
  onnx_simple(out, "Log", 1, (const char *const[]){out->value[op->input[0]]}, output);
}

static void write_select(onnx_writing *out, const lathe_operator *op, const char *output) {
  char place[48];
  onnx_places(out, place, op->tensor[0], op->width);
  onnx_gather(out, out->value[op->input[0]], place, 1, output);
}

/* A row of the table for each code; codes below 0 count from its end, for Gather as for us. */
static void write_lookup(onnx_writing *out, const lathe_operator *op, const char *output) {
  char table[48], rows[48];
  int64_t shape[2];
  lathe_operator_shape(out->graph, op, 0, shape);
  onnx_initializer(out, onnx_fresh(out, table), TYPE_DOUBLE, 2, shape, op->tensor[0],
                   (size_t)(shape[0] * shape[1]) * sizeof(double));
  onnx_gather(out, table, out->value[op->input[0]], 0, onnx_fresh(out, rows)); /* (N, 1, width) */
  lathe_message flatten = onnx_node_begin(out, "Flatten", "");
  lathe_message_text(&flatten, 1, rows);
  onnx_attribute_integer(&flatten, "axis", 1);
  onnx_node_end(out, &flatten, output);
}

/* How each kind is written; raw columns are inputs and need no node. */
static void (*const writers[LATHE_OPERATOR_KINDS])(onnx_writing *, const lathe_operator *, const char *) = {
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
    [LATHE_OPERATOR_NUMBER_CODE] = onnx_write_number_code,
    [LATHE_OPERATOR_RECODE] = onnx_write_recode,
    [LATHE_OPERATOR_DATE_PARTS] = onnx_write_date_parts,
    [LATHE_OPERATOR_TREES] = onnx_write_trees,
    [LATHE_OPERATOR_EXP] = write_exp,
    [LATHE_OPERATOR_LOG_ODDS] = onnx_write_log_odds,
    [LATHE_OPERATOR_INTERPOLATE] = onnx_write_interpolate,
    [LATHE_OPERATOR_SHARES] = onnx_write_shares,
    [LATHE_OPERATOR_LOG] = write_log,
    [LATHE_OPERATOR_DENSE] = onnx_write_dense,
    [LATHE_OPERATOR_DENSE_INT8] = onnx_write_dense_int8,
    [LATHE_OPERATOR_RELU] = onnx_write_relu,
    [LATHE_OPERATOR_GELU] = onnx_write_gelu,
    [LATHE_OPERATOR_TANH] = onnx_write_tanh,
    [LATHE_OPERATOR_SIGMOID] = onnx_write_sigmoid,
    [LATHE_OPERATOR_EMBED] = onnx_write_embed,
    [LATHE_OPERATOR_CLIP] = onnx_write_clip,
    [LATHE_OPERATOR_OUTSIDE] = onnx_write_outside,
    [LATHE_OPERATOR_ABSENT] = onnx_write_absent,
    [LATHE_OPERATOR_BIN] = onnx_write_bin,
    [LATHE_OPERATOR_PRODUCT] = onnx_write_product,
    [LATHE_OPERATOR_PROJECT] = onnx_write_project,
    [LATHE_OPERATOR_QUANTILE] = onnx_write_quantile,
    [LATHE_OPERATOR_PROBIT] = onnx_write_probit,
    [LATHE_OPERATOR_YEO_JOHNSON] = onnx_write_yeo_johnson,
    [LATHE_OPERATOR_BOX_COX] = onnx_write_box_cox,
    [LATHE_OPERATOR_NEIGHBOURS] = onnx_write_neighbours,
};

/* The place of the class whose expected cost is least: what it saves, times -1, is greatest. */
static void write_cheapest(onnx_writing *out, const char *probabilities, const char *place) {
  char weights[48], saved[48];
  const double *costs = lathe_graph_costs(out->graph);
  int64_t classes = lathe_graph_classes(out->graph), shape[] = {classes, classes};
  double *negative = lathe_memory_raw((size_t)(classes * classes), sizeof *negative, out->error);
  for (int64_t i = 0; negative && i < classes * classes; i++) negative[i] = -costs[i];
  out->body.failed = out->body.failed || !negative;
  if (!negative) return;
  onnx_initializer(out, onnx_fresh(out, weights), TYPE_DOUBLE, 2, shape, negative,
                   (size_t)(classes * classes) * sizeof *negative);
  free(negative);
  onnx_simple(out, "MatMul", 2, (const char *const[]){probabilities, weights}, onnx_fresh(out, saved));
  onnx_along(out, "ArgMax", 1, 1, (const char *const[]){saved}, place);
}

/* The class with the largest probability, or by the threshold, (N, 1): as whole numbers where all classes are some, else as text. */
static void write_label(onnx_writing *out, const char *probabilities, const char *output) {
  char names[48], place[48];
  bool whole = lathe_graph_class_type(out->graph) == LATHE_TYPE_INT64;
  int64_t count = lathe_graph_classes(out->graph);
  lathe_message tensor = {.error = out->error};
  lathe_message_integer(&tensor, 1, count);
  lathe_message_integer(&tensor, 2, whole ? TYPE_INT64 : TYPE_STRING);
  lathe_message_text(&tensor, 8, onnx_fresh(out, names));
  for (int32_t i = 0; i < count; i++) {
    const char *name = lathe_graph_class(out->graph, i);
    int64_t value = 0;
    if (whole && lathe_text_to_int64(name, strlen(name), &value))
      lathe_message_integer(&tensor, 7, value);
    else
      lathe_message_bytes(&tensor, 6, name, strlen(name));
  }
  lathe_message_part(&out->body, GRAPH_INITIALIZER, &tensor);
  onnx_fresh(out, place);
  if (lathe_graph_costs(out->graph))
    write_cheapest(out, probabilities, place);
  else if (isnan(lathe_graph_threshold(out->graph)))
    onnx_along(out, "ArgMax", 1, 1, &probabilities, place);
  else
    onnx_write_threshold(out, probabilities, lathe_graph_threshold(out->graph), place);
  onnx_simple(out, "Gather", 2, (const char *const[]){names, place}, output);
  onnx_value_info(out, GRAPH_OUTPUT, output, whole ? TYPE_INT64 : TYPE_STRING, false, 1);
}

/* Names of values that cannot be those of raw columns, nor of the output. */
static void choose_prefix(onnx_writing *out) {
  strcpy(out->prefix, "_");
  for (bool taken = true; taken && strlen(out->prefix) < 20;) {
    size_t size = strlen(out->prefix);
    taken = false;
    for (int32_t i = 0; i < lathe_graph_targets(out->graph); i++)
      taken = taken || !strncmp(lathe_graph_target(out->graph, i), out->prefix, size);
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

/* Several targets: an output (N, 1) for each, by its name. */
static void write_targets(onnx_writing *out, const char *all) {
  int32_t count = lathe_graph_targets(out->graph);
  lathe_message node = onnx_node_begin(out, "Split", "");
  lathe_message_text(&node, 1, all);
  onnx_attribute_integer(&node, "axis", 1);
  for (int32_t i = 0; i < count - 1; i++) lathe_message_text(&node, 2, lathe_graph_target(out->graph, i));
  onnx_node_end(out, &node, lathe_graph_target(out->graph, count - 1));
  for (int32_t i = 0; i < count; i++)
    onnx_value_info(out, GRAPH_OUTPUT, lathe_graph_target(out->graph, i), TYPE_DOUBLE, false, 1);
}

/* Inputs, nodes and output. */
static bool write_graph(onnx_writing *out, char (*names)[48]) {
  int32_t count = lathe_graph_operators(out->graph);
  bool several = lathe_graph_targets(out->graph) > 1;
  const char *target = lathe_graph_output_name(out->graph), *output = target;
  lathe_buffer probabilities = {0};
  lathe_message_text(&out->body, GRAPH_NAME, "lathe");
  if (lathe_graph_classes(out->graph) > 0) {
    if (!lathe_buffer_format(&probabilities, out->error, "%s_probability", target)) return false;
    output = probabilities.data;
  }
  for (int32_t i = 0; i < count; i++) {
    const lathe_operator *op = lathe_graph_operator(out->graph, i);
    if (i == count - 1 && !several)
      out->value[i] = output;
    else if (op->inputs == 0)
      out->value[i] = op->name;
    else {
      snprintf(names[i], sizeof names[i], "%s%d", out->prefix, (int)i);
      out->value[i] = names[i];
    }
    if (op->inputs == 0)
      onnx_value_info(out, GRAPH_INPUT, op->name, op->kind == LATHE_OPERATOR_TEXT ? TYPE_STRING : TYPE_DOUBLE,
                      false, 1);
    else
      writers[op->kind](out, op, out->value[i]);
  }
  if (output != target) write_label(out, output, target);
  if (several)
    write_targets(out, out->value[count - 1]);
  else
    onnx_value_info(out, GRAPH_OUTPUT, output, TYPE_DOUBLE, false, lathe_graph_width(out->graph));
  lathe_buffer_free(&probabilities);
  return !out->body.failed;
}

static bool write_model(onnx_writing *out, const char *note, const char *path) {
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

/* Standard ONNX has no operators that cut texts into words or characters. */
static bool check_kinds(const lathe_graph *graph, lathe_error *error) {
  for (int32_t i = 0; i < lathe_graph_operators(graph); i++) {
    const lathe_operator *op = lathe_graph_operator(graph, i);
    if (op->kind == LATHE_OPERATOR_NGRAMS)
      return lathe_error_set(
          error, LATHE_ERROR_DATA,
          "the model counts the words of \"%s\", and ONNX has no operator that cuts a text "
          "into words; serve it, save it as a bundle, or train without that column",
          lathe_graph_operator(graph, op->input[0])->name);
    if (op->inputs > 0 && !writers[op->kind])
      return lathe_error_set(error, LATHE_ERROR_DATA,
                             "ONNX has no words for the operator \"%s\" of this model",
                             lathe_operator_traits_of(op->kind)->name);
  }
  return true;
}

bool lathe_onnx_write(const lathe_graph *graph, const char *note, const char *path, lathe_error *error) {
  size_t count = (size_t)lathe_graph_operators(graph);
  if (lathe_graph_operator(graph, (int32_t)count - 1)->inputs == 0)
    return lathe_error_set(error, LATHE_ERROR_ARGUMENT,
                           "the graph is a raw column and nothing else; there is nothing to export; "
                           "train a model first");
  for (int32_t i = 0; i < lathe_graph_inputs(graph) * lathe_graph_targets(graph); i++) {
    const char *name = lathe_graph_input_name(graph, i / lathe_graph_targets(graph));
    if (!strcmp(name, lathe_graph_target(graph, i % lathe_graph_targets(graph))))
      return lathe_error_set(
          error, LATHE_ERROR_DATA,
          "\"%s\" is both a column and the output of the model, which ONNX cannot say; rename one of "
          "them and train again",
          name);
  }
  if (!check_kinds(graph, error)) return false;
  onnx_writing out = {.graph = graph, .body = {.error = error}, .error = error};
  char(*names)[48] = lathe_memory_new(count, sizeof *names, error);
  out.value = lathe_memory_new(count, sizeof *out.value, error);
  choose_prefix(&out);
  bool fine = names && out.value && write_graph(&out, names) && write_model(&out, note, path);
  lathe_buffer_free(&out.body.bytes);
  free(out.value);
  free(names);
  return fine;
}
