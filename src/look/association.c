/* association.c - which measure fits which pair of columns, and those with categories: Cramer's V from counts of
 * combinations, eta from sums by category. */
#include "association.h"

#include <math.h>
#include <stdlib.h>

#include "association_own.h"

#define COMBINATIONS_MAX (INT64_C(1) << 24)

typedef struct mixed {
  look_pairs pairs;
  const lathe_column **columns; /* (count) */
  lathe_association kind;
  look_scaled *scaled; /* (count) */
  int32_t (*list)[2];  /* pairs for run_pair */
  int64_t listed;
} mixed;

static bool is_category(const mixed *work, int32_t index) {
  lathe_type type = work->columns[index]->type;
  return type == LATHE_TYPE_CATEGORY || (type == LATHE_TYPE_BOOL && work->kind == LATHE_ASSOCIATION_MIXED);
}

/* The mean and scale of a column over the blocks that are looked at; ranks of it, for Spearman. */
static bool scale_column(void *context, int64_t index, lathe_error *error) {
  mixed *work = context;
  const lathe_column *column = work->columns[index];
  look_scaled *out = &work->scaled[index];
  *out = (look_scaled){.column = column, .shrink = 1, .stretch = 1};
  if (is_category(work, (int32_t)index)) return true;
  look_scan scan;
  look_scan_open(column, &scan);
  scan.whole = false;
  int64_t rows = 0;
  for (int64_t block = 0; block < work->pairs.blocks; block++) {
    int64_t begin, end;
    look_block_rows(&work->pairs, block, &begin, &end);
    look_scan_rows(column, begin, end, &scan);
    rows += end - begin;
  }
  lathe_summary summary = {0};
  look_moments *moments = &scan.moments;
  out->gaps = moments->count < rows;
  out->shrink = ldexp(1, -moments->exponent);
  moments->exponent = 0;
  look_moments_write(moments, &summary);
  out->mean = summary.mean;
  out->constant = !(scan.max > scan.min);
  out->stretch = summary.sd > 0 ? 1 / summary.sd : 1;
  if (work->kind != LATHE_ASSOCIATION_SPEARMAN || out->gaps || moments->count == 0) return true;
  out->ranks = look_ranks(column, error);
  out->mean = (double)(rows + 1) / 2, out->stretch = 1 / (double)(rows + 1);
  return out->ranks != NULL;
}

static int32_t code_at(const lathe_column *column, int64_t row) {
  if (!lathe_column_present(column, row)) return -1;
  return column->type == LATHE_TYPE_BOOL ? lathe_bit(column->values, row)
                                         : ((const int32_t *)column->values)[row];
}

static int64_t codes_of(const lathe_column *column) {
  return column->type == LATHE_TYPE_BOOL ? 2 : column->dictionary->rows;
}

/* Cramer's V of a table of counts (rows a, columns b); Bergsma 2013, "A bias-correction for Cramer's V". */
static double cramer(const uint32_t *counts, int64_t rows, int64_t columns, double *by_row, double *by_column,
                     int64_t *complete) {
  double n = 0, share = 0;
  int64_t r = 0, c = 0;
  for (int64_t i = 0; i < rows; i++)
    for (int64_t j = 0; j < columns; j++) {
      by_row[i] += counts[i * columns + j], by_column[j] += counts[i * columns + j];
      n += counts[i * columns + j];
    }
  for (int64_t i = 0; i < rows; i++)
    for (int64_t j = 0; j < columns; j++) {
      double count = counts[i * columns + j];
      if (count > 0) share += count * count / (by_row[i] * by_column[j]);
    }
  for (int64_t i = 0; i < rows; i++) r += by_row[i] > 0;
  for (int64_t j = 0; j < columns; j++) c += by_column[j] > 0;
  *complete = (int64_t)n;
  if (r < 2 || c < 2 || n < 2) return NAN;
  double phi = (share - 1) - (double)((r - 1) * (c - 1)) / (n - 1);
  double fewer_r = (double)r - (double)((r - 1) * (r - 1)) / (n - 1);
  double fewer_c = (double)c - (double)((c - 1) * (c - 1)) / (n - 1);
  double least = (fewer_r < fewer_c ? fewer_r : fewer_c) - 1;
  if (!(phi > 0) || !(least > 0)) return 0;
  double v = sqrt(phi / least);
  return v > 1 ? 1 : v;
}

static bool pair_categories(const mixed *work, int32_t first, int32_t second, lathe_error *error) {
  const lathe_column *a = work->columns[first], *b = work->columns[second];
  int64_t rows = codes_of(a), columns = codes_of(b), complete = 0;
  if (rows == 0 || columns == 0 || rows > COMBINATIONS_MAX / columns) return true;
  uint32_t *counts = lathe_memory_new((size_t)(rows * columns), sizeof *counts, error);
  double *sums = lathe_memory_new((size_t)(rows + columns), sizeof *sums, error);
  if (counts && sums) {
    for (int64_t block = 0; block < work->pairs.blocks; block++) {
      int64_t begin, end;
      look_block_rows(&work->pairs, block, &begin, &end);
      for (int64_t row = begin; row < end; row++) {
        int32_t i = code_at(a, row), j = code_at(b, row);
        if (i >= 0 && j >= 0) counts[i * columns + j]++;
      }
    }
    double v = cramer(counts, rows, columns, sums, sums + rows, &complete);
    look_set_pair(&work->pairs, first, second, v, complete);
  }
  bool fine = counts && sums;
  free(counts);
  free(sums);
  return fine;
}

typedef struct group {
  double sum;
  int64_t count;
} group;

static double eta(const group *groups, int64_t count, double squares, int64_t *complete) {
  double sum = 0, between = 0;
  int64_t n = 0, used = 0;
  for (int64_t i = 0; i < count; i++) sum += groups[i].sum, n += groups[i].count, used += groups[i].count > 0;
  *complete = n;
  double mean = n ? sum / (double)n : 0, all = squares - sum * mean;
  for (int64_t i = 0; i < count; i++) {
    if (!groups[i].count) continue;
    double away = groups[i].sum / (double)groups[i].count - mean;
    between += (double)groups[i].count * away * away;
  }
  if (used < 2 || !(all > 1e-28 * squares)) return NAN;
  return between >= all ? 1 : sqrt(between / all);
}

static bool pair_mixed(const mixed *work, int32_t category, int32_t number, lathe_error *error) {
  const lathe_column *a = work->columns[category], *b = work->columns[number];
  const look_scaled *scaled = &work->scaled[number];
  int64_t count = codes_of(a), complete = 0;
  group *groups = lathe_memory_new((size_t)count, sizeof *groups, error);
  if (!groups) return false;
  double squares = 0;
  for (int64_t block = 0; block < work->pairs.blocks; block++) {
    int64_t begin, end;
    double values[LOOK_BLOCK], sum = 0;
    look_block_rows(&work->pairs, block, &begin, &end);
    if (!scaled->gaps) look_numbers(b, begin, end, values);
    for (int64_t row = begin; row < end; row++) {
      int32_t code = code_at(a, row);
      double value = scaled->gaps ? lathe_column_number(b, row) : values[row - begin];
      if (code < 0 || !isfinite(value)) continue;
      value = (value * scaled->shrink - scaled->mean) * scaled->stretch;
      groups[code].sum += value, groups[code].count++;
      sum += value * value;
    }
    squares += sum;
  }
  double value = scaled->constant ? NAN : eta(groups, count, squares, &complete);
  look_set_pair(&work->pairs, category, number, value, complete);
  free(groups);
  return true;
}

static bool run_pair(void *context, int64_t index, lathe_error *error) {
  mixed *work = context;
  int32_t a = work->list[index][0], b = work->list[index][1];
  lathe_progress_add(work->pairs.progress, work->pairs.blocks * LOOK_BLOCK);
  if (work->kind == LATHE_ASSOCIATION_SPEARMAN) {
    double value;
    int64_t complete;
    if (!look_spearman_gaps(work->columns[a], work->columns[b], &value, &complete, error)) return false;
    look_set_pair(&work->pairs, a, b, value, complete);
    return true;
  }
  if (is_category(work, a) && is_category(work, b)) return pair_categories(work, a, b, error);
  return is_category(work, a) ? pair_mixed(work, a, b, error) : pair_mixed(work, b, a, error);
}

/* Pairs of numbers go to the matrix product; others, and ranks with gaps, are listed. */
static bool run_all(mixed *work, lathe_error *error) {
  const look_pairs *pairs = &work->pairs;
  int32_t count = pairs->count, number_count = 0;
  bool ranks = work->kind == LATHE_ASSOCIATION_SPEARMAN;
  look_scaled *numbers = lathe_memory_raw((size_t)count, sizeof *numbers, error);
  int32_t *places = lathe_memory_raw((size_t)count, sizeof *places, error);
  bool fine = numbers && places && lathe_pool_run(count, scale_column, work, pairs->progress, error);
  bool lead = fine && pairs->against >= 0 && !is_category(work, pairs->against) &&
              !(ranks && work->scaled[pairs->against].gaps);
  for (int32_t step = lead ? -1 : 0; step < count && fine && (lead || pairs->against < 0); step++) {
    int32_t i = step < 0 ? pairs->against : step;
    if ((step >= 0 && i == pairs->against) || is_category(work, i) || (ranks && work->scaled[i].gaps))
      continue;
    numbers[number_count] = work->scaled[i], places[number_count++] = i;
  }
  for (int32_t a = 0; a < count && fine; a++)
    for (int32_t b = a; b < count; b++) {
      bool gap = ranks && (work->scaled[a].gaps || work->scaled[b].gaps);
      if (!look_wanted(pairs, a, b) || !(gap || is_category(work, a) || is_category(work, b))) continue;
      work->list[work->listed][0] = a, work->list[work->listed++][1] = b;
    }
  fine = fine && look_correlate(pairs, numbers, places, number_count, error) &&
         lathe_pool_run(work->listed, run_pair, work, pairs->progress, error);
  free(numbers);
  free(places);
  return fine;
}

static bool choose(mixed *work, const lathe_table *table, const int32_t *columns, lathe_error *error) {
  for (int32_t i = 0; i < work->pairs.count; i++) {
    if (columns[i] < 0 || columns[i] >= lathe_table_columns(table))
      return lathe_error_set(error, LATHE_ERROR_ARGUMENT, "there is no column number %d", columns[i] + 1);
    const lathe_column *column = work->columns[i] = lathe_table_column(table, columns[i]);
    if (column->type == LATHE_TYPE_STRING ||
        (column->type == LATHE_TYPE_CATEGORY && work->kind != LATHE_ASSOCIATION_MIXED))
      return lathe_error_set(error, LATHE_ERROR_ARGUMENT,
                             "column \"%s\" is text (%s), which has no %s; leave it out, or cast it",
                             lathe_table_name(table, columns[i]), lathe_type_name(column->type),
                             work->kind == LATHE_ASSOCIATION_MIXED ? "association" : "correlation");
  }
  return true;
}

bool lathe_table_associate(const lathe_table *table, const int32_t *columns, int32_t count,
                           lathe_association kind, int32_t against, int64_t every, double *out,
                           int64_t *complete, lathe_progress *progress, lathe_error *error) {
  mixed work = {.kind = kind};
  look_pairs *pairs = &work.pairs;
  int64_t rows = lathe_table_rows(table), blocks = (rows + LOOK_BLOCK - 1) / LOOK_BLOCK;
  every = every < 1 || kind == LATHE_ASSOCIATION_SPEARMAN ? 1 : every;
  *pairs = (look_pairs){count, rows, every, (blocks + every - 1) / every, against, out, complete, progress};
  for (int64_t i = 0; i < (int64_t)count * count; i++) out[i] = NAN;
  if (complete) memset(complete, 0, (size_t)count * (size_t)count * sizeof *complete);
  if (count == 0) return true;
  work.columns = lathe_memory_raw((size_t)count, sizeof *work.columns, error);
  work.scaled = lathe_memory_new((size_t)count, sizeof *work.scaled, error);
  work.list = lathe_memory_raw((size_t)count * (size_t)(count + 1) / 2, sizeof *work.list, error);
  bool fine = work.columns && work.scaled && work.list && choose(&work, table, columns, error);
  lathe_progress_begin(progress, "associate columns", rows * count);
  fine = fine && run_all(&work, error);
  lathe_progress_end(progress);
  for (int32_t i = 0; i < count && work.scaled; i++) free((void *)(uintptr_t)work.scaled[i].ranks);
  free(work.columns);
  free(work.scaled);
  free(work.list);
  return fine;
}
