/* csv.h - text tables (RFC 4180 and its neighbours) to and from tables.
 *
 * Reading. Cells are separated by the delimiter, rows by LF, CRLF or CR; blank lines are left out. A cell
 * that begins with a quote ends at the next single one; inside, a doubled quote stands for one, and
 * delimiters and line ends are text. A quote inside an unquoted cell is a character like any other. The file
 * is UTF-8, with or without a byte order mark (source.h converts others). Names: an empty one becomes
 * "column_N", a repeated one gets "_2", "_3", ..., the first of them that no name of the file is. A row has as many cells as there are names; one delimiter
 * may stand at the end of the rows, when the first has one, or of the line of names only.
 *
 * Types are decided from every row, not from a sample:
 *   bool       true/false, True/False, TRUE/FALSE
 *   int64      integers that fit; a leading zero or too many digits make the column text (codes, not amounts)
 *   float64    numbers in C syntax, inf and infinity; an integer column with a fraction in any row
 *   date       YYYY-MM-DD
 *   timestamp  YYYY-MM-DD hh:mm:ss[.ffffff], "T" between, "Z" or "+hh:mm" behind; dates may stand among them
 *   category   text, when it has at most LATHE_CSV_CATEGORIES distinct values, each of them twice on average;
 *              sorted by bytes
 *   string     all other text
 * A column in which everything is missing is float64.
 *
 * Missing: an empty cell, or one of the markers: #N/A, #N/A N/A, #NA, -1.#IND, -1.#QNAN, -NaN,
 * -nan, 1.#IND, 1.#QNAN, <NA>, N/A, NA, NULL, NaN, n/a, nan, null. In a text column a quoted cell is text,
 * whatever stands in it; elsewhere a quoted marker, and one between blanks, is missing too. Blanks around
 * numbers, dates and truth values do not count.
 *
 * Marks. With `escape` the character behind one is text, wherever it stands; a doubled quote still is one quote. A line
 * that begins with `comment` is left out. With `decimal` and `thousands` numbers look like 1.234,5: groups of three
 * behind one to three digits, or none; a point that is neither mark makes text of a number.
 *
 * Rows that cannot be read: too few or too many cells, text behind a closing quote, a quote that is never closed, bytes
 * that are not UTF-8 or NUL, a cell that does not fit the type that was given. The first of them is the error; or, with
 * `lenient`, each is left out and listed in `rejects`, where `offset` and `line` are those of the row, `column` is the
 * name of the cell's column (missing when it is the row as a whole) and `text` the row as it stands in the file
 * (64 KiB of it at most), what looks personal by its form. Rows in the file are rows of the table and rows of `rejects`; a row that is left out has no say
 * in the types of the others. A quote that is never closed costs its line, not the rest of the file. `ragged` is
 * another choice: such rows are kept, filled or cut. */
#ifndef LATHE_TABLE_CSV_H
#define LATHE_TABLE_CSV_H

#include "../table/table.h"

enum { LATHE_CSV_CATEGORIES = 1000 };

/* All zero gives the defaults. */
typedef struct lathe_csv_options {
  char delimiter; /* 0: found out (csv_dialect.h) */
  char quote;     /* 0: the double quote */
  bool plain;     /* no quoting at all: quotes are characters */
  bool headless;  /* the first row is data; columns are named column_1, column_2, ... */
  bool ragged;    /* short rows are filled with missing cells; cells beyond the last column are left out */
  bool lenient;   /* rows that cannot be read are left out and listed in `rejects`, instead of an error */
  char escape;    /* makes the character behind it text, inside quotes and outside; 0: quotes are doubled */
  char comment;   /* lines that begin with it are left out; 0: none */
  char decimal;   /* the decimal mark of numbers; 0: a point */
  char thousands; /* between groups of three digits in numbers; 0: none */
  int32_t skip;   /* lines to leave out at the top */
  int32_t missing_count; /* with `missing`: these markers instead of the usual ones; an empty cell is always
                            missing */
  const char *const *missing; /* NULL: the usual ones */
  int32_t type_count;         /* columns whose type is given */
  const char *const *type_names;
  const lathe_type *types;
  int64_t chunk; /* bytes of a piece of work, 4 at least; 0: 1 MiB. The result does not depend on it */
} lathe_csv_options;

/* Read a file, or bytes in memory (`name` stands for the file in errors). NULL with `error` as
 * "FILE:LINE:COLUMN: WHAT; MEND". */
lathe_table *lathe_table_read_csv(const char *path, const lathe_csv_options *options, lathe_table **rejects,
                                  lathe_progress *progress, lathe_error *error);
lathe_table *lathe_table_parse_csv(const char *data, size_t size, const char *name,
                                   const lathe_csv_options *options, lathe_table **rejects,
                                   lathe_progress *progress, lathe_error *error);

/* Write a table, atomically, packed by the path's ending (.gz, .zst), "-" to standard output: a header, LF, quotes where they are needed. Read with the types of the table it
 * gives an equal one; but a NaN that is not missing comes back as missing. `delimiter` 0: comma. */
bool lathe_table_write_csv(const lathe_table *table, const char *path, char delimiter,
                           lathe_progress *progress, lathe_error *error);

/* The usual missing markers, ending in NULL. */
const char *const *lathe_csv_markers(void);

#endif
