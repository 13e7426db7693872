/* impute.c - the step that fills what is missing. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/memory.h"
#include "own.h"

enum { NUMERIC, CATEGORY, NUMBER, TEXT };
enum { BY_MEDIAN, BY_MEAN, BY_CONSTANT, BY_NOTHING };
enum { TEXT_BY_MODE, TEXT_BY_CONSTANT, TEXT_BY_NOTHING };

static const lathe_step_option options[] = {
    {"numeric", LATHE_OPTION_CHOICE, "median|mean|constant|none", 0, 0, 0, "what missing numbers become"},
    {"category", LATHE_OPTION_CHOICE, "mode|constant|none", 0, 0, 0, "what missing texts become"},
    {"number", LATHE_OPTION_NUMBER, NULL, NAN, -INFINITY, INFINITY, "the constant for numbers"},
    {"text", LATHE_OPTION_TEXT, NULL, 0, 0, 0, "the constant for texts"},
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

static bool impute_numbers(fitting *state, const recipe_step *step, const int32_t *chosen, int32_t count) {
  static const char *const names[] = {"median", "mean", "constant"};
  int method = (int)step->value[NUMERIC].number;
  int32_t value = recipe_gather(state, chosen, count);
  lathe_facts *facts = value >= 0 ? recipe_facts(state, value, chosen) : NULL;
  double *fill = lathe_memory_new((size_t)count, sizeof *fill, state->error);
  bool *wanted = lathe_memory_new((size_t)count, sizeof *wanted, state->error);
  bool fine = facts && fill && wanted;
  for (int32_t c = 0; fine && c < count; c++) wanted[c] = true;
  if (fine && method == BY_MEDIAN)
    fine =
        lathe_medians_of(state->out->graph, value, state->table, wanted, fill, state->progress, state->error);
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
  if (value >= 0) recipe_replace(state, chosen, count, value);
  free(facts);
  free(fill);
  free(wanted);
  return value >= 0;
}

static bool impute_text(fitting *state, const recipe_step *step, recipe_column *text) {
  text_counts counts;
  if (text->fill) return true;
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

static bool fit(fitting *state, const recipe_step *step) {
  unsigned usual = (step->value[NUMERIC].number != BY_NOTHING ? 1u << ROLE_NUMBER : 0) |
                   (step->value[CATEGORY].number != TEXT_BY_NOTHING ? 1u << ROLE_TEXT : 0);
  int32_t count, numbers = 0;
  int32_t *chosen = recipe_choose(state, step, usual, ~0u, &count);
  bool fine = chosen != NULL;
  for (int32_t i = 0; fine && i < count; i++) {
    recipe_column *column = &state->columns[chosen[i]];
    if (column->role == ROLE_TEXT)
      fine = step->value[CATEGORY].number == TEXT_BY_NOTHING || impute_text(state, step, column);
    else
      chosen[numbers++] = chosen[i];
  }
  if (fine && numbers > 0 && step->value[NUMERIC].number != BY_NOTHING)
    fine = impute_numbers(state, step, chosen, numbers);
  free(chosen);
  return fine;
}

const recipe_kind recipe_impute = {
    "impute", "Fill what is missing.", options, sizeof options / sizeof *options, check, fit};
