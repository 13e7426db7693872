/* concat.c - tables one below the other. Each column is made alone, columns in parallel. */
#include "concat.h"

#include <stdlib.h>
#include <string.h>

#include "../base/memory.h"
#include "../base/pool.h"
#include "../table/own.h"
#include "../table/words.h"

/* ---- types ---- */

static int number_rank(lathe_type type) {
  return type == LATHE_TYPE_BOOL ? 1 : type == LATHE_TYPE_INT64 ? 2 : type == LATHE_TYPE_FLOAT64 ? 3 : 0;
}

static bool is_time(lathe_type type) {
  return type == LATHE_TYPE_DATE || type == LATHE_TYPE_TIMESTAMP;
}

static lathe_type wider(lathe_type a, lathe_type b) {
  if (a == b) return a;
  if (number_rank(a) && number_rank(b)) return number_rank(a) > number_rank(b) ? a : b;
  return is_time(a) && is_time(b) ? LATHE_TYPE_TIMESTAMP : LATHE_TYPE_STRING;
}

static lathe_column *widen_to_string(const lathe_column *column, const lathe_progress *progress,
                                     lathe_error *error) {
  enum { BETWEEN_LOOKS = 1 << 16 };
  if (column->type == LATHE_TYPE_CATEGORY) return lathe_column_to_string(column, error);
  lathe_buffer bytes = {0};
  int64_t *offsets = lathe_memory_new((size_t)column->rows + 1, sizeof *offsets, error);
  uint8_t *validity = column->validity ? lathe_memory_raw(lathe_bit_bytes(column->rows), 1, error) : NULL;
  bool fine = offsets && (validity || !column->validity) && lathe_buffer_reserve(&bytes, 1, error);
  if (fine && validity) memcpy(validity, column->validity, lathe_bit_bytes(column->rows));
  char room[32];
  for (int64_t i = 0; i < column->rows && fine; i++) {
    if (i % BETWEEN_LOOKS == 0) fine = lathe_progress_check(progress, error);
    if (fine && lathe_column_present(column, i)) {
      lathe_text text = lathe_column_format(column, i, room);
      fine = lathe_buffer_append(&bytes, text.data, text.size, error);
    }
    offsets[i + 1] = (int64_t)bytes.size;
  }
  lathe_column *result = fine ? lathe_column_adopt(LATHE_TYPE_STRING, column->rows, column->missing, validity,
                                                   offsets, bytes.data, NULL, error)
                              : NULL;
  if (result) return result;
  free(offsets);
  free(validity);
  lathe_buffer_free(&bytes);
  return NULL;
}

static bool widen_value(const lathe_column *column, int64_t row, lathe_type type, void *values,
                        lathe_error *error) {
  if (column->type == LATHE_TYPE_DATE) {
    ((int64_t *)values)[row] = ((const int32_t *)column->values)[row] * INT64_C(86400000000);
    return true;
  }
  int64_t value = column->type == LATHE_TYPE_BOOL ? lathe_bit(column->values, row)
                                                  : ((const int64_t *)column->values)[row];
  if (type == LATHE_TYPE_INT64) {
    ((int64_t *)values)[row] = value;
    return true;
  }
  double number = (double)value;
  ((double *)values)[row] = number;
  if (number < 0x1p63 && (int64_t)number == value) return true;
  return lathe_error_set(error, LATHE_ERROR_DATA,
                         "%lld in row %lld is no float64, which the column is in another table; cast it to "
                         "string, or the other to int64",
                         (long long)value, (long long)row + 1);
}

static lathe_column *widen(lathe_column *column, lathe_type type, const lathe_progress *progress,
                           lathe_error *error) {
  if (column->type == type) return lathe_column_retain(column);
  if (wider(column->type, type) != type) {
    lathe_error_set(error, LATHE_ERROR_ARGUMENT, "a %s column does not become %s without loss",
                    lathe_type_name(column->type), lathe_type_name(type));
    return NULL;
  }
  if (type == LATHE_TYPE_STRING) return widen_to_string(column, progress, error);
  void *values = lathe_memory_new((size_t)column->rows, sizeof(int64_t), error);
  uint8_t *validity = column->validity ? lathe_memory_raw(lathe_bit_bytes(column->rows), 1, error) : NULL;
  bool fine = values && (validity || !column->validity);
  if (validity) memcpy(validity, column->validity, lathe_bit_bytes(column->rows));
  for (int64_t i = 0; i < column->rows && fine; i++)
    if (lathe_column_present(column, i)) fine = widen_value(column, i, type, values, error);
  lathe_column *result =
      fine ? lathe_column_adopt(type, column->rows, column->missing, validity, values, NULL, NULL, error)
           : NULL;
  if (result) return result;
  free(values);
  free(validity);
  return NULL;
}

lathe_column *lathe_column_widen(lathe_column *column, lathe_type type, lathe_error *error) {
  return widen(column, type, NULL, error);
}

/* ---- one column ---- */

typedef struct concat_job {
  const lathe_table *const *tables;
  int32_t count, columns;
  int64_t rows;
  const char **names;  /* (columns) */
  lathe_column **made; /* (columns) */
  lathe_progress *progress;
} concat_job;

/* The parts of a column: NULL where a table has none, or one in which nothing is there. */
static lathe_column **parts_of(const concat_job *job, const char *name, lathe_type *type,
                               lathe_error *error) {
  lathe_column **parts = lathe_memory_new((size_t)job->count, sizeof(lathe_column *), error);
  bool any = false, typed = false;
  for (int32_t i = 0; i < job->count && parts; i++) {
    int32_t index = lathe_table_find(job->tables[i], name);
    if (index < 0) continue;
    lathe_column *column = lathe_table_column(job->tables[i], index);
    if (!typed) *type = column->type; /* the first one's, when no table has an element */
    typed = true;
    if (column->missing == column->rows) continue;
    *type = any ? wider(*type, column->type) : column->type;
    any = true;
    parts[i] = column;
  }
  return parts;
}

static bool widen_parts(const concat_job *job, lathe_column **parts, lathe_type type, const char *name,
                        lathe_error *error) {
  bool fine = true;
  for (int32_t i = 0; i < job->count; i++) {
    if (!parts[i]) continue;
    fine = fine && lathe_progress_check(job->progress, error);
    parts[i] = fine ? widen(parts[i], type, job->progress, error) : NULL;
    if (parts[i] || !fine) continue;
    fine = false;
    if (!error || error->code != LATHE_ERROR_DATA) continue;
    lathe_error cause = *error;
    lathe_error_set(error, cause.code, "table %d, column \"%.200s\": %.600s", i + 1, name, cause.message);
  }
  return fine;
}

static void copy_bits(uint8_t *to, int64_t at, const uint8_t *from, int64_t count) {
  int64_t i = 0;
  if (at % 8 == 0) {
    memcpy(to + at / 8, from, (size_t)(count / 8));
    i = count / 8 * 8;
  }
  for (; i < count; i++)
    if (lathe_bit(from, i)) lathe_bit_set(to, at + i);
}

static void set_bits(uint8_t *to, int64_t at, int64_t count) {
  int64_t end = at + count;
  for (; at < end && at % 8; at++) lathe_bit_set(to, at);
  memset(to + at / 8, 0xFF, (size_t)((end - at) / 8));
  for (at += (end - at) / 8 * 8; at < end; at++) lathe_bit_set(to, at);
}

/* The bitmap of all parts, NULL when nothing is missing. False with `error`. */
static bool join_validity(const concat_job *job, lathe_column *const *parts, uint8_t **validity,
                          int64_t *missing, lathe_error *error) {
  *missing = 0;
  *validity = NULL;
  for (int32_t i = 0; i < job->count; i++)
    *missing += parts[i] ? parts[i]->missing : lathe_table_rows(job->tables[i]);
  if (*missing == 0) return true;
  *validity = lathe_memory_new(lathe_bit_bytes(job->rows), 1, error);
  int64_t at = 0;
  for (int32_t i = 0; i < job->count && *validity; i++) {
    int64_t rows = lathe_table_rows(job->tables[i]);
    if (parts[i] && parts[i]->validity)
      copy_bits(*validity, at, parts[i]->validity, rows);
    else if (parts[i])
      set_bits(*validity, at, rows);
    at += rows;
  }
  return *validity != NULL;
}

/* The rank of each part's categories in the dictionary of all. */
static lathe_column *join_dictionaries(const concat_job *job, lathe_column *const *parts, int32_t **ranks,
                                       lathe_error *error) {
  lathe_words words = {0};
  bool fine = true;
  for (int32_t i = 0; i < job->count && fine; i++) {
    if (!parts[i]) continue;
    const lathe_column *dictionary = parts[i]->dictionary;
    ranks[i] = lathe_memory_raw((size_t)dictionary->rows, sizeof **ranks, error);
    fine = ranks[i] != NULL;
    for (int64_t code = 0; code < dictionary->rows && fine; code++) {
      lathe_text text = lathe_column_text(dictionary, code);
      fine = (ranks[i][code] = lathe_words_add(&words, text.data, text.size, error)) >= 0;
    }
  }
  int32_t *sorted = fine ? lathe_memory_raw((size_t)words.count, sizeof *sorted, error) : NULL;
  lathe_column *dictionary = sorted ? lathe_words_sorted(&words, sorted, error) : NULL;
  for (int32_t i = 0; i < job->count && dictionary; i++)
    for (int64_t code = 0; parts[i] && code < parts[i]->dictionary->rows; code++)
      ranks[i][code] = sorted[ranks[i][code]];
  free(sorted);
  lathe_words_free(&words);
  return dictionary;
}

static void join_values(const concat_job *job, lathe_column *const *parts, lathe_type type,
                        int32_t *const *ranks, void *values) {
  size_t size = lathe_column_value_bytes(type, 1);
  int64_t at = 0;
  for (int32_t i = 0; i < job->count; i++) {
    int64_t rows = lathe_table_rows(job->tables[i]);
    const lathe_column *part = parts[i];
    if (part && type == LATHE_TYPE_BOOL) {
      copy_bits(values, at, part->values, rows);
    } else if (part && ranks) {
      const int32_t *codes = part->values;
      for (int64_t row = 0; row < rows; row++)
        if (lathe_column_present(part, row)) ((int32_t *)values)[at + row] = ranks[i][codes[row]];
    } else if (part && rows) {
      memcpy((char *)values + (size_t)at * size, part->values, (size_t)rows * size);
    }
    at += rows;
  }
}

/* Offsets and bytes of all texts. */
static char *join_texts(const concat_job *job, lathe_column *const *parts, int64_t *offsets,
                        lathe_error *error) {
  int64_t at = 0, base = 0;
  for (int32_t i = 0; i < job->count; i++)
    if (parts[i]) base += ((const int64_t *)parts[i]->values)[parts[i]->rows];
  char *bytes = lathe_memory_raw((size_t)base, 1, error);
  if (!bytes) return NULL;
  base = 0;
  for (int32_t i = 0; i < job->count; i++) {
    if (!lathe_progress_check(job->progress, error)) {
      free(bytes);
      return NULL;
    }
    int64_t rows = lathe_table_rows(job->tables[i]);
    const int64_t *from = parts[i] ? parts[i]->values : NULL;
    for (int64_t row = 0; row < rows; row++) offsets[at + row] = base + (from ? from[row] : 0);
    if (from && from[rows]) memcpy(bytes + base, parts[i]->bytes, (size_t)from[rows]);
    base += from ? from[rows] : 0;
    at += rows;
  }
  offsets[at] = base;
  return bytes;
}

static lathe_column *join_parts(const concat_job *job, lathe_column *const *parts, lathe_type type,
                                lathe_error *error) {
  uint8_t *validity;
  int64_t missing;
  if (!join_validity(job, parts, &validity, &missing, error)) return NULL;
  lathe_column *dictionary = NULL, *result = NULL;
  int32_t **ranks = NULL;
  char *bytes = NULL;
  void *values = lathe_memory_new(lathe_column_value_bytes(type, job->rows), 1, error);
  bool fine = values != NULL;
  if (fine && type == LATHE_TYPE_STRING) {
    fine = (bytes = join_texts(job, parts, values, error)) != NULL;
  } else if (fine && type == LATHE_TYPE_CATEGORY) {
    ranks = lathe_memory_new((size_t)job->count, sizeof *ranks, error);
    fine = ranks && (dictionary = join_dictionaries(job, parts, ranks, error));
  }
  if (fine && type != LATHE_TYPE_STRING) join_values(job, parts, type, ranks, values);
  if (fine) result = lathe_column_adopt(type, job->rows, missing, validity, values, bytes, dictionary, error);
  for (int32_t i = 0; i < job->count && ranks; i++) free(ranks[i]);
  free(ranks);
  lathe_column_release(dictionary);
  if (result) return result;
  free(validity);
  free(values);
  free(bytes);
  return NULL;
}

static bool join_column(void *context, int64_t index, lathe_error *error) {
  concat_job *job = context;
  lathe_type type = LATHE_TYPE_FLOAT64;
  lathe_column **parts = parts_of(job, job->names[index], &type, error);
  if (!parts) return false;
  lathe_error problem = {0};
  if (widen_parts(job, parts, type, job->names[index], &problem))
    job->made[index] = join_parts(job, parts, type, &problem);
  for (int32_t i = 0; i < job->count; i++) lathe_column_release(parts[i]);
  free(parts);
  lathe_progress_add(job->progress, 1);
  if (job->made[index]) return true;
  return lathe_error_set(error, problem.code, "%s", problem.message);
}

/* ---- all columns ---- */

/* A category column that names the table of each row. */
static lathe_column *source_column(const concat_job *job, const char *const *names, lathe_error *error) {
  lathe_words words = {0};
  int32_t *codes = lathe_memory_raw((size_t)job->rows, sizeof *codes, error);
  int32_t *code_of = lathe_memory_raw((size_t)job->count, sizeof *code_of, error), *rank = NULL;
  bool fine = codes && code_of;
  for (int32_t i = 0; i < job->count && fine; i++) {
    size_t size = strlen(names[i]);
    if (lathe_text_valid(names[i], size) != size)
      fine = lathe_error_set(error, LATHE_ERROR_ARGUMENT, "the name of table %d is not UTF-8", i + 1);
    else
      fine = (code_of[i] = lathe_words_add(&words, names[i], size, error)) >= 0;
  }
  if (fine) rank = lathe_memory_raw((size_t)words.count, sizeof *rank, error);
  lathe_column *dictionary = rank ? lathe_words_sorted(&words, rank, error) : NULL, *result = NULL;
  if (dictionary) {
    int64_t at = 0;
    for (int32_t i = 0; i < job->count; i++)
      for (int64_t end = at + lathe_table_rows(job->tables[i]); at < end; at++) codes[at] = rank[code_of[i]];
    result = lathe_column_adopt(LATHE_TYPE_CATEGORY, job->rows, 0, NULL, codes, NULL, dictionary, error);
  }
  if (!result) free(codes);
  free(code_of);
  free(rank);
  lathe_column_release(dictionary);
  lathe_words_free(&words);
  return result;
}

/* The names of all columns in the order they appear, behind `source`. */
static bool all_names(concat_job *job, const char *source, lathe_error *error) {
  int64_t most = source != NULL;
  for (int32_t i = 0; i < job->count; i++) most += lathe_table_columns(job->tables[i]);
  if (most > INT32_MAX)
    return lathe_error_set(error, LATHE_ERROR_ARGUMENT,
                           "these tables have more columns than one table holds");
  lathe_words seen = {0};
  job->names = lathe_memory_new((size_t)most, sizeof *job->names, error);
  bool fine = job->names != NULL;
  if (fine && source) {
    job->names[job->columns++] = source;
    fine = lathe_words_add(&seen, source, strlen(source), error) >= 0;
  }
  for (int32_t i = 0; i < job->count; i++)
    for (int32_t c = 0; c < lathe_table_columns(job->tables[i]) && fine; c++) {
      const char *name = lathe_table_name(job->tables[i], c);
      int32_t code = lathe_words_add(&seen, name, strlen(name), error);
      if (source && code == 0)
        fine = lathe_error_set(error, LATHE_ERROR_ARGUMENT,
                               "table %d has a column \"%s\" already; give the source another name", i + 1,
                               name);
      else if (code < 0)
        fine = false;
      else if (code == job->columns)
        job->names[job->columns++] = name;
    }
  lathe_words_free(&seen);
  return fine;
}

/* A chunk is a column; the first one, when there is a source, is made already. */
static bool join_or_keep(void *context, int64_t index, lathe_error *error) {
  concat_job *job = context;
  return job->made[index] || join_column(job, index, error);
}

lathe_table *lathe_table_concat(const lathe_table *const *tables, int32_t count, const char *source,
                                const char *const *names, lathe_progress *progress, lathe_error *error) {
  if (count < 1) {
    lathe_error_set(error, LATHE_ERROR_ARGUMENT, "concat takes a table at least");
    return NULL;
  }
  concat_job job = {.tables = tables, .count = count, .progress = progress};
  for (int32_t i = 0; i < count; i++) job.rows += lathe_table_rows(tables[i]);
  lathe_table *result = NULL;
  bool fine = all_names(&job, source, error);
  if (fine) job.made = lathe_memory_new((size_t)job.columns, sizeof(lathe_column *), error);
  fine = fine && job.made;
  if (fine && source) fine = (job.made[0] = source_column(&job, names, error)) != NULL;
  lathe_progress_begin(progress, "concat", job.columns);
  if (fine && lathe_pool_run(job.columns, join_or_keep, &job, progress, error))
    result = lathe_table_new(job.columns, job.names, job.made, error);
  lathe_progress_end(progress);
  for (int32_t i = 0; i < job.columns && job.made; i++) lathe_column_release(job.made[i]);
  free(job.made);
  free(job.names);
  return result;
}
