-- Cross-validation, the leaderboard and the learning curve: what is learned where, what stands in their reports, what they refuse.
local tap = require "tap"
local lathe = require "lathe"

local function raises(run, words, sentence)
  local fine, problem = pcall(run)
  tap.ok(not fine and tostring(problem):find(words, 1, true), sentence .. ": " .. tostring(problem))
end

local chance, x, z, y, kind, who, when = lathe.random(3), {}, {}, {}, {}, {}, {}
for row = 1, 240 do
  x[row], z[row] = chance:uniform(), chance:normal()
  y[row] = 2 * x[row] + z[row] + chance:normal() / 5
  kind[row] = chance:uniform() < 0.15 + 0.5 * x[row] and "yes" or "no"
  who[row], when[row] = "person " .. row % 24, row
end
local t = lathe.table { { "x", x }, { "z", z }, { "y", y }, { "kind", kind }, { "who", who }, { "when", when } }
local recipe = lathe.recipe { target = "y", features = { "x", "z" } }:scale()
local classes = lathe.recipe { target = "kind", features = { "x", "z" } }:scale()

-- ---- cross-validation ----

local r = lathe.cross_validate(t, recipe, lathe.linear {}, { folds = 4 })
local sum, squares, count = 0, 0, 0
for train, test in t:folds { folds = 4 } do
  local value = lathe.fit(train, recipe, lathe.linear {}):evaluate(test, { resamples = 0 }).metrics.rmse
  count = count + 1
  tap.ok(value == r.folds:column("rmse"):get(count), "a fold's figure is that of a model of its training rows")
  sum, squares = sum + value, squares + value * value
end
tap.ok(math.abs(r.metrics.rmse - sum / 4) < 1e-12, "the figure is the mean over folds")
tap.ok(math.abs(r.metrics.rmse_sd ^ 2 - (squares - sum * sum / 4) / 3) < 1e-12, "with its deviation")
local half = 3.182446305284263 * r.metrics.rmse_sd * math.sqrt(1 / 4 + 1 / 3)
tap.ok(math.abs(r.intervals.rmse[2] - r.metrics.rmse - half) < 1e-9, "the interval is corrected for shared training rows")
local easy = t:derive { kind = "if(x + 0.001 * z > 0.5, 'up', 'down')" }
local simple = lathe.recipe { target = "kind", features = { "x", "z" } }
local sure = lathe.cross_validate(easy, simple, lathe.logistic { l2 = 0.1 }, { folds = 3 })
local inside = true
for name, interval in pairs(sure.intervals) do
  if name == "auc" or name == "accuracy" or name == "f1" then inside = inside and interval[2] <= 1 and interval[1] >= 0 end
  if name == "log_loss" or name == "brier" then inside = inside and interval[1] >= 0 end
end
tap.ok(inside and sure.intervals.accuracy[2] == 1, "intervals end where the figures do", unpack(sure.intervals.accuracy))
local p = r.predictions
tap.ok(p:rows() == 240 and p:column("row"):get(240) == 240 and p:type "fold" == "int64", "each row is predicted once, in the table's order")
tap.ok(p:column("y"):get(7) == y[7], "beside what came true")
local e = lathe.evaluate(p, { target = "y", prediction = "prediction", resamples = 0 })
tap.ok(math.abs(e.metrics.rmse - r.metrics.rmse) < 0.02, "and lathe.evaluate takes them")
tap.ok(tostring(r):find "baseline" and tostring(r):find "Each fold", "the report has the baseline and each fold")

local again = lathe.cross_validate(t, recipe, lathe.linear {}, { folds = 4 })
tap.ok(again.predictions:hash() == p:hash(), "twice is the same")
local twice = lathe.cross_validate(t, classes, lathe.logistic { l2 = 1 }, { folds = 4, repeats = 2, stratify = true })
tap.ok(twice.folds:rows() == 8 and twice.predictions:rows() == 480, "repeats draw other folds")
tap.ok(twice.folds:column("auc"):get(1) ~= twice.folds:column("auc"):get(5), "each its own")
tap.ok(twice.predictions:has "P(yes)" and twice.predictions:type "prediction" == "category", "classes have their probabilities")
local grouped = lathe.cross_validate(t, recipe, lathe.linear {}, { folds = 4, group = "who" })
local folds_of = grouped.predictions:with("who", t:column "who"):group_by({ "who" }, { low = { "min", "fold" }, high = { "max", "fold" } })
local apart = 0
for row = 1, folds_of:rows() do
  if folds_of:column("low"):get(row) ~= folds_of:column("high"):get(row) then apart = apart + 1 end
end
tap.same(apart, 0, "a group stays in one fold")
local timed = lathe.cross_validate(t, recipe, lathe.linear {}, { folds = 4, time = "when" })
tap.ok(timed.predictions:rows() == 192 and timed.folds:column("rows_train"):get(1) == 48, "time: the earliest rows are never tested")
local weighted = lathe.cross_validate(t, recipe, lathe.linear {}, { folds = 4, weights = "x" })
tap.ok(weighted.metrics.rmse ~= r.metrics.rmse, "rows may weigh when they are measured")

-- ---- what is learned from ----

local seen, sealed = {}, 0
lathe.cross_validate(t, function(rows)
  seen[#seen + 1] = rows:rows()
  return lathe.fit(rows, recipe, lathe.linear {})
end, { folds = 3 })
tap.same(table.concat(seen, " "), "160 160 160", "a function is given the training rows")
local grew = {}
local smote = lathe.cross_validate(t, classes, lathe.logistic { l2 = 1 }, {
  folds = 3, stratify = true, augment = function(rows)
    local made = rows:smote { target = "kind", columns = { "x", "z" } }
    grew[#grew + 1] = made:rows() - rows:rows()
    return made
  end,
})
tap.ok(#grew == 3 and grew[1] > 0 and smote.predictions:rows() == 240, "rows are made of training rows; test rows stay those of the table")
tap.ok(smote.metrics.baseline_log_loss > 0.69, "the model learned from classes of equal size")
local named = lathe.cross_validate(t, classes, lathe.logistic { l2 = 1 }, { folds = 3, stratify = true,
  augment = { "smote", columns = { "x", "z" } } })
tap.ok(named.metrics.auc == smote.metrics.auc, "a verb does the same, of the recipe's target")
local noisy = lathe.cross_validate(t, recipe, lathe.linear {}, { augment = { { "noise", copies = 2 } } })
tap.ok(noisy.metrics.r2 > 0.9, "noise spares the target")
local _, test = t:split { test = 0.3 }
raises(function() lathe.cross_validate(test, recipe, lathe.linear {}) end, "does not take test rows", "sealed rows are refused")
for _, rows in t:folds { folds = 3 } do sealed = sealed + (require("lathe.seal").of(rows) and 1 or 0) end
tap.same(sealed, 3, "the test rows of a fold are sealed, too")

-- A class that the training rows of a fold have not.
local rare = {}
for row = 1, 240 do rare[row] = row == 3 and "maybe" or kind[row] end
local with_rare = lathe.cross_validate(t:with("kind", rare), classes, lathe.logistic { l2 = 1 }, { folds = 3 })
tap.ok(tostring(with_rare):find "of a class that the training rows of their fold have not", "a class that a fold did not learn is told")
tap.ok(with_rare.predictions:column("P(maybe)"):get(3) == 0, "and has the probability 0 there")

local function cross(options, estimator) return lathe.cross_validate(t, recipe, estimator or lathe.linear {}, options) end
raises(function() cross { folds = 1 } end, "folds is a whole number from 2 up", "one fold")
raises(function() cross { folds = 500 } end, "folds", "more folds than rows")
raises(function() cross { fold = 3 } end, "folds", "a misspelt option")
raises(function() cross { repeats = 2, group = "who" } end, "the same folds each time", "repeats of folds that are always the same")
raises(function() cross { metrics = { "auc" } } end, "is a metric of a classification", "a metric of the other kind")
raises(function() cross { augment = { "smite" } } end, "the verbs are smote", "a verb that is none")
raises(function() cross { augment = 3 } end, "augment is a function", "augment")
raises(function() cross({}, lathe.recipe {}) end, "no estimator", "no estimator")
raises(function() lathe.cross_validate(t, function() return 3 end) end, "fold 1: the function gave a number, not a model", "no model")
raises(function() lathe.cross_validate(t, lathe.recipe { target = "kind", features = { "x" } }, lathe.linear {}) end, "fold 1:",
  "what goes wrong names its fold")
raises(function() lathe.cross_validate(3, recipe, lathe.linear {}) end, "takes a table", "no table")

-- ---- the leaderboard ----

local board = lathe.compare {
  table = t, folds = 5, models = {
    both = { recipe, lathe.linear {} }, ridge = { recipe, lathe.ridge { alpha = 0.01 } },
    one = { lathe.recipe { target = "y", features = { "x" } }, lathe.linear {} },
  },
}
local lines = board.leaderboard
tap.ok(lines:rows() == 3 and lines:column("model"):get(3) == "one" and lines:column("tied"):get(2) == true, "the best first, ties above")
tap.ok(lines:column("tied"):get(3) == false and lines:column("p"):get(3) < 0.05, "the line is drawn above what is worse")
tap.ok(lines:column("bytes"):get(1) > 500 and lines:column("seconds_1024"):get(1) > 0, "with bytes and times")
tap.ok(board.metrics.rmse < board.metrics.baseline_rmse and tostring(board):find "baseline", "and a baseline")
local drawn = 0
for _ in tostring(board):gmatch "\n──[─]+\n" do drawn = drawn + 1 end
tap.ok(drawn >= 3, "a line is drawn in the text")
tap.ok(board:html():find '<tr class="line">', "and on the page")
-- The corrected resampled t-test by hand: differences 1, 2, 3 of folds with 2 rows tested for 8 learned from.
local function fake(values)
  local list = {}
  for index, value in ipairs(values) do list[index] = { values = { rmse = value }, baseline = {}, tested = 2, trained = 8 } end
  return list
end
local test_of = require("lathe.evaluate.leaderboard").test
local p_value, difference = test_of(fake { 2, 4, 6 }, fake { 1, 2, 3 }, "rmse")
local t_value = 2 / math.sqrt(1 / 3 + 1 / 4)
local expected = 1 - t_value / math.sqrt(2 + t_value ^ 2) -- the two tails of Student's t with 2 degrees of freedom
tap.ok(difference == 2 and math.abs(p_value - expected) < 1e-9, "the test is that of Nadeau and Bengio")
tap.same(test_of(fake { 1, 2 }, fake { 1, 2 }, "rmse"), 1, "equal folds are a tie")
tap.same(test_of(fake { 2, 3 }, fake { 1, 2 }, "rmse"), 0, "a difference that never scatters is none")
local ranked = lathe.compare { table = t, folds = 3, stratify = true, costs = false, metric = "log_loss", models = {
  plain = { classes, lathe.logistic { l2 = 1 } }, made = { classes, lathe.logistic { l2 = 1 }, augment = { "oversample" } },
} }
tap.ok(ranked.winner == "plain" and not ranked.leaderboard:has "bytes", "less log loss is better; costs can be left out")
tap.ok(lathe.compare(t, t).metrics.changed == 0, "two tables are compared as before")
raises(function() lathe.compare(t) end, "argument 2", "one table")
raises(function() lathe.compare { models = { a = { recipe, lathe.linear {} } } } end, "takes a table", "no table")
raises(function() lathe.compare { table = t, models = {} } end, "gives each a name", "no models")
raises(function() lathe.compare { table = t, models = { a = 3 } } end, 'model "a" is a number', "a model that is none")
raises(function() lathe.compare { table = t, models = { a = { recipe, lathe.linear {} }, b = { classes, lathe.logistic {} } } } end,
  "models of one target", "two targets")
raises(function() lathe.compare { table = t, models = { a = { recipe, lathe.linear {} } }, metric = "bias" } end, "not ranked by bias",
  "bias")
raises(function() lathe.compare { t, t } end, "takes two tables, or", "tables in a list")

-- ---- the learning curve ----

local curve = lathe.learning_curve(t, recipe, lathe.tree {}, { sizes = { 20, 0.5, 192 }, folds = 5 })
local points = curve.curve
tap.ok(points:rows() == 3 and points:column("rows"):get(1) == 20 and points:column("rows"):get(2) == 96, "sizes are rows or parts")
tap.ok(points:column("train"):get(3) < 1e-9 and points:column("test"):get(3) < points:column("test"):get(1), "more rows, a better model")
tap.ok(tostring(curve):find "training rows" and curve.blocks[2].kind == "chart", "with a chart")
tap.same(lathe.learning_curve(t, recipe, lathe.linear {}).curve:rows(), 6, "six sizes by themselves")
raises(function() lathe.learning_curve(t, recipe, lathe.linear {}, { sizes = { 500 } }) end, "the folds have 192", "too many rows")
raises(function() lathe.learning_curve(t, recipe, lathe.linear {}, { sizes = "all" }) end, "sizes is a number of points", "sizes")

-- ---- as steps ----

local step = require("lathe.run").step
local rows = t:select { "x", "z", "y" }
local given, note = step("evaluate.cross_validate", { table = rows }, { target = "y", step = "train.linear", folds = 4 })
tap.ok(math.abs(given.report.metrics.rmse - r.metrics.rmse) < 1e-9 and note:find "RMSE", "the step is the same: " .. note)
tap.same(given.predictions:rows(), 240, "and gives the out-of-fold predictions")
given = step("evaluate.cross_validate", { table = t:select { "x", "z", "kind" } }, { target = "kind", step = "train.logistic",
  settings = { l2 = 2, scale = "none" }, stratify = true, augment = "smote" })
tap.ok(given.report.metrics.auc > 0.5, "settings are those of the training step, and rows are made inside the fold")
given, note = step("evaluate.compare", { table = rows }, { target = "y", models = { line = "train.linear",
  trees = { step = "train.forest", trees = 5 } }, folds = 4 })
tap.ok(given.leaderboard:rows() == 2 and note == "best: line", "models are compared as steps")
given = step("evaluate.learning_curve", { table = rows }, { target = "y", step = "train.linear", sizes = { 0.2, 1 } })
tap.same(given.curve:rows(), 2, "and a curve is drawn")
raises(function() step("evaluate.cross_validate", { table = rows }, { target = "y", step = "clean.drop_missing" }) end,
  "does not make a model", "a step that does not train")
raises(function() step("evaluate.cross_validate", { table = rows }, { target = "y", step = "train.linaer" }) end, "train.linear",
  "a misspelt step")

tap.done()
