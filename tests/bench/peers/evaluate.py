#!/usr/bin/python3
"""The same figures by scikit-learn: what bench_evaluate.lua measures."""
import os
import time

import numpy as np
import sklearn.metrics as sk


def made(rows):
    out, state = np.empty(2 * rows), 12345
    for at in range(2 * rows):
        state = state * 48271 % 2147483647
        out[at] = state / 2147483647
    return (out[1::2] < out[::2]).astype(int), out[::2].copy()


rows = int(float(os.environ.get("BENCH_ROWS", 5e6)))
y, p = made(rows)
best = 1e9
for _ in range(3):
    begin = time.perf_counter()
    auc, ap, loss = sk.roc_auc_score(y, p), sk.average_precision_score(y, p), sk.log_loss(y, p)
    sk.brier_score_loss(y, p)
    guess = p > 0.5
    sk.accuracy_score(y, guess), sk.matthews_corrcoef(y, guess), sk.precision_recall_fscore_support(y, guess)
    best = min(best, time.perf_counter() - begin)
print(f"metrics_5m scikit-learn {best:.3f} rows={rows} auc={auc:.12f} log_loss={loss:.12f}")
y, p = y[:100000], p[:100000]
random = np.random.RandomState(0)
begin = time.perf_counter()
for _ in range(20):
    rows = random.randint(0, len(y), len(y))
    sk.roc_auc_score(y[rows], p[rows])
print(f"intervals_100k scikit-learn {(time.perf_counter() - begin) * 50:.3f} resamples=1000 of_auc_alone=20_measured")
