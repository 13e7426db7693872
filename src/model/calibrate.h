/* calibrate.h - probabilities put right by rows that the model did not learn from, and the probability from which a class is taken.
 *
 * What is learned becomes operators behind those of the model (graph/probabilities.h). Of two classes the probability of the second one is
 * mapped, the first gets the rest; of several each is mapped against all others, and their sum is made 1. */
#ifndef LATHE_MODEL_CALIBRATE_H
#define LATHE_MODEL_CALIBRATE_H

#include "model.h"

typedef enum lathe_calibration {
  LATHE_CALIBRATION_PLATT, /* 1 / (1 + exp(-(a log odds + b))): Platt 1999, the targets drawn in as he says */
  LATHE_CALIBRATION_ISOTONIC, /* the best ascending function, straight between its steps: Zadrozny, Elkan 2002 */
} lathe_calibration;

/* The model with calibrated probabilities, learned from `rows` rows: `codes` are their classes (below 0: a row without one, left out),
 * `probabilities` (rows, classes) what the model gives for them, or models of other rows; `weights` (rows), NULL: 1 each. NULL with an
 * error when the model has no classes, or when the rows have not all of them. */
lathe_model *lathe_model_calibrate(const lathe_model *model, const int32_t *codes,
                                   const double *probabilities, int64_t rows, const double *weights,
                                   lathe_calibration method, lathe_error *error);

/* The model that takes a row for the second of its two classes from probability `threshold` up; NaN: for the more probable one. */
lathe_model *lathe_model_at_threshold(const lathe_model *model, double threshold, lathe_error *error);

/* The same model, which takes a row for the class whose expected cost is least: `costs` (classes, classes), the row is the class that it is
 * of, the column the one that it is taken for; NULL: for the most probable. */
lathe_model *lathe_model_at_costs(const lathe_model *model, const double *costs, lathe_error *error);

/* ---- for those who fit ---- */

/* Rows of one class against all others: the probability, whether the row is of the class (1 or 0), its weight. */
typedef struct lathe_calibration_row {
  double p, y, weight;
  int64_t row;
} lathe_calibration_row;

/* Platt: the a and b of what is above, by Newton's method (Lin, Lin, Weng 2007). */
bool lathe_calibrate_platt(const lathe_calibration_row *rows, int64_t count, double *a, double *b,
                           lathe_error *error);

/* Isotonic: knots (from, to), `*knots` of them, ascending in `from`; the rows are sorted. Both arrays have room for `count`. */
bool lathe_calibrate_isotonic(lathe_calibration_row *rows, int64_t count, double *from, double *to,
                              int64_t *knots, lathe_error *error);

#endif
