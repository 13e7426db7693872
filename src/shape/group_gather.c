/* group_gather.c - facts about groups, in parallel, in an order that does not depend on the number of threads.
 *
 *   few groups    the rows are cut in chunks, each chunk gathers for all groups, and the chunks are merged in order; several facts in one
 *                 pass, as long as those of all groups stay in the cache
 *   many groups   the values are dealt out to parts of the groups, so that what a part gathers stays in the cache */
#include <stdlib.h>
#include <string.h>

#include "group_own.h"

enum {
  BLOCK = 1024,
  CHUNK = 65536,
  CHUNKS_MOST = 64,
  GROUPS_FEW = 1 << 18,
  PART_BITS = 9,
  SHIFT_LEAST = 10,
  TOGETHER = 1 << 18
};

bool lathe_groups_make(lathe_groups *groups, const lathe_table *table, const int32_t *columns, int32_t count,
                       bool drop_missing, bool numbered, lathe_progress *progress, lathe_error *error) {
  *groups = (lathe_groups){.rows = lathe_table_rows(table)};
  lathe_row_keys keys = {0};
  lathe_row_match match = {0};
  const int32_t none = 0;
  bool fine = lathe_row_keys_open(&keys, table, count ? columns : &none, NULL, NULL, count, !drop_missing,
                                  progress, error) &&
              lathe_row_match_make(&match, &keys, false, progress, error);
  lathe_row_keys_close(&keys);
  if (!fine) return false;
  groups->count = groups->shown = match.distinct;
  groups->gaps = match.gone > 0;
  if (!numbered && match.first && match.slots <= 2 * match.distinct + BLOCK) {
    groups->count = match.slots;
    groups->first = lathe_row_match_slots(&match, &groups->order, progress, error);
  } else {
    groups->first = lathe_row_match_number(&match, progress, error);
  }
  groups->ids = match.at;
  groups->lent = match.lent;
  match.at = NULL;
  lathe_row_match_free(&match);
  if (groups->first) return true;
  lathe_groups_free(groups);
  return false;
}

void lathe_groups_free(lathe_groups *groups) {
  if (!groups->lent) lathe_memory_give(groups->ids);
  free(groups->first);
  free(groups->order);
  *groups = (lathe_groups){0};
}

int32_t lathe_groups_bits(const lathe_groups *groups) {
  int32_t bits = 0;
  while ((groups->count - 1) >> bits > 0) bits++;
  return bits;
}

/* ---- loading ---- */

typedef struct loader {
  const lathe_groups *groups;
  const lathe_column *column;
  group_load load;
} loader;

typedef struct block {
  const uint32_t *ids;
  const void *values;
  int32_t count;
  uint32_t own_ids[BLOCK];
  int64_t own_values[BLOCK];
} block;

static void widen(const lathe_column *column, int64_t begin, int32_t count, int64_t *out) {
  if (column->type == LATHE_TYPE_BOOL) {
    for (int32_t i = 0; i < count; i++) out[i] = lathe_bit(column->values, begin + i);
  } else if (column->type == LATHE_TYPE_CATEGORY || column->type == LATHE_TYPE_DATE) {
    const int32_t *values = (const int32_t *)column->values + begin;
    for (int32_t i = 0; i < count; i++) out[i] = values[i];
  } else {
    memcpy(out, (const int64_t *)column->values + begin, (size_t)count * sizeof *out);
  }
}

static const void *load_values(const loader *from, int64_t begin, int32_t count, int64_t *own) {
  const lathe_column *column = from->column;
  if (from->load == LOAD_NONE) return NULL;
  if (from->load == LOAD_ROW) {
    for (int32_t i = 0; i < count; i++) own[i] = begin + i;
    return own;
  }
  if (lathe_column_value_bytes(column->type, 1) == 8 && column->type != LATHE_TYPE_BOOL &&
      (from->load == LOAD_RAW || column->type == LATHE_TYPE_FLOAT64))
    return (const int64_t *)column->values + begin;
  widen(column, begin, count, own);
  if (from->load == LOAD_DOUBLE && column->type != LATHE_TYPE_FLOAT64)
    for (int32_t i = 0; i < count; i++) {
      double value = (double)own[i];
      memcpy(&own[i], &value, sizeof value);
    }
  return own;
}

/* The values that are there of `count` rows from `begin` on, with their groups. */
static void load_block(const loader *from, int64_t begin, int32_t count, block *to) {
  const uint8_t *validity = from->column ? from->column->validity : NULL;
  to->ids = from->groups->ids + begin;
  to->values = load_values(from, begin, count, to->own_values);
  to->count = count;
  if (!validity && !from->groups->gaps) return;
  const int64_t *values = to->values;
  int32_t kept = 0;
  for (int32_t i = 0; i < count; i++) {
    bool there = to->ids[i] != LATHE_ROW_NONE && (!validity || lathe_bit(validity, begin + i));
    to->own_ids[kept] = to->ids[i];
    if (values) to->own_values[kept] = values[i];
    kept += there;
  }
  to->ids = to->own_ids;
  if (values) to->values = to->own_values;
  to->count = kept;
}

/* ---- few groups ---- */

typedef struct gather_job {
  const lathe_groups *groups;
  group_want *wants;
  int32_t count;
  int64_t chunk_rows, chunks; /* the facts of each want are (chunks, groups) */
  const group_deal *deal;
} gather_job;

static char *facts_at(const gather_job *job, const group_want *want, int64_t chunk, int64_t group) {
  return (char *)want->facts + (size_t)(chunk * job->groups->count + group) * want->fact->size;
}

static bool gather_chunk(void *context, int64_t chunk, lathe_error *error) {
  gather_job *job = context;
  const lathe_groups *groups = job->groups;
  int64_t begin = chunk * job->chunk_rows, end = begin + job->chunk_rows;
  (void)error;
  if (end > groups->rows) end = groups->rows;
  for (int32_t i = 0; i < job->count; i++)
    job->wants[i].fact->start(facts_at(job, &job->wants[i], chunk, 0), groups->count);
  for (int64_t at = begin; at < end; at += BLOCK)
    for (int32_t i = 0; i < job->count; i++) {
      const group_want *want = &job->wants[i];
      loader from = {groups, want->column, want->fact->load};
      block here;
      load_block(&from, at, (int32_t)(end - at < BLOCK ? end - at : BLOCK), &here);
      want->fact->add(facts_at(job, want, chunk, 0), here.ids, here.values, here.count, want->context);
    }
  return true;
}

static bool merge_groups(void *context, int64_t range, lathe_error *error) {
  gather_job *job = context;
  int64_t begin = range * BLOCK, groups = job->groups->count,
          count = groups - begin < BLOCK ? groups - begin : BLOCK;
  (void)error;
  for (int32_t i = 0; i < job->count; i++) {
    const group_want *want = &job->wants[i];
    for (int64_t chunk = 1; chunk < job->chunks; chunk++)
      want->fact->merge(facts_at(job, want, 0, begin), facts_at(job, want, chunk, begin), count,
                        want->context);
  }
  return true;
}

/* ---- many groups ---- */

static bool gather_part(void *context, int64_t part, lathe_error *error) {
  gather_job *job = context;
  const group_want *want = job->wants;
  const group_deal *deal = job->deal;
  int64_t begin = part << deal->shift, end = (part + 1) << deal->shift, at = deal->starts[part];
  (void)error;
  if (end > job->groups->count) end = job->groups->count;
  want->fact->start(facts_at(job, want, 0, begin), end - begin);
  want->fact->add(want->facts, deal->ids + at, deal->values ? deal->values + at : NULL,
                  deal->starts[part + 1] - at, want->context);
  return true;
}

static bool gather_many(gather_job *job, lathe_progress *progress, lathe_error *error) {
  const lathe_groups *groups = job->groups;
  const group_want *want = job->wants;
  group_deal own = {0},
             *deal = groups->kept && !(want->column && want->column->validity) ? groups->kept : &own;
  int32_t shift = lathe_groups_bits(groups) - PART_BITS;
  job->deal = deal;
  bool fine = lathe_groups_deal(groups, want->column, want->fact->load,
                                shift < SHIFT_LEAST ? SHIFT_LEAST : shift, deal, progress, error) &&
              lathe_pool_run(deal->parts, gather_part, job, progress, error);
  lathe_groups_deal_free(&own);
  return fine;
}

/* All wants in one pass where the groups are few, else one want. */
static bool gather_once(const lathe_groups *groups, group_want *wants, int32_t count,
                        lathe_progress *progress, lathe_error *error) {
  gather_job job = {.groups = groups, .wants = wants, .count = count};
  int64_t chunks = (groups->rows + CHUNK - 1) / CHUNK,
          worth = groups->count ? groups->rows / (4 * groups->count) : 1;
  if (chunks > CHUNKS_MOST) chunks = CHUNKS_MOST;
  bool few = chunks <= 1 || (groups->count <= GROUPS_FEW && worth >= 4), fine = true;
  if (chunks > worth) chunks = worth; /* merging must not cost more than gathering */
  if (chunks < 1) chunks = 1;
  job.chunks = few ? chunks : 1;
  job.chunk_rows = ((groups->rows + chunks - 1) / chunks + BLOCK - 1) / BLOCK * BLOCK;
  for (int32_t i = 0; i < count && fine; i++) {
    wants[i].facts = lathe_memory_raw((size_t)(job.chunks * groups->count), wants[i].fact->size, error);
    fine = wants[i].facts != NULL;
  }
  if (fine && few)
    fine = lathe_pool_run(job.chunks, gather_chunk, &job, progress, error) &&
           (job.chunks == 1 ||
            lathe_pool_run((groups->count + BLOCK - 1) / BLOCK, merge_groups, &job, progress, error));
  else if (fine)
    fine = gather_many(&job, progress, error);
  for (int32_t i = 0; i < count && !fine; i++) {
    free(wants[i].facts);
    wants[i].facts = NULL;
  }
  return fine;
}

bool lathe_groups_gather_all(const lathe_groups *groups, group_want *wants, int32_t count,
                             lathe_progress *progress, lathe_error *error) {
  size_t bytes = 0;
  for (int32_t i = 0; i < count; i++) bytes += (size_t)groups->count * wants[i].fact->size;
  int32_t step = bytes <= TOGETHER ? count : 1, done = 0;
  while (done < count && gather_once(groups, wants + done, step, progress, error)) done += step;
  for (int32_t i = 0; i < done && done < count; i++) {
    free(wants[i].facts);
    wants[i].facts = NULL;
  }
  return done >= count;
}

void *lathe_groups_gather(const lathe_groups *groups, const lathe_column *column, const group_fact *fact,
                          const void *context, lathe_progress *progress, lathe_error *error) {
  group_want want = {column, fact, context, NULL};
  return lathe_groups_gather_all(groups, &want, 1, progress, error) ? want.facts : NULL;
}

/* ---- dealing ---- */

typedef struct deal_job {
  loader from;
  group_deal *deal;
  bool ids; /* not dealt yet */
} deal_job;

static void deal_bounds(const deal_job *job, int64_t chunk, int64_t *begin, int64_t *end) {
  *begin = chunk * job->deal->chunk_rows;
  *end = *begin + job->deal->chunk_rows;
  if (*end > job->from.groups->rows) *end = job->from.groups->rows;
}

static bool deal_count(void *context, int64_t chunk, lathe_error *error) {
  deal_job *job = context;
  const lathe_groups *groups = job->from.groups;
  const uint8_t *validity = job->from.column ? job->from.column->validity : NULL;
  int64_t *places = job->deal->places + chunk * job->deal->parts, begin, end;
  (void)error;
  deal_bounds(job, chunk, &begin, &end);
  for (int64_t row = begin; row < end; row++)
    if (groups->ids[row] != LATHE_ROW_NONE && (!validity || lathe_bit(validity, row)))
      places[groups->ids[row] >> job->deal->shift]++;
  return true;
}

static bool deal_chunk(void *context, int64_t chunk, lathe_error *error) {
  deal_job *job = context;
  group_deal *deal = job->deal;
  int64_t places[1 << PART_BITS], begin, end;
  (void)error;
  memcpy(places, deal->places + chunk * deal->parts, (size_t)deal->parts * sizeof *places);
  deal_bounds(job, chunk, &begin, &end);
  for (int64_t at = begin; at < end; at += BLOCK) {
    block here;
    load_block(&job->from, at, (int32_t)(end - at < BLOCK ? end - at : BLOCK), &here);
    const uint64_t *values = here.values;
    for (int32_t i = 0; i < here.count; i++) {
      int64_t to = places[here.ids[i] >> deal->shift]++;
      if (job->ids) deal->ids[to] = here.ids[i];
      if (values) deal->values[to] = values[i];
    }
  }
  return true;
}

/* How many values go where. */
static bool deal_plan(deal_job *job, int32_t shift, lathe_progress *progress, lathe_error *error) {
  const lathe_groups *groups = job->from.groups;
  group_deal *deal = job->deal;
  deal->shift = shift;
  deal->parts = groups->count ? ((groups->count - 1) >> shift) + 1 : 0;
  deal->chunks = (groups->rows + CHUNK - 1) / CHUNK;
  if (deal->chunks > CHUNKS_MOST) deal->chunks = CHUNKS_MOST;
  deal->chunk_rows =
      deal->chunks ? ((groups->rows + deal->chunks - 1) / deal->chunks + BLOCK - 1) / BLOCK * BLOCK : BLOCK;
  deal->places = lathe_memory_new((size_t)(deal->chunks * deal->parts), sizeof *deal->places, error);
  deal->starts = lathe_memory_new((size_t)deal->parts + 1, sizeof *deal->starts, error);
  if (!deal->places || !deal->starts || !lathe_pool_run(deal->chunks, deal_count, job, progress, error))
    return false;
  int64_t at = 0;
  for (int64_t part = 0; part < deal->parts; part++) {
    deal->starts[part] = at;
    for (int64_t chunk = 0; chunk < deal->chunks; chunk++) {
      int64_t *place = &deal->places[chunk * deal->parts + part], count = *place;
      *place = at;
      at += count;
    }
  }
  deal->starts[deal->parts] = at;
  deal->ids = lathe_memory_raw((size_t)at, sizeof *deal->ids, error);
  return deal->ids != NULL;
}

bool lathe_groups_deal(const lathe_groups *groups, const lathe_column *column, group_load load, int32_t shift,
                       group_deal *deal, lathe_progress *progress, lathe_error *error) {
  deal_job job = {.from = {groups, column, load}, .deal = deal, .ids = !deal->starts};
  bool fine = !job.ids || deal_plan(&job, shift, progress, error);
  if (fine && load != LOAD_NONE && !deal->values) {
    deal->values = lathe_memory_raw((size_t)deal->starts[deal->parts], sizeof *deal->values, error);
    fine = deal->values != NULL;
  }
  if (fine && (job.ids || load != LOAD_NONE))
    fine = lathe_pool_run(deal->chunks, deal_chunk, &job, progress, error);
  if (!fine) lathe_groups_deal_free(deal);
  return fine;
}

void lathe_groups_deal_free(group_deal *deal) {
  free(deal->starts);
  free(deal->places);
  lathe_memory_give(deal->ids);
  lathe_memory_give(deal->values);
  *deal = (group_deal){0};
}
