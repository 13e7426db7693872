/* onnx_dates.c - parts of dates, by arithmetic on whole numbers in double: exact, for all quotients are far from the next whole number.
 *
 * The calendar is that of eras of 400 years which begin on 1 March (Hinnant, "chrono-compatible low-level date algorithms"). */
#include <math.h>
#include <stdlib.h>

#include "../base/memory.h"
#include "../graph/date_parts.h"
#include "onnx_own.h"

/* A value of the graph that is being written: its name. */
typedef struct {
  char name[48];
} value;

static value binary(onnx_writing *out, const char *kind, value a, value b) {
  value made;
  onnx_simple(out, kind, 2, (const char *const[]){a.name, b.name}, onnx_fresh(out, made.name));
  return made;
}

static value with(onnx_writing *out, const char *kind, value a, double number) {
  value constant;
  onnx_number(out, constant.name, number);
  return binary(out, kind, a, constant);
}

static value plus(onnx_writing *out, value a, double number) {
  return with(out, "Add", a, number);
}

static value times(onnx_writing *out, value a, double number) {
  return with(out, "Mul", a, number);
}

static value minus(onnx_writing *out, value a, value b) {
  return binary(out, "Sub", a, b);
}

/* floor(a / number) */
static value quotient(onnx_writing *out, value a, double number) {
  value made, parts = with(out, "Div", a, number);
  onnx_simple(out, "Floor", 1, (const char *const[]){parts.name}, onnx_fresh(out, made.name));
  return made;
}

static value rest(onnx_writing *out, value a, double number) {
  return minus(out, a, times(out, quotient(out, a, number), number));
}

typedef struct {
  value year, month, day;
} civil;

static civil civil_of(onnx_writing *out, value days) {
  civil made;
  value shifted = plus(out, days, 719468), era = quotient(out, shifted, 146097),
        of_era = rest(out, shifted, 146097);
  value leap = minus(out, of_era, quotient(out, of_era, 1460));
  leap = binary(out, "Add", leap, quotient(out, of_era, 36524));
  value year = quotient(out, minus(out, leap, quotient(out, of_era, 146096)), 365);
  value begin = binary(out, "Add", times(out, year, 365), quotient(out, year, 4));
  value of_year = minus(out, of_era, minus(out, begin, quotient(out, year, 100)));
  value march = quotient(out, plus(out, times(out, of_year, 5), 2), 153); /* months since March */
  value next = quotient(out, march, 10);                                  /* 1 in January and February */
  value first = quotient(out, plus(out, times(out, march, 153), 2), 5);
  made.day = plus(out, minus(out, of_year, first), 1);
  made.month = minus(out, plus(out, march, 3), times(out, next, 12));
  made.year = binary(out, "Add", binary(out, "Add", year, times(out, era, 400)), next);
  return made;
}

/* 1 to 366. */
static value day_of_year(onnx_writing *out, value days, value year) {
  value before = plus(out, year, -1);
  value begin = binary(out, "Add", times(out, before, 365), quotient(out, before, 4));
  begin = minus(out, begin, quotient(out, before, 100));
  begin = binary(out, "Add", begin, quotient(out, before, 400));
  return plus(out, minus(out, days, plus(out, begin, -719162)), 1);
}

/* The week of a day is that of its Thursday in the Thursday's year. */
static value week(onnx_writing *out, value days, value weekday) {
  value thursday = plus(out, minus(out, days, weekday), 3);
  value of_year = day_of_year(out, thursday, civil_of(out, thursday).year);
  return plus(out, quotient(out, plus(out, of_year, -1), 7), 1);
}

static value part_of(onnx_writing *out, lathe_date_part part, value days, value second, const civil *date) {
  value weekday = rest(out, plus(out, days, 3), 7);
  switch (part) {
  case LATHE_DATE_YEAR:
    return date->year;
  case LATHE_DATE_QUARTER:
    return quotient(out, plus(out, date->month, 2), 3);
  case LATHE_DATE_MONTH:
    return date->month;
  case LATHE_DATE_WEEK:
    return week(out, days, weekday);
  case LATHE_DATE_DAY:
    return date->day;
  case LATHE_DATE_DAY_OF_YEAR:
    return day_of_year(out, days, date->year);
  case LATHE_DATE_WEEKEND:
    return quotient(out, weekday, 5);
  case LATHE_DATE_HOUR:
    return quotient(out, second, 3600);
  case LATHE_DATE_MINUTE:
    return rest(out, quotient(out, second, 60), 60);
  case LATHE_DATE_SECOND:
    return rest(out, quotient(out, second, 1), 60);
  default:
    return weekday;
  }
}

/* The part's sine or cosine from a table, whose last element is for a missing one. */
static value circle_of(onnx_writing *out, value at, lathe_date_part part, bool cosine) {
  int32_t first, period = lathe_date_part_period(part, &first);
  double *number = lathe_memory_raw((size_t)period + 1, sizeof *number, out->error);
  value table = {""}, gap, place, last, integer, made;
  out->body.failed = out->body.failed || !number;
  for (int32_t i = 0; number && i < period; i++) number[i] = lathe_date_part_circle(part, i, cosine);
  if (number) {
    number[period] = NAN;
    onnx_doubles(out, table.name, number, period + 1);
  }
  free(number);
  place = plus(out, at, -first);
  onnx_simple(out, "IsNaN", 1, (const char *const[]){place.name}, onnx_fresh(out, gap.name));
  onnx_number(out, last.name, period);
  value chosen;
  onnx_simple(out, "Where", 3, (const char *const[]){gap.name, last.name, place.name},
              onnx_fresh(out, chosen.name));
  lathe_message cast = onnx_node_begin(out, "Cast", "");
  lathe_message_text(&cast, 1, chosen.name);
  onnx_attribute_integer(&cast, "to", TYPE_INT64);
  onnx_node_end(out, &cast, onnx_fresh(out, integer.name));
  onnx_gather(out, table.name, integer.name, 0, onnx_fresh(out, made.name));
  return made;
}

/* Moments outside the years 0001 to 9999 have no parts. */
static value within(onnx_writing *out, value x, double unit) {
  value days = quotient(out, x, unit), low, high, below, above, outside, none, made;
  onnx_number(out, low.name, -719162);
  onnx_number(out, high.name, 2932896);
  onnx_simple(out, "Less", 2, (const char *const[]){days.name, low.name}, onnx_fresh(out, below.name));
  onnx_simple(out, "Greater", 2, (const char *const[]){days.name, high.name}, onnx_fresh(out, above.name));
  onnx_simple(out, "Or", 2, (const char *const[]){below.name, above.name}, onnx_fresh(out, outside.name));
  onnx_number(out, none.name, NAN);
  onnx_simple(out, "Where", 3, (const char *const[]){outside.name, none.name, x.name},
              onnx_fresh(out, made.name));
  return made;
}

void onnx_write_date_parts(onnx_writing *out, const lathe_operator *op, const char *output) {
  const int32_t *part = op->tensor[LATHE_DATE_PARTS_PART];
  const double *origin = op->tensor[LATHE_DATE_PARTS_ORIGIN];
  double unit = *(const double *)op->tensor[LATHE_DATE_PARTS_DAY];
  value raw, x, all;
  lathe_message same = onnx_node_begin(out, "Identity", "");
  lathe_message_text(&same, 1, out->value[op->input[0]]);
  onnx_node_end(out, &same, onnx_fresh(out, raw.name));
  x = within(out, raw, unit);
  value days = quotient(out, x, unit);
  value second = times(out, minus(out, x, times(out, days, unit)), 86400 / unit);
  civil date = civil_of(out, days);
  lathe_message node = onnx_node_begin(out, "Concat", "");
  for (int32_t c = 0; c < op->width; c++) {
    lathe_date_part plain = (lathe_date_part)(part[c] % LATHE_DATE_SINE);
    if (plain == LATHE_DATE_ELAPSED)
      all = plus(out, with(out, "Div", x, unit), -origin[c]);
    else
      all = part_of(out, plain, days, second, &date);
    if (part[c] >= LATHE_DATE_SINE) all = circle_of(out, all, plain, part[c] >= LATHE_DATE_COSINE);
    lathe_message_text(&node, 1, all.name);
  }
  onnx_attribute_integer(&node, "axis", 1);
  onnx_node_end(out, &node, output);
}
