/* csv_number.c - cells as numbers and truth values: the careful way, for cells that the fast one of
 * csv_store.c leaves over. */
#include "csv_own.h"

static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/* A zero before another digit: "007", "-01", "00.5". */
static bool leading_zero(const char *text, size_t size) {
  size_t at = size && (*text == '-' || *text == '+');
  return size > at + 1 && text[at] == '0' && is_digit(text[at + 1]);
}

static bool same_word(const char *text, size_t size, const char *word) {
  return strlen(word) == size && memcmp(text, word, size) == 0;
}

/* A whole number written with a fraction of zeros, or in powers: "41.0", "1e3". */
static bool whole_number(const char *text, size_t size, int64_t *value) {
  double number;
  if (!lathe_text_to_float64(text, size, &number) || !(number >= -0x1p53 && number <= 0x1p53)) return false;
  *value = (int64_t)number;
  return (double)*value == number;
}

bool lathe_csv_int(const char *text, size_t size, bool loose, int64_t *value) {
  size_t at = size && (*text == '-' || *text == '+');
  if (size - at > 18 || size == at)
    return (loose || !leading_zero(text, size)) &&
           (lathe_text_to_int64(text, size, value) || (loose && whole_number(text, size, value)));
  if (text[at] == '0' && size - at > 1 && !loose) return false;
  int64_t magnitude = 0;
  for (size_t i = at; i < size; i++) {
    unsigned digit = (unsigned)text[i] - '0';
    if (digit > 9) return loose && whole_number(text, size, value);
    magnitude = magnitude * 10 + (int64_t)digit;
  }
  *value = *text == '-' ? -magnitude : magnitude;
  return true;
}

bool lathe_csv_float(const char *text, size_t size, bool loose, double *value) {
  static const double tens[] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
  if (!loose && leading_zero(text, size)) return false;
  size_t at = size && *text == '-', point = size;
  if (size - at > 16 || size == at) return lathe_text_to_float64(text, size, value);
  uint64_t digits = 0;
  for (size_t i = at; i < size; i++) {
    unsigned digit = (unsigned)text[i] - '0';
    if (digit <= 9)
      digits = digits * 10 + digit;
    else if (text[i] == '.' && point == size)
      point = i;
    else
      return lathe_text_to_float64(text, size, value);
  }
  size_t decimals = point == size ? 0 : size - point - 1;
  if (digits > UINT64_C(1) << 53 || size - at == (point != size) || decimals > 15)
    return lathe_text_to_float64(text, size, value);
  double magnitude = (double)digits / tens[decimals]; /* both exact: rounded once (Clinger 1990) */
  *value = at ? -magnitude : magnitude;
  return true;
}

bool lathe_csv_bool(const char *text, size_t size, bool loose, bool *value) {
  static const char *const words[] = {"true",  "True",  "TRUE",  "yes", "Yes", "YES", "1",
                                      "false", "False", "FALSE", "no",  "No",  "NO",  "0"};
  if (size == 0 || size > 5) return false;
  for (size_t i = 0; i < 14; i++)
    if ((loose || i % 7 < 3) && *words[i] == *text && same_word(text, size, words[i])) {
      *value = i < 7;
      return true;
    }
  return false;
}

bool lathe_csv_wide(const char *text, size_t size) {
  size_t at = size && (*text == '-' || *text == '+');
  if (size - at < 19 || leading_zero(text, size)) return false;
  for (size_t i = at; i < size; i++)
    if (!is_digit(text[i])) return false;
  return true;
}

/* A number's digits before the decimal mark, and their groups of three. The place behind them, or NULL. */
static const char *pass_groups(const char *at, const char *end, char thousands, char **out) {
  int64_t digits = 0;
  bool grouped = false;
  for (; at < end; at++) {
    if (is_digit(*at)) {
      *(*out)++ = *at;
      digits++;
    } else if (thousands && *at == thousands) {
      if (digits < 1 || digits > 3 || (grouped && digits != 3)) return NULL;
      grouped = true;
      digits = 0;
    } else {
      break;
    }
  }
  return grouped && digits != 3 ? NULL : at;
}

size_t lathe_csv_plain_number(const csv_file *file, const char *text, size_t size, char *out) {
  const char *at = text, *end = text + size;
  char *start = out;
  if (at < end && (*at == '-' || *at == '+')) *out++ = *at++;
  at = pass_groups(at, end, file->thousands, &out);
  if (!at) return 0;
  bool marked = at < end && *at == file->decimal;
  if (marked) {
    *out++ = '.';
    at++;
  }
  for (; at < end; at++) {
    if (*at == '.' || *at == file->decimal || (file->thousands && *at == file->thousands)) return 0;
    *out++ = *at;
  }
  return (size_t)(out - start);
}
