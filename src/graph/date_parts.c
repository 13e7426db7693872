/* date_parts.c - see date_parts.h. */
#include "date_parts.h"

#include <math.h>
#include <string.h>

#include "../base/date.h"
#include "run.h"

static const struct {
  const char *name;
  int32_t first, period;
} parts[LATHE_DATE_PARTS] = {
    [LATHE_DATE_YEAR] = {"year", 0, 0},       [LATHE_DATE_QUARTER] = {"quarter", 1, 4},
    [LATHE_DATE_MONTH] = {"month", 1, 12},    [LATHE_DATE_WEEK] = {"week", 1, 53},
    [LATHE_DATE_DAY] = {"day", 1, 31},        [LATHE_DATE_DAY_OF_YEAR] = {"day_of_year", 1, 366},
    [LATHE_DATE_WEEKDAY] = {"weekday", 0, 7}, [LATHE_DATE_WEEKEND] = {"weekend", 0, 0},
    [LATHE_DATE_HOUR] = {"hour", 0, 24},      [LATHE_DATE_MINUTE] = {"minute", 0, 60},
    [LATHE_DATE_SECOND] = {"second", 0, 60},  [LATHE_DATE_ELAPSED] = {"elapsed", 0, 0},
};

const char *lathe_date_part_name(lathe_date_part part) {
  return parts[part].name;
}

int32_t lathe_date_part_find(const char *word, size_t size) {
  for (int32_t i = 0; i < LATHE_DATE_PARTS; i++)
    if (strlen(parts[i].name) == size && !memcmp(parts[i].name, word, size)) return i;
  return -1;
}

int32_t lathe_date_part_period(lathe_date_part part, int32_t *first) {
  *first = parts[part].first;
  return parts[part].period;
}

double lathe_date_part_circle(lathe_date_part part, int32_t place, bool cosine) {
  double angle = 2 * 3.14159265358979323846 * place / parts[part].period;
  return cosine ? cos(angle) : sin(angle);
}

typedef struct {
  int64_t days, second; /* of the day */
  int64_t year, month, day;
} moment;

static double part_of(const moment *at, lathe_date_part part) {
  int64_t year;
  int64_t weekday = lathe_date_weekday(at->days) - 1;
  switch (part) {
  case LATHE_DATE_YEAR:
    return (double)at->year;
  case LATHE_DATE_QUARTER:
    return (double)((at->month + 2) / 3);
  case LATHE_DATE_MONTH:
    return (double)at->month;
  case LATHE_DATE_WEEK:
    return (double)lathe_date_week(at->days, &year);
  case LATHE_DATE_DAY:
    return (double)at->day;
  case LATHE_DATE_DAY_OF_YEAR:
    return (double)(at->days - lathe_date_from_civil(at->year, 1, 1) + 1);
  case LATHE_DATE_WEEKDAY:
    return (double)weekday;
  case LATHE_DATE_WEEKEND:
    return weekday >= 5 ? 1 : 0;
  case LATHE_DATE_HOUR:
    return (double)(at->second / 3600);
  case LATHE_DATE_MINUTE:
    return (double)(at->second / 60 % 60);
  case LATHE_DATE_SECOND:
    return (double)(at->second % 60);
  default:
    return NAN;
  }
}

static double column_value(const moment *at, double days, int32_t part, double origin) {
  if (part == LATHE_DATE_ELAPSED) return days - origin;
  lathe_date_part plain = (lathe_date_part)(part % LATHE_DATE_SINE);
  double value = part_of(at, plain);
  if (part < LATHE_DATE_SINE) return value;
  return lathe_date_part_circle(plain, (int32_t)value - parts[plain].first, part >= LATHE_DATE_COSINE);
}

bool lathe_date_parts_run(const lathe_operator *node, const lathe_block *block, int32_t index,
                          lathe_error *error) {
  (void)error;
  const int32_t *part = node->tensor[LATHE_DATE_PARTS_PART];
  const double *origin = node->tensor[LATHE_DATE_PARTS_ORIGIN];
  double unit = *(const double *)node->tensor[LATHE_DATE_PARTS_DAY];
  const double *from = block->value[node->input[0]];
  double *out = block->value[index];
  for (int32_t r = 0; r < block->rows; r++) {
    double day = floor(from[r] / unit);
    bool known = day >= LATHE_DATE_FIRST && day <= LATHE_DATE_LAST;
    moment at = {0};
    if (known) {
      at.days = (int64_t)day;
      at.second = (int64_t)floor((from[r] - day * unit) * (86400 / unit));
      lathe_date_to_civil(at.days, &at.year, &at.month, &at.day);
    }
    for (int32_t c = 0; c < node->width; c++)
      out[(size_t)c * LATHE_RUN_ROWS + (size_t)r] =
          known ? column_value(&at, from[r] / unit, part[c], origin[c]) : NAN;
  }
  return true;
}

bool lathe_date_parts_check(const lathe_graph *graph, const lathe_operator *node) {
  const int32_t *part = node->tensor[LATHE_DATE_PARTS_PART];
  const double *origin = node->tensor[LATHE_DATE_PARTS_ORIGIN];
  if (lathe_graph_operator(graph, node->input[0])->width != 1 || node->length != 1) return false;
  double unit = *(const double *)node->tensor[LATHE_DATE_PARTS_DAY];
  if (unit != 1 && unit != 86400) return false;
  for (int32_t c = 0; c < node->width; c++) {
    int32_t plain = part[c] % LATHE_DATE_SINE;
    if (part[c] < 0 || part[c] >= LATHE_DATE_COSINE + LATHE_DATE_PARTS || plain >= LATHE_DATE_PARTS ||
        !isfinite(origin[c]) || (part[c] >= LATHE_DATE_SINE && parts[plain].period == 0))
      return false;
  }
  return true;
}
