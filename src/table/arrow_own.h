/* arrow_own.h - a foreign schema as a list of columns, and the columns that grow out of foreign arrays. */
#ifndef LATHE_TABLE_ARROW_OWN_H
#define LATHE_TABLE_ARROW_OWN_H

#include "../base/memory.h"
#include "arrow.h"
#include "own.h"
#include "words.h"

/* How the elements lie in a foreign array. */
typedef enum arrow_layout {
  ARROW_NULL,
  ARROW_BOOL,
  ARROW_INT8,
  ARROW_UINT8,
  ARROW_INT16,
  ARROW_UINT16,
  ARROW_INT32,
  ARROW_UINT32,
  ARROW_INT64,
  ARROW_UINT64,
  ARROW_FLOAT16,
  ARROW_FLOAT32,
  ARROW_FLOAT64,
  ARROW_DECIMAL, /* `width` bytes, `scale` digits behind the point */
  ARROW_TEXT32,  /* int32_t offsets */
  ARROW_TEXT64,
  ARROW_TEXT_VIEW,
  ARROW_BYTES32,
  ARROW_BYTES64,
  ARROW_BYTES_VIEW,
  ARROW_BYTES_FIXED, /* `width` bytes */
  ARROW_DATE32,
  ARROW_DATE64,
  ARROW_TIMESTAMP, /* int64_t in `unit`s of a second */
  ARROW_TIME32,
  ARROW_TIME64,
  ARROW_DURATION,
} arrow_layout;

enum { ARROW_DEPTH = 32 };

typedef struct arrow_field {
  char *name;
  arrow_layout layout;
  int32_t width, scale;
  int64_t unit;                   /* 1 (seconds), 1000, 1000000 or 1000000000 */
  struct arrow_field *dictionary; /* of the values; `layout` is that of the indices then */
  int32_t depth;                  /* structs above it, the root included */
  int32_t path[ARROW_DEPTH];      /* which child of each */
} arrow_field;

typedef struct arrow_fields {
  arrow_field *list;
  int32_t count, capacity;
} arrow_fields;

/* The columns that a schema describes. False with an error that names the column which a table cannot hold. */
bool lathe_arrow_fields_read(arrow_fields *fields, const struct ArrowSchema *schema, lathe_error *error);
void lathe_arrow_fields_free(arrow_fields *fields);

/* Elements [first, first + rows) of an array, as one column of a root array sees them. */
typedef struct arrow_piece {
  const struct ArrowArray *array;
  int64_t first, rows;
  int32_t above; /* structs above it that have missing elements */
  struct {
    const uint8_t *bits;
    int64_t first;
  } masks[ARROW_DEPTH];
} arrow_piece;

/* Find the piece of `field` in a root array and check its counts. */
bool lathe_arrow_piece_find(const arrow_field *field, const struct ArrowArray *root, arrow_piece *piece,
                            lathe_error *error);

static inline bool arrow_present(const arrow_piece *piece, int64_t row) {
  for (int32_t i = 0; i < piece->above; i++)
    if (!lathe_bit(piece->masks[i].bits, piece->masks[i].first + row)) return false;
  const struct ArrowArray *array = piece->array;
  const uint8_t *bits = array->n_buffers && array->null_count ? array->buffers[0] : NULL;
  return !bits || lathe_bit(bits, piece->first + row);
}

/* What kind of elements a column under way collects. */
typedef enum arrow_kind {
  ARROW_KIND_BITS,
  ARROW_KIND_INT64,
  ARROW_KIND_FLOAT64,
  ARROW_KIND_WIDE, /* 128-bit integers, whose type is decided when all are there */
  ARROW_KIND_TEXT,
  ARROW_KIND_WORDS, /* codes of `words` */
  ARROW_KIND_DATE,
  ARROW_KIND_TIMESTAMP,
} arrow_kind;

/* A column under way. Zero-initialise, set `field`. */
typedef struct arrow_growth {
  const arrow_field *field;
  arrow_kind kind;
  int64_t rows, room;
  uint8_t *validity;
  void *values;
  lathe_buffer bytes;
  lathe_words words;
} arrow_growth;

void lathe_arrow_growth_start(arrow_growth *growth, const arrow_field *field);
bool lathe_arrow_growth_add(arrow_growth *growth, const arrow_piece *piece, lathe_error *error);
lathe_column *lathe_arrow_growth_finish(arrow_growth *growth, lathe_arrow_decimals decimals,
                                        lathe_error *error);
void lathe_arrow_growth_free(arrow_growth *growth);

static inline bool arrow_all_present(const arrow_piece *piece) {
  const struct ArrowArray *array = piece->array;
  return piece->above == 0 && (array->n_buffers == 0 || array->null_count == 0 || !array->buffers[0]);
}

static inline bool arrow_plain_text(const arrow_field *field) {
  return field->layout >= ARROW_TEXT32 && field->layout <= ARROW_TEXT_VIEW;
}

static inline int64_t arrow_floor_divide(int64_t value, int64_t by) {
  return value / by - (value % by < 0);
}

/* arrow_text.c: the bytes of element `at` of an array; the elements of a piece behind those of a text column. */
bool lathe_arrow_bytes_at(const arrow_field *field, const struct ArrowArray *array, int64_t at,
                          lathe_text *text, lathe_error *error);
bool lathe_arrow_fill_text(arrow_growth *growth, const arrow_field *field, const arrow_piece *piece,
                           lathe_error *error);

/* A column of 128-bit integers divided by 10^scale (arrow_decimal.c); takes nothing. */
lathe_column *lathe_arrow_decimal_column(const __int128 *values, const uint8_t *validity, int64_t rows,
                                         int32_t scale, lathe_arrow_decimals decimals, lathe_error *error);

/* Always false: an error about a column. */
bool lathe_arrow_fail(const char *name, lathe_error *error, const char *format, ...) LATHE_PRINTF(3, 4);

#endif
