/* encode.c - the step that makes numbers of categories.
 *
 * A text becomes its place in the sorted vocabulary of the training rows (operator CODE); what is made of that code is a
 * column for each (ONE_HOT) or a number for each (LOOKUP). */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../base/memory.h"
#include "own.h"

enum { METHOD, DROP, UNKNOWN };
enum { ONE_HOT, ORDINAL };
enum { UNKNOWN_ZEROS, UNKNOWN_MISSING, UNKNOWN_VALUE, UNKNOWN_ERROR }; /* not set: zeros, or missing */

static const lathe_step_option options[] = {
    {"method", LATHE_OPTION_CHOICE, "one-hot|ordinal", 0, 0, 0,
     "columns of 0 and 1, or the place among the sorted texts"},
    {"drop", LATHE_OPTION_CHOICE, "none|first", 0, 0, 0, "one-hot: no column for the first text"},
    {"unknown", LATHE_OPTION_CHOICE, "zeros|missing|value|error", NAN, 0, 0,
     "a text not seen in training: zeros (one-hot), missing or -1 (ordinal), or an error"},
};

static bool check(const recipe_step *step, lathe_error *error) {
  double unknown = step->value[UNKNOWN].number;
  bool hot = step->value[METHOD].number == ONE_HOT;
  if (hot && (unknown == UNKNOWN_MISSING || unknown == UNKNOWN_VALUE))
    return lathe_error_set(error, LATHE_ERROR_ARGUMENT,
                           "an unknown text in one-hot columns is \"zeros\" or an \"error\"");
  if (!hot && unknown == UNKNOWN_ZEROS)
    return lathe_error_set(
        error, LATHE_ERROR_ARGUMENT,
        "an unknown text among ordinal codes is \"missing\", \"value\" (-1) or an \"error\"");
  if (!hot && step->value[DROP].number != 0)
    return lathe_error_set(error, LATHE_ERROR_ARGUMENT, "drop = \"first\" belongs to method = \"one-hot\"");
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

/* The operator of the codes. A missing text gets the code `missing`. */
static int32_t add_code(fitting *state, const recipe_step *step, int32_t text, const text_counts *counts,
                        int32_t missing) {
  lathe_operator code = {.kind = LATHE_OPERATOR_CODE,
                         .words = (int32_t)counts->size,
                         .word = counts->text,
                         .missing = missing,
                         .strict = step->value[UNKNOWN].number == UNKNOWN_ERROR};
  return recipe_add(state, &code, text);
}

static bool add_one_hot(fitting *state, const recipe_step *step, int32_t index, const text_counts *counts,
                        int32_t missing) {
  recipe_column text = state->columns[index];
  int32_t first = (int32_t)step->value[DROP].number;
  if (counts->size <= first) {
    return NOTE(state, "\"%s\" is \"%.*s\" in every training row and is left out", text.name,
                (int)counts->text[0].size, counts->text[0].data);
  }
  int32_t code = add_code(state, step, text.value, counts, missing);
  lathe_operator hot = {.kind = LATHE_OPERATOR_ONE_HOT, .first = first};
  int32_t value = code >= 0 ? recipe_add(state, &hot, code) : -1;
  bool fine = value >= 0;
  lathe_buffer name = {0};
  for (int64_t i = first; fine && i < counts->size; i++) {
    name.size = 0;
    fine = lathe_buffer_format(&name, state->error, "%s=%.*s", text.name, (int)counts->text[i].size,
                               counts->text[i].data) &&
           recipe_append(state, name.data, ROLE_FLAG, value, (int32_t)i - first);
  }
  lathe_buffer_free(&name);
  return fine && recipe_learned(state, text.name, "%lld texts in %lld columns", (long long)counts->size,
                                (long long)counts->size - first);
}

/* A number for each code, then the one for missing and the one for unknown texts. */
static bool add_lookup(fitting *state, const recipe_step *step, int32_t index, const text_counts *counts,
                       int32_t missing, const double *numbers) {
  int32_t code = add_code(state, step, state->columns[index].value, counts, missing < 0 ? -2 : missing);
  lathe_operator lookup = {.kind = LATHE_OPERATOR_LOOKUP, .width = 1, .tensor = {numbers}};
  int32_t value = code >= 0 ? recipe_add(state, &lookup, code) : -1;
  if (value >= 0) recipe_replace(state, &index, 1, value);
  return value >= 0;
}

static bool add_ordinal(fitting *state, const recipe_step *step, int32_t index, const text_counts *counts,
                        int32_t missing) {
  double *numbers = lathe_memory_raw((size_t)counts->size + 2, sizeof *numbers, state->error);
  if (!numbers) return false;
  for (int64_t i = 0; i < counts->size; i++) numbers[i] = (double)i;
  numbers[counts->size] = NAN;
  numbers[counts->size + 1] = step->value[UNKNOWN].number == UNKNOWN_VALUE ? -1 : NAN;
  bool fine = add_lookup(state, step, index, counts, missing, numbers);
  recipe_column *column = &state->columns[index];
  column->role = ROLE_CODE;
  column->categories = (int32_t)counts->size;
  free(numbers);
  return fine && recipe_learned(state, column->name, "codes of %lld texts, %lld missing",
                                (long long)counts->size, (long long)counts->missing);
}

static bool encode_text(fitting *state, const recipe_step *step, int32_t index) {
  text_counts counts;
  int32_t missing = -1;
  recipe_column *text = &state->columns[index];
  if (!lathe_text_counts_of(text->column, &counts, state->error)) return false;
  bool fine = !text->fill || add_fill(&counts, text->fill, &missing, state->error);
  if (fine && counts.size > LATHE_GRAPH_WIDTH)
    fine = lathe_error_set(state->error, LATHE_ERROR_DATA,
                           "\"%s\" has %lld different texts; leave it out (drop = { \"%s\" })", text->name,
                           (long long)counts.size, text->name);
  else if (fine && step->value[METHOD].number == ONE_HOT)
    fine = add_one_hot(state, step, index, &counts, missing);
  else if (fine)
    fine = add_ordinal(state, step, index, &counts, missing);
  lathe_text_counts_free(&counts);
  return fine;
}

static bool fit(fitting *state, const recipe_step *step) {
  int32_t count, before = state->count;
  int32_t *chosen = recipe_choose(state, step, 1u << ROLE_TEXT, 1u << ROLE_TEXT, &count);
  bool fine = chosen != NULL, *gone = NULL;
  for (int32_t i = 0; fine && i < count; i++) fine = encode_text(state, step, chosen[i]);
  fine = fine && (gone = lathe_memory_new((size_t)state->count, sizeof *gone, state->error)) != NULL;
  for (int32_t i = 0; fine && i < before; i++) gone[i] = false;
  for (int32_t i = 0; fine && i < count && step->value[METHOD].number == ONE_HOT; i++) gone[chosen[i]] = true;
  if (fine) recipe_remove(state, gone);
  free(chosen);
  free(gone);
  return fine;
}

const recipe_kind recipe_encode = {
    "encode", "Make numbers of texts.", options, sizeof options / sizeof *options, check, fit};
