-- JSON, NPY, NPZ and SQLite through lathe.read and table:write: round trips, options, and what is refused.
local tap = require "tap"
local lathe = require "lathe"

local folder = os.tmpname()
os.remove(folder)
os.execute("mkdir -p " .. folder)
local function at(name) return folder .. "/" .. name end

local function put(name, text)
  local file = io.open(at(name), "wb")
  file:write(text)
  file:close()
  return at(name)
end

local function get(path)
  local file = io.open(path, "rb")
  local text = file:read "*a"
  file:close()
  return text
end

-- Every type; what is missing; texts that need care.
put("all.csv", "b,i,x,s,c,d,t\ntrue,9007199254740993,0.5,\"a \"\"quote\"\"\",u,2024-02-29,2024-02-29 12:00:00.25\n" ..
  "false,-1,3,naïve 😀,v,1999-12-31,1970-01-01 00:00:00\n,,,,,,\ntrue,0,-0.25,\"line\nend\",u,0001-01-01,9999-12-31 23:59:59\n" ..
  "true,7,1e300,\"\\\",v,2000-01-01,2000-01-01 00:00:00\n")
local all = lathe.read(at "all.csv")
local want = { b = "bool", i = "int64", x = "float64", s = "string", c = "category", d = "date", t = "timestamp" }
for name, kind in pairs(want) do tap.same(all:type(name), kind, "the example has a column of type " .. kind) end

for _, ending in ipairs { "csv", "csv.gz", "tsv", "tsv.zst", "json", "json.zst", "jsonl", "jsonl.gz", "safetensors", "db", "sqlite" } do
  local path = at("all." .. (ending == "csv" and "copy.csv" or ending))
  all:write(path)
  tap.same(lathe.read(path):hash(), all:hash(), "a table of every type comes back from ." .. ending)
end

local whole = all:drop_missing()
for _, ending in ipairs { "npy", "npz" } do
  whole:write(at("whole." .. ending))
  local back = lathe.read(at("whole." .. ending))
  tap.same(back:columns(), whole:columns(), "names come back from ." .. ending)
  for _, name in ipairs(whole:columns()) do
    tap.same(back:column(name):values(), whole:column(name):values(), ("column %s comes back from .%s"):format(name, ending))
  end
end
tap.raises(function() all:write(at "gap.npy") end, "which an array of NumPy cannot", "NPY does not lose what is missing")
tap.ok(not io.open(at "gap.npy"), "a failed write leaves nothing")

local numbers = lathe.table { { "a", { 1.5, 2 } }, { "b", { 3, nil } } }
numbers:write(at "matrix.npy")
tap.same(lathe.read(at "matrix.npy", { names = { "p", "q" } }):columns(), { "p", "q" }, "a matrix has the names that are given")
tap.same(lathe.read(at "matrix.npy"):column("column_1"):values(), { 1.5, 2, n = 2 }, "and made ones otherwise")
numbers:write(at "fields.npy", { fields = true })
tap.same(lathe.read(at "fields.npy"):columns(), { "a", "b" }, "fields = true keeps the names")

-- Headers that lie.
local function lying(name, change, sentence, what)
  local file = assert(io.open(at "matrix.npy", "rb"))
  local bytes = file:read "*a"
  file:close()
  file = assert(io.open(at(name), "wb"))
  file:write(change(bytes), "")
  file:close()
  tap.raises(function() lathe.read(at(name)) end, sentence, what)
end
lying("two.npy", function(bytes) return bytes .. bytes end, "bytes follow the 2 x 2 elements of 8 bytes",
  "a second array behind the first is not lost")
lying("less.npy", function(bytes) return (bytes:gsub("%(2, 2%)", "(1, 2)")) end, "16 bytes follow the 1 x 2",
  "nor a row that is not told")
lying("more.npy", function(bytes) return (bytes:gsub("%(2, 2%)", "(9, 2)")) end, "cut off: 9 x 2 elements of 8 bytes",
  "rows that are not there")
lying("huge.npy", function(bytes) return (bytes:gsub("%(2, 2%), }   ", "(2, 9223372036854775807), }"):sub(1, #bytes)) end,
  "", "a shape beyond all bounds")
lying("minus.npy", function(bytes) return (bytes:gsub("%(2, 2%)", "(-2,2)")) end, "the shape is no list of sizes",
  "a negative one")
numbers:write(at "packed.npz", { compressed = true })
tap.same(lathe.read(at "packed.npz", { array = "b" }):columns(), { "b" }, "one array of a compressed NPZ")
tap.raises(function() lathe.read(at "packed.npz", { array = "z" }) end, "has no array \"z\"", "an array that is not there")
tap.raises(function() numbers:write(at "x.npz.gz") end, "not packed with gzip", "NPZ is not packed twice")

-- JSON
local nested = lathe.read(put("n.json", '[{"id":1,"o":{"a":[1, 2],"d":"2024-01-01"}},{"id":2,"o":{"a":null}}]'))
tap.same(nested:columns(), { "id", "o.a", "o.d" }, "nested objects become dotted names")
tap.same({ nested:column("o.a"):get(1), nested:type "o.d" }, { "[1,2]", "date" }, "arrays are text, dates are dates")
local mixed, detail = lathe.read(put("m.jsonl", '{"v":1}\n{"v":"x"}\n'))
tap.same({ mixed:type "v", detail.note }, { "string", 'column "v" is text: it holds integers, text' },
  "mixed types are text, and it is said")
local kept, lenient = lathe.read(put("l.jsonl", '{"v":1}\nnot\n{"v":2}\n'), { lenient = true })
tap.same({ kept:rows(), lenient.rejects:rows(), lenient.rejects:column("line"):get(1), kept:type "v" }, { 2, 1, 2, "int64" },
  "rows in = rows kept + rows rejected")
tap.same(lathe.read(put("r.json", '{"n":1,"data":{"items":[{"a":1}]}}'), { rows = "data.items" }):rows(), 1, "rows at a path")
tap.same(get(at "all.jsonl"):match "^[^\n]+",
  '{"b":true,"i":9007199254740993,"x":0.5,"s":"a \\"quote\\"","c":"u","d":"2024-02-29","t":"2024-02-29T12:00:00.250000Z"}',
  "a line of JSON Lines")

-- SQLite
local base = at "people.db"
local people = lathe.table { { "name", { "Ann", "Bob", "Cy" } }, { "age", { 30, 40, nil } } }
people:write(base, { table = "people" })
tap.raises(function() people:write(base, { table = "people" }) end, 'write with mode = "replace" or "append"',
  "a table that is there stays")
people:write(base, { table = "people", mode = "append" })
tap.same(lathe.read(base):rows(), 6, "rows are appended; the only table needs no name")
people:write(base, { table = "people", mode = "replace" })
people:write(base, { table = 'odd "name"' })
tap.raises(function() lathe.read(base) end, 'people, odd "name"', "several tables are listed")
tap.same(lathe.read("sqlite:" .. base .. "?table=people"):hash(), people:hash(), "an address names the table")
tap.same(lathe.read(base, { table = 'odd "name"' }):hash(), people:hash(), "a name with quotes")
local sum = lathe.read(base, { query = "select sum(age) as total, count(*) from people where age > 30" })
tap.same({ sum:column("total"):get(1), sum:columns()[2] }, { 40, "count(*)" }, "a query")
tap.raises(function() lathe.read(base, { query = "drop table people" }) end, "reading takes a select", "a query only reads")
tap.raises(function() lathe.read(base, { query = "select 1; select 2" }) end, "more than one statement", "one statement")
tap.raises(function() lathe.read(base, { query = "select nme from people" }) end, "no such column: nme", "SQLite's own words")
tap.raises(function() lathe.read(base, { table = "persons" }) end, "it has: people", "a table that is not there")
tap.raises(function() lathe.read(base, { query = "select x'00ff' as b" }) end, "holds a blob", "blobs are refused")
local types = lathe.read(base, { query = "select 1 as i, 1.5 as x union all select 2, 2 union all select null, 9007199254740993" })
tap.same({ types:type "i", types:type "x" }, { "int64", "float64" }, "types come from every value")
put("torn.db", get(base):sub(1, 5000))
tap.raises(function() lathe.read(at "torn.db", { table = "people" }) end, "torn.db", "a damaged database is one sentence")
tap.raises(function() lathe.read("sqlite:" .. at "absent.db") end, "absent.db", "a database that is not there")
tap.raises(function() people:write(at "no/such/x.db") end, "x.db", "a folder that is not there")

-- table:write
tap.raises(function() people:write(at "x.foo") end, "no format is written to .foo files", "an extension that nothing is known of")
tap.raises(function() people:write(at "x.json", { delimiter = ";" }) end, "has no option", "an option of another format")
people:write(at "plain", { format = "jsonl" })
tap.same(lathe.read(at "plain"):rows(), 3, "format says what the extension does not")

-- Long tables, in chunks and by several threads.
local rows = {}
for i = 1, 40000 do rows[i] = ('{"id":%d,"o":{"x":%s,"w":"w%d"}}'):format(i, i % 7 == 0 and "null" or i / 4, i % 9) end
local path = put("long.jsonl", table.concat(rows, "\n"))
lathe.threads(1)
local one = lathe.read(path):hash()
lathe.threads(4)
tap.same(lathe.read(path):hash(), one, "the threads do not change the table")
put("long.json", "[" .. table.concat(rows, ",\n") .. "]")
tap.same(lathe.read(at "long.json"):hash(), one, "an array of objects gives the same table as lines")

os.execute("rm -rf " .. folder)
tap.done()
