-- lathe: one program for the whole life of a model. `require "lathe"` gives this table, in the program and in plain luajit;
-- each part is loaded when it is first used.

local parts = {
  -- name = module, or { module, field }
  read = { "lathe.read", "read" },
  table = "lathe.table",
  profile = "lathe.profile",
  concat = { "lathe.concat", "concat" },
  compare = { "lathe.compare", "compare" },
  arrow = "lathe.arrow",
  duckdb = "lathe.duckdb",
  odbc = "lathe.odbc",
  contract = { "lathe.contract", "new" },
  repairs = "lathe.repairs",
  recipe = { "lathe.recipe", "new" },
  fit = { "lathe.model", "fit" },
  linear = { "lathe.estimator", "linear" },
  ridge = { "lathe.estimator", "ridge" },
  lasso = { "lathe.estimator", "lasso" },
  elastic_net = { "lathe.estimator", "elastic_net" },
  logistic = { "lathe.estimator", "logistic" },
  poisson = { "lathe.estimator", "poisson" },
  tree = { "lathe.estimator", "tree" },
  boosting = { "lathe.estimator", "boosting" },
  network = { "lathe.estimator", "network" },
  forest = { "lathe.estimator", "forest" },
  extra_trees = { "lathe.estimator", "extra_trees" },
  evaluate = { "lathe.evaluate.predictions", "evaluate" },
  learning_curve = { "lathe.evaluate.learning_curve", "curve" },
  cross_validate = { "lathe.evaluate.cross_validate", "validate" },
  open = { "lathe.model", "open" },
  report = "lathe.report",
  flow = "lathe.flow",
  serve = { "lathe.serve", "serve" },
  http = "lathe.http",
  monitor = "lathe.monitor",
  json = "lathe.json",
  plugins = "lathe.plugin",
  project = "lathe.project",
  random = "lathe.random",
  threads = "lathe.threads",
}

local lathe = { version = "0.1.0" }

return setmetatable(lathe, {
  __index = function(_, name)
    local part = parts[name]
    if part == nil then
      local words = {}
      for word in pairs(parts) do words[#words + 1] = word end
      table.sort(words)
      local near = require("lathe.schema").nearest(name, words)
      local mend = near and ("did you mean lathe.%s?"):format(near) or "`lathe help lua` lists what does"
      error(("lathe.%s does not exist; %s"):format(tostring(name), mend), 2)
    end
    local value
    if type(part) == "string" then value = require(part) else value = require(part[1])[part[2]] end
    rawset(lathe, name, value)
    return value
  end,
})
