-- Measuring models.

-- ---- what learns and measures many times over ----

-- The parameters that its three steps share.
local function fold_parameters(own)
  local shared = {
    target = { type = "columns", doc = "the column to predict (of a network also several)" },
    features = { type = "columns", optional = true, doc = "predict from these only (all but the target)" },
    drop = { type = "columns", optional = true, doc = "do not predict from these" },
    folds = { type = "integer", default = 5, min = 2, doc = "parts that the rows are cut into; each is tested once" },
    repeats = { type = "integer", default = 1, min = 1, doc = "how often the folds are drawn" },
    stratify = { type = "boolean", default = false, doc = "each fold has the classes in equal shares" },
    group = { type = "column", optional = true, doc = "rows that are equal here stay in one fold" },
    time = { type = "column", optional = true, doc = "folds are tested on what comes after the rows they learn from" },
    measure_weights = { type = "column", optional = true, doc = "what each row counts when it is measured" },
    seed = { type = "integer", default = 42, min = 0, doc = "of what is random" },
  }
  for name, parameter in pairs(own) do shared[name] = parameter end
  return shared
end

-- How rows are measured.
local measuring = {
  weights = { type = "column", optional = true, doc = "what each row counts" },
  resamples = { type = "integer", optional = true, min = 0, doc = "of the bootstrap intervals (1000, fewer of many rows); 0: none" },
  level = { type = "number", default = 0.95, min = 0.5, max = 0.9999, doc = "of the intervals" },
  seed = { type = "integer", default = 42, min = 0, doc = "of the bootstrap" },
}

local augmentation = {
  augment = { type = "choice", choices = { "none", "smote", "oversample", "undersample", "noise" }, default = "none",
    doc = "new training rows in each fold, never of its test rows" },
  ratio = { type = "number", default = 1, min = 0, doc = "of smote, oversample, undersample: rows of each class" },
}

-- A function from training rows to a model: a step such as "train.logistic" with its settings.
local function learner(name, param, settings)
  local core = require "lathe.core"
  local step, given = require("lathe.plugin").step(name), {}
  local takes, gives = step.inputs, step.outputs
  if #takes ~= 1 or takes[1].kind ~= "table" or #gives ~= 1 or gives[1].kind ~= "model" then
    core.fail("%s does not make a model of a table; give a step that does, such as train.linear", name)
  end
  for _, own in ipairs { "target", "features", "drop" } do
    if param[own] ~= nil and step.param[own] then given[own] = param[own] end
  end
  if given.target and #given.target == 1 then given.target = given.target[1] end
  for setting, value in pairs(settings) do given[setting] = value end
  return function(rows) return (require("lathe.run").step(step, { [takes[1].name] = rows }, given))[gives[1].name] end
end

local function fold_options(param)
  local augment = param.augment and param.augment ~= "none" and { param.augment } or nil
  if augment and param.augment ~= "noise" then augment.ratio, augment.target = param.ratio, param.target[1] end
  if augment and param.augment == "noise" then augment = { { "noise" } } end
  return {
    folds = param.folds, repeats = param.repeats, stratify = param.stratify and param.target[1] or nil,
    group = param.group, time = param.time,
    weights = param.measure_weights, seed = param.seed, augment = augment, metrics = param.metrics, metric = param.metric,
  }
end

-- The first figure of a report and how much it scatters, for the note.
local function first_figure(report)
  local style, metrics = require "lathe.style", report.metrics
  for _, name in ipairs { "auc", "log_loss", "rmse" } do
    if metrics[name] then
      local sd = metrics[name .. "_sd"]
      return ("%s %s%s"):format(require("lathe.summary").word(name), style.number(metrics[name]), sd and " ± " .. style.number(sd) or "")
    end
  end
end

local steps = {
  cross_validate = {
    doc = "Learn on all folds but one and measure on that one, for each fold.",
    detail = [[What a training step learns, recipe and all, it learns from the training rows of each fold alone, and new rows are made of
these only. The report has the figures of each fold, their mean and deviation; the table has for each row what was predicted for it by a
model that had not seen it.]],
    inputs = { table = "table" },
    params = fold_parameters {
      step = { type = "string", doc = "the training step: train.logistic" },
      settings = { type = "map", optional = true, doc = "parameters of that step: l2=1,scale=none" },
      augment = augmentation.augment, ratio = augmentation.ratio,
      metrics = { type = "list", optional = true, doc = "the figures that are shown (the usual ones)" },
    },
    outputs = { { "report", "report" }, { "predictions", "table", optional = true } },
    effect = "choose",
    run = function(input, param, context)
      local options = fold_options(param)
      options.metric = nil
      local report = require("lathe").cross_validate(input.table, learner(param.step, param, param.settings or {}), options)
      context.note(first_figure(report))
      return { report = report, predictions = report.predictions }
    end,
  },
  compare = {
    doc = "Models on the same folds, the best first, with a line under ties; what each costs beside it.",
    detail = [[Each model is a training step, alone (boosting=train.boosting) or with parameters: models = { boosting = { step =
"train.boosting", rounds = 300 } }. By the corrected resampled t-test of Nadeau and Bengio, models above the line are not told from the
best; latency and bytes of the bundle are those of a model of all rows.]],
    inputs = { table = "table" },
    params = fold_parameters {
      models = { type = "map", doc = "names and training steps: linear=train.linear,boosting=train.boosting" },
      metric = { type = "string", optional = true, doc = "by which they are ranked (numbers: rmse; classes: auc or log_loss)" },
      level = { type = "number", default = 0.95, min = 0.5, max = 0.9999, doc = "of intervals and ties" },
      costs = { type = "boolean", default = true, doc = "learn from all rows, too, and take times and bytes" },
    },
    outputs = { { "report", "report" }, { "leaderboard", "table", optional = true } },
    effect = "choose",
    run = function(input, param, context)
      local core, options = require "lathe.core", fold_options(param)
      options.table, options.level, options.costs, options.models, options.metrics = input.table, param.level, param.costs, {}, nil
      for name, given in pairs(param.models) do
        if type(given) == "string" then given = { step = given } end
        if type(given) ~= "table" or type(given.step) ~= "string" then
          core.fail("model %q is a training step, or { step = \"train.linear\", ... }", tostring(name))
        end
        local settings = {}
        for setting, value in pairs(given) do settings[setting] = setting ~= "step" and value or nil end
        options.models[tostring(name)] = learner(given.step, param, settings)
      end
      local report = require("lathe").compare(options)
      context.note("best: " .. report.winner)
      return { report = report, leaderboard = report.leaderboard }
    end,
  },
  learning_curve = {
    doc = "A figure by the number of training rows: whether more rows would help.",
    detail = [[In each fold the training step learns from a part of the training rows, of several sizes, and is measured on these and on the
fold's test rows.]],
    inputs = { table = "table" },
    params = fold_parameters {
      step = { type = "string", doc = "the training step: train.logistic" },
      settings = { type = "map", optional = true, doc = "parameters of that step: l2=1,scale=none" },
      augment = augmentation.augment, ratio = augmentation.ratio,
      sizes = { type = "list", optional = true, doc = "numbers of training rows, or parts of them (six, each twice the one before)" },
      metric = { type = "string", optional = true, doc = "the figure (numbers: rmse; classes: auc or log_loss)" },
    },
    outputs = { { "report", "report" }, { "curve", "table", optional = true } },
    effect = "choose",
    run = function(input, param, context)
      local options = fold_options(param)
      options.metrics, options.sizes = nil, param.sizes
      local report = require("lathe").learning_curve(input.table, learner(param.step, param, param.settings or {}), options)
      context.note(("%d sizes"):format(report.curve:rows()))
      return { report = report, curve = report.curve }
    end,
  },
}

local plugin = {
  name = "evaluate", api = 1, doc = "Measure how good a model is.",
  steps = {
    regression = {
      doc = "R2, RMSE and MAE on rows the model has not seen, beside a baseline.",
      detail = "The baseline predicts the mean of the training rows for every row.",
      inputs = { { "model", "model" }, { "table", "table" } },
      params = {
        weights = measuring.weights, resamples = measuring.resamples, level = measuring.level, seed = measuring.seed,
      },
      outputs = { report = "report" },
      effect = "measure",
      run = function(input, param, context)
        local style, core = require "lathe.style", require "lathe.core"
        if input.model:classes() then core.fail "the model tells classes apart; measure it with evaluate.classification" end
        local report = input.model:evaluate(input.table, param)
        local metrics = report.metrics
        context.note(("R2 %s, RMSE %s"):format(metrics.r2 and style.number(metrics.r2) or "-", style.number(metrics.rmse)))
        return { report = report }
      end,
    },
    classification = {
      doc = "Accuracy, log loss, ROC AUC and more on rows the model has not seen, beside a baseline; the confusion matrix.",
      detail = [[The baseline gives every row the classes' shares of the training rows. Precision, recall, F1, AUC and average precision
are those of the second of two classes, or means over several, each against the rest.]],
      inputs = { { "model", "model" }, { "table", "table" } },
      params = {
        class = { type = "string", optional = true, doc = "of several classes the one whose curves are drawn" },
        threshold = { type = "number", optional = true, min = 0, max = 1,
          doc = "the second of two classes is predicted from this probability up (the model's own)" },
        false_positive = { type = "number", optional = true, doc = "what predicting the second class costs where it is not" },
        false_negative = { type = "number", optional = true, doc = "what missing it costs" },
        weights = measuring.weights, resamples = measuring.resamples, level = measuring.level, seed = measuring.seed,
      },
      outputs = { report = "report" },
      effect = "measure",
      run = function(input, param, context)
        local style, core = require "lathe.style", require "lathe.core"
        if not input.model:classes() then core.fail "the model is a regression; measure it with evaluate.regression" end
        local options = {}
        for _, name in ipairs { "class", "threshold", "weights", "resamples", "level", "seed" } do options[name] = param[name] end
        if param.false_positive or param.false_negative then
          options.costs = { false_positive = param.false_positive or 1, false_negative = param.false_negative or 1 }
        end
        local report = input.model:evaluate(input.table, options)
        local metrics = report.metrics
        context.note(("accuracy %s, AUC %s"):format(style.number(metrics.accuracy), metrics.auc and style.number(metrics.auc) or "-"))
        return { report = report }
      end,
    },
  },
}

for name, step in pairs(steps) do plugin.steps[name] = step end

return plugin
