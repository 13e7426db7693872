/* ranking.h - rows in the order of the probability of a class. */
#ifndef LATHE_MODEL_RANKING_H
#define LATHE_MODEL_RANKING_H

#include "metrics.h"

/* The largest probability first, equals in any but always the same order. */
typedef struct lathe_ranking {
  int64_t count;
  uint32_t *row; /* (count) */
  uint8_t *mark; /* (count) LATHE_RANKED_* */
} lathe_ranking; /* zero-initialise */

enum {
  LATHE_RANKED_HIT = 1,
  LATHE_RANKED_LAST = 2
}; /* the row is of the class; the next probability is another */

/* Rows of negative code or NaN are left out. `row` counts all rows. Free in any case. */
bool lathe_ranking_make(lathe_ranking *ranking, const int32_t *codes, const double *probabilities,
                        int64_t rows, int32_t classes, int32_t index, lathe_error *error);
void lathe_ranking_free(lathe_ranking *ranking);

/* The area under the ROC curve, equal probabilities counting half, and the average precision: the sum over thresholds of (recall - recall
 * before) * precision. NaN when rows of one side are lacking. A row counts weights[row] (NULL: 1) * times[row] (NULL: 1). */
void lathe_ranking_areas(const lathe_ranking *ranking, const double *weights, const uint8_t *times,
                         double *area, double *precision);

/* The same of a class of few rows, at most LATHE_RANKED_FEW, without an order of all: each of them is held against every row. `value` (rows)
 * are the probabilities of the class, `code` the classes of the rows, `weight` what each counts (NULL: 1). */
enum { LATHE_RANKED_FEW = 24 };
void lathe_ranking_few(const double *value, const int32_t *code, const double *weight, int64_t rows,
                       int32_t index, double *area, double *precision);

#endif
