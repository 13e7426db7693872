-- Figures of merit, their intervals and curves, through models and tables of predictions.
local tap = require "tap"
local lathe = require "lathe"

local function raises(run, words, sentence)
  local fine, problem = pcall(run)
  tap.ok(not fine and tostring(problem):find(words, 1, true), sentence .. ": " .. tostring(problem))
end

local x, noise, y, kind, three, weight = {}, lathe.random(7), {}, {}, {}, {}
for row = 1, 300 do
  x[row] = noise:uniform()
  y[row] = 3 * x[row] + noise:normal() / 4
  kind[row] = noise:uniform() < x[row] and "yes" or "no"
  three[row] = ({ "a", "b", "c" })[math.min(3, 1 + math.floor(3 * x[row] + noise:normal() / 3 + 0.5) % 3)]
  weight[row] = row % 3
end
local t = lathe.table { { "x", x }, { "y", y }, { "kind", kind }, { "three", three }, { "w", weight } }

-- ---- a regression ----

local summary = require "lathe.summary"
tap.same(summary.names { mape = 1, baseline_mape = 2, mae = 1, r2 = 1, baseline_r2 = 0, rows = 3, gain = 1, baseline_gain = 2 },
  { "r2", "mae", "gain" }, "a summary has room for the first figures, and for those of others that have a baseline")
tap.same({ summary.word "mcc", summary.word "r2", summary.word "net_gain" }, { "Matthews correlation", "R2", "net gain" },
  "figures have one set of words")

local line = lathe.fit(t, lathe.recipe { target = "y", features = { "x" } }, lathe.linear {})
local r = line:evaluate(t)
local m = r.metrics
tap.ok(math.abs(m.mse - m.rmse ^ 2) < 1e-15 and m.r2 > 0.8 and math.abs(m.baseline_r2) < 1e-12, "a regression is measured")
tap.ok(r.intervals.r2[1] < m.r2 and m.r2 < r.intervals.r2[2], "with an interval")
tap.ok(tostring(r):find "95 %% interval" and tostring(r):find "baseline", "that stands in the report, the baseline beside it")
tap.same(r.intervals.largest, nil, "a largest value has none")
local again, less = line:evaluate(t), line:evaluate(t, { level = 0.5, resamples = 100 })
tap.same(again.intervals.rmse[1], r.intervals.rmse[1], "twice is the same")
tap.ok(less.intervals.rmse[1] > r.intervals.rmse[1] and tostring(less):find "50 %% interval", "a lower level is narrower")
tap.ok(next(line:evaluate(t, { resamples = 0 }).intervals) == nil and not tostring(line:evaluate(t, { resamples = 0 })):find "interval",
  "without resamples there is none")
local before = lathe.threads.get()
lathe.threads(1)
local one = line:evaluate(t).intervals.mae
lathe.threads(2)
local two = line:evaluate(t).intervals.mae
lathe.threads(before)
tap.ok(one[1] == two[1] and one[2] == two[2], "one thread and two give the same")
local weighted = line:evaluate(t, { weights = "w" })
tap.ok(weighted.metrics.rmse ~= m.rmse, "rows weigh")
local flat = lathe.table { { "x", { 1, 2, 3 } }, { "y", { 5, 5, 5 } } }
local r_flat = line:evaluate(flat)
tap.ok(r_flat.metrics.r2 == nil and tostring(r_flat):find "R2 is not defined here: the target is the same", "what is not defined is said")
raises(function() line:evaluate(t, { weights = "y" }) end, "has the weight -", "a negative weight")
raises(function() line:evaluate(t, { resamples = -1 }) end, "resamples is a whole number", "resamples")
raises(function() line:evaluate(t, { level = 1 }) end, "level is a number", "level")
raises(function() line:evaluate(t, { threshold = 0.5 }) end, "tells two classes apart", "a threshold of numbers")
raises(function() line:evaluate(t, { resample = 3 }) end, "resamples", "a misspelt option")
raises(function() line:evaluate(3) end, "takes a table", "no table")

-- ---- classes ----

local logistic = lathe.fit(t, lathe.recipe { target = "kind", features = { "x" } }, lathe.logistic {})
r = logistic:evaluate(t)
m = r.metrics
tap.ok(m.auc > 0.7 and r.intervals.auc[1] < m.auc and m.auc < r.intervals.auc[2] and m.deviance == 2 * m.log_loss,
  "two classes are measured")
tap.ok(m.f1_micro == m.accuracy and m.f1_macro ~= m.f1, "with means of several kinds")
tap.ok(r.roc:column("true_positive_rate"):get(r.roc:rows()) == 1 and r.roc:column("threshold"):get(1) == math.huge, "ROC ends at 1")
tap.ok(r.precision_recall:column("recall"):get(1) == 0 and r.calibration:rows() == 10,
  "precision and recall, and calibration, stand beside it")
tap.ok(tostring(r):find "ROC of \"yes\"" and tostring(r):find "calibration of", "and are drawn")
tap.ok(r:html():find "polyline class=\"trace\"" and r:html():find "stroke%-dasharray", "on a page too")
local back = lathe.report.from(require("lathe.json").decode(require("lathe.json").encode(r:data())))
tap.same(back:render {}, r:render {}, "a report comes back from JSON with its curves")
local strict = logistic:evaluate(t, { threshold = 0.8, curves = false })
tap.ok(strict.metrics.recall < m.recall and strict.metrics.auc == m.auc and strict.roc == nil, "a threshold moves recall, not the area")
raises(function() logistic:evaluate(t, { threshold = 2 }) end, "probability from 0 to 1", "a threshold of 2")
raises(function() logistic:evaluate(t, { class = "yess" }) end, "yes", "a misspelt class")
raises(function() logistic:evaluate(t, { bins = 1 }) end, "bins", "one bin")
raises(function() logistic:evaluate(t, { strategy = "x" }) end, "strategy", "a strategy")
local yes = logistic:evaluate(t:filter "kind == 'yes'")
tap.ok(yes.metrics.auc == nil and tostring(yes):find "ROC AUC is not defined here: all rows are of class \"yes\"", "one class has no area")
local several = lathe.fit(t, lathe.recipe { target = "three", features = { "x" } }, lathe.logistic { l2 = 1 })
r = several:evaluate(t, { class = "b", resamples = 50 })
tap.ok(r.metrics.auc and r.intervals.auc and r.roc:rows() > 2 and tostring(r):find "ROC of \"b\"", "three classes, and the curves of one")

-- ---- predictions in a table ----

local p = logistic:predict(t):with("truth", t:column "kind")
r = lathe.evaluate(p, { target = "truth", prediction = "kind" })
tap.ok(r.metrics.auc == m.auc and r.metrics.accuracy == m.accuracy and r.metrics.baseline_accuracy == nil,
  "predictions in a table are measured alike")
r = lathe.evaluate(lathe.table { { "a", { "x", "y", "x", nil } }, { "b", { "x", "x", "y", "x" } } }, { target = "a", prediction = "b" })
tap.ok(r.metrics.accuracy == 1 / 3 and r.metrics.log_loss == nil and r.roc == nil, "labels alone have no probabilities")
r = lathe.evaluate(lathe.table { { "a", { 1, 2, 4 } }, { "b", { 1, 3, 4 } } }, { target = "a", prediction = "b" })
tap.ok(math.abs(r.metrics.mse - 1 / 3) < 1e-15, "so are numbers")
raises(function() lathe.evaluate(p, { target = "trut", prediction = "kind" }) end, "truth", "a misspelt column")
raises(function() lathe.evaluate(p, { prediction = "kind" }) end, "target", "no target")
raises(function() lathe.evaluate(lathe.table { { "a", { "x", "y" } }, { "P(x)", { 1, 2 } }, { "P(y)", { 0, 0 } } }, { target = "a" }) end,
  "from 0 to 1", "a probability of 2")
raises(function() lathe.evaluate(lathe.table { { "a", { "x" } }, { "P(x)", { 1 } } }, { target = "a" }) end, "one class", "one class")

tap.done()
