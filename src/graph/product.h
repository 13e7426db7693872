/* product.h - products of float32 matrices, the arithmetic of dense layers.
 *
 * Columns stand in panels of LATHE_PANEL: element (k, j) of B is b[j / LATHE_PANEL * b_panel + k * b_inner + j % LATHE_PANEL], so a matrix
 * of weights that is kept so is read from one end to the other. Each element of the result is
 *
 *   fma(a[last], b[last], ... fma(a[1], b[1], fma(a[0], b[0], start)))
 *
 * in single precision and in this order, on every kind of processor (where it has no fused multiply-add, by fmaf, which is slow but the
 * same), for any number of rows at once. So one row and a thousand rows, and every machine, give the same bits. */
#ifndef LATHE_GRAPH_PRODUCT_H
#define LATHE_GRAPH_PRODUCT_H

#include <stdbool.h>
#include <stdint.h>

enum { LATHE_PANEL = 16 };

typedef enum lathe_product_start {
  LATHE_PRODUCT_ZERO, /* sums start at 0 */
  LATHE_PRODUCT_BIAS, /* at bias (panels * LATHE_PANEL) */
  LATHE_PRODUCT_ADD,  /* at what stands in C */
} lathe_product_start;

/* C = start + A B. Steps are in elements; every panel is whole, so C and bias have room for its last columns. */
typedef struct lathe_product {
  int64_t rows, inner, panels;
  const float *a;
  int64_t a_row, a_inner; /* one of them 1 */
  const float *b;
  int64_t b_inner, b_panel;
  float *c;
  int64_t c_row, c_panel;
  lathe_product_start start;
  const float *bias;
} lathe_product;

void lathe_product_run(const lathe_product *product);

/* Ways to compute it, best last; all give the same bits. `_set` picks one (-1: the best) and says whether this processor can go it. */
typedef enum lathe_product_way {
  LATHE_PRODUCT_PLAIN,
  LATHE_PRODUCT_AVX2,
  LATHE_PRODUCT_AVX512,
  LATHE_PRODUCT_WAYS,
} lathe_product_way;
bool lathe_product_set(int32_t way);

/* Panels for `columns` columns. */
static inline int64_t lathe_panels(int64_t columns) {
  return (columns + LATHE_PANEL - 1) / LATHE_PANEL;
}

#endif
