-- Joins of a table in memory with small, middling and equally large ones, BENCH_ROWS (10 million) rows.
-- lathe script tests/bench/bench_join.lua
local here = arg[0]:match "^(.*)/[^/]*$" or "."
package.path = here .. "/?.lua;" .. package.path
local bench = require "bench"

local types = {
  BENCH_LEFT = { id1 = "category", id2 = "category", id3 = "category", id8 = "string" },
  BENCH_RIGHT = { id8 = "string" },
  BENCH_MEDIUM = { id8 = "string" },
  BENCH_SMALL = { id1 = "category" },
}

local function join(other, on, how)
  return function()
    local t, o = bench.read("BENCH_LEFT", { types = types.BENCH_LEFT }), bench.read(other, { types = types[other] })
    return function() return (t:join(o, { on = on, how = how or "inner" })) end, function(made) return bench.sums(made, { "v3", "w" }) end
  end
end

bench.family {
  name = "join",
  peers = { "duckdb", "polars", "datatable" },
  tasks = {
    "join_int_100", "join_text_100", "join_int_1e6", "join_int_1e7", "join_int_1e7_left", "join_string_1e6",
    "join_string_1e7",
  },
  data = bench.joined,
  lathe = {
    join_int_100 = join("BENCH_SMALL", "id4"),
    join_text_100 = join("BENCH_SMALL", "id1"),
    join_int_1e6 = join("BENCH_MEDIUM", "id7"),
    join_int_1e7 = join("BENCH_RIGHT", "id7"),
    join_int_1e7_left = join("BENCH_RIGHT", "id7", "left"),
    join_string_1e6 = join("BENCH_MEDIUM", "id8"),
    join_string_1e7 = join("BENCH_RIGHT", "id8"),
  },
}
