/* pack_library.h - the functions of zlib and libzstd that are used, in one table each, filled when they are first needed. */
#ifndef LATHE_BASE_PACK_LIBRARY_H
#define LATHE_BASE_PACK_LIBRARY_H

#include <zlib.h>
#include <zstd.h>

#include "error.h"

#define LATHE_ZLIB_SYMBOLS(row)                                                                              \
  row(deflateInit2_) row(deflate) row(deflateEnd) row(inflateInit2_) row(inflate) row(inflateReset)          \
      row(inflateEnd)
#define LATHE_ZSTD_SYMBOLS(row)                                                                              \
  row(ZSTD_createCCtx) row(ZSTD_freeCCtx) row(ZSTD_CCtx_setParameter) row(ZSTD_compressStream2)              \
      row(ZSTD_createDCtx) row(ZSTD_freeDCtx) row(ZSTD_DCtx_setParameter) row(ZSTD_decompressStream)         \
          row(ZSTD_isError) row(ZSTD_getErrorName)

#define LATHE_PACK_FIELD(name) __typeof__(name) *name;
typedef struct lathe_zlib_library {
  LATHE_ZLIB_SYMBOLS(LATHE_PACK_FIELD)
} lathe_zlib_library;
typedef struct lathe_zstd_library {
  LATHE_ZSTD_SYMBOLS(LATHE_PACK_FIELD)
} lathe_zstd_library;
#undef LATHE_PACK_FIELD

/* NULL with LATHE_ERROR_UNAVAILABLE that names the Debian package. */
const lathe_zlib_library *lathe_zlib_open(lathe_error *error);
const lathe_zstd_library *lathe_zstd_open(lathe_error *error);

#endif
