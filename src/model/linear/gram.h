/* gram.h - products of tall matrices with themselves, in one order of additions on every machine. */
#ifndef LATHE_MODEL_GRAM_H
#define LATHE_MODEL_GRAM_H

#include <stdbool.h>
#include <stdint.h>

/* out[j * stride + i] += sum over rows of a[i][r] b[j][r]; when `symmetric` (a and b of one width, the product known to be so) only for
 * i <= j and some beside. `a` and `b` are (columns, rows), a column after the other, `rows` a multiple of LATHE_GRAM_LANES (pad with
 * zeros). */
enum { LATHE_GRAM_LANES = 8 };
void lathe_gram_add(const double *a, int32_t a_columns, const double *b, int32_t b_columns, int64_t rows,
                    bool symmetric, double *out, int64_t stride);

/* y += a x, y -= a x, and out[i] += sum over rows of a[i][r] y[r]: `a` is (columns, rows) as above, `x` and `out` (columns), `y` (rows). */
void lathe_gram_apply(const double *a, int32_t columns, int64_t rows, const double *x, double *y);
void lathe_gram_subtract(const double *a, int32_t columns, int64_t rows, const double *x, double *y);
void lathe_gram_dot(const double *a, int32_t columns, int64_t rows, const double *y, double *out);

#endif
