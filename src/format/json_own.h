/* json_own.h - what the files of the JSON table reader share.
 *
 *   read (json_read.c)   finds the shape of the document and cuts it into chunks of whole rows
 *   rows (json_rows.c)   parses the rows of a chunk; every path of keys is a node with a part
 *   part (json_part.c)   the values of one column in one chunk; parts become a column
 *
 * Chunks know nothing of each other, and a part keeps enough to become any type that the other parts may call for, so
 * no row is read twice and the result depends neither on the threads nor on where the chunks are cut. */
#ifndef LATHE_FORMAT_JSON_OWN_H
#define LATHE_FORMAT_JSON_OWN_H

#include <string.h>

#include "../base/json.h"
#include "../base/memory.h"
#include "../table/words.h"
#include "json_table.h"

/* What a value can be; a column's values are or-ed together. */
enum {
  JSON_BOOL = 1,
  JSON_INT = 2,
  JSON_WIDE = 4, /* an integer beyond 64 bits */
  JSON_FLOAT = 8,
  JSON_TEXT = 16,
  JSON_ARRAY = 32,
  JSON_EMPTY = 64, /* an object without members */
};

typedef enum json_kind { JSON_AS_NOTHING, JSON_AS_BOOL, JSON_AS_INT, JSON_AS_FLOAT, JSON_AS_TEXT } json_kind;

typedef union json_value {
  int64_t integer; /* also truth */
  double number;
  int64_t end; /* text: where it ends in `bytes`; it begins where the one before ends */
} json_value;

/* Integers below this are held by a FLOAT part without loss, and read the same as text. */
#define JSON_SMALL INT64_C(1000000000000000)

typedef struct json_part {
  uint8_t classes;
  uint8_t kind;   /* json_kind of the values: all of them that came so far fit in it */
  bool raw;       /* the type was given: texts as they are written */
  int64_t filled; /* rows with a value or a gap; later ones are missing */
  int64_t capacity;
  uint8_t *validity;
  json_value *values;
  lathe_buffer bytes;
} json_part;

void lathe_json_part_free(json_part *part);

/* Add the value of a scalar event at `row`, which lies behind all others; or a text that stands for an array or object. */
bool lathe_json_part_scalar(json_part *part, int64_t row, const lathe_json_reader *reader,
                            lathe_json_event event, lathe_error *error);
bool lathe_json_part_text(json_part *part, int64_t row, uint8_t class, lathe_text text, lathe_error *error);

/* How the column of all these classes is held. */
json_kind lathe_json_decide(unsigned classes);

/* A path of keys. It is a column when it was given a value, or only null, outside of which no object stands there. */
typedef struct json_node {
  int32_t parent, first,
      next; /* guesses: the object it stands in (-1: the row), the first key in it, the key behind it */
  uint32_t key_size;   /* the last part of the path */
  uint64_t stamp;      /* the pass in which it came last */
  bool touched, inner; /* had a value or null; had members */
  json_part part;
} json_node;

typedef struct json_reject {
  int64_t offset, line, column; /* line: within the chunk, from 1 */
  lathe_text text;
  char *reason;
} json_reject;

struct json_file;

typedef struct json_chunk {
  const struct json_file *file;
  const char *begin, *end;
  lathe_json_reader *reader;
  int64_t rows, lines;
  uint64_t stamp;
  bool dry; /* look only: add no values */
  lathe_words paths;
  json_node *nodes;
  int32_t capacity, first;
  lathe_buffer path, scratch;
  json_reject *rejects;
  int64_t reject_count;
} json_chunk;

typedef struct json_file {
  const char *name, *data, *end; /* lines are counted from `data` */
  const char *begin;             /* of the value that is the table */
  const lathe_json_options *options;
  lathe_progress *progress;
  int64_t chunk_count;
  json_chunk *chunks;
  bool lines; /* JSON Lines, not the elements of an array */
} json_file;

void lathe_json_chunk_free(json_chunk *chunk);
bool lathe_json_chunk_open(json_chunk *chunk, const json_file *file, lathe_error *error);

/* All rows between chunk->begin and chunk->end: lines, or elements with commas between. */
bool lathe_json_read_lines(json_chunk *chunk, lathe_error *error);
bool lathe_json_read_elements(json_chunk *chunk, lathe_error *error);

/* One object, and an object of arrays, as rows of a chunk. The whole of [begin, end) is it. */
bool lathe_json_read_single(json_chunk *chunk, lathe_error *error);
bool lathe_json_read_columns(json_chunk *chunk, lathe_error *error);

/* All chunks as a table; and the lines that were left out. */
lathe_table *lathe_json_finish(json_file *file, lathe_error *error);
lathe_table *lathe_json_rejects(const json_file *file, lathe_error *error);

static inline const char *json_skip_blanks(const char *at, const char *end) {
  while (at < end && (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t')) at++;
  return at;
}

#endif
