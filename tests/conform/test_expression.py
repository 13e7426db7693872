#!/usr/bin/python3
# Expressions against other judges: three-valued logic and arithmetic against SQLite, texts and dates against pandas.
import csv, itertools, os, sqlite3, subprocess, tempfile

from judge import LATHE, TOP, end, ok, skip


def derive(folder, path, names, casts=""):
    """The columns of {name: expression} over a CSV file, as lists of texts; missing is ''."""
    out = os.path.join(folder, "out.csv")
    items = ", ".join("{ %s, %s }" % (lua(name), lua(text)) for name, text in names.items())
    code = "lathe.read(%s)%s:derive { %s }:select { %s }:write(%s)" % (
        lua(path), casts, items, ", ".join(map(lua, names)), lua(out))
    subprocess.run([LATHE, "eval", code], check=True, stdout=subprocess.DEVNULL)
    with open(out, newline="") as file:
        rows = list(csv.reader(file))
    return {name: [row[i] if row else "" for row in rows[1:]] for i, name in enumerate(rows[0])}


def lua(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def logic(folder):
    path = os.path.join(folder, "logic.csv")
    values = ["1", "0", ""]
    rows = [(str(i),) + row for i, row in enumerate(itertools.product(values, values, ["-7", "3", ""], ["2", "-2", ""]))]
    with open(path, "w", newline="") as file:
        csv.writer(file).writerows([("id", "a", "b", "x", "y")] + rows)
    base = sqlite3.connect(":memory:")
    base.execute("create table t (id integer, a integer, b integer, x integer, y integer)")
    base.executemany("insert into t values (?, ?, ?, ?, ?)", [[int(v) if v else None for v in row] for row in rows])
    conditions = [
        "a == 1 and b == 1", "a == 1 or b == 1", "not (a == 1)", "a == 1 and not (b == 1 or x > 0)", "x > y or a == b",
        "x between y and a", "not (x between y and a)", "x in (3, 4)", "x not in (3, 4)", "a is missing or b == 0",
        "a is not missing and b is missing", "x + y > a", "x * y == -14 or a == 0", "(a == 1) == (b == 1)", "(a == 1) != (b == 1)",
        "if(a == 1, x, y) > 0", "coalesce(x, y, 0) > 0", "x < y and y < a",
    ]
    got = derive(folder, path, {f"c{i}": text for i, text in enumerate(conditions)})
    for i, text in enumerate(conditions):
        query = text.replace("is not missing", "is not null").replace("is missing", "is null").replace("if(", "iif(")
        want = [{1: "true", 0: "false", None: ""}[row[0]] for row in base.execute(f"select {query} from t order by id")]
        ok(got[f"c{i}"] == want, f"{text}: as in SQLite, for every row", list(zip(rows, got[f"c{i}"], want))[:5])


def texts_and_dates(folder):
    try:
        import pandas
    except ImportError:
        skip("texts and dates as in pandas", "there is no pandas here")
        return
    path = os.path.join(folder, "texts.csv")
    texts = ["Oslo", " padded ", "naïve café", "李小龙", "ЖУК жук", "a,b,c", "Ωmega", "x1y22z", "O'Brien"]
    days = ["2024-02-29", "1999-12-31", "2000-01-01", "1970-01-01", "1969-12-31", "2021-01-03", "2020-12-28", "0001-01-01", "9999-12-31"]
    with open(path, "w", newline="") as file:
        csv.writer(file).writerows([("s", "d")] + list(zip(texts, days)))
    s = pandas.Series(texts)
    got = derive(folder, path, {
        "upper": "upper(s)", "lower": "lower(s)", "length": "length(s)", "middle": "substring(s, 2, 3)", "replaced": "replace(s, 'a', 'AA')",
        "piece": "split(s, ',', 2)", "digits": "extract(s, '([0-9]+)', 1)", "padded": "pad_left(s, 12, '*')", "has": "contains(s, 'o')",
        "subst": "replace_pattern(s, '[aeiou]', '_')", "trimmed": "trim(s)",
    }, ':cast { s = "string" }')
    want = {
        "upper": s.str.upper(), "lower": s.str.lower(), "length": s.str.len().astype(str), "middle": s.str[1:4],
        "replaced": s.str.replace("a", "AA", regex=False), "piece": s.str.split(",").str[1].fillna(""),
        "digits": s.str.extract("([0-9]+)")[0].fillna(""), "padded": s.str.rjust(12, "*"),
        "has": s.str.contains("o").map({True: "true", False: "false"}), "subst": s.str.replace("[aeiou]", "_", regex=True),
        "trimmed": s.str.strip(),
    }
    for name, column in want.items():
        ok(got[name] == list(column), f"texts: {name} as in pandas", list(zip(got[name], column)))
    import datetime
    d = [datetime.date.fromisoformat(day) for day in days]
    got = derive(folder, path, {
        "year": "year(d)", "weekday": "weekday(d)", "week": "week(d)", "week_year": "week_year(d)", "yearday": "yearday(d)",
        "written": "format(d, '%d.%m.%Y %a %B %j')", "again": "date(format(d, '%d/%m/%Y'), '%d/%m/%Y') - d", "since": "d - date'1970-01-01'",
    })
    want = {
        "year": [day.year for day in d], "weekday": [day.isoweekday() for day in d], "week": [day.isocalendar()[1] for day in d],
        "week_year": [day.isocalendar()[0] for day in d], "yearday": [day.timetuple().tm_yday for day in d],
        "written": [day.strftime("%d.%m.") + f"{day.year:04d}" + day.strftime(" %a %B %j") for day in d], "again": [0] * len(d),
        "since": [(day - datetime.date(1970, 1, 1)).days for day in d],
    }
    for name, column in want.items():
        ok(got[name] == [str(value) for value in column], f"dates: {name} as in Python", list(zip(got[name], column)))
    try:
        from dateutil.relativedelta import relativedelta
    except ImportError:
        return
    import random
    pick, first = random.Random(3), datetime.date(1890, 1, 1)
    pairs = [(first + datetime.timedelta(pick.randrange(60000)), first + datetime.timedelta(pick.randrange(60000))) for _ in range(2000)]
    edges = [datetime.date(2024, 1, 31), datetime.date(2024, 2, 29), datetime.date(2023, 2, 28), datetime.date(2024, 3, 30)]
    pairs += [(a, b) for a in edges for b in edges]
    with open(path, "w", newline="") as file:
        csv.writer(file).writerows([("a", "b")] + pairs)
    got = derive(folder, path, {"months": "months_between(a, b)", "years": "years_between(a, b)"})
    apart = [(max(a, b), min(a, b), 1 if b >= a else -1) for a, b in pairs]
    want = [(relativedelta(late, early), sign) for late, early, sign in apart]
    ok(got["months"] == [str(sign * (d.years * 12 + d.months)) for d, sign in want], "whole months between dates as dateutil counts them",
       [row for row in zip(pairs, got["months"], want) if row[1] != str(row[2][1] * (row[2][0].years * 12 + row[2][0].months))][:5])
    ok(got["years"] == [str(sign * d.years) for d, sign in want], "and whole years")


def real(folder):
    try:
        import numpy, pandas
    except ImportError:
        return
    path = os.path.join(TOP, "share/examples/house-prices/california-housing.csv")
    if not os.path.exists(path):
        return
    frame = pandas.read_csv(path)
    numbers = [name for name in frame.columns if frame[name].dtype.kind in "if"][:3]
    a, b, c = numbers
    got = derive(folder, path, {"r": f"log1p(abs(`{a}`)) + `{b}` * `{c}` / 7 - sqrt(abs(`{c}`))", "k": f"`{a}` > `{b}` and not (`{c}` <= 10)"})
    want = numpy.log1p(frame[a].abs()) + frame[b] * frame[c] / 7 - numpy.sqrt(frame[c].abs())
    number = numpy.array([float(value) if value else numpy.nan for value in got["r"]])
    ok(numpy.allclose(number, want, rtol=1e-14, equal_nan=True), f"a formula over {len(frame)} real rows as in pandas")
    kept = int(((frame[a] > frame[b]) & ~(frame[c] <= 10)).sum())
    ok(got["k"].count("true") == kept, f"a condition over them holds {kept} times, as in pandas", got["k"].count("true"))


with tempfile.TemporaryDirectory() as folder:
    logic(folder)
    texts_and_dates(folder)
    real(folder)
end()
