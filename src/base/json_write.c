/* json_write.c - the JSON writer: a growing text and one bit of memory, whether the next value needs a comma.
 */
#include "json.h"
#include "memory.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct lathe_json_writer {
  lathe_buffer text;
  int32_t indent;
  int32_t depth;
  bool comma;          /* a value stands before, in the same bracket */
  bool after_key;      /* the next value follows its key */
  bool taken;          /* the text was taken; what comes takes its place */
  lathe_error problem; /* the first one */
};

lathe_json_writer *lathe_json_writer_new(int32_t indent, lathe_error *error) {
  lathe_json_writer *writer = lathe_memory_new(1, sizeof *writer, error);
  if (!writer) return NULL;
  writer->indent = indent < 0 ? 0 : indent > 16 ? 16 : indent;
  return writer;
}

void lathe_json_writer_free(lathe_json_writer *writer) {
  if (!writer) return;
  lathe_buffer_free(&writer->text);
  free(writer);
}

static void add(lathe_json_writer *writer, const char *bytes, size_t size) {
  if (writer->taken) {
    writer->text.size = 0;
    writer->taken = false;
  }
  if (writer->problem.code == LATHE_ERROR_NONE)
    lathe_buffer_append(&writer->text, bytes, size, &writer->problem);
}

static void new_line(lathe_json_writer *writer) {
  static const char blanks[] = "                ";
  if (writer->indent == 0) return;
  add(writer, "\n", 1);
  for (int32_t i = 0; i < writer->depth; i++) add(writer, blanks, (size_t)writer->indent);
}

/* Whatever must stand before the next value or key. */
static void begin(lathe_json_writer *writer) {
  if (writer->after_key) {
    writer->after_key = false;
    return;
  }
  if (writer->comma) add(writer, ",", 1);
  if (writer->depth > 0) new_line(writer);
}

static void scalar(lathe_json_writer *writer, const char *bytes, size_t size) {
  begin(writer);
  add(writer, bytes, size);
  writer->comma = true;
}

void lathe_json_write_null(lathe_json_writer *writer) {
  scalar(writer, "null", 4);
}

void lathe_json_write_bool(lathe_json_writer *writer, bool value) {
  scalar(writer, value ? "true" : "false", value ? 4 : 5);
}

void lathe_json_write_integer(lathe_json_writer *writer, int64_t value) {
  char digits[24], *p = digits + sizeof digits;
  uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
  do *--p = (char)('0' + rest % 10);
  while (rest /= 10);
  if (value < 0) *--p = '-';
  scalar(writer, p, (size_t)(digits + sizeof digits - p));
}

void lathe_json_write_number(lathe_json_writer *writer, double value) {
  char digits[32];
  if (!isfinite(value)) {
    lathe_json_write_null(writer);
    return;
  }
  scalar(writer, digits, lathe_text_from_float64(value, digits));
}

void lathe_json_write_raw(lathe_json_writer *writer, const char *text, size_t size) {
  scalar(writer, text, size);
}

static void escape(lathe_json_writer *writer, unsigned char c) {
  static const char hexadecimal[] = "0123456789abcdef";
  switch (c) {
  case '"':
    add(writer, "\\\"", 2);
    break;
  case '\\':
    add(writer, "\\\\", 2);
    break;
  case '\b':
    add(writer, "\\b", 2);
    break;
  case '\f':
    add(writer, "\\f", 2);
    break;
  case '\n':
    add(writer, "\\n", 2);
    break;
  case '\r':
    add(writer, "\\r", 2);
    break;
  case '\t':
    add(writer, "\\t", 2);
    break;
  default: {
    char code[6] = {'\\', 'u', '0', '0', hexadecimal[c >> 4], hexadecimal[c & 15]};
    add(writer, code, sizeof code);
  }
  }
}

/* Valid UTF-8, escaped. */
static void add_escaped(lathe_json_writer *writer, const char *text, size_t size) {
  size_t run = 0;
  for (size_t i = 0; i < size; i++) {
    unsigned char c = (unsigned char)text[i];
    if (c >= 0x20 && c != '"' && c != '\\') continue;
    add(writer, text + run, i - run);
    escape(writer, c);
    run = i + 1;
  }
  add(writer, text + run, size - run);
}

static void quoted(lathe_json_writer *writer, const char *text, size_t size) {
  add(writer, "\"", 1);
  while (size > 0) {
    size_t valid = lathe_text_valid(text, size);
    add_escaped(writer, text, valid);
    if (valid == size) break;
    add(writer, "\xEF\xBF\xBD", 3);
    text += valid + 1;
    size -= valid + 1;
  }
  add(writer, "\"", 1);
}

void lathe_json_write_string(lathe_json_writer *writer, const char *text, size_t size) {
  begin(writer);
  quoted(writer, text, size);
  writer->comma = true;
}

void lathe_json_write_key(lathe_json_writer *writer, const char *text, size_t size) {
  begin(writer);
  quoted(writer, text, size);
  if (writer->indent)
    add(writer, ": ", 2);
  else
    add(writer, ":", 1);
  writer->after_key = true;
}

static void open_bracket(lathe_json_writer *writer, const char *bracket) {
  begin(writer);
  add(writer, bracket, 1);
  writer->comma = false;
  if (++writer->depth > LATHE_JSON_DEPTH && writer->problem.code == LATHE_ERROR_NONE)
    lathe_error_set(&writer->problem, LATHE_ERROR_ARGUMENT,
                    "the value is nested deeper than %d, which JSON readers refuse; does it contain itself?",
                    LATHE_JSON_DEPTH);
}

static void close_bracket(lathe_json_writer *writer, const char *bracket) {
  bool empty = !writer->comma;
  writer->depth--;
  if (!empty) new_line(writer);
  add(writer, bracket, 1);
  writer->comma = true;
}

void lathe_json_write_array(lathe_json_writer *writer) {
  open_bracket(writer, "[");
}

void lathe_json_write_array_end(lathe_json_writer *writer) {
  close_bracket(writer, "]");
}

void lathe_json_write_object(lathe_json_writer *writer) {
  open_bracket(writer, "{");
}

void lathe_json_write_object_end(lathe_json_writer *writer) {
  close_bracket(writer, "}");
}

void lathe_json_member(lathe_json_writer *writer, const char *key) {
  lathe_json_write_key(writer, key, strlen(key));
}

void lathe_json_member_text(lathe_json_writer *writer, const char *key, const char *text) {
  lathe_json_member(writer, key);
  lathe_json_write_string(writer, text, strlen(text));
}

void lathe_json_member_integer(lathe_json_writer *writer, const char *key, int64_t value) {
  lathe_json_member(writer, key);
  lathe_json_write_integer(writer, value);
}

void lathe_json_member_number(lathe_json_writer *writer, const char *key, double value) {
  lathe_json_member(writer, key);
  lathe_json_write_number(writer, value);
}

void lathe_json_write_line_end(lathe_json_writer *writer) {
  add(writer, "\n", 1);
  writer->comma = false;
}

lathe_text lathe_json_writer_take(lathe_json_writer *writer, lathe_error *error) {
  lathe_text text = lathe_json_writer_finish(writer, error);
  if (writer->taken) text.size = 0;
  writer->taken = true;
  return text;
}

lathe_text lathe_json_writer_finish(lathe_json_writer *writer, lathe_error *error) {
  if (writer->problem.code != LATHE_ERROR_NONE) {
    if (error) *error = writer->problem;
    return (lathe_text){NULL, 0};
  }
  return (lathe_text){writer->text.data ? writer->text.data : "", writer->text.size};
}
