/* join.c - which rows belong together: the keys of the right table are matched with those of the left one, partners are
 * counted, and the pairs written where the counts before them say. */
#include "join.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "../base/system.h"
#include "group_own.h"
#include "join_own.h"

enum { CHUNK = 65536 };

/* `build` is the table whose rows are looked up, `probe` the one whose order is kept. */
typedef struct join_job {
  lathe_join_kind kind; /* RIGHT has become LEFT */
  int64_t build, probe; /* rows */
  lathe_row_match match;
  const uint32_t *at;   /* (probe) a row of the build table, or with `starts` a group of them; NONE */
  group_list list;      /* of build rows, unless each key is there once */
  int64_t *places;      /* (chunks) */
  int64_t *unmatched;   /* (chunks) */
  int64_t *from, *to;   /* pairs: rows of probe and build */
  _Atomic uint8_t *met; /* (build rows or groups) */
} join_job;

static int64_t chunks_of(int64_t rows) {
  return (rows + CHUNK - 1) / CHUNK;
}

static int64_t partners(const join_job *job, uint32_t at) {
  if (at == LATHE_ROW_NONE) return 0;
  return job->list.starts ? job->list.starts[at + 1] - job->list.starts[at] : 1;
}

/* How many rows each chunk gives. */
static bool count_chunk(void *context, int64_t chunk, lathe_error *error) {
  join_job *job = context;
  int64_t begin = chunk * CHUNK, end = begin + CHUNK < job->probe ? begin + CHUNK : job->probe;
  int64_t count = 0, alone = 0;
  bool keep = job->kind == LATHE_JOIN_LEFT || job->kind == LATHE_JOIN_FULL;
  (void)error;
  for (int64_t row = begin; row < end; row++) {
    int64_t here = partners(job, job->at[row]);
    alone += here == 0;
    count += here;
    if (job->met && here) atomic_store_explicit(&job->met[job->at[row]], 1, memory_order_relaxed);
  }
  if (job->kind == LATHE_JOIN_SEMI) count = end - begin - alone;
  if (job->kind == LATHE_JOIN_ANTI) count = alone;
  job->places[chunk] = keep ? count + alone : count;
  job->unmatched[chunk] = alone;
  return true;
}

static bool fill_chunk(void *context, int64_t chunk, lathe_error *error) {
  join_job *job = context;
  int64_t begin = chunk * CHUNK, end = begin + CHUNK < job->probe ? begin + CHUNK : job->probe;
  int64_t place = job->places[chunk];
  bool keep = job->kind == LATHE_JOIN_LEFT || job->kind == LATHE_JOIN_FULL;
  (void)error;
  for (int64_t row = begin; row < end; row++) {
    uint32_t at = job->at[row];
    bool there = at != LATHE_ROW_NONE;
    if (job->kind == LATHE_JOIN_SEMI || job->kind == LATHE_JOIN_ANTI) {
      if (there == (job->kind == LATHE_JOIN_SEMI)) job->from[place++] = row;
    } else if (!there) {
      if (!keep) continue;
      if (job->from) job->from[place] = row;
      job->to[place++] = -1;
    } else if (!job->list.starts) {
      if (job->from) job->from[place] = row;
      job->to[place++] = at;
    } else {
      for (int64_t i = job->list.starts[at]; i < job->list.starts[at + 1]; i++) {
        job->from[place] = row;
        job->to[place++] = job->list.rows[i];
      }
    }
  }
  return true;
}

/* The first row whose key is there before it; the two rows that agree. */
static bool refuse_twice(const lathe_row_match *match, const char *side, lathe_progress *progress,
                         lathe_error *error) {
  lathe_row_match view = *match;
  if (!lathe_row_match_rows(&view, progress, error)) return false;
  for (int64_t row = 0; row < view.build; row++)
    if (view.at[row] != LATHE_ROW_NONE && view.at[row] != row)
      return lathe_error_set(
          error, LATHE_ERROR_DATA,
          "the %s table has the key of row %lld again in row %lld; drop duplicates there, or validate less",
          side, (long long)view.at[row] + 1, (long long)row + 1);
  return true;
}

static bool check_unique(const lathe_table *table, const int32_t *columns, int32_t count, const char *side,
                         lathe_progress *progress, lathe_error *error) {
  lathe_row_keys keys;
  lathe_row_match match = {0};
  bool fine = lathe_row_keys_open(&keys, table, columns, NULL, NULL, count, false, progress, error) &&
              lathe_row_match_make(&match, &keys, false, progress, error);
  if (fine && match.distinct + match.gone < match.build) {
    fine = lathe_row_match_rows(&match, progress, error);
    if (fine) fine = refuse_twice(&match, side, progress, error);
  }
  lathe_row_match_free(&match);
  lathe_row_keys_close(&keys);
  return fine;
}

static int64_t row_bytes(const lathe_table *table) {
  int64_t rows = lathe_table_rows(table);
  return rows ? lathe_table_bytes(table) / rows + 1 : lathe_table_columns(table) * 8;
}

/* Room for the pairs; a result that memory does not hold is said before it is begun. */
static bool new_pairs(join_job *job, int64_t total, int64_t bytes, lathe_error *error) {
  int64_t available = lathe_memory_available();
  if (available > 0 && (double)total * (double)(bytes + 16) > (double)available)
    return lathe_error_set(error, LATHE_ERROR_MEMORY,
                           "this join gives %lld rows, about %.1f GB, and %.1f GB of memory are free; keys "
                           "that occur often on both "
                           "sides multiply: drop duplicates first, or select fewer columns",
                           (long long)total, (double)total * (double)(bytes + 16) / 1e9,
                           (double)available / 1e9);
  bool pairs = job->kind != LATHE_JOIN_SEMI && job->kind != LATHE_JOIN_ANTI;
  /* every left row once: the left columns stay as they are */
  bool same = pairs && job->kind != LATHE_JOIN_FULL && !job->list.starts && total == job->probe;
  if (!same) job->from = lathe_memory_raw((size_t)total, sizeof *job->from, error);
  if (pairs) job->to = lathe_memory_raw((size_t)total, sizeof *job->to, error);
  return (same || job->from) && (!pairs || job->to);
}

static bool met(const join_job *job, int64_t row) {
  uint32_t at = job->list.starts ? job->match.at[row] : (uint32_t)row;
  return at != LATHE_ROW_NONE && job->met[at];
}

/* Build rows that no probe row met: counted; for a full join, put at the end. */
static int64_t add_rest(join_job *job, int64_t place) {
  int64_t count = 0;
  for (int64_t row = 0; row < job->build; row++) {
    if (met(job, row)) continue;
    if (job->kind == LATHE_JOIN_FULL && place >= 0) {
      job->from[place] = -1;
      job->to[place++] = row;
    }
    count++;
  }
  return count;
}

static bool find_pairs(join_job *job, int64_t bytes, int64_t *total, lathe_join_unmatched *unmatched,
                       lathe_progress *progress, lathe_error *error) {
  int64_t chunks = chunks_of(job->probe), rest = 0, alone = 0;
  job->places = lathe_memory_new((size_t)chunks, sizeof *job->places, error);
  job->unmatched = lathe_memory_new((size_t)chunks, sizeof *job->unmatched, error);
  bool ask = job->kind != LATHE_JOIN_SEMI && job->kind != LATHE_JOIN_ANTI;
  if (ask) job->met = lathe_memory_new((size_t)job->build, 1, error);
  if (!job->places || !job->unmatched || (ask && !job->met) ||
      !lathe_pool_run(chunks, count_chunk, job, progress, error))
    return false;
  *total = 0;
  for (int64_t i = 0; i < chunks; i++) {
    int64_t here = job->places[i];
    job->places[i] = *total;
    *total += here;
    alone += job->unmatched[i];
  }
  if (ask) rest = add_rest(job, -1);
  int64_t more = job->kind == LATHE_JOIN_FULL ? rest : 0;
  if (!new_pairs(job, *total + more, bytes, error) ||
      !lathe_pool_run(chunks, fill_chunk, job, progress, error))
    return false;
  if (more) add_rest(job, *total);
  *total += more;
  unmatched->left = alone;
  unmatched->right = rest;
  return true;
}

/* Whether the keys are there once; otherwise the build rows of each. */
static bool settle(join_job *job, lathe_progress *progress, lathe_error *error) {
  lathe_row_match *match = &job->match;
  bool fine;
  if (match->distinct + match->gone == match->build) {
    fine = lathe_row_match_rows(match, progress, error);
  } else {
    int64_t *first = lathe_row_match_number(match, progress, error);
    lathe_groups groups = {
        .rows = match->build, .count = match->distinct, .ids = match->at, .gaps = match->gone > 0};
    fine = first && lathe_groups_list(&groups, &job->list, progress, error);
    free(first);
  }
  job->at = match->at + match->build;
  return fine;
}

static void job_free(join_job *job) {
  lathe_row_match_free(&job->match);
  lathe_groups_list_free(&job->list);
  free(job->places);
  free(job->unmatched);
  free(job->from);
  free(job->to);
  free((void *)job->met);
}

static bool match_tables(join_job *job, const lathe_table *build, const int32_t *build_columns,
                         const lathe_table *probe, const int32_t *probe_columns, int32_t count,
                         bool missing_equal, lathe_progress *progress, lathe_error *error) {
  lathe_row_keys keys;
  bool fine = lathe_row_keys_open(&keys, build, build_columns, probe, probe_columns, count, missing_equal,
                                  progress, error) &&
              lathe_row_match_make(&job->match, &keys, false, progress, error);
  lathe_row_keys_close(&keys);
  return fine;
}

lathe_table *lathe_table_join(const lathe_table *left, const int32_t *left_columns, const lathe_table *right,
                              const int32_t *right_columns, int32_t count, const lathe_join_options *options,
                              lathe_join_unmatched *unmatched, lathe_progress *progress, lathe_error *error) {
  bool swap = options->kind == LATHE_JOIN_RIGHT, full = options->kind == LATHE_JOIN_FULL;
  const lathe_table *build = swap ? left : right, *probe = swap ? right : left;
  const int32_t *build_columns = swap ? left_columns : right_columns,
                *probe_columns = swap ? right_columns : left_columns;
  join_job job = {.kind = swap ? LATHE_JOIN_LEFT : options->kind,
                  .build = lathe_table_rows(build),
                  .probe = lathe_table_rows(probe)};
  lathe_join_unmatched alone = {0};
  lathe_table *result = NULL;
  int64_t total = 0;
  if (count < 1) {
    lathe_error_set(error, LATHE_ERROR_ARGUMENT, "a join needs at least one pair of columns");
    return NULL;
  }
  lathe_progress_begin(progress, "join", 0);
  bool fine =
      (!options->left_unique || check_unique(left, left_columns, count, "left", progress, error)) &&
      (!options->right_unique || check_unique(right, right_columns, count, "right", progress, error)) &&
      match_tables(&job, build, build_columns, probe, probe_columns, count, options->missing_equal, progress,
                   error) &&
      settle(&job, progress, error);
  bool half = options->kind == LATHE_JOIN_SEMI || options->kind == LATHE_JOIN_ANTI;
  int64_t bytes = row_bytes(left) + (half ? 0 : row_bytes(right));
  fine = fine && find_pairs(&job, bytes, &total, &alone, progress, error);
  if (fine) {
    join_pairs pairs = {swap ? job.to : job.from, swap ? job.from : job.to, total};
    lathe_row_match_free(&job.match);
    lathe_groups_list_free(&job.list);
    result = lathe_join_table(left, left_columns, half ? NULL : right, right_columns, count, &pairs,
                              full   ? JOIN_KEYS_BOTH
                              : swap ? JOIN_KEYS_RIGHT
                                     : JOIN_KEYS_LEFT,
                              options->suffix, progress, error);
  }
  if (unmatched) *unmatched = swap ? (lathe_join_unmatched){alone.right, alone.left} : alone;
  job_free(&job);
  lathe_progress_end(progress);
  return result;
}
