/* arrow_in.c - tables of foreign arrays: a column whose buffers have our layout already is borrowed, any other is
 * built from them. */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "../base/pool.h"
#include "arrow_own.h"

/* ---- borrowing ---- */

/* The foreign array, held by each column that shows its buffers. */
typedef struct held_array {
  _Atomic int32_t holders;
  struct ArrowArray array;
} held_array;

typedef struct keeper {
  held_array *held;
  void *offsets, *validity; /* what had to be made anew */
} keeper;

static void drop_array(held_array *held) {
  if (atomic_fetch_sub_explicit(&held->holders, 1, memory_order_acq_rel) != 1) return;
  lathe_arrow_array_release(&held->array);
  free(held);
}

static void release_keeper(void *context) {
  keeper *keep = context;
  drop_array(keep->held);
  free(keep->offsets);
  free(keep->validity);
  free(keep);
}

typedef struct in_job {
  arrow_fields fields;
  held_array *held;
  lathe_arrow_decimals decimals;
  lathe_column **columns;
} in_job;

typedef struct arrow_loan {
  lathe_type type;
  const uint8_t *validity; /* as the column will show it */
  const void *values;
  const char *bytes;
  int64_t byte_count;
  lathe_column *dictionary;
  keeper *keep;
} arrow_loan;

static bool type_of(const arrow_field *field, const arrow_piece *piece, lathe_type *type) {
  switch (field->layout) {
  case ARROW_BOOL:
    *type = LATHE_TYPE_BOOL;
    return piece->first % 8 == 0;
  case ARROW_INT64:
    *type = LATHE_TYPE_INT64;
    return true;
  case ARROW_FLOAT64:
    *type = LATHE_TYPE_FLOAT64;
    return true;
  case ARROW_TEXT32:
  case ARROW_TEXT64:
    *type = LATHE_TYPE_STRING;
    return true;
  case ARROW_DATE32:
    *type = LATHE_TYPE_DATE;
    return true;
  case ARROW_TIMESTAMP:
    *type = LATHE_TYPE_TIMESTAMP;
    return field->unit == 1000000;
  case ARROW_INT32:
    *type = LATHE_TYPE_CATEGORY;
    return field->dictionary &&
           (field->dictionary->layout == ARROW_TEXT32 || field->dictionary->layout == ARROW_TEXT64);
  default:
    return false;
  }
}

/* The bitmap of a piece from bit 0 on, with clear padding; NULL when all elements are there. */
static bool lend_validity(const arrow_piece *piece, arrow_loan *loan, lathe_error *error) {
  const uint8_t *bits = piece->array->n_buffers ? piece->array->buffers[0] : NULL;
  if (!bits || piece->array->null_count == 0) return true;
  bool clear = piece->rows % 8 == 0 || bits[(piece->first + piece->rows) / 8] >> (piece->rows % 8) == 0;
  if (piece->first % 8 == 0 && clear) {
    loan->validity = bits + piece->first / 8;
    return true;
  }
  uint8_t *copy = lathe_memory_new(lathe_bit_bytes(piece->rows), 1, error);
  if (!copy) return false;
  for (int64_t i = 0; i < piece->rows; i++)
    if (lathe_bit(bits, piece->first + i)) lathe_bit_set(copy, i);
  loan->validity = loan->keep->validity = copy;
  return true;
}

/* Offsets of a text piece from 0 on. `*fits` false: missing elements have text. */
static bool lend_text(const arrow_field *field, const arrow_piece *piece, arrow_loan *loan, bool *fits,
                      lathe_error *error) {
  bool wide = field->layout == ARROW_TEXT64;
  const char *source = (const char *)piece->array->buffers[1] + (size_t)piece->first * (wide ? 8 : 4);
  int64_t begin = 0, end = 0;
  if (wide) {
    memcpy(&begin, source, sizeof begin);
  } else {
    int32_t narrow;
    memcpy(&narrow, source, sizeof narrow);
    begin = narrow;
  }
  const int64_t *offsets = (const void *)source;
  if (!wide || begin != 0 || (uintptr_t)source % 8) {
    int64_t *made = loan->keep->offsets = lathe_memory_raw((size_t)piece->rows + 1, sizeof *made, error);
    if (!made) return false;
    for (int64_t i = 0; i <= piece->rows; i++) {
      if (wide) {
        memcpy(&end, source + (size_t)i * sizeof end, sizeof end);
      } else {
        int32_t narrow;
        memcpy(&narrow, source + (size_t)i * sizeof narrow, sizeof narrow);
        end = narrow;
      }
      made[i] = (int64_t)((uint64_t)end - (uint64_t)begin);
    }
    offsets = made;
  }
  if (loan->validity)
    for (int64_t i = 0; i < piece->rows; i++)
      *fits &= lathe_bit(loan->validity, i) || offsets[i] == offsets[i + 1];
  loan->values = offsets;
  loan->byte_count = offsets[piece->rows];
  loan->bytes = piece->array->buffers[2];
  if (begin < 0 || loan->byte_count < 0 || (loan->byte_count > 0 && !loan->bytes))
    return lathe_arrow_fail(field->name, error, "its text offsets are damaged");
  loan->bytes = loan->bytes ? loan->bytes + begin : "";
  return true;
}

static bool zero_where_missing(const arrow_loan *loan, int64_t rows) {
  if (!loan->validity || loan->type == LATHE_TYPE_STRING) return true;
  const uint8_t *bytes = loan->values;
  if (loan->type == LATHE_TYPE_BOOL) {
    bool zero = true;
    for (size_t i = 0; i < lathe_bit_bytes(rows); i++) zero &= (bytes[i] & ~loan->validity[i]) == 0;
    return zero;
  }
  if (lathe_column_value_bytes(loan->type, 1) == sizeof(int32_t)) {
    const int32_t *values = loan->values;
    for (int64_t i = 0; i < rows; i++)
      if (values[i] && !lathe_bit(loan->validity, i)) return false;
    return true;
  }
  const int64_t *values = loan->values;
  for (int64_t i = 0; i < rows; i++)
    if (values[i] && !lathe_bit(loan->validity, i)) return false;
  return true;
}

static bool borrow(const arrow_field *field, const arrow_piece *piece, held_array *held,
                   lathe_column **column, lathe_error *error);

/* The words of a dictionary as a column; `*fits` false when they are not sorted, or not all there. */
static bool lend_words(const arrow_field *field, const arrow_piece *piece, held_array *held, arrow_loan *loan,
                       bool *fits, lathe_error *error) {
  const struct ArrowArray *words = piece->array->dictionary;
  arrow_piece whole = {.array = words, .first = words->offset, .rows = words->length};
  if (!borrow(field->dictionary, &whole, held, &loan->dictionary, error)) return false;
  lathe_column *column = loan->dictionary;
  *fits = column && column->missing == 0;
  for (int64_t i = 1; *fits && i < column->rows; i++) {
    lathe_text a = lathe_column_text(column, i - 1), b = lathe_column_text(column, i);
    int order = memcmp(a.data, b.data, a.size < b.size ? a.size : b.size);
    *fits = order < 0 || (order == 0 && a.size < b.size);
  }
  return true;
}

/* The column, or NULL without an error where it must be built. */
static bool borrow(const arrow_field *field, const arrow_piece *piece, held_array *held,
                   lathe_column **column, lathe_error *error) {
  *column = NULL;
  arrow_loan loan = {0};
  if (piece->above || piece->rows == 0 || (field->dictionary && field->layout != ARROW_INT32) ||
      !type_of(field, piece, &loan.type))
    return true;
  loan.keep = lathe_memory_new(1, sizeof *loan.keep, error);
  if (!loan.keep) return false;
  loan.keep->held = held;
  atomic_fetch_add_explicit(&held->holders, 1, memory_order_relaxed);
  bool fits = true, fine = lend_validity(piece, &loan, error);
  if (fine && loan.type == LATHE_TYPE_STRING) {
    fine = lend_text(field, piece, &loan, &fits, error);
  } else if (fine) {
    size_t size = loan.type == LATHE_TYPE_BOOL ? 1 : lathe_column_value_bytes(loan.type, 1);
    size_t skip = loan.type == LATHE_TYPE_BOOL ? (size_t)piece->first / 8 : (size_t)piece->first * size;
    loan.values = (const char *)piece->array->buffers[1] + skip;
    fits = (uintptr_t)loan.values % size == 0;
    if (fits && loan.type == LATHE_TYPE_BOOL)
      fits =
          piece->rows % 8 == 0 || ((const uint8_t *)loan.values)[piece->rows / 8] >> (piece->rows % 8) == 0;
    if (fits) fits = zero_where_missing(&loan, piece->rows);
    if (fits && loan.type == LATHE_TYPE_CATEGORY) fine = lend_words(field, piece, held, &loan, &fits, error);
  }
  lathe_error problem = {0};
  if (fine && fits) {
    *column = lathe_column_borrow(loan.type, piece->rows, loan.validity, loan.values, loan.bytes,
                                  loan.byte_count, loan.dictionary, loan.keep, release_keeper, &problem);
    if (!*column) fine = lathe_arrow_fail(field->name, error, "%s", problem.message);
  }
  lathe_column_release(loan.dictionary);
  if (!*column) release_keeper(loan.keep);
  return fine;
}

/* ---- one array ---- */

static bool take_in(void *context, int64_t chunk, lathe_error *error) {
  in_job *job = context;
  const arrow_field *field = &job->fields.list[chunk];
  arrow_piece piece;
  if (!lathe_arrow_piece_find(field, &job->held->array, &piece, error) ||
      !borrow(field, &piece, job->held, &job->columns[chunk], error))
    return false;
  if (job->columns[chunk]) return true;
  arrow_growth growth;
  lathe_arrow_growth_start(&growth, field);
  if (lathe_arrow_growth_add(&growth, &piece, error))
    job->columns[chunk] = lathe_arrow_growth_finish(&growth, job->decimals, error);
  lathe_arrow_growth_free(&growth);
  return job->columns[chunk] != NULL;
}

static lathe_table *assemble(const arrow_fields *fields, lathe_column *const *columns, lathe_error *error) {
  const char **names = lathe_memory_new((size_t)fields->count, sizeof *names, error);
  if (!names) return NULL;
  for (int32_t i = 0; i < fields->count; i++) names[i] = fields->list[i].name;
  lathe_table *table = lathe_table_assemble(fields->count, names, columns, error);
  free(names);
  return table;
}

lathe_table *lathe_table_from_arrow(struct ArrowArray *array, struct ArrowSchema *schema,
                                    lathe_arrow_decimals decimals, lathe_progress *progress,
                                    lathe_error *error) {
  in_job job = {.decimals = decimals};
  lathe_table *table = NULL;
  if (!array || !array->release) {
    lathe_error_set(error, LATHE_ERROR_DATA, "the Arrow array is empty or was released");
    return NULL;
  }
  if (!lathe_arrow_fields_read(&job.fields, schema, error)) return NULL;
  job.held = lathe_memory_new(1, sizeof *job.held, error);
  job.columns = lathe_memory_new((size_t)job.fields.count, sizeof(lathe_column *), error);
  if (job.held && job.columns) {
    atomic_init(&job.held->holders, 1);
    job.held->array = *array;
    if (lathe_pool_run(job.fields.count, take_in, &job, progress, error))
      table = assemble(&job.fields, job.columns, error);
    if (!table) job.held->array.release = NULL; /* still the caller's */
    for (int32_t i = 0; i < job.fields.count; i++) lathe_column_release(job.columns[i]);
    drop_array(job.held);
    job.held = NULL;
  }
  if (table) {
    array->release = NULL;
    lathe_arrow_schema_release(schema);
  }
  free(job.held);
  free(job.columns);
  lathe_arrow_fields_free(&job.fields);
  return table;
}

/* ---- many arrays ---- */

struct lathe_arrow_builder {
  arrow_fields fields;
  arrow_growth *growths;
};

lathe_arrow_builder *lathe_arrow_builder_new(const struct ArrowSchema *schema, lathe_error *error) {
  lathe_arrow_builder *builder = lathe_memory_new(1, sizeof *builder, error);
  if (!builder) return NULL;
  if (lathe_arrow_fields_read(&builder->fields, schema, error))
    builder->growths = lathe_memory_new((size_t)builder->fields.count, sizeof *builder->growths, error);
  if (!builder->growths) {
    lathe_arrow_builder_free(builder);
    return NULL;
  }
  for (int32_t i = 0; i < builder->fields.count; i++)
    lathe_arrow_growth_start(&builder->growths[i], &builder->fields.list[i]);
  return builder;
}

typedef struct add_job {
  lathe_arrow_builder *builder;
  const struct ArrowArray *array;
} add_job;

static bool add_column(void *context, int64_t chunk, lathe_error *error) {
  add_job *job = context;
  arrow_piece piece;
  return lathe_arrow_piece_find(&job->builder->fields.list[chunk], job->array, &piece, error) &&
         lathe_arrow_growth_add(&job->builder->growths[chunk], &piece, error);
}

bool lathe_arrow_builder_add(lathe_arrow_builder *builder, const struct ArrowArray *array,
                             lathe_error *error) {
  enum { WORTH_THREADS = 1 << 16 };
  add_job job = {builder, array};
  if (!array || !array->release)
    return lathe_error_set(error, LATHE_ERROR_DATA, "the Arrow array is empty or was released");
  if (array->length >= WORTH_THREADS)
    return lathe_pool_run(builder->fields.count, add_column, &job, NULL, error);
  bool fine = true;
  for (int32_t i = 0; i < builder->fields.count && fine; i++) fine = add_column(&job, i, error);
  return fine;
}

typedef struct finish_job {
  lathe_arrow_builder *builder;
  lathe_arrow_decimals decimals;
  lathe_column **columns;
} finish_job;

static bool finish_column(void *context, int64_t chunk, lathe_error *error) {
  finish_job *job = context;
  job->columns[chunk] = lathe_arrow_growth_finish(&job->builder->growths[chunk], job->decimals, error);
  return job->columns[chunk] != NULL;
}

lathe_table *lathe_arrow_builder_finish(lathe_arrow_builder *builder, lathe_arrow_decimals decimals,
                                        lathe_progress *progress, lathe_error *error) {
  int32_t count = builder->fields.count;
  finish_job job = {builder, decimals, lathe_memory_new((size_t)count, sizeof(lathe_column *), error)};
  if (!job.columns) return NULL;
  lathe_table *table = NULL;
  if (lathe_pool_run(count, finish_column, &job, progress, error))
    table = assemble(&builder->fields, job.columns, error);
  for (int32_t i = 0; i < count; i++) lathe_column_release(job.columns[i]);
  free(job.columns);
  return table;
}

void lathe_arrow_builder_free(lathe_arrow_builder *builder) {
  if (!builder) return;
  for (int32_t i = 0; builder->growths && i < builder->fields.count; i++)
    lathe_arrow_growth_free(&builder->growths[i]);
  free(builder->growths);
  lathe_arrow_fields_free(&builder->fields);
  free(builder);
}

/* ---- streams ---- */

static bool next_array(struct ArrowArrayStream *stream, struct ArrowArray *array, lathe_error *error) {
  memset(array, 0, sizeof *array);
  int code = stream->get_next(stream, array);
  if (code == 0) return true;
  const char *words = stream->get_last_error ? stream->get_last_error(stream) : NULL;
  return lathe_error_set(error, LATHE_ERROR_DATA, "the Arrow stream broke off: %s",
                         words ? words : "its source does not say why");
}

static lathe_table *read_stream(struct ArrowArrayStream *stream, struct ArrowSchema *schema,
                                lathe_arrow_decimals decimals, lathe_progress *progress, lathe_error *error) {
  struct ArrowArray first = {0}, next = {0};
  lathe_table *table = NULL;
  if (!next_array(stream, &first, error)) return NULL;
  bool fine = !first.release || next_array(stream, &next, error);
  if (fine && first.release && !next.release)
    table = lathe_table_from_arrow(&first, schema, decimals, progress, error);
  else if (fine) {
    lathe_arrow_builder *builder = lathe_arrow_builder_new(schema, error);
    fine = builder && (!first.release || lathe_arrow_builder_add(builder, &first, error));
    lathe_arrow_array_release(&first);
    while (fine && next.release) {
      fine = lathe_progress_check(progress, error) && lathe_arrow_builder_add(builder, &next, error);
      lathe_arrow_array_release(&next);
      if (fine) fine = next_array(stream, &next, error);
    }
    if (fine) table = lathe_arrow_builder_finish(builder, decimals, progress, error);
    lathe_arrow_builder_free(builder);
  }
  lathe_arrow_array_release(&first);
  lathe_arrow_array_release(&next);
  return table;
}

lathe_table *lathe_table_from_arrow_stream(struct ArrowArrayStream *stream, lathe_arrow_decimals decimals,
                                           lathe_progress *progress, lathe_error *error) {
  if (!stream || !stream->release) {
    lathe_error_set(error, LATHE_ERROR_DATA, "the Arrow stream is empty or was released");
    return NULL;
  }
  struct ArrowSchema schema = {0};
  lathe_table *table = NULL;
  if (stream->get_schema(stream, &schema) == 0)
    table = read_stream(stream, &schema, decimals, progress, error);
  else
    lathe_error_set(error, LATHE_ERROR_DATA, "the Arrow stream gives no schema");
  lathe_arrow_schema_release(&schema);
  lathe_arrow_stream_release(stream);
  return table;
}
