-- `lathe serve` and `lathe monitor` as a user starts them: what they print, what SIGTERM does to requests in flight.
local tap = require "tap"
local client = require "client"
local lathe = require "lathe"

local program = os.getenv "LATHE" or "lathe"
local folder = os.tmpname()
os.remove(folder)
os.execute("mkdir -p " .. folder)

local function read(name)
  local file = io.open(folder .. "/" .. name, "rb")
  local text = file and file:read "*a" or ""
  if file then file:close() end
  return text
end

-- Start it in the background; its URL and its process number.
local function start(arguments)
  os.execute(("cd '%s' && { '%s' serve %s >out 2>err & echo $! >pid; wait $!; echo $? >status; } </dev/null >/dev/null 2>&1 &")
    :format(folder, program, arguments))
  local url = client.until_true(function()
    return read "status" ~= "" and "ended" or read "out":find "lathe monitor" and read "out":match "http://[%d.:]+"
  end)
  return url, tonumber((read "pid"))
end

local x, y = {}, {}
for row = 1, 50 do x[row], y[row] = row % 7, 3 * (row % 7) + row % 2 end
local model = lathe.fit(lathe.table { x = x, y = y }, lathe.recipe { target = "y" }:scale {}, lathe.linear {})
model:save(folder .. "/line.lathe")

local url, pid = start "line.lathe"
tap.ok(url and url ~= "ended", "lathe serve prints where it is", read "err")
tap.ok(read "out":find("line: predicts y from 1 column\n", 1, true), "and what it predicts")
local answer = io.popen(read "out":match "(curl[^\n]*)"):read "*a"
tap.ok(answer:find "^%[.*%]$", "its line for curl works", answer)
local report = io.popen(("'%s' monitor %s --once"):format(program, url)):read "*a"
tap.ok(report:find "latency p99" and report:find "requests +%d", "lathe monitor prints a report", report)
local state = lathe.json.decode(io.popen(("'%s' monitor %s --json"):format(program, url:gsub("http://", ""))):read "*a")
tap.ok(state.requests >= 1 and state.models[1] == "line", "lathe monitor --json prints all of it")

local fd = client.dial(url)
client.say(fd, "POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n[{\"x\"")
local idle = client.dial(url)
client.until_true(function() return lathe.monitor.ask(url).connections >= 2 end)
client.kill(pid, 15)
tap.ok(client.until_true(function()
  local late = client.dial(url)
  if late then client.closed(late) end
  return not late
end), "after SIGTERM nobody is let in")
tap.ok(client.closed(idle), "idle connections are closed")
client.say(fd, ":1}]")
local said = client.hear_all(fd)
tap.ok(said:find "^HTTP/1.1 200" and said:find "%[[%d.]+%]$" and said:find "Connection: close", "the request in flight is answered", said)
client.until_true(function() return read "status" ~= "" end)
tap.same(read "status", "0\n", "then the program ends with success")
tap.ok(read "err":find "served %d+ rows in %d+ requests", "and says what it did", read "err")

local towns = { x = x, y = y, town = {} }
for row = 1, 50 do towns.town[row] = row % 3 == 0 and "no\"rth" or "south" end
lathe.fit(lathe.table(towns), lathe.recipe({ target = "y" }):encode { drop = "first" }, lathe.linear {}):save(folder .. "/towns.lathe")
os.remove(folder .. "/out")
os.remove(folder .. "/status")
url, pid = start "towns.lathe"
tap.ok(read "out":find([["town": "no\"rth"]], 1, true), "a text in the line for curl is one that the model knows", read "out")
client.kill(pid, 15)
client.until_true(function() return read "status" ~= "" end)
tap.ok(url ~= "ended", "so it serves texts too")

local function status_of(arguments)
  local pipe = io.popen(("'%s' %s 2>&1; echo $?"):format(program, arguments))
  local text = pipe:read "*a"
  pipe:close()
  return tonumber(text:match "(%d+)\n$"), text
end
local status, text = status_of "serve"
tap.ok(status == 2 and text:find "MODEL", "lathe serve without a model is a wrong call", text)
status, text = status_of("serve " .. folder .. "/none.lathe")
tap.ok(status == 1 and text:find "none.lathe" and not text:find "traceback", "no such bundle is one sentence", text)
status, text = status_of("serve --timeout 0 " .. folder .. "/line.lathe")
tap.ok(status == 2 and text:find "above 0", "a limit of nothing is a wrong call", text)
status, text = status_of("serve --listen nonsense " .. folder .. "/line.lathe")
tap.ok(status == 2 and text:find("HOST:PORT", 1, true), "an address that is none is a wrong call", text)
status, text = status_of("serve --grace nan " .. folder .. "/line.lathe")
tap.ok(status == 2 and text:find("takes a number", 1, true), "a number that is none is a wrong call", text)
local holder = lathe.serve { model }
status, text = status_of(("serve --listen %s %s/line.lathe"):format(holder:url():match "[%d.:]+$", folder))
tap.ok(status == 1 and text:find("in use", 1, true), "a port that is taken is a failure, not a wrong call", text)
holder:stop()
status, text = status_of "monitor ''"
tap.ok(status == 1 and text:find("is not the address of an endpoint", 1, true), "nothing is not the address of an endpoint", text)
status, text = status_of "monitor 127.0.0.1:1 --once"
tap.ok(status == 1 and text:find "127.0.0.1:1", "nobody there to watch is one sentence", text)
os.execute("rm -rf " .. folder)
tap.done()
