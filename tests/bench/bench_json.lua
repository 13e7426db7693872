-- Reading and writing JSON Lines and SQLite, nine keys a row, BENCH_ROWS (700,000) rows. lathe script tests/bench/bench_json.lua
local here = arg[0]:match "^(.*)/[^/]*$" or "."
package.path = here .. "/?.lua;" .. package.path
local bench = require "bench"
local lathe = require "lathe"

local cities = { "Berlin", "Paris", "Oslo", "Rome" }

local function write_lines(file)
  math.randomseed(1)
  for i = 1, bench.rows(700000) do
    file:write(('{"id":%d,"name":"customer %d","age":%d,"income":%.2f,"city":"%s","signed":"2024-%02d-%02d","active":%s,"score":%.6f,'
      .. '"tag":null}\n')
      :format(i, math.random(10 ^ 6), math.random(17, 99), math.random() * 1e5, cities[i % 4 + 1], i % 12 + 1, i % 28 + 1,
        tostring(i % 3 == 0), math.random()))
  end
end

local function sums(t) return bench.sums(t, { "id", "income", "score" }) end

local function writing(name, options)
  return function()
    local t, path = bench.read "BENCH_LINES", os.tmpname()
    os.remove(path)
    return function() t:write(path .. name, options) end, function()
      os.remove(path .. name)
      return { rows = t:rows() }
    end
  end
end

bench.family {
  name = "json",
  peers = { "polars", "duckdb", "pandas" },
  tasks = { "jsonl_read", "jsonl_write", "sqlite_read", "sqlite_write" },
  data = function()
    local lines = bench.file(("lines-%d.jsonl"):format(bench.rows(700000)), write_lines)
    local base = lines:gsub("jsonl$", "db")
    local file = io.open(base)
    if file then file:close() else lathe.read(lines):write(base, { table = "t" }) end
    return { BENCH_LINES = lines, BENCH_BASE = base }
  end,
  lathe = {
    jsonl_read = function() return function() return lathe.read(os.getenv "BENCH_LINES") end, sums end,
    jsonl_write = writing ".jsonl",
    sqlite_read = function() return function() return lathe.read(os.getenv "BENCH_BASE") end, sums end,
    sqlite_write = writing(".db", { table = "t" }),
  },
}
