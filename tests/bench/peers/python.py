"""The workers of pandas, NumPy, scikit-learn and numexpr: python.py pandas|numpy|sklearn|numexpr. A task prepares and gives run and check."""
import functools
import os
import resource
import subprocess
import sys
import time

import numpy as np
import pandas as pd

environment = os.environ


@functools.lru_cache(None)
def load(variable, *categories):
    return pd.read_csv(environment[variable], dtype={name: "category" for name in categories})


@functools.lru_cache(None)
def column(name):
    return pd.read_csv(environment["BENCH_MIXED"], usecols=[name])[name].to_numpy()


def sums(*names):
    return lambda d: {"rows": len(d), **{f"sum_{n}": float(d[n].sum()) for n in names if n in d}}


def read_csv():
    return lambda: pd.read_csv(environment["BENCH_TABLE"]), sums("id", "x1", "x8")


def write_csv():
    d, copy = load("BENCH_TABLE"), environment["BENCH_COPY"]
    return lambda: d.to_csv(copy, index=False), lambda _: {"rows": len(d), "copy": copy}


def describe():
    d = load("BENCH_TABLE")
    return lambda: d.describe(include="all"), lambda made: {"rows": len(d), "mean_x1": made.loc["mean", "x1"]}


def distinct():
    d = load("BENCH_TABLE")
    return lambda: d.drop_duplicates(), sums()


def clean():
    table = pd.read_csv(environment["BENCH_TABLE"], parse_dates=["day"])
    numbers = ["id", "qty"] + [f"x{i}" for i in range(1, 9)]

    def run():
        d = table.drop_duplicates()
        d = d.fillna({x: d[x].median() for x in ("x2", "x3", "x4")})
        quartiles = d[["x1", "x8"]].quantile([0.25, 0.75])
        low, high = quartiles.iloc[0], quartiles.iloc[1]
        width = 1.5 * (high - low)
        near = d.x1.between(low.x1 - width.x1, high.x1 + width.x1) & d.x8.between(low.x8 - width.x8, high.x8 + width.x8)
        d = pd.get_dummies(d[near], columns=["cat"])
        d[numbers] = (d[numbers] - d[numbers].mean()) / d[numbers].std()
        return d
    return run, lambda d: {"rows": len(d), "level_07": int(d.cat_level_07.sum()), "ss_x2": float((d.x2 ** 2).sum()),
                           "columns": d.shape[1]}


def read_lines():
    return lambda: pd.read_json(environment["BENCH_LINES"], lines=True), sums("id", "income", "score")


def read_base():
    import sqlite3
    base = sqlite3.connect(environment["BENCH_BASE"])
    return lambda: pd.read_sql("select * from t", base), sums("id", "income", "score")


def command(text):
    return lambda: (lambda: subprocess.run(text, shell=True, check=True, capture_output=True), lambda _: {})


@functools.lru_cache(None)
def ols_data():
    folder = environment["BENCH_FOLDER"]
    return np.fromfile(folder + "/ols_X.f64").reshape(-1, 50), np.fromfile(folder + "/ols_y.f64")


def ols():
    """The normal equations, as one would write them: no centring, no refinement."""
    from scipy.linalg import cho_factor, cho_solve
    x, y = ols_data()

    def run():
        n, d = x.shape
        g, right = np.empty((d + 1, d + 1)), np.empty(d + 1)
        g[:d, :d], g[d, d], right[:d], right[d] = x.T @ x, n, y @ x, y.sum()
        g[d, :d] = g[:d, d] = np.ones(n) @ x
        factor = cho_factor(g)
        b, yy = cho_solve(factor, right), y @ y
        rss = yy - b @ right
        se = np.sqrt(rss / (n - d - 1) * np.diag(cho_solve(factor, np.eye(d + 1))))
        return {"rows": n, "b0": b[0], "se0": se[0], "r2": 1 - rss / (yy - n * y.mean() ** 2)}
    return run, lambda made: made


def ridge_path():
    """100 penalties from one eigendecomposition."""
    x, y = ols_data()
    lambdas = np.logspace(-2, 4, 100)

    def run():
        n, mean = len(y), np.ones(len(y)) @ x / len(y)
        values, v = np.linalg.eigh(x.T @ x - n * np.outer(mean, mean))
        z = v.T @ (y @ x - n * mean * y.mean())
        path = v @ (z[:, None] / (values[:, None] + lambdas[None, :]))
        return {"rows": 100, "first": path[0, 0], "last": path[-1, -1]}
    return run, lambda made: made


@functools.lru_cache(None)
def lasso_data():
    folder = environment["BENCH_FOLDER"]
    x, y = np.fromfile(folder + "/lasso_X.f64").reshape(-1, 200), np.fromfile(folder + "/lasso_y.f64")
    x = x - x.mean(0)
    return np.asfortranarray(x / x.std(0)), y - y.mean()


def path(l1_ratio, folds=0):
    """100 penalties by coordinate descent on the products."""
    def make():
        from sklearn.linear_model import LassoCV, enet_path
        from sklearn.model_selection import KFold
        x, y = lasso_data()

        def run():
            if folds:
                dealt = KFold(folds, shuffle=True, random_state=42)
                LassoCV(cv=dealt, tol=1e-7, fit_intercept=False, precompute=True).fit(x, y)
            return enet_path(x, y, l1_ratio=l1_ratio, n_alphas=100, eps=1e-3, tol=1e-7)

        def check(made):
            alphas, coefficients = made[0], made[1]
            b = coefficients[:, 50]
            left = y - x @ b
            objective = left @ left / 2 / len(y) + alphas[50] * (l1_ratio * abs(b).sum() + (1 - l1_ratio) / 2 * b @ b)
            return {"rows": len(alphas), "alpha": alphas[50], "objective": objective, "nonzero": int((b != 0).sum()),
                    "nonzero_last": int((coefficients[:, -1] != 0).sum())}
        return run, check
    return make


def logistic():
    """To the loss that Newton's method settles at."""
    from sklearn.linear_model import LogisticRegression
    folder = environment["BENCH_FOLDER"]
    x, y = np.fromfile(folder + "/logit_X.f64").reshape(-1, 100), np.fromfile(folder + "/logit_y.f64")

    def check(model):
        w = model.coef_[0]
        z = x @ w + model.intercept_[0]
        return {"rows": len(y), "objective": (np.logaddexp(0, z).sum() - y @ z + 0.5 * w @ w) / len(y)}
    return lambda: LogisticRegression(C=1.0, solver="newton-cholesky", tol=1e-6, max_iter=1000).fit(x, y), check


def array(names, formula):
    """A formula over columns as arrays; its sum."""
    def make():
        columns = [column(name) for name in names]
        return lambda: formula(*columns), lambda made: {"rows": len(made), "sum_s": float(made.sum())}
    return make


def machine(names, formula):
    """The same by numexpr."""
    def make():
        import numexpr
        numexpr.set_num_threads(int(environment.get("BENCH_THREADS", "2")))
        columns = {name: column(name) for name in names}
        return lambda: numexpr.evaluate(formula, columns), lambda made: {"rows": len(made), "sum_s": float(made.sum())}
    return make


workers = {
    "pandas": {
        "csv_read": read_csv, "csv_write": write_csv, "profile": describe, "clean_table": clean, "drop_duplicates": distinct, "jsonl_read": read_lines,
        "sqlite_read": read_base, "start": command("/usr/bin/python3 -c 'import pandas'"),
    },
    "numpy": {
        "ols": ols,
        "ridge_path": ridge_path,
        "mask_two_numbers": array(("k", "x"), lambda k, x: (k >= 17) & (x <= 0.9)),
        "derive_arithmetic": array(("x", "y"), lambda x, y: x * 2 + y),
        "derive_log": array(("x",), lambda x: np.log(1 + x)),
        "derive_exp": array(("x",), np.exp),
    },
    "sklearn": {
        "lasso_path": path(1), "elastic_net_path": path(0.5), "lasso_cv": path(1, 5), "logistic": logistic,
    },
    "numexpr": {
        "mask_two_numbers": machine(("k", "x"), "(k >= 17) & (x <= 0.9)"),
        "derive_arithmetic": machine(("x", "y"), "x * 2 + y"),
        "derive_log": machine(("x",), "log(1 + x)"),
        "derive_exp": machine(("x",), "exp(x)"),
    },
}
tasks, ready = workers[sys.argv[1]], {}


def spent():
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def answer(name):
    if name not in tasks:
        return "fail no such task"
    if name not in ready:
        ready[name] = tasks[name]()
    run, check = ready[name]
    wall, cpu = time.perf_counter(), spent()
    made = run()
    wall, cpu = time.perf_counter() - wall, spent() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    words = (f"{key}={value if isinstance(value, str) else format(value, '.12g')}" for key, value in check(made).items())
    return f"done wall={wall:.6f} cpu={cpu:.6f} peak_mb={peak:.0f} {' '.join(words)}"


for line in iter(sys.stdin.readline, "quit\n"):
    try:
        print(answer(line.strip()), flush=True)
    except Exception as problem:  # whatever a peer cannot do is said, and the others go on
        print("fail", str(problem).split("\n")[0], flush=True)
