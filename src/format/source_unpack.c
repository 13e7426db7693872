/* source_unpack.c - gzip and zstd, through zlib and libzstd opened when the first packed file is.
 *
 * The output is bounded by the memory that is free, so a small file that unpacks to more than the machine holds
 * ends in a sentence. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/pack_library.h"
#include "source_own.h"

enum { STEP = 1 << 20 };

typedef struct unpacking {
  const char *name;
  const uint8_t *data;
  size_t size, at; /* at: bytes taken */
  lathe_buffer *out;
  int64_t limit;
  lathe_progress *progress;
} unpacking;

static bool too_large(const unpacking *job, lathe_error *error) {
  return lathe_error_set(
      error, LATHE_ERROR_MEMORY,
      "%s: unpacked it is larger than the %.3g GB of memory that it may take; unpack it to a file, "
      "which is mapped and not held in memory",
      job->name, (double)job->limit / 1e9);
}

/* Room for more output, half as much again, but never much beyond the limit; look at the cancel flag. */
static bool make_room(unpacking *job, lathe_error *error) {
  lathe_buffer *out = job->out;
  if (!lathe_progress_check(job->progress, error)) return false;
  if ((int64_t)out->size >= job->limit) return too_large(job, error);
  if (out->capacity - out->size > STEP) return true;
  size_t most = (size_t)job->limit + 4 * STEP, capacity = out->size + out->size / 2 + 4 * STEP;
  if (capacity > most) capacity = most;
  void *data = out->data;
  if (!lathe_memory_resize(&data, capacity, 1, NULL)) return too_large(job, error);
  out->data = data;
  out->capacity = capacity;
  return true;
}

static bool truncated(const unpacking *job, const char *what, lathe_error *error) {
  return lathe_error_set(
      error, LATHE_ERROR_DATA,
      "%s: the %s data end in the middle, after %zu bytes; the file was cut off: get it again", job->name,
      what, job->size);
}

static bool damaged(const unpacking *job, const char *what, const char *why, lathe_error *error) {
  return lathe_error_set(error, LATHE_ERROR_DATA,
                         "%s: the %s data are damaged near byte %zu (%s); get the file again", job->name,
                         what, job->at, why);
}

/* Another member begins here, or zeros fill the file up: true with `*more`. */
static bool next_member(unpacking *job, bool *more, lathe_error *error) {
  const uint8_t *rest = job->data + job->at;
  size_t left = job->size - job->at, zeros = 0;
  *more = left >= 2 && rest[0] == 0x1F && rest[1] == 0x8B;
  if (*more) return true;
  while (zeros < left && rest[zeros] == 0) zeros++;
  return zeros == left || damaged(job, "gzip", "what follows the last member is not gzip", error);
}

static bool inflate_all(unpacking *job, const lathe_zlib_library *zlib, z_stream *stream,
                        lathe_error *error) {
  lathe_buffer *out = job->out;
  for (;;) {
    if (!make_room(job, error)) return false;
    size_t left = job->size - job->at, room = out->capacity - out->size;
    stream->next_in = (uint8_t *)job->data + job->at;
    stream->avail_in = left > STEP ? STEP : (uInt)left;
    stream->next_out = (uint8_t *)out->data + out->size;
    stream->avail_out = room > STEP ? STEP : (uInt)room;
    int code = zlib->inflate(stream, Z_NO_FLUSH);
    size_t taken = (size_t)(stream->next_in - (job->data + job->at));
    size_t given = (size_t)(stream->next_out - ((uint8_t *)out->data + out->size));
    job->at += taken;
    out->size += given;
    lathe_progress_add(job->progress, (int64_t)taken);
    if (code == Z_STREAM_END) {
      bool more;
      if (!next_member(job, &more, error)) return false;
      if (!more) return true;
      if (zlib->inflateReset(stream) != Z_OK) return damaged(job, "gzip", "a new member cannot begin", error);
    } else if (code == Z_MEM_ERROR) {
      return lathe_error_set(error, LATHE_ERROR_MEMORY, "%s: there is no memory to unpack it", job->name);
    } else if (code != Z_OK && code != Z_BUF_ERROR) {
      return damaged(job, "gzip", stream->msg ? stream->msg : "no gzip header", error);
    } else if (taken == 0 && given == 0 && job->at == job->size) {
      return truncated(job, "gzip", error);
    }
  }
}

static bool unpack_gzip(unpacking *job, lathe_error *error) {
  const lathe_zlib_library *zlib = lathe_zlib_open(error);
  if (!zlib) return false;
  z_stream stream = {0};
  if (zlib->inflateInit2_(&stream, 15 + 16, ZLIB_VERSION, (int)sizeof stream) != Z_OK)
    return lathe_error_set(error, LATHE_ERROR_MEMORY, "%s: there is no memory to unpack it", job->name);
  bool fine = inflate_all(job, zlib, &stream, error);
  zlib->inflateEnd(&stream);
  return fine;
}

static bool decompress_all(unpacking *job, const lathe_zstd_library *zstd, ZSTD_DCtx *context,
                           lathe_error *error) {
  lathe_buffer *out = job->out;
  size_t state = 0;
  for (bool begun = false;; begun = true) {
    if (begun && job->at == job->size && state == 0) return true;
    if (!make_room(job, error)) return false;
    size_t left = job->size - job->at, room = out->capacity - out->size;
    ZSTD_inBuffer in = {job->data + job->at, left > STEP ? STEP : left, 0};
    ZSTD_outBuffer put = {out->data + out->size, room > STEP ? STEP : room, 0};
    state = zstd->ZSTD_decompressStream(context, &put, &in);
    if (zstd->ZSTD_isError(state)) return damaged(job, "zstd", zstd->ZSTD_getErrorName(state), error);
    job->at += in.pos;
    out->size += put.pos;
    lathe_progress_add(job->progress, (int64_t)in.pos);
    if (in.pos == 0 && put.pos == 0 && job->at == job->size && state != 0)
      return truncated(job, "zstd", error);
  }
}

static bool unpack_zstd(unpacking *job, lathe_error *error) {
  const lathe_zstd_library *zstd = lathe_zstd_open(error);
  if (!zstd) return false;
  ZSTD_DCtx *context = zstd->ZSTD_createDCtx();
  if (!context)
    return lathe_error_set(error, LATHE_ERROR_MEMORY, "%s: there is no memory to unpack it", job->name);
  zstd->ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, job->limit > INT64_C(8) << 30 ? 31 : 27);
  bool fine = decompress_all(job, zstd, context, error);
  zstd->ZSTD_freeDCtx(context);
  return fine;
}

static bool is_zstd(const uint8_t *data, size_t size) {
  if (size < 4) return false;
  bool frame = data[0] == 0x28 && data[1] == 0xB5 && data[2] == 0x2F && data[3] == 0xFD;
  return frame || ((data[0] & 0xF0) == 0x50 && data[1] == 0x2A && data[2] == 0x4D && data[3] == 0x18);
}

static bool refuse_others(const char *name, const uint8_t *data, size_t size, lathe_error *error) {
  static const struct {
    const char *bytes;
    size_t size;
    const char *what, *tool;
  } others[] = {{"BZh", 3, "bzip2", "bunzip2"},
                {"\xFD"
                 "7zXZ\0",
                 6, "xz", "unxz"},
                {"\x04\x22\x4D\x18", 4, "lz4", "unlz4"},
                {"7z\xBC\xAF\x27\x1C", 6, "7-Zip", "7z x"},
                {"Rar!\x1A\x07", 6, "RAR", "unrar"}};
  for (size_t i = 0; i < sizeof others / sizeof *others; i++)
    if (size >= others[i].size && memcmp(data, others[i].bytes, others[i].size) == 0)
      return lathe_error_set(
          error, LATHE_ERROR_DATA,
          "%s: this is packed with %s; unpack it with %s first, or pack it with gzip or zstd", name,
          others[i].what, others[i].tool);
  return true;
}

bool lathe_source_unpack(const char *name, const char *data, size_t size, lathe_buffer *out,
                         const char **what, lathe_progress *progress, lathe_error *error) {
  const uint8_t *bytes = (const uint8_t *)data;
  bool gzip = size >= 2 && bytes[0] == 0x1F && bytes[1] == 0x8B, frames = !gzip && is_zstd(bytes, size);
  *what = gzip ? "gzip" : frames ? "zstd" : NULL;
  if (!*what) return refuse_others(name, bytes, size, error);
  unpacking job = {name, bytes, size, 0, out, lathe_source_limit(), progress};
  char words[64];
  const char *slash = strrchr(name, '/');
  snprintf(words, sizeof words, "unpack %.50s", slash && slash[1] ? slash + 1 : name);
  lathe_progress_begin(progress, words, (int64_t)size);
  bool fine = gzip ? unpack_gzip(&job, error) : unpack_zstd(&job, error);
  lathe_progress_end(progress);
  return fine;
}
