/* expression_call.c - calls of functions and operators.
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
#include <stdio.h>
#include <string.h>

#include "expression_own.h"

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
    return node_is_number(n);
  case 'i':
    return n->type == LATHE_TYPE_INT64;
  case 't':
    return n->type == LATHE_TYPE_STRING;
  case 'b':
    return n->type == LATHE_TYPE_BOOL;
  case 'D':
    return n->type == LATHE_TYPE_DATE || (text_as_moment(n, &type) && type == LATHE_TYPE_DATE);
  case 'S':
    return node_is_moment(n) || text_as_moment(n, &type);
  case 'd':
    return node_is_moment(n) || text_as_moment(n, &type);
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
               node_type_word(args[i]));
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
                         letter_word(letter), node_type_word(args[wrong]), mend);
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
  if (alike && !nodes_unify(e, args, alike, &common, f->name, error)) return false;
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
  if (!n || !node_arguments(e, n, args, count, error)) return NULL;
  n->function = f;
  n->type = result_type(f, args);
  n->raises |= f->raises;
  if (f->prepare && !f->prepare(e, n, error)) return NULL;
  return node_folded(e, n, error);
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
  bool first = node_is_moment(args[0]), second = node_is_moment(args[1]);
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
