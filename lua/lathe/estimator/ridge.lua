-- Least squares with a penalty: lathe.ridge { alpha = 1, alphas = LIST, intercept = true, weights = COLUMN }. The penalty is alpha times
-- the sum of squared coefficients, scikit-learn's. alpha = "cv" chooses among `alphas` by the exact error of leaving each row out, "gcv" by
-- generalised cross-validation; without `alphas` among 50, from a millionth of the features' largest square to ten times as much.
local ffi = require "ffi"
local core = require "lathe.core"
local estimator = require "lathe.estimator"

local choices = { cv = "LATHE_RIDGE_LEAVE_ONE_OUT", gcv = "LATHE_RIDGE_GENERAL" }

local function is_alpha(value) return type(value) == "number" and value >= 0 and value < math.huge end

return {
  takes = { alpha = 1, alphas = core.open, intercept = true, weights = core.open },
  check = function(options)
    estimator.boolean(options, "intercept")
    local alphas = options.alphas
    if not choices[options.alpha] and not is_alpha(options.alpha) then
      core.fail("alpha is a number from 0 up, \"cv\" or \"gcv\", not %s", tostring(options.alpha))
    end
    if alphas == nil then return end
    if not choices[options.alpha] then core.fail "alphas are there to choose among: alpha = \"cv\" or \"gcv\"" end
    if type(alphas) ~= "table" or #alphas == 0 then core.fail "alphas is a list of numbers from 0 up, such as { 0.1, 1, 10 }" end
    for _, alpha in ipairs(alphas) do
      if not is_alpha(alpha) then core.fail("alphas are numbers from 0 up; %s is none", tostring(alpha)) end
    end
  end,
  fit = function(recipe, train, options)
    local c = estimator.c("lathe_ridge_options", options)
    local alphas = options.alphas and ffi.new("double[?]", #options.alphas, options.alphas)
    if choices[options.alpha] then c.choice = core.C[choices[options.alpha]] else c.alpha = options.alpha end
    c.intercept, c.alphas, c.alpha_count = options.intercept, alphas, alphas and #options.alphas or 0
    return core.C.lathe_model_fit_ridge(recipe, train, c, core.progress(), core.problem)
  end,
}
