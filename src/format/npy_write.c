/* npy_write.c - a table as one array. */
#include <math.h>
#include <stdio.h>

#include "../base/file.h"
#include "npy_own.h"

enum { PIECE = 1 << 18, ALIGNMENT = 64 };

/* What a column is in NumPy: its type's name, and the bytes of an element. */
typedef struct form {
  const lathe_column *column;
  lathe_type type;
  char descr[32];
  int64_t size;
} form;

static int64_t characters(lathe_text text) {
  int64_t count = 0;
  for (size_t i = 0; i < text.size; i++) count += ((uint8_t)text.data[i] & 0xC0) != 0x80;
  return count;
}

static bool find_form(form *to, const char *name, const lathe_column *column, lathe_error *error) {
  static const char *const names[] = {[LATHE_TYPE_BOOL] = "|b1",
                                      [LATHE_TYPE_INT64] = "<i8",
                                      [LATHE_TYPE_FLOAT64] = "<f8",
                                      [LATHE_TYPE_DATE] = "<M8[D]",
                                      [LATHE_TYPE_TIMESTAMP] = "<M8[us]"};
  to->column = column;
  to->type = lathe_column_type(column);
  bool text = lathe_type_is_text(to->type);
  if (column->missing && to->type != LATHE_TYPE_FLOAT64 && to->type != LATHE_TYPE_DATE &&
      to->type != LATHE_TYPE_TIMESTAMP)
    return lathe_error_set(error, LATHE_ERROR_DATA,
                           "column \"%s\" (%s) misses %lld values, which an array of NumPy cannot; fill "
                           "them, or write CSV, JSON or "
                           "safetensors",
                           name, lathe_type_name(to->type), (long long)column->missing);
  if (!text) {
    to->size = to->type == LATHE_TYPE_BOOL ? 1 : 8;
    snprintf(to->descr, sizeof to->descr, "%s", names[to->type]);
    return true;
  }
  int64_t widest = 1;
  for (int64_t row = 0; row < column->rows; row++) {
    lathe_text one = lathe_column_text(column, row);
    if (one.size && one.data[one.size - 1] == '\0')
      return lathe_error_set(
          error, LATHE_ERROR_DATA,
          "column \"%s\", row %lld: the text ends in a NUL character, which NumPy drops; remove it", name,
          (long long)row + 1);
    int64_t width = (int64_t)one.size > widest ? characters(one) : 0;
    if (width > widest) widest = width;
  }
  if (widest > INT32_MAX / 8)
    return lathe_error_set(error, LATHE_ERROR_DATA,
                           "column \"%s\": its longest text is too long for an array of NumPy", name);
  to->size = widest * 4;
  snprintf(to->descr, sizeof to->descr, "<U%lld", (long long)widest);
  return true;
}

static void put_text(lathe_text text, char *out, int64_t size) {
  memset(out, 0, (size_t)size);
  for (size_t at = 0; at < text.size; out += 4) {
    uint32_t c;
    at += lathe_text_decode(text.data + at, text.size - at, &c);
    memcpy(out, &c, 4);
  }
}

static void put_element(const form *from, int64_t row, char *out) {
  const void *values = from->column->values;
  bool there = lathe_column_present(from->column, row);
  int64_t whole = INT64_MIN; /* NaT */
  double number = NAN;
  switch (from->type) {
  case LATHE_TYPE_BOOL:
    *out = lathe_bit(values, row);
    return;
  case LATHE_TYPE_STRING:
  case LATHE_TYPE_CATEGORY:
    put_text(lathe_column_text(from->column, row), out, from->size);
    return;
  case LATHE_TYPE_FLOAT64:
    if (there) number = ((const double *)values)[row];
    memcpy(out, &number, 8);
    return;
  case LATHE_TYPE_DATE:
    if (there) whole = ((const int32_t *)values)[row];
    break;
  case LATHE_TYPE_INT64:
  case LATHE_TYPE_TIMESTAMP:
    if (there) whole = ((const int64_t *)values)[row];
    break;
  }
  memcpy(out, &whole, 8);
}

/* A name in Python's quotes. */
static bool put_name(lathe_buffer *out, const char *name, bool *ascii, lathe_error *error) {
  bool fine = lathe_buffer_text(out, "'", error);
  for (const char *at = name; *at && fine; at++) {
    if ((uint8_t)*at >= 0x80) *ascii = false;
    if ((uint8_t)*at < ' ' || *at == 0x7F)
      fine = lathe_buffer_format(out, error, "\\x%02x", *at);
    else if (*at == '\'' || *at == '\\')
      fine = lathe_buffer_format(out, error, "\\%c", *at);
    else
      fine = lathe_buffer_append(out, at, 1, error);
  }
  return fine && lathe_buffer_text(out, "'", error);
}

static bool put_header(lathe_buffer *out, const lathe_table *table, const form *forms, int32_t first,
                       int32_t count, bool fields, lathe_error *error) {
  bool ascii = true;
  lathe_buffer text = {0};
  bool fine = lathe_buffer_text(&text, fields ? "{'descr': [" : "{'descr': '", error);
  for (int32_t i = 0; i < count && fine && fields; i++)
    fine = lathe_buffer_text(&text, i ? ", (" : "(", error) &&
           put_name(&text, lathe_table_name(table, first + i), &ascii, error) &&
           lathe_buffer_format(&text, error, ", '%s')", forms[i].descr);
  long long rows = (long long)lathe_table_rows(table);
  fine = fine && lathe_buffer_format(&text, error, "%s%s, 'fortran_order': False, 'shape': (%lld,",
                                     fields ? "" : forms[0].descr, fields ? "]" : "'", rows);
  if (fine && !fields && count > 1) fine = lathe_buffer_format(&text, error, " %d", count);
  fine = fine && lathe_buffer_text(&text, "), }", error);
  size_t head = text.size < 65000 && ascii ? 10 : 12,
         total = (head + text.size + ALIGNMENT) / ALIGNMENT * ALIGNMENT;
  while (fine && head + text.size + 1 < total) fine = lathe_buffer_append(&text, " ", 1, error);
  size_t length = text.size + 1;
  char prefix[12] = "\x93NUMPY";
  prefix[6] = (char)(!ascii ? 3 : head == 12 ? 2 : 1);
  for (size_t i = 8; i < head; i++) prefix[i] = (char)(length >> (8 * (i - 8)));
  fine = fine && lathe_buffer_append(out, prefix, head, error) &&
         lathe_buffer_append(out, text.data, text.size, error) && lathe_buffer_append(out, "\n", 1, error);
  lathe_buffer_free(&text);
  return fine;
}

static bool put_rows(lathe_buffer *out, const form *forms, int32_t count, int64_t rows, npy_sink sink,
                     void *context, lathe_progress *progress, lathe_error *error) {
  int64_t item = 0;
  for (int32_t i = 0; i < count; i++) item += forms[i].size;
  int64_t step = PIECE / item + 1;
  for (int64_t begin = 0; begin < rows; begin += step) {
    int64_t end = rows - begin < step ? rows : begin + step;
    if (!lathe_progress_check(progress, error) ||
        !lathe_buffer_reserve(out, (size_t)((end - begin) * item), error))
      return false;
    char *at = out->data + out->size;
    for (int64_t row = begin; row < end; row++)
      for (int32_t i = 0; i < count; i++) {
        put_element(&forms[i], row, at);
        at += forms[i].size;
      }
    out->size += (size_t)((end - begin) * item);
    if (!sink(context, out->data, out->size, error)) return false;
    out->size = 0;
    lathe_progress_add(progress, (end - begin) * count);
  }
  return sink(context, out->data ? out->data : "", out->size, error);
}

bool lathe_npy_write(const lathe_table *table, int32_t first, int32_t count, bool fields, npy_sink sink,
                     void *context, lathe_progress *progress, lathe_error *error) {
  form *forms = lathe_memory_new((size_t)count, sizeof *forms, error);
  lathe_buffer out = {0};
  bool fine = forms != NULL;
  for (int32_t i = 0; i < count && fine; i++) {
    fine =
        find_form(&forms[i], lathe_table_name(table, first + i), lathe_table_column(table, first + i), error);
    if (i && (forms[i].type != forms[0].type || lathe_type_is_text(forms[i].type))) fields = true;
  }
  fine = fine && put_header(&out, table, forms, first, count, fields, error) &&
         put_rows(&out, forms, count, lathe_table_rows(table), sink, context, progress, error);
  lathe_buffer_free(&out);
  free(forms);
  return fine;
}

static bool to_file(void *context, const void *data, size_t size, lathe_error *error) {
  return lathe_writer_add(context, data, size, error);
}

bool lathe_table_write_npy(const lathe_table *table, const char *path, bool fields, lathe_progress *progress,
                           lathe_error *error) {
  lathe_writer *writer = lathe_writer_open_packed(path, error);
  if (!writer) return false;
  lathe_progress_begin(progress, "write NPY", lathe_table_rows(table) * lathe_table_columns(table));
  bool fine = lathe_npy_write(table, 0, lathe_table_columns(table), fields, to_file, writer, progress, error);
  lathe_progress_end(progress);
  if (fine) return lathe_writer_commit(writer, error);
  lathe_writer_abandon(writer);
  return false;
}
