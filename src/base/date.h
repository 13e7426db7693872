/* date.h - the calendar: days and their year, month and day, and dates by a format such as "%d.%m.%Y".
 *
 * Formats are those of strftime, without a locale: names are English.
 *   %Y %m %d   year, month, day (%y: two digits, 69 to 99 are 19.., others 20..)    %j  day of the year
 *   %H %M %S   hour, minute, second (%I with %p: 1 to 12 and AM or PM)              %f  digits of the fraction
 *   %b %B      name of the month, short or long      %a %A  of the day, which is read over
 *   %z         Z, +hhmm, +hh:mm                      %s     seconds since 1970-01-01
 *   %F %T %R   %Y-%m-%d, %H:%M:%S, %H:%M             %e     the day with a space        %%  %
 *   %u %V %G   only written: ISO day of the week, week, and the year of that week
 * White space in a format is any white space of a text. */
#ifndef LATHE_BASE_DATE_H
#define LATHE_BASE_DATE_H

#include "error.h"

enum { LATHE_DATE_FIRST = -719162, LATHE_DATE_LAST = 2932896 }; /* days: 0001-01-01 and 9999-12-31 */

int64_t lathe_date_from_civil(int64_t year, int64_t month, int64_t day);
void lathe_date_to_civil(int64_t days, int64_t *year, int64_t *month, int64_t *day);
bool lathe_date_is_leap(int64_t year);
int64_t lathe_date_month_length(int64_t year, int64_t month);

/* 1 Monday to 7 Sunday; the week of ISO 8601 and the year that it belongs to. */
int64_t lathe_date_weekday(int64_t days);
int64_t lathe_date_week(int64_t days, int64_t *year);

/* Whether a format is right for reading (it must give the year) or for writing; `problem` is the end of a sentence. */
bool lathe_date_format_check(const char *format, size_t size, bool reading, char *problem,
                             size_t problem_size);

/* The moment that a text is by a format, in microseconds since 1970-01-01 UTC, and the day as it is written there. */
bool lathe_date_parse(const char *text, size_t size, const char *format, size_t format_size,
                      int64_t *microseconds, int32_t *days);

/* Write a moment: bytes that it took of `capacity`, or would have taken. */
size_t lathe_date_format(int64_t microseconds, const char *format, size_t format_size, char *out,
                         size_t capacity);

#endif
