/* arrow_growth.c - a column that grows out of pieces of foreign arrays, whatever their layout. */
#include <stdlib.h>
#include <string.h>

#include "arrow_own.h"

static arrow_kind kind_of(const arrow_field *field) {
  switch (field->layout) {
  case ARROW_BOOL:
    return ARROW_KIND_BITS;
  case ARROW_UINT64:
  case ARROW_DECIMAL:
    return ARROW_KIND_WIDE;
  case ARROW_NULL:
  case ARROW_FLOAT16:
  case ARROW_FLOAT32:
  case ARROW_FLOAT64:
  case ARROW_DURATION:
    return ARROW_KIND_FLOAT64;
  case ARROW_TEXT32:
  case ARROW_TEXT64:
  case ARROW_TEXT_VIEW:
  case ARROW_BYTES32:
  case ARROW_BYTES64:
  case ARROW_BYTES_VIEW:
  case ARROW_BYTES_FIXED:
  case ARROW_TIME32:
  case ARROW_TIME64:
    return ARROW_KIND_TEXT;
  case ARROW_DATE32:
  case ARROW_DATE64:
    return ARROW_KIND_DATE;
  case ARROW_TIMESTAMP:
    return ARROW_KIND_TIMESTAMP;
  default:
    return ARROW_KIND_INT64;
  }
}

void lathe_arrow_growth_start(arrow_growth *growth, const arrow_field *field) {
  *growth = (arrow_growth){.field = field};
  growth->kind = !field->dictionary                    ? kind_of(field)
                 : arrow_plain_text(field->dictionary) ? ARROW_KIND_WORDS
                                                       : kind_of(field->dictionary);
}

void lathe_arrow_growth_free(arrow_growth *growth) {
  free(growth->validity);
  free(growth->values);
  lathe_buffer_free(&growth->bytes);
  lathe_words_free(&growth->words);
  growth->validity = NULL;
  growth->values = NULL;
}

static size_t element_size(arrow_kind kind) {
  switch (kind) {
  case ARROW_KIND_WIDE:
    return sizeof(__int128);
  case ARROW_KIND_DATE:
  case ARROW_KIND_WORDS:
    return sizeof(int32_t);
  default:
    return sizeof(int64_t);
  }
}

static size_t values_size(arrow_kind kind, int64_t rows) {
  if (kind == ARROW_KIND_BITS) return lathe_bit_bytes(rows);
  return ((size_t)rows + (kind == ARROW_KIND_TEXT)) * element_size(kind);
}

static bool grow(arrow_growth *growth, int64_t more, lathe_error *error) {
  if (more > INT64_MAX / 64 - growth->rows)
    return lathe_arrow_fail(growth->field->name, error, "it has more elements than memory can hold");
  int64_t want = growth->rows + more, room = growth->room;
  if (growth->values && want <= room) return true;
  if (room) room = room < want / 2 ? want : room * 2;
  if (room < want) room = want;
  size_t had = growth->validity ? lathe_bit_bytes(growth->room) : 0;
  size_t held = growth->values ? values_size(growth->kind, growth->room) : 0;
  if (!lathe_memory_resize((void **)&growth->validity, lathe_bit_bytes(room), 1, error) ||
      !lathe_memory_resize(&growth->values, values_size(growth->kind, room), 1, error))
    return false;
  memset(growth->validity + had, 0, lathe_bit_bytes(room) - had);
  if (growth->kind == ARROW_KIND_BITS) memset((char *)growth->values + held, 0, lathe_bit_bytes(room) - held);
  if (growth->kind == ARROW_KIND_TEXT && !held) *(int64_t *)growth->values = 0;
  growth->room = room;
  return true;
}

/* Bits [first, first + count) of `from` behind the `at` bits of `to`, whose further bits are clear. */
static void copy_bits(uint8_t *to, int64_t at, const uint8_t *from, int64_t first, int64_t count) {
  if (at % 8 == 0 && first % 8 == 0) {
    memcpy(to + at / 8, from + first / 8, lathe_bit_bytes(count));
    if (count % 8) to[(at + count) / 8] &= (uint8_t)((1 << (count % 8)) - 1);
    return;
  }
  for (int64_t i = 0; i < count; i++)
    if (lathe_bit(from, first + i)) lathe_bit_set(to, at + i);
}

static void set_bits(uint8_t *to, int64_t at, int64_t count) {
  for (; count > 0 && at % 8; at++, count--) lathe_bit_set(to, at);
  memset(to + at / 8, 0xFF, (size_t)(count / 8));
  for (int64_t i = count & ~INT64_C(7); i < count; i++) lathe_bit_set(to, at + i);
}

static void add_validity(arrow_growth *growth, const arrow_piece *piece) {
  if (growth->field->layout == ARROW_NULL && !growth->field->dictionary) return;
  if (arrow_all_present(piece)) {
    set_bits(growth->validity, growth->rows, piece->rows);
  } else if (piece->above == 0) {
    copy_bits(growth->validity, growth->rows, piece->array->buffers[0], piece->first, piece->rows);
  } else {
    for (int64_t i = 0; i < piece->rows; i++)
      if (arrow_present(piece, i)) lathe_bit_set(growth->validity, growth->rows + i);
  }
}

/* ---- numbers ---- */

/* Foreign buffers need not be aligned. */
#define EACH(from_type, to_type, expression)                                                                 \
  do {                                                                                                       \
    const char *source = (const char *)piece->array->buffers[1] + (size_t)piece->first * sizeof(from_type);  \
    to_type *to = (to_type *)growth->values + growth->rows;                                                  \
    for (int64_t i = 0; i < piece->rows; i++) {                                                              \
      from_type value;                                                                                       \
      memcpy(&value, source + (size_t)i * sizeof value, sizeof value);                                       \
      to[i] = (to_type)(expression);                                                                         \
    }                                                                                                        \
  } while (0)

static double float16(uint16_t bits) {
  double sign = bits & 0x8000 ? -1 : 1;
  int exponent = bits >> 10 & 31, fraction = bits & 1023;
  if (exponent == 31) return fraction ? (double)__builtin_nanf("") : sign * __builtin_inf();
  if (exponent == 0) return sign * __builtin_ldexp(fraction, -24);
  return sign * __builtin_ldexp(1024 + fraction, exponent - 25);
}

static bool fill_times(arrow_growth *growth, const arrow_field *field, const arrow_piece *piece,
                       lathe_error *error) {
  int64_t unit = field->unit, *target = (int64_t *)growth->values + growth->rows;
  if (unit == 1000000000) {
    EACH(int64_t, int64_t, arrow_floor_divide(value, 1000));
    return true;
  }
  EACH(int64_t, int64_t, value);
  if (unit == 1000000) return true;
  for (int64_t i = 0; i < piece->rows; i++)
    if (__builtin_mul_overflow(target[i], 1000000 / unit, &target[i]) &&
        lathe_bit(growth->validity, growth->rows + i))
      return lathe_arrow_fail(growth->field->name, error,
                              "the time in row %lld lies beyond what 64 bits of microseconds hold",
                              (long long)(growth->rows + i + 1));
  return true;
}

static bool fill_days(arrow_growth *growth, const arrow_piece *piece, lathe_error *error) {
  const char *source = (const char *)piece->array->buffers[1] + (size_t)piece->first * sizeof(int64_t);
  int32_t *target = (int32_t *)growth->values + growth->rows;
  for (int64_t i = 0; i < piece->rows; i++) {
    int64_t value;
    memcpy(&value, source + (size_t)i * sizeof value, sizeof value);
    int64_t days = arrow_floor_divide(value, 86400000);
    if (days != (int32_t)days && lathe_bit(growth->validity, growth->rows + i))
      return lathe_arrow_fail(growth->field->name, error, "the date in row %lld lies beyond 32 bits of days",
                              (long long)(growth->rows + i + 1));
    target[i] = (int32_t)days;
  }
  return true;
}

static bool fill_decimals(arrow_growth *growth, const arrow_field *field, const arrow_piece *piece,
                          lathe_error *error) {
  int32_t width = field->width;
  if (width == 4)
    EACH(int32_t, __int128, value);
  else if (width == 8)
    EACH(int64_t, __int128, value);
  else if (width == 16)
    EACH(__int128, __int128, value);
  if (width != 32) return true;
  const char *source = (const char *)piece->array->buffers[1] + (size_t)piece->first * 32;
  __int128 *target = (__int128 *)growth->values + growth->rows;
  for (int64_t i = 0; i < piece->rows; i++) {
    __int128 halves[2];
    memcpy(halves, source + (size_t)i * 32, 32);
    target[i] = halves[0];
    if (halves[1] != (halves[0] < 0 ? -1 : 0) && lathe_bit(growth->validity, growth->rows + i))
      return lathe_arrow_fail(growth->field->name, error, "the decimal in row %lld has more than 38 digits",
                              (long long)(growth->rows + i + 1));
  }
  return true;
}

/* ---- dictionaries ---- */

static bool index_at(const arrow_field *field, const arrow_piece *piece, int64_t row, int64_t *index,
                     lathe_error *error) {
  static const uint8_t sizes[] = {1, 1, 2, 2, 4, 4, 8, 8};
  size_t size = sizes[field->layout - ARROW_INT8];
  uint64_t bits = 0;
  memcpy(&bits, (const char *)piece->array->buffers[1] + (size_t)(piece->first + row) * size, size);
  bool negative = (field->layout - ARROW_INT8) % 2 == 0 && bits >> (size * 8 - 1) & 1;
  if (negative || bits >= (uint64_t)piece->array->dictionary->length)
    return lathe_arrow_fail(field->name, error, "row %lld points outside its dictionary of %lld",
                            (long long)row + 1, (long long)piece->array->dictionary->length);
  *index = (int64_t)bits;
  return true;
}

static bool fill_words(arrow_growth *growth, const arrow_piece *piece, lathe_error *error) {
  const arrow_field *field = growth->field;
  const struct ArrowArray *words = piece->array->dictionary;
  arrow_piece whole = {.array = words, .first = words->offset, .rows = words->length};
  int32_t *codes = lathe_memory_raw((size_t)words->length, sizeof *codes, error);
  bool fine = codes != NULL;
  for (int64_t i = 0; i < words->length && fine; i++) {
    lathe_text text;
    codes[i] = -1;
    if (!arrow_present(&whole, i)) continue;
    fine = lathe_arrow_bytes_at(field->dictionary, words, whole.first + i, &text, error) &&
           (lathe_text_valid(text.data, text.size) == text.size ||
            lathe_arrow_fail(field->name, error, "word %lld of its dictionary is not UTF-8",
                             (long long)i + 1)) &&
           (codes[i] = lathe_words_add(&growth->words, text.data, text.size, error)) >= 0;
  }
  int32_t *target = (int32_t *)growth->values + growth->rows;
  for (int64_t i = 0; i < piece->rows && fine; i++) {
    int64_t index = 0, row = growth->rows + i;
    target[i] = 0;
    if (!lathe_bit(growth->validity, row)) continue;
    fine = index_at(field, piece, i, &index, error);
    if (!fine) break;
    if (codes[index] >= 0)
      target[i] = codes[index];
    else
      growth->validity[row >> 3] = (uint8_t)(growth->validity[row >> 3] & ~(1 << (row & 7)));
  }
  free(codes);
  return fine;
}

static bool fill(arrow_growth *growth, const arrow_field *field, const arrow_piece *piece,
                 lathe_error *error);

/* Values behind indices, one by one. */
static bool fill_decoded(arrow_growth *growth, const arrow_piece *piece, lathe_error *error) {
  const struct ArrowArray *words = piece->array->dictionary;
  int64_t rows = growth->rows;
  bool fine = true;
  for (int64_t i = 0; i < piece->rows && fine; i++, growth->rows++) {
    int64_t index = 0, row = growth->rows;
    arrow_piece one = {.array = words, .rows = 1};
    bool there = lathe_bit(growth->validity, row);
    if (there) {
      fine = index_at(growth->field, piece, i, &index, error);
      one.first = words->offset + index;
      there = fine && arrow_present(&one, 0) && growth->field->dictionary->layout != ARROW_NULL;
    }
    if (fine && there) {
      fine = fill(growth, growth->field->dictionary, &one, error);
      continue;
    }
    growth->validity[row >> 3] = (uint8_t)(growth->validity[row >> 3] & ~(1 << (row & 7)));
    if (growth->kind == ARROW_KIND_TEXT) ((int64_t *)growth->values)[row + 1] = (int64_t)growth->bytes.size;
  }
  growth->rows = rows;
  return fine;
}

/* ---- all of them ---- */

static bool fill(arrow_growth *growth, const arrow_field *field, const arrow_piece *piece,
                 lathe_error *error) {
  switch (field->layout) {
  case ARROW_NULL:
    memset((double *)growth->values + growth->rows, 0, (size_t)piece->rows * sizeof(double));
    return true;
  case ARROW_BOOL:
    copy_bits(growth->values, growth->rows, piece->array->buffers[1], piece->first, piece->rows);
    return true;
  case ARROW_INT8:
    EACH(int8_t, int64_t, value);
    return true;
  case ARROW_UINT8:
    EACH(uint8_t, int64_t, value);
    return true;
  case ARROW_INT16:
    EACH(int16_t, int64_t, value);
    return true;
  case ARROW_UINT16:
    EACH(uint16_t, int64_t, value);
    return true;
  case ARROW_INT32:
    EACH(int32_t, int64_t, value);
    return true;
  case ARROW_UINT32:
    EACH(uint32_t, int64_t, value);
    return true;
  case ARROW_INT64:
    EACH(int64_t, int64_t, value);
    return true;
  case ARROW_UINT64:
    EACH(uint64_t, __int128, value);
    return true;
  case ARROW_FLOAT16:
    EACH(uint16_t, double, float16(value));
    return true;
  case ARROW_FLOAT32:
    EACH(float, double, value);
    return true;
  case ARROW_FLOAT64:
    EACH(double, double, value);
    return true;
  case ARROW_DURATION:
    EACH(int64_t, double, (double)value / (double)field->unit);
    return true;
  case ARROW_DATE32:
    EACH(int32_t, int32_t, value);
    return true;
  case ARROW_DECIMAL:
    return fill_decimals(growth, field, piece, error);
  case ARROW_DATE64:
    return fill_days(growth, piece, error);
  case ARROW_TIMESTAMP:
    return fill_times(growth, field, piece, error);
  default:
    return lathe_arrow_fill_text(growth, field, piece, error);
  }
}

bool lathe_arrow_growth_add(arrow_growth *growth, const arrow_piece *piece, lathe_error *error) {
  if (!grow(growth, piece->rows, error)) return false;
  if (piece->rows == 0) return true;
  add_validity(growth, piece);
  bool fine = !growth->field->dictionary         ? fill(growth, growth->field, piece, error)
              : growth->kind == ARROW_KIND_WORDS ? fill_words(growth, piece, error)
                                                 : fill_decoded(growth, piece, error);
  if (fine) growth->rows += piece->rows;
  return fine;
}

static bool check_text(const arrow_growth *growth, lathe_error *error) {
  const int64_t *offsets = growth->values;
  size_t size = growth->bytes.size, bad = lathe_text_valid(growth->bytes.data, size);
  bool whole = bad == size;
  int64_t row = 0;
  for (; row < growth->rows && whole; row++)
    whole = (size_t)offsets[row] == size || ((uint8_t)growth->bytes.data[offsets[row]] & 0xC0) != 0x80;
  if (whole) return true;
  if (bad < size)
    for (row = 1; row < growth->rows && (size_t)offsets[row] <= bad;) row++;
  return lathe_arrow_fail(growth->field->name, error, "the text in row %lld is not UTF-8", (long long)row);
}

static lathe_column *finish_words(arrow_growth *growth, lathe_error *error) {
  lathe_column *dictionary = NULL, *column = NULL;
  int32_t *codes = growth->values, *rank = lathe_memory_raw((size_t)growth->words.count, sizeof *rank, error);
  if (rank) dictionary = lathe_words_sorted(&growth->words, rank, error);
  if (dictionary) {
    for (int64_t i = 0; i < growth->rows; i++)
      if (lathe_bit(growth->validity, i)) codes[i] = rank[codes[i]];
    column =
        lathe_column_new(LATHE_TYPE_CATEGORY, growth->rows, growth->validity, codes, NULL, dictionary, error);
  }
  lathe_column_release(dictionary);
  free(rank);
  return column;
}

lathe_column *lathe_arrow_growth_finish(arrow_growth *growth, lathe_arrow_decimals decimals,
                                        lathe_error *error) {
  static const lathe_type types[] = {
      [ARROW_KIND_BITS] = LATHE_TYPE_BOOL,       [ARROW_KIND_INT64] = LATHE_TYPE_INT64,
      [ARROW_KIND_FLOAT64] = LATHE_TYPE_FLOAT64, [ARROW_KIND_TEXT] = LATHE_TYPE_STRING,
      [ARROW_KIND_DATE] = LATHE_TYPE_DATE,       [ARROW_KIND_TIMESTAMP] = LATHE_TYPE_TIMESTAMP};
  const arrow_field *field = growth->field->dictionary ? growth->field->dictionary : growth->field;
  if (!grow(growth, 0, error)) return NULL;
  if (growth->kind == ARROW_KIND_WIDE) {
    lathe_column *column = lathe_arrow_decimal_column(growth->values, growth->validity, growth->rows,
                                                      field->scale, decimals, error);
    if (column) lathe_arrow_growth_free(growth);
    return column;
  }
  if (growth->rows < growth->room) {
    if (!lathe_memory_resize((void **)&growth->validity, lathe_bit_bytes(growth->rows), 1, error) ||
        !lathe_memory_resize(&growth->values, values_size(growth->kind, growth->rows), 1, error))
      return NULL;
    growth->room = growth->rows;
  }
  if (!lathe_buffer_reserve(&growth->bytes, 0, error)) return NULL;
  if (growth->kind == ARROW_KIND_TEXT && !check_text(growth, error)) return NULL;
  char *bytes = growth->kind == ARROW_KIND_TEXT ? growth->bytes.data : NULL;
  lathe_column *column = growth->kind == ARROW_KIND_WORDS
                             ? finish_words(growth, error)
                             : lathe_column_new(types[growth->kind], growth->rows, growth->validity,
                                                growth->values, bytes, NULL, error);
  if (!column) return NULL;
  growth->validity = NULL;
  growth->values = NULL;
  if (bytes) growth->bytes = (lathe_buffer){0};
  lathe_arrow_growth_free(growth);
  return column;
}
