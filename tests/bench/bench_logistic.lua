-- Logistic regression, 500,000 rows of 100 features, l2 = 1, beside scikit-learn's newton-cholesky to the same loss. The data is that of
-- the peers' generator (`gen logit`) in $BENCH_DATA.
-- lathe script tests/bench/bench_logistic.lua
local here = arg[0]:match "^(.*)/[^/]*$" or "."
package.path = here .. "/?.lua;" .. package.path
local bench = require "bench"
local lathe = require "lathe"

local table_read
local function fit(options)
  return function()
    table_read = table_read or bench.matrix("logit", 100)
    return function() return lathe.fit(table_read, lathe.recipe { target = "y" }, lathe.logistic(options)) end, function(model)
      local summary, square = model:summary(), 0
      local b = model:coefficients():column("estimate"):values()
      for place = 2, b.n do square = square + b[place] * b[place] end
      return { rows = summary.rows, objective = summary.log_loss + square / 2 / summary.rows }
    end
  end
end

if arg[1] ~= "--worker" and not bench.has_matrix "logit" then return end

bench.family {
  name = "logistic",
  peers = { "sklearn" },
  tasks = { "logistic" },
  data = function() return { BENCH_FOLDER = bench.folder() } end,
  lathe = { logistic = fit { l2 = 1 } },
}
