#!/usr/bin/python3
"""Least squares, recipes and splits against scikit-learn, statsmodels and SciPy: live where they are, recorded (reference.json,
made by make_reference.py) where they are not; and against the certified values of NIST."""
import json
import os
import subprocess
import sys
import tempfile

from judge import DATA, HERE, LATHE, TOP, end, ok, skip

HOUSING = os.path.join(TOP, "share/examples/house-prices/california-housing.csv")


def lathe(code, *arguments):
    """The values of a piece of Lua, one for each line of JSON."""
    done = subprocess.run([LATHE, "eval", "--json", code, *arguments], capture_output=True, text=True)
    if done.returncode != 0:
        print(f"# {done.stderr.strip()}")
        return [None]
    return [json.loads(line) for line in done.stdout.splitlines()]


def apart(got, want):
    """The largest relative difference of two lists."""
    if got is None or len(got) != len(want):
        return float("inf")
    return max((abs(a - b) / max(abs(b), 1e-300) for a, b in zip(got, want)), default=0.0)


def reference():
    try:
        sys.path.insert(0, HERE)
        import make_reference as make
        print(f"# live: statsmodels {make.statsmodels.__version__}, scikit-learn {make.sklearn.__version__}")
        return {"ols": make.ols(), "pipeline": make.pipeline(), "live": True}
    except ImportError as problem:
        print(f"# recorded results: {problem}")
        return json.load(open(os.path.join(HERE, "reference.json")))


COEFFICIENTS = """
local c, out = m:coefficients(), {}
for _, name in ipairs { "feature", "estimate", "standard_error", "t", "p" } do
  out[name] = c:column(name):values()
  out[name].n = nil
end
local s = m:summary()
for key, value in pairs(s) do out[key] = value end
"""


def test_housing(want):
    (got,) = lathe("""
local t = lathe.read(...):drop_missing()
local m = lathe.fit(t, lathe.recipe { target = "median_house_value", drop = "ocean_proximity" }, lathe.linear {})
""" + COEFFICIENTS + "return out", HOUSING)
    for key in ("estimate", "standard_error", "t"):
        off = apart(got and got[key], want[key])
        ok(off < 1e-9, f"raw housing: {key} of each coefficient agrees with statsmodels to 1e-9", f"off by {off}")
        print(f"# {key}: off by {off:.2g}")
    ok(got and got["feature"] == want["features"], "the features have their names")
    ok(all(abs(a - b) <= 1e-8 * b + 1e-300 for a, b in zip(got["p"], want["p"])), "p-values agree")
    for key in ("r2", "adjusted_r2", "sigma"):
        ok(apart([got[key]], [want[key]]) < 1e-11, f"{key} agrees to 1e-11")


def test_handed_results():
    path = os.path.join(DATA, "reference-results/california_housing.json")
    if not os.path.exists(path):
        skip("housing agrees with the results handed to the project", "no shared data")
        return
    want = json.load(open(path))
    (got,) = lathe("""
local t = lathe.read(...):drop_missing()
local train, test = {}, {}
for row = 1, t:rows() do table.insert((row - 1) % 5 == 0 and test or train, row) end
local m = lathe.fit(t:take(train), lathe.recipe { target = "median_house_value", drop = "ocean_proximity" }, lathe.linear {})
""" + COEFFICIENTS + """
out.test = m:evaluate(t:take(test)).metrics
return out""", HOUSING)
    ols = want["ols"]
    off = apart(got["estimate"], [ols["intercept"]] + ols["coef"])
    ok(off < 1e-9, "housing agrees with the results handed to the project to 1e-9", f"off by {off}")
    print(f"# estimate: off by {off:.2g}")
    ok(apart([got["test"][k] for k in ("r2", "rmse", "mae")], [ols["test"][k] for k in ("r2", "rmse", "mae")]) < 1e-10,
       "test metrics agree with them to 1e-10")


def test_pipeline(want):
    (got,) = lathe("""
local train, test = lathe.read(...):split { test = 0.2, seed = 7 }
local recipe = lathe.recipe { target = "median_house_value" }:impute {}:encode { drop = "first" }:scale {}
local m = lathe.fit(train, recipe, lathe.linear {})
""" + COEFFICIENTS + """
out.test, out.predictions = m:evaluate(test).metrics, m:predict(test:head(50)):column("median_house_value"):values()
out.predictions.n = nil
out.missing = train:column("total_bedrooms"):missing()
return out""", HOUSING)
    ok(got["missing"] == want["missing"] > 0, "the training rows are the same and miss values")
    off = apart(got["estimate"], [want["intercept"]] + want["coefficients"])
    ok(off < 1e-9, "impute, one-hot and scale give scikit-learn's coefficients", f"off by {off}")
    off = apart(got["predictions"], want["predictions"])
    ok(off < 1e-9, "predictions are scikit-learn's", f"off by {off}")
    ok(apart([got["test"][k] for k in ("r2", "rmse", "mae")], [want[k] for k in ("r2", "rmse", "mae")]) < 1e-10,
       "metrics are scikit-learn's")


def test_splits():
    for split in json.load(open(os.path.join(HERE, "reference.json")))["splits"]:
        (got,) = lathe("""
local json = require "lathe.json"
local s = json.decode((...))
local ids = {}
for i = 1, s.rows do ids[i] = i - 1 end
local train, test = lathe.table { id = ids }:split { test = s.test, seed = s.seed }
local function list(t) local v = t:column("id"):values() v.n = nil return v end
return { train = list(train), test = list(test) }""", json.dumps({k: split[k] for k in ("rows", "test", "seed")}))
        ok(got and got["train"] == split["train_rows"] and got["test"] == split["test_rows"],
           f"{split['rows']} rows, test = {split['test']}, seed {split['seed']}: scikit-learn's rows in its order")


def nist(name):
    """Certified estimates and deviations, residual deviation, R2, and the data."""
    lines = open(os.path.join(DATA, "nist-strd", name + ".dat")).read().splitlines()
    estimates, deviations, sigma, r2 = [], [], None, None
    for i, line in enumerate(lines[:60]):
        words = line.split()
        if len(words) == 3 and words[0] in ("B0", "B1", "B2"):
            estimates.append(float(words[1]))
            deviations.append(float(words[2]))
        if len(words) == 3 and words[:2] == ["Standard", "Deviation"]:
            sigma = float(words[2])
        if words[:1] == ["R-Squared"]:
            r2 = float(words[1])
    rows = [[float(x) for x in line.split()] for line in lines[60:] if line.strip()]
    return estimates, deviations, sigma, r2, rows


def test_nist():
    if not os.path.isdir(os.path.join(DATA, "nist-strd")):
        skip("certified values of NIST", "no shared data")
        return
    for name in ("Norris", "Pontius", "NoInt1", "NoInt2"):
        estimates, deviations, sigma, r2, rows = nist(name)
        square = name == "Pontius"
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "nist.csv")
            with open(path, "w") as out:
                out.write("y,x" + (",x2" if square else "") + "\n")
                for y, x in rows:
                    out.write(f"{y!r},{x!r}" + (f",{x * x!r}" if square else "") + "\n")
            (got,) = lathe("local m = lathe.fit(lathe.read((...)), lathe.recipe { target = 'y' }, lathe.linear { intercept = %s })\n%s return out"
                           % ("false" if name.startswith("NoInt") else "true", COEFFICIENTS), path)
        off = max(apart(got["estimate"], estimates), apart(got["standard_error"], deviations), apart([got["sigma"], got["r2"]], [sigma, r2]))
        ok(off < 1e-11, f"{name}: certified to 11 digits", f"off by {off}")
        print(f"# {name}: off by {off:.2g}")


wanted = reference()
test_housing(wanted["ols"])
test_handed_results()
test_pipeline(wanted["pipeline"])
test_splits()
test_nist()
end()
