/* odbc_query.c - one statement: its parameters, its run, its rows.
 *
 * The call that runs a statement blocks in the driver; a watcher looks at the progress and the clock meanwhile and asks
 * the server to stop. SQLCancel is the one function that ODBC lets another thread call. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../base/system.h"
#include "odbc_own.h"

enum { BLOCK_ROWS = 1024, BLOCK_BYTES = 32 << 20 };

typedef struct statement {
  lathe_odbc *connection;
  SQLHSTMT handle;
  lathe_progress *progress;
  double deadline; /* 0: none */
  int32_t timeout;
  atomic_bool done, late;
  SQLSMALLINT column_count;
  odbc_column *columns;
  SQLULEN block;    /* rows of a fetch */
  bool by_cell;     /* cells are asked for one by one */
  SQLWCHAR **texts; /* of the parameters */
  SQLLEN *lengths;
} statement;

/* ---- stopping ---- */

static void *watch(void *context) {
  statement *run = context;
  struct timespec pause = {0, 5000000};
  while (!atomic_load(&run->done)) {
    bool late = run->deadline > 0 && lathe_clock() > run->deadline;
    if (late) atomic_store(&run->late, true);
    if (late || lathe_progress_cancelled(run->progress)) {
      odbc.SQLCancel(run->handle);
      pause.tv_nsec = 100000000; /* again, should the statement have begun only now */
    }
    nanosleep(&pause, NULL);
  }
  return NULL;
}

/* Why a call failed: because it was stopped, because it was late, or what the driver says. */
static bool failed(statement *run, lathe_error *error) {
  if (!lathe_progress_check(run->progress, error)) return false;
  if (atomic_load(&run->late))
    return lathe_error_set(error, LATHE_ERROR_DATA,
                           "%s: the query took longer than %d s; give it a longer timeout",
                           run->connection->name, run->timeout);
  return lathe_odbc_fail(run->connection, SQL_HANDLE_STMT, run->handle, run->connection->name, error);
}

/* ---- running ---- */

static bool bind_value(statement *run, int32_t index, const lathe_odbc_value *value, lathe_error *error) {
  SQLUSMALLINT place = (SQLUSMALLINT)(index + 1);
  SQLSMALLINT c_type = SQL_C_SBIGINT, type = SQL_BIGINT;
  SQLPOINTER at = (SQLPOINTER)(uintptr_t)&value->integer;
  SQLULEN size = 0;
  SQLLEN room = 0;
  run->lengths[index] = 0;
  if (value->kind == LATHE_ODBC_NUMBER) {
    c_type = SQL_C_DOUBLE, type = SQL_DOUBLE, at = (SQLPOINTER)(uintptr_t)&value->number;
  } else if (value->kind == LATHE_ODBC_BOOLEAN) {
    c_type = SQL_C_SBIGINT, type = SQL_BIT;
  } else if (value->kind != LATHE_ODBC_INTEGER) {
    size_t units = 0;
    run->texts[index] = lathe_odbc_wide(value->text.data, value->text.size, &units, error);
    if (!run->texts[index]) return false;
    c_type = SQL_C_WCHAR, type = SQL_WVARCHAR, at = run->texts[index];
    size = units ? units : 1;
    room = (SQLLEN)(units * sizeof(SQLWCHAR));
    run->lengths[index] = value->kind == LATHE_ODBC_NULL ? SQL_NULL_DATA : room;
  }
  return SQL_SUCCEEDED(odbc.SQLBindParameter(run->handle, place, SQL_PARAM_INPUT, c_type, type, size, 0, at,
                                             room, &run->lengths[index])) ||
         failed(run, error);
}

static bool bind_values(statement *run, const lathe_odbc_value *values, int32_t count, lathe_error *error) {
  run->texts = lathe_memory_new((size_t)count, sizeof *run->texts, error);
  run->lengths = lathe_memory_new((size_t)count, sizeof *run->lengths, error);
  if (!run->texts || !run->lengths) return false;
  for (int32_t i = 0; i < count; i++)
    if (!bind_value(run, i, &values[i], error)) return false;
  return true;
}

static bool execute(statement *run, const char *sql, const lathe_odbc_value *values, int32_t count,
                    lathe_error *error) {
  SQLWCHAR *wide = lathe_odbc_wide(sql, strlen(sql), NULL, error);
  if (!wide) return false;
  SQLRETURN code;
  bool fine = true;
  if (count > 0) {
    SQLSMALLINT wanted = 0;
    fine = SQL_SUCCEEDED(odbc.SQLPrepareW(run->handle, wide, SQL_NTS)) || failed(run, error);
    if (fine && SQL_SUCCEEDED(odbc.SQLNumParams(run->handle, &wanted)) && wanted != count)
      fine = lathe_error_set(error, LATHE_ERROR_ARGUMENT, "the query has %d parameters, %d values are given",
                             wanted, count);
    fine = fine && bind_values(run, values, count, error);
    code = fine ? odbc.SQLExecute(run->handle) : SQL_ERROR;
  } else {
    code = odbc.SQLExecDirectW(run->handle, wide, SQL_NTS);
  }
  free(wide);
  return fine && (SQL_SUCCEEDED(code) || code == SQL_NO_DATA || failed(run, error));
}

/* Go to the first result with columns; none: column_count stays 0. */
static bool find_answer(statement *run, lathe_error *error) {
  for (;;) {
    if (!SQL_SUCCEEDED(odbc.SQLNumResultCols(run->handle, &run->column_count))) return failed(run, error);
    if (run->column_count > 0) return true;
    SQLRETURN code = odbc.SQLMoreResults(run->handle);
    if (code == SQL_NO_DATA) return true;
    if (!SQL_SUCCEEDED(code)) return failed(run, error);
  }
}

/* ---- columns ---- */

static bool describe(statement *run, int index, lathe_error *error) {
  odbc_column *column = &run->columns[index];
  SQLUSMALLINT place = (SQLUSMALLINT)(index + 1);
  SQLWCHAR name[512] = {0};
  SQLSMALLINT units = 0, type = 0, digits = 0, nullable = 0;
  SQLULEN size = 0;
  SQLLEN is_unsigned = SQL_FALSE;
  if (!SQL_SUCCEEDED(
          odbc.SQLDescribeColW(run->handle, place, name, 512, &units, &type, &size, &digits, &nullable)))
    return failed(run, error);
  odbc.SQLColAttributeW(run->handle, place, SQL_DESC_UNSIGNED, NULL, 0, NULL, &is_unsigned);
  lathe_buffer text = {0};
  size_t count = 0;
  while (count < 511 && name[count]) count++;
  if (!lathe_odbc_narrow(name, count, &text, error)) return false;
  column->name = text.data;
  lathe_odbc_column_start(column, type, size, is_unsigned == SQL_TRUE);
  return true;
}

static bool bind_columns(statement *run, lathe_error *error) {
  run->columns = lathe_memory_new((size_t)run->column_count, sizeof *run->columns, error);
  if (!run->columns) return false;
  size_t width = 0;
  bool long_texts = false;
  for (int i = 0; i < run->column_count; i++) {
    if (!describe(run, i, error)) return false;
    width += run->columns[i].width + sizeof(SQLLEN);
    long_texts |= run->columns[i].long_text;
  }
  enum { WANTED = SQL_GD_ANY_COLUMN | SQL_GD_BOUND | SQL_GD_BLOCK };
  run->by_cell = long_texts && (run->connection->extensions & WANTED) != WANTED;
  run->block = run->by_cell ? 1 : width > BLOCK_BYTES / BLOCK_ROWS ? BLOCK_BYTES / width + 1 : BLOCK_ROWS;
  SQLPOINTER rows = (SQLPOINTER)(uintptr_t)run->block;
  if (!SQL_SUCCEEDED(odbc.SQLSetStmtAttr(run->handle, SQL_ATTR_ROW_ARRAY_SIZE, rows, 0))) run->block = 1;
  for (int i = 0; i < run->column_count; i++) {
    odbc_column *column = &run->columns[i];
    column->block = lathe_memory_new(run->block, column->width, error);
    column->lengths = lathe_memory_new(run->block, sizeof *column->lengths, error);
    if (!column->block || !column->lengths) return false;
    if (!run->by_cell &&
        !SQL_SUCCEEDED(odbc.SQLBindCol(run->handle, (SQLUSMALLINT)(i + 1), column->c_type, column->block,
                                       (SQLLEN)column->width, column->lengths)))
      return failed(run, error);
  }
  return true;
}

/* ---- rows ---- */

/* A cell in as many pieces as it takes. */
static bool get_cell(statement *run, int index, lathe_error *error) {
  odbc_column *column = &run->columns[index];
  bool text = column->c_type == SQL_C_WCHAR, pieces = text || column->c_type == SQL_C_BINARY;
  lathe_buffer whole = {0};
  SQLLEN length = 0;
  bool fine = true, missing = false;
  size_t room = column->width < 4096 && pieces ? 4096 : column->width;
  for (bool first = true; fine; first = false) {
    fine = lathe_buffer_reserve(&whole, room, error);
    if (!fine) break;
    SQLRETURN code = odbc.SQLGetData(run->handle, (SQLUSMALLINT)(index + 1), column->c_type,
                                     whole.data + whole.size, (SQLLEN)room, &length);
    if (code == SQL_NO_DATA) break;
    fine = SQL_SUCCEEDED(code) || failed(run, error);
    missing = fine && first && length == SQL_NULL_DATA;
    if (!fine || missing) break;
    size_t full = room - (text ? sizeof(SQLWCHAR) : 0);
    bool unknown = length == SQL_NO_TOTAL && code == SQL_SUCCESS_WITH_INFO;
    bool more = pieces && (unknown || (length > 0 && (size_t)length > full));
    whole.size += more ? full : !pieces ? column->width : length > 0 ? (size_t)length : 0;
    if (!more) break;
    if (room < 1 << 20) room *= 4;
  }
  fine =
      fine && lathe_odbc_column_add(column, whole.data, missing ? SQL_NULL_DATA : (SQLLEN)whole.size, error);
  lathe_buffer_free(&whole);
  return fine;
}

static bool add_block(statement *run, SQLULEN rows, lathe_error *error) {
  bool placed = rows == 1;
  for (SQLULEN row = 0; row < rows; row++) {
    placed = rows == 1;
    for (int i = 0; i < run->column_count; i++) {
      odbc_column *column = &run->columns[i];
      SQLLEN length = column->lengths[row];
      size_t room = column->width - (column->c_type == SQL_C_WCHAR ? sizeof(SQLWCHAR) : 0);
      bool cut = (column->c_type == SQL_C_WCHAR || column->c_type == SQL_C_BINARY) &&
                 (length == SQL_NO_TOTAL || (length > 0 && (size_t)length > room));
      if (cut && !placed)
        placed = SQL_SUCCEEDED(
            odbc.SQLSetPos(run->handle, (SQLSETPOSIROW)(row + 1), SQL_POSITION, SQL_LOCK_NO_CHANGE));
      if (cut && !placed) return failed(run, error);
      if (cut ? !get_cell(run, i, error)
              : !lathe_odbc_column_add(column, column->block + row * column->width, length, error))
        return false;
    }
  }
  return true;
}

static bool fetch(statement *run, lathe_error *error) {
  SQLULEN rows = 0;
  if (!bind_columns(run, error)) return false;
  odbc.SQLSetStmtAttr(run->handle, SQL_ATTR_ROWS_FETCHED_PTR, &rows, 0);
  for (;;) {
    rows = run->block == 1 ? 1 : 0;
    SQLRETURN code = odbc.SQLFetch(run->handle);
    if (code == SQL_NO_DATA) return true;
    if (!SQL_SUCCEEDED(code)) return failed(run, error);
    if (run->by_cell) {
      for (int i = 0; i < run->column_count; i++)
        if (!get_cell(run, i, error)) return false;
    } else if (!add_block(run, rows, error)) {
      return false;
    }
    lathe_progress_add(run->progress, (int64_t)rows);
    if (!lathe_progress_check(run->progress, error) || atomic_load(&run->late)) return failed(run, error);
  }
}

static lathe_table *make_table(statement *run, lathe_arrow_decimals decimals, lathe_error *error) {
  size_t count = (size_t)run->column_count;
  const char **names = lathe_memory_new(count, sizeof *names, error);
  lathe_column **columns = lathe_memory_new(count, sizeof(lathe_column *), error);
  lathe_table *table = NULL;
  bool fine = names && columns;
  for (size_t i = 0; i < count && fine; i++) {
    names[i] = run->columns[i].name;
    columns[i] = lathe_odbc_column_finish(&run->columns[i], decimals, error);
    fine = columns[i] != NULL;
  }
  if (fine) table = lathe_table_assemble((int32_t)count, names, columns, error);
  for (size_t i = 0; columns && i < count; i++) lathe_column_release(columns[i]);
  free(names);
  free(columns);
  return table;
}

static void free_statement(statement *run, int32_t values) {
  if (run->handle) odbc.SQLFreeHandle(SQL_HANDLE_STMT, run->handle);
  for (int i = 0; run->columns && i < run->column_count; i++) lathe_odbc_column_free(&run->columns[i]);
  for (int32_t i = 0; run->texts && i < values; i++) free(run->texts[i]);
  free(run->columns);
  free(run->texts);
  free(run->lengths);
}

bool lathe_odbc_query(lathe_odbc *connection, const char *sql, const lathe_odbc_value *values, int32_t count,
                      lathe_arrow_decimals decimals, int32_t timeout, lathe_table **table,
                      lathe_progress *progress, lathe_error *error) {
  statement run = {.connection = connection,
                   .progress = progress,
                   .timeout = timeout,
                   .deadline = timeout > 0 ? lathe_clock() + timeout : 0};
  *table = NULL;
  if (!SQL_SUCCEEDED(odbc.SQLAllocHandle(SQL_HANDLE_STMT, connection->connection, &run.handle)))
    return lathe_odbc_fail(connection, SQL_HANDLE_DBC, connection->connection, connection->name, error);
  lathe_progress_begin(progress, "query by ODBC", 0);
  pthread_t watcher;
  bool watched = (progress || timeout > 0) && pthread_create(&watcher, NULL, watch, &run) == 0;
  bool fine = execute(&run, sql, values, count, error) && find_answer(&run, error) &&
              (run.column_count == 0 || fetch(&run, error));
  atomic_store(&run.done, true);
  if (watched) pthread_join(watcher, NULL);
  if (fine && run.column_count > 0) {
    *table = make_table(&run, decimals, error);
    fine = *table != NULL;
  }
  free_statement(&run, count);
  lathe_progress_end(progress);
  return fine;
}
