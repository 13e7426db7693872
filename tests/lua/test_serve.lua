-- An endpoint over loopback: answers, errors with their fields, limits, slow clients, draining.
local tap = require "tap"
local client = require "client"
local ffi = require "ffi"
local lathe = require "lathe"
local core = require "lathe.core"
local C = core.C

local dial, say, hear_all, drip, closed = client.dial, client.say, client.hear_all, client.drip, client.closed

-- ---- a model ----

local function make_rows(count)
  local random = 7
  local function next_number()
    random = (random * 16807) % 2147483647
    return random / 2147483647
  end
  local area, rooms, town, garden, price = {}, {}, {}, {}, {}
  local towns = { "Ulm", "Köln", "Bonn" }
  for row = 1, count do
    area[row] = row % 97 ~= 0 and next_number() * 200 or nil
    rooms[row] = ffi.new("int64_t", math.floor(next_number() * 9))
    town[row] = towns[row % 3 + 1]
    garden[row] = next_number() > 0.5
    price[row] = (area[row] or 100) * 3000 + tonumber(rooms[row]) * 999.5 + (row % 3) * 1e4 + next_number() * 1e4
  end
  return lathe.table { { "area", area }, { "rooms", rooms }, { "town", town }, { "garden", garden }, { "price", price } }
end

local all = make_rows(10000)
local recipe = lathe.recipe { target = "price" }:impute {}:encode {}:scale {}
local model = lathe.fit(all, recipe, lathe.linear {})
local endpoint = lathe.serve { model, body_limit = 200000, rows_limit = 5000 }
local url = endpoint:url()

local function post(body, path, headers)
  return lathe.http.request { url = url .. (path or "/predict"), body = body,
    headers = headers or { ["Content-Type"] = "application/json" } }
end

-- The sentence and the field of a refusal.
local function refusal(body, status)
  local answer = post(body)
  local said = lathe.json.decode(answer.body)
  return answer.status == (status or 400) and said.error.message or "status " .. answer.status, said.error and said.error.field
end

-- ---- answers ----

tap.ok(url:find "^http://127%.0%.0%.1:%d+$", "it listens on the loopback and tells its port", url)
local served, requests = require("lathe.serve").score(url, model, all, 1000)
local own, same = ffi.new("double[?]", 10000), 0
core.try(C.lathe_graph_run(model:graph(), all:handle(), own, nil, core.problem))
for row = 0, 9999 do
  if served[row] == own[row] then same = same + 1 end
end
tap.ok(same == 10000 and requests == 10, "10,000 rows over HTTP are the model's own predictions, to the last digit", same)

local first = '{"area": 120.5, "rooms": 3, "town": "Köln", "garden": true}'
local one = post("[" .. first .. "]")
tap.ok(one.status == 200 and one.body:find "^%[%-?%d+%.%d+%]$" and one.headers["content-type"] == "application/json",
  "an array of rows gives a bare list of predictions", one.body)
local by_hand = model:predict(lathe.table { { "area", { 120.5 } }, { "rooms", { 3LL } }, { "town", { "Köln" } }, { "garden", { true } } })
tap.ok(lathe.json.decode(one.body)[1] == by_hand:column("price"):get(1), "it is the prediction in the process")
tap.same(post(first).body, one.body, "one row as an object is the same")
tap.same(post('{"rows": [' .. first .. "]}").body, one.body, 'so is {"rows": [...]}')
tap.same(post('[[120.5, 3, "Köln", true]]').body, one.body, "so is a row as an array in the order of the inputs")
tap.same(post('[{"garden": 1, "town": "K\\u00f6ln", "rooms": 3.0, "area": 1205e-1}]').body, one.body,
  "the order of keys and the spelling of numbers do not matter")
tap.same(post(first, "/api/v1/predict").body, one.body, "/api/v1/predict is the same")
tap.same(post(first, "/models/price/predict").body, one.body, "so is the model's own route")
tap.same(post(first, nil, { ["Content-Type"] = "application/vnd.x+json; charset=utf-8" }).status, 200, "kin of JSON are taken")
tap.same(post("[]").body, "[]", "no rows, no predictions")
tap.same(post('[{"area": null, "rooms": null, "town": null, "garden": null}]').status, 200, "null is a missing value")

-- ---- refusals ----

local function refuses(body, want, field, sentence, status)
  local message, where = refusal(body, status)
  tap.ok(message:find(want, 1, true) and where == field, sentence, message, where)
end
refuses('[{"area": 1, "rooms": 3, "town": "Ulm", "garden": true}, {"area": "big"}]',
  'rows[1].area must be a number or null, not the text "big"', "rows[1].area", "a wrong type names its field")
refuses('[{"area": 1, "town": "Ulm", "garden": true}]', "is not given", "rows[0].rooms", "an absent field is named")
refuses('{"aera": 1}', 'the nearest that it takes is "area"', "aera", "an unknown field is answered with the nearest")
refuses('{"price": 1}', "is what the model predicts", "price", "the target is not an input")
refuses('{"area": 1, "area": 2}', "stands twice", "area", "a repeated field is named")
refuses("[[1, 2]]", "only 2 values, but the model takes 4", "rows[0]", "a short array is counted")
refuses('[[1, 2, "Ulm", true, 5]]', "more than 4 values", "rows[0]", "a long array is refused")
refuses('[[1, 2, "Ulm", 3]]', "must be true, false or null", "rows[0].garden", "a number is not a truth value")
refuses('[[1, 2, 7, true]]', "must be a text or null", "rows[0].town", "a number is not a text")
refuses('[[[], 2, "Ulm", true]]', "not an array", "rows[0].area", "an array is not a number")
refuses("[1]", "must be an object by column name", "rows[0]", "a row must be a row")
refuses("17", "the body must be an array of rows", nil, "a number is not rows")
refuses('{"rows": [[1,', "the body is not JSON: line 1, column 14", nil, "broken JSON is told with its place")
refuses("", "the text ends where a value should be", nil, "an empty body is refused")
refuses('[{"area": 1e999}]', "beyond the range", nil, "a number out of range is refused")
refuses('["\255"]', "is not UTF-8", nil, "bytes that are not UTF-8 are refused")
refuses('{"rows": [], "more": 1}', 'is not known beside "rows"', "more", "nothing else beside rows")
refuses("[" .. ("[1,2,\"Ulm\",true],"):rep(6000) .. "[1,2,\"Ulm\",true]]", "more than 5000 rows", nil, "too many rows are refused", 413)
refuses(("x"):rep(300000), "larger than the 200000 bytes", nil, "a large body is refused", 413)
refuses(("x"):rep(3000000), "larger than the 200000 bytes", nil, "a much larger one, too", 413)
tap.same(post(first, nil, { ["Content-Type"] = "text/csv" }).status, 415, "another content type is refused")
local wrong = lathe.http.request { url = url .. "/predict" }
tap.ok(wrong.status == 405 and wrong.headers.allow == "POST", "GET /predict is refused with what is allowed")
wrong = lathe.http.request { url = url .. "/health", method = "DELETE" }
tap.ok(wrong.status == 405 and wrong.headers.allow == "GET, HEAD", "DELETE /health as well")
wrong = lathe.http.request { url = url .. "/predct" }
tap.ok(wrong.status == 404 and wrong.body:find("POST /predict", 1, true), "an unknown path is answered with the routes")
tap.same(post(first, "/models/none/predict").status, 404, "an unknown model is not there")
local fd = dial(url)
say(fd, "GET / HTTP/1.1\r\nHost: x\r\nX: " .. ("y"):rep(100000) .. "\r\n\r\n")
local status = hear_all(fd):match "^HTTP/1.1 (%d+)"
tap.ok(status == "431" or status == "413" or status == nil, "an endless header is refused", status)
fd = dial(url)
say(fd, "POST /predict HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n" ..
  ("%x\r\n%s\r\n0\r\n\r\n"):format(#first, first))
tap.ok(hear_all(fd):find(one.body, 1, true), "a body in chunks, and without a content type, is read")
fd = dial(url)
say(fd, "BREW\r\n\r\n")
tap.ok(not hear_all(fd):find "^HTTP/1.1 2", "what is not HTTP is not answered with success")

-- ---- what it says of itself ----

local index = lathe.json.decode(lathe.http.get(url .. "/"))
tap.ok(index.routes["POST /predict"] and index.models[1].inputs[3].name == "town" and index.models[1].predicts == "price",
  "GET / lists routes and inputs")
tap.same(lathe.http.get(url .. "/health"), '{"status":"ok"}', "GET /health says that it serves")
local state = endpoint:monitor()
tap.ok(state.requests > 40 and state.statuses["415"] == 1 and state.errors > 20 and state.rows > 10000,
  "the monitor counts requests, errors and rows")
tap.ok(state.latency_ms.p50 > 0 and state.latency_ms["p99.9"] >= state.latency_ms.p50 and state.memory > 1e6 and state.uptime > 0,
  "and tells times and memory")
local over = lathe.monitor.ask(url)
tap.ok(over.requests == state.requests, "GET /monitor says the same, and does not count itself")
local report = lathe.monitor.read(url)
tap.ok(tostring(report):find "latency p99 +[%d.]+ .?[mµ]?s" and report.metrics.requests == state.requests, "it can be read as a report")
tap.ok(endpoint:note() == url:gsub("http://", "") and tostring(endpoint):find "running", "its note is its address")

-- ---- addresses ----

tap.raises(function() lathe.serve { model, listen = url:gsub("http://", "") } end, "is in use by another program", "a port in use is told")
tap.raises(function() lathe.serve { model, listen = "nonsense" } end, "write HOST:PORT", "a bad address is told")
tap.raises(function() lathe.serve { model, listen = "203.0.113.1:0" } end, "is not an address of this machine", "a foreign one, too")
tap.raises(function() lathe.serve { model, lisen = "x" } end, "did you mean \"listen\"?", "an unknown option is answered with the nearest")
tap.raises(function() lathe.serve {} end, "wants a model", "nothing to serve is told")
tap.raises(function() lathe.serve { 5 } end, "item 1 to serve is not a model", "a number is not a model")
tap.raises(function() lathe.http.request { url = "http://127.0.0.1:1/" } end, "http://127.0.0.1:1/: ", "nobody there is told with the URL")

-- ---- clients that take their time ----

local short = lathe.serve { model, { model = model, name = "second" }, request_timeout = 0.25, idle_timeout = 0.5 }
fd = dial(short:url())
say(fd, "POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n")
tap.ok(drip(fd, " "), "a client that drips its body is cut off")
fd = dial(short:url())
say(fd, "POST /predict HTTP/1.1\r\nHost: x\r\nX-Slow: ")
tap.ok(drip(fd, "x"), "so is one that drips its head")
fd = dial(short:url())
tap.ok(drip(fd, "G"), "so is one that drips its first line")
fd = dial(short:url())
tap.ok(closed(fd), "a connection that says nothing is closed")
tap.ok(short:monitor().cut >= 2, "the monitor counts those that were cut off")
tap.same(lathe.http.request { url = short:url() .. "/models/second/predict", body = first }.body, one.body, "others are served meanwhile")
tap.ok(short:stop(), "an idle endpoint drains at once")
tap.ok(dial(short:url()) == nil, "then nobody is let in")
tap.ok(short:stop() and short:wait() == "stopped" and short:note():find "stopped", "stopping again does no harm")

-- ---- what is in flight is finished ----

fd = dial(url)
say(fd, "POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n[")
tap.ok(endpoint:wait(0.01) == "time" and endpoint:running(), "it runs on until it is stopped")
tap.ok(not endpoint:stop(0.05), "a request that does not end within the grace is cut off, which is told")
tap.same(hear_all(fd), "", "its client gets no answer")
endpoint:release()
tap.raises(function() endpoint:url() end, "this endpoint was released", "a released endpoint raises a sentence")
tap.done()
