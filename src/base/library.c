/* library.c - a row for each optional library: what it is for and the names it goes by. */
#include "library.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>

struct library {
  const char *name, *purpose, *package;
  const char *files[3];
  void *handle;
  const char *found;
};

static struct library libraries[LATHE_LIBRARY_COUNT] = {
    [LATHE_LIBRARY_OPENBLAS] = {.name = "OpenBLAS",
                                .purpose = "fits models",
                                .package = "libopenblas0-pthread",
                                .files = {"libopenblas.so.0", "libopenblas.so"}},
    [LATHE_LIBRARY_MICROHTTPD] = {.name = "libmicrohttpd",
                                  .purpose = "serves models over HTTP",
                                  .package = "libmicrohttpd12",
                                  .files = {"libmicrohttpd.so.12"}},
    [LATHE_LIBRARY_CURL] = {.name = "libcurl",
                            .purpose = "asks servers over HTTP",
                            .package = "libcurl3-gnutls",
                            .files = {"libcurl-gnutls.so.4", "libcurl.so.4"}},
    [LATHE_LIBRARY_ZLIB] = {.name = "zlib",
                            .purpose = "packs gzip and NPZ files",
                            .package = "zlib1g",
                            .files = {"libz.so.1"}},
    [LATHE_LIBRARY_ZSTD] = {.name = "libzstd",
                            .purpose = "packs zstd files",
                            .package = "libzstd1",
                            .files = {"libzstd.so.1"}},
    [LATHE_LIBRARY_SQLITE] = {.name = "SQLite",
                              .purpose = "keeps tables in databases",
                              .package = "libsqlite3-0",
                              .files = {"libsqlite3.so.0"}},
    [LATHE_LIBRARY_PCRE2] = {.name = "PCRE2",
                             .purpose = "matches regular expressions",
                             .package = "libpcre2-8-0",
                             .files = {"libpcre2-8.so.0"}},
    [LATHE_LIBRARY_ODBC] = {.name = "unixODBC",
                            .purpose = "asks other databases",
                            .package = "libodbc2",
                            .files = {"libodbc.so.2"}},
    [LATHE_LIBRARY_SODIUM] = {.name = "libsodium",
                              .purpose = "hashes with a key",
                              .package = "libsodium23",
                              .files = {"libsodium.so.23", "libsodium.so.26"}},
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

bool lathe_library_open(lathe_library which, lathe_error *error) {
  struct library *library = &libraries[which];
  pthread_mutex_lock(&lock);
  /* OpenBLAS starts a thread for each processor when it is opened, unless told otherwise; lathe's own pool
   * calls it. */
  if (which == LATHE_LIBRARY_OPENBLAS && !library->handle) setenv("OPENBLAS_NUM_THREADS", "1", 1);
  for (int i = 0; i < 3 && library->files[i] && !library->handle; i++) {
    library->handle = dlopen(library->files[i], RTLD_LAZY | RTLD_LOCAL);
    if (library->handle) library->found = library->files[i];
  }
  bool there = library->handle != NULL;
  pthread_mutex_unlock(&lock);
  if (there) return true;
  return lathe_error_set(error, LATHE_ERROR_UNAVAILABLE,
                         "%s, which %s, is not on this machine; install it (Debian: apt install %s)",
                         library->name, library->purpose, library->package);
}

void *lathe_library_symbol(lathe_library which, const char *name, lathe_error *error) {
  void *symbol = lathe_library_open(which, error) ? dlsym(libraries[which].handle, name) : NULL;
  if (!symbol && libraries[which].handle)
    lathe_error_set(error, LATHE_ERROR_UNAVAILABLE,
                    "%s (%s) has no function %s; install a current one (Debian: %s)", libraries[which].name,
                    libraries[which].found, name, libraries[which].package);
  return symbol;
}

const char *lathe_library_name(lathe_library which) {
  return libraries[which].name;
}

const char *lathe_library_purpose(lathe_library which) {
  return libraries[which].purpose;
}

const char *lathe_library_package(lathe_library which) {
  return libraries[which].package;
}

const char *lathe_library_file(lathe_library which) {
  return libraries[which].found;
}
