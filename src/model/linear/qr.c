/* qr.c - Householder reflections (Golub, Van Loan 2013, algorithms 5.1.1 and 5.2.1). */
#include "qr.h"

#include <math.h>
#include <stdlib.h>

#include "../../base/library.h"
#include "../../base/memory.h"

enum {
  SMALL_COLUMNS = 40
}; /* up to here the plain routine is as fast as opening OpenBLAS, and equal on every processor */

typedef void lapack_dgeqrf(const int *rows, const int *columns, double *a, const int *leading, double *tau,
                           double *work, const int *work_size, int *info);

/* Four sums side by side: the order of additions does not depend on the machine. */
static double dot(const double *x, const double *y, int64_t count) {
  double sum[4] = {0};
  int64_t i = 0;
  for (; i + 4 <= count; i += 4)
    for (int k = 0; k < 4; k++) sum[k] += x[i + k] * y[i + k];
  for (; i < count; i++) sum[0] += x[i] * y[i];
  return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

/* Make x (count) a multiple of the first unit vector by a reflection I - beta v v', v[0] = 1. v[1..] stays in
 * x[1..]; x[0] becomes the multiple. Returns beta. */
static double reflector(double *x, int64_t count) {
  double rest = dot(x + 1, x + 1, count - 1);
  if (rest == 0) return 0;
  double norm = sqrt(x[0] * x[0] + rest);
  double head = x[0] <= 0 ? x[0] - norm : -rest / (x[0] + norm);
  double beta = 2 * head * head / (rest + head * head);
  for (int64_t i = 1; i < count; i++) x[i] /= head;
  x[0] = norm;
  return beta;
}

static void reflect(const double *v, double beta, double *y, int64_t count) {
  double factor = beta * (y[0] + dot(v + 1, y + 1, count - 1));
  y[0] -= factor;
  for (int64_t i = 1; i < count; i++) y[i] -= factor * v[i];
}

void lathe_qr_triangle_ref(double *a, int64_t rows, int32_t columns) {
  for (int32_t k = 0; k < columns && k < rows - 1; k++) {
    double *x = a + (int64_t)k * rows + k;
    double beta = reflector(x, rows - k);
    if (beta == 0) continue;
    for (int32_t j = k + 1; j < columns; j++) reflect(x, beta, a + (int64_t)j * rows + k, rows - k);
  }
}

bool lathe_qr_triangle(double *a, int64_t rows, int32_t columns, lathe_error *error) {
  if (columns <= SMALL_COLUMNS || rows > INT32_MAX || !lathe_library_open(LATHE_LIBRARY_OPENBLAS, NULL)) {
    lathe_qr_triangle_ref(a, rows, columns);
    return true;
  }
  lapack_dgeqrf *dgeqrf;
  *(void **)&dgeqrf = lathe_library_symbol(LATHE_LIBRARY_OPENBLAS, "dgeqrf_", error);
  if (!dgeqrf) return false;
  int m = (int)rows, n = columns, size = 64 * n, info = 0;
  double *work = lathe_memory_raw((size_t)size + (size_t)n, sizeof *work, error);
  if (!work) return false;
  dgeqrf(&m, &n, a, &m, work + size, work, &size, &info);
  free(work);
  return info == 0 ||
         lathe_error_set(error, LATHE_ERROR_UNAVAILABLE, "OpenBLAS refused argument %d of dgeqrf", -info);
}

int32_t lathe_qr_reduce(double *r, int32_t size, int32_t columns, double tolerance, bool *kept) {
  int32_t rank = 0;
  for (int32_t j = 0; j < size; j++)
    for (int32_t i = j + 1; i < size; i++) r[(int64_t)j * size + i] = 0;
  for (int32_t j = 0; j < columns; j++) {
    double *x = r + (int64_t)j * size;
    double whole = sqrt(dot(x, x, size)), rest = sqrt(dot(x + rank, x + rank, size - rank));
    kept[j] = rest > tolerance * whole;
    if (!kept[j]) continue;
    double beta = rank < size - 1 ? reflector(x + rank, size - rank) : 0;
    for (int32_t k = j + 1; beta != 0 && k < size; k++)
      reflect(x + rank, beta, r + (int64_t)k * size + rank, size - rank);
    rank++;
  }
  return rank;
}
