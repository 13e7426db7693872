/* products.h - A'A of a design, of all its rows or of each fold by itself, in one walk. Chunks of fixed size are added in their order. */
#ifndef LATHE_MODEL_PRODUCTS_H
#define LATHE_MODEL_PRODUCTS_H

#include "design.h"

/* `products` is (folds, size, size), upper halves, of which those of a fold hold the rows r with fold[r] = its number (0 .. folds - 1).
 * `fold` NULL, folds 1: all rows. */
bool lathe_products_of(const lathe_design *design, const int32_t *fold, int32_t folds, double *products,
                       lathe_error *error);

#endif
