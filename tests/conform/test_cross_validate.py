#!/usr/bin/python3
"""Cross-validation against scikit-learn's cross_val_score on the same folds, recipe inside the fold; the corrected resampled t-test."""
import json
import os
import subprocess
import sys
import warnings

from judge import LATHE, TOP, end, ok, skip_all

warnings.simplefilter("ignore")

try:
    import numpy as np
    import pandas as pd
    from scipy import stats
    from sklearn.linear_model import LinearRegression, LogisticRegression
    from sklearn.model_selection import KFold, StratifiedKFold, cross_val_predict, cross_validate
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.tree import DecisionTreeRegressor
except ImportError as problem:
    skip_all(problem)

RUN = """
local json = require "lathe.json"
local function list(t, name)
  local values = t:column(name):values()
  values.n = nil
  return values
end
local cancer = lathe.read "share/examples/breast-cancer/breast_cancer.csv"
local recipe = lathe.recipe { target = "diagnosis" }:scale()
local c = lathe.cross_validate(cancer, recipe, lathe.logistic { l2 = 1, iterations = 200 }, { folds = 5, stratify = true, seed = 7 })
local h = lathe.read("share/examples/house-prices/california-housing.csv"):drop_missing():select { "longitude", "latitude",
  "median_income", "housing_median_age", "median_house_value" }
local houses = lathe.recipe { target = "median_house_value" }
local line = lathe.cross_validate(h, houses, lathe.linear {}, { folds = 10, seed = 3 })
local tree = lathe.cross_validate(h, houses, lathe.tree { max_depth = 3 }, { folds = 10, seed = 3 })
local board = lathe.compare { table = h, folds = 10, seed = 3, costs = false, models = { line = { houses, lathe.linear {} },
  tree = { houses, lathe.tree { max_depth = 3 } } } }
print(json.encode {
  auc = list(c.folds, "auc"), accuracy = list(c.folds, "accuracy"), log_loss = list(c.folds, "log_loss"), f1 = list(c.folds, "f1"),
  out = list(c.predictions, "P(malignant)"), rmse = list(line.folds, "rmse"), r2 = list(line.folds, "r2"), mae = list(line.folds, "mae"),
  line_out = list(line.predictions, "prediction"), tree_r2 = list(tree.folds, "r2"), interval = line.intervals.rmse,
  p = board.leaderboard:column("p"):get(2), tree_rmse = list(tree.folds, "rmse"),
})
"""
answer = subprocess.run([LATHE, "eval", RUN], capture_output=True, text=True, cwd=TOP)
if answer.returncode:
    ok(False, "lathe cross-validates", answer.stderr)
    end()
    sys.exit(1)
ours = json.loads(answer.stdout)


def near(a, b, tolerance):
    return np.max(np.abs(np.asarray(a) - np.asarray(b)) / np.maximum(1, np.abs(b))) < tolerance


t = pd.read_csv(os.path.join(TOP, "share/examples/breast-cancer/breast_cancer.csv"))
x, y = t.drop(columns="diagnosis"), (t["diagnosis"] == "malignant").astype(int)
folds = StratifiedKFold(5, shuffle=True, random_state=7)
pipe = make_pipeline(StandardScaler(), LogisticRegression(C=1, tol=1e-12, max_iter=100000))
scores = cross_validate(pipe, x, y, cv=folds, scoring=["roc_auc", "accuracy", "neg_log_loss", "f1"])
ok(near(ours["auc"], scores["test_roc_auc"], 1e-9), "AUC of each stratified fold is scikit-learn's to 1e-9")
ok(near(ours["accuracy"], scores["test_accuracy"], 1e-12) and near(ours["f1"], scores["test_f1"], 1e-12), "accuracy and F1 too")
ok(near(ours["log_loss"], -scores["test_neg_log_loss"], 1e-5), "log loss to 1e-5, where its iterations end")
ok(near(ours["out"], cross_val_predict(pipe, x, y, cv=folds, method="predict_proba")[:, 1], 1e-4), "and the out-of-fold probabilities")

h = pd.read_csv(os.path.join(TOP, "share/examples/house-prices/california-housing.csv")).dropna()
x, y = h[["longitude", "latitude", "median_income", "housing_median_age"]], h["median_house_value"]
folds = KFold(10, shuffle=True, random_state=3)
names = ["neg_root_mean_squared_error", "r2", "neg_mean_absolute_error"]
line = cross_validate(LinearRegression(), x, y, cv=folds, scoring=names)
rmse = -line["test_neg_root_mean_squared_error"]
ok(near(ours["rmse"], rmse, 1e-9), "RMSE of each fold of a linear regression is scikit-learn's to 1e-9")
ok(near(ours["r2"], line["test_r2"], 1e-9) and near(ours["mae"], -line["test_neg_mean_absolute_error"], 1e-9), "R2 and MAE too")
ok(near(ours["line_out"], cross_val_predict(LinearRegression(), x, y, cv=folds), 1e-8), "and the out-of-fold predictions")
tree = cross_validate(DecisionTreeRegressor(max_depth=3, random_state=0), x, y, cv=folds, scoring=names)
ok(near(ours["tree_r2"], tree["test_r2"], 1e-6), "R2 of each fold of a tree is scikit-learn's to 1e-6")

tested = np.array([len(b) for _, b in folds.split(x)])
ratio = np.mean(tested / (len(x) - tested))
half = stats.t.ppf(0.975, 9) * rmse.std(ddof=1) * np.sqrt(1 / 10 + ratio)
ok(near(ours["interval"], [rmse.mean() - half, rmse.mean() + half], 1e-9), "the interval is the corrected one")
differences = np.array(ours["rmse"]) - np.array(ours["tree_rmse"])
statistic = differences.mean() / (differences.std(ddof=1) * np.sqrt(1 / 10 + ratio))
ok(abs(ours["p"] - 2 * stats.t.sf(abs(statistic), 9)) < 1e-12, "p of two models is that of Nadeau and Bengio's test")
end()
