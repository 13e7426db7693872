/* date.c - the step that makes features of dates and moments. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../base/memory.h"
#include "../graph/date_parts.h"
#include "own.h"

enum { PARTS, CYCLICAL, ORIGIN, KEEP };
enum { MOST_COLUMNS = 2 * LATHE_DATE_PARTS };

static const lathe_step_option options[] = {
    {"parts", LATHE_OPTION_TEXT, NULL, 0, 0, 0,
     "which: year quarter month week day day_of_year weekday weekend hour minute second elapsed; not set: "
     "year month day weekday, and of "
     "timestamps the hour"},
    {"cyclical", LATHE_OPTION_FLAG, NULL, 0, 0, 1,
     "parts that begin again as two columns, their sine and cosine on a circle"},
    {"origin", LATHE_OPTION_TEXT, NULL, 0, 0, 0,
     "the date that elapsed days count from; not set: the first one of the training rows"},
    {"keep", LATHE_OPTION_FLAG, NULL, 0, 0, 1, "the date itself stays a feature: days or seconds since 1970"},
};

/* The next word of a list with blanks or commas between. */
static bool next_word(const char **at, lathe_text *word) {
  *at += strspn(*at, " ,\t\n");
  *word = (lathe_text){*at, strcspn(*at, " ,\t\n")};
  *at += word->size;
  return word->size > 0;
}

static bool check(const recipe_step *step, lathe_error *error) {
  const char *at = step->value[PARTS].text ? step->value[PARTS].text : "", *origin = step->value[ORIGIN].text;
  lathe_text word;
  int32_t days;
  while (next_word(&at, &word))
    if (lathe_date_part_find(word.data, word.size) < 0)
      return lathe_error_set(
          error, LATHE_ERROR_ARGUMENT,
          "date: there is no part \"%.*s\"; the parts are year, quarter, month, week, day, "
          "day_of_year, weekday, weekend, hour, minute, second and elapsed",
          (int)(word.size < 60 ? word.size : 60), word.data);
  if (origin && !lathe_text_to_date(origin, strlen(origin), &days))
    return lathe_error_set(error, LATHE_ERROR_ARGUMENT,
                           "date: origin = \"%.60s\" is not a date; write it as in 2024-01-31", origin);
  return true;
}

/* The type of the raw column that a column still stands for: DATE, TIMESTAMP, or another that is none of these. */
static lathe_type dated(const fitting *state, const recipe_column *column) {
  int32_t raw = lathe_table_find(state->table, column->name);
  lathe_operator_kind kind = lathe_graph_operator(state->out->graph, column->value)->kind;
  bool as_it_is = column->column || kind == LATHE_OPERATOR_IMPUTE;
  return raw >= 0 && as_it_is && column->role == ROLE_NUMBER
             ? lathe_column_type(lathe_table_column(state->table, raw))
             : LATHE_TYPE_FLOAT64;
}

static bool is_dated(lathe_type type) {
  return type == LATHE_TYPE_DATE || type == LATHE_TYPE_TIMESTAMP;
}

typedef struct {
  int32_t part[MOST_COLUMNS];
  double origin[MOST_COLUMNS];
  int32_t count;
} part_list;

static void add_part(part_list *list, int32_t part, bool cyclical) {
  int32_t first;
  bool circle = cyclical && lathe_date_part_period((lathe_date_part)part, &first) > 0;
  if (list->count + 2 > MOST_COLUMNS) return; /* a part named twice */
  for (int32_t i = 0; i < list->count; i++)
    if (list->part[i] % LATHE_DATE_SINE == part) return;
  list->part[list->count++] = circle ? part + LATHE_DATE_SINE : part;
  if (circle) list->part[list->count++] = part + LATHE_DATE_COSINE;
}

static void choose_parts(const recipe_step *step, lathe_type type, part_list *list) {
  const char *usual = type == LATHE_TYPE_DATE ? "year month day weekday" : "year month day weekday hour";
  const char *at = step->value[PARTS].text ? step->value[PARTS].text : usual;
  lathe_text word;
  while (next_word(&at, &word))
    add_part(list, lathe_date_part_find(word.data, word.size), step->value[CYCLICAL].number != 0);
}

/* Days before the first of the training rows, or the one that was named. */
static bool find_origin(fitting *state, const recipe_step *step, int32_t index, int32_t value, double unit,
                        double *origin) {
  const char *text = step->value[ORIGIN].text;
  int32_t days;
  if (text && lathe_text_to_date(text, strlen(text), &days)) {
    *origin = days;
    return true;
  }
  lathe_facts *facts = recipe_facts(state, value, &index);
  if (facts) *origin = floor(facts->least / unit);
  free(facts);
  return facts != NULL;
}

static bool append_parts(fitting *state, int32_t index, int32_t value, const part_list *list) {
  static const char *const suffix[] = {"", "_sin", "_cos"};
  lathe_buffer name = {0};
  bool fine = true;
  for (int32_t i = 0; fine && i < list->count; i++) {
    lathe_date_part part = (lathe_date_part)(list->part[i] % LATHE_DATE_SINE);
    name.size = 0;
    fine = lathe_buffer_format(&name, state->error, "%s_%s%s", state->columns[index].name,
                               lathe_date_part_name(part), suffix[list->part[i] / LATHE_DATE_SINE]) &&
           recipe_append(state, name.data, part == LATHE_DATE_WEEKEND ? ROLE_FLAG : ROLE_NUMBER, value, i);
  }
  lathe_buffer_free(&name);
  return fine;
}

static bool take_apart(fitting *state, const recipe_step *step, int32_t index) {
  lathe_type type = dated(state, &state->columns[index]);
  double unit = type == LATHE_TYPE_DATE ? 1 : 86400, origin = 0;
  part_list list = {.count = 0};
  char first[40] = "";
  int32_t value = recipe_gather(state, &index, 1);
  bool fine = value >= 0;
  choose_parts(step, type, &list);
  for (int32_t i = 0; fine && i < list.count; i++) {
    if (list.part[i] != LATHE_DATE_ELAPSED) continue;
    fine = find_origin(state, step, index, value, unit, &origin);
    list.origin[i] = origin;
    lathe_text_from_date((int32_t)fmax(fmin(origin, 2932896), -719162), first);
  }
  lathe_operator node = {.kind = LATHE_OPERATOR_DATE_PARTS,
                         .width = list.count,
                         .length = 1,
                         .tensor = {list.part, list.origin, &unit}};
  value = fine ? recipe_add(state, &node, value) : -1;
  return value >= 0 && append_parts(state, index, value, &list) &&
         recipe_learned(state, state->columns[index].name, "%d columns%s%s", (int)list.count,
                        first[0] ? ", days since " : "", first);
}

/* Of the columns that a step takes, those that are dates; one that it names has to be one. */
static bool keep_dated(fitting *state, const recipe_step *step, int32_t *chosen, int32_t *count) {
  int32_t kept = 0;
  for (int32_t i = 0; i < *count; i++) {
    const recipe_column *column = &state->columns[chosen[i]];
    if (is_dated(dated(state, column))) {
      chosen[kept++] = chosen[i];
      continue;
    }
    if (step->columns.count == 0) continue;
    int32_t raw = lathe_table_find(state->table, column->name);
    lathe_type type =
        raw >= 0 ? lathe_column_type(lathe_table_column(state->table, raw)) : LATHE_TYPE_FLOAT64;
    if (is_dated(type))
      return lathe_error_set(state->error, LATHE_ERROR_ARGUMENT,
                             "date cannot take \"%s\": a step before it has changed its numbers; put date{} "
                             "before that step",
                             column->name);
    return lathe_error_set(
        state->error, LATHE_ERROR_ARGUMENT,
        "date cannot take \"%s\", which is %s; read it with types = { [\"%s\"] = \"date\" } or "
        "\"timestamp\"",
        column->name, lathe_type_name(type), column->name);
  }
  *count = kept;
  return true;
}

static bool fit(fitting *state, const recipe_step *step) {
  int32_t count, before = state->count;
  int32_t *chosen = recipe_choose(state, step, 1u << ROLE_NUMBER, ~0u, &count);
  bool fine = chosen && keep_dated(state, step, chosen, &count), *gone = NULL;
  for (int32_t i = 0; fine && i < count; i++) fine = take_apart(state, step, chosen[i]);
  if (fine && count == 0) fine = NOTE(state, "date: no column is a date or a timestamp");
  fine = fine && (gone = lathe_memory_new((size_t)state->count, sizeof *gone, state->error)) != NULL;
  for (int32_t i = 0; fine && i < before; i++) gone[i] = false;
  for (int32_t i = 0; fine && i < count && step->value[KEEP].number == 0; i++) gone[chosen[i]] = true;
  if (fine) recipe_remove(state, gone);
  free(chosen);
  free(gone);
  return fine;
}

const recipe_kind recipe_date = {
    "date",  "Make numbers of dates and moments: years, months, weekdays, hours, elapsed days.",
    options, sizeof options / sizeof *options,
    check,   fit};
