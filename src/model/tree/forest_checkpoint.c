/* forest_checkpoint.c - what a checkpoint keeps of a forest: the trees so far, and what they say of the rows that they have not seen. */
#include <stdio.h>
#include <string.h>

#include "../../base/hash.h"
#include "forest.h"
#include "trees_checkpoint.h"

enum { ARRAYS = 5, ALL = ARRAYS + TREES_CHECKPOINT_ARRAYS };

/* What stands beside the trees; without bags there is nothing to be judged. */
static void list_arrays(const lathe_forest *forest, const lathe_forest_data *data, int32_t trees,
                        lathe_checkpoint_array out[ARRAYS]) {
  int64_t rows = data->table->rows;
  const lathe_checkpoint_array list[ARRAYS] = {
      {"gain", LATHE_DTYPE_F64, data->ranks->features, forest->gain},
      {"splits", LATHE_DTYPE_I64, data->ranks->features, forest->splits},
      {"curve", LATHE_DTYPE_F64, trees, forest->curve},
      {"out_of_bag", LATHE_DTYPE_F64, rows * forest->trees.width, forest->out_of_bag},
      {"out_of_bag_trees", LATHE_DTYPE_I32, rows, forest->out_of_bag_trees}};
  memcpy(out, list, sizeof list);
}

bool lathe_forest_checkpoint_write(const lathe_forest *forest, const lathe_forest_data *data,
                                   const lathe_forest_limits *limits, lathe_error *error) {
  lathe_checkpoint_array list[ALL];
  list_arrays(forest, data, forest->trees.trees, list);
  trees_checkpoint_list(&forest->trees, list + ARRAYS);
  return lathe_checkpoint_write(limits->checkpoint, limits->digest, list, ALL, error);
}

static bool get_all(const lathe_tensor_file *file, lathe_forest *forest, const lathe_forest_data *data,
                    const lathe_forest_limits *limits, lathe_error *error) {
  lathe_checkpoint_array list[ARRAYS];
  if (!trees_checkpoint_take(file, &forest->trees, error)) return false;
  if (forest->trees.trees > limits->trees)
    return lathe_checkpoint_longer(file, forest->trees.trees, limits->trees, "trees", error);
  list_arrays(forest, data, forest->trees.trees, list);
  return lathe_checkpoint_fill(file, list, ARRAYS, error);
}

bool lathe_forest_checkpoint_read(lathe_forest *forest, const lathe_forest_data *data,
                                  const lathe_forest_limits *limits, lathe_error *error) {
  lathe_tensor_file *file;
  if (!lathe_checkpoint_open(limits->checkpoint, limits->digest, &file, error)) return false;
  bool fine = !file || get_all(file, forest, data, limits, error);
  lathe_tensor_file_release(file);
  return fine;
}

bool lathe_forest_digest(const lathe_forest_data *data, const lathe_forest_limits *limits,
                         const char *const *names, char digest[33], lathe_error *error) {
  const lathe_tree_data *table = data->table;
  const lathe_ranks *ranks = data->ranks;
  size_t rows = (size_t)table->rows, features = (size_t)ranks->features;
  lathe_hasher *hasher = lathe_hasher_new(error);
  if (!hasher) return false;
  char text[200];
  int size = snprintf(text, sizeof text, "forest 1 %llu %d %d %d %d %d %d %d %d %d %zu %zu",
                      (unsigned long long)limits->seed, limits->extra, limits->bootstrap, limits->entropy,
                      limits->max_depth, limits->min_split, limits->min_leaf, limits->features, limits->draws,
                      table->classes, rows, features);
  lathe_hasher_add(hasher, text, (size_t)size);
  for (size_t j = 0; j < features; j++) {
    lathe_hasher_add(hasher, names[j], strlen(names[j]) + 1);
    if (ranks->categories[j] > 0) continue;
    lathe_hasher_add(hasher, ranks->low[j], (size_t)ranks->count[j] * sizeof(double));
    lathe_hasher_add(hasher, ranks->high[j], (size_t)ranks->count[j] * sizeof(double));
  }
  lathe_hasher_add(hasher, ranks->categories, features * sizeof *ranks->categories);
  lathe_hasher_add(hasher, ranks->rank, rows * (size_t)ranks->step * sizeof *ranks->rank);
  if (table->classes > 0)
    lathe_hasher_add(hasher, table->code, rows * sizeof *table->code);
  else
    lathe_hasher_add(hasher, table->target, rows * sizeof *table->target);
  if (table->weight) lathe_hasher_add(hasher, table->weight, rows * sizeof *table->weight);
  lathe_hasher_finish(hasher, digest);
  lathe_hasher_free(hasher);
  return true;
}
