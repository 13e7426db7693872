/* curves.c - kernels that bend a column: its empirical distribution, the normal one, powers. */
#include <float.h>
#include <math.h>

#include "kernels.h"

/* The place of x among `count` ascending quantiles, from 0 to 1 and linear between two; of equal quantiles the mean of the first and last
 * place. It is 0 up to the first quantile and 1 from the last one on. */
static double place_among(const double *quantile, int64_t count, double x) {
  int64_t below = 0, high = count;
  while (below < high) { /* how many quantiles are not above x */
    int64_t middle = below + (high - below) / 2;
    if (quantile[middle] <= x)
      below = middle + 1;
    else
      high = middle;
  }
  int64_t last = below - 1, first = last;
  double step = (double)(count - 1);
  if (quantile[last] == x) { /* the first that is as large */
    int64_t low = 0;
    for (high = last; low < high;) {
      int64_t middle = low + (high - low) / 2;
      if (quantile[middle] < x)
        low = middle + 1;
      else
        high = middle;
    }
    first = low;
    return 0.5 * ((double)first / step + (double)last / step);
  }
  double from = (double)last / step, to = (double)(last + 1) / step;
  double slope = (to - from) / (quantile[last + 1] - quantile[last]);
  return 0.5 * ((from + slope * (x - quantile[last])) + (to - slope * (quantile[last + 1] - x)));
}

/* quantile (width, count); margin (width): x that near to the first or last quantile is as if it were there. */
bool lathe_quantile_run(const lathe_operator *node, const lathe_block *block, int32_t index,
                        lathe_error *error) {
  (void)error;
  const double *all = node->tensor[0], *margin = node->tensor[1];
  int64_t count = node->size[0] / node->width;
  for (int32_t c = 0; c < node->width; c++) {
    const double *x = lathe_block_column(block, node->input[0], c), *quantile = all + c * count;
    double *out = lathe_block_column(block, index, c);
    for (int32_t r = 0; r < block->rows; r++) {
      if (isnan(x[r]))
        out[r] = NAN;
      else if (x[r] - margin[c] <= quantile[0])
        out[r] = 0;
      else if (x[r] + margin[c] >= quantile[count - 1])
        out[r] = 1;
      else
        out[r] = place_among(quantile, count, x[r]);
    }
  }
  return true;
}

bool lathe_quantile_check(const lathe_graph *graph, const lathe_operator *node) {
  (void)graph;
  const double *quantile = node->tensor[0], *margin = node->tensor[1];
  if (node->size[0] % node->width != 0 || node->size[0] / node->width < 2) return false;
  int64_t count = node->size[0] / node->width;
  for (int64_t i = 0; i < node->size[0]; i++)
    if (!isfinite(quantile[i]) || (i % count != 0 && quantile[i] < quantile[i - 1])) return false;
  for (int32_t c = 0; c < node->width; c++)
    if (!(margin[c] >= 0)) return false;
  return true;
}

const double lathe_probit_terms[6][8] = {
    {3.3871328727963666080e0, 1.3314166789178437745e2, 1.9715909503065514427e3, 1.3731693765509461125e4,
     4.5921953931549871457e4, 6.7265770927008700853e4, 3.3430575583588128105e4, 2.5090809287301226727e3},
    {1.0, 4.2313330701600911252e1, 6.8718700749205790830e2, 5.3941960214247511077e3, 2.1213794301586595867e4,
     3.9307895800092710610e4, 2.8729085735721942674e4, 5.2264952788528545610e3},
    {1.42343711074968357734e0, 4.63033784615654529590e0, 5.76949722146069140550e0, 3.64784832476320460504e0,
     1.27045825245236838258e0, 2.41780725177450611770e-1, 2.27238449892691845833e-2,
     7.74545014278341407640e-4},
    {1.0, 2.05319162663775882187e0, 1.67638483018380384940e0, 6.89767334985100004550e-1,
     1.48103976427480074590e-1, 1.51986665636164571966e-2, 5.47593808499534494600e-4,
     1.05075007164441684324e-9},
    {6.65790464350110377720e0, 5.46378491116411436990e0, 1.78482653991729133580e0, 2.96560571828504891230e-1,
     2.65321895265761230930e-2, 1.24266094738807843860e-3, 2.71155556874348757815e-5,
     2.01033439929228813265e-7},
    {1.0, 5.99832206555887937690e-1, 1.36929880922735805310e-1, 1.48753612908506148525e-2,
     7.86869131145613259100e-4, 1.84631831751005468180e-5, 1.42151175831644588870e-7,
     2.04426310338993978564e-15},
};

static double horner(const double *term, double x) {
  double sum = term[7];
  for (int i = 6; i >= 0; i--) sum = sum * x + term[i];
  return sum;
}

double lathe_probit(double p) {
  double q = p - 0.5;
  if (fabs(q) <= 0.425) {
    double r = 0.180625 - q * q;
    return q * horner(lathe_probit_terms[0], r) / horner(lathe_probit_terms[1], r);
  }
  double r = sqrt(-log(q < 0 ? p : 1 - p)), z;
  if (r <= 5)
    z = horner(lathe_probit_terms[2], r - 1.6) / horner(lathe_probit_terms[3], r - 1.6);
  else
    z = horner(lathe_probit_terms[4], r - 5) / horner(lathe_probit_terms[5], r - 5);
  return q < 0 ? -z : z;
}

/* Limited to the quantiles of 1e-7 and 1 - 1e-7, scikit-learn's, so that 0 and 1 stay finite. */
bool lathe_probit_run(const lathe_operator *node, const lathe_block *block, int32_t index,
                      lathe_error *error) {
  (void)error;
  for (int32_t c = 0; c < node->width; c++) {
    const double *p = lathe_block_column(block, node->input[0], c);
    double *out = lathe_block_column(block, index, c);
    for (int32_t r = 0; r < block->rows; r++) {
      double inside = p[r] < LATHE_PROBIT_LEAST ? LATHE_PROBIT_LEAST : p[r];
      if (inside > 1 - LATHE_PROBIT_LEAST) inside = 1 - LATHE_PROBIT_LEAST;
      out[r] = lathe_probit(inside);
    }
  }
  return true;
}

double lathe_yeo_johnson(double x, double lambda) {
  if (x >= 0) return fabs(lambda) < DBL_EPSILON ? log1p(x) : expm1(lambda * log1p(x)) / lambda;
  double other = 2 - lambda;
  return fabs(other) < DBL_EPSILON ? -log1p(-x) : -expm1(other * log1p(-x)) / other;
}

double lathe_box_cox(double x, double lambda) {
  double power = x > 0 ? log(x) : NAN;
  return fabs(lambda) < DBL_EPSILON ? power : expm1(lambda * power) / lambda;
}

bool lathe_yeo_johnson_run(const lathe_operator *node, const lathe_block *block, int32_t index,
                           lathe_error *error) {
  (void)error;
  const double *lambda = node->tensor[0];
  for (int32_t c = 0; c < node->width; c++) {
    const double *x = lathe_block_column(block, node->input[0], c);
    double *out = lathe_block_column(block, index, c);
    for (int32_t r = 0; r < block->rows; r++) out[r] = lathe_yeo_johnson(x[r], lambda[c]);
  }
  return true;
}

bool lathe_box_cox_run(const lathe_operator *node, const lathe_block *block, int32_t index,
                       lathe_error *error) {
  (void)error;
  const double *lambda = node->tensor[0];
  for (int32_t c = 0; c < node->width; c++) {
    const double *x = lathe_block_column(block, node->input[0], c);
    double *out = lathe_block_column(block, index, c);
    for (int32_t r = 0; r < block->rows; r++) out[r] = lathe_box_cox(x[r], lambda[c]);
  }
  return true;
}
