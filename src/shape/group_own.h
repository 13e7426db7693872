/* group_own.h - what the files of group_by share: rows with the numbers of their groups, and facts about the groups. */
#ifndef LATHE_SHAPE_GROUP_OWN_H
#define LATHE_SHAPE_GROUP_OWN_H

#include "../base/memory.h"
#include "../base/pool.h"
#include "../table/own.h"
#include "group.h"
#include "key.h"

typedef struct lathe_groups {
  int64_t rows;
  int64_t count;
  uint32_t *ids;  /* (rows) the group of each row, or LATHE_ROW_NONE */
  bool lent;      /* ids are the codes of a column, and nobody writes to them */
  int64_t *first; /* (shown) the first row of each that is there */
  int64_t shown;  /* count, or fewer: groups that have rows */
  int64_t *order; /* (shown) these groups by first appearance; NULL: they are all, and numbered so */
  bool gaps;      /* some rows are in no group */
  struct group_deal
      *kept; /* room for a deal of all rows, so that only the first column needs to make it; or NULL */
} lathe_groups;

/* The groups that equal rows of `columns` (count; 0: one group) make. `numbered`: by first appearance; otherwise they may be numbered by
 * the codes of their keys, which spares a pass over the rows. */
bool lathe_groups_make(lathe_groups *groups, const lathe_table *table, const int32_t *columns, int32_t count,
                       bool drop_missing, bool numbered, lathe_progress *progress, lathe_error *error);
void lathe_groups_free(lathe_groups *groups);

/* How the values of a column are handed over, 8 bytes each. */
typedef enum group_load {
  LOAD_RAW,    /* int64 (bool, category codes and dates widened), or double for FLOAT64 */
  LOAD_DOUBLE, /* double */
  LOAD_ROW,    /* int64: the number of the row */
  LOAD_NONE,   /* nothing: ids only */
} group_load;

/* A fact about each group, gathered value by value. `add` gets the values that are there with their groups, in row
 * order; `merge` adds what came later. */
typedef struct group_fact {
  size_t size; /* bytes for each group */
  group_load load;
  void (*start)(void *facts, int64_t count);
  void (*add)(void *facts, const uint32_t *ids, const void *values, int64_t count, const void *context);
  void (*merge)(void *to, const void *from, int64_t count, const void *context);
} group_fact;

/* What is wanted of a column (NULL: of all rows): `facts` become the facts (groups, `size` bytes each); free them. */
typedef struct group_want {
  const lathe_column *column;
  const group_fact *fact;
  const void *context;
  void *facts;
} group_want;

/* All that is wanted, or nothing with `error`. */
bool lathe_groups_gather_all(const lathe_groups *groups, group_want *wants, int32_t count,
                             lathe_progress *progress, lathe_error *error);

/* One fact; NULL with `error`. */
void *lathe_groups_gather(const lathe_groups *groups, const lathe_column *column, const group_fact *fact,
                          const void *context, lathe_progress *progress, lathe_error *error);

/* Values dealt out to parts of the groups: part p has groups p << shift to (p + 1) << shift, less one, its values in row
 * order. */
typedef struct group_deal {
  int32_t shift;
  int64_t parts, chunks, chunk_rows;
  int64_t *starts; /* (parts + 1) */
  int64_t *places; /* (chunks, parts) where the values of a chunk go */
  uint32_t *ids;   /* (values) */
  uint64_t *values;
} group_deal;

/* The values of a column that are there (NULL: all rows). A deal that was made for all rows may be given again: then only
 * the values are dealt. */
bool lathe_groups_deal(const lathe_groups *groups, const lathe_column *column, group_load load, int32_t shift,
                       group_deal *deal, lathe_progress *progress, lathe_error *error);
void lathe_groups_deal_free(group_deal *deal);

/* Bits that group numbers take. */
int32_t lathe_groups_bits(const lathe_groups *groups);

/* The rows of each group: those of group g are rows[starts[g]] to rows[starts[g + 1] - 1], in order. */
typedef struct group_list {
  int64_t *starts; /* (groups + 1) */
  uint32_t *rows;
} group_list;

bool lathe_groups_list(const lathe_groups *groups, group_list *list, lathe_progress *progress,
                       lathe_error *error);
void lathe_groups_list_free(group_list *list);

typedef struct group_sum_float {
  double sum, rest; /* what the additions lost */
} group_sum_float;

extern const group_fact group_count, group_sum_int, group_sum_wide, group_sums_float, group_squares,
    group_min_int, group_max_int, group_min_float, group_max_float, group_first, group_last;

/* Quantiles `at` (count) of each group: (count, groups), NaN for a group without values. */
bool lathe_groups_quantiles(const lathe_groups *groups, const lathe_column *column, const double *at,
                            int32_t count, double *out, lathe_progress *progress, lathe_error *error);

/* How many different values each group has: (groups). */
bool lathe_groups_distinct(const lathe_groups *groups, lathe_column *column, int64_t *out,
                           lathe_progress *progress, lathe_error *error);

#endif
