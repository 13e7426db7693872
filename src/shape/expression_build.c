/* expression_build.c - nodes with types: columns, constants, one type for several values, and what decides what is computed. */
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

node *node_new(lathe_expression *e, node_kind kind, int32_t at, lathe_error *error) {
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

bool node_arguments(lathe_expression *e, node *n, node **args, int32_t count, lathe_error *error) {
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

node *node_folded(lathe_expression *e, node *n, lathe_error *error) {
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
  return node_arguments(e, result, &n, 1, error) ? node_folded(e, result, error) : NULL;
}

node *node_as(lathe_expression *e, node *n, lathe_type type, lathe_error *error) {
  if (n->untyped) {
    n->type = type;
    n->untyped = false;
  }
  return n->type == type ? n : cast_node(e, n, type, n->at, error);
}

/* ---- one type for several ---- */

bool text_as_moment(const node *n, lathe_type *type) {
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
  if (node_is_number(a) && node_is_number(b)) {
    *type = LATHE_TYPE_FLOAT64;
    return true;
  }
  if (node_is_moment(a) && node_is_moment(b)) {
    *type = LATHE_TYPE_TIMESTAMP;
    return true;
  }
  if (node_is_moment(a) && text_as_moment(b, &moment)) {
    if (moment == LATHE_TYPE_TIMESTAMP) *type = moment;
    return true;
  }
  if (node_is_moment(b) && text_as_moment(a, &moment)) {
    *type = moment == LATHE_TYPE_TIMESTAMP ? moment : b->type;
    return true;
  }
  return false;
}

const char *node_type_word(const node *n) {
  return n->untyped ? "missing" : lathe_type_name(n->type);
}

bool nodes_unify(lathe_expression *e, node **args, int32_t count, lathe_type *type, const char *what,
                 lathe_error *error) {
  node sum = {.untyped = true, .type = LATHE_TYPE_INT64, .kind = NODE_CALL};
  for (int32_t i = 0; i < count; i++) {
    lathe_type common;
    const node *first = i == 1 ? args[0] : &sum;
    if (!common_type(first, args[i], &common)) {
      bool text = (sum.type == LATHE_TYPE_STRING || args[i]->type == LATHE_TYPE_STRING) &&
                  (node_is_number(&sum) || node_is_number(args[i]));
      bool moment = node_is_moment(&sum) || node_is_moment(args[i]);
      expression_fail(e, args[i]->at, error, "%s and %s do not go together in %s; %s", node_type_word(&sum),
                      node_type_word(args[i]), what,
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

/* ---- nodes that decide what is computed ---- */

static bool check_condition(lathe_expression *e, node **condition, const char *what, lathe_error *error) {
  if (!(*condition)->untyped && (*condition)->type != LATHE_TYPE_BOOL)
    return expression_fail(e, (*condition)->at, error,
                           "%s takes a condition (bool), and this is %s; compare it: x != 0", what,
                           node_type_word(*condition));
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
  fine = fine && nodes_unify(e, results, values, &n->type, "the results of if", error);
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
    return nodes_unify(e, n->args, n->count, &n->type, "coalesce", error);
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
  if (!n || !node_arguments(e, n, args, count, error) || !type_special(e, n, error)) return NULL;
  return node_folded(e, n, error);
}

node *node_in(lathe_expression *e, node *what, node **list, int32_t count, int32_t at, lathe_error *error) {
  if (what->untyped) return expression_fail(e, what->at, error, "nothing is in a list; write x is missing");
  node *n = node_new(e, NODE_CALL, at, error);
  if (!n) return NULL;
  n->function = &set_function;
  n->type = LATHE_TYPE_BOOL;
  bool fine = node_arguments(e, n, &what, 1, error) && set_prepare(e, n, list, count, error);
  return fine ? node_folded(e, n, error) : NULL;
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
  if (!lookup || !node_arguments(e, lookup, &n, 1, error)) return false;
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
