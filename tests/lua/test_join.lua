-- Joins: every kind, missing keys, keys of other types, names, validation; nearest rows.
local tap = require "tap"
local lathe = require "lathe"

local a = lathe.table { { "k", { "x", "y", "x", nil, "z" } }, { "v", { 1, 2, 3, 4, 5 } } }
local b = lathe.table { { "k", { "y", "x", "w", "x", nil } }, { "v", { 10, 20, 30, 40, 50 } } }

-- A table as text: cells by column, missing as "".
local function cells(t)
  local columns = {}
  for index, name in ipairs(t:columns()) do
    local texts = {}
    for row = 1, t:rows() do texts[row] = t:column(name):text(row) end
    columns[index] = table.concat(texts, " ")
  end
  return columns
end

local function joined(options) return cells((a:join(b, options))) end

tap.same(joined "k", { "x x y x x", "1 1 2 3 3", "20 40 10 20 40" }, "inner: partners in the order of both tables")
tap.same(joined { on = "k", how = "left" }, { "x x y x x  z", "1 1 2 3 3 4 5", "20 40 10 20 40  " },
  "left: all rows of the left table")
tap.same(joined { on = "k", how = "right" }, { "y x x w x x ", "2 1 3  1 3 ", "10 20 20 30 40 40 50" },
  "right: all of the right one, in its order")
tap.same(joined { on = "k", how = "full" }, { "x x y x x  z w ", "1 1 2 3 3 4 5  ", "20 40 10 20 40   30 50" },
  "full: the rest at the end")
tap.same({ joined { on = "k", how = "semi" }, joined { on = "k", how = "anti" } },
  { { "x y x", "1 2 3" }, { " z", "4 5" } }, "semi and anti")
tap.same(joined { on = "k", missing = "equal" }[3], "20 40 10 20 40 50", "missing equals missing by option")
local result, unmatched = a:join(b, { on = "k", suffix = "_b" })
tap.same({ result:columns(), unmatched }, { { "k", "v", "v_b" }, { left = 2, right = 2 } },
  "names get a suffix; rows without a partner are counted")

local c = lathe.table { { "id", { 2, 1, 7 } }, { "word", a:take { 1, 2, 5 }:column("k"):to_category() } }
tap.same(cells((a:join(c, "k = word"))), cells((a:join(c, { on = { k = "word" } }))), "pairs of names may be one text")
tap.same(cells((a:join(c, { on = { k = "word" } }))), { "x y x z", "1 2 3 5", "2 1 2 7" }, "strings equal categories, names may differ")
local whole = lathe.table { { "v", { 2LL, 3LL, 9LL } }, { "w", { "two", "three", "nine" } } }
tap.same(cells((a:join(whole, "v")))[3], "two three", "int64 equals float64 as numbers")
tap.same((a:join(whole, { on = "v", how = "full" })):type "v", "float64", "and both become float64")
local d, e = lathe.table { { "k", c:column "word" } }, lathe.table { { "k", b:take { 3, 1 }:column("k"):to_category() } }
result = d:join(e, { on = "k", how = "full" })
tap.same({ cells(result), result:type "k" }, { { "x y z w" }, "category" }, "categories of two dictionaries share one")
tap.same(cells((a:join(b, { on = { "k", "v" }, how = "left" }))), { "x y x  z", "1 2 3 4 5" }, "several keys")
tap.same({ (a:head(0):join(b, "k")):rows(), (a:join(b:head(0), { on = "k", how = "left" })):rows() }, { 0, 5 }, "tables without rows")

tap.raises(function() a:join(b) end, 'both tables have "k", "v"', "the columns to compare are asked for")
tap.raises(function() a:join(b, { on = "k", validate = "one-to-one" }) end, "the left table has the key of row 1 again in row 3",
  "unique keys: left")
tap.raises(function() b:take({ 1, 2 }):join(b, { on = "k", validate = "one-to-one" }) end, "the right table has",
  "unique keys: right")
tap.same((a:join(b:take { 1, 2 }, { on = "k", validate = "many-to-one" })):rows(), 3, "many to one holds")
tap.raises(function() a:join(b, { on = "k", how = "lft" }) end, 'how = "lft" is not one of', "an unknown kind is answered")
tap.raises(function() a:join(b, { on = { k = "v" } }) end, "cast one of them", "types that never are equal are answered")
tap.raises(function() a:join(b, { on = "k", suffx = "" }) end, 'no option "suffx"', "an unknown option is answered")
tap.raises(function() a:join(3, "k") end, "takes another table", "no table is answered")

local many = {}
for row = 1, 200000 do many[row] = 1 end
local same = lathe.table { { "k", many } }
tap.raises(function() same:join(same, "k") end, "this join gives 40000000000 rows", "a product larger than memory is a sentence")

local quotes = lathe.table { { "time", { 5, 1, 3, nil } }, { "stock", { "a", "a", "b", "a" } }, { "bid", { 50, 10, 30, 0 } } }
local trades = lathe.table { { "time", { 2, 3, 5, 6, 0 } }, { "stock", { "a", "b", "a", "b", "a" } } }
local function near(options) return cells((trades:join_asof(quotes, options)))[4] end
tap.same(near { on = "time", by = "stock" }, "10 30 50 30 ", "asof: the last row that is not later")
tap.same(near { on = "time", by = "stock", exact = false }, "10  10 30 ", "or that is earlier")
tap.same(near { on = "time", by = "stock", direction = "forward" }, "50 30 50  10", "the first that is not earlier")
tap.same(near { on = "time", by = "stock", direction = "nearest", tolerance = 1 }, "10 30 50  10", "the nearest within a tolerance")
tap.same(cells((trades:join_asof(quotes, { on = "time" })))[5], "10 30 50 50 ", "without groups")
tap.raises(function() trades:join_asof(quotes, { on = "stock" }) end, "two numbers, dates or timestamps", "texts are not near each other")

local left, right = {}, {}
for row = 1, 100000 do left[row], right[row] = (row * 7919) % 90007, (row * 104729) % 70001 end
local big, other = lathe.table { { "k", left }, { "v", left } }, lathe.table { { "k", right }, { "w", right } }
local hash = {}
for threads = 1, 2 do
  lathe.threads(threads)
  hash[threads] = (big:join(other, { on = "k", how = "full" })):hash()
end
tap.same(hash[1], hash[2], "the same rows with one thread and two")
tap.done()
