/* pseudonym.c - texts exchanged for keyed hashes. */
#include <stdlib.h>
#include <string.h>

#include "../base/file.h"
#include "../base/library.h"
#include "../base/memory.h"
#include "../base/pool.h"
#include "pseudonym.h"

enum { HASH = 16, KEY = 32, DIGITS = 2 * HASH, KEY_LEAST = 16, CHUNK = 16384 };

/* libsodium's, which never change: https://doc.libsodium.org/hashing/generic_hashing */
typedef int (*init_function)(void);
typedef int (*hash_function)(unsigned char *out, size_t out_size, const unsigned char *in,
                             unsigned long long in_size, const unsigned char *key, size_t key_size);

static bool open_hash(hash_function *hash, lathe_error *error) {
  init_function init = (init_function)lathe_library_symbol(LATHE_LIBRARY_SODIUM, "sodium_init", error);
  *hash =
      init ? (hash_function)lathe_library_symbol(LATHE_LIBRARY_SODIUM, "crypto_generichash", error) : NULL;
  if (!*hash) return false;
  return init() >= 0 ||
         lathe_error_set(error, LATHE_ERROR_UNAVAILABLE, "libsodium cannot be made ready on this machine");
}

/* A key of any length, made one of KEY bytes. */
static bool read_key(const char *path, hash_function hash, unsigned char *key, lathe_error *error) {
  char secret[4096];
  if (!lathe_file_secret(path, secret, sizeof secret, error)) return false;
  size_t size = strlen(secret);
  bool fine = size >= KEY_LEAST;
  if (fine) hash(key, KEY, (const unsigned char *)secret, size, NULL, 0);
  memset(secret, 0, sizeof secret);
  return fine || lathe_error_set(error, LATHE_ERROR_DATA,
                                 "%s holds a key of %zu bytes, which can be guessed; give %d or more, such "
                                 "as openssl rand -hex 32",
                                 path, size, KEY_LEAST);
}

typedef struct job {
  const lathe_column *column;
  int64_t rows;
  hash_function hash;
  const unsigned char *key;
  char *names; /* (rows, DIGITS) */
  lathe_progress *progress;
} job;

static bool name_chunk(void *context, int64_t chunk, lathe_error *error) {
  job *work = context;
  int64_t begin = chunk * CHUNK, end = begin + CHUNK < work->rows ? begin + CHUNK : work->rows;
  (void)error;
  for (int64_t i = begin; i < end; i++) {
    if (!lathe_column_present(work->column, i)) continue;
    char scratch[32], *name = work->names + i * DIGITS;
    unsigned char digest[HASH];
    lathe_text text = lathe_column_format(work->column, i, scratch);
    work->hash(digest, HASH, (const unsigned char *)text.data, text.size, work->key, KEY);
    for (int d = 0; d < DIGITS; d++)
      name[d] = "0123456789abcdef"[d % 2 ? digest[d / 2] & 15 : digest[d / 2] >> 4];
  }
  lathe_progress_add(work->progress, end - begin);
  return true;
}

static lathe_column *name_all(job *work, lathe_error *error) {
  work->rows = lathe_column_rows(work->column);
  work->names = lathe_memory_raw((size_t)work->rows, DIGITS, error);
  lathe_text *texts = lathe_memory_raw((size_t)work->rows, sizeof *texts, error);
  lathe_column *result = NULL;
  if (work->names && texts &&
      lathe_pool_run((work->rows + CHUNK - 1) / CHUNK, name_chunk, work, work->progress, error)) {
    for (int64_t i = 0; i < work->rows; i++)
      texts[i] =
          (lathe_text){lathe_column_present(work->column, i) ? work->names + i * DIGITS : NULL, DIGITS};
    result = lathe_column_from_text(texts, work->rows, error);
  }
  free(work->names);
  free(texts);
  return result;
}

lathe_column *lathe_column_pseudonymise(const lathe_column *column, const char *key_path,
                                        lathe_progress *progress, lathe_error *error) {
  unsigned char key[KEY];
  job work = {.key = key, .progress = progress};
  if (!open_hash(&work.hash, error) || !read_key(key_path, work.hash, key, error)) return NULL;
  bool category = lathe_column_type(column) == LATHE_TYPE_CATEGORY;
  lathe_column *text = category ? lathe_column_to_string(column, error)
                                : lathe_column_retain((lathe_column *)(uintptr_t)column);
  if (!text) return NULL;
  work.column = text;
  lathe_progress_begin(progress, "pseudonymise", lathe_column_rows(text));
  lathe_column *named = name_all(&work, error);
  lathe_progress_end(progress);
  lathe_column_release(text);
  memset(key, 0, sizeof key);
  if (!named || !category) return named;
  lathe_column *result = lathe_column_to_category(named, error);
  lathe_column_release(named);
  return result;
}
