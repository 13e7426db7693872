/* bundle.c - writing and opening bundles. What is read is handed to lathe_graph_add, which trusts nobody. */
#include "bundle.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/json.h"
#include "../base/memory.h"

static const char bundle_format[] = "lathe bundle", bundle_version[] = "1";

static void write_operator(lathe_json_writer *json, const lathe_operator *node) {
  lathe_json_write_object(json);
  lathe_json_member_text(json, "kind", lathe_operator_traits_of(node->kind)->name);
  if (node->inputs > 0) {
    lathe_json_member(json, "inputs");
    lathe_json_write_array(json);
    for (int32_t i = 0; i < node->inputs; i++) lathe_json_write_integer(json, node->input[i]);
    lathe_json_write_array_end(json);
  } else {
    lathe_json_member_text(json, "name", node->name);
    lathe_json_member_text(json, "type", lathe_type_name(node->type));
  }
  if (node->kind == LATHE_OPERATOR_NUMBER_CODE) lathe_json_member_text(json, "name", node->name);
  if (node->fill) lathe_json_member_text(json, "fill", node->fill);
  if (node->kind == LATHE_OPERATOR_CODE || node->kind == LATHE_OPERATOR_NGRAMS) {
    lathe_json_member(json, "words");
    lathe_json_write_array(json);
    for (int32_t i = 0; i < node->words; i++)
      lathe_json_write_string(json, node->word[i].data, node->word[i].size);
    lathe_json_write_array_end(json);
  }
  if (node->kind == LATHE_OPERATOR_CODE || node->kind == LATHE_OPERATOR_NUMBER_CODE) {
    lathe_json_member_integer(json, "missing", node->missing);
    lathe_json_member(json, "strict");
    lathe_json_write_bool(json, node->strict);
  }
  if (node->kind == LATHE_OPERATOR_ONE_HOT) lathe_json_member_integer(json, "first", node->first);
  if (lathe_operator_traits_of(node->kind)->width_free) lathe_json_member_integer(json, "width", node->width);
  if (node->length > 0) lathe_json_member_integer(json, "length", node->length);
  lathe_json_write_object_end(json);
}

static void write_costs(const lathe_graph *graph, lathe_json_writer *json) {
  const double *costs = lathe_graph_costs(graph);
  int64_t count = (int64_t)lathe_graph_classes(graph) * lathe_graph_classes(graph);
  if (!costs) return;
  lathe_json_member(json, "costs");
  lathe_json_write_array(json);
  for (int64_t i = 0; i < count; i++) lathe_json_write_number(json, costs[i]);
  lathe_json_write_array_end(json);
}

/* The JSON of `graph` as a text of the writer. */
static lathe_text describe(const lathe_graph *graph, lathe_json_writer *json, lathe_error *error) {
  lathe_json_write_object(json);
  lathe_json_member_text(json, "output", lathe_graph_output_name(graph));
  if (lathe_graph_targets(graph) > 1) {
    lathe_json_member(json, "targets");
    lathe_json_write_array(json);
    for (int32_t i = 0; i < lathe_graph_targets(graph); i++)
      lathe_json_write_string(json, lathe_graph_target(graph, i), strlen(lathe_graph_target(graph, i)));
    lathe_json_write_array_end(json);
  }
  lathe_json_member(json, "operators");
  lathe_json_write_array(json);
  for (int32_t i = 0; i < lathe_graph_operators(graph); i++)
    write_operator(json, lathe_graph_operator(graph, i));
  lathe_json_write_array_end(json);
  if (lathe_graph_classes(graph) > 0) {
    lathe_json_member_text(json, "class_type", lathe_type_name(lathe_graph_class_type(graph)));
    lathe_json_member(json, "classes");
    lathe_json_write_array(json);
    for (int32_t i = 0; i < lathe_graph_classes(graph); i++)
      lathe_json_write_string(json, lathe_graph_class(graph, i), strlen(lathe_graph_class(graph, i)));
    lathe_json_write_array_end(json);
    if (!isnan(lathe_graph_threshold(graph)))
      lathe_json_member_number(json, "threshold", lathe_graph_threshold(graph));
    write_costs(graph, json);
  }
  lathe_json_write_object_end(json);
  return lathe_json_writer_finish(json, error);
}

static void tensor_name(char *name, size_t size, int32_t index, const lathe_operator_tensor *tensor) {
  snprintf(name, size, "%d.%s", (int)index, tensor->name);
}

static bool add_tensors(lathe_tensor_writer *writer, const lathe_graph *graph, lathe_error *error) {
  for (int32_t i = 0; i < lathe_graph_operators(graph); i++) {
    const lathe_operator *node = lathe_graph_operator(graph, i);
    const lathe_operator_traits *traits = lathe_operator_traits_of(node->kind);
    for (int32_t k = 0; k < LATHE_OPERATOR_TENSORS && traits->tensor[k].name; k++) {
      char name[64];
      int64_t shape[2];
      int32_t rank = lathe_operator_shape(graph, node, k, shape);
      tensor_name(name, sizeof name, i, &traits->tensor[k]);
      if (!lathe_tensor_writer_add(writer, name, traits->tensor[k].dtype, rank, shape, node->tensor[k],
                                   error))
        return false;
    }
  }
  return true;
}

bool lathe_bundle_write(const lathe_graph *graph, int32_t count, const char *const *keys,
                        const lathe_text *texts, const char *path, lathe_error *error) {
  bool fine = false;
  lathe_tensor_writer *writer = lathe_tensor_writer_new(error);
  lathe_json_writer *json = lathe_json_writer_new(0, error);
  if (!writer || !json) goto out;
  lathe_text text = describe(graph, json, error);
  if (!text.data) goto out;
  lathe_tensor_writer_seal(writer);
  if (!lathe_tensor_writer_metadata(writer, "format", bundle_format, strlen(bundle_format), error) ||
      !lathe_tensor_writer_metadata(writer, "version", bundle_version, strlen(bundle_version), error) ||
      !lathe_tensor_writer_metadata(writer, "graph", text.data, text.size, error))
    goto out;
  for (int32_t i = 0; i < count; i++)
    if (!lathe_tensor_writer_metadata(writer, keys[i], texts[i].data, texts[i].size, error)) goto out;
  fine = add_tensors(writer, graph, error) && lathe_tensor_writer_write(writer, path, error);
out:
  lathe_json_writer_free(json);
  lathe_tensor_writer_free(writer);
  return fine;
}

/* An operator while it is read. */
typedef struct {
  lathe_operator node;
  bool kind_known;
  int32_t *input;
  lathe_text *word;
  lathe_buffer words; /* the texts of the vocabulary, each with a NUL */
  char *name, *fill;
} operator_read;

static void operator_read_free(operator_read *read) {
  free(read->input);
  free(read->word);
  free(read->name);
  free(read->fill);
  lathe_buffer_free(&read->words);
}

typedef struct {
  lathe_json_reader *json;
  lathe_tensor_file *file;
  lathe_error *error;
} reading;

static bool broken(reading *in, const char *what) {
  return lathe_error_set(in->error, LATHE_ERROR_DATA, "%s: the graph %s; the bundle is broken, make it anew",
                         lathe_tensor_file_path(in->file), what);
}

/* The next event is `wanted`; the reader has already said so when it is an error. */
static bool expect(reading *in, lathe_json_event wanted, const char *what) {
  lathe_json_event event = lathe_json_next(in->json, in->error);
  if (event == wanted) return true;
  return event == LATHE_JSON_ERROR ? false : broken(in, what);
}

static bool read_int32(reading *in, int32_t *value) {
  if (!expect(in, LATHE_JSON_INTEGER, "has something else where a whole number should stand")) return false;
  int64_t integer = lathe_json_integer(in->json);
  if (integer < INT32_MIN || integer > INT32_MAX) return broken(in, "has a number that is too large");
  *value = (int32_t)integer;
  return true;
}

static bool read_inputs(reading *in, operator_read *read) {
  if (!expect(in, LATHE_JSON_ARRAY, "has inputs that are not a list")) return false;
  int32_t capacity = 0;
  for (;;) {
    lathe_json_event event = lathe_json_next(in->json, in->error);
    if (event == LATHE_JSON_ARRAY_END) break;
    if (event == LATHE_JSON_ERROR) return false;
    int64_t index = event == LATHE_JSON_INTEGER ? lathe_json_integer(in->json) : -1;
    if (index < 0 || index > INT32_MAX || read->node.inputs == LATHE_GRAPH_OPERATORS)
      return broken(in, "has inputs that are not operators");
    if (read->node.inputs == capacity) {
      capacity = capacity ? 2 * capacity : 8;
      if (!lathe_memory_resize((void **)&read->input, (size_t)capacity, sizeof *read->input, in->error))
        return false;
    }
    read->input[read->node.inputs++] = (int32_t)index;
  }
  read->node.input = read->input;
  return true;
}

static bool read_words(reading *in, operator_read *read) {
  if (!expect(in, LATHE_JSON_ARRAY, "has a vocabulary that is not a list")) return false;
  int32_t capacity = 0;
  for (;;) {
    lathe_json_event event = lathe_json_next(in->json, in->error);
    if (event == LATHE_JSON_ARRAY_END) break;
    if (event == LATHE_JSON_ERROR) return false;
    if (event != LATHE_JSON_STRING || read->node.words == LATHE_GRAPH_WIDTH)
      return broken(in, "has a vocabulary that is not a list of texts");
    if (read->node.words == capacity) {
      capacity = capacity ? 2 * capacity : 16;
      if (!lathe_memory_resize((void **)&read->word, (size_t)capacity, sizeof *read->word, in->error))
        return false;
    }
    lathe_text text = lathe_json_text(in->json);
    read->word[read->node.words++].size = text.size;
    if (!lathe_buffer_append(&read->words, text.data, text.size, in->error) ||
        !lathe_buffer_append(&read->words, "", 1, in->error))
      return false;
  }
  const char *place = read->words.data;
  for (int32_t i = 0; i < read->node.words; i++) {
    read->word[i].data = place;
    place += read->word[i].size + 1;
  }
  read->node.word = read->word;
  return true;
}

static bool read_kind(reading *in, operator_read *read) {
  if (!expect(in, LATHE_JSON_STRING, "has a kind of operator that is not a word")) return false;
  lathe_text text = lathe_json_text(in->json);
  for (int32_t i = 0; i < LATHE_OPERATOR_KINDS; i++) {
    const char *name = lathe_operator_traits_of((lathe_operator_kind)i)->name;
    if (strlen(name) != text.size || memcmp(name, text.data, text.size) != 0) continue;
    read->node.kind = (lathe_operator_kind)i;
    read->kind_known = true;
    return true;
  }
  return lathe_error_set(in->error, LATHE_ERROR_DATA,
                         "%s: this lathe does not know the operator \"%.*s\"; it was made by a newer one",
                         lathe_tensor_file_path(in->file), (int)(text.size < 60 ? text.size : 60), text.data);
}

static bool read_name(reading *in, char **name) {
  if (!expect(in, LATHE_JSON_STRING, "has a name that is not a text")) return false;
  lathe_text text = lathe_json_text(in->json);
  if (memchr(text.data, 0, text.size)) return broken(in, "has a name with a NUL in it");
  free(*name);
  *name = lathe_memory_text(text.data, text.size, in->error);
  return *name != NULL;
}

static bool read_type(reading *in, operator_read *read) {
  char *word = NULL;
  bool fine = read_name(in, &word);
  if (fine && !lathe_type_parse(word, &read->node.type))
    fine = broken(in, "has a column of a type that there is not");
  free(word);
  return fine;
}

static bool read_field(reading *in, operator_read *read) {
  lathe_text key = lathe_json_text(in->json);
  lathe_operator *node = &read->node;
#define KEY(text) (key.size == sizeof(text) - 1 && !memcmp(key.data, text, key.size))
  if (KEY("kind")) return read_kind(in, read);
  if (KEY("inputs") && !read->input) return read_inputs(in, read);
  if (KEY("words") && !read->word) return read_words(in, read);
  if (KEY("type")) return read_type(in, read);
  if (KEY("missing")) return read_int32(in, &node->missing);
  if (KEY("first")) return read_int32(in, &node->first);
  if (KEY("width")) return read_int32(in, &node->width);
  if (KEY("length")) return read_int32(in, &node->length);
  if (KEY("name")) {
    if (!read_name(in, &read->name)) return false;
    node->name = read->name;
    return true;
  }
  if (KEY("fill")) {
    if (!read_name(in, &read->fill)) return false;
    node->fill = read->fill;
    return true;
  }
  if (KEY("strict")) {
    if (!expect(in, LATHE_JSON_BOOL, "has something else where true or false should stand")) return false;
    node->strict = lathe_json_bool(in->json);
    return true;
  }
#undef KEY
  return broken(in, "has an operator with an unknown or repeated field");
}

/* The arrays of an operator, after its width is known. They stay in the file. */
static bool read_tensors(reading *in, const lathe_graph *graph, lathe_operator *node, int32_t index) {
  const lathe_operator_traits *traits = lathe_operator_traits_of(node->kind);
  if (!traits->tensor[0].name) return true;
  if (node->inputs != 1 || node->input[0] < 0 || node->input[0] >= lathe_graph_operators(graph))
    return broken(in, "has an operator that takes what does not come before it");
  if (!traits->width_free) node->width = lathe_graph_operator(graph, node->input[0])->width;
  for (int32_t k = 0; k < LATHE_OPERATOR_TENSORS && traits->tensor[k].name; k++) {
    char name[64];
    int64_t shape[2];
    lathe_tensor_view view;
    int32_t rank = lathe_operator_shape(graph, node, k, shape);
    tensor_name(name, sizeof name, index, &traits->tensor[k]);
    if (!lathe_tensor_file_get(in->file, name, traits->tensor[k].dtype, rank, &view, in->error)) return false;
    if (traits->tensor[k].shape == LATHE_SHAPE_FREE)
      node->size[k] = view.shape[0];
    else if (view.shape[0] != shape[0] || (rank == 2 && view.shape[1] != shape[1]))
      return broken(in, "has an array whose shape does not fit its operator");
    node->tensor[k] = view.data;
  }
  return true;
}

static bool read_operator(reading *in, lathe_graph *graph) {
  operator_read read = {.node = {.missing = -1}};
  bool fine = false;
  for (;;) {
    lathe_json_event event = lathe_json_next(in->json, in->error);
    if (event == LATHE_JSON_OBJECT_END) break;
    if (event != LATHE_JSON_KEY || !read_field(in, &read)) goto out;
  }
  if (!read.kind_known) {
    broken(in, "has an operator of no kind");
    goto out;
  }
  fine = read_tensors(in, graph, &read.node, lathe_graph_operators(graph)) &&
         lathe_graph_add(graph, &read.node, in->error) >= 0;
out:
  operator_read_free(&read);
  return fine;
}

static bool read_operators(reading *in, lathe_graph *graph) {
  if (!expect(in, LATHE_JSON_ARRAY, "has operators that are not a list")) return false;
  for (;;) {
    lathe_json_event event = lathe_json_next(in->json, in->error);
    if (event == LATHE_JSON_ARRAY_END) return true;
    if (event == LATHE_JSON_ERROR) return false;
    if (event != LATHE_JSON_OBJECT) return broken(in, "has an operator that is not an object");
    if (!read_operator(in, graph)) return false;
  }
}

static bool set_classes(reading *in, lathe_graph *graph, const operator_read *classes) {
  for (int32_t i = 0; i < classes->node.words; i++)
    if (strlen(classes->node.word[i].data) != classes->node.word[i].size)
      return broken(in, "has a class with a NUL in its name");
  return classes->node.words == 0 || lathe_graph_set_classes(graph, classes->node.type, classes->node.words,
                                                             classes->node.word, in->error);
}

/* (classes, classes) numbers. */
static bool read_costs(reading *in, double **costs, int64_t *count) {
  size_t capacity = 0;
  if (*costs || !expect(in, LATHE_JSON_ARRAY, "has costs that are not a list"))
    return *costs ? broken(in, "has costs twice") : false;
  for (*count = 0;; (*count)++) {
    lathe_json_event event = lathe_json_next(in->json, in->error);
    if (event == LATHE_JSON_ARRAY_END) return true;
    if (event == LATHE_JSON_ERROR) return false;
    if (event != LATHE_JSON_NUMBER && event != LATHE_JSON_INTEGER)
      return broken(in, "has a cost that is not a number");
    if ((size_t)*count == capacity) {
      capacity = capacity ? 2 * capacity : 16;
      if (!lathe_memory_resize((void **)costs, capacity, sizeof **costs, in->error)) return false;
    }
    (*costs)[*count] = lathe_json_number(in->json);
  }
}

static bool set_costs(reading *in, lathe_graph *graph, const double *costs, int64_t count) {
  int64_t classes = lathe_graph_classes(graph);
  if (!costs) return true;
  if (count != classes * classes) return broken(in, "has costs that do not fit its classes");
  return lathe_graph_set_costs(graph, costs, in->error);
}

/* Each is a column of the output. */
static bool set_targets(reading *in, lathe_graph *graph, const operator_read *targets) {
  int32_t count = targets->node.words;
  if (!targets->word) return true;
  const char **name = lathe_memory_raw((size_t)count + 1, sizeof *name, in->error);
  bool fine = name && ((count > 1 && count == lathe_graph_width(graph) && lathe_graph_classes(graph) == 0) ||
                       broken(in, "has targets that do not fit its output"));
  for (int32_t i = 0; fine && i < count; i++) {
    name[i] = targets->word[i].data;
    fine = strlen(name[i]) == targets->word[i].size || broken(in, "has a target with a NUL in its name");
  }
  fine = fine && lathe_graph_set_targets(graph, count, name, in->error);
  free(name);
  return fine;
}

static bool read_graph(reading *in, lathe_graph *graph) {
  char *output = NULL;
  double threshold = NAN, *costs = NULL;
  int64_t cost_count = 0;
  bool fine = false;
  operator_read classes = {.node = {.type = LATHE_TYPE_CATEGORY}}, targets = {0}; /* their words */
  if (!expect(in, LATHE_JSON_OBJECT, "is not an object")) return false;
  for (;;) {
    lathe_json_event event = lathe_json_next(in->json, in->error);
    if (event == LATHE_JSON_OBJECT_END) break;
    if (event != LATHE_JSON_KEY) goto out;
    lathe_text key = lathe_json_text(in->json);
    if (key.size == 6 && !memcmp(key.data, "output", 6)) {
      if (!read_name(in, &output)) goto out;
    } else if (key.size == 9 && !memcmp(key.data, "operators", 9)) {
      if (!read_operators(in, graph)) goto out;
    } else if (key.size == 10 && !memcmp(key.data, "class_type", 10)) {
      if (!read_type(in, &classes)) goto out;
    } else if (key.size == 7 && !memcmp(key.data, "classes", 7) && !classes.word) {
      if (!read_words(in, &classes)) goto out;
    } else if (key.size == 7 && !memcmp(key.data, "targets", 7) && !targets.word) {
      if (!read_words(in, &targets)) goto out;
    } else if (key.size == 5 && !memcmp(key.data, "costs", 5)) {
      if (!read_costs(in, &costs, &cost_count)) goto out;
    } else if (key.size == 9 && !memcmp(key.data, "threshold", 9)) {
      if (!expect(in, LATHE_JSON_NUMBER, "has a threshold that is not a number")) goto out;
      threshold = lathe_json_number(in->json);
    } else if (!lathe_json_skip(in->json, in->error))
      goto out;
  }
  if (!expect(in, LATHE_JSON_END, "has more behind it")) goto out;
  int32_t last = lathe_graph_operators(graph) - 1;
  if (!output || last < 0 ||
      lathe_operator_traits_of(lathe_graph_operator(graph, last)->kind)->gives != LATHE_VALUE_NUMBERS)
    broken(in, "has no output");
  else
    fine = lathe_graph_set_output_name(graph, output, in->error) && set_classes(in, graph, &classes) &&
           set_targets(in, graph, &targets) && lathe_graph_set_threshold(graph, threshold, in->error) &&
           set_costs(in, graph, costs, cost_count);
out:
  operator_read_free(&classes);
  operator_read_free(&targets);
  free(costs);
  free(output);
  return fine;
}

static bool equals(lathe_text text, const char *word) {
  return text.data && text.size == strlen(word) && !memcmp(text.data, word, text.size);
}

lathe_graph *lathe_bundle_graph(lathe_tensor_file *file, lathe_error *error) {
  const char *path = lathe_tensor_file_path(file);
  lathe_text text = lathe_tensor_file_metadata(file, "graph");
  if (!equals(lathe_tensor_file_metadata(file, "format"), bundle_format) || !text.data) {
    lathe_error_set(error, LATHE_ERROR_DATA, "%s: not a lathe bundle; make one with model:save(\"FILE\")",
                    path);
    return NULL;
  }
  if (!equals(lathe_tensor_file_metadata(file, "version"), bundle_version)) {
    lathe_error_set(error, LATHE_ERROR_DATA,
                    "%s: a bundle of another version than %s; make it anew, or use a newer lathe", path,
                    bundle_version);
    return NULL;
  }
  if (!lathe_tensor_file_check(file, error)) return NULL;
  reading in = {lathe_json_reader_new(text.data, text.size, path, error), file, error};
  lathe_graph *graph = in.json ? lathe_graph_new(error) : NULL;
  if (graph) {
    lathe_graph_set_file(graph, file);
    if (!read_graph(&in, graph)) {
      lathe_graph_release(graph);
      graph = NULL;
    }
  }
  lathe_json_reader_free(in.json);
  return graph;
}

lathe_graph *lathe_graph_open(const char *path, lathe_error *error) {
  lathe_tensor_file *file = lathe_tensor_file_open(path, error);
  if (!file) return NULL;
  lathe_graph *graph = lathe_bundle_graph(file, error);
  lathe_tensor_file_release(file);
  return graph;
}
