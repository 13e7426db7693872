/* card.c - the model card: what a person should know before relying on a model. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../base/memory.h"
#include "own.h"

static bool write_inputs(const lathe_model *model, lathe_buffer *card, lathe_error *error) {
  if (!lathe_buffer_text(card, "\n## Inputs\n\n| column | type |\n| --- | --- |\n", error)) return false;
  for (int32_t i = 0; i < lathe_graph_inputs(model->graph); i++)
    if (!lathe_buffer_format(card, error, "| %s | %s |\n", lathe_graph_input_name(model->graph, i),
                             lathe_type_name(lathe_graph_input_type(model->graph, i))))
      return false;
  return true;
}

static bool write_coefficients(const lathe_model *model, lathe_buffer *card, lathe_error *error) {
  if (!lathe_buffer_text(
          card,
          "\n## Coefficients\n\n| feature | estimate | standard error | p |\n| --- | --: | --: | --: |\n",
          error))
    return false;
  for (int32_t i = 0; i < model->features.count; i++) {
    lathe_coefficient c;
    lathe_model_coefficient(model, i, &c);
    bool fine = c.aliased ? lathe_buffer_format(card, error, "| %s | 0 | aliased | |\n", c.feature)
                          : lathe_buffer_format(card, error, "| %s | %.6g | %.3g | %.2g |\n", c.feature,
                                                c.estimate, c.standard_error, c.p);
    if (!fine) return false;
  }
  return true;
}

static bool write_all(const lathe_model *model, lathe_buffer *card, lathe_error *error) {
  lathe_model_summary s;
  lathe_model_summarise(model, &s);
  if (!lathe_buffer_format(
          card, error,
          "# A linear regression for %s\n\n"
          "Fitted by ordinary least squares on %lld rows: %d features, %d free coefficients%s. "
          "Weights are %s.\n\n"
          "| on the training rows | |\n| --- | --: |\n"
          "| R2 | %.6g |\n| adjusted R2 | %.6g |\n| RMSE | %.6g |\n| MAE | %.6g |\n"
          "| residual standard error | %.6g |\n| mean of the target | %.6g |\n\n"
          "These are figures of the rows it learned from; rows it has not seen tell more. It assumes that "
          "the target is a "
          "sum of effects of the features, and knows nothing of values far outside those it was trained "
          "on.\n",
          model->target, (long long)s.rows, (int)s.features, (int)s.rank, s.intercept ? "" : ", no intercept",
          s.int8 ? "int8" : "float64", s.r2, s.adjusted_r2, s.rmse, s.mae, s.sigma, s.target_mean))
    return false;
  if (!write_inputs(model, card, error) || !write_coefficients(model, card, error)) return false;
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
