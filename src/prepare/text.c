/* text.c - the step that makes numbers of texts: how often words or pieces of them come. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../base/memory.h"
#include "own.h"
#include "vocabulary.h"

enum {
  METHOD,
  UNIT,
  LEAST,
  MOST,
  LOWERCASE,
  BINARY,
  MIN_TEXTS,
  MAX_TEXTS,
  MAX_FEATURES,
  COLUMNS,
  SUBLINEAR,
  SMOOTH,
  NORM,
  SIGNED
};
enum { TFIDF, COUNTS, HASHING };

/* Columns that are made of one column of texts: they are dense, 8 bytes for each row. */
enum { TEXT_COLUMNS = 65536 };

static const lathe_step_option options[] = {
    {"method", LATHE_OPTION_CHOICE, "tfidf|counts|hashing", 0, 0, 0,
     "counts times the inverse document frequency, counts, or counts by hash without a vocabulary"},
    {"unit", LATHE_OPTION_CHOICE, "word|char|char_wb", 0, 0, 0,
     "n-grams of words, of characters, or of the characters within words"},
    {"ngram_min", LATHE_OPTION_INTEGER, NULL, 1, 1, LATHE_NGRAMS_LONGEST, "the least n"},
    {"ngram_max", LATHE_OPTION_INTEGER, NULL, 1, 1, LATHE_NGRAMS_LONGEST, "the greatest n"},
    {"lowercase", LATHE_OPTION_FLAG, NULL, 1, 0, 1, "first make all letters small"},
    {"binary", LATHE_OPTION_FLAG, NULL, 0, 0, 1, "whether it comes, not how often"},
    {"min_df", LATHE_OPTION_NUMBER, NULL, 1, 0, 1e15,
     "it comes in so many texts at least; below 1: in this share of them"},
    {"max_df", LATHE_OPTION_NUMBER, NULL, 1, 0, 1e15, "and at most; up to 1: in this share of them"},
    {"max_features", LATHE_OPTION_INTEGER, NULL, 1000, 1, TEXT_COLUMNS, "keep those that come most often"},
    {"buckets", LATHE_OPTION_INTEGER, NULL, 1024, 1, TEXT_COLUMNS, "hashing: into so many columns"},
    {"sublinear", LATHE_OPTION_FLAG, NULL, 0, 0, 1, "1 + ln of a count in its place"},
    {"smooth", LATHE_OPTION_FLAG, NULL, 1, 0, 1,
     "document frequencies as if one more text had every word: ln((1 + n) / (1 + df)) + 1"},
    {"norm", LATHE_OPTION_CHOICE, "none|l1|l2", NAN, 0, 0,
     "divide each row by its length; not set: l2, and of counts none"},
    {"signed", LATHE_OPTION_FLAG, NULL, 1, 0, 1, "hashing: half of the hashes count down"},
};

static bool check(const recipe_step *step, lathe_error *error) {
  if (step->value[LEAST].number > step->value[MOST].number)
    return lathe_error_set(error, LATHE_ERROR_ARGUMENT,
                           "text: ngram_min = %.0f is above ngram_max = %.0f; set both",
                           step->value[LEAST].number, step->value[MOST].number);
  return true;
}

static void set_rule(const recipe_step *step, int32_t *rule) {
  int method = (int)step->value[METHOD].number;
  double norm = step->value[NORM].number;
  rule[LATHE_NGRAMS_UNIT] = (int32_t)step->value[UNIT].number;
  rule[LATHE_NGRAMS_LEAST] = (int32_t)step->value[LEAST].number;
  rule[LATHE_NGRAMS_MOST] = (int32_t)step->value[MOST].number;
  rule[LATHE_NGRAMS_LOWERCASE] = (int32_t)step->value[LOWERCASE].number;
  rule[LATHE_NGRAMS_BINARY] = (int32_t)step->value[BINARY].number;
  rule[LATHE_NGRAMS_SUBLINEAR] = (int32_t)step->value[SUBLINEAR].number;
  rule[LATHE_NGRAMS_NORM] = !isnan(norm)       ? (int32_t)norm
                            : method == COUNTS ? LATHE_NGRAMS_NO_NORM
                                               : LATHE_NGRAMS_L2;
  rule[LATHE_NGRAMS_HASHING] = method != HASHING                 ? LATHE_NGRAMS_NO_HASHING
                               : step->value[SIGNED].number != 0 ? LATHE_NGRAMS_SIGNED
                                                                 : LATHE_NGRAMS_UNSIGNED;
}

/* A bound on document frequency: a number of texts, or up to `whole` a share of them. */
static double bound_of(double value, bool share, double texts) {
  return share ? value * texts : value;
}

static bool learn_words(fitting *state, const recipe_step *step, const recipe_column *text,
                        const int32_t *rule, vocabulary *words) {
  double texts = (double)lathe_table_rows(state->table);
  double low = step->value[MIN_TEXTS].number, high = step->value[MAX_TEXTS].number;
  double least = ceil(bound_of(low, low < 1, texts)), most = floor(bound_of(high, high <= 1, texts));
  if (!vocabulary_find(text->column, text->fill, rule, words, state->progress, state->error)) return false;
  int64_t found = words->size, personal = 0;
  if (!vocabulary_prune(words, (int64_t)least, (int64_t)most, INT64_MAX, state->error)) return false;
  int64_t frequent = words->size;
  if (lathe_names_find(&state->recipe->impersonal, text->name) < 0)
    personal = vocabulary_drop_personal(words);
  int64_t limit = (int64_t)step->value[MAX_FEATURES].number, there = words->size;
  if (!vocabulary_prune(words, 0, INT64_MAX, limit, state->error)) return false;
  if (words->size == 0)
    return lathe_error_set(
        state->error, LATHE_ERROR_DATA,
        "no n-gram of \"%s\" is left: it has %lld, and none of them comes in %.0f to %.0f texts; "
        "set min_df and max_df wider, or leave the column out (drop = { \"%s\" })",
        text->name, (long long)found, least, most, text->name);
  if (personal > 0 &&
      !NOTE(state,
            "\"%s\": %lld words look personal (an address, a telephone or card number) and are left out",
            text->name, (long long)personal))
    return false;
  return recipe_learned(state, text->name,
                        "%lld of %lld n-grams, %lld too rare or too common, %lld beyond max_features",
                        (long long)words->size, (long long)found, (long long)(found - frequent),
                        (long long)(there - words->size));
}

/* The inverse document frequency of each, or 1. */
static double *factors_of(fitting *state, const recipe_step *step, const vocabulary *words, int32_t width) {
  double *factor = lathe_memory_raw((size_t)width, sizeof *factor, state->error);
  double texts = (double)lathe_table_rows(state->table), more = step->value[SMOOTH].number;
  bool idf = step->value[METHOD].number == TFIDF;
  for (int32_t i = 0; factor && i < width; i++)
    factor[i] = idf ? log((texts + more) / ((double)words->gram[i].texts + more)) + 1 : 1;
  return factor;
}

/* The names of columns: "message~free", "message#17". */
static bool append_columns(fitting *state, int32_t index, const vocabulary *words, int32_t width,
                           int32_t value) {
  lathe_buffer name = {0};
  bool fine = true;
  for (int32_t i = 0; fine && i < width; i++) {
    name.size = 0;
    if (words->size > 0)
      fine = lathe_buffer_format(&name, state->error, "%s~%.*s", state->columns[index].name,
                                 (int)words->gram[i].text.size, words->gram[i].text.data);
    else
      fine = lathe_buffer_format(&name, state->error, "%s#%d", state->columns[index].name, (int)i);
    fine = fine && recipe_append(state, name.data, ROLE_NUMBER, value, i);
  }
  lathe_buffer_free(&name);
  return fine;
}

static int32_t add_ngrams(fitting *state, int32_t index, const int32_t *rule, const vocabulary *words,
                          int32_t width, const double *factor) {
  lathe_text *word = lathe_memory_raw((size_t)words->size, sizeof *word, state->error);
  if (!word) return -1;
  for (int64_t i = 0; i < words->size; i++) word[i] = words->gram[i].text;
  lathe_operator node = {.kind = LATHE_OPERATOR_NGRAMS,
                         .width = width,
                         .words = (int32_t)words->size,
                         .word = word,
                         .missing = -1,
                         .fill = state->columns[index].fill,
                         .tensor = {[LATHE_NGRAMS_RULE] = rule, [LATHE_NGRAMS_FACTOR] = factor},
                         .size = {[LATHE_NGRAMS_RULE] = LATHE_NGRAMS_RULES}};
  int32_t value = recipe_add(state, &node, state->columns[index].value);
  free(word);
  return value;
}

static bool count_words(fitting *state, const recipe_step *step, int32_t index) {
  vocabulary words = {0};
  int32_t rule[LATHE_NGRAMS_RULES], width = (int32_t)step->value[COLUMNS].number;
  set_rule(step, rule);
  bool hashed = step->value[METHOD].number == HASHING;
  bool fine = hashed ? recipe_learned(state, state->columns[index].name, "hashed into %d columns", (int)width)
                     : learn_words(state, step, &state->columns[index], rule, &words);
  if (!hashed) width = (int32_t)words.size;
  double *factor = fine ? factors_of(state, step, &words, width) : NULL;
  int32_t value = factor ? add_ngrams(state, index, rule, &words, width, factor) : -1;
  fine = value >= 0 && append_columns(state, index, &words, width, value);
  free(factor);
  vocabulary_free(&words);
  return fine;
}

static bool fit(fitting *state, const recipe_step *step) {
  int32_t count, before = state->count;
  int32_t *chosen = recipe_choose(state, step, 1u << ROLE_TEXT, 1u << ROLE_TEXT, &count);
  bool fine = chosen != NULL, *gone = NULL;
  for (int32_t i = 0; fine && i < count; i++) fine = count_words(state, step, chosen[i]);
  fine = fine && (gone = lathe_memory_new((size_t)state->count, sizeof *gone, state->error)) != NULL;
  for (int32_t i = 0; fine && i < before; i++) gone[i] = false;
  for (int32_t i = 0; fine && i < count; i++) gone[chosen[i]] = true;
  if (fine) recipe_remove(state, gone);
  free(chosen);
  free(gone);
  return fine;
}

const recipe_kind recipe_text = {
    "text", "Count the words of texts.", options, sizeof options / sizeof *options, check, fit};
