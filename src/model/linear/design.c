/* design.c - see design.h. */
#include "design.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../../base/clones.h"
#include "../../base/memory.h"
#include "../training.h"

/* How many rows are looked at for a guess: so many blocks, evenly apart. */
enum { GUESS_BLOCKS = 32, GUESS_ROWS = 64 };

bool lathe_design_open(lathe_design *design, const lathe_graph *graph, int32_t matrix,
                       const lathe_table *table, const double *target, const double *weights, bool intercept,
                       lathe_progress *progress, lathe_error *error) {
  int64_t rows = lathe_table_rows(table);
  *design = (lathe_design){
      .target = target, .weights = weights, .rows = rows, .intercept = intercept, .progress = progress};
  design->width = lathe_graph_operator(graph, matrix)->width;
  design->columns = design->width + intercept;
  design->size = design->columns + 1;
  design->counted = weights ? 0 : rows;
  design->weight = weights ? 0 : (double)rows;
  for (int64_t r = 0; weights && r < rows; r++) {
    if (weights[r] == 0) continue;
    design->counted++;
    design->weight += weights[r];
    design->log_weight += log(weights[r]);
  }
  design->mean = lathe_memory_new((size_t)design->width + 1, sizeof *design->mean, error);
  design->unit = lathe_memory_new((size_t)design->width + 1, sizeof *design->unit, error);
  design->run = lathe_run_new(graph, matrix, table, error);
  design->whole = lathe_memory_new((size_t)design->width + 1, sizeof *design->whole, error);
  bool fine = design->mean && design->unit && design->run && design->whole, whole = fine;
  for (int32_t j = 0; whole && j < design->width; j++)
    whole = (design->whole[j] = lathe_run_whole(design->run, j));
  if (fine && !whole) design->whole[0] = NULL;
  return fine;
}

void lathe_design_free(lathe_design *design) {
  lathe_run_free(design->run);
  free(design->mean);
  free(design->unit);
  free(design->whole);
  *design = (lathe_design){0};
}

/* A centre near the mean, with few digits: what is subtracted from round numbers, which most tables hold, leaves no rounding. */
static double round_centre(double mean, double unit) {
  double step = unit / 8, steps = rint(mean / step);
  return fabs(steps) < 0x1p52 ? steps * step : mean;
}

/* The centre and unit of one column by some of its values. */
static bool guess_column(const double *x, int64_t count, bool centred, double *mean, double *unit) {
  double sum = 0, squares = 0;
  for (int64_t r = 0; r < count; r++) sum += x[r];
  *mean = centred ? sum / (double)count : 0;
  for (int64_t r = 0; r < count; r++) squares += (x[r] - *mean) * (x[r] - *mean);
  *unit = lathe_training_unit(sqrt(squares / (double)count));
  *mean = round_centre(*mean, *unit);
  return isfinite(squares);
}

bool lathe_design_guess(lathe_design *design) {
  int64_t most = GUESS_BLOCKS * GUESS_ROWS, count = design->rows < most ? design->rows : most,
          columns = design->width + 1;
  double *x = lathe_memory_raw((size_t)(count * columns), sizeof *x, NULL);
  bool fine = x;
  for (int64_t done = 0; fine && done < count; done += GUESS_ROWS) {
    int64_t rows = count - done < GUESS_ROWS ? count - done : GUESS_ROWS;
    int64_t begin =
        design->rows <= most ? done : (design->rows - rows) / (GUESS_BLOCKS - 1) * (done / GUESS_ROWS);
    fine = lathe_run_block(design->run, begin, rows, x + done, 1, count, NULL);
    memcpy(x + design->width * count + done, design->target + begin, (size_t)rows * sizeof *x);
  }
  for (int32_t j = 0; fine && j < columns; j++)
    fine = guess_column(x + j * count, count, design->intercept, &design->mean[j], &design->unit[j]);
  free(x);
  return fine;
}

/* The target's; then all centres are rounded. */
static bool measure_target(lathe_design *design, lathe_error *error) {
  double sum = 0, squares = 0, weight = 0, correction = 0;
  bool differs = false;
  for (int64_t r = 0; r < design->rows; r++) {
    double w = design->weights ? design->weights[r] : 1;
    sum += w * design->target[r];
    weight += w;
  }
  double mean = sum / weight;
  for (int64_t r = 0; r < design->rows; r++)
    correction += (design->weights ? design->weights[r] : 1) * (design->target[r] - mean);
  mean = design->intercept ? mean + correction / weight : 0;
  for (int64_t r = 0; r < design->rows; r++) {
    double apart = design->target[r] - mean;
    differs = differs || apart != 0;
    squares += apart * apart;
  }
  design->mean[design->width] = mean;
  design->unit[design->width] = lathe_training_unit(sqrt(squares / (double)design->rows));
  for (int32_t j = 0; j <= design->width; j++)
    design->mean[j] = round_centre(design->mean[j], design->unit[j]);
  return lathe_training_check_square(squares, differs, NULL, error);
}

bool lathe_design_measure(lathe_design *design, int32_t matrix, const char *const *names,
                          const lathe_table *table, lathe_error *error) {
  return lathe_training_measure(lathe_run_graph(design->run), matrix, names, table, design->intercept,
                                design->mean, design->unit, design->progress, error) &&
         measure_target(design, error);
}

/* The rows behind these are asked for meanwhile: they are what the same thread needs next, and memory is far. */
LATHE_CLONES static void centre(const double *from, double mean, double unit, const double *root,
                                int64_t rows, double *to) {
  enum { LINE = 8 };
  double inverse = 1 / unit;
  int64_t done = 0;
  for (; !root && done + LINE <= rows; done += LINE) {
    __builtin_prefetch(from + done + rows);
    for (int r = 0; r < LINE; r++) to[done + r] = (from[done + r] - mean) * inverse;
  }
  for (int64_t r = done; r < rows; r++) to[r] = (from[r] - mean) * inverse * (root ? root[r] : 1);
}

bool lathe_design_rows(const lathe_design *design, int64_t begin, int64_t rows, int64_t height, double *out,
                       lathe_error *error) {
  double *root = NULL, *x = out;
  bool whole = design->whole[0];
  double *first = out + (design->intercept ? height : 0);
  if (!whole && !lathe_run_block(design->run, begin, rows, first, 1, height, error)) return false;
  if (design->weights) {
    root = lathe_memory_raw((size_t)rows, sizeof *root, error);
    if (!root) return false;
    for (int64_t r = 0; r < rows; r++) root[r] = sqrt(design->weights[begin + r]);
  }
  if (design->intercept) {
    for (int64_t r = 0; r < rows; r++) x[r] = root ? root[r] : 1;
    x += height;
  }
  for (int32_t j = 0; j < design->width; j++, x += height)
    centre(whole ? design->whole[j] + begin : x, design->mean[j], design->unit[j], root, rows, x);
  centre(design->target + begin, design->mean[design->width], design->unit[design->width], root, rows, x);
  free(root);
  for (int32_t j = 0; rows < height && j < design->size; j++)
    memset(out + j * height + rows, 0, (size_t)(height - rows) * sizeof *out);
  return true;
}
