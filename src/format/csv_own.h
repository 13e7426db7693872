/* csv_own.h - what the files of the CSV reader share.
 *
 *   open (csv_open.c)    checks the first bytes, finds the delimiter, reads the names
 *   scan (csv_scan.c)    cuts the rest into chunks and counts the rows that begin in each
 *   fill (csv_fill.c)    parses all rows of a chunk into the columns' buffers, at the types guessed from a
 *                        sample; a column whose guess does not hold for every row is filled once more, at the
 *                        type that does
 *   finish (csv_text.c)  turns the buffers into columns
 *
 * A row belongs to the chunk in which the line end before it lies, so each cell is parsed by one thread into
 * a place that nobody else writes to, and nothing is allocated for a cell. */
#ifndef LATHE_TABLE_CSV_OWN_H
#define LATHE_TABLE_CSV_OWN_H

#include <string.h>

#include "csv.h"
#include "../table/words.h"

/* What a cell can be; a column's cells are or-ed together. */
enum {
  CSV_BOOL = 1,
  CSV_INT = 2,
  CSV_WIDE = 4, /* an integer beyond 64 bits */
  CSV_FLOAT = 8,
  CSV_DATE = 16,
  CSV_TIME = 32,
  CSV_TEXT = 64,
  CSV_BLANK = 128, /* missing, unless the column is text */
};

typedef enum csv_kind {
  CSV_AS_NOTHING,
  CSV_AS_BOOL,
  CSV_AS_INT,
  CSV_AS_FLOAT,
  CSV_AS_DATE,
  CSV_AS_TIME,
  CSV_AS_TEXT
} csv_kind;

typedef struct csv_cell {
  const char *data; /* between the quotes */
  size_t size;
  size_t doubled; /* doubled quotes inside */
  bool quoted;
} csv_cell;

typedef struct csv_column {
  lathe_text name;
  csv_kind kind;
  bool given;      /* the type was given: a cell that does not fit is an error */
  lathe_type type; /* when given */
  bool active;     /* to be filled in this pass */
  uint8_t classes; /* of all cells */
  uint8_t *validity;
  void *values;     /* bool: a byte each; text: 2 * offset in the file, plus 1 when quotes are doubled */
  int64_t *lengths; /* text: lengths[row + 1], after doubled quotes are single */
} csv_column;

typedef struct csv_chunk {
  size_t begin, end;
  int64_t row, rows;      /* the rows that begin behind a line end in here */
  int64_t rows_if_quoted; /* scan: if the chunk begins inside quotes */
  uint8_t state, ends, ends_if_quoted;
} csv_chunk;

typedef struct csv_file {
  const char *name;
  const char *data;
  size_t size;
  size_t body; /* where the rows begin */
  const lathe_csv_options *options;
  lathe_progress *progress;
  char delimiter, quote;
  bool plain;
  const char *const *markers;
  int32_t marker_count;
  size_t marker_longest;
  bool marker_first[256];
  bool open_end; /* the line of names ends with a delimiter: rows may end without it */
  lathe_words names;
  int32_t column_count;
  csv_column *columns;
  int64_t chunk_count;
  csv_chunk *chunks;
  int64_t rows;
} csv_file;

static inline bool csv_is_end(char c) {
  return c == '\n' || c == '\r';
}

/* Bytes of `word` that equal the byte repeated in `pattern`: their high bits; bytes above the lowest hit may
 * be wrong. */
static inline uint64_t csv_hits(uint64_t word, uint64_t pattern) {
  uint64_t same = word ^ pattern;
  return (same - 0x0101010101010101u) & ~same & 0x8080808080808080u;
}

/* The end of an unquoted cell: the first delimiter or line end at or behind `at`. */
static inline const char *csv_plain_end(const char *at, const char *end, char delimiter) {
  const uint64_t ones = 0x0101010101010101u, delimiters = ones * (uint8_t)delimiter;
  while (end - at >= 8) {
    uint64_t word;
    memcpy(&word, at, 8);
    uint64_t hits = csv_hits(word, delimiters) | csv_hits(word, ones * '\n') | csv_hits(word, ones * '\r');
    if (hits) return at + (__builtin_ctzll(hits) >> 3);
    at += 8;
  }
  while (at < end && *at != delimiter && !csv_is_end(*at)) at++;
  return at;
}

/* Read the cell at `at`: the place of the delimiter, line end or end behind it. NULL when it is malformed;
 * then cell->data is where: at the opening quote (never closed), or behind the closing one. */
static inline const char *csv_cell_read(const csv_file *file, const char *at, const char *end,
                                        csv_cell *cell) {
  if (at == end || *at != file->quote || file->plain) {
    const char *behind = csv_plain_end(at, end, file->delimiter);
    *cell = (csv_cell){at, (size_t)(behind - at), 0, false};
    return behind;
  }
  const char *open = at++;
  *cell = (csv_cell){at, 0, 0, true};
  for (;;) {
    const char *quote = memchr(at, file->quote, (size_t)(end - at));
    if (!quote) {
      cell->data = open;
      return NULL;
    }
    at = quote + 1;
    if (at < end && *at == file->quote) {
      cell->doubled++;
      at++;
      continue;
    }
    cell->size = (size_t)(quote - cell->data);
    if (at == end || *at == file->delimiter || csv_is_end(*at)) return at;
    cell->data = at;
    return NULL;
  }
}

/* The text of a cell, doubled quotes made single: bytes written to `out` (cell->size bytes are enough). */
size_t lathe_csv_unquote(const csv_cell *cell, char quote, char *out);

/* Always false: an error at a place in the file. */
bool lathe_csv_fail(const csv_file *file, const char *place, lathe_error *error, const char *format, ...)
    LATHE_PRINTF(4, 5);
bool lathe_csv_fail_cell(const csv_file *file, const csv_cell *cell, lathe_error *error);

bool lathe_csv_open(csv_file *file, lathe_error *error);
bool lathe_csv_scan(csv_file *file, lathe_error *error);
bool lathe_csv_fill(csv_file *file, lathe_error *error);
lathe_column *lathe_csv_finish(csv_file *file, csv_column *column, lathe_error *error);

/* The first row of a chunk. */
const char *lathe_csv_first_row(const csv_file *file, const csv_chunk *chunk);

/* What a text without blanks around it can be, and the kind of column that holds all of `classes`. */
uint8_t lathe_csv_classify(const char *text, size_t size);
csv_kind lathe_csv_decide(uint8_t classes);

/* How a cell is missing: not at all; anywhere; only where the column is not text. */
typedef enum csv_absence { CSV_THERE, CSV_MISSING, CSV_MISSING_UNLESS_TEXT } csv_absence;
csv_absence lathe_csv_absence(const csv_file *file, const csv_cell *cell);

/* Values without blanks around them; a number with a leading zero is none, unless `loose`, because the type was given;
 * then "41.0" is an integer as well. */
bool lathe_csv_int(const char *text, size_t size, bool loose, int64_t *value);
bool lathe_csv_float(const char *text, size_t size, bool loose, double *value);
bool lathe_csv_bool(const char *text, size_t size, bool loose, bool *value);
bool lathe_csv_time(const char *text, size_t size, int64_t *value);

#endif
