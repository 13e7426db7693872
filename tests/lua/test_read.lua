-- lathe.read: formats, packing, encodings, dialects, globs and lists; the step ingest.read and its keys.
local tap = require "tap"
local lathe = require "lathe"

local folder = io.popen("mktemp -d"):read "*l"
local program = assert(os.getenv "LATHE", "LATHE is the program")

local function write(name, text)
  local path = folder .. "/" .. name
  local file = assert(io.open(path, "wb"))
  file:write(text)
  file:close()
  return path
end

local function read(name, text, options) return lathe.read(write(name, text), options) end
local function values(t, name)
  local list = {}
  for row = 1, t:rows() do list[row] = t:column(name):text(row) end
  return table.concat(list, " ")
end
local function output_of(line)
  local pipe = io.popen(line .. " 2>&1")
  local text = pipe:read "*a"
  pipe:close()
  return text
end

-- Dialects.
local function told(text, options)
  local t, details = read("told.csv", text, options)
  return ("%d x %d: %s"):format(t:rows(), #t:columns(), details.dialect.word)
end
tap.same(told "a;b\n1,5;2\n3,5;4\n", "2 x 2: cells between semicolons, names in the first row", "semicolons")
tap.same(told "a|b\nx|y\n", "1 x 2: cells between bars, names in the first row", "bars")
tap.same(told "a b c\n1 2 3\n4 5 6\n", "2 x 3: cells between blanks, names in the first row", "blanks between numbers")
tap.same(told "name\nAnna Maria\nJean Paul\nMary Ann\n", "3 x 1: one column, names in the first row", "blanks between words part no cells")
tap.same(told "time\n10:30\n11:45\n12:00\n", "3 x 1: one column, names in the first row", "nor do colons in times")
tap.same(told "'a, b',c\n'x, y',1\n'z, w',2\n", "2 x 2: cells between commas, quoted by ', names in the first row", "single quotes")
tap.same(told 'a,b\n"x \\"y\\", z",1\n"w",2\n', "2 x 2: cells between commas, escaped by \\, names in the first row", "escapes")
tap.same(told "made by x\n\na,b,c\n1,2,3\n4,5,6\n", "2 x 3: cells between commas, 2 lines at the top left out, names in the first row",
  "lines before the names")
tap.same(told "1,2.5,2020-01-01\n2,3.5,2020-01-02\n", "2 x 3: cells between commas, no names: the first row is data", "data in the first row")
tap.same(told "region,2019,2020,2021\nnorth,1,2,3\nsouth,4,5,6\n", "2 x 4: cells between commas, names in the first row",
  "years are names")
tap.same(told("1,2\n3,4\n", { header = true }), "1 x 2: cells between commas, names in the first row", "header is true")
tap.same(told("a,b\nc,d\n", { header = false }), "2 x 2: cells between commas, no names: the first row is data", "or false")
tap.same(told("a,b\nc,d\n", { header = "auto" }), "1 x 2: cells between commas, names in the first row", "or found out")
tap.same(told("a;b,c\n1;2,3\n", { delimiter = "," }), "1 x 2: cells between commas, names in the first row", "a given delimiter is taken")
tap.same(told("x\ty\n1\t2\n", { delimiter = "tab" }), "1 x 2: cells between tabs, names in the first row", "tab has a name")
tap.same(told("a,b\n1,2\n", { skip = 1 }), "1 x 2: cells between commas, no names: the first row is data", "lines are skipped when told")
tap.same(read("t.csv", "1,2\n3,4\n", { types = { a = "string" }, header = true }):rows() , 1, "one row") -- luacheck: ignore
