-- Adds to tables: join, join_asof.
local ffi = require "ffi"
local core = require "lathe.core"
local tables = require "lathe.table"

local C = core.C
local join = {}

core.takes.join = { on = core.open, how = "inner", suffix = "_right", validate = "many-to-many", missing = "differ" }
core.takes.join_asof = { on = core.open, by = core.open, direction = "backward", tolerance = math.huge, exact = true, suffix = "_right" }

local kinds = { inner = "INNER", left = "LEFT", right = "RIGHT", full = "FULL", outer = "FULL", semi = "SEMI", anti = "ANTI" }
-- Whether the keys of the left and of the right table are there once.
local relations = {
  ["one-to-one"] = { true, true }, ["one-to-many"] = { true, false },
  ["many-to-one"] = { false, true }, ["many-to-many"] = { false, false },
}
local directions = { backward = "BACKWARD", forward = "FORWARD", nearest = "NEAREST" }

local function choice(value, choices, what, where)
  if choices[value] ~= nil then return choices[value] end
  local words = {}
  for word in pairs(choices) do words[#words + 1] = word end
  table.sort(words)
  core.fail("%s: %s = %q is not one of %s", where, what, tostring(value), table.concat(words, ", "))
end

-- "key", { "a", "b" }, { left = "right" }, "left = right" -> two lists of names
local function pairs_of(self, other, on, where)
  if type(on) == "string" then on = { on } end
  if type(on) ~= "table" or tables.is(on) then
    local shared = {}
    for _, name in ipairs(self:columns()) do
      if other:has(name) then shared[#shared + 1] = ("%q"):format(name) end
    end
    local hint = #shared > 0 and "; both tables have " .. table.concat(shared, ", ") or ""
    core.fail("%s needs the columns to compare: on = \"key\", { \"a\", \"b\" } or { left = \"right\" }%s", where, hint)
  end
  local left, right, names = {}, {}, {}
  for _, name in ipairs(on) do
    local a, b = name, name
    if type(name) == "string" and not self:has(name) and name:find "=" then a, b = name:match "^%s*(.-)%s*=%s*(.-)%s*$" end
    left[#left + 1], right[#right + 1] = a, b
  end
  for name in pairs(on) do
    if type(name) == "string" then names[#names + 1] = name end
  end
  table.sort(names)
  for _, name in ipairs(names) do left[#left + 1], right[#right + 1] = name, on[name] end
  return left, right
end

local function indices(self, names)
  local list = ffi.new("int32_t[?]", #names + 1)
  for index, name in ipairs(names) do list[index - 1] = self:index_of(name) end
  return list
end

local function check(other, options, where)
  if not tables.is(other) then core.fail("%s takes another table first, not a %s", where, type(other)) end
  options = core.options(options, where)
  if options.suffix ~= nil and (type(options.suffix) ~= "string" or options.suffix == "") then
    core.fail("%s: suffix is a text such as \"_right\", not %s", where, tostring(options.suffix))
  end
  return options
end

local function finish(pointer, unmatched, other)
  local result = require("lathe.seal").inherit(tables.wrap(pointer), { other })
  return result, core.beside { left = tonumber(unmatched.left), right = tonumber(unmatched.right) }
end

-- The rows of two tables that have the same key, side by side: t:join(other, { on = "key", how = "left" }) or t:join(other, "key").
--   on        "key", { "a", "b" }, or { left = "right" } where the names differ (the left names stay)
--   how       "inner" (default), "left", "right", "full"; "semi" and "anti" give the rows of t that have a partner, that have none
--   suffix    for columns of `other` whose names t has too ("_right")
--   validate  "one-to-one", "one-to-many" or "many-to-one": refuse keys that are there twice on a side of "one"
--   missing   "differ" (default, as in SQL): a missing key equals nothing; "equal": missing equals missing
-- Rows keep the order of t (a right join: of `other`); a full join has the rest of `other` at its end. Texts equal categories, int64
-- equals float64 as numbers; other types raise. Also returns how many rows of each side found no partner: { left = 3, right = 0 } (semi and
-- anti joins count the left ones).
function tables:join(other, options)
  if type(options) == "string" or (type(options) == "table" and options[1]) then options = { on = options } end
  options = check(other, options, "join")
  local left, right = pairs_of(self, other, options.on, "join")
  local relation = choice(options.validate, relations, "validate", "join")
  local c = ffi.new "lathe_join_options"
  c.kind = C["LATHE_JOIN_" .. choice(options.how, kinds, "how", "join")]
  c.missing_equal = choice(options.missing, { differ = 0, equal = 1 }, "missing", "join") == 1
  c.left_unique, c.right_unique, c.suffix = relation[1], relation[2], options.suffix
  local unmatched = ffi.new "lathe_join_unmatched"
  return finish(C.lathe_table_join(self:handle(), indices(self, left), other:handle(), indices(other, right), #left, c, unmatched,
    core.progress(), core.problem), unmatched, other)
end

-- Beside each row the nearest row of another table: quotes:join_asof(trades, { on = "time", by = "stock", tolerance = 5 }).
--   on         the column to be near in: a name, or { left = "right" }; numbers, dates or timestamps in any order
--   by         columns that must be equal, as `on` of join
--   direction  "backward" (default): the last row that is not later; "forward": the first that is not earlier; "nearest"
--   tolerance  the most they may be apart: a number, days for dates, seconds for timestamps
--   exact      false: rows that are equal in `on` are no partners
--   suffix     for columns of `other` whose names t has too ("_right")
-- Every row of t stays. Also returns how many rows of each side found no partner.
function tables:join_asof(other, options)
  options = check(other, options, "join_asof")
  local on_left, on_right = pairs_of(self, other, options.on, "join_asof")
  if #on_left ~= 1 then core.fail("join_asof: on is one column, not %d; columns that must be equal are `by`", #on_left) end
  local left, right = {}, {}
  if options.by then left, right = pairs_of(self, other, options.by, "join_asof") end
  if type(options.tolerance) ~= "number" then core.fail("join_asof: tolerance is a number, not %s", tostring(options.tolerance)) end
  if type(options.exact) ~= "boolean" then core.fail("join_asof: exact is true or false, not %s", tostring(options.exact)) end
  local c = ffi.new "lathe_asof_options"
  c.direction = C["LATHE_ASOF_" .. choice(options.direction, directions, "direction", "join_asof")]
  c.left_on, c.right_on = self:index_of(on_left[1]), other:index_of(on_right[1])
  c.tolerance, c.strict, c.suffix = options.tolerance, not options.exact, options.suffix
  local unmatched = ffi.new "lathe_join_unmatched"
  return finish(C.lathe_table_join_asof(self:handle(), indices(self, left), other:handle(), indices(other, right), #left, c, unmatched,
    core.progress(), core.problem), unmatched, other)
end

return join
