-- The end of a run in a few lines: what was made, how good it is beside the baseline, where it lies, how long it took.
local summary = {}

-- The figures that a summary has room for, in the order they are shown. Of figures that lathe does not know, those of other plugins, all
-- follow by name that have a baseline.
local headline = { "accuracy", "auc", "log_loss", "f1", "balanced_accuracy", "mcc", "brier", "r2", "rmse", "mae" }
local rank = {}
for index, name in ipairs(headline) do rank[name] = index end

-- The names of a report's metrics that are figures of merit, in their order. Each has its baseline under "baseline_NAME".
function summary.names(metrics)
  local metric, names = require "lathe.evaluate.metric", {}
  for name, value in pairs(metrics) do
    local shown = rank[name] or (metrics["baseline_" .. name] and not metric.word(name))
    if type(value) == "number" and not name:find "^baseline_" and shown then names[#names + 1] = name end
  end
  table.sort(names, function(a, b)
    local first, second = rank[a] or 100, rank[b] or 100
    if first ~= second then return first < second end
    return a < b
  end)
  return names
end

-- The words for a metric ("r2" is "R2").
function summary.word(name) return require("lathe.evaluate.metric").word(name) or (name:gsub("_", " ")) end

-- A metric's value as people read it.
function summary.metric(value)
  local style = require "lathe.style"
  if math.abs(value) < 10 then return style.fixed(value, 4) end
  return style.fixed(value, math.abs(value) < 1000 and 2 or 1)
end

-- The first two figures of each report on a model that project:models() lists, in a line: "R2 0.6488  RMSE 69,297.7".
function summary.figures(model)
  local parts = {}
  for _, entry in ipairs(model.metrics) do
    local names = summary.names(entry.metrics)
    for index = 1, math.min(2, #names) do
      parts[#parts + 1] = summary.word(names[index]) .. " " .. summary.metric(entry.metrics[names[index]])
    end
  end
  return table.concat(parts, "  ")
end

-- The node whose model a report is about: the one that gave the model, or made one beside the report.
local function about(node)
  for _, output in ipairs(node.outputs) do
    if output.kind == "model" then return node.name end
  end
  for _, input in ipairs(node.inputs or {}) do
    if input.input == "model" then return input.name end
  end
  return node.name
end

-- Add a table of the figures of merit in the reports of a result (or of a run's record): a row for each, a column for each model, and
-- the baseline.
function summary.add_metrics(report, result)
  local columns, rows, by_name, last = {}, {}, {}, 0
  local function cell(name, column, value)
    if not by_name[name] then
      rows[#rows + 1] = { summary.word(name) }
      by_name[name] = rows[#rows]
    end
    by_name[name][column + 1] = summary.metric(value)
  end
  local baseline = {}
  for _, node in ipairs(result.nodes) do
    for _, output in ipairs(node.outputs or {}) do
      local names = output.metrics and summary.names(output.metrics) or {}
      if #names > 0 then
        last = last + 1
        columns[last] = { name = about(node), align = "right" }
        for _, name in ipairs(names) do
          cell(name, last, output.metrics[name])
          baseline[name] = baseline[name] or output.metrics["baseline_" .. name]
        end
      end
    end
  end
  if last == 0 then return end
  table.insert(columns, 1, "")
  if next(baseline) then
    columns[#columns + 1] = { name = "baseline", align = "right" }
    for name, value in pairs(baseline) do cell(name, last + 1, value) end
  end
  report:table { columns = columns, rows = rows }
end

-- Add the files that it wrote.
function summary.add_files(report, result)
  local style = require "lathe.style"
  local rows = {}
  for _, node in ipairs(result.nodes) do
    for _, file in ipairs(node.files) do
      rows[#rows + 1] = { file.path, style.bytes(file.size), file.restored and node.step .. ", restored" or node.step }
    end
  end
  if #rows > 0 then report:values(rows) end
end

-- Add what the live steps said: those that serve, ask and watch.
local function add_live(report, result)
  local rows = {}
  for _, node in ipairs(result.nodes) do
    local endpoint = false
    for _, output in ipairs(node.outputs) do endpoint = endpoint or output.kind == "endpoint" end
    if node.state == "done" and node.live and node.note and not endpoint then rows[#rows + 1] = { node.name, node.note, node.step } end
  end
  if #rows > 0 then report:values(rows) end
end

-- The summary of a result as a report.
function summary.report(result)
  local style = require "lathe.style"
  local report = require("lathe.report").new(result.flow)
  local ran, total = 0, 0
  for _, node in ipairs(result.nodes) do
    if node.state == "done" then ran = ran + 1 end
    if node.state == "done" or node.state == "cached" then total = total + 1 end
  end
  summary.add_metrics(report, result)
  summary.add_files(report, result)
  add_live(report, result)
  if result.problem then report:alert { level = "error", text = result.problem } end
  local text = ("%d step%s in %s"):format(total, total == 1 and "" or "s", style.seconds(result.seconds))
  if result.reused > 0 then
    text = text .. (ran == 0 and ", all reused" or (", %d reused, %d run"):format(result.reused, ran))
  end
  report:text(("%s · run %s"):format(text, result.id))
  return report
end

return summary
