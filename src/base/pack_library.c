/* pack_library.c - zlib and libzstd, opened once for the process. */
#include "pack_library.h"

#include <pthread.h>

#include "library.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

#define LOAD(name) (found.name = (__typeof__(found.name))lathe_library_symbol(WHICH, #name, error)) &&

const lathe_zlib_library *lathe_zlib_open(lathe_error *error) {
  static lathe_zlib_library found;
  static bool opened;
  pthread_mutex_lock(&lock);
#define WHICH LATHE_LIBRARY_ZLIB
  bool there = opened = opened || (LATHE_ZLIB_SYMBOLS(LOAD) true);
#undef WHICH
  pthread_mutex_unlock(&lock);
  return there ? &found : NULL;
}

const lathe_zstd_library *lathe_zstd_open(lathe_error *error) {
  static lathe_zstd_library found;
  static bool opened;
  pthread_mutex_lock(&lock);
#define WHICH LATHE_LIBRARY_ZSTD
  bool there = opened = opened || (LATHE_ZSTD_SYMBOLS(LOAD) true);
#undef WHICH
  pthread_mutex_unlock(&lock);
  return there ? &found : NULL;
}
