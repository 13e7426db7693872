"""bench_shape.lua's tasks in pandas: texts of few values as categories."""
import os
import re
import time

import pandas as pd

e = os.environ
runs = int(e.get("BENCH_RUNS", "3"))
t = pd.read_csv(e["BENCH_LEFT"], dtype={k: "category" for k in ("id1", "id2", "id3")})
big, medium = pd.read_csv(e["BENCH_RIGHT"]), pd.read_csv(e["BENCH_MEDIUM"])
small = pd.read_csv(e["BENCH_SMALL"])
small["id1"] = small["id1"].astype(t["id1"].dtype)


def group(by, **what):
    return lambda: t.groupby(by, as_index=False, sort=False, observed=True).agg(**what)


def join(other, on, how="inner"):
    return lambda: t.merge(other, on=on, how=how, suffixes=("", "_right"))


tasks = {
    "group_text_100_sum": group("id1", s=("v1", "sum")),
    "group_2_texts_sum": group(["id1", "id2"], s=("v1", "sum")),
    "group_text_1e5_sum_mean": group("id3", s=("v1", "sum"), m=("v3", "mean")),
    "group_int_100_means": group("id4", s=("v1", "mean"), m=("v2", "mean"), c=("v3", "mean")),
    "group_int_1e5_sums": group("id6", s=("v1", "sum"), m=("v2", "sum"), c=("v3", "sum")),
    "group_2_ints_median_sd": group(["id4", "id5"], s=("v3", "median"), m=("v3", "std")),
    "group_text_1e5_max_min": group("id3", s=("v1", "max"), m=("v2", "min")),
    "group_int_1e7_sum": group("id7", s=("v3", "sum")),
    "group_string_1e7_sum": group("id8", s=("v3", "sum")),
    "group_6_keys_sum_count": group(["id1", "id2", "id3", "id4", "id5", "id6"], s=("v3", "sum"), m=("v3", "size")),
    "join_int_100": join(small, "id4"),
    "join_text_100": join(small, "id1"),
    "join_int_1e6": join(medium, "id7"),
    "join_int_1e7": join(big, "id7"),
    "join_int_1e7_left": join(big, "id7", "left"),
    "join_string_1e6": join(medium, "id8"),
    "join_string_1e7": join(big, "id8"),
}
for name, run in tasks.items():
    if not re.search(e.get("BENCH_ONLY", ""), name):
        continue
    walls, cpus, o = [], [], None
    for _ in range(runs):
        o = None
        wall, cpu = time.perf_counter(), time.process_time()
        o = run()
        walls.append(time.perf_counter() - wall)
        cpus.append(time.process_time() - cpu)
    sums = " ".join(f"{x}={o[x].sum():.9g}" for x in ("s", "m", "c", "w") if x in o)
    middle = (runs - 1) // 2
    print(f"{name:24} pandas     {sorted(walls)[middle]:8.3f} cpu={sorted(cpus)[middle]:.3f} rows={len(o)} {sums}", flush=True)
