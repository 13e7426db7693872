/* moments.c - means, variances and skewness that hold against NIST's certified values.
 *
 * A block of numbers gives its sum without rounding errors (Neumaier 1974) and its moments about its own mean,
 * corrected for the mean's rounding (Chan, Golub and LeVeque 1983). Blocks are added in order (Chan et al.
 * 1979, Pebay 2008). Numbers whose third powers would overflow or vanish are scaled by a power of two. */
#include <math.h>

#include "own.h"

enum { LANES = 8 };

static void add_exact(double *total, double *lost, double value) {
  double sum = *total + value, back = sum - *total;
  *lost += (*total - (sum - back)) + (value - back);
  *total = sum;
}

static double mean_of(const look_moments *from) {
  return from->count ? (from->total + from->lost) / (double)from->count : 0;
}

static int32_t exponent_for(double most) {
  if ((most < 0x1p300 && most > 0x1p-300) || most == 0) return 0;
  int exponent;
  frexp(most, &exponent);
  return exponent < -1000 ? -1000 : exponent;
}

static void block_sum(const double *values, int64_t count, double *total, double *lost) {
  double sums[LANES] = {0}, rests[LANES] = {0};
  int64_t i = 0;
  for (; i + LANES <= count; i += LANES)
    for (int lane = 0; lane < LANES; lane++) {
      double value = values[i + lane], sum = sums[lane] + value, back = sum - sums[lane];
      rests[lane] += (sums[lane] - (sum - back)) + (value - back);
      sums[lane] = sum;
    }
  *total = *lost = 0;
  for (; i < count; i++) add_exact(total, lost, values[i]);
  for (int lane = 0; lane < LANES; lane++) add_exact(total, lost, sums[lane]);
  for (int lane = 0; lane < LANES; lane++) *lost += rests[lane];
}

static void block_moments(const double *values, int64_t count, look_moments *out) {
  double firsts[LANES] = {0}, seconds[LANES] = {0}, thirds[LANES] = {0};
  double mean = mean_of(out), first = 0, second = 0, third = 0;
  int64_t i = 0;
  for (; i + LANES <= count; i += LANES)
    for (int lane = 0; lane < LANES; lane++) {
      double away = values[i + lane] - mean, square = away * away;
      firsts[lane] += away;
      seconds[lane] += square;
      thirds[lane] += square * away;
    }
  for (; i < count; i++) {
    double away = values[i] - mean, square = away * away;
    first += away, second += square, third += square * away;
  }
  for (int lane = 0; lane < LANES; lane++)
    first += firsts[lane], second += seconds[lane], third += thirds[lane];
  double drift = first / (double)count;
  out->second = second - first * drift;
  out->third = third - 3 * drift * second;
}

void look_moments_block(look_moments *into, const double *values, int64_t count, double most) {
  if (count == 0) return;
  look_moments block = {.count = count, .exponent = exponent_for(most)};
  double scaled[LOOK_BLOCK];
  if (block.exponent) {
    for (int64_t i = 0; i < count; i++) scaled[i] = ldexp(values[i], -block.exponent);
    values = scaled;
  }
  block_sum(values, count, &block.total, &block.lost);
  block_moments(values, count, &block);
  look_moments_add(into, &block);
}

static void rescale(look_moments *moments, int32_t exponent) {
  int by = moments->exponent - exponent;
  if (by == 0) return;
  moments->total = ldexp(moments->total, by), moments->lost = ldexp(moments->lost, by);
  moments->second = ldexp(moments->second, 2 * by), moments->third = ldexp(moments->third, 3 * by);
  moments->exponent = exponent;
}

void look_moments_add(look_moments *into, const look_moments *from) {
  if (from->count == 0) return;
  if (into->count == 0) {
    *into = *from;
    return;
  }
  look_moments other = *from;
  int32_t exponent = into->exponent;
  if (into->total == 0 && into->second == 0)
    exponent = other.exponent; /* nothing but zeros so far */
  else if ((other.total != 0 || other.second != 0) && other.exponent > exponent)
    exponent = other.exponent;
  rescale(into, exponent);
  rescale(&other, exponent);
  double a = (double)into->count, b = (double)other.count, n = a + b;
  double delta = mean_of(&other) - mean_of(into), part = delta / n;
  into->third +=
      other.third + delta * part * part * a * b * (a - b) + 3 * part * (a * other.second - b * into->second);
  into->second += other.second + delta * part * a * b;
  add_exact(&into->total, &into->lost, other.total);
  into->lost += other.lost;
  into->count += other.count;
}

void look_moments_write(const look_moments *from, lathe_summary *out) {
  double n = (double)from->count;
  out->mean = from->count ? ldexp(mean_of(from), from->exponent) : NAN;
  out->sd = from->count > 1 ? ldexp(sqrt(from->second / (n - 1)), from->exponent) : NAN;
  out->skewness = from->second > 0 ? from->third / n / pow(from->second / n, 1.5) : NAN;
}
