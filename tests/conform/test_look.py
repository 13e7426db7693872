#!/usr/bin/python3
"""Profiles, correlations and associations against pandas and SciPy; skipped where they are not."""
import json
import math
import os
import subprocess
import tempfile

from judge import LATHE, end, ok, skip_all


def lathe(code, *arguments):
    done = subprocess.run([LATHE, "eval", "--json", code, *arguments], capture_output=True, text=True)
    if done.returncode != 0:
        print(f"# {done.stderr.strip()}")
        return None
    return json.loads(done.stdout)


try:
    import numpy
    import pandas
    import scipy.stats
except ImportError as problem:
    skip_all(problem)

random = numpy.random.default_rng(7)
N = 20000
frame = pandas.DataFrame({"a": random.normal(size=N)})
frame["b"] = 0.6 * frame.a + random.normal(size=N)
frame["c"] = numpy.exp(3 * random.normal(size=N)) + frame.b
frame["d"] = numpy.round(random.normal(50, 10, N))
frame["e"] = 1e6 + 1e-3 * random.normal(size=N)
frame["f"] = random.integers(-10**15, 10**15, N)
frame["g"] = random.normal(size=N)
frame.loc[random.random(N) < 0.2, "g"] = numpy.nan
frame["h"] = frame.g * 2 + frame.a
frame.loc[random.random(N) < 0.3, "h"] = numpy.nan
frame["k"] = random.choice(["x", "y", "z", "w"], N, p=[0.5, 0.3, 0.15, 0.05])
frame["l"] = numpy.where(random.random(N) < 0.3, frame.k + "1", random.choice(["p", "q", "r"], N))
frame.loc[random.random(N) < 0.1, "l"] = numpy.nan
numbers = list("abcdefgh")

CORRELATE = """
local path, method = ...
local t, out = lathe.read(path), {}
local m = require("lathe.association").matrix(t, { "a", "b", "c", "d", "e", "f", "g", "h" }, { method = method })
for i, row in ipairs(m.values) do out[i] = row end
return { values = out, complete = m.complete }
"""
PAIRS = """
local path = ...
local t, out = lathe.read(path), {}
for _, pair in ipairs(require("lathe.association").list(require("lathe.association").matrix(t, t:columns(), { method = "mixed" }))) do
  out[pair[1] .. " " .. pair[2]] = pair[3]
end
return out
"""
SUMMARY = """
local out = {}
for _, s in ipairs(require("lathe.profile").summaries(lathe.read((...)))) do out[s.name] = s end
return out
"""


def close(got, want, tolerance):
    return got is not None and abs(got - want) <= tolerance * max(1, abs(want))


def eta(categories, values):
    keep = categories.notna() & values.notna()
    groups = values[keep].groupby(categories[keep])
    mean = values[keep].mean()
    return math.sqrt((groups.size() * (groups.mean() - mean) ** 2).sum() / ((values[keep] - mean) ** 2).sum())


def cramer(a, b):
    keep = a.notna() & b.notna()
    table = pandas.crosstab(a[keep], b[keep])
    n = table.to_numpy().sum()
    chi = scipy.stats.chi2_contingency(table, correction=False)[0]
    r, c = table.shape
    phi = max(0, chi / n - (r - 1) * (c - 1) / (n - 1))
    return math.sqrt(phi / min(r - (r - 1) ** 2 / (n - 1) - 1, c - (c - 1) ** 2 / (n - 1) - 1))


with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "t.csv")
    frame.to_csv(path, index=False)
    for method in ("pearson", "spearman"):
        got, want = lathe(CORRELATE, path, method), frame[numbers].corr(method=method).to_numpy().copy()
        for i in range(8) if method == "pearson" else []:  # pandas loses 8 digits where the mean is 1e9 times the sd
            both = frame[numbers[i]].notna()
            want[i][4] = want[4][i] = numpy.corrcoef(frame[numbers[i]][both], frame.e[both])[0][1]
        worst = max(abs(got["values"][i][j] - want[i][j]) for i in range(8) for j in range(8)) if got else math.inf
        ok(worst < 1e-12, f"{method} correlations with gaps are those of pandas to 1e-12", f"apart by {worst}")
    both = int((frame.g.notna() & frame.h.notna()).sum())
    ok(got is not None and got["complete"][6][7] == both, "rows that two columns share are counted")
    a, b = frame.a, frame.c
    ok(got is not None and close(got["values"][0][2], scipy.stats.spearmanr(a, b)[0], 1e-12), "and those of SciPy")
    got = lathe(PAIRS, path) or {}
    ok(close(got.get("k l"), cramer(frame.k, frame.l), 1e-12), "Cramer's V with Bergsma's correction")
    ok(close(got.get("a l"), eta(frame.l, frame.a), 1e-12) and close(got.get("h l"), eta(frame.l, frame.h), 1e-12),
       "the correlation ratio eta, with gaps on both sides")


    got = lathe(SUMMARY, path) or {}
    for name in numbers:
        s, v = got.get(name, {}), frame[name].dropna()
        figures = {"mean": v.mean(), "sd": v.std(), "min": v.min(), "max": v.max(), "median": v.median(), "q05": v.quantile(0.05),
                   "q95": v.quantile(0.95), "q01": v.quantile(0.01), "distinct": v.nunique()}
        wrong = [key for key, want in figures.items() if not close(s.get(key), want, 1e-12)]
        skew = scipy.stats.skew(v.to_numpy(dtype=float))
        if not close(s.get("skewness"), skew, 1e-6):
            wrong.append("skewness")
        ok(not wrong and s["missing"] == frame[name].isna().sum(), f"the summary of {name} is that of pandas",
           f"{wrong}: {[(s.get(k), figures.get(k, skew)) for k in wrong]}")
        counts, _ = numpy.histogram(v, bins=20)
        ok(sum(abs(x - y) for x, y in zip(s.get("bins", []), counts)) <= 2, f"the histogram of {name} is NumPy's",
           f"{s.get('bins')} {list(counts)}")
    for name in ("k", "l"):
        top = [(t["value"], t["count"]) for t in got.get(name, {}).get("top", [])][:3]
        ok(top == list(frame[name].value_counts().head(3).items()), f"the most frequent values of {name}", str(top))
end()
