/* model.c - what a model holds, and quantizing. */
#include "model.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../base/memory.h"
#include "own.h"

lathe_model *lathe_model_new(lathe_error *error) {
  lathe_model *model = lathe_memory_new(1, sizeof *model, error);
  if (model) atomic_init(&model->references, 1);
  return model;
}

lathe_model *lathe_model_retain(lathe_model *model) {
  atomic_fetch_add(&model->references, 1);
  return model;
}

void lathe_model_release(lathe_model *model) {
  if (!model || atomic_fetch_sub(&model->references, 1) != 1) return;
  lathe_graph_release(model->graph);
  for (int32_t i = 0; i < model->table_names.count; i++) lathe_table_release(model->tables[i]);
  lathe_names_free(&model->figure_names);
  lathe_names_free(&model->table_names);
  lathe_names_free(&model->notes);
  char *texts[] = {model->kind, model->title, model->detail, model->target, model->recipe, model->card};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) free(texts[i]);
  free(model->figures);
  free(model->tables);
  free(model);
}

lathe_graph *lathe_model_graph(const lathe_model *model) {
  return model->graph;
}

const char *lathe_model_kind(const lathe_model *model) {
  return model->kind;
}

const char *lathe_model_title(const lathe_model *model) {
  return model->title;
}

const char *lathe_model_detail(const lathe_model *model) {
  return model->detail;
}

const char *lathe_model_target(const lathe_model *model) {
  return model->target;
}

const char *lathe_model_recipe(const lathe_model *model) {
  return model->recipe;
}

const char *lathe_model_card(const lathe_model *model) {
  return model->card;
}

bool lathe_model_int8(const lathe_model *model) {
  return model->int8;
}

static const char *name_at(const lathe_names *names, int32_t index) {
  return index >= 0 && index < names->count ? names->name[index] : NULL;
}

int32_t lathe_model_notes(const lathe_model *model) {
  return model->notes.count;
}

const char *lathe_model_note(const lathe_model *model, int32_t index) {
  return name_at(&model->notes, index);
}

int32_t lathe_model_figures(const lathe_model *model) {
  return model->figure_names.count;
}

const char *lathe_model_figure_name(const lathe_model *model, int32_t index) {
  return name_at(&model->figure_names, index);
}

double lathe_model_figure(const lathe_model *model, const char *name) {
  int32_t place = lathe_names_find(&model->figure_names, name);
  return place < 0 ? NAN : model->figures[place];
}

int32_t lathe_model_tables(const lathe_model *model) {
  return model->table_names.count;
}

const char *lathe_model_table_name(const lathe_model *model, int32_t index) {
  return name_at(&model->table_names, index);
}

lathe_table *lathe_model_table(const lathe_model *model, const char *name) {
  int32_t place = lathe_names_find(&model->table_names, name);
  return place < 0 ? NULL : model->tables[place];
}

/* The place of `name`, which is added to the end, with room for it in the array beside the names, when it is not there. */
static int32_t place_for(lathe_names *names, const char *name, void **array, size_t size,
                         lathe_error *error) {
  int32_t place = lathe_names_find(names, name);
  if (place >= 0) return place;
  if (!lathe_memory_resize(array, (size_t)names->count + 1, size, error)) return -1;
  memset((char *)*array + (size_t)names->count * size, 0, size);
  return lathe_names_add(names, error, "%s", name) ? names->count - 1 : -1;
}

bool lathe_model_set_figure(lathe_model *model, const char *name, double value, lathe_error *error) {
  int32_t place =
      place_for(&model->figure_names, name, (void **)&model->figures, sizeof *model->figures, error);
  if (place >= 0) model->figures[place] = value;
  return place >= 0;
}

bool lathe_model_set_figures(lathe_model *model, int32_t count, const lathe_figure *list,
                             lathe_error *error) {
  for (int32_t i = 0; i < count; i++)
    if (!lathe_model_set_figure(model, list[i].name, list[i].value, error)) return false;
  return true;
}

bool lathe_model_values(const lathe_model *model, const char *table_name, const char *name, int64_t count,
                        double *out) {
  const lathe_table *table = lathe_model_table(model, table_name);
  int32_t place = table && lathe_table_rows(table) == count ? lathe_table_find(table, name) : -1;
  if (place < 0) return false;
  const lathe_column *column = lathe_table_column(table, place);
  for (int64_t r = 0; r < count; r++) {
    out[r] = lathe_column_number(column, r);
    if (!isfinite(out[r])) return false;
  }
  return true;
}

bool lathe_model_set_table(lathe_model *model, const char *name, lathe_table *table, lathe_error *error) {
  int32_t place = place_for(&model->table_names, name, (void **)&model->tables, sizeof *model->tables, error);
  if (place < 0) return false;
  lathe_table_release(model->tables[place]);
  model->tables[place] = lathe_table_retain(table);
  return true;
}

bool lathe_model_set_columns(lathe_model *model, const char *table_name, int32_t count,
                             const char *const *names, lathe_column *const *columns, lathe_error *error) {
  bool fine = true;
  for (int32_t i = 0; i < count; i++) fine = fine && columns[i];
  lathe_table *table = fine ? lathe_table_new(count, names, columns, error) : NULL;
  fine = table && lathe_model_set_table(model, table_name, table, error);
  lathe_table_release(table);
  for (int32_t i = 0; i < count; i++) lathe_column_release(columns[i]);
  return fine;
}

static bool set_text(char **text, const char *value, lathe_error *error) {
  char *copy = lathe_memory_text(value, strlen(value), error);
  if (!copy) return false;
  free(*text);
  *text = copy;
  return true;
}

bool lathe_model_set_words(lathe_model *model, const char *title, const char *detail, lathe_error *error) {
  return set_text(&model->title, title, error) && set_text(&model->detail, detail, error);
}

lathe_model *lathe_model_copy(const lathe_model *model, lathe_error *error) {
  lathe_model *copy = lathe_model_new(error);
  bool fine = copy && set_text(&copy->kind, model->kind, error) &&
              set_text(&copy->target, model->target, error) &&
              set_text(&copy->recipe, model->recipe, error) &&
              lathe_model_set_words(copy, model->title, model->detail, error) &&
              lathe_names_copy(&copy->notes, &model->notes, error);
  if (copy) copy->int8 = model->int8;
  for (int32_t i = 0; fine && i < model->figure_names.count; i++)
    fine = lathe_model_set_figure(copy, model->figure_names.name[i], model->figures[i], error);
  for (int32_t i = 0; fine && i < model->table_names.count; i++)
    fine = lathe_model_set_table(copy, model->table_names.name[i], model->tables[i], error);
  if (fine) return copy;
  lathe_model_release(copy);
  return NULL;
}

lathe_model *lathe_model_quantize(const lathe_model *model, lathe_quantize_report *report,
                                  lathe_error *error) {
  lathe_quantize_report own;
  if (!report) report = &own;
  lathe_model *copy = lathe_model_copy(model, error);
  if (!copy) return NULL;
  copy->graph = lathe_graph_quantize_int8(model->graph, report, error);
  copy->int8 = true;
  bool fine = copy->graph &&
              lathe_names_add(
                  &copy->notes, error,
                  "%lld weight%s quantized to int8; none is off by more than %.2g %% of the largest",
                  (long long)report->weights, report->weights == 1 ? "" : "s", 100 * report->largest_error) &&
              lathe_model_write_card(copy, error);
  if (fine) return copy;
  lathe_model_release(copy);
  return NULL;
}
