-- One thread and two, one run and the next: the bundle of every family has the same bytes. A family joins with a line in `jobs`; one that
-- has none fails here.
local tap = require "tap"
local lathe = require "lathe"

-- Rows enough for many chunks of each kernel, with what kernels treat on their own: gaps, texts, weights, ties.
local chance, rows, data = lathe.random(11), 12000, {}
local names = { "a", "b", "c", "d", "e" }
for _, name in ipairs(names) do data[name] = { n = rows } end
local town, price, count, kind, weight = { n = rows }, {}, {}, {}, {}
for row = 1, rows do
  local sum = 0
  for at, name in ipairs(names) do
    local value = at == 5 and math.floor(8 * chance:uniform()) or chance:normal()
    data[name][row], sum = value, sum + value * at / 10
  end
  town[row] = ({ "Ulm", "Oslo", "Rome", "Bonn", "Kiel" })[1 + math.floor(5 * chance:uniform())]
  price[row] = sum + (town[row] == "Rome" and 1 or 0) + chance:normal()
  count[row] = math.floor(math.exp(sum / 2) + 2 * chance:uniform())
  kind[row] = price[row] > 1.5 and "high" or price[row] > 0 and "middle" or "low"
  weight[row] = 1 + row % 3
  if row % 50 == 0 then data.b[row], town[row] = nil, nil end
end
local columns = { { "town", town }, { "price", price }, { "count", count }, { "kind", kind }, { "w", weight } }
for _, name in ipairs(names) do columns[#columns + 1] = { name, data[name] } end
local t = lathe.table(columns)

local features = { "a", "b", "c", "d", "e", "town" }
local function dense(target)
  return lathe.recipe { target = target, features = features }:impute():encode():scale()
end
local function raw(target)
  return lathe.recipe { target = target, features = features }:encode { method = "ordinal" }
end

-- Family -> what is fitted: a recipe and options, or a list of such.
local jobs = {
  linear = { { dense "price", { weights = "w", covariance = "HC3" } } },
  ridge = { { dense "price", { alpha = "cv" } } },
  lasso = { { dense "price", {} } },
  elastic_net = { { dense "price", {} } },
  logistic = { { dense "kind", { l2 = 1 } } },
  poisson = { { dense "count", {} } },
  tree = { { raw "price", { ccp_alpha = "1se", folds = 3 } }, { raw "kind", { max_depth = 6 } } },
  forest = { { raw "price", { trees = 6 } }, { raw "kind", { trees = 6, weights = "w" } } },
  extra_trees = { { raw "kind", { trees = 6 } } },
  boosting = { { raw "price", { rounds = 8, row_share = 0.7, validation = 0.2 } }, { raw "kind", { rounds = 5, column_share = 0.7 } } },
  network = { { dense "price", { epochs = 2 } }, { dense "kind", { epochs = 2 } }, { dense { "price", "count" }, { epochs = 2 } } },
}

local path = os.tmpname()
local function bytes_of(model)
  model:save(path)
  local file = assert(io.open(path, "rb"))
  local bytes = file:read "*a"
  file:close()
  return bytes
end

-- What `make` gives has the same bytes on one thread, on two, and again on two.
local function same(make, sentence)
  local before = lathe.threads.get()
  lathe.threads(1)
  local one = bytes_of(make())
  lathe.threads(2)
  local two, again = bytes_of(make()), bytes_of(make())
  lathe.threads(before)
  tap.ok(one == two, sentence .. ": one thread and two give the same bytes")
  tap.ok(two == again, sentence .. ": and so do two runs")
end

local families = {}
local list = io.popen(("cd '%s/lua/lathe/estimator' && ls *.lua"):format(assert(os.getenv "LATHE_TOP", "LATHE_TOP is the source tree")))
for name in list:read("*a"):gmatch "([%w_]+)%.lua" do
  local module = require("lathe.estimator." .. name)
  if type(module) == "table" and module.takes then families[#families + 1] = name end
end
list:close()
local left_out = {}
for _, name in ipairs(families) do
  if not jobs[name] then left_out[#left_out + 1] = name end
end
tap.same(left_out, {}, "every family is in this test")

for _, name in ipairs(families) do
  for _, job in ipairs(jobs[name] or {}) do
    same(function() return lathe.fit(t, job[1], lathe[name](job[2])) end, ("%s of %s"):format(name, job[1].target))
  end
end

-- What is made of a model, and of many.
local train, rest = t:split { test = 0.3, seal = false }
local forest = lathe.fit(train, raw "kind", lathe.forest { trees = 5 })
for _, method in ipairs { "platt", "isotonic" } do
  same(function() return forest:calibrate(rest, { method = method }) end, method .. " calibration")
end
same(function()
  return forest:calibrate(lathe.cross_validate(train, raw "kind", lathe.forest { trees = 3 }, { folds = 3, augment = { "oversample" } }))
end, "calibration out of fold")
os.remove(path)

tap.done()
