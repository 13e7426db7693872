/* json_table.h - JSON and JSON Lines to and from tables, with the one strict reader of base/json.h.
 *
 * Shapes. An array of objects: each is a row. An object whose values are all arrays: each is a column. JSON Lines: an object
 * on each line; blank lines are left out. Any other single object is one row. With `rows` ("data.items") the rows are the value
 * at that path. A file that is read as JSON but holds one object on each line is read as JSON Lines.
 *
 * Names. A nested object becomes columns named "outer.inner". Two values for one column in one row are an error: a key that
 * stands twice, and a key with a dot in it beside a nested object that gives the same name. An empty name becomes "column_N".
 * An array within a row is kept as JSON text without blanks; so is an empty object, unless in another row it has members.
 *
 * Types are decided from every row, not from a sample:
 *   bool, int64, float64   true and false; integers that fit; numbers with a fraction or exponent, among which integers
 *                          become the nearest double
 *   date, timestamp        when each text is one, as in CSV
 *   category, string       other text, by the rule of CSV (LATHE_CSV_CATEGORIES)
 *   text                   integers some of which are beyond 64 bits (their digits), unless there are fractions among them:
 *                          then float64; and values of different types: true and false as words, numbers by their shortest
 *                          digits. `note` says which columns those are
 * null and an absent key are missing; a column in which everything is missing is float64. A number beyond the range of a double
 * is an error. */
#ifndef LATHE_FORMAT_JSON_TABLE_H
#define LATHE_FORMAT_JSON_TABLE_H

#include "../table/table.h"

enum { LATHE_JSON_NOTE = 512 };

/* All zero gives the defaults. */
typedef struct lathe_json_options {
  bool
      lenient; /* JSON Lines: lines that cannot be read are left out and listed in `rejects`, instead of an error */
  const char *rows;   /* JSON: where the rows are, keys with dots between; NULL: the whole document */
  int32_t type_count; /* columns whose type is given; a string then holds numbers as they are written */
  const char *const *type_names;
  const lathe_type *types;
  int64_t chunk; /* bytes of a piece of work; 0: 1 MiB. The result does not depend on it */
  char *
      note; /* NULL, or LATHE_JSON_NOTE bytes for words about columns of mixed types; empty when there are none */
} lathe_json_options;

/* Bytes in memory (`name` stands for the file in errors). NULL with `error` as "FILE:LINE:COLUMN: WHAT". `rejects` NULL: not
 * wanted; otherwise a table (offset, line, column int64, text, reason string), of no rows when all is well; what looks personal in a text is
 * there by its form. */
lathe_table *lathe_table_parse_json(const char *data, size_t size, const char *name,
                                    const lathe_json_options *options, lathe_table **rejects,
                                    lathe_progress *progress, lathe_error *error);
lathe_table *lathe_table_parse_json_lines(const char *data, size_t size, const char *name,
                                          const lathe_json_options *options, lathe_table **rejects,
                                          lathe_progress *progress, lathe_error *error);

/* Write an array of objects, or, when `lines`, an object on each line; atomically, packed by the path's ending, "-" to standard output. Every
 * row has every key. What is missing is null, and so is a number that is not finite; a whole number of a float64 column has ".0", a
 * timestamp "T" and "Z", so that all types but category (which a string may become) and columns that miss everything read back as they
 * were. */
bool lathe_table_write_json(const lathe_table *table, const char *path, bool lines, lathe_progress *progress,
                            lathe_error *error);

#endif
