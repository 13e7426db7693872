-- What a console does with a line: compile it as an expression or as statements, run it, and show its values.
local style = require "lathe.style"

local console = {}

-- Compile `text`: as an expression whose values are wanted, else as statements. Gives the function; or nil, the sentence that says
-- why not, and whether more lines could complete it.
function console.compile(text, name)
  name = "=" .. (name or "console")
  local run = loadstring("return " .. text, name)
  if run then return run end
  local problem
  run, problem = loadstring(text, name)
  if run then return run end
  return nil, problem, problem:find("near '<eof>'", 1, true) ~= nil and not problem:find("unfinished string", 1, true)
end

-- How many of the values are to be shown: those at the end whose metatable says __quiet are not, unless they stand alone.
function console.loud(...)
  local count = select("#", ...)
  while count > 1 do
    local meta = getmetatable((select(count, ...)))
    if type(meta) ~= "table" or not meta.__quiet then break end
    count = count - 1
  end
  return count
end

-- What the values that are not shown have to say ("gzip, UTF-16LE; 3 rows kept, 1 rejected"); nil when it is nothing.
function console.aside(...)
  local said = {}
  for index = console.loud(...) + 1, select("#", ...) do
    local text = tostring((select(index, ...)))
    if text ~= "" then said[#said + 1] = text end
  end
  return said[1] and table.concat(said, "; ")
end

-- A number with the fewest digits that read back as it.
function console.number(value)
  if value ~= value then return "nan" end
  if math.abs(value) == math.huge then return value > 0 and "inf" or "-inf" end
  return require("lathe.schema").lua(value)
end

local function key_text(key, show)
  if require("lathe.schema").is_name(key) then return key end
  return "[" .. show(key) .. "]"
end

local function before(a, b)
  local kind_a, kind_b = type(a), type(b)
  if kind_a ~= kind_b then return kind_a < kind_b end
  if kind_a == "number" or kind_a == "string" then return a < b end
  return tostring(a) < tostring(b)
end

local DEEP, MANY = 8, 1000

local function quoted(text)
  return '"' .. text:gsub('[%c"\\\127]', function(byte)
    if byte == "\n" then return "\\n" elseif byte == "\t" then return "\\t" elseif byte == "\r" then return "\\r" end
    if byte == '"' or byte == "\\" then return "\\" .. byte end
    return ("\\%03d"):format(byte:byte())
  end) .. '"'
end

local function described(value)
  local meta = getmetatable(value)
  return type(meta) == "table" and meta.__tostring
end

local function show_value(value, width, indent, open)
  if type(value) == "number" then return console.number(value) end
  if type(value) == "string" then return quoted(value) end
  if type(value) ~= "table" or described(value) then return (tostring(value):gsub("\n+$", "")) end
  if open[value] then return "{ itself }" end
  if next(value) == nil then return "{}" end
  if indent >= DEEP * 2 then return "{ ... }" end
  open[value] = true
  local function show(item) return show_value(item, width - 2, indent + 2, open) end
  local parts, keys, length = {}, {}, #value
  for index = 1, math.min(length, MANY) do parts[index] = show(value[index]) end
  for key in pairs(value) do
    if not (type(key) == "number" and key >= 1 and key <= length and key == math.floor(key)) then keys[#keys + 1] = key end
  end
  table.sort(keys, before)
  for index = 1, math.min(#keys, MANY) do
    parts[#parts + 1] = key_text(keys[index], show) .. " = " .. show(value[keys[index]])
  end
  local more = math.max(0, length - MANY) + math.max(0, #keys - MANY)
  if more > 0 then parts[#parts + 1] = ("... and %s more"):format(style.count(more)) end
  open[value] = nil
  local line = "{ " .. table.concat(parts, ", ") .. " }"
  if not line:find "\n" and style.width(line) <= width then return line end
  local blank = (" "):rep(indent + 2)
  for index, part in ipairs(parts) do parts[index] = blank .. part end
  return "{\n" .. table.concat(parts, ",\n") .. "\n" .. (" "):rep(indent) .. "}"
end

-- A value as text: lathe's objects as they describe themselves, a report drawn, numbers with the digits they need, tables with
-- sorted keys, on one line where that fits. Text stands as it is, in tables in quotes. Options: width (80), colour (false).
function console.show(value, options)
  options = options or {}
  if type(value) == "string" then return value end
  local report = package.loaded["lathe.report"]
  if report and report.is(value) then return (value:render(options):gsub("\n+$", "")) end
  return show_value(value, options.width or 80, 0, {})
end

-- A value as plain data for JSON: reports and tables by their content, what cannot be data as its text.
function console.data(value, open)
  local kind = type(value)
  if kind == "nil" then return require("lathe.json").null end
  if kind == "cdata" then return tonumber(value) or tostring(value) end
  if kind == "function" or kind == "thread" then return tostring(value) end
  if kind ~= "table" then return value end
  local report, tables = package.loaded["lathe.report"], package.loaded["lathe.table"]
  if report and report.is(value) then return value:data() end
  if tables and tables.is and tables.is(value) then
    local rows = {}
    for index = 1, value:rows() do rows[index] = console.data(value:row(index)) end
    return require("lathe.json").array(rows)
  end
  if described(value) then return tostring(value) end
  open = open or {}
  if open[value] then error("this table holds itself, so it cannot be written as JSON", 0) end
  open[value] = true
  local kept = {}
  for key, item in pairs(value) do
    if type(key) ~= "number" then key = tostring(key) end
    kept[key] = console.data(item, open)
  end
  open[value] = nil
  return kept
end

return console
