-- A table made ready for a model, in memory: equal rows left out, medians put into three columns, outliers of two left out (1.5 times the
-- distance of the quartiles), one column of categories made one-hot and ten standardised. A process for each run, so that the peak of
-- memory is that of reading and of one run. lathe script tests/bench/bench_clean.lua
local here = arg[0]:match "^(.*)/[^/]*$" or "."
package.path = here .. "/?.lua;" .. package.path
local lathe = require "lathe"
local bench = require "bench"

local numbers = { "id", "qty", "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8" }

local function clean(t)
  local unique = t:drop_duplicates()
  local facts = unique:aggregate {
    l1 = "quantile(x1, 0.25)", h1 = "quantile(x1, 0.75)", l8 = "quantile(x8, 0.25)", h8 = "quantile(x8, 0.75)",
    x2 = "median(x2)", x3 = "median(x3)", x4 = "median(x4)",
  }:row(1)
  local w1, w8 = 1.5 * (facts.h1 - facts.l1), 1.5 * (facts.h8 - facts.l8)
  local near = unique:filter("x1 >= $a and x1 <= $b and x8 >= $c and x8 <= $d",
    { a = facts.l1 - w1, b = facts.h1 + w1, c = facts.l8 - w8, d = facts.h8 + w8 })
  unique:release()
  local recipe = lathe.recipe { drop = { "city", "name", "day" } }
  for _, name in ipairs { "x2", "x3", "x4" } do recipe:impute { numeric = "constant", number = facts[name], columns = { name } } end
  recipe:encode { method = "one-hot" }:scale { ddof = 1, columns = numbers }
  return lathe.fit(near, recipe):apply(near, { keep = { "city", "name", "day" }, flags = "bool" })
end

bench.family {
  name = "clean",
  peers = { "polars", "datatable", "duckdb", "pandas" },
  tasks = { "clean_table" },
  fresh = true,
  data = function() return { BENCH_TABLE = bench.table() } end,
  lathe = {
    clean_table = function()
      local t = bench.read "BENCH_TABLE"
      return function() return clean(t) end, function(made)
        local sums = made:derive { { "one", "x2 * x2" }, { "two", "if(`cat=level_07`, 1, 0)" } }
          :aggregate { ss = "sum(one)", n = "sum(two)" }
        return { rows = made:rows(), ss_x2 = sums:column("ss"):get(1), level_07 = sums:column("n"):get(1), columns = #made:columns() }
      end
    end,
  },
}
