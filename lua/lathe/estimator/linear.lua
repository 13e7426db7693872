-- Ordinary least squares: lathe.linear { intercept = true }.
local core = require "lathe.core"
local estimator = require "lathe.estimator"

return {
  takes = { intercept = true },
  check = function(options) estimator.boolean(options, "intercept") end,
  fit = function(recipe, train, options)
    local c = estimator.c("lathe_linear_options", options)
    c.intercept = options.intercept
    return core.C.lathe_model_fit_linear(recipe, train, c, core.progress(), core.problem)
  end,
}
