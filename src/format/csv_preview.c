/* csv_preview.c - the walk over the rows of a text table, and windows of them.
 *
 * The walk is a thread of its own and not work for the pool, because it goes on beside whatever the pool
 * does, the reading of the same file included. It gives the pages back that it has passed, so that a file
 * larger than the memory is walked in a few megabytes. */
#include "csv_preview.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

#include "../base/file.h"
#include "csv_own.h"

enum { STEP = 1024, PAGES = 1 << 24 };

struct lathe_csv_preview {
  lathe_mapping *mapping;
  lathe_csv_options options;
  csv_file file;
  pthread_t thread;
  bool walking;
  pthread_mutex_t lock; /* of starts */
  lathe_buffer starts;  /* size_t: where row i * STEP begins */
  _Atomic int64_t rows;
  _Atomic size_t walked; /* bytes: all rows found end before here */
  atomic_bool stop;
  int32_t count;
  char **names;
  lathe_type *types; /* so far */
  bool typed;
};

/* The next row. In most rows nothing is quoted or escaped, and a line feed ends them: those need no look at each byte. */
static const char *next_row(const csv_file *file, const char *at, const char *end) {
  enum { NEAR = 1 << 16 };
  const char *feed = memchr(at, '\n', end - at < NEAR ? (size_t)(end - at) : NEAR);
  size_t size = feed ? (size_t)(feed - at) : 0;
  bool plain = feed && file->escape < 0 && (file->plain || !memchr(at, file->quote, size)) &&
               (size == 0 || !memchr(at, '\r', size - 1));
  return lathe_csv_next_row(file, plain ? feed : lathe_csv_row_end(file, at, end), end);
}

static void pass_pages(const char *from, const char *to) {
  uintptr_t first = ((uintptr_t)from + 4095) & ~(uintptr_t)4095, last = (uintptr_t)to & ~(uintptr_t)4095;
  if (last > first) madvise((void *)first, last - first, MADV_DONTNEED);
}

static void *walk(void *context) {
  lathe_csv_preview *preview = context;
  const csv_file *file = &preview->file;
  const char *at = file->data + file->body, *end = file->data + file->size, *passed = at;
  at = lathe_csv_next_row(file, at, end);
  int64_t rows = 0;
  while (at < end && !atomic_load_explicit(&preview->stop, memory_order_relaxed)) {
    size_t start = (size_t)(at - file->data);
    pthread_mutex_lock(&preview->lock);
    bool kept = lathe_buffer_append(&preview->starts, &start, sizeof start, NULL);
    pthread_mutex_unlock(&preview->lock);
    if (!kept) break; /* the rows found so far can be looked at still */
    for (int i = 0; i < STEP && at < end; i++, rows++) at = next_row(file, at, end);
    atomic_store(&preview->walked, (size_t)(at - file->data));
    atomic_store(&preview->rows, rows);
    if (at - passed > PAGES) {
      pass_pages(passed, at);
      passed = at;
    }
  }
  if (at == end) atomic_store(&preview->walked, file->size);
  return NULL;
}

static bool keep_names(lathe_csv_preview *preview, lathe_error *error) {
  preview->count = preview->file.column_count;
  preview->names = lathe_memory_new((size_t)preview->count, sizeof *preview->names, error);
  preview->types = lathe_memory_new((size_t)preview->count, sizeof *preview->types, error);
  for (int32_t i = 0; i < preview->count && preview->names && preview->types; i++) {
    lathe_text name = preview->file.columns[i].name;
    preview->names[i] = lathe_memory_text(name.data, name.size, error);
    if (!preview->names[i]) return false;
  }
  return preview->names && preview->types;
}

/* Wait a moment for the first rows, so that the first window is not empty. */
static void wait_for_rows(const lathe_csv_preview *preview) {
  const struct timespec moment = {0, 200000};
  for (int i = 0; i < 250 && lathe_csv_preview_done(preview) < 1 && lathe_csv_preview_rows(preview) == 0; i++)
    nanosleep(&moment, NULL);
}

lathe_csv_preview *lathe_csv_preview_open(const char *path, const lathe_csv_options *options,
                                          lathe_error *error) {
  lathe_csv_preview *preview = lathe_memory_new(1, sizeof *preview, error);
  if (!preview) return NULL;
  if (options) preview->options = *options;
  preview->options.missing = NULL, preview->options.missing_count = 0;
  preview->options.type_names = NULL, preview->options.types = NULL, preview->options.type_count = 0;
  preview->options.ragged = true;
  pthread_mutex_init(&preview->lock, NULL);
  preview->mapping = lathe_mapping_open(path, error);
  bool fine = preview->mapping != NULL;
  if (fine) {
    preview->file = (csv_file){.name = path,
                               .data = lathe_mapping_data(preview->mapping),
                               .size = lathe_mapping_size(preview->mapping),
                               .options = &preview->options};
    fine = lathe_csv_open(&preview->file, error) && keep_names(preview, error);
  }
  if (fine && pthread_create(&preview->thread, NULL, walk, preview) != 0)
    fine = lathe_error_set(error, LATHE_ERROR_MEMORY, "%s: a thread to walk over it cannot be started", path);
  preview->walking = fine;
  if (fine) {
    wait_for_rows(preview);
    return preview;
  }
  lathe_csv_preview_free(preview);
  return NULL;
}

void lathe_csv_preview_free(lathe_csv_preview *preview) {
  if (!preview) return;
  atomic_store(&preview->stop, true);
  if (preview->walking) pthread_join(preview->thread, NULL);
  for (int32_t i = 0; i < preview->count && preview->names; i++) free(preview->names[i]);
  free(preview->names);
  free(preview->types);
  free(preview->file.columns);
  lathe_words_free(&preview->file.names);
  lathe_buffer_free(&preview->starts);
  lathe_mapping_release(preview->mapping);
  pthread_mutex_destroy(&preview->lock);
  free(preview);
}

int64_t lathe_csv_preview_rows(const lathe_csv_preview *preview) {
  return atomic_load(&preview->rows);
}

double lathe_csv_preview_done(const lathe_csv_preview *preview) {
  size_t walked = atomic_load(&preview->walked);
  return preview->file.size == walked ? 1 : (double)walked / (double)preview->file.size;
}

/* The beginning of a row that the walk has passed. */
static const char *find_row(lathe_csv_preview *preview, int64_t row) {
  const csv_file *file = &preview->file;
  pthread_mutex_lock(&preview->lock);
  const char *at = file->data + ((const size_t *)(void *)preview->starts.data)[row / STEP];
  pthread_mutex_unlock(&preview->lock);
  for (int64_t i = row % STEP; i > 0; i--) at = next_row(file, at, file->data + file->size);
  return at;
}

/* The window's text: what stands before the rows, so that it is read as the file is, and the rows. A table without names gets
 * its first row in their place, because that says how many columns there are. */
static bool window_text(lathe_csv_preview *preview, int64_t row, int64_t count, lathe_buffer *text,
                        lathe_error *error) {
  const csv_file *file = &preview->file;
  const char *end = file->data + file->size, *first = count > 0 ? find_row(preview, row) : end, *last = first;
  for (int64_t i = 0; i < count; i++) last = next_row(file, last, end);
  size_t before = file->body;
  if (preview->options.headless)
    before = (size_t)(lathe_csv_row_end(file, file->data + file->body, end) - file->data);
  return lathe_buffer_append(text, file->data, before, error) && lathe_buffer_text(text, "\n", error) &&
         lathe_buffer_append(text, first, (size_t)(last - first), error);
}

static lathe_table *parse(lathe_csv_preview *preview, const lathe_buffer *text, bool typed,
                          lathe_error *error) {
  lathe_csv_options options = preview->options;
  if (typed) {
    options.type_count = preview->count;
    options.type_names = (const char *const *)preview->names;
    options.types = preview->types;
  }
  return lathe_table_parse_csv(text->data, text->size, preview->file.name, &options, NULL, NULL, error);
}

/* The narrowest type that holds both. */
static lathe_type wider(lathe_type a, lathe_type b) {
  static const uint8_t number[] = {
      [LATHE_TYPE_INT64] = 1, [LATHE_TYPE_FLOAT64] = 1, [LATHE_TYPE_TIMESTAMP] = 2, [LATHE_TYPE_DATE] = 2};
  if (a == b) return a;
  if (number[a] == 1 && number[b] == 1) return LATHE_TYPE_FLOAT64;
  if (number[a] == 2 && number[b] == 2) return LATHE_TYPE_TIMESTAMP;
  return LATHE_TYPE_STRING;
}

/* Widen the types by those that `table` has by itself. */
static void widen(lathe_csv_preview *preview, const lathe_table *table) {
  for (int32_t i = 0; i < preview->count; i++) {
    const lathe_column *column = lathe_table_column(table, i);
    lathe_type type = lathe_column_type(column);
    if (type == LATHE_TYPE_CATEGORY) type = LATHE_TYPE_STRING;
    bool empty = lathe_column_missing(column) == lathe_column_rows(column);
    if (!preview->typed)
      preview->types[i] = type;
    else if (!empty)
      preview->types[i] = wider(preview->types[i], type);
  }
  preview->typed = true;
}

/* At the types so far, and when the text does not fit them, at wider ones. */
static lathe_table *parse_typed(lathe_csv_preview *preview, const lathe_buffer *text, lathe_error *error) {
  lathe_table *table = preview->typed ? parse(preview, text, true, NULL) : NULL;
  if (table) return table;
  table = parse(preview, text, false, error);
  if (!table) return NULL;
  widen(preview, table);
  lathe_table_release(table);
  return parse(preview, text, true, error);
}

/* Without the row that stood in the place of names. */
static lathe_table *behind_first(lathe_table *table, lathe_error *error) {
  int64_t count = lathe_table_rows(table) - 1;
  int64_t *rows = lathe_memory_raw((size_t)count, sizeof *rows, error);
  for (int64_t i = 0; i < count && rows; i++) rows[i] = i + 1;
  lathe_table *rest = rows ? lathe_table_take(table, rows, count, NULL, error) : NULL;
  free(rows);
  lathe_table_release(table);
  return rest;
}

lathe_table *lathe_csv_preview_window(lathe_csv_preview *preview, int64_t row, int64_t count,
                                      lathe_error *error) {
  int64_t rows = lathe_csv_preview_rows(preview);
  if (row < 0) row = 0;
  if (row > rows) row = rows;
  if (count > rows - row) count = rows - row;
  lathe_buffer text = {0};
  lathe_table *table =
      window_text(preview, row, count, &text, error) ? parse_typed(preview, &text, error) : NULL;
  lathe_buffer_free(&text);
  return table && preview->options.headless ? behind_first(table, error) : table;
}
