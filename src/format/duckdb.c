/* duckdb.c - the tables lent to DuckDB, and statements run to their end. */
#include "duckdb_own.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../base/memory.h"

/* ---- tables lent ---- */

static bool find_functions(const char *path, duckdb_functions *call, lathe_error *error) {
  void *library = dlopen(path, RTLD_LAZY | RTLD_LOCAL); /* never closed: DuckDB keeps threads */
  if (!library)
    return lathe_error_set(error, LATHE_ERROR_UNAVAILABLE, "%s cannot be opened: %s", path, dlerror());
#define FIND(result, name, arguments)                                                                        \
  call->name = (result(*) arguments)dlsym(library, "duckdb_" #name);                                         \
  if (!call->name)                                                                                           \
    return lathe_error_set(error, LATHE_ERROR_UNAVAILABLE,                                                   \
                           "%s has no function duckdb_" #name "; take DuckDB 1.4 or later", path);
  DUCKDB_SYMBOLS(FIND)
#undef FIND
  return true;
}

lathe_duckdb *lathe_duckdb_new(const char *path, void *connection, lathe_error *error) {
  lathe_duckdb *duckdb = lathe_memory_new(1, sizeof *duckdb, error);
  if (!duckdb) return NULL;
  atomic_init(&duckdb->holders, 1);
  pthread_mutex_init(&duckdb->lock, NULL);
  duckdb->connection = connection;
  if (find_functions(path, &duckdb->call, error) && lathe_duckdb_scan_add(duckdb, error)) return duckdb;
  lathe_duckdb_release(duckdb);
  return NULL;
}

void lathe_duckdb_release(lathe_duckdb *duckdb) {
  if (!duckdb || atomic_fetch_sub_explicit(&duckdb->holders, 1, memory_order_acq_rel) != 1) return;
  for (int64_t i = 0; i < duckdb->count; i++) lathe_table_release(duckdb->tables[i]);
  free(duckdb->tables);
  pthread_mutex_destroy(&duckdb->lock);
  free(duckdb);
}

int64_t lathe_duckdb_lend(lathe_duckdb *duckdb, lathe_table *table, lathe_error *error) {
  pthread_mutex_lock(&duckdb->lock);
  int64_t number = 0;
  while (number < duckdb->count && duckdb->tables[number]) number++;
  if (number == duckdb->capacity) {
    int64_t room = number ? number * 2 : 8;
    if (!lathe_memory_resize((void **)&duckdb->tables, (size_t)room, sizeof(lathe_table *), error))
      number = -1;
    else
      duckdb->capacity = room;
  }
  if (number >= 0) duckdb->tables[number] = lathe_table_retain(table);
  if (number == duckdb->count) duckdb->count++;
  pthread_mutex_unlock(&duckdb->lock);
  return number;
}

void lathe_duckdb_take_back(lathe_duckdb *duckdb, int64_t number) {
  pthread_mutex_lock(&duckdb->lock);
  if (number >= 0 && number < duckdb->count) {
    lathe_table_release(duckdb->tables[number]);
    duckdb->tables[number] = NULL;
  }
  pthread_mutex_unlock(&duckdb->lock);
}

/* ---- answers ---- */

static bool fail(lathe_error *error, const char *words) {
  while (words && (*words == '\n' || *words == ' ')) words++;
  return lathe_error_set(error, LATHE_ERROR_DATA, "DuckDB: %s",
                         words && *words ? words : "it does not say why");
}

/* Whether an error object (which is freed) holds none. */
static bool no_error(const duckdb_functions *call, void *data, lathe_error *error) {
  if (!data) return true;
  bool fine = !call->error_data_has_error(data) || fail(error, call->error_data_message(data));
  call->destroy_error_data(&data);
  return fine;
}

static bool answer_schema(lathe_duckdb *duckdb, duckdb_result *result, void *options,
                          struct ArrowSchema *schema, lathe_error *error) {
  const duckdb_functions *call = &duckdb->call;
  uint64_t count = call->column_count(result);
  void **types = lathe_memory_new(count, sizeof *types, error);
  const char **names = lathe_memory_new(count, sizeof *names, error);
  bool fine = types && names;
  for (uint64_t i = 0; i < count && fine; i++) {
    types[i] = call->column_logical_type(result, i);
    names[i] = call->column_name(result, i);
  }
  fine = fine && no_error(call, call->to_arrow_schema(options, types, names, count, schema), error);
  for (uint64_t i = 0; types && i < count; i++)
    if (types[i]) call->destroy_logical_type(&types[i]);
  free(types);
  free(names);
  return fine;
}

/* Fetch the rows; they are computed meanwhile. */
static lathe_table *fetch(lathe_duckdb *duckdb, duckdb_result *result, lathe_arrow_decimals decimals,
                          lathe_progress *progress, lathe_error *error) {
  const duckdb_functions *call = &duckdb->call;
  struct ArrowSchema schema = {0};
  void *options = call->result_get_arrow_options(result);
  lathe_arrow_builder *builder = NULL;
  bool fine = answer_schema(duckdb, result, options, &schema, error) &&
              (builder = lathe_arrow_builder_new(&schema, error)) != NULL;
  for (void *chunk = NULL; fine && (chunk = call->fetch_chunk(*result)) != NULL;) {
    struct ArrowArray array = {0};
    fine = no_error(call, call->data_chunk_to_arrow(options, chunk, &array), error) &&
           lathe_arrow_builder_add(builder, &array, error) && lathe_progress_check(progress, error);
    lathe_progress_add(progress, array.length);
    lathe_arrow_array_release(&array);
    call->destroy_data_chunk(&chunk);
  }
  const char *words = call->result_error(result);
  if (fine && words && *words) fine = fail(error, words);
  lathe_table *table = fine ? lathe_arrow_builder_finish(builder, decimals, progress, error) : NULL;
  lathe_arrow_builder_free(builder);
  lathe_arrow_schema_release(&schema);
  call->destroy_arrow_options(&options);
  return table;
}

/* Work on a statement until its first rows are there. */
static bool work(lathe_duckdb *duckdb, void *pending, lathe_progress *progress, lathe_error *error) {
  enum { NO_TASKS = 3, FAILED = 2, PARTS = 1000 };
  const duckdb_functions *call = &duckdb->call;
  int64_t told = 0;
  for (;;) {
    int state = call->pending_execute_task(pending);
    if (state == FAILED) return fail(error, call->pending_error(pending));
    if (call->pending_execution_is_finished(state)) return true;
    if (!lathe_progress_check(progress, error)) return false;
    double share = call->query_progress(duckdb->connection).percentage;
    int64_t now = share > 0 && share <= 100 ? (int64_t)(share / 100 * PARTS) : told;
    if (now > told) lathe_progress_add(progress, now - told), told = now;
    struct timespec pause = {0, 500000};
    if (state == NO_TASKS) nanosleep(&pause, NULL);
  }
}

bool lathe_duckdb_run(lathe_duckdb *duckdb, void *statement, lathe_arrow_decimals decimals,
                      lathe_table **table, lathe_progress *progress, lathe_error *error) {
  enum { ROWS_ANSWERED = 3, ROWS_CHANGED = 1 };
  const duckdb_functions *call = &duckdb->call;
  void *pending = NULL;
  duckdb_result result = {0};
  *table = NULL;
  if (call->pending_prepared_streaming(statement, &pending) != 0) {
    fail(error, call->pending_error(pending));
    call->destroy_pending(&pending);
    return false;
  }
  lathe_progress_begin(progress, "query DuckDB", 0);
  bool fine = work(duckdb, pending, progress, error);
  if (fine) {
    fine = call->execute_pending(pending, &result) == 0 || fail(error, call->result_error(&result));
    int kind = fine ? call->result_return_type(result) : 0;
    if (fine && (kind == ROWS_ANSWERED || kind == ROWS_CHANGED)) {
      *table = fetch(duckdb, &result, decimals, progress, error);
      fine = *table != NULL;
    }
  }
  if (!fine) call->interrupt(duckdb->connection);
  call->destroy_result(&result);
  call->destroy_pending(&pending);
  lathe_progress_end(progress);
  return fine;
}
