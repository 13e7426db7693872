/* facts.h - what columns of numbers are like: the value of an operator over a table, summed up. */
#ifndef LATHE_PREPARE_FACTS_H
#define LATHE_PREPARE_FACTS_H

#include "../graph/operator.h"

/* One column. NaN is missing. */
typedef struct lathe_facts {
  int64_t present;
  double least, most, mean;
  double squares;   /* the sum of squared distances from the mean */
  int64_t infinite; /* the first row that is, or -1 */
  int64_t gap;      /* the first row that is missing, or -1 */
} lathe_facts;

/* Facts of all columns of the value of operator `value`. Two passes; chunks of fixed size, combined in order.
 */
bool lathe_facts_of(const lathe_graph *graph, int32_t value, const lathe_table *table, lathe_facts *facts,
                    lathe_progress *progress, lathe_error *error);

/* Whether a column of a matrix that is to be learned from is there in all of its `rows` and finite; else an error that names it. */
bool lathe_facts_check(const lathe_facts *facts, int64_t rows, const char *name, lathe_error *error);

#endif
