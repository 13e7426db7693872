/* bin.c - the step that makes bins of numbers. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../base/memory.h"
#include "own.h"

enum { BINS, METHOD, OUTPUT };
enum { BY_QUANTILE, UNIFORM, K_MEANS };
enum { ORDINAL, ONE_HOT };

static const lathe_step_option options[] = {
    {"bins", LATHE_OPTION_INTEGER, NULL, 5, 2, 10000, "how many"},
    {"method", LATHE_OPTION_CHOICE, "quantile|uniform|k-means", 0, 0, 0,
     "as many rows in each; as wide as each other; around centres of k-means"},
    {"output", LATHE_OPTION_CHOICE, "ordinal|one-hot", 0, 0, 0,
     "the number of the bin from 0 on, or columns of 0 and 1"},
};

/* Quantiles nearer than this make one bin, as scikit-learn has it. */
#define LEAST_WIDTH 1e-8

static int64_t quantile_edges(const double *x, int64_t count, int32_t bins, double *edge) {
  int64_t edges = 0;
  for (int32_t i = 0; i <= bins; i++) {
    double percent = i < bins ? i * (100.0 / bins) : 100; /* as NumPy rounds it */
    double next = recipe_quantile_sorted(x, count, percent / 100);
    if (edges == 0 || next - edge[edges - 1] > LEAST_WIDTH) edge[edges++] = next;
  }
  return edges;
}

static int64_t uniform_edges(const double *x, int64_t count, int32_t bins, double *edge) {
  double low = x[0], high = x[count - 1], step = (high - low) / bins;
  for (int32_t i = 0; i < bins; i++) edge[i] = low + i * step;
  edge[bins] = high;
  return bins + 1;
}

/* ---- k-means of one column: Lloyd 1982, on sorted values, whose clusters are runs ---- */

typedef struct {
  const double *x; /* ascending */
  int64_t count;
  int32_t clusters;
  double *centre; /* ascending */
  int64_t *begin; /* (clusters + 1) of the runs */
} lloyd;

/* The run of each centre: values are nearest to it, the lower of two. True when nothing moved. */
static bool assign(lloyd *state) {
  bool same = true;
  for (int32_t k = 1; k < state->clusters; k++) {
    double border = (state->centre[k - 1] + state->centre[k]) / 2;
    int64_t low = 0, high = state->count;
    while (low < high) {
      int64_t middle = low + (high - low) / 2;
      if (state->x[middle] <= border)
        low = middle + 1;
      else
        high = middle;
    }
    same = same && state->begin[k] == low;
    state->begin[k] = low;
  }
  return same;
}

/* An empty cluster takes the value that is farthest from the centre of its own, which loses it. */
static void fill_empty(const lloyd *state, double *sum, int64_t *size) {
  int64_t taken_low = 0, taken_high = 0;
  for (int32_t k = 0; k < state->clusters; k++) {
    if (size[k] > 0) continue;
    double far = -1;
    int64_t which = 0;
    int32_t from = 0;
    for (int32_t j = 0; j < state->clusters; j++) {
      int64_t ends[] = {state->begin[j] + (j == 0 ? taken_low : 0),
                        state->begin[j + 1] - 1 - (j == state->clusters - 1 ? taken_high : 0)};
      for (int e = 0; e < 2 && size[j] > 1; e++) {
        double distance = fabs(state->x[ends[e]] - state->centre[j]);
        if (distance > far) far = distance, which = ends[e], from = j;
      }
    }
    if (far < 0) continue;
    taken_low += from == 0 && which == state->begin[0] + taken_low;
    taken_high += from == state->clusters - 1 && which == state->count - 1 - taken_high;
    sum[from] -= state->x[which];
    size[from]--;
    sum[k] = state->x[which];
    size[k] = 1;
  }
}

/* Centres become the means of their runs; the sum of the squared ways they went. */
static double move(lloyd *state, double *sum, int64_t *size) {
  double way = 0;
  for (int32_t k = 0; k < state->clusters; k++) {
    sum[k] = 0;
    size[k] = state->begin[k + 1] - state->begin[k];
    for (int64_t i = state->begin[k]; i < state->begin[k + 1]; i++) sum[k] += state->x[i];
  }
  fill_empty(state, sum, size);
  for (int32_t k = 0; k < state->clusters; k++) {
    double centre = size[k] > 0 ? sum[k] / (double)size[k] : state->centre[k];
    way += (centre - state->centre[k]) * (centre - state->centre[k]);
    state->centre[k] = centre;
  }
  recipe_sort(state->centre, state->clusters);
  return way;
}

/* From centres in the middle of bins of one width; until nothing moves, or moves less than 1e-4 of the variance, or 300 times. */
static int64_t k_means_edges(const double *x, int64_t count, int32_t bins, double *edge, lathe_error *error) {
  lloyd state = {x, count, bins, lathe_memory_raw((size_t)bins, sizeof(double), error),
                 lathe_memory_new((size_t)bins + 1, sizeof(int64_t), error)};
  double *sum = lathe_memory_raw((size_t)bins, sizeof *sum, error), mean = 0, variance = 0;
  int64_t *size = lathe_memory_raw((size_t)bins, sizeof *size, error), edges = -1;
  if (!state.centre || !state.begin || !sum || !size) goto out;
  uniform_edges(x, count, bins, edge);
  for (int32_t k = 0; k < bins; k++) state.centre[k] = (edge[k] + edge[k + 1]) * 0.5;
  for (int64_t i = 0; i < count; i++) mean += x[i] / (double)count;
  for (int64_t i = 0; i < count; i++) variance += (x[i] - mean) * (x[i] - mean) / (double)count;
  state.begin[bins] = count;
  for (int k = 0; k < 300; k++) {
    bool same = assign(&state);
    double way = move(&state, sum, size);
    if ((same && k > 0) || way <= 1e-4 * variance) break;
  }
  for (int32_t k = 1; k < bins; k++) edge[k] = (state.centre[k - 1] + state.centre[k]) * 0.5;
  edge[0] = x[0];
  edge[bins] = x[count - 1];
  edges = 1;
  for (int32_t k = 1; k <= bins; k++)
    if (edge[k] > edge[edges - 1]) edge[edges++] = edge[k];
out:
  free(state.centre);
  free(state.begin);
  free(sum);
  free(size);
  return edges;
}

/* ---- the step ---- */

typedef struct {
  int method;
  int32_t bins;
  double *edge;   /* (columns, bins + 1) */
  int64_t *edges; /* how many there are of each */
} edges_work;

static bool edges_column(void *context, int32_t c, double *x, int64_t count, lathe_error *error) {
  const edges_work *work = context;
  double *edge = work->edge + c * (work->bins + 1);
  recipe_sort(x, count);
  work->edges[c] = work->method == BY_QUANTILE ? quantile_edges(x, count, work->bins, edge)
                   : work->method == UNIFORM   ? uniform_edges(x, count, work->bins, edge)
                                               : k_means_edges(x, count, work->bins, edge, error);
  return work->edges[c] >= 0;
}

static bool tell(fitting *state, const char *name, const double *edge, int64_t inner) {
  lathe_buffer words = {0};
  bool fine = true;
  for (int64_t i = 0; fine && i < inner && i < 20; i++)
    fine = lathe_buffer_format(&words, state->error, "%s%.6g", i > 0 ? ", " : "", edge[i]);
  fine = fine && recipe_learned(state, name, "%lld bins, cut at %s%s", (long long)inner + 1, words.data,
                                inner > 20 ? ", ..." : "");
  lathe_buffer_free(&words);
  return fine;
}

/* The operators of one column, cut at `inner` edges. */
static bool bin_column(fitting *state, const recipe_step *step, int32_t index, const double *edge,
                       int64_t inner) {
  int32_t code = recipe_gather(state, &index, 1), bins = (int32_t)inner + 1;
  lathe_operator bin = {.kind = LATHE_OPERATOR_BIN, .length = (int32_t)inner, .tensor = {edge}};
  if (code < 0 || (code = recipe_add(state, &bin, code)) < 0 ||
      !tell(state, state->columns[index].name, edge, inner))
    return false;
  if (step->value[OUTPUT].number == ONE_HOT) {
    lathe_operator hot = {.kind = LATHE_OPERATOR_ONE_HOT};
    int32_t value = recipe_add(state, &hot, code);
    bool fine = value >= 0;
    for (int32_t k = 0; fine && k < bins; k++)
      fine = recipe_append_named(state, ROLE_FLAG, value, k, "%s=bin %d", state->columns[index].name, (int)k);
    return fine;
  }
  double *number = lathe_memory_raw((size_t)bins + 2, sizeof *number, state->error);
  for (int32_t k = 0; number && k < bins + 2; k++) number[k] = k < bins ? (double)k : (double)NAN;
  lathe_operator lookup = {.kind = LATHE_OPERATOR_LOOKUP, .width = 1, .tensor = {number}};
  int32_t value = number ? recipe_add(state, &lookup, code) : -1;
  if (value >= 0) recipe_replace(state, &index, 1, value);
  free(number);
  return value >= 0;
}

static bool bin_all(fitting *state, const recipe_step *step, const int32_t *chosen, int32_t count) {
  int32_t bins = (int32_t)step->value[BINS].number, before = state->count,
          value = recipe_gather(state, chosen, count);
  lathe_facts *facts = value >= 0 ? recipe_facts(state, value, chosen) : NULL;
  edges_work work = {(int)step->value[METHOD].number, bins,
                     lathe_memory_raw((size_t)count * ((size_t)bins + 1), sizeof(double), state->error),
                     lathe_memory_new((size_t)count, sizeof(int64_t), state->error)};
  bool fine = facts && work.edge && work.edges && recipe_each_column(state, value, edges_column, &work),
       *gone = NULL;
  for (int32_t c = 0; fine && c < count; c++) {
    int64_t inner = facts[c].least < facts[c].most ? work.edges[c] - 2 : 0;
    const char *name = state->columns[chosen[c]].name;
    if (inner < 1) {
      work.edges[c] = 0;
      fine =
          NOTE(state, "\"%s\" has too few different values to be cut into bins; it is left as it is", name);
      continue;
    }
    if (inner + 1 < bins)
      fine =
          NOTE(state, "\"%s\" is cut into %lld bins, for others would be empty", name, (long long)inner + 1);
    fine = fine && bin_column(state, step, chosen[c], work.edge + c * (bins + 1) + 1, inner);
  }
  fine = fine && (gone = lathe_memory_new((size_t)state->count, sizeof *gone, state->error)) != NULL;
  for (int32_t c = 0; fine && c < count && step->value[OUTPUT].number == ONE_HOT; c++)
    gone[chosen[c]] = work.edges[c] > 0 && chosen[c] < before;
  if (fine) recipe_remove(state, gone);
  free(facts);
  free(work.edge);
  free(work.edges);
  free(gone);
  return fine;
}

static bool fit(fitting *state, const recipe_step *step) {
  int32_t count;
  int32_t *chosen = recipe_choose(state, step, 1u << ROLE_NUMBER, 1u << ROLE_NUMBER, &count);
  bool fine = chosen && (count == 0 || bin_all(state, step, chosen, count));
  free(chosen);
  return fine;
}

const recipe_kind recipe_bin = {
    "bin", "Make bins of numbers.", options, sizeof options / sizeof *options, NULL, fit};
