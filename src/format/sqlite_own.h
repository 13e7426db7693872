/* sqlite_own.h - the functions of SQLite that are used, and a database with the words it fails with. */
#ifndef LATHE_FORMAT_SQLITE_OWN_H
#define LATHE_FORMAT_SQLITE_OWN_H

#include <sqlite3.h>

#include "../base/memory.h"
#include "sqlite.h"

#define SQLITE_SYMBOLS(row)                                                                                  \
  row(open_v2) row(close_v2) row(prepare_v2) row(step) row(reset) row(finalize) row(exec) row(errmsg)        \
      row(errstr) row(column_count) row(column_name) row(column_decltype) row(column_type) row(column_int64) \
          row(column_double) row(column_text) row(column_bytes) row(bind_int64) row(bind_double)             \
              row(bind_text64) row(bind_null) row(busy_handler) row(progress_handler) row(db_config)         \
                  row(get_autocommit) row(stmt_readonly)

struct sqlite {
#define FIELD(name) __typeof__(sqlite3_##name) *name;
  SQLITE_SYMBOLS(FIELD)
#undef FIELD
};

extern struct sqlite lathe_sqlite;

/* Open `file`, called `name` in errors; `flags` as of sqlite3_open_v2. NULL with an error. A statement that runs is given up when
 * `progress` is cancelled. */
sqlite3 *lathe_sqlite_open(const char *file, const char *name, int flags, lathe_progress *progress,
                           lathe_error *error);

/* What went wrong last, as a sentence about `name`; always false. */
bool lathe_sqlite_fail(sqlite3 *base, const char *name, int code, lathe_progress *progress,
                       lathe_error *error);

/* `name` in double quotes, for a statement. */
bool lathe_sqlite_quote(lathe_buffer *out, const char *name, lathe_error *error);

#endif
