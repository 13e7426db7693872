-- Recipes: what happens to the columns before a model sees them, as an ordered list of transforms. A recipe is only data until it is
-- fitted; then each transform learns from the training rows alone.
local ffi = require "ffi"
local core = require "lathe.core"

local C = core.C
local recipe = {}
local methods = {}
local meta = { __index = methods }

core.takes["lathe.recipe"] = { target = core.open, features = core.open, drop = core.open }
core.takes["recipe:impute"] = { numeric = "median", category = "mode", number = core.open, text = core.open, columns = core.open }
core.takes["recipe:encode"] = { method = "one-hot", drop = "none", unknown = "zeros", columns = core.open }
core.takes["recipe:scale"] = { method = "standard", ddof = 0, columns = core.open }

local function choice(value, choices, what)
  if choices[value] == nil then
    local words = {}
    for word in pairs(choices) do words[#words + 1] = ("%q"):format(word) end
    table.sort(words)
    local shown = type(value) == "string" and ("%q"):format(value) or tostring(value)
    core.fail("%s = %s is not one of %s", what, shown, table.concat(words, ", "))
  end
  return choices[value]
end

local function names(list, what)
  if type(list) == "string" then list = { list } end
  if type(list) ~= "table" then core.fail("%s is a list of column names, not a %s", what, type(list)) end
  for index, name in ipairs(list) do
    if type(name) ~= "string" then core.fail("%s: item %d is a %s, not the name of a column", what, index, type(name)) end
  end
  return list
end

local numeric = {
  none = C.LATHE_IMPUTE_NONE, median = C.LATHE_IMPUTE_MEDIAN, mean = C.LATHE_IMPUTE_MEAN, constant = C.LATHE_IMPUTE_CONSTANT,
}
local category = { none = C.LATHE_IMPUTE_NONE, mode = C.LATHE_IMPUTE_MODE, constant = C.LATHE_IMPUTE_CONSTANT }

-- A new recipe: lathe.recipe { target = "price" }. `features` = only these columns (all but the target); `drop` = without these.
function recipe.new(options)
  options = core.options(options, "lathe.recipe")
  if type(options.target) ~= "string" then core.fail "lathe.recipe needs the target: lathe.recipe { target = \"COLUMN\" }" end
  return setmetatable({
    target = options.target,
    features = names(options.features or {}, "features"),
    drop = names(options.drop or {}, "drop"),
    steps = {},
  }, meta)
end

-- Whether `value` is a recipe.
function recipe.is(value) return type(value) == "table" and getmetatable(value) == meta end

local function step(self, kind, options)
  options.columns = options.columns and names(options.columns, "columns")
  self.steps[#self.steps + 1] = { kind = kind, options = options }
  return self
end

-- Fill what is missing. numeric = "median" (default), "mean", "constant" with number = X, or "none"; category = "mode" (default),
-- "constant" with text = "X", or "none"; columns = only these.
function methods:impute(options)
  options = core.options(options, "recipe:impute")
  choice(options.numeric, numeric, "numeric")
  choice(options.category, category, "category")
  if options.numeric == "constant" and type(options.number) ~= "number" then
    core.fail "numeric = \"constant\" needs the number: impute { numeric = \"constant\", number = 0 }"
  end
  if options.category == "constant" and type(options.text) ~= "string" then
    core.fail "category = \"constant\" needs the text: impute { category = \"constant\", text = \"unknown\" }"
  end
  return step(self, "impute", options)
end

-- Texts to columns of 0 and 1, one for each text of the training rows. drop = "none" (default) or "first"; unknown = "zeros" (default: a
-- text not seen in training gives zeros) or "error"; columns = only these.
function methods:encode(options)
  options = core.options(options, "recipe:encode")
  choice(options.method, { ["one-hot"] = true }, "method")
  choice(options.drop, { none = true, first = true }, "drop")
  choice(options.unknown, { zeros = true, error = true }, "unknown")
  return step(self, "encode", options)
end

-- Numbers to mean 0 and standard deviation 1. ddof = 0 (default, as scikit-learn) or 1; columns = only these.
function methods:scale(options)
  options = core.options(options, "recipe:scale")
  choice(options.method, { standard = true }, "method")
  choice(options.ddof, { [0] = true, [1] = true }, "ddof")
  return step(self, "scale", options)
end

local appliers = {
  impute = function(handle, options)
    return C.lathe_recipe_impute(handle, numeric[options.numeric], options.number or 0, category[options.category], options.text,
      core.problem)
  end,
  encode = function(handle, options)
    return C.lathe_recipe_encode(handle, options.drop == "first", options.unknown == "error", core.problem)
  end,
  scale = function(handle, options) return C.lathe_recipe_scale(handle, options.ddof, core.problem) end,
}

-- The recipe of the core (lathe_recipe*), for fitting.
function methods:handle()
  local handle = ffi.gc(core.try(C.lathe_recipe_new(self.target, core.problem)), C.lathe_recipe_release)
  for _, name in ipairs(self.features) do core.try(C.lathe_recipe_feature(handle, name, core.problem)) end
  for _, name in ipairs(self.drop) do core.try(C.lathe_recipe_drop(handle, name, core.problem)) end
  for _, one in ipairs(self.steps) do
    core.try(appliers[one.kind](handle, one.options))
    for _, name in ipairs(one.options.columns or {}) do core.try(C.lathe_recipe_column(handle, name, core.problem)) end
  end
  return handle
end

-- The recipe as JSON text, as a bundle keeps it.
function methods:describe()
  local handle = self:handle()
  return ffi.string(core.try(C.lathe_recipe_describe(handle, core.problem)))
end

-- A few words for lists: "3 steps".
function methods:note() return ("%d step%s"):format(#self.steps, #self.steps == 1 and "" or "s") end

function meta.__tostring(self)
  local words = {}
  for _, one in ipairs(self.steps) do
    local options = {}
    for name, value in pairs(one.options) do
      if type(value) == "table" then value = "{ " .. table.concat(value, ", ") .. " }" end
      options[#options + 1] = name .. " = " .. tostring(value)
    end
    table.sort(options)
    words[#words + 1] = ("  %-7s %s"):format(one.kind, table.concat(options, ", "))
  end
  return ("recipe for %s\n%s"):format(self.target, #words > 0 and table.concat(words, "\n") or "  columns as they are")
end

return recipe
