"""Gradient boosting by xgboost, and by LightGBM where $LGB_LIB is its library: what bench_boosting.lua does, on the same rows."""
import ctypes as C
import os
import sys
import time

import numpy as np
from scipy.stats import rankdata

folder, rows = sys.argv[1], 1_000_000
threads = int(os.environ.get("BENCH_THREADS", os.cpu_count()))
X = np.fromfile(folder + "/higgs_X.f32", "f4").reshape(-1, 28)
y = np.fromfile(folder + "/higgs_y.f32", "f4")


def show(name, begin, busy, score):
    wall, cpu = time.perf_counter() - begin, time.process_time() - busy
    p = score()
    truth = y[rows:] > 0.5
    rank = rankdata(p)
    auc = (rank[truth].sum() - truth.sum() * (truth.sum() + 1) / 2) / (truth.sum() * (~truth).sum())
    loss = -np.mean(np.log(np.where(truth, p, 1 - p)))
    print(f"{name}-{threads} {wall:.3f} cpu={cpu:.2f} auc={auc:.6f} log_loss={loss:.6f}", flush=True)


def xgboost(shape):
    import xgboost as xgb
    options = dict(objective="binary:logistic", eta=0.1, tree_method="hist", max_bin=255, nthread=threads, reg_lambda=1, verbosity=0)
    options |= dict(grow_policy="lossguide", max_leaves=255, max_depth=0) if shape == "leaf" else dict(max_depth=8)
    begin, busy = time.perf_counter(), time.process_time()
    data = xgb.QuantileDMatrix(X[:rows], y[:rows], max_bin=255, nthread=threads)
    model = xgb.train(options, data, 100)
    show(f"boosting_{shape} xgboost", begin, busy, lambda: model.inplace_predict(X[rows:]))


def lightgbm(shape):
    lib = C.CDLL(os.environ["LGB_LIB"])
    options = (f"objective=binary learning_rate=0.1 max_bin=255 num_leaves=255 min_data_in_leaf=20 num_threads={threads} verbosity=-1 "
               f"max_depth={8 if shape == 'depth' else -1}").encode()
    data, model, done, size = C.c_void_p(), C.c_void_p(), C.c_int(), C.c_int64()
    begin, busy = time.perf_counter(), time.process_time()
    lib.LGBM_DatasetCreateFromMat(X.ctypes.data_as(C.c_void_p), 0, C.c_int32(rows), C.c_int32(28), 1, options, None, C.byref(data))
    lib.LGBM_DatasetSetField(data, b"label", y.ctypes.data_as(C.c_void_p), C.c_int(rows), 0)
    lib.LGBM_BoosterCreate(data, options, C.byref(model))
    for _ in range(100):
        lib.LGBM_BoosterUpdateOneIter(model, C.byref(done))

    def score():
        test, out = np.ascontiguousarray(X[rows:]), np.empty(len(X) - rows)
        lib.LGBM_BoosterPredictForMat(model, test.ctypes.data_as(C.c_void_p), 0, C.c_int32(len(test)), C.c_int32(28), 1, 0, 0, -1, b"",
                                      C.byref(size), out.ctypes.data_as(C.c_void_p))
        return out

    show(f"boosting_{shape} lightgbm", begin, busy, score)


who = os.environ.get("BENCH_WHO", "xgboost,lightgbm").split(",")
peers = [peer for peer in [xgboost] + ([lightgbm] if os.environ.get("LGB_LIB") else []) if peer.__name__ in who]
for shape in (sys.argv[2] if len(sys.argv) > 2 else "leaf,depth").split(","):
    for peer in peers:
        try:
            peer(shape)
        except ImportError as problem:
            print("#", problem)
