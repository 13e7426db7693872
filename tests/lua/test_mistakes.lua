-- Ten mistakes, each made in a flow: the page share/doc/guard.md shows them in blocks that begin with the name of the finding, and each is
-- caught by that name before anything is trained.
local tap = require "tap"
local lathe = require "lathe"

local folder = os.tmpname()
os.remove(folder)
assert(os.execute(("mkdir -p '%s/plugins'"):format(folder)))
local function write(path, text)
  local file = assert(io.open(path, "w"))
  file:write(text)
  file:close()
end

write(folder .. "/plugins/mine.lua", [[
local function step(effect, params, run)
  return { doc = "A step.", inputs = { table = "table" }, outputs = { table = "table" }, params = params, effect = effect, run = run }
end
local column = { column = { type = "column", doc = "which" } }
return { name = "mine", api = 1, doc = "Steps of one's own.", steps = {
  centre = step(nil, column, function(input, param)
    local mean = input.table:aggregate { m = ("mean(%s)"):format(param.column) }:column "m":get(1)
    return { table = input.table:derive({ { param.column, param.column .. " - $m" } }, { m = mean }) }
  end),
  double = step(nil, column, function(input, param) return { table = input.table:derive { { param.column, param.column .. " * 2" } } } end),
  upside = step(nil, {}, function(input) return { table = input.table:sort { "-area" } } end),
  gather = step(nil, {}, function(input) return { table = input.table:group_by("city", { n = "count" }) } end),
  choose = step("choose", {}, function(input) return { table = input.table } end),
  shake = step("augment", { column = column.column, seed = { type = "integer", default = 1, doc = "seed" } }, function(input, param)
    return { table = input.table:derive { { param.column, param.column .. " + 0.5" } } }
  end),
  draw = step(nil, {}, function(input)
    local values = {}
    for row = 1, input.table:rows() do values[row] = math.random() end
    return { table = input.table:with("noise", values) }
  end),
  copy = step(nil, {}, function(input) return { table = lathe.concat { input.table, input.table:derive { area = "area + 0.1" } } } end),
} }
]])
require("lathe.plugin").use(folder .. "/plugins")

local random, columns = lathe.random(3), { area = {}, age = {}, city = {}, floors = {}, price = {}, sold = {} }
for row = 1, 400 do
  columns.area[row] = 100 + 30 * random:normal()
  columns.age[row] = random:below(80)
  columns.city[row] = ({ "Oslo", "Bonn", "Rome" })[random:below(3)]
  columns.floors[row] = 1
  columns.price[row] = 2 * columns.area[row] - columns.age[row] + 20 * random:normal()
  columns.sold[row] = random:below(5) == 0 and "yes" or "no"
end
lathe.table(columns):write(folder .. "/houses.csv")

local number, said = 0, {}
local function run(text)
  number, said = number + 1, {}
  local flow = lathe.flow("mistake" .. number)
  flow.raw = flow:step "ingest.read" { path = folder .. "/houses.csv" }
  local chunk = assert(loadstring(text))
  setfenv(chunk, { flow = flow })
  chunk()
  local fine, sentence = pcall(flow.run, flow, { project = folder .. "/project" .. number, observer = {
    log = function(words) said[#said + 1] = words end,
    node = function(_, state, note) if state == "running" or state == "done" then said[#said + 1] = tostring(note) end end } })
  return fine, tostring(sentence), flow
end

local file = assert(io.open(os.getenv "LATHE_TOP" .. "/share/doc/guard.md"))
local page = file:read "*a"
file:close()
local count = 0
for name, text in page:gmatch "\n```lua ([%w%-]+)\n(flow%..-)```" do
  count = count + 1
  local fine, sentence, flow = run(text)
  tap.ok(not fine and sentence:find(name .. ": ", 1, true), ("mistake %d is caught: %s"):format(count, name), sentence)
  local trained
  for _, node in ipairs(flow:nodes()) do
    if node.step:find "^train%." then trained = tostring(flow[node.name]):find("in the last run: %d+ coefficients") end
  end
  tap.ok(not trained, "  before a model is trained")
end
tap.same(count, 10, "the page shows ten")

-- ---- what is no mistake ----
local function clean(words, text)
  local fine, sentence = run(text)
  tap.ok(fine, words .. " is not bothered", sentence)
end
local rest = [[
  flow.parts = flow:step "prepare.split" { flow.made, test = 0.25 }
  flow.more  = flow:step "augment.noise" { flow.parts.train, columns = { "area", "age" } }
  flow.model = flow:step "train.linear"  { flow.more, target = "price" }
  flow.score = flow:step "evaluate.regression" { flow.model, flow.parts.test }
]]
clean("a step that takes each row by itself", 'flow.made = flow:step "mine.double" { flow.raw, column = "area" }' .. rest)
tap.ok(table.concat(said, "\n"):find('constant-column: "floors"', 1, true), "a constant column is told of by name", said)
clean("a step that sorts", 'flow.made = flow:step "mine.upside" { flow.raw }' .. rest)
clean("a step that groups",
  'flow.groups = flow:step "mine.gather" { flow.raw } flow.made = flow:step "shape.filter" { flow.raw, where = "area > 0" }'
  .. rest)
clean("abs(z)", [[
  flow.scored = flow:step "shape.derive" { flow.raw, name = "score", expression = "(area - 100) / 30" }
  flow.made = flow:step "shape.filter" { flow.scored, where = "abs(score) < 3" }]] .. rest)
clean("a logarithm of the target",
  'flow.made = flow:step "shape.derive" { flow.raw, name = "price", expression = "log(1 + abs(price))" }' .. rest)
clean("a difference by a figure, beside the target",
  'flow.made = flow:step "shape.derive" { flow.raw, name = "c", expression = "(age - 32) / 1.8" }'
  .. rest)
clean("choosing by validation rows", [[
  flow.made = flow:step "clean.clip" { flow.raw, column = "age", high = 70 }
  flow.halves = flow:step "prepare.split" { flow.made, test = 0.25 }
  flow.valid = flow:step "prepare.split" { flow.halves.train, test = 0.25, seal = false }
  flow.best = flow:step "mine.choose" { flow.valid.test }
  flow.model = flow:step "train.linear" { flow.valid.train, target = "price" }
  flow.score = flow:step "evaluate.regression" { flow.model, flow.halves.test }]])

-- ---- and more of the same kind ----
local function caught(name, words, text)
  local fine, sentence = run(text)
  tap.ok(not fine and sentence:find(name .. ": ", 1, true), words, sentence)
end
caught("augmented-before-split", "a step that appends rows and does not say so is caught",
  'flow.made = flow:step "mine.copy" { flow.raw }' .. rest)
caught("one-sided-outliers", "a score limited above by clean.keep_range is caught", [[
  flow.scored = flow:step "shape.derive" { flow.raw, name = "z_area", expression = "(area - 100) / 30" }
  flow.made = flow:step "clean.keep_range" { flow.scored, column = "z_area", below = 3 }]] .. rest)
caught("one-sided-outliers", "a score in the condition itself is caught", [[
  flow.made = flow:step "shape.filter" { flow.raw, where = "(area - 100) / 30 < 3" }]] .. rest)
caught("target-transformed", "a step of one's own that scales the target of training rows is caught", [[
  flow.parts = flow:step "prepare.split" { flow.raw, test = 0.25 }
  flow.made = flow:step "mine.centre" { flow.parts.train, column = "price" }
  flow.model = flow:step "train.linear" { flow.made, target = "price" }]])
caught("measured-on-training-rows", "measuring on the rows that were augmented to train on is caught", [[
  flow.parts = flow:step "prepare.split" { flow.raw, test = 0.25 }
  flow.made = flow:step "augment.noise" { flow.parts.train, columns = { "area" } }
  flow.model = flow:step "train.linear" { flow.made, target = "price" }
  flow.score = flow:step "evaluate.regression" { flow.model, flow.parts.train }]])
caught("test-rows-used", "test rows are known behind other steps, too", [[
  flow.parts = flow:step "prepare.split" { flow.raw, test = 0.25 }
  flow.made = flow:step "mine.double" { flow.parts.test, column = "area" }
  flow.model = flow:step "train.linear" { flow.made, target = "price" }]])

caught("learned-before-split", "a recipe learned from all rows and put to both parts is caught", [[
  flow.recipe = flow:step "prepare.recipe" { flow.raw, steps = { "impute", "encode", "scale" }, target = "price" }
  flow.parts = flow:step "prepare.split" { flow.raw, test = 0.25 }
  flow.made = flow:step "prepare.apply" { flow.recipe, flow.parts.train, keep = { "price" } }
  flow.model = flow:step "train.linear" { flow.made, target = "price" }]])
clean("a recipe learned from training rows", [[
  flow.parts = flow:step "prepare.split" { flow.raw, test = 0.25 }
  flow.recipe = flow:step "prepare.recipe" { flow.parts.train, steps = { "impute", "encode", "scale" }, target = "price" }
  flow.made = flow:step "prepare.apply" { flow.recipe, flow.parts.train, keep = { "price" } }
  flow.others = flow:step "prepare.apply" { flow.recipe, flow.parts.test, keep = { "price" } }
  flow.model = flow:step "train.linear" { flow.made, target = "price", recipe = {} }
  flow.score = flow:step "evaluate.regression" { flow.model, flow.others }]])

-- A result of before is looked at again where it has become a mistake.
local flow = lathe.flow "twice"
flow.raw = flow:step "ingest.read" { path = folder .. "/houses.csv" }
flow.made = flow:step "mine.centre" { flow.raw, column = "area" }
flow:run { project = folder .. "/again" }
flow.parts = flow:step "prepare.split" { flow.made, test = 0.25 }
tap.raises(function() flow:run { project = folder .. "/again" } end,
  "learned-before-split: ", "a kept result does not hide what a later split makes of it")

-- ---- rows that are left out ----
for _, step in ipairs {
  'shape.filter" { flow.raw, where = "price < 100", ', 'clean.keep_range" { flow.raw, column = "price", max = 100, ',
  'clean.drop_duplicates" { flow.raw, columns = { "city" }, ',
} do
  local fine, sentence = run('flow.made = flow:step "' .. step .. "}")
  tap.ok(not fine and sentence:find("would leave out", 1, true), step:match "^[%w_.]+" .. " asks", sentence)
  fine, sentence = run('flow.made = flow:step "' .. step .. "may_drop = 1 }")
  tap.ok(fine, "  and does it when it is told", sentence)
end
tap.done()
