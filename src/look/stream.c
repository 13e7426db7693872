/* stream.c - a CSV file in pieces: whole rows are copied behind the line of names and parsed, the pages they came
 * from are given back, and each column goes to its sketch. */
#include "stream.h"

#include <stdio.h>
#include <stdlib.h>

#include "../base/file.h"
#include "../format/csv_dialect.h"
#include "../format/source.h"
#include "sketch.h"

enum { MEMORY_LEAST = 32 << 20, SAMPLE = 1 << 20 };

typedef struct stream_column {
  char *name;
  look_sketch sketch;
  bool forced; /* to be read as `type` */
  lathe_type type;
} stream_column;

struct lathe_stream {
  const char *path, *encoding; /* NULL: UTF-8 */
  lathe_csv_options options;   /* with what was found out */
  lathe_mapping *mapping;
  const char *data;
  size_t size, names, body; /* the line of names is [names, body), rows follow */
  size_t piece, longest;    /* the usual bytes of a piece, and those of the longest */
  int64_t memory, room;     /* of all, and of the sketches */
  int32_t count;
  stream_column *columns;
  int64_t rejected, pieces;
  bool contradicted; /* a type changed on the way */
  lathe_progress *progress;
};

/* ---- where rows end ---- */

static bool is_end(char c) {
  return c == '\n' || c == '\r';
}

/* Behind the row that begins at `at`; `size` when nothing ends it. */
static size_t row_end(const lathe_stream *stream, size_t at, bool *ended) {
  const lathe_csv_options *options = &stream->options;
  const char *data = stream->data;
  bool start = true, quoted = false,
       comment = options->comment && at < stream->size && data[at] == options->comment;
  for (; at < stream->size; at++) {
    char c = data[at];
    if (quoted) {
      if (options->escape && c == options->escape && at + 1 < stream->size)
        at++;
      else if (c == options->quote)
        quoted = false; /* a doubled one opens again, as no cell starts between */
      if (!quoted && at + 1 < stream->size && data[at + 1] == options->quote) at++, quoted = true;
      continue;
    }
    if (is_end(c)) {
      *ended = true;
      return at + (c == '\r' && at + 1 < stream->size && data[at + 1] == '\n' ? 2 : 1);
    }
    if (comment) continue;
    if (options->escape && c == options->escape && at + 1 < stream->size)
      at++, start = false;
    else if (start && !options->plain && c == options->quote)
      quoted = true, start = false;
    else
      start = c == options->delimiter;
  }
  *ended = false;
  return stream->size;
}

/* Behind the last row that ends in the next `wanted` bytes, or behind the first one when it is longer. */
static size_t piece_end(const lathe_stream *stream, size_t begin) {
  size_t limit = stream->size - begin > stream->piece ? begin + stream->piece : stream->size;
  if (limit == stream->size) return limit;
  if (!stream->options.escape &&
      (stream->options.plain || !memchr(stream->data + begin, stream->options.quote, limit - begin))) {
    size_t at = limit;
    while (at > begin && stream->data[at - 1] != '\n') at--;
    if (at > begin) return at;
  }
  size_t at = begin, last = begin;
  bool ended = true;
  while (at < limit && ended) {
    size_t next = row_end(stream, at, &ended);
    if (next > limit) return last > begin ? last : next;
    last = at = next;
  }
  return last;
}

/* ---- opening ---- */

static bool find_names(lathe_stream *stream) {
  size_t at = stream->size >= 3 && memcmp(stream->data, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
  bool ended = true;
  for (int32_t i = 0; i < stream->options.skip && at < stream->size; i++) {
    while (at < stream->size && !is_end(stream->data[at])) at++;
    if (at < stream->size)
      at += stream->data[at] == '\r' && at + 1 < stream->size && stream->data[at + 1] == '\n' ? 2 : 1;
  }
  stream->options.skip = 0;
  while (at < stream->size && (is_end(stream->data[at]) ||
                               (stream->options.comment && stream->data[at] == stream->options.comment)))
    at = is_end(stream->data[at]) ? at + 1 : row_end(stream, at, &ended);
  stream->names = stream->body = at;
  if (!stream->options.headless) stream->body = row_end(stream, at, &ended);
  return ended;
}

static bool refuse_packed(const lathe_stream *stream, lathe_error *error) {
  static const struct {
    const char *bytes, *what;
    size_t size;
  } known[] = {{"\x1F\x8B", "compressed with gzip; unpack it with gunzip", 2},
               {"\x28\xB5\x2F\xFD", "compressed with zstd; unpack it with unzstd", 4},
               {"PK\3\4", "a zip archive; unpack it", 4},
               {"PAR1", "a Parquet file; convert it to CSV", 4}};
  for (size_t i = 0; i < sizeof known / sizeof *known; i++)
    if (stream->size >= known[i].size && memcmp(stream->data, known[i].bytes, known[i].size) == 0)
      return lathe_error_set(
          error, LATHE_ERROR_DATA,
          "%s: this is %s first, since only plain CSV is read in pieces, within a memory cap", stream->path,
          known[i].what);
  if (stream->size) return true;
  return lathe_error_set(error, LATHE_ERROR_DATA,
                         "%s: the file is empty; a table needs at least a line of column names",
                         stream->path);
}

/* A piece is converted by itself, so line ends and quotes must be where their bytes are: not in UTF-16. */
static bool check_encoding(const lathe_stream *stream, lathe_error *error) {
  static const char marks[] = "a,\";\t\n";
  lathe_buffer same = {0};
  if (!stream->encoding) return true;
  bool fine =
      lathe_source_convert(stream->path, stream->encoding, marks, sizeof marks - 1, &same, NULL, error);
  if (fine && (same.size != sizeof marks - 1 || memcmp(same.data, marks, same.size) != 0))
    fine = lathe_error_set(error, LATHE_ERROR_DATA,
                           "%s: a text in %.40s is not read in pieces, within a memory cap; convert it with "
                           "iconv -f %.40s -t UTF-8 first",
                           stream->path, stream->encoding, stream->encoding);
  lathe_buffer_free(&same);
  return fine;
}

static bool open_stream(lathe_stream *stream, const lathe_csv_options *options, int64_t memory,
                        lathe_error *error) {
  if (options) stream->options = *options;
  stream->mapping = lathe_mapping_open(stream->path, error);
  if (!stream->mapping) return false;
  stream->data = lathe_mapping_data(stream->mapping);
  stream->size = lathe_mapping_size(stream->mapping);
  if (!refuse_packed(stream, error) || !check_encoding(stream, error)) return false;
  lathe_csv_options *own = &stream->options;
  lathe_csv_dialect found = {
      .delimiter = own->delimiter, .quote = own->plain ? 0 : own->quote, .escape = own->escape};
  found.comment = own->comment, found.headless = own->headless, found.skip = own->skip;
  found.fixed = LATHE_CSV_FIX_HEADER | LATHE_CSV_FIX_SKIP | LATHE_CSV_FIX_COMMENT | LATHE_CSV_FIX_ESCAPE;
  if (own->delimiter) found.fixed |= LATHE_CSV_FIX_DELIMITER;
  if (own->plain || own->quote || own->delimiter) found.fixed |= LATHE_CSV_FIX_QUOTE;
  if (!own->plain && !own->quote) found.quote = own->quote = '"', found.fixed |= LATHE_CSV_FIX_QUOTE;
  if (!own->delimiter &&
      !lathe_csv_detect(stream->data, stream->size < SAMPLE ? stream->size : SAMPLE, &found, error))
    return false;
  own->delimiter = found.delimiter;
  find_names(stream);
  if (memory < MEMORY_LEAST) memory = MEMORY_LEAST;
  stream->memory = memory;
  stream->piece = (size_t)memory / 16;
  stream->room = memory / 4;
  return true;
}

/* ---- pieces ---- */

/* The reader's errors say FILE:LINE:COLUMN in the piece; LINE becomes that of the file. */
static void place_error(const lathe_stream *stream, size_t begin, lathe_error *error) {
  lathe_error place; /* the path as errors write it */
  lathe_error_set(&place, LATHE_ERROR_DATA, "%s", stream->path);
  size_t prefix = strlen(place.message);
  long long line = 0;
  int taken = 0;
  if (!error || strncmp(error->message, place.message, prefix) != 0 ||
      sscanf(error->message + prefix, ":%lld%n", &line, &taken) != 1)
    return;
  const char *data = stream->data;
  bool any = memchr(data, '\n', begin) != NULL;
  long long before = 0, head = 0;
  for (size_t i = 0; i < begin; i++) before += data[i] == (any ? '\n' : '\r');
  for (size_t i = stream->names; i < stream->body; i++) head += data[i] == (any ? '\n' : '\r');
  if (line <= head) return;
  lathe_error moved = {.code = error->code};
  snprintf(moved.message, sizeof moved.message, "%s:%lld%s", place.message, line - head + before,
           error->message + prefix + taken);
  *error = moved;
}

/* The text in UTF-8: itself, or its conversion in its place. */
static bool convert_piece(const lathe_stream *stream, char **text, size_t *size, lathe_error *error) {
  lathe_buffer made = {0};
  if (!stream->encoding) return true;
  bool fine = lathe_source_convert(stream->path, stream->encoding, *text, *size, &made, NULL, error);
  if (fine) {
    free(*text);
    *text = made.data;
    *size = made.size;
  } else {
    lathe_buffer_free(&made);
  }
  return fine;
}

static lathe_table *parse_piece(lathe_stream *stream, size_t begin, size_t end, lathe_error *error) {
  size_t head = stream->body - stream->names, size = head + end - begin;
  char *text = lathe_memory_raw(size, 1, error);
  const char **names =
      lathe_memory_raw((size_t)stream->count + (size_t)stream->options.type_count, sizeof *names, error);
  lathe_type *types =
      lathe_memory_raw((size_t)stream->count + (size_t)stream->options.type_count, sizeof *types, error);
  lathe_table *table = NULL, *rejects = NULL;
  if (text && names && types) {
    memcpy(text, stream->data + stream->names, head);
    memcpy(text + head, stream->data + begin, end - begin);
    lathe_mapping_drop(stream->data + begin, end - begin);
    lathe_csv_options options = stream->options;
    int32_t given = 0;
    for (int32_t i = 0; i < options.type_count; i++)
      names[given] = options.type_names[i], types[given++] = options.types[i];
    for (int32_t i = 0; i < stream->count; i++)
      if (stream->columns[i].forced)
        names[given] = stream->columns[i].name, types[given++] = stream->columns[i].type;
    options.type_names = names, options.types = types, options.type_count = given;
    if (convert_piece(stream, &text, &size, error))
      table = lathe_table_parse_csv(text, size, stream->path, &options, options.lenient ? &rejects : NULL,
                                    NULL, error);
    if (!table) place_error(stream, begin, error);
  }
  if (rejects) stream->rejected += lathe_table_rows(rejects);
  lathe_table_release(rejects);
  free(text);
  free(names);
  free(types);
  return table;
}

static bool open_columns(lathe_stream *stream, const lathe_table *table, lathe_error *error) {
  stream->count = lathe_table_columns(table);
  stream->columns = lathe_memory_new((size_t)stream->count, sizeof *stream->columns, error);
  if (!stream->columns) return false;
  for (int32_t i = 0; i < stream->count; i++) {
    const char *name = lathe_table_name(table, i);
    stream->columns[i].name = lathe_memory_text(name, strlen(name), error);
    if (!stream->columns[i].name) return false;
  }
  return true;
}

static bool open_sketches(lathe_stream *stream, lathe_error *error) {
  stream->contradicted = false;
  stream->rejected = stream->pieces = 0;
  for (int32_t i = 0; i < stream->count; i++) {
    look_sketch_free(&stream->columns[i].sketch);
    if (!look_sketch_open(&stream->columns[i].sketch, stream->room / stream->count, error)) return false;
  }
  return true;
}

/* The type of a column from now on, where a piece contradicts those before. */
static void check_types(lathe_stream *stream, const lathe_table *table) {
  for (int32_t i = 0; i < stream->count; i++) {
    stream_column *column = &stream->columns[i];
    const lathe_column *piece = lathe_table_column(table, i);
    if (column->forced || look_sketch_takes(&column->sketch, piece)) continue;
    lathe_type a = column->sketch.type, b = piece->type;
    bool times = (a == LATHE_TYPE_DATE && b == LATHE_TYPE_TIMESTAMP) ||
                 (a == LATHE_TYPE_TIMESTAMP && b == LATHE_TYPE_DATE);
    column->forced = stream->contradicted = true;
    column->type = times ? LATHE_TYPE_TIMESTAMP : LATHE_TYPE_STRING;
  }
}

typedef struct adding {
  lathe_stream *stream;
  const lathe_table *table;
} adding;

static bool add_column(void *context, int64_t index, lathe_error *error) {
  adding *work = context;
  stream_column *column = &work->stream->columns[index];
  return look_sketch_add(&column->sketch, lathe_table_column(work->table, (int32_t)index), error);
}

/* Types only, from the piece that contradicted on. */
static void note_type(stream_column *column, const lathe_column *piece) {
  if (piece->missing == piece->rows || column->forced) return;
  bool text = lathe_type_is_text(piece->type);
  if (!column->sketch.known || piece->type == LATHE_TYPE_FLOAT64)
    column->sketch.type = text ? LATHE_TYPE_STRING : piece->type;
  column->sketch.known = true;
}

static bool add_piece(lathe_stream *stream, size_t begin, size_t end, lathe_error *error) {
  lathe_table *table = parse_piece(stream, begin, end, error);
  if (!table) return false;
  bool fine = stream->columns || (open_columns(stream, table, error) && open_sketches(stream, error));
  if (fine) {
    check_types(stream, table);
    adding work = {stream, table};
    if (stream->contradicted)
      for (int32_t i = 0; i < stream->count; i++)
        note_type(&stream->columns[i], lathe_table_column(table, i));
    else
      fine = lathe_pool_run(stream->count, add_column, &work, stream->progress, error);
    stream->pieces++;
  }
  lathe_table_release(table);
  lathe_progress_add(stream->progress, (int64_t)(end - begin));
  return fine;
}

static bool run_pass(lathe_stream *stream, lathe_error *error) {
  if (stream->columns && !open_sketches(stream, error)) return false;
  size_t at = stream->body;
  do {
    size_t end = piece_end(stream, at);
    if (end - at > stream->longest) stream->longest = end - at;
    if (!add_piece(stream, at, end, error) || !lathe_progress_check(stream->progress, error)) return false;
    at = end;
  } while (at < stream->size);
  return true;
}

lathe_stream *lathe_stream_csv(const char *path, const char *encoding, const lathe_csv_options *options,
                               int64_t memory, lathe_progress *progress, lathe_error *error) {
  lathe_stream *stream = lathe_memory_new(1, sizeof *stream, error);
  if (!stream) return NULL;
  *stream = (lathe_stream){.path = path, .encoding = encoding, .progress = progress};
  bool fine = open_stream(stream, options, memory, error);
  if (fine) {
    lathe_progress_begin(progress, "profile in pieces", (int64_t)(stream->size - stream->body));
    fine = run_pass(stream, error);
    lathe_progress_end(progress);
  }
  if (fine && stream->contradicted) {
    lathe_progress_begin(progress, "profile in pieces again: a type changed",
                         (int64_t)(stream->size - stream->body));
    fine = run_pass(stream, error);
    lathe_progress_end(progress);
  }
  fine = lathe_mapping_check(stream->mapping, error) && fine;
  for (int32_t i = 0; i < stream->count && fine; i++)
    fine = look_sketch_finish(&stream->columns[i].sketch, error);
  lathe_mapping_release(stream->mapping);
  stream->mapping = NULL;
  stream->path = stream->encoding = NULL;
  if (fine) return stream;
  lathe_stream_free(stream);
  return NULL;
}

void lathe_stream_free(lathe_stream *stream) {
  if (!stream) return;
  for (int32_t i = 0; i < stream->count && stream->columns; i++) {
    free(stream->columns[i].name);
    look_sketch_free(&stream->columns[i].sketch);
  }
  free(stream->columns);
  lathe_mapping_release(stream->mapping);
  free(stream);
}

int32_t lathe_stream_columns(const lathe_stream *stream) {
  return stream->count;
}

int64_t lathe_stream_rejected(const lathe_stream *stream) {
  return stream->rejected;
}

int64_t lathe_stream_pieces(const lathe_stream *stream) {
  return stream->pieces;
}

int64_t lathe_stream_beyond(const lathe_stream *stream) {
  enum { BYTES_PER_BYTE = 4 }; /* of a row that is a piece by itself: its text twice, its cells, room */
  return (int64_t)stream->longest > stream->memory / BYTES_PER_BYTE ? (int64_t)stream->longest : 0;
}

const char *lathe_stream_name(const lathe_stream *stream, int32_t column) {
  return stream->columns[column].name;
}

lathe_type lathe_stream_type(const lathe_stream *stream, int32_t column) {
  return stream->columns[column].sketch.type;
}

const lathe_summary *lathe_stream_summary(const lathe_stream *stream, int32_t column) {
  return &stream->columns[column].sketch.summary;
}

lathe_text lathe_stream_top(const lathe_stream *stream, int32_t column, int32_t index, char *scratch) {
  return look_sketch_top(&stream->columns[column].sketch, index, scratch);
}
