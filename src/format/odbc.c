/* odbc.c - the driver manager, connections, and what drivers say. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "../base/library.h"
#include "odbc_own.h"

struct odbc_functions odbc;

static bool odbc_load(lathe_error *error) {
  static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
  static bool loaded;
  pthread_mutex_lock(&lock);
  bool there = loaded;
  if (!there) {
#define LOAD(name)                                                                                           \
  (odbc.name = (__typeof__(odbc.name))lathe_library_symbol(LATHE_LIBRARY_ODBC, #name, error)) &&
    there = ODBC_SYMBOLS(LOAD) true;
#undef LOAD
    loaded = there;
  }
  pthread_mutex_unlock(&lock);
  return there;
}

/* ---- texts ---- */

SQLWCHAR *lathe_odbc_wide(const char *text, size_t size, size_t *units, lathe_error *error) {
  SQLWCHAR *wide = lathe_memory_raw(size + 1, sizeof *wide, error);
  size_t count = 0;
  for (size_t at = 0; wide && at < size;) {
    uint32_t character;
    at += lathe_text_decode(text + at, size - at, &character);
    if (character >= 0x10000) {
      character -= 0x10000;
      wide[count++] = (SQLWCHAR)(0xD800 + (character >> 10));
      character = 0xDC00 + (character & 0x3FF);
    }
    wide[count++] = (SQLWCHAR)character;
  }
  if (wide) wide[count] = 0;
  if (units) *units = count;
  return wide;
}

bool lathe_odbc_narrow(const SQLWCHAR *text, size_t units, lathe_buffer *out, lathe_error *error) {
  if (!lathe_buffer_reserve(out, units * 3, error)) return false;
  char *to = out->data + out->size;
  for (size_t i = 0; i < units; i++) {
    uint32_t character = (uint16_t)text[i];
    if (character < 0x80) {
      *to++ = (char)character;
      continue;
    }
    bool high = character >= 0xD800 && character < 0xDC00 && i + 1 < units;
    uint32_t low = high ? (uint16_t)text[i + 1] : 0;
    if (high && low >= 0xDC00 && low < 0xE000) {
      character = 0x10000 + ((character - 0xD800) << 10) + (low - 0xDC00);
      i++;
    } else if (character >= 0xD800 && character < 0xE000) {
      character = 0xFFFD;
    }
    to += lathe_text_encode(character, to);
  }
  out->size = (size_t)(to - out->data);
  *to = '\0';
  return true;
}

/* ---- what drivers say ---- */

/* Put stars over each place where the password stands. */
static void mask(char *text, const char *password) {
  size_t size = password ? strlen(password) : 0;
  for (char *at = text; size && (at = strstr(at, password)) != NULL; at += size) memset(at, '*', size);
}

bool lathe_odbc_fail(const lathe_odbc *connection, SQLSMALLINT type, SQLHANDLE handle, const char *what,
                     lathe_error *error) {
  SQLWCHAR state[6] = {0}, message[1024];
  SQLINTEGER native = 0;
  lathe_buffer words = {0};
  for (SQLSMALLINT record = 1; record <= 3; record++) {
    SQLSMALLINT units = 0;
    SQLRETURN code = odbc.SQLGetDiagRecW(type, handle, record, state, &native, message, 1024, &units);
    if (!SQL_SUCCEEDED(code)) break;
    size_t count = units < 0 ? 0 : units > 1023 ? 1023 : (size_t)units;
    if (words.size && !lathe_buffer_text(&words, "; ", NULL)) break;
    if (!lathe_odbc_narrow(message, count, &words, NULL)) break;
  }
  if (words.data) mask(words.data, connection->password);
  for (size_t i = 0; i < words.size; i++)
    if (words.data[i] == '\n' || words.data[i] == '\r') words.data[i] = ' ';
  while (words.size && words.data[words.size - 1] == ' ') words.data[--words.size] = '\0';
  lathe_error_set(error, LATHE_ERROR_DATA, "%s: %s", what,
                  words.size ? words.data : "the driver does not say why");
  lathe_buffer_free(&words);
  return false;
}

/* ---- connecting ---- */

/* The value of the first of two keywords in a connection string, or NULL. */
static char *value_of(const char *text, const char *keyword, const char *other, lathe_error *error) {
  for (const char *at = text; *at;) {
    while (*at == ';' || *at == ' ') at++;
    const char *name = at;
    while (*at && *at != '=' && *at != ';') at++;
    size_t size = (size_t)(at - name);
    if (*at != '=') continue;
    const char *value = ++at, *end = strchr(value, *value == '{' ? '}' : ';');
    if (!end) end = value + strlen(value);
    at = *end ? end + 1 : end;
    if (*value == '{') value++;
    while (size && name[size - 1] == ' ') size--;
    bool wanted = (size == strlen(keyword) && strncasecmp(name, keyword, size) == 0) ||
                  (size == strlen(other) && strncasecmp(name, other, size) == 0);
    if (wanted && end > value) return lathe_memory_text(value, (size_t)(end - value), error);
  }
  return NULL;
}

static bool info(lathe_odbc *connection, SQLUSMALLINT which, lathe_buffer *out) {
  SQLWCHAR words[128] = {0};
  SQLSMALLINT bytes = 0;
  if (!SQL_SUCCEEDED(odbc.SQLGetInfoW(connection->connection, which, words, sizeof words, &bytes)))
    return false;
  size_t units = 0;
  while (units < 127 && words[units]) units++;
  return lathe_odbc_narrow(words, units, out, NULL);
}

static void read_name(lathe_odbc *connection) {
  static const SQLUSMALLINT parts[] = {SQL_DBMS_NAME, SQL_DBMS_VER, SQL_DRIVER_NAME, SQL_DRIVER_VER};
  lathe_buffer words[4] = {0};
  for (int i = 0; i < 4; i++)
    if (!info(connection, parts[i], &words[i])) lathe_buffer_text(&words[i], "?", NULL);
  snprintf(connection->name, sizeof connection->name, "%.60s %.40s (%.60s %.40s)",
           words[0].data ? words[0].data : "?", words[1].data ? words[1].data : "?",
           words[2].data ? words[2].data : "?", words[3].data ? words[3].data : "?");
  for (int i = 0; i < 4; i++) lathe_buffer_free(&words[i]);
}

static bool set_up(lathe_odbc *connection, int32_t timeout, lathe_error *error) {
  SQLHENV none = SQL_NULL_HENV;
  if (!SQL_SUCCEEDED(odbc.SQLAllocHandle(SQL_HANDLE_ENV, none, &connection->environment)))
    return lathe_error_set(error, LATHE_ERROR_UNAVAILABLE,
                           "unixODBC gives no environment; look at its odbcinst.ini");
  SQLPOINTER version = (SQLPOINTER)(uintptr_t)SQL_OV_ODBC3;
  odbc.SQLSetEnvAttr(connection->environment, SQL_ATTR_ODBC_VERSION, version, 0);
  if (!SQL_SUCCEEDED(odbc.SQLAllocHandle(SQL_HANDLE_DBC, connection->environment, &connection->connection)))
    return lathe_odbc_fail(connection, SQL_HANDLE_ENV, connection->environment, connection->name, error);
  SQLPOINTER seconds = (SQLPOINTER)(uintptr_t)(timeout > 0 ? timeout : 15);
  odbc.SQLSetConnectAttr(connection->connection, SQL_ATTR_LOGIN_TIMEOUT, seconds, 0);
  return true;
}

static bool connect_once(lathe_odbc *connection, const char *text, lathe_error *error) {
  size_t units = 0;
  SQLWCHAR *wide = lathe_odbc_wide(text, strlen(text), &units, error);
  if (!wide) return false;
  SQLSMALLINT given = 0;
  SQLRETURN code = units > INT16_MAX
                       ? SQL_ERROR
                       : odbc.SQLDriverConnectW(connection->connection, NULL, wide, (SQLSMALLINT)units, NULL,
                                                0, &given, SQL_DRIVER_NOPROMPT);
  free(wide);
  connection->connected = SQL_SUCCEEDED(code);
  return connection->connected ||
         lathe_odbc_fail(connection, SQL_HANDLE_DBC, connection->connection, connection->name, error);
}

/* PostgreSQL's driver shows truth values as text and fetches a whole answer before its first row, unless told otherwise. */
static bool connect_again(lathe_odbc *connection, const char *text, lathe_error *error) {
  static const char *const wishes[] = {"BoolsAsChar=0", "UseDeclareFetch=1", "Fetch=4096"};
  lathe_buffer better = {0};
  bool fine = lathe_buffer_text(&better, text, error);
  for (int i = 0; i < 3 && fine; i++) {
    size_t size = (size_t)(strchr(wishes[i], '=') - wishes[i]) + 1;
    char name[32];
    memcpy(name, wishes[i], size);
    name[size] = '\0';
    if (!strcasestr(text, name)) fine = lathe_buffer_format(&better, error, ";%s", wishes[i]);
  }
  if (fine) {
    odbc.SQLDisconnect(connection->connection);
    connection->connected = false;
    fine = connect_once(connection, better.data, error);
  }
  lathe_buffer_free(&better);
  lathe_table *none = NULL;
  return fine && lathe_odbc_query(connection, "set time zone 'UTC'", NULL, 0, LATHE_ARROW_DECIMALS_EXACT, 0,
                                  &none, NULL, error);
}

lathe_odbc *lathe_odbc_open(const char *text, int32_t timeout, lathe_progress *progress, lathe_error *error) {
  if (!odbc_load(error) || !lathe_progress_check(progress, error)) return NULL;
  lathe_odbc *connection = lathe_memory_new(1, sizeof *connection, error);
  if (!connection) return NULL;
  connection->password = value_of(text, "pwd", "password", error);
  char *place = value_of(text, "dsn", "server", error);
  snprintf(connection->name, sizeof connection->name, "ODBC%s%.200s", place ? " " : "", place ? place : "");
  free(place);
  lathe_progress_begin(progress, "connect by ODBC", 0);
  bool fine = set_up(connection, timeout, error) && connect_once(connection, text, error);
  if (fine) read_name(connection);
  if (fine && strstr(connection->name, "psqlodbc")) fine = connect_again(connection, text, error);
  if (fine)
    odbc.SQLGetInfoW(connection->connection, SQL_GETDATA_EXTENSIONS, &connection->extensions,
                     sizeof connection->extensions, NULL);
  lathe_progress_end(progress);
  if (fine) return connection;
  lathe_odbc_close(connection);
  return NULL;
}

void lathe_odbc_close(lathe_odbc *connection) {
  if (!connection) return;
  if (connection->connected) odbc.SQLDisconnect(connection->connection);
  if (connection->connection) odbc.SQLFreeHandle(SQL_HANDLE_DBC, connection->connection);
  if (connection->environment) odbc.SQLFreeHandle(SQL_HANDLE_ENV, connection->environment);
  if (connection->password) explicit_bzero(connection->password, strlen(connection->password));
  free(connection->password);
  free(connection);
}

const char *lathe_odbc_name(const lathe_odbc *connection) {
  return connection->name;
}
