-- Tables from Lua: reading with options, verbs, printing, saving, errors; other projects' torture files.
local tap = require "tap"
local lathe = require "lathe"
local json = require "lathe.json"

local data = os.getenv "LATHE_DATA"
local folder = os.tmpname()
os.remove(folder)
os.execute("mkdir " .. folder)

local function write(name, text)
  local path = folder .. "/" .. name
  local file = assert(io.open(path, "wb"))
  file:write(text)
  file:close()
  return path
end

local function read(text, options) return lathe.read(write("t.csv", text), options) end

-- Rows of text.
local function cells(t)
  local rows = {}
  for row = 1, t:rows() do
    rows[row] = {}
    for at, name in ipairs(t:columns()) do rows[row][at] = t:column(name):text(row) end
  end
  return rows
end

local t = read "city,n,share,ok,day\nOslo,1,0.5,true,2024-01-01\nRom,2,,false,2024-01-02\nOslo,3,1.25,,\nRom,3,7,true,2024-01-02\n"
tap.same(t:columns(), { "city", "n", "share", "ok", "day" }, "names")
tap.same({ t:type "city", t:type "n", t:type "share", t:type "ok", t:type "day" },
  { "category", "int64", "float64", "bool", "date" }, "types")
tap.same(t:row(2), { city = "Rom", n = 2, ok = false, day = "2024-01-02" }, "a row, missing elements left out")
tap.same({ t:column("share"):missing(), t:column("city"):categories() }, { 1, { "Oslo", "Rom" } },
  "a column's missing count and categories")
tap.same(cells(t:take { 4, 1 }), { { "Rom", "3", "7", "true", "2024-01-02" }, { "Oslo", "1", "0.5", "true", "2024-01-01" } }, "take")
tap.same(t:select({ "n", "city" }):columns(), { "n", "city" }, "select")
tap.same(t:drop({ "ok", "day" }):columns(), { "city", "n", "share" }, "drop")
tap.same(t:rename({ n = "count" }):columns(), { "city", "count", "share", "ok", "day" }, "rename")
tap.same(t:with("double", { 2, 4, nil, 6 }):column("double"):values(), { 2, 4, nil, 6, n = 4 }, "with a new column")
tap.same(t:with("n", { "a", "b", "c", "d" }):type "n", "string", "with a column replaced")
tap.same({ select(2, t:drop_missing()), select(2, t:drop_missing { "ok" }), select(2, t:drop_missing { columns = { "n" } }) }, { 2, 1, 0 },
  "drop_missing says how many rows went")
tap.same({ select(2, t:drop_duplicates { columns = { "city" } }) }, { 2 }, "drop_duplicates says how many rows went")
tap.same(cells(t:drop_duplicates({ columns = { "city" }, keep = "last" }):select { "n" }), { { "3" }, { "3" } }, "the last stays")
tap.same(t:keep_range("share", { min = 0.5, below = 7 }):column("n"):values(), { 1, 3, n = 2 }, "keep_range")
tap.raises(function() t:clip "n" end, "give low, high or both", "clip without a limit is an error")
tap.same(t:clip("n", 2, 2.5):column("n"):values(), { 2, 2, 2, 2, n = 4 }, "clip keeps whole numbers whole")
tap.same({ t:note(), t:head(1):note() }, { "4 rows", "1 row" }, "notes")
local count = 0
for i, row in t:each() do count = count + i * row.n end
tap.same(count, 26, "rows are walked")
tap.raises(function() t:column "citty" end, "there is no column \"citty\"; the nearest name is \"city\"", "an unknown column")
tap.raises(function() t:take { 9 } end, "outside the 4 rows", "a row that is not there")
tap.raises(function() t:column("n"):get(0) end, "row 0 does not exist", "rows count from 1")
tap.raises(function() lathe.read("x.csv", { delimeter = ";" }) end, "did you mean \"delimiter\"", "an unknown option")
tap.raises(function() lathe.read("x.csv", { types = { a = "int" } }) end, "there is no type \"int\"", "an unknown type")
tap.raises(function() lathe.read(folder .. "/none.csv") end, "none.csv", "no such file")
tap.raises(function() read "" end, "the file is empty", "an empty file")
tap.raises(function() t.rows() end, "call its methods with a colon", "a method called with a point")
tap.raises(function() lathe.table { a = { 1, "x" } } end, "element 2 of a column is a string", "mixed elements")
local gone = t:head(1)
gone:release()
tap.raises(function() gone:rows() end, "this table was released", "a released table")

-- Round trips.
local path = folder .. "/out.csv"
local types = {}
for _, name in ipairs(t:columns()) do types[name] = t:type(name) end
t:write(path)
tap.same(lathe.read(path, { types = types }):hash(), t:hash(), "written and read is equal")
local saved = folder .. "/out.safetensors"
t:save(saved)
tap.same({ lathe.table.load(saved):hash(), lathe.read(saved):hash() }, { t:hash(), t:hash() }, "saved and loaded is equal")
local nasty = lathe.table { { "text", { "", "NA", "a,b", "say \"x\"", "line\nend", "\r", " blank ", "007", "ü€😀", n = 10 } } }
nasty:write(path)
tap.same(lathe.read(path, { types = { text = "string" } }):hash(), nasty:hash(), "awkward texts are written and read equal")
tap.raises(function() t:write "/no/such/folder/x.csv" end, "/no/such/folder", "an unwritable place")
tap.raises(function() lathe.table.load(path) end, "safetensors", "a CSV file is no saved table")

-- Printing.
local shown = read "名前,n,x\n山田太郎,12345,0.5\n李,7,\nab,,-12.25\n":show { width = 60 }
tap.same(shown, table.concat({
  "───────────────────────────",
  " 名前           n        x",
  " string     int64  float64",
  "              1 ·      1 ·",
  "───────────────────────────",
  " 山田太郎  12,345     0.5",
  " 李             7        ·",
  " ab             ·   -12.25",
  "───────────────────────────",
  " 3 rows × 3 columns" }, "\n"), "a head is framed, lined up, wide characters too", shown)
local wide = {}
for at = 1, 40 do wide[at] = { "column_" .. at, { at } } end
for line in lathe.table(wide):show({ width = 60 }):gmatch "[^\n]+" do
  if require("lathe.style").width(line) > 60 then tap.ok(false, "no line is wider than asked", line) end
end
tap.ok(tostring(t):find("4 rows × 5 columns", 1, true), "tostring shows the head")

-- csv-spectrum: everything as text must equal the expected objects.
local function text_types(file, options)
  local kinds = {}
  for _, name in ipairs(lathe.read(file, options):columns()) do kinds[name] = "string" end
  return kinds
end

local function load_json(file)
  local handle = io.open(file, "rb")
  if not handle then return nil end
  local text = handle:read "*a"
  handle:close()
  return json.decode(text, file)
end

for _, name in ipairs { "empty", "escaped_quotes", "json", "location_coordinates", "quotes_and_newlines", "simple" } do
  local expected = load_json(data .. "/csv-spectrum/json/" .. name .. ".json")
  if expected then
    local file = data .. "/csv-spectrum/csvs/" .. name .. ".csv"
    local spectrum, got = lathe.read(file, { types = text_types(file), missing = {} }), {}
    if name == "location_coordinates" then -- its JSON is one object, with another telephone number
      expected["Contact Phone Number"] = "2095257564"
      expected = { expected }
    end
    for row = 1, spectrum:rows() do
      got[row] = {}
      for _, column in ipairs(spectrum:columns()) do got[row][column] = spectrum:column(column):text(row) end
    end
    tap.same(got, expected, "csv-spectrum " .. name)
  else
    tap.skip("csv-spectrum " .. name, "the shared data is not there")
  end
end

-- Files of other projects: a table, or one sentence that names the file; never anything else.
local function torture(where, pattern)
  local list = io.popen("ls " .. data .. "/" .. where .. " 2>/dev/null")
  local tables, refused, odd = 0, 0, {}
  for file in list:lines() do
    if file:find(pattern) then
      local fine, result = pcall(lathe.read, file)
      if fine then
        tables = tables + 1
        result:show { width = 80 }
        result:profile()
      elseif result:find(file, 1, true) == 1 and (result:find "; " or result:find "such as") and not result:find "\n" then
        refused = refused + 1
      else
        odd[#odd + 1] = tostring(result)
      end
    end
  end
  list:close()
  if tables + refused + #odd == 0 then
    tap.skip(where, "the shared data is not there")
  else
    tap.ok(#odd == 0, ("%s: %d tables, %d refused with a sentence"):format(where, tables, refused), unpack(odd))
  end
end
torture("pollock-polluted/csv/*", "%.csv$")
torture("pollock-survey/csv/*", "")
torture("csvw-tests/*.csv", "%.csv$")
torture("commons-csv/*/*", "")
torture("misc-tables/*", "")
torture("text-torture/*", "")
os.execute("rm -rf " .. folder)

local two = lathe.table { { "a", { 1, 2 } } }
for what, run in pairs {
  ["of a new table"] = function() return lathe.table { { "a\0b", { 1 } } } end,
  ["of a renamed column"] = function() two:rename { a = "b\0c" } end,
  ["of a derived column"] = function() two:derive { ["b\0c"] = "a + 1" } end,
  ["of an aggregate"] = function() two:group_by("a", { ["n\0"] = "count" }) end,
  ["that is looked for"] = function() two:column "a\0b" end, ["of a source"] = function() lathe.concat { two, two, source = "f\0" } end,
} do tap.raises(run, "has a NUL byte in it; leave it out", "a NUL byte in the name " .. what .. " is an error, not its end") end
tap.ok(not two:has "a\0b", "no column has such a name")
tap.done()
