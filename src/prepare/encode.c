/* encode.c - the step that makes numbers of categories.
 *
 * A column becomes codes (levels.h); what is made of a code is a column for each (ONE_HOT) or a number for each (LOOKUP). */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../base/memory.h"
#include "levels.h"

enum { METHOD, DROP, UNKNOWN, MIN_COUNT, MIN_SHARE, SMOOTH, FOLDS, SEED };
enum { ONE_HOT, ORDINAL, FREQUENCY, TARGET, METHODS };
enum { UNKNOWN_ZEROS, UNKNOWN_MISSING, UNKNOWN_VALUE, UNKNOWN_LEVEL, UNKNOWN_PRIOR, UNKNOWN_ERROR, UNKNOWNS };

/* Columns that one-hot encoding may make of one column: they are dense. */
enum { ONE_HOT_COLUMNS = 10000 };

static const lathe_step_option options[] = {
    {"method", LATHE_OPTION_CHOICE, "one-hot|ordinal|frequency|target", 0, 0, 0,
     "columns of 0 and 1, the place among the sorted categories, their share of the rows, or the mean of the "
     "target"},
    {"drop", LATHE_OPTION_CHOICE, "none|first", 0, 0, 0, "one-hot: no column for the first category"},
    {"unknown", LATHE_OPTION_CHOICE, "zeros|missing|value|level|prior|error", NAN, 0, 0,
     "a category not seen in training: zeros (one-hot, frequency), missing or -1 (ordinal), the level of the "
     "rare ones, the prior (target), "
     "or an error"},
    {"min_count", LATHE_OPTION_INTEGER, NULL, 0, 0, 1e15,
     "categories of fewer training rows share one level"},
    {"min_share", LATHE_OPTION_NUMBER, NULL, 0, 0, 1, "so do those of a smaller share of the rows"},
    {"smooth", LATHE_OPTION_NUMBER, NULL, NAN, 0, INFINITY,
     "target: rows that the mean of all counts as in each category; not set: by empirical Bayes"},
    {"folds", LATHE_OPTION_INTEGER, NULL, 5, 2, 1000,
     "target: a training row is encoded by what the other folds say"},
    {"seed", LATHE_OPTION_INTEGER, NULL, 42, 0, 4294967295, "target: another seed, other folds"},
};

/* What an unknown category may become, by method; the first is so when nobody asks. */
static const struct {
  int usual;
  unsigned allowed;
  const char *words;
} policies[METHODS] = {
#define BIT(policy) (1u << UNKNOWN_##policy)
    [ONE_HOT] = {UNKNOWN_ZEROS, BIT(ZEROS) | BIT(LEVEL) | BIT(ERROR),
                 "an unknown text in one-hot columns is \"zeros\", a \"level\" of its own or an \"error\""},
    [ORDINAL] = {UNKNOWN_MISSING, BIT(MISSING) | BIT(VALUE) | BIT(LEVEL) | BIT(ERROR),
                 "an unknown text among ordinal codes is \"missing\", \"value\" (-1) or an \"error\", or the "
                 "\"level\" of the rare ones"},
    [FREQUENCY] =
        {UNKNOWN_ZEROS, BIT(ZEROS) | BIT(MISSING) | BIT(LEVEL) | BIT(ERROR),
         "the frequency of an unknown text is \"zeros\" (0), \"missing\", that of the \"level\" of the "
         "rare ones, or an \"error\""},
    [TARGET] = {UNKNOWN_PRIOR, BIT(MISSING) | BIT(LEVEL) | BIT(PRIOR) | BIT(ERROR),
                "an unknown text encoded by target is the \"prior\", \"missing\", the \"level\" of the rare "
                "ones, or an \"error\""},
#undef BIT
};

static int method_of(const recipe_step *step) {
  return (int)step->value[METHOD].number;
}

static int unknown_of(const recipe_step *step) {
  double unknown = step->value[UNKNOWN].number;
  return isnan(unknown) ? policies[method_of(step)].usual : (int)unknown;
}

static bool check(const recipe_step *step, lathe_error *error) {
  if (!(policies[method_of(step)].allowed >> unknown_of(step) & 1))
    return lathe_error_set(error, LATHE_ERROR_ARGUMENT, "%s", policies[method_of(step)].words);
  if (method_of(step) != ONE_HOT && step->value[DROP].number != 0)
    return lathe_error_set(error, LATHE_ERROR_ARGUMENT, "drop = \"first\" belongs to method = \"one-hot\"");
  return true;
}

/* The code of an unknown category. */
static int32_t unknown_code(const recipe_step *step, const level_pool *pool) {
  return unknown_of(step) == UNKNOWN_LEVEL ? pool->pool : -1;
}

static bool is_strict(const recipe_step *step) {
  return unknown_of(step) == UNKNOWN_ERROR;
}

static bool write_feature(const recipe_column *column, const level_list *levels, int32_t level,
                          lathe_buffer *name, lathe_error *error) {
  name->size = 0;
  if (!lathe_buffer_format(name, error, "%s=", column->name)) return false;
  return level < 0 ? lathe_buffer_text(name, "(other)", error) : level_write(levels, level, name, error);
}

static bool learned(fitting *state, const char *name, const level_list *levels, const level_pool *pool,
                    const char *what) {
  const char *of = levels->number ? "values" : "texts";
  if (pool->rare > 0)
    return recipe_learned(state, name, "%s of %lld %s, %d of them rare and pooled, %lld missing", what,
                          (long long)levels->texts.size, of, (int)pool->rare,
                          (long long)levels->texts.missing);
  return recipe_learned(state, name, "%s of %lld %s, %lld missing", what, (long long)levels->texts.size, of,
                        (long long)levels->texts.missing);
}

/* A category that all rows have, and have in common with every row to come, tells nothing. */
static bool note_constant(fitting *state, const recipe_column *column, const level_list *levels) {
  lathe_buffer name = {0};
  bool fine = level_write(levels, 0, &name, state->error) &&
              NOTE(state, "\"%s\" is \"%s\" in every training row and is left out", column->name, name.data);
  lathe_buffer_free(&name);
  return fine;
}

static bool add_one_hot(fitting *state, const recipe_step *step, int32_t index, const level_list *levels,
                        const level_pool *pool) {
  recipe_column column = state->columns[index];
  int32_t first = (int32_t)step->value[DROP].number;
  if (pool->size <= first) return note_constant(state, &column, levels);
  if (pool->size - first > ONE_HOT_COLUMNS)
    return lathe_error_set(
        state->error, LATHE_ERROR_DATA,
        "\"%s\" has %lld categories, and one-hot makes %d columns at most; pool the rare ones "
        "(min_count), take method = \"frequency\" or \"target\", or leave it out (drop = { \"%s\" })",
        column.name, (long long)levels->texts.size, (int)ONE_HOT_COLUMNS, column.name);
  int32_t code = level_codes(state, index, levels, pool, -1, unknown_code(step, pool), is_strict(step));
  lathe_operator hot = {.kind = LATHE_OPERATOR_ONE_HOT, .first = first};
  int32_t value = code >= 0 ? recipe_add(state, &hot, code) : -1;
  bool fine = value >= 0;
  lathe_buffer name = {0};
  for (int32_t i = first; fine && i < pool->size; i++)
    fine = write_feature(&column, levels, pool->level[i], &name, state->error) &&
           recipe_append(state, name.data, ROLE_FLAG, value, i - first);
  lathe_buffer_free(&name);
  return fine && learned(state, column.name, levels, pool, "columns");
}

/* A number for each code, then the one for missing and the one for unknown ones. */
static bool add_numbers(fitting *state, const recipe_step *step, int32_t index, const level_list *levels,
                        const level_pool *pool, const double *numbers) {
  int32_t code = level_codes(state, index, levels, pool, -2, unknown_code(step, pool), is_strict(step));
  lathe_operator lookup = {.kind = LATHE_OPERATOR_LOOKUP, .width = 1, .tensor = {numbers}};
  int32_t value = code >= 0 ? recipe_add(state, &lookup, code) : -1;
  if (value >= 0) recipe_replace(state, &index, 1, value);
  return value >= 0;
}

static bool add_ordinal(fitting *state, const recipe_step *step, int32_t index, const level_list *levels,
                        const level_pool *pool) {
  double *numbers = lathe_memory_raw((size_t)pool->size + 2, sizeof *numbers, state->error);
  if (!numbers) return false;
  for (int32_t i = 0; i < pool->size; i++) numbers[i] = (double)i;
  numbers[pool->size] = NAN;
  numbers[pool->size + 1] = unknown_of(step) == UNKNOWN_VALUE ? -1 : NAN;
  bool fine = add_numbers(state, step, index, levels, pool, numbers);
  recipe_column *column = &state->columns[index];
  column->role = ROLE_CODE;
  column->categories = pool->size;
  free(numbers);
  return fine && learned(state, column->name, levels, pool, "codes");
}

/* The share of the training rows; missing ones have theirs. */
static bool add_frequency(fitting *state, const recipe_step *step, int32_t index, const level_list *levels,
                          const level_pool *pool) {
  double *numbers = lathe_memory_raw((size_t)pool->size + 2, sizeof *numbers, state->error);
  double rows = (double)lathe_table_rows(state->table);
  if (!numbers) return false;
  for (int32_t i = 0; i < pool->size; i++) numbers[i] = (double)pool->count[i] / rows;
  numbers[pool->size] = (double)levels->texts.missing / rows;
  numbers[pool->size + 1] = unknown_of(step) == UNKNOWN_MISSING ? NAN : 0;
  bool fine = add_numbers(state, step, index, levels, pool, numbers);
  state->columns[index].role = ROLE_NUMBER;
  free(numbers);
  return fine && learned(state, state->columns[index].name, levels, pool, "frequencies");
}

static bool add_target(fitting *state, const recipe_step *step, int32_t index, const level_list *levels,
                       const level_pool *pool, bool *gone) {
  target_options own = {.folds = (int32_t)step->value[FOLDS].number,
                        .seed = (int64_t)step->value[SEED].number,
                        .smooth = step->value[SMOOTH].number,
                        .unknown = unknown_code(step, pool),
                        .prior = unknown_of(step) != UNKNOWN_MISSING,
                        .strict = is_strict(step)};
  return encode_by_target(state, index, levels, pool, &own, gone);
}

static bool encode_column(fitting *state, const recipe_step *step, int32_t index, bool *gone) {
  level_list levels = {0};
  level_pool pool = {0};
  double share = ceil(step->value[MIN_SHARE].number * (double)lathe_table_rows(state->table));
  double least = fmax(step->value[MIN_COUNT].number, share);
  bool fine =
      level_list_find(state, step, index, &levels) &&
      level_pool_make(&levels, (int64_t)least, unknown_of(step) == UNKNOWN_LEVEL, &pool, state->error);
  int method = method_of(step);
  *gone = method == ONE_HOT;
  if (fine && method == ONE_HOT)
    fine = add_one_hot(state, step, index, &levels, &pool);
  else if (fine && method == ORDINAL)
    fine = add_ordinal(state, step, index, &levels, &pool);
  else if (fine && method == FREQUENCY)
    fine = add_frequency(state, step, index, &levels, &pool);
  else if (fine)
    fine = add_target(state, step, index, &levels, &pool, gone);
  level_list_free(&levels);
  level_pool_free(&pool);
  return fine;
}

static bool fit(fitting *state, const recipe_step *step) {
  int32_t count, before = state->count;
  int32_t *chosen = recipe_choose(state, step, 1u << ROLE_TEXT, 1u << ROLE_TEXT | 1u << ROLE_NUMBER, &count);
  bool *gone = lathe_memory_new((size_t)before, sizeof *gone, state->error);
  bool fine = chosen && gone;
  for (int32_t i = 0; fine && i < count; i++) fine = encode_column(state, step, chosen[i], &gone[chosen[i]]);
  fine = fine && lathe_memory_resize((void **)&gone, (size_t)state->count, sizeof *gone, state->error);
  for (int32_t i = before; fine && i < state->count; i++) gone[i] = false;
  if (fine) recipe_remove(state, gone);
  free(chosen);
  free(gone);
  return fine;
}

const recipe_kind recipe_encode = {
    "encode", "Make numbers of categories.", options, sizeof options / sizeof *options, check, fit};
