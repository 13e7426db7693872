/* calibration.c - how often what is said with some probability comes true. */
#include <math.h>
#include <stdlib.h>

#include "../base/memory.h"
#include "metrics.h"
#include "ranking.h"

static bool usable(const int32_t *codes, const double *probabilities, int64_t row, int32_t classes,
                   int32_t index) {
  return codes[row] >= 0 && !isnan(probabilities[row * classes + index]);
}

/* The value at a share of a descending ranking, between two as numpy.percentile has it. */
static double at_share(const lathe_ranking *ranking, const double *probabilities, int32_t classes,
                       int32_t index, double share) {
  double place = share * (double)(ranking->count - 1), below = floor(place), part = place - below;
  int64_t at = ranking->count - 1 - (int64_t)below;
  double low = probabilities[(int64_t)ranking->row[at] * classes + index];
  double high = at > 0 ? probabilities[(int64_t)ranking->row[at - 1] * classes + index] : low;
  return part >= 0.5 ? high - (high - low) * (1 - part) : low + (high - low) * part;
}

/* The inner edges of the bins: bins - 1 of them. */
static bool find_edges(double *edges, int32_t bins, bool quantile, const int32_t *codes,
                       const double *probabilities, int64_t rows, int32_t classes, int32_t index,
                       lathe_error *error) {
  double step = 1.0 / bins;
  for (int32_t b = 1; b < bins; b++) edges[b - 1] = b * step;
  if (!quantile) return true;
  lathe_ranking ranking = {0};
  bool fine = lathe_ranking_make(&ranking, codes, probabilities, rows, classes, index, error);
  for (int32_t b = 1; fine && ranking.count > 0 && b < bins; b++)
    edges[b - 1] = at_share(&ranking, probabilities, classes, index, b * step * 100 / 100);
  lathe_ranking_free(&ranking);
  return fine;
}

/* The first bin whose upper edge is not below a probability. */
static int32_t bin_of(const double *edges, int32_t bins, double p) {
  int32_t low = 0, high = bins - 1;
  while (low < high) {
    int32_t middle = low + (high - low) / 2;
    if (edges[middle] < p)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

bool lathe_metrics_calibration(const int32_t *codes, const double *probabilities, const double *weights,
                               int64_t rows, int32_t classes, int32_t index, int32_t bins, bool quantile,
                               double *expected, double *observed, double *weight, int32_t *filled,
                               lathe_error *error) {
  *filled = 0;
  double *edges = lathe_memory_raw((size_t)bins, sizeof *edges, error);
  bool fine = edges && find_edges(edges, bins, quantile, codes, probabilities, rows, classes, index, error);
  for (int32_t b = 0; b < bins; b++) expected[b] = observed[b] = weight[b] = 0;
  for (int64_t r = 0; fine && r < rows; r++) {
    if (!usable(codes, probabilities, r, classes, index)) continue;
    double p = probabilities[r * classes + index], count = weights ? weights[r] : 1;
    int32_t bin = bin_of(edges, bins, p);
    expected[bin] += count * p;
    observed[bin] += codes[r] == index ? count : 0;
    weight[bin] += count;
  }
  for (int32_t b = 0; fine && b < bins; b++) {
    if (!(weight[b] > 0)) continue;
    expected[*filled] = expected[b] / weight[b];
    observed[*filled] = observed[b] / weight[b];
    weight[(*filled)++] = weight[b];
  }
  free(edges);
  return fine;
}
