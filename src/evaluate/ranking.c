/* ranking.c - probabilities are sorted as whole numbers: the bits of a double from 0 to 1 are in its order, and leave room for one more,
 * whether the row is of the class. */
#include "ranking.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../base/memory.h"
#include "../base/pool.h"

enum { DIGIT = 11, BUCKETS = 1 << DIGIT, PARTS = 8, SMALL = 1 << 16 };

typedef struct item {
  uint64_t key;
  uint32_t row;
} item;

typedef struct sorting {
  const item *from;
  item *to;
  int64_t count, part; /* part: rows that are handled in one go */
  int shift;
  int64_t (*place)[BUCKETS]; /* (PARTS) */
} sorting;

static int32_t digit_of(uint64_t key, int shift) {
  return (int32_t)(key >> shift & (BUCKETS - 1));
}

static int64_t end_of(const sorting *work, int64_t part) {
  int64_t end = (part + 1) * work->part;
  return end < work->count ? end : work->count;
}

static bool count_part(void *context, int64_t part, lathe_error *error) {
  (void)error;
  const sorting *work = context;
  int64_t *place = work->place[part];
  memset(place, 0, sizeof *work->place);
  for (int64_t i = part * work->part; i < end_of(work, part); i++)
    place[digit_of(work->from[i].key, work->shift)]++;
  return true;
}

static bool move_part(void *context, int64_t part, lathe_error *error) {
  (void)error;
  const sorting *work = context;
  int64_t *place = work->place[part];
  for (int64_t i = part * work->part; i < end_of(work, part); i++)
    work->to[place[digit_of(work->from[i].key, work->shift)]++] = work->from[i];
  return true;
}

/* Where each part puts its items of each digit, the largest digit first. False: all have the same, and nothing needs to move. */
static bool set_places(sorting *work, int parts) {
  int64_t next = 0;
  for (int b = BUCKETS - 1; b >= 0; b--) {
    int64_t begin = next;
    for (int p = 0; p < parts; p++) {
      int64_t count = work->place[p][b];
      work->place[p][b] = next;
      next += count;
    }
    if (next - begin == work->count) return false;
  }
  return true;
}

/* By key, the largest first, a digit at a time. `spare` is as large; gives the one of the two that holds the result. */
static item *sort_items(item *items, item *spare, int64_t count, int64_t (*place)[BUCKETS],
                        lathe_error *error) {
  int parts = count > SMALL ? PARTS : 1;
  sorting work = {.count = count, .part = (count + parts - 1) / parts, .place = place};
  for (int shift = 0; shift < 64; shift += DIGIT) {
    work.from = items;
    work.to = spare;
    work.shift = shift;
    if (!lathe_pool_run(parts, count_part, &work, NULL, error)) return NULL;
    if (!set_places(&work, parts)) continue;
    if (!lathe_pool_run(parts, move_part, &work, NULL, error)) return NULL;
    spare = items;
    items = work.to;
  }
  return items;
}

static int64_t fill_items(item *items, const int32_t *codes, const double *probabilities, int64_t rows,
                          int32_t classes, int32_t index) {
  int64_t count = 0;
  for (int64_t r = 0; r < rows; r++) {
    double p = probabilities[r * classes + index];
    uint64_t bits;
    if (codes[r] < 0 || isnan(p)) continue;
    p = p > 0 ? fmin(p, 1) : 0;
    memcpy(&bits, &p, sizeof bits);
    items[count++] = (item){bits << 1 | (uint64_t)(codes[r] == index), (uint32_t)r};
  }
  return count;
}

static void keep(lathe_ranking *ranking, const item *items, int64_t count) {
  ranking->count = count;
  for (int64_t i = 0; i < count; i++) {
    bool last = i + 1 == count || items[i].key >> 1 != items[i + 1].key >> 1;
    ranking->row[i] = items[i].row;
    ranking->mark[i] = (uint8_t)((items[i].key & 1) | (last ? LATHE_RANKED_LAST : 0));
  }
}

bool lathe_ranking_make(lathe_ranking *ranking, const int32_t *codes, const double *probabilities,
                        int64_t rows, int32_t classes, int32_t index, lathe_error *error) {
  if (rows >= UINT32_MAX)
    return lathe_error_set(error, LATHE_ERROR_DATA,
                           "%lld rows are too many to be put in order; measure on a sample: t:sample",
                           (long long)rows);
  item *items = lathe_memory_raw((size_t)rows, sizeof *items, error);
  item *spare = items ? lathe_memory_raw((size_t)rows, sizeof *spare, error) : NULL;
  int64_t(*place)[BUCKETS] = spare ? lathe_memory_raw(PARTS, sizeof *place, error) : NULL;
  item *sorted = NULL;
  int64_t count = 0;
  if (place) {
    count = fill_items(items, codes, probabilities, rows, classes, index);
    sorted = sort_items(items, spare, count, place, error);
  }
  ranking->row = sorted ? lathe_memory_raw((size_t)count, sizeof *ranking->row, error) : NULL;
  ranking->mark = ranking->row ? lathe_memory_raw((size_t)count, 1, error) : NULL;
  bool fine = ranking->mark != NULL;
  if (fine) keep(ranking, sorted, count);
  free(items);
  free(spare);
  free(place);
  return fine;
}

void lathe_ranking_free(lathe_ranking *ranking) {
  free(ranking->row);
  free(ranking->mark);
  *ranking = (lathe_ranking){0};
}

/* Without branches that depend on chance: a row that is not of the class adds 0. */
static inline void areas(const lathe_ranking *ranking, const double *weights, const uint8_t *times,
                         double *area, double *precision) {
  double found = 0, wrong = 0, pairs = 0, sum = 0, hits = 0, misses = 0;
  for (int64_t i = 0; i < ranking->count; i++) {
    uint32_t row = ranking->row[i];
    uint8_t mark = ranking->mark[i];
    double count = (weights ? weights[row] : 1) * (times ? times[row] : 1);
    double hit = count * (mark & LATHE_RANKED_HIT);
    hits += hit;
    misses += count - hit;
    if (!(mark & LATHE_RANKED_LAST)) continue;
    pairs += misses * (found + hits / 2);
    found += hits;
    wrong += misses;
    sum += hits * (found / (found + wrong + DBL_MIN));
    hits = misses = 0;
  }
  *area = found > 0 && wrong > 0 ? pairs / (found * wrong) : NAN;
  *precision = found > 0 ? sum / found : NAN;
}

void lathe_ranking_areas(const lathe_ranking *ranking, const double *weights, const uint8_t *times,
                         double *area, double *precision) {
  if (weights && times)
    areas(ranking, weights, times, area, precision);
  else if (weights)
    areas(ranking, weights, NULL, area, precision);
  else if (times)
    areas(ranking, NULL, times, area, precision);
  else
    areas(ranking, NULL, NULL, area, precision);
}

/* What rows above a value count, and those equal to it. */
static void count_above(const double *value, const double *weight, int64_t rows, double limit, double *above,
                        double *equal) {
  double sums[2] = {0};
  int64_t counts[2] = {0};
  for (int64_t r = 0; weight && r < rows; r++) {
    sums[0] += value[r] > limit ? weight[r] : 0;
    sums[1] += value[r] == limit ? weight[r] : 0;
  }
  for (int64_t r = 0; !weight && r < rows; r++) {
    counts[0] += value[r] > limit;
    counts[1] += value[r] == limit;
  }
  *above = weight ? sums[0] : (double)counts[0];
  *equal = weight ? sums[1] : (double)counts[1];
}

/* Its rows by their probability, the largest first, those of one probability as one; how many are left. */
static int32_t list_hits(const double *value, const int32_t *code, const double *weight, int64_t rows,
                         int32_t index, double *threshold, double *hits) {
  int32_t count = 0;
  for (int64_t r = 0; r < rows; r++) {
    if (code[r] != index) continue;
    int32_t at = 0;
    while (at < count && threshold[at] > value[r]) at++;
    if (at == count || threshold[at] != value[r]) {
      for (int32_t k = count++; k > at; k--) {
        threshold[k] = threshold[k - 1];
        hits[k] = hits[k - 1];
      }
      threshold[at] = value[r];
      hits[at] = 0;
    }
    hits[at] += weight ? weight[r] : 1;
  }
  return count;
}

void lathe_ranking_few(const double *value, const int32_t *code, const double *weight, int64_t rows,
                       int32_t index, double *area, double *precision) {
  double threshold[LATHE_RANKED_FEW], hits[LATHE_RANKED_FEW], all = 0, positives = 0;
  int32_t count = list_hits(value, code, weight, rows, index, threshold, hits);
  double found = 0, pairs = 0, sum = 0;
  for (int64_t r = 0; weight && r < rows; r++) all += weight[r];
  if (!weight) all = (double)rows;
  for (int32_t k = 0; k < count; k++) positives += hits[k];
  double negatives = all - positives;
  for (int32_t k = 0; k < count; k++) {
    double above, equal;
    count_above(value, weight, rows, threshold[k], &above, &equal);
    double wrong_above = above - found, wrong_equal = equal - hits[k];
    pairs += hits[k] * (negatives - wrong_above - wrong_equal + wrong_equal / 2);
    found += hits[k];
    sum += hits[k] * (found / (found + wrong_above + wrong_equal + DBL_MIN));
  }
  *area = found > 0 && negatives > 0 ? pairs / (found * negatives) : NAN;
  *precision = found > 0 ? sum / found : NAN;
}

bool lathe_metrics_curve(const int32_t *codes, const double *probabilities, const double *weights,
                         int64_t rows, int32_t classes, int32_t index, double *threshold, double *hits,
                         double *misses, int64_t *points, lathe_error *error) {
  lathe_ranking ranking = {0};
  bool fine = lathe_ranking_make(&ranking, codes, probabilities, rows, classes, index, error);
  double found = 0, wrong = 0;
  *points = 0;
  for (int64_t i = 0; fine && i < ranking.count; i++) {
    uint32_t row = ranking.row[i];
    double count = weights ? weights[row] : 1;
    if (ranking.mark[i] & LATHE_RANKED_HIT)
      found += count;
    else
      wrong += count;
    if (!(ranking.mark[i] & LATHE_RANKED_LAST)) continue;
    threshold[*points] = probabilities[(int64_t)row * classes + index];
    hits[*points] = found;
    misses[(*points)++] = wrong;
  }
  lathe_ranking_free(&ranking);
  return fine;
}
