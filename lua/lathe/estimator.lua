-- Estimators: what a family of models is told before it learns. lathe.NAME { options } makes one, lathe.fit learns with it; each family is
-- a module of its own, lathe.estimator.NAME, with
--   takes   its options and their defaults, as core.takes has them. Those of this name mean the same in every family: `weights` (a column
--           of row weights, which is no feature then), `class_weights` ("balanced" or { class = weight }), `seed` (42)
--   check   function(options): raises a sentence when they do not do
--   fit     function(recipe, train, options): the model of the core (lathe_model*), from the core's recipe and table
local ffi = require "ffi"
local core = require "lathe.core"

local estimator = {}
local meta = {}

-- Whether `value` is an estimator.
function estimator.is(value) return type(value) == "table" and getmetatable(value) == meta end

local function family(name)
  local module, where = require("lathe.estimator." .. name), "lathe." .. name
  core.takes[where] = module.takes
  return module, where
end

-- A new estimator of a family: what lathe.linear and its like call.
function estimator.new(name, options)
  local module, where = family(name)
  options = core.options(options, where)
  if options.seed then estimator.whole(options, "seed", 0, 2 ^ 53) end
  module.check(options)
  return setmetatable({ name = name, options = options }, meta)
end

-- Learn: gives the core's model, or nothing with core.problem set.
function estimator.fit(self, recipe, train) return family(self.name).fit(recipe, train, self.options) end

-- A few words for lists: "linear { intercept = false }".
function meta.__tostring(self)
  local takes, words = core.takes["lathe." .. self.name], {}
  for option, value in pairs(self.options) do
    if value ~= takes[option] then
      words[#words + 1] = option .. " = " .. (type(value) == "string" and ("%q"):format(value) or tostring(value))
    end
  end
  table.sort(words)
  return self.name .. (#words > 0 and " { " .. table.concat(words, ", ") .. " }" or "")
end

-- ---- checks that families share: each raises a sentence ----

-- options[name] is true or false.
function estimator.boolean(options, name)
  if type(options[name]) ~= "boolean" then core.fail("%s is true or false, not %s", name, tostring(options[name])) end
end

-- options[name] is a number from `least` up to `most` (nil: any).
function estimator.number(options, name, least, most)
  local value = options[name]
  if type(value) == "number" and value >= least and value <= (most or 1.7e308) then return end
  local range = most and ("from %.14g to %.14g"):format(least, most) or ("from %.14g up"):format(least)
  core.fail("%s is a number %s, not %s", name, range, tostring(value))
end

-- The same, and whole.
function estimator.whole(options, name, least, most)
  local value = options[name]
  if type(value) == "number" and value >= least and value <= (most or 2 ^ 31 - 1) and value % 1 == 0 then return end
  core.fail("%s is a whole number from %.14g up, not %s", name, least, tostring(value))
end

-- options[name] is one of the words in `choices`.
function estimator.choice(options, name, choices)
  for _, word in ipairs(choices) do
    if options[name] == word then return end
  end
  core.fail("%s is one of %s, not %s", name, table.concat(choices, ", "), tostring(options[name]))
end

-- The file that a training is kept in, and how often.
function estimator.checkpoint(options)
  if options.checkpoint ~= nil then core.path(options.checkpoint, "checkpoint") end
  estimator.whole(options, "checkpoint_every", 1)
end

-- What tells when to stop: a share of the rows, or a column that marks them.
function estimator.validation(options)
  local value = options.validation
  if type(value) == "string" and value ~= "" or type(value) == "number" and value >= 0 and value < 1 then return end
  core.fail("validation is a share of the rows from 0 up to below 1, or the name of a column, not %s", tostring(value))
end

-- A `type_name` of the core with what every family takes filled in: estimator.c("lathe_linear_options", options). The second result keeps
-- texts alive that the first points to; hold it until the core has learned.
function estimator.c(type_name, options)
  local c, kept = ffi.new(type_name), { options.weights }
  c.fit.weights, c.fit.seed = options.weights, options.seed or 0
  local class_weights = options.class_weights
  if type(class_weights) == "table" then class_weights = require("lathe.json").encode(class_weights) end
  kept[#kept + 1] = class_weights
  c.fit.class_weights = class_weights
  return c, kept
end

-- lathe.NAME { options }, for each family.
return setmetatable(estimator, {
  __index = function(_, name)
    return function(options) return estimator.new(name, options) end
  end,
})
