/* bins.c - see bins.h. Two walks over the table in chunks: a sample of the rows for the cuts, and the bytes. */
#include "bins.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../../base/memory.h"
#include "../../base/pool.h"
#include "../../graph/run.h"

enum { CHUNK = 2048, SAMPLE = 1 << 18 };

/* What the walks share. */
typedef struct {
  lathe_bins *bins;
  const lathe_prepared *prepared;
  lathe_run *run;
  int64_t chunks, sampled;
  int64_t *first;      /* (chunks + 1) the place in the sample of a chunk's first row there */
  double *sample;      /* (width, sampled) */
  const uint8_t *part; /* (rows) */
} making;

void lathe_bins_free(lathe_bins *bins) {
  for (int32_t j = 0; bins->code && j < bins->width; j++) free(bins->code[j]);
  free(bins->code);
  free(bins->count);
  free(bins->cut);
  free(bins->column);
  free(bins->row);
  *bins = (lathe_bins){0};
}

uint8_t lathe_bins_find(const lathe_bins *bins, int32_t feature, double value) {
  if (isnan(value)) return LATHE_BINS_MISSING;
  if (bins->code[feature])
    return value >= 0 && value < bins->categories[feature] ? bins->code[feature][(int32_t)value]
                                                           : LATHE_BINS_MISSING;
  const double *cut = bins->cut + (int64_t)feature * LATHE_BINS_MOST;
  int32_t low = 0, count = bins->count[feature] - 1;
  while (count > 0) { /* the first cut that is not below the value */
    int32_t half = (count + 1) / 2;
    low += cut[low + half - 1] < value ? half : 0;
    count = count / 2;
  }
  return (uint8_t)low;
}

/* Whether a row is in the sample. */
static bool in_sample(const making *m, int64_t row) {
  int64_t rows = m->bins->rows;
  if (m->part[row] != 0) return false;
  if (rows <= SAMPLE) return true;
  uint64_t mixed = ((uint64_t)row + 1) * 0x9e3779b97f4a7c15u;
  mixed = (mixed ^ mixed >> 29) * 0xbf58476d1ce4e5b9u;
  mixed ^= mixed >> 32;
  return (double)(mixed >> 11) * 0x1.0p-53 * (double)rows < SAMPLE;
}

/* The rows of a chunk, (width, CHUNK), to be freed. */
static double *chunk_values(const making *m, int64_t chunk, int64_t *begin, int64_t *count,
                            lathe_error *error) {
  *begin = chunk * CHUNK;
  *count = m->bins->rows - *begin < CHUNK ? m->bins->rows - *begin : CHUNK;
  double *x = lathe_memory_raw((size_t)m->bins->width * CHUNK, sizeof *x, error);
  if (x && lathe_run_block(m->run, *begin, *count, x, 1, CHUNK, error)) return x;
  free(x);
  return NULL;
}

static bool refuse_infinite(const making *m, int64_t row, int32_t feature, lathe_error *error) {
  return lathe_error_set(error, LATHE_ERROR_DATA,
                         "row %lld of \"%s\" is infinite; remove that row, or leave the column out",
                         (long long)row + 1, m->prepared->features.name[feature]);
}

static bool take_sample(void *context, int64_t chunk, lathe_error *error) {
  making *m = context;
  int64_t begin, count;
  double *x = chunk_values(m, chunk, &begin, &count, error);
  bool fine = x != NULL;
  for (int32_t j = 0; fine && j < m->bins->width; j++) {
    const double *of = x + (int64_t)j * CHUNK;
    double *to = m->sample + j * m->sampled + m->first[chunk];
    for (int64_t r = 0; fine && r < count; r++) {
      if (in_sample(m, begin + r)) *to++ = of[r];
      if (isinf(of[r])) fine = refuse_infinite(m, begin + r, j, error);
    }
  }
  free(x);
  return fine;
}

/* The first of `count` ascending numbers that is not below the value. */
static int32_t find_in(const double *list, int32_t count, double value) {
  int32_t low = 0;
  while (count > 0) {
    int32_t half = (count + 1) / 2;
    low += list[low + half - 1] < value ? half : 0;
    count /= 2;
  }
  return low;
}

/* A bin for each category; the rare ones of too many share the last. Equally frequent ones stand by their code. */
static bool cut_codes(making *m, int32_t feature, lathe_error *error) {
  lathe_bins *bins = m->bins;
  int32_t categories = bins->categories[feature], most = bins->most;
  bins->code[feature] = lathe_memory_raw((size_t)categories, 1, error);
  int64_t *rows = lathe_memory_new((size_t)categories, sizeof *rows, error);
  bool fine = bins->code[feature] && rows;
  bins->count[feature] = categories < most ? categories : most;
  for (int32_t k = 0; fine && categories <= most && k < categories; k++) bins->code[feature][k] = (uint8_t)k;
  if (fine && categories > most) {
    memset(bins->code[feature], most - 1, (size_t)categories);
    const double *sample = m->sample + feature * m->sampled;
    for (int64_t i = 0; i < m->sampled; i++)
      if (sample[i] >= 0 && sample[i] < categories) rows[(int32_t)sample[i]]++;
    for (int32_t bin = 0; bin < most - 1; bin++) {
      int32_t best = -1;
      for (int32_t k = 0; k < categories; k++)
        if (rows[k] >= 0 && (best < 0 || rows[k] > rows[best])) best = k;
      bins->code[feature][best] = (uint8_t)bin;
      rows[best] = -1;
    }
  }
  free(rows);
  return fine;
}

static bool cut_feature(void *context, int64_t index, lathe_error *error) {
  making *m = context;
  int32_t feature = (int32_t)index;
  if (m->bins->categories[feature] > 0) return cut_codes(m, feature, error);
  const double *sample = m->sample + index * m->sampled;
  uint64_t *keys = lathe_memory_raw((size_t)m->sampled, 2 * sizeof *keys, error);
  if (!keys) return false;
  int64_t kept = 0;
  for (int64_t i = 0; i < m->sampled; i++)
    if (!isnan(sample[i])) keys[kept++] = lathe_bins_key(sample[i]);
  m->bins->count[feature] =
      lathe_bins_cut(keys, keys + m->sampled, kept, m->bins->most, m->bins->cut + index * LATHE_BINS_MOST);
  free(keys);
  return true;
}

/* Eight searches side by side: one alone waits for each of its steps. */
static void bin_numbers(const double *cut, int32_t cuts, const double *x, int64_t count, uint8_t *out) {
  enum { LANES = 8 };
  int64_t r = 0;
  for (; r + LANES <= count; r += LANES) {
    int32_t low[LANES] = {0}, left = cuts;
    while (left > 0) {
      int32_t half = (left + 1) / 2;
      for (int k = 0; k < LANES; k++) low[k] += cut[low[k] + half - 1] < x[r + k] ? half : 0;
      left /= 2;
    }
    for (int k = 0; k < LANES; k++) out[r + k] = x[r + k] == x[r + k] ? (uint8_t)low[k] : LATHE_BINS_MISSING;
  }
  for (; r < count; r++) out[r] = x[r] == x[r] ? (uint8_t)find_in(cut, cuts, x[r]) : LATHE_BINS_MISSING;
}

static bool fill_chunk(void *context, int64_t chunk, lathe_error *error) {
  making *m = context;
  lathe_bins *bins = m->bins;
  int64_t begin, count;
  double *x = chunk_values(m, chunk, &begin, &count, error);
  if (!x) return false;
  for (int32_t j = 0; j < bins->width; j++) {
    const double *of = x + (int64_t)j * CHUNK;
    uint8_t *column = bins->column + j * bins->rows + begin, *row = bins->row + begin * bins->step + j;
    if (bins->code[j])
      for (int64_t r = 0; r < count; r++) column[r] = lathe_bins_find(bins, j, of[r]);
    else
      bin_numbers(bins->cut + (int64_t)j * LATHE_BINS_MOST, bins->count[j] - 1, of, count, column);
    for (int64_t r = 0; r < count; r++) row[r * bins->step] = column[r];
  }
  free(x);
  return true;
}

/* Room for everything, and the rows of the sample counted. */
static bool begin_making(making *m, lathe_error *error) {
  lathe_bins *bins = m->bins;
  size_t width = (size_t)bins->width, rows = (size_t)bins->rows;
  m->chunks = (bins->rows + CHUNK - 1) / CHUNK;
  m->first = lathe_memory_new((size_t)m->chunks + 1, sizeof *m->first, error);
  bins->count = lathe_memory_new(width, sizeof *bins->count, error);
  bins->cut = lathe_memory_new(width * LATHE_BINS_MOST, sizeof *bins->cut, error);
  bins->code = lathe_memory_new(width, sizeof *bins->code, error);
  bins->column = lathe_memory_raw(width, rows, error);
  bins->row = lathe_memory_new((size_t)bins->step, rows, error);
  if (!m->first || !bins->count || !bins->cut || !bins->code || !bins->column || !bins->row) return false;
  for (int64_t r = 0; r < bins->rows; r++) m->first[r / CHUNK + 1] += in_sample(m, r);
  for (int64_t c = 0; c < m->chunks; c++) m->first[c + 1] += m->first[c];
  m->sampled = m->first[m->chunks];
  m->sample = lathe_memory_raw(width * (size_t)m->sampled, sizeof *m->sample, error);
  return m->sample != NULL;
}

bool lathe_bins_make(lathe_bins *bins, const lathe_prepared *prepared, const lathe_table *table,
                     const uint8_t *part, int32_t most, lathe_progress *progress, lathe_error *error) {
  int32_t width = lathe_graph_operator(prepared->graph, prepared->matrix)->width;
  *bins = (lathe_bins){.rows = lathe_table_rows(table),
                       .width = width,
                       .most = most,
                       .step = (width + 7) / 8 * 8,
                       .categories = prepared->categories};
  making m = {.bins = bins, .prepared = prepared, .part = part};
  m.run = lathe_run_new(prepared->graph, prepared->matrix, table, error);
  lathe_progress_begin(progress, "bin the features", 0);
  bool fine = m.run && begin_making(&m, error) &&
              lathe_pool_run(m.chunks, take_sample, &m, progress, error) &&
              lathe_pool_run(width, cut_feature, &m, progress, error) &&
              lathe_pool_run(m.chunks, fill_chunk, &m, progress, error);
  lathe_progress_end(progress);
  lathe_run_free(m.run);
  free(m.first);
  free(m.sample);
  return fine;
}
