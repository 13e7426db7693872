/* numbers.c - a column of numbers, block by block: what is finite, the extremes, the moments, and whether all
 * are whole numbers or decimals of a few digits.
 *
 * Most tables come from text, so most of their doubles are the nearest to some r / 10^k. Division rounds
 * correctly, so `value == r / 10^k` proves it, and r is as good a key as the value, but a small one. */
#include <math.h>

#include "own.h"

#define LARGEST_WHOLE 0x1p50

enum { DIGITS_MAX = 9, SAMPLES = 1000 };

/* Rounds to a whole number when |x| < 2^51, without a call. */
static inline double nearest(double x) {
  const double shift = 0x1.8p52;
  return (x + shift) - shift;
}

static int64_t take_doubles(const lathe_column *column, int64_t begin, int64_t end, double *out) {
  const double *values = (const double *)column->values + begin;
  int64_t count = 0, rows = end - begin;
  bool odd = column->validity != NULL;
  if (!odd) {
    double check = 0;
    for (int64_t i = 0; i < rows; i++) check += values[i] * 0; /* NaN when any is not finite */
    odd = check != 0;
    if (!odd) memcpy(out, values, (size_t)rows * sizeof *out);
  }
  if (!odd) return rows;
  for (int64_t i = 0; i < rows; i++) {
    bool there = !column->validity || lathe_bit(column->validity, begin + i);
    out[count] = values[i];
    count += there && isfinite(values[i]);
  }
  return count;
}

int64_t look_numbers(const lathe_column *column, int64_t begin, int64_t end, double *out) {
  if (column->type == LATHE_TYPE_FLOAT64) return take_doubles(column, begin, end, out);
  int64_t count = 0;
  for (int64_t row = begin; row < end; row++) {
    bool there = !column->validity || lathe_bit(column->validity, row);
    switch (column->type) {
    case LATHE_TYPE_BOOL:
      out[count] = lathe_bit(column->values, row);
      break;
    case LATHE_TYPE_DATE:
      out[count] = ((const int32_t *)column->values)[row];
      break;
    case LATHE_TYPE_TIMESTAMP:
      out[count] = (double)((const int64_t *)column->values)[row] / 1e6;
      break;
    default:
      out[count] = (double)((const int64_t *)column->values)[row];
    }
    count += there;
  }
  return count;
}

/* The whole numbers behind a column that is not FLOAT64. */
static int64_t take_ints(const lathe_column *column, int64_t begin, int64_t end, int64_t *out) {
  int64_t count = 0;
  for (int64_t row = begin; row < end; row++) {
    bool there = !column->validity || lathe_bit(column->validity, row);
    if (column->type == LATHE_TYPE_BOOL)
      out[count] = lathe_bit(column->values, row);
    else if (column->type == LATHE_TYPE_DATE)
      out[count] = ((const int32_t *)column->values)[row];
    else
      out[count] = ((const int64_t *)column->values)[row];
    count += there;
  }
  return count;
}

static double power_of_ten(int digits) {
  double power = 1;
  while (digits-- > 0) power *= 10;
  return power;
}

void look_scan_open(const lathe_column *column, look_scan *scan) {
  *scan = (look_scan){.min = INFINITY, .max = -INFINITY, .low = INT64_MAX, .high = INT64_MIN, .scale = 1};
  scan->whole = true;
  if (column->type != LATHE_TYPE_FLOAT64) return;
  const double *values = column->values;
  int digits = 0;
  int64_t step = column->rows / SAMPLES + 1;
  for (int64_t row = 0; row < column->rows && scan->whole; row += step) {
    double value = values[row];
    if (!isfinite(value)) continue;
    for (; digits <= DIGITS_MAX; digits++) {
      double power = power_of_ten(digits), whole = nearest(value * power);
      if (fabs(whole) < LARGEST_WHOLE && whole / power == value) break;
    }
    scan->whole = digits <= DIGITS_MAX;
  }
  scan->scale = power_of_ten(digits);
}

/* Infinite and NaN ones, which look_numbers left out. */
static void count_odd(const lathe_column *column, int64_t begin, int64_t end, look_scan *scan) {
  const double *values = column->values;
  for (int64_t row = begin; row < end; row++) {
    if (isfinite(values[row]) || !lathe_column_present(column, row)) continue;
    scan->nans += isnan(values[row]);
    scan->infinite += !isnan(values[row]);
    scan->infinite_low += values[row] == -INFINITY;
  }
}

static bool whole_range(const double *values, int64_t count, double scale, double *low, double *high) {
  int wrong = 0;
  double least = INFINITY, most = -INFINITY;
  for (int64_t i = 0; i < count; i++) {
    double whole = nearest(values[i] * scale);
    wrong |= whole / scale != values[i];
    least = whole < least ? whole : least;
    most = whole > most ? whole : most;
  }
  *low = least, *high = most;
  return !wrong && least > -LARGEST_WHOLE && most < LARGEST_WHOLE;
}

static void scan_block(const lathe_column *column, int64_t begin, int64_t end, look_scan *scan) {
  double values[LOOK_BLOCK];
  int64_t count = look_numbers(column, begin, end, values), zeros = 0, negative = 0;
  if (column->type == LATHE_TYPE_FLOAT64 && count < end - begin) count_odd(column, begin, end, scan);
  if (count == 0) return;
  double min = values[0], max = values[0];
  for (int64_t i = 0; i < count; i++) {
    min = values[i] < min ? values[i] : min;
    max = values[i] > max ? values[i] : max;
  }
  if (min <= 0)
    for (int64_t i = 0; i < count; i++) zeros += values[i] == 0, negative += values[i] < 0;
  scan->zeros += zeros, scan->negative += negative;
  scan->min = min < scan->min ? min : scan->min;
  scan->max = max > scan->max ? max : scan->max;
  look_moments_block(&scan->moments, values, count, fmax(fabs(min), fabs(max)));
  if (!scan->whole) return;
  int64_t low, high;
  if (column->type == LATHE_TYPE_FLOAT64) {
    double least, most;
    scan->whole = whole_range(values, count, scan->scale, &least, &most);
    if (!scan->whole) return;
    low = (int64_t)least, high = (int64_t)most;
  } else {
    int64_t ints[LOOK_BLOCK];
    take_ints(column, begin, end, ints);
    low = high = ints[0];
    for (int64_t i = 0; i < count; i++) {
      low = ints[i] < low ? ints[i] : low;
      high = ints[i] > high ? ints[i] : high;
    }
  }
  scan->low = low < scan->low ? low : scan->low;
  scan->high = high > scan->high ? high : scan->high;
}

void look_scan_rows(const lathe_column *column, int64_t begin, int64_t end, look_scan *scan) {
  for (int64_t at = begin; at < end; at += LOOK_BLOCK)
    scan_block(column, at, at + LOOK_BLOCK < end ? at + LOOK_BLOCK : end, scan);
}

void look_scan_add(look_scan *into, const look_scan *from) {
  look_moments_add(&into->moments, &from->moments);
  into->nans += from->nans, into->infinite += from->infinite, into->infinite_low += from->infinite_low;
  into->zeros += from->zeros, into->negative += from->negative;
  into->min = from->min < into->min ? from->min : into->min;
  into->max = from->max > into->max ? from->max : into->max;
  into->low = from->low < into->low ? from->low : into->low;
  into->high = from->high > into->high ? from->high : into->high;
  into->whole &= from->whole;
}

int64_t look_places(const lathe_column *column, const look_scan *scan, int64_t begin, int64_t end,
                    uint32_t *out) {
  int64_t count;
  if (column->type == LATHE_TYPE_FLOAT64) {
    double values[LOOK_BLOCK], low = (double)scan->low;
    count = look_numbers(column, begin, end, values);
    for (int64_t i = 0; i < count; i++) out[i] = (uint32_t)(int64_t)(nearest(values[i] * scan->scale) - low);
  } else {
    int64_t ints[LOOK_BLOCK];
    count = take_ints(column, begin, end, ints);
    for (int64_t i = 0; i < count; i++) out[i] = (uint32_t)((uint64_t)ints[i] - (uint64_t)scan->low);
  }
  return count;
}
