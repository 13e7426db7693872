-- Making models smaller.
local function compare(report, big, small, rows)
  local before, after = big:evaluate(rows).metrics, small:evaluate(rows).metrics
  local function line(name, key)
    local change = before[key] and after[key] and (after[key] - before[key]) or nil
    return { name, before[key], after[key], change }
  end
  report:table {
    columns = {
      "metric", { name = "float64", align = "right" }, { name = "int8", align = "right" }, { name = "change", align = "right" },
    },
    rows = big:classes() and { line("accuracy", "accuracy"), line("log loss", "log_loss"), line("ROC AUC", "auc") }
      or { line("R2", "r2"), line("RMSE", "rmse"), line("MAE", "mae") },
  }
  if big:classes() then
    report.metrics = {
      accuracy = after.accuracy, log_loss = after.log_loss, auc = after.auc,
      accuracy_before = before.accuracy, log_loss_before = before.log_loss, auc_before = before.auc,
    }
    if after.log_loss > 1.05 * before.log_loss then
      report:alert {
        text = ("the log loss grew by %.0f %%; scale the features before fitting, or keep the weights as they are"):format(
          100 * (after.log_loss / before.log_loss - 1)),
      }
    end
    return
  end
  report.metrics = { r2 = after.r2, rmse = after.rmse, mae = after.mae, r2_before = before.r2, rmse_before = before.rmse }
  if before.rmse > 0 and after.rmse > 1.05 * before.rmse then
    report:alert {
      text = ("the RMSE grew by %.0f %%; scale the features before fitting, or keep the weights as they are"):format(
        100 * (after.rmse / before.rmse - 1)),
    }
  end
end

return {
  name = "compress", api = 1, doc = "Make models smaller.",
  steps = {
    quantize = {
      doc = "Round the weights to 8 bits, and tell what that costs.",
      inputs = { { "model", "model" }, { "table", "table", optional = true } },
      params = { kind = { type = "choice", choices = { "int8" }, default = "int8", doc = "what the weights become" } },
      outputs = { { "model", "model" }, { "report", "report" } },
      run = function(input, param, context)
        local style, report = require "lathe.style", require("lathe").report "Quantized weights"
        local small, what = input.model:quantize(param.kind)
        report:values {
          { "weights", what.weights, "int8 instead of float64" },
          { "arrays before", style.bytes(what.bytes_before) },
          { "arrays after", style.bytes(what.bytes_after) },
          { "largest error", ("%.2g %%"):format(100 * what.largest_error), "of the largest weight" },
        }
        if input.table then compare(report, input.model, small, input.table) end
        context.note(("%s → %s"):format(style.bytes(what.bytes_before), style.bytes(what.bytes_after)))
        return { model = small, report = report }
      end,
    },
  },
}
