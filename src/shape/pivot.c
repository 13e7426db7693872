/* pivot.c - rows by their groups on two sides: where they come to lie is one list of row numbers for each new column. */
#include "pivot.h"

#include <stdlib.h>
#include <string.h>

#include "../base/system.h"
#include "group_own.h"
#include "sort.h"

typedef struct pivot_job {
  const lathe_table *table;
  const lathe_pivot *pivot;
  lathe_groups rows, columns;
  group_list list; /* rows of each of `columns` */
  int64_t *order;  /* `columns` in the order of their values */
  int64_t *cells;  /* (rows.count) the row in each cell of a column, or -1 */
  const char **names;
  char **made_names;
  lathe_column **made;
  int32_t count;
  lathe_progress *progress;
  lathe_error *error;
} pivot_job;

/* The combinations in the order of their values. */
static bool order_columns(pivot_job *job) {
  const lathe_pivot *pivot = job->pivot;
  int64_t rows = lathe_table_rows(job->table), count = 0;
  lathe_sort_key *keys = lathe_memory_new((size_t)pivot->column_count, sizeof *keys, job->error);
  int64_t *order = lathe_memory_raw((size_t)rows, sizeof *order, job->error);
  bool *seen = lathe_memory_new((size_t)job->columns.count, sizeof *seen, job->error);
  job->order = lathe_memory_raw((size_t)job->columns.count, sizeof *job->order, job->error);
  for (int32_t i = 0; keys && i < pivot->column_count; i++) keys[i].column = pivot->columns[i];
  bool fine = keys && order && seen && job->order &&
              lathe_table_order(job->table, keys, pivot->column_count, order, job->progress, job->error);
  for (int64_t i = 0; i < rows && fine; i++) {
    uint32_t group = job->columns.ids[order[i]];
    if (!seen[group]) job->order[count++] = group;
    seen[group] = true;
  }
  free(keys);
  free(order);
  free(seen);
  return fine;
}

static char *cell_name(const pivot_job *job, int64_t row, int32_t value) {
  const lathe_pivot *pivot = job->pivot;
  lathe_buffer name = {0};
  bool fine = true;
  if (pivot->value_count > 1)
    fine = lathe_buffer_format(&name, job->error, "%s_", lathe_table_name(job->table, pivot->values[value]));
  for (int32_t i = 0; i < pivot->column_count && fine; i++) {
    char scratch[32];
    const lathe_column *column = lathe_table_column(job->table, pivot->columns[i]);
    lathe_text text = lathe_column_format(column, row, scratch);
    if (i) fine = lathe_buffer_text(&name, "_", job->error);
    if (!lathe_column_present(column, row)) text = (lathe_text){"(missing)", 9};
    if (text.size == 0) text = (lathe_text){"(empty)", 7};
    fine = fine && lathe_buffer_append(&name, text.data, text.size, job->error);
  }
  if (fine) return name.data;
  lathe_buffer_free(&name);
  return NULL;
}

/* The number where no row is. */
static lathe_column *filled(const pivot_job *job, lathe_column *column, double fill) {
  if (column->type != LATHE_TYPE_INT64 && column->type != LATHE_TYPE_FLOAT64) return column;
  int64_t rows = column->rows, *values = lathe_memory_raw((size_t)rows, sizeof *values, job->error);
  uint8_t *validity = lathe_memory_new(lathe_bit_bytes(rows), 1, job->error);
  lathe_column *result = NULL;
  if (values && validity) {
    memcpy(values, column->values, (size_t)rows * sizeof *values);
    for (int64_t i = 0; i < rows; i++) {
      if (job->cells[i] >= 0) {
        if (lathe_column_present(column, i)) lathe_bit_set(validity, i);
        continue;
      }
      lathe_bit_set(validity, i);
      if (column->type == LATHE_TYPE_INT64)
        values[i] = (int64_t)fill;
      else
        memcpy(&values[i], &fill, sizeof fill);
    }
    result = lathe_column_new(column->type, rows, validity, values, NULL, NULL, job->error);
  }
  if (!result) {
    free(values);
    free(validity);
  }
  lathe_column_release(column);
  return result;
}

static bool fill_cells(pivot_job *job, int64_t group) {
  memset(job->cells, 0xFF, (size_t)job->rows.count * sizeof *job->cells);
  for (int64_t i = job->list.starts[group]; i < job->list.starts[group + 1]; i++) {
    int64_t row = job->list.rows[i], *cell = &job->cells[job->rows.ids[row]];
    if (*cell >= 0)
      return lathe_error_set(
          job->error, LATHE_ERROR_DATA,
          "rows %lld and %lld fall into one cell; give an aggregate, or more columns for the rows",
          (long long)*cell + 1, (long long)row + 1);
    *cell = row;
  }
  return true;
}

static bool add(pivot_job *job, const char *name, lathe_column *column) {
  if (!column) return false;
  job->names[job->count] = name;
  job->made[job->count++] = column;
  return true;
}

static bool spread(pivot_job *job) {
  const lathe_pivot *pivot = job->pivot;
  for (int32_t i = 0; i < pivot->row_count; i++)
    if (!add(job, lathe_table_name(job->table, pivot->rows[i]),
             lathe_column_take(lathe_table_column(job->table, pivot->rows[i]), job->rows.first,
                               job->rows.count, job->error)))
      return false;
  for (int32_t value = 0; value < pivot->value_count; value++)
    for (int64_t c = 0; c < job->columns.count; c++) {
      int64_t group = job->order[c];
      if (!lathe_progress_check(job->progress, job->error) || !fill_cells(job, group)) return false;
      char *name = job->made_names[job->count] = cell_name(job, job->columns.first[group], value);
      lathe_column *column = name ? lathe_column_take(lathe_table_column(job->table, pivot->values[value]),
                                                      job->cells, job->rows.count, job->error)
                                  : NULL;
      if (column && pivot->fill) column = filled(job, column, *pivot->fill);
      if (!add(job, name, column)) return false;
    }
  return true;
}

static bool check_fill(const pivot_job *job) {
  const double *fill = job->pivot->fill;
  if (!fill || (*fill > -0x1p53 && *fill < 0x1p53 && (double)(int64_t)*fill == *fill)) return true;
  for (int32_t i = 0; i < job->pivot->value_count; i++)
    if (lathe_table_column(job->table, job->pivot->values[i])->type == LATHE_TYPE_INT64)
      return lathe_error_set(
          job->error, LATHE_ERROR_ARGUMENT,
          "column \"%.200s\" is int64, which gaps filled with %g are not; fill with a whole number",
          lathe_table_name(job->table, job->pivot->values[i]), *fill);
  return true;
}

static bool check_size(const pivot_job *job) {
  int64_t columns = job->columns.count * job->pivot->value_count, available = lathe_memory_available();
  if (columns > job->pivot->limit)
    return lathe_error_set(job->error, LATHE_ERROR_ARGUMENT,
                           "this pivot makes %lld columns, and the limit is %lld; take columns with fewer "
                           "values, or give limit = %lld",
                           (long long)columns, (long long)job->pivot->limit, (long long)columns);
  double bytes = (double)columns * (double)job->rows.count * 8;
  if (available > 0 && bytes > (double)available)
    return lathe_error_set(
        job->error, LATHE_ERROR_MEMORY,
        "this pivot makes %lld rows and %lld columns, about %.1f GB, and %.1f GB of memory are free; take "
        "columns with fewer values",
        (long long)job->rows.count, (long long)columns, bytes / 1e9, (double)available / 1e9);
  return true;
}

lathe_table *lathe_table_pivot(const lathe_table *table, const lathe_pivot *pivot, lathe_progress *progress,
                               lathe_error *error) {
  pivot_job job = {.table = table, .pivot = pivot, .progress = progress, .error = error};
  lathe_table *result = NULL;
  lathe_progress_begin(progress, "pivot", 0);
  bool fine =
      lathe_groups_make(&job.rows, table, pivot->rows, pivot->row_count, false, true, progress, error) &&
      lathe_groups_make(&job.columns, table, pivot->columns, pivot->column_count, false, true, progress,
                        error) &&
      check_fill(&job) && check_size(&job) && lathe_groups_list(&job.columns, &job.list, progress, error) &&
      order_columns(&job);
  size_t most = (size_t)(pivot->row_count + job.columns.count * pivot->value_count) + 1;
  if (fine) {
    job.cells = lathe_memory_raw((size_t)job.rows.count, sizeof *job.cells, error);
    job.names = lathe_memory_new(most, sizeof *job.names, error);
    job.made_names = lathe_memory_new(most, sizeof *job.made_names, error);
    job.made = lathe_memory_new(most, sizeof *job.made, error);
    fine = job.cells && job.names && job.made_names && job.made && spread(&job);
  }
  if (fine) result = lathe_table_new(job.count, job.names, job.made, error);
  for (size_t i = 0; i < most; i++) {
    if (job.made) lathe_column_release(job.made[i]);
    if (job.made_names) free(job.made_names[i]);
  }
  free(job.made);
  free(job.made_names);
  free(job.names);
  free(job.cells);
  free(job.order);
  lathe_groups_list_free(&job.list);
  lathe_groups_free(&job.rows);
  lathe_groups_free(&job.columns);
  lathe_progress_end(progress);
  return result;
}
