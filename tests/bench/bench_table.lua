-- A whole table in memory: its profile beside the summaries that peers make, and its rows without duplicates. The table is
-- $BENCH_DATA/table.csv, else one of BENCH_TABLE_ROWS rows is made. lathe script tests/bench/bench_table.lua
local here = arg[0]:match "^(.*)/[^/]*$" or "."
package.path = here .. "/?.lua;" .. package.path
local bench = require "bench"

local function whole(work, check)
  return function()
    local t = bench.read "BENCH_TABLE"
    return function() return work(t) end, function(made) return check(t, made) end
  end
end

local function rows(t) return { rows = t:rows() } end

-- The rows, and the mean of x1 as the summaries have it.
local function mean(t, summaries)
  for _, summary in ipairs(summaries) do
    if summary.name == "x1" then return { rows = t:rows(), mean_x1 = summary.mean } end
  end
end

bench.family {
  name = "table",
  peers = { "duckdb", "polars", "pandas", "datatable" },
  tasks = { "profile", "profile_summaries", "drop_duplicates", "correlate" },
  data = function() return { BENCH_TABLE = bench.table() } end,
  lathe = {
    profile = whole(function(t) return t:profile() end, rows),
    profile_summaries = whole(function(t) return require("lathe.profile").summaries(t) end, mean),
    drop_duplicates = whole(function(t) return (t:drop_duplicates()) end, function(_, made) return rows(made) end),
    correlate = whole(function(t) return t:correlate() end, rows),
  },
}
