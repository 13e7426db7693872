-- Reading and writing a large CSV file, side by side with the peers that are here, each in a process of its own, in turn: "task who
-- seconds key=value", medians of BENCH_RUNS (3) runs; `seconds` is from the start of the process to its end with the table in memory,
-- read= what the reader itself took, peak_mb= the most memory. The file is $BENCH_DATA/table.csv or the one named; else one of
-- BENCH_ROWS (400,000) rows is made. $PEERS_NODE: the folder with nodejs-polars and @duckdb/node-api.
-- lathe script tests/bench/bench_csv.lua [FILE]
local lathe = require "lathe"
local ffi = require "ffi"

ffi.cdef "typedef struct { long seconds, nanoseconds; } bench_time; int clock_gettime(int, bench_time *);"

local function now()
  local time = ffi.new "bench_time"
  ffi.C.clock_gettime(1, time)
  return tonumber(time.seconds) + tonumber(time.nanoseconds) / 1e9
end

-- The most memory that this process has had, in MB.
local function peak()
  for line in io.lines "/proc/self/status" do
    local kilobytes = line:match "^VmHWM:%s*(%d+)"
    if kilobytes then return kilobytes / 1024 end
  end
  return 0
end

-- Integers, fractions, words and dates, some missing, some quoted: 76 bytes a row.
local function make(path)
  local random, rows = lathe.random(7), tonumber(os.getenv "BENCH_ROWS") or 400000
  local file = assert(io.open(path, "wb"))
  file:write "id,quantity,price,weight,city,name,day\n"
  for row = 1, rows do
    local price = random:below(20) == 0 and "" or ("%.4f"):format(random:below(10000000) / 10000)
    local name = random:below(50) == 0 and ('"Smith, %d"'):format(random:below(1000000)) or "name" .. random:below(1000000)
    file:write(("%d,%d,%s,%.6f,city%03d,%s,20%02d-%02d-%02d\n"):format(row, random:below(100), price, random:below(1000000) / 999,
      random:below(500), name, random:below(25), random:below(12) + 1, random:below(28) + 1))
  end
  file:close()
end

-- One run of lathe, in a process of its own.
if arg[1] == "--one" then
  local task, path = arg[2], arg[3]
  local begin = now()
  local t = lathe.read(path)
  local read = now() - begin
  if task == "csv_write" then
    begin = now()
    t:write(arg[4])
    read = now() - begin
    os.remove(arg[4])
  end
  print(("rows=%d read=%.3f peak_mb=%.0f column_mb=%.0f"):format(t:rows(), read, peak(),
    tonumber(require("lathe.core").C.lathe_table_bytes(t:handle())) / 2 ^ 20))
  io.stdout:flush()
  os.exit(0)
end

local here = arg[0]:match "^(.*)/[^/]*$" or "."
local data = os.getenv "BENCH_DATA"
local path, made = arg[1] or (data and data .. "/table.csv"), nil
local file = path and io.open(path, "rb")
if not file then
  path = os.tmpname() .. ".csv"
  made = path
  make(path)
  file = assert(io.open(path, "rb"))
end
local size = file:seek "end"
file:close()

local function quoted(text) return "'" .. text:gsub("'", "'\\''") .. "'" end
local function there(command) return os.execute(command .. " >/dev/null 2>&1") == 0 end

local self = quoted((os.getenv "LATHE_BUILD" or here .. "/../../build") .. "/src/lathe")
local node = os.getenv "PEERS_NODE" or "/tmp/peers/node"
local function module(name) return there("test -d " .. quoted(node .. "/node_modules/" .. name)) end
local copy = os.tmpname()
local peers = {
  { "csv_read", "lathe", self .. " script " .. quoted(here .. "/bench_csv.lua") .. " --one csv_read " .. quoted(path), true },
  { "csv_read", "polars", "PEERS_NODE=" .. quoted(node) .. " node " .. quoted(here .. "/peers/csv_polars.mjs"), module "nodejs-polars" },
  { "csv_read", "duckdb", "PEERS_NODE=" .. quoted(node) .. " node " .. quoted(here .. "/peers/csv_duckdb.mjs"),
    module "@duckdb/node-api" },
  { "csv_read", "fread", "Rscript " .. quoted(here .. "/peers/csv_fread.R"), there "Rscript -e 'library(data.table)'" },
  { "csv_read", "pandas", "/usr/bin/python3 " .. quoted(here .. "/peers/csv_pandas.py"), there "/usr/bin/python3 -c 'import pandas'" },
  { "csv_write", "lathe", self .. " script " .. quoted(here .. "/bench_csv.lua") .. " --one csv_write " .. quoted(path) .. " "
    .. quoted(copy), true },
  { "csv_write", "polars", "CSV_COPY=" .. quoted(copy) .. " PEERS_NODE=" .. quoted(node) .. " node "
    .. quoted(here .. "/peers/csv_polars.mjs"), module "nodejs-polars" },
  { "csv_write", "fwrite", "CSV_COPY=" .. quoted(copy) .. " Rscript " .. quoted(here .. "/peers/csv_fread.R"),
    there "Rscript -e 'library(data.table)'" },
}

local function median(values)
  table.sort(values)
  return values[math.floor((#values + 1) / 2)]
end

os.execute("cat " .. quoted(path) .. " >/dev/null") -- from memory for everybody
local results = {}
for _ = 1, tonumber(os.getenv "BENCH_RUNS") or 3 do
  for index, peer in ipairs(peers) do
    if peer[4] then
      local begin = now()
      local pipe = io.popen("CSV=" .. quoted(path) .. " " .. peer[3] .. " 2>&1")
      local text = pipe:read "*a"
      pipe:close()
      local seconds = now() - begin
      local read, most = text:match "read=([%d.]+)", text:match "peak_mb=([%d.]+)"
      if not read then
        io.stderr:write(("bench_csv: %s failed: %s\n"):format(peer[2], text))
        peer[4] = false
      else
        local result = results[index] or { wall = {}, read = {}, peak = {} }
        results[index] = result
        table.insert(result.wall, seconds)
        table.insert(result.read, tonumber(read))
        table.insert(result.peak, tonumber(most))
        result.rows, result.columns = text:match "rows=(%d+)", text:match "column_mb=(%d+)"
      end
    end
  end
end
os.remove(copy)
local own
for index, peer in ipairs(peers) do
  local result = results[index]
  if result then
    local read = median(result.read)
    if peer[2] == "lathe" then own = read end
    print(("%s %s %.3f read=%.3f mb_s=%.0f ratio=%.2f peak_mb=%.0f%s rows=%s"):format(peer[1], peer[2], median(result.wall), read,
      size / 1e6 / read, read / own, median(result.peak), result.columns and " column_mb=" .. result.columns or "", result.rows))
  end
end
if made then os.remove(made) end
