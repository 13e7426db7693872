/* save.c - a model to a bundle. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../base/json.h"
#include "../base/memory.h"
#include "../graph/bundle.h"
#include "own.h"

static void write_number(lathe_json_writer *json, double value) {
  if (isinf(value))
    lathe_json_write_string(json, value > 0 ? "inf" : "-inf", value > 0 ? 3 : 4);
  else
    lathe_json_write_number(json, value); /* NaN is null */
}

static void describe_figures(const lathe_model *model, lathe_json_writer *json) {
  lathe_json_member(json, "figures");
  lathe_json_write_object(json);
  for (int32_t i = 0; i < model->figure_names.count; i++) {
    lathe_json_member(json, model->figure_names.name[i]);
    write_number(json, model->figures[i]);
  }
  lathe_json_write_object_end(json);
}

static void describe_column(const char *name, const lathe_column *column, lathe_json_writer *json) {
  lathe_type type = lathe_column_type(column);
  const int64_t *integers = type == LATHE_TYPE_INT64 ? lathe_column_values(column) : NULL;
  lathe_json_write_object(json);
  lathe_json_member_text(json, "name", name);
  lathe_json_member_text(json, "type", lathe_type_name(type));
  lathe_json_member(json, "values");
  lathe_json_write_array(json);
  for (int64_t r = 0; r < lathe_column_rows(column); r++) {
    lathe_text text = type == LATHE_TYPE_STRING ? lathe_column_text(column, r) : (lathe_text){NULL, 0};
    if (!lathe_column_present(column, r))
      lathe_json_write_null(json);
    else if (type == LATHE_TYPE_STRING)
      lathe_json_write_string(json, text.data, text.size);
    else if (integers)
      lathe_json_write_integer(json, integers[r]);
    else
      write_number(json, lathe_column_number(column, r));
  }
  lathe_json_write_array_end(json);
  lathe_json_write_object_end(json);
}

static void describe_tables(const lathe_model *model, lathe_json_writer *json) {
  lathe_json_member(json, "tables");
  lathe_json_write_object(json);
  for (int32_t i = 0; i < model->table_names.count; i++) {
    const lathe_table *table = model->tables[i];
    lathe_json_member(json, model->table_names.name[i]);
    lathe_json_write_array(json);
    for (int32_t c = 0; c < lathe_table_columns(table); c++)
      describe_column(lathe_table_name(table, c), lathe_table_column(table, c), json);
    lathe_json_write_array_end(json);
  }
  lathe_json_write_object_end(json);
}

static lathe_text describe(const lathe_model *model, lathe_json_writer *json, lathe_error *error) {
  lathe_json_write_object(json);
  lathe_json_member_text(json, "kind", model->kind);
  lathe_json_member_text(json, "title", model->title);
  lathe_json_member_text(json, "detail", model->detail);
  lathe_json_member_text(json, "target", model->target);
  lathe_json_member_text(json, "weights", model->int8 ? "int8" : "float64");
  describe_figures(model, json);
  describe_tables(model, json);
  lathe_json_member(json, "notes");
  lathe_json_write_array(json);
  for (int32_t i = 0; i < model->notes.count; i++)
    lathe_json_write_string(json, model->notes.name[i], strlen(model->notes.name[i]));
  lathe_json_write_array_end(json);
  lathe_json_write_object_end(json);
  return lathe_json_writer_finish(json, error);
}

bool lathe_model_save(const lathe_model *model, const char *path, lathe_error *error) {
  static const char *const keys[] = {"model", "recipe", "card"};
  lathe_json_writer *json = lathe_json_writer_new(0, error);
  if (!json) return false;
  lathe_text texts[] = {describe(model, json, error),
                        {model->recipe, strlen(model->recipe)},
                        {model->card, strlen(model->card)}};
  bool fine = texts[0].data && lathe_bundle_write(model->graph, 3, keys, texts, path, error);
  lathe_json_writer_free(json);
  return fine;
}
