-- Figures of predictions, as plain tables of Lua; the core does the arithmetic. What both functions give:
--   task       "regression" or "classification"
--   values     { r2 = 0.64, ... }: figures that these rows define; intervals: { r2 = { low, high }, ... }
--   baseline   the same of a prediction that is the same for every row
--   undefined  { { name =, why = }, ... }
--   counts     { rows =, missing =, unknown =, weight = }
--   odd        what model:predict says of raw values that were odd, or nil
-- and of classes: names, figures (of each class), confusion (of C, unless there are more than 1,000), codes and probabilities.
local ffi = require "ffi"
local core = require "lathe.core"
local metric = require "lathe.evaluate.metric"

local C = core.C
local measure = {}

local MOST, LEAST, WORK, MATRIX = 1000, 200, 1e9, 1000

-- The options that measuring takes, checked. `resamples` nil: 1000, fewer (not below 200) of many rows.
function measure.options(options, rows, classes)
  local resamples = options.resamples
  if resamples == nil then
    local each = math.max(1, rows) * (classes and classes > 2 and math.min(classes, 30) or 1)
    resamples = math.max(LEAST, math.min(MOST, math.floor(WORK / each)))
  end
  if type(resamples) ~= "number" or resamples % 1 ~= 0 or resamples < 0 or resamples > 1e6 then
    core.fail("resamples is a whole number from 0 (no intervals) to 1000000, not %s", tostring(resamples))
  end
  local level = options.level or 0.95
  if type(level) ~= "number" or not (level > 0 and level < 1) then core.fail("level is a number such as 0.95, not %s", tostring(level)) end
  local seed = options.seed or 42
  if type(seed) ~= "number" or seed % 1 ~= 0 or seed < 0 then core.fail("seed is a whole number from 0 up, not %s", tostring(seed)) end
  local c = ffi.new "lathe_metric_options"
  c.resamples, c.level, c.seed, c.ranked = resamples, level, seed, options.ranked ~= false
  return c
end

-- A column of row weights as doubles of C; nil for no name.
function measure.weights(table_, name)
  if name == nil then return nil end
  local kind, rows = table_:type(name), table_:rows()
  if kind ~= "float64" and kind ~= "int64" and kind ~= "bool" then
    core.fail("the weights %q are of type %s; row weights are numbers from 0 up", name, kind)
  end
  local out = ffi.new("double[?]", math.max(rows, 1))
  core.try(C.lathe_column_to_float64(table_:column(name):handle(), out, core.problem))
  for row = 0, rows - 1 do
    if not (out[row] >= 0 and out[row] < math.huge) then
      core.fail("row %d has the weight %g in %q; row weights are numbers from 0 up", row + 1, out[row], name)
    end
  end
  return out
end

local function collect(result, measures, name_of, count)
  result.values, result.intervals, result.undefined = {}, {}, {}
  for index = 0, count - 1 do
    local name, one = ffi.string(name_of(index)), measures[index]
    if one.value == one.value then result.values[name] = one.value end
    if one.low == one.low then result.intervals[name] = { one.low, one.high } end
  end
end

local function values_of(measures, name_of, count)
  local values = {}
  for index = 0, count - 1 do
    if measures[index].value == measures[index].value then values[ffi.string(name_of(index))] = measures[index].value end
  end
  return values
end

local function count_table(counts)
  local kept = {}
  for _, name in ipairs { "rows", "missing", "unknown", "weight", "zero_targets", "not_poisson" } do kept[name] = tonumber(counts[name]) end
  return kept
end

local function note(result, name, why)
  if result.values[name] == nil then result.undefined[#result.undefined + 1] = { name = name, why = why } end
end

local function rows_word(count, words) return ("%d row%s %s"):format(count, count == 1 and "" or "s", words) end

-- Targets and predictions (doubles of C, NaN is missing); `mean` is what the baseline predicts (nil: there is none). With `options.drawn`
-- the result has also `draws` (doubles of C): (figures, resamples).
function measure.regression(target, prediction, rows, mean, weights, options)
  local c, counts = measure.options(options, rows), ffi.new "lathe_metric_counts"
  local count = tonumber(C.LATHE_REGRESSION_METRICS)
  local measures = ffi.new("lathe_measure[?]", count)
  local draws = options.drawn and ffi.new("double[?]", math.max(count * c.resamples, 1)) or nil
  c.weights, c.draws = weights, draws
  core.try(C.lathe_metrics_regression(target, prediction, rows, c, measures, counts, core.progress(), core.problem))
  local result = { task = "regression", target = target, prediction = prediction, rows = rows, weights = weights, mean = mean,
    counts = count_table(counts), baseline = {}, resamples = c.resamples, level = c.level, draws = draws }
  collect(result, measures, C.lathe_regression_metric_name, count)
  note(result, "r2", "the target is the same in every row")
  note(result, "mape", rows_word(result.counts.zero_targets, "with a target of 0"))
  if mean and mean == mean then
    local same = ffi.new("double[?]", math.max(rows, 1))
    for row = 0, rows - 1 do same[row] = prediction[row] == prediction[row] and mean or 0 / 0 end
    c.resamples, c.draws = 0, nil
    core.try(C.lathe_metrics_regression(target, same, rows, c, measures, counts, core.progress(), core.problem))
    result.baseline = values_of(measures, C.lathe_regression_metric_name, count)
  end
  return result
end

local function baseline_of_classes(result, c, shares)
  local rows, classes = result.rows, #result.names
  local same, figures = ffi.new("double[?]", math.max(rows * classes, 1)), ffi.new("lathe_class_figures[?]", classes)
  for row = 0, rows - 1 do
    local known = result.probabilities[row * classes] == result.probabilities[row * classes]
    for class = 0, classes - 1 do same[row * classes + class] = known and shares[class + 1] or 0 / 0 end
  end
  local count, counts = tonumber(C.LATHE_CLASS_METRICS), ffi.new "lathe_metric_counts"
  local measures = ffi.new("lathe_measure[?]", count)
  c.resamples, c.ranked, c.predicted = 0, false, nil
  core.try(C.lathe_metrics_classes(result.codes, same, rows, classes, c, measures, figures, nil, counts, core.progress(), core.problem))
  return values_of(measures, C.lathe_class_metric_name, count)
end

local function why_no_area(result)
  local only
  for index, name in ipairs(result.names) do
    if result.figures[index - 1].rows > 0 then
      if only then return "no class has both rows of it and others" end
      only = name
    end
  end
  return ("all rows are of class %q"):format(only)
end

-- Codes of classes (int32 of C, as lathe_graph_class_codes gives them) and probabilities (rows, classes); `names` of the classes; `shares`
-- is what the baseline says (nil: there is none). `options.threshold`: the second of two classes is predicted from this probability up.
function measure.classes(codes, probabilities, rows, names, shares, weights, options)
  local classes = #names
  local c, counts = measure.options(options, rows, classes), ffi.new "lathe_metric_counts"
  local count = tonumber(C.LATHE_CLASS_METRICS)
  local measures, figures = ffi.new("lathe_measure[?]", count), ffi.new("lathe_class_figures[?]", classes)
  local confusion = classes <= MATRIX and ffi.new("double[?]", classes * classes) or nil
  local predicted = options.predicted
  c.weights = weights
  if options.threshold ~= nil then
    if classes ~= 2 then core.fail("a threshold tells two classes apart, and there are %d here", classes) end
    if type(options.threshold) ~= "number" or not (options.threshold >= 0 and options.threshold <= 1) then
      core.fail("threshold is a probability from 0 to 1, not %s", tostring(options.threshold))
    end
    predicted = ffi.new("int32_t[?]", math.max(rows, 1))
    for row = 0, rows - 1 do predicted[row] = probabilities[row * 2 + 1] >= options.threshold and 1 or 0 end
  end
  c.predicted = predicted
  core.try(C.lathe_metrics_classes(codes, probabilities, rows, classes, c, measures, figures, confusion, counts, core.progress(),
    core.problem))
  local result = { task = "classification", names = names, codes = codes, probabilities = probabilities, rows = rows, weights = weights,
    counts = count_table(counts), figures = figures, confusion = confusion, baseline = {}, threshold = options.threshold,
    resamples = c.resamples, level = c.level }
  collect(result, measures, C.lathe_class_metric_name, count)
  if c.ranked then
    note(result, "auc", why_no_area(result))
    if classes == 2 then note(result, "average_precision", ("no row is of class %q"):format(names[2])) end
  end
  if shares then result.baseline = baseline_of_classes(result, c, shares) end
  return result
end

-- ---- a model on the rows of a table ----

local function targets(name, table_)
  local kind = table_:type(name)
  if kind ~= "float64" and kind ~= "int64" and kind ~= "bool" then
    core.fail("the target %q is %s here, and the model predicts numbers; evaluate it on a table that has them", name, kind)
  end
  local out = ffi.new("double[?]", math.max(table_:rows(), 1))
  core.try(C.lathe_column_to_float64(table_:column(name):handle(), out, core.problem))
  return out
end

-- The class of each row of a table, as codes of a model's classes.
function measure.codes(model, table_)
  local codes, column = ffi.new("int32_t[?]", math.max(table_:rows(), 1)), table_:column(model:target())
  core.try(C.lathe_graph_class_codes(model:graph(), column:handle(), model:target(), codes, core.problem))
  return codes
end

-- What share of the training rows each class has.
function measure.shares(model)
  local shares, sum = {}, 0
  for index, class in ipairs(model:summary().classes or {}) do shares[index], sum = class.rows, sum + class.rows end
  if sum == 0 then return nil end
  for index = 1, #shares do shares[index] = shares[index] / sum end
  return shares
end

-- Measure a model. `weights` in the options is the name of a column.
function measure.model(model, table_, options)
  local weights, names = measure.weights(table_, options.weights), model:classes()
  local out, rows, width, odd = model:run(table_)
  local result
  if names then
    if options.threshold == nil and model:threshold() then
      options = setmetatable({ threshold = model:threshold() }, { __index = options })
    end
    local costs = C.lathe_graph_costs(model:graph()) ~= nil
    if costs and options.threshold == nil and options.predicted == nil then
      local predicted = ffi.new("int32_t[?]", math.max(rows, 1))
      for row = 0, rows - 1 do predicted[row] = math.max(0, C.lathe_graph_choose(model:graph(), out + row * #names)) end
      options = setmetatable({ predicted = predicted }, { __index = options })
    end
    result = measure.classes(measure.codes(model, table_), out, rows, names, measure.shares(model), weights, options)
    result.predicted, result.by_costs = options.predicted, costs
    result.odd = odd
    return result
  end
  if options.threshold ~= nil then core.fail "a threshold tells two classes apart; this model predicts numbers" end
  local names_of = model:targets()
  if width ~= #names_of then core.fail("the model predicts %d numbers for a row, which are no targets", width) end
  if width > 1 then
    result = require("lathe.evaluate.several").measure(model, names_of, targets, table_, out, rows, weights, options)
  else
    result = measure.regression(targets(names_of[1], table_), out, rows, model:summary().target_mean, weights, options)
  end
  result.odd = odd
  return result
end

-- The names of figures in the order of their list that a result has values of.
function measure.names(result)
  local names = {}
  for _, one in ipairs(metric.list(result.task)) do
    if result.values[one.name] then names[#names + 1] = one.name end
  end
  return names
end

return measure
