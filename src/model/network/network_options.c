/* network_options.c - the options of networks, checked, and the hash of a training. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "../../base/hash.h"
#include "network_fit.h"

/* A number between two; above: not the lower one itself; below: not the upper one. */
typedef struct {
  const char *name;
  double value, least, most;
  bool above, below;
} limit;

static bool check_limit(const limit *of, lathe_error *error) {
  if (of->value >= of->least && of->value <= of->most && !isinf(of->value) &&
      !(of->above && of->value == of->least) && !(of->below && of->value == of->most))
    return true;
  if (isinf(of->most))
    return lathe_error_set(error, LATHE_ERROR_ARGUMENT, "%s is a number %s %g, not %g", of->name,
                           of->above ? "above" : "from", of->least, of->value);
  return lathe_error_set(error, LATHE_ERROR_ARGUMENT, "%s is a number %s %g %s %g, not %g", of->name,
                         of->above ? "above" : "from", of->least, of->below ? "and below" : "up to", of->most,
                         of->value);
}

bool network_check_options(const lathe_network_options *o, lathe_error *error) {
  const limit list[] = {{"rate", o->rate, 0, INFINITY, true, false},
                        {"momentum", o->momentum, 0, 1, false, true},
                        {"beta1", o->beta1, 0, 1, false, true},
                        {"beta2", o->beta2, 0, 1, false, true},
                        {"epsilon", o->epsilon, 0, INFINITY, true, false},
                        {"decay", o->decay, 0, INFINITY, false, false},
                        {"l1", o->l1, 0, INFINITY, false, false},
                        {"l2", o->l2, 0, INFINITY, false, false},
                        {"dropout", o->dropout, 0, 1, false, true},
                        {"schedule_factor", o->schedule_factor, 0, 1, true, false},
                        {"schedule_floor", o->schedule_floor, 0, 1, false, false},
                        {"schedule_every", o->schedule_every, 1, INT32_MAX, false, false},
                        {"warmup", o->warmup, 0, o->epochs, false, false},
                        {"batch", o->batch, 1, 1 << 24, false, false},
                        {"epochs", o->epochs, 1, 10000000, false, false},
                        {"embedding", o->embedding, 0, 4096, false, false},
                        {"validation", o->validation, 0, 1, false, !o->validation_column},
                        {"patience", o->patience, 0, INT32_MAX, false, false},
                        {"checkpoint_every", o->checkpoint_every, 1, INT32_MAX, false, false}};
  for (size_t i = 0; i < sizeof list / sizeof *list; i++)
    if (!check_limit(&list[i], error)) return false;
  if (o->layer_count < 0 || o->layer_count >= NETWORK_LAYERS)
    return lathe_error_set(error, LATHE_ERROR_ARGUMENT, "layers are up to %d hidden ones, not %d",
                           NETWORK_LAYERS - 1, o->layer_count);
  for (int32_t l = 0; l < o->layer_count; l++)
    if (o->layers[l] < 1 || o->layers[l] > 65536)
      return lathe_error_set(error, LATHE_ERROR_ARGUMENT, "layer %d has %d units; it takes 1 to 65536", l + 1,
                             o->layers[l]);
  return true;
}

/* Everything that the result follows from but the number of epochs, so that a training can be made longer. */
bool network_digest(network_fit *fit, lathe_error *error) {
  const lathe_network_options *o = fit->options;
  const network_net *net = &fit->net;
  size_t rows = (size_t)fit->rows.rows;
  lathe_hasher *hasher = lathe_hasher_new(error);
  if (!hasher) return false;
  char text[700];
  int size = snprintf(
      text, sizeof text,
      "network 1 %llu %d %d %d %.17g %d %.17g %.17g %d %.17g %.17g %.17g %.17g %.17g %.17g %d %.17g %.17g %d "
      "%.17g %d %d %zu",
      (unsigned long long)o->fit.seed, (int)fit->train.loss, (int)o->activation, o->norm, o->dropout,
      (int)o->optimizer, o->rate, o->momentum, o->nesterov, o->beta1, o->beta2, o->epsilon, o->decay, o->l1,
      o->l2, (int)o->schedule, o->schedule_factor, o->schedule_floor, o->schedule_every, o->warmup, o->batch,
      o->schedule == LATHE_SCHEDULE_COSINE ? o->epochs : 0, rows);
  lathe_hasher_add(hasher, text, (size_t)size);
  for (int32_t j = 0; j < fit->rows.features; j++) {
    const char *name = fit->training.prepared.features.name[j];
    lathe_hasher_add(hasher, name, strlen(name) + 1);
  }
  for (int32_t l = 0; l < net->layers; l++) {
    lathe_hasher_add(hasher, &net->layer[l].in, sizeof(int32_t));
    lathe_hasher_add(hasher, &net->layer[l].out, sizeof(int32_t));
    lathe_hasher_add(hasher, &net->layer[l].frozen, sizeof(bool));
  }
  for (int32_t i = 0; i < net->embeddings; i++) {
    lathe_hasher_add(hasher, &net->embedding[i].codes, sizeof(int32_t));
    lathe_hasher_add(hasher, &net->embedding[i].width, sizeof(int32_t));
  }
  lathe_hasher_add(hasher, net->parameter,
                   (size_t)net->parameters * sizeof(float)); /* as they are at first */
  lathe_hasher_add(hasher, fit->rows.matrix, rows * (size_t)fit->rows.features * sizeof(float));
  lathe_hasher_add(hasher, fit->validation.part, rows);
  if (fit->rows.number)
    lathe_hasher_add(hasher, fit->rows.number, rows * (size_t)fit->targets * sizeof(float));
  if (fit->rows.code) lathe_hasher_add(hasher, fit->rows.code, rows * sizeof(int32_t));
  if (fit->rows.weight) lathe_hasher_add(hasher, fit->rows.weight, rows * sizeof(float));
  lathe_hasher_finish(hasher, fit->digest);
  lathe_hasher_free(hasher);
  return true;
}
