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

-- The containers that are being written, outermost first. Writing and reading keep such a stack instead of calling themselves:
-- LuaJIT 2.1.0-beta3 compiles deep recursion around FFI calls wrongly.
--   lists[d]      the table            keys[d]   its sorted keys, or false for an array
--   counts[d]     its values           at[d]     the position of the one that is being written
local function new_stack() return { depth = 0, lists = {}, keys = {}, counts = {}, at = {} } end

local function path_of(stack)
  local parts = {}
  for d = 1, stack.depth do
    local keys, at = stack.keys[d], stack.at[d]
    if keys then
      parts[d] = (d > 1 and "." or "") .. keys[at]
    else
      parts[d] = "[" .. at .. "]"
    end
  end
  return stack.depth == 0 and "the value" or table.concat(parts)
end

local function refuse(stack, reason, ...) core.fail("%s cannot be written as JSON: " .. reason, path_of(stack), ...) end

local function check_array(stack, value, count)
  for key in pairs(value) do
    if type(key) ~= "number" or key % 1 ~= 0 or key < 1 or key > count then
      refuse(stack, "a table with a value at [1] is an array, and it also has the key %s", tostring(key))
    end
  end
end

local function sorted_keys(stack, value)
  local keys = {}
  for key in pairs(value) do
    if type(key) ~= "string" then refuse(stack, "a key of an object must be text, not %s", tostring(key)) end
    keys[#keys + 1] = key
  end
  table.sort(keys)
  return keys
end

local function open(writer, stack, value)
  if stack.depth >= C.LATHE_JSON_DEPTH then
    core.fail("the value is nested deeper than %d, which JSON readers refuse; does it contain itself?", C.LATHE_JSON_DEPTH)
  end
  local count, keys = #value, false
  if count > 0 or getmetatable(value) == array_meta then
    check_array(stack, value, count)
    C.lathe_json_write_array(writer)
  else
    keys = sorted_keys(stack, value)
    count = #keys
    C.lathe_json_write_object(writer)
  end
  local depth = stack.depth + 1
  stack.depth, stack.lists[depth], stack.keys[depth], stack.counts[depth], stack.at[depth] = depth, value, keys, count, 0
end

-- Close what is written to its end; then the next value, its key being written. Nothing when all is written.
local function advance(writer, stack)
  local depth = stack.depth
  while depth > 0 and stack.at[depth] == stack.counts[depth] do
    if stack.keys[depth] then C.lathe_json_write_object_end(writer) else C.lathe_json_write_array_end(writer) end
    depth = depth - 1
  end
  stack.depth = depth
  if depth == 0 then return false end
  local at, keys = stack.at[depth] + 1, stack.keys[depth]
  stack.at[depth] = at
  if not keys then return true, stack.lists[depth][at] end
  local key = keys[at]
  C.lathe_json_write_key(writer, key, #key)
  return true, stack.lists[depth][key]
end

local function write_number(writer, value)
  if value % 1 == 0 and value > -exact and value < exact and 1 / value ~= -math.huge then
    C.lathe_json_write_integer(writer, value)
  else
    C.lathe_json_write_number(writer, value)
  end
end

local function write_cdata(writer, stack, value)
  if ffi.istype(int64, value) or (ffi.istype(uint64, value) and value < 2ULL ^ 63) then
    C.lathe_json_write_integer(writer, value)
  else
    refuse(stack, "it is %s", tostring(value))
  end
end

local function write(writer, value)
  local stack, more = new_stack(), true
  while more do
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
      open(writer, stack, value)
    elseif kind == "cdata" then
      write_cdata(writer, stack, value)
    else
      refuse(stack, "it is a %s", kind)
    end
    more, value = advance(writer, stack)
  end
end

-- The JSON text of `value`. Keys are sorted, so equal values give equal text. options.indent: blanks for each level
-- (default 0: one line). A number that is not finite is written as null, a byte that is not UTF-8 as U+FFFD. Raises,
-- with the path of the value, at what JSON cannot hold: functions, mixed tables, keys that are not text, cycles.
function json.encode(value, options)
  local indent = options and options.indent or 0
  local writer = ffi.gc(core.try(C.lathe_json_writer_new(indent, problem)), C.lathe_json_writer_free)
  write(writer, value)
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

-- A key of the open object.
local function read_key(reader, object)
  local key = text_of(reader)
  if object[key] ~= nil then
    core.try(C.lathe_json_refuse(reader, problem, "the key %s stands twice in one object", json.encode(key)))
  end
  return key
end

local function read_integer(reader)
  local number = C.lathe_json_number(reader)
  if number > -exact and number < exact then return number end
  return C.lathe_json_integer(reader)
end

-- The value of a scalar event.
local function read_scalar(reader, event)
  if event == C.LATHE_JSON_STRING then return text_of(reader) end
  if event == C.LATHE_JSON_NUMBER then return C.lathe_json_number(reader) end
  if event == C.LATHE_JSON_INTEGER then return read_integer(reader) end
  if event == C.LATHE_JSON_BOOL then return C.lathe_json_bool(reader) end
  return json.null
end

-- The next value and all that is in it.
local function read(reader)
  local open_lists, open_keys, counts, depth = {}, {}, {}, 0
  while true do
    local event, value = C.lathe_json_next(reader, problem), nil
    core.try(event ~= C.LATHE_JSON_ERROR)
    if event == C.LATHE_JSON_KEY then
      open_keys[depth] = read_key(reader, open_lists[depth])
    else
      if event == C.LATHE_JSON_ARRAY_END or event == C.LATHE_JSON_OBJECT_END then
        value, depth = open_lists[depth], depth - 1
      elseif event == C.LATHE_JSON_ARRAY or event == C.LATHE_JSON_OBJECT then
        depth = depth + 1
        open_lists[depth], counts[depth] = event == C.LATHE_JSON_ARRAY and json.array() or {}, event == C.LATHE_JSON_ARRAY and 0
      else
        value = read_scalar(reader, event)
      end
      if value ~= nil then
        if depth == 0 then return value end
        local list, count = open_lists[depth], counts[depth]
        if count then
          counts[depth] = count + 1
          list[count + 1] = value
        else
          list[open_keys[depth]] = value
        end
      end
    end
  end
end

-- The text that is being read: held here so that no collection takes it while the reader looks at its bytes.
local held = {} -- luacheck: ignore 241

-- The value of a JSON text. `name` (a file's, say) is put before line and column when it is not JSON, which raises.
function json.decode(text, name)
  if type(text) ~= "string" then core.fail("json.decode wants a text, not a %s", type(text)) end
  held.text = text
  local reader = ffi.gc(core.try(C.lathe_json_reader_new(text, #text, name, problem)), C.lathe_json_reader_free)
  local value = read(reader)
  core.try(C.lathe_json_next(reader, problem) ~= C.LATHE_JSON_ERROR)
  C.lathe_json_reader_free(ffi.gc(reader, nil))
  held.text = nil
  return value
end

return json
