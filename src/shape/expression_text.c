/* expression_text.c - functions of texts. Characters are Unicode code points, counted from 1, and from the end with -1, -2. A result that is
 * a part of its argument points into it. */
#include <string.h>

#include "../base/letter.h"
#include "expression_own.h"

enum { WIDTH_LIMIT = 100000 };

static int64_t characters(lathe_text text) {
  int64_t count = 0;
  for (size_t i = 0; i < text.size; i++) count += ((uint8_t)text.data[i] & 0xC0) != 0x80;
  return count;
}

/* The byte at which character `index` (from 0) begins, or the size. */
static size_t byte_of(lathe_text text, int64_t index) {
  size_t at = 0;
  for (; at < text.size; at++)
    if (((uint8_t)text.data[at] & 0xC0) != 0x80 && index-- == 0) break;
  return at;
}

/* ---- parts ---- */

enum { BOTH = 3, LEFT = 1, RIGHT = 2 };

static lathe_text trimmed(lathe_text text, int32_t sides) {
  uint32_t c;
  while ((sides & LEFT) && text.size) {
    size_t taken = lathe_text_decode(text.data, text.size, &c);
    if (!lathe_letter_is_space(c)) break;
    text.data += taken, text.size -= taken;
  }
  while ((sides & RIGHT) && text.size) {
    size_t begin = text.size - 1;
    while (begin && ((uint8_t)text.data[begin] & 0xC0) == 0x80) begin--;
    lathe_text_decode(text.data + begin, text.size - begin, &c);
    if (!lathe_letter_is_space(c)) break;
    text.size = begin;
  }
  return text;
}

static bool trim(machine *m, const node *n, vector *args, vector *out, lathe_error *error) {
  (void)error;
  for (int64_t i = 0; i < m->rows; i++)
    ((lathe_text *)out->own_values)[i] = trimmed(AT(lathe_text, &args[0], i), n->function->variant);
  return true;
}

/* `count` characters from character `start` on (from 0). */
static lathe_text part_of(lathe_text text, int64_t start, int64_t count) {
  if (start < 0) start = 0;
  size_t begin = byte_of(text, start);
  lathe_text rest = {text.data + begin, text.size - begin};
  if (count < 0) count = 0;
  if ((uint64_t)count < rest.size) rest.size = byte_of(rest, count);
  return rest;
}

static bool substring(machine *m, const node *n, vector *args, vector *out, lathe_error *error) {
  (void)error;
  for (int64_t i = 0; i < m->rows; i++) {
    lathe_text text = AT(lathe_text, &args[0], i);
    int64_t start = AT(int64_t, &args[1], i), count = n->count == 3 ? AT(int64_t, &args[2], i) : INT64_MAX;
    if (start > 0)
      start--;
    else if (start < 0)
      start = start < -(int64_t)text.size ? 0 : characters(text) + start;
    ((lathe_text *)out->own_values)[i] = part_of(text, start, count);
  }
  return true;
}

static bool side(machine *m, const node *n, vector *args, vector *out, lathe_error *error) {
  (void)error;
  for (int64_t i = 0; i < m->rows; i++) {
    lathe_text text = AT(lathe_text, &args[0], i);
    int64_t count = AT(int64_t, &args[1], i);
    if (count < 0) count = 0;
    int64_t start = 0;
    if (n->function->variant == RIGHT && (uint64_t)count < text.size) start = characters(text) - count;
    ((lathe_text *)out->own_values)[i] =
        n->function->variant == RIGHT && count >= (int64_t)text.size ? text : part_of(text, start, count);
  }
  return true;
}

static const char *find(lathe_text text, lathe_text what) {
  if (what.size == 0) return text.data;
  return text.size < what.size ? NULL : memmem(text.data, text.size, what.data, what.size);
}

/* The piece `number` (from 1, or from the end) between separators; data NULL when there is none. */
static lathe_text piece_of(lathe_text text, lathe_text separator, int64_t number) {
  lathe_text rest = text, piece;
  if (number < 0) {
    int64_t pieces = 1;
    for (const char *at; (at = find(rest, separator)); pieces++) {
      rest.size -= (size_t)(at - rest.data) + separator.size;
      rest.data = at + separator.size;
    }
    if (number < -pieces) return (lathe_text){NULL, 0};
    number += pieces + 1;
    rest = text;
  }
  for (;; number--) {
    const char *at = find(rest, separator);
    piece = (lathe_text){rest.data, at ? (size_t)(at - rest.data) : rest.size};
    if (number == 1) return piece;
    if (!at) return (lathe_text){NULL, 0};
    rest.size -= piece.size + separator.size;
    rest.data = at + separator.size;
  }
}

static bool split(machine *m, const node *n, vector *args, vector *out, lathe_error *error) {
  for (int64_t i = 0; i < m->rows; i++) {
    lathe_text separator = AT(lathe_text, &args[1], i), piece = {"", 0};
    int64_t number = AT(int64_t, &args[2], i);
    ((lathe_text *)out->own_values)[i] = piece;
    if (!row_there(out, i)) continue;
    if (separator.size == 0 || number == 0) {
      if (!machine_fail(m, n, out, i, error, "%s",
                        number ? "a text is not split at an empty separator"
                               : "the pieces of a text are counted from 1 (or from -1, the last)"))
        return false;
      continue;
    }
    piece = piece_of(AT(lathe_text, &args[0], i), separator, number);
    if (piece.data) {
      ((lathe_text *)out->own_values)[i] = piece;
      continue;
    }
    uint64_t *valid = vector_narrow(m, out, error);
    if (!valid) return false;
    valid[i >> 6] &= ~(UINT64_C(1) << (i & 63));
  }
  return true;
}

/* ---- asking ---- */

enum { CONTAINS, STARTS, ENDS };

static bool ask(machine *m, const node *n, vector *args, vector *out, lathe_error *error) {
  (void)error;
  uint64_t *bits = memset(out->own_values, 0, WORDS * sizeof(uint64_t));
  for (int64_t i = 0; i < m->rows; i++) {
    lathe_text text = AT(lathe_text, &args[0], i), what = AT(lathe_text, &args[1], i);
    bool found;
    if (n->function->variant == CONTAINS) {
      found = find(text, what) != NULL;
    } else {
      size_t at = n->function->variant == ENDS && text.size >= what.size ? text.size - what.size : 0;
      found = text.size >= what.size && (what.size == 0 || memcmp(text.data + at, what.data, what.size) == 0);
    }
    bits[i >> 6] |= (uint64_t)found << (i & 63);
  }
  return true;
}

static bool position(machine *m, const node *n, vector *args, vector *out, lathe_error *error) {
  (void)n, (void)error;
  for (int64_t i = 0; i < m->rows; i++) {
    lathe_text text = AT(lathe_text, &args[0], i);
    const char *at = find(text, AT(lathe_text, &args[1], i));
    ((int64_t *)out->own_values)[i] =
        at ? characters((lathe_text){text.data, (size_t)(at - text.data)}) + 1 : 0;
  }
  return true;
}

static bool measure(machine *m, const node *n, vector *args, vector *out, lathe_error *error) {
  (void)error;
  for (int64_t i = 0; i < m->rows; i++) {
    lathe_text text = AT(lathe_text, &args[0], i);
    ((int64_t *)out->own_values)[i] = n->function->variant ? (int64_t)text.size : characters(text);
  }
  return true;
}

/* ---- letters ---- */

enum { LOWER, UPPER, TITLE };

static bool is_letter(uint32_t c) {
  return c == '\'' || lathe_letter_is_alphanumeric(c);
}

static bool is_ascii(lathe_text text) {
  uint8_t all = 0;
  for (size_t i = 0; i < text.size; i++) all |= (uint8_t)text.data[i];
  return all < 0x80;
}

/* The same letter of the other case differs by 0x20. */
static size_t ascii_in_case(lathe_text text, bool upper, char *to) {
  uint8_t first = upper ? 'a' : 'A';
  for (size_t i = 0; i < text.size; i++) {
    uint8_t c = (uint8_t)text.data[i];
    to[i] = (char)(c ^ ((uint8_t)(c - first) < 26 ? 0x20 : 0));
  }
  return text.size;
}

static size_t in_case(lathe_text text, int32_t how, char *to) {
  if (how != TITLE && is_ascii(text)) return ascii_in_case(text, how == UPPER, to);
  size_t size = 0;
  bool inside = false;
  for (size_t at = 0; at < text.size;) {
    uint32_t c;
    at += lathe_text_decode(text.data + at, text.size - at, &c);
    bool upper = how == UPPER || (how == TITLE && !inside);
    size += lathe_text_encode(upper ? lathe_letter_upper(c) : lathe_letter_lower(c), to + size);
    inside = how == TITLE && is_letter(c);
  }
  return size;
}

static bool letters(machine *m, const node *n, vector *args, vector *out, lathe_error *error) {
  for (int64_t i = 0; i < m->rows; i++) {
    lathe_text text = AT(lathe_text, &args[0], i);
    char *to = machine_text(m, text.size * 2, error); /* two bytes may become three */
    if (!to) return false;
    ((lathe_text *)out->own_values)[i] = (lathe_text){to, in_case(text, n->function->variant, to)};
  }
  return true;
}

/* ---- new texts ---- */

static bool concat(machine *m, const node *n, vector *args, vector *out, lathe_error *error) {
  for (int64_t i = 0; i < m->rows; i++) {
    size_t size = 0, at = 0;
    for (int32_t k = 0; k < n->count; k++) size += AT(lathe_text, &args[k], i).size;
    char *to = machine_text(m, size, error);
    if (!to) return false;
    for (int32_t k = 0; k < n->count; k++) {
      lathe_text text = AT(lathe_text, &args[k], i);
      memcpy(to + at, text.data, text.size);
      at += text.size;
    }
    ((lathe_text *)out->own_values)[i] = (lathe_text){to, size};
  }
  return true;
}

static bool replace(machine *m, const node *n, vector *args, vector *out, lathe_error *error) {
  (void)n;
  for (int64_t i = 0; i < m->rows; i++) {
    lathe_text rest = AT(lathe_text, &args[0], i), from = AT(lathe_text, &args[1], i),
               with = AT(lathe_text, &args[2], i);
    lathe_text *result = (lathe_text *)out->own_values + i;
    *result = rest;
    size_t found = 0;
    for (const char *at; from.size && (at = find(rest, from)); found++) {
      rest.size -= (size_t)(at - rest.data) + from.size;
      rest.data = at + from.size;
    }
    if (!found) continue;
    rest = *result;
    size_t kept = rest.size - found * from.size, size = 0, more = 0;
    if (__builtin_mul_overflow(found, with.size, &more) || more > TEXT_LIMIT) more = TEXT_LIMIT;
    char *to = machine_text(m, kept + more, error);
    if (!to) return false;
    *result = (lathe_text){to, 0};
    for (const char *at; (at = find(rest, from));) {
      size_t before = (size_t)(at - rest.data);
      memcpy(to + size, rest.data, before);
      memcpy(to + size + before, with.data, with.size);
      size += before + with.size;
      rest.size -= before + from.size;
      rest.data = at + from.size;
    }
    memcpy(to + size, rest.data, rest.size);
    result->size = size + rest.size;
  }
  return true;
}

static bool pad(machine *m, const node *n, vector *args, vector *out, lathe_error *error) {
  for (int64_t i = 0; i < m->rows; i++) {
    lathe_text text = AT(lathe_text, &args[0], i), fill = {" ", 1};
    if (n->count == 3) fill = AT(lathe_text, &args[2], i);
    ((lathe_text *)out->own_values)[i] = text;
    if (!row_there(out, i)) continue;
    int64_t width = AT(int64_t, &args[1], i), missing = width - characters(text);
    if (width > WIDTH_LIMIT || characters(fill) != 1) {
      if (!machine_fail(m, n, out, i, error,
                        width > WIDTH_LIMIT ? "texts are padded to at most 100,000 characters"
                                            : "a text is padded with one character"))
        return false;
      continue;
    }
    if (missing <= 0) continue;
    size_t added = (size_t)missing * fill.size;
    char *to = machine_text(m, text.size + added, error);
    if (!to) return false;
    bool left = n->function->variant == LEFT;
    memcpy(to + (left ? added : 0), text.data, text.size);
    for (int64_t k = 0; k < missing; k++)
      memcpy(to + (left ? 0 : text.size) + (size_t)k * fill.size, fill.data, fill.size);
    ((lathe_text *)out->own_values)[i] = (lathe_text){to, text.size + added};
  }
  return true;
}

const function text_functions[] = {
    {"trim", "t=t", trim, false, BOTH, NULL},           {"ltrim", "t=t", trim, false, LEFT, NULL},
    {"rtrim", "t=t", trim, false, RIGHT, NULL},         {"lower", "t=t", letters, false, LOWER, NULL},
    {"upper", "t=t", letters, false, UPPER, NULL},      {"title", "t=t", letters, false, TITLE, NULL},
    {"length", "t=i", measure, false, 0, NULL},         {"bytes", "t=i", measure, false, 1, NULL},
    {"substring", "ti?i=t", substring, false, 0, NULL}, {"left", "ti=t", side, false, LEFT, NULL},
    {"right", "ti=t", side, false, RIGHT, NULL},        {"split", "tti=t", split, true, 0, NULL},
    {"contains", "tt=b", ask, false, CONTAINS, NULL},   {"starts_with", "tt=b", ask, false, STARTS, NULL},
    {"ends_with", "tt=b", ask, false, ENDS, NULL},      {"position", "tt=i", position, false, 0, NULL},
    {"concat", "t*=t", concat, false, 0, NULL},         {"..", "tt=t", concat, false, 0, NULL},
    {"replace", "ttt=t", replace, false, 0, NULL},      {"pad_left", "ti?t=t", pad, true, LEFT, NULL},
    {"pad_right", "ti?t=t", pad, true, RIGHT, NULL},    {0},
};
