/* training.c - see training.h. */
#include "training.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../base/memory.h"
#include "../prepare/facts.h"

#define SPREADS_APART 30 /* are noted */

/* Row weights are no feature. */
static bool drop_weights(lathe_recipe *recipe, const lathe_table *table, const lathe_fit_options *options,
                         lathe_error *error) {
  if (!options || !options->weights) return true;
  for (int32_t i = 0; i < lathe_recipe_targets(recipe); i++)
    if (!strcmp(options->weights, lathe_recipe_target_at(recipe, i)))
      return lathe_error_set(error, LATHE_ERROR_ARGUMENT,
                             "the weights cannot be the target \"%s\"; name another column",
                             options->weights);
  return lathe_table_need(table, options->weights, error) >= 0 &&
         lathe_recipe_drop(recipe, options->weights, error);
}

static lathe_column *column_of_names(const lathe_names *names, lathe_error *error) {
  lathe_text *text = lathe_memory_raw((size_t)names->count, sizeof *text, error);
  if (!text) return NULL;
  for (int32_t i = 0; i < names->count; i++) text[i] = (lathe_text){names->name[i], strlen(names->name[i])};
  lathe_column *column = lathe_column_from_text(text, names->count, error);
  free(text);
  return column;
}

/* The table "learned": what each step of the recipe learned of each column. */
static bool keep_learned(lathe_training *training, lathe_error *error) {
  const lathe_prepared *prepared = &training->prepared;
  if (prepared->learned.count == 0) return true;
  lathe_column *columns[] = {column_of_names(&prepared->steps, error),
                             column_of_names(&prepared->columns, error),
                             column_of_names(&prepared->learned, error)};
  return lathe_model_set_columns(training->model, "learned", 3,
                                 (const char *const[]){"step", "column", "learned"}, columns, error);
}

bool lathe_training_begin(lathe_training *training, const char *kind, lathe_recipe *recipe,
                          const lathe_table *table, const lathe_fit_options *options,
                          lathe_progress *progress, lathe_error *error) {
  lathe_model *model = training->model = lathe_model_new(error);
  if (!model || !drop_weights(recipe, table, options, error)) return false;
  const char *text = lathe_recipe_describe(recipe, error);
  model->kind = lathe_memory_text(kind, strlen(kind), error);
  model->recipe = text ? lathe_memory_text(text, strlen(text), error) : NULL;
  if (!model->kind || !model->recipe ||
      !lathe_recipe_fit(recipe, table, &training->prepared, progress, error))
    return false;
  const char *name =
      lathe_recipe_targets(recipe) > 0 ? lathe_graph_output_name(training->prepared.graph) : "";
  model->target = lathe_memory_text(name, strlen(name), error);
  return model->target && lathe_names_copy(&model->notes, &training->prepared.notes, error);
}

bool lathe_training_linear(lathe_training *training, int32_t outputs, const double *weights,
                           const double *bias, lathe_error *error) {
  const lathe_prepared *prepared = &training->prepared;
  lathe_operator node = {.kind = LATHE_OPERATOR_LINEAR,
                         .width = outputs,
                         .inputs = 1,
                         .input = &prepared->matrix,
                         .tensor = {weights, bias}};
  return lathe_graph_add(prepared->graph, &node, error) >= 0;
}

/* Classes of a single row are learned from that row alone. */
static bool note_small(lathe_training *training, const lathe_classes *classes, lathe_error *error) {
  int32_t small = 0, which = 0;
  for (int32_t i = classes->count - 1; i >= 0; i--)
    if (classes->rows[i] == 1) {
      small++;
      which = i;
    }
  if (small == 0) return true;
  lathe_names *notes = &training->model->notes;
  const char *name = lathe_graph_class(training->prepared.graph, which);
  return small == 1
             ? lathe_names_add(notes, error, "class \"%s\" has one row to learn from", name)
             : lathe_names_add(notes, error, "%d classes have one row to learn from, \"%s\" among them",
                               small, name);
}

static bool name_classes(lathe_graph *graph, const lathe_column *column, const lathe_classes *classes,
                         lathe_error *error) {
  lathe_text *name = lathe_memory_new((size_t)classes->count, sizeof *name, error);
  char(*scratch)[32] = lathe_memory_new((size_t)classes->count, sizeof *scratch, error);
  bool fine = name && scratch;
  for (int32_t i = 0; fine && i < classes->count; i++) {
    name[i] = lathe_column_format(column, classes->first[i], scratch[i]);
    if (name[i].size > 0 && memchr(name[i].data, 0, name[i].size))
      fine = lathe_error_set(error, LATHE_ERROR_DATA,
                             "a class has a NUL in its name (row %lld of the target); clean that text first",
                             (long long)classes->first[i] + 1);
  }
  fine = fine && lathe_graph_set_classes(graph, lathe_column_type(column), classes->count, name, error);
  free(name);
  free(scratch);
  return fine;
}

static lathe_text text_of(const char *text) {
  return (lathe_text){text, strlen(text)};
}

static bool keep_classes(lathe_training *training, const lathe_classes *classes, lathe_error *error) {
  lathe_text *name = lathe_memory_new((size_t)classes->count, sizeof *name, error);
  if (!name) return false;
  for (int32_t i = 0; i < classes->count; i++)
    name[i] = text_of(lathe_graph_class(training->prepared.graph, i));
  lathe_column *columns[] = {lathe_column_from_text(name, classes->count, error),
                             lathe_column_from_int64(classes->rows, classes->count, error)};
  free(name);
  return lathe_model_set_columns(training->model, "classes", 2, (const char *const[]){"class", "rows"},
                                 columns, error);
}

bool lathe_training_classes(lathe_training *training, const lathe_column *target,
                            const lathe_classes *classes, bool link, lathe_error *error) {
  lathe_graph *graph = training->prepared.graph;
  int32_t last = lathe_graph_operators(graph) - 1;
  lathe_operator node = {.kind = lathe_graph_operator(graph, last)->width == 1 ? LATHE_OPERATOR_LOGISTIC
                                                                               : LATHE_OPERATOR_SOFTMAX,
                         .inputs = 1,
                         .input = &last};
  return (!link || lathe_graph_add(graph, &node, error) >= 0) &&
         name_classes(graph, target, classes, error) && keep_classes(training, classes, error) &&
         note_small(training, classes, error);
}

/* The values of one column of coefficients, output by output. */
static lathe_column *coefficient_values(const lathe_coefficient_column *of, int32_t width, int32_t outputs,
                                        int32_t first, bool intercept, lathe_error *error) {
  int64_t count = (int64_t)(outputs - first) * (width + intercept), place = 0;
  double *values = lathe_memory_raw((size_t)count, sizeof *values, error);
  if (!values) return NULL;
  for (int32_t o = first; o < outputs; o++) {
    if (intercept) values[place++] = of->bias[o];
    for (int32_t j = 0; j < width; j++) values[place++] = of->weights[(int64_t)j * outputs + o];
  }
  lathe_column *column = lathe_column_from_float64(values, count, error);
  free(values);
  return column;
}

/* The names beside them: of features, or of classes. */
static lathe_column *coefficient_names(const lathe_training *training, int32_t outputs, int32_t first,
                                       bool intercept, bool classes, lathe_error *error) {
  const lathe_names *features = &training->prepared.features;
  int64_t count = (int64_t)(outputs - first) * (features->count + intercept), place = 0;
  lathe_text *names = lathe_memory_raw((size_t)count, sizeof *names, error);
  if (!names) return NULL;
  for (int32_t o = first; o < outputs; o++)
    for (int32_t j = -intercept; j < features->count; j++)
      names[place++] = text_of(classes ? lathe_graph_class(training->prepared.graph, o)
                               : j < 0 ? "(intercept)"
                                       : features->name[j]);
  lathe_column *column = lathe_column_from_text(names, count, error);
  free(names);
  return column;
}

bool lathe_training_coefficients(lathe_training *training, int32_t outputs, int32_t first, bool intercept,
                                 int32_t count, const lathe_coefficient_column *columns, lathe_error *error) {
  enum { MOST = 24 };
  const char *names[MOST + 2];
  lathe_column *made[MOST + 2];
  int32_t place = 0;
  if (outputs - first > 1) {
    names[place] = "class";
    made[place++] = coefficient_names(training, outputs, first, intercept, true, error);
  }
  names[place] = "feature";
  made[place++] = coefficient_names(training, outputs, first, intercept, false, error);
  for (int32_t i = 0; i < count && i < MOST; i++) {
    names[place] = columns[i].name;
    made[place++] =
        coefficient_values(&columns[i], training->prepared.features.count, outputs, first, intercept, error);
  }
  return lathe_model_set_columns(training->model, "coefficients", place, names, made, error);
}

bool lathe_training_note_aliased(lathe_training *training, const bool *aliased, lathe_error *error) {
  for (int32_t j = 0; j < training->prepared.features.count; j++)
    if (aliased[j] &&
        !lathe_names_add(&training->model->notes, error,
                         "\"%s\" follows from the features before it; its coefficient is set to 0",
                         training->prepared.features.name[j]))
      return false;
  return true;
}

bool lathe_training_note_spreads(lathe_training *training, const double *unit, lathe_error *error) {
  double least = INFINITY, most = 0;
  for (int32_t j = 0; j < training->prepared.features.count; j++) {
    least = fmin(least, unit[j]);
    most = fmax(most, unit[j]);
  }
  return !(most > SPREADS_APART * least) ||
         lathe_names_add(&training->model->notes, error,
                         "the spreads of the features differ by a factor of %.0f, and a penalty weighs large "
                         "numbers less; recipe:scale {} makes them alike",
                         most / least);
}

typedef struct {
  double gain;
  int32_t feature;
} important;

static int compare_gains(const void *a, const void *b) {
  const important *one = a, *two = b;
  if (one->gain != two->gain) return one->gain > two->gain ? -1 : 1;
  return one->feature < two->feature ? -1 : one->feature > two->feature;
}

bool lathe_training_importance(lathe_training *training, const double *gain, const int64_t *splits,
                               lathe_error *error) {
  const lathe_names *features = &training->prepared.features;
  size_t count = (size_t)features->count;
  double sum = 0;
  important *order = lathe_memory_raw(count, sizeof *order, error);
  lathe_text *name = lathe_memory_raw(count, sizeof *name, error);
  double *part = lathe_memory_raw(count, sizeof *part, error);
  int64_t *asked = lathe_memory_raw(count, sizeof *asked, error);
  bool fine = order && name && part && asked;
  for (size_t j = 0; fine && j < count; j++) {
    order[j] = (important){gain[j], (int32_t)j};
    sum += gain[j];
  }
  if (fine) {
    qsort(order, count, sizeof *order, compare_gains);
    for (size_t i = 0; i < count; i++) {
      name[i] = text_of(features->name[order[i].feature]);
      part[i] = sum > 0 ? order[i].gain / sum : 0;
      asked[i] = splits[order[i].feature];
    }
    lathe_column *columns[] = {lathe_column_from_text(name, features->count, error),
                               lathe_column_from_float64(part, features->count, error),
                               lathe_column_from_int64(asked, features->count, error)};
    fine = lathe_model_set_columns(training->model, "importance", 3,
                                   (const char *const[]){"feature", "importance", "splits"}, columns, error);
  }
  free(order);
  free(name);
  free(part);
  free(asked);
  return fine;
}

bool lathe_training_features(lathe_training *training, lathe_error *error) {
  lathe_prepared *prepared = &training->prepared;
  int64_t *categories = lathe_memory_new((size_t)prepared->features.count, sizeof *categories, error);
  for (int32_t i = 0; categories && i < prepared->features.count; i++)
    categories[i] = prepared->categories[i];
  lathe_column *columns[] = {column_of_names(&prepared->features, error),
                             categories ? lathe_column_from_int64(categories, prepared->features.count, error)
                                        : NULL};
  free(categories);
  return lathe_model_set_columns(training->model, "features", 2,
                                 (const char *const[]){"feature", "categories"}, columns, error);
}

lathe_model *lathe_training_end(lathe_training *training, bool fine, lathe_error *error) {
  lathe_model *model = training->model;
  if (training->prepared.graph) lathe_graph_end_stand_ins(training->prepared.graph);
  if (fine) model->graph = lathe_graph_retain(training->prepared.graph);
  fine = fine && keep_learned(training, error) && lathe_model_write_card(model, error);
  lathe_prepared_free(&training->prepared);
  if (fine) return model;
  lathe_model_release(model);
  return NULL;
}

double lathe_training_unit(double spread) {
  return spread > 0 && isfinite(spread) ? ldexp(1, ilogb(spread)) : 1;
}

bool lathe_training_check_square(double square, bool differs, const char *name, lathe_error *error) {
  if (isfinite(square) && (square > 0 || !differs)) return true;
  const char *quote = name ? "\"" : "";
  return lathe_error_set(
      error, LATHE_ERROR_DATA,
      "the values of %s%s%s are too %s to be squared in a double; divide them by a power of ten", quote,
      name ? name : "the target", quote, isfinite(square) ? "small" : "large");
}

static bool measure_one(const lathe_facts *facts, int64_t rows, const char *name, bool centred, double *mean,
                        double *unit, lathe_error *error) {
  if (!lathe_facts_check(facts, rows, name, error)) return false;
  double mean_square = facts->squares / (double)rows;
  double square = centred ? mean_square : mean_square + facts->mean * facts->mean;
  bool differs = centred ? facts->least < facts->most : facts->least != 0 || facts->most != 0;
  *mean = centred ? facts->mean : 0;
  *unit = lathe_training_unit(sqrt(square));
  return lathe_training_check_square(square, differs, name, error);
}

bool lathe_training_measure(const lathe_graph *graph, int32_t matrix, const char *const *names,
                            const lathe_table *table, bool centred, double *mean, double *unit,
                            lathe_progress *progress, lathe_error *error) {
  int32_t width = lathe_graph_operator(graph, matrix)->width;
  lathe_facts *facts = lathe_memory_new((size_t)width, sizeof *facts, error);
  bool fine = facts && lathe_facts_of(graph, matrix, table, facts, progress, error);
  for (int32_t j = 0; fine && j < width; j++)
    fine = measure_one(&facts[j], lathe_table_rows(table), names[j], centred, &mean[j], &unit[j], error);
  free(facts);
  return fine;
}
