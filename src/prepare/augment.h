/* augment.h - rows made of rows, for training: chosen again, left out, shaken, or put between neighbours.
 *
 * What is drawn depends on the seed and the row alone, never on the number of threads. */
#ifndef LATHE_PREPARE_AUGMENT_H
#define LATHE_PREPARE_AUGMENT_H

#include "../table/table.h"

/* Rows by which the classes of column `target` become equal. `over`: all rows in their order, then rows drawn again (with replacement) until
 * each class has `ratio` times the rows of the largest. Otherwise: of each class as many, drawn without replacement, as the smallest has,
 * divided by `ratio`; in their order. 0 < ratio <= 1; a class that has enough, or few enough, stays as it is. */
lathe_table *lathe_table_balance(const lathe_table *table, int32_t target, bool over, double ratio,
                                 uint64_t seed, lathe_progress *progress, lathe_error *error);

/* `copies` noisy copies of all rows: to each number of `columns` (indices; INT64 and FLOAT64) is added a normal number of deviation
 * `scale` times that of its column. Results stay between the column's least and largest value, whole numbers whole, missing ones
 * missing. Gives the new rows alone. */
lathe_table *lathe_table_noise(const lathe_table *table, const int32_t *columns, int32_t count,
                               int32_t copies, double scale, uint64_t seed, lathe_progress *progress,
                               lathe_error *error);

/* New rows between rows of one class and their neighbours in it, until each class has `ratio` times the rows of the largest: SMOTE (Chawla,
 * Bowyer, Hall, Kegelmeyer 2002, 4.2), and with `categories` SMOTE-NC (6.1): a category that differs adds the median of the numbers'
 * deviations (within the class) to the distance, squared, and a new row takes the most frequent category among the neighbours. `target` and
 * the lists are indices; other columns are those of the row begun from. Whole numbers are rounded. Gives the new rows alone. */
typedef struct lathe_smote_options {
  const int32_t *numbers;
  int32_t number_count;
  const int32_t *categories;
  int32_t category_count;
  int32_t neighbours; /* 5 in the paper */
  double ratio;
  uint64_t seed;
} lathe_smote_options;
lathe_table *lathe_table_smote(const lathe_table *table, int32_t target, const lathe_smote_options *options,
                               lathe_progress *progress, lathe_error *error);

/* `copies` copies of a text column in other words (Wei and Zou 2019, "EDA", section 2: random swap, random deletion): each word is
 * exchanged with the next one with probability `swap`, and left out with probability `drop`; at least one stays. Words as in token.h.
 * Gives the new texts alone (STRING); columns of one table take different streams. */
lathe_column *lathe_column_reword(const lathe_column *column, int32_t copies, double drop, double swap,
                                  uint64_t seed, uint64_t stream, lathe_progress *progress,
                                  lathe_error *error);

#endif
