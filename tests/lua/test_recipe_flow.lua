-- Every transform of a recipe, with every method it has, in a flow: learned on the training rows by prepare.recipe, put to the test rows by
-- prepare.apply, and trained with. The features are those that the Lua library makes.
local tap = require "tap"
local lathe = require "lathe"
local kinds = require("lathe.recipe").kinds

local folder = os.tmpname()
os.remove(folder)
os.execute(("mkdir -p '%s'"):format(folder))

local COUNT = 240
local towns, words = { "Ulm", "Bonn", "Kiel", "Jena" }, { "short stay", "long quiet stay", "安静 的 房间", "loud", "nice, quiet" }
local data = { { "area", {} }, { "rooms", {} }, { "age", {} }, { "town", {} }, { "note", {} }, { "built", {} }, { "price", {} },
  { "sold", {} } }
for row = 1, COUNT do
  local values = {
    row % 17 ~= 0 and 20 + row * 37 % 101 + row % 7 / 8 or nil, 1 + row * 5 % 7, row % 23 == 0 and 400 or row * 13 % 90,
    row % 19 ~= 0 and towns[1 + row * 3 % 4] or nil, words[1 + row * 3 % 5],
    ("20%02d-%02d-%02d"):format(row % 24, 1 + row % 12, 1 + row % 28),
    500 + row * 37 % 101 * 9 + row * 5 % 7 * 30 + row * 13 % 11, (row * 37 % 101 + row % 13 > 55) and "yes" or "no",
  }
  for at = 1, #data do data[at][2][row] = values[at] end
end
lathe.table(data):cast({ built = "date" }):write(folder .. "/homes.csv")

-- The steps of each recipe, what it predicts, and the number of features that come out.
local price, sold = "price", "sold"
local numbers = { "area", "rooms", "age" }
local function with(kind, options, ...) -- gaps filled, then the step, for numbers alone
  options[1] = kind
  return { "impute", options, ... }
end
local recipes = {
  { 4, { "impute", { "encode", method = "ordinal" } }, all = true },
  { 3, { { "impute", numeric = "mean" } } }, { 3, { { "impute", numeric = "median" } } }, { 3, { { "impute", numeric = "mode" } } },
  { 3, { { "impute", numeric = "constant", number = -1 } } }, { 3, { { "impute", numeric = "nearest", neighbours = 3 } } },
  { 4, { { "impute", indicator = true } } }, { 3, { { "impute", numeric = "none" } }, gaps = true },
  { 8, { { "impute", category = "constant", text = "nowhere" }, "encode" }, all = true },
  { 7, { { "impute", category = "mode" }, "encode" }, all = true }, { 7, { { "impute", category = "none" }, "encode" }, all = true },
  { 3, with("outliers", { method = "iqr" }) }, { 3, with("outliers", { method = "z-score", ddof = 1 }) },
  { 3, with("outliers", { method = "mad" }) }, { 6, with("outliers", { action = "flag" }) }, { 3, with("outliers", { action = "drop" }) },
  { 6, { "impute", { "encode", drop = "first" } }, all = true },
  { 4, { "impute", { "encode", method = "frequency", unknown = "missing" } }, all = true },
  { 4, { "impute", { "encode", method = "target", folds = 3, unknown = "prior" } }, all = true },
  { 4, { "impute", { "encode", method = "ordinal", unknown = "value" } }, all = true },
  { 8, { "impute", { "encode", unknown = "level", min_count = 5 } }, all = true },
  { 7, { "impute", { "encode", unknown = "error" } }, all = true },
  { 7, { "impute", { "encode", unknown = "zeros", drop = "none" } }, all = true },
  { 3, with("bin", { bins = 4, method = "quantile" }) }, { 3, with("bin", { method = "uniform" }) },
  { 3, with("bin", { method = "k-means" }) },
  { 12, with("bin", { bins = 4, output = "one-hot", columns = numbers }) },
  { 9, with("polynomial", { degree = 2 }) }, { 6, with("polynomial", { interaction = true }) },
  { 3, with("scale", { method = "standard", ddof = 1 }) }, { 3, with("scale", { method = "min-max" }) },
  { 3, with("scale", { method = "robust" }) },
  { 3, with("scale", { method = "quantile", output = "uniform", quantiles = 50 }) },
  { 3, with("scale", { method = "quantile", output = "normal", quantiles = 50 }) },
  { 3, with("scale", { method = "power", power = "yeo-johnson" }) },
  { 2, with("scale", { method = "power", power = "box-cox" }), from = { "area", "rooms" } },
  { 2, with("scale", {}, { "pca", components = 2 }) }, { 3, with("scale", {}, { "pca", whiten = true }) },
  { 4, { "date" }, from = { "built" } }, { 4, { { "date", parts = { "month", "weekday" }, cyclical = true } }, from = { "built" } },
  { 11, { { "text", method = "tfidf" } }, from = { "note" }, more = true },
  { 11, { { "text", method = "counts", norm = "none" } }, from = { "note" }, more = true },
  { 16, { { "text", method = "hashing", buckets = 16, norm = "l1" } }, from = { "note" } },
  { 14, { { "text", unit = "char", ngram_min = 2, ngram_max = 2, norm = "l2" } }, from = { "note" }, more = true },
  { 14, { { "text", unit = "char_wb", ngram_min = 2, ngram_max = 2 } }, from = { "note" }, more = true },
  { 14, { { "text", unit = "word", ngram_max = 2, binary = true } }, from = { "note" }, more = true },
  { 3, with("select", { method = "variance" }) }, { 3, with("select", { method = "correlation" }) },
  { 2, with("select", { method = "f_regression", top = 2 }) }, { 2, with("select", { method = "f_classif", top = 2 }), target = sold },
  { 2, with("select", { method = "chi2", top = 2 }), target = sold },
  { 2, with("select", { method = "mutual_information", top = 2 }) },
  { 2, with("select", { method = "mutual_information", top = 2 }), target = sold },
}

-- ---- nothing is left out ----

local used = {}
for _, case in ipairs(recipes) do
  for _, step in ipairs(case[2]) do
    local kind = type(step) == "table" and step[1] or step
    used[kind] = true
    for _, option in ipairs(kinds[kind].options) do
      local value = type(step) == "table" and step[option.name] or option.default
      if option.choices then used[kind .. " " .. option.name .. " = " .. tostring(value)] = true end
    end
  end
end
local unused = {}
for _, kind in ipairs(kinds) do
  if not used[kind.name] then unused[#unused + 1] = kind.name end
  for _, option in ipairs(kind.options) do
    for _, choice in ipairs(option.choices or {}) do
      local name = kind.name .. " " .. option.name .. " = " .. choice
      if not used[name] then unused[#unused + 1] = name end
    end
  end
end
tap.same(unused, {}, "every transform and every method of it stands in the table of this test")

-- ---- the flow ----

local flow = lathe.flow "recipes"
flow.raw = flow:step "ingest.read" { path = folder .. "/homes.csv" }
flow.parts = flow:step "prepare.split" { flow.raw.table, test = 0.25, seed = 3 }
flow:allow("predicts-alone", "made up")
local raw_names = { "area", "rooms", "age", "town", "note", "built" }
local function from(case) return case.from or case.all and { "area", "rooms", "age", "town" } or numbers end
for at, case in ipairs(recipes) do
  local target = case.target or price
  flow["recipe" .. at] = flow:step "prepare.recipe" { flow.parts.train, target = target, features = from(case), steps = case[2] }
  flow["apply" .. at] = flow:step "prepare.apply" { flow["recipe" .. at], flow.parts.test, keep = { target } }
  if not case.gaps then
    local train = target == price and "train.ridge" or "train.logistic"
    flow["model" .. at] = flow:step(train) { flow.parts.train, target = target, features = from(case), recipe = case[2] }
    flow["score" .. at] = flow:step(target == price and "evaluate.regression" or "evaluate.classification") { flow["model" .. at],
      flow.parts.test }
  end
end
local result = flow:run { project = folder .. "/project" }
tap.same(result.problem or result.state, "done", "a flow with all of them runs")

local train, test = result:get("parts", "train"), result:get("parts", "test")
tap.same(test:select(raw_names):rows(), COUNT / 4, "on the rows of its split")
local function words_of(case)
  local list = {}
  for _, step in ipairs(case[2]) do list[#list + 1] = require("lathe.schema").lua(step) end
  return table.concat(list, ", ")
end
for at, case in ipairs(recipes) do
  local target = case.target or price
  local made = result:get("apply" .. at)
  local width = #made:columns() - 1
  local own = lathe.fit(train, lathe.recipe { target = target, features = from(case), steps = case[2] })
  local same = own:apply(test, { keep = { target } }):hash() == made:hash()
  tap.ok(same and (width == case[1] or (case.more and width >= case[1])), ("%s gives the library's features"):format(words_of(case)),
    same and "features: " .. width or "not the same")
end
os.execute(("rm -rf '%s'"):format(folder))
tap.done()
