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
tap.same(told "1,2.5,2020-01-01\n2,3.5,2020-01-02\n", "2 x 3: cells between commas, no names: the first row is data",
  "data in the first row")
tap.same(told "region,2019,2020,2021\nnorth,1,2,3\nsouth,4,5,6\n", "2 x 4: cells between commas, names in the first row",
  "years are names")
tap.same(told("1,2\n3,4\n", { header = true }), "1 x 2: cells between commas, names in the first row", "header is true")
tap.same(told("a,b\nc,d\n", { header = false }), "2 x 2: cells between commas, no names: the first row is data", "or false")
tap.same(told("a,b\nc,d\n", { header = "auto" }), "1 x 2: cells between commas, names in the first row", "or found out")
tap.same(told("a;b,c\n1;2,3\n", { delimiter = "," }), "1 x 2: cells between commas, names in the first row", "a given delimiter is taken")
tap.same(told("x\ty\n1\t2\n", { delimiter = "tab" }), "1 x 2: cells between tabs, names in the first row", "tab has a name")
tap.same(told("x\na,b\n1,2\n", { skip = 1 }), "1 x 2: cells between commas, 1 line at the top left out, names in the first row",
  "lines are skipped when told")
tap.same(told("a,b\n,\nc,d\n1,2\n", { skip = 0 }), "3 x 2: cells between commas, names in the first row", "and none when told")
local typed = read("t.csv", "1,2\n3,4\n", { types = { ["1"] = "string" } })
tap.same({ typed:rows(), typed:columns() }, { 1, { "1", "2" } }, "a type given by name says that there are names")
tap.same(#lathe.read(write("t.tsv", "a,b\tc\n1,5\t2\n")):columns(), 2, "tabs beat commas inside")

-- Traps: rows, columns and the character between cells; one column where nothing parts cells.
for _, trap in ipairs {
  { "10:00:01\n10:00:02\n", "2 1", "times without a name" }, { "at\n2014-01-01T10:00:00\n2014-01-01T10:00:05\n", "2 1", "timestamps" },
  { "HH:mm:ss.S\n15:02:37.143", "1 1", "a format for a name" }, { "ratio\n1:2\n3:4\n5:6\n", "3 1", "ratios below their name" },
  { "yyyy-MM-ddTHH:mm,HH:mm:ss\n2015-03-15T15:02,15:02:37\n", "1 2 ,", "times between commas" },
  { "url\nhttp://a.b/c\nhttp://a.b/d\n", "2 1", "addresses" }, { "a\n007\n NA\n41.0\n", "3 1", "a blank before one value" },
  { "a;b\n1,5;2,5\n3,5;4,5\n", "2 2 ;", "decimal commas" }, { 'a,b\n"1,000","2,000"\n', "1 2 ,", "thousands in quotes" },
  { "id,tags\n1,a;b\n2,d;e\n3,f;g\n", "3 2 ,", "lists within cells" }, { "a,b\nx|y,1\nz|w,2\n", "2 2 ,", "bars within cells" },
  { "a\tb\n1,2\t3\n4,5\t6\n", "2 2 \t", "tabs" }, { 'id,j\n1,"{""a"": 1, ""b"": 2}"\n', "1 2 ,", "JSON within cells" },
  { "a,b\nit's,1\nthat's,2\n", "2 2 ,", "apostrophes" }, { "name,b\n'tis,1\n'twas,2\nnow,3\n", "3 2 ,", "apostrophes in front" },
  { "a,b\n#1,2\n#3,4\n", "2 2 ,", "numbers with a hash" }, { "#a,b\n1,2\n3,4\n", "2 2 ,", "a hash before the names" },
  { "sep=;\na;b\n1;2\n3;4\n", "2 2 ;", "a line that says the delimiter" }, { '"sep=|"\r\na|b\r\n1|2\r\n', "1 2 |", "the same in quotes" },
  { "sep=;\n\nReport\n\na;b;c\n1;2;3\n3;4;5\n", "2 3 ;", "and more above the names" },
  { "p,n\nC:\\dir\\,1\nC:\\x\\,2\n", "2 2 ,", "backslashes that escape nothing" },
  { "name   age  city\nAnn    30   Oslo\nBob    40   Pau\n", "2 1", "columns of blanks" },
} do
  local t, details = read("trap.csv", trap[1])
  local between = #t:columns() > 1 and " " .. details.dialect.delimiter or ""
  tap.same(("%d %d%s"):format(t:rows(), #t:columns(), between), trap[2], "trap: " .. trap[3])
end
tap.raises(function() read("t.csv", "a\n1,5\n2,5\n3,5\n") end, "t.csv:2:2: the row that begins", "a name above decimal commas is not lost")

-- Options.
local function refused(text, options, sentence, what)
  tap.raises(function() read("t.csv", text, options) end, sentence, what)
end
refused("a\n", { delimeter = ";" }, 'lathe.read has no option "delimeter"; did you mean "delimiter"?', "an unknown option has a neighbour")
refused("a\n", { delimiter = "ab" }, "the delimiter of a CSV file is one ASCII character", "a delimiter is one character")
refused("a\n", { header = "yes" }, 'header is true, false or "auto"', "header has three values")
refused("a\n", { rows = "x" }, "t.csv: rows is an option for JSON, and this is a text table", "an option of another format is said")
refused("a\n", { format = "xml" }, "format is csv, tsv, json", "an unknown format")
refused("a\n", { encoding = "utf-99" }, 'there is no encoding "utf-99"', "an unknown encoding")
tap.raises(function() lathe.read {} end, "this list is empty", "an empty list")
tap.raises(function() lathe.read { "a", 3 } end, "item 2 is a number", "a list of other things")
tap.raises(function() lathe.read "ftp://x/y" end, "does not know the scheme ftp:", "another scheme")
tap.raises(function() lathe.read(folder .. "/none*.csv") end, "no file matches", "a pattern without a match")

-- Formats by content and by name.
tap.same(values(read("t.json", '[{"a": 1}, {"a": 2}]'), "a"), "1 2", "JSON by its name")
tap.same(values(read("t.data", '{"a": 1}\n{"a": 2}\n'), "a"), "1 2", "JSON Lines by what they look like")
tap.same(values(read("t.dat", "\239\187\191[{\"a\": 7}]"), "a"), "7", "JSON with a mark in front")
tap.raises(function() read("t.html", "<html><table>") end, "this is a web page", "a web page")
tap.raises(function() read("t.xlsx", "PK\3\4xxxx") end, "zip archive or an office document", "an office document")
tap.raises(function() read("t.npy", "a,b\n") end, "its name says NPY, but its bytes do not", "a name that lies")
tap.raises(function() read("t.bin", "ARROW1\0\0") end, "this is an Arrow file", "Arrow")
local saved = folder .. "/saved.any"
lathe.table({ { "x", { 1, 2 } } }):save(saved)
tap.same(values(lathe.read(saved), "x"), "1 2", "safetensors by their bytes")

-- Encodings.
local function encoded(text, options)
  local t, details = read("e.csv", text, options)
  return values(t, t:columns()[1]) .. " | " .. details.note
end
tap.same(encoded("n,m\ncaf\233,1\n"), "café | windows-1252", "Latin-1 is recognised")
tap.same(encoded("n,m\n\195\251\215\214,1\n"), "名字 | GB18030", "GB18030 is recognised")
tap.same(encoded("\255\254n\0,\0m\0\n\0\233\0,\0001\0\n\0"), "é | UTF-16LE", "UTF-16 is recognised")
tap.same(encoded("n,m\n\207\240\232,1\n", { encoding = "windows-1251" }), "При | windows-1251", "any other can be named")
tap.same(encoded("n,m\na\255,1\n", { encoding = "utf-8-replace" }), "a\239\191\189 | utf-8-replace", "and bad bytes replaced")
local long = ("x,1\n"):rep(1200000)
tap.same(select(2, read("late.csv", "n,m\n" .. long .. "caf\233,2\n")).note, "windows-1252", "a late bad byte is found by the reader")

-- Standard input.
tap.same(output_of(("printf 'a,b\\n1,2\\n' | '%s' eval 'lathe.read(\"-\"):column(\"b\"):get(1)'"):format(program)), "2\n",
  "- is standard input")
tap.same(output_of(("printf 'a,b\\n1,2\\n' | gzip | '%s' eval 'select(2, lathe.read \"-\").note'"):format(program)), "gzip\n", "packed too")
tap.same(output_of(("printf 'a,b\\n1,2\\n' >'%s/x.csv'; '%s' eval 'lathe.read(...):rows()' '%s/x.csv'"):format(folder, program, folder)),
  "1\n", "the details of a table are not printed")

-- Several.
os.execute("mkdir -p " .. folder .. "/many/deep")
write("many/a.csv", "id,x\n1,1\n2,2\n")
write("many/b.csv", "id,x,y\n3,2.5,u\n")
write("many/deep/c.csv", "id,x\n007,3\n")
local t, details = lathe.read(folder .. "/many/*.csv", { source = "file" })
tap.same({ t:rows(), t:columns(), t:type "x", values(t, "x") }, { 3, { "file", "id", "x", "y" }, "float64", "1 2 2.5" },
  "a glob is one table")
tap.same(values(t, "file"):gsub(folder .. "/", ""), "many/a.csv many/a.csv many/b.csv", "that knows its files")
tap.same({ details.schema:rows(), #details.files, details.files[2].rows }, { 4, 2, 1 }, "the differences are a table")
tap.ok(details.note:find("2 files; x is int64 in", 1, true) and details.note:find "y is not in", "and words", details.note)
t = lathe.read(folder .. "/many/**/*.csv")
tap.same({ t:rows(), t:type "id", values(t, "id") }, { 4, "string", "1 2 3 007" }, "folders within folders; a code stays a code")
t = lathe.read({ folder .. "/many/b.csv", folder .. "/many/a.csv" })
tap.same(values(t, "id"), "3 1 2", "a list keeps its order")
t = lathe.read(folder .. "/many/[!b].csv")
tap.same(values(t, "id"), "1 2", "a set of letters")

-- Rejects.
t, details = read("bad.csv", "a,b\n1,2\n3\n4,5\n", { lenient = true })
tap.same({ t:rows(), details.rejects:rows(), details.note }, { 2, 1, "2 rows kept, 1 rejected" }, "rows in = rows kept + rows rejected")
tap.same({ details.rejects:column("line"):get(1), details.rejects:column("text"):get(1) }, { 3, "3" }, "a reject has its place")
write("many/z.csv", "id,x\n9\n")
t, details = lathe.read(folder .. "/many/*.csv", { lenient = true })
tap.same({ t:rows(), details.rejects:rows(), details.rejects:has "file" }, { 3, 1, true }, "of several files, too")
os.remove(folder .. "/many/z.csv")

-- The step.
os.execute("cd " .. folder .. " && mkdir -p flow && cp many/a.csv flow/")
write("flow/flow.lua", [[
local flow = lathe.flow "x"
flow.raw = flow:step "ingest.read" { path = "../many/*.csv", lenient = true }
flow.dry = flow:step "clean.drop_duplicates" { flow.raw }
return flow
]])
local function run() return output_of(("cd '%s/flow' && '%s' run flow.lua"):format(folder, program)) end
tap.ok(not run():find "reused", "a flow reads a glob", run())
tap.ok(run():find "2 of 2 steps reused" or run():find "reused", "and knows when nothing changed", run())
write("many/d.csv", "id,x\n5,6\n")
tap.ok(run():find "4 rows", "a new file of the glob is seen", run())
write("bad.csv", "a,b\n1,2\n3\n")
local line = "cd '%s' && '%s' step ingest.read --path bad.csv --lenient --output rejects=r.csv --output table=t.csv; cat r.csv t.csv"
local step = output_of(line:format(folder, program))
tap.ok(step:find("offset,line,column,text,reason", 1, true) and step:find("a,b\n1,2", 1, true), "the step gives both tables", step)
os.execute("rm -rf " .. folder)
tap.done()
