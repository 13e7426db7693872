/* lasso_choose.c - which alpha of the path: by rows that are left out, fold by fold, or by an information criterion. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../../base/memory.h"
#include "../../base/pool.h"
#include "lasso.h"

typedef struct {
  lathe_lasso_fit *fit;
  const lathe_lasso_problem *problem;
  const double *products;
  int32_t folds;
  double *errors; /* (folds, count): mean squared errors of a fold's rows */
  double *weight; /* (folds) */
  bool *settled;  /* (folds + 1) */
} work;

/* Products of the rows of all folds but one. */
static void add_others(const work *w, int32_t fold, double *sum) {
  int64_t square = (int64_t)w->fit->design.size * w->fit->design.size;
  memset(sum, 0, (size_t)square * sizeof *sum);
  for (int32_t f = 0; f < w->folds; f++)
    for (int64_t i = 0; f != fold && i < square; i++) sum[i] += w->products[f * square + i];
}

/* The squares of what a fold's rows leave under coefficients b (columns): v'Pv, where v takes the target and b away from it. */
static double squares_of(const lathe_design *design, const double *products, const double *b, int32_t *places,
                         double *values) {
  int32_t size = design->size, first = design->intercept, count = 0, width = design->width;
  double y_unit = design->unit[width], bias = design->mean[width] - (first ? b[0] : 0), sum = 0;
  for (int32_t j = 0; j < width; j++) {
    if (b[j + first] == 0) continue;
    bias -= b[j + first] * design->mean[j];
    places[count] = j + first;
    values[count++] = -b[j + first] * design->unit[j];
  }
  if (first) {
    places[count] = 0;
    values[count++] = bias;
  }
  places[count] = size - 1;
  values[count++] = y_unit;
  for (int32_t k = 0; k < count; k++)
    for (int32_t i = 0; i < count; i++) {
      int32_t low = places[i] < places[k] ? places[i] : places[k], high = places[i] + places[k] - low;
      sum += values[i] * values[k] * products[(int64_t)high * size + low];
    }
  return sum > 0 ? sum : 0;
}

static bool leave_out(const work *w, int32_t fold, lathe_error *error) {
  const lathe_lasso_fit *fit = w->fit;
  const lathe_design *design = &fit->design;
  size_t size = (size_t)design->size, columns = (size_t)design->columns;
  const double *own = w->products + fold * (int64_t)(size * size);
  lathe_lasso_problem problem = {0};
  double *sum = lathe_memory_raw(size * size, sizeof *sum, error);
  double *estimates = lathe_memory_raw(columns * (size_t)fit->count, sizeof *estimates, error);
  double *values = lathe_memory_raw(size, sizeof *values, error);
  int32_t *places = lathe_memory_raw(size, sizeof *places, error);
  bool fine = sum && estimates && values && places;
  if (fine) add_others(w, fold, sum);
  fine = fine && lathe_lasso_centre(design, sum, &problem, error);
  problem.weight = design->weight - w->weight[fold];
  fine = fine && lathe_lasso_path(fit, &problem, estimates, NULL, NULL, &w->settled[fold + 1], error);
  for (int32_t a = 0; fine && a < fit->count; a++)
    w->errors[fold * fit->count + a] =
        squares_of(design, own, estimates + a * (int64_t)columns, places, values) / w->weight[fold];
  lathe_lasso_problem_free(&problem);
  free(sum);
  free(estimates);
  free(values);
  free(places);
  return fine;
}

/* Chunk 0: the path of all rows; the others: of all but a fold. */
static bool walk_chunk(void *context, int64_t chunk, lathe_error *error) {
  work *w = context;
  lathe_lasso_fit *fit = w->fit;
  if (chunk == 0)
    return lathe_lasso_path(fit, w->problem, fit->estimates, fit->squares, fit->nonzero, &w->settled[0],
                            error);
  return leave_out(w, (int32_t)chunk - 1, error);
}

/* The mean over the folds, which count alike unless rows have weights, and its standard error. */
static void average(const work *w) {
  lathe_lasso_fit *fit = w->fit;
  for (int32_t a = 0; a < fit->count; a++) {
    double weight = 0, sum = 0, squares = 0;
    for (int32_t f = 0; f < w->folds; f++) {
      double own = fit->design.weights ? w->weight[f] : 1;
      weight += own;
      sum += own * w->errors[f * fit->count + a];
    }
    double mean = sum / weight;
    for (int32_t f = 0; f < w->folds; f++) {
      double own = fit->design.weights ? w->weight[f] : 1, apart = w->errors[f * fit->count + a] - mean;
      squares += own * apart * apart;
    }
    fit->left_out[a] = mean;
    fit->spread[a] = sqrt(squares / weight / (w->folds - 1));
  }
}

static bool weigh_folds(const work *w, const int32_t *fold, lathe_error *error) {
  const lathe_design *design = &w->fit->design;
  for (int64_t r = 0; fold && r < design->rows; r++)
    w->weight[fold[r]] += design->weights ? design->weights[r] : 1;
  for (int32_t f = 0; f < w->folds; f++)
    if (!(w->weight[f] > 0))
      return lathe_error_set(
          error, LATHE_ERROR_DATA,
          "all rows of a fold have the weight 0; ask for fewer folds, or give another seed");
  return true;
}

bool lathe_lasso_walk(lathe_lasso_fit *fit, const lathe_lasso_problem *problem, const double *products,
                      const int32_t *fold, int32_t folds, lathe_error *error) {
  size_t count = (size_t)folds;
  work w = {.fit = fit, .problem = problem, .products = products, .folds = folds};
  w.errors = lathe_memory_new(count * (size_t)fit->count, sizeof(double), error);
  w.weight = lathe_memory_new(count, sizeof(double), error);
  w.settled = lathe_memory_new(count + 1, sizeof(bool), error);
  bool fine = w.errors && w.weight && w.settled && weigh_folds(&w, fold, error) &&
              lathe_pool_run(folds + 1, walk_chunk, &w, fit->design.progress, error);
  fit->settled = fine;
  for (int32_t f = 0; fine && f <= folds; f++) fit->settled = fit->settled && w.settled[f];
  if (fine && folds > 0) average(&w);
  free(w.errors);
  free(w.weight);
  free(w.settled);
  return fine;
}

/* n ln(squares / n) + what each coefficient that is not 0 costs (Zou, Hastie, Tibshirani 2007: their number is the freedom). */
static void judge(lathe_lasso_fit *fit, bool bayes) {
  double rows = (double)fit->design.counted, each = bayes ? log(rows) : 2;
  for (int32_t a = 0; a < fit->count; a++)
    fit->criterion[a] = rows * log(fit->squares[a] / rows) + each * (fit->nonzero[a] + fit->design.intercept);
}

void lathe_lasso_choose(lathe_lasso_fit *fit, lathe_lasso_choice choice) {
  fit->chosen = fit->best = 0;
  if (choice == LATHE_LASSO_GIVEN) return;
  bool criterion = choice == LATHE_LASSO_AIC || choice == LATHE_LASSO_BIC;
  if (criterion) judge(fit, choice == LATHE_LASSO_BIC);
  const double *by = criterion ? fit->criterion : fit->left_out;
  for (int32_t a = 1; a < fit->count; a++)
    if (by[a] < by[fit->best]) fit->best = a;
  fit->chosen = fit->best;
  if (choice != LATHE_LASSO_ONE_STANDARD_ERROR) return;
  double bound = by[fit->best] + fit->spread[fit->best];
  for (int32_t a = fit->best; a >= 0; a--)
    if (by[a] <= bound) fit->chosen = a;
}
