/* Any bytes: the CSV reader gives the same table, or the same error, whatever the size of its pieces; and
 * what it gives, written and read with the same types, is equal. The first bytes choose the options. */
#include "base/pool.h"
#include "format/csv.h"

#include <math.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool has_nan(const lathe_table *table) {
  for (int32_t i = 0; i < lathe_table_columns(table); i++) {
    const lathe_column *column = lathe_table_column(table, i);
    for (int64_t row = 0; lathe_column_type(column) == LATHE_TYPE_FLOAT64 && row < lathe_table_rows(table);
         row++)
      if (lathe_column_present(column, row) && isnan(lathe_column_number(column, row))) return true;
  }
  return false;
}

static void check_round_trip(const lathe_table *table) {
  char path[64], first[33], second[33];
  lathe_error error = {0};
  snprintf(path, sizeof path, "/dev/shm/lathe-fuzz-%d.csv", (int)getpid());
  if (!lathe_table_write_csv(table, path, 0, NULL, &error)) return;
  int32_t count = lathe_table_columns(table);
  const char **names = calloc((size_t)count, sizeof *names);
  lathe_type *types = calloc((size_t)count, sizeof *types);
  for (int32_t i = 0; i < count; i++) {
    names[i] = lathe_table_name(table, i);
    types[i] = lathe_column_type(lathe_table_column(table, i));
  }
  lathe_csv_options options = {.delimiter = ',', .type_count = count, .type_names = names, .types = types};
  lathe_table *back = lathe_table_read_csv(path, &options, NULL, NULL, &error);
  if (!back || !lathe_table_hash(table, first, NULL) || !lathe_table_hash(back, second, NULL) ||
      strcmp(first, second) != 0) {
    fprintf(stderr, "not equal after writing and reading: %s\n", error.message);
    abort();
  }
  lathe_table_release(back);
  free(names);
  free(types);
  unlink(path);
}

/* What the first three bytes choose. */
static lathe_csv_options choose(const uint8_t *data) {
  static const char escapes[] = {0, 0, '\\', '^'}, comments[] = {0, 0, '#', ';'},
                    decimals[] = {0, ',', 0, '.'}, thousands[] = {0, '.', ',', ' '};
  static const char *const names[] = {"a", "b"};
  static const lathe_type types[] = {LATHE_TYPE_INT64, LATHE_TYPE_FLOAT64};
  lathe_csv_options options = {.headless = data[0] & 1, .ragged = data[0] & 2, .plain = (data[0] & 12) == 12};
  options.lenient = data[1] & 1;
  options.escape = escapes[data[1] >> 3 & 3];
  options.comment = comments[data[1] >> 5 & 3];
  options.decimal = decimals[data[2] & 3];
  options.thousands = thousands[data[2] & 3];
  options.quote = data[2] & 4 ? '\'' : 0;
  options.delimiter = data[2] & 8 ? ',' : 0;
  if (data[2] & 16)
    options.type_names = names, options.types = types + (data[2] >> 5 & 1), options.type_count = 1;
  return options;
}

/* Every row is kept or rejected, whatever the size of the pieces: with one of text alone nothing else rejects it. */
static void check_rejects(const lathe_table *table, const lathe_table *rejects, int64_t *rows) {
  int64_t sum = lathe_table_rows(table) + lathe_table_rows(rejects);
  if (*rows >= 0 && *rows != sum) {
    fprintf(stderr, "%lld rows and then %lld\n", (long long)*rows, (long long)sum);
    abort();
  }
  *rows = sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 3) return 0;
  lathe_threads_set(1);
  uint8_t choice = *data;
  lathe_csv_options options = choose(data);
  lathe_error error = {0}, small_error = {0};
  lathe_table *rejects[3] = {0};
  char hash[33] = "", small_hash[33] = "", left[33] = "", small_left[33] = "";
  const char *text = (const char *)data + 3;
  lathe_table *table = lathe_table_parse_csv(text, size - 3, "fuzz", &options, &rejects[0], NULL, &error);
  options.chunk = 4 + (choice >> 4);
  lathe_table *small =
      lathe_table_parse_csv(text, size - 3, "fuzz", &options, &rejects[1], NULL, &small_error);
  if (table) lathe_table_hash(table, hash, NULL);
  if (small) lathe_table_hash(small, small_hash, NULL);
  if (rejects[0]) lathe_table_hash(rejects[0], left, NULL);
  if (rejects[1]) lathe_table_hash(rejects[1], small_left, NULL);
  /* With other pieces another of several errors may come first, but never none. */
  if (!table != !small || strcmp(hash, small_hash) != 0 || strcmp(left, small_left) != 0) {
    fprintf(stderr, "chunk %d differs: %s / %s\n", (int)options.chunk, error.message, small_error.message);
    abort();
  }
  int64_t rows = -1;
  if (table && rejects[0]) check_rejects(table, rejects[0], &rows);
  if (table && (choice & 12) == 8 && !has_nan(table)) check_round_trip(table);
  if (table && options.lenient &&
      options.type_count) { /* the same rows without a type that may refuse them */
    options.type_count = 0;
    lathe_table *loose = lathe_table_parse_csv(text, size - 3, "fuzz", &options, &rejects[2], NULL, &error);
    if (loose) check_rejects(loose, rejects[2], &rows);
    lathe_table_release(loose);
  }
  for (int i = 0; i < 3; i++) lathe_table_release(rejects[i]);
  lathe_table_release(table);
  lathe_table_release(small);
  return 0;
}
