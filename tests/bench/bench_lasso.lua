-- The paths of a lasso and an elastic net, 100 alphas, on 100,000 rows of 200 features that have been standardised before, beside
-- scikit-learn's with the products made before. The data is that of the peers' generator (`gen lasso`) in $BENCH_DATA.
-- lathe script tests/bench/bench_lasso.lua
local here = arg[0]:match "^(.*)/[^/]*$" or "."
package.path = here .. "/?.lua;" .. package.path
local bench = require "bench"
local lathe = require "lathe"

local table_read
local function path(family, options, l1_ratio)
  return function()
    table_read = table_read or bench.matrix("lasso", 200, true)
    return function() return lathe.fit(table_read, lathe.recipe { target = "y" }, lathe[family](options)) end, function(model)
      local steps, trace, summary = model:table "path", model:table "trace", model:summary()
      local row, sizes, squares = 51, 0, 0
      for place, name in ipairs(trace:columns()) do
        local b = place > 1 and trace:column(name):get(row) or 0
        sizes, squares = sizes + math.abs(b), squares + b * b
      end
      local alpha = steps:column("alpha"):get(row)
      local loss = (1 - steps:column("r2"):get(row)) * summary.baseline_rmse ^ 2 / 2
      return {
        rows = steps:rows(), alpha = alpha, objective = loss + alpha * (l1_ratio * sizes + (1 - l1_ratio) / 2 * squares),
        nonzero = tonumber(steps:column("nonzero"):get(row)), nonzero_last = tonumber(steps:column("nonzero"):get(100)),
      }
    end
  end
end

if arg[1] ~= "--worker" and not bench.has_matrix "lasso" then return end

bench.family {
  name = "lasso",
  peers = { "sklearn" },
  tasks = { "lasso_path", "elastic_net_path", "lasso_cv" },
  data = function() return { BENCH_FOLDER = bench.folder() } end,
  lathe = {
    lasso_path = path("lasso", { alpha = "bic" }, 1),
    elastic_net_path = path("elastic_net", { alpha = "bic", l1_ratio = 0.5 }, 0.5),
    lasso_cv = path("lasso", { alpha = "cv" }, 1),
  },
}
