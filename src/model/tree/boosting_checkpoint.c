/* boosting_checkpoint.c - where a training stands, in a file: what was killed goes on from there to the same last bit.
 *
 * The trees so far and the curve are kept; the scores of the rows follow from the trees. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../base/memory.h"
#include "../../base/safetensors.h"
#include "boosting.h"

/* The arrays of an ensemble, in the order of trees.h, and the gains beside its nodes. */
typedef struct {
  const char *name;
  lathe_dtype dtype;
  int64_t count;
  const void *data;
} array;

enum { ARRAYS = 9 };

static void list_arrays(const boost_training *t, array out[ARRAYS]) {
  const lathe_trees *trees = &t->trees;
  const array list[ARRAYS] = {{"start", LATHE_DTYPE_I32, trees->trees, trees->start},
                              {"output", LATHE_DTYPE_I32, trees->trees, trees->output},
                              {"feature", LATHE_DTYPE_I32, trees->nodes, trees->feature},
                              {"left", LATHE_DTYPE_I32, trees->nodes, trees->left},
                              {"flags", LATHE_DTYPE_U8, trees->nodes, trees->flags},
                              {"threshold", LATHE_DTYPE_F64, trees->nodes, trees->threshold},
                              {"gain", LATHE_DTYPE_F64, trees->nodes, t->gain},
                              {"sets", LATHE_DTYPE_I32, trees->sets, trees->set},
                              {"values", LATHE_DTYPE_F64, trees->values, trees->value}};
  memcpy(out, list, sizeof list);
}

bool boost_checkpoint_write(const boost_training *t, lathe_error *error) {
  static const double none = 0;
  array list[ARRAYS];
  int64_t curve[2] = {t->rounds + 1, 2};
  lathe_tensor_writer *writer = lathe_tensor_writer_new(error);
  if (!writer) return false;
  lathe_tensor_writer_seal(writer);
  bool fine = lathe_tensor_writer_metadata(writer, "format", "lathe checkpoint", 16, error) &&
              lathe_tensor_writer_metadata(writer, "digest", t->digest, strlen(t->digest), error) &&
              lathe_tensor_writer_add(writer, "curve", LATHE_DTYPE_F64, 2, curve, t->curve, error);
  list_arrays(t, list);
  for (int i = 0; fine && i < ARRAYS; i++)
    fine = lathe_tensor_writer_add(writer, list[i].name, list[i].dtype, 1, &list[i].count,
                                   list[i].data ? list[i].data : &none, error);
  fine = fine && lathe_tensor_writer_write(writer, t->options->checkpoint, error);
  lathe_tensor_writer_free(writer);
  return fine;
}

static bool broken(const boost_training *t, lathe_error *error) {
  return lathe_error_set(error, LATHE_ERROR_DATA, "%s: the checkpoint is broken; delete it to begin anew",
                         t->options->checkpoint);
}

/* An array of the file as one of our own; `count` < 0: of any length, which it gets. */
static bool get(const lathe_tensor_file *file, const char *name, lathe_dtype dtype, size_t size,
                int32_t *count, void *to, lathe_error *error) {
  lathe_tensor_view view;
  if (!lathe_tensor_file_get(file, name, dtype, 1, &view, error)) return false;
  if ((*count >= 0 && view.count != *count) || view.count > INT32_MAX)
    return lathe_error_set(error, LATHE_ERROR_DATA,
                           "%s: array \"%s\" of the checkpoint is of another size; "
                           "delete it to begin anew",
                           lathe_tensor_file_path(file), name);
  *count = (int32_t)view.count;
  void *copy = lathe_memory_raw((size_t)view.count, size, error);
  if (!copy) return false;
  memcpy(copy, view.data, (size_t)view.count * size);
  *(void **)to = copy;
  return true;
}

static bool get_trees(const lathe_tensor_file *file, boost_training *t, lathe_error *error) {
  lathe_trees *trees = &t->trees;
  trees->trees = trees->nodes = trees->sets = trees->values = -1;
  bool fine = get(file, "start", LATHE_DTYPE_I32, 4, &trees->trees, &trees->start, error) &&
              get(file, "output", LATHE_DTYPE_I32, 4, &trees->trees, &trees->output, error) &&
              get(file, "feature", LATHE_DTYPE_I32, 4, &trees->nodes, &trees->feature, error) &&
              get(file, "left", LATHE_DTYPE_I32, 4, &trees->nodes, &trees->left, error) &&
              get(file, "flags", LATHE_DTYPE_U8, 1, &trees->nodes, &trees->flags, error) &&
              get(file, "threshold", LATHE_DTYPE_F64, 8, &trees->nodes, &trees->threshold, error) &&
              get(file, "gain", LATHE_DTYPE_F64, 8, &trees->nodes, &t->gain, error) &&
              get(file, "sets", LATHE_DTYPE_I32, 4, &trees->sets, &trees->set, error) &&
              get(file, "values", LATHE_DTYPE_F64, 8, &trees->values, &trees->value, error);
  if (!fine) { /* what has no length yet has no elements */
    trees->trees = trees->nodes = trees->sets = trees->values = 0;
    return false;
  }
  trees->trees_room = trees->trees;
  trees->nodes_room = t->gain_room = trees->nodes;
  trees->sets_room = trees->sets;
  trees->values_room = trees->values;
  return true;
}

/* The seal says that nothing was changed, the digest that it is ours; so what the arrays hold is sound. */
static bool get_all(const lathe_tensor_file *file, boost_training *t, lathe_error *error) {
  lathe_tensor_view curve;
  if (!lathe_tensor_file_get(file, "curve", LATHE_DTYPE_F64, 2, &curve, error) || !get_trees(file, t, error))
    return false;
  int64_t rounds = curve.shape[0] - 1;
  if (curve.shape[1] != 2 || rounds < 1 || t->trees.trees != rounds * t->target.outputs)
    return broken(t, error);
  if (rounds > t->options->rounds)
    return lathe_error_set(error, LATHE_ERROR_DATA,
                           "%s: the checkpoint has %lld rounds, more than %d; give more rounds, or delete it",
                           t->options->checkpoint, (long long)rounds, t->options->rounds);
  memcpy(t->curve, curve.data, (size_t)curve.count * sizeof(double));
  t->rounds = (int32_t)rounds;
  for (int32_t r = 1; r < t->rounds; r++)
    if (!(t->curve[r].loss[1] >= t->curve[t->best].loss[1])) t->best = r;
  return true;
}

bool boost_checkpoint_read(boost_training *t, lathe_error *error) {
  const char *path = t->options->checkpoint;
  if (!path || access(path, F_OK) != 0) return true;
  lathe_tensor_file *file = lathe_tensor_file_open(path, error);
  if (!file) return false;
  lathe_text own = lathe_tensor_file_metadata(file, "digest");
  bool fine = lathe_tensor_file_check(file, error);
  if (fine && (!own.data || own.size != strlen(t->digest) || memcmp(own.data, t->digest, own.size) != 0))
    fine = lathe_error_set(
        error, LATHE_ERROR_DATA,
        "%s: the checkpoint is of other rows or options than these; delete it, or name another file", path);
  fine = fine && get_all(file, t, error);
  lathe_tensor_file_release(file);
  for (int32_t i = 0; fine && i < t->trees.trees; i++)
    fine =
        boost_add_walks(t->bins, &t->trees, i, NULL,
                        t->target.score + (int64_t)t->trees.output[i] * t->target.rows, t->progress, error);
  return fine;
}
