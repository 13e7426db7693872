/* numbers.c - kernels of transforms of numbers: bounds, gaps, bins, products, projections. A missing number stays missing, unless an
 * operator says what it becomes. */
#include <math.h>
#include <string.h>

#include "kernels.h"

bool lathe_clip_run(const lathe_operator *node, const lathe_block *block, int32_t index, lathe_error *error) {
  (void)error;
  const double *low = node->tensor[0], *high = node->tensor[1];
  for (int32_t c = 0; c < node->width; c++) {
    const double *x = lathe_block_column(block, node->input[0], c);
    double *out = lathe_block_column(block, index, c);
    for (int32_t r = 0; r < block->rows; r++) {
      double kept = x[r] < low[c] ? low[c] : x[r];
      out[r] = kept > high[c] ? high[c] : kept;
    }
  }
  return true;
}

bool lathe_outside_run(const lathe_operator *node, const lathe_block *block, int32_t index,
                       lathe_error *error) {
  (void)error;
  const double *low = node->tensor[0], *high = node->tensor[1];
  for (int32_t c = 0; c < node->width; c++) {
    const double *x = lathe_block_column(block, node->input[0], c);
    double *out = lathe_block_column(block, index, c);
    for (int32_t r = 0; r < block->rows; r++) out[r] = x[r] < low[c] || x[r] > high[c] ? 1 : 0;
  }
  return true;
}

bool lathe_absent_run(const lathe_operator *node, const lathe_block *block, int32_t index,
                      lathe_error *error) {
  (void)error;
  for (int32_t c = 0; c < node->width; c++) {
    const double *x = lathe_block_column(block, node->input[0], c);
    double *out = lathe_block_column(block, index, c);
    for (int32_t r = 0; r < block->rows; r++) out[r] = isnan(x[r]) ? 1 : 0;
  }
  return true;
}

/* How many edges are not above x. */
bool lathe_bin_run(const lathe_operator *node, const lathe_block *block, int32_t index, lathe_error *error) {
  (void)error;
  const double *edge = node->tensor[0], *x = lathe_block_column(block, node->input[0], 0);
  int32_t *out = block->value[index];
  for (int32_t r = 0; r < block->rows; r++) {
    int32_t low = 0, high = node->length;
    while (low < high) {
      int32_t middle = low + (high - low) / 2;
      if (edge[middle] <= x[r])
        low = middle + 1;
      else
        high = middle;
    }
    out[r] = isnan(x[r]) ? -2 : low;
  }
  return true;
}

bool lathe_bin_check(const lathe_graph *graph, const lathe_operator *node) {
  const double *edge = node->tensor[0];
  if (lathe_graph_operator(graph, node->input[0])->width != 1 || node->length >= LATHE_GRAPH_WIDTH)
    return false;
  for (int32_t i = 0; i < node->length; i++)
    if (isnan(edge[i]) || (i > 0 && !(edge[i - 1] < edge[i]))) return false;
  return true;
}

/* factor (degree, width): the places of what is multiplied, from the first on. */
bool lathe_products_run(const lathe_operator *node, const lathe_block *block, int32_t index,
                        lathe_error *error) {
  (void)error;
  const int32_t *factor = node->tensor[0];
  int64_t degree = node->size[0] / node->width;
  for (int32_t c = 0; c < node->width; c++) {
    double *out = lathe_block_column(block, index, c);
    memcpy(out, lathe_block_column(block, node->input[0], factor[c]), (size_t)block->rows * sizeof *out);
    for (int64_t k = 1; k < degree; k++) {
      const double *x = lathe_block_column(block, node->input[0], factor[k * node->width + c]);
      for (int32_t r = 0; r < block->rows; r++) out[r] *= x[r];
    }
  }
  return true;
}

bool lathe_products_check(const lathe_graph *graph, const lathe_operator *node) {
  const int32_t *factor = node->tensor[0];
  int32_t width = lathe_graph_operator(graph, node->input[0])->width;
  if (node->size[0] < node->width || node->size[0] % node->width != 0) return false;
  for (int64_t i = 0; i < node->size[0]; i++)
    if (factor[i] < 0 || factor[i] >= width) return false;
  return true;
}

/* weights (width of x, width), row-major; the terms are added in the order of the columns of x. */
bool lathe_project_run(const lathe_operator *node, const lathe_block *block, int32_t index,
                       lathe_error *error) {
  (void)error;
  const double *weights = node->tensor[0];
  int32_t inputs = lathe_graph_operator(lathe_run_graph(block->run), node->input[0])->width;
  for (int32_t c = 0; c < node->width; c++) {
    double *out = lathe_block_column(block, index, c);
    for (int32_t r = 0; r < block->rows; r++) out[r] = 0;
    for (int32_t j = 0; j < inputs; j++) {
      const double *x = lathe_block_column(block, node->input[0], j);
      double weight = weights[(size_t)j * (size_t)node->width + (size_t)c];
      for (int32_t r = 0; r < block->rows; r++) out[r] += x[r] * weight;
    }
  }
  return true;
}
