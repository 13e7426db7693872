-- lathe runs: what was run in this project.
local function when(time)
  return time and os.date("%Y-%m-%d %H:%M:%S", math.floor(time)) or "?"
end

-- The first figure of merit in a run, in a few words.
local function merit(record)
  local summary = require "lathe.summary"
  for _, node in ipairs(record.nodes) do
    for _, output in ipairs(node.outputs or {}) do
      local names = output.metrics and summary.names(output.metrics) or {}
      if names[1] then return summary.word(names[1]) .. " " .. summary.metric(output.metrics[names[1]]) end
    end
  end
  return ""
end

local function list_report(runs)
  local style = require "lathe.style"
  local report, rows = require("lathe.report").new "Runs", {}
  for index, record in ipairs(runs) do
    local wanted = 0
    for _, node in ipairs(record.nodes) do wanted = wanted + (node.state == "skipped" and 0 or 1) end
    rows[index] = {
      record.id, when(record.started), record.flow or "?", record.state,
      record.state == "running" and "" or style.seconds(record.seconds or 0), ("%d of %d"):format(record.reused or 0, wanted),
      merit(record),
    }
  end
  report:table {
    columns = { "run", "begun", "flow", "state", { name = "took", align = "right" }, { name = "reused", align = "right" }, "result" },
    rows = rows,
  }
  return report
end

local function run_report(record)
  local style, summary = require "lathe.style", require "lathe.summary"
  local report, rows = require("lathe.report").new(("%s · run %s"):format(record.flow or "?", record.id)), {}
  report:values {
    { "begun", when(record.started) }, { "took", style.seconds(record.seconds or 0) }, { "state", record.state },
    { "flow file", record.file or "none" }, { "lathe", record.lathe or "?" },
  }
  for index, node in ipairs(record.nodes) do
    rows[index] = { node.name, node.step, node.state, node.state == "done" and style.seconds(node.seconds or 0) or "", node.note or "" }
  end
  report:table { columns = { "node", "step", "state", { name = "took", align = "right" }, { name = "note", align = "left" } }, rows = rows }
  summary.add_metrics(report, record)
  summary.add_files(report, record)
  if record.problem then report:alert { level = "error", text = record.problem } end
  return report
end

local function run(arguments, options)
  local project, json = require "lathe.project", require "lathe.json"
  local opened = project.open(options.project or ".")
  local style = require "lathe.style"
  local function show(report)
    io.stdout:write(report:render { width = math.min(style.columns(io.stdout, 120), 160), colour = style.colour(io.stdout) })
  end
  if arguments[1] then
    local record, sentence = opened:find_run(arguments[1])
    if not record then require("lathe.command").wrong("%s", sentence) end
    if options.json then print(json.encode(record, { indent = 2 })) else show(run_report(record)) end
    return 0
  end
  local last = options.last
  if last and (last < 1 or last % 1 ~= 0) then require("lathe.command").wrong "--last takes a whole number from 1 on" end
  local runs = opened:runs(last)
  if options.json then
    print(json.encode(json.array(runs), { indent = 2 }))
  elseif #runs == 0 then
    print "nothing was run in this project yet"
  else
    show(list_report(runs))
  end
  return 0
end

return {
  name = "runs",
  doc = "List what was run in this project, or show one run.",
  usage = "lathe runs [RUN] [options]",
  arguments = { { name = "RUN", doc = "a run's id, a part of it, or last", optional = true } },
  options = {
    { name = "last", short = "n", value = "N", number = true, doc = "only the last N" },
    { name = "project", short = "p", value = "DIR", doc = "the project in DIR (default: here)" },
    { name = "json", doc = "print the records as JSON" },
  },
  run = run,
}
