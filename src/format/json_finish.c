/* json_finish.c - the parts of all chunks become columns. */
#include <stdio.h>
#include <stdlib.h>

#include "../base/pool.h"
#include "../table/own.h"
#include "json_own.h"
#include "reject_text.h"
#include "settle.h"

typedef struct json_column {
  lathe_text path;
  unsigned classes;
  bool touched, inner, given;
  lathe_type type;
  char *name;
  lathe_column *column;
} json_column;

typedef struct finish_job {
  json_file *file;
  int64_t rows;
  lathe_words paths;
  json_column *columns; /* of all paths, then of those that are columns */
  int32_t count;
} finish_job;

/* Every path of every chunk, in the order in which they came. */
static bool gather(finish_job *job, lathe_error *error) {
  int32_t capacity = 0;
  for (int64_t i = 0; i < job->file->chunk_count; i++) {
    const json_chunk *chunk = &job->file->chunks[i];
    job->rows += chunk->rows;
    for (int32_t node = 0; node < chunk->paths.count; node++) {
      lathe_text path = lathe_words_text(&chunk->paths, node);
      int32_t before = job->paths.count, code = lathe_words_add(&job->paths, path.data, path.size, error);
      if (code < 0) return false;
      if (code == capacity) {
        capacity = capacity ? capacity * 2 : 16;
        if (!lathe_memory_resize((void **)&job->columns, (size_t)capacity, sizeof *job->columns, error))
          return false;
      }
      if (code == before) job->columns[code] = (json_column){.path = path};
      job->columns[code].classes |= chunk->nodes[node].part.classes;
      job->columns[code].touched |= chunk->nodes[node].touched;
      job->columns[code].inner |= chunk->nodes[node].inner;
    }
  }
  return true;
}

/* Paths at which objects stand are no columns, unless they have values as well. */
static bool choose(finish_job *job, lathe_error *error) {
  for (int32_t i = 0; i < job->paths.count; i++) {
    json_column column = job->columns[i];
    if (!column.touched || (column.inner && !(column.classes & ~(unsigned)PART_EMPTY))) continue;
    job->columns[job->count++] = column;
  }
  if (job->count > 0) return true;
  int64_t bad = 0;
  for (int64_t i = 0; i < job->file->chunk_count; i++) bad += job->file->chunks[i].reject_count;
  return lathe_error_set(error, LATHE_ERROR_DATA, "%s: %s; a table needs at least one object with a member",
                         job->file->name,
                         bad         ? "no line is a JSON object"
                         : job->rows ? "the objects are empty"
                                     : "there are no rows, so nothing names a column");
}

/* Names: an empty one is made up, without taking that of another. */
static bool name_columns(finish_job *job, lathe_error *error) {
  for (int32_t i = 0; i < job->count; i++) {
    char made[32];
    lathe_text path = job->columns[i].path;
    for (int32_t number = i + 1; path.size == 0; number++) {
      int size = snprintf(made, sizeof made, "column_%d", number);
      if (lathe_words_find(&job->paths, made, (size_t)size) < 0) path = (lathe_text){made, (size_t)size};
    }
    job->columns[i].name = lathe_memory_text(path.data, path.size, error);
    if (!job->columns[i].name) return false;
  }
  return true;
}

static bool give_types(finish_job *job, lathe_error *error) {
  const lathe_json_options *options = job->file->options;
  for (int32_t i = 0; i < options->type_count; i++) {
    int32_t at = 0;
    while (at < job->count && strcmp(job->columns[at].name, options->type_names[i]) != 0) at++;
    if (at == job->count)
      return lathe_error_set(
          error, LATHE_ERROR_ARGUMENT,
          "%s: types names a column \"%s\", which the file has not; compare it with the keys",
          job->file->name, options->type_names[i]);
    job->columns[at].given = true;
    job->columns[at].type = options->types[i];
  }
  return true;
}

/* The part of a column in a chunk; NULL: it has none there. */
static value_part *part_of(const json_chunk *chunk, lathe_text path) {
  int32_t node = lathe_words_find(&chunk->paths, path.data, path.size);
  return node >= 0 && chunk->nodes[node].part.filled ? &chunk->nodes[node].part : NULL;
}

static bool finish_column(void *context, int64_t index, lathe_error *error) {
  finish_job *job = context;
  json_column *column = &job->columns[index];
  part_kind kind = column->given ? PART_AS_TEXT : lathe_part_decide(column->classes);
  if (kind == PART_AS_NOTHING) {
    column->column = lathe_settle_nothing(job->rows, error);
    return column->column != NULL;
  }
  size_t count = (size_t)job->file->chunk_count;
  value_part **parts = lathe_memory_raw(count, sizeof(value_part *), error);
  int64_t *rows = lathe_memory_raw(count, sizeof *rows, error);
  for (size_t i = 0; i < count && parts && rows; i++) {
    parts[i] = part_of(&job->file->chunks[i], column->path);
    rows[i] = job->file->chunks[i].rows;
  }
  lathe_column *result = NULL;
  if (parts && rows)
    result = lathe_part_column(parts, rows, (int64_t)count, kind, job->file->progress, error);
  free(parts);
  free(rows);
  if (result && column->given)
    result = lathe_settle_given(result, column->type, job->file->name, column->name, error);
  else if (result && kind == PART_AS_TEXT)
    result = lathe_settle_text(result, job->file->progress, error);
  column->column = result;
  return result != NULL;
}

static lathe_table *make_table(finish_job *job, lathe_error *error) {
  size_t count = (size_t)job->count;
  const char **names = lathe_memory_raw(count, sizeof *names, error);
  lathe_column **columns = lathe_memory_raw(count, sizeof(lathe_column *), error);
  lathe_table *table = NULL;
  for (size_t i = 0; i < count && names && columns; i++)
    names[i] = job->columns[i].name, columns[i] = job->columns[i].column;
  if (names && columns) table = lathe_table_new(job->count, names, columns, error);
  free(names);
  free(columns);
  return table;
}

lathe_table *lathe_json_finish(json_file *file, lathe_error *error) {
  finish_job job = {.file = file};
  lathe_table *table = NULL;
  if (gather(&job, error) && choose(&job, error) && name_columns(&job, error) && give_types(&job, error) &&
      lathe_pool_run(job.count, finish_column, &job, file->progress, error)) {
    for (int32_t i = 0; i < job.count; i++)
      if (!job.columns[i].given)
        lathe_part_note(file->options->note, LATHE_JSON_NOTE, job.columns[i].name, job.columns[i].classes);
    table = make_table(&job, error);
  }
  for (int32_t i = 0; i < job.count; i++) {
    free(job.columns[i].name);
    lathe_column_release(job.columns[i].column);
  }
  free(job.columns);
  lathe_words_free(&job.paths);
  return table;
}

/* ---- rejects ---- */

/* Valid UTF-8 of at most 64 KiB: bad bytes become question marks. */
static bool reject_text(lathe_text from, lathe_text *to, lathe_error *error) {
  size_t size = from.size < 65536 ? from.size : 65536;
  char *copy = lathe_memory_text(from.data, size, error);
  if (!copy) return false;
  for (size_t at = 0; (at += lathe_text_valid(copy + at, size - at)) < size;) copy[at] = '?';
  *to = (lathe_text){copy, size};
  return true;
}

/* The same of a line: what looks personal in it by its form. */
static bool discreet_text(lathe_text from, lathe_text *to, lathe_error *error) {
  lathe_text line;
  lathe_buffer shown = {0};
  if (!reject_text(from, &line, error)) return false;
  bool fine = lathe_reject_members(line, &shown, error) && lathe_buffer_append(&shown, "", 1, error);
  free((void *)(uintptr_t)line.data);
  if (!fine) lathe_buffer_free(&shown);
  *to = (lathe_text){shown.data, fine ? shown.size - 1 : 0};
  return fine;
}

static bool fill_rejects(const json_file *file, int64_t *offsets, int64_t *lines, int64_t *columns,
                         lathe_text *texts, lathe_text *reasons, lathe_error *error) {
  int64_t row = 0, before = 0;
  for (int64_t i = 0; i < file->chunk_count; before += file->chunks[i++].lines)
    for (int64_t j = 0; j < file->chunks[i].reject_count; j++, row++) {
      const json_reject *reject = &file->chunks[i].rejects[j];
      offsets[row] = reject->offset;
      lines[row] = before + reject->line;
      columns[row] = reject->column;
      if (!discreet_text(reject->text, &texts[row], error) ||
          !reject_text((lathe_text){reject->reason, strlen(reject->reason)}, &reasons[row], error))
        return false;
    }
  return true;
}

lathe_table *lathe_json_rejects(const json_file *file, lathe_error *error) {
  static const char *const names[] = {"offset", "line", "column", "text", "reason"};
  int64_t count = 0;
  for (int64_t i = 0; i < file->chunk_count; i++) count += file->chunks[i].reject_count;
  size_t room = (size_t)count;
  int64_t *numbers = lathe_memory_new(room * 3, sizeof *numbers, error);
  lathe_text *texts = lathe_memory_new(room * 2, sizeof *texts, error);
  lathe_column *columns[5] = {0};
  lathe_table *table = NULL;
  if (numbers && texts &&
      fill_rejects(file, numbers, numbers + room, numbers + 2 * room, texts, texts + room, error)) {
    bool fine = true;
    for (int i = 0; i < 5 && fine; i++) {
      columns[i] = i < 3 ? lathe_column_from_int64(numbers + (size_t)i * room, count, error)
                         : lathe_column_from_text(texts + (size_t)(i - 3) * room, count, error);
      fine = columns[i] != NULL;
    }
    if (fine) table = lathe_table_new(5, names, columns, error);
  }
  for (int i = 0; i < 5; i++) lathe_column_release(columns[i]);
  for (size_t i = 0; i < room * 2 && texts; i++) free((void *)(uintptr_t)texts[i].data);
  free(texts);
  free(numbers);
  return table;
}
