/* row_reader.h - JSON rows, read straight into the buffers of a table's columns. */
#ifndef LATHE_SERVE_ROW_READER_H
#define LATHE_SERVE_ROW_READER_H

#include "../graph/graph.h"

typedef struct row_schema
    row_schema; /* the inputs of a graph, made ready for lookups by name; read by any thread */

row_schema *row_schema_new(const lathe_graph *graph, lathe_error *error);
void row_schema_free(row_schema *schema);

/* The rows in `text`. NULL with an error, and in `field` (256 bytes) the path of the value that is wrong
 * ("rows[3].total_rooms"), or nothing when it is the text as a whole. LATHE_ERROR_ARGUMENT says that there
 * are more rows than `limit`. */
lathe_table *rows_read(const row_schema *schema, const char *text, size_t size, int64_t limit, char *field,
                       lathe_error *error);

#endif
