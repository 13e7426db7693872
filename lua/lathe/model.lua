-- Models: a fitted recipe and estimator. A model takes tables with the raw columns it was trained on; nothing changes one.
local ffi = require "ffi"
local core = require "lathe.core"

local C = core.C
local model = core.class("model", C.lathe_model_release)

-- ---- making ----

-- Learn `recipe` and `estimator` on the rows of `train`: lathe.fit(train, lathe.recipe { target = "price" }:impute(), lathe.linear {}).
-- lathe.linear predicts numbers; lathe.logistic tells the classes apart that the distinct values of the target are. Raises a sentence when
-- the target does not do, is constant or missing somewhere, or when rows or features do not do. Without an estimator the model is the
-- recipe alone, which needs no target: what it predicts are the features.
function model.fit(train, recipe, estimator)
  local tables = require "lathe.table"
  if not tables.is(train) then core.fail("lathe.fit takes a table, a recipe and an estimator; the first is a %s", type(train)) end
  require("lathe.seal").refuse(train, "lathe.fit")
  if not require("lathe.recipe").is(recipe) then
    core.fail("lathe.fit takes a table, a recipe and an estimator; the second is a %s", type(recipe))
  end
  if estimator == nil then
    local handle, kept = recipe:learn_from(train)
    return model.wrap(C.lathe_model_fit_recipe(handle, kept, core.progress(), core.problem))
  end
  if not recipe.target then core.fail "the recipe has no target; a model needs one: lathe.recipe { target = \"COLUMN\" }" end
  local estimators = require "lathe.estimator"
  if not estimators.is(estimator) then core.fail "the estimator is not one; give lathe.linear {}, lathe.logistic {} or another" end
  return model.wrap(estimators.fit(estimator, recipe:learn_from(train)))
end

-- Open a bundle that model:save wrote. Its arrays are mapped; nothing in it is run.
function model.open(path)
  return model.wrap(C.lathe_model_open(core.path(path, "lathe.open"), core.problem))
end

-- ---- asking ----

-- The graph of the core (lathe_graph*); it lives as long as the model.
function model:graph() return C.lathe_model_graph(self:handle()) end

-- The raw columns it takes: { { name = "income", type = "float64" }, ... }; `example` is a text of a column that it knows.
function model:inputs()
  local graph, list = self:graph(), {}
  for index = 0, C.lathe_graph_inputs(graph) - 1 do
    local example = C.lathe_graph_input_example(graph, index)
    list[index + 1] = {
      example = example ~= nil and ffi.string(example) or nil,
      name = ffi.string(C.lathe_graph_input_name(graph, index)),
      type = ffi.string(C.lathe_type_name(C.lathe_graph_input_type(graph, index))),
    }
  end
  return list
end

-- The name of the column that it predicts (of several all their names: "a, b"); and a list of them.
function model:target() return ffi.string(C.lathe_model_target(self:handle())) end

function model:targets()
  local graph, list = self:graph(), {}
  for index = 0, C.lathe_graph_targets(graph) - 1 do list[index + 1] = ffi.string(C.lathe_graph_target(graph, index)) end
  return list
end

-- Its family: "linear", "logistic", ...
function model:kind() return ffi.string(C.lathe_model_kind(self:handle())) end

-- The names of its classes, in their order; nil of a regression.
function model:classes()
  local graph, list = self:graph(), {}
  for index = 0, C.lathe_graph_classes(graph) - 1 do list[index + 1] = ffi.string(C.lathe_graph_class(graph, index)) end
  return list[1] and list or nil
end

-- A table that it keeps, by its name: "coefficients", "classes", ... (nil: it has none of this name); and the names of all, without those
-- that begin with "_", which a family needs to go on learning.
function model:table(name)
  local pointer = C.lathe_model_table(self:handle(), name)
  return pointer ~= nil and require("lathe.table").wrap(C.lathe_table_retain(pointer)) or nil
end

function model:tables()
  local pointer, list = self:handle(), {}
  for index = 0, C.lathe_model_tables(pointer) - 1 do
    local name = ffi.string(C.lathe_model_table_name(pointer, index))
    if name:byte() ~= 95 then list[#list + 1] = name end
  end
  return list
end

-- The names of the features that a recipe alone gives.
function model:features()
  local features = self:table "features" or core.fail("this model (%s) gives predictions, not features; lathe.fit(t, recipe) alone does",
    self:kind())
  local names = features:column("feature"):values()
  names.n = nil
  return names
end

-- What each step of the recipe learned of each column: { { step = "scale", column = "age", learned = "mean 38.6, ..." }, ... }.
function model:learned()
  local learned, list = self:table "learned", {}
  local columns = learned and { step = learned:column "step", column = learned:column "column", learned = learned:column "learned" }
  for row = 1, learned and learned:rows() or 0 do
    list[row] = {}
    for name, values in pairs(columns) do list[row][name] = values:get(row) end
  end
  return list
end

local truths = { intercept = true, converged = true, scaled = true }

-- The figures in their order: { { "rows", 16512 }, { "r2", 0.64 }, ... }; those that are not known are left out.
function model:figures()
  local pointer, list = self:handle(), {}
  for index = 0, C.lathe_model_figures(pointer) - 1 do
    local name = ffi.string(C.lathe_model_figure_name(pointer, index))
    local value = C.lathe_model_figure(pointer, name)
    if truths[name] then value = value ~= 0 end
    if value == value then list[#list + 1] = { name, value } end
  end
  return list
end

-- What it learned, in numbers: kind, int8, its figures by their names, `learned` (model:learned()), and of a classification classes
-- ({ { name =, rows = }, ... }).
-- Figures are of the training rows, unless their names say otherwise.
function model:summary()
  local result = { kind = self:kind(), int8 = C.lathe_model_int8(self:handle()), learned = self:learned() }
  for _, figure in ipairs(self:figures()) do result[figure[1]] = figure[2] end
  local classes = self:table "classes"
  if classes then
    local rows = classes:column("rows"):values()
    result.classes = {}
    for index, name in ipairs(self:classes()) do result.classes[index] = { name = name, rows = rows[index] } end
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

-- A table with a row for each coefficient, in a linear or logistic regression: feature, estimate, standard_error, t (or z), p (two-sided).
-- A logistic regression of more than two classes has a column `class` before them: estimates are log odds of the second of two classes; of
-- several, of each against the first, or of each with a penalty. An aliased feature has estimate 0 and the others missing; with a penalty
-- the others are missing altogether.
function model:coefficients()
  return self:table "coefficients" or core.fail("this model (%s) has no coefficients", self:kind())
end

-- ---- predicting ----

-- What was odd about raw values, a list of { column =, unknown =, infinite =, missing = }, in sentences: "town: 3 values not seen in
-- training".
local function odd_words(odd)
  local style, list = require "lathe.style", {}
  local function add(one, count, words)
    words = words:format(count == 1 and "" or "s")
    if count > 0 then list[#list + 1] = ("%s: %s %s"):format(one.column, style.count(count), words) end
  end
  for _, one in ipairs(odd) do
    add(one, one.unknown, "value%s not seen in training")
    add(one, one.infinite, "infinite value%s")
  end
  return list
end

local odd_meta = { __beside = true, __tostring = function(odd) return table.concat(odd_words(odd), "; ") end }

-- The columns with odd values, of the counts that a run made.
local function odd_columns(graph, counts)
  local odd = setmetatable({}, odd_meta)
  for index = 0, C.lathe_graph_inputs(graph) - 1 do
    local one = { column = ffi.string(C.lathe_graph_input_name(graph, index)) }
    for _, what in ipairs { "missing", "infinite", "unknown" } do one[what] = tonumber(counts[index][what]) end
    if one.infinite + one.unknown > 0 then odd[#odd + 1] = one end
  end
  odd.words = odd_words(odd)
  return odd[1] and odd or nil
end

-- What the graph gives for the rows of a table: a C array of doubles, (rows, width), the rows, the width, and when some raw values were
-- odd, what model:predict says of them. NaN where a number is missing that nothing imputes.
function model:run(table_)
  local tables = require "lathe.table"
  if not tables.is(table_) then core.fail("a model predicts from a table, not from a %s", type(table_)) end
  local pointer, graph, rows = table_:handle(), self:graph(), table_:rows()
  local width = C.lathe_graph_width(graph)
  local out = ffi.new("double[?]", math.max(rows * width, 1))
  local counts = ffi.new("lathe_odd_values[?]", math.max(C.lathe_graph_inputs(graph), 1))
  core.try(C.lathe_graph_run_counted(graph, pointer, out, counts, core.progress(), core.problem))
  return out, rows, width, odd_columns(graph, counts)
end

-- What model:run gave as a table: see model:predict.
function model:predictions(out, rows)
  local column, target, graph = require "lathe.column", self:target(), self:graph()
  local classes = self:classes()
  local list = {}
  if self:kind() == "recipe" then
    for index, name in ipairs(self:features()) do
      list[index] = { name, column.own(C.lathe_graph_column(graph, out, rows, index - 1, core.problem), name) }
    end
  elseif classes then
    list[1] = { target, column.own(C.lathe_graph_labels(graph, out, rows, core.problem), target) }
    for index, class in ipairs(classes) do
      local name = ("P(%s)"):format(class)
      list[index + 1] = { name, column.own(C.lathe_graph_class_probability(graph, out, rows, index - 1, core.problem), name) }
    end
  else
    for index, name in ipairs(self:targets()) do
      list[index] = { name, column.own(C.lathe_graph_column(graph, out, rows, index - 1, core.problem), name) }
    end
  end
  return require("lathe.table").new(list)
end

core.takes["model:apply"] = { keep = core.open, flags = "number" }

-- The features that a recipe alone makes of the rows of a table: model:apply(test, { keep = { "price" } }). `keep`: columns of the table
-- that stand in front of them, as they are. `flags`: one-hot columns are "number" (0 and 1), or "bool", which takes a 64th of the memory.
-- As model:predict, and without a matrix in between.
function model:apply(table_, options)
  options = core.options(options, "model:apply")
  local tables = require "lathe.table"
  if not tables.is(table_) then core.fail("a model makes features of a table, not of a %s", type(table_)) end
  if options.flags ~= "number" and options.flags ~= "bool" then
    core.fail("flags is \"number\" or \"bool\", not %s", tostring(options.flags))
  end
  local names = self:features()
  local kept = options.keep and table_:names(options.keep, "model:apply: keep") or {}
  local counts = ffi.new("lathe_odd_values[?]", math.max(C.lathe_graph_inputs(self:graph()), 1))
  local features = tables.wrap(C.lathe_graph_features(self:graph(), table_:handle(), ffi.new("const char *[?]", #names + 1, names),
    options.flags == "bool", counts, core.progress(), core.problem))
  local odd, list = odd_columns(self:graph(), counts), {}
  for index, name in ipairs(kept) do list[index] = { name, table_:column(name) } end
  for _, name in ipairs(names) do list[#list + 1] = { name, features:column(name) } end
  local made = require("lathe.seal").inherit(#kept > 0 and tables.new(list) or features, { table_ })
  if odd then return made, odd end
  return made
end

-- Predict the rows of a table that has the raw columns. A regression gives a table with a float64 column, named after the target (one for
-- each of several); a classification one with the most probable class, in the type of the target (texts as categories), and for each
-- class its probability as column "P(CLASS)". A prediction is missing where a number is missing that nothing imputes.
-- When some raw values were odd, a list stands beside it: { column =, unknown =, infinite =, missing = } for each column that had such;
-- unknown: a category that no training row had, or a text without one known word. Its .words says it in sentences.
function model:predict(rows_of)
  local out, rows, _, odd = self:run(rows_of)
  local predictions = require("lathe.seal").inherit(self:predictions(out, rows), { rows_of })
  if odd then return predictions, odd end
  return predictions
end

-- How good it is on rows it has not seen, beside a baseline that knows only the target of the training rows: a report. Its .metrics, with
-- those of the baseline as baseline_NAME (definitions: share/doc/evaluate.md), and their bootstrap intervals as .intervals[NAME]:
--   a regression      r2, rmse, mse, mae, mape, bias, largest, poisson_deviance, rows
--   a classification  accuracy, balanced_accuracy, precision, recall, f1 (of the second of two classes; _macro, _micro, _weighted),
--                     log_loss, deviance, brier, mcc, auc, average_precision, calibration_error, rows; .classes, .confusion, .roc,
--                     .precision_recall and .calibration are tables
-- Options: weights (a column), resamples (1000; 0: no intervals), level (0.95), seed (42), threshold (of two classes), class (whose
-- curves), curves (true, false, or "full" for every point), bins (10) and strategy ("quantile", "uniform") of the calibration.
function model:evaluate(rows_of, options)
  return require("lathe.evaluate").evaluate(self, rows_of, not core.is_beside(options) and options or nil)
end

-- The same model with probabilities put right by rows that it did not learn from: m:calibrate(rows, { method = "platt" }), or "isotonic";
-- or by the out-of-fold predictions of a cross-validation: m:calibrate(lathe.cross_validate(t, recipe, estimator)).
function model:calibrate(rows_of, options)
  return require("lathe.evaluate.calibrate").calibrate(self, rows_of, not core.is_beside(options) and options or nil)
end

-- The model that predicts the second of its two classes from the probability of least cost up, chosen on rows that it did not learn from or
-- on out-of-fold predictions: m:decide(rows, { costs = { false_positive = 1, false_negative = 5 } }). Also a report with the mean cost.
-- Of several classes, costs = { TRUE = { TAKEN = COST, ... }, ... }: it takes a row for the class whose expected cost is least.
function model:decide(rows_of, options)
  return require("lathe.evaluate.calibrate").decide(self, rows_of, not core.is_beside(options) and options or nil)
end

-- That probability (nil: the more probable class is predicted), and the model that has it; nil takes it away.
function model:threshold()
  local threshold = C.lathe_graph_threshold(self:graph())
  return threshold == threshold and threshold or nil
end

function model:at_threshold(threshold)
  if threshold ~= nil and type(threshold) ~= "number" then
    core.fail("model:at_threshold takes a probability from 0 to 1, not %s", tostring(threshold))
  end
  return model.wrap(C.lathe_model_at_threshold(self:handle(), threshold or 0 / 0, core.problem))
end

-- What decisions cost, when the model decides by that (nil: it does not): costs[TRUE][TAKEN], a table of tables by the names of classes.
function model:costs()
  local costs, names, list = C.lathe_graph_costs(self:graph()), self:classes(), {}
  if costs == nil then return nil end
  for row, name in ipairs(names) do
    list[name] = {}
    for column, taken in ipairs(names) do list[name][taken] = costs[(row - 1) * #names + column - 1] end
  end
  return list
end

core.takes["model:diagnostics"] = { weights = core.open }

-- Rows held against a linear regression, those it learned from or others: a table with a row for each, of fitted, residual, standardised
-- (the residual by its own standard error), leverage and cook (Cook's distance); missing where a number is. { weights = COLUMN } when it
-- was fitted with row weights.
function model:diagnostics(rows_of, options)
  options = core.options(options, "model:diagnostics")
  local tables = require "lathe.table"
  if not tables.is(rows_of) then core.fail("model:diagnostics takes a table, not a %s", type(rows_of)) end
  return tables.wrap(core.try(C.lathe_model_diagnostics(self:handle(), rows_of:handle(), options.weights, core.progress(), core.problem)))
end

core.takes["model:partial_fit"] = { weights = core.open, class_weights = core.open }

-- A new model of the same family that has learned these rows, too; the recipe stays as it is. Of a linear regression it is the one that all
-- rows together give; a logistic or Poisson one remembers the rows before by the second derivatives of their loss. { weights = COLUMN,
-- class_weights = } as in training. A network takes more: share/doc/networks.md.
function model:partial_fit(rows_of, options)
  local tables, estimator = require "lathe.table", require "lathe.estimator"
  local network = self:kind() == "network"
  if not network then options = core.options(options, "model:partial_fit") end
  if not tables.is(rows_of) then core.fail("model:partial_fit takes a table, not a %s", type(rows_of)) end
  require("lathe.seal").refuse(rows_of, "model:partial_fit")
  if network then
    return model.wrap(require("lathe.estimator.network").continue(self:handle(), rows_of:handle(), options))
  end
  local c = estimator.c("lathe_linear_options", options)
  return model.wrap(C.lathe_model_partial_fit(self:handle(), rows_of:handle(), c.fit, core.progress(), core.problem))
end

-- Learn new rows without losing the old ones: m:continual(new, { old = rows, replay = 0.5, tolerance = 0.05 }) gives the model to go on
-- with and a report; see share/doc/networks.md.
function model:continual(rows_of, options) return require("lathe.continual").learn(self, rows_of, options) end

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

-- A few words for lists: "13 coefficients", "3 classes, 24 coefficients", "100 trees, 3100 leaves".
function model:note()
  local rank, words = C.lathe_model_figure(self:handle(), "rank"), {}
  local classes = self:classes()
  if classes then words[1] = ("%d classes"):format(#classes) end
  if rank == rank then words[#words + 1] = ("%d coefficient%s"):format(rank, rank == 1 and "" or "s") end
  local trees = C.lathe_model_figure(self:handle(), "trees")
  if trees == trees then words[#words + 1] = ("%d tree%s"):format(trees, trees == 1 and "" or "s") end
  local leaves = C.lathe_model_figure(self:handle(), "leaves")
  if leaves == leaves then words[#words + 1] = ("%d %s"):format(leaves, leaves == 1 and "leaf" or "leaves") end
  local nonzero = C.lathe_model_figure(self:handle(), "nonzero")
  if nonzero == nonzero then
    words[#words + 1] = ("%d of %d features"):format(nonzero, C.lathe_model_figure(self:handle(), "features"))
  end
  local alpha = C.lathe_model_figure(self:handle(), "alpha")
  if alpha == alpha then words[#words + 1] = ("alpha %.4g"):format(alpha) end
  if self:kind() == "recipe" then
    local width = C.lathe_graph_width(self:graph())
    words[1] = ("%d feature%s"):format(width, width == 1 and "" or "s")
  end
  local parameters = C.lathe_model_figure(self:handle(), "parameters")
  if parameters == parameters then
    words[#words + 1] = ("%d layers, %d parameters"):format(C.lathe_model_figure(self:handle(), "layers"), parameters)
  end
  if #words == 0 then words[1] = self:kind() end
  if C.lathe_model_int8(self:handle()) then words[#words + 1] = "int8" end
  return table.concat(words, ", ")
end

-- How figures and columns of a model's tables are called where people read: those that are not words with "_" for blanks.
local labels = {
  r2 = "R2", adjusted_r2 = "adjusted R2", rmse = "RMSE", mae = "MAE", aic = "AIC", bic = "BIC", pseudo_r2 = "pseudo R2",
  f = "F", f_p = "p of F", freedom = "degrees of freedom", condition = "condition number", level = "level of intervals",
  standard_error = "std. error", vif = "VIF", baseline_rmse = "RMSE of the mean",
  effective_freedom = "effective freedom", left_out_rmse = "RMSE left out", gcv_rmse = "RMSE by GCV", sigma = "residual standard error",
  likelihood_ratio = "likelihood ratio", likelihood_ratio_p = "p of it", null_deviance = "deviance of a constant",
  log_likelihood = "log likelihood", null_log_likelihood = "log likelihood of a constant", pearson = "Pearson's X2",
  left_out_mse = "MSE left out", left_out_error = "its std. error", best_alpha = "best alpha", nonzero = "coefficients not 0",
  target_mean = "mean of the target", l2 = "penalty l2", l1 = "penalty l1", class_count = "classes",
  oob_r2 = "out-of-bag R2", oob_rmse = "out-of-bag RMSE", oob_accuracy = "out-of-bag accuracy",
  oob_log_loss = "out-of-bag log loss", oob_error = "out-of-bag error",
}
local function label(name) return labels[name] or (name:gsub("_", " ")) end

local REPORT_ROWS, REPORT_COLUMNS = 200, 12

-- A learning curve: a line for each of its columns but the first, which counts.
local function add_curve(report, curve)
  local names = curve:columns()
  local counts = curve:column(names[1]):values()
  report:heading "learning curve"
  for at = 2, #names do
    local values = curve:column(names[at]):values()
    if #values == curve:rows() then
      report:chart {
        kind = "line", title = label(names[at]), values = values,
        labels = { ("%s %d"):format(names[1], counts[1]), ("%s %d"):format(names[1], counts[counts.n]) },
      }
    end
  end
end

local TREE_NODES = 61

-- How strong the prediction of a node looks: a share from its least, a number between the least and the greatest.
local function strengths(numbers)
  local low, high = math.huge, -math.huge
  for index = 1, numbers.n do low, high = math.min(low, numbers[index]), math.max(high, numbers[index]) end
  return function(number) return high > low and (number - low) / (high - low) or 1 end
end

-- The table "tree", drawn: its first nodes, level by level.
local function add_tree(report, small)
  local style, of = require "lathe.style", {}
  for _, name in ipairs(small:columns()) do of[name] = small:column(name):values() end
  local parents, rules, rows, prediction, share = of.parent, of.rule, of.rows, of.prediction, of.share
  if not (parents and rules and rows and prediction) then return end
  local strength, nodes, hidden = strengths(share or prediction), {}, {}
  local total = small:rows()
  local shown = total <= TREE_NODES and total or TREE_NODES
  for index = total, shown + 1, -1 do
    local parent = tonumber(parents[index]) + 1
    hidden[parent] = (hidden[parent] or 0) + 1 + (hidden[index] or 0)
  end
  for index = 1, shown do
    local value = share and ("%s %s"):format(prediction[index], ("%.0f %%"):format(100 * share[index])) or style.number(prediction[index])
    nodes[index] = {
      parent = index > 1 and tonumber(parents[index]) + 1 or nil, text = rules[index], value = value,
      note = ("%s row%s"):format(style.count(tonumber(rows[index])), tonumber(rows[index]) == 1 and "" or "s"),
      part = tonumber(rows[index]) / tonumber(rows[1]), more = hidden[index],
      strength = strength(share and share[index] or prediction[index]),
    }
  end
  report:heading "tree"
  report:tree { nodes = nodes }
end

-- Cells for people, in columns that have a form of their own.
local cells = {
  p = function(p) return p >= 0.001 and ("%.3f"):format(p) or p < 1e-16 and "<1e-16" or (("%.0e"):format(p):gsub("e%-0", "e-")) end,
  t = function(t) return ("%.2f"):format(t) end,
  vif = function(vif) return vif < 1000 and ("%.1f"):format(vif) or require("lathe.style").count(math.floor(vif)) end,
}
cells.z = cells.t

-- A small table of the model as it is shown.
local function add_table(report, name, small, level)
  if name == "curve" and small:rows() > 1 then return add_curve(report, small) end
  if name == "tree" then return add_tree(report, small) end
  if name == "trace" then return require("lathe.report.path").coefficients(report, small) end
  local style, columns, rows = require "lathe.style", {}, {}
  report:heading(label(name))
  if name == "path" and small:has "alpha" then require("lathe.report.path").errors(report, small) end
  if #small:columns() > REPORT_COLUMNS then
    return report:text(("%d columns and %s rows: model:table(%q)"):format(#small:columns(), style.count(small:rows()), name))
  end
  for at, column_name in ipairs(small:columns()) do
    local kind = small:type(column_name)
    local shown = kind == "float64" and cells[column_name]
    local part = level and (column_name == "low" and 50 - 50 * level or column_name == "high" and 50 + 50 * level)
    local heading = part and ("%.4g %%"):format(part) or label(column_name)
    columns[at] = { name = heading, align = (kind == "float64" or kind == "int64") and "right" or nil }
    local values = small:head(REPORT_ROWS):column(column_name):values()
    for row = 1, values.n do
      rows[row] = rows[row] or {}
      rows[row][at] = shown and values[row] and shown(values[row]) or values[row]
    end
  end
  report:table { columns = columns, rows = rows }
  if small:rows() > REPORT_ROWS then
    report:text(("%s more rows: model:table(%q)"):format(style.count(small:rows() - REPORT_ROWS), name))
  end
end

-- A report on the model: how it fits, its tables, its notes.
function model:report()
  local pointer, values = self:handle(), {}
  local title, target = ffi.string(C.lathe_model_title(pointer)), self:target()
  local report = require("lathe.report").new(target ~= "" and ("%s of %s"):format(title, target) or title)
  for index, figure in ipairs(self:figures()) do
    values[index] = { label(figure[1]), type(figure[2]) == "boolean" and (figure[2] and "yes" or "no") or figure[2] }
  end
  values[#values + 1] = { "weights", C.lathe_model_int8(pointer) and "int8" or self:kind() == "network" and "float32" or "float64" }
  report:values(values)
  for _, name in ipairs(self:tables()) do add_table(report, name, self:table(name), self:summary().level) end
  for _, note in ipairs(self:notes()) do report:alert { level = "note", text = note } end
  return report
end

function model.describe(object)
  if rawget(object, "pointer") == nil then return "released model" end
  return object:report():render {}
end

return model
