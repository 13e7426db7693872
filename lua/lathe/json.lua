-- JSON (RFC 8259), strict both ways, on the core's reader and writer.
--
--   JSON      Lua
--   null      json.null
--   integer   number; int64_t when it is beyond 2^53, so that no digit is lost
--   number    number
--   string    string (UTF-8)
--   array     table 1..n with the metatable of json.array, so that an empty one stays an array
--   object    table; the same key twice in one object is an error
local ffi = require "ffi"
local core = require "lathe.core"
local C, problem = core.C, core.problem

local json = {}

-- What JSON null is in Lua. It is a value (unlike nil), so a null in an array or object is kept.
json.null = setmetatable({}, {
  __tostring = function() return "null" end,
  __newindex = function() core.fail "json.null cannot hold anything" end,
})

local array_meta = { __name = "json.array" }

-- Mark `list` (default: a new empty table) as an array: it is then written as [] when it is empty. Returns it.
function json.array(list) return setmetatable(list or {}, array_meta) end

-- Whether `value` is a table that is written as an array.
function json.is_array(value)
  return type(value) == "table" and value ~= json.null and (getmetatable(value) == array_meta or #value > 0)
end

local exact = 2 ^ 53
local int64, uint64 = ffi.typeof "int64_t", ffi.typeof "uint64_t"

local function path_of(path, depth)
  local parts = {}
  for i = 1, depth do
    local key = path[i]
    if type(key) == "number" then
      parts[i] = "[" .. key .. "]"
    else
      parts[i] = (i > 1 and "." or "") .. key
    end
  end
  return depth == 0 and "the value" or table.concat(parts)
end

local write

local function write_array(writer, value, count, path, depth)
  for key in pairs(value) do
    if type(key) ~= "number" or key % 1 ~= 0 or key < 1 or key > count then
      core.fail("%s cannot be written as JSON: a table with a value at [1] is an array, and it also has the key %s",
        path_of(path, depth), tostring(key))
    end
  end
  C.lathe_json_write_array(writer)
  for i = 1, count do
    path[depth + 1] = i
    write(writer, value[i], path, depth + 1)
  end
  C.lathe_json_write_array_end(writer)
end

local function write_object(writer, value, path, depth)
  local keys = {}
  for key in pairs(value) do
    if type(key) ~= "string" then
      core.fail("%s cannot be written as JSON: a key of an object must be text, not %s", path_of(path, depth),
        tostring(key))
    end
    keys[#keys + 1] = key
  end
  table.sort(keys)
  C.lathe_json_write_object(writer)
  for _, key in ipairs(keys) do
    C.lathe_json_write_key(writer, key, #key)
    path[depth + 1] = key
    write(writer, value[key], path, depth + 1)
  end
  C.lathe_json_write_object_end(writer)
end

local function write_number(writer, value)
  if value % 1 == 0 and value > -exact and value < exact and 1 / value ~= -math.huge then
    C.lathe_json_write_integer(writer, value)
  else
    C.lathe_json_write_number(writer, value)
  end
end

local function write_cdata(writer, value, path, depth)
  if ffi.istype(int64, value) or (ffi.istype(uint64, value) and value < 2ULL ^ 63) then
    C.lathe_json_write_integer(writer, value)
  else
    core.fail("%s cannot be written as JSON: it is %s", path_of(path, depth), tostring(value))
  end
end

function write(writer, value, path, depth)
  local kind = type(value)
  if kind == "string" then
    C.lathe_json_write_string(writer, value, #value)
  elseif kind == "number" then
    write_number(writer, value)
  elseif kind == "boolean" then
    C.lathe_json_write_bool(writer, value)
  elseif value == nil or value == json.null then
    C.lathe_json_write_null(writer)
  elseif kind == "table" then
    if depth >= C.LATHE_JSON_DEPTH then
      core.fail("the value is nested deeper than %d, which JSON readers refuse; does it contain itself?",
        C.LATHE_JSON_DEPTH)
    end
    local count = #value
    if count > 0 or getmetatable(value) == array_meta then
      write_array(writer, value, count, path, depth)
    else
      write_object(writer, value, path, depth)
    end
  elseif kind == "cdata" then
    write_cdata(writer, value, path, depth)
  else
    core.fail("%s cannot be written as JSON: it is a %s", path_of(path, depth), kind)
  end
end

-- The JSON text of `value`. Keys are sorted, so equal values give equal text. options.indent: blanks for each level
-- (default 0: one line). A number that is not finite is written as null, a byte that is not UTF-8 as U+FFFD. Raises,
-- with the path of the value, at what JSON cannot hold: functions, mixed tables, keys that are not text, cycles.
function json.encode(value, options)
  local indent = options and options.indent or 0
  local writer = ffi.gc(core.try(C.lathe_json_writer_new(indent, problem)), C.lathe_json_writer_free)
  write(writer, value, {}, 0)
  local text = C.lathe_json_writer_finish(writer, problem)
  core.try(text.data)
  local result = ffi.string(text.data, text.size)
  C.lathe_json_writer_free(ffi.gc(writer, nil))
  return result
end

local function text_of(reader)
  local text = C.lathe_json_text(reader)
  return ffi.string(text.data, text.size)
end

local read

local function read_array(reader)
  local list, count = json.array(), 0
  while true do
    local event = C.lathe_json_next(reader, problem)
    if event == C.LATHE_JSON_ARRAY_END then return list end
    count = count + 1
    list[count] = read(reader, event)
  end
end

local function read_object(reader)
  local object = {}
  while true do
    local event = C.lathe_json_next(reader, problem)
    if event == C.LATHE_JSON_OBJECT_END then return object end
    core.try(event ~= C.LATHE_JSON_ERROR)
    local key = text_of(reader)
    if object[key] ~= nil then
      core.try(C.lathe_json_refuse(reader, problem, "the key %s stands twice in one object", json.encode(key)))
    end
    object[key] = read(reader, C.lathe_json_next(reader, problem))
  end
end

function read(reader, event)
  if event == C.LATHE_JSON_STRING then return text_of(reader) end
  if event == C.LATHE_JSON_NUMBER then return C.lathe_json_number(reader) end
  if event == C.LATHE_JSON_INTEGER then
    local number = C.lathe_json_number(reader)
    if number > -exact and number < exact then return number end
    return C.lathe_json_integer(reader)
  end
  if event == C.LATHE_JSON_OBJECT then return read_object(reader) end
  if event == C.LATHE_JSON_ARRAY then return read_array(reader) end
  if event == C.LATHE_JSON_BOOL then return C.lathe_json_bool(reader) end
  if event == C.LATHE_JSON_NULL then return json.null end
  return core.try(false)
end

-- The text that is being read: held here so that no collection takes it while the reader looks at its bytes.
local held = {} -- luacheck: ignore 241

-- The value of a JSON text. `name` (a file's, say) is put before line and column when it is not JSON, which raises.
function json.decode(text, name)
  if type(text) ~= "string" then core.fail("json.decode wants a text, not a %s", type(text)) end
  held.text = text
  local reader = ffi.gc(core.try(C.lathe_json_reader_new(text, #text, name, problem)), C.lathe_json_reader_free)
  local value = read(reader, C.lathe_json_next(reader, problem))
  core.try(C.lathe_json_next(reader, problem) ~= C.LATHE_JSON_ERROR)
  C.lathe_json_reader_free(ffi.gc(reader, nil))
  held.text = nil
  return value
end

return json
