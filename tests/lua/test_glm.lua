-- Regression of counts, weights and penalties of logistic regression, and learning more rows: what is learned, kept, said and refused.
local tap = require "tap"
local lathe = require "lathe"

local random = lathe.random(9)
local ROWS = 300
local x, z, hours, count, kind, w, third = {}, {}, {}, {}, {}, {}, {}
-- A Poisson number (Knuth).
local function poisson(mean)
  local limit, product, number = math.exp(-mean), random:uniform(), 0
  while product > limit do product, number = product * random:uniform(), number + 1 end
  return number
end
for row = 1, ROWS do
  x[row], z[row], hours[row] = random:uniform() * 2 - 1, random:uniform() * 10, 0.5 + random:uniform() * 4
  count[row] = poisson(hours[row] * math.exp(0.3 + 0.8 * x[row] - 0.05 * z[row]))
  kind[row] = random:uniform() < 1 / (1 + math.exp(-2 * x[row] + 0.5)) and "yes" or "no"
  w[row], third[row] = row % 3, ("abc"):sub(row % 3 + 1, row % 3 + 1)
end
local t = lathe.table { { "x", x }, { "z", z }, { "hours", hours }, { "count", count }, { "kind", kind }, { "w", w }, { "third", third } }

local function fit(family, target, options, rows, features)
  local recipe = lathe.recipe { target = target, features = features or { "x", "z" } }
  return lathe.fit(rows or t, recipe, lathe[family](options or {}))
end
local function estimates(model)
  local list = model:coefficients():column("estimate"):values()
  list.n = nil
  return list
end
local function apart(a, b)
  local most = 0
  for place, value in ipairs(a) do most = math.max(most, math.abs(value - b[place])) end
  return #a == #b and most or math.huge
end
local function notes_of(model) return table.concat(model:notes(), "\n") end
local function has(text, part, sentence) tap.ok(text:find(part, 1, true), sentence, text) end

-- ---- counts ----
local m = fit("poisson", "count", { exposure = "hours" })
tap.same({ m:kind(), m:note() }, { "poisson", "3 coefficients" }, "counts are fitted")
tap.same(m:coefficients():columns(), { "feature", "estimate", "standard_error", "z", "p", "low", "high" }, "with all of the inference")
local b = estimates(m)
tap.ok(math.abs(b[2] - 0.8) < 0.2 and math.abs(b[3] + 0.05) < 0.05, "the effects are found")
local inputs = {}
for place, input in ipairs(m:inputs()) do inputs[place] = input.name end
tap.same(inputs, { "x", "z", "hours" }, "the exposure is a column that predictions take")
local p = m:predict(t):column "count"
local want = hours[7] * math.exp(b[1] + b[2] * x[7] + b[3] * z[7])
tap.ok(math.abs(p:get(7) / want - 1) < 1e-12, "a prediction is proportional to it")
local logs = t:derive { log_hours = "log(hours)" }
tap.ok(apart(estimates(fit("poisson", "count", { offset = "log_hours" }, logs)), b) < 1e-12, "an offset is its logarithm")
local s = m:summary()
for _, name in ipairs { "deviance", "null_deviance", "likelihood_ratio", "likelihood_ratio_p", "dispersion", "aic", "bic", "pseudo_r2" } do
  tap.ok(type(s[name]) == "number", "there is " .. name)
end
tap.ok(m:evaluate(t).metrics.poisson_deviance, "it is measured by the deviance, too")
has(notes_of(fit("poisson", "count", { exposure = "hours" }, t:derive { count = "count * count" })), "the counts are overdispersed",
  "a spread that is no Poisson's is said")
local scaled = fit("poisson", "count", { exposure = "hours", scaled = true })
local ratio = scaled:coefficients():column("standard_error"):get(2) / m:coefficients():column("standard_error"):get(2)
tap.ok(math.abs(ratio - math.sqrt(s.dispersion)) < 1e-12, "scaled errors are those times the root of the dispersion")
tap.same(scaled:coefficients():columns()[4], "t", "and tested by Student's t")
has(notes_of(fit("poisson", "hours")), "is not whole everywhere", "numbers that are no counts are said")
local path = os.tmpname()
m:save(path)
local again = lathe.open(path)
tap.same(again:predict(t):hash(), m:predict(t):hash(), "a saved model predicts the same")

-- ---- penalties and weights ----
local sparse = fit("logistic", "kind", { l1 = 20 })
tap.same({ sparse:summary().nonzero, estimates(sparse)[3] }, { 1, 0 }, "l1 leaves a feature out")
has(sparse:note(), "1 of 2 features", "and the note counts what is left")
tap.same(fit("poisson", "count", { l1 = 1e6 }):summary().nonzero, 0, "a large one all of them")
local repeated = lathe.concat { t:filter "w >= 1", (t:filter "w >= 2") }
tap.ok(apart(estimates(fit("logistic", "kind", { weights = "w" })), estimates(fit("logistic", "kind", {}, repeated))) < 1e-9,
  "a weight of 2 is two rows")
has(notes_of(fit("logistic", "kind", { weights = "w" })), "100 rows have the weight 0 and are not counted", "rows of no weight are said")
local yes = t:filter("kind == 'yes'"):rows()
local by_hand = t:derive { cw = ("%d / 2 / if(kind == 'yes', %d, %d)"):format(ROWS, yes, ROWS - yes) }
tap.ok(apart(estimates(fit("logistic", "kind", { class_weights = "balanced" })),
  estimates(fit("logistic", "kind", { weights = "cw" }, by_hand))) < 1e-9, "balanced classes are weights by hand")
tap.ok(apart(estimates(fit("logistic", "kind", { class_weights = { yes = 3 } })),
  estimates(fit("logistic", "kind", { weights = "cw" }, t:derive { cw = "if(kind == 'yes', 3, 1)" }))) < 1e-9, "so are weights of a class")
local narrow, wide = fit("logistic", "kind", { level = 0.5 }):coefficients(), fit("logistic", "kind"):coefficients()
tap.ok(narrow:column("high"):get(2) < wide:column("high"):get(2), "intervals are at their level")

-- ---- where it begins ----
local whole = fit("logistic", "kind")
local warm = fit("logistic", "kind", { start = whole })
tap.ok(warm:summary().iterations < whole:summary().iterations and apart(estimates(warm), estimates(whole)) < 1e-8,
  "a start near the end takes fewer steps to the same")
tap.ok(fit("poisson", "count", { exposure = "hours", start = m }):summary().iterations < s.iterations, "of counts, too")
tap.ok(apart(estimates(fit("logistic", "third", { start = fit("logistic", "third") })), estimates(fit("logistic", "third"))) < 1e-7,
  "and of three classes")
tap.raises(function() fit("poisson", "count", { start = whole }) end, "start is a poisson model", "a start of another family")
tap.raises(function() fit("logistic", "third", { start = whole }) end, "of the same classes", "a start of other classes")
tap.raises(function() lathe.logistic { start = "x" } end, "start is a model to begin from", "a start that is no model")

-- ---- more rows ----
local first, rest = t:head(200), t:tail(100)
local all = fit("linear", "hours", {}, t)
local grown = fit("linear", "hours", {}, first):partial_fit(rest)
tap.ok(apart(estimates(grown), estimates(all)) < 1e-12, "a linear regression of two parts is that of all rows")
for _, name in ipairs { "rows", "r2", "sigma", "aic", "f", "target_mean", "baseline_rmse", "log_likelihood" } do
  tap.ok(math.abs(grown:summary()[name] / all:summary()[name] - 1) < 1e-10, "so is its " .. name)
end
tap.ok(math.abs(grown:coefficients():column("standard_error"):get(3) / all:coefficients():column("standard_error"):get(3) - 1) < 1e-10,
  "and its standard errors")
local weighted = fit("linear", "hours", { weights = "w" }, first):partial_fit(rest, { weights = "w" })
tap.ok(apart(estimates(weighted), estimates(fit("linear", "hours", { weights = "w" }))) < 1e-12, "with weights")
grown:save(path)
tap.ok(apart(estimates(lathe.open(path):partial_fit(first)), estimates(fit("linear", "hours", {}, (lathe.concat { t, first })))) < 1e-12,
  "it goes on from a file, and again")
tap.ok(grown:diagnostics(t):rows() == ROWS, "rows can be held against it")
for _, case in ipairs { { "logistic", "kind", {} }, { "logistic", "third", { l2 = 1 } }, { "poisson", "count", { exposure = "hours" } },
  { "logistic", "kind", { l1 = 2, l2 = 1 } } } do
  local family, target, options = case[1], case[2], case[3]
  local one, two = fit(family, target, options, t), fit(family, target, options, first):partial_fit(rest)
  local off = apart(estimates(one), estimates(two))
  tap.ok(off < 0.1, ("%s of %s: two parts come near all rows"):format(family, target), tostring(off))
  tap.same(two:summary().rows, ROWS, "they count them all")
  tap.ok(two:predict(t):rows() == ROWS and two:partial_fit(rest):summary().rows == ROWS + 100, "it predicts, and goes on")
  two:save(path)
  tap.ok(apart(estimates(lathe.open(path):partial_fit(rest)), estimates(two:partial_fit(rest))) < 1e-12, "from a file, too")
end
has(notes_of(grown), "it has learned 100 more rows since", "what was learned since is noted")
tap.same(fit("logistic", "kind", {}, first):partial_fit(rest):summary().classes[2].rows, t:filter("kind == 'yes'"):rows(),
  "classes are counted in both")
tap.raises(function() whole:partial_fit(t:derive { kind = "'maybe'" }) end,
  "has a class in row 1 that the model does not know", "a new class")
tap.raises(function() whole:partial_fit(t:head(0)) end, "no rows to learn from", "no rows")
tap.raises(function() (whole:quantize "int8"):partial_fit(t) end, "weights are int8", "int8 weights")
tap.raises(function() fit("ridge", "hours"):partial_fit(t) end, "partial_fit is for linear, logistic and Poisson", "another family")
tap.raises(function() all:partial_fit(t:derive { hours = "1 / 0" }) end, "infinite", "an infinite target")

-- ---- what is refused ----
local function refused(options, rows, sentence, what) tap.raises(function() fit("poisson", "count", options, rows) end, sentence, what) end
refused({}, t:derive { count = "count - 1" }, "counts are numbers from 0 up", "negative counts")
refused({}, t:derive { count = "0" }, "is 0 in every row", "nothing but 0")
refused({ exposure = "z", offset = "z" }, t, "not both", "an exposure and an offset")
refused({ exposure = "x" }, t, "exposures are numbers above 0", "negative exposures")
refused({ exposure = "kind" }, t, "is of type", "exposures that are texts")
refused({ exposure = "count" }, t, "cannot be the target", "the target as exposure")
refused({ exposure = "ours" }, t, "ours", "an exposure that is not there")
tap.raises(function() fit("poisson", "count", {}, t:derive { c = "if(count > 0, 0, 1)" }, { "x", "c" }) end,
  '("c" most), so the best coefficients are infinite', "a feature of rows of count 0")

-- ---- the same bits ----
local many = { { "y", {} }, { "k", {} } }
for place = 1, 8 do many[place + 2] = { "x" .. place, {} } end
for row = 1, 40000 do
  local eta = 0
  for place = 1, 8 do
    local value = random:uniform()
    many[place + 2][2][row], eta = value, eta + (value - 0.5) * (place - 4) / 4
  end
  many[1][2][row], many[2][2][row] = poisson(math.exp(eta)), random:uniform() < 1 / (1 + math.exp(-eta)) and "p" or "q"
end
many = lathe.table(many)
local function bytes_of(model)
  model:save(path)
  local file = assert(io.open(path, "rb"))
  local bytes = file:read "*a"
  file:close()
  return bytes
end
for _, case in ipairs { { "poisson", "y", "k", {} }, { "poisson", "y", "k", { l1 = 40 } },
  { "logistic", "k", "y", { l1 = 40, l2 = 1 } } } do
  local made = {}
  for threads = 1, 2 do
    lathe.threads.set(threads)
    made[threads] = bytes_of(lathe.fit(many, lathe.recipe { target = case[2], drop = case[3] }, lathe[case[1]](case[4])))
  end
  tap.ok(made[1] == made[2], case[1] .. ": one thread and two give the same bytes")
end
os.remove(path)
tap.done()
