/* npy_read.c - elements of an array as columns. */
#include <math.h>
#include <stdio.h>

#include "../base/pool.h"
#include "npy_own.h"

/* One column of an array: its elements lie `stride` bytes apart. */
typedef struct column_job {
  const npy_array *array;
  const npy_field *field;
  const char *data;
  int64_t stride, rows;
  char *name;
  lathe_column *column;
} column_job;

static uint64_t load(const column_job *job, int64_t row) {
  const char *at = job->data + row * job->stride;
  uint8_t one;
  uint16_t two;
  uint32_t four;
  uint64_t eight;
  switch (job->field->size) {
  case 1:
    memcpy(&one, at, 1);
    return one;
  case 2:
    memcpy(&two, at, 2);
    return job->field->swapped ? __builtin_bswap16(two) : two;
  case 4:
    memcpy(&four, at, 4);
    return job->field->swapped ? __builtin_bswap32(four) : four;
  default:
    memcpy(&eight, at, 8);
    return job->field->swapped ? __builtin_bswap64(eight) : eight;
  }
}

static int64_t signed_value(uint64_t bits, int64_t size) {
  int shift = (int)(64 - size * 8);
  return (int64_t)(bits << shift) >> shift;
}

/* IEEE 754 binary16. */
static double half(uint16_t bits) {
  int exponent = bits >> 10 & 31, fraction = bits & 1023;
  double value = exponent == 0    ? ldexp(fraction, -24)
                 : exponent == 31 ? (fraction ? NAN : INFINITY)
                                  : ldexp(fraction + 1024, exponent - 25);
  return bits >> 15 ? -value : value;
}

static double float_value(uint64_t bits, int64_t size) {
  float single;
  double twice;
  uint32_t four = (uint32_t)bits;
  if (size == 2) return half((uint16_t)bits);
  if (size == 4) {
    memcpy(&single, &four, 4);
    return (double)single;
  }
  memcpy(&twice, &bits, 8);
  return twice;
}

static bool read_integers(const column_job *job, int64_t *out, lathe_error *error) {
  int64_t size = job->field->size;
  bool swapped = job->field->swapped, is_signed = job->field->kind == 'i';
  if (size == 8 && is_signed && !swapped) {
    for (int64_t row = 0; row < job->rows; row++) memcpy(&out[row], job->data + row * job->stride, 8);
    return true;
  }
  for (int64_t row = 0; row < job->rows; row++) {
    uint64_t bits = load(job, row);
    out[row] = is_signed ? signed_value(bits, size) : (int64_t)bits;
    if (!is_signed && out[row] < 0)
      return lathe_error_set(
          error, LATHE_ERROR_DATA,
          "%s: row %lld of \"%s\" is %llu, beyond 64 bits with a sign; convert it to float64 or text first",
          job->array->name, (long long)row + 1, job->name, (unsigned long long)bits);
  }
  return true;
}

static void read_floats(const column_job *job, double *out) {
  if (job->field->size == 8 && !job->field->swapped) {
    for (int64_t row = 0; row < job->rows; row++) memcpy(&out[row], job->data + row * job->stride, 8);
    return;
  }
  for (int64_t row = 0; row < job->rows; row++) out[row] = float_value(load(job, row), job->field->size);
}

static bool time_error(const column_job *job, int64_t row, lathe_error *error) {
  return lathe_error_set(
      error, LATHE_ERROR_DATA,
      "%s: row %lld of \"%s\" lies outside the years 1 to 9999; keep it as a number or text",
      job->array->name, (long long)row + 1, job->name);
}

/* Days of the first of a month, counted in months since 1970. */
static bool month_days(int64_t months, int32_t *days) {
  char text[32];
  int64_t year = 1970 + (months >= 0 ? months / 12 : -((-months + 11) / 12)),
          month = months - (year - 1970) * 12 + 1;
  if (year < 1 || year > 9999) return false;
  snprintf(text, sizeof text, "%04d-%02d-01", (int)year, (int)month);
  return lathe_text_to_date(text, 10, days);
}

enum { FIRST_DAY = -719162, LAST_DAY = 2932896 };

static bool read_dates(const column_job *job, int32_t *out, uint8_t *validity, lathe_error *error) {
  npy_unit unit = job->field->unit;
  for (int64_t row = 0; row < job->rows; row++) {
    int64_t value = (int64_t)load(job, row);
    if (value == INT64_MIN) continue;
    lathe_bit_set(validity, row);
    bool near = value > -200000 * 12 && value < 200000 * 12;
    bool fine = true;
    if (unit == NPY_YEAR || unit == NPY_MONTH)
      fine = near && month_days(unit == NPY_YEAR ? value * 12 : value, &out[row]);
    else if (unit == NPY_WEEK)
      fine = near && value * 7 >= FIRST_DAY && value * 7 <= LAST_DAY;
    else
      fine = value >= FIRST_DAY && value <= LAST_DAY;
    if (!fine) return time_error(job, row, error);
    if (unit >= NPY_WEEK) out[row] = (int32_t)(unit == NPY_WEEK ? value * 7 : value);
  }
  return true;
}

static bool read_times(const column_job *job, int64_t *out, uint8_t *validity, lathe_error *error) {
  static const int64_t factors[] = {[NPY_HOUR] = INT64_C(3600000000),
                                    [NPY_MINUTE] = 60000000,
                                    [NPY_SECOND] = 1000000,
                                    [NPY_MILLI] = 1000,
                                    [NPY_MICRO] = 1};
  const int64_t first = FIRST_DAY * INT64_C(86400000000), last = (LAST_DAY + 1) * INT64_C(86400000000) - 1;
  npy_unit unit = job->field->unit;
  for (int64_t row = 0; row < job->rows; row++) {
    int64_t value = (int64_t)load(job, row), time;
    if (value == INT64_MIN) continue;
    lathe_bit_set(validity, row);
    if (unit == NPY_NANO)
      time = value / 1000 - (value % 1000 < 0);
    else if (__builtin_mul_overflow(value, factors[unit], &time))
      return time_error(job, row, error);
    if (time < first || time > last) return time_error(job, row, error);
    out[row] = time;
  }
  return true;
}

/* One text, without the NULs at its end, appended to `bytes`. */
static bool add_text(const column_job *job, const char *at, lathe_buffer *bytes, bool *fine,
                     lathe_error *error) {
  int64_t size = job->field->size;
  if (!lathe_buffer_reserve(bytes, (size_t)size, error)) return false;
  char *out = bytes->data + bytes->size;
  if (job->field->kind == 'S') {
    while (size > 0 && at[size - 1] == '\0') size--;
    memcpy(out, at, (size_t)size);
    bytes->size += (size_t)size;
    *fine = lathe_text_valid(out, (size_t)size) == (size_t)size;
    return true;
  }
  int64_t count = size / 4;
  while (count > 0 && memcmp(at + (count - 1) * 4, "\0\0\0\0", 4) == 0) count--;
  for (int64_t i = 0; i < count && *fine; i++) {
    uint32_t c;
    memcpy(&c, at + i * 4, 4);
    size_t taken = lathe_text_encode(job->field->swapped ? __builtin_bswap32(c) : c, out);
    *fine = taken > 0;
    out += taken;
  }
  bytes->size = (size_t)(out - bytes->data);
  return true;
}

static lathe_column *read_texts(const column_job *job, lathe_error *error) {
  int64_t *offsets = lathe_memory_new((size_t)job->rows + 1, sizeof *offsets, error);
  lathe_buffer bytes = {0};
  bool valid = true, fine = offsets != NULL && lathe_buffer_reserve(&bytes, 1, error);
  int64_t row = 0;
  for (; row < job->rows && fine && valid; row++) {
    fine = add_text(job, job->data + row * job->stride, &bytes, &valid, error);
    offsets[row + 1] = (int64_t)bytes.size;
  }
  if (fine && !valid)
    fine = lathe_error_set(error, LATHE_ERROR_DATA, "%s: row %lld of \"%s\" is no UTF-8; decode it first",
                           job->array->name, (long long)row, job->name);
  lathe_column *column =
      fine ? lathe_column_new(LATHE_TYPE_STRING, job->rows, NULL, offsets, bytes.data, NULL, error) : NULL;
  if (column) return column;
  free(offsets);
  lathe_buffer_free(&bytes);
  return NULL;
}

static lathe_column *read_column(const column_job *job, lathe_error *error) {
  char kind = job->field->kind;
  if (kind == 'U' || kind == 'S') return read_texts(job, error);
  lathe_type type = kind == 'b'                   ? LATHE_TYPE_BOOL
                    : kind == 'f'                 ? LATHE_TYPE_FLOAT64
                    : kind != 'M'                 ? LATHE_TYPE_INT64
                    : job->field->unit <= NPY_DAY ? LATHE_TYPE_DATE
                                                  : LATHE_TYPE_TIMESTAMP;
  void *values = lathe_memory_new(lathe_column_value_bytes(type, job->rows), 1, error);
  uint8_t *validity = kind == 'M' ? lathe_memory_new(lathe_bit_bytes(job->rows), 1, error) : NULL;
  bool fine = values && (validity || kind != 'M');
  if (fine && kind == 'b')
    for (int64_t row = 0; row < job->rows; row++) {
      if (job->data[row * job->stride]) lathe_bit_set(values, row);
    }
  else if (fine && kind == 'f')
    read_floats(job, values);
  else if (fine && kind != 'M')
    fine = read_integers(job, values, error);
  else if (fine)
    fine = type == LATHE_TYPE_DATE ? read_dates(job, values, validity, error)
                                   : read_times(job, values, validity, error);
  lathe_column *column = fine ? lathe_column_new(type, job->rows, validity, values, NULL, NULL, error) : NULL;
  if (column) return column;
  free(values);
  free(validity);
  return NULL;
}

static bool run_column(void *context, int64_t index, lathe_error *error) {
  column_job *job = (column_job *)context + index;
  job->column = read_column(job, error);
  return job->column != NULL;
}

/* "NAME.FIELD", "NAME_3", "column_3", ... */
static char *make_name(const npy_array *array, const npy_field *field, const char *name, int64_t index,
                       lathe_error *error) {
  lathe_buffer out = {0};
  bool fine;
  if (field->name)
    fine = lathe_buffer_format(&out, error, "%s%s%s", name ? name : "", name ? "." : "", field->name);
  else if (name)
    fine = array->rank == 1 ? lathe_buffer_format(&out, error, "%s", name)
                            : lathe_buffer_format(&out, error, "%s_%lld", name, (long long)index + 1);
  else
    fine = lathe_buffer_format(&out, error, "column_%lld", (long long)index + 1);
  if (fine) return out.data;
  lathe_buffer_free(&out);
  return NULL;
}

static bool reserve(npy_columns *into, int64_t more, lathe_error *error) {
  int64_t wanted = into->count + more;
  if (wanted <= into->capacity) return true;
  if (wanted > INT32_MAX) return lathe_error_set(error, LATHE_ERROR_DATA, "more columns than a table holds");
  if (!lathe_memory_resize((void **)&into->names, (size_t)wanted, sizeof *into->names, error) ||
      !lathe_memory_resize((void **)&into->columns, (size_t)wanted, sizeof(lathe_column *), error))
    return false;
  into->capacity = (int32_t)wanted;
  return true;
}

bool lathe_npy_columns(const npy_array *array, const char *name, npy_columns *into, lathe_progress *progress,
                       lathe_error *error) {
  int64_t most = array->structured ? array->field_count : array->columns, count = 0;
  column_job *jobs = lathe_memory_new((size_t)most, sizeof *jobs, error);
  bool fine = jobs && reserve(into, most, error);
  for (int64_t i = 0; i < most && fine; i++) {
    const npy_field *field = &array->fields[array->structured ? i : 0];
    if (field->kind == 'V') continue; /* padding between fields */
    int64_t offset = array->structured ? field->offset
                     : array->fortran  ? i * array->rows * array->item
                                       : i * array->item;
    jobs[count] =
        (column_job){array,
                     field,
                     array->data + offset,
                     array->fortran || array->structured ? array->item : array->columns * array->item,
                     array->rows,
                     make_name(array, field, name, i, error),
                     NULL};
    fine = jobs[count++].name != NULL;
  }
  fine = fine && lathe_pool_run(count, run_column, jobs, progress, error);
  for (int64_t i = 0; i < count && fine; i++) {
    into->names[into->count] = jobs[i].name;
    into->columns[into->count++] = jobs[i].column;
  }
  for (int64_t i = 0; i < count && !fine; i++) {
    free(jobs[i].name);
    lathe_column_release(jobs[i].column);
  }
  free(jobs);
  return fine;
}

lathe_table *lathe_npy_table(npy_columns *from, const char *name, const lathe_npy_options *options,
                             lathe_error *error) {
  const char *const *names = (const char *const *)from->names;
  lathe_table *table = NULL;
  if (options && options->name_count && options->name_count != from->count)
    lathe_error_set(error, LATHE_ERROR_ARGUMENT, "%s has %d columns, but %d names are given; give as many",
                    name, from->count, options->name_count);
  else if (from->count == 0)
    lathe_error_set(error, LATHE_ERROR_DATA, "%s has no column", name);
  else
    table = lathe_table_new(from->count, options && options->name_count ? options->names : names,
                            from->columns, error);
  for (int32_t i = 0; i < from->count; i++) {
    free(from->names[i]);
    lathe_column_release(from->columns[i]);
  }
  free(from->names);
  free(from->columns);
  return table;
}

lathe_table *lathe_table_parse_npy(const char *data, size_t size, const char *name,
                                   const lathe_npy_options *options, lathe_progress *progress,
                                   lathe_error *error) {
  npy_array array;
  npy_columns columns = {0};
  lathe_table *table = NULL;
  lathe_progress_begin(progress, "read NPY", 0);
  if (lathe_npy_open(&array, name, data, size, error) &&
      lathe_npy_columns(&array, NULL, &columns, progress, error))
    table = lathe_npy_table(&columns, name, options, error);
  else {
    free(columns.names);
    free(columns.columns);
  }
  lathe_npy_close(&array);
  lathe_progress_end(progress);
  return table;
}
