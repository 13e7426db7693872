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
      run = function(input, _, context)
        local style = require "lathe.style"
        local report = input.model:evaluate(input.table)
        local metrics = report.metrics
        context.note(("R2 %s, RMSE %s"):format(metrics.r2 and style.number(metrics.r2) or "-", style.number(metrics.rmse)))
        return { report = report }
      end,
    },
  },
}
