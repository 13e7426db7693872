/* boosting_fit.h - what boosting_model.c and boosting_options.c share: a model on its way. */
#ifndef LATHE_MODEL_BOOSTING_FIT_H
#define LATHE_MODEL_BOOSTING_FIT_H

#include "boosting.h"
#include "../training.h"

enum { BOOST_TREES = 200000 }; /* at most */

typedef struct boost_fit {
  lathe_recipe *recipe;
  const lathe_table *table;
  const lathe_boosting_options *options;
  lathe_training training;
  const lathe_column *column; /* the target of a classification */
  lathe_classes classes;
  double *number, *weight; /* of a regression; NULL: all 1 */
  uint8_t *part;
  int64_t learned, validated; /* rows of each part */
  int8_t *monotone;
  lathe_bins bins;
  char digest[33];
  boost_training boost;
} boost_fit;

/* Whether the options are ones; the directions of features; the hash of everything that the trees follow from. */
bool boost_check_options(const lathe_boosting_options *options, lathe_error *error);
bool boost_read_monotone(boost_fit *fit, lathe_error *error);
bool boost_digest(boost_fit *fit, lathe_error *error);

#endif
