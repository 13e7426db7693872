/* json_own.h - what the files of the JSON table reader share.
 *
 *   read (json_read.c)   finds the shape of the document and cuts it into chunks of whole rows
 *   rows (json_rows.c)   parses the rows of a chunk; every path of keys is a node with a part
 *   part (part.c)   the values of one column in one chunk; parts become a column
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
#include "part.h"

/* A path of keys. It is a column when it was given a value, or only null, outside of which no object stands there. */
typedef struct json_node {
  int32_t parent, first,
      next; /* guesses: the object it stands in (-1: the row), the first key in it, the key behind it */
  uint32_t key_size;   /* the last part of the path */
  uint64_t stamp;      /* the pass in which it came last */
  bool touched, inner; /* had a value or null; had members */
  value_part part;
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
