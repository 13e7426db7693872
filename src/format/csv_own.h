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
 * a place that nobody else writes to. Filling has two ways. A block is some hundred rows that have as many
 * cells as there are names: csv_index.c notes where their cells end, 64 bytes at a time (csv_bits.c), and
 * csv_store.c parses them column by column. A row that is anything else goes alone through csv_row.c, cell by
 * cell; that is also where rows are found to be wrong. */
#ifndef LATHE_TABLE_CSV_OWN_H
#define LATHE_TABLE_CSV_OWN_H

#include <pthread.h>
#include <string.h>

#include "../table/words.h"
#include "csv.h"

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
  CSV_AS_WORDS, /* text with few distinct values so far: codes */
  CSV_AS_TEXT
} csv_kind;

typedef enum csv_fault {
  CSV_FINE,
  CSV_OPEN_QUOTE,
  CSV_BEHIND_QUOTE,
  CSV_SHORT,
  CSV_LONG,
  CSV_NO_TEXT
} csv_fault;

typedef struct csv_cell {
  const char *data; /* between the quotes */
  size_t size;
  size_t extra; /* bytes that are not text: doubled quotes and escapes */
  bool quoted;
  csv_fault fault;
} csv_cell;

/* The texts of the rows of one chunk, one after the other, until those of the chunks before it are in their place. */
typedef struct csv_piece {
  char *bytes; /* NULL where there are none */
  size_t size;
  bool waits;
} csv_piece;

typedef struct csv_column {
  lathe_text name;
  csv_kind kind;
  bool given;      /* the type was given: a cell that does not fit is an error */
  bool refuses;    /* lenient, and of a given type that is not text: its cells may leave out their row */
  lathe_type type; /* when given */
  bool active;     /* to be filled in this pass */
  bool crowded;    /* WORDS: there are too many distinct ones */
  uint8_t classes; /* of all cells */
  uint8_t *validity;
  void *values;       /* bool: a byte each; words: int32_t codes; text: offsets[rows + 1] */
  csv_piece *pieces;  /* text: one for each chunk; with what follows behind file->order */
  int64_t placed;     /* text: chunks whose texts are in their place */
  lathe_buffer bytes; /* text: of these chunks */
  lathe_words words;  /* distinct texts of all rows, in any order; behind file->lock */
} csv_column;

typedef struct csv_chunk {
  size_t begin, end, limit; /* limit: where its rows end at the latest */
  int64_t row, rows;        /* the rows that begin behind a line end in here */
  int64_t rows_if_quoted;   /* scan: if the chunk begins inside quotes */
  uint8_t state, ends, ends_if_quoted;
  bool sure, sure_if_quoted; /* scan: that quotes stand only where they should */
  bool first;                /* a row begins at its begin */
  bool dirty;                /* there are bytes in it that are not text */
  bool careful;              /* rows of it may hold such bytes */
} csv_chunk;

/* A row that was left out. */
typedef struct csv_reject {
  size_t offset, size; /* in the file */
  int64_t row;
  int32_t column; /* -1: the row as a whole */
  char *reason;
} csv_reject;

typedef struct csv_worker csv_worker;

typedef struct csv_file {
  const char *name;
  const char *data;
  size_t size;
  size_t body; /* where the rows begin */
  const lathe_csv_options *options;
  lathe_progress *progress;
  char delimiter, quote;
  int escape, comment; /* bytes, or -1: none */
  bool plain;
  bool lenient;
  bool marks; /* numbers have other marks than a point */
  char decimal, thousands;
  const char *const *markers;
  int32_t marker_count;
  uint64_t marker_sizes[256]; /* by the first byte: bit n: there is one of n bytes (63: or more) */
  bool open_end;              /* the line of names ends with a delimiter: rows may end without it */
  bool open_rows;             /* the first row ends with one that the names have not: so may the others */
  lathe_words names;
  int32_t column_count;
  csv_column *columns;
  int32_t refusing_count; /* columns that refuse */
  int64_t chunk_count;
  csv_chunk *chunks;
  int64_t rows;
  pthread_mutex_t lock, order;
  csv_worker *idle; /* workers that wait for a chunk */
  int64_t reject_count, reject_room;
  csv_reject *rejects;
  uint8_t *rejected;   /* lenient: a bit for each row; NULL before the first */
  int64_t texts, room; /* bytes of texts that are held, and how many may be; room 0: no matter */
} csv_file;

/* A cell's place in a block, in bytes from its base: cell c of row r lies between index[r * stride + c] + 1 and
 * index[r * stride + c + 1]. */
typedef struct csv_block {
  const char *base;
  const char *end; /* where what can be read ends */
  ptrdiff_t shift; /* from there to the same bytes of the file as a whole */
  const uint32_t *index;
  int64_t row; /* the first one's number */
  int32_t rows;
  int32_t stride; /* columns + 1 */
  bool odd;       /* the row behind is not plain */
} csv_block;

/* The texts of a column that one thread has seen, with their codes: it needs no lock. A text of 16 bytes at most is
 * its key; of a longer one the key is its hash and where it lies in `bytes`. */
typedef struct csv_key {
  uint64_t low, high;
} csv_key;

typedef struct csv_memo {
  struct csv_memo_slot {
    csv_key key;
    uint32_t size; /* plus 1; 0: free */
    int32_t code;
  } * slots;
  uint32_t mask, count;
  lathe_buffer bytes;
} csv_memo;

/* What one thread needs while it fills a chunk. */
struct csv_worker {
  csv_worker *next;
  lathe_buffer window; /* the bytes of a chunk, and some behind it */
  uint32_t *index;
  int64_t index_room;
  csv_cell *cells;     /* one row's */
  lathe_buffer *texts; /* one for each column */
  csv_memo *memos;     /* likewise */
  uint8_t *classes;    /* likewise */
  lathe_buffer scratch;
};

static inline bool csv_is_end(char c) {
  return c == '\n' || c == '\r';
}

/* ---- csv_bits.c: 64 bytes at a time ---- */

/* For bytes [64 * i, 64 * i + 64): delimiters or line ends, line ends, quotes; and how many of the first. */
typedef struct csv_bits {
  uint64_t cells, ends, quotes;
  uint64_t count;
} csv_bits;

void lathe_csv_bits(const char *data, size_t words, char delimiter, char quote, csv_bits *bits);

/* Facts about bytes: whether there are quotes, bytes beyond ASCII, NULs; and the line ends that are followed by something
 * else than a line end (`next` is the byte behind the last). */
typedef struct csv_facts {
  int64_t rows;
  bool quotes, high, nul;
} csv_facts;

csv_facts lathe_csv_facts(const char *data, size_t size, char next, char quote);

/* ---- csv_row.c: one row, cell by cell ---- */

/* Read the cell at `at`: the place of the delimiter, line end or end behind it. NULL when it is malformed;
 * then cell->fault tells why, and cell->data where. */
const char *lathe_csv_cell(const csv_file *file, const char *at, const char *end, csv_cell *cell);

/* The end of an unquoted cell: the first delimiter or line end at or behind `at`. */
const char *lathe_csv_plain_end(const csv_file *file, const char *at, const char *end);

/* Pass over line ends, and over lines that are comments. */
const char *lathe_csv_next_row(const csv_file *file, const char *at, const char *end);

/* The line end (or end) behind the row at `at`, whatever is wrong with it. */
const char *lathe_csv_row_end(const csv_file *file, const char *at, const char *end);

/* Parse the row at `at` into the columns: the place behind it. NULL with an error when it is wrong and must not be. */
const char *lathe_csv_fill_row(csv_file *file, csv_worker *worker, const csv_chunk *chunk, const char *at,
                               int64_t row, lathe_error *error);

/* The text of a cell, without what is extra: bytes written to `out` (cell->size bytes are enough). */
size_t lathe_csv_unquote(const csv_file *file, const csv_cell *cell, char *out);

/* ---- errors, and rows left out ---- */

/* Always false: an error at a place in the file. */
bool lathe_csv_fail(const csv_file *file, const char *place, lathe_error *error, const char *format, ...)
    LATHE_PRINTF(4, 5);
bool lathe_csv_fail_cell(const csv_file *file, const csv_cell *cell, lathe_error *error);

/* Note that a row is left out; false when there is no memory. `column` -1: as a whole. */
bool lathe_csv_reject(csv_file *file, const char *begin, const char *end, int64_t row, int32_t column,
                      lathe_error *error, const char *format, ...) LATHE_PRINTF(7, 8);
bool lathe_csv_close_gaps(csv_file *file, lathe_error *error); /* take the rejected rows out of the buffers */
lathe_table *lathe_csv_rejects(csv_file *file, lathe_error *error);

static inline bool csv_rejected(const csv_file *file, int64_t row) {
  return file->rejected && (__atomic_load_n(&file->rejected[row >> 3], __ATOMIC_RELAXED) >> (row & 7) & 1);
}

/* ---- the stages ---- */

/* A worker for one chunk; NULL with an error. */
csv_worker *lathe_csv_take_worker(csv_file *file, lathe_error *error);
void lathe_csv_give_back(csv_file *file, csv_worker *worker);

/* The bytes [begin, end) of the file: a copy in the worker's window where that is cheaper than to map them, else where they are. */
const char *lathe_csv_window(const csv_file *file, csv_worker *worker, size_t begin, size_t end);

bool lathe_csv_open(csv_file *file, lathe_error *error);
bool lathe_csv_scan(csv_file *file, lathe_error *error);
bool lathe_csv_fill(csv_file *file, lathe_error *error);
void lathe_csv_release(csv_file *file);

/* The texts of a chunk to their place, those of the chunks before it being there, or set aside. They are taken. */
bool lathe_csv_place(csv_file *file, csv_column *column, int64_t chunk, lathe_buffer *texts,
                     lathe_error *error);
lathe_column *lathe_csv_finish(csv_file *file, csv_column *column, lathe_error *error);

/* The first row of a chunk. */
const char *lathe_csv_first_row(const csv_file *file, const csv_chunk *chunk);

/* Index rows from `at` on, `rows` at most, until the first that is not plainly as wide as the table: the place behind
 * the last one indexed; block->rows may be 0. */
const char *lathe_csv_index(const csv_file *file, csv_worker *worker, const char *at, const char *end,
                            int64_t rows, csv_block *block);

/* Parse column `index` of a block. False with an error when a cell is wrong and must not be. */
bool lathe_csv_store(csv_file *file, csv_worker *worker, int32_t index, const csv_block *block,
                     lathe_error *error);

/* Store one cell. `begin` is where its row begins. */
bool lathe_csv_store_cell(csv_file *file, csv_worker *worker, int32_t index, int64_t row, const char *begin,
                          const csv_cell *cell, lathe_error *error);
void lathe_csv_set_missing(csv_column *column, csv_worker *worker, int32_t index, int64_t row);

/* What a cell that is no text is, whatever the column: 0, CSV_BLANK or its class. */
uint8_t lathe_csv_look(const csv_file *file, const csv_cell *cell);

/* Whether a cell is of the type that its column was given. */
bool lathe_csv_fits(const csv_file *file, const csv_column *column, const csv_cell *cell);

/* ---- csv_memo.c: distinct texts ---- */

/* The key of a text of 16 bytes at most, behind which as many can be read. */
static inline csv_key csv_key_of(const char *text, size_t size) {
  csv_key key = {0, 0};
  memcpy(&key.low, text, 8);
  if (size > 8)
    memcpy(&key.high, text + size - 8, 8);
  else
    key.low &= size ? ~UINT64_C(0) >> (64 - 8 * size) : 0;
  return key;
}

/* The code of a text of 16 bytes at most that the memo holds, or -1. */
int32_t lathe_csv_recall(const csv_memo *memo, csv_key key, size_t size);

/* The code of any text, which is added to the memo and file->columns[index].words; -1 with an error. */
int32_t lathe_csv_code(csv_file *file, csv_worker *worker, int32_t index, const char *text, size_t size,
                       lathe_error *error);

/* ---- csv_cell.c and csv_number.c: what a text without blanks around it can be ---- */

uint8_t lathe_csv_classify(const char *text, size_t size);
csv_kind lathe_csv_decide(uint8_t classes);

/* How a cell is missing: not at all; anywhere; only where the column is not text. */
typedef enum csv_absence { CSV_THERE, CSV_MISSING, CSV_MISSING_UNLESS_TEXT } csv_absence;
csv_absence lathe_csv_absence(const csv_file *file, const csv_cell *cell);

static inline bool csv_may_be_marker(const csv_file *file, const char *text, size_t size) {
  return size == 0 || (file->marker_sizes[(uint8_t)*text] >> (size < 63 ? size : 63) & 1);
}

/* A number with the file's marks as one with a point: bytes written to `out` (as many as `size` at most), or
 * 0 when the marks are not where they should be. */
size_t lathe_csv_plain_number(const csv_file *file, const char *text, size_t size, char *out);

/* Values without blanks around them; a number with a leading zero is none, unless `loose`, because the type was
 * given; then "41.0" is an integer as well. */
bool lathe_csv_int(const char *text, size_t size, bool loose, int64_t *value);
bool lathe_csv_float(const char *text, size_t size, bool loose, double *value);
bool lathe_csv_bool(const char *text, size_t size, bool loose, bool *value);
/* Digits only, too many for 64 bits: of a text that lathe_csv_int refuses. */
bool lathe_csv_wide(const char *text, size_t size);

#endif
