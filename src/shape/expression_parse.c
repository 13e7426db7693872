/* expression_parse.c - tokens to nodes. From loosest to tightest:
 *
 *   or   and   not   == != < <= > >= = in, between, is   ..   + -   * / // %   - (sign)   ^ (right to left) */
#include <stdlib.h>
#include <string.h>

#include "expression_token.h"

static bool accept(parser *p, const char *sign, bool *found) {
  *found = token_is_sign(p, sign);
  return !*found || token_next(p);
}

static bool need(parser *p, const char *sign, const char *behind) {
  if (token_is_sign(p, sign)) return token_next(p);
  return expression_fail(p->e, p->now.at, p->error, "a %s is missing %s", sign, behind);
}

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
  return result && token_next(p) ? result : NULL;
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
  if (!token_next(p)) return NULL;
  return node_constant(p->e, whole ? LATHE_TYPE_INT64 : LATHE_TYPE_FLOAT64, constant, at, p->error);
}

/* date'2024-01-31', timestamp '2024-01-31 12:00:00' */
static node *parse_moment(parser *p, lathe_type type, int32_t at) {
  scalar constant = {0};
  if (!text_to_value(p->now.text, type, &constant))
    return expression_fail(p->e, p->now.at, p->error, "this is not a %s; write %s", lathe_type_name(type),
                           type == LATHE_TYPE_DATE ? "date'2024-01-31'" : "timestamp'2024-01-31 12:30:00'");
  if (!token_next(p)) return NULL;
  return node_constant(p->e, type, constant, at, p->error);
}

static node *parse_arguments(parser *p, const char *name, int32_t at) {
  node_list list = {0};
  bool found, fine = token_next(p) && accept(p, ")", &found);
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
  if (token_is_word(p, "true") || token_is_word(p, "false")) {
    scalar constant = {.truth = token_is_word(p, "true")};
    return token_next(p) ? node_constant(p->e, LATHE_TYPE_BOOL, constant, name.at, p->error) : NULL;
  }
  if (token_is_word(p, "missing")) return token_next(p) ? node_missing(p->e, name.at, p->error) : NULL;
  static const char *const reserved[] = {"and", "or", "not", "in", "is", "between"};
  for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++)
    if (token_is_word(p, reserved[i]))
      return expression_fail(
          p->e, name.at, p->error,
          "a value is wanted here, not the word %s; a column of this name stands in backticks", reserved[i]);
  bool date = token_is_word(p, "date"), timestamp = token_is_word(p, "timestamp");
  if (!token_next(p)) return NULL;
  if ((date || timestamp) && p->now.kind == TOKEN_TEXT)
    return parse_moment(p, date ? LATHE_TYPE_DATE : LATHE_TYPE_TIMESTAMP, name.at);
  if (token_is_sign(p, "(")) return parse_arguments(p, name.text.data, name.at);
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
    return token_next(p) ? node_constant(p->e, LATHE_TYPE_STRING, constant, at, p->error) : NULL;
  }
  case TOKEN_NAME:
    return parse_name(p);
  case TOKEN_COLUMN: {
    const char *name = p->now.text.data;
    if (strlen(name) != p->now.text.size)
      return expression_fail(p->e, at, p->error, "no column has a NUL byte in its name");
    return token_next(p) ? node_column(p->e, name, at, p->error) : NULL;
  }
  case TOKEN_PARAMETER:
    return parse_parameter(p);
  case TOKEN_END:
    return expression_fail(p->e, at, p->error, "the expression ends where a value is wanted");
  case TOKEN_SIGN:
    break;
  }
  if (!token_is_sign(p, "("))
    return expression_fail(p->e, at, p->error,
                           "a value is wanted here: a column, a number, a 'text', a function");
  if (!token_next(p)) return NULL;
  node *inner = parse_or(p);
  return inner && need(p, ")", "to close the bracket") ? inner : NULL;
}

static node *parse_power(parser *p) {
  node *base = parse_primary(p);
  if (!base || !token_is_sign(p, "^")) return base;
  int32_t at = p->now.at;
  node *args[2] = {base, token_next(p) ? parse_sign(p) : NULL};
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
  bool minus = token_is_sign(p, "-");
  if (!token_next(p)) return NULL;
  static const char least[] = "9223372036854775808";
  if (minus && p->now.kind == TOKEN_INTEGER && (size_t)p->now.size == sizeof least - 1 &&
      memcmp(p->text + p->now.at, least, sizeof least - 1) == 0) {
    scalar constant = {.integer = INT64_MIN};
    return token_next(p) ? node_constant(p->e, LATHE_TYPE_INT64, constant, at, p->error) : NULL;
  }
  node *inner = parse_sign(p);
  return inner ? node_call(p->e, minus ? "negate" : "unchanged", &inner, 1, at, p->error) : NULL;
}

static node *parse_sign(parser *p) {
  if (!deeper(p)) return NULL;
  node *result = token_is_sign(p, "-") || token_is_sign(p, "+") ? parse_minus(p) : parse_power(p);
  p->nesting--;
  return result;
}

/* A chain of operators of one strength, from the left. */
static node *parse_chain(parser *p, const char *const *signs, node *(*part)(parser *)) {
  node *left = part(p);
  while (left) {
    const char *sign = NULL;
    for (int i = 0; signs[i] && !sign; i++)
      if (token_is_sign(p, signs[i])) sign = signs[i];
    if (!sign) break;
    int32_t at = p->now.at;
    node *args[2] = {left, token_next(p) ? part(p) : NULL};
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
  bool fine = token_next(p), found;
  if (fine && p->now.kind == TOKEN_PARAMETER) {
    token parameter = p->now;
    fine = parameter_values(p, &parameter, &list) && token_next(p);
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
  node *low = token_next(p) ? parse_concat(p) : NULL;
  if (!low) return NULL;
  if (!token_is_word(p, "and"))
    return expression_fail(p->e, p->now.at, p->error, "between takes two limits: x between 1 and 9");
  node *high = token_next(p) ? parse_concat(p) : NULL;
  if (!high) return NULL;
  node *args[3] = {left, low, high};
  return node_call(p->e, "between", args, 3, at, p->error);
}

static node *parse_is(parser *p, node *left, int32_t at) {
  if (!token_next(p)) return NULL;
  bool negate = token_is_word(p, "not");
  if (negate && !token_next(p)) return NULL;
  if (!token_is_word(p, "missing"))
    return expression_fail(p->e, p->now.at, p->error, "is goes with missing: x is missing, x is not missing");
  node *there = token_next(p) ? node_special(p->e, NODE_PRESENT, &left, 1, at, p->error) : NULL;
  return negated(p, !negate, there, at);
}

static const char *comparison(const parser *p) {
  static const char *const signs[] = {"==", "!=", "<=", ">=", "<", ">"};
  if (token_is_sign(p, "=")) return "==";
  for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
    if (token_is_sign(p, signs[i])) return signs[i];
  return NULL;
}

static node *parse_comparison(parser *p) {
  node *left = parse_concat(p);
  if (!left) return NULL;
  int32_t at = p->now.at;
  const char *sign = comparison(p);
  if (sign) {
    node *args[2] = {left, token_next(p) ? parse_concat(p) : NULL};
    if (!args[1]) return NULL;
    if (comparison(p))
      return expression_fail(p->e, p->now.at, p->error, "comparisons are not chained; write a < b and b < c");
    return node_call(p->e, sign, args, 2, at, p->error);
  }
  if (token_is_word(p, "is")) return parse_is(p, left, at);
  bool negate = token_is_word(p, "not");
  if (negate && !token_next(p)) return NULL;
  if (token_is_word(p, "in")) return negated(p, negate, parse_in(p, left, at), at);
  if (token_is_word(p, "between")) return negated(p, negate, parse_between(p, left, at), at);
  if (negate)
    return expression_fail(p->e, at, p->error, "not goes before a condition, or before in and between");
  return left;
}

static node *parse_not(parser *p) {
  if (!token_is_word(p, "not")) return parse_comparison(p);
  if (!deeper(p)) return NULL;
  int32_t at = p->now.at;
  node *inner = token_next(p) ? parse_not(p) : NULL;
  p->nesting--;
  return negated(p, true, inner, at);
}

static node *parse_logic(parser *p, const char *word, node_kind kind, node *(*part)(parser *)) {
  node *left = part(p);
  while (left && token_is_word(p, word)) {
    int32_t at = p->now.at;
    node *args[2] = {left, token_next(p) ? part(p) : NULL};
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
  node *root = e->text && token_next(&p) ? parse_or(&p) : NULL;
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
