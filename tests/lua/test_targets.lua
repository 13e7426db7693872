-- Several targets of one network: predictions, figures, files, the endpoint, folds, and what other families say to them.
local tap = require "tap"
local lathe = require "lathe"

local place = os.tmpname()

local chance, rows = lathe.random(7), 2000
local x, z, word, a, b = { n = rows }, { n = rows }, { n = rows }, { n = rows }, { n = rows }
for row = 1, rows do
  x[row], z[row] = 2 * chance:uniform() - 1, 2 * chance:uniform() - 1
  word[row] = ({ "p", "q", "r" })[1 + math.floor(3 * chance:uniform())]
  a[row] = math.sin(3 * x[row]) + (word[row] == "p" and 1 or 0)
  b[row] = 100 + 50 * x[row] * z[row]
end
local t = lathe.table { { "x", x }, { "z", z }, { "word", word }, { "a", a }, { "b", b } }
local train, test = t:split { test = 0.3, seed = 1 }

local function recipe_of(target) return lathe.recipe { target = target }:encode { method = "ordinal" }:scale {} end
local both = recipe_of { "a", "b" }
local model = lathe.fit(train, both, lathe.network { layers = { 32, 32 }, epochs = 30, batch = 64, rate = 0.005 })

-- Names and predictions.
tap.same(model:targets(), { "a", "b" }, "a model knows its targets")
tap.ok(model:target() == "a, b", "and has one text for them")
local p = model:predict(test)
tap.same(p:columns(), { "a", "b" }, "a prediction is a column for each target")

-- Figures: of each target those of a table of its predictions, and their means.
local report = model:evaluate(test, { resamples = 100 })
local figures = report.metrics
for _, name in ipairs { "a", "b" } do
  local table_ = lathe.table { { "y", test:column(name) }, { "p", p:column(name) } }
  local alone = lathe.evaluate(table_, { target = "y", prediction = "p" }).metrics
  for _, figure in ipairs { "rmse", "r2", "mae", "largest" } do
    tap.ok(figures[name .. "." .. figure] == alone[figure], ("%s of %s is that of its predictions alone"):format(figure, name))
  end
end
tap.ok(figures["a.r2"] > 0.95 and figures["b.r2"] > 0.95, "both are learned", figures["a.r2"], figures["b.r2"])
for _, figure in ipairs { "rmse", "r2", "mae" } do
  local mean = (figures["a." .. figure] + figures["b." .. figure]) / 2
  tap.ok(math.abs(figures[figure] - mean) <= 1e-15 * math.abs(mean), ("the %s of the model is the mean of theirs"):format(figure))
end
tap.ok(figures.largest == math.max(figures["a.largest"], figures["b.largest"]), "the largest miss is the largest of all")
local low, high = unpack(report.intervals.rmse)
tap.ok(low < figures.rmse and figures.rmse < high, "the mean has an interval")
local deviation = model:table("targets"):column("deviation"):values()
tap.ok(math.abs(figures["baseline_b.rmse"] / deviation[2] - 1) < 0.1, "the baseline predicts the mean of each target")
tap.same(report.targets:column("target"):values(), { "a", "b", n = 2 }, "the report has a table of them")
local gap = test:derive { a = "if(x > 0, missing, a)" }
local left = model:evaluate(gap, { resamples = 0 }).metrics.rows
tap.ok(left == gap:filter("x <= 0"):rows(), "a row without one of the targets is left out of all figures")

-- Files.
model:save(place)
local again = lathe.open(place)
tap.same(again:predict(test):column("b"):values(), p:column("b"):values(), "a saved model predicts the same")
tap.same(again:targets(), { "a", "b" }, "and knows its targets")
local small = model:quantize "int8"
tap.ok(#small:targets() == 2 and small:evaluate(test, { resamples = 0 }).metrics["b.r2"] > 0.9, "int8 weights keep them")

-- The endpoint.
local endpoint = lathe.serve { model }
local out, count = require("lathe.serve").score(endpoint:url(), model, test, 100)
local served = true
for row = 0, test:rows() - 1 do
  served = served and out[2 * row] == p:column("a"):get(row + 1) and out[2 * row + 1] == p:column("b"):get(row + 1)
end
tap.ok(served and count == 6, "the endpoint answers the predictions of both, to the last digit")
local function ask(body) return lathe.json.decode(lathe.http.request { url = endpoint:url() .. "/predict", body = body,
  headers = { ["Content-Type"] = "application/json" } }.body) end
local answer = ask '[{"x": 0.1, "z": 0.2, "word": "p"}]'
tap.ok(type(answer[1].a) == "number" and type(answer[1].b) == "number", "as an object with their names")
tap.ok(ask '[{"x": 0.1, "z": 0.2, "word": "p", "b": 1}]'.error.message:find "is what the model predicts",
  "and a target among the inputs is refused")
endpoint:stop()

-- Going on.
local on = model:partial_fit(train, { epochs = 2 })
tap.same(on:targets(), { "a", "b" }, "partial_fit goes on with the same targets")
local none = model:partial_fit(train:head(200), { epochs = 1, rate = 1e-30 })
tap.same(none:predict(test):column("b"):values(), p:column("b"):values(), "with steps of nothing it is the same network")
local head = model:partial_fit(train:derive { c = "a + x" }, { target = { "c", "b" }, epochs = 2, freeze = { "layer1", "layer2" } })
tap.same(head:targets(), { "c", "b" }, "a new head may have several targets, too")
tap.ok(model:partial_fit(train, { target = "a", epochs = 1 }):target() == "a", "or one of them")

-- Folds.
local crossed = lathe.cross_validate(train, both, lathe.network { epochs = 2 }, { folds = 3 })
local columns = crossed.predictions:columns()
tap.same(columns, { "row", "fold", "a", "prediction_a", "b", "prediction_b" }, "out-of-fold predictions of each target")
local means = crossed.metrics
tap.ok(math.abs(means.rmse - (means["a.rmse"] + means["b.rmse"]) / 2) < 1e-12, "figures over folds are means, too")
tap.ok(crossed.intervals["b.rmse"][1] < means["b.rmse"], "each target has an interval over folds")
local board = lathe.compare { table = train, folds = 2, costs = false, models = {
  long = { both, lathe.network { epochs = 8, batch = 32 } }, short = { both, lathe.network { epochs = 1 } } } }
tap.ok(board.winner == "long", "models of several targets are compared")
local one = { recipe_of "a", lathe.network {} }
tap.raises(function() lathe.compare { table = train, models = { one = one, two = { both, lathe.network {} } } } end, "one target",
  "with models of the same ones")
tap.ok(lathe.learning_curve(train, both, lathe.network { epochs = 1 }, { folds = 2, sizes = 2 }).curve:rows() == 2, "a learning curve")
tap.raises(function() lathe.cross_validate(train, both, lathe.network {}, { stratify = true }) end, "there are 2",
  "stratify = true, which means the target, asks which")

-- Checkpoints: stopped after a part and gone on.
local options = { layers = { 16 }, epochs = 6, batch = 64, dropout = 0.1 }
local function bytes_of(made)
  made:save(place)
  local file = assert(io.open(place, "rb"))
  local text = file:read "*a"
  file:close()
  return text
end
lathe.threads.set(1)
local single = bytes_of(lathe.fit(train, both, lathe.network(options)))
lathe.threads.set(2)
tap.ok(single == bytes_of(lathe.fit(train, both, lathe.network(options))), "one thread and two make the same bundle")

-- The step.
local schema = require "lathe.run"
local step = require("lathe.plugin").step "train.network"
local stepped = schema.step(step, { table = train }, { target = { "a", "b" }, epochs = 1 }).model
tap.same(stepped:targets(), { "a", "b" }, "train.network takes a list of targets")
tap.ok(schema.step(step, { table = train }, { target = "a", epochs = 1 }).model:target() == "a", "and a name")

-- What is refused.
for _, family in ipairs { "linear", "ridge", "lasso", "elastic_net", "poisson", "logistic", "tree", "forest", "extra_trees", "boosting" } do
  tap.raises(function() lathe.fit(train, both, lathe[family] {}) end, "takes one target, and the recipe has 2",
    family .. " says that it takes one target")
end
local network = lathe.network { epochs = 1 }
local function refused(target, rows_of, words, sentence)
  tap.raises(function() lathe.fit(rows_of, recipe_of(target), network) end, words, sentence)
end
refused({ "a", "b" }, train:derive { b = "if(x > 0.9, missing, b)" }, 'the target "b" is missing', "a missing target names its column")
refused({ "a", "b" }, train:derive { b = "1" }, 'the target "b" is 1 in every row', "so does a constant one")
refused({ "a", "word" }, train, 'the target "word" is text', "and a text")
tap.raises(function() recipe_of { "a", "a" } end, "stands twice", "a target twice")
tap.raises(function() recipe_of {} end, "empty", "a list of none")
tap.raises(function() lathe.fit(train, lathe.recipe { target = { "a", "b" }, features = { "x", "b" } }, network) end,
  "is the target", "a target among the features")
tap.raises(function() lathe.fit(train, recipe_of { "a", "b" }, lathe.network { weights = "b" }) end, 'cannot be the target "b"',
  "weights that are a target")
tap.raises(function() lathe.fit(train, lathe.recipe { target = { "a", "b" } }:encode { method = "target" }, network) end,
  "takes one target", "an encoding by the target")
os.remove(place)
tap.done()
