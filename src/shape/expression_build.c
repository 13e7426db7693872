/* expression_build.c - nodes with types.
 *
 * A function's signature is its arguments, "=", its result:
 *
 *   n  a number, all n alike    f  float64 (int64 is converted)   i  int64      b  bool      t  text
 *   D  date                     S  timestamp                      d  either     a  anything
 *   c  anything that compares with the other c
 *   K before a letter: a constant;  ? : what follows may be left out;  * : the letter before may repeat
 *   result: f i b t D S, or 0: as the first argument
 *
 * Several rows of one name are tried in their order. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "expression_own.h"

void *expression_fail(const lathe_expression *e, int32_t at, lathe_error *error, const char *format, ...) {
  char message[600];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(message, sizeof message, format, arguments);
  va_end(arguments);
  size_t size = strlen(e->text), begin = (size_t)at, character = 1;
  for (size_t i = 0; i < begin; i++) character += (e->text[i] & 0xC0) != 0x80;
  size_t end = begin + lathe_text_fit(e->text + begin, size - begin, 32);
  if (begin == size)
    lathe_error_set(error, LATHE_ERROR_ARGUMENT, "expression, at its end (character %zu): %s", character,
                    message);
  else
    lathe_error_set(error, LATHE_ERROR_ARGUMENT, "expression, character %zu, at `%.*s%s`: %s", character,
                    (int)(end - begin), e->text + begin, end < size ? "..." : "", message);
  return NULL;
}

static bool grow(void **items, int32_t count, int32_t *capacity, size_t size, lathe_error *error) {
  if (count < *capacity) return true;
  int32_t wanted = *capacity ? *capacity * 2 : 16;
  if (!lathe_memory_resize(items, (size_t)wanted, size, error)) return false;
  *capacity = wanted;
  return true;
}

bool expression_keep(lathe_expression *e, const char *text, size_t size, lathe_text *kept,
                     lathe_error *error) {
  if (!grow((void **)&e->texts, e->text_count, &e->text_capacity, sizeof *e->texts, error)) return false;
  char *copy = lathe_memory_text(text, size, error);
  if (!copy) return false;
  e->texts[e->text_count++] = copy;
  *kept = (lathe_text){copy, size};
  return true;
}

/* ---- nodes ---- */

static node *node_new(lathe_expression *e, node_kind kind, int32_t at, lathe_error *error) {
  if (e->count == NODES)
    return expression_fail(e, at, error, "the expression has more than %d parts; derive a part of it first",
                           NODES);
  if (!grow((void **)&e->nodes, e->count, &e->capacity, sizeof *e->nodes, error)) return NULL;
  node *n = lathe_memory_new(1, sizeof *n, error);
  if (!n) return NULL;
  n->kind = kind;
  n->at = at;
  n->depth = 1;
  n->only = NO_COLUMN;
  e->nodes[e->count++] = n;
  return n;
}

/* Give `n` its arguments, and what follows from them. */
static bool set_arguments(lathe_expression *e, node *n, node **args, int32_t count, lathe_error *error) {
  n->args = lathe_memory_new((size_t)count, sizeof(node *), error);
  if (!n->args) return false;
  n->count = count;
  for (int32_t i = 0; i < count; i++) {
    n->args[i] = args[i];
    n->raises |= args[i]->raises;
    if (args[i]->depth >= n->depth) n->depth = args[i]->depth + 1;
    if (args[i]->only == NO_COLUMN || args[i]->only == n->only) continue;
    n->only = n->only == NO_COLUMN ? args[i]->only : SEVERAL_COLUMNS;
  }
  if (n->depth <= DEPTH) return true;
  return expression_fail(e, n->at, error,
                         "more than %d operations hang on each other here; derive a part of it first", DEPTH);
}

/* `n`, or the constant that it is. What cannot be computed stays and fails where a row needs it. */
static node *folded(lathe_expression *e, node *n, lathe_error *error) {
  for (int32_t i = 0; i < n->count; i++)
    if (n->args[i]->kind != NODE_CONSTANT) return n;
  node result = {0};
  lathe_error problem = {0};
  if (!machine_fold(e, n, &result, &problem)) {
    if (problem.code != LATHE_ERROR_MEMORY && problem.code != LATHE_ERROR_UNAVAILABLE) return n;
    lathe_error_set(error, problem.code, "%s", problem.message);
    return NULL;
  }
  n->kind = NODE_CONSTANT;
  n->missing = result.missing;
  n->constant = result.constant;
  n->raises = false;
  return n;
}

node *node_constant(lathe_expression *e, lathe_type type, scalar constant, int32_t at, lathe_error *error) {
  node *n = node_new(e, NODE_CONSTANT, at, error);
  if (!n) return NULL;
  n->type = type;
  n->constant = constant;
  return n;
}

node *node_missing(lathe_expression *e, int32_t at, lathe_error *error) {
  node *n = node_new(e, NODE_CONSTANT, at, error);
  if (n) n->missing = n->untyped = true;
  return n;
}

node *node_column(lathe_expression *e, const char *name, int32_t at, lathe_error *error) {
  static const char *const others[] = {"null", "NULL", "nil", "None", "NA", "none", "nan", "NaN"};
  lathe_error problem = {0};
  int32_t index = lathe_table_need(e->schema, name, &problem);
  for (size_t i = 0; index < 0 && i < sizeof others / sizeof *others; i++)
    if (strcmp(name, others[i]) == 0)
      return expression_fail(e, at, error,
                             "a value that is not there is called missing: x is missing; for NaN there "
                             "is is_nan(x)");
  if (index < 0) return expression_fail(e, at, error, "%.500s", problem.message);
  int32_t number = 0;
  while (number < e->column_count && strcmp(e->columns[number].name, name) != 0) number++;
  lathe_type type = lathe_table_column(e->schema, index)->type;
  if (number == e->column_count) {
    if (!grow((void **)&e->columns, number, &e->column_capacity, sizeof *e->columns, error)) return NULL;
    char *copy = lathe_memory_text(name, strlen(name), error);
    if (!copy) return NULL;
    e->columns[e->column_count++] = (source_column){copy, type};
  }
  node *n = node_new(e, NODE_COLUMN, at, error);
  if (!n) return NULL;
  n->type = type == LATHE_TYPE_CATEGORY ? LATHE_TYPE_STRING : type;
  n->column = n->only = number;
  return n;
}

static node *cast_node(lathe_expression *e, node *n, lathe_type type, int32_t at, lathe_error *error) {
  const function *cast = cast_find(n->type, type);
  if (!cast)
    return expression_fail(e, at, error, "%s does not become %s", lathe_type_name(n->type),
                           lathe_type_name(type));
  node *result = node_new(e, NODE_CALL, at, error);
  if (!result) return NULL;
  result->function = cast;
  result->type = type;
  result->raises = cast->raises;
  return set_arguments(e, result, &n, 1, error) ? folded(e, result, error) : NULL;
}

node *node_as(lathe_expression *e, node *n, lathe_type type, lathe_error *error) {
  if (n->untyped) {
    n->type = type;
    n->untyped = false;
  }
  return n->type == type ? n : cast_node(e, n, type, n->at, error);
}

/* ---- one type for several ---- */

static bool is_number(const node *n) {
  return n->type == LATHE_TYPE_INT64 || n->type == LATHE_TYPE_FLOAT64;
}

static bool is_moment(const node *n) {
  return n->type == LATHE_TYPE_DATE || n->type == LATHE_TYPE_TIMESTAMP;
}

/* A constant text where a date is wanted becomes one. */
static bool text_as_moment(const node *n, lathe_type *type) {
  scalar constant;
  if (n->kind != NODE_CONSTANT || n->missing || n->type != LATHE_TYPE_STRING) return false;
  if (text_to_value(n->constant.text, LATHE_TYPE_DATE, &constant)) {
    *type = LATHE_TYPE_DATE;
    return true;
  }
  *type = LATHE_TYPE_TIMESTAMP;
  return text_to_value(n->constant.text, LATHE_TYPE_TIMESTAMP, &constant);
}

/* The type that two become; false when there is none. */
static bool common_type(const node *a, const node *b, lathe_type *type) {
  *type = a->untyped ? b->type : a->type;
  if (a->untyped || b->untyped || a->type == b->type) return true;
  lathe_type moment;
  if (is_number(a) && is_number(b)) {
    *type = LATHE_TYPE_FLOAT64;
    return true;
  }
  if (is_moment(a) && is_moment(b)) {
    *type = LATHE_TYPE_TIMESTAMP;
    return true;
  }
  if (is_moment(a) && text_as_moment(b, &moment)) {
    if (moment == LATHE_TYPE_TIMESTAMP) *type = moment;
    return true;
  }
  if (is_moment(b) && text_as_moment(a, &moment)) {
    *type = moment == LATHE_TYPE_TIMESTAMP ? moment : b->type;
    return true;
  }
  return false;
}

static const char *type_word(const node *n) {
  return n->untyped ? "missing" : lathe_type_name(n->type);
}

/* All of args[from], args[from + step], ... to one type, which is `*type`. `what` names them in the error. */
static bool unify(lathe_expression *e, node **args, int32_t count, lathe_type *type, const char *what,
                  lathe_error *error) {
  node sum = {.untyped = true, .type = LATHE_TYPE_INT64, .kind = NODE_CALL};
  for (int32_t i = 0; i < count; i++) {
    lathe_type common;
    const node *first = i == 1 ? args[0] : &sum;
    if (!common_type(first, args[i], &common)) {
      bool text = (sum.type == LATHE_TYPE_STRING || args[i]->type == LATHE_TYPE_STRING) &&
                  (is_number(&sum) || is_number(args[i]));
      bool moment = is_moment(&sum) || is_moment(args[i]);
      expression_fail(e, args[i]->at, error, "%s and %s do not go together in %s; %s", type_word(&sum),
                      type_word(args[i]), what,
                      text     ? "make one of them the other's type with to_number or to_text"
                      : moment ? "a date is written date'2024-01-31'"
                               : "cast one of them: cast(x, \"float64\")");
      return false;
    }
    sum.untyped = sum.untyped && args[i]->untyped;
    sum.type = common;
  }
  *type = sum.type;
  for (int32_t i = 0; i < count; i++)
    if (!(args[i] = node_as(e, args[i], sum.type, error))) return false;
  return true;
}

/* ---- functions ---- */

static const function *const tables[] = {compare_functions, number_functions, text_functions,
                                         pattern_functions, date_functions};
static const char *const special_names[] = {"if", "coalesce", "try", "cast", "to_text", "to_number"};

enum { TABLES = sizeof tables / sizeof *tables, SPECIALS = sizeof special_names / sizeof *special_names };

/* The next row of this name behind `last` (NULL: the first). */
static const function *function_next(const char *name, const function *last) {
  bool behind = last == NULL;
  for (int t = 0; t < TABLES; t++)
    for (const function *f = tables[t]; f->name; f++) {
      if (behind && strcmp(f->name, name) == 0) return f;
      behind = behind || f == last;
    }
  return NULL;
}

const char *lathe_expression_function(int32_t index) {
  if (index < SPECIALS) return index < 0 ? NULL : special_names[index];
  index -= SPECIALS;
  const char *before = "";
  for (int t = 0; t < TABLES; t++)
    for (const function *f = tables[t]; f->name; before = f->name, f++) {
      bool word = f->name[0] >= 'a' && f->name[0] <= 'z' && strcmp(f->name, "between") != 0 &&
                  strcmp(f->name, "negate") != 0 && strcmp(f->name, "unchanged") != 0 &&
                  strcmp(f->name, "not") != 0;
      if (word && strcmp(f->name, before) != 0 && index-- == 0) return f->name;
    }
  return NULL;
}

static node *unknown_function(lathe_expression *e, const char *name, int32_t at, lathe_error *error) {
  static const char *const figures[] = {"sum", "mean", "avg",      "median", "count",
                                        "sd",  "std",  "quantile", "first",  "last"};
  for (size_t i = 0; i < sizeof figures / sizeof *figures; i++)
    if (strcmp(name, figures[i]) == 0)
      return expression_fail(e, at, error,
                             "%s is a figure of many rows, an expression is about one; group_by computes it",
                             name);
  const char *best = "", *candidate;
  int64_t least = INT64_MAX;
  for (int32_t i = 0; (candidate = lathe_expression_function(i)); i++) {
    int64_t distance = lathe_text_distance(name, candidate);
    if (distance < least) least = distance, best = candidate;
  }
  return expression_fail(e, at, error, "there is no function \"%.100s\"; the nearest name is \"%s\"", name,
                         best);
}

/* The letter of argument `index`, and whether it must be constant; 0 when there are too many. `*least`: how many there
 * must be. */
static char argument_letter(const char *signature, int32_t index, bool *constant, int32_t *least) {
  char letter = 0, last = 0;
  int32_t place = 0;
  bool optional = false, last_constant = false, repeats = false;
  *least = 0;
  *constant = false;
  for (const char *at = signature; *at != '='; at++) {
    if (*at == '?') {
      optional = true;
    } else if (*at == '*') {
      repeats = true;
    } else {
      last_constant = *at == 'K';
      at += last_constant;
      last = *at;
      if (place == index) letter = last, *constant = last_constant;
      place++;
      *least += !optional;
    }
  }
  if (!letter && repeats) letter = last, *constant = last_constant;
  return letter;
}

static bool letter_takes(char letter, const node *n) {
  lathe_type type;
  if (n->untyped) return true;
  switch (letter) {
  case 'f':
  case 'n':
    return is_number(n);
  case 'i':
    return n->type == LATHE_TYPE_INT64;
  case 't':
    return n->type == LATHE_TYPE_STRING;
  case 'b':
    return n->type == LATHE_TYPE_BOOL;
  case 'D':
    return n->type == LATHE_TYPE_DATE || (text_as_moment(n, &type) && type == LATHE_TYPE_DATE);
  case 'S':
    return is_moment(n) || text_as_moment(n, &type);
  case 'd':
    return is_moment(n) || text_as_moment(n, &type);
  default:
    return true;
  }
}

static const char *letter_word(char letter) {
  switch (letter) {
  case 'f':
  case 'n':
    return "a number";
  case 'i':
    return "a whole number (int64)";
  case 't':
    return "text";
  case 'b':
    return "a condition (bool)";
  case 'D':
    return "a date";
  default:
    return "a date or timestamp";
  }
}

static bool signature_takes(const function *f, node **args, int32_t count, int32_t *wrong, char *letter,
                            bool *constant) {
  int32_t least;
  *wrong = -1;
  argument_letter(f->signature, 0, constant, &least);
  if (count < least) return false;
  for (int32_t i = 0; i < count; i++) {
    *letter = argument_letter(f->signature, i, constant, &least);
    if (!*letter) return false;
    *wrong = i;
    if (!letter_takes(*letter, args[i])) {
      *constant = false;
      return false;
    }
    if (*constant && (args[i]->kind != NODE_CONSTANT || args[i]->missing)) return false;
    *constant = false;
  }
  return true;
}

static void *refuse_call(lathe_expression *e, const function *f, node **args, int32_t count, int32_t at,
                         lathe_error *error) {
  int32_t wrong;
  char letter = 0;
  bool constant;
  if (function_next(f->name, f)) {
    char types[200] = "";
    for (int32_t i = 0; i < count && strlen(types) < 150; i++)
      snprintf(types + strlen(types), sizeof types - strlen(types), "%s%s", i ? ", " : "",
               type_word(args[i]));
    return expression_fail(
        e, at, error, "%s does not take (%s); `lathe help expressions` shows what it takes", f->name, types);
  }
  signature_takes(f, args, count, &wrong, &letter, &constant);
  if (wrong < 0 || (wrong == count - 1 && letter_takes(letter, args[wrong]) && !constant) || !letter) {
    int32_t least, most = 0;
    bool ignored;
    argument_letter(f->signature, 0, &ignored, &least);
    while (most <= count && argument_letter(f->signature, most, &ignored, &least)) most++;
    return expression_fail(e, at, error, "%s takes %s%d argument%s, not %d", f->name,
                           count < least && least != most  ? "at least "
                           : count > most && least != most ? "at most "
                                                           : "",
                           count < least ? least : most, (count < least ? least : most) == 1 ? "" : "s",
                           count);
  }
  if (constant)
    return expression_fail(e, args[wrong]->at, error,
                           "argument %d of %s is the same for all rows: write it as it is", wrong + 1,
                           f->name);
  const char *mend = letter == 't'                                     ? "; to_text(x) makes text"
                     : args[wrong]->type != LATHE_TYPE_STRING          ? ""
                     : letter == 'f' || letter == 'n' || letter == 'i' ? "; to_number(x) reads one from text"
                     : letter == 'd' || letter == 'D' || letter == 'S' ? "; date(x) reads one from text"
                                                                       : "";
  return expression_fail(e, args[wrong]->at, error, "%s takes %s, and this is %s%s", f->name,
                         letter_word(letter), type_word(args[wrong]), mend);
}

/* The arguments as the signature wants them. */
static bool convert_arguments(lathe_expression *e, const function *f, node **args, int32_t count,
                              lathe_error *error) {
  lathe_type common;
  bool constant;
  int32_t least, alike = 0;
  while (alike < count) {
    char letter = argument_letter(f->signature, alike, &constant, &least);
    if (letter != 'n' && letter != 'c') break;
    alike++;
  }
  if (alike && !unify(e, args, alike, &common, f->name, error)) return false;
  for (int32_t i = alike; i < count; i++) {
    lathe_type type = args[i]->type, moment;
    switch (argument_letter(f->signature, i, &constant, &least)) {
    case 'f':
      type = LATHE_TYPE_FLOAT64;
      break;
    case 'i':
      type = LATHE_TYPE_INT64;
      break;
    case 't':
      type = LATHE_TYPE_STRING;
      break;
    case 'b':
      type = LATHE_TYPE_BOOL;
      break;
    case 'D':
      type = LATHE_TYPE_DATE;
      break;
    case 'S':
      type = LATHE_TYPE_TIMESTAMP;
      break;
    case 'd':
      if (args[i]->untyped) type = LATHE_TYPE_DATE;
      if (text_as_moment(args[i], &moment)) type = moment;
      break;
    default:
      break;
    }
    if (!(args[i] = node_as(e, args[i], type, error))) return false;
  }
  return true;
}

static lathe_type result_type(const function *f, node **args) {
  switch (strchr(f->signature, '=')[1]) {
  case 'f':
    return LATHE_TYPE_FLOAT64;
  case 'i':
    return LATHE_TYPE_INT64;
  case 'b':
    return LATHE_TYPE_BOOL;
  case 't':
    return LATHE_TYPE_STRING;
  case 'D':
    return LATHE_TYPE_DATE;
  case 'S':
    return LATHE_TYPE_TIMESTAMP;
  default:
    return args[0]->type;
  }
}

/* A comparison of whole numbers with 17.0 is one with 17. */
static bool whole_constant(lathe_expression *e, node **args, int32_t count, lathe_error *error) {
  bool whole = false, others = false;
  for (int32_t i = 0; i < count; i++) {
    const node *n = args[i];
    bool constant = n->kind == NODE_CONSTANT && !n->missing && n->type == LATHE_TYPE_FLOAT64;
    whole |= n->type == LATHE_TYPE_INT64 && !n->untyped;
    others |= n->type != LATHE_TYPE_INT64 && !(constant && fabs(n->constant.number) < 0x1p62 &&
                                               n->constant.number == trunc(n->constant.number));
  }
  for (int32_t i = 0; i < count && whole && !others; i++) {
    if (args[i]->type != LATHE_TYPE_FLOAT64) continue;
    scalar constant = {.integer = (int64_t)args[i]->constant.number};
    if (!(args[i] = node_constant(e, LATHE_TYPE_INT64, constant, args[i]->at, error))) return false;
  }
  return true;
}

static bool prepare_comparison(lathe_expression *e, const char *name, node **args, int32_t count,
                               lathe_error *error) {
  for (int32_t i = 0; i < count; i++)
    if (args[i]->untyped)
      return expression_fail(e, args[i]->at, error,
                             "nothing is %s missing; write x is missing, or x is not missing",
                             strcmp(name, "==") == 0 ? "equal to" : "compared with");
  return whole_constant(e, args, count, error);
}

/* A call of the row `f`. */
static node *call(lathe_expression *e, const function *f, node **args, int32_t count, int32_t at,
                  lathe_error *error) {
  if (!convert_arguments(e, f, args, count, error)) return NULL;
  bool sign = f->name[0] < 'a' || f->name[0] > 'z'; /* shown from its left side on */
  node *n = node_new(e, NODE_CALL, sign && count == 2 ? args[0]->at : at, error);
  if (!n || !set_arguments(e, n, args, count, error)) return NULL;
  n->function = f;
  n->type = result_type(f, args);
  n->raises |= f->raises;
  if (f->prepare && !f->prepare(e, n, error)) return NULL;
  return folded(e, n, error);
}

static node *cast_call(lathe_expression *e, node **args, int32_t count, int32_t at, lathe_error *error) {
  lathe_type type;
  if (count != 2 || args[1]->kind != NODE_CONSTANT || args[1]->missing || args[1]->type != LATHE_TYPE_STRING)
    return expression_fail(e, at, error, "cast takes a value and the name of a type: cast(x, \"int64\")");
  if (!lathe_type_parse(args[1]->constant.text.data, &type))
    return expression_fail(
        e, args[1]->at, error,
        "there is no type of this name; use bool, int64, float64, string, category, date or timestamp");
  node *n = node_as(e, args[0], type == LATHE_TYPE_CATEGORY ? LATHE_TYPE_STRING : type, error);
  if (n && type == LATHE_TYPE_CATEGORY) n->form = FORM_CATEGORY;
  if (n && type == LATHE_TYPE_STRING) n->form = FORM_STRING;
  return n;
}

/* date + 3, date - date: what the signs mean for dates. */
static const char *moment_sign(const char *name, node **args, int32_t count) {
  if (count != 2 || args[0]->untyped || args[1]->untyped) return name;
  bool first = is_moment(args[0]), second = is_moment(args[1]);
  if (strcmp(name, "+") == 0 && (first || second)) {
    if (second && !first) {
      node *swapped = args[0];
      args[0] = args[1], args[1] = swapped;
    }
    return "add_days";
  }
  if (strcmp(name, "-") != 0 || !first) return name;
  return second || args[1]->type == LATHE_TYPE_STRING ? "days_since" : "take_days";
}

/* A cast under a name of its own; false when it is none. */
static bool named_cast(const char *name, int32_t count, lathe_type *type) {
  static const struct {
    const char *name;
    lathe_type type;
  } casts[] = {{"to_text", LATHE_TYPE_STRING},
               {"to_number", LATHE_TYPE_FLOAT64},
               {"date", LATHE_TYPE_DATE},
               {"timestamp", LATHE_TYPE_TIMESTAMP}};
  for (size_t i = 0; i < sizeof casts / sizeof *casts && count == 1; i++)
    if (strcmp(name, casts[i].name) == 0) {
      *type = casts[i].type;
      return true;
    }
  return false;
}

static bool text_pieces(lathe_expression *e, node **args, int32_t count, lathe_error *error) {
  for (int32_t i = 0; i < count; i++)
    if (!(args[i] = node_as(e, args[i], LATHE_TYPE_STRING, error))) return false;
  return true;
}

node *node_call(lathe_expression *e, const char *name, node **args, int32_t count, int32_t at,
                lathe_error *error) {
  if (strcmp(name, "if") == 0) return node_special(e, NODE_IF, args, count, at, error);
  if (strcmp(name, "coalesce") == 0) return node_special(e, NODE_COALESCE, args, count, at, error);
  if (strcmp(name, "try") == 0) return node_special(e, NODE_TRY, args, count, at, error);
  if (strcmp(name, "cast") == 0) return cast_call(e, args, count, at, error);
  lathe_type type;
  if (named_cast(name, count, &type)) return node_as(e, args[0], type, error);
  name = moment_sign(name, args, count);
  const function *f = function_next(name, NULL);
  if (!f) return unknown_function(e, name, at, error);
  if (strchr("=!<>", name[0]) || strcmp(name, "between") == 0)
    if (!prepare_comparison(e, name, args, count, error)) return NULL;
  if ((strcmp(name, "..") == 0 || strcmp(name, "concat") == 0) && !text_pieces(e, args, count, error))
    return NULL;
  for (; f; f = function_next(name, f)) {
    int32_t wrong;
    char letter;
    bool constant;
    if (signature_takes(f, args, count, &wrong, &letter, &constant))
      return call(e, f, args, count, at, error);
  }
  return refuse_call(e, function_next(name, NULL), args, count, at, error);
}

/* ---- nodes that decide what is computed ---- */

static bool check_condition(lathe_expression *e, node **condition, const char *what, lathe_error *error) {
  if (!(*condition)->untyped && (*condition)->type != LATHE_TYPE_BOOL)
    return expression_fail(e, (*condition)->at, error,
                           "%s takes a condition (bool), and this is %s; compare it: x != 0", what,
                           type_word(*condition));
  *condition = node_as(e, *condition, LATHE_TYPE_BOOL, error);
  return *condition != NULL;
}

static bool type_if(lathe_expression *e, node *n, lathe_error *error) {
  if (n->count < 3 || n->count % 2 == 0)
    return expression_fail(e, n->at, error,
                           "if takes a condition, a value, perhaps more such pairs, and the value otherwise");
  int32_t values = n->count / 2 + 1;
  node **results = lathe_memory_new((size_t)values, sizeof *results, error);
  if (!results) return false;
  bool fine = true;
  for (int32_t i = 0; i < values; i++) {
    bool last = i == values - 1;
    if (!last) fine = fine && check_condition(e, &n->args[2 * i], "if", error);
    results[i] = n->args[last ? 2 * i : 2 * i + 1];
  }
  fine = fine && unify(e, results, values, &n->type, "the results of if", error);
  for (int32_t i = 0; i < values; i++) n->args[i == values - 1 ? 2 * i : 2 * i + 1] = results[i];
  free(results);
  return fine;
}

static bool type_special(lathe_expression *e, node *n, lathe_error *error) {
  bool fine = true;
  switch (n->kind) {
  case NODE_AND:
  case NODE_OR:
    n->type = LATHE_TYPE_BOOL;
    for (int32_t i = 0; i < n->count; i++)
      fine = fine && check_condition(e, &n->args[i], n->kind == NODE_AND ? "and" : "or", error);
    return fine;
  case NODE_IF:
    return type_if(e, n, error);
  case NODE_COALESCE:
    if (n->count < 1)
      return expression_fail(e, n->at, error, "coalesce takes values, of which it gives the first there is");
    return unify(e, n->args, n->count, &n->type, "coalesce", error);
  case NODE_TRY:
    if (n->count != 1) return expression_fail(e, n->at, error, "try takes one value");
    n->type = n->args[0]->type;
    n->untyped = n->args[0]->untyped;
    n->form = n->args[0]->form;
    n->raises = false;
    return true;
  default:
    n->type = LATHE_TYPE_BOOL;
    return true;
  }
}

node *node_special(lathe_expression *e, node_kind kind, node **args, int32_t count, int32_t at,
                   lathe_error *error) {
  node *n = node_new(e, kind, at, error);
  if (!n || !set_arguments(e, n, args, count, error) || !type_special(e, n, error)) return NULL;
  return folded(e, n, error);
}

node *node_in(lathe_expression *e, node *what, node **list, int32_t count, int32_t at, lathe_error *error) {
  if (what->untyped) return expression_fail(e, what->at, error, "nothing is in a list; write x is missing");
  node *n = node_new(e, NODE_CALL, at, error);
  if (!n) return NULL;
  n->function = &set_function;
  n->type = LATHE_TYPE_BOOL;
  bool fine = set_arguments(e, n, &what, 1, error) && set_prepare(e, n, list, count, error);
  return fine ? folded(e, n, error) : NULL;
}

/* ---- the last look ---- */

/* Put a lookup around each largest part that depends on one category column alone. */
static bool place_lookups(lathe_expression *e, node **place, lathe_error *error) {
  node *n = *place;
  if (n->kind == NODE_COLUMN || n->kind == NODE_CONSTANT) return true;
  if (n->only < 0 || e->columns[n->only].type != LATHE_TYPE_CATEGORY) {
    for (int32_t i = 0; i < n->count; i++)
      if (!place_lookups(e, &n->args[i], error)) return false;
    return true;
  }
  node *lookup = node_new(e, NODE_LOOKUP, n->at, error);
  if (!lookup || !set_arguments(e, lookup, &n, 1, error)) return false;
  lookup->type = n->type;
  lookup->form = n->form;
  lookup->column = n->only;
  lookup->lookup = e->lookups++;
  *place = lookup;
  return true;
}

bool expression_finish(lathe_expression *e, node *root, lathe_error *error) {
  if (root->untyped)
    return expression_fail(e, root->at, error, "missing alone has no type; write cast(missing, \"float64\")");
  e->root = root;
  return place_lookups(e, &e->root, error);
}

void lathe_expression_free(lathe_expression *e) {
  if (!e) return;
  for (int32_t i = 0; i < e->count; i++) {
    if (e->nodes[i]->extra) e->nodes[i]->extra_free(e->nodes[i]->extra);
    free(e->nodes[i]->args);
    free(e->nodes[i]);
  }
  for (int32_t i = 0; i < e->text_count; i++) free(e->texts[i]);
  for (int32_t i = 0; i < e->column_count; i++) free(e->columns[i].name);
  free(e->nodes);
  free(e->texts);
  free(e->columns);
  free(e->text);
  free(e);
}

lathe_type lathe_expression_type(const lathe_expression *e) {
  const node *root = e->root;
  if (root->type != LATHE_TYPE_STRING || root->form == FORM_STRING) return root->type;
  bool column = root->kind == NODE_COLUMN && e->columns[root->column].type == LATHE_TYPE_CATEGORY;
  return column || root->kind == NODE_LOOKUP || root->form == FORM_CATEGORY ? LATHE_TYPE_CATEGORY
                                                                            : LATHE_TYPE_STRING;
}
