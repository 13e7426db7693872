-- lathe run: a flow without the screen.
local C = require("lathe.core").C

local function wrong(...) return require("lathe.command").wrong(...) end

-- Lines on standard error while it runs, one for each node.
local function progress_lines(quiet)
  local style = require "lathe.style"
  local terminal = style.terminal(io.stderr) and not quiet
  local look = style.new(style.colour(io.stderr))
  local rows, widths, width = {}, { 0, 0 }, math.max(style.columns(io.stderr), 40)
  local glyphs = {
    running = look.accent "⠹", done = look.good "✓", cached = look.dim "✓", failed = look.error "✗",
  }
  local function line(index, state, note, seconds)
    local row = rows[index]
    local text = (" %s %s  %s  "):format(glyphs[state] or "·", style.pad(row.name, widths[1]), look.dim(style.pad(row.step, widths[2])))
    local took = state == "cached" and "kept" or state == "done" and style.seconds(seconds or 0)
    local room = math.max(width - style.width(text) - (took and 9 or 1), 0)
    if not took then return text .. style.cut(note or "", room) end
    return text .. style.pad(style.cut(note or "", math.min(room, 30)), math.min(room, 30)) .. look.dim(style.pad(took, 8, "right"))
  end
  local observer = {}
  function observer.begin(_, nodes)
    for index, node in ipairs(nodes) do
      rows[index] = { name = node.name, step = node.step }
      widths[1], widths[2] = math.max(widths[1], style.width(node.name)), math.max(widths[2], style.width(node.step))
    end
  end
  function observer.node(index, state, note, seconds)
    if not terminal or not glyphs[state] then return end
    local text = line(index, state, note, seconds)
    if state == "running" then return C.lathe_progress_line(text) end
    C.lathe_progress_line ""
    io.stderr:write("\r\27[K", text, "\n")
    io.stderr:flush()
  end
  function observer.finish()
    if terminal then io.stderr:write "\n" end
  end
  function observer.log(text)
    if quiet then return end
    io.stderr:write(terminal and "\r\27[K   " or "lathe: ", style.printable(text, true), "\n")
  end
  return observer
end

local function read_settings(list)
  local settings = {}
  for _, text in ipairs(list or {}) do
    local key, value = text:match "^([^=]+)=(.*)$"
    if not key or not key:find "^[^.]+%.[^.]+$" then wrong("--set wants NODE.PARAM=VALUE, not %q", text) end
    settings[#settings + 1] = { key = key, value = value }
  end
  return settings
end

local function say_plugin_problems()
  for _, problem in ipairs(require("lathe.plugin").problems()) do io.stderr:write("lathe: ", problem.sentence, "\n") end
end

-- The flow in a file, changed as the options say. What is wrong with the call raises a wrong call.
local function read_flow(path, options)
  local project = require "lathe.project"
  local kind = project.look(path)
  if not kind then wrong("there is no flow file %s; check the name and the folder", path) end
  if kind == "folder" then wrong("%s is a folder; name a flow file in it", path) end
  local folder = options.project or "."
  if project.look(folder) and project.look(folder) ~= "folder" then wrong("--project names a folder; %s is none", folder) end
  local base, file = project.real(folder), project.real(path)
  if base and (file:sub(1, #base + 1) == base .. "/" or project.trusted(folder)) then
    require("lathe.plugin").use(base .. "/plugins")
  end
  local flow = require("lathe.flow").load(path)
  for _, setting in ipairs(read_settings(options.set)) do
    local node, parameter = setting.key:match "^([^.]+)%.([^.]+)$"
    local fine, sentence = pcall(flow.set, flow, node, parameter, setting.value)
    if not fine then wrong("--set %s: %s", setting.key, sentence) end
  end
  local names = {}
  for index, node in ipairs(flow:nodes()) do names[index], names[node.name] = node.name, true end
  for _, name in ipairs(options.only or {}) do
    if not names[name] then
      wrong("--only %s: there is no such node in the flow; %s", name, require("lathe.schema").suggest(name, names, "nodes"))
    end
  end
  return flow, folder
end

local function run(arguments, options)
  local flow, folder = read_flow(arguments[1], options)
  local problems = flow:check { project = folder, only = options.only }
  say_plugin_problems()
  if problems[1] then
    for _, sentence in ipairs(problems) do io.stderr:write("lathe: ", sentence, "\n") end
    return 1
  end
  local result = flow:run {
    project = folder, only = options.only, fresh = options.fresh, keep_problem = true, observer = progress_lines(options.quiet),
  }
  if options.json then
    print(require("lathe.json").encode(result:data(), { indent = 2 }))
  elseif result.state == "done" then
    local style = require "lathe.style"
    io.stdout:write(result:summary():render { width = math.min(style.columns(io.stdout), 100), colour = style.colour(io.stdout) })
  end
  if result.state == "done" then return 0 end
  io.stderr:write("lathe: ", require("lathe.style").printable(result.problem, true), "\n")
  local kept, all = 0, 0
  for _, node in ipairs(result.nodes) do
    if node.state == "done" or node.state == "cached" then kept = kept + 1 end
    if node.state ~= "skipped" then all = all + 1 end
  end
  if kept > 0 then io.stderr:write(("lathe: %d of %d steps are kept; run it again to go on from there\n"):format(kept, all)) end
  if result.state ~= "interrupted" then return 1 end
  local program, host = pcall(require, "lathe.host")
  return program and host.terminated() and 143 or 130
end

return {
  name = "run",
  doc = "Run a flow without the screen.",
  usage = "lathe run FLOW.lua [options]",
  arguments = { { name = "FLOW.lua", doc = "a file that returns a flow" } },
  options = {
    { name = "set", short = "s", value = "NODE.PARAM=VALUE", many = true, doc = "change a parameter for this run" },
    { name = "only", short = "o", value = "NODE", many = true, doc = "run this node and what it needs" },
    { name = "fresh", short = "f", doc = "use nothing that earlier runs kept" },
    { name = "project", short = "p", value = "DIR", doc = "keep results in DIR/.lathe and written files below DIR (default: here)" },
    { name = "json", doc = "print the run's record as JSON" },
    { name = "quiet", short = "q", doc = "no progress on standard error" },
  },
  detail = [[
Steps whose inputs, parameters and files did not change since an earlier run are not run again; what they gave is kept in the project's
folder, .lathe. After a crash the next run goes on from where the last one was.

The flow is code of yours: running it runs whatever it says, and the plugins/ beside it.]],
  run = run,
}
