-- Calibrated probabilities and thresholds: what is learned of which rows, and that whatever predicts follows it.
local tap = require "tap"
local lathe = require "lathe"

local function raises(run, words, sentence)
  local fine, problem = pcall(run)
  tap.ok(not fine and tostring(problem):find(words, 1, true), sentence .. ": " .. tostring(problem))
end

local chance, x, z, kind, three, w = lathe.random(5), {}, {}, {}, {}, {}
for row = 1, 900 do
  x[row], z[row], w[row] = chance:normal(), chance:normal(), row % 2
  kind[row] = chance:uniform() < 1 / (1 + math.exp(-2 * x[row])) and "yes" or "no"
  three[row] = ({ "a", "b", "c" })[math.max(1, math.min(3, math.floor(x[row] + chance:normal() / 2 + 2)))]
end
local t = lathe.table { { "x", x }, { "z", z }, { "kind", kind }, { "three", three }, { "w", w } }
local train, rest = t:slice(1, 300), t:slice(301, 600)
local test = t:slice(601, 900)
local recipe = lathe.recipe { target = "kind", features = { "x", "z" } }
local forest = lathe.fit(train, recipe, lathe.forest { trees = 20 })
local function loss(model) return model:evaluate(test, { resamples = 0 }).metrics.log_loss end

-- ---- calibration ----

local platt, steps = forest:calibrate(rest), forest:calibrate(rest, { method = "isotonic" })
tap.ok(loss(platt) < loss(forest) - 0.03, "calibrated probabilities are better")
local p = steps:predict(test)
local sums = 0
for row = 1, 300 do sums = math.max(sums, math.abs(p:column("P(no)"):get(row) + p:column("P(yes)"):get(row) - 1)) end
tap.ok(sums == 0, "those of two classes have the sum 1")
-- An isotonic map keeps the order of rows.
local before, fell = forest:predict(test), 0
for row = 2, 300 do
  local raw = before:column("P(yes)"):get(row) - before:column("P(yes)"):get(row - 1)
  local mapped = p:column("P(yes)"):get(row) - p:column("P(yes)"):get(row - 1)
  if raw * mapped < 0 then fell = fell + 1 end
end
tap.same(fell, 0, "an isotonic map never turns two rows round")
local told = table.concat(platt:notes(), " ")
tap.ok(told:find "Platt's sigmoid on 300 rows", "a note tells what was done: " .. told)
local several = lathe.fit(train, lathe.recipe { target = "three", features = { "x", "z" } }, lathe.forest { trees = 20 })
for _, method in ipairs { "platt", "isotonic" } do
  local better = several:calibrate(rest, { method = method })
  local said = better:predict(test)
  local off = 0
  for row = 1, 300 do
    local sum = 0
    for _, class in ipairs { "a", "b", "c" } do sum = sum + said:column(("P(%s)"):format(class)):get(row) end
    off = math.max(off, math.abs(sum - 1))
  end
  tap.ok(off < 1e-12, method .. ": probabilities of several classes have the sum 1")
end
tap.ok(loss(forest:calibrate(rest, { weights = "w" })) ~= loss(platt), "rows may weigh")
local folds = lathe.cross_validate(train, recipe, lathe.forest { trees = 20 }, { stratify = true })
tap.ok(loss(forest:calibrate(folds)) < loss(forest), "out-of-fold predictions do, too, and no row is spent")

-- The same numbers from a bundle.
local path = os.tmpname()
steps:save(path)
tap.ok(lathe.open(path):predict(test):hash() == p:hash(), "a bundle gives the same numbers")
local first = io.open(path, "rb"):read "*a"
forest:calibrate(rest, { method = "isotonic" }):save(path)
tap.ok(io.open(path, "rb"):read "*a" == first, "equal rows, equal bytes")
local small = lathe.fit(train, recipe, lathe.logistic { l2 = 1 }):calibrate(rest):at_threshold(0.25):quantize "int8"
tap.ok(small:threshold() == 0.25 and small:predict(test):rows() == 300, "int8 keeps calibration and threshold")
-- NaN stays NaN.
local holes = lathe.fit(train, recipe, lathe.logistic { l2 = 1 })
local gap = lathe.table { { "x", { 1, n = 2 } }, { "z", { 1, 1 } } }
for _, method in ipairs { "platt", "isotonic" } do
  local said = holes:calibrate(rest, { method = method }):predict(gap)
  tap.same(said:column("P(yes)"):get(2), nil, method .. ": what is missing stays missing")
end

local _, sealed = t:split { test = 0.3 }
raises(function() forest:calibrate(sealed) end, "does not take test rows", "sealed rows")
raises(function() forest:calibrate((rest:filter "kind == \"yes\"")) end, 'of class "no"', "rows of one class")
raises(function() forest:calibrate(rest, { method = "beta" }) end, "platt", "another method")
raises(function() forest:calibrate(3) end, "takes a table of rows", "no table")
local line = lathe.fit(train, lathe.recipe { target = "z", features = { "x" } }, lathe.linear {})
raises(function() line:calibrate(rest) end, "predicts numbers", "a regression")
local same = lathe.fit(train, recipe, lathe.tree { max_depth = 1, min_samples_leaf = 150 })
local flat = rest:with("x", (function()
  local list = {}
  for row = 1, 300 do list[row] = 9 end
  return list
end)())
raises(function() same:calibrate(flat) end, "the same probabilities", "rows that all get one probability")

-- ---- thresholds ----

local costs = { false_positive = 1, false_negative = 6 }
local decided, report = platt:decide(rest, { costs = costs, resamples = 200 })
local limit = decided:threshold()
tap.ok(limit > 0.02 and limit < 0.35, ("dear misses lower the threshold: %.3f"):format(limit))
-- No other threshold is cheaper on these rows.
local said, cheapest = platt:predict(rest), math.huge
local function cost_at(threshold)
  local sum = 0
  for row = 1, 300 do
    local yes, taken = kind[300 + row] == "yes", said:column("P(yes)"):get(row) >= threshold
    sum = sum + (yes and not taken and 6 or not yes and taken and 1 or 0)
  end
  return sum / 300
end
for row = 1, 300 do cheapest = math.min(cheapest, cost_at(said:column("P(yes)"):get(row))) end
tap.ok(math.abs(report.metrics.cost - cheapest) < 1e-12 and math.abs(cost_at(limit) - cheapest) < 1e-12, "none is cheaper on these rows")
tap.ok(report.intervals.cost[1] < report.metrics.cost and report.metrics.cost < report.intervals.cost[2], "the cost has an interval")
tap.ok(report.metrics.baseline_cost >= report.metrics.cost and tostring(report):find "always yes", "beside deciding always the same")
local wrong = 0
local predicted, probable = decided:predict(test), platt:predict(test)
for row = 1, 300 do
  local yes = probable:column("P(yes)"):get(row) >= limit
  if predicted:column("kind"):get(row) ~= (yes and "yes" or "no") then wrong = wrong + 1 end
end
tap.same(wrong, 0, "predictions follow it")
decided:save(path)
tap.ok(lathe.open(path):threshold() == limit, "a bundle keeps it")
local figures = decided:evaluate(test, { costs = costs, resamples = 100 })
local plain = platt:evaluate(test, { costs = costs, resamples = 0 })
tap.ok(figures.metrics.cost < plain.metrics.cost and figures.intervals.cost, "on test rows it costs less than the more probable class")
tap.ok(figures:render({ width = 300 }):find "is predicted from a probability of", "and the report says so")
tap.ok(figures.metrics.recall > plain.metrics.recall and figures.metrics.auc == plain.metrics.auc, "recall follows it, areas do not")
tap.same(decided:at_threshold(nil):threshold(), nil, "it can be taken away")
local anew = decided:calibrate(rest)
tap.ok(anew:threshold() == nil and anew:summary().threshold == nil, "other probabilities want another threshold")
local endpoint = lathe.serve { decided }
local url, rows = endpoint:url(), {}
for row = 1, 50 do rows[row] = { x = test:column("x"):get(row), z = test:column("z"):get(row) } end
local answer = lathe.http.request { url = url .. "/predict", body = lathe.json.encode(rows),
  headers = { ["Content-Type"] = "application/json" } }
endpoint:stop()
local served = 0
for row, one in ipairs(lathe.json.decode(answer.body)) do
  if one.label ~= predicted:column("kind"):get(row) then served = served + 1 end
end
tap.same(served, 0, "and so does the endpoint")
local out_of_fold = select(2, forest:decide(folds, { costs = costs, resamples = 0 }))
tap.ok(out_of_fold.threshold < 0.5, "out-of-fold predictions choose one, too")
raises(function() platt:decide(rest) end, "costs = {", "no costs")
raises(function() platt:decide(rest, { costs = { false_negative = 1 } }) end, "a wrong decision costs more", "an error that is free")
raises(function() platt:decide(rest, { costs = { false_negativ = 1 } }) end, "false_negative", "a misspelt cost")
raises(function() several:decide(rest, { costs = costs }) end, "is of two classes", "three classes")
raises(function() several:at_threshold(0.5) end, "tells two classes apart", "a threshold of three classes")
raises(function() platt:at_threshold(2) end, "from 0 to 1", "a threshold of 2")
raises(function() several:evaluate(test, { costs = costs }) end, "is of two classes", "costs of three classes")
os.remove(path)

tap.done()
