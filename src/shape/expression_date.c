/* expression_date.c - functions of dates and timestamps (UTC). Weeks and weekdays are those of ISO 8601: Monday is 1. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "../base/date.h"
#include "expression_own.h"

static const int64_t SECOND = 1000000, DAY = INT64_C(86400000000);

static int64_t floor_to(int64_t x, int64_t unit) {
  return x / unit - (x % unit < 0);
}

/* The day of the element at `i`, and the microseconds of that day. */
static int64_t day_at(const vector *x, int64_t i, int64_t *rest) {
  *rest = 0;
  if (x->type == LATHE_TYPE_DATE) return AT(int32_t, x, i);
  int64_t moment = AT(int64_t, x, i), day = floor_to(moment, DAY);
  *rest = moment % DAY + (moment % DAY < 0 ? DAY : 0);
  return day;
}

/* ---- parts ---- */

enum { YEAR, QUARTER, MONTH, WEEK, DAY_OF_MONTH, HOUR, MINUTE, SECONDS, WEEKDAY, YEARDAY, ISO_YEAR, UNITS };

static int64_t part(int32_t which, int64_t day, int64_t rest) {
  int64_t year, month, number;
  switch (which) {
  case WEEK:
    return lathe_date_week(day, &year);
  case ISO_YEAR:
    lathe_date_week(day, &year);
    return year;
  case HOUR:
    return rest / (3600 * SECOND);
  case MINUTE:
    return rest / (60 * SECOND) % 60;
  case SECONDS:
    return rest / SECOND % 60;
  case WEEKDAY:
    return lathe_date_weekday(day);
  default:
    break;
  }
  lathe_date_to_civil(day, &year, &month, &number);
  switch (which) {
  case YEAR:
    return year;
  case QUARTER:
    return (month + 2) / 3;
  case MONTH:
    return month;
  case YEARDAY:
    return day - lathe_date_from_civil(year, 1, 1) + 1;
  default:
    return number;
  }
}

static bool parts(machine *m, const node *n, vector *args, vector *out, lathe_error *error) {
  (void)error;
  for (int64_t i = 0; i < m->rows; i++) {
    int64_t rest, day = day_at(&args[0], i, &rest);
    ((int64_t *)out->own_values)[i] = part(n->function->variant, day, rest);
  }
  return true;
}

static const char *const units[] = {"year", "quarter", "month", "week", "day", "hour", "minute", "second"};

static int unit_of(lathe_text text) {
  for (int i = 0; i < 8; i++)
    if (strlen(units[i]) == text.size && memcmp(units[i], text.data, text.size) == 0) return i;
  return -1;
}

static bool prepare_unit(lathe_expression *e, node *n, lathe_error *error) {
  int unit = unit_of(n->args[1]->constant.text);
  if (unit < 0)
    return expression_fail(
        e, n->args[1]->at, error,
        "a date is truncated to 'year', 'quarter', 'month', 'week', 'day', 'hour', 'minute' or 'second'");
  return true;
}

/* The first moment of the unit that holds the day. */
static int64_t truncated(int unit, int64_t day, int64_t *rest) {
  int64_t year, month, number;
  static const int64_t lengths[] = {
      [HOUR] = INT64_C(3600000000), [MINUTE] = INT64_C(60000000), [SECONDS] = INT64_C(1000000)};
  if (unit >= HOUR) {
    *rest -= *rest % lengths[unit];
    return day;
  }
  *rest = 0;
  if (unit == DAY_OF_MONTH) return day;
  if (unit == WEEK) return day - lathe_date_weekday(day) + 1;
  lathe_date_to_civil(day, &year, &month, &number);
  if (unit == MONTH) return lathe_date_from_civil(year, month, 1);
  return lathe_date_from_civil(year, unit == QUARTER ? (month - 1) / 3 * 3 + 1 : 1, 1);
}

/* Put a day and its rest into `out`; false when they do not fit. */
static bool put_moment(vector *out, int64_t i, int64_t day, int64_t rest) {
  if (out->type == LATHE_TYPE_DATE) {
    ((int32_t *)out->own_values)[i] = (int32_t)day;
    return day >= INT32_MIN && day <= INT32_MAX;
  }
  int64_t moment = 0;
  bool fits = !__builtin_mul_overflow(day, DAY, &moment) && !__builtin_add_overflow(moment, rest, &moment);
  ((int64_t *)out->own_values)[i] = fits ? moment : 0;
  return fits;
}

static bool too_far(machine *m, const node *n, vector *out, int64_t i, lathe_error *error) {
  return !row_there(out, i) || machine_fail(m, n, out, i, error, "the date that comes out is too far away");
}

static bool truncate(machine *m, const node *n, vector *args, vector *out, lathe_error *error) {
  int unit = unit_of(n->args[1]->constant.text);
  for (int64_t i = 0; i < m->rows; i++) {
    int64_t rest, day = day_at(&args[0], i, &rest);
    day = truncated(unit, day, &rest);
    if (!put_moment(out, i, day, rest) && !too_far(m, n, out, i, error)) return false;
  }
  return true;
}

/* ---- arithmetic ---- */

/* b - a in days: whole for dates, with a fraction for timestamps. */
static bool days_between(machine *m, const node *n, vector *args, vector *out, lathe_error *error) {
  (void)error;
  const vector *a = &args[n->function->variant], *b = &args[1 - n->function->variant];
  for (int64_t i = 0; i < m->rows; i++) {
    if (out->type == LATHE_TYPE_INT64)
      ((int64_t *)out->own_values)[i] = (int64_t)AT(int32_t, b, i) - AT(int32_t, a, i);
    else
      ((double *)out->own_values)[i] = ((double)AT(int64_t, b, i) - (double)AT(int64_t, a, i)) / (double)DAY;
  }
  return true;
}

static bool seconds_between(machine *m, const node *n, vector *args, vector *out, lathe_error *error) {
  (void)n, (void)error;
  for (int64_t i = 0; i < m->rows; i++) {
    int64_t a = AT(int64_t, &args[0], i), b = AT(int64_t, &args[1], i), difference;
    bool exact = !__builtin_sub_overflow(b, a, &difference);
    ((double *)out->own_values)[i] = (exact ? (double)difference : (double)b - (double)a) / (double)SECOND;
  }
  return true;
}

/* The most months that can be added to day `a` (its moment `rest_a`) without passing day `b`, as add_months adds them. */
static int64_t months_up_to(int64_t a, int64_t rest_a, int64_t b, int64_t rest_b) {
  int64_t year_a, month_a, day_a, year_b, month_b, day_b;
  lathe_date_to_civil(a, &year_a, &month_a, &day_a);
  lathe_date_to_civil(b, &year_b, &month_b, &day_b);
  int64_t months = (year_b - year_a) * 12 + month_b - month_a,
          last = lathe_date_month_length(year_b, month_b);
  int64_t there = day_a < last ? day_a : last; /* 31 January and a month is 28 February */
  return months - (there > day_b || (there == day_b && rest_a > rest_b));
}

/* Whole units of `variant` months from a to b; below 0 when b is the earlier one. */
static bool months_between(machine *m, const node *n, vector *args, vector *out, lathe_error *error) {
  (void)error;
  for (int64_t i = 0; i < m->rows; i++) {
    int64_t rest_a, rest_b, a = day_at(&args[0], i, &rest_a), b = day_at(&args[1], i, &rest_b);
    bool back = b < a || (b == a && rest_b < rest_a);
    int64_t months = back ? -months_up_to(b, rest_b, a, rest_a) : months_up_to(a, rest_a, b, rest_b);
    ((int64_t *)out->own_values)[i] = months / n->function->variant;
  }
  return true;
}

static bool add_days(machine *m, const node *n, vector *args, vector *out, lathe_error *error) {
  for (int64_t i = 0; i < m->rows; i++) {
    int64_t rest, day = day_at(&args[0], i, &rest), days = AT(int64_t, &args[1], i);
    bool fits = !(n->function->variant ? __builtin_sub_overflow(day, days, &day)
                                       : __builtin_add_overflow(day, days, &day));
    if (!(fits && put_moment(out, i, day, rest)) && !too_far(m, n, out, i, error)) return false;
  }
  return true;
}

/* The same day of another month, or that month's last. */
static bool add_months(machine *m, const node *n, vector *args, vector *out, lathe_error *error) {
  for (int64_t i = 0; i < m->rows; i++) {
    int64_t rest, year, month, number, day = day_at(&args[0], i, &rest), months = AT(int64_t, &args[1], i);
    bool fits = months > -12000000 && months < 12000000;
    if (fits) {
      lathe_date_to_civil(day, &year, &month, &number);
      int64_t all = year * 12 + month - 1 + months;
      year = floor_to(all, 12), month = all - year * 12 + 1;
      if (number > lathe_date_month_length(year, month)) number = lathe_date_month_length(year, month);
      fits = put_moment(out, i, lathe_date_from_civil(year, month, number), rest);
    }
    if (!fits && !too_far(m, n, out, i, error)) return false;
  }
  return true;
}

static bool add_seconds(machine *m, const node *n, vector *args, vector *out, lathe_error *error) {
  for (int64_t i = 0; i < m->rows; i++) {
    double seconds = AT(double, &args[1], i), more = round(seconds * 1e6);
    int64_t *to = (int64_t *)out->own_values + i;
    bool fits = fabs(more) < 0x1p62 && !__builtin_add_overflow(AT(int64_t, &args[0], i), (int64_t)more, to);
    if (!fits && !too_far(m, n, out, i, error)) return false;
  }
  return true;
}

/* ---- from texts and numbers, and to texts ---- */

static bool prepare_format(lathe_expression *e, node *n, lathe_error *error) {
  char problem[200];
  bool reading = n->function->variant >= 0;
  lathe_text format = n->args[1]->constant.text;
  if (lathe_date_format_check(format.data, format.size, reading, problem, sizeof problem)) return true;
  return expression_fail(e, n->args[1]->at, error, "%s", problem);
}

static bool parse(machine *m, const node *n, vector *args, vector *out, lathe_error *error) {
  lathe_text format = n->args[1]->constant.text;
  for (int64_t i = 0; i < m->rows; i++) {
    lathe_text text = AT(lathe_text, &args[0], i);
    int64_t moment = 0;
    int32_t day = 0;
    bool fine =
        !row_there(out, i) || lathe_date_parse(text.data, text.size, format.data, format.size, &moment, &day);
    if (out->type == LATHE_TYPE_DATE)
      ((int32_t *)out->own_values)[i] = day;
    else
      ((int64_t *)out->own_values)[i] = moment;
    if (fine) continue;
    char form[LATHE_SHOWN];
    lathe_text shown = machine_shown(m, n, text, form);
    if (!machine_fail(m, n, out, i, error, "\"%.*s\" is not a date by \"%.*s\"; try(...) makes it missing",
                      (int)shown.size, shown.data, text_shown(format), format.data))
      return false;
  }
  return true;
}

static bool civil(machine *m, const node *n, vector *args, vector *out, lathe_error *error) {
  for (int64_t i = 0; i < m->rows; i++) {
    int64_t year = AT(int64_t, &args[0], i), month = AT(int64_t, &args[1], i), day = AT(int64_t, &args[2], i);
    bool fine = year >= 1 && year <= 9999 && month >= 1 && month <= 12 && day >= 1 &&
                day <= lathe_date_month_length(year, month);
    ((int32_t *)out->own_values)[i] = fine ? (int32_t)lathe_date_from_civil(year, month, day) : 0;
    if (!fine && row_there(out, i) &&
        !machine_fail(m, n, out, i, error, "year %lld, month %lld, day %lld is not a date", (long long)year,
                      (long long)month, (long long)day))
      return false;
  }
  return true;
}

static bool format(machine *m, const node *n, vector *args, vector *out, lathe_error *error) {
  lathe_text by = n->args[1]->constant.text;
  for (int64_t i = 0; i < m->rows; i++) {
    lathe_text *to = (lathe_text *)out->own_values + i;
    *to = (lathe_text){"", 0};
    if (!row_there(out, i)) continue;
    int64_t rest, day = day_at(&args[0], i, &rest);
    char scratch[128];
    if (day < LATHE_DATE_FIRST || day > LATHE_DATE_LAST) {
      if (!machine_fail(m, n, out, i, error, "a date outside of the years 1 to 9999 is not written"))
        return false;
      continue;
    }
    int64_t moment = day * DAY + rest;
    size_t size = lathe_date_format(moment, by.data, by.size, scratch, sizeof scratch);
    char *text = machine_text(m, size, error);
    if (!text) return false;
    if (size <= sizeof scratch)
      memcpy(text, scratch, size);
    else
      lathe_date_format(moment, by.data, by.size, text, size);
    *to = (lathe_text){text, size};
  }
  return true;
}

const function date_functions[] = {
    {"date", "tKt=D", parse, true, 0, prepare_format},
    {"date", "iii=D", civil, true, 0, NULL},
    {"timestamp", "tKt=S", parse, true, 0, prepare_format},
    {"format", "dKt=t", format, true, -1, prepare_format},
    {"year", "d=i", parts, false, YEAR, NULL},
    {"quarter", "d=i", parts, false, QUARTER, NULL},
    {"month", "d=i", parts, false, MONTH, NULL},
    {"week", "d=i", parts, false, WEEK, NULL},
    {"week_year", "d=i", parts, false, ISO_YEAR, NULL},
    {"day", "d=i", parts, false, DAY_OF_MONTH, NULL},
    {"weekday", "d=i", parts, false, WEEKDAY, NULL},
    {"yearday", "d=i", parts, false, YEARDAY, NULL},
    {"hour", "S=i", parts, false, HOUR, NULL},
    {"minute", "S=i", parts, false, MINUTE, NULL},
    {"second", "S=i", parts, false, SECONDS, NULL},
    {"truncate", "dKt=0", truncate, true, 0, prepare_unit},
    {"days_between", "DD=i", days_between, false, 0, NULL},
    {"days_between", "SS=f", days_between, false, 0, NULL},
    {"days_since", "DD=i", days_between, false, 1, NULL},
    {"days_since", "SS=f", days_between, false, 1, NULL},
    {"seconds_between", "SS=f", seconds_between, false, 0, NULL},
    {"months_between", "DD=i", months_between, false, 1, NULL},
    {"months_between", "SS=i", months_between, false, 1, NULL},
    {"years_between", "DD=i", months_between, false, 12, NULL},
    {"years_between", "SS=i", months_between, false, 12, NULL},
    {"add_days", "di=0", add_days, true, 0, NULL},
    {"take_days", "di=0", add_days, true, 1, NULL},
    {"add_months", "di=0", add_months, true, 0, NULL},
    {"add_seconds", "Sf=S", add_seconds, true, 0, NULL},
    {0},
};
