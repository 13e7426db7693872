/* network_rows.c - a table as a network takes it. */
#include <math.h>
#include <stdlib.h>

#include "../../base/memory.h"
#include "../../base/pool.h"
#include "../../graph/run.h"
#include "../../prepare/facts.h"
#include "network_fit.h"

/* ---- features ---- */

typedef struct {
  const lathe_run *run;
  network_rows *to;
} reading;

static bool read_chunk(void *context, int64_t chunk, lathe_error *error) {
  const reading *r = context;
  int64_t begin = chunk * LATHE_RUN_CHUNK, width = r->to->features;
  int64_t rows = r->to->rows - begin < LATHE_RUN_CHUNK ? r->to->rows - begin : LATHE_RUN_CHUNK;
  double *wide = lathe_memory_raw((size_t)(rows * width), sizeof *wide, error);
  bool fine = wide && lathe_run_block(r->run, begin, rows, wide, width, 1, error);
  float *to = r->to->matrix + begin * width;
  for (int64_t i = 0; fine && i < rows * width; i++) to[i] = (float)wide[i];
  free(wide);
  return fine;
}

/* Numbers are there and finite, and not of sizes that are orders apart. */
static bool check_features(const lathe_prepared *prepared, const lathe_table *table, lathe_names *notes,
                           lathe_progress *progress, lathe_error *error) {
  int32_t width = prepared->features.count, largest = -1;
  double size = 0;
  lathe_facts *facts = lathe_memory_new((size_t)width, sizeof *facts, error);
  bool fine = facts && lathe_facts_of(prepared->graph, prepared->matrix, table, facts, progress, error);
  for (int32_t j = 0; fine && j < width; j++) {
    if (prepared->categories[j] > 0) continue;
    fine = lathe_facts_check(&facts[j], lathe_table_rows(table), prepared->features.name[j], error);
    double most = fmax(fabs(facts[j].least), fabs(facts[j].most));
    if (fine && most > 3e38)
      fine = lathe_error_set(error, LATHE_ERROR_DATA,
                             "\"%s\" has values as large as %.3g, which float32 cannot hold; scale it first",
                             prepared->features.name[j], most);
    double spread = sqrt(facts[j].squares / (double)lathe_table_rows(table)) + fabs(facts[j].mean);
    if (spread > size) size = spread, largest = j;
  }
  if (fine && size > 100)
    fine =
        lathe_names_add(notes, error,
                        "\"%s\" has values of the size of %.3g; a network learns slowly or not at all from "
                        "features far from 1: add scale to the recipe",
                        prepared->features.name[largest], size);
  free(facts);
  return fine;
}

bool network_read_features(const lathe_prepared *prepared, const lathe_table *table, network_rows *rows,
                           lathe_names *notes, lathe_progress *progress, lathe_error *error) {
  if (!check_features(prepared, table, notes, progress, error)) return false;
  rows->rows = lathe_table_rows(table);
  rows->features = prepared->features.count;
  rows->matrix = lathe_memory_raw((size_t)(rows->rows * rows->features), sizeof(float), error);
  lathe_run *run = rows->matrix ? lathe_run_new(prepared->graph, prepared->matrix, table, error) : NULL;
  reading r = {run, rows};
  bool fine = run && lathe_pool_run((rows->rows + LATHE_RUN_CHUNK - 1) / LATHE_RUN_CHUNK, read_chunk, &r,
                                    progress, error);
  lathe_run_free(run);
  return fine;
}

/* ---- the target ---- */

static double weight_of(const network_fit *fit, int64_t r) {
  return fit->weight ? fit->weight[r] : 1;
}

/* Mean and deviation of one target in the rows that are learned from; its column of `standard`. */
static bool standardise_one(network_fit *fit, int32_t k, lathe_error *error) {
  int64_t rows = lathe_table_rows(fit->table);
  double sum = 0, squares = 0, total = 0, *mean = &fit->target_mean[k], *scale = &fit->target_scale[k];
  for (int64_t r = 0; r < rows; r++) {
    if (fit->validation.part[r] != LATHE_PART_LEARN) continue;
    sum += weight_of(fit, r) * fit->number[k][r];
    total += weight_of(fit, r);
  }
  if (!fit->known) *mean = sum / total;
  for (int64_t r = 0; r < rows; r++) {
    double apart = fit->number[k][r] - *mean;
    if (fit->validation.part[r] == LATHE_PART_LEARN) squares += weight_of(fit, r) * apart * apart;
  }
  if (!fit->known) *scale = sqrt(squares / total);
  if (!(*scale > 0) || !isfinite(*scale))
    return lathe_error_set(
        error, LATHE_ERROR_DATA,
        "the target \"%s\" %s in the rows that are learned from; there is nothing to learn",
        lathe_recipe_target_at(fit->recipe, k), *scale == 0 ? "has one value" : "is too large to be squared");
  for (int64_t r = 0; r < rows; r++)
    fit->standard[r * fit->targets + k] = (float)((fit->number[k][r] - *mean) / *scale);
  return true;
}

static bool standardise(network_fit *fit, lathe_error *error) {
  size_t values = (size_t)lathe_table_rows(fit->table) * (size_t)fit->targets;
  fit->rows.number = fit->standard = lathe_memory_raw(values, sizeof(float), error);
  for (int32_t k = 0; fit->standard && k < fit->targets; k++)
    if (!standardise_one(fit, k, error)) return false;
  return fit->standard != NULL;
}

/* Weights with mean 1 among the rows that are learned from. */
static bool lighten(network_fit *fit, lathe_error *error) {
  int64_t rows = lathe_table_rows(fit->table);
  double sum = 0;
  if (!fit->weight) return true;
  for (int64_t r = 0; r < rows; r++) sum += fit->validation.part[r] == LATHE_PART_LEARN ? fit->weight[r] : 0;
  fit->light = lathe_memory_raw((size_t)rows, sizeof(float), error);
  for (int64_t r = 0; fit->light && r < rows; r++)
    fit->light[r] = (float)(fit->weight[r] * (double)fit->validation.learned / sum);
  fit->rows.weight = fit->light;
  return fit->light != NULL;
}

/* Half the squares of the targets, in units of the net, from the means of the rows that are learned from. */
static double half_squares(const network_fit *fit, int64_t r) {
  double sum = 0;
  for (int32_t k = 0; k < fit->targets; k++) {
    double z = (double)fit->standard[r * fit->targets + k];
    sum += z * z / 2;
  }
  return sum / fit->targets;
}

/* The loss of the best constant: of numbers their means, of classes their shares. */
static bool measure_baseline(network_fit *fit, lathe_error *error) {
  int64_t rows = lathe_table_rows(fit->table);
  double total[2] = {0}, *share = lathe_memory_new((size_t)fit->classes.count + 1, sizeof *share, error);
  fit->share = share;
  if (!share) return false;
  fit->baseline[0] = fit->baseline[1] = 0;
  for (int64_t r = 0; r < rows; r++)
    if (fit->validation.part[r] == LATHE_PART_LEARN && fit->targets == 0)
      share[fit->classes.codes[r]] += weight_of(fit, r);
  double learned = 0;
  for (int32_t k = 0; k < fit->classes.count; k++) learned += share[k];
  for (int32_t k = 0; k < fit->classes.count; k++) share[k] /= learned;
  for (int64_t r = 0; r < rows; r++) {
    int part = fit->validation.part[r];
    if (part == LATHE_PART_NONE) continue;
    double w = weight_of(fit, r);
    double loss = fit->targets > 0 ? half_squares(fit, r) : -log(fmax(share[fit->classes.codes[r]], 1e-300));
    fit->baseline[part] += w * loss;
    total[part] += w;
  }
  for (int part = 0; part < 2; part++) fit->baseline[part] /= total[part];
  return true;
}

bool network_read_target(network_fit *fit, lathe_error *error) {
  fit->rows.code = fit->targets > 0 ? NULL : fit->classes.codes;
  return (fit->targets == 0 || standardise(fit, error)) && lighten(fit, error) &&
         measure_baseline(fit, error);
}

bool network_list_rows(network_fit *fit, lathe_error *error) {
  network_training *t = &fit->train;
  int64_t rows = lathe_table_rows(fit->table);
  if (rows > INT32_MAX)
    return lathe_error_set(error, LATHE_ERROR_DATA, "a network takes up to %d rows, not %lld; take a sample",
                           INT32_MAX, (long long)rows);
  t->learn = lathe_memory_raw((size_t)fit->validation.learned, sizeof *t->learn, error);
  t->validate = lathe_memory_raw((size_t)fit->validation.validated, sizeof *t->validate, error);
  if (!t->learn || !t->validate) return false;
  for (int64_t r = 0; r < rows; r++) {
    if (fit->validation.part[r] == LATHE_PART_LEARN) t->learn[t->learned++] = (int32_t)r;
    if (fit->validation.part[r] == LATHE_PART_VALIDATE) t->validate[t->validated++] = (int32_t)r;
  }
  return true;
}
