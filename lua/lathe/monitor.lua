-- Watching: what a process and a machine use, and what an endpoint says about itself.
local ffi = require "ffi"
local core = require "lathe.core"
local C, problem = core.C, core.problem

local monitor = {}

local meter, state

-- What this process and this machine use now:
--   cpu                   of this process since the look before: 1 is one processor busy all the time
--   memory, memory_peak   bytes
--   seconds               processor time since the start
--   machine_cpu           0 to 1, of all processors; processors: how many
--   machine_memory, machine_memory_free
function monitor.resources()
  if not meter then
    meter = ffi.gc(core.try(C.lathe_resources_new(problem)), C.lathe_resources_free)
    state = ffi.new "lathe_resources_state"
  end
  C.lathe_resources_read(meter, state)
  return {
    cpu = state.cpu, interval = state.interval, seconds = state.seconds, processors = state.processors,
    memory = tonumber(state.memory), memory_peak = tonumber(state.memory_peak), machine_cpu = state.machine_cpu,
    machine_memory = tonumber(state.machine_memory), machine_memory_free = tonumber(state.machine_memory_free),
  }
end

-- What the endpoint at `url` says of itself (GET /monitor), as a table. Raises when it does not answer.
function monitor.ask(url, timeout)
  local where = type(url) == "string" and url:gsub("^https?://", ""):gsub("/+$", "") or ""
  if not where:find "^[^%s%z/]" then
    core.fail("%q is not the address of an endpoint; write it as in http://127.0.0.1:8080", tostring(url))
  end
  url = (url:match "^https?://" or "http://") .. where
  local http = require "lathe.http"
  local answer = http.request { url = url .. "/monitor", timeout = timeout or 10 }
  if answer.status ~= 200 or not (answer.headers["content-type"] or ""):find "json" then
    core.fail("%s/monitor answers %d; is this an endpoint of lathe?", url, answer.status)
  end
  local said = require("lathe.json").decode(answer.body, url .. "/monitor")
  if type(said) ~= "table" or type(said.latency_ms) ~= "table" or type(said.models) ~= "table" then
    core.fail("%s/monitor answers JSON, but not what an endpoint of lathe says", url)
  end
  return said
end

-- The same as a report.
function monitor.read(url, timeout)
  return require("lathe.serve").report(monitor.ask(url, timeout), "Endpoint " .. url)
end

return monitor
