/* settle.c - what texts are, from every one of them. */
#include "settle.h"

#include <stdlib.h>
#include <string.h>

#include "../base/memory.h"
#include "../base/personal_form.h"
#include "../table/own.h"
#include "../table/text_codes.h"
#include "csv.h"

bool lathe_settle_time(const char *text, size_t size, int64_t *value) {
  int32_t days;
  if (size != 10) return lathe_text_to_timestamp(text, size, value);
  if (!lathe_text_to_date(text, size, &days)) return false;
  *value = (int64_t)days * INT64_C(86400000000);
  return true;
}

/* One element of `type` from its text into `values`. */
static bool read_value(lathe_type type, lathe_text text, void *values, int64_t row) {
  bool yes;
  switch (type) {
  case LATHE_TYPE_BOOL:
    yes = text.size == 4 && memcmp(text.data, "true", 4) == 0;
    if (yes) lathe_bit_set(values, row);
    return yes || (text.size == 5 && memcmp(text.data, "false", 5) == 0);
  case LATHE_TYPE_INT64:
    return lathe_text_to_int64(text.data, text.size, (int64_t *)values + row);
  case LATHE_TYPE_FLOAT64:
    return lathe_text_to_float64(text.data, text.size, (double *)values + row);
  case LATHE_TYPE_DATE:
    return lathe_text_to_date(text.data, text.size, (int32_t *)values + row);
  case LATHE_TYPE_TIMESTAMP:
    return lathe_settle_time(text.data, text.size, (int64_t *)values + row);
  case LATHE_TYPE_STRING:
  case LATHE_TYPE_CATEGORY:
    break;
  }
  return false;
}

/* All texts as `type`. NULL: memory ran out, or, with `*bad` not -1, the text of that row is something else. */
static lathe_column *convert(const lathe_column *texts, lathe_type type, int64_t *bad, lathe_error *error) {
  int64_t rows = texts->rows;
  uint8_t *validity = texts->validity ? lathe_memory_raw(lathe_bit_bytes(rows), 1, error) : NULL;
  void *values = lathe_memory_new(lathe_column_value_bytes(type, rows), 1, error);
  *bad = -1;
  if (!values || (texts->validity && !validity)) goto fail;
  if (validity) memcpy(validity, texts->validity, lathe_bit_bytes(rows));
  for (int64_t row = 0; row < rows && *bad < 0; row++) {
    lathe_text text = lathe_column_text(texts, row);
    if (text.data && !read_value(type, text, values, row)) *bad = row;
  }
  if (*bad >= 0) goto fail;
  lathe_column *result = lathe_column_new(type, rows, validity, values, NULL, NULL, error);
  if (result) return result;
fail:
  free(validity);
  free(values);
  return NULL;
}

lathe_column *lathe_settle_nothing(int64_t rows, lathe_error *error) {
  double *values = lathe_memory_new((size_t)rows, sizeof *values, error);
  uint8_t *validity = lathe_memory_new(lathe_bit_bytes(rows), 1, error);
  lathe_column *result = NULL;
  if (values && validity)
    result = lathe_column_new(LATHE_TYPE_FLOAT64, rows, validity, values, NULL, NULL, error);
  if (!result) {
    free(values);
    free(validity);
  }
  return result;
}

/* Texts of few words as a category; else they stay as they are. */
static lathe_column *fewer_words(lathe_column *texts, lathe_progress *progress, lathe_error *error) {
  lathe_column *result = NULL;
  lathe_text_codes *words = lathe_text_codes_new(LATHE_CSV_CATEGORIES, error);
  int32_t *codes = words ? lathe_text_codes_make(words, texts, true, progress, error) : NULL;
  int64_t count = codes ? lathe_text_codes_count(words) : 0;
  if (codes && count <= LATHE_CSV_CATEGORIES && count * 2 <= texts->rows - texts->missing) {
    result = lathe_text_codes_category(words, texts, codes, error);
  } else if (codes) {
    lathe_memory_give(codes);
    result = lathe_column_retain(texts);
  }
  lathe_text_codes_free(words);
  return result;
}

static bool starts_as_time(const lathe_column *texts, lathe_type *type) {
  for (int64_t row = 0; row < texts->rows; row++) {
    lathe_text text = lathe_column_text(texts, row);
    int32_t days;
    int64_t time;
    if (!text.data) continue;
    *type = lathe_text_to_date(text.data, text.size, &days) ? LATHE_TYPE_DATE : LATHE_TYPE_TIMESTAMP;
    return *type == LATHE_TYPE_DATE || lathe_settle_time(text.data, text.size, &time);
  }
  return false;
}

lathe_column *lathe_settle_text(lathe_column *texts, lathe_progress *progress, lathe_error *error) {
  if (!texts) return NULL;
  lathe_column *result = NULL;
  lathe_type type;
  int64_t bad;
  bool failed = false;
  if (starts_as_time(texts, &type)) {
    result = convert(texts, type, &bad, error);
    if (!result && bad >= 0 && type == LATHE_TYPE_DATE)
      result = convert(texts, LATHE_TYPE_TIMESTAMP, &bad, error);
    failed = !result && bad < 0;
  }
  if (!result && !failed) result = fewer_words(texts, progress, error);
  lathe_column_release(texts);
  return result;
}

lathe_column *lathe_settle_given(lathe_column *texts, lathe_type type, const char *name, const char *column,
                                 lathe_error *error) {
  if (!texts || type == LATHE_TYPE_STRING) return texts;
  lathe_column *result = NULL;
  int64_t bad = -1;
  if (type == LATHE_TYPE_CATEGORY)
    result = lathe_column_to_category(texts, error);
  else
    result = convert(texts, type, &bad, error);
  if (!result && bad >= 0) {
    char scratch[LATHE_SHOWN];
    lathe_text text =
        lathe_value_shown(lathe_column_text(texts, bad), (lathe_text){column, strlen(column)}, scratch);
    lathe_error_set(
        error, LATHE_ERROR_DATA,
        "%s: row %lld: \"%.*s\" is not of type %s (column \"%s\"); read it as text with types = { [\"%s\"] = "
        "\"string\" }",
        name, (long long)bad + 1, (int)text.size, text.data, lathe_type_name(type), column, column);
  }
  lathe_column_release(texts);
  return result;
}
