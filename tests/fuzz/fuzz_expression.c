/* Any bytes as an expression over a table of all types: it ends with a column of the right type and length, or with a sentence; a
 * condition filters as well. */
#include "base/pool.h"
#include "shape/expression.h"
#include "table/own.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ROWS = 9 };

static lathe_column *with_gap(lathe_type type, void *values, char *bytes, lathe_column *dictionary) {
  uint8_t *validity = malloc(2);
  validity[0] = 0xFB, validity[1] = 1; /* row 3 is missing */
  lathe_column *column = lathe_column_new(type, ROWS, validity, values, bytes, dictionary, NULL);
  if (!column) abort();
  return column;
}

static void *copy(const void *from, size_t size) {
  return memcpy(malloc(size), from, size);
}

static lathe_table *make_table(void) {
  static const int64_t integers[ROWS] = {0, 1, 0, -1, INT64_MAX, INT64_MIN, 7, 2024, 100};
  static const double numbers[ROWS] = {0, -0.0, 0, 0.5, 1e308, -2.5, 1.0 / 3, 17, 99};
  static const int32_t days[ROWS] = {0, -1, 0, 19753, 2932896, -719162, INT32_MAX, INT32_MIN, 1};
  static const int64_t moments[ROWS] = {0, -1, 0, 1706702400000000, INT64_MAX, INT64_MIN, 1, 2, 3};
  static const lathe_text texts[ROWS] = {{"Oslo", 4},
                                         {"", 0},
                                         {NULL, 0},
                                         {"12.5", 4},
                                         {"2024-01-31", 10},
                                         {"a,b,c", 5},
                                         {"\xC3\x89t\xC3\xA9", 5},
                                         {"\xE6\x9D\x8E", 3},
                                         {" x ", 3}};
  lathe_column *text = lathe_column_from_text(texts, ROWS, NULL);
  lathe_column *columns[] = {with_gap(LATHE_TYPE_INT64, copy(integers, sizeof integers), NULL, NULL),
                             with_gap(LATHE_TYPE_FLOAT64, copy(numbers, sizeof numbers), NULL, NULL),
                             with_gap(LATHE_TYPE_DATE, copy(days, sizeof days), NULL, NULL),
                             with_gap(LATHE_TYPE_TIMESTAMP, copy(moments, sizeof moments), NULL, NULL),
                             with_gap(LATHE_TYPE_BOOL, copy("\x55\x01", 2), NULL, NULL),
                             text,
                             lathe_column_to_category(text, NULL)};
  static const char *const names[] = {"i", "f", "d", "t", "b", "s", "c"};
  lathe_table *table = lathe_table_new(7, names, columns, NULL);
  for (int k = 0; k < 7; k++) lathe_column_release(columns[k]);
  if (!table) abort();
  return table;
}

static void check(const lathe_column *column, lathe_type type) {
  if (column->type != type || column->rows != ROWS) abort();
  for (int64_t row = 0; row < ROWS && lathe_type_is_text(type); row++) {
    lathe_text text = lathe_column_text(column, row);
    if (text.data && lathe_text_valid(text.data, text.size) != text.size) abort();
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static lathe_table *table;
  if (!table) {
    table = make_table();
    lathe_threads_set(1);
  }
  char *text = malloc(size + 1);
  memcpy(text, data, size);
  text[size] = '\0';
  lathe_error error = {0};
  lathe_expression *expression = lathe_expression_parse(text, table, &error);
  if (expression) {
    lathe_column *column = lathe_expression_run(expression, table, NULL, &error);
    if (column) check(column, lathe_expression_type(expression));
    if (!column && !error.message[0]) abort();
    if (lathe_expression_type(expression) == LATHE_TYPE_BOOL) {
      lathe_table *rows = lathe_expression_filter(expression, table, NULL, &error);
      if ((rows != NULL) != (column != NULL)) abort();
      lathe_table_release(rows);
    }
    lathe_column_release(column);
  } else if (!error.message[0] ||
             lathe_text_valid(error.message, strlen(error.message)) != strlen(error.message)) {
    abort();
  }
  lathe_expression_free(expression);
  free(text);
  return 0;
}
