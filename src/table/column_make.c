/* column_make.c - columns from buffers, from plain arrays and from other columns. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../base/memory.h"
#include "own.h"
#include "text_codes.h"

enum { WORDS_MOST = 1 << 30 };

static int64_t bits_set(const uint8_t *bits, int64_t count) {
  int64_t set = 0, bytes = count / 8;
  for (int64_t i = 0; i < bytes; i++) set += __builtin_popcount(bits[i]);
  for (int64_t i = bytes * 8; i < count; i++) set += lathe_bit(bits, i);
  return set;
}

static bool padding_clear(const uint8_t *bits, int64_t count) {
  return count % 8 == 0 || bits[count / 8] >> (count % 8) == 0;
}

static void clear_padding(uint8_t *bits, int64_t count) {
  if (count % 8) bits[count / 8] = (uint8_t)(bits[count / 8] & ((1 << (count % 8)) - 1));
}

/* A missing element's value bytes are zero, so that equal columns have equal bytes. */
static void clear_missing(lathe_type type, int64_t rows, const uint8_t *validity, void *values) {
  if (type == LATHE_TYPE_STRING) return;
  if (type == LATHE_TYPE_BOOL) {
    uint8_t *bits = values;
    for (size_t i = 0; i < lathe_bit_bytes(rows); i++) bits[i] &= validity[i];
    return;
  }
  size_t size = lathe_column_value_bytes(type, 1);
  for (int64_t i = 0; i < rows; i++)
    if (!lathe_bit(validity, i)) memset((char *)values + (size_t)i * size, 0, size);
}

static lathe_column *column_alloc(lathe_type type, int64_t rows, lathe_error *error) {
  lathe_column *column = lathe_memory_new(1, sizeof *column, error);
  if (!column) return NULL;
  atomic_init(&column->holders, 1);
  column->type = type;
  column->rows = rows;
  return column;
}

lathe_column *lathe_column_new(lathe_type type, int64_t rows, uint8_t *validity, void *values, char *bytes,
                               lathe_column *dictionary, lathe_error *error) {
  if ((type == LATHE_TYPE_CATEGORY) != (dictionary != NULL) ||
      (dictionary && dictionary->type != LATHE_TYPE_STRING)) {
    lathe_error_set(error, LATHE_ERROR_ARGUMENT,
                    "a category column needs a dictionary of strings, and no other column has one");
    return NULL;
  }
  lathe_column *column = column_alloc(type, rows, error);
  if (!column) return NULL;
  if (validity) {
    clear_padding(validity, rows);
    column->missing = rows - bits_set(validity, rows);
    if (column->missing) {
      clear_missing(type, rows, validity, values);
    } else {
      free(validity);
      validity = NULL;
    }
  }
  if (type == LATHE_TYPE_BOOL) clear_padding(values, rows);
  column->validity = validity;
  column->values = values;
  column->bytes = bytes;
  column->dictionary = dictionary ? lathe_column_retain(dictionary) : NULL;
  return column;
}

lathe_column *lathe_column_adopt(lathe_type type, int64_t rows, int64_t missing, uint8_t *validity,
                                 void *values, char *bytes, lathe_column *dictionary, lathe_error *error) {
  lathe_column *column = column_alloc(type, rows, error);
  if (!column) return NULL;
  column->missing = missing;
  column->validity = validity;
  column->values = values;
  column->bytes = bytes;
  column->dictionary = dictionary ? lathe_column_retain(dictionary) : NULL;
  return column;
}

static bool check_offsets(const int64_t *offsets, int64_t rows, const char *bytes, int64_t byte_count,
                          lathe_error *error) {
  bool rising = offsets[0] == 0 && offsets[rows] == byte_count;
  for (int64_t i = 0; i < rows; i++) rising &= offsets[i] <= offsets[i + 1];
  if (!rising) return lathe_error_set(error, LATHE_ERROR_DATA, "its text offsets are damaged");
  bool whole = lathe_text_valid(bytes, (size_t)byte_count) == (size_t)byte_count;
  for (int64_t i = 0; i < rows && whole; i++)
    whole = offsets[i] == byte_count || ((uint8_t)bytes[offsets[i]] & 0xC0) != 0x80;
  return whole || lathe_error_set(error, LATHE_ERROR_DATA, "its text is not UTF-8");
}

static bool check_codes(const int32_t *codes, int64_t rows, const uint8_t *validity, int64_t words,
                        lathe_error *error) {
  bool inside = true;
  for (int64_t i = 0; i < rows; i++)
    inside &= (codes[i] >= 0 && codes[i] < words) || (codes[i] == 0 && validity && !lathe_bit(validity, i));
  return inside || lathe_error_set(error, LATHE_ERROR_DATA, "a category code lies outside its dictionary");
}

lathe_column *lathe_column_borrow(lathe_type type, int64_t rows, const uint8_t *validity, const void *values,
                                  const char *bytes, int64_t byte_count, lathe_column *dictionary,
                                  void *keeper, void (*keeper_release)(void *), lathe_error *error) {
  if ((validity && !padding_clear(validity, rows)) ||
      (type == LATHE_TYPE_BOOL && !padding_clear(values, rows))) {
    lathe_error_set(error, LATHE_ERROR_DATA, "bits are set behind its last row");
    return NULL;
  }
  if (type == LATHE_TYPE_STRING && !check_offsets(values, rows, bytes, byte_count, error)) return NULL;
  if (type == LATHE_TYPE_CATEGORY && !check_codes(values, rows, validity, dictionary->rows, error))
    return NULL;
  lathe_column *column = column_alloc(type, rows, error);
  if (!column) return NULL;
  column->missing = validity ? rows - bits_set(validity, rows) : 0;
  column->validity = column->missing ? validity : NULL;
  column->values = values;
  column->bytes = bytes;
  column->dictionary = dictionary ? lathe_column_retain(dictionary) : NULL;
  column->keeper = keeper;
  column->keeper_release = keeper_release;
  return column;
}

/* Hand buffers to a new column; free them when that fails. */
static lathe_column *finish(lathe_type type, int64_t rows, uint8_t *validity, void *values, char *bytes,
                            lathe_column *dictionary, lathe_error *error) {
  lathe_column *column = lathe_column_new(type, rows, validity, values, bytes, dictionary, error);
  if (column) return column;
  free(validity);
  free(values);
  free(bytes);
  return NULL;
}

lathe_column *lathe_column_from_float64(const double *values, int64_t rows, lathe_error *error) {
  double *copy = lathe_memory_raw((size_t)rows, sizeof *copy, error);
  uint8_t *validity = lathe_memory_new(lathe_bit_bytes(rows), 1, error);
  if (!copy || !validity) {
    free(copy);
    free(validity);
    return NULL;
  }
  for (int64_t i = 0; i < rows; i++) {
    copy[i] = values[i];
    if (!isnan(values[i])) lathe_bit_set(validity, i);
  }
  return finish(LATHE_TYPE_FLOAT64, rows, validity, copy, NULL, NULL, error);
}

lathe_column *lathe_column_from_int64(const int64_t *values, int64_t rows, lathe_error *error) {
  int64_t *copy = lathe_memory_raw((size_t)rows, sizeof *copy, error);
  if (!copy) return NULL;
  if (rows) memcpy(copy, values, (size_t)rows * sizeof *copy);
  return finish(LATHE_TYPE_INT64, rows, NULL, copy, NULL, NULL, error);
}

lathe_column *lathe_column_from_bool(const bool *values, int64_t rows, lathe_error *error) {
  uint8_t *bits = lathe_memory_new(lathe_bit_bytes(rows), 1, error);
  if (!bits) return NULL;
  for (int64_t i = 0; i < rows; i++)
    if (values[i]) lathe_bit_set(bits, i);
  return finish(LATHE_TYPE_BOOL, rows, NULL, bits, NULL, NULL, error);
}

lathe_column *lathe_column_from_text(const lathe_text *texts, int64_t rows, lathe_error *error) {
  size_t size = 0;
  for (int64_t i = 0; i < rows; i++) {
    if (!texts[i].data) continue;
    if (lathe_text_valid(texts[i].data, texts[i].size) != texts[i].size) {
      lathe_error_set(error, LATHE_ERROR_DATA, "text %lld is not UTF-8; convert it first", (long long)i + 1);
      return NULL;
    }
    size += texts[i].size;
  }
  int64_t *offsets = lathe_memory_new((size_t)rows + 1, sizeof *offsets, error);
  uint8_t *validity = lathe_memory_new(lathe_bit_bytes(rows), 1, error);
  char *bytes = lathe_memory_raw(size, 1, error);
  if (!offsets || !validity || !bytes) {
    free(offsets);
    free(validity);
    free(bytes);
    return NULL;
  }
  for (int64_t i = 0; i < rows; i++) {
    offsets[i + 1] = offsets[i];
    if (!texts[i].data) continue;
    memcpy(bytes + offsets[i], texts[i].data, texts[i].size);
    offsets[i + 1] += (int64_t)texts[i].size;
    lathe_bit_set(validity, i);
  }
  return finish(LATHE_TYPE_STRING, rows, validity, offsets, bytes, NULL, error);
}

static uint8_t *copy_validity(const lathe_column *column, lathe_error *error) {
  size_t bytes = lathe_bit_bytes(column->rows);
  uint8_t *validity = lathe_memory_raw(bytes, 1, error);
  if (validity) memcpy(validity, column->validity, bytes);
  return validity;
}

lathe_column *lathe_column_to_category(const lathe_column *column, lathe_error *error) {
  if (column->type != LATHE_TYPE_STRING) {
    lathe_error_set(error, LATHE_ERROR_ARGUMENT,
                    "only a string column becomes a category, not a %s one; read it with type string first",
                    lathe_type_name(column->type));
    return NULL;
  }
  lathe_text_codes *words = lathe_text_codes_new(WORDS_MOST, error);
  int32_t *codes = words ? lathe_text_codes_make(words, column, true, NULL, error) : NULL;
  lathe_column *result = NULL;
  if (codes && lathe_text_codes_count(words) <= WORDS_MOST) {
    result = lathe_text_codes_category(words, column, codes, error);
  } else if (codes) {
    lathe_memory_give(codes);
    lathe_error_set(error, LATHE_ERROR_DATA,
                    "more distinct texts than a category holds (1,073,741,824); leave it a string");
  }
  lathe_text_codes_free(words);
  return result;
}

lathe_column *lathe_column_to_string(const lathe_column *column, lathe_error *error) {
  if (column->type != LATHE_TYPE_CATEGORY) {
    lathe_error_set(error, LATHE_ERROR_ARGUMENT,
                    "only a category column becomes a string, not a %s one; read it with type string instead",
                    lathe_type_name(column->type));
    return NULL;
  }
  lathe_text *texts = lathe_memory_raw((size_t)column->rows, sizeof *texts, error);
  if (!texts) return NULL;
  for (int64_t i = 0; i < column->rows; i++) texts[i] = lathe_column_text(column, i);
  lathe_column *result = lathe_column_from_text(texts, column->rows, error);
  free(texts);
  return result;
}

/* The least and the most integer in [low, high]; false when there is none. */
static bool whole_limits(double low, double high, int64_t *least, int64_t *most) {
  low = ceil(low), high = floor(high);
  if (low > high || low >= 0x1p63 || high < -0x1p63) return false;
  *least = low < -0x1p63 ? INT64_MIN : (int64_t)low;
  *most = high >= 0x1p63 ? INT64_MAX : (int64_t)high;
  return true;
}

lathe_column *lathe_column_clip(const lathe_column *column, double low, double high, lathe_error *error) {
  bool whole = column->type == LATHE_TYPE_INT64;
  if (!whole && column->type != LATHE_TYPE_FLOAT64) {
    lathe_error_set(error, LATHE_ERROR_ARGUMENT,
                    "only numbers can be limited to a range, not a %s column; name one of int64 or float64",
                    lathe_type_name(column->type));
    return NULL;
  }
  if (!(low <= high)) {
    lathe_error_set(error, LATHE_ERROR_ARGUMENT,
                    "the range from %g to %g is empty; give the lower limit first", low, high);
    return NULL;
  }
  int64_t least = 0, most = 0;
  if (whole && !whole_limits(low, high, &least, &most)) {
    lathe_error_set(error, LATHE_ERROR_ARGUMENT,
                    "no int64 lies between %g and %g; give limits with a whole number between them", low,
                    high);
    return NULL;
  }
  void *values = lathe_memory_raw((size_t)column->rows, sizeof(double), error);
  uint8_t *validity = values && column->validity ? copy_validity(column, error) : NULL;
  if (!values || (column->validity && !validity)) {
    free(values);
    return NULL;
  }
  for (int64_t i = 0; i < column->rows; i++) {
    if (whole) {
      int64_t value = ((const int64_t *)column->values)[i];
      ((int64_t *)values)[i] = value < least ? least : value > most ? most : value;
    } else {
      double value = ((const double *)column->values)[i];
      ((double *)values)[i] = value < low ? low : value > high ? high : value;
    }
  }
  return finish(column->type, column->rows, validity, values, NULL, NULL, error);
}
