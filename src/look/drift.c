/* drift.c - how the values of a column are distributed in two tables; see compare.h. Numbers are sorted, which
 * gives tenths and the Kolmogorov-Smirnov distance exactly; texts are counted. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../base/memory.h"
#include "../shape/sort.h"
#include "../table/own.h"
#include "../table/words.h"
#include "compare.h"

static double psi_of(const lathe_drift *drift) {
  double totals[2] = {0, 0}, sum = 0;
  for (int side = 0; side < 2; side++)
    for (int32_t i = 0; i < drift->bins; i++) totals[side] += (double)drift->counts[side][i];
  if (totals[0] == 0 || totals[1] == 0) return NAN;
  double half = 0.5 * drift->bins;
  for (int32_t i = 0; i < drift->bins; i++) {
    double p = ((double)drift->counts[0][i] + 0.5) / (totals[0] + half);
    double q = ((double)drift->counts[1][i] + 0.5) / (totals[1] + half);
    sum += (q - p) * log(q / p);
  }
  return sum;
}

/* ---- numbers ---- */

/* The numbers of a column that are there and not NaN, in order. NULL with `error`. */
static double *sorted_numbers(lathe_column *column, int64_t *count, lathe_progress *progress,
                              lathe_error *error) {
  const char *name = "values";
  size_t rows = (size_t)column->rows;
  int64_t *order = lathe_memory_raw(rows, sizeof *order, error);
  double *values = lathe_memory_raw(rows, sizeof *values, error);
  lathe_table *table = lathe_table_new(1, &name, &column, error);
  lathe_sort_key key = {0, false, false};
  bool fine = order && values && table && lathe_table_order(table, &key, 1, order, progress, error);
  lathe_table_release(table);
  *count = 0;
  for (size_t i = 0; i < rows && fine; i++) {
    double value = lathe_column_number(column, order[i]);
    if (value != value) break; /* NaN and missing are last */
    values[(*count)++] = value;
  }
  free(order);
  if (fine) return values;
  free(values);
  return NULL;
}

static double ks_of(const double *a, int64_t left, const double *b, int64_t right) {
  if (!left || !right) return NAN;
  double most = 0;
  for (int64_t i = 0, k = 0; i < left && k < right;) {
    double value = a[i] < b[k] ? a[i] : b[k];
    while (i < left && a[i] == value) i++;
    while (k < right && b[k] == value) k++;
    double distance = fabs((double)i / (double)left - (double)k / (double)right);
    if (distance > most) most = distance;
  }
  return most;
}

/* The least of the sorted values that is above `value`, or `otherwise`. */
static double next_above(const double *values, int64_t count, double value, double otherwise) {
  int64_t low = 0, high = count;
  while (low < high) {
    int64_t middle = low + (high - low) / 2;
    if (values[middle] > value)
      high = middle;
    else
      low = middle + 1;
  }
  return low < count ? values[low] : otherwise;
}

/* Bins between the tenths of the left numbers. A bin holds its lower end. A value that several tenths fall on, such as 0
 * in most rows, is a bin of its own: the next value on either side ends it. */
static void bin_numbers(lathe_drift *drift, const double *a, int64_t left, const double *b, int64_t right) {
  if (!left || !right) return;
  double low = a[0] < b[0] ? a[0] : b[0];
  double high = a[left - 1] > b[right - 1] ? a[left - 1] : b[right - 1];
  drift->edges[0] = low;
  int32_t bins = 0;
  for (int tenth = 1; tenth < LATHE_DRIFT_BINS; tenth++) {
    double edge = a[left * tenth / LATHE_DRIFT_BINS];
    if (edge == drift->edges[bins])
      edge = fmin(next_above(a, left, edge, INFINITY), next_above(b, right, edge, INFINITY));
    if (edge > drift->edges[bins] && edge < INFINITY) drift->edges[++bins] = edge;
  }
  drift->bins = bins + 1;
  drift->edges[drift->bins] = high;
  const double *values[2] = {a, b};
  int64_t counts[2] = {left, right};
  for (int side = 0; side < 2; side++)
    for (int64_t i = 0, bin = 0; i < counts[side]; i++) {
      while (bin < bins && values[side][i] >= drift->edges[bin + 1]) bin++;
      drift->counts[side][bin]++;
    }
}

static bool number_drift(lathe_column *left, lathe_column *right, lathe_drift *drift,
                         lathe_progress *progress, lathe_error *error) {
  int64_t counts[2] = {0, 0};
  double *a = sorted_numbers(left, &counts[0], progress, error);
  double *b = a ? sorted_numbers(right, &counts[1], progress, error) : NULL;
  if (b) {
    drift->ks = ks_of(a, counts[0], b, counts[1]);
    bin_numbers(drift, a, counts[0], b, counts[1]);
  }
  free(a);
  free(b);
  return b != NULL;
}

/* ---- texts ---- */

typedef struct tally {
  lathe_words words;
  int64_t *counts[2], *first[2]; /* by word: rows that hold it, and the first of them */
  int32_t room;
} tally;

static bool tally_word(tally *all, int side, int64_t row, int32_t word, int64_t rows, lathe_error *error) {
  if (word < 0) return false;
  if (word >= all->room) {
    int32_t room = all->words.capacity;
    for (int i = 0; i < 2; i++) {
      size_t old = (size_t)all->room, more = (size_t)(room - all->room) * sizeof(int64_t);
      if (!lathe_memory_resize((void **)&all->counts[i], (size_t)room, sizeof(int64_t), error) ||
          !lathe_memory_resize((void **)&all->first[i], (size_t)room, sizeof(int64_t), error))
        return false;
      memset(all->counts[i] + old, 0, more);
      memset(all->first[i] + old, 0, more);
    }
    all->room = room;
  }
  if (all->counts[side][word] == 0) all->first[side][word] = row;
  all->counts[side][word] += rows;
  return true;
}

static bool tally_category(tally *all, int side, const lathe_column *column, lathe_error *error) {
  size_t words = (size_t)column->dictionary->rows;
  int64_t *counts = lathe_memory_new(words, sizeof *counts, error);
  int64_t *first = lathe_memory_raw(words, sizeof *first, error);
  bool fine = counts && first;
  for (int64_t row = 0; row < column->rows && fine; row++) {
    if (!lathe_column_present(column, row)) continue;
    int32_t code = ((const int32_t *)column->values)[row];
    if (counts[code]++ == 0) first[code] = row;
  }
  for (size_t code = 0; code < words && fine; code++) {
    if (!counts[code]) continue;
    lathe_text text = lathe_column_text(column->dictionary, (int64_t)code);
    int32_t word = lathe_words_add(&all->words, text.data, text.size, error);
    fine = tally_word(all, side, first[code], word, counts[code], error);
  }
  free(counts);
  free(first);
  return fine;
}

static bool tally_column(tally *all, int side, const lathe_column *column, lathe_progress *progress,
                         lathe_error *error) {
  if (column->type == LATHE_TYPE_CATEGORY) return tally_category(all, side, column, error);
  for (int64_t row = 0; row < column->rows; row++) {
    if (row % 65536 == 0 && !lathe_progress_check(progress, error)) return false;
    if (!lathe_column_present(column, row)) continue;
    char scratch[32];
    lathe_text text = lathe_column_format(column, row, scratch);
    int32_t word = lathe_words_add(&all->words, text.data, text.size, error);
    if (!tally_word(all, side, row, word, 1, error)) return false;
  }
  return true;
}

/* The words that are most frequent on the left: those for which there is a bin. */
static void bin_words(lathe_drift *drift, const tally *all) {
  int32_t top[LATHE_DRIFT_BINS], count = 0;
  for (int32_t word = 0; word < all->words.count; word++) {
    int64_t size = all->counts[0][word];
    int32_t at = count;
    while (at > 0 && all->counts[0][top[at - 1]] < size) at--;
    if (size == 0 || at == LATHE_DRIFT_BINS - 1) continue;
    if (count < LATHE_DRIFT_BINS - 1) count++;
    memmove(top + at + 1, top + at, (size_t)(count - 1 - at) * sizeof *top);
    top[at] = word;
  }
  int64_t rest[2] = {0, 0};
  for (int side = 0; side < 2; side++) {
    for (int32_t word = 0; word < all->words.count; word++) rest[side] += all->counts[side][word];
    for (int32_t i = 0; i < count; i++) {
      drift->counts[side][i] = all->counts[side][top[i]];
      rest[side] -= all->counts[side][top[i]];
    }
    drift->counts[side][count] = rest[side];
  }
  for (int32_t i = 0; i < count; i++) drift->top[i] = all->first[0][top[i]];
  drift->bins = count + (rest[0] || rest[1]);
}

static void list_words(lathe_drift *drift, const tally *all) {
  for (int32_t word = 0; word < all->words.count; word++) {
    int64_t left = all->counts[0][word], right = all->counts[1][word];
    if (!left) {
      drift->fresh++;
      drift->fresh_rows += right;
      if (drift->fresh_count < LATHE_DRIFT_FIRST)
        drift->fresh_first[drift->fresh_count++] = all->first[1][word];
    } else if (!right) {
      drift->gone++;
      drift->gone_rows += left;
      if (drift->gone_count < LATHE_DRIFT_FIRST) drift->gone_first[drift->gone_count++] = all->first[0][word];
    }
  }
}

static bool text_drift(const lathe_column *left, const lathe_column *right, lathe_drift *drift,
                       lathe_progress *progress, lathe_error *error) {
  tally all = {0};
  bool fine = tally_column(&all, 0, left, progress, error) && tally_column(&all, 1, right, progress, error);
  if (fine) {
    bin_words(drift, &all);
    list_words(drift, &all);
  }
  for (int side = 0; side < 2; side++) {
    free(all.counts[side]);
    free(all.first[side]);
  }
  lathe_words_free(&all.words);
  return fine;
}

static bool is_number(const lathe_column *column) {
  return !lathe_type_is_text(column->type) && column->type != LATHE_TYPE_BOOL;
}

bool lathe_column_drift(lathe_column *left, lathe_column *right, lathe_drift *drift, lathe_progress *progress,
                        lathe_error *error) {
  *drift = (lathe_drift){.numbers = is_number(left), .ks = NAN, .psi = NAN};
  if (is_number(left) != is_number(right))
    return lathe_error_set(error, LATHE_ERROR_ARGUMENT,
                           "a %s and a %s column have no distributions to compare; cast one of them",
                           lathe_type_name(left->type), lathe_type_name(right->type));
  const lathe_column *sides[2] = {left, right};
  for (int side = 0; side < 2; side++) {
    drift->rows[side] = sides[side]->rows;
    drift->missing[side] = sides[side]->missing;
  }
  bool fine = drift->numbers ? number_drift(left, right, drift, progress, error)
                             : text_drift(left, right, drift, progress, error);
  if (fine) drift->psi = psi_of(drift);
  return fine;
}
