-- The lasso: an elastic net with l1_ratio = 1. lathe.lasso { alpha = 1, alphas = LIST, folds = 5, intercept = true, weights = COLUMN,
-- seed = 42 }.
local core = require "lathe.core"
local elastic_net = require "lathe.estimator.elastic_net"

return {
  takes = { alpha = 1, alphas = core.open, folds = 5, intercept = true, weights = core.open, seed = 42 },
  check = elastic_net.check,
  fit = elastic_net.fit,
}
