-- Sorting a whole table of eight columns by keys of every type; BENCH_ROWS (10 million) rows. lathe script tests/bench/bench_sort.lua
local here = arg[0]:match "^(.*)/[^/]*$" or "."
package.path = here .. "/?.lua;" .. package.path
local bench = require "bench"

local function sort(keys)
  return function()
    local t = bench.read("BENCH_MIXED", { types = { city = "category", name = "string" } })
    return function() return t:sort(keys) end, function(sorted)
      local first, last = sorted:column("id"):get(1), sorted:column("id"):get(sorted:rows())
      return { rows = sorted:rows(), first = tonumber(first), last = tonumber(last) }
    end
  end
end

bench.family {
  name = "sort",
  peers = { "duckdb", "polars", "datatable" },
  tasks = { "sort_int64", "sort_float64", "sort_string", "sort_category", "sort_two_keys" },
  data = function() return { BENCH_MIXED = bench.mixed() } end,
  lathe = {
    sort_int64 = sort { "id", "x" },
    sort_float64 = sort { "x", "id" },
    sort_string = sort { "name", "id" },
    sort_category = sort { "city" },
    sort_two_keys = sort { "city", "-id" },
  },
}
