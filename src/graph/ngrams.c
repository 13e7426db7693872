/* ngrams.c - cutting texts into n-grams. */
#include "ngrams.h"

#include <stdlib.h>
#include <string.h>

#include "../base/letter.h"
#include "../base/token.h"

void lathe_ngrams_free(lathe_ngrams *grams) {
  lathe_buffer_free(&grams->text);
  lathe_buffer_free(&grams->joined);
  free(grams->at);
  free(grams->word);
  *grams = (lathe_ngrams){0};
}

/* The text in lower case, if it is to be, and with runs of white space as one space, if they are to be. */
static bool fold(lathe_ngrams *grams, lathe_text text, bool lowercase, bool spaces) {
  grams->text.size = 0;
  for (size_t i = 0; i < text.size;) {
    uint32_t c, next;
    char bytes[4];
    size_t taken = lathe_text_decode(text.data + i, text.size - i, &c), run = i + taken;
    if (spaces && lathe_letter_is_space(c)) {
      size_t first = run;
      while (run < text.size) {
        size_t more = lathe_text_decode(text.data + run, text.size - run, &next);
        if (!lathe_letter_is_space(next)) break;
        run += more;
      }
      if (run > first) c = ' ';
    }
    if (lowercase) c = lathe_letter_lower(c);
    i = run;
    if (!lathe_buffer_append(&grams->text, bytes, lathe_text_encode(c, bytes), grams->error)) return false;
  }
  return true;
}

static bool make_room(lathe_ngrams *grams, size_t count) {
  if (count <= grams->capacity) return true;
  size_t capacity = count > 2 * grams->capacity ? count : 2 * grams->capacity;
  if (!lathe_memory_resize((void **)&grams->at, capacity, sizeof *grams->at, grams->error) ||
      !lathe_memory_resize((void **)&grams->word, capacity, sizeof *grams->word, grams->error))
    return false;
  grams->capacity = capacity;
  return true;
}

static size_t first_character(lathe_text text, uint32_t *c) {
  return lathe_text_decode(text.data, text.size, c);
}

static bool is_ideograph(lathe_text word) {
  uint32_t c;
  return first_character(word, &c) == word.size && lathe_letter_is_ideograph(c);
}

static bool find_words(lathe_ngrams *grams) {
  lathe_text all = {grams->text.data, grams->text.size}, word;
  size_t at = 0;
  grams->words = 0;
  while (all.size > 0 && lathe_token_next(all, &at, &word)) {
    uint32_t c;
    if (first_character(word, &c) == word.size && !lathe_letter_is_ideograph(c)) continue;
    if (!make_room(grams, grams->words + 1)) return false;
    grams->word[grams->words++] = word;
  }
  return true;
}

static bool join(lathe_ngrams *grams, size_t first, size_t count) {
  grams->joined.size = 0;
  for (size_t i = 0; i < count; i++) {
    lathe_text word = grams->word[first + i];
    bool apart = i > 0 && !(is_ideograph(word) && is_ideograph(grams->word[first + i - 1]));
    if ((apart && !lathe_buffer_append(&grams->joined, " ", 1, grams->error)) ||
        !lathe_buffer_append(&grams->joined, word.data, word.size, grams->error))
      return false;
  }
  return true;
}

static bool each_words(lathe_ngrams *grams, size_t least, size_t most, lathe_ngram_visit *visit,
                       void *context) {
  if (!find_words(grams)) return false;
  for (size_t n = least; n <= most; n++)
    for (size_t i = 0; i + n <= grams->words; i++) {
      lathe_text gram = grams->word[i];
      if (n > 1) {
        if (!join(grams, i, n)) return false;
        gram = (lathe_text){grams->joined.data, grams->joined.size};
      }
      if (!visit(context, gram)) return false;
    }
  return true;
}

/* Where each character of a text begins, and its end: how many there are, or -1. */
static int64_t find_characters(lathe_ngrams *grams, lathe_text text) {
  int64_t count = 0;
  for (size_t i = 0; i < text.size; i++) {
    if (((uint8_t)text.data[i] & 0xC0) == 0x80) continue;
    if (!make_room(grams, (size_t)count + 2)) return -1;
    grams->at[count++] = i;
  }
  if (!make_room(grams, (size_t)count + 1)) return -1;
  grams->at[count] = text.size;
  return count;
}

static bool each_characters(lathe_ngrams *grams, lathe_text text, size_t least, size_t most,
                            lathe_ngram_visit *visit, void *context) {
  int64_t found = find_characters(grams, text);
  if (found < 0) return false;
  size_t count = (size_t)found;
  for (size_t n = least; n <= most; n++)
    for (size_t i = 0; i + n <= count; i++) {
      lathe_text gram = {text.data + grams->at[i], grams->at[i + n] - grams->at[i]};
      if (!visit(context, gram)) return false;
    }
  return true;
}

/* One word with its spaces. A word that is shorter than n is a gram itself, once. */
static bool each_of_word(lathe_ngrams *grams, size_t least, size_t most, lathe_ngram_visit *visit,
                         void *context) {
  lathe_text word = {grams->joined.data, grams->joined.size};
  int64_t found = find_characters(grams, word);
  if (found < 0) return false;
  size_t count = (size_t)found;
  for (size_t n = least; n <= most; n++) {
    if (n >= count) return visit(context, word);
    for (size_t i = 0; i + n <= count; i++) {
      lathe_text gram = {word.data + grams->at[i], grams->at[i + n] - grams->at[i]};
      if (!visit(context, gram)) return false;
    }
  }
  return true;
}

static bool each_edges(lathe_ngrams *grams, size_t least, size_t most, lathe_ngram_visit *visit,
                       void *context) {
  lathe_text all = {grams->text.data, grams->text.size};
  for (size_t i = 0, begin = 0; i <= all.size;) {
    uint32_t c = ' ';
    size_t taken = i < all.size ? lathe_text_decode(all.data + i, all.size - i, &c) : 1;
    if (!lathe_letter_is_space(c)) {
      i += taken;
      continue;
    }
    if (i > begin) {
      grams->joined.size = 0;
      if (!lathe_buffer_append(&grams->joined, " ", 1, grams->error) ||
          !lathe_buffer_append(&grams->joined, all.data + begin, i - begin, grams->error) ||
          !lathe_buffer_append(&grams->joined, " ", 1, grams->error) ||
          !each_of_word(grams, least, most, visit, context))
        return false;
    }
    i += taken;
    begin = i;
  }
  return true;
}

bool lathe_ngrams_each(lathe_ngrams *grams, const int32_t *rule, lathe_text text, lathe_ngram_visit *visit,
                       void *context) {
  size_t least = (size_t)rule[LATHE_NGRAMS_LEAST], most = (size_t)rule[LATHE_NGRAMS_MOST];
  if (!fold(grams, text, rule[LATHE_NGRAMS_LOWERCASE], rule[LATHE_NGRAMS_UNIT] == LATHE_NGRAMS_CHAR))
    return false;
  lathe_text folded = {grams->text.data, grams->text.size};
  if (folded.size == 0) return true;
  if (rule[LATHE_NGRAMS_UNIT] == LATHE_NGRAMS_WORD) return each_words(grams, least, most, visit, context);
  if (rule[LATHE_NGRAMS_UNIT] == LATHE_NGRAMS_EDGE) return each_edges(grams, least, most, visit, context);
  return each_characters(grams, folded, least, most, visit, context);
}

static uint32_t rotate(uint32_t x, int bits) {
  return x << bits | x >> (32 - bits);
}

static uint32_t mixed(uint32_t k) {
  return rotate(k * 0xCC9E2D51u, 15) * 0x1B873593u;
}

uint32_t lathe_murmur3(const void *data, size_t size) {
  const uint8_t *byte = data;
  uint32_t hash = 0, rest = 0;
  size_t i = 0;
  for (; i + 4 <= size; i += 4) {
    uint32_t k = (uint32_t)byte[i] | (uint32_t)byte[i + 1] << 8 | (uint32_t)byte[i + 2] << 16 |
                 (uint32_t)byte[i + 3] << 24;
    hash = rotate(hash ^ mixed(k), 13) * 5 + 0xE6546B64u;
  }
  for (size_t k = size; k > i; k--) rest = rest << 8 | byte[k - 1];
  if (size > i) hash ^= mixed(rest);
  hash ^= (uint32_t)size;
  hash = (hash ^ hash >> 16) * 0x85EBCA6Bu;
  hash = (hash ^ hash >> 13) * 0xC2B2AE35u;
  return hash ^ hash >> 16;
}
