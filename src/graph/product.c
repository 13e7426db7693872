/* product.c - see product.h.
 *
 * A tile of some rows by some panels stays in registers while the inner index runs; the panels of B that it needs stay in the first cache
 * while the tile goes down the rows of A. */
#include "product.h"

#include <math.h>
#include <stdatomic.h>

/* Where a tile begins. */
typedef struct {
  const float *a, *b, *bias;
  float *c;
} corner;

static inline corner corner_of(const lathe_product *p, int64_t row, int64_t panel) {
  return (corner){p->a + row * p->a_row, p->b + panel * p->b_panel,
                  p->bias ? p->bias + panel * LATHE_PANEL : p->bias,
                  p->c + row * p->c_row + panel * p->c_panel};
}

/* ---- any processor ---- */

static void run_plain(const lathe_product *p) {
  for (int64_t panel = 0; panel < p->panels; panel++)
    for (int64_t row = 0; row < p->rows; row++) {
      corner at = corner_of(p, row, panel);
      float sum[LATHE_PANEL];
      for (int j = 0; j < LATHE_PANEL; j++)
        sum[j] = p->start == LATHE_PRODUCT_ZERO ? 0 : p->start == LATHE_PRODUCT_BIAS ? at.bias[j] : at.c[j];
      for (int64_t k = 0; k < p->inner; k++)
        for (int j = 0; j < LATHE_PANEL; j++)
          sum[j] = fmaf(at.a[k * p->a_inner], at.b[k * p->b_inner + j], sum[j]);
      for (int j = 0; j < LATHE_PANEL; j++) at.c[j] = sum[j];
    }
}

#if defined(__x86_64__)
#include <immintrin.h>

#define ALWAYS static inline __attribute__((always_inline))

/* ---- AVX-512: 8 rows by 3 panels, a register for each ---- */

enum { ROWS_512 = 8, PANELS_512 = 3 };

#define TARGET_512 __attribute__((target("avx512f")))

/* `a_row` or `a_inner` is a constant where it is 1. */
ALWAYS TARGET_512 void tile_512(const lathe_product *p, corner at, int64_t a_row, int64_t a_inner,
                                const int rows, const int panels) {
  __m512 sum[ROWS_512][PANELS_512];
#pragma GCC unroll 8
  for (int i = 0; i < rows; i++)
#pragma GCC unroll 3
    for (int j = 0; j < panels; j++)
      sum[i][j] = p->start == LATHE_PRODUCT_ZERO   ? _mm512_setzero_ps()
                  : p->start == LATHE_PRODUCT_BIAS ? _mm512_loadu_ps(at.bias + j * LATHE_PANEL)
                                                   : _mm512_loadu_ps(at.c + i * p->c_row + j * p->c_panel);
  const float *a = at.a, *b = at.b;
  int64_t b_inner = p->b_inner, b_panel = p->b_panel;
  for (int64_t k = p->inner; k > 0; k--, a += a_inner, b += b_inner) {
    __m512 column[PANELS_512];
#pragma GCC unroll 3
    for (int j = 0; j < panels; j++) column[j] = _mm512_loadu_ps(b + j * b_panel);
#pragma GCC unroll 8
    for (int i = 0; i < rows; i++) {
      __m512 x = _mm512_set1_ps(a[i * a_row]);
#pragma GCC unroll 3
      for (int j = 0; j < panels; j++) sum[i][j] = _mm512_fmadd_ps(x, column[j], sum[i][j]);
    }
  }
#pragma GCC unroll 8
  for (int i = 0; i < rows; i++)
#pragma GCC unroll 3
    for (int j = 0; j < panels; j++) _mm512_storeu_ps(at.c + i * p->c_row + j * p->c_panel, sum[i][j]);
}

ALWAYS TARGET_512 void strip_512(const lathe_product *p, int64_t panel, int64_t a_row, int64_t a_inner,
                                 const int panels) {
  int64_t row = 0;
  for (; row + ROWS_512 <= p->rows; row += ROWS_512)
    tile_512(p, corner_of(p, row, panel), a_row, a_inner, ROWS_512, panels);
  if (row + 4 <= p->rows) {
    tile_512(p, corner_of(p, row, panel), a_row, a_inner, 4, panels);
    row += 4;
  }
  if (row + 2 <= p->rows) {
    tile_512(p, corner_of(p, row, panel), a_row, a_inner, 2, panels);
    row += 2;
  }
  if (row < p->rows) tile_512(p, corner_of(p, row, panel), a_row, a_inner, 1, panels);
}

ALWAYS TARGET_512 void strips_512(const lathe_product *p, int64_t a_row, int64_t a_inner) {
  int64_t panel = 0, left = p->panels;
  for (; left > 4 || left == 3; left -= 3, panel += 3) strip_512(p, panel, a_row, a_inner, 3);
  for (; left > 1; left -= 2, panel += 2) strip_512(p, panel, a_row, a_inner, 2);
  if (left > 0) strip_512(p, panel, a_row, a_inner, 1);
}

TARGET_512 static void run_512(const lathe_product *p) {
  if (p->a_inner == 1)
    strips_512(p, p->a_row, 1);
  else
    strips_512(p, 1, p->a_inner);
}

/* ---- AVX2 with FMA: 4 rows by a panel, two registers for each row ---- */

enum { ROWS_AVX2 = 4 };

#define TARGET_AVX2 __attribute__((target("avx2,fma")))

ALWAYS TARGET_AVX2 void tile_avx2(const lathe_product *p, corner at, int64_t a_row, int64_t a_inner,
                                  const int rows) {
  __m256 sum[ROWS_AVX2][2];
#pragma GCC unroll 4
  for (int i = 0; i < rows; i++)
#pragma GCC unroll 2
    for (int j = 0; j < 2; j++)
      sum[i][j] = p->start == LATHE_PRODUCT_ZERO   ? _mm256_setzero_ps()
                  : p->start == LATHE_PRODUCT_BIAS ? _mm256_loadu_ps(at.bias + j * 8)
                                                   : _mm256_loadu_ps(at.c + i * p->c_row + j * 8);
  const float *a = at.a, *b = at.b;
  int64_t b_inner = p->b_inner;
  for (int64_t k = p->inner; k > 0; k--, a += a_inner, b += b_inner) {
    __m256 low = _mm256_loadu_ps(b), high = _mm256_loadu_ps(b + 8);
#pragma GCC unroll 4
    for (int i = 0; i < rows; i++) {
      __m256 x = _mm256_set1_ps(a[i * a_row]);
      sum[i][0] = _mm256_fmadd_ps(x, low, sum[i][0]);
      sum[i][1] = _mm256_fmadd_ps(x, high, sum[i][1]);
    }
  }
#pragma GCC unroll 4
  for (int i = 0; i < rows; i++) {
    _mm256_storeu_ps(at.c + i * p->c_row, sum[i][0]);
    _mm256_storeu_ps(at.c + i * p->c_row + 8, sum[i][1]);
  }
}

ALWAYS TARGET_AVX2 void strips_avx2(const lathe_product *p, int64_t a_row, int64_t a_inner) {
  for (int64_t panel = 0; panel < p->panels; panel++) {
    int64_t row = 0;
    for (; row + ROWS_AVX2 <= p->rows; row += ROWS_AVX2)
      tile_avx2(p, corner_of(p, row, panel), a_row, a_inner, ROWS_AVX2);
    for (; row < p->rows; row++) tile_avx2(p, corner_of(p, row, panel), a_row, a_inner, 1);
  }
}

TARGET_AVX2 static void run_avx2(const lathe_product *p) {
  if (p->a_inner == 1)
    strips_avx2(p, p->a_row, 1);
  else
    strips_avx2(p, 1, p->a_inner);
}

static bool has(lathe_product_way way) {
  if (way == LATHE_PRODUCT_AVX512) return __builtin_cpu_supports("avx512f");
  if (way == LATHE_PRODUCT_AVX2) return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  return way == LATHE_PRODUCT_PLAIN;
}

static void run(const lathe_product *p, int way) {
  if (way == LATHE_PRODUCT_AVX512)
    run_512(p);
  else if (way == LATHE_PRODUCT_AVX2)
    run_avx2(p);
  else
    run_plain(p);
}

#else

static bool has(lathe_product_way way) {
  return way == LATHE_PRODUCT_PLAIN;
}

static void run(const lathe_product *p, int way) {
  (void)way;
  run_plain(p);
}

#endif

static atomic_int chosen = -1;

bool lathe_product_set(int32_t way) {
  if (way >= LATHE_PRODUCT_WAYS || (way >= 0 && !has((lathe_product_way)way))) return false;
  atomic_store(&chosen, way);
  return true;
}

static int best(void) {
  int way = LATHE_PRODUCT_WAYS - 1;
  while (!has((lathe_product_way)way)) way--;
  return way;
}

void lathe_product_run(const lathe_product *product) {
  int way = atomic_load_explicit(&chosen, memory_order_relaxed);
  if (way < 0) atomic_store(&chosen, way = best());
  run(product, way);
}
