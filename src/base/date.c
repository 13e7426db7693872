/* date.c - dates and times in the proleptic Gregorian calendar (Hinnant 2013, "chrono-compatible low-level
 * date algorithms"). */
#include "date.h"

#include "text.h"

#include <stdio.h>

int64_t lathe_date_from_civil(int64_t year, int64_t month, int64_t day) {
  year -= month <= 2;
  int64_t era = (year >= 0 ? year : year - 399) / 400;
  int64_t year_of_era = year - era * 400;
  int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
}

void lathe_date_to_civil(int64_t days, int64_t *year, int64_t *month, int64_t *day) {
  days += 719468;
  int64_t era = (days >= 0 ? days : days - 146096) / 146097;
  int64_t day_of_era = days - era * 146097;
  int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  int64_t shifted = (5 * day_of_year + 2) / 153;
  *day = day_of_year - (153 * shifted + 2) / 5 + 1;
  *month = shifted + (shifted < 10 ? 3 : -9);
  *year = year_of_era + era * 400 + (*month <= 2);
}

bool lathe_date_is_leap(int64_t year) {
  return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

int64_t lathe_date_month_length(int64_t year, int64_t month) {
  static const int8_t lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return lengths[month - 1] + (month == 2 && lathe_date_is_leap(year));
}

/* `count` digits at `text`. */
static bool read_number(const char *text, int count, int64_t *number) {
  *number = 0;
  for (int i = 0; i < count; i++) {
    if (text[i] < '0' || text[i] > '9') return false;
    *number = *number * 10 + (text[i] - '0');
  }
  return true;
}

bool lathe_text_to_date(const char *text, size_t size, int32_t *days) {
  int64_t year, month, day;
  if (size != 10 || text[4] != '-' || text[7] != '-') return false;
  if (!read_number(text, 4, &year) || !read_number(text + 5, 2, &month) || !read_number(text + 8, 2, &day))
    return false;
  if (year < 1 || month < 1 || month > 12 || day < 1 || day > lathe_date_month_length(year, month))
    return false;
  *days = (int32_t)lathe_date_from_civil(year, month, day);
  return true;
}

/* "Z", "+hh:mm" or nothing, in minutes east. */
static bool read_zone(const char *text, size_t size, int64_t *minutes) {
  *minutes = 0;
  if (size == 0 || (size == 1 && text[0] == 'Z')) return true;
  int64_t hour, minute;
  if (size != 6 || (text[0] != '+' && text[0] != '-') || text[3] != ':') return false;
  if (!read_number(text + 1, 2, &hour) || !read_number(text + 4, 2, &minute) || hour > 14 || minute > 59)
    return false;
  *minutes = (text[0] == '-' ? -1 : 1) * (hour * 60 + minute);
  return true;
}

bool lathe_text_to_timestamp(const char *text, size_t size, int64_t *microseconds) {
  int32_t days;
  int64_t hour, minute, second, zone, fraction = 0;
  if (size < 19 || (text[10] != ' ' && text[10] != 'T') || text[13] != ':' || text[16] != ':') return false;
  if (!lathe_text_to_date(text, 10, &days) || !read_number(text + 11, 2, &hour) ||
      !read_number(text + 14, 2, &minute) || !read_number(text + 17, 2, &second) || hour > 23 ||
      minute > 59 || second > 59)
    return false;
  size_t at = 19;
  if (at < size && text[at] == '.') {
    int64_t unit = 100000;
    size_t begin = ++at;
    for (; at < size && text[at] >= '0' && text[at] <= '9'; at++, unit /= 10)
      fraction += (text[at] - '0') * unit;
    if (at == begin || at - begin > 9) return false;
  }
  if (!read_zone(text + at, size - at, &zone)) return false;
  int64_t seconds = ((int64_t)days * 24 + hour) * 3600 + (minute - zone) * 60 + second;
  *microseconds = seconds * 1000000 + fraction;
  return true;
}

size_t lathe_text_from_date(int32_t days, char *out) {
  int64_t year, month, day;
  lathe_date_to_civil(days, &year, &month, &day);
  if (year < 0 || year > 9999)
    return (size_t)snprintf(out, 32, "%04d-%02d-%02d", (int)year, (int)month, (int)day);
  int numbers[] = {(int)year / 100, (int)year % 100, (int)month, (int)day};
  char *at = out;
  for (int i = 0; i < 4; i++) {
    if (i >= 2) *at++ = '-';
    *at++ = (char)('0' + numbers[i] / 10);
    *at++ = (char)('0' + numbers[i] % 10);
  }
  *at = '\0';
  return (size_t)(at - out);
}

size_t lathe_text_from_timestamp(int64_t microseconds, char *out) {
  int64_t seconds = microseconds / 1000000, fraction = microseconds % 1000000;
  if (fraction < 0) fraction += 1000000, seconds--;
  int64_t days = seconds / 86400, second = seconds % 86400;
  if (second < 0) second += 86400, days--;
  int64_t year, month, day;
  lathe_date_to_civil(days, &year, &month, &day);
  int size = snprintf(out, 32, "%04d-%02d-%02d %02d:%02d:%02d", (int)year, (int)month, (int)day,
                      (int)(second / 3600), (int)(second / 60 % 60), (int)(second % 60));
  if (fraction) size += snprintf(out + size, (size_t)(32 - size), ".%06d", (int)fraction);
  return (size_t)(size < 32 ? size : 31);
}
