/* Any bytes as a database: a table, or one sentence. */
#include "base/file.h"
#include "base/pool.h"
#include "format/sqlite.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  char path[64], note[LATHE_SQLITE_NOTE];
  lathe_threads_set(1);
  snprintf(path, sizeof path, "/dev/shm/lathe-fuzz-%d.db", (int)getpid());
  FILE *file = fopen(path, "wb");
  if (!file || fwrite(data, 1, size, file) != size || fclose(file) != 0) abort();
  lathe_sqlite_options options = {.note = note};
  lathe_error error = {0};
  lathe_table *table = lathe_table_read_sqlite(path, &options, NULL, &error);
  if (!table && !*error.message) abort();
  lathe_table_release(table);
  unlink(path);
  return 0;
}
