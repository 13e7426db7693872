/* date_parts.h - the operator that takes dates apart: days or seconds since 1970-01-01 to years, months, weekdays, ...
 *
 * Its arrays: `part` and `origin` for each column, and `day` (one element), how many units of its input a day has: 1 or 86400. A missing
 * moment, and one outside the years 0001 to 9999, has no parts: all are NaN. */
#ifndef LATHE_GRAPH_DATE_PARTS_H
#define LATHE_GRAPH_DATE_PARTS_H

#include "operator.h"

typedef enum lathe_date_part {
  LATHE_DATE_YEAR,
  LATHE_DATE_QUARTER,     /* 1 to 4 */
  LATHE_DATE_MONTH,       /* 1 to 12 */
  LATHE_DATE_WEEK,        /* 1 to 53, of ISO 8601 */
  LATHE_DATE_DAY,         /* 1 to 31 */
  LATHE_DATE_DAY_OF_YEAR, /* 1 to 366 */
  LATHE_DATE_WEEKDAY,     /* 0 Monday to 6 Sunday */
  LATHE_DATE_WEEKEND,     /* 1 on Saturday and Sunday, else 0 */
  LATHE_DATE_HOUR,
  LATHE_DATE_MINUTE,
  LATHE_DATE_SECOND,  /* whole ones */
  LATHE_DATE_ELAPSED, /* days since `origin`, with their fraction */
  LATHE_DATE_PARTS,
} lathe_date_part;

/* A part is at first `part`; its place on a circle is part + LATHE_DATE_SINE and part + LATHE_DATE_COSINE: the sine and cosine of
 * 2 pi (part - first) / period. */
enum { LATHE_DATE_SINE = 100, LATHE_DATE_COSINE = 200 };

enum { LATHE_DATE_PARTS_PART, LATHE_DATE_PARTS_ORIGIN, LATHE_DATE_PARTS_DAY };

/* "year", "day_of_year", ...; the part of a word, or -1. */
const char *lathe_date_part_name(lathe_date_part part);
int32_t lathe_date_part_find(const char *word, size_t size);

/* The values of a part before it begins again (0: it does not), and its first value. */
int32_t lathe_date_part_period(lathe_date_part part, int32_t *first);

/* The sine (cosine) of a part that is `place` behind its first value. */
double lathe_date_part_circle(lathe_date_part part, int32_t place, bool cosine);

bool lathe_date_parts_run(const lathe_operator *node, const lathe_block *block, int32_t index,
                          lathe_error *error);
bool lathe_date_parts_check(const lathe_graph *graph, const lathe_operator *node);

#endif
