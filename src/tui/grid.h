/* grid.h - what the Data view knows of its table: a window of rows, and how wide and how exact each column is shown.
 *
 * How wide a column is, how many decimals it shows and its small histogram come from a sample of its rows,
 * taken once on the script's thread when the table is shown. The table cannot change, so the screen's thread
 * reads it freely. A file that is looked at before it is read has a lathe_csv_preview: then `table` is a window
 * of its rows that moves, on the screen's thread, with what is looked at. */
#ifndef LATHE_TUI_GRID_H
#define LATHE_TUI_GRID_H

#include "tui.h"

enum { BARS = 12 };

typedef struct grid_column {
  const lathe_column *column;
  const char *name;
  lathe_type type;
  int width, decimals;
  bool grouped;            /* some numbers have five digits or more: years are not grouped */
  char kind[48];           /* "f64  1.0 %·" */
  char bars[BARS * 3 + 1]; /* "▁▂▇▁" */
} grid_column;

struct grid {
  char *name;
  lathe_table *table;
  lathe_csv_preview *preview; /* NULL: `table` is all of it */
  int64_t base;               /* the row that is the first of `table` */
  char *problem;              /* why the rows in sight cannot be shown */
  grid_column *columns;
  int64_t rows, row, top;
  int count, column, left, gutter;
};

bool grid_is_number(lathe_type type);

/* Bring the rows [row, row + height) into `table`, as far as they were found, and `rows` up to date. */
void grid_see(grid *g, int64_t row, int height);

/* The text of one present cell, in `scratch` (400 bytes) or in the column; `row` counts from the grid's first. */
bool grid_present(const grid *g, int column, int64_t row);
lathe_text grid_cell(const grid *g, int column, int64_t row, char *scratch);

#endif
