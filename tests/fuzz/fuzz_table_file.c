/* Any bytes as a saved table (safetensors): a table whose every element can be looked at, or one sentence. */
#include "base/pool.h"
#include "table/table.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  char path[64], hash[33], scratch[32];
  lathe_threads_set(1);
  snprintf(path, sizeof path, "/dev/shm/lathe-fuzz-%d.safetensors", (int)getpid());
  FILE *file = fopen(path, "wb");
  if (!file || fwrite(data, 1, size, file) != size || fclose(file) != 0) abort();
  lathe_error error = {0};
  int64_t looks = -1;
  lathe_table *table = lathe_table_load(path, &looks, &error);
  if ((!table && !*error.message) || looks < -1) abort();
  if (table) lathe_table_hash(table, hash, NULL);
  for (int32_t i = 0; table && i < lathe_table_columns(table); i++)
    for (int64_t row = 0; row < lathe_table_rows(table) && row < 10000; row++)
      lathe_column_format(lathe_table_column(table, i), row, scratch);
  lathe_table_release(table);
  unlink(path);
  return 0;
}
