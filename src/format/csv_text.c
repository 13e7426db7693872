/* csv_text.c - the filled buffers become columns; text becomes a string or a category column. */
#include <stdlib.h>

#include "../base/pool.h"
#include "../table/own.h"
#include "csv_own.h"
#include "settle.h"

/* What the chunks of a column of words share. */
typedef struct text_job {
  csv_file *file;
  csv_column *column;
  const int32_t *rank; /* code to place in the dictionary */
} text_job;

static int64_t count_present(const csv_column *column, int64_t rows) {
  int64_t present = 0;
  for (int64_t row = 0; row + 8 <= rows; row += 8) present += __builtin_popcount(column->validity[row / 8]);
  for (int64_t row = rows & ~INT64_C(7); row < rows; row++) present += lathe_bit(column->validity, row);
  return present;
}

static bool rank_codes(void *context, int64_t index, lathe_error *error) {
  const text_job *job = context;
  const csv_chunk *chunk = &job->file->chunks[index];
  int32_t *codes = (int32_t *)job->column->values + chunk->row;
  (void)error;
  for (int64_t row = 0; row < chunk->rows; row++)
    codes[row] = lathe_bit(job->column->validity, chunk->row + row) ? job->rank[codes[row]] : 0;
  return true;
}

static lathe_column *make_category(csv_file *file, csv_column *column, lathe_error *error) {
  lathe_column *result = NULL, *dictionary = NULL;
  int32_t *rank = lathe_memory_raw((size_t)column->words.count, sizeof *rank, error);
  if (rank) dictionary = lathe_words_sorted(&column->words, rank, error);
  text_job job = {.file = file, .column = column, .rank = rank};
  if (dictionary && lathe_pool_run(file->chunk_count, rank_codes, &job, file->progress, error))
    result = lathe_column_new(LATHE_TYPE_CATEGORY, file->rows, column->validity, column->values, NULL,
                              dictionary, error);
  if (result) column->validity = NULL, column->values = NULL;
  lathe_column_release(dictionary);
  free(rank);
  return result;
}

static lathe_column *string_column(csv_file *file, csv_column *column, int64_t *offsets, char *bytes,
                                   lathe_error *error) {
  lathe_column *result = NULL;
  if (offsets && bytes)
    result = lathe_column_new(LATHE_TYPE_STRING, file->rows, column->validity, offsets, bytes, NULL, error);
  if (result) {
    column->validity = NULL;
  } else {
    free(offsets);
    free(bytes);
  }
  return result;
}

/* Words that are too seldom repeated to be a category. */
static lathe_column *words_to_string(csv_file *file, csv_column *column, lathe_error *error) {
  const int32_t *codes = column->values;
  const lathe_words *words = &column->words;
  int64_t *offsets = lathe_memory_new((size_t)file->rows + 1, sizeof *offsets, error);
  if (!offsets) return NULL;
  for (int64_t row = 0; row < file->rows; row++) {
    bool there = lathe_bit(column->validity, row);
    offsets[row + 1] = offsets[row] + (there ? (int64_t)lathe_words_text(words, codes[row]).size : 0);
  }
  char *bytes = lathe_memory_raw((size_t)offsets[file->rows], 1, error);
  for (int64_t row = 0; row < file->rows && bytes; row++)
    if (offsets[row + 1] > offsets[row])
      memcpy(bytes + offsets[row], lathe_words_text(words, codes[row]).data,
             (size_t)(offsets[row + 1] - offsets[row]));
  return string_column(file, column, offsets, bytes, error);
}

static lathe_column *make_words(csv_file *file, csv_column *column, lathe_error *error) {
  bool wanted = column->given,
       repeated = column->words.count * INT64_C(2) <= count_present(column, file->rows);
  return wanted || repeated ? make_category(file, column, error) : words_to_string(file, column, error);
}

/* Bytes behind those that are placed; slice by slice, so that many are not there twice. Room is taken by the share of the file that is
 * read: what is not written to takes no memory. */
static bool append(const csv_file *file, csv_column *column, int64_t chunk, char *bytes, size_t size,
                   lathe_error *error) {
  enum { SLICE = 16 << 20 };
  lathe_buffer *to = &column->bytes;
  if (to->capacity - to->size <= size) {
    double whole = (double)(to->size + size) * (double)file->chunk_count / (double)(chunk + 1);
    size_t least = to->size + size, more = (size_t)(whole * 1.05);
    if (!lathe_buffer_reserve(to, (more > least + least / 4 ? more : least + least / 4) - to->size, error))
      return false;
  }
  for (size_t at = 0; at < size; at += SLICE) {
    size_t part = size - at < SLICE ? size - at : SLICE;
    memcpy(to->data + to->size, bytes + at, part);
    to->size += part;
    if (size > SLICE) lathe_memory_drop(bytes + at, part);
  }
  return true;
}

static bool place(const csv_file *file, csv_column *column, int64_t index, lathe_buffer *texts,
                  lathe_error *error) {
  enum { LARGE = 1 << 20 };
  const csv_chunk *chunk = &file->chunks[index];
  int64_t *offsets = (int64_t *)column->values + chunk->row + 1, base = (int64_t)column->bytes.size;
  for (int64_t row = 0; row < chunk->rows && base; row++) offsets[row] += base;
  column->placed++;
  if (base || texts->size < LARGE) return append(file, column, index, texts->data, texts->size, error);
  lathe_buffer_free(&column->bytes); /* a large text at the begin stays where it is */
  column->bytes = *texts;
  *texts = (lathe_buffer){0};
  return true;
}

static bool set_aside(csv_piece *piece, lathe_buffer *texts, lathe_error *error) {
  piece->waits = true;
  piece->size = texts->size;
  if (!texts->size) return true;
  piece->bytes = lathe_memory_raw(texts->size, 1, error);
  if (piece->bytes) memcpy(piece->bytes, texts->data, texts->size);
  return piece->bytes != NULL;
}

bool lathe_csv_place(csv_file *file, csv_column *column, int64_t chunk, lathe_buffer *texts,
                     lathe_error *error) {
  pthread_mutex_lock(&file->order);
  bool fine = column->placed == chunk ? place(file, column, chunk, texts, error)
                                      : set_aside(&column->pieces[chunk], texts, error);
  while (fine && column->placed < file->chunk_count && column->pieces[column->placed].waits) {
    csv_piece *piece = &column->pieces[column->placed];
    lathe_buffer waiting = {piece->bytes, piece->size, piece->size};
    *piece = (csv_piece){0};
    fine = place(file, column, column->placed, &waiting, error);
    free(waiting.data);
  }
  pthread_mutex_unlock(&file->order);
  return fine;
}

static lathe_column *make_string(csv_file *file, csv_column *column, lathe_error *error) {
  void *bytes = column->bytes.data;
  if (!lathe_memory_resize(&bytes, column->bytes.size, 1, error)) return NULL;
  column->bytes = (lathe_buffer){0};
  int64_t *offsets = column->values;
  column->values = NULL;
  return string_column(file, column, offsets, bytes, error);
}

/* Bytes of truth become bits, in place. */
static void pack_bits(uint8_t *values, int64_t rows) {
  for (int64_t row = 0; row < rows; row += 8) {
    unsigned bits = 0;
    for (int64_t i = row; i < rows && i < row + 8; i++) bits |= (unsigned)values[i] << (i - row);
    values[row / 8] = (uint8_t)bits;
  }
}

static lathe_column *make_truth(csv_file *file, csv_column *column, lathe_error *error) {
  pack_bits(column->values, file->rows);
  void *bits = column->values;
  column->values = NULL;
  if (!lathe_memory_resize(&bits, lathe_bit_bytes(file->rows), 1, error)) {
    free(bits);
    return NULL;
  }
  lathe_column *result =
      lathe_column_new(LATHE_TYPE_BOOL, file->rows, column->validity, bits, NULL, NULL, error);
  if (result)
    column->validity = NULL;
  else
    free(bits);
  return result;
}

lathe_column *lathe_csv_finish(csv_file *file, csv_column *column, lathe_error *error) {
  static const lathe_type types[] = {[CSV_AS_INT] = LATHE_TYPE_INT64,
                                     [CSV_AS_FLOAT] = LATHE_TYPE_FLOAT64,
                                     [CSV_AS_DATE] = LATHE_TYPE_DATE,
                                     [CSV_AS_TIME] = LATHE_TYPE_TIMESTAMP};
  switch (column->kind) {
  case CSV_AS_NOTHING:
    return lathe_settle_nothing(file->rows, error);
  case CSV_AS_WORDS:
    return make_words(file, column, error);
  case CSV_AS_TEXT:
    return make_string(file, column, error);
  case CSV_AS_BOOL:
    return make_truth(file, column, error);
  default:
    break;
  }
  lathe_column *result =
      lathe_column_new(types[column->kind], file->rows, column->validity, column->values, NULL, NULL, error);
  if (result) column->validity = NULL, column->values = NULL;
  return result;
}
