/* quadratic.c - see quadratic.h. */
#include "quadratic.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../../base/clones.h"
#include "../../base/memory.h"
#include "cholesky.h"

enum { AT_ONCE = 600, CUTS = 20, ROUNDS = 30, SWEEPS = 1000 };

#define LOOSE 1e-4  /* of the largest coefficient: descent gives way to the equations */
#define SLACK 1e-11 /* of a penalty, and of the largest gradient there can be: rounding */

bool lathe_quadratic_open(lathe_quadratic *p, int32_t size, lathe_error *error) {
  size_t count = (size_t)size, most = size < AT_ONCE ? count : AT_ONCE;
  p->size = size;
  p->b = lathe_memory_new(count, sizeof(double), error);
  p->gradient = lathe_memory_new(count, sizeof(double), error);
  p->factor = lathe_memory_raw(most * most, sizeof(double), error);
  p->right = lathe_memory_raw(count, sizeof(double), error);
  p->active = lathe_memory_raw(count, sizeof(int32_t), error);
  p->kept = lathe_memory_raw(count, sizeof(bool), error);
  return p->b && p->gradient && p->factor && p->right && p->active && p->kept;
}

void lathe_quadratic_free(lathe_quadratic *p) {
  free(p->b);
  free(p->gradient);
  free(p->factor);
  free(p->right);
  free(p->active);
  free(p->kept);
  *p = (lathe_quadratic){0};
}

/* y -= x * by; a sum of no others, so that it is the same in registers of any width. */
LATHE_CLONES static void subtract(const double *x, double by, int32_t count, double *y) {
  for (int32_t i = 0; i < count; i++) y[i] -= x[i] * by;
}

static void find_gradient(lathe_quadratic *p) {
  memcpy(p->gradient, p->c, (size_t)p->size * sizeof(double));
  for (int32_t j = 0; j < p->size; j++) {
    if (p->b[j] == 0) continue;
    subtract(p->h + (int64_t)j * p->size, p->b[j], p->size, p->gradient);
    p->gradient[j] -= p->ridge * p->b[j];
  }
}

static double curvature(const lathe_quadratic *p, int32_t j) {
  return p->h[(int64_t)j * p->size + j] + p->ridge;
}

/* The best of one coefficient, the others as they are; how far it moved, measured by the root of its curvature. */
static double descend(lathe_quadratic *p, int32_t j) {
  double curve = curvature(p, j), old = p->b[j];
  if (!(curve > 0)) return 0;
  double pull = p->gradient[j] + curve * old, shrunk = fabs(pull) - p->penalty[j];
  p->b[j] = shrunk > 0 ? copysign(shrunk, pull) / curve : 0;
  double change = p->b[j] - old;
  if (change == 0) return 0;
  subtract(p->h + (int64_t)j * p->size, change, p->size, p->gradient);
  p->gradient[j] -= p->ridge * change;
  return fabs(change) * sqrt(curve);
}

static double sweep(lathe_quadratic *p, bool active) {
  double most = 0;
  for (int32_t j = 0; j < p->size; j++)
    if (!active || p->b[j] != 0) most = fmax(most, descend(p, j));
  p->sweeps++;
  return most;
}

static double largest(const lathe_quadratic *p) {
  double most = 0;
  for (int32_t j = 0; j < p->size; j++) most = fmax(most, fabs(p->b[j]) * sqrt(curvature(p, j)));
  return most;
}

/* Sweeps until nothing moves by more than `settled`. */
static bool sweep_on(lathe_quadratic *p, double settled, lathe_progress *progress, lathe_error *error) {
  double moved = sweep(p, false);
  for (int i = 0; i < SWEEPS && moved > settled * largest(p); i++) {
    if (!lathe_progress_check(progress, error)) return false;
    do moved = sweep(p, true);
    while (++i < SWEEPS && moved > settled * largest(p));
    moved = sweep(p, false);
  }
  p->settled = !(moved > settled * largest(p));
  return true;
}

static int32_t find_active(lathe_quadratic *p) {
  int32_t count = 0;
  for (int32_t j = 0; j < p->size; j++)
    if (curvature(p, j) > 0 && (p->b[j] != 0 || p->penalty[j] == 0)) p->active[count++] = j;
  return count;
}

/* The solution of the active ones' equations, their signs as they are, to `right`. False when they are too many or singular. */
static bool solve_active(lathe_quadratic *p, int32_t count) {
  if (count > AT_ONCE) return false;
  for (int32_t k = 0; k < count; k++) {
    int32_t j = p->active[k];
    const double *column = p->h + (int64_t)j * p->size;
    double *to = p->factor + (int64_t)k * count;
    for (int32_t i = 0; i <= k; i++) to[i] = column[p->active[i]];
    to[k] += p->ridge;
    p->right[k] = p->c[j] - (p->b[j] == 0 ? 0 : copysign(p->penalty[j], p->b[j]));
    p->kept[k] = true;
  }
  lathe_cholesky(p->factor, count, 1e-13, p->kept);
  for (int32_t k = 0; k < count; k++)
    if (!p->kept[k]) return false;
  lathe_cholesky_solve(p->factor, count, p->kept, p->right);
  return true;
}

/* From b towards `right` as far as no sign changes; whether that is all the way. What would change its sign first is 0 then. */
static bool go(lathe_quadratic *p, int32_t count) {
  double part = 1;
  int32_t first = -1;
  for (int32_t k = 0; k < count; k++) {
    int32_t j = p->active[k];
    double from = p->b[j], to = p->right[k];
    if (p->penalty[j] == 0 || from * to > 0) continue;
    double reach = from / (from - to);
    if (first < 0 || reach < part) part = reach, first = j;
  }
  for (int32_t k = 0; k < count; k++) {
    int32_t j = p->active[k];
    p->b[j] = first < 0 ? p->right[k] : p->b[j] + part * (p->right[k] - p->b[j]);
  }
  if (first >= 0) p->b[first] = 0;
  return first < 0;
}

/* Nothing that is 0 pulls harder than its penalty. */
static bool is_optimal(const lathe_quadratic *p) {
  double scale = largest(p);
  for (int32_t j = 0; j < p->size; j++)
    if (p->b[j] == 0 && p->penalty[j] > 0 &&
        fabs(p->gradient[j]) > p->penalty[j] * (1 + SLACK) + SLACK * sqrt(curvature(p, j)) * scale)
      return false;
  return true;
}

/* Whether the equations gave the solution; b is at least as good as before in any case. */
static bool finish(lathe_quadratic *p) {
  for (int cut = 0; cut < CUTS; cut++) {
    int32_t count = find_active(p);
    if (!solve_active(p, count)) break;
    if (!go(p, count)) continue;
    find_gradient(p);
    return is_optimal(p);
  }
  find_gradient(p);
  return false;
}

bool lathe_quadratic_solve(lathe_quadratic *p, lathe_progress *progress, lathe_error *error) {
  double settled = LOOSE;
  find_gradient(p);
  for (int round = 0; round < ROUNDS; round++) {
    if (!lathe_progress_check(progress, error) || !sweep_on(p, settled, progress, error)) return false;
    if (finish(p)) return p->settled = true;
    bool was = p->settled && settled <= LATHE_QUADRATIC_SETTLED;
    p->settled = false;
    if (was) break;
    settled = fmax(settled / 10, LATHE_QUADRATIC_SETTLED);
  }
  /* the equations are singular, or too many: descent alone */
  return sweep_on(p, LATHE_QUADRATIC_SETTLED, progress, error);
}
