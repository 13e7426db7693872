/* folds.c - in which fold each row is tested. */
#include <stdlib.h>
#include <string.h>

#include "../base/memory.h"
#include "../base/personal_form.h"
#include "classes.h"
#include "split.h"
#include "twister.h"

static bool check_folds(int32_t folds, int64_t items, const char *what, lathe_error *error) {
  if (folds >= 2 && folds <= items) return true;
  if (folds < 2)
    return lathe_error_set(error, LATHE_ERROR_ARGUMENT, "%d folds leave nothing to train on; take at least 2",
                           folds);
  return lathe_error_set(error, LATHE_ERROR_DATA, "%lld %s cannot be cut into %d folds; take fewer",
                         (long long)items, what, folds);
}

/* The k-th item of n lies in the fold whose share of items this is: the first n % folds are longer by one. */
static int32_t fold_of(int64_t k, int64_t n, int32_t folds) {
  int64_t size = n / folds, longer = n % folds;
  return (int32_t)(k < longer * (size + 1) ? k / (size + 1) : longer + (k - longer * (size + 1)) / size);
}

static bool plain_folds(int64_t rows, int32_t folds, bool shuffle, int64_t seed, int32_t *fold,
                        lathe_error *error) {
  int64_t *order = lathe_memory_raw((size_t)rows, sizeof *order, error);
  if (!order) return false;
  for (int64_t i = 0; i < rows; i++) order[i] = i;
  lathe_twister state;
  lathe_twister_seed(&state, (uint32_t)seed);
  if (shuffle) lathe_twister_shuffle(&state, order, rows);
  for (int64_t i = 0; i < rows; i++) fold[order[i]] = fold_of(i, rows, folds);
  free(order);
  return true;
}

static int compare_first(const void *a, const void *b) {
  const int64_t *left = a, *right = b;
  return left[0] < right[0] ? -1 : left[0] > right[0];
}

/* Classes come in the order of their first rows. Laid one behind the other in that order, the rows are dealt out to the folds
 * like cards; so each class gets its share in every fold. Which row of a class gets which of its cards follows the table, or
 * is drawn. */
static bool stratified_folds(const lathe_classes *classes, int64_t rows, int32_t folds, bool shuffle,
                             int64_t seed, int32_t *fold, lathe_error *error) {
  int64_t *appear =
      lathe_memory_new((size_t)classes->count, 2 * sizeof *appear, error); /* first row, class */
  int64_t *cards = lathe_memory_raw((size_t)rows, sizeof *cards, error);
  int64_t *next = lathe_memory_new((size_t)classes->count, sizeof *next, error);
  bool fine = appear && cards && next;
  lathe_twister state;
  lathe_twister_seed(&state, (uint32_t)seed);
  for (int32_t i = 0; i < classes->count && fine; i++)
    appear[2 * i] = classes->first[i], appear[2 * i + 1] = i;
  if (fine) qsort(appear, (size_t)classes->count, 2 * sizeof *appear, compare_first);
  int64_t dealt = 0;
  for (int32_t i = 0; i < classes->count && fine; i++) {
    int64_t class = appear[2 * i + 1], count = classes->rows[class], at = dealt;
    for (int32_t f = 0; f < folds; f++) /* this class's cards, by folds */
      for (int64_t card = dealt + ((f - dealt) % folds + folds) % folds; card < dealt + count; card += folds)
        cards[at++] = f;
    if (shuffle) lathe_twister_shuffle(&state, cards + dealt, count);
    next[class] = dealt;
    dealt += count;
  }
  for (int64_t i = 0; i < rows && fine; i++) fold[i] = (int32_t)cards[next[classes->codes[i]]++];
  free(appear);
  free(cards);
  free(next);
  return fine;
}

bool lathe_split_folds(int64_t rows, const lathe_column *column, const char *name, int32_t folds,
                       bool shuffle, int64_t seed, int32_t *fold, lathe_error *error) {
  if (!check_folds(folds, rows, "rows", error) || !lathe_twister_accepts(seed, error)) return false;
  if (!column) return plain_folds(rows, folds, shuffle, seed, fold, error);
  lathe_classes classes = {0};
  if (!lathe_classes_find(column, name, &classes, error)) return false;
  bool fine = true;
  for (int32_t i = 0; i < classes.count && fine; i++) {
    char scratch[32], form[LATHE_SHOWN];
    lathe_text text = lathe_value_shown(lathe_column_format(column, classes.first[i], scratch),
                                        (lathe_text){name, strlen(name)}, form);
    if (classes.rows[i] < folds)
      fine =
          lathe_error_set(error, LATHE_ERROR_DATA,
                          "\"%.*s\" stands in %lld of the rows of column \"%s\" and cannot be in each of %d "
                          "folds; take fewer folds, "
                          "or merge it with another class",
                          (int)text.size, text.data, (long long)classes.rows[i], name, folds);
  }
  fine = fine && stratified_folds(&classes, rows, folds, shuffle, seed, fold, error);
  lathe_classes_free(&classes);
  return fine;
}

static int compare_large(const void *a, const void *b) {
  const int64_t *left = a, *right = b; /* rows, group: the largest first, of equal ones the last */
  if (left[0] != right[0]) return left[0] > right[0] ? -1 : 1;
  return left[1] > right[1] ? -1 : 1;
}

bool lathe_split_group_folds(const lathe_column *column, const char *name, int32_t folds, int32_t *fold,
                             lathe_error *error) {
  lathe_classes groups = {0};
  if (!lathe_classes_find(column, name, &groups, error)) return false;
  int64_t *large = NULL, *filled = NULL;
  int32_t *place = NULL;
  if (check_folds(folds, groups.count, "groups", error)) {
    large = lathe_memory_new((size_t)groups.count, 2 * sizeof *large, error);
    filled = lathe_memory_new((size_t)folds, sizeof *filled, error);
    place = lathe_memory_new((size_t)groups.count, sizeof *place, error);
  }
  bool fine = large && filled && place;
  for (int32_t i = 0; i < groups.count && fine; i++) large[2 * i] = groups.rows[i], large[2 * i + 1] = i;
  if (fine) qsort(large, (size_t)groups.count, 2 * sizeof *large, compare_large);
  for (int32_t i = 0; i < groups.count && fine; i++) {
    int32_t lightest = 0;
    for (int32_t f = 1; f < folds; f++)
      if (filled[f] < filled[lightest]) lightest = f;
    filled[lightest] += large[2 * i];
    place[large[2 * i + 1]] = lightest;
  }
  for (int64_t i = 0; i < lathe_column_rows(column) && fine; i++) fold[i] = place[groups.codes[i]];
  lathe_classes_free(&groups);
  free(large);
  free(filled);
  free(place);
  return fine;
}

bool lathe_split_rolling(const lathe_column *times, const char *name, int32_t folds, int32_t *fold,
                         lathe_error *error) {
  lathe_classes moments = {0};
  if (lathe_type_is_text(lathe_column_type(times)))
    return lathe_error_set(
        error, LATHE_ERROR_DATA,
        "column \"%s\" is text, which has no order in time; give a date, a timestamp or a number", name);
  if (!lathe_classes_find(times, name, &moments, error)) return false;
  int32_t *place = NULL;
  int64_t rows = lathe_column_rows(times), size = rows / (folds + 1), begin = rows - folds * size, at = 0;
  if (check_folds(folds + 1, moments.count, "moments", error))
    place = lathe_memory_new((size_t)moments.count, sizeof *place, error);
  for (int32_t i = 0; i < moments.count && place; at += moments.rows[i++])
    place[i] = at < begin ? -1 : (int32_t)((at - begin) / size);
  for (int64_t i = 0; i < rows && place; i++) fold[i] = place[moments.codes[i]];
  lathe_classes_free(&moments);
  free(place);
  return place != NULL;
}
