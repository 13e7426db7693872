/* own.h - what the files of model/ share. */
#ifndef LATHE_MODEL_OWN_H
#define LATHE_MODEL_OWN_H

#include <stdatomic.h>

#include "../prepare/names.h"
#include "linear.h"
#include "model.h"

/* What a fitted classification knows of the rows it learned from. */
typedef struct lathe_logistic_figures {
  bool intercept, converged;
  int32_t rank, iterations;
  int64_t rows;
  double l2, loss, null_loss;
} lathe_logistic_figures;

struct lathe_model {
  atomic_int references;
  lathe_family family;
  lathe_graph *graph;
  char *target, *recipe, *card;
  bool int8;
  lathe_linear_figures figures;    /* of LATHE_FAMILY_LINEAR */
  lathe_logistic_figures logistic; /* of LATHE_FAMILY_LOGISTIC */
  int64_t *class_rows;             /* (classes): rows of training; NULL for a regression */
  int32_t outputs;                 /* coefficients are (outputs, features): of the last `outputs` classes */
  lathe_names features;            /* the name of each coefficient; "(intercept)" before the features */
  double *estimates, *errors;      /* an error is NaN when it is not known */
  lathe_names notes;
};

lathe_model *lathe_model_new(lathe_error *error);

/* Features, the intercept counted: the coefficients of one output. */
int32_t lathe_model_terms(const lathe_model *model);

/* The word of a family in a bundle; and back (false for another word). */
const char *lathe_family_word(lathe_family family);
bool lathe_family_parse(const char *word, lathe_family *family);

/* Write the model card, from all else. */
bool lathe_model_write_card(lathe_model *model, lathe_error *error);

#endif
