/* qr.h - triangles of tall matrices. Matrices are column-major. */
#ifndef LATHE_MODEL_QR_H
#define LATHE_MODEL_QR_H

#include "../../base/error.h"

/* Overwrite the upper triangle of `a` (rows, columns) with R of its QR factorisation by Householder
 * reflections; what is below is not to be used. Few columns are done here, many by OpenBLAS (dgeqrf) where it
 * is on this machine. */
bool lathe_qr_triangle(double *a, int64_t rows, int32_t columns, lathe_error *error);

/* The same without OpenBLAS: the plain routine that judges the other. */
void lathe_qr_triangle_ref(double *a, int64_t rows, int32_t columns);

/* Triangle of the first `columns` columns of the triangle `r` (size, size), without those that are, to a part
 * `tolerance` of their norm, combinations of the ones before them; `kept` says which stay. The columns from
 * `columns` on are transformed along. Returns how many stay; the triangle stands in their columns, in rows
 * from 0. */
int32_t lathe_qr_reduce(double *r, int32_t size, int32_t columns, double tolerance, bool *kept);

#endif
