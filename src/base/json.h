/* json.h - the one strict JSON reader and writer (RFC 8259).
 *
 * The reader is a pull parser over bytes in memory: no tree, no allocation but for decoded strings. It
 * refuses what the standard refuses, invalid UTF-8, lone surrogates and nesting beyond LATHE_JSON_DEPTH. An
 * integer that fits in 64 bits is an integer, exactly; every other number (-0 is one) is the nearest double,
 * and one beyond its range is refused. Keys may repeat; who builds an object decides (lathe refuses them,
 * with lathe_json_refuse). */
#ifndef LATHE_BASE_JSON_H
#define LATHE_BASE_JSON_H

#include "error.h"
#include "text.h"

enum { LATHE_JSON_DEPTH = 512 };

typedef enum lathe_json_event {
  LATHE_JSON_ERROR, /* the error given to the reader says what and at which line and column */
  LATHE_JSON_END,   /* after the value: nothing but white space was left */
  LATHE_JSON_NULL,
  LATHE_JSON_BOOL,
  LATHE_JSON_INTEGER,
  LATHE_JSON_NUMBER,
  LATHE_JSON_STRING,
  LATHE_JSON_KEY,
  LATHE_JSON_ARRAY,      /* [ */
  LATHE_JSON_ARRAY_END,  /* ] */
  LATHE_JSON_OBJECT,     /* { */
  LATHE_JSON_OBJECT_END, /* } */
} lathe_json_event;

typedef struct lathe_json_reader lathe_json_reader;

/* Read `size` bytes that stay where they are until the reader is freed. `name` is put before errors
 * ("housing.json"); NULL: none. */
lathe_json_reader *lathe_json_reader_new(const char *data, size_t size, const char *name, lathe_error *error);
void lathe_json_reader_free(lathe_json_reader *reader);

/* Read another value with the same reader: `size` bytes at `data`. Errors count lines and columns from `origin`, which lies
 * at or before `data` in the same text. */
void lathe_json_reader_restart(lathe_json_reader *reader, const char *origin, const char *data, size_t size);

/* The next event. After ERROR it stays ERROR. */
lathe_json_event lathe_json_next(lathe_json_reader *reader, lathe_error *error);

/* The value of the last event. The text of a KEY or STRING lives until the next event. A number is given both
 * ways. */
bool lathe_json_bool(const lathe_json_reader *reader);
int64_t lathe_json_integer(const lathe_json_reader *reader);
double lathe_json_number(const lathe_json_reader *reader);
lathe_text lathe_json_text(const lathe_json_reader *reader);

/* The bytes of the last event as they stand; after lathe_json_skip those of the whole value. Behind them reading goes on. */
lathe_text lathe_json_raw(const lathe_json_reader *reader);

/* How many brackets are open behind the last event (one that it opened is counted, one that it closed is not).
 */
int32_t lathe_json_depth(const lathe_json_reader *reader);

/* After a KEY, or at an ARRAY or OBJECT event: pass over that value. */
bool lathe_json_skip(lathe_json_reader *reader, lathe_error *error);

/* The caller's own objection to the last event: an error with its line and column before the words. Always
 * false; the reader then stays at ERROR. */
bool lathe_json_refuse(lathe_json_reader *reader, lathe_error *error, const char *format, ...)
    LATHE_PRINTF(3, 4);

typedef struct lathe_json_writer lathe_json_writer;

/* Write into memory; commas and, when `indent` > 0, lines are put by the writer. A string that is not UTF-8
 * gets U+FFFD for each bad byte; a number that is not finite is written as null. Out of memory is remembered
 * and told by _finish. */
lathe_json_writer *lathe_json_writer_new(int32_t indent, lathe_error *error);
void lathe_json_writer_free(lathe_json_writer *writer);
void lathe_json_write_null(lathe_json_writer *writer);
void lathe_json_write_bool(lathe_json_writer *writer, bool value);
void lathe_json_write_integer(lathe_json_writer *writer, int64_t value);
void lathe_json_write_number(lathe_json_writer *writer, double value);
void lathe_json_write_string(lathe_json_writer *writer, const char *text, size_t size);
void lathe_json_write_key(lathe_json_writer *writer, const char *text, size_t size);
void lathe_json_write_raw(lathe_json_writer *writer, const char *text,
                          size_t size); /* a value that is JSON already */
void lathe_json_write_array(lathe_json_writer *writer);
void lathe_json_write_array_end(lathe_json_writer *writer);
void lathe_json_write_object(lathe_json_writer *writer);
void lathe_json_write_object_end(lathe_json_writer *writer);

/* A member of an object: its key, NUL-terminated, and, but for the first, its value. */
void lathe_json_member(lathe_json_writer *writer, const char *key);
void lathe_json_member_text(lathe_json_writer *writer, const char *key, const char *text);
void lathe_json_member_integer(lathe_json_writer *writer, const char *key, int64_t value);
void lathe_json_member_number(lathe_json_writer *writer, const char *key, double value);

/* End a line of JSON Lines: the next value is the first of its own. */
void lathe_json_write_line_end(lathe_json_writer *writer);

/* The text since the last time this was asked, which lives until something else is written. Data is NULL with `error` when memory ran out.
 */
lathe_text lathe_json_writer_take(lathe_json_writer *writer, lathe_error *error);

/* The text so far, NUL-terminated, owned by the writer. Data is NULL with `error` when memory ran out. */
lathe_text lathe_json_writer_finish(lathe_json_writer *writer, lathe_error *error);

#endif
