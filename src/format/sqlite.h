/* sqlite.h - SQLite databases to and from tables, by SQLite's own interface, which is opened when it is first needed.
 *
 * SQLite gives each value its own type, so a column's type is decided from every value, as in JSON: integers int64, reals float64, both
 * float64; text date, timestamp, category or string; integers, reals and text among each other text, and it is said. A column declared
 * BOOL or BOOLEAN of 0 and 1 is bool. Where everything is missing the declared type decides, otherwise it is float64. Blobs are refused.
 *
 * Written: bool as BOOLEAN (0 and 1), int64 as INTEGER, float64 as REAL (SQLite keeps NaN as NULL), text as TEXT, dates and timestamps as
 * DATE and TIMESTAMP in their text. */
#ifndef LATHE_FORMAT_SQLITE_H
#define LATHE_FORMAT_SQLITE_H

#include "../table/table.h"

enum { LATHE_SQLITE_NOTE = 512 };

/* All zero gives the defaults. */
typedef struct lathe_sqlite_options {
  const char *table; /* NULL: the only one there is */
  const char *query; /* instead of a table: one statement that only reads */
  char *
      note; /* NULL, or LATHE_SQLITE_NOTE bytes for words about columns of mixed types; empty when there are none */
} lathe_sqlite_options;

/* Read from a database that is opened for reading only. */
lathe_table *lathe_table_read_sqlite(const char *path, const lathe_sqlite_options *options,
                                     lathe_progress *progress, lathe_error *error);

typedef enum lathe_sqlite_mode {
  LATHE_SQLITE_CREATE,  /* a table that is not there yet */
  LATHE_SQLITE_REPLACE, /* a table that may be there */
  LATHE_SQLITE_APPEND,  /* rows to a table that is there, by the names of columns */
} lathe_sqlite_mode;

/* Write as the table `name`, in one transaction; a database that is not there appears whole or not at all. */
bool lathe_table_write_sqlite(const lathe_table *table, const char *path, const char *name,
                              lathe_sqlite_mode mode, lathe_progress *progress, lathe_error *error);

#endif
