/* singular.c - one-sided Jacobi rotations (Hestenes 1958; Golub, Van Loan 2013, section 8.6.3): pairs of columns are turned until all are
 * at right angles. What is small beside the largest keeps its digits. */
#include "singular.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../../base/library.h"
#include "../../base/memory.h"

enum { FEW_COLUMNS = 100, SWEEPS = 60 };

typedef void lapack_dgesdd(const char *job, const int *rows, const int *columns, double *a,
                           const int *leading, double *values, double *u, const int *u_leading, double *vt,
                           const int *vt_leading, double *work, const int *work_size, int *integers,
                           int *info);

static double dot(const double *x, const double *y, int32_t count) {
  double sum[4] = {0};
  int32_t i = 0;
  for (; i + 4 <= count; i += 4)
    for (int k = 0; k < 4; k++) sum[k] += x[i + k] * y[i + k];
  for (; i < count; i++) sum[0] += x[i] * y[i];
  return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

static void rotate(double *x, double *y, int32_t count, double c, double s) {
  for (int32_t i = 0; i < count; i++) {
    double one = x[i], other = y[i];
    x[i] = c * one - s * other;
    y[i] = s * one + c * other;
  }
}

/* Put columns i and k at right angles; whether they were not. */
static bool turn(double *a, int32_t rows, int32_t columns, double *v, int32_t i, int32_t k) {
  double *x = a + (int64_t)i * rows, *y = a + (int64_t)k * rows;
  double xx = dot(x, x, rows), yy = dot(y, y, rows), xy = dot(x, y, rows);
  if (xy == 0 || fabs(xy) <= 4 * DBL_EPSILON * sqrt(xx) * sqrt(yy)) return false;
  double zeta = (yy - xx) / (2 * xy);
  double t = (zeta >= 0 ? 1 : -1) / (fabs(zeta) + hypot(1, zeta)), c = 1 / hypot(1, t), s = c * t;
  rotate(x, y, rows, c, s);
  if (v) rotate(v + (int64_t)i * columns, v + (int64_t)k * columns, columns, c, s);
  return true;
}

static void swap(double *x, double *y, int32_t count) {
  for (int32_t i = 0; i < count; i++) {
    double one = x[i];
    x[i] = y[i];
    y[i] = one;
  }
}

static void by_rotations(double *a, int32_t rows, int32_t columns, double *values, double *v) {
  for (int32_t j = 0; v && j < columns; j++)
    for (int32_t i = 0; i < columns; i++) v[(int64_t)j * columns + i] = i == j;
  bool turned = true;
  for (int sweep = 0; turned && sweep < SWEEPS; sweep++) {
    turned = false;
    for (int32_t i = 0; i < columns; i++)
      for (int32_t k = i + 1; k < columns; k++) turned = turn(a, rows, columns, v, i, k) || turned;
  }
  for (int32_t j = 0; j < columns; j++)
    values[j] = sqrt(dot(a + (int64_t)j * rows, a + (int64_t)j * rows, rows));
  for (int32_t j = 0; j < columns; j++) {
    int32_t most = j;
    for (int32_t k = j + 1; k < columns; k++)
      if (values[k] > values[most]) most = k;
    if (most == j) continue;
    double value = values[j];
    values[j] = values[most];
    values[most] = value;
    swap(a + (int64_t)j * rows, a + (int64_t)most * rows, rows);
    if (v) swap(v + (int64_t)j * columns, v + (int64_t)most * columns, columns);
  }
}

static bool by_openblas(double *a, int32_t rows, int32_t columns, double *values, double *v,
                        lathe_error *error) {
  lapack_dgesdd *dgesdd;
  *(void **)&dgesdd = lathe_library_symbol(LATHE_LIBRARY_OPENBLAS, "dgesdd_", error);
  if (!dgesdd) return false;
  int m = rows, n = columns, size = -1, info = 0,
      *integers = lathe_memory_raw(8 * (size_t)n, sizeof *integers, error);
  double *u = lathe_memory_raw((size_t)m * (size_t)n, sizeof *u, error),
         *vt = lathe_memory_raw((size_t)n * (size_t)n, sizeof *vt, error);
  double asked = 0, *room = NULL;
  bool fine = integers && u && vt;
  if (fine) {
    dgesdd("S", &m, &n, a, &m, values, u, &m, vt, &n, &asked, &size, integers, &info);
    size = (int)asked;
    room = lathe_memory_raw((size_t)size, sizeof *room, error);
    fine = room;
  }
  if (fine) {
    dgesdd("S", &m, &n, a, &m, values, u, &m, vt, &n, room, &size, integers, &info);
    fine = info == 0 || lathe_error_set(error, LATHE_ERROR_UNAVAILABLE,
                                        "OpenBLAS found no singular values (dgesdd gave %d)", info);
  }
  for (int64_t j = 0; fine && j < n; j++) {
    for (int64_t i = 0; i < m; i++) a[j * m + i] = u[j * m + i] * values[j];
    for (int64_t i = 0; v && i < n; i++) v[j * n + i] = vt[i * n + j];
  }
  free(integers);
  free(u);
  free(vt);
  free(room);
  return fine;
}

bool lathe_singular(double *a, int32_t rows, int32_t columns, double *values, double *v, lathe_error *error) {
  if (columns > FEW_COLUMNS && lathe_library_open(LATHE_LIBRARY_OPENBLAS, NULL))
    return by_openblas(a, rows, columns, values, v, error);
  by_rotations(a, rows, columns, values, v);
  return true;
}
