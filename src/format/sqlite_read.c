/* sqlite_read.c - the rows of a statement as a table. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "../base/pool.h"
#include "../table/own.h"
#include "../table/words.h"
#include "part.h"
#include "settle.h"
#include "sqlite_own.h"

typedef struct sqlite_column {
  char *name;
  const char *declared; /* "" when it is not; lives as long as the statement */
  value_part part;
  unsigned classes;
  bool zero_one; /* nothing but 0 and 1 */
  lathe_column *column;
} sqlite_column;

typedef struct reading {
  const char *path;
  sqlite3 *base;
  sqlite3_stmt *statement;
  lathe_progress *progress;
  int32_t count;
  sqlite_column *columns;
  int64_t rows;
} reading;

/* ---- which statement ---- */

static bool prepare(reading *job, const char *text, lathe_error *error) {
  const char *rest = "";
  int code = lathe_sqlite.prepare_v2(job->base, text, -1, &job->statement, &rest);
  if (code != SQLITE_OK) return lathe_sqlite_fail(job->base, job->path, code, job->progress, error);
  if (!job->statement)
    return lathe_error_set(error, LATHE_ERROR_ARGUMENT, "%s: the query is empty; give a select", job->path);
  while (*rest == ' ' || *rest == '\n' || *rest == '\t' || *rest == '\r' || *rest == ';') rest++;
  if (*rest)
    return lathe_error_set(error, LATHE_ERROR_ARGUMENT,
                           "%s: the query is more than one statement; give one select", job->path);
  if (!lathe_sqlite.stmt_readonly(job->statement) || lathe_sqlite.column_count(job->statement) == 0)
    return lathe_error_set(error, LATHE_ERROR_ARGUMENT, "%s: the query gives no rows; reading takes a select",
                           job->path);
  return true;
}

/* The names of tables and views. */
static bool list_tables(reading *job, lathe_words *names, lathe_error *error) {
  static const char query[] =
      "select name from sqlite_master where type in ('table', 'view') and name not like 'sqlite\\_%' "
      "escape '\\' order by rowid";
  sqlite3_stmt *list = NULL;
  int code = lathe_sqlite.prepare_v2(job->base, query, -1, &list, NULL);
  bool fine = code == SQLITE_OK;
  while (fine && (code = lathe_sqlite.step(list)) == SQLITE_ROW) {
    const char *text = (const char *)lathe_sqlite.column_text(list, 0);
    int size = lathe_sqlite.column_bytes(list, 0);
    fine = lathe_words_add(names, text ? text : "", text ? (size_t)size : 0, error) >= 0;
  }
  if (code != SQLITE_OK && code != SQLITE_DONE && code != SQLITE_ROW)
    fine = lathe_sqlite_fail(job->base, job->path, code, job->progress, error);
  lathe_sqlite.finalize(list);
  return fine;
}

/* "people, sales (and 3 more)" */
static void show_names(const lathe_words *names, char *out, size_t room) {
  size_t at = 0;
  int32_t shown = 0;
  *out = '\0';
  for (; shown < names->count; shown++) {
    lathe_text name = lathe_words_text(names, shown);
    if (at + name.size + 40 > room) break;
    at += (size_t)snprintf(out + at, room - at, "%s%.*s", shown ? ", " : "", (int)name.size, name.data);
  }
  if (shown < names->count) snprintf(out + at, room - at, " (and %d more)", names->count - shown);
}

/* "select * from TABLE": the one that was asked for, or the only one. */
static bool choose_table(reading *job, const char *wanted, lathe_buffer *query, lathe_error *error) {
  lathe_words names = {0};
  char list[600];
  bool fine = list_tables(job, &names, error);
  if (fine) show_names(&names, list, sizeof list);
  if (fine && names.count == 0)
    fine = lathe_error_set(error, LATHE_ERROR_DATA, "%s has no tables", job->path);
  else if (fine && !wanted && names.count > 1)
    fine = lathe_error_set(error, LATHE_ERROR_ARGUMENT,
                           "%s has several tables; choose one with table = NAME: %s", job->path, list);
  bool found = fine && !wanted;
  for (int32_t i = 0; fine && wanted && i < names.count; i++) {
    lathe_text name = lathe_words_text(&names, i);
    found |= name.size == strlen(wanted) && strncasecmp(name.data, wanted, name.size) == 0;
  }
  if (fine && !found)
    fine = lathe_error_set(error, LATHE_ERROR_ARGUMENT, "%s has no table \"%s\"; it has: %s", job->path,
                           wanted, list);
  if (fine) {
    lathe_text only = lathe_words_text(&names, 0);
    char *name = wanted ? NULL : lathe_memory_text(only.data, only.size, error);
    fine = (wanted || name) && lathe_buffer_text(query, "select * from ", error) &&
           lathe_sqlite_quote(query, wanted ? wanted : name, error);
    free(name);
  }
  lathe_words_free(&names);
  return fine;
}

/* ---- columns ---- */

static bool open_columns(reading *job, lathe_error *error) {
  int32_t count = lathe_sqlite.column_count(job->statement);
  job->columns = lathe_memory_new((size_t)count, sizeof *job->columns, error);
  for (int32_t i = 0; i < count && job->columns; i++) {
    sqlite_column *column = &job->columns[i];
    const char *name = lathe_sqlite.column_name(job->statement, i);
    const char *declared = lathe_sqlite.column_decltype(job->statement, i);
    column->declared = declared ? declared : "";
    column->zero_one = true;
    column->name = lathe_memory_text(name ? name : "", name ? strlen(name) : 0, error);
    if (!column->name) return false;
    job->count = i + 1;
  }
  return job->columns != NULL;
}

static bool add_text(reading *job, sqlite_column *column, int32_t index, lathe_error *error) {
  const char *data = (const char *)lathe_sqlite.column_text(job->statement, index);
  if (!data) return lathe_error_set(error, LATHE_ERROR_MEMORY, "no memory left for %s", job->path);
  lathe_text text = {data, (size_t)lathe_sqlite.column_bytes(job->statement, index)};
  if (lathe_text_valid(text.data, text.size) != text.size)
    return lathe_error_set(error, LATHE_ERROR_DATA,
                           "%s: row %lld: the text in column \"%s\" is no UTF-8; select hex(\"%s\") instead",
                           job->path, (long long)job->rows + 1, column->name, column->name);
  return lathe_part_text(&column->part, job->rows, PART_TEXT, text, error);
}

static bool add_row(reading *job, lathe_error *error) {
  for (int32_t i = 0; i < job->count; i++) {
    sqlite_column *column = &job->columns[i];
    bool fine = true;
    int64_t whole;
    switch (lathe_sqlite.column_type(job->statement, i)) {
    case SQLITE_INTEGER:
      whole = lathe_sqlite.column_int64(job->statement, i);
      column->zero_one &= (whole == 0 || whole == 1);
      fine = lathe_part_integer(&column->part, job->rows, whole, error);
      break;
    case SQLITE_FLOAT:
      fine = lathe_part_number(&column->part, job->rows, lathe_sqlite.column_double(job->statement, i),
                               (lathe_text){NULL, 0}, error);
      break;
    case SQLITE_TEXT:
      fine = add_text(job, column, i, error);
      break;
    case SQLITE_BLOB:
      fine = lathe_error_set(error, LATHE_ERROR_DATA,
                             "%s: row %lld: column \"%s\" holds a blob, which no column can; give a query "
                             "that leaves it out, or "
                             "selects hex(\"%s\")",
                             job->path, (long long)job->rows + 1, column->name, column->name);
      break;
    default: /* NULL */
      break;
    }
    if (!fine) return false;
  }
  job->rows++;
  return true;
}

static bool read_rows(reading *job, lathe_error *error) {
  int code;
  while ((code = lathe_sqlite.step(job->statement)) == SQLITE_ROW) {
    if (!add_row(job, error)) return false;
    if (job->rows % 4096 == 0) {
      lathe_progress_add(job->progress, 4096);
      if (!lathe_progress_check(job->progress, error)) return false;
    }
  }
  return code == SQLITE_DONE || lathe_sqlite_fail(job->base, job->path, code, job->progress, error);
}

/* ---- types ---- */

static bool declared_as(const sqlite_column *column, const char *word) {
  return strncasecmp(column->declared, word, strlen(word)) == 0;
}

/* Every element missing: of the declared type. */
static lathe_column *nothing(const sqlite_column *column, int64_t rows, lathe_error *error) {
  lathe_type type = declared_as(column, "BOOL")        ? LATHE_TYPE_BOOL
                    : declared_as(column, "INT")       ? LATHE_TYPE_INT64
                    : declared_as(column, "TIMESTAMP") ? LATHE_TYPE_TIMESTAMP
                    : declared_as(column, "DATETIME")  ? LATHE_TYPE_TIMESTAMP
                    : declared_as(column, "DATE")      ? LATHE_TYPE_DATE
                    : declared_as(column, "TEXT")      ? LATHE_TYPE_STRING
                                                       : LATHE_TYPE_FLOAT64;
  void *values = lathe_memory_new(lathe_column_value_bytes(type, rows), 1, error);
  uint8_t *validity = lathe_memory_new(lathe_bit_bytes(rows), 1, error);
  char *bytes = type == LATHE_TYPE_STRING ? lathe_memory_new(1, 1, error) : NULL;
  lathe_column *result =
      values && validity ? lathe_column_new(type, rows, validity, values, bytes, NULL, error) : NULL;
  if (result) return result;
  free(values);
  free(validity);
  free(bytes);
  return NULL;
}

static lathe_column *as_bool(lathe_column *numbers, lathe_error *error) {
  int64_t rows = numbers->rows;
  uint8_t *bits = lathe_memory_new(lathe_bit_bytes(rows), 1, error);
  uint8_t *validity = numbers->validity ? lathe_memory_raw(lathe_bit_bytes(rows), 1, error) : NULL;
  lathe_column *result = NULL;
  if (bits && (validity || !numbers->validity)) {
    if (validity) memcpy(validity, numbers->validity, lathe_bit_bytes(rows));
    for (int64_t row = 0; row < rows; row++)
      if (((const int64_t *)numbers->values)[row]) lathe_bit_set(bits, row);
    result = lathe_column_new(LATHE_TYPE_BOOL, rows, validity, bits, NULL, NULL, error);
  }
  if (!result) {
    free(bits);
    free(validity);
  }
  lathe_column_release(numbers);
  return result;
}

static bool finish_column(void *context, int64_t index, lathe_error *error) {
  reading *job = context;
  sqlite_column *column = &job->columns[index];
  column->classes = column->part.classes;
  part_kind kind = lathe_part_decide(column->classes);
  if (kind == PART_AS_NOTHING) {
    column->column = nothing(column, job->rows, error);
    return column->column != NULL;
  }
  value_part *part = &column->part;
  lathe_column *result = lathe_part_column(&part, &job->rows, 1, kind, job->progress, error);
  if (result && kind == PART_AS_TEXT) result = lathe_settle_text(result, job->progress, error);
  if (result && kind == PART_AS_INT && column->zero_one && declared_as(column, "BOOL"))
    result = as_bool(result, error);
  column->column = result;
  return result != NULL;
}

static lathe_table *finish(reading *job, lathe_error *error) {
  if (!lathe_pool_run(job->count, finish_column, job, job->progress, error)) return NULL;
  const char **names = lathe_memory_raw((size_t)job->count, sizeof *names, error);
  lathe_column **columns = lathe_memory_raw((size_t)job->count, sizeof(lathe_column *), error);
  lathe_table *table = NULL;
  for (int32_t i = 0; i < job->count && names && columns; i++)
    names[i] = job->columns[i].name, columns[i] = job->columns[i].column;
  if (names && columns) table = lathe_table_assemble(job->count, names, columns, error);
  free(names);
  free(columns);
  return table;
}

lathe_table *lathe_table_read_sqlite(const char *path, const lathe_sqlite_options *options,
                                     lathe_progress *progress, lathe_error *error) {
  static const lathe_sqlite_options defaults;
  if (!options) options = &defaults;
  reading job = {.path = path, .progress = progress};
  lathe_buffer query = {0};
  lathe_table *table = NULL;
  if (options->note) *options->note = '\0';
  job.base = lathe_sqlite_open(path, path, SQLITE_OPEN_READONLY, progress, error);
  if (!job.base) return NULL;
  lathe_progress_begin(progress, "read SQLite", 0);
  bool fine = options->query || choose_table(&job, options->table, &query, error);
  if (fine && prepare(&job, options->query ? options->query : query.data, error) &&
      open_columns(&job, error) && read_rows(&job, error))
    table = finish(&job, error);
  for (int32_t i = 0; i < job.count && table; i++)
    lathe_part_note(options->note, LATHE_SQLITE_NOTE, job.columns[i].name, job.columns[i].classes);
  lathe_progress_end(progress);
  for (int32_t i = 0; i < job.count; i++) {
    free(job.columns[i].name);
    lathe_part_free(&job.columns[i].part);
    lathe_column_release(job.columns[i].column);
  }
  free(job.columns);
  lathe_buffer_free(&query);
  lathe_sqlite.finalize(job.statement);
  lathe_sqlite.close_v2(job.base);
  return table;
}
