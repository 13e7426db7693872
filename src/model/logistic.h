/* logistic.h - logistic regression by Newton's method.
 *
 * Minimises the sum over rows of -log(probability of the row's class) + l2 / 2 * (sum of squared weights); intercepts are not
 * penalised (l2 is 1 / C of scikit-learn). Two classes have one linear function z, the log odds of the second. More have one each
 * (softmax); without a penalty the first class's is 0, because only differences matter. Each step solves with the Hessian, is
 * halved until the loss falls, and the last ones double the digits (McCullagh, Nelder 1989, 2.5). Of many rows the
 * first steps are made on a sixteenth, strips spread evenly. Sums over rows are made of chunks of fixed size added in order. */
#ifndef LATHE_MODEL_LOGISTIC_H
#define LATHE_MODEL_LOGISTIC_H

#include "../graph/operator.h"
#include "../prepare/classes.h"

/* Parameters of all classes together, beyond which the Hessian is no longer made. */
enum { LATHE_LOGISTIC_PARAMETERS = 4000 };

typedef struct lathe_logistic_fit {
  int32_t width, outputs;          /* features; 1 for two classes, else a column for each class */
  int32_t first;                   /* 1: the first of them is 0 by definition */
  int32_t rank;                    /* free coefficients */
  int32_t iterations;              /* over all rows */
  bool converged;                  /* before the iterations ran out */
  double loss, null_loss;          /* mean -log likelihood of a row, and that of the classes' shares alone */
  double *weights, *weight_errors; /* (width, outputs); errors NaN when aliased or penalised */
  double *bias, *bias_errors;      /* (outputs) */
  bool *aliased;                   /* (width): follows from the features before it, its weights are 0 */
} lathe_logistic_fit;

/* Fit the classes by the value of operator `matrix`. `names` are its columns, for the errors. A zeroed `fit` is filled; free it in any
 * case. */
bool lathe_logistic_solve(const lathe_graph *graph, int32_t matrix, const char *const *names,
                          const lathe_table *table, const lathe_classes *classes, bool intercept, double l2,
                          int32_t iterations, lathe_logistic_fit *fit, lathe_progress *progress,
                          lathe_error *error);
void lathe_logistic_fit_free(lathe_logistic_fit *fit);

#endif
