/* activation.c - see activation.h. The polynomials are minimax ones (Lawson's iteration) of the functions named beside them. */
#include "activation.h"

#include <math.h>
#include <string.h>

#include "../base/clones.h"

#define PART static inline __attribute__((always_inline))

/* x = n log 2 + r, |r| <= log 2 / 2: 2^n * (1 + r + r^2 p(r)). Adding 1.5 * 2^23 rounds to a whole number, which then stands in the
 * lowest bits. */
PART float exponential(float x) {
  const float shift = 12582912.0f;
  x = x < -87.0f ? -87.0f : x > 88.0f ? 88.0f : x;
  float count = x * 1.44269504f + shift, whole = count - shift;
  float r = (x - whole * 0.693145752f) - whole * 1.42860677e-6f;
  float p = 0.0001991025f;
  p = p * r + 0.0013935454f;
  p = p * r + 0.0083332825f;
  p = p * r + 0.0416664481f;
  p = p * r + 0.1666666716f;
  p = p * r + 0.5f;
  float e = (p * (r * r) + r) + 1.0f, power;
  uint32_t bits;
  memcpy(&bits, &count, sizeof bits);
  bits = (bits << 23) + 0x3f800000u; /* 2^n */
  memcpy(&power, &bits, sizeof power);
  return e * power;
}

PART float sigmoid(float x) {
  return 1.0f / (1.0f + exponential(-x));
}

/* Near 0: x + x^3 p(x^2); beyond: 1 - 2 / (e^2x + 1). */
PART float hyperbolic_tangent(float x) {
  float size = fabsf(x), square = x * x;
  float p = -0.0056039053f;
  p = p * square + 0.0205517113f;
  p = p * square - 0.0537141040f;
  p = p * square + 0.1333115250f;
  p = p * square - 0.3333327174f;
  float near = x + x * square * p;
  float far = copysignf(1.0f - 2.0f / (exponential(2.0f * size) + 1.0f), x);
  return size < 0.625f ? near : far;
}

/* Near 0: x p(x^2); beyond: 1 - e^-q(x), where q(x) = -log erfc(x). */
PART float error_function(float x) {
  float size = fabsf(x), square = x * x;
  float p = 0.0000788912f;
  p = p * square - 0.0008020840f;
  p = p * square + 0.0051895352f;
  p = p * square - 0.0268544443f;
  p = p * square + 0.1128360033f;
  p = p * square - 0.3761262596f;
  p = p * square + 1.1283791065f;
  float t = size > 4.0f ? 4.0f : size;
  float q = -0.0001915050f;
  q = q * t + 0.0029995490f;
  q = q * t - 0.0220520291f;
  q = q * t + 0.1035669520f;
  q = q * t + 0.6375999451f;
  q = q * t + 1.1274261475f;
  q = q * t + 0.0002564366f;
  float far = copysignf(1.0f - exponential(-q), x);
  return size < 0.975f ? x * p : far;
}

PART float normal_below(float x) {
  return 0.5f * (1.0f + error_function(x * 0.707106781f));
}

LATHE_CLONES static void run_relu(float *x, int64_t count) {
  for (int64_t i = 0; i < count; i++) x[i] = x[i] < 0 ? 0 : x[i]; /* a NaN stays one */
}

LATHE_CLONES static void run_gelu(float *x, int64_t count) {
  for (int64_t i = 0; i < count; i++) x[i] *= normal_below(x[i]);
}

LATHE_CLONES static void run_gelu_slope(float *restrict x, float *restrict slope, int64_t count) {
  for (int64_t i = 0; i < count; i++) {
    float below = normal_below(x[i]), density = 0.398942280f * exponential(-0.5f * x[i] * x[i]);
    slope[i] = below + x[i] * density;
    x[i] *= below;
  }
}

LATHE_CLONES static void run_tanh(float *x, int64_t count) {
  for (int64_t i = 0; i < count; i++) x[i] = hyperbolic_tangent(x[i]);
}

LATHE_CLONES static void run_sigmoid(float *x, int64_t count) {
  for (int64_t i = 0; i < count; i++) x[i] = sigmoid(x[i]);
}

LATHE_CLONES void lathe_exponentials(float *x, int64_t count) {
  for (int64_t i = 0; i < count; i++) x[i] = x[i] < -87.0f ? 0 : exponential(x[i]);
}

LATHE_CLONES static void back_relu(const float *restrict y, float *restrict d, int64_t count) {
  for (int64_t i = 0; i < count; i++) d[i] = y[i] > 0 ? d[i] : 0;
}

LATHE_CLONES static void back_slope(const float *restrict slope, float *restrict d, int64_t count) {
  for (int64_t i = 0; i < count; i++) d[i] *= slope[i];
}

LATHE_CLONES static void back_tanh(const float *restrict y, float *restrict d, int64_t count) {
  for (int64_t i = 0; i < count; i++) d[i] *= 1.0f - y[i] * y[i];
}

LATHE_CLONES static void back_sigmoid(const float *restrict y, float *restrict d, int64_t count) {
  for (int64_t i = 0; i < count; i++) d[i] *= y[i] * (1.0f - y[i]);
}

void lathe_activate(lathe_activation kind, float *x, float *slope, int64_t count) {
  if (kind == LATHE_ACTIVATION_RELU) run_relu(x, count);
  if (kind == LATHE_ACTIVATION_TANH) run_tanh(x, count);
  if (kind == LATHE_ACTIVATION_SIGMOID) run_sigmoid(x, count);
  if (kind == LATHE_ACTIVATION_GELU && slope) run_gelu_slope(x, slope, count);
  if (kind == LATHE_ACTIVATION_GELU && !slope) run_gelu(x, count);
}

void lathe_activate_back(lathe_activation kind, const float *y, const float *slope, float *d, int64_t count) {
  if (kind == LATHE_ACTIVATION_RELU) back_relu(y, d, count);
  if (kind == LATHE_ACTIVATION_TANH) back_tanh(y, d, count);
  if (kind == LATHE_ACTIVATION_SIGMOID) back_sigmoid(y, d, count);
  if (kind == LATHE_ACTIVATION_GELU) back_slope(slope, d, count);
}
