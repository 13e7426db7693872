-- Features of a recipe alone, straight into columns: the same as by model:predict, for any number of rows and threads.
local tap = require "tap"
local lathe = require "lathe"

local function rows(count)
  local random, a, b, c, y = lathe.random(count), { n = count }, { n = count }, { n = count }, { n = count }
  for row = 1, count do
    if random:below(7) > 0 then a[row] = random:normal() end
    b[row] = random:below(100)
    c[row] = ({ "red", "green", "blue" })[random:below(3)]
    y[row] = row
  end
  return lathe.table { { "a", a }, { "b", b }, { "c", c }, { "y", y } }
end

local train = rows(500)
local filled = lathe.fit(train, lathe.recipe { target = "y" }:impute():encode():scale())
local gaps = lathe.fit(train, lathe.recipe { target = "y", features = { "b", "a" } })
for _, count in ipairs { 1, 7, 8, 1023, 1024, 1025, 16384, 16391, 40000 } do
  local t = rows(count)
  tap.same(filled:apply(t):hash(), filled:predict(t):hash(), count .. " rows are as model:predict has them")
  tap.same(gaps:apply(t):hash(), gaps:predict(t):hash(), "  with what is missing")
end
local t = rows(30000)
local flags = filled:apply(t, { keep = { "y", "c" }, flags = "bool" })
tap.same(flags:columns(), { "y", "c", "a", "b", "c=blue", "c=green", "c=red" }, "columns that are kept stand in front")
tap.same({ flags:type "c=red", flags:type "a" }, { "bool", "float64" }, "one-hot columns may be truth values")
tap.same(flags:filter("`c=red` != (c == 'red')"):rows(), 0, "and are what the category says")
tap.same(filled:apply(t):select("c=red"):hash(), flags:select("c=red"):cast({ ["c=red"] = "float64" }):hash(), "the same as numbers")
local threads = lathe.threads.get()
lathe.threads(1)
local alone = filled:apply(t):hash()
lathe.threads(threads)
tap.same(filled:apply(t):hash(), alone, "one thread gives the same bytes")
local left, right = train:split { test = 0.25 }
tap.raises(function() lathe.fit(filled:apply(right, { keep = { "y" } }), lathe.recipe { target = "y" }, lathe.linear {}) end,
  "does not take test rows", "features of test rows are test rows")
tap.ok(lathe.fit(filled:apply(left, { keep = { "y" } }), lathe.recipe { target = "y" }, lathe.linear {}), "those of training rows are not")
tap.raises(function() filled:apply(t, { flags = "bits" }) end,
  'flags is "number" or "bool", not bits', "a word that flags does not have is refused")
tap.raises(function() filled:apply(t:drop "b") end, 'a column "b"', "a column that is gone is told")
tap.raises(function() lathe.fit(train:drop { "a", "c" }, lathe.recipe { target = "y" }, lathe.linear {}):apply(t) end,
  "gives predictions, not features", "a model that predicts has none")
tap.done()
