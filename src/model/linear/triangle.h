/* triangle.h - the triangle R of a design, R'R = A'A, with the target as its last column: all that least squares needs of the rows.
 *
 * Two ways lead to it. Small problems, and those that are hard, go by Householder reflections: each chunk of rows is cut down to its
 * triangle, the triangles are stacked in the order of the chunks and cut down again (TSQR: Demmel, Grigori, Hoemmen, Langou 2012). Large
 * ones go by products, A'A of the chunks added in their order, then Cholesky: a quarter of the work or less. That loses as many digits as
 * the square of the design's condition has, so it is taken back unless the variance inflation of all features together stays under
 * LATHE_TRIANGLE_INFLATION, and no feature lies far from its guessed centre: then 10 digits are safe in what follows from the triangle alone
 * (standard errors), and coefficients are once their residuals have refined them. Under LATHE_TRIANGLE_SURE, and with a part of the target
 * left unexplained, they are without that. No chunk depends on the number of threads. */
#ifndef LATHE_MODEL_TRIANGLE_H
#define LATHE_MODEL_TRIANGLE_H

#include "design.h"

#define LATHE_TRIANGLE_INFLATION 3e4
#define LATHE_TRIANGLE_SURE 2e3

typedef enum lathe_triangle_way {
  LATHE_TRIANGLE_REFLECTIONS,
  LATHE_TRIANGLE_PRODUCTS, /* to be refined */
  LATHE_TRIANGLE_PRODUCTS_SURE,
} lathe_triangle_way;

/* R to `r` (size, size), what is below the diagonal 0. Sets the centres and units of the design. `names` are its features, for the errors.
 */
bool lathe_triangle_of(lathe_design *design, int32_t matrix, const char *const *names,
                       const lathe_table *table, double *r, lathe_triangle_way *way, lathe_error *error);

/* The two ways, for tests: by reflections the design must have been measured; by products guessed. `way` tells what came of the products;
 * _REFLECTIONS: they are not to be used. */
bool lathe_triangle_by_reflections(const lathe_design *design, double *r, lathe_error *error);
bool lathe_triangle_by_products(const lathe_design *design, double *r, lathe_triangle_way *way,
                                lathe_error *error);

/* Solve R x = b and R'x = b for a triangle whose column k starts at column[k]; the norms of the rows of its inverse. */
void lathe_triangle_solve(double *const *column, int32_t rank, double *x);
void lathe_triangle_solve_transposed(double *const *column, int32_t rank, double *x);
bool lathe_triangle_norms(double *const *column, int32_t rank, double *norms, lathe_error *error);

#endif
