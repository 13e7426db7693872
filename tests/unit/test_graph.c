/* Graphs: what each operator does, that rows are computed alone, bundles and what is wrong with them, int8 weights, ONNX bytes. */
#include "tap.h"
#include "base/file.h"
#include "base/pool.h"
#include "base/random.h"
#include "export/onnx.h"
#include "graph/bundle.h"
#include "graph/operator.h"
#include "graph/quantize.h"
#include "graph/run.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ROWS = 9001 };

static char folder[] = "/tmp/lathe-graph-XXXXXX";
static char path[64];

static const char *in_folder(const char *name) {
  snprintf(path, sizeof path, "%s/%s", folder, name);
  return path;
}

/* Columns a (numbers, every 7th missing), n (integers) and city (texts: a, b, c and missing ones). */
static lathe_table *make_table(int64_t rows) {
  static const char *const cities[] = {"a", "b", "c", NULL, "zzz"};
  double *a = calloc((size_t)rows, sizeof *a);
  int64_t *n = calloc((size_t)rows, sizeof *n);
  lathe_text *city = calloc((size_t)rows, sizeof *city);
  for (int64_t r = 0; r < rows; r++) {
    a[r] = r % 7 == 3 ? NAN : sin((double)r) * 10;
    n[r] = r * r % 101;
    const char *word = cities[r % 5];
    if (word) city[r] = (lathe_text){word, strlen(word)};
  }
  lathe_column *columns[] = {lathe_column_from_float64(a, rows, NULL), lathe_column_from_int64(n, rows, NULL),
                             lathe_column_from_text(city, rows, NULL)};
  lathe_table *table = lathe_table_new(3, (const char *const[]){"a", "n", "city"}, columns, NULL);
  for (int i = 0; i < 3; i++) lathe_column_release(columns[i]);
  free(a);
  free(n);
  free(city);
  return table;
}

/* [a, n] imputed and scaled, city one-hot: linear with two outputs. */
static lathe_graph *make_graph(bool strict) {
  static const double fill[] = {0.5, NAN}, mean[] = {1, 50}, scale[] = {3, 7};
  static const double weights[] = {1.25, -2, 0.1, 0.2, 3, 4, -5, 6, 7, 8}, bias[] = {10, -1};
  static const lathe_text words[] = {{"a", 1}, {"b", 1}, {"c", 1}};
  lathe_graph *graph = lathe_graph_new(NULL);
  lathe_operator nodes[] = {
      {.kind = LATHE_OPERATOR_NUMBER, .name = "a", .type = LATHE_TYPE_FLOAT64},
      {.kind = LATHE_OPERATOR_NUMBER, .name = "n", .type = LATHE_TYPE_INT64},
      {.kind = LATHE_OPERATOR_TEXT, .name = "city", .type = LATHE_TYPE_STRING},
      {.kind = LATHE_OPERATOR_CONCAT, .inputs = 2, .input = (int32_t[]){0, 1}},
      {.kind = LATHE_OPERATOR_IMPUTE, .inputs = 1, .input = (int32_t[]){3}, .tensor = {fill}},
      {.kind = LATHE_OPERATOR_SCALE, .inputs = 1, .input = (int32_t[]){4}, .tensor = {mean, scale}},
      {.kind = LATHE_OPERATOR_CODE,
       .inputs = 1,
       .input = (int32_t[]){2},
       .words = 3,
       .word = words,
       .missing = 1,
       .strict = strict},
      {.kind = LATHE_OPERATOR_ONE_HOT, .inputs = 1, .input = (int32_t[]){6}, .first = 0},
      {.kind = LATHE_OPERATOR_CONCAT, .inputs = 2, .input = (int32_t[]){5, 7}},
      {.kind = LATHE_OPERATOR_LINEAR,
       .width = 2,
       .inputs = 1,
       .input = (int32_t[]){8},
       .tensor = {weights, bias}},
  };
  for (size_t i = 0; i < sizeof nodes / sizeof *nodes; i++)
    if (lathe_graph_add(graph, &nodes[i], NULL) != (int32_t)i) return NULL;
  lathe_graph_set_output_name(graph, "price", NULL);
  return graph;
}

/* The same, plainly. */
static double predict_ref(const lathe_table *table, int64_t row, int output) {
  static const double weights[] = {1.25, -2, 0.1, 0.2, 3, 4, -5, 6, 7, 8}, bias[] = {10, -1};
  double a = lathe_column_number(lathe_table_column(table, 0), row),
         n = lathe_column_number(lathe_table_column(table, 1), row);
  lathe_text city = lathe_column_text(lathe_table_column(table, 2), row);
  double x[5] = {((isnan(a) ? 0.5 : a) - 1) / 3, (n - 50) / 7};
  if (!city.data)
    x[3] = 1;
  else if (city.size == 1)
    x[2 + city.data[0] - 'a'] = 1;
  double sum = 0;
  for (int j = 0; j < 5; j++) sum += x[j] * weights[2 * j + output];
  return sum + bias[output];
}

static void test_run(const lathe_graph *graph, const lathe_table *table) {
  double *whole = calloc(2 * ROWS, sizeof *whole), *again = calloc(2 * ROWS, sizeof *again), one[2];
  lathe_error error = {0};
  lathe_threads_set(2);
  ok(lathe_graph_run(graph, table, whole, NULL, &error), "a graph runs: %s", error.message);
  bool same = true;
  for (int64_t r = 0; r < ROWS; r++)
    for (int k = 0; k < 2; k++) same = same && whole[2 * r + k] == predict_ref(table, r, k);
  ok(same, "every row is what plain arithmetic gives, to the last bit");
  lathe_threads_set(1);
  ok(lathe_graph_run(graph, table, again, NULL, NULL) && !memcmp(whole, again, 2 * ROWS * sizeof *whole),
     "one thread gives the bits of two");
  lathe_threads_set(0);
  same = true;
  for (int64_t r = 0; r < ROWS; r += 997) {
    lathe_table *row = lathe_table_take(table, &r, 1, NULL, NULL);
    same = same && lathe_graph_run(graph, row, one, NULL, NULL) && !memcmp(one, whole + 2 * r, sizeof one);
    lathe_table_release(row);
  }
  ok(same, "a row alone gives the bits of the row among thousands");
  free(whole);
  free(again);
}

static void test_refusals(const lathe_table *table) {
  lathe_error error = {0};
  double *out = calloc(2 * ROWS, sizeof *out);
  lathe_graph *strict = make_graph(true), *graph = make_graph(false);
  ok(!lathe_graph_run(strict, table, out, NULL, &error) &&
         strstr(error.message, "\"zzz\" is not among the 3 categories of \"city\""),
     "an unknown text is refused where that is asked for: %s", error.message);
  ok(!strncmp(error.message, "row 5:", 6), "and its row is named");
  lathe_column *columns[] = {lathe_table_column(table, 2), lathe_table_column(table, 1),
                             lathe_table_column(table, 2)};
  lathe_table *wrong = lathe_table_new(3, (const char *const[]){"a", "n", "city"}, columns, NULL);
  ok(!lathe_graph_run(graph, wrong, out, NULL, &error) && strstr(error.message, "column \"a\" is string"),
     "text for a number is refused: %s", error.message);
  lathe_table *less = lathe_table_new(2, (const char *const[]){"a", "cty"}, columns, NULL);
  ok(!lathe_graph_run(graph, less, out, NULL, &error), "a lacking column is refused: %s", error.message);
  lathe_progress *progress = lathe_progress_new(NULL);
  lathe_progress_cancel(progress);
  ok(!lathe_graph_run(graph, table, out, progress, &error) && error.code == LATHE_ERROR_CANCELLED,
     "a run is cancelled");
  lathe_progress_release(progress);
  lathe_operator bad = {.kind = LATHE_OPERATOR_SCALE, .inputs = 1, .input = (int32_t[]){99}};
  ok(lathe_graph_add(graph, &bad, &error) < 0, "an operator that takes what is not there is refused");
  bad.input = (int32_t[]){2};
  ok(lathe_graph_add(graph, &bad, &error) < 0, "numbers of a text are refused");
  static const lathe_text words[] = {{"b", 1}, {"a", 1}};
  lathe_operator code = {.kind = LATHE_OPERATOR_CODE,
                         .inputs = 1,
                         .input = (int32_t[]){2},
                         .words = 2,
                         .word = words,
                         .missing = -1};
  ok(lathe_graph_add(graph, &code, &error) < 0, "a vocabulary out of order is refused");
  lathe_table_release(wrong);
  lathe_table_release(less);
  lathe_graph_release(strict);
  lathe_graph_release(graph);
  free(out);
}

static void test_bundle(const lathe_graph *graph, const lathe_table *table) {
  lathe_error error = {0};
  double *before = calloc(2 * ROWS, sizeof *before), *after = calloc(2 * ROWS, sizeof *after);
  const char *keys[] = {"note"};
  lathe_text texts[] = {{"hello", 5}};
  ok(lathe_bundle_write(graph, 1, keys, texts, in_folder("g.lathe"), &error), "a bundle is written: %s",
     error.message);
  lathe_graph *opened = lathe_graph_open(in_folder("g.lathe"), &error);
  ok(opened != NULL, "and opened: %s", error.message);
  lathe_graph_run(graph, table, before, NULL, NULL);
  ok(opened && lathe_graph_run(opened, table, after, NULL, NULL) &&
         !memcmp(before, after, 2 * ROWS * sizeof *before),
     "it predicts the same bits");
  ok(opened && !strcmp(lathe_graph_output_name(opened), "price") && lathe_graph_inputs(opened) == 3 &&
         !strcmp(lathe_graph_input_name(opened, 2), "city") &&
         lathe_graph_input_type(opened, 1) == LATHE_TYPE_INT64,
     "it knows its columns and its target");
  lathe_graph_release(opened);
  free(before);
  free(after);
}

/* Damage a bundle in many places: each is refused with a sentence, for a byte that changed breaks its seal. */
static void test_damage(const lathe_table *table) {
  lathe_mapping *mapping = lathe_mapping_open(in_folder("g.lathe"), NULL);
  size_t size = lathe_mapping_size(mapping);
  char *bytes = malloc(size), damaged[64];
  memcpy(bytes, lathe_mapping_data(mapping), size);
  lathe_mapping_release(mapping);
  snprintf(damaged, sizeof damaged, "%s/damaged.lathe", folder);
  lathe_random random;
  lathe_random_seed(&random, 1, 0);
  int changed = 0, refused = 0, silent = 0;
  double *out = calloc(3 * ROWS, sizeof *out);
  for (int i = 0; i < 400; i++) {
    lathe_error error = {0};
    size_t place = lathe_random_below(&random, size), end = i % 10 == 0 ? place : size;
    char kept = bytes[place];
    bytes[place] = (char)lathe_random_next32(&random);
    changed += end != size || bytes[place] != kept;
    FILE *file = fopen(damaged, "wb");
    fwrite(bytes, 1, end, file);
    fclose(file);
    bytes[place] = kept;
    lathe_graph *graph = lathe_graph_open(damaged, &error);
    if (!graph)
      refused++, silent += !error.message[0];
    else if (lathe_graph_width(graph) <= 3)
      lathe_graph_run(graph, table, out, NULL, NULL);
    lathe_graph_release(graph);
  }
  ok(changed > 300 && refused == changed && silent == 0,
     "of %d damaged bundles %d are refused with a sentence", changed, refused);
  free(bytes);
  free(out);
}

static void test_quantize(const lathe_graph *graph, const lathe_table *table) {
  lathe_error error = {0};
  lathe_quantize_report report;
  lathe_graph *small = lathe_graph_quantize_int8(graph, &report, &error);
  ok(small && report.weights == 10 && report.bytes_before - report.bytes_after == 10 * 7 - 2 * 4,
     "10 weights become a byte each");
  ok(report.largest_error > 0 && report.largest_error <= 0.5 / 63.5 + 1e-6,
     "no weight is off by more than half a step (%g)", report.largest_error);
  double *exact = calloc(2 * ROWS, sizeof *exact), *rounded = calloc(2 * ROWS, sizeof *rounded), worst = 0;
  ok(lathe_graph_run(graph, table, exact, NULL, NULL) && lathe_graph_run(small, table, rounded, NULL, NULL),
     "it runs");
  for (int64_t i = 0; i < 2 * ROWS; i++) worst = fmax(worst, fabs(exact[i] - rounded[i]));
  ok(worst > 0 && worst < 0.5, "and predicts nearly the same (%g)", worst);
  ok(!lathe_graph_quantize_int8(small, NULL, &error) && strstr(error.message, "already"),
     "a second time is refused");
  ok(lathe_bundle_write(small, 0, NULL, NULL, in_folder("s.lathe"), NULL), "it is saved");
  lathe_graph *opened = lathe_graph_open(in_folder("s.lathe"), &error);
  ok(opened && lathe_graph_run(opened, table, exact, NULL, NULL) &&
         !memcmp(exact, rounded, 2 * ROWS * sizeof *exact),
     "and opened, it predicts the same bits: %s", error.message);
  lathe_graph_release(opened);
  lathe_graph_release(small);
  free(exact);
  free(rounded);
}

/* The operators behind calibrated probabilities: what they give, what is refused, and the threshold in a bundle. */
static void test_probabilities(void) {
  double x[] = {-1, 0.25, 0.5, 0.75, 2, NAN};
  lathe_column *column = lathe_column_from_float64(x, 6, NULL);
  lathe_table *table = lathe_table_new(1, (const char *const[]){"x"}, &column, NULL);
  lathe_graph *graph = lathe_graph_new(NULL);
  int32_t zero = 0, one = 1, two = 2;
  lathe_operator raw = {.kind = LATHE_OPERATOR_NUMBER, .name = "x", .type = LATHE_TYPE_FLOAT64};
  lathe_graph_add(graph, &raw, NULL);
  static const double base[] = {0.25, 0.25, 0.75}, value[] = {0.2, 0.2, 0.6}, slope[] = {0, 0.8, 0};
  static const double fallen[] = {0.25, 0.75, 0.25};
  lathe_operator knots = {.kind = LATHE_OPERATOR_INTERPOLATE, .inputs = 1, .input = &zero, .length = 3};
  knots.tensor[0] = fallen, knots.tensor[1] = value, knots.tensor[2] = slope;
  ok(lathe_graph_add(graph, &knots, NULL) < 0, "knots that do not ascend are refused");
  knots.length = 1;
  ok(lathe_graph_add(graph, &knots, NULL) < 0, "and so are none");
  knots.length = 3;
  knots.tensor[0] = base;
  lathe_operator shares = {.kind = LATHE_OPERATOR_SHARES, .inputs = 1, .input = &one};
  ok(lathe_graph_add(graph, &knots, NULL) == 1 && lathe_graph_add(graph, &shares, NULL) == 2 &&
         lathe_graph_width(graph) == 2,
     "one probability becomes two");
  double out[12];
  lathe_graph_run(graph, table, out, NULL, NULL);
  static const double want[] = {0.2, 0.2, 0.4, 0.6, 0.6};
  bool right = isnan(out[11]);
  for (int r = 0; r < 5; r++)
    right = right && fabs(out[2 * r + 1] - want[r]) < 1e-15 && out[2 * r] == 1 - out[2 * r + 1];
  ok(right, "straight between knots, level beyond them, and missing stays missing");
  lathe_error error;
  ok(!lathe_graph_set_threshold(graph, 0.5, &error) && strstr(error.message, "two classes"),
     "a threshold without classes is refused: %s", error.message);
  static const lathe_text names[] = {{"no", 2}, {"yes", 3}};
  ok(lathe_graph_set_classes(graph, LATHE_TYPE_STRING, 2, names, NULL) &&
         !lathe_graph_set_threshold(graph, 1.5, NULL) && lathe_graph_set_threshold(graph, 0.4, NULL) &&
         lathe_graph_choose(graph, out + 2) == 0 && lathe_graph_choose(graph, out + 6) == 1 &&
         lathe_graph_choose(graph, out + 10) == -1,
     "a row is taken for the second class from the threshold up");
  ok(lathe_bundle_write(graph, 0, NULL, NULL, in_folder("p.lathe"), NULL), "it is saved");
  lathe_graph *opened = lathe_graph_open(in_folder("p.lathe"), NULL);
  ok(opened && lathe_graph_threshold(opened) == 0.4, "with its threshold");
  lathe_operator odds = {.kind = LATHE_OPERATOR_LOG_ODDS, .inputs = 1, .input = &two};
  ok(lathe_graph_add(graph, &odds, NULL) == 3 && lathe_graph_run(graph, table, out, NULL, NULL) &&
         fabs(out[1] - log(0.25)) < 1e-15 && fabs(out[0] + out[1]) < 1e-15,
     "log odds of both are opposite");
  lathe_graph_release(opened);
  lathe_graph_release(graph);
  lathe_table_release(table);
  lathe_column_release(column);
}

static void test_onnx(const lathe_graph *graph) {
  lathe_error error = {0};
  ok(lathe_onnx_write(graph, "a note", in_folder("g.onnx"), &error), "an ONNX file is written: %s",
     error.message);
  ok(!lathe_onnx_write(graph, NULL, "/no/such/folder/x.onnx", &error),
     "a folder that is not there is an error: %s", error.message);
}

int main(void) {
  if (!mkdtemp(folder)) return 1;
  lathe_graph *graph = make_graph(false);
  lathe_table *table = make_table(ROWS);
  ok(graph && lathe_graph_width(graph) == 2 && lathe_graph_operators(graph) == 10, "a graph is built");
  test_run(graph, table);
  test_refusals(table);
  test_bundle(graph, table);
  test_damage(table);
  test_quantize(graph, table);
  test_probabilities();
  test_onnx(graph);
  lathe_table_release(table);
  lathe_graph_release(graph);
  for (int i = 0; i < 5; i++)
    unlink(in_folder((const char *const[]){"g.lathe", "s.lathe", "damaged.lathe", "g.onnx", "p.lathe"}[i]));
  rmdir(folder);
  return done_testing();
}
