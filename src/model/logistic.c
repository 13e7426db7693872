/* logistic.c - see logistic.h for the method. */
#include "logistic.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../base/memory.h"
#include "../base/pool.h"
#include "../graph/run.h"
#include "cholesky.h"
#include "gram.h"
#include "training.h"

/* A strip's columns stay in a core's cache; a chunk is what a thread sums up at a time. */
enum {
  STRIP_ROWS = 504,
  CHUNK_STRIPS = 8,
  CHUNK_ROWS = STRIP_ROWS * CHUNK_STRIPS,
  GROUP = 16,
  GROUP_BYTES = 1 << 28
};

#define SETTLED 1e-13 /* of the loss: a step that promises less is the last one */
/* A sample to begin with: one strip of so many, with so many rows for each parameter, settled by less, in so many steps. */
enum { APART = 16, WARM_ROWS = 20, WARM_STEPS = 10 };
#define WARM_SETTLED 1e-6
#define SEPARATED 1e-9      /* the mean loss of a row */
#define STEP_OF_RUNAWAY 0.1 /* of an exponent, in the last step: it would go on for ever */

/* One problem on its way. The design's columns are (x - mean) / unit of the features, and behind them 1 when there is an
 * intercept. Function `o` is the log odds, or the exponent, of class o + first. */
typedef struct problem {
  const lathe_run *run;
  const lathe_classes *classes;
  int64_t rows;
  int32_t width, columns, outputs, first, parameters;
  bool intercept;
  bool light;    /* only the loss is asked for */
  int64_t apart; /* 1: all strips; more: a sample of them, so far apart */
  double l2, settled;
  double *mean, *unit; /* (width) */
  double *design;      /* all chunks, each (columns, CHUNK_ROWS) */
  double *theta;       /* (outputs, columns) */
  double *sums;        /* (group): loss, gradient, Hessian */
  int64_t sum_size, group, begin;
  const double *last_step; /* (parameters) */
  double *changes;         /* (chunks) */
  lathe_progress *progress;
} problem;

static int64_t rows_of(const problem *work, int64_t strip) {
  int64_t left = work->rows - strip * STRIP_ROWS;
  return left < STRIP_ROWS ? left : STRIP_ROWS;
}

/* Rows of a strip's columns in the design: padded with zeros so that the sums can go by lanes. */
static int64_t padded(const problem *work, int64_t strip) {
  return (rows_of(work, strip) + LATHE_GRAM_LANES - 1) / LATHE_GRAM_LANES * LATHE_GRAM_LANES;
}

static double *design_of(const problem *work, int64_t strip) {
  return work->design + strip * STRIP_ROWS * work->columns;
}

static bool make_strip(const problem *work, int64_t strip, lathe_error *error) {
  int64_t rows = rows_of(work, strip), height = padded(work, strip);
  double *x = design_of(work, strip);
  if (!lathe_run_block(work->run, strip * STRIP_ROWS, rows, x, 1, height, error)) return false;
  for (int32_t j = 0; j < work->columns; j++, x += height) {
    double mean = j < work->width ? work->mean[j] : 0, inverse = j < work->width ? 1 / work->unit[j] : 1;
    for (int64_t r = 0; r < rows; r++) x[r] = j < work->width ? (x[r] - mean) * inverse : 1;
    for (int64_t r = rows; r < height; r++) x[r] = 0;
  }
  return true;
}

/* Strips that are looked at: one of `apart`. */
static int64_t strips_of(const problem *work) {
  int64_t strips = (work->rows + STRIP_ROWS - 1) / STRIP_ROWS;
  return (strips + work->apart - 1) / work->apart;
}

static int64_t chunks_of(const problem *work) {
  return (strips_of(work) + CHUNK_STRIPS - 1) / CHUNK_STRIPS;
}

static int64_t begin_of(const problem *work, int64_t chunk) {
  return chunk * CHUNK_STRIPS * work->apart;
}

static int64_t end_of(const problem *work, int64_t chunk) {
  int64_t strips = strips_of(work), end = (chunk + 1) * CHUNK_STRIPS;
  return (end < strips ? end : strips) * work->apart;
}

static bool make_chunk(void *context, int64_t chunk, lathe_error *error) {
  const problem *work = context;
  for (int64_t strip = begin_of(work, chunk); strip < end_of(work, chunk); strip += work->apart)
    if (!make_strip(work, strip, error)) return false;
  return true;
}

/* log(1 + exp(-x)) without overflow. */
static double softplus_of_negative(double x) {
  return x > 0 ? log1p(exp(-x)) : -x + log1p(exp(x));
}

/* Exponents `eta` (outputs, height) become probabilities; the loss of these rows. */
static double probabilities(const problem *work, int64_t strip, int64_t height, double *eta) {
  int64_t rows = rows_of(work, strip);
  const int32_t *codes = work->classes->codes + strip * STRIP_ROWS;
  double loss = 0;
  if (work->classes->count == 2) {
    for (int64_t r = 0; r < rows; r++) {
      double z = eta[r];
      loss += softplus_of_negative(codes[r] == 1 ? z : -z);
      eta[r] = 1 / (1 + exp(-z));
    }
    return loss;
  }
  for (int64_t r = 0; r < rows; r++) {
    double largest = work->first ? 0 : -INFINITY, sum, own = 0;
    for (int32_t o = 0; o < work->outputs; o++)
      if (eta[o * height + r] > largest) largest = eta[o * height + r];
    if (codes[r] >= work->first) own = eta[(codes[r] - work->first) * height + r];
    sum = work->first ? exp(-largest) : 0;
    for (int32_t o = 0; o < work->outputs; o++)
      sum += eta[o * height + r] = exp(eta[o * height + r] - largest);
    for (int32_t o = 0; o < work->outputs; o++) eta[o * height + r] /= sum;
    loss += log(sum) + largest - own;
  }
  return loss;
}

/* Add X' diag(w) X of two functions to their block of the Hessian, its upper half. */
static void add_block(const problem *work, const double *x, int64_t height, const double *p, const double *q,
                      double *scaled, double *block) {
  for (int32_t j = 0; j < work->columns; j++)
    for (int64_t r = 0; r < height; r++)
      scaled[j * height + r] = x[j * height + r] * (p == q ? p[r] * (1 - p[r]) : -p[r] * q[r]);
  lathe_gram_add(x, work->columns, scaled, work->columns, height, true, block, work->parameters);
}

/* eta (outputs, height) = the exponents of a strip's rows under `theta`. */
static void exponents(const problem *work, const double *x, int64_t height, const double *theta,
                      double *eta) {
  memset(eta, 0, (size_t)(height * work->outputs) * sizeof *eta);
  for (int32_t o = 0; o < work->outputs; o++)
    for (int32_t j = 0; j < work->columns; j++) {
      double weight = theta[o * work->columns + j];
      for (int64_t r = 0; r < height; r++) eta[o * height + r] += x[j * height + r] * weight;
    }
}

/* Add a strip's loss, gradient and Hessian to `sums`. `room` holds (2 outputs + columns, STRIP_ROWS). */
static void add_strip(const problem *work, int64_t strip, double *room, double *sums) {
  int64_t height = padded(work, strip), rows = rows_of(work, strip);
  double *gradient = sums + 1, *hessian = gradient + work->parameters;
  double *eta = room, *residual = eta + height * work->outputs, *scaled = residual + height * work->outputs;
  const double *x = design_of(work, strip);
  const int32_t *codes = work->classes->codes + strip * STRIP_ROWS;
  exponents(work, x, height, work->theta, eta);
  sums[0] += probabilities(work, strip, height, eta);
  if (work->light) return;
  for (int32_t o = 0; o < work->outputs; o++)
    for (int64_t r = 0; r < height; r++)
      residual[o * height + r] = r < rows ? eta[o * height + r] - (codes[r] == o + work->first) : 0;
  lathe_gram_add(x, work->columns, residual, work->outputs, height, false, gradient, work->columns);
  for (int32_t l = 0; l < work->outputs; l++)
    for (int32_t k = 0; k <= l; k++)
      add_block(work, x, height, eta + k * height, eta + l * height, scaled,
                hessian + (int64_t)l * work->columns * work->parameters + k * work->columns);
}

static double *new_room(const problem *work, lathe_error *error) {
  return lathe_memory_raw((size_t)STRIP_ROWS * ((size_t)work->outputs * 2 + (size_t)work->columns),
                          sizeof(double), error);
}

static bool sum_chunk(void *context, int64_t index, lathe_error *error) {
  const problem *work = context;
  int64_t chunk = work->begin + index;
  double *sums = work->sums + index * work->sum_size, *room = new_room(work, error);
  if (!room) return false;
  memset(sums, 0, (size_t)work->sum_size * sizeof *sums);
  for (int64_t strip = begin_of(work, chunk); strip < end_of(work, chunk); strip += work->apart)
    add_strip(work, strip, room, sums);
  free(room);
  return true;
}

/* The largest change of an exponent by the last step, for each chunk. */
static bool change_chunk(void *context, int64_t chunk, lathe_error *error) {
  const problem *work = context;
  double *eta = new_room(work, error), most = 0;
  if (!eta) return false;
  for (int64_t strip = begin_of(work, chunk); strip < end_of(work, chunk); strip += work->apart) {
    int64_t height = padded(work, strip);
    exponents(work, design_of(work, strip), height, work->last_step, eta);
    for (int64_t i = 0; i < height * work->outputs; i++) most = fabs(eta[i]) > most ? fabs(eta[i]) : most;
  }
  work->changes[chunk] = most;
  free(eta);
  return true;
}

/* The lower halves of the blocks are those above. */
static void mirror_blocks(const problem *work, double *hessian) {
  int64_t size = work->parameters;
  for (int32_t l = 0; l < work->outputs; l++)
    for (int32_t k = 0; k <= l; k++)
      for (int32_t j = 0; j < work->columns; j++)
        for (int32_t i = j + 1; i < work->columns; i++)
          hessian[(l * work->columns + j) * size + k * work->columns + i] =
              hessian[(l * work->columns + i) * size + k * work->columns + j];
}

/* Loss, gradient and Hessian (upper half) at theta, with the penalty. */
static bool evaluate(problem *work, double *total, lathe_error *error) {
  int64_t chunks = chunks_of(work);
  memset(total, 0, (size_t)work->sum_size * sizeof *total);
  for (work->begin = 0; work->begin < chunks; work->begin += work->group) {
    int64_t count = chunks - work->begin < work->group ? chunks - work->begin : work->group;
    if (!lathe_pool_run(count, sum_chunk, work, work->progress, error)) return false;
    for (int64_t c = 0; c < count; c++)
      for (int64_t i = 0; i < work->sum_size; i++) total[i] += work->sums[c * work->sum_size + i];
  }
  mirror_blocks(work, total + 1 + work->parameters);
  for (int32_t o = 0; o < work->outputs; o++)
    for (int32_t j = 0; j < work->width && work->l2 > 0; j++) {
      int32_t at = o * work->columns + j;
      double penalty = work->l2 / (double)work->apart / (work->unit[j] * work->unit[j]);
      total[0] += penalty * work->theta[at] * work->theta[at] / 2;
      total[1 + at] += penalty * work->theta[at];
      total[1 + work->parameters + (int64_t)at * work->parameters + at] += penalty;
    }
  return true;
}

/* Which columns of the design follow from those before them: told by the first block. */
static bool find_aliased(const problem *work, const double *hessian, bool *kept, lathe_error *error) {
  int32_t size = work->columns;
  double *block = lathe_memory_raw((size_t)size * (size_t)size, sizeof *block, error);
  bool *columns = lathe_memory_new((size_t)size, sizeof *columns, error);
  bool fine = block && columns;
  /* The intercept comes first, as in the naming of what follows from what. */
  for (int32_t j = 0; j < size && fine; j++)
    for (int32_t i = 0; i <= j; i++) {
      int32_t from_j = work->intercept ? (j + size - 1) % size : j,
              from_i = work->intercept ? (i + size - 1) % size : i;
      int32_t low = from_i < from_j ? from_i : from_j, high = from_i < from_j ? from_j : from_i;
      block[(int64_t)j * size + i] = hessian[(int64_t)high * work->parameters + low];
    }
  if (fine) lathe_cholesky(block, size, LATHE_CHOLESKY_TOLERANCE, columns);
  for (int32_t o = 0; o < work->outputs && fine; o++)
    for (int32_t j = 0; j < size; j++)
      kept[o * size + (work->intercept ? (j + size - 1) % size : j)] = columns[j];
  free(block);
  free(columns);
  return fine;
}

/* What l2 = 0 cannot have: classes that a line separates, so that no finite coefficients are the best. `step` shows where they go. */
static bool say_separated(const problem *work, const char *const *names, const double *step,
                          lathe_error *error) {
  int32_t worst = -1;
  for (int32_t i = 0; i < work->parameters; i++)
    if (i % work->columns < work->width && (worst < 0 || fabs(step[i]) > fabs(step[worst]))) worst = i;
  return lathe_error_set(error, LATHE_ERROR_DATA,
                         "some rows can be told apart by the features without error (\"%s\" does most), so "
                         "the best coefficients "
                         "are infinite; give l2 = 1, or leave that feature out",
                         worst < 0 ? "(intercept)" : names[worst % work->columns]);
}

typedef struct newton {
  double *now, *next;    /* loss, gradient, Hessian */
  double *step, *factor; /* (parameters), (parameters, parameters) */
  double *errors, *kept_theta;
  bool *kept;
  bool stuck;   /* no part of a step would do */
  int32_t weak; /* columns with nothing but rounding left in the last Hessian */
} newton;

/* The step from `now`: -H^-1 g of the kept parameters; what it promises, g' H^-1 g / 2. */
static double find_step(const problem *work, newton *n) {
  int32_t size = work->parameters;
  memcpy(n->factor, n->now + 1 + size, (size_t)size * (size_t)size * sizeof *n->factor);
  n->weak = lathe_cholesky(n->factor, size, 0, n->kept);
  for (int32_t i = 0; i < size; i++) n->step[i] = n->kept[i] ? -n->now[1 + i] : 0;
  lathe_cholesky_solve(n->factor, size, n->kept, n->step);
  double promise = 0;
  for (int32_t i = 0; i < size; i++) promise -= n->now[1 + i] * n->step[i] / 2;
  return promise;
}

/* Go along the step, half as far as long as the loss rises by more than its rounding; `gone` is false when no part of it will do. */
static bool go(problem *work, newton *n, bool *gone, lathe_error *error) {
  double part = 1;
  memcpy(n->kept_theta, work->theta, (size_t)work->parameters * sizeof *work->theta);
  *gone = false;
  for (int halved = 0; halved < 40 && !*gone; halved++, part /= 2) {
    for (int32_t i = 0; i < work->parameters; i++) work->theta[i] = n->kept_theta[i] + part * n->step[i];
    if (!evaluate(work, n->next, error)) return false;
    *gone = n->next[0] <= n->now[0] * (1 + 1e-13);
  }
  if (*gone) {
    double *kept = n->now;
    n->now = n->next;
    n->next = kept;
  } else {
    memcpy(work->theta, n->kept_theta, (size_t)work->parameters * sizeof *work->theta);
  }
  return true;
}

static bool say_stuck(lathe_error *error) {
  return lathe_error_set(
      error, LATHE_ERROR_DATA,
      "the coefficients cannot be found in double precision; scale the features (recipe:scale{}), or give a "
      "smaller l2");
}

/* Newton's steps from where theta is; `now` is what is known there. */
static bool descend(problem *work, newton *n, int32_t limit, lathe_logistic_fit *fit, lathe_error *error) {
  double rows = (double)work->rows / (double)work->apart;
  for (int32_t i = 0; i < work->parameters; i++) n->kept[i] = true;
  if (work->l2 == 0 && !find_aliased(work, n->now + 1 + work->parameters, n->kept, error)) return false;
  /* With all classes' intercepts free, only their differences matter. */
  if (work->l2 > 0 && work->outputs > 1 && work->intercept) n->kept[work->parameters - 1] = false;
  bool gone = true;
  fit->converged = false;
  for (fit->iterations = 0; fit->iterations < limit && gone && !fit->converged; fit->iterations++) {
    double promise = find_step(work, n);
    if (work->l2 == 0 && n->now[0] < SEPARATED * rows) return true; /* as will be said */
    work->light = work->l2 > 0 && promise <= work->settled * n->now[0];
    if (!go(work, n, &gone, error)) return false;
    work->light = false;
    fit->converged = promise <= (gone ? work->settled : sqrt(work->settled)) * n->now[0];
  }
  n->stuck = !gone && !fit->converged;
  return true;
}

/* Coefficients of a sample of strips, when that is large enough to come near those of all: most steps are then made there. They are put
 * back to 0 when they do not do. */
static bool warm_up(problem *work, newton *n, int32_t limit, lathe_error *error) {
  lathe_logistic_fit sample = {0};
  bool fine = true;
  if (limit > WARM_STEPS && strips_of(work) >= 4 * APART &&
      work->rows / APART >= WARM_ROWS * work->parameters) {
    work->apart = APART;
    work->settled = WARM_SETTLED;
    fine = evaluate(work, n->now, error) && descend(work, n, WARM_STEPS, &sample, error);
    work->apart = 1;
  }
  work->settled = SETTLED;
  if (!sample.converged) memset(work->theta, 0, (size_t)work->parameters * sizeof *work->theta);
  if (!fine || !evaluate(work, n->now, error)) return false;
  if (!sample.converged || n->now[0] <= (double)work->rows * log(work->classes->count)) return true;
  memset(work->theta, 0, (size_t)work->parameters * sizeof *work->theta);
  return evaluate(work, n->now, error);
}

/* Whether the last step still moved some row by much, or could not be found: coefficients on their way to infinity. */
static bool find_runaway(problem *work, const newton *n, bool *runaway, lathe_error *error) {
  *runaway = n->weak > 0 || n->now[0] < SEPARATED * (double)work->rows;
  if (*runaway) return true;
  work->last_step = n->step;
  int64_t chunks = chunks_of(work);
  work->changes = lathe_memory_new((size_t)chunks, sizeof *work->changes, error);
  bool fine = work->changes && lathe_pool_run(chunks, change_chunk, work, work->progress, error);
  for (int64_t c = 0; fine && c < chunks; c++) *runaway |= !(work->changes[c] < STEP_OF_RUNAWAY);
  free(work->changes);
  return fine;
}

/* From the units of the design to those of the features. */
static void finish(const problem *work, const newton *n, lathe_logistic_fit *fit) {
  int32_t m = fit->outputs, shift = work->outputs == m ? 0 : work->first;
  for (int32_t o = 0; o < work->outputs; o++) {
    const double *theta = work->theta + o * work->columns, *errors = n->errors + o * work->columns;
    int32_t to = o + shift;
    fit->bias[to] = work->intercept ? theta[work->width] : 0;
    for (int32_t j = 0; j < work->width; j++) {
      fit->aliased[j] = !n->kept[j];
      fit->weights[j * m + to] = theta[j] / work->unit[j];
      fit->weight_errors[j * m + to] = errors[j] / work->unit[j];
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
static bool find_errors(const problem *work, newton *n, lathe_logistic_fit *fit, lathe_error *error) {
  int32_t size = work->parameters, m = fit->outputs, shift = work->outputs == m ? 0 : work->first;
  double *x = lathe_memory_new((size_t)size, sizeof *x, error);
  if (!x) return false;
  for (int32_t i = 0; i < size; i++) n->errors[i] = NAN;
  for (int32_t i = 0; i < m; i++) fit->bias_errors[i] = NAN;
  if (work->l2 == 0) {
    memcpy(n->factor, n->now + 1 + size, (size_t)size * (size_t)size * sizeof *n->factor);
    n->weak += lathe_cholesky(n->factor, size, 0, n->kept);
    for (int32_t i = 0; i < size; i++) {
      if (!n->kept[i]) continue;
      memset(x, 0, (size_t)size * sizeof *x);
      x[i] = 1;
      n->errors[i] = lathe_cholesky_norm(n->factor, size, n->kept, x);
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

static bool newton_open(newton *n, const problem *work, lathe_error *error) {
  size_t size = (size_t)work->parameters;
  n->now = lathe_memory_new((size_t)work->sum_size, sizeof(double), error);
  n->next = lathe_memory_new((size_t)work->sum_size, sizeof(double), error);
  n->step = lathe_memory_new(size, sizeof(double), error);
  n->factor = lathe_memory_new(size * size, sizeof(double), error);
  n->errors = lathe_memory_new(size, sizeof(double), error);
  n->kept_theta = lathe_memory_new(size, sizeof(double), error);
  n->kept = lathe_memory_new(size, sizeof(bool), error);
  return n->now && n->next && n->step && n->factor && n->errors && n->kept_theta && n->kept;
}

static void newton_close(newton *n) {
  free(n->now);
  free(n->next);
  free(n->step);
  free(n->factor);
  free(n->errors);
  free(n->kept_theta);
  free(n->kept);
}

static double null_loss(const lathe_classes *classes, int64_t rows) {
  double loss = 0;
  for (int32_t i = 0; i < classes->count; i++) {
    double share = (double)classes->rows[i] / (double)rows;
    loss -= share * log(share);
  }
  return loss;
}

/* The sum of penalties, to tell the likelihood from the objective. */
static double penalty_of(const problem *work) {
  double sum = 0;
  for (int32_t i = 0; i < work->parameters; i++) {
    if (i % work->columns == work->width) continue;
    double weight = work->theta[i] / work->unit[i % work->columns];
    sum += work->l2 * weight * weight / 2;
  }
  return sum;
}

static bool solve(problem *work, const char *const *names, int32_t limit, lathe_logistic_fit *fit,
                  lathe_error *error) {
  newton n = {0};
  bool runaway = false;
  bool fine = newton_open(&n, work, error) && warm_up(work, &n, limit, error) &&
              descend(work, &n, limit, fit, error) && find_errors(work, &n, fit, error) &&
              (work->l2 > 0 || (!fit->converged && fit->iterations == limit) ||
               find_runaway(work, &n, &runaway, error));
  if (fine && n.stuck && work->l2 > 0) fine = say_stuck(error);
  if (runaway) fine = say_separated(work, names, n.step, error);
  if (fine) {
    fit->loss = (n.now[0] - penalty_of(work)) / (double)work->rows;
    fit->null_loss = null_loss(work->classes, work->rows);
    finish(work, &n, fit);
  }
  newton_close(&n);
  return fine;
}

static bool fit_open(lathe_logistic_fit *fit, lathe_error *error) {
  size_t count = (size_t)fit->width * (size_t)fit->outputs, outputs = (size_t)fit->outputs;
  fit->weights = lathe_memory_new(count, sizeof(double), error);
  fit->weight_errors = lathe_memory_new(count, sizeof(double), error);
  fit->bias = lathe_memory_new(outputs, sizeof(double), error);
  fit->bias_errors = lathe_memory_new(outputs, sizeof(double), error);
  fit->aliased = lathe_memory_new((size_t)fit->width, sizeof(bool), error);
  return fit->weights && fit->weight_errors && fit->bias && fit->bias_errors && fit->aliased;
}

static bool problem_open(problem *work, lathe_error *error) {
  size_t width = (size_t)work->width, parameters = (size_t)work->parameters;
  work->sum_size = 1 + work->parameters + (int64_t)work->parameters * work->parameters;
  work->group = GROUP_BYTES / (work->sum_size * (int64_t)sizeof(double));
  work->group = work->group > GROUP ? GROUP : work->group < 1 ? 1 : work->group;
  work->mean = lathe_memory_new(width, sizeof(double), error);
  work->unit = lathe_memory_new(width, sizeof(double), error);
  work->theta = lathe_memory_new(parameters, sizeof(double), error);
  work->sums = lathe_memory_raw((size_t)(work->group * work->sum_size), sizeof(double), error);
  work->design = lathe_memory_raw(((size_t)work->rows + LATHE_GRAM_LANES),
                                  (size_t)work->columns * sizeof(double), error);
  return work->mean && work->unit && work->theta && work->sums && work->design;
}

static void problem_close(problem *work) {
  free(work->mean);
  free(work->unit);
  free(work->theta);
  free(work->sums);
  free(work->design);
}

bool lathe_logistic_solve(const lathe_graph *graph, int32_t matrix, const char *const *names,
                          const lathe_table *table, const lathe_classes *classes, bool intercept, double l2,
                          int32_t iterations, lathe_logistic_fit *fit, lathe_progress *progress,
                          lathe_error *error) {
  problem work = {.classes = classes,
                  .rows = lathe_table_rows(table),
                  .intercept = intercept,
                  .l2 = l2,
                  .progress = progress};
  work.width = lathe_graph_operator(graph, matrix)->width;
  work.columns = work.width + intercept;
  work.apart = 1;
  work.first = classes->count == 2 || l2 == 0;
  work.outputs = classes->count - work.first;
  if ((int64_t)work.outputs * work.columns > LATHE_LOGISTIC_PARAMETERS)
    return lathe_error_set(error, LATHE_ERROR_DATA,
                           "%d classes and %d features make %lld coefficients, and Newton's method is for %d "
                           "at most; leave features "
                           "out, or merge rare classes",
                           classes->count, work.width, (long long)work.outputs * work.columns,
                           LATHE_LOGISTIC_PARAMETERS);
  work.parameters = work.outputs * work.columns;
  if (l2 == 0 && work.rows <= work.columns)
    return lathe_error_set(
        error, LATHE_ERROR_DATA,
        "%lld row%s cannot determine %d coefficients; give more rows, leave features out, or give l2 = 1",
        (long long)work.rows, work.rows == 1 ? "" : "s", work.columns);
  fit->width = work.width;
  fit->first = work.first && classes->count > 2;
  fit->outputs = classes->count == 2 ? 1 : classes->count;
  lathe_run *run = lathe_run_new(graph, matrix, table, error);
  work.run = run;
  lathe_progress_begin(progress, "fit logistic", 0);
  bool fine =
      run && fit_open(fit, error) && problem_open(&work, error) &&
      lathe_training_measure(graph, matrix, names, table, intercept, work.mean, work.unit, progress, error) &&
      lathe_pool_run(chunks_of(&work), make_chunk, &work, progress, error) &&
      solve(&work, names, iterations, fit, error);
  lathe_progress_end(progress);
  lathe_run_free(run);
  problem_close(&work);
  return fine;
}

void lathe_logistic_fit_free(lathe_logistic_fit *fit) {
  free(fit->weights);
  free(fit->weight_errors);
  free(fit->bias);
  free(fit->bias_errors);
  free(fit->aliased);
  *fit = (lathe_logistic_fit){0};
}
