/* class_metrics.c - counts first, then what follows from them; sums over rows go in blocks of fixed size. */
#include "class_metrics.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "../base/pool.h"
#include "ranking.h"

enum { BLOCK = 1024 };

typedef struct problem {
  const int32_t *codes;
  const double *probabilities, *baseline;
  int64_t rows;
  int32_t classes;
  lathe_class_metrics *metrics;
  lathe_class_figures *figures;
  int64_t *confusion;
} problem;

static bool usable(const problem *work, int64_t row) {
  return work->codes[row] >= 0 && !isnan(work->probabilities[row * work->classes]);
}

static int32_t largest(const double *p, int32_t count) {
  int32_t best = 0;
  for (int32_t c = 1; c < count; c++)
    if (p[c] > p[best]) best = c;
  return best;
}

static double surprise(double p) {
  return -log(fmax(p, DBL_EPSILON));
}

static double squared_miss(const double *p, int32_t classes, int32_t code) {
  double sum = 0;
  if (classes == 2) return (p[1] - (code == 1)) * (p[1] - (code == 1));
  for (int32_t c = 0; c < classes; c++) sum += (p[c] - (c == code)) * (p[c] - (c == code));
  return sum;
}

/* Counts, log loss and Brier. */
static void count_rows(problem *work) {
  lathe_class_metrics *m = work->metrics;
  double sums[4] = {0};
  for (int64_t begin = 0; begin < work->rows; begin += BLOCK) {
    double part[4] = {0};
    for (int64_t r = begin; r < work->rows && r < begin + BLOCK; r++) {
      const double *p = work->probabilities + r * work->classes;
      int32_t code = work->codes[r];
      m->unknown += code == -2;
      if (!usable(work, r)) continue;
      m->rows++;
      work->confusion[(int64_t)code * work->classes + largest(p, work->classes)]++;
      part[0] += surprise(p[code]);
      part[1] += squared_miss(p, work->classes, code);
      part[2] += surprise(work->baseline[code]);
      part[3] += squared_miss(work->baseline, work->classes, code);
    }
    for (int i = 0; i < 4; i++) sums[i] += part[i];
  }
  m->missing = work->rows - m->rows - m->unknown;
  m->log_loss = sums[0] / (double)m->rows;
  m->brier = sums[1] / (double)m->rows;
  m->baseline_log_loss = sums[2] / (double)m->rows;
  m->baseline_brier = sums[3] / (double)m->rows;
}

static double ratio(int64_t part, int64_t whole) {
  return whole > 0 ? (double)part / (double)whole : 0;
}

static void count_classes(problem *work) {
  for (int32_t c = 0; c < work->classes; c++) {
    lathe_class_figures *one = &work->figures[c];
    for (int32_t k = 0; k < work->classes; k++) {
      one->rows += work->confusion[(int64_t)c * work->classes + k];
      one->predicted += work->confusion[(int64_t)k * work->classes + c];
    }
    one->hits = work->confusion[(int64_t)c * work->classes + c];
    one->precision = ratio(one->hits, one->predicted);
    one->recall = ratio(one->hits, one->rows);
    one->f1 = ratio(2 * one->hits, one->rows + one->predicted);
  }
}

/* From the counts of the classes to those of all. */
static void sum_up(problem *work) {
  lathe_class_metrics *m = work->metrics;
  double rows = (double)m->rows, hits = 0, agree = 0, squares = 0, predicted_squares = 0, recalls = 0;
  int32_t present = 0, seen = 0;
  for (int32_t c = 0; c < work->classes; c++) {
    const lathe_class_figures *one = &work->figures[c];
    double own = (double)one->rows, predicted = (double)one->predicted;
    hits += (double)one->hits;
    agree += own * predicted;
    squares += own * own;
    predicted_squares += predicted * predicted;
    recalls += one->recall;
    present += one->rows > 0;
    seen += one->rows > 0 || one->predicted > 0;
    m->precision += one->precision;
    m->f1 += one->f1;
  }
  m->accuracy = hits / rows;
  m->balanced_accuracy = recalls / present;
  m->precision /= seen;
  m->recall = recalls / seen;
  m->f1 /= seen;
  if (work->classes == 2) {
    m->precision = work->figures[1].precision;
    m->recall = work->figures[1].recall;
    m->f1 = work->figures[1].f1;
  }
  double spread = (rows * rows - predicted_squares) * (rows * rows - squares);
  m->mcc = spread > 0
               ? (hits * rows - agree) / sqrt(rows * rows - predicted_squares) / sqrt(rows * rows - squares)
               : 0;
  int32_t usual = largest(work->baseline, work->classes);
  m->baseline_accuracy = (double)work->figures[usual].rows / rows;
  m->baseline_balanced_accuracy = (double)(work->figures[usual].rows > 0) / present;
}

static bool rank_class(void *context, int64_t index, lathe_error *error) {
  const problem *work = context;
  lathe_class_figures *one = &work->figures[index];
  return lathe_ranking(work->codes, work->probabilities, work->rows, work->classes, (int32_t)index,
                       &one->roc_auc, &one->average_precision, error);
}

/* Means over the classes that have rows and others to be told from. */
static bool rank_classes(problem *work, lathe_error *error) {
  lathe_class_metrics *m = work->metrics;
  if (!lathe_pool_run(work->classes, rank_class, work, NULL, error)) return false;
  m->roc_auc = work->figures[1].roc_auc;
  m->average_precision = work->figures[1].average_precision;
  if (work->classes == 2) return true;
  double area = 0, precision = 0;
  int32_t count = 0;
  for (int32_t c = 0; c < work->classes; c++) {
    if (isnan(work->figures[c].roc_auc)) continue;
    count++;
    area += work->figures[c].roc_auc;
    precision += work->figures[c].average_precision;
  }
  m->roc_auc = area / count;
  m->average_precision = precision / count;
  return true;
}

bool lathe_metrics_classes(const int32_t *codes, const double *probabilities, int64_t rows, int32_t classes,
                           const double *baseline, lathe_class_metrics *metrics, lathe_class_figures *figures,
                           int64_t *confusion, lathe_error *error) {
  problem work = {codes, probabilities, baseline, rows, classes, metrics, figures, confusion};
  memset(metrics, 0, sizeof *metrics);
  memset(figures, 0, (size_t)classes * sizeof *figures);
  memset(confusion, 0, (size_t)classes * (size_t)classes * sizeof *confusion);
  count_rows(&work);
  if (metrics->rows == 0)
    return lathe_error_set(
        error, LATHE_ERROR_DATA,
        "no row has both a class that the model knows and a prediction; there is nothing to measure; "
        "give rows whose target is known");
  count_classes(&work);
  sum_up(&work);
  return rank_classes(&work, error);
}
