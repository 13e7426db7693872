-- Regression of counts: ln of the mean is a sum of effects. lathe.poisson { exposure = COLUMN or offset = COLUMN, scaled = false, l1 = 0,
-- l2 = 0, intercept = true, weights = COLUMN, level = 0.95, iterations = 100, start = MODEL }. A mean is proportional to the exposure;
-- `offset` is ln of it. `scaled` standard errors allow for counts that spread more than a Poisson distribution (quasi-Poisson). The others
-- are those of lathe.logistic.
local core = require "lathe.core"
local estimator = require "lathe.estimator"
local logistic = require "lathe.estimator.logistic"

return {
  takes = {
    exposure = core.open, offset = core.open, scaled = false, l1 = 0, l2 = 0, intercept = true, weights = core.open, level = 0.95,
    iterations = 100, start = core.open,
  },
  check = function(options)
    logistic.check(options)
    estimator.boolean(options, "scaled")
    for _, name in ipairs { "exposure", "offset" } do
      if options[name] ~= nil and type(options[name]) ~= "string" then
        core.fail("%s is the name of a column, not a %s", name, type(options[name]))
      end
    end
    if options.exposure and options.offset then core.fail "give the exposure, or its logarithm as offset, not both" end
  end,
  fit = function(recipe, train, options)
    local c, kept = estimator.c("lathe_poisson_options", options)
    logistic.fill(c, options)
    c.scaled, c.exposure, c.offset = options.scaled, options.exposure, options.offset
    return core.C.lathe_model_fit_poisson(recipe, train, c, core.progress(), core.problem), kept
  end,
}
