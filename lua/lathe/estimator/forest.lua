-- A random forest: lathe.forest { trees = 100 }. The options are in share/doc/lua.md; those of extra trees are the same.
local core = require "lathe.core"
local estimator = require "lathe.estimator"
local tree = require "lathe.estimator.tree"

local forest = {
  takes = {
    trees = 100, task = "auto", criterion = "gini", max_depth = core.open, min_samples_split = 2, min_samples_leaf = 1,
    max_features = "auto", bootstrap = true, max_samples = 1, checkpoint = core.open, checkpoint_every = 50, seed = 42,
    weights = core.open, class_weights = core.open,
  },
}

local rules = { auto = 0, sqrt = 1, log2 = 2, all = 3 }
local PART, COUNT = 4, 5

-- The core's rule for how many features a split looks at, and its number.
local function features_of(value)
  if rules[value] then return rules[value], 0 end
  if type(value) == "number" and value > 0 and value < 1 then return PART, value end
  if type(value) == "number" and value >= 1 and value % 1 == 0 then return COUNT, value end
  core.fail("max_features is \"auto\", \"sqrt\", \"log2\", \"all\", a whole number from 1 up, or a part between 0 and 1, not %s",
    tostring(value))
end

function forest.check(options)
  tree.check_limits(options)
  estimator.whole(options, "trees", 1, 100000)
  estimator.boolean(options, "bootstrap")
  estimator.number(options, "max_samples", 1e-9, 1)
  if options.max_samples < 1 and not options.bootstrap then core.fail "max_samples is the size of a bag; give bootstrap = true with it" end
  features_of(options.max_features)
  estimator.checkpoint(options)
end

-- Learn, of extra trees when `extra`.
function forest.grow(recipe, train, options, extra)
  local c, kept = estimator.c("lathe_forest_options", options)
  tree.set_limits(c, options)
  c.extra, c.trees, c.bootstrap, c.max_samples = extra, options.trees, options.bootstrap, options.max_samples
  c.features, c.features_value = features_of(options.max_features)
  c.checkpoint, c.checkpoint_every = options.checkpoint, options.checkpoint_every
  return core.C.lathe_model_fit_forest(recipe, train, c, core.progress(), core.problem), kept
end

function forest.fit(recipe, train, options) return forest.grow(recipe, train, options, false) end

return forest
