/* boosting_options.c - the options of boosting, checked, and the hash of a training. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../base/hash.h"
#include "../../base/json.h"
#include "../../base/memory.h"
#include "boosting_fit.h"

/* A number between two, `above`: not the lower one itself. */
typedef struct {
  const char *name;
  double value, least, most;
  bool above;
} limit;

bool boost_check_options(const lathe_boosting_options *o, lathe_error *error) {
  const limit list[] = {{"delta", o->delta, 0, INFINITY, true},
                        {"quantile", o->quantile, 0, 1, true},
                        {"rounds", o->rounds, 1, BOOST_TREES, false},
                        {"rate", o->rate, 0, 1, true},
                        {"max_leaves", o->max_leaves, 0, 1 << 24, false},
                        {"max_depth", o->max_depth, 0, 1 << 16, false},
                        {"min_samples_leaf", o->min_leaf, 1, INT32_MAX, false},
                        {"min_weight", o->min_weight, 0, INFINITY, false},
                        {"l1", o->l1, 0, INFINITY, false},
                        {"l2", o->l2, 0, INFINITY, false},
                        {"min_gain", o->min_gain, 0, INFINITY, false},
                        {"max_bins", o->max_bins, 2, LATHE_BINS_MOST, false},
                        {"row_share", o->row_share, 0, 1, true},
                        {"column_share", o->column_share, 0, 1, true},
                        {"validation", o->validation, 0, 1, false},
                        {"patience", o->patience, 0, INT32_MAX, false},
                        {"checkpoint_every", o->checkpoint_every, 1, INT32_MAX, false}};
  for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
    const limit *of = &list[i];
    if (of->value >= of->least && of->value <= of->most && !isinf(of->value) &&
        !(of->above && of->value == of->least))
      continue;
    if (isinf(of->most))
      return lathe_error_set(error, LATHE_ERROR_ARGUMENT, "%s is a number %s %g, not %g", of->name,
                             of->above ? "above" : "from", of->least, of->value);
    return lathe_error_set(error, LATHE_ERROR_ARGUMENT, "%s is a number %s %g up to %g, not %g", of->name,
                           of->above ? "above" : "from", of->least, of->most, of->value);
  }
  if (o->quantile == 1 || (o->validation == 1 && !o->validation_column))
    return lathe_error_set(error, LATHE_ERROR_ARGUMENT, "%s is a share below 1",
                           o->quantile == 1 ? "quantile" : "validation");
  if (o->monotone && (o->loss == LATHE_BOOSTING_ABSOLUTE || o->loss == LATHE_BOOSTING_QUANTILE))
    return lathe_error_set(
        error, LATHE_ERROR_ARGUMENT,
        "monotone does not go with loss = \"%s\", whose leaves are quantiles; take \"huber\"",
        o->loss == LATHE_BOOSTING_ABSOLUTE ? "absolute" : "quantile");
  return true;
}

/* ---- monotone ---- */

static bool set_direction(boost_fit *fit, lathe_text name, double direction, lathe_error *error) {
  const lathe_names *features = &fit->training.prepared.features;
  int size = (int)(name.size < 200 ? name.size : 200);
  int32_t found = -1;
  for (int32_t j = 0; j < features->count; j++)
    if (strlen(features->name[j]) == name.size && !memcmp(features->name[j], name.data, name.size)) found = j;
  if (found < 0)
    return lathe_error_set(error, LATHE_ERROR_ARGUMENT,
                           "monotone names \"%.*s\", which is no feature of the model", size, name.data);
  if (fit->training.prepared.categories[found] > 0)
    return lathe_error_set(error, LATHE_ERROR_ARGUMENT,
                           "monotone names \"%.*s\", whose values are categories and have no order", size,
                           name.data);
  if (direction != -1 && direction != 0 && direction != 1)
    return lathe_error_set(error, LATHE_ERROR_ARGUMENT,
                           "monotone gives \"%.*s\" %g; it takes 1 (up), -1 (down) or 0", size, name.data,
                           direction);
  fit->monotone[found] = (int8_t)direction;
  return true;
}

bool boost_read_monotone(boost_fit *fit, lathe_error *error) {
  const char *text = fit->options->monotone;
  if (!text) return true;
  if (fit->boost.target.outputs > 1)
    return lathe_error_set(
        error, LATHE_ERROR_ARGUMENT,
        "monotone does not go with more than two classes; take a regression or two classes");
  fit->monotone = lathe_memory_new((size_t)fit->bins.width, 1, error);
  lathe_json_reader *json =
      fit->monotone ? lathe_json_reader_new(text, strlen(text), "monotone", error) : NULL;
  if (!json) return false;
  bool fine = true;
  if (lathe_json_next(json, error) != LATHE_JSON_OBJECT)
    fine = lathe_error_set(error, LATHE_ERROR_ARGUMENT, "monotone is an object such as { \"income\": 1 }");
  while (fine) {
    lathe_json_event event = lathe_json_next(json, error);
    if (event == LATHE_JSON_OBJECT_END) break;
    lathe_text key = event == LATHE_JSON_KEY ? lathe_json_text(json) : (lathe_text){"", 0};
    char *name = event == LATHE_JSON_KEY ? lathe_memory_text(key.data, key.size, error) : NULL;
    fine = name != NULL;
    if (fine) {
      event = lathe_json_next(json, error);
      bool number = event == LATHE_JSON_INTEGER || event == LATHE_JSON_NUMBER;
      fine = event != LATHE_JSON_ERROR &&
             set_direction(fit, (lathe_text){name, key.size}, number ? lathe_json_number(json) : NAN, error);
    }
    free(name);
  }
  lathe_json_reader_free(json);
  fit->boost.limits.monotone = fit->monotone;
  return fine;
}

/* ---- the hash of a training ---- */

bool boost_digest(boost_fit *fit, lathe_error *error) {
  const lathe_boosting_options *o = fit->options;
  const lathe_bins *bins = &fit->bins;
  const boost_target *target = &fit->boost.target;
  size_t rows = (size_t)bins->rows, width = (size_t)bins->width;
  lathe_hasher *hasher = lathe_hasher_new(error);
  if (!hasher) return false;
  char text[600];
  int size = snprintf(text, sizeof text,
                      "%llu %d %.17g %.17g %.17g %d %d %d %.17g %.17g %.17g %.17g %d %.17g %.17g %d %zu %zu",
                      (unsigned long long)o->fit.seed, (int)target->loss, o->delta, o->quantile, o->rate,
                      o->max_leaves, o->max_depth, o->min_leaf, o->min_weight, o->l1, o->l2, o->min_gain,
                      o->max_bins, o->row_share, o->column_share, target->outputs, rows, width);
  lathe_hasher_add(hasher, text, (size_t)size);
  for (size_t j = 0; j < width; j++) {
    const char *name = fit->training.prepared.features.name[j];
    lathe_hasher_add(hasher, name, strlen(name) + 1);
    lathe_hasher_add(hasher, bins->cut + j * LATHE_BINS_MOST, (size_t)(bins->count[j] - 1) * sizeof(double));
    if (bins->code[j]) lathe_hasher_add(hasher, bins->code[j], (size_t)bins->categories[j]);
  }
  lathe_hasher_add(hasher, bins->count, width * sizeof *bins->count);
  lathe_hasher_add(hasher, bins->column, width * rows);
  lathe_hasher_add(hasher, target->part, rows);
  if (target->number) lathe_hasher_add(hasher, target->number, rows * sizeof *target->number);
  if (target->code) lathe_hasher_add(hasher, target->code, rows * sizeof *target->code);
  if (target->weight) lathe_hasher_add(hasher, target->weight, rows * sizeof *target->weight);
  if (fit->monotone) lathe_hasher_add(hasher, fit->monotone, width);
  lathe_hasher_finish(hasher, fit->digest);
  lathe_hasher_free(hasher);
  return true;
}
