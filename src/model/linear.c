/* linear.c - ordinary least squares: see linear.h for the method. */
#include "linear.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../base/memory.h"
#include "../base/pool.h"
#include "../graph/run.h"
#include "qr.h"
#include "training.h"

enum { CHUNK_ROWS = 2048, GROUP = 16 };

/* One problem on its way. Columns of the design: 1 when there is an intercept, then (x - mean) / unit; behind
 * them the target. */
typedef struct {
  const lathe_run *run;
  const double *target;
  int64_t rows, chunk_rows, chunks;
  int32_t width, columns; /* features; columns of the design */
  bool intercept;
  double *mean, *unit; /* (width); units are powers of two */
  double target_mean, target_unit;
  lathe_progress *progress;
  /* TSQR */
  double *stack; /* (columns + 1 a column, GROUP + 1 triangles on each other) */
  int64_t first; /* the first chunk of this group */
  /* refinement */
  const double *solution; /* (columns), in the units of the design */
  double *gradients;      /* (chunks, columns + 2): A'r, r'r, sum of |r| */
} problem;

static int64_t rows_of(const problem *work, int64_t chunk) {
  int64_t begin = chunk * work->chunk_rows;
  return work->rows - begin < work->chunk_rows ? work->rows - begin : work->chunk_rows;
}

/* The design and target of a chunk, (columns + 1, rows) column-major; NULL with an error. */
static double *design_of(const problem *work, int64_t chunk, lathe_error *error) {
  int64_t begin = chunk * work->chunk_rows, rows = rows_of(work, chunk);
  double *a = lathe_memory_raw((size_t)rows * ((size_t)work->columns + 1), sizeof *a, error);
  if (!a) return NULL;
  double *x = a;
  for (int64_t r = 0; work->intercept && r < rows; r++) *x++ = 1;
  if (!lathe_run_block(work->run, begin, rows, x, 1, rows, error)) {
    free(a);
    return NULL;
  }
  for (int32_t j = 0; j < work->width; j++, x += rows) {
    double mean = work->mean[j], inverse = 1 / work->unit[j];
    for (int64_t r = 0; r < rows; r++) x[r] = (x[r] - mean) * inverse;
  }
  double inverse = 1 / work->target_unit;
  for (int64_t r = 0; r < rows; r++) x[r] = (work->target[begin + r] - work->target_mean) * inverse;
  return a;
}

/* Copy the triangle of `a` (rows, size) to where it belongs in the stack; what is below it is 0. */
static void stack_triangle(const problem *work, const double *a, int64_t rows, int64_t place) {
  int64_t size = work->columns + 1, height = (GROUP + 1) * size;
  for (int64_t j = 0; j < size; j++)
    for (int64_t i = 0; i < size; i++)
      work->stack[j * height + place * size + i] = i <= j && i < rows ? a[j * rows + i] : 0;
}

static bool triangle_chunk(void *context, int64_t chunk, lathe_error *error) {
  const problem *work = context;
  int64_t rows = rows_of(work, work->first + chunk);
  double *a = design_of(work, work->first + chunk, error);
  if (!a) return false;
  bool fine = lathe_qr_triangle(a, rows, work->columns + 1, error);
  if (fine) stack_triangle(work, a, rows, chunk + 1);
  free(a);
  lathe_progress_add(work->progress, rows);
  return fine;
}

/* The triangle of all rows to `r` (size, size). */
static bool triangle_of_all(problem *work, double *r, lathe_error *error) {
  int64_t size = work->columns + 1, height = (GROUP + 1) * size;
  work->stack = lathe_memory_new((size_t)(height * size), sizeof *work->stack, error);
  if (!work->stack) return false;
  for (work->first = 0; work->first < work->chunks; work->first += GROUP) {
    int64_t count = work->chunks - work->first < GROUP ? work->chunks - work->first : GROUP;
    for (int64_t j = 0; j < size; j++)
      for (int64_t i = (count + 1) * size; i < height; i++) work->stack[j * height + i] = 0;
    if (!lathe_pool_run(count, triangle_chunk, work, work->progress, error)) return false;
    if (!lathe_qr_triangle(work->stack, height, (int32_t)size, error)) return false;
    for (int64_t j = 0; j < size; j++)
      for (int64_t i = 0; i < size; i++) {
        if (i > j) work->stack[j * height + i] = 0;
        r[j * size + i] = work->stack[j * height + i];
      }
  }
  return true;
}

static bool gradient_chunk(void *context, int64_t chunk, lathe_error *error) {
  const problem *work = context;
  int64_t rows = rows_of(work, chunk);
  double *a = design_of(work, chunk, error), *sums = work->gradients + chunk * (work->columns + 2);
  if (!a) return false;
  double *residual = a + (int64_t)work->columns * rows;
  for (int32_t j = 0; j < work->columns; j++) {
    const double *x = a + j * rows;
    for (int64_t r = 0; r < rows; r++) residual[r] -= x[r] * work->solution[j];
  }
  for (int32_t j = 0; j < work->columns; j++) {
    const double *x = a + j * rows;
    double sum = 0;
    for (int64_t r = 0; r < rows; r++) sum += x[r] * residual[r];
    sums[j] = sum;
  }
  double squares = 0, absolute = 0;
  for (int64_t r = 0; r < rows; r++) {
    squares += residual[r] * residual[r];
    absolute += fabs(residual[r]);
  }
  sums[work->columns] = squares;
  sums[work->columns + 1] = absolute;
  free(a);
  lathe_progress_add(work->progress, rows);
  return true;
}

/* Solve R x = b, and R'x = b, for the triangle in the kept columns of `r`: `column[k]` starts kept column k.
 */
static void solve(double *const *column, int32_t rank, double *x) {
  for (int32_t k = rank - 1; k >= 0; k--) {
    x[k] /= column[k][k];
    for (int32_t i = 0; i < k; i++) x[i] -= column[k][i] * x[k];
  }
}

static void solve_transposed(double *const *column, int32_t rank, double *x) {
  for (int32_t k = 0; k < rank; k++) {
    for (int32_t i = 0; i < k; i++) x[k] -= column[k][i] * x[i];
    x[k] /= column[k][k];
  }
}

/* The row norms of the inverse of the triangle: square roots of the diagonal of (R'R)^-1. */
static bool inverse_norms(double *const *column, int32_t rank, double *norms, lathe_error *error) {
  double *x = lathe_memory_new((size_t)rank, sizeof *x, error);
  if (!x) return false;
  memset(norms, 0, (size_t)rank * sizeof *norms);
  for (int32_t c = 0; c < rank; c++) {
    memset(x, 0, (size_t)rank * sizeof *x);
    x[c] = 1;
    solve(column, c + 1, x);
    for (int32_t k = 0; k <= c; k++) norms[k] += x[k] * x[k];
  }
  for (int32_t k = 0; k < rank; k++) norms[k] = sqrt(norms[k]);
  free(x);
  return true;
}

static bool measure_target(problem *work, lathe_linear_fit *fit, lathe_error *error) {
  double sum = 0, squares = 0;
  bool differs = false;
  for (int64_t r = 0; r < work->rows; r++) sum += work->target[r];
  double mean = sum / (double)work->rows, correction = 0;
  for (int64_t r = 0; r < work->rows; r++) correction += work->target[r] - mean;
  mean += correction / (double)work->rows;
  work->target_mean = work->intercept ? mean : 0;
  for (int64_t r = 0; r < work->rows; r++) {
    double apart = work->target[r] - work->target_mean;
    differs = differs || apart != 0;
    squares += apart * apart;
  }
  fit->figures.target_mean = mean;
  fit->figures.total_squares = squares;
  work->target_unit = lathe_training_unit(sqrt(squares / (double)work->rows));
  return lathe_training_check_square(squares, differs, NULL, error);
}

/* Refine `x` (columns) by the residuals that it leaves: R'R d = A'r. Fills the sums of residuals. */
static bool refine(problem *work, double *const *column, const bool *kept, int32_t rank, double *x,
                   lathe_linear_fit *fit, lathe_error *error) {
  int32_t sums = work->columns + 2;
  double *step = lathe_memory_new((size_t)work->columns, sizeof *step, error);
  work->gradients = lathe_memory_new((size_t)work->chunks * (size_t)sums, sizeof *work->gradients, error);
  work->solution = x;
  bool fine =
      step && work->gradients && lathe_pool_run(work->chunks, gradient_chunk, work, work->progress, error);
  if (fine) {
    double squares = 0, absolute = 0;
    for (int64_t c = 0; c < work->chunks; c++) {
      const double *part = work->gradients + c * sums;
      for (int32_t j = 0, k = 0; j < work->columns; j++)
        if (kept[j]) step[k++] += part[j];
      squares += part[work->columns];
      absolute += part[work->columns + 1];
    }
    solve_transposed(column, rank, step);
    solve(column, rank, step);
    for (int32_t j = 0, k = 0; j < work->columns; j++)
      if (kept[j]) x[j] += step[k++];
    fit->figures.residual_squares = squares * work->target_unit * work->target_unit;
    fit->figures.absolute_sum = absolute * work->target_unit;
  }
  free(step);
  return fine;
}

/* a b + the error of that product and of the sum so far (Ogita, Rump, Oishi 2005, Dot2). */
static void add_product(double a, double b, double *sum, double *carry) {
  double product = a * b, product_error = fma(a, b, -product);
  double next = *sum + product, part = next - *sum;
  *carry += product_error + ((*sum - (next - part)) + (product - part));
  *sum = next;
}

/* From the units of the design to those of the features, with standard errors. */
static bool finish(const problem *work, double *const *column, const bool *kept, const double *x,
                   lathe_linear_fit *fit, lathe_error *error) {
  int32_t shift = work->intercept;
  double *norms = lathe_memory_new((size_t)fit->figures.rank + 1, sizeof *norms, error);
  double *direction = lathe_memory_new((size_t)fit->figures.rank + 1, sizeof *direction, error);
  bool fine = norms && direction && inverse_norms(column, fit->figures.rank, norms, error);
  double sigma = sqrt(fit->figures.residual_squares / (double)(work->rows - fit->figures.rank));
  double sum = work->target_mean + (shift ? x[0] * work->target_unit : 0), carry = 0;
  for (int32_t j = 0, k = shift; fine && j < work->width; j++) {
    fit->aliased[j] = !kept[j + shift];
    fit->weights[j] = fit->aliased[j] ? 0 : x[j + shift] * work->target_unit / work->unit[j];
    fit->errors[j] = fit->aliased[j] ? NAN : sigma * norms[k] / work->unit[j];
    if (fit->aliased[j]) continue;
    direction[k++] = -work->mean[j] / work->unit[j];
    add_product(-fit->weights[j], work->mean[j], &sum, &carry);
  }
  if (fine && shift) {
    direction[0] = 1;
    solve_transposed(column, fit->figures.rank, direction);
    double squares = 0;
    for (int32_t k = 0; k < fit->figures.rank; k++) squares += direction[k] * direction[k];
    fit->intercept = sum + carry;
    fit->intercept_error = sigma * sqrt(squares);
  }
  free(norms);
  free(direction);
  return fine;
}

static bool solve_problem(problem *work, lathe_linear_fit *fit, lathe_error *error) {
  int32_t size = work->columns + 1;
  double *r = lathe_memory_new((size_t)size * (size_t)size, sizeof *r, error);
  double *x = lathe_memory_new((size_t)size, sizeof *x, error);
  double **column = lathe_memory_new((size_t)size, sizeof *column, error);
  bool *kept = lathe_memory_new((size_t)size, sizeof *kept, error);
  bool fine = r && x && column && kept && triangle_of_all(work, r, error);
  if (fine) {
    fit->figures.rank = lathe_qr_reduce(r, size, work->columns, LATHE_LINEAR_TOLERANCE, kept);
    for (int32_t j = 0, k = 0; j < work->columns; j++)
      if (kept[j]) column[k++] = r + (int64_t)j * size;
    double *right = r + (int64_t)work->columns * size; /* Q'y */
    solve(column, fit->figures.rank, right);
    for (int32_t j = 0, k = 0; j < work->columns; j++)
      if (kept[j]) x[j] = right[k++];
    fine = refine(work, column, kept, fit->figures.rank, x, fit, error) &&
           finish(work, column, kept, x, fit, error);
  }
  free(r);
  free(x);
  free(column);
  free(kept);
  return fine;
}

bool lathe_linear_solve(const lathe_graph *graph, int32_t matrix, const char *const *names,
                        const lathe_table *table, const double *target, bool intercept, lathe_linear_fit *fit,
                        lathe_progress *progress, lathe_error *error) {
  problem work = {
      .target = target, .rows = lathe_table_rows(table), .intercept = intercept, .progress = progress};
  work.width = lathe_graph_operator(graph, matrix)->width;
  work.columns = work.width + intercept;
  if (work.rows <= work.columns)
    return lathe_error_set(
        error, LATHE_ERROR_DATA,
        "%lld row%s cannot determine %d coefficients; give more rows, or leave features out",
        (long long)work.rows, work.rows == 1 ? "" : "s", (int)work.columns);
  work.chunk_rows = CHUNK_ROWS > 4 * (int64_t)work.columns ? CHUNK_ROWS : 4 * (int64_t)work.columns;
  work.chunks = (work.rows + work.chunk_rows - 1) / work.chunk_rows;
  fit->width = work.width;
  fit->figures.intercept = intercept;
  fit->figures.rows = work.rows;
  fit->weights = lathe_memory_new((size_t)work.width, sizeof *fit->weights, error);
  fit->errors = lathe_memory_new((size_t)work.width, sizeof *fit->errors, error);
  fit->aliased = lathe_memory_new((size_t)work.width, sizeof *fit->aliased, error);
  work.mean = lathe_memory_new((size_t)work.width, sizeof *work.mean, error);
  work.unit = lathe_memory_new((size_t)work.width, sizeof *work.unit, error);
  lathe_run *run = lathe_run_new(graph, matrix, table, error);
  work.run = run;
  lathe_progress_begin(progress, "fit linear", 2 * work.rows);
  bool fine =
      fit->weights && fit->errors && fit->aliased && work.mean && work.unit && run &&
      lathe_training_measure(graph, matrix, names, table, intercept, work.mean, work.unit, progress, error);
  fine = fine && measure_target(&work, fit, error) && solve_problem(&work, fit, error);
  lathe_progress_end(progress);
  lathe_run_free(run);
  free(work.mean);
  free(work.unit);
  free(work.stack);
  free(work.gradients);
  return fine;
}

void lathe_linear_fit_free(lathe_linear_fit *fit) {
  free(fit->weights);
  free(fit->errors);
  free(fit->aliased);
  *fit = (lathe_linear_fit){0};
}
