/* Any bytes: JSON and JSON Lines give the same table, or an error, whatever the size of the pieces; a table that is written as JSON Lines reads
 * back. The first byte chooses. */
#include "base/pool.h"
#include "format/json_table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static lathe_table *parse(const uint8_t *data, size_t size, uint8_t choice, int64_t chunk,
                          lathe_error *error) {
  char note[LATHE_JSON_NOTE];
  lathe_json_options options = {
      .lenient = choice & 2, .rows = choice & 4 ? "a.b" : NULL, .chunk = chunk, .note = note};
  lathe_table *rejects = NULL;
  lathe_table *table = (choice & 1 ? lathe_table_parse_json_lines : lathe_table_parse_json)(
      (const char *)data, size, "fuzz", &options, &rejects, NULL, error);
  if (!!table != !!rejects) abort();
  lathe_table_release(rejects);
  return table;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 1) return 0;
  lathe_threads_set(1);
  lathe_error error = {0}, small_error = {0};
  char hash[33] = "", small_hash[33] = "";
  lathe_table *table = parse(data + 1, size - 1, *data, 0, &error);
  lathe_table *small = parse(data + 1, size - 1, *data, 1 + (*data >> 4), &small_error);
  if (table) lathe_table_hash(table, hash, NULL);
  if (small) lathe_table_hash(small, small_hash, NULL);
  if (!table != !small || strcmp(hash, small_hash) != 0 || (!table && !*error.message)) {
    fprintf(stderr, "pieces differ: %s / %s\n", error.message, small_error.message);
    abort();
  }
  if (table && *data & 8 && lathe_table_rows(table) > 0) {
    char path[64];
    snprintf(path, sizeof path, "/dev/shm/lathe-fuzz-%d.jsonl", (int)getpid());
    if (!lathe_table_write_json(table, path, true, NULL, &error)) abort();
    FILE *file = fopen(path, "rb");
    static char text[1 << 20];
    size_t count = file ? fread(text, 1, sizeof text, file) : 0;
    if (file) fclose(file);
    remove(path);
    lathe_table *back = count < sizeof text
                            ? lathe_table_parse_json_lines(text, count, "back", NULL, NULL, NULL, &error)
                            : NULL;
    if (count < sizeof text && (!back || lathe_table_rows(back) != lathe_table_rows(table) ||
                                lathe_table_columns(back) != lathe_table_columns(table))) {
      fprintf(stderr, "not read back: %s\n", error.message);
      abort();
    }
    lathe_table_release(back);
  }
  lathe_table_release(table);
  lathe_table_release(small);
  return 0;
}
