/* Any bytes as a bundle: it is refused with a sentence, or it runs. */
#include "base/file.h"
#include "graph/graph.h"
#include "model/model.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A table with the columns that the graph asks for, some of it missing. */
static lathe_table *table_for(const lathe_graph *graph) {
  static const double numbers[] = {1, NAN, -1e300};
  static const lathe_text texts[] = {{"a", 1}, {NULL, 0}, {"INLAND", 6}};
  int32_t count = lathe_graph_inputs(graph);
  const char **names = calloc((size_t)count + 1, sizeof *names);
  lathe_column **columns = calloc((size_t)count + 1, sizeof *columns);
  for (int32_t i = 0; i < count; i++) {
    lathe_type type = lathe_graph_input_type(graph, i);
    names[i] = lathe_graph_input_name(graph, i);
    columns[i] = type == LATHE_TYPE_STRING || type == LATHE_TYPE_CATEGORY
                     ? lathe_column_from_text(texts, 3, NULL)
                     : lathe_column_from_float64(numbers, 3, NULL);
  }
  lathe_table *table = lathe_table_new(count, names, columns, NULL);
  for (int32_t i = 0; i < count; i++) lathe_column_release(columns[i]);
  free(names);
  free(columns);
  return table;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static char path[64];
  if (!path[0]) snprintf(path, sizeof path, "/tmp/lathe-fuzz-bundle-%ld", (long)getpid());
  FILE *file = fopen(path, "wb");
  if (!file) return 0;
  fwrite(data, 1, size, file);
  fclose(file);
  lathe_error error = {0};
  lathe_model *model = lathe_model_open(path, &error);
  if (!model && !error.message[0]) abort();
  lathe_graph *graph = model ? lathe_graph_retain(lathe_model_graph(model)) : lathe_graph_open(path, &error);
  unlink(path);
  if (graph && lathe_graph_width(graph) < 1000) {
    lathe_table *table = table_for(graph);
    double *out = calloc(3 * (size_t)lathe_graph_width(graph), sizeof *out);
    if (table) lathe_graph_run(graph, table, out, NULL, NULL);
    free(out);
    lathe_table_release(table);
  }
  lathe_graph_release(graph);
  lathe_model_release(model);
  return 0;
}
