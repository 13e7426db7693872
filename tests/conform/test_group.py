#!/usr/bin/python3
"""group_by, value_counts, pivot and duplicates against pandas: random tables with missing values and NaN, and real ones."""
import os
import subprocess
import tempfile

from judge import DATA, LATHE, end, ok, skip, skip_all

try:
    import numpy as np
    import pandas as pd
except ImportError as problem:
    skip_all(problem)


def lathe(code, *paths):
    """What a piece of Lua writes as CSV to its last argument, as a data frame of texts and numbers."""
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "out.csv")
        done = subprocess.run([LATHE, "eval", code, *paths, out], capture_output=True, text=True)
        if done.returncode != 0:
            print(f"# {done.stderr.strip()}")
            return None
        return pd.read_csv(out)


def same(got, want, sentence):
    """Equal frames: texts exactly, numbers to 1e-12."""
    if got is None:
        return ok(False, sentence)
    want = want.reset_index(drop=True)
    if list(got.columns) != [str(c) for c in want.columns] or len(got) != len(want):
        return ok(False, sentence, f"{list(got.columns)} {len(got)} rows, want {list(want.columns)} {len(want)} rows")
    for name, values in zip(got.columns, (want[c] for c in want.columns)):
        here = got[name]
        if values.dtype == object or str(values.dtype) in ("category", "str", "string"):
            fine = (here.isna() == values.isna().values).all() and (here.dropna().astype(str).values == values.dropna().astype(str).values).all()
        else:
            fine = np.allclose(here.astype(float), values.astype(float), rtol=1e-12, atol=1e-12, equal_nan=True)
        if not fine:
            return ok(False, sentence, f"column {name}")
    return ok(True, sentence)


AGGREGATES = """{ "n = count", "p = count(x)", "s = sum(x)", "m = mean(x)", "sd = sd(x)", "v = variance(x)", "lo = min(x)", "hi = max(x)",
  "md = median(x)", "q = quantile(x, 0.3)", "d = distinct(x)", "fi = first(x)", "la = last(x)", "si = sum(i)", "mi = mean(i)", "tw = max(w)" }"""


def want_groups(t, keys):
    g = t.groupby(keys, sort=False, dropna=False)
    x, i = g["x"], g["i"]
    r = pd.DataFrame({"n": g.size(), "p": x.count(), "s": x.sum(), "m": x.mean(), "sd": x.std(), "v": x.var(), "lo": x.min(), "hi": x.max(),
                      "md": x.median(), "q": x.quantile(0.3), "d": x.nunique(), "fi": x.first(), "la": x.last(), "si": i.sum(),
                      "mi": i.mean(), "tw": g["w"].apply(lambda w: w.dropna().max() if w.notna().any() else np.nan)})
    return r.reset_index()


def random_table(seed, rows, groups):
    r = np.random.default_rng(seed)
    x = np.round(r.normal(0, 100, rows), 3)
    x[r.random(rows) < 0.1] = np.nan
    k = np.array([f"k{v}" for v in r.integers(0, groups, rows)], dtype=object)
    k[r.random(rows) < 0.05] = np.nan
    w = np.array([f"w{v}" for v in r.integers(0, 50, rows)], dtype=object)
    w[r.random(rows) < 0.2] = np.nan
    f = np.round(r.integers(0, groups, rows) / 8, 3)
    return pd.DataFrame({"k": k, "j": r.integers(-3, 4, rows), "f": f, "x": x, "i": r.integers(-10**12, 10**12, rows), "w": w})


with tempfile.TemporaryDirectory() as folder:
    for seed, rows, groups in [(1, 1, 1), (2, 40, 5), (3, 3000, 40), (4, 6000, 3000), (5, 70000, 60)]:
        table, path = random_table(seed, rows, groups), os.path.join(folder, "t.csv")
        table.to_csv(path, index=False)
        types = '{ types = { k = "%s", w = "string", x = "float64", f = "float64", i = "int64", j = "int64" } }'
        for keys in ["k"], ["k", "j"], ["f"], ["j"], ["w", "f", "k"]:
            if rows > 3000 and len(keys) > 1:
                continue
            names = "{ " + ", ".join(f'"{k}"' for k in keys) + " }"
            kind = "category" if seed % 2 else "string"
            got = lathe(f"lathe.read(arg[1], {types % kind}):group_by({names}, {AGGREGATES}):write(arg[2])", path)
            same(got, want_groups(table, keys), f"{rows} rows by {', '.join(keys)}: every aggregate as pandas has it")
    table, path = random_table(6, 5000, 30), os.path.join(folder, "t.csv")
    table.to_csv(path, index=False)
    got = lathe('lathe.read(arg[1]):group_by({ "k", "j" }, "sum(x)", { sort = true, missing = "drop" }):write(arg[2])', path)
    want = table.groupby(["k", "j"])["x"].sum().rename("sum_x").reset_index()
    same(got, want, "sorted, without missing keys")
    got = lathe('lathe.read(arg[1]):value_counts("k", { share = true }):write(arg[2])', path)
    want = table["k"].value_counts(dropna=False)
    ok(got is not None and sorted(got["count"]) == sorted(want) and list(got["count"]) == sorted(want, reverse=True)
       and abs(got["share"].sum() - 1) < 1e-12, "values are counted as pandas counts them")
    got = lathe('lathe.read(arg[1]):drop_missing { "k" }:pivot { rows = "k", columns = "j", values = "x", aggregate = "mean" }:write(arg[2])', path)
    kept = table.dropna(subset=["k"])
    want = kept.pivot_table(index="k", columns="j", values="x", aggfunc="mean", sort=False, dropna=False)
    want = want[sorted(want.columns)].reindex(kept["k"].drop_duplicates()).reset_index()
    same(got, want, "a pivot has the cells that pandas gives")
    for keep in "first", "last":
        got = lathe(f'lathe.read(arg[1]):drop_duplicates({{ columns = {{ "k", "j" }}, keep = "{keep}" }}):write(arg[2])', path)
        same(got, table.drop_duplicates(["k", "j"], keep=keep), f"duplicates: the {keep} one stays")


for name, keys, value in [("adult/adult.csv", ["education", "sex"], "age"), ("penguins/penguins.csv", ["species", "island"], "body_mass_g"),
                          ("titanic/titanic.csv", ["Pclass", "Sex"], "Age")]:
    path = os.path.join(DATA, name)
    if not os.path.exists(path):
        skip(name, "it is not here")
        continue
    table = pd.read_csv(path, skipinitialspace=True)
    if not set(keys + [value]) <= set(table.columns):
        skip(name, f"its columns are {list(table.columns)[:6]}")
        continue
    names = "{ " + ", ".join(f'"{k}"' for k in keys) + " }"
    got = lathe(f'lathe.read(arg[1]):group_by({names}, {{ "n = count", "m = mean({value})", "q = median({value})" }}):write(arg[2])', path)
    g = table.groupby(keys, sort=False, dropna=False)[value]
    same(got, pd.DataFrame({"n": g.size(), "m": g.mean(), "q": g.median()}).reset_index(), f"{name} by {', '.join(keys)}")
end()
