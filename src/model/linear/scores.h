/* scores.h - rows of a design among the columns of Q: A = QR. */
#ifndef LATHE_MODEL_SCORES_H
#define LATHE_MODEL_SCORES_H

#include <stdbool.h>
#include <stdint.h>

/* The kept columns of `a` (columns, height) become rows of Q, by the triangle whose column k starts at column[k], in their first places;
 * `leverage` (height) is the square of each row's length. */
void lathe_scores(double *a, int64_t height, int32_t columns, const bool *kept, double *const *column,
                  double *leverage);

#endif
