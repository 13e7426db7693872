/* select.c - the step that keeps some of the features: those that vary, that do not repeat others, or that tell most of the target alone. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../base/memory.h"
#include "../base/pool.h"
#include "classes.h"
#include "own.h"

enum { METHOD, THRESHOLD, TOP, SHARE };
enum { BY_VARIANCE, BY_CORRELATION, BY_F_REGRESSION, BY_F_CLASSES, BY_CHI2, BY_MUTUAL_INFORMATION };

static const lathe_step_option options[] = {
    {"method", LATHE_OPTION_CHOICE, "variance|correlation|f_regression|f_classif|chi2|mutual_information", 0,
     0, 0,
     "what a feature is kept for: its variance, that it repeats no feature before it, or its score with the "
     "target"},
    {"threshold", LATHE_OPTION_NUMBER, NULL, NAN, 0, INFINITY,
     "variance: the greatest that is left out (0); correlation: the greatest that is kept (0.95)"},
    {"top", LATHE_OPTION_INTEGER, NULL, NAN, 1, RECIPE_COLUMNS, "scores: keep so many (10)"},
    {"share", LATHE_OPTION_NUMBER, NULL, NAN, 0, 1, "scores: keep this share of them"},
};

static bool check(const recipe_step *step, lathe_error *error) {
  int method = (int)step->value[METHOD].number;
  bool scored = method >= BY_F_REGRESSION;
  bool top = !isnan(step->value[TOP].number), share = !isnan(step->value[SHARE].number);
  if (!scored && (top || share))
    return lathe_error_set(
        error, LATHE_ERROR_ARGUMENT,
        "select: top and share belong to scores; variance and correlation take a threshold");
  if (scored && !isnan(step->value[THRESHOLD].number))
    return lathe_error_set(
        error, LATHE_ERROR_ARGUMENT,
        "select: a threshold belongs to variance and correlation; scores take top or share");
  return !(top && share) || lathe_error_set(error, LATHE_ERROR_ARGUMENT, "select: top or share, not both");
}

typedef struct {
  fitting *state;
  const int32_t *chosen;
  int32_t count;
  int64_t rows;
  double *x;     /* (count, rows) */
  double *score; /* (count) */
  bool *out;     /* (count): left out */
  int method;
  const double *target; /* (rows), less its mean, for f_regression */
  double target_squares;
  lathe_classes classes;
  recipe_binned binned; /* the target, for mutual information */
} selecting;

static const char *name_of(const selecting *work, int32_t column) {
  return work->state->columns[work->chosen[column]].name;
}

/* ---- scores ---- */

/* The F of a regression on one feature: r^2 (n - 2) / (1 - r^2). */
static double f_of_regression(const selecting *work, const double *x) {
  double mean = 0, squares = 0, product = 0;
  for (int64_t r = 0; r < work->rows; r++) mean += x[r];
  mean /= (double)work->rows;
  for (int64_t r = 0; r < work->rows; r++) {
    double own = x[r] - mean;
    squares += own * own;
    product += own * work->target[r];
  }
  double r = product / sqrt(squares * work->target_squares), square = r * r;
  return square / (1 - square) * (double)(work->rows - 2);
}

/* The F of an analysis of variance of one way: the means of the classes. `sums` (classes). */
static double f_of_classes(const selecting *work, const double *x, double *sums) {
  int32_t classes = work->classes.count;
  double mean = 0, between = 0, within = 0;
  for (int32_t k = 0; k < classes; k++) sums[k] = 0;
  for (int64_t r = 0; r < work->rows; r++) {
    mean += x[r];
    sums[work->classes.codes[r]] += x[r];
  }
  mean /= (double)work->rows;
  for (int32_t k = 0; k < classes; k++) {
    sums[k] /= (double)work->classes.rows[k];
    between += (double)work->classes.rows[k] * (sums[k] - mean) * (sums[k] - mean);
  }
  for (int64_t r = 0; r < work->rows; r++) {
    double own = x[r] - sums[work->classes.codes[r]];
    within += own * own;
  }
  return between / (classes - 1) / (within / (double)(work->rows - classes));
}

/* Pearson's chi squared of the sums in each class against those that its share of the rows lets expect. */
static double chi2_of(const selecting *work, const double *x, double *sums) {
  double all = 0, result = 0;
  for (int32_t k = 0; k < work->classes.count; k++) sums[k] = 0;
  for (int64_t r = 0; r < work->rows; r++) {
    all += x[r];
    sums[work->classes.codes[r]] += x[r];
  }
  for (int32_t k = 0; k < work->classes.count; k++) {
    double expected = all * ((double)work->classes.rows[k] / (double)work->rows);
    result += (sums[k] - expected) * (sums[k] - expected) / expected;
  }
  return result;
}

static bool score_column(void *context, int64_t column, lathe_error *error) {
  selecting *work = context;
  const double *x = work->x + column * work->rows;
  if (work->method == BY_MUTUAL_INFORMATION)
    return recipe_mutual_information(x, work->rows, &work->binned, &work->score[column], error);
  double *sums = lathe_memory_raw((size_t)work->classes.count + 1, sizeof *sums, error);
  if (!sums) return false;
  work->score[column] = work->method == BY_F_REGRESSION ? f_of_regression(work, x)
                        : work->method == BY_F_CLASSES  ? f_of_classes(work, x, sums)
                                                        : chi2_of(work, x, sums);
  free(sums);
  return true;
}

/* The target as numbers, all of them there. */
static bool read_numbers(selecting *work, const lathe_column *column, const char *name) {
  lathe_error *error = work->state->error;
  double *y = lathe_memory_raw((size_t)work->rows, sizeof *y, error);
  work->target = y;
  if (!y || !lathe_column_to_float64(column, y, error)) return false;
  for (int64_t r = 0; r < work->rows; r++)
    if (!isfinite(y[r]))
      return lathe_error_set(error, LATHE_ERROR_DATA,
                             "row %lld of the target \"%s\" is missing or infinite; drop that row first",
                             (long long)r + 1, name);
  return true;
}

static bool center_target(selecting *work, const lathe_column *column, const char *name) {
  double mean = 0;
  if (lathe_type_is_text(lathe_column_type(column)))
    return lathe_error_set(
        work->state->error, LATHE_ERROR_ARGUMENT,
        "select { method = \"f_regression\" } needs a target of numbers, and \"%s\" is text; "
        "take \"f_classif\" or \"chi2\"",
        name);
  if (!read_numbers(work, column, name)) return false;
  double *y = (double *)work->target;
  for (int64_t r = 0; r < work->rows; r++) mean += y[r];
  mean /= (double)work->rows;
  for (int64_t r = 0; r < work->rows; r++) {
    y[r] -= mean;
    work->target_squares += y[r] * y[r];
  }
  return true;
}

static bool read_target(selecting *work) {
  const char *name = lathe_recipe_target(work->state->recipe);
  if (!lathe_recipe_check_single(work->state->recipe, "select by a score", work->state->error)) return false;
  if (!name[0])
    return lathe_error_set(
        work->state->error, LATHE_ERROR_ARGUMENT,
        "select by a score needs the target of the recipe: lathe.recipe { target = \"COLUMN\" }");
  const lathe_column *column =
      lathe_table_column(work->state->table, lathe_table_find(work->state->table, name));
  if (work->method == BY_F_REGRESSION) return center_target(work, column, name);
  bool text = lathe_type_is_text(lathe_column_type(column));
  if (work->method == BY_MUTUAL_INFORMATION && !text)
    return read_numbers(work, column, name) &&
           recipe_bin_values(work->target, work->rows, &work->binned, work->state->error);
  if (!lathe_classes_find(column, name, &work->classes, work->state->error)) return false;
  work->binned = (recipe_binned){work->classes.count, work->classes.codes};
  return true;
}

/* Whole matrix, no gaps; chi2 takes counts, which are not negative. */
static bool check_values(const selecting *work) {
  for (int32_t c = 0; c < work->count; c++)
    for (int64_t r = 0; r < work->rows; r++) {
      double x = work->x[c * work->rows + r];
      if (!isfinite(x))
        return lathe_error_set(
            work->state->error, LATHE_ERROR_DATA,
            "row %lld of \"%s\" is %s, and select { } compares all rows; add impute{} before it",
            (long long)r + 1, name_of(work, c), isnan(x) ? "missing" : "infinite");
      if (work->method == BY_CHI2 && x < 0)
        return lathe_error_set(work->state->error, LATHE_ERROR_DATA,
                               "row %lld of \"%s\" is %.6g, and chi2 takes counts and shares, which are not "
                               "negative; take \"f_classif\"",
                               (long long)r + 1, name_of(work, c), x);
    }
  return true;
}

typedef struct {
  double score;
  int32_t column;
} ranked;

static int compare(const void *first, const void *second) {
  const ranked *a = first, *b = second;
  if (a->score != b->score) return a->score < b->score ? -1 : 1;
  return a->column < b->column ? -1 : 1;
}

/* How many a share keeps: those above the quantile 1 - share of the scores, and as many as stand on it as the share has room for. */
static int32_t count_of_share(int32_t count, double share) {
  double at = (count - 1) * (1 - share);
  int32_t above = count - 1 - (int32_t)floor(at + 1e-9), room = (int32_t)floor(count * share + 1e-9);
  bool on_one = fabs(at - round(at)) < 1e-9;
  return on_one && room > above ? above + 1 : above;
}

/* Keep the highest scores; of equal ones the last, as scikit-learn's SelectKBest does. */
static bool keep_best(selecting *work, const recipe_step *step) {
  double top = step->value[TOP].number, share = step->value[SHARE].number;
  int32_t keep = !isnan(share) ? count_of_share(work->count, share) : isnan(top) ? 10 : (int32_t)top;
  ranked *all = lathe_memory_raw((size_t)work->count, sizeof *all, work->state->error);
  if (!all) return false;
  for (int32_t c = 0; c < work->count; c++)
    all[c] = (ranked){isnan(work->score[c]) ? -INFINITY : work->score[c], c};
  qsort(all, (size_t)work->count, sizeof *all, compare);
  for (int32_t i = 0; i < work->count - keep; i++) work->out[all[i].column] = true;
  free(all);
  const char *word = work->method == BY_CHI2                 ? "chi2"
                     : work->method == BY_MUTUAL_INFORMATION ? "mutual information"
                                                             : "F";
  bool fine = true;
  for (int32_t c = 0; fine && c < work->count; c++) {
    const char *place = work->out[c] ? "left out" : "kept";
    fine = isnan(work->score[c])
               ? recipe_learned(work->state, name_of(work, c), "%s: constant, so it has no %s", place, word)
               : recipe_learned(work->state, name_of(work, c), "%s: %s %.6g with the target", place, word,
                                work->score[c]);
  }
  return fine;
}

static bool by_score(selecting *work, const recipe_step *step) {
  return check_values(work) && read_target(work) &&
         lathe_pool_run(work->count, score_column, work, work->state->progress, work->state->error) &&
         keep_best(work, step);
}

/* ---- without the target ---- */

static bool by_variance(selecting *work, const recipe_step *step, const lathe_facts *facts) {
  double threshold = isnan(step->value[THRESHOLD].number) ? 0 : step->value[THRESHOLD].number;
  for (int32_t c = 0; c < work->count; c++) {
    double variance = facts[c].present > 0 ? facts[c].squares / (double)facts[c].present : 0;
    if (facts[c].least == facts[c].most) variance = 0;
    work->out[c] = !(variance > threshold);
    if (!recipe_learned(work->state, name_of(work, c), "%s: variance %.6g",
                        work->out[c] ? "left out" : "kept", variance))
      return false;
  }
  return true;
}

/* Columns to mean 0 and length 1. */
static bool normalise(void *context, int64_t column, lathe_error *error) {
  (void)error;
  selecting *work = context;
  double *x = work->x + column * work->rows, mean = 0, squares = 0;
  for (int64_t r = 0; r < work->rows; r++) mean += x[r];
  mean /= (double)work->rows;
  for (int64_t r = 0; r < work->rows; r++) {
    x[r] -= mean;
    squares += x[r] * x[r];
  }
  double inverse = squares > 0 ? 1 / sqrt(squares) : 0; /* a constant repeats nothing */
  for (int64_t r = 0; r < work->rows; r++) x[r] *= inverse;
  return true;
}

/* Columns are looked at in tiles: each correlation of a tile's columns with those kept before it, and with one another, is computed
 * alone, in one order, several at once. */
enum { TILE = 16, GROUP = 4, STRIP = 512, LANES = 4 };

typedef struct {
  const selecting *work;
  const int32_t *other; /* (others): the kept columns before the tile, then the tile's own */
  int32_t others, first, count;
  double *r; /* (others, TILE) */
} correlating;

static bool correlate_group(void *context, int64_t group, lathe_error *error) {
  (void)error;
  const correlating *tile = context;
  const double *x = tile->work->x;
  int64_t rows = tile->work->rows;
  int32_t begin = (int32_t)group * GROUP, end = begin + GROUP < tile->others ? begin + GROUP : tile->others;
  double sum[GROUP][TILE][LANES] = {{{0}}};
  for (int64_t at = 0; at < rows; at += STRIP) {
    int64_t size = at + STRIP < rows ? STRIP : rows - at, whole = size - size % LANES;
    for (int32_t o = begin; o < end; o++)
      for (int32_t t = 0; t < tile->count; t++) {
        const double *a = x + tile->other[o] * rows + at, *b = x + (tile->first + t) * rows + at;
        double *to = sum[o - begin][t], lane[LANES];
        memcpy(lane, to, sizeof lane);
        for (int64_t i = 0; i < whole; i += LANES)
          for (int k = 0; k < LANES; k++) lane[k] += a[i + k] * b[i + k];
        for (int64_t i = whole; i < size; i++) lane[0] += a[i] * b[i];
        memcpy(to, lane, sizeof lane);
      }
  }
  for (int32_t o = begin; o < end; o++)
    for (int32_t t = 0; t < tile->count; t++) {
      const double *lane = sum[o - begin][t];
      tile->r[(int64_t)o * TILE + t] = (lane[0] + lane[1]) + (lane[2] + lane[3]);
    }
  return true;
}

/* Of one tile: each column is held against those before it that are kept. */
static bool hold_tile(selecting *work, const correlating *tile, double threshold) {
  for (int32_t t = 0; t < tile->count; t++) {
    int32_t c = tile->first + t;
    for (int32_t o = 0; o < tile->others && tile->other[o] < c; o++) {
      double r = tile->r[(int64_t)o * TILE + t];
      if (work->out[tile->other[o]] || !(fabs(r) > threshold)) continue;
      work->out[c] = true;
      if (!recipe_learned(work->state, name_of(work, c), "left out: correlation %.6g with \"%s\"", r,
                          name_of(work, tile->other[o])))
        return false;
      break;
    }
  }
  return true;
}

static bool by_correlation(selecting *work, const recipe_step *step) {
  double threshold = isnan(step->value[THRESHOLD].number) ? 0.95 : step->value[THRESHOLD].number;
  lathe_error *error = work->state->error;
  lathe_progress *progress = work->state->progress;
  if (!check_values(work) || !lathe_pool_run(work->count, normalise, work, progress, error)) return false;
  int32_t *other = lathe_memory_raw((size_t)work->count, sizeof *other, error);
  double *r = lathe_memory_raw((size_t)work->count * TILE, sizeof *r, error);
  bool fine = other && r;
  for (int32_t first = 0; first < work->count && fine; first += TILE) {
    correlating tile = {.work = work, .other = other, .first = first, .r = r};
    tile.count = first + TILE < work->count ? TILE : work->count - first;
    for (int32_t c = 0; c < first + tile.count; c++)
      if (!work->out[c]) other[tile.others++] = c;
    fine = lathe_pool_run((tile.others + GROUP - 1) / GROUP, correlate_group, &tile, progress, error) &&
           hold_tile(work, &tile, threshold);
  }
  free(other);
  free(r);
  return fine;
}

/* ---- the whole ---- */

/* One sentence, with some of the names. */
static bool note_left_out(const selecting *work) {
  enum { NAMES = 5 };
  lathe_error *error = work->state->error;
  lathe_buffer names = {0};
  int32_t gone = 0;
  bool fine = true;
  for (int32_t c = 0; fine && c < work->count; c++) {
    if (!work->out[c] || gone++ >= NAMES) continue;
    fine = lathe_buffer_format(&names, error, "%s\"%s\"", gone > 1 ? ", " : "", name_of(work, c));
  }
  if (fine && gone > NAMES) fine = lathe_buffer_format(&names, error, " and %d more", (int)(gone - NAMES));
  if (fine && gone == work->count)
    fine = lathe_error_set(
        error, LATHE_ERROR_DATA,
        "select would leave out every one of its %d features; set its threshold, top or share wider",
        (int)gone);
  else if (fine && gone > 0)
    fine = NOTE(work->state, "%d of %d features are left out by select: %s", (int)gone, (int)work->count,
                names.data);
  lathe_buffer_free(&names);
  return fine;
}

static bool choose(selecting *work, const recipe_step *step) {
  fitting *state = work->state;
  int32_t value = recipe_gather(state, work->chosen, work->count);
  lathe_facts *facts = value >= 0 ? recipe_facts(state, value, work->chosen) : NULL;
  bool fine = facts != NULL;
  if (fine && work->method == BY_VARIANCE)
    fine = by_variance(work, step, facts);
  else if (fine) {
    fine = (work->x = recipe_values(state, value)) != NULL;
    fine = fine && (work->method == BY_CORRELATION ? by_correlation(work, step) : by_score(work, step));
  }
  free(facts);
  return fine && note_left_out(work);
}

static bool fit(fitting *state, const recipe_step *step) {
  int32_t count;
  int32_t *chosen = recipe_choose(state, step, ~(1u << ROLE_TEXT), ~(1u << ROLE_TEXT), &count);
  selecting work = {.state = state,
                    .chosen = chosen,
                    .count = count,
                    .rows = lathe_table_rows(state->table),
                    .method = (int)step->value[METHOD].number};
  work.score = lathe_memory_new((size_t)count, sizeof *work.score, state->error);
  work.out = lathe_memory_new((size_t)count, sizeof *work.out, state->error);
  bool *gone = lathe_memory_new((size_t)state->count, sizeof *gone, state->error);
  bool fine = chosen && work.score && work.out && gone && (count == 0 || choose(&work, step));
  for (int32_t c = 0; fine && c < count; c++) gone[chosen[c]] = work.out[c];
  if (fine) recipe_remove(state, gone);
  if (work.binned.code != work.classes.codes) free(work.binned.code);
  lathe_classes_free(&work.classes);
  free((double *)work.target);
  free(work.x);
  free(work.score);
  free(work.out);
  free(gone);
  free(chosen);
  return fine;
}

const recipe_kind recipe_select = {
    "select", "Keep some of the features.", options, sizeof options / sizeof *options, check, fit};
