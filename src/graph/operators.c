/* operators.c - the kinds of operator, one row each, and their kernels.
 *
 * A kernel goes down a column at a time; a row's value depends on nothing but the row, so blocks may be cut
 * anywhere. What is written to ONNX (export/onnx.c) does the same operations in the same order. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "kernels.h"
#include "probabilities.h"
#include "date_parts.h"
#include "ngrams.h"
#include "dense.h"
#include "run.h"
#include "trees.h"

/* A mutable column of value `index`, and one of an input's. */
static double *column_of(const lathe_block *block, int32_t index, int32_t column) {
  return (double *)block->value[index] + (size_t)column * LATHE_RUN_ROWS;
}

static bool number_run(const lathe_operator *node, const lathe_block *block, int32_t index,
                       lathe_error *error) {
  (void)node, (void)error;
  const lathe_column *column = lathe_run_column(block->run, index);
  const uint8_t *valid = lathe_column_validity(column);
  const void *values = lathe_column_values(column);
  double *out = column_of(block, index, 0);
  switch (lathe_column_type(column)) {
  case LATHE_TYPE_FLOAT64:
    memcpy(out, (const double *)values + block->begin, (size_t)block->rows * sizeof *out);
    break;
  case LATHE_TYPE_INT64:
    for (int32_t r = 0; r < block->rows; r++) out[r] = (double)((const int64_t *)values)[block->begin + r];
    break;
  default:
    for (int32_t r = 0; r < block->rows; r++) out[r] = lathe_column_number(column, block->begin + r);
  }
  for (int32_t r = 0; valid && r < block->rows; r++) {
    int64_t row = block->begin + r;
    if (!(valid[row >> 3] >> (row & 7) & 1)) out[r] = NAN;
  }
  if (lathe_run_counts(block->run)) {
    int64_t missing = 0, infinite = 0;
    for (int32_t r = 0; r < block->rows; r++) missing += isnan(out[r]), infinite += isinf(out[r]) != 0;
    lathe_run_count(block->run, index, LATHE_ODD_MISSING, missing);
    lathe_run_count(block->run, index, LATHE_ODD_INFINITE, infinite);
  }
  return true;
}

int32_t lathe_operator_find(const lathe_operator *node, lathe_text text) {
  int32_t low = 0, high = node->words;
  while (low < high) {
    int32_t middle = low + (high - low) / 2;
    lathe_text word = node->word[middle];
    size_t size = word.size < text.size ? word.size : text.size;
    int order = size > 0 ? memcmp(word.data, text.data, size) : 0;
    if (order == 0 && word.size == text.size) return middle;
    if (order < 0 || (order == 0 && word.size < text.size))
      low = middle + 1;
    else
      high = middle;
  }
  return -1;
}

int32_t lathe_number_find(const double *values, int32_t count, double number) {
  int32_t low = 0, high = count;
  while (low < high) {
    int32_t middle = low + (high - low) / 2;
    if (values[middle] < number)
      low = middle + 1;
    else
      high = middle;
  }
  return low < count && values[low] == number ? low : -1;
}

static bool unknown(const lathe_operator *node, const lathe_block *block, int32_t row, lathe_text text,
                    lathe_error *error) {
  const char *name = lathe_graph_operator(lathe_run_graph(block->run), node->input[0])->name;
  long long number = (long long)(block->begin + row + 1);
  if (!text.data)
    return lathe_error_set(error, LATHE_ERROR_DATA,
                           "row %lld: \"%s\" is missing, and nothing imputes it; add impute{ category = "
                           "\"mode\" } to the recipe",
                           number, name);
  return lathe_error_set(
      error, LATHE_ERROR_DATA,
      "row %lld: \"%.*s\" is not among the %d categories of \"%s\" that the model was trained on; "
      "encode with unknown = \"zeros\" to accept it",
      number, (int)(text.size < 100 ? text.size : 100), text.data, (int)node->words, name);
}

static bool code_run(const lathe_operator *node, const lathe_block *block, int32_t index,
                     lathe_error *error) {
  const lathe_column *column = lathe_run_column(block->run, node->input[0]);
  const int32_t *codes = lathe_run_codes(block->run, index);
  const int32_t *entries = codes ? lathe_column_values(column) : NULL;
  lathe_type type = lathe_column_type(column);
  bool text_column = type == LATHE_TYPE_STRING || type == LATHE_TYPE_CATEGORY;
  int32_t *out = block->value[index];
  int64_t gaps = 0, strange = 0;
  for (int32_t r = 0; r < block->rows; r++) {
    int64_t row = block->begin + r;
    bool missing = !text_column || !lathe_column_present(column, row);
    gaps += missing;
    if (missing)
      out[r] = node->missing;
    else if (codes)
      out[r] = codes[entries[row]];
    else
      out[r] = lathe_operator_find(node, lathe_column_text(column, row));
    if (out[r] != -1) continue;
    strange += !missing;
    if (!node->strict) continue;
    lathe_text none = {NULL, 0};
    return unknown(node, block, r, text_column ? lathe_column_text(column, row) : none, error);
  }
  lathe_run_count(block->run, index, LATHE_ODD_MISSING, gaps);
  lathe_run_count(block->run, index, LATHE_ODD_UNKNOWN, strange);
  return true;
}

static bool number_code_run(const lathe_operator *node, const lathe_block *block, int32_t index,
                            lathe_error *error) {
  const double *value = node->tensor[0], *from = column_of(block, node->input[0], 0);
  int32_t *out = block->value[index];
  int64_t strange = 0;
  for (int32_t r = 0; r < block->rows; r++) {
    bool missing = isnan(from[r]);
    out[r] = missing ? node->missing : lathe_number_find(value, node->words, from[r]);
    if (out[r] != -1) continue;
    strange += !missing;
    if (!node->strict) continue;
    long long row = (long long)(block->begin + r + 1);
    if (missing)
      return lathe_error_set(
          error, LATHE_ERROR_DATA,
          "row %lld: \"%s\" is missing, and nothing imputes it; add impute{} to the recipe", row, node->name);
    return lathe_error_set(error, LATHE_ERROR_DATA,
                           "row %lld: %.15g is not among the %d values of \"%s\" that the model was trained "
                           "on; encode with unknown = \"zeros\" to accept it",
                           row, from[r], (int)node->words, node->name);
  }
  lathe_run_count(block->run, index, LATHE_ODD_UNKNOWN, strange);
  return true;
}

static bool number_code_check(const lathe_graph *graph, const lathe_operator *node) {
  (void)graph;
  const double *value = node->tensor[0];
  for (int32_t i = 0; i < node->words; i++)
    if (isnan(value[i]) || (i > 0 && !(value[i - 1] < value[i]))) return false;
  return true;
}

static bool recode_run(const lathe_operator *node, const lathe_block *block, int32_t index,
                       lathe_error *error) {
  (void)error;
  const int32_t *map = node->tensor[0], *code = block->value[node->input[0]];
  int32_t *out = block->value[index];
  int32_t rows = lathe_graph_operator(lathe_run_graph(block->run), node->input[0])->words + 2;
  for (int32_t r = 0; r < block->rows; r++) out[r] = map[code[r] < 0 ? rows + code[r] : code[r]];
  return true;
}

static bool recode_check(const lathe_graph *graph, const lathe_operator *node) {
  const int32_t *map = node->tensor[0];
  int32_t rows = lathe_graph_operator(graph, node->input[0])->words + 2;
  for (int32_t i = 0; i < rows; i++)
    if (map[i] < -2 || map[i] >= node->words) return false;
  return true;
}

static bool impute_run(const lathe_operator *node, const lathe_block *block, int32_t index,
                       lathe_error *error) {
  (void)error;
  const double *fill = node->tensor[0];
  for (int32_t c = 0; c < node->width; c++) {
    const double *from = column_of(block, node->input[0], c);
    double *out = column_of(block, index, c);
    for (int32_t r = 0; r < block->rows; r++) out[r] = isnan(from[r]) ? fill[c] : from[r];
  }
  return true;
}

static bool scale_run(const lathe_operator *node, const lathe_block *block, int32_t index,
                      lathe_error *error) {
  (void)error;
  const double *mean = node->tensor[0], *scale = node->tensor[1];
  for (int32_t c = 0; c < node->width; c++) {
    const double *from = column_of(block, node->input[0], c);
    double *out = column_of(block, index, c);
    for (int32_t r = 0; r < block->rows; r++) out[r] = (from[r] - mean[c]) / scale[c];
  }
  return true;
}

static bool one_hot_run(const lathe_operator *node, const lathe_block *block, int32_t index,
                        lathe_error *error) {
  (void)error;
  const int32_t *code = block->value[node->input[0]];
  for (int32_t c = 0; c < node->width; c++) {
    double *out = column_of(block, index, c);
    for (int32_t r = 0; r < block->rows; r++) out[r] = code[r] == c + node->first ? 1.0 : 0.0;
  }
  return true;
}

static bool concat_run(const lathe_operator *node, const lathe_block *block, int32_t index,
                       lathe_error *error) {
  (void)error;
  double *out = column_of(block, index, 0);
  const lathe_graph *graph = lathe_run_graph(block->run);
  for (int32_t i = 0; i < node->inputs; i++) {
    size_t count = (size_t)lathe_graph_operator(graph, node->input[i])->width * LATHE_RUN_ROWS;
    memcpy(out, column_of(block, node->input[i], 0), count * sizeof *out);
    out += count;
  }
  return true;
}

/* out = x weights + bias, the terms added in the order of the columns of x, the bias last. weight(j, c) gives
 * a weight. */
#define LINEAR(weight)                                                                                       \
  int32_t inputs = lathe_graph_operator(lathe_run_graph(block->run), node->input[0])->width;                 \
  for (int32_t c = 0; c < node->width; c++) {                                                                \
    double *out = column_of(block, index, c);                                                                \
    for (int32_t r = 0; r < block->rows; r++) out[r] = 0.0;                                                  \
    for (int32_t j = 0; j < inputs; j++) {                                                                   \
      const double *x = column_of(block, node->input[0], j);                                                 \
      double w = weight;                                                                                     \
      for (int32_t r = 0; r < block->rows; r++) out[r] += x[r] * w;                                          \
    }                                                                                                        \
    for (int32_t r = 0; r < block->rows; r++) out[r] += bias[c];                                             \
  }

static bool linear_run(const lathe_operator *node, const lathe_block *block, int32_t index,
                       lathe_error *error) {
  (void)error;
  const double *weights = node->tensor[0], *bias = node->tensor[1];
  LINEAR(weights[(size_t)j * (size_t)node->width + (size_t)c])
  return true;
}

/* As ONNX DequantizeLinear does it: int8 to float32, times the scale in float32; then double as all else. */
static bool linear_int8_run(const lathe_operator *node, const lathe_block *block, int32_t index,
                            lathe_error *error) {
  (void)error;
  const int8_t *weights = node->tensor[0];
  const float *scales = node->tensor[1];
  const double *bias = node->tensor[2];
  LINEAR((double)((float)weights[(size_t)j * (size_t)node->width + (size_t)c] * scales[c]))
  return true;
}

static bool logistic_run(const lathe_operator *node, const lathe_block *block, int32_t index,
                         lathe_error *error) {
  (void)error;
  const double *z = column_of(block, node->input[0], 0);
  double *no = column_of(block, index, 0), *yes = column_of(block, index, 1);
  for (int32_t r = 0; r < block->rows; r++) {
    no[r] = 1 / (1 + exp(z[r]));
    yes[r] = 1 / (1 + exp(-z[r]));
  }
  return true;
}

/* Less the largest of each row, so that nothing overflows. */
static bool softmax_run(const lathe_operator *node, const lathe_block *block, int32_t index,
                        lathe_error *error) {
  (void)error;
  for (int32_t r = 0; r < block->rows; r++) {
    double largest = -INFINITY, sum = 0;
    for (int32_t c = 0; c < node->width; c++) {
      double x = column_of(block, node->input[0], c)[r];
      largest = x > largest ? x : largest;
    }
    for (int32_t c = 0; c < node->width; c++)
      sum += column_of(block, index, c)[r] = exp(column_of(block, node->input[0], c)[r] - largest);
    for (int32_t c = 0; c < node->width; c++) column_of(block, index, c)[r] /= sum;
  }
  return true;
}

static bool exp_run(const lathe_operator *node, const lathe_block *block, int32_t index, lathe_error *error) {
  (void)error;
  for (int32_t c = 0; c < node->width; c++) {
    const double *from = column_of(block, node->input[0], c);
    double *out = column_of(block, index, c);
    for (int32_t r = 0; r < block->rows; r++) out[r] = exp(from[r]);
  }
  return true;
}

static bool log_run(const lathe_operator *node, const lathe_block *block, int32_t index, lathe_error *error) {
  (void)error;
  for (int32_t c = 0; c < node->width; c++) {
    const double *from = column_of(block, node->input[0], c);
    double *out = column_of(block, index, c);
    for (int32_t r = 0; r < block->rows; r++) out[r] = log(from[r]);
  }
  return true;
}

static bool select_run(const lathe_operator *node, const lathe_block *block, int32_t index,
                       lathe_error *error) {
  (void)error;
  const int32_t *place = node->tensor[0];
  for (int32_t c = 0; c < node->width; c++)
    memcpy(column_of(block, index, c), column_of(block, node->input[0], place[c]),
           (size_t)block->rows * sizeof(double));
  return true;
}

static bool select_check(const lathe_graph *graph, const lathe_operator *node) {
  const int32_t *place = node->tensor[0];
  int32_t width = lathe_graph_operator(graph, node->input[0])->width;
  for (int32_t c = 0; c < node->width; c++)
    if (place[c] < 0 || place[c] >= width) return false;
  return true;
}

static bool lookup_run(const lathe_operator *node, const lathe_block *block, int32_t index,
                       lathe_error *error) {
  (void)error;
  const double *value = node->tensor[0];
  const int32_t *code = block->value[node->input[0]];
  int32_t rows = lathe_graph_operator(lathe_run_graph(block->run), node->input[0])->words + 2;
  for (int32_t c = 0; c < node->width; c++) {
    double *out = column_of(block, index, c);
    for (int32_t r = 0; r < block->rows; r++) {
      int64_t row = code[r] < 0 ? rows + code[r] : code[r];
      out[r] = value[row * node->width + c];
    }
  }
  return true;
}

static const lathe_operator_traits kinds[LATHE_OPERATOR_KINDS] = {
    [LATHE_OPERATOR_NUMBER] = {"number", LATHE_VALUE_NONE, LATHE_VALUE_NUMBERS, 0, 0, {{0}}, number_run},
    [LATHE_OPERATOR_TEXT] = {"text", LATHE_VALUE_NONE, LATHE_VALUE_TEXT, 0, 0, {{0}}, NULL},
    [LATHE_OPERATOR_CODE] = {"code", LATHE_VALUE_TEXT, LATHE_VALUE_CODES, 1, 1, {{0}}, code_run},
    [LATHE_OPERATOR_IMPUTE] =
        {"impute", LATHE_VALUE_NUMBERS, LATHE_VALUE_NUMBERS, 1, 1, {{"fill", LATHE_DTYPE_F64}}, impute_run},
    [LATHE_OPERATOR_SCALE] = {"scale",
                              LATHE_VALUE_NUMBERS,
                              LATHE_VALUE_NUMBERS,
                              1,
                              1,
                              {{"mean", LATHE_DTYPE_F64}, {"scale", LATHE_DTYPE_F64}},
                              scale_run},
    [LATHE_OPERATOR_ONE_HOT] = {"one_hot", LATHE_VALUE_CODES, LATHE_VALUE_NUMBERS, 1, 1, {{0}}, one_hot_run},
    [LATHE_OPERATOR_CONCAT] =
        {"concat", LATHE_VALUE_NUMBERS, LATHE_VALUE_NUMBERS, 1, 1 << 20, {{0}}, concat_run},
    [LATHE_OPERATOR_LINEAR] = {"linear",
                               LATHE_VALUE_NUMBERS,
                               LATHE_VALUE_NUMBERS,
                               1,
                               1,
                               {{"weights", LATHE_DTYPE_F64, LATHE_SHAPE_MATRIX}, {"bias", LATHE_DTYPE_F64}},
                               linear_run,
                               true},
    [LATHE_OPERATOR_LINEAR_INT8] = {"linear_int8",
                                    LATHE_VALUE_NUMBERS,
                                    LATHE_VALUE_NUMBERS,
                                    1,
                                    1,
                                    {{"weights", LATHE_DTYPE_I8, LATHE_SHAPE_MATRIX},
                                     {"scales", LATHE_DTYPE_F32},
                                     {"bias", LATHE_DTYPE_F64}},
                                    linear_int8_run,
                                    true},
    [LATHE_OPERATOR_LOGISTIC] =
        {"logistic", LATHE_VALUE_NUMBERS, LATHE_VALUE_NUMBERS, 1, 1, {{0}}, logistic_run},
    [LATHE_OPERATOR_SOFTMAX] =
        {"softmax", LATHE_VALUE_NUMBERS, LATHE_VALUE_NUMBERS, 1, 1, {{0}}, softmax_run},
    [LATHE_OPERATOR_SELECT] = {"select",
                               LATHE_VALUE_NUMBERS,
                               LATHE_VALUE_NUMBERS,
                               1,
                               1,
                               {{"place", LATHE_DTYPE_I32}},
                               select_run,
                               true,
                               select_check},
    [LATHE_OPERATOR_LOOKUP] = {"lookup",
                               LATHE_VALUE_CODES,
                               LATHE_VALUE_NUMBERS,
                               1,
                               1,
                               {{"value", LATHE_DTYPE_F64, LATHE_SHAPE_WORDS}},
                               lookup_run,
                               true},
    [LATHE_OPERATOR_TREES] = {"trees",
                              LATHE_VALUE_NUMBERS,
                              LATHE_VALUE_NUMBERS,
                              1,
                              1,
                              {[LATHE_TREES_START] = {"start", LATHE_DTYPE_I32, LATHE_SHAPE_FREE},
                               [LATHE_TREES_OUTPUT] = {"output", LATHE_DTYPE_I32, LATHE_SHAPE_FREE},
                               [LATHE_TREES_FEATURE] = {"feature", LATHE_DTYPE_I32, LATHE_SHAPE_FREE},
                               [LATHE_TREES_LEFT] = {"left", LATHE_DTYPE_I32, LATHE_SHAPE_FREE},
                               [LATHE_TREES_FLAGS] = {"flags", LATHE_DTYPE_U8, LATHE_SHAPE_FREE},
                               [LATHE_TREES_THRESHOLD] = {"threshold", LATHE_DTYPE_F64, LATHE_SHAPE_FREE},
                               [LATHE_TREES_SETS] = {"sets", LATHE_DTYPE_I32, LATHE_SHAPE_FREE},
                               [LATHE_TREES_VALUES] = {"values", LATHE_DTYPE_F64, LATHE_SHAPE_FREE},
                               [LATHE_TREES_BIAS] = {"bias", LATHE_DTYPE_F64, LATHE_SHAPE_ROW},
                               [LATHE_TREES_DIVISOR] = {"divisor", LATHE_DTYPE_F64, LATHE_SHAPE_ROW}},
                              lathe_trees_run,
                              .width_free = true,
                              .check = lathe_trees_check,
                              .pack = lathe_trees_pack},
    [LATHE_OPERATOR_NUMBER_CODE] = {"number_code",
                                    LATHE_VALUE_NUMBERS,
                                    LATHE_VALUE_CODES,
                                    1,
                                    1,
                                    {{"value", LATHE_DTYPE_F64, LATHE_SHAPE_LIST}},
                                    number_code_run,
                                    .check = number_code_check},
    [LATHE_OPERATOR_RECODE] = {"recode",
                               LATHE_VALUE_CODES,
                               LATHE_VALUE_CODES,
                               1,
                               1,
                               {{"map", LATHE_DTYPE_I32, LATHE_SHAPE_WORDS}},
                               recode_run,
                               .check = recode_check},
    [LATHE_OPERATOR_DATE_PARTS] = {"date_parts",
                                   LATHE_VALUE_NUMBERS,
                                   LATHE_VALUE_NUMBERS,
                                   1,
                                   1,
                                   {[LATHE_DATE_PARTS_PART] = {"part", LATHE_DTYPE_I32},
                                    [LATHE_DATE_PARTS_ORIGIN] = {"origin", LATHE_DTYPE_F64},
                                    [LATHE_DATE_PARTS_DAY] = {"day", LATHE_DTYPE_F64, LATHE_SHAPE_LIST}},
                                   lathe_date_parts_run,
                                   .width_free = true,
                                   .check = lathe_date_parts_check},
    [LATHE_OPERATOR_NGRAMS] = {"ngrams",
                               LATHE_VALUE_TEXT,
                               LATHE_VALUE_NUMBERS,
                               1,
                               1,
                               {[LATHE_NGRAMS_RULE] = {"rule", LATHE_DTYPE_I32, LATHE_SHAPE_FREE},
                                [LATHE_NGRAMS_FACTOR] = {"factor", LATHE_DTYPE_F64}},
                               lathe_ngrams_run,
                               .width_free = true,
                               .check = lathe_ngrams_check,
                               .pack = lathe_ngrams_pack},
    [LATHE_OPERATOR_EXP] = {"exp", LATHE_VALUE_NUMBERS, LATHE_VALUE_NUMBERS, 1, 1, {{0}}, exp_run},
    [LATHE_OPERATOR_LOG_ODDS] =
        {"log_odds", LATHE_VALUE_NUMBERS, LATHE_VALUE_NUMBERS, 1, 1, {{0}}, lathe_log_odds_run},
    [LATHE_OPERATOR_INTERPOLATE] = {"interpolate",
                                    LATHE_VALUE_NUMBERS,
                                    LATHE_VALUE_NUMBERS,
                                    1,
                                    1,
                                    {{"base", LATHE_DTYPE_F64, LATHE_SHAPE_LIST},
                                     {"value", LATHE_DTYPE_F64, LATHE_SHAPE_LIST},
                                     {"slope", LATHE_DTYPE_F64, LATHE_SHAPE_LIST}},
                                    lathe_interpolate_run,
                                    .check = lathe_interpolate_check},
    [LATHE_OPERATOR_SHARES] =
        {"shares", LATHE_VALUE_NUMBERS, LATHE_VALUE_NUMBERS, 1, 1, {{0}}, lathe_shares_run},
    [LATHE_OPERATOR_LOG] = {"log", LATHE_VALUE_NUMBERS, LATHE_VALUE_NUMBERS, 1, 1, {{0}}, log_run},
    [LATHE_OPERATOR_DENSE] = {"dense",
                              LATHE_VALUE_NUMBERS,
                              LATHE_VALUE_NUMBERS,
                              1,
                              1,
                              {{"weights", LATHE_DTYPE_F32, LATHE_SHAPE_MATRIX}, {"bias", LATHE_DTYPE_F32}},
                              lathe_dense_run,
                              .width_free = true,
                              .pack = lathe_dense_pack},
    [LATHE_OPERATOR_DENSE_INT8] = {"dense_int8",
                                   LATHE_VALUE_NUMBERS,
                                   LATHE_VALUE_NUMBERS,
                                   1,
                                   1,
                                   {{"weights", LATHE_DTYPE_I8, LATHE_SHAPE_MATRIX},
                                    {"scales", LATHE_DTYPE_F32},
                                    {"bias", LATHE_DTYPE_F32}},
                                   lathe_dense_run,
                                   .width_free = true,
                                   .pack = lathe_dense_pack},
    [LATHE_OPERATOR_RELU] =
        {"relu", LATHE_VALUE_NUMBERS, LATHE_VALUE_NUMBERS, 1, 1, {{0}}, lathe_activation_run},
    [LATHE_OPERATOR_GELU] =
        {"gelu", LATHE_VALUE_NUMBERS, LATHE_VALUE_NUMBERS, 1, 1, {{0}}, lathe_activation_run},
    [LATHE_OPERATOR_TANH] =
        {"tanh", LATHE_VALUE_NUMBERS, LATHE_VALUE_NUMBERS, 1, 1, {{0}}, lathe_activation_run},
    [LATHE_OPERATOR_SIGMOID] =
        {"sigmoid", LATHE_VALUE_NUMBERS, LATHE_VALUE_NUMBERS, 1, 1, {{0}}, lathe_activation_run},
    [LATHE_OPERATOR_EMBED] = {"embed",
                              LATHE_VALUE_NUMBERS,
                              LATHE_VALUE_NUMBERS,
                              1,
                              1,
                              {{"value", LATHE_DTYPE_F32, LATHE_SHAPE_TABLE}},
                              lathe_embed_run,
                              .width_free = true,
                              .check = lathe_embed_check},
    [LATHE_OPERATOR_CLIP] = {"clip",
                             LATHE_VALUE_NUMBERS,
                             LATHE_VALUE_NUMBERS,
                             1,
                             1,
                             {{"low", LATHE_DTYPE_F64}, {"high", LATHE_DTYPE_F64}},
                             lathe_clip_run},
    [LATHE_OPERATOR_OUTSIDE] = {"outside",
                                LATHE_VALUE_NUMBERS,
                                LATHE_VALUE_NUMBERS,
                                1,
                                1,
                                {{"low", LATHE_DTYPE_F64}, {"high", LATHE_DTYPE_F64}},
                                lathe_outside_run},
    [LATHE_OPERATOR_ABSENT] =
        {"absent", LATHE_VALUE_NUMBERS, LATHE_VALUE_NUMBERS, 1, 1, {{0}}, lathe_absent_run},
    [LATHE_OPERATOR_BIN] = {"bin",
                            LATHE_VALUE_NUMBERS,
                            LATHE_VALUE_CODES,
                            1,
                            1,
                            {{"edges", LATHE_DTYPE_F64, LATHE_SHAPE_LIST}},
                            lathe_bin_run,
                            .check = lathe_bin_check},
    [LATHE_OPERATOR_PRODUCT] = {"product",
                                LATHE_VALUE_NUMBERS,
                                LATHE_VALUE_NUMBERS,
                                1,
                                1,
                                {{"factor", LATHE_DTYPE_I32, LATHE_SHAPE_FREE}},
                                lathe_products_run,
                                .width_free = true,
                                .check = lathe_products_check},
    [LATHE_OPERATOR_PROJECT] = {"project",
                                LATHE_VALUE_NUMBERS,
                                LATHE_VALUE_NUMBERS,
                                1,
                                1,
                                {{"weights", LATHE_DTYPE_F64, LATHE_SHAPE_MATRIX}},
                                lathe_project_run,
                                .width_free = true},
    [LATHE_OPERATOR_QUANTILE] = {"quantile",
                                 LATHE_VALUE_NUMBERS,
                                 LATHE_VALUE_NUMBERS,
                                 1,
                                 1,
                                 {{"quantile", LATHE_DTYPE_F64, LATHE_SHAPE_FREE},
                                  {"margin", LATHE_DTYPE_F64}},
                                 lathe_quantile_run,
                                 .check = lathe_quantile_check},
    [LATHE_OPERATOR_PROBIT] =
        {"probit", LATHE_VALUE_NUMBERS, LATHE_VALUE_NUMBERS, 1, 1, {{0}}, lathe_probit_run},
    [LATHE_OPERATOR_YEO_JOHNSON] = {"yeo_johnson",
                                    LATHE_VALUE_NUMBERS,
                                    LATHE_VALUE_NUMBERS,
                                    1,
                                    1,
                                    {{"lambda", LATHE_DTYPE_F64}},
                                    lathe_yeo_johnson_run},
    [LATHE_OPERATOR_BOX_COX] = {"box_cox",
                                LATHE_VALUE_NUMBERS,
                                LATHE_VALUE_NUMBERS,
                                1,
                                1,
                                {{"lambda", LATHE_DTYPE_F64}},
                                lathe_box_cox_run},
    [LATHE_OPERATOR_NEIGHBOURS] = {"neighbours",
                                   LATHE_VALUE_NUMBERS,
                                   LATHE_VALUE_NUMBERS,
                                   1,
                                   1,
                                   {{"rows", LATHE_DTYPE_F64, LATHE_SHAPE_FREE},
                                    {"fill", LATHE_DTYPE_F64},
                                    {"count", LATHE_DTYPE_I32}},
                                   lathe_neighbours_run,
                                   .check = lathe_neighbours_check},
};

const lathe_operator_traits *lathe_operator_traits_of(lathe_operator_kind kind) {
  return &kinds[kind];
}
