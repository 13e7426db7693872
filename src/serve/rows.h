/* rows.h - the client's side: a table's rows as the JSON that an endpoint takes, and its answer as numbers. */
#ifndef LATHE_SERVE_ROWS_H
#define LATHE_SERVE_ROWS_H

#include "../graph/graph.h"

/* Rows first .. first + count - 1 of `table` as an array of rows, each an array in the order of the graph's inputs. Missing values
 * and numbers that are not finite are null. NULL with an error when the table lacks a column. Freed with lathe_rows_free. */
char *lathe_rows_to_json(const lathe_graph *graph, const lathe_table *table, int64_t first, int64_t count,
                         lathe_error *error);
void lathe_rows_free(char *text);

/* A JSON list of exactly `count` predictions into `out` (count, width of the graph); null is NaN. Those of classes are objects with a member
 * "probabilities" that has one for each class. */
bool lathe_predictions_from_json(const char *text, size_t size, const lathe_graph *graph, int64_t count,
                                 double *out, lathe_error *error);

#endif
