/* dense.h - the operators of dense networks. They compute in float32 (product.h, activation.h), whose numbers go from operator to operator
 * as doubles. */
#ifndef LATHE_GRAPH_DENSE_H
#define LATHE_GRAPH_DENSE_H

#include "operator.h"

bool lathe_dense_run(const lathe_operator *node, const lathe_block *block, int32_t index, lathe_error *error);
void *lathe_dense_pack(const lathe_graph *graph, const lathe_operator *node, lathe_error *error);
bool lathe_activation_run(const lathe_operator *node, const lathe_block *block, int32_t index,
                          lathe_error *error);
bool lathe_embed_run(const lathe_operator *node, const lathe_block *block, int32_t index, lathe_error *error);
bool lathe_embed_check(const lathe_graph *graph, const lathe_operator *node);

#endif
