/* own.h - what the files of model/ share. */
#ifndef LATHE_MODEL_OWN_H
#define LATHE_MODEL_OWN_H

#include <stdatomic.h>

#include "../prepare/names.h"
#include "linear.h"
#include "model.h"

struct lathe_model {
  atomic_int references;
  lathe_graph *graph;
  char *target, *recipe, *card;
  bool int8;
  lathe_linear_figures figures;
  lathe_names features; /* the intercept first, when there is one */
  double *estimates, *errors;
  lathe_names notes;
};

lathe_model *lathe_model_new(lathe_error *error);

/* Write the model card, from all else. */
bool lathe_model_write_card(lathe_model *model, lathe_error *error);

#endif
