-- Adds table:split and table:folds to tables.
local ffi = require "ffi"
local core = require "lathe.core"
local tables = require "lathe.table"

local C = core.C

core.takes.split = { test = 0.2, seed = 42, shuffle = true, seal = true, stratify = core.open, group = core.open, time = core.open }
core.takes.folds = { folds = 5, seed = 42, shuffle = true, seal = true, stratify = core.open, group = core.open, time = core.open }

local split = {}

-- The rows of a table with these numbers (from 0, int64 of C), in this order.
function split.take(table_, rows, count)
  return tables.wrap(C.lathe_table_take(table_:handle(), rows, count, core.progress(), core.problem))
end

-- The column of `name` and its name, for C.
local function of(table_, name) return C.lathe_table_column(table_:handle(), table_:index_of(name)), name end

-- The one way of cutting that `options` ask for: "stratify", "group", "time", or nil.
local function way_of(options, where)
  local found
  for _, way in ipairs { "stratify", "group", "time" } do
    if options[way] ~= nil then
      if found then core.fail("%s takes %s or %s, not both", where, found, way) end
      found = way
    end
  end
  return found
end

local function check(options, where)
  if type(options.seed) ~= "number" or options.seed % 1 ~= 0 then core.fail("seed is a whole number, not %s", tostring(options.seed)) end
  if type(options.shuffle) ~= "boolean" then core.fail("shuffle is true or false, not %s", tostring(options.shuffle)) end
  return way_of(options, where)
end

-- Cut the rows in two: train, test = t:split { test = 0.2, seed = 42 }. `test` below 1 is a part of the rows (rounded up), otherwise a
-- number of rows. With the same seed these are the rows, in the order, of scikit-learn's train_test_split. `stratify` = a column
-- whose values both parts hold in equal shares; `group` = a column whose equal rows stay in one part (`test` counts groups); `time` = a
-- column by which the latest rows are for testing (rows of one time stay together); shuffle = false: the test rows are the last ones.
-- The test rows are sealed: what learns from rows or chooses by them refuses them (t:unseal); seal = false cuts rows for validation.
function tables:split(options)
  options = core.options(options, "split")
  if type(options.test) ~= "number" then core.fail("test is a number such as 0.2, not %s", tostring(options.test)) end
  local way, rows = check(options, "split"), self:rows()
  local order, cut = ffi.new("int64_t[?]", rows), ffi.new "int64_t[1]"
  if way == "group" then
    local column, name = of(self, options.group)
    core.try(C.lathe_split_grouped(column, name, options.test, options.seed, order, cut, core.problem))
  else
    local count = C.lathe_split_count(rows, options.test, core.problem)
    if count < 0 then core.try(false) end
    cut[0] = count
    if way == "stratify" then
      if not options.shuffle then core.fail "a stratified split draws its rows; leave shuffle = false out" end
      local column, name = of(self, options.stratify)
      core.try(C.lathe_split_stratified(column, name, count, options.seed, order, core.problem))
    elseif way == "time" then
      local column, name = of(self, options.time)
      core.try(C.lathe_split_by_time(column, name, count, order, cut, core.problem))
    else
      core.try(C.lathe_split_order(rows, count, options.shuffle, options.seed, order, core.problem))
    end
  end
  local test = split.take(self, order, cut[0])
  if options.seal then require("lathe.seal").put(test) end
  return split.take(self, order + cut[0], rows - cut[0]), test
end

local function assign(self, options, way, fold)
  local rows, count, seed = self:rows(), options.folds, options.seed
  if way == "group" then
    local column, name = of(self, options.group)
    return C.lathe_split_group_folds(column, name, count, fold, core.problem)
  elseif way == "time" then
    local column, name = of(self, options.time)
    return C.lathe_split_rolling(column, name, count, fold, core.problem)
  elseif way == "stratify" then
    local column, name = of(self, options.stratify)
    return C.lathe_split_folds(rows, column, name, count, options.shuffle, seed, fold, core.problem)
  end
  return C.lathe_split_folds(rows, nil, nil, count, options.shuffle, seed, fold, core.problem)
end

-- The rows of each fold, what t:folds takes tables from: for train, trained, test, tested, number in split.parts(t, options) do ... end, of
-- row numbers from 0 (int64 of C) and how many there are.
function split.parts(self, options)
  if type(options.folds) ~= "number" or options.folds % 1 ~= 0 then
    core.fail("folds is a whole number, not %s", tostring(options.folds))
  end
  local way, rows = check(options, "folds"), self:rows()
  local fold = ffi.new("int32_t[?]", rows)
  core.try(assign(self, options, way, fold))
  local number = -1
  return function()
    number = number + 1
    if number == options.folds then return nil end
    local train, test = ffi.new("int64_t[?]", rows), ffi.new("int64_t[?]", rows)
    local trained, tested = 0, 0
    for row = 0, rows - 1 do
      local this = fold[row]
      if this == number then
        test[tested], tested = row, tested + 1
      elseif way ~= "time" or this < number then
        train[trained], trained = row, trained + 1
      end
    end
    return train, trained, test, tested, number + 1
  end
end

-- Folds for cross-validation: for train, test, number in t:folds { folds = 5 } do ... end. Every row is tested once. These are the rows
-- of scikit-learn's KFold; with `stratify` = a column those of StratifiedKFold; with `group` = a column its equal rows are in one
-- fold, about as GroupKFold has them; with `time` = a column each fold is trained on what came before it (TimeSeriesSplit) and the
-- earliest rows are never tested. Rows keep the table's order. The test rows of a fold are sealed as those of t:split are, so rows made
-- inside a fold are made of its training rows; seal = false leaves them open.
function tables:folds(options)
  options = core.options(options, "folds")
  local parts, seal = split.parts(self, options), require "lathe.seal"
  return function()
    local train, trained, test, tested, number = parts()
    if not train then return nil end
    local rows, held = seal.inherit(split.take(self, train, trained), { self }), seal.inherit(split.take(self, test, tested), { self })
    if options.seal and not seal.of(held) then seal.put(held) end
    return rows, held, number
  end
end

return split
