/* sqlite.c - opening a database, and its failures as sentences. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "../base/library.h"
#include "../base/system.h"
#include "sqlite_own.h"

enum { WAIT_TURNS = 50, STEPS_BETWEEN_LOOKS = 100000 };
static const double turn_seconds = 0.02;

struct sqlite lathe_sqlite;

static bool load(lathe_error *error) {
  static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
  static bool opened;
  pthread_mutex_lock(&lock);
  if (!opened) {
#define LOAD(symbol)                                                                                         \
  (lathe_sqlite.symbol = (__typeof__(lathe_sqlite.symbol))lathe_library_symbol(                              \
       LATHE_LIBRARY_SQLITE, "sqlite3_" #symbol, error)) &&
    opened = SQLITE_SYMBOLS(LOAD) true;
#undef LOAD
  }
  bool there = opened;
  pthread_mutex_unlock(&lock);
  return there;
}

bool lathe_sqlite_fail(sqlite3 *base, const char *name, int code, lathe_progress *progress,
                       lathe_error *error) {
  switch (code & 0xFF) {
  case SQLITE_INTERRUPT:
    return !lathe_progress_check(progress, error)
               ? false
               : lathe_error_set(error, LATHE_ERROR_CANCELLED, "cancelled: %s", name);
  case SQLITE_BUSY:
  case SQLITE_LOCKED:
    if (!lathe_progress_check(progress, error)) return false;
    return lathe_error_set(error, LATHE_ERROR_FILE,
                           "%s is locked by another program; try again when it is done", name);
  case SQLITE_NOTADB:
    return lathe_error_set(error, LATHE_ERROR_DATA,
                           "%s is no SQLite database, or is encrypted; name another file", name);
  case SQLITE_CORRUPT:
    return lathe_error_set(
        error, LATHE_ERROR_DATA,
        "%s is damaged (%s); restore it from a copy, or recover it with sqlite3 FILE .recover", name,
        base ? lathe_sqlite.errmsg(base) : lathe_sqlite.errstr(code));
  case SQLITE_NOMEM:
    return lathe_error_set(error, LATHE_ERROR_MEMORY, "no memory left for %s", name);
  case SQLITE_CANTOPEN:
    return lathe_error_set(error, LATHE_ERROR_FILE,
                           "cannot open %s: it, or its folder, is not there or may not be used", name);
  default:
    return lathe_error_set(error, LATHE_ERROR_DATA, "%s: SQLite says: %s", name,
                           base ? lathe_sqlite.errmsg(base) : lathe_sqlite.errstr(code));
  }
}

static int cancelled(void *progress) {
  return lathe_progress_cancelled(progress);
}

/* Another program holds the lock: a second is waited for it, unless somebody asks to stop. */
static int wait_for_lock(void *progress, int turns) {
  return turns < WAIT_TURNS && lathe_progress_wait(progress, turn_seconds, NULL);
}

sqlite3 *lathe_sqlite_open(const char *file, const char *name, int flags, lathe_progress *progress,
                           lathe_error *error) {
  sqlite3 *base = NULL;
  if (!load(error)) return NULL;
  if (lathe_path_look(file, NULL) == LATHE_PATH_OTHER) { /* opening it would wait for who writes into it */
    lathe_error_set(error, LATHE_ERROR_FILE,
                    "%s is a pipe or a device; a database is a file: write it to one", name);
    return NULL;
  }
  int code = lathe_sqlite.open_v2(file, &base, flags | SQLITE_OPEN_NOMUTEX, NULL);
  if (code != SQLITE_OK) {
    lathe_sqlite_fail(base, name, code, progress, error);
    lathe_sqlite.close_v2(base);
    return NULL;
  }
  lathe_sqlite.busy_handler(base, wait_for_lock, progress);
  lathe_sqlite.db_config(base, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
  lathe_sqlite.db_config(base, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
  if (progress) lathe_sqlite.progress_handler(base, STEPS_BETWEEN_LOOKS, cancelled, progress);
  return base;
}

bool lathe_sqlite_quote(lathe_buffer *out, const char *name, lathe_error *error) {
  bool fine = lathe_buffer_text(out, "\"", error);
  for (const char *at = name; *at && fine; at++)
    fine = lathe_buffer_append(out, *at == '"' ? "\"\"" : at, *at == '"' ? 2 : 1, error);
  return fine && lathe_buffer_text(out, "\"", error);
}
