-- DuckDB: an independent reader and writer of what lathe's tables hold.
local tap = require "tap"
local lathe = require "lathe"
local project = require "lathe.project"

if not lathe.duckdb.found() then
  tap.skip("tables are queried by DuckDB", "its library is not here")
  return tap.done()
end

local folder = os.tmpname()
os.remove(folder)
os.execute("mkdir " .. folder)
local function at(name) return folder .. "/" .. name end

local d = lathe.duckdb.open { memory = "1GB" }
local t = d:query [[select i as whole, i * 0.25::double as half, 'a text of some length ' || i as words,
  ['x', 'y', 'z'][i % 3 + 1]::enum('x', 'y', 'z') as kind,
  i % 2 = 0 as even, date '1969-12-01' + i::int as day, timestamp '1969-12-31 23:59:59.5' + to_seconds(i) as at
  from range(5000) r(i) union all select null, null, null, null, null, null, null order by whole nulls last]]
local types = {}
for index, name in ipairs(t:columns()) do types[index] = t:type(name) end
tap.same(types, { "int64", "float64", "string", "category", "bool", "date", "timestamp" }, "answers have the types of their SQL")
tap.same(t:row(4), { whole = 3, half = 0.75, words = "a text of some length 3", kind = "x", even = false, day = "1969-12-04",
  at = "1970-01-01 00:00:02.500000" }, "and their values")
tap.same(t:row(5001), {}, "NULL is missing in every type")

d:register("t", t)
tap.ok(d:query("from t"):hash() == t:hash(), "a registered table comes back equal")
tap.same(d:query("select count(*) as n, sum(whole) as s, max(words) as w, count(distinct kind) as k from t where even"):row(1),
  { n = 2500, s = 6247500, w = "a text of some length 998", k = 3 }, "queries see the columns that they name")
tap.same(d:query("select count(*) as n from t a join t b using (whole)"):row(1), { n = 5000 }, "a table joins itself")
tap.same(d:query("select whole from t where words = ?", { parameters = { "a text of some length 7" } }):row(1), { whole = 7 },
  "parameters are bound, not pasted")
tap.same(d:query("select ? as a, ? as b, ? as c, ? as d", { parameters = { 1.5, true, nil, 9007199254740993LL, n = 4 } }):row(1),
  { a = 1.5, b = true, d = 9007199254740993LL }, "parameters of every type")
tap.same(d:query("select count(*) as n from u", { tables = { u = t:head(3) } }):row(1), { n = 3 }, "a table may be lent for one query")
tap.raises(function() d:query "from u" end, "u does not exist", "and is gone behind it")
local from_wide = lathe.table { { "a\"b", { 1 } }, { "ä ö", { "it's" } } }
tap.same(d:query("from w", { tables = { w = from_wide } }):row(1), from_wide:row(1), "odd names and quotes pass")

tap.same(d:query([[select 1.50::decimal(9,2) as a, 12345678901234567.89::decimal(19,2) as b,
  170141183460469231731687303715884105727 as c, sum(x) as d from (values (1), (2)) v(x)]]):row(1),
  { a = 1.5, b = "12345678901234567.89", c = "170141183460469231731687303715884105727", d = 3 }, "decimals and huge integers by the rule")
tap.same(d:query("select 12345678901234567.89::decimal(19,2) as b", { decimals = "float64" }):row(1), { b = 12345678901234567.89 },
  "or rounded")
tap.same(d:query("select '\\x01\\xFF'::blob as a, time '01:02:03.5' as b"):row(1), { a = "01ff", b = "01:02:03.500000" },
  "bytes are hexadecimal, times of day text")
tap.same({ d:query("select 1 as a, 'x' as b where false"):rows(), d:query("select 'x' as b where false"):type "b" }, { 0, "string" },
  "an answer without rows has its columns")
tap.same(d:query("select timestamptz '2024-01-01 12:00:00+02' as a, timestamp_ns '2024-01-01 00:00:00.123456789' as b"):row(1),
  { a = "2024-01-01 10:00:00", b = "2024-01-01 00:00:00.123456" }, "times with zones are UTC, nanoseconds rounded down")
tap.same(d:query("select {'a': 1, 'b': {'c': 'x'}} as s"):row(1), { ["s.a"] = 1, ["s.b.c"] = "x" }, "structs become columns")
tap.same(d:query("select 1, 2 as x, 3 as x"):columns(), { "1", "x", "x_2" }, "names are mended")
tap.ok(d:query "create table kept (a integer)" == nil, "a statement without an answer gives nil")
tap.same(d:query("insert into kept values (1), (2); select sum(a) as s from kept"):row(1), { s = 3 },
  "the last of several statements answers")

tap.raises(function() d:query "selec 1" end, "syntax error", "errors are DuckDB's words")
tap.raises(function() d:query "select [1, 2] as l" end, "\"l\": it holds lists", "lists are refused by name")
tap.raises(function() d:query("select ?", { parameters = {} }) end, "1 parameters, 0 values", "missing parameters are told")
tap.raises(function() d:query "select error('stop ' || i) from range(3000000) r(i) where i > 2500000" end, "stop 25",
  "errors amid the rows")
tap.raises(function() d:query("select 1", { table = {} }) end, "tables", "an unknown option names the near one")
tap.raises(function() lathe.duckdb.open { memory = "much" } end, "a size such as", "a wrong size is refused")
tap.raises(function() lathe.duckdb.open { path = at "no/such.duckdb" } end, "cannot open", "a wrong path is refused")
tap.raises(function() d:query "install sqlite_scanner_no_such" end, "DuckDB:", "nothing is installed silently")
tap.same(d:query("select value as v from duckdb_settings() where name = 'autoinstall_known_extensions'"):row(1), { v = "false" },
  "extensions are not installed by themselves")

d:copy(t, at "t.parquet")
tap.same({ project.look(at "t.parquet.part"), (project.look(at "t.parquet")) }, { nil, "file" }, "a Parquet file is written whole")
os.execute("mkdir " .. at "alone")
local big = d:query "select range as n, hash(range) % 1000000007 as h from range(3000000)"
local core = require "lathe.core"
core.C.lathe_progress_cancel(core.progress())
local copied, refused = pcall(d.copy, d, big, at "alone/big.parquet")
core.C.lathe_progress_reset(core.progress())
tap.same({ copied, io.popen("ls -A " .. at "alone"):read "*a" }, { false, "" }, "who cancels that gets no part of one")
tap.ok(tostring(refused):find "cancelled", "and is told: %s", tostring(refused))
local back = lathe.duckdb.read_parquet(at "t.parquet")
tap.ok(back:with("kind", back:column("kind"):to_category()):hash() == t:hash(),
  "and read again it is equal, but for categories, which are text")
tap.same(lathe.duckdb.read_parquet(at "t.parquet", { columns = { "kind", "whole" }, where = "whole = 4999" }):row(1),
  { kind = "y", whole = 4999 }, "some columns and rows of it")
tap.same(lathe.duckdb.read_parquet({ at "t.parquet", at "t.parquet" }, { columns = { "day" } }):rows(), 10002, "a list of files")
tap.raises(function() lathe.duckdb.read_parquet(at "none.parquet") end, "No files found", "a missing file is told")
tap.raises(function() lathe.duckdb.read_parquet(at "t.parquet", { columns = { "kinds" } }) end, "kind",
  "a wrong column names the near one")
tap.same(lathe.read(at "t.parquet", { columns = { "whole" } }):columns(), { "whole" }, "lathe.read takes Parquet files")
t:write(at "u.parquet")
local again, details = lathe.read(at "u.parquet")
tap.ok(again:hash() == back:hash() and details.format == "parquet", "and table:write gives them")
os.execute(("cp '%s' '%s'"):format(at "t.parquet", at "other.dat"))
tap.same(lathe.read(at "other.dat"):rows(), 5001, "by their bytes, whatever the name")
os.execute(("head -c 1000 '%s' > '%s'"):format(at "t.parquet", at "cut.parquet"))
tap.raises(function() lathe.read(at "cut.parquet") end, "cut.parquet", "one that is cut off is told")
lathe.duckdb.write_parquet(t, at "s.parquet", { compression = "snappy", row_group = 2048 })
tap.same(d:query(("select count(*) as n from parquet_metadata('%s') where path_in_schema = 'day'")
  :format(at "s.parquet")):row(1), { n = 3 },
  "row groups have the size that is wished for")
tap.raises(function() lathe.duckdb.write_parquet(t, at "no/x.parquet") end, "no/x.parquet", "a folder that is not there is told")

local progress = require("lathe.core").progress()
require("lathe.core").C.lathe_progress_cancel(progress)
local fine, sentence = pcall(d.query, d, "select count(*) from range(100000000000) r(i) where i % 7 = 3")
require("lathe.core").C.lathe_progress_reset(progress)
tap.ok(not fine and sentence:find "cancelled", "a query is stopped", sentence)
tap.same(d:query("select 1 as a"):row(1), { a = 1 }, "and the database goes on")

d:unregister "t"
tap.raises(function() d:query "from t" end, "does not exist", "a table is taken back")
d:close()
d:close()
tap.raises(function() d:query "select 1" end, "was closed", "a closed database says so")

local flow = require("lathe.plugin").step "ingest.sql"
tap.ok(flow and not flow.cache, "ingest.sql runs each time")
os.execute("rm -r " .. folder)
tap.done()
