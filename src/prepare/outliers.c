/* outliers.c - the step for values far out: limited, flagged, or the training rows that have them dropped. */
#include <math.h>
#include <stdlib.h>

#include "../base/memory.h"
#include "own.h"

enum { METHOD, ACTION, LIMIT, DDOF, MOST };
enum { BY_IQR, BY_ZSCORE, BY_MAD };
enum { CLIP, FLAG, DROP };

static const lathe_step_option options[] = {
    {"method", LATHE_OPTION_CHOICE, "iqr|z-score|mad", 0, 0, 0,
     "how far: in ranges between the quartiles beyond them, in standard deviations from the mean, or in "
     "median "
     "distances from the median"},
    {"action", LATHE_OPTION_CHOICE, "clip|flag|drop", 0, 0, 0,
     "what is done: limited, a feature outlier(NAME), or training rows dropped"},
    {"limit", LATHE_OPTION_NUMBER, NULL, NAN, 0, INFINITY,
     "how far is far out: 1.5 (iqr), 3 (z-score), 3.5 (mad)"},
    {"ddof", LATHE_OPTION_INTEGER, NULL, 0, 0, 1, "z-score: the standard deviation divides by n - ddof"},
    {"most", LATHE_OPTION_NUMBER, NULL, 0.5, 0, 1,
     "drop: an error when it would be a larger part of the rows"},
};

/* The median of |x - median| of a normal distribution, in standard deviations. */
#define NORMAL_MAD 0.6744897501960817

typedef struct {
  int method;
  double limit;
  double *low, *high;
} bounds_work;

static bool bounds_column(void *context, int32_t c, double *x, int64_t count, lathe_error *error) {
  (void)error;
  const bounds_work *work = context;
  double middle, spread;
  if (work->method == BY_IQR) {
    double first = recipe_quantile(x, count, 0.25), third = recipe_quantile(x, count, 0.75);
    spread = third - first;
    work->low[c] = first - work->limit * spread;
    work->high[c] = third + work->limit * spread;
  } else {
    middle = recipe_median(x, count);
    for (int64_t i = 0; i < count; i++) x[i] = fabs(x[i] - middle);
    spread = recipe_median(x, count) / NORMAL_MAD;
    work->low[c] = middle - work->limit * spread;
    work->high[c] = middle + work->limit * spread;
  }
  return true;
}

static double limit_of(const recipe_step *step) {
  static const double usual[] = {1.5, 3, 3.5};
  double limit = step->value[LIMIT].number;
  return isnan(limit) ? usual[(int)step->value[METHOD].number] : limit;
}

/* What lies outside of low .. high is far out; -infinity .. infinity of a column without spread. */
static bool find_bounds(fitting *state, const recipe_step *step, const int32_t *chosen, int32_t count,
                        int32_t value, const lathe_facts *facts, double *low, double *high) {
  static const char *const spread[] = {"distance of the quartiles", "standard deviation",
                                       "median distance from the median"};
  int method = (int)step->value[METHOD].number;
  bounds_work work = {method, limit_of(step), low, high};
  if (method != BY_ZSCORE && !recipe_each_column(state, value, bounds_column, &work)) return false;
  for (int32_t c = 0; c < count; c++) {
    if (method == BY_ZSCORE) {
      int64_t freedom = facts[c].present - (int64_t)step->value[DDOF].number;
      double deviation = freedom > 0 ? sqrt(facts[c].squares / (double)freedom) : 0;
      low[c] = facts[c].mean - work.limit * deviation;
      high[c] = facts[c].mean + work.limit * deviation;
    }
    if (low[c] < high[c] || work.limit == 0) continue;
    low[c] = -INFINITY;
    high[c] = INFINITY;
    if (!NOTE(state, "\"%s\": the %s is 0; no value of it is an outlier", state->columns[chosen[c]].name,
              spread[method]))
      return false;
  }
  return true;
}

/* How many values of each column are outside, and in `gone` (NULL: not asked for) the rows that have one. */
static bool count_outside(fitting *state, int32_t value, int32_t count, const double *low, const double *high,
                          int64_t *outside, bool *gone) {
  int64_t rows = lathe_table_rows(state->table);
  lathe_operator node = {.kind = LATHE_OPERATOR_OUTSIDE, .tensor = {low, high}};
  int32_t flags = recipe_add(state, &node, value);
  lathe_facts *facts = lathe_memory_new((size_t)count, sizeof *facts, state->error);
  double *all = gone && flags >= 0 ? recipe_values(state, flags) : NULL;
  bool fine =
      flags >= 0 && facts && (!gone || all) &&
      (gone || lathe_facts_of(state->out->graph, flags, state->table, facts, state->progress, state->error));
  for (int32_t c = 0; fine && c < count; c++) {
    outside[c] = gone ? 0 : llround(facts[c].mean * (double)rows);
    for (int64_t r = 0; gone && r < rows; r++) {
      bool is = all[c * rows + r] > 0;
      outside[c] += is;
      gone[r] = gone[r] || is;
    }
  }
  free(facts);
  free(all);
  return fine;
}

static bool tell(fitting *state, const recipe_step *step, const char *name, double low, double high,
                 int64_t outside) {
  static const char *const done[] = {"limited", "flagged", "dropped"};
  int action = (int)step->value[ACTION].number;
  return recipe_learned(state, name, "%.6g to %.6g, %lld outside", low, high, (long long)outside) &&
         (outside == 0 || action == DROP ||
          NOTE(state, "\"%s\": %lld outlier%s %s, below %.6g or above %.6g", name, (long long)outside,
               outside == 1 ? "" : "s", done[action], low, high));
}

/* lathe_recipe_keep: the rows are marked, unless they are too many. */
static bool drop_rows(fitting *state, const recipe_step *step, const int32_t *chosen, int32_t count,
                      const double *low, const double *high, const int64_t *outside) {
  recipe_step *told = state->dropping;
  int64_t rows = lathe_table_rows(state->table);
  told->dropped = 0;
  told->dropped_of = rows;
  for (int64_t r = 0; r < rows; r++) told->dropped += state->gone[r];
  double share = (double)told->dropped / (double)rows;
  if (share > step->value[MOST].number)
    return lathe_error_set(
        state->error, LATHE_ERROR_DATA,
        "outliers would drop %lld of %lld rows (%.0f %%), more than %.0f %%; raise its limit (%.6g), "
        "name fewer columns, or say most = %.2f to have it so",
        (long long)told->dropped, (long long)rows, 100 * share, 100 * step->value[MOST].number,
        limit_of(step), ceil(100 * share) / 100);
  if (told->dropped == rows)
    return lathe_error_set(state->error, LATHE_ERROR_DATA,
                           "outliers would drop all %lld rows; raise its limit (%.6g) or name fewer columns",
                           (long long)rows, limit_of(step));
  for (int32_t c = 0; c < count; c++)
    if (!lathe_names_add(&told->dropped_columns, state->error, "%s", state->columns[chosen[c]].name) ||
        !lathe_names_add(&told->dropped_learned, state->error, "%.6g to %.6g, %lld outside", low[c], high[c],
                         (long long)outside[c]))
      return false;
  told->dropped_known = true;
  return true;
}

/* Rows were dropped already: what was learned then is told. */
static bool tell_dropped(fitting *state, const recipe_step *step) {
  bool fine = NOTE(state, "outliers: %lld of %lld training rows dropped", (long long)step->dropped,
                   (long long)step->dropped_of);
  for (int32_t i = 0; fine && i < step->dropped_columns.count; i++)
    fine = recipe_learned(state, step->dropped_columns.name[i], "%s", step->dropped_learned.name[i]);
  return fine;
}

/* Limit the columns, or append their flags. */
static bool use_bounds(fitting *state, const recipe_step *step, const int32_t *chosen, int32_t count,
                       int32_t value, const double *low, const double *high) {
  bool clip = step->value[ACTION].number == CLIP;
  lathe_operator node = {.kind = clip ? LATHE_OPERATOR_CLIP : LATHE_OPERATOR_OUTSIDE, .tensor = {low, high}};
  int32_t made = recipe_add(state, &node, value);
  if (made < 0) return false;
  if (clip) recipe_replace(state, chosen, count, made);
  for (int32_t c = 0; !clip && c < count; c++)
    if (!recipe_append_named(state, ROLE_FLAG, made, c, "outlier(%s)", state->columns[chosen[c]].name))
      return false;
  return true;
}

static bool find_outliers(fitting *state, const recipe_step *step, const int32_t *chosen, int32_t count) {
  bool drop = step->value[ACTION].number == DROP;
  int32_t value = recipe_gather(state, chosen, count);
  lathe_facts *facts = value >= 0 ? recipe_facts(state, value, chosen) : NULL;
  double *low = lathe_memory_new((size_t)count, sizeof *low, state->error);
  double *high = lathe_memory_new((size_t)count, sizeof *high, state->error);
  int64_t *outside = lathe_memory_new((size_t)count, sizeof *outside, state->error);
  bool fine = facts && low && high && outside &&
              find_bounds(state, step, chosen, count, value, facts, low, high) &&
              count_outside(state, value, count, low, high, outside, drop ? state->gone : NULL);
  if (fine && drop)
    fine = drop_rows(state, step, chosen, count, low, high, outside);
  else {
    for (int32_t c = 0; fine && c < count; c++)
      fine = tell(state, step, state->columns[chosen[c]].name, low[c], high[c], outside[c]);
    fine = fine && use_bounds(state, step, chosen, count, value, low, high);
  }
  free(facts);
  free(low);
  free(high);
  free(outside);
  return fine;
}

bool recipe_step_drops(const recipe_step *step) {
  return step->kind == &recipe_outliers && step->value[ACTION].number == DROP;
}

static bool fit(fitting *state, const recipe_step *step) {
  if (recipe_step_drops(step) && step->dropped_known) return tell_dropped(state, step);
  if (recipe_step_drops(step) && state->dropping != step)
    return lathe_error_set(
        state->error, LATHE_ERROR_ARGUMENT,
        "outliers with action = \"drop\" work on training rows before anything is learned; take "
        "the rows that lathe_recipe_keep leaves");
  int32_t count;
  int32_t *chosen = recipe_choose(state, step, 1u << ROLE_NUMBER, 1u << ROLE_NUMBER, &count);
  bool fine = chosen && (count == 0 || find_outliers(state, step, chosen, count));
  if (fine && count == 0 && recipe_step_drops(step)) {
    state->dropping->dropped_known = true;
    state->dropping->dropped_of = lathe_table_rows(state->table);
  }
  free(chosen);
  return fine;
}

const recipe_kind recipe_outliers = {
    "outliers", "Limit or flag values far out, or drop training rows that have them.",
    options,    sizeof options / sizeof *options,
    NULL,       fit};
