/* glm_own.h - what the files of glm.h share: one problem on its way. */
#ifndef LATHE_MODEL_GLM_OWN_H
#define LATHE_MODEL_GLM_OWN_H

#include "../../graph/run.h"
#include "glm.h"
#include "quadratic.h"

#define GLM_SEPARATED 1e-9 /* the mean loss of a row */

/* The design's columns are (x - mean) / unit of the features, and behind them 1 when there is an intercept. Function `o` is the log odds,
 * or the exponent, of class o + first, or that of a count. */
typedef struct glm_problem {
  const lathe_glm_data *data;
  const lathe_glm_memory *memory;
  const lathe_run *run;
  int64_t rows;
  int32_t width, columns, outputs, first, parameters;
  bool intercept;
  bool light;    /* only the loss is asked for */
  int64_t apart; /* 1: all strips; more: a sample of them, so far apart */
  double l1, l2, settled;
  double counted, weight; /* of the rows here */
  double base;            /* what the loss is rounded against, beside itself */
  double *mean, *unit;    /* (width) */
  const double *
      *whole;     /* (width): the features as they stand in the table, from which strips are made; or NULL */
  double *design; /* without those: all chunks, each (columns, rows of a chunk) */
  double *theta;  /* (outputs, columns) */
  double *sums;   /* (group): loss, gradient, Hessian */
  int64_t sum_size, group, begin;
  const double *last_step; /* (parameters) */
  double *found;           /* (chunks) */
  lathe_progress *progress;
} glm_problem;

/* The design of all rows is ready (glm_sums.c). */
bool glm_open(glm_problem *work, lathe_error *error);
void glm_close(glm_problem *work);

/* Loss, gradient and Hessian, both halves of its blocks, at theta, with penalties and what is remembered. The gradient is that of the
 * smooth part. */
bool glm_evaluate(glm_problem *work, double *total, lathe_error *error);
double glm_penalty(const glm_problem *work); /* in that loss */

/* Over all rows: the largest change of an exponent by the last step; the least margin by which a row's own class is ahead of the others;
 * Pearson's sum. */
typedef enum glm_question { GLM_CHANGE, GLM_MARGIN, GLM_PEARSON } glm_question;
bool glm_ask(glm_problem *work, glm_question question, double *answer, lathe_error *error);

/* Newton's method (glm_newton.c). */
typedef struct glm_newton {
  double *now, *next;    /* loss, gradient, Hessian */
  double *step, *factor; /* (parameters), (parameters, parameters) */
  double *kept_theta;
  bool *kept;
  lathe_quadratic quadratic; /* with l1 */
  double *right, *penalty;   /* (parameters) */
  bool stuck;                /* no part of a step would do */
  int32_t weak;              /* columns with nothing but rounding left in the last Hessian */
  bool light; /* of the last point only the loss is known: `next` and kept_theta are the one before */
  int32_t iterations;
  bool converged;
} glm_newton;

bool glm_newton_open(glm_newton *n, const glm_problem *work, lathe_error *error);
void glm_newton_close(glm_newton *n);
/* From theta to the solution; `null_loss` tells a sample's solution that does not do. */
bool glm_descend(glm_problem *work, glm_newton *n, int32_t limit, double null_loss, lathe_error *error);

#endif
