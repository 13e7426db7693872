/* boosting_checkpoint.c - what a checkpoint keeps of boosting: the trees so far and the curve; the scores of the rows follow from the trees. */
#include <string.h>

#include "boosting.h"
#include "trees_checkpoint.h"

enum { CURVE, GAIN, ARRAYS };

bool boost_checkpoint_write(const boost_training *t, lathe_error *error) {
  lathe_checkpoint_array list[ARRAYS + TREES_CHECKPOINT_ARRAYS] = {
      [CURVE] = {"curve", LATHE_DTYPE_F64, 2 * ((int64_t)t->rounds + 1), t->curve},
      [GAIN] = {"gain", LATHE_DTYPE_F64, t->trees.nodes, t->gain}};
  trees_checkpoint_list(&t->trees, list + ARRAYS);
  return lathe_checkpoint_write(t->options->checkpoint, t->digest, list, ARRAYS + TREES_CHECKPOINT_ARRAYS,
                                error);
}

static bool get_all(const lathe_tensor_file *file, boost_training *t, lathe_error *error) {
  lathe_tensor_view curve;
  if (!lathe_tensor_file_get(file, "curve", LATHE_DTYPE_F64, 1, &curve, error) ||
      !trees_checkpoint_take(file, &t->trees, error) ||
      !lathe_checkpoint_take(file, "gain", LATHE_DTYPE_F64, &t->trees.nodes, &t->gain, error))
    return false;
  t->gain_room = t->trees.nodes;
  int64_t rounds = curve.count / 2 - 1;
  if (curve.count % 2 != 0 || rounds < 1 || t->trees.trees != rounds * t->target.outputs)
    return lathe_checkpoint_broken(file, error);
  if (rounds > t->options->rounds)
    return lathe_checkpoint_longer(file, (double)rounds, t->options->rounds, "rounds", error);
  memcpy(t->curve, curve.data, (size_t)curve.count * sizeof(double));
  t->rounds = (int32_t)rounds;
  for (int32_t r = 1; r < t->rounds; r++)
    if (!(t->curve[r].loss[1] >= t->curve[t->best].loss[1])) t->best = r;
  return true;
}

bool boost_checkpoint_read(boost_training *t, lathe_error *error) {
  lathe_tensor_file *file;
  if (!lathe_checkpoint_open(t->options->checkpoint, t->digest, &file, error)) return false;
  bool fine = !file || get_all(file, t, error);
  lathe_tensor_file_release(file);
  for (int32_t i = 0; fine && i < t->trees.trees; i++)
    fine =
        boost_add_walks(t->bins, &t->trees, i, NULL,
                        t->target.score + (int64_t)t->trees.output[i] * t->target.rows, t->progress, error);
  return fine;
}
