-- Parameter schemas, and the definitions that plugin files become.
local tap = require "tap"
local schema, plugin = require "lathe.schema", require "lathe.plugin"

local function step_of(params)
  local step = { name = "clean.try", inputs = { { name = "table", kind = "table" } }, params = {}, param = {} }
  for _, param in ipairs(params) do
    param.doc = param.doc or "a parameter"
    step.params[#step.params + 1], step.param[param.name] = param, param
  end
  return step
end

local function first(step, params, inputs)
  return select(2, schema.problems(step, params, inputs))[1]
end

-- Nearest words
tap.same(schema.nearest("colums", { "keep", "columns" }), "columns", "a word with a letter missing is near")
tap.same(schema.nearest("drop_dups", { "drop_missing", "clip" }), nil, "a word that is far from all has no nearest")
tap.same(schema.nearest("drop", { "clip", "drop_missing" }), "drop_missing", "a beginning is near")
tap.same(schema.enumerate { "a", "b", "c" }, "a, b and c", "words are enumerated")

-- Checking
local step = step_of {
  { name = "columns", type = "columns", optional = true },
  { name = "keep", type = "choice", choices = { "first", "last" }, default = "first" },
  { name = "share", type = "number", min = 0, max = 1, optional = true },
  { name = "count", type = "integer", min = 1, optional = true },
  { name = "deep", type = "boolean", optional = true },
  { name = "impute", type = "map", optional = true },
  { name = "layers", type = "list", optional = true },
  { name = "target", type = "column", optional = true },
}
local data = { columns = function() return { "total_bedrooms", "price" } end }
tap.same(schema.check(step, {}), { keep = "first" }, "defaults are filled in")
tap.same(schema.check(step, { columns = "price" }, { table = data }).columns, { "price" }, "one column is a list of one")
for _, case in ipairs {
  { { colums = {} }, 'clean.try: there is no parameter "colums"; did you mean "columns"?' },
  { { keep = "lst" }, 'clean.try: keep is "first" or "last", not "lst"; did you mean "last"?' },
  { { share = 1.5 }, "clean.try: share is from 0 to 1, not 1.5" },
  { { share = 0 / 0 }, "clean.try: share is a number, not nan" },
  { { count = 0 }, "clean.try: count is at least 1, not 0" },
  { { count = 1.5 }, "clean.try: count is a whole number, not 1.5" },
  { { deep = "yes" }, 'clean.try: deep is true or false, not "yes"' },
  { { impute = { 1, 2 } }, "clean.try: impute is a table of names and plain values, not a list" },
  { { layers = { a = 1 } }, "clean.try: layers is a list of plain values, not a table" },
  { { layers = { print } }, "clean.try: layers is a list of plain values, not a table" },
  { { target = "pric" }, 'clean.try: there is no column "pric"; did you mean "price"?' },
  { { columns = { "price", "rooms" } }, 'clean.try: there is no column "rooms"; the columns are total_bedrooms and price' },
} do
  tap.same(first(step, case[1], { table = data }), case[2], case[2]:gsub("^clean.try: ", "says: "))
end
tap.same(first(step_of { { name = "path", type = "path", doc = "the file to read" } }, {}), "clean.try: path is missing: the file to read",
  "a missing parameter is named with its doc")

-- Text to values and back
for _, case in ipairs {
  { "columns", "a,b", { "a", "b" } }, { "columns", ' a , "b,c" ', { "a", "b,c" } }, { "columns", '"say ""x"""', { 'say "x"' } },
  { "columns", "", {} }, { "number", "1e-3", 0.001 }, { "integer", "42", 42 }, { "boolean", "yes", true }, { "boolean", "0", false },
  { "list", "64,32,x", { 64, 32, "x" } }, { "list", "{ 1, { 2 } }", { 1, { 2 } } },
  { "map", "numeric=median,scale=2,deep=true", { numeric = "median", scale = 2, deep = true } },
  { "map", "n=count, p=quantile(x, 0.9),q=f(g(1,2),3)", { n = "count", p = "quantile(x, 0.9)", q = "f(g(1,2),3)" } },
  { "columns", "a (b,c,d) e", { "a (b,c,d) e" } }, { "columns", "a (b,c", { "a (b", "c" } },
  { "map", "{ a = { 1, 2 } }", { a = { 1, 2 } } }, { "string", "plain = text", "plain = text" },
} do
  local param = { name = "p", type = case[1] }
  tap.same(schema.parse(param, case[2]), case[3], ("%s reads %s"):format(case[1], case[2]))
  tap.same(schema.parse(param, schema.text(param, case[3])), case[3], ("%s writes what it reads, %s"):format(case[1], case[2]))
end
for _, case in ipairs { { "number", "x" }, { "integer", "1.5" }, { "boolean", "maybe" }, { "columns", '"a' }, { "map", "novalue" },
  { "list", "{ os.exit() }" }, { "map", "{ [1] = (function() end)() " } } do
  tap.raises(function() schema.parse({ name = "p", type = case[1] }, case[2]) end, "p is", ("%s does not read %s"):format(case[1], case[2]))
end
tap.same(schema.lua { 1, "a\n\"b\"", x = 0.1, ["end"] = { true } }, '{ 1, "a\\n\\"b\\"", ["end"] = { true }, x = 0.1 }',
  "values are written as Lua, keys sorted")

-- What a plugin file becomes
local core = require "lathe.core"
local folder = os.tmpname()
os.remove(folder)
core.try(core.C.lathe_folder_make(folder, core.problem))
local function write(name, text)
  local file = assert(io.open(folder .. "/" .. name, "w"))
  file:write(text)
  file:close()
end

write("tried.lua", [[
return { name = "tried", api = 1, doc = "For the test.", steps = {
  plain = { doc = "Do little.", params = { b = { type = "number", doc = "second", default = 1 }, a = { type = "number", doc = "first" } },
    inputs = { table = "table" }, outputs = { { "train", "table" }, { "test", "table" } }, run = function() return {} end },
  live = { doc = "Be alive.", cache = false, run = function() end },
  ["no-name"] = { doc = "Bad.", run = function() end },
  nodoc = { run = function() end },
  unknown = { doc = "Bad.", input = { table = "table" }, run = function() end },
  kind = { doc = "Bad.", inputs = { table = "tabel" }, run = function() end },
  norun = { doc = "Bad." },
  default = { doc = "Bad.", params = { n = { type = "integer", doc = "n", default = 1.5 } }, run = function() end },
  clash = { doc = "Bad.", inputs = { table = "table" }, params = { table = { type = "string", doc = "t" } }, run = function() end },
} }
]])
plugin.use(folder)
local plain = plugin.step "tried.plain"
tap.same({ plain.params[1].name, plain.params[2].name }, { "a", "b" }, "parameters that must be given come first")
tap.same({ plain.outputs[1].name, plain.outputs[2].kind }, { "train", "table" }, "a list of outputs keeps its order")
tap.ok(plain.cache and not plugin.step("tried.live").cache, "a live step says so")
tap.same(plugin.example(plain), 'flow:step "tried.plain" { flow.table, a = ... }', "a step has an example line")
tap.ok(plugin.help("tried.plain"):find("first; required", 1, true), "the help page says what is required")
local said = {}
for _, problem in ipairs(plugin.problems()) do said[#said + 1] = problem.sentence end
said = table.concat(said, "\n")
for _, words in ipairs {
  ":5: a step's name is letters", ":6: step tried.nodoc has no doc",
  ':7: step tried.unknown has a field "input" that is not known; did you mean "inputs"?',
  ':8: step tried.kind, inputs: table is of the kind "table", "model", "report" or "endpoint", not tabel',
  ":9: step tried.norun has no run", ":10: step tried.default, parameter n: the default is a whole number, not 1.5",
  ":11: step tried.clash: table is an input and a parameter",
} do tap.ok(said:find(words, 1, true), "a broken step is named: " .. words, said) end
tap.raises(function() plugin.step "tried.plan" end, 'did you mean "tried.plain"?', "an unknown step is answered with the nearest")
tap.raises(function() plugin.step "tried.plain.x" end, "there is no step", "a name with two dots is no step")
core.try(core.C.lathe_path_remove(folder, core.problem))

-- The shipped plugins are the project's too when the project is lathe's own tree: reached in another way, they are the same files.
plugin.forget()
plugin.use(require("lathe.place").plugins .. "/../plugins")
plugin.load_all()
tap.same(plugin.problems(), {}, "a folder that is reached in two ways is looked through once")
tap.ok(plugin.help("train.network", 1000):find("when they are predicted no better", 1, true),
  "a help page runs on where its source has a line's end")
tap.done()
