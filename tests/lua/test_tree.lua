-- Trees and forests from Lua: what is learned, drawn, kept, served, the same on any number of threads, and refused.
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

local ROWS = 300
local x = list_of(ROWS, function(row) return (row * 37) % 101 end)
local gap = list_of(ROWS, function(row) return row % 7 ~= 0 and (row * 11) % 50 or nil end)
local town = list_of(ROWS, function(row) return ({ "Ulm", "Bonn", "Kiel", "Jena", "Gera" })[row % 5 + 1] end)
local good = { Ulm = true, Kiel = true }
local price = list_of(ROWS, function(row) return (x[row] > 50 and 20 or 10) + (good[town[row]] and 100 or 0) + (row % 3) * 0.1 end)
local kind = list_of(ROWS, function(row) return x[row] > 60 and "high" or good[town[row]] and "mid" or "low" end)
local noise = list_of(ROWS, function(row) return (row * 53) % 97 < 40 and "yes" or "no" end)
local function of(changes)
  local t = lathe.table { { "x", x }, { "gap", gap }, { "town", town }, { "price", price }, { "kind", kind } }
  for name, list in pairs(changes or {}) do t = t:with(name, list) end
  return t
end
local function fit(t, family, options, target, drop)
  drop = drop or { target == "price" and "kind" or "price" }
  return lathe.fit(t, lathe.recipe { target = target, drop = drop }:encode { method = "ordinal" }, lathe[family](options))
end

-- ---- a tree ----
local t = of()
local m = fit(t, "tree", { max_depth = 2 }, "price")
tap.same({ m:kind(), m:note(), m:tables() }, { "tree", "4 leaves", { "tree", "importance", "path", "learned" } }, "a tree of numbers")
tap.same(values(m:table "tree", "rule"),
  { "all rows", "town is not Kiel, Ulm", "town is Kiel, Ulm", "x <= 50.5", "x > 50.5", "x <= 50.5", "x > 50.5" },
  "texts are divided into two sets, numbers in the middle between two")
tap.same(values(m:table "importance", "splits"), { 1, 2, 0 }, "its features are counted, the weightiest first")
local summary = m:summary()
tap.ok(summary.r2 > 0.999 and summary.leaves == 4 and summary.depth == 2, "and so is how well it fits")
local text = tostring(m)
tap.ok(text:find("├─ town is", 1, true) and text:find("│  └─ x > 50.5", 1, true), "it is printed as a tree")
local page = m:report():html()
tap.ok(page:find("<circle", 1, true) and page:find("x &lt;= 50.5", 1, true), "and drawn on a page")
local classes = fit(t, "tree", {}, "kind")
tap.same({ classes:classes(), classes:summary().accuracy }, { { "high", "low", "mid" }, 1 }, "texts are classes, and told apart")
tap.same(classes:predict(t):columns(), { "kind", "P(high)", "P(low)", "P(mid)" }, "a prediction is the class and a probability for each")
tap.same(values(classes:predict(t), "kind"), values(t, "kind"), "the whole tree knows its rows by heart")
local numbers = of { level = list_of(ROWS, function(row) return x[row] > 60 and 2LL or 1LL end) }
local forced = fit(numbers, "tree", { task = "classification" }, "level", { "price", "kind" })
tap.same({ forced:classes(), forced:predict(numbers):type "level" }, { { "1", "2" }, "int64" },
  "whole numbers are classes when the task says so")
tap.ok(fit(numbers, "tree", {}, "level", { "price", "kind" }):classes() == nil,
  "and numbers when it does not")

-- ---- cutting back ----
local noisy = of { kind = noise }
local whole = fit(noisy, "tree", {}, "kind")
local path = whole:table "path"
tap.same(path:columns(), { "ccp_alpha", "leaves", "impurity" }, "the path of pruning is kept")
tap.ok(path:column("leaves"):get(1) == whole:summary().leaves and path:column("leaves"):get(path:rows()) == 1,
  "it leads from the whole tree to the root")
local chosen = fit(noisy, "tree", { ccp_alpha = "1se" }, "kind")
local best = fit(noisy, "tree", { ccp_alpha = "best", folds = 5 }, "kind")
tap.ok(chosen:summary().leaves <= best:summary().leaves and best:summary().leaves < whole:summary().leaves / 4, "noise is cut off")
tap.same(chosen:table("path"):columns(), { "ccp_alpha", "leaves", "impurity", "error", "standard_error" },
  "with its errors in cross-validation")
local cut = fit(noisy, "tree", { ccp_alpha = path:column("ccp_alpha"):get(path:rows() - 1) }, "kind")
tap.same(cut:summary().leaves, path:column("leaves"):get(path:rows() - 1), "a penalty gives the tree that the path promised")

-- ---- missing values, weights ----
local known = list_of(ROWS, function(row) return gap[row] and 1 or 5 end)
local asked = fit(of { price = known }, "tree", {}, "price")
tap.same(values(asked:table "tree", "rule"), { "all rows", "gap is known", "gap is missing" }, "a feature is asked whether it is known")
tap.ok(asked:summary().r2 == 1, "and that is learned")
local blind = t:with("gap", list_of(ROWS, function() return nil end)):with("x", x)
tap.same(fit(t, "tree", {}, "price"):predict(blind):column("price"):missing(), 0, "what is missing finds a leaf")
local weight = list_of(ROWS, function(row) return row % 2 end)
local odd = of { weight = weight }
tap.same(values(fit(odd, "tree", { weights = "weight" }, "price"):table "tree", "rule"),
  values(fit(odd:filter "weight == 1", "tree", {}, "price", { "kind", "weight" }):table "tree", "rule"), "rows of weight 0 are not there")
local doubled = lathe.concat { noisy, noisy }
local heavy = noisy:with("two", list_of(ROWS, function() return 2 end))
tap.same(values(fit(doubled, "tree", { max_depth = 4 }, "kind"):table "tree", "rule"),
  values(fit(heavy, "tree", { max_depth = 4, weights = "two" }, "kind"):table "tree", "rule"),
  "a weight of 2 is a row twice")
tap.ok(fit(noisy, "tree", { class_weights = { yes = 50 }, max_depth = 1 }, "kind"):predict(noisy):column("kind"):get(1) == "yes",
  "so are weights of classes")

-- ---- forests ----
for _, family in ipairs { "forest", "extra_trees" } do
  for target, bound in pairs { price = 0.97, kind = 0.97 } do
    local grown = fit(t, family, { trees = 30, bootstrap = true }, target)
    local s, r = grown:summary(), grown:evaluate(t).metrics
    tap.ok((r.r2 or r.accuracy) > bound and (s.oob_r2 or s.oob_accuracy) > 0.8, family .. " learns the " .. target)
    tap.same({ grown:note():match "30 trees", grown:table("curve"):rows() }, { "30 trees", 30 }, "it has a curve by trees")
    local again, name = fit(t, family, { trees = 30, bootstrap = true, seed = 43 }, target), folder .. "/" .. family .. target
    tap.ok(again:evaluate(t).metrics ~= r, "another seed is another forest")
    for count = 1, 2 do
      threads.set(count)
      fit(t, family, { trees = 20, bootstrap = true }, target):save(name .. count)
      threads.set(0)
    end
    tap.ok(read_file(name .. 1) == read_file(name .. 2), "one thread or two: the same bundle")
    local opened = lathe.open(name .. 1)
    tap.same(values(opened:predict(t), target), values(fit(t, family, { trees = 20, bootstrap = true }, target):predict(t), target),
      "a bundle predicts the same")
    tap.same(opened:predict(blind):column(target):missing(), 0, "and takes what is missing")
    grown:export(name .. ".onnx")
  end
end
for count = 1, 2 do
  threads.set(count)
  fit(noisy, "tree", { ccp_alpha = "1se" }, "kind"):save(folder .. "/tree" .. count)
  threads.set(0)
end
tap.ok(read_file(folder .. "/tree1") == read_file(folder .. "/tree2"), "of a single tree, too")
local entropy = fit(t, "forest", { trees = 10, criterion = "entropy", max_features = 2, max_depth = 6, min_samples_leaf = 2 }, "kind")
tap.ok(entropy:evaluate(t).metrics.accuracy > 0.9, "limits and the entropy are heeded")
tap.ok(fit(t, "extra_trees", { trees = 10 }, "kind"):summary().oob_accuracy == nil, "without bags nothing is out of one")
tap.ok(table.concat(fit(t, "forest", { trees = 1 }, "kind"):notes()):find("grow more trees", 1, true), "rows in every bag are noted")
local rare = fit(odd, "forest", { trees = 20, weights = "weight", class_weights = "balanced", max_samples = 0.5 }, "kind")
tap.ok(rare:summary().oob_accuracy > 0.7, "weights of rows and classes, and small bags")

-- ---- serving ----
if pcall(require("lathe").serve, { m, listen = "127.0.0.1:0" }) then
  local endpoint = lathe.serve { { model = entropy, name = "forest" }, listen = "127.0.0.1:0" }
  local got = require("lathe.serve").score(endpoint:url(), entropy, t, 7)
  local own, rows, width = entropy:run(t)
  local same = width == 3
  for place = 0, rows * width - 1 do same = same and got[place] == own[place] end
  tap.ok(same, "probabilities over HTTP are those of this process, to the last digit")
  endpoint:stop()
end

-- ---- what is refused, and what is said ----
for _, family in ipairs { "tree", "forest", "extra_trees" } do
  local function refused(table_, options, target, sentence, what)
    tap.raises(function() fit(table_, family, options, target) end, sentence, family .. ": " .. what)
  end
  refused(of { kind = list_of(ROWS, function() return "no" end) }, {}, "kind", 'is "no" in every row', "one class")
  refused(of { price = list_of(ROWS, function() return 3 end) }, {}, "price", "there is nothing to learn", "a constant target")
  refused(of { price = list_of(ROWS, function(row) return row ~= 4 and row or nil end) }, {}, "price", "missing in 1 row",
    "a target with gaps")
  refused(of { x = list_of(ROWS, function(row) return row == 9 and math.huge or row end) }, {}, "price", 'row 9 of "x" is infinite',
    "infinite features")
  refused(t:head(0), {}, "price", "no rows", "no rows")
  refused(t:head(1), {}, "price", "one row", "one row")
  refused(of { w = list_of(ROWS, function(row) return row == 5 and -1 or 1 end) }, { weights = "w" }, "price", "row 5 has the weight -1",
    "a negative weight")
  refused(of { w = list_of(ROWS, function() return 0 end) }, { weights = "w" }, "price", 'all weights in "w" are 0', "weights of 0")
  tap.raises(function() lathe.fit(lathe.table { y = x }, lathe.recipe { target = "y" }, lathe[family] {}) end, "no feature",
    family .. ": no features")
  tap.raises(function() lathe.fit(t, lathe.recipe { target = "price" }, lathe[family] {}) end, "text", family .. ": texts as they are")
  tap.raises(function() lathe[family] { max_depth = 0 } end, "max_depth is a whole number from 1 up", family .. ": a depth of 0")
  tap.raises(function() lathe[family] { task = "guess" } end, "task is one of", family .. ": an unknown task")
  local single = values(t, "kind")
  single[5] = "only"
  single.n = ROWS
  tap.ok(table.concat(fit(of { kind = single }, family, {}, "kind"):notes()):find('class "only" has one row', 1, true),
    family .. ": a class of one row is noted")
  tap.ok(fit(t:head(2), family, {}, "price"), family .. ": two rows will do")
end
local many = lathe.table {
  { "x", list_of(20000, function(row) return row % 17 end) }, { "y", list_of(20000, function(row) return "c" .. row % 10000 end) },
}
tap.ok(lathe.fit(many, lathe.recipe { target = "y" }, lathe.tree { max_depth = 3 }), "10,000 classes in a small tree")
tap.raises(function() lathe.fit(many, lathe.recipe { target = "y" }, lathe.forest { trees = 5 }) end, "10000 classes",
  "10,000 classes are too many for a forest")
tap.raises(function() lathe.tree { ccp_alpha = "2se" } end, 'ccp_alpha is a number from 0 up, "best" or "1se"',
  "an unknown choice of penalty")
tap.raises(function() lathe.tree { ccp_alpha = -1 } end, "ccp_alpha is a number from 0 up", "a negative penalty")
tap.raises(function() fit(t:head(4), "tree", { ccp_alpha = "best" }, "price") end, "10 folds need as many rows", "more folds than rows")
tap.raises(function() lathe.forest { max_features = 1.5 } end, "max_features is", "a feature and a half")
tap.raises(function() lathe.extra_trees { max_samples = 0.5 } end, "give bootstrap = true with it", "a bag's size without bags")
tap.raises(function() lathe.forest { trees = 0 } end, "trees is a whole number", "no trees")
local flat = lathe.table { { "x", list_of(20, function() return 1 end) }, { "y", list_of(20, function(row) return row end) } }
tap.ok(table.concat(lathe.fit(flat, lathe.recipe { target = "y" }, lathe.tree {}):notes()):find("a single leaf", 1, true),
  "a feature that is constant: a single leaf, and a note")

os.execute("rm -r " .. folder)
tap.done()
