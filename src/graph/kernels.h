/* kernels.h - kernels and checks of operators that have a file of their own; operators.c has the table of all kinds. */
#ifndef LATHE_GRAPH_KERNELS_H
#define LATHE_GRAPH_KERNELS_H

#include "run.h"

/* A mutable column of value `index` of a block, (LATHE_RUN_ROWS). */
static inline double *lathe_block_column(const lathe_block *block, int32_t index, int32_t column) {
  return (double *)block->value[index] + (size_t)column * LATHE_RUN_ROWS;
}

/* ---- numbers.c ---- */

bool lathe_clip_run(const lathe_operator *node, const lathe_block *block, int32_t index, lathe_error *error);
bool lathe_outside_run(const lathe_operator *node, const lathe_block *block, int32_t index,
                       lathe_error *error);
bool lathe_absent_run(const lathe_operator *node, const lathe_block *block, int32_t index,
                      lathe_error *error);
bool lathe_bin_run(const lathe_operator *node, const lathe_block *block, int32_t index, lathe_error *error);
bool lathe_bin_check(const lathe_graph *graph, const lathe_operator *node);
bool lathe_products_run(const lathe_operator *node, const lathe_block *block, int32_t index,
                        lathe_error *error);
bool lathe_products_check(const lathe_graph *graph, const lathe_operator *node);
bool lathe_project_run(const lathe_operator *node, const lathe_block *block, int32_t index,
                       lathe_error *error);

/* ---- curves.c ---- */

bool lathe_quantile_run(const lathe_operator *node, const lathe_block *block, int32_t index,
                        lathe_error *error);
bool lathe_quantile_check(const lathe_graph *graph, const lathe_operator *node);
bool lathe_probit_run(const lathe_operator *node, const lathe_block *block, int32_t index,
                      lathe_error *error);
bool lathe_yeo_johnson_run(const lathe_operator *node, const lathe_block *block, int32_t index,
                           lathe_error *error);
bool lathe_box_cox_run(const lathe_operator *node, const lathe_block *block, int32_t index,
                       lathe_error *error);

/* The transforms themselves, for those who learn their exponent: Yeo and Johnson 2000, eq. 2.1; Box and Cox 1964 (NaN unless x > 0). */
double lathe_yeo_johnson(double x, double lambda);
double lathe_box_cox(double x, double lambda);

/* The quantile of the standard normal distribution, and its coefficients: Wichura 1988, AS 241 (PPND16). In order of rising powers:
 * numerators and denominators of the middle, of the near tails, and of the far ones. */
#define LATHE_PROBIT_LEAST (1e-7 - 0x1p-52) /* the least share that has a finite quantile here */
double lathe_probit(double p);
extern const double lathe_probit_terms[6][8];

/* ---- neighbours.c ---- */

bool lathe_neighbours_run(const lathe_operator *node, const lathe_block *block, int32_t index,
                          lathe_error *error);
bool lathe_neighbours_check(const lathe_graph *graph, const lathe_operator *node);

#endif
