-- t:map and t:replace: values exchanged for others by a Lua table, a table, a file.
local tap = require "tap"
local lathe = require "lathe"
local null = lathe.json.null

local t = lathe.table { { "city", { "Rom", "Oslo", nil, "Rom", "Bon", "X" } }, { "n", { 1, 2, 3, 2, 1, nil } },
  { "b", { true, false, true, true, true, false } } }
local function values(table_, name) return table_:column(name):values() end

local mended, cells = t:replace("city", { Rom = "Rome", Bon = "Bonn", X = null, Nowhere = "here" })
tap.same(values(mended, "city"), { "Rome", "Oslo", nil, "Rome", "Bonn", nil, n = 6 }, "replace exchanges what it names")
tap.same({ cells, mended:type "city" }, { 4, "string" }, "says how many, and keeps the type")
tap.same(values(t:replace("n", { [1] = 10, ["2"] = 20 }), "n"), { 10, 20, 3, 20, 10, nil, n = 6 }, "numbers are found as numbers or texts")
tap.same(values(t:replace("b", { ["false"] = true }), "b"), { true, true, true, true, true, true, n = 6 }, "truth values, too")
tap.raises(function() t:replace("n", { [1] = "x" }) end, '"x" is not a float64, as the values of "n" are', "another type raises")
tap.raises(function() t:replace("n", { a = 1 }) end, "the column holds numbers, and a is none", "so does a key of another type")
tap.raises(function() t:replace("city", {}) end, "the map is empty", "and an empty map")
local both = t:derive({ { "other", "city" } }):replace({ "city", "other" }, { Rom = "Rome" })
tap.same({ both:column("city"):get(1), both:column("other"):get(4) }, { "Rome", "Rome" }, "several columns at once")
local exact = lathe.table { { "x", { 9007199254740993LL, 5LL } } }:replace("x", { [5] = 6 })
tap.same(exact:column("x"):text(1), "9007199254740993", "integers beyond 2^53 stay exact")
local day = lathe.table { { "d", { "2024-01-01", "2024-02-01" } } }:cast({ d = "date" }):replace("d", { ["2024-01-01"] = "2025-01-01" })
tap.same({ day:type "d", day:column("d"):get(1) }, { "date", "2025-01-01" }, "dates are written as texts")
local kinds = lathe.table { { "k", { "a", "b", "a" } } }:cast { k = "category" }
tap.same({ kinds:replace("k", { a = "c" }):type "k" }, { "category" }, "a category stays one")

tap.raises(function() t:map("city", { Rom = "Rome", Oslo = "Oslo" }) end,
  'map: 2 rows of "city" hold 2 values the map does not name: "Bon" (1), "X" (1); name them, or say what others become: default = ...',
  "a value that the map lacks raises, with counts")
local mapped, told = t:map("city", { Rom = "Rome" }, { default = "other", missing = "?", into = "there" })
tap.same(values(mapped, "there"), { "Rome", "other", "?", "Rome", "other", "other", n = 6 }, "a default, and what missing becomes")
tap.same({ told.mapped, told.defaulted, mapped:type "there", mapped:column("city"):get(1) }, { 2, 3, "category", "Rom" },
  "and the column it came from stays")
tap.same(values(t:map("city", { Rom = 1, Oslo = 2, Bon = 1, X = null }), "city"), { 1, 2, nil, 1, 1, nil, n = 6 }, "texts become numbers")
tap.same(values(t:map("n", { true, false, true }), "n"), { true, false, true, false, true, nil, n = 6 }, "numbers become truth values")
tap.same(values(t:map("city", { Rom = "Rome" }, { default = null }), "city"), { "Rome", nil, nil, "Rome", nil, nil, n = 6 },
  "the default may be missing")
tap.raises(function() t:map("city", { Rom = "Rome", Oslo = 1, Bon = "x", X = "Y" }) end, "both a string and a number", "mixed kinds raise")

local map = lathe.table { { "from", { "Rom", "Bon" } }, { "to", { "Rome", "Bonn" } }, { "note", { "a", "b" } } }
tap.same(t:replace("city", map):column("city"):get(5), "Bonn", "a table is a map")
local path = os.tmpname() .. ".csv"
map:write(path)
tap.same(t:replace("city", path):column("city"):get(5), "Bonn", "so is a file")
os.remove(path)
tap.raises(function() t:replace("city", lathe.table { { "a", { "x" } } }) end, 'has the columns "from" and "to", not a', "with from and to")
tap.raises(function() t:replace("city", lathe.table { { "from", { "x", "x" } }, { "to", { "a", "b" } } }) end,
  '"x" becomes both "a" and "b"', "that do not contradict themselves")
tap.same(lathe.table({ { "a", { "x" } } }):head(0):map("a", { x = 1 }):rows(), 0, "a table without rows is no trouble")
tap.done()
