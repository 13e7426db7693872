#!/usr/bin/python3
"""The lasso and the elastic net against scikit-learn: solutions, paths, the choice by cross-validation."""
import json
import math
import os
import subprocess
import tempfile
import warnings

from judge import DATA, LATHE, end, ok, skip, skip_all

warnings.simplefilter("ignore")

try:
    import numpy as np
    from sklearn.linear_model import ElasticNet, ElasticNetCV, LassoCV
    from sklearn.model_selection import KFold
except ImportError as problem:
    skip_all(problem)

FIT = """
local s = lathe.json.decode((...))
local m = lathe.fit(lathe.read(s.path), lathe.recipe { target = "y" }, lathe[s.family](s.options))
local out = { figures = m:summary() }
for name, small in pairs { coefficients = m:coefficients(), path = m:table "path" } do
  out[name] = {}
  for _, column in ipairs(small:columns()) do
    local values = small:column(column):values()
    values.n = nil
    out[name][column] = values
  end
end
return out
"""


def lathe(x, y, family, options, weights=None):
    names = [f"x{i}" for i in range(x.shape[1])] + ([] if weights is None else ["w"])
    rows = np.column_stack([y, x] + ([] if weights is None else [weights]))
    options = dict(options) if weights is None else {**options, "weights": "w"}
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "t.csv")
        with open(path, "w") as out:
            out.write(",".join(["y"] + names) + "\n")
            for row in rows:
                out.write(",".join(repr(float(v)) for v in row) + "\n")
        done = subprocess.run([LATHE, "eval", "--json", FIT, json.dumps({"path": path, "family": family, "options": options})],
                              capture_output=True, text=True)
    if done.returncode != 0:
        print(f"# {done.stderr.strip()}")
        return None
    return json.loads(done.stdout)


def objective(x, y, w, b, alpha, l1_ratio, intercept):
    w = np.ones(len(y)) if w is None else w
    bias, slopes = (b[0], b[1:]) if intercept else (0.0, b)
    left = y - bias - x @ slopes
    return (w * left) @ left / 2 / w.sum() + alpha * (l1_ratio * abs(slopes).sum() + (1 - l1_ratio) / 2 * slopes @ slopes)


def compare(name, x, y, alpha, l1_ratio=1.0, weights=None, intercept=True):
    judge = ElasticNet(alpha=alpha, l1_ratio=l1_ratio, fit_intercept=intercept, tol=1e-14, max_iter=1000000, precompute=False)
    judge.fit(np.asfortranarray(x), y, sample_weight=weights)
    want = np.array(([judge.intercept_] if intercept else []) + list(judge.coef_))
    got = lathe(x, y, "elastic_net", {"alpha": alpha, "l1_ratio": l1_ratio, "intercept": intercept}, weights)
    if not got:
        return ok(False, f"{name}: fits")
    b = np.array(got["coefficients"]["estimate"])
    off = abs(b - want).max() / abs(want).max()
    ok(off < 1e-7, f"{name}: {len(b)} coefficients agree with scikit-learn", f"off by {off:.2g}, {int((b != 0).sum())} are not 0")
    ours, theirs = (objective(x, y, weights, v, alpha, l1_ratio, intercept) for v in (b, want))
    ok(ours <= theirs * (1 + 1e-14), f"{name}: the objective is not above its", f"{ours - theirs:.2g}")


def choose(name, x, y, l1_ratio=1.0, weights=None, folds=5, seed=42):
    dealt = KFold(folds, shuffle=True, random_state=seed)
    judge = LassoCV if l1_ratio == 1 else ElasticNetCV
    more = {} if l1_ratio == 1 else {"l1_ratio": l1_ratio}
    want = judge(cv=dealt, tol=1e-12, max_iter=100000, **more).fit(x, y, sample_weight=weights)
    options = {"alpha": "cv", "folds": folds, "seed": seed, **more}
    if weights is not None:  # scikit-learn 1.2 makes its alphas without them
        options["alphas"] = [float(v) for v in want.alphas_]
    got = lathe(x, y, "lasso" if l1_ratio == 1 else "elastic_net", options, weights)
    if not got:
        return ok(False, f"{name}: fits")
    path = got["path"]
    off = max(abs(np.array(path["alpha"]) / want.alphas_ - 1))
    ok(off < 1e-12, f"{name}: the alphas are scikit-learn's", f"off by {off:.2g}")
    mean = want.mse_path_.mean(axis=1)
    if weights is not None:
        mean = np.average(want.mse_path_, axis=1, weights=[weights[test].sum() for _, test in dealt.split(x)])
    off = max(abs(np.array(path["left_out_mse"]) / mean - 1))
    ok(off < 1e-9, f"{name}: so are the errors of rows left out", f"off by {off:.2g}")
    if weights is None:
        error = want.mse_path_.std(axis=1, ddof=1) / math.sqrt(folds)
        off = max(abs(np.array(path["left_out_error"]) / error - 1))
        ok(off < 1e-7, f"{name}: and their standard errors", f"off by {off:.2g}")
    ok(abs(got["figures"]["alpha"] / want.alpha_ - 1) < 1e-12, f"{name}: the same alpha is chosen", f"{want.alpha_:.6g}")


rng = np.random.default_rng(11)


def made(n, k, shared=0.5):
    x = rng.normal(size=(n, k)) + shared * rng.normal(size=(n, 1)) + np.linspace(-3, 30, k)
    b = np.where(np.arange(k) % 4 == 0, rng.normal(size=k), 0)
    return x, x @ b + 5 + rng.normal(size=n)


x, y = made(300, 20)
w = rng.integers(0, 9, 300) / 4.0
for alpha in (0.01, 0.2):
    compare(f"lasso, alpha = {alpha}", x, y, alpha)
    compare(f"elastic net, alpha = {alpha}", x, y, alpha, 0.4)
    compare(f"lasso, weights, alpha = {alpha}", x, y, alpha, weights=w)
compare("no intercept", x, y, 0.1, intercept=False)
compare("near collinear", np.column_stack([x, x[:, 0] + 1e-3 * rng.normal(size=300)]), y, 0.01)
compare("more features than rows", *made(40, 60), 0.3)
choose("LassoCV", x, y)
choose("LassoCV, 7 folds, weights", x, y, weights=w + 0.25, folds=7, seed=3)
choose("ElasticNetCV", x, y, 0.7)
x, y = made(30000, 40)
choose("LassoCV, 30,000 rows", x, y, folds=10)
bikes = os.path.join(DATA, "bike-sharing/hour.csv")
if os.path.exists(bikes):
    table = np.genfromtxt(bikes, delimiter=",", skip_header=1, usecols=range(2, 17))
    x, y = table[:, :12], table[:, 14]
    x = (x - x.mean(0)) / x.std(0)
    choose("bikes", x, y)
    compare("bikes", x, y, 5.0)
else:
    skip("bikes", "no shared data")
end()
