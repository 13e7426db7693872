/* table_file.c - tables as safetensors files.
 *
 *   metadata "lathe.table"         {"version": 1, "rows": N, "columns": [{"name": .., "type": ..,
 *                                  "missing": M}, ..]}; of sealed rows (those a model is measured on) also "looks":
 *                                  how often they were measured on
 *   values/NAME                    the column's elements: F64, I64, I32; bits of BOOL as U8; offsets of STRING
 *                                  as I64 (rows + 1)
 *   validity/NAME                  U8 bits, when something is missing
 *   bytes/NAME                     U8 text of STRING
 *   dictionary/NAME, words/NAME    offsets and text of a CATEGORY's dictionary
 *
 * A loaded table's columns lie in the mapped file: nothing is copied, pages come in when they are looked at.
 */
#include <stdlib.h>
#include <string.h>

#include "../base/json.h"
#include "../base/memory.h"
#include "../base/safetensors.h"
#include "own.h"
#include "table.h"

static const lathe_dtype dtypes[] = {
    [LATHE_TYPE_BOOL] = LATHE_DTYPE_U8,      [LATHE_TYPE_INT64] = LATHE_DTYPE_I64,
    [LATHE_TYPE_FLOAT64] = LATHE_DTYPE_F64,  [LATHE_TYPE_STRING] = LATHE_DTYPE_I64,
    [LATHE_TYPE_CATEGORY] = LATHE_DTYPE_I32, [LATHE_TYPE_DATE] = LATHE_DTYPE_I32,
    [LATHE_TYPE_TIMESTAMP] = LATHE_DTYPE_I64};

static int64_t value_count(lathe_type type, int64_t rows) {
  if (type == LATHE_TYPE_BOOL) return (int64_t)lathe_bit_bytes(rows);
  return rows + (type == LATHE_TYPE_STRING);
}

/* "PART/NAME" in `buffer`. */
static const char *array_name(lathe_buffer *buffer, const char *part, const char *name, lathe_error *error) {
  buffer->size = 0;
  return lathe_buffer_text(buffer, part, error) && lathe_buffer_text(buffer, "/", error) &&
                 lathe_buffer_text(buffer, name, error)
             ? buffer->data
             : NULL;
}

static bool add_array(lathe_tensor_writer *writer, const char *part, const char *name, lathe_dtype dtype,
                      int64_t count, const void *data, lathe_error *error) {
  lathe_buffer buffer = {0};
  const char *full = array_name(&buffer, part, name, error);
  bool fine = full && lathe_tensor_writer_add(writer, full, dtype, 1, &count, data, error);
  lathe_buffer_free(&buffer);
  return fine;
}

static bool add_text(lathe_tensor_writer *writer, const char *offsets_part, const char *bytes_part,
                     const char *name, const lathe_column *column, lathe_error *error) {
  const int64_t *offsets = column->values;
  return add_array(writer, offsets_part, name, LATHE_DTYPE_I64, column->rows + 1, offsets, error) &&
         add_array(writer, bytes_part, name, LATHE_DTYPE_U8, offsets[column->rows], column->bytes, error);
}

static bool add_column(lathe_tensor_writer *writer, const char *name, const lathe_column *column,
                       lathe_error *error) {
  lathe_type type = column->type;
  bool fine = type == LATHE_TYPE_STRING ? add_text(writer, "values", "bytes", name, column, error)
                                        : add_array(writer, "values", name, dtypes[type],
                                                    value_count(type, column->rows), column->values, error);
  if (fine && column->validity)
    fine = add_array(writer, "validity", name, LATHE_DTYPE_U8, (int64_t)lathe_bit_bytes(column->rows),
                     column->validity, error);
  if (fine && column->dictionary)
    fine = add_text(writer, "dictionary", "words", name, column->dictionary, error);
  return fine;
}

static bool add_metadata(lathe_tensor_writer *writer, const lathe_table *table, int64_t looks,
                         lathe_error *error) {
  lathe_json_writer *json = lathe_json_writer_new(0, error);
  if (!json) return false;
  lathe_json_write_object(json);
  lathe_json_member(json, "version");
  lathe_json_write_integer(json, 1);
  lathe_json_member(json, "rows");
  lathe_json_write_integer(json, lathe_table_rows(table));
  if (looks >= 0) {
    lathe_json_member(json, "looks");
    lathe_json_write_integer(json, looks);
  }
  lathe_json_member(json, "columns");
  lathe_json_write_array(json);
  for (int32_t i = 0; i < lathe_table_columns(table); i++) {
    const lathe_column *column = lathe_table_column(table, i);
    const char *name = lathe_table_name(table, i), *type = lathe_type_name(column->type);
    lathe_json_write_object(json);
    lathe_json_member(json, "name");
    lathe_json_write_string(json, name, strlen(name));
    lathe_json_member(json, "type");
    lathe_json_write_string(json, type, strlen(type));
    lathe_json_member(json, "missing");
    lathe_json_write_integer(json, column->missing);
    lathe_json_write_object_end(json);
  }
  lathe_json_write_array_end(json);
  lathe_json_write_object_end(json);
  lathe_text text = lathe_json_writer_finish(json, error);
  bool fine = text.data && lathe_tensor_writer_metadata(writer, "lathe.table", text.data, text.size, error);
  lathe_json_writer_free(json);
  return fine;
}

bool lathe_table_save(const lathe_table *table, const char *path, int64_t looks, lathe_error *error) {
  lathe_tensor_writer *writer = lathe_tensor_writer_new(error);
  if (!writer) return false;
  bool fine = add_metadata(writer, table, looks, error);
  for (int32_t i = 0; i < lathe_table_columns(table) && fine; i++)
    fine = add_column(writer, lathe_table_name(table, i), lathe_table_column(table, i), error);
  fine = fine && lathe_tensor_writer_write(writer, path, error);
  lathe_tensor_writer_free(writer);
  return fine;
}

/* ---- loading ---- */

typedef struct field {
  char *name;
  lathe_type type;
  int64_t missing;
} field;

typedef struct schema {
  int64_t rows, version, looks; /* looks: -1 when the rows are not sealed */
  int32_t count, capacity;
  field *fields;
} schema;

static bool is_key(lathe_text text, const char *word) {
  return text.size == strlen(word) && memcmp(text.data, word, text.size) == 0;
}

static bool read_integer(lathe_json_reader *json, int64_t *value, lathe_error *error) {
  if (lathe_json_next(json, error) != LATHE_JSON_INTEGER) return false;
  *value = lathe_json_integer(json);
  return true;
}

/* The object of one column, behind its opening brace. */
static bool read_field(lathe_json_reader *json, field *into, lathe_error *error) {
  lathe_json_event event;
  bool typed = false;
  while ((event = lathe_json_next(json, error)) == LATHE_JSON_KEY) {
    lathe_text key = lathe_json_text(json);
    if (is_key(key, "missing")) {
      if (!read_integer(json, &into->missing, error)) return false;
      continue;
    }
    bool named = is_key(key, "name");
    typed |= is_key(key, "type");
    if (lathe_json_next(json, error) != LATHE_JSON_STRING) return false;
    lathe_text text = lathe_json_text(json);
    char *word = lathe_memory_text(text.data, text.size, error);
    if (!word) return false;
    if (!named || into->name) {
      bool known = !named && lathe_type_parse(word, &into->type);
      free(word);
      if (!known) return false;
    } else {
      into->name = word;
    }
  }
  return event == LATHE_JSON_OBJECT_END && into->name && typed;
}

static bool read_fields(lathe_json_reader *json, schema *into, lathe_error *error) {
  lathe_json_event event;
  if (lathe_json_next(json, error) != LATHE_JSON_ARRAY) return false;
  while ((event = lathe_json_next(json, error)) == LATHE_JSON_OBJECT) {
    if (into->count == into->capacity) {
      into->capacity = into->capacity ? into->capacity * 2 : 16;
      if (!lathe_memory_resize((void **)&into->fields, (size_t)into->capacity, sizeof *into->fields, error))
        return false;
    }
    into->fields[into->count] = (field){0};
    if (!read_field(json, &into->fields[into->count++], error)) return false;
  }
  return event == LATHE_JSON_ARRAY_END;
}

static bool read_schema(const lathe_tensor_file *file, schema *into, lathe_error *error) {
  const char *path = lathe_tensor_file_path(file);
  lathe_text text = lathe_tensor_file_metadata(file, "lathe.table");
  if (!text.data)
    return lathe_error_set(error, LATHE_ERROR_DATA,
                           "%s is a safetensors file, but not a lathe table; save one with table:save", path);
  lathe_json_reader *json = lathe_json_reader_new(text.data, text.size, path, error);
  if (!json) return false;
  lathe_error inner = {0};
  bool fine = lathe_json_next(json, &inner) == LATHE_JSON_OBJECT;
  while (fine && lathe_json_next(json, &inner) == LATHE_JSON_KEY) {
    lathe_text key = lathe_json_text(json);
    if (is_key(key, "version"))
      fine = read_integer(json, &into->version, &inner);
    else if (is_key(key, "rows"))
      fine = read_integer(json, &into->rows, &inner);
    else if (is_key(key, "looks"))
      fine = into->looks < 0 && read_integer(json, &into->looks, &inner) && into->looks >= 0;
    else
      fine = is_key(key, "columns") && read_fields(json, into, &inner);
  }
  lathe_json_reader_free(json);
  if (fine && into->version == 1 && into->rows >= 0 && into->rows < INT64_MAX / 16) return true;
  return lathe_error_set(error, LATHE_ERROR_DATA,
                         "%s: the description of the table is damaged, or of another version%s%s", path,
                         inner.code ? ": " : "", inner.message);
}

static bool get_array(const lathe_tensor_file *file, const char *part, const char *name, lathe_dtype dtype,
                      int64_t count, lathe_tensor_view *view, lathe_error *error) {
  lathe_buffer buffer = {0};
  const char *full = array_name(&buffer, part, name, error);
  bool fine = full && lathe_tensor_file_get(file, full, dtype, 1, view, error);
  if (fine && count >= 0 && view->count != count)
    fine = lathe_error_set(error, LATHE_ERROR_DATA,
                           "%s: array \"%s\" has %lld elements instead of %lld; save the table again",
                           lathe_tensor_file_path(file), full, (long long)view->count, (long long)count);
  lathe_buffer_free(&buffer);
  return fine;
}

static void release_file(void *file) {
  lathe_tensor_file_release(file);
}

/* Hand views to a column that keeps the file; an error names file and column. */
static lathe_column *borrow(lathe_tensor_file *file, const char *name, lathe_type type, int64_t rows,
                            const void *validity, const void *values, const lathe_tensor_view *bytes,
                            lathe_column *dictionary, lathe_error *error) {
  lathe_error inner = {0};
  lathe_column *column =
      lathe_column_borrow(type, rows, validity, values, bytes ? bytes->data : NULL, bytes ? bytes->count : 0,
                          dictionary, lathe_tensor_file_retain(file), release_file, &inner);
  if (column) return column;
  lathe_tensor_file_release(file);
  lathe_error_set(error, inner.code, "%s: column \"%s\": %s; save the table again",
                  lathe_tensor_file_path(file), name, inner.message);
  return NULL;
}

static lathe_column *load_words(lathe_tensor_file *file, const char *name, lathe_error *error) {
  lathe_tensor_view offsets, bytes;
  if (!get_array(file, "dictionary", name, LATHE_DTYPE_I64, -1, &offsets, error)) return NULL;
  if (!get_array(file, "words", name, LATHE_DTYPE_U8, -1, &bytes, error)) return NULL;
  if (offsets.count < 1 || offsets.count > INT32_MAX) {
    lathe_error_set(error, LATHE_ERROR_DATA,
                    "%s: the dictionary of column \"%s\" is damaged; save the table again",
                    lathe_tensor_file_path(file), name);
    return NULL;
  }
  return borrow(file, name, LATHE_TYPE_STRING, offsets.count - 1, NULL, offsets.data, &bytes, NULL, error);
}

static lathe_column *load_column(lathe_tensor_file *file, const field *from, int64_t rows,
                                 lathe_error *error) {
  lathe_tensor_view values, bytes, validity = {0};
  const char *name = from->name;
  lathe_type type = from->type;
  if (!get_array(file, "values", name, dtypes[type], value_count(type, rows), &values, error)) return NULL;
  if (from->missing &&
      !get_array(file, "validity", name, LATHE_DTYPE_U8, (int64_t)lathe_bit_bytes(rows), &validity, error))
    return NULL;
  if (type == LATHE_TYPE_STRING && !get_array(file, "bytes", name, LATHE_DTYPE_U8, -1, &bytes, error))
    return NULL;
  lathe_column *dictionary = NULL;
  if (type == LATHE_TYPE_CATEGORY && !(dictionary = load_words(file, name, error))) return NULL;
  lathe_column *column = borrow(file, name, type, rows, validity.data, values.data,
                                type == LATHE_TYPE_STRING ? &bytes : NULL, dictionary, error);
  lathe_column_release(dictionary);
  return column;
}

static lathe_table *load_all(lathe_tensor_file *file, const schema *from, lathe_error *error) {
  size_t count = (size_t)from->count;
  lathe_table *table = NULL;
  const char **names = lathe_memory_new(count, sizeof *names, error);
  lathe_column **columns = lathe_memory_new(count, sizeof(lathe_column *), error);
  bool fine = names && columns;
  for (size_t i = 0; i < count && fine; i++) {
    names[i] = from->fields[i].name;
    columns[i] = load_column(file, &from->fields[i], from->rows, error);
    fine = columns[i] != NULL;
  }
  if (fine) table = lathe_table_new(from->count, names, columns, error);
  for (size_t i = 0; i < count && columns; i++) lathe_column_release(columns[i]);
  free(columns);
  free(names);
  return table;
}

lathe_table *lathe_table_load(const char *path, int64_t *looks, lathe_error *error) {
  lathe_tensor_file *file = lathe_tensor_file_open(path, error);
  if (!file) return NULL;
  schema found = {.looks = -1};
  lathe_table *table = read_schema(file, &found, error) ? load_all(file, &found, error) : NULL;
  for (int32_t i = 0; i < found.count; i++) free(found.fields[i].name);
  free(found.fields);
  lathe_tensor_file_release(file);
  if (table && looks) *looks = found.looks;
  return table;
}
