-- The end of a run in a few lines: what was made, how good it is beside the baseline, where it lies, how long it took.
local summary = {}

-- How metrics are called for people, in the order they are shown; others follow by name.
local known = { "accuracy", "auc", "log_loss", "f1", "r2", "rmse", "mae" }
local words = { accuracy = "accuracy", auc = "AUC", log_loss = "log loss", f1 = "F1", r2 = "R²", rmse = "RMSE", mae = "MAE" }

-- The names of a report's metrics that are figures of merit, in their order. Each has its baseline under "baseline_NAME".
function summary.names(metrics)
  local names, rank = {}, {}
  for index, name in ipairs(known) do rank[name] = index end
  for name, value in pairs(metrics) do
    local shown = rank[name] or metrics["baseline_" .. name]
    if type(value) == "number" and not name:find "^baseline_" and shown then names[#names + 1] = name end
  end
  table.sort(names, function(a, b)
    local first, second = rank[a] or 100, rank[b] or 100
    if first ~= second then return first < second end
    return a < b
  end)
  return names
end

-- The words for a metric ("r2" is "R²").
function summary.word(name) return words[name] or (name:gsub("_", " ")) end

-- A metric's value as people read it.
function summary.metric(value)
  local style = require "lathe.style"
  if math.abs(value) < 10 then return style.fixed(value, 4) end
  return style.fixed(value, math.abs(value) < 1000 and 2 or 1)
end

-- Add a table for each report of a result (or of a run's record) that has figures of merit.
function summary.add_metrics(report, result)
  for _, node in ipairs(result.nodes) do
    for _, output in ipairs(node.outputs) do
      local names = output.metrics and summary.names(output.metrics) or {}
      if #names > 0 then
        local rows, baseline = {}, false
        for index, name in ipairs(names) do
          local beside = output.metrics["baseline_" .. name]
          baseline = baseline or beside ~= nil
          rows[index] = { summary.word(name), summary.metric(output.metrics[name]), beside and summary.metric(beside) or nil }
        end
        local columns = { node.name, { name = "model", align = "right" } }
        if baseline then columns[3] = { name = "baseline", align = "right" } end
        report:table { columns = columns, rows = rows }
      end
    end
  end
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
  if result.problem then report:alert { level = "error", text = result.problem } end
  local text = ("%d step%s in %s"):format(total, total == 1 and "" or "s", style.seconds(result.seconds))
  if result.reused > 0 then
    text = text .. (ran == 0 and ", all reused" or (", %d reused, %d run"):format(result.reused, ran))
  end
  report:text(("%s · run %s"):format(text, result.id))
  return report
end

return summary
