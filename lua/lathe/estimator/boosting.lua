-- Gradient boosting on histograms: lathe.boosting { rounds = 200, rate = 0.1, validation = 0.1 }. The options are in share/doc/lua.md.
local core = require "lathe.core"
local estimator = require "lathe.estimator"

local tasks = { "auto", "regression", "classification" }
local losses = { "auto", "squared", "absolute", "huber", "quantile", "poisson", "log" }

-- The place of a word in a list, from 0 as the core counts.
local function place(list, word)
  for index, choice in ipairs(list) do
    if choice == word then return index - 1 end
  end
end

-- A number above 0, up to `most` (nil: any).
local function above(options, name, most)
  local value = options[name]
  if type(value) == "number" and value > 0 and value <= (most or 1.7e308) then return end
  core.fail("%s is a number above 0%s, not %s", name, most and (" up to %.14g"):format(most) or "", tostring(value))
end

local function check_monotone(list)
  if list == nil then return end
  if type(list) ~= "table" then core.fail("monotone is a table such as { income = 1 }, not a %s", type(list)) end
  for name, direction in pairs(list) do
    if type(name) ~= "string" then core.fail "monotone gives features by their names: { income = 1, rooms = -1 }" end
    if direction ~= 1 and direction ~= 0 and direction ~= -1 then
      core.fail("monotone gives %q %s; it takes 1 (up), -1 (down) or 0", name, tostring(direction))
    end
  end
end

local boosting = {
  takes = {
    task = "auto", loss = "auto", delta = 1, quantile = 0.5,
    rounds = 100, rate = 0.1, max_leaves = core.open, max_depth = core.open, min_samples_leaf = 20, min_weight = 0.001,
    l1 = 0, l2 = 1, min_gain = 0, max_bins = 255, row_share = 1, column_share = 1, monotone = core.open,
    validation = 0, patience = 20, checkpoint = core.open, checkpoint_every = 10,
    weights = core.open, class_weights = core.open, seed = 42,
  },
}

function boosting.check(options)
  estimator.choice(options, "task", tasks)
  estimator.choice(options, "loss", losses)
  above(options, "delta")
  above(options, "quantile", 1)
  estimator.whole(options, "rounds", 1)
  above(options, "rate", 1)
  if options.max_leaves ~= nil then estimator.whole(options, "max_leaves", 2) end
  if options.max_depth ~= nil then estimator.whole(options, "max_depth", 1) end
  estimator.whole(options, "min_samples_leaf", 1)
  for _, name in ipairs { "min_weight", "l1", "l2", "min_gain" } do estimator.number(options, name, 0) end
  estimator.whole(options, "max_bins", 2, 255)
  above(options, "row_share", 1)
  above(options, "column_share", 1)
  check_monotone(options.monotone)
  estimator.validation(options)
  estimator.whole(options, "patience", 0)
  estimator.checkpoint(options)
end

function boosting.fit(recipe, train, options)
  local c, kept = estimator.c("lathe_boosting_options", options)
  c.task, c.loss = place(tasks, options.task), place(losses, options.loss)
  for _, name in ipairs {
    "delta", "quantile", "rounds", "rate", "min_weight", "l1", "l2", "min_gain", "max_bins", "row_share", "column_share", "patience",
    "checkpoint", "checkpoint_every",
  } do
    c[name] = options[name]
  end
  c.min_leaf = options.min_samples_leaf
  c.max_leaves = options.max_leaves or (options.max_depth and 0 or 31) -- a depth alone is a limit enough
  c.max_depth = options.max_depth or 0
  local monotone = options.monotone and require("lathe.json").encode(options.monotone)
  kept[#kept + 1] = monotone
  c.monotone = monotone
  if type(options.validation) == "string" then
    c.validation_column = options.validation
  else
    c.validation = options.validation
  end
  local model = core.C.lathe_model_fit_boosting(recipe, train, c, core.progress(), core.problem)
  return model, kept
end

return boosting
