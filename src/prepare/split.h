/* split.h - rows cut into training and test rows, the very rows that scikit-learn's train_test_split takes.
 *
 * The permutation is that of numpy.random.RandomState(seed).permutation(rows): MT19937 (Matsumoto, Nishimura
 * 1998) and Fisher-Yates from the end with masked rejection. */
#ifndef LATHE_PREPARE_SPLIT_H
#define LATHE_PREPARE_SPLIT_H

#include "../table/column.h"

/* How many of `rows` are test rows: ceil(rows * test) when test is below 1, else test itself. -1 with an
 * error when a part would be empty. */
int64_t lathe_split_count(int64_t rows, double test, lathe_error *error);

/* `order` gets all rows: first the `test_rows` test rows, then the training rows, both in the order that
 * scikit-learn gives them. Not shuffled, the test rows are the last of the table. `seed`: 0 to 2^32 - 1. */
bool lathe_split_order(int64_t rows, int64_t test_rows, bool shuffle, int64_t seed, int64_t *order,
                       lathe_error *error);

/* The same with each class in both parts in its share: the rows of train_test_split(stratify = ...). `classes`: the column
 * called `name` that says what each row is; a class of one row is refused. */
bool lathe_split_stratified(const lathe_column *classes, const char *name, int64_t test_rows, int64_t seed,
                            int64_t *order, lathe_error *error);

/* Whole groups: the rows of scikit-learn's GroupShuffleSplit. `test` is a part or a number of the groups. `order` gets the rows of
 * the test groups, `*test_rows` of them, then the others, each in the table's order. */
bool lathe_split_grouped(const lathe_column *groups, const char *name, double test, int64_t seed,
                         int64_t *order, int64_t *test_rows, lathe_error *error);

/* The latest rows for testing: rows with the same time stay together, so the test rows may be fewer than asked for, never more.
 * `order` gets the test rows, then the training rows, both by time (rows of one time in the table's order). */
bool lathe_split_by_time(const lathe_column *times, const char *name, int64_t test_rows, int64_t *order,
                         int64_t *actual_test_rows, lathe_error *error);

/* Which fold (0 to folds - 1) each row is tested in. `classes` NULL: scikit-learn's KFold(shuffle) or, not shuffled, blocks of rows.
 * Otherwise StratifiedKFold's. */
bool lathe_split_folds(int64_t rows, const lathe_column *classes, const char *name, int32_t folds,
                       bool shuffle, int64_t seed, int32_t *fold, lathe_error *error);

/* The same with whole groups in one fold, the folds about equally large: GroupKFold's. */
bool lathe_split_group_folds(const lathe_column *groups, const char *name, int32_t folds, int32_t *fold,
                             lathe_error *error);

/* Rolling origin: fold k is tested after training on all rows before it (those with a smaller number; -1 is never tested). With a
 * different time in each row these are TimeSeriesSplit's; rows of one time stay together. */
bool lathe_split_rolling(const lathe_column *times, const char *name, int32_t folds, int32_t *fold,
                         lathe_error *error);

#endif
