-- Fitting models.
return {
  name = "train", api = 1, doc = "Fit models.",
  steps = {
    linear = {
      doc = "Fit a linear regression by ordinary least squares.",
      detail = "The recipe (impute, encode, scale) learns from the rows given here alone and stays a part of the model.",
      inputs = { table = "table" },
      params = {
        target = { type = "column", doc = "the column of numbers to predict" },
        features = { type = "columns", optional = true, doc = "predict from these only (all but the target)" },
        drop = { type = "columns", optional = true, doc = "do not predict from these" },
        impute = { type = "choice", choices = { "median", "mean", "none" }, default = "median", doc = "what missing numbers become" },
        impute_text = { type = "choice", choices = { "mode", "none" }, default = "mode", doc = "what missing texts become" },
        encode = { type = "choice", choices = { "one-hot", "none" }, default = "one-hot", doc = "how texts become numbers" },
        drop_first = { type = "boolean", default = false, doc = "no column for the first text of each" },
        unknown = { type = "choice", choices = { "zeros", "error" }, default = "zeros", doc = "what a text not seen in training gives" },
        scale = { type = "choice", choices = { "standard", "none" }, default = "standard", doc = "numbers to mean 0 and deviation 1" },
        intercept = { type = "boolean", default = true, doc = "a coefficient that stands alone" },
      },
      outputs = { model = "model" },
      run = function(input, param, context)
        local lathe = require "lathe"
        local recipe = lathe.recipe { target = param.target, features = param.features, drop = param.drop }
        if param.impute ~= "none" or param.impute_text ~= "none" then
          recipe:impute { numeric = param.impute, category = param.impute_text }
        end
        if param.encode ~= "none" then
          recipe:encode { drop = param.drop_first and "first" or "none", unknown = param.unknown }
        end
        if param.scale ~= "none" then recipe:scale {} end
        local model = lathe.fit(input.table, recipe, lathe.linear { intercept = param.intercept })
        for _, note in ipairs(model:notes()) do context.log(note) end
        context.note(model:note())
        return { model = model }
      end,
    },
  },
}
