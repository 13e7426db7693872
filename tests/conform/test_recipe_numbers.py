#!/usr/bin/python3
"""Transforms of numbers against scikit-learn and pandas, on real tables: learned on the first rows, put to all; and each exported, against
ONNX Runtime where it is installed."""
import json
import os
import subprocess
import tempfile
import warnings

from judge import DATA, HERE, LATHE, TOP, end, ok, skip, skip_all

MODULES = os.environ.get("LATHE_NODE_MODULES", os.path.join(HERE, "node_modules"))
HOUSING = os.path.join(TOP, "share/examples/house-prices/california-housing.csv")
CANCER = os.path.join(TOP, "share/examples/breast-cancer/breast_cancer.csv")
warnings.simplefilter("ignore")

try:
    import numpy as np
    import pandas as pd
    from scipy import stats
    from sklearn.cluster import KMeans
    from sklearn.decomposition import PCA
    from sklearn.impute import KNNImputer, MissingIndicator, SimpleImputer
    from sklearn.preprocessing import (KBinsDiscretizer, MinMaxScaler, PolynomialFeatures, PowerTransformer, QuantileTransformer,
                                       RobustScaler, StandardScaler)
except ImportError as problem:
    skip_all(problem)

# The cases of one table: each recipe learned on the first `train` rows, its features of all rows, its model saved, opened and exported.
RUN = """
local path, cases, folder = ...
cases = require("lathe.json").decode(cases)
local out = {}
for name, case in pairs(cases) do
  local t = lathe.read(path):select(case.columns)
  local steps = assert(load("return " .. case.steps))()
  local model = lathe.fit(t:head(case.train), lathe.recipe { steps = steps })
  local file = folder .. "/" .. name
  model:save(file .. ".lathe"):export(file .. ".onnx")
  local features = lathe.open(file .. ".lathe"):predict(t)
  local names, columns = features:columns(), {}
  for index, feature in ipairs(names) do
    local values = features:column(feature):values()
    for row = 1, t:rows() do
      if values[row] == nil then values[row] = false end
    end
    values.n = nil
    columns[index] = values
  end
  out[name] = { names = names, columns = columns, notes = model:notes(), learned = model:learned() }
end
return out
"""


def table(path, columns):
    return pd.read_csv(path)[columns].astype(float)


def lathe(path, cases, folder):
    done = subprocess.run([LATHE, "eval", "--json", RUN, path, json.dumps(cases), folder], capture_output=True, text=True)
    if done.returncode != 0:
        ok(False, f"{os.path.basename(path)}: the recipes are learned", done.stderr.strip())
        return {}
    out = json.loads(done.stdout)
    for one in out.values():
        one["matrix"] = np.array([[np.nan if v is False or v is None else v for v in column] for column in one["columns"]], float).T
    return out


def largest(got, want):
    """The largest difference, relative to the size of the column."""
    want = np.asarray(want, float)
    if got.shape != want.shape or not np.array_equal(np.isnan(got), np.isnan(want)):
        return float("inf")
    size = np.maximum(np.nanmax(np.abs(want), axis=0), 1)
    return float(np.nanmax(np.abs(got - want) / size))


def fitted(transform):
    return lambda train, all_rows: np.asarray(transform.fit(train.values).transform(all_rows.values), float)


def impute(method):
    def run(train, all_rows):
        return all_rows.fillna(method(train)).values
    return run


def with_indicator(train, all_rows):
    filled = SimpleImputer(strategy="median").fit(train.values).transform(all_rows.values)
    return np.hstack([filled, MissingIndicator(error_on_new=False).fit(train.values).transform(all_rows.values)])


def bounds_iqr(train, limit):
    q1, q3 = train.quantile(0.25), train.quantile(0.75)
    return q1 - limit * (q3 - q1), q3 + limit * (q3 - q1)


def bounds_z(train, limit, ddof=0):
    return train.mean() - limit * train.std(ddof=ddof), train.mean() + limit * train.std(ddof=ddof)


def bounds_mad(train, limit):
    middle = train.median()
    spread = (train - middle).abs().median() / stats.norm.ppf(0.75)
    return middle - limit * spread, middle + limit * spread


def clip(bounds, *rest):
    def run(train, all_rows):
        low, high = bounds(train, *rest)
        return all_rows.clip(low, high, axis=1).values
    return run


def flag(bounds, *rest):
    def run(train, all_rows):
        low, high = bounds(train, *rest)
        return np.hstack([all_rows.values, ((all_rows < low) | (all_rows > high)).values.astype(float)])
    return run


def drop_then_scale(train, all_rows):
    low, high = bounds_iqr(train, 3)
    kept = train[~((train < low) | (train > high)).any(axis=1)]
    return ((all_rows - kept.mean()) / kept.std(ddof=1)).values


def components(count, whiten=False, scale=True):
    def run(train, all_rows):
        before = StandardScaler().fit(train.values) if scale else None
        one, two = (before.transform(train.values), before.transform(all_rows.values)) if scale else (train.values, all_rows.values)
        pca = PCA(count, whiten=whiten, svd_solver="full").fit(one)
        sign = np.sign(pca.components_[np.arange(len(pca.components_)), np.abs(pca.components_).argmax(axis=1)])
        return pca.transform(two) * sign  # the sign of scikit-learn from 1.5 on
    return run


def products(degree, once=False):
    def run(train, all_rows):
        return PolynomialFeatures(degree, interaction_only=once, include_bias=False).fit_transform(all_rows.values)
    return run


def bins(number, strategy, encode):
    return fitted(KBinsDiscretizer(number, strategy=strategy, encode=encode, subsample=None) if strategy == "quantile"
                  else KBinsDiscretizer(number, strategy=strategy, encode=encode))


GAPS = {
    "mean": ('{ { "impute", numeric = "mean" } }', impute(pd.DataFrame.mean)),
    "median": ('{ { "impute" } }', impute(pd.DataFrame.median)),
    "mode": ('{ { "impute", numeric = "mode" } }', impute(lambda t: t.mode().iloc[0])),
    "constant": ('{ { "impute", numeric = "constant", number = -1.5 } }', impute(lambda t: -1.5)),
    "nearest": ('{ { "impute", numeric = "nearest", donors = 100000 } }', fitted(KNNImputer(n_neighbors=5))),
    "nearest-one": ('{ { "impute", numeric = "nearest", neighbours = 1, donors = 100000 } }', fitted(KNNImputer(n_neighbors=1))),
    "indicator": ('{ { "impute", indicator = true } }', with_indicator),
    "gaps-standard": ('{ { "scale" } }', fitted(StandardScaler())),
    "gaps-robust": ('{ { "scale", method = "robust" } }', fitted(RobustScaler())),
    "gaps-quantile": ('{ { "scale", method = "quantile", quantiles = 100 } }', fitted(QuantileTransformer(n_quantiles=100, subsample=10**9))),
}

FULL = {
    "standard": ('{ { "scale" } }', fitted(StandardScaler())),
    "standard-1": ('{ { "scale", ddof = 1 } }', lambda train, rows: ((rows - train.mean()) / train.std()).values),
    "min-max": ('{ { "scale", method = "min-max" } }', fitted(MinMaxScaler())),
    "min-max-range": ('{ { "scale", method = "min-max", low = -3, high = 5 } }', fitted(MinMaxScaler((-3, 5)))),
    "robust": ('{ { "scale", method = "robust" } }', fitted(RobustScaler())),
    "robust-90": ('{ { "scale", method = "robust", lower = 0.05, upper = 0.95 } }', fitted(RobustScaler(quantile_range=(5, 95)))),
    "quantile": ('{ { "scale", method = "quantile" } }', fitted(QuantileTransformer(subsample=10**9))),
    "quantile-normal": ('{ { "scale", method = "quantile", output = "normal", quantiles = 200 } }',
                        fitted(QuantileTransformer(n_quantiles=200, output_distribution="normal", subsample=10**9))),
    "clip-iqr": ('{ { "outliers" } }', clip(bounds_iqr, 1.5)),
    "clip-z": ('{ { "outliers", method = "z-score", limit = 2 } }', clip(bounds_z, 2)),
    "clip-z-1": ('{ { "outliers", method = "z-score", ddof = 1 } }', clip(bounds_z, 3, 1)),
    "clip-mad": ('{ { "outliers", method = "mad" } }', clip(bounds_mad, 3.5)),
    "flag-iqr": ('{ { "outliers", action = "flag" } }', flag(bounds_iqr, 1.5)),
    "flag-mad": ('{ { "outliers", action = "flag", method = "mad", limit = 2 } }', flag(bounds_mad, 2)),
    "drop": ('{ { "outliers", action = "drop", limit = 3 }, { "scale", ddof = 1 } }', drop_then_scale),
    "bins-quantile": ('{ { "bin" } }', bins(5, "quantile", "ordinal")),
    "bins-uniform": ('{ { "bin", method = "uniform", bins = 8 } }', bins(8, "uniform", "ordinal")),
    "bins-k-means": ('{ { "bin", method = "k-means", bins = 4 } }', bins(4, "kmeans", "ordinal")),
    "bins-one-hot": ('{ { "bin", bins = 3, output = "one-hot" } }', bins(3, "quantile", "onehot-dense")),
    "polynomial": ('{ { "polynomial" } }', products(2)),
    "polynomial-3": ('{ { "polynomial", degree = 3 } }', products(3)),
    "interaction": ('{ { "polynomial", degree = 3, interaction = true } }', products(3, True)),
    "pca": ('{ "scale", { "pca", components = 3 } }', components(3)),
    "pca-share": ('{ "scale", { "pca", share = 0.9 } }', components(0.9)),
    "pca-white": ('{ "scale", { "pca", components = 2, whiten = true } }', components(2, True)),
}

TABLES = [
    (HOUSING, ["total_rooms", "total_bedrooms", "population", "households", "median_income"], 3000, GAPS),
    (os.path.join(DATA, "titanic/titanic.csv"), ["Pclass", "Age", "SibSp", "Fare"], 600,
     {name: GAPS[name] for name in GAPS if not name.startswith("nearest")}),  # in which most distances are those of several rows
    (os.path.join(DATA, "penguins/penguins.csv"), ["bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g"], 240, GAPS),
    (CANCER, ["mean_radius", "mean_texture", "mean_perimeter", "mean_smoothness", "error_area", "worst_concavity"], 400, FULL),
    (HOUSING, ["longitude", "latitude", "housing_median_age", "total_rooms", "population", "median_income"], 15000, FULL),
    (os.path.join(DATA, "bike-sharing/hour.csv"), ["temp", "atemp", "hum", "windspeed", "cnt"], 9000, FULL),
]


def power(folder):
    """The exponents have no agreement to 1e-12: scikit-learn's minimum is found to about 1e-8. So: as likely, and the transform itself."""
    columns = ["mean_radius", "mean_texture", "error_area", "mean_smoothness"]
    train = 400
    data = table(CANCER, columns)
    cases = {name: dict(columns=columns, train=train, steps=steps) for name, steps in {
        "yeo-johnson": '{ { "scale", method = "power" } }',
        "yeo-johnson-raw": '{ { "scale", method = "power", standardize = false } }',
        "box-cox": '{ { "scale", method = "power", power = "box-cox" } }',
        "box-cox-raw": '{ { "scale", method = "power", power = "box-cox", standardize = false } }'}.items()}
    out = lathe(CANCER, cases, folder)
    for method in ["yeo-johnson", "box-cox"] if out else []:
        want = PowerTransformer(method).fit(data.values[:train])
        off = largest(out[method]["matrix"], want.transform(data.values))
        ok(off < 1e-6, f"{method}: as scikit-learn's, but for its exponent's digits", f"off by {off}")
        raw = out[method + "-raw"]["matrix"]
        for c, name in enumerate(columns):
            x = data.values[:train, c]
            transform, likely = (stats.yeojohnson, stats.yeojohnson_llf) if method == "yeo-johnson" else (stats.boxcox, stats.boxcox_llf)
            inverse = np.linspace(want.lambdas_[c] - 1e-5, want.lambdas_[c] + 1e-5, 41)
            best = max(likely(value, x) for value in inverse)
            # our exponent, from one transformed value: the one that gives it
            from scipy.optimize import brentq
            row = int(np.argmax(x))
            ours = brentq(lambda value: transform(x[row:row + 1], value)[0] - raw[row, c], want.lambdas_[c] - 1, want.lambdas_[c] + 1, xtol=1e-15)
            ok(likely(ours, x) >= best - abs(best) * 1e-14, f"{method} of {name}: no exponent near it is likelier")
            off = largest(raw[:, c:c + 1], transform(data.values[:, c], ours)[:, None])
            ok(off < 1e-12, f"{method} of {name}: the transform is scipy's to 1e-12", f"off by {off}")
    return out, data


def judge(path, data, name, features, folder):
    file = os.path.join(folder, "columns.json")
    json.dump({column: [None if np.isnan(v) else v for v in data[column]] for column in data}, open(file, "w"))
    done = subprocess.run(["node", os.path.join(HERE, "onnx_run.js"), os.path.join(folder, name + ".onnx"), file], capture_output=True,
                          text=True, env=dict(os.environ, LATHE_NODE_MODULES=MODULES))
    if done.returncode != 0:
        return done.stderr.strip()
    got = np.array([np.nan if v is None else v for v in json.loads(done.stdout)], float).reshape(len(data), -1)
    off = largest(got, features)
    return "" if off < 1e-12 else f"off by {off}"


def runtime():
    try:
        there = subprocess.run(["node", "-e", ""], capture_output=True).returncode == 0
    except OSError:
        there = False
    return there and os.path.isdir(os.path.join(MODULES, "onnxruntime-node"))


def check_file(path):
    try:
        import onnx
        onnx.checker.check_model(onnx.load(path), full_check=True)
    except ImportError:
        return ""
    except Exception as error:
        return str(error)
    return ""


with tempfile.TemporaryDirectory() as folder:
    served = runtime()
    for path, columns, train, recipes in TABLES:
        where = os.path.basename(path)
        if not os.path.exists(path):
            skip(where, "it is not here")
            continue
        data = table(path, columns)
        out = lathe(path, {name: dict(columns=columns, train=train, steps=steps) for name, (steps, _) in recipes.items()}, folder)
        for name in recipes if out else []:
            want = recipes[name][1](data[:train].copy(), data)
            off = largest(out[name]["matrix"], want)
            ok(off < 1e-12, f"{where}: {name} is scikit-learn's or pandas' to 1e-12", f"off by {off}, {out[name]['matrix'].shape} {want.shape}")
            some = slice(max(0, train - 250), train + 250)
            problem = check_file(os.path.join(folder, name + ".onnx"))
            if path == HOUSING and served and not problem:
                problem = judge(path, data[some], name, out[name]["matrix"][some], folder)
            ok(not problem, f"{where}: {name} in ONNX" + ("" if served else " # SKIP onnxruntime-node is not in tests/conform/node_modules"), problem)
        if "polynomial-3" in out:
            want = PolynomialFeatures(3, include_bias=False).fit(data.values).get_feature_names_out(columns)
            ok(out["polynomial-3"]["names"] == list(want), f"{where}: products are named as scikit-learn names them")
    out, data = power(folder)
    for name in out:
        problem = judge(CANCER, data, name, out[name]["matrix"], folder) if served else ""
        ok(not problem, f"{name} in ONNX" + ("" if served else " # SKIP onnxruntime-node is not in tests/conform/node_modules"), problem)
end()
