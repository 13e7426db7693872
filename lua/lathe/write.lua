-- Adds table:write: a table as a file of the format that its name tells.
local core = require "lathe.core"
local tables = require "lathe.table"

local C = core.C

local function truth(value, name)
  if type(value) ~= "boolean" then core.fail("%s is true or false, not %s", name, tostring(value)) end
  return value
end

local function text(value, name)
  if type(value) ~= "string" or value == "" or value:find "%z" then core.fail("%s is a text, not %s", name, tostring(value)) end
  return value
end

local function one_byte(value, name)
  if value == "tab" then value = "\t" end
  if type(value) ~= "string" or #value ~= 1 or value:byte() >= 128 then
    core.fail("the %s of a CSV file is one ASCII character, not %q", name, tostring(value))
  end
  return value
end

-- Each format: the options it takes, its writer, whether it may be packed, and whether it may go to standard output.
local formats = {}

local function add_csv(name, delimiter)
  formats[name] = { options = { delimiter = one_byte }, packed = true, stream = true, write = function(table_, path, options)
    core.try(C.lathe_table_write_csv(table_:handle(), path, (options.delimiter or delimiter):byte(), core.progress(), core.problem))
  end }
end
add_csv("csv", ",")
add_csv("tsv", "\t")

local function add_json(name, lines)
  formats[name] = { options = {}, packed = true, stream = true, write = function(table_, path)
    core.try(C.lathe_table_write_json(table_:handle(), path, lines, core.progress(), core.problem))
  end }
end
add_json("json", false)
add_json("jsonl", true)

formats.npy = { options = { fields = truth }, packed = true, stream = true, write = function(table_, path, options)
  core.try(C.lathe_table_write_npy(table_:handle(), path, options.fields or false, core.progress(), core.problem))
end }
formats.npz = { options = { compressed = truth }, stream = true, write = function(table_, path, options)
  core.try(C.lathe_table_write_npz(table_:handle(), path, options.compressed or false, core.progress(), core.problem))
end }
formats.safetensors = { options = {}, write = function(table_, path) table_:save(path) end }
formats.sqlite = { options = { table = text, mode = text }, write = function(table_, path, options)
  local name = path:match "([^/]+)$":gsub("%.[^.]*$", "")
  require("lathe.sqlite").write(table_, path, { table = options.table or name, mode = options.mode })
end }
formats.parquet = { options = { compression = text, row_group = function(value) return value end }, write = function(table_, path, options)
  local fine, duckdb = pcall(require, "lathe.duckdb")
  if not fine then core.fail("%s: this lathe does not write Parquet; write CSV, JSON Lines or safetensors", path) end
  duckdb.write_parquet(table_, path, options)
end }

local extensions = { csv = "csv", tsv = "tsv", tab = "tsv", txt = "csv", json = "json", jsonl = "jsonl", ndjson = "jsonl", npy = "npy",
  npz = "npz", safetensors = "safetensors", db = "sqlite", sqlite = "sqlite", sqlite3 = "sqlite", parquet = "parquet", pq = "parquet" }

local names = { "csv", "tsv", "json", "jsonl", "npy", "npz", "safetensors", "sqlite", "parquet" }

-- The format, the path without its scheme, and whether the path asks for packing.
local function format_of(path, options)
  local scheme, rest = path:match "^(%a+):(.+)$"
  if scheme == "sqlite" then return "sqlite", rest, false end
  if rest and rest:sub(1, 2) == "//" then core.fail("table:write writes files, not to %s:; write a file and send it", scheme) end
  local plain = path:lower():gsub("%.gz$", ""):gsub("%.zst$", "")
  local extension = plain:match "%.(%w+)$"
  local format = options.format or extensions[extension or ""]
  if options.format and not formats[options.format] then
    core.fail("format is %s, not %s", require("lathe.schema").enumerate(names, "or"), tostring(options.format))
  end
  if not format and (extension == nil or path == "-" or path:find "^/dev/") then format = "csv" end
  if not format then
    core.fail("%s: no format is written to .%s files; name one of %s, or say format = NAME", path, extension,
      require("lathe.schema").enumerate(names, "or"))
  end
  return format, path, plain ~= path:lower()
end

-- Write a file, whole or not at all; its extension tells the format: csv, tsv, json, jsonl, npy, npz, safetensors, db or sqlite, parquet;
-- .gz or .zst behind a text format or npy packs it; "-" is standard output (CSV, unless format = says another). `options`: format, and
--   csv, tsv   delimiter
--   npy        fields = true: a structured type with names also where all columns are of one type
--   npz        compressed = true
--   sqlite     table = NAME (the name of the file), mode = "create" (default), "replace" or "append"
--   parquet    compression, row_group, as for lathe.duckdb
-- Gives the table back.
function tables:write(path, options)
  core.path(path, "table:write")
  if options ~= nil and type(options) ~= "table" then core.fail("table:write takes a table of options, not a %s", type(options)) end
  options = options or {}
  local format, file, packed = format_of(path, options)
  local writer, checked = formats[format], {}
  for name, value in pairs(options) do
    if name ~= "format" then
      if not writer.options[name] then
        local known = { format = true }
        for option in pairs(writer.options) do known[option] = true end
        core.unknown_option("table:write to " .. format, name, known)
      end
      checked[name] = writer.options[name](value, name)
    end
  end
  if packed and not writer.packed then
    core.fail("%s: a %s file is not packed with gzip or zstd; leave the ending .gz or .zst out", path, format)
  end
  if path == "-" then
    if not writer.stream then core.fail("%s does not go to standard output; name a file", format) end
    io.stdout:flush()
  end
  self:handle()
  writer.write(self, file, checked)
  return self
end

return tables
