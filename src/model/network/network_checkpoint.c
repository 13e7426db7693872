/* network_checkpoint.c - what a checkpoint keeps of a network: its parameters, the state of the optimizer and of the rate, the curve. */
#include <string.h>

#include "../checkpoint.h"
#include "network.h"

/* Numbers of the training, in one array. */
enum { EPOCH, BATCH, STEP, SUM, SUM_ROWS, BEST, PLATEAU_RATE, PLATEAU_BEST, PLATEAU_EPOCHS, NUMBERS };

enum { ARRAYS = 6, ALL = ARRAYS + 2 };

static void list_arrays(const network_training *t, lathe_checkpoint_array out[ARRAYS]) {
  network_net *net = t->net;
  const lathe_checkpoint_array list[ARRAYS] = {
      {"parameters", LATHE_DTYPE_F32, net->parameters, net->parameter},
      {"mean", LATHE_DTYPE_F32, net->statistics, net->mean},
      {"variance", LATHE_DTYPE_F32, net->statistics, net->variance},
      {"first", LATHE_DTYPE_F32, net->parameters, t->first},
      {"second", LATHE_DTYPE_F32, net->parameters, t->second},
      {"best", LATHE_DTYPE_F32, net->parameters + 2 * (int64_t)net->statistics, t->best}};
  memcpy(out, list, sizeof list);
}

bool network_checkpoint_write(const network_training *t, lathe_error *error) {
  double numbers[NUMBERS] = {[EPOCH] = t->epoch,
                             [BATCH] = (double)t->batch,
                             [STEP] = (double)t->step,
                             [SUM] = t->sum,
                             [SUM_ROWS] = t->sum_rows,
                             [BEST] = t->best_epoch,
                             [PLATEAU_RATE] = t->plateau_rate,
                             [PLATEAU_BEST] = t->plateau_best,
                             [PLATEAU_EPOCHS] = t->plateau_epochs};
  lathe_checkpoint_array list[ALL];
  list_arrays(t, list);
  list[ARRAYS] = (lathe_checkpoint_array){"numbers", LATHE_DTYPE_F64, NUMBERS, numbers};
  list[ARRAYS + 1] = (lathe_checkpoint_array){"curve", LATHE_DTYPE_F64, 3 * (int64_t)t->epoch, t->curve};
  return lathe_checkpoint_write(t->options->checkpoint, t->digest, list, ALL, error);
}

static bool get_all(const lathe_tensor_file *file, network_training *t, lathe_error *error) {
  double number[NUMBERS];
  lathe_checkpoint_array list[ALL - 1];
  lathe_tensor_view curve;
  list_arrays(t, list);
  list[ARRAYS] = (lathe_checkpoint_array){"numbers", LATHE_DTYPE_F64, NUMBERS, number};
  if (!lathe_checkpoint_fill(file, list, ALL - 1, error) ||
      !lathe_tensor_file_get(file, "curve", LATHE_DTYPE_F64, 1, &curve, error))
    return false;
  if ((double)curve.count != 3 * number[EPOCH]) return lathe_checkpoint_broken(file, error);
  if (number[EPOCH] + (number[BATCH] > 0) > t->options->epochs)
    return lathe_checkpoint_longer(file, number[EPOCH] + (number[BATCH] > 0), t->options->epochs, "epochs",
                                   error);
  if (curve.count > 0) memcpy(t->curve, curve.data, (size_t)curve.count * sizeof(double));
  t->epoch = (int32_t)number[EPOCH];
  t->batch = (int64_t)number[BATCH];
  t->step = (int64_t)number[STEP];
  t->sum = number[SUM];
  t->sum_rows = number[SUM_ROWS];
  t->best_epoch = (int32_t)number[BEST];
  t->plateau_rate = number[PLATEAU_RATE];
  t->plateau_best = number[PLATEAU_BEST];
  t->plateau_epochs = (int32_t)number[PLATEAU_EPOCHS];
  for (int32_t l = 0; l < t->net->layers; l++)
    for (int32_t p = 0; p < t->net->layer[l].panels; p++) network_transpose(t->net, l, p);
  return true;
}

bool network_checkpoint_read(network_training *t, lathe_error *error) {
  lathe_tensor_file *file;
  if (!lathe_checkpoint_open(t->options->checkpoint, t->digest, &file, error)) return false;
  bool fine = !file || get_all(file, t, error);
  lathe_tensor_file_release(file);
  return fine;
}
