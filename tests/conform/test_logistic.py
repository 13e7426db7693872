#!/usr/bin/python3
"""Logistic regression and the metrics of classes against statsmodels and scikit-learn, on real tables."""
import json
import os
import subprocess
import warnings

from judge import DATA, LATHE, TOP, end, ok, skip, skip_all

CANCER = os.path.join(TOP, "share/examples/breast-cancer/breast_cancer.csv")


warnings.simplefilter("ignore")  # scikit-learn warns when it cannot reach the tolerance asked for

try:
    import numpy as np
    import pandas as pd
    import sklearn.metrics as metrics
    import statsmodels.api as sm
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import label_binarize
except ImportError as problem:
    skip_all(problem)

FIT = """
local path, options = ...
options = require("lathe.json").decode(options)
local t = lathe.read(path):select(options.columns):drop_missing()
local recipe = lathe.recipe { target = options.target }
if options.encode then recipe:encode { drop = "first" } end
if options.scale then recipe:scale {} end
local m = lathe.fit(t, recipe, lathe.logistic { l2 = options.l2, intercept = options.intercept })
local c, out = m:coefficients(), { summary = m:summary(), classes = m:classes() }
for _, name in ipairs(c:columns()) do
  local values = c:column(name):values()
  for row = 1, values.n do values[row] = values[row] == nil and false or values[row] end
  values.n = nil
  out[name] = values
end
local p = m:predict(t)
out.probabilities = {}
for index, class in ipairs(m:classes()) do
  out.probabilities[index] = p:column("P(" .. class .. ")"):values()
  out.probabilities[index].n = nil
end
local report = m:evaluate(t)
out.metrics, out.confusion = report.metrics, {}
for index, class in ipairs(m:classes()) do
  out.confusion[index] = report.confusion:column(class):values()
  out.confusion[index].n = nil
end
return out
"""


def fit(path, target, columns, l2=0, scale=False, encode=False, intercept=True):
    options = dict(target=target, columns=columns + [target], l2=l2, scale=scale, encode=encode, intercept=intercept)
    done = subprocess.run([LATHE, "eval", "--json", FIT, path, json.dumps(options)], capture_output=True, text=True)
    if done.returncode != 0:
        print(f"# {done.stderr.strip()}")
        return None
    return json.loads(done.stdout)


def table(path, target, columns, scale=False):
    """The matrix of features and the target, as the recipe makes them."""
    data = pd.read_csv(path)[columns + [target]].dropna()
    x = data[columns]
    for name in columns:
        if x[name].dtype == object:
            for value in sorted(x[name].unique())[1:]:
                x = x.assign(**{f"{name}={value}": (x[name] == value).astype(float)})
            x = x.drop(columns=name)
    x = x.astype(float)
    if scale:
        plain = [name for name in x if "=" not in name]
        x = x.assign(**{name: (x[name] - x[name].mean()) / (x[name].std(ddof=0) or 1) for name in plain})
    return x, data[target]


def apart(got, want):
    """The largest difference, as a part of the largest of the want or of each, whichever is kinder to what is nearly 0."""
    got, want = np.asarray(got, float), np.asarray(want, float)
    if got.shape != want.shape:
        return float("inf")
    return float(np.max(np.abs(got - want) / np.maximum(np.abs(want), 1e-3 * np.max(np.abs(want)))))


def check_inference(name, path, target, columns, encode=False, intercept=True):
    x, y = table(path, target, columns)
    got = fit(path, target, columns, encode=encode, intercept=intercept)
    if got is None:
        return ok(False, f"{name}: fitted")
    classes = sorted(y.unique())
    codes = np.searchsorted(classes, y)
    design = sm.add_constant(x) if intercept else x
    family = sm.Logit if len(classes) == 2 else sm.MNLogit
    want = family(codes, design).fit(method="newton", maxiter=200, tol=1e-14, disp=0)
    flat = lambda value: np.asarray(value).T.ravel()  # noqa: E731
    for key, wanted in (("estimate", want.params), ("standard_error", want.bse), ("z", want.tvalues)):
        off = apart(got[key], flat(wanted))
        ok(off < 1e-8, f"{name}: {key} of {len(got[key])} coefficients agrees with statsmodels to 1e-8", f"off by {off}")
        print(f"# off by {off:.2g}")
    p, pvalues = np.array(got["p"]), flat(want.pvalues)
    ok(np.all(np.abs(p - pvalues) <= 1e-6 * pvalues + 1e-300), f"{name}: p-values agree")
    summary = got["summary"]
    off = apart([summary["log_likelihood"], summary["aic"], summary["bic"]], [want.llf, want.aic, want.bic])
    ok(off < 1e-11, f"{name}: log likelihood, AIC and BIC agree", f"off by {off}")
    if intercept:
        ok(apart([summary["null_log_likelihood"], summary["pseudo_r2"]], [want.llnull, want.prsquared]) < 1e-8,
           f"{name}: McFadden's pseudo R2 agrees")


def polished(x, codes, theta, l2):
    """scikit-learn stops at some 1e-7 when there are several classes: two more steps of Newton's method."""
    a, k = np.column_stack([np.ones(len(x)), x]), len(theta)
    width = a.shape[1]
    penalty = np.append(0, np.full(width - 1, l2))
    for _ in range(2):
        z = a @ theta.T
        p = np.exp(z - z.max(axis=1, keepdims=True))
        p /= p.sum(axis=1, keepdims=True)
        gradient = (p - np.eye(k)[codes]).T @ a + penalty * theta
        hessian = np.empty((k, width, k, width))
        for i in range(k):
            for j in range(k):
                hessian[i, :, j, :] = (a.T * (p[:, i] * ((i == j) - p[:, j]))) @ a + (i == j) * np.diag(penalty)
        size = k * width
        theta = theta - np.linalg.lstsq(hessian.reshape(size, size), gradient.ravel(), rcond=1e-13)[0].reshape(k, width)
    return theta


def check_penalty(name, path, target, columns, l2):
    x, y = table(path, target, columns, scale=True)
    got = fit(path, target, columns, l2=l2, scale=True)
    if got is None:
        return ok(False, f"{name}: fitted")
    binary = y.nunique() == 2
    judge = LogisticRegression(C=1 / l2, solver="newton-cholesky" if binary else "newton-cg", tol=1e-13, max_iter=200,
                               multi_class="auto" if binary else "multinomial").fit(x.to_numpy(), y)
    want = np.column_stack([judge.intercept_, judge.coef_])
    if not binary:
        want = polished(x.to_numpy(), np.searchsorted(judge.classes_, y), want, l2)
    want = want.ravel()
    off = apart(got["estimate"], want)
    ok(off < 1e-8, f"{name}: {len(want)} penalised coefficients agree with scikit-learn to 1e-8", f"off by {off}")
    print(f"# off by {off:.2g}")
    check_metrics(name, got, y)


def check_metrics(name, got, y):
    p, classes = np.array(got["probabilities"]).T, sorted(y.unique())
    if got["classes"] != [str(c) for c in classes]:
        return ok(False, f"{name}: the classes are those of the table", str(got["classes"]))
    guess = np.array(classes)[p.argmax(axis=1)]
    several = dict(average="macro") if len(classes) > 2 else dict(pos_label=classes[1])
    hot = label_binarize(y, classes=classes)
    score = p if len(classes) > 2 else p[:, 1]
    want = {
        "accuracy": metrics.accuracy_score(y, guess),
        "balanced_accuracy": metrics.balanced_accuracy_score(y, guess),
        "precision": metrics.precision_score(y, guess, **several),
        "recall": metrics.recall_score(y, guess, **several),
        "f1": metrics.f1_score(y, guess, **several),
        "log_loss": metrics.log_loss(y, p, labels=classes),
        "brier": ((p - hot) ** 2).sum(axis=1).mean() if len(classes) > 2 else metrics.brier_score_loss(hot[:, 0], score),
        "mcc": metrics.matthews_corrcoef(y, guess),
        "auc": metrics.roc_auc_score(y, score, multi_class="ovr", labels=classes) if len(classes) > 2 else metrics.roc_auc_score(hot, score),
        "average_precision": metrics.average_precision_score(hot, score),
    }
    off = {key: abs(got["metrics"][key] - value) for key, value in want.items()}
    worst = max(off, key=off.get)
    ok(off[worst] < 1e-12, f"{name}: ten metrics agree with scikit-learn to 1e-12", f"{worst} is off by {off[worst]}")
    confusion = metrics.confusion_matrix(y, guess, labels=classes)
    ok(np.array_equal(np.array(got["confusion"]).T, confusion), f"{name}: so does the confusion matrix")


cancer = list(pd.read_csv(CANCER, nrows=1).columns)[:-1]
check_inference("breast cancer", CANCER, "diagnosis", ["mean_radius", "mean_texture", "mean_smoothness", "mean_symmetry"])
check_inference("breast cancer, no intercept", CANCER, "diagnosis", ["mean_radius", "mean_texture", "mean_smoothness"], intercept=False)
check_penalty("breast cancer", CANCER, "diagnosis", cancer, 1)
check_penalty("breast cancer, l2 = 0.01", CANCER, "diagnosis", cancer, 0.01)
if os.path.isdir(DATA):
    adult = os.path.join(DATA, "adult/adult.csv")
    penguins = os.path.join(DATA, "penguins/penguins.csv")
    digits = os.path.join(DATA, "digits/digits.csv")
    check_inference("adult", adult, "income", ["age", "education-num", "hours-per-week", "sex", "race"], encode=True)
    check_inference("penguins' islands", penguins, "island", ["body_mass_g", "flipper_length_mm"])
    check_inference("adult's races", adult, "race", ["age", "education-num", "hours-per-week", "income"], encode=True)
    check_penalty("adult", adult, "income", ["age", "education-num", "capital-gain", "capital-loss", "hours-per-week"], 1)
    check_penalty("penguins", penguins, "species", ["bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g"], 0.5)
    some = [name for name in pd.read_csv(digits, nrows=1).columns[:-1] if name[1] in "2345"]
    check_penalty("digits", digits, pd.read_csv(digits, nrows=1).columns[-1], some, 1)
else:
    skip("adult, penguins, digits", "no shared data")
end()
