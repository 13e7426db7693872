/* json.c - the JSON reader: a state machine over bytes in memory.
 *
 * What may come next is one of a few states; the kinds of the open brackets are one bit each. Text without
 * escapes is a view of the input; other text is decoded into one buffer that is used again. */
#include "json.h"
#include "memory.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum expected { VALUE, VALUE_OR_END, KEY_OR_END, COMMA_OR_END, NOTHING, FAILED };

struct lathe_json_reader {
  const char *origin; /* where lines are counted from */
  const char *data, *at, *end;
  const char *begin; /* of the last event */
  char *name;        /* NULL: none */
  enum expected expected;
  lathe_json_event event;
  int32_t depth;
  bool flag;
  int64_t integer;
  double number;
  lathe_text text;
  lathe_buffer decoded;
  uint8_t objects[LATHE_JSON_DEPTH / 8]; /* bit set: that bracket is a { */
};

lathe_json_reader *lathe_json_reader_new(const char *data, size_t size, const char *name,
                                         lathe_error *error) {
  lathe_json_reader *reader = lathe_memory_new(1, sizeof *reader, error);
  if (!reader) return NULL;
  if (name && !(reader->name = lathe_memory_text(name, strlen(name), error))) {
    free(reader);
    return NULL;
  }
  if (!data) data = "";
  lathe_json_reader_restart(reader, data, data, size);
  return reader;
}

void lathe_json_reader_restart(lathe_json_reader *reader, const char *origin, const char *data, size_t size) {
  reader->origin = origin;
  reader->data = reader->at = reader->begin = data;
  reader->end = data + size;
  reader->expected = VALUE;
  reader->event = LATHE_JSON_NULL;
  reader->depth = 0;
}

void lathe_json_reader_free(lathe_json_reader *reader) {
  if (!reader) return;
  lathe_buffer_free(&reader->decoded);
  free(reader->name);
  free(reader);
}

/* Line and column, both from 1; the column counts characters. */
static void place_of(const lathe_json_reader *reader, const char *at, long *line, long *column) {
  const char *start = reader->origin;
  *line = 1;
  for (const char *p = start; p < at; p++) {
    if (*p != '\n') continue;
    ++*line;
    start = p + 1;
  }
  *column = 1;
  for (const char *p = start; p < at; p++) *column += ((unsigned char)*p & 0xC0) != 0x80;
}

static void fail_words(lathe_json_reader *reader, const char *at, lathe_error *error, const char *format,
                       va_list arguments) {
  long line, column;
  char words[800];
  place_of(reader, at, &line, &column);
  vsnprintf(words, sizeof words, format, arguments);
  if (reader->name)
    lathe_error_set(error, LATHE_ERROR_DATA, "%s:%ld:%ld: %s", reader->name, line, column, words);
  else
    lathe_error_set(error, LATHE_ERROR_DATA, "line %ld, column %ld: %s", line, column, words);
  reader->expected = FAILED;
  reader->event = LATHE_JSON_ERROR;
}

LATHE_PRINTF(4, 5)
static lathe_json_event fail(lathe_json_reader *reader, const char *at, lathe_error *error,
                             const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fail_words(reader, at, error, format, arguments);
  va_end(arguments);
  return LATHE_JSON_ERROR;
}

bool lathe_json_refuse(lathe_json_reader *reader, lathe_error *error, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fail_words(reader, reader->begin, error, format, arguments);
  va_end(arguments);
  return false;
}

/* `wanted` was expected at reader->at: say what is there instead. */
static lathe_json_event unexpected(lathe_json_reader *reader, lathe_error *error, const char *wanted) {
  if (reader->at == reader->end)
    return fail(reader, reader->at, error, "the text ends where %s should be", wanted);
  unsigned char c = (unsigned char)*reader->at;
  if (c == 0xEF && reader->at == reader->data && reader->end - reader->at >= 3 &&
      !memcmp(reader->at, "\xEF\xBB\xBF", 3))
    return fail(reader, reader->at, error, "JSON must not begin with a byte order mark; save it without one");
  if (c == 'N' || c == 'I') /* what Python's json.dump and R write where there is no finite number */
    return fail(reader, reader->at, error,
                "%s should be here, not '%c'; JSON has neither NaN nor Infinity: write null", wanted, c);
  if (c < 0x20 || c >= 0x7F)
    return fail(reader, reader->at, error, "%s should be here, not the byte 0x%02X", wanted, c);
  return fail(reader, reader->at, error, "%s should be here, not '%c'", wanted, c);
}

static bool in_object(const lathe_json_reader *reader) {
  int32_t level = reader->depth - 1;
  return reader->objects[level >> 3] >> (level & 7) & 1;
}

static lathe_json_event open_bracket(lathe_json_reader *reader, bool object, lathe_error *error) {
  if (reader->depth == LATHE_JSON_DEPTH)
    return fail(reader, reader->at, error,
                "brackets are nested deeper than %d; save it flatter, or look for one that is never closed",
                LATHE_JSON_DEPTH);
  int32_t level = reader->depth++;
  uint8_t bit = (uint8_t)(1u << (level & 7));
  if (object)
    reader->objects[level >> 3] |= bit;
  else
    reader->objects[level >> 3] &= (uint8_t)~bit;
  reader->at++;
  reader->expected = object ? KEY_OR_END : VALUE_OR_END;
  return reader->event = object ? LATHE_JSON_OBJECT : LATHE_JSON_ARRAY;
}

static void value_done(lathe_json_reader *reader) {
  reader->expected = reader->depth ? COMMA_OR_END : NOTHING;
}

static lathe_json_event close_bracket(lathe_json_reader *reader) {
  bool object = in_object(reader);
  reader->depth--;
  reader->at++;
  value_done(reader);
  return reader->event = object ? LATHE_JSON_OBJECT_END : LATHE_JSON_ARRAY_END;
}

static lathe_json_event word(lathe_json_reader *reader, const char *spelling, size_t size,
                             lathe_json_event event, lathe_error *error) {
  if ((size_t)(reader->end - reader->at) < size || memcmp(reader->at, spelling, size) != 0)
    return unexpected(reader, error, "a value (null, true, false, a number, a string, [ or {)");
  reader->at += size;
  reader->flag = event == LATHE_JSON_BOOL && size == 4;
  value_done(reader);
  return reader->event = event;
}

static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

static lathe_json_event too_large(lathe_json_reader *reader, size_t size, lathe_error *error) {
  return fail(reader, reader->begin, error,
              "the number %.*s%s is beyond the range of a double; write it in quotes, or null",
              (int)(size < 40 ? size : 40), reader->begin, size < 40 ? "" : "...");
}

/* The digits before the point are at most 18 in nearly every file: they are added up while they are checked.
 */
static lathe_json_event number(lathe_json_reader *reader, lathe_error *error) {
  const char *p = reader->at, *end = reader->end;
  bool negative = *p == '-';
  p += negative;
  const char *digits = p;
  uint64_t sum = 0;
  for (; p < end && is_digit(*p); p++) sum = sum * 10 + (uint64_t)(*p - '0'); /* may wrap: see below */
  ptrdiff_t count = p - digits;
  reader->at = p;
  if (count == 0) return unexpected(reader, error, "a digit");
  if (count > 1 && *digits == '0') return fail(reader, digits, error, "a number must not begin with a zero");
  bool whole = p == end || (*p != '.' && *p != 'e' && *p != 'E');
  if (!whole) {
    if (*p == '.') {
      const char *fraction = ++p;
      while (p < end && is_digit(*p)) p++;
      reader->at = p;
      if (p == fraction) return unexpected(reader, error, "a digit");
    }
    if (p < end && (*p == 'e' || *p == 'E')) {
      p++;
      if (p < end && (*p == '+' || *p == '-')) p++;
      const char *exponent = p;
      while (p < end && is_digit(*p)) p++;
      reader->at = p;
      if (p == exponent) return unexpected(reader, error, "a digit");
    }
  }
  size_t size = (size_t)(p - reader->begin);
  if (whole && count <= 18 && !(negative && sum == 0)) {
    reader->integer = negative ? -(int64_t)sum : (int64_t)sum;
    reader->number = (double)reader->integer;
    reader->event = LATHE_JSON_INTEGER;
  } else if (whole && !(negative && sum == 0) && lathe_text_to_int64(reader->begin, size, &reader->integer)) {
    reader->number = (double)reader->integer;
    reader->event = LATHE_JSON_INTEGER;
  } else {
    if (!lathe_text_to_float64(reader->begin, size, &reader->number) || !isfinite(reader->number))
      return too_large(reader, size, error);
    double value = reader->number; /* the integer beside it is cut towards zero and limited */
    reader->integer = value >= 0x1p63 ? INT64_MAX : value < -0x1p63 ? INT64_MIN : (int64_t)value;
    reader->event = LATHE_JSON_NUMBER;
  }
  value_done(reader);
  return reader->event;
}

/* Whether none of the eight bytes is ", \, a control character or beyond ASCII (Mycroft 1987). */
static bool plain8(const char *p) {
  uint64_t w;
  memcpy(&w, p, 8);
  const uint64_t ones = UINT64_C(0x0101010101010101), high = UINT64_C(0x8080808080808080);
  uint64_t quote = w ^ (ones * '"'), slash = w ^ (ones * '\\');
  return !(((w - ones * 0x20) | (quote - ones) | (slash - ones) | w) & high);
}

/* Behind the bytes that stand for themselves; the bits of those that were looked at alone are added to
 * `bits`. */
static const char *plain_run(const char *p, const char *end, unsigned *bits) {
  while (end - p >= 8 && plain8(p)) p += 8;
  for (; p < end && *p != '"' && *p != '\\' && (unsigned char)*p >= 0x20; p++) *bits |= (unsigned char)*p;
  return p;
}

/* Four hexadecimal digits at `p`; -1 when they are not. */
static int32_t hexadecimal(const char *p, const char *end) {
  int32_t value = 0;
  if (end - p < 4) return -1;
  for (int i = 0; i < 4; i++) {
    char c = p[i];
    int32_t digit = is_digit(c)            ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : -1;
    if (digit < 0) return -1;
    value = value * 16 + digit;
  }
  return value;
}

/* An escape at `*at` (a backslash) is appended to the decoded text; `*at` moves behind it. */
static bool unescape(lathe_json_reader *reader, const char **at, lathe_error *error) {
  const char *p = *at, *end = reader->end;
  char bytes[4];
  size_t count = 1;
  if (p + 1 == end) return fail(reader, end, error, "the text ends within a string"), false;
  switch (p[1]) {
  case '"':
  case '\\':
  case '/':
    bytes[0] = p[1];
    break;
  case 'b':
    bytes[0] = '\b';
    break;
  case 'f':
    bytes[0] = '\f';
    break;
  case 'n':
    bytes[0] = '\n';
    break;
  case 'r':
    bytes[0] = '\r';
    break;
  case 't':
    bytes[0] = '\t';
    break;
  case 'u': {
    int32_t first = hexadecimal(p + 2, end);
    if (first < 0) return fail(reader, p, error, "\\u must be followed by four hexadecimal digits"), false;
    uint32_t character = (uint32_t)first;
    if (first >= 0xD800 && first < 0xE000) {
      int32_t second = end - p >= 12 && p[6] == '\\' && p[7] == 'u' ? hexadecimal(p + 8, end) : -1;
      if (first >= 0xDC00 || second < 0xDC00 || second >= 0xE000)
        return fail(reader, p, error, "\\u%04X is half of a surrogate pair and stands alone",
                    (unsigned)first),
               false;
      character = 0x10000 + ((uint32_t)(first - 0xD800) << 10) + (uint32_t)(second - 0xDC00);
      p += 6;
    }
    count = lathe_text_encode(character, bytes);
    p += 4;
    break;
  }
  default:
    return fail(reader, p, error, "a backslash in a string must be followed by one of \" \\ / b f n r t u"),
           false;
  }
  *at = p + 2;
  if (lathe_buffer_append(&reader->decoded, bytes, count, error)) return true;
  reader->expected = FAILED;
  reader->event = LATHE_JSON_ERROR;
  return false;
}

/* A string at reader->at (its opening quote). */
static bool string(lathe_json_reader *reader, lathe_error *error) {
  unsigned bits = 0;
  const char *start = reader->at + 1, *end = reader->end, *p = plain_run(start, end, &bits);
  if (p < end && *p == '"') {
    reader->text = (lathe_text){start, (size_t)(p - start)};
  } else {
    reader->decoded.size = 0;
    const char *run = start;
    while (p < end && *p == '\\') {
      if (!lathe_buffer_append(&reader->decoded, run, (size_t)(p - run), error)) {
        reader->expected = FAILED;
        reader->event = LATHE_JSON_ERROR;
        return false;
      }
      if (!unescape(reader, &p, error)) return false;
      run = p;
      p = plain_run(p, end, &bits);
    }
    if (p == end) return fail(reader, p, error, "the text ends within a string"), false;
    if (*p != '"')
      return fail(reader, p, error, "the control character 0x%02X in a string must be written \\u%04X",
                  (unsigned)(unsigned char)*p, (unsigned)(unsigned char)*p),
             false;
    if (!lathe_buffer_append(&reader->decoded, run, (size_t)(p - run), error)) {
      reader->expected = FAILED;
      reader->event = LATHE_JSON_ERROR;
      return false;
    }
    reader->text = (lathe_text){reader->decoded.data, reader->decoded.size};
  }
  size_t valid = bits < 0x80 ? (size_t)(p - start) : lathe_text_valid(start, (size_t)(p - start));
  if (valid != (size_t)(p - start))
    return fail(reader, start + valid, error, "the byte 0x%02X is not UTF-8",
                (unsigned)(unsigned char)start[valid]),
           false;
  reader->at = p + 1;
  return true;
}

static const char *skip_blanks(const char *p, const char *end) {
  while (p < end && (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t')) p++;
  return p;
}

static lathe_json_event key(lathe_json_reader *reader, lathe_error *error, const char *wanted) {
  if (reader->at == reader->end || *reader->at != '"') return unexpected(reader, error, wanted);
  if (!string(reader, error)) return LATHE_JSON_ERROR;
  reader->at = skip_blanks(reader->at, reader->end);
  if (reader->at == reader->end || *reader->at != ':') return unexpected(reader, error, "a colon");
  reader->at++;
  reader->expected = VALUE;
  return reader->event = LATHE_JSON_KEY;
}

static lathe_json_event value(lathe_json_reader *reader, lathe_error *error, const char *wanted) {
  if (reader->at == reader->end) return unexpected(reader, error, wanted);
  switch (*reader->at) {
  case '"':
    if (!string(reader, error)) return LATHE_JSON_ERROR;
    value_done(reader);
    return reader->event = LATHE_JSON_STRING;
  case '[':
    return open_bracket(reader, false, error);
  case '{':
    return open_bracket(reader, true, error);
  case 't':
    return word(reader, "true", 4, LATHE_JSON_BOOL, error);
  case 'f':
    return word(reader, "false", 5, LATHE_JSON_BOOL, error);
  case 'n':
    return word(reader, "null", 4, LATHE_JSON_NULL, error);
  case '-':
  case '0':
  case '1':
  case '2':
  case '3':
  case '4':
  case '5':
  case '6':
  case '7':
  case '8':
  case '9':
    return number(reader, error);
  default:
    return unexpected(reader, error, wanted);
  }
}

/* To the first byte of the next event. */
static void to_next(lathe_json_reader *reader) {
  reader->begin = reader->at = skip_blanks(reader->at, reader->end);
}

lathe_json_event lathe_json_next(lathe_json_reader *reader, lathe_error *error) {
  to_next(reader);
  char c = reader->at < reader->end ? *reader->at : '\0';
  switch (reader->expected) {
  case VALUE:
    return value(reader, error, "a value");
  case VALUE_OR_END:
    return c == ']' ? close_bracket(reader) : value(reader, error, "a value or ]");
  case KEY_OR_END:
    return c == '}' ? close_bracket(reader) : key(reader, error, "a key in quotes or }");
  case COMMA_OR_END: {
    bool object = in_object(reader);
    if (c == (object ? '}' : ']')) return close_bracket(reader);
    if (c != ',') return unexpected(reader, error, object ? "a comma or }" : "a comma or ]");
    reader->at++;
    to_next(reader);
    return object ? key(reader, error, "a key in quotes") : value(reader, error, "a value");
  }
  case NOTHING:
    if (reader->at < reader->end) return unexpected(reader, error, "the end of the text");
    return reader->event = LATHE_JSON_END;
  case FAILED:
    break;
  }
  return LATHE_JSON_ERROR;
}

bool lathe_json_bool(const lathe_json_reader *reader) {
  return reader->flag;
}

int64_t lathe_json_integer(const lathe_json_reader *reader) {
  return reader->integer;
}

double lathe_json_number(const lathe_json_reader *reader) {
  return reader->number;
}

lathe_text lathe_json_text(const lathe_json_reader *reader) {
  return reader->text;
}

lathe_text lathe_json_raw(const lathe_json_reader *reader) {
  return (lathe_text){reader->begin, (size_t)(reader->at - reader->begin)};
}

int32_t lathe_json_depth(const lathe_json_reader *reader) {
  return reader->depth;
}

bool lathe_json_skip(lathe_json_reader *reader, lathe_error *error) {
  if (reader->event == LATHE_JSON_KEY) lathe_json_next(reader, error);
  if (reader->event == LATHE_JSON_ERROR) return false;
  if (reader->event != LATHE_JSON_ARRAY && reader->event != LATHE_JSON_OBJECT) return true;
  int32_t outside = reader->depth - 1;
  const char *begin = reader->begin;
  while (reader->depth > outside)
    if (lathe_json_next(reader, error) == LATHE_JSON_ERROR) return false;
  reader->begin = begin;
  return true;
}
