/* csv_dialect_own.h - what the files of the dialect detector share. */
#ifndef LATHE_FORMAT_CSV_DIALECT_OWN_H
#define LATHE_FORMAT_CSV_DIALECT_OWN_H

#include "csv_dialect.h"

enum { DIALECT_CELLS = 1024, DIALECT_ROWS = 1000 };

/* In the order in which they are preferred. */
#define LATHE_DIALECT_DELIMITERS ",;\t|^~\x01\x1F: "

typedef struct dialect_shape {
  char delimiter, quote, escape, comment; /* 0: none */
  int32_t width;                          /* that most rows have */
} dialect_shape;

typedef struct dialect_cell {
  const char *data; /* between the quotes */
  uint32_t size;
  bool quoted;
} dialect_cell;

typedef struct dialect_row {
  const char *begin, *end;
  int32_t width;
  bool bad;                          /* a quote that does not close, or text behind one that does */
  bool comment;                      /* one cell: the whole line */
  dialect_cell cells[DIALECT_CELLS]; /* the first ones */
} dialect_row;

/* What a cell looks like. */
typedef enum dialect_class {
  DIALECT_EMPTY,
  DIALECT_NUMBER, /* with its sign, currency, per cent, separators */
  DIALECT_MOMENT, /* a date, a time of day, both */
  DIALECT_WORD,   /* letters and digits, no blanks */
  DIALECT_TEXT,
  DIALECT_MIXED, /* text with a delimiter of some other table in it */
  DIALECT_DIRTY, /* quotes at one end, control characters */
} dialect_class;

dialect_class lathe_dialect_classify(const char *text, size_t size);

/* Read the row at `at`: where the next one begins (blank lines are jumped over). */
const char *lathe_dialect_row(const dialect_shape *shape, const char *at, const char *end, dialect_row *row);

/* Find out, with the best shape, lines before the names, comments, and whether there are names; write the word. */
void lathe_dialect_head(const char *data, const char *begin, const char *end, dialect_shape *shape,
                        dialect_row *row, lathe_csv_dialect *dialect);

#endif
