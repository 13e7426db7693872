-- Tables to and from other engines in this process: prints `task who seconds key=value`.
local ffi = require "ffi"
local lathe = require "lathe"
local core = require "lathe.core"

local function measure(task, work)
  local start, seconds = core.C.lathe_clock(), core.C.lathe_process_seconds()
  local note = work() or ""
  print(("%-24s lathe %.3f cpu=%.3f %s"):format(task, core.C.lathe_clock() - start, core.C.lathe_process_seconds() - seconds, note))
end

if not lathe.duckdb.found() then
  print "duckdb lathe skipped: its library is not here"
  return
end

local rows = tonumber(os.getenv "BENCH_ROWS") or 10000000
local d = lathe.duckdb.open()
local t
measure("duckdb_answer_4_columns", function()
  t = d:query(([[select i, i::double * 0.5 as h, hash(i)::varchar as s,
    date '2000-01-01' + (i %% 9000)::int as d from range(%d) r(i)]]):format(rows))
  return ("rows=%d bytes=%d peak=%d"):format(t:rows(), t:bytes(), tonumber(core.C.lathe_process_peak()))
end)
measure("duckdb_answer_numbers", function()
  local n = d:query(("select i, i::double * 0.5 as h, i + 1 as j, i::double * 2.5 as k from range(%d) r(i)"):format(rows))
  return ("rows=%d"):format(n:rows())
end)
measure("duckdb_compute_only", function()
  d:query(([[select sum(i), sum(h), sum(length(s)), max(d) from (select i, i::double * 0.5 as h, hash(i)::varchar as s,
    date '2000-01-01' + (i %% 9000)::int as d from range(%d) r(i))]]):format(rows))
end)
measure("arrow_out_and_in", function()
  local array, schema = t:arrow()
  local back = lathe.arrow.import(array, schema)
  local mine, its = core.C.lathe_table_column(t:handle(), 2), core.C.lathe_table_column(back:handle(), 2)
  return ("rows=%d shared=%s"):format(back:rows(), tostring(core.C.lathe_column_text_bytes(mine) == core.C.lathe_column_text_bytes(its)))
end)
measure("arrow_out", function() ffi.gc(t:arrow(), core.C.lathe_arrow_array_release) end)
d:register("t", t)
measure("duckdb_scan_sum", function() return "sum=" .. tostring(d:query("select sum(h) as x from t"):column("x"):get(1)) end)
measure("duckdb_scan_group", function() d:query "select d, count(*), sum(h), max(s) from t group by d" end)
measure("duckdb_scan_all_back", function() return "equal=" .. tostring(d:query("from t"):hash() == t:hash()) end)
