/* library.h - shared libraries that are opened when they are first needed.
 *
 * They are not linked: a program that does not fit, serve, fetch or unpack starts without them.
 * `lathe doctor` lists these rows. */
#ifndef LATHE_BASE_LIBRARY_H
#define LATHE_BASE_LIBRARY_H

#include "error.h"

typedef enum lathe_library {
  LATHE_LIBRARY_OPENBLAS,
  LATHE_LIBRARY_MICROHTTPD,
  LATHE_LIBRARY_CURL,
  LATHE_LIBRARY_ZLIB,
  LATHE_LIBRARY_ZSTD,
  LATHE_LIBRARY_SQLITE,
  LATHE_LIBRARY_PCRE2,
  LATHE_LIBRARY_ODBC,
  LATHE_LIBRARY_SODIUM,
  LATHE_LIBRARY_COUNT,
} lathe_library;

/* Open it (once for the process). False with LATHE_ERROR_UNAVAILABLE that names the Debian package. */
bool lathe_library_open(lathe_library library, lathe_error *error);

/* A symbol of an opened library; NULL with an error. */
void *lathe_library_symbol(lathe_library library, const char *name, lathe_error *error);

/* For the doctor: its name ("OpenBLAS"), what lathe does with it, the file name it was found under. */
const char *lathe_library_name(lathe_library library);
const char *lathe_library_purpose(lathe_library library);
const char *lathe_library_package(lathe_library library);
const char *lathe_library_file(lathe_library library);

#endif
