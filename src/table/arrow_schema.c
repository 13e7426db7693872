/* arrow_schema.c - what a foreign schema says, and where the elements of its columns lie. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arrow_own.h"

bool lathe_arrow_fail(const char *name, lathe_error *error, const char *format, ...) {
  char words[512];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(words, sizeof words, format, arguments);
  va_end(arguments);
  return lathe_error_set(error, LATHE_ERROR_DATA, "Arrow data, column \"%.200s\": %s", name, words);
}

/* ---- formats ---- */

static bool unit_of(char letter, int64_t *unit) {
  switch (letter) {
  case 's':
    *unit = 1;
    return true;
  case 'm':
    *unit = 1000;
    return true;
  case 'u':
    *unit = 1000000;
    return true;
  case 'n':
    *unit = 1000000000;
    return true;
  default:
    return false;
  }
}

static bool temporal_of(arrow_field *field, const char *format) {
  char kind = format[1], unit = kind ? format[2] : 0;
  const char *rest = unit ? format + 3 : "";
  if (kind == 'd' && (unit == 'D' || unit == 'm') && !*rest) {
    field->layout = unit == 'D' ? ARROW_DATE32 : ARROW_DATE64;
    return true;
  }
  if (!unit_of(unit, &field->unit)) return false;
  if (kind == 's') {
    field->layout = ARROW_TIMESTAMP;
    return *rest == ':';
  }
  if (kind == 't') field->layout = field->unit <= 1000 ? ARROW_TIME32 : ARROW_TIME64;
  if (kind == 'D') field->layout = ARROW_DURATION;
  return (kind == 't' || kind == 'D') && !*rest;
}

static bool decimal_of(arrow_field *field, const char *format) {
  int digits = 0, scale = 0, bits = 128, used = 0;
  int found = sscanf(format, "d:%d,%d%n,%d%n", &digits, &scale, &used, &bits, &used);
  if (found < 2 || format[used] || digits < 1 || digits > 76 || scale < -76 || scale > 76) return false;
  field->layout = ARROW_DECIMAL;
  field->scale = scale;
  field->width = bits / 8;
  return bits == 32 || bits == 64 || bits == 128 || bits == 256;
}

static bool layout_of(arrow_field *field, const char *format) {
  static const struct {
    char format[3];
    arrow_layout layout;
  } plain[] = {{"n", ARROW_NULL},    {"b", ARROW_BOOL},    {"c", ARROW_INT8},       {"C", ARROW_UINT8},
               {"s", ARROW_INT16},   {"S", ARROW_UINT16},  {"i", ARROW_INT32},      {"I", ARROW_UINT32},
               {"l", ARROW_INT64},   {"L", ARROW_UINT64},  {"e", ARROW_FLOAT16},    {"f", ARROW_FLOAT32},
               {"g", ARROW_FLOAT64}, {"u", ARROW_TEXT32},  {"U", ARROW_TEXT64},     {"vu", ARROW_TEXT_VIEW},
               {"z", ARROW_BYTES32}, {"Z", ARROW_BYTES64}, {"vz", ARROW_BYTES_VIEW}};
  for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
    if (strcmp(format, plain[i].format) == 0) {
      field->layout = plain[i].layout;
      return true;
    }
  if (format[0] == 't') return temporal_of(field, format);
  if (format[0] == 'd') return decimal_of(field, format);
  int used = 0;
  if (sscanf(format, "w:%d%n", &field->width, &used) == 1 && !format[used] && field->width >= 0) {
    field->layout = ARROW_BYTES_FIXED;
    return true;
  }
  return false;
}

static const char *refused(const char *format) {
  if (strncmp(format, "+m", 2) == 0) return "maps";
  if (strncmp(format, "+u", 2) == 0) return "a union of types";
  if (strncmp(format, "+r", 2) == 0) return "run-end encoded values";
  if (format[0] == '+') return "lists";
  if (strncmp(format, "ti", 2) == 0) return "intervals";
  return NULL;
}

/* ---- fields ---- */

static void free_field(arrow_field *field) {
  free(field->name);
  if (field->dictionary) free_field(field->dictionary);
  free(field->dictionary);
}

void lathe_arrow_fields_free(arrow_fields *fields) {
  for (int32_t i = 0; i < fields->count; i++) free_field(&fields->list[i]);
  free(fields->list);
  *fields = (arrow_fields){0};
}

static bool check_schema(const struct ArrowSchema *schema, const char *name, lathe_error *error) {
  if (!schema || !schema->release || !schema->format)
    return lathe_arrow_fail(name, error, "its schema is empty or was released");
  if (schema->n_children < 0 || schema->n_children > INT32_MAX ||
      (schema->n_children > 0 && !schema->children))
    return lathe_arrow_fail(name, error, "its schema has no sound list of children");
  return true;
}

static bool read_leaf(arrow_field *field, const struct ArrowSchema *schema, lathe_error *error) {
  const char *word = refused(schema->format);
  if (word)
    return lathe_arrow_fail(
        field->name, error,
        "it holds %s (\"%.40s\"), which no column of a table does; unnest or cast it first", word,
        schema->format);
  if (!layout_of(field, schema->format))
    return lathe_arrow_fail(field->name, error, "its format \"%.40s\" is not known here; cast it first",
                            schema->format);
  if (!schema->dictionary) return true;
  if (field->layout < ARROW_INT8 || field->layout > ARROW_UINT64)
    return lathe_arrow_fail(field->name, error, "the indices of its dictionary are no integers");
  if (!check_schema(schema->dictionary, field->name, error)) return false;
  if (schema->dictionary->dictionary)
    return lathe_arrow_fail(field->name, error, "its dictionary has a dictionary; decode it first");
  field->dictionary = lathe_memory_new(1, sizeof *field->dictionary, error);
  if (!field->dictionary) return false;
  field->dictionary->name = lathe_memory_text(field->name, strlen(field->name), error);
  return field->dictionary->name && read_leaf(field->dictionary, schema->dictionary, error);
}

static bool add_field(arrow_fields *fields, const arrow_field *place, const char *prefix,
                      const struct ArrowSchema *schema, lathe_error *error) {
  if (fields->count == fields->capacity) {
    int32_t room = fields->capacity ? fields->capacity * 2 : 16;
    if (!lathe_memory_resize((void **)&fields->list, (size_t)room, sizeof *fields->list, error)) return false;
    fields->capacity = room;
  }
  arrow_field *field = &fields->list[fields->count];
  *field = *place;
  const char *own = schema->name ? schema->name : "";
  lathe_buffer name = {0};
  bool fine =
      (!*prefix || (lathe_buffer_text(&name, prefix, error) && lathe_buffer_text(&name, ".", error))) &&
      lathe_buffer_text(&name, own, error);
  field->name = name.data;
  if (!fine) {
    lathe_buffer_free(&name);
    return false;
  }
  fields->count++;
  return true;
}

/* The columns of the struct `schema`; `place` says where it stands. */
static bool read_struct(arrow_fields *fields, const arrow_field *place, const char *prefix,
                        const struct ArrowSchema *schema, lathe_error *error) {
  arrow_field inner = *place;
  if (inner.depth == ARROW_DEPTH)
    return lathe_arrow_fail(prefix, error, "structs lie more than %d deep in each other", ARROW_DEPTH);
  inner.depth++;
  for (int64_t i = 0; i < schema->n_children; i++) {
    const struct ArrowSchema *child = schema->children[i];
    inner.path[inner.depth - 1] = (int32_t)i;
    if (!check_schema(child, child && child->name ? child->name : prefix, error) ||
        !add_field(fields, &inner, prefix, child, error))
      return false;
    if (strcmp(child->format, "+s") != 0 || child->dictionary) {
      if (!read_leaf(&fields->list[fields->count - 1], child, error)) return false;
      continue;
    }
    char *name = fields->list[--fields->count].name; /* no column of its own */
    bool fine = read_struct(fields, &inner, name, child, error);
    free(name);
    if (!fine) return false;
  }
  return true;
}

bool lathe_arrow_fields_read(arrow_fields *fields, const struct ArrowSchema *schema, lathe_error *error) {
  *fields = (arrow_fields){0};
  arrow_field root = {0};
  if (!schema || !schema->release || !schema->format)
    return lathe_error_set(error, LATHE_ERROR_DATA, "the Arrow schema is empty or was released");
  if (strcmp(schema->format, "+s") != 0)
    return lathe_error_set(
        error, LATHE_ERROR_DATA,
        "the Arrow data is one array of format \"%.40s\"; a table is a struct array (\"+s\")",
        schema->format);
  bool fine = check_schema(schema, "", error) && read_struct(fields, &root, "", schema, error);
  if (fine && fields->count == 0)
    fine = lathe_error_set(error, LATHE_ERROR_DATA, "the Arrow data has no columns");
  if (!fine) lathe_arrow_fields_free(fields);
  return fine;
}

/* ---- pieces ---- */

static int64_t buffers_of(const arrow_field *field) {
  switch (field->layout) {
  case ARROW_NULL:
    return 0;
  case ARROW_TEXT32:
  case ARROW_TEXT64:
  case ARROW_BYTES32:
  case ARROW_BYTES64:
    return 3;
  default:
    return 2;
  }
}

static bool check_array(const char *name, const struct ArrowArray *array, int64_t end, lathe_error *error) {
  if (!array || !array->release) return lathe_arrow_fail(name, error, "its array is empty or was released");
  if (array->length < 0 || array->offset < 0 || array->length > INT64_MAX - array->offset ||
      array->null_count < -1 || array->null_count > array->length)
    return lathe_arrow_fail(name, error, "its counts (length %lld, offset %lld, nulls %lld) cannot be",
                            (long long)array->length, (long long)array->offset, (long long)array->null_count);
  if (end > array->length)
    return lathe_arrow_fail(name, error, "it has %lld elements, %lld are wanted", (long long)array->length,
                            (long long)end);
  if (array->n_buffers < 0 || (array->n_buffers > 0 && !array->buffers))
    return lathe_arrow_fail(name, error, "it has no sound list of buffers");
  if (array->n_buffers > 0 && !array->buffers[0] && array->null_count > 0)
    return lathe_arrow_fail(name, error, "%lld elements are missing, but no bitmap says which",
                            (long long)array->null_count);
  return true;
}

static bool check_leaf(const arrow_field *field, const struct ArrowArray *array, lathe_error *error) {
  bool view = field->layout == ARROW_TEXT_VIEW || field->layout == ARROW_BYTES_VIEW;
  int64_t want = buffers_of(field);
  if (array->n_buffers != want && !(view && array->n_buffers > want) &&
      !(field->layout == ARROW_NULL && array->n_buffers <= 1))
    return lathe_arrow_fail(field->name, error, "it has %lld buffers, its format %lld",
                            (long long)array->n_buffers, (long long)want);
  if (want > 1 && array->length > 0 && !array->buffers[1])
    return lathe_arrow_fail(field->name, error, "its values are not there");
  if ((field->dictionary != NULL) != (array->dictionary != NULL))
    return lathe_arrow_fail(field->name, error, "schema and array do not agree whether it has a dictionary");
  return true;
}

bool lathe_arrow_piece_find(const arrow_field *field, const struct ArrowArray *root, arrow_piece *piece,
                            lathe_error *error) {
  piece->above = 0;
  const struct ArrowArray *array = root;
  if (!check_array(field->name, array, 0, error)) return false;
  int64_t first = root->offset, rows = root->length;
  for (int32_t i = 0; i < field->depth; i++) {
    if (array->n_buffers > 0 && array->buffers[0] && array->null_count != 0) {
      piece->masks[piece->above].bits = array->buffers[0];
      piece->masks[piece->above++].first = first;
    }
    if (field->path[i] >= array->n_children || !array->children)
      return lathe_arrow_fail(field->name, error, "the array has %lld children, the schema more",
                              (long long)array->n_children);
    array = array->children[field->path[i]];
    if (first > INT64_MAX - rows || !check_array(field->name, array, first + rows, error)) return false;
    first += array->offset;
  }
  piece->array = array;
  piece->first = first;
  piece->rows = rows;
  if (!check_leaf(field, array, error)) return false;
  return !field->dictionary || (check_array(field->name, array->dictionary, 0, error) &&
                                check_leaf(field->dictionary, array->dictionary, error));
}
