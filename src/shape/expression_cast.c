/* expression_cast.c - from type to type. A cast loses nothing unseen: 2.5 does not become 2, nor "abc" missing. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "../base/date.h"
#include "expression_own.h"

static const int64_t DAY_MICROSECONDS = INT64_C(86400000000);

static bool is_space(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool text_is(lathe_text text, const char *word) {
  size_t size = strlen(word);
  if (text.size != size) return false;
  for (size_t i = 0; i < size; i++)
    if ((text.data[i] | 0x20) != word[i]) return false;
  return true;
}

bool text_to_value(lathe_text text, lathe_type type, scalar *out) {
  while (text.size && is_space(text.data[0])) text.data++, text.size--;
  while (text.size && is_space(text.data[text.size - 1])) text.size--;
  switch (type) {
  case LATHE_TYPE_BOOL:
    out->truth = text_is(text, "true");
    return out->truth || text_is(text, "false");
  case LATHE_TYPE_INT64:
    return lathe_text_to_int64(text.data, text.size, &out->integer);
  case LATHE_TYPE_FLOAT64:
    return lathe_text_to_float64(text.data, text.size, &out->number);
  case LATHE_TYPE_DATE:
    return lathe_text_to_date(text.data, text.size, &out->days);
  case LATHE_TYPE_TIMESTAMP: {
    int32_t days;
    if (!lathe_text_to_date(text.data, text.size, &days))
      return lathe_text_to_timestamp(text.data, text.size, &out->integer);
    out->integer = days * DAY_MICROSECONDS;
    return true;
  }
  default:
    return false;
  }
}

/* ---- from text ---- */

static bool from_text(machine *m, const node *n, vector *args, vector *out, lathe_error *error) {
  if (out->type == LATHE_TYPE_BOOL) memset(out->own_values, 0, WORDS * sizeof(uint64_t));
  for (int64_t i = 0; i < m->rows; i++) {
    scalar v = {0};
    lathe_text text = AT(lathe_text, &args[0], i);
    bool fine = !row_there(out, i) || text_to_value(text, out->type, &v);
    if (out->type == LATHE_TYPE_BOOL)
      ((uint64_t *)out->own_values)[i >> 6] |= (uint64_t)v.truth << (i & 63);
    else if (out->type == LATHE_TYPE_DATE)
      ((int32_t *)out->own_values)[i] = v.days;
    else
      ((int64_t *)out->own_values)[i] = v.integer;
    if (fine) continue;
    char form[LATHE_SHOWN];
    lathe_text shown = machine_shown(m, n, text, form);
    if (!machine_fail(m, n, out, i, error, "\"%.*s\" is not %s %s; try(...) makes it missing",
                      (int)shown.size, shown.data, out->type == LATHE_TYPE_INT64 ? "an" : "a",
                      lathe_type_name(out->type)))
      return false;
  }
  return true;
}

/* ---- to text ---- */

static size_t write_value(const vector *x, int64_t i, char *out) {
  switch (x->type) {
  case LATHE_TYPE_BOOL: {
    bool truth = bit_at(x->values, i);
    memcpy(out, truth ? "true" : "false", truth ? 4 : 5);
    return truth ? 4 : 5;
  }
  case LATHE_TYPE_INT64:
    return (size_t)snprintf(out, 32, "%lld", (long long)AT(int64_t, x, i));
  case LATHE_TYPE_FLOAT64:
    return lathe_text_from_float64(AT(double, x, i), out);
  case LATHE_TYPE_DATE:
    return lathe_text_from_date(AT(int32_t, x, i), out);
  default:
    return lathe_text_from_timestamp(AT(int64_t, x, i), out);
  }
}

static bool to_text(machine *m, const node *n, vector *args, vector *out, lathe_error *error) {
  (void)n;
  lathe_text *to = out->own_values;
  for (int64_t i = 0; i < m->rows; i++) {
    char scratch[40];
    size_t size = row_there(out, i) ? write_value(&args[0], i, scratch) : 0;
    char *text = machine_text(m, size, error);
    if (!text) return false;
    memcpy(text, scratch, size);
    to[i] = (lathe_text){text, size};
  }
  return true;
}

/* ---- between numbers, truth and moments ---- */

static bool int64_to_float64(machine *m, const node *n, vector *args, vector *out, lathe_error *error) {
  (void)n, (void)error;
  double *to = out->own_values;
  for (int64_t i = 0; i < m->rows; i++) to[i] = (double)AT(int64_t, &args[0], i);
  return true;
}

static bool float64_to_int64(machine *m, const node *n, vector *args, vector *out, lathe_error *error) {
  int64_t *to = out->own_values;
  for (int64_t i = 0; i < m->rows; i++) {
    double x = AT(double, &args[0], i);
    bool fits = x >= -0x1p63 && x < 0x1p63 && x == trunc(x);
    to[i] = fits ? (int64_t)x : 0;
    if (fits || !row_there(out, i)) continue;
    bool part = x >= -0x1p63 && x < 0x1p63;
    if (!machine_fail(m, n, out, i, error, "%g %s", x,
                      part ? "is not whole; use round, floor or ceil first" : "does not fit in int64"))
      return false;
  }
  return true;
}

static bool bool_to_number(machine *m, const node *n, vector *args, vector *out, lathe_error *error) {
  (void)n, (void)error;
  for (int64_t i = 0; i < m->rows; i++) {
    bool truth = bit_at(args[0].values, i);
    if (out->type == LATHE_TYPE_FLOAT64)
      ((double *)out->own_values)[i] = truth;
    else
      ((int64_t *)out->own_values)[i] = truth;
  }
  return true;
}

static bool number_to_bool(machine *m, const node *n, vector *args, vector *out, lathe_error *error) {
  uint64_t *bits = memset(out->own_values, 0, WORDS * sizeof(uint64_t));
  for (int64_t i = 0; i < m->rows; i++) {
    bool whole = args[0].type == LATHE_TYPE_INT64;
    double x = whole ? (double)AT(int64_t, &args[0], i) : AT(double, &args[0], i);
    bits[i >> 6] |= (uint64_t)(x == 1) << (i & 63);
    if (x == 0 || x == 1 || !row_there(out, i)) continue;
    if (!machine_fail(m, n, out, i, error, "%g is neither 0 nor 1; write x != 0", x)) return false;
  }
  return true;
}

static bool date_to_timestamp(machine *m, const node *n, vector *args, vector *out, lathe_error *error) {
  for (int64_t i = 0; i < m->rows; i++)
    if (__builtin_mul_overflow((int64_t)AT(int32_t, &args[0], i), DAY_MICROSECONDS,
                               (int64_t *)out->own_values + i) &&
        row_there(out, i) && !machine_fail(m, n, out, i, error, "this date is too far away for a timestamp"))
      return false;
  return true;
}

static bool timestamp_to_date(machine *m, const node *n, vector *args, vector *out, lathe_error *error) {
  (void)n, (void)error;
  for (int64_t i = 0; i < m->rows; i++) {
    int64_t x = AT(int64_t, &args[0], i);
    ((int32_t *)out->own_values)[i] = (int32_t)(x / DAY_MICROSECONDS - (x % DAY_MICROSECONDS < 0));
  }
  return true;
}

enum { TYPES = LATHE_TYPE_TIMESTAMP + 1 };

#define CAST(kernel, may_fail)                                                                               \
  { "cast", "a=0", kernel, may_fail, 0, NULL }

static const function casts[TYPES][TYPES] = {
    [LATHE_TYPE_STRING] = {[LATHE_TYPE_BOOL] = CAST(from_text, true),
                           [LATHE_TYPE_INT64] = CAST(from_text, true),
                           [LATHE_TYPE_FLOAT64] = CAST(from_text, true),
                           [LATHE_TYPE_DATE] = CAST(from_text, true),
                           [LATHE_TYPE_TIMESTAMP] = CAST(from_text, true)},
    [LATHE_TYPE_BOOL] = {[LATHE_TYPE_INT64] = CAST(bool_to_number, false),
                         [LATHE_TYPE_FLOAT64] = CAST(bool_to_number, false),
                         [LATHE_TYPE_STRING] = CAST(to_text, false)},
    [LATHE_TYPE_INT64] = {[LATHE_TYPE_BOOL] = CAST(number_to_bool, true),
                          [LATHE_TYPE_FLOAT64] = CAST(int64_to_float64, false),
                          [LATHE_TYPE_STRING] = CAST(to_text, false)},
    [LATHE_TYPE_FLOAT64] = {[LATHE_TYPE_BOOL] = CAST(number_to_bool, true),
                            [LATHE_TYPE_INT64] = CAST(float64_to_int64, true),
                            [LATHE_TYPE_STRING] = CAST(to_text, false)},
    [LATHE_TYPE_DATE] =
        {[LATHE_TYPE_TIMESTAMP] = CAST(date_to_timestamp, true), [LATHE_TYPE_STRING] = CAST(to_text, false)},
    [LATHE_TYPE_TIMESTAMP] =
        {[LATHE_TYPE_DATE] = CAST(timestamp_to_date, false), [LATHE_TYPE_STRING] = CAST(to_text, false)},
};

const function *cast_find(lathe_type from, lathe_type to) {
  const function *cast = &casts[from][to];
  return cast->run ? cast : NULL;
}
