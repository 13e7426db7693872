-- Expressions over columns in memory, BENCH_ROWS (10 million) rows: masks, arithmetic, and rows taken by a condition.
-- lathe script tests/bench/bench_filter.lua
local here = arg[0]:match "^(.*)/[^/]*$" or "."
package.path = here .. "/?.lua;" .. package.path
local bench = require "bench"

local function mixed() return bench.read("BENCH_MIXED", { types = { city = "category", name = "string" } }) end

-- The formula as the column s of a table of its own; A mask is compared by how often it is true.
local function derive(text, kind)
  return function()
    local t = mixed()
    return function() return t:derive({ { "s", text } }) end, function(made)
      if kind == "mask" then made = made:derive({ { "s", "if(s, 1, 0)" } }) end
      return bench.sums(made, { "s" })
    end
  end
end

local function take(text)
  return function()
    local t = mixed()
    return function() return t:filter(text) end, function(made) return bench.sums(made, { "id", "x" }) end
  end
end

bench.family {
  name = "filter",
  peers = { "numexpr", "numpy", "polars", "duckdb" },
  tasks = {
    "mask_two_numbers", "mask_category", "mask_text", "derive_arithmetic", "derive_log", "derive_exp", "filter_half", "filter_few",
  },
  data = function() return { BENCH_MIXED = bench.mixed() } end,
  lathe = {
    mask_two_numbers = derive("k >= 17 and x <= 0.9", "mask"),
    mask_category = derive("city == 'city123'", "mask"),
    mask_text = derive("starts_with(name, 'id00011')", "mask"),
    derive_arithmetic = derive "x * 2 + y",
    derive_log = derive "log(1 + x)",
    derive_exp = derive "exp(x)",
    filter_half = take "k >= 50",
    filter_few = take "k == 17 and x <= 0.2",
  },
}
