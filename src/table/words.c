/* words.c - distinct texts by open addressing; a slot is compared by hash first, then by bytes. */
#include "words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/hash.h"

void lathe_words_free(lathe_words *words) {
  free(words->ends);
  free(words->hashes);
  free(words->slots);
  lathe_buffer_free(&words->bytes);
  *words = (lathe_words){0};
}

lathe_text lathe_words_text(const lathe_words *words, int32_t code) {
  int64_t begin = code ? words->ends[code - 1] : 0;
  return (lathe_text){words->bytes.data ? words->bytes.data + begin : "",
                      (size_t)(words->ends[code] - begin)};
}

static int32_t *slot_of(const lathe_words *words, uint64_t hash, const char *text, size_t size) {
  uint64_t at = hash & words->mask;
  for (; words->slots[at]; at = (at + 1) & words->mask) {
    int32_t code = words->slots[at] - 1;
    if (words->hashes[code] != hash) continue;
    lathe_text word = lathe_words_text(words, code);
    if (word.size == size && memcmp(word.data, text, size) == 0) break;
  }
  return &words->slots[at];
}

static bool grow(lathe_words *words, lathe_error *error) {
  if (words->capacity >= INT32_MAX / 2)
    return lathe_error_set(error, LATHE_ERROR_DATA,
                           "more distinct texts than a category holds (1,073,741,824); read it as a string");
  int32_t capacity = words->capacity ? words->capacity * 2 : 16;
  size_t room = (size_t)capacity;
  if (!lathe_memory_resize((void **)&words->ends, room, sizeof *words->ends, error)) return false;
  if (!lathe_memory_resize((void **)&words->hashes, room, sizeof *words->hashes, error)) return false;
  int32_t *slots = lathe_memory_new(room * 2, sizeof *slots, error);
  if (!slots) return false;
  free(words->slots);
  words->slots = slots;
  words->mask = room * 2 - 1;
  words->capacity = capacity;
  for (int32_t code = 0; code < words->count; code++) {
    uint64_t at = words->hashes[code] & words->mask;
    while (slots[at]) at = (at + 1) & words->mask;
    slots[at] = code + 1;
  }
  return true;
}

int32_t lathe_words_find(const lathe_words *words, const char *text, size_t size) {
  return words->slots ? *slot_of(words, lathe_hash_quick(text, size, 0), text, size) - 1 : -1;
}

int32_t lathe_words_add(lathe_words *words, const char *text, size_t size, lathe_error *error) {
  if (words->count == words->capacity && !grow(words, error)) return -1;
  uint64_t hash = lathe_hash_quick(text, size, 0);
  int32_t *slot = slot_of(words, hash, text, size);
  if (*slot) return *slot - 1;
  if (!lathe_buffer_append(&words->bytes, text, size, error)) return -1;
  words->ends[words->count] = (int64_t)words->bytes.size;
  words->hashes[words->count] = hash;
  *slot = words->count + 1;
  return words->count++;
}

static bool is_among(const lathe_words *words, const lathe_words *given, const char *name, size_t size) {
  return lathe_words_find(words, name, size) >= 0 || (given && lathe_words_find(given, name, size) >= 0);
}

/* Whether "NAME_NUMBER" is there; it is in `numbered` afterwards. */
static bool is_taken(const lathe_words *words, const lathe_words *given, const char *name, size_t size,
                     int64_t number, lathe_buffer *numbered, bool *fine, lathe_error *error) {
  numbered->size = 0;
  *fine = lathe_buffer_append(numbered, name, size, error) &&
          lathe_buffer_format(numbered, error, "_%lld", (long long)number);
  return *fine && is_among(words, given, numbered->data, numbered->size);
}

/* A free number is looked for in growing steps and then by halves: a hundred thousand columns may have one name. */
int32_t lathe_words_add_name(lathe_words *words, const char *name, size_t size, const lathe_words *given,
                             lathe_error *error) {
  char made[32];
  bool empty = size == 0;
  if (empty) {
    size = (size_t)snprintf(made, sizeof made, "column_%d", words->count + 1);
    name = made;
  }
  if (!is_among(words, empty ? given : NULL, name, size)) return lathe_words_add(words, name, size, error);
  lathe_buffer numbered = {0};
  int64_t taken = 1, vacant = 2;
  bool fine;
  for (int64_t step = 1; is_taken(words, given, name, size, vacant, &numbered, &fine, error); step *= 2) {
    taken = vacant;
    vacant += step;
  }
  while (fine && vacant - taken > 1) {
    int64_t middle = taken + (vacant - taken) / 2;
    if (is_taken(words, given, name, size, middle, &numbered, &fine, error))
      taken = middle;
    else
      vacant = middle;
  }
  if (fine) is_taken(words, given, name, size, vacant, &numbered, &fine, error);
  int32_t code = fine ? lathe_words_add(words, numbered.data, numbered.size, error) : -1;
  lathe_buffer_free(&numbered);
  return code;
}

typedef struct ranked {
  lathe_text text;
  int32_t code;
} ranked;

static int by_bytes(const void *left, const void *right) {
  const lathe_text *a = &((const ranked *)left)->text, *b = &((const ranked *)right)->text;
  size_t size = a->size < b->size ? a->size : b->size;
  int order = size ? memcmp(a->data, b->data, size) : 0;
  return order ? order : (a->size > b->size) - (a->size < b->size);
}

lathe_column *lathe_texts_sorted(const lathe_text *texts, int32_t count, int32_t *rank, lathe_error *error) {
  ranked *order = lathe_memory_raw((size_t)count, sizeof *order, error);
  lathe_text *sorted = lathe_memory_raw((size_t)count, sizeof *sorted, error);
  lathe_column *column = NULL;
  if (order && sorted) {
    for (int32_t code = 0; code < count; code++) order[code] = (ranked){texts[code], code};
    qsort(order, (size_t)count, sizeof *order, by_bytes);
    for (int32_t i = 0; i < count; i++) {
      sorted[i] = order[i].text;
      rank[order[i].code] = i;
    }
    column = lathe_column_from_text(sorted, count, error);
  }
  free(order);
  free(sorted);
  return column;
}

lathe_column *lathe_words_sorted(const lathe_words *words, int32_t *rank, lathe_error *error) {
  lathe_text *texts = lathe_memory_raw((size_t)words->count, sizeof *texts, error);
  for (int32_t code = 0; code < words->count && texts; code++) texts[code] = lathe_words_text(words, code);
  lathe_column *column = texts ? lathe_texts_sorted(texts, words->count, rank, error) : NULL;
  free(texts);
  return column;
}
