-- lathe.concat, table:melt, table:sample, table:slice, table:tail.
local lathe = require "lathe"
local tap = require "tap"

local function list(t, name)
  local texts = {}
  for row = 1, t:rows() do texts[row] = t:column(name):get(row) == nil and "-" or t:column(name):text(row) end
  return table.concat(texts, " ")
end

local function category(values) return lathe.table({ { "c", values } }):column("c"):to_category() end

-- concat
local a = lathe.table { { "n", { 1LL, 2LL } }, { "city", category { "rome", "oslo" } }, { "old", { true, false } } }
local b = lathe.table { { "city", category { "bonn", nil, "oslo" } }, { "n", { 2.5, nil, 4 } }, { "new", { "x", "y", "z" } } }
local all, report = lathe.concat { a, b }
tap.same(table.concat(all:columns(), " "), "n city old new", "columns are found by name, new ones come last")
tap.same(list(all, "n"), "1 2 2.5 - 4", "int64 and float64 become float64")
tap.same(all:type "city" .. " " .. list(all, "city"), "category rome oslo bonn - oslo", "categories stay categories")
tap.same(table.concat(all:column("city"):categories(), " "), "bonn oslo rome", "with one sorted dictionary")
tap.same(list(all, "old") .. " " .. list(all, "new"), "true false - - - - - x y z", "what a table lacks is missing")
tap.same(report.differences, { { "n", "widened", "int64, float64 became float64" }, { "old", "filled", "missing in 2" },
  { "new", "filled", "missing in 1" } }, "the report says what was filled and widened")
tap.ok(tostring(report):find("Columns that differ", 1, true), "and is a report")

local sourced = lathe.concat { a, b, source = "file", names = { "a.csv", "b.csv" } }
tap.same(sourced:columns()[1] .. " " .. sourced:type "file" .. " " .. list(sourced, "file"), "file category a.csv a.csv b.csv b.csv b.csv",
  "the source of each row stands in front")
tap.raises(function() lathe.concat { a, b, source = "n" } end, 'has a column "n" already', "a source may not hide a column")

local function both(x, y) return (lathe.concat { lathe.table { { "v", x } }, lathe.table { { "v", y } } }) end
tap.same(list(both({ true }, { 7LL }), "v"), "1 7", "bool and int64 become int64")
tap.same(list(both(category { "b" }, { "a" }), "v") .. " " .. both(category { "b" }, { "a" }):type "v", "b a string",
  "category and string become string")
tap.same(list(both({ 1.5 }, { "a" }), "v"), "1.5 a", "a number and text become string")
tap.same(both({ n = 2 }, { 3LL }):type "v", "int64", "a column without an element has no say")
tap.raises(function() both({ 9007199254740993LL }, { 0.5 }) end, "table 1, column \"v\": 9007199254740993 in row 1 is no float64",
  "an integer that no float64 equals is refused")
local alone = lathe.concat { a }
tap.same(alone:hash(), a:hash(), "a table alone stays the same")
tap.same(lathe.concat({ a:head(0), a, a:head(0) }):hash(), a:hash(), "empty tables add nothing")
local path = os.tmpname()
a:write(path)
tap.same((lathe.concat { lathe.read(path), lathe.read(path) }):rows(), 4, "what the last of some calls gives beside its table is left out")
tap.same((lathe.concat { a, lathe.concat { a, b } }):rows(), 7, "a report too")
tap.same(lathe.compare(lathe.read(path), lathe.read(path)).rows.both, 2, "and when tables are compared")
os.remove(path)
tap.raises(function() lathe.concat {} end, "a table at least", "nothing is refused")
tap.raises(function() lathe.concat { a, "x" } end, "item 2 is not a table", "what is no table is refused")
tap.raises(function() lathe.concat { a, sauce = "x" } end, 'has no option "sauce"', "an unknown option is refused")

-- bits that do not begin on a byte, in three pieces
local pieces, want = {}, {}
for at, size in ipairs { 13, 3, 22 } do
  local values = { n = size }
  for row = 1, size do
    if (row + at) % 4 ~= 0 then values[row] = (row * at) % 3 end
    want[#want + 1] = values[row] and tostring(values[row]) or "-"
  end
  pieces[at] = lathe.table { { "v", values } }
end
tap.same(list(lathe.concat(pieces), "v"), table.concat(want, " "), "gaps stay where they are")

-- melt
local wide = lathe.table { { "country", { "no", "it" } }, { "2023", { 5, 59 } }, { "2024", { 5.5, nil } } }
local long = wide:melt { id = "country", name = "year", value = "people" }
tap.same(table.concat(long:columns(), " "), "country year people", "melt: ids, the name, the value")
tap.same(list(long, "country") .. "|" .. list(long, "year") .. "|" .. list(long, "people"),
  "no it no it|2023 2023 2024 2024|5 59 5.5 -", "a row for each row and column")
tap.same(list(wide:melt { values = "2024" }, "value"), "5.5 -", "values alone")
tap.raises(function() wide:melt { id = { "country", "2023", "2024" } } end, "no column to melt", "nothing to melt is refused")
tap.raises(function() wide:melt { id = "country", value = "country" } end, 'two columns would be named "country"', "a name twice")
tap.raises(function() wide:melt { id = "county" } end, 'the nearest name is "country"', "an unknown column is refused")

-- slice, tail
local ten = {}
for row = 1, 10 do ten[row] = row end
local t = lathe.table { { "n", ten } }
tap.same(list(t:slice(3, 5), "n"), "3 4 5", "slice has both ends")
tap.same(list(t:slice(-3), "n") .. "|" .. list(t:slice(2, -8), "n"), "8 9 10|2 3", "negative rows count from the end")
tap.same(t:slice(8, 99):rows() .. " " .. t:slice(7, 6):rows() .. " " .. t:slice(0):rows(), "3 0 10", "rows that are not there are left out")
tap.same(list(t:tail(2), "n") .. "|" .. t:tail(0):rows() .. "|" .. t:tail(math.huge):rows(), "9 10|0|10", "tail")
tap.raises(function() t:slice "x" end, "slice takes the numbers", "text is refused")
tap.raises(function() t:tail(-1) end, "tail takes a number of rows", "a negative tail is refused")

-- sample
local many, who, names = {}, {}, {}
for row = 1, 20000 do many[row], who[row], names[row] = row, row % 1000, "customer " .. row % 1000 end
local big = lathe.table { { "n", many }, { "who", who }, { "name", names } }
local half = big:sample { share = 0.25, seed = 3 }
tap.ok(math.abs(half:rows() - 5000) < 200, "a share is near what was asked for", half:rows())
local less = big:head(7000):sample { share = 0.25, seed = 3 }
tap.same(half:head(less:rows()):hash(), less:hash(), "rows that are appended change nothing about the sample before them")
tap.ok(big:sample({ share = 0.25, seed = 4 }):hash() ~= half:hash(), "another seed, other rows")
tap.same(big:sample({ rows = 777 }):rows(), 777, "exactly so many rows")
tap.same(big:sample({ rows = 0 }):rows() .. " " .. big:sample({ rows = 99999 }):rows(), "0 20000", "none, and all")
tap.same(big:sample({ share = 0 }):rows() .. " " .. big:sample({ share = 1 }):rows(), "0 20000", "a share of 0 and of 1")
local order = big:sample { rows = 50 }
tap.same(order:sort("n"):hash(), order:hash(), "the order stays")
local by = big:sample { share = 0.1, by = "who" }
local groups = {}
for row = 1, by:rows() do
  local key = by:column("who"):get(row)
  groups[key] = (groups[key] or 0) + 1
end
local whole = by:rows() > 1000
for _, size in pairs(groups) do whole = whole and size == 20 end
tap.ok(whole, "by a column: all rows of a value, or none")
tap.same(big:sort("-n"):sample({ share = 0.1, by = "who" }):sort("n"):hash(), by:sort("n"):hash(), "wherever they stand")
local codes = big:with("name", big:column("name"):to_category())
tap.same(codes:sample({ share = 0.1, by = "name" }):column("n"):values(), big:sample({ share = 0.1, by = "name" }):column("n"):values(),
  "a category is its text")
tap.raises(function() big:sample { rows = 3, share = 0.5 } end, "one of rows and share", "both are refused")
tap.raises(function() big:sample { share = 2 } end, "share is a number from 0 to 1", "a share above 1 is refused")
tap.raises(function() big:sample { rows = 1.5 } end, "rows is a number of rows", "half a row is refused")
tap.raises(function() big:sample { share = 0.5, by = "whom" } end, 'the nearest name is "who"', "an unknown column is refused")
tap.done()
