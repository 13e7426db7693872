-- Bad input, family by family: each is answered by one clear sentence, or by a model whose predictions are all there. To let a family join,
-- give it a line in `families`; a case is a line in `cases`.
local tap = require "tap"
local lathe = require "lathe"

-- What a family predicts ("numbers", "counts" or "classes"), and options that make it quick. A family of both has two lines.
local families = {
  { "linear", "numbers" },
  { "ridge", "numbers" },
  { "lasso", "numbers", { alpha = 0.01 } },
  { "lasso", "numbers", { alpha = "cv", folds = 2 }, name = "lasso by folds" },
  { "elastic_net", "numbers", { alpha = 0.01 } },
  { "poisson", "counts" },
  { "logistic", "classes" },
  { "logistic", "classes", { l2 = 1 }, name = "logistic with l2" },
  { "logistic", "classes", { l1 = 1 }, name = "logistic with l1" },
  { "tree", "numbers" },
  { "tree", "classes" },
  { "forest", "numbers", { trees = 3 } },
  { "forest", "classes", { trees = 3 } },
  { "extra_trees", "classes", { trees = 3 } },
  { "boosting", "numbers", { rounds = 3, min_samples_leaf = 1 } },
  { "boosting", "classes", { rounds = 3, min_samples_leaf = 1 } },
  { "network", "numbers", { epochs = 2, layers = { 4 } } },
  { "network", "classes", { epochs = 2, layers = { 4 } } },
}

local ROWS = 60
local function list(make, rows)
  local out = { n = rows or ROWS }
  for row = 1, out.n do out[row] = make(row) end
  return out
end

-- A target of the kind that a family predicts.
local targets = {
  numbers = function(row) return row % 7 + row / 10 end,
  counts = function(row) return row * 5 % 7 end,
  classes = function(row) return row * 5 % 7 > 3 and "yes" or "no" end,
}
local function plain(kind, changes)
  local columns = {
    { "x", list(function(row) return row * 7 % 11 + 0.1 * row end) }, { "z", list(function(row) return row * 3 % 8 end) },
    { "w", list(function(row) return row % 3 end) }, { "y", list(targets[kind]) },
  }
  local t = lathe.table(columns)
  for name, values in pairs(changes or {}) do t = t:with(name, values) end
  return t
end

-- Each case: its name, the table it makes for a kind of target (nil: it does not concern that kind), what the sentence says for all
-- families (a pattern; nil: a model is made), and for those that differ: false, a model; a pattern, an error. `options` are added.
local cases = {
  { "collinear features", function(kind)
    return plain(kind):derive { twice = "2 * x", both = "x + z" }
  end },
  { "a feature that is constant", function(kind) return plain(kind):derive { flat = "0.1 + 0 * x" } end },
  { "classes that a feature separates", function(kind)
    return kind == "classes" and plain(kind, { y = list(function(row) return row * 7 % 11 + 0.1 * row > 7 and "yes" or "no" end) }) or nil
  end, nil, { logistic = "complete separation", ["logistic with l2"] = false, ["logistic with l1"] = false } },
  { "one class", function(kind) return kind == "classes" and plain(kind, { y = list(function() return "no" end) }) or nil end,
    'is "no" in every row' },
  { "a class of one row", function(kind)
    return kind == "classes" and plain(kind, { y = list(function(row) return row == 5 and "rare" or targets.classes(row) end) }) or nil
  end, nil, { logistic = "separation", ["logistic with l2"] = false, ["logistic with l1"] = false } },
  { "a missing target", function(kind)
    return plain(kind, { y = list(function(row) if row ~= 4 then return targets[kind](row) end end) })
  end, "missing in" },
  { "an infinite target", function(kind)
    return kind ~= "classes" and plain(kind, { y = list(function(row) return row == 4 and math.huge or targets[kind](row) end) }) or nil
  end, "row 4 of the target" },
  { "a constant target", function(kind) return kind ~= "classes" and plain(kind, { y = list(function() return 3 end) }) or nil end,
    "is 3 in every row" },
  { "infinite features", function(kind)
    return plain(kind, { x = list(function(row) return row == 9 and math.huge or row end) })
  end, 'row 9 of "x" is infinite' },
  { "missing features that nothing imputes", function(kind)
    return plain(kind, { x = list(function(row) if row ~= 9 then return row end end) })
  end, '"x" is missing in 1 row', { tree = false, forest = false, extra_trees = false, boosting = false } },
  { "more features than rows", function(kind)
    local t = plain(kind):head(8)
    for place = 1, 12 do t = t:with("f" .. place, list(function(row) return (row * place * place) % 13 end, 8)) end
    return t
  end, nil, { linear = "8 rows cannot determine 15 coefficients", logistic = "8 rows cannot determine 15 coefficients",
    poisson = "8 rows cannot determine 15 coefficients", ["logistic with l2"] = false, ["logistic with l1"] = false } },
  { "one row", function(kind) return plain(kind):head(1) end, nil, {
    linear = "1 row cannot", ridge = "one row", lasso = "one row", ["lasso by folds"] = "one row", elastic_net = "one row",
    poisson = "1 row cannot", tree = "one row", forest = "one row", boosting = "one row", logistic = "in every row",
    extra_trees = "in every row", network = "one row", ["network of classes"] = "in every row",
    ["tree of classes"] = "in every row", ["forest of classes"] = "in every row",
    ["boosting of classes"] = "in every row",
  } },
  { "no rows", function(kind) return plain(kind):head(0) end, "rows" },
  { "no features", function(kind) return plain(kind):select { "y" } end, "no feature" },
  { "10,000 classes", function(kind)
    if kind ~= "classes" then return nil end
    return lathe.table { { "x", list(function(row) return row % 17 end, 20000) }, { "z", list(function(row) return row % 5 end, 20000) },
      { "y", list(function(row) return "c" .. row % 10000 end, 20000) } }
  end, "10000 classes", { tree = false, boosting = false, network = false } },
  { "weights of nothing but 0", function(kind) return plain(kind, { w = list(function() return 0 end) }) end, 'all weights in "w" are 0',
    options = { weights = "w" } },
  { "a negative weight", function(kind) return plain(kind, { w = list(function(row) return row == 6 and -1 or 1 end) }) end,
    "row 6 has the weight %-1", options = { weights = "w" } },
  { "a missing weight", function(kind) return plain(kind, { w = list(function(row) if row ~= 6 then return 1 end end) }) end,
    'the weight in "w" is missing in row 6', options = { weights = "w" } },
  { "some weights of 0", function(kind) return plain(kind) end, options = { weights = "w" } },
  { "a text as target of numbers", function(kind)
    return kind ~= "classes" and plain(kind, { y = list(function(row) return "t" .. row end) }) or nil
  end, "is text, and a regression predicts numbers", { tree = false, forest = false, boosting = false, network = false } },
  { "values too large to be squared", function(kind) return plain(kind, { x = list(function(row) return row * 1e200 end) }) end,
    "too large", { tree = false, forest = false, extra_trees = false, boosting = false, network = "float32 cannot hold" } },
}

local function name_of(family) return family.name or family[1] end

-- What is wanted of a family in a case: a pattern of the error, or nil: a model.
local function wanted(case, family)
  local others = case[4] or {}
  for _, name in ipairs { name_of(family) .. " of " .. family[2], name_of(family), family[1] } do
    if others[name] ~= nil then return others[name] or nil end
  end
  return case[3]
end

-- Whether everything that a model says is there: its predictions, figures and coefficients.
local function is_whole(model, t)
  local out, rows, width = model:run(t)
  for place = 0, rows * width - 1 do
    if out[place] ~= out[place] then return false, ("prediction %d is not a number"):format(place + 1) end
  end
  for _, figure in ipairs(model:figures()) do
    if figure[2] ~= figure[2] then return false, figure[1] .. " is not a number" end
  end
  local coefficients = model:table "coefficients"
  if coefficients and coefficients:column("estimate"):missing() > 0 then return false, "a coefficient is missing" end
  return true
end

local function try(case, family)
  local t = case[2](family[2])
  if not t then return end
  local options = {}
  for name, value in pairs(family[3] or {}) do options[name] = value end
  for name, value in pairs(case.options or {}) do options[name] = value end
  local recipe = lathe.recipe { target = "y", drop = not case.options and t:has "w" and { "w" } or nil }
  local made, model = pcall(function() return lathe.fit(t, recipe, lathe[family[1]](options)) end)
  local want, sentence = wanted(case, family), ("%s: %s of %s"):format(case[1], name_of(family), family[2])
  if want then
    local text = tostring(model)
    local clear = not made and text:find(want) and not text:find "\n" and #text < 400 and not text:lower():find "%f[%a]nan%f[%A]"
    return tap.ok(clear, sentence .. " is answered in a sentence", made and "a model was made" or text)
  end
  if not made then return tap.ok(false, sentence .. " gives a model", tostring(model)) end
  local whole, why = is_whole(model, t)
  tap.ok(whole, sentence .. " gives a model that is whole", why)
end

for _, case in ipairs(cases) do
  for _, family in ipairs(families) do try(case, family) end
end

-- What a model of bad input says of it.
local function notes(family, t, options)
  return table.concat(lathe.fit(t, lathe.recipe { target = "y", drop = { "w" } }, lathe[family](options or {})):notes(), "\n")
end
local rare = plain("classes", { y = list(function(row) return row == 5 and "rare" or targets.classes(row) end) })
for family, options in pairs { logistic = { l2 = 1 }, tree = {}, forest = { trees = 3 }, boosting = { rounds = 3 },
  network = { epochs = 2 } } do
  tap.ok(notes(family, rare, options):find('class "rare" has one row', 1, true), "a class of one row is noted: " .. family)
end
for family, kind in pairs { linear = "numbers", poisson = "counts", logistic = "classes" } do
  tap.ok(notes(family, plain(kind):derive { twice = "2 * x" }):find('"twice" follows from the features before it', 1, true),
    "a feature that follows from others is noted: " .. family)
end
tap.done()
