#!/usr/bin/python3
"""Networks beside a plain one in NumPy, from the same first weights on whole batches: the same losses, epoch by epoch; and beside scikit-learn's
on real tables: as good on rows that neither has seen, within what folds differ by."""
import json
import os
import struct
import subprocess
import tempfile
import warnings

from judge import DATA, LATHE, end, ok, skip, skip_all

warnings.simplefilter("ignore")

try:
    import numpy as np
    import pandas as pd
    from sklearn.metrics import log_loss, mean_squared_error
    from sklearn.model_selection import KFold
    from sklearn.neural_network import MLPClassifier, MLPRegressor
except ImportError as problem:
    skip_all(problem)

FIT = """
local path, options, score = ...
options = require("lathe.json").decode(options)
local target, kind = options.target, options.kind
options.target, options.kind = nil, nil
local function fit(rate, epochs, bundle)
  local own = {}
  for name, value in pairs(options) do own[name] = value end
  own.rate, own.epochs = rate or own.rate, epochs or own.epochs
  local m = lathe.fit(lathe.read(path), lathe.recipe { target = target }, lathe.network(own))
  if bundle then m:save(bundle) end
  return m
end
if kind == "curve" then
  fit(1e-30, 1, score)
  local list = fit():table("curve"):column("train_loss"):values()
  list.n = nil
  return list
end
local m = fit()
local p = m:predict(lathe.read(score))
local list = {}
for index, name in ipairs(m:classes() and { unpack(p:columns(), 2) } or { target }) do
  list[index] = p:column(name):values()
  list[index].n = nil
end
return list
"""


def lathe(*arguments):
    done = subprocess.run([LATHE, "eval", "--json", FIT, *arguments], capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(done.stderr.strip())
    return json.loads(done.stdout)


# ---- the same losses ----

def tensors(path):
    """The arrays of a safetensors file."""
    data = open(path, "rb").read()
    size = struct.unpack("<Q", data[:8])[0]
    head = json.loads(data[8:8 + size])
    types = {"F32": "<f4", "F64": "<f8", "I32": "<i4", "U8": "u1", "I8": "i1", "I64": "<i8"}
    return {name: np.frombuffer(data[8 + size:][slice(*one["data_offsets"])], types[one["dtype"]]).reshape(one["shape"]).astype("f8")
            for name, one in head.items() if name != "__metadata__" and one["dtype"] == "F32"}


def erf(x):
    return np.vectorize(__import__("math").erf)(x)


def phi(x):
    return (1 + erf(x / np.sqrt(2))) / 2


ACTIVATIONS = {
    "relu": (lambda z: np.maximum(z, 0), lambda z: (z > 0) * 1.0),
    "gelu": (lambda z: z * phi(z), lambda z: phi(z) + z * np.exp(-z * z / 2) / np.sqrt(2 * np.pi)),
    "tanh": (np.tanh, lambda z: 1 - np.tanh(z) ** 2),
    "sigmoid": (lambda z: 1 / (1 + np.exp(-z)), lambda z: (s := 1 / (1 + np.exp(-z))) * (1 - s)),
}


class Plain:
    """A network as the books have it, in double precision."""

    def __init__(self, weights, biases, options, classes):
        self.w, self.b, self.options, self.classes = weights, biases, options, classes
        self.m = [np.zeros_like(p) for p in weights + biases]
        self.v = [np.zeros_like(p) for p in weights + biases]
        self.steps = 0

    def gradients(self, x, y):
        act, slope = ACTIVATIONS[self.options["activation"]]
        zs, values = [], [x]
        for k, (w, b) in enumerate(zip(self.w, self.b)):
            zs.append(values[-1] @ w + b)
            values.append(act(zs[-1]) if k + 1 < len(self.w) else zs[-1])
        z, rows = values[-1], len(x)
        if self.classes > 2:
            p = np.exp(z - z.max(1, keepdims=True))
            p /= p.sum(1, keepdims=True)
            loss, delta = -np.log(p[np.arange(rows), y]).mean(), (p - np.eye(self.classes)[y]) / rows
        elif self.classes == 2:
            p = 1 / (1 + np.exp(-z[:, 0]))
            loss, delta = -(y * np.log(p) + (1 - y) * np.log(1 - p)).mean(), ((p - y) / rows)[:, None]
        else:
            loss, delta = ((z[:, 0] - y) ** 2).mean() / 2, ((z[:, 0] - y) / rows)[:, None]
        dw, db = [None] * len(self.w), [None] * len(self.w)
        for k in reversed(range(len(self.w))):
            dw[k] = values[k].T @ delta + self.options.get("l2", 0) * self.w[k] + self.options.get("l1", 0) * np.sign(self.w[k])
            db[k] = delta.sum(0)
            if k:
                delta = (delta @ self.w[k].T) * slope(zs[k - 1])
        return loss, dw + db

    def step(self, gradients, rate):
        o = self.options
        self.steps += 1
        for k, (p, g) in enumerate(zip(self.w + self.b, gradients)):
            if o["optimizer"] == "sgd":
                self.m[k] = 0.9 * self.m[k] + g
                p -= rate * (g + 0.9 * self.m[k])
                continue
            self.m[k] = 0.9 * self.m[k] + 0.1 * g
            self.v[k] = 0.999 * self.v[k] + 0.001 * g * g
            if o["optimizer"] == "adamw" and k < len(self.w):
                p -= rate * 0.01 * p
            p -= rate * (self.m[k] / (1 - 0.9 ** self.steps)) / (np.sqrt(self.v[k] / (1 - 0.999 ** self.steps)) + 1e-8)


CASES = [
    ("Adam, ReLU, a regression", 1, {"optimizer": "adam", "activation": "relu", "rate": 0.01}),
    ("AdamW, GELU, three classes", 3, {"optimizer": "adamw", "activation": "gelu", "rate": 0.01}),
    ("Nesterov's momentum, tanh, two classes, l2", 2, {"optimizer": "sgd", "activation": "tanh", "rate": 0.05, "l2": 0.01}),
    ("Adam, sigmoid, exponential decay, l1", 1, {"optimizer": "adam", "activation": "sigmoid", "rate": 0.02, "l1": 0.001,
                                                 "schedule": "exponential", "schedule_factor": 0.9}),
]


def compare(folder):
    random = np.random.default_rng(5)
    x = random.normal(size=(100, 5))
    score = np.sin(x[:, 0]) + x[:, 1] * x[:, 2] + 0.1 * random.normal(size=100)
    for name, classes, options in CASES:
        y = score if classes == 1 else np.digitize(score, [0] if classes == 2 else [-0.5, 0.5])
        table = pd.DataFrame(x, columns=list("abcde"))
        table["y"] = y
        path, bundle = os.path.join(folder, "t.csv"), os.path.join(folder, "m.lathe")
        table.to_csv(path, index=False)
        table = pd.read_csv(path)
        got = lathe(path, json.dumps(dict(options, target="y", kind="curve", layers=[12, 7], batch=128, epochs=40,
                                          task="regression" if classes == 1 else "classification")), bundle)
        arrays = tensors(bundle)
        order = sorted({int(key.split(".")[0]) for key in arrays})
        plain = Plain([arrays[f"{k}.weights"].copy() for k in order], [arrays[f"{k}.bias"].copy() for k in order], options, classes)
        xs, ys = table[list("abcde")].values, table["y"].values
        mean, deviation = ys.mean(), ys.std()
        worst = 0
        for epoch, loss in enumerate(got):
            want, gradients = plain.gradients(xs, (ys - mean) / deviation if classes == 1 else ys)
            want = np.sqrt(2 * want) * deviation if classes == 1 else want
            worst = max(worst, abs(loss - want) / want)
            plain.step(gradients, options["rate"] * options.get("schedule_factor", 1) ** epoch)
        ok(len(got) == 40 and worst < 2e-4, f"{name}: the losses of 40 epochs are NumPy's to 2e-4", f"off by {worst}")


# ---- several targets ----

SEVERAL = """
local path, options, score = ...
options = require("lathe.json").decode(options)
local targets = options.target
options.target = nil
local m = lathe.fit(lathe.read(path), lathe.recipe { target = targets }, lathe.network(options))
local p, list = m:predict(lathe.read(score)), {}
for index, name in ipairs(targets) do
  list[index] = p:column(name):values()
  list[index].n = nil
end
return list
"""


def several(folder):
    random = np.random.default_rng(9)
    x = random.normal(size=(400, 4))
    x[:, 3] += 0.5 * x[:, 0]
    y = x @ random.normal(size=(4, 3)) * [1, 30, 0.01] + [5, -200, 0] + random.normal(size=(400, 3)) * [0.5, 40, 0.002]
    y[:, 1] += np.exp(x[:, 0])
    table = pd.DataFrame(np.hstack([x, y]), columns=["x1", "x2", "x3", "x4", "a", "b", "c"])
    path = os.path.join(folder, "several.csv")
    table.to_csv(path, index=False)

    def predict(options):
        done = subprocess.run([LATHE, "eval", "--json", SEVERAL, path, json.dumps(dict(options, target=["a", "b", "c"])), path],
                              capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(done.stderr.strip())
        return np.array(json.loads(done.stdout)).T

    # Without hidden layers, on the whole batch, until nothing moves: least squares, target by target.
    linear = {"layers": [], "batch": 400, "epochs": 3000, "optimizer": "sgd", "rate": 0.2}
    design = np.hstack([np.ones((400, 1)), x])
    want = design @ np.linalg.lstsq(design, y, rcond=None)[0]
    off = np.abs((predict(linear) - want) / y.std(0)).max(0)
    for name, one in zip("abc", off):
        ok(one < 2e-5, f"a network of three targets without hidden layers is least squares of {name}, to 2e-5 of its deviation", f"off by {one}")
    deep = {"layers": [32], "activation": "tanh", "batch": 100, "epochs": 200, "rate": 0.01, "seed": 3}
    peer = MLPRegressor([32], activation="tanh", batch_size=100, max_iter=200, learning_rate_init=0.01, alpha=0, random_state=3, tol=0,
                        n_iter_no_change=1000)
    scaled = (y - y.mean(0)) / y.std(0)
    theirs = ((peer.fit(x, scaled).predict(x) - scaled) ** 2).mean()
    ours = (((predict(deep) - y) / y.std(0)) ** 2).mean()
    words = f"{ours:.4f} beside {theirs:.4f}"
    print(f"# three targets: {words}")
    ok(ours < 1.1 * theirs, "a hidden layer learns three targets as scikit-learn's does", words)


# ---- as good as scikit-learn's ----

def digits():
    t = pd.read_csv(f"{DATA}/digits/digits.csv")
    target = t.columns[-1] if "target" not in t else "target"
    return t.drop(columns=target) / 16, t[target].values, "classification"


def housing():
    t = pd.read_csv(f"{DATA}/california-housing/housing.csv").dropna().sample(6000, random_state=1)
    x = pd.get_dummies(t.drop(columns="median_house_value"), dtype=float)
    return (x - x.mean()) / x.std(), t["median_house_value"].values / 1e5, "regression"


def adult():
    t = pd.read_csv(f"{DATA}/adult/adult.csv").sample(6000, random_state=1)
    x = pd.get_dummies(t.drop(columns="income"), dtype=float)
    return (x - x.mean()) / x.std().replace(0, 1), (t["income"] == ">50K").astype(int).values, "classification"


def judge(name, data, folder, layers, epochs):
    x, y, task = data()
    x.columns = [f"f{j}" for j in range(x.shape[1])]
    ours, theirs = [], []
    for train, test in KFold(3, shuffle=True, random_state=3).split(x):
        paths = [os.path.join(folder, part + ".csv") for part in ("train", "test")]
        for path, rows in zip(paths, (train, test)):
            x.iloc[rows].assign(y=y[rows]).to_csv(path, index=False)
        options = {"target": "y", "task": task, "layers": layers, "batch": 64, "epochs": epochs, "l2": 1e-3, "validation": 0.1,
                   "patience": 8, "seed": 1}
        p = np.array(lathe(paths[0], json.dumps(options), paths[1])).T
        family = MLPRegressor if task == "regression" else MLPClassifier
        peer = family(layers, batch_size=64, max_iter=epochs, alpha=1e-3, early_stopping=True, n_iter_no_change=8, random_state=1)
        peer.fit(x.values[train], y[train])
        if task == "regression":
            ours.append(mean_squared_error(y[test], p[:, 0]) ** 0.5)
            theirs.append(mean_squared_error(y[test], peer.predict(x.values[test])) ** 0.5)
        else:
            ours.append(log_loss(y[test], p))
            theirs.append(log_loss(y[test], peer.predict_proba(x.values[test])))
    spread = np.std(np.array(ours + theirs).reshape(2, -1), axis=1).max()
    words = f"{np.mean(ours):.4f} beside {np.mean(theirs):.4f}, folds differ by {spread:.4f}"
    print(f"# {name}: {words}")
    ok(np.mean(ours) <= np.mean(theirs) + 2 * spread / 3 ** 0.5, f"{name}: as good as scikit-learn's, within what folds differ by", words)


with tempfile.TemporaryDirectory() as folder:
    compare(folder)
    several(folder)
    if os.path.isdir(DATA):
        judge("digits", digits, folder, [64], 60)
        judge("california housing", housing, folder, [64, 32], 40)
        judge("adult", adult, folder, [32], 20)
    else:
        skip("as good as scikit-learn's on real tables", "the tables are not here")
end()
