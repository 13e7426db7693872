/* odbc_own.h - a connection, and the columns of an answer under way. */
#ifndef LATHE_FORMAT_ODBC_OWN_H
#define LATHE_FORMAT_ODBC_OWN_H

#include <sql.h>
#include <sqlext.h>
#include <sqlucode.h>

#include "../base/memory.h"
#include "odbc.h"

/* clang-format off */
#define ODBC_SYMBOLS(X)                                                                                   \
  X(SQLAllocHandle) X(SQLFreeHandle) X(SQLSetEnvAttr) X(SQLSetConnectAttr) X(SQLDriverConnectW)           \
  X(SQLDisconnect) X(SQLGetInfoW) X(SQLGetDiagRecW) X(SQLSetStmtAttr) X(SQLPrepareW) X(SQLExecute)        \
  X(SQLExecDirectW) X(SQLBindParameter) X(SQLNumParams) X(SQLNumResultCols) X(SQLDescribeColW)            \
  X(SQLColAttributeW) X(SQLBindCol) X(SQLFetch) X(SQLGetData) X(SQLSetPos) X(SQLMoreResults) X(SQLCancel)
/* clang-format on */

struct odbc_functions {
#define DECLARE(name) __typeof__(name) *name;
  ODBC_SYMBOLS(DECLARE)
#undef DECLARE
};
extern struct odbc_functions odbc;

struct lathe_odbc {
  SQLHENV environment;
  SQLHDBC connection;
  bool connected;
  SQLUINTEGER extensions; /* SQL_GD_... */
  char *password;         /* to be masked; NULL: none */
  char name[256];
};

typedef enum odbc_kind {
  ODBC_BOOL,
  ODBC_INTEGER,
  ODBC_FLOAT,
  ODBC_DECIMAL, /* text, whose type is decided at the end */
  ODBC_TEXT,
  ODBC_BYTES,
  ODBC_DATE,
  ODBC_TIME,  /* SQL_C_TYPE_TIMESTAMP */
  ODBC_ZONED, /* text of a time with a zone */
  ODBC_UUID
} odbc_kind;

typedef struct odbc_column {
  char *name;
  odbc_kind kind;
  SQLSMALLINT c_type;
  size_t width;   /* bytes of an element of `block` */
  bool long_text; /* longer than its place in the block can be */
  char *block;    /* (rows of a fetch, width) */
  SQLLEN *lengths;
  lathe_buffer validity, values, bytes; /* of STRING kinds `values` are the ends of the texts */
  int64_t rows;
  int64_t last_date; /* the date seen last, as year, month and day of 16 bits each; 0: none */
  int32_t last_days; /* its days */
} odbc_column;

/* UTF-16, NUL-terminated; and back: appended to `out`. Unpaired surrogates become U+FFFD. */
SQLWCHAR *lathe_odbc_wide(const char *text, size_t size, size_t *units, lathe_error *error);
bool lathe_odbc_narrow(const SQLWCHAR *text, size_t units, lathe_buffer *out, lathe_error *error);

/* Always false: the driver's words about a handle, after `what`. */
bool lathe_odbc_fail(const lathe_odbc *connection, SQLSMALLINT type, SQLHANDLE handle, const char *what,
                     lathe_error *error);

/* odbc_column.c: what is known of a column by its description; a fetched element behind those there are; all of them. */
void lathe_odbc_column_start(odbc_column *column, SQLSMALLINT sql_type, SQLULEN size, bool is_unsigned);
bool lathe_odbc_column_add(odbc_column *column, const char *element, SQLLEN length, lathe_error *error);
lathe_column *lathe_odbc_column_finish(odbc_column *column, lathe_arrow_decimals decimals,
                                       lathe_error *error);
void lathe_odbc_column_free(odbc_column *column);

#endif
