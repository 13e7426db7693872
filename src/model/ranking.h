/* ranking.h - how well probabilities put rows of a class before the others. */
#ifndef LATHE_MODEL_RANKING_H
#define LATHE_MODEL_RANKING_H

#include "../base/error.h"

/* The area under the ROC curve of class `index` against the rest, equal probabilities counting half, and the average precision: the sum
 * over thresholds of (recall - recall before) * precision. NaN when rows of one side are lacking. Rows of negative code or NaN are left out. */
bool lathe_ranking(const int32_t *codes, const double *probabilities, int64_t rows, int32_t classes,
                   int32_t index, double *area, double *precision, lathe_error *error);

#endif
