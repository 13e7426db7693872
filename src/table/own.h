/* own.h - what the files of this folder know of a column. */
#ifndef LATHE_TABLE_OWN_H
#define LATHE_TABLE_OWN_H

#include <stdatomic.h>

#include "column.h"

struct lathe_column {
  _Atomic int32_t holders;
  lathe_type type;
  int64_t rows;
  int64_t missing;
  const uint8_t *validity; /* NULL exactly when missing == 0 */
  const void *values;
  const char *bytes;
  lathe_column *dictionary;
  void *keeper; /* what the buffers lie in; NULL: they are the column's own */
  void (*keeper_release)(void *keeper);
};

/* A column whose buffers lie in `keeper` (a mapped file), which is released with the column; on failure it is
 * not. Nothing in the buffers is trusted: offsets, codes, text and padding are checked first. The error does
 * not name the file. */
lathe_column *lathe_column_borrow(lathe_type type, int64_t rows, const uint8_t *validity, const void *values,
                                  const char *bytes, int64_t byte_count, lathe_column *dictionary,
                                  void *keeper, void (*keeper_release)(void *), lathe_error *error);

/* A column from buffers that are known to be right: `missing` zeros in `validity` (NULL exactly when there are
 * none), zeros behind its last row and under what is missing. They belong to the column, on failure to the
 * caller still. */
lathe_column *lathe_column_adopt(lathe_type type, int64_t rows, int64_t missing, uint8_t *validity,
                                 void *values, char *bytes, lathe_column *dictionary, lathe_error *error);

/* Bytes of the value buffer of `rows` elements; for STRING those of the offsets. */
size_t lathe_column_value_bytes(lathe_type type, int64_t rows);

static inline bool lathe_bit(const uint8_t *bits, int64_t index) {
  return (bits[index >> 3] >> (index & 7)) & 1;
}

static inline void lathe_bit_set(uint8_t *bits, int64_t index) {
  bits[index >> 3] = (uint8_t)(bits[index >> 3] | (1 << (index & 7)));
}

static inline size_t lathe_bit_bytes(int64_t count) {
  return ((size_t)count + 7) / 8;
}

#endif
