/* date_format.c - dates and times by a format; see date.h. */
#include "date.h"

#include <stdio.h>
#include <string.h>

static const char *const months[] = {"January", "February", "March",     "April",   "May",      "June",
                                     "July",    "August",   "September", "October", "November", "December"};
static const char *const weekdays[] = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                                       "Friday", "Saturday", "Sunday"};

int64_t lathe_date_weekday(int64_t days) {
  int64_t rest = (days + 3) % 7; /* 1970-01-01 was a Thursday */
  return (rest < 0 ? rest + 7 : rest) + 1;
}

int64_t lathe_date_week(int64_t days, int64_t *year) {
  int64_t month, day;
  lathe_date_to_civil(days - lathe_date_weekday(days) + 4, year, &month, &day); /* the Thursday decides */
  return (days - lathe_date_weekday(days) + 4 - lathe_date_from_civil(*year, 1, 1)) / 7 + 1;
}

/* The format that a short one stands for. */
static const char *long_form(char letter) {
  return letter == 'F' ? "%Y-%m-%d" : letter == 'T' ? "%H:%M:%S" : letter == 'R' ? "%H:%M" : NULL;
}

bool lathe_date_format_check(const char *format, size_t size, bool reading, char *problem,
                             size_t problem_size) {
  const char *known = reading ? "YymdejHIMSfpbBaAzsFTR%" : "YymdejHIMSfpbBaAzsFTRuVG%";
  bool year = false;
  for (size_t at = 0; at < size; at++) {
    if (format[at] != '%') continue;
    char letter = ++at < size ? format[at] : '\0';
    if (!letter || !strchr(known, letter)) {
      if (letter > ' ' && letter < 0x7F)
        snprintf(problem, problem_size, "there is no %%%c to %s a date by", letter,
                 reading ? "read" : "write");
      else
        snprintf(problem, problem_size, "a %% stands alone in the format of a date; write %%%%");
      return false;
    }
    year = year || strchr("YysF", letter);
  }
  if (year || !reading) return true;
  snprintf(problem, problem_size, "the format of a date reads no year (%%Y, %%y or %%s)");
  return false;
}

/* ---- reading ---- */

typedef struct reading {
  const char *at, *end;
  int64_t year, month, day, yearday, hour, minute, second, microsecond, zone, since;
  bool has_since, half, afternoon, twelve;
} reading;

/* `least` to `most` digits. */
static bool read_digits(reading *r, int least, int most, int64_t *number) {
  int count = 0;
  *number = 0;
  for (; count < most && r->at < r->end && *r->at >= '0' && *r->at <= '9'; count++)
    *number = *number * 10 + (*r->at++ - '0');
  return count >= least;
}

static bool same_letters(const char *text, const char *name, size_t size) {
  for (size_t i = 0; i < size; i++)
    if ((text[i] | 0x20) != (name[i] | 0x20)) return false;
  return true;
}

/* A name in full or its first three letters. */
static bool read_name(reading *r, const char *const *names, int count, int64_t *number) {
  for (int i = 0; i < count; i++) {
    size_t size = strlen(names[i]), left = (size_t)(r->end - r->at);
    if (left < size || !same_letters(r->at, names[i], size)) size = 3;
    if (left < size || !same_letters(r->at, names[i], size)) continue;
    r->at += size;
    *number = i + 1;
    return true;
  }
  return false;
}

static bool read_zone(reading *r) {
  if (r->at < r->end && *r->at == 'Z') {
    r->at++;
    return true;
  }
  if (r->at == r->end || (*r->at != '+' && *r->at != '-')) return false;
  bool west = *r->at++ == '-';
  int64_t hour, minute;
  if (!read_digits(r, 2, 2, &hour)) return false;
  if (r->at < r->end && *r->at == ':') r->at++;
  if (!read_digits(r, 2, 2, &minute) || hour > 14 || minute > 59) return false;
  r->zone = (west ? -1 : 1) * (hour * 60 + minute);
  return true;
}

static bool read_fraction(reading *r) {
  int64_t unit = 100000;
  const char *begin = r->at;
  for (; r->at < r->end && *r->at >= '0' && *r->at <= '9' && r->at - begin < 9; r->at++, unit /= 10)
    r->microsecond += (*r->at - '0') * unit;
  return r->at > begin;
}

static bool read_seconds(reading *r) {
  bool negative = r->at < r->end && *r->at == '-';
  r->at += negative;
  r->has_since = true;
  if (!read_digits(r, 1, 12, &r->since)) return false;
  if (negative) r->since = -r->since;
  return true;
}

static bool read_part(reading *r, char letter) {
  int64_t ignored;
  switch (letter) {
  case 'Y':
    return read_digits(r, 4, 4, &r->year);
  case 'y':
    if (!read_digits(r, 2, 2, &r->year)) return false;
    r->year += r->year < 69 ? 2000 : 1900;
    return true;
  case 'm':
    return read_digits(r, 1, 2, &r->month);
  case 'e':
    while (r->at < r->end && *r->at == ' ') r->at++;
    return read_digits(r, 1, 2, &r->day);
  case 'd':
    return read_digits(r, 1, 2, &r->day);
  case 'j':
    return read_digits(r, 1, 3, &r->yearday) && r->yearday > 0;
  case 'H':
    return read_digits(r, 1, 2, &r->hour);
  case 'I':
    r->twelve = true;
    return read_digits(r, 1, 2, &r->hour) && r->hour >= 1 && r->hour <= 12;
  case 'M':
    return read_digits(r, 1, 2, &r->minute);
  case 'S':
    return read_digits(r, 1, 2, &r->second);
  case 'f':
    return read_fraction(r);
  case 'p':
    if (r->end - r->at < 2 || (r->at[1] | 0x20) != 'm' ||
        ((r->at[0] | 0x20) != 'a' && (r->at[0] | 0x20) != 'p'))
      return false;
    r->half = true;
    r->afternoon = (r->at[0] | 0x20) == 'p';
    r->at += 2;
    return true;
  case 'b':
  case 'B':
    return read_name(r, months, 12, &r->month);
  case 'a':
  case 'A':
    return read_name(r, weekdays, 7, &ignored);
  case 'z':
    return read_zone(r);
  case 's':
    return read_seconds(r);
  default:
    return r->at < r->end && *r->at++ == '%';
  }
}

static bool is_space(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool read_by(reading *r, const char *format, size_t size) {
  for (size_t at = 0; at < size; at++) {
    if (format[at] == '%' && at + 1 < size) {
      const char *longer = long_form(format[++at]);
      if (longer ? !read_by(r, longer, strlen(longer)) : !read_part(r, format[at])) return false;
    } else if (is_space(format[at])) {
      if (r->at == r->end || !is_space(*r->at)) return false;
      while (r->at < r->end && is_space(*r->at)) r->at++;
      while (at + 1 < size && is_space(format[at + 1])) at++;
    } else if (r->at == r->end || *r->at++ != format[at]) {
      return false;
    }
  }
  return true;
}

bool lathe_date_parse(const char *text, size_t size, const char *format, size_t format_size,
                      int64_t *microseconds, int32_t *days) {
  reading r = {.at = text, .end = text + size, .month = 1, .day = 1};
  if (!read_by(&r, format, format_size) || r.at != r.end) return false;
  if (r.twelve && r.half) r.hour = r.hour % 12 + (r.afternoon ? 12 : 0);
  if (r.has_since) {
    int64_t day = r.since / 86400 - (r.since % 86400 < 0);
    if (day < LATHE_DATE_FIRST || day > LATHE_DATE_LAST) return false;
    *days = (int32_t)day;
    *microseconds = r.since * 1000000 + r.microsecond;
    return true;
  }
  if (r.year < 1 || r.month < 1 || r.month > 12 || r.day < 1 ||
      r.day > lathe_date_month_length(r.year, r.month) || r.yearday > 365 + lathe_date_is_leap(r.year) ||
      r.hour > 23 || r.minute > 59 || r.second > 59)
    return false;
  int64_t day = r.yearday ? lathe_date_from_civil(r.year, 1, 1) + r.yearday - 1
                          : lathe_date_from_civil(r.year, r.month, r.day);
  *days = (int32_t)day;
  *microseconds =
      (day * 86400 + r.hour * 3600 + (r.minute - r.zone) * 60 + r.second) * 1000000 + r.microsecond;
  return true;
}

/* ---- writing ---- */

typedef struct writing {
  char *out;
  size_t size, capacity;
} writing;

static void put(writing *w, const char *text, size_t size) {
  if (w->size < w->capacity) {
    size_t room = w->capacity - w->size;
    memcpy(w->out + w->size, text, size < room ? size : room);
  }
  w->size += size;
}

static void put_number(writing *w, int width, int64_t number) {
  char digits[32];
  int size = snprintf(digits, sizeof digits, "%0*lld", width, (long long)number);
  put(w, digits, (size_t)size);
}

static void put_by(writing *w, int64_t microseconds, const char *format, size_t size);

static void put_part(writing *w, int64_t microseconds, char letter) {
  int64_t seconds = microseconds / 1000000 - (microseconds % 1000000 < 0),
          fraction = microseconds - seconds * 1000000;
  int64_t days = seconds / 86400 - (seconds % 86400 < 0), second = seconds - days * 86400, year, month, day,
          week_year;
  lathe_date_to_civil(days, &year, &month, &day);
  int64_t hour = second / 3600, week = lathe_date_week(days, &week_year);
  const char *longer = long_form(letter), *name;
  if (longer) {
    put_by(w, microseconds, longer, strlen(longer));
    return;
  }
  switch (letter) {
  case 'Y':
    put_number(w, 4, year);
    break;
  case 'y':
    put_number(w, 2, year % 100);
    break;
  case 'm':
    put_number(w, 2, month);
    break;
  case 'd':
    put_number(w, 2, day);
    break;
  case 'e':
    if (day < 10) put(w, " ", 1);
    put_number(w, 1, day);
    break;
  case 'j':
    put_number(w, 3, days - lathe_date_from_civil(year, 1, 1) + 1);
    break;
  case 'H':
    put_number(w, 2, hour);
    break;
  case 'I':
    put_number(w, 2, (hour + 11) % 12 + 1);
    break;
  case 'M':
    put_number(w, 2, second / 60 % 60);
    break;
  case 'S':
    put_number(w, 2, second % 60);
    break;
  case 'f':
    put_number(w, 6, fraction);
    break;
  case 'p':
    put(w, hour < 12 ? "AM" : "PM", 2);
    break;
  case 'b':
    put(w, months[month - 1], 3);
    break;
  case 'B':
    put(w, months[month - 1], strlen(months[month - 1]));
    break;
  case 'a':
  case 'A':
    name = weekdays[lathe_date_weekday(days) - 1];
    put(w, name, letter == 'a' ? 3 : strlen(name));
    break;
  case 'z':
    put(w, "+0000", 5);
    break;
  case 's':
    put_number(w, 1, seconds);
    break;
  case 'u':
    put_number(w, 1, lathe_date_weekday(days));
    break;
  case 'V':
    put_number(w, 2, week);
    break;
  case 'G':
    put_number(w, 4, week_year);
    break;
  default:
    put(w, "%", 1);
  }
}

static void put_by(writing *w, int64_t microseconds, const char *format, size_t size) {
  for (size_t at = 0; at < size; at++) {
    if (format[at] == '%' && at + 1 < size)
      put_part(w, microseconds, format[++at]);
    else
      put(w, format + at, 1);
  }
}

size_t lathe_date_format(int64_t microseconds, const char *format, size_t format_size, char *out,
                         size_t capacity) {
  writing w = {.out = out, .capacity = capacity};
  put_by(&w, microseconds, format, format_size);
  return w.size;
}
