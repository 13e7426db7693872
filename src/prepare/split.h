/* split.h - rows cut into training and test rows, the very rows that scikit-learn's train_test_split takes.
 *
 * The permutation is that of numpy.random.RandomState(seed).permutation(rows): MT19937 (Matsumoto, Nishimura
 * 1998) and Fisher-Yates from the end with masked rejection. */
#ifndef LATHE_PREPARE_SPLIT_H
#define LATHE_PREPARE_SPLIT_H

#include "../base/error.h"

/* How many of `rows` are test rows: ceil(rows * test) when test is below 1, else test itself. -1 with an
 * error when a part would be empty. */
int64_t lathe_split_count(int64_t rows, double test, lathe_error *error);

/* `order` gets all rows: first the `test_rows` test rows, then the training rows, both in the order that
 * scikit-learn gives them. Not shuffled, the test rows are the last of the table. `seed`: 0 to 2^32 - 1. */
bool lathe_split_order(int64_t rows, int64_t test_rows, bool shuffle, int64_t seed, int64_t *order,
                       lathe_error *error);

#endif
