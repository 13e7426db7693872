/* csv_cell.c - single cells: what they can be, whether they are missing, their values. */
#include "csv_own.h"

static const char *const usual_markers[] = {"#N/A", "#N/A N/A", "#NA",     "-1.#IND", "-1.#QNAN", "-NaN",
                                            "-nan", "1.#IND",   "1.#QNAN", "<NA>",    "N/A",      "NA",
                                            "NULL", "NaN",      "n/a",     "nan",     "null",     NULL};

const char *const *lathe_csv_markers(void) {
  return usual_markers;
}

size_t lathe_csv_unquote(const csv_cell *cell, char quote, char *out) {
  const char *at = cell->data, *end = at + cell->size;
  char *start = out;
  while (at < end) {
    const char *stop = memchr(at, quote, (size_t)(end - at));
    size_t size = (size_t)((stop ? stop + 1 : end) - at);
    memcpy(out, at, size);
    out += size;
    at += size + (stop != NULL);
  }
  return (size_t)(out - start);
}

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
    if ((loose || i % 7 < 3) && same_word(text, size, words[i])) {
      *value = i < 7;
      return true;
    }
  return false;
}

bool lathe_csv_time(const char *text, size_t size, int64_t *value) {
  int32_t days;
  if (size != 10) return lathe_text_to_timestamp(text, size, value);
  if (!lathe_text_to_date(text, size, &days)) return false;
  *value = (int64_t)days * INT64_C(86400000000);
  return true;
}

/* Digits only, too many for 64 bits. */
static bool wide_integer(const char *text, size_t size) {
  size_t at = size && (*text == '-' || *text == '+');
  if (size - at < 19) return false;
  for (size_t i = at; i < size; i++)
    if (!is_digit(text[i])) return false;
  return true;
}

uint8_t lathe_csv_classify(const char *text, size_t size) {
  int64_t whole;
  int32_t days;
  double number;
  bool truth;
  if (leading_zero(text, size) && !(size >= 10 && text[4] == '-')) return CSV_TEXT;
  if (lathe_csv_int(text, size, false, &whole)) return CSV_INT;
  if (wide_integer(text, size)) return CSV_WIDE;
  if (lathe_csv_float(text, size, false, &number)) return CSV_FLOAT;
  if (lathe_csv_bool(text, size, false, &truth)) return CSV_BOOL;
  if (lathe_text_to_date(text, size, &days)) return CSV_DATE;
  if (lathe_text_to_timestamp(text, size, &whole)) return CSV_TIME;
  return CSV_TEXT;
}

csv_kind lathe_csv_decide(uint8_t classes) {
  switch (classes & ~CSV_BLANK) {
  case 0:
    return classes & CSV_BLANK ? CSV_AS_TEXT : CSV_AS_NOTHING;
  case CSV_BOOL:
    return CSV_AS_BOOL;
  case CSV_INT:
    return CSV_AS_INT;
  case CSV_FLOAT:
  case CSV_FLOAT | CSV_INT:
  case CSV_FLOAT | CSV_WIDE:
  case CSV_FLOAT | CSV_INT | CSV_WIDE:
    return CSV_AS_FLOAT;
  case CSV_DATE:
    return CSV_AS_DATE;
  case CSV_TIME:
  case CSV_TIME | CSV_DATE:
    return CSV_AS_TIME;
  default:
    return CSV_AS_TEXT;
  }
}

static bool is_marker(const csv_file *file, const char *text, size_t size) {
  if (size == 0) return true;
  if (size > file->marker_longest || !file->marker_first[(uint8_t)*text]) return false;
  for (int32_t i = 0; i < file->marker_count; i++)
    if (same_word(text, size, file->markers[i])) return true;
  return false;
}

csv_absence lathe_csv_absence(const csv_file *file, const csv_cell *cell) {
  const char *text = cell->data;
  size_t size = cell->size;
  if (is_marker(file, text, size)) return cell->quoted ? CSV_MISSING_UNLESS_TEXT : CSV_MISSING;
  if (size > file->marker_longest + 16 || (*text > ' ' && text[size - 1] > ' ')) return CSV_THERE;
  while (size && (*text == ' ' || *text == '\t')) text++, size--;
  while (size && (text[size - 1] == ' ' || text[size - 1] == '\t')) size--;
  return is_marker(file, text, size) ? CSV_MISSING_UNLESS_TEXT : CSV_THERE;
}
