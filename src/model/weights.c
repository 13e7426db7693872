/* weights.c - what each row counts: by a column of weights, by its class. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../base/json.h"
#include "../base/memory.h"
#include "training.h"

static bool read_column(const char *name, const lathe_table *table, double *weights, lathe_error *error) {
  int32_t place = lathe_table_need(table, name, error);
  if (place < 0) return false;
  const lathe_column *column = lathe_table_column(table, place);
  lathe_type type = lathe_column_type(column);
  if (type != LATHE_TYPE_BOOL && type != LATHE_TYPE_INT64 && type != LATHE_TYPE_FLOAT64)
    return lathe_error_set(error, LATHE_ERROR_DATA,
                           "the weights \"%s\" are of type %s; row weights are numbers from 0 up", name,
                           lathe_type_name(type));
  double sum = 0;
  for (int64_t r = 0; r < lathe_column_rows(column); r++) {
    double weight = weights[r] = lathe_column_number(column, r);
    if (isnan(weight))
      return lathe_error_set(error, LATHE_ERROR_DATA,
                             "the weight in \"%s\" is missing in row %lld; row weights are numbers from 0 up",
                             name, (long long)r + 1);
    if (!(weight >= 0) || isinf(weight))
      return lathe_error_set(error, LATHE_ERROR_DATA,
                             "row %lld has the weight %g in \"%s\"; row weights are numbers from 0 up",
                             (long long)r + 1, weight, name);
    sum += weight;
  }
  return sum > 0 || lathe_error_set(error, LATHE_ERROR_DATA,
                                    "all weights in \"%s\" are 0; there is nothing to learn from", name);
}

static int32_t class_called(const lathe_column *target, const lathe_classes *classes, lathe_text name) {
  char scratch[32];
  for (int32_t i = 0; i < classes->count; i++) {
    lathe_text text = lathe_column_format(target, classes->first[i], scratch);
    if (text.size == name.size && (name.size == 0 || !memcmp(text.data, name.data, name.size))) return i;
  }
  return -1;
}

static bool refuse_json(lathe_error *error) {
  return lathe_error_set(
      error, LATHE_ERROR_ARGUMENT,
      "class_weights are \"balanced\" or a weight from 0 up for each class, such as { \"yes\": 2 }");
}

/* { "yes": 2, "no": 1 }; a class that is not named weighs 1. */
static bool read_classes(const char *text, const lathe_column *target, const lathe_classes *classes,
                         double *of, lathe_error *error) {
  lathe_json_reader *json = lathe_json_reader_new(text, strlen(text), NULL, error);
  if (!json) return false;
  bool fine = lathe_json_next(json, NULL) == LATHE_JSON_OBJECT || refuse_json(error);
  while (fine) {
    lathe_json_event event = lathe_json_next(json, NULL);
    if (event == LATHE_JSON_OBJECT_END) break;
    lathe_text name = event == LATHE_JSON_KEY ? lathe_json_text(json) : (lathe_text){"", 0};
    int32_t which = class_called(target, classes, name);
    if (event != LATHE_JSON_KEY)
      fine = refuse_json(error);
    else if (which < 0)
      fine = lathe_error_set(error, LATHE_ERROR_DATA,
                             "class_weights names \"%.*s\", which is no class of the target",
                             (int)(name.size < 100 ? name.size : 100), name.data);
    else {
      event = lathe_json_next(json, NULL);
      of[which] = lathe_json_number(json);
      fine = ((event == LATHE_JSON_INTEGER || event == LATHE_JSON_NUMBER) && of[which] >= 0) ||
             refuse_json(error);
    }
  }
  lathe_json_reader_free(json);
  return fine;
}

static bool weigh_classes(const char *rule, const lathe_column *target, const lathe_classes *classes,
                          int64_t rows, double *weights, lathe_error *error) {
  double *of = lathe_memory_raw((size_t)classes->count, sizeof *of, error);
  if (!of) return false;
  bool balanced = !strcmp(rule, "balanced"), fine = true;
  for (int32_t i = 0; i < classes->count; i++)
    of[i] = balanced ? (double)rows / ((double)classes->count * (double)classes->rows[i]) : 1;
  if (!balanced) fine = read_classes(rule, target, classes, of, error);
  for (int64_t r = 0; fine && r < rows; r++) weights[r] *= of[classes->codes[r]];
  free(of);
  return fine;
}

bool lathe_training_weights(const lathe_fit_options *options, const lathe_table *table,
                            const lathe_column *target, const lathe_classes *classes, double **weights,
                            lathe_error *error) {
  *weights = NULL;
  const char *column = options ? options->weights : NULL;
  const char *rule = options && classes ? options->class_weights : NULL;
  if (!column && !rule) return true;
  int64_t rows = lathe_table_rows(table);
  double *made = lathe_memory_raw((size_t)rows, sizeof *made, error);
  if (!made) return false;
  for (int64_t r = 0; r < rows; r++) made[r] = 1;
  if ((column && !read_column(column, table, made, error)) ||
      (rule && !weigh_classes(rule, target, classes, rows, made, error))) {
    free(made);
    return false;
  }
  *weights = made;
  return true;
}
