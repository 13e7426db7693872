-- The profile of a large table in memory, and the summaries that its peers make of it: "task who seconds key=value". Reading is not
-- counted. $BENCH_DATA/table.csv (5 million rows); peers where they are installed.
-- lathe script tests/bench/bench_profile.lua [FILE]
local lathe = require "lathe"
local C = require("lathe.core").C

local path = arg[1] or (os.getenv "BENCH_DATA" or "/tmp/bench") .. "/table.csv"
local file = io.open(path)
if not file then
  print("profile - not run: there is no " .. path)
  return
end
file:close()

io.stdout:setvbuf "line"
local t = lathe.read(path)
local function time(task, run)
  local wall, cpu = C.lathe_clock(), C.lathe_process_seconds()
  run()
  print(("%s lathe %.3f cpu=%.3f rows=%d columns=%d"):format(task, C.lathe_clock() - wall, C.lathe_process_seconds() - cpu, t:rows(),
    #t:columns()))
end
for _ = 1, 3 do time("summaries", function() require("lathe.profile").summaries(t) end) end
for _ = 1, 3 do time("profile", function() t:profile() end) end
time("correlate", function() t:correlate() end)
time("spearman", function() t:correlate { method = "spearman" } end)
t:release()

local here = arg[0]:match "^(.*)/[^/]*$" or "."
for _, who in ipairs { "duckdb", "polars" } do os.execute(("node %s/peers/profile.mjs %s %s 3 2>/dev/null"):format(here, who, path)) end
os.execute(("/usr/bin/python3 %s/peers/profile.py %s 1 2>/dev/null"):format(here, path))
