/* part.c - the values of one column in one chunk, and what a value that does not fit in does to them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../table/own.h"
#include "part.h"

void lathe_part_free(value_part *part) {
  free(part->validity);
  free(part->values);
  lathe_buffer_free(&part->bytes);
  *part = (value_part){0};
}

/* Integers below this are held by a FLOAT part without loss, and read the same as text. */
static const int64_t small = INT64_C(1000000000000000);

static bool grow(value_part *part, int64_t rows, lathe_error *error) {
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
static inline bool reach(value_part *part, int64_t row, lathe_error *error) {
  if (row >= part->capacity && !grow(part, row + 1, error)) return false;
  part_value gap = {.integer = part->kind == PART_AS_TEXT ? (int64_t)part->bytes.size : 0};
  for (int64_t i = part->filled; i < row; i++) part->values[i] = gap;
  part->filled = row + 1;
  lathe_bit_set(part->validity, row);
  return true;
}

/* A value as text: digits, shortest digits, true or false. */
static size_t value_text(part_kind kind, part_value value, char *out) {
  if (kind == PART_AS_INT) return (size_t)sprintf(out, "%lld", (long long)value.integer);
  if (kind == PART_AS_FLOAT) return lathe_text_from_float64(value.number, out);
  return (size_t)sprintf(out, value.integer ? "true" : "false");
}

/* The values so far become texts. */
static bool to_text(value_part *part, lathe_error *error) {
  part_kind before = (part_kind)part->kind;
  part->kind = PART_AS_TEXT;
  if (before == PART_AS_TEXT) return true;
  for (int64_t i = 0; i < part->filled; i++) {
    char out[32];
    if (lathe_bit(part->validity, i) &&
        !lathe_buffer_append(&part->bytes, out, value_text(before, part->values[i], out), error))
      return false;
    part->values[i].end = (int64_t)part->bytes.size;
  }
  return true;
}

static inline bool is_small(int64_t value) {
  return value > -small && value < small;
}

/* The integers so far become doubles, or, when that would lose digits, texts. */
static bool to_float(value_part *part, lathe_error *error) {
  bool fits = true;
  for (int64_t i = 0; i < part->filled; i++) fits &= is_small(part->values[i].integer);
  if (!fits) return to_text(part, error);
  for (int64_t i = 0; i < part->filled; i++) part->values[i].number = (double)part->values[i].integer;
  part->kind = PART_AS_FLOAT;
  return true;
}

static bool add_text(value_part *part, int64_t row, const char *text, size_t size, lathe_error *error) {
  if ((part->kind != PART_AS_TEXT && !to_text(part, error)) || !reach(part, row, error)) return false;
  if (part->bytes.capacity - part->bytes.size <= size && !lathe_buffer_reserve(&part->bytes, size, error))
    return false;
  memcpy(part->bytes.data + part->bytes.size, text, size);
  part->bytes.size += size;
  part->values[row].end = (int64_t)part->bytes.size;
  return true;
}

bool lathe_part_text(value_part *part, int64_t row, uint8_t class, lathe_text text, lathe_error *error) {
  part->classes |= class;
  return add_text(part, row, text.data ? text.data : "", text.size, error);
}

bool lathe_part_integer(value_part *part, int64_t row, int64_t value, lathe_error *error) {
  part->classes |= PART_INT;
  if (part->kind == PART_AS_NOTHING && !part->raw) part->kind = PART_AS_INT;
  if (part->kind == PART_AS_INT) {
    if (!reach(part, row, error)) return false;
    part->values[row].integer = value;
    return true;
  }
  if (part->kind == PART_AS_FLOAT && is_small(value)) {
    if (!reach(part, row, error)) return false;
    part->values[row].number = (double)value;
    return true;
  }
  char out[32];
  return add_text(part, row, out, value_text(PART_AS_INT, (part_value){.integer = value}, out), error);
}

bool lathe_part_number(value_part *part, int64_t row, double value, lathe_text raw, lathe_error *error) {
  part->classes |= PART_FLOAT;
  if (part->raw && raw.data) return add_text(part, row, raw.data, raw.size, error);
  if (part->kind == PART_AS_NOTHING) part->kind = PART_AS_FLOAT;
  if (part->kind == PART_AS_INT && !to_float(part, error)) return false;
  if (part->kind == PART_AS_FLOAT) {
    if (!reach(part, row, error)) return false;
    part->values[row].number = value;
    return true;
  }
  char out[32];
  return add_text(part, row, out, lathe_text_from_float64(value, out), error);
}

bool lathe_part_bool(value_part *part, int64_t row, bool value, lathe_error *error) {
  part->classes |= PART_BOOL;
  if (part->kind == PART_AS_NOTHING && !part->raw) part->kind = PART_AS_BOOL;
  if (part->kind != PART_AS_BOOL) return add_text(part, row, value ? "true" : "false", value ? 4 : 5, error);
  if (!reach(part, row, error)) return false;
  part->values[row].integer = value;
  return true;
}

part_kind lathe_part_decide(unsigned classes) {
  switch (classes) {
  case 0:
    return PART_AS_NOTHING;
  case PART_BOOL:
    return PART_AS_BOOL;
  case PART_INT:
    return PART_AS_INT;
  default:
    return classes & PART_FLOAT && !(classes & ~(unsigned)(PART_FLOAT | PART_INT | PART_WIDE)) ? PART_AS_FLOAT
                                                                                               : PART_AS_TEXT;
  }
}

/* ---- parts become a column ---- */

/* Append the texts of a part to `bytes`, and where they end to `ends` (of the part's rows). */
static bool append_texts(value_part *part, int64_t rows, lathe_buffer *bytes, int64_t *ends,
                         lathe_error *error) {
  int64_t base = (int64_t)bytes->size;
  if (part && part->kind == PART_AS_TEXT) {
    if (!lathe_buffer_append(bytes, part->bytes.data, part->bytes.size, error)) return false;
    for (int64_t i = 0; i < part->filled; i++) ends[i] = base + part->values[i].end;
  } else {
    for (int64_t i = 0; part && i < part->filled; i++) {
      char out[32];
      part_value value = part->values[i];
      size_t size = lathe_bit(part->validity, i) ? value_text((part_kind)part->kind, value, out) : 0;
      if (!lathe_buffer_append(bytes, out, size, error)) return false;
      ends[i] = (int64_t)bytes->size;
    }
  }
  for (int64_t i = part ? part->filled : 0; i < rows; i++) ends[i] = (int64_t)bytes->size;
  return true;
}

/* Numbers of a part as doubles. */
static void put_floats(const value_part *part, double *values) {
  for (int64_t i = 0; i < part->filled; i++) {
    if (part->kind == PART_AS_TEXT) {
      int64_t begin = i ? part->values[i - 1].end : 0;
      if (lathe_bit(part->validity, i))
        lathe_text_to_float64(part->bytes.data + begin, (size_t)(part->values[i].end - begin), &values[i]);
    } else {
      values[i] = part->kind == PART_AS_INT ? (double)part->values[i].integer : part->values[i].number;
    }
  }
}

static void put_values(const value_part *part, part_kind kind, void *values, int64_t row) {
  if (kind == PART_AS_FLOAT)
    put_floats(part, (double *)values + row);
  else if (kind == PART_AS_INT)
    for (int64_t i = 0; i < part->filled; i++) ((int64_t *)values)[row + i] = part->values[i].integer;
  else
    for (int64_t i = 0; i < part->filled; i++)
      if (part->values[i].integer) lathe_bit_set(values, row + i);
}

static void put_validity(const value_part *part, uint8_t *validity, int64_t row) {
  if (row % 8 == 0) {
    memcpy(validity + row / 8, part->validity, lathe_bit_bytes(part->filled));
    return;
  }
  for (int64_t i = 0; i < part->filled; i++)
    if (lathe_bit(part->validity, i)) lathe_bit_set(validity, row + i);
}

static bool assemble(value_part *const *parts, const int64_t *rows, int64_t count, part_kind kind,
                     uint8_t *validity, void *values, lathe_buffer *bytes, lathe_progress *progress,
                     lathe_error *error) {
  int64_t row = 0;
  for (int64_t i = 0; i < count; row += rows[i++]) {
    value_part *part = parts[i];
    if (kind == PART_AS_TEXT && !append_texts(part, rows[i], bytes, (int64_t *)values + 1 + row, error))
      return false;
    if (part) {
      if (kind != PART_AS_TEXT) put_values(part, kind, values, row);
      put_validity(part, validity, row);
      lathe_part_free(part);
    }
    if (!lathe_progress_check(progress, error)) return false;
  }
  return true;
}

lathe_column *lathe_part_column(value_part *const *parts, const int64_t *rows, int64_t count, part_kind kind,
                                lathe_progress *progress, lathe_error *error) {
  static const lathe_type types[] = {[PART_AS_BOOL] = LATHE_TYPE_BOOL,
                                     [PART_AS_INT] = LATHE_TYPE_INT64,
                                     [PART_AS_FLOAT] = LATHE_TYPE_FLOAT64,
                                     [PART_AS_TEXT] = LATHE_TYPE_STRING};
  int64_t total = 0;
  for (int64_t i = 0; i < count; i++) total += rows[i];
  lathe_buffer bytes = {0};
  uint8_t *validity = lathe_memory_new(lathe_bit_bytes(total), 1, error);
  void *values = lathe_memory_new(lathe_column_value_bytes(types[kind], total), 1, error);
  lathe_column *result = NULL;
  if (validity && values && assemble(parts, rows, count, kind, validity, values, &bytes, progress, error))
    result = lathe_column_new(types[kind], total, validity, values, bytes.data, NULL, error);
  if (result) return result;
  free(validity);
  free(values);
  lathe_buffer_free(&bytes);
  return NULL;
}

static bool is_mixed(unsigned classes) {
  return lathe_part_decide(classes) == PART_AS_TEXT && (classes & (classes - 1) || classes == PART_WIDE);
}

/* "integers, text" */
static void write_words(unsigned classes, char *out, size_t room) {
  static const char *const words[] = {
      "true and false", "integers", "integers beyond 64 bits", "numbers", "text", "arrays", "empty objects"};
  size_t size = 0;
  *out = '\0';
  for (int bit = 0; bit < 7; bit++)
    if (classes >> bit & 1 && size < room)
      size += (size_t)snprintf(out + size, room - size, "%s%s", size ? ", " : "", words[bit]);
}

void lathe_part_note(char *note, size_t room, const char *name, unsigned classes) {
  static const char others[] = "; and others";
  enum { NAME = 200 };
  char kinds[128], words[NAME + 200];
  if (!note || !is_mixed(classes)) return;
  size_t at = strlen(note), end = sizeof others - 1, size = strlen(name);
  if (at >= end && memcmp(note + at - end, others, end) == 0) return;
  write_words(classes, kinds, sizeof kinds);
  if (size > NAME) size = lathe_text_valid(name, NAME); /* marks without width could make 60 columns long */
  int added = snprintf(words, sizeof words, "%scolumn \"%.*s\" is text: it holds %s", at ? "; " : "",
                       (int)lathe_text_fit(name, size, 60), name, kinds);
  if (at + (size_t)added + sizeof others <= room)
    memcpy(note + at, words, (size_t)added + 1);
  else if (at + sizeof others <= room)
    memcpy(note + at, others, sizeof others);
}
