/* match_list.c - what became of a match: the row that each row equals, the rows that stand for others, and their numbers. */
#include <stdatomic.h>
#include <stdlib.h>

#include "../base/memory.h"
#include "../base/pool.h"
#include "key.h"

enum { CHUNK = 65536 };

static int64_t chunks_of(int64_t rows) {
  return (rows + CHUNK - 1) / CHUNK;
}

typedef struct rows_job {
  const lathe_row_match *match;
  uint32_t *to;
} rows_job;

static bool rows_chunk(void *context, int64_t chunk, lathe_error *error) {
  const rows_job *job = context;
  const lathe_row_match *match = job->match;
  int64_t end = (chunk + 1) * CHUNK < match->rows ? (chunk + 1) * CHUNK : match->rows;
  (void)error;
  for (int64_t row = chunk * CHUNK; row < end; row++)
    job->to[row] = match->at[row] == LATHE_ROW_NONE ? LATHE_ROW_NONE : match->first[match->at[row]];
  return true;
}

bool lathe_row_match_rows(lathe_row_match *match, lathe_progress *progress, lathe_error *error) {
  if (!match->first) return true;
  rows_job job = {match, match->at};
  if (match->lent) job.to = lathe_memory_raw((size_t)match->rows, sizeof *job.to, error);
  if (!job.to) return false;
  bool fine = lathe_pool_run(chunks_of(match->rows), rows_chunk, &job, progress, error);
  if (match->lent && !fine) lathe_memory_give(job.to);
  if (!fine) return false;
  match->at = job.to;
  match->lent = false;
  lathe_memory_give(match->first);
  match->first = NULL;
  match->slots = 0;
  return true;
}

/* A bit for each row, set where the row stands for those that equal it, and how many are set before each word. */
typedef struct marks {
  lathe_row_match *match;
  _Atomic uint64_t *words;
  uint32_t *before;
  int64_t count;
  int64_t *list;
} marks;

static bool mark_chunk(void *context, int64_t chunk, lathe_error *error) {
  marks *job = context;
  const lathe_row_match *match = job->match;
  (void)error;
  int64_t end = (chunk + 1) * CHUNK;
  if (match->first) {
    if (end > match->slots) end = match->slots;
    for (int64_t slot = chunk * CHUNK; slot < end; slot++) {
      uint32_t row = match->first[slot];
      if (row != LATHE_ROW_NONE)
        atomic_fetch_or_explicit(&job->words[row / 64], UINT64_C(1) << row % 64, memory_order_relaxed);
    }
    return true;
  }
  if (end > match->build) end = match->build;
  for (int64_t row = chunk * CHUNK; row < end; row += 64) {
    uint64_t word = 0;
    for (int64_t i = row; i < end && i < row + 64; i++) word |= (uint64_t)(match->at[i] == i) << i % 64;
    atomic_store_explicit(&job->words[row / 64], word, memory_order_relaxed);
  }
  return true;
}

static bool list_chunk(void *context, int64_t chunk, lathe_error *error) {
  marks *job = context;
  (void)error;
  int64_t end = (chunk + 1) * (CHUNK / 64);
  for (int64_t i = chunk * (CHUNK / 64); i < end && i < job->count; i++) {
    int64_t *to = job->list + job->before[i];
    for (uint64_t word = atomic_load_explicit(&job->words[i], memory_order_relaxed); word; word &= word - 1)
      *to++ = i * 64 + __builtin_ctzll(word);
  }
  return true;
}

static void marks_free(marks *job) {
  free((void *)job->words);
  free(job->before);
}

static bool marks_make(marks *job, lathe_row_match *match, lathe_progress *progress, lathe_error *error) {
  *job = (marks){.match = match, .count = (match->build + 63) / 64};
  job->words = lathe_memory_new((size_t)job->count, sizeof *job->words, error);
  job->before = lathe_memory_raw((size_t)job->count, sizeof *job->before, error);
  job->list = lathe_memory_raw((size_t)match->distinct, sizeof *job->list, error);
  bool fine =
      job->words && job->before && job->list &&
      lathe_pool_run(chunks_of(match->first ? match->slots : match->build), mark_chunk, job, progress, error);
  uint32_t before = 0;
  for (int64_t i = 0; i < job->count && fine; i++) {
    job->before[i] = before;
    before += (uint32_t)__builtin_popcountll(atomic_load_explicit(&job->words[i], memory_order_relaxed));
  }
  fine =
      fine && lathe_pool_run((job->count + CHUNK / 64 - 1) / (CHUNK / 64), list_chunk, job, progress, error);
  if (fine) return true;
  marks_free(job);
  free(job->list);
  return false;
}

int64_t *lathe_row_match_list(const lathe_row_match *match, lathe_progress *progress, lathe_error *error) {
  marks job;
  lathe_row_match view = *match;
  if (!marks_make(&job, &view, progress, error)) return NULL;
  marks_free(&job);
  return job.list;
}

static uint32_t place_of(const marks *job, uint32_t row) {
  uint64_t word = atomic_load_explicit(&job->words[row / 64], memory_order_relaxed);
  return job->before[row / 64] + (uint32_t)__builtin_popcountll(word & ((UINT64_C(1) << row % 64) - 1));
}

static bool number_slots(void *context, int64_t chunk, lathe_error *error) {
  marks *job = context;
  lathe_row_match *match = job->match;
  (void)error;
  int64_t end = (chunk + 1) * CHUNK < match->slots ? (chunk + 1) * CHUNK : match->slots;
  for (int64_t slot = chunk * CHUNK; slot < end; slot++)
    if (match->first[slot] != LATHE_ROW_NONE) match->first[slot] = place_of(job, match->first[slot]);
  return true;
}

static bool number_rows(void *context, int64_t chunk, lathe_error *error) {
  marks *job = context;
  lathe_row_match *match = job->match;
  (void)error;
  int64_t end = (chunk + 1) * CHUNK < match->rows ? (chunk + 1) * CHUNK : match->rows;
  for (int64_t row = chunk * CHUNK; row < end; row++)
    if (match->at[row] != LATHE_ROW_NONE) match->at[row] = place_of(job, match->at[row]);
  return true;
}

int64_t *lathe_row_match_slots(const lathe_row_match *match, int64_t **slots, lathe_progress *progress,
                               lathe_error *error) {
  marks job;
  lathe_row_match view = *match;
  *slots = NULL;
  if (!marks_make(&job, &view, progress, error)) return NULL;
  *slots = lathe_memory_raw((size_t)match->distinct, sizeof **slots, error);
  for (int64_t slot = 0; slot < match->slots && *slots; slot++)
    if (match->first[slot] != LATHE_ROW_NONE) (*slots)[place_of(&job, match->first[slot])] = slot;
  marks_free(&job);
  if (*slots) return job.list;
  free(job.list);
  return NULL;
}

int64_t *lathe_row_match_number(lathe_row_match *match, lathe_progress *progress, lathe_error *error) {
  marks job;
  if (!marks_make(&job, match, progress, error)) return NULL;
  bool fine = match->first ? lathe_pool_run(chunks_of(match->slots), number_slots, &job, progress, error) &&
                                 lathe_row_match_rows(match, progress, error)
                           : lathe_pool_run(chunks_of(match->rows), number_rows, &job, progress, error);
  marks_free(&job);
  if (fine) return job.list;
  free(job.list);
  return NULL;
}
