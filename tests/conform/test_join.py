#!/usr/bin/python3
"""join and join_asof against pandas: every kind, keys of every type, missing keys, keys that occur often."""
import os
import subprocess
import tempfile

from judge import LATHE, end, ok, skip_all

try:
    import numpy as np
    import pandas as pd
except ImportError as problem:
    skip_all(problem)


def lathe(code, left, right):
    """The data frames that a piece of Lua writes to files named by its last argument and a word."""
    with tempfile.TemporaryDirectory() as folder:
        paths = [os.path.join(folder, name) for name in ("left.csv", "right.csv", "out.")]
        left.to_csv(paths[0], index=False)
        right.to_csv(paths[1], index=False)
        done = subprocess.run([LATHE, "eval", code, *paths], capture_output=True, text=True)
        if done.returncode != 0:
            print(f"# {done.stderr.strip()}")
        found = [name for name in os.listdir(folder) if name.startswith("out.")]
        return {name[4:-4]: pd.read_csv(os.path.join(folder, name)) for name in found}


def rows_of(table, columns, ordered):
    rows = [tuple("" if pd.isna(v) else f"{v:.9g}" if isinstance(v, float) else str(v) for v in row) for row in table[columns].astype(object).values]
    rows = [tuple(f"{float(v):.9g}" if v.replace(".", "", 1).replace("-", "", 1).isdigit() else v for v in row) for row in rows]
    return rows if ordered else sorted(rows)


def make(seed, rows, keys, gap=0.1):
    r = np.random.default_rng(seed)
    k = np.array([f"k{v}" for v in r.integers(0, keys, rows)], dtype=object)
    k[r.random(rows) < gap] = np.nan
    return pd.DataFrame({"k": k, "i": r.integers(0, keys, rows), "f": r.integers(0, keys, rows) / 4, f"v{seed}": np.arange(rows)})


READ = """local types = { types = { k = "%s", f = "float64", i = "int64" } }
local a = lathe.read(arg[1], types) types.types.k = "%s" local b = lathe.read(arg[2], types) """
KINDS = '{ "inner", "left", "full", "right", "semi", "anti" }'
for rows, keys in [(1, 1), (60, 10), (1500, 300)]:
    left, right = make(1, rows, keys), make(2, rows + 7, keys)
    for on in ["k"], ["i"], ["f"], ["k", "i"]:
        bare = right.dropna(subset=on)  # pandas lets missing equal missing; SQL and lathe do not
        kinds = ("category", "string") if rows % 3 else ("string", "category")
        names = "{ " + ", ".join(f'"{k}"' for k in on) + " }"
        results = lathe(READ % kinds + f"for _, how in ipairs {KINDS} do (a:join(b, {{ on = {names}, how = how }})):write(arg[3] .. how .. '.csv') end",
                        left, right)
        both = dict(on=on, suffixes=("", "_right"))
        alone = right[right[on].isna().any(axis=1)]
        other = {c: c + "_right" for c in right.columns if c in left.columns and c not in on}
        wants = {
            "inner": left.merge(bare, how="inner", **both), "left": left.merge(bare, how="left", **both),
            "right": left.dropna(subset=on).merge(right, how="right", **both),
            "full": pd.concat([left.merge(bare, how="outer", **both), alone.rename(columns=other)]),
        }
        partner = left[on].merge(bare[on].drop_duplicates(), how="left", on=on, indicator=True)["_merge"].values == "both"
        wants["semi"], wants["anti"] = left[partner], left[~partner]
        for how, want in wants.items():
            got = results.get(how)
            fine = got is not None and len(got) == len(want) and set(got.columns) == set(want.columns)
            ordered = how in ("left", "semi", "anti")
            fine = fine and rows_of(got, list(got.columns), ordered) == rows_of(want, list(got.columns), ordered)
            fine = fine and (how != "inner" or got["v1"].is_monotonic_increasing)
            ok(fine, f"{rows} rows, {how} join on {', '.join(on)}")


r = np.random.default_rng(9)
left = pd.DataFrame({"t": r.integers(0, 5000, 800), "g": r.integers(0, 5, 800), "v": np.arange(800)})
right = pd.DataFrame({"t": r.permutation(5000)[:400], "g": r.integers(0, 6, 400), "w": np.arange(400)})
WAYS = [(d, t, e) for d in ("backward", "forward", "nearest") for t in (None, 20) for e in (True, False)]
code = "local a, b = lathe.read(arg[1]), lathe.read(arg[2]) local function run(word, options) (a:join_asof(b, options)):write(arg[3] .. word .. '.csv') end "
for number, (direction, tolerance, exact) in enumerate(WAYS):
    option = f", tolerance = {tolerance}" if tolerance else ""
    code += f'run({number}, {{ on = "t", by = "g", direction = "{direction}", exact = {str(exact).lower()}{option} }}) '
results = lathe(code, left, right)
for number, (direction, tolerance, exact) in enumerate(WAYS):
    got = results.get(str(number))
    want = pd.merge_asof(left.sort_values("t", kind="stable"), right.sort_values("t"), on="t", by="g", direction=direction,
                         tolerance=tolerance, allow_exact_matches=exact).sort_values("v")
    fine = got is not None and np.array_equal(got["w"].fillna(-1).values, want["w"].fillna(-1).values)
    ok(fine, f"asof {direction}, tolerance {tolerance}, exact {exact}")
end()
