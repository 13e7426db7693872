/* sort.c - rows in the order of their keys.
 *
 * A row is one word: as much of its key as fits (sort_key.c), and its number below. The words are cut into
 * buckets by their highest bits, chunks in parallel, and then each bucket is sorted in the cache, buckets in
 * parallel. Words are all different and rise with the number of the row where keys are equal: so any way to
 * sort them is stable and gives one result. Where a key was longer than a word, rows with equal words are a
 * run that is sorted by the next part of its key in the same way. Words that rise already are left alone. */
#include "sort.h"

#include <stdlib.h>
#include <string.h>

#include "../base/memory.h"
#include "../base/pool.h"
#include "sort_own.h"

enum {
  SPREAD_CHUNK = 1 << 18, /* words of a chunk that is spread over buckets */
  SPREAD_BITS = 11,
  FEW = 24,            /* words that are sorted by insertion */
  RUN_FEW = 32,        /* rows that are sorted by comparison */
  RUN_LARGE = 1 << 18, /* rows that are worth all threads */
  DEPTH = 64,
};

static int64_t pieces(int64_t count, int64_t size) {
  return (count + size - 1) / size;
}

static int64_t piece_end(int64_t piece, int64_t size, int64_t count) {
  return (piece + 1) * size < count ? (piece + 1) * size : count;
}

static int bits_of(uint64_t value) {
  return value ? 64 - __builtin_clzll(value) : 0;
}

/* ---- words in the cache ---- */

static void insertion(uint64_t *words, int64_t count) {
  for (int64_t i = 1; i < count; i++) {
    uint64_t word = words[i];
    int64_t at = i;
    for (; at > 0 && words[at - 1] > word; at--) words[at] = words[at - 1];
    words[at] = word;
  }
}

/* Sort `words` by the `bits` above bit `shift`; what is below rises already where those are equal. With `over`
 * the result goes to `other`, otherwise it stays. */
static void sort_words(uint64_t *words, uint64_t *other, int64_t count, int shift, int bits, bool over) {
  if (count <= FEW || bits == 0) {
    if (bits) insertion(words, count);
    if (over && count) memcpy(other, words, (size_t)count * sizeof *words);
    return;
  }
  int digit = bits_of((uint64_t)count) - 3;
  digit = digit > 8 ? 8 : digit < 4 ? 4 : digit;
  if (digit > bits) digit = bits;
  int low = shift + bits - digit, buckets = 1 << digit;
  int64_t ends[256] = {0}, at = 0;
  for (int64_t i = 0; i < count; i++) ends[words[i] >> low & (uint64_t)(buckets - 1)]++;
  for (int i = 0; i < buckets; i++) {
    int64_t size = ends[i];
    ends[i] = at;
    at += size;
  }
  for (int64_t i = 0; i < count; i++) other[ends[words[i] >> low & (uint64_t)(buckets - 1)]++] = words[i];
  at = 0;
  for (int i = 0; i < buckets; i++) {
    sort_words(other + at, words + at, ends[i] - at, shift, bits - digit, !over);
    at = ends[i];
  }
}

/* ---- words in memory ---- */

typedef struct spread_job {
  uint64_t *words, *other;
  int64_t count;
  int low, digit, shift, bits; /* bits that are left to sort by within a bucket */
  int64_t *places;             /* (chunks, buckets): counts, then where the chunk's words of the bucket go */
  int64_t *begins;             /* (buckets + 1) */
  lathe_progress *progress;
} spread_job;

static bool count_chunk(void *context, int64_t chunk, lathe_error *error) {
  (void)error;
  spread_job *job = context;
  uint64_t mask = (UINT64_C(1) << job->digit) - 1;
  int64_t *counts = job->places + (chunk << job->digit), end = piece_end(chunk, SPREAD_CHUNK, job->count);
  for (int64_t i = chunk * SPREAD_CHUNK; i < end; i++) counts[job->words[i] >> job->low & mask]++;
  return true;
}

static bool spread_chunk(void *context, int64_t chunk, lathe_error *error) {
  (void)error;
  spread_job *job = context;
  const uint64_t *words = job->words, mask = (UINT64_C(1) << job->digit) - 1;
  uint64_t *other = job->other;
  int64_t *at = job->places + (chunk << job->digit), end = piece_end(chunk, SPREAD_CHUNK, job->count);
  int low = job->low;
  for (int64_t i = chunk * SPREAD_CHUNK; i < end; i++) other[at[words[i] >> low & mask]++] = words[i];
  return true;
}

static bool bucket_large(const spread_job *job, int64_t bucket) {
  int64_t size = job->begins[bucket + 1] - job->begins[bucket];
  return size >= RUN_LARGE && size > job->count / 8;
}

static bool sort_bucket(void *context, int64_t bucket, lathe_error *error) {
  (void)error;
  spread_job *job = context;
  int64_t begin = job->begins[bucket], size = job->begins[bucket + 1] - begin;
  if (bucket_large(job, bucket)) return true;
  sort_words(job->other + begin, job->words + begin, size, job->shift, job->bits, false);
  lathe_progress_add(job->progress, size);
  return true;
}

/* Where each chunk's share of each bucket goes. */
static void place_buckets(spread_job *job, int64_t chunks) {
  int64_t buckets = INT64_C(1) << job->digit, at = 0;
  for (int64_t bucket = 0; bucket < buckets; bucket++) {
    job->begins[bucket] = at;
    for (int64_t chunk = 0; chunk < chunks; chunk++) {
      int64_t *place = &job->places[(chunk << job->digit) + bucket], size = *place;
      *place = at;
      at += size;
    }
  }
  job->begins[buckets] = at;
}

/* Sort many words with all threads. The result is in `*other` afterwards, which changes places with `*words`
 * for the caller to know. */
static bool sort_many(uint64_t **words, uint64_t **other, int64_t count, int shift, int bits,
                      lathe_progress *progress, lathe_error *error) {
  if (bits == 0) return true;
  int digit = bits_of((uint64_t)count >> 12);
  digit = digit > SPREAD_BITS ? SPREAD_BITS : digit < 1 ? 1 : digit;
  if (digit > bits) digit = bits;
  int64_t chunks = pieces(count, SPREAD_CHUNK), buckets = INT64_C(1) << digit;
  spread_job job = {*words, *other, count,   shift + bits - digit, digit, shift, bits - digit,
                    NULL,   NULL,   progress};
  job.places = lathe_memory_new((size_t)(chunks << digit), sizeof *job.places, error);
  job.begins = lathe_memory_new((size_t)buckets + 1, sizeof *job.begins, error);
  bool fine = job.places && job.begins && lathe_pool_run(chunks, count_chunk, &job, progress, error);
  if (fine) {
    place_buckets(&job, chunks);
    fine = lathe_pool_run(chunks, spread_chunk, &job, progress, error) &&
           (job.bits == 0 || lathe_pool_run(buckets, sort_bucket, &job, progress, error));
  }
  for (int64_t bucket = 0; fine && job.bits && bucket < buckets; bucket++) {
    if (!bucket_large(&job, bucket)) continue;
    uint64_t *from = job.other + job.begins[bucket], *to = job.words + job.begins[bucket], *place = from;
    int64_t size = job.begins[bucket + 1] - job.begins[bucket];
    fine = sort_many(&from, &to, size, shift, job.bits, progress, error);
    if (fine && from != place) memcpy(place, from, (size_t)size * sizeof *place);
  }
  free(job.places);
  free(job.begins);
  *words = job.other;
  *other = job.words;
  return fine;
}

/* ---- rows ---- */

typedef struct sorter {
  const sort_fields *fields;
  lathe_progress *progress;
} sorter;

static bool sort_rows(const sorter *self, int64_t *order, int64_t count, bool all, sort_place place,
                      int depth, lathe_error *error);

static bool sort_by_comparison(const sorter *self, int64_t *order, int64_t count, sort_place place,
                               lathe_error *error) {
  if (count <= RUN_FEW) {
    for (int64_t i = 1; i < count; i++) {
      int64_t row = order[i], at = i;
      for (; at > 0 && lathe_sort_compare(self->fields, place, order[at - 1], row) > 0; at--)
        order[at] = order[at - 1];
      order[at] = row;
    }
    return true;
  }
  int64_t half = count / 2, *left = lathe_memory_raw((size_t)half, sizeof *left, error);
  if (!left || !sort_by_comparison(self, order, half, place, error) ||
      !sort_by_comparison(self, order + half, count - half, place, error)) {
    free(left);
    return false;
  }
  memcpy(left, order, (size_t)half * sizeof *left);
  for (int64_t i = 0, k = half, at = 0; i < half; at++)
    if (k < count && lathe_sort_compare(self->fields, place, left[i], order[k]) > 0)
      order[at] = order[k++];
    else
      order[at] = left[i++];
  free(left);
  return true;
}

typedef struct level {
  const sorter *self;
  int64_t *order;
  const int64_t *rows; /* what `order` was; NULL: all rows */
  uint64_t *words;
  int64_t count;
  int shift, depth;
  sort_place place;
  int64_t *large;      /* (chunks, 2): the large run that begins in each chunk, or none */
  bool *falls, *rises; /* (chunks): each word is below, above the one before it */
} level;

static bool direction_chunk(void *context, int64_t chunk, lathe_error *error) {
  (void)error;
  level *now = context;
  int64_t begin = chunk * SORT_CHUNK, end = piece_end(chunk, SORT_CHUNK, now->count);
  bool rises = true, falls = true;
  for (int64_t i = begin ? begin : 1; i < end && (rises || falls); i += 64) {
    int64_t stop = i + 64 < end ? i + 64 : end;
    for (int64_t k = i; k < stop; k++) {
      rises &= now->words[k] > now->words[k - 1];
      falls &= now->words[k] < now->words[k - 1];
    }
  }
  now->rises[chunk] = rises;
  now->falls[chunk] = falls;
  return true;
}

static bool reverse_chunk(void *context, int64_t chunk, lathe_error *error) {
  (void)error;
  level *now = context;
  int64_t half = now->count / 2, end = piece_end(chunk, SORT_CHUNK, half);
  for (int64_t i = chunk * SORT_CHUNK; i < end; i++) {
    uint64_t word = now->words[i];
    now->words[i] = now->words[now->count - 1 - i];
    now->words[now->count - 1 - i] = word;
  }
  return true;
}

/* Sort the words of a level; `other` is room for as many. */
static bool sort_level_words(level *now, uint64_t **other, int bits, lathe_error *error) {
  int64_t chunks = pieces(now->count, SORT_CHUNK);
  lathe_progress *progress = now->self->progress;
  now->rises = lathe_memory_new((size_t)chunks, 1, error);
  now->falls = lathe_memory_new((size_t)chunks, 1, error);
  bool rises = true, falls = true;
  bool fine = now->rises && now->falls && lathe_pool_run(chunks, direction_chunk, now, progress, error);
  for (int64_t i = 0; i < chunks && fine; i++) rises &= now->rises[i], falls &= now->falls[i];
  free(now->rises);
  free(now->falls);
  if (!fine || rises) return fine;
  if (falls) return lathe_pool_run(pieces(now->count / 2, SORT_CHUNK), reverse_chunk, now, progress, error);
  if (now->count >= SORT_CHUNK)
    return sort_many(&now->words, other, now->count, now->shift, bits, progress, error);
  sort_words(now->words, *other, now->count, now->shift, bits, false);
  return true;
}

static bool write_order(void *context, int64_t chunk, lathe_error *error) {
  (void)error;
  level *now = context;
  uint64_t mask = (UINT64_C(1) << now->shift) - 1;
  for (int64_t i = chunk * SORT_CHUNK, end = piece_end(chunk, SORT_CHUNK, now->count); i < end; i++) {
    int64_t index = (int64_t)(now->words[i] & mask);
    now->order[i] = now->rows ? now->rows[index] : index;
  }
  return true;
}

/* Sort the runs of equal words that begin in a chunk, but for a large one. */
static bool sort_runs(void *context, int64_t chunk, lathe_error *error) {
  level *now = context;
  const uint64_t *words = now->words;
  int shift = now->shift;
  int64_t i = chunk * SORT_CHUNK, end = piece_end(chunk, SORT_CHUNK, now->count);
  while (i > 0 && i < end && words[i] >> shift == words[i - 1] >> shift) i++;
  while (i < end) {
    int64_t begin = i++;
    while (i < now->count && words[i] >> shift == words[begin] >> shift) i++;
    if (i - begin >= RUN_LARGE) {
      now->large[2 * chunk] = begin;
      now->large[2 * chunk + 1] = i;
    } else if (i - begin > 1 && !sort_rows(now->self, now->order + begin, i - begin, false, now->place,
                                           now->depth + 1, error)) {
      return false;
    }
  }
  return true;
}

static bool refine(level *now, lathe_error *error) {
  int64_t chunks = pieces(now->count, SORT_CHUNK);
  now->large = lathe_memory_new((size_t)chunks * 2, sizeof *now->large, error);
  bool fine = now->large && lathe_pool_run(chunks, sort_runs, now, now->self->progress, error);
  free(now->words); /* the runs are known; a large one wants the room */
  now->words = NULL;
  for (int64_t i = 0; i < chunks && fine; i++) {
    int64_t begin = now->large[2 * i], size = now->large[2 * i + 1] - begin;
    if (size) fine = sort_rows(now->self, now->order + begin, size, false, now->place, now->depth + 1, error);
  }
  free(now->large);
  return fine;
}

/* Put the row numbers in `order` (with `all`: every row, `order` not yet written) in the order of the key from
 * `place` on. */
static bool sort_rows(const sorter *self, int64_t *order, int64_t count, bool all, sort_place place,
                      int depth, lathe_error *error) {
  if (count <= RUN_FEW || depth > DEPTH) {
    for (int64_t i = 0; i < count && all; i++) order[i] = i;
    return sort_by_comparison(self, order, count, place, error);
  }
  size_t room = (size_t)count;
  level now = {.self = self, .order = order, .count = count, .depth = depth, .place = place};
  now.shift = bits_of((uint64_t)count - 1);
  int64_t *rows = all ? NULL : lathe_memory_raw(room, sizeof *rows, error);
  now.words = lathe_memory_raw(room, sizeof *now.words, error);
  uint64_t *other = lathe_memory_raw(room, sizeof *other, error);
  bool fine = now.words && other && (all || rows);
  if (fine && !all) now.rows = memcpy(rows, order, room * sizeof *rows);
  int bits = 0;
  fine = fine &&
         lathe_sort_level(self->fields, now.rows, count, now.shift, now.words, &now.place, &bits,
                          self->progress, error) &&
         sort_level_words(&now, &other, bits, error) &&
         lathe_pool_run(pieces(count, SORT_CHUNK), write_order, &now, self->progress, error);
  free(other);
  free(rows);
  if (fine && now.place.field < self->fields->count) fine = refine(&now, error);
  free(now.words);
  return fine;
}

/* ---- what others call ---- */

bool lathe_table_order(const lathe_table *table, const lathe_sort_key *keys, int32_t count, int64_t *order,
                       lathe_progress *progress, lathe_error *error) {
  if (count < 1) return lathe_error_set(error, LATHE_ERROR_ARGUMENT, "name a column to sort by");
  sort_fields fields;
  lathe_progress_begin(progress, "sort", lathe_table_rows(table));
  bool fine = lathe_sort_fields_open(&fields, table, keys, count, progress, error);
  if (fine) {
    sorter self = {&fields, progress};
    fine = sort_rows(&self, order, lathe_table_rows(table), true, (sort_place){0, 0}, 0, error);
    lathe_sort_fields_free(&fields);
  }
  lathe_progress_end(progress);
  return fine;
}

lathe_table *lathe_table_sort(lathe_table *table, const lathe_sort_key *keys, int32_t count,
                              lathe_progress *progress, lathe_error *error) {
  int64_t rows = lathe_table_rows(table), *order = lathe_memory_raw((size_t)rows, sizeof *order, error);
  lathe_table *result = NULL;
  if (order && lathe_table_order(table, keys, count, order, progress, error)) {
    int64_t moved = 0;
    while (moved < rows && order[moved] == moved) moved++;
    result =
        moved == rows ? lathe_table_retain(table) : lathe_table_take(table, order, rows, progress, error);
  }
  free(order);
  return result;
}
