-- lathe monitor: what an endpoint says of itself; on a terminal again and again.
local ffi = require "ffi"

-- Whether the program was told to end.
local function stopped()
  local host = rawget(_G, "LATHE_PROGRAM") and require "lathe.host"
  return host and (host.interrupted() or host.terminated())
end

-- Wait for `seconds`, or until the program is told to end (true).
local function pause(seconds)
  local core = require "lathe.core"
  local finish = core.C.lathe_clock() + seconds
  while core.C.lathe_clock() < finish do
    ffi.C.usleep(50000)
    if stopped() then return true end
  end
  return false
end

local function show(state, url, options, again)
  if options.json then
    print(require("lathe.json").encode(state))
  else
    local style = require "lathe.style"
    local text = require("lathe.serve").report(state, url)
      :render { width = style.columns(io.stdout), colour = style.colour(io.stdout) }
    if again then io.stdout:write "\27[H" end
    io.stdout:write((again and text:gsub("\n", "\27[K\n") or text), again and "\27[J" or "")
  end
  io.stdout:flush()
end

local function run(arguments, options)
  local monitor, style = require "lathe.monitor", require "lathe.style"
  local url = arguments[1]
  local seconds = options.every or 1
  if seconds < 0.1 then require("lathe.command").wrong "--every takes at least 0.1 seconds" end
  local again = style.terminal(io.stdout) and not options.once
  if again and options.json then again = false end
  local state = monitor.ask(url)
  if again then
    ffi.cdef "int usleep(unsigned);"
    local host = rawget(_G, "LATHE_PROGRAM") and require "lathe.host"
    if host then host.hold(true) end
    io.stdout:write "\27[2J"
  end
  show(state, url, options, again)
  while again and not pause(seconds) do
    local fine, now = pcall(monitor.ask, url)
    if not fine and stopped() then break end -- Ctrl-C cancelled the asking
    if not fine then error(now, 0) end
    show(now, url, options, again)
  end
  return 0
end

return {
  name = "monitor",
  doc = "Watch an endpoint: requests, rows, errors, times, rate, processor, memory.",
  usage = "lathe monitor URL [--once] [--every SECONDS] [--json]",
  arguments = { { name = "URL", doc = "where it is: http://127.0.0.1:8080, or 127.0.0.1:8080" } },
  options = {
    { name = "once", doc = "say it once, on a terminal too" },
    { name = "every", value = "SECONDS", number = true, doc = "how often on a terminal (1)" },
    { name = "json", doc = "once, as JSON" },
  },
  run = run,
}
