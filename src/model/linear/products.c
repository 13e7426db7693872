/* products.c - see products.h. Rows of one fold are put side by side, so that they are multiplied as many at a time as all rows are. */
#include "products.h"

#include <stdlib.h>
#include <string.h>

#include "../../base/memory.h"
#include "../../base/pool.h"
#include "gram.h"

/* The bytes of a strip, which stay in a core's cache, the rows it has, the strips of a chunk, and the bytes of the sums of all chunks
 * that run at once. */
enum {
  STRIP_BYTES = 1 << 18,
  STRIP_LEAST = 64,
  STRIP_MOST = 504,
  CHUNK_STRIPS = 8,
  GROUP_BYTES = 1 << 26,
  GROUP_MOST = 64
};

typedef struct {
  const lathe_design *design;
  const int32_t *fold;
  int32_t folds;
  int64_t chunk_rows, chunks, first, strip_rows, square;
  double *sums; /* (group, folds, size, size) */
} work;

static int64_t least(int64_t a, int64_t b) {
  return a < b ? a : b;
}

static void multiply(const work *w, const double *a, int64_t height, double *sums) {
  int32_t size = w->design->size;
  lathe_gram_add(a, size, a, size, height, true, sums, size);
}

/* ---- all rows ---- */

static bool multiply_rows(const work *w, int64_t begin, int64_t end, double *sums, lathe_error *error) {
  double *a = lathe_memory_raw((size_t)(w->strip_rows * w->design->size), sizeof *a, error);
  bool fine = a;
  for (int64_t row = begin; fine && row < end; row += w->strip_rows) {
    int64_t rows = least(end - row, w->strip_rows);
    int64_t height = (rows + LATHE_GRAM_LANES - 1) / LATHE_GRAM_LANES * LATHE_GRAM_LANES;
    fine = lathe_design_rows(w->design, row, rows, height, a, error);
    if (fine) multiply(w, a, height, sums);
  }
  free(a);
  return fine;
}

/* ---- by folds ---- */

/* Where the rows of a chunk are put side by side: a block of (size, strip_rows) for each fold. */
typedef struct {
  double *strip, *blocks;
  int64_t *filled,
      *place; /* (folds): rows in its block; (strip_rows): where a row of the strip goes in the blocks */
} sorter;

static void flush(const work *w, const sorter *s, int32_t fold, double *sums) {
  int64_t height = w->strip_rows, filled = s->filled[fold];
  double *block = s->blocks + fold * w->design->size * height;
  for (int32_t j = 0; filled < height && j < w->design->size; j++)
    memset(block + j * height + filled, 0, (size_t)(height - filled) * sizeof *block);
  if (filled > 0) multiply(w, block, height, sums + fold * w->square);
  s->filled[fold] = 0;
}

static void move(const work *w, const sorter *s, int64_t begin, int64_t end) {
  int64_t height = w->strip_rows;
  for (int32_t j = 0; j < w->design->size; j++)
    for (int64_t r = begin; r < end; r++) s->blocks[s->place[r] + j * height] = s->strip[j * height + r];
}

static void sort_strip(const work *w, const sorter *s, const int32_t *fold, int64_t rows, double *sums) {
  int64_t height = w->strip_rows, begin = 0;
  for (int64_t r = 0; r < rows; r++) {
    int32_t to = fold[r];
    s->place[r] = to * w->design->size * height + s->filled[to]++;
    if (s->filled[to] < height) continue;
    move(w, s, begin, r + 1);
    begin = r + 1;
    flush(w, s, to, sums);
  }
  move(w, s, begin, rows);
}

static bool multiply_folds(const work *w, int64_t begin, int64_t end, double *sums, lathe_error *error) {
  size_t block = (size_t)(w->strip_rows * w->design->size), folds = (size_t)w->folds;
  sorter s = {lathe_memory_raw(block, sizeof(double), error),
              lathe_memory_raw(block * folds, sizeof(double), error),
              lathe_memory_new(folds, sizeof(int64_t), error),
              lathe_memory_raw((size_t)w->strip_rows, sizeof(int64_t), error)};
  bool fine = s.strip && s.blocks && s.filled && s.place;
  for (int64_t row = begin; fine && row < end; row += w->strip_rows) {
    int64_t rows = least(end - row, w->strip_rows);
    fine = lathe_design_rows(w->design, row, rows, w->strip_rows, s.strip, error);
    if (fine) sort_strip(w, &s, w->fold + row, rows, sums);
  }
  for (int32_t f = 0; fine && f < w->folds; f++) flush(w, &s, f, sums);
  free(s.strip);
  free(s.blocks);
  free(s.filled);
  free(s.place);
  return fine;
}

/* ---- the whole ---- */

static bool multiply_chunk(void *context, int64_t index, lathe_error *error) {
  const work *w = context;
  int64_t begin = (w->first + index) * w->chunk_rows, end = least(w->design->rows, begin + w->chunk_rows);
  double *sums = w->sums + index * w->folds * w->square;
  memset(sums, 0, (size_t)(w->folds * w->square) * sizeof *sums);
  if (!(w->fold ? multiply_folds : multiply_rows)(w, begin, end, sums, error)) return false;
  lathe_progress_add(w->design->progress, end - begin);
  return true;
}

static void set_sizes(work *w) {
  int64_t size = w->design->size;
  w->square = size * size;
  w->strip_rows = STRIP_BYTES / (int64_t)sizeof(double) / size / LATHE_GRAM_LANES * LATHE_GRAM_LANES;
  if (w->strip_rows < STRIP_LEAST) w->strip_rows = STRIP_LEAST;
  if (w->strip_rows > STRIP_MOST) w->strip_rows = STRIP_MOST;
  w->chunk_rows = w->strip_rows * CHUNK_STRIPS;
  while (w->chunk_rows < 4 * size) w->chunk_rows *= 2;
  w->chunk_rows *= w->folds;
  w->chunks = (w->design->rows + w->chunk_rows - 1) / w->chunk_rows;
}

bool lathe_products_of(const lathe_design *design, const int32_t *fold, int32_t folds, double *products,
                       lathe_error *error) {
  work w = {.design = design, .fold = fold, .folds = folds};
  set_sizes(&w);
  int64_t all = folds * w.square, group = GROUP_BYTES / (int64_t)sizeof(double) / all;
  if (group < 4) group = 4;
  if (group > GROUP_MOST) group = GROUP_MOST;
  group = least(group, w.chunks);
  w.sums = lathe_memory_raw((size_t)(group * all), sizeof *w.sums, error);
  bool fine = w.sums;
  memset(products, 0, (size_t)all * sizeof *products);
  for (; fine && w.first < w.chunks; w.first += group) {
    int64_t count = least(w.chunks - w.first, group);
    fine = lathe_pool_run(count, multiply_chunk, &w, design->progress, error);
    for (int64_t c = 0; fine && c < count; c++)
      for (int64_t i = 0; i < all; i++) products[i] += w.sums[c * all + i];
  }
  free(w.sums);
  return fine;
}
