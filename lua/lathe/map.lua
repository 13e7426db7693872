-- Other values for values: adds replace and map to tables. A map is a Lua table, a table with the columns `from` and `to`, or a file of
-- such a table, as t:value_clusters proposes one. It is looked up once for each distinct value, whatever the number of rows.
local core = require "lathe.core"
local column = require "lathe.column"
local personal = require "lathe.personal"
local tables = require "lathe.table"
local null = require("lathe.json").null

core.takes.map = { default = core.open, missing = core.open, into = core.open }

local absent = {} -- what is looked up and not found

local function pairs_of_table(map, where)
  if not map:has "from" or not map:has "to" then
    core.fail("%s: a table of values has the columns \"from\" and \"to\", not %s", where, require("lathe.schema").enumerate(map:columns()))
  end
  local from, to, list = map:column "from", map:column "to", {}
  for row = 1, map:rows() do
    local key, value = from:get(row), to:get(row)
    if value == nil then value = null end
    if key ~= nil and list[key] ~= nil and list[key] ~= value then
      core.fail("%s: %q becomes both %q and %q; leave one of them out", where, tostring(key), tostring(list[key]), tostring(value))
    end
    if key ~= nil then list[key] = value end
  end
  return list
end

local truths = { ["true"] = true, ["false"] = false }

-- The key that a column of `type_` has for a key as somebody wrote it.
local function key_for(key, type_, where)
  if type_ == "int64" or type_ == "float64" then
    local number = tonumber(key)
    if type(key) == "boolean" or not number then core.fail("%s: the column holds numbers, and %s is none", where, tostring(key)) end
    return number
  elseif type_ == "bool" then
    local truth = truths[tostring(key)]
    if truth == nil then core.fail("%s: the column holds true and false, and %s is neither", where, tostring(key)) end
    return truth
  end
  return tostring(key)
end

-- A map as a Lua table by the values that a column of `type_` gives; json.null stands for missing.
local function pairs_of(given, type_, where)
  if type(given) == "string" then given = require("lathe.read").read(given) end
  if tables.is(given) then given = pairs_of_table(given, where) end
  if type(given) ~= "table" then core.fail("%s takes { from = to, ... }, a table or the path of one, not a %s", where, type(given)) end
  if next(given) == nil then core.fail("%s: the map is empty; name values: { from = to, ... }", where) end
  local list = {}
  for key, value in pairs(given) do list[key_for(key, type_, where)] = value end
  return list
end

-- What `list` says of each distinct value (the number of rows beside it), in order; `absent` where it says nothing.
local function look_up(distinct, list)
  local values, found = distinct:column "value", { n = distinct:rows() }
  for row = 1, found.n do
    local value = values:get(row)
    if value ~= nil and list[value] ~= nil then found[row] = list[value] else found[row] = absent end
  end
  return found
end

local function distinct_of(self, name) return self:select(name):rename { [name] = "value" }:group_by("value", { rows = "count" }) end

-- For each row of `self` the `result` that stands beside its value of column `name`.
local function spread(self, name, distinct, result)
  local beside = distinct:select("value"):with("result", result)
  return (self:select(name):rename { [name] = "value" }:join(beside, { on = "value", how = "left", missing = "equal" })):column "result"
end

-- 'the values "Rom" (7 rows), "Bon" (4 rows), ...'
local function unknown_values(distinct, found, name)
  local rows, list, count, more = distinct:column "rows", {}, 0, 0
  for row = 1, found.n do
    if found[row] == absent and distinct:column("value"):present(row) then list[#list + 1] = row end
  end
  table.sort(list, function(a, b) return rows:get(a) > rows:get(b) end)
  local words, values = {}, distinct:column "value"
  local kind = personal.kind(values:handle(), name)
  for at, row in ipairs(list) do
    count = count + rows:get(row)
    if at <= 5 then
      words[at] = ("%q (%d)"):format(personal.shown(values:text(row, 60), name, kind), rows:get(row))
    else
      more = more + 1
    end
  end
  return count, #list, table.concat(words, ", ") .. (more > 0 and (", and %d more"):format(more) or "")
end

-- A list of what values become as a column: texts become categories. json.null is missing.
local function result_column(list, name, where)
  local kind
  for row = 1, list.n do
    local value = list[row]
    if value == null then
      list[row] = nil
    else
      if kind and type(value) ~= kind then
        core.fail("%s: values of %q become both a %s and a %s; make them all of one kind", where, name, kind, type(value))
      end
      kind = type(value)
    end
  end
  if kind ~= "boolean" then
    local made = column.new(list, list.n, name)
    return kind == "string" and made:to_category() or made
  end
  for row = 1, list.n do
    if list[row] ~= nil then list[row] = tostring(list[row]) end
  end
  return (tables.new { { "x", column.new(list, list.n, "x") } }:cast { x = "bool" }):column "x"
end

-- The column with each value exchanged for what a map says of it: t:map("city", { Roma = "Rome", Oslo = "Oslo" }). The map is { from =
-- to }, a table with the columns `from` and `to`, or a path of one. A value that it does not name raises, with how often it is there,
-- unless `default` says what such values become. Missing stays missing, or becomes `missing`. json.null stands for missing in all of
-- these. `into` names a new column instead of changing this one. Also returns { mapped =, defaulted = }, in rows.
function tables:map(name, given, options)
  options = core.options(options, "map")
  local distinct = distinct_of(self, name)
  local found = look_up(distinct, pairs_of(given, self:type(name), "map"))
  local count, kinds, words = unknown_values(distinct, found, name)
  if count > 0 and options.default == nil then
    core.fail("unmapped-values: map: %d row%s of %q hold %s the map does not name: %s; name %s, or say what others become: default = ...",
      count, count == 1 and "" or "s", name, kinds == 1 and "a value" or kinds .. " values", words, kinds == 1 and "it" or "them")
  end
  for row = 1, found.n do
    if not distinct:column("value"):present(row) then
      found[row] = options.missing == nil and null or options.missing
    elseif found[row] == absent then
      found[row] = options.default
    end
  end
  if options.into ~= nil and type(options.into) ~= "string" then
    core.fail("map: into is the name of a column, not a %s", type(options.into))
  end
  local result = spread(self, name, distinct, result_column(found, name, "map"))
  return self:with(options.into or name, result),
    core.beside { mapped = self:rows() - count - self:column(name):missing(), defaulted = count }
end

-- The column of what the distinct values of a column become, of its type.
local function replaced(distinct, found, type_, name)
  local to, known = { n = found.n }, { n = found.n }
  for row = 1, found.n do
    known[row] = found[row] ~= absent
    if known[row] and found[row] ~= null then to[row] = tostring(found[row]) end
  end
  local plain = type_ == "category" and "string" or type_
  local texts = distinct:with("known", column.new(known, found.n, "known")):with("to", column.new(to, found.n, "to"))
  local fine, result = pcall(texts.derive, texts, { { "result", ("if(known, cast(to, %q), cast(value, %q))"):format(plain, plain) } })
  if not fine then
    local reason = core.sentence(result)
    core.fail("replace: %s, as the values of %q are; t:map changes the type", reason:match '.*("[^"]*" is not [^;]*)' or reason, name)
  end
  result = result:column "result"
  return type_ == "category" and result:to_category() or result
end

-- Some values exchanged for others, the rest as they are: t:replace("city", { Roma = "Rome", ["N/A"] = json.null }), for one column or
-- several. The map as for t:map; json.null makes missing. The type stays. Also returns how many values changed.
function tables:replace(what, given)
  local result, changed = self, 0
  for _, name in ipairs(self:names(what, "replace")) do
    local type_, distinct = self:type(name), distinct_of(self, name)
    local found = look_up(distinct, pairs_of(given, type_, "replace"))
    local rows = distinct:column "rows"
    for row = 1, found.n do
      if found[row] ~= absent and tostring(found[row]) ~= tostring(distinct:column("value"):get(row)) then
        changed = changed + rows:get(row)
      end
    end
    result = result:with(name, spread(self, name, distinct, replaced(distinct, found, type_, name)))
  end
  return result, changed
end

return { pairs_of = pairs_of }
