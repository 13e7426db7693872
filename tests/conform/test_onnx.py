#!/usr/bin/python3
"""Exported models against outside judges: onnx.checker, and ONNX Runtime (npm install --ignore-scripts onnxruntime-node in tests/conform, or
LATHE_NODE_MODULES names a node_modules folder that has it) from raw columns."""
import csv
import json
import os
import subprocess
import tempfile

from judge import HERE, LATHE, TOP, end, ok, skip

HOUSING = os.path.join(TOP, "share/examples/house-prices/california-housing.csv")
MODULES = os.environ.get("LATHE_NODE_MODULES", os.path.join(HERE, "node_modules"))
TARGET = "median_house_value"

MAKE = """
local path, rows, folder = ...
local data = lathe.read(path)
local score = lathe.read(rows)
local recipes = {
  plain = function(r) return r:impute {}:encode {}:scale {} end,
  first = function(r) return r:impute { numeric = "mean", category = "none" }:encode { drop = "first" } end,
  strict = function(r) return r:impute { category = "constant", text = "nowhere" }:encode { unknown = "error" } end,
  numbers = function(r) return r:scale { ddof = 1, columns = { "latitude", "households" } } end,
}
local result = {}
for name, build in pairs(recipes) do
  local train = name == "numbers" and data:drop_missing() or data
  local recipe = lathe.recipe { target = "median_house_value", drop = name == "numbers" and "ocean_proximity" or nil }
  local model = lathe.fit(train, build(recipe), lathe.linear { intercept = name ~= "first" })
  for suffix, one in pairs { [""] = model, ["-int8"] = (model:quantize "int8") } do
    one:export(folder .. "/" .. name .. suffix .. ".onnx")
    local rows_of = name == "strict" and score:head(score:rows() - 2) or score
    local values, list = one:predict(rows_of):column("median_house_value"):values(), {}
    for row = 1, values.n do list[row] = values[row] or false end
    result[name .. suffix] = list
  end
end
return result
"""


CLASSES = """
local path, folder = ...
local data = lathe.read(path)
local rows = data:head(200)
local bands, flags = { n = data:rows() }, { n = data:rows() }
local value = data:column("median_house_value")
for row = 1, data:rows() do
  local price = value:get(row)
  bands[row] = price < 120000 and 1LL or price < 265000 and 2LL or 10LL
  flags[row] = price > 180000
end
local targets = { text = "ocean_proximity", whole = "band", flag = "high" }
local all = data:with("band", bands):with("high", flags)
local result = {}
for name, target in pairs(targets) do
  local recipe = lathe.recipe { target = target, drop = name ~= "text" and { "median_house_value", name == "flag" and "band" or "high" }
    or { "band", "high" } }
  local model = lathe.fit(all, recipe:impute {}:encode {}:scale {}, lathe.logistic { l2 = 1 })
  for suffix, one in pairs { [""] = model, ["-int8"] = (model:quantize "int8") } do
    one:export(folder .. "/" .. name .. suffix .. ".onnx")
    local p, list = one:predict(rows), {}
    for row = 1, rows:rows() do
      for _, class in ipairs(one:classes()) do list[#list + 1] = p:column("P(" .. class .. ")"):get(row) end
    end
    local labels = p:column(target):values()
    labels.n = nil
    for row, label in ipairs(labels) do labels[row] = name == "flag" and tostring(label) or name == "whole" and tonumber(label) or label end
    result[name .. suffix] = { probabilities = list, label = labels }
  end
end
return result
"""


# Counts: e^x of a sum, with the logarithm of an exposure in it.
COUNTS = """
local path, rows, folder = ...
local data, score = lathe.read(path):drop_missing(), lathe.read(rows):head(150)
local result = {}
for name, options in pairs { counts = {}, exposed = { exposure = "population" }, sparse = { l1 = 50000, exposure = "population" } } do
  local recipe = lathe.recipe { target = "households", drop = "total_bedrooms" }:impute {}:encode { drop = "first" }:scale {}
  local model = lathe.fit(data, recipe, lathe.poisson(options))
  for suffix, one in pairs { [""] = model, ["-int8"] = (model:quantize "int8") } do
    one:export(folder .. "/" .. name .. suffix .. ".onnx")
    local values = one:predict(score):column("households"):values()
    values.n = nil
    result[name .. suffix] = values
  end
end
return result
"""

# Boosted trees: missing numbers and texts as they are; a regression, counts (e^x), two classes and several.
BOOSTED = """
local path, rows, folder = ...
local data, score = lathe.read(path), lathe.read(rows)
local high = { n = data:rows() }
for row = 1, data:rows() do high[row] = data:column("median_house_value"):get(row) > 180000 end
data = data:with("high", high)
local function fit(target, drop, options)
  return lathe.fit(data, lathe.recipe { target = target, drop = drop }:encode { method = "ordinal" }, lathe.boosting(options))
end
local models = {
  ["boosted-numbers"] = fit("median_house_value", { "high" }, { rounds = 60 }),
  ["boosted-counts"] = fit("households", { "high" }, { rounds = 30, loss = "poisson", rate = 0.3 }),
  ["boosted-flag"] = fit("high", { "median_house_value" }, { rounds = 40 }),
  ["boosted-text"] = fit("ocean_proximity", { "high" }, { rounds = 20, min_samples_leaf = 1 }),
}
local result = {}
for name, model in pairs(models) do
  model:export(folder .. "/" .. name .. ".onnx")
  local p, list = model:predict(score), {}
  local labels = p:column(model:target()):values()
  labels.n = nil
  for row, label in ipairs(labels) do labels[row] = type(label) == "boolean" and tostring(label) or label end
  for row = 1, model:classes() and score:rows() or 0 do
    for _, class in ipairs(model:classes()) do list[#list + 1] = p:column("P(" .. class .. ")"):get(row) end
  end
  result[name] = model:classes() and { probabilities = list, label = labels } or labels
end
return result
"""

# Calibrated probabilities, and a threshold that the label follows; of two classes and of several, of a missing number too.
CALIBRATED = """
local path, rows, folder = ...
local data, score = lathe.read(path), lathe.read(rows)
local high = { n = data:rows() }
for row = 1, data:rows() do high[row] = data:column("median_house_value"):get(row) > 180000 end
data = data:with("high", high)
local trees = lathe.recipe { target = "high", drop = { "median_house_value" } }:encode { method = "ordinal" }
local flag = lathe.fit(data:head(3000), trees, lathe.forest { trees = 10, min_samples_leaf = 5 })
local numbers = lathe.recipe { target = "high", drop = { "median_house_value", "ocean_proximity" } }:scale()
local line = lathe.fit(data:head(3000):drop_missing(), numbers, lathe.logistic { l2 = 1 })
local places = lathe.fit(data:head(9000), lathe.recipe { target = "ocean_proximity", drop = { "high" } },
  lathe.forest { trees = 10, min_samples_leaf = 2 })
local models = {
  ["calibrated-platt"] = line:calibrate(data:tail(5000)),
  ["calibrated-isotonic"] = flag:calibrate(data:tail(5000), { method = "isotonic" }),
  ["calibrated-threshold"] = line:at_threshold(0.21),
  ["calibrated-threshold-isotonic"] = (flag:calibrate(data:tail(5000), { method = "isotonic" })
    :decide(data:tail(5000), { costs = { false_positive = 1, false_negative = 4 }, resamples = 0 })),
  ["calibrated-places-platt"] = places:calibrate(data),
  ["calibrated-places-isotonic"] = places:calibrate(data, { method = "isotonic" }),
  ["costs-of-places"] = (places:decide(data, { resamples = 0, costs = {
    INLAND = { ["NEAR BAY"] = 7 }, ["NEAR OCEAN"] = { INLAND = 12, ["<1H OCEAN"] = 3 }, ["<1H OCEAN"] = { INLAND = 0.3 } } })),
}
local result = {}
for name, model in pairs(models) do
  model:export(folder .. "/" .. name .. ".onnx")
  local p, list = model:predict(score), {}
  local labels = p:column(model:target()):values()
  for row = 1, labels.n do labels[row] = labels[row] ~= nil and tostring(labels[row]) or false end
  labels.n = nil
  for row = 1, score:rows() do
    for _, class in ipairs(model:classes()) do list[#list + 1] = p:column("P(" .. class .. ")"):get(row) or false end
  end
  result[name] = { probabilities = list, label = labels }
end
return result
"""

TREES = """
local path, folder = ...
local data = lathe.read(path)
local rows = data:head(400)
local result = {}
local function make(name, target, estimator, drop)
  local recipe = lathe.recipe { target = target, drop = drop }:encode { method = "ordinal" }
  local one = lathe.fit(data, recipe, estimator)
  one:export(folder .. "/" .. name .. ".onnx")
  local p, list = one:predict(rows), {}
  if not one:classes() then
    local values = p:column(target):values()
    for row = 1, values.n do list[row] = values[row] or false end
    result[name] = list
    return
  end
  for row = 1, rows:rows() do
    for _, class in ipairs(one:classes()) do list[#list + 1] = p:column("P(" .. class .. ")"):get(row) end
  end
  local labels = p:column(target):values()
  labels.n = nil
  result[name] = { probabilities = list, label = labels }
end
make("tree", "median_house_value", lathe.tree { max_depth = 8 })
make("tree-classes", "ocean_proximity", lathe.tree { max_depth = 6 })
make("forest", "median_house_value", lathe.forest { trees = 20, min_samples_leaf = 5 })
make("forest-classes", "ocean_proximity", lathe.forest { trees = 20, min_samples_leaf = 2 }, { "median_house_value" })
make("extra", "median_house_value", lathe.extra_trees { trees = 10, min_samples_leaf = 5 })
return result
"""

# Dense networks: each activation, batch norm, categories as embeddings with gaps and unknown texts, int8; a regression, two classes, several; several targets.
NETWORKS = """
local path, rows, folder = ...
local data, score = lathe.read(path), lathe.read(rows)
local high = { n = data:rows() }
for row = 1, data:rows() do high[row] = data:column("median_house_value"):get(row) > 180000 end
data = data:with("high", high)
local result = {}
local function make(name, target, drop, options, hot)
  options.epochs, options.batch = 2, 512
  local recipe = lathe.recipe { target = target, drop = drop }:impute { category = "none" }
  if target ~= "ocean_proximity" then recipe:encode { method = hot and "one-hot" or "ordinal" } end
  local model = lathe.fit(data:drop_missing(recipe.targets), recipe:scale {}, lathe.network(options))
  for suffix, one in pairs { [""] = model, ["-int8"] = (model:quantize "int8") } do
    one:export(folder .. "/" .. name .. suffix .. ".onnx")
    local p, list, labels = one:predict(score), {}, {}
    for place, each in ipairs(one:targets()) do
      labels[place] = p:column(each):values()
      labels[place].n = nil
    end
    for row, label in ipairs(labels[1]) do labels[1][row] = type(label) == "boolean" and tostring(label) or label end
    for row = 1, one:classes() and score:rows() or 0 do
      for _, class in ipairs(one:classes()) do list[#list + 1] = p:column("P(" .. class .. ")"):get(row) end
    end
    result[name .. suffix] = one:classes() and { probabilities = list, label = labels[1] } or labels[2] and { targets = labels } or labels[1]
  end
end
make("network-relu", "median_house_value", { "high" }, { layers = { 40, 24 } })
make("network-gelu", "median_house_value", { "high" }, { layers = { 33, 7 }, activation = "gelu", norm = true, dropout = 0.1 }, true)
make("network-tanh", "high", { "median_house_value" }, { layers = { 16 }, activation = "tanh", optimizer = "sgd", rate = 0.05 })
make("network-several", { "median_house_value", "median_income", "total_bedrooms" }, { "high" }, { layers = { 16 } })
make("network-sigmoid", "ocean_proximity", { "high" }, { layers = { 16 }, activation = "sigmoid", optimizer = "adamw", rate = 0.01 })
return result
"""


def raw_rows():
    """Rows of every kind: with a gap, and at the end one with an unknown text and one with a missing text."""
    rows = list(csv.DictReader(open(HOUSING)))
    some = rows[:150] + [row for row in rows if row["total_bedrooms"] == ""][:20] + [row for row in rows if row["ocean_proximity"] == "ISLAND"]
    return some + [dict(rows[0], ocean_proximity="MOON"), dict(rows[0], ocean_proximity="")]


def columns_of(rows):
    return {name: [row[name] or None if name == "ocean_proximity" else float(row[name]) if row[name] else None for row in rows]
            for name in rows[0]}


def check(folder, names):
    try:
        import onnx
    except ImportError:
        skip("onnx.checker accepts the files", "python3-onnx is not here")
        return
    for name in names:
        model = onnx.load(os.path.join(folder, name + ".onnx"))
        problem = ""
        try:
            onnx.checker.check_model(model, full_check=True)
        except Exception as error:
            problem = str(error)
        ok(not problem, f"{name}: onnx.checker accepts it", problem)
        if name.endswith("-int8"):
            ok(any(t.data_type == onnx.TensorProto.INT8 for t in model.graph.initializer), f"{name}: its weights are int8")


def same(got, want):
    """The largest difference of two lists of predictions, relative, of probabilities absolute; infinite when labels differ."""
    least = 0
    if isinstance(want, dict) and "targets" in want:
        got, want = (sum(one["targets"], []) if isinstance(one, dict) else [] for one in (got, want))
    elif isinstance(want, dict):
        if not isinstance(got, dict) or any(w is not False and g != w for g, w in zip(got["label"], want["label"])):
            return float("inf")
        got, want, least = got["probabilities"], want["probabilities"], 1
    if len(got) != len(want):
        return float("inf")
    return max(0 if a is None and b is False else abs(a - b) / max(abs(b), least) if a is not None and b is not False else float("inf")
               for a, b in zip(got, want))


def run(folder, rows, predictions, tolerance=1e-12):
    try:
        there = subprocess.run(["node", "-e", ""], capture_output=True).returncode == 0
    except OSError:
        there = False
    if not there or not os.path.isdir(os.path.join(MODULES, "onnxruntime-node")):
        skip("ONNX Runtime predicts the same", "onnxruntime-node is not in tests/conform/node_modules")
        return
    for name, want in predictions.items():
        columns = os.path.join(folder, name + ".json")
        count_of_rows = len(want.get("label") or want["targets"][0]) if isinstance(want, dict) else len(want)
        json.dump(columns_of(rows[:count_of_rows]), open(columns, "w"))
        done = subprocess.run(["node", os.path.join(HERE, "onnx_run.js"), os.path.join(folder, name + ".onnx"), columns],
                              capture_output=True, text=True, env=dict(os.environ, LATHE_NODE_MODULES=MODULES))
        off = same(json.loads(done.stdout) if done.returncode == 0 else [], want)
        ok(off < tolerance, f"{name}: ONNX Runtime predicts the same from raw columns, to {tolerance:g}", f"off by {off}; {done.stderr.strip()}")


with tempfile.TemporaryDirectory() as folder:
    rows = raw_rows()
    path = os.path.join(folder, "rows.csv")
    with open(path, "w") as out:
        writer = csv.DictWriter(out, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    done = subprocess.run([LATHE, "eval", "--json", MAKE, HOUSING, path, folder], capture_output=True, text=True)
    ok(done.returncode == 0, "models are exported", done.stderr.strip())
    if done.returncode == 0:
        predictions = json.loads(done.stdout)
        check(folder, sorted(predictions))
        run(folder, rows, dict(sorted(predictions.items())))
    done = subprocess.run([LATHE, "eval", "--json", CLASSES, HOUSING, folder], capture_output=True, text=True)
    ok(done.returncode == 0, "models of classes are exported", done.stderr.strip())
    if done.returncode == 0:
        predictions = json.loads(done.stdout)
        check(folder, sorted(predictions))
        run(folder, list(csv.DictReader(open(HOUSING)))[:200], dict(sorted(predictions.items())))
    done = subprocess.run([LATHE, "eval", "--json", COUNTS, HOUSING, path, folder], capture_output=True, text=True)
    ok(done.returncode == 0, "regressions of counts are exported", done.stderr.strip())
    if done.returncode == 0:
        predictions = json.loads(done.stdout)
        check(folder, sorted(predictions))
        run(folder, rows, dict(sorted(predictions.items())))
    done = subprocess.run([LATHE, "eval", "--json", BOOSTED, HOUSING, path, folder], capture_output=True, text=True)
    ok(done.returncode == 0, "boosted trees are exported", done.stderr.strip())
    if done.returncode == 0:
        predictions = json.loads(done.stdout)
        check(folder, sorted(predictions))
        run(folder, rows, dict(sorted(predictions.items())))
    done = subprocess.run([LATHE, "eval", "--json", CALIBRATED, HOUSING, path, folder], capture_output=True, text=True)
    ok(done.returncode == 0, "calibrated models are exported", done.stderr.strip())
    if done.returncode == 0:
        predictions = json.loads(done.stdout)
        check(folder, sorted(predictions))
        run(folder, rows, dict(sorted(predictions.items())))
    done = subprocess.run([LATHE, "eval", "--json", TREES, HOUSING, folder], capture_output=True, text=True)
    ok(done.returncode == 0, "trees and forests are exported", done.stderr.strip())
    if done.returncode == 0:
        predictions = json.loads(done.stdout)
        check(folder, sorted(predictions))
        run(folder, list(csv.DictReader(open(HOUSING)))[:400], dict(sorted(predictions.items())))
    done = subprocess.run([LATHE, "eval", "--json", NETWORKS, HOUSING, path, folder], capture_output=True, text=True)
    ok(done.returncode == 0, "networks are exported", done.stderr.strip())
    if done.returncode == 0:
        predictions = json.loads(done.stdout)
        check(folder, sorted(predictions))
        run(folder, rows, dict(sorted(predictions.items())), 5e-6)  # of float32 sums
end()
