#!/usr/bin/python3
"""Sorting, concat, melt and compare against pandas, on random tables with gaps, NaN, -0 and equal keys; the Kolmogorov-Smirnov
distance against SciPy."""
import json
import os
import random
import subprocess
import tempfile

from judge import LATHE, end, ok, skip_all

try:
    import numpy
    import pandas
    import scipy.stats
except ImportError as missing:
    skip_all(missing)


def lathe(code, *arguments):
    done = subprocess.run([LATHE, "eval", "--json", code, *arguments], capture_output=True, text=True)
    if done.returncode != 0:
        print(f"# {done.stderr.strip()}")
        return [None]
    return [json.loads(line) for line in done.stdout.splitlines()]


def sample(rows, seed):
    pick = random.Random(seed)
    cities = ["Oslo", "Bonn", "Rome", "Ærø", "北京", "bonn", ""]
    return pandas.DataFrame({
        "n": [pick.choice([None, -3, 0, 7, 2**53 - 1]) for _ in range(rows)],
        "x": [pick.choice([None, -0.0, 0.0, pick.gauss(0, 1), 1e300, -1e-300]) for _ in range(rows)],
        "city": [pick.choice([None] + cities[:-1]) for _ in range(rows)],
        "row": range(rows),
    })


READ = 'local t = lathe.read(arg[1], { types = { n = "int64", x = "float64", city = "string", row = "int64" } }) '
with tempfile.TemporaryDirectory() as folder:
    for rows in (30, 5000):
        frame = sample(rows, rows)
        path = os.path.join(folder, f"{rows}.csv")
        frame.to_csv(path, index=False)
        orders = []
        for keys in (["n"], ["x"], ["city"], ["-n"], ["-x"], ["-city"], ["city", "-x"], ["n", "city", "x"], ["-city", "n"]):
            by = [key.lstrip("-") for key in keys]
            for place in ("last", "first"):
                want = frame
                for name, key in reversed(list(zip(by, keys))):  # one key at a time, each stable
                    want = want.sort_values(name, ascending=key[0] != "-", na_position=place, kind="stable")
                names = ", ".join(f'"{key}"' for key in keys)
                got = lathe(READ + f'return t:order {{ {names}, missing = "{place}" }}', path)[0]
                orders.append(got == (want["row"] + 1).tolist())
        ok(all(orders), f"{rows} rows: {len(orders)} orders are those of pandas", str(orders))

    one, two = sample(40, 1), sample(50, 2).drop(columns="x").assign(extra=1.5)
    paths = [os.path.join(folder, "one.csv"), os.path.join(folder, "two.csv")]
    one.to_csv(paths[0], index=False)
    two.to_csv(paths[1], index=False)
    want = pandas.concat([one, two])
    out = os.path.join(folder, "out.csv")
    lathe('lathe.concat({ lathe.read(arg[1]), lathe.read(arg[2]) }):write(arg[3])', *paths, out)
    got = pandas.read_csv(out, float_precision="round_trip")
    ok(list(got.columns) == list(want.columns) and all(
        (got[name].isna().values == want[name].isna().values).all() and
        (got[name].dropna().values == want[name].dropna().values).all() for name in want.columns), "concat is that of pandas")
    want = one.melt(id_vars=["row"], value_vars=["n", "x"])
    lathe('lathe.read(arg[1]):melt({ id = "row", values = { "n", "x" } }):write(arg[2])', paths[0], out)
    got = pandas.read_csv(out, float_precision="round_trip")
    ok((got["row"].values == want["row"].values).all() and (got["variable"].values == want["variable"].values).all() and
       (got["value"].fillna(-1).values == want["value"].fillna(-1).astype(float).values).all(), "melt is that of pandas")


    pick = random.Random(5)
    left = [pick.gauss(0, 1) for _ in range(3000)]
    right = [round(pick.gauss(0.2, 1.3), 1) for _ in range(2000)]
    for path, values in zip(paths, (left, right)):
        pandas.DataFrame({"v": values}).to_csv(path, index=False)
    drift = lathe('local d = lathe.compare(lathe.read(arg[1]), lathe.read(arg[2])).drift[1] return { ks = d.ks, psi = d.psi }', *paths)[0]
    want = scipy.stats.ks_2samp(left, right).statistic
    ok(abs(drift["ks"] - want) < 1e-12, "the Kolmogorov-Smirnov distance is SciPy's", f"{drift['ks']} {want}")
    edges = numpy.concatenate([[-numpy.inf], [sorted(left)[len(left) * k // 10] for k in range(1, 10)], [numpy.inf]])
    p, q = (numpy.histogram(side, edges)[0] + 0.5 for side in (left, right))
    p, q = p / p.sum(), q / q.sum()
    ok(abs(drift["psi"] - ((q - p) * numpy.log(q / p)).sum()) < 1e-12, "the stability index is NumPy's")
end()
