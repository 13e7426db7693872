/* network_fit.h - what the files that make a model of a network share: a model on its way. */
#ifndef LATHE_MODEL_NETWORK_FIT_H
#define LATHE_MODEL_NETWORK_FIT_H

#include "network.h"
#include "../training.h"
#include "../validation.h"

typedef struct network_fit {
  const lathe_model *from; /* the model that it goes on from; NULL: none */
  bool known;              /* its target is that of `from`, and its head stays */
  lathe_recipe *recipe;
  const lathe_table *table;
  const lathe_network_options *options;
  lathe_training training;
  const lathe_column *column; /* the target of a classification */
  lathe_classes classes;
  int32_t targets; /* of a regression; 0: classes */
  double **number; /* (targets) each (rows) */
  double *weight;  /* NULL: all 1 */
  lathe_validation validation;
  double *target_mean, *target_scale; /* (targets) what is predicted is a number of scales from the mean */
  double *share;                      /* (classes) of the weight that is learned from */
  double baseline[2];                 /* the loss of the best constant, of each part; NaN: no rows */
  network_rows rows;
  float *standard, *light; /* (rows, targets) and (rows): the targets and the weights as the net takes them */
  network_net net;
  char digest[33];
  network_training train;
} network_fit;

/* How many outputs the head has. */
int32_t network_outputs(const network_fit *fit);

/* The targets of a regression; an error as of any regression, for each of them. */
bool network_read_numbers(network_fit *fit, lathe_error *error);

/* ---- network_options.c ---- */
bool network_check_options(const lathe_network_options *options, lathe_error *error);
bool network_digest(network_fit *fit, lathe_error *error);

/* ---- network_rows.c ---- */

/* The value of operator `matrix` as float32, row by row. A number that is missing or infinite is an error that names its column; the code of
 * a category may be missing. Columns of sizes so different that they will hardly be learned from are noted. */
bool network_read_features(const lathe_prepared *prepared, const lathe_table *table, network_rows *rows,
                           lathe_names *notes, lathe_progress *progress, lathe_error *error);

/* The target and the weights in the units of the net; the losses of the best constants. */
bool network_read_target(network_fit *fit, lathe_error *error);

/* Rows of each part, in their order. */
bool network_list_rows(network_fit *fit, lathe_error *error);

/* ---- network_model.c ---- */

/* Train, and make the model; the recipe and the table are set, and `from` where there is one. */
lathe_model *network_fit_all(network_fit *fit, lathe_progress *progress, lathe_error *error);
bool network_make_inputs(network_fit *fit,
                         lathe_error *error); /* numbers and embeddings, from the features */

/* ---- network_continue.c: with `from` ---- */
bool network_begin_from(network_fit *fit, lathe_error *error); /* the model and its features */
bool network_read_known(network_fit *fit, lathe_error *error); /* the target, when it is the same */
bool network_read_net(network_fit *fit, lathe_error *error);   /* layers, with what they have learned */

/* ---- network_graph.c ---- */

/* The operators of the net behind the graph's matrix. Batch norm goes into the weights before it. */
bool network_add_graph(network_fit *fit, lathe_error *error);

#endif
