/* run.c - the executor. */
#include "run.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "../base/memory.h"
#include "../base/pool.h"

struct lathe_run {
  const lathe_graph *graph;
  int32_t value;
  int32_t count;               /* operators up to `value` */
  bool *needed;                /* of them, those that `value` depends on */
  const lathe_column **column; /* of raw columns */
  int32_t **codes;             /* of code operators, for each dictionary entry */
  size_t *offset;              /* of each value in the scratch memory */
  size_t scratch;              /* its bytes */
  const double **stand;        /* what stands in for a value, or NULL: (width, rows) of the table */
  int64_t rows;
  int32_t *origin;                    /* of each operator: the input whose raw values it sees, -1: none */
  _Atomic int64_t (*odd)[LATHE_ODDS]; /* of each input; NULL: nobody asks */
};

void lathe_run_free(lathe_run *run) {
  if (!run) return;
  for (int32_t i = 0; run->codes && i < run->count; i++) free(run->codes[i]);
  free(run->needed);
  free(run->column);
  free(run->codes);
  free(run->offset);
  free(run->stand);
  free(run->origin);
  free(run->odd);
  free(run);
}

const lathe_column *lathe_run_column(const lathe_run *run, int32_t index) {
  return run->column[index];
}
const int32_t *lathe_run_codes(const lathe_run *run, int32_t index) {
  return run->codes[index];
}
const lathe_graph *lathe_run_graph(const lathe_run *run) {
  return run->graph;
}

bool lathe_run_counts(const lathe_run *run) {
  return run->odd != NULL;
}

void lathe_run_count(const lathe_run *run, int32_t index, lathe_odd what, int64_t count) {
  if (run->odd && count > 0 && run->origin[index] >= 0)
    atomic_fetch_add_explicit(&run->odd[run->origin[index]][what], count, memory_order_relaxed);
}

const double *lathe_run_whole(const lathe_run *run, int32_t column) {
  int32_t index = run->value;
  const lathe_operator *node = lathe_graph_operator(run->graph, index);
  while (node->kind == LATHE_OPERATOR_CONCAT) {
    int32_t at = 0, width = 0;
    while (column >= (width = lathe_graph_operator(run->graph, node->input[at])->width))
      column -= width, at++;
    index = node->input[at];
    node = lathe_graph_operator(run->graph, index);
  }
  const lathe_column *raw = node->kind == LATHE_OPERATOR_NUMBER ? run->column[index] : NULL;
  return raw && lathe_column_type(raw) == LATHE_TYPE_FLOAT64 && !lathe_column_validity(raw)
             ? lathe_column_values(raw)
             : NULL;
}

/* Find the column of a raw-column operator. One without any value does for numbers and texts alike. */
static bool bind_column(lathe_run *run, int32_t index, const lathe_table *table, lathe_error *error) {
  const lathe_operator *node = lathe_graph_operator(run->graph, index);
  int32_t place = lathe_table_find(table, node->name);
  if (place < 0)
    return lathe_error_set(
        error, LATHE_ERROR_DATA,
        "the model takes a column \"%s\" (%s), and the table has none; add it, or rename the one "
        "that holds it",
        node->name, lathe_type_name(node->type));
  const lathe_column *column = lathe_table_column(table, place);
  lathe_type type = lathe_column_type(column);
  bool text = type == LATHE_TYPE_STRING || type == LATHE_TYPE_CATEGORY;
  bool empty = lathe_column_missing(column) == lathe_column_rows(column);
  if (text != (node->kind == LATHE_OPERATOR_TEXT) && !empty)
    return lathe_error_set(error, LATHE_ERROR_DATA,
                           "column \"%s\" is %s, but the model was trained on %s there; read it with types = "
                           "{ [\"%s\"] = \"%s\" }",
                           node->name, lathe_type_name(type), lathe_type_name(node->type), node->name,
                           lathe_type_name(node->type));
  bool dated = node->type == LATHE_TYPE_DATE || node->type == LATHE_TYPE_TIMESTAMP;
  if (type != node->type && !empty && (dated || type == LATHE_TYPE_DATE || type == LATHE_TYPE_TIMESTAMP))
    return lathe_error_set(
        error, LATHE_ERROR_DATA,
        "column \"%s\" is %s, but the model was trained on %s there, and one is not counted "
        "as the other; read it with types = { [\"%s\"] = \"%s\" }",
        node->name, lathe_type_name(type), lathe_type_name(node->type), node->name,
        lathe_type_name(node->type));
  run->column[index] = column;
  return true;
}

/* The code of each dictionary entry, when the dictionary is not larger than the work it saves. */
static bool bind_codes(lathe_run *run, int32_t index, lathe_error *error) {
  const lathe_operator *node = lathe_graph_operator(run->graph, index);
  const lathe_column *column = run->column[node->input[0]];
  if (lathe_column_type(column) != LATHE_TYPE_CATEGORY) return true;
  const lathe_column *dictionary = lathe_column_dictionary(column);
  int64_t entries = lathe_column_rows(dictionary);
  if (entries > lathe_column_rows(column)) return true;
  run->codes[index] = lathe_memory_raw((size_t)entries, sizeof(int32_t), error);
  if (!run->codes[index]) return false;
  for (int64_t i = 0; i < entries; i++)
    run->codes[index][i] = lathe_operator_find(node, lathe_column_text(dictionary, i));
  return true;
}

static void mark_needed(lathe_run *run) {
  run->needed[run->value] = true;
  for (int32_t i = run->value; i >= 0; i--) {
    const lathe_operator *node = lathe_graph_operator(run->graph, i);
    bool computed = run->needed[i] && !run->stand[i];
    for (int32_t k = 0; computed && k < node->inputs; k++) run->needed[node->input[k]] = true;
  }
}

lathe_run *lathe_run_new(const lathe_graph *graph, int32_t value, const lathe_table *table,
                         lathe_error *error) {
  if (value < 0 || value >= lathe_graph_operators(graph) ||
      lathe_operator_traits_of(lathe_graph_operator(graph, value)->kind)->gives != LATHE_VALUE_NUMBERS) {
    lathe_error_set(error, LATHE_ERROR_ARGUMENT,
                    "the graph has no numbers to give; end it with an operator that makes some");
    return NULL;
  }
  lathe_run *run = lathe_memory_new(1, sizeof *run, error);
  if (!run) return NULL;
  size_t count = (size_t)value + 1;
  run->graph = graph;
  run->value = value;
  run->count = value + 1;
  run->needed = lathe_memory_new(count, sizeof *run->needed, error);
  run->column = lathe_memory_new(count, sizeof *run->column, error);
  run->codes = lathe_memory_new(count, sizeof *run->codes, error);
  run->offset = lathe_memory_new(count, sizeof *run->offset, error);
  run->stand = lathe_memory_new(count, sizeof *run->stand, error);
  run->rows = lathe_table_rows(table);
  if (!run->needed || !run->column || !run->codes || !run->offset || !run->stand) goto failed;
  for (int32_t i = 0; i < run->count; i++) run->stand[i] = lathe_graph_standing_in(graph, i, table);
  mark_needed(run);
  for (int32_t i = 0; i < run->count; i++) {
    if (!run->needed[i]) continue;
    const lathe_operator *node = lathe_graph_operator(graph, i);
    lathe_value_kind gives = lathe_operator_traits_of(node->kind)->gives;
    run->offset[i] = run->scratch;
    if (gives != LATHE_VALUE_TEXT) run->scratch += (size_t)node->width * LATHE_RUN_ROWS * sizeof(double);
    if (node->inputs == 0 && !bind_column(run, i, table, error)) goto failed;
    if (node->kind == LATHE_OPERATOR_CODE && !bind_codes(run, i, error)) goto failed;
  }
  return run;
failed:
  lathe_run_free(run);
  return NULL;
}

/* Copy the rows of a block from what stands in for a value. */
static void take_stand_in(const lathe_run *run, const lathe_block *block, int32_t index, int32_t width) {
  for (int32_t c = 0; c < width; c++)
    memcpy((double *)block->value[index] + (size_t)c * LATHE_RUN_ROWS,
           run->stand[index] + c * run->rows + block->begin, (size_t)block->rows * sizeof(double));
}

static void put(const double *value, int32_t rows, int32_t width, double *out, int64_t row_step,
                int64_t column_step) {
  for (int32_t c = 0; c < width; c++) {
    const double *from = value + (size_t)c * LATHE_RUN_ROWS;
    double *to = out + c * column_step;
    if (row_step == 1)
      memcpy(to, from, (size_t)rows * sizeof *to);
    else
      for (int32_t r = 0; r < rows; r++) to[r * row_step] = from[r];
  }
}

bool lathe_run_block(const lathe_run *run, int64_t begin, int64_t rows, double *out, int64_t row_step,
                     int64_t column_step, lathe_error *error) {
  bool fine = false;
  char *scratch = lathe_memory_raw(run->scratch, 1, error);
  void **value = lathe_memory_raw((size_t)run->count, sizeof *value, error);
  if (!scratch || !value) goto out;
  for (int32_t i = 0; i < run->count; i++) value[i] = scratch + run->offset[i];
  int32_t width = lathe_graph_operator(run->graph, run->value)->width;
  for (int64_t done = 0; done < rows; done += LATHE_RUN_ROWS) {
    int64_t left = rows - done;
    lathe_block block = {run, begin + done, left < LATHE_RUN_ROWS ? (int32_t)left : LATHE_RUN_ROWS, value};
    for (int32_t i = 0; i < run->count; i++) {
      if (!run->needed[i]) continue;
      const lathe_operator *node = lathe_graph_operator(run->graph, i);
      const lathe_operator_traits *traits = lathe_operator_traits_of(node->kind);
      if (run->stand[i])
        take_stand_in(run, &block, i, node->width);
      else if (traits->run && !traits->run(node, &block, i, error))
        goto out;
    }
    put(value[run->value], block.rows, width, out + done * row_step, row_step, column_step);
  }
  fine = true;
out:
  free(scratch);
  free(value);
  return fine;
}

typedef struct {
  const lathe_run *run;
  int64_t rows;
  int32_t width;
  double *out;
} predict_work;

static bool predict_chunk(void *context, int64_t chunk, lathe_error *error) {
  const predict_work *work = context;
  int64_t begin = chunk * LATHE_RUN_CHUNK;
  int64_t rows = work->rows - begin < LATHE_RUN_CHUNK ? work->rows - begin : LATHE_RUN_CHUNK;
  return lathe_run_block(work->run, begin, rows, work->out + begin * work->width, work->width, 1, error);
}

static int32_t input_named(const lathe_graph *graph, const char *name) {
  for (int32_t i = 0; i < lathe_graph_inputs(graph); i++)
    if (!strcmp(lathe_graph_input_name(graph, i), name)) return i;
  return -1;
}

/* Which input the odd values that an operator sees are of: its own, that of the text it takes, or that of its name. */
bool lathe_run_begin_counting(lathe_run *run, lathe_error *error) {
  int32_t inputs = lathe_graph_inputs(run->graph);
  run->origin = lathe_memory_new((size_t)run->count, sizeof *run->origin, error);
  run->odd = lathe_memory_new((size_t)inputs, sizeof *run->odd, error);
  if (!run->origin || !run->odd) return false;
  for (int32_t i = 0; i < run->count; i++) {
    const lathe_operator *node = lathe_graph_operator(run->graph, i);
    bool of_text = lathe_operator_traits_of(node->kind)->takes == LATHE_VALUE_TEXT;
    const char *name = of_text ? lathe_graph_operator(run->graph, node->input[0])->name : node->name;
    run->origin[i] = name ? input_named(run->graph, name) : -1;
  }
  return true;
}

void lathe_run_counted(const lathe_run *run, lathe_odd_values *odd) {
  for (int32_t i = 0; odd && i < lathe_graph_inputs(run->graph); i++) {
    odd[i].missing += run->odd[i][LATHE_ODD_MISSING];
    odd[i].infinite += run->odd[i][LATHE_ODD_INFINITE];
    odd[i].unknown += run->odd[i][LATHE_ODD_UNKNOWN];
  }
}

bool lathe_graph_run(const lathe_graph *graph, const lathe_table *table, double *out,
                     lathe_progress *progress, lathe_error *error) {
  return lathe_graph_run_counted(graph, table, out, NULL, progress, error);
}

bool lathe_graph_run_counted(const lathe_graph *graph, const lathe_table *table, double *out,
                             lathe_odd_values *odd, lathe_progress *progress, lathe_error *error) {
  lathe_run *run = lathe_run_new(graph, lathe_graph_operators(graph) - 1, table, error);
  if (!run) return false;
  if (odd && !lathe_run_begin_counting(run, error)) {
    lathe_run_free(run);
    return false;
  }
  int64_t rows = lathe_table_rows(table);
  predict_work work = {run, rows, lathe_graph_width(graph), out};
  bool fine =
      lathe_pool_run((rows + LATHE_RUN_CHUNK - 1) / LATHE_RUN_CHUNK, predict_chunk, &work, progress, error);
  lathe_run_counted(run, odd);
  lathe_run_free(run);
  return fine;
}
