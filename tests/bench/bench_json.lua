-- Reading JSON Lines and SQLite: `task who seconds key=value`, beside pandas, Polars and DuckDB where they are installed.
-- Rows by $BENCH_ROWS (500,000).
local lathe = require "lathe"
local rows = tonumber(os.getenv "BENCH_ROWS") or 500000
local folder = os.tmpname()
os.remove(folder)
os.execute("mkdir -p " .. folder)
local lines, base = folder .. "/rows.jsonl", folder .. "/rows.db"

local file = io.open(lines, "w")
local cities = { "Berlin", "Paris", "Oslo", "Rome" }
math.randomseed(1)
for i = 1, rows do
  file:write(('{"id":%d,"name":"customer %d","age":%d,"income":%.2f,"city":"%s","signed":"2024-%02d-%02d","active":%s,"score":%.6f,'
    .. '"tag":null}\n')
    :format(i, math.random(10 ^ 6), math.random(17, 99), math.random() * 1e5, cities[i % 4 + 1], i % 12 + 1, i % 28 + 1,
      tostring(i % 3 == 0), math.random()))
end
local size = file:seek "end"
file:close()

local function now()
  local pipe = io.popen "date +%s.%N"
  local value = tonumber(pipe:read "*l")
  pipe:close()
  return value
end

local function time(task, run)
  local list = {}
  for round = 1, 3 do
    local start = now()
    run()
    list[round] = now() - start
    collectgarbage()
  end
  table.sort(list)
  print(("%s lathe %.3f mb_per_s=%.0f rows_per_s=%.0f"):format(task, list[2], size / 1e6 / list[2], rows / list[2]))
end

local t
time("read-jsonl", function() t = lathe.read(lines) end)
time("write-jsonl", function() t:write(folder .. "/copy.jsonl") end)
time("write-sqlite", function() t:write(base, { table = "t", mode = "replace" }) end)
time("read-sqlite", function() lathe.read(base) end)

local peers = {
  { "read-jsonl", "pandas", "/usr/bin/python3 -c \"import pandas,time;s=time.time();"
    .. "pandas.read_json('%s',lines=True);print(time.time()-s)\"", lines },
  { "read-sqlite", "pandas", "/usr/bin/python3 -c \"import pandas,sqlite3,time;s=time.time();pandas.read_sql('select * from t',"
    .. "sqlite3.connect('%s'));print(time.time()-s)\"", base },
}
local modules = os.getenv "PEERS_NODE"
if modules then
  peers[#peers + 1] = { "read-jsonl", "polars", "NODE_PATH=" .. modules .. " node -e \"const pl=require('nodejs-polars');"
    .. "const s=performance.now();pl.readJSON('%s',{format:'lines'});console.log((performance.now()-s)/1000)\"", lines }
  peers[#peers + 1] = { "read-jsonl", "duckdb", "NODE_PATH=" .. modules .. " node -e \"(async()=>{const d=require('@duckdb/node-api');"
    .. "const c=await (await d.DuckDBInstance.create()).connect();const s=performance.now();"
    .. "await c.run(\\\"create table t as select * from read_json('%s')\\\");console.log((performance.now()-s)/1000)})()\"", lines }
end
for _, peer in ipairs(peers) do
  local pipe = io.popen(peer[3]:format(peer[4]) .. " 2>/dev/null")
  local seconds = tonumber(pipe:read "*l" or "")
  pipe:close()
  if seconds then print(("%s %s %.3f rows_per_s=%.0f"):format(peer[1], peer[2], seconds, rows / seconds)) end
end
os.execute("rm -rf " .. folder)
