/* test_key.c - which rows are equal: codes, hashes, rows that agree in their hash only, two tables. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../../src/base/memory.h"
#include "../../src/base/pool.h"
#include "../../src/format/csv.h"
#include "../../src/shape/key.h"
#include "../../src/shape/rows.h"
#include "../../src/table/text_codes.h"
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

/* Rows that equal the row `period` before them, but for the last one with `outlier`. */
static bool integers_agree(int64_t rows, int64_t period, bool outlier) {
  lathe_error error = {0};
  int64_t *values = malloc((size_t)rows * sizeof *values);
  for (int64_t i = 0; i < rows; i++) values[i] = i % period * 3 - 70;
  if (outlier) values[rows - 1] = INT64_MIN;
  lathe_column *column = lathe_column_from_int64(values, rows, &error);
  lathe_table *table = lathe_table_new(1, (const char *[]){"x"}, &column, &error);
  lathe_row_keys keys;
  lathe_row_match match = {0};
  bool fine = lathe_row_keys_open(&keys, table, NULL, NULL, NULL, 1, true, NULL, &error) &&
              lathe_row_match_make(&match, &keys, false, NULL, &error) &&
              match.distinct == period + outlier && lathe_row_match_rows(&match, NULL, &error);
  for (int64_t i = 0; i < rows - outlier && fine; i++)
    fine = match.at[i] == i % period && lathe_row_keys_equal(&keys, match.at[i], i);
  if (outlier) fine = fine && match.at[rows - 1] == rows - 1;
  lathe_row_match_free(&match);
  lathe_row_keys_close(&keys);
  lathe_table_release(table);
  lathe_column_release(column);
  free(values);
  return fine;
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

/* Texts of 0 to 40 bytes over many lengths, `range` different ones, some missing. */
static lathe_column *texts_of(int64_t rows, uint64_t range, uint64_t seed) {
  lathe_error error = {0};
  lathe_text *texts = calloc((size_t)rows, sizeof *texts);
  char(*bytes)[48] = calloc((size_t)rows, sizeof *bytes);
  for (int64_t i = 0; i < rows; i++) {
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    uint64_t value = (seed >> 33) % range, size = value % 41;
    for (uint64_t at = 0; at < size; at++) bytes[i][at] = (char)('a' + (value / 41 >> at % 3 * 5 & 15));
    if (value % 13) texts[i] = (lathe_text){bytes[i], size};
  }
  lathe_column *column = lathe_column_from_text(texts, rows, &error);
  free(texts), free(bytes);
  return column;
}

static bool same_text(const lathe_column *column, int64_t a, int64_t b) {
  lathe_text left = lathe_column_text(column, a), right = lathe_column_text(column, b);
  return left.size == right.size && (!left.size || memcmp(left.data, right.data, left.size) == 0);
}

/* Whether rows have equal codes exactly when their texts are equal. */
static bool codes_agree(const lathe_column *column, const int32_t *codes, int64_t count) {
  int64_t rows = lathe_column_rows(column), *row_of = malloc((size_t)(count + 1) * sizeof *row_of), words = 0;
  bool fine = true;
  for (int64_t i = 0; i < count; i++) row_of[i] = -1;
  for (int64_t row = 0; row < rows && fine; row++) {
    if (!lathe_column_present(column, row)) {
      fine = codes[row] == 0;
      continue;
    }
    fine = codes[row] >= 0 && codes[row] < count;
    if (!fine) break;
    if (row_of[codes[row]] < 0)
      row_of[codes[row]] = row, words++;
    else
      fine = same_text(column, row_of[codes[row]], row);
  }
  free(row_of);
  return fine && words == count;
}

static void check_text_codes(void) {
  lathe_error error = {0};
  lathe_column *column = texts_of(300000, 90000, 5), *few = texts_of(1000, 300, 5);
  for (int threads = 1; threads <= 4; threads += 3) {
    lathe_threads_set(threads);
    lathe_text_codes *words = lathe_text_codes_new(INT64_C(1) << 30, &error);
    int32_t *codes = lathe_text_codes_make(words, column, true, NULL, &error);
    int64_t count = lathe_text_codes_count(words);
    ok(codes && count > 4096 && codes_agree(column, codes, count),
       "texts have equal codes exactly when they are equal: %lld words, %d threads", (long long)count,
       threads);
    int32_t *others = lathe_text_codes_make(words, few, false, NULL, &error);
    bool fine = others && lathe_text_codes_count(words) == count;
    for (int64_t row = 0; row < 1000 && fine; row++) {
      int32_t want = -1;
      lathe_text text = lathe_column_text(few, row), other;
      if (!text.data) continue;
      for (int64_t i = 0; i < 300000 && want < 0; i++) {
        other = lathe_column_text(column, i);
        if (other.data && other.size == text.size && memcmp(other.data, text.data, text.size) == 0)
          want = codes[i];
      }
      fine = others[row] == want;
    }
    ok(fine, "and those of another column have the same ones, or none");
    lathe_memory_give(codes);
    lathe_memory_give(others);
    lathe_text_codes_free(words);
    words = lathe_text_codes_new(5000, &error);
    codes = lathe_text_codes_make(words, column, true, NULL, &error);
    ok(codes && lathe_text_codes_count(words) > 5000, "more words than asked for are too many");
    lathe_memory_give(codes);
    lathe_text_codes_free(words);
  }
  lathe_threads_set(0);
  lathe_column *category = lathe_column_to_category(column, &error), *back = NULL;
  bool fine = category != NULL;
  const lathe_column *dictionary = fine ? lathe_column_dictionary(category) : NULL;
  for (int64_t i = 1; fine && i < lathe_column_rows(dictionary); i++) {
    lathe_text a = lathe_column_text(dictionary, i - 1), b = lathe_column_text(dictionary, i);
    int order = memcmp(a.data, b.data, a.size < b.size ? a.size : b.size);
    fine = order < 0 || (order == 0 && a.size < b.size);
  }
  if (fine) back = lathe_column_to_string(category, &error);
  for (int64_t row = 0; fine && row < 300000; row++) {
    lathe_text a = lathe_column_text(column, row), b = lathe_column_text(back, row);
    fine = !a.data == !b.data && a.size == b.size && (!a.size || memcmp(a.data, b.data, a.size) == 0);
  }
  ok(fine, "a category of them has its words in order, and gives the texts again");
  lathe_column_release(back);
  lathe_column_release(category);
  lathe_column_release(column);
  lathe_column_release(few);
}

int main(void) {
  check_text_codes();
  check_ways();
  check_large();
  ok(integers_agree(300000, 100, false) && integers_agree(300000, 100, true) &&
         integers_agree(300000, 90000, false),
     "integers of a narrow range, and one that lies far outside");
  check_types();
  return done_testing();
}
