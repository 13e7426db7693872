/* test_csv_preview.c - looking at a text table before it is read: any window has the cells that the read table
 * has there. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../src/base/file.h"
#include "../../src/base/memory.h"
#include "../../src/format/csv_preview.h"
#include "tap.h"

static char path[64];

static void write_file(const lathe_buffer *text) {
  lathe_error error;
  if (!lathe_file_write(path, text->data, text->size, &error)) printf("# %s\n", error.message);
}

static void wait_for_end(const lathe_csv_preview *preview) {
  while (lathe_csv_preview_done(preview) < 1) usleep(1000);
}

/* Whether every cell of the window from `row` is that of `table`, as texts. */
static bool same_cells(lathe_csv_preview *preview, const lathe_table *table, int64_t row, int64_t count) {
  lathe_error error;
  lathe_table *window = lathe_csv_preview_window(preview, row, count, &error);
  if (!window) {
    printf("# %s\n", error.message);
    return false;
  }
  int64_t wanted = lathe_table_rows(table) - row < count ? lathe_table_rows(table) - row : count;
  bool same = lathe_table_rows(window) == wanted && lathe_table_columns(window) == lathe_table_columns(table);
  for (int32_t c = 0; same && c < lathe_table_columns(table); c++)
    for (int64_t r = 0; same && r < wanted; r++) {
      char a[32], b[32];
      lathe_text left = lathe_column_format(lathe_table_column(window, c), r, a);
      lathe_text right = lathe_column_format(lathe_table_column(table, c), row + r, b);
      same = left.size == right.size && memcmp(left.data, right.data, left.size) == 0;
      if (!same)
        printf("# row %lld column %d: \"%.*s\", not \"%.*s\"\n", (long long)(row + r), c, (int)left.size,
               left.data, (int)right.size, right.data);
    }
  lathe_table_release(window);
  return same;
}

static void check(const char *what, const lathe_csv_options *options) {
  lathe_error error;
  lathe_table *table = lathe_table_read_csv(path, options, NULL, NULL, &error);
  lathe_csv_preview *preview = lathe_csv_preview_open(path, options, &error);
  if (!table || !preview) printf("# %s\n", error.message);
  bool fine = table && preview;
  if (fine) wait_for_end(preview);
  fine = fine && lathe_csv_preview_rows(preview) == lathe_table_rows(table);
  if (table && preview && !fine)
    printf("# %lld rows, not %lld\n", (long long)lathe_csv_preview_rows(preview),
           (long long)lathe_table_rows(table));
  static const int64_t starts[] = {0, 1, 500, 1023, 1024, 1025, 2047, 2999, 4096, 4990, 0};
  for (size_t i = 0; fine && i < sizeof starts / sizeof *starts; i++)
    if (starts[i] < lathe_table_rows(table)) fine = same_cells(preview, table, starts[i], 60);
  ok(fine, what);
  lathe_csv_preview_free(preview);
  lathe_table_release(table);
}

int main(void) {
  snprintf(path, sizeof path, "/tmp/lathe-test-preview-%d.csv", (int)getpid());
  lathe_buffer text = {0};
  static const char *const ends[] = {"\n", "\r\n", "\r"};
  static const char *const said[] = {"LF: every window has the read table's cells", "CRLF: the same",
                                     "CR: the same"};
  for (int e = 0; e < 3; e++) {
    text.size = 0;
    lathe_buffer_format(&text, NULL, "id,words,amount,late%s", ends[e]);
    for (int i = 0; i < 5000; i++) {
      const char *words = i % 7 == 0    ? "\"two, or\nmore \"\"lines\"\"\""
                          : i % 11 == 0 ? "in \"side\" out"
                                        : "plain";
      lathe_buffer_format(&text, NULL, "%d,%s,%d.5,%s%s", i, words, i % 90,
                          i < 3000   ? "7"
                          : i < 4000 ? "7.25"
                                     : "word",
                          ends[e]);
      if (i % 100 == 0) lathe_buffer_text(&text, ends[e], NULL);
    }
    write_file(&text);
    check(said[e], NULL);
  }
  lathe_csv_options headless = {.headless = true};
  text.size = 0;
  for (int i = 0; i < 3000; i++) lathe_buffer_format(&text, NULL, "%d;%d.5\n", i, i);
  write_file(&text);
  check("a table without names: the same", &headless);
  lathe_csv_options ragged = {.ragged = true};
  text.size = 0;
  lathe_buffer_text(&text, "a,b,c\n", NULL);
  for (int i = 0; i < 2000; i++) lathe_buffer_text(&text, i % 3 ? "1,2\n" : "1,2,3,4\n", NULL);
  write_file(&text);
  check("short and long rows: those of ragged = true", &ragged);
  text.size = 0;
  lathe_buffer_text(&text, "a,b\n", NULL);
  write_file(&text);
  check("no rows: none", NULL);
  text.size = 0;
  lathe_buffer_text(&text, "a,b\n1,\"never closed\n2,3\n4,5\n", NULL);
  write_file(&text);
  lathe_error error;
  lathe_csv_preview *preview = lathe_csv_preview_open(path, NULL, &error);
  ok(preview && (wait_for_end(preview), lathe_csv_preview_rows(preview) == 1),
     "a quote that is never closed takes what is behind it");
  lathe_table *window = preview ? lathe_csv_preview_window(preview, 0, 10, &error) : NULL;
  ok(!window && strstr(error.message, "never closed"), "and is what the window says");
  lathe_table_release(window);
  lathe_csv_preview_free(preview);
  unlink(path);
  ok(!lathe_csv_preview_open(path, NULL, &error) && strstr(error.message, "there is no file"),
     "a file that is not there is said");
  lathe_buffer_free(&text);
  done_testing();
}
