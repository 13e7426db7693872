/* json_rows.c - rows into the parts of a chunk.
 *
 * Keys come in the same order in nearly every row, so the key that followed the last time is compared first; only when it is
 * another one is its path put together and looked up. */
#include <stdlib.h>

#include "json_own.h"

void lathe_json_chunk_free(json_chunk *chunk) {
  for (int32_t i = 0; i < chunk->paths.count && chunk->nodes; i++) lathe_part_free(&chunk->nodes[i].part);
  for (int64_t i = 0; i < chunk->reject_count; i++) free(chunk->rejects[i].reason);
  free(chunk->nodes);
  free(chunk->rejects);
  lathe_words_free(&chunk->paths);
  lathe_buffer_free(&chunk->path);
  lathe_buffer_free(&chunk->scratch);
  lathe_json_reader_free(chunk->reader);
}

bool lathe_json_chunk_open(json_chunk *chunk, const json_file *file, lathe_error *error) {
  chunk->file = file;
  chunk->first = -1;
  chunk->reader = lathe_json_reader_new(file->data, 0, file->name, error);
  return chunk->reader != NULL;
}

static bool type_given(const lathe_json_options *options, lathe_text path) {
  for (int32_t i = 0; i < options->type_count; i++)
    if (strlen(options->type_names[i]) == path.size &&
        memcmp(options->type_names[i], path.data, path.size) == 0)
      return true;
  return false;
}

/* The code of a path, of which `key_size` bytes are its last part; -1 with an error. */
static int32_t node_of(json_chunk *chunk, int32_t parent, size_t key_size, lathe_error *error) {
  lathe_text path = {chunk->path.data ? chunk->path.data : "", chunk->path.size};
  int32_t before = chunk->paths.count, code = lathe_words_add(&chunk->paths, path.data, path.size, error);
  if (code < 0) return -1;
  if (code == before) {
    if (code == chunk->capacity) {
      int32_t capacity = code ? code * 2 : 16;
      if (!lathe_memory_resize((void **)&chunk->nodes, (size_t)capacity, sizeof *chunk->nodes, error)) {
        chunk->paths.count--; /* nodes and paths are equally many */
        return -1;
      }
      chunk->capacity = capacity;
    }
    chunk->nodes[code] = (json_node){.first = -1, .next = -1};
    chunk->nodes[code].part.raw = type_given(chunk->file->options, path);
  }
  chunk->nodes[code].parent = parent;
  chunk->nodes[code].key_size = (uint32_t)key_size;
  return code;
}

/* The node of the key that was just read in the object `parent`, behind the key `last` (-1: the first). -1 with an error. */
static int32_t find_key(json_chunk *chunk, int32_t parent, int32_t last, lathe_error *error) {
  lathe_text key = lathe_json_text(chunk->reader);
  int32_t *guess = last >= 0     ? &chunk->nodes[last].next
                   : parent >= 0 ? &chunk->nodes[parent].first
                                 : &chunk->first;
  int32_t code = *guess;
  if (code >= 0) {
    const json_node *node = &chunk->nodes[code];
    if (node->parent == parent && node->key_size == key.size &&
        memcmp(chunk->paths.bytes.data + chunk->paths.ends[code] - key.size, key.data, key.size) == 0)
      return code;
  }
  if (key.size > UINT32_MAX || memchr(key.data, 0, key.size))
    return lathe_json_refuse(chunk->reader, error,
                             "a column name must not hold the NUL character; rename the key") -
           1;
  chunk->path.size = 0;
  if (parent >= 0) {
    lathe_text outer = lathe_words_text(&chunk->paths, parent);
    if (!lathe_buffer_append(&chunk->path, outer.data, outer.size, error) ||
        !lathe_buffer_append(&chunk->path, ".", 1, error))
      return -1;
  }
  if (!lathe_buffer_append(&chunk->path, key.data, key.size, error)) return -1;
  code = node_of(chunk, parent, key.size, error);
  if (code < 0) return -1;
  guess = last >= 0 ? &chunk->nodes[last].next : parent >= 0 ? &chunk->nodes[parent].first : &chunk->first;
  *guess = code;
  return code;
}

/* An array or object as text, without the blanks outside of its strings. */
static bool squeeze(lathe_buffer *out, lathe_text raw, lathe_error *error) {
  out->size = 0;
  if (!lathe_buffer_reserve(out, raw.size, error)) return false;
  char *to = out->data;
  bool inside = false;
  for (const char *at = raw.data, *end = at + raw.size; at < end; at++) {
    if (!inside && (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t')) continue;
    *to++ = *at;
    if (inside && *at == '\\')
      *to++ = *++at;
    else if (*at == '"')
      inside = !inside;
  }
  out->size = (size_t)(to - out->data);
  return true;
}

/* A number that does not fit in 64 bits, or has a fraction or exponent. */
static bool add_number(value_part *part, int64_t row, const lathe_json_reader *reader, lathe_error *error) {
  lathe_text raw = lathe_json_raw(reader);
  bool whole = raw.size > 2; /* "-0" is a double */
  for (size_t i = raw.data[0] == '-'; i < raw.size && whole; i++)
    whole = raw.data[i] >= '0' && raw.data[i] <= '9';
  return whole ? lathe_part_text(part, row, PART_WIDE, raw, error)
               : lathe_part_number(part, row, lathe_json_number(reader), raw, error);
}

static bool add_scalar(value_part *part, int64_t row, const lathe_json_reader *reader, lathe_json_event event,
                       lathe_error *error) {
  switch (event) {
  case LATHE_JSON_STRING:
    return lathe_part_text(part, row, PART_TEXT, lathe_json_text(reader), error);
  case LATHE_JSON_INTEGER:
    return lathe_part_integer(part, row, lathe_json_integer(reader), error);
  case LATHE_JSON_NUMBER:
    return add_number(part, row, reader, error);
  case LATHE_JSON_BOOL:
    return lathe_part_bool(part, row, lathe_json_bool(reader), error);
  default: /* null */
    return true;
  }
}

static bool read_members(json_chunk *chunk, int32_t parent, int64_t row, lathe_error *error);

/* The value that begins with `event`, into the column of a node. */
static bool read_value(json_chunk *chunk, int32_t code, int64_t row, lathe_json_event event,
                       lathe_error *error) {
  if (event == LATHE_JSON_ERROR) return false;
  if (event == LATHE_JSON_OBJECT) return read_members(chunk, code, row, error);
  if (event == LATHE_JSON_ARRAY) {
    if (!lathe_json_skip(chunk->reader, error)) return false;
    if (chunk->dry) return true;
    if (!squeeze(&chunk->scratch, lathe_json_raw(chunk->reader), error)) return false;
    chunk->nodes[code].touched = true;
    return lathe_part_text(&chunk->nodes[code].part, row, PART_ARRAY,
                           (lathe_text){chunk->scratch.data, chunk->scratch.size}, error);
  }
  if (chunk->dry) return true;
  chunk->nodes[code].touched = true;
  return add_scalar(&chunk->nodes[code].part, row, chunk->reader, event, error);
}

/* The members of an object whose brace is read: the row's (-1), or those of the column's value `parent`. */
static bool read_members(json_chunk *chunk, int32_t parent, int64_t row, lathe_error *error) {
  lathe_json_reader *reader = chunk->reader;
  lathe_json_event event;
  int32_t last = -1;
  while ((event = lathe_json_next(reader, error)) == LATHE_JSON_KEY) {
    int32_t code = find_key(chunk, parent, last, error);
    if (code < 0) return false;
    if (chunk->nodes[code].stamp == chunk->stamp) {
      lathe_text path = lathe_words_text(&chunk->paths, code);
      return lathe_json_refuse(reader, error,
                               "\"%.*s\" has two values in one row; keep one of the keys, or rename one",
                               (int)lathe_text_fit(path.data, path.size, 80), path.data);
    }
    chunk->nodes[code].stamp = chunk->stamp;
    if (!read_value(chunk, code, row, lathe_json_next(reader, error), error)) return false;
    last = code;
  }
  if (event != LATHE_JSON_OBJECT_END) return false;
  if (chunk->dry || parent < 0) return true;
  if (last >= 0) {
    chunk->nodes[parent].inner = true;
    return true;
  }
  chunk->nodes[parent].touched = true;
  return lathe_part_text(&chunk->nodes[parent].part, row, PART_EMPTY, (lathe_text){"{}", 2}, error);
}

/* The row at `at`: its members, up to its closing brace. */
static bool read_row(json_chunk *chunk, const char *origin, const char *at, const char *end,
                     lathe_error *error) {
  static const char *const kinds[] = {[LATHE_JSON_NULL] = "null",        [LATHE_JSON_BOOL] = "a truth value",
                                      [LATHE_JSON_INTEGER] = "a number", [LATHE_JSON_NUMBER] = "a number",
                                      [LATHE_JSON_STRING] = "a string",  [LATHE_JSON_ARRAY] = "an array"};
  lathe_json_reader_restart(chunk->reader, origin, at, (size_t)(end - at));
  lathe_json_event event = lathe_json_next(chunk->reader, error);
  if (event == LATHE_JSON_ERROR) return false;
  if (event != LATHE_JSON_OBJECT)
    return lathe_json_refuse(chunk->reader, error, "a row must be an object, such as {\"a\": 1}, not %s",
                             kinds[event]);
  chunk->stamp++;
  return read_members(chunk, -1, chunk->rows, error);
}

bool lathe_json_read_elements(json_chunk *chunk, lathe_error *error) {
  const char *at = chunk->begin, *end = chunk->file->end, *data = chunk->file->data;
  for (;;) {
    if (!read_row(chunk, data, at, end, error)) return false;
    chunk->rows++;
    lathe_text brace = lathe_json_raw(chunk->reader);
    at = json_skip_blanks(brace.data + brace.size, end);
    if (at == chunk->end) return true;
    if (at >= end || *at != ',' || at > chunk->end) {
      lathe_json_reader_restart(chunk->reader, data, at, (size_t)(end - at));
      return lathe_json_refuse(chunk->reader, error, "a comma or ] should be here");
    }
    at++;
  }
}

/* A line that is no row: kept with the reader's words, without their place. */
static bool add_reject(json_chunk *chunk, const char *line, size_t size, const lathe_error *problem,
                       lathe_error *error) {
  if (problem->code != LATHE_ERROR_DATA) {
    if (error) *error = *problem;
    return false;
  }
  int64_t count = chunk->reject_count;
  if ((count & (count - 1)) == 0 &&
      !lathe_memory_resize((void **)&chunk->rejects, count ? (size_t)count * 2 : 1, sizeof *chunk->rejects,
                           error))
    return false;
  size_t name = strlen(chunk->file->name);
  long long row = 1, column = 1;
  const char *words = problem->message;
  if (strncmp(words, chunk->file->name, name) == 0 && words[name] == ':') {
    char *behind;
    row = strtoll(words + name + 1, &behind, 10);
    column = strtoll(behind + 1, &behind, 10);
    words = behind + 2;
  }
  char *reason = lathe_memory_text(words, strlen(words), error);
  if (!reason) return false;
  chunk->rejects[chunk->reject_count++] = (json_reject){.offset = line - chunk->file->data,
                                                        .line = chunk->lines + row,
                                                        .column = column,
                                                        .text = {line, size},
                                                        .reason = reason};
  return true;
}

static bool read_line(json_chunk *chunk, const char *origin, const char *line, const char *stop,
                      lathe_error *error) {
  return read_row(chunk, origin, line, stop, error) &&
         lathe_json_next(chunk->reader, error) == LATHE_JSON_END;
}

bool lathe_json_read_lines(json_chunk *chunk, lathe_error *error) {
  bool lenient = chunk->file->options->lenient;
  for (const char *line = chunk->begin, *next; line < chunk->end; line = next, chunk->lines++) {
    const char *stop = memchr(line, '\n', (size_t)(chunk->end - line));
    next = stop ? stop + 1 : chunk->end;
    if (!stop) stop = chunk->end;
    if (json_skip_blanks(line, stop) == stop) continue;
    if (lenient) { /* a bad line must leave no trace: look first */
      lathe_error problem = {0};
      chunk->dry = true;
      bool fine = read_line(chunk, line, line, stop, &problem);
      chunk->dry = false;
      if (!fine) {
        if (!add_reject(chunk, line, (size_t)(stop - line), &problem, error)) return false;
        continue;
      }
    }
    if (!read_line(chunk, chunk->file->data, line, stop, error)) return false;
    chunk->rows++;
  }
  return true;
}

bool lathe_json_read_single(json_chunk *chunk, lathe_error *error) {
  if (!read_row(chunk, chunk->file->data, chunk->begin, chunk->end, error)) return false;
  chunk->rows = 1;
  return true;
}

bool lathe_json_read_columns(json_chunk *chunk, lathe_error *error) {
  lathe_json_reader *reader = chunk->reader;
  lathe_json_event event;
  int32_t last = -1;
  lathe_json_reader_restart(reader, chunk->file->data, chunk->begin, (size_t)(chunk->end - chunk->begin));
  lathe_json_next(reader, error);
  chunk->rows = -1;
  while ((event = lathe_json_next(reader, error)) == LATHE_JSON_KEY) {
    int32_t code = find_key(chunk, -1, last, error);
    if (code < 0) return false;
    lathe_text name = lathe_words_text(&chunk->paths, code);
    if (chunk->nodes[code].stamp)
      return lathe_json_refuse(reader, error, "the key \"%.*s\" stands twice; rename one",
                               (int)lathe_text_fit(name.data, name.size, 80), name.data);
    lathe_json_next(reader, error);
    int64_t row = 0;
    for (; (event = lathe_json_next(reader, error)) != LATHE_JSON_ARRAY_END; row++) {
      chunk->stamp++;
      if (event == LATHE_JSON_ERROR || !read_value(chunk, code, row, event, error)) return false;
      if (row % 65536 == 0 && !lathe_progress_check(chunk->file->progress, error)) return false;
    }
    chunk->nodes[code].touched = true;
    chunk->nodes[code].stamp = UINT64_MAX;
    name = lathe_words_text(&chunk->paths, code);
    if (chunk->rows >= 0 && row != chunk->rows)
      return lathe_json_refuse(
          reader, error, "column \"%.*s\" has %lld values, those before it %lld; all need the same",
          (int)lathe_text_fit(name.data, name.size, 80), name.data, (long long)row, (long long)chunk->rows);
    chunk->rows = row;
    last = code;
  }
  return event == LATHE_JSON_OBJECT_END;
}
