/* part.h - the values of one column in one chunk of rows, for formats in which each value has its own type.
 *
 * A part holds its values at the narrowest kind that fits all of them, and in such a way that it can still become whatever
 * the other parts of the column call for: integers and truth are exact, numbers are their shortest digits. */
#ifndef LATHE_FORMAT_PART_H
#define LATHE_FORMAT_PART_H

#include "../base/memory.h"
#include "../table/table.h"

/* What a value can be; a column's values are or-ed together. */
enum {
  PART_BOOL = 1,
  PART_INT = 2,
  PART_WIDE = 4, /* an integer beyond 64 bits */
  PART_FLOAT = 8,
  PART_TEXT = 16,
  PART_ARRAY = 32,
  PART_EMPTY = 64, /* an object without members */
};

typedef enum part_kind { PART_AS_NOTHING, PART_AS_BOOL, PART_AS_INT, PART_AS_FLOAT, PART_AS_TEXT } part_kind;

typedef union part_value {
  int64_t integer; /* also truth */
  double number;
  int64_t end; /* text: where it ends in `bytes`; it begins where the one before ends */
} part_value;

typedef struct value_part {
  uint8_t classes;
  uint8_t kind;   /* part_kind of the values: all of them that came so far fit in it */
  bool raw;       /* the type was given: texts as they are written */
  int64_t filled; /* rows with a value or a gap; later ones are missing */
  int64_t capacity;
  uint8_t *validity;
  part_value *values;
  lathe_buffer bytes;
} value_part;

void lathe_part_free(value_part *part);

/* Add a value at `row`, which lies behind all others. `raw` is how it is written, for parts of a given type; data NULL: there is no
 * such thing. A text is of the class PART_TEXT, or stands for something else. */
bool lathe_part_bool(value_part *part, int64_t row, bool value, lathe_error *error);
bool lathe_part_integer(value_part *part, int64_t row, int64_t value, lathe_error *error);
bool lathe_part_number(value_part *part, int64_t row, double value, lathe_text raw, lathe_error *error);
bool lathe_part_text(value_part *part, int64_t row, uint8_t class, lathe_text text, lathe_error *error);

/* How the column of all these classes is held. */
part_kind lathe_part_decide(unsigned classes);

/* The parts of a column (`parts[i]` of `rows[i]` rows; NULL: all missing) put together and freed: BOOL, INT64, FLOAT64 or STRING. */
lathe_column *lathe_part_column(value_part *const *parts, const int64_t *rows, int64_t count, part_kind kind,
                                lathe_progress *progress, lathe_error *error);

/* Say in a note of `room` bytes (NULL: none; empty at first) that a column holds values of different types as text, when it does. */
void lathe_part_note(char *note, size_t room, const char *name, unsigned classes);

#endif
