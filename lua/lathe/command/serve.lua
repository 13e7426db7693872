-- lathe serve: models behind HTTP, until Ctrl-C or SIGTERM.
local function number(options, name)
  local value = options[name]
  if value ~= nil and value <= 0 then require("lathe.command").wrong("--%s takes a number above 0", name) end
  return value
end

-- One row to try, as JSON: zeros, and texts that the model knows.
local function sample(model)
  local json = require "lathe.json"
  local parts = {}
  for index, input in ipairs(model:inputs()) do
    local value = "0"
    if input.type == "string" or input.type == "category" then value = json.encode(input.example or "") end
    if input.type == "bool" then value = "false" end
    if input.type == "date" or input.type == "timestamp" then value = '"2024-12-31"' end
    parts[index] = json.encode(input.name) .. ": " .. value
  end
  return "[{" .. table.concat(parts, ", ") .. "}]"
end

local function shell_quoted(text) return "'" .. text:gsub("'", "'\\''") .. "'" end

local function announce(endpoint, options)
  local url, served = endpoint:url(), endpoint:models()
  if options.json then
    local names = require("lathe.json").array {}
    for index, item in ipairs(served) do names[index] = item.name end
    print(require("lathe.json").encode { url = url, models = names })
    return
  end
  for index, item in ipairs(served) do
    local inputs = item.model:inputs()
    print(("%s%s  %s: predicts %s from %d column%s"):format(url, index == 1 and "" or "/models/" .. item.name, item.name,
      item.model:target(), #inputs, #inputs == 1 and "" or "s"))
  end
  print ""
  print(("curl -s %s/predict -H 'Content-Type: application/json' -d %s"):format(url,
    shell_quoted(sample(served[1].model))))
  print(("lathe monitor %s"):format(url))
end

local function run(arguments, options)
  local list = { listen = options.listen, contract = options.contract,
    request_timeout = number(options, "timeout"), rows_limit = number(options, "rows"),
    body_limit = number(options, "body"), connections = number(options, "connections") }
  for index, path in ipairs(arguments) do list[index] = path end
  local host = rawget(_G, "LATHE_PROGRAM") and require "lathe.host"
  if host then host.hold(true) end
  local core = require "lathe.core"
  core.problem.code = core.C.LATHE_ERROR_NONE
  local fine, endpoint = pcall(require("lathe").serve, list)
  if not fine then
    if core.problem.code == core.C.LATHE_ERROR_ARGUMENT then require("lathe.command").wrong("%s", endpoint) end
    error(endpoint, 0)
  end
  announce(endpoint, options)
  io.stdout:flush()
  local reason = endpoint:wait()
  io.stderr:write(reason == "terminated" and "lathe: told to end; " or "\rlathe: ", "finishing what is in flight\n")
  local clean = endpoint:stop(number(options, "grace") or 10)
  local state, style = endpoint:monitor(), require "lathe.style"
  io.stderr:write(("lathe: served %s rows in %s requests, %s of them refused; %s\n"):format(style.count(state.rows),
    style.count(state.requests), style.count(state.errors), clean and "closed" or "requests in flight were cut off"))
  return clean and 0 or 1
end

return {
  name = "serve",
  doc = "Serve models over HTTP, until Ctrl-C or SIGTERM; requests in flight are then answered first.",
  usage = "lathe serve MODEL... [options]",
  arguments = { { name = "MODEL", many = true, doc = "a bundle that `export.bundle` or model:save wrote" } },
  options = {
    { name = "listen", short = "l", value = "HOST:PORT", doc = "where; default 127.0.0.1:0, a free port of the loopback" },
    { name = "timeout", value = "SECONDS", number = true, doc = "that a client has to send a request (10)" },
    { name = "rows", value = "N", number = true, doc = "the most rows in one request (100,000)" },
    { name = "body", value = "BYTES", number = true, doc = "the largest body of a request (32 MB)" },
    { name = "connections", value = "N", number = true, doc = "open at once (512)" },
    { name = "contract", value = "FILE", doc = "refuse rows that break this contract (lathe step look.contract makes one)" },
    { name = "grace", value = "SECONDS", number = true, doc = "to finish what is in flight when told to end (10)" },
    { name = "json", doc = "say where as JSON" },
  },
  detail = [[
POST /predict and /api/v1/predict take rows as JSON: an array of rows, {"rows": [...]} or one row object. A row is an object by
column name or an array in the order of the inputs; every input must be there, null says that it is missing. The answer is the
list of predictions. With several models the first one answers there, and each at /models/NAME/predict. GET /monitor, GET /health
and GET / tell the rest. Nobody but this machine is let in unless --listen says so.]],
  run = run,
}
