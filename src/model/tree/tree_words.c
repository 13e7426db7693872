/* tree_words.c - a tree as a table that people read. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../../base/memory.h"
#include "../training.h"
#include "tree.h"

enum { MOST_NODES = 1000, MOST_CATEGORIES = 6 };

typedef struct {
  const lathe_prepared *prepared;
  const lathe_tree *tree;
  const lathe_tree_data *data;
  int32_t count;
  int64_t *node, *parent, *rows;
  double *impurity, *value;
  lathe_text *rule, *label;
  char **text; /* (count) of the rules */
} describing;

/* The operator of codes that feature `place` of the matrix is made of, or NULL. */
static const lathe_operator *vocabulary(const lathe_graph *graph, int32_t value, int32_t place) {
  for (;;) {
    const lathe_operator *node = lathe_graph_operator(graph, value);
    switch (node->kind) {
    case LATHE_OPERATOR_CONCAT:
      for (int32_t i = 0; i < node->inputs; i++) {
        int32_t width = lathe_graph_operator(graph, node->input[i])->width;
        value = node->input[i];
        if (place < width) break;
        place -= width;
      }
      break;
    case LATHE_OPERATOR_SELECT:
      place = ((const int32_t *)node->tensor[0])[place];
      value = node->input[0];
      break;
    case LATHE_OPERATOR_LOOKUP:
      value = node->input[0];
      break;
    case LATHE_OPERATOR_CODE:
      return node;
    default:
      return NULL;
    }
  }
}

/* "INLAND, ISLAND and 3 more": the categories whose bit in the set is `wanted`. */
static bool write_set(const lathe_operator *words, const int32_t *set, int32_t categories, bool wanted,
                      lathe_buffer *out, lathe_error *error) {
  int32_t said = 0, more = 0;
  bool fine = true;
  for (int32_t k = 0; fine && k < categories; k++) {
    if (lathe_trees_has(set, k) != wanted) continue;
    if (said == MOST_CATEGORIES) {
      more++;
      continue;
    }
    fine = lathe_buffer_text(out, said++ ? ", " : " ", error);
    if (words && k < words->words)
      fine = fine && lathe_buffer_append(out, words->word[k].data, words->word[k].size, error);
    else
      fine = fine && lathe_buffer_format(out, error, "%d", k);
  }
  return fine && (more == 0 || lathe_buffer_format(out, error, " and %d more", more));
}

/* What a child's rows have in common. */
static bool write_rule(const describing *state, const lathe_tree_node *parent, bool left, lathe_buffer *out,
                       lathe_error *error) {
  const lathe_prepared *prepared = state->prepared;
  int32_t feature = parent->feature, categories = state->data->categories[feature], in = 0;
  bool fine = lathe_buffer_text(out, prepared->features.name[feature], error);
  if (parent->set < 0) {
    fine = fine && (isinf(parent->threshold)
                        ? lathe_buffer_text(out, left ? " is known" : " is missing", error)
                        : lathe_buffer_format(out, error, left ? " <= %.6g" : " > %.6g", parent->threshold));
  } else {
    const int32_t *set = state->tree->set + parent->set;
    for (int32_t k = 0; k < categories; k++) in += lathe_trees_has(set, k);
    bool few = 2 * in <= categories;
    fine =
        fine && lathe_buffer_text(out, few == left ? " is" : " is not", error) &&
        write_set(vocabulary(prepared->graph, prepared->matrix, feature), set, categories, few, out, error);
  }
  if (fine && state->data->gaps[feature] && !isinf(parent->threshold) && parent->missing_left == left)
    fine = lathe_buffer_text(out, " or missing", error);
  return fine;
}

static bool describe_node(describing *state, int32_t index, int32_t at, int64_t parent, double *share,
                          lathe_error *error) {
  const lathe_tree *tree = state->tree;
  const lathe_tree_node *node = &tree->node[index];
  lathe_buffer rule = {0};
  bool fine = node->parent < 0 ? lathe_buffer_text(&rule, "all rows", error)
                               : write_rule(state, &tree->node[node->parent],
                                            tree->node[node->parent].left == index, &rule, error);
  state->text[at] = rule.data;
  state->rule[at] = (lathe_text){rule.data, rule.size};
  state->node[at] = at;
  state->parent[at] = parent;
  state->rows[at] = node->end - node->begin;
  state->impurity[at] = node->impurity;
  if (!fine) return false;
  lathe_tree_value(tree, state->data, index, share);
  int32_t best = 0;
  for (int32_t k = 1; k < state->data->classes; k++)
    if (share[k] > share[best]) best = k;
  state->value[at] = share[best];
  if (state->data->classes > 0) {
    const char *name = lathe_graph_class(state->prepared->graph, best);
    state->label[at] = (lathe_text){name, strlen(name)};
  }
  return true;
}

static bool keep(const describing *state, lathe_model *model, lathe_error *error) {
  int64_t count = state->count;
  bool classes = state->data->classes > 0;
  lathe_column *columns[] = {
      lathe_column_from_int64(state->node, count, error),
      lathe_column_from_int64(state->parent, count, error),
      lathe_column_from_text(state->rule, count, error),
      lathe_column_from_int64(state->rows, count, error),
      lathe_column_from_float64(state->impurity, count, error),
      classes ? lathe_column_from_text(state->label, count, error)
              : lathe_column_from_float64(state->value, count, error),
      classes ? lathe_column_from_float64(state->value, count, error) : NULL,
  };
  return lathe_model_set_columns(
      model, "tree", 6 + classes,
      (const char *const[]){"node", "parent", "rule", "rows", "impurity", "prediction", "share"}, columns,
      error);
}

bool lathe_tree_describe(lathe_training *training, const lathe_tree *tree, const lathe_tree_data *data,
                         double alpha, lathe_error *error) {
  size_t most = tree->count < MOST_NODES ? (size_t)tree->count : MOST_NODES;
  describing state = {.prepared = &training->prepared, .tree = tree, .data = data};
  int64_t *place = lathe_memory_raw((size_t)tree->count, sizeof *place, error);
  double *share = lathe_memory_raw((size_t)data->classes + 1, sizeof *share, error);
  state.node = lathe_memory_raw(most, sizeof *state.node, error);
  state.parent = lathe_memory_raw(most, sizeof *state.parent, error);
  state.rows = lathe_memory_raw(most, sizeof *state.rows, error);
  state.impurity = lathe_memory_raw(most, sizeof *state.impurity, error);
  state.value = lathe_memory_raw(most, sizeof *state.value, error);
  state.rule = lathe_memory_raw(most, sizeof *state.rule, error);
  state.label = lathe_memory_raw(most, sizeof *state.label, error);
  state.text = lathe_memory_new(most, sizeof *state.text, error);
  bool fine = place && share && state.node && state.parent && state.rows && state.impurity && state.value &&
              state.rule && state.label && state.text;
  for (int32_t i = 0; fine && i < tree->count && (size_t)state.count < most; i++) {
    int32_t parent = tree->node[i].parent;
    place[i] = -1;
    if (parent >= 0 && (place[parent] < 0 || lathe_tree_leaf(&tree->node[parent], alpha))) continue;
    place[i] = state.count++;
    fine = describe_node(&state, i, (int32_t)place[i], parent < 0 ? -1 : place[parent], share, error);
  }
  fine = fine && keep(&state, training->model, error);
  for (size_t i = 0; state.text && i < most; i++) free(state.text[i]);
  free(state.text);
  free(state.node);
  free(state.parent);
  free(state.rows);
  free(state.impurity);
  free(state.value);
  free(state.rule);
  free(state.label);
  free(place);
  free(share);
  return fine;
}
