/* calibrate_fit.c - Platt's sigmoid and the isotonic regression of one class against the others. */
#include <math.h>
#include <stdlib.h>

#include "../base/memory.h"
#include "../graph/probabilities.h"
#include "calibrate.h"

/* ---- Platt ---- */

enum { STEPS = 100, HALVES = 60 };

/* The sum of weighted cross entropies, and at `derivative` its gradient and Hessian: d/da, d/db, d2/da2, d2/dadb, d2/db2. */
static double entropy(const lathe_calibration_row *rows, int64_t count, const double target[2], double a,
                      double b, double derivative[5]) {
  double sum = 0;
  for (int k = 0; derivative && k < 5; k++) derivative[k] = 0;
  for (int64_t i = 0; i < count; i++) {
    double score = lathe_log_odds(rows[i].p), z = a * score + b, w = rows[i].weight;
    double t = target[rows[i].y > 0];
    double size = exp(-fabs(z)), p = z >= 0 ? 1 / (1 + size) : size / (1 + size);
    sum += w * (fmax(z, 0) - t * z + log1p(size));
    if (!derivative) continue;
    double curve = w * p * (1 - p);
    derivative[0] += w * (p - t) * score;
    derivative[1] += w * (p - t);
    derivative[2] += curve * score * score;
    derivative[3] += curve * score;
    derivative[4] += curve;
  }
  return sum;
}

static bool all_equal(lathe_error *error) {
  return lathe_error_set(
      error, LATHE_ERROR_DATA,
      "the model gives all these rows the same probabilities, so they cannot be put right; "
      "calibrate on other rows");
}

bool lathe_calibrate_platt(const lathe_calibration_row *rows, int64_t count, double *a, double *b,
                           lathe_error *error) {
  double of[2] = {0, 0}, least = INFINITY, most = -INFINITY, g[5];
  for (int64_t i = 0; i < count; i++) {
    of[rows[i].y > 0] += rows[i].weight;
    least = fmin(least, rows[i].p);
    most = fmax(most, rows[i].p);
  }
  if (!(most > least)) return all_equal(error);
  const double target[2] = {1 / (of[0] + 2), (of[1] + 1) / (of[1] + 2)};
  *a = 0;
  *b = log((of[1] + 1) / (of[0] + 1));
  double value = entropy(rows, count, target, *a, *b, g);
  for (int step = 0; step < STEPS; step++) {
    double ridge = 1e-12 * (g[2] + g[4]) + 1e-300;
    double determinant = (g[2] + ridge) * (g[4] + ridge) - g[3] * g[3];
    double da = -((g[4] + ridge) * g[0] - g[3] * g[1]) / determinant;
    double db = -((g[2] + ridge) * g[1] - g[3] * g[0]) / determinant;
    double part = 1, better = value;
    int half = 0;
    for (; half < HALVES; half++, part /= 2) {
      better = entropy(rows, count, target, *a + part * da, *b + part * db, NULL);
      if (better < value) break;
    }
    if (half == HALVES) break; /* no step makes it less: it is the least */
    *a += part * da;
    *b += part * db;
    value = entropy(rows, count, target, *a, *b, g);
  }
  if (isfinite(*a) && isfinite(*b) && fabs(*a) > 1e-9) return true;
  return lathe_error_set(
      error, LATHE_ERROR_DATA,
      "the model gives all these rows the same probabilities, so they cannot be put right; "
      "calibrate on other rows");
}

/* ---- isotonic ---- */

static int by_probability(const void *one, const void *other) {
  const lathe_calibration_row *a = one, *b = other;
  if (a->p != b->p) return a->p < b->p ? -1 : 1;
  return (a->row > b->row) - (a->row < b->row);
}

/* Probabilities that are equal but for the rounding of their sums. */
#define SAME 1e-15

/* A run of rows that get one value. */
typedef struct {
  double value, weight, first, last;
} block;

bool lathe_calibrate_isotonic(lathe_calibration_row *rows, int64_t count, double *from, double *to,
                              int64_t *knots, lathe_error *error) {
  block *blocks = lathe_memory_raw((size_t)count, sizeof *blocks, error);
  if (!blocks) return false;
  qsort(rows, (size_t)count, sizeof *rows, by_probability);
  int64_t have = 0;
  for (int64_t i = 0; i < count;) {
    block next = {0, 0, rows[i].p, rows[i].p};
    for (; i < count && rows[i].p - next.first < SAME; i++) {
      next.value += rows[i].weight * rows[i].y;
      next.weight += rows[i].weight;
    }
    next.value /= next.weight;
    /* Neighbours that fall are joined (pool adjacent violators). */
    while (have > 0 && blocks[have - 1].value >= next.value) {
      const block *before = &blocks[--have];
      double weight = before->weight + next.weight;
      next.value = (before->value * before->weight + next.value * next.weight) / weight;
      next.weight = weight;
      next.first = before->first;
    }
    blocks[have++] = next;
  }
  *knots = 0;
  for (int64_t i = 0; i < have; i++) {
    from[*knots] = blocks[i].first;
    to[(*knots)++] = blocks[i].value;
    if (blocks[i].last == blocks[i].first) continue;
    from[*knots] = blocks[i].last;
    to[(*knots)++] = blocks[i].value;
  }
  free(blocks);
  return true;
}
