/* match.c - for each row the first row that equals it.
 *
 * Three ways, by what the keys are; each gives the same rows.
 *   direct    codes below a small limit: an array with a place for each code
 *   few       few different keys: one hash table that stays in the cache, filled by all threads at once
 *   parted    many different keys: rows are dealt out by the first bits of their hash, and each part has a hash
 *             table of its own that stays in the cache
 * Who comes first is decided by row number, never by who was faster. */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "../base/memory.h"
#include "../base/pool.h"
#include "key.h"

enum {
  CHUNK = 65536,
  FEW_BITS = 15,
  FEW = 1 << FEW_BITS,
  FEW_MOST = FEW / 4,
  PART_ROWS = 16384,
  PARTS_MOST = 1024
};

typedef _Atomic uint32_t atomic_row;
typedef _Atomic uint64_t atomic_hash;

typedef struct match_job {
  const lathe_row_keys *keys;
  lathe_row_match *match;
  bool last;
  int64_t begin, end;  /* the rows that this pass looks at */
  atomic_row *first;   /* (slots) */
  atomic_hash *hashes; /* few: (FEW + 1), 0 where nothing is; the last one is that of hash 0 */
  atomic_int taken;    /* few: slots that are not empty; more than FEW_MOST: give up */
  int32_t part_bits;   /* parted */
  int64_t parts;
  int64_t *places; /* parted: (chunks, parts) where the rows of a chunk go; (parts + 1) behind them */
  uint64_t *codes; /* parted: (rows) hashes, in the order of the rows, then of the parts */
  uint64_t *part_codes;
  uint32_t *part_rows;
  int64_t chunks;
  _Atomic int64_t distinct, gone, wrong;
  _Atomic int64_t found; /* direct: slots that have a row */
  bool plain;            /* direct: the slots stand there already */
  bool all; /* direct: no row is gone, so that later rows need not be looked at when all slots have one */
} match_job;

static int64_t chunks_of(int64_t rows) {
  return (rows + CHUNK - 1) / CHUNK;
}

static bool run(match_job *job, lathe_chunk_work work, int64_t begin, int64_t end, lathe_progress *progress,
                lathe_error *error) {
  job->begin = begin, job->end = end;
  return lathe_pool_run(chunks_of(end - begin), work, job, progress, error);
}

static void bounds(const match_job *job, int64_t chunk, int64_t *begin, int64_t *end) {
  *begin = job->begin + chunk * CHUNK;
  *end = *begin + CHUNK < job->end ? *begin + CHUNK : job->end;
}

/* Whether it is the first one that is noted. */
static bool note_first(atomic_row *first, uint32_t row, bool last) {
  uint32_t now = atomic_load_explicit(first, memory_order_relaxed);
  while (now == LATHE_ROW_NONE || (last ? row > now : row < now))
    if (atomic_compare_exchange_weak_explicit(first, &now, row, memory_order_relaxed, memory_order_relaxed))
      return now == LATHE_ROW_NONE;
  return false;
}

static bool new_slots(match_job *job, int64_t slots, lathe_error *error) {
  job->match->slots = slots;
  job->match->first = lathe_memory_raw((size_t)slots, sizeof(uint32_t), error);
  if (!job->match->first) return false;
  memset(job->match->first, 0xFF, (size_t)slots * sizeof(uint32_t));
  job->first = (atomic_row *)job->match->first;
  return true;
}

/* ---- direct ---- */

/* Whether each slot has a row that lies before `begin`. */
static bool all_before(const match_job *job, int64_t begin) {
  int64_t slots = job->match->slots, slot = 0;
  if (atomic_load_explicit(&job->found, memory_order_relaxed) < slots) return false;
  while (slot < slots && atomic_load_explicit(&job->first[slot], memory_order_relaxed) < begin) slot++;
  return slot == slots;
}

/* Who comes first, where `at` is filled. */
static void note_rows(match_job *job, int64_t begin, int64_t end) {
  const uint32_t *at = job->match->at;
  int64_t found = 0, none = 0;
  for (int64_t row = begin; row < end; row++) {
    if (at[row] == LATHE_ROW_NONE)
      none++;
    else
      found += note_first(&job->first[at[row]], (uint32_t)row, job->last);
  }
  atomic_fetch_add(&job->found, found);
  atomic_fetch_add(&job->gone, none);
}

static bool direct_chunk(void *context, int64_t chunk, lathe_error *error) {
  match_job *job = context;
  int64_t begin, end;
  (void)error;
  bounds(job, chunk, &begin, &end);
  bool build = begin < job->match->build;
  bool noted = build && job->all && !job->last && all_before(job, begin);
  for (int64_t at = begin; at < end; at += LATHE_KEY_BLOCK) {
    int32_t count = (int32_t)(end - at < LATHE_KEY_BLOCK ? end - at : LATHE_KEY_BLOCK);
    if (!job->plain) lathe_row_keys_slots(job->keys, at, count, job->match->at + at);
    if (build && !noted) note_rows(job, at, at + count);
  }
  return true;
}

/* `plain`: the codes of all rows, or NULL. */
static bool direct(match_job *job, const uint32_t *plain, lathe_progress *progress, lathe_error *error) {
  lathe_row_match *match = job->match;
  if (!new_slots(job, (int64_t)job->keys->limit, error)) return false;
  job->plain = plain != NULL;
  job->all = lathe_row_keys_whole(job->keys);
  match->at =
      plain ? (uint32_t *)(uintptr_t)plain : lathe_memory_raw((size_t)match->rows, sizeof *match->at, error);
  return match->at && run(job, direct_chunk, 0, match->build, progress, error) &&
         run(job, direct_chunk, match->build, match->rows, progress, error);
}

/* ---- few ---- */

static uint32_t find_few(match_job *job, uint64_t hash, bool add) {
  if (hash == 0) return FEW;
  uint32_t at = (uint32_t)(hash >> (64 - FEW_BITS));
  for (;; at = (at + 1) & (FEW - 1)) {
    uint64_t there = atomic_load_explicit(&job->hashes[at], memory_order_relaxed);
    if (there == hash) return at;
    if (there) continue;
    if (!add || atomic_load_explicit(&job->taken, memory_order_relaxed) > FEW_MOST) return LATHE_ROW_NONE;
    if (atomic_compare_exchange_strong_explicit(&job->hashes[at], &there, hash, memory_order_relaxed,
                                                memory_order_relaxed)) {
      atomic_fetch_add_explicit(&job->taken, 1, memory_order_relaxed);
      return at;
    }
    if (there == hash) return at;
  }
}

static bool few_chunk(void *context, int64_t chunk, lathe_error *error) {
  match_job *job = context;
  uint64_t codes[LATHE_KEY_BLOCK];
  bool gone[LATHE_KEY_BLOCK];
  int64_t begin, end, none = 0;
  (void)error;
  bounds(job, chunk, &begin, &end);
  bool build = begin < job->match->build;
  for (int64_t at = begin; at < end; at += LATHE_KEY_BLOCK) {
    int32_t count = (int32_t)(end - at < LATHE_KEY_BLOCK ? end - at : LATHE_KEY_BLOCK);
    if (atomic_load_explicit(&job->taken, memory_order_relaxed) > FEW_MOST) return true;
    lathe_row_keys_block(job->keys, at, count, codes, gone);
    for (int32_t i = 0; i < count; i++) {
      uint32_t slot = gone[i] ? LATHE_ROW_NONE : find_few(job, lathe_mix(codes[i]), build);
      job->match->at[at + i] = slot;
      if (build && gone[i]) none++;
      if (build && slot != LATHE_ROW_NONE) note_first(&job->first[slot], (uint32_t)(at + i), job->last);
    }
  }
  atomic_fetch_add(&job->gone, none);
  return true;
}

/* `*done` stays false when there are too many different keys. The table has room: each thread adds at most one key after
 * the limit is passed. */
static bool few(match_job *job, bool *done, lathe_progress *progress, lathe_error *error) {
  lathe_row_match *match = job->match;
  *done = false;
  job->hashes = lathe_memory_new(FEW + 1, sizeof *job->hashes, error);
  bool fine =
      job->hashes && new_slots(job, FEW + 1, error) && run(job, few_chunk, 0, match->build, progress, error);
  if (fine && atomic_load(&job->taken) <= FEW_MOST) {
    fine = run(job, few_chunk, match->build, match->rows, progress, error);
    *done = fine;
  }
  free(job->hashes);
  job->hashes = NULL;
  if (*done) return true;
  lathe_memory_give(match->first);
  match->first = NULL;
  atomic_store(&job->gone, 0);
  return fine;
}

/* ---- parted ---- */

static int64_t part_of(const match_job *job, uint64_t hash) {
  return job->part_bits ? (int64_t)(hash >> (64 - job->part_bits)) : 0;
}

/* Hash rows, mark those that equal nothing, and count how many go to each part. */
static bool count_chunk(void *context, int64_t chunk, lathe_error *error) {
  match_job *job = context;
  bool gone[LATHE_KEY_BLOCK];
  int64_t begin, end, none = 0,
                      *counts = job->places + (chunk + (job->begin ? chunks_of(job->begin) : 0)) * job->parts;
  (void)error;
  bounds(job, chunk, &begin, &end);
  for (int64_t at = begin; at < end; at += LATHE_KEY_BLOCK) {
    int32_t count = (int32_t)(end - at < LATHE_KEY_BLOCK ? end - at : LATHE_KEY_BLOCK);
    uint64_t *codes = job->codes + at;
    lathe_row_keys_block(job->keys, at, count, codes, gone);
    for (int32_t i = 0; i < count; i++) {
      codes[i] = lathe_mix(codes[i]);
      job->match->at[at + i] = gone[i] ? LATHE_ROW_NONE : 0;
      counts[part_of(job, codes[i])] += !gone[i];
      none += gone[i];
    }
  }
  if (begin < job->match->build) atomic_fetch_add(&job->gone, none);
  return true;
}

static bool deal_chunk(void *context, int64_t chunk, lathe_error *error) {
  match_job *job = context;
  int64_t begin, end, *places = job->places + (chunk + (job->begin ? chunks_of(job->begin) : 0)) * job->parts;
  (void)error;
  bounds(job, chunk, &begin, &end);
  for (int64_t row = begin; row < end; row++) {
    if (job->match->at[row] == LATHE_ROW_NONE) continue;
    int64_t to = places[part_of(job, job->codes[row])]++;
    job->part_codes[to] = job->codes[row];
    job->part_rows[to] = (uint32_t)row;
  }
  return true;
}

typedef struct part_table {
  uint32_t *slots; /* index into the part + 1, or 0 */
  uint64_t mask;
  uint64_t count;
} part_table;

static bool grow_part(part_table *table, const uint64_t *codes, lathe_error *error) {
  uint64_t size = table->slots ? (table->mask + 1) * 2 : PART_ROWS / 2;
  uint32_t *slots = lathe_memory_new(size, sizeof *slots, error);
  if (!slots) return false;
  for (uint64_t i = 0; table->slots && i <= table->mask; i++) {
    if (!table->slots[i]) continue;
    uint64_t at = codes[table->slots[i] - 1] & (size - 1);
    while (slots[at]) at = (at + 1) & (size - 1);
    slots[at] = table->slots[i];
  }
  free(table->slots);
  table->slots = slots;
  table->mask = size - 1;
  return true;
}

static bool part_chunk(void *context, int64_t part, lathe_error *error) {
  match_job *job = context;
  const int64_t *starts = job->places + job->chunks * job->parts;
  int64_t begin = starts[part], count = starts[part + 1] - begin;
  const uint64_t *codes = job->part_codes + begin;
  const uint32_t *rows = job->part_rows + begin;
  uint32_t *result = job->match->at;
  part_table table = {0};
  if (count == 0) return true;
  if (!grow_part(&table, codes, error)) return false;
  /* rows of the left table come first, so that all of them are in when the others look */
  int64_t build = count;
  while (build > 0 && rows[build - 1] >= job->match->build) build--;
  for (int64_t step = 0; step < count; step++) {
    int64_t i = job->last && step < build ? build - 1 - step : step;
    uint64_t at = codes[i] & table.mask;
    while (table.slots[at] && codes[table.slots[at] - 1] != codes[i]) at = (at + 1) & table.mask;
    if (table.slots[at]) {
      result[rows[i]] = rows[table.slots[at] - 1];
    } else if (step >= build) {
      result[rows[i]] = LATHE_ROW_NONE;
    } else {
      table.slots[at] = (uint32_t)i + 1;
      result[rows[i]] = rows[i];
      if (++table.count * 2 > table.mask && !grow_part(&table, codes, error)) break;
    }
  }
  bool fine = table.count * 2 <= table.mask;
  atomic_fetch_add(&job->distinct, (int64_t)table.count);
  free(table.slots);
  return fine;
}

static void place_parts(match_job *job) {
  int64_t *starts = job->places + job->chunks * job->parts, at = 0;
  for (int64_t part = 0; part < job->parts; part++) {
    starts[part] = at;
    for (int64_t chunk = 0; chunk < job->chunks; chunk++) {
      int64_t *place = &job->places[chunk * job->parts + part], count = *place;
      *place = at;
      at += count;
    }
  }
  starts[job->parts] = at;
}

static bool parted(match_job *job, lathe_progress *progress, lathe_error *error) {
  lathe_row_match *match = job->match;
  int64_t rows = match->rows, build = match->build;
  while (job->part_bits < 10 && rows >> job->part_bits > PART_ROWS) job->part_bits++;
  job->parts = (int64_t)1 << job->part_bits;
  job->chunks = chunks_of(build) + chunks_of(rows - build);
  job->places = lathe_memory_new((size_t)((job->chunks + 1) * job->parts + 1), sizeof *job->places, error);
  job->codes = lathe_memory_raw((size_t)rows, sizeof *job->codes, error);
  bool fine = job->places && job->codes && run(job, count_chunk, 0, build, progress, error) &&
              run(job, count_chunk, build, rows, progress, error);
  if (fine) {
    place_parts(job);
    job->part_codes = lathe_memory_raw((size_t)rows, sizeof *job->part_codes, error);
    job->part_rows = lathe_memory_raw((size_t)rows, sizeof *job->part_rows, error);
    fine = job->part_codes && job->part_rows && run(job, deal_chunk, 0, build, progress, error) &&
           run(job, deal_chunk, build, rows, progress, error);
  }
  lathe_memory_give(job->codes);
  fine = fine && lathe_pool_run(job->parts, part_chunk, job, progress, error);
  free(job->places);
  lathe_memory_give(job->part_codes);
  lathe_memory_give(job->part_rows);
  return fine;
}

static void count_distinct(match_job *job) {
  lathe_row_match *match = job->match;
  match->gone = atomic_load(&job->gone);
  match->distinct = atomic_load(&job->distinct);
  for (int64_t i = 0; i < match->slots && match->first; i++)
    match->distinct += match->first[i] != LATHE_ROW_NONE;
}

/* ---- rows that agree in their hash only ---- */

static bool check_chunk(void *context, int64_t chunk, lathe_error *error) {
  match_job *job = context;
  const lathe_row_match *match = job->match;
  int64_t begin, end, wrong = 0;
  (void)error;
  bounds(job, chunk, &begin, &end);
  for (int64_t row = begin; row < end; row++) {
    uint32_t at = match->at[row];
    if (at == LATHE_ROW_NONE) continue;
    if (match->first) at = match->first[at];
    if (at == LATHE_ROW_NONE) continue;
    wrong += at != row && !lathe_row_keys_equal(job->keys, at, row);
  }
  atomic_fetch_add(&job->wrong, wrong);
  return true;
}

/* Rows that do not equal the first row of their hash are compared with each other, one by one: two 64-bit hashes of
 * different rows agree once in a long life. */
static bool separate(match_job *job, lathe_progress *progress, lathe_error *error) {
  lathe_row_match *match = job->match;
  count_distinct(job);
  atomic_store(&job->distinct, match->distinct);
  if (!lathe_row_match_rows(match, progress, error)) return false;
  struct extra {
    uint32_t of, row;
  } *extras = NULL;
  int64_t count = 0, room = 0;
  bool fine = true;
  for (int64_t step = 0; step < match->rows && fine; step++) {
    int64_t row = job->last && step < match->build ? match->build - 1 - step : step;
    if (step % CHUNK == 0 && !(fine = lathe_progress_check(progress, error))) break;
    uint32_t of = match->at[row];
    if (of == LATHE_ROW_NONE || of == row || lathe_row_keys_equal(job->keys, of, row)) continue;
    int64_t i = 0;
    while (i < count && !(extras[i].of == of && lathe_row_keys_equal(job->keys, extras[i].row, row))) i++;
    match->at[row] = i < count ? extras[i].row : row < match->build ? (uint32_t)row : LATHE_ROW_NONE;
    if (i < count || row >= match->build) continue;
    if (count == room) {
      void *memory = extras;
      room = room ? room * 2 : 16;
      fine = lathe_memory_resize(&memory, (size_t)room, sizeof *extras, error);
      extras = memory;
    }
    if (fine) extras[count++] = (struct extra){of, (uint32_t)row};
    atomic_fetch_add(&job->distinct, 1);
  }
  free(extras);
  return fine;
}

static bool verify(match_job *job, lathe_progress *progress, lathe_error *error) {
  return run(job, check_chunk, 0, job->match->rows, progress, error) &&
         (atomic_load(&job->wrong) == 0 || separate(job, progress, error));
}

/* ---- the whole ---- */

bool lathe_row_match_make(lathe_row_match *match, lathe_row_keys *keys, bool last, lathe_progress *progress,
                          lathe_error *error) {
  *match = (lathe_row_match){.rows = keys->rows[0] + keys->rows[1], .build = keys->rows[0]};
  match_job job = {.keys = keys, .match = match, .last = last};
  atomic_init(&job.taken, 0);
  bool fine = true, done = false;
  uint64_t room = match->build <= FEW_MOST ? FEW : (uint64_t)match->rows * 2 + FEW;
  if (keys->exact && keys->limit && keys->limit <= room) {
    bool given = false;
    const uint32_t *plain = lathe_row_keys_plain(keys, &given);
    match->lent = plain && !given;
    fine = direct(&job, plain, progress, error);
    done = true;
  } else {
    match->at = lathe_memory_raw((size_t)match->rows, sizeof *match->at, error);
    fine = match->at != NULL;
  }
  if (fine && !done) fine = few(&job, &done, progress, error);
  if (fine && !done) fine = parted(&job, progress, error);
  if (fine && !keys->exact) fine = verify(&job, progress, error);
  if (fine)
    count_distinct(&job);
  else
    lathe_row_match_free(match);
  return fine;
}

void lathe_row_match_free(lathe_row_match *match) {
  if (!match->lent) lathe_memory_give(match->at);
  lathe_memory_give(match->first);
  *match = (lathe_row_match){0};
}
