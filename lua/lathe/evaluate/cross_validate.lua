-- lathe.cross_validate: how good a recipe and an estimator are on rows that they have not seen, by learning as often as there are folds.
local ffi = require "ffi"
local core = require "lathe.core"
local folds = require "lathe.evaluate.folds"
local metric = require "lathe.evaluate.metric"
local several = require "lathe.evaluate.several"

local cross = {}

core.takes["lathe.cross_validate"] = { level = 0.95 }
for name, default in pairs(folds.takes) do core.takes["lathe.cross_validate"][name] = default end

-- ---- out-of-fold predictions ----

-- A name that no column has.
local function free(table_, name)
  while table_:has(name) do name = name .. "_" end
  return name
end

-- A column of whole numbers: `value(row)` for the rows from 0.
local function whole(rows, value, name)
  local values = ffi.new("int64_t[?]", math.max(rows, 1))
  for row = 0, rows - 1 do values[row] = value(row) end
  return require("lathe.column").own(core.C.lathe_column_from_int64(values, rows, core.problem), name)
end

-- The rows of a fold with what was predicted for them: row (from 1), fold, repeat (of several), the target, prediction, P(CLASS); of
-- several targets each, and prediction_NAME behind it.
local function predicted(model, test, result, place, options)
  local rows, target = test:rows(), model:target()
  local made = result.targets and model:predict(test) or model:predictions(result.probabilities or result.prediction, rows)
  local columns, known = {}, {}
  local function add(name, value)
    name = free(made, name)
    columns[#columns + 1] = { name, whole(rows, value, name) }
  end
  add("row", function(row) return place.rows[row] + 1 end)
  add("fold", function() return place.fold end)
  if options.repeats > 1 then add("repeat", function() return place.round end) end
  if result.targets then
    for _, column in ipairs(columns) do known[column[1]] = true end
    for _, name in ipairs(result.targets) do known[name] = true end
    for _, name in ipairs(result.targets) do
      columns[#columns + 1] = { name, test:column(name) }
      local other = "prediction_" .. name
      while known[other] do other = other .. "_" end
      columns[#columns + 1] = { other, made:column(name) }
    end
    return require("lathe.table").new(columns)
  end
  columns[#columns + 1] = { target, test:column(target) }
  for index, name in ipairs(made:columns()) do
    columns[#columns + 1] = { index == 1 and (target == "prediction" and "prediction_" or "prediction") or name, made:column(name) }
  end
  return require("lathe.table").new(columns)
end

-- All folds' rows below each other, in the order of the table (of each repeat). A class that a fold's training rows had not has the
-- probability 0 there.
local function gather(list, classes, options)
  local zero, probable = {}, {}
  for _, class in ipairs(classes or {}) do probable[#probable + 1] = ("P(%s)"):format(class) end
  for index, one in ipairs(list) do
    for _, name in ipairs(probable) do
      if not one:has(name) then
        local rows = one:rows()
        zero[rows] = zero[rows] or ffi.gc(core.try(core.C.lathe_column_from_float64(ffi.new("double[?]", math.max(rows, 1)), rows,
          core.problem)), core.C.lathe_column_release)
        one = one:with(name, require("lathe.column").own(core.C.lathe_column_retain(zero[rows]), name))
      end
    end
    list[index] = one
  end
  local all = require("lathe.concat").concat(list)
  local names = all:columns()
  return (all:sort(options.repeats > 1 and { names[3], names[1] } or { names[1] }))
end

-- ---- the report ----

local function shown_value(value) return value and require("lathe.summary").metric(value) or nil end

local function fold_table(list, of, options)
  local columns, data = { "fold", "rows_train", "rows_test" }, {}
  if options.repeats > 1 then table.insert(columns, 1, "repeat") end
  local fields = { ["repeat"] = "round", fold = "fold", rows_train = "trained", rows_test = "tested" }
  for at, name in ipairs(columns) do
    data[at] = { name, {} }
    for index, one in ipairs(list) do data[at][2][index] = one[fields[name]] end
  end
  for _, one in ipairs(metric.list(of.task)) do
    if folds.mean(list, one.name) then
      local values = { n = #list }
      for index, fold in ipairs(list) do values[index] = fold.values[one.name] end
      data[#data + 1] = { one.name, values }
    end
  end
  local types = {}
  for _, name in ipairs(columns) do types[name] = "int64" end
  return (require("lathe.table").new(data):cast(types))
end

local function add_figures(report, list, shown, options)
  local lines = {}
  for index, one in ipairs(shown) do
    local mean, deviation, _, base = folds.mean(list, one.name)
    local interval = report.intervals[one.name]
    lines[index] = { one.words, shown_value(mean), shown_value(deviation),
      interval and ("%s to %s"):format(shown_value(interval[1]), shown_value(interval[2])), one.constant and shown_value(base) or nil }
  end
  report:table {
    columns = { "metric", { name = "mean", align = "right" }, { name = "deviation", align = "right" },
      { name = ("%g %% interval"):format(options.level * 100), align = "right" }, { name = "baseline", align = "right" } },
    rows = lines,
  }
end

local function add_folds(report, list, shown, options)
  local columns, lines = { options.repeats > 1 and "repeat, fold" or "fold" }, {}
  columns[2], columns[3] = { name = "trained on", align = "right" }, { name = "tested on", align = "right" }
  for _, one in ipairs(shown) do columns[#columns + 1] = { name = one.words, align = "right" } end
  for index, fold in ipairs(list) do
    local line = { options.repeats > 1 and ("%d, %d"):format(fold.round, fold.fold) or tostring(fold.fold), fold.trained, fold.tested }
    for at, one in ipairs(shown) do line[3 + at] = shown_value(fold.values[one.name]) end
    lines[index] = line
  end
  report:heading "Each fold"
  report:table { columns = columns, rows = lines }
end

local function add_alerts(report, list, of)
  local style = require "lathe.style"
  local missing, unknown = 0, 0
  for _, fold in ipairs(list) do missing, unknown = missing + fold.missing, unknown + fold.unknown end
  if missing > 0 then report:alert { text = style.count(missing) .. " rows without the target or a prediction were left out" } end
  if unknown > 0 then
    report:alert { text = ("%s test rows are of a class that the training rows of their fold have not; stratify = true spreads classes")
      :format(style.count(unknown)) }
  end
  local told = {}
  for _, fold in ipairs(list) do
    for _, one in ipairs(fold.undefined) do
      if not told[one.name] then
        told[one.name] = true
        local _, _, count = folds.mean(list, one.name)
        local words = metric.find(of.task, one.name).words
        report:alert { level = "note", text = ("%s is defined in %d of %d folds (%s)"):format(words, count or 0, #list, one.why) }
      end
    end
  end
end

-- The figures over folds of a list that folds.run gave: metrics (means, NAME_sd, baseline_NAME) and intervals, put into the report.
function cross.figures(report, list, of, options)
  report.metrics, report.intervals = { folds = #list }, {}
  local function figure(one, name)
    local mean, deviation, count, base = folds.mean(list, name)
    report.metrics[name] = mean
    report.metrics[name .. "_sd"] = deviation
    if one.constant then report.metrics["baseline_" .. name] = base end
    if deviation and one.name ~= "largest" then
      local half = folds.standard_error(list, deviation, count) * core.C.lathe_student_bound(1 - options.level, count - 1)
      report.intervals[name] = metric.interval(one, mean, half)
    end
  end
  for _, one in ipairs(metric.list(of.task)) do
    figure(one, one.name)
    for _, target in ipairs(of.targets or {}) do figure(one, several.name(target, one.name)) end
  end
end

-- Learn a recipe and an estimator on all folds but one, measure on that one, for each fold: lathe.cross_validate(t, recipe, estimator,
-- { folds = 5 }). Nothing is learned from the rows that are measured on: neither by the recipe, nor by what makes training rows
-- (`augment`). In place of the two a function from training rows to a model does. A report; its .metrics are the means over folds, with
-- NAME_sd and baseline_NAME; .intervals those of the means (corrected: Nadeau, Bengio 2003); .folds a table with a row for each fold;
-- .predictions one with the out-of-fold prediction of each row (row, fold, the target, prediction, P(CLASS)).
-- Options: folds (5), repeats (1; each draws folds of its own), seed (42), shuffle (true), stratify (true: the target; or a column),
-- group, time (columns; as t:folds has them), metrics (names of those shown), weights (a column; of the measuring), threshold (of two
-- classes), augment (a function of the training rows, or a verb and its options: { "smote", ratio = 0.5 }, or a list of these), level
-- (0.95).
function cross.validate(table_, recipe, estimator, options)
  local where = "lathe.cross_validate"
  folds.check_table(table_, where)
  if type(recipe) == "function" then estimator, options = nil, estimator end
  local learner = folds.learner(where, recipe, estimator)
  if core.is_beside(options) then options = nil end
  options = folds.options(core.options(options, where), where, learner)
  if type(options.level) ~= "number" or not (options.level > 0 and options.level < 1) then
    core.fail("%s: level is a number such as 0.95, not %s", where, tostring(options.level))
  end
  local rows = {}
  local list, of = folds.run(table_, learner, options, function(model, test, result, place)
    rows[#rows + 1] = predicted(model, test, result, place, options)
  end)
  local report = require("lathe.report").new("Cross-validation of " .. of.target)
  cross.figures(report, list, of, options)
  local shown = folds.shown(list, of, options)
  add_figures(report, list, shown, options)
  local style = require "lathe.style"
  report:text(("%s rows, %d folds%s%s. Intervals are of the mean, corrected for training rows that folds share."):format(
    style.count(table_:rows()), options.folds, options.repeats > 1 and (" drawn %d times"):format(options.repeats) or "", of.words))
  if of.targets then
    local function of_base(key) return shown_value(report.metrics["baseline_" .. key]) end
    several.block(report, of.targets, shown, function(key) return shown_value(report.metrics[key]) end, of_base)
    report.targets = several.table(of.targets, metric.list(of.task), function(key) return report.metrics[key] end)
  end
  add_alerts(report, list, of)
  add_folds(report, list, shown, options)
  report.folds = fold_table(list, of, options)
  report.predictions = gather(rows, of.classes, options)
  return report
end

return cross
