/* Any bytes as a number: every way that the program reads one gives the same bits as strtod and strtoll do, or refuses; and what is written reads
 * back. The first eight bytes are a double as well. */
#include "base/json.h"
#include "base/pool.h"
#include "base/text.h"
#include "format/csv_own.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LONGEST = 300 };

static bool same_bits(double first, double second) {
  return (isnan(first) && isnan(second)) || memcmp(&first, &second, sizeof first) == 0;
}

static void want(bool holds, const char *what, const char *text) {
  if (holds) return;
  fprintf(stderr, "%s: \"%s\"\n", what, text);
  abort();
}

/* Whether C has more to say than lathe: blanks in front, hexadecimal, nan(...). */
static bool only_c(const char *text, size_t size) {
  if (strlen(text) != size || memchr("\t\n\v\f\r ", *text, 6)) return true;
  return strpbrk(text, "xX(") != NULL;
}

static void check_float(const char *text, size_t size) {
  double value = 0, judge = 0;
  char *end = NULL, out[32];
  bool read = lathe_text_to_float64(text, size, &value);
  judge = strtod(text, &end);
  bool whole = size && end == text + size && !only_c(text, size);
  want(read == whole, read ? "strtod does not read it" : "strtod reads it", text);
  if (!read) return;
  want(same_bits(value, judge), "other bits than strtod's", text);
  size_t written = lathe_text_from_float64(value, out);
  want(written < sizeof out && strlen(out) == written, "its size", out);
  want(lathe_text_to_float64(out, written, &judge) && same_bits(value, judge), "does not read back", out);
}

static void check_integer(const char *text, size_t size) {
  int64_t value = 0;
  char *end = NULL;
  errno = 0;
  bool read = lathe_text_to_int64(text, size, &value);
  long long judge = strtoll(text, &end, 10);
  bool whole = size && end == text + size && !errno && !only_c(text, size);
  want(read == whole && (!read || value == judge), "strtoll differs", text);
}

/* What CSV takes for a number is one, and the same one. */
static void check_cells(const char *text, size_t size) {
  double value, judge = 0;
  int64_t integer, whole = 0;
  bool truth;
  for (int loose = 0; loose < 2; loose++) {
    if (lathe_csv_float(text, size, loose, &value))
      want(lathe_text_to_float64(text, size, &judge) && same_bits(value, judge), "a cell's fraction", text);
    if (!lathe_csv_int(text, size, loose, &integer)) continue;
    bool plain = lathe_text_to_int64(text, size, &whole);
    want(plain ? integer == whole
               : loose && lathe_text_to_float64(text, size, &judge) && (double)integer == judge,
         "a cell's integer", text);
  }
  lathe_csv_bool(text, size, true, &truth);
}

/* The same text in a column of its own, where blocks of cells are read eight bytes at a time. */
static void check_column(const char *text, size_t size) {
  char file[LONGEST + 32];
  static const char *const names[] = {"a"};
  static const lathe_type types[] = {LATHE_TYPE_FLOAT64};
  if (!size || strlen(text) != size || strpbrk(text, " \t,\"\r\n") || lathe_text_valid(text, size) != size)
    return;
  int length = snprintf(file, sizeof file, "a,b\n1,2\n%s,3\n4,5\n", text);
  lathe_csv_options options = {.delimiter = ',', .type_count = 1, .type_names = names};
  for (int given = 0; given < 2; given++) {
    options.types = types;
    options.type_count = given;
    lathe_error error = {0};
    lathe_table *table = lathe_table_parse_csv(file, (size_t)length, "fuzz", &options, NULL, NULL, &error);
    double judge = 0;
    bool number = lathe_text_to_float64(text, size, &judge);
    want(table || given, "no table", error.message);
    if (!table) continue;
    const lathe_column *column = lathe_table_column(table, 0);
    lathe_type type = lathe_column_type(column);
    if (!lathe_type_is_text(type) && lathe_column_present(column, 1)) {
      want(number, "a column takes it for a number", text);
      double value = lathe_column_number(column, 1);
      want(type == LATHE_TYPE_INT64 ? value == judge : same_bits(value, judge), "other bits in a column",
           text);
    }
    lathe_table_release(table);
  }
}

/* Digits with marks: what comes out has neither mark, and is no longer. */
static void check_marks(const char *text, size_t size) {
  static const char marks[][2] = {{',', '.'}, {',', ' '}, {'.', ','}, {',', 0}, {'.', '\''}};
  char out[LONGEST + 1];
  for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
    csv_file file = {.marks = true, .decimal = marks[i][0], .thousands = marks[i][1]};
    size_t written = lathe_csv_plain_number(&file, text, size, out);
    want(written <= size, "a longer number", text);
    char *grouped = written && marks[i][1] ? memchr(out, marks[i][1], written) : NULL;
    want(!grouped || marks[i][1] == '.', "a mark is left", text);
  }
}

static void check_json(const char *text, size_t size) {
  lathe_error error = {0};
  double judge = 0;
  lathe_json_reader *reader = lathe_json_reader_new(text, size, "fuzz", &error);
  lathe_json_event event = reader ? lathe_json_next(reader, &error) : LATHE_JSON_ERROR;
  if (event == LATHE_JSON_NUMBER || event == LATHE_JSON_INTEGER) {
    double value = lathe_json_number(reader);
    int64_t whole = lathe_json_integer(reader), integer = 0;
    if (lathe_json_next(reader, &error) == LATHE_JSON_END && lathe_text_to_float64(text, size, &judge)) {
      want(same_bits(value, judge) || (event == LATHE_JSON_INTEGER && value == judge), "JSON differs", text);
      if (event == LATHE_JSON_INTEGER)
        want(lathe_text_to_int64(text, size, &integer) && whole == integer, "an integer of JSON", text);
    }
  }
  lathe_json_reader_free(reader);
}

/* A double of any bits. */
static void check_bits(const uint8_t *data) {
  double value, back = 0;
  char out[32];
  memcpy(&value, data, sizeof value);
  size_t written = lathe_text_from_float64(value, out);
  want(written < sizeof out && lathe_text_to_float64(out, written, &back) && same_bits(value, back),
       "does not read back", out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  char text[LONGEST + 1];
  int64_t bytes;
  lathe_threads_set(1);
  if (size >= 8) check_bits(data);
  if (size > LONGEST) size = LONGEST;
  memcpy(text, data, size);
  text[size] = '\0';
  check_float(text, size);
  check_integer(text, size);
  check_cells(text, size);
  check_column(text, size);
  check_marks(text, size);
  check_json(text, size);
  if (lathe_text_to_size(text, size, &bytes)) want(bytes > 0, "a size", text);
  return 0;
}
