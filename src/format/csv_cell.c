/* csv_cell.c - single cells: what they can be, and whether they are missing. */
#include "csv_own.h"

static const char *const usual_markers[] = {"#N/A", "#N/A N/A", "#NA",     "-1.#IND", "-1.#QNAN", "-NaN",
                                            "-nan", "1.#IND",   "1.#QNAN", "<NA>",    "N/A",      "NA",
                                            "NULL", "NaN",      "n/a",     "nan",     "null",     NULL};

const char *const *lathe_csv_markers(void) {
  return usual_markers;
}

uint8_t lathe_csv_classify(const char *text, size_t size) {
  int64_t whole;
  int32_t days;
  double number;
  bool truth;
  if (lathe_csv_int(text, size, false, &whole)) return CSV_INT;
  if (lathe_csv_wide(text, size)) return CSV_WIDE;
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
  if (!csv_may_be_marker(file, text, size)) return false;
  for (int32_t i = 0; i < file->marker_count; i++)
    if (strlen(file->markers[i]) == size && memcmp(file->markers[i], text, size) == 0) return true;
  return false;
}

csv_absence lathe_csv_absence(const csv_file *file, const csv_cell *cell) {
  const char *text = cell->data;
  size_t size = cell->size;
  if (is_marker(file, text, size)) return cell->quoted ? CSV_MISSING_UNLESS_TEXT : CSV_MISSING;
  if (*text > ' ' && text[size - 1] > ' ') return CSV_THERE;
  while (size && (*text == ' ' || *text == '\t')) text++, size--;
  while (size && (text[size - 1] == ' ' || text[size - 1] == '\t')) size--;
  return is_marker(file, text, size) ? CSV_MISSING_UNLESS_TEXT : CSV_THERE;
}
