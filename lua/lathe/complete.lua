-- Completion of a console line at its end: names of the environment, fields and methods of what they hold, options of verbs; inside quotes
-- columns, steps, files, and in formulas columns and functions. Nothing of the line is run.
local complete = {}

-- Every text key that can be read from `value` without calling anything of its own: its fields, then those of its class.
local function names_of(value, seen, out)
  if type(value) == "string" then value = string end
  if type(value) ~= "table" or seen[value] then return out end
  seen[value] = true
  for key in next, value do
    if type(key) == "string" then out[key] = true end
  end
  local meta = debug.getmetatable(value)
  if type(meta) ~= "table" then return out end
  for _, field in ipairs { "class", "parts", "__index" } do
    local more = rawget(meta, field)
    if type(more) == "table" then names_of(more, seen, out) end
  end
  -- lathe's classes look methods up in a function that holds the class.
  local index = rawget(meta, "__index")
  if type(index) == "function" then
    for at = 1, 8 do
      local name, held = debug.getupvalue(index, at)
      if name == nil then break end
      if name == "class" or name == "methods" or name == "parts" then names_of(held, seen, out) end
      if name == "class" and type(held.verbs) == "table" then -- methods whose modules are loaded when they are used
        for verb in pairs(held.verbs) do out[verb] = true end
      end
      if name == "inside" and type(held) == "table" then -- a flow: its nodes
        local state = rawget(held, value)
        if type(state) == "table" and type(state.by_name) == "table" then names_of(state.by_name, seen, out) end
      end
    end
  end
  return out
end

-- The value of `name` in `value`, without calling a metamethod that is code of the user.
local function field_of(value, name)
  if type(value) == "string" then return string[name] end
  if type(value) ~= "table" then return nil end
  local field = rawget(value, name)
  if field ~= nil then return field end
  if not names_of(value, {}, {})[name] then return nil end
  local fine, found = pcall(function() return value[name] end)
  if fine then return found end
  return nil
end

local function common_start(list)
  local first = list[1]
  for at = 2, #list do
    local length = 0
    while length < #first and list[at]:byte(length + 1) == first:byte(length + 1) do length = length + 1 end
    first = first:sub(1, length)
  end
  while first:byte(-1) and first:byte(-1) >= 0x80 and #first > 0 and #list > 1 do first = first:sub(1, -2) end -- whole characters
  return first
end

local function matching(list, start)
  local found, seen = {}, {}
  for _, word in ipairs(list) do
    if word:sub(1, #start) == start and not seen[word] then
      found[#found + 1], seen[word] = word, true
    end
  end
  table.sort(found)
  return found
end

local function keys(map, allow_private)
  local list = {}
  for key in pairs(map) do
    if type(key) == "string" and key:find "^[%a_][%w_]*$" and (allow_private or key:sub(1, 1) ~= "_") then list[#list + 1] = key end
  end
  return list
end

-- Names below an expression like "lathe." or "flow.raw:".
local function expression(head, start, environment)
  local path = {}
  for part in head:gmatch "[%a_][%w_]*" do path[#path + 1] = part end
  local value = field_of(environment, path[1])
  if value == nil then value = rawget(_G, path[1]) end
  for at = 2, #path do value = field_of(value, path[at]) end
  local names = names_of(value, {}, {})
  local list = keys(names, start:sub(1, 1) == "_")
  if head:sub(-1) == ":" then
    local callable = {}
    for _, name in ipairs(list) do
      if type(field_of(value, name)) == "function" then callable[#callable + 1] = name end
    end
    list = callable
  end
  return matching(list, start)
end

local function files(start)
  local folder, base = start:match "^(.*/)([^/]*)$"
  folder, base = folder or "", base or start
  local fine, names = pcall(function() return require("lathe.project").list(folder == "" and "." or folder) end)
  if not fine or type(names) ~= "table" then return {} end
  local list = {}
  for _, name in ipairs(names) do
    if name:sub(1, 1) ~= "." or base:sub(1, 1) == "." then
      local path = folder .. name
      local is_folder = require("lathe.project").look(path) == "folder"
      list[#list + 1] = is_folder and path .. "/" or path
    end
  end
  return matching(list, start)
end

local function steps()
  local list = {}
  for _, stage in ipairs(require("lathe.plugin").stages()) do
    for _, step in ipairs(stage.steps) do list[#list + 1] = step.name end
  end
  return list
end

-- The text after a quote that is open at the end of `line`, and what stands before it.
local function open_quote(line)
  local quote, from
  local at = 1
  while at <= #line do
    local letter = line:sub(at, at)
    if quote then
      if letter == "\\" then at = at + 1
      elseif letter == quote then quote = nil end
    elseif letter == '"' or letter == "'" then
      quote, from = letter, at
    end
    at = at + 1
  end
  if quote then return line:sub(from + 1), line:sub(1, from - 1), quote end
end

local formulas = { filter = true, derive = true }

-- The innermost call that is open at the end of `text`: its name, and whether the end is where the key of an option may stand.
local function open_call(text)
  local calls, plain = {}, text:gsub("\\.", "  "):gsub("([\"'])(.-)%1", function(_, inside) return (" "):rep(#inside + 2) end)
  local at = 1
  while at <= #plain do
    local letter = plain:sub(at, at)
    if letter == "(" or letter == "{" then
      calls[#calls + 1] = { letter = letter, name = plain:sub(1, at - 1):match "([%a_][%w_.:]*)%s*$" }
    elseif letter == ")" or letter == "}" then
      calls[#calls] = nil
    end
    at = at + 1
  end
  local top = calls[#calls]
  if not top then return plain:match "[:.]([%a_][%w_]*)%s*$" end
  local call = top.name and top or calls[#calls - 1] or top
  local name = call.name and call.name:match "([%a_][%w_]*)$"
  return name, top.letter == "{" and plain:find "[{,]%s*[%a_]?[%w_]*$" ~= nil, call.name
end

-- The options of a verb, by the name it is called by.
local function options_of(name, full)
  local core, module = require "lathe.core", require("lathe.table").verbs[name]
  if full == "lathe.read" then return keys(require("lathe.read.options").known) end
  if module then require(module) elseif name == "profile" then require "lathe.profile" end
  if full:find "^lathe%." then pcall(function() return require("lathe")[name] end) end
  return keys(core.takes["lathe." .. name] or core.takes[name] or core.takes["recipe:" .. name] or {})
end

-- What may stand in a formula: columns, and functions with their bracket.
local function in_formula(columns)
  local list = {}
  for _, name in ipairs(columns or {}) do list[#list + 1] = name end
  for _, name in ipairs(require("lathe.expression").functions()) do list[#list + 1] = name .. "(" end
  return list
end

-- Complete `line` at its end in `environment` (a table of names). Gives the line, made as long as all choices agree, and the
-- choices, sorted. `columns` (a list, may be nil): names that are offered inside quotes.
function complete.line(line, environment, columns)
  local inside, before, quote = open_quote(line)
  if inside then
    local found
    if formulas[open_call(before) or ""] then
      local word = inside:match "[%a_][%w_]*$" or ""
      found = word ~= "" and matching(in_formula(columns), word) or {}
      if #found == 0 then return line, {} end
      return line:sub(1, #line - #word) .. common_start(found), found
    end
    if before:find "step%s*%(?%s*$" then found = matching(steps(), inside)
    elseif before:find "[%a_][%w_.:]*%s*%(?%s*$" and before:find "%f[%w](%a+)%s*%(?%s*$" then found = files(inside) end
    if columns and (found == nil or #found == 0) then found = matching(columns, inside) end
    if found == nil or #found == 0 then found = files(inside) end
    if #found == 0 then return line, {} end
    local text = common_start(found)
    if #found == 1 and text:sub(-1) ~= "/" then text = text .. quote end
    return line:sub(1, #line - #inside) .. text, found
  end
  local head, start = line:match "([%a_][%w_]*[%w_.:]*[.:])([%a_]?[%w_]*)$"
  local found
  if head then
    found = expression(head, start, environment)
  else
    start = line:match "[%a_][%w_]*$" or ""
    if start == "" then return line, {} end
    local names = names_of(environment, {}, names_of(_G, {}, {}))
    local list = keys(names, start:sub(1, 1) == "_")
    local call, is_key, full = open_call(line)
    local options = call and is_key and matching(options_of(call, full), start) or {}
    if #options > 0 then
      local text = common_start(options)
      return line:sub(1, #line - #start) .. text .. (#options == 1 and " = " or ""), options
    end
    for word in pairs(require("lathe.schema").reserved) do list[#list + 1] = word end
    found = matching(list, start)
  end
  if #found == 0 then return line, {} end
  local text = common_start(found)
  if #text < #start then text = start end
  return line:sub(1, #line - #start) .. text, found
end

return complete
