#!/usr/bin/python3
"""Linear regression against the certified values of NIST StRD, exact rational arithmetic, statsmodels and scikit-learn."""
import json
import math
import os
import subprocess
import tempfile
from fractions import Fraction

from judge import DATA, LATHE, end, ok, skip, skip_all

try:
    import numpy as np
    import statsmodels.api as sm
except ImportError as problem:
    skip_all(problem)

FIT = """
local s = lathe.json.decode((...))
local t = lathe.read(s.path)
local recipe = lathe.recipe { target = "y", drop = s.drop }
local m = lathe.fit(t, recipe, lathe[s.family or "linear"](s.options))
local out = { figures = m:summary(), notes = m:notes() }
local tables = { coefficients = m:coefficients(), path = m:table "path" }
if s.diagnostics then tables.diagnostics = m:diagnostics(t, { weights = s.options.weights }) end
for name, small in pairs(tables) do
  out[name] = {}
  for _, column in ipairs(small:columns()) do
    local values = small:column(column):values()
    for row = 1, values.n do
      local v = values[row]
      if v == math.huge then v = "inf" elseif v == nil then v = "missing" end
      values[row] = v
    end
    values.n = nil
    out[name][column] = values
  end
end
return out
"""


def lathe(names, rows, **settings):
    """Fit y on the columns `names` of `rows` (y first), in a table of its own."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "t.csv")
        with open(path, "w") as out:
            out.write(",".join(["y"] + list(names)) + "\n")
            for row in rows:
                out.write(",".join(repr(float(x)) for x in row) + "\n")
        settings["path"] = path
        settings.setdefault("options", {"level": 0.95})
        done = subprocess.run([LATHE, "eval", "--json", FIT, json.dumps(settings)], capture_output=True, text=True)
    if done.returncode != 0:
        print(f"# {done.stderr.strip()}")
        return None
    return json.loads(done.stdout)


def apart(got, want):
    """The largest relative difference of two lists."""
    if got is None or len(got) != len(want):
        return math.inf
    worst = 0.0
    for a, b in zip(got, want):
        if a in ("inf", "missing") or a is None:
            return math.inf
        worst = max(worst, abs(a - b) / abs(b) if b else abs(a))
    return worst


# ---- NIST ----

def exact(rows, intercept=True):
    """Estimates, standard errors and residual deviation in rational arithmetic; `rows` are (y, x1, ...) as Fractions."""
    x = [([Fraction(1)] if intercept else []) + list(row[1:]) for row in rows]
    k, n = len(x[0]), len(x)
    a = [[sum(r[i] * r[j] for r in x) for j in range(k)] + [Fraction(int(i == j)) for j in range(k)] + [sum(r[i] * row[0] for r, row in zip(x, rows))]
         for i in range(k)]
    for i in range(k):
        pivot = next(j for j in range(i, k) if a[j][i] != 0)
        a[i], a[pivot] = a[pivot], a[i]
        a[i] = [v / a[i][i] for v in a[i]]
        for j in range(k):
            if j != i and a[j][i] != 0:
                f = a[j][i]
                a[j] = [v - f * w for v, w in zip(a[j], a[i])]
    b = [a[i][-1] for i in range(k)]
    rss = sum((row[0] - sum(c * v for c, v in zip(b, r))) ** 2 for r, row in zip(x, rows))

    def root(f):
        shift = 10 ** 60
        return math.isqrt(int(f * shift)) / 10 ** 30 if f else 0.0

    return [float(v) for v in b], [root(rss / (n - k) * a[i][k + i]) for i in range(k)], root(rss / (n - k))


def check_set(name, rows, digits, intercept=True, certified=None):
    estimates, errors, sigma = exact(rows, intercept)
    if certified:
        off = max(apart(estimates, certified[0]), apart(errors, certified[1]))
        ok(off < 1e-13, f"{name}: rational arithmetic gives the certified values", f"off by {off:.2g}")
    got = lathe([f"x{i}" for i in range(1, len(rows[0]))], rows, options={"intercept": intercept})
    c = got["coefficients"] if got else {"estimate": None, "standard_error": None}
    off = apart(c["estimate"], estimates)
    ok(off < 10.0 ** -digits, f"{name}: coefficients to {digits} digits", f"off by {off:.2g}")
    if sigma == 0:
        ok(got and max(c["standard_error"]) < 1e-7 and any("exactly" in note for note in got["notes"]),
           f"{name}: an exact fit has errors of nothing but rounding, and says so", f"largest {max(c['standard_error']):.2g}")
        return
    off = max(apart(c["standard_error"], errors), apart([got["figures"]["sigma"]], [sigma]))
    ok(off < 10.0 ** -digits, f"{name}: standard errors and residual deviation to {digits} digits", f"off by {off:.2g}")


def nist_file(name):
    """Among the shared data, or beside this test."""
    shared = os.path.join(DATA, "nist-strd", name + ".dat")
    return shared if os.path.exists(shared) else os.path.join(os.path.dirname(os.path.abspath(__file__)), "nist-strd", name + ".dat")


def read_nist(name):
    """The certified estimates and deviations, and the data, of a file of NIST StRD."""
    lines = open(nist_file(name)).read().splitlines()
    values = [[float(w) for w in line.split()[1:3]] for line in lines[:60] if line.split()[:1] and line.split()[0][0] == "B"
              and line.split()[0][1:].isdigit() and len(line.split()) == 3]
    rows = [[Fraction(w) for w in line.split()] for line in lines[60:] if line.strip()]
    return ([v[0] for v in values], [v[1] for v in values]), rows


def check_nist():
    powers = {"Pontius": 2, "Filip": 10}
    for name, digits in (("Norris", 9), ("Pontius", 9), ("NoInt1", 9), ("NoInt2", 9), ("Filip", 7)):
        if not os.path.exists(nist_file(name)):
            skip(f"NIST {name}", f"no {name}.dat among the shared data")
            continue
        certified, rows = read_nist(name)
        rows = [[row[0]] + [row[1] ** p for p in range(1, powers.get(name, 1) + 1)] for row in rows]
        check_set(f"NIST {name}", rows, digits, not name.startswith("NoInt"), certified)
    try:
        from statsmodels.datasets import longley
        data = longley.load_pandas().data
        check_set("NIST Longley", [[Fraction(str(v)) for v in row] for row in data.values.tolist()], 9)
    except ImportError:
        skip("NIST Longley", "statsmodels has no Longley data")
    # Wampler: y is a polynomial of degree 5, all coefficients 1 or 0.1^i; in three of them with a multiple of one series added
    delta = [759, -2048, 2048, -2048, 2523, -2048, 2048, -2048, 1838, -2048, 2048]
    delta = delta + delta[9::-1]
    for number, base, times in ((1, Fraction(1), 0), (2, Fraction(1, 10), 0), (3, Fraction(1), 1), (4, Fraction(1), 100), (5, Fraction(1), 10000)):
        rows = [[sum((base * x) ** i for i in range(6)) + times * delta[x]] + [Fraction(x) ** p for p in range(1, 6)] for x in range(21)]
        check_set(f"NIST Wampler{number}", rows, 7 if number < 5 else 7)
    # as hard as Filip: degree 10 on 82 points of [-8.8, -3.1]
    rows = []
    for i in range(82):
        x = Fraction(-88, 10) + Fraction(57, 10) * i / 81
        x = Fraction(float(x))
        y = Fraction(float(math.sin(3 * float(x)) + ((i * 37) % 19 - 9) / 500))
        rows.append([y] + [x ** p for p in range(1, 11)])
    check_set("degree 10, 82 points", rows, 7)


check_nist()

# ---- statsmodels ----

rng = np.random.default_rng(7)


def made(n, k, scale=1.0):
    x = rng.normal(size=(n, k)) * np.logspace(-1, 1.5, k) + np.linspace(-5, 50, k)
    x[:, 1] += 0.8 * x[:, 0] / x[:, 0].std() * x[:, 1].std()
    y = x / x.std(0) @ rng.normal(size=k) + 100 + rng.normal(size=n) * (0.3 + np.abs(x[:, 0] - x[:, 0].mean()) / x[:, 0].std()) * scale
    return x, y


def compare(name, x, y, weights=None, intercept=True, covariance="classical", digits=1e-9):
    names = [f"x{i}" for i in range(x.shape[1])]
    design = sm.add_constant(x) if intercept else x
    model = sm.OLS(y, design) if weights is None else sm.WLS(y, design, weights=weights)
    want = model.fit() if covariance == "classical" else model.fit(cov_type=covariance, use_t=True)
    rows = np.column_stack([y, x] + ([] if weights is None else [weights]))
    options = {"intercept": intercept, "covariance": covariance, "level": 0.9}
    if weights is not None:
        options["weights"] = "w"
    got = lathe(names + ([] if weights is None else ["w"]), rows, options=options, diagnostics=True)
    if not got:
        return ok(False, f"{name}: fits")
    c, s = got["coefficients"], got["figures"]
    interval = want.conf_int(0.1)
    off = {
        "estimate": apart(c["estimate"], want.params), "standard_error": apart(c["standard_error"], want.bse), "t": apart(c["t"], want.tvalues),
        "low": apart(c["low"], interval[:, 0]), "high": apart(c["high"], interval[:, 1]),
        "r2": apart([s["r2"]], [want.rsquared]), "adjusted_r2": apart([s["adjusted_r2"]], [want.rsquared_adj]),
        "f": apart([s["f"]], [float(want.fvalue)]), "log_likelihood": apart([s["log_likelihood"]], [want.llf]),
        "aic": apart([s["aic"]], [want.aic]), "bic": apart([s["bic"]], [want.bic]),
        "sigma": apart([s["sigma"]], [math.sqrt(want.scale)]),
    }
    off["p"] = max(abs(a - b) / max(b, 1e-12) for a, b in zip(c["p"], want.pvalues))
    off["f_p"] = abs(s["f_p"] - float(want.f_pvalue)) / max(float(want.f_pvalue), 1e-12)
    off["p"], off["f_p"] = off["p"] / 10, off["f_p"] / 100
    from statsmodels.stats.outliers_influence import variance_inflation_factor
    first = int(intercept)
    if weights is None and intercept:
        off["vif"] = apart(c["vif"][first:], [variance_inflation_factor(design, j) for j in range(first, design.shape[1])])
    if "diagnostics" in got:
        root = np.sqrt(np.ones(len(y)) if weights is None else weights)
        influence = sm.OLS(y * root, design * root[:, None]).fit().get_influence()
        d = got["diagnostics"]
        off["leverage"] = apart(d["leverage"], influence.hat_matrix_diag)
        off["cook"] = np.abs(np.array(d["cook"]) - influence.cooks_distance[0]).max()
        off["standardised"] = np.abs(np.array(d["standardised"]) - influence.resid_studentized_internal).max()
    worst = max(off, key=off.get)
    ok(off[worst] < digits, f"{name}: {len(off)} figures and columns agree with statsmodels", f"{worst} is off by {off[worst]:.2g}")


x, y = made(200, 4)
w = rng.integers(1, 9, 200) / 4.0
for covariance in ("classical", "HC0", "HC1", "HC2", "HC3"):
    compare(f"200 rows, {covariance}", x, y, covariance=covariance)
    compare(f"weighted, {covariance}", x, y, weights=w, covariance=covariance)
compare("no intercept", x - x.mean(0) + x.std(0), y, intercept=False)
compare("no intercept, HC3", x - x.mean(0) + x.std(0), y, intercept=False, covariance="HC3")
compare("7 rows", x[:7], y[:7])
x, y = made(60000, 21)
compare("60,000 rows, by products", x, y)
compare("60,000 rows, by products, HC3", x, y, covariance="HC3")
compare("60,000 rows, weighted", x, y, weights=rng.integers(1, 9, 60000) / 4.0)

# ---- ridge, beside scikit-learn ----

def compare_ridge(name, x, y, weights=None, intercept=True, digits=1e-9):
    from sklearn.linear_model import Ridge, RidgeCV
    names = [f"x{i}" for i in range(x.shape[1])]
    rows = np.column_stack([y, x] + ([] if weights is None else [weights]))
    names += [] if weights is None else ["w"]
    more = {} if weights is None else {"weights": "w"}
    for alpha in (0.05, 3.0, 1e4):
        want = Ridge(alpha=alpha, fit_intercept=intercept, solver="svd").fit(x, y, sample_weight=weights)
        got = lathe(names, rows, family="ridge", options={"alpha": alpha, "intercept": intercept, **more})
        estimates = ([want.intercept_] if intercept else []) + list(want.coef_)
        off = max(abs(a - b) for a, b in zip(got["coefficients"]["estimate"], estimates)) / max(map(abs, want.coef_)) if got else math.inf
        ok(off < digits, f"{name}, alpha = {alpha}: scikit-learn's coefficients", f"off by {off:.2g}")
        if weights is None:
            off = apart([got["figures"]["r2"]], [want.score(x, y)]) if intercept else 0
            ok(off < digits, f"{name}, alpha = {alpha}: its R2", f"off by {off:.2g}")
    alphas = [float(v) for v in np.logspace(-3, 4, 15)]
    want = RidgeCV(alphas=alphas, fit_intercept=intercept, store_cv_values=True).fit(x, y, sample_weight=weights)
    got = lathe(names, rows, family="ridge", options={"alpha": "cv", "alphas": alphas, "intercept": intercept, **more})
    scale = len(y) / (len(y) if weights is None else weights.sum())
    off = apart([v * v for v in got["path"]["left_out_rmse"]], list(want.cv_values_.mean(axis=0) * scale))
    ok(got["figures"]["alpha"] == want.alpha_, f"{name}: leaving one out chooses scikit-learn's alpha", f"{got['figures']['alpha']} {want.alpha_}")
    ok(off < digits, f"{name}: the error of each alpha is scikit-learn's", f"off by {off:.2g}")


try:
    import sklearn  # noqa: F401
    x, y = made(150, 6)
    compare_ridge("ridge", x, y)
    compare_ridge("ridge, weights", x, y, weights=rng.integers(1, 9, 150) / 4.0)
    compare_ridge("ridge, no intercept", x, y, intercept=False)
    compare_ridge("ridge, a sum among the features", np.column_stack([x, x[:, 0] + x[:, 1]]), y, digits=1e-8)
    x, y = made(20000, 31)
    compare_ridge("ridge, 20,000 rows", x, y, digits=1e-8)
    x, y = made(20, 30)
    compare_ridge("ridge, more features than rows", x, y, digits=1e-7)
except ImportError as problem:
    skip("ridge", problem)
end()
