/* recipe.c - building a recipe and telling what is in it. */
#include "recipe.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../base/json.h"
#include "../base/memory.h"
#include "own.h"

/* The kinds of step. A new one is a file and a row. */
static const recipe_kind *const kinds[] = {&recipe_impute,     &recipe_outliers, &recipe_encode, &recipe_bin,
                                           &recipe_polynomial, &recipe_scale,    &recipe_pca,    &recipe_date,
                                           &recipe_text,       &recipe_select};

int32_t lathe_recipe_kinds(void) {
  return (int32_t)(sizeof kinds / sizeof *kinds);
}

const char *lathe_recipe_kind_name(int32_t kind) {
  return kind >= 0 && kind < lathe_recipe_kinds() ? kinds[kind]->name : NULL;
}

const char *lathe_recipe_kind_doc(int32_t kind) {
  return kind >= 0 && kind < lathe_recipe_kinds() ? kinds[kind]->doc : NULL;
}

int32_t lathe_recipe_kind_options(int32_t kind) {
  return kind >= 0 && kind < lathe_recipe_kinds() ? kinds[kind]->options : 0;
}

const lathe_step_option *lathe_recipe_kind_option(int32_t kind, int32_t option) {
  return option >= 0 && option < lathe_recipe_kind_options(kind) ? &kinds[kind]->option[option] : NULL;
}

lathe_recipe *lathe_recipe_new(const char *target, lathe_error *error) {
  lathe_recipe *recipe = lathe_memory_new(1, sizeof *recipe, error);
  if (!recipe) return NULL;
  atomic_init(&recipe->references, 1);
  if (!target || !target[0] || lathe_names_add(&recipe->targets, error, "%s", target)) return recipe;
  lathe_recipe_release(recipe);
  return NULL;
}

lathe_recipe *lathe_recipe_retain(lathe_recipe *recipe) {
  atomic_fetch_add(&recipe->references, 1);
  return recipe;
}

void lathe_recipe_release(lathe_recipe *recipe) {
  if (!recipe || atomic_fetch_sub(&recipe->references, 1) != 1) return;
  for (int32_t i = 0; i < recipe->count; i++) {
    lathe_names_free(&recipe->steps[i].columns);
    lathe_names_free(&recipe->steps[i].dropped_columns);
    lathe_names_free(&recipe->steps[i].dropped_learned);
    for (int32_t k = 0; k < RECIPE_OPTIONS; k++) free(recipe->steps[i].value[k].text);
  }
  lathe_names_free(&recipe->targets);
  lathe_names_free(&recipe->features);
  lathe_names_free(&recipe->dropped);
  lathe_names_free(&recipe->impersonal);
  free(recipe->steps);
  free(recipe->description);
  free(recipe);
}

bool lathe_recipe_feature(lathe_recipe *recipe, const char *column, lathe_error *error) {
  if (lathe_names_find(&recipe->targets, column) >= 0)
    return lathe_error_set(error, LATHE_ERROR_ARGUMENT, "\"%s\" is the target and cannot be a feature too",
                           column);
  if (lathe_names_find(&recipe->features, column) >= 0) return true;
  return lathe_names_add(&recipe->features, error, "%s", column);
}

bool lathe_recipe_impersonal(lathe_recipe *recipe, const char *column, lathe_error *error) {
  return lathe_names_add(&recipe->impersonal, error, "%s", column);
}

bool lathe_recipe_drop(lathe_recipe *recipe, const char *column, lathe_error *error) {
  return lathe_names_add(&recipe->dropped, error, "%s", column);
}

bool lathe_recipe_add_target(lathe_recipe *recipe, const char *column, lathe_error *error) {
  if (lathe_names_find(&recipe->targets, column) >= 0)
    return lathe_error_set(error, LATHE_ERROR_ARGUMENT, "\"%s\" stands twice among the targets", column);
  return lathe_names_add(&recipe->targets, error, "%s", column);
}

int32_t lathe_recipe_targets(const lathe_recipe *recipe) {
  return recipe->targets.count;
}

const char *lathe_recipe_target_at(const lathe_recipe *recipe, int32_t index) {
  return index >= 0 && index < recipe->targets.count ? recipe->targets.name[index] : "";
}

const char *lathe_recipe_target(const lathe_recipe *recipe) {
  return lathe_recipe_target_at(recipe, 0);
}

bool lathe_recipe_check_single(const lathe_recipe *recipe, const char *what, lathe_error *error) {
  return recipe->targets.count < 2 ||
         lathe_error_set(error, LATHE_ERROR_ARGUMENT,
                         "%s takes one target, and the recipe has %d; give it one of them (a network learns "
                         "several at once)",
                         what, recipe->targets.count);
}

bool lathe_recipe_step(lathe_recipe *recipe, const char *name, lathe_error *error) {
  const recipe_kind *kind = NULL;
  for (int32_t i = 0; i < lathe_recipe_kinds(); i++)
    if (!strcmp(kinds[i]->name, name)) kind = kinds[i];
  if (!kind) return lathe_error_set(error, LATHE_ERROR_ARGUMENT, "recipes have no step \"%s\"", name);
  if (!lathe_memory_resize((void **)&recipe->steps, (size_t)recipe->count + 1, sizeof *recipe->steps, error))
    return false;
  recipe_step *step = &recipe->steps[recipe->count++];
  *step = (recipe_step){.kind = kind};
  for (int32_t i = 0; i < kind->options; i++) step->value[i].number = kind->option[i].number;
  return true;
}

static recipe_step *last_step(const lathe_recipe *recipe, const char *what, lathe_error *error) {
  if (recipe->count > 0) return &recipe->steps[recipe->count - 1];
  lathe_error_set(error, LATHE_ERROR_ARGUMENT, "the recipe has no step yet for \"%s\"; append one first",
                  what);
  return NULL;
}

/* The place of an option of the last step, or -1. */
static int32_t find_option(const lathe_recipe *recipe, const char *name, lathe_error *error) {
  const recipe_step *step = last_step(recipe, name, error);
  for (int32_t i = 0; step && i < step->kind->options; i++)
    if (!strcmp(step->kind->option[i].name, name)) return i;
  if (step) lathe_error_set(error, LATHE_ERROR_ARGUMENT, "%s has no option \"%s\"", step->kind->name, name);
  return -1;
}

bool lathe_recipe_set_number(lathe_recipe *recipe, const char *name, double value, lathe_error *error) {
  int32_t place = find_option(recipe, name, error);
  if (place < 0) return false;
  recipe_step *step = &recipe->steps[recipe->count - 1];
  const lathe_step_option *option = &step->kind->option[place];
  if (option->type == LATHE_OPTION_CHOICE || option->type == LATHE_OPTION_TEXT)
    return lathe_error_set(error, LATHE_ERROR_ARGUMENT, "%s: %s is a text, not a number", step->kind->name,
                           name);
  bool whole = option->type != LATHE_OPTION_NUMBER;
  if (!(value >= option->least && value <= option->most) || !isfinite(value) ||
      (whole && value != floor(value))) {
    const char *kind = whole ? "whole number" : "number";
    if (isfinite(option->least) && isfinite(option->most))
      return lathe_error_set(error, LATHE_ERROR_ARGUMENT, "%s: %s = %.15g is not a %s from %.15g to %.15g",
                             step->kind->name, name, value, kind, option->least, option->most);
    return lathe_error_set(error, LATHE_ERROR_ARGUMENT, "%s: %s = %.15g is not a finite %s%s",
                           step->kind->name, name, value, kind,
                           value < option->least ? " that is large enough" : "");
  }
  step->value[place].number = value;
  return true;
}

/* The place of a word among words with '|' between them, or -1. */
static int32_t find_choice(const char *choices, const char *word) {
  size_t size = strlen(word);
  for (int32_t place = 0; choices; place++) {
    const char *end = strchr(choices, '|');
    size_t length = end ? (size_t)(end - choices) : strlen(choices);
    if (length == size && !memcmp(choices, word, size)) return place;
    choices = end ? end + 1 : NULL;
  }
  return -1;
}

static lathe_text choice_at(const char *choices, int32_t place) {
  for (; place > 0; place--) choices = strchr(choices, '|') + 1;
  const char *end = strchr(choices, '|');
  return (lathe_text){choices, end ? (size_t)(end - choices) : strlen(choices)};
}

bool lathe_recipe_set_text(lathe_recipe *recipe, const char *name, const char *value, lathe_error *error) {
  int32_t place = find_option(recipe, name, error);
  if (place < 0) return false;
  recipe_step *step = &recipe->steps[recipe->count - 1];
  const lathe_step_option *option = &step->kind->option[place];
  if (option->type == LATHE_OPTION_CHOICE) {
    int32_t choice = find_choice(option->choices, value);
    if (choice < 0)
      return lathe_error_set(error, LATHE_ERROR_ARGUMENT, "%s: %s = \"%s\" is not one of %s",
                             step->kind->name, name, value, option->choices);
    step->value[place].number = choice;
    return true;
  }
  if (option->type != LATHE_OPTION_TEXT)
    return lathe_error_set(error, LATHE_ERROR_ARGUMENT, "%s: %s is a number, not a text", step->kind->name,
                           name);
  char *copy = lathe_memory_text(value, strlen(value), error);
  if (!copy) return false;
  free(step->value[place].text);
  step->value[place].text = copy;
  return true;
}

bool lathe_recipe_column(lathe_recipe *recipe, const char *column, lathe_error *error) {
  recipe_step *step = last_step(recipe, column, error);
  if (!step || lathe_names_find(&step->columns, column) >= 0) return step != NULL;
  return lathe_names_add(&step->columns, error, "%s", column);
}

bool lathe_recipe_check(const lathe_recipe *recipe, lathe_error *error) {
  const recipe_step *step = recipe->count > 0 ? &recipe->steps[recipe->count - 1] : NULL;
  return !step || !step->kind->check || step->kind->check(step, error);
}

static void write_words(lathe_json_writer *json, const char *key, const lathe_names *words) {
  if (words->count == 0) return;
  lathe_json_member(json, key);
  lathe_json_write_array(json);
  for (int32_t i = 0; i < words->count; i++)
    lathe_json_write_string(json, words->name[i], strlen(words->name[i]));
  lathe_json_write_array_end(json);
}

static void write_option(lathe_json_writer *json, const lathe_step_option *option,
                         const recipe_value *value) {
  if (option->type == LATHE_OPTION_TEXT) {
    if (value->text) lathe_json_member_text(json, option->name, value->text);
    return;
  }
  if (isnan(value->number)) return;
  lathe_json_member(json, option->name);
  if (option->type == LATHE_OPTION_CHOICE) {
    lathe_text word = choice_at(option->choices, (int32_t)value->number);
    lathe_json_write_string(json, word.data, word.size);
  } else if (option->type == LATHE_OPTION_FLAG)
    lathe_json_write_bool(json, value->number != 0);
  else if (option->type == LATHE_OPTION_INTEGER)
    lathe_json_write_integer(json, (int64_t)value->number);
  else
    lathe_json_write_number(json, value->number);
}

static void write_step(lathe_json_writer *json, const recipe_step *step) {
  lathe_json_write_object(json);
  lathe_json_member_text(json, "step", step->kind->name);
  for (int32_t i = 0; i < step->kind->options; i++)
    write_option(json, &step->kind->option[i], &step->value[i]);
  write_words(json, "columns", &step->columns);
  lathe_json_write_object_end(json);
}

const char *lathe_recipe_describe(lathe_recipe *recipe, lathe_error *error) {
  lathe_json_writer *json = lathe_json_writer_new(0, error);
  if (!json) return NULL;
  lathe_json_write_object(json);
  if (recipe->targets.count == 1) lathe_json_member_text(json, "target", recipe->targets.name[0]);
  if (recipe->targets.count > 1) write_words(json, "target", &recipe->targets);
  write_words(json, "features", &recipe->features);
  write_words(json, "drop", &recipe->dropped);
  if (recipe->impersonal.count > 0) write_words(json, "impersonal", &recipe->impersonal);
  lathe_json_member(json, "steps");
  lathe_json_write_array(json);
  for (int32_t i = 0; i < recipe->count; i++) write_step(json, &recipe->steps[i]);
  lathe_json_write_array_end(json);
  lathe_json_write_object_end(json);
  lathe_text text = lathe_json_writer_finish(json, error);
  char *copy = text.data ? lathe_memory_text(text.data, text.size, error) : NULL;
  lathe_json_writer_free(json);
  if (!copy) return NULL;
  free(recipe->description);
  recipe->description = copy;
  return copy;
}
