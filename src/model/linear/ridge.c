/* ridge.c - see ridge.h. */
#include "ridge.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../../base/memory.h"
#include "../../base/pool.h"
#include "gram.h"
#include "singular.h"
#include "triangle.h"

enum { STRIP_ROWS = 256, CHUNK_STRIPS = 16, GRID = 50 };

#define NOTHING 1e-13 /* of the largest singular value: less is none */

/* The centred problem, in the units of the table. */
typedef struct {
  lathe_ridge_fit *fit;
  int32_t width, rank;       /* features; singular values that are some */
  double *values, *v, *part; /* (width); (width, width); (width): U'y */
  double *centre;            /* (size): what is left of the mean in a column of the design */
  double *turn;              /* (rank, width): from columns of the design to those of U S */
  double outside;            /* of the squares of y: what no alpha reaches */
  double *sums;              /* (chunks, alphas) */
} problem;

/* Singular values of the slopes' part of the triangle. */
static bool decompose(problem *p, const double *r, lathe_error *error) {
  const lathe_design *design = &p->fit->design;
  int32_t size = design->size, width = p->width, first = design->intercept;
  double *a = lathe_memory_new((size_t)width * (size_t)width, sizeof *a, error), unit = design->unit[width],
         reached = 0;
  if (!a) return false;
  for (int32_t j = 0; j < width; j++)
    for (int32_t i = 0; i <= j; i++)
      a[(int64_t)j * width + i] = r[(int64_t)(j + first) * size + i + first] * design->unit[j];
  const double *y = r + (int64_t)(size - 1) * size + first;
  bool fine = lathe_singular(a, width, width, p->values, p->v, error);
  for (int32_t i = 0; i <= width; i++) p->outside += y[i] * y[i] * unit * unit;
  p->fit->total_squares = p->outside;
  for (int32_t k = 0; fine && k < width && p->values[k] > NOTHING * p->values[0]; k++, p->rank++) {
    double sum = 0;
    for (int32_t i = 0; i < width; i++) sum += a[(int64_t)k * width + i] * y[i];
    p->part[k] = sum / p->values[k] * unit;
    reached += p->part[k] * p->part[k];
  }
  p->outside = p->outside > reached ? p->outside - reached : 0;
  for (int32_t j = 0; j < size; j++) p->centre[j] = first ? r[(int64_t)j * size] / r[0] : 0;
  for (int32_t k = 0; k < p->rank; k++)
    for (int32_t j = 0; j < width; j++)
      p->turn[(int64_t)k * width + j] = -p->v[(int64_t)k * width + j] * design->unit[j];
  free(a);
  return fine;
}

/* What does not need the rows: coefficients, freedom and squares for each alpha. */
static void walk_alphas(const problem *p) {
  lathe_ridge_fit *fit = p->fit;
  const lathe_design *design = &fit->design;
  int32_t first = design->intercept;
  double rows = (double)design->counted, unit = design->unit[p->width];
  fit->target_mean = design->mean[p->width] + unit * p->centre[design->columns];
  for (int32_t a = 0; a < fit->count; a++) {
    double alpha = fit->alphas[a], freedom = first, squares = p->outside,
           *b = fit->estimates + (int64_t)a * design->columns;
    for (int32_t k = 0; k < p->rank; k++) {
      double square = p->values[k] * p->values[k], kept = square / (square + alpha),
             lost = p->part[k] * alpha / (square + alpha);
      freedom += kept;
      squares += lost * lost;
      for (int32_t j = 0; j < p->width; j++)
        b[j + first] += p->v[(int64_t)k * p->width + j] * (kept * p->part[k] / p->values[k]);
    }
    if (first) b[0] = fit->target_mean;
    for (int32_t j = 0; first && j < p->width; j++)
      b[0] -= b[j + 1] * (design->mean[j] + design->unit[j] * p->centre[j + 1]);
    fit->freedom[a] = freedom;
    fit->squares[a] = squares;
    fit->general[a] = freedom < rows ? squares / ((1 - freedom / rows) * (1 - freedom / rows)) : NAN;
    fit->left_out[a] = NAN;
  }
}

/* The squares of what each row of a strip would leave, were it not there: added to `sums` (alphas). `a` is the strip's design, `room`
 * (2 rank + 2, height) and behind them (rank). */
static void add_left_out(const problem *p, double *a, int64_t rows, int64_t height, double *room,
                         double *sums) {
  const lathe_ridge_fit *fit = p->fit;
  const lathe_design *design = &fit->design;
  int32_t first = design->intercept, rank = p->rank;
  double *z = room, *squares = z + rank * height, *residual = squares + rank * height,
         *leverage = residual + height;
  double *of = leverage + height;
  double *y = a + design->columns * height, unit = design->unit[p->width];
  for (int32_t j = first; first && j < design->size; j++)
    for (int64_t r = 0; r < height; r++) a[j * height + r] -= p->centre[j] * a[r];
  for (int64_t r = 0; r < height; r++) y[r] *= unit;
  memset(z, 0, (size_t)(rank * height) * sizeof *z);
  for (int32_t k = 0; k < rank; k++) {
    lathe_gram_subtract(a + first * height, p->width, height, p->turn + (int64_t)k * p->width,
                        z + k * height);
    for (int64_t r = 0; r < height; r++) squares[k * height + r] = z[k * height + r] * z[k * height + r];
  }
  for (int32_t c = 0; c < fit->count; c++) {
    double alpha = fit->alphas[c];
    for (int32_t k = 0; k < rank; k++)
      of[k] = p->values[k] * p->part[k] / (p->values[k] * p->values[k] + alpha);
    memcpy(residual, y, (size_t)height * sizeof *y);
    lathe_gram_subtract(z, rank, height, of, residual);
    for (int64_t r = 0; r < height; r++) leverage[r] = first ? 1 - a[r] * a[r] / design->weight : 1;
    for (int32_t k = 0; k < rank; k++) of[k] = 1 / (p->values[k] * p->values[k] + alpha);
    lathe_gram_subtract(squares, rank, height, of, leverage);
    for (int64_t r = 0; r < rows; r++) {
      double left = residual[r] / leverage[r];
      sums[c] += leverage[r] > 1e-12 ? left * left : NAN;
    }
  }
}

static bool left_out_chunk(void *context, int64_t chunk, lathe_error *error) {
  const problem *p = context;
  const lathe_design *design = &p->fit->design;
  size_t columns = (size_t)design->size + 2 * (size_t)p->rank + 2;
  double *a = lathe_memory_raw(STRIP_ROWS * columns + (size_t)p->rank, sizeof *a, error);
  if (!a) return false;
  int64_t begin = chunk * STRIP_ROWS * CHUNK_STRIPS, end = begin + STRIP_ROWS * CHUNK_STRIPS;
  if (end > design->rows) end = design->rows;
  bool fine = true;
  for (int64_t row = begin; fine && row < end; row += STRIP_ROWS) {
    int64_t rows = end - row < STRIP_ROWS ? end - row : STRIP_ROWS;
    int64_t height = (rows + LATHE_GRAM_LANES - 1) / LATHE_GRAM_LANES * LATHE_GRAM_LANES;
    fine = lathe_design_rows(design, row, rows, height, a, error);
    if (fine) add_left_out(p, a, rows, height, a + design->size * height, p->sums + chunk * p->fit->count);
  }
  free(a);
  lathe_progress_add(design->progress, end - begin);
  return fine;
}

static bool leave_out(problem *p, lathe_error *error) {
  lathe_ridge_fit *fit = p->fit;
  int64_t chunks = (fit->design.rows + STRIP_ROWS * CHUNK_STRIPS - 1) / (STRIP_ROWS * CHUNK_STRIPS);
  p->sums = lathe_memory_new((size_t)(chunks * fit->count), sizeof *p->sums, error);
  if (!p->sums || !lathe_pool_run(chunks, left_out_chunk, p, fit->design.progress, error)) return false;
  for (int32_t a = 0; a < fit->count; a++) {
    fit->left_out[a] = 0;
    for (int64_t c = 0; c < chunks; c++) fit->left_out[a] += p->sums[c * fit->count + a];
  }
  return true;
}

static int ascending(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* The alphas that are tried: those given, or from a millionth of the largest singular value's square to ten times as much. */
static bool set_alphas(lathe_ridge_fit *fit, const lathe_ridge_options *options, double largest,
                       lathe_error *error) {
  bool one = options->choice == LATHE_RIDGE_GIVEN, grid = !one && options->alpha_count == 0;
  fit->count = one ? 1 : grid ? GRID : options->alpha_count;
  size_t count = (size_t)fit->count;
  fit->alphas = lathe_memory_new(count, sizeof *fit->alphas, error);
  fit->freedom = lathe_memory_new(count, sizeof *fit->freedom, error);
  fit->squares = lathe_memory_new(count, sizeof *fit->squares, error);
  fit->left_out = lathe_memory_new(count, sizeof *fit->left_out, error);
  fit->general = lathe_memory_new(count, sizeof *fit->general, error);
  fit->estimates = lathe_memory_new(count * (size_t)fit->design.columns, sizeof *fit->estimates, error);
  if (!fit->alphas || !fit->freedom || !fit->squares || !fit->left_out || !fit->general || !fit->estimates)
    return false;
  double square = largest > 0 ? largest * largest : 1;
  for (int32_t a = 0; a < fit->count; a++)
    fit->alphas[a] = one    ? options->alpha
                     : grid ? square * pow(10, -6 + 7.0 * a / (GRID - 1))
                            : options->alphas[a];
  qsort(fit->alphas, count, sizeof *fit->alphas, ascending);
  return true;
}

static bool choose(lathe_ridge_fit *fit, lathe_ridge_choice choice, lathe_error *error) {
  const double *errors = choice == LATHE_RIDGE_LEAVE_ONE_OUT ? fit->left_out : fit->general;
  if (choice == LATHE_RIDGE_GIVEN) return true;
  fit->chosen = -1;
  for (int32_t a = 0; a < fit->count; a++)
    if (isfinite(errors[a]) && (fit->chosen < 0 || errors[a] < errors[fit->chosen])) fit->chosen = a;
  return fit->chosen >= 0 || lathe_error_set(error, LATHE_ERROR_DATA,
                                             "no alpha can be chosen, for with each the fit is exact in some "
                                             "row; give larger alphas, or more rows");
}

static bool solve(problem *p, const lathe_ridge_options *options, double *r, lathe_error *error) {
  lathe_ridge_fit *fit = p->fit;
  return decompose(p, r, error) &&
         (fit->total_squares > 0 ||
          lathe_error_set(
              error, LATHE_ERROR_DATA,
              "the target is the same in every row of a weight above 0; there is nothing to learn")) &&
         set_alphas(fit, options, p->values[0], error) && (walk_alphas(p), true) &&
         (options->choice != LATHE_RIDGE_LEAVE_ONE_OUT || leave_out(p, error)) &&
         choose(fit, options->choice, error);
}

bool lathe_ridge_solve(const lathe_graph *graph, int32_t matrix, const char *const *names,
                       const lathe_table *table, const double *target, const double *weights,
                       const lathe_ridge_options *options, lathe_ridge_fit *fit, lathe_progress *progress,
                       lathe_error *error) {
  lathe_design *design = &fit->design;
  if (!lathe_design_open(design, graph, matrix, table, target, weights, options->intercept, progress, error))
    return false;
  if (design->counted < 2)
    return lathe_error_set(error, LATHE_ERROR_DATA,
                           "one row of a weight above 0 is too few for a regression; give more rows");
  size_t width = (size_t)design->width, size = (size_t)design->size;
  problem p = {.fit = fit, .width = design->width};
  lathe_triangle_way way;
  double *r = lathe_memory_new(size * size, sizeof *r, error);
  p.values = lathe_memory_new(width, sizeof *p.values, error);
  p.v = lathe_memory_new(width * width, sizeof *p.v, error);
  p.part = lathe_memory_new(width, sizeof *p.part, error);
  p.centre = lathe_memory_new(size, sizeof *p.centre, error);
  p.turn = lathe_memory_new(width * width, sizeof *p.turn, error);
  lathe_progress_begin(progress, "fit ridge", 2 * design->rows);
  bool fine = r && p.values && p.v && p.part && p.centre && p.turn &&
              lathe_triangle_of(design, matrix, names, table, r, &way, error) && solve(&p, options, r, error);
  lathe_progress_end(progress);
  free(r);
  free(p.values);
  free(p.v);
  free(p.part);
  free(p.centre);
  free(p.turn);
  free(p.sums);
  return fine;
}

void lathe_ridge_fit_free(lathe_ridge_fit *fit) {
  lathe_design_free(&fit->design);
  free(fit->alphas);
  free(fit->freedom);
  free(fit->squares);
  free(fit->left_out);
  free(fit->general);
  free(fit->estimates);
  *fit = (lathe_ridge_fit){0};
}
