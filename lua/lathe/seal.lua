-- Sealed tables: the rows that a model is measured on. Whatever learns from rows, makes new ones from them or chooses by them refuses a
-- sealed table; whatever measures takes it, and each such look is counted, for a test set that was looked at often has been learned from,
-- too.
--
-- t:split seals the test rows, t:folds those of each fold. What a verb makes of a sealed table is sealed with it, and so is a table that a
-- sealed one was joined or put under; t:save keeps it in the file. t:unseal(why) takes it off.
local core = require "lathe.core"

local seal = {}

-- The seal of a table, nil when it has none: { looks = how often its rows were measured on, before = how often before the file was written
-- that they come from }. Tables made of one another share it.
function seal.of(table_) return type(table_) == "table" and rawget(table_, "sealed") or nil end

-- Seal a table, as `other` is sealed or anew; gives it.
function seal.put(table_, sealed)
  rawset(table_, "sealed", sealed or { looks = 0, before = 0 })
  return table_
end

-- Seal `table_` when one of `others` is sealed; gives it.
function seal.inherit(table_, others)
  for _, other in ipairs(others) do
    local sealed = seal.of(other)
    if sealed then return seal.put(table_, sealed) end
  end
  return table_
end

-- Raise when `table_` is sealed: `what` (a sentence's beginning: "lathe.fit") learns from rows.
function seal.refuse(table_, what)
  if seal.of(table_) then
    core.fail("%s does not take test rows: they are there to measure on, and a model that has seen them cannot be told from a good one; "
      .. "give the training rows, or say t:unseal \"why\" first", what)
  end
end

-- Count a look at `table_`, when it is sealed.
function seal.look(table_)
  local sealed = seal.of(table_)
  if sealed then sealed.looks = sealed.looks + 1 end
end

-- Columns carry it, too: a table made of one is sealed.
local function pass_on(sealed, tables, ...)
  local is_column = require("lathe.column").is
  for index = 1, select("#", ...) do
    local result = select(index, ...)
    if (tables.is(result) or is_column(result)) and not seal.of(result) then seal.put(result, sealed) end
  end
  return ...
end

-- Have what methods of sealed tables give be sealed too.
function seal.guard(tables)
  function tables.pass(object, key, method)
    local sealed = rawget(object, "sealed")
    if not sealed or type(method) ~= "function" or key == "unseal" then return method end
    return function(...) return pass_on(sealed, tables, method(...)) end
  end
end

return seal
