/* number.c - numbers to and from text, exactly and without a locale.
 *
 * Reading: up to 19 digits are gathered in an integer; when they fit in 53 bits and the power of ten is
 * within 10^22, one multiplication or division is exact (Clinger 1990); within 10^27 one of 128-bit integers is;
 * everything else goes to strtod in the C locale. Writing: the fewest of 15, 16, 17 digits that read back. */
#include "text.h"

#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const double powers_of_ten[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                       1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

static locale_t c_locale;

static void open_c_locale(void) {
  c_locale = newlocale(LC_ALL_MASK, "C", NULL);
}

static bool is_digit(char character) {
  return character >= '0' && character <= '9';
}

static bool same_word(const char *text, size_t size, const char *word) {
  if (strlen(word) != size) return false;
  for (size_t i = 0; i < size; i++)
    if ((text[i] | 0x20) != word[i]) return false;
  return true;
}

static bool special_value(const char *text, size_t size, double *value) {
  bool negative = size && text[0] == '-';
  if (size && (text[0] == '-' || text[0] == '+')) text++, size--;
  if (same_word(text, size, "nan"))
    *value = NAN;
  else if (same_word(text, size, "inf") || same_word(text, size, "infinity"))
    *value = negative ? -INFINITY : INFINITY;
  else
    return false;
  return true;
}

static bool slow_float64(const char *text, size_t size, double *value) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, open_c_locale);
  char near[64];
  char *copy = size < sizeof near ? near : malloc(size + 1);
  if (!copy) return false;
  memcpy(copy, text, size);
  copy[size] = '\0';
  char *end;
  *value = c_locale ? strtod_l(copy, &end, c_locale) : strtod(copy, &end);
  bool whole = end == copy + size;
  if (copy != near) free(copy);
  return whole;
}

/* A number in C syntax, taken apart. */
typedef struct decimal {
  bool negative, exact; /* exact: `digits` holds them all */
  uint64_t digits;
  int64_t exponent;
} decimal;

static const char *read_digits(const char *at, const char *end, decimal *number, int *count, bool fraction) {
  for (; at < end && is_digit(*at); at++) {
    if (number->digits < UINT64_C(1000000000000000000)) {
      number->digits = number->digits * 10 + (uint64_t)(*at - '0');
      number->exponent -= fraction;
    } else {
      number->exact = number->exact && *at == '0';
      number->exponent += !fraction;
    }
    (*count)++;
  }
  return at;
}

static bool take_apart(const char *text, size_t size, decimal *number) {
  const char *at = text, *end = text + size;
  *number = (decimal){.exact = true};
  if (at < end && (*at == '-' || *at == '+')) number->negative = *at++ == '-';
  int count = 0;
  at = read_digits(at, end, number, &count, false);
  if (at < end && *at == '.') at = read_digits(at + 1, end, number, &count, true);
  if (!count) return false;
  if (at < end && (*at | 0x20) == 'e') {
    at++;
    bool negative = at < end && *at == '-';
    if (at < end && (*at == '-' || *at == '+')) at++;
    if (at == end || !is_digit(*at)) return false;
    int64_t exponent = 0;
    for (; at < end && is_digit(*at); at++)
      if (exponent < 100000) exponent = exponent * 10 + (*at - '0');
    number->exponent += negative ? -exponent : exponent;
  }
  return at == end;
}

__extension__ typedef unsigned __int128 uint128;

/* number * 2^exponent, rounded once; `more`: a little more than that. */
static double round_wide(uint128 number, bool more, int exponent) {
  uint64_t high = (uint64_t)(number >> 64);
  int bits = high ? 128 - __builtin_clzll(high) : 64 - __builtin_clzll((uint64_t)number);
  int shift = bits - 53;
  if (shift <= 0) return ldexp((double)(uint64_t)number, exponent);
  uint64_t digits = (uint64_t)(number >> shift);
  uint128 rest = number & (((uint128)1 << shift) - 1), half = (uint128)1 << (shift - 1);
  if (rest > half || (rest == half && (more || (digits & 1)))) digits++;
  return ldexp((double)digits, exponent + shift);
}

/* digits * 10^exponent, the exponent within 27: 5^27 has 63 bits, so the product or quotient of integers is exact, the
 * quotient with its remainder. */
static double wide_float64(uint64_t digits, int exponent) {
  uint64_t fives = 1;
  for (int i = exponent < 0 ? -exponent : exponent; i > 0; i--) fives *= 5;
  if (exponent >= 0) return round_wide((uint128)digits * fives, false, exponent);
  int shift = __builtin_clzll(digits);
  uint128 number = (uint128)(digits << shift) << 64, quotient = number / fives;
  return round_wide(quotient, quotient * fives != number, exponent - 64 - shift);
}

bool lathe_text_to_float64(const char *text, size_t size, double *value) {
  decimal number;
  if (!take_apart(text, size, &number)) return special_value(text, size, value);
  bool small = number.exact && number.digits <= (UINT64_C(1) << 53);
  if (small && number.exponent >= -22 && number.exponent <= 22) {
    double magnitude = (double)number.digits;
    if (number.exponent < 0)
      magnitude /= powers_of_ten[-number.exponent];
    else
      magnitude *= powers_of_ten[number.exponent];
    *value = number.negative ? -magnitude : magnitude;
    return true;
  }
  if (number.exact && number.digits && number.exponent >= -27 && number.exponent <= 27) {
    double magnitude = wide_float64(number.digits, (int)number.exponent);
    *value = number.negative ? -magnitude : magnitude;
    return true;
  }
  return slow_float64(text, size, value);
}

bool lathe_text_to_int64(const char *text, size_t size, int64_t *value) {
  const char *at = text, *end = text + size;
  bool negative = at < end && *at == '-';
  if (at < end && (*at == '-' || *at == '+')) at++;
  if (at == end) return false;
  uint64_t magnitude = 0, limit = negative ? UINT64_C(1) << 63 : INT64_MAX;
  for (; at < end; at++) {
    if (!is_digit(*at)) return false;
    uint64_t digit = (uint64_t)(*at - '0');
    if (magnitude > (limit - digit) / 10) return false;
    magnitude = magnitude * 10 + digit;
  }
  *value = negative ? (int64_t)(0 - magnitude) : (int64_t)magnitude;
  return true;
}

bool lathe_text_to_size(const char *text, size_t size, int64_t *bytes) {
  static const char units[] = "kmgt";
  while (size > 0 && text[size - 1] == ' ') size--;
  while (size > 0 && *text == ' ') text++, size--;
  size_t digits = 0;
  while (digits < size && (is_digit(text[digits]) || text[digits] == '.')) digits++;
  double value;
  if (!lathe_text_to_float64(text, digits, &value)) return false;
  const char *at = text + digits, *end = text + size;
  while (at < end && *at == ' ') at++;
  const char *unit = at < end ? strchr(units, *at | 0x20) : NULL;
  bool binary = unit && end - at > 1 && (at[1] | 0x20) == 'i';
  for (int64_t i = 0; unit && i <= unit - units; i++) value *= binary ? 1024 : 1000;
  at += unit ? 1 + binary : 0;
  if (at < end && (*at | 0x20) == 'b') at++;
  if (at != end || !(value >= 1 && value < 0x1p62)) return false;
  *bytes = (int64_t)value;
  return true;
}

static size_t write_integer(int64_t value, char *out) {
  char digits[24];
  size_t size = 0, at = 0;
  uint64_t magnitude = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
  do {
    digits[size++] = (char)('0' + magnitude % 10);
    magnitude /= 10;
  } while (magnitude);
  if (value < 0) out[at++] = '-';
  while (size) out[at++] = digits[--size];
  out[at] = '\0';
  return at;
}

/* At most 15 digits and 9 decimals: the integer that, divided by a power of ten, gives `value`. The division is exact but for one rounding,
 * as it is when the digits are read, so they read back; and fewer decimals did not do. 0 when there are none. */
static size_t write_decimal(double value, char *out) {
  double size = fabs(value);
  if (!(size >= 1e-4 && size < 1e15)) return 0;
  for (int decimals = 1; decimals <= 9; decimals++) {
    double scaled = size * powers_of_ten[decimals];
    if (scaled >= 1e15) return 0;
    int64_t digits = (int64_t)(scaled + 0.5), unit = (int64_t)powers_of_ten[decimals];
    if ((double)digits / powers_of_ten[decimals] != size) continue;
    size_t at = 0;
    if (value < 0) out[at++] = '-';
    at += write_integer(digits / unit, out + at);
    out[at++] = '.';
    for (int64_t rest = digits % unit; unit > 1; rest %= unit) {
      unit /= 10;
      out[at++] = (char)('0' + rest / unit);
    }
    out[at] = '\0';
    return at;
  }
  return 0;
}

size_t lathe_text_from_float64(double value, char *out) {
  if (isnan(value)) return (size_t)sprintf(out, "nan");
  if (isinf(value)) return (size_t)sprintf(out, value < 0 ? "-inf" : "inf");
  if (value == 0 && signbit(value)) return (size_t)sprintf(out, "-0");
  if (fabs(value) < 1e15 && value == (double)(int64_t)value) return write_integer((int64_t)value, out);
  size_t size = write_decimal(value, out);
  if (size) return size;
  for (int digits = 15; digits <= 17; digits++) {
    double back;
    size = (size_t)snprintf(out, 32, "%.*g", digits, value);
    char *comma = memchr(out, ',', size); /* a locale with a decimal comma */
    if (comma) *comma = '.';
    if (digits == 17 || (lathe_text_to_float64(out, size, &back) && back == value)) break;
  }
  return size;
}
