-- Bad input, for every transform of a recipe: each is answered in one sentence, or gives features that are whole.
local tap = require "tap"
local lathe = require "lathe"

local inf = math.huge
local recipes = {
  { "impute" }, { { "impute", numeric = "nearest" } }, { { "impute", indicator = true } }, { "impute", { "outliers", action = "clip" } },
  { "impute", { "outliers", method = "mad", action = "flag" } }, { "impute", "scale" }, { "impute", { "scale", method = "min-max" } },
  { "impute", { "scale", method = "robust" } }, { "impute", { "scale", method = "quantile", quantiles = 10 } },
  { "impute", { "scale", method = "power" } }, { "impute", "bin" }, { "impute", { "bin", method = "k-means", output = "one-hot" } },
  { "impute", "polynomial" }, { "impute", { "pca", whiten = true } }, { "impute", { "encode", unknown = "level" } },
  { "impute", { "encode", method = "frequency" } }, { "impute", { "encode", method = "target" } },
  { "impute", { "encode", method = "ordinal", unknown = "value" } }, { { "text", method = "hashing", buckets = 4 } }, { { "text" } },
  { "impute", "date" }, { "impute", "select" }, { "impute", { "select", method = "correlation" } },
  { "impute", { "select", method = "f_regression", top = 1 } }, { "impute", { "select", method = "mutual_information", top = 1 } },
}

local function words_of(steps)
  local list = {}
  for at, step in ipairs(steps) do list[at] = require("lathe.schema").lua(step) end
  return table.concat(list, ", ")
end

local function column_of(count, value)
  local list = { n = count }
  for row = 1, count do list[row] = value(row) end
  return list
end
local function t_of(count, values, town, day)
  local y = column_of(count, function(row) return row * 7 % 11 end)
  local t = lathe.table { { "x", column_of(count, values) }, { "z", column_of(count, function(row) return row * 5 % 13 end) },
    { "town", column_of(count, town) }, { "day", column_of(count, day) }, { "y", y } }
  return t:cast { day = "date", x = "float64", town = "string" }
end
local function plain(row) return row * 37 % 23 / 2 end
local function town(row) return ({ "Ulm", "Bonn", "Kiel" })[1 + row % 3] end
local function day(row) return ("2024-%02d-%02d"):format(1 + row % 12, 1 + row % 28) end
local good = t_of(60, plain, town, day)

-- Names of features of a kind that the recipe cannot take are left out, so that each recipe has what it can do.
local function features_of(steps)
  local kinds = {}
  for _, step in ipairs(steps) do kinds[type(step) == "table" and step[1] or step] = true end
  return kinds.date and { "x", "day" } or kinds.text and { "town" } or kinds.encode and { "x", "town" } or { "x", "z" }
end

local function sentence(problem)
  problem = tostring(problem)
  return #problem > 10 and not problem:find "\n" and not problem:find "traceback" and not problem:find "attempt to" and problem
end

-- NaN is not among the features of rows without gaps.
local function whole(features)
  for _, name in ipairs(features:columns()) do
    local column = features:column(name)
    for row = 1, features:rows() do
      local value = column:get(row)
      if value ~= value then return false end
    end
  end
  return true
end

local function try(words, run)
  local wrong = {}
  for _, steps in ipairs(recipes) do
    local fine, result = pcall(run, steps)
    if not fine and not sentence(result) then wrong[#wrong + 1] = words_of(steps) .. ": " .. tostring(result) end
    if fine and result then wrong[#wrong + 1] = words_of(steps) .. ": " .. tostring(result) end
  end
  tap.same(wrong, {}, words)
end

local function recipe(steps) return lathe.recipe { target = "y", features = features_of(steps), steps = steps } end
local function learn(t)
  return function(steps)
    local features = lathe.fit(t, recipe(steps)):apply(t)
    if not whole(features) then return "NaN" end
  end
end

try("rows as they should be", learn(good))
try("a column of which all is missing", learn(t_of(60, function() end, town, day)))
try("texts of which all are missing", learn(t_of(60, plain, function() end, day)))
try("one row", learn(t_of(1, plain, town, day)))
try("two rows", learn(t_of(2, plain, town, day)))
try("one level, and numbers that are the same in all rows", learn(t_of(60, function() return 3 end, function() return "Ulm" end, day)))
try("an infinite value in training", learn(t_of(60, function(row) return row == 5 and inf or row end, town, day)))
try("values of 1e300", learn(t_of(60, function(row) return row % 2 == 0 and 1e300 or -1e300 end, town, day)))
try("100,000 levels", function(steps)
  local many = t_of(100000, plain, function(row) return "level" .. row end, day)
  local features = features_of(steps)
  if features[2] ~= "town" and features[1] ~= "town" then return end
  return learn(many)(steps)
end)

-- An empty training set is refused, and so are columns that are not there or of another type.
local function refused(words, run, part)
  local wrong = {}
  for _, steps in ipairs(recipes) do
    local fine, result = pcall(run, steps)
    local text = not fine and sentence(result)
    if not text or not text:find(part, 1, true) then wrong[#wrong + 1] = words_of(steps) .. ": " .. tostring(result) end
  end
  tap.same(wrong, {}, words)
end
refused("an empty training set has nothing to learn from", learn((good:filter "x > 1000")), "no rows")
refused("a column that is gone at prediction is named", function(steps)
  local model = lathe.fit(good, recipe(steps))
  return model:apply(good:drop { "x", "z", "town" })
end, "the model takes a column \"")
refused("so is one of another type", function(steps)
  local model, other = lathe.fit(good, recipe(steps)), good
  for _, name in ipairs { "x", "z", "town" } do
    other = other:with(name, column_of(60, function(row) return name ~= "town" and "a" .. row or row end))
  end
  return model:apply(other)
end, "column \"")

try("a new level at prediction is counted", function(steps)
  local model = lathe.fit(good, recipe(steps))
  local _, odd = model:apply(good:derive { town = "concat(town, ' new')" })
  local encodes = features_of(steps)[2] == "town"
  if encodes and (not odd or odd[1].column ~= "town" or odd[1].unknown ~= 60) then return "not counted" end
end)
try("an infinite value at prediction is counted", function(steps)
  if features_of(steps)[1] ~= "x" then return end
  local model = lathe.fit(good, recipe(steps))
  local _, odd = model:apply(good:with("x", column_of(60, function(row) return row == 3 and inf or plain(row) end)))
  local reads = false
  for _, name in ipairs(model:features()) do reads = reads or name:find("x", 1, true) or name:find("pca", 1, true) end
  if reads and (not odd or odd[1].infinite ~= 1) then return "not counted" end
end)
try("no rows to predict give no features", function(steps)
  local made = lathe.fit(good, recipe(steps)):apply((good:filter "x > 1000"))
  if made:rows() ~= 0 then return "rows" end
end)
tap.done()
