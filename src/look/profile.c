/* profile.c - summaries from sorted keys.
 *
 * A number becomes a 64-bit key of the same order; keys are sorted by radix; runs of equal keys give distinct
 * values, the most frequent ones and the extremes, places give the quantiles. Sums are compensated (Neumaier
 * 1974) and moments taken about the mean, with the correction of Chan, Golub and LeVeque (1983), so that they
 * hold against NIST's certified values. */
#include "profile.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../base/memory.h"
#include "../base/pool.h"
#include "../table/words.h"

#define SIGN (UINT64_C(1) << 63)

static uint64_t key_of_double(double value) {
  uint64_t bits;
  if (value == 0) value = 0; /* -0 */
  memcpy(&bits, &value, sizeof bits);
  return bits & SIGN ? ~bits : bits | SIGN;
}

static double double_of_key(uint64_t key) {
  double value;
  key = key & SIGN ? key ^ SIGN : ~key;
  memcpy(&value, &key, sizeof value);
  return value;
}

static uint64_t key_of(const lathe_column *column, int64_t row) {
  const void *values = lathe_column_values(column);
  switch (lathe_column_type(column)) {
  case LATHE_TYPE_FLOAT64:
    return key_of_double(((const double *)values)[row]);
  case LATHE_TYPE_INT64:
  case LATHE_TYPE_TIMESTAMP:
    return (uint64_t)((const int64_t *)values)[row] ^ SIGN;
  case LATHE_TYPE_DATE:
    return (uint64_t)(int64_t)((const int32_t *)values)[row] ^ SIGN;
  default:
    return (uint64_t)lathe_column_number(column, row) ^ SIGN;
  }
}

static double number_of(lathe_type type, uint64_t key) {
  if (type == LATHE_TYPE_FLOAT64) return double_of_key(key);
  double value = (double)(int64_t)(key ^ SIGN);
  return type == LATHE_TYPE_TIMESTAMP ? value / 1e6 : value;
}

/* Sort by bytes, least first; bytes in which all keys agree are passed over. `other` is as long as `keys`;
 * the sorted one is returned. */
static uint64_t *sort_keys(uint64_t *keys, uint64_t *other, int64_t count) {
  uint64_t same_or = 0, same_and = ~UINT64_C(0);
  for (int64_t i = 0; i < count; i++) same_or |= keys[i], same_and &= keys[i];
  for (int shift = 0; shift < 64; shift += 8) {
    if (((same_or ^ same_and) >> shift & 0xFF) == 0) continue;
    int64_t places[257] = {0};
    for (int64_t i = 0; i < count; i++) places[(keys[i] >> shift & 0xFF) + 1]++;
    for (int i = 0; i < 256; i++) places[i + 1] += places[i];
    for (int64_t i = 0; i < count; i++) other[places[keys[i] >> shift & 0xFF]++] = keys[i];
    uint64_t *sorted = other;
    other = keys, keys = sorted;
  }
  return keys;
}

typedef struct sum {
  double total, lost;
} sum;

static void add(sum *into, double value) {
  double total = into->total + value;
  into->lost +=
      fabs(into->total) >= fabs(value) ? (into->total - total) + value : (value - total) + into->total;
  into->total = total;
}

static double total_of(const sum *from) {
  return from->total + from->lost;
}

static void moments(lathe_type type, const uint64_t *keys, int64_t count, lathe_summary *out) {
  sum first = {0}, drift = {0}, second = {0}, third = {0};
  for (int64_t i = 0; i < count; i++) add(&first, number_of(type, keys[i]));
  double n = (double)count, mean = total_of(&first) / n;
  for (int64_t i = 0; i < count; i++) {
    double from_mean = number_of(type, keys[i]) - mean;
    add(&drift, from_mean);
    add(&second, from_mean * from_mean);
    add(&third, from_mean * from_mean * from_mean);
  }
  double squares = total_of(&second) - total_of(&drift) * total_of(&drift) / n;
  out->mean = mean;
  out->sd = count > 1 ? sqrt(squares / (n - 1)) : NAN;
  out->skewness = squares > 0 ? total_of(&third) / n / pow(squares / n, 1.5) : NAN;
}

static void places(lathe_type type, const uint64_t *keys, int64_t count, lathe_summary *out) {
  static const double wanted[LATHE_SUMMARY_QUANTILES] = {0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99};
  for (int i = 0; i < LATHE_SUMMARY_QUANTILES; i++) {
    double place = wanted[i] * (double)(count - 1), whole = floor(place);
    double low = number_of(type, keys[(int64_t)whole]);
    double high = number_of(type, keys[(int64_t)whole + (whole < (double)(count - 1))]);
    out->quantiles[i] = low + (high - low) * (place - whole);
  }
  out->min = number_of(type, keys[0]);
  out->max = number_of(type, keys[count - 1]);
  for (int64_t i = 0; i < count && keys[i] == keys[0]; i++) out->at_min++;
  for (int64_t i = count; i > 0 && keys[i - 1] == keys[count - 1]; i--) out->at_max++;
  double width = (out->max - out->min) / LATHE_SUMMARY_BINS;
  for (int64_t i = 0; i < count; i++) {
    int bin = width > 0 && isfinite(width) ? (int)((number_of(type, keys[i]) - out->min) / width) : 0;
    out->bins[bin < LATHE_SUMMARY_BINS ? bin : LATHE_SUMMARY_BINS - 1]++;
  }
}

/* Keep the most frequent; `places_of` runs along with the counts. */
static void offer(lathe_summary *out, uint64_t *tops, uint64_t key, int64_t count) {
  int32_t at = out->top_count;
  while (at > 0 && out->top_counts[at - 1] < count) at--;
  if (at >= LATHE_SUMMARY_TOP) return;
  if (out->top_count < LATHE_SUMMARY_TOP) out->top_count++;
  for (int32_t i = out->top_count - 1; i > at; i--) {
    out->top_counts[i] = out->top_counts[i - 1];
    tops[i] = tops[i - 1];
  }
  out->top_counts[at] = count;
  tops[at] = key;
}

static void find_rows(const lathe_column *column, const uint64_t *tops, lathe_summary *out) {
  int32_t open = out->top_count;
  for (int32_t i = 0; i < out->top_count; i++) out->top_rows[i] = -1;
  for (int64_t row = 0; row < out->rows && open; row++) {
    if (!lathe_column_present(column, row)) continue;
    uint64_t key = key_of(column, row);
    for (int32_t i = 0; i < out->top_count; i++)
      if (out->top_rows[i] < 0 && tops[i] == key) out->top_rows[i] = row, open--;
  }
}

static bool summarize_numbers(const lathe_column *column, lathe_summary *out, lathe_error *error) {
  lathe_type type = lathe_column_type(column);
  int64_t there = out->rows - out->missing, count = 0;
  uint64_t *keys = lathe_memory_raw((size_t)there, sizeof *keys, error);
  uint64_t *other = lathe_memory_raw((size_t)there, sizeof *other, error);
  uint64_t tops[LATHE_SUMMARY_TOP];
  if (keys && other) {
    for (int64_t row = 0; row < out->rows; row++)
      if (lathe_column_present(column, row)) keys[count++] = key_of(column, row);
    uint64_t *sorted = sort_keys(keys, other, count);
    for (int64_t begin = 0, end = 0; begin < count; begin = end) {
      while (end < count && sorted[end] == sorted[begin]) end++;
      out->distinct++;
      offer(out, tops, sorted[begin], end - begin);
    }
    while (count && type == LATHE_TYPE_FLOAT64 && !isfinite(double_of_key(sorted[count - 1]))) count--;
    while (count && type == LATHE_TYPE_FLOAT64 && !isfinite(double_of_key(sorted[0]))) sorted++, count--;
    out->finite = count;
    if (count) {
      moments(type, sorted, count, out);
      places(type, sorted, count, out);
    }
    find_rows(column, tops, out);
  }
  bool fine = keys && other;
  free(keys);
  free(other);
  return fine;
}

typedef struct word_count {
  int64_t count, row;
  lathe_text text;
} word_count;

static int by_count(const void *left, const void *right) {
  const word_count *a = left, *b = right;
  if (a->count != b->count) return a->count < b->count ? 1 : -1;
  size_t size = a->text.size < b->text.size ? a->text.size : b->text.size;
  int order = size ? memcmp(a->text.data, b->text.data, size) : 0;
  return order ? order : (a->text.size > b->text.size) - (a->text.size < b->text.size);
}

static void rank_words(word_count *words, int64_t count, lathe_summary *out) {
  int64_t used = 0;
  for (int64_t i = 0; i < count; i++)
    if (words[i].count) words[used++] = words[i];
  if (used > 0) qsort(words, (size_t)used, sizeof *words, by_count);
  out->distinct = used;
  for (; out->top_count < LATHE_SUMMARY_TOP && out->top_count < used; out->top_count++) {
    out->top_rows[out->top_count] = words[out->top_count].row;
    out->top_counts[out->top_count] = words[out->top_count].count;
  }
}

static bool summarize_categories(const lathe_column *column, lathe_summary *out, lathe_error *error) {
  int64_t count = lathe_column_rows(lathe_column_dictionary(column));
  const int32_t *codes = lathe_column_values(column);
  word_count *words = lathe_memory_new((size_t)count, sizeof *words, error);
  if (!words) return false;
  for (int64_t row = 0; row < out->rows; row++) {
    if (!lathe_column_present(column, row)) continue;
    word_count *word = &words[codes[row]];
    if (word->count++ == 0) word->row = row, word->text = lathe_column_text(column, row);
  }
  rank_words(words, count, out);
  free(words);
  return true;
}

static bool summarize_strings(const lathe_column *column, lathe_summary *out, lathe_error *error) {
  lathe_words set = {0};
  lathe_buffer buffer = {0}; /* of word_count */
  bool fine = true;
  for (int64_t row = 0; row < out->rows && fine; row++) {
    lathe_text text = lathe_column_text(column, row);
    if (!text.data) continue;
    int32_t before = set.count, code = lathe_words_add(&set, text.data, text.size, error);
    word_count fresh = {1, row, text};
    fine = code >= 0 && (code < before || lathe_buffer_append(&buffer, &fresh, sizeof fresh, error));
    if (fine && code < before) ((word_count *)(void *)buffer.data)[code].count++;
  }
  if (fine) rank_words((word_count *)(void *)buffer.data, set.count, out);
  lathe_words_free(&set);
  lathe_buffer_free(&buffer);
  return fine;
}

bool lathe_column_summarize(const lathe_column *column, lathe_summary *out, lathe_error *error) {
  *out = (lathe_summary){.rows = lathe_column_rows(column), .missing = lathe_column_missing(column)};
  out->min = out->max = out->mean = out->sd = out->skewness = NAN;
  for (int i = 0; i < LATHE_SUMMARY_QUANTILES; i++) out->quantiles[i] = NAN;
  switch (lathe_column_type(column)) {
  case LATHE_TYPE_STRING:
    return summarize_strings(column, out, error);
  case LATHE_TYPE_CATEGORY:
    return summarize_categories(column, out, error);
  default:
    return summarize_numbers(column, out, error);
  }
}

typedef struct job {
  const lathe_table *table;
  lathe_summary *summaries;
  lathe_progress *progress;
} job;

static bool summarize_one(void *context, int64_t chunk, lathe_error *error) {
  job *work = context;
  bool fine =
      lathe_column_summarize(lathe_table_column(work->table, (int32_t)chunk), &work->summaries[chunk], error);
  lathe_progress_add(work->progress, lathe_table_rows(work->table));
  return fine;
}

bool lathe_table_summarize(const lathe_table *table, lathe_summary *summaries, lathe_progress *progress,
                           lathe_error *error) {
  job work = {table, summaries, progress};
  lathe_progress_begin(progress, "profile", lathe_table_rows(table) * lathe_table_columns(table));
  bool fine = lathe_pool_run(lathe_table_columns(table), summarize_one, &work, progress, error);
  lathe_progress_end(progress);
  return fine;
}
