-- How much columns tell of each other, and which are missing together.
local ffi = require "ffi"
local core = require "lathe.core"
local tables = require "lathe.table"

local C = core.C
local association = {}

local methods = { pearson = "LATHE_ASSOCIATION_PEARSON", spearman = "LATHE_ASSOCIATION_SPEARMAN", mixed = "LATHE_ASSOCIATION_MIXED" }
local fits = {
  pearson = { int64 = true, float64 = true, bool = true, date = true, timestamp = true },
  mixed = { int64 = true, float64 = true, bool = true, date = true, timestamp = true, category = true },
}
fits.spearman = fits.pearson

local BLOCK = 4096 -- rows: what the core takes or passes over when it looks at a part only

-- The names of the columns that `method` can compare.
function association.columns(table_, method)
  local names = {}
  for _, name in ipairs(table_:columns()) do
    if fits[method][table_:type(name)] then names[#names + 1] = name end
  end
  return names
end

-- The associations of `names` as plain data: { names =, values = { { ... }, ... }, complete = likewise, rows = those that were looked at };
-- nil where there is none. `options`: method; against = a name, when only its pairs are wanted; work = limit of rows times pairs, beyond
-- which only each so-manyth block of rows is looked at (no limit).
function association.matrix(table_, names, options)
  local method, count = options.method or "pearson", #names
  local list = ffi.new("int32_t[?]", count + 1)
  local against = -1
  for index, name in ipairs(names) do
    list[index - 1] = table_:index_of(name)
    if name == options.against then against = index - 1 end
  end
  local pairs_count = against >= 0 and count or count * (count + 1) / 2
  local every, rows = 1, table_:rows()
  if options.work and rows * pairs_count > options.work then
    every = math.max(1, math.min(math.ceil(rows * pairs_count / options.work), math.floor(rows / BLOCK)))
  end
  local out, complete = ffi.new("double[?]", count * count + 1), ffi.new("int64_t[?]", count * count + 1)
  core.try(C.lathe_table_associate(table_:handle(), list, count, C[methods[method]], against, every, out, complete, core.progress(),
    core.problem))
  local result = { names = names, values = {}, complete = {}, rows = rows }
  if every > 1 then
    local blocks = math.ceil(math.ceil(rows / BLOCK) / every)
    result.rows = math.min(rows, blocks * BLOCK)
  end
  for i = 1, count do
    local values, kept = {}, {}
    for j = 1, count do
      local value = out[(i - 1) * count + j - 1]
      if value == value then values[j] = value end
      kept[j] = tonumber(complete[(i - 1) * count + j - 1])
    end
    result.values[i], result.complete[i] = values, kept
  end
  return result
end

core.takes.correlate = { method = core.open, columns = core.open, against = core.open, pairs = core.open }
core.takes.missing_patterns = { columns = core.open }

-- Associations as a table. `options`: method = "pearson" (default), "spearman" (ranks; both between numbers, truth, dates and times) or
-- "mixed" (two numbers: Pearson; two categories: Cramer's V with Bergsma's correction; one of each: the correlation ratio eta);
-- columns = these only (default: all that fit); against = a column, for its associations only; pairs = true for a row of each pair,
-- strongest first, instead of a square. A pair is compared over the rows in which both are there.
function tables.correlate(self, options)
  options = core.options(options, "correlate")
  local method = options.method or (options.against and "mixed") or "pearson"
  if not methods[method] then core.fail("correlate: method is \"pearson\", \"spearman\" or \"mixed\", not %q", tostring(method)) end
  local names = options.columns and self:names(options.columns, "correlate") or association.columns(self, method)
  if options.against then
    self:index_of(options.against)
    local found = false
    for _, name in ipairs(names) do found = found or name == options.against end
    if not found then names[#names + 1] = options.against end
  end
  local matrix = association.matrix(self, names, { method = method, against = options.against })
  if options.pairs or options.against then return association.pairs(matrix, options.against) end
  local head = "column"
  while self:has(head) do head = head .. "_" end
  local definition = { { head, names } }
  for index, name in ipairs(names) do
    local values = { n = #names }
    for row = 1, #names do values[row] = matrix.values[row][index] end
    definition[index + 1] = { name, values }
  end
  return tables.new(definition)
end

-- The pairs of a matrix as a list of { first, second, value, rows }, strongest first; those without a value last.
function association.list(matrix, against)
  local list, names = {}, matrix.names
  for i = 1, #names do
    for j = i + 1, #names do
      local a, b = i, j
      if against == names[j] then a, b = j, i end
      if not against or against == names[a] then
        list[#list + 1] = { names[a], names[b], matrix.values[i][j], matrix.complete[i][j], place = #list }
      end
    end
  end
  table.sort(list, function(x, y)
    local a, b = math.abs(x[3] or -1), math.abs(y[3] or -1)
    if x[3] == nil then a = -1 end
    if y[3] == nil then b = -1 end
    if a ~= b then return a > b end
    return x.place < y.place
  end)
  return list
end

-- The same as a table: first, second, association, rows.
function association.pairs(matrix, against)
  local list = association.list(matrix, against)
  local first, second, values, rows = {}, {}, { n = #list }, {}
  for index, pair in ipairs(list) do first[index], second[index], values[index], rows[index] = unpack(pair, 1, 4) end
  return tables.new { { "first", first }, { "second", second }, { "association", values }, { "rows", rows } }
end

-- Patterns of missing values as a list of { rows =, columns = { NAME, ... } }, most frequent first, and how many there are.
-- `limit`: so many at most.
function association.patterns(table_, names, limit)
  local list, count = table_:indices_of(names, "missing_patterns")
  local all = names and #names > 0 and names or table_:columns()
  if count == 0 then count = #all end
  local pointer = C.lathe_table_patterns(table_:handle(), list, count, core.progress(), core.problem)
  local patterns = ffi.gc(core.try(pointer), C.lathe_patterns_free)
  local total, result = tonumber(C.lathe_patterns_count(patterns)), {}
  for index = 1, math.min(total, limit or total) do
    local missing = {}
    for at, name in ipairs(all) do
      if C.lathe_patterns_missing(patterns, index - 1, at - 1) then missing[#missing + 1] = name end
    end
    result[index] = { rows = tonumber(C.lathe_patterns_rows(patterns, index - 1)), columns = missing }
  end
  C.lathe_patterns_free(ffi.gc(patterns, nil))
  return result, total
end

-- Which columns are missing together: a table of rows (how many miss just these), share, missing (how many columns) and columns (their
-- names), most frequent first. t:missing_patterns { "a", "b" } looks at these columns only.
function tables.missing_patterns(self, names)
  if type(names) == "table" and names.columns then names = core.options(names, "missing_patterns").columns end
  if names ~= nil then names = self:names(names, "missing_patterns") end
  local list = association.patterns(self, names)
  local rows, share, missing, columns = {}, {}, {}, {}
  local all = self:rows()
  for index, pattern in ipairs(list) do
    rows[index], share[index] = pattern.rows, pattern.rows / all
    missing[index], columns[index] = #pattern.columns, table.concat(pattern.columns, ", ")
  end
  return tables.new { { "rows", rows }, { "share", share }, { "missing", missing }, { "columns", columns } }
end

return association
