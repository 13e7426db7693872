/* class_metrics.c - figures of classes: weights of rows by their class, by the class they are taken for, and of those that agree; sums over
 * rows; and rankings. All figures follow from these, for the rows as they are and for each resample of them. */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../base/memory.h"
#include "../base/pool.h"
#include "bootstrap.h"
#include "ranking.h"

enum { CHUNK = 4096, RANKED_MOST = 30 }; /* classes whose rankings are resampled */

/* The rows that can be measured, one behind the other. */
typedef struct problem {
  const int32_t *codes;
  const double *probabilities;
  const lathe_metric_options *options;
  int64_t all;
  int32_t classes;
  int64_t rows;
  int32_t *code, *taken;          /* (rows) its class, and that it is taken for */
  double *weight, *loss, *square; /* (rows); weight NULL: 1 each */
  lathe_ranking *rankings;        /* (classes) of these rows; two classes: of the second only */
  int64_t *first;                 /* (chunks + 1) */
  int64_t *unknown;               /* (chunks) */
  bool ranked;
} problem;

static const char *const names[LATHE_CLASS_METRICS] = {"accuracy",
                                                       "balanced_accuracy",
                                                       "precision",
                                                       "recall",
                                                       "f1",
                                                       "precision_macro",
                                                       "recall_macro",
                                                       "f1_macro",
                                                       "precision_micro",
                                                       "recall_micro",
                                                       "f1_micro",
                                                       "precision_weighted",
                                                       "recall_weighted",
                                                       "f1_weighted",
                                                       "log_loss",
                                                       "deviance",
                                                       "brier",
                                                       "mcc",
                                                       "auc",
                                                       "average_precision"};

const char *lathe_class_metric_name(int32_t metric) {
  return metric >= 0 && metric < LATHE_CLASS_METRICS ? names[metric] : NULL;
}

/* ---- rows ---- */

static bool usable(const problem *work, int64_t row) {
  return work->codes[row] >= 0 && !isnan(work->probabilities[row * work->classes]);
}

static int32_t largest(const double *p, int32_t count) {
  int32_t best = 0;
  for (int32_t c = 1; c < count; c++)
    if (p[c] > p[best]) best = c;
  return best;
}

static double clipped(double p) {
  return fmin(fmax(p, DBL_EPSILON), 1 - DBL_EPSILON);
}

static double surprise(const double *p, int32_t classes, int32_t code) {
  double sum = 0;
  for (int32_t c = 0; c < classes; c++) sum += clipped(p[c]);
  return -log(clipped(p[code]) / sum);
}

static double squared_miss(const double *p, int32_t classes, int32_t code) {
  double sum = 0;
  if (classes == 2) return (p[1] - (code == 1)) * (p[1] - (code == 1));
  for (int32_t c = 0; c < classes; c++) sum += (p[c] - (c == code)) * (p[c] - (c == code));
  return sum;
}

static int64_t end_of(const problem *work, int64_t chunk) {
  return (chunk + 1) * CHUNK < work->all ? (chunk + 1) * CHUNK : work->all;
}

static bool count_chunk(void *context, int64_t chunk, lathe_error *error) {
  (void)error;
  problem *work = context;
  int64_t rows = 0, unknown = 0;
  for (int64_t r = chunk * CHUNK; r < end_of(work, chunk); r++) {
    rows += usable(work, r);
    unknown += work->codes[r] == -2;
  }
  work->first[chunk + 1] = rows;
  work->unknown[chunk] = unknown;
  return true;
}

static bool fill_chunk(void *context, int64_t chunk, lathe_error *error) {
  (void)error;
  problem *work = context;
  int64_t at = work->first[chunk];
  for (int64_t r = chunk * CHUNK; r < end_of(work, chunk); r++) {
    if (!usable(work, r)) continue;
    const double *p = work->probabilities + r * work->classes;
    int32_t code = work->codes[r];
    work->code[at] = code;
    work->taken[at] = work->options->predicted ? work->options->predicted[r] : largest(p, work->classes);
    if (work->weight) work->weight[at] = work->options->weights[r];
    work->loss[at] = surprise(p, work->classes, code);
    work->square[at++] = squared_miss(p, work->classes, code);
  }
  return true;
}

static bool gather(problem *work, lathe_metric_counts *counts, lathe_progress *progress, lathe_error *error) {
  int64_t chunks = (work->all + CHUNK - 1) / CHUNK;
  work->first = lathe_memory_new((size_t)chunks + 1, sizeof *work->first, error);
  work->unknown = lathe_memory_new((size_t)chunks + 1, sizeof *work->unknown, error);
  if (!work->first || !work->unknown || !lathe_pool_run(chunks, count_chunk, work, progress, error))
    return false;
  for (int64_t c = 0; c < chunks; c++) {
    work->first[c + 1] += work->first[c];
    counts->unknown += work->unknown[c];
  }
  size_t rows = (size_t)(work->rows = counts->rows = work->first[chunks]);
  counts->missing = work->all - counts->rows - counts->unknown;
  work->code = lathe_memory_raw(rows, sizeof *work->code, error);
  work->taken = lathe_memory_raw(rows, sizeof *work->taken, error);
  work->loss = lathe_memory_raw(rows, sizeof *work->loss, error);
  work->square = lathe_memory_raw(rows, sizeof *work->square, error);
  if (work->options->weights) work->weight = lathe_memory_raw(rows, sizeof *work->weight, error);
  return work->code && work->taken && work->loss && work->square &&
         (work->weight || !work->options->weights) &&
         lathe_pool_run(chunks, fill_chunk, work, progress, error);
}

/* ---- rankings ---- */

/* Where a class's ranking counts rows among all, it now counts those that are measured. */
static void renumber(const problem *work, lathe_ranking *ranking, const uint32_t *number) {
  if (work->rows == work->all) return;
  for (int64_t i = 0; i < ranking->count; i++) ranking->row[i] = number[ranking->row[i]];
}

static bool rank_class(void *context, int64_t index, lathe_error *error) {
  problem *work = context;
  int32_t class = work->classes == 2 ? 1 : (int32_t)index;
  return lathe_ranking_make(&work->rankings[index], work->codes, work->probabilities, work->all,
                            work->classes, class, error);
}

static int32_t rankings_of(const problem *work) {
  return work->classes == 2 ? 1 : work->classes;
}

/* ---- many classes: their areas alone, for no ranking is kept ---- */

enum { TOGETHER = 8 }; /* classes whose probabilities share a line of the cache */

typedef struct many {
  const problem *work;
  lathe_class_figures *figures;
  const uint32_t *number; /* (all) of each row among those measured */
  uint32_t *row;          /* (rows) of each that is measured its place among all */
  int32_t *members;       /* (classes) rows of each */
} many;

static bool rank_one(const many *all, int32_t class, const double *value, lathe_error *error) {
  const problem *work = all->work;
  lathe_class_figures *one = &all->figures[class];
  if (all->members[class] <= LATHE_RANKED_FEW) {
    lathe_ranking_few(value, work->code, work->weight, work->rows, class, &one->auc, &one->average_precision);
    return true;
  }
  lathe_ranking ranking = {0};
  bool fine =
      lathe_ranking_make(&ranking, work->codes, work->probabilities, work->all, work->classes, class, error);
  if (fine) {
    renumber(work, &ranking, all->number);
    lathe_ranking_areas(&ranking, work->weight, NULL, &one->auc, &one->average_precision);
  }
  lathe_ranking_free(&ranking);
  return fine;
}

static bool rank_some(void *context, int64_t chunk, lathe_error *error) {
  const many *all = context;
  const problem *work = all->work;
  int32_t first = (int32_t)chunk * TOGETHER;
  int32_t count = work->classes - first < TOGETHER ? work->classes - first : TOGETHER;
  double *value = lathe_memory_raw((size_t)work->rows * TOGETHER, sizeof *value, error);
  for (int64_t r = 0; value && r < work->rows; r++) {
    const double *p = work->probabilities + (int64_t)all->row[r] * work->classes + first;
    for (int32_t k = 0; k < count; k++) value[k * work->rows + r] = p[k] > 0 ? fmin(p[k], 1) : 0;
  }
  bool fine = value != NULL;
  for (int32_t k = 0; fine && k < count; k++) fine = rank_one(all, first + k, value + k * work->rows, error);
  free(value);
  return fine;
}

static bool rank_many(const problem *work, lathe_class_figures *figures, const uint32_t *number,
                      lathe_error *error) {
  many all = {work, figures, number, lathe_memory_raw((size_t)work->rows, sizeof *all.row, error),
              lathe_memory_new((size_t)work->classes, sizeof *all.members, error)};
  bool fine = all.row && all.members;
  for (int64_t r = 0; fine && r < work->all; r++)
    if (usable(work, r)) all.row[number[r]] = (uint32_t)r;
  for (int64_t r = 0; fine && r < work->rows; r++) all.members[work->code[r]]++;
  fine = fine && lathe_pool_run((work->classes + TOGETHER - 1) / TOGETHER, rank_some, &all, NULL, error);
  free(all.row);
  free(all.members);
  return fine;
}

static bool rank(problem *work, lathe_class_figures *figures, lathe_error *error) {
  int32_t count = rankings_of(work);
  work->rankings = lathe_memory_new((size_t)count, sizeof *work->rankings, error);
  uint32_t *number = lathe_memory_raw((size_t)work->all, sizeof *number, error);
  bool fine = work->rankings && number, kept = count <= RANKED_MOST;
  uint32_t next = 0;
  for (int64_t r = 0; fine && r < work->all; r++) {
    number[r] = next;
    next += usable(work, r);
  }
  if (fine && !kept) fine = rank_many(work, figures, number, error);
  if (fine && kept && count > 1) fine = lathe_pool_run(count, rank_class, work, NULL, error);
  for (int32_t c = 0; fine && kept && c < count; c++) {
    lathe_class_figures *one = &figures[work->classes == 2 ? 1 : c];
    if (count == 1) fine = rank_class(work, c, error);
    renumber(work, &work->rankings[c], number);
    if (fine) lathe_ranking_areas(&work->rankings[c], work->weight, NULL, &one->auc, &one->average_precision);
  }
  free(number);
  work->ranked = fine && kept;
  return fine;
}

/* ---- from weights to figures ---- */

static double ratio(double part, double whole) {
  return whole > 0 ? part / whole : 0;
}

static void finish_classes(int32_t classes, lathe_class_figures *figures) {
  for (int32_t c = 0; c < classes; c++) {
    lathe_class_figures *one = &figures[c];
    one->precision = ratio(one->hits, one->predicted);
    one->recall = ratio(one->hits, one->rows);
    one->f1 = ratio(2 * one->hits, one->rows + one->predicted);
  }
}

/* Means over classes: of all that rows have or are taken for, and by the weight of their rows. */
static void add_means(int32_t classes, const lathe_class_figures *figures, double rows, double *m) {
  double macro[3] = {0}, weighted[3] = {0}, recalls = 0;
  int32_t seen = 0, present = 0;
  for (int32_t c = 0; c < classes; c++) {
    const lathe_class_figures *one = &figures[c];
    double of[3] = {one->precision, one->recall, one->f1};
    if (!(one->rows > 0 || one->predicted > 0)) continue;
    seen++;
    present += one->rows > 0;
    recalls += one->recall;
    for (int k = 0; k < 3; k++) {
      macro[k] += of[k];
      weighted[k] += one->rows * of[k];
    }
  }
  m[LATHE_CLASS_BALANCED_ACCURACY] = recalls / present;
  for (int k = 0; k < 3; k++) {
    m[LATHE_CLASS_PRECISION_MACRO + k] = macro[k] / seen;
    m[LATHE_CLASS_PRECISION_MICRO + k] = m[LATHE_CLASS_ACCURACY];
    m[LATHE_CLASS_PRECISION_WEIGHTED + k] = weighted[k] / rows;
    m[LATHE_CLASS_PRECISION + k] = m[LATHE_CLASS_PRECISION_MACRO + k];
  }
  if (classes != 2) return;
  m[LATHE_CLASS_PRECISION] = figures[1].precision;
  m[LATHE_CLASS_RECALL] = figures[1].recall;
  m[LATHE_CLASS_F1] = figures[1].f1;
}

/* Matthews's correlation (Gorodkin 2004, R_K); 0 when all rows are of one class, or taken for one. */
static double correlation(int32_t classes, const lathe_class_figures *figures, double rows, double hits) {
  double agree = 0, squares = 0, predicted = 0;
  for (int32_t c = 0; c < classes; c++) {
    agree += figures[c].rows * figures[c].predicted;
    squares += figures[c].rows * figures[c].rows;
    predicted += figures[c].predicted * figures[c].predicted;
  }
  double one = rows * rows - predicted, other = rows * rows - squares;
  if (!(one > 1e-14 * predicted) || !(other > 1e-14 * squares)) return 0;
  return (hits * rows - agree) / sqrt(one) / sqrt(other);
}

/* `sums`: weight, loss, squares. The areas stand in `figures`. */
static void finish(int32_t classes, lathe_class_figures *figures, const double sums[3], double *m) {
  double rows = sums[0], hits = 0, area = 0, precision = 0;
  int32_t count = 0;
  finish_classes(classes, figures);
  for (int32_t c = 0; c < classes; c++) {
    hits += figures[c].hits;
    if (isnan(figures[c].auc)) continue;
    count++;
    area += figures[c].auc;
    precision += figures[c].average_precision;
  }
  m[LATHE_CLASS_ACCURACY] = hits / rows;
  add_means(classes, figures, rows, m);
  m[LATHE_CLASS_LOG_LOSS] = sums[1] / rows;
  m[LATHE_CLASS_DEVIANCE] = 2 * sums[1] / rows;
  m[LATHE_CLASS_BRIER] = sums[2] / rows;
  m[LATHE_CLASS_MCC] = correlation(classes, figures, rows, hits);
  m[LATHE_CLASS_AUC] = classes == 2 ? figures[1].auc : area / count;
  m[LATHE_CLASS_AVERAGE_PRECISION] = classes == 2 ? figures[1].average_precision : precision / count;
}

static void clear(int32_t classes, lathe_class_figures *figures) {
  memset(figures, 0, (size_t)classes * sizeof *figures);
  for (int32_t c = 0; c < classes; c++) figures[c].auc = figures[c].average_precision = NAN;
}

/* The figures of the rows, each `times` (NULL: once). */
static void add_rows(const problem *work, const uint8_t *times, lathe_class_figures *figures,
                     double sums[3]) {
  sums[0] = sums[1] = sums[2] = 0;
  for (int64_t begin = 0; begin < work->rows; begin += CHUNK) {
    int64_t end = begin + CHUNK < work->rows ? begin + CHUNK : work->rows;
    double part[3] = {0};
    for (int64_t r = begin; r < end; r++) {
      double weight = (work->weight ? work->weight[r] : 1) * (times ? times[r] : 1);
      part[0] += weight;
      part[1] += weight * work->loss[r];
      part[2] += weight * work->square[r];
    }
    for (int k = 0; k < 3; k++) sums[k] += part[k];
    for (int64_t r = begin; r < end; r++) {
      double weight = (work->weight ? work->weight[r] : 1) * (times ? times[r] : 1);
      int32_t code = work->code[r], taken = work->taken[r];
      figures[code].rows += weight;
      figures[taken].predicted += weight;
      if (code == taken) figures[code].hits += weight;
    }
  }
}

/* The same for two classes, without branches: most often there are two. */
static void add_pairs(const problem *work, const uint8_t *times, lathe_class_figures *figures,
                      double sums[3]) {
  double cell[4][2] = {{0}}, total[3] = {0};
  for (int64_t r = 0; r < work->rows; r++) {
    double weight = (work->weight ? work->weight[r] : 1) * times[r];
    total[0] += weight;
    total[1] += weight * work->loss[r];
    total[2] += weight * work->square[r];
    cell[work->code[r] * 2 + work->taken[r]][r & 1] += weight;
  }
  for (int k = 0; k < 3; k++) sums[k] = total[k];
  for (int code = 0; code < 2; code++)
    for (int taken = 0; taken < 2; taken++) {
      double weight = cell[code * 2 + taken][0] + cell[code * 2 + taken][1];
      figures[code].rows += weight;
      figures[taken].predicted += weight;
      if (code == taken) figures[code].hits += weight;
    }
}

static bool resample(const void *context, const uint8_t *times, double *values, lathe_error *error) {
  const problem *work = context;
  lathe_class_figures few[8], *figures = few;
  double sums[3];
  if (work->classes > 8) figures = lathe_memory_raw((size_t)work->classes, sizeof *figures, error);
  if (!figures) return false;
  clear(work->classes, figures);
  if (work->classes == 2)
    add_pairs(work, times, figures, sums);
  else
    add_rows(work, times, figures, sums);
  for (int32_t c = 0; work->ranked && c < rankings_of(work); c++) {
    lathe_class_figures *one = &figures[work->classes == 2 ? 1 : c];
    lathe_ranking_areas(&work->rankings[c], work->weight, times, &one->auc, &one->average_precision);
  }
  finish(work->classes, figures, sums, values);
  for (int k = 0; !(sums[0] > 0) && k < LATHE_CLASS_METRICS; k++) values[k] = NAN;
  if (figures != few) free(figures);
  return true;
}

static void confuse(const problem *work, double *confusion) {
  memset(confusion, 0, (size_t)work->classes * (size_t)work->classes * sizeof *confusion);
  for (int64_t r = 0; r < work->rows; r++)
    confusion[(int64_t)work->code[r] * work->classes + work->taken[r]] += work->weight ? work->weight[r] : 1;
}

static bool measure(problem *work, lathe_measure *measures, lathe_class_figures *figures, double *confusion,
                    lathe_metric_counts *counts, lathe_progress *progress, lathe_error *error) {
  double sums[3], values[LATHE_CLASS_METRICS];
  if (!gather(work, counts, progress, error)) return false;
  clear(work->classes, figures);
  add_rows(work, NULL, figures, sums);
  counts->weight = sums[0];
  if (!(sums[0] > 0))
    return lathe_error_set(
        error, LATHE_ERROR_DATA,
        "no row has both a class that the model knows and a prediction; there is nothing to measure; "
        "give rows whose target is known");
  if (work->options->ranked && !rank(work, figures, error)) return false;
  finish(work->classes, figures, sums, values);
  for (int k = 0; k < LATHE_CLASS_METRICS; k++) measures[k].value = values[k];
  if (confusion) confuse(work, confusion);
  if (!lathe_bootstrap_run(work->rows, work->options, resample, work, LATHE_CLASS_METRICS, measures, progress,
                           error))
    return false;
  /* the first of two classes against the second: what is left */
  if (work->classes == 2 && work->options->ranked) {
    lathe_ranking first = {0};
    bool fine = lathe_ranking_make(&first, work->codes, work->probabilities, work->all, 2, 0, error);
    if (fine)
      lathe_ranking_areas(&first, work->options->weights, NULL, &figures[0].auc,
                          &figures[0].average_precision);
    lathe_ranking_free(&first);
    return fine;
  }
  return true;
}

bool lathe_metrics_classes(const int32_t *codes, const double *probabilities, int64_t rows, int32_t classes,
                           const lathe_metric_options *options, lathe_measure *measures,
                           lathe_class_figures *figures, double *confusion, lathe_metric_counts *counts,
                           lathe_progress *progress, lathe_error *error) {
  problem work = {
      .codes = codes, .probabilities = probabilities, .options = options, .all = rows, .classes = classes};
  memset(counts, 0, sizeof *counts);
  bool fine = measure(&work, measures, figures, confusion, counts, progress, error);
  for (int32_t c = 0; work.rankings && c < rankings_of(&work); c++) lathe_ranking_free(&work.rankings[c]);
  void *blocks[] = {work.rankings, work.code,  work.taken,   work.weight, work.loss,
                    work.square,   work.first, work.unknown, NULL};
  for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) free(blocks[i]);
  return fine;
}
