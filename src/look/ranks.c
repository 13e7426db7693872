/* ranks.c - mean ranks of columns: by counting where values lie in a small range, else by sorting keys that
 * carry their rows. */
#include <math.h>
#include <stdlib.h>

#include "association_own.h"

enum { DIGIT = 11 };

typedef struct item {
  uint64_t key;
  int64_t row;
} item;

static void sort_items(item *items, item *other, int64_t count) {
  uint64_t any = 0, all = ~UINT64_C(0), mask = (UINT64_C(1) << DIGIT) - 1;
  item *from = items;
  for (int64_t i = 0; i < count; i++) any |= items[i].key, all &= items[i].key;
  for (int shift = 0; shift < 64; shift += DIGIT) {
    if (((any ^ all) >> shift & mask) == 0) continue;
    int64_t places[1 << DIGIT] = {0}, place = 0;
    for (int64_t i = 0; i < count; i++) places[from[i].key >> shift & mask]++;
    for (int i = 0; i < 1 << DIGIT; i++) {
      int64_t here = places[i];
      places[i] = place;
      place += here;
    }
    for (int64_t i = 0; i < count; i++) other[places[from[i].key >> shift & mask]++] = from[i];
    item *sorted = other;
    other = from, from = sorted;
  }
  if (from != items) memcpy(items, from, (size_t)count * sizeof *items);
}

/* The mean rank of each item, into ranks[item.row]. */
static bool rank_items(item *items, int64_t count, double *ranks, lathe_error *error) {
  item *other = lathe_memory_raw((size_t)count, sizeof *other, error);
  if (!other) return false;
  sort_items(items, other, count);
  free(other);
  for (int64_t begin = 0, end = 0; begin < count; begin = end) {
    while (end < count && items[end].key == items[begin].key) end++;
    double rank = (double)(begin + 1 + end) / 2;
    for (int64_t i = begin; i < end; i++) ranks[items[i].row] = rank;
  }
  return true;
}

static bool rank_counted(const lathe_column *column, const look_scan *scan, double *ranks,
                         lathe_error *error) {
  int64_t range = scan->high - scan->low + 1, before = 0;
  uint32_t places[LOOK_BLOCK];
  double *table = lathe_memory_new((size_t)range, sizeof *table, error);
  if (!table) return false;
  for (int pass = 0; pass < 2; pass++) {
    for (int64_t at = 0; at < column->rows; at += LOOK_BLOCK) {
      int64_t end = at + LOOK_BLOCK < column->rows ? at + LOOK_BLOCK : column->rows;
      int64_t count = look_places(column, scan, at, end, places);
      if (pass == 0)
        for (int64_t i = 0; i < count; i++) table[places[i]]++;
      else
        for (int64_t i = 0; i < count; i++) ranks[at + i] = table[places[i]];
    }
    for (int64_t place = 0; place < range && pass == 0; place++) {
      int64_t here = (int64_t)table[place];
      table[place] = (double)(2 * before + here + 1) / 2;
      before += here;
    }
  }
  free(table);
  return true;
}

double *look_ranks(const lathe_column *column, lathe_error *error) {
  look_scan scan;
  look_scan_open(column, &scan);
  look_scan_rows(column, 0, column->rows, &scan);
  double *ranks = lathe_memory_raw((size_t)column->rows, sizeof *ranks, error);
  if (!ranks || column->rows == 0) return ranks;
  bool fine;
  if (scan.whole && (uint64_t)scan.high - (uint64_t)scan.low < (uint64_t)(column->rows + 65536)) {
    fine = rank_counted(column, &scan, ranks, error);
  } else {
    item *items = lathe_memory_raw((size_t)column->rows, sizeof *items, error);
    uint64_t keys[LOOK_BLOCK];
    for (int64_t at = 0; at < column->rows && items; at += LOOK_BLOCK) {
      int64_t end = at + LOOK_BLOCK < column->rows ? at + LOOK_BLOCK : column->rows;
      look_column_keys(column, at, end, keys);
      for (int64_t row = at; row < end; row++) items[row] = (item){keys[row - at], row};
    }
    fine = items && rank_items(items, column->rows, ranks, error);
    free(items);
  }
  if (fine) return ranks;
  free(ranks);
  return NULL;
}

/* Ranks of the rows in which both columns have a number: how many, or -1. */
static int64_t rank_shared(const lathe_column *a, const lathe_column *b, double *ranks, lathe_error *error) {
  item *items = lathe_memory_raw((size_t)a->rows, sizeof *items, error);
  int64_t count = 0;
  if (!items) return -1;
  for (int64_t row = 0; row < a->rows; row++) {
    double value = lathe_column_number(a, row);
    if (!isfinite(value) || !isfinite(lathe_column_number(b, row))) continue;
    bool real = a->type == LATHE_TYPE_FLOAT64 || a->type == LATHE_TYPE_BOOL || a->type == LATHE_TYPE_DATE;
    uint64_t key = real ? look_key_of_double(value) : look_key_of_int(((const int64_t *)a->values)[row]);
    items[count] = (item){key, count};
    count++;
  }
  bool fine = rank_items(items, count, ranks, error);
  free(items);
  return fine ? count : -1;
}

bool look_spearman_gaps(const lathe_column *a, const lathe_column *b, double *out, int64_t *complete,
                        lathe_error *error) {
  double *left = lathe_memory_raw((size_t)a->rows, sizeof *left, error);
  double *right = lathe_memory_raw((size_t)a->rows, sizeof *right, error);
  int64_t count = left && right ? rank_shared(a, b, left, error) : -1;
  bool fine = count >= 0 && rank_shared(b, a, right, error) == count;
  if (fine) {
    double mean = (double)(count + 1) / 2, xy = 0, xx = 0, yy = 0;
    for (int64_t i = 0; i < count; i++) {
      double x = left[i] - mean, y = right[i] - mean;
      xy += x * y, xx += x * x, yy += y * y;
    }
    *out = count > 1 && xx > 0 && yy > 0 ? xy / (sqrt(xx) * sqrt(yy)) : NAN;
    *complete = count;
  }
  free(left);
  free(right);
  return fine;
}
