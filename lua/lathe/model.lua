-- Models: a fitted recipe and estimator. A model takes tables with the raw columns it was trained on; nothing changes one.
local ffi = require "ffi"
local core = require "lathe.core"

local C = core.C
local model = core.class("model", C.lathe_model_release)

core.takes["lathe.linear"] = { intercept = true }

-- ---- making ----

-- Ordinary least squares: lathe.linear { intercept = true }.
function model.linear(options)
  options = core.options(options, "lathe.linear")
  if type(options.intercept) ~= "boolean" then core.fail("intercept is true or false, not %s", tostring(options.intercept)) end
  return { kind = "linear", intercept = options.intercept }
end

-- Learn `recipe` and `estimator` on the rows of `train`: lathe.fit(train, lathe.recipe { target = "price" }:impute(), lathe.linear {}).
-- Raises a sentence when the target is text, constant or missing somewhere, or when rows or features do not do.
function model.fit(train, recipe, estimator)
  local tables = require "lathe.table"
  if not tables.is(train) then core.fail("lathe.fit takes a table, a recipe and an estimator; the first is a %s", type(train)) end
  if not require("lathe.recipe").is(recipe) then
    core.fail("lathe.fit takes a table, a recipe and an estimator; the second is a %s", type(recipe))
  end
  estimator = estimator or model.linear()
  if type(estimator) ~= "table" or estimator.kind ~= "linear" then core.fail "the estimator is not one; give lathe.linear {}" end
  return model.wrap(
    C.lathe_model_fit_linear(recipe:handle(), train:handle(), estimator.intercept, core.progress(), core.problem))
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

-- What it learned, in numbers: rows, features, rank, freedom, intercept, int8, target_mean, sigma, and r2, adjusted_r2, rmse, mae on
-- the training rows.
function model:summary()
  local summary = ffi.new "lathe_model_summary"
  C.lathe_model_summarise(self:handle(), summary)
  return {
    rows = tonumber(summary.rows), freedom = tonumber(summary.freedom), features = summary.features, rank = summary.rank,
    intercept = summary.intercept, int8 = summary.int8, target_mean = summary.target_mean, sigma = summary.sigma,
    r2 = summary.r2, adjusted_r2 = summary.adjusted_r2, rmse = summary.rmse, mae = summary.mae,
  }
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

-- A table with a row for each coefficient: feature, estimate, standard_error, t, p (two-sided). An aliased feature has estimate 0 and the
-- others missing.
function model:coefficients()
  local tables, column = require "lathe.table", require "lathe.column"
  local count = C.lathe_model_coefficients(self:handle())
  local fields, numbers, features = { "estimate", "standard_error", "t", "p" }, {}, {}
  for _, field in ipairs(fields) do numbers[field] = ffi.new("double[?]", count) end
  for row, one in each_coefficient(self) do
    features[row] = ffi.string(one.feature)
    for _, field in ipairs(fields) do numbers[field][row - 1] = one[field] end
  end
  local definition = { { "feature", features } }
  for _, field in ipairs(fields) do
    definition[#definition + 1] = { field, column.own(C.lathe_column_from_float64(numbers[field], count, core.problem), field) }
  end
  return tables.new(definition)
end

-- ---- predicting ----

-- The predictions as a C array of doubles and their number; NaN where a number is missing that nothing imputes.
local function predict(self, table_)
  local tables = require "lathe.table"
  if not tables.is(table_) then core.fail("a model predicts from a table, not from a %s", type(table_)) end
  local pointer, graph, rows = table_:handle(), self:graph(), table_:rows()
  local out = ffi.new("double[?]", math.max(rows, 1))
  core.try(C.lathe_graph_run(graph, pointer, out, core.progress(), core.problem))
  return out, rows
end

-- Predict the rows of a table that has the raw columns: a table with one float64 column, named after the target. A prediction is missing
-- where a number is missing that nothing imputes.
function model:predict(rows_of)
  local out, rows = predict(self, rows_of)
  local column = require "lathe.column"
  local target = self:target()
  return require("lathe.table").new { { target, column.own(C.lathe_column_from_float64(out, rows, core.problem), target) } }
end

local function targets(self, rows_of)
  local name = self:target()
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

-- How good it is on rows it has not seen, beside a baseline that always predicts the mean of the training rows: a report whose .metrics are
-- r2, rmse, mae, bias, rows, baseline_r2, baseline_rmse and baseline_mae.
function model:evaluate(rows_of)
  local prediction, rows = predict(self, rows_of)
  local target, metrics = targets(self, rows_of), ffi.new "lathe_regression_metrics"
  core.try(C.lathe_metrics_regression(target, prediction, rows, self:summary().target_mean, metrics, core.problem))
  local style = require "lathe.style"
  local report = require("lathe.report").new("Evaluation of " .. self:target())
  report.metrics = { rows = tonumber(metrics.rows) }
  for _, name in ipairs { "r2", "rmse", "mae", "bias", "baseline_r2", "baseline_rmse", "baseline_mae" } do
    if metrics[name] == metrics[name] then report.metrics[name] = metrics[name] end
  end
  local function shown(value) return value == value and require("lathe.summary").metric(value) or nil end
  report:table {
    columns = { "metric", { name = "model", align = "right" }, { name = "baseline", align = "right" } },
    rows = {
      { "R2", shown(metrics.r2), shown(metrics.baseline_r2) },
      { "RMSE", shown(metrics.rmse), shown(metrics.baseline_rmse) },
      { "MAE", shown(metrics.mae), shown(metrics.baseline_mae) },
    },
  }
  report:text(("%s rows; the baseline predicts %s, the mean of the training rows, for each."):format(
    style.count(report.metrics.rows), style.number(self:summary().target_mean)))
  if metrics.skipped > 0 then
    report:alert { text = style.count(metrics.skipped) .. " rows were left out, for they lack the target or the prediction" }
  end
  if metrics.rmse >= metrics.baseline_rmse then
    report:alert { text = "the model is no better than the baseline on these rows" }
  end
  residual_chart(report, prediction, target, rows)
  return report
end

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

-- A few words for lists: "13 coefficients".
function model:note()
  local summary = self:summary()
  return ("%d coefficient%s%s"):format(summary.rank, summary.rank == 1 and "" or "s", summary.int8 and ", int8" or "")
end

-- A report on the model: how it fits, its coefficients, its notes.
function model:report()
  local summary, report = self:summary(), require("lathe.report").new("Linear regression of " .. self:target())
  report:values {
    { "rows", summary.rows }, { "features", summary.features }, { "R2", summary.r2, "on the training rows" },
    { "adjusted R2", summary.adjusted_r2 }, { "RMSE", summary.rmse }, { "residual standard error", summary.sigma },
    { "weights", summary.int8 and "int8" or "float64" },
  }
  local rows = {}
  for row, one in each_coefficient(self) do
    local function shown(value) return not one.aliased and value or nil end
    rows[row] = { ffi.string(one.feature), one.estimate, shown(one.standard_error), shown(one.t), shown(one.p) }
  end
  report:table {
    columns = {
      "feature", { name = "estimate", align = "right" }, { name = "standard error", align = "right" }, { name = "t", align = "right" },
      { name = "p", align = "right" },
    },
    rows = rows,
  }
  for _, note in ipairs(self:notes()) do report:alert { level = "note", text = note } end
  return report
end

function model.describe(object)
  if rawget(object, "pointer") == nil then return "released model" end
  return object:report():render {}
end

return model
