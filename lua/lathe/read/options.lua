-- The options of lathe.read: for which formats each is, what it may be, and how it is told to the core.
local ffi = require "ffi"
local core = require "lathe.core"

local options = {}

local types = { "bool", "int64", "float64", "string", "category", "date", "timestamp" }

local function type_code(name, where)
  for index, known in ipairs(types) do
    if known == name then return index - 1 end
  end
  core.fail("%s: there is no type %q; use one of %s", where, tostring(name), table.concat(types, ", "))
end

-- ---- checks: the value in its usual form, or a sentence ----

local function truth(value, name)
  if type(value) ~= "boolean" then core.fail("%s is true or false, not %s", name, tostring(value)) end
  return value
end

local function header(value)
  if value == "auto" then return nil end
  if value == "true" or value == "false" then return value == "true" end
  if type(value) ~= "boolean" then core.fail("header is true, false or \"auto\", not %s", tostring(value)) end
  return value
end

local named = { tab = "\t", comma = ",", semicolon = ";", bar = "|", blank = " ", space = " " }

local function one_byte(value, name)
  if named[value] then return named[value] end
  if type(value) ~= "string" or #value ~= 1 or value:byte() >= 128 then
    core.fail("the %s of a CSV file is one ASCII character, not %q", name, tostring(value))
  end
  if value == "\n" or value == "\r" or value == "\0" then core.fail("the %s of a CSV file is no line end and no NUL byte", name) end
  return value
end

local function byte_or_none(value, name)
  if value == "" then return value end
  return one_byte(value, name)
end

local function text(value, name)
  if type(value) ~= "string" or value == "" or value:find "%z" then core.fail("%s is text, not %s", name, tostring(value)) end
  return value
end

local function count(value, name)
  if type(value) ~= "number" or value < 0 or value % 1 ~= 0 or value > 2 ^ 31 - 1 then
    core.fail(name == "skip" and "%s is a number of lines, not %s" or "%s is a whole number, not %s", name, tostring(value))
  end
  return value
end

local function amount(value, name)
  if type(value) ~= "number" or not (value > 0) or value == math.huge then
    core.fail("%s is a number above 0, not %s", name, tostring(value))
  end
  return value
end

local function texts(value, name)
  if type(value) == "string" then value = { value } end
  if type(value) ~= "table" then core.fail("%s is a list of texts, not a %s", name, type(value)) end
  for index, item in ipairs(value) do
    if type(item) ~= "string" then core.fail("%s is a list of texts; item %d is a %s", name, index, type(item)) end
    core.name(item, name .. ": the text")
  end
  return value
end

local function type_map(value)
  if type(value) ~= "table" then core.fail("types is a table such as { zip = \"string\" }, not a %s", type(value)) end
  for name, kind in pairs(value) do
    if type(name) ~= "string" then core.fail("types is a table such as { zip = \"string\" }; %s names no column", tostring(name)) end
    type_code(kind, "types." .. core.name(name, "types: the column name"))
  end
  return value
end

local function format(value)
  local known = { csv = true, tsv = true, json = true, jsonl = true, npy = true, npz = true, safetensors = true, parquet = true,
    sqlite = true }
  if not known[value] then
    core.fail("format is csv, tsv, json, jsonl, npy, npz, safetensors, parquet or sqlite, not %s", tostring(value))
  end
  return value
end

local csv, json, both = { csv = true }, { json = true }, { csv = true, json = true, jsonl = true }

-- Each option: its check, and the formats that take it (none: all).
options.known = {
  format = { check = format },
  encoding = { check = text },
  source = { check = text },
  types = { check = type_map, formats = both },
  lenient = { check = truth, formats = both },
  delimiter = { check = one_byte, formats = csv },
  quote = { check = byte_or_none, formats = csv },
  escape = { check = byte_or_none, formats = csv },
  comment = { check = byte_or_none, formats = csv },
  header = { check = header, formats = csv },
  skip = { check = count, formats = csv },
  ragged = { check = truth, formats = csv },
  missing = { check = texts, formats = csv },
  decimal = { check = one_byte, formats = csv },
  thousands = { check = byte_or_none, formats = csv },
  rows = { check = text, formats = json },
  names = { check = texts, formats = { npy = true, npz = true } },
  array = { check = text, formats = { npz = true } },
  columns = { check = texts, formats = { parquet = true } },
  where = { check = text, formats = { parquet = true } },
  memory = { check = text, formats = { parquet = true } },
  decimals = { check = text, formats = { parquet = true, odbc = true } },
  table = { check = text, formats = { sqlite = true, odbc = true } },
  query = { check = text, formats = { sqlite = true, odbc = true } },
  timeout = { check = amount },
  connect_timeout = { check = amount },
  retries = { check = count },
  retry_wait = { check = amount },
  limit = { check = amount },
  token_env = { check = text },
  token_file = { check = text },
  offline = { check = truth },
  refresh = { check = truth },
  project = { check = text },
}

-- ---- to the core ----

-- What the options say of a dialect is fixed.
function options.fix_dialect(dialect, given)
  local C, fixed = core.C, 0
  local function fix(name, bit)
    if given[name] == nil then return end
    dialect[name] = given[name] == "" and 0 or type(given[name]) == "string" and given[name]:byte() or given[name]
    fixed = fixed + tonumber(bit)
  end
  fix("delimiter", C.LATHE_CSV_FIX_DELIMITER)
  fix("quote", C.LATHE_CSV_FIX_QUOTE)
  fix("escape", C.LATHE_CSV_FIX_ESCAPE)
  fix("comment", C.LATHE_CSV_FIX_COMMENT)
  fix("skip", C.LATHE_CSV_FIX_SKIP)
  if given.header ~= nil then
    dialect.headless = not given.header
    fixed = fixed + tonumber(C.LATHE_CSV_FIX_HEADER)
  end
  dialect.fixed = fixed
end

-- `types` as the arrays that lathe_csv_options and lathe_json_options have. `keep` holds what must outlive the call.
local function fill_types(c_options, map, keep)
  if not map then return end
  local names = {}
  for name in pairs(map) do names[#names + 1] = name end
  table.sort(names)
  local list, codes = ffi.new("const char *[?]", #names + 1), ffi.new("lathe_type[?]", #names + 1)
  for index, name in ipairs(names) do list[index - 1], codes[index - 1] = name, type_code(map[name]) end
  keep[#keep + 1], keep[#keep + 2], keep[#keep + 3] = list, codes, names
  c_options.type_names, c_options.types, c_options.type_count = list, codes, #names
end

function options.fill_csv(c_options, given, keep)
  keep[1] = false -- for the result
  fill_types(c_options, given.types, keep)
  c_options.lenient, c_options.ragged = given.lenient or false, given.ragged or false
  if given.decimal then c_options.decimal = given.decimal:byte() end
  if given.thousands and given.thousands ~= "" then c_options.thousands = given.thousands:byte() end
  if given.missing then
    local list = ffi.new("const char *[?]", #given.missing + 1)
    for index, marker in ipairs(given.missing) do list[index - 1] = marker end
    keep[#keep + 1], keep[#keep + 2] = list, given.missing
    c_options.missing, c_options.missing_count = list, #given.missing
  end
end

function options.fill_json(c_options, given, keep)
  keep[1] = false
  fill_types(c_options, given.types, keep)
  c_options.lenient = given.lenient or false
  if given.rows then c_options.rows, keep[#keep + 1] = given.rows, given.rows end
end

return options
