/* linear.c - see linear.h for the method. */
#include "linear.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../../base/memory.h"
#include "../../base/pool.h"
#include "gram.h"
#include "qr.h"
#include "singular.h"
#include "../training.h"
#include "triangle.h"

enum { STRIP_ROWS = 256, CHUNK_STRIPS = 16, CONDITION_COLUMNS = 200 };

/* ---- residuals ---- */

typedef struct {
  const lathe_linear_fit *fit;
  double *sums; /* (chunks, columns + 2): A'r, r'r, the sum of weight |r| */
} residual_work;

/* a b + the error of that product and of the sum so far (Ogita, Rump, Oishi 2005, Dot2). */
static void add_product(double a, double b, double *sum, double *carry) {
  double product = a * b, product_error = fma(a, b, -product);
  double next = *sum + product, part = next - *sum;
  *carry += product_error + ((*sum - (next - part)) + (product - part));
  *sum = next;
}

/* A'r to the last digit: where the design is hard, its square multiplies what is rounded here. */
static void dot_exactly(const double *a, int32_t columns, int64_t height, const double *residual,
                        double *sums) {
  for (int32_t j = 0; j < columns; j++) {
    double sum = 0, carry = 0;
    for (int64_t r = 0; r < height; r++) add_product(a[j * height + r], residual[r], &sum, &carry);
    sums[j] += sum + carry;
  }
}

static void sum_residuals(const residual_work *work, const double *a, int64_t begin, int64_t rows,
                          int64_t height, double *sums) {
  const lathe_linear_fit *fit = work->fit;
  const double *weights = fit->design.weights;
  int32_t columns = fit->design.columns;
  const double *residual = a + columns * height;
  if (fit->way == LATHE_TRIANGLE_PRODUCTS)
    lathe_gram_dot(a, columns, height, residual, sums);
  else
    dot_exactly(a, columns, height, residual, sums);
  lathe_gram_dot(residual, 1, height, residual, sums + columns);
  double absolute = 0;
  for (int64_t r = 0; r < rows; r++) absolute += fabs(residual[r]) * (weights ? sqrt(weights[begin + r]) : 1);
  sums[columns + 1] += absolute;
}

static bool residual_chunk(void *context, int64_t chunk, lathe_error *error) {
  const residual_work *work = context;
  const lathe_design *design = &work->fit->design;
  double *a = lathe_memory_raw(STRIP_ROWS * (size_t)design->size, sizeof *a, error);
  if (!a) return false;
  double *sums = work->sums + chunk * (design->columns + 2);
  int64_t begin = chunk * STRIP_ROWS * CHUNK_STRIPS, end = begin + STRIP_ROWS * CHUNK_STRIPS;
  if (end > design->rows) end = design->rows;
  bool fine = true;
  for (int64_t row = begin; fine && row < end; row += STRIP_ROWS) {
    int64_t rows = end - row < STRIP_ROWS ? end - row : STRIP_ROWS;
    int64_t height = (rows + LATHE_GRAM_LANES - 1) / LATHE_GRAM_LANES * LATHE_GRAM_LANES;
    fine = lathe_design_rows(design, row, rows, height, a, error);
    if (!fine) break;
    lathe_gram_subtract(a, design->columns, height, work->fit->solution, a + design->columns * height);
    sum_residuals(work, a, row, rows, height, sums);
  }
  free(a);
  lathe_progress_add(design->progress, end - begin);
  return fine;
}

/* Refine the solution by the residuals that it leaves: R'R d = A'r. Fills the sums of residuals. */
static bool refine(lathe_linear_fit *fit, lathe_error *error) {
  const lathe_design *design = &fit->design;
  int64_t chunks = (design->rows + STRIP_ROWS * CHUNK_STRIPS - 1) / (STRIP_ROWS * CHUNK_STRIPS),
          width = design->columns + 2;
  residual_work work = {fit, lathe_memory_new((size_t)(chunks * width), sizeof(double), error)};
  double *step = lathe_memory_new((size_t)design->columns, sizeof *step, error);
  bool fine = work.sums && step && lathe_pool_run(chunks, residual_chunk, &work, design->progress, error);
  double squares = 0, absolute = 0, unit = design->unit[design->width];
  for (int64_t c = 0; fine && c < chunks; c++) {
    const double *part = work.sums + c * width;
    for (int32_t j = 0, k = 0; j < design->columns; j++)
      if (fit->kept[j]) step[k++] += part[j];
    squares += part[design->columns];
    absolute += part[design->columns + 1];
  }
  if (fine) {
    lathe_triangle_solve_transposed(fit->column, fit->rank, step);
    lathe_triangle_solve(fit->column, fit->rank, step);
    for (int32_t j = 0, k = 0; j < design->columns; j++)
      if (fit->kept[j]) fit->solution[j] += step[k++];
    fit->residual_squares = squares * unit * unit;
    fit->absolute_sum = absolute * unit;
  }
  free(work.sums);
  free(step);
  return fine;
}

void lathe_linear_take_residuals(lathe_linear_fit *fit) {
  const lathe_design *design = &fit->design;
  const double *y = fit->reduced + (int64_t)design->columns * design->size;
  double squares = 0, unit = design->unit[design->width];
  for (int32_t i = fit->rank; i < design->size; i++) squares += y[i] * y[i];
  fit->residual_squares = squares * unit * unit;
  fit->absolute_sum = NAN;
}

/* ---- from the triangle to the fit ---- */

/* The kept columns of the triangle, and the first solution. */
bool lathe_linear_reduce(lathe_linear_fit *fit, lathe_error *error) {
  int32_t size = fit->design.size, columns = fit->design.columns;
  memcpy(fit->reduced, fit->whole, (size_t)size * (size_t)size * sizeof *fit->whole);
  fit->rank = lathe_qr_reduce(fit->reduced, size, columns, LATHE_LINEAR_TOLERANCE, fit->kept);
  if (fit->rank == 0)
    return lathe_error_set(error, LATHE_ERROR_DATA,
                           "every feature is 0 in every row; there is nothing to learn from");
  double *right = lathe_memory_raw((size_t)size, sizeof *right, error); /* Q'y */
  if (!right) return false;
  memcpy(right, fit->reduced + (int64_t)columns * size, (size_t)size * sizeof *right);
  for (int32_t j = 0, k = 0; j < columns; j++)
    if (fit->kept[j]) fit->column[k++] = fit->reduced + (int64_t)j * size;
  double unit = fit->design.unit[fit->design.width], explained = 0;
  for (int32_t k = fit->design.intercept; k < fit->rank; k++) explained += right[k] * right[k];
  fit->explained_squares = explained * unit * unit;
  lathe_triangle_solve(fit->column, fit->rank, right);
  for (int32_t j = 0, k = 0; j < columns; j++) fit->solution[j] = fit->kept[j] ? right[k++] : 0;
  free(right);
  return true;
}

/* The singular values of the features' columns at one length, the intercept's part taken out. */
static bool measure_condition(lathe_linear_fit *fit, const double *squares, lathe_error *error) {
  int32_t first = fit->design.intercept, count = fit->rank - first;
  fit->condition = NAN;
  if (count == 0 || count > CONDITION_COLUMNS) return true;
  double *a = lathe_memory_new((size_t)count * (size_t)count, sizeof *a, error);
  double *values = lathe_memory_new((size_t)count, sizeof *values, error);
  bool fine = a && values;
  for (int32_t k = 0; fine && k < count; k++)
    for (int32_t i = 0; i <= k; i++)
      a[(int64_t)k * count + i] = fit->column[k + first][i + first] / sqrt(squares[k + first]);
  fine = fine && lathe_singular(a, count, count, values, NULL, error);
  if (fine) fit->condition = values[0] / values[count - 1];
  free(a);
  free(values);
  return fine;
}

/* Standard errors and variance inflation in the units of the table. */
static bool measure_errors(lathe_linear_fit *fit, lathe_error *error) {
  const lathe_design *design = &fit->design;
  int32_t first = design->intercept;
  double *norms = lathe_memory_raw((size_t)fit->rank, sizeof *norms, error);
  double *squares = lathe_memory_new((size_t)fit->rank, sizeof *squares, error);
  double *direction = lathe_memory_raw((size_t)fit->rank, sizeof *direction, error);
  bool fine = norms && squares && direction && lathe_triangle_norms(fit->column, fit->rank, norms, error);
  double sigma = sqrt(fit->residual_squares / (double)(design->counted - fit->rank)), sum = 0;
  for (int32_t j = first, k = first; fine && j < design->columns; j++) {
    fit->errors[j] = fit->inflation[j] = NAN;
    if (!fit->kept[j]) continue;
    for (int32_t i = first; i <= k; i++) squares[k] += fit->column[k][i] * fit->column[k][i];
    fit->errors[j] = sigma * norms[k] / design->unit[j - first];
    fit->inflation[j] = norms[k] * norms[k] * squares[k];
    direction[k++] = -design->mean[j - first] / design->unit[j - first];
  }
  if (fine && first) {
    direction[0] = 1;
    lathe_triangle_solve_transposed(fit->column, fit->rank, direction);
    for (int32_t k = 0; k < fit->rank; k++) sum += direction[k] * direction[k];
    fit->errors[0] = sigma * sqrt(sum);
    fit->inflation[0] = NAN;
  }
  fine = fine && measure_condition(fit, squares, error);
  free(norms);
  free(squares);
  free(direction);
  return fine;
}

/* The target's mean, and its squares around that. */
static void measure_target(lathe_linear_fit *fit) {
  const lathe_design *design = &fit->design;
  double sum = 0, squares = 0;
  for (int64_t r = 0; r < design->rows; r++)
    sum += (design->weights ? design->weights[r] : 1) * design->target[r];
  fit->target_mean = sum / design->weight;
  for (int64_t r = 0; r < design->rows; r++) {
    double apart = design->target[r] - fit->target_mean;
    squares += (design->weights ? design->weights[r] : 1) * apart * apart;
  }
  fit->target_squares = squares;
}

/* Coefficients in the units of the table. */
static void scale_back(lathe_linear_fit *fit) {
  const lathe_design *design = &fit->design;
  int32_t first = design->intercept;
  double unit = design->unit[design->width], carry = 0;
  double sum = design->mean[design->width] + (first ? fit->solution[0] * unit : 0);
  for (int32_t j = first; j < design->columns; j++) {
    fit->estimates[j] = fit->solution[j] * unit / design->unit[j - first];
    add_product(-fit->estimates[j], design->mean[j - first], &sum, &carry);
  }
  if (first) fit->estimates[0] = sum + carry;
  fit->total_squares = fit->residual_squares + fit->explained_squares;
  fit->f_freedom = fit->rank - first;
  fit->f = fit->explained_squares / fit->f_freedom /
           (fit->residual_squares / (double)(design->counted - fit->rank));
}

bool lathe_linear_finish(lathe_linear_fit *fit, lathe_error *error) {
  if (!measure_errors(fit, error)) return false;
  scale_back(fit);
  return fit->total_squares > 0 ||
         lathe_error_set(
             error, LATHE_ERROR_DATA,
             "the target is the same in every row of a weight above 0; there is nothing to learn");
}

/* Features that follow from others are refused. */
static bool refuse_dependent(const lathe_linear_fit *fit, const char *const *names, lathe_error *error) {
  for (int32_t j = fit->design.intercept; j < fit->design.columns; j++) {
    if (fit->kept[j]) continue;
    lathe_buffer words = {0};
    if (lathe_linear_sentence(fit, names, j, &words, error))
      lathe_error_set(error, LATHE_ERROR_DATA,
                      "\"%s\" follows from the features before it: it is %s; leave it out, or fit with "
                      "collinear = \"drop\"",
                      names[j - fit->design.intercept], words.data);
    lathe_buffer_free(&words);
    return false;
  }
  return true;
}

static bool check_rows(const lathe_design *design, lathe_error *error) {
  if (design->counted > design->columns) return true;
  return lathe_error_set(error, LATHE_ERROR_DATA,
                         "%lld row%s%s cannot determine %d coefficients; give more rows, leave features out, "
                         "or add a penalty: lathe.ridge {}",
                         (long long)design->counted, design->counted == 1 ? "" : "s",
                         design->weights ? " of a weight above 0" : "", (int)design->columns);
}

bool lathe_linear_room(lathe_linear_fit *fit, lathe_error *error) {
  size_t size = (size_t)fit->design.size, columns = (size_t)fit->design.columns;
  fit->whole = lathe_memory_new(size * size, sizeof *fit->whole, error);
  fit->reduced = lathe_memory_new(size * size, sizeof *fit->reduced, error);
  fit->column = lathe_memory_new(columns, sizeof *fit->column, error);
  fit->kept = lathe_memory_new(columns, sizeof *fit->kept, error);
  fit->solution = lathe_memory_new(columns, sizeof *fit->solution, error);
  fit->estimates = lathe_memory_new(columns, sizeof *fit->estimates, error);
  fit->errors = lathe_memory_new(columns, sizeof *fit->errors, error);
  fit->inflation = lathe_memory_new(columns, sizeof *fit->inflation, error);
  return fit->whole && fit->reduced && fit->column && fit->kept && fit->solution && fit->estimates &&
         fit->errors && fit->inflation;
}

bool lathe_linear_solve(const lathe_graph *graph, int32_t matrix, const char *const *names,
                        const lathe_table *table, const double *target, const double *weights,
                        const lathe_linear_options *options, lathe_linear_fit *fit, lathe_progress *progress,
                        lathe_error *error) {
  lathe_design *design = &fit->design;
  if (!lathe_design_open(design, graph, matrix, table, target, weights, options->intercept, progress,
                         error) ||
      !check_rows(design, error))
    return false;
  if (!lathe_linear_room(fit, error)) return false;
  lathe_progress_begin(progress, "fit linear", 2 * design->rows);
  bool fine = lathe_triangle_of(design, matrix, names, table, fit->whole, &fit->way, error) &&
              lathe_linear_reduce(fit, error) && (!options->strict || refuse_dependent(fit, names, error)) &&
              (fit->way == LATHE_TRIANGLE_PRODUCTS_SURE ? (lathe_linear_take_residuals(fit), true)
                                                        : refine(fit, error));
  if (fine) measure_target(fit);
  fine = fine && lathe_linear_finish(fit, error);
  fine = fine && (options->covariance == LATHE_COVARIANCE_CLASSICAL ||
                  lathe_linear_robust(fit, options->covariance, error));
  lathe_progress_end(progress);
  return fine;
}

void lathe_linear_fit_free(lathe_linear_fit *fit) {
  lathe_design_free(&fit->design);
  free(fit->whole);
  free(fit->reduced);
  free(fit->column);
  free(fit->kept);
  free(fit->solution);
  free(fit->estimates);
  free(fit->errors);
  free(fit->inflation);
  *fit = (lathe_linear_fit){0};
}
