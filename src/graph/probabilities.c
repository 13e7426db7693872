/* probabilities.c - the operators that make probabilities of other probabilities: what calibration lowers to. */
#include <math.h>

#include "probabilities.h"
#include "run.h"

static double *column_of(const lathe_block *block, int32_t index, int32_t column) {
  return (double *)block->value[index] + (size_t)column * LATHE_RUN_ROWS;
}

double lathe_log_odds(double p) {
  double kept = fmin(fmax(p, LATHE_LOG_ODDS_LEAST), 1 - LATHE_LOG_ODDS_LEAST);
  return log(kept / (1 - kept)) + (p - p); /* fmin and fmax lose a NaN */
}

bool lathe_log_odds_run(const lathe_operator *node, const lathe_block *block, int32_t index,
                        lathe_error *error) {
  (void)error;
  for (int32_t c = 0; c < node->width; c++) {
    const double *p = column_of(block, node->input[0], c);
    double *out = column_of(block, index, c);
    for (int32_t r = 0; r < block->rows; r++) out[r] = lathe_log_odds(p[r]);
  }
  return true;
}

double lathe_interpolate(const double *base, const double *value, const double *slope, int32_t length,
                         double x) {
  int32_t low = 0, high = length; /* the last knot from 1 that is not above x; 0: there is none */
  while (high - low > 1) {
    int32_t middle = low + (high - low) / 2;
    if (x >= base[middle])
      low = middle;
    else
      high = middle;
  }
  return value[low] + (x - base[low]) * slope[low];
}

bool lathe_interpolate_run(const lathe_operator *node, const lathe_block *block, int32_t index,
                           lathe_error *error) {
  (void)error;
  const double *x = column_of(block, node->input[0], 0);
  double *out = column_of(block, index, 0);
  for (int32_t r = 0; r < block->rows; r++)
    out[r] = lathe_interpolate(node->tensor[LATHE_INTERPOLATE_BASE], node->tensor[LATHE_INTERPOLATE_VALUE],
                               node->tensor[LATHE_INTERPOLATE_SLOPE], node->length, x[r]);
  return true;
}

bool lathe_interpolate_check(const lathe_graph *graph, const lathe_operator *node) {
  const double *base = node->tensor[LATHE_INTERPOLATE_BASE];
  if (lathe_graph_operator(graph, node->input[0])->width != 1 || node->length < 2) return false;
  for (int32_t k = 2; k < node->length; k++)
    if (!(base[k] > base[k - 1])) return false;
  return true;
}

bool lathe_shares_run(const lathe_operator *node, const lathe_block *block, int32_t index,
                      lathe_error *error) {
  (void)error;
  int32_t inputs = lathe_graph_operator(lathe_run_graph(block->run), node->input[0])->width;
  const double *p = column_of(block, node->input[0], 0);
  for (int32_t r = 0; r < block->rows; r++) {
    if (inputs == 1) {
      column_of(block, index, 0)[r] = 1 - p[r];
      column_of(block, index, 1)[r] = p[r];
      continue;
    }
    double sum = 0;
    for (int32_t c = 0; c < inputs; c++) sum += p[(size_t)c * LATHE_RUN_ROWS + (size_t)r];
    for (int32_t c = 0; c < inputs; c++)
      column_of(block, index, c)[r] =
          sum == 0 ? 1.0 / inputs : p[(size_t)c * LATHE_RUN_ROWS + (size_t)r] / sum;
  }
  return true;
}
