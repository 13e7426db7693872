/* arrow_decimal.c - columns of decimal numbers: integers of up to 38 digits with a point somewhere. */
#include <stdlib.h>
#include <string.h>

#include "arrow_own.h"

enum { DECIMAL_TEXT = 128 }; /* a sign, 39 digits, 76 zeros, a point */

static unsigned __int128 magnitude(__int128 value) {
  return value < 0 ? -(unsigned __int128)value : (unsigned __int128)value;
}

/* All digits of value / 10^scale: bytes written. */
static size_t decimal_text(__int128 value, int32_t scale, char *out) {
  char digits[DECIMAL_TEXT];
  int32_t count = 0;
  unsigned __int128 rest = magnitude(value);
  for (int32_t i = scale; i < 0 && rest; i++) digits[count++] = '0';
  do digits[count++] = (char)('0' + (int)(rest % 10));
  while (rest /= 10);
  while (count <= scale) digits[count++] = '0';
  size_t size = 0;
  if (value < 0) out[size++] = '-';
  while (count > 0) {
    if (count == scale) out[size++] = '.';
    out[size++] = digits[--count];
  }
  return size;
}

static double decimal_number(__int128 value, int32_t scale) {
  static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                  1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
  /* Both are exact here, so the quotient is rounded once (Clinger 1990). */
  if (scale >= 0 && scale <= 22 && magnitude(value) <= (unsigned __int128)1 << 53)
    return (double)value / powers[scale];
  char text[DECIMAL_TEXT];
  double number = 0;
  lathe_text_to_float64(text, decimal_text(value, scale, text), &number);
  return number;
}

/* Whether 15 significant digits hold it, so that a double gives all of them back. */
static bool short_decimal(__int128 value) {
  const unsigned __int128 limit = 1000000000000000u;
  unsigned __int128 rest = magnitude(value);
  while (rest >= limit && rest % 10 == 0) rest /= 10;
  return rest < limit;
}

static lathe_column *text_column(const __int128 *values, const uint8_t *validity, int64_t rows, int32_t scale,
                                 lathe_error *error) {
  lathe_buffer bytes = {0};
  lathe_text *texts = lathe_memory_new((size_t)rows, sizeof *texts, error);
  lathe_column *column = NULL;
  bool fine = texts != NULL;
  for (int64_t i = 0; i < rows && fine; i++) {
    if (!lathe_bit(validity, i)) continue;
    fine = lathe_buffer_reserve(&bytes, DECIMAL_TEXT, error);
    if (!fine) break;
    texts[i].size = decimal_text(values[i], scale, bytes.data + bytes.size);
    bytes.size += texts[i].size;
  }
  size_t at = 0;
  for (int64_t i = 0; i < rows && fine; i++) {
    if (!lathe_bit(validity, i)) continue;
    texts[i].data = bytes.data + at;
    at += texts[i].size;
  }
  if (fine) column = lathe_column_from_text(texts, rows, error);
  free(texts);
  lathe_buffer_free(&bytes);
  return column;
}

lathe_column *lathe_arrow_decimal_column(const __int128 *values, const uint8_t *validity, int64_t rows,
                                         int32_t scale, lathe_arrow_decimals decimals, lathe_error *error) {
  bool whole = scale == 0, few = true;
  for (int64_t i = 0; i < rows && (whole || few); i++) {
    if (!lathe_bit(validity, i)) continue;
    whole &= values[i] >= INT64_MIN && values[i] <= INT64_MAX;
    few = few && short_decimal(values[i]);
  }
  if (decimals == LATHE_ARROW_DECIMALS_FLOAT64) few = true;
  if (!whole && (!few || decimals == LATHE_ARROW_DECIMALS_TEXT))
    return text_column(values, validity, rows, scale, error);
  void *out = lathe_memory_raw((size_t)rows, sizeof(int64_t), error);
  uint8_t *bits = lathe_memory_raw(lathe_bit_bytes(rows), 1, error);
  lathe_column *column = NULL;
  if (out && bits) {
    memcpy(bits, validity, lathe_bit_bytes(rows));
    for (int64_t i = 0; i < rows; i++) {
      if (whole)
        ((int64_t *)out)[i] = (int64_t)values[i];
      else
        ((double *)out)[i] = decimal_number(values[i], scale);
    }
    column =
        lathe_column_new(whole ? LATHE_TYPE_INT64 : LATHE_TYPE_FLOAT64, rows, bits, out, NULL, NULL, error);
  }
  if (!column) {
    free(out);
    free(bits);
  }
  return column;
}
