/* trees_checkpoint.c - see trees_checkpoint.h. */
#include "trees_checkpoint.h"

#include <string.h>

void trees_checkpoint_list(const lathe_trees *trees, lathe_checkpoint_array out[TREES_CHECKPOINT_ARRAYS]) {
  const lathe_checkpoint_array list[TREES_CHECKPOINT_ARRAYS] = {
      {"start", LATHE_DTYPE_I32, trees->trees, trees->start},
      {"output", LATHE_DTYPE_I32, trees->trees, trees->output},
      {"feature", LATHE_DTYPE_I32, trees->nodes, trees->feature},
      {"left", LATHE_DTYPE_I32, trees->nodes, trees->left},
      {"flags", LATHE_DTYPE_U8, trees->nodes, trees->flags},
      {"threshold", LATHE_DTYPE_F64, trees->nodes, trees->threshold},
      {"sets", LATHE_DTYPE_I32, trees->sets, trees->set},
      {"values", LATHE_DTYPE_F64, trees->values, trees->value}};
  memcpy(out, list, sizeof list);
}

bool trees_checkpoint_take(const lathe_tensor_file *file, lathe_trees *trees, lathe_error *error) {
  trees->trees = trees->nodes = trees->sets = trees->values = -1;
  bool fine =
      lathe_checkpoint_take(file, "start", LATHE_DTYPE_I32, &trees->trees, &trees->start, error) &&
      lathe_checkpoint_take(file, "output", LATHE_DTYPE_I32, &trees->trees, &trees->output, error) &&
      lathe_checkpoint_take(file, "feature", LATHE_DTYPE_I32, &trees->nodes, &trees->feature, error) &&
      lathe_checkpoint_take(file, "left", LATHE_DTYPE_I32, &trees->nodes, &trees->left, error) &&
      lathe_checkpoint_take(file, "flags", LATHE_DTYPE_U8, &trees->nodes, &trees->flags, error) &&
      lathe_checkpoint_take(file, "threshold", LATHE_DTYPE_F64, &trees->nodes, &trees->threshold, error) &&
      lathe_checkpoint_take(file, "sets", LATHE_DTYPE_I32, &trees->sets, &trees->set, error) &&
      lathe_checkpoint_take(file, "values", LATHE_DTYPE_F64, &trees->values, &trees->value, error);
  if (!fine) { /* what has no length yet has no elements */
    trees->trees = trees->nodes = trees->sets = trees->values = 0;
    return false;
  }
  trees->trees_room = trees->trees;
  trees->nodes_room = trees->nodes;
  trees->sets_room = trees->sets;
  trees->values_room = trees->values;
  return true;
}
