/* expression_compare.c - comparisons, not, and the set behind `in`. Numbers compare as IEEE 754 says (NaN equals nothing), texts by their
 * bytes, which is the order of their characters. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../table/words.h"
#include "expression_own.h"

enum { EQUAL, UNEQUAL, LESS, LESS_EQUAL, GREATER, GREATER_EQUAL };

/* Bytes of 0 and 1 as bits: the product moves byte k of eight to bit 56 + k. */
static void pack(const uint8_t *bytes, int64_t rows, uint64_t *bits) {
  for (int64_t i = 0; i < rows; i += 64) {
    uint64_t word = 0;
    for (int k = 0; k < 8; k++) {
      uint64_t eight;
      memcpy(&eight, bytes + i + 8 * k, 8);
      word |= (eight * UINT64_C(0x0102040810204080) >> 56) << (8 * k);
    }
    bits[i / 64] = word;
  }
}

#define LOOP(type, sign)                                                                                     \
  if (b->constant) {                                                                                         \
    const type y = *(const type *)b->values, *x = a->values;                                                 \
    for (int64_t i = 0; i < rows; i++) bytes[i] = x[a_step * i] sign y;                                      \
  } else {                                                                                                   \
    const type *x = a->values, *y = b->values;                                                               \
    for (int64_t i = 0; i < rows; i++) bytes[i] = x[a_step * i] sign y[i];                                   \
  }

#define COMPARE(type)                                                                                        \
  static void compare_##type(int32_t how, const vector *a, const vector *b, int64_t rows, uint8_t *bytes) {  \
    if (a->constant && !b->constant) {                                                                       \
      static const int8_t turned[] = {EQUAL, UNEQUAL, GREATER, GREATER_EQUAL, LESS, LESS_EQUAL};             \
      const vector *swapped = a;                                                                             \
      a = b, b = swapped, how = turned[how];                                                                 \
    }                                                                                                        \
    if (a->constant) rows = 1; /* so is b: one row stands for all */                                         \
    enum { a_step = 1 };                                                                                     \
    switch (how) {                                                                                           \
    case EQUAL:                                                                                              \
      LOOP(type, ==) break;                                                                                  \
    case UNEQUAL:                                                                                            \
      LOOP(type, !=) break;                                                                                  \
    case LESS:                                                                                               \
      LOOP(type, <) break;                                                                                   \
    case LESS_EQUAL:                                                                                         \
      LOOP(type, <=) break;                                                                                  \
    case GREATER:                                                                                            \
      LOOP(type, >) break;                                                                                   \
    default:                                                                                                 \
      LOOP(type, >=) break;                                                                                  \
    }                                                                                                        \
  }

COMPARE(int64_t)
COMPARE(int32_t)
COMPARE(double)

static int text_order(lathe_text a, lathe_text b) {
  size_t both = a.size < b.size ? a.size : b.size;
  int order = both ? memcmp(a.data, b.data, both) : 0;
  return order ? order : (a.size > b.size) - (a.size < b.size);
}

static bool holds(int32_t how, int order) {
  switch (how) {
  case EQUAL:
    return order == 0;
  case UNEQUAL:
    return order != 0;
  case LESS:
    return order < 0;
  case LESS_EQUAL:
    return order <= 0;
  case GREATER:
    return order > 0;
  default:
    return order >= 0;
  }
}

static void compare_texts(int32_t how, const vector *a, const vector *b, int64_t rows, uint8_t *bytes) {
  for (int64_t i = 0; i < rows; i++) {
    lathe_text x = AT(lathe_text, a, i), y = AT(lathe_text, b, i);
    if (how <= UNEQUAL)
      bytes[i] = (x.size == y.size && (x.size == 0 || memcmp(x.data, y.data, x.size) == 0)) == (how == EQUAL);
    else
      bytes[i] = holds(how, text_order(x, y));
  }
}

static void compare_truth(int32_t how, const uint64_t *a, const uint64_t *b, int64_t rows, uint64_t *bits) {
  for (int64_t k = 0; k < words_of(rows); k++) {
    uint64_t differ = a[k] ^ b[k], less = ~a[k] & b[k], greater = a[k] & ~b[k];
    bits[k] = how == EQUAL        ? ~differ
              : how == UNEQUAL    ? differ
              : how == LESS       ? less
              : how == LESS_EQUAL ? ~greater
              : how == GREATER    ? greater
                                  : ~less;
  }
}

static void compare_vectors(int32_t how, const vector *a, const vector *b, int64_t rows, uint64_t *bits) {
  uint8_t bytes[BLOCK];
  if (rows % 64) memset(bytes + rows, 0, (size_t)(64 - rows % 64));
  switch (a->type) {
  case LATHE_TYPE_BOOL:
    compare_truth(how, a->values, b->values, rows, bits);
    return;
  case LATHE_TYPE_STRING:
    compare_texts(how, a, b, rows, bytes);
    break;
  case LATHE_TYPE_FLOAT64:
    compare_double(how, a, b, rows, bytes);
    break;
  case LATHE_TYPE_DATE:
    compare_int32_t(how, a, b, rows, bytes);
    break;
  default:
    compare_int64_t(how, a, b, rows, bytes);
  }
  if (a->constant && b->constant) memset(bytes, bytes[0], (size_t)rows);
  pack(bytes, rows, bits);
}

static bool compare(machine *m, const node *n, vector *args, vector *out, lathe_error *error) {
  (void)error;
  compare_vectors(n->function->variant, &args[0], &args[1], m->rows, out->own_values);
  return true;
}

/* What one limit excludes is false, though the other is missing: as x >= low and x <= high. */
static bool between(machine *m, const node *n, vector *args, vector *out, lathe_error *error) {
  uint64_t above[WORDS], below[WORDS], *bits = out->own_values;
  (void)n;
  compare_vectors(GREATER_EQUAL, &args[0], &args[1], m->rows, above);
  compare_vectors(LESS_EQUAL, &args[0], &args[2], m->rows, below);
  uint64_t *valid = out->valid ? vector_narrow(m, out, error) : NULL;
  if (out->valid && !valid) return false;
  for (int64_t k = 0; k < words_of(m->rows); k++) {
    bits[k] = above[k] & below[k];
    if (!valid) continue;
    uint64_t all = ~UINT64_C(0), value = args[0].valid ? args[0].valid[k] : all;
    uint64_t low = value & (args[1].valid ? args[1].valid[k] : all),
             high = value & (args[2].valid ? args[2].valid[k] : all);
    valid[k] = (low & high) | (low & ~above[k]) | (high & ~below[k]);
  }
  return true;
}

static bool not(machine * m, const node *n, vector *args, vector *out, lathe_error *error) {
  (void)n, (void)error;
  uint64_t *bits = out->own_values;
  for (int64_t k = 0; k < words_of(m->rows); k++) bits[k] = ~((const uint64_t *)args[0].values)[k];
  return true;
}

static bool number_kind(machine *m, const node *n, vector *args, vector *out, lathe_error *error) {
  (void)error;
  uint64_t *bits = memset(out->own_values, 0, WORDS * sizeof(uint64_t));
  for (int64_t i = 0; i < m->rows; i++) {
    double x = AT(double, &args[0], i);
    bits[i >> 6] |= (uint64_t)(n->function->variant ? isfinite(x) != 0 : isnan(x) != 0) << (i & 63);
  }
  return true;
}

const function compare_functions[] = {
    {"==", "cc=b", compare, false, EQUAL, NULL},
    {"!=", "cc=b", compare, false, UNEQUAL, NULL},
    {"<", "cc=b", compare, false, LESS, NULL},
    {"<=", "cc=b", compare, false, LESS_EQUAL, NULL},
    {">", "cc=b", compare, false, GREATER, NULL},
    {">=", "cc=b", compare, false, GREATER_EQUAL, NULL},
    {"between", "ccc=b", between, false, 0, NULL},
    {"not", "b=b", not, false, 0, NULL},
    {"is_nan", "f=b", number_kind, false, 0, NULL},
    {"is_finite", "f=b", number_kind, false, 1, NULL},
    {0},
};

/* ---- in ---- */

typedef struct set {
  lathe_words words;
  int64_t *integers; /* sorted; INT64, DATE, TIMESTAMP */
  double *numbers;   /* sorted */
  int64_t count;
  bool yes, no; /* BOOL */
} set;

static void set_free(void *extra) {
  set *s = extra;
  lathe_words_free(&s->words);
  free(s->integers);
  free(s->numbers);
  free(s);
}

static int by_integer(const void *a, const void *b) {
  int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  return (x > y) - (x < y);
}

static int by_number(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static bool set_add(lathe_expression *e, set *s, const node *what, node *item, lathe_error *error) {
  if (item->kind != NODE_CONSTANT)
    return expression_fail(e, item->at, error, "a list holds constants; for others write x == a or x == b");
  if (item->missing)
    return expression_fail(e, item->at, error,
                           "nothing is equal to missing; write x in (...) or x is missing");
  if (what->type == LATHE_TYPE_INT64 && item->type == LATHE_TYPE_FLOAT64) {
    double number = item->constant.number;
    if (number != trunc(number) || fabs(number) >= 0x1p63) return true; /* equal to no integer */
    s->integers[s->count++] = (int64_t)number;
    return true;
  }
  bool moment = what->type == LATHE_TYPE_DATE || what->type == LATHE_TYPE_TIMESTAMP;
  scalar constant = item->constant;
  bool fits = item->type == what->type;
  if (!fits && moment && item->type == LATHE_TYPE_STRING)
    fits = text_to_value(item->constant.text, what->type, &constant);
  if (!fits && what->type == LATHE_TYPE_FLOAT64 && item->type == LATHE_TYPE_INT64) {
    constant.number = (double)item->constant.integer;
    fits = true;
  }
  if (!fits && what->type == LATHE_TYPE_TIMESTAMP && item->type == LATHE_TYPE_DATE) {
    constant.integer = item->constant.days * INT64_C(86400000000);
    fits = true;
  }
  if (!fits)
    return expression_fail(e, item->at, error,
                           "the list holds a value of type %s, and what is looked for in it is %s",
                           lathe_type_name(item->type), lathe_type_name(what->type));
  if (what->type == LATHE_TYPE_STRING)
    return lathe_words_add(&s->words, constant.text.data, constant.text.size, error) >= 0;
  if (what->type == LATHE_TYPE_BOOL) {
    s->yes |= constant.truth, s->no |= !constant.truth;
  } else if (what->type == LATHE_TYPE_FLOAT64) {
    if (!isnan(constant.number)) s->numbers[s->count++] = constant.number;
  } else {
    s->integers[s->count++] = what->type == LATHE_TYPE_DATE ? constant.days : constant.integer;
  }
  return true;
}

bool set_prepare(lathe_expression *e, node *n, node **list, int32_t count, lathe_error *error) {
  set *s = lathe_memory_new(1, sizeof *s, error);
  if (!s) return false;
  n->extra = s;
  n->extra_free = set_free;
  s->integers = lathe_memory_raw((size_t)count, sizeof *s->integers, error);
  s->numbers = lathe_memory_raw((size_t)count, sizeof *s->numbers, error);
  bool fine = s->integers && s->numbers;
  for (int32_t i = 0; i < count && fine; i++) fine = set_add(e, s, n->args[0], list[i], error);
  if (!fine) return false;
  if (n->args[0]->type == LATHE_TYPE_FLOAT64)
    qsort(s->numbers, (size_t)s->count, sizeof *s->numbers, by_number);
  else
    qsort(s->integers, (size_t)s->count, sizeof *s->integers, by_integer);
  return true;
}

static bool has_integer(const set *s, int64_t x) {
  int64_t low = 0, high = s->count;
  while (low < high) {
    int64_t middle = (low + high) / 2;
    if (s->integers[middle] < x)
      low = middle + 1;
    else
      high = middle;
  }
  return low < s->count && s->integers[low] == x;
}

static bool has_number(const set *s, double x) {
  int64_t low = 0, high = s->count;
  while (low < high) {
    int64_t middle = (low + high) / 2;
    if (s->numbers[middle] < x)
      low = middle + 1;
    else
      high = middle;
  }
  return low < s->count && s->numbers[low] == x;
}

static bool within_set(machine *m, const node *n, vector *args, vector *out, lathe_error *error) {
  (void)error;
  const set *s = n->extra;
  const vector *x = &args[0];
  uint64_t *bits = memset(out->own_values, 0, WORDS * sizeof(uint64_t));
  if (x->type == LATHE_TYPE_BOOL) {
    const uint64_t *truth = x->values;
    for (int64_t k = 0; k < words_of(m->rows); k++)
      bits[k] = (s->yes ? truth[k] : 0) | (s->no ? ~truth[k] : 0);
    return true;
  }
  for (int64_t i = 0; i < m->rows; i++) {
    bool found;
    if (x->type == LATHE_TYPE_STRING)
      found = s->words.count &&
              lathe_words_find(&s->words, AT(lathe_text, x, i).data, AT(lathe_text, x, i).size) >= 0;
    else if (x->type == LATHE_TYPE_FLOAT64)
      found = has_number(s, AT(double, x, i));
    else
      found = has_integer(s, x->type == LATHE_TYPE_DATE ? AT(int32_t, x, i) : AT(int64_t, x, i));
    bits[i >> 6] |= (uint64_t)found << (i & 63);
  }
  return true;
}

const function set_function = {"in", "c=b", within_set, false, 0, NULL};
