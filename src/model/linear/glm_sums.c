/* glm_sums.c - the design of a generalised linear model, and sums over its rows. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../../base/clones.h"
#include "../../base/memory.h"
#include "../../base/pool.h"
#include "glm_own.h"
#include "gram.h"

/* A strip's columns stay in a core's cache; a chunk is what a thread sums up at a time. */
enum {
  STRIP_ROWS = 504,
  CHUNK_STRIPS = 8,
  CHUNK_ROWS = STRIP_ROWS * CHUNK_STRIPS,
  GROUP = 16,
  GROUP_BYTES = 1 << 28
};

static int64_t rows_of(const glm_problem *work, int64_t strip) {
  int64_t left = work->rows - strip * STRIP_ROWS;
  return left < STRIP_ROWS ? left : STRIP_ROWS;
}

/* Rows of a strip's columns in the design: padded with zeros so that the sums can go by lanes. */
static int64_t padded(const glm_problem *work, int64_t strip) {
  return (rows_of(work, strip) + LATHE_GRAM_LANES - 1) / LATHE_GRAM_LANES * LATHE_GRAM_LANES;
}

/* No sum: the same in registers of any width. */
LATHE_CLONES static void centre(const double *from, double mean, double inverse, int64_t rows, double *to) {
  for (int64_t r = 0; r < rows; r++) to[r] = (from[r] - mean) * inverse;
}

/* The columns of a strip to `x` (columns, padded). */
static bool make_strip(const glm_problem *work, int64_t strip, double *x, lathe_error *error) {
  int64_t rows = rows_of(work, strip), height = padded(work, strip), begin = strip * STRIP_ROWS;
  if (!work->whole && !lathe_run_block(work->run, begin, rows, x, 1, height, error)) return false;
  for (int32_t j = 0; j < work->columns; j++, x += height) {
    if (j < work->width)
      centre(work->whole ? work->whole[j] + begin : x, work->mean[j], 1 / work->unit[j], rows, x);
    for (int64_t r = 0; j == work->width && r < rows; r++) x[r] = 1;
    for (int64_t r = rows; r < height; r++) x[r] = 0;
  }
  return true;
}

/* Those of the design; where there is none, they are made in `room`. */
static const double *strip_of(const glm_problem *work, int64_t strip, double *room) {
  if (work->design) return work->design + strip * STRIP_ROWS * work->columns;
  make_strip(work, strip, room, NULL); /* from columns as they stand: that cannot fail */
  return room;
}

/* Strips that are looked at: one of `apart`. */
static int64_t strips_of(const glm_problem *work) {
  int64_t strips = (work->rows + STRIP_ROWS - 1) / STRIP_ROWS;
  return (strips + work->apart - 1) / work->apart;
}

static int64_t chunks_of(const glm_problem *work) {
  return (strips_of(work) + CHUNK_STRIPS - 1) / CHUNK_STRIPS;
}

static int64_t begin_of(const glm_problem *work, int64_t chunk) {
  return chunk * CHUNK_STRIPS * work->apart;
}

static int64_t end_of(const glm_problem *work, int64_t chunk) {
  int64_t strips = strips_of(work), end = (chunk + 1) * CHUNK_STRIPS;
  return (end < strips ? end : strips) * work->apart;
}

static bool make_chunk(void *context, int64_t chunk, lathe_error *error) {
  const glm_problem *work = context;
  for (int64_t strip = begin_of(work, chunk); strip < end_of(work, chunk); strip += work->apart)
    if (!make_strip(work, strip, work->design + strip * STRIP_ROWS * work->columns, error)) return false;
  return true;
}

/* ---- losses ---- */

/* Exponents `eta` of two classes become probabilities of the second; the loss of the rows. */
static double two_classes(const int32_t *codes, const double *weights, int64_t rows, double *eta) {
  double loss = 0;
  for (int64_t r = 0; r < rows; r++) {
    double z = eta[r], small = exp(-fabs(z)), own = (codes[r] == 1) == (z > 0) ? 0 : fabs(z);
    loss += (weights ? weights[r] : 1) * (log1p(small) + own);
    eta[r] = (z > 0 ? 1 : small) / (1 + small);
  }
  return loss;
}

static double several_classes(const glm_problem *work, const int32_t *codes, const double *weights,
                              int64_t rows, int64_t height, double *eta) {
  double loss = 0;
  for (int64_t r = 0; r < rows; r++) {
    double largest = work->first ? 0 : -INFINITY, sum, own = 0;
    for (int32_t o = 0; o < work->outputs; o++)
      if (eta[o * height + r] > largest) largest = eta[o * height + r];
    if (codes[r] >= work->first) own = eta[(codes[r] - work->first) * height + r];
    sum = work->first ? exp(-largest) : 0;
    for (int32_t o = 0; o < work->outputs; o++)
      sum += eta[o * height + r] = exp(eta[o * height + r] - largest);
    for (int32_t o = 0; o < work->outputs; o++) eta[o * height + r] /= sum;
    loss += (weights ? weights[r] : 1) * (log(sum) + largest - own);
  }
  return loss;
}

/* Exponents become means; the loss is half the deviance. */
static double counts(const double *target, const double *weights, int64_t rows, double *eta) {
  double loss = 0;
  for (int64_t r = 0; r < rows; r++) {
    double z = eta[r], y = target[r], mean = eta[r] = exp(z);
    loss += (weights ? weights[r] : 1) * (y > 0 ? y * (log(y) - z) - y + mean : mean);
  }
  return loss;
}

/* eta (outputs, height) = the exponents of a strip's rows under `theta`. */
static void exponents(const glm_problem *work, const double *x, int64_t strip, const double *theta,
                      bool offset, double *eta) {
  int64_t height = padded(work, strip), rows = rows_of(work, strip);
  const double *given = offset ? work->data->offset : NULL;
  memset(eta, 0, (size_t)(height * work->outputs) * sizeof *eta);
  if (given) memcpy(eta, given + strip * STRIP_ROWS, (size_t)rows * sizeof *eta);
  for (int32_t o = 0; o < work->outputs; o++)
    lathe_gram_apply(x, work->columns, height, theta + o * work->columns, eta + o * height);
}

/* Exponents become what is expected of each row; the loss. */
static double expect(const glm_problem *work, int64_t strip, double *eta) {
  const lathe_glm_data *data = work->data;
  int64_t begin = strip * STRIP_ROWS, rows = rows_of(work, strip);
  const double *weights = data->weights ? data->weights + begin : NULL;
  if (data->family == LATHE_GLM_COUNTS) return counts(data->target + begin, weights, rows, eta);
  const int32_t *codes = data->classes->codes + begin;
  if (data->classes->count == 2) return two_classes(codes, weights, rows, eta);
  return several_classes(work, codes, weights, rows, padded(work, strip), eta);
}

/* ---- derivatives ---- */

/* The derivatives by the exponents (outputs, height), rows beyond 0. */
static void residuals(const glm_problem *work, int64_t strip, const double *eta, double *residual) {
  const lathe_glm_data *data = work->data;
  int64_t begin = strip * STRIP_ROWS, height = padded(work, strip), rows = rows_of(work, strip);
  const double *weights = data->weights ? data->weights + begin : NULL;
  for (int32_t o = 0; o < work->outputs; o++) {
    double *to = residual + o * height;
    const double *from = eta + o * height;
    if (data->family == LATHE_GLM_COUNTS)
      for (int64_t r = 0; r < rows; r++) to[r] = from[r] - data->target[begin + r];
    else
      for (int64_t r = 0; r < rows; r++)
        to[r] = from[r] - (data->classes->codes[begin + r] == o + work->first);
    for (int64_t r = 0; weights && r < rows; r++) to[r] *= weights[r];
    for (int64_t r = rows; r < height; r++) to[r] = 0;
  }
}

/* The second derivatives by two exponents (height). */
static void curvatures(const glm_problem *work, int64_t strip, const double *p, const double *q,
                       double *curve) {
  const lathe_glm_data *data = work->data;
  int64_t height = padded(work, strip), rows = rows_of(work, strip);
  const double *weights = data->weights ? data->weights + strip * STRIP_ROWS : NULL;
  if (data->family == LATHE_GLM_COUNTS)
    memcpy(curve, p, (size_t)height * sizeof *curve);
  else if (p == q)
    for (int64_t r = 0; r < height; r++) curve[r] = p[r] * (1 - p[r]);
  else
    for (int64_t r = 0; r < height; r++) curve[r] = -p[r] * q[r];
  for (int64_t r = 0; weights && r < rows; r++) curve[r] *= weights[r];
}

/* Add a strip's loss, gradient and Hessian to `sums`. `room` holds (2 outputs + 1 + 2 columns, STRIP_ROWS). */
static void add_strip(const glm_problem *work, int64_t strip, double *room, double *sums) {
  int64_t height = padded(work, strip);
  double *gradient = sums + 1, *hessian = gradient + work->parameters;
  double *eta = room, *residual = eta + height * work->outputs, *curve = residual + height * work->outputs;
  double *scaled = curve + height;
  const double *x = strip_of(work, strip, scaled + height * work->columns);
  exponents(work, x, strip, work->theta, true, eta);
  sums[0] += expect(work, strip, eta);
  if (work->light) return;
  residuals(work, strip, eta, residual);
  lathe_gram_add(x, work->columns, residual, work->outputs, height, false, gradient, work->columns);
  for (int32_t l = 0; l < work->outputs; l++)
    for (int32_t k = 0; k <= l; k++) {
      curvatures(work, strip, eta + k * height, eta + l * height, curve);
      for (int32_t j = 0; j < work->columns; j++)
        for (int64_t r = 0; r < height; r++) scaled[j * height + r] = x[j * height + r] * curve[r];
      lathe_gram_add(x, work->columns, scaled, work->columns, height, true,
                     hessian + (int64_t)l * work->columns * work->parameters + k * work->columns,
                     work->parameters);
    }
}

static double *new_room(const glm_problem *work, lathe_error *error) {
  return lathe_memory_raw((size_t)STRIP_ROWS * ((size_t)work->outputs * 2 + 1 + 2 * (size_t)work->columns),
                          sizeof(double), error);
}

static bool sum_chunk(void *context, int64_t index, lathe_error *error) {
  const glm_problem *work = context;
  int64_t chunk = work->begin + index;
  double *sums = work->sums + index * work->sum_size, *room = new_room(work, error);
  if (!room) return false;
  memset(sums, 0, (size_t)work->sum_size * sizeof *sums);
  for (int64_t strip = begin_of(work, chunk); strip < end_of(work, chunk); strip += work->apart)
    add_strip(work, strip, room, sums);
  free(room);
  return true;
}

/* The lower halves of the blocks are those above. */
static void mirror_blocks(const glm_problem *work, double *hessian) {
  int64_t size = work->parameters;
  for (int32_t l = 0; l < work->outputs; l++)
    for (int32_t k = 0; k <= l; k++)
      for (int32_t j = 0; j < work->columns; j++)
        for (int32_t i = j + 1; i < work->columns; i++)
          hessian[(l * work->columns + j) * size + k * work->columns + i] =
              hessian[(l * work->columns + i) * size + k * work->columns + j];
}

/* The rows before these: loss + g'd + d'Hd / 2, d = theta - what theta was (its constant is left out). */
static void remember(const glm_problem *work, double *total) {
  const lathe_glm_memory *memory = work->memory;
  int64_t size = work->parameters;
  double *gradient = total + 1, *hessian = gradient + size;
  for (int64_t j = 0; j < size; j++) {
    double apart = work->theta[j] - memory->theta[j], pull = 0;
    for (int64_t i = 0; i < size; i++) {
      double curve = memory->curvature[i <= j ? j * size + i : i * size + j];
      pull += curve * (work->theta[i] - memory->theta[i]);
      if (i <= j) hessian[j * size + i] += curve;
    }
    total[0] += apart * (memory->gradient[j] + pull / 2);
    gradient[j] += memory->gradient[j] + pull;
  }
}

double glm_penalty(const glm_problem *work) {
  double sum = 0;
  for (int32_t i = 0; i < work->parameters; i++) {
    int32_t j = i % work->columns;
    if (j == work->width) continue;
    double weight = work->theta[i] / work->unit[j];
    sum += work->l2 * weight * weight / 2 + work->l1 * fabs(weight);
  }
  return sum / (double)work->apart;
}

static void penalise(const glm_problem *work, double *total) {
  for (int32_t i = 0; i < work->parameters && work->l2 > 0; i++) {
    int32_t j = i % work->columns;
    if (j == work->width) continue;
    double penalty = work->l2 / (double)work->apart / (work->unit[j] * work->unit[j]);
    total[1 + i] += penalty * work->theta[i];
    total[1 + work->parameters + (int64_t)i * work->parameters + i] += penalty;
  }
  total[0] += glm_penalty(work);
}

bool glm_evaluate(glm_problem *work, double *total, lathe_error *error) {
  int64_t chunks = chunks_of(work);
  memset(total, 0, (size_t)work->sum_size * sizeof *total);
  for (work->begin = 0; work->begin < chunks; work->begin += work->group) {
    int64_t count = chunks - work->begin < work->group ? chunks - work->begin : work->group;
    if (!lathe_pool_run(count, sum_chunk, work, work->progress, error)) return false;
    for (int64_t c = 0; c < count; c++)
      for (int64_t i = 0; i < work->sum_size; i++) total[i] += work->sums[c * work->sum_size + i];
  }
  mirror_blocks(work, total + 1 + work->parameters);
  penalise(work, total);
  if (work->memory) remember(work, total);
  return true;
}

/* ---- other questions ---- */

static double change(const glm_problem *work, const double *x, int64_t strip, double *eta) {
  double most = 0;
  exponents(work, x, strip, work->last_step, false, eta);
  for (int64_t i = 0; i < padded(work, strip) * work->outputs; i++) most = fmax(most, fabs(eta[i]));
  return most;
}

static double margin(const glm_problem *work, const double *x, int64_t strip, double *eta) {
  const int32_t *codes = work->data->classes->codes + strip * STRIP_ROWS;
  const double *weights = work->data->weights ? work->data->weights + strip * STRIP_ROWS : NULL;
  int64_t height = padded(work, strip);
  double least = INFINITY;
  exponents(work, x, strip, work->theta, false, eta);
  for (int64_t r = 0; r < rows_of(work, strip); r++) {
    double own = 0, other = -INFINITY;
    for (int32_t k = 0; k < work->data->classes->count; k++) {
      double z = k < work->first ? 0 : eta[(k - work->first) * height + r];
      if (k == codes[r])
        own = z;
      else
        other = fmax(other, z);
    }
    if (!weights || weights[r] > 0) least = fmin(least, own - other);
  }
  return least;
}

static double pearson(const glm_problem *work, const double *x, int64_t strip, double *eta) {
  double sum = 0;
  exponents(work, x, strip, work->theta, true, eta);
  for (int64_t r = 0, row = strip * STRIP_ROWS; r < rows_of(work, strip); r++, row++) {
    double mean = exp(eta[r]), apart = work->data->target[row] - mean;
    sum += (work->data->weights ? work->data->weights[row] : 1) * apart * apart / mean;
  }
  return sum;
}

typedef struct {
  glm_problem *problem;
  glm_question question;
} asking;

static double add_answer(glm_question question, double sum, double one) {
  return question == GLM_CHANGE ? fmax(sum, one) : question == GLM_MARGIN ? fmin(sum, one) : sum + one;
}

static bool ask_chunk(void *context, int64_t chunk, lathe_error *error) {
  const asking *ask = context;
  const glm_problem *work = ask->problem;
  double *eta = new_room(work, error), answer = ask->question == GLM_MARGIN ? INFINITY : 0;
  if (!eta) return false;
  for (int64_t strip = begin_of(work, chunk); strip < end_of(work, chunk); strip += work->apart) {
    const double *x = strip_of(work, strip, eta + STRIP_ROWS * work->outputs);
    answer = add_answer(ask->question, answer,
                        ask->question == GLM_CHANGE   ? change(work, x, strip, eta)
                        : ask->question == GLM_MARGIN ? margin(work, x, strip, eta)
                                                      : pearson(work, x, strip, eta));
  }
  work->found[chunk] = answer;
  free(eta);
  return true;
}

bool glm_ask(glm_problem *work, glm_question question, double *answer, lathe_error *error) {
  int64_t chunks = chunks_of(work);
  asking ask = {work, question};
  work->found = lathe_memory_new((size_t)chunks, sizeof *work->found, error);
  bool fine = work->found && lathe_pool_run(chunks, ask_chunk, &ask, work->progress, error);
  *answer = question == GLM_MARGIN ? INFINITY : 0;
  for (int64_t c = 0; fine && c < chunks; c++) *answer = add_answer(question, *answer, work->found[c]);
  free(work->found);
  work->found = NULL;
  return fine;
}

/* ---- room ---- */

/* The features as they stand in the table: then no copy of them is made. Else false. */
static bool find_whole(glm_problem *work, lathe_error *error) {
  work->whole = lathe_memory_new((size_t)work->width + 1, sizeof *work->whole, error);
  bool whole = work->whole;
  for (int32_t j = 0; whole && j < work->width; j++) whole = (work->whole[j] = lathe_run_whole(work->run, j));
  if (whole) return true;
  free(work->whole);
  work->whole = NULL;
  return false;
}

bool glm_open(glm_problem *work, lathe_error *error) {
  size_t parameters = (size_t)work->parameters;
  work->sum_size = 1 + work->parameters + (int64_t)work->parameters * work->parameters;
  work->group = GROUP_BYTES / (work->sum_size * (int64_t)sizeof(double));
  work->group = work->group > GROUP ? GROUP : work->group < 1 ? 1 : work->group;
  work->theta = lathe_memory_new(parameters, sizeof(double), error);
  work->sums = lathe_memory_raw((size_t)(work->group * work->sum_size), sizeof(double), error);
  if (!work->theta || !work->sums) return false;
  if (find_whole(work, error)) return true;
  work->design = lathe_memory_raw(((size_t)work->rows + LATHE_GRAM_LANES),
                                  (size_t)work->columns * sizeof(double), error);
  return work->design && lathe_pool_run(chunks_of(work), make_chunk, work, work->progress, error);
}

void glm_close(glm_problem *work) {
  free(work->theta);
  free(work->sums);
  free(work->design);
  free(work->whole);
}
