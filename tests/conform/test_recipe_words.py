#!/usr/bin/python3
"""Recipes of categories, dates, texts and choice against pandas and scikit-learn, on real tables; their ONNX against ONNX Runtime. Target
encoding is held against its published formula, for scikit-learn has a TargetEncoder only from 1.3 on."""
import json
import os
import subprocess
import tempfile
import warnings

from judge import DATA, HERE, LATHE, TOP, end, ok, skip, skip_all

HOUSING = os.path.join(TOP, "share/examples/house-prices/california-housing.csv")
MODULES = os.environ.get("LATHE_NODE_MODULES", os.path.join(HERE, "node_modules"))
warnings.simplefilter("ignore")

try:
    import numpy as np
    import pandas as pd
    from sklearn import feature_selection as choose
    from sklearn.metrics import mutual_info_score
    from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer, TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import KFold, StratifiedKFold
    from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder
except ImportError as problem:
    skip_all(problem)

# Each job: a table, a recipe, and the rows to make features of; the features go to a .npy file.
FEATURES = """
local jobs = require("lathe.json").decode((...))
local result = {}
for index, job in ipairs(jobs) do
  local t = lathe.read(job.path, { types = job.types })
  if job.select then t = t:select(job.select) end
  local recipe = lathe.recipe { target = job.target, impersonal = job.impersonal, steps = job.steps }
  local model = lathe.fit(t, recipe)
  local rows = job.rows and lathe.read(job.rows, { types = job.types }) or t
  local features = model:predict(rows)
  features:write(job.out)
  result[index] = { names = features:columns(), notes = model:notes(), learned = model:learned() }
end
return result
"""


def features(jobs):
    """Features and their names, job by job."""
    for index, job in enumerate(jobs):
        job["out"] = os.path.join(folder, f"features{index}.npy")
    done = subprocess.run([LATHE, "eval", "--json", FEATURES, json.dumps(jobs)], capture_output=True, text=True)
    if done.returncode != 0:
        ok(False, "features are made", done.stderr.strip())
        return []
    result = json.loads(done.stdout)
    for job, one in zip(jobs, result):
        matrix = np.load(job["out"])
        one["x"] = np.column_stack([matrix[name] for name in matrix.dtype.names]) if matrix.dtype.names else matrix
        if one["x"].ndim == 1:
            one["x"] = one["x"].reshape(-1, 1)
    return result


def near(got, want, tolerance=1e-12):
    want = np.asarray(want, dtype=float)
    return got.shape == want.shape and np.array_equal(np.isnan(got), np.isnan(want)) and (
        got.size == 0 or np.nanmax(np.abs(got - want) / np.maximum(1, np.abs(want)), initial=0) <= tolerance)


# ---- texts ----

def texts():
    sms = pd.read_csv(os.path.join(DATA, "sms-spam/SMSSpamCollection.tsv"), sep="\t", header=None, quoting=3, names=["label", "message"])
    hotel = pd.read_csv(os.path.join(DATA, "chnsenticorp-hotel/ChnSentiCorp_htl_all.csv"), header=None, names=["label", "message"])
    if hotel["message"][0] == "review":
        hotel = hotel[1:]
    hotel = hotel.dropna().reset_index(drop=True)
    paths = {}
    for name, table in ("sms", sms), ("hotel", hotel):
        paths[name] = os.path.join(folder, name + ".csv")
        table["message"] = table["message"].str.replace("\r", " ")
        if name == "sms":  # its one ideograph is a word here and none there
            table["message"] = table["message"].str.replace("\u9225", "")
        table.to_csv(paths[name], index=False)
    return {"sms": sms, "hotel": hotel}, paths


def vectorizer(kind, options):
    names = {"unit": "analyzer", "smooth": "smooth_idf", "sublinear": "sublinear_tf", "buckets": "n_features", "signed": "alternate_sign"}
    own = {names.get(k, k): v for k, v in options.items() if k not in ("method", "ngram_min", "ngram_max", "max_features", "lowercase")}
    own["ngram_range"] = (options.get("ngram_min", 1), options.get("ngram_max", 1))
    own["lowercase"] = options.get("lowercase", True)
    if own.get("norm") == "none":
        own["norm"] = None
    return {"counts": CountVectorizer, "tfidf": TfidfVectorizer, "hashing": HashingVectorizer}[kind](**own)


def test_texts():
    tables, paths = texts()
    cases = [
        ("sms", dict(method="counts", min_df=4)),
        ("sms", dict(method="counts", min_df=5, ngram_max=2, binary=True)),
        ("sms", dict(method="tfidf", min_df=3)),
        ("sms", dict(method="tfidf", min_df=0.002, max_df=0.2, sublinear=True, norm="l1")),
        ("sms", dict(method="tfidf", min_df=10, smooth=False, norm="none", lowercase=False)),
        ("sms", dict(method="tfidf", unit="char", ngram_min=2, ngram_max=3, min_df=20)),
        ("sms", dict(method="tfidf", unit="char_wb", ngram_min=2, ngram_max=4, min_df=40)),
        ("sms", dict(method="hashing", buckets=256)),
        ("sms", dict(method="hashing", buckets=100, signed=False, norm="l1", ngram_max=2)),
        ("hotel", dict(method="tfidf", unit="char", ngram_max=2, min_df=40)),
        ("hotel", dict(method="counts", unit="char", ngram_max=2, min_df=60, binary=True)),
    ]
    jobs = [dict(path=paths[name], types=dict(message="string", label="string"), target="label", impersonal=["message"],
                 steps=[["text", dict(options, max_features=60000)]]) for name, options in cases]
    for job in jobs:
        kind, options = job["steps"][0]
        job["steps"] = [dict(options, step=kind)]
        if options["method"] == "hashing":
            del job["steps"][0]["max_features"]
    for (name, options), one in zip(cases, features(jobs)):
        other = vectorizer(options["method"], options)
        want = other.fit_transform(tables[name]["message"]).toarray()
        label = f"{name}: " + ", ".join(f"{k} = {v}" for k, v in options.items())
        if options["method"] != "hashing":
            want_names = ["message~" + word for word in other.get_feature_names_out()]
            ok(one["names"] == want_names, f"{label}: the vocabulary is scikit-learn's ({len(want_names)})",
               str(sorted(set(one["names"]) ^ set(want_names))[:10]))
        ok(near(one["x"], want), f"{label}: the matrix is scikit-learn's to 1e-12")
    return tables, paths


SCORES = """
local path, train, test, options = ...
local json = require "lathe.json"
local t = lathe.read(path, { types = { message = "string", label = "string" } })
local train, test = t:split { test = 0.25, seed = 1, stratify = "label" }
local recipe = lathe.recipe { target = "label", impersonal = "message", steps = json.decode(options) }
local model = lathe.fit(train, recipe, lathe.logistic { l2 = 1 })
local p = model:predict(test)
local list = p:column("P(" .. model:classes()[2] .. ")"):values()
list.n = nil
local labels, messages, fit_labels, fit_messages = {}, {}, {}, {}
for row = 1, test:rows() do labels[row], messages[row] = test:column("label"):get(row), test:column("message"):get(row) end
for row = 1, train:rows() do fit_labels[row], fit_messages[row] = train:column("label"):get(row), train:column("message"):get(row) end
local names = model:coefficients():column("feature"):values()
names.n = nil
local metrics = model:evaluate(test, { resamples = 0, curves = false }).metrics
return { p = list, labels = labels, messages = messages, fit_labels = fit_labels, fit_messages = fit_messages,
  accuracy = metrics.accuracy, auc = metrics.auc, names = names }
"""


def test_learning(paths):
    for name, options, kind in (("sms", dict(max_features=1000), "word"), ("hotel", dict(unit="char", ngram_max=2, max_features=1500), "char")):
        done = subprocess.run([LATHE, "eval", "--json", SCORES, paths[name], "", "", json.dumps([dict(options, step="text")])],
                              capture_output=True, text=True)
        ok(done.returncode == 0, f"{name}: a logistic regression learns from texts", done.stderr.strip())
        if done.returncode != 0:
            continue
        got = json.loads(done.stdout)
        vocabulary = [n[len("message~"):] for n in got["names"] if n != "(intercept)"]
        other = TfidfVectorizer(analyzer=kind, ngram_range=(1, options.get("ngram_max", 1)), vocabulary=vocabulary)
        x = other.fit_transform(got["fit_messages"])
        model = LogisticRegression(C=1, tol=1e-10, solver="newton-cholesky").fit(x.toarray(), got["fit_labels"])
        p = model.predict_proba(other.transform(got["messages"]))[:, 1]
        accuracy = np.mean(model.classes_[(p > 0.5).astype(int)] == np.array(got["labels"]))
        ok(np.max(np.abs(p - got["p"])) < 1e-5, f"{name}: probabilities of test rows are scikit-learn's",
           str(np.max(np.abs(p - got["p"]))))
        ok(abs(accuracy - got["accuracy"]) < 1e-12 and got["accuracy"] > 0.85,
           f"{name}: so is the accuracy ({got['accuracy']:.4f})", str(accuracy))


# ---- categories ----

def test_categories():
    path = os.path.join(DATA, "adult/adult.csv")
    adult = pd.read_csv(path, dtype=str, keep_default_na=False).head(12000)
    adult.columns = [name.strip().replace("-", "_").replace(".", "_") for name in adult.columns]
    target = adult.columns[-1]
    texts_of = [c for c in adult.columns[:-1] if not adult[c].str.strip().str.fullmatch(r"-?\d+(\.\d+)?").all()]
    whole = [c for c in adult.columns[:-1] if c not in texts_of and adult[c].nunique() < 30][:1]
    adult = adult[texts_of + whole + [target]]
    for c in texts_of:
        adult[c] = adult[c].str.strip()
    adult = adult.replace("?", "unknown").replace("", "unknown")
    train, test = adult.head(8000), adult.tail(4000)
    paths = [os.path.join(folder, name) for name in ("adult-train.csv", "adult-test.csv")]
    train.to_csv(paths[0], index=False)
    test.to_csv(paths[1], index=False)
    types = {c: "string" for c in texts_of}
    columns = texts_of + whole

    def job(**options):
        return dict(path=paths[0], rows=paths[1], types=types, target=target, steps=[dict(options, step="encode", columns=columns)])

    jobs = [job(), job(min_count=100, unknown="level"), job(min_share=0.02), job(drop="first"),
            job(method="ordinal", unknown="value"), job(method="frequency"), job(method="target")]
    got = features(jobs)
    if not got:
        return

    def numbered(table):
        table = table[columns].copy()
        for c in whole:
            table[c] = table[c].astype(int)
        return table

    x, y = numbered(train), numbered(test)
    ok(near(got[0]["x"], OneHotEncoder(handle_unknown="ignore", sparse=False).fit(x).transform(y)), "one-hot columns are scikit-learn's")
    hot = OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=100, sparse=False).fit(x)
    pooled = [i for i, name in enumerate(got[1]["names"])
              if not name.endswith("=(other)") or x[name.split("=")[0]].value_counts().lt(100).any()]
    ok(near(got[1]["x"][:, pooled], hot.transform(y)), "so are those of pooled levels, unknown ones among them")
    rare = OneHotEncoder(handle_unknown="ignore", min_frequency=0.02, sparse=False).fit(x)
    ok(near(got[2]["x"], rare.transform(y)), "pooled by a share too")
    ok(near(got[3]["x"], OneHotEncoder(drop="first", handle_unknown="ignore", sparse=False).fit(x).transform(y)), "and without the first")
    codes = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1).fit(x)
    ok(near(got[4]["x"], codes.transform(y)), "ordinal codes are scikit-learn's")
    shares = np.column_stack([y[c].map(x[c].value_counts(normalize=True)).fillna(0) for c in columns])
    ok(near(got[5]["x"], shares), "frequencies are pandas'")
    yes = (train[target] == sorted(train[target].unique())[1]).astype(float).to_numpy()
    want = np.column_stack([encoding(x[c].to_numpy(), yes, y[c].to_numpy()) for c in columns])
    ok(near(got[6]["x"], want), "target encodings of two classes are those of the formula")


# ---- target encoding ----

def encoding(category, y, to, smooth=None):
    """Micci-Barreca 2001, as scikit-learn 1.3 has it: learned of `category` and `y`, put to `to`."""
    mean, variance, table = np.mean(y), np.var(y), {}
    for level in pd.unique(category):
        own = y[category == level]
        if smooth is not None:
            table[level] = (own.sum() + smooth * mean) / (len(own) + smooth)
            continue
        spread = np.sum((own - own.mean()) ** 2)
        below = variance * len(own) + spread / len(own)
        weight = variance * len(own) / below if below > 0 else None
        table[level] = mean if weight is None else weight * own.mean() + (1 - weight) * mean
    return np.array([table.get(level, mean) for level in to])


def out_of_fold(category, y, folds, seed, classes=None, smooth=None):
    splits = StratifiedKFold(folds, shuffle=True, random_state=seed).split(y, classes) if classes is not None else \
        KFold(folds, shuffle=True, random_state=seed).split(y)
    out = np.empty(len(y))
    for train, test in splits:
        out[test] = encoding(category[train], y[train], category[test], smooth)
    return out


TARGETS = """
local path, options, target = ...
local t = lathe.read(path)
local recipe = lathe.recipe { target = target, steps = require("lathe.json").decode(options) }
local c = lathe.fit(t, recipe, lathe.linear {}):coefficients():column("estimate"):values()
c.n = nil
return c
"""


def test_target():
    housing = pd.read_csv(HOUSING)[["ocean_proximity", "housing_median_age", "median_house_value"]]
    housing["high"] = (housing["median_house_value"] > 180000).astype(int)
    path = os.path.join(folder, "housing.csv")
    housing.to_csv(path, index=False)
    names = ["ocean_proximity", "housing_median_age"]
    for target, smooth, seed, folds in (("median_house_value", None, 42, 5), ("median_house_value", 25, 7, 3), ("high", None, 1, 5)):
        y = housing[target].to_numpy().astype(float)
        step = dict(step="encode", method="target", columns=names, seed=seed, folds=folds)
        if smooth is not None:
            step["smooth"] = smooth
        drop = [c for c in ("median_house_value", "high") if c != target]
        table = housing.drop(columns=drop)
        table.to_csv(path, index=False)
        one = features([dict(path=path, target=target, steps=[step])])
        want = np.column_stack([encoding(housing[c].to_numpy(), y, housing[c].to_numpy(), smooth) for c in names])
        words = f"{target}, smooth = {smooth}"
        ok(bool(one) and near(one[0]["x"], want), f"{words}: what new rows get is the formula's to 1e-12")
        done = subprocess.run([LATHE, "eval", "--json", TARGETS, path, json.dumps([step]), target], capture_output=True, text=True)
        ok(done.returncode == 0, f"{words}: a regression learns from it", done.stderr.strip())
        if done.returncode != 0:
            continue
        classes = housing[target].to_numpy() if target == "high" else None
        folded = np.column_stack([np.ones(len(y))] + [out_of_fold(housing[c].to_numpy(), y, folds, seed, classes, smooth) for c in names])
        best = np.linalg.lstsq(folded, y, rcond=None)[0]
        got = np.array(json.loads(done.stdout))
        ok(np.max(np.abs(got - best) / np.abs(best)) < 1e-9, f"{words}: from the values of the other folds, of scikit-learn's folds",
           f"{got} {best}")
    penguins = pd.read_csv(os.path.join(DATA, "penguins/penguins.csv"))
    penguins = penguins[["species", "island", "sex"]]
    path = os.path.join(folder, "penguins.csv")
    penguins.to_csv(path, index=False, na_rep="")
    one = features([dict(path=path, target="species", steps=[dict(step="encode", method="target")])])
    if one:
        kinds = sorted(penguins["species"].unique())
        want = [encoding(penguins[c].fillna("-").to_numpy(), (penguins["species"] == kind).to_numpy().astype(float),
                         penguins[c].fillna("-").to_numpy()) for c in ("island", "sex") for kind in kinds]
        ok(near(one[0]["x"], np.column_stack(want)), "of several classes each has a column, and missing ones are a category")
        ok(one[0]["names"] == [f"P({kind}|{c})" for c in ("island", "sex") for kind in kinds], "with its name")


# ---- dates ----

PARTS = "year quarter month week day day_of_year weekday weekend hour minute second elapsed"


def test_dates():
    hours = pd.read_csv(os.path.join(DATA, "bike-sharing/hour.csv"))[["dteday", "hr", "cnt"]]
    at = pd.to_datetime(hours["dteday"]) + pd.to_timedelta(hours["hr"], unit="h")
    generator = np.random.RandomState(1)
    some = generator.choice(len(hours), 3000, replace=False)
    at = at.iloc[some].reset_index(drop=True)
    wide = pd.Series(pd.to_datetime(generator.randint(-4000000000, 4000000000, 4000), unit="s"))
    table = pd.DataFrame({"at": pd.concat([at, wide], ignore_index=True)})
    table["day"] = table["at"].dt.floor("D")
    table["y"] = np.arange(len(table)) % 17
    table.loc[5, "at"] = pd.NaT
    path = os.path.join(folder, "dates.csv")
    table.assign(at=table["at"].dt.strftime("%Y-%m-%d %H:%M:%S"), day=table["day"].dt.strftime("%Y-%m-%d")).to_csv(path, index=False)
    types = dict(at="timestamp", day="date")
    jobs = [dict(path=path, types=types, target="y", steps=[dict(step="date", parts=PARTS)]),
            dict(path=path, types=types, target="y", steps=[dict(step="date", parts="month hour weekday", cyclical=True, columns=["at"],
                                                                 origin="2000-01-01")])]
    got = features(jobs)
    if not got:
        return

    def parts(s):
        d = s.dt
        origin = s.min().floor("D")
        return np.column_stack([d.year, d.quarter, d.month, d.isocalendar().week.astype(float), d.day, d.dayofyear, d.dayofweek,
                                (d.dayofweek >= 5).where(s.notna()).astype(float), d.hour, d.minute, d.second,
                                (s - origin) / pd.Timedelta(days=1)]).astype(float)

    want = np.column_stack([parts(table["at"]), parts(table["day"])])
    off = [got[0]["names"][i] for i in range(want.shape[1]) if not near(got[0]["x"][:, i], want[:, i])]
    ok(not off and got[0]["x"].shape == want.shape, "parts of dates are pandas' to 1e-12", str(off))
    circle = []
    for values, first, period in ((table["at"].dt.month, 1, 12), (table["at"].dt.hour, 0, 24), (table["at"].dt.dayofweek, 0, 7)):
        angle = 2 * np.pi * (values - first) / period
        circle += [np.sin(angle), np.cos(angle)]
    ok(near(got[1]["x"][:, 1:7] if got[1]["names"][0] == "day" else got[1]["x"][:, :6], np.column_stack(circle)), "so are their places on circles",
       str(got[1]["names"]))


# ---- choice ----

def quantile_codes(x, bins=16):
    """Bins as share/doc/recipe.md says."""
    if len(np.unique(x)) <= bins:
        return np.unique(x, return_inverse=True)[1]
    edges = np.unique(np.sort(x)[[k * len(x) // bins for k in range(1, bins)]])
    return np.searchsorted(edges[edges > x.min()], x, side="right")


def mutual_information(a, b):
    counts = pd.crosstab(a, b).to_numpy()
    chance = ((counts > 0).sum() - counts.shape[0] - counts.shape[1] + 1) / (2 * counts.sum())
    return max(mutual_info_score(a, b) - chance, 0)


def test_choice():
    cancer = pd.read_csv(os.path.join(TOP, "share/examples/breast-cancer/breast_cancer.csv"))
    target = cancer.columns[-1] if cancer[cancer.columns[-1]].nunique() == 2 else next(c for c in cancer.columns if cancer[c].nunique() == 2)
    numbers = [c for c in cancer.columns if c != target and cancer[c].dtype.kind in "fi"]
    x, y = cancer[numbers].to_numpy(dtype=float), cancer[target].to_numpy()
    z = cancer[numbers[0]].to_numpy(dtype=float)
    path = os.path.join(folder, "cancer.csv")
    cancer[numbers + [target]].to_csv(path, index=False)

    def job(goal, **options):
        return dict(path=path, select=numbers + ([target] if goal == target else []), target=goal, steps=[dict(options, step="select")])

    jobs = [job(target, threshold=0.5), job(target, method="f_classif", top=7), job(target, method="chi2", top=5), job(numbers[0], method="f_regression", top=9),
            job(target, method="f_classif", share=0.25), job(target, method="correlation", threshold=0.9),
            job(target, method="mutual_information", top=6), job(numbers[0], method="mutual_information", top=6)]
    got = features(jobs)
    if not got:
        return

    def kept(selector, x, y, names):
        return [name for name, stays in zip(names, selector.fit(x, y).get_support()) if stays]

    rest = numbers[1:]
    wants = [kept(choose.VarianceThreshold(0.5), x, y, numbers), kept(choose.SelectKBest(choose.f_classif, k=7), x, y, numbers),
             kept(choose.SelectKBest(choose.chi2, k=5), x, y, numbers),
             kept(choose.SelectKBest(choose.f_regression, k=9), x[:, 1:], z, rest),
             kept(choose.SelectPercentile(choose.f_classif, percentile=25), x, y, numbers)]
    for words, one, want in zip(("variance", "f_classif", "chi2", "f_regression", "a share by f_classif"), got, wants):
        ok(one["names"] == want, f"{words}: the features are scikit-learn's", f"{one['names']} {want}")
    told = {row["column"]: float(row["learned"].split()[-4]) for row in got[1]["learned"]}
    scores = choose.f_classif(x, y)[0]
    ok(all(abs(told[c] - f) < 1e-5 * f for c, f in zip(numbers, scores)), "and the scores that are told")
    r, stay = cancer[numbers].corr().abs(), []
    for c in numbers:
        if not any(r.loc[c, other] > 0.9 for other in stay):
            stay.append(c)
    for one, columns, goal, words in ((got[6], numbers, y, "classes"), (got[7], rest, z, "numbers")):
        codes = goal if words == "classes" else quantile_codes(goal)
        scores = {c: mutual_information(quantile_codes(cancer[c].to_numpy(dtype=float)), codes) for c in columns}
        told = {row["column"]: float(row["learned"].split()[-4]) for row in one["learned"]}
        best = sorted(columns, key=lambda c: (scores[c], columns.index(c)))[-6:]
        ok(one["names"] == [c for c in columns if c in best] and all(abs(told[c] - scores[c]) < 1e-5 * max(scores[c], 1) for c in columns),
           f"mutual information with {words}: scikit-learn's mutual_info_score of the same bins, less what chance adds", f"{told} {scores}")
    ok(got[5]["names"] == stay, "correlation: the features are those that pandas' correlations leave", f"{got[5]['names']} {stay}")


# ---- ONNX ----

EXPORT = """
local path, rows, folder, jobs = ...
local result = {}
for index, job in ipairs(require("lathe.json").decode(jobs)) do
  local t, score = lathe.read(path, { types = job.types }), lathe.read(rows, { types = job.types })
  local model = lathe.fit(t, lathe.recipe { target = job.target, drop = job.drop, steps = job.steps }, lathe.ridge { alpha = 1 })
  model:export(("%s/words%d.onnx"):format(folder, index))
  local values = model:predict(score):column(job.target):values()
  for row = 1, values.n do values[row] = values[row] == nil and false or values[row] end
  values.n = nil
  result[index] = { values = values }
end
return result
"""


def test_onnx():
    try:
        there = subprocess.run(["node", "-e", ""], capture_output=True).returncode == 0
    except OSError:
        there = False
    if not there or not os.path.isdir(os.path.join(MODULES, "onnxruntime-node")):
        skip("ONNX Runtime predicts the same", "onnxruntime-node is not in tests/conform/node_modules")
        return
    generator = np.random.RandomState(3)
    n = 1500
    at = pd.Series(pd.to_datetime(generator.randint(-9200000000, 9200000000, n), unit="s"))
    table = pd.DataFrame({"at": at, "day": at.dt.floor("D") + pd.Timedelta(days=17), "town": generator.choice(list("abcdefgh"), n),
                          "floor": generator.randint(-3, 9, n), "flag": generator.choice([True, False], n), "y": generator.rand(n)})
    fresh = table.head(300).copy()
    fresh["town"] = generator.choice(list("abcxyz"), 300)
    fresh["floor"] = generator.choice([-3, 0, 5, 77, 4], 300)
    paths = []
    for name, one in ("onnx-train.csv", table), ("onnx-rows.csv", fresh):
        paths.append(os.path.join(folder, name))
        one.assign(at=one["at"].dt.strftime("%Y-%m-%d %H:%M:%S"), day=one["day"].dt.strftime("%Y-%m-%d")).to_csv(paths[-1], index=False)
    types = dict(at="timestamp", day="date", town="string", floor="int64", flag="bool")
    coded = dict(columns=["town", "floor", "flag"], step="encode")
    recipes = [[dict(step="date", parts=PARTS), dict(coded)], [dict(step="date", cyclical=True, parts=PARTS), dict(coded, min_count=180)],
               [dict(step="date"), dict(coded, method="target")], [dict(step="date"), dict(coded, method="frequency")],
               [dict(step="date"), dict(coded, method="ordinal", min_count=150, unknown="level")], [dict(step="date"), dict(coded, unknown="level")]]
    jobs = [dict(types=types, target="y", steps=steps) for steps in recipes]
    done = subprocess.run([LATHE, "eval", "--json", EXPORT, paths[0], paths[1], folder, json.dumps(jobs)], capture_output=True, text=True)
    ok(done.returncode == 0, "dates and codes are exported", done.stderr.strip())
    if done.returncode != 0:
        return
    epoch = pd.Timestamp("1970-01-01")
    columns = dict(at=((fresh["at"] - epoch) // pd.Timedelta(seconds=1)).tolist(), day=((fresh["day"] - epoch) // pd.Timedelta(days=1)).tolist(),
                   town=fresh["town"].tolist(), floor=[float(x) for x in fresh["floor"]], flag=[float(x) for x in fresh["flag"]])
    columns["at"][3] = columns["floor"][4] = None
    json.dump(columns, open(os.path.join(folder, "columns.json"), "w"))
    for index, one in enumerate(json.loads(done.stdout)):
        file = os.path.join(folder, f"words{index + 1}.onnx")
        try:
            import onnx
            onnx.checker.check_model(onnx.load(file), full_check=True)
            problem = ""
        except ImportError:
            problem = ""
        except Exception as error:
            problem = str(error)
        ok(not problem, f"recipe {index + 1}: onnx.checker accepts it", problem)
        ran = subprocess.run(["node", os.path.join(HERE, "onnx_run.js"), file, os.path.join(folder, "columns.json")],
                             capture_output=True, text=True, env=dict(os.environ, LATHE_NODE_MODULES=MODULES))
        got = json.loads(ran.stdout) if ran.returncode == 0 else []
        want = one["values"]
        off = max([abs(a - b) / max(1, abs(b)) for k, (a, b) in enumerate(zip(got, want)) if k not in (3, 4) and a is not None], default=9)
        # Years, days since 1970 and seconds nearly follow from each other, so terms of 1e3 and more cancel in sums of another order.
        ok(off < 1e-11 and len(got) == len(want), f"recipe {index + 1}: ONNX Runtime predicts the same from raw columns, to 1e-11",
           f"off by {off}; {ran.stderr.strip()}")
        if index == 0 and got:
            ok(got[3] is None, "and has no prediction where a date is missing")


with tempfile.TemporaryDirectory() as folder:
    tables, paths = test_texts()
    test_learning(paths)
    test_categories()
    test_target()
    test_dates()
    test_choice()
    test_onnx()
end()
