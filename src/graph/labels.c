/* labels.c - between classes and the numbers a graph has for them. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../base/memory.h"
#include "operator.h"

static lathe_text name_of(const lathe_graph *graph, int32_t index) {
  const char *name = lathe_graph_class(graph, index);
  return (lathe_text){name, strlen(name)};
}

/* The class as a number: those of a column of true and false are "false" and "true". */
static double number_of(const lathe_graph *graph, int32_t index) {
  lathe_text name = name_of(graph, index);
  double value = NAN;
  if (lathe_graph_class_type(graph) == LATHE_TYPE_BOOL)
    return name.size == 4 && !memcmp(name.data, "true", 4);
  return lathe_text_to_float64(name.data, name.size, &value) ? value : NAN;
}

static lathe_column *numbers_column(const lathe_graph *graph, int32_t count, lathe_error *error) {
  lathe_type type = lathe_graph_class_type(graph);
  double *numbers = lathe_memory_raw((size_t)count, sizeof *numbers, error);
  int64_t *integers = lathe_memory_new((size_t)count, sizeof *integers, error);
  bool *flags = lathe_memory_new((size_t)count, sizeof *flags, error);
  lathe_column *column = NULL;
  if (numbers && integers && flags) {
    for (int32_t i = 0; i < count; i++) {
      lathe_text name = name_of(graph, i);
      numbers[i] = number_of(graph, i);
      flags[i] = numbers[i] != 0;
      if (type == LATHE_TYPE_INT64) lathe_text_to_int64(name.data, name.size, &integers[i]);
    }
    column = type == LATHE_TYPE_INT64  ? lathe_column_from_int64(integers, count, error)
             : type == LATHE_TYPE_BOOL ? lathe_column_from_bool(flags, count, error)
                                       : lathe_column_from_float64(numbers, count, error);
  }
  free(numbers);
  free(integers);
  free(flags);
  return column;
}

/* The classes themselves, a row each. */
static lathe_column *classes_column(const lathe_graph *graph, lathe_error *error) {
  int32_t count = lathe_graph_classes(graph);
  if (!lathe_type_is_text(lathe_graph_class_type(graph))) return numbers_column(graph, count, error);
  lathe_text *names = lathe_memory_new((size_t)count, sizeof *names, error);
  for (int32_t i = 0; names && i < count; i++) names[i] = name_of(graph, i);
  lathe_column *texts = names ? lathe_column_from_text(names, count, error) : NULL;
  lathe_column *column = texts ? lathe_column_to_category(texts, error) : NULL;
  lathe_column_release(texts);
  free(names);
  return column;
}

static bool need_classes(const lathe_graph *graph, lathe_error *error) {
  return lathe_graph_classes(graph) > 0 ||
         lathe_error_set(error, LATHE_ERROR_ARGUMENT, "the model is a regression; it has no classes");
}

/* The expected cost of taking a row for class `taken`. */
static double cost_of(const double *costs, int32_t classes, const double *probabilities, int32_t taken) {
  double sum = 0;
  for (int32_t c = 0; c < classes; c++) sum += probabilities[c] * costs[(int64_t)c * classes + taken];
  return sum;
}

static int32_t choose_cheapest(const double *costs, int32_t classes, const double *probabilities) {
  int32_t best = 0;
  double least = cost_of(costs, classes, probabilities, 0);
  for (int32_t c = 1; c < classes; c++) {
    double cost = cost_of(costs, classes, probabilities, c);
    if (cost < least) {
      best = c;
      least = cost;
    }
  }
  return best;
}

int32_t lathe_graph_choose(const lathe_graph *graph, const double *probabilities) {
  int32_t best = 0;
  if (isnan(probabilities[0])) return -1;
  if (!isnan(lathe_graph_threshold(graph))) return probabilities[1] >= lathe_graph_threshold(graph);
  const double *costs = lathe_graph_costs(graph);
  if (costs) return choose_cheapest(costs, lathe_graph_classes(graph), probabilities);
  for (int32_t c = 1; c < lathe_graph_classes(graph); c++)
    if (probabilities[c] > probabilities[best]) best = c;
  return best;
}

lathe_column *lathe_graph_labels(const lathe_graph *graph, const double *probabilities, int64_t rows,
                                 lathe_error *error) {
  int32_t count = lathe_graph_classes(graph);
  if (!need_classes(graph, error)) return NULL;
  lathe_column *classes = classes_column(graph, error), *labels = NULL;
  int64_t *best = classes ? lathe_memory_raw((size_t)rows, sizeof *best, error) : NULL;
  for (int64_t r = 0; best && r < rows; r++) best[r] = lathe_graph_choose(graph, probabilities + r * count);
  if (best) labels = lathe_column_take(classes, best, rows, error);
  free(best);
  lathe_column_release(classes);
  return labels;
}

lathe_column *lathe_graph_class_probability(const lathe_graph *graph, const double *probabilities,
                                            int64_t rows, int32_t index, lathe_error *error) {
  return need_classes(graph, error) ? lathe_graph_column(graph, probabilities, rows, index, error) : NULL;
}

lathe_column *lathe_graph_column(const lathe_graph *graph, const double *values, int64_t rows, int32_t index,
                                 lathe_error *error) {
  int32_t width = lathe_graph_width(graph);
  if (index < 0 || index >= width) {
    lathe_error_set(error, LATHE_ERROR_ARGUMENT, "the graph has no column %d; its output has %d", (int)index,
                    (int)width);
    return NULL;
  }
  double *column = lathe_memory_raw((size_t)rows, sizeof *column, error);
  if (!column) return NULL;
  for (int64_t r = 0; r < rows; r++) column[r] = values[r * width + index];
  lathe_column *made = lathe_column_from_float64(column, rows, error);
  free(column);
  return made;
}

/* The class of a text or, with a NULL text, of a number: they are sorted. */
static int32_t find(const lathe_graph *graph, lathe_text text, double number) {
  int32_t low = 0, high = lathe_graph_classes(graph) - 1;
  while (low <= high) {
    int32_t middle = low + (high - low) / 2;
    int order = 0;
    if (text.data) {
      lathe_text name = name_of(graph, middle);
      size_t size = name.size < text.size ? name.size : text.size;
      order = size > 0 ? memcmp(name.data, text.data, size) : 0;
      if (order == 0) order = (name.size > text.size) - (name.size < text.size);
    } else {
      double value = number_of(graph, middle);
      order = (value > number) - (value < number);
    }
    if (order == 0) return middle;
    if (order < 0)
      low = middle + 1;
    else
      high = middle - 1;
  }
  return -2;
}

bool lathe_graph_class_codes(const lathe_graph *graph, const lathe_column *column, const char *name,
                             int32_t *codes, lathe_error *error) {
  bool text = lathe_type_is_text(lathe_column_type(column));
  int64_t rows = lathe_column_rows(column);
  if (!need_classes(graph, error)) return false;
  if (text != lathe_type_is_text(lathe_graph_class_type(graph)) && lathe_column_missing(column) < rows)
    return lathe_error_set(
        error, LATHE_ERROR_DATA,
        "the target \"%s\" is %s here, but the model's classes are %s; read it with types = { [\"%s\"] "
        "= \"%s\" }",
        name, lathe_type_name(lathe_column_type(column)), lathe_type_name(lathe_graph_class_type(graph)),
        name, lathe_type_name(lathe_graph_class_type(graph)));
  const int32_t *entries = NULL;
  int32_t *known = NULL; /* of each entry of a dictionary */
  if (lathe_column_type(column) == LATHE_TYPE_CATEGORY) {
    const lathe_column *dictionary = lathe_column_dictionary(column);
    int64_t count = lathe_column_rows(dictionary);
    entries = lathe_column_values(column);
    known = lathe_memory_raw((size_t)count, sizeof *known, error);
    if (!known) return false;
    for (int64_t i = 0; i < count; i++) known[i] = find(graph, lathe_column_text(dictionary, i), 0);
  }
  for (int64_t r = 0; r < rows; r++) {
    if (!lathe_column_present(column, r))
      codes[r] = -1;
    else if (known)
      codes[r] = known[entries[r]];
    else if (text)
      codes[r] = find(graph, lathe_column_text(column, r), 0);
    else {
      double number = lathe_column_number(column, r);
      codes[r] = isnan(number) ? -1 : find(graph, (lathe_text){NULL, 0}, number);
    }
  }
  free(known);
  return true;
}
