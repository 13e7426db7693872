/* distribution.c - the incomplete beta function by its continued fraction (DLMF 8.17.22, evaluated by the
 * method of Lentz). */
#include "distribution.h"

#include <math.h>

/* ln B(a, b). For large a and b = 1/2 the difference of two large log gammas would lose digits: ln(Gamma(a +
 * 1/2) / Gamma(a)) has a series in 1 / a (DLMF 5.11.13). */
static double log_beta(double a, double b) {
  int sign;
  if (b == 0.5 && a > 30) {
    double inverse = 1 / a, square = inverse * inverse;
    double series =
        inverse *
        (-1.0 / 8 +
         square * (1.0 / 192 + square * (-1.0 / 640 + square * (17.0 / 14336 - square * 31.0 / 18432))));
    return 0.57236494292470008707 - (0.5 * log(a) + series); /* ln Gamma(1/2) first */
  }
  return lgamma_r(a, &sign) + lgamma_r(b, &sign) - lgamma_r(a + b, &sign);
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
