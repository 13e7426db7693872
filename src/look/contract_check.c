/* contract_check.c - what of a table breaks a contract. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/memory.h"
#include "../shape/rows.h"
#include "contract_own.h"
#include "personal.h"

enum { CHECK_ROWS = 1 << 16 };

/* Violations as they are found: those beyond `limit` are only counted. */
typedef struct {
  int64_t limit, total, count, capacity;
  int64_t *rows;
  lathe_text *texts;          /* (count, 4): column, rule, value, limit; copies */
  const lathe_column *column; /* whose values are looked at, NULL: none */
  int hidden;                 /* whether its values are shown by their form alone; -1: not known yet */
  lathe_progress *progress;
  lathe_error *error;
} finding;

static bool keep(lathe_text *place, const char *text, size_t size, lathe_error *error) {
  *place = (lathe_text){lathe_memory_text(text, size, error), size};
  return place->data != NULL;
}

/* Keep a value of the present column: by its form when the column is personal, or the value. */
static bool keep_value(finding *list, lathe_text *place, const char *name, lathe_text value) {
  if (list->hidden < 0) {
    lathe_personal_finding personal;
    if (!lathe_column_personal(list->column, name, LATHE_PERSONAL_ROWS, &personal, NULL, list->error))
      return false;
    list->hidden = personal.kind != LATHE_PERSONAL_NONE;
  }
  bool hidden = list->hidden || lathe_value_personal(value.data, value.size, name);
  char *shown = lathe_memory_raw(value.size + 1, 1, list->error);
  if (!shown) return false;
  *place = (lathe_text){shown, hidden ? lathe_text_form(value.data, value.size, shown)
                                      : lathe_text_discreet(value.data, value.size, shown)};
  shown[place->size] = '\0';
  return true;
}

static bool found(finding *list, int64_t row, const char *column, const char *rule, lathe_text value,
                  lathe_text limit) {
  list->total++;
  if (list->count >= list->limit) return true;
  if (list->count == list->capacity) {
    int64_t capacity = list->capacity ? 2 * list->capacity : 16;
    if (!lathe_memory_resize((void **)&list->rows, (size_t)capacity, sizeof *list->rows, list->error) ||
        !lathe_memory_resize((void **)&list->texts, (size_t)capacity, 4 * sizeof *list->texts, list->error))
      return false;
    list->capacity = capacity;
  }
  list->rows[list->count] = row;
  lathe_text *texts = list->texts + 4 * list->count++;
  memset(texts, 0, 4 * sizeof *texts);
  return keep(&texts[0], column, strlen(column), list->error) &&
         keep(&texts[1], rule, strlen(rule), list->error) &&
         (list->column && value.size > 0
              ? keep_value(list, &texts[2], column, value)
              : keep(&texts[2], value.data ? value.data : "", value.size, list->error)) &&
         keep(&texts[3], limit.data ? limit.data : "", limit.size, list->error);
}

static lathe_text text_of(const char *text) {
  return (lathe_text){text, strlen(text)};
}

/* Whether a column of type `have` may hold what `want` says, element for element. */
static bool fits(lathe_type want, lathe_type have) {
  if (want == have) return true;
  if (lathe_type_is_text(want)) return lathe_type_is_text(have);
  if (want == LATHE_TYPE_FLOAT64 || want == LATHE_TYPE_INT64)
    return have == LATHE_TYPE_INT64 || have == LATHE_TYPE_FLOAT64;
  return want == LATHE_TYPE_DATE && have == LATHE_TYPE_TIMESTAMP;
}

static bool check_number(finding *list, const contract_rule *rule, const lathe_column *column, int64_t row) {
  double value = lathe_column_number(column, row);
  char scratch[32], bound[32];
  lathe_type have = lathe_column_type(column);
  if (rule->type == LATHE_TYPE_DATE && have == LATHE_TYPE_TIMESTAMP) value /= 86400;
  lathe_text shown = lathe_column_format(column, row, scratch);
  if ((rule->type == LATHE_TYPE_INT64 || rule->type == LATHE_TYPE_DATE) && value != floor(value))
    return found(list, row + 1, rule->name, "type", shown, text_of(lathe_type_name(rule->type)));
  if (rule->bounded_below && !(value >= rule->least))
    return found(list, row + 1, rule->name, "least", shown, contract_bound(rule, rule->least, bound));
  if (rule->bounded_above && !(value <= rule->most))
    return found(list, row + 1, rule->name, "most", shown, contract_bound(rule, rule->most, bound));
  return true;
}

/* Which entries of a category column's dictionary are allowed; NULL when all are, or for a column without one. */
static bool allowed_codes(const contract_rule *rule, const lathe_column *column, bool **allowed,
                          lathe_error *error) {
  const lathe_column *words = lathe_column_dictionary(column);
  *allowed = NULL;
  if (!words || !rule->words) return true;
  int64_t count = lathe_column_rows(words);
  *allowed = lathe_memory_new((size_t)count + 1, sizeof **allowed, error);
  for (int64_t w = 0; *allowed && w < count; w++)
    (*allowed)[w] = contract_has_word(rule, lathe_column_text(words, w));
  return *allowed != NULL;
}

static bool check_elements(finding *list, const contract_rule *rule, const lathe_column *column) {
  bool text = lathe_type_is_text(rule->type), numbers = !text && rule->type != LATHE_TYPE_BOOL, fine = true;
  bool *allowed = NULL;
  if (!allowed_codes(rule, column, &allowed, list->error)) return false;
  const int32_t *codes = allowed ? lathe_column_values(column) : NULL;
  list->column = column;
  list->hidden = -1;
  bool missing = !rule->missing && lathe_column_missing(column) > 0;
  numbers =
      numbers && (rule->bounded_below || rule->bounded_above || lathe_column_type(column) != rule->type);
  for (int64_t r = 0; fine && (missing || numbers || rule->words) && r < lathe_column_rows(column); r++) {
    if (r % CHECK_ROWS == 0) fine = lathe_progress_check(list->progress, list->error);
    if (!fine) break;
    if (!lathe_column_present(column, r)) {
      if (missing) fine = found(list, r + 1, rule->name, "missing", text_of(""), text_of("a value"));
    } else if (numbers)
      fine = check_number(list, rule, column, r);
    else if (rule->words &&
             !(codes ? allowed[codes[r]] : contract_has_word(rule, lathe_column_text(column, r))))
      fine = found(list, r + 1, rule->name, "values", lathe_column_text(column, r), text_of("another text"));
  }
  free(allowed);
  list->column = NULL;
  return fine;
}

static bool check_unique(finding *list, const contract_rule *rule, lathe_column *column) {
  lathe_table *alone = lathe_table_new(1, (const char *const[]){rule->name}, &column, list->error);
  if (!alone) return false;
  int64_t again = lathe_table_duplicates(alone, list->progress, list->error);
  lathe_table_release(alone);
  char words[48];
  snprintf(words, sizeof words, "%lld rows stand again", (long long)again);
  return again >= 0 &&
         (again == 0 || found(list, 0, rule->name, "unique", text_of(words), text_of("each value once")));
}

static bool check_rule(finding *list, const contract_rule *rule, const lathe_table *table, bool present) {
  int32_t place = lathe_table_find(table, rule->name);
  if (place < 0)
    return present || rule->optional ||
           found(list, 0, rule->name, "column", text_of("absent"), text_of(lathe_type_name(rule->type)));
  lathe_column *column = lathe_table_column(table, place);
  lathe_type have = lathe_column_type(column);
  bool empty = lathe_column_missing(column) == lathe_column_rows(column); /* of no type in truth */
  if (!fits(rule->type, have) && !empty)
    return found(list, 0, rule->name, "type", text_of(lathe_type_name(have)),
                 text_of(lathe_type_name(rule->type)));
  return check_elements(list, rule, column) && (!rule->unique || check_unique(list, rule, column));
}

static bool named(const lathe_contract *contract, const char *name) {
  for (int32_t i = 0; i < contract->count; i++)
    if (!strcmp(contract->rules[i].name, name)) return true;
  return false;
}

static bool check_all(finding *list, const lathe_contract *contract, const lathe_table *table, bool present) {
  bool fine = true;
  for (int32_t i = 0; fine && i < contract->count; i++)
    fine = check_rule(list, &contract->rules[i], table, present);
  for (int32_t i = 0; fine && !present && !contract->others && i < lathe_table_columns(table); i++) {
    const char *name = lathe_table_name(table, i);
    if (!named(contract, name))
      fine = found(list, 0, name, "others", text_of("a column that is not in the contract"), text_of("none"));
  }
  return fine;
}

static void forget(finding *list) {
  for (int64_t i = 0; i < 4 * list->count; i++) free((void *)(uintptr_t)list->texts[i].data);
  free(list->texts);
  free(list->rows);
}

static lathe_table *violations(const finding *list, lathe_error *error) {
  static const char *const names[] = {"row", "column", "rule", "value", "limit"};
  lathe_column *columns[5] = {lathe_column_from_int64(list->rows, list->count, error)};
  lathe_text *texts = lathe_memory_raw((size_t)list->count, sizeof *texts, error);
  bool fine = columns[0] && texts;
  for (int c = 0; fine && c < 4; c++) {
    for (int64_t r = 0; r < list->count; r++) texts[r] = list->texts[4 * r + c];
    columns[c + 1] = lathe_column_from_text(texts, list->count, error);
    fine = columns[c + 1] != NULL;
  }
  lathe_table *made = fine ? lathe_table_new(5, names, columns, error) : NULL;
  for (int c = 0; c < 5; c++) lathe_column_release(columns[c]);
  free(texts);
  return made;
}

lathe_table *lathe_contract_check(const lathe_contract *contract, const lathe_table *table, bool present,
                                  int64_t limit, int64_t *total, lathe_progress *progress,
                                  lathe_error *error) {
  finding list = {.limit = limit, .progress = progress, .error = error};
  lathe_table *made = check_all(&list, contract, table, present) ? violations(&list, error) : NULL;
  if (total) *total = list.total;
  forget(&list);
  return made;
}

bool lathe_contract_hold(const lathe_contract *contract, const lathe_table *table, char *column,
                         lathe_error *error) {
  finding list = {.limit = 1, .error = error};
  bool fine = check_all(&list, contract, table, true);
  if (fine && list.total > 0) {
    const lathe_text *texts = list.texts;
    snprintf(column, 256, "%s", texts[0].data);
    char row[32] = "", more[64] = "";
    if (list.rows[0] > 0) snprintf(row, sizeof row, "row %lld: ", (long long)list.rows[0]);
    if (list.total > 1) snprintf(more, sizeof more, " (%lld such breaches in all)", (long long)list.total);
    fine =
        lathe_error_set(error, LATHE_ERROR_DATA, "%sthe contract of \"%s\" (%s) wants %s, not \"%.100s\"%s",
                        row, texts[0].data, texts[1].data, texts[3].data, texts[2].data, more);
  }
  forget(&list);
  return fine;
}
