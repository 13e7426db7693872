-- group_by by texts that stand as they were read, neither categories nor factors nor enumerations; BENCH_ROWS (10 million) rows.
-- lathe script tests/bench/bench_group_strings.lua
local here = arg[0]:match "^(.*)/[^/]*$" or "."
package.path = here .. "/?.lua;" .. package.path
local bench = require "bench"

local types = { id1 = "string", id2 = "string", id3 = "string", id8 = "string" }

local function group(by, what)
  return function()
    local t = bench.read("BENCH_LEFT", { types = types })
    return function() return t:group_by(by, what) end, function(made) return bench.sums(made, { "s", "m", "c" }) end
  end
end

bench.family {
  name = "group_strings",
  peers = { "duckdb", "polars", "datatable" },
  tasks = { "group_string_100_sum", "group_2_strings_sum", "group_string_1e5_sum_mean", "group_string_1e5_max_min" },
  data = function() return { BENCH_LEFT = bench.joined().BENCH_LEFT } end,
  lathe = {
    group_string_100_sum = group("id1", { "s = sum(v1)" }),
    group_2_strings_sum = group({ "id1", "id2" }, { "s = sum(v1)" }),
    group_string_1e5_sum_mean = group("id3", { "s = sum(v1)", "m = mean(v3)" }),
    group_string_1e5_max_min = group("id3", { "s = max(v1)", "m = min(v2)" }),
  },
}
