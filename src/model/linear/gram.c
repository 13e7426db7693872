/* gram.c - tiles of 4 by 4 columns, eight rows at a time. Each of the eight lanes adds up its own rows, and the lanes are added at
 * the end: so the sums are the same whether the processor has registers for eight numbers or for two. */

#include "../../base/clones.h"
#include "gram.h"

typedef double lanes __attribute__((vector_size(8 * LATHE_GRAM_LANES), aligned(8)));

#define SUM(x) ((((x)[0] + (x)[4]) + ((x)[2] + (x)[6])) + (((x)[1] + (x)[5]) + ((x)[3] + (x)[7])))

/* A tile of `height` by `width` columns, at most 4 by 4: what is not there is computed twice and left out. */
LATHE_CLONES static void tile(const double *const a[4], const double *const b[4], int64_t rows, int height,
                              int width, double *out, int64_t stride) {
  lanes s[4][4] = {{{0}}};
  for (int64_t r = 0; r < rows; r += LATHE_GRAM_LANES) {
    lanes x[4], y[4];
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) x[i] = *(const lanes *)(a[i] + r), y[i] = *(const lanes *)(b[i] + r);
#pragma GCC unroll 4
    for (int j = 0; j < 4; j++)
#pragma GCC unroll 4
      for (int i = 0; i < 4; i++) s[j][i] += x[i] * y[j];
  }
  for (int j = 0; j < width; j++)
    for (int i = 0; i < height; i++) out[j * stride + i] += SUM(s[j][i]);
}

void lathe_gram_add(const double *a, int32_t a_columns, const double *b, int32_t b_columns, int64_t rows,
                    bool symmetric, double *out, int64_t stride) {
  for (int32_t j = 0; j < b_columns; j += 4)
    for (int32_t i = 0; i < (symmetric ? j + 4 : a_columns) && i < a_columns; i += 4) {
      const double *left[4], *right[4];
      int height = a_columns - i < 4 ? a_columns - i : 4, width = b_columns - j < 4 ? b_columns - j : 4;
      for (int k = 0; k < 4; k++) {
        left[k] = a + (int64_t)(i + (k < height ? k : 0)) * rows;
        right[k] = b + (int64_t)(j + (k < width ? k : 0)) * rows;
      }
      tile(left, right, rows, height, width, out + (int64_t)j * stride + i, stride);
    }
}

/* Four columns at a time; the sum of a row's terms goes column by column within the four, then from y. */
LATHE_CLONES static void subtract(const double *a, int32_t columns, int64_t rows, const double *x,
                                  double sign, double *y) {
  for (int32_t j = 0; j < columns; j += 4) {
    int32_t count = columns - j < 4 ? columns - j : 4;
    const double *c[4];
    double f[4];
    for (int k = 0; k < 4; k++) {
      c[k] = a + (j + (k < count ? k : 0)) * rows;
      f[k] = k < count ? sign * x[j + k] : 0;
    }
    for (int64_t r = 0; r < rows; r += LATHE_GRAM_LANES) {
      lanes sum = *(const lanes *)(c[0] + r) * f[0] + *(const lanes *)(c[1] + r) * f[1];
      sum += *(const lanes *)(c[2] + r) * f[2];
      sum += *(const lanes *)(c[3] + r) * f[3];
      *(lanes *)(y + r) -= sum;
    }
  }
}

LATHE_CLONES static void dot(const double *a, int32_t columns, int64_t rows, const double *y, double *out) {
  for (int32_t j = 0; j < columns; j += 4) {
    int32_t count = columns - j < 4 ? columns - j : 4;
    lanes s[4] = {{0}};
    const double *c[4];
    for (int k = 0; k < 4; k++) c[k] = a + (j + (k < count ? k : 0)) * rows;
    for (int64_t r = 0; r < rows; r += LATHE_GRAM_LANES) {
      lanes one = *(const lanes *)(y + r);
      for (int k = 0; k < 4; k++) s[k] += *(const lanes *)(c[k] + r) * one;
    }
    for (int k = 0; k < count; k++) out[j + k] += SUM(s[k]);
  }
}

/* The clones are this file's own: what a library gives away under a name of several, clang 14 does not link. */
void lathe_gram_subtract(const double *a, int32_t columns, int64_t rows, const double *x, double *y) {
  subtract(a, columns, rows, x, 1, y);
}

void lathe_gram_apply(const double *a, int32_t columns, int64_t rows, const double *x, double *y) {
  subtract(a, columns, rows, x, -1, y);
}

void lathe_gram_dot(const double *a, int32_t columns, int64_t rows, const double *y, double *out) {
  dot(a, columns, rows, y, out);
}
