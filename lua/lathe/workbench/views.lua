-- What the views show: tables, reports, models, and what is served.
local core = require "lathe.core"
local style = require "lathe.style"
local session = require "lathe.workbench.session"
local C = core.C
local look, kind_of = session.look, session.kind_of

local views = { draw = {} } -- draw: brings a view up to date

-- Put a table into the Data view. The one that was there stays at hand for back().
function views.table(value, name)
  name = name or session.data_name
  if session.data and session.data ~= value then
    session.before[#session.before + 1] = { session.data, session.data_name }
    if #session.before > 20 then table.remove(session.before, 1) end
  end
  session.data, session.data_name, session.unread, session.shown[value] = value, name, nil, true
  C.lathe_screen_busy("look at " .. (name or "table"))
  C.lathe_screen_table(name or "table", value:handle())
  C.lathe_screen_busy ""
end

-- While nobody has chosen a table, the Data view has the first one that the last run made.
function views.draw.data()
  if session.data or session.unread or not session.result then return end
  for _, node in ipairs(session.result.nodes) do
    for _, output in ipairs(node.outputs or {}) do
      if output.kind == "table" then return views.table(session.result:get(node.name, output.name), node.name) end
    end
  end
end

function views.draw.report()
  if session.report then C.lathe_screen_report("report", session.report.title or "report", session.report:render(look())) end
end

-- Put a report into the Report view.
function views.report(value)
  session.report, session.shown[value] = value, true
  views.draw.report()
end

-- What a model is, as a report: its own, and the columns that it takes.
function views.model(value, name)
  local made = require("lathe.report").new(name or "model"):append(value:report()):heading "What it takes"
  local lines = {}
  for index, input in ipairs(value:inputs()) do lines[index] = { input.name, input.type } end
  return made:table { columns = { "column", "type" }, rows = lines }
end

-- The models that this folder keeps, the newest first.
function views.draw.models()
  local project = require "lathe.project"
  if not project.exists "." then return end
  local models = project.open("."):models()
  if #models == 0 then return end
  local made = require("lathe.report").new "Kept by runs in this folder"
  local rows = {}
  for index, model in ipairs(models) do
    rows[index] = {
      model.node or "", model.flow or "", model.note or "", require("lathe.summary").figures(model), style.bytes(model.size or 0),
      os.date("%Y-%m-%d %H:%M", math.floor(model.started or 0)), (model.hash or ""):sub(1, 8),
    }
  end
  made:table { columns = { "node", "flow", "holds", "measured", { name = "size", align = "right" }, "made", "hash" }, rows = rows }
  C.lathe_screen_report("models", ("%d kept"):format(#models), made:render(look()))
end

-- The endpoints that console lines hold and that still serve.
local function endpoints()
  local found, seen = {}, {}
  for _, value in pairs(session.own) do
    if kind_of(value) == "endpoint" and not seen[value] then
      seen[value] = true
      local fine, running = pcall(value.running, value)
      if fine and running then found[#found + 1] = value end
    end
  end
  table.sort(found, function(a, b) return a:url() < b:url() end)
  return found
end

-- What the live endpoints do now.
function views.draw.monitor()
  local list = endpoints()
  if #list == 0 then
    if session.monitored then C.lathe_screen_report("monitor", "", "Nothing is served now.") end
    return
  end
  local parts = {}
  for _, endpoint in ipairs(list) do
    local fine, text = pcall(function()
      return require("lathe.serve").report(endpoint:monitor(), endpoint:url()):render(look())
    end)
    parts[#parts + 1] = tostring(text) .. (fine and "" or "\n")
  end
  session.monitored = true
  C.lathe_screen_report("monitor", ("%d live"):format(#list), table.concat(parts, "\n\n"))
end

return views
