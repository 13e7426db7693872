-- Decisions of several classes by what they cost: the class of least expected cost, in the model, its file, the endpoint, ONNX.
local tap = require "tap"
local lathe = require "lathe"

local chance, rows = lathe.random(3), 1500
local x, z, kind = {}, {}, {}
for row = 1, rows do
  x[row], z[row] = 4 * chance:uniform() - 2, 4 * chance:uniform() - 2
  local noisy = x[row] + 0.8 * chance:normal()
  kind[row] = noisy > 0.6 and "high" or noisy > -0.6 and "middle" or "low"
end
local t = lathe.table { { "x", x }, { "z", z }, { "kind", kind } }
local train, test = t:split { test = 0.4, seed = 1, seal = false }
local model = lathe.fit(train, lathe.recipe { target = "kind" }, lathe.logistic { l2 = 1 })
local costs = { high = { low = 10, middle = 4 }, middle = { high = 0.5 }, low = { high = 2, middle = 3, low = -0.5 } }

local function cost_of(truth, taken)
  local list = costs[truth] or {}
  return list[taken] or truth == taken and 0 or 1
end

local made, report = model:decide(test, { costs = costs })
local p, names, sum, wrong = made:predict(test), made:classes(), 0, 0
for row = 1, test:rows() do
  local best, least
  for _, taken in ipairs(names) do
    local expected = 0
    for _, truth in ipairs(names) do expected = expected + p:column("P(" .. truth .. ")"):get(row) * cost_of(truth, taken) end
    if not least or expected < least then best, least = taken, expected end
  end
  if p:column("kind"):get(row) ~= best then wrong = wrong + 1 end
  sum = sum + cost_of(test:column("kind"):get(row), best)
end
tap.same(wrong, 0, "each row is taken for the class whose expected cost is least")
local mean = sum / test:rows()
tap.ok(math.abs(report.metrics.cost - mean) < 1e-12, "the report has the mean cost of that")
tap.ok(report.metrics.cost < report.metrics.cost_more_probable and report.intervals.cost[1] < mean, "less than the usual way costs")
tap.same(made:costs().high, { high = 0, low = 10, middle = 4 }, "a model tells what decisions cost")
tap.ok(model:costs() == nil, "another has nothing to tell")
local measured = made:evaluate(test, { resamples = 0, costs = costs }).metrics
tap.ok(math.abs(measured.cost - mean) < 1e-12, "evaluating counts the model's own decisions")
local labels = lathe.evaluate(test:with("said", p:column("kind")), { target = "kind", prediction = "said", resamples = 0 }).metrics
tap.ok(measured.accuracy == labels.accuracy, "so does the accuracy")

local place = os.tmpname()
made:save(place)
local opened = lathe.open(place)
tap.same(opened:predict(test):column("kind"):values(), p:column("kind"):values(), "a saved model decides the same")
tap.same(made:quantize("int8"):costs(), made:costs(), "int8 weights keep the costs")
tap.same(made:calibrate(test, { method = "platt" }):costs(), made:costs(), "so does calibration")
os.remove(place)
local endpoint = lathe.serve { made }
local row = '{"x": 0.4, "z": 0}'
local answer = lathe.json.decode(lathe.http.request { url = endpoint:url() .. "/predict", body = row,
  headers = { ["Content-Type"] = "application/json" } }.body)
local alone = made:predict(lathe.table { { "x", { 0.4 } }, { "z", { 0 } } }):column("kind"):get(1)
tap.same(answer[1].label, alone, "the endpoint decides the same")
endpoint:stop()

-- Two classes: the matrix is another way to say it; with right probabilities it is the threshold by the costs alone.
local joined = { kind = "if(kind == 'high', 'high', 'other')" }
local two = lathe.fit(train:derive(joined), lathe.recipe { target = "kind" }, lathe.logistic {})
local by_matrix = two:decide(test:derive(joined), { costs = { high = { other = 3 } } })
local by_threshold = two:at_threshold(0.75) -- of "other", from 3 / (3 + 1)
local function labels_of(one) return one:predict(test):column("kind"):values() end
tap.same(labels_of(by_matrix), labels_of(by_threshold), "of two classes it is a threshold")
tap.ok(by_matrix:at_threshold(0.5):costs() == nil, "and a threshold takes its place")

-- What is refused.
local function refused(given, words, sentence) tap.raises(function() model:decide(test, { costs = given }) end, words, sentence) end
refused(nil, "takes what decisions cost", "no costs")
refused({ hihg = { low = 1 } }, "high", "a class that there is not")
refused({ high = { lwo = 1 } }, "low", "nor a decision")
refused({ high = 3 }, "costs.high is a table", "a number in place of a table")
refused({ high = { low = "much" } }, "is a number", "a word in place of a cost")
refused({ high = { high = 2 } }, "costs less than to be right", "a right decision that is dearer than a wrong one")
tap.raises(function() model:evaluate(test, { costs = { false_positive = 1 } }) end, "is of two classes", "kinds of decision of two classes")
tap.done()
