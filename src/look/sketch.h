/* sketch.h - what is kept of a column that comes in pieces. */
#ifndef LATHE_LOOK_SKETCH_H
#define LATHE_LOOK_SKETCH_H

#include "own.h"

enum {
  SKETCH_REGISTERS = 1 << 14, /* of HyperLogLog: standard error 1.04 / sqrt(16384) = 0.8 % */
  SKETCH_LEVELS = 48
};

typedef enum sketch_kind { SKETCH_FREE, SKETCH_NUMBER, SKETCH_INTEGER, SKETCH_TEXT } sketch_kind;

/* A value and how often it came. The key of a number is that of the double; an integer that is no double has its
 * own; a text has its hash. */
typedef struct sketch_value {
  uint64_t key;
  int64_t count;
  int64_t text; /* offset */
  int32_t size;
  sketch_kind kind;
} sketch_value;

/* `wide` numbers of equal weight, ascending, stand for all that a subtree of pieces holds. */
typedef struct sketch_ranks {
  double *values;
  double weight; /* 0: nothing here */
} sketch_ranks;

typedef struct look_sketch {
  lathe_type type; /* STRING for all text */
  bool known;      /* a piece had a value */
  lathe_summary summary;
  look_scan scan;
  sketch_value *values; /* (capacity): open addressing */
  int64_t value_count, value_limit, capacity;
  bool pruned;
  lathe_buffer texts;
  uint8_t *registers; /* (SKETCH_REGISTERS) */
  int64_t wide;
  sketch_ranks levels[SKETCH_LEVELS];
  int32_t deepest;                /* compressions that a number went through at most */
  int32_t top[LATHE_SUMMARY_TOP]; /* places in `values`, once finished */
} look_sketch;

/* `room`: bytes it may take, about. */
bool look_sketch_open(look_sketch *sketch, int64_t room, lathe_error *error);
void look_sketch_free(look_sketch *sketch);

/* Add a piece. The column's type must go with the sketch's: look_sketch_takes. */
bool look_sketch_takes(const look_sketch *sketch, const lathe_column *column);
bool look_sketch_add(look_sketch *sketch, const lathe_column *column, lathe_error *error);

/* Write the summary, and the final type. */
bool look_sketch_finish(look_sketch *sketch, lathe_error *error);
lathe_text look_sketch_top(const look_sketch *sketch, int32_t index, char *scratch);

#endif
