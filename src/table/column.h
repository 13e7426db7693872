/* column.h - one typed column in Arrow layout, immutable and counted.
 *
 *   type        values                                      one element
 *   BOOL        bits, least significant first               1 bit
 *   INT64       int64_t                                     8 bytes
 *   FLOAT64     double (NaN is a value, not a missing one)  8 bytes
 *   STRING      int64_t offsets[rows + 1] and UTF-8 bytes   large_utf8
 *   CATEGORY    int32_t codes and a STRING dictionary       4 bytes
 *   DATE        int32_t days since 1970-01-01               4 bytes
 *   TIMESTAMP   int64_t microseconds since then, UTC        8 bytes
 *
 * The validity bitmap (bit set: value there) is NULL when nothing is missing. A missing element's value bytes
 * are zero, so that equal columns have equal bytes. Because nothing changes a column, any thread may read it
 * and any table may share it. */
#ifndef LATHE_TABLE_COLUMN_H
#define LATHE_TABLE_COLUMN_H

#include "../base/error.h"
#include "../base/text.h"

typedef enum lathe_type {
  LATHE_TYPE_BOOL,
  LATHE_TYPE_INT64,
  LATHE_TYPE_FLOAT64,
  LATHE_TYPE_STRING,
  LATHE_TYPE_CATEGORY,
  LATHE_TYPE_DATE,
  LATHE_TYPE_TIMESTAMP,
} lathe_type;

typedef struct lathe_column lathe_column;

/* "bool", "int64", "float64", "string", "category", "date", "timestamp"; and back (false for another word).
 */
const char *lathe_type_name(lathe_type type);
bool lathe_type_parse(const char *name, lathe_type *type);

/* Whether its elements are texts: STRING and CATEGORY. */
bool lathe_type_is_text(lathe_type type);

lathe_column *lathe_column_retain(lathe_column *column);
void lathe_column_release(lathe_column *column);
lathe_type lathe_column_type(const lathe_column *column);
int64_t lathe_column_rows(const lathe_column *column);
int64_t lathe_column_missing(const lathe_column *column);
int64_t lathe_column_bytes(const lathe_column *column); /* memory held, the dictionary included */

/* The buffers. NULL where the type has no such buffer. Views live as long as the column. */
const uint8_t *lathe_column_validity(const lathe_column *column);
const void *lathe_column_values(const lathe_column *column); /* bits, int64, double, int32 codes or days */
const int64_t *lathe_column_text_offsets(const lathe_column *column); /* STRING: rows + 1 */
const char *lathe_column_text_bytes(const lathe_column *column);      /* STRING */
const lathe_column *lathe_column_dictionary(const lathe_column *column);

/* One element. `_number`: bool as 0 or 1, date in days, timestamp in seconds; NaN when missing or text.
 * `_text`: STRING and CATEGORY only, data NULL when missing. `_format`: any type as the CSV writer would show
 * it, empty when missing; the text lives in the column or in `scratch` (32 bytes). */
bool lathe_column_present(const lathe_column *column, int64_t row);
double lathe_column_number(const lathe_column *column, int64_t row);
lathe_text lathe_column_text(const lathe_column *column, int64_t row);
lathe_text lathe_column_format(const lathe_column *column, int64_t row, char *scratch);

/* Make a column from buffers that were got with malloc; on success they belong to the column, on failure to
 * the caller still. `validity` may be NULL. `values`: as above. For STRING `values` are the offsets and
 * `bytes` the text. For CATEGORY `dictionary` is borrowed (the column retains it). */
lathe_column *lathe_column_new(lathe_type type, int64_t rows, uint8_t *validity, void *values, char *bytes,
                               lathe_column *dictionary, lathe_error *error);

/* Copies of plain arrays (rows), for scripts: NaN is missing in `_from_float64`; texts is one piece for each
 * row, data NULL when missing. */
lathe_column *lathe_column_from_float64(const double *values, int64_t rows, lathe_error *error);
lathe_column *lathe_column_from_int64(const int64_t *values, int64_t rows, lathe_error *error);
lathe_column *lathe_column_from_bool(const bool *values, int64_t rows, lathe_error *error);
lathe_column *lathe_column_from_text(const lathe_text *texts, int64_t rows, lathe_error *error);

/* All elements as numbers (rows), as `_number` gives them; false for text. */
bool lathe_column_to_float64(const lathe_column *column, double *out, lathe_error *error);

/* The elements at `rows` (indices, any order, repeats allowed); -1 gives a missing element. */
lathe_column *lathe_column_take(const lathe_column *column, const int64_t *rows, int64_t count,
                                lathe_error *error);

/* A STRING column as CATEGORY: its distinct texts, sorted by their bytes, become the dictionary. And back. */
lathe_column *lathe_column_to_category(const lathe_column *column, lathe_error *error);
lathe_column *lathe_column_to_string(const lathe_column *column, lathe_error *error);

/* Numbers limited to [low, high], the type kept (INT64, FLOAT64). */
lathe_column *lathe_column_clip(const lathe_column *column, double low, double high, lathe_error *error);

#endif
