/* graph.c - building a graph, and asking what is in it. */
#include "graph.h"

#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "../base/memory.h"
#include "operator.h"

/* See lathe_graph_stand_in. */
typedef struct {
  int32_t index;
  lathe_table *table;
  double *values;
} stand_in;

struct lathe_graph {
  atomic_int references;
  lathe_operator *operators;
  int32_t count, capacity;
  int32_t *inputs; /* operators that are raw columns */
  int32_t inputs_count;
  int64_t width; /* of all operators together */
  char *output_name;
  int32_t targets; /* several: their names; one: it is the output's */
  lathe_text *target_names;
  int32_t classes; /* 0: a regression */
  lathe_text *class_names;
  lathe_type class_type;
  double threshold; /* NaN: none */
  double *costs;    /* (classes, classes); NULL: none */
  void **owned;     /* memory of the operators */
  size_t owned_count, owned_capacity;
  lathe_tensor_file *file; /* holds the arrays, when opened from a bundle */
  stand_in *stand_ins;
  int32_t stand_in_count;
};

lathe_graph *lathe_graph_new(lathe_error *error) {
  lathe_graph *graph = lathe_memory_new(1, sizeof *graph, error);
  if (!graph) return NULL;
  atomic_init(&graph->references, 1);
  graph->threshold = NAN;
  graph->targets = 1;
  graph->output_name = lathe_memory_text("prediction", 10, error);
  if (!graph->output_name) {
    free(graph);
    return NULL;
  }
  return graph;
}

lathe_graph *lathe_graph_retain(lathe_graph *graph) {
  atomic_fetch_add(&graph->references, 1);
  return graph;
}

void lathe_graph_release(lathe_graph *graph) {
  if (!graph || atomic_fetch_sub(&graph->references, 1) != 1) return;
  lathe_graph_end_stand_ins(graph);
  for (size_t i = 0; i < graph->owned_count; i++) free(graph->owned[i]);
  lathe_tensor_file_release(graph->file);
  free(graph->owned);
  free(graph->operators);
  free(graph->inputs);
  free(graph->output_name);
  free(graph);
}

/* Memory that is freed with the graph; at once when there is no room to note it. */
static void *own(lathe_graph *graph, void *memory, lathe_error *error) {
  if (!memory) return NULL;
  if (graph->owned_count == graph->owned_capacity) {
    size_t capacity = graph->owned_capacity ? 2 * graph->owned_capacity : 32;
    if (!lathe_memory_resize((void **)&graph->owned, capacity, sizeof *graph->owned, error)) {
      free(memory);
      return NULL;
    }
    graph->owned_capacity = capacity;
  }
  return graph->owned[graph->owned_count++] = memory;
}

/* A copy of `size` bytes that lives as long as the graph. */
static void *keep(lathe_graph *graph, const void *data, size_t size, lathe_error *error) {
  void *copy = lathe_memory_raw(size, 1, error);
  if (copy && size > 0) memcpy(copy, data, size);
  return own(graph, copy, error);
}

/* Copies of texts, each with a NUL behind it. */
static lathe_text *keep_texts(lathe_graph *graph, const lathe_text *texts, int32_t count,
                              lathe_error *error) {
  size_t bytes = 0;
  for (int32_t i = 0; i < count; i++) bytes += texts[i].size + 1;
  char *text = lathe_memory_new(bytes, 1, error);
  if (!text) return NULL;
  char *all = keep(graph, text, bytes, error);
  free(text);
  lathe_text *kept = all ? keep(graph, texts, (size_t)count * sizeof *kept, error) : NULL;
  for (int32_t i = 0; i < count && kept; i++) {
    if (kept[i].size > 0) memcpy(all, kept[i].data, kept[i].size);
    kept[i].data = all;
    all += kept[i].size + 1;
  }
  return kept;
}

bool lathe_graph_stand_in(lathe_graph *graph, int32_t index, const lathe_table *table, double *values,
                          lathe_error *error) {
  if (!lathe_memory_resize((void **)&graph->stand_ins, (size_t)graph->stand_in_count + 1,
                           sizeof *graph->stand_ins, error))
    return false;
  graph->stand_ins[graph->stand_in_count++] =
      (stand_in){index, lathe_table_retain((lathe_table *)table), values};
  return true;
}

const double *lathe_graph_standing_in(const lathe_graph *graph, int32_t index, const lathe_table *table) {
  for (int32_t i = 0; i < graph->stand_in_count; i++)
    if (graph->stand_ins[i].index == index && graph->stand_ins[i].table == table)
      return graph->stand_ins[i].values;
  return NULL;
}

bool lathe_graph_move_stand_in(lathe_graph *graph, int32_t index, lathe_graph *from, int32_t old,
                               lathe_error *error) {
  for (int32_t i = 0; i < from->stand_in_count; i++) {
    stand_in *one = &from->stand_ins[i];
    if (one->index != old || !one->values) continue;
    if (!lathe_graph_stand_in(graph, index, one->table, one->values, error)) return false;
    one->values = NULL;
  }
  return true;
}

void lathe_graph_end_stand_ins(lathe_graph *graph) {
  for (int32_t i = 0; i < graph->stand_in_count; i++) {
    lathe_table_release(graph->stand_ins[i].table);
    free(graph->stand_ins[i].values);
  }
  free(graph->stand_ins);
  graph->stand_ins = NULL;
  graph->stand_in_count = 0;
}

static bool wrong(const lathe_operator_traits *traits, const char *what, lathe_error *error) {
  return lathe_error_set(error, LATHE_ERROR_DATA,
                         "operator \"%s\" of the graph %s; the model is broken, make it anew", traits->name,
                         what);
}

static bool check_inputs(const lathe_graph *graph, const lathe_operator *node,
                         const lathe_operator_traits *traits, lathe_error *error) {
  if (node->inputs < traits->inputs_least || node->inputs > traits->inputs_most)
    return wrong(traits, "has the wrong number of inputs", error);
  for (int32_t i = 0; i < node->inputs; i++) {
    int32_t from = node->input[i];
    if (from < 0 || from >= graph->count) return wrong(traits, "takes what does not come before it", error);
    if (lathe_operator_traits_of(graph->operators[from].kind)->gives != traits->takes)
      return wrong(traits, "takes a value of the wrong kind", error);
  }
  return true;
}

static bool check_words(const lathe_operator *node, const lathe_operator_traits *traits, lathe_error *error) {
  if (node->words < 0) return wrong(traits, "has no vocabulary", error);
  for (int32_t i = 1; node->word && i < node->words; i++) {
    lathe_text a = node->word[i - 1], b = node->word[i];
    int order = memcmp(a.data, b.data, a.size < b.size ? a.size : b.size);
    if (order > 0 || (order == 0 && a.size >= b.size))
      return wrong(traits, "has a vocabulary out of order", error);
  }
  if (node->missing < -2 || node->missing >= node->words)
    return wrong(traits, "has a code that is not in its vocabulary", error);
  return true;
}

/* The width that follows from the inputs; -1 when it cannot be. */
static int64_t work_out_width(const lathe_graph *graph, const lathe_operator *node) {
  const lathe_operator *input = node->inputs > 0 ? &graph->operators[node->input[0]] : NULL;
  int64_t width = 0;
  if (lathe_operator_traits_of(node->kind)->width_free) return node->width;
  switch (node->kind) {
  case LATHE_OPERATOR_NUMBER:
  case LATHE_OPERATOR_TEXT:
  case LATHE_OPERATOR_CODE:
  case LATHE_OPERATOR_RECODE:
  case LATHE_OPERATOR_BIN:
    return 1;
  case LATHE_OPERATOR_NUMBER_CODE:
    return input->width == 1 ? 1 : -1;
  case LATHE_OPERATOR_ONE_HOT:
    return node->first < 0 ? -1 : input->words - node->first;
  case LATHE_OPERATOR_CONCAT:
    for (int32_t i = 0; i < node->inputs; i++) width += graph->operators[node->input[i]].width;
    return width;
  case LATHE_OPERATOR_LOGISTIC:
    return input->width == 1 ? 2 : -1;
  case LATHE_OPERATOR_SHARES:
    return input->width == 1 ? 2 : input->width;
  default:
    return input->width;
  }
}

static bool keep_tensors(lathe_graph *graph, lathe_operator *node, const lathe_operator_traits *traits,
                         lathe_error *error) {
  for (int32_t i = 0; i < LATHE_OPERATOR_TENSORS && traits->tensor[i].name; i++) {
    if (!node->tensor[i] || node->size[i] < 0) return wrong(traits, "lacks an array", error);
    if (graph->file) continue;
    size_t size = (size_t)lathe_operator_count(graph, node, i) * lathe_dtype_size(traits->tensor[i].dtype);
    node->tensor[i] = keep(graph, node->tensor[i], size, error);
    if (!node->tensor[i]) return false;
  }
  if (traits->check && !traits->check(graph, node))
    return wrong(traits, "has an array that does not fit its inputs", error);
  node->packed = NULL;
  if (traits->pack && !(node->packed = own(graph, traits->pack(graph, node, error), error))) return false;
  return true;
}

/* Kinds whose codes have no texts: how many there are is the length of their list, of bins one more than edges. */
static bool set_codes(lathe_operator *node, const lathe_operator_traits *traits, lathe_error *error) {
  if (node->kind == LATHE_OPERATOR_BIN && node->length > 0 && node->length < LATHE_GRAPH_WIDTH) {
    node->word = NULL;
    node->words = node->length + 1;
    return true;
  }
  if (node->kind != LATHE_OPERATOR_BIN && node->kind != LATHE_OPERATOR_NUMBER_CODE &&
      node->kind != LATHE_OPERATOR_RECODE)
    return true;
  node->word = NULL;
  node->words = node->length;
  return (node->length > 0 && node->length <= LATHE_GRAPH_WIDTH) || wrong(traits, "has no codes", error);
}

static bool add_input(lathe_graph *graph, lathe_operator *node, lathe_error *error) {
  for (int32_t i = 0; i < graph->inputs_count; i++)
    if (!strcmp(lathe_graph_input_name(graph, i), node->name))
      return lathe_error_set(error, LATHE_ERROR_DATA,
                             "the graph takes column \"%s\" twice; the model is broken, make it anew",
                             node->name);
  if (!lathe_memory_resize((void **)&graph->inputs, (size_t)graph->inputs_count + 1, sizeof *graph->inputs,
                           error))
    return false;
  node->name = keep(graph, node->name, strlen(node->name) + 1, error);
  if (!node->name) return false;
  graph->inputs[graph->inputs_count++] = graph->count;
  return true;
}

int32_t lathe_graph_add(lathe_graph *graph, const lathe_operator *original, lathe_error *error) {
  lathe_operator node = *original;
  const lathe_operator_traits *traits = lathe_operator_traits_of(node.kind);
  if (graph->count == graph->capacity) {
    int32_t capacity = graph->capacity ? 2 * graph->capacity : 16;
    if (!lathe_memory_resize((void **)&graph->operators, (size_t)capacity, sizeof *graph->operators, error))
      return -1;
    graph->capacity = capacity;
  }
  if (!check_inputs(graph, &node, traits, error)) return -1;
  if (!set_codes(&node, traits, error)) return -1;
  bool worded = traits->gives == LATHE_VALUE_CODES || node.kind == LATHE_OPERATOR_NGRAMS;
  if (worded && !check_words(&node, traits, error)) return -1;
  int64_t width = work_out_width(graph, &node);
  if (width < 1 || graph->width + width > LATHE_GRAPH_WIDTH || graph->count == LATHE_GRAPH_OPERATORS) {
    lathe_error_set(error, LATHE_ERROR_DATA,
                    "operator \"%s\" would have %lld columns; all operators of a model have 1 to %d together",
                    traits->name, (long long)width, (int)LATHE_GRAPH_WIDTH);
    return -1;
  }
  node.width = (int32_t)width;
  if (traits->inputs_most == 0) {
    if (!node.name || lathe_type_is_text(node.type) != (traits->gives == LATHE_VALUE_TEXT)) {
      wrong(traits, "lacks the name or type of its column", error);
      return -1;
    }
    if (!add_input(graph, &node, error)) return -1;
  }
  if (node.inputs > 0) {
    node.input = keep(graph, node.input, (size_t)node.inputs * sizeof(int32_t), error);
    if (!node.input) return -1;
  }
  if (node.words > 0 && node.word && !(node.word = keep_texts(graph, node.word, node.words, error)))
    return -1;
  if (node.kind == LATHE_OPERATOR_NUMBER_CODE) {
    if (!node.name) {
      wrong(traits, "lacks the name of its column", error);
      return -1;
    }
    if (!(node.name = keep(graph, node.name, strlen(node.name) + 1, error))) return -1;
  }
  if (node.fill && !(node.fill = keep(graph, node.fill, strlen(node.fill) + 1, error))) return -1;
  if (node.length < 0) {
    wrong(traits, "has arrays of no length", error);
    return -1;
  }
  if (!keep_tensors(graph, &node, traits, error)) return -1;
  graph->width += width;
  graph->operators[graph->count] = node;
  return graph->count++;
}

bool lathe_graph_set_output_name(lathe_graph *graph, const char *name, lathe_error *error) {
  char *copy = lathe_memory_text(name, strlen(name), error);
  if (!copy) return false;
  free(graph->output_name);
  graph->output_name = copy;
  return true;
}

bool lathe_graph_set_targets(lathe_graph *graph, int32_t count, const char *const *names,
                             lathe_error *error) {
  if (count < 2) return count < 1 || lathe_graph_set_output_name(graph, names[0], error);
  lathe_text *texts = lathe_memory_raw((size_t)count, sizeof *texts, error);
  lathe_buffer all = {0};
  bool fine = texts != NULL;
  for (int32_t i = 0; fine && i < count; i++) {
    texts[i] = (lathe_text){names[i], strlen(names[i])};
    fine = lathe_buffer_format(&all, error, "%s%s", i > 0 ? ", " : "", names[i]);
  }
  fine = fine && lathe_graph_set_output_name(graph, all.data, error) &&
         (graph->target_names = keep_texts(graph, texts, count, error)) != NULL;
  if (fine) graph->targets = count;
  lathe_buffer_free(&all);
  free(texts);
  return fine;
}

bool lathe_graph_copy_targets(lathe_graph *graph, const lathe_graph *from, lathe_error *error) {
  const char **names = lathe_memory_raw((size_t)from->targets, sizeof *names, error);
  for (int32_t i = 0; names && i < from->targets; i++) names[i] = lathe_graph_target(from, i);
  bool fine = names && lathe_graph_set_targets(graph, from->targets, names, error);
  free(names);
  return fine;
}

int32_t lathe_graph_targets(const lathe_graph *graph) {
  return graph->targets;
}

const char *lathe_graph_target(const lathe_graph *graph, int32_t index) {
  if (index < 0 || index >= graph->targets) return NULL;
  return graph->targets == 1 ? graph->output_name : graph->target_names[index].data;
}

bool lathe_graph_set_classes(lathe_graph *graph, lathe_type type, int32_t count, const lathe_text *names,
                             lathe_error *error) {
  if (count < 2 || count != lathe_graph_width(graph))
    return lathe_error_set(error, LATHE_ERROR_DATA,
                           "%d classes do not fit an output of %d columns; the model is broken, make it anew",
                           count, lathe_graph_width(graph));
  graph->class_names = keep_texts(graph, names, count, error);
  if (!graph->class_names) return false;
  graph->classes = count;
  graph->class_type = type;
  return true;
}

bool lathe_graph_copy_classes(lathe_graph *graph, const lathe_graph *from, lathe_error *error) {
  return from->classes == 0 ||
         (lathe_graph_set_classes(graph, from->class_type, from->classes, from->class_names, error) &&
          lathe_graph_set_threshold(graph, from->threshold, error) &&
          (!from->costs || lathe_graph_set_costs(graph, from->costs, error)));
}

bool lathe_graph_set_costs(lathe_graph *graph, const double *costs, lathe_error *error) {
  size_t count = (size_t)graph->classes * (size_t)graph->classes;
  for (size_t i = 0; costs && i < count; i++)
    if (!isfinite(costs[i]))
      return lathe_error_set(error, LATHE_ERROR_ARGUMENT, "the cost of a decision is a number, not %g",
                             costs[i]);
  graph->costs = NULL;
  graph->threshold = NAN;
  return !costs || (graph->costs = keep(graph, costs, count * sizeof *costs, error)) != NULL;
}

const double *lathe_graph_costs(const lathe_graph *graph) {
  return graph->costs;
}

bool lathe_graph_set_threshold(lathe_graph *graph, double threshold, lathe_error *error) {
  if (!isnan(threshold) && graph->classes != 2)
    return lathe_error_set(error, LATHE_ERROR_ARGUMENT,
                           "a threshold tells two classes apart; this model has %d", graph->classes);
  if (threshold < 0 || threshold > 1)
    return lathe_error_set(error, LATHE_ERROR_ARGUMENT, "the threshold is a probability from 0 to 1, not %g",
                           threshold);
  graph->threshold = threshold;
  if (!isnan(threshold)) graph->costs = NULL;
  return true;
}

double lathe_graph_threshold(const lathe_graph *graph) {
  return graph->threshold;
}

lathe_graph *lathe_graph_copy(const lathe_graph *graph, lathe_error *error) {
  lathe_graph *copy = lathe_graph_new(error);
  bool fine = copy && lathe_graph_copy_targets(copy, graph, error);
  for (int32_t i = 0; fine && i < graph->count; i++)
    fine = lathe_graph_add(copy, &graph->operators[i], error) >= 0;
  if (fine) return copy;
  lathe_graph_release(copy);
  return NULL;
}

int32_t lathe_graph_classes(const lathe_graph *graph) {
  return graph->classes;
}

const char *lathe_graph_class(const lathe_graph *graph, int32_t index) {
  return index >= 0 && index < graph->classes ? graph->class_names[index].data : NULL;
}

lathe_type lathe_graph_class_type(const lathe_graph *graph) {
  return graph->class_type;
}

void lathe_graph_set_file(lathe_graph *graph, lathe_tensor_file *file) {
  graph->file = lathe_tensor_file_retain(file);
}

const lathe_operator *lathe_graph_operator(const lathe_graph *graph, int32_t index) {
  return &graph->operators[index];
}

int32_t lathe_operator_shape(const lathe_graph *graph, const lathe_operator *node, int32_t index,
                             int64_t shape[2]) {
  const lathe_operator *input = node->inputs > 0 ? &graph->operators[node->input[0]] : NULL;
  shape[0] = shape[1] = node->width;
  switch (lathe_operator_traits_of(node->kind)->tensor[index].shape) {
  case LATHE_SHAPE_MATRIX:
    shape[0] = input ? input->width : 0;
    return 2;
  case LATHE_SHAPE_WORDS:
    shape[0] = (input ? (int64_t)input->words : 0) + 2;
    return 2;
  case LATHE_SHAPE_LIST:
    shape[0] = node->length;
    return 1;
  case LATHE_SHAPE_TABLE:
    shape[0] = node->length;
    return 2;
  case LATHE_SHAPE_FREE:
    shape[0] = node->size[index];
    return 1;
  default:
    return 1;
  }
}

int64_t lathe_operator_count(const lathe_graph *graph, const lathe_operator *node, int32_t index) {
  int64_t shape[2];
  return lathe_operator_shape(graph, node, index, shape) == 2 ? shape[0] * shape[1] : shape[0];
}

int32_t lathe_graph_inputs(const lathe_graph *graph) {
  return graph->inputs_count;
}

const char *lathe_graph_input_name(const lathe_graph *graph, int32_t index) {
  if (index < 0 || index >= graph->inputs_count) return NULL;
  return graph->operators[graph->inputs[index]].name;
}

const char *lathe_graph_input_example(const lathe_graph *graph, int32_t index) {
  if (index < 0 || index >= graph->inputs_count) return NULL;
  for (int32_t i = 0; i < graph->count; i++) {
    const lathe_operator *node = &graph->operators[i];
    if (node->words > 0 && node->word && node->inputs == 1 && node->input[0] == graph->inputs[index])
      return node->word[0].data;
  }
  return NULL;
}

lathe_type lathe_graph_input_type(const lathe_graph *graph, int32_t index) {
  if (index < 0 || index >= graph->inputs_count) return LATHE_TYPE_FLOAT64;
  return graph->operators[graph->inputs[index]].type;
}

int32_t lathe_graph_width(const lathe_graph *graph) {
  return graph->count > 0 ? graph->operators[graph->count - 1].width : 0;
}

const char *lathe_graph_output_name(const lathe_graph *graph) {
  return graph->output_name;
}

int32_t lathe_graph_operators(const lathe_graph *graph) {
  return graph->count;
}

const char *lathe_graph_operator_name(const lathe_graph *graph, int32_t index) {
  if (index < 0 || index >= graph->count) return NULL;
  return lathe_operator_traits_of(graph->operators[index].kind)->name;
}

int64_t lathe_graph_bytes(const lathe_graph *graph) {
  int64_t bytes = 0;
  for (int32_t i = 0; i < graph->count; i++) {
    const lathe_operator *node = &graph->operators[i];
    const lathe_operator_traits *traits = lathe_operator_traits_of(node->kind);
    for (int32_t k = 0; k < LATHE_OPERATOR_TENSORS && traits->tensor[k].name; k++)
      bytes += lathe_operator_count(graph, node, k) * (int64_t)lathe_dtype_size(traits->tensor[k].dtype);
  }
  return bytes;
}
