/* metrics.h - how good predictions are on rows whose target is known, and how sure that is.
 *
 * Rows may weigh. Each figure can have an interval: the quantiles of the figure over resamples in which each row counts as often as a
 * Poisson number of mean 1 says (Hanley, MacGibbon 2006), drawn by counter from the seed, the resample and the row. Definitions are those
 * of share/doc/evaluate.md. A figure that these rows do not define is NaN; whoever shows it says why. */
#ifndef LATHE_MODEL_METRICS_H
#define LATHE_MODEL_METRICS_H

#include "../base/progress.h"

/* A figure: its value, and the ends of its interval (NaN: none). */
typedef struct lathe_measure {
  double value, low, high;
} lathe_measure;

typedef struct lathe_metric_options {
  const double *weights; /* (rows) from 0 up; NULL: 1 each */
  const int32_t *
      predicted; /* (rows) of classes: the class that each row is taken for; NULL: the most probable, the first of equals */
  int32_t resamples; /* 0: no intervals */
  double level;      /* of the intervals: 0.95 */
  uint64_t seed;
  bool ranked;   /* of classes: ROC AUC and average precision too */
  double *draws; /* (figures, resamples) gets each figure of each resample; NULL: nobody asks */
} lathe_metric_options;

/* The interval of such draws of one figure, which are put in order; as those of the figures. */
void lathe_metrics_interval(double *draws, int32_t resamples, double level, lathe_measure *measure);

/* Which rows were measured, and what keeps a figure from being defined. */
typedef struct lathe_metric_counts {
  int64_t rows, missing,
      unknown;          /* measured; without target or prediction; of a class that the model does not know */
  double weight;        /* of those measured */
  int64_t zero_targets; /* MAPE has none */
  int64_t not_poisson;  /* a target below 0 or a prediction not above 0: no Poisson deviance */
} lathe_metric_counts;

typedef enum lathe_regression_metric {
  LATHE_REGRESSION_R2,
  LATHE_REGRESSION_RMSE,
  LATHE_REGRESSION_MSE,
  LATHE_REGRESSION_MAE,
  LATHE_REGRESSION_MAPE,
  LATHE_REGRESSION_BIAS,    /* the mean of prediction - target */
  LATHE_REGRESSION_LARGEST, /* the largest miss; never an interval */
  LATHE_REGRESSION_POISSON, /* the mean Poisson deviance */
  LATHE_REGRESSION_METRICS,
} lathe_regression_metric;

typedef enum lathe_class_metric {
  LATHE_CLASS_ACCURACY,
  LATHE_CLASS_BALANCED_ACCURACY,
  LATHE_CLASS_PRECISION, /* two classes: of the second; more: the mean over the classes */
  LATHE_CLASS_RECALL,
  LATHE_CLASS_F1,
  LATHE_CLASS_PRECISION_MACRO,
  LATHE_CLASS_RECALL_MACRO,
  LATHE_CLASS_F1_MACRO,
  LATHE_CLASS_PRECISION_MICRO,
  LATHE_CLASS_RECALL_MICRO,
  LATHE_CLASS_F1_MICRO,
  LATHE_CLASS_PRECISION_WEIGHTED,
  LATHE_CLASS_RECALL_WEIGHTED,
  LATHE_CLASS_F1_WEIGHTED,
  LATHE_CLASS_LOG_LOSS,
  LATHE_CLASS_DEVIANCE, /* twice the log loss */
  LATHE_CLASS_BRIER,    /* two classes: the squared miss of the second's probability; more: of all, summed */
  LATHE_CLASS_MCC,
  LATHE_CLASS_AUC, /* two classes: of the second; more: the mean of each against the rest */
  LATHE_CLASS_AVERAGE_PRECISION,
  LATHE_CLASS_METRICS,
} lathe_class_metric;

/* The name of a figure: "r2", "log_loss". */
const char *lathe_regression_metric_name(int32_t metric);
const char *lathe_class_metric_name(int32_t metric);

/* One class against the rest; rows, predicted and hits are weights. */
typedef struct lathe_class_figures {
  double rows, predicted, hits;
  double precision, recall, f1, auc, average_precision;
} lathe_class_figures;

/* Compare targets with predictions (rows; NaN is missing). Fills `measures` (LATHE_REGRESSION_METRICS) and `counts`. False when no row
 * that weighs anything has both. */
bool lathe_metrics_regression(const double *target, const double *prediction, int64_t rows,
                              const lathe_metric_options *options, lathe_measure *measures,
                              lathe_metric_counts *counts, lathe_progress *progress, lathe_error *error);

/* The same of classes. `codes` (rows): the class of each row, negative when it is missing (-1) or unknown (-2). `probabilities` (rows,
 * classes), NaN: missing. Fills `measures` (LATHE_CLASS_METRICS), `figures` (classes) and, unless it is NULL, `confusion` (classes,
 * classes; a row of it for each true class, a column for each predicted). */
bool lathe_metrics_classes(const int32_t *codes, const double *probabilities, int64_t rows, int32_t classes,
                           const lathe_metric_options *options, lathe_measure *measures,
                           lathe_class_figures *figures, double *confusion, lathe_metric_counts *counts,
                           lathe_progress *progress, lathe_error *error);

/* Class `index` against the rest, for curves: `threshold` (rows) gets the different probabilities, the largest first; `hits` and `misses`
 * (rows) the weight of the rows of the class, and of the others, whose probability is not below it. `points`: how many there are. */
bool lathe_metrics_curve(const int32_t *codes, const double *probabilities, const double *weights,
                         int64_t rows, int32_t classes, int32_t index, double *threshold, double *hits,
                         double *misses, int64_t *points, lathe_error *error);

/* How often what is said with some probability comes true: rows in `bins` bins of equal width, or of about equal numbers of rows
 * (`quantile`). `expected`, `observed` and `weight` (bins) get the mean probability, the share of the class, and the weight of each bin
 * with rows, the lowest first; `filled`: how many there are. */
bool lathe_metrics_calibration(const int32_t *codes, const double *probabilities, const double *weights,
                               int64_t rows, int32_t classes, int32_t index, int32_t bins, bool quantile,
                               double *expected, double *observed, double *weight, int32_t *filled,
                               lathe_error *error);

#endif
