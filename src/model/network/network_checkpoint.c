/* network_checkpoint.c - where a training stands, in a file: what was stopped or killed goes on from there to the same last bit. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../base/memory.h"
#include "../../base/safetensors.h"
#include "network.h"

/* Numbers of the training, in one array. */
enum { EPOCH, BATCH, STEP, SUM, SUM_ROWS, BEST, PLATEAU_RATE, PLATEAU_BEST, PLATEAU_EPOCHS, NUMBERS };

typedef struct {
  const char *name;
  float *data; /* NULL: the training has none */
  int64_t count;
} array;

enum { ARRAYS = 6 };

static void list_arrays(const network_training *t, array out[ARRAYS]) {
  network_net *net = t->net;
  const array list[ARRAYS] = {{"parameters", net->parameter, net->parameters},
                              {"mean", net->mean, net->statistics},
                              {"variance", net->variance, net->statistics},
                              {"first", t->first, net->parameters},
                              {"second", t->second, net->parameters},
                              {"best", t->best, net->parameters + 2 * (int64_t)net->statistics}};
  memcpy(out, list, sizeof list);
}

bool network_checkpoint_write(const network_training *t, lathe_error *error) {
  const double numbers[NUMBERS] = {[EPOCH] = t->epoch,
                                   [BATCH] = (double)t->batch,
                                   [STEP] = (double)t->step,
                                   [SUM] = t->sum,
                                   [SUM_ROWS] = t->sum_rows,
                                   [BEST] = t->best_epoch,
                                   [PLATEAU_RATE] = t->plateau_rate,
                                   [PLATEAU_BEST] = t->plateau_best,
                                   [PLATEAU_EPOCHS] = t->plateau_epochs};
  int64_t count = NUMBERS, curve[2] = {t->epoch, 3};
  array list[ARRAYS];
  lathe_tensor_writer *writer = lathe_tensor_writer_new(error);
  if (!writer) return false;
  lathe_tensor_writer_seal(writer);
  bool fine = lathe_tensor_writer_metadata(writer, "format", "lathe checkpoint", 16, error) &&
              lathe_tensor_writer_metadata(writer, "digest", t->digest, strlen(t->digest), error) &&
              lathe_tensor_writer_add(writer, "numbers", LATHE_DTYPE_F64, 1, &count, numbers, error) &&
              lathe_tensor_writer_add(writer, "curve", LATHE_DTYPE_F64, 2, curve, t->curve, error);
  list_arrays(t, list);
  for (int i = 0; fine && i < ARRAYS; i++)
    fine = !list[i].data || lathe_tensor_writer_add(writer, list[i].name, LATHE_DTYPE_F32, 1, &list[i].count,
                                                    list[i].data, error);
  fine = fine && lathe_tensor_writer_write(writer, t->options->checkpoint, error);
  lathe_tensor_writer_free(writer);
  return fine;
}

static bool broken(const network_training *t, lathe_error *error) {
  return lathe_error_set(error, LATHE_ERROR_DATA, "%s: the checkpoint is broken; delete it to begin anew",
                         t->options->checkpoint);
}

static bool get_arrays(const lathe_tensor_file *file, network_training *t, lathe_error *error) {
  array list[ARRAYS];
  list_arrays(t, list);
  for (int i = 0; i < ARRAYS; i++) {
    lathe_tensor_view view;
    if (!list[i].data) continue;
    if (!lathe_tensor_file_get(file, list[i].name, LATHE_DTYPE_F32, 1, &view, error)) return false;
    if (view.count != list[i].count) return broken(t, error);
    if (view.count > 0) memcpy(list[i].data, view.data, (size_t)view.count * sizeof(float));
  }
  return true;
}

/* The seal says that nothing was changed, the digest that it is ours; so what the arrays hold is sound. */
static bool get_all(const lathe_tensor_file *file, network_training *t, lathe_error *error) {
  lathe_tensor_view numbers, curve;
  if (!lathe_tensor_file_get(file, "numbers", LATHE_DTYPE_F64, 1, &numbers, error) ||
      !lathe_tensor_file_get(file, "curve", LATHE_DTYPE_F64, 2, &curve, error) || !get_arrays(file, t, error))
    return false;
  const double *number = numbers.data;
  if (numbers.count != NUMBERS || curve.shape[1] != 3 || (double)curve.shape[0] != number[EPOCH])
    return broken(t, error);
  if (number[EPOCH] + (number[BATCH] > 0) > t->options->epochs)
    return lathe_error_set(
        error, LATHE_ERROR_DATA,
        "%s: the checkpoint is in epoch %g, and %d are wanted; give more epochs, or delete it",
        t->options->checkpoint, number[EPOCH] + 1, t->options->epochs);
  memcpy(t->curve, curve.data, (size_t)curve.count * sizeof(double));
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
  return fine;
}
