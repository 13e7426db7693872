/* npy_header.c - the header of an NPY file: a dictionary in Python's words, of which only what NumPy writes is known. */
#include <stdio.h>

#include "npy_own.h"

enum { COLUMNS_MAX = 1000000, EMPTY_MAX = 1 << 24 };

typedef struct words {
  const npy_array *array;
  const char *at, *end;
  lathe_error *error;
} words;

static bool broken(const words *header, const char *what) {
  return lathe_error_set(header->error, LATHE_ERROR_DATA,
                         "%s: the header of the array is damaged: %s; write it again", header->array->name,
                         what);
}

static void skip_blanks(words *header) {
  while (header->at < header->end && (*header->at == ' ' || *header->at == '\n' || *header->at == '\t'))
    header->at++;
}

/* Whether `c` comes next; it is taken. */
static bool take(words *header, char c) {
  skip_blanks(header);
  if (header->at == header->end || *header->at != c) return false;
  header->at++;
  return true;
}

static bool take_word(words *header, const char *word) {
  skip_blanks(header);
  size_t size = strlen(word);
  if ((size_t)(header->end - header->at) < size || memcmp(header->at, word, size) != 0) return false;
  header->at += size;
  return true;
}

static bool take_integer(words *header, int64_t *value) {
  skip_blanks(header);
  const char *begin = header->at;
  while (header->at < header->end && *header->at >= '0' && *header->at <= '9') header->at++;
  bool fine = lathe_text_to_int64(begin, (size_t)(header->at - begin), value);
  if (header->at < header->end && *header->at == 'L') header->at++; /* Python 2 */
  return fine;
}

static bool add_character(lathe_buffer *out, uint32_t c, lathe_error *error) {
  char bytes[4];
  return lathe_buffer_append(out, bytes, lathe_text_encode(c, bytes), error);
}

/* "\x41", "\u0041", "\U00000041": the digits behind the letter. */
static bool take_code(words *header, int digits, lathe_buffer *out) {
  uint32_t code = 0;
  for (int i = 0; i < digits; i++) {
    if (header->at == header->end) return broken(header, "a text has no end");
    char c = *header->at++;
    uint32_t digit = c >= '0' && c <= '9' ? (uint32_t)(c - '0') : (uint32_t)((c | 0x20) - 'a' + 10);
    if (digit > 15) return broken(header, "a text has an escape that is none");
    code = code * 16 + digit;
  }
  if (code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) return broken(header, "a text is no Unicode");
  return add_character(out, code, header->error);
}

static bool take_escape(words *header, lathe_buffer *out) {
  static const char from[] = "ntrabfv0", to[] = "\n\t\r\a\b\f\v";
  if (header->at == header->end) return broken(header, "a text has no end");
  char c = *header->at++;
  if (c == 'x') return take_code(header, 2, out);
  if (c == 'u') return take_code(header, 4, out);
  if (c == 'U') return take_code(header, 8, out);
  const char *known = strchr(from, c);
  if (known && c) c = to[known - from];
  return lathe_buffer_append(out, &c, 1, header->error);
}

/* A text in quotes, as NUL-terminated UTF-8; NULL with an error. `latin1`: its bytes are Latin-1 (versions 1 and 2). */
static char *take_text(words *header, bool latin1) {
  lathe_buffer out = {0};
  skip_blanks(header);
  if (header->at < header->end && *header->at == 'u') header->at++;
  char quote = header->at < header->end ? *header->at : '\0';
  bool fine = quote == '\'' || quote == '"' || broken(header, "a text is missing");
  fine = fine && lathe_buffer_reserve(&out, 1, header->error);
  if (fine) out.data[0] = '\0', header->at++;
  while (fine) {
    if (header->at == header->end) {
      fine = broken(header, "a text has no end");
      break;
    }
    char c = *header->at++;
    if (c == quote) break;
    if (c == '\\')
      fine = take_escape(header, &out);
    else if (latin1)
      fine = add_character(&out, (uint8_t)c, header->error);
    else
      fine = lathe_buffer_append(&out, &c, 1, header->error);
  }
  if (fine && (memchr(out.data, 0, out.size) || lathe_text_valid(out.data, out.size) != out.size))
    fine = broken(header, "a text is no UTF-8");
  if (fine) return out.data;
  lathe_buffer_free(&out);
  return NULL;
}

static bool unit_of(const char *text, npy_unit *unit) {
  static const char *const units[] = {"[Y]", "[M]", "[W]",  "[D]",  "[h]",
                                      "[m]", "[s]", "[ms]", "[us]", "[ns]"};
  for (int i = 0; i < 10; i++)
    if (strcmp(text, units[i]) == 0) {
      *unit = (npy_unit)i;
      return true;
    }
  return false;
}

static bool refuse_type(const words *header, const char *text) {
  return lathe_error_set(
      header->error, LATHE_ERROR_DATA,
      "%s: an array of type %.60s is no column; convert it with astype to numbers, texts or datetime64 first",
      header->array->name, text);
}

/* "<f8", "|S10", ">M8[ns]". */
static bool read_type(const words *header, const char *text, npy_field *field) {
  const char *at = text;
  char order = *at && strchr("<>|=", *at) ? *at++ : '=';
  field->kind = *at ? *at++ : '\0';
  const char *digits = at;
  while (*at >= '0' && *at <= '9') at++;
  if (field->kind == '?')
    field->kind = 'b', field->size = 1;
  else if (!lathe_text_to_int64(digits, (size_t)(at - digits), &field->size))
    return refuse_type(header, text);
  field->swapped = order == '>';
  int64_t size = field->size;
  bool fine = false;
  switch (field->kind) {
  case 'b':
    fine = size == 1;
    break;
  case 'i':
  case 'u':
    fine = size == 1 || size == 2 || size == 4 || size == 8;
    break;
  case 'f':
    fine = size == 2 || size == 4 || size == 8;
    break;
  case 'U':
    fine = size < INT64_MAX / 4;
    field->size *= 4;
    break;
  case 'S':
  case 'a':
  case 'V':
    fine = true;
    if (field->kind == 'a') field->kind = 'S';
    break;
  case 'M':
    return size == 8 && unit_of(at, &field->unit) ? true : refuse_type(header, text);
  default:
    break;
  }
  return (fine && *at == '\0') || refuse_type(header, text);
}

static npy_field *add_field(npy_array *array, lathe_error *error) {
  int32_t count = array->field_count;
  if ((count & (count - 1)) == 0 &&
      !lathe_memory_resize((void **)&array->fields, count ? (size_t)count * 2 : 1, sizeof *array->fields,
                           error))
    return NULL;
  array->fields[count] = (npy_field){.offset = array->item};
  array->field_count++;
  return &array->fields[count];
}

/* A type on its own. */
static bool take_type(words *header, npy_array *array, npy_field *field) {
  char *text = take_text(header, true);
  bool fine = text && read_type(header, text, field);
  free(text);
  if (!fine) return false;
  if (__builtin_add_overflow(array->item, field->size, &array->item))
    return broken(header, "a record is too large");
  return true;
}

/* ('NAME', 'TYPE'), or (('TITLE', 'NAME'), 'TYPE'). */
static bool take_field(words *header, npy_array *array, bool latin1) {
  npy_field *field = add_field(array, header->error);
  if (!field) return false;
  if (!take(header, '(')) return broken(header, "a field is missing");
  if (take(header, '(')) {
    char *title = take_text(header, latin1);
    free(title);
    if (!title) return false;
    if (!take(header, ',') || !(field->name = take_text(header, latin1)) || !take(header, ')'))
      return broken(header, "the name of a field is missing");
  } else if (!(field->name = take_text(header, latin1))) {
    return false;
  }
  if (!take(header, ',')) return broken(header, "the type of a field is missing");
  if (take(header, '['))
    return lathe_error_set(header->error, LATHE_ERROR_DATA,
                           "%s: the field \"%.60s\" has fields itself, which no column has; flatten it first",
                           array->name, field->name);
  if (!take_type(header, array, field)) return false;
  if (field->kind == 'V' && *field->name) return refuse_type(header, "V");
  if (take(header, ','))
    return lathe_error_set(header->error, LATHE_ERROR_DATA,
                           "%s: the field \"%.60s\" is an array itself, which no column is; split it first",
                           array->name, field->name);
  return take(header, ')') || broken(header, "a field has no end");
}

static bool take_fields(words *header, npy_array *array, bool latin1) {
  array->structured = true;
  while (!take(header, ']')) {
    if (!take_field(header, array, latin1)) return false;
    if (!take(header, ',')) {
      if (!take(header, ']')) return broken(header, "the list of fields has no end");
      break;
    }
  }
  return array->field_count > 0 || broken(header, "there are no fields");
}

static bool take_shape(words *header, npy_array *array) {
  int64_t shape[2] = {0, 1};
  if (!take(header, '(')) return broken(header, "the shape is missing");
  while (!take(header, ')')) {
    int64_t size;
    if (!take_integer(header, &size)) return broken(header, "the shape is no list of sizes");
    if (array->rank < 2) shape[array->rank] = size;
    array->rank++;
    if (!take(header, ',')) {
      if (!take(header, ')')) return broken(header, "the shape has no end");
      break;
    }
  }
  array->rows = shape[0];
  array->columns = shape[1];
  return true;
}

static bool take_members(words *header, npy_array *array, bool latin1) {
  int found = 0;
  if (!take(header, '{')) return broken(header, "it is no dictionary");
  while (!take(header, '}')) {
    char *key = take_text(header, true);
    bool descr = key && strcmp(key, "descr") == 0, order = key && strcmp(key, "fortran_order") == 0,
         shape = key && strcmp(key, "shape") == 0;
    free(key);
    if (!key) return false;
    int bit = descr ? 1 : order ? 2 : 4;
    if (!take(header, ':') || (!descr && !order && !shape) || found & bit)
      return broken(header, "a key is not known");
    found |= bit;
    if (order) {
      array->fortran = take_word(header, "True");
      if (!array->fortran && !take_word(header, "False")) return broken(header, "fortran_order is missing");
    } else if (shape) {
      if (!take_shape(header, array)) return false;
    } else if (take(header, '[')) {
      if (!take_fields(header, array, latin1)) return false;
    } else {
      npy_field *field = add_field(array, header->error);
      if (!field || !take_type(header, array, field)) return false;
    }
    if (!take(header, ',')) {
      if (!take(header, '}')) return broken(header, "it has no end");
      break;
    }
  }
  return found == 7 || broken(header, "descr, fortran_order or shape is missing");
}

/* Whether the elements are all there, and a table can hold them. */
static bool check_size(npy_array *array, const char *data, size_t size, lathe_error *error) {
  const char *name = array->name;
  if (array->rank == 0)
    return lathe_error_set(error, LATHE_ERROR_DATA, "%s: the array is a single value, not rows; reshape it",
                           name);
  if (array->rank > 2 || (array->rank == 2 && array->structured))
    return lathe_error_set(error, LATHE_ERROR_DATA,
                           "%s: the array has %d axes%s; a table has rows and columns: reshape it", name,
                           array->rank, array->structured ? " and fields" : "");
  if (array->columns > COLUMNS_MAX || array->columns == 0)
    return lathe_error_set(error, LATHE_ERROR_DATA,
                           "%s: the array has %lld columns, which no table has; reshape it", name,
                           (long long)array->columns);
  if (!array->structured && array->fields[0].kind == 'V')
    return lathe_error_set(error, LATHE_ERROR_DATA,
                           "%s: the array holds bytes without a type; view it as one first", name);
  int64_t count, bytes;
  if (__builtin_mul_overflow(array->rows, array->columns, &count) ||
      __builtin_mul_overflow(count, array->item, &bytes) || (uint64_t)bytes > size ||
      array->rows > INT64_MAX / 64)
    return lathe_error_set(
        error, LATHE_ERROR_DATA,
        "%s: the array is cut off: %lld x %lld elements of %lld bytes are said to be there, but "
        "only %zu bytes are; copy it again",
        name, (long long)array->rows, (long long)array->columns, (long long)array->item, size);
  if ((uint64_t)bytes < size)
    return lathe_error_set(
        error, LATHE_ERROR_DATA,
        "%s: %zu bytes follow the %lld x %lld elements of %lld bytes that are said to be there, and "
        "would be lost; give the array its own file, or each array a name in an NPZ",
        name, size - (size_t)bytes, (long long)array->rows, (long long)array->columns,
        (long long)array->item);
  int64_t empty = 0; /* columns whose elements take no bytes: nothing in the file bounds their number */
  for (int32_t i = 0; i < array->field_count; i++)
    if (array->fields[i].size == 0 && array->fields[i].kind != 'V') empty += array->columns;
  if (empty && array->rows > EMPTY_MAX / empty)
    return lathe_error_set(error, LATHE_ERROR_DATA,
                           "%s: more empty elements than a column holds; write fewer", name);
  array->data = data;
  return true;
}

bool lathe_npy_open(npy_array *array, const char *name, const char *data, size_t size, lathe_error *error) {
  *array = (npy_array){.name = name};
  if (size < 10 || memcmp(data, "\x93NUMPY", 6) != 0)
    return lathe_error_set(error, LATHE_ERROR_DATA, "%s is no NPY file; write one with numpy.save", name);
  uint8_t version = (uint8_t)data[6];
  size_t head = version == 1 ? 10 : 12, length = (uint8_t)data[8] | (size_t)(uint8_t)data[9] << 8;
  if (version < 1 || version > 3)
    return lathe_error_set(error, LATHE_ERROR_DATA,
                           "%s: version %d of NPY is not known; write it with version 1, 2 or 3", name,
                           version);
  if (version > 1 && size >= 12) length |= (size_t)(uint8_t)data[10] << 16 | (size_t)(uint8_t)data[11] << 24;
  if (size < head || length > size - head)
    return lathe_error_set(error, LATHE_ERROR_DATA, "%s: the file ends within its header; copy it again",
                           name);
  words header = {array, data + head, data + head + length, error};
  return take_members(&header, array, version < 3) &&
         check_size(array, data + head + length, size - head - length, error);
}

void lathe_npy_close(npy_array *array) {
  for (int32_t i = 0; i < array->field_count; i++) free(array->fields[i].name);
  free(array->fields);
}
