-- group_by on a table in memory, in the manner of the db-benchmark: keys of low and high cardinality, BENCH_ROWS (10 million) rows.
-- lathe script tests/bench/bench_group.lua
local here = arg[0]:match "^(.*)/[^/]*$" or "."
package.path = here .. "/?.lua;" .. package.path
local bench = require "bench"

local types = { id1 = "category", id2 = "category", id3 = "category", id8 = "string" }

local function group(by, what)
  return function()
    local t = bench.read("BENCH_LEFT", { types = types })
    return function() return t:group_by(by, what) end, function(made) return bench.sums(made, { "s", "m", "c" }) end
  end
end

bench.family {
  name = "group",
  peers = { "duckdb", "polars", "datatable" },
  tasks = {
    "group_text_100_sum", "group_2_texts_sum", "group_text_1e5_sum_mean", "group_int_100_means", "group_int_1e5_sums",
    "group_2_ints_median_sd", "group_text_1e5_max_min", "group_int_1e7_sum", "group_string_1e7_sum",
    "group_6_keys_sum_count",
  },
  data = function() return { BENCH_LEFT = bench.joined().BENCH_LEFT } end,
  lathe = {
    group_text_100_sum = group("id1", { "s = sum(v1)" }),
    group_2_texts_sum = group({ "id1", "id2" }, { "s = sum(v1)" }),
    group_text_1e5_sum_mean = group("id3", { "s = sum(v1)", "m = mean(v3)" }),
    group_int_100_means = group("id4", { "s = mean(v1)", "m = mean(v2)", "c = mean(v3)" }),
    group_int_1e5_sums = group("id6", { "s = sum(v1)", "m = sum(v2)", "c = sum(v3)" }),
    group_2_ints_median_sd = group({ "id4", "id5" }, { "s = median(v3)", "m = sd(v3)" }),
    group_text_1e5_max_min = group("id3", { "s = max(v1)", "m = min(v2)" }),
    group_int_1e7_sum = group("id7", { "s = sum(v3)" }),
    group_string_1e7_sum = group("id8", { "s = sum(v3)" }),
    group_6_keys_sum_count = group({ "id1", "id2", "id3", "id4", "id5", "id6" }, { "s = sum(v3)", "m = count" }),
  },
}
