/* contract.c - a contract: inferred, read, written. */
#include "contract.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../base/json.h"
#include "../base/memory.h"
#include "contract_own.h"
#include "personal.h"

lathe_contract *contract_new(lathe_error *error) {
  lathe_contract *contract = lathe_memory_new(1, sizeof *contract, error);
  if (!contract) return NULL;
  atomic_init(&contract->references, 1);
  contract->others = true;
  return contract;
}

lathe_contract *lathe_contract_retain(lathe_contract *contract) {
  atomic_fetch_add(&contract->references, 1);
  return contract;
}

void lathe_contract_release(lathe_contract *contract) {
  if (!contract || atomic_fetch_sub(&contract->references, 1) != 1) return;
  for (int32_t i = 0; i < contract->count; i++) {
    for (int32_t w = 0; w < contract->rules[i].word_count; w++) free(contract->rules[i].words[w]);
    free(contract->rules[i].words);
    free(contract->rules[i].name);
  }
  free(contract->rules);
  free(contract->text);
  free(contract);
}

contract_rule *contract_add(lathe_contract *contract, const char *name, size_t size, lathe_error *error) {
  if (!lathe_memory_resize((void **)&contract->rules, (size_t)contract->count + 1, sizeof *contract->rules,
                           error))
    return NULL;
  contract_rule *rule = &contract->rules[contract->count];
  *rule = (contract_rule){.missing = true, .name = lathe_memory_text(name, size, error)};
  if (!rule->name) return NULL;
  contract->count++;
  return rule;
}

bool contract_add_word(contract_rule *rule, lathe_text word, lathe_error *error) {
  if ((rule->word_count & (rule->word_count - 1)) == 0 &&
      !lathe_memory_resize((void **)&rule->words, rule->word_count ? 2 * (size_t)rule->word_count : 1,
                           sizeof *rule->words, error))
    return false;
  rule->words[rule->word_count] = lathe_memory_text(word.data, word.size, error);
  return rule->words[rule->word_count] && ++rule->word_count;
}

static int by_bytes(const void *a, const void *b) {
  return strcmp(*(char *const *)a, *(char *const *)b);
}

void contract_sort_words(contract_rule *rule) {
  if (rule->words) qsort(rule->words, (size_t)rule->word_count, sizeof *rule->words, by_bytes);
}

bool contract_has_word(const contract_rule *rule, lathe_text text) {
  int32_t low = 0, high = rule->word_count;
  while (low < high) {
    int32_t middle = low + (high - low) / 2;
    const char *word = rule->words[middle];
    size_t size = strlen(word), shared = size < text.size ? size : text.size;
    int order = shared > 0 ? memcmp(word, text.data, shared) : 0;
    if (order == 0) order = (size > text.size) - (size < text.size);
    if (order == 0) return true;
    if (order < 0)
      low = middle + 1;
    else
      high = middle;
  }
  return false;
}

lathe_text contract_bound(const contract_rule *rule, double bound, char *out) {
  size_t size = rule->type == LATHE_TYPE_DATE        ? lathe_text_from_date((int32_t)bound, out)
                : rule->type == LATHE_TYPE_TIMESTAMP ? lathe_text_from_timestamp((int64_t)(bound * 1e6), out)
                                                     : lathe_text_from_float64(bound, out);
  return (lathe_text){out, size};
}

/* ---- inferring ---- */

static void infer_bounds(contract_rule *rule, const lathe_column *column) {
  double least = INFINITY, most = -INFINITY;
  for (int64_t r = 0; r < lathe_column_rows(column); r++) {
    double value = lathe_column_number(column, r);
    if (value < least) least = value;
    if (value > most) most = value;
  }
  rule->bounded_below = rule->bounded_above = least <= most;
  rule->least = least;
  rule->most = most;
}

static bool infer_words(contract_rule *rule, const lathe_column *column, int32_t most, lathe_error *error) {
  const lathe_column *words = lathe_column_dictionary(column);
  if (lathe_column_rows(words) > most) return true;
  for (int64_t w = 0; w < lathe_column_rows(words); w++) {
    lathe_text word = lathe_column_text(words, w);
    if (!contract_add_word(rule, word, error)) return false;
  }
  contract_sort_words(rule);
  return true;
}

lathe_contract *lathe_contract_infer(const lathe_table *table, int32_t words, lathe_error *error) {
  lathe_contract *contract = contract_new(error);
  bool fine = contract != NULL;
  for (int32_t i = 0; fine && i < lathe_table_columns(table); i++) {
    const lathe_column *column = lathe_table_column(table, i);
    const char *name = lathe_table_name(table, i);
    contract_rule *rule = contract_add(contract, name, strlen(name), error);
    fine = rule != NULL;
    if (!fine) break;
    rule->type = lathe_column_type(column);
    rule->missing = lathe_column_missing(column) > 0;
    lathe_personal_finding personal;
    fine = lathe_column_personal(column, name, LATHE_PERSONAL_ROWS, &personal, NULL, error);
    if (!fine || personal.kind)
      continue; /* a contract is shown and handed on: nobody's values are written into it */
    if (rule->type == LATHE_TYPE_CATEGORY)
      fine = infer_words(rule, column, words, error);
    else if (rule->type != LATHE_TYPE_STRING && rule->type != LATHE_TYPE_BOOL)
      infer_bounds(rule, column);
  }
  if (fine) return contract;
  lathe_contract_release(contract);
  return NULL;
}

/* ---- writing ---- */

static void write_bound(lathe_json_writer *json, const char *key, const contract_rule *rule, double bound) {
  char scratch[32];
  if (rule->type != LATHE_TYPE_DATE && rule->type != LATHE_TYPE_TIMESTAMP) {
    lathe_json_member(json, key);
    if (rule->type == LATHE_TYPE_INT64 && fabs(bound) < 9e15)
      lathe_json_write_integer(json, (int64_t)bound);
    else
      lathe_json_write_number(json, bound);
    return;
  }
  lathe_text text = contract_bound(rule, bound, scratch);
  lathe_json_member(json, key);
  lathe_json_write_string(json, text.data, text.size);
}

static void write_truth(lathe_json_writer *json, const char *key, bool value) {
  lathe_json_member(json, key);
  lathe_json_write_bool(json, value);
}

static void write_rule(lathe_json_writer *json, const contract_rule *rule) {
  lathe_json_write_object(json);
  lathe_json_member_text(json, "name", rule->name);
  lathe_json_member_text(json, "type", lathe_type_name(rule->type));
  write_truth(json, "missing", rule->missing);
  if (rule->optional) write_truth(json, "optional", true);
  if (rule->unique) write_truth(json, "unique", true);
  if (rule->bounded_below) write_bound(json, "least", rule, rule->least);
  if (rule->bounded_above) write_bound(json, "most", rule, rule->most);
  if (rule->words) {
    lathe_json_member(json, "values");
    lathe_json_write_array(json);
    for (int32_t i = 0; i < rule->word_count; i++)
      lathe_json_write_string(json, rule->words[i], strlen(rule->words[i]));
    lathe_json_write_array_end(json);
  }
  lathe_json_write_object_end(json);
}

const char *lathe_contract_text(lathe_contract *contract, lathe_error *error) {
  lathe_json_writer *json = lathe_json_writer_new(2, error);
  if (!json) return NULL;
  lathe_json_write_object(json);
  lathe_json_member_integer(json, "contract", 1);
  write_truth(json, "others", contract->others);
  lathe_json_member(json, "columns");
  lathe_json_write_array(json);
  for (int32_t i = 0; i < contract->count; i++) write_rule(json, &contract->rules[i]);
  lathe_json_write_array_end(json);
  lathe_json_write_object_end(json);
  lathe_text text = lathe_json_writer_finish(json, error);
  free(contract->text);
  contract->text = text.data ? lathe_memory_text(text.data, text.size, error) : NULL;
  lathe_json_writer_free(json);
  return contract->text;
}

/* ---- reading ---- */

static bool key_is(lathe_text key, const char *word) {
  return key.size == strlen(word) && !memcmp(key.data, word, key.size);
}

static bool read_truth(lathe_json_reader *json, bool *value, lathe_error *error) {
  lathe_json_event event = lathe_json_next(json, error);
  *value = event == LATHE_JSON_BOOL && lathe_json_bool(json);
  return event == LATHE_JSON_BOOL ||
         (event != LATHE_JSON_ERROR && lathe_json_refuse(json, error, "true or false is wanted here"));
}

/* A number; of a date or timestamp its text, whatever stands first, so the type may come behind. */
static bool read_bound(lathe_json_reader *json, double *bound, lathe_error *error) {
  lathe_json_event event = lathe_json_next(json, error);
  int32_t days;
  int64_t microseconds;
  if (event == LATHE_JSON_INTEGER || event == LATHE_JSON_NUMBER)
    return *bound = lathe_json_number(json), true;
  lathe_text text = event == LATHE_JSON_STRING ? lathe_json_text(json) : (lathe_text){"", 0};
  if (event == LATHE_JSON_STRING && lathe_text_to_date(text.data, text.size, &days))
    return *bound = days, true;
  if (event == LATHE_JSON_STRING && lathe_text_to_timestamp(text.data, text.size, &microseconds))
    return *bound = (double)microseconds / 1e6, true;
  return event != LATHE_JSON_ERROR &&
         lathe_json_refuse(json, error, "a bound is a number, or a date such as \"2024-12-31\"");
}

static bool read_words(lathe_json_reader *json, contract_rule *rule, lathe_error *error) {
  lathe_json_event event = lathe_json_next(json, error);
  if (event != LATHE_JSON_ARRAY)
    return event != LATHE_JSON_ERROR && lathe_json_refuse(json, error, "\"values\" is a list of texts");
  while ((event = lathe_json_next(json, error)) != LATHE_JSON_ARRAY_END) {
    if (event == LATHE_JSON_ERROR) return false;
    lathe_text text = event == LATHE_JSON_STRING ? lathe_json_text(json) : (lathe_text){NULL, 0};
    if (!text.data || memchr(text.data, 0, text.size))
      return lathe_json_refuse(json, error, "\"values\" is a list of texts");
    if (!contract_add_word(rule, text, error)) return false;
  }
  if (!rule->words) rule->words = lathe_memory_new(1, sizeof *rule->words, error);
  contract_sort_words(rule);
  return rule->words != NULL;
}

static bool read_type(lathe_json_reader *json, contract_rule *rule, lathe_error *error) {
  lathe_json_event event = lathe_json_next(json, error);
  char word[16] = "";
  lathe_text text = event == LATHE_JSON_STRING ? lathe_json_text(json) : (lathe_text){"", 0};
  if (text.size < sizeof word) memcpy(word, text.data, text.size);
  return lathe_type_parse(word, &rule->type) ||
         (event != LATHE_JSON_ERROR &&
          lathe_json_refuse(json, error,
                            "\"type\" is bool, int64, float64, string, category, date or timestamp"));
}

static bool read_member(lathe_json_reader *json, contract_rule *rule, lathe_text key, bool *typed,
                        lathe_error *error) {
  if (key_is(key, "type")) return *typed = true, read_type(json, rule, error);
  if (key_is(key, "missing")) return read_truth(json, &rule->missing, error);
  if (key_is(key, "optional")) return read_truth(json, &rule->optional, error);
  if (key_is(key, "unique")) return read_truth(json, &rule->unique, error);
  if (key_is(key, "least")) return rule->bounded_below = true, read_bound(json, &rule->least, error);
  if (key_is(key, "most")) return rule->bounded_above = true, read_bound(json, &rule->most, error);
  if (key_is(key, "values")) return read_words(json, rule, error);
  return lathe_json_refuse(
      json, error, "a column has name, type, missing, optional, unique, least, most and values, not \"%.*s\"",
      (int)(key.size < 60 ? key.size : 60), key.data);
}

static bool read_rule(lathe_json_reader *json, lathe_contract *contract, lathe_error *error) {
  contract_rule *rule = contract_add(contract, "", 0, error);
  bool typed = false;
  while (rule) {
    lathe_json_event event = lathe_json_next(json, error);
    if (event == LATHE_JSON_OBJECT_END) break;
    if (event == LATHE_JSON_ERROR) return false;
    lathe_text key = lathe_json_text(json);
    if (!key_is(key, "name")) {
      if (!read_member(json, rule, key, &typed, error)) return false;
      continue;
    }
    event = lathe_json_next(json, error);
    lathe_text name = event == LATHE_JSON_STRING ? lathe_json_text(json) : (lathe_text){NULL, 0};
    if (event == LATHE_JSON_ERROR) return false;
    if (!name.data || name.size == 0 || memchr(name.data, 0, name.size))
      return lathe_json_refuse(json, error, "\"name\" is the name of a column");
    free(rule->name);
    rule->name = lathe_memory_text(name.data, name.size, error);
    if (!rule->name) return false;
  }
  return rule &&
         ((rule->name[0] && typed) || lathe_json_refuse(json, error, "a column has a name and a type"));
}

static bool read_rules(lathe_json_reader *json, lathe_contract *contract, lathe_error *error) {
  lathe_json_event event = lathe_json_next(json, error);
  if (event != LATHE_JSON_ARRAY)
    return event != LATHE_JSON_ERROR && lathe_json_refuse(json, error, "\"columns\" is a list");
  while ((event = lathe_json_next(json, error)) != LATHE_JSON_ARRAY_END) {
    if (event == LATHE_JSON_ERROR) return false;
    if (event != LATHE_JSON_OBJECT)
      return lathe_json_refuse(json, error, "a column is an object with name and type");
    if (!read_rule(json, contract, error)) return false;
  }
  return true;
}

static bool read_contract(lathe_json_reader *json, lathe_contract *contract, lathe_error *error) {
  bool version = false;
  lathe_json_event event = lathe_json_next(json, error);
  if (event != LATHE_JSON_OBJECT)
    return event != LATHE_JSON_ERROR && lathe_json_refuse(json, error, "a contract is an object");
  while ((event = lathe_json_next(json, error)) != LATHE_JSON_OBJECT_END) {
    if (event == LATHE_JSON_ERROR) return false;
    lathe_text key = lathe_json_text(json);
    bool fine = true;
    if (key_is(key, "contract")) {
      event = lathe_json_next(json, error);
      version = event == LATHE_JSON_INTEGER && lathe_json_integer(json) == 1;
      fine = version || (event != LATHE_JSON_ERROR &&
                         lathe_json_refuse(json, error, "this lathe knows contracts of version 1"));
    } else if (key_is(key, "others"))
      fine = read_truth(json, &contract->others, error);
    else if (key_is(key, "columns"))
      fine = read_rules(json, contract, error);
    else
      fine = lathe_json_refuse(json, error, "a contract has contract, others and columns, not \"%.*s\"",
                               (int)(key.size < 60 ? key.size : 60), key.data);
    if (!fine) return false;
  }
  if (!version) return lathe_json_refuse(json, error, "a contract begins with \"contract\": 1");
  return lathe_json_next(json, error) == LATHE_JSON_END;
}

lathe_contract *lathe_contract_parse(const char *text, size_t size, const char *name, lathe_error *error) {
  lathe_contract *contract = contract_new(error);
  lathe_json_reader *json = contract ? lathe_json_reader_new(text, size, name, error) : NULL;
  bool fine = json && read_contract(json, contract, error);
  lathe_json_reader_free(json);
  if (fine) return contract;
  lathe_contract_release(contract);
  return NULL;
}
