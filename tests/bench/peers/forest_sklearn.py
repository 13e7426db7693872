"""Random forest and extra trees of scikit-learn on the generator's `higgs`: forest_sklearn.py FOLDER [FAMILY..]"""
import os
import resource
import sys
import time

import numpy as np
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier
from sklearn.metrics import roc_auc_score

folder, rows, width, trees = sys.argv[1], int(os.environ.get("BENCH_ROWS", 200000)), 28, 100
x = np.fromfile(folder + "/higgs_X.f32", np.float32).reshape(-1, width)
y = np.fromfile(folder + "/higgs_y.f32", np.float32)
train, test = slice(0, rows), slice(len(y) - 100000, len(y))
x_train, y_train, x_test, y_test = x[train].copy(), y[train], x[test].copy(), y[test]


def cpu():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


for name in (sys.argv[2] if len(sys.argv) > 2 else "forest,extra_trees").split(","):
    family = RandomForestClassifier if name == "forest" else ExtraTreesClassifier
    begin, busy = time.perf_counter(), cpu()
    model = family(n_estimators=trees, n_jobs=2, random_state=42, oob_score=name == "forest").fit(x_train, y_train)
    seconds, busy = time.perf_counter() - begin, cpu() - busy
    begin = time.perf_counter()
    p = model.predict_proba(x_test)[:, 1]
    score = time.perf_counter() - begin
    nodes = sum(tree.tree_.node_count for tree in model.estimators_)
    print(f"{name} sklearn {seconds:.2f} cpu={busy:.2f} auc={roc_auc_score(y_test, p):.5f} nodes={nodes} predict={score:.2f}"
          + (f" oob={1 - model.oob_score_:.5f}" if name == "forest" else ""), flush=True)
