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

/* How far from 0 the distribution leaves the part `outside` (0 to 1) on both sides together: 0.05 gives the bound of a 95 % interval. */
double lathe_student_bound(double outside, double freedom);
double lathe_normal_bound(double outside);

/* The probability of more than `f` in the F distribution, and of more than `x` in that of chi-square. */
double lathe_f_tail(double f, double above, double below);
double lathe_chi_square_tail(double x, double freedom);

#endif
