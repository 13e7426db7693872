/* run.h - a graph set up to run over one table, for those who want blocks of a value and not only the
 * prediction.
 *
 * Setting up looks every column up and checks it; a block is then computed from nothing but its rows. Any
 * number of threads may compute blocks of one run. Inside, rows are handled LATHE_RUN_ROWS at a time, columns
 * one after the other. */
#ifndef LATHE_GRAPH_RUN_H
#define LATHE_GRAPH_RUN_H

#include "operator.h"

enum { LATHE_RUN_ROWS = 256, LATHE_RUN_CHUNK = 4096 };

typedef struct lathe_run lathe_run;

/* What an operator's kernel sees: `rows` rows from `begin`. Value `index` is (columns, LATHE_RUN_ROWS):
 * double, or int32 codes. */
struct lathe_block {
  const lathe_run *run;
  int64_t begin;
  int32_t rows;
  void *const *value;
};

/* Ready to compute the value of operator `value` (numbers) over `table`, which it borrows. */
lathe_run *lathe_run_new(const lathe_graph *graph, int32_t value, const lathe_table *table,
                         lathe_error *error);
void lathe_run_free(lathe_run *run);

/* Rows begin .. begin + rows - 1: element (r, c) goes to out[r * row_step + c * column_step]. */
bool lathe_run_block(const lathe_run *run, int64_t begin, int64_t rows, double *out, int64_t row_step,
                     int64_t column_step, lathe_error *error);

/* Column `column` of the value as it stands in memory, all rows of it: where it is a raw column of doubles with no gaps. NULL: it has to be
 * computed. */
const double *lathe_run_whole(const lathe_run *run, int32_t column);

/* For kernels: the column that a raw-column operator reads, and for a code operator the code of each entry of
 * its column's dictionary (NULL: look the text up). */
const lathe_column *lathe_run_column(const lathe_run *run, int32_t index);
const int32_t *lathe_run_codes(const lathe_run *run, int32_t index);
const lathe_graph *lathe_run_graph(const lathe_run *run);

/* Whether the run counts odd raw values; and add to what operator `index` saw of the raw column that it works on. */
typedef enum lathe_odd { LATHE_ODD_MISSING, LATHE_ODD_INFINITE, LATHE_ODD_UNKNOWN, LATHE_ODDS } lathe_odd;
bool lathe_run_begin_counting(lathe_run *run, lathe_error *error);
void lathe_run_counted(const lathe_run *run,
                       lathe_odd_values *odd); /* adds what was counted; odd may be NULL */
bool lathe_run_counts(const lathe_run *run);
void lathe_run_count(const lathe_run *run, int32_t index, lathe_odd what, int64_t count);

#endif
