-- Classification from Lua: what is learned, given, measured, kept, served and refused.
local tap = require "tap"
local lathe = require "lathe"
local threads = require "lathe.threads"

local folder, read_file = tap.folder(), tap.read

local function values(t, name)
  local list = t:column(name):values()
  list.n = nil
  return list
end

local function list_of(count, make)
  local list = { n = count }
  for row = 1, count do list[row] = make(row) end
  return list
end

local x = list_of(60, function(row) return (row * 7) % 11 + 0.1 * row end)
local c = list_of(60, function(row) return row % 4 == 0 and 1 or 0 end)
local y = list_of(60, function(row) return (row * 5) % 7 > 3 and "yes" or "no" end)
local three = list_of(60, function(row) return ("pqr"):sub((row * row) % 7 % 3 + 1, (row * row) % 7 % 3 + 1) end)
local function of(changes)
  local t = lathe.table { { "x", x }, { "c", c }, { "y", y } }
  for name, list in pairs(changes or {}) do t = t:with(name, list) end
  return t
end
local function fit(t, options, recipe) return lathe.fit(t, recipe or lathe.recipe { target = "y" }, lathe.logistic(options)) end

-- ---- two classes ----
local t = of()
local m = fit(t)
tap.same({ m:kind(), m:classes(), m:note() }, { "logistic", { "no", "yes" }, "2 classes, 3 coefficients" }, "two texts are two classes")
tap.same(m:coefficients():columns(), { "feature", "estimate", "standard_error", "z", "p", "low", "high" },
  "coefficients are tested by the normal distribution")
local p = m:predict(t)
tap.same(p:columns(), { "y", "P(no)", "P(yes)" }, "a prediction is the class and a probability for each")
tap.same({ p:type "y", p:type "P(yes)" }, { "category", "float64" }, "a text's class is a category")
tap.ok(math.abs(p:column("P(no)"):get(3) + p:column("P(yes)"):get(3) - 1) < 1e-15, "the probabilities make 1")
local summary = m:summary()
tap.same(summary.classes, { { name = "no", rows = 34 }, { name = "yes", rows = 26 } }, "the classes' rows are kept")
tap.ok(summary.converged and summary.aic and summary.log_loss < 0.7, "so is how well it fits")
tap.ok(tostring(m):find("Logistic regression of y", 1, true), "it prints as a summary")
tap.ok(m:card():find("| yes | 26 |", 1, true), "the card counts the classes")
local squashed = fit(t, { l2 = 1 })
tap.ok(squashed:coefficients():column("p"):missing() == 3 and squashed:summary().aic == nil,
  "under a penalty there are neither standard errors nor an AIC")

-- ---- types of the target ----
local flags = fit(of { y = list_of(60, function(row) return y[row] == "yes" end) })
tap.same({ flags:classes(), flags:predict(t):type "y" }, { { "false", "true" }, "bool" }, "true and false are classes")
local whole = fit(of { y = list_of(60, function(row) return row % 3 == 0 and 10LL or 9LL end) })
tap.same({ whole:classes(), whole:predict(t):type "y" }, { { "9", "10" }, "int64" }, "whole numbers are, by size")

-- ---- three classes ----
local several = fit(of { y = three }, { l2 = 0.1 })
tap.same(several:coefficients():columns()[1], "class", "coefficients of several classes name theirs")
tap.same(several:coefficients():rows(), 9, "under a penalty each class has some")
tap.same(fit(of { y = three }):coefficients():rows(), 6, "without one they are against the first")

-- ---- measuring ----
local report = m:evaluate(t)
for _, name in ipairs { "accuracy", "balanced_accuracy", "precision", "recall", "f1", "log_loss", "brier", "mcc", "auc",
  "average_precision", "baseline_accuracy", "baseline_log_loss" } do
  tap.ok(type(report.metrics[name]) == "number", "there is " .. name)
end
tap.same(report.confusion:columns(), { "true", "no", "yes" }, "and a confusion matrix")
tap.same(report.classes:column("rows"):get(2), 26, "and figures of each class")
local strange = values(t, "y")
strange[1], strange[2] = "maybe", nil
strange.n = 60
tap.same(m:evaluate(t:with("y", strange)).metrics.rows, 58, "rows of a class it does not know are left out, and those without one")
tap.raises(function() m:evaluate(t:with("y", x)) end, "but the model's classes are string", "numbers are not texts")
tap.ok(tostring(several:evaluate(of { y = three })):find("Each class against the rest", 1, true), "a report of several classes prints")

-- ---- keeping ----
for name, model in pairs { two = m, three = several, penalty = squashed, int8 = (several:quantize "int8") } do
  local path = folder .. "/" .. name .. ".lathe"
  model:save(path)
  local again = lathe.open(path)
  again:save(path .. "2")
  tap.ok(read_file(path) == read_file(path .. "2"), name .. ": a bundle opened and saved is the same bytes")
  tap.same(values(again:predict(t), "y"), values(model:predict(t), "y"), name .. ": and predicts the same")
  tap.same(again:summary(), model:summary(), name .. ": and knows the same")
end
threads.set(1)
fit(t):save(folder .. "/one")
threads.set(2)
fit(t):save(folder .. "/two")
threads.set(0)
tap.ok(read_file(folder .. "/one") == read_file(folder .. "/two"), "one thread or two: the same bundle")

-- ---- serving ----
if pcall(require("lathe").serve, { m, listen = "127.0.0.1:0" }) then
  local endpoint = lathe.serve { { model = several, name = "three" }, listen = "127.0.0.1:0" }
  local got = require("lathe.serve").score(endpoint:url(), several, t, 7)
  local own, rows, width = several:run(t)
  local same = width == 3
  for place = 0, rows * width - 1 do same = same and got[place] == own[place] end
  tap.ok(same, "probabilities over HTTP are those of this process, to the last digit")
  local answer = require("lathe.http").request {
    url = endpoint:url() .. "/predict", body = '[{"x": 1, "c": 0}]', headers = { ["Content-Type"] = "application/json" },
  }
  local one = lathe.json.decode(answer.body)[1]
  tap.ok(one and one.label and one.probabilities.p and one.probabilities.q, "an answer has a label and probabilities", answer.body)
  endpoint:stop()
end

-- ---- what is refused, and what is said ----
local function refused(table_, options, sentence, what) tap.raises(function() fit(table_, options) end, sentence, what) end
local halves = list_of(60, function(row) return x[row] > 6 and "yes" or "no" end)
refused(of { y = halves }, {}, '(complete separation; "x" does most), so the best coefficients are infinite; give l2 = 1',
  "classes that a line separates")
tap.ok(fit(of { y = halves }, { l2 = 1 }), "a penalty makes do with them")
refused(of { y = list_of(60, function(row) return c[row] == 1 and "no" or y[row] end) }, {}, '(quasi-complete separation; "c" does most)',
  "quasi-complete separation, with the feature")
refused(of { y = list_of(60, function() return "no" end) }, {}, 'is "no" in every row', "one class")
refused(of { y = strange }, { l2 = 1 }, "missing in row 2", "a target with gaps")
refused(of { x = list_of(60, function(row) return row == 9 and math.huge or row end) }, {}, 'row 9 of "x" is infinite', "infinite features")
refused(of { x = list_of(60, function(row) return row ~= 9 and row or nil end) }, {}, '"x" is missing in 1 row', "features with gaps")
refused(lathe.table { y = y }, {}, "there is no feature to learn from", "no features")
refused(t:head(0), {}, "no rows to learn from", "no rows")
refused(t:head(3), {}, "3 rows cannot determine 3 coefficients", "fewer rows than coefficients, without a penalty")
refused(of { y = list_of(60, function(row) return "c" .. row end) }:head(2), { l2 = 1, iterations = 0 }, "iterations is a whole number",
  "no iterations")
local many = lathe.table {
  { "x", list_of(20000, function(row) return row % 17 end) }, { "y", list_of(20000, function(row) return row % 10000 end) },
}
refused(many, { l2 = 1 }, "10000 classes and 1 features make 20000 coefficients", "10,000 classes")
local single = values(t, "y")
single[5] = "c"
tap.ok(table.concat(fit(of { y = single }, { l2 = 1 }):notes()):find('class "c" has one row', 1, true), "a class of one row is noted")
tap.ok(table.concat(fit(of { w = list_of(60, function(row) return 2 * x[row] + 1 end) }):notes()):find(
  '"w" follows from the features before it', 1, true), "so is a feature that follows from others")
tap.ok(table.concat(fit(t, { iterations = 1 }):notes()):find("1 iterations did not settle", 1, true), "so is a fit cut short")
tap.raises(function() lathe.logistic { l2 = -1 } end, "l2 is a number from 0 up", "a negative penalty")

os.execute("rm -r " .. folder)
tap.done()
