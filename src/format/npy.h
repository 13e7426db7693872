/* npy.h - NumPy's NPY and NPZ files to and from tables.
 *
 * An NPY file is one array:
 *   1. "\x93NUMPY", the version (1, 2 or 3) and its minor number, a byte each
 *   2. the size of the header: 2 bytes in version 1, then 4, little-endian
 *   3. the header: {'descr': TYPE, 'fortran_order': False, 'shape': (ROWS, COLUMNS), } in Python's words
 *   4. the elements
 * An NPZ file is a zip archive of them, as they are or deflated.
 *
 *   NumPy                          here
 *   b1                             bool
 *   i1 i2 i4 i8, u1 u2 u4 u8       int64; an u8 that does not fit is refused
 *   f2 f4 f8                       float64; NaN stays NaN, a value
 *   U, S (bytes must be UTF-8)     string
 *   M8 in Y, M, W, D               date; NaT is missing
 *   M8 in h, m, s, ms, us, ns      timestamp, cut to microseconds; NaT is missing
 *   a structured type of these     a column for each field
 *
 * Either byte order; either order of elements. One axis is one column ("column_1"), of two axes the second is the columns. In an NPZ
 * all arrays are equally long; one with two axes becomes NAME_1, NAME_2, ..., one with fields NAME.FIELD. */
#ifndef LATHE_FORMAT_NPY_H
#define LATHE_FORMAT_NPY_H

#include "../table/table.h"

/* All zero gives the defaults. */
typedef struct lathe_npy_options {
  int32_t name_count; /* of the columns, in their order, instead of those found */
  const char *const *names;
  const char *array; /* NPZ: this array only; NULL: all */
} lathe_npy_options;

lathe_table *lathe_table_parse_npy(const char *data, size_t size, const char *name,
                                   const lathe_npy_options *options, lathe_progress *progress,
                                   lathe_error *error);
lathe_table *lathe_table_parse_npz(const char *data, size_t size, const char *name,
                                   const lathe_npy_options *options, lathe_progress *progress,
                                   lathe_error *error);

/* Write, atomically. NPY: columns that are all float64, int64 or bool become a matrix (ROWS, COLUMNS) without names, one column an
 * array with one axis; columns of several types, and all when `fields`, become a structured type with their names. NPZ: an array for
 * each column, deflated when `packed`. A missing number of a float64 column is NaN, a missing date or timestamp NaT; other types with
 * missing elements are refused. Texts are U, as wide as the longest. */
bool lathe_table_write_npy(const lathe_table *table, const char *path, bool fields, lathe_progress *progress,
                           lathe_error *error);
bool lathe_table_write_npz(const lathe_table *table, const char *path, bool packed, lathe_progress *progress,
                           lathe_error *error);

#endif
