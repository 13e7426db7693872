-- Tables: named, typed columns of one length. Nothing changes a table: each verb gives a new one that shares the columns it does
-- not touch. Rows and columns are counted from 1.
local ffi = require "ffi"
local core = require "lathe.core"
local column = require "lathe.column"

local C = core.C
local tables = core.class("table", C.lathe_table_release)
local handle = tables.handle
require("lathe.seal").guard(tables)

-- ---- writing ----

-- Save as a safetensors file, with types and all; `lathe.table.load(path)` maps it again. Test rows keep their seal, with `looks` when they
-- are not those of the seal.
function tables:save(path, looks)
  local sealed = require("lathe.seal").of(self)
  looks = sealed and (looks or sealed.looks) or -1
  core.try(C.lathe_table_save(handle(self), core.path(path, "table:save"), looks, core.problem))
  return self
end

-- Map a saved table.
function tables.load(path)
  local looks = ffi.new "int64_t[1]"
  local loaded = tables.wrap(C.lathe_table_load(core.path(path, "lathe.table.load"), looks, core.problem))
  return looks[0] < 0 and loaded or require("lathe.seal").put(loaded, { looks = tonumber(looks[0]), before = tonumber(looks[0]) })
end

-- ---- making ----

local function from_columns(names, columns)
  local count = #names
  local c_names, pointers = ffi.new("const char *[?]", count + 1), ffi.new("lathe_column *[?]", count + 1)
  for index = 1, count do
    c_names[index - 1] = core.name(names[index], "the column name")
    pointers[index - 1] = columns[index]:handle()
  end
  return require("lathe.seal").inherit(tables.wrap(C.lathe_table_new(count, c_names, pointers, core.problem)), columns)
end

-- A table from Lua lists: lathe.table { { "name", values }, ... } keeps the order, lathe.table { name = values, ... } sorts by name. Values
-- are numbers (nil is missing), texts or truth values, or a column of another table.
function tables.new(definition)
  if type(definition) ~= "table" then core.fail("lathe.table takes a table of columns, not a %s", type(definition)) end
  local pairs_list = {}
  if definition[1] then
    for index, pair in ipairs(definition) do
      if type(pair) ~= "table" or type(pair[1]) ~= "string" then
        core.fail("lathe.table: item %d is not { \"name\", values }", index)
      end
      pairs_list[index] = pair
    end
  else
    for name, values in pairs(definition) do pairs_list[#pairs_list + 1] = { tostring(name), values } end
    table.sort(pairs_list, function(a, b) return a[1] < b[1] end)
  end
  local rows, names, columns = 0, {}, {}
  for _, pair in ipairs(pairs_list) do rows = math.max(rows, column.size(pair[2])) end
  for index, pair in ipairs(pairs_list) do
    names[index], columns[index] = pair[1], column.new(pair[2], rows, pair[1])
  end
  return from_columns(names, columns)
end

setmetatable(tables, { __call = function(_, definition) return tables.new(definition) end })

-- ---- looking ----

-- The number of rows.
function tables:rows() return tonumber(C.lathe_table_rows(handle(self))) end

-- The names of the columns.
function tables:columns()
  local pointer, names = handle(self), {}
  for index = 1, C.lathe_table_columns(pointer) do names[index] = ffi.string(C.lathe_table_name(pointer, index - 1)) end
  return names
end

-- The index of a column (from 0); raises with the nearest name there is.
function tables:index_of(name)
  if type(name) ~= "string" then core.fail("a column is named by text, not by a %s", type(name)) end
  local index = C.lathe_table_need(handle(self), core.name(name, "the column name"), core.problem)
  if index < 0 then core.try(false) end
  return index
end

-- Whether there is a column of this name.
function tables:has(name) return not name:find("\0", 1, true) and C.lathe_table_find(handle(self), name) >= 0 end

-- A column object; see lathe.column.
function tables:column(name)
  local index = self:index_of(name)
  return column.of(C.lathe_table_column(handle(self), index), name)
end

-- The type of a column.
function tables:type(name)
  return ffi.string(C.lathe_type_name(C.lathe_column_type(C.lathe_table_column(handle(self), self:index_of(name)))))
end

-- Row `row` as a Lua table by column name; missing elements are nil.
function tables:row(row)
  local result = {}
  for _, name in ipairs(self:columns()) do result[name] = self:column(name):get(row) end
  return result
end

-- Iterate over rows: for i, row in t:each() do ... end
function tables:each()
  local names, columns, rows, at = self:columns(), {}, self:rows(), 0
  for index, name in ipairs(names) do columns[index] = self:column(name) end
  return function()
    if at == rows then return nil end
    at = at + 1
    local row = {}
    for index, name in ipairs(names) do row[name] = columns[index]:get(at) end
    return at, row
  end
end

-- The content hash: equal tables, equal hash.
function tables:hash()
  local out = ffi.new "char[33]"
  core.try(C.lathe_table_hash(handle(self), out, core.problem))
  return ffi.string(out)
end

-- The bytes that the columns take in memory.
function tables:bytes() return tonumber(C.lathe_table_bytes(handle(self))) end

-- A few words for lists: "20,640 rows".
function tables:note()
  local rows = self:rows()
  return require("lathe.style").count(rows) .. (rows == 1 and " row" or " rows")
end

-- ---- verbs on columns ----

-- What { type = ... } may say: types, and words for several of them.
local type_words = {
  number = { int64 = true, float64 = true }, text = { string = true, category = true }, time = { date = true, timestamp = true },
}
for name in ("bool int64 float64 string category date timestamp"):gmatch "%w+" do type_words[name] = { [name] = true } end

local function of_types(self, wanted, verb)
  local known, types, found = {}, {}, {}
  for word in pairs(type_words) do known[#known + 1] = word end
  table.sort(known)
  for _, word in ipairs(type(wanted) == "table" and wanted or { wanted }) do
    if not type_words[word] then
      core.fail("%s: there is no type %q; %s", verb, tostring(word), require("lathe.schema").suggest(word, known, "types"))
    end
    for name in pairs(type_words[word]) do types[name] = true end
  end
  for _, name in ipairs(self:columns()) do
    if types[self:type(name)] then found[#found + 1] = name end
  end
  return found
end

-- The names of columns, as every verb takes them: one name; a list of names; patterns with * and ? among these ("room*"), when no column
-- has that very name; { type = "float64" } (or "number", "text", "time", or a list), alone or behind names. Raises with the nearest name.
-- `verb` asks, in errors.
function tables:names(what, verb)
  if type(what) == "string" then what = { what } end
  if type(what) ~= "table" or tables.is(what) then
    core.fail("%s takes names of columns, not a %s; t:columns() lists them", verb or "names", type(what))
  end
  local schema, names, listed = require "lathe.schema", {}, {}
  local function add(name)
    if not listed[name] then names[#names + 1], listed[name] = name, true end
  end
  for _, name in ipairs(what) do
    if type(name) == "string" and name:find "[*?]" and not self:has(name) then
      local matching = schema.matching(name, self:columns())
      if #matching == 0 then
        core.fail("%s: no column matches %q; the columns are %s", verb, name, schema.enumerate(self:columns()))
      end
      for _, found in ipairs(matching) do add(found) end
    else
      self:index_of(name)
      if listed[name] then core.fail("%s: column %q is named twice", verb, name) end
      add(name)
    end
  end
  for key in pairs(what) do
    if type(key) == "string" and key ~= "type" then core.unknown_option(verb, key, { type = true }) end
  end
  if what.type ~= nil then
    for _, name in ipairs(of_types(self, what.type, verb)) do add(name) end
  end
  return names
end

-- t:select("a", "b") is t:select { "a", "b" }.
local function listed(what, ...)
  if type(what) == "string" and type((...)) == "string" then return { what, ... } end
  return what
end

local function columns_of(self, names)
  local columns = {}
  for index, name in ipairs(names) do columns[index] = self:column(name) end
  return columns
end

-- Only these columns, in this order: t:select { "a", "b" }, t:select "room*", t:select { "id", type = "number" }.
function tables:select(what, ...)
  local names = self:names(listed(what, ...), "select")
  return from_columns(names, columns_of(self, names))
end

-- All columns but these, which are named as for select.
function tables:drop(what, ...)
  local out, kept = {}, {}
  for _, name in ipairs(self:names(listed(what, ...), "drop")) do out[name] = true end
  for _, name in ipairs(self:columns()) do
    if not out[name] then kept[#kept + 1] = name end
  end
  return from_columns(kept, columns_of(self, kept))
end

-- Other names: t:rename { old = "new" }. Names may be swapped; a name that another column has raises.
function tables:rename(changes)
  if type(changes) ~= "table" then core.fail("rename takes { old = \"new\" }, not a %s", type(changes)) end
  for name, new in pairs(changes) do
    self:index_of(name)
    if type(new) ~= "string" then core.fail("rename: the new name of %q is a %s, not text", name, type(new)) end
  end
  local names, columns, taken = self:columns(), {}, {}
  for index, name in ipairs(names) do
    local new = changes[name] or name
    columns[index], names[index] = self:column(name), new
    if taken[new] then core.fail("rename: two columns would be named %q; drop one first, or choose another name", new) end
    taken[new] = true
  end
  return from_columns(names, columns)
end

-- With a column added at the end, or replaced: a list of values, or a column.
function tables:with(name, values)
  if type(name) ~= "string" then core.fail("a column is named by text, not by a %s", type(name)) end
  local names, columns, found = self:columns(), {}, false
  local added = column.new(values, not column.is(values) and self:rows() or nil, name)
  for index, known in ipairs(names) do
    columns[index] = known == name and added or self:column(known)
    found = found or known == name
  end
  if not found then names[#names + 1], columns[#columns + 1] = name, added end
  return from_columns(names, columns)
end

-- ---- verbs on rows ----

-- The rows at `indices` (a list, from 1), in that order.
function tables:take(indices)
  if type(indices) ~= "table" then core.fail("take takes a list of row numbers, not a %s", type(indices)) end
  local count = #indices
  local rows = ffi.new("int64_t[?]", count)
  for index = 1, count do
    local row = tonumber(indices[index])
    if not row or row % 1 ~= 0 or row < 1 or row > 2 ^ 53 then
      core.fail("take: item %d is %s, not the number of a row", index, tostring(indices[index]))
    end
    rows[index - 1] = row - 1
  end
  return tables.wrap(C.lathe_table_take(handle(self), rows, count, core.progress(), core.problem))
end

-- Indices of columns for C, from 0: an int32_t array and its length; nil and 0 (all of them) for nil and {}. `verb` asks, in errors.
function tables:indices_of(what, verb)
  if what == nil or (type(what) == "table" and next(what) == nil) then return nil, 0 end
  local names = self:names(what, verb)
  local list = ffi.new("int32_t[?]", #names)
  for index, name in ipairs(names) do list[index - 1] = self:index_of(name) end
  return list, #names
end

-- { columns = names, ... } of a verb that takes the names alone, too.
local function with_columns(what, verb)
  if type(what) == "string" or (type(what) == "table" and (what[1] ~= nil or what.type ~= nil)) then what = { columns = what } end
  return core.options(what, verb)
end

core.takes.drop_duplicates = { columns = core.open, keep = "first" }
core.takes.drop_missing = { columns = core.open }

-- One of each set of equal rows: t:drop_duplicates(), t:drop_duplicates "id", t:drop_duplicates { columns = { "id" }, keep = "last" }.
-- `columns`: compare these only; `keep`: "first" (default) or "last". Also returns how many rows were left out.
function tables:drop_duplicates(what)
  local options = with_columns(what, "drop_duplicates")
  local keep = options.keep
  if keep ~= "first" and keep ~= "last" then core.fail("keep is \"first\" or \"last\", not %q", tostring(keep)) end
  local list, count = self:indices_of(options.columns, "drop_duplicates")
  local result = tables.wrap(
    C.lathe_table_drop_duplicates(handle(self), list, count, keep == "last", core.progress(), core.problem))
  return result, self:rows() - result:rows()
end

-- The rows that miss nothing, in these columns or in all: t:drop_missing { "income" }. Also returns how many rows were left out.
function tables:drop_missing(what, ...)
  local list, count = self:indices_of(with_columns(listed(what, ...), "drop_missing").columns, "drop_missing")
  local result = tables.wrap(C.lathe_table_drop_missing(handle(self), list, count, core.progress(), core.problem))
  return result, self:rows() - result:rows()
end

core.takes.keep_range = { min = -math.huge, max = math.huge, below = math.huge }

-- The rows whose number in a column lies in a range: t:keep_range("age", { min = 17, max = 99 }); `below` is a limit that is itself
-- outside. Missing, infinite and NaN values are outside of every range. Also returns how many rows were left out.
function tables:keep_range(name, range)
  range = core.options(range, "keep_range")
  for word, limit in pairs(range) do
    if type(limit) ~= "number" then core.fail("keep_range: %s is a number, not %s", word, tostring(limit)) end
  end
  local pointer, count = C.lathe_table_column(handle(self), self:index_of(name)), self:rows()
  local values, rows, kept = ffi.new("double[?]", count), ffi.new("int64_t[?]", count), 0
  core.try(C.lathe_column_to_float64(pointer, values, core.problem))
  local min, max, below = range.min, range.max, range.below
  for row = 0, count - 1 do
    local value = values[row]
    if value >= min and value <= max and value < below and value > -math.huge then
      rows[kept] = row
      kept = kept + 1
    end
  end
  return tables.wrap(C.lathe_table_take(handle(self), rows, kept, core.progress(), core.problem)), count - kept
end

-- A column's numbers limited to [low, high]; what lies outside becomes the limit. One of the two may be nil.
function tables:clip(name, low, high)
  if low == nil and high == nil then core.fail "clip without limits changes nothing; give low, high or both" end
  local pointer = C.lathe_table_column(handle(self), self:index_of(name))
  return self:with(name, column.own(C.lathe_column_clip(pointer, low or -math.huge, high or math.huge, core.problem), name))
end

-- The number of rows that equal an earlier one.
function tables:duplicates()
  local count = C.lathe_table_duplicates(handle(self), core.progress(), core.problem)
  if count < 0 then core.try(false) end
  return tonumber(count)
end

-- The same rows without the seal that t:split puts on test rows, so that they may be learned from: test:unseal "the last fit, on all
-- rows". Say why.
function tables:unseal(why)
  if type(why) ~= "string" or why == "" then core.fail 't:unseal takes the reason: t:unseal "the last fit, on all rows"' end
  return tables.wrap(C.lathe_table_retain(handle(self)))
end

-- A data-quality report: what each column holds, what is wrong with it, and the step that mends it.
function tables:profile(options) return require("lathe.profile").report(self, options) end

core.takes.show = { rows = core.open, width = core.open, colour = core.open }

-- The head as text: framed, aligned. `options`: rows (10), width (that of the terminal, or 80), colour (false).
function tables:show(options) return require("lathe.head").render(self, core.options(options, "show")) end

function tables.describe(object)
  if rawget(object, "pointer") == nil then return "released table" end
  return object:show()
end

-- Verbs that live in files of their own, loaded when first used: the module gives the table its method.
local verbs = {
  filter = "lathe.expression", derive = "lathe.expression", cast = "lathe.expression",
  write = "lathe.write",
  arrow = "lathe.arrow",
  folds = "lathe.split",
  pivot = "lathe.pivot", join = "lathe.join", join_asof = "lathe.join",
  group_by = "lathe.group", aggregate = "lathe.group", distinct = "lathe.group", value_counts = "lathe.group",
  split = "lathe.split",
  expect = "lathe.contract",
  map = "lathe.map", replace = "lathe.map",
  personal = "lathe.personal", mask = "lathe.personal", pseudonymise = "lathe.personal", generalise = "lathe.personal",
  anonymity = "lathe.personal",
  value_clusters = "lathe.clusters", disagreements = "lathe.clusters", agree = "lathe.clusters",
  oversample = "lathe.augment", undersample = "lathe.augment", smote = "lathe.augment", noise = "lathe.augment",
  reword = "lathe.augment",
  sort = "lathe.sort",
  order = "lathe.sort",
  melt = "lathe.concat",
  sample = "lathe.sample", head = "lathe.sample", tail = "lathe.sample", slice = "lathe.sample",
  correlate = "lathe.association",
  missing_patterns = "lathe.association",
}
tables.verbs = verbs -- for completion

-- A name that no method has: a misspelt one is answered with the nearest.
function tables.missing(_, name)
  if verbs[name] then
    require(verbs[name])
    return rawget(tables, name)
  end
  if type(name) ~= "string" then return nil end
  local words = {}
  for word in pairs(verbs) do words[#words + 1] = word end
  for word, value in pairs(tables) do
    if type(value) == "function" then words[#words + 1] = word end
  end
  local near = require("lathe.schema").nearest(name, words)
  core.fail("a table has no method %q; %s", name, near and ("did you mean %q?"):format(near) or "`lathe help lua` lists what it has")
end

return tables
