/* trees_checkpoint.h - the trees of an ensemble in a checkpoint. */
#ifndef LATHE_MODEL_TREES_CHECKPOINT_H
#define LATHE_MODEL_TREES_CHECKPOINT_H

#include "../../graph/trees.h"
#include "../checkpoint.h"

enum { TREES_CHECKPOINT_ARRAYS = 8 };

/* The arrays of an ensemble, to be written; and read back into one that has none. */
void trees_checkpoint_list(const lathe_trees *trees, lathe_checkpoint_array out[TREES_CHECKPOINT_ARRAYS]);
bool trees_checkpoint_take(const lathe_tensor_file *file, lathe_trees *trees, lathe_error *error);

#endif
