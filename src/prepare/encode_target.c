/* encode_target.c - categories become what the target is in them.
 *
 * The mean of the target in a category (of each class, when there are more than two) is drawn towards the mean of all rows. By empirical
 * Bayes with the weight of Micci-Barreca 2001 (eq. 5), n s2 / (n s2 + v), of the category's own mean: n its rows, v the variance of the
 * target in it and s2 that in all rows. With a number m by (sum + m mean) / (n + m). Both as scikit-learn's TargetEncoder has them.
 *
 * A training row must not see its own target, or a column of names would predict everything: while the recipe is learned, the rows of a
 * fold have what the other folds say. What is kept for rows to come is learned of all. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/memory.h"
#include "classes.h"
#include "levels.h"
#include "split.h"

typedef struct {
  const level_list *levels;
  const level_pool *pool;
  const target_options *options;
  int64_t rows;
  int32_t codes;   /* with one for missing */
  int32_t outputs; /* 1, or the classes when there are more than two */
  const double *number;
  lathe_classes classes;
  int32_t *fold;
  int64_t *count; /* (codes) scratch, and the next two */
  double *sum, *squares;
} targeting;

/* The code of a training row: the last is for missing ones. */
static int32_t code_of(const targeting *work, int64_t row) {
  int32_t code = work->levels->code[row];
  return code < 0 ? work->codes - 1 : work->pool->map[code];
}

static double target_of(const targeting *work, int64_t row, int32_t output) {
  if (work->number) return work->number[row];
  return work->classes.codes[row] == (work->outputs == 1 ? 1 : output) ? 1 : 0;
}

/* A sum whose rounding does not grow with the rows (Neumaier 1974). */
typedef struct {
  double sum, lost;
} careful_sum;

static void add(careful_sum *sum, double x) {
  double next = sum->sum + x;
  sum->lost += fabs(sum->sum) >= fabs(x) ? (sum->sum - next) + x : (x - next) + sum->sum;
  sum->sum = next;
}

static bool is_counted(const targeting *work, int64_t row, int32_t without) {
  return without < 0 || work->fold[row] != without;
}

static void measure(targeting *work, int32_t output, int32_t without, double *mean, double *variance) {
  careful_sum all = {0}, spread = {0};
  int64_t counted = 0;
  for (int32_t i = 0; i < work->codes; i++) work->count[i] = 0, work->sum[i] = work->squares[i] = 0;
  for (int64_t r = 0; r < work->rows; r++) {
    if (!is_counted(work, r, without)) continue;
    double y = target_of(work, r, output);
    int32_t code = code_of(work, r);
    add(&all, y);
    counted++;
    work->count[code]++;
    work->sum[code] += y;
  }
  *mean = (all.sum + all.lost) / (double)counted;
  for (int64_t r = 0; r < work->rows; r++) {
    if (!is_counted(work, r, without)) continue;
    double y = target_of(work, r, output);
    int32_t code = code_of(work, r);
    double own = y - work->sum[code] / (double)work->count[code];
    add(&spread, (y - *mean) * (y - *mean));
    work->squares[code] += own * own;
  }
  *variance = (spread.sum + spread.lost) / (double)counted;
}

/* What the rows that are not in fold `without` (-1: all rows) say of each code; returns the mean of all. */
static double learn(targeting *work, int32_t output, int32_t without, double *encoding) {
  double mean, variance, smooth = work->options->smooth;
  measure(work, output, without, &mean, &variance);
  for (int32_t i = 0; i < work->codes; i++) {
    double rows = (double)work->count[i];
    if (work->count[i] == 0)
      encoding[i] = mean;
    else if (!isnan(smooth))
      encoding[i] = (work->sum[i] + smooth * mean) / (rows + smooth);
    else {
      double weight = variance * rows / (variance * rows + work->squares[i] / rows);
      encoding[i] = isnan(weight) ? mean : weight * (work->sum[i] / rows) + (1 - weight) * mean;
    }
  }
  return mean;
}

/* (outputs, rows) of the training rows, each by the other folds. */
static double *cross_fit(targeting *work, lathe_error *error) {
  double *out = lathe_memory_raw((size_t)work->rows * (size_t)work->outputs, sizeof *out, error);
  double *encoding = lathe_memory_raw((size_t)work->codes, sizeof *encoding, error);
  for (int32_t o = 0; out && encoding && o < work->outputs; o++)
    for (int32_t f = 0; f < work->options->folds; f++) {
      learn(work, o, f, encoding);
      for (int64_t r = 0; r < work->rows; r++)
        if (work->fold[r] == f) out[o * work->rows + r] = encoding[code_of(work, r)];
    }
  if (!encoding) {
    free(out);
    out = NULL;
  }
  free(encoding);
  return out;
}

/* (codes + 1, outputs): what all rows say of each code, of missing and of unknown ones. */
static double *fit_all(targeting *work, double *prior, lathe_error *error) {
  size_t codes = (size_t)work->codes, outputs = (size_t)work->outputs;
  double *table = lathe_memory_raw((codes + 1) * outputs, sizeof *table, error);
  double *encoding = lathe_memory_raw(codes, sizeof *encoding, error);
  for (size_t o = 0; table && encoding && o < outputs; o++) {
    double mean = learn(work, (int32_t)o, -1, encoding);
    for (size_t i = 0; i < codes; i++) table[i * outputs + o] = encoding[i];
    table[codes * outputs + o] = work->options->prior ? mean : NAN;
    *prior = mean;
  }
  if (!encoding) {
    free(table);
    table = NULL;
  }
  free(encoding);
  return table;
}

/* The target: numbers, or classes when it is no number or has two values. */
static bool read_target(fitting *state, targeting *work) {
  const char *name = lathe_recipe_target(state->recipe);
  if (!lathe_recipe_check_single(state->recipe, "encode { method = \"target\" }", state->error)) return false;
  if (!name[0])
    return lathe_error_set(
        state->error, LATHE_ERROR_ARGUMENT,
        "encode { method = \"target\" } needs the target of the recipe: lathe.recipe { target = "
        "\"COLUMN\" }");
  const lathe_column *column = lathe_table_column(state->table, lathe_table_find(state->table, name));
  lathe_type type = lathe_column_type(column);
  if (!lathe_classes_find(column, name, &work->classes, state->error)) return false;
  bool number = (type == LATHE_TYPE_INT64 || type == LATHE_TYPE_FLOAT64) && work->classes.count > 2;
  work->outputs = number || work->classes.count <= 2 ? 1 : work->classes.count;
  if (number) {
    double *values = lathe_memory_raw((size_t)work->rows, sizeof *values, state->error);
    work->number = values;
    if (!values || !lathe_column_to_float64(column, values, state->error)) return false;
    for (int64_t r = 0; r < work->rows; r++)
      if (isinf(values[r]))
        return lathe_error_set(state->error, LATHE_ERROR_DATA,
                               "row %lld of the target \"%s\" is infinite; remove that row", (long long)r + 1,
                               name);
  }
  work->fold = lathe_memory_raw((size_t)work->rows, sizeof *work->fold, state->error);
  return work->fold && lathe_split_folds(work->rows, number ? NULL : column, name, work->options->folds, true,
                                         work->options->seed, work->fold, state->error);
}

/* "P(yes|city)" for each class, behind all others. */
static bool append_classes(fitting *state, const targeting *work, int32_t index, int32_t value) {
  const lathe_column *target =
      lathe_table_column(state->table, lathe_table_find(state->table, lathe_recipe_target(state->recipe)));
  lathe_buffer name = {0};
  bool fine = true;
  for (int32_t o = 0; fine && o < work->outputs; o++) {
    char scratch[32];
    lathe_text class = lathe_column_format(target, work->classes.first[o], scratch);
    name.size = 0;
    fine = lathe_buffer_format(&name, state->error, "P(%.*s|%s)", (int)class.size, class.data,
                               state->columns[index].name) &&
           recipe_append(state, name.data, ROLE_NUMBER, value, o);
  }
  lathe_buffer_free(&name);
  return fine;
}

static bool note_learned(fitting *state, const targeting *work, const char *name, double prior) {
  char smooth[40] = "empirical Bayes", mean[60] = "";
  if (!isnan(work->options->smooth)) snprintf(smooth, sizeof smooth, "%.6g rows", work->options->smooth);
  if (work->outputs == 1) snprintf(mean, sizeof mean, ", prior %.6g", prior);
  return recipe_learned(state, name, "target in %d categories%s, smoothed by %s, %d folds",
                        (int)work->pool->size, mean, smooth, (int)work->options->folds);
}

bool encode_by_target(fitting *state, int32_t index, const level_list *levels, const level_pool *pool,
                      const target_options *options, bool *gone) {
  targeting work = {.levels = levels,
                    .pool = pool,
                    .options = options,
                    .rows = lathe_table_rows(state->table),
                    .codes = pool->size + 1};
  size_t codes = (size_t)work.codes;
  double prior = 0, *table = NULL, *standing = NULL;
  work.count = lathe_memory_raw(codes, sizeof *work.count, state->error);
  work.sum = lathe_memory_raw(codes, sizeof *work.sum, state->error);
  work.squares = lathe_memory_raw(codes, sizeof *work.squares, state->error);
  bool fine = work.count && work.sum && work.squares && read_target(state, &work) &&
              (table = fit_all(&work, &prior, state->error)) && (standing = cross_fit(&work, state->error));
  int32_t code = fine ? level_codes(state, index, levels, pool, -2, options->unknown, options->strict) : -1;
  lathe_operator lookup = {.kind = LATHE_OPERATOR_LOOKUP, .width = work.outputs, .tensor = {table}};
  int32_t value = code >= 0 ? recipe_add(state, &lookup, code) : -1;
  fine = value >= 0 && lathe_graph_stand_in(state->out->graph, value, state->table, standing, state->error);
  if (fine) standing = NULL;
  *gone = work.outputs > 1;
  if (fine && work.outputs > 1)
    fine = append_classes(state, &work, index, value);
  else if (fine) {
    recipe_replace(state, &index, 1, value);
    state->columns[index].role = ROLE_NUMBER;
  }
  fine = fine && note_learned(state, &work, state->columns[index].name, prior);
  lathe_classes_free(&work.classes);
  free((double *)work.number);
  free(work.fold);
  free(work.count);
  free(work.sum);
  free(work.squares);
  free(table);
  free(standing);
  return fine;
}
