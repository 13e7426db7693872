/* source_encoding.c - what a text is written in, and its conversion to UTF-8.
 *
 * The guess, in this order: a mark in front; NUL bytes in every other place of the first lines (UTF-16 without
 * a mark); valid UTF-8; valid GB18030 in which the characters of daily use prevail; letters with accents that
 * stand alone or in twos among ASCII (windows-1252). UTF-8 in which a few bytes are wrong is damaged, not
 * another encoding. Anything else is left to the user: a wrong guess would be worse than a question. */
#include <ctype.h>
#include <errno.h>
#include <iconv.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "../base/text.h"
#include "source_own.h"

enum { SAMPLE = 4 << 20, HEAD = 4096, STEP = 1 << 18 };

bool lathe_source_is_utf8(const char *encoding) {
  return !strcasecmp(encoding, "utf-8") || !strcasecmp(encoding, "utf8");
}

static const char *mark_of(const uint8_t *data, size_t size, size_t *skip) {
  static const struct {
    const char *bytes;
    size_t size;
    const char *encoding;
  } marks[] = {{"\xEF\xBB\xBF", 3, "UTF-8"},
               {"\xFF\xFE\0\0", 4, "UTF-32LE"},
               {"\0\0\xFE\xFF", 4, "UTF-32BE"},
               {"\xFF\xFE", 2, "UTF-16LE"},
               {"\xFE\xFF", 2, "UTF-16BE"}};
  for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
    if (size < marks[i].size || memcmp(data, marks[i].bytes, marks[i].size) != 0) continue;
    *skip = i == 0 ? 0 : marks[i].size; /* readers of UTF-8 know their mark */
    return marks[i].encoding;
  }
  return NULL;
}

/* UTF-16 without a mark: delimiters, line ends and digits have their NUL on one side. "UTF-8" when there are NUL
 * bytes otherwise: that is no text, and its reader says where. */
static const char *wide_of(const uint8_t *data, size_t size) {
  size_t head = (size < HEAD ? size : HEAD) & ~(size_t)1, units = head / 2, little = 0, big = 0, none = 0;
  for (size_t i = 0; i < head; i += 2) {
    bool low = data[i] == 0, high = data[i + 1] == 0;
    if (low && high) none++;
    if (high && !low && data[i] < 0x80) little++;
    if (low && !high && data[i + 1] < 0x80) big++;
  }
  if (!none && little * 8 >= units && big * 50 <= little && (little >= 4 || little * 2 > units))
    return "UTF-16LE";
  if (!none && big * 8 >= units && little * 50 <= big && (big >= 4 || big * 2 > units)) return "UTF-16BE";
  return none || little || big ? "UTF-8" : NULL;
}

typedef struct census {
  size_t characters; /* GB18030: of two or four bytes */
  size_t common;     /* punctuation, full-width forms, the 3755 characters of daily use */
  size_t wrong;      /* bytes that are no GB18030 */
  size_t runs[4];    /* of bytes from 0x80: of length 1, 2, 3 and more */
  size_t good, bad;  /* UTF-8: characters of several bytes; bytes that are none */
  size_t control;    /* bytes below blank that are no white space */
  size_t undefined;  /* in windows-1252 */
} census;

static void count_gb(const uint8_t *data, size_t size, census *all) {
  for (size_t at = 0; at < size;) {
    uint8_t first = data[at];
    if (first < 0x80) {
      at++;
      continue;
    }
    if (at + 4 > size && at + 2 > size) return; /* cut off by the sample */
    uint8_t second = at + 1 < size ? data[at + 1] : 0;
    bool lead = first >= 0x81 && first <= 0xFE;
    if (lead && second >= 0x40 && second != 0x7F && second != 0xFF) {
      all->characters++;
      all->common += second >= 0xA1 && ((first >= 0xB0 && first <= 0xD7) || (first >= 0xA1 && first <= 0xA3));
      at += 2;
    } else if (lead && second >= 0x30 && second <= 0x39) {
      if (at + 4 > size) return;
      bool four =
          data[at + 2] >= 0x81 && data[at + 2] <= 0xFE && data[at + 3] >= 0x30 && data[at + 3] <= 0x39;
      all->characters++;
      all->wrong += !four;
      at += four ? 4 : 1;
    } else {
      all->wrong++;
      at++;
    }
  }
}

static void count_others(const uint8_t *data, size_t size, census *all) {
  size_t run = 0;
  for (size_t at = 0; at < size; at++) {
    uint8_t byte = data[at];
    all->control += byte < 0x20 && byte != '\t' && byte != '\n' && byte != '\r' && byte != '\f';
    all->undefined += byte == 0x81 || byte == 0x8D || byte == 0x8F || byte == 0x90 || byte == 0x9D;
    if (byte >= 0x80) run++;
    if (run && (byte < 0x80 || at + 1 == size)) {
      all->runs[run > 3 ? 3 : run]++;
      run = 0;
    }
  }
  for (size_t at = 0; at < size;) {
    size_t valid = lathe_text_valid((const char *)data + at, size - at);
    for (size_t i = at; i < at + valid; i++) all->good += data[i] >= 0xC0;
    at += valid;
    if (at < size) {
      all->bad++;
      while (at < size && data[at] >= 0x80) at++; /* what is in the same word is wrong with it */
    }
  }
}

static const char *refuse(const char *name, const char *data, size_t at, const char *why,
                          lathe_error *error) {
  lathe_error_set(
      error, LATHE_ERROR_DATA,
      "%s: byte %zu (0x%02X) is not UTF-8, and %s; name the encoding, as in encoding = \"latin-1\" "
      "or \"gb18030\" (iconv -l lists them), or read with encoding = \"utf-8-replace\"",
      name, at, (uint8_t)data[at], why);
  return NULL;
}

const char *lathe_source_guess(const char *name, const char *data, size_t size, bool whole, size_t *skip,
                               lathe_error *error) {
  const uint8_t *bytes = (const uint8_t *)data;
  *skip = 0;
  const char *found = mark_of(bytes, size, skip);
  if (!found) found = wide_of(bytes, size);
  if (found && (strcmp(found, "UTF-8") != 0 || memchr(data, 0, size < HEAD ? size : HEAD))) return found;
  size_t sample = whole || size < SAMPLE ? size : SAMPLE, valid = lathe_text_valid(data, sample);
  if (valid == size || (sample < size && valid + 4 > sample)) return "UTF-8";
  census all = {0};
  size_t from = valid > SAMPLE / 2 ? valid - SAMPLE / 2 : 0; /* both sides of the first bad byte */
  while (from > 0 && data[from - 1] != '\n' && from + 4096 > valid) from--;
  size_t span = size - from < SAMPLE ? size - from : SAMPLE;
  count_gb(bytes + from, span, &all);
  count_others(bytes + from, span, &all);
  if (all.good > 2 * all.bad)
    return refuse(name, data, valid, "as most of the text is, these bytes are damaged", error);
  if (all.wrong == 0 && all.control == 0 && all.common * 10 >= all.characters * 7) return "GB18030";
  if (all.control == 0 && all.undefined == 0 && (all.runs[1] + all.runs[2]) >= 4 * all.runs[3])
    return "windows-1252";
  return refuse(name, data, valid, "the text is in no encoding that is recognised", error);
}

/* ---- conversion ---- */

static bool room(lathe_buffer *out, size_t more, int64_t limit, const char *name, lathe_error *error) {
  if ((int64_t)out->size > limit)
    return lathe_error_set(error, LATHE_ERROR_MEMORY,
                           "%s: converted to UTF-8 it is larger than the %.3g GB of memory that it may take; "
                           "convert it to a file with iconv",
                           name, (double)limit / 1e9);
  return lathe_buffer_reserve(out, more, error);
}

static void put(lathe_buffer *out, unsigned c) {
  out->size += lathe_text_encode(c, out->data + out->size);
}

/* windows-1252 as browsers read it: the five bytes without a character are control characters, as in Latin-1. */
static bool from_latin(const char *name, const char *data, size_t size, lathe_buffer *out,
                       lathe_progress *progress, lathe_error *error) {
  static const uint16_t high[32] = {0x20AC, 0x81,   0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021,
                                    0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0x8D,   0x017D, 0x8F,
                                    0x90,   0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014,
                                    0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x9D,   0x017E, 0x0178};
  int64_t limit = lathe_source_limit();
  for (size_t at = 0; at < size;) {
    size_t stop = size - at > STEP ? at + STEP : size;
    if (!lathe_progress_check(progress, error) || !room(out, 3 * (stop - at), limit, name, error))
      return false;
    for (; at < stop; at++) {
      uint8_t c = (uint8_t)data[at];
      put(out, c >= 0x80 && c < 0xA0 ? high[c - 0x80] : c);
    }
  }
  return true;
}

/* How many bytes of a broken character belong together: as many as could have begun a valid one (the practice
 * that Unicode recommends). */
static size_t broken(const uint8_t *data, size_t size) {
  uint8_t first = data[0], low = 0x80, high = 0xBF;
  size_t want = first >= 0xC2 && first <= 0xDF   ? 1
                : first >= 0xE0 && first <= 0xEF ? 2
                : first >= 0xF0 && first <= 0xF4 ? 3
                                                 : 0;
  if (first == 0xE0) low = 0xA0;
  if (first == 0xED) high = 0x9F;
  if (first == 0xF0) low = 0x90;
  if (first == 0xF4) high = 0x8F;
  size_t taken = 1;
  while (taken <= want && taken < size && data[taken] >= low && data[taken] <= high) {
    taken++;
    low = 0x80, high = 0xBF;
  }
  return taken;
}

static bool replace(const char *name, const char *data, size_t size, lathe_buffer *out,
                    lathe_progress *progress, lathe_error *error) {
  int64_t limit = lathe_source_limit();
  for (size_t at = 0; at < size;) {
    if (!lathe_progress_check(progress, error)) return false;
    size_t span = size - at > STEP ? STEP : size - at, valid = lathe_text_valid(data + at, span);
    if (!room(out, valid + 3, limit, name, error)) return false;
    memcpy(out->data + out->size, data + at, valid);
    out->size += valid;
    at += valid;
    if (valid == span) continue;
    if (span - valid < 4 && at + (span - valid) < size &&
        lathe_text_valid(data + at, size - at > 8 ? 8 : size - at))
      continue; /* only cut by the step */
    put(out, 0xFFFD);
    at += broken((const uint8_t *)data + at, size - at);
  }
  return true;
}

/* A name for iconv: nothing that would change how it converts, and no path. */
static bool is_name(const char *encoding) {
  size_t size = strspn(encoding, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.:()");
  return size > 0 && size < 64 && encoding[size] == '\0' && isalnum((unsigned char)*encoding);
}

static bool through_iconv(const char *name, const char *encoding, iconv_t way, const char *data, size_t size,
                          lathe_buffer *out, lathe_progress *progress, lathe_error *error) {
  char *in = (char *)data;
  size_t left = size;
  int64_t limit = lathe_source_limit();
  while (left > 0) {
    if (!lathe_progress_check(progress, error) || !room(out, 4 * STEP, limit, name, error)) return false;
    size_t piece = left > STEP ? STEP : left, rest = piece, space = out->capacity - out->size - 1;
    char *to = out->data + out->size;
    size_t result = iconv(way, &in, &rest, &to, &space);
    int reason = errno;
    out->size = (size_t)(to - out->data);
    left -= piece - rest;
    lathe_progress_add(progress, (int64_t)(piece - rest));
    if (result != (size_t)-1 || reason == E2BIG) continue;
    if (reason == EINVAL && rest < left) continue; /* a character is cut by the step */
    size_t at = size - left;
    return lathe_error_set(
        error, LATHE_ERROR_DATA, "%s: byte %zu (0x%02X) %s %s; check the encoding, or get the file again",
        name, at, (uint8_t)data[at],
        reason == EINVAL ? "begins a character that the end of the file cuts off, in" : "is no character of",
        encoding);
  }
  if (!room(out, 64, limit, name, error)) return false;
  char *to = out->data + out->size;
  size_t space = 64;
  iconv(way, NULL, NULL, &to, &space);
  out->size = (size_t)(to - out->data);
  return true;
}

static bool is_latin(const char *encoding) {
  static const char *const words[] = {"latin-1", "latin1",     "windows-1252",
                                      "cp1252",  "iso-8859-1", "iso8859-1"};
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    if (!strcasecmp(encoding, words[i])) return true;
  return false;
}

bool lathe_source_convert(const char *name, const char *encoding, const char *data, size_t size,
                          lathe_buffer *out, lathe_progress *progress, lathe_error *error) {
  if (is_latin(encoding)) return from_latin(name, data, size, out, progress, error);
  if (!strcasecmp(encoding, "utf-8-replace")) return replace(name, data, size, out, progress, error);
  iconv_t way = is_name(encoding) ? iconv_open("UTF-8", encoding) : (iconv_t)-1;
  if (way == (iconv_t)-1)
    return lathe_error_set(
        error, LATHE_ERROR_ARGUMENT,
        "%s: there is no encoding \"%.60s\" on this machine; iconv -l lists those that there "
        "are, such as utf-8, utf-16, gb18030, latin-1",
        name, encoding);
  bool fine = through_iconv(name, encoding, way, data, size, out, progress, error);
  iconv_close(way);
  return fine;
}
