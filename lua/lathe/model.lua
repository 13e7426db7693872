-- Models: a fitted recipe and estimator. A model takes tables with the raw columns it was trained on; nothing changes one.
local ffi = require "ffi"
local core = require "lathe.core"

local C = core.C
local model = core.class("model", C.lathe_model_release)

core.takes["lathe.linear"] = { intercept = true }
core.takes["lathe.logistic"] = { l2 = 0, intercept = true, iterations = 100 }

-- ---- making ----

-- Ordinary least squares: lathe.linear { intercept = true }.
function model.linear(options)
  options = core.options(options, "lathe.linear")
  if type(options.intercept) ~= "boolean" then core.fail("intercept is true or false, not %s", tostring(options.intercept)) end
  return { kind = "linear", intercept = options.intercept }
end

-- Logistic regression, of two classes or of several: lathe.logistic { l2 = 0, intercept = true, iterations = 100 }. `l2` is a penalty
-- on the weights, 1 / C of scikit-learn; at 0 coefficients have standard errors, and classes that the features tell apart without error
-- are refused. `iterations` of Newton's method at most.
function model.logistic(options)
  options = core.options(options, "lathe.logistic")
  if type(options.intercept) ~= "boolean" then core.fail("intercept is true or false, not %s", tostring(options.intercept)) end
  if type(options.l2) ~= "number" or not (options.l2 >= 0 and options.l2 < math.huge) then
    core.fail("l2 is a number from 0 up, not %s", tostring(options.l2))
  end
  local iterations = options.iterations
  if type(iterations) ~= "number" or iterations < 1 or iterations % 1 ~= 0 or iterations > 1e9 then
    core.fail("iterations is a whole number from 1 up, not %s", tostring(iterations))
  end
  return { kind = "logistic", l2 = options.l2, intercept = options.intercept, iterations = iterations }
end

local fitters = {
  linear = function(recipe, train, estimator)
    return C.lathe_model_fit_linear(recipe, train, estimator.intercept, core.progress(), core.problem)
  end,
  logistic = function(recipe, train, estimator)
    return C.lathe_model_fit_logistic(recipe, train, estimator.intercept, estimator.l2, estimator.iterations, core.progress(),
      core.problem)
  end,
}

-- Learn `recipe` and `estimator` on the rows of `train`: lathe.fit(train, lathe.recipe { target = "price" }:impute(), lathe.linear {}).
-- lathe.linear predicts numbers; lathe.logistic tells the classes apart that the distinct values of the target are. Raises a sentence when
-- the target does not do, is constant or missing somewhere, or when rows or features do not do.
function model.fit(train, recipe, estimator)
  local tables = require "lathe.table"
  if not tables.is(train) then core.fail("lathe.fit takes a table, a recipe and an estimator; the first is a %s", type(train)) end
  if not require("lathe.recipe").is(recipe) then
    core.fail("lathe.fit takes a table, a recipe and an estimator; the second is a %s", type(recipe))
  end
  estimator = estimator or model.linear()
  local fit = type(estimator) == "table" and fitters[estimator.kind]
  if not fit then core.fail "the estimator is not one; give lathe.linear {} or lathe.logistic {}" end
  return model.wrap(fit(recipe:handle(), train:handle(), estimator))
end

-- Open a bundle that model:save wrote. Its arrays are mapped; nothing in it is run.
function model.open(path)
  return model.wrap(C.lathe_model_open(core.path(path, "lathe.open"), core.problem))
end

-- ---- asking ----

-- The graph of the core (lathe_graph*); it lives as long as the model.
function model:graph() return C.lathe_model_graph(self:handle()) end

-- The raw columns it takes: { { name = "income", type = "float64" }, ... }.
function model:inputs()
  local graph, list = self:graph(), {}
  for index = 0, C.lathe_graph_inputs(graph) - 1 do
    list[index + 1] = {
      name = ffi.string(C.lathe_graph_input_name(graph, index)),
      type = ffi.string(C.lathe_type_name(C.lathe_graph_input_type(graph, index))),
    }
  end
  return list
end

-- The name of the column that it predicts.
function model:target() return ffi.string(C.lathe_model_target(self:handle())) end

-- "linear" or "logistic".
function model:kind() return self:summary().kind end

-- The names of its classes, in their order; nil of a regression.
function model:classes()
  local graph, list = self:graph(), {}
  for index = 0, C.lathe_graph_classes(graph) - 1 do list[index + 1] = ffi.string(C.lathe_graph_class(graph, index)) end
  return list[1] and list or nil
end

local kinds = { [tonumber(C.LATHE_FAMILY_LINEAR)] = "linear", [tonumber(C.LATHE_FAMILY_LOGISTIC)] = "logistic" }
local of_kind = {
  linear = { "target_mean", "sigma", "r2", "adjusted_r2", "rmse", "mae" },
  logistic = {
    "iterations", "converged", "l2", "log_likelihood", "null_log_likelihood", "log_loss", "pseudo_r2", "aic", "bic",
  },
}

-- What it learned, in numbers: kind, rows, features, rank, freedom, intercept, int8, and of the training rows
--   linear    target_mean, sigma, r2, adjusted_r2, rmse, mae
--   logistic  classes ({ { name =, rows = }, ... }), iterations, converged, l2, log_likelihood, null_log_likelihood, log_loss,
--             pseudo_r2, and without a penalty aic and bic
function model:summary()
  local pointer, summary = self:handle(), ffi.new "lathe_model_summary"
  C.lathe_model_summarise(pointer, summary)
  local kind = kinds[tonumber(summary.family)]
  local result = {
    kind = kind, rows = tonumber(summary.rows), freedom = tonumber(summary.freedom), features = summary.features,
    rank = summary.rank, intercept = summary.intercept, int8 = summary.int8,
  }
  for _, name in ipairs(of_kind[kind]) do
    local value = summary[name]
    if value == value then result[name] = value end
  end
  if summary.classes > 0 then
    result.classes = {}
    for index, name in ipairs(self:classes()) do
      result.classes[index] = { name = name, rows = tonumber(C.lathe_model_class_rows(pointer, index - 1)) }
    end
  end
  return result
end

-- Sentences on what was found while fitting: imputed, left out, aliased.
function model:notes()
  local pointer, list = self:handle(), {}
  for index = 0, C.lathe_model_notes(pointer) - 1 do list[index + 1] = ffi.string(C.lathe_model_note(pointer, index)) end
  return list
end

-- The model card, markdown; and the recipe it was fitted with, JSON.
function model:card() return ffi.string(C.lathe_model_card(self:handle())) end
function model:recipe() return ffi.string(C.lathe_model_recipe(self:handle())) end

-- The bytes of the graph's arrays.
function model:bytes() return tonumber(C.lathe_graph_bytes(self:graph())) end

local function each_coefficient(self)
  local pointer, one, index = self:handle(), ffi.new "lathe_coefficient", -1
  return function()
    index = index + 1
    if C.lathe_model_coefficient(pointer, index, one) then return index + 1, one end
  end
end

-- A table with a row for each coefficient: feature, estimate, standard_error, t, p (two-sided; by Student's t, of a logistic regression
-- by the normal distribution). A logistic regression of more than two classes has a column `class` before them: estimates are log odds of
-- the second of two classes; of several, of each against the first, or of each with a penalty. An aliased feature has estimate 0 and the
-- others missing; with a penalty the others are missing altogether.
function model:coefficients()
  local tables, column = require "lathe.table", require "lathe.column"
  local count, names = C.lathe_model_coefficients(self:handle()), self:classes()
  local fields, numbers, features, classes = { "estimate", "standard_error", "t", "p" }, {}, {}, {}
  for _, field in ipairs(fields) do numbers[field] = ffi.new("double[?]", math.max(count, 1)) end
  for row, one in each_coefficient(self) do
    features[row] = ffi.string(one.feature)
    classes[row] = names and names[one.class_index + 1]
    for _, field in ipairs(fields) do numbers[field][row - 1] = one[field] end
  end
  local definition = { { "feature", features } }
  if names and #names > 2 then table.insert(definition, 1, { "class", classes }) end
  for _, field in ipairs(fields) do
    definition[#definition + 1] = { field, column.own(C.lathe_column_from_float64(numbers[field], count, core.problem), field) }
  end
  return tables.new(definition)
end

-- ---- predicting ----

-- What the graph gives for the rows of a table: a C array of doubles, (rows, width), the rows and the width. NaN where a number is missing
-- that nothing imputes.
function model:run(table_)
  local tables = require "lathe.table"
  if not tables.is(table_) then core.fail("a model predicts from a table, not from a %s", type(table_)) end
  local pointer, graph, rows = table_:handle(), self:graph(), table_:rows()
  local width = C.lathe_graph_width(graph)
  local out = ffi.new("double[?]", math.max(rows * width, 1))
  core.try(C.lathe_graph_run(graph, pointer, out, core.progress(), core.problem))
  return out, rows, width
end

-- What model:run gave as a table: see model:predict.
function model:predictions(out, rows)
  local column, target, graph = require "lathe.column", self:target(), self:graph()
  local classes = self:classes()
  local list = {}
  if classes then
    list[1] = { target, column.own(C.lathe_graph_labels(graph, out, rows, core.problem), target) }
    for index, class in ipairs(classes) do
      local name = ("P(%s)"):format(class)
      list[index + 1] = { name, column.own(C.lathe_graph_class_probability(graph, out, rows, index - 1, core.problem), name) }
    end
  else
    list[1] = { target, column.own(C.lathe_column_from_float64(out, rows, core.problem), target) }
  end
  return require("lathe.table").new(list)
end

-- Predict the rows of a table that has the raw columns. A regression gives a table with one float64 column, named after the target; a
-- classification one with the most probable class, in the type of the target (texts as categories), and for each class its probability
-- as column "P(CLASS)". A prediction is missing where a number is missing that nothing imputes.
function model:predict(rows_of)
  local out, rows = self:run(rows_of)
  return self:predictions(out, rows)
end

-- How good it is on rows it has not seen, beside a baseline that knows only the target of the training rows: a report. Its .metrics, with
-- those of the baseline as baseline_NAME:
--   a regression      r2, rmse, mae, bias, rows
--   a classification  accuracy, balanced_accuracy, precision, recall, f1, log_loss, brier, mcc, auc, average_precision, rows; .classes
--                     and .confusion are tables
function model:evaluate(rows_of) return require("lathe.evaluate").evaluate(self, rows_of) end

-- ---- compressing, writing ----

-- The same model with smaller weights: m:quantize "int8". Also returns what that did: { weights, bytes_before, bytes_after,
-- largest_error } (the error as a part of the largest weight).
function model:quantize(kind)
  if kind ~= nil and kind ~= "int8" then core.fail("weights are quantized to \"int8\", not %s", tostring(kind)) end
  local report = ffi.new "lathe_quantize_report"
  local small = model.wrap(C.lathe_model_quantize(self:handle(), report, core.problem))
  return small, core.beside {
    weights = tonumber(report.weights), bytes_before = tonumber(report.bytes_before), bytes_after = tonumber(report.bytes_after),
    largest_error = report.largest_error,
  }
end

-- Write it for other programs: an .onnx file (IR 8, opset 17) that takes the raw columns.
function model:export(path)
  if type(path) ~= "string" or not path:match "%.onnx$" then
    core.fail("export writes an .onnx file; %q is not the name of one", tostring(path))
  end
  core.try(C.lathe_onnx_write(self:graph(), C.lathe_model_card(self:handle()), core.path(path, "model:export"), core.problem))
  return self
end

-- Save it as a bundle (safetensors); lathe.open(path) gives it back. Equal models give equal bytes.
function model:save(path)
  core.try(C.lathe_model_save(self:handle(), core.path(path, "model:save"), core.problem))
  return self
end

-- ---- showing ----

-- A few words for lists: "13 coefficients", "3 classes, 24 coefficients".
function model:note()
  local summary = self:summary()
  local words = ("%d coefficient%s%s"):format(summary.rank, summary.rank == 1 and "" or "s", summary.int8 and ", int8" or "")
  return summary.classes and ("%d classes, %s"):format(#summary.classes, words) or words
end

local function add_coefficients(report, self)
  local names, rows = self:classes(), {}
  local several = names and #names > 2
  for row, one in each_coefficient(self) do
    local function shown(value) return not one.aliased and value == value and value or nil end
    local cells = { ffi.string(one.feature), one.estimate, [5] = shown(one.p) }
    cells[3], cells[4] = shown(one.standard_error), shown(one.t)
    if several then
      rows[row] = { names[one.class_index + 1], cells[1], cells[2], cells[3], cells[4], cells[5] }
    else
      rows[row] = cells
    end
  end
  local columns = { "feature" }
  if several then columns = { "class", "feature" } end
  for _, name in ipairs { "estimate", "standard error", names and "z" or "t", "p" } do
    columns[#columns + 1] = { name = name, align = "right" }
  end
  report:table { columns = columns, rows = rows }
end

-- A report on the model: how it fits, its coefficients, its notes.
function model:report()
  local summary = self:summary()
  local words = summary.classes and "Logistic regression of " or "Linear regression of "
  local report = require("lathe.report").new(words .. self:target())
  local values = { { "rows", summary.rows }, { "features", summary.features } }
  if summary.classes then
    local style, parts = require "lathe.style", {}
    for index, class in ipairs(summary.classes) do
      if index <= 8 then parts[index] = ("%s (%s)"):format(class.name, style.count(class.rows)) end
    end
    if #summary.classes > 8 then parts[9] = ("and %d more"):format(#summary.classes - 8) end
    values[#values + 1] = { "classes", #summary.classes, table.concat(parts, ", ") }
    values[#values + 1] = { "log loss", summary.log_loss, "on the training rows" }
    values[#values + 1] = { "pseudo R2", summary.pseudo_r2, "McFadden's" }
    values[#values + 1] = { "log likelihood", summary.log_likelihood }
    values[#values + 1] = { "AIC", summary.aic }
    values[#values + 1] = { "penalty l2", summary.l2 }
    values[#values + 1] = { "iterations", summary.iterations }
  else
    values[#values + 1] = { "R2", summary.r2, "on the training rows" }
    values[#values + 1] = { "adjusted R2", summary.adjusted_r2 }
    values[#values + 1] = { "RMSE", summary.rmse }
    values[#values + 1] = { "residual standard error", summary.sigma }
  end
  values[#values + 1] = { "weights", summary.int8 and "int8" or "float64" }
  report:values(values)
  add_coefficients(report, self)
  for _, note in ipairs(self:notes()) do report:alert { level = "note", text = note } end
  return report
end

function model.describe(object)
  if rawget(object, "pointer") == nil then return "released model" end
  return object:report():render {}
end

return model
