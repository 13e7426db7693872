/* test_table.c - columns, tables, saved tables, and the verbs on rows. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../src/base/file.h"
#include "../../src/base/memory.h"
#include "../../src/format/csv.h"
#include "../../src/shape/rows.h"
#include "tap.h"

static lathe_table *parse(const char *text) {
  lathe_error error = {0};
  lathe_table *table = lathe_table_parse_csv(text, strlen(text), "t.csv", NULL, NULL, NULL, &error);
  if (!table) printf("# %s\n", error.message);
  return table;
}

static bool same_hash(const lathe_table *a, const lathe_table *b) {
  char first[33], second[33];
  return a && b && lathe_table_hash(a, first, NULL) && lathe_table_hash(b, second, NULL) &&
         strcmp(first, second) == 0;
}

static void check_columns(void) {
  lathe_error error = {0};
  double numbers[] = {1, NAN, 3};
  lathe_column *column = lathe_column_from_float64(numbers, 3, &error);
  ok(lathe_column_missing(column) == 1 && !lathe_column_present(column, 1) &&
         isnan(lathe_column_number(column, 1)) && ((const double *)lathe_column_values(column))[1] == 0,
     "NaN is missing in a column made from numbers, and its bytes are zero");
  int64_t order[] = {2, -1, 0, 0}, wrong[] = {3};
  lathe_column *taken = lathe_column_take(column, order, 4, &error);
  ok(lathe_column_rows(taken) == 4 && lathe_column_missing(taken) == 1 &&
         lathe_column_number(taken, 0) == 3 && lathe_column_number(taken, 3) == 1,
     "rows are taken in any order, -1 is missing");
  ok(!lathe_column_take(column, wrong, 1, &error) && strstr(error.message, "outside the 3 rows"),
     "a row outside is refused");
  lathe_column *clipped = lathe_column_clip(column, 2, 2.5, &error);
  ok(lathe_column_number(clipped, 0) == 2 && lathe_column_number(clipped, 2) == 2.5 &&
         lathe_column_missing(clipped) == 1,
     "numbers are limited to a range");
  lathe_column_release(clipped);
  int64_t whole[] = {INT64_MIN, (INT64_C(1) << 53) + 1, INT64_MAX};
  lathe_column *integers = lathe_column_from_int64(whole, 3, &error);
  clipped = lathe_column_clip(integers, -INFINITY, 0x1p62, &error);
  const int64_t *limited = lathe_column_values(clipped);
  ok(limited[0] == INT64_MIN && limited[1] == whole[1] && limited[2] == INT64_C(1) << 62,
     "integers beyond 2^53 are limited as integers");
  ok(!lathe_column_clip(integers, 1e30, INFINITY, &error) && strstr(error.message, "no int64 lies between") &&
         !lathe_column_clip(integers, -INFINITY, -1e30, &error) &&
         !lathe_column_clip(integers, 0.2, 0.8, &error),
     "a range without an integer is refused for integers");
  lathe_column_release(clipped);
  lathe_column_release(integers);
  lathe_column_release(taken);
  lathe_column_release(column);

  uint8_t *validity = malloc(1);
  double *values = calloc(3, sizeof *values);
  *validity = 0xFF;
  column = lathe_column_new(LATHE_TYPE_FLOAT64, 3, validity, values, NULL, NULL, &error);
  ok(lathe_column_missing(column) == 0 && !lathe_column_validity(column),
     "a full bitmap is no bitmap, whatever its padding");
  lathe_column_release(column);

  lathe_text texts[] = {{"pear", 4}, {NULL, 0}, {"", 0}, {"fig", 3}, {"pear", 4}}, bad[] = {{"\xFF", 1}};
  column = lathe_column_from_text(texts, 5, &error);
  lathe_column *category = lathe_column_to_category(column, &error),
               *back = lathe_column_to_string(category, &error);
  ok(lathe_column_rows(lathe_column_dictionary(category)) == 3 &&
         ((const int32_t *)lathe_column_values(category))[0] == 2 && lathe_column_missing(category) == 1 &&
         lathe_column_text(category, 3).size == 3,
     "a string column becomes a category with a sorted dictionary");
  const char *name = "a";
  lathe_table *one = lathe_table_new(1, &name, &column, &error),
              *two = lathe_table_new(1, &name, &back, &error);
  ok(same_hash(one, two), "and back");
  ok(!lathe_column_from_text(bad, 1, &error) && strstr(error.message, "not UTF-8"),
     "text that is not UTF-8 is refused");
  lathe_table_release(one);
  lathe_table_release(two);
  lathe_column_release(back);
  lathe_column_release(category);
  lathe_column_release(column);
}

static void check_tables(void) {
  lathe_error error = {0};
  double numbers[] = {1, 2, 3};
  lathe_column *three = lathe_column_from_float64(numbers, 3, &error),
               *two = lathe_column_from_float64(numbers, 2, &error);
  const char *same[] = {"a", "a"}, *names[] = {"a", "b"}, *empty[] = {"", "b"};
  lathe_column *columns[] = {three, three}, *uneven[] = {three, two};
  ok(!lathe_table_new(2, same, columns, &error) && strstr(error.message, "two columns are named \"a\""),
     "names are unique");
  ok(!lathe_table_new(2, empty, columns, &error) && strstr(error.message, "column 1 has no name"),
     "names are not empty");
  ok(!lathe_table_new(2, names, uneven, &error) && strstr(error.message, "equally long"),
     "columns are equally long");
  ok(!lathe_table_new(0, names, columns, &error), "a table has a column");
  lathe_table *table = lathe_table_new(2, names, columns, &error);
  ok(lathe_table_column(table, 0) == three && lathe_table_find(table, "b") == 1 &&
         lathe_table_find(table, "c") == -1,
     "columns are shared, and found by name");
  lathe_table_release(table);
  table = parse("median_income,longitude\n1,2\n");
  ok(lathe_table_need(table, "medain_income", &error) < 0 &&
         strstr(error.message, "the nearest name is \"median_income\""),
     "an unknown column is answered with the nearest: %s", error.message);
  lathe_table_release(table);
  lathe_column_release(three);
  lathe_column_release(two);
}

static bool saves(const char *text, const char *holds) {
  lathe_error error = {0};
  char path[] = "/tmp/lathe-test-XXXXXX";
  close(mkstemp(path));
  lathe_table *table = parse(text);
  bool saved = table && lathe_table_save(table, path, -1, &error);
  lathe_table *back = saved ? lathe_table_load(path, NULL, &error) : NULL;
  bool fine = ok(same_hash(table, back), "%s %s", holds, error.message);
  lathe_table_release(table);
  lathe_table_release(back);
  unlink(path);
  return fine;
}

/* Every byte of a saved table turned over, one at a time: it is refused, or gives a table that can be read.
 */
static void check_damage(void) {
  lathe_error error = {0};
  char path[] = "/tmp/lathe-test-XXXXXX";
  close(mkstemp(path));
  lathe_table *table = parse("a,b,c,d\n1,x,p,true\n,y,q,\n3,x,NA,false\n4,y,s,true\n");
  lathe_table_save(table, path, -1, &error);
  lathe_mapping *mapping = lathe_mapping_open(path, &error);
  size_t size = lathe_mapping_size(mapping);
  char *bytes = malloc(size);
  memcpy(bytes, lathe_mapping_data(mapping), size);
  lathe_mapping_release(mapping);
  int refused = 0, read = 0;
  for (size_t i = 0; i < size; i++) {
    FILE *file = fopen(path, "wb");
    bytes[i] = (char)~bytes[i];
    fwrite(bytes, 1, size, file);
    fclose(file);
    bytes[i] = (char)~bytes[i];
    lathe_table *back = lathe_table_load(path, NULL, &error);
    refused += back == NULL;
    for (int32_t k = 0; back && k < lathe_table_columns(back); k++)
      for (int64_t row = 0; row < lathe_table_rows(back); row++) {
        char scratch[32];
        read += (int)lathe_column_format(lathe_table_column(back, k), row, scratch).size >= 0;
      }
    lathe_table_release(back);
  }
  ok(refused > 100 && read > 0, "a damaged file is refused or read, never followed (%d of %d refused)",
     refused, (int)size);
  free(bytes);
  lathe_table_release(table);
  unlink(path);
}

static bool leaves(lathe_table *table, const char *expected) {
  lathe_table *want = parse(expected);
  bool fine = same_hash(table, want);
  lathe_table_release(table);
  lathe_table_release(want);
  return fine;
}

static void check_rows(void) {
  lathe_error error = {0};
  lathe_table *table = parse("a,b,c\n1,0.5,x\n1,0.5,x\n2,,y\n2,,y\n1,0.5,y\n,0,x\n,-0,x\n");
  ok(lathe_table_duplicates(table, NULL, &error) == 3,
     "equal rows are counted; missing equals missing, -0 equals 0");
  ok(leaves(lathe_table_drop_duplicates(table, NULL, 0, false, NULL, &error),
            "a,b,c\n1,0.5,x\n2,,y\n1,0.5,y\n,0,x\n"),
     "the first of equal rows stays");
  int32_t only[] = {0}, wrong[] = {3};
  lathe_table *last = lathe_table_drop_duplicates(table, only, 1, true, NULL, &error);
  ok(lathe_table_rows(last) == 3 && lathe_column_number(lathe_table_column(last, 0), 0) == 2 &&
         lathe_column_text(lathe_table_column(last, 2), 1).data[0] == 'y',
     "the last of rows equal in one column stays, in order");
  lathe_table_release(last);
  lathe_table *full = lathe_table_drop_missing(table, NULL, 0, NULL, &error);
  ok(lathe_table_rows(full) == 3, "rows that miss something are left out");
  lathe_table *again = lathe_table_drop_missing(full, NULL, 0, NULL, &error);
  ok(again == full, "nothing to leave out gives the same table");
  lathe_table_release(again);
  lathe_table_release(full);
  lathe_table *some = lathe_table_drop_missing(table, only, 1, NULL, &error);
  ok(lathe_table_rows(some) == 5, "only the columns that are named count");
  ok(!lathe_table_drop_missing(table, wrong, 1, NULL, &error), "a column that is not there is refused");
  lathe_table_release(some);
  lathe_table_release(table);
}

int main(void) {
  check_columns();
  check_tables();
  saves("a,b,c,d,e,f,g\n1,0.5,x,true,2024-01-01,2024-01-01 "
        "10:00:00,p\n,,y,,,,q\n-3,1e300,x,false,1999-12-31,1999-12-31 "
        "23:59:59.5,r\n4,,x,,,,\n",
        "a table of all types is saved and loaded equal");
  saves("a,b/c,\"a\"\"b\"\n1,x,2\n", "names with slashes and quotes");
  saves("名前,b\n,\n", "missing columns and wide names");
  saves("a,b\n", "no rows");
  check_damage();
  check_rows();
  return done_testing();
}
