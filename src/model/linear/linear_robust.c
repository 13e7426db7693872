/* linear_robust.c - the covariance of coefficients when residuals have not one spread: (A'A)^-1 A' diag(r^2 g) A (A'A)^-1, where g is 1
 * (HC0, White 1980), n / (n - k) (HC1), 1 / (1 - h) (HC2) or 1 / (1 - h)^2 (HC3, MacKinnon, White 1985), and h the leverage of a row.
 * It is reckoned among the columns of Q, A = QR, where nothing is nearly dependent. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../../base/memory.h"
#include "../../base/pool.h"
#include "cholesky.h"
#include "gram.h"
#include "linear.h"
#include "scores.h"
#include "triangle.h"

enum { STRIP_ROWS = 256, CHUNK_STRIPS = 32, GROUP = 16 };

typedef struct {
  const lathe_linear_fit *fit;
  lathe_covariance covariance;
  int64_t first;
  double *sums; /* (GROUP, rank, rank) */
} meat_work;

/* What the square of a row's residual counts. */
static double factor_of(lathe_covariance covariance, double leverage) {
  double left = 1 - leverage;
  if (covariance < LATHE_COVARIANCE_HC2) return 1;
  if (left < 1e-12) return 0; /* the row has its own coefficient: its residual is nothing but rounding */
  return covariance == LATHE_COVARIANCE_HC2 ? 1 / left : 1 / (left * left);
}

static bool meat_chunk(void *context, int64_t index, lathe_error *error) {
  const meat_work *work = context;
  const lathe_linear_fit *fit = work->fit;
  const lathe_design *design = &fit->design;
  int32_t rank = fit->rank;
  double *sums = work->sums + index * rank * rank;
  memset(sums, 0, (size_t)rank * (size_t)rank * sizeof *sums);
  double *a = lathe_memory_raw(STRIP_ROWS * ((size_t)design->size + 1), sizeof *a, error);
  if (!a) return false;
  int64_t begin = (work->first + index) * STRIP_ROWS * CHUNK_STRIPS, end = begin + STRIP_ROWS * CHUNK_STRIPS;
  if (end > design->rows) end = design->rows;
  bool fine = true;
  for (int64_t row = begin; fine && row < end; row += STRIP_ROWS) {
    int64_t rows = end - row < STRIP_ROWS ? end - row : STRIP_ROWS;
    int64_t height = (rows + LATHE_GRAM_LANES - 1) / LATHE_GRAM_LANES * LATHE_GRAM_LANES;
    double *residual = a + design->columns * height, *leverage = residual + height;
    fine = lathe_design_rows(design, row, rows, height, a, error);
    if (!fine) break;
    lathe_gram_subtract(a, design->columns, height, fit->solution, residual);
    lathe_scores(a, height, design->columns, fit->kept, fit->column, leverage);
    for (int64_t r = 0; r < height; r++) residual[r] *= sqrt(factor_of(work->covariance, leverage[r]));
    for (int32_t k = 0; k < rank; k++)
      for (int64_t r = 0; r < height; r++) a[k * height + r] *= residual[r];
    lathe_gram_add(a, rank, a, rank, height, true, sums, rank);
  }
  free(a);
  return fine;
}

static bool add_meat(const lathe_linear_fit *fit, lathe_covariance covariance, double *meat,
                     lathe_error *error) {
  int64_t square = (int64_t)fit->rank * fit->rank, chunk_rows = STRIP_ROWS * CHUNK_STRIPS;
  int64_t chunks = (fit->design.rows + chunk_rows - 1) / chunk_rows;
  meat_work work = {fit, covariance, 0, lathe_memory_raw((size_t)(GROUP * square), sizeof(double), error)};
  bool fine = work.sums;
  for (; fine && work.first < chunks; work.first += GROUP) {
    int64_t count = chunks - work.first < GROUP ? chunks - work.first : GROUP;
    fine = lathe_pool_run(count, meat_chunk, &work, fit->design.progress, error);
    for (int64_t c = 0; fine && c < count; c++)
      for (int64_t i = 0; i < square; i++) meat[i] += work.sums[c * square + i];
  }
  free(work.sums);
  return fine;
}

/* M := R^-1 M R^-T of a symmetric M (rank, rank) whose upper half is given: the covariance in the units of the design. */
static void spread(const lathe_linear_fit *fit, double *meat) {
  int64_t rank = fit->rank;
  for (int64_t j = 0; j < rank; j++)
    for (int64_t i = 0; i < j; i++) meat[i * rank + j] = meat[j * rank + i];
  for (int turn = 0; turn < 2; turn++) {
    for (int64_t j = 0; j < rank; j++) lathe_triangle_solve(fit->column, fit->rank, meat + j * rank);
    for (int64_t j = 0; j < rank; j++)
      for (int64_t i = 0; i < j; i++) {
        double one = meat[i * rank + j];
        meat[i * rank + j] = meat[j * rank + i];
        meat[j * rank + i] = one;
      }
  }
}

/* F of all slopes together by Wald's test: b' V^-1 b / count. NaN where V has no inverse. */
static bool wald(lathe_linear_fit *fit, const double *v, lathe_error *error) {
  int32_t first = fit->design.intercept, count = fit->rank - first;
  if (count == 0) return true;
  double *part = lathe_memory_raw((size_t)count * (size_t)count, sizeof *part, error),
         *b = lathe_memory_raw((size_t)count, sizeof *b, error);
  bool *kept = lathe_memory_new((size_t)count, sizeof *kept, error), fine = part && b && kept;
  for (int32_t j = 0; fine && j < count; j++)
    for (int32_t i = 0; i <= j; i++)
      part[(int64_t)j * count + i] = v[(int64_t)(j + first) * fit->rank + i + first];
  if (fine) {
    int32_t k = 0;
    lathe_cholesky(part, count, 1e-14, kept);
    fit->f = 0;
    for (int32_t j = first; j < fit->design.columns; j++)
      if (fit->kept[j]) b[k++] = fit->solution[j];
    for (int32_t j = 0; j < count; j++)
      if (!kept[j]) fit->f = NAN;
    double norm = lathe_cholesky_norm(part, count, kept, b);
    fit->f += norm * norm / count;
  }
  free(part);
  free(b);
  free(kept);
  return fine;
}

bool lathe_linear_robust(lathe_linear_fit *fit, lathe_covariance covariance, lathe_error *error) {
  const lathe_design *design = &fit->design;
  int32_t rank = fit->rank, first = design->intercept;
  double *v = lathe_memory_new((size_t)rank * (size_t)rank, sizeof *v, error),
         unit = design->unit[design->width];
  if (!v || !add_meat(fit, covariance, v, error)) {
    free(v);
    return false;
  }
  double times =
      covariance == LATHE_COVARIANCE_HC1 ? (double)design->counted / (double)(design->counted - rank) : 1;
  for (int64_t i = 0; i < (int64_t)rank * rank; i++) v[i] *= times;
  spread(fit, v);
  double sum = first ? v[0] : 0;
  for (int32_t j = first, k = first; j < design->columns; j++) {
    if (!fit->kept[j]) continue;
    fit->errors[j] = sqrt(v[(int64_t)k * rank + k]) * unit / design->unit[j - first];
    for (int32_t i = first, l = first; first && i < design->columns; i++)
      if (fit->kept[i])
        sum += v[(int64_t)k * rank + l++] * design->mean[j - first] / design->unit[j - first] *
               (design->mean[i - first] / design->unit[i - first]);
    if (first) sum -= 2 * v[(int64_t)k * rank] * design->mean[j - first] / design->unit[j - first];
    k++;
  }
  if (first) fit->errors[0] = sqrt(sum) * unit;
  bool fine = wald(fit, v, error);
  free(v);
  return fine;
}
