/* Any bytes: the CSV reader gives the same table, or the same error, whatever the size of its pieces; and
 * what it gives, written and read with the same types, is equal. The first byte chooses the options. */
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 1) return 0;
  lathe_threads_set(1);
  uint8_t choice = *data;
  lathe_csv_options options = {.headless = choice & 1, .ragged = choice & 2, .plain = (choice & 12) == 12};
  lathe_error error = {0}, small_error = {0};
  char hash[33] = "", small_hash[33] = "";
  lathe_table *table =
      lathe_table_parse_csv((const char *)data + 1, size - 1, "fuzz", &options, NULL, NULL, &error);
  options.chunk = 4 + (choice >> 4);
  lathe_table *small =
      lathe_table_parse_csv((const char *)data + 1, size - 1, "fuzz", &options, NULL, NULL, &small_error);
  if (table) lathe_table_hash(table, hash, NULL);
  if (small) lathe_table_hash(small, small_hash, NULL);
  /* With other pieces another of several errors may come first, but never none. */
  if (!table != !small || strcmp(hash, small_hash) != 0) {
    fprintf(stderr, "chunk %d differs: %s / %s\n", (int)options.chunk, error.message, small_error.message);
    abort();
  }
  if (table && (choice & 12) == 8 && !has_nan(table)) check_round_trip(table);
  lathe_table_release(table);
  lathe_table_release(small);
  return 0;
}
