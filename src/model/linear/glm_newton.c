/* glm_newton.c - from where a generalised linear model begins to its solution. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../../base/memory.h"
#include "cholesky.h"
#include "glm_own.h"

#define SETTLED 1e-13 /* of the loss: a step that promises less is the last one */
/* A sample to begin with: one strip of so many, of so many rows at least, with so many for each parameter, settled by less, in so many steps. */
enum { APART = 16, ROWS_LEAST = 32000, WARM_ROWS = 20, WARM_STEPS = 10 };
#define WARM_SETTLED 1e-6

bool glm_newton_open(glm_newton *n, const glm_problem *work, lathe_error *error) {
  size_t size = (size_t)work->parameters;
  n->now = lathe_memory_new((size_t)work->sum_size, sizeof(double), error);
  n->next = lathe_memory_new((size_t)work->sum_size, sizeof(double), error);
  n->step = lathe_memory_new(size, sizeof(double), error);
  n->factor = lathe_memory_new(size * size, sizeof(double), error);
  n->kept_theta = lathe_memory_new(size, sizeof(double), error);
  n->right = lathe_memory_new(size, sizeof(double), error);
  n->penalty = lathe_memory_new(size, sizeof(double), error);
  n->kept = lathe_memory_new(size, sizeof(bool), error);
  return n->now && n->next && n->step && n->factor && n->kept_theta && n->right && n->penalty && n->kept &&
         (work->l1 == 0 || lathe_quadratic_open(&n->quadratic, work->parameters, error));
}

void glm_newton_close(glm_newton *n) {
  free(n->now);
  free(n->next);
  free(n->step);
  free(n->factor);
  free(n->kept_theta);
  free(n->right);
  free(n->penalty);
  free(n->kept);
  lathe_quadratic_free(&n->quadratic);
}

/* Which columns of the design follow from those before them: told by the first block. The intercept comes first, as in the naming of what
 * follows from what. */
static bool find_aliased(const glm_problem *work, const double *hessian, bool *kept, lathe_error *error) {
  int32_t size = work->columns;
  double *block = lathe_memory_raw((size_t)size * (size_t)size, sizeof *block, error);
  bool *columns = lathe_memory_new((size_t)size, sizeof *columns, error);
  bool fine = block && columns;
  for (int32_t j = 0; j < size && fine; j++)
    for (int32_t i = 0; i <= j; i++) {
      int32_t from_j = work->intercept ? (j + size - 1) % size : j,
              from_i = work->intercept ? (i + size - 1) % size : i;
      int32_t low = from_i < from_j ? from_i : from_j, high = from_i < from_j ? from_j : from_i;
      block[(int64_t)j * size + i] = hessian[(int64_t)high * work->parameters + low];
    }
  if (fine) lathe_cholesky(block, size, LATHE_CHOLESKY_TOLERANCE, columns);
  for (int32_t o = 0; o < work->outputs && fine; o++)
    for (int32_t j = 0; j < size; j++)
      kept[o * size + (work->intercept ? (j + size - 1) % size : j)] = columns[j];
  free(block);
  free(columns);
  return fine;
}

/* The step from `now`: -H^-1 g of the kept parameters; what it promises, g' H^-1 g / 2. */
static double find_plain(const glm_problem *work, glm_newton *n) {
  int32_t size = work->parameters;
  memcpy(n->factor, n->now + 1 + size, (size_t)size * (size_t)size * sizeof *n->factor);
  n->weak = lathe_cholesky(n->factor, size, 0, n->kept);
  for (int32_t i = 0; i < size; i++) n->step[i] = n->kept[i] ? -n->now[1 + i] : 0;
  lathe_cholesky_solve(n->factor, size, n->kept, n->step);
  double promise = 0;
  for (int32_t i = 0; i < size; i++) promise -= n->now[1 + i] * n->step[i] / 2;
  return promise;
}

/* With l1: to the least of the loss's quadratic and the penalty; what it promises. */
static bool find_sparse(const glm_problem *work, glm_newton *n, double *promise, lathe_error *error) {
  int64_t size = work->parameters;
  const double *gradient = n->now + 1, *hessian = gradient + size;
  lathe_quadratic *q = &n->quadratic;
  for (int64_t j = 0; j < size; j++)
    for (int64_t i = 0; i <= j; i++)
      n->factor[j * size + i] = n->factor[i * size + j] =
          n->kept[i] && n->kept[j] ? hessian[j * size + i] : 0;
  for (int64_t j = 0; j < size; j++) {
    double sum = 0;
    for (int64_t i = 0; i < size; i++) sum += n->factor[j * size + i] * work->theta[i];
    n->right[j] = n->kept[j] ? sum - gradient[j] : 0;
    q->b[j] = work->theta[j];
  }
  q->h = n->factor;
  q->c = n->right;
  q->penalty = n->penalty;
  if (!lathe_quadratic_solve(q, work->progress, error)) return false;
  *promise = 0;
  for (int64_t j = 0; j < size; j++) {
    double step = n->step[j] = q->b[j] - work->theta[j], curve = 0;
    for (int64_t i = 0; i < size; i++) curve += n->factor[j * size + i] * (q->b[i] - work->theta[i]);
    *promise -= step * (gradient[j] + curve / 2) + n->penalty[j] * (fabs(q->b[j]) - fabs(work->theta[j]));
  }
  return true;
}

static bool find_step(const glm_problem *work, glm_newton *n, double *promise, lathe_error *error) {
  if (work->l1 > 0) return find_sparse(work, n, promise, error);
  *promise = find_plain(work, n);
  return true;
}

/* Go along the step, half as far as long as the loss rises by more than its rounding; `gone` is false when no part of it will do. */
static bool go(glm_problem *work, glm_newton *n, bool *gone, lathe_error *error) {
  double part = 1;
  memcpy(n->kept_theta, work->theta, (size_t)work->parameters * sizeof *work->theta);
  *gone = false;
  for (int halved = 0; halved < 40 && !*gone; halved++, part /= 2) {
    for (int32_t i = 0; i < work->parameters; i++) work->theta[i] = n->kept_theta[i] + part * n->step[i];
    if (!glm_evaluate(work, n->next, error)) return false;
    *gone = n->next[0] <= n->now[0] + 1e-13 * (fabs(n->now[0]) + work->base);
  }
  if (*gone) {
    double *kept = n->now;
    n->now = n->next;
    n->next = kept;
  } else {
    memcpy(work->theta, n->kept_theta, (size_t)work->parameters * sizeof *work->theta);
  }
  return true;
}

/* Newton's steps from where theta is; `now` is what is known there. */
static bool descend(glm_problem *work, glm_newton *n, int32_t limit, lathe_error *error) {
  bool penalised = work->l1 > 0 || work->l2 > 0;
  for (int32_t i = 0; i < work->parameters; i++) {
    int32_t j = i % work->columns;
    n->kept[i] = true;
    n->penalty[i] = j == work->width ? 0 : work->l1 / (double)work->apart / work->unit[j];
  }
  if (!penalised && !find_aliased(work, n->now + 1 + work->parameters, n->kept, error)) return false;
  /* With all classes' intercepts free, only their differences matter. */
  if (penalised && work->outputs > 1 && work->intercept) n->kept[work->parameters - 1] = false;
  bool gone = true;
  n->converged = n->light = false;
  for (n->iterations = 0; n->iterations < limit && gone && !n->converged; n->iterations++) {
    double promise = 0;
    if (!find_step(work, n, &promise, error)) return false;
    if (!penalised && work->data->family == LATHE_GLM_CLASSES && !work->memory &&
        n->now[0] < GLM_SEPARATED * work->weight / (double)work->apart)
      return true; /* as will be said */
    double scale = fabs(n->now[0]) + work->base;
    n->light = work->light = penalised && promise <= work->settled * scale;
    bool fine = go(work, n, &gone, error);
    work->light = false;
    if (!fine) return false;
    n->converged = promise <= (gone ? work->settled : sqrt(work->settled)) * scale;
  }
  n->light = n->light && gone;
  n->stuck = !gone && !n->converged;
  return true;
}

/* Coefficients of a sample of strips, when that is large enough to come near those of all: most steps are then made there. They are put
 * back to where they began when they do not do. */
bool glm_descend(glm_problem *work, glm_newton *n, int32_t limit, double null_loss, lathe_error *error) {
  bool fine = true, warm = false;
  size_t bytes = (size_t)work->parameters * sizeof *work->theta;
  double *begin = lathe_memory_raw((size_t)work->parameters, sizeof *begin, error);
  if (!begin) return false;
  memcpy(begin, work->theta, bytes);
  if (limit > WARM_STEPS && !work->memory && work->rows >= ROWS_LEAST &&
      work->rows / APART >= WARM_ROWS * work->parameters) {
    work->apart = APART;
    work->settled = WARM_SETTLED;
    fine = glm_evaluate(work, n->now, error) && descend(work, n, WARM_STEPS, error);
    work->apart = 1;
    warm = n->converged;
  }
  work->settled = SETTLED;
  if (!warm) memcpy(work->theta, begin, bytes);
  fine = fine && glm_evaluate(work, n->now, error);
  if (fine && warm && !(n->now[0] <= null_loss)) {
    memcpy(work->theta, begin, bytes);
    fine = glm_evaluate(work, n->now, error);
  }
  free(begin);
  return fine && descend(work, n, limit, error);
}
