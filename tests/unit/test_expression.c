/* test_expression.c - formulas over columns: values, what is missing, edges of int64 and of float64, many rows, errors. */
#include <math.h>
#include <string.h>

#include "../../src/base/memory.h"
#include "../../src/base/pool.h"
#include "../../src/format/csv.h"
#include "../../src/shape/expression.h"
#include "tap.h"

static lathe_table *parse(const char *text) {
  lathe_error error = {0};
  lathe_table *table = lathe_table_parse_csv(text, strlen(text), "t.csv", NULL, NULL, NULL, &error);
  if (!table) printf("# %s\n", error.message);
  return table;
}

/* The elements of a formula's column, parted by "|", "~" where one is missing; or the error. */
static bool gives(const lathe_table *table, const char *formula, const char *expected) {
  lathe_error error = {0};
  lathe_buffer shown = {0};
  lathe_expression *expression = lathe_expression_parse(formula, table, &error);
  lathe_column *column = expression ? lathe_expression_run(expression, table, NULL, &error) : NULL;
  for (int64_t row = 0; column && row < lathe_column_rows(column); row++) {
    char scratch[32];
    lathe_text text = lathe_column_format(column, row, scratch);
    if (row) lathe_buffer_text(&shown, "|", NULL);
    if (lathe_column_present(column, row))
      lathe_buffer_append(&shown, text.data, text.size, NULL);
    else
      lathe_buffer_text(&shown, "~", NULL);
  }
  const char *got = column ? shown.data : error.message;
  bool same = *expected == '*' ? !column && strstr(got, expected + 1) : column && !strcmp(got, expected);
  if (!same) printf("# %s gives %s\n", formula, got);
  lathe_column_release(column);
  lathe_expression_free(expression);
  lathe_buffer_free(&shown);
  return same;
}

static void check_values(void) {
  lathe_table *table = parse(
      "n,x,t,d\n1,0.5,b,2024-02-29\n-7,,a,2023-12-31\n,inf,\"\",\n9223372036854775807,-2.5,c,0001-01-01\n");
  static const char *const cases[][2] = {
      {"n * 1", "1|-7|~|9223372036854775807"},
      {"n + 1", "*does not fit in int64"},
      {"try(n + 1)", "2|-6|~|~"},
      {"n // 2", "0|-4|~|4611686018427387903"},
      {"n % 3", "1|2|~|1"},
      {"x / 0", "inf|~|inf|-inf"},
      {"x > 0 or n < 0", "true|true|true|false"},
      {"x > 0 and n > 0", "true|false|~|false"},
      {"not (n > 0)", "false|true|~|false"},
      {"clip(x, 0, 1)", "0.5|~|1|0"},
      {"t == 'a' or t == 'c'", "false|true|false|true"},
      {"add_months(d, 12)", "2025-02-28|2024-12-31|~|0002-01-01"},
      {"year(d)", "2024|2023|~|1"},
      {"add_days(d, 9223372036854775807)", "*too far away"},
      {"cast(x * 1e300, \"int64\")", "*"},
      {"nothing + 1", "*nothing"},
      {"n +", "*"},
      {"(((n)))", "1|-7|~|9223372036854775807"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    ok(gives(table, cases[i][0], cases[i][1]), "%s", cases[i][0]);
  lathe_table_release(table);
}

static void check_depth(void) {
  enum { DEEP = 200000 };
  lathe_table *table = parse("n\n1\n");
  lathe_buffer text = {0};
  for (int i = 0; i < DEEP; i++) lathe_buffer_text(&text, "(", NULL);
  lathe_buffer_text(&text, "n", NULL);
  for (int i = 0; i < DEEP; i++) lathe_buffer_text(&text, ")", NULL);
  ok(gives(table, text.data, "*"), "a bracket bomb is one error");
  text.size = 0;
  for (int i = 0; i < DEEP; i++) lathe_buffer_text(&text, "-", NULL);
  lathe_buffer_text(&text, "n", NULL);
  ok(gives(table, text.data, "*"), "so is a tower of signs");
  lathe_buffer_free(&text);
  lathe_table_release(table);
}

/* The same filter of many rows for every number of threads. */
static void check_threads(void) {
  enum { ROWS = 300000 };
  lathe_buffer text = {0};
  lathe_error error = {0};
  lathe_buffer_text(&text, "n,t\n", NULL);
  for (int i = 0; i < ROWS; i++) lathe_buffer_format(&text, NULL, "%d,word %d\n", i, i % 10);
  lathe_table *table = parse(text.data);
  char first[33] = "", now[33];
  bool same = true;
  int64_t rows = 0;
  for (int32_t threads = 1; threads <= 4; threads++) {
    lathe_threads_set(threads);
    lathe_table *kept = lathe_table_filter(table, "n % 7 == 3 and upper(t) != 'WORD 4'", NULL, &error);
    same = same && kept && lathe_table_hash(kept, now, &error) && (!*first || !strcmp(first, now));
    memcpy(first, now, sizeof first);
    rows = kept ? lathe_table_rows(kept) : -1;
    lathe_table_release(kept);
  }
  lathe_threads_set(0);
  int64_t wanted = 0;
  for (int i = 0; i < ROWS; i++) wanted += i % 7 == 3 && i % 10 != 4;
  ok(same && rows == wanted, "a filter gives the same rows with 1 to 4 threads %s", error.message);
  lathe_table_release(table);
  lathe_buffer_free(&text);
}

int main(void) {
  check_values();
  check_depth();
  check_threads();
  return done_testing();
}
