#!/usr/bin/python3
"""Poisson regression, and logistic regression with weights and penalties, against statsmodels, scikit-learn and R."""
import json
import math
import os
import shutil
import subprocess
import tempfile
import warnings

from judge import DATA, LATHE, end, ok, skip, skip_all

warnings.simplefilter("ignore")

try:
    import numpy as np
    import statsmodels.api as sm
    from scipy import stats
    from sklearn.linear_model import LogisticRegression, PoissonRegressor
except ImportError as problem:
    skip_all(problem)

FIT = """
local s = lathe.json.decode((...))
local t = lathe.read(s.path, { types = s.types })
local first = t
if tonumber(s.split) then first = t:head(s.split) end
local m = lathe.fit(first, lathe.recipe { target = "y" }, lathe[s.family](s.options))
if tonumber(s.split) then m = m:partial_fit(t:tail(t:rows() - s.split), { weights = s.options.weights }) end
local p = m:predict(t)
local out = { figures = m:summary(), notes = m:notes(), prediction = p:column(p:columns()[s.family == "poisson" and 1 or 3]):values() }
out.prediction.n = nil
local c = m:coefficients()
for _, name in ipairs(c:columns()) do
  local values = c:column(name):values()
  for row = 1, values.n do if values[row] == nil then values[row] = "missing" end end
  values.n = nil
  out[name] = values
end
return out
"""


def lathe(x, y, family, options, more=None, split=None):
    """Fit y on the columns of x and those of `more` (name: values)."""
    more = more or {}
    names = ["y"] + [f"x{i}" for i in range(x.shape[1])] + list(more)
    text = y.dtype.kind in "OU"
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "t.csv")
        with open(path, "w") as out:
            out.write(",".join(names) + "\n")
            for r in range(len(y)):
                row = [y[r] if text else repr(float(y[r]))] + [repr(float(v)) for v in x[r]] + [repr(float(v[r])) for v in more.values()]
                out.write(",".join(row) + "\n")
        settings = {"path": path, "family": family, "options": options, "split": split}
        done = subprocess.run([LATHE, "eval", "--json", FIT, json.dumps(settings)], capture_output=True, text=True)
    if done.returncode != 0:
        print(f"# {done.stderr.strip()}")
        return None
    return json.loads(done.stdout)


def apart(got, want):
    """The largest difference, as a part of the want, or of a thousandth of the largest where that is nearly 0."""
    got, want = np.asarray(got, float), np.asarray(want, float)
    if got.shape != want.shape:
        return math.inf
    return float(np.max(np.abs(got - want) / np.maximum(np.abs(want), 1e-3 * np.abs(want).max())))


def compare(name, x, y, family, options=None, weights=None, offset=None, intercept=True, digits=1e-8, split=None):
    """All of the inference, beside statsmodels' GLM."""
    options = {**(options or {}), "level": 0.9, "intercept": intercept}
    more = {}
    if weights is not None:
        more["w"], options["weights"] = weights, "w"
    if offset is not None:
        more["e"], options["exposure"] = np.exp(offset), "e"
        offset = np.log(np.exp(offset))
    poisson = family == "poisson"
    target = y if poisson else np.where(y == 1, "yes", "no")
    got = lathe(x, target, family, options, more, split)
    if not got:
        return ok(False, f"{name}: fits")
    design = sm.add_constant(x, has_constant="add") if intercept else x
    kind = sm.families.Poisson() if poisson else sm.families.Binomial()
    scaled = options.get("scaled")
    def fit(columns, **how):
        return sm.GLM(y, columns, family=kind, offset=offset, freq_weights=weights).fit(tol=1e-14, maxiter=200, **how)
    want, null = fit(design), fit(np.ones((len(y), 1)))
    errors, s = np.asarray(want.bse), got["figures"]
    counted = len(y) if weights is None else int((weights > 0).sum())
    freedom = counted - design.shape[1]
    if scaled:
        errors = errors * math.sqrt(want.pearson_chi2 / freedom)
    z = want.params / errors
    test = stats.t(freedom) if scaled else stats.norm
    bound = test.isf(0.05)
    off = {
        "estimate": apart(got["estimate"], want.params), "standard_error": apart(got["standard_error"], errors),
        "z": apart(got["t" if scaled else "z"], z),
        "low": apart(got["low"], want.params - bound * errors), "high": apart(got["high"], want.params + bound * errors),
        "deviance": apart([s["deviance"]], [want.deviance]),
        "log_likelihood": apart([s["log_likelihood"]], [want.llf]), "aic": apart([s["aic"]], [want.aic]),
        "bic": apart([s["bic"]], [-2 * want.llf + math.log(counted) * design.shape[1]]),
        "null_deviance": apart([s["null_deviance"]], [null.deviance]), "pseudo_r2": apart([s["pseudo_r2"]], [1 - want.llf / null.llf]),
        "prediction": apart(got["prediction"], want.predict(design, offset=offset)),
    }
    p = 2 * test.sf(np.abs(z))
    off["p"] = float(np.max(np.abs(np.array(got["p"]) - p) / np.maximum(p, 1e-12))) / 100
    if intercept:
        ratio = 2 * (want.llf - null.llf)
        off["likelihood_ratio"] = apart([s["likelihood_ratio"]], [ratio])
        tail = stats.chi2(design.shape[1] - 1).sf(ratio)
        off["likelihood_ratio_p"] = abs(s["likelihood_ratio_p"] - tail) / max(tail, 1e-12) / 100
    if poisson:
        off["dispersion"] = apart([s["dispersion"]], [want.pearson_chi2 / freedom])
    worst = max(off, key=off.get)
    ok(off[worst] < digits, f"{name}: {len(off)} figures and columns agree with statsmodels", f"{worst} is off by {off[worst]:.2g}")
    return got


rng = np.random.default_rng(5)


def made(n, k):
    x = rng.normal(size=(n, k)) * np.logspace(-0.5, 1, k) + np.linspace(-2, 20, k)
    return x, (x - x.mean(0)) / x.std(0) @ (rng.normal(size=k) / 3)


x, eta = made(400, 5)
counts = rng.poisson(np.exp(1 + eta)).astype(float)
offset = rng.normal(size=400)
w = rng.integers(0, 4, 400).astype(float)
binary = (rng.uniform(size=400) < 1 / (1 + np.exp(-eta))).astype(float)
compare("Poisson", x, counts, "poisson")
compare("Poisson, exposure", x, rng.poisson(np.exp(1 + eta + offset)).astype(float), "poisson", offset=offset)
compare("Poisson, weights", x, counts, "poisson", weights=w)
compare("Poisson, no intercept", (x - x.mean(0)) / x.std(0), rng.poisson(np.exp(eta)).astype(float), "poisson", intercept=False)
wide = rng.negative_binomial(2, 2 / (2 + np.exp(1 + eta))).astype(float)
got = compare("overdispersed counts", x, wide, "poisson")
ok(any("overdispersed" in note for note in got["notes"]), "overdispersed counts: they are said to be so", " ".join(got["notes"]))
got = compare("overdispersed counts, scaled", x, wide, "poisson", {"scaled": True})
ok(any("allow for that" in note for note in got["notes"]), "overdispersed counts, scaled: that the errors allow for it is said")
compare("large counts", x, rng.poisson(np.exp(9 + eta)).astype(float), "poisson")
compare("logistic, weights", x, binary, "logistic", weights=w)
big, eta = made(60000, 12)
compare("Poisson, 60,000 rows", big, rng.poisson(np.exp(eta)).astype(float), "poisson")
compare("logistic, 60,000 rows, weights", big, (rng.uniform(size=60000) < 1 / (1 + np.exp(-eta))).astype(float), "logistic",
        weights=rng.uniform(0.5, 2, 60000))
if os.path.isdir(DATA):
    bikes = np.genfromtxt(os.path.join(DATA, "bike-sharing/hour.csv"), delimiter=",", skip_header=1, usecols=(2, 3, 5, 6, 8, 9, 10, 12, 13, 16))
    compare("bikes an hour", bikes[:, :-1], bikes[:, -1], "poisson", {"scaled": True})

# ---- penalties ----


def losses(x, y, family, w, b):
    """The gradient of the sum of losses by intercept and slopes, and the sum."""
    z = b[0] + x @ b[1:]
    if family == "poisson":
        mean, loss = np.exp(z), np.exp(z) - y * z
    else:
        mean, loss = 1 / (1 + np.exp(-z)), np.logaddexp(0, z) - y * z
    left = w * (mean - y)
    return np.append(left.sum(), left @ x), float(w @ loss)


def penalised(name, x, y, family, l1, l2, weights=None):
    """The conditions of the minimum hold: no judge is as exact as these."""
    options, more = {"l1": l1, "l2": l2}, {}
    if weights is not None:
        more["w"], options["weights"] = weights, "w"
    target = y if family == "poisson" else np.where(y == 1, "yes", "no")
    got = lathe(x, target, family, options, more)
    if not got:
        return ok(False, f"{name}: fits")
    b, w = np.array(got["estimate"]), np.ones(len(y)) if weights is None else weights
    gradient, loss = losses(x, y, family, w, b)
    scale = np.abs(x).T @ w
    slopes, pull = b[1:], -(gradient[1:] + l2 * b[1:])
    zero = slopes == 0
    off = max(abs(gradient[0]) / w.sum(), float(np.max(np.abs(pull - np.sign(slopes) * l1)[~zero] / scale[~zero], initial=0)),
              float(np.max((np.abs(pull) - l1)[zero] / scale[zero], initial=0)))
    ok(off < 1e-10, f"{name}: the conditions of the minimum hold", f"off by {off:.2g}, {int((~zero).sum())} of {len(slopes)} are not 0")
    ok(got["standard_error"][0] == "missing", f"{name}: there are no standard errors")
    return b, loss


z = (x - x.mean(0)) / x.std(0)
z = np.column_stack([z, rng.normal(size=(400, 8))])
for l1, l2 in ((5, 0), (20, 0), (3, 4), (0, 2)):
    penalised(f"logistic, l1 = {l1}, l2 = {l2}", z, binary, "logistic", l1, l2)
    penalised(f"Poisson, l1 = {l1}, l2 = {l2}", z, counts, "poisson", l1 * 5, l2)
penalised("logistic, l1, weights", z, binary, "logistic", 4, 0, weights=w)
penalised("logistic, l1, 60,000 rows", (big - big.mean(0)) / big.std(0), (rng.uniform(size=60000) < 0.3 + 0.2 * (big[:, 0] > 0)).astype(float),
          "logistic", 200, 0)
b, loss = penalised("logistic, l1 beside scikit-learn", z, binary, "logistic", 5, 0)
judge = LogisticRegression(penalty="l1", C=0.2, solver="saga", tol=1e-12, max_iter=100000).fit(z, binary)
off = apart(b, np.append(judge.intercept_, judge.coef_))
ok(off < 1e-6, "logistic, l1: scikit-learn's saga comes to the same coefficients", f"off by {off:.2g}")
b, loss = penalised("Poisson, l2 beside scikit-learn", z, counts, "poisson", 0, 8)
judge = PoissonRegressor(alpha=8 / 400, tol=1e-10, max_iter=10000).fit(z, counts)
off = apart(b, np.append(judge.intercept_, judge.coef_))
ok(off < 1e-4, "Poisson, l2: scikit-learn comes near the same coefficients", f"off by {off:.2g}")

# ---- several classes, weighted: as rows that are there so many times ----
three = np.where(eta[:400] > 0.3, "a", np.where(x[:, 0] > x[:, 0].mean(), "b", "c"))
three[rng.integers(0, 400, 150)] = "a"
whole = rng.integers(0, 4, 400)
for l2 in (0, 1):
    one = lathe(x, three, "logistic", {"l2": l2, "weights": "w"}, {"w": whole.astype(float)})
    many = lathe(np.repeat(x, whole, axis=0), np.repeat(three, whole), "logistic", {"l2": l2})
    off = apart(one["estimate"], many["estimate"]) if one and many else math.inf
    ok(off < 1e-8, f"three classes, l2 = {l2}: a weight of 3 is three rows", f"off by {off:.2g}")

# ---- more rows: near what all rows together give ----
for family, y in (("logistic", (rng.uniform(size=60000) < 1 / (1 + np.exp(-eta))).astype(float)), ("poisson", rng.poisson(np.exp(eta)).astype(float))):
    target = y if family == "poisson" else np.where(y == 1, "yes", "no")
    both, parts = lathe(big, target, family, {}), lathe(big, target, family, {}, split=40000)
    off = np.max(np.abs(np.array(both["estimate"]) - np.array(parts["estimate"])) / np.array(both["standard_error"]))
    ok(off < 0.05, f"{family}, two parts one after the other: within a twentieth of a standard error of all rows", f"off by {off:.2g}")
    off = apart(parts["standard_error"], both["standard_error"])
    ok(off < 0.01, f"{family}, two parts: so are the standard errors", f"off by {off:.2g}")

# ---- R ----
if shutil.which("Rscript"):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "t.csv")
        np.savetxt(path, np.column_stack([counts, offset, w, x]), delimiter=",", header="y,o,w,a,b,c,d,e", comments="", fmt="%.17g")
        script = (f"t <- read.csv('{path}'); f <- glm(y ~ a + b + c + d + e + offset(o), poisson, t, weights = w, epsilon = 1e-15, maxit = 100);"
                  "cat(sprintf('%.17g', c(coef(summary(f))[, 1:2], f$deviance, f$null.deviance, f$df.residual)))")
        done = subprocess.run(["Rscript", "-e", script], capture_output=True, text=True)
        want = [float(v) for v in done.stdout.split()] if done.returncode == 0 else []
    got = lathe(x, counts, "poisson", {"offset": "o", "weights": "w"}, {"o": offset, "w": w})
    s = got["figures"]
    ours = got["estimate"] + got["standard_error"] + [s["deviance"], s["null_deviance"], s["freedom"]]
    off = max(abs(a - b) / abs(b) for a, b in zip(ours, want)) if len(want) == len(ours) else math.inf
    ok(off < 1e-8, "Poisson, offset, weights: R's coefficients, errors, deviances and freedom", f"off by {off:.2g}")
else:
    skip("R", "no Rscript")
end()
