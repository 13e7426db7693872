-- What test_odbc.sh asks of its PostgreSQL server.
package.path = os.getenv "LATHE_TOP" .. "/tests/lua/?.lua;" .. package.path
local tap = require "tap"
local core = require "lathe.core"
local password = os.getenv "LATHE_ODBC_PASSWORD"

local c = lathe.odbc.open { connection_env = "LATHE_ODBC" }
tap.ok(tostring(c):find "PostgreSQL", "a connection says what it is", tostring(c))

tap.ok(c:query [[create table things (small smallint, big bigint, real4 real, real8 double precision,
  price numeric(12,2), free numeric, flag boolean,
  word varchar(20), story text, day date, at timestamp, zoned timestamptz, moment time, id uuid, raw bytea, extra jsonb)]] == nil,
  "a statement without an answer gives nil")
c:query [[insert into things values
  (1, 9223372036854775807, 1.5, 0.1, 12.50, 3, true, 'plain', 'Käse 😀 "x"', '2024-02-29', '2024-02-29 10:00:00.123456',
   '2024-06-01 12:00:00+02', '01:02:03.5', '00112233-4455-6677-8899-aabbccddeeff', '\x01ff', '{"a": 1}'),
  (null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null),
  (-5, -9223372036854775808, -2.25, 1e300, -0.05, -7, false, '', repeat('long ä ', 3000), '1969-12-31', '1960-01-01 00:00:00',
   '1999-12-31 23:59:59.5-08', '00:00:00', 'ffffffff-ffff-ffff-ffff-ffffffffffff', '', '[]')]]
local t = c:query "select * from things"
local types = {}
for index, name in ipairs(t:columns()) do types[index] = t:type(name) end
tap.same(types, { "int64", "int64", "float64", "float64", "float64", "int64", "bool", "string", "string", "date", "timestamp", "timestamp",
  "string", "string", "string", "string" }, "the types of columns follow those of the database")
tap.same(t:row(1), { small = 1, big = 9223372036854775807LL, real4 = 1.5, real8 = 0.1, price = 12.5, free = 3, flag = true, word = "plain",
  story = "Käse 😀 \"x\"", day = "2024-02-29", at = "2024-02-29 10:00:00.123456", zoned = "2024-06-01 10:00:00", moment = "01:02:03.5",
  id = "00112233-4455-6677-8899-aabbccddeeff", raw = "01ff", extra = '{"a": 1}' }, "values of every type, zones as UTC")
tap.same(t:row(2), {}, "NULL is missing in every type")
tap.same({ t:column("word"):get(3), t:column("raw"):get(3), t:column("flag"):get(3), t:column("zoned"):get(3) },
  { "", "", false, "2000-01-01 07:59:59.500000" }, "an empty text is not missing")
tap.ok(t:column("story"):get(3) == ("long ä "):rep(3000), "long texts come whole")

local many = c:query [[select i, i * 0.5::float8 as half, 'row ' || i as word, case when i % 1000 = 0 then repeat('x', i / 10) end as long
  from generate_series(1, 5000) i]]
local right = many:rows() == 5000
for row = 1, 5000 do
  local got = many:row(row)
  local long = row % 1000 == 0 and ("x"):rep(row / 10) or nil
  right = right and got.i == row and got.half == row / 2 and got.word == "row " .. row and got.long == long
end
tap.ok(right, "5000 rows over several blocks, long texts among short ones")
tap.same(c:query("select 12345678901234567890.5::numeric as x"):row(1), { x = "12345678901234567890.5" },
  "a decimal of many digits is text")
tap.same(c:query("select 12345678901234567890.5::numeric as x", { decimals = "float64" }):row(1), { x = 12345678901234567890.5 },
  "or rounded")
tap.same({ c:query("select 1 as a, 'x' as b where false"):rows(), c:query("select 'x'::text as b where false"):type "b" }, { 0, "string" },
  "an answer without rows has its columns")
tap.same(c:query("select 1, 2 as x, 3 as x"):columns(), { "?column?", "x", "x_2" }, "repeated names are mended")

tap.same(c:query("select ?::bigint as a, ?::float8 as b, ?::text as c, ?::boolean as d, ?::text as e",
  { parameters = { 9007199254740993LL, 0.25, "it's; drop table things -- ä", true, nil, n = 5 } }):row(1),
  { a = 9007199254740993LL, b = 0.25, c = "it's; drop table things -- ä", d = true }, "parameters are bound, not pasted")
tap.raises(function() c:query("select ? + ?", { parameters = { 1 } }) end, "2 parameters, 1 values", "missing parameters are told")
tap.raises(function() c:query "select * from thing" end, "relation \"thing\" does not exist", "errors are the server's words")
tap.raises(function() c:query "select 1 / (5 - i) as x from generate_series(1, 9) i" end, "division by zero", "errors amid the rows")
tap.raises(function() c:query("select pg_sleep(30)", { timeout = 1 }) end, "longer than 1 s", "a time-out stops the query")
tap.same(c:query("select 1 as a"):row(1), { a = 1 }, "and the connection goes on")

core.C.lathe_progress_cancel(core.progress())
local before = core.C.lathe_clock()
local fine, sentence = pcall(c.query, c, "select pg_sleep(30)")
core.C.lathe_progress_reset(core.progress())
tap.ok(not fine and sentence:find "cancelled" and core.C.lathe_clock() - before < 10, "Ctrl-C stops it on the server", sentence)
tap.same(c:query("select count(*) as n from pg_stat_activity where query like 'select pg_sleep%' and state = 'active'"):row(1), { n = 0 },
  "where nothing runs on")

local wrong = os.getenv("LATHE_ODBC"):gsub("UID=reader", "UID=nobody;ApplicationName=" .. password)
local file = assert(io.open("secret.odbc", "wb"))
file:write(wrong)
file:close()
tap.raises(function() lathe.odbc.open { connection_file = "secret.odbc" } end, "open to others", "a file that others can read is refused")
os.execute "chmod 600 secret.odbc"
fine, sentence = pcall(lathe.odbc.open, { connection_file = "secret.odbc" })
tap.ok(not fine and sentence:find "nobody" and not sentence:find(password, 1, true), "a refused login shows no password", sentence)
tap.raises(function() lathe.odbc.open { connection = "DSN=x;Pwd=" .. password } end, "connection_env", "a password in a script is refused")
fine, sentence = pcall(lathe.odbc.open, { connection = "DSN=x;Pwd=" .. password })
tap.ok(not fine and not sentence:find(password, 1, true), "and not shown")
tap.raises(function() lathe.odbc.open { dsn = "no_such_source" } end, "no_such_source", "a data source that is not there is told")
tap.raises(function() lathe.odbc.open {} end, "say one of", "where the database is must be said")

tap.same(lathe.odbc.read("env:LATHE_ODBC", { table = "things" }):rows(), 3, "a whole table by its name")
tap.same(lathe.read("odbc:env:LATHE_ODBC", { query = "select small from things where small > 0" }):row(1), { small = 1 },
  "lathe.read takes odbc: addresses")
c:close()
tap.raises(function() c:query "select 1" end, "was closed", "a closed connection says so")

file = assert(io.open("flow.lua", "wb"))
file:write [[
local flow = lathe.flow "things"
flow.rows = flow:step "ingest.sql" { query = "select big, word from things where flag order by big", connection_env = "LATHE_ODBC" }
flow.again = flow:step "ingest.read" { path = "odbc:env:LATHE_ODBC", query = "select small from things" }
return flow
]]
file:close()
local lines = io.popen(("'%s' run flow.lua 2>&1"):format(os.getenv "LATHE")):read "*a"
tap.ok(lines:find("2 steps in", 1, true), "a flow asks it", lines)
os.remove "secret.odbc"
tap.same(io.popen(("'%s' runs 2>&1; grep -rl '%s' . | wc -l"):format(os.getenv "LATHE", password)):read "*a":match "(%d+)%s*$", "0",
  "and no file of the project holds the password")
tap.ok(not lines:find(password, 1, true), "nor a line that it shows")
tap.done()
