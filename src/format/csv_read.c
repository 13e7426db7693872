/* csv_read.c - a text table from a file or from memory: open, scan, fill, finish. */
#include <stdio.h>
#include <stdlib.h>

#include "../base/file.h"
#include "../base/pool.h"
#include "csv_own.h"

enum { WIDE_TABLE = 64 };

typedef struct finish_job {
  csv_file *file;
  lathe_column **columns;
} finish_job;

static bool finish_column(void *context, int64_t index, lathe_error *error) {
  finish_job *job = context;
  job->columns[index] = lathe_csv_finish(job->file, &job->file->columns[index], error);
  return job->columns[index] != NULL;
}

/* The columns of a wide table are finished side by side; those of others one after the other, each by all threads. */
static bool finish_all(csv_file *file, lathe_column **columns, lathe_error *error) {
  finish_job job = {file, columns};
  if (file->column_count > WIDE_TABLE)
    return lathe_pool_run(file->column_count, finish_column, &job, file->progress, error);
  for (int32_t i = 0; i < file->column_count; i++)
    if (!lathe_progress_check(file->progress, error) || !finish_column(&job, i, error)) return false;
  return true;
}

static lathe_table *make_table(csv_file *file, lathe_error *error) {
  size_t count = (size_t)file->column_count;
  lathe_table *table = NULL;
  char **names = lathe_memory_new(count, sizeof *names, error);
  lathe_column **columns = lathe_memory_new(count, sizeof *columns, error);
  bool fine = names && columns;
  for (size_t i = 0; i < count && fine; i++) {
    names[i] = lathe_memory_text(file->columns[i].name.data, file->columns[i].name.size, error);
    fine = names[i] != NULL;
  }
  if (fine && finish_all(file, columns, error))
    table = lathe_table_new(file->column_count, (const char *const *)names, columns, error);
  for (size_t i = 0; i < count; i++) {
    if (names) free(names[i]);
    if (columns) lathe_column_release(columns[i]);
  }
  free(names);
  free(columns);
  return table;
}

static const char *last_part(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash && slash[1] ? slash + 1 : path;
}

lathe_table *lathe_table_parse_csv(const char *data, size_t size, const char *name,
                                   const lathe_csv_options *options, lathe_table **rejects,
                                   lathe_progress *progress, lathe_error *error) {
  static const lathe_csv_options defaults;
  csv_file file = {.name = name,
                   .data = data,
                   .size = size,
                   .options = options ? options : &defaults,
                   .progress = progress,
                   .lock = PTHREAD_MUTEX_INITIALIZER,
                   .order = PTHREAD_MUTEX_INITIALIZER};
  char what[64];
  snprintf(what, sizeof what, "read %.50s", last_part(name));
  lathe_progress_begin(progress, what, (int64_t)file.size * 2);
  bool fine = lathe_csv_open(&file, error) && lathe_csv_scan(&file, error) && lathe_csv_fill(&file, error);
  lathe_table *table = fine ? make_table(&file, error) : NULL;
  if (table && rejects && !(*rejects = lathe_csv_rejects(&file, error))) {
    lathe_table_release(table);
    table = NULL;
  }
  lathe_progress_end(progress);
  lathe_csv_release(&file);
  return table;
}

lathe_table *lathe_table_read_csv(const char *path, const lathe_csv_options *options, lathe_table **rejects,
                                  lathe_progress *progress, lathe_error *error) {
  lathe_mapping *mapping = lathe_mapping_open(path, error);
  if (!mapping) return NULL;
  lathe_table *table = lathe_table_parse_csv(lathe_mapping_data(mapping), lathe_mapping_size(mapping), path,
                                             options, rejects, progress, error);
  if (!lathe_mapping_check(mapping, error)) {
    lathe_table_release(table);
    table = NULL;
    if (rejects) lathe_table_release(*rejects), *rejects = NULL;
  }
  lathe_mapping_release(mapping);
  return table;
}
