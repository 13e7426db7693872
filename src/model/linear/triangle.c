/* triangle.c - see triangle.h. */
#include "triangle.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../../base/memory.h"
#include "../../base/pool.h"
#include "cholesky.h"
#include "products.h"
#include "qr.h"

/* Of reflections: rows of a chunk, chunks that are stacked. */
enum { CHUNK_ROWS = 2048, STACK = 16 };

#define LARGE 2e7 /* multiplications: from here on products are tried first */
#define FAR 0.01  /* of a column's square about its guessed centre, at least, is about its own */
#define LEFT 1e-3 /* of the target's squares, at least, is left unexplained where nothing needs refining */
#define PRODUCTS_LEAST 1e-11 /* of a column's square left beside the others: less may be rounding */

typedef struct {
  const lathe_design *design;
  int64_t chunk_rows, chunks, first;
  double *sums; /* a triangle for each chunk of the group */
} work;

void lathe_triangle_solve(double *const *column, int32_t rank, double *x) {
  for (int32_t k = rank - 1; k >= 0; k--) {
    x[k] /= column[k][k];
    for (int32_t i = 0; i < k; i++) x[i] -= column[k][i] * x[k];
  }
}

void lathe_triangle_solve_transposed(double *const *column, int32_t rank, double *x) {
  for (int32_t k = 0; k < rank; k++) {
    for (int32_t i = 0; i < k; i++) x[k] -= column[k][i] * x[i];
    x[k] /= column[k][k];
  }
}

bool lathe_triangle_norms(double *const *column, int32_t rank, double *norms, lathe_error *error) {
  double *x = lathe_memory_new((size_t)rank, sizeof *x, error);
  if (!x) return false;
  memset(norms, 0, (size_t)rank * sizeof *norms);
  for (int32_t c = 0; c < rank; c++) {
    memset(x, 0, (size_t)rank * sizeof *x);
    x[c] = 1;
    lathe_triangle_solve(column, c + 1, x);
    for (int32_t k = 0; k <= c; k++) norms[k] += x[k] * x[k];
  }
  for (int32_t k = 0; k < rank; k++) norms[k] = sqrt(norms[k]);
  free(x);
  return true;
}

static int64_t rows_of(const work *w, int64_t begin, int64_t most) {
  return w->design->rows - begin < most ? w->design->rows - begin : most;
}

/* ---- by reflections ---- */

static bool reflect_chunk(void *context, int64_t index, lathe_error *error) {
  const work *w = context;
  int64_t size = w->design->size, height = (STACK + 1) * size, begin = (w->first + index) * w->chunk_rows;
  int64_t rows = rows_of(w, begin, w->chunk_rows);
  double *a = lathe_memory_raw((size_t)(rows * size), sizeof *a, error);
  bool fine = a && lathe_design_rows(w->design, begin, rows, rows, a, error) &&
              lathe_qr_triangle(a, rows, (int32_t)size, error);
  for (int64_t j = 0; fine && j < size; j++)
    for (int64_t i = 0; i < size; i++)
      w->sums[j * height + (index + 1) * size + i] = i <= j && i < rows ? a[j * rows + i] : 0;
  free(a);
  lathe_progress_add(w->design->progress, rows);
  return fine;
}

bool lathe_triangle_by_reflections(const lathe_design *design, double *r, lathe_error *error) {
  int64_t size = design->size, height = (STACK + 1) * size;
  work w = {.design = design, .chunk_rows = CHUNK_ROWS > 4 * size ? CHUNK_ROWS : 4 * size};
  w.chunks = (design->rows + w.chunk_rows - 1) / w.chunk_rows;
  w.sums = lathe_memory_new((size_t)(height * size), sizeof *w.sums, error);
  bool fine = w.sums;
  for (; fine && w.first < w.chunks; w.first += STACK) {
    int64_t count = w.chunks - w.first < STACK ? w.chunks - w.first : STACK;
    for (int64_t j = 0; j < size; j++)
      for (int64_t i = (count + 1) * size; i < height; i++) w.sums[j * height + i] = 0;
    fine = lathe_pool_run(count, reflect_chunk, &w, design->progress, error) &&
           lathe_qr_triangle(w.sums, height, (int32_t)size, error);
    for (int64_t j = 0; fine && j < size; j++)
      for (int64_t i = 0; i < size; i++) {
        if (i > j) w.sums[j * height + i] = 0;
        r[j * size + i] = w.sums[j * height + i];
      }
  }
  free(w.sums);
  return fine;
}

/* ---- by products ---- */

/* How far the triangle of products, by its features, has the digits that are promised. */
static bool judge(const lathe_design *design, double *r, lathe_triangle_way *way, lathe_error *error) {
  int32_t size = design->size, columns = design->columns, first = design->intercept;
  double *norms = lathe_memory_raw((size_t)columns + 1, sizeof *norms, error);
  double **column = lathe_memory_raw((size_t)size, sizeof *column, error);
  for (int32_t k = 0; column && k < size; k++) column[k] = r + (int64_t)k * size;
  bool fine = norms && column && lathe_triangle_norms(column, columns, norms, error), near = fine;
  double inflation = 0, squares = 0;
  for (int32_t j = first; fine && j < size; j++) {
    double all = 0;
    squares = 0;
    for (int32_t i = 0; i <= j; i++) all += column[j][i] * column[j][i];
    for (int32_t i = first; i <= j; i++) squares += column[j][i] * column[j][i];
    if (j < columns) inflation += norms[j] * norms[j] * squares;
    near = near && squares > FAR * all;
  }
  double left = fine ? column[columns][columns] * column[columns][columns] : 0;
  *way = !near || !(inflation < LATHE_TRIANGLE_INFLATION) ? LATHE_TRIANGLE_REFLECTIONS /* NaN, too */
         : inflation < LATHE_TRIANGLE_SURE && left > LEFT * squares ? LATHE_TRIANGLE_PRODUCTS_SURE
                                                                    : LATHE_TRIANGLE_PRODUCTS;
  free(norms);
  free(column);
  return fine;
}

bool lathe_triangle_by_products(const lathe_design *design, double *r, lathe_triangle_way *way,
                                lathe_error *error) {
  int32_t size = design->size;
  bool *kept = lathe_memory_new((size_t)size, sizeof *kept, error);
  bool fine = kept && lathe_products_of(design, NULL, 1, r, error), usable = fine;
  for (int32_t j = 0; fine && j < size; j++) {
    double square = r[(int64_t)j * size + j];
    usable = usable && square > 1e-200 && square < 1e200; /* false for NaN */
    for (int32_t i = j + 1; i < size; i++) r[(int64_t)j * size + i] = 0;
  }
  if (usable) lathe_cholesky(r, size, PRODUCTS_LEAST, kept);
  for (int32_t j = 0; usable && j < size; j++) usable = kept[j];
  *way = LATHE_TRIANGLE_REFLECTIONS;
  if (usable) fine = judge(design, r, way, error);
  free(kept);
  return fine;
}

bool lathe_triangle_of(lathe_design *design, int32_t matrix, const char *const *names,
                       const lathe_table *table, double *r, lathe_triangle_way *way, lathe_error *error) {
  *way = LATHE_TRIANGLE_REFLECTIONS;
  if ((double)design->rows * design->size * design->size > LARGE && lathe_design_guess(design)) {
    if (!lathe_triangle_by_products(design, r, way, error)) return false;
    if (*way != LATHE_TRIANGLE_REFLECTIONS) return true;
    lathe_progress_begin(design->progress, "fit by reflections", 2 * design->rows);
  }
  return lathe_design_measure(design, matrix, names, table, error) &&
         lathe_triangle_by_reflections(design, r, error);
}
