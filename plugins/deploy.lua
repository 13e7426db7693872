-- Putting models behind HTTP, and asking them there.
-- How many rows got over HTTP differ from the same rows in this process; NaN equals NaN.
local function differences(served, own, rows, width)
  local count, first = 0, nil
  for row = 0, rows - 1 do
    for place = row * width, row * width + width - 1 do
      local a, b = served[place], own[place]
      if a ~= b and (a == a or b == b) then
        count = count + 1
        first = first or row
        break
      end
    end
  end
  return count, first
end

return {
  name = "deploy", api = 1, doc = "Serve models over HTTP and ask them there.",
  steps = {
    serve = {
      doc = "Serve a model over HTTP until the flow ends.",
      inputs = { model = "model" },
      params = {
        listen = { type = "string", default = "127.0.0.1:0", doc = "HOST:PORT; port 0 takes a free one" },
        name = { type = "string", optional = true, doc = "what the model is called; default: its target" },
        request_timeout = { type = "number", default = 10, min = 0.01, doc = "seconds that a client has to send a request" },
      },
      outputs = { endpoint = "endpoint" },
      cache = false,
      run = function(input, param, context)
        local endpoint = require("lathe").serve {
          { model = input.model, name = param.name }, listen = param.listen, request_timeout = param.request_timeout,
        }
        context.defer(function() endpoint:stop() end)
        context.note(endpoint:note())
        context.log("serves at " .. endpoint:url())
        return { endpoint = endpoint }
      end,
    },
    score = {
      doc = "Post a table's rows to an endpoint and check its answers against the model, to the last digit.",
      inputs = { { "endpoint", "endpoint" }, { "model", "model" }, { "table", "table" } },
      params = { batch = { type = "integer", default = 1000, min = 1, doc = "rows in each request" } },
      outputs = { { "table", "table" }, { "report", "report" } },
      cache = false,
      run = function(input, param, context)
        local style, core = require "lathe.style", require "lathe.core"
        local rows, start = input.table:rows(), core.C.lathe_clock()
        local served, requests = require("lathe.serve").score(input.endpoint:url(), input.model, input.table, param.batch,
          context.progress)
        local seconds = core.C.lathe_clock() - start
        local own, _, width = input.model:run(input.table)
        local differing, first = differences(served, own, rows, width)
        if differing > 0 then
          core.fail("%d of %d rows were predicted otherwise by %s than by the model, first row %d; does it serve this model?",
            differing, rows, input.endpoint:url(), first + 1)
        end
        local report = require("lathe.report").new "Scored over HTTP"
        report:values {
          { "rows", rows }, { "requests", requests, ("%s rows each"):format(style.count(param.batch)) },
          { "rows a second", seconds > 0 and rows / seconds or nil },
          { "differing from the model", differing, "compared to the last digit" },
        }
        report.metrics = { rows = rows, requests = requests, differing = differing }
        context.note(style.count(rows) .. " rows, all as the model says")
        return { table = input.model:predictions(served, rows), report = report }
      end,
    },
    stop = {
      doc = "Drain an endpoint: answer what is in flight, then close.",
      inputs = { endpoint = "endpoint" },
      params = { grace = { type = "number", default = 10, min = 0, doc = "seconds to wait for requests in flight" } },
      outputs = { report = "report" },
      cache = false,
      run = function(input, param, context)
        local report = require("lathe.serve").report(input.endpoint:monitor(), "Endpoint at its end")
        local clean = input.endpoint:stop(param.grace)
        if not clean then report:alert { level = "warn", text = "requests in flight were cut off; allow more grace" } end
        context.note(clean and "drained" or "cut off")
        return { report = report }
      end,
    },
  },
}
