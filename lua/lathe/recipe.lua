-- Recipes: what happens to the columns before a model sees them, as an ordered list of transforms. A recipe is only data until it is
-- fitted; then each transform learns from the training rows alone.
--
-- The kinds of step and their options are those of the core (src/prepare): each is a method that takes a table of options, and `columns`
-- with the names of the only columns it is for. Each method gives the recipe back.
local ffi = require "ffi"
local core = require "lathe.core"

local C = core.C
local recipe = {}
local methods = {}
local meta = { __index = methods }

core.takes["lathe.recipe"] = { target = core.open, features = core.open, drop = core.open, impersonal = core.open,
  steps = core.open }

local function names(list, what)
  if type(list) == "string" then list = { list } end
  if type(list) ~= "table" then core.fail("%s is a list of column names, not a %s", what, type(list)) end
  for index, name in ipairs(list) do
    if type(name) ~= "string" then core.fail("%s: item %d is a %s, not the name of a column", what, index, type(name)) end
  end
  return list
end

-- ---- the kinds of step ----

local number, flag, choice, text = tonumber(C.LATHE_OPTION_NUMBER), tonumber(C.LATHE_OPTION_FLAG), tonumber(C.LATHE_OPTION_CHOICE),
  tonumber(C.LATHE_OPTION_TEXT)

local function read_option(pointer)
  local option = { name = ffi.string(pointer.name), doc = ffi.string(pointer.doc), least = pointer.least, most = pointer.most }
  local kind, value = tonumber(pointer.type), pointer.number
  option.type = kind == flag and "boolean" or kind == choice and "choice" or kind == text and "string"
    or kind == number and "number" or "integer"
  if kind == choice then
    option.choices = {}
    for word in ffi.string(pointer.choices):gmatch "[^|]+" do option.choices[#option.choices + 1] = word end
    if value == value then option.default = option.choices[value + 1] end
  elseif kind == flag then
    option.default = value ~= 0
  elseif kind ~= text and value == value then
    option.default = value
  end
  return option
end

-- The kinds of step in their order: { name =, doc =, options = { { name =, type =, default =, choices =, least =, most =, doc = }, ... } }.
recipe.kinds = {}
for index = 0, C.lathe_recipe_kinds() - 1 do
  local kind = { name = ffi.string(C.lathe_recipe_kind_name(index)), doc = ffi.string(C.lathe_recipe_kind_doc(index)), options = {} }
  for place = 0, C.lathe_recipe_kind_options(index) - 1 do
    kind.options[place + 1] = read_option(C.lathe_recipe_kind_option(index, place))
    kind.options[kind.options[place + 1].name] = kind.options[place + 1]
  end
  recipe.kinds[index + 1], recipe.kinds[kind.name] = kind, kind
end

-- The steps of a list: see recipe.new.
local function append_all(made, steps)
  if type(steps) ~= "table" then core.fail("steps is a list of kinds of step, each with its options, not a %s", type(steps)) end
  for index, item in ipairs(steps) do
    local options = type(item) == "table" and {} or nil
    for key, value in pairs(options and item or {}) do
      if key ~= 1 and key ~= "step" then options[key] = value end
    end
    local kind = options and (item[1] or item.step) or item
    if not recipe.kinds[kind] then
      local words = {}
      for place, one in ipairs(recipe.kinds) do words[place] = one.name end
      core.fail("step %d of the recipe: there is no step %s; %s", index, type(kind) == "string" and ("%q"):format(kind) or tostring(kind),
        require("lathe.schema").suggest(kind, words, "steps"))
    end
    methods[kind](made, options)
  end
  return made
end

-- The names of the targets: of none, one or a list of several.
local function targets_of(target)
  if target == nil then return {} end
  if type(target) == "string" then return { target } end
  if type(target) ~= "table" then core.fail("the target is the name of a column, or a list of several, not a %s", type(target)) end
  local list, known = names(target, "target"), {}
  if #list == 0 then core.fail "the target is the name of a column, or a list of several; the list is empty" end
  for _, name in ipairs(list) do
    if known[name] then core.fail("%q stands twice among the targets", name) end
    known[name] = true
  end
  return { unpack(list) }
end

-- A new recipe: lathe.recipe { target = "price" }, or { target = { "price", "rent" } }: several numbers, which networks learn at once.
-- `features` = only these columns (all but the target); `drop` = without these. A recipe that is for a model has a target. A feature that
-- looks personal is refused, unless it is among `impersonal`. `steps` is a list of what is appended: each the name of a kind, or a table of
-- its name and options: steps = { "impute", { "scale", method = "robust" } }.
function recipe.new(options)
  options = core.options(options, "lathe.recipe")
  local targets = targets_of(options.target)
  local made = setmetatable({
    targets = targets,
    target = targets[1] and table.concat(targets, ", "),
    features = names(options.features or {}, "features"),
    drop = names(options.drop or {}, "drop"),
    impersonal = names(options.impersonal or {}, "impersonal"),
    steps = {},
  }, meta)
  return append_all(made, options.steps or {})
end

-- Whether `value` is a recipe.
function recipe.is(value) return type(value) == "table" and getmetatable(value) == meta end

local function shown(value) return type(value) == "string" and ("%q"):format(value) or tostring(value) end

local function set_option(handle, kind, name, value)
  local option = recipe.kinds[kind].options[name]
  if option.type == "choice" then
    for _, word in ipairs(option.choices) do
      if word == value then return core.try(C.lathe_recipe_set_text(handle, name, value, core.problem)) end
    end
    core.fail("%s = %s is not one of \"%s\"", name, shown(value), table.concat(option.choices, '", "'))
  elseif option.type == "string" then
    if type(value) == "table" then value = table.concat(names(value, name), " ") end
    if type(value) ~= "string" then core.fail("%s: %s is a text, not a %s", kind, name, type(value)) end
    core.try(C.lathe_recipe_set_text(handle, name, value, core.problem))
  elseif option.type == "boolean" then
    if type(value) ~= "boolean" then core.fail("%s: %s is true or false, not %s", kind, name, shown(value)) end
    core.try(C.lathe_recipe_set_number(handle, name, value and 1 or 0, core.problem))
  else
    if type(value) ~= "number" then core.fail("%s: %s is a number, not %s", kind, name, shown(value)) end
    core.try(C.lathe_recipe_set_number(handle, name, value, core.problem))
  end
end

local function append_step(handle, one)
  core.try(C.lathe_recipe_step(handle, one.kind, core.problem))
  for name, value in pairs(one.options) do
    if name ~= "columns" then set_option(handle, one.kind, name, value) end
  end
  for _, name in ipairs(one.options.columns or {}) do core.try(C.lathe_recipe_column(handle, name, core.problem)) end
  core.try(C.lathe_recipe_check(handle, core.problem))
end

-- One method for each kind of step: recipe:scale { method = "standard", columns = { "a" } }.
for _, kind in ipairs(recipe.kinds) do
  local takes = { columns = core.open }
  for _, option in ipairs(kind.options) do takes[option.name] = option.default == nil and core.open or option.default end
  core.takes["recipe:" .. kind.name] = takes
  methods[kind.name] = function(self, options)
    local one = { kind = kind.name, options = {} }
    for name, value in pairs(core.check_options(options, takes, "recipe:" .. kind.name)) do one.options[name] = value end
    one.options.columns = one.options.columns and names(one.options.columns, "columns")
    append_step(ffi.gc(core.try(C.lathe_recipe_new(nil, core.problem)), C.lathe_recipe_release), one)
    self.steps[#self.steps + 1] = one
    return self
  end
end

-- The recipe of the core (lathe_recipe*), for fitting.
function methods:handle()
  local handle = ffi.gc(core.try(C.lathe_recipe_new(nil, core.problem)), C.lathe_recipe_release)
  for _, name in ipairs(self.targets) do core.try(C.lathe_recipe_add_target(handle, name, core.problem)) end
  for _, name in ipairs(self.features) do core.try(C.lathe_recipe_feature(handle, name, core.problem)) end
  for _, name in ipairs(self.drop) do core.try(C.lathe_recipe_drop(handle, name, core.problem)) end
  for _, name in ipairs(self.impersonal) do core.try(C.lathe_recipe_impersonal(handle, name, core.problem)) end
  for _, one in ipairs(self.steps) do append_step(handle, one) end
  return handle
end

-- For fitting on the rows of `train`: the recipe of the core, and the table (lathe_table*) of the rows that are left when steps of it drop
-- some.
function methods:learn_from(train)
  local handle = self:handle()
  return handle, ffi.gc(core.try(C.lathe_recipe_keep(handle, train:handle(), core.progress(), core.problem)), C.lathe_table_release)
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
  local steps = #words > 0 and table.concat(words, "\n") or "  columns as they are"
  return ("recipe%s\n%s"):format(self.target and " for " .. self.target or "", steps)
end

return recipe
