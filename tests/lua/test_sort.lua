-- table:sort and table:order.
local lathe = require "lathe"
local tap = require "tap"

local function list(t, name)
  local texts = {}
  for row = 1, t:rows() do texts[row] = t:column(name):text(row) end
  return table.concat(texts, " ")
end

local t = lathe.table {
  { "n", { 1, 2, 3, 4, 5, 6 } },
  { "city", { "oslo", "rome", "oslo", "bonn", nil, "rome" } },
  { "age", { 40, 0 / 0, 30, nil, 50, 30 } },
}

tap.same(list(t:sort "city", "n"), "4 1 3 2 6 5", "a name sorts, equal rows stay in order, the missing come last")
tap.same(list(t:sort "-city", "n"), "2 6 1 3 4 5", "a minus before the name turns the order, the missing stay last")
tap.same(list(t:sort { "city", "-n" }, "n"), "4 3 1 6 2 5", "several keys")
tap.same(list(t:sort { { "n", descending = true } }, "n"), "6 5 4 3 2 1", "a key with its options")
tap.same(list(t:sort { "city", missing = "first" }, "n"), "5 4 1 3 2 6", "missing elements first")
tap.same(list(t:sort { { "city", missing = "first" }, "n", descending = true }, "n"), "5 6 2 3 1 4", "an option for all keys and for one")
tap.same(t:order "age", { 3, 6, 1, 5, 2, 4 }, "order gives the numbers of the rows")
local minus = lathe.table { { "-n", { 2, 1 } }, { "n", { 1, 2 } } }
tap.same(list(minus:sort "-n", "n"), "2 1", "a column whose name begins with a minus is found")
tap.ok(lathe.table { { "x", { -1 / math.huge, 0, -1 } } }:order("x")[2] == 1, "-0 equals 0")
tap.same(list(t:take(t:order "-age"), "n"), list(t:sort "-age", "n"), "take of the order is the sort")

tap.raises(function() t:sort "citi" end, 'there is no column "citi"; the nearest name is "city"', "an unknown column is refused")
tap.raises(function() t:sort {} end, "sort takes the name of a column", "no key is refused")
tap.raises(function() t:sort(3) end, "sort takes the names of columns, not a number", "a number is refused")
tap.raises(function() t:sort { "n", desc = true } end, 'sort has no option "desc"', "an unknown option is refused")
tap.raises(function() t:sort { "n", missing = "middle" } end, 'missing is "first" or "last"', "a place that is none is refused")
tap.done()
