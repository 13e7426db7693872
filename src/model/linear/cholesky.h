/* cholesky.h - symmetric positive definite systems, column-major, upper halves. */
#ifndef LATHE_MODEL_CHOLESKY_H
#define LATHE_MODEL_CHOLESKY_H

#include <stdbool.h>
#include <stdint.h>

/* A column follows from those before it when this part of its square, or less, is left beside them: what
 * products in double can tell from nothing. */
#define LATHE_CHOLESKY_TOLERANCE 1e-11

/* Overwrite the upper half of `a` (size, size) with R, R'R = a. With a tolerance, `kept` (size) tells which
 * columns stand by themselves; without one it says which to use. Gives how many of those used had nothing but
 * rounding left; solving gives 0 for them. */
int32_t lathe_cholesky(double *a, int32_t size, double tolerance, bool *kept);

/* x = (R'R)^-1 x in the kept columns, 0 in the others. */
void lathe_cholesky_solve(const double *r, int32_t size, const bool *kept, double *x);

/* The square root of x' (R'R)^-1 x; x is overwritten. */
double lathe_cholesky_norm(const double *r, int32_t size, const bool *kept, double *x);

#endif
