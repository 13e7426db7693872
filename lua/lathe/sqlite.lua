-- SQLite databases as tables, for lathe.read and t:write.
local ffi = require "ffi"
local core = require "lathe.core"
local C = core.C

local sqlite = {}

local known = { table = true, query = true }

local function decode(text)
  return (text:gsub("+", " "):gsub("%%(%x%x)", function(digits) return string.char(tonumber(digits, 16)) end))
end

-- "people.db?table=people&query=..." as the file and its options. A file of exactly this name comes first.
local function split(path)
  local file, rest = path:match "^(.-)%?(.*)$"
  local found = io.open(path, "rb")
  if found then found:close() end
  if not file or found then return path, {} end
  local options = {}
  for piece in rest:gmatch "[^&]+" do
    local name, value = piece:match "^([^=]+)=(.*)$"
    if not name or not known[name] then core.unknown_option("sqlite:" .. file, name or piece, known) end
    options[name] = decode(value)
  end
  return file, options
end

-- A table of a database, or the rows of a query: `path` is a file, or "FILE?table=NAME". `options`: table (needed when there are several),
-- query = "select ...". Columns of mixed types are said in `detail.parts`.
function sqlite.read(path, options, detail)
  local file, inside = split(path)
  local query, name = options.query or inside.query, options.table or inside.table
  if query and name then core.fail("%s: give a table or a query, not both", file) end
  local c_options, note = ffi.new "lathe_sqlite_options", ffi.new("char[?]", C.LATHE_SQLITE_NOTE)
  c_options.table, c_options.query, c_options.note = name, query, note
  local table_ = require("lathe.table").wrap(C.lathe_table_read_sqlite(file, c_options, core.progress(), core.problem))
  local keep = { name, query } -- luacheck: ignore 241 (held while the options point at them)
  keep[3] = table_
  if detail and note[0] ~= 0 then
    detail.parts = detail.parts or {}
    table.insert(detail.parts, ffi.string(note))
  end
  return table_
end

local modes = { create = "LATHE_SQLITE_CREATE", replace = "LATHE_SQLITE_REPLACE", append = "LATHE_SQLITE_APPEND" }

-- Write as a table of a database. `options`: table = NAME; mode = "create" (default), "replace" or "append".
function sqlite.write(table_, path, options)
  local mode = options.mode or "create"
  if not modes[mode] then core.fail("mode is \"create\", \"replace\" or \"append\", not %q", tostring(mode)) end
  core.try(C.lathe_table_write_sqlite(table_:handle(), path, options.table, C[modes[mode]], core.progress(), core.problem))
end

return sqlite
