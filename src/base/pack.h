/* pack.h - gzip, zstd and deflate, through zlib and libzstd, opened when they are first needed. */
#ifndef LATHE_BASE_PACK_H
#define LATHE_BASE_PACK_H

#include "memory.h"

typedef enum lathe_packing { LATHE_PACKING_NONE, LATHE_PACKING_GZIP, LATHE_PACKING_ZSTD } lathe_packing;

/* What the ending of a file's name asks for: .gz, .zst. */
lathe_packing lathe_packing_of(const char *path);

/* Packing as bytes come: what is packed so far is appended to `out`; the same bytes in give the same bytes out. */
typedef struct lathe_packer lathe_packer;
lathe_packer *lathe_packer_new(lathe_packing packing, lathe_error *error);
bool lathe_packer_add(lathe_packer *packer, const void *data, size_t size, lathe_buffer *out,
                      lathe_error *error);
bool lathe_packer_finish(lathe_packer *packer, lathe_buffer *out, lathe_error *error);
void lathe_packer_free(lathe_packer *packer);

/* Deflate without a frame, as in zip files: all of `data` appended to `out`; and back into exactly `room` bytes. */
bool lathe_deflate(const void *data, size_t size, lathe_buffer *out, lathe_error *error);
bool lathe_inflate(const void *data, size_t size, void *out, size_t room, lathe_error *error);

#endif
