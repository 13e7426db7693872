/* singular.h - singular values. Matrices are column-major. */
#ifndef LATHE_MODEL_SINGULAR_H
#define LATHE_MODEL_SINGULAR_H

#include "../../base/error.h"

/* a = U diag(values) V' of `a` (rows, columns), rows >= columns: `a` becomes U diag(values), `values` (columns) descend, `v` is (columns,
 * columns), or NULL when it is not wanted. Few columns are done by one-sided rotations, many by OpenBLAS (dgesdd) where it is on this
 * machine; then `a` holds U alone times the values all the same. */
bool lathe_singular(double *a, int32_t rows, int32_t columns, double *values, double *v, lathe_error *error);

#endif
