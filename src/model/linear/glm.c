/* glm.c - see glm.h: a problem is set up, solved, and what can be said of the solution. */
#include "glm.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../../base/memory.h"
#include "cholesky.h"
#include "glm_own.h"
#include "../training.h"

#define STEP_OF_RUNAWAY 0.1 /* of an exponent, in the last step: it would go on for ever */

/* ---- a constant alone ---- */

/* Sums over rows that the loss of a constant takes: see LATHE_GLM_NULL_COUNTS. */
static void add_null(const glm_problem *work, double *null) {
  const lathe_glm_data *data = work->data;
  for (int64_t r = 0; r < work->rows; r++) {
    double w = data->weights ? data->weights[r] : 1;
    if (data->family == LATHE_GLM_CLASSES) {
      null[data->classes->codes[r]] += w;
      continue;
    }
    double y = data->target[r], offset = data->offset ? data->offset[r] : 0, own = y > 0 ? y * log(y) - y : 0;
    null[0] += w * y;
    null[1] += w * exp(offset);
    null[2] += w * (own - y * offset);
    null[3] += w * (lgamma(y + 1) - own);
  }
}

static double null_loss(const glm_problem *work, const double *null) {
  double loss = 0, weight = 0;
  if (work->data->family == LATHE_GLM_COUNTS)
    return null[2] - (null[0] > 0 ? null[0] * log(null[0] / null[1]) : 0) + null[0];
  int32_t count = work->data->classes->count;
  for (int32_t i = 0; i < count; i++) weight += null[i];
  for (int32_t i = 0; i < count; i++)
    if (null[i] > 0) loss -= null[i] * log(null[i] / weight);
  return loss;
}

/* ---- separation ---- */

/* What no penalty cannot have: rows that are told apart, so that no finite coefficients are the best. `step` shows where they go. */
static bool say_separated(glm_problem *work, const double *step, lathe_error *error) {
  int32_t worst = -1;
  double margin = 0;
  for (int32_t i = 0; i < work->parameters; i++)
    if (i % work->columns < work->width && (worst < 0 || fabs(step[i]) > fabs(step[worst]))) worst = i;
  const char *name = worst < 0 ? "(intercept)" : work->data->names[worst % work->columns];
  if (work->data->family == LATHE_GLM_COUNTS)
    return lathe_error_set(error, LATHE_ERROR_DATA,
                           "some features are there in rows of count 0 only (\"%s\" most), so the best "
                           "coefficients are infinite; give l2 = 1, or leave that feature out",
                           name);
  if (!glm_ask(work, GLM_MARGIN, &margin, error)) return false;
  return lathe_error_set(
      error, LATHE_ERROR_DATA,
      margin > 0
          ? "all rows can be told apart by the features without error (complete separation; \"%s\" does "
            "most), so the best coefficients are infinite; give l2 = 1, or leave that feature out"
          : "some rows can be told apart by the features without error (quasi-complete separation; "
            "\"%s\" does most), so the best coefficients are infinite; give l2 = 1, or leave that "
            "feature out",
      name);
}

/* Whether the last step still moved some row by much, or could not be found: coefficients on their way to infinity. */
static bool find_runaway(glm_problem *work, const glm_newton *n, bool *runaway, lathe_error *error) {
  bool classes = work->data->family == LATHE_GLM_CLASSES;
  double change = 0;
  *runaway = n->weak > 0 || (classes && n->now[0] < GLM_SEPARATED * work->weight);
  if (*runaway) return true;
  work->last_step = n->step;
  if (!glm_ask(work, GLM_CHANGE, &change, error)) return false;
  *runaway = !(change < STEP_OF_RUNAWAY);
  return true;
}

/* ---- from the units of the design to those of the features ---- */

static void finish(const glm_problem *work, const glm_newton *n, lathe_glm_fit *fit) {
  int32_t m = fit->outputs, shift = work->outputs == m ? 0 : work->first;
  for (int32_t o = 0; o < work->outputs; o++) {
    const double *theta = work->theta + o * work->columns;
    int32_t to = o + shift;
    fit->bias[to] = work->intercept ? theta[work->width] : 0;
    for (int32_t j = 0; j < work->width; j++) {
      fit->aliased[j] = !n->kept[j];
      fit->nonzero += theta[j] != 0;
      fit->weights[j * m + to] = theta[j] / work->unit[j];
      fit->bias[to] -= theta[j] / work->unit[j] * work->mean[j];
    }
  }
  for (int32_t i = 0; i < work->columns; i++) fit->rank += n->kept[i];
  fit->rank *= work->outputs;
  if (work->first || work->outputs == 1) return;
  double mean = 0; /* of the intercepts: any would do */
  for (int32_t o = 0; o < m; o++) mean += fit->bias[o] / m;
  for (int32_t o = 0; o < m && work->intercept; o++) fit->bias[o] -= mean;
}

/* Standard errors from the inverse of the Hessian, which is that of the likelihood only without a penalty. */
static bool find_errors(const glm_problem *work, glm_newton *n, lathe_glm_fit *fit, lathe_error *error) {
  int32_t size = work->parameters, m = fit->outputs, shift = work->outputs == m ? 0 : work->first;
  double *x = lathe_memory_new((size_t)size, sizeof *x, error);
  if (!x) return false;
  for (int32_t i = 0; i < m; i++) fit->bias_errors[i] = NAN;
  for (int32_t i = 0; i < m * work->width; i++) fit->weight_errors[i] = NAN;
  if (work->l1 == 0 && work->l2 == 0) {
    memcpy(n->factor, n->now + 1 + size, (size_t)size * (size_t)size * sizeof *n->factor);
    n->weak += lathe_cholesky(n->factor, size, 0, n->kept);
    for (int32_t i = 0; i < size; i++) {
      int32_t o = i / work->columns, j = i % work->columns;
      if (!n->kept[i] || j == work->width) continue;
      memset(x, 0, (size_t)size * sizeof *x);
      x[i] = 1;
      fit->weight_errors[j * m + o + shift] =
          lathe_cholesky_norm(n->factor, size, n->kept, x) / work->unit[j];
    }
    for (int32_t o = 0; o < work->outputs && work->intercept; o++) {
      memset(x, 0, (size_t)size * sizeof *x);
      for (int32_t j = 0; j < work->width; j++)
        if (n->kept[j]) x[o * work->columns + j] = -work->mean[j] / work->unit[j];
      x[o * work->columns + work->width] = 1;
      fit->bias_errors[o + shift] = lathe_cholesky_norm(n->factor, size, n->kept, x);
    }
  }
  free(x);
  return true;
}

/* ---- for rows to come ---- */

bool lathe_glm_memory_open(lathe_glm_memory *memory, int32_t width, int32_t parameters, int32_t null_count,
                           lathe_error *error) {
  size_t features = (size_t)width, size = (size_t)parameters;
  memory->width = width;
  memory->parameters = parameters;
  memory->null_count = null_count;
  memory->mean = lathe_memory_new(features, sizeof(double), error);
  memory->unit = lathe_memory_new(features, sizeof(double), error);
  memory->theta = lathe_memory_new(size, sizeof(double), error);
  memory->gradient = lathe_memory_new(size, sizeof(double), error);
  memory->curvature = lathe_memory_new(size * size, sizeof(double), error);
  memory->null = lathe_memory_new((size_t)null_count, sizeof(double), error);
  return memory->mean && memory->unit && memory->theta && memory->gradient && memory->curvature &&
         memory->null;
}

void lathe_glm_memory_free(lathe_glm_memory *memory) {
  free(memory->mean);
  free(memory->unit);
  free(memory->theta);
  free(memory->gradient);
  free(memory->curvature);
  free(memory->null);
  *memory = (lathe_glm_memory){0};
}

/* The last point of which all is known: that before the last step where this one was looked at for its loss alone. */
static void keep(const glm_problem *work, const glm_newton *n, lathe_glm_fit *fit) {
  lathe_glm_memory *memory = &fit->memory;
  size_t size = (size_t)work->parameters, width = (size_t)work->width;
  const double *total = n->light ? n->next : n->now;
  memcpy(memory->mean, work->mean, width * sizeof(double));
  memcpy(memory->unit, work->unit, width * sizeof(double));
  memcpy(memory->theta, n->light ? n->kept_theta : work->theta, size * sizeof(double));
  memcpy(memory->gradient, total + 1, size * sizeof(double));
  memcpy(memory->curvature, total + 1 + size, size * size * sizeof(double));
  memory->loss = fit->loss;
  memory->pearson = fit->pearson;
  memory->counted = fit->counted;
  memory->weight = fit->weight;
}

/* ---- the whole ---- */

/* The sum of squares of the weights that `theta` stands for. */
static double squares_of(const glm_problem *work, const double *theta) {
  double sum = 0;
  for (int32_t i = 0; i < work->parameters; i++) {
    int32_t j = i % work->columns;
    double weight = j == work->width ? 0 : theta[i] / work->unit[j];
    sum += weight * weight;
  }
  return sum;
}

/* The losses, apart from the penalties; those of rows before these as they were, and what they have changed by. */
static void find_losses(const glm_problem *work, const glm_newton *n, const lathe_glm_settings *settings,
                        lathe_glm_fit *fit) {
  const lathe_glm_memory *memory = work->memory;
  fit->loss = n->now[0] - glm_penalty(work);
  if (memory)
    fit->loss +=
        memory->loss - settings->l2 / 2 * (squares_of(work, work->theta) - squares_of(work, memory->theta));
  fit->null_loss = null_loss(work, fit->memory.null);
  fit->likelihood_constant = work->data->family == LATHE_GLM_COUNTS ? fit->memory.null[3] : 0;
}

static void begin(glm_problem *work, const lathe_glm_settings *settings, const double *null) {
  const double *weights = settings->start_weights, *bias = settings->start_bias;
  int32_t width = work->width,
          outputs = work->data->family == LATHE_GLM_CLASSES && work->data->classes->count > 2
                        ? work->data->classes->count
                        : 1;
  int32_t shift = outputs > 1 ? work->first : 0;
  if (work->memory) memcpy(work->theta, work->memory->theta, (size_t)work->parameters * sizeof(double));
  if (work->memory) return;
  for (int32_t o = 0; o < work->outputs && weights; o++) {
    double *theta = work->theta + o * work->columns, constant = bias[o + shift] - (shift ? bias[0] : 0);
    for (int32_t j = 0; j < width; j++) {
      double weight = weights[j * outputs + o + shift] - (shift ? weights[j * outputs] : 0);
      theta[j] = weight * work->unit[j];
      constant += weight * work->mean[j];
    }
    if (work->intercept) theta[width] = constant;
  }
  if (!weights && work->intercept && work->data->family == LATHE_GLM_COUNTS)
    work->theta[width] = log(null[0] / null[1]);
}

static bool solve(glm_problem *work, const lathe_glm_settings *settings, lathe_glm_fit *fit,
                  lathe_error *error) {
  glm_newton n = {0};
  bool runaway = false, penalised = work->l1 > 0 || settings->l2 > 0;
  add_null(work, fit->memory.null);
  double nothing = null_loss(work, fit->memory.null);
  for (int32_t i = 0; work->memory && i < work->memory->null_count; i++)
    fit->memory.null[i] += work->memory->null[i];
  work->base = work->data->family == LATHE_GLM_COUNTS ? fit->memory.null[0] : 0;
  begin(work, settings, fit->memory.null);
  bool fine = glm_newton_open(&n, work, error) &&
              glm_descend(work, &n, settings->iterations, nothing, error) &&
              find_errors(work, &n, fit, error) &&
              (penalised || (!n.converged && n.iterations == settings->iterations) ||
               find_runaway(work, &n, &runaway, error)) &&
              (work->data->family != LATHE_GLM_COUNTS || glm_ask(work, GLM_PEARSON, &fit->pearson, error));
  if (fine && n.stuck && penalised)
    fine = lathe_error_set(
        error, LATHE_ERROR_DATA,
        "the coefficients cannot be found in double precision; scale the features (recipe:scale{}), or give "
        "a smaller l2");
  if (runaway) fine = say_separated(work, n.step, error);
  if (fine) {
    fit->iterations = n.iterations;
    fit->converged = n.converged;
    fit->counted = work->counted + (work->memory ? work->memory->counted : 0);
    fit->weight = work->weight + (work->memory ? work->memory->weight : 0);
    fit->pearson += work->memory ? work->memory->pearson : 0;
    find_losses(work, &n, settings, fit);
    finish(work, &n, fit);
    keep(work, &n, fit);
  }
  glm_newton_close(&n);
  return fine;
}

static bool fit_open(lathe_glm_fit *fit, const glm_problem *work, lathe_error *error) {
  const lathe_glm_data *data = work->data;
  bool several = data->family == LATHE_GLM_CLASSES && data->classes->count > 2;
  fit->width = work->width;
  fit->first = work->first && several;
  fit->outputs = several ? data->classes->count : 1;
  size_t count = (size_t)fit->width * (size_t)fit->outputs, outputs = (size_t)fit->outputs;
  fit->weights = lathe_memory_new(count, sizeof(double), error);
  fit->weight_errors = lathe_memory_new(count, sizeof(double), error);
  fit->bias = lathe_memory_new(outputs, sizeof(double), error);
  fit->bias_errors = lathe_memory_new(outputs, sizeof(double), error);
  fit->aliased = lathe_memory_new((size_t)fit->width, sizeof(bool), error);
  return fit->weights && fit->weight_errors && fit->bias && fit->bias_errors && fit->aliased &&
         lathe_glm_memory_open(
             &fit->memory, work->width, work->parameters,
             data->family == LATHE_GLM_COUNTS ? LATHE_GLM_NULL_COUNTS : data->classes->count, error);
}

static bool set_shape(glm_problem *work, const lathe_glm_settings *settings, lathe_error *error) {
  const lathe_glm_data *data = work->data;
  int32_t classes = data->family == LATHE_GLM_CLASSES ? data->classes->count : 2;
  bool penalised = settings->l1 > 0 || settings->l2 > 0;
  work->width = lathe_graph_operator(data->graph, data->matrix)->width;
  work->columns = work->width + settings->intercept;
  work->first = classes == 2 || !penalised;
  work->outputs = classes - work->first;
  if ((int64_t)work->outputs * work->columns > LATHE_GLM_PARAMETERS)
    return lathe_error_set(error, LATHE_ERROR_DATA,
                           "%d classes and %d features make %lld coefficients, and Newton's method is for %d "
                           "at most; leave features out, or merge rare classes",
                           classes, work->width, (long long)work->outputs * work->columns,
                           LATHE_GLM_PARAMETERS);
  work->parameters = work->outputs * work->columns;
  for (int64_t r = 0; r < work->rows; r++) {
    double w = data->weights ? data->weights[r] : 1;
    work->counted += w > 0;
    work->weight += w;
  }
  if (!penalised && !work->memory && work->counted <= work->columns)
    return lathe_error_set(
        error, LATHE_ERROR_DATA,
        "%.0f row%s cannot determine %d coefficients; give more rows, leave features out, or give l2 = 1",
        work->counted, work->counted == 1 ? "" : "s", work->columns);
  return true;
}

/* Every class has something to learn from. */
static bool check_classes(const glm_problem *work, lathe_error *error) {
  const lathe_glm_data *data = work->data;
  if (data->family != LATHE_GLM_CLASSES || !data->weights || work->memory) return true;
  double *weight = lathe_memory_new((size_t)data->classes->count, sizeof *weight, error);
  if (!weight) return false;
  for (int64_t r = 0; r < work->rows; r++) weight[data->classes->codes[r]] += data->weights[r];
  bool fine = true;
  for (int32_t i = 0; fine && i < data->classes->count; i++)
    if (!(weight[i] > 0))
      fine = lathe_error_set(error, LATHE_ERROR_DATA,
                             "all rows of the class of row %lld have the weight 0; leave them out, or give "
                             "them some",
                             (long long)data->classes->first[i] + 1);
  free(weight);
  return fine;
}

/* Centres and units: those of the rows, which are checked in any case, or those that are remembered. */
static bool measure(glm_problem *work, lathe_error *error) {
  const lathe_glm_data *data = work->data;
  size_t width = (size_t)work->width;
  work->mean = lathe_memory_new(width, sizeof(double), error);
  work->unit = lathe_memory_new(width, sizeof(double), error);
  if (!work->mean || !work->unit ||
      !lathe_training_measure(data->graph, data->matrix, data->names, data->table, work->intercept,
                              work->mean, work->unit, work->progress, error))
    return false;
  if (!work->memory) return true;
  memcpy(work->mean, work->memory->mean, width * sizeof(double));
  memcpy(work->unit, work->memory->unit, width * sizeof(double));
  return true;
}

bool lathe_glm_solve(const lathe_glm_data *data, const lathe_glm_settings *settings, lathe_glm_fit *fit,
                     lathe_progress *progress, lathe_error *error) {
  glm_problem work = {.data = data,
                      .memory = settings->memory,
                      .rows = lathe_table_rows(data->table),
                      .intercept = settings->intercept,
                      .l1 = settings->l1,
                      .l2 = settings->memory ? 0 : settings->l2,
                      .apart = 1,
                      .progress = progress};
  if (!set_shape(&work, settings, error) || !check_classes(&work, error)) return false;
  lathe_run *run = lathe_run_new(data->graph, data->matrix, data->table, error);
  work.run = run;
  lathe_progress_begin(progress, data->family == LATHE_GLM_COUNTS ? "fit poisson" : "fit logistic", 0);
  bool fine = run && fit_open(fit, &work, error) && measure(&work, error) && glm_open(&work, error) &&
              solve(&work, settings, fit, error);
  lathe_progress_end(progress);
  lathe_run_free(run);
  glm_close(&work);
  free(work.mean);
  free(work.unit);
  return fine;
}

void lathe_glm_fit_free(lathe_glm_fit *fit) {
  free(fit->weights);
  free(fit->weight_errors);
  free(fit->bias);
  free(fit->bias_errors);
  free(fit->aliased);
  lathe_glm_memory_free(&fit->memory);
  *fit = (lathe_glm_fit){0};
}
