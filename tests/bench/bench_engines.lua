-- Answers of DuckDB as lathe's tables, through its library in this process, beside DuckDB that keeps the answer as a table of its own;
-- BENCH_ROWS (10 million) rows. lathe script tests/bench/bench_engines.lua
local here = arg[0]:match "^(.*)/[^/]*$" or "."
package.path = here .. "/?.lua;" .. package.path
local bench = require "bench"
local lathe = require "lathe"

local function filled(text) return (text:gsub("ROWS", ("%d"):format(bench.rows(10000000)))) end
local WIDE = "select i, i::double * 0.5 as h, hash(i)::varchar as s, date '2000-01-01' + (i % 9000)::int as d from range(ROWS) r(i)"
local NUMBERS = "select i, i::double * 0.5 as h, i + 1 as j, i::double * 2.5 as k from range(ROWS) r(i)"

local engine
local function database()
  if not lathe.duckdb.found() then error("the library of DuckDB is not here", 0) end
  engine = engine or lathe.duckdb.open()
  return engine
end

local function query(text, names)
  return function()
    local d, sql = database(), filled(text)
    return function() return d:query(sql) end, function(made) return bench.sums(made, names) end
  end
end

local source
local function over(work, check)
  return function()
    local d = database()
    if not source then
      source = d:query(filled(WIDE))
      d:register("source", source)
    end
    return function() return work(d, source) end, check or function(made) return { rows = made:rows() } end
  end
end

bench.family {
  name = "engines",
  peers = { "duckdb" },
  tasks = { "answer_texts", "answer_numbers", "arrow_out_in", "scan_sum", "scan_group", "scan_all_back" },
  data = function()
    return { BENCH_ROWS = ("%d"):format(bench.rows(10000000)), LATHE_DUCKDB = os.getenv "LATHE_DUCKDB" or bench.duckdb() }
  end,
  lathe = {
    answer_texts = query(WIDE, { "i", "h" }),
    answer_numbers = query(NUMBERS, { "i", "h", "j", "k" }),
    arrow_out_in = over(function(_, t) return lathe.arrow.import(t:arrow()) end),
    scan_sum = over(function(d) return d:query "select sum(h) as x from source" end),
    scan_group = over(function(d) return d:query "select d, count(*), sum(h), max(s) from source group by d" end),
    scan_all_back = over(function(d) return d:query "from source" end),
  },
}
