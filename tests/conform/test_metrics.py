#!/usr/bin/python3
"""The figures of merit against scikit-learn: ties, weights, one class, classes that nothing is predicted for, degenerate probabilities."""
import json
import os
import subprocess
import tempfile
import warnings

from judge import LATHE, end, ok, skip_all

warnings.simplefilter("ignore")

try:
    import numpy as np
    import pandas as pd
    import sklearn.calibration as calibration
    import sklearn.metrics as sk
except ImportError as problem:
    skip_all(problem)

RUN = """
local json, folder = require "lathe.json", ...
local jobs, out = json.decode(io.open(folder .. "/jobs.json"):read "*a"), {}
local function plain(t)
  if not t then return nil end
  local lists = {}
  for _, name in ipairs(t:columns()) do
    local values = t:column(name):values()
    for row = 1, values.n do
      if values[row] == nil then values[row] = false elseif values[row] == math.huge then values[row] = "inf" end
    end
    values.n = nil
    lists[name] = values
  end
  return lists
end
for index, job in ipairs(jobs) do
  local t = lathe.read(job.path, { types = job.types })
  job.options.resamples = 0
  local fine, r = pcall(lathe.evaluate, t, job.options)
  out[index] = fine and { metrics = r.metrics, classes = plain(r.classes), confusion = plain(r.confusion), roc = plain(r.roc),
    precision_recall = plain(r.precision_recall), calibration = plain(r.calibration) } or { problem = r }
end
print(json.encode(out))
"""

random = np.random.RandomState(3)
folder = tempfile.mkdtemp()
jobs, wants = [], []


def job(frame, options, want, types=None):
    path = os.path.join(folder, f"{len(jobs)}.csv")
    frame.to_csv(path, index=False)
    jobs.append({"path": path, "options": options, "types": types or {"w": "float64"}})
    wants.append(want)


def regression(name, y, guess, weights=None):
    frame = pd.DataFrame({"y": y, "guess": guess, "w": np.ones(len(y)) if weights is None else weights})
    w = dict(sample_weight=weights)
    want = {"mse": sk.mean_squared_error(y, guess, **w), "rmse": sk.mean_squared_error(y, guess, squared=False, **w),
            "mae": sk.mean_absolute_error(y, guess, **w), "largest": sk.max_error(y, guess)}
    if len(set(y)) > 1:
        want["r2"] = sk.r2_score(y, guess, **w)
    if (y != 0).all():
        want["mape"] = sk.mean_absolute_percentage_error(y, guess, **w)
    if (y >= 0).all() and (guess > 0).all():
        want["poisson_deviance"] = sk.mean_poisson_deviance(y, guess, **w)
    absent = [k for k in ("r2", "mape", "poisson_deviance") if k not in want]
    job(frame, {"target": "y", "prediction": "guess", "weights": "w" if weights is not None else None}, (name, want, absent, None),
        {"y": "float64", "guess": "float64", "w": "float64"})


def classes(name, y, p, labels, weights=None, full=True):
    labels = list(labels)
    frame = pd.DataFrame({"y": y, "w": np.ones(len(y)) if weights is None else weights})
    for at, label in enumerate(labels):
        frame[f"P({label})"] = p[:, at]
    guess = np.array(labels)[p.argmax(axis=1)]
    w, two = dict(sample_weight=weights), len(labels) == 2
    several = dict(labels=labels, pos_label=labels[1], average="binary", zero_division=0) if two else dict(average="macro", zero_division=0)
    want = {"accuracy": sk.accuracy_score(y, guess, **w), "balanced_accuracy": sk.balanced_accuracy_score(y, guess, **w),
            "mcc": sk.matthews_corrcoef(y, guess, **w)}
    for word, function in (("precision", sk.precision_score), ("recall", sk.recall_score), ("f1", sk.f1_score)):
        want[word] = function(y, guess, **several, **w)
        for average in ("macro", "micro", "weighted"):
            want[f"{word}_{average}"] = function(y, guess, average=average, zero_division=0, **w)
    hot = (np.array(y)[:, None] == np.array(labels)[None, :]).astype(int)
    want["log_loss"] = sk.log_loss(y, p, labels=labels, **w)
    want["deviance"] = 2 * want["log_loss"]
    want["brier"] = sk.brier_score_loss(hot[:, 1], p[:, 1], **w) if two else np.average(((p - hot) ** 2).sum(axis=1), weights=weights)
    absent, curves = [], None
    if two:
        if len(set(y)) == 2:
            want["auc"] = sk.roc_auc_score(hot[:, 1], p[:, 1], **w)
        else:
            absent.append("auc")
        if hot[:, 1].any():
            want["average_precision"] = sk.average_precision_score(hot[:, 1], p[:, 1], **w)
        else:
            absent.append("average_precision")
        if len(set(y)) == 2:
            curves = {"roc": sk.roc_curve(hot[:, 1], p[:, 1], **w), "pr": sk.precision_recall_curve(hot[:, 1], p[:, 1], **w)}
            if weights is None:
                curves["calibration"] = calibration.calibration_curve(hot[:, 1], p[:, 1], n_bins=7, strategy="quantile")
                curves["uniform"] = calibration.calibration_curve(hot[:, 1], p[:, 1], n_bins=7)
    elif len(set(y)) == len(labels):
        want["auc"] = np.mean([sk.roc_auc_score(hot[:, k], p[:, k], **w) for k in range(len(labels))])
        want["average_precision"] = sk.average_precision_score(hot, p, **w)
    types = {"y": "category", "w": "float64"}
    types.update({f"P({label})": "float64" for label in labels})
    options = {"target": "y", "weights": "w" if weights is not None else None, "curves": "full", "bins": 7}
    confusion = sk.confusion_matrix(y, guess, labels=labels, **w)
    job(frame, options, (name, want, absent, curves, confusion, labels), types)
    if curves and "uniform" in curves:
        job(frame, {**options, "strategy": "uniform"}, (name + ", bins of one width", want, absent, {"calibration": curves["uniform"]}), types)


n = 1000
y = random.gamma(2, 3, n)
regression("numbers", y, y + random.normal(size=n))
regression("numbers with weights", y, np.exp(random.normal(size=n)), random.uniform(0, 5, n))
regression("a large offset", y + 1e6, y + 1e6 + random.normal(size=n))
regression("targets of 0 and below", np.round(y) - 3, y - 2)
regression("counts", random.poisson(1.5, n).astype(float), np.exp(random.normal(size=n) / 2))
regression("a constant target", np.full(5, 2.0), np.array([1.0, 2, 3, 4, 5]))
regression("one row", np.array([3.0]), np.array([4.0]))
for ties in (0, 20, 1):
    score = random.uniform(size=n)
    truth = np.where(random.uniform(size=n) < score, "yes", "no")
    if ties:
        score = np.round(score * ties) / ties
    p = np.column_stack([1 - score, score])
    classes(f"two classes, {ties or 'no'} ties", truth, p, ["no", "yes"])
    classes(f"two classes, {ties or 'no'} ties, weights", truth, p, ["no", "yes"], random.uniform(0, 3, n))
classes("one class in the rows", np.full(20, "no"), np.column_stack([np.full(20, .75), np.full(20, .25)]), ["no", "yes"])
classes("the other class", np.full(20, "yes"), np.column_stack([np.full(20, .75), np.full(20, .25)]), ["no", "yes"])
classes("two rows", np.array(["no", "yes"]), np.array([[.5, .5], [.5, .5]]), ["no", "yes"])
for k in (3, 6):
    raw = random.gamma(1, 1, (n, k))
    p = raw / raw.sum(axis=1, keepdims=True)
    labels = [chr(97 + i) for i in range(k)]
    truth = np.array([random.choice(labels, p=row) for row in p])
    classes(f"{k} classes", truth, p, labels)
    classes(f"{k} classes, weights", truth, p, labels, random.uniform(0, 3, n))
    truth = np.where(truth == "b", "a", truth)
    classes(f"{k} classes, one without rows", truth, p, labels)
    p[:, 2] = 0
    p /= p.sum(axis=1, keepdims=True)
    classes(f"{k} classes, one never predicted, probabilities of 0", truth, p, labels)

with open(os.path.join(folder, "jobs.json"), "w") as file:
    json.dump([{**one, "options": {k: v for k, v in one["options"].items() if v is not None}} for one in jobs], file)
script = os.path.join(folder, "run.lua")
with open(script, "w") as file:
    file.write("local lathe = require 'lathe'\n" + RUN)
done = subprocess.run([LATHE, script, folder], capture_output=True, text=True)
if done.returncode != 0:
    ok(False, "lathe runs", done.stdout + done.stderr)
    end()
got = json.loads(done.stdout)


def apart(a, b):
    a, b = np.asarray(a, float), np.asarray(b, float)
    return np.inf if a.shape != b.shape else float(np.max(np.abs(a - b) / np.maximum(1, np.abs(b)), initial=0))


worst_of_all = 0
for result, (name, want, absent, curves, *rest) in zip(got, wants):
    if "problem" in result:
        ok(False, f"{name}: measured", result["problem"])
        continue
    metrics = result["metrics"]
    off = {key: apart(metrics.get(key, np.nan), value) for key, value in want.items()}
    worst = max(off, key=lambda k: np.inf if np.isnan(off[k]) else off[k])
    worst_of_all = max(worst_of_all, off[worst])
    ok(off[worst] < 1e-12, f"{name}: {len(want)} metrics agree to 1e-12", f"{worst}: {metrics.get(worst)}, not {want[worst]}")
    if absent:
        ok(all(key not in metrics for key in absent), f"{name}: {', '.join(absent)} are left out", str(metrics))
    if rest:
        matrix = np.array([result["confusion"]["true " if label == "true" else label] for label in rest[1]]).T
        ok(apart(matrix, rest[0]) < 1e-12, f"{name}: the confusion matrix agrees")
    if curves and "roc" in curves:
        false_rate, true_rate, cuts = curves["roc"]
        roc = result["roc"]
        ok(max(apart(roc["false_positive_rate"], false_rate), apart(roc["true_positive_rate"], true_rate),
               apart(roc["threshold"][1:], cuts[1:])) < 1e-12, f"{name}: the ROC curve agrees point by point")
        precision, recall, cuts = curves["pr"]
        pr = result["precision_recall"]
        ok(max(apart(pr["precision"], precision[::-1]), apart(pr["recall"], recall[::-1]), apart(pr["threshold"][1:], cuts[::-1])) < 1e-12,
           f"{name}: precision and recall agree point by point")
    if curves and "calibration" in curves:
        observed, expected = curves["calibration"]
        ok(max(apart(result["calibration"]["observed"], observed), apart(result["calibration"]["expected"], expected)) < 1e-12,
           f"{name}: the calibration curve agrees")
print(f"# the largest difference is {worst_of_all:.2g}")
end()
