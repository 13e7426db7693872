-- The C core as Lua sees it: its declarations, its errors as raised sentences, its handles as objects.
local ffi = require "ffi"
local place = require "lathe.place"

require "lathe.cdef"

local core = {}

-- The functions of liblathe: in the program they are there already, in plain luajit the library is loaded.
core.C = place.liblathe and ffi.load(place.liblathe) or ffi.C

local problem = ffi.new "lathe_error"

-- The error to hand to a core function as its last argument.
core.problem = problem

-- What a long piece of work left behind when it was stopped, as a sentence; nil when it said nothing of that.
function core.stopped()
  if problem.code ~= core.C.LATHE_ERROR_CANCELLED then return nil end
  local text = ffi.string(problem.message)
  return not text:find "^cancelled" and text or nil
end

-- Raise `message` as it stands: a sentence for the user, without file and line.
function core.fail(message, ...)
  if select("#", ...) > 0 then message = message:format(...) end
  error(message, 0)
end

-- What a caught error says: its text, or what can be said of an error without one. Code that a command runs for the user in a tail call
-- (eval 'error "x"') seems to stand in the command's file; that place is left out.
function core.sentence(value)
  if type(value) == "string" then return (value:gsub("^[^:\n]*/lathe/command/%l+%.lua:%d+: ", "")) end
  local meta = type(value) == "table" and getmetatable(value)
  if type(meta) == "table" and meta.__tostring then return tostring(value) end
  return ("an error without words (%s) was raised; write error \"SENTENCE\""):format(type(value) == "nil" and "nil" or "a " .. type(value))
end

-- The name of a file, checked before it goes to C: `what` ("t:write") takes it.
function core.path(value, what)
  if type(value) ~= "string" then core.fail("%s takes the path of a file, not a %s", what, type(value)) end
  if value == "" then core.fail("%s takes the path of a file, not an empty text", what) end
  if value:find("\0", 1, true) then core.fail("%s takes the path of a file; no path has a NUL byte in it", what) end
  return value
end

-- A text that goes to C where it ends at its first NUL byte (the name of a column, of a category): one without any.
function core.name(value, what)
  if value:find("\0", 1, true) then core.fail("%s %q has a NUL byte in it; leave it out", what, value) end
  return value
end

-- Raise that `where` ("lathe.read") has no option `name`, with the nearest of those it has, the keys of `known`.
function core.unknown_option(where, name, known)
  local words = {}
  for word in pairs(known) do words[#words + 1] = type(word) == "string" and word or nil end
  table.sort(words)
  if #words == 0 then core.fail("%s takes no options", where) end
  core.fail("%s has no option %q; %s", where, tostring(name), require("lathe.schema").suggest(tostring(name), words, "options"))
end

-- What each verb takes: core.takes.sample = { rows = core.open, seed = 42, ... } maps the names of its options to what they are when they
-- are left out, core.open to nothing; a first item [1] says that a list stands beside them.
core.takes, core.open = {}, {}

-- The options of a call ({} for nil). Raises when they are no table, or when one is not among the keys of `known`.
function core.check_options(given, known, where)
  if given == nil then return {} end
  if type(given) ~= "table" then core.fail("%s takes a table of options, not a %s", where, type(given)) end
  if rawget(given, "pointer") ~= nil then core.fail("%s takes a table of options, not an object of lathe", where) end
  for name in pairs(given) do
    if known[name] == nil and not (known[1] ~= nil and type(name) == "number") then core.unknown_option(where, name, known) end
  end
  return given
end

-- The same for what core.takes has, with what was left out filled in.
function core.options(given, where)
  local known, options = core.takes[where], {}
  for name, value in pairs(core.check_options(given, known, where)) do options[name] = value end
  for name, default in pairs(known) do
    if options[name] == nil and default ~= core.open then options[name] = default end
  end
  return options
end

-- Many verbs give more than a table: how many rows were left out, what was found out. As the last call in a list of arguments such a verb
-- gives both: lathe.concat { a, lathe.read "b.csv" }. Functions that take tables know what stands beside one and pass it over.
local beside = { __beside = true }
function core.beside(value) return setmetatable(value, beside) end
function core.is_beside(value)
  if type(value) == "number" then return true end
  local meta, report = type(value) == "table" and getmetatable(value), package.loaded["lathe.report"]
  return type(meta) == "table" and (meta.__beside or report ~= nil and report.is(value)) or false
end

-- Pass on the result of a core function that took `core.problem`, or raise what it said.
function core.try(result)
  if result == nil or result == false then error(ffi.string(problem.message), 0) end
  return result
end

-- The foreground's progress, which long kernels report to and which Ctrl-C cancels.
function core.progress() return core.C.lathe_progress_main() end

-- A class of objects that hold one counted handle. Methods are looked up in the class; `object:handle()` gives the pointer or raises
-- a sentence when it was released; `object:release()` gives the memory back now instead of at some collection.
function core.class(noun, release)
  local class = { noun = noun }
  local meta = {
    __index = function(object, key)
      local method = class[key]
      if method == nil and class.missing then method = class.missing(object, key) end
      if class.pass then return class.pass(object, key, method) end -- what an object gives instead of its class's method
      return method
    end,
    __tostring = function(object) return class.describe(object) end,
  }
  class.meta = meta
  function class.wrap(pointer) return setmetatable({ pointer = ffi.gc(core.try(pointer), release) }, meta) end
  function class.is(value) return type(value) == "table" and getmetatable(value) == meta end
  function class.handle(object)
    if not class.is(object) then core.fail("a %s is wanted here, not a %s; call its methods with a colon", noun, type(object)) end
    local pointer = rawget(object, "pointer")
    if pointer == nil then core.fail("this %s was released; keep it, or make it again", noun) end
    return pointer
  end
  function class.release(object)
    local pointer = rawget(object, "pointer")
    if pointer ~= nil then
      release(ffi.gc(pointer, nil))
      rawset(object, "pointer", nil)
    end
  end
  function class.describe(object) return rawget(object, "pointer") and noun or ("released " .. noun) end
  return class
end

return core
