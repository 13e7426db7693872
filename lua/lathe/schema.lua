-- Parameter schemas: what a step takes, checked in one place. The same schema makes the flow's check, the command-line option, the form
-- and the help page.
--
-- A parameter is { name =, type =, doc =, default =, optional =, min =, max =, choices = }. Types:
--
--   string boolean number integer   plain values
--   choice                          one of `choices`
--   column columns                  a column's name, a list of them; checked against the first table among the inputs
--   path output                     a file that is read, a file that is written
--   source                          what lathe.read takes: a file, a glob, an address, or a list of these
--   list map                        a list of plain values, a table of names and plain values
local core = require "lathe.core"
local C = core.C

local schema = {}

-- Each type: the words for it in sentences.
schema.types = {
  string = "text", boolean = "true or false", number = "a number", integer = "a whole number", choice = "a choice",
  column = "a column's name", columns = "a list of column names", path = "a file's path", output = "a file's path",
  source = "a file's path, a pattern of paths, an address, or a list of these",
  list = "a list", map = "a table of names and values",
}

-- The word of `words` that is likeliest meant by `word`, or nil when none is near.
function schema.nearest(word, words)
  word = tostring(word)
  local best, least
  for _, candidate in ipairs(words) do
    local distance = tonumber(C.lathe_text_distance(word, candidate))
    local limit = math.max(1, math.floor(math.max(#word, #candidate) * 0.4))
    -- A beginning of at least three letters, or the part behind a dot, counts as near too.
    if distance > limit and #word >= 3 then
      if candidate:sub(1, #word):lower() == word:lower() or candidate:match "%.(.+)$" == word then distance = limit end
    end
    if distance <= limit and (least == nil or distance < least) then best, least = candidate, distance end
  end
  return best
end

local function quoted(text) return '"' .. tostring(text) .. '"' end

-- "a", "a and b", "a, b and c"; of more than eight the first seven and how many others.
function schema.enumerate(words, last)
  last = last or "and"
  local count = #words
  if count <= 1 then return words[1] or "" end
  if count > 8 then return table.concat(words, ", ", 1, 7) .. (" %s %d others"):format(last, count - 7) end
  return table.concat(words, ", ", 1, count - 1) .. " " .. last .. " " .. words[count]
end

-- The end of a sentence about an unknown word: "did you mean "x"?", or what there is.
function schema.suggest(word, words, what)
  local near = schema.nearest(word, words)
  if near then return "did you mean " .. quoted(near) .. "?" end
  if #words == 0 then return "there are no " .. what end
  return "the " .. what .. " are " .. schema.enumerate(words)
end

-- Those of `names` that a pattern with * and ? matches, in their order.
function schema.matching(pattern, names)
  local found = {}
  local magic = "^" .. pattern:gsub("[%^%$%(%)%%%.%[%]%+%-]", "%%%0"):gsub("%*", ".*"):gsub("%?", ".") .. "$"
  for _, name in ipairs(names) do
    if name:find(magic) then found[#found + 1] = name end
  end
  return found
end

local function is_list(value)
  if type(value) ~= "table" or getmetatable(value) ~= nil then return false end
  local count = 0
  for key in pairs(value) do
    if type(key) ~= "number" then return false end
    count = count + 1
  end
  return count == #value
end

local function is_plain(value, depth)
  local kind = type(value)
  if kind == "string" or kind == "boolean" then return true end
  if kind == "number" then return value == value end
  if kind ~= "table" or getmetatable(value) ~= nil or (depth or 0) > 8 then return false end
  for key, item in pairs(value) do
    if (type(key) ~= "string" and type(key) ~= "number") or not is_plain(item, (depth or 0) + 1) then return false end
  end
  return true
end

-- How a wrong value is named in a sentence: "3", "\"abc\"", "a table".
local function show(value)
  local kind = type(value)
  if kind == "string" then return quoted(#value > 40 and value:sub(1, 40) .. "..." or value) end
  if kind == "number" or kind == "boolean" then return tostring(value) end
  return "a " .. kind
end

local function range(param)
  if param.min and param.max then return ("from %s to %s"):format(param.min, param.max) end
  return param.min and ("at least " .. param.min) or ("at most " .. param.max)
end

local function check_number(param, value)
  if type(value) ~= "number" or value ~= value then return nil, ("is %s, not %s"):format(schema.types[param.type], show(value)) end
  if param.type == "integer" and (value ~= math.floor(value) or math.abs(value) > 2 ^ 53) then
    return nil, ("is a whole number, not %s"):format(show(value))
  end
  if (param.min and value < param.min) or (param.max and value > param.max) then
    return nil, ("is %s, not %s"):format(range(param), show(value))
  end
  return value
end

-- Each type's check: param, value, the columns there are (or nil) -> value, or nil and the end of a sentence that begins with the
-- parameter's name (or one that stands alone, "there is no column ...").
local checks = { number = check_number, integer = check_number }

function checks.string(_, value)
  if type(value) ~= "string" then return nil, "is text, not " .. show(value) end
  return value
end

function checks.boolean(_, value)
  if type(value) ~= "boolean" then return nil, "is true or false, not " .. show(value) end
  return value
end

function checks.path(_, value)
  if type(value) ~= "string" or value == "" or value:find("\0", 1, true) then return nil, "is a file's path, not " .. show(value) end
  return value
end

checks.output = checks.path

function checks.source(param, value)
  if type(value) ~= "table" then return checks.path(param, value) end
  if not is_list(value) or #value == 0 then return nil, "is a file's path or a list of paths, not " .. show(value) end
  for index, item in ipairs(value) do
    if type(item) ~= "string" or item == "" or item:find("\0", 1, true) then
      return nil, ("is a list of paths; item %d is %s"):format(index, show(item))
    end
  end
  return value
end

function checks.choice(param, value)
  local words = {}
  for index, choice in ipairs(param.choices) do
    if value == choice then return value end
    words[index] = tostring(choice)
  end
  local near = type(value) == "string" and schema.nearest(value, words)
  local all = {}
  for index, word in ipairs(words) do all[index] = quoted(word) end
  local mend = near and ("; did you mean " .. quoted(near) .. "?") or ""
  return nil, ("is %s, not %s%s"):format(schema.enumerate(all, "or"), show(value), mend)
end

local function check_column(value, columns)
  if type(value) ~= "string" then return nil, "is a column's name, not " .. show(value) end
  if columns then
    for _, name in ipairs(columns) do
      if name == value then return value end
    end
    return nil, ("there is no column %s; %s"):format(quoted(value), schema.suggest(value, columns, "columns"))
  end
  return value
end

function checks.column(_, value, columns) return check_column(value, columns) end

function checks.columns(_, value, columns)
  if type(value) == "string" then value = { value } end
  if not is_list(value) then return nil, "is a list of column names, not " .. show(value) end
  local kept = {}
  for index, name in ipairs(value) do
    local problem
    if type(name) == "string" and name:find "[*?]" and (not columns or #schema.matching(name, columns) > 0) then
      kept[index] = name -- a pattern
    else
      kept[index], problem = check_column(name, columns)
    end
    if problem then return nil, problem end
  end
  return kept
end

function checks.list(_, value)
  if not is_list(value) or not is_plain(value) then return nil, "is a list of plain values, not " .. show(value) end
  return value
end

function checks.map(_, value)
  if type(value) ~= "table" or not is_plain(value) or (is_list(value) and #value > 0) then
    return nil, "is a table of names and plain values, not " .. (is_list(value) and "a list" or show(value))
  end
  return value
end

-- Check one value: it, perhaps in its usual form, or nil and a sentence.
function schema.value(step, param, value, columns)
  local kept, problem = checks[param.type](param, value, columns)
  if not problem then return kept end
  if problem:find "^there is" then return nil, step.name .. ": " .. problem end
  return nil, ("%s: %s %s"):format(step.name, param.name, problem)
end

-- The names of a step's parameters, those that must be given first.
function schema.names(step)
  local names = {}
  for index, param in ipairs(step.params) do names[index] = param.name end
  return names
end

local function columns_of(step, inputs)
  for _, port in ipairs(inputs and step.inputs or {}) do
    local value = inputs[port.name]
    if type(value) == "table" and type(value.columns) == "function" then return value:columns() end
  end
  return nil
end

-- Check `params` (a map) for `step` (a definition of lathe.plugin) against `inputs` (a map of artifacts; nil: columns are not
-- checked). The checked parameters with their defaults, and a list of sentences, empty when all is well.
function schema.problems(step, params, inputs)
  local checked, problems = {}, {}
  local columns = columns_of(step, inputs)
  for _, param in ipairs(step.params) do
    local value = params[param.name]
    if value == nil then value = param.default end
    if value ~= nil then
      local problem
      checked[param.name], problem = schema.value(step, param, value, columns)
      problems[#problems + 1] = problem
    elseif not param.optional then
      problems[#problems + 1] = ("%s: %s is missing: %s"):format(step.name, param.name, param.doc)
    end
  end
  local unknown = {}
  for name in pairs(params) do
    if not step.param[name] then unknown[#unknown + 1] = tostring(name) end
  end
  table.sort(unknown)
  for _, name in ipairs(unknown) do
    local mend = #step.params == 0 and "it takes none" or schema.suggest(name, schema.names(step), "parameters")
    problems[#problems + 1] = ("%s: there is no parameter %s; %s"):format(step.name, quoted(name), mend)
  end
  return checked, problems
end

-- The same, but raise the first sentence.
function schema.check(step, params, inputs)
  local checked, problems = schema.problems(step, params, inputs)
  if problems[1] then error(problems[1], 0) end
  return checked
end

-- The words that Lua keeps for itself.
schema.reserved = {}
local reserved = "and break do else elseif end false for function goto if in local nil not or repeat return then true until while"
for word in reserved:gmatch "%a+" do schema.reserved[word] = true end

-- Whether a key may stand as it is in { key = value }.
function schema.is_name(key) return type(key) == "string" and key:find "^[%a_][%w_]*$" ~= nil and not schema.reserved[key] end

-- A plain value as Lua reads it: numbers so that they read back the same, keys sorted.
function schema.lua(value)
  local kind = type(value)
  if kind == "string" then
    return '"' .. value:gsub('[%c"\\]', function(letter)
      local short = ({ ["\n"] = "\\n", ["\t"] = "\\t", ["\r"] = "\\r", ['"'] = '\\"', ["\\"] = "\\\\" })[letter]
      return short or ("\\%03d"):format(letter:byte())
    end) .. '"'
  end
  if kind == "number" then
    if value == math.huge then return "math.huge" end
    if value == -math.huge then return "-math.huge" end
    for digits = 14, 17 do
      local text = ("%." .. digits .. "g"):format(value)
      if tonumber(text) == value then return text end
    end
    return "0/0"
  end
  if kind ~= "table" then return tostring(value) end
  local parts, names = {}, {}
  for index, item in ipairs(value) do parts[index] = schema.lua(item) end
  local count = #parts
  for key in pairs(value) do
    if not (type(key) == "number" and key >= 1 and key <= count) then names[#names + 1] = key end
  end
  table.sort(names, function(a, b) return tostring(a) < tostring(b) end)
  for _, key in ipairs(names) do
    parts[#parts + 1] = (schema.is_name(key) and key or "[" .. schema.lua(key) .. "]") .. " = " .. schema.lua(value[key])
  end
  return #parts == 0 and "{}" or "{ " .. table.concat(parts, ", ") .. " }"
end


-- Words parted by commas, but not by those between parentheses; a word may stand in double quotes, which are doubled inside.
local function words_of(text)
  local words, at = {}, 1
  if text:find "^%s*$" then return words end
  while true do
    local from = text:match("^%s*()", at)
    if text:sub(from, from) == '"' then
      local word, stop = "", from + 1
      while true do
        local close = text:find('"', stop, true)
        if not close then return nil end
        word = word .. text:sub(stop, close - 1)
        stop = close + 1
        if text:sub(stop, stop) ~= '"' then break end
        word, stop = word .. '"', stop + 1
      end
      words[#words + 1] = word
      at = text:match("^%s*()", stop)
    else
      at = from
      while at <= #text and text:sub(at, at) ~= "," do
        local _, close = text:find("^%b()", at)
        at = (close or at) + 1
      end
      words[#words + 1] = text:sub(from, at - 1):match "^(.-)%s*$"
    end
    if at > #text then return words end
    if text:sub(at, at) ~= "," then return nil end
    at = at + 1
  end
end

-- What a word says on its own: true, false, a number, or itself.
local function value_of(word)
  if word == "true" or word == "false" then return word == "true" end
  return tonumber(word) or word
end

-- A table written in Lua: only plain values, no names of anything.
local function table_of(text)
  local unknown = setmetatable({}, { __index = function(_, name) error(name) end }) -- { x = date } means "date"
  local run = load("return " .. text, "=value", "t", unknown)
  local fine, value = pcall(run or error)
  if fine and type(value) == "table" and is_plain(value) then return value end
  return nil
end

-- Each type's reading of a text: the value, or nil when the text says no such value.
local readers = {
  string = function(text) return text end,
  number = tonumber,
  integer = tonumber,
  columns = words_of,
}

function readers.boolean(text)
  local value = ({ ["true"] = 1, yes = 1, on = 1, ["1"] = 1, ["false"] = 0, no = 0, off = 0, ["0"] = 0 })[text:lower()]
  if value then return value == 1 end
end

function readers.list(text)
  if text:find "^%s*{" then return table_of(text) end
  local words = words_of(text)
  for index, word in ipairs(words or {}) do words[index] = value_of(word) end
  return words
end

function readers.source(text) return text:find "^%s*{" and table_of(text) or text end

function readers.map(text)
  if text:find "^%s*{" then return table_of(text) end
  local map = {}
  for _, word in ipairs(words_of(text) or { "" }) do
    local name, value = word:match "^%s*([^=]-)%s*=%s*(.-)$"
    if not name or name == "" then return nil end
    map[name] = value_of(value)
  end
  return map
end

local shapes = {
  columns = "a,b,c", list = "1,2,3", map = "name=value,name=value", boolean = "true or false",
}

-- The value that `text` (of the command line, of a form) gives `param`. Raises a sentence when it gives none.
function schema.parse(param, text)
  local reader = readers[param.type] or readers.string
  local value
  if param.type == "choice" then
    value = text
    for _, choice in ipairs(param.choices) do
      if tostring(choice) == text then value = choice end
    end
  else
    value = reader(text)
  end
  if value == nil then
    local shape = shapes[param.type]
    core.fail('%s is %s%s, not "%s"', param.name, schema.types[param.type], shape and (" (" .. shape .. ")") or "", text)
  end
  local kept, problem = checks[param.type](param, value)
  if problem then core.fail("%s %s", param.name, problem) end
  return kept
end

local function word_text(word)
  word = tostring(word)
  if word:find '[,"]' or word:find "^%s" or word:find "%s$" or word == "" then return '"' .. word:gsub('"', '""') .. '"' end
  return word
end

-- The text that `parse` reads as `value`.
function schema.text(param, value)
  if value == nil then return "" end
  if type(value) == "number" then return schema.lua(value) end
  if type(value) ~= "table" then return tostring(value) end
  if param.type ~= "columns" then return schema.lua(value) end
  local words = {}
  for index, word in ipairs(value) do words[index] = word_text(word) end
  return table.concat(words, ",")
end

return schema
