/* Linear regression from below: NIST's certified values, the two ways to a triangle, singular values, bounds and tails. */
#include "tap.h"
#include "base/pool.h"
#include "base/random.h"
#include "model/linear/design.h"
#include "model/linear/distribution.h"
#include "model/fit.h"
#include "model/linear/gram.h"
#include "model/linear/singular.h"
#include "model/linear/triangle.h"
#include "prepare/fit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 12, ROWS_MOST = 100 };

static double apart(double got, double want) {
  return want != 0 ? fabs(got - want) / fabs(want) : fabs(got);
}

/* y and the powers of x, 1 to `degree`, as a table of columns "y", "x1", ... */
static lathe_table *powers_table(const double *y, const double *x, int64_t rows, int32_t degree) {
  static const char *const names[] = {"y", "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10"};
  lathe_column *columns[MOST];
  double values[ROWS_MOST];
  columns[0] = lathe_column_from_float64(y, rows, NULL);
  for (int32_t p = 1; p <= degree; p++) {
    for (int64_t r = 0; r < rows; r++) values[r] = (double)powl((long double)x[r], p);
    columns[p] = lathe_column_from_float64(values, rows, NULL);
  }
  lathe_table *table = lathe_table_new(degree + 1, names, columns, NULL);
  for (int32_t i = 0; i <= degree; i++) lathe_column_release(columns[i]);
  return table;
}

/* Estimates to `digits`, errors and sigma to as many; want_errors NULL: the fit is exact. */
static void check_set(const char *name, lathe_table *table, bool intercept, const double *want,
                      const double *want_errors, double sigma, double digits) {
  lathe_error error = {0};
  lathe_recipe *recipe = lathe_recipe_new("y", NULL);
  lathe_linear_options options = {.intercept = intercept, .level = 0.95};
  lathe_model *model = lathe_model_fit_linear(recipe, table, &options, NULL, &error);
  lathe_table *coefficients = model ? lathe_model_table(model, "coefficients") : NULL;
  double off = coefficients ? 0 : 1, errors_off = off;
  for (int64_t r = 0; coefficients && r < lathe_table_rows(coefficients); r++) {
    double estimate = lathe_column_number(lathe_table_column(coefficients, 1), r);
    double deviation = lathe_column_number(lathe_table_column(coefficients, 2), r);
    off = fmax(off, apart(estimate, want[r]));
    errors_off = fmax(errors_off, want_errors ? apart(deviation, want_errors[r]) : deviation);
  }
  if (want_errors && model) errors_off = fmax(errors_off, apart(lathe_model_figure(model, "sigma"), sigma));
  ok(off < pow(10, -digits), "NIST %s: estimates to %g digits (off by %.2g) %s", name, digits, off,
     error.message);
  ok(errors_off < (want_errors ? pow(10, -digits) : 1e-6), "NIST %s: standard errors (off by %.2g)", name,
     errors_off);
  lathe_model_release(model);
  lathe_recipe_release(recipe);
  lathe_table_release(table);
}

/* Wampler 1 to 5: exact polynomials, in three of them with a multiple of one series on top. */
static void test_wampler(void) {
  static const double delta[] = {759,   -2048, 2048,  -2048, 2523,  -2048, 2048,  -2048, 1838,  -2048, 2048,
                                 -2048, 1838,  -2048, 2048,  -2048, 2523,  -2048, 2048,  -2048, 759};
  static const double deviations[] = {2152.32624678170, 2363.55173469681, 779.343524331583,
                                      101.475507550350, 5.64566512170752, 0.112324854679312};
  static const double times[] = {0, 0, 1, 100, 10000};
  for (int set = 0; set < 5; set++) {
    double x[21], y[21], want[6], errors[6];
    char name[16];
    snprintf(name, sizeof name, "Wampler%d", set + 1);
    for (int i = 0; i < 6; i++) {
      want[i] = set == 1 ? pow(10, -i) : 1;
      errors[i] = times[set] * deviations[i];
    }
    for (int r = 0; r < 21; r++) {
      long double sum = 0, power = 1;
      x[r] = r;
      for (int i = 0; i < 6; i++, power *= set == 1 ? (long double)r / 10 : r) sum += power;
      y[r] = (double)(sum + times[set] * delta[r]);
    }
    check_set(name, powers_table(y, x, 21, 5), true, want, times[set] > 0 ? errors : NULL,
              times[set] * 2360.14502379268, 7);
  }
}

/* A file of NIST StRD: certified values of B0, B1, ... and rows of y and x from line 61 on. */
static void test_file(const char *name, int32_t degree, bool intercept) {
  const char *folder = getenv("LATHE_DATA");
  char path[1000], line[300];
  snprintf(path, sizeof path, "%s/nist-strd/%s.dat", folder ? folder : "../shared/data", name);
  FILE *file = fopen(path, "r");
  if (!file) {
    ok(1, "NIST %s # SKIP %s is not there", name, path);
    return;
  }
  double want[MOST] = {0}, errors[MOST] = {0}, sigma = 0, y[ROWS_MOST], x[ROWS_MOST];
  int64_t rows = 0;
  int number = 0, count = 0, which;
  while (fgets(line, sizeof line, file)) {
    number++;
    double one, other;
    if (number <= 60 && count < MOST && sscanf(line, " B%d %lf %lf", &which, &one, &other) == 3) {
      want[count] = one;
      errors[count++] = other;
    }
    if (number <= 60 && sscanf(line, " Standard Deviation %lf", &one) == 1) sigma = one;
    if (number > 60 && rows < ROWS_MOST && sscanf(line, "%lf %lf", &y[rows], &x[rows]) == 2) rows++;
  }
  fclose(file);
  check_set(name, powers_table(y, x, rows, degree), intercept, want, errors, sigma, degree > 5 ? 7 : 9);
}

/* A table of `width` features, the last `near` of which is next to the first when `apart_by` is small; and a target. */
static lathe_table *random_table(int64_t rows, int32_t width, double apart_by) {
  lathe_column *columns[MOST + 20];
  char names[MOST + 20][8];
  const char *pointers[MOST + 20];
  double *y = calloc((size_t)rows, sizeof *y), *x = calloc((size_t)rows, sizeof *x),
         *first = calloc((size_t)rows, sizeof *x);
  lathe_random random;
  lathe_random_seed(&random, 4, 0);
  for (int64_t r = 0; r < rows; r++) y[r] = lathe_random_normal(&random);
  for (int32_t j = 0; j < width; j++) {
    for (int64_t r = 0; r < rows; r++) {
      double noise = lathe_random_normal(&random);
      x[r] = j == width - 1 ? first[r] + apart_by * noise : 100 * j + noise;
      if (j == 0) first[r] = x[r];
      y[r] += j * noise;
    }
    snprintf(names[j], sizeof names[j], "x%d", j);
    pointers[j] = names[j];
    columns[j] = lathe_column_from_float64(x, rows, NULL);
  }
  columns[width] = lathe_column_from_float64(y, rows, NULL);
  pointers[width] = "y";
  lathe_table *table = lathe_table_new(width + 1, pointers, columns, NULL);
  for (int32_t j = 0; j <= width; j++) lathe_column_release(columns[j]);
  free(y);
  free(x);
  free(first);
  return table;
}

/* The same design both ways. */
static void test_ways(double apart_by, lathe_triangle_way want) {
  enum { ROWS = 20011, WIDTH = 12, SIZE = WIDTH + 2 };
  lathe_error error = {0};
  lathe_table *table = random_table(ROWS, WIDTH, apart_by);
  lathe_recipe *recipe = lathe_recipe_new("y", NULL);
  lathe_prepared prepared = {0};
  double *target = calloc(ROWS, sizeof *target), r[SIZE * SIZE], products[SIZE * SIZE], worst = 0;
  lathe_column_to_float64(lathe_table_column(table, WIDTH), target, NULL);
  lathe_design design = {0};
  lathe_triangle_way way = LATHE_TRIANGLE_REFLECTIONS;
  bool fine =
      lathe_recipe_fit(recipe, table, &prepared, NULL, &error) &&
      lathe_design_open(&design, prepared.graph, prepared.matrix, table, target, NULL, true, NULL, &error) &&
      lathe_design_guess(&design) && lathe_triangle_by_products(&design, products, &way, &error) &&
      lathe_triangle_by_reflections(&design, r, &error);
  ok(fine && way == want, "features apart by %g: products are %s %s", apart_by,
     want == LATHE_TRIANGLE_PRODUCTS_SURE ? "sure"
     : want == LATHE_TRIANGLE_PRODUCTS    ? "to be refined"
                                          : "taken back",
     error.message);
  for (int j = 0; j < SIZE && way != LATHE_TRIANGLE_REFLECTIONS; j++)
    for (int i = 0; i <= j; i++)
      worst = fmax(worst, fabs(fabs(r[j * SIZE + i]) - fabs(products[j * SIZE + i])) / sqrt(ROWS));
  ok(worst < 1e-9, "features apart by %g: both ways lead to one triangle (%.2g)", apart_by, worst);
  lathe_design_free(&design);
  lathe_prepared_free(&prepared);
  lathe_recipe_release(recipe);
  lathe_table_release(table);
  free(target);
}

static void test_singular(int32_t columns) {
  int32_t rows = columns + 7;
  size_t count = (size_t)rows * (size_t)columns;
  double *a = calloc(count, sizeof *a), *whole = calloc(count, sizeof *whole), *v = calloc(count, sizeof *v);
  double *values = calloc((size_t)columns, sizeof *values), worst = 0, square = 0, sum = 0;
  lathe_random random;
  lathe_random_seed(&random, 8, 0);
  for (size_t i = 0; i < count; i++) {
    whole[i] = a[i] = lathe_random_normal(&random);
    square += a[i] * a[i];
  }
  lathe_error error = {0};
  ok(lathe_singular(a, rows, columns, values, v, &error), "%d columns have singular values: %s", (int)columns,
     error.message);
  for (int32_t i = 0; i < rows; i++)
    for (int32_t j = 0; j < columns; j++) {
      double have = 0;
      for (int32_t k = 0; k < columns; k++) have += a[k * rows + i] * v[k * columns + j];
      worst = fmax(worst, fabs(have - whole[j * rows + i]));
    }
  bool descend = true;
  for (int32_t k = 0; k < columns; k++) {
    sum += values[k] * values[k];
    descend = descend && (k == 0 || values[k] <= values[k - 1]);
  }
  ok(worst < 1e-12 * columns && descend && fabs(sum - square) < 1e-11 * square,
     "%d columns: their product is the matrix (%.2g)", (int)columns, worst);
  free(a);
  free(whole);
  free(v);
  free(values);
}

static void test_products(void) {
  enum { ROWS = 24, COLUMNS = 6 };
  double a[ROWS * COLUMNS], x[COLUMNS], y[ROWS], want[ROWS], sums[COLUMNS] = {0}, worst = 0;
  for (int i = 0; i < ROWS * COLUMNS; i++) a[i] = sin(i);
  for (int j = 0; j < COLUMNS; j++) x[j] = j - 2;
  for (int r = 0; r < ROWS; r++) {
    want[r] = y[r] = r;
    for (int j = 0; j < COLUMNS; j++) want[r] -= a[j * ROWS + r] * x[j];
  }
  lathe_gram_subtract(a, COLUMNS, ROWS, x, y);
  for (int r = 0; r < ROWS; r++) worst = fmax(worst, fabs(y[r] - want[r]));
  lathe_gram_dot(a, COLUMNS, ROWS, want, sums);
  for (int j = 0; j < COLUMNS; j++) {
    for (int r = 0; r < ROWS; r++) sums[j] -= a[j * ROWS + r] * want[r];
    worst = fmax(worst, fabs(sums[j]));
  }
  ok(worst < 1e-13, "products with a vector, six columns of four at a time (%.2g)", worst);
}

/* Values of SciPy 1.10.1 and mpmath. */
static void test_distributions(void) {
  ok(apart(lathe_student_bound(0.05, 1), 12.706204736174707) < 1e-12 &&
         apart(lathe_student_bound(0.01, 1e6), 2.5758342201053344) < 1e-12,
     "bounds of Student's t");
  ok(apart(lathe_normal_bound(0.05), 1.9599639845400545) < 1e-14, "and of the normal distribution");
  ok(apart(lathe_f_tail(4, 50, 2e6), 7.880426076220441e-20) < 1e-10 &&
         apart(lathe_f_tail(1.1, 1000, 1000), 0.06599192628688257) < 1e-11 &&
         apart(lathe_f_tail(200, 6, 9), 4.67856933175704e-09) < 1e-13,
     "tails of F");
  ok(lathe_f_tail(INFINITY, 2, 3) == 0 && lathe_f_tail(0, 2, 3) == 1 && isnan(lathe_f_tail(NAN, 2, 3)),
     "at its ends");
  ok(apart(lathe_chi_square_tail(3.84, 1), 0.05004352124870519) < 1e-13 &&
         apart(lathe_chi_square_tail(500, 10), 4.4147360999137545e-101) < 1e-12,
     "tails of chi-square");
}

int main(void) {
  test_wampler();
  test_file("Norris", 1, true);
  test_file("Pontius", 2, true);
  test_file("NoInt1", 1, false);
  test_file("NoInt2", 1, false);
  test_file("Filip", 10, true);
  test_ways(1, LATHE_TRIANGLE_PRODUCTS_SURE);
  test_ways(0.015, LATHE_TRIANGLE_PRODUCTS);
  test_ways(1e-3, LATHE_TRIANGLE_REFLECTIONS);
  test_ways(0, LATHE_TRIANGLE_REFLECTIONS);
  test_singular(5);
  test_singular(60);
  test_singular(130);
  test_products();
  test_distributions();
  return done_testing();
}
