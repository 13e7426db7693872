/* probabilities.h - for operators.c and those who calibrate: the operators that make probabilities of other probabilities.
 *
 *   log_odds     of each column p: log(p / (1 - p)), where p is kept at least LATHE_LOG_ODDS_LEAST away from 0 and 1
 *   interpolate  one column x to value[k] + (x - base[k]) slope[k], where k is the last place from 1 with base[k] <= x, and 0 when there is
 *                none; base ascends from place 1
 *   shares       one column p to 1 - p and p; several columns divided by their sum, and equal shares where that is 0 */
#ifndef LATHE_GRAPH_PROBABILITIES_H
#define LATHE_GRAPH_PROBABILITIES_H

#include "operator.h"

#define LATHE_LOG_ODDS_LEAST 1e-12

/* The arrays of interpolate: double (length), 2 at least. */
enum { LATHE_INTERPOLATE_BASE, LATHE_INTERPOLATE_VALUE, LATHE_INTERPOLATE_SLOPE };

double lathe_log_odds(double p);
double lathe_interpolate(const double *base, const double *value, const double *slope, int32_t length,
                         double x);

bool lathe_log_odds_run(const lathe_operator *node, const lathe_block *block, int32_t index,
                        lathe_error *error);
bool lathe_interpolate_run(const lathe_operator *node, const lathe_block *block, int32_t index,
                           lathe_error *error);
bool lathe_interpolate_check(const lathe_graph *graph, const lathe_operator *node);
bool lathe_shares_run(const lathe_operator *node, const lathe_block *block, int32_t index,
                      lathe_error *error);

#endif
