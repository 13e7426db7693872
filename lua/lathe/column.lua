-- One column of a table: `c.type` ("bool", "int64", "float64", "string", "category", "date", "timestamp"), `c.name`, and its elements.
local ffi = require "ffi"
local core = require "lathe.core"

local C = core.C
local column = core.class("column", C.lathe_column_release)

local scratch = ffi.new "char[32]"
local wrap = column.wrap

-- A column object for a borrowed pointer, which it retains.
function column.of(pointer, name)
  local object = wrap(C.lathe_column_retain(pointer))
  rawset(object, "type", ffi.string(C.lathe_type_name(C.lathe_column_type(pointer))))
  rawset(object, "name", name)
  return object
end

-- A column object for a pointer that is given away.
function column.own(pointer, name)
  pointer = core.try(pointer)
  local object = column.of(pointer, name)
  C.lathe_column_release(pointer)
  return object
end

-- The number of elements.
function column:rows() return tonumber(C.lathe_column_rows(self:handle())) end

-- How many elements are missing.
function column:missing() return tonumber(C.lathe_column_missing(self:handle())) end

local limit = 2 ^ 53

local readers = {
  bool = function(pointer, row) return C.lathe_column_number(pointer, row) == 1 end,
  float64 = function(pointer, row) return C.lathe_column_number(pointer, row) end,
  int64 = function(pointer, row)
    local value = C.lathe_column_number(pointer, row)
    if value > -limit and value < limit then return value end
    return ffi.cast("const int64_t *", C.lathe_column_values(pointer))[row]
  end,
}

local LONGEST = 2 ^ 31 - 1024 -- bytes of a Lua string

local function read_text(pointer, row)
  local text = C.lathe_column_format(pointer, row, scratch)
  if text.size > LONGEST then
    core.fail("row %d holds a text of %.1f GB, more than Lua can hold; take a part of it with derive { part = \"left(NAME, 1000)\" }",
      row + 1, tonumber(text.size) / 1e9)
  end
  return ffi.string(text.data, text.size)
end

local function check_row(pointer, row)
  if type(row) ~= "number" or row < 1 or row > tonumber(C.lathe_column_rows(pointer)) or row % 1 ~= 0 then
    core.fail("row %s does not exist; the column has rows 1 to %d", tostring(row), tonumber(C.lathe_column_rows(pointer)))
  end
end

-- Element `row` (from 1): a boolean, a number, or text (dates and times as text too); nil when it is missing. An integer beyond 2^53
-- is an int64_t.
function column:get(row)
  local pointer = self:handle()
  check_row(pointer, row)
  if not C.lathe_column_present(pointer, row - 1) then return nil end
  return (readers[self.type] or read_text)(pointer, row - 1)
end

-- Element `row` as text, as in a CSV file; "" when it is missing. With `most`, no more of it than that many bytes.
function column:text(row, most)
  local pointer = self:handle()
  check_row(pointer, row)
  if not C.lathe_column_present(pointer, row - 1) then return "" end
  if not most then return read_text(pointer, row - 1) end
  local text = C.lathe_column_format(pointer, row - 1, scratch)
  return ffi.string(text.data, math.min(tonumber(text.size), most))
end

-- Whether element `row` is there.
function column:present(row)
  local pointer = self:handle()
  check_row(pointer, row)
  return C.lathe_column_present(pointer, row - 1)
end

-- All elements as a list; missing ones are nil, so the list has `n`.
function column:values()
  local list = { n = self:rows() }
  for row = 1, list.n do list[row] = self:get(row) end
  return list
end

-- The distinct texts of a category column, in the order of their codes.
function column:categories()
  local dictionary = C.lathe_column_dictionary(self:handle())
  if dictionary == nil then core.fail("a %s column has no categories; only a category column has", self.type) end
  local list = {}
  for row = 0, tonumber(C.lathe_column_rows(dictionary)) - 1 do list[row + 1] = read_text(dictionary, row) end
  return list
end

-- A string column as a category column, and back.
function column:to_category() return column.own(C.lathe_column_to_category(self:handle(), core.problem), self.name) end
function column:to_string() return column.own(C.lathe_column_to_string(self:handle(), core.problem), self.name) end

local makers = {
  number = function(values, rows)
    local data = ffi.new("double[?]", rows)
    for row = 1, rows do data[row - 1] = values[row] == nil and 0 / 0 or tonumber(values[row]) end
    return C.lathe_column_from_float64(data, rows, core.problem)
  end,
  int64 = function(values, rows)
    local data = ffi.new("int64_t[?]", rows)
    for row = 1, rows do
      if values[row] == nil then core.fail("an int64 column cannot be made from a list with gaps; leave its type out") end
      data[row - 1] = values[row]
    end
    return C.lathe_column_from_int64(data, rows, core.problem)
  end,
  boolean = function(values, rows)
    local data = ffi.new("bool[?]", rows)
    for row = 1, rows do
      if values[row] == nil then core.fail("a column of truth values cannot be made from a list with gaps") end
      data[row - 1] = values[row]
    end
    return C.lathe_column_from_bool(data, rows, core.problem)
  end,
  string = function(values, rows)
    local data = ffi.new("lathe_text[?]", rows)
    for row = 1, rows do
      local value = values[row]
      if value ~= nil then data[row - 1].data, data[row - 1].size = value, #value end
    end
    return C.lathe_column_from_text(data, rows, core.problem)
  end,
}

-- The number of elements of a list that may have gaps.
local function list_size(values)
  if values.n then return values.n end
  local size = 0
  for key in pairs(values) do
    if type(key) == "number" and key > size then size = key end
  end
  return size
end

-- A column from a Lua list: numbers make float64 (nil is missing), booleans bool, strings string; integers of C (1LL) make int64. `rows`
-- is needed when the list ends in gaps.
function column.new(values, rows, name)
  if column.is(values) then return values end
  if type(values) ~= "table" then core.fail("a column is made from a list, not from a %s", type(values)) end
  if rawget(values, "pointer") ~= nil then core.fail("a column is made from a list or a column, not from a %s", values.noun) end
  rows = rows or list_size(values)
  local kind
  for row = 1, rows do
    local value = values[row]
    if value ~= nil then
      local now = ffi.istype("int64_t", value) and "int64" or type(value)
      if not makers[now] then core.fail("element %d of a column is a %s; use numbers, texts or truth values", row, now) end
      if kind and kind ~= now then
        core.fail("element %d of a column is a %s among elements of type %s; use one type", row, now, kind)
      end
      kind = now
    end
  end
  return column.own(makers[kind or "number"](values, rows), name)
end

-- The size a column made from `values` would have.
function column.size(values) return column.is(values) and values:rows() or list_size(values) end

function column.describe(object)
  if rawget(object, "pointer") == nil then return "released column" end
  return ("%s: %s, %d rows, %d missing"):format(object.name or "column", object.type, object:rows(), object:missing())
end

return column
