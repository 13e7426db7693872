/* fit.c - learning a recipe from the training rows. */
#include "fit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../base/memory.h"
#include "own.h"

/* A text column on its way to numbers. */
typedef struct {
  const char *name;
  const lathe_column *column;
  int32_t operator_text; /* its operator */
  char *fill;            /* what a missing text becomes, NULL: nothing */
  bool encoded;
} text_state;

typedef struct {
  const lathe_recipe *recipe;
  const lathe_table *table;
  lathe_prepared *out;
  lathe_progress *progress;
  lathe_error *error;
  int32_t numbers;          /* the operator that holds all numbers; -1: there are none */
  lathe_names number_names; /* its columns */
  text_state *texts;
  int32_t texts_count;
  int32_t *parts; /* one-hot operators */
  int32_t parts_count;
  lathe_names part_names;
} fitting;

#define NOTE(state, ...) lathe_names_add(&(state)->out->notes, (state)->error, __VA_ARGS__)

/* Every column that the recipe names is there. */
static bool check_names(fitting *state) {
  const lathe_recipe *recipe = state->recipe;
  if (lathe_table_need(state->table, recipe->target, state->error) < 0) return false;
  for (int32_t i = 0; i < recipe->features.count; i++)
    if (lathe_table_need(state->table, recipe->features.name[i], state->error) < 0) return false;
  for (int32_t i = 0; i < recipe->dropped.count; i++)
    if (lathe_table_need(state->table, recipe->dropped.name[i], state->error) < 0) return false;
  for (int32_t i = 0; i < recipe->count; i++)
    for (int32_t k = 0; k < recipe->steps[i].columns.count; k++)
      if (lathe_table_need(state->table, recipe->steps[i].columns.name[k], state->error) < 0) return false;
  if (lathe_table_rows(state->table) == 0)
    return lathe_error_set(state->error, LATHE_ERROR_DATA,
                           "the training table has no rows; there is nothing to learn from");
  return true;
}

static bool is_feature(const lathe_recipe *recipe, const char *name) {
  if (!strcmp(name, recipe->target) || lathe_names_find(&recipe->dropped, name) >= 0) return false;
  return recipe->features.count == 0 || lathe_names_find(&recipe->features, name) >= 0;
}

static bool has_values(const lathe_column *column) {
  if (lathe_type_is_text(lathe_column_type(column)))
    return lathe_column_missing(column) < lathe_column_rows(column);
  for (int64_t r = 0; r < lathe_column_rows(column); r++)
    if (!isnan(lathe_column_number(column, r))) return true;
  return false;
}

static bool add_text(fitting *state, const char *name, const lathe_column *column) {
  lathe_operator node = {.kind = LATHE_OPERATOR_TEXT, .name = name, .type = lathe_column_type(column)};
  if (!lathe_memory_resize((void **)&state->texts, (size_t)state->texts_count + 1, sizeof *state->texts,
                           state->error))
    return false;
  int32_t index = lathe_graph_add(state->out->graph, &node, state->error);
  if (index < 0) return false;
  state->texts[state->texts_count++] = (text_state){.name = name, .column = column, .operator_text = index};
  return true;
}

/* Raw columns become operators: all numbers side by side, each text alone. */
static bool add_columns(fitting *state) {
  int32_t columns = lathe_table_columns(state->table);
  int32_t *inputs = lathe_memory_raw((size_t)columns, sizeof *inputs, state->error), count = 0;
  bool fine = inputs != NULL;
  for (int32_t i = 0; fine && i < columns; i++) {
    const char *name = lathe_table_name(state->table, i);
    const lathe_column *column = lathe_table_column(state->table, i);
    if (!is_feature(state->recipe, name)) continue;
    if (!has_values(column)) {
      fine = NOTE(state, "\"%s\" has no value in the training rows and is left out", name);
      continue;
    }
    if (lathe_type_is_text(lathe_column_type(column))) {
      fine = add_text(state, name, column);
      continue;
    }
    lathe_operator node = {.kind = LATHE_OPERATOR_NUMBER, .name = name, .type = lathe_column_type(column)};
    inputs[count] = lathe_graph_add(state->out->graph, &node, state->error);
    fine = inputs[count++] >= 0 && lathe_names_add(&state->number_names, state->error, "%s", name);
  }
  if (fine && count > 0) {
    lathe_operator node = {.kind = LATHE_OPERATOR_CONCAT, .inputs = count, .input = inputs};
    state->numbers = lathe_graph_add(state->out->graph, &node, state->error);
    fine = state->numbers >= 0;
  }
  free(inputs);
  return fine;
}

static bool wanted(const recipe_step *step, const char *name) {
  return step->columns.count == 0 || lathe_names_find(&step->columns, name) >= 0;
}

/* Replace the operator of all numbers by one with the arrays `a` and `b`. */
static bool extend_numbers(fitting *state, lathe_operator_kind kind, const double *a, const double *b) {
  lathe_operator node = {.kind = kind, .inputs = 1, .input = &state->numbers, .tensor = {a, b}};
  int32_t index = lathe_graph_add(state->out->graph, &node, state->error);
  if (index < 0) return false;
  state->numbers = index;
  return true;
}

static bool check_finite(fitting *state, const lathe_facts *facts) {
  for (int32_t c = 0; c < state->number_names.count; c++)
    if (facts[c].infinite >= 0)
      return lathe_error_set(state->error, LATHE_ERROR_DATA,
                             "row %lld of \"%s\" is infinite; remove that row, or leave the column out",
                             (long long)facts[c].infinite + 1, state->number_names.name[c]);
  return true;
}

static bool impute_numbers(fitting *state, const recipe_step *step) {
  static const char *const names[] = {"", "median", "mean", "", "constant"};
  size_t width = (size_t)state->number_names.count;
  int64_t rows = lathe_table_rows(state->table);
  lathe_facts *facts = lathe_memory_new(width, sizeof *facts, state->error);
  double *fill = lathe_memory_new(width, sizeof *fill, state->error);
  bool *chosen = lathe_memory_new(width, sizeof *chosen, state->error);
  bool fine =
      facts && fill && chosen &&
      lathe_facts_of(state->out->graph, state->numbers, state->table, facts, state->progress, state->error) &&
      check_finite(state, facts);
  for (size_t c = 0; fine && c < width; c++) chosen[c] = wanted(step, state->number_names.name[c]);
  if (fine && step->numeric == LATHE_IMPUTE_MEDIAN)
    fine = lathe_medians_of(state->out->graph, state->numbers, state->table, chosen, fill, state->progress,
                            state->error);
  for (size_t c = 0; fine && c < width; c++) {
    if (!chosen[c]) {
      fill[c] = NAN;
      continue;
    }
    if (step->numeric == LATHE_IMPUTE_MEAN) fill[c] = facts[c].mean;
    if (step->numeric == LATHE_IMPUTE_CONSTANT) fill[c] = step->number;
    int64_t missing = rows - facts[c].present;
    if (missing > 0)
      fine = NOTE(state, "\"%s\": %lld missing value%s imputed by the %s, %.6g", state->number_names.name[c],
                  (long long)missing, missing == 1 ? "" : "s", names[step->numeric], fill[c]);
  }
  fine = fine && extend_numbers(state, LATHE_OPERATOR_IMPUTE, fill, NULL);
  free(facts);
  free(fill);
  free(chosen);
  return fine;
}

static bool impute_text(fitting *state, const recipe_step *step, text_state *text) {
  text_counts counts;
  if (text->fill || text->encoded || !wanted(step, text->name)) return true;
  if (!lathe_text_counts_of(text->column, &counts, state->error)) return false;
  lathe_text fill = {step->text, step->text ? strlen(step->text) : 0};
  int64_t most = 0;
  for (int64_t i = 0; step->category == LATHE_IMPUTE_MODE && i < counts.size; i++)
    if (counts.count[i] > most) most = counts.count[i], fill = counts.text[i];
  text->fill = lathe_memory_text(fill.data, fill.size, state->error);
  bool fine = text->fill != NULL;
  if (fine && counts.missing > 0)
    fine = NOTE(state, "\"%s\": %lld missing value%s imputed by %s, \"%s\"", text->name,
                (long long)counts.missing, counts.missing == 1 ? "" : "s",
                step->category == LATHE_IMPUTE_MODE ? "the mode" : "the constant", text->fill);
  lathe_text_counts_free(&counts);
  return fine;
}

static bool fit_impute(fitting *state, const recipe_step *step) {
  if (step->numeric != LATHE_IMPUTE_NONE && state->numbers >= 0 && !impute_numbers(state, step)) return false;
  for (int32_t i = 0; step->category != LATHE_IMPUTE_NONE && i < state->texts_count; i++)
    if (!impute_text(state, step, &state->texts[i])) return false;
  return true;
}

/* The vocabulary of the training rows, with the text that missing ones become: put in its place when it is
 * not there. */
static bool add_fill(text_counts *counts, const char *fill, int32_t *code, lathe_error *error) {
  lathe_text text = {fill, strlen(fill)};
  int64_t place = 0;
  for (; place < counts->size; place++) {
    lathe_text other = counts->text[place];
    int order = memcmp(other.data, text.data, other.size < text.size ? other.size : text.size);
    if (order == 0) order = (other.size > text.size) - (other.size < text.size);
    if (order >= 0) {
      *code = (int32_t)place;
      if (order == 0) return true;
      break;
    }
  }
  if (counts->missing == 0) {
    *code = -1;
    return true;
  }
  if (!lathe_memory_resize((void **)&counts->text, (size_t)counts->size + 1, sizeof *counts->text, error))
    return false;
  memmove(counts->text + place + 1, counts->text + place,
          (size_t)(counts->size - place) * sizeof *counts->text);
  counts->text[place] = text;
  counts->size++;
  *code = (int32_t)place;
  return true;
}

static bool add_one_hot(fitting *state, const recipe_step *step, text_state *text, const text_counts *counts,
                        int32_t missing) {
  lathe_operator code = {.kind = LATHE_OPERATOR_CODE,
                         .inputs = 1,
                         .input = &text->operator_text,
                         .words = (int32_t)counts->size,
                         .word = counts->text,
                         .missing = missing,
                         .strict = step->strict};
  int32_t index = lathe_graph_add(state->out->graph, &code, state->error);
  if (index < 0) return false;
  lathe_operator hot = {
      .kind = LATHE_OPERATOR_ONE_HOT, .inputs = 1, .input = &index, .first = step->drop_first};
  if (!lathe_memory_resize((void **)&state->parts, (size_t)state->parts_count + 1, sizeof *state->parts,
                           state->error))
    return false;
  state->parts[state->parts_count] = lathe_graph_add(state->out->graph, &hot, state->error);
  if (state->parts[state->parts_count++] < 0) return false;
  for (int64_t i = step->drop_first; i < counts->size; i++)
    if (!lathe_names_add(&state->part_names, state->error, "%s=%.*s", text->name, (int)counts->text[i].size,
                         counts->text[i].data))
      return false;
  return true;
}

static bool encode_text(fitting *state, const recipe_step *step, text_state *text) {
  text_counts counts;
  int32_t missing = -1;
  if (text->encoded || !wanted(step, text->name)) return true;
  if (!lathe_text_counts_of(text->column, &counts, state->error)) return false;
  bool fine = !text->fill || add_fill(&counts, text->fill, &missing, state->error);
  if (fine && counts.size > LATHE_GRAPH_WIDTH)
    fine = lathe_error_set(state->error, LATHE_ERROR_DATA,
                           "\"%s\" has %lld different texts; leave it out (drop = { \"%s\" })", text->name,
                           (long long)counts.size, text->name);
  else if (fine && counts.size <= step->drop_first)
    fine = NOTE(state, "\"%s\" is \"%.*s\" in every training row and is left out", text->name,
                (int)counts.text[0].size, counts.text[0].data);
  else
    fine = fine && add_one_hot(state, step, text, &counts, missing);
  text->encoded = true;
  lathe_text_counts_free(&counts);
  return fine;
}

static bool fit_encode(fitting *state, const recipe_step *step) {
  for (int32_t i = 0; i < state->texts_count; i++)
    if (!encode_text(state, step, &state->texts[i])) return false;
  return true;
}

static bool fit_scale(fitting *state, const recipe_step *step) {
  if (state->numbers < 0) return true;
  size_t width = (size_t)state->number_names.count;
  lathe_facts *facts = lathe_memory_new(width, sizeof *facts, state->error);
  double *mean = lathe_memory_new(width, sizeof *mean, state->error);
  double *scale = lathe_memory_new(width, sizeof *scale, state->error);
  bool fine =
      facts && mean && scale &&
      lathe_facts_of(state->out->graph, state->numbers, state->table, facts, state->progress, state->error) &&
      check_finite(state, facts);
  for (size_t c = 0; fine && c < width; c++) {
    scale[c] = 1;
    if (!wanted(step, state->number_names.name[c])) continue;
    mean[c] = facts[c].mean;
    int64_t freedom = facts[c].present - step->ddof;
    double deviation = freedom > 0 ? sqrt(facts[c].squares / (double)freedom) : 0;
    if (facts[c].least < facts[c].most && deviation > 0 && isfinite(deviation))
      scale[c] = deviation;
    else
      fine = NOTE(state, "\"%s\" is %.6g in every training row; it is not scaled",
                  state->number_names.name[c], facts[c].mean);
  }
  fine = fine && extend_numbers(state, LATHE_OPERATOR_SCALE, mean, scale);
  free(facts);
  free(mean);
  free(scale);
  return fine;
}

/* A step that is limited to columns fits each of them. */
static bool check_step(fitting *state, const recipe_step *step) {
  static const char *const verbs[] = {"impute", "encode", "scale"};
  for (int32_t k = 0; k < step->columns.count; k++) {
    const char *name = step->columns.name[k];
    bool number = lathe_names_find(&state->number_names, name) >= 0, text = false;
    for (int32_t i = 0; i < state->texts_count; i++) text = text || !strcmp(state->texts[i].name, name);
    if ((step->kind == STEP_SCALE && text) || (step->kind == STEP_ENCODE && number))
      return lathe_error_set(state->error, LATHE_ERROR_ARGUMENT,
                             "%s cannot take \"%s\", which is a column of %s", verbs[step->kind], name,
                             text ? "text" : "numbers");
  }
  return true;
}

/* The matrix: numbers, then one-hot columns. */
static bool finish(fitting *state) {
  lathe_prepared *out = state->out;
  for (int32_t i = 0; i < state->texts_count; i++)
    if (!state->texts[i].encoded)
      return lathe_error_set(
          state->error, LATHE_ERROR_DATA,
          "\"%s\" is text; add encode{} to the recipe, or leave the column out (drop = { \"%s\" })",
          state->texts[i].name, state->texts[i].name);
  int32_t count = state->parts_count + (state->numbers >= 0);
  if (count == 0)
    return lathe_error_set(
        state->error, LATHE_ERROR_DATA,
        "there is no feature to learn from: beside the target \"%s\" no column has values that differ",
        state->recipe->target);
  int32_t *inputs = lathe_memory_raw((size_t)count, sizeof *inputs, state->error);
  if (!inputs) return false;
  int32_t used = 0;
  if (state->numbers >= 0) inputs[used++] = state->numbers;
  for (int32_t i = 0; i < state->parts_count; i++) inputs[used++] = state->parts[i];
  lathe_operator node = {.kind = LATHE_OPERATOR_CONCAT, .inputs = count, .input = inputs};
  out->matrix = count == 1 ? inputs[0] : lathe_graph_add(out->graph, &node, state->error);
  free(inputs);
  return out->matrix >= 0 && lathe_names_copy(&out->features, &state->number_names, state->error) &&
         lathe_names_copy(&out->features, &state->part_names, state->error);
}

bool lathe_recipe_fit(const lathe_recipe *recipe, const lathe_table *table, lathe_prepared *prepared,
                      lathe_progress *progress, lathe_error *error) {
  static bool (*const fits[])(fitting *, const recipe_step *) = {fit_impute, fit_encode, fit_scale};
  fitting state = {recipe, table, prepared, progress, error, -1, {0}, NULL, 0, NULL, 0, {0}};
  prepared->graph = lathe_graph_new(error);
  bool fine = prepared->graph && check_names(&state) &&
              lathe_graph_set_output_name(prepared->graph, recipe->target, error) && add_columns(&state);
  for (int32_t i = 0; fine && i < recipe->count; i++)
    fine = lathe_progress_check(progress, error) && check_step(&state, &recipe->steps[i]) &&
           fits[recipe->steps[i].kind](&state, &recipe->steps[i]);
  fine = fine && finish(&state);
  for (int32_t i = 0; i < state.texts_count; i++) free(state.texts[i].fill);
  free(state.texts);
  free(state.parts);
  lathe_names_free(&state.number_names);
  lathe_names_free(&state.part_names);
  return fine;
}

void lathe_prepared_free(lathe_prepared *prepared) {
  lathe_graph_release(prepared->graph);
  lathe_names_free(&prepared->features);
  lathe_names_free(&prepared->notes);
  *prepared = (lathe_prepared){0};
}
