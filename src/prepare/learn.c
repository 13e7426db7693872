/* learn.c - what transforms learn from columns: facts, vocabularies. All in chunks of fixed size,
 * combined in order. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../base/hash.h"
#include "../base/memory.h"
#include "../base/pool.h"
#include "own.h"

typedef struct {
  const lathe_run *run;
  int64_t rows;
  int32_t width;
  bool whole;         /* the columns stand in the table as they are: no copy is made */
  const double *mean; /* NULL in the first pass */
  lathe_facts *facts; /* (chunks, width) */
} facts_work;

static void first_pass(lathe_facts *facts, const double *x, int64_t rows, int64_t begin) {
  *facts = (lathe_facts){.least = INFINITY, .most = -INFINITY, .infinite = -1, .gap = -1};
  double sum = 0;
  for (int64_t r = 0; r < rows; r++) {
    if (isnan(x[r])) {
      if (facts->gap < 0) facts->gap = begin + r;
      continue;
    }
    if (isinf(x[r]) && facts->infinite < 0) facts->infinite = begin + r;
    if (x[r] < facts->least) facts->least = x[r];
    if (x[r] > facts->most) facts->most = x[r];
    facts->present++;
    sum += x[r];
  }
  facts->mean = sum;
}

/* Squares around the mean, and in `mean` the sum of distances, which corrects for its rounding. */
static void second_pass(lathe_facts *facts, const double *x, int64_t rows, double mean) {
  double sum = 0, squares = 0;
  for (int64_t r = 0; r < rows; r++) {
    if (isnan(x[r])) continue;
    double distance = x[r] - mean;
    sum += distance;
    squares += distance * distance;
  }
  facts->mean = sum;
  facts->squares = squares;
}

static bool facts_chunk(void *context, int64_t chunk, lathe_error *error) {
  const facts_work *work = context;
  int64_t begin = chunk * LATHE_RUN_CHUNK;
  int64_t rows = work->rows - begin < LATHE_RUN_CHUNK ? work->rows - begin : LATHE_RUN_CHUNK;
  double *block =
      work->whole ? NULL : lathe_memory_raw((size_t)rows * (size_t)work->width, sizeof *block, error);
  bool fine = work->whole || (block && lathe_run_block(work->run, begin, rows, block, 1, rows, error));
  for (int32_t c = 0; fine && c < work->width; c++) {
    lathe_facts *facts = work->facts + chunk * work->width + c;
    const double *x = work->whole ? lathe_run_whole(work->run, c) + begin : block + c * rows;
    if (work->mean)
      second_pass(facts, x, rows, work->mean[c]);
    else
      first_pass(facts, x, rows, begin);
  }
  free(block);
  return fine;
}

bool lathe_facts_of(const lathe_graph *graph, int32_t value, const lathe_table *table, lathe_facts *facts,
                    lathe_progress *progress, lathe_error *error) {
  bool fine = false;
  int32_t width = lathe_graph_operator(graph, value)->width;
  int64_t rows = lathe_table_rows(table), chunks = (rows + LATHE_RUN_CHUNK - 1) / LATHE_RUN_CHUNK;
  lathe_run *run = lathe_run_new(graph, value, table, error);
  lathe_facts *parts = lathe_memory_new((size_t)chunks * (size_t)width, sizeof *parts, error);
  double *mean = lathe_memory_new((size_t)width, sizeof *mean, error);
  if (!run || !parts || !mean) goto out;
  facts_work work = {.run = run, .rows = rows, .width = width, .whole = true, .facts = parts};
  for (int32_t c = 0; c < width && work.whole; c++) work.whole = lathe_run_whole(run, c) != NULL;
  if (!lathe_pool_run(chunks, facts_chunk, &work, progress, error)) goto out;
  for (int32_t c = 0; c < width; c++) {
    lathe_facts all = {.least = INFINITY, .most = -INFINITY, .infinite = -1, .gap = -1};
    for (int64_t k = 0; k < chunks; k++) {
      const lathe_facts *part = parts + k * width + c;
      all.present += part->present;
      all.least = fmin(all.least, part->least);
      all.most = fmax(all.most, part->most);
      all.mean += part->mean;
      if (all.infinite < 0) all.infinite = part->infinite;
      if (all.gap < 0) all.gap = part->gap;
    }
    all.mean = all.present > 0 ? all.mean / (double)all.present : NAN;
    if (all.least == all.most) all.mean = all.least;
    facts[c] = all;
    mean[c] = all.mean;
  }
  work.mean = mean;
  if (!lathe_pool_run(chunks, facts_chunk, &work, progress, error)) goto out;
  for (int32_t c = 0; c < width; c++) {
    double sum = 0, squares = 0;
    for (int64_t k = 0; k < chunks; k++) {
      sum += parts[k * width + c].mean;
      squares += parts[k * width + c].squares;
    }
    facts[c].squares = facts[c].present > 0 ? squares - sum * sum / (double)facts[c].present : 0;
  }
  fine = true;
out:
  lathe_run_free(run);
  free(parts);
  free(mean);
  return fine;
}

bool lathe_facts_check(const lathe_facts *facts, int64_t rows, const char *name, lathe_error *error) {
  if (facts->infinite >= 0)
    return lathe_error_set(error, LATHE_ERROR_DATA,
                           "row %lld of \"%s\" is infinite; remove that row, or leave the column out",
                           (long long)facts->infinite + 1, name);
  if (facts->gap < 0) return true;
  int64_t missing = rows - facts->present;
  return lathe_error_set(error, LATHE_ERROR_DATA,
                         "\"%s\" is missing in %lld row%s, first in row %lld; add impute{} to the recipe, or "
                         "drop those rows",
                         name, (long long)missing, missing == 1 ? "" : "s", (long long)facts->gap + 1);
}

/* A hash set of texts while they are counted: slots hold the index of an entry, or -1. */
typedef struct {
  text_counts *counts;
  int64_t *slot;
  int64_t slots;
} counting;

static bool grow(counting *set, lathe_error *error) {
  int64_t slots = set->slots ? 2 * set->slots : 64;
  int64_t *slot = lathe_memory_raw((size_t)slots, sizeof *slot, error);
  if (!slot ||
      !lathe_memory_resize((void **)&set->counts->text, (size_t)slots / 2, sizeof(lathe_text), error) ||
      !lathe_memory_resize((void **)&set->counts->count, (size_t)slots / 2, sizeof(int64_t), error)) {
    free(slot);
    return false;
  }
  for (int64_t i = 0; i < slots; i++) slot[i] = -1;
  for (int64_t i = 0; i < set->counts->size; i++) {
    lathe_text text = set->counts->text[i];
    uint64_t at = lathe_hash_quick(text.data, text.size, 0) & (uint64_t)(slots - 1);
    while (slot[at] >= 0) at = (at + 1) & (uint64_t)(slots - 1);
    slot[at] = i;
  }
  free(set->slot);
  set->slot = slot;
  set->slots = slots;
  return true;
}

static bool count_text(counting *set, lathe_text text, int64_t times, lathe_error *error) {
  if (2 * (set->counts->size + 1) > set->slots && !grow(set, error)) return false;
  uint64_t at = lathe_hash_quick(text.data, text.size, 0) & (uint64_t)(set->slots - 1);
  for (; set->slot[at] >= 0; at = (at + 1) & (uint64_t)(set->slots - 1)) {
    lathe_text other = set->counts->text[set->slot[at]];
    if (other.size != text.size || memcmp(other.data, text.data, text.size) != 0) continue;
    set->counts->count[set->slot[at]] += times;
    return true;
  }
  set->slot[at] = set->counts->size;
  set->counts->text[set->counts->size] = text;
  set->counts->count[set->counts->size++] = times;
  return true;
}

static bool count_category(counting *set, const lathe_column *column, lathe_error *error) {
  const lathe_column *dictionary = lathe_column_dictionary(column);
  const int32_t *codes = lathe_column_values(column);
  int64_t entries = lathe_column_rows(dictionary), rows = lathe_column_rows(column);
  int64_t *times = lathe_memory_new((size_t)entries, sizeof *times, error);
  if (!times) return false;
  for (int64_t r = 0; r < rows; r++)
    if (lathe_column_present(column, r)) times[codes[r]]++;
  bool fine = true;
  for (int64_t i = 0; fine && i < entries; i++)
    if (times[i] > 0) fine = count_text(set, lathe_column_text(dictionary, i), times[i], error);
  free(times);
  return fine;
}

typedef struct {
  lathe_text text;
  int64_t count;
} entry;

static int compare_entries(const void *first, const void *second) {
  lathe_text a = ((const entry *)first)->text, b = ((const entry *)second)->text;
  int order = memcmp(a.data, b.data, a.size < b.size ? a.size : b.size);
  return order != 0 ? order : (a.size > b.size) - (a.size < b.size);
}

static bool sort_counts(text_counts *counts, lathe_error *error) {
  entry *all = lathe_memory_raw((size_t)counts->size, sizeof *all, error);
  if (!all) return false;
  for (int64_t i = 0; i < counts->size; i++) all[i] = (entry){counts->text[i], counts->count[i]};
  qsort(all, (size_t)counts->size, sizeof *all, compare_entries);
  for (int64_t i = 0; i < counts->size; i++) counts->text[i] = all[i].text, counts->count[i] = all[i].count;
  free(all);
  return true;
}

bool lathe_text_counts_of(const lathe_column *column, text_counts *counts, lathe_error *error) {
  *counts = (text_counts){.missing = lathe_column_missing(column)};
  counting set = {.counts = counts};
  bool fine = true;
  if (lathe_column_type(column) == LATHE_TYPE_CATEGORY)
    fine = count_category(&set, column, error);
  else
    for (int64_t r = 0; fine && r < lathe_column_rows(column); r++)
      if (lathe_column_present(column, r)) fine = count_text(&set, lathe_column_text(column, r), 1, error);
  free(set.slot);
  if (fine && counts->size > 0) fine = sort_counts(counts, error);
  if (!fine) lathe_text_counts_free(counts);
  return fine;
}

void lathe_text_counts_free(text_counts *counts) {
  free(counts->text);
  free(counts->count);
  *counts = (text_counts){0};
}
