-- Least squares with a penalty that makes coefficients 0: lathe.elastic_net { alpha = 1, l1_ratio = 0.5, alphas = LIST, folds = 5,
-- intercept = true, weights = COLUMN, seed = 42 }; lathe.lasso is the same with l1_ratio = 1. Minimises the mean of
-- w (y - prediction)^2 / 2 plus alpha (l1_ratio sum |b| + (1 - l1_ratio) / 2 sum b^2), scikit-learn's. alpha = "cv" chooses by the error of
-- rows left out, "1se" the largest within a standard error of that, "aic" or "bic" by the criterion; among `alphas`, or 100 from the
-- least that leaves nothing down to a thousandth of it.
local ffi = require "ffi"
local core = require "lathe.core"
local estimator = require "lathe.estimator"

local choices = {
  cv = "LATHE_LASSO_LEAST_ERROR", ["1se"] = "LATHE_LASSO_ONE_STANDARD_ERROR", aic = "LATHE_LASSO_AIC", bic = "LATHE_LASSO_BIC",
}

local function is_alpha(value) return type(value) == "number" and value >= 0 and value < math.huge end

local function check(options)
  estimator.boolean(options, "intercept")
  estimator.whole(options, "folds", 2)
  local alphas = options.alphas
  if not choices[options.alpha] and not is_alpha(options.alpha) then
    core.fail("alpha is a number from 0 up, \"cv\", \"1se\", \"aic\" or \"bic\", not %s", tostring(options.alpha))
  end
  if options.l1_ratio and not (type(options.l1_ratio) == "number" and options.l1_ratio > 0 and options.l1_ratio <= 1) then
    core.fail("l1_ratio is a number above 0, up to 1, not %s; for 0 there is lathe.ridge", tostring(options.l1_ratio))
  end
  if alphas == nil then return end
  if not choices[options.alpha] then core.fail "alphas are there to choose among: alpha = \"cv\", \"1se\", \"aic\" or \"bic\"" end
  if type(alphas) ~= "table" or #alphas == 0 then core.fail "alphas is a list of numbers from 0 up, such as { 0.1, 1, 10 }" end
  for _, alpha in ipairs(alphas) do
    if not is_alpha(alpha) then core.fail("alphas are numbers from 0 up; %s is none", tostring(alpha)) end
  end
end

return {
  takes = {
    alpha = 1, l1_ratio = 0.5, alphas = core.open, folds = 5, intercept = true, weights = core.open, seed = 42,
  },
  check = check,
  fit = function(recipe, train, options)
    local c = estimator.c("lathe_lasso_options", options)
    local alphas = options.alphas and ffi.new("double[?]", #options.alphas, options.alphas)
    if choices[options.alpha] then c.choice = core.C[choices[options.alpha]] else c.alpha = options.alpha end
    c.intercept, c.folds, c.l1_ratio = options.intercept, options.folds, options.l1_ratio or 1
    c.alphas, c.alpha_count = alphas, alphas and #options.alphas or 0
    return core.C.lathe_model_fit_lasso(recipe, train, c, core.progress(), core.problem)
  end,
}
