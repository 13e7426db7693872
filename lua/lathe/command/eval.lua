-- lathe eval: run a line of Lua and print its values.
local function run(arguments, options)
  local console = require "lathe.console"
  local call, problem = console.compile(arguments[1], "eval")
  if not call then error(problem, 0) end
  local rest = {}
  for at = 2, #arguments do rest[at - 1] = arguments[at] end
  rawset(_G, "arg", rest)
  local function show(...)
    local count = console.loud(...)
    if options.json then
      local json = require "lathe.json"
      for index = 1, count do print(json.encode(console.data((select(index, ...))))) end
    elseif count > 0 then
      local style = require "lathe.style"
      local look = { width = style.columns(io.stdout), colour = style.colour(io.stdout) }
      for index = 1, count do print(console.show((select(index, ...)), look)) end
    end
    local aside = console.aside(...)
    if aside then
      io.stdout:flush()
      io.stderr:write("lathe: ", require("lathe.style").printable(aside), "\n")
    end
  end
  show(call(unpack(rest)))
  return 0
end

return {
  name = "eval",
  doc = "Run Lua and print its values, one below the other.",
  usage = "lathe eval [--json] 'CODE' [ARGUMENT...]",
  arguments = {
    { name = "CODE", doc = "an expression, or statements with a return" },
    { name = "ARGUMENT", doc = "what the code finds in arg and ...", optional = true, many = true },
  },
  options = { { name = "json", doc = "print each value as one line of JSON" } },
  rest = true,
  detail = [[
lathe is there without require.

  lathe eval '1 + 1'
  lathe eval 'lathe.read "house.csv"'
  lathe eval --json 'lathe.read(...):profile()' house.csv]],
  run = run,
}
