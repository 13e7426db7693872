/* clusters.c - texts with the same key are one cluster. */
#include <stdlib.h>
#include <string.h>

#include "../base/letter.h"
#include "../table/words.h"
#include "clusters_own.h"

typedef struct piece {
  const char *data;
  size_t size;
} piece;

static int compare_pieces(const void *first, const void *second) {
  const piece *a = first, *b = second;
  int order = memcmp(a->data, b->data, a->size < b->size ? a->size : b->size);
  return order ? order : (a->size > b->size) - (a->size < b->size);
}

/* The characters of a text that count, plain and in lower case, with one space for each gap between words; none for NGRAM. */
static bool plain_text(lathe_text text, bool spaced, lathe_buffer *plain, lathe_error *error) {
  plain->size = 0;
  bool gap = false;
  for (size_t at = 0; at < text.size;) {
    uint32_t c;
    at += lathe_text_decode(text.data + at, text.size - at, &c);
    if (c >= 0x300 && c < 0x370) continue; /* combining accents */
    c = lathe_letter_lower(lathe_letter_plain(c));
    if (!lathe_letter_is_alphanumeric(c)) {
      gap = true;
      continue;
    }
    char bytes[5];
    size_t size = lathe_text_encode(c, bytes + 1), from = 1;
    bytes[0] = ' ';
    if (spaced && gap && plain->size > 0) from = 0;
    gap = false;
    if (!lathe_buffer_append(plain, bytes + from, size + 1 - from, error)) return false;
  }
  return true;
}

static bool add_piece(lathe_buffer *pieces, const char *data, size_t size, lathe_error *error) {
  piece one = {data, size};
  return lathe_buffer_append(pieces, &one, sizeof one, error);
}

static bool cut_words(const lathe_buffer *plain, lathe_buffer *pieces, lathe_error *error) {
  for (size_t at = 0; at < plain->size;) {
    const char *end = memchr(plain->data + at, ' ', plain->size - at);
    size_t size = end ? (size_t)(end - plain->data) - at : plain->size - at;
    if (!add_piece(pieces, plain->data + at, size, error)) return false;
    at += size + 1;
  }
  return true;
}

/* Pieces of `size` characters, or the whole when it is shorter. */
static bool cut_ngrams(const lathe_buffer *plain, int32_t size, lathe_buffer *pieces, lathe_error *error) {
  size_t begin = 0, end = 0;
  uint32_t c;
  for (int32_t i = 0; i < size && end < plain->size; i++)
    end += lathe_text_decode(plain->data + end, plain->size - end, &c);
  while (plain->size > 0) {
    if (!add_piece(pieces, plain->data + begin, end - begin, error)) return false;
    if (end == plain->size) return true;
    begin += lathe_text_decode(plain->data + begin, plain->size - begin, &c);
    end += lathe_text_decode(plain->data + end, plain->size - end, &c);
  }
  return true;
}

static bool key_of(lathe_text text, const lathe_cluster_options *options, lathe_buffer *plain,
                   lathe_buffer *pieces, lathe_buffer *key, lathe_error *error) {
  bool words = options->method == LATHE_CLUSTER_FINGERPRINT;
  pieces->size = key->size = 0;
  if (!plain_text(text, words, plain, error)) return false;
  if (!(words ? cut_words(plain, pieces, error) : cut_ngrams(plain, options->size, pieces, error)))
    return false;
  piece *list = (piece *)(void *)pieces->data;
  size_t count = pieces->size / sizeof *list;
  if (count > 1) qsort(list, count, sizeof *list, compare_pieces);
  for (size_t i = 0; i < count; i++) {
    if (i > 0 && compare_pieces(&list[i], &list[i - 1]) == 0) continue;
    if (!lathe_buffer_append(key, list[i].data, list[i].size, error) ||
        !lathe_buffer_append(key, " ", 1, error))
      return false;
  }
  return true;
}

bool cluster_is_first(const lathe_column *texts, const int64_t *rows, int64_t a, int64_t b) {
  if (rows[a] != rows[b]) return rows[a] > rows[b];
  lathe_text first = lathe_column_text(texts, a), second = lathe_column_text(texts, b);
  piece one = {first.data, first.size}, other = {second.data, second.size};
  return compare_pieces(&one, &other) < 0;
}

/* A text without letters and digits ("?", "--") has no key and stays alone. */
static bool clusters_by_key(const lathe_column *texts, const int64_t *rows,
                            const lathe_cluster_options *options, int64_t *into, lathe_progress *progress,
                            lathe_error *error) {
  int64_t count = lathe_column_rows(texts);
  lathe_words keys = {0};
  lathe_buffer plain = {0}, pieces = {0}, key = {0};
  int64_t *best = lathe_memory_raw((size_t)count, sizeof *best, error);
  int32_t *codes = lathe_memory_raw((size_t)count, sizeof *codes, error);
  bool fine = best && codes;
  for (int64_t i = 0; i < count && fine; i++) {
    codes[i] = -1;
    if (i % 4096 == 0) fine = lathe_progress_check(progress, error);
    if (!fine || !lathe_column_present(texts, i)) continue;
    fine = key_of(lathe_column_text(texts, i), options, &plain, &pieces, &key, error);
    if (!fine || key.size == 0) continue;
    int32_t known = keys.count;
    codes[i] = lathe_words_add(&keys, key.data, key.size, error);
    fine = codes[i] >= 0;
    if (fine && (codes[i] == known || cluster_is_first(texts, rows, i, best[codes[i]]))) best[codes[i]] = i;
    if (i % 4096 == 4095) lathe_progress_add(progress, 4096);
  }
  for (int64_t i = 0; i < count && fine; i++) into[i] = codes[i] < 0 ? i : best[codes[i]];
  lathe_words_free(&keys);
  lathe_buffer_free(&plain);
  lathe_buffer_free(&pieces);
  lathe_buffer_free(&key);
  free(best);
  free(codes);
  return fine;
}

bool lathe_column_cluster(const lathe_column *texts, const int64_t *rows,
                          const lathe_cluster_options *options, int64_t *into, lathe_progress *progress,
                          lathe_error *error) {
  if (!lathe_type_is_text(lathe_column_type(texts)))
    return lathe_error_set(error, LATHE_ERROR_ARGUMENT, "value clusters are of texts, not of %s values",
                           lathe_type_name(lathe_column_type(texts)));
  lathe_progress_begin(progress, "cluster values", lathe_column_rows(texts));
  bool fine = options->method == LATHE_CLUSTER_DISTANCE
                  ? clusters_by_distance(texts, rows, options, into, progress, error)
                  : clusters_by_key(texts, rows, options, into, progress, error);
  lathe_progress_end(progress);
  return fine;
}
