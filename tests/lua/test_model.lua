-- Recipes, models, splits and bundles from Lua: what is learned, what is refused, and that nothing depends on threads.
local tap = require "tap"
local lathe = require "lathe"
local threads = require "lathe.threads"

local folder, read_file = tap.folder(), tap.read
local housing = os.getenv "LATHE_TOP" .. "/share/examples/house-prices/california-housing.csv"

-- A small table: y = 3 + 2 a - b + 10 [city = x], exactly.
local function small(changes)
  local a, b, city, y = {}, {}, {}, {}
  for row = 1, 40 do
    a[row], b[row] = row * row % 17, row % 5 + 0.5
    city[row] = ({ "x", "y", "z" })[row % 3 + 1]
    y[row] = 3 + 2 * a[row] - b[row] + (city[row] == "x" and 10 or 0)
  end
  local t = lathe.table { { "a", a }, { "b", b }, { "city", city }, { "y", y } }
  for name, values in pairs(changes or {}) do t = t:with(name, values) end
  return t
end

local function recipe() return lathe.recipe { target = "y" } end
local function values(t, name)
  local list = t:column(name):values()
  list.n = nil
  return list
end
local function near(got, want, tolerance)
  for at, value in ipairs(want) do
    if type(got[at]) ~= "number" or not (math.abs(got[at] - value) <= (tolerance or 1e-10)) then return false end
  end
  return #got == #want
end
local function notes_of(model) return table.concat(model:notes(), "\n") end

-- ---- what is learned ----
local t = small()
local m = lathe.fit(t, recipe():encode { drop = "first" }, lathe.linear {})
tap.same(values(m:coefficients(), "feature"), { "(intercept)", "a", "b", "city=y", "city=z" }, "features are named, texts by their text")
tap.ok(near(values(m:coefficients(), "estimate"), { 13, 2, -1, -10, -10 }), "an exact relation is found")
tap.ok(near(values(m:predict(t), "y"), values(t, "y")), "and predicted")
tap.same(m:predict(t):columns(), { "y" }, "predictions are a table with the target's column")
tap.same(m:inputs(), { { name = "a", type = "float64" }, { name = "b", type = "float64" },
  { name = "city", type = "string", example = "x" } },
  "a model knows its raw columns")
tap.same({ m:target(), m:note() }, { "y", "5 coefficients" }, "its target and a note")
tap.ok(tostring(m):find("Linear regression of y", 1, true), "it prints as a summary")
tap.same(recipe():impute {}:scale {}:note(), "2 steps", "a recipe has a note")
tap.same(tostring(recipe():scale { columns = { "a" } }), "recipe for y\n  scale   columns = { a }",
  "and prints")
tap.same(lathe.json.decode(m:recipe()).steps[1].drop, "first", "the recipe is kept with the model")

m = lathe.fit(t, recipe():encode {}, lathe.linear {})
tap.ok(near(values(m:predict(t), "y"), values(t, "y")), "all one-hot columns beside an intercept: the prediction is the same")
tap.ok(notes_of(m):find('"city=z" follows from the features before it', 1, true), "and the last column is named as aliased")
tap.same(m:coefficients():column("standard_error"):get(6), nil, "an aliased coefficient has no standard error")

m = lathe.fit(t:drop "city", recipe(), lathe.linear { intercept = false })
tap.same(values(m:coefficients(), "feature"), { "a", "b" }, "without intercept")

-- A category column and one of a single text; dates and truth values are numbers.
local plain = lathe.fit(t, recipe():encode {}, lathe.linear {})
local category = lathe.fit(t:with("city", t:column("city"):to_category()), recipe():encode {}, lathe.linear {})
tap.same(values(category:coefficients(), "estimate"), values(plain:coefficients(), "estimate"), "a category column is a column of texts")
tap.ok(near(values(category:predict(t), "y"), values(t, "y")), "and either can be predicted from")

-- ---- missing values ----
local a = values(t, "a")
a[3], a[9] = nil, nil
local city = values(t, "city")
city[4] = nil
local gaps = t:with("a", (function() a.n = 40 return a end)()):with("city", (function() city.n = 40 return city end)())
m = lathe.fit(gaps, recipe():impute { numeric = "mean" }:encode {}, lathe.linear {})
tap.ok(notes_of(m):find('"a": 2 missing values imputed by the mean', 1, true), "what was imputed is noted", notes_of(m))
tap.ok(notes_of(m):find('"city": 1 missing value imputed by the mode, "x"', 1, true) or
  notes_of(m):find('"city": 1 missing value imputed by the mode, "y"', 1, true), "texts too", notes_of(m))
tap.same(m:predict(gaps):column("y"):missing(), 0, "imputed rows are predicted")
tap.raises(function() lathe.fit(gaps, recipe():encode {}, lathe.linear {}) end, '"a" is missing in 2 rows, first in row 3',
  "a gap that nothing imputes is refused")
m = lathe.fit(t, recipe():encode {}, lathe.linear {})
tap.same(m:predict(gaps):column("y"):missing(), 2, "a prediction is missing where a number is")
m = lathe.fit(gaps, recipe():impute { numeric = "constant", number = -1, category = "constant", text = "nowhere" }:encode {},
  lathe.linear {})
tap.ok(table.concat(values(m:coefficients(), "feature"), " "):find("city=nowhere", 1, true), "a constant text gets a column of its own")
m = lathe.fit(t, recipe():encode { unknown = "error" }, lathe.linear {})
tap.raises(function() m:predict(t:with("city", (function() local c = values(t, "city") c[7] = "w" return c end)())) end,
  'row 7: "w" is not among the 3 categories of "city"', "an unknown text is an error where that is asked for")

-- ---- scaling ----
m = lathe.fit(t, recipe():scale {}:encode { drop = "first" }, lathe.linear {})
tap.ok(near(values(m:predict(t), "y"), values(t, "y")), "scaling does not change predictions")
local seven = {}
for row = 1, 40 do seven[row] = 7 end
m = lathe.fit(t:with("c", seven), recipe():scale {}:encode {}, lathe.linear {})
tap.ok(notes_of(m):find('"c" is 7 in every training row; it is not scaled', 1, true), "a constant column is not scaled, and noted")
tap.ok(notes_of(m):find('"c" follows from the features before it', 1, true), "and gets no coefficient")
local same = {}
for row = 1, 40 do same[row] = "one" end
m = lathe.fit(t:with("c", same), recipe():encode { drop = "first" }, lathe.linear {})
tap.ok(notes_of(m):find('"c" is "one" in every training row and is left out', 1, true), "so is a text that never changes")
m = lathe.fit(t:with("c", { n = 40 }), recipe():impute {}:encode {}, lathe.linear {})
tap.ok(notes_of(m):find('"c" has no value in the training rows and is left out', 1, true), "a column of nothing is left out")

-- ---- what is refused ----
local function refused(table_, r, sentence, what)
  tap.raises(function() lathe.fit(table_, r, lathe.linear {}) end, sentence, what)
end
refused(t, lathe.recipe { target = "city" }, 'the target "city" is text', "a target of text")
refused(t, lathe.recipe { target = "yy" }, '"y"', "a target that is not there, with the nearest name")
refused(t:with("y", seven), recipe():encode {}, 'the target "y" is 7 in every row', "a constant target")
refused(gaps:with("y", a), recipe():encode {}, 'the target "y" is missing in 2 rows', "a target with gaps")
refused(t:head(4), recipe():encode {}, "4 rows cannot determine 6 coefficients", "more coefficients than rows")
refused(t:head(0), recipe():encode {}, "no rows", "no rows")
refused(t:select "y", recipe(), "there is no feature to learn from", "no features")
refused(t, recipe(), '"city" is text; add encode{}', "a text that is not encoded")
refused(t:with("a", { 1 / 0, n = 40 }), recipe():encode {}, 'row 1 of "a" is infinite', "an infinite value")
refused(t:with("y", (function() local y = values(t, "y") y[5] = -1 / 0 return y end)()), recipe():encode {},
  'row 5 of the target "y" is infinite', "an infinite target")
refused(t, recipe():scale { columns = "city" }, 'scale cannot take "city"', "scaling a text")
refused(t, lathe.recipe { target = "y", drop = "nowhere" }, "nowhere", "a column to drop that is not there")
tap.raises(function() recipe():impute { numerc = "mean" } end, 'did you mean "numeric"', "a wrong option, with the nearest")
tap.raises(function() recipe():impute { numeric = "average" } end, "is not one of", "a wrong choice")
tap.raises(function() lathe.fit(t, lathe.recipe {}, lathe.linear {}) end, "has no target", "a recipe without target")
tap.raises(function() lathe.fit(3) end, "takes a table", "a call that is none")
tap.raises(function() plain:predict(t:drop "a") end, '"a"', "a table that lacks a column")
tap.raises(function() plain:predict(t:with("a", same)) end, 'column "a" is string', "a text where a number was")
tap.raises(function() plain:evaluate(t:with("y", same)) end, "the model predicts numbers", "evaluating on a target of text")
local gone = lathe.fit(t, recipe():encode {}, lathe.linear {})
gone:release()
tap.raises(function() gone:predict(t) end, "was released", "a released model")

-- ---- the split ----
local train, test = t:split { test = 0.25, seed = 1 }
tap.same({ train:rows(), test:rows() }, { 30, 10 }, "a split gives both parts")
tap.same(values(select(2, t:split { test = 3, shuffle = false }), "a"), values(t:take { 38, 39, 40 }, "a"),
  "not shuffled, the last rows are for testing")
tap.raises(function() t:split { test = 1.5 } end, "neither a part of the rows nor a number of rows", "a wrong part")
tap.raises(function() t:split { sed = 1 } end, 'did you mean "seed"', "a wrong option of split")
tap.raises(function() t:split { seed = -1 } end, "4294967295", "a seed below zero")
do
  local few = lathe.table { { "kind", { "a", "a", "b" } }, { "number", { 1, nil, 3 } }, { "day", { 1, 1, 1 } } }
  tap.raises(function() few:split { stratify = "kind" } end, 'only row 3 of column "kind" is "b"', "a class of one row")
  tap.raises(function() few:split { stratify = "kind", group = "kind" } end, "not both", "two ways of cutting")
  tap.raises(function() few:split { group = "number" } end, 'column "number" is missing in row 2', "a row without a group")
  tap.raises(function() few:split { time = "kind" } end, "no order in time", "a time that is text")
  tap.raises(function() few:split { time = "day" } end, "stay together", "one time only")
  tap.raises(function() few:split { group = "kind", test = 2 } end, "2 groups", "no group left to train on")
  tap.raises(function() few:folds { folds = 1 } end, "at least 2", "one fold")
  tap.raises(function() few:folds { folds = 4 } end, "3 rows cannot be cut into 4 folds", "more folds than rows")
  tap.raises(function() few:folds { folds = 2, stratify = "kind" } end, '"b" stands in 1 of the rows', "a class smaller than the folds")
  tap.raises(function() few:folds { folds = 2, time = "day" } end, "moments", "folds of one time")
end

-- ---- bundles, threads ----
local data = lathe.read(housing)
train, test = data:split { test = 0.2, seed = 42 }
local function house() return lathe.recipe { target = "median_house_value" }:impute {}:encode {}:scale {} end
threads.set(1)
local one = lathe.fit(train, house(), lathe.linear {})
one:save(folder .. "/one.lathe")
threads.set(2)
local two = lathe.fit(train, house(), lathe.linear {})
two:save(folder .. "/two.lathe")
tap.ok(read_file(folder .. "/one.lathe") == read_file(folder .. "/two.lathe"), "one thread and two give the same bundle, byte for byte")
local opened = lathe.open(folder .. "/one.lathe")
tap.same(opened:predict(test):hash(), one:predict(test):hash(), "an opened model predicts the same bits")
tap.same(opened:coefficients():hash(), one:coefficients():hash(), "and has the same coefficients")
tap.same({ opened:card(), opened:recipe(), opened:notes() }, { one:card(), one:recipe(), one:notes() }, "the same card, recipe and notes")
tap.ok(one:card():find("| median_income | float64 |", 1, true), "the card lists the inputs")
opened:save(folder .. "/again.lathe")
tap.ok(read_file(folder .. "/again.lathe") == read_file(folder .. "/one.lathe"), "saved again, it is the same file")

local report = one:evaluate(test)
tap.ok(math.abs(report.metrics.r2 - 0.6254) < 1e-4 and math.abs(report.metrics.rmse - 70059.19) < 0.01, "the metrics of the housing data")
tap.ok(report.metrics.baseline_rmse > 114000 and tostring(report):find("baseline", 1, true), "and those of the baseline beside them")

local small_model, what = one:quantize "int8"
tap.same({ what.weights, what.bytes_before - what.bytes_after }, { 13, 13 * 7 - 4 }, "int8 weights take a byte each")
tap.ok(not tostring(report):find "%de%-%d", "its table has plain decimals, the baseline's R2 of nearly 0 too", tostring(report))
tap.ok(math.abs(small_model:evaluate(test).metrics.r2 - report.metrics.r2) < 0.001, "and cost little")
small_model:save(folder .. "/small.lathe")
tap.same(lathe.open(folder .. "/small.lathe"):predict(test):hash(), small_model:predict(test):hash(), "they are saved and opened too")
tap.raises(function() small_model:quantize "int8" end, "quantized already", "not twice")
tap.raises(function() one:quantize "int4" end, "int8", "not otherwise")

one:export(folder .. "/m.onnx")
tap.ok(read_file(folder .. "/m.onnx"):find("ai.onnx.ml", 1, true), "an ONNX file is written")
tap.raises(function() one:export(folder .. "/m.txt") end, ".onnx", "not under another name")
tap.raises(function() one:save "/no/such/folder/m.lathe" end, "/no/such/folder/m.lathe", "a folder that is not there")
tap.raises(function() lathe.open(housing) end, "california-housing.csv", "a file that is no bundle")
tap.raises(function() lathe.open(folder .. "/none") end, "none", "a file that is not there")
data:head(5):save(folder .. "/t.safetensors")
tap.raises(function() lathe.open(folder .. "/t.safetensors") end, "not a lathe bundle", "a table instead of a model")

-- Numbers whose squares do not fit in a double.
for _, case in ipairs { { 1e200, 1, '"x" are too large' }, { 1e-200, 1, '"x" are too small' }, { 1, 1e200, "the target are too large" },
  { 1, 1e-200, "the target are too small" } } do
  local x, y = {}, {}
  for row = 1, 9 do x[row], y[row] = case[1] * row, case[2] * (row * row) end
  local extreme = lathe.table { { "x", x }, { "y", y } }
  tap.raises(function() lathe.fit(extreme, lathe.recipe { target = "y" }, lathe.linear {}) end, case[3], case[3])
end

os.execute("rm -r " .. folder)
tap.done()
