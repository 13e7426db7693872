/* csv_fill.c - parse all rows into the columns' buffers.
 *
 * The hot path of a cell is one attempt at the column's kind. What does not fit is looked at closely: it is
 * missing, or has blanks around it, or shows that the column is of another kind; then the column is filled
 * again once all rows are known. */
#include <stdlib.h>

#include "../base/pool.h"
#include "csv_own.h"

enum { SAMPLE_ROWS = 100, SAMPLE_CHUNKS = 8 };

static void trim(const char **text, size_t *size) {
  while (*size && (**text == ' ' || **text == '\t')) (*text)++, (*size)--;
  while (*size && ((*text)[*size - 1] == ' ' || (*text)[*size - 1] == '\t')) (*size)--;
}

static bool parse(csv_column *column, int64_t row, const char *text, size_t size) {
  bool loose = column->given, truth;
  switch (column->kind) {
  case CSV_AS_INT:
    return lathe_csv_int(text, size, loose, (int64_t *)column->values + row);
  case CSV_AS_FLOAT:
    return lathe_csv_float(text, size, loose, (double *)column->values + row);
  case CSV_AS_DATE:
    return lathe_text_to_date(text, size, (int32_t *)column->values + row);
  case CSV_AS_TIME:
    return lathe_csv_time(text, size, (int64_t *)column->values + row);
  case CSV_AS_BOOL:
    if (!lathe_csv_bool(text, size, loose, &truth)) return false;
    ((uint8_t *)column->values)[row] = truth;
    return true;
  case CSV_AS_NOTHING:
  case CSV_AS_TEXT:
    break;
  }
  return false;
}

static void set_missing(csv_column *column, int64_t row) {
  if (column->validity)
    __atomic_fetch_and(&column->validity[row >> 3], (uint8_t) ~(1 << (row & 7)), __ATOMIC_RELAXED);
}

static void store_text(const csv_file *file, csv_column *column, int64_t row, const csv_cell *cell) {
  if (lathe_csv_absence(file, cell) == CSV_MISSING) {
    set_missing(column, row);
    return;
  }
  ((int64_t *)column->values)[row] = (int64_t)(cell->data - file->data) * 2 + (cell->doubled > 0);
  column->lengths[row + 1] = (int64_t)(cell->size - cell->doubled);
}

static bool wrong_type(const csv_file *file, const csv_column *column, const csv_cell *cell,
                       lathe_error *error) {
  static const char *const wanted[] = {
      [LATHE_TYPE_BOOL] = "true or false",
      [LATHE_TYPE_INT64] = "an integer",
      [LATHE_TYPE_FLOAT64] = "a number",
      [LATHE_TYPE_DATE] = "a date (YYYY-MM-DD)",
      [LATHE_TYPE_TIMESTAMP] = "a time (YYYY-MM-DD hh:mm:ss)",
  };
  size_t size = lathe_text_fit(cell->data, cell->size, 40),
         name = lathe_text_fit(column->name.data, column->name.size, 80);
  return lathe_csv_fail(
      file, cell->data, error,
      "\"%.*s\" is not %s (column \"%.*s\"); read it as text with types = { [\"%.*s\"] = \"string\" }",
      (int)size, cell->data, wanted[column->type], (int)name, column->name.data, (int)name,
      column->name.data);
}

/* A cell that is not plainly of its column's kind. */
static bool store_other(const csv_file *file, csv_column *column, uint8_t *classes, int64_t row,
                        const csv_cell *cell, lathe_error *error) {
  csv_absence absence = lathe_csv_absence(file, cell);
  if (absence != CSV_THERE) {
    set_missing(column, row);
    if (absence == CSV_MISSING_UNLESS_TEXT) *classes |= CSV_BLANK;
    return true;
  }
  const char *text = cell->data;
  size_t size = cell->size;
  trim(&text, &size);
  if (parse(column, row, text, size)) return true;
  if (column->given) return wrong_type(file, column, cell, error);
  *classes |= cell->doubled ? CSV_TEXT : lathe_csv_classify(text, size);
  return true;
}

static bool ragged(const csv_file *file, const char *row, const char *place, int64_t cells,
                   lathe_error *error) {
  bool more = cells > file->column_count;
  if (more) cells--;
  return lathe_csv_fail(
      file, place, error,
      "the row that begins with \"%.*s\" has %s%lld cell%s, but there %s %d column%s; quote the cell that "
      "holds a "
      "delimiter or line end, or read with ragged = true to fill and cut",
      (int)lathe_text_fit(row, (size_t)(csv_plain_end(row, file->data + file->size, file->delimiter) - row),
                          30),
      row, more ? "more than " : "only ", (long long)cells, cells == 1 ? "" : "s",
      file->column_count == 1 ? "is" : "are", file->column_count, file->column_count == 1 ? "" : "s");
}

/* Pass over cells beyond the last column. NULL with an error when one is malformed. */
static const char *pass_rest(const csv_file *file, const char *at, const char *end, lathe_error *error) {
  csv_cell cell;
  while (at < end && *at == file->delimiter) {
    const char *behind = csv_cell_read(file, at + 1, end, &cell);
    if (!behind) {
      lathe_csv_fail_cell(file, &cell, error);
      return NULL;
    }
    at = behind;
  }
  return at;
}

/* Parse the row at `at`: the place behind its last cell, or NULL with an error. */
static const char *fill_row(const csv_file *file, const char *at, int64_t row, uint8_t *classes,
                            lathe_error *error) {
  const char *begin = at, *end = file->data + file->size;
  int32_t count = file->column_count;
  for (int32_t i = 0; i < count; i++) {
    csv_cell cell;
    const char *behind = csv_cell_read(file, at, end, &cell);
    if (!behind) {
      lathe_csv_fail_cell(file, &cell, error);
      return NULL;
    }
    csv_column *column = &file->columns[i];
    if (column->active) {
      if (column->kind == CSV_AS_TEXT)
        store_text(file, column, row, &cell);
      else if (!parse(column, row, cell.data, cell.size) &&
               !store_other(file, column, &classes[i], row, &cell, error))
        return NULL;
    }
    at = behind;
    if (at < end && *at == file->delimiter) {
      at += i + 1 < count;
    } else if (i + 1 < count) {
      if (!file->options->ragged && !(file->open_end && i + 2 == count)) {
        ragged(file, begin, begin, i + 1, error);
        return NULL;
      }
      while (++i < count) set_missing(&file->columns[i], row);
    }
  }
  if (at == end || *at != file->delimiter) return at;
  if (at + 1 == end || csv_is_end(at[1])) return at + 1; /* a delimiter at the end of the row */
  if (file->options->ragged) return pass_rest(file, at, end, error);
  ragged(file, begin, at, (int64_t)count + 1, error);
  return NULL;
}

static bool fill_chunk(void *context, int64_t index, lathe_error *error) {
  csv_file *file = context;
  const csv_chunk *chunk = &file->chunks[index];
  uint8_t *classes = lathe_memory_new((size_t)file->column_count, 1, error);
  if (!classes) return false;
  const char *at = chunk->rows ? lathe_csv_first_row(file, chunk) : NULL, *end = file->data + file->size;
  for (int64_t row = chunk->row; row < chunk->row + chunk->rows && at; row++) {
    at = fill_row(file, at, row, classes, error);
    while (at && at < end && csv_is_end(*at)) at++;
  }
  for (int32_t i = 0; i < file->column_count; i++)
    if (classes[i]) __atomic_fetch_or(&file->columns[i].classes, classes[i], __ATOMIC_RELAXED);
  free(classes);
  lathe_progress_add(file->progress, (int64_t)(chunk->end - chunk->begin));
  return at || !chunk->rows;
}

/* Look at some rows of some chunks, for the first guess of every column's kind. Errors wait for the real
 * pass. */
static void sample(csv_file *file) {
  int64_t step = (file->chunk_count + SAMPLE_CHUNKS - 1) / SAMPLE_CHUNKS;
  const char *end = file->data + file->size;
  for (int64_t index = 0; index < file->chunk_count; index += step) {
    const csv_chunk *chunk = &file->chunks[index];
    const char *at = chunk->rows ? lathe_csv_first_row(file, chunk) : NULL;
    for (int64_t row = 0; row < chunk->rows && row < SAMPLE_ROWS && at; row++) {
      for (int32_t i = 0; i < file->column_count; i++) {
        csv_cell cell;
        const char *behind = csv_cell_read(file, at, end, &cell);
        if (!behind) return;
        csv_column *column = &file->columns[i];
        if (!column->given && !(column->classes & CSV_TEXT))
          store_other(file, column, &column->classes, row, &cell, NULL);
        at = behind;
        if (at == end || *at != file->delimiter) break;
        at++;
      }
      if (at < end && !csv_is_end(*at)) return;
      while (at < end && csv_is_end(*at)) at++;
      if (at == end) return;
    }
  }
}

static void drop_buffers(csv_column *column) {
  free(column->validity);
  free(column->values);
  free(column->lengths);
  column->validity = NULL;
  column->values = NULL;
  column->lengths = NULL;
}

static bool make_buffers(const csv_file *file, csv_column *column, lathe_error *error) {
  static const uint8_t sizes[] = {[CSV_AS_BOOL] = 1, [CSV_AS_INT] = 8,  [CSV_AS_FLOAT] = 8,
                                  [CSV_AS_DATE] = 4, [CSV_AS_TIME] = 8, [CSV_AS_TEXT] = 8};
  size_t rows = (size_t)file->rows, bits = (rows + 7) / 8;
  drop_buffers(column);
  if (column->kind == CSV_AS_NOTHING) return true;
  column->validity = lathe_memory_raw(bits, 1, error);
  column->values = lathe_memory_new(rows, sizes[column->kind], error);
  if (column->kind == CSV_AS_TEXT) column->lengths = lathe_memory_new(rows + 1, sizeof(int64_t), error);
  if (!column->validity || !column->values || (column->kind == CSV_AS_TEXT && !column->lengths)) return false;
  memset(column->validity, 0xFF, bits);
  return true;
}

/* The kind to try first. Cells of a column that is filled as text are not looked at, so text must be certain:
 * wide integers and blanks alone could still become numbers. */
static csv_kind guess(uint8_t classes) {
  csv_kind kind = lathe_csv_decide(classes);
  return kind == CSV_AS_TEXT && !(classes & ~(CSV_INT | CSV_WIDE | CSV_BLANK)) ? CSV_AS_NOTHING : kind;
}

bool lathe_csv_fill(csv_file *file, lathe_error *error) {
  sample(file);
  bool again = true;
  for (int32_t i = 0; i < file->column_count; i++) {
    csv_column *column = &file->columns[i];
    if (!column->given) column->kind = guess(column->classes);
    column->active = true;
    if (!make_buffers(file, column, error)) return false;
  }
  while (again) {
    if (!lathe_pool_run(file->chunk_count, fill_chunk, file, file->progress, error)) return false;
    again = false;
    for (int32_t i = 0; i < file->column_count; i++) {
      csv_column *column = &file->columns[i];
      csv_kind kind = column->given ? column->kind : lathe_csv_decide(column->classes);
      column->active = kind != column->kind;
      if (!column->active) continue;
      column->kind = kind;
      if (!make_buffers(file, column, error)) return false;
      again = true;
    }
  }
  return true;
}
