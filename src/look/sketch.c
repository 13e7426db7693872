/* sketch.c - figures of a column that comes in pieces.
 *
 * Values and their counts are kept until there are too many; then the smallest half goes and its largest count is
 * taken from all (Misra and Gries 1982), and the number of different values comes from HyperLogLog registers.
 *
 * Quantiles: a sorted piece of weight W is stood for by its values at the ranks (i + 1/2) W / wide, which moves no
 * rank by more than W / (2 wide). Two such summaries of one level are merged and stood for again, one level up, so
 * a rank is off by (levels + 1) / (2 wide) of all at most. */
#include "sketch.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

bool look_sketch_open(look_sketch *sketch, int64_t room, lathe_error *error) {
  *sketch = (look_sketch){.value_limit = room / 192};
  if (sketch->value_limit < 1024) sketch->value_limit = 1024;
  if (sketch->value_limit > 65536) sketch->value_limit = 65536;
  sketch->wide = 8192;
  while (sketch->wide > 512 && sketch->wide * 8 * 12 > room / 2) sketch->wide /= 2;
  for (sketch->capacity = 2048; sketch->capacity < 2 * sketch->value_limit;) sketch->capacity *= 2;
  sketch->values = lathe_memory_new((size_t)sketch->capacity, sizeof *sketch->values, error);
  sketch->registers = lathe_memory_new(SKETCH_REGISTERS, 1, error);
  sketch->summary.shortest = INT64_MAX;
  sketch->scan = (look_scan){.min = INFINITY, .max = -INFINITY};
  return sketch->values && sketch->registers;
}

void look_sketch_free(look_sketch *sketch) {
  free(sketch->values);
  free(sketch->registers);
  lathe_buffer_free(&sketch->texts);
  for (int i = 0; i < SKETCH_LEVELS; i++) free(sketch->levels[i].values);
  *sketch = (look_sketch){0};
}

/* ---- values and their counts ---- */

static uint64_t hash_of(sketch_kind kind, uint64_t key) {
  return kind == SKETCH_TEXT ? key : look_mix(key + (kind == SKETCH_INTEGER));
}

static sketch_value *find(const look_sketch *sketch, sketch_kind kind, uint64_t key) {
  uint64_t mask = (uint64_t)sketch->capacity - 1, at = hash_of(kind, key) >> 7 & mask;
  while (sketch->values[at].kind != SKETCH_FREE &&
         (sketch->values[at].key != key || sketch->values[at].kind != kind))
    at = (at + 1) & mask;
  return &sketch->values[at];
}

static int by_count_down(const void *left, const void *right) {
  int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
  return (a < b) - (a > b);
}

static bool prune(look_sketch *sketch, lathe_error *error) {
  int64_t *counts = lathe_memory_raw((size_t)sketch->value_count, sizeof *counts, error), used = 0;
  sketch_value *kept = lathe_memory_new((size_t)sketch->capacity, sizeof *kept, error),
               *before = sketch->values;
  if (!counts || !kept) {
    free(counts);
    free(kept);
    return false;
  }
  for (int64_t i = 0; i < sketch->capacity; i++)
    if (before[i].kind != SKETCH_FREE) counts[used++] = before[i].count;
  int64_t ones = 0;
  for (int64_t i = 0; i < used; i++) ones += counts[i] == 1;
  int64_t off = 1; /* often half of them came once */
  if (ones < used / 2) {
    qsort(counts, (size_t)used, sizeof *counts, by_count_down);
    off = counts[used / 2];
  }
  free(counts);
  lathe_buffer texts = sketch->texts;
  sketch->texts = (lathe_buffer){0};
  sketch->values = kept;
  sketch->value_count = 0;
  sketch->pruned = true;
  sketch->summary.top_error += off;
  bool fine = true;
  for (int64_t i = 0; i < sketch->capacity && fine; i++) {
    sketch_value value = before[i];
    if (value.kind == SKETCH_FREE || value.count <= off) continue;
    value.count -= off;
    int64_t text = (int64_t)sketch->texts.size;
    if (value.kind == SKETCH_TEXT)
      fine = lathe_buffer_append(&sketch->texts, texts.data + value.text, (size_t)value.size, error);
    value.text = text;
    *find(sketch, value.kind, value.key) = value;
    sketch->value_count++;
  }
  lathe_buffer_free(&texts);
  free(before);
  return fine;
}

static void note_hash(look_sketch *sketch, uint64_t hash) {
  uint64_t place = hash >> 50, rest = hash << 14 | UINT64_C(1) << 13;
  uint8_t rank = (uint8_t)(__builtin_clzll(rest) + 1);
  if (sketch->registers[place] < rank) sketch->registers[place] = rank;
}

static bool count_value(look_sketch *sketch, sketch_kind kind, uint64_t key, int64_t count, const char *text,
                        size_t size, lathe_error *error) {
  note_hash(sketch, hash_of(kind, key));
  sketch_value *value = find(sketch, kind, key);
  if (value->kind != SKETCH_FREE) {
    value->count += count;
    return true;
  }
  if (size > 200) size = lathe_text_fit(text, 200, 200); /* enough to be shown */
  *value = (sketch_value){key, count, (int64_t)sketch->texts.size, (int32_t)size, kind};
  sketch->value_count++;
  if (kind == SKETCH_TEXT && !lathe_buffer_append(&sketch->texts, text, size, error)) return false;
  return sketch->value_count <= sketch->value_limit || prune(sketch, error);
}

static double distinct_estimate(const look_sketch *sketch) {
  double sum = 0, m = SKETCH_REGISTERS;
  int empty = 0;
  for (int i = 0; i < SKETCH_REGISTERS; i++) {
    sum += ldexp(1, -sketch->registers[i]);
    empty += sketch->registers[i] == 0;
  }
  double estimate = 0.7213 / (1 + 1.079 / m) * m * m / sum;
  return estimate <= 2.5 * m && empty ? m * log(m / empty) : estimate;
}

/* ---- quantiles ---- */

static int by_value(const void *left, const void *right) {
  double a = *(const double *)left, b = *(const double *)right;
  return (a > b) - (a < b);
}

/* Merge two summaries into one of the next level; both are gone. */
static bool merge(look_sketch *sketch, sketch_ranks *a, sketch_ranks *b, sketch_ranks *out,
                  lathe_error *error) {
  int64_t wide = sketch->wide, i = 0, j = 0;
  double *values = lathe_memory_raw((size_t)wide, sizeof *values, error);
  if (!values) return false;
  double weight = a->weight + b->weight, reached = 0, value = 0;
  for (int64_t k = 0; k < wide; k++) {
    double rank = ((double)k + 0.5) * weight;
    while (reached < rank && (i < wide || j < wide)) {
      bool left = j == wide || (i < wide && a->values[i] <= b->values[j]);
      value = left ? a->values[i++] : b->values[j++];
      reached += left ? a->weight : b->weight;
    }
    values[k] = value;
  }
  free(a->values);
  free(b->values);
  *a = *b = (sketch_ranks){0};
  *out = (sketch_ranks){values, weight};
  return true;
}

/* Stand for `count` ascending keys. */
static bool rank_piece(look_sketch *sketch, lathe_type type, const uint64_t *keys, int64_t count,
                       lathe_error *error) {
  int64_t wide = sketch->wide;
  sketch_ranks now = {lathe_memory_raw((size_t)wide, sizeof(double), error), (double)count / (double)wide};
  if (!now.values) return false;
  for (int64_t k = 0; k < wide; k++) {
    int64_t at = (int64_t)(((double)k + 0.5) * now.weight);
    now.values[k] = look_number_of_key(type, keys[at < count ? at : count - 1]);
  }
  int32_t level = 0;
  while (level + 1 < SKETCH_LEVELS && sketch->levels[level].weight > 0) {
    sketch_ranks merged;
    if (!merge(sketch, &sketch->levels[level], &now, &merged, error)) {
      free(now.values);
      return false;
    }
    now = merged;
    level++;
  }
  sketch->levels[level] = now;
  if (level + 1 > sketch->deepest) sketch->deepest = level + 1;
  return true;
}

/* ---- pieces ---- */

bool look_sketch_takes(const look_sketch *sketch, const lathe_column *column) {
  if (column->missing == column->rows || !sketch->known || sketch->type == column->type) return true;
  if (lathe_type_is_text(column->type)) return sketch->type == LATHE_TYPE_STRING;
  lathe_type a = sketch->type, b = column->type;
  return (a == LATHE_TYPE_INT64 || a == LATHE_TYPE_FLOAT64) &&
         (b == LATHE_TYPE_INT64 || b == LATHE_TYPE_FLOAT64);
}

static bool count_key(look_sketch *sketch, lathe_type type, uint64_t key, int64_t count, lathe_error *error) {
  if (type == LATHE_TYPE_FLOAT64) return count_value(sketch, SKETCH_NUMBER, key, count, NULL, 0, error);
  int64_t value = (int64_t)(key ^ UINT64_C(1) << 63);
  if (value > INT64_C(1) << 53 || value < -(INT64_C(1) << 53))
    return count_value(sketch, SKETCH_INTEGER, key, count, NULL, 0, error);
  return count_value(sketch, SKETCH_NUMBER, look_key_of_double((double)value), count, NULL, 0, error);
}

static void count_ends(lathe_summary *into, const look_scan *before, const look_scan *piece, int64_t at_min,
                       int64_t at_max) {
  if (piece->min < before->min)
    into->at_min = at_min;
  else if (!(piece->min > before->min))
    into->at_min += at_min;
  if (piece->max > before->max)
    into->at_max = at_max;
  else if (!(piece->max < before->max))
    into->at_max += at_max;
}

static bool add_numbers(look_sketch *sketch, const lathe_column *column, lathe_error *error) {
  look_scan scan;
  look_scan_open(column, &scan);
  look_scan_rows(column, 0, column->rows, &scan);
  int64_t count = scan.moments.count, high = scan.infinite - scan.infinite_low;
  bool fine = true;
  if (scan.infinite_low)
    fine = count_key(sketch, LATHE_TYPE_FLOAT64, look_key_of_double(-INFINITY), scan.infinite_low, error);
  if (high && fine) fine = count_key(sketch, LATHE_TYPE_FLOAT64, look_key_of_double(INFINITY), high, error);
  if (scan.nans && fine)
    fine = count_key(sketch, LATHE_TYPE_FLOAT64, look_key_of_double(NAN), scan.nans, error);
  if (count && fine) {
    bool real = column->type == LATHE_TYPE_FLOAT64;
    uint64_t first = real ? look_key_of_double(scan.min) : look_key_of_int(scan.low);
    uint64_t last = real ? look_key_of_double(scan.max) : look_key_of_int(scan.high);
    look_sorted sorted;
    if (!look_sort(look_column_keys, column, column->rows, count, first, last, &sorted, NULL, error))
      return false;
    int64_t at_min = 0, at_max = 0;
    for (int64_t begin = 0, end = 0; begin < count && fine; begin = end) {
      while (end < count && sorted.keys[end] == sorted.keys[begin]) end++;
      if (begin == 0) at_min = end;
      at_max = end - begin;
      fine = count_key(sketch, column->type, sorted.keys[begin], end - begin, error);
    }
    count_ends(&sketch->summary, &sketch->scan, &scan, at_min, at_max);
    fine = fine && rank_piece(sketch, column->type, sorted.keys, count, error);
    free(sorted.keys);
  }
  look_scan_add(&sketch->scan, &scan);
  return fine;
}

static bool add_text(look_sketch *sketch, lathe_text text, int64_t count, lathe_error *error) {
  look_text(text, count, &sketch->summary);
  return count_value(sketch, SKETCH_TEXT, look_hash_text(text.data, text.size), count, text.data, text.size,
                     error);
}

static bool add_texts(look_sketch *sketch, const lathe_column *column, lathe_error *error) {
  bool fine = true;
  if (column->type == LATHE_TYPE_STRING) {
    for (int64_t row = 0; row < column->rows && fine; row++)
      if (lathe_column_present(column, row))
        fine = add_text(sketch, lathe_column_text(column, row), 1, error);
    return fine;
  }
  const int32_t *codes = column->values;
  int64_t count = column->dictionary->rows, *counts = lathe_memory_new((size_t)count, sizeof *counts, error);
  if (!counts) return false;
  for (int64_t row = 0; row < column->rows; row++)
    if (lathe_column_present(column, row)) counts[codes[row]]++;
  for (int64_t i = 0; i < count && fine; i++)
    if (counts[i]) fine = add_text(sketch, lathe_column_text(column->dictionary, i), counts[i], error);
  free(counts);
  return fine;
}

bool look_sketch_add(look_sketch *sketch, const lathe_column *column, lathe_error *error) {
  sketch->summary.rows += column->rows;
  sketch->summary.missing += column->missing;
  if (column->missing == column->rows) return true;
  bool text = lathe_type_is_text(column->type);
  if (!sketch->known)
    sketch->type = text ? LATHE_TYPE_STRING : column->type;
  else if (column->type == LATHE_TYPE_FLOAT64)
    sketch->type = LATHE_TYPE_FLOAT64;
  sketch->known = true;
  return text ? add_texts(sketch, column, error) : add_numbers(sketch, column, error);
}

/* ---- the end ---- */

typedef struct weighted {
  double value, weight;
} weighted;

/* All that stands for the numbers, ascending: how many, in *out (free). -1 with `error`. */
static int64_t collect(const look_sketch *sketch, weighted **out, lathe_error *error) {
  int64_t count = 0, room = sketch->value_count + SKETCH_LEVELS * sketch->wide;
  weighted *all = *out = lathe_memory_raw((size_t)room, sizeof *all, error);
  if (!all) return -1;
  for (int level = 0; level < SKETCH_LEVELS && sketch->pruned; level++)
    for (int64_t k = 0; k < sketch->wide && sketch->levels[level].weight > 0; k++)
      all[count++] = (weighted){sketch->levels[level].values[k], sketch->levels[level].weight};
  for (int64_t i = 0; i < sketch->capacity && !sketch->pruned; i++) {
    const sketch_value *value = &sketch->values[i];
    if (value->kind == SKETCH_FREE) continue;
    double number = value->kind == SKETCH_NUMBER ? look_double_of_key(value->key)
                                                 : (double)(int64_t)(value->key ^ UINT64_C(1) << 63);
    if (!isfinite(number)) continue;
    if (sketch->type == LATHE_TYPE_TIMESTAMP) number /= 1e6;
    all[count++] = (weighted){number, (double)value->count};
  }
  if (count > 1) qsort(all, (size_t)count, sizeof *all, by_value);
  return count;
}

/* The value at a rank, 0 for the least: exact where each value has its own weight. */
static double at_rank(const weighted *all, int64_t count, double rank) {
  double reached = 0;
  for (int64_t i = 0; i < count; i++) {
    reached += all[i].weight;
    if (reached > rank) return all[i].value;
  }
  return all[count - 1].value;
}

static bool finish_ranks(look_sketch *sketch, lathe_error *error) {
  static const double wanted[LATHE_SUMMARY_QUANTILES] = {0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99};
  lathe_summary *out = &sketch->summary;
  weighted *all;
  int64_t count = collect(sketch, &all, error);
  if (count < 0) return false;
  for (int i = 0; i < LATHE_SUMMARY_QUANTILES && count; i++) {
    double step = wanted[i] * (double)(out->finite - 1), whole = floor(step);
    double low = at_rank(all, count, whole + (sketch->pruned ? 0.5 : 0));
    double high = sketch->pruned ? low : at_rank(all, count, ceil(step));
    out->quantiles[i] = look_between(low, high, step - whole);
  }
  double reached = 0;
  int64_t told = 0;
  for (int64_t i = 0; i < count; i++) {
    reached += all[i].weight;
    int64_t now = i + 1 == count ? out->finite : (int64_t)(reached + 0.5);
    out->bins[look_bin(out, all[i].value)] += now - told;
    told = now;
  }
  if (sketch->pruned) out->rank_error = (double)sketch->deepest / (2 * (double)sketch->wide);
  free(all);
  return true;
}

static bool before(const look_sketch *sketch, const sketch_value *a, const sketch_value *b) {
  if (a->count != b->count) return a->count > b->count;
  if (a->kind != SKETCH_TEXT) return a->key < b->key;
  size_t size = (size_t)(a->size < b->size ? a->size : b->size);
  int order = size ? memcmp(sketch->texts.data + a->text, sketch->texts.data + b->text, size) : 0;
  return order ? order < 0 : a->size < b->size;
}

static void finish_tops(look_sketch *sketch) {
  lathe_summary *out = &sketch->summary;
  for (int64_t i = 0; i < sketch->capacity; i++) {
    const sketch_value *value = &sketch->values[i];
    if (value->kind == SKETCH_FREE) continue;
    int32_t at = out->top_count;
    while (at > 0 && before(sketch, value, &sketch->values[sketch->top[at - 1]])) at--;
    if (at == LATHE_SUMMARY_TOP) continue;
    if (out->top_count < LATHE_SUMMARY_TOP) out->top_count++;
    for (int32_t k = out->top_count - 1; k > at; k--) sketch->top[k] = sketch->top[k - 1];
    sketch->top[at] = (int32_t)i;
  }
  for (int32_t i = 0; i < LATHE_SUMMARY_TOP; i++) {
    out->top_rows[i] = -1;
    if (i < out->top_count) out->top_counts[i] = sketch->values[sketch->top[i]].count;
  }
}

bool look_sketch_finish(look_sketch *sketch, lathe_error *error) {
  lathe_summary *out = &sketch->summary;
  int64_t there = out->rows - out->missing;
  out->min = out->max = out->mean = out->sd = out->skewness = NAN;
  for (int i = 0; i < LATHE_SUMMARY_QUANTILES; i++) out->quantiles[i] = NAN;
  for (int i = 0; i < 2; i++) out->variant_rows[i] = -1;
  if (out->shortest == INT64_MAX) out->shortest = 0;
  if (!sketch->known) sketch->type = LATHE_TYPE_FLOAT64;
  out->distinct = sketch->value_count;
  if (sketch->pruned) {
    double estimate = distinct_estimate(sketch);
    out->distinct = estimate > (double)there ? there : (int64_t)(estimate + 0.5);
    out->distinct_error = 1.04 / sqrt(SKETCH_REGISTERS);
  }
  finish_tops(sketch);
  if (sketch->type == LATHE_TYPE_STRING) {
    if (!sketch->pruned && out->distinct <= 1000 && 2 * out->distinct <= there)
      sketch->type = LATHE_TYPE_CATEGORY;
    return true;
  }
  const look_scan *scan = &sketch->scan;
  out->finite = scan->moments.count;
  out->nans = scan->nans, out->infinite = scan->infinite, out->zeros = scan->zeros,
  out->negative = scan->negative;
  if (out->finite == 0) return true;
  out->min = scan->min, out->max = scan->max;
  look_moments_write(&scan->moments, out);
  return finish_ranks(sketch, error);
}

lathe_text look_sketch_top(const look_sketch *sketch, int32_t index, char *scratch) {
  const sketch_value *value = &sketch->values[sketch->top[index]];
  if (value->kind == SKETCH_TEXT)
    return (lathe_text){sketch->texts.data ? sketch->texts.data + value->text : "", (size_t)value->size};
  double number = look_double_of_key(value->key);
  int64_t whole = value->kind == SKETCH_INTEGER ? (int64_t)(value->key ^ UINT64_C(1) << 63)
                  : fabs(number) <= 0x1p53      ? (int64_t)number
                                                : 0;
  size_t size = 0;
  switch (sketch->type) {
  case LATHE_TYPE_BOOL:
    return whole ? (lathe_text){"true", 4} : (lathe_text){"false", 5};
  case LATHE_TYPE_DATE:
    size = lathe_text_from_date((int32_t)whole, scratch);
    break;
  case LATHE_TYPE_TIMESTAMP:
    size = lathe_text_from_timestamp(whole, scratch);
    break;
  case LATHE_TYPE_INT64:
    size = (size_t)snprintf(scratch, 32, "%lld", (long long)whole);
    break;
  default:
    size = lathe_text_from_float64(number, scratch);
  }
  return (lathe_text){scratch, size};
}
