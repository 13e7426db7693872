/* card.c - the model card: what a person should know before relying on a model. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../base/memory.h"
#include "own.h"

/* Rows and columns of a table that the card shows; the bundle holds them all. */
enum { CARD_ROWS = 200, CARD_COLUMNS = 12 };

static bool write_inputs(const lathe_model *model, lathe_buffer *card, lathe_error *error) {
  if (!lathe_buffer_text(card, "\n## Inputs\n\n| column | type |\n| --- | --- |\n", error)) return false;
  for (int32_t i = 0; i < lathe_graph_inputs(model->graph); i++)
    if (!lathe_buffer_format(card, error, "| %s | %s |\n", lathe_graph_input_name(model->graph, i),
                             lathe_type_name(lathe_graph_input_type(model->graph, i))))
      return false;
  return true;
}

/* "standard_error" as "standard error". */
static bool write_name(const char *name, lathe_buffer *card, lathe_error *error) {
  size_t start = card->size;
  if (!lathe_buffer_text(card, name, error)) return false;
  for (size_t i = start; i < card->size; i++)
    if (card->data[i] == '_') card->data[i] = ' ';
  return true;
}

static bool write_figures(const lathe_model *model, lathe_buffer *card, lathe_error *error) {
  if (!lathe_buffer_text(card, "\n| figure | |\n| --- | --: |\n", error)) return false;
  for (int32_t i = 0; i < model->figure_names.count; i++)
    if (!isnan(model->figures[i]) &&
        !(lathe_buffer_text(card, "| ", error) && write_name(model->figure_names.name[i], card, error) &&
          lathe_buffer_format(card, error,
                              model->figures[i] == rint(model->figures[i]) ? " | %.0f |\n" : " | %.6g |\n",
                              model->figures[i])))
      return false;
  return true;
}

static bool write_cell(const lathe_column *column, int64_t row, lathe_buffer *card, lathe_error *error) {
  char scratch[32];
  if (!lathe_column_present(column, row)) return lathe_buffer_text(card, " |", error);
  if (lathe_column_type(column) == LATHE_TYPE_FLOAT64)
    return lathe_buffer_format(card, error, " %.6g |", lathe_column_number(column, row));
  lathe_text text = lathe_column_format(column, row, scratch);
  return lathe_buffer_format(card, error, " %.*s |", (int)text.size, text.data);
}

static bool write_table(const char *name, const lathe_table *table, lathe_buffer *card, lathe_error *error) {
  int32_t columns = lathe_table_columns(table);
  int64_t rows = lathe_table_rows(table);
  bool fine = lathe_buffer_format(card, error, "\n## %c%s\n\n|",
                                  name[0] >= 'a' && name[0] <= 'z' ? name[0] - 32 : name[0], name + 1);
  int32_t more = columns > CARD_COLUMNS ? columns - CARD_COLUMNS : 0;
  columns -= more;
  for (int32_t c = 0; fine && c < columns; c++)
    fine = lathe_buffer_text(card, " ", error) && write_name(lathe_table_name(table, c), card, error) &&
           lathe_buffer_text(card, " |", error);
  fine = fine && lathe_buffer_text(card, "\n|", error);
  for (int32_t c = 0; fine && c < columns; c++)
    fine = lathe_buffer_text(
        card, lathe_type_is_text(lathe_column_type(lathe_table_column(table, c))) ? " --- |" : " --: |",
        error);
  fine = fine && lathe_buffer_text(card, "\n", error);
  for (int64_t r = 0; fine && r < rows && r < CARD_ROWS; r++) {
    fine = lathe_buffer_text(card, "|", error);
    for (int32_t c = 0; fine && c < columns; c++)
      fine = write_cell(lathe_table_column(table, c), r, card, error);
    fine = fine && lathe_buffer_text(card, "\n", error);
  }
  if (fine && more > 0)
    fine = lathe_buffer_format(card, error, "\n%d more columns are in the bundle.\n", (int)more);
  return fine &&
         (rows <= CARD_ROWS || lathe_buffer_format(card, error, "\n%lld more rows are in the bundle.\n",
                                                   (long long)(rows - CARD_ROWS)));
}

static bool write_all(const lathe_model *model, lathe_buffer *card, lathe_error *error) {
  bool fine = lathe_buffer_format(card, error, "# %s%s%s\n\n%s Weights are %s.\n", model->title,
                                  model->target[0] ? " of " : "", model->target, model->detail,
                                  model->int8 ? "int8" : "float64") &&
              write_figures(model, card, error) &&
              lathe_buffer_text(card,
                                "\nThese are figures of the rows it learned from, unless they say otherwise; "
                                "rows it has not seen tell "
                                "more.\n",
                                error) &&
              write_inputs(model, card, error);
  for (int32_t i = 0; fine && i < model->table_names.count; i++)
    fine = model->table_names.name[i][0] == '_' ||
           write_table(model->table_names.name[i], model->tables[i], card, error);
  if (!fine) return false;
  if (model->notes.count > 0 && !lathe_buffer_text(card, "\n## Notes\n\n", error)) return false;
  for (int32_t i = 0; i < model->notes.count; i++)
    if (!lathe_buffer_format(card, error, "- %s\n", model->notes.name[i])) return false;
  return lathe_buffer_format(card, error, "\n## Recipe\n\n`%s`\n", model->recipe);
}

bool lathe_model_write_card(lathe_model *model, lathe_error *error) {
  lathe_buffer card = {0};
  if (!write_all(model, &card, error)) {
    lathe_buffer_free(&card);
    return false;
  }
  free(model->card);
  model->card = card.data;
  return true;
}
