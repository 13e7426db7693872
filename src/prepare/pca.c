/* pca.c - the step that puts principal components in the place of columns (Jolliffe 2002): eigenvectors of their covariance, whose largest
 * coefficient is positive. */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/memory.h"
#include "../base/pool.h"
#include "own.h"

enum { COMPONENTS, SHARE, WHITEN };
enum { MOST_COLUMNS = 4096, ROUND = 16 /* chunks whose sums are in memory at once */ };

static const lathe_step_option options[] = {
    {"components", LATHE_OPTION_INTEGER, NULL, NAN, 1, MOST_COLUMNS,
     "how many are kept; all that vary when neither is set"},
    {"share", LATHE_OPTION_NUMBER, NULL, NAN, 0, 1, "or as many as hold this share of the variance"},
    {"whiten", LATHE_OPTION_FLAG, NULL, 0, 0, 1, "to standard deviation 1 each"},
};

static bool check(const recipe_step *step, lathe_error *error) {
  return isnan(step->value[COMPONENTS].number) || isnan(step->value[SHARE].number) ||
         lathe_error_set(error, LATHE_ERROR_ARGUMENT,
                         "pca takes components or a share of the variance, not both");
}

typedef struct {
  const lathe_run *run;
  int64_t rows, first; /* chunk of this round */
  int32_t width;
  const double *mean;
  double *sums; /* (ROUND, width, width), of which j <= i */
} covariance_work;

static bool covariance_chunk(void *context, int64_t chunk, lathe_error *error) {
  const covariance_work *work = context;
  int32_t width = work->width;
  int64_t begin = (work->first + chunk) * LATHE_RUN_CHUNK;
  int64_t rows = work->rows - begin < LATHE_RUN_CHUNK ? work->rows - begin : LATHE_RUN_CHUNK;
  double *x = lathe_memory_raw((size_t)rows * (size_t)width, sizeof *x, error);
  double *sums = work->sums + (size_t)chunk * (size_t)width * (size_t)width;
  bool fine = x && lathe_run_block(work->run, begin, rows, x, width, 1, error);
  memset(sums, 0, (size_t)width * (size_t)width * sizeof *sums);
  for (int64_t r = 0; fine && r < rows; r++) {
    double *row = x + r * width;
    for (int32_t j = 0; j < width; j++) row[j] -= work->mean[j];
    for (int32_t i = 0; i < width; i++) {
      double left = row[i], *to = sums + (size_t)i * (size_t)width;
      for (int32_t j = 0; j <= i; j++) to[j] += left * row[j];
    }
  }
  free(x);
  return fine;
}

/* The covariance (width, width) of the columns of operator `value`, divided by rows - 1. */
static double *covariance_of(fitting *state, int32_t value, const double *mean, int32_t width) {
  int64_t rows = lathe_table_rows(state->table), chunks = (rows + LATHE_RUN_CHUNK - 1) / LATHE_RUN_CHUNK;
  size_t cells = (size_t)width * (size_t)width;
  lathe_run *run = lathe_run_new(state->out->graph, value, state->table, state->error);
  double *all = lathe_memory_new(cells, sizeof *all, state->error);
  double *sums = lathe_memory_raw(cells * ROUND, sizeof *sums, state->error);
  bool fine = run && all && sums;
  covariance_work work = {run, rows, 0, width, mean, sums};
  for (; fine && work.first < chunks; work.first += ROUND) {
    int64_t round = chunks - work.first < ROUND ? chunks - work.first : ROUND;
    fine = lathe_pool_run(round, covariance_chunk, &work, state->progress, state->error);
    for (int64_t k = 0; fine && k < round; k++)
      for (size_t i = 0; i < cells; i++) all[i] += sums[(size_t)k * cells + i];
  }
  for (int32_t i = 0; fine && i < width; i++)
    for (int32_t j = 0; j <= i; j++) {
      double *one = &all[(size_t)i * (size_t)width + (size_t)j];
      *one /= (double)(rows - 1);
      all[(size_t)j * (size_t)width + (size_t)i] = *one;
    }
  lathe_run_free(run);
  free(sums);
  if (fine) return all;
  free(all);
  return NULL;
}

/* How many components: as asked for, as hold the share, or all that vary more than rounding does. */
static int32_t how_many(fitting *state, const recipe_step *step, const double *variance, int32_t width,
                        double total) {
  int32_t vary = 0, count = 0;
  int64_t rank = lathe_table_rows(state->table) - 1;
  while (vary < width && vary < rank && variance[vary] > width * DBL_EPSILON * variance[0]) vary++;
  if (!isnan(step->value[COMPONENTS].number)) {
    count = (int32_t)step->value[COMPONENTS].number;
    if (count > vary &&
        !NOTE(state, "%d components vary in the training rows, not %d", (int)vary, (int)count))
      return -1;
  } else if (!isnan(step->value[SHARE].number)) {
    double sum = 0;
    while (count < vary && !(sum > step->value[SHARE].number * total)) sum += variance[count++];
  } else
    count = vary;
  return count > vary ? vary : count;
}

/* Vectors (rows of `vector`) to weights (width, count), signed, and divided by their deviation when whitened. */
static void make_weights(const double *vector, const double *variance, int32_t width, int32_t count,
                         bool whiten, double *weights) {
  for (int32_t k = 0; k < count; k++) {
    const double *one = vector + (size_t)k * (size_t)width;
    int32_t largest = 0;
    for (int32_t j = 1; j < width; j++)
      if (fabs(one[j]) > fabs(one[largest])) largest = j;
    double by = (one[largest] < 0 ? -1 : 1) / (whiten ? sqrt(variance[k]) : 1);
    for (int32_t j = 0; j < width; j++) weights[(size_t)j * (size_t)count + (size_t)k] = one[j] * by;
  }
}

/* The operators, and the components as columns in the place of those chosen. */
static bool use_components(fitting *state, const int32_t *chosen, int32_t width, int32_t value,
                           const double *mean, const double *weights, int32_t count, const double *variance,
                           double total) {
  double *ones = lathe_memory_raw((size_t)width, sizeof *ones, state->error);
  bool *gone = NULL;
  for (int32_t j = 0; ones && j < width; j++) ones[j] = 1;
  lathe_operator centre = {.kind = LATHE_OPERATOR_SCALE, .tensor = {mean, ones}};
  lathe_operator project = {.kind = LATHE_OPERATOR_PROJECT, .width = count, .tensor = {weights}};
  bool fine = ones && (value = recipe_add(state, &centre, value)) >= 0 &&
              (value = recipe_add(state, &project, value)) >= 0;
  for (int32_t k = 0; fine && k < count; k++) {
    char name[32];
    snprintf(name, sizeof name, "pca%d", (int)k);
    fine =
        recipe_append(state, name, ROLE_NUMBER, value, k) &&
        recipe_learned(state, name, "variance %.6g, %.2f %% of all", variance[k], 100 * variance[k] / total);
  }
  fine = fine && (gone = lathe_memory_new((size_t)state->count, sizeof *gone, state->error)) != NULL;
  for (int32_t c = 0; fine && c < width; c++) gone[chosen[c]] = true;
  if (fine) recipe_remove(state, gone);
  free(ones);
  free(gone);
  return fine;
}

static bool find_components(fitting *state, const recipe_step *step, const int32_t *chosen, int32_t width) {
  int64_t rows = lathe_table_rows(state->table);
  int32_t value = recipe_gather(state, chosen, width), count = -1;
  lathe_facts *facts = value >= 0 ? recipe_facts(state, value, chosen) : NULL;
  double *mean = lathe_memory_raw((size_t)width, sizeof *mean, state->error);
  double *variance = lathe_memory_new((size_t)width, sizeof *variance, state->error), *vector = NULL,
         *weights = NULL;
  double total = 0;
  bool fine = facts && mean && variance;
  for (int32_t c = 0; fine && c < width; c++) {
    mean[c] = facts[c].mean;
    total += facts[c].squares / (double)(rows > 1 ? rows - 1 : 1);
    fine = lathe_facts_check(&facts[c], rows, state->columns[chosen[c]].name, state->error);
  }
  if (fine && !(total > 0 && isfinite(total)))
    fine = lathe_error_set(
        state->error, LATHE_ERROR_DATA,
        total > 0 ? "the columns are too large for principal components; scale them first"
                  : "no column differs between the training rows; there are no principal components");
  fine = fine && (vector = covariance_of(state, value, mean, width)) != NULL &&
         recipe_eigen(vector, width, variance, state->error) &&
         (count = how_many(state, step, variance, width, total)) > 0 &&
         (weights = lathe_memory_raw((size_t)width * (size_t)count, sizeof *weights, state->error)) != NULL;
  if (fine) {
    make_weights(vector, variance, width, count, step->value[WHITEN].number != 0, weights);
    fine = use_components(state, chosen, width, value, mean, weights, count, variance, total);
  }
  free(facts);
  free(mean);
  free(variance);
  free(vector);
  free(weights);
  return fine;
}

static bool fit(fitting *state, const recipe_step *step) {
  int32_t count;
  int32_t *chosen = recipe_choose(state, step, 1u << ROLE_NUMBER, ~(1u << ROLE_TEXT), &count);
  bool fine = chosen != NULL;
  if (fine && count > MOST_COLUMNS)
    fine = lathe_error_set(state->error, LATHE_ERROR_DATA,
                           "pca takes %d columns at most, and these are %d; name some, or select before",
                           (int)MOST_COLUMNS, (int)count);
  fine = fine && (count == 0 || find_components(state, step, chosen, count));
  free(chosen);
  return fine;
}

const recipe_kind recipe_pca = {"pca",   "Put principal components in the place of columns.",
                                options, sizeof options / sizeof *options,
                                check,   fit};
