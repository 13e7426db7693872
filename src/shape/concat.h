/* concat.h - tables one below the other, their columns found by name.
 *
 * The columns are those of the first table, then what the next ones add. A table that lacks one gives missing
 * elements. Types that differ become the least type that holds both:
 *
 *   bool, int64, float64       the later of them (an int64 that no float64 equals is refused)
 *   date, timestamp            timestamp (the day's beginning)
 *   category, string           string
 *   anything else              string, each element as the CSV writer shows it
 *
 * A column without any element has no say in this. Categories keep one dictionary of all their texts. */
#ifndef LATHE_SHAPE_CONCAT_H
#define LATHE_SHAPE_CONCAT_H

#include "../table/table.h"

/* `source` (may be NULL) names a category column that is added in front and holds `names[i]` in each row of
 * table i. */
lathe_table *lathe_table_concat(const lathe_table *const *tables, int32_t count, const char *source,
                                const char *const *names, lathe_progress *progress, lathe_error *error);

/* A column as another type by the rule above. */
lathe_column *lathe_column_widen(lathe_column *column, lathe_type type, lathe_error *error);

#endif
