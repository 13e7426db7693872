#!/usr/bin/python3
"""Platt's sigmoid and the isotonic regression against scikit-learn: CalibratedClassifierCV of the same scores."""
import json
import subprocess
import sys
import warnings

from judge import LATHE, TOP, end, ok, skip_all

warnings.simplefilter("ignore")

try:
    import numpy as np
    from scipy.optimize import minimize
    from sklearn.calibration import CalibratedClassifierCV
except ImportError as problem:
    skip_all(problem)

RUN = """
local json = require "lathe.json"
local function probabilities(t, classes)
  local lists = {}
  for at, class in ipairs(classes) do
    lists[at] = t:column("P(" .. class .. ")"):values()
    lists[at].n = nil
  end
  return lists
end
local function labels(t, name)
  local values = t:column(name):values()
  values.n = nil
  return values
end
local t = lathe.read "share/examples/breast-cancer/breast_cancer.csv"
local weight = {}
for row = 1, t:rows() do weight[row] = 1 + row % 3 end
t = t:with("w", weight)
local h = lathe.read("share/examples/house-prices/california-housing.csv"):drop_missing():filter("ocean_proximity != \\"ISLAND\\"")
local out = {}
local function job(name, rows, recipe, estimator, options)
  local train, rest = rows:split { test = 0.6, seed = 5, seal = false }
  local held, test = rest:split { test = 0.5, seed = 5, seal = false }
  local model = lathe.fit(train, recipe, estimator)
  local better = model:calibrate(held, options)
  out[name] = { classes = model:classes(), held = probabilities(model:predict(held), model:classes()), truth = labels(held, recipe.target),
    raw = probabilities(model:predict(test), model:classes()), made = probabilities(better:predict(test), model:classes()),
    weights = options.weights and labels(held, "w") or nil, method = options.method }
end
local r = lathe.recipe { target = "diagnosis", features = { "mean_radius", "mean_texture" } }:scale()
local places = lathe.recipe { target = "ocean_proximity" }
job("platt", t, r, lathe.logistic { l2 = 1 }, { method = "platt" })
job("platt weighted", t, r, lathe.logistic { l2 = 1 }, { method = "platt", weights = "w" })
job("isotonic", t, r, lathe.logistic { l2 = 1 }, { method = "isotonic" })
job("isotonic weighted", t, r, lathe.logistic { l2 = 1 }, { method = "isotonic", weights = "w" })
job("isotonic of a forest", t, r, lathe.forest { trees = 20 }, { method = "isotonic" })
job("isotonic of several classes", h, places, lathe.forest { trees = 20, min_samples_leaf = 5 }, { method = "isotonic" })
job("platt of several classes", h, places, lathe.forest { trees = 20, min_samples_leaf = 5 }, { method = "platt" })
print(json.encode(out))
"""
answer = subprocess.run([LATHE, "eval", RUN], capture_output=True, text=True, cwd=TOP)
if answer.returncode:
    ok(False, "lathe calibrates", answer.stderr)
    end()
    sys.exit(1)


class Scores:
    """A classifier that is fitted already; its scores are the features."""

    def __init__(self, classes):
        self.classes_, self.n_features_in_ = classes, len(classes)

    def fit(self, *_):
        return self

    def get_params(self, deep=True):
        return {"classes": self.classes_}

    def predict(self, X):
        return self.classes_[np.argmax(X, axis=1)]


class LogOdds(Scores):
    def decision_function(self, X):
        kept = np.clip(X, 1e-12, 1 - 1e-12)
        odds = np.log(kept / (1 - kept))
        return odds[:, 1] if X.shape[1] == 2 else odds


class Probabilities(Scores):
    def predict_proba(self, X):
        return X


for name, job in json.loads(answer.stdout).items():
    classes = np.array(job["classes"])
    held, raw, made = (np.array(job[key]).T for key in ("held", "raw", "made"))
    truth = np.array(job["truth"])
    weights = np.array(job["weights"], float) if "weights" in job else None
    kind = LogOdds if job["method"] == "platt" else Probabilities
    judge = CalibratedClassifierCV(kind(classes), method="sigmoid" if job["method"] == "platt" else "isotonic", cv="prefit")
    judge.fit(held, truth, sample_weight=weights)
    off = np.abs(judge.predict_proba(raw) - made).max()
    # The sigmoid of scikit-learn stops where its gradient is about 1e-5, and of log odds as long as those of a forest, -27, before that;
    # knots of the isotonic regression are the same.
    tolerance = 2e-3 if job["method"] == "platt" else 1e-9
    if job["method"] == "isotonic" or len(classes) == 2:
        ok(off < tolerance, f"{name}: probabilities are those of CalibratedClassifierCV to {tolerance}", f"off by {off}")
    if job["method"] == "isotonic":
        continue
    mapped = []
    for k in range(1 if len(classes) == 2 else 0, len(classes)):
        score, w = kind(classes).decision_function(held), weights if weights is not None else np.ones(len(held))
        score, y = score if len(classes) == 2 else score[:, k], truth == classes[k]
        above, below = w[y].sum(), w[~y].sum()
        target = np.where(y, (above + 1) / (above + 2), 1 / (below + 2))

        def loss(ab):
            z = ab[0] * score + ab[1]
            return np.sum(w * (np.logaddexp(0, z) - target * z))

        best = minimize(loss, [1, 0], method="Nelder-Mead", options=dict(xatol=1e-10, fatol=1e-13, maxiter=10000)).x
        odds = kind(classes).decision_function(raw)
        mapped.append(1 / (1 + np.exp(-best[0] * (odds if len(classes) == 2 else odds[:, k]) - best[1])))
    mapped = np.array(mapped).T
    off = np.abs(mapped[:, 0] - made[:, 1] if len(classes) == 2 else mapped / mapped.sum(axis=1, keepdims=True) - made).max()
    ok(off < 1e-6, f"{name}: they have the least loss there is, to 1e-6", f"off by {off}")

end()
