/* levels.c - see levels.h. */
#include "levels.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../base/memory.h"

void level_list_free(level_list *levels) {
  lathe_text_counts_free(&levels->texts);
  free(levels->number);
  free(levels->code);
  *levels = (level_list){0};
}

void level_pool_free(level_pool *pool) {
  free(pool->map);
  free(pool->count);
  free(pool->level);
  *pool = (level_pool){0};
}

static int compare_texts(lathe_text a, lathe_text b) {
  int order = memcmp(a.data, b.data, a.size < b.size ? a.size : b.size);
  return order != 0 ? order : (a.size > b.size) - (a.size < b.size);
}

/* The text that missing ones become is a level: it is put in its place when it is not there. */
static bool add_fill(text_counts *counts, const char *fill, int32_t *code, lathe_error *error) {
  lathe_text text = {fill, strlen(fill)};
  int64_t place = 0;
  while (place < counts->size && compare_texts(counts->text[place], text) < 0) place++;
  bool there = place < counts->size && compare_texts(counts->text[place], text) == 0;
  *code = there || counts->missing > 0 ? (int32_t)place : -1;
  if (there) counts->count[place] += counts->missing;
  if (there || counts->missing == 0) return true;
  size_t size = (size_t)counts->size + 1, behind = (size_t)(counts->size - place);
  if (!lathe_memory_resize((void **)&counts->text, size, sizeof *counts->text, error) ||
      !lathe_memory_resize((void **)&counts->count, size, sizeof *counts->count, error))
    return false;
  memmove(counts->text + place + 1, counts->text + place, behind * sizeof *counts->text);
  memmove(counts->count + place + 1, counts->count + place, behind * sizeof *counts->count);
  counts->text[place] = text;
  counts->count[place] = counts->missing;
  counts->size++;
  return true;
}

static int32_t find_text(const text_counts *counts, lathe_text text) {
  lathe_operator all = {.words = (int32_t)counts->size, .word = counts->text};
  return lathe_operator_find(&all, text);
}

static bool code_texts(const lathe_column *column, level_list *levels, lathe_error *error) {
  int64_t rows = lathe_column_rows(column);
  const lathe_column *dictionary =
      lathe_column_type(column) == LATHE_TYPE_CATEGORY ? lathe_column_dictionary(column) : NULL;
  const int32_t *entry = dictionary ? lathe_column_values(column) : NULL;
  int64_t entries = dictionary ? lathe_column_rows(dictionary) : 0;
  int32_t *of = lathe_memory_raw((size_t)entries, sizeof *of, error);
  int32_t none = levels->fill >= 0 ? levels->fill : -2;
  if (!of) return false;
  for (int64_t i = 0; i < entries; i++) of[i] = find_text(&levels->texts, lathe_column_text(dictionary, i));
  for (int64_t r = 0; r < rows; r++)
    levels->code[r] = !lathe_column_present(column, r) ? none
                      : dictionary                     ? of[entry[r]]
                                   : find_text(&levels->texts, lathe_column_text(column, r));
  free(of);
  return true;
}

static bool find_texts(fitting *state, const recipe_column *column, level_list *levels) {
  return lathe_text_counts_of(column->column, &levels->texts, state->error) &&
         (!column->fill || add_fill(&levels->texts, column->fill, &levels->fill, state->error)) &&
         code_texts(column->column, levels, state->error);
}

static int compare_numbers(const void *first, const void *second) {
  double a = *(const double *)first, b = *(const double *)second;
  return a < b ? -1 : a > b;
}

/* The different values of `x`, sorted; how many rows have each. */
static bool sort_numbers(const double *x, int64_t rows, level_list *levels, lathe_error *error) {
  double *sorted = lathe_memory_raw((size_t)rows, sizeof *sorted, error);
  if (!sorted) return false;
  int64_t present = 0, size = 0;
  for (int64_t r = 0; r < rows; r++)
    if (!isnan(x[r])) sorted[present++] = x[r] + 0.0; /* -0 is 0 */
  qsort(sorted, (size_t)present, sizeof *sorted, compare_numbers);
  levels->number = sorted;
  levels->texts.missing = rows - present;
  for (int64_t i = 0; i < present; i++) size += i == 0 || sorted[i] != sorted[i - 1];
  levels->texts.count = lathe_memory_new((size_t)size, sizeof *levels->texts.count, error);
  if (!levels->texts.count) return false;
  for (int64_t i = 0, at = -1; i < present; i++) {
    if (i == 0 || sorted[i] != sorted[at]) sorted[++at] = sorted[i];
    levels->texts.count[at]++;
  }
  levels->texts.size = size;
  return true;
}

static bool check_numbers(fitting *state, const recipe_step *step, const char *name, const double *x) {
  for (int64_t r = 0; r < lathe_table_rows(state->table); r++) {
    if (isnan(x[r]) || (x[r] == floor(x[r]) && fabs(x[r]) <= 9007199254740992.0)) continue;
    return lathe_error_set(
        state->error, LATHE_ERROR_DATA,
        "%s cannot take \"%s\": row %lld is %.6g, and numbers are categories only when they are "
        "whole; use bin{} first, or leave it a number",
        step->kind->name, name, (long long)r + 1, x[r]);
  }
  return true;
}

static bool find_numbers(fitting *state, const recipe_step *step, int32_t index, level_list *levels) {
  const char *name = state->columns[index].name;
  int32_t value = recipe_gather(state, &index, 1), raw = lathe_table_find(state->table, name);
  double *x = value >= 0 ? recipe_values(state, value) : NULL;
  int64_t rows = lathe_table_rows(state->table);
  levels->type = raw >= 0 ? lathe_column_type(lathe_table_column(state->table, raw)) : LATHE_TYPE_FLOAT64;
  bool fine = x && check_numbers(state, step, name, x) && sort_numbers(x, rows, levels, state->error);
  for (int64_t r = 0; fine && r < rows; r++)
    levels->code[r] = isnan(x[r]) ? -2 : lathe_number_find(levels->number, (int32_t)levels->texts.size, x[r]);
  free(x);
  return fine;
}

bool level_list_find(fitting *state, const recipe_step *step, int32_t index, level_list *levels) {
  const recipe_column *column = &state->columns[index];
  levels->fill = -1;
  levels->type = LATHE_TYPE_STRING;
  levels->code = lathe_memory_raw((size_t)lathe_table_rows(state->table), sizeof *levels->code, state->error);
  bool fine = levels->code && (column->role == ROLE_TEXT ? find_texts(state, column, levels)
                                                         : find_numbers(state, step, index, levels));
  if (!fine || levels->texts.size <= LATHE_GRAPH_WIDTH) return fine;
  return lathe_error_set(state->error, LATHE_ERROR_DATA,
                         "\"%s\" has %lld different values; leave it out (drop = { \"%s\" })", column->name,
                         (long long)levels->texts.size, column->name);
}

bool level_write(const level_list *levels, int64_t level, lathe_buffer *out, lathe_error *error) {
  char date[40];
  if (!levels->number)
    return lathe_buffer_append(out, levels->texts.text[level].data, levels->texts.text[level].size, error);
  double value = levels->number[level];
  if (levels->type == LATHE_TYPE_BOOL && (value == 0 || value == 1))
    return lathe_buffer_text(out, value == 1 ? "true" : "false", error);
  if (levels->type == LATHE_TYPE_DATE && fabs(value) < 3e6) {
    lathe_text_from_date((int32_t)value, date);
    return lathe_buffer_text(out, date, error);
  }
  return lathe_buffer_format(out, error, "%.0f", value);
}

bool level_pool_make(const level_list *levels, int64_t least, bool wanted, level_pool *pool,
                     lathe_error *error) {
  int64_t size = levels->texts.size;
  pool->pool = -1;
  pool->map = lathe_memory_raw((size_t)size + 1, sizeof *pool->map, error);
  pool->count = lathe_memory_new((size_t)size + 1, sizeof *pool->count, error);
  pool->level = lathe_memory_raw((size_t)size + 1, sizeof *pool->level, error);
  if (!pool->map || !pool->count || !pool->level) return false;
  for (int64_t i = 0; i < size; i++) {
    bool rare = levels->texts.count[i] < least;
    pool->rare += rare;
    pool->map[i] = rare ? -1 : pool->size;
    if (rare) continue;
    pool->level[pool->size] = (int32_t)i;
    pool->count[pool->size++] = levels->texts.count[i];
  }
  if (pool->rare == 0 && !wanted) return true;
  pool->pool = pool->size++;
  pool->level[pool->pool] = -1;
  for (int64_t i = 0; i < size; i++) {
    if (pool->map[i] >= 0) continue;
    pool->map[i] = pool->pool;
    pool->count[pool->pool] += levels->texts.count[i];
  }
  return true;
}

/* Codes of levels to codes after pooling. */
static int32_t add_pool(fitting *state, int32_t code, const level_list *levels, const level_pool *pool,
                        int32_t missing, int32_t unknown) {
  size_t size = (size_t)levels->texts.size;
  int32_t *map = lathe_memory_raw(size + 2, sizeof *map, state->error);
  if (!map) return -1;
  memcpy(map, pool->map, size * sizeof *map);
  map[size] = missing;
  map[size + 1] = unknown;
  lathe_operator node = {.kind = LATHE_OPERATOR_RECODE, .length = pool->size, .tensor = {map}};
  code = recipe_add(state, &node, code);
  free(map);
  return code;
}

int32_t level_codes(fitting *state, int32_t index, const level_list *levels, const level_pool *pool,
                    int32_t missing, int32_t unknown, bool strict) {
  bool plain = pool->pool < 0 && unknown == -1;
  lathe_operator code = {.kind = LATHE_OPERATOR_CODE,
                         .words = (int32_t)levels->texts.size,
                         .word = levels->texts.text,
                         .missing = levels->fill >= 0 ? levels->fill
                                    : plain           ? missing
                                                      : -2,
                         .strict = strict};
  int32_t value = state->columns[index].value;
  if (strict && levels->fill < 0 && missing == -1) code.missing = -1;
  if (levels->number) {
    code.kind = LATHE_OPERATOR_NUMBER_CODE;
    code.name = state->columns[index].name;
    code.length = (int32_t)levels->texts.size;
    code.tensor[0] = levels->number;
    value = recipe_gather(state, &index, 1);
  }
  value = value >= 0 ? recipe_add(state, &code, value) : -1;
  return value < 0 || plain ? value : add_pool(state, value, levels, pool, missing, unknown);
}
