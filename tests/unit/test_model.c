/* Least squares from below: triangles, tail areas, metrics, the split. */
#include "tap.h"
#include "base/random.h"
#include "model/linear/distribution.h"
#include "model/linear/qr.h"
#include "prepare/split.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static double *random_matrix(int64_t rows, int32_t columns, uint64_t seed) {
  double *a = calloc((size_t)(rows * columns), sizeof *a);
  lathe_random random;
  lathe_random_seed(&random, seed, 0);
  for (int64_t i = 0; i < rows * columns; i++) a[i] = lathe_random_normal(&random);
  return a;
}

/* The largest difference of R'R and A'A, as a part of the rows. */
static double gram_error(const double *a, const double *r, int64_t rows, int32_t columns) {
  double worst = 0;
  for (int32_t i = 0; i < columns; i++)
    for (int32_t j = 0; j <= i; j++) {
      double have = 0, want = 0;
      for (int64_t k = 0; k < rows; k++) want += a[i * rows + k] * a[j * rows + k];
      for (int64_t k = 0; k <= j; k++) have += r[i * rows + k] * r[j * rows + k];
      worst = fmax(worst, fabs(have - want) / (double)rows);
    }
  return worst;
}

static void test_triangle(int32_t columns) {
  int64_t rows = 300;
  double *a = random_matrix(rows, columns, 5), *r = random_matrix(rows, columns, 5),
         *plain = random_matrix(rows, columns, 5);
  lathe_error error = {0};
  ok(lathe_qr_triangle(r, rows, columns, &error), "%d columns: a triangle: %s", (int)columns, error.message);
  ok(gram_error(a, r, rows, columns) < 1e-14, "%d columns: R'R is A'A", (int)columns);
  lathe_qr_triangle_ref(plain, rows, columns);
  double worst = 0;
  for (int32_t j = 0; j < columns; j++)
    for (int32_t i = 0; i <= j; i++)
      worst = fmax(worst, fabs(fabs(r[j * rows + i]) - fabs(plain[j * rows + i])));
  ok(worst < 1e-12, "%d columns: the plain routine agrees (%g)", (int)columns, worst);
  free(a);
  free(r);
  free(plain);
}

static void test_reduce(void) {
  enum { SIZE = 6 };
  int64_t rows = 50;
  double *a = random_matrix(rows, SIZE, 9), r[SIZE * SIZE] = {0};
  bool kept[SIZE] = {0};
  for (int64_t k = 0; k < rows; k++) {
    a[2 * rows + k] = 3 * a[k] - a[rows + k];
    a[4 * rows + k] = 0;
  }
  double *whole = calloc((size_t)(rows * SIZE), sizeof *whole);
  memcpy(whole, a, (size_t)(rows * SIZE) * sizeof *whole);
  lathe_qr_triangle_ref(a, rows, SIZE);
  for (int j = 0; j < SIZE; j++) memcpy(r + j * SIZE, a + j * rows, (size_t)(j + 1) * sizeof *r);
  int32_t rank = lathe_qr_reduce(r, SIZE, SIZE - 1, 1e-10, kept);
  ok(rank == 3 && kept[0] && kept[1] && !kept[2] && kept[3] && !kept[4],
     "columns that follow from others are found, the later ones");
  double have = 0, want = 0;
  for (int i = 0; i < 3; i++) have += r[3 * SIZE + i] * r[3 * SIZE + i];
  for (int64_t k = 0; k < rows; k++) want += whole[3 * rows + k] * whole[3 * rows + k];
  ok(fabs(have - want) < 1e-12 * want && r[3 * SIZE + 2] != 0, "what stays is a triangle again");
  free(a);
  free(whole);
}

static void test_tails(void) {
  static const double cases[][3] = {/* t, freedom, p: scipy.stats.t.sf, SciPy 1.10.1 */
                                    {0.001, 1, 0.9993633804398389},
                                    {1.96, 1, 0.30034289177603307},
                                    {25.0, 1, 0.02545122269598366},
                                    {0.5, 2, 0.6666666666666667},
                                    {6.5, 2, 0.022860163596322487},
                                    {0.001, 5, 0.9992407867721976},
                                    {1.96, 5, 0.1072879525052941},
                                    {25.0, 5, 1.9106777843954255e-06},
                                    {0.5, 30, 0.6207230048851273},
                                    {6.5, 30, 3.4780470879720164e-07},
                                    {0.001, 60, 0.9992054330231418},
                                    {1.96, 60, 0.05464492973652926},
                                    {25.0, 60, 2.0142373057952435e-33},
                                    {0.5, 61, 0.6188740560405288},
                                    {6.5, 61, 1.663358167416906e-08},
                                    {0.001, 1000, 0.9992023150184528},
                                    {1.96, 1000, 0.05027318495574871},
                                    {25.0, 1000, 1.5203541383321965e-107},
                                    {0.5, 20424, 0.617080464231317},
                                    {6.5, 20424, 8.217587336834823e-11},
                                    {0.001, 5000000.0, 0.9992021156120721},
                                    {1.96, 5000000.0, 0.04999584575418963},
                                    {25.0, 5000000.0, 6.234348450735455e-138}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    double p = lathe_student_tails(cases[i][0], cases[i][1]);
    ok(fabs(p - cases[i][2]) <= 1e-11 * cases[i][2], "t = %g, %g degrees: p = %.15g", cases[i][0],
       cases[i][1], p);
  }
  ok(lathe_student_tails(INFINITY, 3) == 0 && isnan(lathe_student_tails(NAN, 3)), "the ends");
  ok(fabs(lathe_student_tails(-2, 1e7) - lathe_student_tails(2, 1e7)) == 0, "both sides are one");
  double left = lathe_incomplete_beta(2.5, 4, 0.3), right = lathe_incomplete_beta(4, 2.5, 0.7);
  ok(fabs(left + right - 1) < 1e-14, "I_x(a, b) + I_1-x(b, a) = 1");
  ok(fabs(lathe_incomplete_beta(1, 3, 0.2) - (1 - 0.8 * 0.8 * 0.8)) < 1e-15, "I_x(1, b) = 1 - (1 - x)^b");
}

static void test_split(void) {
  int64_t order[10];
  lathe_error error = {0};
  static const int64_t numpy[] = {2, 8, 4, 9, 1,
                                  6, 7, 3, 0, 5}; /* numpy.random.RandomState(0).permutation(10) */
  ok(lathe_split_order(10, 3, true, 0, order, NULL) && !memcmp(order, numpy, sizeof order),
     "the permutation is numpy's");
  ok(lathe_split_order(10, 3, false, 0, order, NULL) && order[0] == 7 && order[3] == 0,
     "not shuffled, the last rows are for testing");
  ok(lathe_split_count(10, 0.25, NULL) == 3 && lathe_split_count(10, 4, NULL) == 4,
     "parts are rounded up, numbers taken as they are");
  static const double bad[] = {0, -1, 1.5, 10, 0.95, NAN};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    ok(lathe_split_count(10, bad[i], &error) < 0, "test = %g of 10 rows: %s", bad[i], error.message);
  ok(lathe_split_count(1, 0.5, &error) < 0, "one row: %s", error.message);
  ok(!lathe_split_order(10, 3, true, -1, order, &error), "a seed below 0: %s", error.message);
}

int main(void) {
  test_triangle(1);
  test_triangle(13);
  test_triangle(60);
  test_reduce();
  test_tails();
  test_split();
  return done_testing();
}
