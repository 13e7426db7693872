-- How good a model is on rows it has not seen, beside a baseline that knows only the target of its training rows.
local core = require "lathe.core"
local measure = require "lathe.evaluate.measure"
local metric = require "lathe.evaluate.metric"

local evaluate = {}

core.takes["model:evaluate"] = {
  weights = core.open, resamples = core.open, level = 0.95, seed = 42, threshold = core.open, class = core.open, bins = 10,
  strategy = "quantile", curves = true, costs = core.open,
}

local function shown(value) return value == value and require("lathe.summary").metric(value) or nil end

-- ---- what all reports have ----

local function interval_text(interval)
  return interval and ("%s to %s"):format(shown(interval[1]), shown(interval[2])) or nil
end

-- A row for each figure: its value, its interval, that of the baseline.
local function add_figures(report, result, wanted)
  local lines = {}
  for _, one in ipairs(metric.list(result.task)) do
    local value, base = result.values[one.name], one.constant and result.baseline[one.name] or nil
    report.metrics[one.name], report.metrics["baseline_" .. one.name] = value, base
    if wanted(one) then
      lines[#lines + 1] = { one.words, value and shown(value), interval_text(result.intervals[one.name]), base and shown(base) }
    end
  end
  report.intervals = result.intervals
  local columns = {
    "metric", { name = "model", align = "right" }, { name = ("%g %% interval"):format(result.level * 100), align = "right" },
    { name = "baseline", align = "right" },
  }
  if result.resamples == 0 then
    table.remove(columns, 3)
    for _, line in ipairs(lines) do line[3] = line[4] end
  end
  report:table { columns = columns, rows = lines }
end

local function add_alerts(report, result)
  local style = require "lathe.style"
  local function left_out(count, why)
    if count > 0 then report:alert { text = ("%s row%s left out: %s"):format(style.count(count), count == 1 and "" or "s", why) } end
  end
  left_out(result.counts.missing, "without the target or a prediction")
  left_out(result.counts.unknown, "of a class that no training row had")
  for _, words in ipairs(result.odd and result.odd.words or {}) do report:alert { text = words } end
  for _, one in ipairs(result.undefined) do
    report:alert { level = "note", text = ("%s is not defined here: %s"):format(metric.find(result.task, one.name).words, one.why) }
  end
  local name = result.task == "regression" and "rmse" or "log_loss"
  local value, base = result.values[name], result.baseline[name]
  if value and base and value >= base then report:alert { text = "the model is no better than the baseline on these rows" } end
end

local function new_report(title, result)
  local report = require("lathe.report").new(title)
  report.metrics = { rows = result.counts.rows }
  for _, one in ipairs(result.odd or {}) do
    report.metrics.unknown_values = (report.metrics.unknown_values or 0) + one.unknown
  end
  return report
end

-- ---- regression ----

-- How often predictions miss by how much: a histogram of prediction - target between the 1st and 99th hundredth.
local function residual_chart(report, result, name)
  local misses, prediction, target = {}, result.prediction, result.target
  local step = math.max(1, math.floor(result.rows / 100000))
  for row = 0, result.rows - 1, step do
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
  local title = ("prediction - %s, the middle 98 %%"):format(name or "target")
  report:chart { kind = "histogram", title = title, edges = edges, values = values }
end

-- Of several targets the figures of each.
local function add_targets(report, result, counts)
  local several, list = require "lathe.evaluate.several", {}
  for _, one in ipairs(metric.list "regression") do
    if one.shown == "always" or one.shown == "counts" and counts then list[#list + 1] = one end
    for _, target in ipairs(result.targets) do
      local key = several.name(target, one.name)
      report.metrics[key], report.metrics["baseline_" .. key] = result.values[key], one.constant and result.baseline[key] or nil
    end
  end
  report.targets = several.table(result.targets, metric.list "regression", function(key) return result.values[key] end)
  several.block(report, result.targets, list, function(key) return result.values[key] and shown(result.values[key]) end,
    function(key) return result.baseline[key] and shown(result.baseline[key]) end)
end

local function regression(result, title)
  local style, report = require "lathe.style", new_report(title, result)
  local counts = result.values.poisson_deviance ~= nil and result.counts_model
  add_figures(report, result, function(one)
    return one.shown == "always" and (result.values[one.name] or result.baseline[one.name]) or one.shown == "counts" and counts
  end)
  if result.targets then
    report:text(("%s rows, and %d targets: figures are their means. The baseline predicts the means of the training rows for each."):format(
      style.count(report.metrics.rows), #result.targets))
  elseif result.mean then
    report:text(("%s rows; the baseline predicts %s, the mean of the training rows, for each."):format(
      style.count(report.metrics.rows), style.number(result.mean)))
  else
    report:text(style.count(report.metrics.rows) .. " rows.")
  end
  if result.targets then add_targets(report, result, counts) end
  add_alerts(report, result)
  for index, one in ipairs(result.each or { result }) do residual_chart(report, one, result.targets and result.targets[index]) end
  return report
end

-- ---- classification ----

-- Tables of the classes: their figures, and how often each was taken for which.
local function class_tables(report, result)
  local names, of, confusion = result.names, result.figures, result.confusion
  local columns = { "class", "rows", "predicted", "precision", "recall", "f1", "roc_auc", "average_precision" }
  local fields = { roc_auc = "auc" }
  local data, lines = {}, {}
  for index, column in ipairs(columns) do data[index] = { column, { n = #names } } end
  for index, name in ipairs(names) do
    local row = { name }
    for at = 2, #columns do
      local value = of[index - 1][fields[columns[at]] or columns[at]]
      row[at] = value == value and value or nil
    end
    for at = 1, #columns do data[at][2][index] = row[at] end
    lines[index] = row
  end
  report.classes = require("lathe.table").new(data)
  if not confusion then return end
  local matrix = { { "true", names } }
  for column, name in ipairs(names) do
    local counts = {}
    for row = 1, #names do counts[row] = confusion[(row - 1) * #names + column - 1] end
    matrix[column + 1] = { name == "true" and "true " or name, counts }
  end
  report.confusion = require("lathe.table").new(matrix)
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
    for column = 1, #names do lines[index][column + 1] = confusion[(index - 1) * #names + column - 1] end
  end
  report:table { columns = heads, rows = lines }
end

-- The place (from 0) of the class whose curves are drawn.
local function class_of(result, name)
  if name == nil then return #result.names == 2 and 1 or nil end
  for index, class in ipairs(result.names) do
    if class == tostring(name) then return index - 1 end
  end
  core.fail("there is no class %q; %s", tostring(name), require("lathe.schema").suggest(tostring(name), result.names, "classes"))
end

-- What the decisions cost (of two classes), beside deciding always the same.
local function add_cost(report, result, options)
  local calibrate = require "lathe.evaluate.calibrate"
  local names, p = result.names, result.probabilities
  if #names ~= 2 or require("lathe.evaluate.costs").is_matrix(options.costs, names) then
    return require("lathe.evaluate.costs").add(report, result, options)
  end
  local costs, limit = calibrate.costs(options.costs, "costs"), result.threshold
  local function cost_of(predicted, resamples)
    return calibrate.mean_cost(costs, result.codes, result.rows, result.weights, predicted,
      { resamples = resamples, level = result.level, seed = options.seed })
  end
  local cost = cost_of(function(row)
    local one, two = p[row * 2], p[row * 2 + 1]
    if one ~= one or two ~= two then return nil end
    if limit then return two >= limit and 1 or 0 end
    return two > one and 1 or 0
  end, result.resamples)
  local base = math.min(cost_of(function() return 0 end, 0).value, cost_of(function() return 1 end, 0).value)
  report.metrics.cost, report.metrics.baseline_cost = cost.value, base
  if cost.low then report.intervals.cost = { cost.low, cost.high } end
  report:text(("Mean cost of a decision: %s%s; of deciding always the same: %s."):format(shown(cost.value),
    cost.low and (" (%s)"):format(interval_text { cost.low, cost.high }) or "", shown(base)))
end

local function classification(result, title, options)
  local style, report = require "lathe.style", new_report(title, result)
  local names, drawn = result.names, class_of(result, options.class)
  add_figures(report, result, function(one) return one.shown == "always" or one.shown == "several" and #names > 2 end)
  local words = style.count(report.metrics.rows) .. " rows"
  if next(result.baseline) then words = words .. "; the baseline gives each the classes' shares of the training rows" end
  words = words .. (#names == 2
    and (". Precision, recall, F1, AUC and average precision are those of %q."):format(names[2])
    or ". Precision, recall, F1, AUC and average precision are means over the classes, each against the rest.")
  if result.by_costs then words = words .. " Each row is taken for the class whose expected cost is least." end
  if result.threshold then words = words .. (" %q is predicted from a probability of %g up."):format(names[2], result.threshold) end
  report:text(words)
  if options.costs then add_cost(report, result, options) end
  class_tables(report, result)
  add_alerts(report, result)
  if options.curves and drawn and result.intervals then
    require("lathe.evaluate.curve").add(report, result, drawn,
      { full = options.curves == "full", bins = options.bins, strategy = options.strategy })
  end
  return report
end

-- Raises when the options of calibration do not do; gives them.
function evaluate.check(options)
  if type(options.bins) ~= "number" or options.bins % 1 ~= 0 or options.bins < 2 or options.bins > 10000 then
    core.fail("bins is a whole number from 2 to 10000, not %s", tostring(options.bins))
  end
  if options.strategy ~= "quantile" and options.strategy ~= "uniform" then
    core.fail("strategy is \"quantile\" or \"uniform\", not %s", tostring(options.strategy))
  end
  return options
end

-- The report on what measure gave: with .metrics, .intervals; of classes .classes, .confusion, .roc, .precision_recall, .calibration.
function evaluate.report(result, title, options)
  if result.task == "classification" then return classification(result, title, options) end
  return regression(result, title)
end

-- The report that model:evaluate gives.
function evaluate.evaluate(model, table_, options)
  options = evaluate.check(core.options(options, "model:evaluate"))
  if not require("lathe.table").is(table_) then core.fail("model:evaluate takes a table, not a %s", type(table_)) end
  require("lathe.seal").look(table_)
  local result = measure.model(model, table_, options)
  result.counts_model = model:kind() == "poisson"
  return evaluate.report(result, "Evaluation of " .. model:target(), options)
end

return evaluate
