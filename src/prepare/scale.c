/* scale.c - the step that brings numbers to one scale. */
#include <math.h>
#include <stdlib.h>

#include "../base/memory.h"
#include "own.h"

enum { METHOD, DDOF };

static const lathe_step_option options[] = {
    {"method", LATHE_OPTION_CHOICE, "standard", 0, 0, 0, "mean 0 and standard deviation 1"},
    {"ddof", LATHE_OPTION_INTEGER, NULL, 0, 0, 1, "the standard deviation divides by n - ddof"},
};

static bool scale_numbers(fitting *state, const recipe_step *step, const int32_t *chosen, int32_t count) {
  int32_t value = recipe_gather(state, chosen, count);
  lathe_facts *facts = value >= 0 ? recipe_facts(state, value, chosen) : NULL;
  double *mean = lathe_memory_new((size_t)count, sizeof *mean, state->error);
  double *scale = lathe_memory_new((size_t)count, sizeof *scale, state->error);
  bool fine = facts && mean && scale;
  for (int32_t c = 0; fine && c < count; c++) {
    const char *name = state->columns[chosen[c]].name;
    mean[c] = facts[c].mean;
    int64_t freedom = facts[c].present - (int64_t)step->value[DDOF].number;
    double deviation = freedom > 0 ? sqrt(facts[c].squares / (double)freedom) : 0;
    bool differs = facts[c].least < facts[c].most && deviation > 0 && isfinite(deviation);
    scale[c] = differs ? deviation : 1;
    if (!differs)
      fine = NOTE(state, "\"%s\" is %.6g in every training row; it is not scaled", name, facts[c].mean);
    fine = fine && recipe_learned(state, name, "mean %.6g, standard deviation %.6g", mean[c], deviation);
  }
  lathe_operator node = {.kind = LATHE_OPERATOR_SCALE, .tensor = {mean, scale}};
  value = fine ? recipe_add(state, &node, value) : -1;
  if (value >= 0) recipe_replace(state, chosen, count, value);
  free(facts);
  free(mean);
  free(scale);
  return value >= 0;
}

static bool fit(fitting *state, const recipe_step *step) {
  int32_t count;
  int32_t *chosen = recipe_choose(state, step, 1u << ROLE_NUMBER, ~(1u << ROLE_TEXT), &count);
  bool fine = chosen && (count == 0 || scale_numbers(state, step, chosen, count));
  free(chosen);
  return fine;
}

const recipe_kind recipe_scale = {
    "scale", "Bring numbers to one scale.", options, sizeof options / sizeof *options, NULL, fit};
