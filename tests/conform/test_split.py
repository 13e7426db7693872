#!/usr/bin/python3
"""Splits and folds take the rows that scikit-learn takes."""
import json
import os
import subprocess

from judge import LATHE, end, ok, skip_all

try:
    import numpy as np
    from sklearn.model_selection import (GroupKFold, GroupShuffleSplit, KFold, StratifiedKFold, TimeSeriesSplit,
                                         train_test_split)
except ImportError as missing:
    skip_all(missing)


# Rows 0 .. n-1 with a class in uneven shares, groups of many sizes, and a time for each, shuffled.
N = 997
random = np.random.RandomState(5)
kinds = random.choice(["c", "a", "b", "d"], N, p=[0.5, 0.3, 0.15, 0.05])
numbers = random.choice([3, 1, 20], N)
groups = random.randint(0, 60, N)
times = random.permutation(N)
MAKE = f"""
local t = lathe.table {{ {{ "row", {{ {", ".join(map(str, range(N)))} }} }},
  {{ "kind", {{ {", ".join(f'"{k}"' for k in kinds)} }} }}, {{ "number", {{ {", ".join(map(str, numbers))} }} }},
  {{ "group", {{ {", ".join(map(str, groups))} }} }}, {{ "time", {{ {", ".join(map(str, times))} }} }} }}
local function rows(x) local list = lathe.json.array {{}} for i, row in x:each() do list[i] = row.row end return list end
local result = {{}}
"""


def lathe(code):
    path = os.path.join(os.environ.get("TMPDIR", "/tmp"), f"lathe-split-{os.getpid()}.lua")
    with open(path, "w", encoding="utf-8") as file:
        file.write('local lathe = require "lathe"\n' + MAKE + code + "\nprint(lathe.json.encode(result))")
    done = subprocess.run([LATHE, "script", path], capture_output=True, text=True)
    os.remove(path)
    if done.returncode != 0:
        print(f"# {done.stderr.strip()}")
        return None
    return json.loads(done.stdout)


def split(options):
    return lathe(f"local train, test = t:split {options} result = {{ rows(train), rows(test) }}")


def folds(options):
    return lathe(f"for train, test in t:folds {options} do result[#result + 1] = {{ rows(train), rows(test) }} end")


def same(got, want):
    want = list(want)
    return got is not None and len(got) == len(want) and all(
        list(g[0]) == list(w[0]) and list(g[1]) == list(w[1]) for g, w in zip(got, want))


index = np.arange(N)
for column, values in (("kind", kinds), ("number", numbers)):
    for test, seed in ((0.2, 42), (0.33, 0), (100, 7)):
        want = train_test_split(index, test_size=test, random_state=seed, stratify=values)
        got = split(f'{{ test = {test}, seed = {seed}, stratify = "{column}" }}')
        ok(got == [list(map(int, part)) for part in want], f"stratified by {column}, test {test}, seed {seed}: its rows in its order")

for test, seed in ((0.25, 42), (7, 3)):
    want = next(GroupShuffleSplit(1, test_size=test, random_state=seed).split(index, groups=groups))
    got = split(f'{{ test = {test}, seed = {seed}, group = "group" }}')
    ok(got is not None and same([got], [want]), f"grouped, test {test}, seed {seed}: its rows")

ordered = np.argsort(times)
got = split('{ test = 0.2, time = "time" }')
ok(got == [list(map(int, ordered[:-200])), list(map(int, ordered[-200:]))], "by time: the latest rows, in the order of time")


ok(same(folds("{ folds = 7 }"), KFold(7, shuffle=True, random_state=42).split(index)), "KFold, shuffled")
ok(same(folds("{ folds = 7, shuffle = false }"), KFold(7).split(index)), "KFold, in blocks")
ok(same(folds('{ folds = 5, stratify = "kind" }'), StratifiedKFold(5, shuffle=True, random_state=42).split(index, kinds)),
   "StratifiedKFold, shuffled")
ok(same(folds('{ folds = 4, stratify = "number", shuffle = false }'), StratifiedKFold(4).split(index, numbers)),
   "StratifiedKFold, in the table's order")
got = folds('{ folds = 6, group = "group" }')
sizes = sorted(len(test) for _, test in GroupKFold(6).split(index, groups=groups))
ok(got is not None and sorted(len(test) for _, test in got) == sizes, "GroupKFold: folds of its sizes")
ok(got is not None and all(not set(groups[train]) & set(groups[test]) for train, test in got), "with no group on both sides")
want = [(sorted(ordered[a]), sorted(ordered[b])) for a, b in TimeSeriesSplit(5).split(index)]
ok(same(folds('{ folds = 5, time = "time" }'), want), "TimeSeriesSplit: each fold after what it was trained on")
end()
