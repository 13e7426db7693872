/* key.h - rows as keys: which rows of a table, or of two, are equal in some columns.
 *
 * Each row is reduced to 64 bits. Where the columns allow it (categories, texts of few words, truth values, dates, integers whose
 * ranges multiply to less than 2^64, one column of fractions) these are a code: equal exactly when the rows
 * are. Otherwise they are a hash, and rows that agree in it are compared.
 *
 *   missing equals missing, or nothing at all (`missing_equal`)     NaN equals NaN     -0 equals 0
 *   categories and strings compare by text, whatever their dictionaries
 *   int64 and float64 compare as numbers, exactly: 2^53 + 1 equals no float64
 *   other types compare with their own type only
 *
 * Not for Lua; the verbs of this floor and of those above use it. */
#ifndef LATHE_SHAPE_KEY_H
#define LATHE_SHAPE_KEY_H

#include "../table/table.h"

typedef struct lathe_key_part lathe_key_part;

/* The rows of `tables[0]`, numbered from 0, and behind them those of `tables[1]`. */
typedef struct lathe_row_keys {
  int32_t count;         /* columns on each side */
  int64_t rows[2];       /* of the two tables; 0 when there is no second one */
  bool missing_equal;    /* otherwise a row that misses a key equals nothing */
  bool exact;            /* codes, not hashes */
  uint64_t limit;        /* exact: each code is less; 0: it may be anything */
  uint64_t hash_mask;    /* all ones; tests make it small to see rows that agree in their hash only */
  lathe_key_part *parts; /* (count) */
} lathe_row_keys;

enum { LATHE_KEY_BLOCK = 1024 };

/* Row numbers are 32 bits wide here; this one is none. */
#define LATHE_ROW_NONE UINT32_MAX

/* Look at `count` columns (indices; NULL: all) of `left`, and of `right` unless that is NULL. Close it whatever it
 * returns. False with `error` when the types do not compare or there are too many rows. */
bool lathe_row_keys_open(lathe_row_keys *keys, const lathe_table *left, const int32_t *left_columns,
                         const lathe_table *right, const int32_t *right_columns, int32_t count,
                         bool missing_equal, lathe_progress *progress, lathe_error *error);
void lathe_row_keys_close(lathe_row_keys *keys);

/* The codes or hashes of `count` rows (at most LATHE_KEY_BLOCK, all of one table) from `begin` on. `gone[i]`
 * is set for rows that equal nothing; their codes mean nothing. */
void lathe_row_keys_block(const lathe_row_keys *keys, int64_t begin, int32_t count, uint64_t *codes,
                          bool *gone);

/* The same for codes that are below 2^32, with NONE for rows that equal nothing. */
void lathe_row_keys_slots(const lathe_row_keys *keys, int64_t begin, int32_t count, uint32_t *slots);

/* Whether no row of the left table equals nothing for want of a value. */
bool lathe_row_keys_whole(const lathe_row_keys *keys);

/* The codes of all rows, where they stand in memory as such: one key of words or dates of one table, none of them missing; else NULL. They
 * live as long as the column, or with `given` belong to the caller (lathe_memory_give). */
const uint32_t *lathe_row_keys_plain(lathe_row_keys *keys, bool *given);

/* Whether two rows are equal in their columns. */
bool lathe_row_keys_equal(const lathe_row_keys *keys, int64_t a, int64_t b);

/* splitmix64's finisher: a bijection in which every bit of `x` moves every bit of the result. */
static inline uint64_t lathe_mix(uint64_t x) {
  x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9u;
  x = (x ^ x >> 27) * 0x94D049BB133111EBu;
  return x ^ x >> 31;
}

/* For each row the first row of the left table that equals it (with `last`: the last one). */
typedef struct lathe_row_match {
  int64_t rows;     /* both tables */
  int64_t build;    /* rows of the left one, which are looked for */
  int64_t distinct; /* different rows among them */
  int64_t gone;     /* rows among them that equal nothing */
  uint32_t *at;     /* (rows) a slot of `first`; or, without `first`, that row itself; NONE */
  bool lent;        /* `at` are the values of the column, which must live as long */
  uint32_t *first;  /* (slots) rows, or NULL */
  int64_t slots;
} lathe_row_match;

bool lathe_row_match_make(lathe_row_match *match, lathe_row_keys *keys, bool last, lathe_progress *progress,
                          lathe_error *error);
void lathe_row_match_free(lathe_row_match *match);

/* Turn `at` into rows of the left table. */
bool lathe_row_match_rows(lathe_row_match *match, lathe_progress *progress, lathe_error *error);

/* The `distinct` rows that stand for all that equal them, in order; free it. NULL with `error`. */
int64_t *lathe_row_match_list(const lathe_row_match *match, lathe_progress *progress, lathe_error *error);

/* The same rows, and where `first` has each of them (distinct). Only as long as there is `first`. */
int64_t *lathe_row_match_slots(const lathe_row_match *match, int64_t **slots, lathe_progress *progress,
                               lathe_error *error);

/* Turn `at` into the place of that row in the list, which is given back: groups numbered by first appearance. */
int64_t *lathe_row_match_number(lathe_row_match *match, lathe_progress *progress, lathe_error *error);

#endif
