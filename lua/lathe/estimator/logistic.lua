-- Logistic regression, of two classes or of several: lathe.logistic { l2 = 0, intercept = true, iterations = 100 }. `l2` is a penalty
-- on the weights, 1 / C of scikit-learn; at 0 coefficients have standard errors, and classes that the features tell apart without error
-- are refused. `iterations` of Newton's method at most.
local core = require "lathe.core"
local estimator = require "lathe.estimator"

return {
  takes = { l2 = 0, intercept = true, iterations = 100 },
  check = function(options)
    estimator.boolean(options, "intercept")
    estimator.number(options, "l2", 0)
    estimator.whole(options, "iterations", 1)
  end,
  fit = function(recipe, train, options)
    local c = estimator.c("lathe_logistic_options", options)
    c.intercept, c.l2, c.iterations = options.intercept, options.l2, options.iterations
    return core.C.lathe_model_fit_logistic(recipe, train, c, core.progress(), core.problem)
  end,
}
