/* microhttpd.c - the functions of libmicrohttpd, found when the first endpoint starts. */
#include "own.h"
#include "../base/library.h"

struct microhttpd microhttpd;

bool microhttpd_open(lathe_error *error) {
  static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
  static bool opened;
  pthread_mutex_lock(&lock);
  bool there = opened;
  if (!there) {
#define LOAD(name)                                                                                           \
  (microhttpd.name =                                                                                         \
       (__typeof__(microhttpd.name))lathe_library_symbol(LATHE_LIBRARY_MICROHTTPD, "MHD_" #name, error)) &&
    there = MICROHTTPD_SYMBOLS(LOAD) true;
#undef LOAD
    opened = there;
  }
  pthread_mutex_unlock(&lock);
  return there;
}
