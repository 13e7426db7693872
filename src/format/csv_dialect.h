/* csv_dialect.h - how a text table is written: found out from its beginning.
 *
 * Each way to read the sample is scored: by the share of rows of one width, by that width, and by how many cells
 * look like values (numbers, dates, words) and not like what a wrong delimiter leaves (van den Burg et al. 2019,
 * "Wrangling messy CSV files by detecting row and type patterns"; own formula). With the best one, lines before
 * the names, comments and missing names are looked for. */
#ifndef LATHE_FORMAT_CSV_DIALECT_H
#define LATHE_FORMAT_CSV_DIALECT_H

#include "../base/error.h"

/* What the caller knows already. */
typedef enum lathe_csv_fixed {
  LATHE_CSV_FIX_DELIMITER = 1,
  LATHE_CSV_FIX_QUOTE = 2,
  LATHE_CSV_FIX_ESCAPE = 4,
  LATHE_CSV_FIX_COMMENT = 8,
  LATHE_CSV_FIX_HEADER = 16,
  LATHE_CSV_FIX_SKIP = 32,
} lathe_csv_fixed;

typedef struct lathe_csv_dialect {
  uint32_t fixed; /* of lathe_csv_fixed: these fields are taken as they are */
  char delimiter;
  char quote;     /* 0: quotes are plain characters */
  char escape;    /* 0: none, a quote inside quotes is doubled */
  char comment;   /* 0: none */
  bool headless;  /* the first row is data */
  int32_t skip;   /* lines before the names */
  char word[160]; /* a sentence about all this */
} lathe_csv_dialect;

/* Find out what is not fixed; UTF-8, a mark in front is skipped. Never fails on data: what tells nothing is
 * comma, double quote and names. False with an error only when there is no memory. */
bool lathe_csv_detect(const char *data, size_t size, lathe_csv_dialect *dialect, lathe_error *error);

#endif
