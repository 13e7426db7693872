-- A decision tree: lathe.tree { max_depth = 4 } or lathe.tree { ccp_alpha = "1se" }. The options are in share/doc/lua.md.
local core = require "lathe.core"
local estimator = require "lathe.estimator"

local tasks = { "auto", "regression", "classification" }

local tree = {
  takes = {
    task = "auto", criterion = "gini", max_depth = core.open, min_samples_split = 2, min_samples_leaf = 1, min_decrease = 0,
    ccp_alpha = 0, folds = 10, seed = 42, weights = core.open, class_weights = core.open,
  },
}

-- The place of the task among those of the core.
function tree.task(options)
  for place, task in ipairs(tasks) do
    if options.task == task then return place - 1 end
  end
end

-- Checks that trees and forests share.
function tree.check_limits(options)
  estimator.choice(options, "task", tasks)
  estimator.choice(options, "criterion", { "gini", "entropy" })
  if options.max_depth ~= nil then estimator.whole(options, "max_depth", 1) end
  estimator.whole(options, "min_samples_split", 2)
  estimator.whole(options, "min_samples_leaf", 1)
end

-- Put them where the core has them.
function tree.set_limits(c, options)
  c.task, c.entropy, c.max_depth = tree.task(options), options.criterion == "entropy", options.max_depth or 0
  c.min_split, c.min_leaf = options.min_samples_split, options.min_samples_leaf
end

local chosen = { best = true, ["1se"] = true }

function tree.check(options)
  tree.check_limits(options)
  estimator.number(options, "min_decrease", 0)
  estimator.whole(options, "folds", 2)
  if chosen[options.ccp_alpha] then return end
  if type(options.ccp_alpha) ~= "number" or not (options.ccp_alpha >= 0) then
    core.fail("ccp_alpha is a number from 0 up, \"best\" or \"1se\", not %s", tostring(options.ccp_alpha))
  end
end

function tree.fit(recipe, train, options)
  local c, kept = estimator.c("lathe_tree_options", options)
  tree.set_limits(c, options)
  c.min_decrease = options.min_decrease
  c.folds, c.simplest = chosen[options.ccp_alpha] and options.folds or 0, options.ccp_alpha == "1se"
  c.alpha = chosen[options.ccp_alpha] and 0 or options.ccp_alpha
  local model = core.C.lathe_model_fit_tree(recipe, train, c, core.progress(), core.problem)
  return model, kept
end

return tree
