/* expression_number.c - arithmetic and mathematics. int64 is exact or an error; float64 is IEEE 754, and so are its NaN and infinities. */
#include <math.h>
#include <string.h>

#include "expression_own.h"

/* ---- int64 ---- */

enum { ADD, SUBTRACT, MULTIPLY };

static bool overflows(int32_t how, int64_t a, int64_t b, int64_t *result) {
  if (how == ADD) return __builtin_add_overflow(a, b, result);
  if (how == SUBTRACT) return __builtin_sub_overflow(a, b, result);
  return __builtin_mul_overflow(a, b, result);
}

/* Name the first row that counts and does not fit. */
static bool find_overflow(machine *m, const node *n, vector *args, vector *out, lathe_error *error) {
  static const char signs[] = {'+', '-', '*'};
  int32_t how = n->function->variant;
  for (int64_t i = 0; i < m->rows; i++) {
    int64_t a = AT(int64_t, &args[0], i), b = AT(int64_t, &args[1], i), result;
    if (!row_there(out, i) || !overflows(how, a, b, &result)) continue;
    if (!machine_fail(m, n, out, i, error, "%lld %c %lld does not fit in int64; use cast(x, \"float64\")",
                      (long long)a, signs[how], (long long)b))
      return false;
  }
  return true;
}

#define SIGN_LOOP(check)                                                                                     \
  for (int64_t i = 0; i < rows; i++) {                                                                       \
    uint64_t x = (uint64_t)AT(int64_t, a, i), y = (uint64_t)AT(int64_t, b, i), z;                            \
    check to[i] = (int64_t)z;                                                                                \
  }

static bool arithmetic_int64(machine *m, const node *n, vector *args, vector *out, lathe_error *error) {
  const vector *a = &args[0], *b = &args[1];
  int64_t rows = m->rows, *to = out->own_values;
  uint64_t over = 0; /* its top bit */
  switch (n->function->variant) {
  case ADD:
    SIGN_LOOP(z = x + y; over |= (x ^ z) & (y ^ z);)
    break;
  case SUBTRACT:
    SIGN_LOOP(z = x - y; over |= (x ^ y) & (x ^ z);)
    break;
  default:
    for (int64_t i = 0; i < rows; i++)
      over |= (uint64_t)__builtin_mul_overflow(AT(int64_t, a, i), AT(int64_t, b, i), &to[i]) << 63;
  }
  return !(over >> 63) || find_overflow(m, n, args, out, error);
}

#define FLOAT_LOOP(sign)                                                                                     \
  for (int64_t i = 0; i < rows; i++) to[i] = AT(double, a, i) sign AT(double, b, i);

static void arithmetic_float64(int32_t how, const vector *a, const vector *b, int64_t rows, double *to) {
  switch (how) {
  case ADD:
    FLOAT_LOOP(+)
    break;
  case SUBTRACT:
    FLOAT_LOOP(-)
    break;
  default:
    FLOAT_LOOP(*)
  }
}

static bool arithmetic(machine *m, const node *n, vector *args, vector *out, lathe_error *error) {
  if (out->type == LATHE_TYPE_INT64) return arithmetic_int64(m, n, args, out, error);
  arithmetic_float64(n->function->variant, &args[0], &args[1], m->rows, out->own_values);
  return true;
}

static bool divide(machine *m, const node *n, vector *args, vector *out, lathe_error *error) {
  (void)n, (void)error;
  const vector *a = &args[0], *b = &args[1];
  double *to = out->own_values;
  int64_t rows = m->rows;
  FLOAT_LOOP(/)
  return true;
}

/* The quotient rounded down and what is left, which has the sign of the divisor. */
static bool floor_divide(machine *m, const node *n, vector *args, vector *out, lathe_error *error) {
  bool remainder = n->function->variant;
  for (int64_t i = 0; i < m->rows && out->type == LATHE_TYPE_FLOAT64; i++) {
    double a = AT(double, &args[0], i), b = AT(double, &args[1], i), rest = fmod(a, b);
    if (rest != 0 && (rest < 0) != (b < 0)) rest += b;
    ((double *)out->own_values)[i] = remainder ? rest : floor(a / b);
  }
  for (int64_t i = 0; i < m->rows && out->type == LATHE_TYPE_INT64; i++) {
    int64_t a = AT(int64_t, &args[0], i), b = AT(int64_t, &args[1], i), *to = (int64_t *)out->own_values + i;
    *to = 0;
    if (!row_there(out, i)) continue;
    if (b == 0) {
      if (!machine_fail(m, n, out, i, error,
                        "%lld is divided by 0; x / y gives inf, try(...) what is missing", (long long)a))
        return false;
    } else if (b == -1) {
      if (!remainder && __builtin_sub_overflow(0, a, to) &&
          !machine_fail(m, n, out, i, error, "%lld // -1 does not fit in int64", (long long)a))
        return false;
    } else {
      int64_t quotient = a / b, rest = a % b;
      if (rest && (rest < 0) != (b < 0)) quotient--, rest += b;
      *to = remainder ? rest : quotient;
    }
  }
  return true;
}

/* ---- one number ---- */

enum { NEGATE, UNCHANGED, ABSOLUTE, SIGN, FLOOR, CEIL, ROUND };

static bool shape_int64(machine *m, const node *n, const vector *x, vector *out, lathe_error *error) {
  int64_t *to = out->own_values;
  int32_t how = n->function->variant;
  for (int64_t i = 0; i < m->rows; i++) {
    int64_t a = AT(int64_t, x, i);
    to[i] = how == SIGN ? (a > 0) - (a < 0) : a;
    if (how != NEGATE && (how != ABSOLUTE || a >= 0)) continue;
    if (__builtin_sub_overflow(0, a, &to[i]) && row_there(out, i) &&
        !machine_fail(m, n, out, i, error, "minus %lld does not fit in int64; use cast(x, \"float64\")",
                      (long long)a))
      return false;
  }
  return true;
}

#define SHAPE(what)                                                                                          \
  for (int64_t i = 0; i < rows; i++) {                                                                       \
    double a = AT(double, x, i);                                                                             \
    to[i] = what;                                                                                            \
  }                                                                                                          \
  break;

static bool shape(machine *m, const node *n, vector *args, vector *out, lathe_error *error) {
  const vector *x = &args[0];
  if (out->type == LATHE_TYPE_INT64) return shape_int64(m, n, x, out, error);
  double *to = out->own_values;
  int64_t rows = m->rows;
  switch (n->function->variant) {
  case NEGATE:
    SHAPE(-a)
  case ABSOLUTE:
    SHAPE(fabs(a))
  case SIGN:
    SHAPE(isnan(a) ? a : (double)((a > 0) - (a < 0)))
  case FLOOR:
    SHAPE(floor(a))
  case CEIL:
    SHAPE(ceil(a))
  case ROUND:
    SHAPE(round(a))
  default:
    SHAPE(a)
  }
  return true;
}

/* Decimal digits behind the point, or before it when negative; halves go away from zero. The nearest double to the decimal
 * number that is meant decides: round(2.675, 2) is 2.68 though 2.675 is stored a little lower. */
static double round_digits(double a, int64_t digits) {
  if (!isfinite(a) || digits > 308) return a;
  if (digits < -308) return copysign(0, a);
  double scale = pow(10, (double)(digits < 0 ? -digits : digits));
  double scaled = digits < 0 ? a / scale : a * scale;
  if (!isfinite(scaled) || fabs(scaled) >= 0x1p52) return a;
  double whole = round(scaled);
  return digits < 0 ? whole * scale : whole / scale;
}

static bool round_to(machine *m, const node *n, vector *args, vector *out, lathe_error *error) {
  (void)n, (void)error;
  for (int64_t i = 0; i < m->rows; i++)
    ((double *)out->own_values)[i] = round_digits(AT(double, &args[0], i), AT(int64_t, &args[1], i));
  return true;
}

/* The functions of mathematics by number, for the table below. */
static double (*const one_argument[])(double) = {sqrt, exp,  log,  log2, log10, log1p, expm1, sin, cos,
                                                 tan,  asin, acos, atan, sinh,  cosh,  tanh,  cbrt};

static bool apply_one(machine *m, const node *n, vector *args, vector *out, lathe_error *error) {
  (void)error;
  double (*apply)(double) = one_argument[n->function->variant];
  double *to = out->own_values;
  for (int64_t i = 0; i < m->rows; i++) to[i] = apply(AT(double, &args[0], i));
  return true;
}

static bool square_root(machine *m, const node *n, vector *args, vector *out, lathe_error *error) {
  (void)n, (void)error;
  double *to = out->own_values;
  for (int64_t i = 0; i < m->rows; i++) to[i] = sqrt(AT(double, &args[0], i));
  return true;
}

/* ---- two and more ---- */

static double power(double a, double b) {
  return b == 2 ? a * a : pow(a, b);
}

static double log_of_base(double a, double base) {
  return base == 2 ? log2(a) : base == 10 ? log10(a) : log(a) / log(base);
}

static double (*const two_arguments[])(double, double) = {power, atan2, hypot, log_of_base};

static bool apply_two(machine *m, const node *n, vector *args, vector *out, lathe_error *error) {
  (void)error;
  double (*apply)(double, double) = two_arguments[n->function->variant];
  double *to = out->own_values;
  for (int64_t i = 0; i < m->rows; i++) to[i] = apply(AT(double, &args[0], i), AT(double, &args[1], i));
  return true;
}

static bool text_below(lathe_text a, lathe_text b) {
  size_t both = a.size < b.size ? a.size : b.size;
  int order = both ? memcmp(a.data, b.data, both) : 0;
  return order ? order < 0 : a.size < b.size;
}

#define PICK(type, below, unequal)                                                                           \
  for (int64_t i = 0; i < rows; i++) {                                                                       \
    type best = AT(type, &args[0], i);                                                                       \
    for (int32_t k = 1; k < n->count; k++) {                                                                 \
      type x = AT(type, &args[k], i);                                                                        \
      if ((greatest ? below(best, x) : below(x, best)) || unequal(x)) best = x;                              \
    }                                                                                                        \
    ((type *)out->own_values)[i] = best;                                                                     \
  }
#define BELOW(a, b) ((a) < (b))
#define NEVER(a) false

/* The smallest or the largest of the arguments; NaN when one is NaN. */
static bool pick(machine *m, const node *n, vector *args, vector *out, lathe_error *error) {
  bool greatest = n->function->variant;
  int64_t rows = m->rows;
  switch (out->type) {
  case LATHE_TYPE_FLOAT64:
    PICK(double, BELOW, isnan)
    break;
  case LATHE_TYPE_DATE:
    PICK(int32_t, BELOW, NEVER)
    break;
  case LATHE_TYPE_STRING:
    PICK(lathe_text, text_below, NEVER)
    break;
  case LATHE_TYPE_BOOL:
    return lathe_error_set(error, LATHE_ERROR_ARGUMENT,
                           "%s takes numbers, dates or texts; for conditions write %s", n->function->name,
                           greatest ? "or" : "and");
  default:
    PICK(int64_t, BELOW, NEVER)
  }
  return true;
}

static bool clip(machine *m, const node *n, vector *args, vector *out, lathe_error *error) {
  for (int64_t i = 0; i < m->rows; i++) {
    if (out->type == LATHE_TYPE_FLOAT64) {
      double x = AT(double, &args[0], i), low = AT(double, &args[1], i), high = AT(double, &args[2], i);
      ((double *)out->own_values)[i] = x < low ? low : x > high ? high : x;
      if (row_there(out, i) && low > high &&
          !machine_fail(m, n, out, i, error, "the range from %g to %g is empty; give the lower limit first",
                        low, high))
        return false;
    } else {
      int64_t x = AT(int64_t, &args[0], i), low = AT(int64_t, &args[1], i), high = AT(int64_t, &args[2], i);
      ((int64_t *)out->own_values)[i] = x < low ? low : x > high ? high : x;
      if (row_there(out, i) && low > high &&
          !machine_fail(m, n, out, i, error,
                        "the range from %lld to %lld is empty; give the lower limit first", (long long)low,
                        (long long)high))
        return false;
    }
  }
  return true;
}

const function number_functions[] = {
    {"+", "nn=0", arithmetic, true, ADD, NULL},
    {"-", "nn=0", arithmetic, true, SUBTRACT, NULL},
    {"*", "nn=0", arithmetic, true, MULTIPLY, NULL},
    {"/", "ff=f", divide, false, 0, NULL},
    {"//", "nn=0", floor_divide, true, 0, NULL},
    {"%", "nn=0", floor_divide, true, 1, NULL},
    {"^", "ff=f", apply_two, false, 0, NULL},
    {"negate", "n=0", shape, true, NEGATE, NULL},
    {"unchanged", "n=0", shape, false, UNCHANGED, NULL},
    {"abs", "n=0", shape, true, ABSOLUTE, NULL},
    {"sign", "n=0", shape, false, SIGN, NULL},
    {"floor", "n=0", shape, false, FLOOR, NULL},
    {"ceil", "n=0", shape, false, CEIL, NULL},
    {"round", "n=0", shape, false, ROUND, NULL},
    {"round", "fi=f", round_to, false, 0, NULL},
    {"sqrt", "f=f", square_root, false, 0, NULL},
    {"exp", "f=f", apply_one, false, 1, NULL},
    {"log", "f=f", apply_one, false, 2, NULL},
    {"log", "ff=f", apply_two, false, 3, NULL},
    {"log2", "f=f", apply_one, false, 3, NULL},
    {"log10", "f=f", apply_one, false, 4, NULL},
    {"log1p", "f=f", apply_one, false, 5, NULL},
    {"expm1", "f=f", apply_one, false, 6, NULL},
    {"sin", "f=f", apply_one, false, 7, NULL},
    {"cos", "f=f", apply_one, false, 8, NULL},
    {"tan", "f=f", apply_one, false, 9, NULL},
    {"asin", "f=f", apply_one, false, 10, NULL},
    {"acos", "f=f", apply_one, false, 11, NULL},
    {"atan", "f=f", apply_one, false, 12, NULL},
    {"sinh", "f=f", apply_one, false, 13, NULL},
    {"cosh", "f=f", apply_one, false, 14, NULL},
    {"tanh", "f=f", apply_one, false, 15, NULL},
    {"cbrt", "f=f", apply_one, false, 16, NULL},
    {"atan2", "ff=f", apply_two, false, 1, NULL},
    {"hypot", "ff=f", apply_two, false, 2, NULL},
    {"pow", "ff=f", apply_two, false, 0, NULL},
    {"min", "cc*=0", pick, false, 0, NULL},
    {"max", "cc*=0", pick, false, 1, NULL},
    {"clip", "nnn=0", clip, true, 0, NULL},
    {0},
};
