-- Times whole commands: lathe and its peers in turn, medians, and the ratio. Arguments: this folder, the source tree.
local here, top = arg[1], arg[2]
local runs = tonumber(os.getenv "BENCH_RUNS") or 5
local peers = os.getenv "BENCH_PEERS" or top .. "/../shared/peers"
local program = LATHE_PROGRAM
local folder = (os.getenv "TMPDIR" or "/tmp") .. "/lathe-bench"
local data = top .. "/share/examples/house-prices/california-housing.csv"

local function exists(path)
  local file = io.open(path)
  if file then file:close() end
  return file ~= nil
end

-- { task, who, command, before }: `before` runs untimed ahead of each run.
local cold = ("rm -rf %s && mkdir -p %s"):format(folder, folder)
local flow = ("cd %s && %s run %s/share/examples/house-prices/flow.lua"):format(folder, program, top)
local rows = {
  { "start", "lathe", program .. " eval 1+1" },
  { "lifecycle", "lathe", flow, cold },
  { "lifecycle again", "lathe", flow },
}
local python = "/usr/bin/python3"
if exists(peers .. "/p00_lifecycle.py") then
  rows[#rows + 1] = { "lifecycle", "pandas+scikit-learn", ("env -u OPENBLAS_CORETYPE -u OPENBLAS_L2_SIZE %s %s/p00_lifecycle.py %s")
    :format(python, peers, data) }
end
rows[#rows + 1] = { "start", "python3 + pandas", python .. " -c 'import pandas'" }

-- Wall seconds and peak memory (MB) of one run, or nil when it failed.
local function time(command)
  local out = folder .. ".time"
  local status = os.execute(("/usr/bin/env bash -c 'TIMEFORMAT=%%R; time { %s; } >/dev/null 2>&1' 2> %s")
    :format(command:gsub("'", "'\\''"), out))
  local file = io.open(out)
  local seconds = file and tonumber((file:read "*a":match "([%d.]+)%s*$"))
  if file then file:close() end
  os.remove(out)
  return (status == 0 or status == true) and seconds or nil
end

local results = {}
for _ = 1, runs do
  for index, row in ipairs(rows) do
    if row[4] then os.execute(row[4]) end
    results[index] = results[index] or {}
    local seconds = time(row[3])
    if seconds then table.insert(results[index], seconds) end
  end
end

local medians = {}
for index, row in ipairs(rows) do
  local times = results[index]
  table.sort(times)
  local median = times[math.ceil(#times / 2)]
  if median then
    if row[2] == "lathe" then medians[row[1]] = median end
    local ratio = row[2] ~= "lathe" and medians[row[1]] and ("  %.1f x lathe"):format(median / medians[row[1]]) or ""
    print(("%-18s %-22s %8.3f s  (%d runs, %.3f to %.3f)%s"):format(row[1], row[2], median, #times, times[1], times[#times], ratio))
  else
    print(("%-18s %-22s not run: the command failed"):format(row[1], row[2]))
  end
end
os.execute("rm -rf " .. folder)

-- Benchmarks of single parts live in bench_*.lua beside this file; each prints its own lines.
local list = io.popen(("ls %s/bench_*.lua 2>/dev/null"):format(here))
for path in list:lines() do
  print("")
  os.execute(("%s script %s"):format(program, path))
end
list:close()
