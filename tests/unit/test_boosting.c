/* Boosting from below: bins, leaves against plain sums over their rows, and a training that is stopped and goes on. */
#include "tap.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/pool.h"
#include "base/random.h"
#include "model/tree/bins.h"
#include "model/fit.h"
#include "model/model.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ROWS = 20000, FEATURES = 5 };

static char folder[] = "/tmp/lathe-boosting-XXXXXX";
static char path[2][64];

static const char *in_folder(int which, const char *name) {
  snprintf(path[which], sizeof path[which], "%s/%s", folder, name);
  return path[which];
}

/* ---- bins ---- */

static int32_t cut(const double *values, int64_t count, int32_t most, double *cuts) {
  uint64_t *keys = calloc((size_t)count * 2, sizeof *keys);
  for (int64_t i = 0; i < count; i++) keys[i] = lathe_bins_key(values[i]);
  int32_t bins = lathe_bins_cut(keys, keys + count, count, most, cuts);
  free(keys);
  return bins;
}

static void test_bins(void) {
  double few[] = {3, -1, 0, 3, -0.0, 7, -1}, cuts[LATHE_BINS_MOST];
  ok(cut(few, 7, 255, cuts) == 4 && cuts[0] == -0.5 && cuts[1] == 1.5 && cuts[2] == 5,
     "few values have a bin each, with cuts in the middle");
  ok(cut(few, 0, 255, cuts) == 1 && cut(few, 1, 255, cuts) == 1, "no value, or one, is one bin");
  double close[] = {1, nextafter(1, 2), 1e308, -1e308};
  ok(cut(close, 4, 255, cuts) == 4 && cuts[1] == 1 && isfinite(cuts[0]) && isfinite(cuts[2]),
     "neighbours are told apart, and the largest numbers");
  double *many = malloc(10000 * sizeof *many);
  for (int i = 0; i < 10000; i++) many[i] = i < 4000 ? 5 : (double)(i * 7919 % 10007);
  int32_t bins = cut(many, 10000, 64, cuts), small = 0, inside = 0;
  for (int b = 0; b < bins; b++) {
    int32_t rows = 0;
    bool five = false;
    for (int i = 0; i < 10000; i++)
      if ((b == 0 || many[i] > cuts[b - 1]) && (b == bins - 1 || many[i] <= cuts[b])) {
        rows++;
        five = five || many[i] == 5;
      }
    small += rows < 60;
    inside = five ? rows : inside;
  }
  ok(bins > 55 && bins <= 64 && small <= 1 && inside < 4200,
     "many values are dealt out evenly, and a frequent one has a bin of its own");
  free(many);
}

/* ---- models ---- */

static double *column_of(int j) {
  double *x = malloc(ROWS * sizeof *x);
  lathe_random random;
  lathe_random_seed(&random, 11, (uint64_t)j);
  for (int r = 0; r < ROWS; r++) {
    x[r] = lathe_random_normal(&random);
    if (j == 1) x[r] = floor(x[r] * 3);
    if (j == 2 && r % 3 == 0) x[r] = NAN;
  }
  return x;
}

static lathe_table *make_table(void) {
  static const char *const names[] = {"a", "b", "c", "d", "e", "y"};
  lathe_column *columns[FEATURES + 1];
  double *x[FEATURES], *y = malloc(ROWS * sizeof *y);
  lathe_random random;
  lathe_random_seed(&random, 12, 0);
  for (int j = 0; j < FEATURES; j++) x[j] = column_of(j);
  for (int r = 0; r < ROWS; r++)
    y[r] = sin(2 * x[0][r]) + 0.3 * x[1][r] + (isnan(x[2][r]) ? 1 : x[2][r] * x[3][r]) +
           0.1 * lathe_random_normal(&random);
  for (int j = 0; j < FEATURES; j++) columns[j] = lathe_column_from_float64(x[j], ROWS, NULL);
  columns[FEATURES] = lathe_column_from_float64(y, ROWS, NULL);
  lathe_table *table = lathe_table_new(FEATURES + 1, names, columns, NULL);
  for (int j = 0; j <= FEATURES; j++) lathe_column_release(columns[j]);
  for (int j = 0; j < FEATURES; j++) free(x[j]);
  free(y);
  return table;
}

static lathe_boosting_options defaults(int32_t rounds) {
  return (lathe_boosting_options){.fit.seed = 7,
                                  .delta = 1,
                                  .quantile = 0.5,
                                  .rounds = rounds,
                                  .rate = 0.1,
                                  .max_leaves = 31,
                                  .min_leaf = 20,
                                  .min_weight = 1e-3,
                                  .l2 = 1,
                                  .max_bins = 255,
                                  .row_share = 1,
                                  .column_share = 1,
                                  .patience = 20,
                                  .checkpoint_every = 7};
}

static lathe_model *fit(const lathe_table *table, const lathe_boosting_options *options,
                        lathe_progress *progress, lathe_error *error) {
  lathe_recipe *recipe = lathe_recipe_new("y", NULL);
  lathe_model *model = lathe_model_fit_boosting(recipe, table, options, progress, error);
  lathe_recipe_release(recipe);
  return model;
}

typedef struct {
  double prediction, target;
} row_pair;

static int by_prediction(const void *a, const void *b) {
  const row_pair *x = a, *y = b;
  return x->prediction < y->prediction ? -1 : x->prediction > y->prediction;
}

/* One round at a rate of 1 without penalties: each leaf predicts the mean of its rows, which were counted, divided and subtracted
 * all the way down. */
static void test_leaves(const lathe_table *table, int32_t leaves, int32_t depth) {
  lathe_boosting_options options = defaults(1);
  options.rate = 1;
  options.l2 = 0;
  options.max_leaves = leaves;
  options.max_depth = depth;
  lathe_model *model = fit(table, &options, NULL, NULL);
  double *out = malloc(ROWS * sizeof *out), worst = 0;
  row_pair *pairs = malloc(ROWS * sizeof *pairs);
  const double *y = lathe_column_values(lathe_table_column(table, FEATURES));
  lathe_graph_run(lathe_model_graph(model), table, out, NULL, NULL);
  for (int r = 0; r < ROWS; r++) pairs[r] = (row_pair){out[r], y[r]};
  qsort(pairs, ROWS, sizeof *pairs, by_prediction);
  int32_t found = 0, least = ROWS;
  for (int begin = 0, end; begin < ROWS; begin = end) {
    double sum = 0;
    for (end = begin; end < ROWS && pairs[end].prediction == pairs[begin].prediction; end++)
      sum += pairs[end].target;
    worst = fmax(worst, fabs(sum / (end - begin) - pairs[begin].prediction));
    least = end - begin < least ? end - begin : least;
    found++;
  }
  ok(found == (int32_t)lathe_model_figure(model, "leaves") && found > 20 && least >= 20 && worst < 1e-7,
     "each of %d leaves predicts the mean of its %d rows or more", found, least);
  lathe_model_release(model);
  free(out);
  free(pairs);
}

/* ---- stopped, and gone on with ---- */

typedef struct {
  lathe_progress *progress;
  int64_t rounds;
} watch;

static void *cancel_after(void *context) {
  const watch *w = context;
  lathe_progress_state state = {0};
  while (strncmp(state.what, "boosting", 8) != 0 || state.done < w->rounds) {
    lathe_progress_read(w->progress, &state);
    usleep(200);
  }
  lathe_progress_cancel(w->progress);
  return NULL;
}

/* Fit until about `rounds` rounds are done: the error that it ends with. */
static lathe_error stop_after(const lathe_table *table, const lathe_boosting_options *options,
                              int64_t rounds) {
  lathe_error error = {0};
  watch w = {lathe_progress_new(NULL), rounds};
  pthread_t thread;
  pthread_create(&thread, NULL, cancel_after, &w);
  lathe_model *model = fit(table, options, w.progress, &error);
  if (model) lathe_model_release(model);
  pthread_join(thread, NULL);
  lathe_progress_release(w.progress);
  return error;
}

static void hash_of(const lathe_model *model, char out[33]) {
  lathe_model_save(model, in_folder(0, "model"), NULL);
  lathe_hash_file(in_folder(0, "model"), out, NULL);
}

static void test_checkpoint(const lathe_table *table) {
  lathe_boosting_options options = defaults(400);
  char want[33], got[33];
  options.row_share = 0.7;
  options.column_share = 0.6;
  options.validation = 0.2;
  options.patience = 400;
  lathe_model *whole = fit(table, &options, NULL, NULL);
  hash_of(whole, want);
  options.checkpoint = in_folder(1, "checkpoint");
  lathe_error error = stop_after(table, &options, 20);
  ok(error.code == LATHE_ERROR_CANCELLED && access(options.checkpoint, F_OK) == 0,
     "a training that is stopped leaves its checkpoint");
  lathe_boosting_options other = options;
  other.l2 = 2;
  memset(&error, 0, sizeof error);
  ok(!fit(table, &other, NULL, &error) && strstr(error.message, "is of other rows or options than these"),
     "which is not gone on with under other options");
  error = stop_after(table, &options, 60);
  lathe_model *resumed = fit(table, &options, NULL, &error);
  if (resumed) hash_of(resumed, got);
  ok(resumed && !strcmp(want, got), "stopped twice and gone on with, a training comes to the same bytes");
  ok(access(options.checkpoint, F_OK) != 0, "then the checkpoint is gone");
  lathe_file_write(options.checkpoint, "no checkpoint", 13, NULL);
  memset(&error, 0, sizeof error);
  ok(!fit(table, &options, NULL, &error) && error.message[0], "a file that is no checkpoint is refused: %s",
     strrchr(error.message, '/') ? strrchr(error.message, '/') + 1 : error.message);
  unlink(options.checkpoint);
  lathe_model_release(whole);
  lathe_model_release(resumed);
}

static void test_options(const lathe_table *table) {
  lathe_boosting_options options = defaults(10);
  lathe_error error = {0};
  options.rate = NAN;
  ok(!fit(table, &options, NULL, &error) &&
         !strcmp(error.message, "rate is a number above 0 up to 1, not nan"),
     "options are checked for C, too");
  options = defaults(10);
  options.monotone = "{\"a\": 1, \"b\": \"up\"}";
  ok(!fit(table, &options, NULL, &error) && strstr(error.message, "monotone gives \"b\" nan"),
     "a direction is a number");
  options.monotone = "[1]";
  ok(!fit(table, &options, NULL, &error) && strstr(error.message, "monotone is an object"), "of an object");
}

int main(void) {
  lathe_threads_set(2);
  if (!mkdtemp(folder)) return 1;
  test_bins();
  lathe_table *table = make_table();
  test_leaves(table, 255, 0);
  test_leaves(table, 0, 7);
  test_checkpoint(table);
  test_options(table);
  lathe_table_release(table);
  unlink(in_folder(0, "model"));
  rmdir(folder);
  return done_testing();
}
