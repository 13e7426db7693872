/* json_part.c - the values of one column in one chunk, and what a value that does not fit in does to them. */
#include <stdio.h>
#include <stdlib.h>

#include "../table/own.h"
#include "json_own.h"

void lathe_json_part_free(json_part *part) {
  free(part->validity);
  free(part->values);
  lathe_buffer_free(&part->bytes);
  *part = (json_part){0};
}

static bool grow(json_part *part, int64_t rows, lathe_error *error) {
  int64_t capacity = part->capacity ? part->capacity : 64;
  while (capacity < rows) capacity *= 2;
  if (!lathe_memory_resize((void **)&part->values, (size_t)capacity, sizeof *part->values, error) ||
      !lathe_memory_resize((void **)&part->validity, lathe_bit_bytes(capacity), 1, error))
    return false;
  memset(part->validity + part->capacity / 8, 0, (size_t)(capacity - part->capacity) / 8);
  part->capacity = capacity;
  return true;
}

/* Make `row` the last filled one: the rows between are missing. */
static inline bool reach(json_part *part, int64_t row, lathe_error *error) {
  if (row >= part->capacity && !grow(part, row + 1, error)) return false;
  json_value gap = {.integer = part->kind == JSON_AS_TEXT ? (int64_t)part->bytes.size : 0};
  for (int64_t i = part->filled; i < row; i++) part->values[i] = gap;
  part->filled = row + 1;
  lathe_bit_set(part->validity, row);
  return true;
}

/* An integer that a FLOAT part holds, or a double. */
static size_t number_text(json_kind kind, json_value value, char *out) {
  if (kind == JSON_AS_INT) return (size_t)sprintf(out, "%lld", (long long)value.integer);
  if (kind == JSON_AS_FLOAT) return lathe_text_from_float64(value.number, out);
  return (size_t)sprintf(out, value.integer ? "true" : "false");
}

/* The values so far become texts. */
static bool to_text(json_part *part, lathe_error *error) {
  json_kind before = (json_kind)part->kind;
  part->kind = JSON_AS_TEXT;
  if (before == JSON_AS_TEXT) return true;
  for (int64_t i = 0; i < part->filled; i++) {
    char out[32];
    if (lathe_bit(part->validity, i) &&
        !lathe_buffer_append(&part->bytes, out, number_text(before, part->values[i], out), error))
      return false;
    part->values[i].end = (int64_t)part->bytes.size;
  }
  return true;
}

static inline bool is_small(int64_t value) {
  return value > -JSON_SMALL && value < JSON_SMALL;
}

/* The integers so far become doubles, or, when that would lose digits, texts. */
static bool to_float(json_part *part, lathe_error *error) {
  bool small = true;
  for (int64_t i = 0; i < part->filled; i++) small &= is_small(part->values[i].integer);
  if (!small) return to_text(part, error);
  for (int64_t i = 0; i < part->filled; i++) part->values[i].number = (double)part->values[i].integer;
  part->kind = JSON_AS_FLOAT;
  return true;
}

static bool add_text(json_part *part, int64_t row, const char *text, size_t size, lathe_error *error) {
  if ((part->kind != JSON_AS_TEXT && !to_text(part, error)) || !reach(part, row, error)) return false;
  if (part->bytes.capacity - part->bytes.size <= size && !lathe_buffer_reserve(&part->bytes, size, error))
    return false;
  memcpy(part->bytes.data + part->bytes.size, text, size);
  part->bytes.size += size;
  part->values[row].end = (int64_t)part->bytes.size;
  return true;
}

bool lathe_json_part_text(json_part *part, int64_t row, uint8_t class, lathe_text text, lathe_error *error) {
  part->classes |= class;
  return add_text(part, row, text.data ? text.data : "", text.size, error);
}

static bool add_integer(json_part *part, int64_t row, const lathe_json_reader *reader, lathe_error *error) {
  int64_t value = lathe_json_integer(reader);
  if (part->kind == JSON_AS_NOTHING && !part->raw) part->kind = JSON_AS_INT;
  if (part->kind == JSON_AS_INT) {
    if (!reach(part, row, error)) return false;
    part->values[row].integer = value;
    return true;
  }
  if (part->kind == JSON_AS_FLOAT && is_small(value)) {
    if (!reach(part, row, error)) return false;
    part->values[row].number = (double)value;
    return true;
  }
  lathe_text raw = lathe_json_raw(reader);
  return add_text(part, row, raw.data, raw.size, error);
}

static bool add_number(json_part *part, int64_t row, const lathe_json_reader *reader, lathe_error *error) {
  lathe_text raw = lathe_json_raw(reader);
  bool whole = true;
  for (size_t i = raw.data[0] == '-'; i < raw.size && whole; i++)
    whole = raw.data[i] >= '0' && raw.data[i] <= '9';
  bool wide = whole && raw.size > 2; /* "-0" is a double */
  part->classes |= wide ? JSON_WIDE : JSON_FLOAT;
  if (wide || part->raw) return add_text(part, row, raw.data, raw.size, error);
  double value = lathe_json_number(reader);
  if (part->kind == JSON_AS_NOTHING) part->kind = JSON_AS_FLOAT;
  if (part->kind == JSON_AS_INT && !to_float(part, error)) return false;
  if (part->kind == JSON_AS_FLOAT) {
    if (!reach(part, row, error)) return false;
    part->values[row].number = value;
    return true;
  }
  char out[32];
  return add_text(part, row, out, lathe_text_from_float64(value, out), error);
}

static bool add_bool(json_part *part, int64_t row, bool value, lathe_error *error) {
  if (part->kind == JSON_AS_NOTHING && !part->raw) part->kind = JSON_AS_BOOL;
  if (part->kind != JSON_AS_BOOL) return add_text(part, row, value ? "true" : "false", value ? 4 : 5, error);
  if (!reach(part, row, error)) return false;
  part->values[row].integer = value;
  return true;
}

bool lathe_json_part_scalar(json_part *part, int64_t row, const lathe_json_reader *reader,
                            lathe_json_event event, lathe_error *error) {
  switch (event) {
  case LATHE_JSON_STRING:
    return lathe_json_part_text(part, row, JSON_TEXT, lathe_json_text(reader), error);
  case LATHE_JSON_INTEGER:
    part->classes |= JSON_INT;
    return add_integer(part, row, reader, error);
  case LATHE_JSON_NUMBER:
    return add_number(part, row, reader, error);
  case LATHE_JSON_BOOL:
    part->classes |= JSON_BOOL;
    return add_bool(part, row, lathe_json_bool(reader), error);
  default: /* null */
    return true;
  }
}

json_kind lathe_json_decide(unsigned classes) {
  switch (classes) {
  case 0:
    return JSON_AS_NOTHING;
  case JSON_BOOL:
    return JSON_AS_BOOL;
  case JSON_INT:
    return JSON_AS_INT;
  default:
    return classes & JSON_FLOAT && !(classes & ~(unsigned)(JSON_FLOAT | JSON_INT | JSON_WIDE)) ? JSON_AS_FLOAT
                                                                                               : JSON_AS_TEXT;
  }
}
