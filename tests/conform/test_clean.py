#!/usr/bin/python3
"""The verbs that clean against pandas, on real tables: equal rows, gaps, ranges, limits, maps, classes made even, k-anonymity."""
import os
import subprocess
import tempfile

from judge import DATA, LATHE, end, ok, skip, skip_all

try:
    import numpy as np
    import pandas as pd
except ImportError as problem:
    skip_all(problem)


def lathe(code, path):
    """The table that a piece of Lua makes of `t`, as a data frame."""
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "out.csv")
        text = f"local path, out = ... local t = lathe.read(path) local made = {code} made:write(out)"
        done = subprocess.run([LATHE, "eval", text, path, out], capture_output=True, text=True)
        if done.returncode != 0:
            print(f"# {done.stderr.strip()}")
            return None
        return pd.read_csv(out)


def same(got, want, sentence):
    """Equal frames: texts exactly, numbers to 1e-12."""
    if got is None or list(got.columns) != list(want.columns) or len(got) != len(want):
        return ok(False, sentence, None if got is None else (got.shape, want.shape))
    for name in want.columns:
        a, b = got[name], want[name].reset_index(drop=True)
        if a.dtype.kind in "if" and b.dtype.kind in "if":
            if not np.allclose(a.astype(float), b.astype(float), rtol=1e-12, atol=1e-12, equal_nan=True):
                return ok(False, sentence, name)
        elif not ((a.astype(str) == b.astype(str)) | (a.isna() & b.isna())).all():
            return ok(False, sentence, name)
    return ok(True, sentence)


def quoted(names):
    return "{ " + ", ".join(f'"{n}"' for n in names) + " }"


TABLES = {"titanic": "titanic/titanic.csv", "adult": "adult/adult.csv", "penguins": "penguins/penguins.csv",
          "housing": "california-housing/housing.csv", "bikes": "bike-sharing/hour.csv"}
for name, place in TABLES.items():
    path = os.path.join(DATA, place)
    if not os.path.exists(path):
        skip(name, "the data are not here")
        continue
    want = pd.read_csv(path)
    texts = [c for c in want.columns if want[c].dtype == object and 1 < want[c].nunique() < 20]
    numbers = [c for c in want.columns if want[c].dtype.kind in "if" and want[c].nunique() > 5]
    gaps = [c for c in want.columns if want[c].isna().any()]
    few = (texts or list(want.columns[-3:]))[:2]
    for keep in ("first", "last"):
        same(lathe(f'(t:drop_duplicates {{ keep = "{keep}" }})', path), want.drop_duplicates(keep=keep), f"{name}: equal rows, the {keep} stays")
        same(lathe(f'(t:drop_duplicates {{ columns = {quoted(few)}, keep = "{keep}" }})', path), want.drop_duplicates(few, keep=keep),
             f"{name}: equal in {', '.join(few)}, the {keep} stays")
    same(lathe("(t:drop_missing())", path), want.dropna(), f"{name}: rows without gaps")
    if gaps:
        same(lathe(f'(t:drop_missing {{ "{gaps[0]}" }})', path), want.dropna(subset=[gaps[0]]), f"{name}: rows without a gap in {gaps[0]}")
    x = numbers[0]
    low, high = want[x].quantile(0.25), want[x].quantile(0.75)
    same(lathe(f'(t:keep_range("{x}", {{ min = {low!r}, max = {high!r} }}))', path), want[want[x].between(low, high)], f"{name}: a range of {x}")
    fences = want[(want[x] >= low - 1.5 * (high - low)) & (want[x] <= high + 1.5 * (high - low))]
    code = (f't:filter("`{x}` >= $l - 1.5 * ($h - $l) and `{x}` <= $h + 1.5 * ($h - $l)", (function() local q = t:aggregate '
            f'{{ l = "quantile({x}, 0.25)", h = "quantile({x}, 0.75)" }}:row(1) return q end)())')
    same(lathe(code, path), fences, f"{name}: {x} within 1.5 times the distance of its quartiles")
    if want[x].dtype.kind == "i":  # limits of whole numbers are whole here
        low, high = round(low), round(high)
    same(lathe(f't:clip("{x}", {low!r}, {high!r})', path), want.assign(**{x: want[x].clip(low, high)}), f"{name}: {x} limited")
    if texts:
        c, values = texts[0], sorted(want[texts[0]].dropna().unique())
        table = {v: f"level {i}" for i, v in enumerate(values)}
        lua = "{ " + ", ".join(f"[{v!r}] = {to!r}" for v, to in table.items()) + " }"
        same(lathe(f'(t:map("{c}", {lua}))', path), want.assign(**{c: want[c].map(table)}), f"{name}: {c} mapped")
        one = {values[0]: "other"}
        same(lathe(f'(t:replace("{c}", {{ [{values[0]!r}] = "other" }}))', path), want.assign(**{c: want[c].replace(one)}), f"{name}: {c} replaced")
        counts = want[c].value_counts()
        got = lathe(f'(t:drop_missing {{ "{c}" }}:oversample {{ target = "{c}", seed = 3 }})', path)
        ok(got is not None and set(got[c].value_counts()) == {counts.max()}, f"{name}: classes of {c} drawn up to the largest")
        got = lathe(f'(t:drop_missing {{ "{c}" }}:undersample {{ target = "{c}", seed = 3 }})', path)
        ok(got is not None and set(got[c].value_counts()) == {counts.min()}, f"{name}: and down to the smallest")
        sizes = want.groupby(few, dropna=False).size()
        got = lathe(f'(function() local _, found = t:anonymity({quoted(few)}, {{ k = 5 }}) return lathe.table {{ k = {{ found.k }}, '
                    "rows = { found.rows } } end)()", path)
        ok(got is not None and got.k[0] == sizes.min() and got.rows[0] == sizes[sizes < 5].sum(), f"{name}: k-anonymity of {', '.join(few)}")
    got = lathe(f't:noise {{ columns = "{x}", copies = 2, scale = 0.5, seed = 4 }}', path)
    plain, made = want[x], None if got is None else got[x][len(want):]
    ok(got is not None and len(got) == 3 * len(want) and np.array_equal(got[x][:len(want)], plain, equal_nan=True)
       and made.min() >= plain.min() and made.max() <= plain.max() and (plain.dtype.kind != "i" or made.dtype.kind == "i"),
       f"{name}: noise is appended, within the bounds of {x}, whole numbers whole")
end()
