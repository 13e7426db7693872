/* Any bytes as an NPY and as an NPZ file: a table that can be hashed, or one sentence. */
#include "base/pool.h"
#include "format/npy.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(lathe_table *table, const lathe_error *error) {
  char hash[33];
  if (!table && !*error->message) abort();
  if (table) lathe_table_hash(table, hash, NULL);
  lathe_table_release(table);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  lathe_threads_set(1);
  lathe_error error = {0};
  check(lathe_table_parse_npy((const char *)data, size, "fuzz", NULL, NULL, &error), &error);
  error = (lathe_error){0};
  check(lathe_table_parse_npz((const char *)data, size, "fuzz", NULL, NULL, &error), &error);
  return 0;
}
