#!/usr/bin/python3
"""Decision trees and forests against scikit-learn, on real tables."""
import json
import os
import subprocess
import warnings

from judge import DATA, LATHE, TOP, end, ok, skip_all

try:
    import numpy as np
    import pandas as pd
    from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor, RandomForestClassifier, RandomForestRegressor
    from sklearn.metrics import accuracy_score, r2_score, roc_auc_score
    from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
except ImportError as problem:
    skip_all(problem)
if not os.path.isdir(DATA):
    skip_all("no shared data")
warnings.simplefilter("ignore")

FIT = """
local train, test, target, family, options = ...
local json = require "lathe.json"
local m = lathe.fit(lathe.read(train), lathe.recipe { target = target }, lathe[family](json.decode(options)))
local out = { summary = m:summary(), tables = {} }
for _, name in ipairs(m:tables()) do
  local t = m:table(name)
  out.tables[name] = {}
  for _, column in ipairs(t:columns()) do
    local values = t:column(column):values()
    for row = 1, values.n do values[row] = values[row] == nil and false or values[row] end
    values.n = nil
    out.tables[name][column] = values
  end
end
local p = m:predict(lathe.read(test))
local columns = p:columns()
out.prediction = {}
for place = m:classes() and 2 or 1, #columns do
  local values = p:column(columns[place]):values()
  values.n = nil
  out.prediction[#out.prediction + 1] = values
end
return out
"""


def fit(family, train, test, target, **options):
    with __import__("tempfile").TemporaryDirectory() as folder:
        paths = [os.path.join(folder, "train.csv"), os.path.join(folder, "test.csv")]
        train.to_csv(paths[0], index=False)
        test.to_csv(paths[1], index=False)
        done = subprocess.run([LATHE, "eval", "--json", FIT, *paths, target, family, json.dumps(options)], capture_output=True, text=True)
    if done.returncode != 0:
        print(f"# {done.stderr.strip()}")
        return None
    got = json.loads(done.stdout)
    got["prediction"] = np.array(got["prediction"]).T
    return got


def tables():
    """Name, rows of numbers alone (as float32, which scikit-learn makes of them), target, whether it is classes."""
    cancer = pd.read_csv(os.path.join(TOP, "share/examples/breast-cancer/breast_cancer.csv"))
    housing = pd.read_csv(os.path.join(DATA, "california-housing/housing.csv")).dropna().drop(columns="ocean_proximity")
    penguins = pd.read_csv(os.path.join(DATA, "penguins/penguins.csv")).select_dtypes("number").assign(
        species=pd.read_csv(os.path.join(DATA, "penguins/penguins.csv"))["species"]).dropna()
    digits = pd.read_csv(os.path.join(DATA, "digits/digits.csv"))
    digits = digits.rename(columns={digits.columns[-1]: "digit"})
    digits["digit"] = "d" + digits["digit"].astype(str)
    bikes = pd.read_csv(os.path.join(DATA, "bike-sharing/hour.csv"))[
        ["season", "yr", "mnth", "hr", "weekday", "workingday", "weathersit", "temp", "atemp", "hum", "windspeed", "cnt"]]
    adult = pd.read_csv(os.path.join(DATA, "adult/adult.csv"))
    adult = adult.select_dtypes("number").assign(income=adult["income"])
    for name, data, target, classes in (("breast cancer", cancer, "diagnosis", True), ("California housing", housing, "median_house_value", False),
                                        ("penguins", penguins, "species", True), ("digits", digits, "digit", True),
                                        ("bikes", bikes, "cnt", False), ("adult", adult, "income", True)):
        features = [c for c in data if c != target]
        data = data.assign(**{c: data[c].astype(np.float32).astype(float) for c in features}).reset_index(drop=True)
        yield name, data, target, classes


def rule_of(tree, names, node):
    return names[tree.feature[node]], tree.threshold[node]


def same_splits(got, judge, names, children=0):
    """Walk both trees side by side: how many nodes ask the same, and whether all do, or differ where two splits are equally good."""
    table, tree = got["tables"]["tree"], judge.tree_
    below = {}
    for node, parent in zip(table["node"], table["parent"]):
        below.setdefault(parent, []).append(node)
    same, differ = 0, 0
    stack = [(0, 0)]
    while stack:
        mine, theirs = stack.pop()
        if table["rows"][mine] != tree.n_node_samples[theirs] or abs(table["impurity"][mine] - tree.impurity[theirs]) > 1e-9 * max(1, tree.impurity[0]):
            differ += 1
            continue
        if (mine in below) != (tree.children_left[theirs] >= 0):
            differ += 1
            continue
        if mine not in below:
            same += 1
            continue
        left, right = below[mine]
        name, threshold = rule_of(tree, names, theirs)
        rule = table["rule"][left]
        column, number = rule.rsplit(" <= ", 1)
        if column == name and abs(float(number) - threshold) <= 1e-5 * max(1, abs(threshold)):
            same += 1
            stack += [(left, tree.children_left[theirs]), (right, tree.children_right[theirs])]
            continue
        # another split: fine when it is as good
        def worth(parts):
            return sum(w * i for w, i in parts)
        own = worth((table["rows"][n], table["impurity"][n]) for n in (left, right))
        their = worth((tree.n_node_samples[n], tree.impurity[n]) for n in (tree.children_left[theirs], tree.children_right[theirs]))
        if abs(own - their) <= 1e-9 * tree.impurity[theirs] * tree.n_node_samples[theirs]:
            same += 1
        else:
            differ += 1
    return same, differ


def check_tree(name, data, target, classes, **options):
    names = [c for c in data if c != target]
    family = DecisionTreeClassifier if classes else DecisionTreeRegressor
    judge = family(random_state=0, **options).fit(data[names], data[target])
    got = fit("tree", data, data, target, **options)
    if got is None:
        return ok(False, f"{name}: fitted")
    words = ", ".join(f"{key} = {value}" for key, value in options.items())
    same, differ = same_splits(got, judge, names)
    ok(differ == 0, f"{name}, {words}: all {same} nodes are those of scikit-learn, or as good", f"{differ} differ")
    return got, judge


def check_path(name, data, target, classes):
    names = [c for c in data if c != target]
    family = DecisionTreeClassifier if classes else DecisionTreeRegressor
    # few rows in a leaf are often split equally well in two ways; many are not
    options = dict(min_samples_leaf=max(20, len(data) // 200))
    judge = family(random_state=0, **options)
    want = judge.cost_complexity_pruning_path(data[names], data[target])
    got = fit("tree", data, data.head(1), target, **options)["tables"]["path"]
    mine, theirs = np.array(got["ccp_alpha"]), want.ccp_alphas
    far = lambda a, b: np.max(np.abs(np.asarray(a) - b)) / np.max(np.abs(b))  # noqa: E731
    # scikit-learn repeats a penalty for each node that is cut at it
    keep = np.append(np.diff(theirs) > 1e-12 * theirs[-1], True)
    alphas, impurities = theirs[keep], want.impurities[keep]
    close = np.append(True, np.diff(mine) > 1e-12 * mine[-1])
    ok(len(alphas) == close.sum() and far(mine[close], alphas) < 1e-9 and
       far(np.array(got["impurity"])[np.append(close[1:], True)], impurities) < 1e-9,
       f"{name}: the {len(alphas)} steps of the pruning path are scikit-learn's",
       f"{len(mine)} steps, not {len(alphas)}: {mine[:5]} {alphas[:5]}")


def check_reference():
    for name, path, target, tree_name in (("breast_cancer", os.path.join(TOP, "share/examples/breast-cancer/breast_cancer.csv"), "diagnosis", "tree_gini_depth4"),
                                          ("california_housing", os.path.join(DATA, "california-housing/housing.csv"), "median_house_value", "tree_mse_depth4")):
        want = json.load(open(os.path.join(DATA, f"reference-results/{name}.json")))
        data = pd.read_csv(path)
        data = data.dropna().reset_index(drop=True)[want["features"] + [target]]
        data[want["features"]] = data[want["features"]].astype(np.float32).astype(float)
        test = data.index % 5 == 0
        got = fit("tree", data[~test], data[test], target, max_depth=4)
        tree = want[tree_name]["tree"]
        ok(len(got["tables"]["tree"]["node"]) == len(tree["left"]), f"{name}: as many nodes as the reference")
        if target == "diagnosis":
            p = got["prediction"][:, 1]
            auc = roc_auc_score(data[target][test] == "malignant", p)
            ok(abs(auc - want[tree_name]["test"]["roc_auc"]) < 1e-12, f"{name}: and its test AUC", f"{auc}")
        else:
            r2 = r2_score(data[target][test], got["prediction"][:, 0])
            ok(abs(r2 - want[tree_name]["test"]["r2"]) < 1e-12, f"{name}: and its test R2", f"{r2}")


def check_forest(name, data, target, classes, family, judge, **options):
    """On rows that neither has seen, row by row: no worse than scikit-learn by more than chance explains."""
    names = [c for c in data if c != target]
    test = data.index % 5 == 0
    got = fit(family, data[~test], data[test], target, trees=60, **options)
    if got is None:
        return ok(False, f"{name}: fitted")
    judge = judge(60, n_jobs=2, random_state=0, **options).fit(data[names][~test], data[target][~test])
    truth = data[target][test].to_numpy()
    if classes:
        labels = judge.classes_
        hot = (truth[:, None] == labels[None, :]).astype(float)
        mine, theirs = (np.sum((p - hot) ** 2, axis=1) for p in (got["prediction"], judge.predict_proba(data[names][test])))
        score = [accuracy_score(truth, labels[p.argmax(axis=1)]) for p in (got["prediction"], judge.predict_proba(data[names][test]))]
    else:
        mine, theirs = ((p - truth) ** 2 for p in (got["prediction"][:, 0], judge.predict(data[names][test])))
        score = [r2_score(truth, got["prediction"][:, 0]), judge.score(data[names][test], truth)]
    off = np.mean(mine - theirs) / (np.std(mine - theirs) / np.sqrt(len(truth)))
    ok(off < 3, f"{name}: {family} is no worse than scikit-learn's", f"{off:.1f} standard errors; {score}")
    print(f"# {'accuracy' if classes else 'R2'} {score[0]:.4f}, scikit-learn's {score[1]:.4f}; {off:.1f} standard errors")
    return got


check_reference()
for name, data, target, classes in tables():
    check_tree(name, data, target, classes, max_depth=6)
    check_tree(name, data, target, classes, min_samples_leaf=10, max_depth=8)
    if classes:
        check_tree(name, data, target, classes, criterion="entropy", max_depth=5)
    check_path(name, data, target, classes)
    if len(data) < 25000:
        check_forest(name, data, target, classes, "forest", RandomForestClassifier if classes else RandomForestRegressor)
        check_forest(name, data, target, classes, "extra_trees", ExtraTreesClassifier if classes else ExtraTreesRegressor)
end()
