-- Adds table:sort and table:order to tables.
local ffi = require "ffi"
local core = require "lathe.core"
local tables = require "lathe.table"

local C = core.C

core.takes.sort = { core.open, descending = core.open, missing = core.open }
core.takes.order = core.takes.sort

local function checked(options, where)
  local given = core.options(options, where)
  if given.descending ~= nil and type(given.descending) ~= "boolean" then
    core.fail("%s: descending is true or false, not %s", where, tostring(given.descending))
  end
  if given.missing ~= nil and given.missing ~= "first" and given.missing ~= "last" then
    core.fail("%s: missing is \"first\" or \"last\", not %q", where, tostring(given.missing))
  end
end

-- Column, direction and place of the missing of one key; `whole` has what holds for all.
local function key_of(self, key, whole, where)
  local descending, missing = whole.descending, whole.missing
  if type(key) == "table" then
    checked(key, where)
    if key.descending ~= nil then descending = key.descending end
    missing, key = key.missing or missing, key[1]
  end
  if type(key) ~= "string" then
    core.fail("%s: a key is the name of a column, \"-NAME\" or { NAME, descending = true }, not a %s", where, type(key))
  end
  descending = descending or false
  if key:sub(1, 1) == "-" and not self:has(key) and self:has(key:sub(2)) then key, descending = key:sub(2), not descending end
  return self:index_of(key), descending, missing == "first"
end

local function keys_of(self, keys, where)
  if type(keys) == "string" then keys = { keys } end
  if type(keys) ~= "table" or tables.is(keys) then core.fail("%s takes the names of columns, not a %s", where, type(keys)) end
  if #keys == 0 then core.fail("%s takes the name of a column at least", where) end
  checked(keys, where)
  local list = ffi.new("lathe_sort_key[?]", #keys)
  for at, key in ipairs(keys) do
    local made = list[at - 1]
    made.column, made.descending, made.missing_first = key_of(self, key, keys, where)
  end
  return list, #keys
end

-- The rows in the order of some columns: t:sort "age", t:sort { "city", "-age" }, t:sort { { "age", descending = true, missing =
-- "first" }, "city" }; `descending` and `missing` beside the names hold for all. Stable: rows that are equal in all keys keep their
-- order. Missing elements come last ("first" by option), NaN behind all numbers, whichever way they run; -0 equals 0; texts and
-- categories by their bytes, which is the order of code points; false before true.
function tables:sort(keys)
  local list, count = keys_of(self, keys, "sort")
  return tables.wrap(C.lathe_table_sort(self:handle(), list, count, core.progress(), core.problem))
end

-- The numbers of the rows in that order, as a list: t:take(t:order "age") is t:sort "age".
function tables:order(keys)
  local list, count = keys_of(self, keys, "order")
  local rows = self:rows()
  local order, numbers = ffi.new("int64_t[?]", rows), {}
  core.try(C.lathe_table_order(self:handle(), list, count, order, core.progress(), core.problem))
  for at = 1, rows do numbers[at] = tonumber(order[at - 1]) + 1 end
  return numbers
end

return tables.sort
