/* impute.c - the step that fills what is missing. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/memory.h"
#include "own.h"

enum { NUMERIC, CATEGORY, NUMBER, TEXT, INDICATOR, NEIGHBOURS, DONORS };
enum { BY_MEDIAN, BY_MEAN, BY_MODE, BY_CONSTANT, BY_NEAREST, BY_NOTHING };
enum { TEXT_BY_MODE, TEXT_BY_CONSTANT, TEXT_BY_NOTHING };

static const lathe_step_option options[] = {
    {"numeric", LATHE_OPTION_CHOICE, "median|mean|mode|constant|nearest|none", 0, 0, 0,
     "what missing numbers become"},
    {"category", LATHE_OPTION_CHOICE, "mode|constant|none", 0, 0, 0, "what missing texts become"},
    {"number", LATHE_OPTION_NUMBER, NULL, NAN, -INFINITY, INFINITY, "the constant for numbers"},
    {"text", LATHE_OPTION_TEXT, NULL, 0, 0, 0, "the constant for texts"},
    {"indicator", LATHE_OPTION_FLAG, NULL, 0, 0, 1,
     "a feature missing(NAME) for each column with gaps, 1 where one is"},
    {"neighbours", LATHE_OPTION_INTEGER, NULL, 5, 1, 1000000,
     "nearest: the mean of as many rows that have the column"},
    {"donors", LATHE_OPTION_INTEGER, NULL, 10000, 1, 1000000,
     "nearest: as many training rows are kept in the model at most"},
};

static bool check(const recipe_step *step, lathe_error *error) {
  if (step->value[NUMERIC].number == BY_CONSTANT && isnan(step->value[NUMBER].number))
    return lathe_error_set(
        error, LATHE_ERROR_ARGUMENT,
        "numeric = \"constant\" needs the number: impute { numeric = \"constant\", number = 0 }");
  if (step->value[CATEGORY].number == TEXT_BY_CONSTANT && !step->value[TEXT].text)
    return lathe_error_set(
        error, LATHE_ERROR_ARGUMENT,
        "category = \"constant\" needs the text: impute { category = \"constant\", text = \"unknown\" }");
  return true;
}

static bool note(fitting *state, const char *name, int64_t missing, const char *by, const char *fill) {
  return recipe_learned(state, name, "%s %s, %lld missing", by, fill, (long long)missing) &&
         (missing == 0 || NOTE(state, "\"%s\": %lld missing value%s imputed by the %s, %s", name,
                               (long long)missing, missing == 1 ? "" : "s", by, fill));
}

typedef struct {
  double *fill;
  bool mode;
} fill_work;

/* The most frequent value, the least of several. */
static double mode_of(double *x, int64_t count) {
  int64_t most = 0, run = 0;
  double mode = NAN;
  recipe_sort(x, count);
  for (int64_t i = 0; i < count; i++) {
    run = i > 0 && x[i] == x[i - 1] ? run + 1 : 1;
    if (run > most) most = run, mode = x[i];
  }
  return mode;
}

static bool fill_column(void *context, int32_t c, double *x, int64_t count, lathe_error *error) {
  (void)error;
  const fill_work *work = context;
  work->fill[c] = work->mode ? mode_of(x, count) : recipe_median(x, count);
  return true;
}

/* The operator that fills columns with a number each; the operator's index, -1 with an error. */
static int32_t impute_numbers(fitting *state, const recipe_step *step, const int32_t *chosen, int32_t count,
                              int32_t value, const lathe_facts *facts) {
  static const char *const names[] = {"median", "mean", "mode", "constant"};
  int method = (int)step->value[NUMERIC].number;
  double *fill = lathe_memory_new((size_t)count, sizeof *fill, state->error);
  fill_work work = {fill, method == BY_MODE};
  bool fine = fill && (method == BY_MEAN || method == BY_CONSTANT ||
                       recipe_each_column(state, value, fill_column, &work));
  for (int32_t c = 0; fine && c < count; c++) {
    char shown[40];
    if (method == BY_MEAN) fill[c] = facts[c].mean;
    if (method == BY_CONSTANT) fill[c] = step->value[NUMBER].number;
    snprintf(shown, sizeof shown, "%.6g", fill[c]);
    fine = note(state, state->columns[chosen[c]].name, lathe_table_rows(state->table) - facts[c].present,
                names[method], shown);
  }
  lathe_operator node = {.kind = LATHE_OPERATOR_IMPUTE, .tensor = {fill}};
  value = fine ? recipe_add(state, &node, value) : -1;
  free(fill);
  return value;
}

/* A feature for each column of `value` that has gaps: "missing(NAME)". */
static bool indicate_numbers(fitting *state, const int32_t *chosen, int32_t count, int32_t value,
                             const lathe_facts *facts) {
  int32_t *place = lathe_memory_raw((size_t)count, sizeof *place, state->error), gaps = 0;
  if (!place) return false;
  for (int32_t c = 0; c < count; c++)
    if (facts[c].present < lathe_table_rows(state->table)) place[gaps++] = c;
  lathe_operator some = {.kind = LATHE_OPERATOR_SELECT, .width = gaps, .tensor = {place}};
  lathe_operator absent = {.kind = LATHE_OPERATOR_ABSENT};
  bool fine = gaps == 0 || ((value = recipe_add(state, &some, value)) >= 0 &&
                            (value = recipe_add(state, &absent, value)) >= 0);
  for (int32_t k = 0; fine && k < gaps; k++)
    fine =
        recipe_append_named(state, ROLE_FLAG, value, k, "missing(%s)", state->columns[chosen[place[k]]].name);
  free(place);
  return fine;
}

/* The same for a text: a code for the missing one alone, and a number for that. */
static bool indicate_text(fitting *state, int32_t index) {
  static const double numbers[] = {1, 0};
  lathe_operator code = {.kind = LATHE_OPERATOR_CODE, .missing = -2};
  lathe_operator lookup = {.kind = LATHE_OPERATOR_LOOKUP, .width = 1, .tensor = {numbers}};
  if (lathe_column_missing(state->columns[index].column) == 0) return true;
  int32_t value = recipe_add(state, &code, state->columns[index].value);
  return value >= 0 && (value = recipe_add(state, &lookup, value)) >= 0 &&
         recipe_append_named(state, ROLE_FLAG, value, 0, "missing(%s)", state->columns[index].name);
}

static bool impute_text(fitting *state, const recipe_step *step, int32_t index) {
  text_counts counts;
  if (state->columns[index].fill) return true;
  if (step->value[INDICATOR].number != 0 && !indicate_text(state, index)) return false;
  recipe_column *text = &state->columns[index];
  if (!lathe_text_counts_of(text->column, &counts, state->error)) return false;
  bool mode = step->value[CATEGORY].number == TEXT_BY_MODE;
  lathe_text fill = {step->value[TEXT].text, mode ? 0 : strlen(step->value[TEXT].text)};
  int64_t most = 0;
  for (int64_t i = 0; mode && i < counts.size; i++)
    if (counts.count[i] > most) most = counts.count[i], fill = counts.text[i];
  text->fill = lathe_memory_text(fill.data, fill.size, state->error);
  lathe_buffer shown = {0};
  bool fine = text->fill && lathe_buffer_format(&shown, state->error, "\"%s\"", text->fill) &&
              note(state, text->name, counts.missing, mode ? "mode" : "constant", shown.data);
  lathe_buffer_free(&shown);
  lathe_text_counts_free(&counts);
  return fine;
}

static bool fill_numbers(fitting *state, const recipe_step *step, const int32_t *chosen, int32_t count) {
  int32_t value = recipe_gather(state, chosen, count), filled = -1;
  lathe_facts *facts = value >= 0 ? recipe_facts(state, value, chosen) : NULL;
  if (facts) {
    filled = step->value[NUMERIC].number == BY_NEAREST
                 ? recipe_impute_nearest(state, chosen, count, value, facts,
                                         (int32_t)step->value[NEIGHBOURS].number,
                                         (int64_t)step->value[DONORS].number)
                 : impute_numbers(state, step, chosen, count, value, facts);
  }
  if (filled >= 0) recipe_replace(state, chosen, count, filled);
  bool fine = filled >= 0 &&
              (step->value[INDICATOR].number == 0 || indicate_numbers(state, chosen, count, value, facts));
  free(facts);
  return fine;
}

static bool fit(fitting *state, const recipe_step *step) {
  unsigned usual = (step->value[NUMERIC].number != BY_NOTHING ? 1u << ROLE_NUMBER : 0) |
                   (step->value[CATEGORY].number != TEXT_BY_NOTHING ? 1u << ROLE_TEXT : 0);
  int32_t count, numbers = 0;
  int32_t *chosen = recipe_choose(state, step, usual, ~0u, &count);
  bool fine = chosen != NULL;
  for (int32_t i = 0; fine && i < count; i++) {
    if (state->columns[chosen[i]].role == ROLE_TEXT)
      fine = step->value[CATEGORY].number == TEXT_BY_NOTHING || impute_text(state, step, chosen[i]);
    else
      chosen[numbers++] = chosen[i];
  }
  if (fine && numbers > 0 && step->value[NUMERIC].number != BY_NOTHING)
    fine = fill_numbers(state, step, chosen, numbers);
  free(chosen);
  return fine;
}

const recipe_kind recipe_impute = {
    "impute", "Fill what is missing.", options, sizeof options / sizeof *options, check, fit};
