/* hash.h - content addresses: XXH3, 128 bits, seed 0, as 32 hexadecimal digits (what `xxhsum -H2` prints). */
#ifndef LATHE_BASE_HASH_H
#define LATHE_BASE_HASH_H

#include "error.h"

typedef struct lathe_hasher lathe_hasher;

/* The hash of bytes, and of a whole file. `out` holds 33 bytes. */
void lathe_hash_bytes(const void *data, size_t size, char *out);
bool lathe_hash_file(const char *path, char *out, lathe_error *error);

/* A hash in pieces. */
lathe_hasher *lathe_hasher_new(lathe_error *error);
void lathe_hasher_add(lathe_hasher *hasher, const void *data, size_t size);
void lathe_hasher_finish(const lathe_hasher *hasher, char *out);
void lathe_hasher_free(lathe_hasher *hasher);

/* 64 bits of hash for tables in memory; not for files. */
uint64_t lathe_hash_quick(const void *data, size_t size, uint64_t seed);

#endif
