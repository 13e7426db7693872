/* gram.c - correlations of many columns: products of blocks that fit in a cache.
 *
 * Each column is put on its own scale first, gaps as 0. With x the values, q their squares and m 1 where there is
 * one, the sums over the rows that two columns share are x'x, x'm, q'm and m'm. Pieces of work are a chunk of rows
 * times a band of columns; their sums are added in the order of the chunks. */
#include <math.h>
#include <stdlib.h>

#include "association_own.h"

enum { STRIP = 512, BAND = 32, CHUNKS_MAX = 64, CHUNK_BLOCKS = 16 };

#define SUMS_MAX (INT64_C(1) << 28) /* bytes */

typedef double pair __attribute__((vector_size(16)));

typedef struct sums {
  double xx, xm, mx, qm, mq, mm; /* of columns i < j: xm is x of i times m of j */
} sums;

typedef struct gram {
  const look_pairs *pairs;
  const look_scaled *numbers;
  const int32_t *places;
  int32_t count, bands;
  int64_t chunks;
  bool gaps;    /* in any column */
  bool star;    /* only the pairs with the first column */
  double *xx;   /* (chunks, count, count), upper half */
  sums *shared; /* the same, where there are gaps */
  double *x1;   /* (chunks, count): sums of x */
} gram;

static void read_strip(const look_scaled *from, int64_t begin, int64_t end, double *x, double *m, double *q) {
  int64_t rows = end - begin;
  if (from->ranks) {
    for (int64_t i = 0; i < rows; i++) x[i] = (from->ranks[begin + i] - from->mean) * from->stretch;
    for (int64_t i = 0; i < rows && m; i++) m[i] = 1, q[i] = x[i] * x[i];
    return;
  }
  double values[STRIP];
  if (!from->gaps) {
    look_numbers(from->column, begin, end, values);
    for (int64_t i = 0; i < rows; i++) x[i] = (values[i] * from->shrink - from->mean) * from->stretch;
    for (int64_t i = 0; i < rows && m; i++) m[i] = 1, q[i] = x[i] * x[i];
    return;
  }
  for (int64_t i = 0; i < rows; i++) {
    double value = lathe_column_number(from->column, begin + i);
    bool there = isfinite(value);
    x[i] = there ? (value * from->shrink - from->mean) * from->stretch : 0;
    m[i] = there;
    q[i] = x[i] * x[i];
  }
}

/* The products of 4 columns with 2; STRIP rows, padded with zeros. */
static void multiply(const double *const *a, const double *const *b, double out[4][2]) {
  pair sum[4][2] = {{{0}}};
  for (int row = 0; row < STRIP; row += 2) {
    pair b0, b1;
    memcpy(&b0, b[0] + row, sizeof b0);
    memcpy(&b1, b[1] + row, sizeof b1);
    for (int i = 0; i < 4; i++) {
      pair left;
      memcpy(&left, a[i] + row, sizeof left);
      sum[i][0] += left * b0;
      sum[i][1] += left * b1;
    }
  }
  for (int i = 0; i < 4; i++)
    for (int k = 0; k < 2; k++) out[i][k] = sum[i][k][0] + sum[i][k][1];
}

static double dot(const double *a, const double *b) {
  double sum[4] = {0};
  for (int row = 0; row < STRIP; row += 4)
    for (int lane = 0; lane < 4; lane++) sum[lane] += a[row + lane] * b[row + lane];
  return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

/* Add the products of one strip. x, m, q: (count, STRIP), from the band's first column on. */
static void add_strip(const gram *work, int64_t chunk, int32_t first, const double *x, const double *m,
                      const double *q) {
  int32_t count = work->count, last = first + BAND < count ? first + BAND : count;
  double *xx = work->xx + chunk * count * count;
  const double *at = x - (int64_t)first * STRIP;
  for (int32_t i = 0; i < count && work->star; i++) {
    const double *here = at + (int64_t)i * STRIP;
    xx[i] += dot(at, here);
    if (i > 0) xx[(int64_t)i * count + i] += dot(here, here);
  }
  for (int32_t i = first; i < last && !work->star; i += 4)
    for (int32_t j = i; j < count; j += 2) {
      const double *a[4], *b[2];
      double out[4][2];
      for (int k = 0; k < 4; k++) a[k] = at + (int64_t)(i + k < last ? i + k : last - 1) * STRIP;
      for (int k = 0; k < 2; k++) b[k] = at + (int64_t)(j + k < count ? j + k : count - 1) * STRIP;
      multiply(a, b, out);
      for (int32_t k = 0; k < 4 && i + k < last; k++)
        for (int32_t l = 0; l < 2 && j + l < count; l++)
          if (j + l >= i + k) xx[(int64_t)(i + k) * count + j + l] += out[k][l];
    }
  for (int32_t i = first; i < (work->star ? count : last); i++) {
    double sum = 0;
    for (int row = 0; row < STRIP; row++) sum += at[(int64_t)i * STRIP + row];
    work->x1[chunk * count + i] += sum;
  }
  if (!work->gaps) return;
  const double *m0 = m - (int64_t)first * STRIP, *q0 = q - (int64_t)first * STRIP;
  if (work->star) last = 1;
  for (int32_t i = first; i < last; i++)
    for (int32_t j = i; j < count; j++) {
      if (!work->numbers[i].gaps && !work->numbers[j].gaps) continue;
      int64_t a = (int64_t)i * STRIP, b = (int64_t)j * STRIP;
      sums *into = &work->shared[(chunk * count + i) * count + j];
      into->xm += dot(at + a, m0 + b), into->mx += dot(m0 + a, at + b);
      into->qm += dot(q0 + a, m0 + b), into->mq += dot(m0 + a, q0 + b);
      into->mm += dot(m0 + a, m0 + b);
    }
}

static bool run_piece(void *context, int64_t index, lathe_error *error) {
  gram *work = context;
  const look_pairs *pairs = work->pairs;
  int64_t chunk = index / work->bands, per = (pairs->blocks + work->chunks - 1) / work->chunks;
  int32_t first = (int32_t)(index % work->bands) * BAND, columns = work->count - first;
  size_t size = (size_t)columns * STRIP;
  double *x = lathe_memory_new(size * (work->gaps ? 3 : 1), sizeof *x, error);
  if (!x) return false;
  double *m = work->gaps ? x + size : NULL, *q = work->gaps ? x + 2 * size : NULL;
  int64_t done = 0, last = (chunk + 1) * per < pairs->blocks ? (chunk + 1) * per : pairs->blocks;
  bool fine = true;
  for (int64_t block = chunk * per; block < last && fine; block++) {
    int64_t begin, end;
    look_block_rows(pairs, block, &begin, &end);
    for (int64_t at = begin; at < end; at += STRIP) {
      int64_t stop = at + STRIP < end ? at + STRIP : end;
      if (stop - at < STRIP) memset(x, 0, size * (work->gaps ? 3 : 1) * sizeof *x);
      for (int32_t i = 0; i < columns; i++)
        read_strip(&work->numbers[first + i], at, stop, x + (int64_t)i * STRIP,
                   m ? m + (int64_t)i * STRIP : NULL, q ? q + (int64_t)i * STRIP : NULL);
      add_strip(work, chunk, first, x, m, q);
    }
    done += end - begin;
    fine = lathe_progress_check(pairs->progress, error);
  }
  lathe_progress_add(pairs->progress, done * columns / (work->bands ? work->bands : 1));
  free(x);
  return fine;
}

static double clamp(double r) {
  return r > 1 ? 1 : r < -1 ? -1 : r;
}

static double correlation(double xy, double x, double y, double xx, double yy, double n) {
  double both = xy - x * y / n, left = xx - x * x / n, right = yy - y * y / n;
  if (!(n > 1) || !(left > 1e-28 * xx) || !(right > 1e-28 * yy)) return NAN;
  return clamp(both / (sqrt(left) * sqrt(right)));
}

static void finish(const gram *work, int64_t rows) {
  int32_t count = work->count;
  for (int64_t chunk = 1; chunk < work->chunks; chunk++) {
    for (int64_t k = 0; k < (int64_t)count * count; k++) work->xx[k] += work->xx[chunk * count * count + k];
    for (int32_t k = 0; k < count; k++) work->x1[k] += work->x1[chunk * count + k];
    for (int64_t k = 0; work->gaps && k < (int64_t)count * count; k++) {
      sums *into = &work->shared[k];
      const sums *from = &work->shared[chunk * count * count + k];
      into->xm += from->xm, into->mx += from->mx, into->qm += from->qm, into->mq += from->mq;
      into->mm += from->mm;
    }
  }
  for (int32_t i = 0; i < (work->star ? 1 : count); i++)
    for (int32_t j = i; j < count; j++) {
      const look_scaled *a = &work->numbers[i], *b = &work->numbers[j];
      int64_t at = (int64_t)i * count + j, complete = rows;
      double r;
      if (a->gaps || b->gaps) {
        const sums *s = &work->shared[at];
        complete = (int64_t)s->mm;
        r = i == j ? 1 : correlation(work->xx[at], s->xm, s->mx, s->qm, s->mq, s->mm);
      } else {
        double xx = work->xx[(int64_t)i * count + i], yy = work->xx[(int64_t)j * count + j];
        r = i == j ? 1 : correlation(work->xx[at], work->x1[i], work->x1[j], xx, yy, (double)rows);
      }
      if (a->constant || b->constant) r = NAN;
      look_set_pair(work->pairs, work->places[i], work->places[j], r, complete);
    }
}

bool look_correlate(const look_pairs *pairs, const look_scaled *numbers, const int32_t *places,
                    int32_t number_count, lathe_error *error) {
  if (number_count == 0) return true;
  gram work = {.pairs = pairs, .numbers = numbers, .places = places, .count = number_count};
  int64_t square = (int64_t)number_count * number_count, rows = 0;
  for (int32_t i = 0; i < number_count; i++) work.gaps |= numbers[i].gaps;
  int64_t bytes = square * (int64_t)(sizeof(double) + (work.gaps ? sizeof(sums) : 0));
  work.star = pairs->against >= 0;
  work.bands = work.star ? 1 : (number_count + BAND - 1) / BAND;
  work.chunks = (pairs->blocks + CHUNK_BLOCKS - 1) / CHUNK_BLOCKS;
  if (work.chunks > CHUNKS_MAX) work.chunks = CHUNKS_MAX;
  if (work.chunks > SUMS_MAX / bytes) work.chunks = SUMS_MAX / bytes;
  if (work.chunks < 1) work.chunks = 1;
  size_t room = (size_t)(work.chunks * square);
  work.xx = lathe_memory_new(room, sizeof *work.xx, error);
  work.x1 = lathe_memory_new((size_t)(work.chunks * number_count), sizeof *work.x1, error);
  if (work.gaps) work.shared = lathe_memory_new(room, sizeof *work.shared, error);
  bool fine = work.xx && work.x1 && (work.shared || !work.gaps) &&
              lathe_pool_run(work.chunks * work.bands, run_piece, &work, pairs->progress, error);
  for (int64_t block = 0; block < pairs->blocks; block++) {
    int64_t begin, end;
    look_block_rows(pairs, block, &begin, &end);
    rows += end - begin;
  }
  if (fine) finish(&work, rows);
  free(work.xx);
  free(work.x1);
  free(work.shared);
  return fine;
}
