-- Adds to tables: group_by, aggregate, distinct, value_counts.
local ffi = require "ffi"
local core = require "lathe.core"
local tables = require "lathe.table"

local C = core.C

core.takes.group_by = { sort = false, missing = "keep" }
core.takes.value_counts = { sort = true, share = false, missing = "keep" }

-- The aggregates by name: the kind of C, whether a column is needed, the quantile.
local known = {
  count = { "COUNT", optional = true }, sum = { "SUM" }, mean = { "MEAN" }, sd = { "SD" }, variance = { "VARIANCE" }, min = { "MIN" },
  max = { "MAX" }, median = { "QUANTILE", at = 0.5 }, quantile = { "QUANTILE" }, distinct = { "DISTINCT" }, first = { "FIRST" },
  last = { "LAST" }, any = { "ANY" }, all = { "ALL" },
}

-- What other tools call them.
local aliases = {
  n = "count", size = "count", avg = "mean", average = "mean", std = "sd", stddev = "sd", var = "variance", nunique = "distinct",
  n_distinct = "distinct", n_unique = "distinct", minimum = "min", maximum = "max",
}

local function names_of(set)
  local words = {}
  for word in pairs(set) do words[#words + 1] = word end
  table.sort(words)
  return words
end

local group = {}

-- The names of the aggregates, sorted.
function group.names() return names_of(known) end

-- "sum(x)", "sum x", "quantile(x, 0.9)", "count" -> word, column, number
local function words_of(text)
  local word, inside = text:match "^%s*([%a_]+)%s*%((.*)%)%s*$"
  if not word then word, inside = text:match "^%s*([%a_]+)%s*(.-)%s*$" end
  if not word then return text end
  local name, number = inside:match "^%s*(.-)%s*,%s*([%d.eE+-]+)%s*$"
  name = name or inside:match "^%s*(.-)%s*$"
  return word, name ~= "" and name or nil, tonumber(number)
end

-- An aggregate as a user wrote it: { kind, column index, quantile, name }. `name` may be nil: it is made from the words.
local function parse(self, what, name, where)
  local word, column, number
  if type(what) == "string" then
    word, column, number = words_of(what)
  elseif type(what) == "table" and type(what[1]) == "string" then
    word, column, number = what[1], what[2], what[3]
  else
    core.fail("%s: %s is not an aggregate; write \"sum(x)\" or { \"sum\", \"x\" }", where, name or type(what))
  end
  local entry = known[aliases[word] or word]
  if not entry then
    core.fail("%s: there is no aggregate %q; %s", where, word, require("lathe.schema").suggest(word, names_of(known), "aggregates"))
  end
  local at = entry.at
  if entry[1] == "QUANTILE" and not at then
    at = tonumber(number)
    if not at then core.fail("%s: a quantile needs a number between 0 and 1: \"quantile(%s, 0.9)\"", where, tostring(column or "x")) end
  elseif number ~= nil then
    core.fail("%s: %s takes a column and nothing more", where, word)
  end
  if not column and not entry.optional then core.fail("%s: %s needs a column: \"%s(x)\"", where, word, word) end
  local index = column and self:index_of(column) or -1
  name = name and core.name(name, "the column name") or (column and ("%s_%s"):format(word, column) or word)
  return { kind = C["LATHE_AGGREGATE_" .. entry[1]], index = index, at = at or 0, name = name }
end

-- The aggregates of a table: listed ones in order ("sum(x)", "total = sum(x)", { "total", "sum(x)" }), then named ones by name.
local function parse_all(self, list, first, where)
  local parsed, names = {}, {}
  for index = first, #list do
    local what = list[index]
    local name, rest = nil, what
    if type(what) == "string" and what:find "=" and not self:has(what) then name, rest = what:match "^%s*(.-)%s*=%s*(.-)%s*$" end
    parsed[#parsed + 1] = parse(self, rest, name, where)
  end
  for name in pairs(list) do
    if type(name) == "string" then names[#names + 1] = name end
  end
  table.sort(names)
  for _, name in ipairs(names) do parsed[#parsed + 1] = parse(self, list[name], name, where) end
  return parsed
end

local function run(self, keys, aggregates, options, where)
  options = core.options(options, "group_by")
  if type(options.sort) ~= "boolean" then core.fail("%s: sort is true or false, not %s", where, tostring(options.sort)) end
  if options.missing ~= "keep" and options.missing ~= "drop" then
    core.fail("%s: missing is \"keep\" (a group of its own) or \"drop\", not %q", where, tostring(options.missing))
  end
  local columns = ffi.new("int32_t[?]", #keys + 1)
  for index, name in ipairs(keys) do columns[index - 1] = self:index_of(name) end
  local list = ffi.new("lathe_aggregate[?]", #aggregates + 1)
  for index, aggregate in ipairs(aggregates) do
    local to = list[index - 1]
    to.kind, to.column, to.at, to.name = aggregate.kind, aggregate.index, aggregate.at, aggregate.name
  end
  local result = tables.wrap(C.lathe_table_group(self:handle(), columns, #keys, list, #aggregates, options.missing == "drop",
    core.progress(), core.problem))
  if options.sort and #keys > 0 then return result:sort(keys) end
  return result
end

-- One row for each different combination of values in `keys` (a name or a list), with aggregates of the rows that have it:
--   t:group_by("city", { n = "count", total = "sum(x)", p90 = { "quantile", "x", 0.9 } })
--   t:group_by({ "city", "year" }, { "count", "mean(x)", "largest = max(x)" })       in this order, as count, mean_x, largest
--   t:group_by { "city", n = "count", total = { "sum", "x" } }                       keys and aggregates in one table
-- Without aggregates the rows are counted. Aggregates: count (of rows; of values with a column), sum, mean, sd, variance, min, max,
-- median, quantile, distinct, first, last, any, all. Missing values take part in none; a sum of integers beyond int64 raises. Groups
-- come by first appearance; options: sort = true by their keys; missing = "drop" leaves out rows that miss a key instead of making
-- a group of them.
function tables:group_by(keys, aggregates, options)
  if aggregates == nil and type(keys) == "table" and not tables.is(keys) then
    local names = {}
    aggregates = {}
    for name, what in pairs(keys) do
      if type(name) == "string" then aggregates[name] = what else names[name] = what end
    end
    keys = names
  end
  if type(aggregates) == "string" then aggregates = { aggregates } end
  if aggregates ~= nil and type(aggregates) ~= "table" then
    core.fail("group_by takes aggregates such as { total = \"sum(x)\" }, not a %s", type(aggregates))
  end
  if aggregates == nil or next(aggregates) == nil then aggregates = { "count" } end
  local list = self:names(keys, "group_by")
  if #list == 0 then core.fail "group_by needs the names of columns; t:aggregate { ... } takes all rows as one group" end
  return run(self, list, parse_all(self, aggregates, 1, "group_by"), options, "group_by")
end

-- All rows as one group: t:aggregate { n = "count", m = "mean(x)" } is a table of one row.
function tables:aggregate(aggregates)
  if type(aggregates) == "string" then aggregates = { aggregates } end
  if type(aggregates) ~= "table" or next(aggregates) == nil then
    core.fail "aggregate takes aggregates such as { total = \"sum(x)\" }"
  end
  return run(self, {}, parse_all(self, aggregates, 1, "aggregate"), nil, "aggregate")
end

-- The different rows, or the different combinations of these columns alone, by first appearance: t:distinct { "city", "year" }.
function tables:distinct(names)
  local picked = self
  if names ~= nil then picked = self:select(names) end
  return (picked:drop_duplicates())
end

local function free_name(self, names, name)
  local taken = {}
  for _, known_name in ipairs(names) do taken[known_name] = true end
  if taken[name] then core.fail("value_counts makes a column %q, and counts one of that name; rename it first", name) end
  return name
end

-- How often each value occurs (or each combination): t:value_counts "city", the most frequent first, equal ones by first appearance.
-- Options: sort = false leaves them by first appearance; share = true adds their part of all counted rows; missing = "drop" leaves
-- missing values out.
function tables:value_counts(names, options)
  options = core.options(options, "value_counts")
  names = self:names(names, "value_counts")
  if #names == 0 then core.fail "value_counts needs the name of a column" end
  free_name(self, names, "count")
  local counts = self:group_by(names, { "count" }, { missing = options.missing })
  if options.sort then counts = counts:sort { "-count" } end
  if not options.share then return counts end
  free_name(self, names, "share")
  local column, rows, total = counts:column "count", counts:rows(), 0
  local values = ffi.cast("const int64_t *", C.lathe_column_values(column:handle()))
  for row = 0, rows - 1 do total = total + tonumber(values[row]) end
  local shares = ffi.new("double[?]", rows)
  for row = 0, rows - 1 do shares[row] = tonumber(values[row]) / total end
  return counts:with("share", require("lathe.column").own(C.lathe_column_from_float64(shares, rows, core.problem), "share"))
end

return group
