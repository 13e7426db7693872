-- Raw columns of which a recipe keeps nothing are no inputs of the model, and what is left computes the same.
local ffi = require "ffi"
local tap = require "tap"
local lathe = require "lathe"
local core = require "lathe.core"

local long = { { "a", {} }, { "b", {} }, { "c", {} }, { "town", {} }, { "y", {} } }
for row = 1, 300 do
  local values = { row % 7 ~= 0 and row * 37 % 101 or nil, row * 53 % 97, 5, ({ "Ulm", "Bonn", "Kiel" })[1 + row % 3],
    (row * 37 % 101) * 2 + (row % 3) * 40 }
  for at = 1, 5 do long[at][2][row] = values[at] end
end
local t = lathe.table(long)
local function inputs(fitted)
  local graph, list = fitted:graph(), {}
  for at = 0, core.C.lathe_graph_inputs(graph) - 1 do list[at + 1] = ffi.string(core.C.lathe_graph_input_name(graph, at)) end
  return list
end
local before = { { "impute", indicator = true }, { "outliers", action = "flag" }, { "encode", method = "target", columns = { "town" } },
  { "scale", method = "quantile", quantiles = 20 }, { "polynomial", columns = { "a", "b", "c" }, interaction = true } }
local whole = lathe.fit(t, lathe.recipe { target = "y", steps = before })
before[#before + 1] = { "select", method = "f_regression", top = 3, columns = { "a", "b", "c", "town", "a b", "a c", "b c", "missing(a)",
  "outlier(a)", "outlier(b)", "outlier(c)" } }
for _, last in ipairs { before[#before], { "select", method = "mutual_information", top = 2 } } do
  before[#before] = last
  local fitted = lathe.fit(t, lathe.recipe { target = "y", steps = before })
  local kept = fitted:features()
  tap.ok(#kept <= 3 and #inputs(fitted) < 4, last.method .. ": the model asks for what it reads alone", table.concat(inputs(fitted), " "))
  tap.same(fitted:apply(t):hash(), whole:apply(t):select(kept):hash(), "  and its features are those of all of them")
  local one = lathe.fit(t, lathe.recipe { target = "y", steps = before }, lathe.ridge {})
  local path = os.tmpname()
  one:save(path)
  tap.same(lathe.open(path):predict(t:select(inputs(one))):hash(), one:predict(t):hash(),
    "  also of a model from its bundle, on those columns")
  os.remove(path)
end
local model = lathe.fit(t, lathe.recipe { target = "y",
  steps = { "impute", { "encode", method = "ordinal" }, { "select", method = "mutual_information", top = 2 } } })
tap.same(model:features(), { "a", "town" }, "mutual information finds what tells of the target")
tap.ok(model:learned()[#model:learned() - 1].learned:find("mutual information 0 ", 1, true), "a constant tells nothing",
  model:learned()[#model:learned() - 1].learned)
model = lathe.fit(t, lathe.recipe { target = "y", drop = { "town" },
  steps = { "impute", { "select", method = "f_regression", top = 1 } } })
tap.same(model:learned()[6].learned, "left out: constant, so it has no F", "a constant has no score")

-- Correlations are computed in tiles, by all threads: what is left is what one after the other leaves.
local columns, rows = {}, 700
for at = 1, 45 do
  local list, of = {}, at % 3 == 0 and columns[at / 3][2]
  for row = 1, rows do
    local own = (row * (at * 2 + 7) * 31 + row * row * at) % 997 / 997
    list[row] = of and of[row] + own * (at % 2 == 0 and 0.1 or 1) or own
  end
  columns[at] = { "x" .. at, list }
end
local wide = lathe.table(columns):with("y", columns[1][2])
local function kept_by(threads)
  local had = lathe.threads.get()
  lathe.threads(threads)
  local fitted = lathe.fit(wide, lathe.recipe { target = "y" }:select { method = "correlation", threshold = 0.9 })
  lathe.threads(had)
  return fitted:features(), lathe.json.encode(fitted:learned())
end
local matrix, stay = wide:drop("y"):correlate {}, {}
local r = {}
for row = 1, 45 do r[row] = matrix:row(row) end
for at = 1, 45 do
  local out = false
  for _, other in ipairs(stay) do out = out or math.abs(r[at]["x" .. other]) > 0.9 end
  if not out then stay[#stay + 1] = at end
end
local names, told = kept_by(1)
for at, place in ipairs(stay) do stay[at] = "x" .. place end
tap.same(names, stay, "select by correlation keeps what the correlations of the table leave")
tap.ok(#names < 45 and #names > 20, "that is some of them", #names)
tap.same({ kept_by(2) }, { names, told }, "the same on one thread and on two")

-- A vocabulary is counted in parts, by all threads.
local notes, words = {}, { "red", "green", "blue", "安静", "stone", "water", "air" }
for row = 1, 20000 do
  local list = {}
  for at = 1, 5 do list[at] = words[1 + (row * at * 7 + row % (at + 3)) % 7] .. (row % 1000 == 0 and row or "") end
  notes[row] = table.concat(list, " ")
end
local texts = lathe.table { { "note", notes } }
local function text_of(threads)
  local had = lathe.threads.get()
  lathe.threads(threads)
  local fitted = lathe.fit(texts, lathe.recipe {}:text { ngram_max = 2, max_features = 40 })
  lathe.threads(had)
  return fitted:features(), fitted:learned()[1].learned, fitted:predict(texts):hash()
end
local features, learned, hash = text_of(1)
tap.same({ text_of(2) }, { features, learned, hash }, "a vocabulary is the same on one thread and on two")
local count = 0
for row = 1, 20000 do count = count + (notes[row]:find("%f[%a]stone%f[^%a]") and not notes[row]:find "stone%d" and 1 or 0) end
local stones = 0
for row, value in ipairs(lathe.fit(texts, lathe.recipe {}:text { method = "counts", binary = true }):predict(texts):column("note~stone")
  :values()) do stones = stones + (row and value) end
tap.same(stones, count, "and each word comes in as many texts as it does")
tap.done()
