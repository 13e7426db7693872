/* odbc_column.c - the elements of one column of an answer. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "odbc_own.h"

enum { TEXT_UNITS = 256, BYTES_WIDTH = 512 }; /* room for a text in a block; longer ones are fetched alone */

void lathe_odbc_column_start(odbc_column *column, SQLSMALLINT sql_type, SQLULEN size, bool is_unsigned) {
  enum { TIMESTAMP_OFFSET = -155 }; /* SQL Server's */
  column->c_type = SQL_C_WCHAR;
  column->kind = ODBC_TEXT;
  column->width = (size_t)(size > 0 && size < TEXT_UNITS ? size * 2 + 1 : TEXT_UNITS) * sizeof(SQLWCHAR);
  column->long_text = size == 0 || size >= TEXT_UNITS;
  switch (sql_type) {
  case SQL_BIT:
    column->kind = ODBC_BOOL, column->c_type = SQL_C_BIT, column->width = 1;
    break;
  case SQL_BIGINT:
  case SQL_TINYINT:
  case SQL_SMALLINT:
  case SQL_INTEGER:
    if (sql_type == SQL_BIGINT && is_unsigned) {
      column->kind = ODBC_DECIMAL, column->width = 64;
      break;
    }
    column->kind = ODBC_INTEGER, column->c_type = SQL_C_SBIGINT, column->width = sizeof(int64_t);
    break;
  case SQL_REAL:
  case SQL_FLOAT:
  case SQL_DOUBLE:
    column->kind = ODBC_FLOAT, column->c_type = SQL_C_DOUBLE, column->width = sizeof(double);
    break;
  case SQL_NUMERIC:
  case SQL_DECIMAL:
    column->kind = ODBC_DECIMAL;
    column->width = 128 * sizeof(SQLWCHAR);
    break;
  case SQL_TYPE_DATE:
  case SQL_DATE:
    column->kind = ODBC_DATE, column->c_type = SQL_C_TYPE_DATE, column->width = sizeof(SQL_DATE_STRUCT);
    break;
  case SQL_TYPE_TIMESTAMP:
  case SQL_TIMESTAMP:
    column->kind = ODBC_TIME, column->c_type = SQL_C_TYPE_TIMESTAMP,
    column->width = sizeof(SQL_TIMESTAMP_STRUCT);
    break;
  case TIMESTAMP_OFFSET:
    column->kind = ODBC_ZONED;
    break;
  case SQL_BINARY:
  case SQL_VARBINARY:
  case SQL_LONGVARBINARY:
    column->kind = ODBC_BYTES, column->c_type = SQL_C_BINARY, column->width = BYTES_WIDTH;
    column->long_text = size == 0 || size > BYTES_WIDTH;
    break;
  case SQL_GUID:
    column->kind = ODBC_UUID;
    break;
  default:
    break;
  }
  if (column->c_type != SQL_C_WCHAR && column->c_type != SQL_C_BINARY) column->long_text = false;
}

void lathe_odbc_column_free(odbc_column *column) {
  free(column->name);
  free(column->block);
  free(column->lengths);
  lathe_buffer_free(&column->validity);
  lathe_buffer_free(&column->values);
  lathe_buffer_free(&column->bytes);
}

static bool add_bit(lathe_buffer *bits, int64_t at, bool value, lathe_error *error) {
  if (at % 8 == 0 && !lathe_buffer_append(bits, "", 1, error)) return false;
  if (value) bits->data[at / 8] = (char)(bits->data[at / 8] | (1 << (at % 8)));
  return true;
}

static bool days_of(odbc_column *column, int year, unsigned month, unsigned day, int32_t *days,
                    lathe_error *error) {
  int64_t key = ((int64_t)year * 65536 + month) * 65536 + day;
  if (key && key == column->last_date) {
    *days = column->last_days;
    return true;
  }
  char text[48];
  int size = snprintf(text, sizeof text, "%04d-%02u-%02u", year, month, day);
  if (!lathe_text_to_date(text, (size_t)size, days))
    return lathe_error_set(
        error, LATHE_ERROR_DATA,
        "column \"%.200s\", row %lld: the date %s is not one of the years 1 to 9999; cast it to text",
        column->name, (long long)column->rows + 1, text);
  column->last_date = key, column->last_days = *days;
  return true;
}

static bool add_hex(lathe_buffer *out, const char *data, size_t size, lathe_error *error) {
  static const char digits[] = "0123456789abcdef";
  if (!lathe_buffer_reserve(out, size * 2, error)) return false;
  for (size_t i = 0; i < size; i++) {
    out->data[out->size++] = digits[(uint8_t)data[i] >> 4];
    out->data[out->size++] = digits[data[i] & 15];
  }
  return true;
}

/* `element` NULL: missing. */
static bool add_value(odbc_column *column, const char *element, size_t length, lathe_error *error) {
  int64_t value = 0;
  int32_t days = 0;
  switch (column->kind) {
  case ODBC_BOOL:
    return add_bit(&column->values, column->rows, element && *element, error);
  case ODBC_INTEGER:
  case ODBC_FLOAT:
    if (element) memcpy(&value, element, sizeof value);
    return lathe_buffer_append(&column->values, &value, sizeof value, error);
  case ODBC_DATE:
    if (element) {
      SQL_DATE_STRUCT date;
      memcpy(&date, element, sizeof date);
      if (!days_of(column, date.year, date.month, date.day, &days, error)) return false;
    }
    return lathe_buffer_append(&column->values, &days, sizeof days, error);
  case ODBC_TIME:
    if (element) {
      SQL_TIMESTAMP_STRUCT time;
      memcpy(&time, element, sizeof time);
      if (!days_of(column, time.year, time.month, time.day, &days, error)) return false;
      value = (((int64_t)days * 24 + time.hour) * 60 + time.minute) * 60 + time.second;
      value = value * 1000000 + time.fraction / 1000;
    }
    return lathe_buffer_append(&column->values, &value, sizeof value, error);
  default:
    break;
  }
  if (element && column->kind == ODBC_BYTES && !add_hex(&column->bytes, element, length, error)) return false;
  if (element && column->kind != ODBC_BYTES &&
      !lathe_odbc_narrow((const SQLWCHAR *)(const void *)element, length / sizeof(SQLWCHAR), &column->bytes,
                         error))
    return false;
  if (element && column->kind == ODBC_UUID) /* drivers disagree about the case */
    for (size_t i = column->bytes.size - length / sizeof(SQLWCHAR); i < column->bytes.size; i++)
      if (column->bytes.data[i] >= 'A' && column->bytes.data[i] <= 'F') column->bytes.data[i] |= 0x20;
  value = (int64_t)column->bytes.size;
  return lathe_buffer_append(&column->values, &value, sizeof value, error);
}

static bool text_kind(const odbc_column *column) {
  return column->c_type == SQL_C_WCHAR || column->c_type == SQL_C_BINARY;
}

bool lathe_odbc_column_add(odbc_column *column, const char *element, SQLLEN length, lathe_error *error) {
  bool there = length != SQL_NULL_DATA;
  if (column->rows == 0 && text_kind(column) && column->values.size == 0) {
    int64_t zero = 0;
    if (!lathe_buffer_append(&column->values, &zero, sizeof zero, error)) return false;
  }
  if (!add_value(column, there ? element : NULL, (size_t)(length > 0 ? length : 0), error) ||
      !add_bit(&column->validity, column->rows, there, error))
    return false;
  column->rows++;
  return true;
}

/* ---- deciding ---- */

static lathe_text text_at(const odbc_column *column, int64_t row) {
  const int64_t *ends = (const int64_t *)(const void *)column->values.data;
  return (lathe_text){column->bytes.data + ends[row], (size_t)(ends[row + 1] - ends[row])};
}

static bool present(const odbc_column *column, int64_t row) {
  return column->validity.data[row / 8] >> (row % 8) & 1;
}

/* Whether 15 significant digits hold a decimal number. */
static bool few_digits(lathe_text text) {
  int digits = 0, zeros = 0;
  for (size_t i = 0; i < text.size; i++) {
    char c = text.data[i];
    if (c < '0' || c > '9') continue;
    if (c == '0' && digits == 0) continue;
    zeros = c == '0' ? zeros + 1 : 0;
    digits++;
  }
  return digits - zeros <= 15;
}

/* Replace the texts by numbers or times; false leaves them. */
static bool decide(odbc_column *column, lathe_arrow_decimals decimals, lathe_type *type, lathe_error *error) {
  bool whole = column->kind == ODBC_DECIMAL, number = whole, few = whole, times = column->kind == ODBC_ZONED;
  int64_t integer = 0;
  double real = 0;
  for (int64_t i = 0; i < column->rows && (number || times); i++) {
    if (!present(column, i)) continue;
    lathe_text text = text_at(column, i);
    whole = whole && lathe_text_to_int64(text.data, text.size, &integer);
    number = number && lathe_text_to_float64(text.data, text.size, &real);
    few = few && few_digits(text);
    times = times && lathe_text_to_timestamp(text.data, text.size, &integer);
  }
  if (decimals == LATHE_ARROW_DECIMALS_FLOAT64) few = true;
  bool real_fits = number && few && decimals != LATHE_ARROW_DECIMALS_TEXT;
  if (!whole && !real_fits && !times) return true;
  *type = times ? LATHE_TYPE_TIMESTAMP : whole ? LATHE_TYPE_INT64 : LATHE_TYPE_FLOAT64;
  lathe_buffer values = {0};
  for (int64_t i = 0; i < column->rows; i++) {
    integer = 0, real = 0;
    if (present(column, i)) {
      lathe_text text = text_at(column, i);
      if (times)
        lathe_text_to_timestamp(text.data, text.size, &integer);
      else if (whole)
        lathe_text_to_int64(text.data, text.size, &integer);
      else
        lathe_text_to_float64(text.data, text.size, &real);
    }
    if (!lathe_buffer_append(&values, *type == LATHE_TYPE_FLOAT64 ? (const void *)&real : &integer, 8,
                             error)) {
      lathe_buffer_free(&values);
      return false;
    }
  }
  lathe_buffer_free(&column->values);
  column->values = values;
  return true;
}

/* The memory of a buffer, no longer than it need be. */
static void *give(lathe_buffer *buffer) {
  void *data = buffer->data;
  lathe_memory_resize(&data, buffer->size, 1, NULL);
  *buffer = (lathe_buffer){0};
  return data;
}

lathe_column *lathe_odbc_column_finish(odbc_column *column, lathe_arrow_decimals decimals,
                                       lathe_error *error) {
  static const lathe_type types[] = {[ODBC_BOOL] = LATHE_TYPE_BOOL,     [ODBC_INTEGER] = LATHE_TYPE_INT64,
                                     [ODBC_FLOAT] = LATHE_TYPE_FLOAT64, [ODBC_DECIMAL] = LATHE_TYPE_STRING,
                                     [ODBC_TEXT] = LATHE_TYPE_STRING,   [ODBC_BYTES] = LATHE_TYPE_STRING,
                                     [ODBC_DATE] = LATHE_TYPE_DATE,     [ODBC_TIME] = LATHE_TYPE_TIMESTAMP,
                                     [ODBC_ZONED] = LATHE_TYPE_STRING,  [ODBC_UUID] = LATHE_TYPE_STRING};
  lathe_type type = types[column->kind];
  int64_t zero = 0;
  if (type == LATHE_TYPE_STRING && column->values.size == 0 &&
      !lathe_buffer_append(&column->values, &zero, sizeof zero, error))
    return NULL;
  if (!decide(column, decimals, &type, error)) return NULL;
  if (!lathe_buffer_reserve(&column->validity, 0, error) ||
      !lathe_buffer_reserve(&column->values, 0, error) || !lathe_buffer_reserve(&column->bytes, 0, error))
    return NULL;
  void *validity = give(&column->validity), *values = give(&column->values);
  char *bytes = type == LATHE_TYPE_STRING ? give(&column->bytes) : NULL;
  lathe_column *made = lathe_column_new(type, column->rows, validity, values, bytes, NULL, error);
  if (!made) {
    free(validity);
    free(values);
    free(bytes);
  }
  return made;
}
