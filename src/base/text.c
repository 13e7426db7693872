/* text.c - UTF-8: validity (RFC 3629), display width, edit distance. */
#include "text.h"

#include <locale.h>
#include <pthread.h>
#include <string.h>
#include <wchar.h>

static bool continues(const unsigned char *text, size_t count) {
  for (size_t i = 1; i <= count; i++)
    if ((text[i] & 0xC0) != 0x80) return false;
  return true;
}

/* The size of the valid character at `text`, or 0. */
static size_t valid_character(const unsigned char *text, size_t size) {
  unsigned char first = text[0];
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return size >= 2 && continues(text, 1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    if (size < 3 || !continues(text, 2)) return 0;
    if (first == 0xE0 && text[1] < 0xA0) return 0; /* overlong */
    if (first == 0xED && text[1] > 0x9F) return 0; /* surrogates */
    return 3;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    if (size < 4 || !continues(text, 3)) return 0;
    if (first == 0xF0 && text[1] < 0x90) return 0; /* overlong */
    if (first == 0xF4 && text[1] > 0x8F) return 0; /* beyond U+10FFFF */
    return 4;
  }
  return 0;
}

size_t lathe_text_valid(const char *text, size_t size) {
  size_t at = 0;
  while (at < size) {
    uint64_t eight;
    if (size - at >= 8 && (memcpy(&eight, text + at, 8), (eight & 0x8080808080808080u) == 0)) {
      at += 8;
      continue;
    }
    size_t taken = valid_character((const unsigned char *)text + at, size - at);
    if (!taken) return at;
    at += taken;
  }
  return size;
}

size_t lathe_text_encode(uint32_t character, char *out) {
  static const uint8_t firsts[] = {0, 0, 0xC0, 0xE0, 0xF0};
  if (character > 0x10FFFF || (character >= 0xD800 && character < 0xE000)) return 0;
  size_t size = character < 0x80 ? 1 : character < 0x800 ? 2 : character < 0x10000 ? 3 : 4;
  for (size_t at = size; at-- > 1; character >>= 6) out[at] = (char)(0x80 | (character & 0x3F));
  out[0] = (char)(firsts[size] | character);
  return size;
}

size_t lathe_text_decode(const char *text, size_t size, uint32_t *character) {
  const unsigned char *bytes = (const unsigned char *)text;
  size_t taken = valid_character(bytes, size);
  switch (taken) {
  case 1:
    *character = bytes[0];
    break;
  case 2:
    *character = (bytes[0] & 0x1Fu) << 6 | (bytes[1] & 0x3Fu);
    break;
  case 3:
    *character = (bytes[0] & 0x0Fu) << 12 | (bytes[1] & 0x3Fu) << 6 | (bytes[2] & 0x3Fu);
    break;
  case 4:
    *character =
        (bytes[0] & 0x07u) << 18 | (bytes[1] & 0x3Fu) << 12 | (bytes[2] & 0x3Fu) << 6 | (bytes[3] & 0x3Fu);
    break;
  default:
    *character = 0xFFFD;
    return 1;
  }
  return taken;
}

static locale_t utf8_locale;

static void open_utf8_locale(void) {
  utf8_locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", NULL);
}

/* wcwidth of a character whatever the process's locale is. */
static int character_width(uint32_t character) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  if (character < 0x300) return 1;
  pthread_once(&once, open_utf8_locale);
  if (!utf8_locale) return 1;
  locale_t before = uselocale(utf8_locale);
  int width = wcwidth((wchar_t)character);
  uselocale(before);
  return width < 0 ? 1 : width;
}

int64_t lathe_text_width(const char *text, size_t size) {
  int64_t width = 0;
  for (size_t at = 0; at < size;) {
    uint32_t character;
    at += lathe_text_decode(text + at, size - at, &character);
    width += character_width(character);
  }
  return width;
}

size_t lathe_text_fit(const char *text, size_t size, int64_t width) {
  size_t at = 0;
  int64_t used = 0;
  while (at < size) {
    uint32_t character;
    size_t taken = lathe_text_decode(text + at, size - at, &character);
    used += character_width(character);
    if (used > width) return at;
    at += taken;
  }
  return size;
}

static char fold(char character) {
  return character >= 'A' && character <= 'Z' ? (char)(character + 'a' - 'A') : character;
}

enum { DISTANCE_LIMIT = 64 }; /* names longer than this are compared by their first bytes */

/* Optimal string alignment distance (Damerau 1964, restricted), three rows at a time. */
int64_t lathe_text_distance(const char *first, const char *second) {
  int64_t rows[3][DISTANCE_LIMIT + 1];
  size_t first_size = strnlen(first, DISTANCE_LIMIT), second_size = strnlen(second, DISTANCE_LIMIT);
  int64_t *before = rows[0], *above = rows[1], *row = rows[2];
  for (size_t j = 0; j <= second_size; j++) above[j] = (int64_t)j, before[j] = 0;
  for (size_t i = 1; i <= first_size; i++) {
    row[0] = (int64_t)i;
    for (size_t j = 1; j <= second_size; j++) {
      bool same = fold(first[i - 1]) == fold(second[j - 1]);
      int64_t best = above[j - 1] + !same;
      if (above[j] + 1 < best) best = above[j] + 1;
      if (row[j - 1] + 1 < best) best = row[j - 1] + 1;
      bool swapped = i > 1 && j > 1 && fold(first[i - 1]) == fold(second[j - 2]) &&
                     fold(first[i - 2]) == fold(second[j - 1]);
      if (swapped && before[j - 2] + 1 < best) best = before[j - 2] + 1;
      row[j] = best;
    }
    int64_t *oldest = before;
    before = above, above = row, row = oldest;
  }
  return above[second_size];
}
