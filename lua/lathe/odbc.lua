-- Databases by unixODBC: PostgreSQL, and whatever else has a driver. A password never stands in a script, a flow, a log or an error: the
-- connection string comes from the environment or from a file of the user's own, or the data source is named in ~/.odbc.ini.
local ffi = require "ffi"
local core = require "lathe.core"
local tables = require "lathe.table"
local C, problem = core.C, core.problem

local odbc = {}

local function text(value, what)
  if type(value) ~= "string" or value == "" or value:find("\0", 1, true) then
    core.fail("%s is a text, not %s", what, type(value) == "string" and "an empty one or one with a NUL byte" or "a " .. type(value))
  end
  return value
end

local function seconds(value, what)
  if type(value) ~= "number" or not (value >= 0 and value < 2 ^ 31) then
    core.fail("%s is a number of seconds, not %s", what, tostring(value))
  end
  return math.ceil(value)
end

local open_options = { connection = true, dsn = true, connection_env = true, connection_file = true, timeout = true }

-- Whether a connection string holds a password.
local function secret(connection)
  local low = (";" .. connection):lower()
  return low:find ";%s*pwd%s*=" ~= nil or low:find ";%s*password%s*=" ~= nil
end

local function connection_string(options)
  local ways = 0
  for _, name in ipairs { "connection", "dsn", "connection_env", "connection_file" } do
    if options[name] ~= nil then ways = ways + 1 end
  end
  if ways ~= 1 then core.fail "say one of connection, dsn, connection_env and connection_file: where the database is" end
  if options.dsn then
    if text(options.dsn, "dsn"):find "[;{}=]" then core.fail("dsn is the name of a data source in odbc.ini, not %q", options.dsn) end
    return "DSN=" .. options.dsn
  end
  if options.connection_env then
    local value = os.getenv(text(options.connection_env, "connection_env"))
    if not value or value == "" then core.fail("the environment has no %s; set it to a connection string", options.connection_env) end
    return value
  end
  if options.connection_file then
    local out = ffi.new "char[8192]"
    core.try(C.lathe_file_secret(core.path(options.connection_file, "connection_file"), out, 8192, problem))
    return ffi.string(out)
  end
  if secret(text(options.connection, "connection")) then
    core.fail("a password in a connection would stand in scripts and logs; put the whole connection into the environment "
      .. "(connection_env), into a file of mode 0600 (connection_file), or into ~/.odbc.ini (dsn)")
  end
  return options.connection
end

local connection = {}
local meta = { __index = connection, __tostring = function(self) return rawget(self, "name") end }

-- Connect: lathe.odbc.open { dsn = "sales" }, { connection_env = "SALES" }, { connection_file = "sales.odbc" } (mode 0600) or
-- { connection = "Driver=...;Server=...;" } without a password. timeout: seconds until the server must have answered (15).
function odbc.open(options)
  options = core.check_options(options, open_options, "lathe.odbc.open")
  local where = connection_string(options)
  if where:find("\0", 1, true) then core.fail "a connection string has no NUL byte in it" end
  local handle = core.try(C.lathe_odbc_open(where, options.timeout and seconds(options.timeout, "timeout") or 0, core.progress(), problem))
  return setmetatable({ handle = ffi.gc(handle, C.lathe_odbc_close), name = ffi.string(C.lathe_odbc_name(handle)) }, meta)
end

local function handle_of(self)
  if getmetatable(self) ~= meta then core.fail "a connection of lathe.odbc.open is wanted here; call its methods with a colon" end
  local handle = rawget(self, "handle")
  if not handle then core.fail("this connection (%s) was closed; open it again", rawget(self, "name")) end
  return handle
end

local function fill(value, index, given)
  local kind = type(given)
  if given == nil then value.kind = C.LATHE_ODBC_NULL
  elseif kind == "string" then value.kind, value.text.data, value.text.size = C.LATHE_ODBC_TEXT, given, #given
  elseif kind == "boolean" then value.kind, value.integer = C.LATHE_ODBC_BOOLEAN, given and 1 or 0
  elseif ffi.istype("int64_t", given) then value.kind, value.integer = C.LATHE_ODBC_INTEGER, given
  elseif kind == "number" and given % 1 == 0 and math.abs(given) < 2 ^ 53 then value.kind, value.integer = C.LATHE_ODBC_INTEGER, given
  elseif kind == "number" then value.kind, value.number = C.LATHE_ODBC_NUMBER, given
  else core.fail("parameter %d is a %s; use a number, a text, a truth value or nil", index, kind) end
end

local query_options = { parameters = true, decimals = true, timeout = true }

-- Run a statement; its answer as a table, or nil when it has none. `options`: parameters = { ... } for its ? (bound, never pasted;
-- n = COUNT when some are nil), timeout = seconds, decimals = "exact", "float64" or "text" as for lathe.arrow.import. Ctrl-C stops it on
-- the server. Raises the driver's own words.
function connection:query(sql, options)
  local handle = handle_of(self)
  text(sql, "the query")
  options = core.check_options(options, query_options, "query")
  local code = require("lathe.arrow").decimals(options.decimals, "query")
  local parameters = options.parameters or {}
  if type(parameters) ~= "table" then core.fail("parameters is a list of values, not a %s", type(parameters)) end
  local count = parameters.n or #parameters
  local values, answer = ffi.new("lathe_odbc_value[?]", count + 1), ffi.new "lathe_table *[1]"
  for index = 1, count do fill(values[index - 1], index, parameters[index]) end
  core.try(C.lathe_odbc_query(handle, sql, values, count, code, options.timeout and seconds(options.timeout, "timeout") or 0, answer,
    core.progress(), problem))
  return answer[0] ~= nil and tables.wrap(answer[0]) or nil, parameters -- what the values point at is held until here
end

-- Close it now instead of at some collection.
function connection:close()
  local handle = rawget(self, "handle")
  if handle then
    C.lathe_odbc_close(ffi.gc(handle, nil))
    self.handle = nil
  end
end

-- Ask once: connect, run `sql`, close. `options` are those of `open` and of `query`.
function odbc.ask(sql, options)
  local opening, asking, known = {}, {}, {}
  for _, list in ipairs { open_options, query_options } do
    for name in pairs(list) do known[name] = true end
  end
  for name, value in pairs(core.check_options(options, known, "lathe.odbc.ask")) do
    if open_options[name] then opening[name] = value end
    if query_options[name] then asking[name] = value end
  end
  local opened = odbc.open(opening)
  local fine, answer = pcall(opened.query, opened, sql, asking)
  opened:close()
  if not fine then error(answer, 0) end
  return answer or core.fail "the query has no answer; a table is made by SELECT"
end

-- What lathe.read "odbc:..." does: `rest` is a connection string without a password, env:NAME or file:PATH; `options` have query or table.
function odbc.read(rest, options)
  options = options or {}
  if (options.query == nil) == (options.table == nil) then
    core.fail 'lathe.read "odbc:..." wants query = "select ..." or table = "NAME"'
  end
  local sql = options.query or ('select * from "%s"'):format((text(options.table, "table"):gsub('"', '""'):gsub("%.", '"."')))
  local way, name = rest:match "^(%l+):(.+)$"
  local where = way == "env" and { connection_env = name } or way == "file" and { connection_file = name } or { connection = rest }
  where.timeout, where.decimals = options.timeout, options.decimals
  return odbc.ask(sql, where)
end

return odbc
