/* lasso.c - see lasso.h. */
#include "lasso.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../../base/memory.h"
#include "../../prepare/split.h"
#include "products.h"
#include "quadratic.h"

enum { GRID = 100 };

#define GRID_LEAST 1e-3 /* the least alpha tried, as a part of the one that leaves no coefficient */
#define LARGE 1e6       /* values: the centres are guessed first, which saves a walk */
#define FAR 0.01        /* of a column's square about its guessed centre, at least, is about its own */
#define NOTHING 1e-13   /* of that square: less is rounding */

/* ---- the problem ---- */

bool lathe_lasso_centre(const lathe_design *design, const double *products, lathe_lasso_problem *problem,
                        lathe_error *error) {
  int32_t size = design->size, width = design->width, first = design->intercept, last = size - 1;
  size_t count = (size_t)width;
  problem->gram = lathe_memory_raw(count * count, sizeof(double), error);
  problem->xy = lathe_memory_raw(count, sizeof(double), error);
  problem->mean = lathe_memory_raw(count, sizeof(double), error);
  if (!problem->gram || !problem->xy || !problem->mean) return false;
  double weight = problem->weight = first ? products[0] : 0;
  double y_unit = design->unit[width],
         y_left = first && weight > 0 ? products[(int64_t)last * size] / weight : 0;
  for (int32_t k = 0; k < width; k++) {
    const double *column = products + (int64_t)(k + first) * size;
    double left = first && weight > 0 ? column[0] / weight : 0, whole = column[k + first];
    double *to = problem->gram + (int64_t)k * width, unit = design->unit[k];
    for (int32_t j = 0; j <= k; j++)
      to[j] = (column[j + first] - (first ? products[(int64_t)(j + first) * size] * left : 0)) * unit *
              design->unit[j];
    if (!(to[k] > NOTHING * whole * unit * unit)) memset(to, 0, (size_t)(k + 1) * sizeof *to);
    const double *y = products + (int64_t)last * size;
    problem->xy[k] = to[k] > 0 ? (y[k + first] - (first ? column[0] * y_left : 0)) * unit * y_unit : 0;
    problem->mean[k] = first ? design->mean[k] + unit * left : 0;
  }
  for (int32_t k = 0; k < width; k++)
    for (int32_t j = 0; j < k; j++) {
      double *here = problem->gram + (int64_t)k * width + j;
      if (problem->gram[(int64_t)j * width + j] == 0) *here = 0;
      problem->gram[(int64_t)j * width + k] = *here;
    }
  double y_whole = products[(int64_t)last * size + last];
  problem->yy = (y_whole - (first ? products[(int64_t)last * size] * y_left : 0)) * y_unit * y_unit;
  problem->y_mean = first ? design->mean[width] + y_unit * y_left : 0;
  return true;
}

void lathe_lasso_problem_free(lathe_lasso_problem *problem) {
  free(problem->gram);
  free(problem->xy);
  free(problem->mean);
  *problem = (lathe_lasso_problem){0};
}

/* ---- the path ---- */

static void keep_solution(const lathe_lasso_fit *fit, const lathe_lasso_problem *problem,
                          const lathe_quadratic *q, int32_t a, double *estimates, double *squares,
                          int32_t *nonzero) {
  int32_t first = fit->design.intercept, width = fit->design.width, count = 0;
  double *b = estimates + (int64_t)a * fit->design.columns, left = problem->yy, bias = problem->y_mean;
  for (int32_t j = 0; j < width; j++) {
    double one = b[j + first] = q->b[j];
    if (one == 0) continue;
    count++;
    left -= one * (problem->xy[j] + q->gradient[j] + q->ridge * one);
    bias -= one * problem->mean[j];
  }
  if (first) b[0] = bias;
  if (squares) squares[a] = left > 0 ? left : 0;
  if (nonzero) nonzero[a] = count;
}

bool lathe_lasso_path(const lathe_lasso_fit *fit, const lathe_lasso_problem *problem, double *estimates,
                      double *squares, int32_t *nonzero, bool *settled, lathe_error *error) {
  int32_t width = fit->design.width;
  lathe_quadratic q = {.h = problem->gram, .c = problem->xy};
  double *penalty = lathe_memory_raw((size_t)width, sizeof *penalty, error);
  bool fine = penalty && lathe_quadratic_open(&q, width, error);
  q.penalty = penalty;
  *settled = true;
  for (int32_t a = 0; fine && a < fit->count; a++) {
    double alpha = fit->alphas[a] * problem->weight;
    for (int32_t j = 0; j < width; j++) penalty[j] = alpha * fit->l1_ratio;
    q.ridge = alpha * (1 - fit->l1_ratio);
    fine = lathe_quadratic_solve(&q, fit->design.progress, error);
    *settled = *settled && q.settled;
    if (fine) keep_solution(fit, problem, &q, a, estimates, squares, nonzero);
  }
  lathe_quadratic_free(&q);
  free(penalty);
  return fine;
}

/* ---- what is asked for ---- */

static int descending(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x < y) - (x > y);
}

static bool room(lathe_lasso_fit *fit, lathe_error *error) {
  size_t count = (size_t)fit->count;
  fit->alphas = lathe_memory_new(count, sizeof(double), error);
  fit->nonzero = lathe_memory_new(count, sizeof(int32_t), error);
  fit->squares = lathe_memory_new(count, sizeof(double), error);
  fit->left_out = lathe_memory_new(count, sizeof(double), error);
  fit->spread = lathe_memory_new(count, sizeof(double), error);
  fit->criterion = lathe_memory_new(count, sizeof(double), error);
  fit->estimates = lathe_memory_new(count * (size_t)fit->design.columns, sizeof(double), error);
  return fit->alphas && fit->nonzero && fit->squares && fit->left_out && fit->spread && fit->criterion &&
         fit->estimates;
}

/* The alphas: the one given, those to choose among, or evenly on a log scale from the least that leaves no coefficient. */
static bool set_alphas(lathe_lasso_fit *fit, const lathe_lasso_options *options,
                       const lathe_lasso_problem *problem, lathe_error *error) {
  bool one = options->choice == LATHE_LASSO_GIVEN, grid = !one && options->alpha_count == 0;
  double most = 0;
  for (int32_t j = 0; j < fit->design.width; j++) most = fmax(most, fabs(problem->xy[j]));
  if (grid && !(most > 0))
    return lathe_error_set(error, LATHE_ERROR_DATA,
                           "no feature goes with the target: all products with it are 0, so there is no path "
                           "to choose from; give alpha as a number");
  fit->l1_ratio = options->l1_ratio;
  fit->count = one ? 1 : grid ? GRID : options->alpha_count;
  if (!room(fit, error)) return false;
  most /= problem->weight * fit->l1_ratio;
  for (int32_t a = 0; a < fit->count; a++) {
    fit->alphas[a] = one    ? options->alpha
                     : grid ? most * pow(GRID_LEAST, (double)a / (GRID - 1))
                            : options->alphas[a];
    fit->left_out[a] = fit->spread[a] = fit->criterion[a] = NAN;
  }
  qsort(fit->alphas, (size_t)fit->count, sizeof *fit->alphas, descending);
  return true;
}

/* Whether the products of guessed centres have their digits. */
static bool near(const lathe_design *design, const double *products, int32_t folds) {
  int64_t size = design->size, square = size * size;
  for (int64_t j = 0; j < size; j++) {
    double whole = 0, shift = 0, weight = 0;
    for (int32_t f = 0; f < folds; f++) {
      const double *p = products + f * square;
      whole += p[j * size + j];
      shift += p[j * size];
      weight += p[0];
    }
    double own = design->intercept ? whole - shift * shift / weight : whole;
    if (!(whole > 1e-200 && whole < 1e200)) return false; /* NaN, too */
    if ((j > 0 || !design->intercept) && !(own > FAR * whole)) return false;
  }
  return true;
}

static bool multiply(lathe_design *design, int32_t matrix, const char *const *names, const lathe_table *table,
                     const int32_t *fold, int32_t folds, double *products, lathe_error *error) {
  int32_t parts = folds > 0 ? folds : 1;
  if ((double)design->rows * design->size > LARGE && lathe_design_guess(design)) {
    if (!lathe_products_of(design, fold, parts, products, error)) return false;
    if (near(design, products, parts)) return true;
  }
  return lathe_design_measure(design, matrix, names, table, error) &&
         lathe_products_of(design, fold, parts, products, error);
}

static bool check(const lathe_design *design, int32_t folds, lathe_error *error) {
  if (design->width > LATHE_LASSO_FEATURES)
    return lathe_error_set(
        error, LATHE_ERROR_DATA,
        "a lasso takes up to %d features, not %d, for it keeps the products of all with all; "
        "leave features out",
        (int)LATHE_LASSO_FEATURES, design->width);
  if (design->counted < 2)
    return lathe_error_set(error, LATHE_ERROR_DATA,
                           "one row of a weight above 0 is too few for a regression; give more rows");
  return design->counted >= folds ||
         lathe_error_set(error, LATHE_ERROR_DATA,
                         "%d folds need as many rows, and there are %lld; ask for fewer folds, or give alpha",
                         folds, (long long)design->counted);
}

/* All of it, the sum of the folds. */
static void add_folds(const double *products, int32_t folds, int64_t square, double *sum) {
  memcpy(sum, products, (size_t)square * sizeof *sum);
  for (int32_t f = 1; f < folds; f++)
    for (int64_t i = 0; i < square; i++) sum[i] += products[f * square + i];
}

static bool solve(lathe_lasso_fit *fit, const lathe_lasso_options *options, const double *products,
                  const int32_t *fold, int32_t folds, lathe_error *error) {
  lathe_design *design = &fit->design;
  int64_t square = (int64_t)design->size * design->size;
  double *sum = folds > 0 ? lathe_memory_raw((size_t)square, sizeof *sum, error) : NULL;
  lathe_lasso_problem problem = {0};
  if (sum) add_folds(products, folds, square, sum);
  bool fine = (sum || folds == 0) && lathe_lasso_centre(design, sum ? sum : products, &problem, error);
  problem.weight = design->weight;
  if (fine && !(problem.yy > 0))
    fine =
        lathe_error_set(error, LATHE_ERROR_DATA,
                        "the target is the same in every row of a weight above 0; there is nothing to learn");
  fit->total_squares = problem.yy;
  fit->target_mean = problem.y_mean;
  fine = fine && set_alphas(fit, options, &problem, error) &&
         lathe_lasso_walk(fit, &problem, products, fold, folds, error);
  if (fine) lathe_lasso_choose(fit, options->choice);
  lathe_lasso_problem_free(&problem);
  free(sum);
  return fine;
}

bool lathe_lasso_solve(const lathe_graph *graph, int32_t matrix, const char *const *names,
                       const lathe_table *table, const double *target, const double *weights,
                       const lathe_lasso_options *options, lathe_lasso_fit *fit, lathe_progress *progress,
                       lathe_error *error) {
  lathe_design *design = &fit->design;
  bool crossed =
      options->choice == LATHE_LASSO_LEAST_ERROR || options->choice == LATHE_LASSO_ONE_STANDARD_ERROR;
  int32_t folds = crossed ? options->folds : 0;
  if (!lathe_design_open(design, graph, matrix, table, target, weights, options->intercept, progress,
                         error) ||
      !check(design, folds, error))
    return false;
  size_t square = (size_t)design->size * (size_t)design->size, parts = folds > 0 ? (size_t)folds : 1;
  double *products = lathe_memory_raw(square * parts, sizeof *products, error);
  int32_t *fold = folds > 0 ? lathe_memory_raw((size_t)design->rows, sizeof *fold, error) : NULL;
  lathe_progress_begin(progress, "fit lasso", design->rows);
  bool fine = products && (fold || folds == 0) &&
              (folds == 0 || lathe_split_folds(design->rows, NULL, NULL, folds, true,
                                               (int64_t)options->fit.seed, fold, error)) &&
              multiply(design, matrix, names, table, fold, folds, products, error) &&
              solve(fit, options, products, fold, folds, error);
  lathe_progress_end(progress);
  free(products);
  free(fold);
  return fine;
}

void lathe_lasso_fit_free(lathe_lasso_fit *fit) {
  lathe_design_free(&fit->design);
  free(fit->alphas);
  free(fit->nonzero);
  free(fit->squares);
  free(fit->left_out);
  free(fit->spread);
  free(fit->criterion);
  free(fit->estimates);
  *fit = (lathe_lasso_fit){0};
}
