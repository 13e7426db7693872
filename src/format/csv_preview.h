/* csv_preview.h - a text table that is looked at before it is read, however large it is.
 *
 * Opening maps the file, reads its names, and starts a thread that walks over the rows and keeps where every
 * 1024th begins. Any window of rows that the walk has passed is parsed when it is asked for, in about a
 * millisecond. Types are those of the windows seen so far: a column only ever widens (integers to fractions,
 * anything to text), and "category" is known only when the whole file is read. */
#ifndef LATHE_FORMAT_CSV_PREVIEW_H
#define LATHE_FORMAT_CSV_PREVIEW_H

#include "csv.h"

typedef struct lathe_csv_preview lathe_csv_preview;

/* `options` are copied, what they point at is not: the lists are not used. NULL with an error for what
 * lathe_table_read_csv would refuse in the first lines, too. */
lathe_csv_preview *lathe_csv_preview_open(const char *path, const lathe_csv_options *options,
                                          lathe_error *error);
void lathe_csv_preview_free(lathe_csv_preview *preview); /* stops the walk */

/* The rows found so far, and the part of the file behind them, 0 to 1 (1: all of it was walked). */
int64_t lathe_csv_preview_rows(const lathe_csv_preview *preview);
double lathe_csv_preview_done(const lathe_csv_preview *preview);

/* The rows [row, row + count), fewer at the end of what was found. Called by one thread at a time. */
lathe_table *lathe_csv_preview_window(lathe_csv_preview *preview, int64_t row, int64_t count,
                                      lathe_error *error);

#endif
