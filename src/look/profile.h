/* profile.h - what a column holds, in numbers: counts, moments, quantiles, a histogram, the most frequent
 * values. For a table in memory all are exact, and the same whatever the number of threads; texts are told
 * apart by hashes of 64 bits (two texts among 5 million are taken for one with a chance of 1 in a million). */
#ifndef LATHE_LOOK_PROFILE_H
#define LATHE_LOOK_PROFILE_H

#include "../table/table.h"

enum { LATHE_SUMMARY_BINS = 20, LATHE_SUMMARY_TOP = 8, LATHE_SUMMARY_QUANTILES = 7 };

/* Numbers are those of lathe_column_number: truth as 0 and 1, dates in days, times in seconds. For text they
 * are NaN. */
typedef struct lathe_summary {
  int64_t rows;
  int64_t missing;
  int64_t distinct; /* different values among those that are there */
  int64_t finite;   /* numbers that are neither infinite nor NaN; the figures below are about these */
  int64_t nans, infinite;
  int64_t zeros, negative;
  double min, max, mean;
  double sd;       /* sample standard deviation, divisor n - 1; NaN below two values */
  double skewness; /* third standardised moment, m3 / m2^1.5; NaN when constant */
  double quantiles[LATHE_SUMMARY_QUANTILES]; /* 0.01 0.05 0.25 0.5 0.75 0.95 0.99, linear between values (type
                                                7) */
  int64_t at_min, at_max;                    /* values equal to min, max */
  int64_t bins[LATHE_SUMMARY_BINS];          /* equal bins from min to max, the last one closed */
  int32_t top_count;
  int64_t top_rows[LATHE_SUMMARY_TOP];   /* the first row that holds each of the most frequent values, most
                                            frequent first */
  int64_t top_counts[LATHE_SUMMARY_TOP]; /* how often it occurs; equal counts in the order of the values (in a
                                            STRING column some of the last ones, when more are as frequent) */

  /* Texts. */
  int64_t padded;            /* with blanks at an end */
  int64_t numbers;           /* that are a number (without a leading zero: those are codes) */
  int64_t with_units;        /* a number with a sign of money before it, or a few letters or a % behind it */
  int64_t shortest, longest; /* bytes */
  int64_t variants;          /* CATEGORY: categories that differ from another one only in case and blanks */
  int64_t variant_rows[2];   /* the first rows of two such categories */

  /* What a sketch does not know exactly; all 0 when it does. */
  double distinct_error; /* relative standard error of `distinct` */
  double rank_error; /* quantiles and bins: at most so large a share of the values lies between what is given
                            and the exact figure */
  int64_t top_error; /* a count may be so much too small, and a value as frequent as that be left out */
} lathe_summary;

/* One column. */
bool lathe_column_summarize(const lathe_column *column, lathe_summary *summary, lathe_progress *progress,
                            lathe_error *error);

/* All columns of a table, in parallel: one summary for each. */
bool lathe_table_summarize(const lathe_table *table, lathe_summary *summaries, lathe_progress *progress,
                           lathe_error *error);

#endif
