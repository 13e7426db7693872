-- Several tables one below the other: by the names of their columns, with a word about how they differ.
local ffi = require "ffi"
local core = require "lathe.core"
local C = core.C

local several = {}

-- Which type holds the values of two.
local function common(first, second)
  if first == second then return first end
  local pair = { [first] = true, [second] = true }
  if pair.int64 and pair.float64 then return "float64" end
  if pair.date and pair.timestamp then return "timestamp" end
  return "string"
end

local function is_empty(table_, name)
  local column = table_:column(name)
  return column:missing() == column:rows()
end

-- The types that all tables could have: name -> type, and the names in the order in which they appear. A column of missing values
-- fits with any.
local function settle(list)
  local types, order = {}, {}
  for _, item in ipairs(list) do
    for _, name in ipairs(item.table:columns()) do
      local empty, kind = is_empty(item.table, name), item.table:type(name)
      if types[name] == nil then
        order[#order + 1] = name
        types[name] = empty and false or kind
      elseif not empty then
        types[name] = types[name] and common(types[name], kind) or kind
      end
    end
  end
  return types, order
end

local rereadable = { csv = true, json = true, jsonl = true }

-- A text table whose columns differ in type from the others' is read once more, at the common types: "007" stays what it is.
local function read_again(item, types, options, read_one)
  local wanted, differs = {}, false
  for _, name in ipairs(item.table:columns()) do
    local kind = types[name]
    if options.types and options.types[name] then kind = options.types[name] end
    local text = kind == "string" and item.table:type(name) == "category"
    if kind and kind ~= item.table:type(name) and not text then wanted[name], differs = kind, true end
  end
  if not differs or not rereadable[item.detail.format] or item.path == "-" then return end
  local again = {}
  for name, value in pairs(options) do again[name] = value end
  again.types = wanted
  for name, kind in pairs(options.types or {}) do
    if item.table:has(name) then again.types[name] = kind end
  end
  item.detail = {}
  item.table = read_one(item.path, again, item.detail)
end

-- How the tables differ: a table (column, type, files, example), or nil, and a few words.
local function differences(list, order)
  local columns, kinds, counts, examples, words = {}, {}, {}, {}, {}
  for _, name in ipairs(order) do
    local groups, by_kind, absent = {}, {}, nil
    for _, item in ipairs(list) do
      local kind = item.table:has(name) and item.table:type(name) or "absent"
      if item.table:has(name) and is_empty(item.table, name) then kind = "all missing" end
      if not by_kind[kind] then
        by_kind[kind] = { kind = kind, count = 0, example = item.path }
        groups[#groups + 1] = by_kind[kind]
      end
      by_kind[kind].count = by_kind[kind].count + 1
      if kind == "absent" then absent = absent or item.path end
    end
    if #groups > 1 then
      for _, group in ipairs(groups) do
        local at = #columns + 1
        columns[at], kinds[at], counts[at], examples[at] = name, group.kind, group.count, group.example
      end
      if absent then words[#words + 1] = ("%s is not in %s"):format(name, absent)
      else
        local one, other = groups[1], groups[2]
        words[#words + 1] = ("%s is %s in %s and %s in %s"):format(name, one.kind, one.example, other.kind, other.example)
      end
    end
  end
  if #columns == 0 then return nil, nil end
  local shown = table.concat(words, ", ", 1, math.min(3, #words)) .. (#words > 3 and (" and %d more"):format(#words - 3) or "")
  return require("lathe").table { { "column", columns }, { "type", kinds }, { "files", counts }, { "example", examples } }, shown
end

-- A category column of `rows` times the same text.
local function constant(text, rows, name)
  local column = require "lathe.column"
  local one = column.new({ text }, 1, name):to_category()
  return column.own(C.lathe_column_take(one:handle(), ffi.new("int64_t[?]", rows), rows, core.problem), name)
end

-- `table_` with a column that says where its rows come from.
function several.with_source(table_, name, path)
  if table_:has(name) then core.fail("source: there is a column %q already; name another", name) end
  local origin = path == "-" and "standard input" or path:find "^%w+://" and require("lathe.fetch").masked(path) or path
  return table_:with(name, constant(origin, table_:rows(), name)):select { name, unpack(table_:columns()) }
end

-- The rejected rows of all, each with its file.
local function all_rejects(list, concat)
  local some = {}
  for _, item in ipairs(list) do
    local rejects = item.detail.rejects
    if rejects and (rejects:rows() > 0 or #some == 0 and item == list[#list]) then
      some[#some + 1] = several.with_source(rejects, "file", item.path)
    end
  end
  if #some == 0 then return nil end
  return #some == 1 and some[1] or (concat(some))
end

local function concat(tables)
  return require("lathe").concat(tables)
end

-- Read `places` (paths) with `read_one`: the table of all and its details.
function several.read(places, options, read_one)
  local list = {}
  for index, path in ipairs(places) do
    local detail = {}
    list[index] = { path = path, table = read_one(path, options, detail), detail = detail }
  end
  local types, order = settle(list)
  local schema, words = differences(list, order)
  local tables, files = {}, {}
  for index, item in ipairs(list) do
    read_again(item, types, options, read_one)
    local note = table.concat(item.detail.parts or {}, "; ")
    files[index] = { path = item.path, rows = item.table:rows(), note = note, dialect = item.detail.dialect }
    tables[index] = options.source and several.with_source(item.table, options.source, item.path) or item.table
  end
  local all = #tables == 1 and tables[1] or (concat(tables))
  local parts = { ("%d files"):format(#list) }
  if #list == 1 then parts[1] = files[1].note ~= "" and files[1].note or nil end
  if words then parts[#parts + 1] = words end
  return all, { format = list[1].detail.format, rejects = all_rejects(list, concat), files = files, schema = schema, parts = parts,
    dialect = list[1].detail.dialect }
end

return several
