-- Recipes of numbers: what each step does with gaps, constants, infinite values, one row and none; that rows are dropped in training alone;
-- and that every step comes through bundles, threads, quantizing and flows.
local tap = require "tap"
local lathe = require "lathe"

local function values(t, name)
  local list = t:column(name):values()
  for row = 1, t:rows() do
    if list[row] == nil then list[row] = "gap" end
  end
  list.n = nil
  return list
end

local function of(x, more)
  local columns = { { "x", x }, { "y", { n = x.n or #x } } }
  for row = 1, x.n or #x do columns[2][2][row] = row end
  for _, one in ipairs(more or {}) do table.insert(columns, 2, one) end
  return lathe.table(columns)
end

local function fit(t, ...) return lathe.fit(t, lathe.recipe { target = "y", steps = { ... } }) end
local function features(t, ...) return (fit(t, ...):predict(t)) end

-- ---- gaps ----
local gaps = of({ 1, 2, nil, 2, 9, n = 5 })
tap.same(values(features(gaps, { "impute", numeric = "mode" }), "x"), { 1, 2, 2, 2, 9 }, "the mode of numbers, the least of several")
local f = features(gaps, { "impute", indicator = true })
tap.same(f:columns(), { "x", "missing(x)" }, "an indicator stands behind, and says of what")
tap.same(values(f, "missing(x)"), { 0, 0, 1, 0, 0 }, "it is 1 where a value is missing")
tap.same(features(of { 1, 2, 3 }, { "impute", indicator = true }):columns(), { "x" }, "a column without gaps has none")
local texts = lathe.table { { "city", { "a", nil, "b", n = 3 } }, { "y", { 1, 2, 3 } } }
tap.same(values(features(texts, { "impute", indicator = true }, "encode"), "missing(city)"), { 0, 1, 0 }, "texts can have one too")
local near = of({ 0, 0.1, 10, nil, n = 4 }, { { "z", { 5, 6, 50, 5.4, n = 4 } } })
tap.same(values(features(near, { "impute", numeric = "nearest", neighbours = 1 }), "x"), { 0, 0.1, 10, 0 }, "a gap from the nearest row")
tap.same(values(features(near, { "impute", numeric = "nearest", neighbours = 2 }), "x")[4], 0.05, "or from the mean of two")
local model = fit(near, { "impute", numeric = "nearest", neighbours = 2 })
local empty = lathe.table { { "x", { nil, n = 1 } }, { "z", { nil, n = 1 } } }
tap.ok(math.abs(model:predict(empty):column("x"):get(1) - 10.1 / 3) < 1e-12, "a row that has nothing gets the means")
tap.same(fit(near, { "impute", numeric = "nearest", donors = 2 }):notes()[1],
  "2 of 4 training rows, at even distances, are kept to find the nearest among", "how many rows stay in the model is told")

-- ---- outliers ----
local far = of { 1, 2, 3, 4, 5, 6, 7, 8, 9, 100 }
tap.same(values(features(far, "outliers"), "x")[10], 14.5, "clip: a value beyond the bounds becomes the bound")
tap.same(values(features(far, { "outliers", action = "flag", method = "mad" }), "outlier(x)"), { 0, 0, 0, 0, 0, 0, 0, 0, 0, 1 },
  "flag: a feature tells which")
local below = of { -100, 2, 3, 4, 5, 6, 7, 8, 9, 10 }
tap.ok(values(features(below, { "outliers", method = "z-score", limit = 2 }), "x")[1] > -100, "a z-score has two sides")
model = fit(far, { "outliers", action = "drop" }, { "scale", method = "min-max" })
tap.same({ model:notes()[1], model:summary().rows }, { "outliers: 1 of 10 training rows dropped", 9 },
  "drop: training rows go, and it is told")
tap.ok(model:predict(far):rows() == 10 and math.abs(model:predict(far):column("x"):get(10) - 99 / 8) < 1e-12,
  "rows that are predicted stay, and what is learned is learned without those that went")
tap.same(model:learned()[1].learned, "-3.5 to 14.5, 1 outside", "the bounds were learned of all rows")
tap.same(lathe.fit(far, lathe.recipe { target = "y" }:outliers { action = "drop" }, lathe.linear {}):summary().rows, 9,
  "an estimator learns without them too")
tap.same(lathe.fit(far, lathe.recipe { target = "y" }:outliers { action = "drop" }, lathe.tree {}):summary().rows, 9, "whichever it is")
tap.raises(function() fit(far, { "outliers", action = "drop", limit = 0 }) end, "would drop 6 of 10 rows (60 %), more than 50 %",
  "more than half asks to be told so")
tap.same(fit(far, { "outliers", action = "drop", limit = 0, most = 0.6 }):summary().rows, 4, "and is done when it is")
local mostly = of { 1, 1, 1, 1, 1, 1, 1, 8 }
tap.same(fit(mostly, { "outliers", method = "mad" }):notes()[1],
  '"x": the median distance from the median is 0; no value of it is an outlier', "no spread, no outlier, and it is told")

-- ---- constants are told, and never make NaN ----
local constant = of({ 7, 7, 7, 7 }, { { "z", { 1, 2, 3, 5 } } })
for _, method in ipairs { "standard", "min-max", "robust", "quantile", "power" } do
  model = fit(constant, { "scale", method = method })
  tap.same({ values(model:predict(constant), "x"), model:notes()[1] },
    { { 0, 0, 0, 0 }, '"x" is 7 in every training row; it is not scaled' }, method .. ": a constant column becomes 0 and is told")
end
tap.same(values(features(mostly, { "scale", method = "robust" }), "x"), { 0, 0, 0, 0, 0, 0, 0, 7 },
  "no distance of quartiles: nothing is divided by 0")
tap.same(fit(constant, "bin"):notes()[1], '"x" has too few different values to be cut into bins; it is left as it is', "nothing to cut")
tap.same(features(constant, "pca"):columns(), { "pca0" }, "a component that does not vary is left out")
tap.raises(function() fit(of { 7, 7, 7 }, "pca") end, "there are no principal components", "of a constant there are none")

-- ---- bins, products, components ----
f = features(of({ 1, 2, nil, 3, 4, n = 5 }), { "bin", bins = 2, output = "one-hot" })
tap.same(f:columns(), { "x=bin 0", "x=bin 1" }, "bins are named")
tap.same({ values(f, "x=bin 0"), values(f, "x=bin 1") }, { { 1, 1, 0, 0, 0 }, { 0, 0, 0, 1, 1 } }, "a gap is in none of them")
f = features(of({ 1, 2, nil, 3, 4, n = 5 }), { "bin", bins = 2, method = "uniform" })
tap.same(values(f, "x"), { 0, 0, "gap", 1, 1 }, "as a number it stays a gap")
f = features(constant, { "polynomial", degree = 3, columns = { "x", "z" } })
tap.same(f:columns(), { "x", "z", "x^2", "x z", "z^2", "x^3", "x^2 z", "x z^2", "z^3" }, "products are named by their factors")
tap.same(values(f, "x z^2"), { 7, 28, 63, 175 }, "and are products")
local function wide(n)
  local t = of { 1, 2, 4 }
  for index = 1, n do t = t:with("c" .. index, { 1, 2, index }) end
  return t
end
tap.raises(function() fit(wide(60), { "polynomial", degree = 6 }) end, "more than 262144 products of 4",
  "too many products are refused before they are made")
tap.raises(function() fit(gaps, "pca") end, '"x" is missing in 1 row, first in row 3; add impute{}', "components need every value")

-- ---- bad input ----
local steps = {
  { "impute", numeric = "mean" }, { "impute", numeric = "nearest" }, { "impute", numeric = "mode", indicator = true }, { "outliers" },
  { "outliers", action = "flag", method = "mad" }, { "outliers", action = "drop", method = "z-score" }, { "scale" },
  { "scale", method = "min-max" }, { "scale", method = "robust" }, { "scale", method = "quantile", output = "normal" },
  { "scale", method = "power" }, { "bin" }, { "bin", method = "k-means", output = "one-hot" }, { "pca" },
}
local function all(t, wanted, ...)
  local wrong = {}
  for _, step in ipairs(steps) do
    local fine, problem = pcall(fit, t, step)
    if fine or not tostring(problem):find(wanted, 1, true) then wrong[#wrong + 1] = step[1] .. ": " .. tostring(problem) end
  end
  tap.same(wrong, {}, ...)
end
all(of { 1, 1 / 0, 3 }, 'row 2 of "x" is infinite', "an infinite value is named by each step")
all(of({}):filter "x > 0", "no rows; there is nothing to learn from", "so is an empty training set")
all(of({ nil, nil, n = 2 }), "there is no feature", "and a table without any value")
local wrong = {}
local two = of({ 1, 2, 4 }, { { "void", { nil, nil, nil, n = 3 } } })
for _, step in ipairs(steps) do
  model = fit(two, step)
  local void = false
  for _, note in ipairs(model:notes()) do void = void or note:find('"void" has no value in the training rows', 1, true) end
  if not void then wrong[#wrong + 1] = step[1] end
end
tap.same(wrong, {}, "a column without any value is left out and told")
local single = of { 5 }
for _, step in ipairs(steps) do
  local fine, m = pcall(fit, single, step)
  if fine then
    for _, name in ipairs(m:features()) do
      local value = m:predict(single):column(name):get(1)
      if value == nil or value ~= value then wrong[#wrong + 1] = step[1] .. " " .. name end
    end
  elseif not tostring(m):find("there are no principal components", 1, true) then
    wrong[#wrong + 1] = step[1] .. ": " .. m
  end
end
tap.same(wrong, {}, "one row makes numbers or a sentence")
tap.raises(function() fit(of { -1, 2, 3 }, { "scale", method = "power", power = "box-cox" }) end, "box-cox takes such above 0",
  "box-cox says what it takes")
model = fit(of { 1, 2, 5 }, { "scale", method = "power", power = "box-cox" })
tap.same(values(model:predict(lathe.table { x = { -1, 0 } }), "x"), { "gap", "gap" }, "at prediction what it cannot take is a gap")
tap.raises(function() lathe.recipe {}:scale { low = 1, high = 1 } end, "low = 1 is not below high = 1", "a range of nothing is refused")
tap.raises(function() lathe.recipe {}:pca { components = 2, share = 0.5 } end, "not both", "one way to say how many")
tap.raises(function() lathe.recipe { steps = { { "scael" } } } end, 'did you mean "scale"', "a step that is none, with the nearest")

-- ---- bundles, threads, quantizing ----
local chance, rows = lathe.random(7), 9000
local data = { { "a", { n = rows } }, { "b", { n = rows } }, { "c", { n = rows } }, { "y", { n = rows } } }
for row = 1, rows do
  for place = 1, 3 do
    local value = math.exp(chance:normal())
    if place > 1 or row % 9 ~= 0 then data[place][2][row] = value end
  end
  data[4][2][row] = (data[2][2][row] + data[3][2][row]) * 2 + chance:normal()
end
local big, folder = lathe.table(data), os.tmpname()
os.remove(folder)
local function bytes(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read "*a"
  file:close()
  return text
end
local fill, differ, lost, coarse = { "impute", numeric = "nearest", donors = 200 }, {}, {}, {}
local threads = lathe.threads.get()
for _, step in ipairs(steps) do
  local saved = {}
  for count = 1, 2 do
    lathe.threads(count)
    model = lathe.fit(big, lathe.recipe { target = "y", steps = { fill, step, { "polynomial", degree = 2 }, "scale" } }, lathe.ridge {})
    model:save(folder)
    saved[count] = bytes(folder)
  end
  if saved[1] ~= saved[2] then differ[#differ + 1] = step[1] end
  local p, q = model:predict(big):column "y", lathe.open(folder):predict(big):column "y"
  local small = model:quantize("int8"):predict(big):column "y"
  local spread, off = 0, 0
  for row = 1, rows do
    if p:get(row) ~= q:get(row) then lost[#lost + 1] = step[1] break end
    spread, off = spread + math.abs(p:get(row)), off + math.abs(p:get(row) - small:get(row))
  end
  if off > 0.05 * spread then coarse[#coarse + 1] = step[1] .. " " .. off / spread end
end
lathe.threads(threads)
os.remove(folder)
tap.same(differ, {}, "one thread and two learn the same bytes of every step")
tap.same(lost, {}, "a bundle predicts the same")
tap.same(coarse, {}, "int8 weights predict nearly the same, for what the recipe learned stays double")

tap.done()
