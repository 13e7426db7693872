-- Least squares: lathe.linear { intercept = true, weights = COLUMN, covariance = "classical", level = 0.95, collinear = "drop" }.
-- `covariance` is how the errors of coefficients are estimated, "HC0" to "HC3" where residuals have not one spread; `level` that of the
-- intervals; what follows from other features gets no coefficient ("drop") or is refused ("error").
local core = require "lathe.core"
local estimator = require "lathe.estimator"

local covariances = { "classical", "HC0", "HC1", "HC2", "HC3" }

return {
  takes = { weights = core.open, intercept = true, covariance = "classical", level = 0.95, collinear = "drop" },
  check = function(options)
    estimator.boolean(options, "intercept")
    estimator.choice(options, "covariance", covariances)
    estimator.choice(options, "collinear", { "drop", "error" })
    estimator.number(options, "level", 0.01, 0.999999)
  end,
  fit = function(recipe, train, options)
    local c = estimator.c("lathe_linear_options", options)
    c.intercept, c.level, c.strict = options.intercept, options.level, options.collinear == "error"
    for place, word in ipairs(covariances) do
      if word == options.covariance then c.covariance = place - 1 end
    end
    return core.C.lathe_model_fit_linear(recipe, train, c, core.progress(), core.problem)
  end,
}
