-- Logistic regression, of two classes or of several: lathe.logistic { l1 = 0, l2 = 0, intercept = true, weights = COLUMN, class_weights =,
-- level = 0.95, iterations = 100, start = MODEL }. `l1` and `l2` are penalties on the size of weights and on half their squares (1 / C of
-- scikit-learn); without one coefficients have standard errors and intervals at `level`, and classes that the features tell apart without
-- error are refused. `iterations` of Newton's method at most, from the coefficients of `start`, if there is one.
local core = require "lathe.core"
local estimator = require "lathe.estimator"

local logistic = {
  takes = {
    l1 = 0, l2 = 0, intercept = true, weights = core.open, class_weights = core.open, level = 0.95, iterations = 100, start = core.open,
  },
}

function logistic.check(options)
  estimator.boolean(options, "intercept")
  estimator.number(options, "l1", 0)
  estimator.number(options, "l2", 0)
  estimator.number(options, "level", 0.01, 0.999999)
  estimator.whole(options, "iterations", 1)
  if options.start ~= nil and not require("lathe.model").is(options.start) then
    core.fail("start is a model to begin from, not a %s", type(options.start))
  end
end

-- What it fills in of the core's options, for Poisson regression, too.
function logistic.fill(c, options)
  c.intercept, c.l1, c.l2, c.level, c.iterations = options.intercept, options.l1, options.l2, options.level, options.iterations
  c.start = options.start and options.start:handle() or nil
end

function logistic.fit(recipe, train, options)
  local c, kept = estimator.c("lathe_logistic_options", options)
  logistic.fill(c, options)
  return core.C.lathe_model_fit_logistic(recipe, train, c, core.progress(), core.problem), kept
end

return logistic
