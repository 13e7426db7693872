-- How many threads the kernels use. Results do not depend on it.
local core = require "lathe.core"

local threads = {}

-- Use `count` threads, 1 to 256; 0 asks for as many as the process may run on.
function threads.set(count)
  if type(count) ~= "number" or count ~= math.floor(count) or count < 0 or count > 256 then
    core.fail("threads are a whole number from 0 (as many as there are processors) to 256, not %s", tostring(count))
  end
  core.C.lathe_threads_set(count)
end

-- How many are used.
function threads.get() return core.C.lathe_threads_get() end

return setmetatable(threads, { __call = function(_, count) return threads.set(count) end })
