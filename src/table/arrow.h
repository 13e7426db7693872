/* arrow.h - tables to and from other programs in the same process, by the Arrow C data interface (format 1.0:
 * https://arrow.apache.org/docs/format/CDataInterface.html). The three structs are the specification's.
 *
 * Out: a table is one struct array whose children share its buffers. bool "b", int64 "l", float64 "g", string "U",
 * category "i" with a dictionary of "U", date "tdD", timestamp "tsu:" (UTC, said without a zone).
 *
 * In: what has the same layout is borrowed until the last column of it is released; the rest is converted.
 *
 *   Arrow                                        becomes
 *   null                                         float64, all missing
 *   bool                                         bool
 *   integers of 8 to 64 bits                     int64; unsigned ones beyond it follow the rule for decimals
 *   float16, float32, float64                    float64
 *   decimal of 32 to 256 bits                    int64 without a scale, when all fit; otherwise float64 when 15
 *                                                digits hold each value; otherwise text with all digits
 *   utf8, large_utf8, utf8_view                  string
 *   binary of any kind                           string of hexadecimal digits
 *   a dictionary of text                         category, whose words are sorted and single
 *   a dictionary of anything else                what its values become
 *   date32, date64                               date
 *   timestamp of any unit and zone               timestamp; nanoseconds are rounded down
 *   time of day                                  string "hh:mm:ss[.ffffff]"
 *   duration                                     float64, seconds
 *   struct                                       a column for each field, "outer.inner"
 *   list, map, union, interval, run-end encoded  refused
 *
 * Names: an empty one becomes "column_N", a repeated one gets "_2", "_3", ... The interface hands over bare pointers:
 * lengths, offsets, counts and text are checked, the sizes of the buffers cannot be. */
#ifndef LATHE_TABLE_ARROW_H
#define LATHE_TABLE_ARROW_H

#include "table.h"

#ifndef ARROW_C_DATA_INTERFACE
#define ARROW_C_DATA_INTERFACE

struct ArrowSchema {
  const char *format;
  const char *name;
  const char *metadata;
  int64_t flags;
  int64_t n_children;
  struct ArrowSchema **children;
  struct ArrowSchema *dictionary;
  void (*release)(struct ArrowSchema *);
  void *private_data;
};

struct ArrowArray {
  int64_t length;
  int64_t null_count;
  int64_t offset;
  int64_t n_buffers;
  int64_t n_children;
  const void **buffers;
  struct ArrowArray **children;
  struct ArrowArray *dictionary;
  void (*release)(struct ArrowArray *);
  void *private_data;
};
#endif

#ifndef ARROW_C_STREAM_INTERFACE
#define ARROW_C_STREAM_INTERFACE

struct ArrowArrayStream {
  int (*get_schema)(struct ArrowArrayStream *, struct ArrowSchema *out);
  int (*get_next)(struct ArrowArrayStream *, struct ArrowArray *out);
  const char *(*get_last_error)(struct ArrowArrayStream *);
  void (*release)(struct ArrowArrayStream *);
  void *private_data;
};
#endif

/* What becomes of a decimal column that int64 does not hold. */
typedef enum lathe_arrow_decimals {
  LATHE_ARROW_DECIMALS_EXACT,   /* float64 when that loses nothing, otherwise text */
  LATHE_ARROW_DECIMALS_FLOAT64, /* always float64, rounded */
  LATHE_ARROW_DECIMALS_TEXT,    /* always text with all digits */
} lathe_arrow_decimals;

/* The table as a struct array and its schema; both are released by who got them, in any order, on any thread. */
bool lathe_table_to_arrow(const lathe_table *table, struct ArrowArray *array, struct ArrowSchema *schema,
                          lathe_error *error);

/* The same in batches of `batch` rows (0: 122880), which are slices of the same buffers. */
bool lathe_table_to_arrow_stream(const lathe_table *table, int64_t batch, struct ArrowArrayStream *stream,
                                 lathe_error *error);

/* A table of a struct array. On success `array` is the table's and `schema` is released (both are marked so);
 * on failure both are still the caller's. */
lathe_table *lathe_table_from_arrow(struct ArrowArray *array, struct ArrowSchema *schema,
                                    lathe_arrow_decimals decimals, lathe_progress *progress,
                                    lathe_error *error);

/* A table of all arrays of a stream, one behind the other; a single one is borrowed. The stream is released. */
lathe_table *lathe_table_from_arrow_stream(struct ArrowArrayStream *stream, lathe_arrow_decimals decimals,
                                           lathe_progress *progress, lathe_error *error);

/* A table out of arrays that come one by one and are copied. `_add` borrows the array for the call. */
typedef struct lathe_arrow_builder lathe_arrow_builder;
lathe_arrow_builder *lathe_arrow_builder_new(const struct ArrowSchema *schema, lathe_error *error);
bool lathe_arrow_builder_add(lathe_arrow_builder *builder, const struct ArrowArray *array,
                             lathe_error *error);
lathe_table *lathe_arrow_builder_finish(lathe_arrow_builder *builder, lathe_arrow_decimals decimals,
                                        lathe_progress *progress, lathe_error *error);
void lathe_arrow_builder_free(lathe_arrow_builder *builder);

/* Release a struct that was handed over, if it was not yet: for scripts. */
void lathe_arrow_array_release(struct ArrowArray *array);
void lathe_arrow_schema_release(struct ArrowSchema *schema);
void lathe_arrow_stream_release(struct ArrowArrayStream *stream);

#endif
