/* hash.c - XXH3 by the header-only library. */
#define XXH_INLINE_ALL
#include "hash.h"

#include <stdio.h>
#include <stdlib.h>
#include <xxhash.h>

#include "file.h"
#include "memory.h"

struct lathe_hasher {
  XXH3_state_t *state;
};

static void write_digits(XXH128_hash_t hash, char *out) {
  snprintf(out, 33, "%016llx%016llx", (unsigned long long)hash.high64, (unsigned long long)hash.low64);
}

void lathe_hash_bytes(const void *data, size_t size, char *out) {
  write_digits(XXH3_128bits(data, size), out);
}

bool lathe_hash_file(const char *path, char *out, lathe_error *error) {
  lathe_mapping *mapping = lathe_mapping_open(path, error);
  if (!mapping) return false;
  lathe_hash_bytes(lathe_mapping_data(mapping), lathe_mapping_size(mapping), out);
  bool whole = lathe_mapping_check(mapping, error);
  lathe_mapping_release(mapping);
  return whole;
}

lathe_hasher *lathe_hasher_new(lathe_error *error) {
  lathe_hasher *hasher = lathe_memory_new(1, sizeof *hasher, error);
  if (!hasher) return NULL;
  hasher->state = XXH3_createState();
  if (!hasher->state) {
    free(hasher);
    lathe_error_set(error, LATHE_ERROR_MEMORY, "no memory for a hash; close other programs");
    return NULL;
  }
  XXH3_128bits_reset(hasher->state);
  return hasher;
}

void lathe_hasher_add(lathe_hasher *hasher, const void *data, size_t size) {
  XXH3_128bits_update(hasher->state, data, size);
}

void lathe_hasher_finish(const lathe_hasher *hasher, char *out) {
  write_digits(XXH3_128bits_digest(hasher->state), out);
}

void lathe_hasher_free(lathe_hasher *hasher) {
  if (!hasher) return;
  XXH3_freeState(hasher->state);
  free(hasher);
}

uint64_t lathe_hash_quick(const void *data, size_t size, uint64_t seed) {
  return XXH3_64bits_withSeed(data, size, seed);
}
