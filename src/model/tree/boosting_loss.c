/* boosting_loss.c - losses, their gradients and curvatures by the prediction.
 *
 *   squared   (f - y)^2                            gradient f - y      curvature 1
 *   huber     the same; |f - y| > d: 2 d |f - y| - d^2   gradient d sign    curvature 1
 *   quantile  (f - y) (1 - q), or (y - f) q where y > f  gradient 1 - q or -q, curvature 1 (leaves become quantiles later)
 *   absolute  |f - y|                              gradient sign       curvature 1 (leaves become medians later)
 *   poisson   2 (y log(y / e^f) - y + e^f)         gradient e^f - y    curvature e^f
 *   log       -log p of the class, p = softmax(f)  gradient p - [own]  curvature p (1 - p), times k / (k - 1) of k > 2 classes */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../../base/memory.h"
#include "../../base/pool.h"
#include "boosting.h"

enum { CHUNK = 8192, STRIP = 256, FACTORS = 8 };

typedef struct {
  double gradient, curvature; /* the largest */
  double loss[2], weight[2];  /* sums by part */
} chunk_sums;

typedef struct {
  boost_target *target;
  bool pairs; /* write them */
  double gradient_factor, curvature_factor;
  chunk_sums *sums;
} pass;

static inline int32_t rounded(double value) {
  return (int32_t)(value < 0 ? value - 0.5 : value + 0.5);
}

static inline void put_pair(const pass *p, boost_pair *to, double gradient, double curvature) {
  int32_t units = rounded(curvature * p->curvature_factor);
  to->gradient = rounded(gradient * p->gradient_factor);
  to->curvature = units < 1 ? 1 : units;
}

/* ---- numbers ---- */

static inline double sign_of(double value) {
  return value > 0 ? 1 : value < 0 ? -1 : 0;
}

static inline void number_at(const boost_target *t, double y, double f, double *gradient, double *curvature,
                             double *of) {
  double left = f - y, size = fabs(left), e;
  *curvature = 1;
  switch (t->loss) {
  case LATHE_BOOSTING_ABSOLUTE:
    *gradient = sign_of(left);
    *of = size;
    return;
  case LATHE_BOOSTING_QUANTILE:
    *gradient = left > 0 ? 1 - t->quantile : left < 0 ? -t->quantile : 0;
    *of = left * *gradient;
    return;
  case LATHE_BOOSTING_HUBER:
    *gradient = size > t->delta ? t->delta * sign_of(left) : left;
    *of = size > t->delta ? t->delta * (2 * size - t->delta) : left * left;
    return;
  case LATHE_BOOSTING_POISSON:
    e = exp(f);
    *gradient = e - y;
    *curvature = e;
    *of = 2 * ((y > 0 ? y * (log(y) - f) : 0) - y + e);
    return;
  default:
    *gradient = left;
    *of = left * left;
  }
}

static bool number_chunk(void *context, int64_t chunk, lathe_error *error) {
  (void)error;
  pass *p = context;
  boost_target *t = p->target;
  chunk_sums sums = {0};
  int64_t begin = chunk * CHUNK, end = begin + CHUNK < t->rows ? begin + CHUNK : t->rows;
  for (int64_t r = begin; r < end; r++) {
    if (t->part[r] > 1) continue;
    double gradient, curvature, of, weight = boost_weight(t, r);
    number_at(t, t->number[r], t->bias[0] + t->score[r], &gradient, &curvature, &of);
    sums.loss[t->part[r]] += weight * of;
    sums.weight[t->part[r]] += weight;
    if (t->part[r] > 0) continue;
    gradient *= weight;
    curvature *= weight;
    sums.gradient = fmax(sums.gradient, fabs(gradient));
    sums.curvature = fmax(sums.curvature, curvature);
    if (p->pairs) put_pair(p, &t->pair[r], gradient, curvature);
  }
  p->sums[chunk] = sums;
  return true;
}

/* ---- classes ---- */

/* -log of probabilities, summed up: a logarithm for some of them together. */
typedef struct {
  double product, sum;
  int count;
} log_sum;

static inline void add_log(log_sum *of, double probability) {
  of->product *= probability > 1e-30 ? probability : 1e-30;
  if (++of->count < FACTORS) return;
  of->sum -= log(of->product);
  of->product = 1;
  of->count = 0;
}

static inline void add_loss(const boost_target *t, int64_t row, double probability, log_sum sum[2],
                            chunk_sums *sums) {
  int part = t->part[row];
  if (!t->weight) {
    add_log(&sum[part], probability);
    sums->weight[part] += 1;
  } else {
    sums->loss[part] -= t->weight[row] * log(probability > 1e-30 ? probability : 1e-30);
    sums->weight[part] += t->weight[row];
  }
}

static void two_classes(const pass *p, int64_t begin, int64_t end, log_sum sum[2], chunk_sums *sums) {
  const boost_target *t = p->target;
  double e[STRIP];
  for (int64_t r = begin; r < end; r++) e[r - begin] = -fabs(t->bias[0] + t->score[r]);
  for (int64_t r = begin; r < end; r++) e[r - begin] = exp(e[r - begin]);
  for (int64_t r = begin; r < end; r++) {
    if (t->part[r] > 1) continue;
    double more = 1 / (1 + e[r - begin]), less = e[r - begin] * more;
    bool up = t->bias[0] + t->score[r] >= 0, own = t->code[r] == 1;
    double hit = up == own ? more : less, miss = up == own ? less : more;
    add_loss(t, r, hit, sum, sums);
    if (!p->pairs || t->part[r] > 0) continue;
    double weight = boost_weight(t, r);
    put_pair(p, &t->pair[r], weight * (own ? -miss : miss), weight * more * less);
  }
}

static void several_classes(const pass *p, int64_t begin, int64_t end, double *x, log_sum sum[2],
                            chunk_sums *sums) {
  const boost_target *t = p->target;
  int32_t classes = t->outputs;
  double factor = (double)classes / (classes - 1), most[STRIP], total[STRIP];
  int64_t count = end - begin;
  for (int64_t i = 0; i < count; i++) {
    most[i] = -INFINITY;
    total[i] = 0;
  }
  for (int32_t k = 0; k < classes; k++)
    for (int64_t i = 0; i < count; i++) {
      double f = x[k * STRIP + i] = t->bias[k] + t->score[(int64_t)k * t->rows + begin + i];
      most[i] = f > most[i] ? f : most[i];
    }
  for (int32_t k = 0; k < classes; k++)
    for (int64_t i = 0; i < count; i++) total[i] += x[k * STRIP + i] = exp(x[k * STRIP + i] - most[i]);
  for (int64_t i = 0; i < count; i++)
    if (t->part[begin + i] <= 1)
      add_loss(t, begin + i, x[t->code[begin + i] * STRIP + i] / total[i], sum, sums);
  for (int32_t k = 0; p->pairs && k < classes; k++)
    for (int64_t i = 0; i < count; i++) {
      if (t->part[begin + i] > 0) continue;
      double weight = boost_weight(t, begin + i), own = x[k * STRIP + i] / total[i];
      put_pair(p, &t->pair[(int64_t)k * t->rows + begin + i], weight * (own - (t->code[begin + i] == k)),
               weight * factor * own * (1 - own));
    }
}

static bool class_chunk(void *context, int64_t chunk, lathe_error *error) {
  pass *p = context;
  const boost_target *t = p->target;
  chunk_sums sums = {0};
  log_sum sum[2] = {{.product = 1}, {.product = 1}};
  int64_t first = chunk * CHUNK, last = first + CHUNK < t->rows ? first + CHUNK : t->rows;
  double *x = lathe_memory_raw((size_t)t->outputs * STRIP, sizeof *x, error);
  if (!x) return false;
  for (int64_t begin = first; begin < last; begin += STRIP) {
    int64_t end = begin + STRIP < last ? begin + STRIP : last;
    if (t->outputs == 1)
      two_classes(p, begin, end, sum, &sums);
    else
      several_classes(p, begin, end, x, sum, &sums);
  }
  for (int k = 0; k < 2; k++) sums.loss[k] += sum[k].sum - log(sum[k].product);
  p->sums[chunk] = sums;
  free(x);
  return true;
}

/* ---- passes ---- */

static bool run_pass(pass *p, chunk_sums *all, lathe_progress *progress, lathe_error *error) {
  int64_t chunks = ((int64_t)p->target->rows + CHUNK - 1) / CHUNK;
  p->sums = lathe_memory_new((size_t)chunks, sizeof *p->sums, error);
  bool fine =
      p->sums && lathe_pool_run(chunks, p->target->loss == LATHE_BOOSTING_LOG ? class_chunk : number_chunk, p,
                                progress, error);
  *all = (chunk_sums){0};
  for (int64_t c = 0; fine && c < chunks; c++) {
    all->gradient = fmax(all->gradient, p->sums[c].gradient);
    all->curvature = fmax(all->curvature, p->sums[c].curvature);
    for (int k = 0; k < 2; k++) {
      all->loss[k] += p->sums[c].loss[k];
      all->weight[k] += p->sums[c].weight[k];
    }
  }
  free(p->sums);
  return fine;
}

/* Units so fine that sums over all rows just fit. */
static void set_scale(pass *p, double gradient, double curvature) {
  boost_scale *scale = &p->target->scale;
  int bits = 1;
  while ((int64_t)1 << bits <= p->target->rows) bits++;
  int of_gradient = 62 - bits > 30 ? 30 : 62 - bits, of_curvature = 63 - 2 * bits > 30 ? 30 : 63 - 2 * bits;
  scale->count_bits = bits;
  scale->gradient = gradient > 0 ? ldexp(gradient, -of_gradient) : 1;
  scale->curvature = curvature > 0 ? ldexp(curvature, -of_curvature) : 1;
  p->gradient_factor = 1 / scale->gradient;
  p->curvature_factor = 1 / scale->curvature;
}

bool boost_gradients(boost_target *target, bool pairs, double loss[2], lathe_progress *progress,
                     lathe_error *error) {
  pass p = {.target = target};
  chunk_sums all;
  bool bounded = target->loss == LATHE_BOOSTING_LOG;
  if (pairs && !bounded) {
    if (!run_pass(&p, &all, progress, error)) return false;
    set_scale(&p, all.gradient, all.curvature);
  }
  int32_t k = target->outputs;
  if (bounded) set_scale(&p, target->heaviest, target->heaviest * (k > 1 ? 0.25 * k / (k - 1) : 0.25));
  p.pairs = pairs;
  if (!run_pass(&p, &all, progress, error)) return false;
  for (int part = 0; part < 2; part++) loss[part] = all.loss[part] / all.weight[part];
  if (isfinite(loss[0]) && isfinite(all.gradient)) return true;
  return lathe_error_set(
      error, LATHE_ERROR_DATA,
      "the loss has become infinite; give a smaller learning_rate, or divide the target by "
      "a power of ten");
}
