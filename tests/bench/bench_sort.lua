-- Sorting a whole table: "task who seconds key=value". The table is a CSV file of 8 columns, made once beside the others in
-- $BENCH_DATA (or a temporary folder); peers read the same file. $BENCH_ROWS (1,000,000) is its height; $PEERS_NODE the folder with
-- nodejs-polars and @duckdb/node-api: lathe script tests/bench/bench_sort.lua
local lathe = require "lathe"
local ffi = require "ffi"

ffi.cdef "typedef struct { long seconds, nanoseconds; } bench_time; int clock_gettime(int, bench_time *);"

local function clock(which)
  local time = ffi.new "bench_time"
  ffi.C.clock_gettime(which, time)
  return tonumber(time.seconds) + tonumber(time.nanoseconds) / 1e9
end

local rows = tonumber(os.getenv "BENCH_ROWS") or 1000000
local here = arg[0]:match "^(.*)/[^/]*$" or "."
local path = ("%s/shape-%d.csv"):format(os.getenv "BENCH_DATA" or os.getenv "TMPDIR" or "/tmp", rows)

local function make()
  local random = lathe.random(7)
  local file = assert(io.open(path .. ".part", "wb"))
  file:write "id,x,y,name,city,k,day,flag\n"
  local lines = {}
  for row = 1, rows do
    lines[#lines + 1] = ("%d,%.9f,%.4f,id%010d,city%03d,%d,20%02d-%02d-%02d,%s\n"):format(random:below(1e9), random:uniform(),
      random:uniform() * 1e4 - 5e3, random:below(rows), random:below(500), random:below(100), random:below(25), random:below(12),
      random:below(28), random:below(2) == 1 and "true" or "false")
    if #lines == 10000 or row == rows then
      file:write(table.concat(lines))
      lines = {}
    end
  end
  file:close()
  assert(os.rename(path .. ".part", path))
end

local tasks = {
  { "sort_int64", { "id" } }, { "sort_float64", { "x" } }, { "sort_string", { "name" } }, { "sort_category", { "city" } },
  { "sort_two_keys", { "city", "-id" } },
}

local file = io.open(path)
if file then file:close() else make() end
local t = lathe.read(path, { types = { city = "category", name = "string" } })
for _, task in ipairs(tasks) do
  for _ = 1, 3 do
    collectgarbage()
    local begin, busy = clock(1), clock(2)
    local sorted = t:sort(task[2])
    print(("%s lathe %.3f cpu=%.2f rows=%d first=%s"):format(task[1], clock(1) - begin, clock(2) - busy, rows, sorted:column("id"):text(1)))
    sorted:release()
  end
end
t:release()
collectgarbage()

local function peer(command) os.execute(("BENCH_ROWS=%d SHAPE=%s %s"):format(rows, path, command)) end

io.stdout:flush()
if os.getenv "PEERS_NODE" then
  peer(("node %s/peers/sort_polars.mjs"):format(here))
  peer(("node %s/peers/sort_duckdb.mjs"):format(here))
end
peer(("Rscript %s/peers/sort_datatable.R 2>/dev/null"):format(here))
