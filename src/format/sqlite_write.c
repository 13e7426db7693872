/* sqlite_write.c - a table into a database. A new one is made beside its place and renamed, so that nobody sees half of it; in one that is
 * there a transaction does the same. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../base/file.h"
#include "../table/own.h"
#include "sqlite_own.h"

typedef struct writing {
  const lathe_table *table;
  const char *path, *name;
  lathe_sqlite_mode mode;
  sqlite3 *base;
  lathe_progress *progress;
} writing;

static bool fail(const writing *job, int code, lathe_error *error) {
  return lathe_sqlite_fail(job->base, job->path, code, job->progress, error);
}

static bool run(const writing *job, const char *statement, lathe_error *error) {
  int code = lathe_sqlite.exec(job->base, statement, NULL, NULL, NULL);
  return code == SQLITE_OK || fail(job, code, error);
}

/* Whether the table is there. */
static bool look_for(const writing *job, bool *there, lathe_error *error) {
  sqlite3_stmt *statement = NULL;
  int code = lathe_sqlite.prepare_v2(job->base, "select 1 from sqlite_master where name = ?1 collate nocase",
                                     -1, &statement, NULL);
  if (code == SQLITE_OK) {
    lathe_sqlite.bind_text64(statement, 1, job->name, strlen(job->name), SQLITE_STATIC, SQLITE_UTF8);
    code = lathe_sqlite.step(statement);
    *there = code == SQLITE_ROW;
  }
  bool fine = code == SQLITE_ROW || code == SQLITE_DONE || fail(job, code, error);
  lathe_sqlite.finalize(statement);
  return fine;
}

/* create table NAME (COLUMN TYPE, ...) */
static bool create(const writing *job, lathe_error *error) {
  static const char *const types[] = {
      [LATHE_TYPE_BOOL] = "BOOLEAN",       [LATHE_TYPE_INT64] = "INTEGER", [LATHE_TYPE_FLOAT64] = "REAL",
      [LATHE_TYPE_STRING] = "TEXT",        [LATHE_TYPE_CATEGORY] = "TEXT", [LATHE_TYPE_DATE] = "DATE",
      [LATHE_TYPE_TIMESTAMP] = "TIMESTAMP"};
  lathe_buffer text = {0};
  bool fine = lathe_buffer_text(&text, "create table ", error) && lathe_sqlite_quote(&text, job->name, error);
  for (int32_t i = 0; i < lathe_table_columns(job->table) && fine; i++)
    fine =
        lathe_buffer_text(&text, i ? ", " : " (", error) &&
        lathe_sqlite_quote(&text, lathe_table_name(job->table, i), error) &&
        lathe_buffer_format(&text, error, " %s", types[lathe_column_type(lathe_table_column(job->table, i))]);
  fine = fine && lathe_buffer_text(&text, ")", error) && run(job, text.data, error);
  lathe_buffer_free(&text);
  return fine;
}

static bool drop(const writing *job, lathe_error *error) {
  lathe_buffer text = {0};
  bool fine = lathe_buffer_text(&text, "drop table ", error) && lathe_sqlite_quote(&text, job->name, error) &&
              run(job, text.data, error);
  lathe_buffer_free(&text);
  return fine;
}

static bool prepare_insert(const writing *job, sqlite3_stmt **statement, lathe_error *error) {
  lathe_buffer text = {0};
  int32_t count = lathe_table_columns(job->table);
  bool fine = lathe_buffer_text(&text, "insert into ", error) && lathe_sqlite_quote(&text, job->name, error);
  for (int32_t i = 0; i < count && fine; i++)
    fine = lathe_buffer_text(&text, i ? ", " : " (", error) &&
           lathe_sqlite_quote(&text, lathe_table_name(job->table, i), error);
  fine = fine && lathe_buffer_text(&text, ") values (", error);
  for (int32_t i = 0; i < count && fine; i++) fine = lathe_buffer_text(&text, i ? ", ?" : "?", error);
  fine = fine && lathe_buffer_text(&text, ")", error);
  if (fine) {
    int code = lathe_sqlite.prepare_v2(job->base, text.data, -1, statement, NULL);
    fine = code == SQLITE_OK || fail(job, code, error);
  }
  lathe_buffer_free(&text);
  return fine;
}

/* `scratch` (32 bytes) holds the text of a date until the row is written. */
static int bind(sqlite3_stmt *statement, int at, const lathe_column *column, int64_t row, char *scratch) {
  if (!lathe_column_present(column, row)) return lathe_sqlite.bind_null(statement, at);
  lathe_text text;
  switch (column->type) {
  case LATHE_TYPE_BOOL:
    return lathe_sqlite.bind_int64(statement, at, lathe_bit(column->values, row));
  case LATHE_TYPE_INT64:
    return lathe_sqlite.bind_int64(statement, at, ((const int64_t *)column->values)[row]);
  case LATHE_TYPE_FLOAT64:
    return lathe_sqlite.bind_double(statement, at, ((const double *)column->values)[row]);
  case LATHE_TYPE_STRING:
  case LATHE_TYPE_CATEGORY:
  case LATHE_TYPE_DATE:
  case LATHE_TYPE_TIMESTAMP:
    break;
  }
  text = lathe_column_format(column, row, scratch);
  return lathe_sqlite.bind_text64(statement, at, text.data ? text.data : "", text.size, SQLITE_STATIC,
                                  SQLITE_UTF8);
}

static bool insert(const writing *job, lathe_error *error) {
  sqlite3_stmt *statement = NULL;
  int32_t count = lathe_table_columns(job->table);
  int64_t rows = lathe_table_rows(job->table);
  char *scratch = lathe_memory_raw((size_t)count, 32, error);
  bool fine = scratch && prepare_insert(job, &statement, error);
  for (int64_t row = 0; row < rows && fine; row++) {
    if (row % 4096 == 0) {
      lathe_progress_add(job->progress, rows - row < 4096 ? rows - row : 4096);
      fine = lathe_progress_check(job->progress, error);
    }
    int code = SQLITE_OK;
    for (int32_t i = 0; i < count && code == SQLITE_OK; i++)
      code = bind(statement, i + 1, lathe_table_column(job->table, i), row, scratch + (size_t)i * 32);
    if (fine && code == SQLITE_OK)
      code = lathe_sqlite.step(statement) == SQLITE_DONE ? SQLITE_OK : SQLITE_ERROR;
    int reset = lathe_sqlite.reset(statement); /* the full code of what step said */
    if (fine && (code != SQLITE_OK || reset != SQLITE_OK))
      fine = fail(job, reset != SQLITE_OK ? reset : code, error);
  }
  lathe_sqlite.finalize(statement);
  free(scratch);
  return fine;
}

static bool write_rows(const writing *job, lathe_error *error) {
  bool there = false;
  if (!look_for(job, &there, error)) return false;
  if (there && job->mode == LATHE_SQLITE_CREATE)
    return lathe_error_set(
        error, LATHE_ERROR_ARGUMENT,
        "%s has a table \"%s\" already; write with mode = \"replace\" or \"append\", or under another name",
        job->path, job->name);
  if (!there && job->mode == LATHE_SQLITE_APPEND)
    return lathe_error_set(error, LATHE_ERROR_ARGUMENT,
                           "%s has no table \"%s\" to append to; write it with mode = \"create\"", job->path,
                           job->name);
  if (there && job->mode == LATHE_SQLITE_REPLACE && !drop(job, error)) return false;
  return (job->mode == LATHE_SQLITE_APPEND || create(job, error)) && insert(job, error);
}

static bool write_all(writing *job, const char *file, bool fresh, lathe_error *error) {
  job->base = lathe_sqlite_open(file, job->path, SQLITE_OPEN_READWRITE | (fresh ? SQLITE_OPEN_CREATE : 0),
                                job->progress, error);
  if (!job->base) return false;
  bool fine = (!fresh || run(job, "pragma journal_mode = off; pragma synchronous = off", error)) &&
              run(job, "begin immediate", error) && write_rows(job, error) && run(job, "commit", error);
  if (!fine && !lathe_sqlite.get_autocommit(job->base))
    lathe_sqlite.exec(job->base, "rollback", NULL, NULL, NULL);
  lathe_sqlite.close_v2(job->base);
  return fine;
}

bool lathe_table_write_sqlite(const lathe_table *table, const char *path, const char *name,
                              lathe_sqlite_mode mode, lathe_progress *progress, lathe_error *error) {
  static _Atomic int number;
  writing job = {.table = table, .path = path, .name = name, .mode = mode, .progress = progress};
  bool fresh = access(path, F_OK) != 0, fine;
  if (fresh && mode == LATHE_SQLITE_APPEND)
    return lathe_error_set(error, LATHE_ERROR_FILE,
                           "there is no %s to append to; write it with mode = \"create\"", path);
  lathe_progress_begin(progress, "write SQLite", lathe_table_rows(table));
  if (fresh) {
    lathe_buffer temporary = {0};
    fine = lathe_buffer_format(&temporary, error, "%s.%ld-%d.tmp", path, (long)getpid(), number++);
    if (fine) {
      fine = write_all(&job, temporary.data, true, error) && lathe_file_sync(temporary.data, error);
      if (fine && rename(temporary.data, path) != 0)
        fine = lathe_error_system(error, "cannot write %s", path);
      if (fine)
        lathe_folder_sync(path);
      else
        unlink(temporary.data);
      if (!fine && lathe_buffer_text(&temporary, "-journal", NULL))
        unlink(temporary.data); /* of a full disk */
    }
    lathe_buffer_free(&temporary);
  } else {
    fine = write_all(&job, path, false, error);
  }
  lathe_progress_end(progress);
  return fine;
}
