"""A dense network by torch for bench_network.lua: 28-256-256-1, ReLU, Adam at 1e-3, batches of 1024, 3 epochs. argv: the folder of data."""
import sys
import time

import numpy as np
import torch
from torch import nn

ROWS, WIDTH = 1_000_000, 28
X = np.fromfile(sys.argv[1] + "/higgs_X.f32", "f4").reshape(-1, WIDTH)
y = np.fromfile(sys.argv[1] + "/higgs_y.f32", "f4")
X = ((X - X[:ROWS].mean(0)) / X[:ROWS].std(0)).astype("f4")


def auc(truth, score):
    order = np.argsort(score)
    rank = np.empty(len(score))
    rank[order] = np.arange(1, len(score) + 1)
    ones = truth > 0
    return (rank[ones].sum() - ones.sum() * (ones.sum() + 1) / 2) / (ones.sum() * (~ones).sum())


torch.set_num_threads(1)  # its products run in OpenBLAS's own threads, which two pools would fight over
torch.manual_seed(1)
net = nn.Sequential(nn.Linear(WIDTH, 256), nn.ReLU(), nn.Linear(256, 256), nn.ReLU(), nn.Linear(256, 1))
adam = torch.optim.Adam(net.parameters(), lr=1e-3)
lossf = nn.BCEWithLogitsLoss()
rows, target = torch.from_numpy(X[:ROWS]), torch.from_numpy(y[:ROWS])[:, None].contiguous()
began, spent = time.perf_counter(), time.process_time()
for _ in range(3):
    order, total = torch.randperm(ROWS), 0.0
    for at in range(0, ROWS, 1024):
        k = order[at:at + 1024]
        adam.zero_grad(set_to_none=True)
        loss = lossf(net(rows[k]), target[k])
        loss.backward()
        adam.step()
        total += loss.item() * len(k)
began, spent = time.perf_counter() - began, time.process_time() - spent
with torch.no_grad():
    score = net(torch.from_numpy(X[ROWS:]))[:, 0].numpy()
print(f"network torch {began:.3f} cpu={spent:.2f} loss={total / ROWS:.6f} auc={auc(y[ROWS:], score):.6f}")
