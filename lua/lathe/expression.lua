-- Adds table:filter, table:derive and table:cast to tables: formulas over columns (share/doc/expressions.md has the language).
local ffi = require "ffi"
local core = require "lathe.core"
local column = require "lathe.column"
local tables = require "lathe.table"

local C = core.C
local expression = {}

core.takes.cast = { lenient = false }

-- The values of a parameter as a column: whole numbers are int64.
local function parameter_column(name, value)
  local list = type(value) == "table" and not column.is(value) and value or { value }
  if column.is(value) then return value end
  if #list == 0 then core.fail("parameter %q is an empty list; give it a value", name) end
  local whole = true
  for _, item in ipairs(list) do whole = whole and type(item) == "number" and item % 1 == 0 and math.abs(item) < 2 ^ 53 end
  if not whole then return column.new(list, #list, name) end
  local values = ffi.new("int64_t[?]", #list)
  for index, item in ipairs(list) do values[index - 1] = item end
  return column.own(C.lathe_column_from_int64(values, #list, core.problem), name)
end

-- Parse `text` against the columns of `table`, with `parameters` for its $names: a handle for C.
local function parse(text, table, parameters, verb)
  if type(text) ~= "string" then core.fail("%s takes an expression such as \"age >= 17\", not a %s", verb, type(text)) end
  if text:find("\0", 1, true) then core.fail("an expression has no NUL byte in it") end
  if parameters ~= nil and type(parameters) ~= "table" then
    core.fail("the parameters of an expression are a table such as { limit = 17 }, not a %s", type(parameters))
  end
  local names, columns, keep = {}, {}, {}
  for name, value in pairs(parameters or {}) do
    if type(name) ~= "string" then core.fail("a parameter of an expression has a name: { limit = 17 } for $limit") end
    names[#names + 1] = name
    keep[#keep + 1] = parameter_column(name, value)
    columns[#columns + 1] = keep[#keep]:handle()
  end
  local c_names, c_columns = ffi.new("const char *[?]", #names + 1), ffi.new("lathe_column *[?]", #names + 1)
  for index, name in ipairs(names) do c_names[index - 1], c_columns[index - 1] = name, columns[index] end
  local pointer = C.lathe_expression_parse_with(text, table:handle(), #names, c_names, c_columns, core.problem)
  keep[1] = keep[1] or names -- until here what C points at is held
  return ffi.gc(core.try(pointer), C.lathe_expression_free)
end

local function run(text, table, parameters, verb, name)
  local parsed = parse(text, table, parameters, verb)
  return column.own(C.lathe_expression_run(parsed, table:handle(), core.progress(), core.problem), name)
end

-- The rows for which an expression is true: t:filter "age >= 17 and hours <= 99", t:filter("age > $limit", { limit = 17 }). Where it is
-- missing the row is left out. Also returns how many rows were left out.
function tables:filter(text, parameters)
  local parsed = parse(text, self, parameters, "filter")
  local result = tables.wrap(C.lathe_expression_filter(parsed, self:handle(), core.progress(), core.problem))
  return result, self:rows() - result:rows()
end

-- New columns, or others in the place of old ones: t:derive { gain_log = "log(1 + gain)" }. A list keeps its order, and what stands later
-- may use what stands earlier: t:derive { { "a", "x * 2" }, { "b", "a + 1" } }; in { name = "expression" } all see the columns of `t`
-- alone, and are added in the order of their names. `parameters`: as for filter.
function tables:derive(definition, parameters)
  if type(definition) ~= "table" or tables.is(definition) then
    core.fail("derive takes { new = \"expression\" } or a list of { \"new\", \"expression\" }, not a %s", type(definition))
  end
  local steps, ordered = {}, definition[1] ~= nil
  for key, value in pairs(definition) do
    if ordered then
      if type(key) ~= "number" or type(value) ~= "table" or type(value[1]) ~= "string" or type(value[2]) ~= "string" then
        core.fail("derive: item %s is not { \"new\", \"expression\" }", tostring(key))
      end
      steps[key] = value
    else
      if type(key) ~= "string" then core.fail("derive: a new column is named by text, not by a %s", type(key)) end
      steps[#steps + 1] = { key, value }
    end
  end
  if not ordered then table.sort(steps, function(a, b) return a[1] < b[1] end) end
  local result = self
  for _, step in ipairs(steps) do
    local fine, answer = pcall(run, step[2], ordered and result or self, parameters, "derive", step[1])
    if not fine then core.fail("column %q: %s", step[1], core.sentence(answer)) end
    result = result:with(step[1], answer)
  end
  return result
end

local function quoted(name) return "`" .. name:gsub("`", "``") .. "`" end

-- Columns as other types: t:cast { age = "int64", zip = "string" }. What cannot become it raises with its row; with { lenient = true } it
-- becomes missing. Also returns a table of how many values were lost so, by column.
function tables:cast(types, options)
  if type(types) ~= "table" then core.fail("cast takes { column = \"type\" }, not a %s", type(types)) end
  options = core.options(options, "cast")
  local names, result, lost = {}, self, core.beside {}
  for name in pairs(types) do
    self:index_of(name)
    names[#names + 1] = name
  end
  table.sort(names)
  for _, name in ipairs(names) do
    if type(types[name]) ~= "string" then core.fail("cast: the type of %q is a %s, not text", name, type(types[name])) end
    local text = ("cast(%s, \"%s\")"):format(quoted(name), types[name]:gsub('"', '""'))
    if options.lenient then text = "try(" .. text .. ")" end
    local fine, answer = pcall(run, text, self, nil, "cast", name)
    if not fine then
      local sentence = core.sentence(answer):gsub("^(row %d+), at `.-`: ", "%1: "):gsub("try%(%.%.%.%) makes", "lenient = true makes")
      core.fail("column %q: %s", name, sentence)
    end
    lost[name] = answer:missing() - self:column(name):missing()
    result = result:with(name, answer)
  end
  return result, lost
end

-- The names of the functions of the language, sorted.
function expression.functions()
  local names, index = {}, 0
  while C.lathe_expression_function(index) ~= nil do
    names[#names + 1] = ffi.string(C.lathe_expression_function(index))
    index = index + 1
  end
  table.sort(names)
  return names
end

return expression
