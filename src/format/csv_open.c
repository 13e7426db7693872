/* csv_open.c - the beginning of a file: what it is, its delimiter, its names; and how its errors name a
 * place. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "csv_dialect.h"
#include "csv_own.h"

bool lathe_csv_fail(const csv_file *file, const char *place, lathe_error *error, const char *format, ...) {
  char what[800];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(what, sizeof what, format, arguments);
  va_end(arguments);
  int64_t line = 1, column = 1;
  const char *at = file->data;
  if (file->size >= 3 && memcmp(at, "\xEF\xBB\xBF", 3) == 0) at += 3;
  for (; at < place; at++) {
    if (*at == '\n' || (*at == '\r' && (at + 1 == file->data + file->size || at[1] != '\n')))
      line++, column = 1;
    else
      column += ((uint8_t)*at & 0xC0) != 0x80;
  }
  return lathe_error_set(error, LATHE_ERROR_DATA, "%s:%lld:%lld: %s", file->name, (long long)line,
                         (long long)column, what);
}

static bool refuse(const csv_file *file, lathe_error *error, const char *what, const char *mend) {
  return lathe_error_set(error, LATHE_ERROR_DATA, "%s: %s; %s", file->name, what, mend);
}

static bool starts_with(const csv_file *file, const char *bytes, size_t size) {
  return file->size >= size && memcmp(file->data, bytes, size) == 0;
}

/* Files that are something else, told by their first bytes. */
static bool check_kind(const csv_file *file, lathe_error *error) {
  if (file->size == 0)
    return refuse(file, error, "the file is empty", "a table needs at least a line of column names");
  if (starts_with(file, "\x1F\x8B", 2))
    return refuse(file, error, "this is compressed with gzip", "unpack it with gunzip first");
  if (starts_with(file, "\x28\xB5\x2F\xFD", 4))
    return refuse(file, error, "this is compressed with zstd", "unpack it with unzstd first");
  if (starts_with(file, "PK\3\4", 4))
    return refuse(file, error, "this is a zip archive or an office document",
                  "unpack it, or save the sheet as CSV");
  if (starts_with(file, "PAR1", 4) && memcmp(file->data + file->size - 4, "PAR1", 4) == 0)
    return refuse(file, error, "this is a Parquet file", "convert it to CSV first");
  if (starts_with(file, "\xFF\xFE", 2) || starts_with(file, "\xFE\xFF", 2))
    return refuse(file, error, "this is UTF-16 text", "convert it with iconv -f UTF-16 -t UTF-8");
  return true;
}

static void skip_lines(csv_file *file) {
  size_t at = file->body;
  for (int32_t i = 0; i < file->options->skip && at < file->size; i++) {
    while (at < file->size && !csv_is_end(file->data[at])) at++;
    if (at < file->size)
      at += file->data[at] == '\r' && at + 1 < file->size && file->data[at + 1] == '\n' ? 2 : 1;
  }
  file->body = (size_t)(lathe_csv_next_row(file, file->data + at, file->data + file->size) - file->data);
}

static bool find_delimiter(csv_file *file, lathe_error *error) {
  lathe_csv_dialect found = {.fixed = LATHE_CSV_FIX_QUOTE | LATHE_CSV_FIX_ESCAPE | LATHE_CSV_FIX_COMMENT |
                                      LATHE_CSV_FIX_HEADER | LATHE_CSV_FIX_SKIP,
                             .quote = file->plain ? 0 : file->quote,
                             .escape = file->escape < 0 ? 0 : (char)file->escape,
                             .comment = file->comment < 0 ? 0 : (char)file->comment,
                             .headless = file->options->headless};
  if (!lathe_csv_detect(file->data + file->body, file->size - file->body, &found, error)) return false;
  file->delimiter = found.delimiter;
  return true;
}

/* The names as they stand in the file (`given`), or with what is empty or repeated mended. */
typedef struct name_list {
  csv_file *file;
  lathe_words given;
  bool mend;
} name_list;

static bool add_name(name_list *list, const char *text, size_t size, lathe_error *error) {
  if (list->mend) return lathe_words_add_name(&list->file->names, text, size, &list->given, error) >= 0;
  return lathe_words_add(&list->given, text, size, error) >= 0;
}

static bool add_cell_name(name_list *list, const csv_cell *cell, lathe_error *error) {
  size_t valid = lathe_text_valid(cell->data, cell->size);
  if (valid < cell->size)
    return lathe_csv_fail(
        list->file, cell->data + valid, error,
        "a column name is not UTF-8; read the file with encoding = \"latin-1\", or convert it with iconv");
  const char *nul = memchr(cell->data, 0, cell->size);
  if (nul)
    return lathe_csv_fail(list->file, nul, error,
                          "there is a NUL byte in the column names, so this is not a text table");
  if (!cell->extra) return add_name(list, cell->data, cell->size, error);
  char *single = lathe_memory_raw(cell->size, 1, error);
  bool fine = single && add_name(list, single, lathe_csv_unquote(list->file, cell, single), error);
  free(single);
  return fine;
}

/* NULL with an error, or behind the last name. */
static const char *walk_names(name_list *list, lathe_error *error) {
  csv_file *file = list->file;
  const char *at = file->data + file->body, *end = file->data + file->size;
  bool headless = file->options->headless;
  for (bool first = true;; first = false, at++) {
    csv_cell cell;
    const char *behind = lathe_csv_cell(file, at, end, &cell);
    if (!behind) {
      lathe_csv_fail_cell(file, &cell, error);
      return NULL;
    }
    if (!(headless ? add_name(list, "", 0, error) : add_cell_name(list, &cell, error))) return NULL;
    file->open_end = !headless && behind == at && !first;
    at = behind;
    if (at == end || *at != file->delimiter) return at;
  }
}

static bool read_names(csv_file *file, lathe_error *error) {
  if (file->body == file->size)
    return refuse(file, error, "there is nothing but blank lines",
                  "a table needs at least a line of column names");
  name_list list = {.file = file};
  const char *end = walk_names(&list, error);
  list.mend = true;
  if (end) end = walk_names(&list, error);
  lathe_words_free(&list.given);
  if (end && !file->options->headless) file->body = (size_t)(end - file->data);
  return end != NULL;
}

/* Whether the first row has a cell more than the names, an empty one at its end. */
static bool ends_open(const csv_file *file) {
  const char *end = file->data + file->size, *at = lathe_csv_next_row(file, file->data + file->body, end);
  csv_cell cell = {0};
  for (int32_t i = 0; i < file->names.count; i++) {
    at = lathe_csv_cell(file, at, end, &cell);
    if (!at || at == end || *at != file->delimiter) return false;
    at++;
  }
  return at == end || csv_is_end(*at);
}

static bool give_types(csv_file *file, lathe_error *error) {
  static const csv_kind kinds[] = {[LATHE_TYPE_BOOL] = CSV_AS_BOOL,      [LATHE_TYPE_INT64] = CSV_AS_INT,
                                   [LATHE_TYPE_FLOAT64] = CSV_AS_FLOAT,  [LATHE_TYPE_STRING] = CSV_AS_TEXT,
                                   [LATHE_TYPE_CATEGORY] = CSV_AS_WORDS, [LATHE_TYPE_DATE] = CSV_AS_DATE,
                                   [LATHE_TYPE_TIMESTAMP] = CSV_AS_TIME};
  for (int32_t i = 0; i < file->options->type_count; i++) {
    const char *name = file->options->type_names[i];
    int32_t code = lathe_words_find(&file->names, name, strlen(name));
    if (code < 0)
      return lathe_error_set(
          error, LATHE_ERROR_ARGUMENT,
          "%s: types names a column \"%s\", which the file has not; compare it with the first line",
          file->name, name);
    csv_column *column = &file->columns[code];
    column->given = true;
    column->type = file->options->types[i];
    column->refuses = file->lenient && !lathe_type_is_text(column->type);
    file->refusing_count += column->refuses;
    column->kind = kinds[column->type];
  }
  return true;
}

static void learn_markers(csv_file *file) {
  const lathe_csv_options *options = file->options;
  file->markers = options->missing ? options->missing : lathe_csv_markers();
  while (options->missing ? file->marker_count < options->missing_count
                          : file->markers[file->marker_count] != NULL) {
    const char *marker = file->markers[file->marker_count++];
    size_t size = strlen(marker);
    file->marker_sizes[(uint8_t)*marker] |= UINT64_C(1) << (size < 63 ? size : 63);
  }
}

/* The characters that mean something must differ, and none of them end a line. */
static bool check_marks(const csv_file *file, lathe_error *error) {
  int marks[] = {(uint8_t)file->delimiter, file->plain ? -1 : (uint8_t)file->quote, file->escape,
                 file->comment};
  for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
    bool same = marks[i] == '\n' || marks[i] == '\r';
    for (size_t j = 0; j < i; j++) same |= marks[i] >= 0 && marks[i] == marks[j];
    if (same)
      return lathe_error_set(
          error, LATHE_ERROR_ARGUMENT,
          "delimiter, quote, escape and comment must be different characters, and not line ends");
  }
  if (file->decimal == file->thousands || strchr("0123456789+-eE\"\r\n", file->decimal) ||
      (file->thousands && strchr("0123456789+-eE\"\r\n", file->thousands)))
    return lathe_error_set(
        error, LATHE_ERROR_ARGUMENT,
        "decimal and thousands must be two different characters that stand nowhere else in a "
        "number, such as \",\" and \".\"");
  return true;
}

static void learn_options(csv_file *file) {
  const lathe_csv_options *options = file->options;
  file->quote = options->quote ? options->quote : '"';
  file->plain = options->plain;
  file->escape = options->escape && options->escape != file->quote ? (uint8_t)options->escape : -1;
  file->comment = options->comment ? (uint8_t)options->comment : -1;
  file->lenient = options->lenient;
  file->decimal = options->decimal ? options->decimal : '.';
  file->thousands = options->thousands;
  file->marks = file->decimal != '.' || file->thousands;
  learn_markers(file);
}

bool lathe_csv_open(csv_file *file, lathe_error *error) {
  if (!check_kind(file, error)) return false;
  learn_options(file);
  if (starts_with(file, "\xEF\xBB\xBF", 3)) file->body = 3;
  skip_lines(file);
  if (file->options->delimiter)
    file->delimiter = file->options->delimiter;
  else if (!find_delimiter(file, error))
    return false;
  if (!check_marks(file, error) || !read_names(file, error)) return false;
  file->open_rows = ends_open(file);
  file->columns = lathe_memory_new((size_t)file->names.count, sizeof *file->columns, error);
  if (!file->columns) return false;
  file->column_count = file->names.count;
  for (int32_t i = 0; i < file->column_count; i++) file->columns[i].name = lathe_words_text(&file->names, i);
  return give_types(file, error);
}
