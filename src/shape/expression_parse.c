/* expression_parse.c - text to nodes. From loosest to tightest:
 *
 *   or   and   not   == != < <= > >= = in, between, is   ..   + -   * / // %   - (sign)   ^ (right to left)
 *
 * Words are in small letters or in capitals (and, AND). A column is a bare name (letters, digits, _, inner points, everything beyond
 * ASCII) or any text between backticks; a text stands in ' or ", and the quote is doubled inside. */
#include <stdlib.h>
#include <string.h>

#include "expression_own.h"

typedef enum token_kind {
  TOKEN_END,
  TOKEN_INTEGER,
  TOKEN_NUMBER,
  TOKEN_TEXT,
  TOKEN_NAME,
  TOKEN_COLUMN,    /* a name in backticks */
  TOKEN_PARAMETER, /* $name */
  TOKEN_SIGN,
} token_kind;

typedef struct token {
  token_kind kind;
  int32_t at, size;
  lathe_text text; /* of a text, column, name or parameter */
} token;

typedef struct parser {
  lathe_expression *e;
  const char *text;
  int32_t size, at;
  token now;
  int32_t nesting;
  int32_t parameters;
  const char *const *names;
  lathe_column *const *values;
  lathe_error *error;
} parser;

/* ---- tokens ---- */

static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

static bool begins_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (unsigned char)c >= 0x80;
}

static bool within_name(char c) {
  return begins_name(c) || is_digit(c);
}

static int32_t name_end(const parser *p, int32_t at) {
  while (at < p->size && (within_name(p->text[at]) ||
                          (p->text[at] == '.' && at + 1 < p->size && begins_name(p->text[at + 1]))))
    at++;
  return at;
}

static bool next_number(parser *p) {
  int32_t at = p->at;
  p->now.kind = TOKEN_INTEGER;
  while (at < p->size && is_digit(p->text[at])) at++;
  if (at + 1 < p->size && p->text[at] == '.' && is_digit(p->text[at + 1])) {
    p->now.kind = TOKEN_NUMBER;
    for (at++; at < p->size && is_digit(p->text[at]);) at++;
  }
  if (at < p->size && (p->text[at] | 0x20) == 'e') {
    int32_t power = at + 1;
    if (power < p->size && (p->text[power] == '-' || p->text[power] == '+')) power++;
    if (power < p->size && is_digit(p->text[power])) {
      p->now.kind = TOKEN_NUMBER;
      for (at = power; at < p->size && is_digit(p->text[at]);) at++;
    }
  }
  if (at < p->size && within_name(p->text[at]))
    return expression_fail(
        p->e, p->at, p->error,
        "a number ends in letters; put an operator between them, or a name that begins with a "
        "digit in backticks");
  p->now.size = at - p->at;
  return true;
}

/* What stands between quotes, a doubled quote being one. */
static bool next_quoted(parser *p, char quote) {
  lathe_buffer bytes = {0};
  int32_t at = p->at + 1;
  bool fine = lathe_buffer_reserve(&bytes, 0, p->error);
  for (;; at++) {
    if (at == p->size) {
      lathe_buffer_free(&bytes);
      return fine && expression_fail(p->e, p->at, p->error, "the %c that opens here is never closed", quote);
    }
    if (p->text[at] == quote) {
      if (at + 1 == p->size || p->text[at + 1] != quote) break;
      at++;
    }
    fine = fine && lathe_buffer_append(&bytes, p->text + at, 1, p->error);
  }
  p->now.size = at + 1 - p->at;
  p->now.kind = quote == '`' ? TOKEN_COLUMN : TOKEN_TEXT;
  fine = fine && expression_keep(p->e, bytes.data ? bytes.data : "", bytes.size, &p->now.text, p->error);
  lathe_buffer_free(&bytes);
  return fine;
}

static bool next_sign(parser *p) {
  static const char *const signs[] = {"==", "!=", "<=", ">=", "//", "..", "(", ")", ",",
                                      "+",  "-",  "*",  "/",  "%",  "^",  "<", ">", "="};
  static const char *const others[][2] = {{"**", "^"},   {"<>", "!="}, {"~=", "!="},
                                          {"&&", "and"}, {"||", "or"}, {"&", "and"},
                                          {"|", "or"},   {"!", "not"}, {"~", "not"}};
  p->now.kind = TOKEN_SIGN;
  for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
    size_t size = strlen(others[i][0]);
    bool unequal = p->text[p->at] == '!' && p->at + 1 < p->size && p->text[p->at + 1] == '=';
    if (!unequal && strncmp(p->text + p->at, others[i][0], size) == 0)
      return expression_fail(p->e, p->at, p->error, "there is no %s here; write %s", others[i][0],
                             others[i][1]);
  }
  for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
    size_t size = strlen(signs[i]);
    if (strncmp(p->text + p->at, signs[i], size) != 0) continue;
    p->now.size = (int32_t)size;
    return true;
  }
  return expression_fail(p->e, p->at, p->error,
                         "this character means nothing here; a column with an odd name "
                         "stands in backticks");
}

static bool next(parser *p) {
  while (p->at < p->size && strchr(" \t\r\n", p->text[p->at])) p->at++;
  p->now = (token){.kind = TOKEN_END, .at = p->at};
  if (p->at == p->size) return true;
  char c = p->text[p->at];
  bool fine;
  if (is_digit(c) || (c == '.' && p->at + 1 < p->size && is_digit(p->text[p->at + 1]))) {
    fine = next_number(p);
  } else if (c == '\'' || c == '"' || c == '`') {
    fine = next_quoted(p, c);
  } else if (c == '$' && p->at + 1 < p->size && begins_name(p->text[p->at + 1])) {
    p->now.kind = TOKEN_PARAMETER;
    p->now.size = name_end(p, p->at + 1) - p->at;
    fine = expression_keep(p->e, p->text + p->at + 1, (size_t)p->now.size - 1, &p->now.text, p->error);
  } else if (begins_name(c)) {
    p->now.kind = TOKEN_NAME;
    p->now.size = name_end(p, p->at) - p->at;
    fine = expression_keep(p->e, p->text + p->at, (size_t)p->now.size, &p->now.text, p->error);
  } else {
    fine = next_sign(p);
  }
  p->at += p->now.size;
  return fine;
}

static bool is_sign(const parser *p, const char *sign) {
  return p->now.kind == TOKEN_SIGN && strlen(sign) == (size_t)p->now.size &&
         memcmp(p->text + p->now.at, sign, (size_t)p->now.size) == 0;
}

/* A word in small letters or in capitals. */
static bool is_word(const parser *p, const char *word) {
  if (p->now.kind != TOKEN_NAME || strlen(word) != p->now.text.size) return false;
  bool small = true, capital = true;
  for (size_t i = 0; i < p->now.text.size; i++) {
    small = small && p->now.text.data[i] == word[i];
    capital = capital && p->now.text.data[i] == word[i] - 'a' + 'A';
  }
  return small || capital;
}

static bool accept(parser *p, const char *sign, bool *found) {
  *found = is_sign(p, sign);
  return !*found || next(p);
}

static bool need(parser *p, const char *sign, const char *behind) {
  if (is_sign(p, sign)) return next(p);
  return expression_fail(p->e, p->now.at, p->error, "a %s is missing %s", sign, behind);
}

/* ---- grammar ---- */

static node *parse_or(parser *p);
static node *parse_sign(parser *p);
static node *parse_concat(parser *p);

typedef struct node_list {
  node **items;
  int32_t count, capacity;
} node_list;

static bool list_add(parser *p, node_list *list, node *item) {
  if (!item) return false;
  if (list->count == ARGUMENTS)
    return expression_fail(p->e, item->at, p->error, "there are more than %d values in one list; use a join",
                           ARGUMENTS);
  if (list->count == list->capacity) {
    int32_t capacity = list->capacity ? list->capacity * 2 : 8;
    if (!lathe_memory_resize((void **)&list->items, (size_t)capacity, sizeof(node *), p->error)) return false;
    list->capacity = capacity;
  }
  list->items[list->count++] = item;
  return true;
}

/* The values of a parameter as constants. */
static bool parameter_values(parser *p, const token *parameter, node_list *list) {
  for (int32_t i = 0; i < p->parameters; i++) {
    if (strlen(p->names[i]) != parameter->text.size ||
        memcmp(p->names[i], parameter->text.data, parameter->text.size) != 0)
      continue;
    const lathe_column *column = p->values[i];
    bool fine = true;
    for (int64_t row = 0; row < column->rows && fine; row++) {
      scalar constant = {0};
      lathe_type type = column->type == LATHE_TYPE_CATEGORY ? LATHE_TYPE_STRING : column->type;
      if (!lathe_column_present(column, row))
        return expression_fail(p->e, parameter->at, p->error,
                               "a parameter has a value; what is missing is not one");
      if (type == LATHE_TYPE_STRING) {
        lathe_text text = lathe_column_text(column, row);
        fine = expression_keep(p->e, text.data, text.size, &constant.text, p->error);
      } else if (type == LATHE_TYPE_BOOL) {
        constant.truth = lathe_bit(column->values, row);
      } else if (type == LATHE_TYPE_DATE) {
        constant.days = ((const int32_t *)column->values)[row];
      } else {
        constant.integer = ((const int64_t *)column->values)[row]; /* or the bits of a double */
      }
      fine = fine && list_add(p, list, node_constant(p->e, type, constant, parameter->at, p->error));
    }
    return fine;
  }
  return expression_fail(p->e, parameter->at, p->error, "no value is given for $%.*s",
                         (int)(parameter->text.size < 100 ? parameter->text.size : 100),
                         parameter->text.data);
}

static node *parse_parameter(parser *p) {
  node_list list = {0};
  token parameter = p->now;
  node *result = NULL;
  if (parameter_values(p, &parameter, &list)) {
    if (list.count == 1)
      result = list.items[0];
    else
      expression_fail(p->e, parameter.at, p->error, "$%.*s has %d values; a list stands behind in",
                      (int)(parameter.text.size < 100 ? parameter.text.size : 100), parameter.text.data,
                      list.count);
  }
  free(list.items);
  return result && next(p) ? result : NULL;
}

static node *parse_number(parser *p) {
  scalar constant = {0};
  const char *digits = p->text + p->now.at;
  size_t size = (size_t)p->now.size;
  int32_t at = p->now.at;
  bool whole = p->now.kind == TOKEN_INTEGER;
  if (whole && !lathe_text_to_int64(digits, size, &constant.integer))
    return expression_fail(p->e, at, p->error,
                           "this number does not fit in int64; write it with .0 for a float64");
  if (!whole &&
      (!lathe_text_to_float64(digits, size, &constant.number) || constant.number > 0x1.fffffffffffffp1023))
    return expression_fail(p->e, at, p->error, "this number does not fit in float64");
  if (!next(p)) return NULL;
  return node_constant(p->e, whole ? LATHE_TYPE_INT64 : LATHE_TYPE_FLOAT64, constant, at, p->error);
}

/* date'2024-01-31', timestamp '2024-01-31 12:00:00' */
static node *parse_moment(parser *p, lathe_type type, int32_t at) {
  scalar constant = {0};
  if (!text_to_value(p->now.text, type, &constant))
    return expression_fail(p->e, p->now.at, p->error, "this is not a %s; write %s", lathe_type_name(type),
                           type == LATHE_TYPE_DATE ? "date'2024-01-31'" : "timestamp'2024-01-31 12:30:00'");
  if (!next(p)) return NULL;
  return node_constant(p->e, type, constant, at, p->error);
}

static node *parse_arguments(parser *p, const char *name, int32_t at) {
  node_list list = {0};
  bool found, fine = next(p) && accept(p, ")", &found);
  if (fine && !found) {
    do fine = list_add(p, &list, parse_or(p)) && accept(p, ",", &found);
    while (fine && found);
    fine = fine && need(p, ")", "behind the arguments");
  }
  node *result = fine ? node_call(p->e, name, list.items, list.count, at, p->error) : NULL;
  free(list.items);
  return result;
}

static node *parse_name(parser *p) {
  token name = p->now;
  if (is_word(p, "true") || is_word(p, "false")) {
    scalar constant = {.truth = is_word(p, "true")};
    return next(p) ? node_constant(p->e, LATHE_TYPE_BOOL, constant, name.at, p->error) : NULL;
  }
  if (is_word(p, "missing")) return next(p) ? node_missing(p->e, name.at, p->error) : NULL;
  static const char *const reserved[] = {"and", "or", "not", "in", "is", "between"};
  for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++)
    if (is_word(p, reserved[i]))
      return expression_fail(
          p->e, name.at, p->error,
          "a value is wanted here, not the word %s; a column of this name stands in backticks", reserved[i]);
  bool date = is_word(p, "date"), timestamp = is_word(p, "timestamp");
  if (!next(p)) return NULL;
  if ((date || timestamp) && p->now.kind == TOKEN_TEXT)
    return parse_moment(p, date ? LATHE_TYPE_DATE : LATHE_TYPE_TIMESTAMP, name.at);
  if (is_sign(p, "(")) return parse_arguments(p, name.text.data, name.at);
  return node_column(p->e, name.text.data, name.at, p->error);
}

static node *parse_primary(parser *p) {
  int32_t at = p->now.at;
  switch (p->now.kind) {
  case TOKEN_INTEGER:
  case TOKEN_NUMBER:
    return parse_number(p);
  case TOKEN_TEXT: {
    scalar constant = {.text = p->now.text};
    return next(p) ? node_constant(p->e, LATHE_TYPE_STRING, constant, at, p->error) : NULL;
  }
  case TOKEN_NAME:
    return parse_name(p);
  case TOKEN_COLUMN: {
    const char *name = p->now.text.data;
    if (strlen(name) != p->now.text.size)
      return expression_fail(p->e, at, p->error, "no column has a NUL byte in its name");
    return next(p) ? node_column(p->e, name, at, p->error) : NULL;
  }
  case TOKEN_PARAMETER:
    return parse_parameter(p);
  case TOKEN_END:
    return expression_fail(p->e, at, p->error, "the expression ends where a value is wanted");
  case TOKEN_SIGN:
    break;
  }
  if (!is_sign(p, "("))
    return expression_fail(p->e, at, p->error,
                           "a value is wanted here: a column, a number, a 'text', a function");
  if (!next(p)) return NULL;
  node *inner = parse_or(p);
  return inner && need(p, ")", "to close the bracket") ? inner : NULL;
}

static node *parse_power(parser *p) {
  node *base = parse_primary(p);
  if (!base || !is_sign(p, "^")) return base;
  int32_t at = p->now.at;
  node *args[2] = {base, next(p) ? parse_sign(p) : NULL};
  return args[1] ? node_call(p->e, "^", args, 2, at, p->error) : NULL;
}

/* Within one more bracket or sign. */
static bool deeper(parser *p) {
  if (++p->nesting <= NESTING) return true;
  return expression_fail(
      p->e, p->now.at, p->error,
      "more than %d brackets and signs lie within each other here; derive a part of it first", NESTING);
}

static node *parse_minus(parser *p) {
  int32_t at = p->now.at;
  bool minus = is_sign(p, "-");
  if (!next(p)) return NULL;
  static const char least[] = "9223372036854775808";
  if (minus && p->now.kind == TOKEN_INTEGER && (size_t)p->now.size == sizeof least - 1 &&
      memcmp(p->text + p->now.at, least, sizeof least - 1) == 0) {
    scalar constant = {.integer = INT64_MIN};
    return next(p) ? node_constant(p->e, LATHE_TYPE_INT64, constant, at, p->error) : NULL;
  }
  node *inner = parse_sign(p);
  return inner ? node_call(p->e, minus ? "negate" : "unchanged", &inner, 1, at, p->error) : NULL;
}

static node *parse_sign(parser *p) {
  if (!deeper(p)) return NULL;
  node *result = is_sign(p, "-") || is_sign(p, "+") ? parse_minus(p) : parse_power(p);
  p->nesting--;
  return result;
}

/* A chain of operators of one strength, from the left. */
static node *parse_chain(parser *p, const char *const *signs, node *(*part)(parser *)) {
  node *left = part(p);
  while (left) {
    const char *sign = NULL;
    for (int i = 0; signs[i] && !sign; i++)
      if (is_sign(p, signs[i])) sign = signs[i];
    if (!sign) break;
    int32_t at = p->now.at;
    node *args[2] = {left, next(p) ? part(p) : NULL};
    left = args[1] ? node_call(p->e, sign, args, 2, at, p->error) : NULL;
  }
  return left;
}

static node *parse_product(parser *p) {
  static const char *const signs[] = {"*", "/", "//", "%", NULL};
  return parse_chain(p, signs, parse_sign);
}

static node *parse_sum(parser *p) {
  static const char *const signs[] = {"+", "-", NULL};
  return parse_chain(p, signs, parse_product);
}

static node *parse_concat(parser *p) {
  static const char *const signs[] = {"..", NULL};
  return parse_chain(p, signs, parse_sum);
}

static node *negated(parser *p, bool negate, node *inner, int32_t at) {
  return inner && negate ? node_call(p->e, "not", &inner, 1, at, p->error) : inner;
}

static node *parse_in(parser *p, node *left, int32_t at) {
  node_list list = {0};
  bool fine = next(p), found;
  if (fine && p->now.kind == TOKEN_PARAMETER) {
    token parameter = p->now;
    fine = parameter_values(p, &parameter, &list) && next(p);
  } else if (fine) {
    fine = need(p, "(", "behind in; it takes a list such as (1, 2, 3)");
    do fine = fine && list_add(p, &list, parse_or(p)) && accept(p, ",", &found);
    while (fine && found);
    fine = fine && need(p, ")", "to close the list");
  }
  node *result = fine ? node_in(p->e, left, list.items, list.count, at, p->error) : NULL;
  free(list.items);
  return result;
}

static node *parse_between(parser *p, node *left, int32_t at) {
  node *low = next(p) ? parse_concat(p) : NULL;
  if (!low) return NULL;
  if (!is_word(p, "and"))
    return expression_fail(p->e, p->now.at, p->error, "between takes two limits: x between 1 and 9");
  node *high = next(p) ? parse_concat(p) : NULL;
  if (!high) return NULL;
  node *args[3] = {left, low, high};
  return node_call(p->e, "between", args, 3, at, p->error);
}

static node *parse_is(parser *p, node *left, int32_t at) {
  if (!next(p)) return NULL;
  bool negate = is_word(p, "not");
  if (negate && !next(p)) return NULL;
  if (!is_word(p, "missing"))
    return expression_fail(p->e, p->now.at, p->error, "is goes with missing: x is missing, x is not missing");
  node *there = next(p) ? node_special(p->e, NODE_PRESENT, &left, 1, at, p->error) : NULL;
  return negated(p, !negate, there, at);
}

static const char *comparison(const parser *p) {
  static const char *const signs[] = {"==", "!=", "<=", ">=", "<", ">"};
  if (is_sign(p, "=")) return "==";
  for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
    if (is_sign(p, signs[i])) return signs[i];
  return NULL;
}

static node *parse_comparison(parser *p) {
  node *left = parse_concat(p);
  if (!left) return NULL;
  int32_t at = p->now.at;
  const char *sign = comparison(p);
  if (sign) {
    node *args[2] = {left, next(p) ? parse_concat(p) : NULL};
    if (!args[1]) return NULL;
    if (comparison(p))
      return expression_fail(p->e, p->now.at, p->error, "comparisons are not chained; write a < b and b < c");
    return node_call(p->e, sign, args, 2, at, p->error);
  }
  if (is_word(p, "is")) return parse_is(p, left, at);
  bool negate = is_word(p, "not");
  if (negate && !next(p)) return NULL;
  if (is_word(p, "in")) return negated(p, negate, parse_in(p, left, at), at);
  if (is_word(p, "between")) return negated(p, negate, parse_between(p, left, at), at);
  if (negate)
    return expression_fail(p->e, at, p->error, "not goes before a condition, or before in and between");
  return left;
}

static node *parse_not(parser *p) {
  if (!is_word(p, "not")) return parse_comparison(p);
  if (!deeper(p)) return NULL;
  int32_t at = p->now.at;
  node *inner = next(p) ? parse_not(p) : NULL;
  p->nesting--;
  return negated(p, true, inner, at);
}

static node *parse_logic(parser *p, const char *word, node_kind kind, node *(*part)(parser *)) {
  node *left = part(p);
  while (left && is_word(p, word)) {
    int32_t at = p->now.at;
    node *args[2] = {left, next(p) ? part(p) : NULL};
    left = args[1] ? node_special(p->e, kind, args, 2, at, p->error) : NULL;
  }
  return left;
}

static node *parse_and(parser *p) {
  return parse_logic(p, "and", NODE_AND, parse_not);
}

static node *parse_or(parser *p) {
  if (!deeper(p)) return NULL;
  node *result = parse_logic(p, "or", NODE_OR, parse_and);
  p->nesting--;
  return result;
}

/* ---- the whole ---- */

lathe_expression *lathe_expression_parse_with(const char *text, const lathe_table *table, int32_t count,
                                              const char *const *names, lathe_column *const *values,
                                              lathe_error *error) {
  size_t size = strlen(text);
  if (size > 1 << 20) {
    lathe_error_set(error, LATHE_ERROR_ARGUMENT, "an expression of %zu bytes is too long; 1 MB is the most",
                    size);
    return NULL;
  }
  if (lathe_text_valid(text, size) != size) {
    lathe_error_set(error, LATHE_ERROR_ARGUMENT, "the expression is not UTF-8 (byte %zu); convert it first",
                    lathe_text_valid(text, size) + 1);
    return NULL;
  }
  lathe_expression *e = lathe_memory_new(1, sizeof *e, error);
  if (!e) return NULL;
  e->text = lathe_memory_text(text, size, error);
  e->schema = table;
  parser p = {.e = e,
              .text = e->text,
              .size = (int32_t)size,
              .parameters = count,
              .names = names,
              .values = values,
              .error = error};
  node *root = e->text && next(&p) ? parse_or(&p) : NULL;
  if (root && p.now.kind != TOKEN_END)
    root = expression_fail(e, p.now.at, error, "an operator is missing before this, or this is too much");
  bool fine = root && expression_finish(e, root, error);
  e->schema = NULL;
  if (fine) return e;
  lathe_expression_free(e);
  return NULL;
}

lathe_expression *lathe_expression_parse(const char *text, const lathe_table *table, lathe_error *error) {
  return lathe_expression_parse_with(text, table, 0, NULL, NULL, error);
}
