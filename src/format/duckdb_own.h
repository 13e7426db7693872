/* duckdb_own.h - the functions of DuckDB's C interface that are used, found at run time. The signatures are those of its
 * documentation (1.4 and later); handles are pointers to us. */
#ifndef LATHE_FORMAT_DUCKDB_OWN_H
#define LATHE_FORMAT_DUCKDB_OWN_H

#include <pthread.h>
#include <stdatomic.h>

#include "duckdb.h"

typedef struct duckdb_result {
  uint64_t unused[3];
  void *unused_names, *unused_error, *internal;
} duckdb_result;

typedef struct duckdb_progress {
  double percentage;
  uint64_t done, total;
} duckdb_progress;

/* result, name, arguments */
#define DUCKDB_SYMBOLS(X)                                                                                    \
  X(void *, create_table_function, (void))                                                                   \
  X(void, destroy_table_function, (void **))                                                                 \
  X(void, table_function_set_name, (void *, const char *))                                                   \
  X(void, table_function_add_parameter, (void *, void *))                                                    \
  X(void, table_function_set_extra_info, (void *, void *, void (*)(void *)))                                 \
  X(void, table_function_set_bind, (void *, void (*)(void *)))                                               \
  X(void, table_function_set_init, (void *, void (*)(void *)))                                               \
  X(void, table_function_set_function, (void *, void (*)(void *, void *)))                                   \
  X(void, table_function_supports_projection_pushdown, (void *, bool))                                       \
  X(int, register_table_function, (void *, void *))                                                          \
  X(void *, bind_get_extra_info, (void *))                                                                   \
  X(void, bind_add_result_column, (void *, const char *, void *))                                            \
  X(void *, bind_get_parameter, (void *, uint64_t))                                                          \
  X(void, bind_set_bind_data, (void *, void *, void (*)(void *)))                                            \
  X(void, bind_set_cardinality, (void *, uint64_t, bool))                                                    \
  X(void, bind_set_error, (void *, const char *))                                                            \
  X(void *, init_get_bind_data, (void *))                                                                    \
  X(uint64_t, init_get_column_count, (void *))                                                               \
  X(uint64_t, init_get_column_index, (void *, uint64_t))                                                     \
  X(void, init_set_init_data, (void *, void *, void (*)(void *)))                                            \
  X(void, init_set_max_threads, (void *, uint64_t))                                                          \
  X(void, init_set_error, (void *, const char *))                                                            \
  X(void *, function_get_bind_data, (void *))                                                                \
  X(void *, function_get_init_data, (void *))                                                                \
  X(void *, create_logical_type, (int))                                                                      \
  X(void *, create_enum_type, (const char **, uint64_t))                                                     \
  X(int, enum_internal_type, (void *))                                                                       \
  X(void, destroy_logical_type, (void **))                                                                   \
  X(int64_t, get_int64, (void *))                                                                            \
  X(void, destroy_value, (void **))                                                                          \
  X(uint64_t, vector_size, (void))                                                                           \
  X(void *, data_chunk_get_vector, (void *, uint64_t))                                                       \
  X(void, data_chunk_set_size, (void *, uint64_t))                                                           \
  X(void *, vector_get_data, (void *))                                                                       \
  X(void, vector_ensure_validity_writable, (void *))                                                         \
  X(uint64_t *, vector_get_validity, (void *))                                                               \
  X(int, pending_prepared_streaming, (void *, void **))                                                      \
  X(int, pending_execute_task, (void *))                                                                     \
  X(bool, pending_execution_is_finished, (int))                                                              \
  X(const char *, pending_error, (void *))                                                                   \
  X(void, destroy_pending, (void **))                                                                        \
  X(int, execute_pending, (void *, duckdb_result *))                                                         \
  X(void, destroy_result, (duckdb_result *))                                                                 \
  X(const char *, result_error, (duckdb_result *))                                                           \
  X(int, result_return_type, (duckdb_result))                                                                \
  X(void *, result_get_arrow_options, (duckdb_result *))                                                     \
  X(void, destroy_arrow_options, (void **))                                                                  \
  X(uint64_t, column_count, (duckdb_result *))                                                               \
  X(const char *, column_name, (duckdb_result *, uint64_t))                                                  \
  X(void *, column_logical_type, (duckdb_result *, uint64_t))                                                \
  X(void *, to_arrow_schema, (void *, void **, const char **, uint64_t, struct ArrowSchema *))               \
  X(void *, data_chunk_to_arrow, (void *, void *, struct ArrowArray *))                                      \
  X(void *, fetch_chunk, (duckdb_result))                                                                    \
  X(void, destroy_data_chunk, (void **))                                                                     \
  X(bool, error_data_has_error, (void *))                                                                    \
  X(const char *, error_data_message, (void *))                                                              \
  X(void, destroy_error_data, (void **))                                                                     \
  X(duckdb_progress, query_progress, (void *))                                                               \
  X(void, interrupt, (void *))

typedef struct duckdb_functions {
#define DECLARE(result, name, arguments) result(*name) arguments;
  DUCKDB_SYMBOLS(DECLARE)
#undef DECLARE
} duckdb_functions;

struct lathe_duckdb {
  _Atomic int32_t holders; /* the script, and DuckDB's catalogue */
  duckdb_functions call;
  void *connection;
  pthread_mutex_t lock;
  int64_t count, capacity;
  lathe_table **tables; /* by number; NULL: taken back */
};

/* Add the table function to the connection (duckdb_scan.c). */
bool lathe_duckdb_scan_add(lathe_duckdb *duckdb, lathe_error *error);

#endif
