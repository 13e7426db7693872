/* test_metrics.c - figures of predictions: by hand, and with weights and intervals. tests/conform/test_metrics.py holds them against
 * scikit-learn. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/pool.h"
#include "base/random.h"
#include "evaluate/bootstrap.h"
#include "evaluate/metrics.h"
#include "evaluate/ranking.h"
#include "tap.h"

static const lathe_metric_options plain = {.ranked = true};

static void test_regression(void) {
  const double target[] = {1, 2, 3, 4, NAN, 5}, prediction[] = {1.5, 2, 2, 4, 1, NAN};
  lathe_measure m[LATHE_REGRESSION_METRICS];
  lathe_metric_counts counts;
  lathe_error error = {0};
  ok(lathe_metrics_regression(target, prediction, 6, &plain, m, &counts, NULL, NULL) && counts.rows == 4 &&
         counts.missing == 2,
     "rows that lack a number are skipped");
  ok(m[LATHE_REGRESSION_RMSE].value == sqrt(1.25 / 4) && m[LATHE_REGRESSION_MAE].value == 1.5 / 4 &&
         m[LATHE_REGRESSION_R2].value == 1 - 1.25 / 5 && m[LATHE_REGRESSION_LARGEST].value == 1,
     "R2, RMSE, MAE and the largest miss");
  ok(isnan(m[LATHE_REGRESSION_R2].low), "without resamples there is no interval");
  ok(!lathe_metrics_regression(target + 4, prediction + 4, 2, &plain, m, &counts, NULL, &error),
     "no rows: %s", error.message);
  const double same[] = {2, 2, 2}, zero[] = {0, -1, 3};
  ok(lathe_metrics_regression(same, prediction, 3, &plain, m, &counts, NULL, NULL) &&
         isnan(m[LATHE_REGRESSION_R2].value),
     "R2 of a constant target is not defined");
  ok(lathe_metrics_regression(zero, same, 3, &plain, m, &counts, NULL, NULL) && counts.zero_targets == 1 &&
         isnan(m[LATHE_REGRESSION_MAPE].value) && counts.not_poisson == 1 &&
         isnan(m[LATHE_REGRESSION_POISSON].value),
     "neither is MAPE with a target of 0, nor the Poisson deviance with one below");
  const double twice[] = {1, 2, 2, 3}, thrice[] = {2, 2, 2, 5}, once[] = {1, 2, 3}, own[] = {2, 2, 5},
               weights[] = {1, 2, 1};
  lathe_metric_options weighted = {.weights = weights};
  lathe_measure w[LATHE_REGRESSION_METRICS];
  ok(lathe_metrics_regression(twice, thrice, 4, &plain, m, &counts, NULL, NULL) &&
         lathe_metrics_regression(once, own, 3, &weighted, w, &counts, NULL, NULL) &&
         m[LATHE_REGRESSION_R2].value == w[LATHE_REGRESSION_R2].value &&
         m[LATHE_REGRESSION_POISSON].value == w[LATHE_REGRESSION_POISSON].value,
     "a row of weight 2 is two rows");
}

static void test_ranking(void) {
  static const int32_t codes[] = {1, 0, 1, 1, 0, -1, 0, 1};
  static const double p[] = {0.1, 0.9, 0.6, 0.4, 0.4, 0.6, 0.5, 0.5, 0.5, 0.5, 0, 1, 0.9, 0.1, NAN, NAN};
  double area, precision;
  lathe_ranking ranking = {0};
  /* by P(1): 0.9 yes | 0.6 yes | 0.5 yes and no | 0.4 no | 0.1 no */
  ok(lathe_ranking_make(&ranking, codes, p, 8, 2, 1, NULL), "rows are put in order");
  lathe_ranking_areas(&ranking, NULL, NULL, &area, &precision);
  ok(fabs(area - 8.5 / 9) < 1e-15, "equal probabilities count half in the area under the curve");
  ok(fabs(precision - (1.0 + 1 + 0.75) / 3) < 1e-15, "and share a threshold of the average precision");
  lathe_ranking_free(&ranking);
  static const int32_t same[] = {1, 1, 1};
  ok(lathe_ranking_make(&ranking, same, p, 3, 2, 1, NULL), "rows of one class");
  lathe_ranking_areas(&ranking, NULL, NULL, &area, &precision);
  ok(isnan(area) && precision == 1, "without rows of the other side there is no area");
  lathe_ranking_free(&ranking);
  static const int32_t of[] = {1, 0, 1, 1, 0, 0, 1};
  static const double value[] = {0.9, 0.6, 0.4, 0.5, 0.5, 0, 0.1}, weight[] = {1, 2, 0.5, 1, 4, 1, 3};
  double both[14], few[2];
  for (int r = 0; r < 7; r++) {
    both[2 * r] = 1 - value[r];
    both[2 * r + 1] = value[r];
  }
  ok(lathe_ranking_make(&ranking, of, both, 7, 2, 1, NULL), "other rows");
  for (int w = 0; w < 2; w++) {
    lathe_ranking_areas(&ranking, w ? weight : NULL, NULL, &area, &precision);
    lathe_ranking_few(value, of, w ? weight : NULL, 7, 1, &few[0], &few[1]);
    ok(fabs(few[0] - area) < 1e-15 && fabs(few[1] - precision) < 1e-15,
       "a class of few rows has the same areas without an order of all");
  }
  lathe_ranking_free(&ranking);
  double threshold[8], hits[8], misses[8];
  int64_t points;
  ok(lathe_metrics_curve(codes, p, NULL, 8, 2, 1, threshold, hits, misses, &points, NULL) && points == 5 &&
         threshold[0] == 0.9 && threshold[2] == 0.5 && hits[2] == 3 && misses[2] == 1 && misses[4] == 3,
     "a curve has a point for each probability");
}

static void test_classes(void) {
  static const int32_t codes[] = {0, 0, 1, 1, 2, -1, -2, 2};
  static const double p[] = {0.8, 0.1, 0.1, 0.2, 0.5, 0.3, 0.1, 0.8, 0.1, 0.6, 0.3, 0.1,
                             0.1, 0.2, 0.7, 1,   0,   0,   1,   0,   0,   NAN, NAN, NAN};
  lathe_measure m[LATHE_CLASS_METRICS];
  lathe_class_figures of[3];
  lathe_metric_counts counts;
  double confusion[9];
  lathe_error error = {0};
  ok(lathe_metrics_classes(codes, p, 8, 3, &plain, m, of, confusion, &counts, NULL, &error),
     "classes are measured: %s", error.message);
  ok(counts.rows == 5 && counts.missing == 2 && counts.unknown == 1,
     "rows without a class, without a prediction, of no known class are left out");
  ok(m[LATHE_CLASS_ACCURACY].value == 0.6 && fabs(m[LATHE_CLASS_BALANCED_ACCURACY].value - 2.0 / 3) < 1e-15,
     "hits are counted");
  static const double want[] = {1, 1, 0, 1, 1, 0, 0, 0, 1};
  ok(!memcmp(confusion, want, sizeof want), "so is what was taken for what");
  double loss = -(log(0.8) + log(0.2) + log(0.8) + log(0.3) + log(0.7)) / 5;
  ok(fabs(m[LATHE_CLASS_LOG_LOSS].value - loss) < 1e-15,
     "the log loss is that of the probabilities of what came true");
  ok(!lathe_metrics_classes((const int32_t[]){-1}, p, 1, 3, &plain, m, of, NULL, &counts, NULL, &error),
     "nothing to measure is an error: %s", error.message);
  static const int32_t ones[] = {1, 1, 1, 1, 1, 1, 1, 1};
  lathe_metric_options given = {.predicted = ones, .ranked = true};
  ok(lathe_metrics_classes(codes, p, 8, 3, &given, m, of, NULL, &counts, NULL, NULL) &&
         m[LATHE_CLASS_ACCURACY].value == 0.4 && of[1].predicted == 5,
     "what rows are taken for can be given");
}

/* Scores with a grid of ties, rows without a class, and weights. */
static void fill(int64_t rows, int32_t *codes, double *p, double *weights) {
  lathe_random random;
  lathe_random_seed(&random, 5, 0);
  for (int64_t r = 0; r < rows; r++) {
    double score = floor(lathe_random_uniform(&random) * 50) / 50;
    p[2 * r + 1] = score;
    p[2 * r] = 1 - score;
    codes[r] = r % 97 == 5 ? -1 : lathe_random_uniform(&random) < score;
    weights[r] = lathe_random_uniform(&random);
  }
}

static void test_intervals(void) {
  enum { ROWS = 5000 };
  int32_t *codes = calloc(ROWS, sizeof *codes);
  double *p = calloc(2 * ROWS, sizeof *p), *weights = calloc(ROWS, sizeof *weights);
  fill(ROWS, codes, p, weights);
  lathe_metric_options options = {
      .resamples = 200, .level = 0.9, .seed = 7, .ranked = true, .weights = weights};
  lathe_measure one[LATHE_CLASS_METRICS], two[LATHE_CLASS_METRICS];
  lathe_class_figures of[2];
  lathe_metric_counts counts;
  lathe_threads_set(1);
  bool fine = lathe_metrics_classes(codes, p, ROWS, 2, &options, one, of, NULL, &counts, NULL, NULL);
  lathe_threads_set(2);
  fine = fine && lathe_metrics_classes(codes, p, ROWS, 2, &options, two, of, NULL, &counts, NULL, NULL);
  ok(fine && !memcmp(one, two, sizeof one), "intervals are the same on one thread and on two");
  bool around = true;
  for (int k = 0; k < LATHE_CLASS_METRICS; k++)
    around = around && one[k].low < one[k].value && one[k].value < one[k].high;
  ok(around, "each interval has its figure in it");
  options.seed = 8;
  ok(lathe_metrics_classes(codes, p, ROWS, 2, &options, two, of, NULL, &counts, NULL, NULL) &&
         one[LATHE_CLASS_AUC].low != two[LATHE_CLASS_AUC].low &&
         fabs(one[LATHE_CLASS_AUC].low - two[LATHE_CLASS_AUC].low) < 0.01,
     "another seed gives another interval, a little");
  /* the interval of a mean: 1.645 standard errors to each side */
  double *zero = calloc(ROWS, sizeof *zero), *miss = calloc(ROWS, sizeof *miss), square = 0;
  for (int r = 0; r < ROWS; r++) {
    miss[r] = p[2 * r + 1] - 0.5;
    square += miss[r] * miss[r];
  }
  options.weights = NULL;
  options.resamples = 2000;
  lathe_measure m[LATHE_REGRESSION_METRICS];
  ok(lathe_metrics_regression(zero, miss, ROWS, &options, m, &counts, NULL, NULL), "a regression too");
  double width = m[LATHE_REGRESSION_BIAS].high - m[LATHE_REGRESSION_BIAS].low;
  double expected = 2 * 1.6449 * sqrt(square / ROWS / ROWS);
  ok(fabs(width / expected - 1) < 0.08, "the interval of a mean has the width that theory gives it: %g of %g",
     width, expected);
  free(zero);
  free(miss);
  free(codes);
  free(p);
  free(weights);
}

static void test_draws(void) {
  enum { ROWS = 100000 };
  uint8_t *times = malloc(ROWS), *other = malloc(ROWS);
  lathe_bootstrap_draw(1, 3, ROWS, times);
  lathe_bootstrap_draw(1, 3, 999, other);
  ok(!memcmp(times, other, 999), "how often a row counts does not depend on how many follow");
  double sum = 0, square = 0;
  for (int r = 0; r < ROWS; r++) {
    sum += times[r];
    square += (double)times[r] * times[r];
  }
  double mean = sum / ROWS, variance = square / ROWS - mean * mean;
  ok(fabs(mean - 1) < 0.01 && fabs(variance - 1) < 0.02, "rows count once in the mean: %g, variance %g", mean,
     variance);
  free(times);
  free(other);
}

static void test_calibration(void) {
  static const int32_t codes[] = {0, 1, 1, 0, 1};
  static const double p[] = {0.9, 0.1, 0.8, 0.2, 0.45, 0.55, 0.4, 0.6, 0, 1};
  double expected[5], observed[5], weight[5];
  int32_t filled;
  ok(lathe_metrics_calibration(codes, p, NULL, 5, 2, 1, 5, false, expected, observed, weight, &filled,
                               NULL) &&
         filled == 3 && weight[0] == 2 && observed[0] == 0.5 && fabs(expected[0] - 0.15) < 1e-15,
     "bins without rows are left out");
}

int main(void) {
  test_regression();
  test_ranking();
  test_classes();
  test_draws();
  test_intervals();
  test_calibration();
  return done_testing();
}
