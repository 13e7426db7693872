-- Learning and measuring again and again: a learner on the rows of each fold, measured on those that it has not seen. What
-- lathe.cross_validate, lathe.leaderboard and lathe.learning_curve share.
local core = require "lathe.core"
local measure = require "lathe.evaluate.measure"

local folds = {}

-- What all three take.
folds.takes = {
  folds = 5, repeats = 1, seed = 42, shuffle = true, stratify = core.open, group = core.open, time = core.open,
  metrics = core.open, weights = core.open, threshold = core.open, augment = core.open,
}

-- ---- what learns ----

-- Of a list of verbs that make training rows of training rows ({ "smote", ratio = 0.5 }, or a list of such lists) the function that does
-- them; of a function it. The target of the verbs is the one of `targets`, and `noise` leaves them as they are, unless they say otherwise.
local verbs = { smote = true, oversample = true, undersample = true, noise = true, reword = true }

local function apply(rows, step, targets)
  local options = {}
  for name, value in pairs(step) do
    if name ~= 1 then options[name] = value end
  end
  if core.takes[step[1]].target then options.target = options.target or targets[1] end
  if step[1] == "noise" and not options.columns then
    options.columns = {}
    local is_target = {}
    for _, name in ipairs(targets) do is_target[name] = true end
    for _, name in ipairs(rows:columns()) do
      local kind = rows:type(name)
      if not is_target[name] and (kind == "int64" or kind == "float64") then options.columns[#options.columns + 1] = name end
    end
  end
  return (rows[step[1]](rows, options))
end

function folds.augmenter(augment, targets)
  if augment == nil or type(augment) == "function" then return augment end
  if type(augment) ~= "table" then
    core.fail("augment is a function of the training rows, or a verb and its options: { \"smote\", ratio = 1 }; not a %s", type(augment))
  end
  require "lathe.augment"
  local steps = type(augment[1]) == "string" and { augment } or augment
  for index, step in ipairs(steps) do
    local verb = type(step) == "table" and step[1]
    if not verbs[verb] then
      core.fail("augment: item %d is %s; the verbs are smote, oversample, undersample, noise and reword", index,
        type(verb) == "string" and ("%q"):format(verb) or "none of the verbs")
    end
  end
  return function(rows)
    for _, step in ipairs(steps) do rows = apply(rows, step, targets) end
    return rows
  end
end

-- A learner: { target =, targets =, learn = function(rows): a model, words }, of a recipe and an estimator, or of a function that is given
-- the training rows and gives a model.
function folds.learner(where, recipe, estimator)
  if type(recipe) == "function" then return { learn = recipe, words = "" } end
  if not require("lathe.recipe").is(recipe) then
    core.fail("%s takes a recipe and an estimator, or a function from training rows to a model; not a %s", where, type(recipe))
  end
  if not recipe.target then core.fail("%s: the recipe has no target: lathe.recipe { target = \"COLUMN\" }", where) end
  if not require("lathe.estimator").is(estimator) then
    core.fail("%s: there is no estimator behind the recipe; give lathe.linear {}, lathe.logistic {} or another", where)
  end
  local fit = require("lathe.model").fit
  local function learn(rows) return fit(rows, recipe, estimator) end
  return { target = recipe.target, targets = recipe.targets, words = ", " .. tostring(estimator), learn = learn }
end

-- A model of training rows, which are augmented first. `place` begins the sentence of what goes wrong ("fold 3").
function folds.learn(learner, rows, options, place)
  local fine, model = pcall(function()
    local augment = folds.augmenter(options.augment, learner.targets or { learner.target })
    if augment then
      local made = augment(rows)
      if not require("lathe.table").is(made) then core.fail("augment gave a %s, not the table of rows to learn from", type(made)) end
      rows = made
    end
    local made = learner.learn(rows)
    if not require("lathe.model").is(made) then core.fail("the function gave a %s, not a model", type(made)) end
    return made
  end)
  if not fine then
    if type(model) ~= "string" then error(model, 0) end
    core.fail("%s: %s", place, model)
  end
  return model
end

-- ---- options ----

local function whole(options, name, least, where)
  local value = options[name]
  if type(value) ~= "number" or value % 1 ~= 0 or value < least then
    core.fail("%s: %s is a whole number from %d up, not %s", where, name, least, tostring(value))
  end
end

-- The options of a call, checked; the target of `learner` is what stratify = true means.
function folds.options(options, where, learner)
  whole(options, "folds", 2, where)
  whole(options, "repeats", 1, where)
  whole(options, "seed", 0, where)
  if options.stratify == true then
    if learner.targets and #learner.targets > 1 then
      core.fail("%s: stratify = true means the target, and there are %d; name the column", where, #learner.targets)
    end
    options.stratify = learner.target
      or core.fail("%s: stratify = true means the target, which a function does not tell; name the column", where)
  end
  if options.repeats > 1 and (options.group or options.time or not options.shuffle) then
    core.fail("%s: %s gives the same folds each time; leave repeats out", where,
      options.group and "group" or options.time and "time" or "shuffle = false")
  end
  if options.metrics ~= nil and (type(options.metrics) ~= "table" or #options.metrics == 0) then
    core.fail("%s: metrics is a list of names, such as { \"auc\", \"log_loss\" }", where)
  end
  return options
end

-- Raise unless `table_` is one whose rows may be learned from.
function folds.check_table(table_, where)
  if not require("lathe.table").is(table_) then core.fail("%s takes a table, not a %s", where, type(table_)) end
  require("lathe.seal").refuse(table_, where)
  if table_:rows() < 2 then core.fail("%s wants two rows at least; the table has %d", where, table_:rows()) end
end

-- ---- the folds ----

-- for train, test, place in folds.each(table_, options): tables, and { round =, fold =, rows = the numbers of the test rows (from 0),
-- words = "fold 2" }.
function folds.each(table_, options)
  local split, round, parts = require "lathe.split", 0, nil
  return function()
    local train, trained, test, tested, number
    if parts then train, trained, test, tested, number = parts() end
    while not train do
      round = round + 1
      if round > options.repeats then return nil end
      parts = split.parts(table_, { folds = options.folds, seed = options.seed + round - 1, shuffle = options.shuffle,
        stratify = options.stratify, group = options.group, time = options.time })
      train, trained, test, tested, number = parts()
    end
    local words = options.repeats > 1 and ("repeat %d, fold %d"):format(round, number) or ("fold %d"):format(number)
    return split.take(table_, train, trained), split.take(table_, test, tested),
      { round = round, fold = number, rows = test, words = words }
  end
end

-- Measure a model on rows: what lathe.evaluate.measure gives, without intervals.
function folds.measure(model, rows, options)
  return measure.model(model, rows, { resamples = 0, weights = options.weights, threshold = options.threshold })
end

-- Learn and measure in every fold: a list of { round =, fold =, trained =, tested =, values =, baseline =, unknown =, undefined = }, and
-- what they are of: { task =, target =, classes =, kind =, words = }. `seen` is called with each fold's model, test rows, result and place.
function folds.run(table_, learner, options, seen)
  local list, of = {}, nil
  for train, test, place in folds.each(table_, options) do
    local model = folds.learn(learner, train, options, place.words)
    local fine, result = pcall(folds.measure, model, test, options)
    if not fine then core.fail("%s: %s", place.words, core.sentence(result)) end
    if of and result.task ~= of.task then
      core.fail("%s is a %s, the folds before are a %s; say the task of the estimator", place.words, result.task, of.task)
    end
    of = of or { task = result.task, target = model:target(), targets = result.targets, kind = model:kind(), words = learner.words }
    if result.names and (not of.classes or #result.names > #of.classes) then of.classes = result.names end
    list[#list + 1] = {
      round = place.round, fold = place.fold, trained = train:rows(), tested = test:rows(), values = result.values,
      baseline = result.baseline, unknown = result.counts.unknown, missing = result.counts.missing, undefined = result.undefined,
    }
    if seen then seen(model, test, result, place) end
  end
  return list, of
end

-- ---- figures over folds ----

-- Mean and standard deviation (of a sample) of figure `name` over the folds that define it, how many they are, and the baseline's mean.
function folds.mean(list, name)
  local count, sum, base, bases = 0, 0, 0, 0
  for _, one in ipairs(list) do
    local value, other = one.values[name], one.baseline[name]
    if value then count, sum = count + 1, sum + value end
    if other then bases, base = bases + 1, base + other end
  end
  if count == 0 then return nil end
  local mean, squares = sum / count, 0
  for _, one in ipairs(list) do
    if one.values[name] then squares = squares + (one.values[name] - mean) ^ 2 end
  end
  return mean, count > 1 and math.sqrt(squares / (count - 1)) or nil, count, bases > 0 and base / bases or nil
end

-- The standard error of a mean over `count` folds of standard deviation `deviation`, as Nadeau and Bengio (2003, "Inference for the
-- generalization error", eq. 9) correct it: training sets overlap, so the variance is (1 / count + tested / trained) times that of a
-- fold, where the uncorrected one has 1 / count. Too small an error is what makes ties look like progress.
function folds.standard_error(list, deviation, count)
  local ratio = 0
  for _, one in ipairs(list) do ratio = ratio + one.tested / one.trained end
  return deviation * math.sqrt(1 / count + ratio / #list)
end

-- The names of the figures that are shown: those of options.metrics, or the usual ones that a fold at least defines.
function folds.shown(list, of, options)
  local metric, shown = require "lathe.evaluate.metric", {}
  if options.metrics then
    for index, name in ipairs(options.metrics) do shown[index] = metric.find(of.task, name) end
    return shown
  end
  for _, one in ipairs(metric.list(of.task)) do
    local wanted = one.shown == "always" or one.shown == "several" and #of.classes > 2 or one.shown == "counts" and of.kind == "poisson"
    if wanted and one.name ~= "largest" and folds.mean(list, one.name) then shown[#shown + 1] = one end
  end
  return shown
end

return folds
