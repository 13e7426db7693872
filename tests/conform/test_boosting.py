#!/usr/bin/python3
"""Boosting on real tables beside scikit-learn's HistGradientBoosting and xgboost: as good on rows that none of them has seen, within what
folds differ by."""
import json
import subprocess
import sys
import tempfile
import warnings

from judge import DATA, LATHE, end, ok, skip_all

warnings.simplefilter("ignore")

try:
    import numpy as np
    import pandas as pd
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
    from sklearn.metrics import log_loss, mean_poisson_deviance, mean_squared_error
    from sklearn.model_selection import KFold, StratifiedKFold
except ImportError as problem:
    skip_all(problem)
try:
    import xgboost
except ImportError:
    xgboost = None

FIT = """
local folder, options = ...
options = require("lathe.json").decode(options)
local out = {}
for fold = 1, options.folds do
  local types = {}
  for _, name in ipairs(options.texts) do types[name] = "string" end
  local function read(part) return lathe.read(("%s/%s%d.csv"):format(folder, part, fold), { types = types }) end
  local m = lathe.fit(read "train", lathe.recipe { target = options.target }:encode { method = "ordinal" },
    lathe.boosting { rounds = 100, loss = options.loss, task = options.task, seed = 1 })
  local p = m:predict(read "test")
  local list = {}
  for index, name in ipairs(m:classes() and { unpack(p:columns(), 2) } or { options.target }) do
    list[index] = p:column(name):values()
    list[index].n = nil
  end
  out[fold] = list
end
return out
"""


def lathe(folder, **options):
    done = subprocess.run([LATHE, "eval", "--json", FIT, folder, json.dumps(options)], capture_output=True, text=True)
    if done.returncode != 0:
        print("#", done.stderr.strip())
        sys.exit(1)
    return [np.array(one).T for one in json.loads(done.stdout)]


def coded(train, test):
    """Texts as codes of a category, as each peer wants them; those of the training rows."""
    texts = [name for name in train if train[name].dtype == object]
    a, b = train.copy(), test.copy()
    for name in texts:
        kind = pd.CategoricalDtype(sorted(train[name].dropna().unique()))
        a[name], b[name] = train[name].astype(kind), test[name].astype(kind)
    return a, b, texts


def peers(train, test, target, classes, poisson):
    """Predictions of each peer: probabilities, or numbers."""
    x, v, texts = coded(train.drop(columns=target), test.drop(columns=target))
    numbers = [frame.assign(**{name: frame[name].cat.codes.replace(-1, np.nan).astype(float) for name in texts}) for frame in (x, v)]
    shared = dict(max_iter=100, min_samples_leaf=20, early_stopping=False, random_state=1,
                  categorical_features=[name in texts and numbers[0][name].max() < 255 for name in x])
    if classes:
        model = HistGradientBoostingClassifier(**shared).fit(numbers[0].values, train[target])
        yield "scikit-learn", model.predict_proba(numbers[1].values)
    else:
        model = HistGradientBoostingRegressor(loss="poisson" if poisson else "squared_error", **shared)
        yield "scikit-learn", model.fit(numbers[0].values, train[target]).predict(numbers[1].values)
    if xgboost:
        shared = dict(n_estimators=100, learning_rate=0.1, tree_method="hist", max_leaves=31, grow_policy="lossguide", max_depth=0,
                      enable_categorical=True, n_jobs=1, random_state=1)
        if classes:
            codes = {name: k for k, name in enumerate(sorted(train[target].unique()))}
            yield "xgboost", xgboost.XGBClassifier(**shared).fit(x, train[target].map(codes)).predict_proba(v)
        else:
            model = xgboost.XGBRegressor(objective="count:poisson" if poisson else "reg:squarederror", **shared)
            yield "xgboost", model.fit(x, train[target]).predict(v)


def compare(name, table, target, task="regression", loss="auto", folds=3):
    classes = task == "classification"
    parts = list((StratifiedKFold if classes else KFold)(folds, shuffle=True, random_state=3).split(table, table[target]))
    with tempfile.TemporaryDirectory() as folder:
        for k, (a, b) in enumerate(parts):
            table.iloc[a].to_csv(f"{folder}/train{k + 1}.csv", index=False)
            table.iloc[b].to_csv(f"{folder}/test{k + 1}.csv", index=False)
        texts = [column for column in table if table[column].dtype == object]
        own = lathe(folder, folds=folds, target=target, texts=texts, loss=loss, task=task)

    def error(truth, p):
        if classes:
            return log_loss(truth, p)
        return mean_poisson_deviance(truth, np.maximum(p, 1e-9)) if loss == "poisson" else mean_squared_error(truth, p) ** 0.5

    errors = {"lathe": []}
    for (a, b), p in zip(parts, own):
        train, test = table.iloc[a], table.iloc[b]
        errors["lathe"].append(error(test[target], p if classes else p[:, 0]))
        for peer, q in peers(train, test, target, classes, loss == "poisson"):
            errors.setdefault(peer, []).append(error(test[target], q))
    lines = "; ".join(f"{peer} {np.mean(list_):.5g}" for peer, list_ in errors.items())
    for peer in list(errors)[1:]:
        apart = np.array(errors["lathe"]) - np.array(errors[peer])
        spread = max(apart.std(ddof=1) / folds ** 0.5, 0.005 * np.mean(errors[peer]))
        ok(apart.mean() <= 2 * spread, f"{name}: as good as {peer} on rows not seen", lines)


adult = pd.read_csv(f"{DATA}/adult/adult.csv", skipinitialspace=True, na_values="?")
adult = adult.sample(6000, random_state=1)
compare("adult", adult, adult.columns[-1], "classification")
housing = pd.read_csv(f"{DATA}/california-housing/housing.csv").sample(6000, random_state=1)
compare("california", housing, "median_house_value")
bike = pd.read_csv(f"{DATA}/bike-sharing/hour.csv").drop(columns=["instant", "dteday", "casual", "registered"]).sample(6000, random_state=1)
compare("bike", bike, "cnt")
compare("bike as counts", bike, "cnt", loss="poisson")
cancer = pd.read_csv(f"{DATA}/breast-cancer/breast_cancer.csv")
compare("breast cancer", cancer, "diagnosis", "classification", folds=5)
titanic = pd.read_csv(f"{DATA}/titanic/titanic.csv").drop(columns=["PassengerId", "Name", "Ticket"])
titanic["Survived"] = titanic["Survived"].map({0: "no", 1: "yes"})
compare("titanic", titanic, "Survived", "classification", folds=5)
penguins = pd.read_csv(f"{DATA}/penguins/penguins.csv")
compare("penguins", penguins, "species", "classification", folds=5)


end()
