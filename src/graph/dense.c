/* dense.c - see dense.h.
 *
 * Values stand column by column, so the product is made the other way round, weights times rows: outputs are the rows of its tiles, and
 * rows the columns. A few rows alone are turned over instead, for a tile of mostly nothing would be computed. Each number is the same sum in
 * the same order both ways. */
#include "dense.h"

#include <stdlib.h>
#include <string.h>

#include "../base/clones.h"
#include "../base/memory.h"
#include "activation.h"
#include "product.h"
#include "run.h"

enum { FEW = 8, STRIP = 128 };

static double *column_of(const lathe_block *block, int32_t index, int32_t column) {
  return (double *)block->value[index] + (size_t)column * LATHE_RUN_ROWS;
}

/* Panels of the weights, whatever they are kept as, and behind them the bias. */
void *lathe_dense_pack(const lathe_graph *graph, const lathe_operator *node, lathe_error *error) {
  bool small = node->kind == LATHE_OPERATOR_DENSE_INT8;
  const float *weights = node->tensor[0], *scales = node->tensor[1], *bias = node->tensor[small ? 2 : 1];
  const int8_t *codes = node->tensor[0];
  int64_t inputs = lathe_graph_operator(graph, node->input[0])->width, width = node->width;
  int64_t panels = lathe_panels(width);
  float *packed = lathe_memory_new((size_t)((inputs + 1) * panels * LATHE_PANEL), sizeof *packed, error);
  if (!packed) return NULL;
  for (int64_t i = 0; i < inputs; i++)
    for (int64_t o = 0; o < width; o++)
      packed[(o / LATHE_PANEL * inputs + i) * LATHE_PANEL + o % LATHE_PANEL] =
          small ? (float)codes[i * width + o] * scales[o] : weights[i * width + o];
  memcpy(packed + inputs * panels * LATHE_PANEL, bias, (size_t)width * sizeof *packed);
  return packed;
}

LATHE_CLONES static void narrow(const double *from, int32_t count, float *to) {
  for (int32_t r = 0; r < count; r++) to[r] = (float)from[r];
}

LATHE_CLONES static void widen(const float *from, int32_t count, double *to) {
  for (int32_t r = 0; r < count; r++) to[r] = (double)from[r];
}

typedef struct {
  const lathe_operator *node;
  const lathe_block *block;
  int32_t index, inputs;
  int64_t panels;
  float *x, *y;
} dense;

static void run_few(const dense *d) {
  int32_t rows = d->block->rows, width = d->node->width;
  const float *packed = d->node->packed;
  for (int32_t j = 0; j < d->inputs; j++) {
    const double *from = column_of(d->block, d->node->input[0], j);
    for (int32_t r = 0; r < rows; r++) d->x[r * d->inputs + j] = (float)from[r];
  }
  lathe_product product = {.rows = rows,
                           .inner = d->inputs,
                           .panels = d->panels,
                           .a = d->x,
                           .a_row = d->inputs,
                           .a_inner = 1,
                           .b = packed,
                           .b_inner = LATHE_PANEL,
                           .b_panel = (int64_t)d->inputs * LATHE_PANEL,
                           .c = d->y,
                           .c_row = d->panels * LATHE_PANEL,
                           .c_panel = LATHE_PANEL,
                           .start = LATHE_PRODUCT_BIAS,
                           .bias = packed + d->inputs * d->panels * LATHE_PANEL};
  lathe_product_run(&product);
  for (int32_t o = 0; o < width; o++) {
    double *out = column_of(d->block, d->index, o);
    for (int32_t r = 0; r < rows; r++) out[r] = (double)d->y[r * d->panels * LATHE_PANEL + o];
  }
}

/* The strip of rows `begin` and on: x is (inputs, STRIP), y (outputs of a panel, STRIP). */
static void run_strip(const dense *d, int32_t begin, int32_t rows) {
  int32_t width = d->node->width;
  const float *packed = d->node->packed, *bias = packed + d->inputs * d->panels * LATHE_PANEL;
  for (int32_t j = 0; j < d->inputs; j++)
    narrow(column_of(d->block, d->node->input[0], j) + begin, rows, d->x + (int64_t)j * STRIP);
  for (int64_t p = 0; p < d->panels; p++) {
    int32_t first = (int32_t)p * LATHE_PANEL,
            outputs = width - first < LATHE_PANEL ? width - first : LATHE_PANEL;
    for (int32_t o = 0; o < outputs; o++)
      for (int32_t r = 0; r < STRIP; r++) d->y[o * STRIP + r] = bias[first + o];
    lathe_product product = {.rows = outputs,
                             .inner = d->inputs,
                             .panels = lathe_panels(rows),
                             .a = packed + p * d->inputs * LATHE_PANEL,
                             .a_row = 1,
                             .a_inner = LATHE_PANEL,
                             .b = d->x,
                             .b_inner = STRIP,
                             .b_panel = LATHE_PANEL,
                             .c = d->y,
                             .c_row = STRIP,
                             .c_panel = LATHE_PANEL,
                             .start = LATHE_PRODUCT_ADD};
    lathe_product_run(&product);
    for (int32_t o = 0; o < outputs; o++)
      widen(d->y + o * STRIP, rows, column_of(d->block, d->index, first + o) + begin);
  }
}

bool lathe_dense_run(const lathe_operator *node, const lathe_block *block, int32_t index,
                     lathe_error *error) {
  dense d = {.node = node, .block = block, .index = index};
  d.inputs = lathe_graph_operator(lathe_run_graph(block->run), node->input[0])->width;
  d.panels = lathe_panels(node->width);
  bool few = block->rows <= FEW;
  size_t x = (size_t)d.inputs * (size_t)(few ? block->rows : STRIP);
  size_t y = LATHE_PANEL * (few ? (size_t)d.panels * (size_t)block->rows : STRIP);
  d.x = few ? lathe_memory_raw(x + y, sizeof(float), error) : lathe_memory_new(x + y, sizeof(float), error);
  if (!d.x) return false;
  d.y = d.x + x;
  if (few) run_few(&d);
  for (int32_t r = 0; !few && r < block->rows; r += STRIP)
    run_strip(&d, r, block->rows - r < STRIP ? block->rows - r : STRIP);
  free(d.x);
  return true;
}

bool lathe_activation_run(const lathe_operator *node, const lathe_block *block, int32_t index,
                          lathe_error *error) {
  static const lathe_activation kinds[LATHE_OPERATOR_KINDS] = {[LATHE_OPERATOR_RELU] = LATHE_ACTIVATION_RELU,
                                                               [LATHE_OPERATOR_GELU] = LATHE_ACTIVATION_GELU,
                                                               [LATHE_OPERATOR_TANH] = LATHE_ACTIVATION_TANH,
                                                               [LATHE_OPERATOR_SIGMOID] =
                                                                   LATHE_ACTIVATION_SIGMOID};
  float x[LATHE_RUN_ROWS];
  (void)error;
  for (int32_t c = 0; c < node->width; c++) {
    narrow(column_of(block, node->input[0], c), block->rows, x);
    lathe_activate(kinds[node->kind], x, NULL, block->rows);
    widen(x, block->rows, column_of(block, index, c));
  }
  return true;
}

bool lathe_embed_run(const lathe_operator *node, const lathe_block *block, int32_t index,
                     lathe_error *error) {
  const float *value = node->tensor[0];
  const double *code = column_of(block, node->input[0], 0);
  int32_t last = node->length - 1;
  (void)error;
  for (int32_t c = 0; c < node->width; c++) {
    double *out = column_of(block, index, c);
    for (int32_t r = 0; r < block->rows; r++) {
      int64_t row = code[r] >= 0 && code[r] < last ? (int64_t)code[r] : last;
      out[r] = (double)value[row * node->width + c];
    }
  }
  return true;
}

bool lathe_embed_check(const lathe_graph *graph, const lathe_operator *node) {
  return node->length >= 1 && lathe_graph_operator(graph, node->input[0])->width == 1;
}
