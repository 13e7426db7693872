/* duckdb_scan.c - the table function lathe_table(number): DuckDB's threads take the rows of a lent table, one vector's
 * worth at a time, of the columns that a query names. */
#include <stdlib.h>
#include <string.h>

#include "../base/memory.h"
#include "duckdb_own.h"

/* duckdb_type */
enum {
  BOOLEAN = 1,
  BIGINT = 5,
  UTINYINT = 6,
  USMALLINT = 7,
  UINTEGER = 8,
  DOUBLE = 11,
  TIMESTAMP = 12,
  DATE = 13,
  VARCHAR = 17
};
enum { ENUM_WORDS = 60000 };

typedef struct bound {
  lathe_table *table;
  const duckdb_functions *call;
  int *codes; /* for each column: the width of the codes of an ENUM, or 0 */
} bound;

typedef struct scan {
  _Atomic int64_t next;
  uint64_t count;
  int32_t columns[];
} scan;

/* How DuckDB keeps a text: short ones inside, of long ones the address. */
typedef union text_slot {
  struct {
    uint32_t size;
    char text[12];
  } inside;
  struct {
    uint32_t size;
    char prefix[4];
    const char *text;
  } outside;
} text_slot;

static void free_bound(void *context) {
  bound *bind = context;
  lathe_table_release(bind->table);
  free(bind->codes);
  free(bind);
}

/* An ENUM of the words, or NULL where they cannot be one. */
static void *enum_of(const duckdb_functions *call, const lathe_column *words) {
  int64_t count = lathe_column_rows(words);
  if (count == 0 || count > ENUM_WORDS) return NULL;
  lathe_buffer bytes = {0};
  const char **list = lathe_memory_new((size_t)count, sizeof *list, NULL);
  bool fine = list != NULL;
  for (int64_t i = 0; i < count && fine; i++) {
    lathe_text text = lathe_column_text(words, i);
    fine = !memchr(text.data, 0, text.size) && lathe_buffer_append(&bytes, text.data, text.size, NULL) &&
           lathe_buffer_append(&bytes, "", 1, NULL);
  }
  size_t at = 0;
  for (int64_t i = 0; i < count && fine; i++) {
    list[i] = bytes.data + at;
    at += lathe_column_text(words, i).size + 1;
  }
  void *type = fine ? call->create_enum_type(list, (uint64_t)count) : NULL;
  free(list);
  lathe_buffer_free(&bytes);
  return type;
}

static void add_column(bound *bind, void *info, int32_t index) {
  static const int types[] = {BOOLEAN, BIGINT, DOUBLE, VARCHAR, VARCHAR, DATE, TIMESTAMP};
  const duckdb_functions *call = bind->call;
  const lathe_column *column = lathe_table_column(bind->table, index);
  void *type = lathe_column_type(column) == LATHE_TYPE_CATEGORY
                   ? enum_of(call, lathe_column_dictionary(column))
                   : NULL;
  if (type) {
    int width = call->enum_internal_type(type);
    bind->codes[index] = width == UTINYINT ? 1 : width == USMALLINT ? 2 : 4;
  } else {
    type = call->create_logical_type(types[lathe_column_type(column)]);
  }
  call->bind_add_result_column(info, lathe_table_name(bind->table, index), type);
  call->destroy_logical_type(&type);
}

static void on_bind(void *info, const duckdb_functions *call, lathe_duckdb *duckdb) {
  void *value = call->bind_get_parameter(info, 0);
  int64_t number = call->get_int64(value);
  call->destroy_value(&value);
  lathe_error error = {0};
  bound *bind = lathe_memory_new(1, sizeof *bind, &error);
  pthread_mutex_lock(&duckdb->lock);
  if (bind && number >= 0 && number < duckdb->count && duckdb->tables[number])
    bind->table = lathe_table_retain(duckdb->tables[number]);
  pthread_mutex_unlock(&duckdb->lock);
  if (bind && bind->table) {
    bind->call = call;
    bind->codes = lathe_memory_new((size_t)lathe_table_columns(bind->table), sizeof *bind->codes, &error);
  } else if (bind) {
    lathe_error_set(&error, LATHE_ERROR_ARGUMENT, "the table was taken back; register it again");
  }
  if (!bind || !bind->codes) {
    call->bind_set_error(info, error.message);
    if (bind) free_bound(bind);
    return;
  }
  for (int32_t i = 0; i < lathe_table_columns(bind->table); i++) add_column(bind, info, i);
  call->bind_set_cardinality(info, (uint64_t)lathe_table_rows(bind->table), true);
  call->bind_set_bind_data(info, bind, free_bound);
}

/* DuckDB's callbacks give no context but through its own functions, so these are looked up with any registry's: the
 * library is one for the process. */
static _Atomic(const duckdb_functions *) functions;

static void bind_table(void *info) {
  const duckdb_functions *call = atomic_load(&functions);
  on_bind(info, call, call->bind_get_extra_info(info));
}

static void begin_scan(void *info) {
  enum { ROWS_A_THREAD = 122880 };
  const duckdb_functions *call = atomic_load(&functions);
  const bound *bind = call->init_get_bind_data(info);
  uint64_t count = call->init_get_column_count(info);
  lathe_error error = {0};
  scan *state = lathe_memory_new(1, sizeof *state + count * sizeof *state->columns, &error);
  if (!state) {
    call->init_set_error(info, error.message);
    return;
  }
  state->count = count;
  for (uint64_t i = 0; i < count; i++) {
    uint64_t index = call->init_get_column_index(info, i);
    state->columns[i] = index < (uint64_t)lathe_table_columns(bind->table) ? (int32_t)index : -1;
  }
  call->init_set_max_threads(info, (uint64_t)lathe_table_rows(bind->table) / ROWS_A_THREAD + 1);
  call->init_set_init_data(info, state, free);
}

static void put_text(text_slot *slot, lathe_text text) {
  memset(slot, 0, sizeof *slot);
  slot->inside.size = (uint32_t)text.size;
  if (text.size <= sizeof slot->inside.text) {
    if (text.size) memcpy(slot->inside.text, text.data, text.size);
    return;
  }
  memcpy(slot->outside.prefix, text.data, sizeof slot->outside.prefix);
  slot->outside.text = text.data;
}

static bool bit(const uint8_t *bits, int64_t at) {
  return bits[at >> 3] >> (at & 7) & 1;
}

static void put_codes(const int32_t *codes, int64_t rows, int width, void *out) {
  for (int64_t i = 0; i < rows; i++) {
    if (width == 1)
      ((uint8_t *)out)[i] = (uint8_t)codes[i];
    else if (width == 2)
      ((uint16_t *)out)[i] = (uint16_t)codes[i];
    else
      ((uint32_t *)out)[i] = (uint32_t)codes[i];
  }
}

/* Rows [first, first + rows) of a column into a vector; `first` is a multiple of 64. */
static void put_column(const duckdb_functions *call, const lathe_column *column, int width, int64_t first,
                       int64_t rows, void *vector) {
  char *out = call->vector_get_data(vector);
  const char *values = lathe_column_values(column);
  const uint8_t *validity = lathe_column_validity(column);
  switch (lathe_column_type(column)) {
  case LATHE_TYPE_BOOL:
    for (int64_t i = 0; i < rows; i++) out[i] = bit((const uint8_t *)values, first + i);
    break;
  case LATHE_TYPE_DATE:
    memcpy(out, values + (size_t)first * sizeof(int32_t), (size_t)rows * sizeof(int32_t));
    break;
  case LATHE_TYPE_CATEGORY:
    if (width) {
      put_codes((const int32_t *)(const void *)values + first, rows, width, out);
      break;
    } /* fall through */
  case LATHE_TYPE_STRING:
    for (int64_t i = 0; i < rows; i++) {
      lathe_text text = lathe_column_text(column, first + i);
      put_text((text_slot *)(void *)out + i, text.data ? text : (lathe_text){"", 0});
    }
    break;
  default:
    memcpy(out, values + (size_t)first * sizeof(int64_t), (size_t)rows * sizeof(int64_t));
  }
  if (!validity) return;
  call->vector_ensure_validity_writable(vector);
  memcpy(call->vector_get_validity(vector), validity + first / 8, ((size_t)rows + 7) / 8);
}

static void scan_rows(void *info, void *chunk) {
  const duckdb_functions *call = atomic_load(&functions);
  const bound *bind = call->function_get_bind_data(info);
  scan *state = call->function_get_init_data(info);
  int64_t step = (int64_t)call->vector_size(), rows = lathe_table_rows(bind->table);
  int64_t first = atomic_fetch_add_explicit(&state->next, step, memory_order_relaxed);
  int64_t count = first >= rows ? 0 : rows - first < step ? rows - first : step;
  for (uint64_t i = 0; i < state->count && count; i++) {
    int32_t index = state->columns[i];
    if (index >= 0)
      put_column(call, lathe_table_column(bind->table, index), bind->codes[index], first, count,
                 call->data_chunk_get_vector(chunk, i));
  }
  call->data_chunk_set_size(chunk, (uint64_t)count);
}

static void release_registry(void *context) {
  lathe_duckdb_release(context);
}

bool lathe_duckdb_scan_add(lathe_duckdb *duckdb, lathe_error *error) {
  static duckdb_functions shared;
  static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
  const duckdb_functions *call = &duckdb->call;
  pthread_mutex_lock(&lock);
  if (!atomic_load(&functions)) {
    shared = *call;
    atomic_store(&functions, &shared);
  }
  pthread_mutex_unlock(&lock);
  void *function = call->create_table_function(), *type = call->create_logical_type(BIGINT);
  call->table_function_set_name(function, "lathe_table");
  call->table_function_add_parameter(function, type);
  atomic_fetch_add_explicit(&duckdb->holders, 1, memory_order_relaxed);
  call->table_function_set_extra_info(function, duckdb, release_registry);
  call->table_function_set_bind(function, bind_table);
  call->table_function_set_init(function, begin_scan);
  call->table_function_set_function(function, scan_rows);
  call->table_function_supports_projection_pushdown(function, true);
  int state = call->register_table_function(duckdb->connection, function);
  call->destroy_logical_type(&type);
  call->destroy_table_function(&function);
  return state == 0 || lathe_error_set(error, LATHE_ERROR_UNAVAILABLE, "DuckDB takes no table functions");
}
