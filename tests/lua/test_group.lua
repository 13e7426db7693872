-- Groups: aggregates, missing values, names, order, counts of values.
local tap = require "tap"
local lathe = require "lathe"

local t = lathe.table {
  { "city", { "b", "a", "b", nil, "a", "b" } },
  { "x", { 1, 2, nil, 4, 5, 9 } },
  { "i", { 1LL, 2LL, 3LL, 4LL, 5LL, 6LL } },
  { "ok", { true, false, true, true, true, true } },
}

local function values(table_, name)
  local list = table_:column(name):values()
  list.n = nil
  return list
end

local g = t:group_by("city", { "count", "count(x)", "sum(x)", "mean x", "sd(x)", "variance(x)", "min(x)", "max(x)", "median(x)" })
tap.same(g:columns(), { "city", "count", "count_x", "sum_x", "mean_x", "sd_x", "variance_x", "min_x", "max_x", "median_x" },
  "aggregates come in the order they are listed, and name their columns")
tap.same(values(g, "city"), { "b", "a" }, "groups come by first appearance, what is missing last here")
tap.same({ values(g, "count"), values(g, "count_x"), values(g, "sum_x") }, { { 3, 2, 1 }, { 2, 2, 1 }, { 10, 7, 4 } },
  "rows and present values are counted and summed")
tap.same({ values(g, "mean_x"), values(g, "variance_x"), values(g, "median_x") },
  { { 5, 3.5, 4 }, { 32, 4.5 }, { 5, 3.5, 4 } },
  "mean, variance, median; a variance of one value is missing")
g = t:group_by { "city", q = { "quantile", "x", 0.25 }, d = "distinct(x)", f = "first(x)", l = "last(x)", some = "any(ok)",
  every = "all(ok)", total = "sum(i)", most = "max(city)", name = "min(i)" }
tap.same(g:columns(), { "city", "d", "every", "f", "l", "most", "name", "q", "some", "total" }, "named aggregates come by name")
tap.same({ values(g, "d"), values(g, "f"), values(g, "l"), values(g, "q") },
  { { 2, 2, 1 }, { 1, 2, 4 }, { 9, 5, 4 }, { 3, 2.75, 4 } },
  "distinct, first, last, a quantile")
tap.same({ values(g, "some"), values(g, "every") }, { { true, true, true }, { true, false, true } }, "any, all")
tap.same({ values(g, "total"), g:type "total", values(g, "most")[2] }, { { 10, 7, 4 }, "int64", "a" },
  "integers stay integers, texts have a largest")
tap.same(values(t:group_by("city", { "total = sum(x)", n = "count" }, { missing = "drop" }), "total"), { 10, 7 },
  "missing = \"drop\" leaves rows without a key out")
tap.same(values(t:aggregate { n = "count", m = "mean(x)" }, "m"), { 4.2 }, "all rows are one group")
tap.same(values(t:head(0):aggregate { "count", "sum(i)", "mean(i)" }, "sum_i"), { 0 }, "also when there is none")
tap.same(t:head(0):group_by("city"):rows(), 0, "no rows, no groups")
tap.same(t:distinct { "ok" }:rows(), 2, "different values")
local counts = t:value_counts("city", { sort = false, share = true })
tap.same({ values(counts, "count"), values(counts, "share") }, { { 3, 2, 1 }, { 3 / 6, 2 / 6, 1 / 6 } },
  "values are counted, with their share")
local nan = lathe.table { { "k", { "a", "a", "b" } }, { "v", lathe.table { { "z", { "1", "1", "1" } } }:column "z" } }
tap.same(nan:group_by("k", { "distinct(v)", "min(v)" }):row(1), { k = "a", distinct_v = 1, min_v = "1" }, "texts have a smallest")

local big = lathe.table { { "k", { "a", "a", "b" } }, { "i", { 9223372036854775807LL, 1LL, 3LL } } }
tap.raises(function() big:group_by("k", "sum(i)") end, "more than int64 holds; cast the column to float64", "a sum beyond int64 is refused")
tap.same(big:group_by("k", "mean(i)"):column("mean_i"):get(1), 4611686018427387904, "its mean is not")
tap.raises(function() t:group_by("cty") end, 'the nearest name is "city"', "an unknown key is answered")
tap.raises(function() t:group_by("city", "sume(x)") end, 'did you mean "sum"', "an unknown aggregate is answered")
tap.raises(function() t:group_by("city", "sum(y)") end, "there is no column", "an unknown column is answered")
tap.raises(function() t:group_by("city", "sum(city)") end, "makes no sense", "texts have no sum")
tap.raises(function() t:group_by("city", "quantile(x, 2)") end, "between 0 and 1", "a quantile has a place")
tap.raises(function() t:group_by("city", { "sum(x)", "sum(x)" }) end, "two columns are named", "names are unique")
tap.raises(function() t:group_by("city", "count", { sorted = true }) end, 'no option "sorted"', "an unknown option is answered")

local rows, list = 100000, {}
for row = 1, rows do list[row] = (row * 7919) % 30011 / 3 end
local many = lathe.table { { "k", list }, { "x", list } }
local hash = {}
for threads = 1, 2 do
  lathe.threads(threads)
  hash[threads] = many:group_by("k", { "sum(x)", "mean(x)", "sd(x)", "median(x)", "first(x)", "distinct(x)", "max(x)" }):hash()
end
tap.same(hash[1], hash[2], "the same bits with one thread and two")
tap.done()
