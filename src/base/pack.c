/* pack.c - streams of zlib and libzstd, fed in steps. */
#include "pack.h"

#include <stdlib.h>
#include <string.h>

#include "pack_library.h"
#include "progress.h"

enum {
  STEP = 1 << 18,
  GZIP_LEVEL = 6,
  ZSTD_LEVEL = 3,
  GZIP_WINDOW = 15 + 16,
  RAW_WINDOW = -15,
  MEMORY_LEVEL = 8
};

lathe_packing lathe_packing_of(const char *path) {
  size_t size = strlen(path);
  if (size > 3 && strcmp(path + size - 3, ".gz") == 0) return LATHE_PACKING_GZIP;
  return size > 4 && strcmp(path + size - 4, ".zst") == 0 ? LATHE_PACKING_ZSTD : LATHE_PACKING_NONE;
}

struct lathe_packer {
  lathe_packing packing;
  const lathe_zlib_library *zlib; /* that one of the two which is used, */
  const lathe_zstd_library *zstd;
  z_stream stream; /* and its state */
  ZSTD_CCtx *context;
};

/* The library, with a stream that has begun; or NULL. */
static const lathe_zlib_library *begin_deflate(z_stream *stream, int window, lathe_error *error) {
  const lathe_zlib_library *zlib = lathe_zlib_open(error);
  if (!zlib) return NULL;
  if (zlib->deflateInit2_(stream, GZIP_LEVEL, Z_DEFLATED, window, MEMORY_LEVEL, Z_DEFAULT_STRATEGY,
                          ZLIB_VERSION, (int)sizeof *stream) == Z_OK)
    return zlib;
  lathe_error_set(error, LATHE_ERROR_MEMORY, "no memory left to pack with zlib");
  return NULL;
}

static bool begin_zstd(lathe_packer *packer, lathe_error *error) {
  packer->zstd = lathe_zstd_open(error);
  if (!packer->zstd) return false;
  packer->context = packer->zstd->ZSTD_createCCtx();
  if (!packer->context) return lathe_error_set(error, LATHE_ERROR_MEMORY, "no memory left to pack with zstd");
  packer->zstd->ZSTD_CCtx_setParameter(packer->context, ZSTD_c_compressionLevel, ZSTD_LEVEL);
  packer->zstd->ZSTD_CCtx_setParameter(packer->context, ZSTD_c_checksumFlag, 1);
  return true;
}

lathe_packer *lathe_packer_new(lathe_packing packing, lathe_error *error) {
  lathe_packer *packer = lathe_memory_new(1, sizeof *packer, error);
  if (!packer) return NULL;
  packer->packing = packing;
  if (packing == LATHE_PACKING_GZIP) packer->zlib = begin_deflate(&packer->stream, GZIP_WINDOW, error);
  if (packer->zlib || (packing == LATHE_PACKING_ZSTD && begin_zstd(packer, error))) return packer;
  lathe_packer_free(packer);
  return NULL;
}

void lathe_packer_free(lathe_packer *packer) {
  if (!packer) return;
  if (packer->zlib) packer->zlib->deflateEnd(&packer->stream);
  if (packer->context) packer->zstd->ZSTD_freeCCtx(packer->context);
  free(packer);
}

/* At most STEP bytes in; everything they give out. */
static bool deflate_step(const lathe_zlib_library *zlib, z_stream *stream, const void *data, size_t size,
                         int flush, lathe_buffer *out, lathe_error *error) {
  stream->next_in = (Bytef *)(uintptr_t)data;
  stream->avail_in = (uInt)size;
  do {
    if (!lathe_buffer_reserve(out, STEP, error)) return false;
    stream->next_out = (Bytef *)out->data + out->size;
    stream->avail_out = STEP;
    if (zlib->deflate(stream, flush) == Z_STREAM_ERROR)
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
    size_t left = packer->zstd->ZSTD_compressStream2(packer->context, &room, &in, end);
    if (packer->zstd->ZSTD_isError(left))
      return lathe_error_set(error, LATHE_ERROR_DATA, "zstd cannot pack these bytes (%s)",
                             packer->zstd->ZSTD_getErrorName(left));
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
              ? deflate_step(packer->zlib, &packer->stream, at, step, Z_NO_FLUSH, out, error)
              : zstd_step(packer, at, step, ZSTD_e_continue, out, error)))
      return false;
    at += step;
    size -= step;
  }
  return true;
}

bool lathe_packer_finish(lathe_packer *packer, lathe_buffer *out, lathe_error *error) {
  return packer->packing == LATHE_PACKING_GZIP
             ? deflate_step(packer->zlib, &packer->stream, "", 0, Z_FINISH, out, error)
             : zstd_step(packer, "", 0, ZSTD_e_end, out, error);
}

bool lathe_deflate(const void *data, size_t size, lathe_buffer *out, lathe_error *error) {
  z_stream stream = {0};
  const lathe_zlib_library *zlib = begin_deflate(&stream, RAW_WINDOW, error);
  if (!zlib) return false;
  const char *at = data;
  bool fine = true;
  do {
    size_t step = size < STEP ? size : STEP;
    fine = lathe_progress_check(lathe_progress_main(), error) &&
           deflate_step(zlib, &stream, at, step, size == step ? Z_FINISH : Z_NO_FLUSH, out, error);
    at += step;
    size -= step;
  } while (fine && size > 0);
  zlib->deflateEnd(&stream);
  return fine;
}

bool lathe_inflate(const void *data, size_t size, void *out, size_t room, lathe_error *error) {
  z_stream stream = {0};
  const lathe_zlib_library *zlib = lathe_zlib_open(error);
  if (!zlib) return false;
  if (zlib->inflateInit2_(&stream, RAW_WINDOW, ZLIB_VERSION, (int)sizeof stream) != Z_OK)
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
    code = zlib->inflate(&stream, Z_NO_FLUSH);
    size_t taken = step_in - stream.avail_in, given = step_out - stream.avail_out;
    from += taken, size -= taken, to += given, room -= given;
    if (code == Z_OK && taken == 0 && given == 0) code = Z_BUF_ERROR;
  }
  zlib->inflateEnd(&stream);
  return (code == Z_STREAM_END && room == 0) ||
         lathe_error_set(error, LATHE_ERROR_DATA, "the deflated bytes are damaged or cut off");
}
