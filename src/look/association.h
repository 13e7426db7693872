/* association.h - how much two columns tell of each other, between numbers, categories, and one of each. */
#ifndef LATHE_LOOK_ASSOCIATION_H
#define LATHE_LOOK_ASSOCIATION_H

#include "../table/table.h"

typedef enum lathe_association {
  LATHE_ASSOCIATION_PEARSON, /* between numbers: the correlation of values, -1 to 1 */
  LATHE_ASSOCIATION_SPEARMAN, /* between numbers: the correlation of ranks; equal values share their mean rank */
  LATHE_ASSOCIATION_MIXED /* two numbers: Pearson; two categories: Cramer's V with Bergsma's correction of its
                                 bias (2013), 0 to 1; one of each: the correlation ratio eta, 0 to 1 */
} lathe_association;

/* Associations between `count` columns (indices): `out` and `complete` are (count, count), symmetric. A pair is
 * compared over the rows in which both have a value, neither infinite nor NaN; `complete` (may be NULL) says how
 * many. NaN where a column is constant there, or two categories have more than 2^24 combinations. Truth, dates
 * and times are numbers; for MIXED truth is a category. STRING columns are refused. `against` >= 0: only the pairs
 * with that one of `columns`, all others NaN. `every` > 1: each so-manyth block of 4,096 rows only. */
bool lathe_table_associate(const lathe_table *table, const int32_t *columns, int32_t count,
                           lathe_association kind, int32_t against, int64_t every, double *out,
                           int64_t *complete, lathe_progress *progress, lathe_error *error);

/* Which columns are missing together. A pattern is a set of columns in which the same rows miss their values. */
typedef struct lathe_patterns lathe_patterns;

/* Over `count` columns (indices; NULL: all). Patterns come most frequent first, equal ones in the order in which
 * they first appear; the rows that miss nothing are one too. More than 1,000,000 patterns are refused. */
lathe_patterns *lathe_table_patterns(const lathe_table *table, const int32_t *columns, int32_t count,
                                     lathe_progress *progress, lathe_error *error);
void lathe_patterns_free(lathe_patterns *patterns);
int64_t lathe_patterns_count(const lathe_patterns *patterns);
int64_t lathe_patterns_rows(const lathe_patterns *patterns, int64_t index);
bool lathe_patterns_missing(const lathe_patterns *patterns, int64_t index,
                            int32_t column); /* place in `columns` */

#endif
