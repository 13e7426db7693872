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
  bool classes = model->outputs > 1;
  if (!lathe_buffer_format(
          card, error,
          "\n## Coefficients\n\n|%s feature | estimate | standard error | p |\n|%s --- | --: | --: "
          "| --: |\n",
          classes ? " class |" : "", classes ? " --- |" : ""))
    return false;
  for (int32_t i = 0; i < model->features.count; i++) {
    lathe_coefficient c;
    lathe_model_coefficient(model, i, &c);
    if (classes && !lathe_buffer_format(card, error, "| %s ", lathe_graph_class(model->graph, c.class_index)))
      return false;
    bool fine = c.aliased ? lathe_buffer_format(card, error, "| %s | 0 | aliased | |\n", c.feature)
                : isnan(c.standard_error)
                    ? lathe_buffer_format(card, error, "| %s | %.6g | | |\n", c.feature, c.estimate)
                    : lathe_buffer_format(card, error, "| %s | %.6g | %.3g | %.2g |\n", c.feature, c.estimate,
                                          c.standard_error, c.p);
    if (!fine) return false;
  }
  return true;
}

static bool write_linear(const lathe_model *model, const lathe_model_summary *s, lathe_buffer *card,
                         lathe_error *error) {
  return lathe_buffer_format(
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
      model->target, (long long)s->rows, (int)s->features, (int)s->rank, s->intercept ? "" : ", no intercept",
      s->int8 ? "int8" : "float64", s->r2, s->adjusted_r2, s->rmse, s->mae, s->sigma, s->target_mean);
}

static bool write_logistic(const lathe_model *model, const lathe_model_summary *s, lathe_buffer *card,
                           lathe_error *error) {
  bool fine =
      lathe_buffer_format(card, error,
                          "# A logistic regression for %s\n\n"
                          "Fitted by Newton's method on %lld rows: %d classes, %d features, %d free "
                          "coefficients%s, penalty l2 = %g. "
                          "Weights are %s.\n\n"
                          "| on the training rows | |\n| --- | --: |\n"
                          "| log loss | %.6g |\n| pseudo R2 (McFadden) | %.6g |\n| log likelihood | %.6g |\n"
                          "| log likelihood of the classes' shares | %.6g |\n\n"
                          "These are figures of the rows it learned from; rows it has not seen tell more. It "
                          "assumes that the log odds "
                          "of the classes are sums of effects of the features, and that classes are as "
                          "frequent among new rows as among "
                          "those it was trained on.\n\n## Classes\n\n| class | rows |\n| --- | --: |\n",
                          model->target, (long long)s->rows, (int)s->classes, (int)s->features, (int)s->rank,
                          s->intercept ? "" : ", no intercept", s->l2, s->int8 ? "int8" : "float64",
                          s->log_loss, s->pseudo_r2, s->log_likelihood, s->null_log_likelihood);
  for (int32_t i = 0; fine && i < s->classes; i++)
    fine = lathe_buffer_format(card, error, "| %s | %lld |\n", lathe_graph_class(model->graph, i),
                               (long long)model->class_rows[i]);
  return fine;
}

static bool write_all(const lathe_model *model, lathe_buffer *card, lathe_error *error) {
  lathe_model_summary s;
  lathe_model_summarise(model, &s);
  if (!(model->family == LATHE_FAMILY_LINEAR ? write_linear : write_logistic)(model, &s, card, error))
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
