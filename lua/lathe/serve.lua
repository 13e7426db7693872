-- Models behind HTTP. What an endpoint answers is said in serve/endpoint.h and by itself, at GET /.
local ffi = require "ffi"
local core = require "lathe.core"
local C, problem = core.C, core.problem

local serve = {}

local endpoint = core.class("endpoint", C.lathe_endpoint_free)

-- Whether `value` is an endpoint that was started here.
function serve.is(value) return endpoint.is(value) end

-- Where it is: "http://127.0.0.1:41234".
function endpoint:url() return ffi.string(C.lathe_endpoint_url(endpoint.handle(self))) end

-- What GET /monitor answers, as a table: requests, rows, errors, statuses, rate, latency_ms, cpu, memory, ...
function endpoint:monitor()
  local text = core.try(C.lathe_endpoint_monitor(endpoint.handle(self), problem))
  local value = ffi.string(text)
  C.lathe_rows_free(text)
  return require("lathe.json").decode(value)
end

-- Whether it still takes requests.
function endpoint:running() return C.lathe_endpoint_running(endpoint.handle(self)) end

-- Wait until it is stopped, or for `seconds`, or until the program is told to end. Gives "stopped", "time", "interrupted" (Ctrl-C) or
-- "terminated" (SIGTERM).
function endpoint:wait(seconds)
  local pointer = endpoint.handle(self)
  local host = rawget(_G, "LATHE_PROGRAM") and require "lathe.host"
  local finish = seconds and C.lathe_clock() + seconds
  local reason
  local held = host and host.hold(true) -- Ctrl-C is only noted, so that the endpoint can be drained
  while not reason do
    local pause = finish and math.min(0.1, finish - C.lathe_clock()) or 0.1
    if C.lathe_endpoint_wait(pointer, pause) then
      reason = "stopped"
    elseif host and host.terminated() then
      reason = "terminated"
    elseif host and host.interrupted() then
      reason = "interrupted"
    elseif finish and C.lathe_clock() >= finish then
      reason = "time"
    end
  end
  if host then host.hold(held) end
  return reason
end

-- Drain and close: nobody else is let in, what is in flight is answered, for at most `grace` seconds (default 10). False when
-- requests had to be cut off.
function endpoint:stop(grace) return C.lathe_endpoint_stop(endpoint.handle(self), grace or 10) end

-- A few words: "127.0.0.1:41234".
function endpoint:note()
  local where = self:url():gsub("^http://", "")
  return self:running() and where or where .. ", stopped"
end

-- The models it serves, by name, in their order: { { name =, model = }, ... }.
function endpoint:models() return rawget(self, "served") end

function endpoint.describe(object)
  if rawget(object, "pointer") == nil then return "released endpoint" end
  return ("endpoint %s (%s)"):format(object:url(), object:running() and "running" or "stopped")
end

local known = { listen = true, threads = true, connections = true, body_limit = true, header_limit = true,
  rows_limit = true, request_timeout = true, idle_timeout = true }

local function limit_of(options, name)
  local value = options[name]
  if value ~= nil and (type(value) ~= "number" or value ~= value or value <= 0 or value > 2 ^ 52) then
    core.fail("%s is a number above 0, not %s", name, tostring(value))
  end
  return value or 0
end

-- A name for a model without one: its file's, or its target's; made different from those before.
local function fresh_name(wanted, taken)
  local name = wanted:gsub("[^%w._-]+", "-")
  if name == "" then name = "model" end
  local count, result = 1, name
  while taken[result] do
    count = count + 1
    result = name .. "-" .. count
  end
  return result
end

local function graph_of(model, number)
  local fine, graph = pcall(function() return model:graph() end)
  if not fine or graph == nil then
    core.fail("item %d to serve is not a model; give what lathe.fit or lathe.open gives, or a bundle's path", number)
  end
  return graph
end

-- What is to be served: a list of { name =, model =, graph = }.
local function gather(options)
  local list, taken = {}, {}
  local count = #options
  if count > 1 and core.is_beside(options[count]) then count = count - 1 end -- lathe.serve { model:quantize() }
  for number = 1, count do
    local item = options[number]
    local name, model = nil, item
    if type(item) == "table" and getmetatable(item) == nil and item.model then name, model = item.name, item.model end
    if type(model) == "string" then
      name = name or model:match "[^/]+$":gsub("%.[^.]*$", "")
      model = require("lathe").open(model)
    end
    local graph = graph_of(model, number)
    name = name or fresh_name(ffi.string(C.lathe_graph_output_name(graph)), taken)
    if list[1] and taken[name] then name = fresh_name(name, taken) end
    taken[name] = true
    list[number] = { name = name, model = model, graph = graph }
  end
  if #list == 0 then core.fail "lathe.serve wants a model: lathe.serve { model, listen = \"127.0.0.1:8080\" }" end
  return list
end

-- Serve one model or several: lathe.serve { model, listen = "127.0.0.1:8080" }. An item is a model, the path of a bundle, or
-- { name = "house", model = ... }. Gives a running endpoint; raises when the port is in use.
--   listen            "HOST:PORT"; port 0 takes a free one (127.0.0.1:0)
--   threads           that answer (one for each processor)
--   connections       open at once (512)
--   body_limit        bytes of a request's body (32 MB); header_limit: of its head (32 kB)
--   rows_limit        rows of one request (100,000)
--   request_timeout   seconds that a client has to send a request, and again to take the answer (10)
--   idle_timeout      seconds that a connection may wait between requests (30)
--   contract          what rows have to be like (lathe.contract, or the path of one); a request that breaks it is refused (400)
function serve.serve(options)
  if type(options) ~= "table" then core.fail "lathe.serve wants a table: lathe.serve { model }" end
  if getmetatable(options) ~= nil then options = { options } end
  for name in pairs(options) do
    if type(name) ~= "number" and name ~= "contract" and not known[name] then core.unknown_option("lathe.serve", name, known) end
  end
  local listen = options.listen
  if listen ~= nil and type(listen) ~= "string" then listen = tostring(listen) end
  local list = gather(options)
  local graphs, names = ffi.new("lathe_graph *[?]", #list), ffi.new("const char *[?]", #list)
  for index, item in ipairs(list) do graphs[index - 1], names[index - 1] = item.graph, item.name end
  local limits = ffi.new "lathe_endpoint_options"
  limits.listen = listen
  for name in pairs(known) do
    if name ~= "listen" then limits[name] = limit_of(options, name) end
  end
  local contract = options.contract and require("lathe.contract").new(options.contract)
  if contract then limits.contract = contract:handle() end
  local made = endpoint.wrap(C.lathe_endpoint_start(#list, graphs, names, limits, problem))
  local served = {}
  for index, item in ipairs(list) do served[index] = { name = item.name, model = item.model } end
  rawset(made, "served", served)
  rawset(made, "listen", listen) -- which kept the text of `limits` alive until here
  return made
end

-- Ask an endpoint, by its URL, for the predictions of all rows of a table, `batch` rows in a request (default 1000). `model`: any
-- model or graph owner with the same inputs. Gives the predictions as a C array of doubles, (rows, columns of the graph's output), and the
-- number of requests.
function serve.score(url, model, table_, batch, progress)
  local http = require "lathe.http"
  local graph, handle = model:graph(), table_:handle()
  local rows, size, requests = table_:rows(), batch or 1000, 0
  local width = C.lathe_graph_width(graph)
  local out = ffi.new("double[?]", math.max(rows * width, 1))
  for first = 0, rows - 1, size do
    local count = math.min(size, rows - first)
    local text = core.try(C.lathe_rows_to_json(graph, handle, first, count, problem))
    local body = ffi.string(text)
    C.lathe_rows_free(text)
    local answer = http.request { url = url .. "/predict", body = body, progress = progress,
      headers = { ["Content-Type"] = "application/json" } }
    if answer.status ~= 200 then core.fail("%s/predict answers %d: %s", url, answer.status, answer.body) end
    core.try(C.lathe_predictions_from_json(answer.body, #answer.body, graph, count, out + first * width, problem))
    requests = requests + 1
  end
  return out, requests
end


-- A line for each column whose values were odd: { "town of house", "3 unknown, 1 missing" }.
local function odd_lines(state)
  local lines, alone = {}, #state.models == 1
  for model, columns in pairs(state.odd_values or {}) do
    for column, counts in pairs(columns) do
      local words = {}
      for _, what in ipairs { "unknown", "infinite", "missing" } do
        if counts[what] then words[#words + 1] = ("%s %s"):format(require("lathe.style").count(counts[what]), what) end
      end
      lines[#lines + 1] = { "values of " .. (alone and column or ("%s of %s"):format(column, model)), table.concat(words, ", ") }
    end
  end
  table.sort(lines, function(a, b) return a[1] < b[1] end)
  return lines
end

-- A report of what an endpoint's monitor says (the table that endpoint:monitor() or GET /monitor gives).
function serve.report(state, title)
  local style = require "lathe.style"
  local report = require("lathe.report").new(title or "Endpoint")
  local times = state.latency_ms
  local function time_of(value) return state.requests > 0 and style.seconds(value / 1000) or nil end
  local share = state.requests > 0 and state.errors / state.requests or 0
  report:values {
    { "models", table.concat(state.models, ", ") },
    { "up", style.seconds(state.uptime), state.status ~= "ok" and state.status or nil },
    { "requests", state.requests, ("%s/s now"):format(style.number(state.rate)) },
    { "rows", state.rows },
    { "errors", state.errors, ("%.2f %%"):format(100 * share) },
    { "latency p50", time_of(times.p50) },
    { "latency p90", time_of(times.p90) },
    { "latency p99", time_of(times.p99) },
    { "latency p99.9", time_of(times["p99.9"]), time_of(times.most) and "longest " .. time_of(times.most) },
    { "cpu", ("%.0f %%"):format(100 * state.cpu), ("machine %.0f %%"):format(100 * state.machine.cpu) },
    { "memory", style.bytes(state.memory), "peak " .. style.bytes(state.memory_peak) },
    { "connections", state.connections, state.cut > 0 and ("%d cut off for slowness"):format(state.cut) or nil },
  }
  local odd = odd_lines(state)
  if odd[1] then report:values(odd) end
  local busy = false
  for _, count in ipairs(state.per_second) do busy = busy or count > 0 end
  if busy then
    report:chart { kind = "line", title = "requests each second", values = state.per_second, labels = { "-60 s", "now" } }
  end
  if share > 0 then
    local parts = {}
    for status, count in pairs(state.statuses) do
      if tonumber(status) >= 400 then parts[#parts + 1] = ("%s: %d"):format(status, count) end
    end
    table.sort(parts)
    report:alert { level = "warn", text = "requests were refused (" .. table.concat(parts, ", ") .. ")" }
  end
  report.metrics = { requests = state.requests, errors = state.errors, rows = state.rows, rate = state.rate,
    latency_p50_ms = times.p50, latency_p99_ms = times.p99, cpu = state.cpu, memory = state.memory }
  return report
end

return serve
