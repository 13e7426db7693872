-- Adds to tables: oversample, undersample, smote, noise, reword. They make training rows of training rows; test rows are refused.
local ffi = require "ffi"
local column = require "lathe.column"
local core = require "lathe.core"
local tables = require "lathe.table"
local seal = require "lathe.seal"

local C = core.C
local augment = {}

core.takes.oversample = { target = core.open, ratio = 1, seed = 42 }
core.takes.undersample = { target = core.open, ratio = 1, seed = 42 }
core.takes.smote = { target = core.open, ratio = 1, neighbours = 5, columns = core.open, categories = core.open, seed = 42 }
core.takes.reword = { columns = core.open, copies = 1, drop = 0.1, swap = 0.1, seed = 42 }
core.takes.noise = { columns = core.open, copies = 1, scale = 0.1, seed = 42 }

local function check(self, options, where)
  seal.refuse(self, where)
  options = core.options(options, where)
  if type(options.seed) ~= "number" or options.seed % 1 ~= 0 or options.seed < 0 or options.seed > 2 ^ 53 then
    core.fail("%s: seed is a whole number from 0 up, not %s", where, tostring(options.seed))
  end
  if options.ratio and type(options.ratio) ~= "number" then core.fail("%s: ratio is a number, not %s", where, tostring(options.ratio)) end
  return options
end

local function target_of(self, options, where)
  if type(options.target) ~= "string" then core.fail("%s needs the column of classes: t:%s { target = \"COLUMN\" }", where, where) end
  return self:index_of(options.target)
end

local function balance(self, options, over)
  local where = over and "oversample" or "undersample"
  options = check(self, options, where)
  local target = target_of(self, options, where)
  local made = tables.wrap(C.lathe_table_balance(self:handle(), target, over, options.ratio, options.seed, core.progress(), core.problem))
  return made, made:rows() - self:rows()
end

-- All rows, and behind them rows drawn again until each class of `target` has `ratio` (1) times the rows of the largest:
-- t:oversample { target = "kind", seed = 42 }. Also returns how many rows were added.
function tables:oversample(options) return balance(self, options, true) end

-- Of each class of `target` as many rows, drawn, as the smallest has, divided by `ratio` (1); their order stays. Also returns by how many
-- rows it grew, a number below 0.
function tables:undersample(options) return balance(self, options, false) end

-- The columns of numbers, or those named, that may be changed.
local function numbers_of(self, names, target, where)
  local list = {}
  if names then
    for _, name in ipairs(self:names(names, where)) do
      local kind = self:type(name)
      if kind ~= "int64" and kind ~= "float64" then core.fail("%s: %q is %s; name columns of numbers", where, name, kind) end
      if name == target then core.fail("%s: %q is the target, and stays as it is", where, name) end
      list[#list + 1] = name
    end
    return list
  end
  for _, name in ipairs(self:columns()) do
    local kind = self:type(name)
    if name ~= target and (kind == "int64" or kind == "float64") then list[#list + 1] = name end
  end
  return list
end

local function indices(self, names)
  local list = ffi.new("int32_t[?]", #names + 1)
  for index, name in ipairs(names) do list[index - 1] = self:index_of(name) end
  return list
end

-- All rows, and behind them new ones between rows of a class and its nearest `neighbours` (5) in it, until each class of `target` has
-- `ratio` (1) times the rows of the largest (SMOTE). `columns` are the numbers by which rows are near and that are mixed (all); scale
-- them first when their units differ. `categories` (all columns of categories and truth values; {} for none) count in the distance
-- when they differ, and new rows take the most frequent among the neighbours (SMOTE-NC). Other columns are copied from the row begun
-- from. Missing numbers raise: impute first. Also returns how many rows were added.
function tables:smote(options)
  options = check(self, options, "smote")
  local target = target_of(self, options, "smote")
  local numbers = numbers_of(self, options.columns, options.target, "smote: columns")
  local categories = options.categories and #options.categories > 0 and self:names(options.categories, "smote: categories") or {}
  if not options.categories then
    for _, name in ipairs(self:columns()) do
      local kind = self:type(name)
      if name ~= options.target and (kind == "category" or kind == "bool") then categories[#categories + 1] = name end
    end
  end
  local c = ffi.new "lathe_smote_options"
  local number_list, category_list = indices(self, numbers), indices(self, categories)
  c.numbers, c.number_count, c.categories, c.category_count = number_list, #numbers, category_list, #categories
  c.neighbours, c.ratio, c.seed = options.neighbours, options.ratio, options.seed
  local made = tables.wrap(C.lathe_table_smote(self:handle(), target, c, core.progress(), core.problem))
  return require("lathe.concat").concat { self, made }, made:rows()
end

-- All rows, and behind them `copies` (1) of each with noise: to the numbers in `columns` (all) is added a normal number whose deviation is
-- `scale` (0.1) times that of the column; results stay between its least and largest value, whole numbers whole. The target of a
-- regression is a number too: leave it out by naming columns. Also returns how many rows were added.
function tables:noise(options)
  options = check(self, options, "noise")
  local names = numbers_of(self, options.columns, nil, "noise: columns")
  if #names == 0 then core.fail "noise: there is no column of numbers to add noise to" end
  for _, name in ipairs { "copies", "scale" } do
    if type(options[name]) ~= "number" then core.fail("noise: %s is a number, not %s", name, tostring(options[name])) end
  end
  local made = tables.wrap(C.lathe_table_noise(self:handle(), indices(self, names), #names, options.copies, options.scale, options.seed,
    core.progress(), core.problem))
  return require("lathe.concat").concat { self, made }, made:rows()
end

-- All rows, and behind them `copies` (1) of each with the texts of `columns` in other words: each word is exchanged with the next one with
-- probability `swap` (0.1), and left out with probability `drop` (0.1), but one stays. A Chinese character is a word. Also returns how
-- many rows were added.
function tables:reword(options)
  options = check(self, options, "reword")
  if options.columns == nil then core.fail 'reword takes the columns of texts: t:reword { columns = "review" }' end
  for _, name in ipairs { "copies", "drop", "swap" } do
    if type(options[name]) ~= "number" then core.fail("reword: %s is a number, not %s", name, tostring(options[name])) end
  end
  local parts = {}
  for copy = 1, math.max(options.copies, 1) do parts[copy] = self end
  local concat = require("lathe.concat").concat
  local made = concat(parts)
  for stream, name in ipairs(self:names(options.columns, "reword: columns")) do
    local kind = self:type(name)
    if kind ~= "string" and kind ~= "category" then core.fail("reword: %q is %s; name columns of texts", name, kind) end
    local texts = column.own(C.lathe_column_reword(self:column(name):handle(), options.copies, options.drop, options.swap, options.seed,
      stream, core.progress(), core.problem), name)
    made = made:with(name, kind == "category" and texts:to_category() or texts)
  end
  return concat { self, made }, made:rows()
end

return augment
