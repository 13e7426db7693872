/* split.c - which rows are for training and which for testing. */
#include "split.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../base/memory.h"
#include "../base/personal_form.h"
#include "classes.h"
#include "twister.h"

int64_t lathe_split_count(int64_t rows, double test, lathe_error *error) {
  if (!(test > 0) || (test >= 1 && test != floor(test))) {
    lathe_error_set(error, LATHE_ERROR_ARGUMENT,
                    "test = %g is neither a part of the rows nor a number of rows; give 0.2 for a fifth, or "
                    "500 for 500 rows",
                    test);
    return -1;
  }
  double count = test < 1 ? ceil(test * (double)rows) : test;
  if (rows < 2 || !(count < (double)rows)) {
    lathe_error_set(error, LATHE_ERROR_DATA,
                    "%lld row%s cannot be cut into training rows and %.0f test rows; %s", (long long)rows,
                    rows == 1 ? "" : "s", count, rows < 2 ? "at least 2 are needed" : "make test smaller");
    return -1;
  }
  return (int64_t)count;
}

bool lathe_split_order(int64_t rows, int64_t test_rows, bool shuffle, int64_t seed, int64_t *order,
                       lathe_error *error) {
  if (test_rows < 1 || test_rows >= rows)
    return lathe_error_set(error, LATHE_ERROR_ARGUMENT,
                           "%lld of %lld rows cannot be the test rows; leave at least 1 on each side",
                           (long long)test_rows, (long long)rows);
  if (!lathe_twister_accepts(seed, error)) return false;
  for (int64_t i = 0; i < rows; i++) order[i] = shuffle ? i : (i + rows - test_rows) % rows;
  if (!shuffle) return true;
  lathe_twister state;
  lathe_twister_seed(&state, (uint32_t)seed);
  lathe_twister_shuffle(&state, order, rows);
  return true;
}

/*** Stratified ***/

/* How many of `draws` fall on each class, `counts` (classes) being how many there are: the parts in whole numbers, what is
 * left over to the largest remainders, ties drawn (scikit-learn's _approximate_mode). `ties` holds `classes`. */
static void share_draws(lathe_twister *state, const int64_t *counts, int32_t classes, int64_t draws,
                        int64_t *given, double *remainders, int64_t *ties) {
  int64_t total = 0, left = draws;
  for (int32_t i = 0; i < classes; i++) total += counts[i];
  for (int32_t i = 0; i < classes; i++) {
    double part = (double)counts[i] / (double)total * (double)draws;
    given[i] = (int64_t)floor(part);
    remainders[i] = part - floor(part);
    left -= given[i];
  }
  double below = INFINITY;
  while (left > 0) {
    double largest = -1;
    for (int32_t i = 0; i < classes; i++)
      if (remainders[i] < below && remainders[i] > largest) largest = remainders[i];
    int64_t count = 0;
    for (int32_t i = 0; i < classes; i++)
      if (remainders[i] == largest) ties[count++] = i;
    if (count == 0) return;
    lathe_twister_shuffle(state, ties, count);
    for (int64_t i = 0; i < count && left > 0; i++, left--) given[ties[i]]++;
    below = largest;
  }
}

/* The rows of each class, in order, one class behind the other. */
static void sort_by_class(const lathe_classes *classes, int64_t rows, int64_t *begins, int64_t *sorted) {
  int64_t *next = begins + 1;
  for (int32_t i = 1; i < classes->count; i++) next[i] = next[i - 1] + classes->rows[i - 1];
  for (int64_t i = 0; i < rows; i++) sorted[next[classes->codes[i]]++] = i;
}

/* What the parts of a stratified split are made in. */
typedef struct strata {
  lathe_classes classes;
  int64_t *begins, *left, *train, *test, *ties; /* (classes), begins (classes + 1) */
  double *remainders;
  int64_t *sorted; /* (rows) */
} strata;

static bool strata_open(strata *s, const lathe_column *column, const char *name, lathe_error *error) {
  if (!lathe_classes_find(column, name, &s->classes, error)) return false;
  size_t room = (size_t)s->classes.count + 1;
  s->begins = lathe_memory_new(room * 5, sizeof *s->begins, error);
  s->remainders = lathe_memory_new(room, sizeof *s->remainders, error);
  s->sorted = lathe_memory_raw((size_t)lathe_column_rows(column), sizeof *s->sorted, error);
  if (!s->begins || !s->remainders || !s->sorted) return false;
  s->left = s->begins + room;
  s->train = s->left + room;
  s->test = s->train + room;
  s->ties = s->test + room;
  sort_by_class(&s->classes, lathe_column_rows(column), s->begins, s->sorted);
  return true;
}

static bool strata_check(const strata *s, const lathe_column *column, const char *name, int64_t test_rows,
                         lathe_error *error) {
  int64_t train_rows = lathe_column_rows(column) - test_rows;
  char scratch[32];
  for (int32_t i = 0; i < s->classes.count; i++) {
    char form[LATHE_SHOWN];
    lathe_text text = lathe_value_shown(lathe_column_format(column, s->classes.first[i], scratch),
                                        (lathe_text){name, strlen(name)}, form);
    if (s->classes.rows[i] < 2)
      return lathe_error_set(
          error, LATHE_ERROR_DATA,
          "only row %lld of column \"%s\" is \"%.*s\", and one row cannot be in both parts; "
          "leave it out, or merge it with another class",
          (long long)s->classes.first[i] + 1, name, (int)text.size, text.data);
  }
  if (test_rows >= s->classes.count && train_rows >= s->classes.count) return true;
  return lathe_error_set(
      error, LATHE_ERROR_DATA,
      "%lld training and %lld test rows cannot hold each of the %d classes of column \"%s\"; change test",
      (long long)train_rows, (long long)test_rows, s->classes.count, name);
}

static void strata_draw(strata *s, int64_t rows, int64_t test_rows, int64_t seed, int64_t *order) {
  int32_t count = s->classes.count;
  lathe_twister state;
  lathe_twister_seed(&state, (uint32_t)seed);
  share_draws(&state, s->classes.rows, count, rows - test_rows, s->train, s->remainders, s->ties);
  for (int32_t i = 0; i < count; i++) s->left[i] = s->classes.rows[i] - s->train[i];
  share_draws(&state, s->left, count, test_rows, s->test, s->remainders, s->ties);
  int64_t *to_test = order, *to_train = order + test_rows;
  for (int32_t i = 0; i < count; i++) {
    int64_t *members = s->sorted + s->begins[i];
    lathe_twister_shuffle(&state, members, s->classes.rows[i]);
    for (int64_t k = 0; k < s->train[i]; k++) *to_train++ = members[k];
    for (int64_t k = 0; k < s->test[i]; k++) *to_test++ = members[s->train[i] + k];
  }
  lathe_twister_shuffle(&state, order + test_rows, rows - test_rows);
  lathe_twister_shuffle(&state, order, test_rows);
}

bool lathe_split_stratified(const lathe_column *classes, const char *name, int64_t test_rows, int64_t seed,
                            int64_t *order, lathe_error *error) {
  strata s = {0};
  bool fine = lathe_twister_accepts(seed, error) && strata_open(&s, classes, name, error) &&
              strata_check(&s, classes, name, test_rows, error);
  if (fine) strata_draw(&s, lathe_column_rows(classes), test_rows, seed, order);
  lathe_classes_free(&s.classes);
  free(s.begins);
  free(s.remainders);
  free(s.sorted);
  return fine;
}

/*** Grouped and by time ***/

/* `order` gets the rows whose group is marked, then the others; how many are marked. */
static int64_t part_rows(const lathe_classes *groups, const bool *is_test, int64_t rows, int64_t *order) {
  int64_t at = 0;
  for (int64_t i = 0; i < rows; i++)
    if (is_test[groups->codes[i]]) order[at++] = i;
  int64_t count = at;
  for (int64_t i = 0; i < rows; i++)
    if (!is_test[groups->codes[i]]) order[at++] = i;
  return count;
}

bool lathe_split_grouped(const lathe_column *column, const char *name, double test, int64_t seed,
                         int64_t *order, int64_t *test_rows, lathe_error *error) {
  lathe_classes groups = {0};
  if (!lathe_twister_accepts(seed, error) || !lathe_classes_find(column, name, &groups, error)) return false;
  int64_t count = lathe_split_count(groups.count, test, error), *drawn = NULL;
  if (count < 0 && error && error->code == LATHE_ERROR_DATA)
    lathe_error_set(
        error, LATHE_ERROR_DATA,
        "column \"%s\" has %d groups, which cannot be cut into training and test groups at test = %g", name,
        groups.count, test);
  bool *is_test = NULL;
  if (count >= 0) {
    drawn = lathe_memory_raw((size_t)groups.count, sizeof *drawn, error);
    is_test = lathe_memory_new((size_t)groups.count, sizeof *is_test, error);
  }
  bool fine = drawn && is_test;
  if (fine) {
    lathe_twister state;
    lathe_twister_seed(&state, (uint32_t)seed);
    for (int32_t i = 0; i < groups.count; i++) drawn[i] = i;
    lathe_twister_shuffle(&state, drawn, groups.count);
    for (int64_t i = 0; i < count; i++) is_test[drawn[i]] = true;
    *test_rows = part_rows(&groups, is_test, lathe_column_rows(column), order);
  }
  lathe_classes_free(&groups);
  free(drawn);
  free(is_test);
  return fine;
}

bool lathe_split_by_time(const lathe_column *times, const char *name, int64_t test_rows, int64_t *order,
                         int64_t *actual_test_rows, lathe_error *error) {
  if (lathe_type_is_text(lathe_column_type(times)))
    return lathe_error_set(
        error, LATHE_ERROR_DATA,
        "column \"%s\" is text, which has no order in time; give a date, a timestamp or a number", name);
  lathe_classes moments = {0};
  if (!lathe_classes_find(times, name, &moments, error)) return false;
  int32_t first = moments.count;
  int64_t rows = lathe_column_rows(times), count = 0;
  while (first > 0 && count + moments.rows[first - 1] <= test_rows) count += moments.rows[--first];
  bool fine = count > 0 && count < rows;
  int64_t *next = fine ? lathe_memory_new((size_t)moments.count, sizeof *next, error) : NULL;
  if (!fine)
    lathe_error_set(error, LATHE_ERROR_DATA,
                    "the rows of one time in column \"%s\" stay together, so %lld of %lld rows cannot be cut "
                    "off; change test",
                    name, (long long)test_rows, (long long)rows);
  if (next) {
    int64_t at = count;
    for (int32_t i = 0; i < first; i++) next[i] = at, at += moments.rows[i];
    at = 0;
    for (int32_t i = first; i < moments.count; i++) next[i] = at, at += moments.rows[i];
    for (int64_t i = 0; i < rows; i++) order[next[moments.codes[i]]++] = i;
    *actual_test_rows = count;
  }
  lathe_classes_free(&moments);
  free(next);
  return next != NULL;
}
