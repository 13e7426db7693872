-- The figures of merit: their names, words for people, which way is better, what they are of. Definitions: share/doc/evaluate.md.
local core = require "lathe.core"

local metric = {}

-- Name, words, 1 when more is better and -1 when less is, whether the report shows it ("always", "several" of more than two classes, or
-- never), and whether a constant prediction has it too.
local regression = {
  { "r2", "R2", 1, "always", true }, { "rmse", "RMSE", -1, "always", true }, { "mse", "MSE", -1, nil, true },
  { "mae", "MAE", -1, "always", true }, { "mape", "MAPE", -1, "always", true }, { "bias", "bias", 0, "always" },
  { "largest", "largest miss", -1, "always" }, { "poisson_deviance", "Poisson deviance", -1, "counts", true },
}
local classification = {
  { "accuracy", "accuracy", 1, "always", true }, { "balanced_accuracy", "balanced accuracy", 1, "always", true },
  { "precision", "precision", 1, "always" }, { "recall", "recall", 1, "always" }, { "f1", "F1", 1, "always" },
  { "precision_macro", "precision, macro", 1 }, { "recall_macro", "recall, macro", 1 }, { "f1_macro", "F1, macro", 1 },
  { "precision_micro", "precision, micro", 1 }, { "recall_micro", "recall, micro", 1 }, { "f1_micro", "F1, micro", 1 },
  { "precision_weighted", "precision, weighted", 1 }, { "recall_weighted", "recall, weighted", 1 },
  { "f1_weighted", "F1, weighted", 1, "several" },
  { "log_loss", "log loss", -1, "always", true }, { "deviance", "deviance", -1, nil, true }, { "brier", "Brier score", -1, "always", true },
  { "mcc", "Matthews correlation", 1, "always" }, { "auc", "ROC AUC", 1, "always" },
  { "average_precision", "average precision", 1, "always" },
}

-- The least and the greatest value that a figure can have: 0 and 1, but for these.
local ranges = {
  r2 = { -math.huge, 1 }, mcc = { -1, 1 }, bias = { -math.huge, math.huge }, brier = { 0, 2 },
}
for _, name in ipairs { "rmse", "mse", "mae", "mape", "largest", "poisson_deviance", "log_loss", "deviance" } do
  ranges[name] = { 0, math.huge }
end

local function rows_of(list)
  local rows, by_name = {}, {}
  for index, row in ipairs(list) do
    local range = ranges[row[1]] or { 0, 1 }
    rows[index] = { name = row[1], words = row[2], better = row[3], shown = row[4], constant = row[5], low = range[1], high = range[2] }
    by_name[row[1]] = rows[index]
  end
  return rows, by_name
end

local lists, named = {}, {}
lists.regression, named.regression = rows_of(regression)
lists.classification, named.classification = rows_of(classification)

-- Other words that people use.
local aliases = {
  regression = { gaussian_deviance = "mse", deviance = "mse" },
  classification = { roc_auc = "auc", pr_auc = "average_precision" },
}

-- All of "regression" or "classification", in their order: { { name =, words =, better = 1, -1 or 0, shown =, constant = }, ... }.
function metric.list(task) return lists[task] end

-- The interval of `half` to both sides of a mean, as far as the figure goes: { low, high }.
function metric.interval(one, mean, half) return { math.max(one.low, mean - half), math.min(one.high, mean + half) } end

-- The words for the one of this name, of whichever task; nil when there is none.
function metric.word(name)
  local found = named.regression[name] or named.classification[name]
  return found and found.words
end

-- The one of this name; raises with the nearest of the names when there is none.
function metric.find(task, name)
  if type(name) ~= "string" then core.fail("a metric is named by a text such as %q, not by a %s", lists[task][1].name, type(name)) end
  local found = named[task][aliases[task][name] or name]
  if found then return found end
  local other = task == "regression" and "classification" or "regression"
  if named[other][name] then core.fail("%q is a metric of a %s, and this is a %s", name, other, task) end
  local words = {}
  for word in pairs(named[task]) do words[#words + 1] = word end
  table.sort(words)
  core.fail("there is no metric %q; %s", name, require("lathe.schema").suggest(name, words, "metrics"))
end

-- The one that is looked at first.
function metric.first(task, classes)
  return named[task][task == "regression" and "rmse" or classes == 2 and "auc" or "log_loss"]
end

return metric
