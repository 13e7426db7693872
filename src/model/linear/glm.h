/* glm.h - generalised linear models by Newton's method: classes (logistic, of several softmax) and counts (Poisson, log link).
 *
 * Minimises the sum over rows of w times the loss of the row, plus l1 times the sum of |weight| and l2 / 2 times the sum of weight^2;
 * intercepts are not penalised (scikit-learn's 1 / C is l1 or l2). The loss is -log(probability of the row's class), or half the deviance
 * of a count. Two classes have one linear function z, the log odds of the second. More have one each (softmax); without a penalty the first
 * class's is 0, because only differences matter. A count has the mean exp(z + offset). Each step solves with the Hessian, with l1 the
 * quadratic beside it (quadratic.h), is halved until the loss falls, and the last ones double the digits (McCullagh, Nelder 1989, 2.5;
 * Lee, Sun, Saunders 2014). Of many rows the first steps are made on a sixteenth, strips spread evenly. Sums over rows are made of
 * chunks of fixed size added in order. */
#ifndef LATHE_MODEL_GLM_H
#define LATHE_MODEL_GLM_H

#include "../../graph/operator.h"
#include "../../prepare/classes.h"

/* Parameters of all classes together, beyond which the Hessian is no longer made. */
enum { LATHE_GLM_PARAMETERS = 4000 };

typedef enum lathe_glm_family { LATHE_GLM_CLASSES, LATHE_GLM_COUNTS } lathe_glm_family;

/* What is learned from: the value of operator `matrix` and what each row should give. `names` are its columns, for the errors. */
typedef struct lathe_glm_data {
  lathe_glm_family family;
  const lathe_graph *graph;
  int32_t matrix;
  const char *const *names;
  const lathe_table *table;
  const lathe_classes *classes;  /* of classes */
  const double *target, *offset; /* of counts: (rows); offset may be NULL */
  const double *weights;         /* (rows); NULL: all 1 */
} lathe_glm_data;

/* What an earlier fit knows of its rows, instead of the rows: their loss with l2, without l1, as far as its second derivatives, about
 * `theta`, in units and centres of its own, in the order of the solver; and sums over the rows. */
typedef struct lathe_glm_memory {
  int32_t width, parameters, null_count;
  double *mean, *unit; /* (width) */
  double *theta, *gradient,
      *curvature; /* (parameters), (parameters), (parameters, parameters): the upper half */
  double loss, pearson, counted, weight;
  double *null; /* what the loss of a constant takes: (classes): their weights; or (LATHE_GLM_NULL_COUNTS) */
} lathe_glm_memory;

/* Sums over rows of w times: y; exp(offset); y ln y - y - y offset; ln y! - y ln y + y. */
enum { LATHE_GLM_NULL_COUNTS = 4 };

typedef struct lathe_glm_settings {
  bool intercept;
  double l1, l2;
  int32_t iterations;
  const lathe_glm_memory *memory;           /* NULL: there were no rows before; else l2 is in it */
  const double *start_weights, *start_bias; /* (width, outputs), (outputs): where to begin; NULL: at 0 */
} lathe_glm_settings;

typedef struct lathe_glm_fit {
  int32_t width, outputs;          /* features; 1 for two classes and counts, else a column for each class */
  int32_t first;                   /* 1: the first of them is 0 by definition */
  int32_t rank, nonzero;           /* free coefficients; weights that are not 0 */
  int32_t iterations;              /* over all rows */
  bool converged;                  /* before the iterations ran out */
  double counted, weight;          /* rows of a weight above 0; the sum of the weights */
  double loss, null_loss;          /* sums over rows, without penalties; that of a constant */
  double likelihood_constant;      /* of counts: log likelihood = -loss - this */
  double pearson;                  /* of counts: the sum of w (y - mean)^2 / mean */
  double *weights, *weight_errors; /* (width, outputs); errors NaN when aliased or penalised */
  double *bias, *bias_errors;      /* (outputs) */
  bool *aliased;                   /* (width): follows from the features before it, its weights are 0 */
  lathe_glm_memory memory;         /* for rows to come */
} lathe_glm_fit;

/* Fit. A zeroed `fit` is filled; free it in any case. */
bool lathe_glm_solve(const lathe_glm_data *data, const lathe_glm_settings *settings, lathe_glm_fit *fit,
                     lathe_progress *progress, lathe_error *error);
void lathe_glm_fit_free(lathe_glm_fit *fit);

/* A zeroed `memory` gets room. */
bool lathe_glm_memory_open(lathe_glm_memory *memory, int32_t width, int32_t parameters, int32_t null_count,
                           lathe_error *error);
void lathe_glm_memory_free(lathe_glm_memory *memory);

#endif
