-- Reading tables from anywhere: `lathe.read(path, options)` finds out what a source is and hands it to the reader of its format.
--
--   where    a file; "-" (standard input); http:// and https:// addresses; sqlite:FILE and odbc:CONNECTION; a glob ("data/*.csv", "**" for
--            folders within folders) or a list of any of these, which are read and put one below the other
--   format   told by magic bytes, then by the extension (.gz and .zst behind it do not count), then by what the text looks like
--
-- The options are checked here, once for all formats; each format takes its own, and says so when it is given another's.
local ffi = require "ffi"
local core = require "lathe.core"
local options_of = require "lathe.read.options"
local C, problem = core.C, core.problem

local read = {}

-- ---- what a path is ----

local schemes = { http = "http", https = "http", sqlite = "sqlite", odbc = "odbc" }

-- "http", "sqlite", "odbc" and what is behind the colon; nil for a plain path.
function read.scheme_of(path)
  local word, rest = path:match "^(%a+):(.+)$"
  local scheme = word and schemes[word:lower()]
  if word and not scheme and rest:sub(1, 2) == "//" then
    core.fail("lathe.read does not know the scheme %s:; it knows http:, https:, sqlite: and odbc:, and paths of files", word)
  end
  return scheme, rest
end

local scheme_of = read.scheme_of

-- Whether a text is no plain path of one file.
function read.is_remote(path) return path == "-" or scheme_of(path) ~= nil end

local formats = {
  csv = "csv", tsv = "csv", tab = "csv", psv = "csv", json = "json", geojson = "json", jsonl = "jsonl", ndjson = "jsonl", npy = "npy",
  npz = "npz", safetensors = "safetensors", parquet = "parquet", pq = "parquet", db = "sqlite", sqlite = "sqlite", sqlite3 = "sqlite",
}

local function extension_of(path)
  path = path:lower():gsub("[?#].*$", ""):gsub("%.gz$", ""):gsub("%.zst$", "")
  return path:match "%.([%w]+)$"
end

local words = {
  csv = "a text table", json = "JSON", jsonl = "JSON Lines", npy = "NPY", npz = "NPZ", safetensors = "safetensors", parquet = "Parquet",
  sqlite = "an SQLite database", odbc = "a database",
}

-- ---- options ----

-- The options of a call, checked: each has the type it should, and there is no other.
local function check_options(options)
  if options == nil then return {} end
  if type(options) ~= "table" then core.fail("lathe.read takes a table of options, not a %s", type(options)) end
  local checked = {}
  for name, value in pairs(options) do
    local option = options_of.known[name]
    if not option then core.unknown_option("lathe.read", name, options_of.known) end
    checked[name] = option.check(value, name)
  end
  return checked
end

-- Raise when an option was given that this format does not take. Those of all text formats and of fetching go with any.
local function check_format(options, format, name)
  local given = {}
  for option in pairs(options) do given[#given + 1] = option end
  table.sort(given)
  for _, option in ipairs(given) do
    local takes = options_of.known[option].formats
    if takes and not takes[format] then
      local list = {}
      for other in pairs(takes) do list[#list + 1] = words[other] end
      table.sort(list)
      core.fail("%s: %s is an option for %s, and this is %s; leave it out", name, option, require("lathe.schema").enumerate(list, "or"),
        words[format])
    end
  end
end

-- ---- readers: (source or path, name, options, detail) -> table; they fill detail.rejects, .note, .dialect ----

local tables

local function wrap(pointer)
  tables = tables or require "lathe.table"
  return tables.wrap(pointer)
end

-- Parse with a core function that takes (data, size, name, options, rejects, progress, error).
local function parse(run, source, c_options, detail, skip)
  local rejects = ffi.new "lathe_table *[1]"
  skip = skip or 0
  local pointer = run(C.lathe_source_data(source) + skip, C.lathe_source_size(source) - skip, C.lathe_source_name(source), c_options,
    rejects, core.progress(), problem)
  if pointer == nil then return nil end
  if rejects[0] ~= nil then detail.rejects = wrap(rejects[0]) end
  return wrap(pointer)
end

-- A text that failed may be in an encoding that shows only far behind its beginning: then it is converted, and read again.
local function parse_again(run, source, c_options, detail, skip, prepare)
  local table_ = parse(run, source, c_options, detail, skip)
  if table_ then return table_ end
  local sentence, code = ffi.string(problem.message), problem.code
  if code ~= C.LATHE_ERROR_DATA then core.fail("%s", sentence) end
  local recoded = C.lathe_source_recode(source, core.progress(), problem)
  if not recoded then
    if problem.code ~= C.LATHE_ERROR_NONE then core.try(false) end
    core.fail("%s", sentence)
  end
  if prepare then prepare() end
  return parse(run, source, c_options, detail, skip) or core.try(false)
end

local function char_text(code) return code ~= 0 and string.char(code) or "" end

-- The parts of the dialect that are not given are found out.
local function detect(source, options, c_options)
  local dialect = ffi.new "lathe_csv_dialect"
  options_of.fix_dialect(dialect, options)
  core.try(C.lathe_csv_detect(C.lathe_source_data(source), C.lathe_source_size(source), dialect, problem))
  -- Types are given by name: then there are names, unless they are the made ones.
  if dialect.headless and options.header == nil and options.types then
    for name in pairs(options.types) do
      if not name:find "^column_%d+$" then dialect.headless = false end
    end
  end
  c_options.delimiter, c_options.quote, c_options.plain = dialect.delimiter, dialect.quote, dialect.quote == 0
  c_options.escape, c_options.comment = dialect.escape, dialect.comment
  c_options.headless, c_options.skip = dialect.headless, dialect.skip
  local found = {
    delimiter = char_text(dialect.delimiter), quote = char_text(dialect.quote), escape = char_text(dialect.escape),
    comment = char_text(dialect.comment), header = not dialect.headless, skip = dialect.skip, word = ffi.string(dialect.word),
  }
  local usual = found.delimiter == "," and found.quote == '"' and found.escape == "" and found.comment == "" and found.header
    and found.skip == 0
  return found, not usual and found.word or nil
end

local readers = {}

function readers.csv(source, options, detail)
  local keep, c_options = {}, ffi.new "lathe_csv_options"
  options_of.fill_csv(c_options, options, keep)
  local function prepare() detail.dialect, detail.word = detect(source, options, c_options) end
  if options.lenient then C.lathe_source_recode(source, core.progress(), problem) end -- a bad byte would only cost its row
  prepare()
  local table_ = parse_again(C.lathe_table_parse_csv, source, c_options, detail, 0, prepare)
  keep[1] = table_ -- until here what the options point at is held
  return table_
end

local function mark_size(source)
  return C.lathe_source_size(source) >= 3 and ffi.string(C.lathe_source_data(source), 3) == "\239\187\191" and 3 or 0
end

local function read_json(source, options, detail, run)
  local keep, c_options = {}, ffi.new "lathe_json_options"
  local note = ffi.new("char[?]", C.LATHE_JSON_NOTE)
  options_of.fill_json(c_options, options, keep)
  c_options.note = note
  local table_ = parse_again(run, source, c_options, detail, mark_size(source))
  keep[1] = table_
  detail.word = ffi.string(note) ~= "" and ffi.string(note) or nil
  return table_
end

function readers.npy(source, options) return require("lathe.npy").read(source, options) end
readers.npz = readers.npy

function readers.json(source, options, detail) return read_json(source, options, detail, C.lathe_table_parse_json) end
function readers.jsonl(source, options, detail) return read_json(source, options, detail, C.lathe_table_parse_json_lines) end

-- A module of lathe that reads a format, or a sentence when it is not there.
local function part(module, name, what)
  local fine, found = pcall(require, module)
  if fine then return found end
  if not tostring(found):find("module '" .. module .. "' not found", 1, true) then error(found, 0) end
  core.fail("%s: this lathe does not read %s; save it as CSV or JSON Lines", name, what)
end

-- ---- one source ----

local looks = {
  [tonumber(C.LATHE_SOURCE_JSON)] = "json", [tonumber(C.LATHE_SOURCE_LINES)] = "jsonl", [tonumber(C.LATHE_SOURCE_NPY)] = "npy",
  [tonumber(C.LATHE_SOURCE_ZIP)] = "npz", [tonumber(C.LATHE_SOURCE_SAFETENSORS)] = "safetensors",
  [tonumber(C.LATHE_SOURCE_PARQUET)] = "parquet", [tonumber(C.LATHE_SOURCE_SQLITE)] = "sqlite",
}

-- The format of an opened source.
local function format_of(source, path, options, name)
  if options.format then return options.format == "tsv" and "csv" or options.format end
  local kind, extension = tonumber(C.lathe_source_looks(source)), extension_of(path)
  local told = formats[extension or ""]
  if kind == C.LATHE_SOURCE_ZIP and told ~= "npz" then
    core.fail("%s: this is a zip archive or an office document; unpack it, or save the sheet as CSV", name)
  end
  if kind >= C.LATHE_SOURCE_NPY then
    if kind == C.LATHE_SOURCE_ARROW then core.fail("%s: this is an Arrow file; save it as Parquet or CSV", name) end
    if kind == C.LATHE_SOURCE_OTHER then core.fail("%s: this is no table that lathe reads; save it as CSV", name) end
    return looks[kind]
  end
  if kind == C.LATHE_SOURCE_HTML and told ~= "csv" then
    core.fail("%s: this is a web page, not a table; look for a link to the data in it", name)
  end
  if told == "csv" or told == "json" or told == "jsonl" then return told end
  if told and kind ~= C.LATHE_SOURCE_EMPTY then
    core.fail("%s: its name says %s, but its bytes do not; get it again, or say what it is with format", name, words[told])
  end
  return looks[kind] or "csv"
end

local function note_of(detail, source)
  local parts = {}
  local bytes = ffi.string(C.lathe_source_note(source))
  if bytes ~= "" then parts[#parts + 1] = bytes end
  if detail.word then parts[#parts + 1] = detail.word end
  return parts
end

-- `file` is where the bytes are, `path` a name with an extension, `name` what is shown.
local function read_opened(source, file, path, name, options, detail)
  local format = format_of(source, path, options, name)
  check_format(options, format, name)
  detail.format = format
  local reader = readers[format]
  if reader then
    local table_ = reader(source, options, detail)
    detail.parts = note_of(detail, source)
    return table_
  end
  detail.parts = note_of(detail, source)
  local regular = file ~= "-" and C.lathe_path_look(file, nil) == C.LATHE_PATH_FILE
  if ffi.string(C.lathe_source_note(source)) ~= "" or not regular then
    core.fail("%s: %s cannot be read from a pipe or while it is packed; unpack it to a file", name, words[format])
  end
  if format == "safetensors" then
    tables = tables or require "lathe.table"
    return tables.load(file)
  end
  if format == "sqlite" then return require("lathe.sqlite").read(file, options, detail) end
  return part("lathe.duckdb", name, words[format]).read_parquet(file, { columns = options.columns, where = options.where,
    memory = options.memory, decimals = options.decimals })
end

-- Read one place: its table; `detail` is filled.
local function read_one(path, options, detail)
  local scheme, rest = scheme_of(path)
  local file, name = path, path == "-" and "standard input" or path
  if scheme == "sqlite" or scheme == "odbc" then
    check_format(options, scheme, path)
    detail.format, detail.parts = scheme, {}
    return part("lathe." .. scheme, path, words[scheme]).read(rest, options, detail)
  end
  if scheme == "http" then
    local answer = part("lathe.fetch", path, "from servers").get(path, options)
    file, name, path = answer.file, answer.name, answer.guess
    detail.fetched = answer
  end
  local source = core.try(C.lathe_source_open(file, name, options.encoding, core.progress(), problem))
  ffi.gc(source, C.lathe_source_release)
  local fine, result = pcall(read_opened, source, file, path, name, options, detail)
  local whole = C.lathe_source_check(source, problem)
  C.lathe_source_release(ffi.gc(source, nil))
  if not whole then core.try(false) end
  if not fine then error(result, 0) end
  if detail.fetched and detail.fetched.note then table.insert(detail.parts, 1, detail.fetched.note) end
  return result
end

-- What a large text table can be looked at with before it is read, for lathe_screen_file: its lathe_csv_options, what must be held as long
-- as they are used, and the file's bytes. nil for anything but one plain UTF-8 file of a text table. Raises what is wrong with the options.
function read.preview(path, options)
  if type(path) ~= "string" or read.is_remote(path) or path:find "[*?%[]" then return nil end
  local checked, state = check_options(options), ffi.new "lathe_path_state"
  if C.lathe_path_look(path, state) ~= C.LATHE_PATH_FILE then return nil end
  local source = C.lathe_source_open(path, path, checked.encoding, core.progress(), problem)
  if source == nil then return nil end
  ffi.gc(source, C.lathe_source_release)
  local fine, format = pcall(format_of, source, path, checked, path)
  if not fine or format ~= "csv" or ffi.string(C.lathe_source_note(source)) ~= "" then return nil end
  local keep, c_options = { checked }, ffi.new "lathe_csv_options"
  options_of.fill_csv(c_options, checked, keep)
  detect(source, checked, c_options)
  return c_options, keep, tonumber(state.size)
end

-- What a file is packed with: "gzip", "zstd" or nil.
function read.packing(path)
  local file = io.open(path, "rb")
  local head = file and file:read(4) or ""
  if file then file:close() end
  return head:sub(1, 2) == "\31\139" and "gzip" or head == "\40\181\47\253" and "zstd" or nil
end

-- The lathe_csv_options of a CSV file that lies on the disk, for who reads it in pieces; details as of read.read, with `encoding` when it
-- is not UTF-8; and a list that must outlive the options. Raises a sentence when it is something else.
function read.plain_csv(path, given)
  local options = check_options(given)
  core.path(path, "lathe.profile.file")
  local packing = read.packing(path)
  if packing then
    core.fail("%s: within a memory cap what is packed with %s is not read; unpack it first, or leave out memory", path, packing)
  end
  local source = core.try(C.lathe_source_open(path, path, "bytes", core.progress(), problem))
  ffi.gc(source, C.lathe_source_release)
  local keep, c_options, detail = {}, ffi.new "lathe_csv_options", {}
  local fine, sentence = pcall(function()
    local format = format_of(source, path, options, path)
    if format ~= "csv" then core.fail("%s: within a memory cap CSV is read, and this is %s; leave out memory", path, words[format]) end
    check_format(options, format, path)
    detail.encoding = options.encoding
    if not detail.encoding then
      local found = C.lathe_source_encoding(source, problem)
      if found == nil then core.try(false) end
      detail.encoding = ffi.string(found)
    end
    if detail.encoding:lower():find "^utf%-?8$" then detail.encoding = nil end
    options_of.fill_csv(c_options, options, keep)
    detail.dialect, detail.word = detect(source, options, c_options)
  end)
  C.lathe_source_release(ffi.gc(source, nil))
  if not fine then error(sentence, 0) end
  return c_options, detail, keep
end

-- ---- several ----

-- The places that a path, a glob or a list of them stands for.
function read.places(path, folder)
  if type(path) == "table" then
    if #path == 0 then core.fail "lathe.read takes the path of a file or a list of them; this list is empty" end
    local places = {}
    for index, item in ipairs(path) do
      if type(item) ~= "string" then core.fail("lathe.read takes a list of paths; item %d is a %s", index, type(item)) end
      for _, place in ipairs(read.places(item, folder)) do places[#places + 1] = place end
    end
    return places
  end
  core.path(path, "lathe.read")
  if read.is_remote(path) then return { path } end
  local found = require("lathe.read.glob").expand(path, folder)
  if #found == 0 then core.fail("no file matches %s; check the pattern and the folder", path) end
  return found
end

-- What the details of `lathe.read` are: a table that shows itself as its note, and that the console does not print.
local detail_meta = { __quiet = true, __beside = true, __tostring = function(detail) return detail.note end }

local function finish(table_, detail)
  local parts = detail.parts or {}
  local rejected = detail.rejects and detail.rejects:rows() or 0
  if rejected > 0 then
    local style = require "lathe.style"
    local rows = table_:rows()
    parts[#parts + 1] = ("%s rows kept, %s rejected"):format(style.count(rows), style.count(rejected))
  end
  detail.note = table.concat(parts, "; ")
  detail.parts, detail.word, detail.fetched = nil, nil, nil
  return table_, setmetatable(detail, detail_meta)
end

-- Read a table. `path`: a file, "-" for standard input, an http:, https:, sqlite: or odbc: address, a glob, or a list of these, which are
-- put one below the other by the names of their columns. `options`: see share/doc/csv.md and share/doc/lua.md. Also returns details:
-- { note = words about what was found out, rejects = table of the rows that were left out (lenient), dialect = how a text table is
-- written, format =, files = of several: { { path =, rows =, note = }, ... }, schema = of several that differ: a table }. Raises one
-- sentence.
function read.read(path, options)
  local checked = check_options(options)
  local places = read.places(path)
  if #places == 1 and type(path) ~= "table" and places[1] == path then
    local detail = {}
    local table_ = read_one(path, checked, detail)
    if checked.source then table_ = require("lathe.read.several").with_source(table_, checked.source, path) end
    return finish(table_, detail)
  end
  return finish(require("lathe.read.several").read(places, checked, read_one))
end

return read
