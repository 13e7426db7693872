/* neighbours.c - the kernel that fills gaps from the nearest rows of training.
 *
 * The distance of two rows is sqrt(sum of (x - y)^2 over the columns that both have, times all columns / those), as scikit-learn's
 * nan_euclidean_distances has it; its square serves as well. A gap becomes the mean of the column in the `count` rows next to it that have
 * the column; of rows as near the first ones count. Where no row shares a column with it, it becomes the column's mean. */
#include <math.h>
#include <stdlib.h>

#include "../base/memory.h"
#include "kernels.h"

enum { ROWS, FILL, COUNT }; /* the arrays: (rows, width), (width), (width) */

/* Squared distances of row r of the block to all `rows`; infinite where no column is shared. */
static void measure(const lathe_operator *node, const lathe_block *block, int32_t r, int64_t rows,
                    double *distance) {
  const double *known = node->tensor[ROWS];
  double width = node->width;
  for (int64_t i = 0; i < rows; i++) {
    const double *row = known + i * node->width;
    double sum = 0, shared = 0;
    for (int32_t c = 0; c < node->width; c++) {
      double difference = lathe_block_column(block, node->input[0], c)[r] - row[c];
      double square = difference * difference;
      if (isnan(square)) continue;
      sum += square;
      shared++;
    }
    distance[i] = shared > 0 ? sum * (width / shared) : INFINITY;
  }
}

/* The mean of column c in the nearest rows that have it: a list of the nearest so far, sorted by distance. */
static double fill_of(const lathe_operator *node, int32_t c, int64_t rows, const double *distance,
                      int64_t *nearest) {
  const double *known = node->tensor[ROWS], *fill = node->tensor[FILL];
  int32_t count = ((const int32_t *)node->tensor[COUNT])[c], found = 0;
  for (int64_t i = 0; i < rows; i++) {
    if (isnan(known[i * node->width + c]) || !(distance[i] < INFINITY)) continue;
    if (found == count && !(distance[i] < distance[nearest[found - 1]])) continue;
    int32_t at = found < count ? found++ : found - 1;
    for (; at > 0 && distance[i] < distance[nearest[at - 1]]; at--) nearest[at] = nearest[at - 1];
    nearest[at] = i;
  }
  double sum = 0;
  for (int32_t k = 0; k < found; k++) sum += known[nearest[k] * node->width + c];
  return found > 0 ? sum / found : fill[c];
}

bool lathe_neighbours_run(const lathe_operator *node, const lathe_block *block, int32_t index,
                          lathe_error *error) {
  int64_t rows = node->size[ROWS] / node->width, most = 1;
  double *distance = NULL;
  int64_t *nearest = NULL;
  bool fine = true;
  for (int32_t c = 0; c < node->width; c++) {
    int32_t count = ((const int32_t *)node->tensor[COUNT])[c];
    if (count > most) most = count;
  }
  for (int32_t r = 0; fine && r < block->rows; r++) {
    bool measured = false;
    for (int32_t c = 0; fine && c < node->width; c++) {
      double x = lathe_block_column(block, node->input[0], c)[r];
      if (isnan(x)) {
        if (!distance) {
          distance = lathe_memory_raw((size_t)rows, sizeof *distance, error);
          nearest = lathe_memory_raw((size_t)most, sizeof *nearest, error);
          fine = distance && nearest;
        }
        if (fine && !measured) measure(node, block, r, rows, distance);
        measured = true;
        if (fine) x = fill_of(node, c, rows, distance, nearest);
      }
      lathe_block_column(block, index, c)[r] = x;
    }
  }
  free(distance);
  free(nearest);
  return fine;
}

bool lathe_neighbours_check(const lathe_graph *graph, const lathe_operator *node) {
  (void)graph;
  if (node->size[ROWS] % node->width != 0) return false;
  int64_t rows = node->size[ROWS] / node->width;
  for (int32_t c = 0; c < node->width; c++) {
    int32_t count = ((const int32_t *)node->tensor[COUNT])[c];
    if (count < 1 || count > rows) return false;
  }
  return true;
}
