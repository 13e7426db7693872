/* json_read.c - the shape of a document, and its rows in chunks. */
#include <stdio.h>
#include <stdlib.h>

#include "../base/pool.h"
#include "json_own.h"

enum { CHUNK_BYTES = 1 << 20 };

static int64_t chunk_size(const json_file *file) {
  return file->options->chunk > 0 ? file->options->chunk : CHUNK_BYTES;
}

static bool read_chunk(void *context, int64_t index, lathe_error *error) {
  json_file *file = context;
  json_chunk *chunk = &file->chunks[index];
  if (!lathe_json_chunk_open(chunk, file, error)) return false;
  bool fine = file->lines ? lathe_json_read_lines(chunk, error) : lathe_json_read_elements(chunk, error);
  lathe_progress_add(file->progress, chunk->end - chunk->begin);
  return fine;
}

static bool read_chunks(json_file *file, lathe_error *error) {
  return lathe_pool_run(file->chunk_count, read_chunk, file, file->progress, error);
}

static bool one_chunk(json_file *file, const char *begin, const char *end, lathe_error *error) {
  file->chunks = lathe_memory_new(1, sizeof *file->chunks, error);
  if (!file->chunks) return false;
  file->chunk_count = 1;
  file->chunks[0].begin = begin;
  file->chunks[0].end = end;
  return lathe_json_chunk_open(&file->chunks[0], file, error);
}

/* ---- JSON Lines: chunks end behind line ends ---- */

static bool read_lines(json_file *file, const char *begin, lathe_error *error) {
  int64_t step = chunk_size(file), size = file->end - begin, count = (size + step - 1) / step;
  file->lines = true;
  file->chunks = lathe_memory_new((size_t)count, sizeof *file->chunks, error);
  if (!file->chunks) return false;
  const char *at = begin;
  for (int64_t i = 0; i < count && at < file->end; i++) {
    const char *stop = begin + (i + 1) * step;
    if (stop <= at) continue;
    const char *newline = stop < file->end ? memchr(stop - 1, '\n', (size_t)(file->end - stop + 1)) : NULL;
    stop = newline ? newline + 1 : file->end;
    file->chunks[file->chunk_count].begin = at;
    file->chunks[file->chunk_count++].end = at = stop;
  }
  return read_chunks(file, error);
}

/* ---- an array: chunks end at commas between its elements ---- */

static bool add_chunk(json_file *file, const char *begin, const char *end, lathe_error *error) {
  int64_t count = file->chunk_count;
  if ((count & (count - 1)) == 0) {
    if (!lathe_memory_resize((void **)&file->chunks, count ? (size_t)count * 2 : 1, sizeof *file->chunks,
                             error))
      return false;
  }
  file->chunks[count] = (json_chunk){.begin = begin, .end = end};
  file->chunk_count++;
  return true;
}

/* Behind the string that opens at `at`. */
static const char *skip_string(const char *at, const char *end) {
  for (at++; at < end && *at != '"'; at++)
    if (*at == '\\') at++;
  return at < end ? at + 1 : end;
}

/* Cut the elements behind the bracket at `at`: the closing bracket, or the end. Only brackets and strings are looked at; that the rest
 * is JSON the chunks find out, since each must be elements with commas between. NULL with an error. */
static const char *cut_elements(json_file *file, const char *at, lathe_error *error) {
  static const uint8_t marks[256] = {['"'] = 1, [','] = 1, ['['] = 1, ['{'] = 1, [']'] = 1, ['}'] = 1};
  const char *begin = ++at, *end = file->end;
  int64_t step = chunk_size(file), depth = 0;
  while (at < end) {
    if (!marks[(uint8_t)*at]) {
      at++;
    } else if (*at == '"') {
      at = skip_string(at, end);
    } else if (*at == ',') {
      if (depth == 0 && at - begin >= step) {
        if (!add_chunk(file, begin, at, error)) return NULL;
        begin = at + 1;
        if (file->chunk_count % 64 == 0 && !lathe_progress_check(file->progress, error)) return NULL;
      }
      at++;
    } else if (*at == '[' || *at == '{') {
      depth++;
      at++;
    } else {
      if (--depth < 0) break;
      at++;
    }
  }
  bool empty = file->chunk_count == 0 && json_skip_blanks(begin, at) == at;
  if (!empty && !add_chunk(file, begin, at, error)) return NULL;
  return at;
}

/* An objection to what stands at a place that no reader has reached. */
static bool refuse_at(const json_file *file, const char *at, lathe_error *error, const char *words) {
  lathe_json_reader *reader = lathe_json_reader_new(file->data, 0, file->name, error);
  if (!reader) return false;
  lathe_json_reader_restart(reader, file->data, at, (size_t)(file->end - at));
  lathe_json_refuse(reader, error, "%s", words);
  lathe_json_reader_free(reader);
  return false;
}

static bool read_array(json_file *file, const char *at, lathe_error *error) {
  const char *close = cut_elements(file, at, error);
  if (!close || !read_chunks(file, error)) return false;
  if (close == file->end) return refuse_at(file, close, error, "the text ends where a comma or ] should be");
  if (*close != ']') return refuse_at(file, close, error, "a comma or ] should be here");
  const char *rest = json_skip_blanks(close + 1, file->end);
  return rest == file->end || refuse_at(file, rest, error, "the end of the text should be here");
}

/* ---- an object ---- */

typedef struct shape {
  int64_t arrays, others;
  char *rows;      /* the first key whose array holds an object */
  const char *end; /* behind the object */
} shape;

/* What the members of the object at `at` are. */
static bool look_at_object(json_file *file, lathe_json_reader *reader, const char *at, shape *found,
                           lathe_error *error) {
  lathe_json_event event;
  lathe_json_reader_restart(reader, file->data, at, (size_t)(file->end - at));
  lathe_json_next(reader, error);
  while ((event = lathe_json_next(reader, error)) == LATHE_JSON_KEY) {
    lathe_text key = lathe_json_text(reader);
    char *name = found->rows ? NULL : lathe_memory_text(key.data, key.size, error);
    if (!found->rows && !name) return false;
    bool array = lathe_json_next(reader, error) == LATHE_JSON_ARRAY;
    bool fine = lathe_json_skip(reader, error);
    if (fine && array) {
      const char *first = json_skip_blanks(lathe_json_raw(reader).data + 1, file->end);
      if (name && *first == '{') found->rows = name, name = NULL;
    }
    free(name);
    if (!fine) return false;
    *(array ? &found->arrays : &found->others) += 1;
  }
  lathe_text brace = lathe_json_raw(reader);
  found->end = brace.data + brace.size;
  return event == LATHE_JSON_OBJECT_END;
}

static bool read_object(json_file *file, const char *at, lathe_error *error) {
  shape found = {0};
  lathe_json_reader *reader = lathe_json_reader_new(file->data, 0, file->name, error);
  bool fine = reader && look_at_object(file, reader, at, &found, error);
  lathe_json_reader_free(reader);
  const char *rest = fine ? json_skip_blanks(found.end, file->end) : NULL;
  if (fine && rest < file->end && *rest == '{' && memchr(found.end, '\n', (size_t)(rest - found.end)) &&
      !memchr(at, '\n', (size_t)(found.end - at))) {
    free(found.rows);
    return read_lines(file, at, error);
  }
  if (fine && rest < file->end) fine = refuse_at(file, rest, error, "the end of the text should be here");
  if (fine && found.rows)
    fine = lathe_error_set(
        error, LATHE_ERROR_DATA,
        "%s is an object, and \"%.80s\" in it an array of objects; read that with rows = \"%.80s\"",
        file->name, found.rows, found.rows);
  free(found.rows);
  if (!fine || !one_chunk(file, at, found.end, error)) return false;
  return found.arrays && !found.others ? lathe_json_read_columns(&file->chunks[0], error)
                                       : lathe_json_read_single(&file->chunks[0], error);
}

/* ---- the value at a path ---- */

/* Go to the value of `key` in the object that was just opened. */
static bool enter(json_file *file, lathe_json_reader *reader, const char *key, size_t size,
                  lathe_error *error) {
  lathe_json_event event;
  while ((event = lathe_json_next(reader, error)) == LATHE_JSON_KEY) {
    lathe_text text = lathe_json_text(reader);
    if (text.size == size && memcmp(text.data, key, size) == 0) return true;
    if (!lathe_json_skip(reader, error)) return false;
  }
  return event != LATHE_JSON_ERROR &&
         lathe_error_set(error, LATHE_ERROR_DATA,
                         "%s: rows = \"%s\" finds no key \"%.*s\"; name one that is there", file->name,
                         file->options->rows, (int)size, key);
}

/* Narrow the file to the value at options->rows, once all of the document is known to be JSON. */
static bool go_to_rows(json_file *file, lathe_error *error) {
  const char *path = file->options->rows;
  if (!path || !*path) return true;
  lathe_json_reader *reader =
      lathe_json_reader_new(file->data, (size_t)(file->end - file->data), file->name, error);
  bool fine = reader != NULL;
  while (fine) {
    size_t size = strcspn(path, ".");
    lathe_json_event event = lathe_json_next(reader, error);
    fine = event != LATHE_JSON_ERROR;
    if (fine && event != LATHE_JSON_OBJECT)
      fine = lathe_json_refuse(reader, error,
                               "rows = \"%s\" looks for the key \"%.*s\" here, where no object is",
                               file->options->rows, (int)size, path);
    fine = fine && enter(file, reader, path, size, error);
    path += size;
    if (!*path) break;
    path++;
  }
  lathe_text value = {NULL, 0};
  if ((fine = fine && lathe_json_skip(reader, error))) value = lathe_json_raw(reader);
  for (lathe_json_event event = LATHE_JSON_NULL; fine && event != LATHE_JSON_END;)
    fine = (event = lathe_json_next(reader, error)) != LATHE_JSON_ERROR;
  lathe_json_reader_free(reader);
  if (!fine) return false;
  file->begin = value.data;
  file->end = value.data + value.size;
  return true;
}

static bool read_document(json_file *file, lathe_error *error) {
  if (!go_to_rows(file, error)) return false;
  const char *at = json_skip_blanks(file->begin, file->end);
  if (at == file->end)
    return lathe_error_set(error, LATHE_ERROR_DATA,
                           "%s: the file is empty; a table needs at least one object", file->name);
  if (*at == '[') return read_array(file, at, error);
  if (*at == '{') return read_object(file, at, error);
  return one_chunk(file, at, file->end, error) && lathe_json_read_single(&file->chunks[0], error);
}

static const char *last_part(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash && slash[1] ? slash + 1 : path;
}

static lathe_table *parse(const char *data, size_t size, const char *name, const lathe_json_options *options,
                          bool lines, lathe_table **rejects, lathe_progress *progress, lathe_error *error) {
  static const lathe_json_options defaults;
  json_file file = {.name = name,
                    .data = data,
                    .begin = data,
                    .end = data + size,
                    .options = options ? options : &defaults,
                    .progress = progress};
  char what[64];
  if (size >= 3 && memcmp(data, "\xEF\xBB\xBF", 3) == 0) file.data = file.begin = data + 3;
  if (file.options->note) *file.options->note = '\0';
  if (rejects) *rejects = NULL;
  snprintf(what, sizeof what, "read %.50s", last_part(name));
  lathe_progress_begin(progress, what, (int64_t)size);
  bool fine = lines ? read_lines(&file, file.begin, error) : read_document(&file, error);
  lathe_table *table = fine ? lathe_json_finish(&file, error) : NULL;
  if (table && rejects && !(*rejects = lathe_json_rejects(&file, error))) {
    lathe_table_release(table);
    table = NULL;
  }
  lathe_progress_end(progress);
  for (int64_t i = 0; i < file.chunk_count; i++) lathe_json_chunk_free(&file.chunks[i]);
  free(file.chunks);
  return table;
}

lathe_table *lathe_table_parse_json(const char *data, size_t size, const char *name,
                                    const lathe_json_options *options, lathe_table **rejects,
                                    lathe_progress *progress, lathe_error *error) {
  return parse(data, size, name, options, false, rejects, progress, error);
}

lathe_table *lathe_table_parse_json_lines(const char *data, size_t size, const char *name,
                                          const lathe_json_options *options, lathe_table **rejects,
                                          lathe_progress *progress, lathe_error *error) {
  return parse(data, size, name, options, true, rejects, progress, error);
}
