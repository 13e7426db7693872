/* Networks from below: products on every way, gradients against finite differences, a training that is stopped and goes on. */
#include "tap.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/pool.h"
#include "base/random.h"
#include "model/fit.h"
#include "model/model.h"
/* What is inside of the library: one block, forward and backward. */
#include "model/network/network_loss.c"
#include "model/network/network_norm.c"
#include "model/network/network_pass.c"
#include "model/network/network_shape.c"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[] = "/tmp/lathe-network-XXXXXX";
static char path[2][64];

static const char *in_folder(int which, const char *name) {
  snprintf(path[which], sizeof path[which], "%s/%s", folder, name);
  return path[which];
}

enum { ROWS = 6000 };

static lathe_table *make_table(void) {
  static double x[ROWS], z[ROWS], y[ROWS];
  lathe_random random;
  lathe_random_seed(&random, 5, 0);
  for (int r = 0; r < ROWS; r++) {
    x[r] = lathe_random_normal(&random);
    z[r] = lathe_random_normal(&random);
    y[r] = sin(2 * x[r]) + x[r] * z[r];
  }
  lathe_column *columns[] = {lathe_column_from_float64(x, ROWS, NULL),
                             lathe_column_from_float64(z, ROWS, NULL),
                             lathe_column_from_float64(y, ROWS, NULL)};
  lathe_table *table = lathe_table_new(3, (const char *const[]){"x", "z", "y"}, columns, NULL);
  for (int i = 0; i < 3; i++) lathe_column_release(columns[i]);
  return table;
}

static const int32_t widths[] = {48, 40};

static lathe_network_options defaults(int32_t epochs) {
  return (lathe_network_options){.fit = {.seed = 3},
                                 .layers = widths,
                                 .layer_count = 2,
                                 .activation = LATHE_ACTIVATION_RELU,
                                 .optimizer = LATHE_OPTIMIZER_ADAM,
                                 .rate = 0.003,
                                 .momentum = 0.9,
                                 .nesterov = true,
                                 .beta1 = 0.9,
                                 .beta2 = 0.999,
                                 .epsilon = 1e-8,
                                 .schedule_factor = 0.5,
                                 .schedule_every = 2,
                                 .batch = 500,
                                 .epochs = epochs,
                                 .checkpoint_every = 1};
}

static lathe_model *fit(const lathe_table *table, const lathe_network_options *options,
                        lathe_progress *progress, lathe_error *error) {
  lathe_recipe *recipe = lathe_recipe_new("y", NULL);
  lathe_model *model = lathe_model_fit_network(recipe, table, options, progress, error);
  lathe_recipe_release(recipe);
  return model;
}

static void hash_of(lathe_model *model, char hash[33]) {
  lathe_model_save(model, in_folder(0, "model"), NULL);
  lathe_hash_file(in_folder(0, "model"), hash, NULL);
}

/* ---- products and activations ---- */

/* C by one way: rows x inner times inner x panels, A as it lies or turned over. */
static void product_by(int way, int64_t rows, int64_t inner, int64_t panels, bool turned, const float *a,
                       const float *b, float *c) {
  lathe_product product = {.rows = rows,
                           .inner = inner,
                           .panels = panels,
                           .a = a,
                           .a_row = turned ? 1 : inner,
                           .a_inner = turned ? rows : 1,
                           .b = b,
                           .b_inner = LATHE_PANEL,
                           .b_panel = inner * LATHE_PANEL,
                           .c = c,
                           .c_row = panels * LATHE_PANEL,
                           .c_panel = LATHE_PANEL,
                           .start = LATHE_PRODUCT_BIAS,
                           .bias = b};
  lathe_product_set(way);
  lathe_product_run(&product);
  lathe_product_set(-1);
}

static void test_products(void) {
  enum { MOST = 64 * 64 };
  static float a[MOST], b[MOST], want[MOST], got[MOST];
  lathe_random random;
  lathe_random_seed(&random, 1, 0);
  for (int i = 0; i < MOST; i++) {
    a[i] = (float)lathe_random_normal(&random);
    b[i] = (float)lathe_random_normal(&random);
  }
  int tried = 0, different = 0, far = 0;
  for (int way = LATHE_PRODUCT_AVX2; way < LATHE_PRODUCT_WAYS; way++) {
    if (!lathe_product_set(way)) continue;
    for (int rows = 1; rows <= 19; rows++)
      for (int panels = 1; panels <= 4; panels++)
        for (int turned = 0; turned < 2; turned++) {
          product_by(LATHE_PRODUCT_PLAIN, rows, 37, panels, turned, a, b, want);
          product_by(way, rows, 37, panels, turned, a, b, got);
          different += memcmp(want, got, (size_t)(rows * panels * LATHE_PANEL) * sizeof *got) != 0;
          double sum = (double)b[0];
          for (int k = 0; k < 37; k++) sum += (double)a[turned ? k * rows : k] * (double)b[k * LATHE_PANEL];
          far += fabs(sum - (double)got[0]) > 1e-4;
          tried++;
        }
  }
  lathe_product_set(-1);
  ok(different == 0 && far == 0, "products are the same bits on every way, for any number of rows (%d tried)",
     tried);
}

static void test_activations(void) {
  double worst[LATHE_ACTIVATIONS] = {0};
  for (int kind = 1; kind < LATHE_ACTIVATIONS; kind++)
    for (int i = -4000; i <= 4000; i++) {
      float x = (float)i / 300, y = x;
      double exact = kind == LATHE_ACTIVATION_RELU   ? fmax(x, 0)
                     : kind == LATHE_ACTIVATION_GELU ? (double)x / 2 * erfc(-(double)x / sqrt(2))
                     : kind == LATHE_ACTIVATION_TANH ? tanh(x)
                                                     : 1 / (1 + exp(-(double)x));
      lathe_activate((lathe_activation)kind, &y, NULL, 1);
      worst[kind] = fmax(worst[kind], fabs((double)y - exact) / fmax(1, fabs(exact)));
    }
  ok(worst[1] == 0 && worst[2] < 2e-7 && worst[3] < 2e-7 && worst[4] < 2e-7,
     "activations are those of the C library to 2e-7");
  float nothing[4] = {NAN, NAN, NAN, NAN};
  for (int kind = 1; kind < LATHE_ACTIVATIONS; kind++)
    lathe_activate((lathe_activation)kind, &nothing[kind - 1], NULL, 1);
  ok(isnan(nothing[0]) && isnan(nothing[1]) && isnan(nothing[2]) && isnan(nothing[3]),
     "what is missing stays so");
}

/* ---- gradients ---- */

enum { SMALL = 40, FEATURES = 4 };

static double loss_now(const network_block *block, network_loss loss) {
  network_forward(block);
  return network_loss_of(loss, block, 1, block->scratch->delta[0]);
}

/* The largest difference between gradients and central differences, beside 1 + their size. */
static double gradient_error(lathe_activation activation, bool norm, float dropout, network_loss loss) {
  static float matrix[SMALL * FEATURES], number[SMALL], weight[SMALL];
  static int32_t row[SMALL], code[SMALL], columns[] = {0, 1, 3};
  int32_t outputs = loss == NETWORK_CLASSES ? 3 : 1;
  lathe_random random;
  lathe_random_seed(&random, 9, 0);
  for (int r = 0; r < SMALL; r++) {
    for (int j = 0; j < FEATURES; j++) matrix[r * FEATURES + j] = (float)lathe_random_normal(&random);
    matrix[r * FEATURES + 2] = r % 7 == 0 ? NAN : (float)(r % 5); /* a category */
    number[r] = (float)lathe_random_normal(&random);
    weight[r] = r % 3 == 0 ? 2 : 1;
    code[r] = r % (loss == NETWORK_BINARY ? 2 : 3);
    row[r] = r;
  }
  network_layer layer[] = {{.in = 6, .out = 19, .activation = activation, .norm = norm, .dropout = dropout},
                           {.in = 19, .out = 5, .activation = activation},
                           {.in = 5, .out = outputs}};
  network_embedding embedding = {.column = 2, .codes = 5, .width = 3, .place = 3};
  network_net net = {.features = FEATURES,
                     .numbers = 3,
                     .number = columns,
                     .embeddings = 1,
                     .embedding = &embedding,
                     .layers = 3,
                     .layer = layer};
  network_shape(&net, NULL);
  network_draw(&net, 4);
  network_rows rows = {SMALL, FEATURES, matrix, number, code, weight};
  network_lane lane = {.gradient = calloc((size_t)net.parameters, sizeof(float)),
                       .mean = calloc(64, sizeof(float)),
                       .variance = calloc(64, sizeof(float))};
  network_block block = {.net = &net,
                         .rows = &rows,
                         .row = row,
                         .count = SMALL,
                         .key = 77,
                         .scratch = network_scratch_new(&net, true, NULL),
                         .lane = &lane};
  loss_now(&block, loss);
  network_backward(&block);
  double worst = 0;
  for (int64_t i = 0; i < net.parameters; i++) {
    float before = net.parameter[i], step = 0.004f;
    net.parameter[i] = before + step;
    double above = loss_now(&block, loss);
    net.parameter[i] = before - step;
    double below = loss_now(&block, loss), got = (double)lane.gradient[i];
    net.parameter[i] = before;
    if (before == 0 && got == 0) continue; /* where nothing is */
    double want = (above - below) / (2 * (double)step);
    worst = fmax(worst, fabs(got - want) / (1 + fabs(want)));
  }
  network_scratch_free(block.scratch);
  free(lane.gradient);
  free(lane.mean);
  free(lane.variance);
  free(net.parameter);
  free(net.transposed);
  free(net.mean);
  free(net.variance);
  return worst;
}

static void test_gradients(void) {
  static const struct {
    lathe_activation activation;
    bool norm;
    float dropout;
    network_loss loss;
    const char *sentence;
  } list[] = {{LATHE_ACTIVATION_TANH, false, 0, NETWORK_SQUARED, "tanh, squares"},
              {LATHE_ACTIVATION_SIGMOID, false, 0, NETWORK_BINARY, "sigmoid, two classes"},
              {LATHE_ACTIVATION_GELU, false, 0, NETWORK_CLASSES, "GELU, three classes"},
              {LATHE_ACTIVATION_TANH, true, 0, NETWORK_CLASSES, "batch norm"},
              {LATHE_ACTIVATION_TANH, false, 0.3f, NETWORK_BINARY, "dropout"},
              {LATHE_ACTIVATION_GELU, true, 0.2f, NETWORK_SQUARED, "all of them"}};
  for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
    double worst = gradient_error(list[i].activation, list[i].norm, list[i].dropout, list[i].loss);
    ok(worst < 0.01, "gradients are those of finite differences: %s (%.1e)", list[i].sentence, worst);
  }
}

/* Cancels a training once some rows are done. */
typedef struct {
  lathe_progress *progress;
  int64_t rows;
} stopper;

static void *stop(void *context) {
  const stopper *s = context;
  lathe_progress_state state;
  do {
    lathe_progress_read(s->progress, &state);
    usleep(200);
  } while (state.done < s->rows);
  lathe_progress_cancel(s->progress);
  return NULL;
}

static lathe_error stop_after(const lathe_table *table, const lathe_network_options *options, int64_t rows) {
  stopper s = {lathe_progress_new(NULL), rows};
  lathe_error error = {0};
  pthread_t thread;
  pthread_create(&thread, NULL, stop, &s);
  lathe_model_release(fit(table, options, s.progress, &error));
  pthread_join(thread, NULL);
  lathe_progress_release(s.progress);
  return error;
}

static void test_checkpoint(const lathe_table *table) {
  lathe_network_options options = defaults(40);
  options.norm = true;
  options.dropout = 0.1;
  options.validation = 0.2;
  options.patience = 0;
  options.schedule = LATHE_SCHEDULE_PLATEAU;
  options.activation = LATHE_ACTIVATION_GELU;
  char want[33], got[33] = "";
  lathe_model *whole = fit(table, &options, NULL, NULL);
  hash_of(whole, want);
  options.checkpoint = in_folder(1, "checkpoint");
  lathe_error error = stop_after(table, &options, 3 * 4800 + 1000);
  ok(error.code == LATHE_ERROR_CANCELLED && access(options.checkpoint, F_OK) == 0,
     "a training that is stopped leaves its checkpoint");
  lathe_network_options other = options;
  other.rate = 0.004;
  memset(&error, 0, sizeof error);
  ok(!fit(table, &other, NULL, &error) && strstr(error.message, "is of other rows or options than these"),
     "which is not gone on with under other options");
  error = stop_after(table, &options, 9 * 4800 + 2500);
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

static void test_threads(const lathe_table *table) {
  lathe_network_options options = defaults(3);
  char hash[2][33];
  options.batch = 1024;
  for (int threads = 1; threads <= 2; threads++) {
    lathe_threads_set(threads);
    lathe_model *model = fit(table, &options, NULL, NULL);
    hash_of(model, hash[threads - 1]);
    lathe_model_release(model);
  }
  ok(!strcmp(hash[0], hash[1]), "one thread and two make the same bytes");
}

int main(void) {
  if (!mkdtemp(folder)) return 1;
  lathe_threads_set(2);
  lathe_table *table = make_table();
  test_products();
  test_activations();
  test_gradients();
  test_threads(table);
  test_checkpoint(table);
  lathe_table_release(table);
  unlink(in_folder(0, "model"));
  rmdir(folder);
  return done_testing();
}
