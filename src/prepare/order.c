/* order.c - what steps learn from the order of a column's values: medians and other quantiles, and whatever needs all of them at once. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../base/memory.h"
#include "../base/pool.h"
#include "own.h"

enum { BATCH_CELLS = 1 << 24 }; /* values in memory at once, unless a column has more */

/* The k-th smallest (from 0) of `count` values: quickselect, Hoare's partition, the median of three as pivot. Those before it are not
 * greater, those behind it not less. */
static double select_smallest(double *x, int64_t count, int64_t k) {
  int64_t low = 0, high = count - 1;
  while (low < high) {
    double a = x[low], b = x[low + (high - low) / 2], c = x[high];
    double pivot = fmax(fmin(a, b), fmin(fmax(a, b), c));
    int64_t i = low, j = high;
    while (i <= j) {
      while (x[i] < pivot) i++;
      while (x[j] > pivot) j--;
      if (i > j) break;
      double kept = x[i];
      x[i++] = x[j];
      x[j--] = kept;
    }
    if (k <= j)
      high = j;
    else if (k >= i)
      low = i;
    else
      break;
  }
  return x[k];
}

double recipe_median(double *x, int64_t count) {
  if (count == 0) return NAN;
  double upper = select_smallest(x, count, count / 2);
  if (count % 2 == 1) return upper;
  double lower = x[0];
  for (int64_t r = 1; r < count / 2; r++) lower = fmax(lower, x[r]);
  return isinf(lower + upper) ? lower / 2 + upper / 2 : (lower + upper) / 2;
}

/* Between a and b, as NumPy does it. */
static double between(double a, double b, double t) {
  return t >= 0.5 ? b - (b - a) * (1 - t) : a + (b - a) * t;
}

double recipe_quantile(double *x, int64_t count, double share) {
  if (count == 0) return NAN;
  double place = share * (double)(count - 1);
  int64_t k = (int64_t)floor(place);
  double low = select_smallest(x, count, k), high = low;
  for (int64_t r = k + 1; r < count; r++)
    if (r == k + 1 || x[r] < high) high = x[r];
  return between(low, high, place - (double)k);
}

double recipe_quantile_sorted(const double *x, int64_t count, double share) {
  double place = share * (double)(count - 1);
  int64_t k = (int64_t)floor(place), next = k + 1 < count ? k + 1 : k;
  return between(x[k], x[next], place - (double)k);
}

static int compare_numbers(const void *a, const void *b) {
  double one = *(const double *)a, two = *(const double *)b;
  return (one > two) - (one < two);
}

void recipe_sort(double *x, int64_t count) {
  qsort(x, (size_t)count, sizeof *x, compare_numbers);
}

typedef struct {
  const lathe_run *run;
  lathe_run **alone; /* (width) where each column is the value of an operator of its own; else NULL */
  int64_t rows, chunks;
  int32_t width, first, last; /* columns of this batch: first .. last - 1 */
  double *columns;            /* (last - first, rows) */
  recipe_column_task *task;
  void *context;
} each_work;

static bool gather_chunk(void *context, int64_t chunk, lathe_error *error) {
  const each_work *work = context;
  int64_t begin = chunk * LATHE_RUN_CHUNK;
  int64_t rows = work->rows - begin < LATHE_RUN_CHUNK ? work->rows - begin : LATHE_RUN_CHUNK;
  double *block = lathe_memory_raw((size_t)rows * (size_t)work->width, sizeof *block, error);
  bool fine = block && lathe_run_block(work->run, begin, rows, block, 1, rows, error);
  for (int32_t c = work->first; fine && c < work->last; c++)
    memcpy(work->columns + (c - work->first) * work->rows + begin, block + c * rows,
           (size_t)rows * sizeof *block);
  free(block);
  return fine;
}

/* One chunk of one column. */
static bool gather_alone(void *context, int64_t index, lathe_error *error) {
  const each_work *work = context;
  int64_t c = index / work->chunks, begin = index % work->chunks * LATHE_RUN_CHUNK;
  int64_t rows = work->rows - begin < LATHE_RUN_CHUNK ? work->rows - begin : LATHE_RUN_CHUNK;
  return lathe_run_block(work->alone[work->first + c], begin, rows, work->columns + c * work->rows + begin, 1,
                         rows, error);
}

static void free_runs(lathe_run **runs, int32_t count) {
  for (int32_t c = 0; runs && c < count; c++) lathe_run_free(runs[c]);
  free(runs);
}

/* A run for each column, when none of them would compute others; NULL when they would, or with an error. */
static lathe_run **separate(fitting *state, int32_t value, int32_t width) {
  const lathe_graph *graph = state->out->graph;
  lathe_run **runs = lathe_memory_new((size_t)width, sizeof(lathe_run *), state->error);
  for (int32_t c = 0; runs && c < width; c++) {
    int32_t index = value, place = c;
    const lathe_operator *node = lathe_graph_operator(graph, index);
    while (node->kind == LATHE_OPERATOR_CONCAT || node->kind == LATHE_OPERATOR_SELECT) {
      int32_t at = 0, count;
      if (node->kind == LATHE_OPERATOR_SELECT)
        place = ((const int32_t *)node->tensor[0])[place];
      else
        while (place >= (count = lathe_graph_operator(graph, node->input[at])->width)) place -= count, at++;
      index = node->input[at];
      node = lathe_graph_operator(graph, index);
    }
    if (node->width == 1) runs[c] = lathe_run_new(graph, index, state->table, state->error);
    if (runs[c]) continue;
    free_runs(runs, width);
    return NULL;
  }
  return runs;
}

static bool task_chunk(void *context, int64_t chunk, lathe_error *error) {
  const each_work *work = context;
  double *x = work->columns + chunk * work->rows;
  int64_t count = 0;
  for (int64_t r = 0; r < work->rows; r++)
    if (!isnan(x[r])) x[count++] = x[r];
  return work->task(work->context, work->first + (int32_t)chunk, x, count, error);
}

bool recipe_each_column(fitting *state, int32_t value, recipe_column_task *task, void *context) {
  int32_t width = lathe_graph_operator(state->out->graph, value)->width;
  int64_t rows = lathe_table_rows(state->table), chunks = (rows + LATHE_RUN_CHUNK - 1) / LATHE_RUN_CHUNK;
  int64_t most = rows > 0 ? BATCH_CELLS / rows : width; /* columns at once, so that memory is bounded */
  int32_t batch = most < 1 ? 1 : most > width ? width : (int32_t)most;
  lathe_run *run = lathe_run_new(state->out->graph, value, state->table, state->error);
  double *columns =
      run ? lathe_memory_raw((size_t)batch * (size_t)rows, sizeof *columns, state->error) : NULL;
  lathe_run **alone = columns ? separate(state, value, width) : NULL;
  bool fine = columns != NULL;
  for (int32_t first = 0; fine && first < width; first += batch) {
    int32_t last = first + batch < width ? first + batch : width;
    each_work work = {run, alone, rows, chunks, width, first, last, columns, task, context};
    fine =
        (alone ? lathe_pool_run(chunks * (last - first), gather_alone, &work, state->progress, state->error)
               : lathe_pool_run(chunks, gather_chunk, &work, state->progress, state->error)) &&
        lathe_pool_run(last - first, task_chunk, &work, state->progress, state->error);
  }
  free_runs(alone, width);
  free(columns);
  lathe_run_free(run);
  return fine;
}
