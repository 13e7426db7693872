/* narrow.c - raw columns of which nothing reaches the matrix, because a step left out all that was made of them, are left out of the graph:
 * nobody has to send them. Operators that work column by column lose those columns; what is left computes the same bits. */
#include <stdlib.h>
#include <string.h>

#include "../base/memory.h"
#include "own.h"

typedef struct {
  const lathe_table *table;
  lathe_graph *from, *to;
  int32_t count;   /* operators up to the matrix */
  int32_t *offset; /* (count + 1): where the columns of an operator begin in the next two */
  bool *needed;    /* (columns of all operators) */
  int32_t *place;  /* the same: where a needed column is in the new graph's operator */
  int32_t *index;  /* (count): the new operator, -1: none */
  lathe_error *error;
} narrowing;

static const lathe_operator *operator_of(const narrowing *n, int32_t i) {
  return lathe_graph_operator(n->from, i);
}

/* Whether each column of its value is made of the same column of its one input, and it can do without some. */
static bool by_column(const narrowing *n, int32_t i) {
  switch (operator_of(n, i)->kind) {
  case LATHE_OPERATOR_IMPUTE:
  case LATHE_OPERATOR_SCALE:
  case LATHE_OPERATOR_CLIP:
  case LATHE_OPERATOR_OUTSIDE:
  case LATHE_OPERATOR_ABSENT:
  case LATHE_OPERATOR_QUANTILE:
  case LATHE_OPERATOR_PROBIT:
  case LATHE_OPERATOR_YEO_JOHNSON:
  case LATHE_OPERATOR_BOX_COX:
    return true;
  default:
    return false;
  }
}

static int32_t count_needed(const narrowing *n, int32_t i) {
  int32_t sum = 0;
  for (int32_t c = n->offset[i]; c < n->offset[i + 1]; c++) sum += n->needed[c];
  return sum;
}

static void need_all(narrowing *n, int32_t i) {
  for (int32_t c = n->offset[i]; c < n->offset[i + 1]; c++) n->needed[c] = true;
}

/* What the needed columns of operator i are made of. */
static void need_inputs(narrowing *n, int32_t i) {
  const lathe_operator *node = operator_of(n, i);
  const bool *needed = n->needed + n->offset[i];
  if (node->kind == LATHE_OPERATOR_CONCAT) {
    for (int32_t k = 0, c = 0; k < node->inputs; k++)
      for (int32_t at = n->offset[node->input[k]]; at < n->offset[node->input[k] + 1]; at++)
        n->needed[at] |= needed[c++];
  } else if (by_column(n, i) || node->kind == LATHE_OPERATOR_SELECT || node->kind == LATHE_OPERATOR_PRODUCT) {
    const int32_t *places = by_column(n, i) ? NULL : node->tensor[0];
    int64_t terms = node->kind == LATHE_OPERATOR_PRODUCT ? node->size[0] / node->width : 1;
    for (int64_t k = 0; k < terms; k++)
      for (int32_t c = 0; c < node->width; c++)
        if (needed[c])
          n->needed[n->offset[node->input[0]] + (places ? places[k * node->width + c] : c)] = true;
  } else {
    need_all(n, i);
    for (int32_t k = 0; k < node->inputs; k++) need_all(n, node->input[k]);
  }
}

/* Whether a raw column is not needed at all. */
static bool find_needed(narrowing *n) {
  bool spare = false;
  need_all(n, n->count - 1);
  for (int32_t i = n->count - 1; i >= 0; i--) {
    if (count_needed(n, i) > 0) {
      if (lathe_graph_standing_in(n->from, i, n->table)) need_all(n, i);
      need_inputs(n, i);
    } else {
      spare |= operator_of(n, i)->inputs == 0;
    }
  }
  return spare;
}

/* The elements of an array of operator i that belong to needed columns; places of columns are those of the new input. Free it. */
static void *narrow_array(const narrowing *n, int32_t i, int32_t tensor, int64_t *size) {
  const lathe_operator *node = operator_of(n, i);
  const lathe_operator_tensor *traits = &lathe_operator_traits_of(node->kind)->tensor[tensor];
  size_t element = lathe_dtype_size(traits->dtype);
  bool free_shape = traits->shape == LATHE_SHAPE_FREE, places = traits->dtype == LATHE_DTYPE_I32;
  int64_t width = node->width, each = free_shape ? node->size[tensor] / width : 1;
  /* Quantiles stand column by column, factors of products term by term. */
  bool columns_first = node->kind == LATHE_OPERATOR_QUANTILE;
  char *kept = lathe_memory_raw((size_t)(width * each) * element, 1, n->error);
  const char *all = node->tensor[tensor];
  int64_t count = 0;
  for (int64_t k = 0; kept && k < (columns_first ? width : each); k++)
    for (int64_t m = 0; m < (columns_first ? each : width); m++) {
      int64_t column = columns_first ? k : m, at = k * (columns_first ? each : width) + m;
      if (!n->needed[n->offset[i] + column]) continue;
      memcpy(kept + (size_t)count * element, all + (size_t)at * element, element);
      if (places) {
        int32_t *place = (int32_t *)(void *)kept + count;
        *place = n->place[n->offset[node->input[0]] + *place];
      }
      count++;
    }
  *size = free_shape ? count : 0;
  return kept;
}

/* Operator i with its needed columns alone; the new one, -1 with an error. */
static int32_t add_narrowed(narrowing *n, int32_t i) {
  const lathe_operator *old = operator_of(n, i);
  const lathe_operator_traits *traits = lathe_operator_traits_of(old->kind);
  lathe_operator node = *old;
  void *arrays[LATHE_OPERATOR_TENSORS] = {0};
  int32_t *inputs = lathe_memory_raw((size_t)old->inputs, sizeof *inputs, n->error), added = -1;
  bool part = by_column(n, i) || old->kind == LATHE_OPERATOR_SELECT || old->kind == LATHE_OPERATOR_PRODUCT;
  bool fine = inputs != NULL;
  node.inputs = 0;
  for (int32_t k = 0; fine && k < old->inputs; k++)
    if (n->index[old->input[k]] >= 0) inputs[node.inputs++] = n->index[old->input[k]];
  node.input = inputs;
  node.width = count_needed(n, i);
  for (int32_t t = 0; fine && part && t < LATHE_OPERATOR_TENSORS && traits->tensor[t].name; t++)
    fine = (node.tensor[t] = arrays[t] = narrow_array(n, i, t, &node.size[t])) != NULL;
  if (fine) added = lathe_graph_add(n->to, &node, n->error);
  for (int32_t t = 0; t < LATHE_OPERATOR_TENSORS; t++) free(arrays[t]);
  free(inputs);
  return added;
}

static bool rebuild(narrowing *n) {
  for (int32_t i = 0; i < n->count; i++) {
    n->index[i] = -1;
    if (count_needed(n, i) == 0) continue;
    int32_t next = 0;
    for (int32_t c = n->offset[i]; c < n->offset[i + 1]; c++)
      if (n->needed[c]) n->place[c] = next++;
    n->index[i] = add_narrowed(n, i);
    if (n->index[i] < 0 || !lathe_graph_move_stand_in(n->to, n->index[i], n->from, i, n->error)) return false;
  }
  return true;
}

bool recipe_narrow(lathe_prepared *prepared, const lathe_table *table, lathe_error *error) {
  narrowing n = {.table = table, .from = prepared->graph, .count = prepared->matrix + 1, .error = error};
  n.offset = lathe_memory_new((size_t)n.count + 1, sizeof *n.offset, error);
  n.index = lathe_memory_new((size_t)n.count, sizeof *n.index, error);
  for (int32_t i = 0; n.offset && i < n.count; i++) n.offset[i + 1] = n.offset[i] + operator_of(&n, i)->width;
  size_t columns = n.offset ? (size_t)n.offset[n.count] : 0;
  n.needed = lathe_memory_new(columns, sizeof *n.needed, error);
  n.place = lathe_memory_new(columns, sizeof *n.place, error);
  bool fine = n.offset && n.index && n.needed && n.place;
  if (fine && find_needed(&n)) {
    n.to = lathe_graph_new(error);
    fine = n.to && lathe_graph_set_output_name(n.to, lathe_graph_output_name(n.from), error) && rebuild(&n);
    if (fine) {
      prepared->graph = n.to;
      prepared->matrix = n.index[n.count - 1];
    }
    lathe_graph_release(fine ? n.from : n.to);
  }
  free(n.offset);
  free(n.index);
  free(n.needed);
  free(n.place);
  return fine;
}
