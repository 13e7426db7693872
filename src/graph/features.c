/* features.c - the value of a graph as a table: a column for each of its own, straight into the columns' buffers.
 *
 * The value is computed in blocks that stay in the cache. Columns of numbers are copied out of them; those of a one-hot operator are 0 or 1
 * and go, when that is wanted, into truth values, which take a 64th of the memory. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../base/memory.h"
#include "../base/pool.h"
#include "../table/own.h"
#include "run.h"

enum { ROWS = 1024, CHUNK = 16384 }; /* of a block, of a task of the pool; both multiples of 8 */

typedef struct feature {
  bool flag;
  void *values;
  uint8_t *validity; /* of numbers: NaN is missing */
  int64_t *missing;  /* (chunks) */
} feature;

typedef struct features_job {
  const lathe_run *run;
  int64_t rows, chunks;
  int32_t width;
  feature *features;
  lathe_progress *progress;
} features_job;

/* Whether column `column` of operator `index` is one of a one-hot operator, handed on. */
static bool is_flag(const lathe_graph *graph, int32_t index, int32_t column) {
  for (;;) {
    const lathe_operator *node = lathe_graph_operator(graph, index);
    if (node->kind == LATHE_OPERATOR_ONE_HOT) return true;
    if (node->kind == LATHE_OPERATOR_SELECT) {
      column = ((const int32_t *)node->tensor[0])[column];
      index = node->input[0];
    } else if (node->kind == LATHE_OPERATOR_CONCAT) {
      int32_t at = 0, width;
      while (column >= (width = lathe_graph_operator(graph, node->input[at])->width)) column -= width, at++;
      index = node->input[at];
    } else {
      return false;
    }
  }
}

static void put_flags(const feature *to, const double *from, int64_t begin, int64_t rows) {
  uint8_t *bits = to->values;
  for (int64_t r = 0; r < rows; r += 8) {
    unsigned byte = 0;
    for (int64_t k = 0; k < 8 && r + k < rows; k++) byte |= (unsigned)(from[r + k] != 0) << k;
    bits[(begin + r) >> 3] = (uint8_t)byte;
  }
}

static void put_numbers(const feature *to, const double *from, int64_t begin, int64_t rows,
                        int64_t *missing) {
  double *values = (double *)to->values + begin;
  int64_t gone = 0;
  for (int64_t r = 0; r < rows; r++) gone += isnan(from[r]) != 0;
  if (gone == 0) {
    memcpy(values, from, (size_t)rows * sizeof *values);
    memset(to->validity + begin / 8, 0xFF, (size_t)(rows / 8));
    if (rows % 8) to->validity[(begin + rows) / 8] = (uint8_t)((1 << rows % 8) - 1);
    return;
  }
  *missing += gone;
  for (int64_t r = 0; r < rows; r += 8) {
    unsigned byte = 0;
    for (int64_t k = r; k < r + 8 && k < rows; k++) {
      bool there = !isnan(from[k]);
      values[k] = there ? from[k] : 0;
      byte |= (unsigned)there << (k - r);
    }
    to->validity[(begin + r) >> 3] = (uint8_t)byte;
  }
}

static bool features_chunk(void *context, int64_t chunk, lathe_error *error) {
  const features_job *job = context;
  int64_t begin = chunk * CHUNK, end = begin + CHUNK < job->rows ? begin + CHUNK : job->rows;
  double *block = lathe_memory_raw((size_t)job->width * ROWS, sizeof *block, error);
  bool fine = block != NULL;
  for (int64_t at = begin; fine && at < end; at += ROWS) {
    int64_t rows = end - at < ROWS ? end - at : ROWS;
    fine = lathe_run_block(job->run, at, rows, block, 1, ROWS, error);
    for (int32_t c = 0; fine && c < job->width; c++) {
      const feature *to = &job->features[c];
      if (to->flag)
        put_flags(to, block + (size_t)c * ROWS, at, rows);
      else
        put_numbers(to, block + (size_t)c * ROWS, at, rows, &to->missing[chunk]);
    }
  }
  free(block);
  lathe_progress_add(job->progress, end - begin);
  return fine;
}

static bool make_features(features_job *job, const lathe_graph *graph, bool flags, lathe_error *error) {
  int32_t last = lathe_graph_operators(graph) - 1;
  job->features = lathe_memory_new((size_t)job->width, sizeof *job->features, error);
  if (!job->features) return false;
  for (int32_t c = 0; c < job->width; c++) {
    feature *one = &job->features[c];
    one->flag = flags && is_flag(graph, last, c);
    size_t bits = lathe_bit_bytes(job->rows);
    one->values = one->flag ? lathe_memory_raw(bits, 1, error)
                            : lathe_memory_raw((size_t)job->rows, sizeof(double), error);
    if (!one->flag) {
      one->validity = lathe_memory_raw(bits, 1, error);
      one->missing = lathe_memory_new((size_t)job->chunks, sizeof *one->missing, error);
    }
    if (!one->values || (!one->flag && (!one->validity || !one->missing))) return false;
  }
  return true;
}

/* The buffers become a column, which owns them. */
static lathe_column *feature_column(const features_job *job, feature *one, lathe_error *error) {
  int64_t missing = 0;
  for (int64_t i = 0; one->missing && i < job->chunks; i++) missing += one->missing[i];
  if (one->validity && missing == 0) {
    free(one->validity);
    one->validity = NULL;
  }
  lathe_column *made = lathe_column_adopt(one->flag ? LATHE_TYPE_BOOL : LATHE_TYPE_FLOAT64, job->rows,
                                          missing, one->validity, one->values, NULL, NULL, error);
  if (made) one->values = NULL, one->validity = NULL;
  return made;
}

static lathe_table *features_table(const features_job *job, const char *const *names, lathe_error *error) {
  lathe_column **columns = lathe_memory_new((size_t)job->width, sizeof *columns, error);
  bool fine = columns != NULL;
  for (int32_t c = 0; fine && c < job->width; c++)
    fine = (columns[c] = feature_column(job, &job->features[c], error)) != NULL;
  lathe_table *table = fine ? lathe_table_new(job->width, names, columns, error) : NULL;
  for (int32_t c = 0; columns && c < job->width; c++) lathe_column_release(columns[c]);
  free(columns);
  return table;
}

lathe_table *lathe_graph_features(const lathe_graph *graph, const lathe_table *table,
                                  const char *const *names, bool flags, lathe_odd_values *odd,
                                  lathe_progress *progress, lathe_error *error) {
  lathe_run *run = lathe_run_new(graph, lathe_graph_operators(graph) - 1, table, error);
  if (!run) return NULL;
  if (odd && !lathe_run_begin_counting(run, error)) {
    lathe_run_free(run);
    return NULL;
  }
  features_job job = {
      .run = run, .rows = lathe_table_rows(table), .width = lathe_graph_width(graph), .progress = progress};
  job.chunks = (job.rows + CHUNK - 1) / CHUNK;
  lathe_progress_begin(progress, "features", job.rows);
  bool fine = make_features(&job, graph, flags, error) &&
              lathe_pool_run(job.chunks, features_chunk, &job, progress, error);
  if (fine) lathe_run_counted(run, odd);
  lathe_table *made = fine ? features_table(&job, names, error) : NULL;
  for (int32_t c = 0; job.features && c < job.width; c++) {
    free(job.features[c].values);
    free(job.features[c].validity);
    free(job.features[c].missing);
  }
  free(job.features);
  lathe_run_free(run);
  lathe_progress_end(progress);
  return made;
}
