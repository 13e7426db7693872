/* metrics.h - how far predictions are from what was measured. */
#ifndef LATHE_MODEL_METRICS_H
#define LATHE_MODEL_METRICS_H

#include "../base/error.h"

typedef struct lathe_regression_metrics {
  int64_t rows;    /* that had a target and a prediction */
  int64_t skipped; /* that lacked one */
  double r2; /* 1 - squared errors / squares around the mean of these rows; NaN when they are all equal */
  double rmse, mae;
  double bias; /* the mean of prediction - target */
  double largest;
  double baseline_r2, baseline_rmse, baseline_mae; /* of `baseline` as the prediction of every row */
} lathe_regression_metrics;

/* Compare `rows` targets and predictions; NaN is missing. False when no row has both. */
bool lathe_metrics_regression(const double *target, const double *prediction, int64_t rows, double baseline,
                              lathe_regression_metrics *metrics, lathe_error *error);

#endif
