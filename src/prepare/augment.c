/* augment.c - balancing by rows, noisy copies. See augment.h. */
#include "augment.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../base/memory.h"
#include "../base/pool.h"
#include "../base/random.h"
#include "classes.h"

enum { CHUNK = 1 << 14 };

static bool check_ratio(double ratio, lathe_error *error) {
  return (ratio > 0 && ratio <= 1) ||
         lathe_error_set(error, LATHE_ERROR_ARGUMENT, "ratio is a number above 0 and up to 1, not %g", ratio);
}

/* The rows of each class, one class after the other; `start` (count + 1) says where each begins. */
static bool rows_by_class(const lathe_classes *classes, int64_t rows, int64_t **order, int64_t **start,
                          lathe_error *error) {
  *order = lathe_memory_raw((size_t)rows, sizeof **order, error);
  *start = lathe_memory_new((size_t)classes->count + 2, sizeof **start, error);
  if (!*order || !*start) return false;
  for (int32_t c = 0; c < classes->count; c++) (*start)[c + 2] = (*start)[c + 1] + classes->rows[c];
  for (int64_t r = 0; r < rows; r++) (*order)[(*start)[classes->codes[r] + 1]++] = r;
  return true;
}

static bool oversample(const lathe_classes *classes, const int64_t *order, const int64_t *start, int64_t rows,
                       double ratio, uint64_t seed, int64_t **out, int64_t *count, lathe_error *error) {
  int64_t most = 0, total = rows;
  for (int32_t c = 0; c < classes->count; c++) most = classes->rows[c] > most ? classes->rows[c] : most;
  int64_t wanted = (int64_t)ceil(ratio * (double)most);
  for (int32_t c = 0; c < classes->count; c++)
    if (classes->rows[c] < wanted) total += wanted - classes->rows[c];
  int64_t *list = *out = lathe_memory_raw((size_t)total, sizeof *list, error);
  if (!list) return false;
  for (int64_t r = 0; r < rows; r++) list[r] = r;
  int64_t place = rows;
  for (int32_t c = 0; c < classes->count; c++) {
    lathe_random random;
    lathe_random_seed(&random, seed, (uint64_t)c);
    for (int64_t have = classes->rows[c]; have < wanted; have++)
      list[place++] = order[start[c] + (int64_t)lathe_random_below(&random, (uint64_t)classes->rows[c])];
  }
  *count = total;
  return true;
}

static int ascending(const void *a, const void *b) {
  int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  return (x > y) - (x < y);
}

static bool undersample(const lathe_classes *classes, int64_t *order, const int64_t *start, int64_t rows,
                        double ratio, uint64_t seed, int64_t **out, int64_t *count, lathe_error *error) {
  int64_t least = rows;
  for (int32_t c = 0; c < classes->count; c++) least = classes->rows[c] < least ? classes->rows[c] : least;
  int64_t wanted = (int64_t)floor((double)least / ratio), place = 0;
  int64_t *list = *out = lathe_memory_raw((size_t)rows, sizeof *list, error);
  if (!list) return false;
  for (int32_t c = 0; c < classes->count; c++) {
    int64_t *of = order + start[c], have = classes->rows[c];
    lathe_random random;
    lathe_random_seed(&random, seed, (uint64_t)c);
    for (int64_t i = 0; i < wanted && i < have; i++) { /* Fisher and Yates, the first `wanted` */
      int64_t other = i + (int64_t)lathe_random_below(&random, (uint64_t)(have - i)), kept = of[i];
      if (have > wanted) of[i] = of[other], of[other] = kept;
      list[place++] = of[i];
    }
  }
  qsort(list, (size_t)place, sizeof *list, ascending);
  *count = place;
  return true;
}

lathe_table *lathe_table_balance(const lathe_table *table, int32_t target, bool over, double ratio,
                                 uint64_t seed, lathe_progress *progress, lathe_error *error) {
  lathe_classes classes = {0};
  int64_t *order = NULL, *start = NULL, *list = NULL, rows = lathe_table_rows(table), count = 0;
  bool fine = check_ratio(ratio, error) &&
              lathe_classes_find(lathe_table_column(table, target), lathe_table_name(table, target), &classes,
                                 error) &&
              rows_by_class(&classes, rows, &order, &start, error);
  if (fine)
    fine = over ? oversample(&classes, order, start, rows, ratio, seed, &list, &count, error)
                : undersample(&classes, order, start, rows, ratio, seed, &list, &count, error);
  lathe_table *made = fine ? lathe_table_take(table, list, count, progress, error) : NULL;
  lathe_classes_free(&classes);
  free(order);
  free(start);
  free(list);
  return made;
}

typedef struct {
  lathe_type type;
  double least, most, deviation;
  const double *from; /* (rows), NaN: missing */
  int64_t rows, total;
  double scale;
  uint64_t seed;
  uint64_t stream;
  void *out; /* (total) double or int64 */
} shaking;

static bool shake_chunk(void *context, int64_t chunk, lathe_error *error) {
  (void)error;
  const shaking *work = context;
  int64_t begin = chunk * CHUNK, end = begin + CHUNK < work->total ? begin + CHUNK : work->total;
  lathe_random random;
  lathe_random_seed(&random, work->seed, work->stream + (uint64_t)chunk);
  for (int64_t r = begin; r < end; r++) {
    double value = work->from[r % work->rows];
    double moved = value + work->scale * work->deviation * lathe_random_normal(&random);
    moved = moved < work->least ? work->least : moved > work->most ? work->most : moved;
    if (work->type == LATHE_TYPE_INT64)
      ((int64_t *)work->out)[r] = isnan(value) ? 0 : (int64_t)rint(moved);
    else
      ((double *)work->out)[r] = isnan(value) ? 0 : moved;
  }
  return true;
}

/* Deviation (n - 1 below), least and largest of what is there and finite. */
static void measure(shaking *work) {
  double sum = 0, squares = 0;
  int64_t present = 0;
  work->least = INFINITY, work->most = -INFINITY;
  for (int64_t r = 0; r < work->rows; r++) {
    double x = work->from[r];
    if (!isfinite(x)) continue;
    present++;
    sum += x;
    work->least = x < work->least ? x : work->least;
    work->most = x > work->most ? x : work->most;
  }
  double mean = present > 0 ? sum / (double)present : 0;
  for (int64_t r = 0; r < work->rows; r++)
    if (isfinite(work->from[r])) squares += (work->from[r] - mean) * (work->from[r] - mean);
  work->deviation = present > 1 ? sqrt(squares / (double)(present - 1)) : 0;
}

/* `validity` of a column, repeated; NULL when nothing is missing. False without memory. */
static bool repeat_validity(const lathe_column *column, int64_t total, uint8_t **out, lathe_error *error) {
  const uint8_t *valid = lathe_column_validity(column);
  int64_t rows = lathe_column_rows(column);
  *out = NULL;
  if (!valid) return true;
  uint8_t *bits = *out = lathe_memory_new((size_t)(total + 7) / 8, 1, error);
  if (!bits) return false;
  for (int64_t r = 0; r < total; r++) {
    int64_t from = r % rows;
    if (valid[from >> 3] >> (from & 7) & 1) bits[r >> 3] |= (uint8_t)(1u << (r & 7));
  }
  return true;
}

static lathe_column *shaken(const lathe_column *column, int32_t copies, double scale, uint64_t seed,
                            uint64_t stream, lathe_progress *progress, lathe_error *error) {
  int64_t rows = lathe_column_rows(column);
  double *from = lathe_memory_raw((size_t)rows, sizeof *from, error);
  uint8_t *validity = NULL;
  shaking work = {.type = lathe_column_type(column),
                  .from = from,
                  .rows = rows,
                  .total = rows * copies,
                  .scale = scale,
                  .seed = seed,
                  .stream = stream};
  work.out = lathe_memory_raw((size_t)work.total, sizeof(double), error);
  bool fine = from && work.out && lathe_column_to_float64(column, from, error);
  if (fine) measure(&work);
  for (int64_t r = 0; fine && r < rows; r++)
    if (isinf(from[r]))
      fine = lathe_error_set(error, LATHE_ERROR_DATA,
                             "row %lld is infinite, and no noise can be added to it; "
                             "remove that row or limit the column first",
                             (long long)r + 1);
  fine = fine && repeat_validity(column, work.total, &validity, error) &&
         lathe_pool_run((work.total + CHUNK - 1) / CHUNK, shake_chunk, &work, progress, error);
  free(from);
  lathe_column *made =
      fine ? lathe_column_new(work.type, work.total, validity, work.out, NULL, NULL, error) : NULL;
  if (!made) {
    free(work.out);
    free(validity);
  }
  return made;
}

lathe_table *lathe_table_noise(const lathe_table *table, const int32_t *columns, int32_t count,
                               int32_t copies, double scale, uint64_t seed, lathe_progress *progress,
                               lathe_error *error) {
  int64_t rows = lathe_table_rows(table);
  int32_t width = lathe_table_columns(table);
  if (copies < 1 || !(scale > 0) || !isfinite(scale)) {
    lathe_error_set(error, LATHE_ERROR_ARGUMENT, "noise takes 1 copy or more and a scale above 0");
    return NULL;
  }
  int64_t *again = lathe_memory_raw((size_t)rows, (size_t)copies * sizeof *again, error);
  lathe_column **made = lathe_memory_new((size_t)width, sizeof *made, error);
  const char **names = lathe_memory_new((size_t)width, sizeof *names, error);
  bool fine = again && made && names;
  for (int64_t r = 0; fine && r < rows * copies; r++) again[r] = r % rows;
  for (int32_t i = 0; fine && i < width; i++) names[i] = lathe_table_name(table, i);
  for (int32_t i = 0; fine && i < count; i++) {
    const lathe_column *column = lathe_table_column(table, columns[i]);
    lathe_column_release(made[columns[i]]);
    /* 2^40 chunks for each column: their streams do not meet. */
    made[columns[i]] = shaken(column, copies, scale, seed, (uint64_t)columns[i] << 40, progress, error);
    fine = made[columns[i]] != NULL;
  }
  for (int32_t i = 0; fine && i < width; i++)
    if (!made[i]) {
      made[i] = lathe_column_take(lathe_table_column(table, i), again, rows * copies, error);
      fine = made[i] && lathe_progress_check(progress, error);
    }
  lathe_table *result = fine ? lathe_table_new(width, names, made, error) : NULL;
  for (int32_t i = 0; made && i < width; i++) lathe_column_release(made[i]);
  free(made);
  free(names);
  free(again);
  return result;
}
