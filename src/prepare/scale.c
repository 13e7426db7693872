/* scale.c - the step that brings numbers to one scale. A column that is the same in every training row becomes 0, whatever the method. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../base/memory.h"
#include "own.h"

enum { METHOD, DDOF, LOW, HIGH, LOWER, UPPER, QUANTILES, OUTPUT, POWER, STANDARDIZE };
enum { STANDARD, MIN_MAX, ROBUST, QUANTILE, BY_POWER };
enum { UNIFORM, NORMAL };

static const lathe_step_option options[] = {
    {"method", LATHE_OPTION_CHOICE, "standard|min-max|robust|quantile|power", 0, 0, 0,
     "mean 0 and standard deviation 1; a range; median 0 and distance of quartiles 1; the place among the "
     "quantiles; a power that makes it as normal as it gets"},
    {"ddof", LATHE_OPTION_INTEGER, NULL, 0, 0, 1, "standard: the standard deviation divides by n - ddof"},
    {"low", LATHE_OPTION_NUMBER, NULL, 0, -INFINITY, INFINITY, "min-max: what the least value becomes"},
    {"high", LATHE_OPTION_NUMBER, NULL, 1, -INFINITY, INFINITY, "min-max: what the greatest value becomes"},
    {"lower", LATHE_OPTION_NUMBER, NULL, 0.25, 0, 1, "robust: the share below the lower quantile"},
    {"upper", LATHE_OPTION_NUMBER, NULL, 0.75, 0, 1, "robust: the share below the upper quantile"},
    {"quantiles", LATHE_OPTION_INTEGER, NULL, 1000, 2, 1000000,
     "quantile: how many, at most one for each row"},
    {"output", LATHE_OPTION_CHOICE, "uniform|normal", 0, 0, 0, "quantile: the distribution that comes out"},
    {"power", LATHE_OPTION_CHOICE, "yeo-johnson|box-cox", 0, 0, 0, "power: any values, or such above 0"},
    {"standardize", LATHE_OPTION_FLAG, NULL, 1, 0, 1, "power: to mean 0 and standard deviation 1 behind it"},
};

static bool check(const recipe_step *step, lathe_error *error) {
  if (!(step->value[LOW].number < step->value[HIGH].number))
    return lathe_error_set(error, LATHE_ERROR_ARGUMENT, "scale: low = %.6g is not below high = %.6g",
                           step->value[LOW].number, step->value[HIGH].number);
  if (!(step->value[LOWER].number < step->value[UPPER].number))
    return lathe_error_set(error, LATHE_ERROR_ARGUMENT, "scale: lower = %.6g is not below upper = %.6g",
                           step->value[LOWER].number, step->value[UPPER].number);
  return true;
}

/* ---- methods that shift and divide ---- */

typedef struct {
  double lower, upper;
  double *middle, *spread;
} robust_work;

static bool robust_column(void *context, int32_t c, double *x, int64_t count, lathe_error *error) {
  (void)error;
  const robust_work *work = context;
  work->spread[c] = recipe_quantile(x, count, work->upper) - recipe_quantile(x, count, work->lower);
  work->middle[c] = recipe_median(x, count);
  return true;
}

static bool standard(fitting *state, const recipe_step *step, const char *name, const lathe_facts *facts,
                     double *mean, double *scale) {
  int64_t freedom = facts->present - (int64_t)step->value[DDOF].number;
  double deviation = freedom > 0 ? sqrt(facts->squares / (double)freedom) : 0;
  bool differs = facts->least < facts->most && deviation > 0 && isfinite(deviation);
  *mean = facts->mean;
  *scale = differs ? deviation : 1;
  return (differs ||
          NOTE(state, "\"%s\" is %.6g in every training row; it is not scaled", name, facts->mean)) &&
         recipe_learned(state, name, "mean %.6g, standard deviation %.6g", *mean, deviation);
}

static bool min_max(fitting *state, const recipe_step *step, const char *name, const lathe_facts *facts,
                    double *mean, double *scale) {
  double low = step->value[LOW].number, high = step->value[HIGH].number, range = facts->most - facts->least;
  *scale = range / (high - low);
  *mean = facts->least - low * *scale;
  if (range > 0 && isfinite(range) && *scale > 0 && isfinite(*scale))
    return recipe_learned(state, name, "%.6g to %.6g", facts->least, facts->most);
  *mean = facts->least;
  *scale = 1;
  return NOTE(state, "\"%s\" is %.6g in every training row; it is not scaled", name, facts->least) &&
         recipe_learned(state, name, "%.6g to %.6g", facts->least, facts->most);
}

static bool robust(fitting *state, const char *name, const lathe_facts *facts, double *mean, double *scale) {
  double spread = *scale;
  *scale = spread > 0 && isfinite(spread) ? spread : 1;
  if (*scale != spread && facts->least < facts->most) {
    if (!NOTE(state, "\"%s\": most values are %.6g, the distance of its quantiles is 0; it is not scaled",
              name, *mean))
      return false;
  } else if (*scale != spread &&
             !NOTE(state, "\"%s\" is %.6g in every training row; it is not scaled", name, facts->mean))
    return false;
  return recipe_learned(state, name, "median %.6g, distance of quantiles %.6g", *mean, spread);
}

static int32_t shift_and_divide(fitting *state, const recipe_step *step, const int32_t *chosen, int32_t count,
                                int32_t value, const lathe_facts *facts) {
  int method = (int)step->value[METHOD].number;
  double *mean = lathe_memory_new((size_t)count, sizeof *mean, state->error);
  double *scale = lathe_memory_new((size_t)count, sizeof *scale, state->error);
  robust_work work = {step->value[LOWER].number, step->value[UPPER].number, mean, scale};
  bool fine = mean && scale && (method != ROBUST || recipe_each_column(state, value, robust_column, &work));
  for (int32_t c = 0; fine && c < count; c++) {
    const char *name = state->columns[chosen[c]].name;
    fine = method == STANDARD  ? standard(state, step, name, &facts[c], &mean[c], &scale[c])
           : method == MIN_MAX ? min_max(state, step, name, &facts[c], &mean[c], &scale[c])
                               : robust(state, name, &facts[c], &mean[c], &scale[c]);
  }
  lathe_operator node = {.kind = LATHE_OPERATOR_SCALE, .tensor = {mean, scale}};
  value = fine ? recipe_add(state, &node, value) : -1;
  free(mean);
  free(scale);
  return value;
}

/* ---- quantiles ---- */

typedef struct {
  int64_t quantiles;
  double *list; /* (columns, quantiles) */
} quantile_work;

static bool quantile_column(void *context, int32_t c, double *x, int64_t count, lathe_error *error) {
  (void)error;
  const quantile_work *work = context;
  double *list = work->list + c * work->quantiles;
  recipe_sort(x, count);
  for (int64_t i = 0; i < work->quantiles; i++) {
    double level = i < work->quantiles - 1 ? (double)i * (1.0 / (double)(work->quantiles - 1)) : 1;
    list[i] = recipe_quantile_sorted(x, count, level * 100 / 100); /* as NumPy rounds it */
    if (i > 0 && list[i] < list[i - 1]) list[i] = list[i - 1];
  }
  return true;
}

static int32_t by_quantiles(fitting *state, const recipe_step *step, const int32_t *chosen, int32_t count,
                            int32_t value, const lathe_facts *facts) {
  int64_t rows = lathe_table_rows(state->table), quantiles = (int64_t)step->value[QUANTILES].number;
  bool normal = step->value[OUTPUT].number == NORMAL;
  if (quantiles > rows) quantiles = rows;
  double *list = lathe_memory_raw((size_t)count * (size_t)quantiles, sizeof *list, state->error);
  double *margin = lathe_memory_new((size_t)count, sizeof *margin, state->error);
  quantile_work work = {quantiles, list};
  bool fine = list && margin && recipe_each_column(state, value, quantile_column, &work);
  for (int32_t c = 0; fine && c < count; c++) {
    margin[c] = normal ? 1e-7 : 0; /* scikit-learn's BOUNDS_THRESHOLD */
    fine = recipe_learned(state, state->columns[chosen[c]].name, "%lld quantiles from %.6g to %.6g",
                          (long long)quantiles, facts[c].least, facts[c].most);
  }
  lathe_operator node = {
      .kind = LATHE_OPERATOR_QUANTILE, .tensor = {list, margin}, .size = {quantiles * count}};
  lathe_operator probit = {.kind = LATHE_OPERATOR_PROBIT};
  value = fine ? recipe_add(state, &node, value) : -1;
  if (value >= 0 && normal) value = recipe_add(state, &probit, value);
  free(list);
  free(margin);
  return value;
}

/* ---- powers ---- */

typedef struct {
  bool box_cox;
  double *lambda;
} power_work;

static bool power_column(void *context, int32_t c, double *x, int64_t count, lathe_error *error) {
  (void)error;
  const power_work *work = context;
  work->lambda[c] = recipe_power_lambda(x, count, work->box_cox);
  return true;
}

/* The operator that makes mean 0 and standard deviation 1 (ddof 0) of what the powers gave. */
static int32_t standardize(fitting *state, int32_t value, const int32_t *chosen, int32_t count) {
  lathe_facts *facts = recipe_facts(state, value, chosen);
  double *mean = lathe_memory_new((size_t)count, sizeof *mean, state->error);
  double *scale = lathe_memory_new((size_t)count, sizeof *scale, state->error);
  bool fine = facts && mean && scale;
  for (int32_t c = 0; fine && c < count; c++) {
    double deviation = sqrt(facts[c].squares / (double)facts[c].present);
    mean[c] = facts[c].mean;
    scale[c] = deviation > 0 && isfinite(deviation) ? deviation : 1;
  }
  lathe_operator node = {.kind = LATHE_OPERATOR_SCALE, .tensor = {mean, scale}};
  value = fine ? recipe_add(state, &node, value) : -1;
  free(facts);
  free(mean);
  free(scale);
  return value;
}

static int32_t by_power(fitting *state, const recipe_step *step, const int32_t *chosen, int32_t count,
                        int32_t value, const lathe_facts *facts) {
  bool box_cox = step->value[POWER].number != 0;
  double *lambda = lathe_memory_new((size_t)count, sizeof *lambda, state->error);
  power_work work = {box_cox, lambda};
  bool fine = lambda != NULL;
  for (int32_t c = 0; fine && box_cox && c < count; c++)
    if (!(facts[c].least > 0))
      fine = lathe_error_set(state->error, LATHE_ERROR_DATA,
                             "\"%s\" has values from %.6g on, and box-cox takes such above 0; take power = "
                             "\"yeo-johnson\", or name the columns",
                             state->columns[chosen[c]].name, facts[c].least);
  fine = fine && recipe_each_column(state, value, power_column, &work);
  for (int32_t c = 0; fine && c < count; c++) {
    const char *name = state->columns[chosen[c]].name;
    if (!isfinite(lambda[c]))
      fine = lathe_error_set(state->error, LATHE_ERROR_DATA,
                             "no power makes \"%s\" normal: its likelihood has no peak; scale it another way",
                             name);
    fine = fine && recipe_learned(state, name, "lambda %.6g", lambda[c]);
  }
  lathe_operator node = {.kind = box_cox ? LATHE_OPERATOR_BOX_COX : LATHE_OPERATOR_YEO_JOHNSON,
                         .tensor = {lambda}};
  value = fine ? recipe_add(state, &node, value) : -1;
  if (value >= 0 && step->value[STANDARDIZE].number != 0) value = standardize(state, value, chosen, count);
  free(lambda);
  return value;
}

/* ---- the step ---- */

/* The columns that are the same in every row become 0; the others are moved to the front of `chosen`. Their number, -1 with an error. */
static int32_t set_apart(fitting *state, int32_t *chosen, int32_t count, const lathe_facts *facts) {
  int32_t kept = 0;
  for (int32_t c = 0; c < count; c++) {
    if (facts[c].least < facts[c].most) {
      chosen[kept++] = chosen[c];
      continue;
    }
    recipe_column *column = &state->columns[chosen[c]];
    double one = 1;
    lathe_operator node = {.kind = LATHE_OPERATOR_SCALE, .tensor = {&facts[c].mean, &one}};
    int32_t value = recipe_gather(state, &chosen[c], 1);
    value = value >= 0 ? recipe_add(state, &node, value) : -1;
    if (value < 0 ||
        !NOTE(state, "\"%s\" is %.6g in every training row; it is not scaled", column->name, facts[c].mean) ||
        !recipe_learned(state, column->name, "%.6g in every row", facts[c].mean))
      return -1;
    recipe_replace(state, &chosen[c], 1, value);
  }
  return kept;
}

static bool scale_numbers(fitting *state, const recipe_step *step, int32_t *chosen, int32_t count) {
  int method = (int)step->value[METHOD].number;
  bool bends = method == QUANTILE || method == BY_POWER;
  int32_t value = recipe_gather(state, chosen, count);
  lathe_facts *facts = value >= 0 ? recipe_facts(state, value, chosen) : NULL;
  if (facts && bends) {
    int32_t kept = set_apart(state, chosen, count, facts);
    if (kept >= 0 && kept < count) {
      free(facts);
      if (kept == 0) return true;
      count = kept;
      value = recipe_gather(state, chosen, count);
      facts = value >= 0 ? recipe_facts(state, value, chosen) : NULL;
    } else if (kept < 0)
      value = -1;
  }
  if (facts && value >= 0)
    value = method == QUANTILE   ? by_quantiles(state, step, chosen, count, value, facts)
            : method == BY_POWER ? by_power(state, step, chosen, count, value, facts)
                                 : shift_and_divide(state, step, chosen, count, value, facts);
  if (facts && value >= 0) recipe_replace(state, chosen, count, value);
  bool fine = facts && value >= 0;
  free(facts);
  return fine;
}

static bool fit(fitting *state, const recipe_step *step) {
  int32_t count;
  int32_t *chosen = recipe_choose(state, step, 1u << ROLE_NUMBER, ~(1u << ROLE_TEXT), &count);
  bool fine = chosen && (count == 0 || scale_numbers(state, step, chosen, count));
  free(chosen);
  return fine;
}

const recipe_kind recipe_scale = {
    "scale", "Bring numbers to one scale.", options, sizeof options / sizeof *options, check, fit};
