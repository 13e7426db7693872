-- Measuring models.
return {
  name = "evaluate", api = 1, doc = "Measure how good a model is.",
  steps = {
    regression = {
      doc = "R2, RMSE and MAE on rows the model has not seen, beside a baseline.",
      detail = "The baseline predicts the mean of the training rows for every row.",
      inputs = { { "model", "model" }, { "table", "table" } },
      params = {},
      outputs = { report = "report" },
      effect = "measure",
      run = function(input, _, context)
        local style, core = require "lathe.style", require "lathe.core"
        if input.model:classes() then core.fail "the model tells classes apart; measure it with evaluate.classification" end
        local report = input.model:evaluate(input.table)
        local metrics = report.metrics
        context.note(("R2 %s, RMSE %s"):format(metrics.r2 and style.number(metrics.r2) or "-", style.number(metrics.rmse)))
        return { report = report }
      end,
    },
    classification = {
      doc = "Accuracy, log loss, ROC AUC and more on rows the model has not seen, beside a baseline; the confusion matrix.",
      detail = [[The baseline gives every row the classes' shares of the training rows. Precision, recall, F1, AUC and average precision
are those of the second of two classes, or means over several, each against the rest.]],
      inputs = { { "model", "model" }, { "table", "table" } },
      params = {},
      outputs = { report = "report" },
      effect = "measure",
      run = function(input, _, context)
        local style, core = require "lathe.style", require "lathe.core"
        if not input.model:classes() then core.fail "the model is a regression; measure it with evaluate.regression" end
        local report = input.model:evaluate(input.table)
        local metrics = report.metrics
        context.note(("accuracy %s, AUC %s"):format(style.number(metrics.accuracy), metrics.auc and style.number(metrics.auc) or "-"))
        return { report = report }
      end,
    },
  },
}
