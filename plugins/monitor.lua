-- Watching what is deployed.
return {
  name = "monitor", api = 1, doc = "Watch endpoints.",
  steps = {
    read = {
      doc = "What an endpoint says of itself: requests, times, errors, processor, memory.",
      inputs = { endpoint = "endpoint" },
      params = {},
      outputs = { report = "report" },
      cache = false,
      run = function(input, _, context)
        local style, monitor = require "lathe.style", require "lathe.monitor"
        local state = monitor.ask(input.endpoint:url())
        context.note(("%s requests, p99 %s"):format(style.count(state.requests), style.seconds(state.latency_ms.p99 / 1000)))
        return { report = require("lathe.serve").report(state, "Endpoint " .. input.endpoint:note()) }
      end,
    },
  },
}
