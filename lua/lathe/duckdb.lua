-- DuckDB as an optional engine: SQL over tables and over files larger than memory, Parquet, object stores. Its library, libduckdb.so, is
-- found when it is first wanted; nothing of it is linked.
local ffi = require "ffi"
local core = require "lathe.core"
local tables = require "lathe.table"
local C, problem = core.C, core.problem

local duckdb = {}

-- The part of DuckDB's C interface that is used here; what loops over rows is in src/format/duckdb.c.
ffi.cdef [[
int duckdb_create_config(void **config);
int duckdb_set_config(void *config, const char *name, const char *value);
void duckdb_destroy_config(void **config);
int duckdb_open_ext(const char *path, void **database, void *config, char **error);
void duckdb_close(void **database);
int duckdb_connect(void *database, void **connection);
void duckdb_disconnect(void **connection);
void duckdb_free(void *memory);
const char *duckdb_library_version(void);
uint64_t duckdb_extract_statements(void *connection, const char *sql, void **statements);
const char *duckdb_extract_statements_error(void *statements);
int duckdb_prepare_extracted_statement(void *connection, void *statements, uint64_t index, void **statement);
void duckdb_destroy_extracted(void **statements);
const char *duckdb_prepare_error(void *statement);
void duckdb_destroy_prepare(void **statement);
uint64_t duckdb_nparams(void *statement);
int duckdb_bind_int64(void *statement, uint64_t index, int64_t value);
int duckdb_bind_double(void *statement, uint64_t index, double value);
int duckdb_bind_boolean(void *statement, uint64_t index, bool value);
int duckdb_bind_varchar_length(void *statement, uint64_t index, const char *text, uint64_t size);
int duckdb_bind_null(void *statement, uint64_t index);
]]

-- ---- the library ----

local architecture = ({ x64 = "x64", arm64 = "arm64" })[ffi.arch]
local package_name = "@duckdb/node-bindings-linux-" .. (architecture or "x64")
local library, library_path

-- Where it may lie: where the user says, where the loader looks, in the tree lathe was built in, and in a project that the user trusts.
local function candidates()
  local own = os.getenv "LATHE_DUCKDB"
  if own and own ~= "" then return { own } end
  local place, list = require "lathe.place", { "libduckdb.so", "libduckdb.so.1" }
  local below = "/node_modules/" .. package_name .. "/libduckdb.so"
  if place.build then list[#list + 1] = place.share:gsub("/share$", "") .. "/tests/conform" .. below end
  if require("lathe.project").trusted "." then list[#list + 1] = "." .. below end
  return list
end

local function load()
  if library then return library end
  local own = os.getenv "LATHE_DUCKDB"
  for _, path in ipairs(candidates()) do
    local fine, found = pcall(ffi.load, path)
    if fine then
      library, library_path = found, path
      return library
    end
    if own and own ~= "" then core.fail("LATHE_DUCKDB says %s, which cannot be opened: %s", path, tostring(found)) end
  end
  core.fail("DuckDB's library is not on this machine; `npm install --ignore-scripts %s` brings it (then set "
    .. "LATHE_DUCKDB=.../node_modules/%s/libduckdb.so), or take libduckdb from duckdb.org", package_name, package_name)
end

-- What was found: { version =, path = }, or nil and the sentence that says how to get it.
function duckdb.found()
  local fine, sentence = pcall(load)
  if not fine then return nil, sentence end
  return { version = ffi.string(library.duckdb_library_version()), path = library_path }
end

-- ---- databases ----

local database = {}
local meta = { __index = database, __tostring = function(self) return "DuckDB " .. rawget(self, "path") end }

-- 'text' and "name" as SQL writes them.
local function quoted(text) return "'" .. text:gsub("'", "''") .. "'" end
local function named(name) return '"' .. name:gsub('"', '""') .. '"' end

local function words(value, what)
  if type(value) ~= "string" or value == "" or value:find("\0", 1, true) then
    core.fail("%s is a text, not %s", what, type(value) == "string" and "one without letters or with a NUL byte" or "a " .. type(value))
  end
  return value
end

-- Options of `open` and the settings they become.
local settings = {
  path = function() end,
  memory = function(value)
    if not words(value, "memory"):find "^%d+%.?%d*%s*[KMGTkmgt]i?[Bb]$" then core.fail('memory is a size such as "2GB", not %q', value) end
    return "memory_limit", value
  end,
  threads = function(value)
    if type(value) ~= "number" or value < 1 or value % 1 ~= 0 then core.fail("threads is a number from 1 on, not %s", tostring(value)) end
    return "threads", ("%d"):format(value)
  end,
  temporary = function(value) return "temp_directory", words(value, "temporary") end,
  read_only = function(value)
    if type(value) ~= "boolean" then core.fail("read_only is true or false, not %s", tostring(value)) end
    return "access_mode", value and "READ_ONLY" or "AUTOMATIC"
  end,
}

-- Open a database: lathe.duckdb.open { path = "x.duckdb" } (default ":memory:"); memory = "2GB" (what it may hold; the rest goes to
-- disk), threads (as lathe's), temporary = folder for what does not fit, read_only = true. Extensions are never installed unless a
-- statement says so.
function duckdb.open(options)
  options = core.check_options(options, settings, "lathe.duckdb.open")
  local D = load()
  local path = options.path == nil and ":memory:" or words(options.path, "path")
  local config, opened, connected, said = ffi.new "void *[1]", ffi.new "void *[1]", ffi.new "void *[1]", ffi.new "char *[1]"
  if D.duckdb_create_config(config) ~= 0 then core.fail "DuckDB gives no configuration" end
  local wanted = { autoinstall_known_extensions = "false", threads = tostring(require("lathe.threads").get()) }
  for name, value in pairs(options) do
    local setting, text = settings[name](value)
    if setting then wanted[setting] = text end
  end
  for name, value in pairs(wanted) do
    if D.duckdb_set_config(config[0], name, value) ~= 0 then
      D.duckdb_destroy_config(config)
      core.fail("DuckDB does not take the setting %s = %s", name, value)
    end
  end
  local state = D.duckdb_open_ext(path, opened, config[0], said)
  D.duckdb_destroy_config(config)
  if state ~= 0 then
    local sentence = said[0] ~= nil and ffi.string(said[0]) or "it does not say why"
    if said[0] ~= nil then D.duckdb_free(said[0]) end
    core.fail("DuckDB cannot open %s: %s", path, sentence)
  end
  ffi.gc(opened, D.duckdb_close)
  if D.duckdb_connect(opened[0], connected) ~= 0 then core.fail("DuckDB gives no connection to %s", path) end
  ffi.gc(connected, D.duckdb_disconnect)
  local registry = ffi.gc(core.try(C.lathe_duckdb_new(library_path, connected[0], problem)), C.lathe_duckdb_release)
  return setmetatable({ path = path, opened = opened, connected = connected, registry = registry, lent = {} }, meta)
end

local function connection(self)
  if getmetatable(self) ~= meta then core.fail "a database of lathe.duckdb.open is wanted here; call its methods with a colon" end
  local connected = rawget(self, "connected")
  if not connected then core.fail("this database (%s) was closed; open it again", rawget(self, "path")) end
  return connected[0]
end

-- Close it now instead of at some collection.
function database:close()
  if not rawget(self, "connected") then return end
  library.duckdb_disconnect(ffi.gc(self.connected, nil))
  library.duckdb_close(ffi.gc(self.opened, nil))
  C.lathe_duckdb_release(ffi.gc(self.registry, nil))
  self.connected, self.opened, self.registry, self.lent = nil, nil, nil, {}
end

-- ---- statements ----

local function bind(statement, index, value)
  local kind, state = type(value), nil
  if value == nil then state = library.duckdb_bind_null(statement, index)
  elseif kind == "string" then state = library.duckdb_bind_varchar_length(statement, index, value, #value)
  elseif kind == "boolean" then state = library.duckdb_bind_boolean(statement, index, value)
  elseif ffi.istype("int64_t", value) then state = library.duckdb_bind_int64(statement, index, value)
  elseif kind == "number" and value % 1 == 0 and math.abs(value) < 2 ^ 53 then
    state = library.duckdb_bind_int64(statement, index, value)
  elseif kind == "number" then state = library.duckdb_bind_double(statement, index, value)
  else core.fail("parameter %d is a %s; use a number, a text, a truth value or nil", index, kind) end
  if state ~= 0 then core.fail("DuckDB does not take parameter %d", index) end
end

local function run_statement(self, statements, index, options, code)
  local D, prepared = library, ffi.gc(ffi.new "void *[1]", library.duckdb_destroy_prepare)
  if D.duckdb_prepare_extracted_statement(connection(self), statements, index, prepared) ~= 0 then
    core.fail("DuckDB: %s", ffi.string(D.duckdb_prepare_error(prepared[0])))
  end
  local wanted, parameters = tonumber(D.duckdb_nparams(prepared[0])), options.parameters or {}
  if type(parameters) ~= "table" then core.fail("parameters is a list of values, not a %s", type(parameters)) end
  local given = parameters.n or #parameters
  if wanted > 0 and given ~= wanted then core.fail("the statement has %d parameters, %d values are given", wanted, given) end
  for position = 1, wanted do bind(prepared[0], position, parameters[position]) end
  local answer = ffi.new "lathe_table *[1]"
  core.try(C.lathe_duckdb_run(self.registry, prepared[0], code, answer, core.progress(), problem))
  D.duckdb_destroy_prepare(ffi.gc(prepared, nil))
  return answer[0] ~= nil and tables.wrap(answer[0]) or nil
end

local query_options = { parameters = true, tables = true, decimals = true }

-- Run SQL; the answer of the last statement as a table, or nil when it has none. `options`: parameters = { ... } for ? or $1 (values are
-- bound, never pasted; n = COUNT when some are nil); tables = { name = table } makes tables visible for this call; decimals = "exact",
-- "float64" or "text" as for lathe.arrow.import. Ctrl-C stops it. Raises DuckDB's own words.
function database:query(sql, options)
  words(sql, "the query")
  options = core.check_options(options, query_options, "query")
  local code = require("lathe.arrow").decimals(options.decimals, "query")
  local connected, lent = connection(self), {}
  for name, table_ in pairs(options.tables or {}) do
    self:register(name, table_)
    lent[#lent + 1] = name
  end
  local statements = ffi.gc(ffi.new "void *[1]", library.duckdb_destroy_extracted)
  local count = tonumber(library.duckdb_extract_statements(connected, sql, statements))
  local fine, answer = pcall(function()
    if count == 0 then
      local said = library.duckdb_extract_statements_error(statements[0])
      core.fail("DuckDB: %s", said ~= nil and ffi.string(said) or "the query has no statement")
    end
    local last
    for index = 0, count - 1 do last = run_statement(self, statements[0], index, options, code) end
    return last
  end)
  for _, name in ipairs(lent) do self:unregister(name) end
  if not fine then error(answer, 0) end
  return answer
end

-- Make a table visible to SQL under a name, until `unregister` or `close`. It is not copied.
function database:register(name, table_)
  words(name, "the name of a table")
  connection(self)
  if not tables.is(table_) then core.fail("register takes a table, not a %s", type(table_)) end
  local number = C.lathe_duckdb_lend(self.registry, table_:handle(), problem)
  if number < 0 then core.try(false) end
  local sql = ("CREATE OR REPLACE TEMP VIEW %s AS FROM lathe_table(%d)"):format(named(name), tonumber(number))
  local fine, sentence = pcall(self.query, self, sql)
  if not fine then
    C.lathe_duckdb_take_back(self.registry, number)
    error(sentence, 0)
  end
  if self.lent[name] then C.lathe_duckdb_take_back(self.registry, self.lent[name]) end
  self.lent[name] = number
  return self
end

-- Take a registered table back.
function database:unregister(name)
  connection(self)
  if not self.lent[name] then core.fail("no table is registered as %q", tostring(name)) end
  self:query("DROP VIEW IF EXISTS temp.main." .. named(name))
  C.lathe_duckdb_take_back(self.registry, self.lent[name])
  self.lent[name] = nil
end

local compressions = { zstd = true, snappy = true, gzip = true, lz4 = true, uncompressed = true }
local write_options = { compression = true, row_group = true }

-- Write a table as a Parquet file, atomically: d:copy(t, "x.parquet", { compression = "zstd", row_group = 122880 }). Categories are
-- written as text.
function database:copy(table_, path, options)
  core.path(path, "copy")
  options = core.check_options(options, write_options, "copy")
  local compression, group = options.compression or "zstd", options.row_group or 122880
  if not compressions[compression] then
    core.fail("compression is zstd, snappy, gzip, lz4 or uncompressed, not %q", tostring(compression))
  end
  if type(group) ~= "number" or group < 1 or group % 1 ~= 0 then core.fail("row_group is a number of rows, not %s", tostring(group)) end
  local remote = path:find "^%a[%w+.-]+://"
  -- The writer removes what was begun when Lua drops it, also after Ctrl-C, when nothing here runs any more.
  local writer = not remote and ffi.gc(core.try(C.lathe_writer_open(path, problem)), C.lathe_writer_abandon)
  local made = writer and ffi.string(C.lathe_writer_place(writer)) or path
  local sql = ("COPY (FROM lathe_copied) TO %s (FORMAT parquet, COMPRESSION %s, ROW_GROUP_SIZE %d, USE_TMP_FILE false)")
    :format(quoted(made), compression, group)
  local fine, sentence = pcall(self.query, self, sql, { tables = { lathe_copied = table_ } })
  if not fine then
    if writer then C.lathe_writer_abandon(ffi.gc(writer, nil)) end
    local start, stop = sentence:find(made, 1, true)
    error(start and sentence:sub(1, start - 1) .. path .. sentence:sub(stop + 1) or sentence, 0)
  end
  if writer then core.try(C.lathe_writer_commit(ffi.gc(writer, nil), problem)) end
  return table_
end

-- ---- Parquet in one call ----

local read_options = { columns = true, where = true, memory = true, threads = true, decimals = true }

-- Read a Parquet file, a glob or a list of them (also s3:// and https:// where DuckDB's httpfs is installed):
-- lathe.duckdb.read_parquet("x.parquet", { columns = { "a", "b" }, where = "a > 1", memory = "2GB" }). Only the columns and row groups
-- that are wanted are read.
function duckdb.read_parquet(path, options)
  options = core.check_options(options, read_options, "lathe.duckdb.read_parquet")
  local list = type(path) == "table" and path or { path }
  if #list == 0 then core.fail "lathe.duckdb.read_parquet takes the path of a file, not an empty list" end
  local from, wanted = {}, { "*" }
  for index, item in ipairs(list) do from[index] = quoted(core.path(item, "lathe.duckdb.read_parquet")) end
  if options.columns then
    wanted = {}
    for index, name in ipairs(options.columns) do wanted[index] = named(words(name, "a column")) end
    if #wanted == 0 then core.fail "columns is a list of names, and it is empty" end
  end
  local sql = ("SELECT %s FROM read_parquet([%s])"):format(table.concat(wanted, ", "), table.concat(from, ", "))
  if options.where then sql = sql .. " WHERE " .. words(options.where, "where") end
  local opened = duckdb.open { memory = options.memory, threads = options.threads }
  local fine, answer = pcall(opened.query, opened, sql, { decimals = options.decimals })
  opened:close()
  if not fine then error(answer, 0) end
  return answer
end

-- Write a table as a Parquet file; options as for `d:copy`.
function duckdb.write_parquet(table_, path, options)
  if not tables.is(table_) then core.fail("lathe.duckdb.write_parquet takes a table, not a %s", type(table_)) end
  local opened = duckdb.open()
  local fine, sentence = pcall(opened.copy, opened, table_, path, options)
  opened:close()
  if not fine then error(sentence, 0) end
  return table_
end

return duckdb
