/* test_take.c - the gather, held against one that takes element by element. */
#include <stdlib.h>
#include <string.h>

#include "../../src/base/pool.h"
#include "../../src/base/random.h"
#include "../../src/table/table.h"
#include "tap.h"

enum { ROWS = 150000 };

/* A column of each type over ROWS rows; every seventh element is missing when `gaps`. */
static lathe_table *sample(bool gaps) {
  static const char *const names[] = {"bool", "int64", "float64", "string", "category", "date"};
  lathe_column *columns[6];
  lathe_text *texts = malloc(ROWS * sizeof *texts);
  char(*words)[24] = malloc(ROWS * sizeof *words);
  for (int32_t type = 0; type < 6; type++) {
    uint8_t *validity = gaps ? calloc(ROWS / 8 + 1, 1) : NULL;
    for (int i = 0; gaps && i < ROWS; i++)
      if (i % 7) validity[i / 8] = (uint8_t)(validity[i / 8] | 1 << i % 8);
    void *values = calloc(ROWS + 1, 8);
    if (type == 0) {
      for (int i = 0; i < ROWS; i++)
        if (i % 3) ((uint8_t *)values)[i / 8] = (uint8_t)(((uint8_t *)values)[i / 8] | 1 << i % 8);
      columns[0] = lathe_column_new(LATHE_TYPE_BOOL, ROWS, validity, values, NULL, NULL, NULL);
    } else if (type == 1) {
      for (int64_t i = 0; i < ROWS; i++) ((int64_t *)values)[i] = i * INT64_C(1234567890123);
      columns[1] = lathe_column_new(LATHE_TYPE_INT64, ROWS, validity, values, NULL, NULL, NULL);
    } else if (type == 2) {
      for (int i = 0; i < ROWS; i++) ((double *)values)[i] = i * 0.37;
      columns[2] = lathe_column_new(LATHE_TYPE_FLOAT64, ROWS, validity, values, NULL, NULL, NULL);
    } else if (type == 3) {
      for (int i = 0; i < ROWS; i++) {
        int size = snprintf(words[i], sizeof *words, "%.*s%d", i % 11, "abcdefghijkl", i % 5 ? i : 0);
        texts[i] = (lathe_text){gaps && i % 7 == 0 ? NULL : words[i], (size_t)size};
      }
      columns[3] = lathe_column_from_text(texts, ROWS, NULL);
      free(validity);
      free(values);
    } else if (type == 4) {
      for (int i = 0; i < ROWS; i++) texts[i] = (lathe_text){words[i % 100], strlen(words[i % 100])};
      lathe_column *text = lathe_column_from_text(texts, ROWS, NULL);
      columns[4] = lathe_column_to_category(text, NULL);
      lathe_column_release(text);
      free(validity);
      free(values);
    } else {
      for (int i = 0; i < ROWS; i++) ((int32_t *)values)[i] = i - 70000;
      columns[5] = lathe_column_new(LATHE_TYPE_DATE, ROWS, validity, values, NULL, NULL, NULL);
    }
  }
  lathe_table *table = lathe_table_new(6, names, columns, NULL);
  for (int i = 0; i < 6; i++) lathe_column_release(columns[i]);
  free(texts);
  free(words);
  return table;
}

/* Whether `taken` holds the rows of `from`, element by element, and a missing count that is right. */
static bool holds(const lathe_table *from, const lathe_table *taken, const int64_t *rows, int64_t count) {
  bool same = taken && lathe_table_rows(taken) == count;
  for (int32_t c = 0; c < lathe_table_columns(from) && same; c++) {
    const lathe_column *a = lathe_table_column(from, c), *b = lathe_table_column(taken, c);
    int64_t missing = 0;
    for (int64_t i = 0; i < count && same; i++) {
      char left[32], right[32];
      bool there = rows[i] >= 0 && lathe_column_present(a, rows[i]);
      same = there == lathe_column_present(b, i);
      missing += !there;
      if (!there || !same) continue;
      lathe_text x = lathe_column_format(a, rows[i], left), y = lathe_column_format(b, i, right);
      same = x.size == y.size && memcmp(x.data, y.data, x.size) == 0;
    }
    same = same && missing == lathe_column_missing(b);
    if (!same) printf("# column %s differs\n", lathe_table_name(from, c));
  }
  return same;
}

static void check(const lathe_table *table, const int64_t *rows, int64_t count, const char *what) {
  lathe_error error = {0};
  char one[33], two[33];
  lathe_threads_set(1);
  lathe_table *first = lathe_table_take(table, rows, count, NULL, &error);
  lathe_threads_set(3);
  lathe_table *second = lathe_table_take(table, rows, count, NULL, &error);
  if (!first || !second) {
    ok(false, "%s: %s", what, error.message);
    return;
  }
  lathe_table_hash(first, one, NULL);
  lathe_table_hash(second, two, NULL);
  ok(holds(table, first, rows, count), "%s are taken", what);
  ok(strcmp(one, two) == 0, "%s: one thread and three give the same bytes", what);
  lathe_table_release(first);
  lathe_table_release(second);
}

int main(void) {
  lathe_random random;
  lathe_random_seed(&random, 7, 0);
  int64_t *rows = malloc(2 * ROWS * sizeof *rows);
  for (int gaps = 0; gaps < 2; gaps++) {
    lathe_table *table = sample(gaps);
    for (int64_t i = 0; i < ROWS; i++) rows[i] = i;
    check(table, rows, ROWS, "all rows");
    check(table, rows + 5, ROWS - 1234, "rows without the first and the last");
    check(table, rows, 0, "no rows");
    check(table, rows + 77, 3, "three rows");
    for (int64_t i = 0; i < ROWS; i++) rows[i] = i / 200 % 2 ? i : ROWS - 200 - i / 200 * 200 + i % 200;
    check(table, rows, ROWS, "runs of neighbours");
    for (int64_t i = 0; i < 2 * ROWS; i++) rows[i] = (int64_t)lathe_random_below(&random, ROWS);
    check(table, rows, 2 * ROWS, "rows in any order, some again");
    for (int64_t i = 0; i < ROWS; i += 3) rows[i] = -1;
    check(table, rows, ROWS + 3, "rows and -1");
    for (int64_t i = 0; i < 100; i++) rows[i] = -1;
    check(table, rows, 100, "nothing but -1");
    rows[50] = ROWS;
    lathe_error error = {0};
    ok(!lathe_table_take(table, rows, 100, NULL, &error) && strstr(error.message, "outside the 150000 rows"),
       "a row outside is refused");
    rows[50] = -2;
    ok(!lathe_table_take(table, rows, 100, NULL, &error), "a row below -1 is refused");
    lathe_table_release(table);
  }
  free(rows);
  return done_testing();
}
