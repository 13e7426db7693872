/* fit.c - learning a recipe from the training rows: the columns on their way to the matrix. */
#include "fit.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/memory.h"
#include "../base/pool.h"
#include "../look/personal.h"
#include "own.h"

/* The values of a target stand in the model: as its classes, or in what it says of them. */
static bool check_target(const fitting *state, const char *target) {
  int32_t place = lathe_table_need(state->table, target, state->error);
  if (place < 0) return false;
  lathe_personal_finding found;
  if (!lathe_column_personal(lathe_table_column(state->table, place), target, LATHE_PERSONAL_ROWS, &found,
                             NULL, state->error))
    return false;
  if (!found.kind || lathe_names_find(&state->recipe->impersonal, target) >= 0) return true;
  return lathe_error_set(
      state->error, LATHE_ERROR_DATA,
      "the target \"%s\" looks like %s, which would stand in the model; choose another, exchange it "
      "(t:pseudonymise), or say that it is nobody's (impersonal = { \"%s\" })",
      target, lathe_personal_words(found.kind), target);
}

/* Every column that the recipe names is there. */
static bool check_names(fitting *state) {
  const lathe_recipe *recipe = state->recipe;
  for (int32_t i = 0; i < recipe->targets.count; i++)
    if (!check_target(state, recipe->targets.name[i])) return false;
  for (int32_t i = 0; i < recipe->features.count; i++)
    if (lathe_table_need(state->table, recipe->features.name[i], state->error) < 0) return false;
  for (int32_t i = 0; i < recipe->dropped.count; i++)
    if (lathe_table_need(state->table, recipe->dropped.name[i], state->error) < 0) return false;
  for (int32_t i = 0; i < recipe->impersonal.count; i++)
    if (lathe_table_need(state->table, recipe->impersonal.name[i], state->error) < 0) return false;
  if (lathe_table_rows(state->table) == 0)
    return lathe_error_set(state->error, LATHE_ERROR_DATA,
                           "the training table has no rows; there is nothing to learn from");
  return true;
}

static bool is_feature(const lathe_recipe *recipe, const char *name) {
  if (lathe_names_find(&recipe->targets, name) >= 0 || lathe_names_find(&recipe->dropped, name) >= 0)
    return false;
  return recipe->features.count == 0 || lathe_names_find(&recipe->features, name) >= 0;
}

static bool has_values(const lathe_column *column) {
  if (lathe_type_is_text(lathe_column_type(column)))
    return lathe_column_missing(column) < lathe_column_rows(column);
  for (int64_t r = 0; r < lathe_column_rows(column); r++)
    if (!isnan(lathe_column_number(column, r))) return true;
  return false;
}

static recipe_column *new_column(fitting *state, const char *name) {
  if (state->count == state->capacity) {
    int32_t capacity = state->capacity ? 2 * state->capacity : 32;
    if (!lathe_memory_resize((void **)&state->columns, (size_t)capacity, sizeof *state->columns,
                             state->error))
      return NULL;
    state->capacity = capacity;
  }
  char *copy = lathe_memory_text(name, strlen(name), state->error);
  if (!copy) return NULL;
  state->columns[state->count] = (recipe_column){.name = copy};
  return &state->columns[state->count++];
}

bool recipe_append(fitting *state, const char *name, recipe_role role, int32_t value, int32_t place) {
  recipe_column *column = new_column(state, name);
  if (!column) return false;
  column->role = role;
  column->value = value;
  column->place = place;
  return true;
}

bool recipe_append_named(fitting *state, recipe_role role, int32_t value, int32_t place, const char *format,
                         ...) {
  char name[1024];
  va_list values;
  va_start(values, format);
  int size = vsnprintf(name, sizeof name, format, values);
  va_end(values);
  if (size >= (int)sizeof name)
    return lathe_error_set(state->error, LATHE_ERROR_DATA,
                           "a feature would have a name of %d bytes; rename \"%.60s\"", size, name);
  return recipe_append(state, name, role, value, place);
}

/* Raw columns become operators. */
static bool add_columns(fitting *state) {
  int32_t columns = lathe_table_columns(state->table);
  for (int32_t i = 0; i < columns; i++) {
    const char *name = lathe_table_name(state->table, i);
    const lathe_column *raw = lathe_table_column(state->table, i);
    if (!is_feature(state->recipe, name)) continue;
    if (!has_values(raw)) {
      if (!NOTE(state, "\"%s\" has no value in the training rows and is left out", name)) return false;
      continue;
    }
    if (lathe_names_find(&state->recipe->impersonal, name) < 0 &&
        !lathe_column_impersonal(raw, name, state->error))
      return false;
    bool text = lathe_type_is_text(lathe_column_type(raw));
    lathe_operator node = {.kind = text ? LATHE_OPERATOR_TEXT : LATHE_OPERATOR_NUMBER,
                           .name = name,
                           .type = lathe_column_type(raw)};
    int32_t value = lathe_graph_add(state->out->graph, &node, state->error);
    if (value < 0 || !recipe_append(state, name, text ? ROLE_TEXT : ROLE_NUMBER, value, 0)) return false;
    state->columns[state->count - 1].column = raw;
  }
  return true;
}

/* ---- what steps do with columns ---- */

bool recipe_learned(fitting *state, const char *column, const char *format, ...) {
  char learned[400];
  va_list values;
  va_start(values, format);
  vsnprintf(learned, sizeof learned, format, values);
  va_end(values);
  return lathe_names_add(&state->out->steps, state->error, "%s", state->step) &&
         lathe_names_add(&state->out->columns, state->error, "%s", column) &&
         lathe_names_add(&state->out->learned, state->error, "%s", learned);
}

static int32_t find_column(const fitting *state, const char *name) {
  for (int32_t i = 0; i < state->count; i++)
    if (!strcmp(state->columns[i].name, name)) return i;
  return -1;
}

/* A column that a step names: its index, -1 for one that had no value and was left out, -2 with an error. */
static int32_t named_column(fitting *state, const recipe_step *step, const char *name, unsigned allowed) {
  static const char *const what[] = {"numbers", "codes", "flags", "text"};
  int32_t found = find_column(state, name);
  if (found >= 0) {
    recipe_role role = state->columns[found].role;
    if (allowed >> role & 1) return found;
    lathe_error_set(state->error, LATHE_ERROR_ARGUMENT, "%s cannot take \"%s\", which is a column of %s",
                    step->kind->name, name, what[role]);
    return -2;
  }
  int32_t raw = lathe_table_need(state->table, name, state->error);
  if (raw < 0) return -2;
  if (!is_feature(state->recipe, name)) {
    lathe_error_set(state->error, LATHE_ERROR_ARGUMENT,
                    lathe_names_find(&state->recipe->targets, name) >= 0
                        ? "%s cannot take \"%s\", which is the target; features alone are prepared"
                        : "%s cannot take \"%s\", which the recipe leaves out of the features",
                    step->kind->name, name);
    return -2;
  }
  if (!has_values(lathe_table_column(state->table, raw))) return -1;
  lathe_error_set(state->error, LATHE_ERROR_ARGUMENT,
                  "%s cannot take \"%s\": a step before it made other columns of it, or left it out",
                  step->kind->name, name);
  return -2;
}

int32_t *recipe_choose(fitting *state, const recipe_step *step, unsigned usual, unsigned allowed,
                       int32_t *count) {
  int32_t most = step->columns.count > 0 ? step->columns.count : state->count;
  int32_t *chosen = lathe_memory_raw((size_t)most, sizeof *chosen, state->error);
  *count = 0;
  if (!chosen) return NULL;
  if (step->columns.count == 0) {
    for (int32_t i = 0; i < state->count; i++)
      if (usual >> state->columns[i].role & 1) chosen[(*count)++] = i;
    return chosen;
  }
  for (int32_t i = 0; i < step->columns.count; i++) {
    int32_t found = named_column(state, step, step->columns.name[i], allowed);
    if (found < -1) {
      free(chosen);
      return NULL;
    }
    if (found >= 0) chosen[(*count)++] = found;
  }
  return chosen;
}

int32_t recipe_add(fitting *state, const lathe_operator *original, int32_t input) {
  lathe_operator node = *original;
  node.inputs = 1;
  node.input = &input;
  return lathe_graph_add(state->out->graph, &node, state->error);
}

/* Columns chosen[0 .. count - 1] of one operator: the operator itself when they are all of it. */
static int32_t gather_run(fitting *state, const int32_t *chosen, int32_t count) {
  int32_t value = state->columns[chosen[0]].value;
  bool whole = lathe_graph_operator(state->out->graph, value)->width == count;
  int32_t *place = lathe_memory_raw((size_t)count, sizeof *place, state->error);
  if (!place) return -1;
  for (int32_t i = 0; i < count; i++) {
    place[i] = state->columns[chosen[i]].place;
    whole = whole && place[i] == i;
  }
  lathe_operator node = {.kind = LATHE_OPERATOR_SELECT, .width = count, .tensor = {place}};
  if (!whole) value = recipe_add(state, &node, value);
  free(place);
  return value;
}

int32_t recipe_gather(fitting *state, const int32_t *chosen, int32_t count) {
  int32_t *inputs = lathe_memory_raw((size_t)count, sizeof *inputs, state->error), runs = 0, value = -1;
  bool fine = inputs != NULL;
  for (int32_t i = 0, next; fine && i < count; i = next) {
    for (next = i; next < count && state->columns[chosen[next]].value == state->columns[chosen[i]].value;)
      next++;
    inputs[runs] = gather_run(state, chosen + i, next - i);
    fine = inputs[runs++] >= 0;
  }
  lathe_operator node = {.kind = LATHE_OPERATOR_CONCAT, .inputs = runs, .input = inputs};
  if (fine) value = runs == 1 ? inputs[0] : lathe_graph_add(state->out->graph, &node, state->error);
  free(inputs);
  return value;
}

void recipe_replace(fitting *state, const int32_t *chosen, int32_t count, int32_t value) {
  for (int32_t i = 0; i < count; i++) {
    recipe_column *column = &state->columns[chosen[i]];
    column->value = value;
    column->place = i;
    column->column = NULL;
  }
}

static void free_column(recipe_column *column) {
  free(column->name);
  free(column->fill);
}

void recipe_remove(fitting *state, const bool *gone) {
  int32_t kept = 0;
  for (int32_t i = 0; i < state->count; i++) {
    if (gone[i])
      free_column(&state->columns[i]);
    else
      state->columns[kept++] = state->columns[i];
  }
  state->count = kept;
}

lathe_facts *recipe_facts(fitting *state, int32_t value, const int32_t *chosen) {
  int32_t width = lathe_graph_operator(state->out->graph, value)->width;
  lathe_facts *facts = lathe_memory_new((size_t)width, sizeof *facts, state->error);
  bool fine =
      facts && lathe_facts_of(state->out->graph, value, state->table, facts, state->progress, state->error);
  for (int32_t c = 0; fine && c < width; c++)
    if (facts[c].infinite >= 0)
      fine = lathe_error_set(state->error, LATHE_ERROR_DATA,
                             "row %lld of \"%s\" is infinite; remove that row, or leave the column out",
                             (long long)facts[c].infinite + 1, state->columns[chosen[c]].name);
  if (fine) return facts;
  free(facts);
  return NULL;
}

typedef struct {
  const lathe_run *run;
  int64_t rows;
  double *out;
} values_work;

static bool values_chunk(void *context, int64_t chunk, lathe_error *error) {
  const values_work *work = context;
  int64_t begin = chunk * LATHE_RUN_CHUNK;
  int64_t rows = work->rows - begin < LATHE_RUN_CHUNK ? work->rows - begin : LATHE_RUN_CHUNK;
  return lathe_run_block(work->run, begin, rows, work->out + begin, 1, work->rows, error);
}

double *recipe_values(fitting *state, int32_t value) {
  size_t width = (size_t)lathe_graph_operator(state->out->graph, value)->width;
  int64_t rows = lathe_table_rows(state->table);
  lathe_run *run = lathe_run_new(state->out->graph, value, state->table, state->error);
  double *out = run ? lathe_memory_raw((size_t)rows * width, sizeof *out, state->error) : NULL;
  values_work work = {run, rows, out};
  bool fine = out && lathe_pool_run((rows + LATHE_RUN_CHUNK - 1) / LATHE_RUN_CHUNK, values_chunk, &work,
                                    state->progress, state->error);
  lathe_run_free(run);
  if (fine) return out;
  free(out);
  return NULL;
}

/* ---- the whole ---- */

static bool check_texts(fitting *state) {
  for (int32_t i = 0; i < state->count; i++)
    if (state->columns[i].role == ROLE_TEXT)
      return lathe_error_set(
          state->error, LATHE_ERROR_DATA,
          "\"%s\" is text; add encode{} to the recipe, or leave the column out (drop = { \"%s\" })",
          state->columns[i].name, state->columns[i].name);
  if (state->count > 0) return true;
  return lathe_error_set(
      state->error, LATHE_ERROR_DATA,
      "there is no feature to learn from: beside the target \"%s\" no column has values that differ",
      lathe_recipe_target(state->recipe));
}

/* The matrix: all columns. */
static bool finish(fitting *state) {
  lathe_prepared *out = state->out;
  if (!check_texts(state)) return false;
  int32_t *all = lathe_memory_raw((size_t)state->count, sizeof *all, state->error);
  out->categories = lathe_memory_new((size_t)state->count, sizeof *out->categories, state->error);
  bool fine = all && out->categories;
  for (int32_t i = 0; fine && i < state->count; i++) {
    all[i] = i;
    out->categories[i] = state->columns[i].role == ROLE_CODE ? state->columns[i].categories : 0;
    fine = lathe_names_add(&out->features, state->error, "%s", state->columns[i].name);
  }
  if (fine) out->matrix = recipe_gather(state, all, state->count);
  free(all);
  return fine && out->matrix >= 0;
}

static bool begin(fitting *state) {
  const lathe_names *targets = &state->recipe->targets;
  state->out->graph = lathe_graph_new(state->error);
  return state->out->graph && check_names(state) && add_columns(state) &&
         lathe_graph_set_targets(state->out->graph, targets->count, (const char *const *)targets->name,
                                 state->error);
}

static bool fit_step(fitting *state, const recipe_step *step) {
  state->step = step->kind->name;
  return lathe_progress_check(state->progress, state->error) &&
         (!step->kind->check || step->kind->check(step, state->error)) && step->kind->fit(state, step);
}

static void end(fitting *state) {
  for (int32_t i = 0; i < state->count; i++) free_column(&state->columns[i]);
  free(state->columns);
}

bool lathe_recipe_fit(const lathe_recipe *recipe, const lathe_table *table, lathe_prepared *prepared,
                      lathe_progress *progress, lathe_error *error) {
  fitting state = {.recipe = recipe, .table = table, .out = prepared, .progress = progress, .error = error};
  bool fine = begin(&state);
  for (int32_t i = 0; fine && i < recipe->count; i++) fine = fit_step(&state, &recipe->steps[i]);
  fine = fine && finish(&state) && recipe_narrow(prepared, table, error);
  end(&state);
  return fine;
}

/* Learn the steps up to `last`, which may drop rows, and mark those in `gone`. */
static bool learn_up_to(lathe_recipe *recipe, int32_t last, const lathe_table *table, bool *gone,
                        lathe_progress *progress, lathe_error *error) {
  lathe_prepared prepared = {0};
  fitting state = {
      .recipe = recipe, .table = table, .out = &prepared, .progress = progress, .error = error, .gone = gone};
  bool fine = begin(&state);
  for (int32_t i = 0; fine && i <= last; i++) {
    state.dropping = i == last ? &recipe->steps[i] : NULL;
    fine = fit_step(&state, &recipe->steps[i]);
  }
  end(&state);
  lathe_prepared_free(&prepared);
  return fine;
}

static lathe_table *without(const lathe_table *table, const bool *gone, lathe_error *error) {
  int64_t rows = lathe_table_rows(table), kept = 0;
  int64_t *list = lathe_memory_raw((size_t)rows, sizeof *list, error);
  for (int64_t r = 0; list && r < rows; r++)
    if (!gone[r]) list[kept++] = r;
  lathe_table *left = list ? lathe_table_take(table, list, kept, NULL, error) : NULL;
  free(list);
  return left;
}

lathe_table *lathe_recipe_keep(lathe_recipe *recipe, lathe_table *table, lathe_progress *progress,
                               lathe_error *error) {
  lathe_table *left = lathe_table_retain(table);
  for (int32_t i = 0; left && i < recipe->count; i++) {
    recipe_step *step = &recipe->steps[i];
    if (!recipe_step_drops(step) || step->dropped_known) continue;
    bool *gone = lathe_memory_new((size_t)lathe_table_rows(left), sizeof *gone, error);
    lathe_table *next =
        gone && learn_up_to(recipe, i, left, gone, progress, error) ? without(left, gone, error) : NULL;
    free(gone);
    lathe_table_release(left);
    left = next;
  }
  return left;
}

void lathe_prepared_free(lathe_prepared *prepared) {
  lathe_graph_release(prepared->graph);
  free(prepared->categories);
  lathe_names_free(&prepared->features);
  lathe_names_free(&prepared->notes);
  lathe_names_free(&prepared->steps);
  lathe_names_free(&prepared->columns);
  lathe_names_free(&prepared->learned);
  *prepared = (lathe_prepared){0};
}
