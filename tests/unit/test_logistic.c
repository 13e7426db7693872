/* Logistic regression from below: products, systems, rankings, metrics of classes, labels. */
#include "tap.h"
#include "base/pool.h"
#include "base/random.h"
#include "graph/operator.h"
#include "model/linear/cholesky.h"
#include "model/fit.h"
#include "model/linear/gram.h"
#include "model/model.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static double *random_numbers(int64_t count, uint64_t seed) {
  double *x = calloc((size_t)count, sizeof *x);
  lathe_random random;
  lathe_random_seed(&random, seed, 0);
  for (int64_t i = 0; i < count; i++) x[i] = lathe_random_normal(&random);
  return x;
}

static void test_gram(void) {
  enum { ROWS = 40, A = 7, B = 5 };
  double *a = random_numbers(ROWS * A, 1), *b = random_numbers(ROWS * B, 2), out[A * B] = {0},
         own[A * A] = {0}, worst = 0;
  lathe_gram_add(a, A, b, B, ROWS, false, out, A);
  lathe_gram_add(a, A, a, A, ROWS, true, own, A);
  for (int j = 0; j < A; j++)
    for (int i = 0; i < A; i++) {
      double sum = 0, square = 0;
      for (int r = 0; r < ROWS; r++) {
        sum += j < B ? a[i * ROWS + r] * b[j * ROWS + r] : 0;
        square += a[i * ROWS + r] * a[j * ROWS + r];
      }
      if (j < B) worst = fmax(worst, fabs(sum - out[j * A + i]));
      if (i <= j) worst = fmax(worst, fabs(square - own[j * A + i]));
    }
  ok(worst < 1e-13, "products of columns are those of a loop");
  free(a);
  free(b);
}

static void test_cholesky(void) {
  enum { SIZE = 21 };
  double *x = random_numbers(SIZE * 64, 3), a[SIZE * SIZE] = {0}, r[SIZE * SIZE], b[SIZE], worst = 0;
  bool kept[SIZE];
  for (int k = 0; k < 64; k++) x[7 * 64 + k] = x[2 * 64 + k] - 3 * x[4 * 64 + k];
  lathe_gram_add(x, SIZE, x, SIZE, 64, true, a, SIZE);
  memcpy(r, a, sizeof r);
  lathe_cholesky(r, SIZE, LATHE_CHOLESKY_TOLERANCE, kept);
  int left = 0;
  for (int i = 0; i < SIZE; i++) left += kept[i];
  ok(left == SIZE - 1 && !kept[7], "a column that follows from others before it is found");
  memcpy(r, a, sizeof r);
  ok(lathe_cholesky(r, SIZE, 0, kept) == 0, "the others have a triangle");
  for (int i = 0; i < SIZE; i++) b[i] = i + 1;
  lathe_cholesky_solve(r, SIZE, kept, b);
  for (int i = 0; i < SIZE; i++) {
    double sum = 0;
    for (int j = 0; j < SIZE; j++) sum += a[i < j ? j * SIZE + i : i * SIZE + j] * b[j];
    if (kept[i]) worst = fmax(worst, fabs(sum - (i + 1)));
  }
  ok(worst < 1e-10 && b[7] == 0, "and a system of them is solved, 0 for the one left out");
  kept[7] = true;
  memcpy(r, a, sizeof r);
  ok(lathe_cholesky(r, SIZE, 0, kept) == 1, "a pivot of nothing but rounding is told");
  free(x);
}

/* Two features and a target of three classes with text names. */
static lathe_table *make_table(int64_t rows) {
  static const char *const names[] = {"ape", "bee", "cat"};
  double *a = random_numbers(rows, 11), *b = random_numbers(rows, 12), *noise = random_numbers(rows, 13);
  lathe_text *target = calloc((size_t)rows, sizeof *target);
  for (int64_t r = 0; r < rows; r++) {
    double score = a[r] - b[r] / 2 + noise[r];
    const char *name = names[score < -0.5 ? 0 : score < 0.5 ? 1 : 2];
    target[r] = (lathe_text){name, 3};
  }
  lathe_column *columns[] = {lathe_column_from_float64(a, rows, NULL),
                             lathe_column_from_float64(b, rows, NULL),
                             lathe_column_from_text(target, rows, NULL)};
  lathe_table *table = lathe_table_new(3, (const char *const[]){"a", "b", "y"}, columns, NULL);
  for (int i = 0; i < 3; i++) lathe_column_release(columns[i]);
  free(a);
  free(b);
  free(noise);
  free(target);
  return table;
}

static void test_model(void) {
  enum { ROWS = 9001 };
  lathe_error error = {0};
  lathe_table *table = make_table(ROWS);
  lathe_recipe *recipe = lathe_recipe_new("y", NULL);
  lathe_logistic_options options = {.intercept = true, .iterations = 100};
  lathe_model *model = lathe_model_fit_logistic(recipe, table, &options, NULL, &error);
  ok(model && lathe_graph_classes(lathe_model_graph(model)) == 3, "three classes are fitted: %s",
     error.message);
  lathe_threads_set(1);
  lathe_model *alone = lathe_model_fit_logistic(recipe, table, &options, NULL, &error);
  lathe_threads_set(0);
  char one[65] = "", other[65] = "";
  bool same = model && alone && lathe_table_hash(lathe_model_table(model, "coefficients"), one, &error) &&
              lathe_table_hash(lathe_model_table(alone, "coefficients"), other, &error) &&
              !strcmp(one, other);
  ok(same, "coefficients do not depend on the number of threads, to the last bit");
  double *p = calloc(3 * ROWS, sizeof *p);
  int32_t *codes = calloc(ROWS, sizeof *codes);
  lathe_graph *graph = lathe_model_graph(model);
  ok(lathe_graph_run(graph, table, p, NULL, &error), "they predict: %s", error.message);
  bool whole = true;
  for (int64_t r = 0; r < ROWS; r++)
    whole = whole && fabs(p[3 * r] + p[3 * r + 1] + p[3 * r + 2] - 1) < 1e-15;
  ok(whole, "probabilities of a row make 1");
  lathe_column *labels = lathe_graph_labels(graph, p, ROWS, &error);
  ok(labels && lathe_graph_class_codes(graph, labels, "y", codes, &error) && codes[5] >= 0,
     "labels are classes again");
  p[0] = NAN;
  lathe_column_release(labels);
  labels = lathe_graph_labels(graph, p, ROWS, &error);
  ok(labels && lathe_column_missing(labels) == 1, "no probability, no label");
  lathe_progress *progress = lathe_progress_new(NULL);
  lathe_progress_cancel(progress);
  ok(!lathe_model_fit_logistic(recipe, table, &options, progress, &error) &&
         error.code == LATHE_ERROR_CANCELLED,
     "fitting can be cancelled: %s", error.message);
  lathe_progress_release(progress);
  lathe_column_release(labels);
  free(p);
  free(codes);
  lathe_model_release(model);
  lathe_model_release(alone);
  lathe_recipe_release(recipe);
  lathe_table_release(table);
}

int main(void) {
  test_gram();
  test_cholesky();
  test_model();
  return done_testing();
}
