/* odbc.h - the answers of databases as tables, by unixODBC and the database's own driver.
 *
 *   SQL                                   becomes
 *   BIT                                   bool
 *   TINYINT to BIGINT                     int64 (always fetched as 64 bits; drivers understate their integers)
 *   unsigned BIGINT, NUMERIC, DECIMAL     int64 when every value is one; otherwise float64 when 15 digits hold each
 *                                         value; otherwise text with all digits
 *   REAL, FLOAT, DOUBLE                   float64
 *   DATE                                  date
 *   TIMESTAMP                             timestamp; what has a zone comes as UTC (PostgreSQL's session is set to it)
 *   BINARY of any kind                    string of hexadecimal digits
 *   all other: text of any length, time   string
 *   of day, UUID, interval, JSON, arrays
 *
 * PostgreSQL's driver gives infinity as the year 9999 and years BC without their sign; cast such columns to text.
 *
 * Rows are fetched 1024 at a time into arrays; texts longer than those arrays have room for are fetched one by one. A
 * connection serves one statement at a time. */
#ifndef LATHE_FORMAT_ODBC_H
#define LATHE_FORMAT_ODBC_H

#include "../table/arrow.h"

typedef struct lathe_odbc lathe_odbc;

/* Connect: "DSN=sales;UID=reader;PWD=..." and the like. `timeout`: seconds until the server must have answered, 0: 15. No
 * error ever shows the password. */
lathe_odbc *lathe_odbc_open(const char *connection, int32_t timeout, lathe_progress *progress,
                            lathe_error *error);
void lathe_odbc_close(lathe_odbc *odbc);

/* "PostgreSQL 15.8 (psqlodbcw.so 13.02.0000)". */
const char *lathe_odbc_name(const lathe_odbc *odbc);

typedef enum lathe_odbc_kind {
  LATHE_ODBC_NULL,
  LATHE_ODBC_INTEGER,
  LATHE_ODBC_NUMBER,
  LATHE_ODBC_BOOLEAN,
  LATHE_ODBC_TEXT,
} lathe_odbc_kind;

/* A value for a `?` of a statement. */
typedef struct lathe_odbc_value {
  lathe_odbc_kind kind;
  int64_t integer; /* BOOLEAN too */
  double number;
  lathe_text text;
} lathe_odbc_value;

/* Run a statement: false with the driver's words, when `progress` was cancelled, or when it took longer than `timeout`
 * seconds (0: no limit). `*table` is its first answer, or NULL when it has none. */
bool lathe_odbc_query(lathe_odbc *odbc, const char *sql, const lathe_odbc_value *values, int32_t count,
                      lathe_arrow_decimals decimals, int32_t timeout, lathe_table **table,
                      lathe_progress *progress, lathe_error *error);

#endif
