-- Least squares with all inference, 2 million rows of 50 features, beside NumPy's normal equations, and a ridge path. The data is that of
-- the peers' generator (`gen ols`) in $BENCH_DATA: ols_X.f64, rows by columns, and ols_y.f64; without it there is nothing to do.
-- lathe script tests/bench/bench_linear.lua
local here = arg[0]:match "^(.*)/[^/]*$" or "."
package.path = here .. "/?.lua;" .. package.path
local bench = require "bench"
local lathe = require "lathe"

local table_read
local function data()
  table_read = table_read or bench.matrix("ols", 50)
  return table_read
end

local function fit(estimator, check)
  return function()
    local t = data()
    return function() return lathe.fit(t, lathe.recipe { target = "y" }, estimator()) end, check
  end
end

local function inference(model)
  local c, s = model:coefficients(), model:summary()
  return { rows = s.rows, b0 = c:column("estimate"):get(2), se0 = c:column("standard_error"):get(2), r2 = s.r2 }
end

local LAMBDAS = {}
for place = 0, 99 do LAMBDAS[place + 1] = 10 ^ (place * 6 / 99 - 2) end

if arg[1] ~= "--worker" and not bench.has_matrix "ols" then return end

bench.family {
  name = "linear",
  peers = { "numpy" },
  tasks = { "ols", "ols_hc3", "ridge_path" },
  data = function() return { BENCH_FOLDER = bench.folder() } end,
  lathe = {
    ols = fit(function() return lathe.linear {} end, inference),
    ols_hc3 = fit(function() return lathe.linear { covariance = "HC3" } end, inference),
    ridge_path = fit(function() return lathe.ridge { alpha = "gcv", alphas = LAMBDAS } end, function(model)
      local trace = model:table "trace"
      return { rows = trace:rows(), first = trace:column("x001"):get(1), last = trace:column("x050"):get(100) }
    end),
  },
}
