-- Recipes from Lua: what each step learns and gives, what it refuses, and what new rows meet.
local tap = require "tap"
local lathe = require "lathe"

local function values(t, name)
  local list = t:column(name):values()
  list.n = nil
  return list
end

-- ---- ordinal codes ----
local y, city = {}, {}
for row = 1, 30 do
  city[row] = ({ "c", "a", "b" })[row % 3 + 1]
  y[row] = ({ c = 2, a = 0, b = 1 })[city[row]] * 3 + 1
end
local t = lathe.table { { "city", city }, { "y", y } }
local function ordinal(options)
  options.method = "ordinal"
  return lathe.fit(t, lathe.recipe { target = "y" }:encode(options), lathe.linear {})
end
local m = ordinal {}
tap.same(values(m:coefficients(), "feature"), { "(intercept)", "city" }, "ordinal codes are one feature")
tap.ok(math.abs(m:coefficients():column("estimate"):get(2) - 3) < 1e-12, "texts are numbered in the order of their bytes")
local new = lathe.table { city = { "b", "z", nil, n = 3 } }
local p = m:predict(new):column("y")
tap.ok(math.abs(p:get(1) - 4) < 1e-12 and p:missing() == 2, "unknown and missing texts have no code, and so no prediction")
p = ordinal({ unknown = "value" }):predict(new):column("y")
tap.ok(math.abs(p:get(2) + 2) < 1e-12 and p:get(3) == nil, "or an unknown one is -1, where that is asked for")
tap.raises(function() ordinal({ unknown = "error" }):predict(new) end, '"z" is not among the 3 categories of "city"', "or an error")
tap.raises(function() lathe.recipe {}:encode { method = "ordinal", unknown = "zeros" } end, '"missing", "value" (-1) or an "error"',
  "zeros are for one-hot columns")
tap.raises(function() lathe.recipe {}:encode { method = "ordinal", drop = "first" } end, "one-hot", "so is drop")

tap.done()
