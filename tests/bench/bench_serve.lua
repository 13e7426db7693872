-- Requests a second to an endpoint: one row of 100 numbers in a keep-alive POST, driven by wrk (one thread, 32 connections) as the peers
-- of task p08 are; seconds are those of a request, the median of runs. BENCH_SECONDS: how long a run is (4).
local here = arg[0]:match "^(.*)/[^/]*$" or "."
package.path = here .. "/?.lua;" .. package.path
local bench = require "bench"
local lathe = require "lathe"
local core = require "lathe.core"

if not bench.wanted("serve", "serve_row") then os.exit(0) end
if os.execute "command -v wrk >/dev/null" ~= 0 then
  io.stderr:write "bench_serve: wrk is not on this machine (Debian: apt install wrk)\n"
  os.exit(0)
end

local seconds, reps = tonumber(os.getenv "BENCH_SECONDS") or 4, tonumber(os.getenv "BENCH_RUNS") or 3
local features = 100

local function make_model()
  local random, definition, target = lathe.random(7), {}, {}
  for row = 1, 300 do target[row] = random:uniform() end
  for feature = 1, features do
    local values = {}
    for row = 1, 300 do values[row] = random:uniform() * 4 - 2 end
    definition[feature] = { ("x%03d"):format(feature), values }
  end
  definition[features + 1] = { "y", target }
  return lathe.fit(lathe.table(definition), lathe.recipe { target = "y" }, lathe.linear {})
end

local function post_script(path)
  local random, values = lathe.random(8), {}
  for feature = 1, features do values[feature] = ("%.6f"):format(random:uniform() * 4 - 2) end
  local file = assert(io.open(path, "wb"))
  file:write(([==[
wrk.method, wrk.path, wrk.body = "POST", "/predict", "[[%s]]"
wrk.headers["Content-Type"] = "application/json"
function done(s, l)
  print(("RESULT req_s=%%.0f p50_us=%%.0f p99_us=%%.0f errors=%%d"):format(s.requests / (s.duration / 1e6), l:percentile(50),
    l:percentile(99), s.errors.connect + s.errors.read + s.errors.write + s.errors.timeout + s.errors.status))
end
]==]):format(table.concat(values, ",")))
  file:close()
end

local endpoint = lathe.serve { make_model() }
local path, rates = os.tmpname(), {}
post_script(path)
for _ = 1, reps do
  local processor = core.C.lathe_process_seconds()
  local pipe = io.popen(("wrk -t1 -c32 -d%ds -s %s %s"):format(seconds, path, endpoint:url()))
  local result = pipe:read("*a"):match "RESULT ([^\n]*)" or "failed"
  pipe:close()
  rates[#rates + 1] = { tonumber(result:match "req_s=(%d+)") or 0, result, core.C.lathe_process_seconds() - processor }
end
table.sort(rates, function(a, b) return a[1] > b[1] end)
local middle = rates[math.ceil(reps / 2)]
print(("%-26s %-10s %8.6f cpu=%.6f runs=%d rss_mb=%.0f %s"):format("serve_row", "lathe", 1 / middle[1],
  middle[3] / (middle[1] * seconds), reps, lathe.monitor.resources().memory / 1e6, middle[2]))
os.remove(path)
endpoint:stop()
