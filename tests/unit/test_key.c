/* test_key.c - which rows are equal: codes, hashes, rows that agree in their hash only, two tables. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../../src/base/memory.h"
#include "../../src/base/pool.h"
#include "../../src/format/csv.h"
#include "../../src/shape/key.h"
#include "../../src/shape/rows.h"
#include "tap.h"

/* Five columns of every kind of key; values of few kinds, so that rows repeat. `range`: how many different numbers. */
static lathe_table *make(int64_t rows, int64_t range, unsigned seed) {
  lathe_error error = {0};
  int64_t *integers = calloc((size_t)rows, sizeof *integers);
  double *fractions = calloc((size_t)rows, sizeof *fractions);
  lathe_text *texts = calloc((size_t)rows, sizeof *texts);
  char(*words)[24] = calloc((size_t)rows, sizeof *words);
  bool *truths = calloc((size_t)rows, sizeof *truths);
  uint64_t state = seed;
  for (int64_t i = 0; i < rows; i++) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    int64_t value = (int64_t)((state >> 33) % (uint64_t)range);
    integers[i] = value - range / 2;
    fractions[i] = value % 7 == 0 ? NAN : value % 5 == 0 ? -0.0 : (double)value / 8;
    snprintf(words[i], sizeof words[i], "word %lld", (long long)(value / 2));
    if (value % 11) texts[i] = (lathe_text){words[i], strlen(words[i])};
    truths[i] = value & 1;
  }
  lathe_column *text = lathe_column_from_text(texts, rows, &error);
  lathe_column *columns[] = {
      lathe_column_from_int64(integers, rows, &error), lathe_column_from_float64(fractions, rows, &error),
      text, lathe_column_to_category(text, &error), lathe_column_from_bool(truths, rows, &error)};
  const char *names[] = {"integer", "fraction", "text", "category", "truth"};
  lathe_table *table = lathe_table_new(5, names, columns, &error);
  for (int i = 0; i < 5; i++) lathe_column_release(columns[i]);
  free(integers), free(fractions), free(texts), free(words), free(truths);
  return table;
}

/* Whether `match` says what comparing row by row says. */
static bool agrees(const lathe_row_keys *keys, lathe_row_match *match, bool last) {
  lathe_error error = {0};
  int64_t distinct = 0;
  if (!lathe_row_match_rows(match, NULL, &error)) return false;
  for (int64_t row = 0; row < match->rows; row++) {
    uint32_t want = LATHE_ROW_NONE;
    for (int64_t i = 0; i < match->build; i++) {
      int64_t other = last ? match->build - 1 - i : i;
      if (!lathe_row_keys_equal(keys, other, row)) continue;
      want = (uint32_t)other;
      break;
    }
    if (match->at[row] != want) return false;
    distinct += want == row;
  }
  return distinct == match->distinct;
}

static bool holds(const lathe_table *left, const lathe_table *right, const int32_t *columns, int32_t count,
                  bool missing_equal, bool last, uint64_t hash_mask) {
  lathe_row_keys keys;
  lathe_row_match match = {0};
  lathe_error error = {0};
  bool fine = lathe_row_keys_open(&keys, left, columns, right, right ? columns : NULL, count, missing_equal,
                                  NULL, &error);
  keys.hash_mask = hash_mask;
  fine = fine && lathe_row_match_make(&match, &keys, last, NULL, &error) && agrees(&keys, &match, last);
  lathe_row_match_free(&match);
  lathe_row_keys_close(&keys);
  return fine;
}

static void check_ways(void) {
  lathe_table *few = make(700, 60, 1), *many = make(900, 100000, 2), *empty = make(0, 5, 3);
  int fine = 0, tried = 0;
  for (int32_t mask = 1; mask < 32; mask++) {
    int32_t columns[5], count = 0;
    for (int32_t i = 0; i < 5; i++)
      if (mask >> i & 1) columns[count++] = i;
    for (int way = 0; way < 8; way++, tried++)
      fine += holds(way & 1 ? many : few, way & 2 ? few : NULL, columns, count, way & 4, way & 1, UINT64_MAX);
  }
  ok(fine == tried, "every choice of columns gives the rows that comparing gives (%d of %d)", fine, tried);
  fine = tried = 0;
  for (uint64_t mask = 0; mask < 4; mask++)
    for (int32_t column = 1; column < 3; column++, tried++) {
      int32_t columns[] = {0, column, 4};
      fine += holds(few, mask & 1 ? many : NULL, columns, 3, true, mask & 2, mask);
    }
  ok(fine == tried, "rows that agree in their hash only are told apart");
  ok(holds(empty, NULL, NULL, 5, true, false, UINT64_MAX) &&
         holds(empty, few, (int32_t[]){0}, 1, true, false, UINT64_MAX) &&
         holds(few, empty, (int32_t[]){2}, 1, false, false, UINT64_MAX),
     "tables without rows have keys");
  lathe_table_release(few);
  lathe_table_release(many);
  lathe_table_release(empty);
}

static void check_large(void) {
  lathe_error error = {0};
  lathe_table *table = make(200000, 150000, 4), *drops[4];
  for (int way = 0; way < 4; way++) {
    lathe_threads_set(way & 1 ? 2 : 1);
    int32_t columns[] = {0, 1};
    drops[way] = lathe_table_drop_duplicates(table, way & 2 ? columns : NULL, 2, false, NULL, &error);
  }
  char hash[4][33];
  for (int way = 0; way < 4; way++) lathe_table_hash(drops[way], hash[way], &error);
  ok(strcmp(hash[0], hash[1]) == 0 && strcmp(hash[2], hash[3]) == 0 &&
         lathe_table_rows(drops[0]) == lathe_table_rows(drops[2]),
     "many different rows: the same whatever the number of threads");
  ok(lathe_table_duplicates(table, NULL, &error) == 200000 - lathe_table_rows(drops[0]),
     "and they are counted");
  for (int way = 0; way < 4; way++) lathe_table_release(drops[way]);
  lathe_table_release(table);
  lathe_threads_set(0);
}

static lathe_table *parse(const char *text) {
  lathe_error error = {0};
  return lathe_table_parse_csv(text, strlen(text), "t.csv", NULL, NULL, NULL, &error);
}

static void check_types(void) {
  lathe_error error = {0};
  int64_t whole[] = {(INT64_C(1) << 53) + 1, 3, INT64_MIN, INT64_MAX, 0};
  double fractions[] = {0x1p53, 3, -0x1p63, 0x1p63, -0.0};
  const char *name = "x";
  lathe_column *a = lathe_column_from_int64(whole, 5, &error),
               *b = lathe_column_from_float64(fractions, 5, &error);
  lathe_table *left = lathe_table_new(1, &name, &a, &error), *right = lathe_table_new(1, &name, &b, &error);
  lathe_row_keys keys;
  lathe_row_match match;
  int32_t zero = 0;
  bool fine = lathe_row_keys_open(&keys, left, &zero, right, &zero, 1, false, NULL, &error) &&
              lathe_row_match_make(&match, &keys, false, NULL, &error) &&
              lathe_row_match_rows(&match, NULL, &error);
  ok(fine && match.at[5] == LATHE_ROW_NONE && match.at[6] == 1 && match.at[7] == 2 &&
         match.at[8] == LATHE_ROW_NONE && match.at[9] == 4,
     "int64 equals float64 as numbers, exactly");
  lathe_row_match_free(&match);
  lathe_row_keys_close(&keys);
  lathe_table *dates = parse("x\n2020-01-01\n");
  fine = lathe_row_keys_open(&keys, left, &zero, dates, &zero, 1, false, NULL, &error);
  lathe_row_keys_close(&keys);
  ok(!fine && strstr(error.message, "is int64") && strstr(error.message, "cast one of them"),
     "types that never are equal: %s", error.message);
  lathe_table_release(left);
  lathe_table_release(right);
  lathe_table_release(dates);
  lathe_column_release(a);
  lathe_column_release(b);
}

int main(void) {
  check_ways();
  check_large();
  check_types();
  return done_testing();
}
