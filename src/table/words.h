/* words.h - a growing set of distinct texts, each with a code: 0, 1, 2, ... in the order they came. */
#ifndef LATHE_TABLE_WORDS_H
#define LATHE_TABLE_WORDS_H

#include "../base/memory.h"
#include "column.h"

typedef struct lathe_words {
  int32_t count;
  int32_t capacity;
  int64_t *ends; /* word i ends at bytes.data + ends[i] and begins where the one before ends */
  uint64_t *hashes;
  int32_t *slots; /* open addressing: code + 1, or 0 */
  uint64_t mask;
  lathe_buffer bytes;
} lathe_words; /* zero-initialise */

void lathe_words_free(lathe_words *words);

/* The code of a text, which is added when it is new; -1 with `error` when memory ran out. */
int32_t lathe_words_add(lathe_words *words, const char *text, size_t size, lathe_error *error);

/* The same for the name of a column, which is new always: an empty one becomes "column_N", one that is there gets "_2", "_3", ...
 * What is made so is not among `given`, the names that stand in the header (NULL: none are known). */
int32_t lathe_words_add_name(lathe_words *words, const char *name, size_t size, const lathe_words *given,
                             lathe_error *error);

/* The code of a text, or -1. */
int32_t lathe_words_find(const lathe_words *words, const char *text, size_t size);

lathe_text lathe_words_text(const lathe_words *words, int32_t code);

/* Different texts in the order of their bytes as a STRING column; `rank` (count) becomes the place of each. The same for words and codes. */
lathe_column *lathe_texts_sorted(const lathe_text *texts, int32_t count, int32_t *rank, lathe_error *error);
lathe_column *lathe_words_sorted(const lathe_words *words, int32_t *rank, lathe_error *error);

#endif
