/* bundle.h - a graph in a file.
 *
 * A bundle is a safetensors file (base/safetensors.h):
 *   0. metadata "check": its seal; a bundle with a changed byte is refused
 *   1. metadata "format" = "lathe bundle", "version" = "1"
 *   2. metadata "graph": JSON { "output": NAME, "targets": [NAME, ..] when there are several, of classes "class_type", "classes", "threshold", "costs" (row by row), "operators": [ { "kind": WORD, "inputs": [INDEX, ..], ... },
 *      .. ] } in running order; operator.h says what each kind has: "name" and "type"; "words", "missing",
 *      "strict"; "first"; "width"
 *   3. one array for each array of each operator, named "INDEX.NAME" ("5.weights")
 *   4. other metadata are texts of the floors above: "model" (JSON, model/model.h) and "card" (markdown)
 * There is no time and no path in it: equal models have equal bytes. The arrays are mapped, not
 * copied. */
#ifndef LATHE_GRAPH_BUNDLE_H
#define LATHE_GRAPH_BUNDLE_H

#include "operator.h"

/* Write `graph` and `count` texts under `keys`. */
bool lathe_bundle_write(const lathe_graph *graph, int32_t count, const char *const *keys,
                        const lathe_text *texts, const char *path, lathe_error *error);

/* The graph of an opened bundle, all of it checked. It keeps the file. */
lathe_graph *lathe_bundle_graph(lathe_tensor_file *file, lathe_error *error);

#endif
