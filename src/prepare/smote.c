/* smote.c - rows between neighbours of one class. See augment.h. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../base/memory.h"
#include "../base/personal_form.h"
#include "../base/pool.h"
#include "../base/random.h"
#include "augment.h"
#include "classes.h"

enum { MOST_NEIGHBOURS = 64, BASE_ROWS = 64 };

/* One class: its rows as numbers, and the new rows that are made of them. */
typedef struct {
  const lathe_smote_options *options;
  const int64_t *members; /* (size): rows of the table */
  int64_t size, wanted;   /* rows, and how many are to be made */
  const double *x;        /* (size, numbers) */
  const int32_t *codes;   /* (size, categories) */
  double mismatch;        /* what a category that differs adds to the squared distance */
  uint64_t stream;
  /* what is made: the row begun from, numbers (wanted, numbers), and the row whose category is taken (wanted, categories) */
  int64_t *base;
  double *numbers;
  int64_t *category_rows;
} making;

static double distance(const making *work, int64_t a, int64_t b) {
  int32_t numbers = work->options->number_count, categories = work->options->category_count;
  const double *x = work->x + a * numbers, *y = work->x + b * numbers;
  const int32_t *c = work->codes + a * categories, *d = work->codes + b * categories;
  double sum = 0;
  for (int32_t i = 0; i < numbers; i++) sum += (x[i] - y[i]) * (x[i] - y[i]);
  for (int32_t i = 0; i < categories; i++) sum += c[i] != d[i] ? work->mismatch : 0;
  return sum;
}

/* The nearest members of `row`, itself not counted, nearest first, of equals the earlier: how many. */
static int32_t nearest(const making *work, int64_t row, int64_t *near) {
  double far[MOST_NEIGHBOURS];
  int32_t count = 0, wanted = work->options->neighbours;
  for (int64_t other = 0; other < work->size; other++) {
    if (other == row) continue;
    double apart = distance(work, row, other);
    if (count == wanted && apart >= far[count - 1]) continue;
    int32_t place = count < wanted ? count++ : count - 1;
    for (; place > 0 && far[place - 1] > apart; place--)
      far[place] = far[place - 1], near[place] = near[place - 1];
    far[place] = apart;
    near[place] = other;
  }
  return count;
}

/* The neighbour that holds the category most frequent among the neighbours, of equals the nearest's. */
static int64_t common(const making *work, int32_t category, const int64_t *near, int32_t count) {
  int32_t categories = work->options->category_count, best = 0, most = 0;
  for (int32_t i = 0; i < count; i++) {
    int32_t same = 0;
    for (int32_t j = 0; j < count; j++)
      same += work->codes[near[i] * categories + category] == work->codes[near[j] * categories + category];
    if (same > most) most = same, best = i;
  }
  return near[best];
}

/* New row `at` begins from the member that its number draws. */
static void make_row(const making *work, int64_t at) {
  int32_t numbers = work->options->number_count, categories = work->options->category_count;
  lathe_random random;
  lathe_random_seed(&random, work->options->seed, work->stream + (uint64_t)at);
  int64_t near[MOST_NEIGHBOURS], row = (int64_t)lathe_random_below(&random, (uint64_t)work->size);
  int32_t count = nearest(work, row, near);
  int64_t other = near[lathe_random_below(&random, (uint64_t)count)];
  double part = lathe_random_uniform(&random);
  work->base[at] = work->members[row];
  for (int32_t i = 0; i < numbers; i++) {
    double from = work->x[row * numbers + i], to = work->x[other * numbers + i];
    work->numbers[at * numbers + i] = from + part * (to - from);
  }
  for (int32_t i = 0; i < categories; i++)
    work->category_rows[at * categories + i] = work->members[common(work, i, near, count)];
}

static bool make_chunk(void *context, int64_t chunk, lathe_error *error) {
  (void)error;
  const making *work = context;
  for (int64_t at = chunk * BASE_ROWS; at < (chunk + 1) * BASE_ROWS && at < work->wanted; at++)
    make_row(work, at);
  return true;
}

static int by_size(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* The square of the median of the deviations of the class's numbers. */
static bool set_mismatch(making *work, lathe_error *error) {
  int32_t numbers = work->options->number_count;
  double *deviation = lathe_memory_new((size_t)numbers + 1, sizeof *deviation, error);
  if (!deviation) return false;
  for (int32_t i = 0; i < numbers; i++) {
    double mean = 0, squares = 0;
    for (int64_t r = 0; r < work->size; r++) mean += work->x[r * numbers + i] / (double)work->size;
    for (int64_t r = 0; r < work->size; r++) {
      double off = work->x[r * numbers + i] - mean;
      squares += off * off;
    }
    deviation[i] = sqrt(squares / (double)work->size);
  }
  qsort(deviation, (size_t)numbers, sizeof *deviation, by_size);
  double median = numbers == 0  ? 1
                  : numbers % 2 ? deviation[numbers / 2]
                                : (deviation[numbers / 2 - 1] + deviation[numbers / 2]) / 2;
  work->mismatch = median * median;
  free(deviation);
  return true;
}

static bool gather_numbers(const lathe_table *table, const making *work, double *x, lathe_error *error) {
  int32_t count = work->options->number_count;
  for (int32_t i = 0; i < count; i++) {
    int32_t index = work->options->numbers[i];
    const lathe_column *column = lathe_table_column(table, index);
    for (int64_t r = 0; r < work->size; r++) {
      double value = x[r * count + i] = lathe_column_number(column, work->members[r]);
      if (!isfinite(value))
        return lathe_error_set(error, LATHE_ERROR_DATA,
                               "row %lld of \"%s\" is %s, and nothing lies between it and a neighbour; "
                               "impute or drop such rows first",
                               (long long)work->members[r] + 1, lathe_table_name(table, index),
                               isnan(value) ? "missing" : "infinite");
    }
  }
  return true;
}

static bool gather_codes(const lathe_table *table, const making *work, int32_t *codes, lathe_error *error) {
  int32_t count = work->options->category_count;
  for (int32_t i = 0; i < count; i++) {
    lathe_classes classes = {0};
    int32_t index = work->options->categories[i];
    if (!lathe_classes_find(lathe_table_column(table, index), lathe_table_name(table, index), &classes,
                            error))
      return false;
    for (int64_t r = 0; r < work->size; r++) codes[r * count + i] = classes.codes[work->members[r]];
    lathe_classes_free(&classes);
  }
  return true;
}

/* Make the rows of one class, into the arrays of `work`. */
static bool make_class(const lathe_table *table, making *work, lathe_progress *progress, lathe_error *error) {
  const lathe_smote_options *options = work->options;
  double *x = lathe_memory_raw((size_t)work->size, ((size_t)options->number_count + 1) * sizeof *x, error);
  int32_t *codes =
      lathe_memory_raw((size_t)work->size, ((size_t)options->category_count + 1) * sizeof *codes, error);
  work->x = x;
  work->codes = codes;
  bool fine = x && codes && gather_numbers(table, work, x, error) &&
              gather_codes(table, work, codes, error) && set_mismatch(work, error) &&
              lathe_pool_run((work->wanted + BASE_ROWS - 1) / BASE_ROWS, make_chunk, work, progress, error);
  free(x);
  free(codes);
  return fine;
}

/* Column `index` of the new rows. */
static lathe_column *new_column(const lathe_table *table, int32_t index, const making *all, int64_t total,
                                lathe_error *error) {
  const lathe_smote_options *options = all->options;
  const lathe_column *column = lathe_table_column(table, index);
  for (int32_t i = 0; i < options->number_count; i++) {
    if (options->numbers[i] != index) continue;
    bool whole = lathe_column_type(column) == LATHE_TYPE_INT64;
    double *values = lathe_memory_raw((size_t)total, sizeof *values, error);
    for (int64_t r = 0; values && r < total; r++) {
      double value = all->numbers[r * options->number_count + i];
      if (whole)
        ((int64_t *)(void *)values)[r] = (int64_t)rint(value);
      else
        values[r] = value;
    }
    lathe_column *made = values ? lathe_column_new(whole ? LATHE_TYPE_INT64 : LATHE_TYPE_FLOAT64, total, NULL,
                                                   values, NULL, NULL, error)
                                : NULL;
    if (!made) free(values);
    return made;
  }
  for (int32_t i = 0; i < options->category_count; i++) {
    if (options->categories[i] != index) continue;
    int64_t *rows = lathe_memory_raw((size_t)total, sizeof *rows, error);
    for (int64_t r = 0; rows && r < total; r++) rows[r] = all->category_rows[r * options->category_count + i];
    lathe_column *made = rows ? lathe_column_take(column, rows, total, error) : NULL;
    free(rows);
    return made;
  }
  return lathe_column_take(column, all->base, total, error);
}

static lathe_table *new_table(const lathe_table *table, const making *all, int64_t total,
                              lathe_error *error) {
  int32_t width = lathe_table_columns(table);
  lathe_column **columns = lathe_memory_new((size_t)width, sizeof *columns, error);
  const char **names = lathe_memory_new((size_t)width, sizeof *names, error);
  bool fine = columns && names;
  for (int32_t i = 0; fine && i < width; i++) {
    names[i] = lathe_table_name(table, i);
    columns[i] = new_column(table, i, all, total, error);
    fine = columns[i] != NULL;
  }
  lathe_table *made = fine ? lathe_table_new(width, names, columns, error) : NULL;
  for (int32_t i = 0; columns && i < width; i++) lathe_column_release(columns[i]);
  free(columns);
  free(names);
  return made;
}

static bool check(const lathe_table *table, int32_t target, const lathe_smote_options *options,
                  const lathe_classes *classes, int64_t wanted, lathe_error *error) {
  const lathe_column *column = lathe_table_column(table, target);
  char scratch[32];
  if (!(options->ratio > 0 && options->ratio <= 1))
    return lathe_error_set(error, LATHE_ERROR_ARGUMENT, "ratio is a number above 0 and up to 1, not %g",
                           options->ratio);
  if (options->neighbours < 1 || options->neighbours > MOST_NEIGHBOURS)
    return lathe_error_set(error, LATHE_ERROR_ARGUMENT, "neighbours are 1 to %d, not %d", MOST_NEIGHBOURS,
                           (int)options->neighbours);
  if (options->number_count == 0)
    return lathe_error_set(error, LATHE_ERROR_DATA,
                           "there is no column of numbers to make new rows by; use oversample");
  for (int32_t c = 0; c < classes->count; c++) {
    if (classes->rows[c] >= wanted || classes->rows[c] > 1) continue;
    const char *called = lathe_table_name(table, target);
    char form[LATHE_SHOWN];
    lathe_text name = lathe_value_shown(lathe_column_format(column, classes->first[c], scratch),
                                        (lathe_text){called, strlen(called)}, form);
    return lathe_error_set(
        error, LATHE_ERROR_DATA,
        "only row %lld is of class \"%.*s\", and it has no neighbour to make rows with; use oversample",
        (long long)classes->first[c] + 1, (int)name.size, name.data);
  }
  return true;
}

lathe_table *lathe_table_smote(const lathe_table *table, int32_t target, const lathe_smote_options *options,
                               lathe_progress *progress, lathe_error *error) {
  lathe_classes classes = {0};
  if (!lathe_classes_find(lathe_table_column(table, target), lathe_table_name(table, target), &classes,
                          error))
    return NULL;
  int64_t rows = lathe_table_rows(table), most = 0, total = 0, done = 0;
  for (int32_t c = 0; c < classes.count; c++) most = classes.rows[c] > most ? classes.rows[c] : most;
  int64_t wanted = (int64_t)ceil(options->ratio * (double)most);
  for (int32_t c = 0; c < classes.count; c++)
    total += classes.rows[c] < wanted ? wanted - classes.rows[c] : 0;
  making all = {.options = options};
  int64_t *members = lathe_memory_raw((size_t)rows, sizeof *members, error);
  all.base = lathe_memory_raw((size_t)total, sizeof *all.base, error);
  all.numbers = lathe_memory_raw((size_t)total, ((size_t)options->number_count + 1) * sizeof(double), error);
  all.category_rows =
      lathe_memory_raw((size_t)total, ((size_t)options->category_count + 1) * sizeof(int64_t), error);
  bool fine = members && all.base && all.numbers && all.category_rows &&
              check(table, target, options, &classes, wanted, error);
  lathe_progress_begin(progress, "make rows between neighbours", classes.count);
  for (int32_t c = 0; fine && c < classes.count; c++) {
    if (classes.rows[c] >= wanted) continue;
    making work = all;
    for (int64_t r = 0; r < rows; r++)
      if (classes.codes[r] == c) members[work.size++] = r;
    work.members = members;
    work.wanted = wanted - classes.rows[c];
    work.stream = (uint64_t)c << 40;
    work.base += done;
    work.numbers += done * options->number_count;
    work.category_rows += done * options->category_count;
    fine = make_class(table, &work, progress, error);
    done += work.wanted;
    lathe_progress_add(progress, 1);
  }
  lathe_progress_end(progress);
  lathe_table *made = fine ? new_table(table, &all, total, error) : NULL;
  free(members);
  free(all.base);
  free(all.numbers);
  free(all.category_rows);
  lathe_classes_free(&classes);
  return made;
}
