-- Fitting models.

-- A recipe of any steps, in the place of the parameters for single ones.
local steps = { type = "list", optional = true,
  doc = "steps of a recipe in their order, in place of the parameters for single steps: { \"impute\", { \"scale\", ddof = 1 } }" }

-- What every family takes: which columns, and the recipe. `own` are the parameters of the family, before and behind.
local function parameters(target, own)
  local shared = {
    target = { type = "column", doc = target },
    features = { type = "columns", optional = true, doc = "predict from these only (all but the target)" },
    drop = { type = "columns", optional = true, doc = "do not predict from these" },
    impersonal = { type = "columns", optional = true, doc = "predict from these although they look personal" },
    impute = { type = "choice", choices = { "median", "mean", "none" }, default = "median", doc = "what missing numbers become" },
    impute_text = { type = "choice", choices = { "mode", "none" }, default = "mode", doc = "what missing texts become" },
    encode = { type = "choice", choices = { "one-hot", "none" }, default = "one-hot", doc = "how texts become numbers" },
    drop_first = { type = "boolean", default = false, doc = "no column for the first text of each" },
    unknown = { type = "choice", choices = { "zeros", "error" }, default = "zeros", doc = "what a text not seen in training gives" },
    scale = { type = "choice", choices = { "standard", "none" }, default = "standard", doc = "numbers to mean 0 and deviation 1" },
    recipe = steps,
    intercept = { type = "boolean", default = true, doc = "a coefficient that stands alone" },
  }
  for name, parameter in pairs(own) do shared[name] = parameter end
  return shared
end

local function recipe_of(param)
  local recipe = require("lathe").recipe { target = param.target, features = param.features, drop = param.drop,
    impersonal = param.impersonal, steps = param.recipe }
  if param.recipe then return recipe end
  if param.impute ~= "none" or param.impute_text ~= "none" then
    recipe:impute { numeric = param.impute, category = param.impute_text }
  end
  if param.encode ~= "none" then
    recipe:encode { drop = param.drop_first and "first" or "none", unknown = param.unknown }
  end
  if param.scale ~= "none" then recipe:scale {} end
  return recipe
end

local function fit(input, param, context, estimator, recipe)
  local model = require("lathe").fit(input.table, recipe or recipe_of(param), estimator)
  for _, note in ipairs(model:notes()) do context.log(note) end
  context.note(model:note())
  return { model = model }
end

-- What families take that predict numbers or classes, of texts as categories.
local function either_parameters(own)
  local shared = {
    target = { type = "column", doc = "the column to predict: numbers, or one of some classes" },
    features = { type = "columns", optional = true, doc = "predict from these only (all but the target)" },
    drop = { type = "columns", optional = true, doc = "do not predict from these" },
    impersonal = { type = "columns", optional = true, doc = "predict from these although they look personal" },
    recipe = steps,
    task = { type = "choice", choices = { "auto", "regression", "classification" }, default = "auto",
      doc = "what the target is (auto: numbers are a regression)" },
    weights = { type = "column", optional = true, doc = "a column of row weights" },
    balance = { type = "boolean", default = false, doc = "rows of rare classes count more" },
    seed = { type = "integer", default = 42, min = 0, doc = "of what is random" },
  }
  for name, parameter in pairs(own) do shared[name] = parameter end
  return shared
end

-- Those that learn round by round, until rows for validation say that it is enough.
local function round_parameters(patience, round, own)
  own.validation = { type = "number", default = 0, min = 0, max = 1, doc = "part of the rows that tell when to stop" }
  own.validation_column = { type = "column", optional = true, doc = "or a column that is true in those rows" }
  own.patience = { type = "integer", default = patience, min = 0, doc = round .. "s without a better loss before it stops; 0: never" }
  return either_parameters(own)
end

-- What trees and forests take.
local function tree_parameters(own)
  local shared = {
    criterion = { type = "choice", choices = { "gini", "entropy" }, default = "gini", doc = "the impurity of classes" },
    max_depth = { type = "integer", optional = true, min = 1, doc = "questions between the root and a leaf at most" },
    min_samples_split = { type = "integer", default = 2, min = 2, doc = "rows of a node that is split at least" },
    min_samples_leaf = { type = "integer", default = 1, min = 1, doc = "rows of a leaf at least" },
  }
  for name, parameter in pairs(own) do shared[name] = parameter end
  return either_parameters(shared)
end

-- The options of the estimator: those of `names`, and what all of these families take.
local function options_of(param, names)
  local options = { task = param.task, weights = param.weights, seed = param.seed, class_weights = param.balance and "balanced" or nil }
  for _, name in ipairs(names) do options[name] = param[name] end
  return options
end

-- A step that was killed, or stopped, goes on when the flow runs again: how far it came is kept ten times on its way.
local function keep(options, context, length)
  options.checkpoint, options.checkpoint_every = context.checkpoint, math.ceil(length / 10)
end

local function either_fit(input, param, context, estimator, recipe_steps)
  return fit(input, param, context, estimator, require("lathe").recipe { target = param.target, features = param.features,
    drop = param.drop, impersonal = param.impersonal, steps = param.recipe or recipe_steps })
end

local function tree_fit(input, param, context, family, own)
  local options = options_of(param, { "criterion", "max_depth", "min_samples_split", "min_samples_leaf" })
  for name, value in pairs(own) do options[name] = value end
  return either_fit(input, param, context, require("lathe")[family](options), { { "encode", method = "ordinal" } })
end

local function boosting_fit(input, param, context)
  local options = options_of(param, {
    "loss", "quantile", "rounds", "rate", "max_leaves", "max_depth", "min_samples_leaf", "l1", "l2", "row_share", "column_share",
    "patience",
  })
  options.validation = param.validation_column or param.validation
  keep(options, context, param.rounds)
  for _, direction in ipairs { { "increasing", 1 }, { "decreasing", -1 } } do
    for _, name in ipairs(param[direction[1]] or {}) do
      options.monotone = options.monotone or {}
      options.monotone[name] = direction[2]
    end
  end
  return either_fit(input, param, context, require("lathe").boosting(options), { { "encode", method = "ordinal" } })
end

-- What a penalty that makes coefficients 0 takes.
local function lasso_parameters(own)
  own.weights = { type = "column", optional = true, doc = "what each row counts; no feature then" }
  own.alpha = { type = "number", default = 1, min = 0, doc = "the penalty, when it is given" }
  own.choose = {
    type = "choice", choices = { "given", "cv", "1se", "aic", "bic" }, default = "cv",
    doc = "how alpha is chosen: as given, by rows left out (the best, or the largest within a standard error), or by a criterion",
  }
  own.folds = { type = "integer", default = 5, min = 2, doc = "of cross-validation" }
  own.seed = { type = "integer", default = 42, min = 0, doc = "deals the rows out to the folds" }
  return parameters("the column of numbers to predict", own)
end

local function lasso_fit(input, param, context, family)
  return fit(input, param, context, require("lathe")[family] {
    alpha = param.choose == "given" and param.alpha or param.choose, l1_ratio = param.l1_ratio, folds = param.folds,
    intercept = param.intercept, weights = param.weights, seed = param.seed,
  })
end

local function network_fit(input, param, context)
  local options = options_of(param, {
    "activation", "norm", "dropout", "optimizer", "rate", "momentum", "decay", "l1", "l2", "schedule", "warmup", "batch", "epochs",
    "embedding", "patience",
  })
  options.validation = param.validation_column or param.validation
  keep(options, context, param.epochs)
  options.layers = {}
  for index, width in ipairs(param.layers) do options.layers[index] = tonumber(width) or width end
  return either_fit(input, param, context, require("lathe").network(options),
    { { "impute" }, { "encode", method = "ordinal" }, { "scale" } })
end

return {
  name = "train", api = 1, doc = "Fit models.",
  steps = {
    tree = {
      doc = "Fit a decision tree (CART), cut back by cost-complexity pruning.",
      detail = [[Texts are split as the categories they are, and missing values go to the side where they do best. How far it is cut back
is chosen by cross-validation: the simplest tree within a standard error of the best one, or the best one.]],
      inputs = { table = "table" },
      params = tree_parameters {
        prune = { type = "choice", choices = { "1se", "best", "none" }, default = "1se", doc = "how the penalty for leaves is chosen" },
        ccp_alpha = { type = "number", default = 0, min = 0, doc = "that penalty, where prune is none" },
        folds = { type = "integer", default = 10, min = 2, doc = "of cross-validation" },
      },
      outputs = { model = "model" },
      run = function(input, param, context)
        local alpha = param.prune == "none" and param.ccp_alpha or param.prune
        return tree_fit(input, param, context, "tree", { ccp_alpha = alpha, folds = param.folds })
      end,
    },
    forest = {
      doc = "Fit a random forest, or extra trees.",
      detail = [[Texts are split as the categories they are, and missing values go to the side where they do best. A forest is judged by the
rows that each of its trees has not seen (out of the bag); extra trees, whose thresholds are drawn, see all rows.]],
      inputs = { table = "table" },
      params = tree_parameters {
        trees = { type = "integer", default = 100, min = 1, doc = "how many" },
        extra = { type = "boolean", default = false, doc = "extra trees: thresholds are drawn" },
        max_features = { type = "choice", choices = { "auto", "sqrt", "log2", "all" }, default = "auto",
          doc = "features that a split looks at (auto: the square root of them for classes, all for numbers)" },
      },
      outputs = { model = "model" },
      run = function(input, param, context)
        local options = { trees = param.trees, max_features = param.max_features }
        keep(options, context, param.trees)
        return tree_fit(input, param, context, param.extra and "extra_trees" or "forest", options)
      end,
    },
    boosting = {
      doc = "Fit gradient-boosted trees.",
      detail = [[Trees are grown one after the other, each on what those before it leave to be explained. Missing values and texts are taken
as they are. With rows for validation it stops when they are predicted no better, and goes back to the best round.]],
      inputs = { table = "table" },
      params = round_parameters(20, "round", {
        loss = { type = "choice", choices = { "auto", "squared", "absolute", "huber", "quantile", "poisson", "log" }, default = "auto",
          doc = "what is made small (auto: squares, of classes log)" },
        quantile = { type = "number", default = 0.5, min = 0, max = 1, doc = "the share of loss quantile" },
        rounds = { type = "integer", default = 100, min = 1, doc = "rounds at most" },
        rate = { type = "number", default = 0.1, min = 0, max = 1, doc = "how much of each tree counts" },
        max_leaves = { type = "integer", optional = true, min = 2, doc = "leaves of a tree at most (31; any with max_depth)" },
        max_depth = { type = "integer", optional = true, min = 1, doc = "questions between the root and a leaf at most" },
        min_samples_leaf = { type = "integer", default = 20, min = 1, doc = "rows of a leaf at least" },
        l1 = { type = "number", default = 0, min = 0, doc = "penalty on the size of leaf values" },
        l2 = { type = "number", default = 1, min = 0, doc = "penalty on their squares" },
        row_share = { type = "number", default = 1, min = 0, max = 1, doc = "part of the rows for each round" },
        column_share = { type = "number", default = 1, min = 0, max = 1, doc = "part of the features for each tree" },
        increasing = { type = "columns", optional = true, doc = "predictions never fall in these" },
        decreasing = { type = "columns", optional = true, doc = "predictions never rise in these" },
      }),
      outputs = { model = "model" },
      run = boosting_fit,
    },
    network = {
      doc = "Fit a dense network by the gradients of small batches.",
      detail = [[Missing numbers are imputed, texts become embeddings, numbers are scaled. With rows for validation it stops when they are
predicted no better, and goes back to the best epoch. The manual's page networks has all options.]],
      inputs = { table = "table" },
      params = round_parameters(10, "epoch", {
        target = { type = "columns", doc = "the column to predict: numbers, or one of some classes; or several columns of numbers" },
        layers = { type = "list", default = { 64, 32 }, doc = "widths of the hidden layers" },
        activation = { type = "choice", choices = { "relu", "gelu", "tanh", "sigmoid", "linear" }, default = "relu",
          doc = "what stands behind each of them" },
        norm = { type = "boolean", default = false, doc = "batch norm before each activation" },
        dropout = { type = "number", default = 0, min = 0, max = 1, doc = "part of each hidden layer that a batch does without" },
        optimizer = { type = "choice", choices = { "adam", "adamw", "sgd" }, default = "adam", doc = "how gradients become steps" },
        rate = { type = "number", default = 0.001, min = 0, doc = "learning rate" },
        momentum = { type = "number", default = 0.9, min = 0, max = 1, doc = "of sgd (Nesterov's)" },
        decay = { type = "number", default = 0.01, min = 0, doc = "weight decay of adamw" },
        l1 = { type = "number", default = 0, min = 0, doc = "penalty on the size of weights" },
        l2 = { type = "number", default = 0, min = 0, doc = "penalty on half their squares" },
        schedule = { type = "choice", choices = { "constant", "step", "exponential", "cosine", "plateau" }, default = "constant",
          doc = "how the learning rate falls" },
        warmup = { type = "number", default = 0, min = 0, doc = "epochs in which it rises" },
        batch = { type = "integer", default = 256, min = 1, doc = "rows of a step" },
        epochs = { type = "integer", default = 50, min = 1, doc = "how often all rows are gone through, at most" },
        embedding = { type = "integer", default = 0, min = 0, doc = "numbers that a text becomes; 0: by how many texts there are" },
      }),
      outputs = { model = "model" },
      run = network_fit,
    },
    calibrate = {
      doc = "Put a model's probabilities right by rows that it did not learn from.",
      detail = [[Platt's sigmoid has two numbers to learn and does with few rows; an isotonic regression takes any ascending shape and wants
a thousand rows and more. What is learned becomes part of the model, wherever it is served or exported.]],
      inputs = { { "model", "model" }, { "table", "table" } },
      params = {
        method = { type = "choice", choices = { "platt", "isotonic" }, default = "platt", doc = "the sigmoid, or steps" },
        weights = { type = "column", optional = true, doc = "what each row counts" },
      },
      outputs = { model = "model" },
      effect = "train",
      run = function(input, param, context)
        local model = input.model:calibrate(input.table, { method = param.method, weights = param.weights })
        context.note(param.method)
        return { model = model }
      end,
    },
    decide = {
      doc = "Decide by what wrong decisions cost: the probability from which the second of two classes is predicted, or among several.",
      detail = [[The threshold of least cost on these rows, which the model has not learned from, becomes part of the model: predictions,
the HTTP endpoint and ONNX follow it.]],
      inputs = { { "model", "model" }, { "table", "table" } },
      params = {
        false_positive = { type = "number", default = 1, doc = "cost of predicting the second class where it is not" },
        false_negative = { type = "number", default = 1, doc = "cost of missing it" },
        costs = { type = "map", optional = true,
          doc = "of several classes, in place of these: { TRUE = { TAKEN = COST } }, 1 for a wrong decision that is not named" },
        weights = { type = "column", optional = true, doc = "what each row counts" },
        seed = { type = "integer", default = 42, min = 0, doc = "of the interval" },
      },
      outputs = { { "model", "model" }, { "report", "report" } },
      effect = "train",
      run = function(input, param, context)
        local model, report = input.model:decide(input.table, { weights = param.weights, seed = param.seed,
          costs = param.costs or { false_positive = param.false_positive, false_negative = param.false_negative } })
        local cost = "cost " .. require("lathe.style").number(report.metrics.cost)
        context.note(report.threshold and ("from %.4g, %s"):format(report.threshold, cost) or cost)
        return { model = model, report = report }
      end,
    },
    linear = {
      doc = "Fit a linear regression by least squares, ordinary or weighted.",
      detail = [[The recipe (impute, encode, scale) learns from the rows given here alone and stays a part of the model. The report has the
whole table of coefficients: standard errors, t, p, intervals, variance inflation.]],
      inputs = { table = "table" },
      params = parameters("the column of numbers to predict", {
        weights = { type = "column", optional = true, doc = "what each row counts; no feature then" },
        covariance = {
          type = "choice", choices = { "classical", "HC0", "HC1", "HC2", "HC3" }, default = "classical",
          doc = "standard errors for residuals of one spread, or robust ones",
        },
        level = { type = "number", default = 0.95, min = 0.01, max = 0.999999, doc = "level of the intervals" },
        collinear = {
          type = "choice", choices = { "drop", "error" }, default = "drop", doc = "what becomes of a feature that follows from others",
        },
      }),
      outputs = { model = "model" },
      run = function(input, param, context)
        return fit(input, param, context, require("lathe").linear {
          intercept = param.intercept, weights = param.weights, covariance = param.covariance, level = param.level,
          collinear = param.collinear,
        })
      end,
    },
    ridge = {
      doc = "Fit a linear regression with a penalty on large coefficients.",
      detail = [[For features that are many, or nearly sums of each other. The penalty is alpha times the sum of squared coefficients; alpha
can be chosen by the error of rows that are left out.]],
      inputs = { table = "table" },
      params = parameters("the column of numbers to predict", {
        weights = { type = "column", optional = true, doc = "what each row counts; no feature then" },
        alpha = { type = "number", default = 1, min = 0, doc = "the penalty, when it is given" },
        choose = {
          type = "choice", choices = { "given", "cv", "gcv" }, default = "cv",
          doc = "how alpha is chosen: as given, by leaving each row out, or by generalised cross-validation",
        },
      }),
      outputs = { model = "model" },
      run = function(input, param, context)
        return fit(input, param, context, require("lathe").ridge {
          alpha = param.choose == "given" and param.alpha or param.choose, intercept = param.intercept, weights = param.weights,
        })
      end,
    },
    lasso = {
      doc = "Fit a linear regression that leaves features out.",
      detail = [[The penalty is alpha times the sum of the sizes of coefficients; the larger it is, the more of them are 0. alpha can be
chosen on a path of 100 by the error of rows that are left out, fold by fold.]],
      inputs = { table = "table" },
      params = lasso_parameters {},
      outputs = { model = "model" },
      run = function(input, param, context) return lasso_fit(input, param, context, "lasso") end,
    },
    elastic_net = {
      doc = "Fit a linear regression between lasso and ridge.",
      detail = [[The penalty is alpha times a mixture: l1_ratio of the sum of sizes of coefficients, the rest half the sum of their squares.
Features that are nearly equal share their effect, where a lasso takes one of them.]],
      inputs = { table = "table" },
      params = lasso_parameters {
        l1_ratio = { type = "number", default = 0.5, min = 0.001, max = 1, doc = "the part of the lasso in the penalty; 1: all" },
      },
      outputs = { model = "model" },
      run = function(input, param, context) return lasso_fit(input, param, context, "elastic_net") end,
    },
    logistic = {
      doc = "Fit a logistic regression: the probability of each class, of two or of several.",
      detail = [[The classes are the distinct values of the target. The recipe (impute, encode, scale) learns from the rows given here alone
and stays a part of the model. Without penalties (l1 = 0, l2 = 0) the coefficients have standard errors and intervals, and classes that the
features tell apart without error are refused; a penalty makes do with them, and l1 leaves features out.]],
      inputs = { table = "table" },
      params = parameters("the column whose values are to be told apart", {
        l1 = { type = "number", default = 0, min = 0, doc = "penalty on the size of weights; 0: none" },
        l2 = { type = "number", default = 1, min = 0, doc = "penalty on the weights (1 / C of scikit-learn); 0: none" },
        level = { type = "number", default = 0.95, min = 0.01, max = 0.999999, doc = "level of the intervals" },
        iterations = { type = "integer", default = 100, min = 1, doc = "steps of Newton's method at most" },
        weights = { type = "column", optional = true, doc = "what each row counts; no feature then" },
        balance = { type = "boolean", default = false, doc = "rows of rare classes count more" },
      }),
      outputs = { model = "model" },
      run = function(input, param, context)
        return fit(input, param, context, require("lathe").logistic {
          l1 = param.l1, l2 = param.l2, level = param.level, intercept = param.intercept, iterations = param.iterations,
          weights = param.weights, class_weights = param.balance and "balanced" or nil,
        })
      end,
    },
    poisson = {
      doc = "Fit a regression of counts (Poisson).",
      detail = [[The logarithm of the mean count is a sum of effects. With an exposure (how long, how many, how large) the mean is
proportional to it. Counts that spread more than a Poisson distribution are said; scaled standard errors allow for that.]],
      inputs = { table = "table" },
      params = parameters("the column of counts", {
        exposure = { type = "column", optional = true, doc = "what the mean is proportional to; no feature then" },
        offset = { type = "column", optional = true, doc = "or its natural logarithm" },
        scaled = { type = "boolean", default = false, doc = "standard errors allow for another spread (quasi-Poisson)" },
        l1 = { type = "number", default = 0, min = 0, doc = "penalty on the size of weights; 0: none" },
        l2 = { type = "number", default = 0, min = 0, doc = "penalty on half their squares; 0: none" },
        level = { type = "number", default = 0.95, min = 0.01, max = 0.999999, doc = "level of the intervals" },
        iterations = { type = "integer", default = 100, min = 1, doc = "steps of Newton's method at most" },
        weights = { type = "column", optional = true, doc = "what each row counts; no feature then" },
      }),
      outputs = { model = "model" },
      run = function(input, param, context)
        return fit(input, param, context, require("lathe").poisson {
          exposure = param.exposure, offset = param.offset, scaled = param.scaled, l1 = param.l1, l2 = param.l2, level = param.level,
          intercept = param.intercept, iterations = param.iterations, weights = param.weights,
        })
      end,
    },
    more = {
      doc = "Let a regression or a network learn more rows.",
      detail = [[The recipe stays as it is. A linear regression becomes the one that all rows together give; the others remember the rows
before by the second derivatives of their loss. A network goes through the new rows alone, ten times.]],
      inputs = { { "model", "model" }, { "table", "table" } },
      params = {
        weights = { type = "column", optional = true, doc = "what each row counts" },
      },
      outputs = { model = "model" },
      run = function(input, param, context)
        local model = input.model:partial_fit(input.table, { weights = param.weights })
        for _, note in ipairs(model:notes()) do context.log(note) end
        context.note(model:note())
        return { model = model }
      end,
    },
  },
}
