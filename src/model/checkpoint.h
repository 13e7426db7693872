/* checkpoint.h - where a training stands, in a file: what was stopped or killed goes on from there to the same last bit.
 *
 * A checkpoint is a sealed safetensors file: the arrays of a training, and the digest of everything that its result follows from (rows,
 * options, seed) but for how long it is. The seal says that nothing was changed, the digest that it is of this training; so what the
 * arrays hold is sound. A family keeps its list of arrays and nothing else of this. */
#ifndef LATHE_MODEL_CHECKPOINT_H
#define LATHE_MODEL_CHECKPOINT_H

#include "../base/safetensors.h"

typedef struct lathe_checkpoint_array {
  const char *name;
  lathe_dtype dtype;
  int64_t count;
  void *data; /* NULL with a count: the training has none */
} lathe_checkpoint_array;

/* Write the arrays of a training, in place of the file before. */
bool lathe_checkpoint_write(const char *path, const char *digest, const lathe_checkpoint_array *list,
                            int32_t count, lathe_error *error);

/* The checkpoint at `path`, to be released; `*file` is NULL where there is none (or `path` is NULL). False with an error when the file is
 * no checkpoint, or that of another training. */
bool lathe_checkpoint_open(const char *path, const char *digest, lathe_tensor_file **file,
                           lathe_error *error);

/* The arrays of a checkpoint, copied to where those of the list stand. */
bool lathe_checkpoint_fill(const lathe_tensor_file *file, const lathe_checkpoint_array *list, int32_t count,
                           lathe_error *error);

/* An array of a checkpoint in memory of its own, `*to`: of `*count` elements, or of any number, which it then gets, when that is below 0. */
bool lathe_checkpoint_take(const lathe_tensor_file *file, const char *name, lathe_dtype dtype, int32_t *count,
                           void *to, lathe_error *error);

/* What somebody who stopped a training at `done` of `of` units (rounds, epochs; the option that counts them is
 * called so; one begun counts) is told: where it goes on from, and how to have what it has learned so far.
 * `problem` is why it ended; one that is no cancel stays as it is. `path` NULL: nothing was kept. `shorter`: the
 * same training with fewer units begins as this one did. */
void lathe_checkpoint_stopped(lathe_error *problem, const char *family, const char *path, int32_t done,
                              int32_t of, const char *units, bool shorter);

/* What is wrong with a checkpoint that has another shape; and with one that is longer (`has` units) than the training is to be. */
bool lathe_checkpoint_broken(const lathe_tensor_file *file, lathe_error *error);
bool lathe_checkpoint_longer(const lathe_tensor_file *file, double has, int32_t wanted, const char *units,
                             lathe_error *error);

#endif
