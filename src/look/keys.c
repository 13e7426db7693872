/* keys.c - sorting 64-bit keys: one pass deals them out to buckets by their leading bits, so that each bucket
 * fits in a cache, then each bucket is sorted by digits of 11 bits. All steps run in parallel; the result is
 * the sorted array, so it does not depend on who did what. */
#include <stdlib.h>

#include "own.h"

enum {
  CELLS = 65536,           /* of the leading 16 bits of the range */
  BUCKETS = 1024,          /* at most */
  SLAB = 256 * LOOK_BLOCK, /* rows that one piece of work deals out */
  SMALL = 16384,           /* fewer keys are one bucket */
  DIGIT = 11
};

double look_number_of_key(lathe_type type, uint64_t key) {
  if (type == LATHE_TYPE_FLOAT64) return look_double_of_key(key);
  double value = (double)(int64_t)(key ^ UINT64_C(1) << 63);
  return type == LATHE_TYPE_TIMESTAMP ? value / 1e6 : value;
}

int64_t look_column_keys(const void *context, int64_t begin, int64_t end, uint64_t *out) {
  const lathe_column *column = context;
  int64_t count = 0;
  if (column->type == LATHE_TYPE_FLOAT64) {
    double values[LOOK_BLOCK];
    count = look_numbers(column, begin, end, values);
    for (int64_t i = 0; i < count; i++) out[i] = look_key_of_double(values[i]);
    return count;
  }
  for (int64_t row = begin; row < end; row++) {
    int64_t value;
    if (column->type == LATHE_TYPE_BOOL)
      value = lathe_bit(column->values, row);
    else if (column->type == LATHE_TYPE_DATE)
      value = ((const int32_t *)column->values)[row];
    else
      value = ((const int64_t *)column->values)[row];
    out[count] = look_key_of_int(value);
    count += !column->validity || lathe_bit(column->validity, row);
  }
  return count;
}

void look_tops_offer(look_tops *tops, uint64_t key, int64_t count) {
  int32_t at = tops->count;
  if (at == LATHE_SUMMARY_TOP && tops->counts[at - 1] >= count) return;
  while (at > 0 && tops->counts[at - 1] < count) at--;
  if (tops->count < LATHE_SUMMARY_TOP) tops->count++;
  for (int32_t i = tops->count - 1; i > at; i--) {
    tops->counts[i] = tops->counts[i - 1];
    tops->keys[i] = tops->keys[i - 1];
  }
  tops->counts[at] = count;
  tops->keys[at] = key;
}

typedef struct bucket {
  int64_t begin, end, distinct;
  look_tops tops;
} bucket;

typedef struct sorting {
  look_fill fill;
  const void *context;
  int64_t rows, count, slabs;
  uint64_t low;
  int shift;
  uint32_t *cells; /* (slabs, CELLS): how many, then where the next one of this bucket goes, less its begin */
  uint16_t *chosen; /* (CELLS): the bucket */
  int64_t bucket_count;
  bucket *buckets;
  int64_t *next; /* (slabs, buckets) */
  uint64_t *keys;
} sorting;

static bool count_slab(void *context, int64_t slab, lathe_error *error) {
  sorting *work = context;
  (void)error;
  uint64_t keys[LOOK_BLOCK];
  uint32_t *cells = work->cells + slab * CELLS;
  int64_t end = (slab + 1) * SLAB < work->rows ? (slab + 1) * SLAB : work->rows;
  for (int64_t at = slab * SLAB; at < end; at += LOOK_BLOCK) {
    int64_t count = work->fill(work->context, at, at + LOOK_BLOCK < end ? at + LOOK_BLOCK : end, keys);
    for (int64_t i = 0; i < count; i++) cells[(keys[i] - work->low) >> work->shift]++;
  }
  return true;
}

static bool deal_slab(void *context, int64_t slab, lathe_error *error) {
  sorting *work = context;
  (void)error;
  uint64_t keys[LOOK_BLOCK];
  int64_t *next = work->next + slab * work->bucket_count;
  int64_t end = (slab + 1) * SLAB < work->rows ? (slab + 1) * SLAB : work->rows;
  for (int64_t at = slab * SLAB; at < end; at += LOOK_BLOCK) {
    int64_t count = work->fill(work->context, at, at + LOOK_BLOCK < end ? at + LOOK_BLOCK : end, keys);
    for (int64_t i = 0; i < count; i++)
      work->keys[next[work->chosen[(keys[i] - work->low) >> work->shift]]++] = keys[i];
  }
  return true;
}

/* Neighbouring cells share a bucket until it is large enough. */
static void choose_buckets(sorting *work) {
  int64_t enough = work->count / (BUCKETS / 2) + SMALL / 4, total = 0, begin = 0, at = 0;
  for (int64_t cell = 0; cell < CELLS; cell++) {
    int64_t here = 0;
    for (int64_t slab = 0; slab < work->slabs; slab++) here += work->cells[slab * CELLS + cell];
    if (total > begin && total - begin + here > enough) {
      work->buckets[at++] = (bucket){.begin = begin, .end = total};
      begin = total;
    }
    work->chosen[cell] = (uint16_t)at;
    total += here;
  }
  work->buckets[at++] = (bucket){.begin = begin, .end = total};
  work->bucket_count = at;
}

static void place_slabs(sorting *work) {
  for (int64_t slab = 0; slab < work->slabs; slab++) {
    int64_t *next = work->next + slab * work->bucket_count;
    memset(next, 0, (size_t)work->bucket_count * sizeof *next);
    for (int64_t cell = 0; cell < CELLS; cell++) next[work->chosen[cell]] += work->cells[slab * CELLS + cell];
  }
  for (int64_t at = 0; at < work->bucket_count; at++) {
    int64_t place = work->buckets[at].begin;
    for (int64_t slab = 0; slab < work->slabs; slab++) {
      int64_t *next = work->next + slab * work->bucket_count + at, here = *next;
      *next = place;
      place += here;
    }
  }
}

/* Sort by digits, least first; digits in which all keys agree are passed over. The result is in `keys`. */
static void sort_digits(uint64_t *keys, uint64_t *other, int64_t count) {
  uint64_t any = 0, all = ~UINT64_C(0), *from = keys;
  for (int64_t i = 0; i < count; i++) any |= keys[i], all &= keys[i];
  for (int shift = 0; shift < 64; shift += DIGIT) {
    uint64_t mask = (UINT64_C(1) << DIGIT) - 1;
    if (((any ^ all) >> shift & mask) == 0) continue;
    int64_t places[1 << DIGIT] = {0}, place = 0;
    for (int64_t i = 0; i < count; i++) places[from[i] >> shift & mask]++;
    for (int i = 0; i < 1 << DIGIT; i++) {
      int64_t here = places[i];
      places[i] = place;
      place += here;
    }
    for (int64_t i = 0; i < count; i++) other[places[from[i] >> shift & mask]++] = from[i];
    uint64_t *sorted = other;
    other = from, from = sorted;
  }
  if (from != keys) memcpy(keys, from, (size_t)count * sizeof *keys);
}

static void sort_few(uint64_t *keys, int64_t count) {
  for (int64_t i = 1; i < count; i++) {
    uint64_t key = keys[i];
    int64_t at = i;
    for (; at > 0 && keys[at - 1] > key; at--) keys[at] = keys[at - 1];
    keys[at] = key;
  }
}

static bool sort_bucket(void *context, int64_t index, lathe_error *error) {
  sorting *work = context;
  bucket *here = &work->buckets[index];
  uint64_t *keys = work->keys + here->begin;
  int64_t count = here->end - here->begin;
  if (count <= 32) {
    sort_few(keys, count);
  } else {
    uint64_t *other = lathe_memory_raw((size_t)count, sizeof *other, error);
    if (!other) return false;
    sort_digits(keys, other, count);
    free(other);
  }
  for (int64_t begin = 0, end = 0; begin < count; begin = end) {
    while (end < count && keys[end] == keys[begin]) end++;
    here->distinct++;
    look_tops_offer(&here->tops, keys[begin], end - begin);
  }
  return true;
}

static bool deal_out(sorting *work, lathe_progress *progress, lathe_error *error) {
  work->slabs = (work->rows + SLAB - 1) / SLAB;
  work->cells = lathe_memory_new((size_t)work->slabs * CELLS, sizeof *work->cells, error);
  work->chosen = lathe_memory_raw(CELLS, sizeof *work->chosen, error);
  if (!work->cells || !work->chosen) return false;
  if (!lathe_pool_run(work->slabs, count_slab, work, progress, error)) return false;
  choose_buckets(work);
  work->next = lathe_memory_raw((size_t)(work->slabs * work->bucket_count), sizeof *work->next, error);
  if (!work->next) return false;
  place_slabs(work);
  return lathe_pool_run(work->slabs, deal_slab, work, progress, error);
}

static void fill_all(sorting *work) {
  int64_t count = 0;
  uint64_t keys[LOOK_BLOCK];
  for (int64_t at = 0; at < work->rows; at += LOOK_BLOCK) {
    int64_t end = at + LOOK_BLOCK < work->rows ? at + LOOK_BLOCK : work->rows;
    int64_t here = work->fill(work->context, at, end, keys);
    memcpy(work->keys + count, keys, (size_t)here * sizeof *keys);
    count += here;
  }
  work->buckets[0] = (bucket){.end = count};
  work->bucket_count = 1;
}

bool look_sort(look_fill fill, const void *context, int64_t rows, int64_t count, uint64_t low, uint64_t high,
               look_sorted *out, lathe_progress *progress, lathe_error *error) {
  sorting work = {.fill = fill, .context = context, .rows = rows, .count = count, .low = low};
  while ((high - low) >> work.shift >= CELLS) work.shift++;
  *out = (look_sorted){.count = count};
  work.keys = lathe_memory_raw((size_t)count, sizeof *work.keys, error);
  work.buckets = lathe_memory_raw(BUCKETS + 1, sizeof *work.buckets, error);
  bool fine = work.keys && work.buckets;
  if (fine && count < SMALL)
    fill_all(&work);
  else
    fine = fine && deal_out(&work, progress, error);
  free(work.cells);
  free(work.next);
  free(work.chosen);
  fine = fine && lathe_pool_run(work.bucket_count, sort_bucket, &work, progress, error);
  for (int64_t at = 0; at < work.bucket_count && fine; at++) {
    const bucket *here = &work.buckets[at];
    out->distinct += here->distinct;
    for (int32_t i = 0; i < here->tops.count; i++)
      look_tops_offer(&out->tops, here->tops.keys[i], here->tops.counts[i]);
  }
  free(work.buckets);
  if (fine)
    out->keys = work.keys;
  else
    free(work.keys);
  return fine;
}
