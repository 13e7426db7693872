/* distribution.c - the incomplete beta function by its continued fraction (DLMF 8.17.22, evaluated by the
 * method of Lentz). */
#include "distribution.h"

#include <math.h>

/* ln Gamma(x) - ((x - 1/2) ln x - x + ln(2 pi) / 2), from 10 on (DLMF 5.11.1). */
static double stirling_rest(double x) {
  double i = 1 / x, s = i * i;
  return i * (1.0 / 12 -
              s * (1.0 / 360 - s * (1.0 / 1260 - s * (1.0 / 1680 - s * (1.0 / 1188 - s * 691.0 / 360360)))));
}

/* ln B(a, b). The difference of two large log gammas would lose digits: what is alike in them is taken out first. */
static double log_beta(double a, double b) {
  int sign;
  if (a < b) {
    double smaller = a;
    a = b;
    b = smaller;
  }
  if (a < 10) return lgamma_r(a, &sign) + lgamma_r(b, &sign) - lgamma_r(a + b, &sign);
  double rest = stirling_rest(a) - stirling_rest(a + b);
  if (b < 10) return lgamma_r(b, &sign) + rest - (a - 0.5) * log1p(b / a) - b * log(a + b) + b;
  return 0.91893853320467274178 /* ln(2 pi) / 2 */ + rest + stirling_rest(b) - (a - 0.5) * log1p(b / a) +
         b * log(b / (a + b)) - 0.5 * log(b);
}

/* What x^a y^b / B(a, b) is divided by (y = 1 - x). It takes y beside x: near 1 x alone has lost what matters. Converges fast for
 * x < (a + 1) / (a + b + 2). */
static double fraction(double a, double b, double x, double y) {
  const double tiny = 1e-300;
  double value = a * (a * y - b * x + 1) / (a + 1);
  if (fabs(value) < tiny) value = tiny;
  double c = value, d = 0;
  for (int m = 1; m < 100000; m++) {
    double beside = a + 2 * m - 1;
    double above = (a + m - 1) * (a + b + m - 1) / beside * (m * (b - m) / beside) * x * x;
    double below =
        m + m * (b - m) * x / beside + (a + m) * (a * y - b * x + 1 + m * (2 - x)) / (a + 2 * m + 1);
    d = below + above * d;
    d = 1 / (fabs(d) < tiny ? tiny : d);
    c = below + above / c;
    if (fabs(c) < tiny) c = tiny;
    value *= c * d;
    if (fabs(c * d - 1) < 1e-15) break;
  }
  return value;
}

/* With the logarithms of x and 1 - x given, so that neither end loses digits. */
static double incomplete_beta(double a, double b, double x, double y, double log_x, double log_y) {
  double weight = exp(a * log_x + b * log_y - log_beta(a, b));
  if (x < (a + 1) / (a + b + 2)) return weight / fraction(a, b, x, y);
  return 1 - weight / fraction(b, a, y, x);
}

double lathe_incomplete_beta(double a, double b, double x) {
  if (isnan(a) || isnan(b) || isnan(x)) return NAN;
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  return incomplete_beta(a, b, x, 1 - x, log(x), log1p(-x));
}

double lathe_student_tails(double t, double freedom) {
  if (isnan(t) || !(freedom > 0)) return NAN;
  if (isinf(t)) return 0;
  if (t == 0) return 1;
  double ratio = t * t / freedom;
  double x = 1 / (1 + ratio), y = ratio / (1 + ratio);
  return incomplete_beta(freedom / 2, 0.5, x, y, -log1p(ratio), log(ratio) - log1p(ratio));
}

double lathe_normal_tails(double z) {
  return erfc(fabs(z) / sqrt(2.0));
}

double lathe_f_tail(double f, double above, double below) {
  if (isnan(f) || !(above > 0) || !(below > 0)) return NAN;
  if (f <= 0) return 1;
  if (isinf(f)) return 0;
  double ratio = above * f / below;
  return incomplete_beta(below / 2, above / 2, 1 / (1 + ratio), ratio / (1 + ratio), -log1p(ratio),
                         log(ratio) - log1p(ratio));
}

/* The regularised incomplete gamma function Q(a, x): one less its series (DLMF 8.7.1), or its continued fraction (8.9.2). */
double lathe_chi_square_tail(double x, double freedom) {
  if (isnan(x) || !(freedom > 0)) return NAN;
  if (x <= 0) return 1;
  if (isinf(x)) return 0;
  int sign;
  double a = freedom / 2, z = x / 2, weight = exp(a * log(z) - z - lgamma_r(a, &sign));
  if (z < a + 1) {
    double term = 1 / a, sum = term;
    for (int n = 1; n < 100000 && term > sum * 1e-17; n++) sum += term *= z / (a + n);
    return 1 - weight * sum;
  }
  double b = z + 1 - a, c = 1e300, d = 1 / b, value = d;
  for (int n = 1; n < 100000; n++) {
    double above = -n * (n - a);
    b += 2;
    d = 1 / (above * d + b);
    c = b + above / c;
    value *= c * d;
    if (fabs(c * d - 1) < 1e-15) break;
  }
  return weight * value;
}

/* Halve the interval until nothing is between its ends. */
static double bound(double (*tails)(double, double), double outside, double freedom) {
  if (!(outside > 0) || outside > 1) return outside == 0 ? INFINITY : NAN;
  double low = 0, high = 1;
  while (tails(high, freedom) > outside && high < 1e300) low = high, high *= 2;
  for (int step = 0; step < 200; step++) {
    double middle = low + (high - low) / 2;
    if (middle <= low || middle >= high) break;
    if (tails(middle, freedom) > outside)
      low = middle;
    else
      high = middle;
  }
  return high;
}

static double normal(double z, double freedom) {
  (void)freedom;
  return lathe_normal_tails(z);
}

double lathe_student_bound(double outside, double freedom) {
  return bound(lathe_student_tails, outside, freedom);
}

double lathe_normal_bound(double outside) {
  return bound(normal, outside, 0);
}
