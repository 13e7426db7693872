/* profile.c - summaries of columns.
 *
 * All columns of numbers are looked through in chunks of rows, in parallel: extremes, moments, and whether the
 * values are whole numbers or short decimals. Where those lie in a small range, each possible value is
 * counted; else keys are sorted (keys.c). Either gives distinct values, the most frequent ones, quantiles and
 * bins exactly. Moments are added in the order of the rows. */
#include "profile.h"

#include <math.h>
#include <stdlib.h>

#include "own.h"

static const double wanted[LATHE_SUMMARY_QUANTILES] = {0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99};

enum { LARGE = 1 << 20, COUNTED_MAX = 1 << 26 };

typedef struct look_column {
  const lathe_column *column;
  lathe_summary *out;
  look_scan scan;
  bool number;
} look_column;

typedef struct job {
  look_column *columns;
  int32_t count;
  int64_t rows, chunks;
  look_scan *scans; /* (columns, chunks) */
  lathe_progress *progress;
} job;

static bool scan_chunk(void *context, int64_t index, lathe_error *error) {
  job *work = context;
  (void)error;
  look_column *column = &work->columns[index / work->chunks];
  if (!column->number) return true;
  int64_t chunk = index % work->chunks, begin = chunk * LOOK_CHUNK, end = begin + LOOK_CHUNK;
  look_scan_rows(column->column, begin, end < work->rows ? end : work->rows, &work->scans[index]);
  lathe_progress_add(work->progress, (end < work->rows ? end : work->rows) - begin);
  return true;
}

/* The number that stands at a place of counted values. */
static double number_at(const look_column *from, int64_t place) {
  int64_t whole = from->scan.low + place;
  lathe_type type = from->column->type;
  if (type == LATHE_TYPE_FLOAT64) return (double)whole / from->scan.scale;
  return type == LATHE_TYPE_TIMESTAMP ? (double)whole / 1e6 : (double)whole;
}

static uint64_t key_at(const look_column *from, int64_t place) {
  return from->column->type == LATHE_TYPE_FLOAT64 ? look_key_of_double(number_at(from, place))
                                                  : look_key_of_int(from->scan.low + place);
}

/* ---- values of a small range: counted ---- */

static bool count_values(const look_column *from, look_tops *tops, lathe_error *error) {
  lathe_summary *out = from->out;
  int64_t range = from->scan.high - from->scan.low + 1;
  uint32_t *counts = lathe_memory_new((size_t)range, sizeof *counts, error), places[LOOK_BLOCK];
  if (!counts) return false;
  for (int64_t at = 0; at < out->rows; at += LOOK_BLOCK) {
    int64_t end = at + LOOK_BLOCK < out->rows ? at + LOOK_BLOCK : out->rows;
    int64_t count = look_places(from->column, &from->scan, at, end, places);
    for (int64_t i = 0; i < count; i++) counts[places[i]]++;
  }
  int64_t before = 0, last = 0; /* values below, and the place of the last one */
  int quantile = 0;
  double steps[LATHE_SUMMARY_QUANTILES];
  for (int i = 0; i < LATHE_SUMMARY_QUANTILES; i++) steps[i] = wanted[i] * (double)(out->finite - 1);
  for (int64_t place = 0; place < range; place++) {
    uint32_t here = counts[place];
    if (!here) continue;
    double value = number_at(from, place);
    for (; quantile < LATHE_SUMMARY_QUANTILES; quantile++) {
      double step = steps[quantile], whole = floor(step);
      int64_t low = (int64_t)whole, high = low + (whole < (double)(out->finite - 1));
      if (high >= before + here) break;
      double first = low >= before ? value : number_at(from, last);
      out->quantiles[quantile] = look_between(first, value, step - whole);
    }
    out->distinct++;
    out->bins[look_bin(out, value)] += here;
    if (here > (tops->count == LATHE_SUMMARY_TOP ? tops->counts[LATHE_SUMMARY_TOP - 1] : 0))
      look_tops_offer(tops, (uint64_t)place, here);
    before += here, last = place;
  }
  out->at_min = counts[0], out->at_max = counts[range - 1];
  for (int32_t i = 0; i < tops->count; i++) tops->keys[i] = key_at(from, (int64_t)tops->keys[i]);
  free(counts);
  return true;
}

/* ---- all others: sorted ---- */

/* The first of `count` ascending keys whose bin is `bin` at least. */
static int64_t first_of_bin(const lathe_summary *out, lathe_type type, const uint64_t *keys, int64_t count,
                            int bin) {
  int64_t low = 0, high = count;
  while (low < high) {
    int64_t middle = low + (high - low) / 2;
    if (look_bin(out, look_number_of_key(type, keys[middle])) < bin)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

static bool sort_values(const look_column *from, look_tops *tops, lathe_progress *progress,
                        lathe_error *error) {
  lathe_summary *out = from->out;
  lathe_type type = from->column->type;
  bool real = type == LATHE_TYPE_FLOAT64;
  uint64_t low = real ? look_key_of_double(from->scan.min) : look_key_of_int(from->scan.low);
  uint64_t high = real ? look_key_of_double(from->scan.max) : look_key_of_int(from->scan.high);
  look_sorted sorted;
  if (!look_sort(look_column_keys, from->column, out->rows, out->finite, low, high, &sorted, progress, error))
    return false;
  const uint64_t *keys = sorted.keys;
  int64_t count = sorted.count;
  for (int i = 0; i < LATHE_SUMMARY_QUANTILES; i++) {
    double step = wanted[i] * (double)(count - 1), whole = floor(step);
    int64_t at = (int64_t)whole, next = at + (whole < (double)(count - 1));
    out->quantiles[i] =
        look_between(look_number_of_key(type, keys[at]), look_number_of_key(type, keys[next]), step - whole);
  }
  while (out->at_min < count && keys[out->at_min] == keys[0]) out->at_min++;
  while (out->at_max < count && keys[count - 1 - out->at_max] == keys[count - 1]) out->at_max++;
  for (int bin = 0, end = LATHE_SUMMARY_BINS; bin < end; bin++) {
    int64_t begin = first_of_bin(out, type, keys, count, bin);
    out->bins[bin] = (bin + 1 < end ? first_of_bin(out, type, keys, count, bin + 1) : count) - begin;
  }
  out->distinct = sorted.distinct;
  *tops = sorted.tops;
  free(sorted.keys);
  return true;
}

/* ---- the first rows of the most frequent values ---- */

static void find_rows(const look_column *from, const uint64_t *tops) {
  lathe_summary *out = from->out;
  const lathe_column *column = from->column;
  int32_t open = out->top_count;
  for (int32_t i = 0; i < out->top_count; i++) out->top_rows[i] = -1;
  uint64_t keys[LOOK_BLOCK];
  for (int64_t at = 0; at < out->rows && open; at += LOOK_BLOCK) {
    int64_t end = at + LOOK_BLOCK < out->rows ? at + LOOK_BLOCK : out->rows;
    for (int64_t row = at; row < end; row++) {
      if (column->type == LATHE_TYPE_FLOAT64) {
        double value = ((const double *)column->values)[row];
        keys[row - at] = look_key_of_double(isnan(value) ? NAN : value);
      } else if (column->type == LATHE_TYPE_BOOL) {
        keys[row - at] = look_key_of_int(lathe_bit(column->values, row));
      } else if (column->type == LATHE_TYPE_DATE) {
        keys[row - at] = look_key_of_int(((const int32_t *)column->values)[row]);
      } else {
        keys[row - at] = look_key_of_int(((const int64_t *)column->values)[row]);
      }
    }
    for (int32_t i = 0; i < out->top_count; i++) {
      if (out->top_rows[i] >= 0) continue;
      int64_t hits = 0;
      for (int64_t k = 0; k < end - at; k++) hits += keys[k] == tops[i];
      for (int64_t k = 0; k < end - at && hits && out->top_rows[i] < 0; k++)
        if (keys[k] == tops[i] && lathe_column_present(column, at + k)) out->top_rows[i] = at + k, open--;
    }
  }
}

static bool summarize_numbers(look_column *from, lathe_progress *progress, lathe_error *error) {
  lathe_summary *out = from->out;
  const look_scan *scan = &from->scan;
  look_tops finite = {0}, tops = {0};
  out->finite = scan->moments.count;
  out->nans = scan->nans, out->infinite = scan->infinite;
  out->zeros = scan->zeros, out->negative = scan->negative;
  if (out->finite) {
    out->min = scan->min, out->max = scan->max;
    look_moments_write(&scan->moments, out);
    uint64_t range = (uint64_t)scan->high - (uint64_t)scan->low;
    bool small = scan->whole && range < COUNTED_MAX && out->rows <= UINT32_MAX &&
                 range < (uint64_t)(2 * out->finite + 65536);
    if (!(small ? count_values(from, &finite, error) : sort_values(from, &finite, progress, error)))
      return false;
  }
  int64_t high = scan->infinite - scan->infinite_low;
  if (scan->infinite_low) look_tops_offer(&tops, look_key_of_double(-INFINITY), scan->infinite_low);
  for (int32_t i = 0; i < finite.count; i++) look_tops_offer(&tops, finite.keys[i], finite.counts[i]);
  if (high) look_tops_offer(&tops, look_key_of_double(INFINITY), high);
  if (scan->nans) look_tops_offer(&tops, look_key_of_double(NAN), scan->nans);
  out->distinct += (scan->infinite_low > 0) + (high > 0) + (scan->nans > 0);
  out->top_count = tops.count;
  memcpy(out->top_counts, tops.counts, sizeof out->top_counts);
  find_rows(from, tops.keys);
  return true;
}

static bool summarize(look_column *from, lathe_progress *progress, lathe_error *error) {
  switch (from->column->type) {
  case LATHE_TYPE_STRING:
    return look_summarize_strings(from->column, from->out, progress, error);
  case LATHE_TYPE_CATEGORY:
    return look_summarize_categories(from->column, from->out, error);
  default:
    return summarize_numbers(from, progress, error);
  }
}

static bool summarize_one(void *context, int64_t index, lathe_error *error) {
  job *work = context;
  if (!summarize(&work->columns[index], NULL, error)) return false;
  lathe_progress_add(work->progress, work->rows);
  return true;
}

/* Sorting a large column runs in parallel itself and takes memory of the column's size: one after the other. */
static bool is_large(const job *work, const look_column *column) {
  if (work->rows < LARGE) return false;
  if (column->column->type == LATHE_TYPE_STRING) return true;
  if (!column->number) return false;
  uint64_t range = (uint64_t)column->scan.high - (uint64_t)column->scan.low;
  return !(column->scan.whole && range < COUNTED_MAX);
}

static bool run(job *work, lathe_error *error) {
  if (!lathe_pool_run(work->count * work->chunks, scan_chunk, work, work->progress, error)) return false;
  look_column *small = lathe_memory_raw((size_t)work->count, sizeof *small, error);
  if (!small) return false;
  int32_t small_count = 0;
  for (int32_t i = 0; i < work->count; i++) {
    look_column *column = &work->columns[i];
    for (int64_t chunk = 0; chunk < work->chunks && column->number; chunk++)
      look_scan_add(&column->scan, &work->scans[i * work->chunks + chunk]);
    if (!is_large(work, column)) small[small_count++] = *column;
  }
  bool fine = true;
  for (int32_t i = 0; i < work->count && fine; i++) {
    if (!is_large(work, &work->columns[i])) continue;
    fine = summarize(&work->columns[i], work->progress, error);
    lathe_progress_add(work->progress, work->rows);
  }
  job rest = {.columns = small, .count = small_count, .rows = work->rows, .progress = work->progress};
  fine = fine && lathe_pool_run(small_count, summarize_one, &rest, work->progress, error);
  free(small);
  return fine;
}

static bool summarize_all(lathe_column *const *columns, int32_t count, int64_t rows, lathe_summary *out,
                          lathe_progress *progress, lathe_error *error) {
  job work = {.count = count, .rows = rows, .chunks = (rows + LOOK_CHUNK - 1) / LOOK_CHUNK};
  work.progress = progress;
  work.columns = lathe_memory_new((size_t)count, sizeof *work.columns, error);
  work.scans = lathe_memory_new((size_t)(count * work.chunks), sizeof *work.scans, error);
  bool fine = work.columns && work.scans;
  for (int32_t i = 0; i < count && fine; i++) {
    lathe_summary *summary = &out[i];
    *summary = (lathe_summary){.rows = rows, .missing = columns[i]->missing};
    summary->min = summary->max = summary->mean = summary->sd = summary->skewness = NAN;
    for (int k = 0; k < LATHE_SUMMARY_QUANTILES; k++) summary->quantiles[k] = NAN;
    look_column *column = &work.columns[i];
    *column = (look_column){.column = columns[i], .out = summary};
    column->number = !lathe_type_is_text(columns[i]->type);
    if (!column->number) continue;
    look_scan_open(columns[i], &column->scan);
    for (int64_t chunk = 0; chunk < work.chunks; chunk++) work.scans[i * work.chunks + chunk] = column->scan;
  }
  fine = fine && run(&work, error);
  free(work.columns);
  free(work.scans);
  return fine;
}

bool lathe_column_summarize(const lathe_column *column, lathe_summary *out, lathe_progress *progress,
                            lathe_error *error) {
  lathe_column *one = lathe_column_retain((lathe_column *)(uintptr_t)column);
  bool fine = summarize_all(&one, 1, column->rows, out, progress, error);
  lathe_column_release(one);
  return fine;
}

bool lathe_table_summarize(const lathe_table *table, lathe_summary *summaries, lathe_progress *progress,
                           lathe_error *error) {
  int32_t count = lathe_table_columns(table);
  lathe_column **columns = lathe_memory_raw((size_t)count, sizeof(lathe_column *), error);
  if (!columns) return false;
  for (int32_t i = 0; i < count; i++) columns[i] = lathe_table_column(table, i);
  lathe_progress_begin(progress, "profile", lathe_table_rows(table) * count * 2);
  bool fine = summarize_all(columns, count, lathe_table_rows(table), summaries, progress, error);
  lathe_progress_end(progress);
  free(columns);
  return fine;
}
