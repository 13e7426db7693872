-- Continual learning: a network goes on with new rows while a buffer of old ones is replayed, and is judged on held-out rows of both.
-- Where it forgot too much, the model that was there before stays.
local core = require "lathe.core"
local continual = {}

core.takes["model:continual"] = {
  old = core.open, replay = 0.5, test = 0.2, tolerance = 0.05, metric = core.open, seed = 42, epochs = 10, rate = 0.001, batch = 256,
  freeze = core.open, optimizer = "adam", decay = 0.01, l2 = 0, weights = core.open, class_weights = core.open,
}
local own = { old = true, replay = true, test = true, tolerance = true, metric = true }

local function share(options, name, least, most)
  local value = options[name]
  if type(value) == "number" and value >= least and value <= most then return end
  core.fail("%s is a number from %g to %g, not %s", name, least, most, tostring(value))
end

local function check(model, new, options)
  local tables = require "lathe.table"
  if model:kind() ~= "network" then core.fail("continual is for networks; this model is %s, which is fitted again", model:kind()) end
  if not tables.is(new) then core.fail("model:continual takes a table, not a %s", type(new)) end
  if not tables.is(options.old) then core.fail "model:continual needs old = TABLE, rows of what the model knows already" end
  share(options, "replay", 0, 1)
  share(options, "test", 0.01, 0.9)
  share(options, "tolerance", 0, 1)
end

-- The figure that decides, and 1 when more of it is better.
local function choose_metric(model, name)
  name = name or (model:classes() and "log_loss" or "rmse")
  local found = require("lathe.evaluate.metric").find(model:classes() and "classification" or "regression", name)
  if not found or found.better == 0 then core.fail("metric = %q does not say which of two models is better", tostring(name)) end
  return found.name, found.better
end

-- Rows of both tables: the columns that they share.
local function together(a, b)
  return (require("lathe.concat").concat { a, b })
end

-- What the model has to go on with after these rows, and a report whose .kept says whether it is the new one; .old and .new have the figure
-- of held-out rows { before =, after = }.
function continual.learn(model, new, options)
  options = core.options(options, "model:continual")
  check(model, new, options)
  local name, better = choose_metric(model, options.metric)
  local part = { test = options.test, seed = options.seed, seal = false }
  local old_train, old_test = options.old:split(part)
  local new_train, new_test = new:split(part)
  local rows, replayed = new_train, 0
  if options.replay > 0 then
    local buffer = old_train:sample { share = options.replay, seed = options.seed }
    replayed = buffer:rows()
    if replayed > 0 then rows = together(new_train, buffer) end
  end
  local learning = {}
  for option, value in pairs(options) do
    if not own[option] then learning[option] = value end
  end
  local candidate = model:partial_fit(rows, learning)
  local function figure(of, where)
    local value = of:evaluate(where, { resamples = 0, curves = false }).metrics[name]
    if type(value) ~= "number" then core.fail("there is no figure %q of this model; take rmse, r2, log_loss, accuracy or another", name) end
    return value
  end
  local old = { before = figure(model, old_test), after = figure(candidate, old_test) }
  local fresh = { before = figure(model, new_test), after = figure(candidate, new_test) }
  local lost = better * (old.before - old.after) / math.max(math.abs(old.before), 1e-12)
  local kept = lost <= options.tolerance
  local report = require("lathe.report").new(("Continual learning of %s"):format(model:target()))
  report:values {
    { "new rows", new_train:rows() }, { "old rows replayed", replayed }, { "figure", name },
    { "lost on old rows", ("%.2f %%"):format(100 * lost) }, { "tolerance", ("%.2f %%"):format(100 * options.tolerance) },
    { "outcome", kept and "the model that learned goes on" or "rolled back: the model stays as it was" },
  }
  report:table {
    columns = {
      { name = "held-out rows" }, { name = "rows", align = "right" }, { name = name .. " before", align = "right" },
      { name = name .. " after", align = "right" },
    },
    rows = {
      { "old", old_test:rows(), old.before, old.after }, { "new", new_test:rows(), fresh.before, fresh.after },
    },
  }
  report.kept, report.old, report.new, report.metric = kept, old, fresh, name
  return kept and candidate or model, report
end

return continual
