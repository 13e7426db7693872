/* levels.h - the categories of a column: its different texts, or its different numbers when a step was told to take those for categories.
 *
 * Levels are sorted, texts by their bytes and numbers by size. In a fitted graph a row has a code: the place of its level, -1 when
 * it has one that no training row had, and -2 when it has none. Codes may be pooled: then the levels that are rare share the last code. */
#ifndef LATHE_PREPARE_LEVELS_H
#define LATHE_PREPARE_LEVELS_H

#include "../base/memory.h"
#include "own.h"

typedef struct level_list {
  text_counts texts; /* of texts; `size`, `count` and `missing` also of numbers */
  double *number;    /* (size) or NULL */
  lathe_type type;   /* of the raw column: how a number is written */
  int32_t fill;      /* the code that a missing one gets because the recipe imputes it, or -1 */
  int32_t *code;     /* (rows) of the training rows */
} level_list;        /* zero-initialise */

/* The levels of column `index` of the recipe, and the code of each training row. `step` is for the errors. */
bool level_list_find(fitting *state, const recipe_step *step, int32_t index, level_list *levels);
void level_list_free(level_list *levels);

/* Write "INLAND", "true", "2011", "2011-03-01". */
bool level_write(const level_list *levels, int64_t level, lathe_buffer *out, lathe_error *error);

/* Codes after pooling. */
typedef struct level_pool {
  int32_t size;   /* codes; the last is the pool's when there is one */
  int32_t *map;   /* (levels) level to code */
  int64_t *count; /* (size) training rows */
  int32_t *level; /* (size) the level of a code, -1: the pool */
  int32_t pool;   /* the code of the pool, or -1 */
  int32_t rare;   /* levels in it */
} level_pool;     /* zero-initialise */

/* Levels of fewer rows than `least` go to the pool; there is one when there are some, or when it is `wanted`. */
bool level_pool_make(const level_list *levels, int64_t least, bool wanted, level_pool *pool,
                     lathe_error *error);
void level_pool_free(level_pool *pool);

/* The operator that gives the codes of column `index`. A missing one gets `missing`, an unknown one `unknown`, both -1, -2 or a code; when
 * `strict`, what has the code -1 is an error. -1 with an error. */
int32_t level_codes(fitting *state, int32_t index, const level_list *levels, const level_pool *pool,
                    int32_t missing, int32_t unknown, bool strict);

/* The step's own part for method = "target": the column becomes the mean of the target in each category, drawn towards that of all rows. */
typedef struct target_options {
  int32_t folds;
  int64_t seed;
  double smooth;   /* rows that the mean of all counts as; NaN: by empirical Bayes */
  int32_t unknown; /* the code of an unknown category, -1: none */
  bool prior;      /* one without a code is the mean of all rows, else missing */
  bool strict;
} target_options;
bool encode_by_target(fitting *state, int32_t index, const level_list *levels, const level_pool *pool,
                      const target_options *options, bool *gone);

#endif
