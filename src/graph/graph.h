/* graph.h - a flat list of typed operators: raw columns in, prediction out.
 *
 * Whatever turns rows into numbers is an operator here: a fitted transform of a recipe appends its operators,
 * and so does a fitted model. The executor is the only arithmetic there is: it makes the training matrix, the
 * prediction in the console, the one over HTTP, and what ONNX export writes down. Each row is computed alone
 * and in one order, so one row and a million rows, one thread and many, give the same bits. */
#ifndef LATHE_GRAPH_GRAPH_H
#define LATHE_GRAPH_GRAPH_H

#include "../base/progress.h"
#include "../table/table.h"

typedef struct lathe_graph lathe_graph;

lathe_graph *lathe_graph_retain(lathe_graph *graph);
void lathe_graph_release(lathe_graph *graph);

/* The raw columns it takes: name, and the type they had in training. Text columns take STRING or CATEGORY,
 * the others any type that has numbers. */
int32_t lathe_graph_inputs(const lathe_graph *graph);
const char *lathe_graph_input_name(const lathe_graph *graph, int32_t index);
lathe_type lathe_graph_input_type(const lathe_graph *graph, int32_t index);

/* A text of this column that the graph knows, to try it with; NULL when it knows none. */
const char *lathe_graph_input_example(const lathe_graph *graph, int32_t index);

/* The width of the output: 1 for a regression of one target, which its name is then. */
int32_t lathe_graph_width(const lathe_graph *graph);
const char *lathe_graph_output_name(const lathe_graph *graph);

/* The targets: one, whose name is the output's; or several numbers, each a column of the output. The output is called by all their names
 * then ("a, b"). */
int32_t lathe_graph_targets(const lathe_graph *graph);
const char *lathe_graph_target(const lathe_graph *graph, int32_t index);

/* Of a classification: how many classes there are (0: a regression), the name of each, and the type that the target had. The
 * output has a column for each class, its probability. */
int32_t lathe_graph_classes(const lathe_graph *graph);
const char *lathe_graph_class(const lathe_graph *graph, int32_t index);
lathe_type lathe_graph_class_type(const lathe_graph *graph);

/* What decisions cost, (classes, classes): the row is the class that a row is of, the column the one that it is taken for. NULL: nothing is
 * said of that. Borrowed. */
const double *lathe_graph_costs(const lathe_graph *graph);

/* The class that a row is taken for: the most probable, the first of equals; of two classes with a threshold (NaN: none) the second
 * from that probability up; with costs the one whose expected cost is least. -1 when a probability is missing. `probabilities` is the row of what lathe_graph_run gives. */
double lathe_graph_threshold(const lathe_graph *graph);
int32_t lathe_graph_choose(const lathe_graph *graph, const double *probabilities);

/* That class of each row, in the type of the classes (texts as CATEGORY), missing where a probability is. And the probabilities of one
 * class. */
lathe_column *lathe_graph_labels(const lathe_graph *graph, const double *probabilities, int64_t rows,
                                 lathe_error *error);
lathe_column *lathe_graph_class_probability(const lathe_graph *graph, const double *probabilities,
                                            int64_t rows, int32_t index, lathe_error *error);

/* Column `index` of what lathe_graph_run gives. */
lathe_column *lathe_graph_column(const lathe_graph *graph, const double *values, int64_t rows, int32_t index,
                                 lathe_error *error);

/* The place among the classes of each element of a column, -1 where it is missing and -2 where it is none of them. False when the classes
 * are texts and the column is not, or the other way round. */
bool lathe_graph_class_codes(const lathe_graph *graph, const lathe_column *column, const char *name,
                             int32_t *codes, lathe_error *error);

/* The operators, for showing: how many, the word for each ("scale"), and the bytes of all their arrays. */
int32_t lathe_graph_operators(const lathe_graph *graph);
const char *lathe_graph_operator_name(const lathe_graph *graph, int32_t index);
int64_t lathe_graph_bytes(const lathe_graph *graph);

/* Predict: `out` is (rows of table, width), row-major. Extra columns of the table are not looked at; a
 * missing or text-for-number one is an error that names it. A row with a missing number that nothing imputes
 * gets NaN. Any number of threads may run one graph. */
bool lathe_graph_run(const lathe_graph *graph, const lathe_table *table, double *out,
                     lathe_progress *progress, lathe_error *error);

/* The same, and what was odd about the raw values is added to `odd` (one for each input; NULL: nobody asks). */
typedef struct lathe_odd_values {
  int64_t missing;
  int64_t infinite;
  int64_t unknown; /* a category that no training row had, or a text without one word that some had */
} lathe_odd_values;
bool lathe_graph_run_counted(const lathe_graph *graph, const lathe_table *table, double *out,
                             lathe_odd_values *odd, lathe_progress *progress, lathe_error *error);

/* The value of the last operator (numbers) as a table: a column for each of its own, called `names`; NaN is missing. `flags`: columns of a
 * one-hot operator are truth values, not numbers. `odd` as above. */
lathe_table *lathe_graph_features(const lathe_graph *graph, const lathe_table *table,
                                  const char *const *names, bool flags, lathe_odd_values *odd,
                                  lathe_progress *progress, lathe_error *error);

/* A bundle: a safetensors file with the graph and its weights, mapped when opened. See bundle.h. */
lathe_graph *lathe_graph_open(const char *path, lathe_error *error);

#endif
