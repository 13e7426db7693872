#!/usr/bin/python3
"""JSON, NPY, NPZ and SQLite against pandas, NumPy and Python's sqlite3: what they read, and what they wrote."""
import json
import os
import sqlite3
import subprocess
import tempfile

from judge import DATA, LATHE, end, ok, skip_all

try:
    import numpy as np
    import pandas as pd
except ImportError:
    skip_all("NumPy and pandas are not here")


READ = """
local t = lathe.read(arg[1])
local out = { names = t:columns(), rows = t:rows(), types = {}, cells = {} }
for i, name in ipairs(out.names) do
  local c, list = t:column(name), lathe.json.array()
  out.types[i] = c.type
  for row = 1, t:rows() do
    local value = c:get(row)
    if type(value) == "number" and value ~= value then value = "nan" end
    if value == nil then list[row] = lathe.json.null else list[row] = value end
  end
  out.cells[i] = list
end
print(lathe.json.encode(out))
"""


def lathe(code, *arguments):
    done = subprocess.run([LATHE, "eval", code, *arguments], capture_output=True, text=True)
    if done.returncode != 0:
        return done.stderr.strip()
    return json.loads(done.stdout) if done.stdout.startswith("{") else None


def plain(value):
    """A cell of pandas or NumPy as the JSON of lathe shows it."""
    if value is None or value is pd.NaT or (isinstance(value, float) and np.isnan(value)):
        return None
    if isinstance(value, np.datetime64):
        return None if np.isnat(value) else str(value).replace("T", " ")
    if isinstance(value, bytes):
        return value.decode()
    return value.item() if isinstance(value, np.generic) else value


def same_frame(path, frame, sentence):
    got = lathe(READ, path)
    if isinstance(got, str):
        return ok(False, sentence, got)
    want = [[plain(v) for v in frame[name].tolist()] for name in frame.columns]
    ok(got["names"] == list(frame.columns) and got["cells"] == want, sentence,
       [(n, i, a, b) for n, g, w in zip(frame.columns, got["cells"], want) for i, (a, b) in enumerate(zip(g, w)) if a != b][:5])


if os.path.isdir(DATA):
    misc = os.path.join(DATA, "misc-tables")
    same_frame(f"{misc}/foods1.ndjson", pd.read_json(f"{misc}/foods1.ndjson", lines=True), "foods1.ndjson is what pandas reads")
    penguins = f"{DATA}/penguins/penguins.json"
    same_frame(penguins, pd.read_json(penguins, precise_float=True), "penguins.json is what pandas reads")
    got, rows = lathe(READ, f"{misc}/foods1.ndjson"), lathe(READ, f"{misc}/foods1.csv")
    ok(got == rows, "foods1 is the same table as CSV and as JSON Lines")

with tempfile.TemporaryDirectory() as folder:
    records = [{"id": i, "o": {"x": i / 3, "s": f"é{i}"}, "ok": i % 2 == 0, "n": None if i % 3 else i} for i in range(50)]
    json.dump(records, open(f"{folder}/nested.json", "w"))
    frame = pd.json_normalize(records)
    same_frame(f"{folder}/nested.json", frame[["id", "o.x", "o.s", "ok", "n"]], "nested objects are flattened as json_normalize does")

    rng = np.random.default_rng(1)
    for dtype in ["i1", "<i2", ">i4", "<i8", ">i8", "u1", ">u2", "<u4", "u8", "f2", ">f4", "f8", ">f8", "b1"]:
        array = (rng.normal(size=(7, 3)) * 50).astype(np.dtype(dtype)) if "u" not in dtype and "b" not in dtype else \
            rng.integers(0, 2 if "b" in dtype else 200, size=(7, 3)).astype(dtype)
        fine = True
        for order in "CF":
            np.save(f"{folder}/a.npy", np.asarray(array, order=order))
            got = lathe(READ, f"{folder}/a.npy")
            fine = fine and not isinstance(got, str) and got["cells"] == [[plain(v) for v in array[:, i]] for i in range(3)]
        ok(fine, f"NPY of {dtype} in both orders", got)
    for unit in ["Y", "M", "W", "D", "h", "m", "s", "ms", "us", "ns"]:
        array = np.array([0, 1, -400, "NaT", 300], f"M8[{unit}]")
        np.save(f"{folder}/t.npy", array)
        got = lathe(READ, f"{folder}/t.npy")
        want = [None if np.isnat(v) else str(v.astype("M8[D]" if unit in "YMWD" else "M8[us]")) for v in array]
        cells = [None if v is None else np.datetime64(v) for v in got["cells"][0]] if not isinstance(got, str) else got
        ok(cells == [None if v is None else np.datetime64(v) for v in want], f"NPY of datetime64[{unit}]", f"{cells} {want}")
    texts = np.array(["añ", "日本😀", "", "x"])
    for dtype in ["<U3", ">U3"]:
        np.save(f"{folder}/u.npy", texts.astype(dtype))
        ok(lathe(READ, f"{folder}/u.npy")["cells"] == [list(texts.astype(dtype))], f"NPY of {dtype}")
    record = np.array([(1, 2.5, "x"), (3, 4.5, "yy")], dtype=[("a", "<i4"), ("b b", ">f8"), ("c'é", "U3")])
    np.save(f"{folder}/r.npy", record)
    got = lathe(READ, f"{folder}/r.npy")
    ok(got["names"] == ["a", "b b", "c'é"] and got["cells"] == [[1, 3], [2.5, 4.5], ["x", "yy"]], "a structured array", got)
    for save in (np.savez, np.savez_compressed):
        save(f"{folder}/z.npz", a=np.arange(4), m=np.arange(8.0).reshape(4, 2) + 0.5)
        got = lathe(READ, f"{folder}/z.npz")
        ok(got["names"] == ["a", "m_1", "m_2"] and got["cells"][2] == [1.5, 3.5, 5.5, 7.5], save.__name__, got)

    csv = f"{folder}/all.csv"
    open(csv, "w").write("b,i,x,s,d,t\ntrue,9007199254740993,0.5,naïve 😀,2024-02-29,2024-02-29 12:00:00.25\n"
                         "false,-1,3,b,1999-12-31,1970-01-01 00:00:00\n")
    for ending in ["npy", "npz"]:
        lathe("lathe.read(arg[1]):write(arg[2]) lathe.read(arg[1]):write(arg[3], { compressed = arg[3]:find 'npz' and true or nil })",
              csv, f"{folder}/w.{ending}", f"{folder}/v.{ending}")
        for name in "wv":
            loaded = np.load(f"{folder}/{name}.{ending}", allow_pickle=False)
            ok([loaded[n].tolist()[0] for n in "bixs"] == [True, 9007199254740993, 0.5, "naïve 😀"] and
               str(loaded["d"][0]) == "2024-02-29" and str(loaded["t"][0]) == "2024-02-29T12:00:00.250000",
               f"NumPy reads the .{ending} file that lathe wrote", loaded)
    lathe("lathe.read(arg[1]):select({ 'x' }):with('y', { 1.5, 2 }):write(arg[2])", csv, f"{folder}/m.npy")
    ok(np.load(f"{folder}/m.npy").tolist() == [[0.5, 1.5], [3.0, 2.0]], "a matrix")
    lathe("lathe.read(arg[1]):write(arg[2])", csv, f"{folder}/w.jsonl")
    frame = pd.read_json(f"{folder}/w.jsonl", lines=True, convert_dates=False)
    ok(frame["i"].tolist() == [9007199254740993, -1] and frame["s"][0] == "naïve 😀" and frame["x"].tolist() == [0.5, 3.0],
       "pandas reads the JSON Lines that lathe wrote", frame)
    lathe("lathe.read(arg[1]):write(arg[2], { table = 'people' })", csv, f"{folder}/w.db")
    rows = sqlite3.connect(f"{folder}/w.db").execute("select * from people").fetchall()
    ok(rows[0] == (1, 9007199254740993, 0.5, "naïve 😀", "2024-02-29", "2024-02-29 12:00:00.250000"), "sqlite3 reads what lathe wrote", rows)

    held = sqlite3.connect(f"{folder}/w.db", isolation_level=None)
    held.execute("begin exclusive")
    said = [lathe("lathe.read(arg[1])", f"{folder}/w.db"), lathe("lathe.read(arg[1]):write(arg[2], { table = 't' })", csv, f"{folder}/w.db")]
    ok(all("w.db is locked by another program; try again when it is done" in str(one) for one in said), "a locked database is a sentence", said)
    held.execute("rollback")
    held.execute("begin immediate")
    ok(lathe("print(('{\"rows\":%d}'):format(lathe.read(arg[1]):rows()))", f"{folder}/w.db") == {"rows": 2}, "one that another writes to is read")
    held.execute("rollback")


end()
