-- Tables one below the other (lathe.concat), and one column below the other (table:melt).
local ffi = require "ffi"
local core = require "lathe.core"
local tables = require "lathe.table"

local C = core.C
local concat = {}

-- What the tables do not share: a list of { column, what }, in the order of the columns of `made`.
local function differences(list, labels, made)
  local found = {}
  for _, name in ipairs(made:columns()) do
    local lacking, types, kinds = {}, {}, {}
    for index, t in ipairs(list) do
      if t:has(name) then
        local kind = t:type(name)
        if not types[kind] then kinds[#kinds + 1] = kind end
        types[kind] = true
      else
        lacking[#lacking + 1] = labels[index]
      end
    end
    if #lacking > 0 and #lacking < #list then
      local shown = table.concat(lacking, ", ", 1, math.min(5, #lacking)) .. (#lacking > 5 and (" and %d more"):format(#lacking - 5) or "")
      found[#found + 1] = { name, "filled", "missing in " .. shown }
    end
    if #kinds > 1 then found[#found + 1] = { name, "widened", table.concat(kinds, ", ") .. " became " .. made:type(name) } end
  end
  return found
end

local function report_of(list, labels, made)
  local found = differences(list, labels, made)
  local report = require("lathe.report").new "Concat"
  local rows = {}
  for index, t in ipairs(list) do rows[index] = { labels[index], t:rows(), #t:columns() } end
  report:table { columns = { "table", "rows", "columns" }, rows = rows }
  if #found > 0 then
    report:heading "Columns that differ"
    report:table { columns = { "column", "what", "where" }, rows = found }
  end
  report.differences = found
  return report
end

core.takes["lathe.concat"] = { core.open, source = core.open, names = core.open }
core.takes.melt = { id = core.open, values = core.open, name = "variable", value = "value" }

-- Tables one below the other: lathe.concat { a, b, source = "file", names = { "a.csv", "b.csv" } }. Columns are found by name; the
-- table has those of the first and then what the others add, and what a table lacks is missing there. Types that differ are widened:
-- bool to int64 to float64, date to timestamp, category to string, anything else to string; a column in which everything is missing
-- takes the other's type. `source` names a column in front that says which table (by `names`, else "1", "2", ...) a row is from.
-- Also returns a report of what was filled and widened; `report.differences` is the list.
function concat.concat(list)
  if type(list) ~= "table" or tables.is(list) then core.fail "lathe.concat takes a list of tables: lathe.concat { a, b }" end
  core.options(list, "lathe.concat")
  local count = #list
  if count > 1 and core.is_beside(list[count]) then count = count - 1 end
  if count == 0 then core.fail "lathe.concat takes a table at least" end
  local pointers, labels, c_names = ffi.new("const lathe_table *[?]", count), {}, ffi.new("const char *[?]", count)
  local given = {}
  for index = 1, count do
    local t = list[index]
    given[index] = t
    if not tables.is(t) then core.fail("lathe.concat: item %d is not a table", index) end
    pointers[index - 1] = t:handle()
    labels[index] = list.names and list.names[index] or tostring(index)
    if type(labels[index]) ~= "string" then core.fail("lathe.concat: name %d is a %s, not text", index, type(labels[index])) end
    c_names[index - 1] = core.name(labels[index], "lathe.concat: the name")
  end
  if list.source ~= nil and (type(list.source) ~= "string" or list.source == "") then
    core.fail("source is the name of a column, not %s", tostring(list.source))
  end
  core.name(list.source or "", "the column name")
  local made = tables.wrap(C.lathe_table_concat(pointers, count, list.source, c_names, core.progress(), core.problem))
  return require("lathe.seal").inherit(made, given), report_of(given, labels, made)
end

-- Wide to long: a row for each row and each of the `values` columns, with the `id` columns beside it, the name of the column in a column
-- `name` ("variable") and what it holds in a column `value` ("value"): t:melt { id = "country", values = { "2023", "2024" }, name =
-- "year", value = "people" }. Without `values` all columns that are no `id`. The rows of the first column come first; types that
-- differ are widened as lathe.concat does it.
function tables:melt(options)
  options = core.options(options, "melt")
  local id, is_id = self:names(options.id or {}, "melt: id"), {}
  for _, kept in ipairs(id) do is_id[kept] = true end
  local values = options.values and self:names(options.values, "melt: values")
  if not values then
    values = {}
    for _, name in ipairs(self:columns()) do
      if not is_id[name] then values[#values + 1] = name end
    end
  end
  if #values == 0 then core.fail "melt: there is no column to melt; name some in values, or fewer in id" end
  local name, value = options.name, options.value
  for _, new in ipairs { name, value } do
    if type(new) ~= "string" then core.fail("melt: a column is named by text, not by a %s", type(new)) end
    if is_id[new] or name == value then core.fail("melt: two columns would be named %q; give name and value other names", new) end
  end
  local parts, order = { source = name, names = values }, {}
  for index, column in ipairs(values) do
    local part = { value, self:column(column) }
    local definition = {}
    for _, kept in ipairs(id) do definition[#definition + 1] = { kept, self:column(kept) } end
    definition[#definition + 1] = part
    parts[index] = tables.new(definition)
  end
  for _, kept in ipairs(id) do order[#order + 1] = kept end
  order[#order + 1], order[#order + 2] = name, value
  return (concat.concat(parts)):select(order)
end

return concat
