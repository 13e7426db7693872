-- The leakage guard: each way of letting a model know its test rows is caught by name before it trains, and a clean flow is not bothered.
local tap = require "tap"
local lathe = require "lathe"

local folder = os.tmpname()
os.remove(folder)
os.execute("mkdir -p " .. folder)
local seal = require "lathe.seal"

-- A plugin of someone's own, with steps that go wrong.
assert(os.execute(("mkdir -p '%s/plugins'"):format(folder)))
local function write(path, text)
  local file = assert(io.open(path, "w"))
  file:write(text)
  file:close()
end
write(folder .. "/plugins/own.lua", [[
local function table_in(effect, run, params)
  return { doc = "A step.", inputs = { table = "table" }, params = params or {}, outputs = { table = "table" }, effect = effect, run = run }
end
local columns = { columns = { type = "columns", optional = true, doc = "which" } }
local seed = { seed = { type = "integer", default = 1, doc = "seed" } }
return { name = "own", api = 1, doc = "Steps for a test.", steps = {
  impute = table_in("learn", function(input) return { table = input.table } end, columns),
  noise = table_in("augment", function(input) return { table = lathe.concat { input.table, input.table } } end, seed),
  shake = table_in("augment", function(input) return { table = input.table:derive { x = "x + 0.1" } } end, seed),
  dice = table_in("augment", function(input) return { table = input.table } end),
  tune = table_in("choose", function(input) return { table = input.table } end),
} }
]])
require("lathe.plugin").use(folder .. "/plugins")

local x, y, day, code, kind = {}, {}, {}, {}, {}
for row = 1, 200 do
  x[row] = (row * 37) % 101 + row / 1000
  y[row] = 2 * x[row] + (row * 17) % 13
  day[row] = ("2024-%02d-%02d"):format(1 + math.floor((row - 1) / 28) % 12, 1 + (row - 1) % 28)
  code[row] = 3 * y[row] - 1
  kind[row] = y[row] > 100 and "high" or "low"
end
local function file(name, definition)
  lathe.table(definition):write(folder .. "/" .. name)
  return folder .. "/" .. name
end
local plain = file("plain.csv", { { "x", x }, { "y", y } })

local function flow(path)
  local made = lathe.flow "guarded"
  made.raw = made:step "ingest.read" { path = path or plain }
  return made
end
local function run(made) return made:run { project = folder .. "/project" } end
local function caught(name, build, words)
  local fine, sentence = pcall(function()
    local made = build()
    made:check()
    run(made)
  end)
  tap.ok(not fine and tostring(sentence):find(name .. ": ", 1, true) and tostring(sentence):find("flow:allow", 1, true),
    words or ("%s is caught"):format(name), tostring(sentence))
end

-- ---- a clean flow ----
local function clean(path)
  local made = flow(path)
  made.parts = made:step "prepare.split" { made.raw, test = 0.25 }
  made.model = made:step "train.linear" { made.parts.train, target = "y" }
  made.score = made:step "evaluate.regression" { made.model, made.parts.test }
  return made
end
tap.same(clean():check(), {}, "nothing is found in a clean flow")
local result = run(clean())
tap.ok(result.state == "done", "and it runs")
tap.ok(seal.of(result:get("parts", "test")) and not seal.of(result:get("parts", "train")), "test rows come out of the store sealed")

-- ---- the graph ----
caught("learned-before-split", function()
  local made = flow()
  made.full = made:step "own.impute" { made.raw }
  made.parts = made:step "prepare.split" { made.full }
  made.model = made:step "train.linear" { made.parts.train, target = "y" }
  return made
end)
caught("augmented-before-split", function()
  local made = flow()
  made.more = made:step "own.noise" { made.raw }
  made.parts = made:step "prepare.split" { made.more }
  made.model = made:step "train.linear" { made.parts.train, target = "y" }
  return made
end)
caught("target-transformed", function()
  local made = flow()
  made.parts = made:step "prepare.split" { made.raw }
  made.scaled = made:step "own.impute" { made.parts.train, columns = { "y" } }
  made.model = made:step "train.linear" { made.scaled, target = "y" }
  return made
end)
caught("target-among-features", function()
  local made = flow()
  made.parts = made:step "prepare.split" { made.raw }
  made.model = made:step "train.linear" { made.parts.train, target = "y", features = { "x", "y" } }
  return made
end)
for _, step in ipairs { "own.impute", "own.noise", "own.tune" } do
  caught("test-rows-used", function()
    local made = flow()
    made.parts = made:step "prepare.split" { made.raw }
    made.wrong = made:step(step) { made.parts.test }
    return made
  end, step .. " on test rows is caught")
end
caught("test-rows-used", function()
  local made = flow()
  made.parts = made:step "prepare.split" { made.raw }
  made.model = made:step "train.linear" { made.parts.test, target = "y" }
  return made
end, "training on test rows is caught")
caught("measured-on-training-rows", function()
  local made = flow()
  made.model = made:step "train.linear" { made.raw, target = "y" }
  made.score = made:step "evaluate.regression" { made.model, made.raw }
  return made
end)
caught("one-sided-outliers", function()
  local made = flow()
  made.scored = made:step "shape.derive" { made.raw, name = "z", expression = "(x - 50) / 30" }
  made.near = made:step "shape.filter" { made.scored, where = "z < 3" }
  return made
end)
for _, where in ipairs { "abs(z) < 3", "z < 3 and z > -3", "x < 3" } do
  local made = flow()
  made.scored = made:step "shape.derive" { made.raw, name = "z", expression = "(x - 50) / 30" }
  made.near = made:step "shape.filter" { made.scored, where = where }
  tap.same(made:check(), {}, where .. " is let pass")
end
caught("no-seed", function()
  local made = flow()
  made.parts = made:step "prepare.split" { made.raw }
  made.more = made:step "own.dice" { made.parts.train }
  return made
end)

-- ---- the rows ----
local twice = {}
for _, column in ipairs { { "x", x }, { "y", y } } do
  local values = {}
  for row = 1, 200 do values[row], values[row + 200] = column[2][row], column[2][row] end
  twice[#twice + 1] = { column[1], values }
end
caught("equal-rows-across-split", function() return clean(file("twice.csv", twice)) end)
caught("time-order-broken", function() return clean(file("days.csv", { { "day", day }, { "x", x }, { "y", y } })) end)
local by_time = clean(file("days2.csv", { { "day", day }, { "x", x }, { "y", y } }))
by_time:set("parts", "time", "day")
by_time:set("model", "drop", { "day" })
tap.ok(run(by_time).state == "done", "a split by time is let pass")
caught("predicts-alone", function() return clean(file("code.csv", { { "x", x }, { "code", code }, { "y", y } })) end)
caught("predicts-alone", function()
  local made = flow(file("kind.csv", { { "x", x }, { "code", code }, { "kind", kind } }))
  made.parts = made:step "prepare.split" { made.raw }
  made.model = made:step "train.logistic" { made.parts.train, target = "kind" }
  return made
end, "a number that parts the classes is caught")
local dropped = clean(folder .. "/code.csv")
dropped:set("model", "drop", { "code" })
tap.ok(run(dropped).state == "done", "without that column the flow runs")
caught("augmentation-overwrites", function()
  local made = flow()
  made.parts = made:step "prepare.split" { made.raw }
  made.more = made:step "own.shake" { made.parts.train }
  return made
end)

-- ---- letting pass ----
local allowed = clean(folder .. "/code.csv")
allowed:allow("predicts-alone", "the code is printed on the box")
tap.ok(run(allowed).state == "done", "a finding that is allowed lets the flow run")
tap.raises(function() clean():allow "predicts-alone" end, "and the reason", "not without a reason")

-- ---- sealed rows by hand ----
local train, test = lathe.read(plain):split { test = 0.25 }
local recipe = lathe.recipe { target = "y" }
tap.raises(function() lathe.fit(test, recipe, lathe.linear {}) end, "does not take test rows", "lathe.fit refuses test rows")
for words, made in pairs {
  ["select"] = test:select { "x", "y" }, ["filter"] = (test:filter "x > 3"), ["concat"] = (lathe.concat { train, test }),
  ["derive"] = test:derive { z = "x * 2" }, ["join"] = (train:join(test:rename { y = "other" }, "x")),
} do
  tap.raises(function() lathe.fit(made, recipe, lathe.linear {}) end, "does not take test rows", "and what " .. words .. " makes of them")
end
for words, made in pairs {
  ["a table of its columns"] = lathe.table { { "x", test:column "x" }, { "y", test:column "y" } },
  ["training rows with its column"] = train:head(test:rows()):with("y", test:column "y"),
  ["what a model makes of them"] = lathe.fit(train, recipe):apply(test, { keep = { "y" } }),
} do
  tap.raises(function() lathe.fit(made, recipe, lathe.linear {}) end, "does not take test rows", "and " .. words)
end
for rows, held in train:folds { folds = 3 } do
  tap.ok(not seal.of(rows) and not pcall(held.noise, held, { columns = { "x" } }), "the test rows of a fold are not made more of")
  tap.ok(pcall(rows.noise, rows, { columns = { "x" } }), "  and its training rows are")
end
for _, held in train:folds { folds = 3, seal = false } do tap.ok(not seal.of(held), "unless they are for validation") end
local model = lathe.fit(train, recipe, lathe.linear {})
model:evaluate(test)
model:evaluate((test:filter "x > 3"))
tap.same(seal.of(test).looks, 2, "looks at them are counted, whatever a verb made of them")
tap.ok(lathe.fit(lathe.concat({ train, test }):unseal "the last fit", recipe, lathe.linear {}), "unsealed they may be learned from")
tap.raises(function() test:unseal() end, "the reason", "for a reason")
tap.ok(lathe.fit(select(2, train:split { test = 0.5, seal = false }), recipe, lathe.linear {}), "rows for validation are not sealed")

tap.raises(function() lathe.contract(test) end, "does not take test rows", "a contract is not learned from test rows")
tap.raises(function() test:value_clusters "x" end, "does not take test rows", "and a map of spellings neither")

-- ---- sealed rows in a file ----
local saved = folder .. "/test.safetensors"
test:save(saved)
local loaded = lathe.table.load(saved)
tap.raises(function() lathe.fit(loaded, recipe, lathe.linear {}) end, "does not take test rows",
  "a saved test table is sealed when it is loaded")
tap.raises(function() lathe.read(saved):noise() end, "does not take test rows", "and when it is read")
tap.raises(function() (loaded:filter "x > 3"):smote "y" end, "does not take test rows", "and so is what verbs make of it")
model:evaluate(loaded)
tap.same(seal.of(loaded).looks, 3, "looks are counted on from those of the file")
train:save(folder .. "/train.safetensors")
tap.ok(lathe.fit(lathe.table.load(folder .. "/train.safetensors"), recipe, lathe.linear {}), "training rows have no seal there")
do
  local made = flow()
  made.test = made:step "ingest.read" { path = saved }
  made.model = made:step "train.linear" { made.test, target = "y" }
  tap.raises(function() run(made) end, "does not take test rows", "a flow that trains on the file fails")
end
local function damaged(from, to)
  local bytes = assert(io.open(saved, "rb"))
  local text = bytes:read "*a"
  bytes:close()
  local changed, count = text:gsub(from, to, 1)
  assert(count == 1 and #changed == #text)
  bytes = assert(io.open(folder .. "/hostile.safetensors", "wb"))
  bytes:write(changed)
  bytes:close()
  return function() lathe.table.load(folder .. "/hostile.safetensors") end
end
seal.of(test).looks = 12
test:save(saved)
for _, digits in ipairs { "-2", "1.", "[]", "{}" } do
  tap.raises(damaged('(looks\\":)12', "%1" .. digits), "the description of the table is damaged",
    "a seal that counts " .. digits .. " looks is refused")
end
seal.of(test).looks = 2

-- How many models the same rows have measured stays with the project.
local said = {}
local other = clean()
other:set("model", "intercept", false)
other:run { project = folder .. "/project", observer = { log = function(text) said[#said + 1] = text end } }
tap.ok(table.concat(said, "\n"):find("model 2 that these test rows measure", 1, true),
  "a second model on the same test rows is told of", said)
tap.done()
