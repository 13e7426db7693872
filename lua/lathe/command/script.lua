-- lathe script: run a file of Lua without the screen.
local function source(path)
  if path == "-" then return io.stdin:read "*a" or "", "=stdin" end
  local file, problem = io.open(path, "rb")
  if not file then error(problem:find "No such file" and path .. ": there is no such file" or problem, 0) end
  local text = file:read "*a"
  file:close()
  if not text then error(path .. " is a folder, not a file of Lua", 0) end
  return text, "@" .. path
end

local function run(arguments)
  local path = arguments[1]
  local text, name = source(path)
  if text:sub(1, 1) == "\27" then error(path .. " is compiled Lua, which lathe does not run; give it the source", 0) end
  local call, problem = loadstring(text:gsub("^#[^\n]*", "", 1), name)
  if not call then error(problem, 0) end
  local rest = { [0] = path, [-1] = rawget(_G, "LATHE_PROGRAM") }
  for at = 2, #arguments do rest[at - 1] = arguments[at] end
  rawset(_G, "arg", rest)
  local status = call(unpack(rest))
  return type(status) == "number" and status or 0
end

return {
  name = "script",
  doc = "Run a file of Lua without the screen.",
  usage = "lathe script FILE.lua [ARGUMENT...]",
  arguments = {
    { name = "FILE", doc = "a file of Lua; - reads standard input" },
    { name = "ARGUMENT", doc = "what the script finds in arg and ...", optional = true, many = true },
  },
  options = {},
  rest = true,
  detail = [[
lathe is there without require. A number that the script returns is the exit status. `lathe FILE.lua` does the same.
To run a flow, use `lathe run`.]],
  run = run,
}
