/* expression.h - formulas over the columns of a table: "age >= 17 and hours <= 99", "log(1 + gain)".
 *
 * share/doc/expressions.md has the language. A text is parsed once against the columns of a table, which gives
 * every part its type; it then runs on any table that has those columns with those types. Logic has three
 * values: what is missing in goes missing out. Errors name the character of the text, or the row. An
 * expression does not change, so any thread may run it. */
#ifndef LATHE_SHAPE_EXPRESSION_H
#define LATHE_SHAPE_EXPRESSION_H

#include "../table/table.h"

typedef struct lathe_expression lathe_expression;

/* Parse against the columns of `table`. NULL with an error that shows the place. */
lathe_expression *lathe_expression_parse(const char *text, const lathe_table *table, lathe_error *error);

/* The same with values for `$NAME`: `values[i]` is a column whose one element `$names[i]` stands for (a column of several
 * elements stands behind `in`). The columns are borrowed for the call. */
lathe_expression *lathe_expression_parse_with(const char *text, const lathe_table *table, int32_t count,
                                              const char *const *names, lathe_column *const *values,
                                              lathe_error *error);
void lathe_expression_free(lathe_expression *expression);

/* The type of the column that it gives. */
lathe_type lathe_expression_type(const lathe_expression *expression);

/* One element for each row of `table`. */
lathe_column *lathe_expression_run(const lathe_expression *expression, const lathe_table *table,
                                   lathe_progress *progress, lathe_error *error);

/* The rows for which it is true; those for which it is missing stay out. When all rows stay, the table itself is given back,
 * retained. */
lathe_table *lathe_expression_filter(const lathe_expression *expression, lathe_table *table,
                                     lathe_progress *progress, lathe_error *error);

/* Parse and filter in one. */
lathe_table *lathe_table_filter(lathe_table *table, const char *text, lathe_progress *progress,
                                lathe_error *error);

/* The functions of the language, by number from 0; NULL behind the last. */
const char *lathe_expression_function(int32_t index);

#endif
