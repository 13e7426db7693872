/* class_metrics.h - how good probabilities of classes are, beside what came true.
 *
 * The predicted class is the most probable, the first of equals. Classes that neither a row has nor is predicted for any are left out
 * of means over classes. Where something is divided by nothing: precision, recall and F1 are 0, the others NaN. */
#ifndef LATHE_MODEL_CLASS_METRICS_H
#define LATHE_MODEL_CLASS_METRICS_H

#include "../base/error.h"

typedef struct lathe_class_metrics {
  int64_t rows;             /* that had a class and probabilities */
  int64_t missing, unknown; /* left out: without one or the other; of a class that the model does not know */
  double accuracy;          /* hits / rows */
  double balanced_accuracy; /* the mean recall of the classes that rows have */
  double precision, recall, f1; /* two classes: of the second; more: means over the classes */
  double log_loss; /* the mean of -log(probability of the row's class), at least that of 2.2e-16 */
  double brier;    /* two classes: the mean squared miss of the second's probability; more: of all, summed */
  double mcc;      /* Matthews's correlation (Gorodkin 2004, R_K) */
  double roc_auc, average_precision; /* two classes: of the second; more: means of one against the rest */
  /* the same of a baseline: the same probabilities for every row */
  double baseline_accuracy, baseline_balanced_accuracy, baseline_log_loss, baseline_brier;
} lathe_class_metrics;

/* One class against the rest. */
typedef struct lathe_class_figures {
  int64_t rows, predicted, hits;
  double precision, recall, f1, roc_auc, average_precision;
} lathe_class_figures;

/* `codes` (rows): the class of each row, negative when it is missing (-1) or unknown (-2). `probabilities` (rows, classes), NaN: missing.
 * `baseline` (classes). Fills `metrics`, `figures` (classes) and `confusion` (classes, classes; a row of it for each true class, a column
 * for each predicted). False when no row can be measured. */
bool lathe_metrics_classes(const int32_t *codes, const double *probabilities, int64_t rows, int32_t classes,
                           const double *baseline, lathe_class_metrics *metrics, lathe_class_figures *figures,
                           int64_t *confusion, lathe_error *error);

#endif
