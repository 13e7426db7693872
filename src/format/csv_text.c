/* csv_text.c - the filled buffers become columns; text becomes a string or a category column. */
#include <stdlib.h>

#include "csv_own.h"
#include "../table/own.h"

/* The text of a row: a piece of the file, or made single in `scratch`. */
static bool row_text(const csv_file *file, const csv_column *column, int64_t row, lathe_buffer *scratch,
                     lathe_text *text, lathe_error *error) {
  int64_t place = ((const int64_t *)column->values)[row];
  *text = (lathe_text){file->data + place / 2, (size_t)column->lengths[row + 1]};
  if (place % 2 == 0) return true;
  const char *behind = text->data; /* the raw cell: up to its closing quote */
  csv_cell cell;
  csv_cell_read(file, behind - 1, file->data + file->size, &cell);
  scratch->size = 0;
  if (!lathe_buffer_reserve(scratch, cell.size, error)) return false;
  text->size = lathe_csv_unquote(&cell, file->quote, scratch->data);
  text->data = scratch->data;
  return true;
}

/* Codes for all rows, or NULL: without an error in `failed` when the text is better kept as strings. */
static int32_t *find_codes(const csv_file *file, const csv_column *column, lathe_words *words, bool *failed,
                           lathe_error *error) {
  bool wanted = column->given && column->type == LATHE_TYPE_CATEGORY;
  int32_t *codes = lathe_memory_new((size_t)file->rows, sizeof *codes, error);
  lathe_buffer scratch = {0};
  int64_t present = 0;
  *failed = codes == NULL;
  bool fits = !*failed;
  for (int64_t row = 0; row < file->rows && fits; row++) {
    if (!lathe_bit(column->validity, row)) continue;
    lathe_text text;
    *failed = !row_text(file, column, row, &scratch, &text, error) ||
              (codes[row] = lathe_words_add(words, text.data, text.size, error)) < 0 ||
              (row % 65536 == 0 && !lathe_progress_check(file->progress, error));
    present++;
    fits = !*failed && (wanted || words->count <= LATHE_CSV_CATEGORIES);
  }
  lathe_buffer_free(&scratch);
  if (fits && (wanted || words->count * 2 <= present)) return codes;
  free(codes);
  return NULL;
}

static lathe_column *make_category(csv_file *file, csv_column *column, const lathe_words *words,
                                   int32_t *codes, lathe_error *error) {
  lathe_column *result = NULL, *dictionary = NULL;
  int32_t *rank = lathe_memory_raw((size_t)words->count, sizeof *rank, error);
  if (rank) dictionary = lathe_words_sorted(words, rank, error);
  if (dictionary) {
    for (int64_t row = 0; row < file->rows; row++)
      if (lathe_bit(column->validity, row)) codes[row] = rank[codes[row]];
    result =
        lathe_column_new(LATHE_TYPE_CATEGORY, file->rows, column->validity, codes, NULL, dictionary, error);
  }
  if (result)
    column->validity = NULL;
  else
    free(codes);
  lathe_column_release(dictionary);
  free(rank);
  return result;
}

static lathe_column *make_string(csv_file *file, csv_column *column, lathe_error *error) {
  int64_t total = 0;
  for (int64_t row = 0; row < file->rows; row++) total += column->lengths[row + 1];
  char *bytes = lathe_memory_raw((size_t)total, 1, error), *at = bytes;
  lathe_buffer scratch = {0};
  bool fine = bytes != NULL;
  for (int64_t row = 0; row < file->rows && fine; row++) {
    lathe_text text;
    if (lathe_bit(column->validity, row)) {
      fine = row_text(file, column, row, &scratch, &text, error);
      if (fine) memcpy(at, text.data, text.size);
      at += text.size;
    }
    column->lengths[row + 1] += column->lengths[row]; /* lengths become offsets */
    if (row % 65536 == 0) fine = fine && lathe_progress_check(file->progress, error);
  }
  lathe_buffer_free(&scratch);
  lathe_column *result = fine ? lathe_column_new(LATHE_TYPE_STRING, file->rows, column->validity,
                                                 column->lengths, bytes, NULL, error)
                              : NULL;
  if (result)
    column->validity = NULL, column->lengths = NULL;
  else
    free(bytes);
  return result;
}

static lathe_column *make_text(csv_file *file, csv_column *column, lathe_error *error) {
  if (!column->given || column->type == LATHE_TYPE_CATEGORY) {
    lathe_words words = {0};
    bool failed;
    int32_t *codes = find_codes(file, column, &words, &failed, error);
    lathe_column *category = codes ? make_category(file, column, &words, codes, error) : NULL;
    lathe_words_free(&words);
    if (failed || codes) return category;
  }
  return make_string(file, column, error);
}

/* All of an untyped column is missing. */
static lathe_column *make_nothing(const csv_file *file, lathe_error *error) {
  double *values = lathe_memory_new((size_t)file->rows, sizeof *values, error);
  uint8_t *validity = lathe_memory_new(lathe_bit_bytes(file->rows), 1, error);
  lathe_column *result = NULL;
  if (values && validity)
    result = lathe_column_new(LATHE_TYPE_FLOAT64, file->rows, validity, values, NULL, NULL, error);
  if (!result) {
    free(values);
    free(validity);
  }
  return result;
}

/* Bytes of truth become bits, in place. */
static void pack_bits(uint8_t *values, int64_t rows) {
  for (int64_t row = 0; row < rows; row += 8) {
    unsigned bits = 0;
    for (int64_t i = row; i < rows && i < row + 8; i++) bits |= (unsigned)values[i] << (i - row);
    values[row / 8] = (uint8_t)bits;
  }
}

lathe_column *lathe_csv_finish(csv_file *file, csv_column *column, lathe_error *error) {
  static const lathe_type types[] = {[CSV_AS_BOOL] = LATHE_TYPE_BOOL,
                                     [CSV_AS_INT] = LATHE_TYPE_INT64,
                                     [CSV_AS_FLOAT] = LATHE_TYPE_FLOAT64,
                                     [CSV_AS_DATE] = LATHE_TYPE_DATE,
                                     [CSV_AS_TIME] = LATHE_TYPE_TIMESTAMP};
  if (column->kind == CSV_AS_NOTHING) return make_nothing(file, error);
  if (column->kind == CSV_AS_TEXT) return make_text(file, column, error);
  if (column->kind == CSV_AS_BOOL) pack_bits(column->values, file->rows);
  lathe_column *result =
      lathe_column_new(types[column->kind], file->rows, column->validity, column->values, NULL, NULL, error);
  if (result) column->validity = NULL, column->values = NULL;
  return result;
}
