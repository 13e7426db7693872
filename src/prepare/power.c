/* power.c - the exponent of a power transform, by maximum likelihood under a normal distribution of what comes out.
 *
 * The log likelihood of lambda is -n/2 log var(y) + (lambda - 1) sum of j, with y the transformed values and j = log x (Box and Cox 1964)
 * or sign(x) log(1 + |x|) (Yeo and Johnson 2000). Its slope, -n cov(y, y') / var(y) + sum of j, falls through 0 at the peak; a root is
 * found far closer than the top of a curve that is flat there. */
#include <float.h>
#include <math.h>

#include "../graph/kernels.h"
#include "own.h"

typedef struct {
  const double *x;
  int64_t count;
  bool box_cox;
  double jacobian; /* the sum of j */
} likelihood;

/* (e^(lambda l) - 1) / lambda and its derivative by lambda. */
static double bend(double l, double lambda, double *slope) {
  double t = lambda * l;
  if (fabs(t) < 1e-4) { /* by their series: what cancels is gone */
    *slope = l * l * (0.5 + t * (1.0 / 3 + t * (0.125 + t / 30)));
    return l * (1 + t * (0.5 + t * (1.0 / 6 + t / 24)));
  }
  double y = expm1(t) / lambda;
  *slope = (l * exp(t) - y) / lambda;
  return y;
}

static double curve(double x, double lambda, bool box_cox, double *slope) {
  if (box_cox) return bend(log(x), lambda, slope);
  if (x >= 0) return bend(log1p(x), lambda, slope);
  double y = -bend(log1p(-x), 2 - lambda, slope);
  return y; /* the derivatives of 2 - lambda and of the minus before it cancel */
}

/* The slope of the log likelihood, NaN where y leaves the range of a double. */
static double slope_at(const likelihood *of, double lambda) {
  double n = (double)of->count, mean = 0, mean_slope = 0, squares = 0, products = 0, d;
  for (int64_t i = 0; i < of->count; i++) {
    mean += curve(of->x[i], lambda, of->box_cox, &d);
    mean_slope += d;
  }
  mean /= n;
  mean_slope /= n;
  for (int64_t i = 0; i < of->count; i++) {
    double y = curve(of->x[i], lambda, of->box_cox, &d) - mean;
    squares += y * y;
    products += y * (d - mean_slope);
  }
  return of->jacobian - n * products / squares;
}

double recipe_power_lambda(const double *x, int64_t count, bool box_cox) {
  likelihood of = {x, count, box_cox, 0};
  for (int64_t i = 0; i < count; i++)
    of.jacobian += box_cox ? log(x[i]) : x[i] >= 0 ? log1p(x[i]) : -log1p(-x[i]);
  double low = -2, high = 2, low_slope = slope_at(&of, low), high_slope = slope_at(&of, high);
  for (int k = 0; k < 20 && !(low_slope > 0); k++) low *= 1.5, low_slope = slope_at(&of, low);
  for (int k = 0; k < 20 && !(high_slope < 0); k++) high *= 1.5, high_slope = slope_at(&of, high);
  if (!(low_slope > 0) || !(high_slope < 0)) return NAN;
  int side = 0;
  for (int k = 0; k < 200 && high - low > 4 * DBL_EPSILON * fmax(1, fabs(low)); k++) {
    double lambda = low + (high - low) * (low_slope / (low_slope - high_slope)); /* Illinois */
    if (k % 8 == 7 || !(lambda > low && lambda < high)) lambda = low + (high - low) / 2;
    if (!(lambda > low && lambda < high)) break;
    double slope = slope_at(&of, lambda);
    if (slope == 0) return lambda;
    if (slope > 0) {
      low = lambda;
      low_slope = slope;
      if (side > 0) high_slope /= 2;
      side = 1;
    } else {
      high = lambda;
      high_slope = slope;
      if (side < 0) low_slope /= 2;
      side = -1;
    }
  }
  return low + (high - low) / 2;
}
