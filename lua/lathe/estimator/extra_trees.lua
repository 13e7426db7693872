-- Extra trees: lathe.extra_trees { trees = 100 }, with the options of lathe.forest; bags are not drawn unless bootstrap = true.
local forest = require "lathe.estimator.forest"

local takes = {}
for name, default in pairs(forest.takes) do takes[name] = default end
takes.bootstrap = false

return {
  takes = takes,
  check = forest.check,
  fit = function(recipe, train, options) return forest.grow(recipe, train, options, true) end,
}
