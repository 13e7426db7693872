/* ranks.h - the matrix of features by the ranks of its values, two bytes each: what forests are grown on.
 *
 * The values of a column of numbers are ranked from 0 up, so that `value <= high[rank]` and `rank of value <= rank` are the same question.
 * Up to LATHE_RANKS_MOST different values have a rank each; of more, neighbours share one, in groups of about as many rows. The rank of a
 * category is its code. What is missing (NaN) has the rank LATHE_RANKS_MISSING. The ranks of a row stand together, for a forest asks a few
 * features of one row after the other. */
#ifndef LATHE_MODEL_RANKS_H
#define LATHE_MODEL_RANKS_H

#include "tree.h"

enum { LATHE_RANKS_MOST = 65535, LATHE_RANKS_MISSING = 65535 };

typedef struct lathe_ranks {
  int32_t rows, features;
  int64_t step;              /* ranks from a row to the next */
  uint16_t *rank;            /* (rows, step) */
  const int32_t *categories; /* (features) how many; 0: numbers */
  const bool *gaps;          /* (features) something is missing */
  double **low, **high;      /* (features) of numbers: the least and greatest value of each rank */
  int32_t *count;            /* (features) of ranks */
} lathe_ranks;               /* zero-initialise */

/* Rank the columns of `data`, which has to outlive it, but for its x. A feature with too many categories is an
 * error that names it. Free in any case. */
bool lathe_ranks_make(lathe_ranks *ranks, const lathe_tree_data *data, const char *const *names,
                      lathe_progress *progress, lathe_error *error);
void lathe_ranks_free(lathe_ranks *ranks);

#endif
