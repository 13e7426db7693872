-- How good a model is on rows it has not seen, beside a baseline that knows only the target of its training rows.
local ffi = require "ffi"
local core = require "lathe.core"

local C = core.C
local evaluate = {}

local function shown(value) return value == value and require("lathe.summary").metric(value) or nil end

-- ---- regression ----

local function targets(model, rows_of)
  local name = model:target()
  local kind = rows_of:type(name)
  if kind ~= "float64" and kind ~= "int64" and kind ~= "bool" then
    core.fail("the target %q is %s here, and the model predicts numbers; evaluate it on a table that has them", name, kind)
  end
  local out = ffi.new("double[?]", math.max(rows_of:rows(), 1))
  local column = rows_of:column(name)
  core.try(C.lathe_column_to_float64(column:handle(), out, core.problem))
  return out
end

-- How often predictions miss by how much: a histogram of prediction - target between the 1st and 99th hundredth.
local function residual_chart(report, prediction, target, rows)
  local misses = {}
  for row = 0, rows - 1 do
    local miss = prediction[row] - target[row]
    if miss == miss then misses[#misses + 1] = miss end
  end
  table.sort(misses)
  local low, high = misses[math.max(1, math.floor(#misses * 0.01))], misses[math.max(1, math.ceil(#misses * 0.99))]
  if #misses < 20 or not (high > low) or high - low == math.huge then return end
  local bins, values, edges = 15, {}, {}
  for bin = 0, bins do edges[bin + 1] = low + (high - low) * bin / bins end
  for bin = 1, bins do values[bin] = 0 end
  for _, miss in ipairs(misses) do
    if miss >= low and miss <= high then
      local bin = math.min(bins, math.floor((miss - low) / (high - low) * bins) + 1)
      values[bin] = values[bin] + 1
    end
  end
  report:chart { kind = "histogram", title = "prediction - target, the middle 98 %", edges = edges, values = values }
end

local function regression(model, rows_of)
  local prediction, rows = model:run(rows_of)
  local target, metrics = targets(model, rows_of), ffi.new "lathe_regression_metrics"
  local mean = model:summary().target_mean
  core.try(C.lathe_metrics_regression(target, prediction, rows, mean, metrics, core.problem))
  local style = require "lathe.style"
  local report = require("lathe.report").new("Evaluation of " .. model:target())
  report.metrics = { rows = tonumber(metrics.rows) }
  for _, name in ipairs { "r2", "rmse", "mae", "bias", "baseline_r2", "baseline_rmse", "baseline_mae" } do
    if metrics[name] == metrics[name] then report.metrics[name] = metrics[name] end
  end
  report:table {
    columns = { "metric", { name = "model", align = "right" }, { name = "baseline", align = "right" } },
    rows = {
      { "R2", shown(metrics.r2), shown(metrics.baseline_r2) },
      { "RMSE", shown(metrics.rmse), shown(metrics.baseline_rmse) },
      { "MAE", shown(metrics.mae), shown(metrics.baseline_mae) },
    },
  }
  report:text(("%s rows; the baseline predicts %s, the mean of the training rows, for each."):format(
    style.count(report.metrics.rows), style.number(mean)))
  if metrics.skipped > 0 then
    report:alert { text = style.count(metrics.skipped) .. " rows were left out, for they lack the target or the prediction" }
  end
  if metrics.rmse >= metrics.baseline_rmse then
    report:alert { text = "the model is no better than the baseline on these rows" }
  end
  residual_chart(report, prediction, target, rows)
  return report
end

-- ---- classification ----

-- Name in report.metrics, words, and the field of the core.
local figures = {
  { "accuracy", "accuracy" }, { "balanced_accuracy", "balanced accuracy" }, { "precision", "precision" }, { "recall", "recall" },
  { "f1", "F1" }, { "log_loss", "log loss" }, { "brier", "Brier score" }, { "mcc", "Matthews correlation" },
  { "auc", "ROC AUC", "roc_auc" }, { "average_precision", "average precision" },
}
local with_baseline = { accuracy = true, balanced_accuracy = true, log_loss = true, brier = true }

local function add_figures(report, metrics)
  local lines = {}
  for index, figure in ipairs(figures) do
    local name, words, field = figure[1], figure[2], figure[3] or figure[1]
    local value, base = metrics[field], with_baseline[name] and metrics["baseline_" .. name] or nil
    if value == value then report.metrics[name] = value end
    report.metrics["baseline_" .. name] = base
    lines[index] = { words, shown(value), base and shown(base) }
  end
  report:table {
    columns = { "metric", { name = "model", align = "right" }, { name = "baseline", align = "right" } }, rows = lines,
  }
end

-- Tables of the classes: their figures, and how often each was taken for which.
local function class_tables(report, names, of, confusion)
  local columns = { "class", "rows", "predicted", "precision", "recall", "f1", "roc_auc", "average_precision" }
  local data, lines = {}, {}
  for index, column in ipairs(columns) do data[index] = { column, { n = #names } } end
  for index, name in ipairs(names) do
    local one = of[index - 1]
    local row = { name }
    for at = 2, #columns do
      local value = tonumber(one[columns[at]])
      row[at] = value == value and value or nil
    end
    for at = 1, #columns do data[at][2][index] = row[at] end
    lines[index] = row
  end
  local classes = require("lathe.table").new(data)
  local matrix = { { "true", names } }
  for column, name in ipairs(names) do
    local counts = {}
    for row = 1, #names do counts[row] = tonumber(confusion[(row - 1) * #names + column - 1]) end
    matrix[column + 1] = { name == "true" and "true " or name, counts }
  end
  report.classes, report.confusion = classes, #names <= 1000 and require("lathe.table").new(matrix) or nil
  if #names > 30 then return end
  local heads = {}
  for index, column in ipairs(columns) do
    heads[index] = index == 1 and column or { name = (column:gsub("_", " ")), align = "right" }
  end
  report:heading "Each class against the rest"
  report:table { columns = heads, rows = lines }
  report:heading "Rows of each class (down) by what was predicted (across)"
  heads, lines = { "" }, {}
  for index, name in ipairs(names) do
    heads[index + 1] = { name = name, align = "right" }
    lines[index] = { name }
    for column = 1, #names do lines[index][column + 1] = tonumber(confusion[(index - 1) * #names + column - 1]) end
  end
  report:table { columns = heads, rows = lines }
end

local function add_alerts(report, metrics)
  local style = require "lathe.style"
  local function left_out(count, why)
    count = tonumber(count)
    if count > 0 then report:alert { text = ("%s row%s left out: %s"):format(style.count(count), count == 1 and "" or "s", why) } end
  end
  left_out(metrics.missing, "without the target or a prediction")
  left_out(metrics.unknown, "of a class that no training row had")
  if metrics.log_loss >= metrics.baseline_log_loss then
    report:alert { text = "the model is no better than the baseline on these rows" }
  end
end

local function classification(model, rows_of)
  local probabilities, rows = model:run(rows_of)
  local names, target, summary = model:classes(), model:target(), model:summary()
  local count = #names
  local codes, baseline = ffi.new("int32_t[?]", math.max(rows, 1)), ffi.new("double[?]", count)
  local metrics, of = ffi.new "lathe_class_metrics", ffi.new("lathe_class_figures[?]", count)
  local confusion = ffi.new("int64_t[?]", count * count)
  local column = rows_of:column(target)
  core.try(C.lathe_graph_class_codes(model:graph(), column:handle(), target, codes, core.problem))
  for index, class in ipairs(summary.classes) do baseline[index - 1] = class.rows / summary.rows end
  core.try(C.lathe_metrics_classes(codes, probabilities, rows, count, baseline, metrics, of, confusion, core.problem))
  local style = require "lathe.style"
  local report = require("lathe.report").new("Evaluation of " .. target)
  report.metrics = { rows = tonumber(metrics.rows) }
  add_figures(report, metrics)
  report:text(("%s rows; the baseline gives each the classes' shares of the training rows. %s"):format(
    style.count(report.metrics.rows), count == 2
      and ("Precision, recall, F1, AUC and average precision are those of %q."):format(names[2])
      or "Precision, recall, F1, AUC and average precision are means over the classes, each against the rest."))
  class_tables(report, names, of, confusion)
  add_alerts(report, metrics)
  return report
end

-- The report that model:evaluate gives.
function evaluate.evaluate(model, rows_of)
  require("lathe.seal").look(rows_of)
  if model:classes() then return classification(model, rows_of) end
  return regression(model, rows_of)
end

return evaluate
