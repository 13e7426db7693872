-- Whole commands: the start of the program, and a whole flow from a file to a saved model, cold and again.
-- lathe script tests/bench/bench_start.lua
local here = arg[0]:match "^(.*)/[^/]*$" or "."
package.path = here .. "/?.lua;" .. package.path
local bench = require "bench"

local top = here .. "/../.."
local folder = (os.getenv "TMPDIR" or "/tmp") .. "/lathe-bench"

local function command(text, before)
  return function()
    return function()
      if before then os.execute(before) end
      local status = os.execute(text .. " >/dev/null 2>&1")
      if status ~= 0 and status ~= true then error("the command failed: " .. text, 0) end
    end, function() return {} end
  end
end

local cold = ("rm -rf %s && mkdir -p %s"):format(folder, folder)
local absolute = here:sub(1, 1) == "/" and top or (os.getenv "PWD" or ".") .. "/" .. top
local flow = ("cd %s && %s run %s/share/examples/house-prices/flow.lua"):format(folder, LATHE_PROGRAM or "lathe", absolute)
os.execute("mkdir -p " .. folder)
bench.family {
  name = "start",
  peers = { "pandas" },
  tasks = { "start", "lifecycle", "lifecycle_again" },
  lathe = { start = command((LATHE_PROGRAM or "lathe") .. " eval 1+1"), lifecycle = command(flow, cold), lifecycle_again = command(flow) },
}
