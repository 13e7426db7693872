/* npy_own.h - what the files for NPY and NPZ share. */
#ifndef LATHE_FORMAT_NPY_OWN_H
#define LATHE_FORMAT_NPY_OWN_H

#include <stdlib.h>
#include <string.h>

#include "../base/memory.h"
#include "../table/own.h"
#include "npy.h"

typedef enum npy_unit {
  NPY_YEAR,
  NPY_MONTH,
  NPY_WEEK,
  NPY_DAY,
  NPY_HOUR,
  NPY_MINUTE,
  NPY_SECOND,
  NPY_MILLI,
  NPY_MICRO,
  NPY_NANO
} npy_unit;

/* One field of a structured type, or all of another one. */
typedef struct npy_field {
  char *name; /* NULL: it has none */
  char kind;  /* b i u f U S M; V: bytes between fields */
  bool swapped;
  npy_unit unit;
  int64_t size;   /* bytes of an element */
  int64_t offset; /* in a record */
} npy_field;

typedef struct npy_array {
  const char *name; /* of the file, in errors */
  npy_field *fields;
  int32_t field_count;
  bool structured, fortran;
  int64_t item; /* bytes of a record */
  int32_t rank;
  int64_t rows, columns; /* columns: of the second axis, or 1 */
  const char *data;
} npy_array;

/* Take the header apart and check that the elements are all there. */
bool lathe_npy_open(npy_array *array, const char *name, const char *data, size_t size, lathe_error *error);
void lathe_npy_close(npy_array *array);

/* Columns gathered from arrays. */
typedef struct npy_columns {
  int32_t count, capacity;
  char **names;
  lathe_column **columns;
} npy_columns;

/* All columns of an array; `name` (NULL: none) goes before their names. */
bool lathe_npy_columns(const npy_array *array, const char *name, npy_columns *into, lathe_progress *progress,
                       lathe_error *error);
lathe_table *lathe_npy_table(npy_columns *from, const char *name, const lathe_npy_options *options,
                             lathe_error *error);

/* The header of an array of columns first to first + count of a table, up to its elements; and then its elements, added piece by piece. */
typedef bool (*npy_sink)(void *context, const void *data, size_t size, lathe_error *error);
bool lathe_npy_write(const lathe_table *table, int32_t first, int32_t count, bool fields, npy_sink sink,
                     void *context, lathe_progress *progress, lathe_error *error);

#endif
