/* pack.c - streams of zlib and libzstd, fed in steps. */
#include "pack.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "library.h"
#include "progress.h"

enum {
  STEP = 1 << 18,
  GZIP_LEVEL = 6,
  ZSTD_LEVEL = 3,
  GZIP_WINDOW = 15 + 16,
  RAW_WINDOW = -15,
  MEMORY_LEVEL = 8
};

#define ZLIB_SYMBOLS(row)                                                                                    \
  row(deflateInit2_) row(deflate) row(deflateEnd) row(inflateInit2_) row(inflate) row(inflateEnd)
#define ZSTD_SYMBOLS(row)                                                                                    \
  row(ZSTD_createCCtx) row(ZSTD_freeCCtx) row(ZSTD_CCtx_setParameter) row(ZSTD_compressStream2)              \
      row(ZSTD_isError) row(ZSTD_getErrorName)

static struct {
#define FIELD(name) __typeof__(name) *name;
  bool open_zlib, open_zstd;
  ZLIB_SYMBOLS(FIELD)
  ZSTD_SYMBOLS(FIELD)
#undef FIELD
} found;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static bool open_zlib(lathe_error *error) {
  pthread_mutex_lock(&lock);
#define LOAD(name)                                                                                           \
  (found.name = (__typeof__(found.name))lathe_library_symbol(LATHE_LIBRARY_ZLIB, #name, error)) &&
  if (!found.open_zlib) found.open_zlib = ZLIB_SYMBOLS(LOAD) true;
#undef LOAD
  bool there = found.open_zlib;
  pthread_mutex_unlock(&lock);
  return there;
}

static bool open_zstd(lathe_error *error) {
  pthread_mutex_lock(&lock);
#define LOAD(name)                                                                                           \
  (found.name = (__typeof__(found.name))lathe_library_symbol(LATHE_LIBRARY_ZSTD, #name, error)) &&
  if (!found.open_zstd) found.open_zstd = ZSTD_SYMBOLS(LOAD) true;
#undef LOAD
  bool there = found.open_zstd;
  pthread_mutex_unlock(&lock);
  return there;
}

lathe_packing lathe_packing_of(const char *path) {
  size_t size = strlen(path);
  if (size > 3 && strcmp(path + size - 3, ".gz") == 0) return LATHE_PACKING_GZIP;
  return size > 4 && strcmp(path + size - 4, ".zst") == 0 ? LATHE_PACKING_ZSTD : LATHE_PACKING_NONE;
}

struct lathe_packer {
  lathe_packing packing;
  bool begun;
  z_stream zlib;
  ZSTD_CCtx *zstd;
};

static bool begin_deflate(z_stream *stream, int window, lathe_error *error) {
  if (!open_zlib(error)) return false;
  if (found.deflateInit2_(stream, GZIP_LEVEL, Z_DEFLATED, window, MEMORY_LEVEL, Z_DEFAULT_STRATEGY,
                          ZLIB_VERSION, (int)sizeof *stream) == Z_OK)
    return true;
  return lathe_error_set(error, LATHE_ERROR_MEMORY, "no memory left to pack with zlib");
}

lathe_packer *lathe_packer_new(lathe_packing packing, lathe_error *error) {
  lathe_packer *packer = lathe_memory_new(1, sizeof *packer, error);
  if (!packer) return NULL;
  packer->packing = packing;
  if (packing == LATHE_PACKING_GZIP) {
    packer->begun = begin_deflate(&packer->zlib, GZIP_WINDOW, error);
  } else if (open_zstd(error)) {
    packer->zstd = found.ZSTD_createCCtx();
    packer->begun = packer->zstd != NULL;
    if (packer->begun)
      found.ZSTD_CCtx_setParameter(packer->zstd, ZSTD_c_compressionLevel, ZSTD_LEVEL);
    else
      lathe_error_set(error, LATHE_ERROR_MEMORY, "no memory left to pack with zstd");
    if (packer->begun) found.ZSTD_CCtx_setParameter(packer->zstd, ZSTD_c_checksumFlag, 1);
  }
  if (packer->begun) return packer;
  lathe_packer_free(packer);
  return NULL;
}

void lathe_packer_free(lathe_packer *packer) {
  if (!packer) return;
  if (packer->begun && packer->packing == LATHE_PACKING_GZIP) found.deflateEnd(&packer->zlib);
  if (packer->zstd) found.ZSTD_freeCCtx(packer->zstd);
  free(packer);
}

/* At most STEP bytes in; everything they give out. */
static bool deflate_step(z_stream *stream, const void *data, size_t size, int flush, lathe_buffer *out,
                         lathe_error *error) {
  stream->next_in = (Bytef *)(uintptr_t)data;
  stream->avail_in = (uInt)size;
  do {
    if (!lathe_buffer_reserve(out, STEP, error)) return false;
    stream->next_out = (Bytef *)out->data + out->size;
    stream->avail_out = STEP;
    if (found.deflate(stream, flush) == Z_STREAM_ERROR)
      return lathe_error_set(error, LATHE_ERROR_DATA, "zlib cannot pack these bytes");
    out->size += STEP - stream->avail_out;
  } while (stream->avail_out == 0);
  return true;
}

static bool zstd_step(lathe_packer *packer, const void *data, size_t size, ZSTD_EndDirective end,
                      lathe_buffer *out, lathe_error *error) {
  ZSTD_inBuffer in = {data, size, 0};
  for (;;) {
    if (!lathe_buffer_reserve(out, STEP, error)) return false;
    ZSTD_outBuffer room = {out->data + out->size, STEP, 0};
    size_t left = found.ZSTD_compressStream2(packer->zstd, &room, &in, end);
    if (found.ZSTD_isError(left))
      return lathe_error_set(error, LATHE_ERROR_DATA, "zstd cannot pack these bytes (%s)",
                             found.ZSTD_getErrorName(left));
    out->size += room.pos;
    if (end == ZSTD_e_end ? left == 0 : in.pos == in.size) return true;
  }
}

bool lathe_packer_add(lathe_packer *packer, const void *data, size_t size, lathe_buffer *out,
                      lathe_error *error) {
  const char *at = data;
  while (size > 0) {
    size_t step = size < STEP ? size : STEP;
    if (!(packer->packing == LATHE_PACKING_GZIP
              ? deflate_step(&packer->zlib, at, step, Z_NO_FLUSH, out, error)
              : zstd_step(packer, at, step, ZSTD_e_continue, out, error)))
      return false;
    at += step;
    size -= step;
  }
  return true;
}

bool lathe_packer_finish(lathe_packer *packer, lathe_buffer *out, lathe_error *error) {
  return packer->packing == LATHE_PACKING_GZIP ? deflate_step(&packer->zlib, "", 0, Z_FINISH, out, error)
                                               : zstd_step(packer, "", 0, ZSTD_e_end, out, error);
}

bool lathe_deflate(const void *data, size_t size, lathe_buffer *out, lathe_error *error) {
  z_stream stream = {0};
  if (!begin_deflate(&stream, RAW_WINDOW, error)) return false;
  const char *at = data;
  bool fine = true;
  do {
    size_t step = size < STEP ? size : STEP;
    fine = lathe_progress_check(lathe_progress_main(), error) &&
           deflate_step(&stream, at, step, size == step ? Z_FINISH : Z_NO_FLUSH, out, error);
    at += step;
    size -= step;
  } while (fine && size > 0);
  found.deflateEnd(&stream);
  return fine;
}

bool lathe_inflate(const void *data, size_t size, void *out, size_t room, lathe_error *error) {
  z_stream stream = {0};
  if (!open_zlib(error)) return false;
  if (found.inflateInit2_(&stream, RAW_WINDOW, ZLIB_VERSION, (int)sizeof stream) != Z_OK)
    return lathe_error_set(error, LATHE_ERROR_MEMORY, "no memory left to unpack with zlib");
  const char *from = data;
  char *to = out;
  int code = Z_OK;
  while (code == Z_OK) {
    size_t step_in = size < STEP ? size : STEP, step_out = room < STEP ? room : STEP;
    stream.next_in = (Bytef *)(uintptr_t)from;
    stream.avail_in = (uInt)step_in;
    stream.next_out = (Bytef *)to;
    stream.avail_out = (uInt)step_out;
    code = found.inflate(&stream, Z_NO_FLUSH);
    size_t taken = step_in - stream.avail_in, given = step_out - stream.avail_out;
    from += taken, size -= taken, to += given, room -= given;
    if (code == Z_OK && taken == 0 && given == 0) code = Z_BUF_ERROR;
  }
  found.inflateEnd(&stream);
  return (code == Z_STREAM_END && room == 0) ||
         lathe_error_set(error, LATHE_ERROR_DATA, "the deflated bytes are damaged or cut off");
}
