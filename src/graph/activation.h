/* activation.h - what stands between two dense layers: functions of one number, in single precision.
 *
 * They are polynomials of our own, without a library's exp, so that a row of them takes a few cycles an element and every processor gives
 * the same bits; training and the served graph share them. Absolute errors against the exact functions are below 2e-7. */
#ifndef LATHE_GRAPH_ACTIVATION_H
#define LATHE_GRAPH_ACTIVATION_H

#include "../base/error.h"

typedef enum lathe_activation {
  LATHE_ACTIVATION_LINEAR, /* x */
  LATHE_ACTIVATION_RELU,   /* max(x, 0) */
  LATHE_ACTIVATION_GELU,   /* x * P(normal < x) (Hendrycks, Gimpel 2016), the exact one, by erf */
  LATHE_ACTIVATION_TANH,
  LATHE_ACTIVATION_SIGMOID, /* 1 / (1 + exp(-x)) */
  LATHE_ACTIVATIONS,
} lathe_activation;

#ifndef LATHE_CDEF
/* x to f(x), in place. `slope` (NULL: not wanted) gets f'(x) where _back needs it: of GELU, which cannot be told from f(x). */
void lathe_activate(lathe_activation kind, float *x, float *slope, int64_t count);

/* d times f'(x), from y = f(x) and the slope. */
void lathe_activate_back(lathe_activation kind, const float *y, const float *slope, float *d, int64_t count);

/* e^x, to 2 units in the last place; 0 below -87, e^88 above 88. */
void lathe_exponentials(float *x, int64_t count);
#endif

#endif
