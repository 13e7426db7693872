-- Fitting models.

-- What every family takes: which columns, and the recipe. `own` are the parameters of the family, before and behind.
local function parameters(target, own)
  local shared = {
    target = { type = "column", doc = target },
    features = { type = "columns", optional = true, doc = "predict from these only (all but the target)" },
    drop = { type = "columns", optional = true, doc = "do not predict from these" },
    impute = { type = "choice", choices = { "median", "mean", "none" }, default = "median", doc = "what missing numbers become" },
    impute_text = { type = "choice", choices = { "mode", "none" }, default = "mode", doc = "what missing texts become" },
    encode = { type = "choice", choices = { "one-hot", "none" }, default = "one-hot", doc = "how texts become numbers" },
    drop_first = { type = "boolean", default = false, doc = "no column for the first text of each" },
    unknown = { type = "choice", choices = { "zeros", "error" }, default = "zeros", doc = "what a text not seen in training gives" },
    scale = { type = "choice", choices = { "standard", "none" }, default = "standard", doc = "numbers to mean 0 and deviation 1" },
    intercept = { type = "boolean", default = true, doc = "a coefficient that stands alone" },
  }
  for name, parameter in pairs(own) do shared[name] = parameter end
  return shared
end

local function recipe_of(param)
  local recipe = require("lathe").recipe { target = param.target, features = param.features, drop = param.drop }
  if param.impute ~= "none" or param.impute_text ~= "none" then
    recipe:impute { numeric = param.impute, category = param.impute_text }
  end
  if param.encode ~= "none" then
    recipe:encode { drop = param.drop_first and "first" or "none", unknown = param.unknown }
  end
  if param.scale ~= "none" then recipe:scale {} end
  return recipe
end

local function fit(input, param, context, estimator)
  local model = require("lathe").fit(input.table, recipe_of(param), estimator)
  for _, note in ipairs(model:notes()) do context.log(note) end
  context.note(model:note())
  return { model = model }
end

return {
  name = "train", api = 1, doc = "Fit models.",
  steps = {
    linear = {
      doc = "Fit a linear regression by ordinary least squares.",
      detail = "The recipe (impute, encode, scale) learns from the rows given here alone and stays a part of the model.",
      inputs = { table = "table" },
      params = parameters("the column of numbers to predict", {}),
      outputs = { model = "model" },
      run = function(input, param, context)
        return fit(input, param, context, require("lathe").linear { intercept = param.intercept })
      end,
    },
    logistic = {
      doc = "Fit a logistic regression: the probability of each class, of two or of several.",
      detail = [[The classes are the distinct values of the target. The recipe (impute, encode, scale) learns from the rows given here alone
and stays a part of the model. With l2 = 0 the coefficients have standard errors, and classes that the features tell apart without
error are refused; a penalty makes do with them.]],
      inputs = { table = "table" },
      params = parameters("the column whose values are to be told apart", {
        l2 = { type = "number", default = 1, min = 0, doc = "penalty on the weights (1 / C of scikit-learn); 0: none" },
        iterations = { type = "integer", default = 100, min = 1, doc = "steps of Newton's method at most" },
      }),
      outputs = { model = "model" },
      run = function(input, param, context)
        return fit(input, param, context,
          require("lathe").logistic { l2 = param.l2, intercept = param.intercept, iterations = param.iterations })
      end,
    },
  },
}
