/* test_sort.c - the order of rows, held against insertion by one comparison that is written out. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../../src/base/pool.h"
#include "../../src/base/random.h"
#include "../../src/shape/sort.h"
#include "tap.h"

static lathe_random random_state;

static uint64_t below(uint64_t limit) {
  return lathe_random_below(&random_state, limit);
}

enum { SMALL, WIDE, TWICE, EDGES };

static int64_t some_integer(int kind) {
  static const int64_t edges[] = {INT64_MIN, INT64_MIN + 1, -1, 0, 1, INT64_MAX - 1, INT64_MAX};
  if (kind == EDGES) return edges[below(7)];
  if (kind == SMALL) return (int64_t)below(5) - 2;
  return (int64_t)lathe_random_next64(&random_state);
}

static double some_number(int kind) {
  static const double edges[] = {-INFINITY, -1e300, -5e-324, -0.0, 0.0, 5e-324, 1, 1e300, INFINITY, NAN};
  if (kind == EDGES) return edges[below(10)];
  if (kind == SMALL) return (double)below(4) * 0.5;
  return lathe_random_normal(&random_state);
}

static size_t some_text(int kind, char *out) {
  static const char *const edges[] = {"", "a", "a\0", "a\0\0", "ab", "\xC3\xA9", "\xF0\x9F\x98\x80", "a b"};
  static const size_t sizes[] = {0, 1, 2, 3, 2, 2, 4, 3};
  if (kind == EDGES) {
    size_t which = below(8);
    memcpy(out, edges[which], sizes[which]);
    return sizes[which];
  }
  if (kind == SMALL) return (size_t)snprintf(out, 64, "w%d", (int)below(9));
  if (kind == TWICE) return (size_t)snprintf(out, 64, "the same beginning of all, then %d", (int)below(1000));
  size_t size = below(40);
  for (size_t i = 0; i < size; i++) out[i] = (char)(' ' + below(90));
  return size;
}

static uint8_t *some_gaps(int64_t rows, bool gaps) {
  uint8_t *validity = gaps ? calloc((size_t)rows / 8 + 1, 1) : NULL;
  for (int64_t i = 0; gaps && i < rows; i++)
    if (below(10)) validity[i / 8] = (uint8_t)(validity[i / 8] | 1 << i % 8);
  return validity;
}

static lathe_column *some_column(lathe_type type, int kind, int64_t rows, bool gaps) {
  if (type == LATHE_TYPE_STRING || type == LATHE_TYPE_CATEGORY) {
    lathe_text *texts = malloc(((size_t)rows + 1) * sizeof *texts);
    char(*room)[64] = malloc(((size_t)rows + 1) * sizeof *room);
    for (int64_t i = 0; i < rows; i++) {
      texts[i] = (lathe_text){room[i], some_text(kind, room[i])};
      if (gaps && below(10) == 0) texts[i].data = NULL;
    }
    lathe_column *column = lathe_column_from_text(texts, rows, NULL);
    free(texts);
    free(room);
    if (type == LATHE_TYPE_STRING) return column;
    lathe_column *category = lathe_column_to_category(column, NULL);
    lathe_column_release(column);
    return category;
  }
  uint8_t *validity = some_gaps(rows, gaps);
  void *values = calloc((size_t)rows + 1, 8);
  for (int64_t i = 0; i < rows; i++) {
    if (type == LATHE_TYPE_BOOL)
      ((uint8_t *)values)[i / 8] = (uint8_t)(((uint8_t *)values)[i / 8] | below(2) << i % 8);
    else if (type == LATHE_TYPE_FLOAT64)
      ((double *)values)[i] = some_number(kind);
    else if (type == LATHE_TYPE_DATE)
      ((int32_t *)values)[i] = (int32_t)some_integer(kind);
    else
      ((int64_t *)values)[i] = some_integer(kind);
  }
  return lathe_column_new(type, rows, validity, values, NULL, NULL, NULL);
}

static int compare_texts(lathe_text a, lathe_text b) {
  size_t size = a.size < b.size ? a.size : b.size;
  int order = memcmp(a.data, b.data, size);
  return order ? order : (a.size > b.size) - (a.size < b.size);
}

/* The rule, written out. */
static int compare(const lathe_column *column, const lathe_sort_key *key, int64_t a, int64_t b) {
  bool there = lathe_column_present(column, a), other = lathe_column_present(column, b);
  if (!there || !other) return (there == other) ? 0 : there == key->missing_first ? 1 : -1;
  int order = 0;
  switch (lathe_column_type(column)) {
  case LATHE_TYPE_STRING:
  case LATHE_TYPE_CATEGORY:
    order = compare_texts(lathe_column_text(column, a), lathe_column_text(column, b));
    break;
  case LATHE_TYPE_INT64:
  case LATHE_TYPE_TIMESTAMP: {
    const int64_t *values = lathe_column_values(column);
    order = (values[a] > values[b]) - (values[a] < values[b]);
    break;
  }
  default: {
    double x = lathe_column_number(column, a), y = lathe_column_number(column, b);
    if (isnan(x) || isnan(y)) return isnan(x) - isnan(y);
    order = (x > y) - (x < y);
  }
  }
  return key->descending ? -order : order;
}

/* Whether `order` is each row once, in the order of the keys, equal rows as they were. */
static bool sorted(const lathe_table *table, const lathe_sort_key *keys, int count, const int64_t *order) {
  int64_t rows = lathe_table_rows(table);
  bool *seen = calloc((size_t)rows + 1, 1), right = true;
  for (int64_t i = 0; i < rows && right; i++) {
    right = order[i] >= 0 && order[i] < rows && !seen[order[i]];
    if (right) seen[order[i]] = true;
    int relation = 0;
    for (int k = 0; k < count && i && right && !relation; k++)
      relation = compare(lathe_table_column(table, keys[k].column), &keys[k], order[i - 1], order[i]);
    if (i && right) right = relation < 0 || (relation == 0 && order[i - 1] < order[i]);
    if (!right)
      printf("# place %lld: rows %lld and %lld\n", (long long)i, i ? (long long)order[i - 1] : -1,
             (long long)order[i]);
  }
  free(seen);
  return right;
}

static lathe_table *some_table(int64_t rows, int kind, bool gaps) {
  static const char *const names[] = {"bool", "int64", "float64", "string", "category", "date", "timestamp"};
  lathe_column *columns[7];
  for (int type = 0; type < 7; type++) columns[type] = some_column((lathe_type)type, kind, rows, gaps);
  lathe_table *table = lathe_table_new(7, names, columns, NULL);
  for (int type = 0; type < 7; type++) lathe_column_release(columns[type]);
  return table;
}

static bool check_order(const lathe_table *table, const lathe_sort_key *keys, int count) {
  size_t rows = (size_t)lathe_table_rows(table);
  int64_t *order = malloc((rows + 1) * sizeof *order), *again = malloc((rows + 1) * sizeof *again);
  lathe_error error = {0};
  lathe_threads_set(1);
  bool fine = lathe_table_order(table, keys, count, order, NULL, &error);
  lathe_threads_set(3);
  fine = fine && lathe_table_order(table, keys, count, again, NULL, &error);
  if (!fine) printf("# %s\n", error.message);
  fine = fine && sorted(table, keys, count, order) && memcmp(order, again, rows * sizeof *order) == 0;
  if (!fine)
    for (int i = 0; i < count; i++)
      printf("# key %d%s%s\n", keys[i].column, keys[i].descending ? " descending" : "",
             keys[i].missing_first ? " missing first" : "");
  free(order);
  free(again);
  return fine;
}

static void check_all(int64_t rows, int kind, bool gaps, const char *what) {
  lathe_table *table = some_table(rows, kind, gaps);
  bool fine = true;
  for (int32_t type = 0; type < 7 && fine; type++)
    for (int way = 0; way < 4 && fine; way++)
      fine = check_order(table, &(lathe_sort_key){type, way & 1, way & 2}, 1);
  ok(fine, "%lld rows, %s%s: each type alone is in order, both ways, missing first and last", (long long)rows,
     what, gaps ? " and gaps" : "");
  for (int i = 0; i < 12 && fine; i++) {
    lathe_sort_key keys[4];
    for (int k = 0; k < 4; k++) keys[k] = (lathe_sort_key){(int32_t)below(7), below(2), below(2)};
    fine = check_order(table, keys, 1 + (int)below(4));
  }
  ok(fine, "%lld rows, %s%s: up to four keys are in order", (long long)rows, what, gaps ? " and gaps" : "");
  lathe_table_release(table);
}

static void check_orders(void) {
  enum { ROWS = 400000 };
  int64_t *values = malloc(ROWS * sizeof *values);
  const char *name = "a";
  static const char *const what[] = {"rising", "falling", "equal", "nearly all equal", "in blocks"};
  for (int kind = 0; kind < 5; kind++) {
    for (int64_t i = 0; i < ROWS; i++)
      values[i] = kind == 0   ? i
                  : kind == 1 ? -i * 3
                  : kind == 2 ? 7
                  : kind == 3 ? (i % 1000 ? 5 : (int64_t)lathe_random_next64(&random_state))
                              : i / 100 * (i % 2 ? 1 : -1);
    lathe_column *column = lathe_column_from_int64(values, ROWS, NULL);
    lathe_table *table = lathe_table_new(1, &name, &column, NULL);
    ok(check_order(table, &(lathe_sort_key){0, false, false}, 1) &&
           check_order(table, &(lathe_sort_key){0, true, false}, 1),
       "numbers that are %s are in order", what[kind]);
    if (kind == 0) {
      lathe_table *same = lathe_table_sort(table, &(lathe_sort_key){0, false, false}, 1, NULL, NULL);
      ok(same == table, "a table that is in order is given back");
      lathe_table_release(same);
    }
    lathe_table_release(table);
    lathe_column_release(column);
  }
  free(values);
}

/* Long texts that differ late, and more equal keys than one level of a sort takes. */
static void check_long(void) {
  enum { ROWS = 3000, LONG = 500 };
  lathe_text *texts = malloc(ROWS * sizeof *texts);
  char *room = malloc(ROWS * (LONG + 16));
  for (int i = 0; i < ROWS; i++) {
    char *text = room + i * (LONG + 16);
    memset(text, 'x', LONG);
    if (i % 2) text[below(LONG)] = 'y';
    texts[i] = (lathe_text){text, i % 3 ? LONG : below(LONG)};
  }
  lathe_column *column = lathe_column_from_text(texts, ROWS, NULL);
  const char *name = "a";
  lathe_table *table = lathe_table_new(1, &name, &column, NULL);
  ok(check_order(table, &(lathe_sort_key){0, false, false}, 1) &&
         check_order(table, &(lathe_sort_key){0, true, false}, 1),
     "texts that differ late are in order");
  lathe_table_release(table);
  lathe_column_release(column);
  free(texts);
  free(room);
}

static void check_wrong(void) {
  lathe_table *table = some_table(3, SMALL, false);
  int64_t order[3];
  lathe_error error = {0};
  ok(!lathe_table_order(table, &(lathe_sort_key){7, false, false}, 1, order, NULL, &error) &&
         strstr(error.message, "no column number 8"),
     "a key that is no column is refused");
  ok(!lathe_table_order(table, NULL, 0, order, NULL, &error), "no key is refused");
  lathe_progress *progress = lathe_progress_new(NULL);
  lathe_progress_cancel(progress);
  ok(!lathe_table_sort(table, &(lathe_sort_key){1, false, false}, 1, progress, &error) &&
         error.code == LATHE_ERROR_CANCELLED,
     "a sort that is cancelled says so");
  lathe_progress_release(progress);
  lathe_table_release(table);
}

int main(void) {
  lathe_random_seed(&random_state, 11, 0);
  static const char *const what[] = {"few values", "many values", "long equal beginnings", "extreme values"};
  for (int kind = 0; kind < 4; kind++)
    for (int gaps = 0; gaps < 2; gaps++) {
      check_all(20, kind, gaps, what[kind]);
      check_all(3000, kind, gaps, what[kind]);
    }
  check_all(0, SMALL, false, "nothing");
  check_all(1, SMALL, true, "one row");
  check_all(100000, TWICE, true, "long equal beginnings");
  check_orders();
  check_long();
  check_wrong();
  return done_testing();
}
