-- The Flow view: the nodes of the flow and how far each is.
local core = require "lathe.core"
local style = require "lathe.style"
local session = require "lathe.workbench.session"
local C = core.C
local say, kind_of = session.say, session.kind_of

local shown = {}

local node_states = {
  waiting = C.LATHE_NODE_WAITING, running = C.LATHE_NODE_RUNNING, done = C.LATHE_NODE_DONE, cached = C.LATHE_NODE_CACHED,
  failed = C.LATHE_NODE_FAILED, skipped = C.LATHE_NODE_SKIPPED,
}

-- The lines on the right of the Flow view: what the node's step does, what it takes and with which parameters, what came of it.
local function detail_of(node, state, note, seconds, sentence)
  local step = require("lathe.plugin").find(node.step)
  local lines = { session.paint.bold(node.step) }
  if step then lines[#lines + 1] = step.doc end
  lines[#lines + 1] = ""
  local names, longest = {}, 4
  for name in pairs(node.params or {}) do
    names[#names + 1], longest = name, math.max(longest, style.width(name))
  end
  local function wide(label, text) return session.paint.dim(style.pad(label, longest + 2)) .. text end
  for _, input in ipairs(node.inputs or {}) do
    local from = input.node
    if type(from) == "number" then from = session.nodes[from] and session.nodes[from].name or from end
    lines[#lines + 1] = wide("in", tostring(from) .. (input.output and session.paint.dim("." .. input.output) or ""))
  end
  table.sort(names)
  for _, name in ipairs(names) do
    lines[#lines + 1] = wide(name, require("lathe.schema").lua(node.params[name]))
  end
  if step and step.outputs then
    for _, output in ipairs(step.outputs) do
      lines[#lines + 1] = wide("out", output.name .. (output.kind ~= output.name and session.paint.dim("  " .. output.kind) or ""))
    end
  end
  if note then lines[#lines + 1] = wide("gave", note) end
  if seconds then
    lines[#lines + 1] = wide("took", style.seconds(seconds) .. (state == "cached" and session.paint.dim "  kept from an earlier run" or ""))
  end
  if sentence then
    lines[#lines + 1] = ""
    lines[#lines + 1] = session.paint.error(sentence)
  end
  return table.concat(lines, "\n")
end

local function draw_node(index)
  local node = session.nodes[index]
  local note = node.state == "failed" and "failed" or node.note or ""
  C.lathe_screen_node(index - 1, node.name, node.step, node_states[node.state or "waiting"], note, node.seconds or -1,
    detail_of(node, node.state, node.note, node.seconds, node.problem))
end

-- Show a flow, nothing of it done yet.
function shown.flow(flow)
  session.nodes = flow:nodes()
  C.lathe_screen_flow(flow:name(), #session.nodes)
  for index in ipairs(session.nodes) do draw_node(index) end
end

-- Told by the flow while it runs: the Flow view follows.
local observer = {}
shown.observer = observer

function observer.begin(_, nodes)
  session.result = nil
  for index, node in ipairs(nodes) do
    local mine = session.nodes[index]
    if mine and mine.name == node.name then
      mine.state, mine.note, mine.seconds, mine.problem = "waiting", nil, nil, nil
      draw_node(index)
    end
  end
end

function observer.node(index, state, note, seconds)
  local node = session.nodes[index]
  if not node then return end
  node.state, node.note, node.seconds = state, note, state ~= "running" and seconds or nil
  if state == "running" then C.lathe_screen_busy(node.name) end
  draw_node(index)
end

function observer.log(text) say(session.paint.dim("  " .. text)) end

function observer.finish(result)
  C.lathe_screen_busy ""
  session.result = result
  for index, node in ipairs(result.nodes or {}) do
    local mine = session.nodes[index]
    if mine then
      mine.state, mine.note, mine.seconds, mine.problem = node.state, node.note, node.seconds, node.problem
      draw_node(index)
    end
  end
  local fine, summary = pcall(function() return result:summary() end)
  if fine and kind_of(summary) == "report" then require("lathe.workbench.views").report(summary) end
end

return shown
