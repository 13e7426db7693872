/* column.c - making, holding and reading one column. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../base/memory.h"
#include "own.h"

static const char *const type_names[] = {"bool",     "int64", "float64",  "string",
                                         "category", "date",  "timestamp"};

enum { TYPES = sizeof type_names / sizeof *type_names };

const char *lathe_type_name(lathe_type type) {
  return (unsigned)type < TYPES ? type_names[type] : "unknown";
}

bool lathe_type_is_text(lathe_type type) {
  return type == LATHE_TYPE_STRING || type == LATHE_TYPE_CATEGORY;
}

bool lathe_type_parse(const char *name, lathe_type *type) {
  for (unsigned i = 0; i < TYPES; i++)
    if (strcmp(name, type_names[i]) == 0) {
      *type = (lathe_type)i;
      return true;
    }
  return false;
}

lathe_column *lathe_column_retain(lathe_column *column) {
  atomic_fetch_add_explicit(&column->holders, 1, memory_order_relaxed);
  return column;
}

void lathe_column_release(lathe_column *column) {
  if (!column || atomic_fetch_sub_explicit(&column->holders, 1, memory_order_acq_rel) != 1) return;
  if (column->keeper_release) {
    column->keeper_release(column->keeper);
  } else {
    lathe_memory_give((void *)(uintptr_t)column->validity);
    lathe_memory_give((void *)(uintptr_t)column->values);
    lathe_memory_give((void *)(uintptr_t)column->bytes);
  }
  lathe_column_release(column->dictionary);
  free(column);
}

lathe_type lathe_column_type(const lathe_column *column) {
  return column->type;
}

int64_t lathe_column_rows(const lathe_column *column) {
  return column->rows;
}

int64_t lathe_column_missing(const lathe_column *column) {
  return column->missing;
}

size_t lathe_column_value_bytes(lathe_type type, int64_t rows) {
  size_t count = (size_t)rows;
  switch (type) {
  case LATHE_TYPE_BOOL:
    return lathe_bit_bytes(rows);
  case LATHE_TYPE_CATEGORY:
  case LATHE_TYPE_DATE:
    return count * sizeof(int32_t);
  case LATHE_TYPE_STRING:
    return (count + 1) * sizeof(int64_t);
  case LATHE_TYPE_INT64:
  case LATHE_TYPE_FLOAT64:
  case LATHE_TYPE_TIMESTAMP:
    break;
  }
  return count * sizeof(int64_t);
}

int64_t lathe_column_bytes(const lathe_column *column) {
  size_t bytes = lathe_column_value_bytes(column->type, column->rows);
  if (column->validity) bytes += lathe_bit_bytes(column->rows);
  if (column->type == LATHE_TYPE_STRING) bytes += (size_t)((const int64_t *)column->values)[column->rows];
  return (int64_t)bytes + (column->dictionary ? lathe_column_bytes(column->dictionary) : 0);
}

const uint8_t *lathe_column_validity(const lathe_column *column) {
  return column->validity;
}

const void *lathe_column_values(const lathe_column *column) {
  return column->type == LATHE_TYPE_STRING ? NULL : column->values;
}

const int64_t *lathe_column_text_offsets(const lathe_column *column) {
  return column->type == LATHE_TYPE_STRING ? column->values : NULL;
}

const char *lathe_column_text_bytes(const lathe_column *column) {
  return column->type == LATHE_TYPE_STRING ? column->bytes : NULL;
}

const lathe_column *lathe_column_dictionary(const lathe_column *column) {
  return column->dictionary;
}

bool lathe_column_present(const lathe_column *column, int64_t row) {
  return !column->validity || lathe_bit(column->validity, row);
}

double lathe_column_number(const lathe_column *column, int64_t row) {
  if (!lathe_column_present(column, row)) return NAN;
  switch (column->type) {
  case LATHE_TYPE_BOOL:
    return lathe_bit(column->values, row);
  case LATHE_TYPE_INT64:
    return (double)((const int64_t *)column->values)[row];
  case LATHE_TYPE_FLOAT64:
    return ((const double *)column->values)[row];
  case LATHE_TYPE_DATE:
    return ((const int32_t *)column->values)[row];
  case LATHE_TYPE_TIMESTAMP:
    return (double)((const int64_t *)column->values)[row] / 1e6;
  case LATHE_TYPE_STRING:
  case LATHE_TYPE_CATEGORY:
    break;
  }
  return NAN;
}

lathe_text lathe_column_text(const lathe_column *column, int64_t row) {
  lathe_text none = {NULL, 0};
  if (!lathe_column_present(column, row)) return none;
  if (column->type == LATHE_TYPE_CATEGORY)
    return lathe_column_text(column->dictionary, ((const int32_t *)column->values)[row]);
  if (column->type != LATHE_TYPE_STRING) return none;
  const int64_t *offsets = column->values;
  lathe_text text = {column->bytes + offsets[row], (size_t)(offsets[row + 1] - offsets[row])};
  return text;
}

static size_t format_int64(int64_t value, char *out) {
  char digits[20];
  size_t count = 0, size = 0;
  uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
  do digits[count++] = (char)('0' + rest % 10);
  while (rest /= 10);
  if (value < 0) out[size++] = '-';
  while (count) out[size++] = digits[--count];
  return size;
}

lathe_text lathe_column_format(const lathe_column *column, int64_t row, char *scratch) {
  lathe_text text = {scratch, 0};
  if (!lathe_column_present(column, row)) return text;
  switch (column->type) {
  case LATHE_TYPE_BOOL: {
    bool value = lathe_bit(column->values, row);
    return (lathe_text){value ? "true" : "false", value ? 4 : 5};
  }
  case LATHE_TYPE_INT64:
    text.size = format_int64(((const int64_t *)column->values)[row], scratch);
    break;
  case LATHE_TYPE_FLOAT64:
    text.size = lathe_text_from_float64(((const double *)column->values)[row], scratch);
    break;
  case LATHE_TYPE_DATE:
    text.size = lathe_text_from_date(((const int32_t *)column->values)[row], scratch);
    break;
  case LATHE_TYPE_TIMESTAMP:
    text.size = lathe_text_from_timestamp(((const int64_t *)column->values)[row], scratch);
    break;
  case LATHE_TYPE_STRING:
  case LATHE_TYPE_CATEGORY:
    return lathe_column_text(column, row);
  }
  return text;
}

bool lathe_column_to_float64(const lathe_column *column, double *out, lathe_error *error) {
  if (column->type == LATHE_TYPE_STRING || column->type == LATHE_TYPE_CATEGORY)
    return lathe_error_set(error, LATHE_ERROR_ARGUMENT,
                           "a %s column holds text, not numbers; encode it first",
                           lathe_type_name(column->type));
  if (column->type == LATHE_TYPE_FLOAT64) {
    memcpy(out, column->values, (size_t)column->rows * sizeof *out);
  } else if (column->type == LATHE_TYPE_INT64) {
    const int64_t *values = column->values;
    for (int64_t i = 0; i < column->rows; i++) out[i] = (double)values[i];
  } else {
    for (int64_t i = 0; i < column->rows; i++) out[i] = lathe_column_number(column, i);
  }
  if (column->validity)
    for (int64_t i = 0; i < column->rows; i++)
      if (!lathe_bit(column->validity, i)) out[i] = NAN;
  return true;
}
