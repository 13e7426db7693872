-- What all verbs of tables share: how columns are named, how options are refused, what stands beside a table, where they are described.
local tap = require "tap"
local lathe = require "lathe"
local core = require "lathe.core"
local tables = require "lathe.table"

local t = lathe.table { { "x1", { 1, 2, 3 } }, { "x2", { 4, 5, nil } }, { "city", { "a", "b", "a" } } }
local function list(of) return table.concat(of:columns(), " ") end

-- Names.
tap.same(list(t:select "x*"), "x1 x2", "a pattern")
tap.same(list(t:select { "city", "x?" }), "city x1 x2", "a name and a pattern")
tap.same(list(t:select("city", "x2")), "city x2", "names one behind the other")
tap.same(list(t:select { "city", type = "number" }), "city x1 x2", "a name and a word for types")
tap.same(list(t:select { type = { "string", "date" } }), "city", "types")
tap.same(list(t:drop { type = "float64" }), "city", "drop takes them too")
tap.same(list(t:drop("x1", "x2")), "city", "and names one behind the other")
tap.same(t:drop_missing("x*"):rows(), 2, "drop_missing takes a pattern")
tap.same(t:drop_duplicates("city"):rows(), 2, "drop_duplicates takes a name alone")
tap.same(t:drop_duplicates({ "city" }):rows(), 2, "or a list")
tap.same(t:drop_duplicates({ columns = "city", keep = "last" }):row(1).x1, 2, "or options")
tap.same(t:melt({ id = "city", values = "x*" }):rows(), 6, "melt takes patterns")
local starred = lathe.table { { "a*", { 1 } }, { "ab", { 2 } } }
tap.same(list(starred:select "a*"), "a*", "a column of that very name comes before the pattern")
tap.raises(function() t:select "y*" end, "no column matches \"y*\"; the columns are x1, x2 and city", "a pattern without a column")
tap.raises(function() t:select { type = "flaot64" } end, "did you mean \"float64\"?", "a misspelt type")
tap.raises(function() t:select { "x1", "x1" } end, "column \"x1\" is named twice", "a name twice")
tap.raises(function() t:select { types = "string" } end, "did you mean \"type\"?", "a misspelt key")
tap.raises(function() t:drop_duplicates "cty" end, "the nearest name is \"city\"", "a misspelt name")

-- Options: each verb names the nearest one.
local function refuses(verb, call, near)
  tap.raises(call, ("did you mean %q?"):format(near), verb .. " names the nearest option")
end
refuses("drop_duplicates", function() t:drop_duplicates { kep = "last" } end, "keep")
refuses("keep_range", function() t:keep_range("x1", { mx = 2 }) end, "max")
refuses("sample", function() t:sample { row = 1 } end, "rows")
refuses("show", function() t:show { row = 1 } end, "rows")
refuses("melt", function() t:melt { idd = "city" } end, "id")
refuses("sort", function() t:sort { "x1", desc = true } end, "descending")
refuses("value_counts", function() t:value_counts("city", { shares = true }) end, "share")
refuses("group_by", function() t:group_by("city", "count", { sorted = true }) end, "sort")
refuses("join", function() t:join(t, { on = "city", hwo = "left" }) end, "how")
refuses("join_asof", function() t:join_asof(t, { on = "x1", dirction = "nearest" }) end, "direction")
refuses("pivot", function() t:pivot { rows = "city", columns = "x1", agregate = "sum" } end, "aggregate")
refuses("correlate", function() t:correlate { methd = "pearson" } end, "method")
refuses("cast", function() t:cast({ x1 = "int64" }, { lenien = true }) end, "lenient")
refuses("split", function() t:split { tst = 0.2 } end, "test")
refuses("folds", function() t:folds { fold = 3 } end, "folds")
refuses("profile", function() t:profile { chart = true } end, "charts")
refuses("write", function() t:write("x.csv", { delimeter = ";" }) end, "delimiter")
refuses("lathe.read", function() lathe.read("x.csv", { delimeter = ";" }) end, "delimiter")
refuses("lathe.concat", function() lathe.concat { t, sorce = "file" } end, "source")
refuses("lathe.compare", function() lathe.compare(t, t, { kee = "city" }) end, "key")
refuses("lathe.recipe", function() lathe.recipe { targt = "x1" } end, "target")
tap.raises(function() t:sample(10) end, "sample takes a table of options, not a number", "options are a table")
tap.raises(function() t:profile(t) end, "not an object of lathe", "and no table of rows")

-- What stands beside a table, as the last of a list or of the arguments.
tap.same(lathe.concat({ t, t:filter "x1 > 1" }):rows(), 5, "concat passes over how many rows a filter left out")
tap.same(lathe.concat({ t, t:join(t, "city") }):rows(), 8, "and over what a join says")
tap.same(lathe.concat({ t, t:cast { x1 = "int64" } }):rows(), 6, "and over what a cast lost")
tap.same(lathe.compare(t, t:filter "x1 > 1").metrics.removed, 1, "compare passes it over, too")
tap.ok(require("lathe.profile").report(t:filter "x1 > 1"), "and so does the profile")
local model = lathe.fit(t, lathe.recipe { target = "x1", features = { "city" } }:encode { drop = "first" }, lathe.linear {})
local endpoint = lathe.serve { model:quantize() }
tap.same(#endpoint:models(), 1, "and so does an endpoint")
endpoint:stop()

tap.raises(function() t:rename { x1 = "x2" } end, "rename: two columns would be named \"x2\"", "a name that another column keeps")
tap.same(list(t:rename { x1 = "x2", x2 = "x1" }), "x2 x1 city", "names may be swapped")

tap.raises(function() t:filtre "x1 > 1" end, "a table has no method \"filtre\"; did you mean \"filter\"?", "a misspelt verb")
tap.raises(function() t:cast { city = "int64" } end, "column \"city\": row 1: \"a\" is not an int64; lenient = true makes it missing",
  "a cast that fails names the row and the mend")

-- Rows.
tap.same(("%d %d %d %d"):format(t:head():rows(), t:head(0):rows(), t:head(2):rows(), t:head(math.huge):rows()), "3 0 2 3", "head")
tap.same(("%d %d %d"):format(t:tail():rows(), t:tail(0):rows(), t:tail(2):rows()), "3 0 2", "tail")
local whole = t:head()
whole:release()
tap.same(t:rows(), 3, "a verb that leaves all rows gives another object")
tap.raises(function() t:head "x" end, "head takes a number of rows, not x", "head of a text")

-- Every verb has its place in lua.md.
local function read(name)
  local file = assert(io.open(require("lathe.place").share .. "/doc/" .. name .. ".md", "rb"))
  local text = file:read "*a"
  file:close()
  return text
end
local page, untold = read "lua", {}
local own = { -- for modules of lathe alone
  indices_of = true, index_of = true, names = true, handle = true, is = true, wrap = true, describe = true, missing = true, new = true,
  release = true, load = true, pass = true,
}
local function tell(name)
  if not own[name] and not page:find("\n###[^\n]*%f[%w_]table:" .. name .. "%(") then untold[#untold + 1] = name end
end
for name in pairs(tables.verbs) do tell(name) end
for name, value in pairs(tables) do
  if type(value) == "function" and not tables.verbs[name] then tell(name) end
end
table.sort(untold)
tap.same(untold, {}, "every verb of tables has its place in lua.md")

-- Options are described where their verb is.
local missing = {}
for verb in pairs(tables.verbs) do require(tables.verbs[verb]) end
for where, known in pairs(core.takes) do
  local part = page:match("\n### [^\n]*%f[%w_]" .. where:gsub("%.", "%%.") .. "%([^\n]*\n(.-)\n#")
  for name in pairs(known) do
    local told = not part or type(name) ~= "string" or part:find("%f[%w_]" .. name .. "%f[^%w_]")
    if not told then missing[#missing + 1] = where .. " " .. name end
  end
end
table.sort(missing)
tap.same(missing, {}, "and so is every option")
tap.done()
