-- Adds to tables: pivot.
local ffi = require "ffi"
local core = require "lathe.core"
local tables = require "lathe.table"

local C = core.C

core.takes.pivot = { rows = core.open, columns = core.open, values = core.open, aggregate = core.open, fill = core.open, limit = 1000 }

local function names_of(self, names, what)
  if names == nil or (type(names) == "table" and next(names) == nil) then
    core.fail("pivot needs %s, the names of columns: t:pivot { rows = \"city\", columns = \"year\", values = \"x\" }", what)
  end
  return self:names(names, "pivot: " .. what)
end

local function indices(self, names)
  local list = ffi.new("int32_t[?]", #names)
  for index, name in ipairs(names) do list[index - 1] = self:index_of(name) end
  return list
end

-- A long table made wide: t:pivot { rows = "city", columns = "year", values = "price", aggregate = "mean" } has one row for each city and
-- one column for each year. Options:
--   rows, columns, values  names, or lists of names; without values rows are counted
--   aggregate              what becomes of several rows in a cell, as in group_by: "mean", "quantile 0.9"; without it two are an error
--   fill                   a number for cells without rows; otherwise they are missing
--   limit                  the most new columns (1000)
-- Rows come by first appearance, new columns in the order of their values; what is missing there is named "(missing)".
function tables:pivot(options)
  options = core.options(options, "pivot")
  local rows, columns = names_of(self, options.rows, "rows"), names_of(self, options.columns, "columns")
  local fill = options.fill
  if fill and type(fill) ~= "number" then core.fail("pivot: fill is a number, not %s", tostring(fill)) end
  if type(options.limit) ~= "number" or options.limit < 1 then
    core.fail("pivot: limit is a number of columns, not %s", tostring(options.limit))
  end
  local long, values = self, options.values
  if not values and (not options.aggregate or options.aggregate == "count") then
    options.aggregate, values = "count", { "count" }
  else
    values = names_of(self, values, "values")
  end
  if options.aggregate then
    local keys, aggregates = {}, {}
    for _, name in ipairs(rows) do keys[#keys + 1] = name end
    for _, name in ipairs(columns) do keys[#keys + 1] = name end
    local word, number = tostring(options.aggregate):match "^%s*([%a_]+)%s*([%d.]*)%s*$"
    for _, name in ipairs(values) do
      aggregates[name] = options.values and { word or options.aggregate, name, tonumber(number) } or "count"
    end
    long = self:group_by(keys, aggregates)
  end
  local c = ffi.new "lathe_pivot"
  local row_list, column_list, value_list = indices(long, rows), indices(long, columns), indices(long, values)
  local fill_value = fill and ffi.new("double[1]", fill) or nil
  c.rows, c.columns, c.values, c.fill = row_list, column_list, value_list, fill_value
  c.row_count, c.column_count, c.value_count, c.limit = #rows, #columns, #values, options.limit
  return tables.wrap(C.lathe_table_pivot(long:handle(), c, core.progress(), core.problem))
end

return tables.pivot
