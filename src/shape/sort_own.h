/* sort_own.h - what sort_key.c gives sort.c: the keys of rows as bits whose order is the order of the rows.
 *
 * A key column becomes one field or two: a class (a number, NaN, missing) of one or two bits where it has
 * more than one, then its value, counted from the least there is, in as many bits as the range needs; or the
 * bytes of its texts. The fields one after the other are a row's key. A level is the next part of it, as much
 * as fits in a word beside the number of the row: nearly always the whole. */
#ifndef LATHE_SHAPE_SORT_OWN_H
#define LATHE_SHAPE_SORT_OWN_H

#include "../table/own.h"
#include "sort.h"

enum { SORT_CHUNK = 32768 };

typedef enum field_kind { FIELD_CLASS, FIELD_NUMBER, FIELD_TEXT } field_kind;

typedef struct sort_field {
  field_kind kind;
  bool descending, missing_first;
  const lathe_column *column;
  uint64_t low, high;                          /* NUMBER: of the encoded values */
  int bits;                                    /* CLASS, NUMBER */
  uint64_t code_value, code_nan, code_missing; /* CLASS */
} sort_field;

typedef struct sort_fields {
  sort_field *fields;
  int32_t count;
} sort_fields;

/* How much of the key is done with: the fields before `field`, and bits or bytes of it. */
typedef struct sort_place {
  int32_t field;
  int64_t used;
} sort_place;

bool lathe_sort_fields_open(sort_fields *fields, const lathe_table *table, const lathe_sort_key *keys,
                            int32_t count, lathe_progress *progress, lathe_error *error);
void lathe_sort_fields_free(sort_fields *fields);

/* The words of a level for `count` rows (`rows`, or all of them when NULL): the key from `place` on in up to
 * 64 - `shift` bits, above the number of the element in the lowest `shift` (6 to 40) bits. `place` moves on,
 * `bits` is what the keys take. */
bool lathe_sort_level(const sort_fields *fields, const int64_t *rows, int64_t count, int shift,
                      uint64_t *words, sort_place *place, int *bits, lathe_progress *progress,
                      lathe_error *error);

/* The order of two rows from `place` on: below, at or above 0. */
int lathe_sort_compare(const sort_fields *fields, sort_place place, int64_t a, int64_t b);

#endif
