-- lathe repl: the console alone, in lines. Ctrl-C stops a line and not the program, Ctrl-D ends it.
local console = require "lathe.console"
local style = require "lathe.style"

-- The host, or outside of the program what stands for it: nothing there can stop a running line.
local function host_of()
  if rawget(_G, "LATHE_PROGRAM") then return require "lathe.host" end
  local function never() return false end
  return { call = pcall, hold = never, interrupted = never, terminated = never, clear = never }
end

-- Waiting for a line in the kernel would not see Ctrl-C before Enter, so a terminal is waited for in small pieces.
local function terminal_wait(host)
  local ffi = require "ffi"
  ffi.cdef [[
  typedef struct lathe_repl_poll { int file; short wanted, got; } lathe_repl_poll;
  int poll(lathe_repl_poll *, unsigned long, int);
  ]]
  local poll = ffi.new("lathe_repl_poll[1]", { { file = 0, wanted = 1 } })
  return function()
    while true do
      local ready = ffi.C.poll(poll, 1, 100) > 0
      if host.terminated() then return "terminated" end
      if host.interrupted() then return "interrupted" end
      if ready then return nil end
    end
  end
end

local function run()
  local host, terminal = host_of(), style.terminal(io.stdin)
  local look = { width = style.columns(io.stdout), colour = style.colour(io.stdout) }
  local paint = style.new(style.colour(io.stderr))
  local wait = terminal and terminal_wait(host) or function() return nil end
  local failures, held = 0, ""

  local function show(...)
    for index = 1, console.loud(...) do print(console.show((select(index, ...)), look)) end
    local aside = console.aside(...)
    if aside then
      io.stdout:flush()
      io.stderr:write(paint.dim(style.printable(aside)), "\n")
    end
  end

  local function fail(problem)
    failures = failures + 1
    io.stdout:flush()
    io.stderr:write(paint.error(style.printable(require("lathe.core").sentence(problem), true)), "\n")
  end

  -- Run a line, or keep it until the lines that complete it have come.
  local function take(line)
    local text = held == "" and line or held .. "\n" .. line
    held = ""
    if not text:find "%S" then return end
    local call, problem, incomplete = console.compile(text, "console")
    if incomplete then
      held = text
    elseif not call then
      fail(problem)
    else
      local fine, message = host.call(function() show(call()) end)
      if not fine then fail(host.interrupted() and (require("lathe.core").stopped() or "interrupted") or message) end
      host.clear()
    end
  end

  if terminal then print(("lathe %s: Lua, with the library as lathe. Ctrl-D ends it."):format(require("lathe").version)) end
  local before = host.hold(true)
  while true do
    if terminal then
      io.stdout:write(held == "" and "> " or ">> ")
      io.stdout:flush()
    end
    local stopped = wait()
    if stopped == "terminated" then break end
    if stopped then
      host.clear()
      held = ""
      io.stdout:write "\n"
    else
      local line = io.read "*l"
      if line == nil then break end
      take(line)
    end
  end
  host.hold(before)
  if held ~= "" then fail((select(2, console.compile(held, "console")))) end
  if terminal then io.stdout:write "\n" end
  return (failures > 0 and not terminal) and 1 or 0
end

return {
  name = "repl",
  doc = "The Lua console alone: prints the values of each line; a statement may take several lines.",
  usage = "lathe repl",
  arguments = {},
  options = {},
  detail = "When standard input is not a terminal, its lines are run in turn, and the exit status is 1 if one failed.",
  run = run,
}
