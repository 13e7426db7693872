/* distribution.h - tail areas. */
#ifndef LATHE_MODEL_DISTRIBUTION_H
#define LATHE_MODEL_DISTRIBUTION_H

/* The regularised incomplete beta function I_x(a, b), for b = 1/2 and large a accurate too. */
double lathe_incomplete_beta(double a, double b, double x);

/* The probability that Student's t with `freedom` degrees of freedom is further from 0 than `t`: the
 * two-sided p-value. */
double lathe_student_tails(double t, double freedom);

/* The same of the standard normal distribution. */
double lathe_normal_tails(double z);

#endif
