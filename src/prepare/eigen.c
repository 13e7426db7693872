/* eigen.c - eigenvalues and vectors of a symmetric matrix: Householder's reduction to a tridiagonal one, then implicit QL (Bowdler, Martin,
 * Reinsch and Wilkinson 1968; Golub and Van Loan 2013, 8.3). One order of operations, so one result. */
#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "../base/memory.h"
#include "own.h"

#define A(i, j) a[(size_t)(i) * (size_t)n + (size_t)(j)]

/* a = q t q', t tridiagonal with `diagonal` and, from 1 on, `beside`; a becomes q. */
static void reduce(double *a, int32_t n, double *diagonal, double *beside) {
  for (int32_t i = n - 1; i > 0; i--) {
    double scale = 0, h = 0;
    for (int32_t k = 0; k < i; k++) scale += fabs(A(i, k));
    if (i == 1 || scale == 0) {
      beside[i] = A(i, i - 1);
      diagonal[i] = 0;
      continue;
    }
    for (int32_t k = 0; k < i; k++) {
      A(i, k) /= scale;
      h += A(i, k) * A(i, k);
    }
    double f = A(i, i - 1), g = f >= 0 ? -sqrt(h) : sqrt(h);
    beside[i] = scale * g;
    h -= f * g;
    A(i, i - 1) = f - g;
    f = 0;
    for (int32_t j = 0; j < i; j++) beside[j] = 0;
    for (int32_t j = 0; j < i; j++) { /* the lower triangle times the vector, by rows */
      double sum = A(j, j) * A(i, j);
      for (int32_t k = 0; k < j; k++) {
        sum += A(j, k) * A(i, k);
        beside[k] += A(j, k) * A(i, j);
      }
      beside[j] += sum;
    }
    for (int32_t j = 0; j < i; j++) {
      A(j, i) = A(i, j) / h;
      beside[j] /= h;
      f += beside[j] * A(i, j);
    }
    double half = f / (h + h);
    for (int32_t j = 0; j < i; j++) {
      double u = A(i, j);
      beside[j] = g = beside[j] - half * u;
      for (int32_t k = 0; k <= j; k++) A(j, k) -= u * beside[k] + g * A(i, k);
    }
    diagonal[i] = h;
  }
  diagonal[0] = beside[0] = 0;
}

/* The product of the reflections, in place: a becomes q. */
static void gather(double *a, int32_t n, double *diagonal, double *work) {
  for (int32_t i = 0; i < n; i++) {
    if (diagonal[i] != 0) {
      for (int32_t j = 0; j < i; j++) work[j] = 0;
      for (int32_t k = 0; k < i; k++)
        for (int32_t j = 0; j < i; j++) work[j] += A(i, k) * A(k, j);
      for (int32_t k = 0; k < i; k++)
        for (int32_t j = 0; j < i; j++) A(k, j) -= work[j] * A(k, i);
    }
    diagonal[i] = A(i, i);
    A(i, i) = 1;
    for (int32_t j = 0; j < i; j++) A(j, i) = A(i, j) = 0;
  }
}

static void transpose(double *a, int32_t n) {
  for (int32_t i = 0; i < n; i++)
    for (int32_t j = 0; j < i; j++) {
      double kept = A(i, j);
      A(i, j) = A(j, i);
      A(j, i) = kept;
    }
}

/* Rows of `a` become vectors; false when 100 sweeps do not do. */
static bool iterate(double *a, int32_t n, double *d, double *e) {
  for (int32_t i = 1; i < n; i++) e[i - 1] = e[i];
  e[n - 1] = 0;
  for (int32_t l = 0; l < n; l++) {
    for (int sweep = 0;; sweep++) {
      int32_t m = l;
      for (; m < n - 1; m++) {
        double size = fabs(d[m]) + fabs(d[m + 1]);
        if (fabs(e[m]) <= DBL_EPSILON * size) break;
      }
      if (m == l) break;
      if (sweep == 100) return false;
      double g = (d[l + 1] - d[l]) / (2 * e[l]), r = hypot(g, 1);
      g = d[m] - d[l] + e[l] / (g + copysign(r, g));
      double s = 1, c = 1, p = 0;
      int32_t i = m - 1;
      for (; i >= l; i--) {
        double f = s * e[i], b = c * e[i];
        e[i + 1] = r = hypot(f, g);
        if (r == 0) {
          d[i + 1] -= p;
          e[m] = 0;
          break;
        }
        s = f / r;
        c = g / r;
        g = d[i + 1] - p;
        r = (d[i] - g) * s + 2 * c * b;
        p = s * r;
        d[i + 1] = g + p;
        g = c * r - b;
        double *one = &A(i, 0), *two = &A(i + 1, 0);
        for (int32_t k = 0; k < n; k++) {
          f = two[k];
          two[k] = s * one[k] + c * f;
          one[k] = c * one[k] - s * f;
        }
      }
      if (r == 0 && i >= l) continue;
      d[l] -= p;
      e[l] = g;
      e[m] = 0;
    }
  }
  return true;
}

bool recipe_eigen(double *a, int32_t n, double *value, lathe_error *error) {
  double *beside = lathe_memory_new((size_t)n, sizeof *beside, error);
  double *work = lathe_memory_new((size_t)n, sizeof *work, error);
  bool fine = beside && work;
  if (fine) {
    reduce(a, n, value, beside);
    gather(a, n, value, work);
    transpose(a, n);
    if (!iterate(a, n, value, beside))
      fine = lathe_error_set(error, LATHE_ERROR_DATA,
                             "the eigenvalues of the columns do not converge; scale them first");
  }
  for (int32_t i = 0; fine && i < n; i++) { /* descending */
    int32_t most = i;
    for (int32_t j = i + 1; j < n; j++)
      if (value[j] > value[most]) most = j;
    if (most == i) continue;
    double kept = value[i];
    value[i] = value[most];
    value[most] = kept;
    for (int32_t k = 0; k < n; k++) {
      kept = A(i, k);
      A(i, k) = A(most, k);
      A(most, k) = kept;
    }
  }
  free(beside);
  free(work);
  return fine;
}
