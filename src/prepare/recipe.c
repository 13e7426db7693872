/* recipe.c - building a recipe and telling what is in it. */
#include "recipe.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../base/json.h"
#include "../base/memory.h"
#include "own.h"

lathe_recipe *lathe_recipe_new(const char *target, lathe_error *error) {
  lathe_recipe *recipe = lathe_memory_new(1, sizeof *recipe, error);
  if (!recipe) return NULL;
  atomic_init(&recipe->references, 1);
  recipe->target = lathe_memory_text(target, strlen(target), error);
  if (!recipe->target) {
    free(recipe);
    return NULL;
  }
  return recipe;
}

lathe_recipe *lathe_recipe_retain(lathe_recipe *recipe) {
  atomic_fetch_add(&recipe->references, 1);
  return recipe;
}

void lathe_recipe_release(lathe_recipe *recipe) {
  if (!recipe || atomic_fetch_sub(&recipe->references, 1) != 1) return;
  for (int32_t i = 0; i < recipe->count; i++) {
    lathe_names_free(&recipe->steps[i].columns);
    free(recipe->steps[i].text);
  }
  lathe_names_free(&recipe->features);
  lathe_names_free(&recipe->dropped);
  free(recipe->steps);
  free(recipe->target);
  free(recipe->description);
  free(recipe);
}

bool lathe_recipe_feature(lathe_recipe *recipe, const char *column, lathe_error *error) {
  if (!strcmp(column, recipe->target))
    return lathe_error_set(error, LATHE_ERROR_ARGUMENT, "\"%s\" is the target and cannot be a feature too",
                           column);
  if (lathe_names_find(&recipe->features, column) >= 0) return true;
  return lathe_names_add(&recipe->features, error, "%s", column);
}

bool lathe_recipe_drop(lathe_recipe *recipe, const char *column, lathe_error *error) {
  return lathe_names_add(&recipe->dropped, error, "%s", column);
}

const char *lathe_recipe_target(const lathe_recipe *recipe) {
  return recipe->target;
}

static recipe_step *append(lathe_recipe *recipe, recipe_step_kind kind, lathe_error *error) {
  if (!lathe_memory_resize((void **)&recipe->steps, (size_t)recipe->count + 1, sizeof *recipe->steps, error))
    return NULL;
  recipe->steps[recipe->count] = (recipe_step){.kind = kind};
  return &recipe->steps[recipe->count++];
}

bool lathe_recipe_impute(lathe_recipe *recipe, lathe_impute_method numeric, double number,
                         lathe_impute_method category, const char *text, lathe_error *error) {
  if (numeric == LATHE_IMPUTE_MODE || category == LATHE_IMPUTE_MEDIAN || category == LATHE_IMPUTE_MEAN)
    return lathe_error_set(error, LATHE_ERROR_ARGUMENT,
                           "numbers are imputed by median, mean or constant, categories by mode or constant");
  if (numeric == LATHE_IMPUTE_CONSTANT && !isfinite(number))
    return lathe_error_set(error, LATHE_ERROR_ARGUMENT,
                           "the constant to impute numbers with must be a finite number");
  if (category == LATHE_IMPUTE_CONSTANT && !text)
    return lathe_error_set(
        error, LATHE_ERROR_ARGUMENT,
        "the constant to impute categories with is not given; give the text that missing ones become");
  char *copy = text ? lathe_memory_text(text, strlen(text), error) : NULL;
  if (text && !copy) return false;
  recipe_step *step = append(recipe, STEP_IMPUTE, error);
  if (!step) {
    free(copy);
    return false;
  }
  step->numeric = numeric;
  step->category = category;
  step->number = number;
  step->text = copy;
  return true;
}

bool lathe_recipe_encode(lathe_recipe *recipe, bool drop_first, bool unknown_is_error, lathe_error *error) {
  recipe_step *step = append(recipe, STEP_ENCODE, error);
  if (!step) return false;
  step->drop_first = drop_first;
  step->strict = unknown_is_error;
  return true;
}

bool lathe_recipe_scale(lathe_recipe *recipe, int32_t ddof, lathe_error *error) {
  if (ddof < 0 || ddof > 1)
    return lathe_error_set(error, LATHE_ERROR_ARGUMENT,
                           "ddof = %d; the standard deviation divides by n - ddof, with ddof 0 or 1",
                           (int)ddof);
  recipe_step *step = append(recipe, STEP_SCALE, error);
  if (!step) return false;
  step->ddof = ddof;
  return true;
}

bool lathe_recipe_column(lathe_recipe *recipe, const char *column, lathe_error *error) {
  if (recipe->count == 0)
    return lathe_error_set(error, LATHE_ERROR_ARGUMENT,
                           "the recipe has no step yet that could be limited to \"%s\"", column);
  return lathe_names_add(&recipe->steps[recipe->count - 1].columns, error, "%s", column);
}

static void write_words(lathe_json_writer *json, const char *key, const lathe_names *words) {
  if (words->count == 0) return;
  lathe_json_member(json, key);
  lathe_json_write_array(json);
  for (int32_t i = 0; i < words->count; i++)
    lathe_json_write_string(json, words->name[i], strlen(words->name[i]));
  lathe_json_write_array_end(json);
}

static const char *const methods[] = {"none", "median", "mean", "mode", "constant"};

static void write_step(lathe_json_writer *json, const recipe_step *step) {
  static const char *const names[] = {"impute", "encode", "scale"};
  lathe_json_write_object(json);
  lathe_json_member_text(json, "step", names[step->kind]);
  switch (step->kind) {
  case STEP_IMPUTE:
    lathe_json_member_text(json, "numeric", methods[step->numeric]);
    if (step->numeric == LATHE_IMPUTE_CONSTANT) {
      lathe_json_member(json, "number");
      lathe_json_write_number(json, step->number);
    }
    lathe_json_member_text(json, "category", methods[step->category]);
    if (step->category == LATHE_IMPUTE_CONSTANT) lathe_json_member_text(json, "text", step->text);
    break;
  case STEP_ENCODE:
    lathe_json_member_text(json, "method", "one-hot");
    lathe_json_member_text(json, "drop", step->drop_first ? "first" : "none");
    lathe_json_member_text(json, "unknown", step->strict ? "error" : "zeros");
    break;
  case STEP_SCALE:
    lathe_json_member_text(json, "method", "standard");
    lathe_json_member(json, "ddof");
    lathe_json_write_integer(json, step->ddof);
    break;
  }
  write_words(json, "columns", &step->columns);
  lathe_json_write_object_end(json);
}

const char *lathe_recipe_describe(lathe_recipe *recipe, lathe_error *error) {
  lathe_json_writer *json = lathe_json_writer_new(0, error);
  if (!json) return NULL;
  lathe_json_write_object(json);
  lathe_json_member_text(json, "target", recipe->target);
  write_words(json, "features", &recipe->features);
  write_words(json, "drop", &recipe->dropped);
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
